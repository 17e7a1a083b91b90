"""Every row of the op table: what it says of itself, its values and its derivatives.

The rows are found by going over the table, so a new row is tested without touching this file,
except for its oracle.
"""

import doctest
import inspect
import math
import pydoc
import random
import re
from functools import partial

import numpy as np
import pytest
from nodes import same_nodes
from peer_functions import torch_functions

import autograd_lite as ag
from autograd_lite import Value, gradient
from autograd_lite.ops import TABLE, SequenceOp
from autograd_lite.ops.table import op, with_attrs

ROWS = list(TABLE.values())
NAMES = list(TABLE)
DIFFERENTIATED = [row for row in ROWS if row.name != "stop_gradient"]
INF, NAN = math.inf, math.nan

CONTRACT_OPS = """
    add subtract multiply divide negative power absolute reciprocal square exp exp2 expm1
    log log2 log10 log1p sqrt cbrt logaddexp sin cos tan arcsin arccos arctan arctan2 hypot sinc
    degrees radians deg2rad rad2deg remainder floor_divide trunc rint
    sinh cosh tanh arcsinh arccosh arctanh erf erfc maximum minimum clip sign floor ceil
    relu less less_equal equal where sigmoid softplus silu gelu leaky_relu elu sum mean prod
    max min logsumexp norm dot
""".split()  # noqa: SIM905 - reads as the contract does


def record(row, numbers):
    """The row applied to new leaves, given as one flat list whatever the row's signature is."""
    leaves = [Value(x) for x in numbers]
    return Value._apply_op(row, leaves), leaves


def points(row, count=5):
    """Argument lists inside the row's domain, away from kinks and ties, the same in every run."""
    rng = random.Random(row.name)
    domain = row.domain if row.arity else row.domain * 5
    found = []
    while len(found) < count:
        xs = [rng.uniform(low, high) for low, high in domain]
        gaps = [abs(x) for x in xs] + [abs(a - b) for i, a in enumerate(xs) for b in xs[:i]]
        if min(gaps) > 0.05:
            found.append(xs)
    return found


def slope(function, x, step=1e-3):
    """Central difference with one step of Richardson extrapolation (error of order step**4)."""
    wide = (function(x + step) - function(x - step)) / (2 * step)
    narrow = (function(x + step / 2) - function(x - step / 2)) / step
    return (4 * narrow - wide) / 3


def moved(xs, i, x):
    return [*xs[:i], x, *xs[i + 1 :]]


# --- what a row says of itself --------------------------------------------------------------------


def test_the_table_holds_every_op_of_the_contract():
    assert set(CONTRACT_OPS) <= set(TABLE)
    for name in CONTRACT_OPS:
        assert getattr(ag, name) is TABLE[name]
        assert name in ag.__all__


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_help_says_formula_derivative_domain_and_conventions(row):
    """And of the class that rows are of, which nobody asked about, it says nothing."""
    text = pydoc.plain(pydoc.render_doc(row))
    assert re.search(r"^    Formula of the value: .+\.$", text, re.M)
    assert len(re.findall(r"^    Derivative by \w+[^:]*: .+\.$", text, re.M)) == len(row.arguments)
    assert "    Domain: " in text
    assert row.arity != 1 or "    Conventions, value and derivative: " in text
    assert (inspect.getdoc(type(row)), type(row).__call__.__doc__) == (None, None), "IPython's ?"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (ag.relu, "Conventions, value and derivative: 0 and 0 at -inf, 0 and 0 at 0, inf and 1 at"),
        (ag.log, "Domain: 0 ≤ x, elsewhere nan"),
        (ag.arcsin, "Domain: -1 ≤ x ≤ 1, elsewhere nan"),
        (ag.silu, "Derivative by x: sigmoid(x) * (1 + x * sigmoid(-x))."),
        (ag.hypot, "At the origin: a second derivative that is not finite counts as 0"),
        (ag.power, "At x = 0, y = 1: a second derivative that is not finite counts as 1"),
        (
            with_attrs("leaky_relu", (("slope", 0.25),)),
            "x, for slope = 0.25: where(0 < x, 1, 0.25)",
        ),
        (ag.sinc, "Derivative by x: (cos(π * x) - sinc(x)) / x."),
        (ag.log10, "Derivative by x: 1 / log(10) / x."),
        (ag.erfc, "Derivative by x: -2 / sqrt(π) * exp(-x * x)."),
    ],
    ids=lambda case: getattr(case, "name", ""),
)
def test_help_says_what_the_row_does(row, says):
    assert says in row.__doc__


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_a_row_is_complete(row):
    assert row.symbol
    assert row.latex
    assert row.doc.endswith(".") or "\n" in row.doc
    assert "Returns\n-------" in row.__doc__
    for name in inspect.signature(row).parameters:
        assert re.search(rf"^(\w+, )*{name}(, \w+)* : ", row.__doc__, re.M), name
    if isinstance(row, SequenceOp):
        assert row.arity is None
        assert len(row.domain) == 1
        assert len(row.partials) == len(row.arguments)
        assert "#*" in row.latex
    else:
        assert row.arity == len(row.partials) == len(row.domain) == len(row.arguments)
        macros = {f"#{i + 1}" for i in range(row.arity)}
        found = {macro for macro in macros if macro in row.latex}
        assert found in (set(), macros)
        assert found or row.arity == 1, "without #1 the LaTeX is a function's name"
    assert all(low < high for low, high in row.domain)
    assert row.latex.count("{") == row.latex.count("}")


