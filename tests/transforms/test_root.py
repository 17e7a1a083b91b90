"""root: where a function is zero, with derivatives of any order (contract 3)."""

import copy
import math
import pickle
import struct

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import GraphError, ProgramError, ShapeError, Value, nn


def square(a):
    """The square root of a, as a root."""
    return ag.root(lambda x, a: x * x - a, 1.0, a)


def curves(x, p):
    """Where two curves meet; the first equation's unit is a million times the other's."""
    return [1e6 * (x[0] * x[0] + p["a"] * x[1] - p["b"]), ag.sin(x[0]) - x[1] * p["b"]]


def meeting(p):
    return ag.root(curves, [1.0, 1.0], p)


def both(a, b):
    x, y = meeting({"a": a, "b": b})
    return x * ag.exp(y)


def of_three(a):
    """Each unknown depends on the others."""
    equations = lambda x: [x[0] ** 3 + x[1] - a, x[1] * x[2] - x[0], ag.exp(x[2]) - x[1] - a]  # noqa: E731
    x = ag.root(equations, [1.0, 1.0, 1.0])
    return x[0] * x[1] + x[2] ** 2


def bits(numbers):
    return [struct.pack("d", x) for x in np.ravel(numbers).tolist()]


# --- derivatives ----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", range(9))
def test_derivatives_have_any_order(order):
    """Those of the square root, by power series and by gradients of gradients."""
    exact = ag.derivative(ag.sqrt, order)(2.0) if order else math.sqrt(2.0)
    nested = square
    for _ in range(min(order, 4)):
        nested = ag.grad(nested)
    assert ag.taylor(square, 2.0, 8)[order] * math.factorial(order) == pytest.approx(exact, 1e-13)
    if order < 5:
        assert nested(2.0) == pytest.approx(exact, 1e-13)


def test_derivatives_agree_with_finite_differences():
    ag.check_grad(square, 2.0)
    ag.check_grad(meeting, {"a": 1.0, "b": 2.0}, order=2)
    ag.check_grad(of_three, 2.0, order=2)
    ag.check_grad(lambda a: ag.root(ag.grad(lambda x, a: ag.cosh(x - a) + x * x), 0.0, a), 0.7)


def test_third_derivatives_are_sympy_s():
    """dx/da of exp(x) + a x = 3, differentiated as an implicit function."""
    sympy = pytest.importorskip("sympy", reason="needs SymPy (extra: oracle)")
    a, x = sympy.symbols("a x")
    equation = sympy.exp(x) + a * x - 3
    found = [-sympy.diff(equation, a) / sympy.diff(equation, x)]
    for _ in range(2):
        found.append(sympy.diff(found[-1], a) + sympy.diff(found[-1], x) * found[0])
    solved = lambda a: ag.root(lambda x: ag.exp(x) + a * x - 3.0, 1.0)  # noqa: E731
    point = {a: 2.0, x: solved(2.0)}
    for order, exact in enumerate(found, 1):
        number = float(exact.evalf(subs=point))
        assert ag.derivative(solved, order)(2.0) == pytest.approx(number, 1e-13)


OUTER = {
    "grad": ag.grad,
    "jacobian": ag.jacobian,
    "sparse": lambda f: lambda a: ag.jacobian(f, sparse=True)([a]).toarray()[0, 0],
    "vjp": lambda f: lambda a: ag.vjp(f, a)[1](1.0)[0],
    "jvp": lambda f: lambda a: ag.jvp(f, (a,), (1.0,))[1],
    "of a Value": lambda f: lambda a: ag.gradient(f(x := Value(a)), [x])[0],
    "checkpoint": lambda f: ag.grad(ag.checkpoint(f)),
    "compile": lambda f: ag.compile(ag.grad(f)),
    "grad of compile": lambda f: ag.grad(ag.compile(f)),
    "map": lambda f: lambda a: ag.compile(ag.grad(f)).map([a])[0],
    "root": lambda f: lambda a: ag.grad(lambda b: ag.root(lambda y: y - f(b), 0.0))(a),
    "in a root": lambda f: (
        lambda a: 1.0 / ag.grad(lambda b: ag.root(lambda y: f(y) - b, 2.1))(f(a))
    ),
    "no_grad": lambda f: ag.no_grad()(ag.grad(f)),
}


