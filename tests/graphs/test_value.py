"""What a Value is: construction, attributes, operators, copies, pickles, NumPy (contract 1)."""

import copy
import inspect
import itertools
import math
import random
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from nodes import same_nodes

import autograd_lite as ag
from autograd_lite import Value, gradient
from autograd_lite.graph import ancestors

INF, NAN = math.inf, math.nan


# --- leaves ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    [2, 2.0, True, np.float32(2), np.int8(2), np.bool_(True), np.longdouble(2), np.array(2),
     Fraction(1, 2), Decimal("0.5"), -0.0, INF],
    ids=repr,
)  # fmt: skip
def test_a_leaf_takes_any_real_number_and_keeps_a_float(number):
    x = Value(number)
    assert type(x.data) is float
    assert x.data == float(number)
    assert (x.grad, x.label, x.op, x.parents, x.local_grads) == (0.0, "", "", (), ())
    assert x.constant is False


@pytest.mark.parametrize(
    ("thing", "kind", "way_out"),
    [
        ("2", "str", "float(text)"), (1j, "complex", "abs(z)"), (None, "NoneType", "nan"),
        (np.complex128(1), "complex128", "abs(z)"), ([1.0], "list", "Value(x) for x in xs"),
        (np.ones(2), "ndarray", "Value(x) for x in xs"), (Value(1.0), "Value", ".detach()"),
        (object(), "object", "NumPy real scalar"), (np.array("a"), "ndarray", "Value(x)"),
        (np.datetime64("2020-01-01"), "datetime64", "NumPy real scalar"),
    ],
)  # fmt: skip
def test_anything_else_is_a_type_error_that_names_the_way_out(thing, kind, way_out):
    with pytest.raises(TypeError) as error:
        Value(thing)
    assert kind in str(error.value)
    assert way_out in str(error.value)


def test_an_int_beyond_the_largest_float_is_refused_not_rounded():
    with pytest.raises(OverflowError, match=r"float\('inf'\)"):
        Value(10**400)
    with pytest.raises(OverflowError):
        Value(1.0) + 10**400
    assert math.isnan(Value(Decimal("sNaN")).data)


def test_data_is_writable_on_a_leaf_only():
    x = Value(1)
    x.data = 5
    assert x.data == 5.0
    assert type(x.data) is float
    y = x * 2.0
    with pytest.raises(AttributeError, match=r"computed by 'multiply'.*refresh"):
        y.data = 1.0
    with pytest.raises(AttributeError, match=r"constant 2.0.*Value\(number\)"):
        y.parents[1].data = 1.0
    with pytest.raises(TypeError, match="str"):
        x.data = "3"
    with pytest.raises(TypeError, match=r"\.data"):
        x.data = y
    assert x.data == 5.0


def test_grad_is_a_writable_float():
    x = Value(1.0)
    x.grad = 3
    assert type(x.grad) is float
    with pytest.raises(TypeError):
        x.grad = None


def test_label_is_an_exact_writable_str():
    class Text(str):
        __slots__ = ()

    x = Value(1.0, label=Text("a"))
    assert type(x.label) is str
    x.label = np.str_("b")
    assert type(x.label) is str
    assert x.label == "b"
    for wrong in (None, 1, b"c"):
        with pytest.raises(TypeError, match="a label is a str"):
            x.label = wrong
    with pytest.raises(TypeError, match="a label is a str"):
        Value(1.0, 2.0)


def test_value_is_final_and_slim():
    with pytest.raises(TypeError, match="cannot be subclassed"):
        type("Sub", (Value,), {})
    with pytest.raises(AttributeError):
        Value(1.0).anything = 1
    assert not hasattr(Value(1.0), "__dict__")
    assert f"{Value.__module__}.{Value.__qualname__}" == "autograd_lite.Value"


@pytest.mark.parametrize(
    "name", ["parents", "op", "constant", "local_grads", "_prev", "_op", "_children"]
)
def test_history_is_read_only(name):
    with pytest.raises(AttributeError):
        setattr(Value(1.0), name, ())


def test_what_help_shows():
    assert list(inspect.signature(Value).parameters) == ["data", "label"]
    assert list(inspect.signature(Value.backward).parameters) == ["self", "seed"]
    assert list(inspect.signature(Value.leaky_relu).parameters) == ["self", "slope"]
    assert str(inspect.signature(Value(1.0).clip)) == "(low, high)"
    assert str(inspect.signature(Value(1.0).exp)) == "()"
    assert inspect.getdoc(Value).startswith("One real number that remembers")
    assert inspect.getdoc(Value.data) == "The number; writable on a leaf."
    assert inspect.getdoc(Value.tanh) == ag.tanh.doc