EXAMPLES = [row for row in ROWS if row.public]
EXAMPLES += [with_attrs("norm", (("order", 3.0),)), with_attrs("elu", (("alpha", 0.5),))]


@pytest.mark.parametrize("row", EXAMPLES, ids=repr)
def test_the_example_of_an_op_holds(row):
    """It is written from the row, and run here by the engine at hand."""
    test = doctest.DocTestParser().get_doctest(row.__doc__, {}, row.name, None, 0)
    assert doctest.DocTestRunner().run(test) == (0, 3 + ("a tie" in row.doc))
    for section in ("Parameters", "Returns", "Raises", "Notes", "Examples"):
        assert f"\n\n{section}\n--" in row.__doc__


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_a_row_has_one_function_name_and_one_method_name(row):
    if row.public:
        assert getattr(ag, row.name) is row
        assert hasattr(Value, row.name) == (not isinstance(row, SequenceOp))
    assert row.__name__ == row.name
    assert repr(row).startswith(f"<op {row.name}")


def test_a_name_is_taken_once():
    with pytest.raises(ValueError, match="has a row 'add' already"):
        op(
            "add", symbol="+", latex="#1 + #2", domain=[(0, 1)], doc="Again.",
            forward=lambda x: x, partials=[lambda out, x: 1.0],
        )  # fmt: skip


def test_adding_a_row_is_all_that_a_new_op_takes(request):
    """Values, floats, arrays and second derivatives follow from the row."""
    request.addfinalizer(lambda: TABLE.pop("cube", None))
    cube = op(
        "cube", symbol="x³", latex="{#1}^{3}", domain=[(-2, 2)], doc="Third power.",
        forward=lambda x: x * x * x, partials=[lambda out, x: 3.0 * ag.square(x)],
    )  # fmt: skip
    x = Value(2.0)
    [first] = gradient(cube(x), [x], create_graph=True)
    [second] = gradient(first, [x], create_graph=True)
    assert (cube(2.0), first.data, second.data, gradient(second, [x])) == (8.0, 12.0, 12.0, [6.0])
    assert cube(np.array([1.0, 2.0])).tolist() == [1.0, 8.0]


# --- values and derivatives -----------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_a_node_holds_exactly_the_value_at_plain_floats(row):
    for xs in points(row):
        out, leaves = record(row, xs)
        assert out.data == row.on_floats(*xs)
        assert out.op == row.name
        assert same_nodes(out.parents, leaves)
        assert len(out.local_grads) == len(xs)


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_arrays_agree_with_floats_within_16_ulp(row):
    """NumPy's loops round differently from the C library, but only in the last bits."""
    samples = points(row, 8)
    columns = [np.array(column) for column in zip(*samples, strict=True)]
    with np.errstate(all="ignore"):
        over_arrays = row.expand(columns)
    assert over_arrays.shape == (8,)
    one_by_one = [row.on_floats(*xs) for xs in samples]
    np.testing.assert_array_max_ulp(over_arrays, np.array(one_by_one), maxulp=16)


@pytest.mark.parametrize("row", DIFFERENTIATED, ids=lambda row: row.name)
def test_first_derivatives_agree_with_finite_differences(row):
    for xs in points(row):
        out, leaves = record(row, xs)
        for i, derivative in enumerate(gradient(out, leaves)):
            numeric = slope(lambda x, i=i, xs=xs: row.on_floats(*moved(xs, i, x)), xs[i])
            assert derivative == pytest.approx(numeric, rel=1e-7, abs=1e-8), (xs, i)
            assert derivative == out.local_grads[i]


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.textbook_partials], ids=lambda row: row.name
)
def test_the_derivatives_of_textbooks_are_those_of_the_row(row):
    for xs in points(row):
        out, _ = record(row, xs)
        rules = [partial(rule, **row.attrs) for rule in row.textbook_partials]
        if isinstance(row, SequenceOp):
            known = row.every_partial(out.data, xs, rules)
        else:
            known = [rule(out.data, *xs) for rule in rules]
        assert known == pytest.approx(list(out.local_grads), rel=1e-12)


