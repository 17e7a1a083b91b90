"""Derivatives as functions (contract 3): structures, modes, nesting, and what users get wrong."""

import dataclasses
import math
from collections import OrderedDict, namedtuple
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import ShapeError, Value, nn


def forward(f):
    """The derivative by forward mode."""
    return lambda x: ag.jvp(f, (x,), (1.0,))[1]


def backward(f):
    """The derivative by a pullback."""
    return lambda x: ag.vjp(f, x)[1](1.0)[0]


#: Every way to differentiate a function of one number.
MODES = [
    pytest.param(ag.grad, id="grad"),
    pytest.param(forward, id="jvp"),
    pytest.param(backward, id="vjp"),
    pytest.param(ag.derivative, id="derivative"),
    pytest.param(lambda f: lambda x: ag.taylor(f, x, 1)[1], id="taylor"),
    pytest.param(ag.jacobian, id="jacobian"),
]
both = pytest.mark.parametrize("inner", MODES)
outer_too = pytest.mark.parametrize("outer", MODES)


# --- nesting --------------------------------------------------------------------------------------


@both
@outer_too
def test_an_inner_function_may_close_over_the_outer_variable(outer, inner):
    """No perturbation confusion (Siskind & Pearlmutter, 2005), in any mixture of modes."""
    assert outer(lambda x: x * inner(lambda y: x * y)(1.0))(4.0) == 8.0
    assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(7.0) == 1.0


@both
@outer_too
def test_the_outer_variable_may_be_argument_and_closure_at_once(outer, inner):
    """d/dx of x * (d/dy x*y at y = x) is 2x: the inner derivative is by the argument alone."""
    assert outer(lambda x: x * inner(lambda y: x * y)(x))(3.0) == 6.0


@both
@outer_too
def test_modes_nest_in_any_order(outer, inner):
    def f(x):
        return ag.sin(x) * ag.exp(x * x) / (1.0 + x)

    x = 0.7
    expected = ag.derivative(f, 2)(x)
    assert outer(inner(f))(x) == pytest.approx(expected, rel=1e-13)
    third = ag.derivative(f, 3)(x)
    assert outer(inner(ag.grad(f)))(x) == pytest.approx(third, rel=1e-13)
    assert ag.grad(outer(inner(f)))(x) == pytest.approx(third, rel=1e-13)


@both
def test_an_inner_derivative_that_does_not_depend_on_the_outer_variable_is_a_float(inner):
    seen = []

    def f(x):
        seen.append(inner(lambda y: y * y)(3.0))
        return x * seen[-1]

    assert ag.grad(f)(2.0) == 6.0
    assert type(seen[0]) is float


def test_matrices_nest():
    def energy(x):
        return ag.sum(x * x * x) + x[0] * x[1] * x[2]

    def trace(x):
        return ag.sum(np.diag(ag.hessian(energy)(x)))

    x = np.array([1.0, 2.0, 3.0])
    assert ag.grad(trace)(x).tolist() == [6.0, 6.0, 6.0]
    jacobian = ag.jacobian(ag.grad(energy))(x)
    assert jacobian.tolist() == ag.hessian(energy)(x).tolist()
    v = np.array([1.0, -1.0, 0.5])
    assert ag.hvp(energy)(x, v) == pytest.approx(jacobian @ v)
    curvature = ag.grad(lambda x: ag.dot(ag.hvp(energy)(x, v), v))(x)
    assert curvature == pytest.approx(
        6 * v * v + 2 * np.array([v[1] * v[2], v[0] * v[2], v[0] * v[1]])
    )


# --- what goes in and out -------------------------------------------------------------------------

Pair = namedtuple("Pair", "first second")


@dataclasses.dataclass
class Spring:
    stiffness: float
    ends: list
    name: str = "spring"
    damped: bool = False


def total(*structures):
    """The sum of the squares of all numbers."""
    return sum((leaf * leaf for s in structures for leaf in leaves(s)), start=0.0)


def leaves(thing):
    if isinstance(thing, dict):
        return [x for part in thing.values() for x in leaves(part)]
    if isinstance(thing, Spring):
        return [thing.stiffness, *leaves(thing.ends)]
    if isinstance(thing, np.ndarray):
        return list(thing.flat)
    return (
        [x for part in thing for x in leaves(part)] if isinstance(thing, list | tuple) else [thing]
    )


