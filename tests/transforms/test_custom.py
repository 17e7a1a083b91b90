"""A user's own op: used like any other, checked, and named where it fails."""

import copy
import functools
import math
import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from nodes import same_nodes

import autograd_lite as ag
from autograd_lite import GradientMismatch, GraphError, Value, gradient, nn
from autograd_lite.engine import fields
from autograd_lite.explanations.trace import trace
from autograd_lite.graph import ancestors
from autograd_lite.ops import TABLE
from autograd_lite.ops.custom import CUSTOM


@pytest.fixture(autouse=True)
def nothing_stays_defined():
    before = dict(CUSTOM)
    yield
    CUSTOM.clear()
    CUSTOM.update(before)


def define_mix(**columns):
    """x² y, which sees floats only; its partials take anything."""

    def mix(x, y):
        assert isinstance(x, float)
        assert isinstance(y, float)
        return x * x * y

    partials = [lambda out, x, y: 2.0 * x * y, lambda out, x, y: x * x]
    return ag.custom_op("mix", mix, partials, **columns)


def define_floats_only():
    """sin, whose partial takes floats only."""
    return ag.custom_op("float_sin", math.sin, lambda out, x: math.cos(x))


# --- used like any other --------------------------------------------------------------------------


def test_numbers_of_every_kind_give_a_float():
    mix = define_mix()
    for x in (2, 2.0, True + 1, np.float32(2), np.array(2.0), Fraction(2), Decimal(2)):
        assert mix(x, 3) == 12.0
        assert type(mix(x, 3)) is float


def test_values_give_a_node_with_its_partials():
    mix = define_mix()
    x, y = Value(2.0), Value(3.0)
    z = mix(x, y)
    assert (z.data, z.op, z.local_grads) == (12.0, "mix", (12.0, 4.0))
    assert same_nodes(z.parents, (x, y))
    z.backward()
    assert (x.grad, y.grad) == (12.0, 4.0)
    assert mix(x, 3).local_grads == (12.0, 0.0)
    assert mix(x=x, y=3).parents[1].constant


def test_arrays_are_taken_elementwise_and_broadcast():
    mix = define_mix()
    found = mix(np.array([[1.0], [2.0]]), np.array([1, 10, 100]))
    assert found.dtype == np.float64
    assert found.tolist() == [[1.0, 10.0, 100.0], [4.0, 40.0, 400.0]]
    mixed = mix(np.array([Value(1.0), 2.0]), [3.0, 4.0])
    assert [type(mixed[0]), mixed[0].data, mixed[1]] == [Value, 3.0, 16.0]
    assert mix(np.array([]), 1.0).shape == (0,)


def test_a_partial_by_a_constant_is_not_evaluated():
    asked = []
    op = ag.custom_op(
        "asks", lambda x, y: x + y, [lambda o, x, y: 1.0, lambda o, x, y: asked.append(x)]
    )
    assert op(Value(1.0), 2.0).local_grads == (1.0, 0.0)
    assert asked == []


def test_derivatives_of_every_mode_and_order_follow_from_the_partials():
    mix = define_mix()
    x, y = Value(2.0), Value(3.0)
    [first] = gradient(mix(x, y), [x], create_graph=True)
    assert gradient(first, [x, y]) == [6.0, 4.0]
    assert ag.grad(mix, argnums=(0, 1))(2.0, 3.0) == (12.0, 4.0)
    assert ag.jvp(mix, (2.0, 3.0), (1.0, 10.0)) == (12.0, 52.0)
    assert ag.vjp(mix, 2.0, 3.0)[1](2.0) == (24.0, 8.0)
    assert ag.hessian(lambda v: mix(v[0], v[1]))([2.0, 3.0]).tolist() == [[6.0, 4.0], [4.0, 0.0]]
    assert ag.hvp(lambda v: mix(v[0], v[1]))([2.0, 3.0], [1.0, 1.0]) == [10.0, 4.0]
    assert ag.derivative(lambda x: mix(x, x), 3)(2.0) == 6.0
    assert ag.taylor(lambda x: mix(x, x), 2.0, 3) == [8.0, 12.0, 6.0, 1.0]


def test_a_partial_may_use_methods_numpy_and_other_custom_ops():
    log2 = ag.custom_op("halves", math.log2, lambda out, x: 1.0 / (x * math.log(2.0)))
    op = ag.custom_op(
        "entropy",
        lambda x: x * math.log2(x),
        lambda out, x: log2(x) + 1.0 / math.log(2.0) + 0.0 * (np.exp(x) + ag.tanh(x)),
    )
    x = Value(0.3)
    [first] = gradient(op(x), [x], create_graph=True)
    assert gradient(first, [x])[0] == pytest.approx(1.0 / (0.3 * math.log(2.0)))