@pytest.mark.parametrize("row", DIFFERENTIATED, ids=lambda row: row.name)
def test_second_derivatives_agree_with_differences_of_the_first(row):
    for xs in points(row, 3):
        out, leaves = record(row, xs)
        firsts = gradient(out, leaves, create_graph=True)
        for i, first in enumerate(firsts):
            assert first.data == pytest.approx(out.local_grads[i], rel=1e-12, abs=1e-300)
            for j, second in enumerate(gradient(first, leaves)):

                def first_at(x, i=i, j=j, xs=xs):
                    return record(row, moved(xs, j, x))[0].local_grads[i]

                numeric = slope(first_at, xs[j])
                assert second == pytest.approx(numeric, rel=1e-6, abs=1e-7), (xs, i, j)


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_a_constant_parent_has_partial_derivative_zero(row):
    xs = points(row, 1)[0]
    for i in range(len(xs)):
        args = [Value(x) if j == i else x for j, x in enumerate(xs)]
        out = Value._apply_op(row, args)
        assert [d for j, d in enumerate(out.local_grads) if j != i] == [0.0] * (len(xs) - 1)
        assert [p.constant for p in out.parents] == [j != i for j in range(len(xs))]


@pytest.mark.parametrize(
    "row", [row for row in DIFFERENTIATED if isinstance(row, SequenceOp)], ids=lambda row: row.name
)
def test_a_sequence_row_equals_its_expansion_into_small_rows(row):
    for xs in points(row):
        out, leaves = record(row, xs)
        expanded = row.expand(leaves)
        assert expanded.data == out.data
        assert gradient(expanded, leaves) == pytest.approx(gradient(out, leaves), rel=1e-12)


# --- edges: the conventions of the contract -------------------------------------------------------


def same(a, b):
    return a == b or (a != a and b != b)


