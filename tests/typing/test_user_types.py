"""Programs of users, as mypy and pyright see them: `make lint` and `make pyright` check the types.

They run as tests, too: what a type promises is what comes.
"""

from typing import Any, assert_type

import autograd_lite as ag
from autograd_lite import Value, nn


def cube(x: Value) -> Value:
    return x * x * x


def test_operators_give_values() -> None:
    x = Value(2.0, label="x")
    assert_type(x, Value)
    assert_type(x * 3 + 1.5, Value)
    assert_type(1 / x - x**2, Value)
    assert_type(-abs(x), Value)
    assert_type(x.data, float)
    assert_type(x.grad, float)
    assert_type(x.label, str)
    assert_type(x < 3.0, bool)
    assert_type(x >= x, bool)
    assert_type(x == 3.0, bool)
    assert type(1 / x - x**2) is Value


def test_ops_take_values_and_numbers() -> None:
    x = Value(0.5)
    y = ag.tanh(x * x)
    z = ag.dot([x, y], [1.0, 2.0])
    y.backward()
    assert_type(x.grad, float)
    assert isinstance(z, Value)


def test_gradients_are_functions() -> None:
    slope = ag.grad(cube)(2.0)
    value, partial = ag.value_and_grad(cube)(2.0)
    assert (slope, value, partial) == (12.0, 8.0, 12.0)
    for order in range(3):
        assert isinstance(ag.derivative(cube, order)(1.0), float)


def test_partials_of_a_list_are_a_list() -> None:
    def norm(xs: list[Value]) -> Value:
        return sum((x * x for x in xs), Value(0.0))

    assert ag.grad(norm)([1.0, 2.0]) == [2.0, 4.0]
    assert ag.hessian(norm)([1.0, 2.0]).tolist() == [[2.0, 0.0], [0.0, 2.0]]


def test_a_gradient_of_a_graph() -> None:
    x = Value(3.0)
    found: Any = ag.gradient(cube(x), [x])
    assert found == [27.0]


def test_networks() -> None:
    model = nn.MLP(2, [3, 1])
    parameters = model.parameters()
    assert isinstance(parameters[0], Value)
    out = model([1.0, 2.0])
    assert isinstance(out, Value)


def test_programs() -> None:
    fast = ag.compile(cube)
    assert fast(2.0) == 8.0
    with ag.no_grad():
        assert cube(Value(2.0)).data == 8.0
