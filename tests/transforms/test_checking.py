"""check_grad: right derivatives pass it, wrong ones are found, and the op at fault is named."""

import itertools
import math
import pickle
from dataclasses import dataclass, field

import numpy as np
import pytest
from test_table import DIFFERENTIATED, points

import autograd_lite as ag
from autograd_lite import GradientMismatch, Value, check_grad, nn
from autograd_lite.ops.custom import CustomOp
from autograd_lite.transforms import orders
from autograd_lite.transforms.numeric import Tolerance, compare


def mismatch(f, *args, **options):
    with pytest.raises(GradientMismatch) as caught:
        check_grad(f, *args, **options)
    return caught.value


def power3(*, first=1.0, second=1.0, third=1.0):
    """x**3 whose n-th derivative is wrong by a factor, and right below that order."""
    thrice = CustomOp("thrice", lambda x: 6.0 * x, lambda out, x: 6.0 * third)
    square = CustomOp("square3", lambda x: 3.0 * x * x, lambda out, x: second * thrice(x))
    return CustomOp("power3", lambda x: x**3, lambda out, x: first * square(x))


def hiding():
    """x**3 whose partial does not let itself be differentiated."""
    return CustomOp("hiding", lambda x: x**3, lambda out, x: 3.0 * getattr(x, "data", x) ** 2)


# --- what is right passes -------------------------------------------------------------------------


@pytest.mark.parametrize("row", DIFFERENTIATED, ids=lambda row: row.name)
def test_every_row_of_the_table_passes_to_second_order(row):
    for xs in points(row, 2):
        assert check_grad(lambda *args: Value._apply_op(row, args), *xs) is None


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: ag.relu(x), 1e-7),
        (lambda x: ag.log(x), 1e-8),
        (lambda x: 1 / x, 1e-4),
        (lambda x: ag.sqrt(x - 1.0), 1.0 + 1e-6),
        (lambda x: ag.sin(3000.0 * x), 1.0),
        (lambda x: ag.sin(x), 1e6 + 0.3),
        (lambda x: x + 1e-3 * ag.tanh(1e3 * x), 0.0),
        (lambda x: ag.absolute(x - 1e-4) * ag.exp(x), 1.1e-4),
        (lambda x: x + 1e9, 0.5),
        (lambda x: ag.exp(50.0 * x), 1.0),
        (lambda x: ag.absolute(x), 0.0),
        (lambda x: 7.0, 1.0),
        (lambda x: ag.sigmoid(x), -30.0),
    ],
)
def test_steps_suit_the_function(f, x):
    """Kinks and poles close by, oscillations, steep slopes, large numbers."""
    check_grad(f, x, order=1)


def test_structures_of_every_kind_are_arguments_and_results():
    @dataclass
    class Line:
        slope: float
        points: list = field(default_factory=list)

    def f(weights, line, x):
        y = weights["w"] @ x + line.slope * line.points[0]
        return {"y": y, "norm": (ag.norm(list(y)), 3.0)}

    check_grad(f, {"w": np.array([[1.0, 2.0], [0.5, -1.0]])}, Line(2.0, [3.0]), np.array([0.3, 1]))
    network = nn.MLP(2, [3, 1], activation="tanh", seed=1)
    check_grad(lambda network, x: network(x) ** 2, network, (0.5, Value(-0.2)))
    assert all(p.grad == 0.0 for p in network.parameters())


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_orders_beyond_the_second_are_checked(order):
    check_grad(lambda x: power3()(x[0]) * ag.exp(x[1]), [0.7, -0.3], order=order)


# --- what is wrong is found -----------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_wrong_derivative_of_each_order_is_found_and_its_op_named(order):
    wrong = power3(**{["first", "second", "third"][order - 1]: 1.0001})
    f = lambda x: ag.sin(wrong(x[1]) * x[0])  # noqa: E731
    if order > 1:
        check_grad(f, [0.5, 1.2], order=order - 1)
    error = mismatch(f, [0.5, 1.2], order=3)
    assert (error.order, error.argument) == (order, 0)
    assert error.op == ["power3", "square3", "thrice"][order - 1]
    assert error.parent == 0
    assert error.analytic != error.numeric
    assert abs(error.analytic - error.numeric) > error.tolerance
    assert f"the op {error.op!r}: at (" in str(error)