# row, arguments, value, first derivatives (None: not asserted)
EDGES = [
    ("relu", [0.0], 0.0, [0.0]), ("relu", [-INF], 0.0, [0.0]), ("relu", [INF], INF, [1.0]),
    ("relu", [NAN], NAN, [1.0]),
    ("absolute", [0.0], 0.0, [0.0]), ("absolute", [-INF], INF, [-1.0]),
    ("sign", [NAN], NAN, [0.0]), ("sign", [-INF], -1.0, [0.0]), ("sign", [0.0], 0.0, [0.0]),
    ("maximum", [2.0, 2.0], 2.0, [0.5, 0.5]), ("minimum", [2.0, 2.0], 2.0, [0.5, 0.5]),
    ("maximum", [NAN, 1.0], NAN, None), ("maximum", [1.0, NAN], NAN, None),
    ("minimum", [NAN, 1.0], NAN, None), ("minimum", [1.0, NAN], NAN, None),
    ("maximum", [INF, INF], INF, [0.5, 0.5]), ("minimum", [-INF, 3.0], -INF, [1.0, 0.0]),
    ("max", [1.0, 3.0, 3.0, 3.0], 3.0, [0.0, 1 / 3, 1 / 3, 1 / 3]),
    ("min", [1.0, 3.0, 1.0], 1.0, [0.5, 0.0, 0.5]),
    ("max", [1.0, NAN, 2.0], NAN, [0.0, 1.0, 0.0]), ("min", [NAN, 1.0], NAN, [1.0, 0.0]),
    ("clip", [1.0, 1.0, 2.0], 1.0, [1.0, 0.0, 0.0]),
    ("clip", [2.0, 1.0, 2.0], 2.0, [1.0, 0.0, 0.0]),
    ("clip", [0.0, 1.0, 2.0], 1.0, [0.0, 1.0, 0.0]),
    ("clip", [3.0, 1.0, 2.0], 2.0, [0.0, 0.0, 1.0]), ("clip", [NAN, 1.0, 2.0], NAN, None),
    ("power", [0.0, 0.0], 1.0, [0.0, 0.0]), ("power", [5.0, 0.0], 1.0, [0.0, math.log(5.0)]),
    ("power", [0.0, 2.0], 0.0, [0.0, 0.0]), ("power", [0.0, 0.5], 0.0, [INF, 0.0]),
    ("power", [-8.0, 1 / 3], NAN, [NAN, NAN]), ("power", [0.0, -1.0], INF, [-INF, -INF]),
    ("power", [-2.0, 3.0], -8.0, [12.0, NAN]), ("power", [10.0, 400.0], INF, [INF, INF]),
    ("power", [-0.0, -1.0], -INF, None), ("power", [NAN, 0.0], 1.0, [0.0, NAN]),
    ("hypot", [0.0, 0.0], 0.0, [0.0, 0.0]), ("hypot", [3e200, 4e200], 5e200, [0.6, 0.8]),
    ("hypot", [INF, NAN], INF, None), ("norm", [0.0, 0.0], 0.0, [0.0, 0.0]),
    ("norm", [3e200, -4e200], 5e200, [0.6, -0.8]), ("norm", [3e-200, 4e-200], 5e-200, [0.6, 0.8]),
    ("norm", [INF, 1.0], INF, None), ("norm", [NAN, 1.0], NAN, None),
    ("arctan2", [0.0, 0.0], 0.0, [0.0, 0.0]), ("arctan2", [1e200, 1e200], math.pi / 4, None),
    ("divide", [1.0, 0.0], INF, [INF, -INF]), ("divide", [0.0, 0.0], NAN, None),
    ("divide", [-1.0, 0.0], -INF, [INF, INF]), ("divide", [1.0, -0.0], -INF, [-INF, -INF]),
    ("reciprocal", [0.0], INF, [-INF]), ("log", [-1.0], NAN, [-1.0]), ("log", [0.0], -INF, [INF]),
    ("log1p", [-1.0], -INF, [INF]), ("log2", [0.0], -INF, [INF]), ("log10", [0.0], -INF, [INF]),
    ("exp", [1000.0], INF, [INF]), ("exp", [-1000.0], 0.0, [0.0]), ("exp2", [5000.0], INF, [INF]),
    ("expm1", [-1000.0], -1.0, [0.0]), ("expm1", [1000.0], INF, [INF]),
    ("sqrt", [0.0], 0.0, [INF]), ("sqrt", [-1.0], NAN, [NAN]), ("cbrt", [-8.0], -2.0, [1 / 12]),
    ("sin", [INF], NAN, [NAN]), ("cosh", [1000.0], INF, [INF]), ("sinh", [-1000.0], -INF, [INF]),
    ("tanh", [INF], 1.0, [0.0]), ("tanh", [-1000.0], -1.0, [0.0]),
    ("arcsin", [1.0], math.pi / 2, [INF]), ("arcsin", [2.0], NAN, [NAN]),
    ("arctanh", [1.0], INF, [INF]), ("arccosh", [1.0], 0.0, [INF]), ("arccosh", [0.0], NAN, [NAN]),
    ("arctan", [INF], math.pi / 2, [0.0]), ("arcsinh", [1e300], 691.4686750787736, [1e-300]),
    ("sigmoid", [1000.0], 1.0, [0.0]), ("sigmoid", [-1000.0], 0.0, [0.0]),
    ("sigmoid", [INF], 1.0, [0.0]), ("sigmoid", [-INF], 0.0, [0.0]),
    ("sigmoid", [40.0], 1.0, [4.248354255291589e-18]),
    ("softplus", [1000.0], 1000.0, [1.0]), ("softplus", [-1000.0], 0.0, [0.0]),
    ("softplus", [INF], INF, [1.0]), ("softplus", [-INF], 0.0, [0.0]),
    ("softplus", [30.0], 30.000000000000092, [0.9999999999999065]),
    ("silu", [-INF], 0.0, [0.0]), ("silu", [INF], INF, [1.0]), ("silu", [-1000.0], -0.0, [0.0]),
    ("gelu", [-INF], 0.0, [0.0]), ("gelu", [INF], INF, [1.0]), ("gelu", [-1000.0], 0.0, [0.0]),
    ("elu", [-INF], -1.0, [0.0]), ("elu", [0.0], 0.0, [1.0]), ("elu", [INF], INF, [1.0]),
    ("leaky_relu", [0.0], 0.0, [0.01]), ("leaky_relu", [NAN], NAN, None),
    ("logaddexp", [INF, INF], INF, [NAN, NAN]), ("logaddexp", [-INF, 0.0], 0.0, [0.0, 1.0]),
    ("logaddexp", [1000.0, 1000.0], 1000.0 + math.log(2), [0.5, 0.5]),
    ("logsumexp", [1000.0, 1000.0], 1000.0 + math.log(2), [0.5, 0.5]),
    ("logsumexp", [-INF, -INF], -INF, [0.5, 0.5]), ("logsumexp", [INF, 0.0], INF, [1.0, 0.0]),
    ("logsumexp", [-INF, 2.0], 2.0, [0.0, 1.0]), ("logsumexp", [NAN, 2.0], NAN, [NAN, NAN]),
    ("logsumexp", [1e300, 1e300], 1e300, [0.5, 0.5]),
    ("prod", [0.0, 3.0, 4.0], 0.0, [12.0, 0.0, 0.0]), ("prod", [0.0, 0.0, 4.0], 0.0, [0, 0, 0]),
    ("floor", [-0.0], -0.0, [0.0]), ("floor", [INF], INF, [0.0]), ("ceil", [-0.5], -0.0, [0.0]),
    ("floor", [-1.5], -2.0, [0.0]), ("ceil", [NAN], NAN, [0.0]), ("ceil", [1.2], 2.0, [0.0]),
    ("trunc", [-0.5], -0.0, [0.0]), ("trunc", [-1.5], -1.0, [0.0]), ("trunc", [INF], INF, [0.0]),
    ("rint", [0.5], 0.0, [0.0]), ("rint", [-2.5], -2.0, [0.0]), ("rint", [-0.2], -0.0, [0.0]),
    ("rint", [0.49999999999999994], 0.0, [0.0]), ("rint", [2.0**53 + 2], 2.0**53 + 2, [0.0]),
    ("remainder", [5.0, 0.0], NAN, [1.0, -INF]), ("remainder", [-5.0, 3.0], 1.0, [1.0, 2.0]),
    ("remainder", [5.0, -3.0], -1.0, [1.0, 2.0]), ("remainder", [6.0, -3.0], -0.0, [1.0, 2.0]),
    ("remainder", [-5.0, INF], INF, [1.0, 1.0]), ("remainder", [INF, 2.0], NAN, [1.0, NAN]),
    ("floor_divide", [5.0, 0.0], INF, [0.0, 0.0]), ("floor_divide", [0.0, 0.0], NAN, [0.0, 0.0]),
    ("floor_divide", [-5.0, INF], -1.0, [0.0, 0.0]), ("floor_divide", [5.0, -0.0], -INF, [0, 0]),
    ("floor_divide", [1.0, 0.1], 9.0, [0.0, 0.0]), ("floor_divide", [-0.0, 2.0], -0.0, [0.0, 0.0]),
    ("sinc", [0.0], 1.0, [0.0]), ("sinc", [INF], NAN, [NAN]), ("sinc", [1e-310], 1.0, None),
    ("exp2", [1024.0000000000002], INF, [1.2460659279419801e308]),
    ("exp2", [1025.0], INF, [INF]), ("degrees", [math.pi], 180.0, [180.0 / math.pi]),
    ("less", [NAN, 1.0], 0.0, [0.0, 0.0]), ("equal", [0.0, -0.0], 1.0, [0.0, 0.0]),
    ("where", [0.0, 1.0, 2.0], 2.0, [0.0, 0.0, 1.0]), ("where", [NAN, 1.0, 2.0], 1.0, [0, 1, 0]),
    ("carry", [0.0, INF], 0.0, None), ("carry", [NAN, 0.0], 0.0, None),
    ("carry", [2.0, NAN], NAN, None), ("carry", [-0.0, 3.0], 0.0, None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "xs", "value", "derivatives"), EDGES, ids=str)