@pytest.mark.parametrize(
    ("structure", "expected"),
    [
        (3.0, 6.0),
        (3, 6.0),
        (np.float32(0.5), 1.0),
        (Fraction(1, 4), 0.5),
        ([1.0, [2.0, (3.0,)]], [2.0, [4.0, (6.0,)]]),
        ({"a": 1.0, "b": {"c": (2.0, 3.0)}}, {"a": 2.0, "b": {"c": (4.0, 6.0)}}),
        (OrderedDict(z=1.0, a=2.0), OrderedDict(z=2.0, a=4.0)),
        (Pair(1.0, [2.0]), Pair(2.0, [4.0])),
        (Spring(2.0, [1.0, 3.0], damped=True), Spring(4.0, [2.0, 6.0], damped=True)),
        ([], []),
    ],
    ids=repr,
)
def test_the_gradient_has_the_structure_of_the_argument(structure, expected):
    value, gradient = ag.value_and_grad(total)(structure)
    assert gradient == expected
    assert type(gradient) is type(expected)
    assert value == total(structure)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 2), (0,)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_float_arrays_reach_the_function_as_object_arrays_and_come_back_as_floats(shape, dtype):
    array = np.arange(math.prod(shape)).reshape(shape).astype(dtype)
    seen = []

    def f(x):
        seen.append(x)
        return total(x)

    value, gradient = ag.value_and_grad(f)(array)
    assert seen[0].dtype == object or not array.size
    assert seen[0].shape == shape
    assert gradient.dtype == np.float64
    assert gradient.tolist() == (2.0 * array).tolist()
    assert type(value) is float


def test_the_functions_own_array_is_not_touched():
    array = np.array([1.0, 2.0])

    def f(x):
        x[0] = x[0] * 10.0
        return x[0] + x[1]

    assert ag.grad(f)(array).tolist() == [10.0, 1.0]
    assert array.tolist() == [1.0, 2.0]


def test_values_in_values_out_leaf_by_leaf():
    x = Value(3.0, label="x")
    gradient = ag.grad(lambda pair: pair[0] ** 2 * pair[1])([x, 2.0])
    assert isinstance(gradient[0], Value)
    assert gradient[0].data == 12.0
    assert gradient[1] == 9.0
    assert type(gradient[1]) is float
    gradient[0].backward()
    assert (x.grad, x.data) == (4.0, 3.0)


def test_a_value_that_the_function_does_not_use_has_gradient_zero():
    gradient = ag.grad(lambda x, y: y * 2.0)(Value(1.0), 2.0)
    assert isinstance(gradient, Value)
    assert gradient.data == 0.0
    assert ag.grad(lambda x: 5.0)(1.0) == 0.0
    assert ag.grad(lambda x: Value(5.0))(np.ones(2)).tolist() == [0.0, 0.0]


def test_a_closure_over_a_users_value_keeps_floats_floats():
    """A network's parameters, say: outside of a differentiation nobody asks for theirs."""
    w = Value(3.0)
    slope = ag.grad(lambda x: w * x * x)(2.0)
    assert (slope, type(slope)) == (12.0, float)
    assert w.grad == 0.0


def test_the_gradient_of_a_network_is_a_network():
    model = nn.MLP(2, [3, 1], activation="tanh", seed=3)
    loss, gradient = ag.value_and_grad(lambda model, x: (model(x) - 1.0) ** 2)(model, [0.5, -1.0])
    out = (model([0.5, -1.0]) - 1.0) ** 2
    out.backward()
    assert type(gradient) is nn.MLP
    assert loss == out.data
    assert [g.data for g in gradient.parameters()] == [p.grad for p in model.parameters()]
    for p, g in zip(model.parameters(), gradient.parameters(), strict=True):
        p.data -= 0.1 * g.data
    assert ((model([0.5, -1.0]) - 1.0) ** 2).data < loss
    nested = ag.grad(lambda pair: pair["model"]([0.5, pair["x"]]))({"model": model, "x": 2.0})
    assert type(nested["model"]) is nn.MLP
    assert type(nested["x"]) is float


def test_a_networks_hessian_and_products():
    model = nn.MLP(1, [2, 1], activation="tanh", seed=3)
    hessian = ag.hessian(lambda model: model([0.5]) ** 2)(model)
    n = len(model.parameters())
    assert hessian.shape == (n, n)
    assert hessian == pytest.approx(hessian.T, abs=1e-14)
    product = ag.hvp(lambda model: model([0.5]) ** 2)(model, model)
    weights = np.array([p.data for p in model.parameters()])
    assert [p.data for p in product.parameters()] == pytest.approx(hessian @ weights)