# --- printing -------------------------------------------------------------------------------------


def test_repr_shows_data_grad_and_label():
    assert repr(Value(2.0, label="a")) == "Value(data=2.0, grad=0.0, label='a')"
    assert repr(Value(2)) == "Value(data=2.0, grad=0.0)"
    assert str(Value(NAN)) == "Value(data=nan, grad=0.0)"


def test_format_formats_the_number():
    x = Value(math.pi)
    assert f"{x:.3f}" == "3.142"
    assert f"{x:>8.2e}" == "3.14e+00"
    assert f"{x}" == repr(x)


# --- operators ------------------------------------------------------------------------------------

OTHERS = [3, 3.0, True, np.float64(3), np.float32(3), np.int64(3), Fraction(3), Decimal(3)]


@pytest.mark.parametrize("other", OTHERS, ids=lambda o: type(o).__name__)
@pytest.mark.parametrize(
    ("operator", "name"),
    [("+", "add"), ("-", "subtract"), ("*", "multiply"), ("/", "divide"), ("**", "power")],
)
def test_an_operator_is_one_node_with_a_constant_on_either_side(operator, name, other):
    x = Value(2.0)
    number = float(other)
    for text, expected, where in (
        (f"x {operator} other", eval(f"2.0 {operator} number"), 1),
        (f"other {operator} x", eval(f"number {operator} 2.0"), 0),
    ):
        out = eval(text)
        assert type(out) is Value
        assert (out.op, out.data) == (name, expected)
        assert out.parents[1 - where] is x
        assert out.parents[where].constant
        assert out.parents[where].data == number
        out.backward()
        assert out.parents[where].grad == 0.0


def test_unary_operators():
    x = Value(-2.0)
    assert +x is x
    assert ((-x).op, (-x).data, abs(x).op, abs(x).data) == ("negative", 2.0, "absolute", 2.0)
    assert same_nodes((-x).parents + abs(x).parents, (x, x))


def test_a_square_is_rounded_once():
    """As the product is; the C library's power is off by an ulp here and there."""
    rng = random.Random(1)
    edges = [0.0, -0.0, -3.0, 1e-200, -1e200, 5e-324, math.inf, -math.inf]
    for x in [*edges, *(rng.gauss(0.0, 1e3) for _ in range(3000))]:
        assert (Value(x) ** 2).data == (Value(x) ** Value(2.0)).data == ag.power(x, 2.0) == x * x
    assert math.isnan((Value(math.nan) ** 2).data)
    x = Value(-3.0)
    (x**2).backward()
    assert x.grad == -6.0


def test_both_operands_of_power_may_be_values():
    x, y = Value(2.0), Value(3.0)
    (x**y).backward()
    assert (x.grad, y.grad) == (12.0, 8.0 * math.log(2.0))


def test_a_negative_base_needs_no_logarithm():
    cube = Value(-2.0) ** 3.0
    assert (cube.data, cube.local_grads) == (-8.0, (12.0, 0.0))


def test_in_place_forms_make_a_new_node():
    x = Value(1.0)
    before = x
    x += 2
    assert x is not before
    assert before.data == 1.0
    assert x.parents[0] is before


def test_other_types_are_left_to_their_own_operators():
    for wrong in ("a", None, [1.0], 1j, {}):
        with pytest.raises(TypeError):
            Value(1.0) + wrong
        with pytest.raises(TypeError):
            wrong * Value(1.0)
        with pytest.raises(TypeError):
            Value(1.0) < wrong  # noqa: B015


@pytest.mark.parametrize(
    ("expression", "number"),
    [("1 / Value(0)", INF), ("-1 / Value(0)", -INF), ("0 / Value(0)", NAN),
     ("ag.log(Value(-1))", NAN), ("ag.exp(Value(1000))", INF), ("Value(-8.0) ** (1/3)", NAN),
     ("Value(1e308) * 10", INF),
     ("Value(0.0) ** -1", INF)],
)  # fmt: skip
def test_ops_on_values_follow_ieee_and_never_raise(expression, number):
    assert eval(expression).data == pytest.approx(number, nan_ok=True)


def test_less_gives_a_value():
    assert isinstance(ag.less(Value(1.0), 2.0), Value)
    assert ag.less(Value(1.0), 2.0).data == 1.0


def test_truth_is_data_not_zero():
    assert not Value(0.0)
    assert not Value(-0.0)
    assert Value(0.1)
    assert Value(NAN)