def test_an_edge_follows_the_contract(name, xs, value, derivatives):
    out, leaves = record(TABLE[name], xs)
    assert out.data == pytest.approx(value, rel=1e-15, abs=0, nan_ok=True)
    if value == 0.0:
        assert math.copysign(1.0, out.data) == math.copysign(1.0, value)
    if derivatives is not None:
        assert list(out.local_grads) == pytest.approx(derivatives, rel=1e-14, abs=0, nan_ok=True)
        recorded = [d.data for d in gradient(out, leaves, create_graph=True)]
        assert recorded == pytest.approx(derivatives, rel=1e-14, abs=0, nan_ok=True)


EDGE_NUMBERS = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    2.0,
    1e-310,
    1e300,
    -1e300,
    800.0,
    -800.0,
    INF,
    -INF,
    NAN,
]


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_no_number_makes_a_row_raise(row):
    """IEEE numbers, never exceptions: every edge number in every place."""
    arity = row.arity or 3
    for x in EDGE_NUMBERS:
        for y in EDGE_NUMBERS:
            xs = [x, y, *EDGE_NUMBERS][:arity]
            out, _ = record(row, xs)
            assert type(out.data) is float
            assert all(type(d) is float for d in out.local_grads)
            assert len(out.local_grads) == arity


# --- PyTorch, where the contract says nothing else ------------------------------------------------