def test_argnums_and_keywords():
    def f(x, y, *, scale=1.0, flag="a"):
        assert flag == "b"
        return scale * x * y * y

    assert ag.grad(f, argnums=1)(2.0, 3.0, scale=10.0, flag="b") == 120.0
    assert ag.grad(f, argnums=(1, 0))(2.0, 3.0, flag="b") == (12.0, 9.0)
    assert ag.grad(f, argnums=-1)(2.0, 3.0, flag="b") == 12.0
    assert ag.jacobian(f, argnums=(0, 1))(2.0, 3.0, flag="b") == (9.0, 12.0)
    assert ag.hessian(f, argnums=(0, 1))(2.0, 3.0, flag="b") == ((0.0, 6.0), (6.0, 4.0))
    assert ag.hvp(f, argnums=1)(2.0, 3.0, 5.0, flag="b") == 20.0
    assert ag.hvp(f, argnums=(0, 1))(2.0, 3.0, (1.0, 5.0), flag="b") == (30.0, 26.0)


def test_the_arguments_of_a_slice_count_as_one_tuple():
    def f(scale, x, y):
        return scale * x * y * y

    last = slice(1, None)
    assert ag.grad(f, last)(10.0, 2.0, 3.0) == (90.0, 120.0)
    assert ag.jacobian(f, last)(10.0, 2.0, 3.0).tolist() == [90.0, 120.0]
    assert ag.hessian(f, last)(10.0, 2.0, 3.0).tolist() == [[0.0, 60.0], [60.0, 40.0]]
    assert ag.hvp(f, last)(10.0, 2.0, 3.0, (1.0, 5.0)) == (300.0, 260.0)
    assert ag.hvp(f, slice(1, 2))(10.0, 2.0, (1.0,), 3.0) == (0.0,)
    with pytest.raises(ShapeError, match=r"2 numbers \(shape \(2,\)\)"):
        ag.hvp(f, last)(10.0, 2.0, 3.0, 1.0)


def test_arguments_that_are_not_differentiated_arrive_as_they_are():
    data, text = np.ones(3), "settings"

    def f(x, given, word):
        assert given is data
        assert word is text
        return ag.sum(x * given)

    assert ag.grad(f)(2.0, data, text) == 3.0


# --- jvp, vjp, jacobian, hessian ------------------------------------------------------------------


def polar(point):
    """Cartesian from polar coordinates."""
    r, angle = point
    return [r * ag.cos(angle), r * ag.sin(angle)]


def test_jvp_and_vjp_are_products_with_the_jacobian():
    point = [2.0, 0.3]
    jacobian = ag.jacobian(polar)(point)
    assert jacobian.shape == (2, 2)
    value, tangent = ag.jvp(polar, (point,), ([0.5, -1.0],))
    assert value == [2.0 * math.cos(0.3), 2.0 * math.sin(0.3)]
    assert tangent == pytest.approx(jacobian @ [0.5, -1.0])
    again, pullback = ag.vjp(polar, point)
    assert again == value
    for seed in ([1.0, 0.0], [0.5, -2.0]):
        assert pullback(seed)[0] == pytest.approx(jacobian.T @ seed)


def test_directions_may_be_values_which_are_then_differentiable():
    seed = Value(5.0)
    _, pullback = ag.vjp(lambda x: x * x, 3.0)
    [product] = pullback(seed)
    assert pullback(5.0) == (30.0,)
    tangent = ag.jvp(lambda x: x * x, (3.0,), (seed,))[1]
    [curved] = ag.hvp(lambda xs: xs[0] ** 3)([3.0], [seed])
    assert [product.data, tangent.data, curved.data] == [30.0, 30.0, 90.0]
    assert [ag.gradient(v, [seed]) for v in (product, tangent, curved)] == [[6.0], [6.0], [18.0]]
    assert ag.grad(lambda v: ag.hvp(lambda x: x**3)(3.0, v))(1.0) == 18.0


def test_results_may_be_any_structure():
    def f(x):
        return {"square": x * x, "parts": [x, 1.0, np.array([x * 2.0, x * 3.0])]}

    value, tangent = ag.jvp(f, (3.0,), (1.0,))
    assert value["square"] == 9.0
    assert tangent["square"] == 6.0
    assert tangent["parts"][:2] == [1.0, 0.0]
    assert tangent["parts"][2].tolist() == [2.0, 3.0]
    _, pullback = ag.vjp(f, 3.0)
    seed = {"square": 1.0, "parts": [10.0, 7.0, np.array([100.0, 0.0])]}
    assert pullback(seed) == (6.0 + 10.0 + 200.0,)
    assert ag.jacobian(f)(3.0).tolist() == [6.0, 1.0, 0.0, 2.0, 3.0]