def test_a_partial_that_hides_its_argument_is_found_at_second_order():
    f = lambda x: hiding()(x) * 2.0  # noqa: E731
    check_grad(f, 1.5, order=1)
    error = mismatch(f, 1.5)
    assert (error.order, error.op, error.parent, error.analytic) == (2, "hiding", 0, 0.0)
    assert error.numeric == pytest.approx(18.0)
    assert error.mode.startswith("reverse over reverse and forward over reverse")
    assert "its partial derivative of order 2 by argument 0 is 0.0" in str(error)


def test_a_partial_by_a_constant_is_no_fault():
    """Users put a placeholder there (the order of a Bessel function, say)."""
    power = CustomOp(
        "power_", lambda x, n: x**n, [lambda o, x, n: n * getattr(x, "data", x) ** (n - 1.0),
                                      lambda o, x, n: 123.0],
    )  # fmt: skip
    check_grad(lambda x: power(x, 3.0), 2.0, order=1)
    error = mismatch(lambda x: power(x, 3.0), 2.0)
    assert (error.op, error.parent, error.order) == ("power_", 0, 2)


def test_the_message_says_everything():
    wrong = CustomOp("wrong", lambda x, y: x * y, [lambda o, x, y: y, lambda o, x, y: 3.0])
    error = mismatch(lambda a, b: a + 2.0 * wrong(1.5, b["k"][1]), 1.0, {"k": [0.0, 4.0]})
    assert (error.argument, error.path, error.order) == (1, "['k'][1]", 1)
    assert (error.mode, error.analytic) == ("reverse and forward", 6.0)
    assert (error.op, error.parent) == ("wrong", 1)
    assert error.numeric == pytest.approx(3.0, rel=1e-12)
    text = str(error)
    assert text.startswith("the derivative of <lambda> by argument 1['k'][1] = 4.0 is 6.0 (reverse")
    assert "but numerically 3.0 (tolerance 6e-06); most likely at fault is the op 'wrong'" in text
    assert text.endswith("at (1.5, 4) its partial by argument 1 is 3.0, and numerically 1.5")
    copied = pickle.loads(pickle.dumps(error))
    assert (str(copied), vars(copied)) == (text, vars(error))


def test_the_output_and_both_arguments_of_a_second_derivative_are_named():
    error = mismatch(lambda x: [x[0], {"a": power3(first=2.0)(x[1])}], [1.0, 2.0])
    assert "the derivative of output 1 of <lambda> by argument 0[1]" in str(error)
    f = lambda x, y: hiding()(x) * y  # noqa: E731
    assert "the second derivative of <lambda> by argument 0, argument 0 = 2.0 is 0.0" in str(
        mismatch(f, 2.0, 1.0)
    )
    assert "of a combination of the outputs of <lambda>" in str(
        mismatch(lambda x: [x, hiding()(x)], 2.0)
    )
    third = power3(third=2.0)
    f = lambda x: third(x[0]) + x[1]  # noqa: E731
    assert (
        "the derivative of order 3 of <lambda> by argument 0[0], argument 0[0] and 1 fixed"
        in str(mismatch(f, [2.0, 1.0], order=3))
    )
    assert "the derivative of order 3 of power3 by argument 0 = " in str(
        mismatch(third, 2.0, order=3)
    )


@pytest.mark.parametrize("transform", ["jvp", "jacobian", "hessian"])
def test_a_mode_that_is_wrong_alone_is_named(monkeypatch, transform):
    right = getattr(orders, transform)
    wrong = {
        "jvp": lambda *args: (right(*args)[0], [1.01 * d for d in right(*args)[1]]),
        "jacobian": lambda f: lambda x: 1.01 * right(f)(x),
        "hessian": lambda f: lambda x: 1.01 * right(f)(x),
    }
    monkeypatch.setattr(orders, transform, wrong[transform])
    error = mismatch(lambda x: ag.exp(x), 1.0)
    assert (error.mode, error.order, error.op) == {
        "jvp": ("forward", 1, None),
        "jacobian": ("reverse", 1, None),
        "hessian": ("hessian", 2, None),
    }[transform]


