"""Types that mypy and pyright infer in a user's program, and mistakes that both of them find.

What is ignored here must be a mistake to both: a comment that silences nothing is an error to them.
"""

from collections.abc import Callable
from typing import Any, assert_type

import numpy as np
import pytest
from numpy.typing import NDArray

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.program import Compiled


def wave(x: Value) -> Value:
    """An op gave Any, which `mypy --strict` lets no function return that says Value."""
    return x * ag.sin(x)


def norm(xs: list[Value]) -> Value:
    return ag.dot(xs, xs)


def plain(x: float, n: int = 2) -> float:
    return x * x * n


def test_an_op_gives_a_value_of_values_and_a_float_of_numbers() -> None:
    x = Value(0.5)
    assert_type(ag.tanh(x), Value)
    assert_type(ag.maximum(x, 1), Value)
    assert_type(ag.clip(0.5, low=0, high=x), Value)
    assert_type(ag.leaky_relu(x, slope=0.1), Value)
    assert_type(ag.where(x < 1.0, x, 2.0), Value)
    assert_type(ag.tanh(1), float)
    assert_type(ag.arctan2(np.float64(1.0), 2), float)
    assert_type(ag.clip(2.0, 0.0, 1.0), float)
    for found in (ag.maximum(x, 1), ag.clip(0.5, low=0, high=x), ag.where(x < 1.0, x, 2.0)):
        assert type(found) is Value
    for number in (ag.tanh(1), ag.arctan2(np.float64(1.0), 2), ag.clip(2.0, 0.0, 1.0)):
        assert type(number) is float


def test_an_op_gives_an_array_of_arrays_and_lists() -> None:
    x = Value(0.5)
    numbers = np.array([1.0, 2.0])
    assert_type(ag.tanh(numbers), NDArray[Any])
    assert_type(ag.hypot([1.0, 2.0], 3.0), NDArray[Any])
    assert_type(ag.maximum(x, [1.0, 2.0]), NDArray[Any])
    assert_type(x * numbers, NDArray[Any])
    assert_type(x.hypot([1.0, 2.0]), NDArray[Any])
    for found in (ag.hypot([1.0, 2.0], 3.0), ag.maximum(x, [1.0, 2.0]), x * numbers):
        assert isinstance(found, np.ndarray)


def test_an_op_of_a_sequence_gives_what_it_holds() -> None:
    x = Value(0.5)
    assert_type(ag.sum([x, x]), Value)
    assert_type(ag.mean(each * 2 for each in [x, x]), Value)
    assert_type(ag.dot([x], [1.0]), Value)
    assert_type(ag.dot([1.0], [x], bias=2), Value)
    assert_type(ag.norm([x, x], order=3), Value)
    assert_type(ag.max([1.0, 2.0]), float)
    assert_type(ag.dot([1.0], [2.0]), float)
    mixed: Any = ag.sum([x, 1.0])
    of_array: float = ag.sum(np.array([1.0, 2.0])) + ag.dot([1.0], np.array([2.0]))
    assert of_array == 5.0
    for found in (ag.dot([1.0], [x], bias=2), ag.norm([x, x], order=3), mixed):
        assert type(found) is Value
    assert type(ag.max([1.0, 2.0])) is type(ag.dot([1.0], [2.0])) is float