def test_an_output_that_is_an_input_or_comes_twice():
    _, pullback = ag.vjp(lambda x: (x, x * x, x), 3.0)
    assert pullback((1.0, 10.0, 100.0)) == (161.0,)
    assert ag.jvp(lambda x: (x, x), (3.0,), (2.0,)) == ((3.0, 3.0), (2.0, 2.0))
    assert ag.grad(lambda x: ag.grad(lambda y: y)(x) + x)(2.0) == 1.0


def test_shapes_of_jacobians_and_hessians():
    x = np.arange(6.0).reshape(2, 3)
    jacobian = ag.jacobian(lambda x: x @ np.array([1.0, 2.0, 3.0]))(x)
    assert jacobian.shape == (2, 2, 3)
    assert jacobian[1].tolist() == [[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]]
    assert ag.jacobian(lambda x: ag.sum(x.ravel()))(x).shape == (2, 3)
    hessian = ag.hessian(lambda x: ag.prod(x[0]) + x[1, 0] ** 3)(x)
    assert hessian.shape == (2, 3, 2, 3)
    assert hessian[1, 0, 1, 0] == 18.0
    assert ag.hessian(lambda x: x**3)(2.0) == 12.0
    assert ag.jacobian(lambda d: d["a"] * d["b"])({"a": 2.0, "b": 3.0}).tolist() == [3.0, 2.0]


@given(st.integers(1, 4), st.integers(0, 2**32))
def test_a_hessian_is_symmetric_and_agrees_with_every_other_way(n, seed):
    rng = np.random.default_rng(seed)
    x, v = rng.normal(size=n), rng.normal(size=n)
    a = rng.normal(size=(n, n))

    def f(x):
        return ag.logsumexp(a @ x) + ag.sin(ag.dot(x, x)) * ag.norm([*x, 1.0])

    hessian = ag.hessian(f)(x)
    assert hessian == pytest.approx(hessian.T, rel=1e-10, abs=1e-10)
    for other in (ag.jacobian(ag.grad(f)), ag.jacobian(ag.jacobian(f))):
        assert other(x) == pytest.approx(hessian, rel=1e-10, abs=1e-10)
    product = hessian @ v
    ways = [
        ag.hvp(f)(x, v),
        ag.jvp(ag.grad(f), (x,), (v,))[1],
        ag.grad(lambda x: ag.jvp(f, (x,), (v,))[1])(x),
        ag.vjp(ag.grad(f), x)[1](v)[0],
    ]
    for way in ways:
        assert way == pytest.approx(product, rel=1e-9, abs=1e-9)
    along = ag.derivative(lambda t: f(x + t * v), 2)(0.0)
    assert along == pytest.approx(v @ product, rel=1e-9, abs=1e-9)


# --- derivative and taylor ------------------------------------------------------------------------


@pytest.mark.parametrize("order", range(9))
def test_derivatives_to_order_eight(order):
    assert ag.derivative(lambda x: x**10, order)(2.0) == math.perm(10, order) * 2.0 ** (10 - order)
    expected = [math.sin, math.cos, lambda x: -math.sin(x), lambda x: -math.cos(x)][order % 4](0.6)
    assert ag.derivative(ag.sin, order)(0.6) == pytest.approx(expected, rel=1e-14)
    assert ag.taylor(ag.exp, 0.0, order)[order] == pytest.approx(1 / math.factorial(order))
    expected = math.factorial(order) * (-1.0) ** order
    assert ag.derivative(lambda x: 1.0 / x, order)(1.0) == expected


def test_structured_results_are_expanded_number_by_number():
    def helix(t):
        return [ag.cos(t), ag.sin(t), 2.0 * t, 5.0]

    assert ag.derivative(helix)(0.0) == [0.0, 1.0, 2.0, 0.0]
    assert ag.taylor(helix, 0.0, 2) == [[1.0, 0.0, 0.0, 5.0], [0.0, 1.0, 2.0, 0.0], [-0.5, 0, 0, 0]]


def test_the_derivative_of_order_zero_is_the_function():
    assert ag.derivative(ag.exp, 0)(1.0) == math.e
    assert ag.derivative(lambda x: 4.0, 3)(1.0) == 0.0