def test_a_partial_may_use_every_operator_in_every_mode():
    def slope(out, x):
        if x < 0.0 or not x <= 9.0:
            return 0.0 * +x
        return 3.0 * x**2 * abs(x) / x + 2.0**x - math.e**-x - 2.0**x + math.e ** (-1.0 * x)

    op = ag.custom_op("cube_", lambda x: max(x, 0.0) ** 3, slope)
    assert ag.taylor(op, 2.0, 4) == pytest.approx([8.0, 12.0, 6.0, 1.0, 0.0])
    assert ag.taylor(op, -2.0, 3) == [0.0] * 4
    assert [ag.derivative(op, n)(2.0) for n in (1, 2, 3)] == pytest.approx([12.0, 12.0, 6.0])
    compiled = ag.compile(ag.derivative(op, 2))
    assert [compiled(2.0), compiled(-2.0)] == pytest.approx([12.0, 0.0])  # by a guard
    assert ag.grad(ag.grad(ag.grad(op)))(2.0) == pytest.approx(6.0)


def test_refresh_recomputes_it():
    mix = define_mix()
    x = Value(2.0)
    z = mix(x, 3.0) + 1.0
    x.data = 4.0
    z.refresh()
    assert z.data == 49.0


def test_it_is_drawn_listed_and_told_by_its_names():
    mix = define_mix(symbol="⊗")
    x = Value(2.0, label="x")
    z = mix(x, 3.0)
    assert z._op == mix.symbol == "⊗"
    assert mix.latex == r"\operatorname{mix}\left(#1, #2\right)"
    assert repr(mix) == "<op mix>"
    assert mix.__doc__.startswith("An op of the user's own.\n\nParameters\n----------\nx, y : ")
    assert "⊗" in ag.draw(z).to_graphviz().source
    assert "⊗" in repr(ag.draw(z, expand=True)) + ag.draw(z, expand=True).to_graphviz().source
    assert mix.expand([x, 3.0]).op == "mix"
    assert trace(z)[-1].formula == "mix(x, 3)"
    plain = ag.custom_op("my_op", math.sin, lambda out, x: 1.0)
    assert (plain.symbol, plain.latex) == ("my_op", r"\operatorname{my\_op}")
    assert ag.custom_op("a", math.sin, lambda o, x: 1.0, latex=r"\alpha").latex == r"\alpha"


def test_it_is_no_op_of_the_package():
    mix = define_mix()
    assert "mix" not in TABLE
    assert not hasattr(ag, "mix")
    assert not hasattr(Value, "mix")
    assert mix.custom
    assert not ag.sin.custom


def test_it_is_an_activation():
    swish = ag.custom_op("swish", lambda x: x / (1 + math.exp(-x)), lambda o, x: ag.sigmoid(x))
    network = nn.MLP(2, [3, 1], activation=swish, seed=0)
    assert "swish" in {node.op for node in ancestors(network([1.0, 2.0]))}
    assert "SwishNeuron(2)" in repr(network)


# --- copies and pickles ---------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 40])
def test_copies_and_pickles_keep_the_op(size):
    mix = define_mix()
    x = Value(1.0)
    z = x
    for _ in range(size):
        z = mix(z, 1.0)
    for other in (copy.copy(z), copy.deepcopy(z), pickle.loads(pickle.dumps(z))):
        assert (other.op, other.data, other.local_grads) == ("mix", z.data, z.local_grads)
        assert fields(other)[0] is mix
    assert pickle.loads(pickle.dumps(mix)) is mix


def test_a_pickle_of_an_op_that_is_not_defined_says_to_define_it():
    pickled = pickle.dumps(define_mix()(Value(2.0), 3.0))
    CUSTOM.clear()
    with pytest.raises(GraphError, match="op 'mix', which is not defined here; define it first"):
        pickle.loads(pickled)
    define_mix()
    assert pickle.loads(pickled).data == 12.0


def test_a_name_may_be_defined_again():
    """As a notebook's cell does that is run twice; graphs that exist keep their op."""
    x = Value(2.0)
    first = ag.custom_op("power3", lambda x: x**3, lambda out, x: 3.0 * x * x)
    old = first(x)
    second = ag.custom_op("power3", lambda x: x**4, lambda out, x: 4.0 * x * x * x)
    x.data = 3.0
    old.refresh()
    assert (old.data, second(x).data) == (27.0, 81.0)
    assert pickle.loads(pickle.dumps(second)) is second