@pytest.mark.parametrize("order", [2, 3])
def test_a_mixture_of_modes_that_is_wrong_alone_is_named(monkeypatch, order):
    both = orders._both
    for inner, k in itertools.product(("reverse", "forward"), (0, 1)):

        def wrong(function, numbers, before, first, inner=inner, k=k):
            modes = both(function, numbers, before, first)
            if before == f" over {inner}" * (order - 1):
                name, at, found = modes[k]
                modes[k] = name, at, np.array(found) + 1e-4
            return modes

        monkeypatch.setattr(orders, "_both", wrong)
        error = mismatch(lambda x: ag.exp(x), 1.0, order=3)
        expected = ["reverse", "forward"][k] + f" over {inner}" * (order - 1)
        assert (error.mode, error.order) == (expected, order)


def test_tolerances_are_kept():
    f = power3(first=1.0 + 1e-5)
    mismatch(f, 2.0, order=1)
    check_grad(f, 2.0, order=1, rtol=1e-4)
    check_grad(f, 2.0, order=1, rtol=0.0, atol=1e-3)
    mismatch(f, 2.0, order=1, rtol=0.0, atol=1e-5)


# --- where nothing can be checked -----------------------------------------------------------------


def test_a_kink_is_told_from_a_wrong_derivative():
    error = mismatch(lambda x: ag.relu(x - 1.0), 1.0)
    assert "there is a kink: the slope is 0 on the left and 1 on the right" in str(error)
    assert error.op == "relu"
    error = mismatch(lambda x: ag.absolute(x), 0.0)
    assert error.order == 2
    assert "it jumps there" in str(error)


def test_the_edge_of_a_domain_is_told():
    assert "not finite on the left" in str(mismatch(lambda x: ag.sqrt(x), 0.0))

    def refuse(x):
        if x > 1.0:
            raise ValueError(x)
        return x

    bounded = CustomOp("bounded", refuse, lambda out, x: 1.0)
    check_grad(bounded, 1.0 - 1e-5)
    assert "not finite on the right" in str(mismatch(bounded, 1.0))


def test_numbers_that_bypass_the_graph_are_told():
    error = mismatch(lambda x: Value(x.data) * x, 2.0)
    assert error.op is None
    assert "every op's own derivative is right there, so look for .data" in str(error)
    assert mismatch(lambda x: ag.stop_gradient(x) * x, 2.0).op == "stop_gradient"


def test_a_function_that_changes_is_told():
    rng = np.random.default_rng(0)
    error = mismatch(lambda x: x * rng.uniform(), 1.0)
    assert "called again, the function gives another number" in str(error)


def test_noise_is_told():
    noisy = CustomOp("noisy", lambda x: x + 1e-5 * math.sin(1e9 * x * x), lambda out, x: 1.0)
    assert "do not settle" in str(mismatch(noisy, 1.0, order=1))
    check_grad(noisy, 1.0, order=1, rtol=1e-3)


def test_a_point_without_a_number_is_refused():
    with pytest.raises(ValueError, match=r"<lambda> gives \[nan\] at this point"):
        check_grad(lambda x: ag.log(x), -1.0)


def test_nothing_to_check_is_an_error():
    for attempt in (lambda: check_grad(lambda: 1.0), lambda: check_grad(ag.sin, 1.0, order=0)):
        with pytest.raises(TypeError, match="has nothing to check; give"):
            attempt()
    with pytest.raises(TypeError, match=r"by 0 numbers .*nothing to check"):
        check_grad(lambda x: x, {"a": "1"})
    with pytest.raises(TypeError, match=r"argument 0\['a'\]: .*was given set"):
        check_grad(lambda x: x, {"a": {1.0}})


# --- numeric derivatives --------------------------------------------------------------------------


@pytest.mark.parametrize("x", [-2.5, 0.4, 3.0])
@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (math.exp, math.exp),
        (math.atan, lambda x: 1 / (1 + x * x)),
        (math.cos, lambda x: -math.sin(x)),
    ],
)
def test_numeric_derivatives_are_good_to_ten_digits(f, slope, x):
    def curve(t):
        return np.array([f(t), 2.0 * f(t)])

    right = np.array([slope(x), 2.0 * slope(x)])
    sharp = Tolerance(1e-10, 0.0)
    assert compare(curve, x, right, sharp) is None
    wrong = compare(curve, x, right * [1.0, 1.0 + 1e-8], sharp)
    assert wrong.component == 1
    assert wrong.numeric == pytest.approx(right[1], rel=1e-10)
    assert compare(curve, x, right * math.nan, sharp).excess == math.inf