@pytest.mark.parametrize("f", [square, of_three], ids=["of one unknown", "of three"])
@pytest.mark.parametrize("outer", OUTER.values(), ids=OUTER)
def test_it_composes_with_every_transform(outer, f):
    one = (lambda a: f(a[0] if isinstance(a, list) else a)) if outer is OUTER["sparse"] else f
    h = 1e-5
    slope = (f(2.0 + h) - f(2.0 - h)) / (2.0 * h)
    assert outer(one)(2.0) == pytest.approx(slope, 1e-9)


SECOND = {
    "hessian": ag.hessian,
    "grad of grad": lambda f: ag.grad(ag.grad(f)),
    "jvp of grad": lambda f: lambda a: ag.jvp(ag.grad(f), (a,), (1.0,))[1],
    "grad of jvp": lambda f: ag.grad(lambda a: ag.jvp(f, (a,), (1.0,))[1]),
    "hvp": lambda f: lambda a: ag.hvp(f)(a, 1.0),
    "series": lambda f: ag.derivative(f, 2),
    "of a checkpoint": lambda f: ag.hessian(ag.checkpoint(f)),
    "compile": lambda f: ag.compile(ag.hessian(f)),
    "compile of grad of grad": lambda f: ag.compile(ag.grad(ag.grad(f))),
    "compile of series": lambda f: ag.compile(ag.derivative(f, 2)),
}


@pytest.mark.parametrize("f", [square, of_three], ids=["of one unknown", "of three"])
@pytest.mark.parametrize("outer", SECOND.values(), ids=SECOND)
def test_second_derivatives_are_the_same_in_every_way(outer, f):
    h = 1e-4
    second = (ag.grad(f)(2.0 + h) - ag.grad(f)(2.0 - h)) / (2.0 * h)
    assert outer(f)(2.0) == pytest.approx(second, 1e-6)


def test_where_it_begins_does_not_count():
    x0, a = Value(1.5), Value(2.0)
    y = ag.root(lambda x: x * x - a, x0)
    assert ag.gradient(y, [x0, a]) == [0.0, pytest.approx(0.5 / math.sqrt(2.0))]
    assert ag.grad(lambda x0: ag.root(lambda x: x * x - 2.0, x0))(1.5) == 0.0


def test_structures_and_networks_are_unknowns_and_arguments():
    """The bias at which a network gives 0, by all its parameters."""
    net = nn.MLP(2, [3, 1], activation="tanh", seed=1)
    found = lambda net: ag.root(lambda b, net: net([0.3, b["b"]]) - 0.1, {"b": 0.0}, net)["b"]  # noqa: E731
    [node] = [x for x in [found(net)] if isinstance(x, Value)]
    gradient = ag.grad(found)(net)
    numeric = []
    for w in net.parameters():
        w.data += 1e-6
        high = found(net).data
        w.data -= 2e-6
        numeric.append((high - found(net).data) / 2e-6)
        w.data += 1e-6
    assert [g.data for g in gradient.parameters()] == pytest.approx(numeric, 1e-6, 1e-9)
    assert node.op == "root"


def test_the_first_call_of_a_function_around_is_differentiated():
    """A Value that f closes over takes part, whichever transform it belongs to."""
    outer = lambda a: ag.grad(lambda b: a * ag.root(lambda x: x**3 - a * b, 1.0))(2.0)  # noqa: E731
    assert ag.grad(outer)(3.0) == pytest.approx(
        ag.grad(lambda a: a * a / 3 * (2 * a) ** (-2 / 3))(3.0)
    )


# --- programs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "f", [square, ag.grad(square), ag.grad(ag.grad(square))], ids=["value", "slope", "curvature"]
)
def test_a_program_gives_the_bits_of_the_function_whatever_steps_it_was_made_with(f):
    """Some arguments need more steps than the first, some are halved: each is a path."""
    compiled = ag.compile(f)
    for a in (1.0, 2.0, 2.5, 9.0, 1e-3, 2.0, 123.0):
        eager = f(Value(a))
        assert bits(compiled(a)) == bits(eager.data)
    assert 3 < len(compiled.paths) < 7


def test_programs_of_several_unknowns_have_the_bits_of_the_function():
    f = ag.value_and_grad(both, (0, 1))
    compiled = ag.compile(f)
    for a, b in ((1.0, 2.0), (0.1, 3.0), (5.0, 1.0), (1.3, 2.2), (0.0, 1.0)):
        value, slopes = f(Value(a), Value(b))
        assert bits(compiled(a, b)[0]) == bits(value.data)
        assert bits(compiled(a, b)[1]) == bits([slope.data for slope in slopes])