def test_a_name_of_the_package_or_no_identifier_is_refused():
    def define(name):
        return ag.custom_op(name, math.sin, lambda out, x: 1.0)

    with pytest.raises(ValueError, match="'sin' is an op of this package already"):
        define("sin")
    for name in ("my op", "", "3d", "lambda"):
        with pytest.raises(ValueError, match=f"an identifier, such as 'bessel', .* {name!r}"):
            define(name)
    with pytest.raises(TypeError, match="name is a str and was given int: 3"):
        define(3)
    with pytest.raises(TypeError, match="symbol is a str, not empty, and was given 7"):
        ag.custom_op("f", math.sin, lambda out, x: 1.0, symbol=7)
    with pytest.raises(TypeError, match="forward and partials are functions, and one is float"):
        ag.custom_op("f", math.sin, [1.0])


# --- the decorator --------------------------------------------------------------------------------


def test_the_decorator_takes_name_and_arguments_from_the_function():
    @ag.primitive(partials=[lambda out, base, n: n * out / base, lambda out, base, n: 0.0])
    def whole_power(base, n):
        """A power with a whole exponent.

        More of it.
        """
        return base ** int(n)

    assert (whole_power(2.0, 3.9), whole_power.name) == (8.0, "whole_power")
    assert whole_power.arguments == ("base", "n")
    assert whole_power.__doc__.startswith("A power with a whole exponent.\n\nParameters")
    with pytest.raises(ValueError, match="'<lambda>'"):
        ag.primitive(partials=lambda out, x: 1.0)(lambda x: x)
    named = ag.primitive(partials=lambda out, x: 1.0, name="same", symbol="=")(lambda x: x)
    assert (named.name, named.symbol) == ("same", "=")


def test_the_decorator_without_partials_says_what_is_missing_where_it_stands():
    """`@ag.primitive` was told in Python's words only: takes 0 positional arguments."""

    def plain(x):
        return x

    with pytest.raises(TypeError, match=r"derivatives of plain: @primitive\(partials=\[lambda out"):
        ag.primitive(plain)
    with pytest.raises(TypeError, match="'plain' has no partials; give one for each argument"):
        ag.primitive()(plain)


# --- exceptions and IEEE --------------------------------------------------------------------------


def test_ieee_answers_where_python_raises():
    op = ag.custom_op("inverse", lambda x: 1.0 / x, lambda out, x: -1.0 / (x * x))
    assert op(0.0) == math.inf
    zero = Value(0.0)
    assert (op(zero).data, op(zero).local_grads) == (math.inf, (-math.inf,))


@pytest.mark.parametrize("error", [KeyError, ValueError, ZeroDivisionError, TypeError])
def test_a_users_own_exception_goes_out_unchanged(error):
    raised = error("mine")

    def fail(*args):
        raise raised

    x = Value(1.0)
    for op in (
        ag.custom_op("fails", fail, lambda out, x: 1.0),
        ag.custom_op("fails", lambda x: x, fail),
    ):
        with pytest.raises(error) as caught:
            op(x)
        assert caught.value is raised
    with pytest.raises(error) as caught:
        ag.custom_op("fails", fail, lambda out, x: 1.0)(1.0)
    assert caught.value is raised


def test_what_fails_leaves_the_graph_as_it_was():
    def forward(x):
        if x > 2.0:
            raise KeyError(x)
        return x

    op = ag.custom_op("bounded", forward, lambda out, x: 1.0)
    x = Value(1.0)
    y = ag.exp(x)
    z = op(x) * y
    x.data = 3.0
    with pytest.raises(KeyError):
        z.refresh()
    assert (y.data, z.data) == (math.exp(1.0), math.exp(1.0))


# --- definitions that are wrong -------------------------------------------------------------------


def test_a_wrong_number_of_partials_is_found_at_definition():
    one, two = (lambda out, x: 1.0), (lambda out, x, y: 1.0)
    for forward, partials in (
        (lambda x, y: x, [one]),
        (lambda x: x, [two, two]),
        (np.hypot, [one]),
    ):
        with pytest.raises(TypeError, match=r"forward function of op 'f' does not take . arg"):
            ag.custom_op("f", forward, partials)
    with pytest.raises(TypeError, match=r"the partial of op 'f' by 'y' does not take 3 arguments"):
        ag.custom_op("f", lambda x, y: x, [two, one])
    with pytest.raises(TypeError, match="op 'f' has no partials"):
        ag.custom_op("f", lambda: 1.0, [])
    assert "f" not in CUSTOM
    assert ag.custom_op("f", lambda *xs: sum(xs), [two, two]).arguments == ("x1", "x2")
    assert ag.custom_op("f", lambda x, n=2.0: x, [one]).arguments == ("x",)