def test_more_arguments_reach_the_function():
    assert ag.derivative(lambda x, a, b=1.0: a * b * x**3, 2)(2.0, 10.0, b=3.0) == 360.0


def test_a_taylor_series_of_a_long_computation_needs_no_recursion():
    def f(x):
        for _ in range(3000):
            x = 0.999 * ag.sin(x) + 0.001
        return x

    assert ag.taylor(f, 0.3, 2)[1] == pytest.approx(ag.grad(f)(0.3), rel=1e-9)


# --- what users get wrong -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ag.grad(3.0)(1.0), TypeError, "function to differentiate.*3.0"),
        (lambda: ag.grad(polar)([1.0, 2.0]), ShapeError, "2 numbers.*ag.jacobian"),
        (lambda: ag.hessian(polar)([1.0, 2.0]), ShapeError, "one number"),
        (lambda: ag.grad(lambda x: None)(1.0), TypeError, "the result of <lambda>.*NoneType"),
        (lambda: ag.grad(abs)("3"), TypeError, r"argument 0 of abs.*float\(text\)"),
        (lambda: ag.grad(sum)([1.0, [2.0, {3.0}]]), TypeError, r"argument 0 of sum\[1\]\[1\]"),
        (lambda: ag.grad(total)(np.array(["a"])), TypeError, r"argument 0 of total\[0\].*str"),
        (lambda: ag.grad(abs)(), ValueError, "argnums=0.*0 positional"),
        (lambda: ag.grad(abs, argnums=1)(1.0), ValueError, "argnums=1"),
        (lambda: ag.grad(abs, argnums=(0, 0))(1.0), ValueError, "each once"),
        (lambda: ag.grad(abs, argnums=slice(1, None))(1.0), ValueError, "argnums=slice"),
        (lambda: ag.grad(abs, argnums="x")(1.0), TypeError, "argnums.*'x'"),
        (lambda: ag.jvp(abs, 1.0, 1.0), TypeError, r"primals.*\(1.0,\)"),
        (lambda: ag.jvp(abs, (1.0,), (1.0, 2.0)), ShapeError, "1 primals and 2 tangents"),
        (lambda: ag.jvp(total, ([1.0],), ([1.0, 2.0],)), ShapeError, "tangent 0 has 2 numbers"),
        (lambda: ag.vjp(polar, [1.0, 2.0])[1](1.0), ShapeError, "the seed has 1 number"),
        (lambda: ag.hvp(total)([1.0]), TypeError, "the vector after argument 0"),
        (lambda: ag.hvp(total)([1.0], [1.0, 2.0]), ShapeError, "the vector has 2 numbers"),
        (lambda: ag.derivative(abs, -1), ValueError, "order.*-1"),
        (lambda: ag.derivative(abs, 1.5), ValueError, "order.*1.5"),
        (lambda: ag.derivative(total)([1.0]), TypeError, "one number.*list"),
        (lambda: ag.taylor(abs, 1.0, "2"), ValueError, "order.*'2'"),
    ],
)  # fmt: skip
def test_mistakes_are_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_an_error_out_of_the_function_leaves_no_differentiation_open():
    def fails(x):
        raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        ag.grad(fails)(1.0)
    x = Value(2.0)
    assert ag.grad(lambda y: x * y)(1.0) == 2.0


def test_the_gradient_of_a_network_can_be_differentiated_again():
    """Its parameters are computed Values then, some of them perhaps one and the same."""

    class Line(ag.nn.Module):
        def __init__(self):
            self.parts = [Value(2.0), Value(3.0)]
            self.offset = Value(0.5)

        def __call__(self, x):
            return self.parts[0] * self.parts[1] * x + (self.offset + self.parts[0]) ** 2.0

    def steepness(line):
        slopes = ag.grad(lambda line: line(4.0))(line).parameters()
        assert len(slopes) == 3
        return ag.sum([slope * slope for slope in slopes])

    line = Line()
    found = [slope.data for slope in ag.grad(steepness)(line).parameters()]
    a, b, c = (parameter.data for parameter in line.parameters())
    by_a, by_b, by_c = 4.0 * b + 2.0 * (a + c), 4.0 * a, 2.0 * (a + c)
    assert found == [
        2.0 * (by_a * 2.0 + by_b * 4.0 + by_c * 2.0),
        2.0 * by_a * 4.0,
        2.0 * (by_a * 2.0 + by_c * 2.0),
    ]
    compiled = ag.compile(ag.grad(steepness))
    assert [slope.data for slope in compiled(line).parameters()] == found