def test_rows_take_the_paths_that_they_need():
    a = np.geomspace(0.1, 100.0, 60)
    compiled = ag.compile(square)
    assert compiled.map(a) == pytest.approx(np.sqrt(a), rel=1e-14)
    slopes = ag.compile(ag.grad(square)).map(a)
    assert slopes == pytest.approx(0.5 / np.sqrt(a), rel=1e-13)
    assert 2 < len(compiled.paths) < 20


def test_a_program_fails_where_the_function_does():
    compiled = ag.compile(square)
    assert compiled(4.0) == 2.0
    with pytest.raises(GraphError, match="root found no x") as caught:
        compiled(-1.0)
    assert "the last x was" in caught.value.__notes__[0]
    assert compiled(4.0) == 2.0


def test_branches_of_the_function_become_guards():
    def f(a):
        return ag.root(lambda x: x * x - a if x > 2.0 else x**3 - a, 3.0)

    compiled = ag.compile(ag.value_and_grad(f))
    for a in (9.0, 1.0, 16.0, 2.0, 5.0):
        assert compiled(a) == ag.value_and_grad(f)(a)


def test_values_outside_of_a_program_are_followed():
    w = Value(2.0)
    compiled = ag.compile(ag.grad(lambda a: ag.root(lambda x: x * x - a * w, 1.0)))
    assert compiled(3.0) == pytest.approx(1.0 / math.sqrt(6.0))
    w.data = 8.0
    assert compiled(3.0) == pytest.approx(4.0 / math.sqrt(24.0))


def test_a_node_found_outside_is_no_program():
    a = Value(2.0)
    with pytest.raises(ProgramError, match="call root in a function that is compiled"):
        ag.freeze(square(a) * 2.0, [a])


# --- graphs ---------------------------------------------------------------------------------------


def test_refresh_solves_again_and_tells_zeros_apart():
    a = Value(2.0)
    y = square(a)
    a.data = 9.0
    with pytest.raises(GraphError, match="refresh"):
        ag.gradient(y, [a], create_graph=True)
    y.refresh()
    assert (y.data, ag.gradient(y, [a])) == (3.0, [pytest.approx(1.0 / 6.0)])
    angle = ag.root(lambda x, a: x - ag.arctan2(a, -1.0), 0.0, zero := Value(0.0))
    zero.data = -0.0
    angle.refresh()
    assert angle.data == -math.pi


def test_copies_are_refreshed_and_pickles_refused():
    a = Value(2.0)
    y = square(a) * 3.0
    twin = copy.deepcopy(y)
    assert ag.gradient(twin, [twin.parents[0].parents[1]]) == ag.gradient(y, [a])
    with pytest.raises(TypeError, match="a root of <lambda> holds a Python function"):
        pickle.dumps(y)
    assert "root" in ag.latex(y)
    assert ag.draw(y, expand=True).save is not None


def test_equal_unknowns_of_one_call_know_one_another_after_they_were_dropped():
    """The second derivative of one needs the others, which are found again."""
    a = Value(2.0)
    x, *_ = ag.root(lambda x: [x[0] * x[1] - a, x[1] - x[0] ** 2], [1.0, 1.0])
    del _
    [slope] = ag.gradient(x, [a], create_graph=True)
    assert ag.gradient(slope, [a]) == [pytest.approx(-2.0 / 9.0 * 2.0 ** (-5 / 3))]


def test_an_anomaly_is_none_where_a_step_is_halved():
    with ag.detect_anomaly():
        assert ag.root(lambda x: ag.log(x) - 1.0, 9.0) == pytest.approx(math.e)


# --- the steps ------------------------------------------------------------------------------------

PROBLEMS = {
    "far": (lambda x: ag.exp(x) - 5.0, -4.0, math.log(5.0)),
    "needs halving": (ag.arctan, 3.0, 0.0),
    "of a tiny unknown": (lambda x: ag.exp(x / 1e-10) - 2.0, -2e-10, math.log(2.0) * 1e-10),
    "of a huge unknown": (lambda x: (x / 1e12) ** 3 - 8.0, 1e12, 2e12),
    "at 0, in rounding": (lambda x: (x + 0.1) + 0.2 - 0.3, 0.0, 0.0),
    "begun at it": (lambda x: x - 2.0, 2.0, 2.0),
    "at the edge of a domain": (lambda x: ag.log(x) + 3.0, 1.0, math.exp(-3.0)),
}