#: Where the rows differ from PyTorch on purpose; each difference is asserted, not left out.
DIFFERENT = {
    "sign": lambda x: x != x,  # PyTorch: 0; the contract: nan
    "hypot": lambda x, y: x == y == 0.0,  # PyTorch: nan; the contract: 0
    "silu": lambda x: abs(x) == INF,  # PyTorch: nan; the contract: the limits
    "gelu": lambda x: abs(x) == INF,
    # PyTorch takes the sine of a rounded πx, which is not 0 at whole numbers
    "sinc": lambda x: abs(x) in (1.0, 2.0, 800.0),
    # PyTorch squares the coordinates, which underflows to 0 and loses the derivative
    "arctan2": lambda y, x: x == x and y == y and 0.0 < max(abs(x), abs(y)) < 1e-300,
    # PyTorch: inf * 0; the contract: zero carries nothing, and 0 is the limit
    "power": lambda x, y: abs(y) == INF and np.float64(abs(x)) ** y == 0.0,
    # outside the domain the value is nan, and so is our derivative; PyTorch's is a number
    "arccosh": lambda x: x <= -1.0,
}
NOT_IN_PYTORCH = {
    "less", "less_equal", "equal",  # PyTorch gives a bool without derivative
    "stop_gradient",  # done by detaching
    "cbrt",  # PyTorch has none
    "floor_divide",  # has no derivative there
}  # fmt: skip


@pytest.mark.parametrize("row", [row for row in ROWS if row.arity], ids=lambda row: row.name)
def test_edges_agree_with_pytorch_where_the_contract_says_nothing_else(row):
    torch = pytest.importorskip("torch", reason='pip install "autograd-lite[oracle]"')
    oracle = torch_functions(torch).get(row.name)
    assert (oracle is None) == (row.name in NOT_IN_PYTORCH or not row.public)
    if oracle is None:
        return
    differs = DIFFERENT.get(row.name, lambda *xs: False)
    for first in EDGE_NUMBERS:
        for second in EDGE_NUMBERS if row.arity > 1 else [0.0]:
            xs = [first, second, 2.0][: row.arity]
            inputs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in xs]
            expected = oracle(*inputs)
            expected.backward()
            theirs = [0.0 if x.grad is None else x.grad.item() for x in inputs]
            out, _ = record(row, xs)
            agrees = [out.data, *out.local_grads] == pytest.approx(
                [expected.item(), *theirs], rel=1e-13, abs=1e-300, nan_ok=True
            )
            assert agrees != differs(*xs), (xs, out, out.local_grads, expected.item(), theirs)


def test_many_argument_rows_agree_with_pytorch_at_edges():
    torch = pytest.importorskip("torch", reason='pip install "autograd-lite[oracle]"')
    functions = torch_functions(torch)
    for name in ("sum", "mean", "prod", "max", "min", "norm", "logsumexp"):
        for xs in ([0.0, 0.0, 0.0], [3.0, 3.0, -1.0], [-800.0, 800.0, 0.5], [0.0, 2.0, 0.0]):
            x = torch.tensor(xs, dtype=torch.float64, requires_grad=True)
            expected = functions[name](*x)
            expected.backward()
            out, _ = record(TABLE[name], xs)
            theirs = [expected.item(), *x.grad.tolist()]
            ours = [out.data, *out.local_grads]
            assert ours == pytest.approx(theirs, rel=1e-13, abs=1e-300), (name, xs)


# --- calling conventions --------------------------------------------------------------------------


def test_plain_numbers_give_a_float():
    for result in (ag.exp(1), ag.add(1, np.float32(2)), ag.sum([1, 2]), ag.dot([1], [2], 3)):
        assert type(result) is float
    assert ag.tanh(np.array(0.5)) == ag.tanh(0.5)


def test_float_arrays_give_a_float_array_and_broadcast():
    result = ag.maximum(np.array([[1, 2], [3, 4]]), np.array([2.5, 0.0]))
    assert result.dtype == np.float64
    assert result.tolist() == [[2.5, 2.0], [3.0, 4.0]]
    assert ag.log(np.array([0.0, -1.0]))[0] == -INF
    assert ag.relu([1.0, -1.0]).tolist() == [1.0, 0.0]