def test_operators_and_methods_of_a_value() -> None:
    x = Value(0.5, label="x")
    assert_type(+x, Value)
    assert_type(divmod(x, 2), tuple[Value, Value])
    assert_type(divmod(2, x), tuple[Value, Value])
    assert_type(x // 2 + 7 % x, Value)
    assert_type(2**x - x**2, Value)
    assert_type(np.float64(2.0) * x, Value)
    assert_type(sum([x, x], Value(0.0)), Value)
    assert_type(x.tanh(), Value)
    assert_type(x.maximum(1.0).clip(0, 2), Value)
    assert_type(x.detach(), Value)
    assert_type(x.item(), float)
    assert_type(x.latex(), str)
    assert_type(x.parents, tuple[Value, ...])
    assert_type(x.local_grads, tuple[float, ...])
    gradients: dict[Value, float] = {x: x.grad}  # by identity
    assert gradients[x] == 0.0
    x.data, x.grad = 3, np.float64(2.0)
    assert (x.data, x.grad) == (3.0, 2.0)
    for found in (+x, divmod(2, x)[1], x // 2, np.float64(2.0) * x, x.maximum(1.0).clip(0, 2)):
        assert type(found) is Value


def test_a_function_of_floats_keeps_its_parameters_in_its_gradient() -> None:
    assert_type(ag.grad(plain)(2.0, n=3), float)
    assert_type(ag.grad(ag.grad(plain))(2.0), float)
    assert_type(ag.value_and_grad(plain)(2.0), tuple[float, float])
    assert_type(ag.derivative(plain, 2)(2.0), float)
    assert_type(ag.hessian(plain)(2.0), float)
    assert ag.grad(plain)(2.0, n=3) == 12.0
    assert ag.grad(ag.grad(plain))(2.0) == ag.derivative(plain, 2)(2.0) == 4.0
    with pytest.raises(TypeError):
        ag.grad(plain)("2", 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        ag.grad(plain)(2.0, m=3)  # type: ignore[call-arg]


def test_a_gradient_is_what_the_argument_is() -> None:
    assert_type(ag.grad(wave)(2.0), float)
    assert_type(ag.grad(ag.grad(wave))(2.0), float)
    assert_type(ag.grad(wave)(Value(2.0)), Value)
    assert_type(ag.grad(ag.tanh)(2), float)
    assert_type(ag.grad(norm)([1.0, 2.0]), list[float])
    assert_type(ag.value_and_grad(wave)(2.0), tuple[float, float])
    assert_type(ag.value_and_grad(norm)([1.0, 2.0]), tuple[float, list[float]])
    assert_type(ag.hvp(norm)([1.0, 2.0], [1.0, 0.0]), list[float])
    assert_type(ag.derivative(wave)(2.0), float)
    assert_type(ag.hessian(wave)(2.0), float)
    assert_type(ag.hessian(norm)([1.0, 2.0]), NDArray[Any])
    assert_type(ag.jacobian(norm)([1.0, 2.0]), NDArray[Any])
    assert_type(ag.gradient(wave(Value(2.0)), []), list[float])
    for number in (ag.grad(ag.grad(wave))(2.0), ag.grad(ag.tanh)(2), ag.hessian(wave)(2.0)):
        assert type(number) is float
    assert type(ag.grad(wave)(Value(2.0))) is Value
    assert ag.value_and_grad(norm)([1.0, 2.0]) == (5.0, [2.0, 4.0])
    assert isinstance(ag.jacobian(norm)([1.0, 2.0]), np.ndarray)


def test_gradients_of_lambdas_take_any_structure() -> None:
    slope: float = ag.grad(lambda x: x * x)(3.0)
    array: NDArray[Any] = ag.grad(lambda xs: ag.sum(xs * xs))(np.ones(2))
    pair: tuple[float, float] = ag.grad(lambda a, b: a * b, (0, 1))(2.0, 3.0)
    by_name: dict[str, float] = ag.grad(lambda p: p["a"] ** 2)({"a": 2.0})
    second: float = ag.grad(lambda x: x * ag.grad(lambda y: x * y)(1.0))(4.0)
    assert (slope, pair, by_name, second) == (6.0, (3.0, 2.0), {"a": 4.0}, 8.0)
    assert array.tolist() == [2.0, 2.0]


def test_decorators_keep_the_function_s_type() -> None:
    """`mypy --strict` called `no_grad` and `detect_anomaly` untyped decorators."""

    @ag.no_grad()
    def half(x: float) -> float:
        return x / 2

    @ag.detect_anomaly
    def doubled(x: Value) -> Value:
        return 2 * x

    @ag.checkpoint
    def squared(x: Value) -> Value:
        return x * x

    @ag.compile
    def cubed(x: float) -> float:
        return x**3

    @ag.compile(static="n", jit=False)
    def power(x: float, n: int) -> float:
        return x**n

    assert_type(half(3), float)
    assert_type(squared(doubled(Value(3.0))), Value)
    assert_type(cubed, Compiled)
    assert_type(power, Compiled)
    assert (half(3), squared(doubled(Value(3.0))).data) == (1.5, 36.0)
    assert (cubed(2.0), power(2.0, 3), cubed.paths) == (8.0, 8.0, ["always"])
    with ag.no_grad(), ag.detect_anomaly(), ag.keep_lines(), ag.scope("here"):
        assert wave(Value(1.0)).parents == ()


def test_a_function_of_unknown_type_can_be_compiled() -> None:
    """Pyright took it to be left out, and the result for a decorator, which has no `map`."""

    unknown: Any = eval("wave")
    assert_type(ag.compile(unknown), Compiled)
    assert ag.compile(ag.value_and_grad(unknown)).map([1.0, 2.0])[0].shape == (2,)


def test_networks_give_values() -> None:
    assert_type(nn.Neuron(2)([1.0, 2.0]), Value)
    assert_type(ag.engine, str)
    assert_type(nn.Neuron(2).parameters(), list[Value])
    assert type(nn.Neuron(2)([1.0, 2.0])) is Value


def test_what_is_refused_is_a_mistake_to_type_checkers_too() -> None:
    """Both accepted all of these but the first: names and methods were Any to them."""
    x = Value(1.0)
    wrong: list[Callable[[], object]] = [
        lambda: ag.grad(3)(1.0),  # type: ignore[call-overload]
        lambda: ag.tanh("a"),  # type: ignore[call-overload]
        lambda: ag.tanh(x, x),  # type: ignore[call-overload]
        lambda: ag.sum(3),  # type: ignore[call-overload]
        lambda: ag.sum(["a"]),  # type: ignore[list-item]
        lambda: ag.clip(x, lo=0.0, high=1.0),  # type: ignore[call-overload]
        lambda: Value("a"),  # type: ignore[arg-type]
        lambda: Value(1.0, 2),  # type: ignore[arg-type]
        lambda: Value(1.0, "a", "b"),  # type: ignore[arg-type]
        lambda: x + "a",  # type: ignore[operator]
        lambda: [1.0] * x,  # type: ignore[operator]
        lambda: x < "a",  # type: ignore[operator]
        lambda: x.maximum("a"),  # type: ignore[call-overload]
        lambda: round(x),  # type: ignore[call-overload]
        lambda: float(x),  # type: ignore[arg-type]
        lambda: x[0],  # type: ignore[index]
        lambda: ag.no_grad(3),  # type: ignore[call-overload]
        lambda: ag.compile(wave, statics="n"),  # type: ignore[call-overload]
        lambda: nn.losses.squared_error(1.0, [1.0]),  # type: ignore[arg-type]
    ]
    for mistake in wrong:
        with pytest.raises(TypeError):
            mistake()
    with pytest.raises(TypeError):
        x.data = "a"  # type: ignore[assignment]
    with pytest.raises(TypeError):
        x.grad = None  # type: ignore[assignment]
    unknown: list[Callable[[], object]] = [
        lambda: ag.tanhh(x),  # type: ignore[attr-defined]
        lambda: x.tanhh(),  # type: ignore[attr-defined]
    ]
    for mistake in unknown:
        with pytest.raises(AttributeError):
            mistake()