def test_isclose_compares_numbers():
    assert ag.isclose(Value(1.0), 1.0 + 1e-9) is True
    assert ag.isclose(Value(1.0), Value(1.1)) is False
    assert ag.isclose(Value(1.0), Value(1.1), atol=0.2) is True
    assert ag.isclose([Value(1.0), NAN], [1.0, NAN], equal_nan=True).tolist() == [True, True]
    with pytest.raises(TypeError):
        ag.isclose(Value(1.0), "1")


@pytest.mark.parametrize("use", [float, int, math.sin, complex, round])
def test_losing_the_gradient_in_silence_is_refused(use):
    with pytest.raises(TypeError):
        use(Value(0.5))


@pytest.mark.parametrize("use", [float, int, math.sin])
def test_the_refusal_names_the_way_out(use):
    with pytest.raises(TypeError, match=r"\.data.*ag\.sin"):
        use(Value(0.5))


def test_rounding_to_whole_numbers_gives_a_value_and_round_names_rint():
    x = Value(2.5)
    for use, number in ((math.floor, 2.0), (math.ceil, 3.0), (math.trunc, 2.0), (ag.rint, 2.0)):
        assert (use(x).data, gradient(use(x), [x])) == (number, [0.0])
    for digits in ((), (1,)):
        with pytest.raises(TypeError, match=r"ag\.rint"):
            round(x, *digits)


@pytest.mark.parametrize(
    "use",
    [np.floor, np.ceil, np.trunc, np.rint, np.round, np.degrees, np.radians, np.deg2rad,
     np.rad2deg, np.sinc, np.exp2, np.std, np.var, np.mean, np.square, lambda x: np.round(x, 1),
     lambda x: np.vdot(x, x), lambda x: x % 0.7, lambda x: x // 0.7, lambda x: 0.7 % x,
     lambda x: 0.7 // x, lambda x: np.mod(x, -0.7), lambda x: np.floor_divide(x, x[::-1]),
     np.linalg.norm, np.median, np.ptp, np.cumsum, np.real, np.conj],
)  # fmt: skip
def test_numpy_functions_of_object_arrays_are_those_of_floats(use):
    numbers = np.array([1.3, -2.75, 0.25, 9.5])
    found = np.asarray(use(np.array([Value(x) for x in numbers])))
    assert all(type(x) is Value for x in found.ravel())
    ours = [x.data for x in found.ravel()]
    assert ours == pytest.approx(np.ravel(use(numbers)), rel=1e-15, abs=1e-16)


def test_a_value_is_a_real_number():
    x = Value(3.0)
    assert x.real is x.conjugate() is x
    assert x.imag == 0.0
    assert [part.data for part in divmod(x, -2)] == [*divmod(3.0, -2)]
    assert [part.data for part in divmod(7, x)] == [*divmod(7, 3.0)]


def test_item_and_detach():
    y = Value(2.0, label="x") * 3
    leaf = y.detach()
    assert y.item() == 6.0
    assert type(y.item()) is float
    assert (leaf.data, leaf.op, leaf.parents, leaf.constant) == (6.0, "", (), False)


# --- micrograd's names ----------------------------------------------------------------------------


def test_micrograd_notebooks_find_their_names():
    x = Value(3.0)
    assert ((x + 1)._op, (x - 1)._op, (x * 2)._op, (x / 2)._op) == ("+", "-", "*", "/")
    assert ((x**2)._op, (x**0.5)._op, (x**x)._op) == ("**2", "**0.5", "**")
    assert (x.tanh()._op, x.relu()._op, x._op) == ("tanh", "ReLU", "")
    y = x * 2
    assert same_nodes(y._prev + y._children, y.parents * 2)


def test_a_walk_written_for_micrograd_reaches_every_node():
    """The loop of its notebooks: nodes and edges from _prev, boxes from data, grad and _op."""
    a, b = Value(2.0), Value(-3.0)
    loss = (a * b + b**2).tanh().relu()
    loss.backward()
    nodes, edges = set(), set()

    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(loss)
    assert nodes == set(ancestors(loss))
    assert sorted(n._op for n in nodes) == ["", "", "", "*", "**2", "+", "ReLU", "tanh"]
    assert len(edges) == 8
    assert all(f"{n.data:.4f} {n.grad:.4f}" for n in nodes)


def test_a_shared_argument_is_a_parent_twice():
    x = Value(3.0)
    assert same_nodes((x * x).parents, (x, x))
    assert (x * x).local_grads == (3.0, 3.0)