def test_anything_with_a_value_gives_values():
    x = Value(2.0)
    assert isinstance(ag.power(x, 3), Value)
    mixed = ag.multiply(x, np.array([1.0, 2.0]))
    assert mixed.dtype == object
    assert [m.data for m in mixed] == [2.0, 4.0]
    assert [m.data for m in ag.clip(np.array([x, x * 3]), 0, 5)] == [2.0, 5.0]
    assert isinstance(ag.sum([1.0, x]), Value)


def test_of_two_number_systems_the_first_decides():
    class Other:
        @staticmethod
        def _apply_op(row, args):
            return row.name, args

    x, other = Value(2.0), Other()
    name, args = ag.add(other, x)
    assert name == "add"
    assert same_nodes(args, (other, x))
    with pytest.raises(TypeError, match=r"expected one real number and was given Other"):
        ag.add(x, other)


def test_attributes_go_by_position_or_name_and_are_checked():
    assert ag.leaky_relu(-1.0) == -0.01
    assert ag.leaky_relu(-1.0, 0.5) == ag.leaky_relu(-1.0, slope=0.5) == -0.5
    assert ag.elu(Value(-1.0), alpha=2.0).data == 2.0 * math.expm1(-1.0)
    assert ag.norm([3.0, 4.0], order=1) == 7.0
    assert ag.norm([Value(3.0), Value(-4.0)], order=INF).data == 4.0
    assert ag.norm([4.0, -4.0], order=INF) == 4.0
    assert ag.norm(np.array([1.0, 2.0, 3.0]), 3) == pytest.approx(36 ** (1 / 3), rel=1e-15)
    with pytest.raises(TypeError, match=r"leaky_relu\(x, slope=0.01\).*alpha"):
        ag.leaky_relu(1.0, alpha=2.0)
    with pytest.raises(TypeError, match="one real number"):
        ag.leaky_relu(1.0, slope=Value(0.1))


def test_the_infinity_norm_shares_its_gradient_among_ties():
    xs = [Value(3.0), Value(-3.0), Value(1.0)]
    ag.norm(xs, order=INF).backward()
    assert [x.grad for x in xs] == [0.5, -0.5, 0.0]


@pytest.mark.parametrize("order", [0.0, 0.5, -1.0, -INF, NAN])
def test_an_order_out_of_range_is_refused(order):
    with pytest.raises(ValueError, match="norm takes order from 1 to inf and was given"):
        ag.norm([Value(3.0), 4.0], order=order)


@pytest.mark.parametrize("xs", [[0.0, 1.0], [0.0, 0.0, -2.0], [3.0, 4.0], [0.0, 3e200]])
@pytest.mark.parametrize("order", [2.0, 3.0])
def test_the_second_derivative_of_a_norm_holds_at_zero_components(xs, order):
    """The Hessian of the p-norm, (p-1) (diag(u**(p-2)) - v v') / norm with u = |x| / norm."""
    leaves = [Value(x) for x in xs]
    out = ag.norm(leaves, order)
    us = [abs(x) / out.data for x in xs]
    vs = [math.copysign(u ** (order - 1.0), x) for u, x in zip(us, xs, strict=True)]
    for i, first in enumerate(gradient(out, leaves, create_graph=True)):
        assert first.data == pytest.approx(vs[i], abs=1e-15)
        for j, second in enumerate(gradient(first, leaves)):
            expected = (order - 1.0) * ((i == j) * us[i] ** (order - 2.0) - vs[i] * vs[j])
            assert second * out.data == pytest.approx(expected, abs=1e-12), (i, j)


def test_the_infinity_norm_has_second_derivative_zero():
    leaves = [Value(3.0), Value(4.0), Value(0.0)]
    for first in gradient(ag.norm(leaves, INF), leaves, create_graph=True):
        assert gradient(first, leaves) == [0.0, 0.0, 0.0]


def test_equal_attributes_give_the_same_row():
    half = with_attrs("leaky_relu", (("slope", 0.5),))
    assert ag.leaky_relu(Value(-1.0), 0.5).op == half.name == "leaky_relu"
    assert with_attrs("leaky_relu", (("slope", 0.5),)) is half
    assert with_attrs("leaky_relu", (("slope", 0.01),)) is ag.leaky_relu
    assert repr(half) == "<op leaky_relu, slope=0.5>"


def test_a_row_with_attributes_keeps_them_when_it_is_called():
    cubic, steep = (
        with_attrs("norm", (("order", 3.0),)),
        with_attrs("leaky_relu", (("slope", 0.5),)),
    )
    assert cubic([1.0, 2.0]) == ag.norm([1.0, 2.0], 3)
    assert cubic([Value(1.0), 2.0]).data == ag.norm([1.0, 2.0], 3)
    assert steep(-2.0) == steep(Value(-2.0)).data == -1.0