def test_a_wrong_number_of_partials_is_found_at_first_use_where_no_signature_tells():
    class Unknown:
        __signature__ = "none"

        def __call__(self, *args):
            return math.fmod(*args)

    op = ag.custom_op("mod", Unknown(), lambda out, x: 1.0)
    with pytest.raises(TypeError, match=r"forward function of op 'mod' does not take 1 arg.*fmod"):
        op(Value(1.0))


@pytest.mark.parametrize("wrong", [None, "1", np.ones(2), 1j, [1.0], Value(1.0)])
def test_a_function_that_returns_no_number_is_named(wrong):
    shown = repr(wrong)[:10].replace("(", r"\(").replace("[", r"\[").replace("]", r"\]")
    forward = ag.custom_op("f", lambda x, y: wrong, [lambda out, x, y: 1.0] * 2)
    partial = ag.custom_op("g", lambda x, y: x, [lambda o, x, y: 1.0, lambda o, x, y: wrong])
    for args in ((1.0, 2.0), (Value(1.0), 2.0)):
        with pytest.raises(TypeError, match=rf"forward .* op 'f' gave no .* \(1, 2\): .*{shown}"):
            forward(*args)
    with pytest.raises(TypeError, match=rf"partial of op 'g' by 'y' gave no number .*{shown}"):
        partial(1.0, Value(2.0))


@pytest.mark.parametrize("right", [1, True, np.float32(1), np.array(1.0), Fraction(1), Decimal(1)])
def test_any_real_number_may_be_returned(right):
    x = Value(2.0)
    y = ag.custom_op("f", lambda x: right, lambda out, x: right)(x)
    assert (y.data, y.local_grads) == (1.0, (1.0,))
    assert type(y.data) is type(y.local_grads[0]) is float
    [slope] = gradient(y, [x], create_graph=True)
    assert (slope.data, gradient(slope, [x])) == (1.0, [0.0])


def test_a_derivative_that_the_partial_cannot_give_is_refused():
    op = define_floats_only()
    x = Value(0.5)
    assert gradient(op(x), [x]) == [math.cos(0.5)]
    assert ag.derivative(op)(0.5) == ag.jvp(op, (0.5,), (1.0,))[1] == math.cos(0.5)
    what = (
        r"the partial of op 'float_sin' by 'x1?' accepts floats only, and a compiled gradient "
        r"\(ag.compile\) or a second derivative takes more: .*ag.sin.*another custom op"
    )
    for attempt in (
        lambda: gradient(op(x), [x], create_graph=True),
        lambda: ag.hessian(lambda v: op(v[0]))([0.5]),
        lambda: ag.derivative(op, 2)(0.5),
        lambda: ag.taylor(op, 0.5, 2),
        lambda: ag.check_grad(op, 0.5),
        lambda: ag.compile(ag.grad(op))(0.5),
    ):
        with pytest.raises(TypeError, match=what):
            attempt()
    ag.check_grad(op, 0.5, order=1)


# --- checked where it is defined ------------------------------------------------------------------


def test_a_definition_is_checked_on_request():
    partials = [lambda out, x, y: 2.0 * x * y, lambda out, x, y: x * x + 1e-4]

    def define(check):
        return ag.custom_op("mixed", lambda x, y: x * x * y, partials, check=check)

    for check in ((2.0, 3.0), [(1.0, -1.0), (2.0, 3.0)]):
        with pytest.raises(GradientMismatch, match=r"op 'mixed'.* by argument 1 is") as caught:
            define(check)
        assert (caught.value.op, caught.value.parent, caught.value.argument) == ("mixed", 1, 1)
        assert "mixed" not in CUSTOM
    assert define(None) is CUSTOM["mixed"]
    assert define_mix(check=[(2.0, 3.0), (-1.0, 0.5)])(1.0, 1.0) == 1.0


def test_the_check_goes_to_second_order_where_the_partials_do():
    frozen = [lambda out, x: 2.0 * ag.stop_gradient(x)]
    with pytest.raises(GradientMismatch, match="second derivative"):
        ag.custom_op("square_", lambda x: x * x, frozen, check=3.0)
    ag.custom_op("float_sin", math.sin, lambda out, x: math.cos(x), check=[0.5, 1.0])