@pytest.mark.parametrize(("f", "x0", "exact"), PROBLEMS.values(), ids=PROBLEMS)
def test_it_is_found(f, x0, exact):
    assert ag.root(f, x0) == pytest.approx(exact, rel=1e-14, abs=1e-16)
    assert ag.compile(lambda x0: ag.root(f, x0))(x0) == ag.root(f, x0)


def test_systems_are_solved_as_scipy_does():
    optimize = pytest.importorskip("scipy.optimize", reason="needs SciPy (extra: sparse)")

    def broyden(x):
        n = len(x)
        edge = [0.0, *x, 0.0]
        return [(3.0 - 2.0 * x[i]) * x[i] - edge[i] - 2.0 * edge[i + 2] + 1.0 for i in range(n)]

    x0 = [-1.0] * 5
    theirs = optimize.root(broyden, x0, jac=ag.jacobian(broyden), tol=1e-14).x
    assert ag.root(broyden, x0) == pytest.approx(theirs, rel=1e-12)
    rosenbrock = ag.grad(lambda x: 100.0 * (x[1] - x[0] ** 2) ** 2 + (1.0 - x[0]) ** 2)
    assert ag.root(rosenbrock, [0.5, 0.5]) == pytest.approx([1.0, 1.0], rel=1e-14)


@pytest.mark.parametrize(
    "f", [lambda x: (x - 1.0) ** 2, lambda x: (x - math.pi) ** 2, lambda x: x**4], ids="abc"
)
def test_a_multiple_root_is_refused(f):
    """There the Jacobian is 0, and no derivative in an argument is finite."""
    with pytest.raises(GraphError, match="not lead to a simple one") as caught:
        ag.root(f, 2.5)
    last = float(caught.value.__notes__[0].removeprefix("the last x was "))
    assert abs(f(last)) < 1e-15


@pytest.mark.parametrize(
    ("f", "x0", "error", "said"),
    [
        (lambda x: x * x + 1.0, 2.0, GraphError, "nearer to 0"),
        (lambda x: x * 0.0 + 1.0, 2.0, GraphError, "a row of zeros"),
        (lambda x: 1.0, 2.0, GraphError, "a row of zeros"),
        (lambda x: ag.log(x), -2.0, GraphError, "nan|nearer"),
        (lambda x: [x[0] + x[1], 0.3 * x[0] + 0.3 * x[1]], [1.0, 3.0], GraphError, "is singular"),
        (lambda x: x, [1.0, 2.0, 3.0], GraphError, None),
        (lambda x: x[:1], [1.0, 2.0], ShapeError, "gives 1 number for 2 unknowns"),
        (lambda x: [x, x], 1.0, ShapeError, "gives 2 numbers for 1 unknown"),
        (lambda x: x, [], ShapeError, "begins at a number"),
        (lambda x: x, None, ShapeError, "was given None"),
        (lambda x: x, "1", ShapeError, "was given '1'"),
        (2.0, 1.0, TypeError, "expected a function"),
        (lambda x: None, 1.0, TypeError, "no number"),
    ],
)
def test_what_has_no_root_is_refused(f, x0, error, said):
    if said is None:
        assert ag.root(f, x0) == [0.0, 0.0, 0.0]
        return
    with pytest.raises(error, match=said):
        ag.root(f, x0)


def test_rows_change_places_where_a_pivot_is_0():
    """In a program by numbers of its own: which is larger is no path."""

    def f(a):
        return ag.root(lambda x: [x[1] - a, a * x[0] + x[1] ** 2 - 3.0 * a, x[2] + x[1]], [1.0] * 3)

    compiled = ag.compile(ag.jacobian(lambda a: f(a[0])))
    for a in (2.0, 0.5, 3.0):
        assert f(a) == pytest.approx([3.0 - a, a, -a], rel=1e-14)
        assert compiled([a]).ravel() == pytest.approx([-1.0, 1.0, -1.0], rel=1e-14)
    assert len(compiled.paths) < 4


def test_a_node_from_around_a_program_is_followed():
    a = Value(2.0)
    y = ag.root(lambda x: [x[1] - a, x[0] ** 2 - x[1]], [1.0, 1.0])[0]
    compiled = ag.compile(lambda t: ag.gradient(y * t, [a], create_graph=True)[0])
    assert compiled(3.0) == pytest.approx(1.5 / math.sqrt(2.0))
    a.data = 9.0
    y.refresh()
    assert compiled(3.0) == pytest.approx(0.5)