# --- NumPy ----------------------------------------------------------------------------------------

UNARY_UFUNCS = """
    exp exp2 expm1 log log2 log10 log1p sqrt cbrt sin cos tan arcsin arccos arctan sinh cosh
    tanh arcsinh arctanh square reciprocal absolute negative
""".split()  # noqa: SIM905 - reads as the contract does


@pytest.mark.parametrize("name", UNARY_UFUNCS)
def test_numpy_functions_work_on_values_and_object_arrays(name):
    xs = [Value(0.25), Value(0.5)]
    ufunc = getattr(np, name)
    out = ufunc(np.array(xs))
    assert [type(v) for v in out] == [Value, Value]
    assert [v.data for v in out] == pytest.approx(ufunc([0.25, 0.5]).tolist(), rel=1e-15)
    alone = ufunc(xs[0])
    assert type(alone) is Value
    alone.backward()
    assert xs[0].grad != 0.0


def test_numpy_functions_of_two_arguments():
    xs, ys = np.array([Value(3.0), Value(5.0)]), np.array([Value(4.0), Value(12.0)])
    assert [v.data for v in np.hypot(xs, ys)] == [5.0, 13.0]
    assert np.arctan2(xs, ys)[0].data == math.atan2(3.0, 4.0)
    assert [v.data for v in np.power(xs, 2)] == [9.0, 25.0]
    assert np.dot(xs, ys).data == 72.0
    assert (xs @ ys).data == 72.0
    assert np.matmul(xs.reshape(1, 2), ys.reshape(2, 1))[0, 0].data == 72.0
    assert np.sum(xs).data == 8.0
    assert np.mean(xs).data == 4.0
    assert np.arccosh(xs)[0].data == math.acosh(3.0)


def test_a_value_times_an_array_is_an_object_array():
    x, array = Value(2.0), np.arange(1.0, 4.0)
    for out in (x * array, array * x, x + array, array - x, x / (array + 1), x**array, array**x):
        assert out.dtype == object
        assert all(type(v) is Value for v in out)
    np.testing.assert_array_equal([v.data for v in array - x], [-1.0, 0.0, 1.0])
    assert type(x * np.array(3.0)) is Value


def test_a_masked_array_of_numbers_times_a_value_keeps_the_gradient():
    x, array = Value(2.0), np.ma.array([3.0, 4.0], mask=[False, True])
    for out in (x * array, array * x):
        assert out.mask.tolist() == [False, True]
        out[0].backward()
    assert x.grad == 6.0


# --- copies ---------------------------------------------------------------------------------------


def graph():
    x, c = Value(2.0, label="x"), 3.0
    with ag.scope("part"):
        y = (x * c + x) * ag.leaky_relu(x, 0.2)
    y.label = "y"
    y.backward()
    return y, x


def facts(node):
    return [
        (n.data, n.grad, n.label, n.op, n.local_grads, n.constant, n._scope, n._op)
        for n in ancestors(node)
    ]


def test_copy_makes_a_new_node_with_the_same_parents():
    y, _ = graph()
    z = copy.copy(y)
    assert z is not y
    assert same_nodes(z.parents, y.parents)
    assert facts(z) == facts(y)


def test_a_deep_copy_of_a_graph_keeps_every_fact_and_all_sharing():
    y, x = graph()
    y2, x2, again = copy.deepcopy([y, x, y])
    assert facts(y2) == facts(y)
    assert again is y2
    assert x2 in {*ancestors(y2)}
    assert not set(ancestors(y2)) & set(ancestors(y))
    before = x.grad
    y2.backward()
    assert (x2.grad, x.grad) == (2 * before, before)
    x2.data = 5.0
    y2.refresh()
    assert y2.data == (5.0 * 3.0 + 5.0) * 5.0


def test_copies_share_what_was_copied_before():
    y, _ = graph()
    middle = y.parents[0]
    middle2, y2 = copy.deepcopy((middle, y))
    assert middle2 is y2.parents[0]


def test_a_list_of_all_nodes_of_a_chain_is_copied_in_linear_time():
    nodes = [Value(1.0)]
    for _ in range(20_000):
        nodes.append(nodes[-1] * 2.0)
    copies = copy.deepcopy(nodes)
    assert all(b.parents[0] is a for a, b in itertools.pairwise(copies))


def test_a_node_of_many_parents_and_many_uses_is_copied_in_linear_time():
    wide = ag.sum([Value(1.0)] * 30_000)
    twin = copy.deepcopy(ag.sum([wide] * 30_000))
    assert len(set(twin.parents)) == 1