def test_a_special_function_of_scipy_is_an_op():
    special = pytest.importorskip("scipy.special")
    bessel = ag.custom_op("bessel0", special.j0, lambda out, x: -bessel1(x), latex="J_0")
    bessel1 = ag.custom_op("bessel1", special.j1, lambda out, x: bessel(x) - out / x)
    ag.custom_op(
        "normal_cdf",
        special.ndtr,
        lambda out, x: ag.exp(-0.5 * ag.square(x)) / math.sqrt(2.0 * math.pi),
        check=[-7.0, 0.0, 1.5],
    )
    ag.check_grad(lambda x: bessel(x * x) / x, 1.3, order=3)
    x = Value(1.5)
    [first] = gradient(bessel(x), [x], create_graph=True)
    assert gradient(first, [x])[0] == pytest.approx(special.jvp(0, 1.5, 2), rel=1e-14)
    only_floats = ag.custom_op(
        "bessel",
        special.jv,
        [lambda out, n, x: 0.0, lambda out, n, x: special.jvp(float(n), x)],
    )
    assert ag.grad(only_floats, 1)(2.0, 1.5) == pytest.approx(special.jvp(2.0, 1.5))
    with pytest.raises(TypeError, match="partial of op 'bessel' by 'x2' accepts floats only"):
        ag.hessian(lambda v: only_floats(2.0, v[0]))([1.5])


# --- arguments that may be left out ---

_SCALED_PARTIALS = [lambda out, x, k: k, lambda out, x, k: x]


@ag.primitive(partials=_SCALED_PARTIALS)
def scaled(x, k=2.0):
    return x * k


@ag.primitive(partials=_SCALED_PARTIALS)
def scaled_by_name(x, *, k=2.0):
    return x * k


@ag.primitive(partials=[lambda out, x, *, k: k, lambda out, x, k: x])
def scaled_by_both(x, /, k=2.0):
    return x * k


from_partial = ag.custom_op(
    "from_partial", functools.partial(lambda x, k: x * k, k=2.0), _SCALED_PARTIALS
)
CALLS = {
    "left out": lambda op, x: op(x),
    "by name": lambda op, x: op(x, k=3.0),
    "by name, a Value": lambda op, x: op(x, k=x),
    "an int": lambda op, x: op(x, k=3),
}
RIGHT = {"left out": (8.0, 2.0), "by name": (12.0, 3.0), "by name, a Value": (16.0, 8.0)}
RIGHT["an int"] = RIGHT["by name"]


@pytest.mark.parametrize("op", [scaled, scaled_by_name, scaled_by_both, from_partial])
@pytest.mark.parametrize("call", CALLS)
def test_defaults_and_keywords_are_taken_as_by_the_function(op, call):
    """In calls on floats and Values, in derivatives of every mode, and compiled."""

    def f(x):
        return CALLS[call](op, x)

    value, slope = RIGHT[call]
    assert f(4.0) == f(Value(4.0)).data == ag.compile(f)(4.0) == value
    assert ag.grad(f)(4.0) == ag.compile(ag.grad(f))(4.0) == slope
    assert ag.jvp(f, [4.0], [1.0]) == (value, slope)
    assert ag.derivative(f, 2)(4.0) == (2.0 if call == "by name, a Value" else 0.0)
    assert f(np.array([4.0, 4.0])).tolist() == [value, value]


def test_an_argument_left_out_is_a_constant_of_the_graph():
    x = Value(4.0)
    y = scaled_by_name(x)
    assert y.parents[0] is x
    assert y.parents[1].constant
    assert y.local_grads == (2.0, 0.0)
    assert scaled(x, 3.0).local_grads == (3.0, 0.0)
    assert ag.grad(scaled)(4.0, k=5.0) == 5.0
    assert ag.grad(scaled, argnums=(0, 1))(4.0, 5.0) == (5.0, 4.0)


@ag.primitive(partials=lambda out, x: 2.0)
def halfway(x, k=2.0, *, mode="fast"):
    return x * k


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: scaled(1.0, q=2.0), r"scaled\(x, k=2.0\).*'q'"),
        (lambda: scaled(), "'x'"),
        (lambda: scaled(1.0, x=2.0), "'x'"),
        (lambda: halfway(1.0, 3.0), "k, mode cannot be set"),
        (lambda: halfway(1.0, k=3.0), "k, mode cannot be set"),
        (lambda: halfway(1.0, mode="slow"), "k, mode cannot be set"),
    ],
)
def test_what_a_call_cannot_set_is_refused_by_name(call, words):
    """A default without a partial is part of the function, not an argument of the op."""
    assert halfway(3.0) == ag.compile(halfway)(3.0) == 6.0
    with pytest.raises(TypeError, match=words):
        call()