def test_dot_adds_in_the_promised_order():
    assert ag.dot([1e16, 1.0, -1e16], [1.0, 1.0, 1.0]) == ((0.0 + 1e16) + 1.0) + -1e16
    assert ag.dot([1e16, -1e16], [1.0, 1.0], bias=1.0) == ((1.0 + 1e16) + -1e16)
    assert ag.sum([0.1] * 10) == 0.9999999999999999  # never compensated


def test_sequences_may_be_empty_only_where_that_means_something():
    assert (ag.sum([]), ag.prod([]), ag.dot([], []), ag.dot([], [], 2.5)) == (0.0, 1.0, 0.0, 2.5)
    for name in ("mean", "max", "min", "logsumexp", "norm", "softmax", "log_softmax"):
        with pytest.raises(ag.ShapeError, match="no numbers"):
            getattr(ag, name)([])


def test_wrong_sequences_are_refused_with_the_way_out():
    with pytest.raises(ag.ShapeError, match="was given 2 and 3"):
        ag.dot([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ag.ShapeError, match=r"shape \(1, 2\).*ravel"):
        ag.sum(np.ones((1, 2)))
    with pytest.raises(TypeError, match=r"write max\(\[a, b, c\]\)"):
        ag.max(Value(1.0))
    with pytest.raises(TypeError, match="one sequence"):
        ag.sum("12")
    with pytest.raises(TypeError, match="str"):
        ag.sum([1.0, "2"])
    with pytest.raises(TypeError, match="tanh"):
        ag.tanh(1.0, 2.0)
    assert ag.sum(x for x in (1.0, 2.0)) == 3.0


def test_plain_numbers_in_lists_give_float_arrays():
    from fractions import Fraction

    assert ag.sqrt([Fraction(1, 4), 1]).dtype == np.float64
    assert ag.add(np.array([Fraction(1, 4)], dtype=object), 1.0).tolist() == [1.25]


def test_things_without_an_order_are_no_sequences():
    for wrong in (b"12", {1.0: 2.0}, {1.0, 2.0}):
        with pytest.raises(TypeError, match="one sequence"):
            ag.sum(wrong)
    with pytest.raises(ag.ShapeError, match="log_softmax of no numbers"):
        ag.log_softmax([])


def test_sequences_of_arrays_are_evaluated_elementwise():
    rows = [np.array([1.0, 2.0]), np.array([3.0, 1.0])]
    assert ag.max(rows).tolist() == [3.0, 2.0]
    assert ag.dot(rows, rows).tolist() == [10.0, 5.0]


@pytest.mark.parametrize("shift", [0.0, 1000.0, -1000.0, 1e16])
def test_softmax_is_right_at_any_offset(shift):
    xs = [Value(shift), Value(shift), Value(shift + 2048.0)]
    assert [p.data for p in ag.softmax(xs)] == pytest.approx([0.0, 0.0, 1.0], abs=1e-300)
    assert ag.softmax([shift, shift]) == [0.5, 0.5]
    assert ag.log_softmax([shift, shift]) == pytest.approx([-math.log(2)] * 2, rel=1e-15)
    assert ag.log_softmax(xs)[0].data == -2048.0


def test_softmax_has_its_limits_at_infinity():
    assert ag.softmax([INF, 0.0]) == [1.0, 0.0]
    assert ag.softmax([-INF, 0.0]) == [0.0, 1.0]
    assert ag.softmax([-INF, -INF]) == [0.5, 0.5]
    assert ag.log_softmax([INF, 0.0]) == [0.0, -INF]
    assert all(p != p for p in ag.softmax([NAN, 0.0]))


@pytest.mark.parametrize("xs", [[0.3, -1.2, 2.0], [1.0, 1.0, 1.0], [500.0, -500.0, 499.0]])
def test_softmax_derivatives_follow_from_its_rows(xs):
    leaves = [Value(x) for x in xs]
    ps = ag.softmax(leaves)
    for i, p in enumerate(ps):
        expected = [p.data * ((i == j) - q.data) for j, q in enumerate(ps)]
        assert gradient(p, leaves) == pytest.approx(expected, rel=1e-12, abs=1e-16)
    for i, log_p in enumerate(ag.log_softmax(leaves)):
        expected = [(i == j) - q.data for j, q in enumerate(ps)]
        assert gradient(log_p, leaves) == pytest.approx(expected, rel=1e-12, abs=1e-15)
