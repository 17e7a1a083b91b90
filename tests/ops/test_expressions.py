"""Formulas in text: the whitelist, the graph it records, and errors that show the place."""

import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.expressions import FUNCTIONS, MAX_LENGTH, parse
from autograd_lite.graph import ancestors
from autograd_lite.ops import TABLE, SequenceOp

X = {"x": 0.5}


def test_a_formula_records_the_graph_that_python_would():
    w, x, b = ag.Value(0.5, label="w"), ag.Value(2.0, label="x"), ag.Value(-1.0, label="b")
    read = parse("tanh(w*x + b)", {"w": w, "x": x, "b": b})
    built = ag.tanh(w * x + b)
    assert [n.op for n in ancestors(read)] == [n.op for n in ancestors(built)]
    assert ancestors(read)[0] is w
    read.backward()
    assert (w.grad, x.grad, b.grad) == (2.0, 0.5, 1.0)


def test_numbers_become_leaves_labelled_with_their_names():
    y = parse("a + b", {"a": 1.0, "b": 2.0})
    assert [(p.label, p.data) for p in y.parents] == [("a", 1.0), ("b", 2.0)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-x**2", -0.25),
        ("2**-1 + x", 1.0),
        ("2**3**2*x", 256.0),
        ("+x", 0.5),
        ("(1 + x)*2 - x/4", 2.875),
        ("x*1e-3", 0.0005),
        ("pi*x + e", math.pi * 0.5 + math.e),
        ("abs(-x)", 0.5),
        ("pow(x, 2)", 0.25),
        ("sum([x, x, 1])", 2.0),
        ("max((x, 1))", 1.0),
        ("dot([x, 2], [3, x], 1)", 3.5),
        ("norm([x, 0], 3)", 0.5),
        ("leaky_relu(-x, 0.1)", -0.05),
        ("where(less(x, 0), -1, 1)*x", 0.5),
        ("dot(softmax([x, x]), [1, 3])", 2.0),
        (" x\n + 1 ", 1.5),
    ],
)
def test_arithmetic_and_calls_mean_what_python_means(text, value):
    assert parse(text, X).data == pytest.approx(value, rel=1e-15)


def test_every_public_row_of_fixed_arity_is_a_function():
    for name, row in TABLE.items():
        if row.public and not isinstance(row, SequenceOp):
            point = [sum(interval) / 2 for interval in row.domain]
            names = [f"x{i}" for i in range(row.arity)]
            read = parse(f"{name}({', '.join(names)})", dict(zip(names, point, strict=True)))
            assert read.op == name
            assert read.data == row(*point)
        elif row.public:
            assert name in FUNCTIONS


def test_rows_that_are_not_public_are_no_functions():
    with pytest.raises(ag.ExpressionError, match="no function 'carry'"):
        parse("carry(x, 2)", X)


def test_a_given_variable_wins_over_a_constant_of_the_same_name():
    assert parse("2*e", {"e": 5.0}).data == 10.0


def test_huge_powers_are_floats_and_end_at_once():
    assert parse("10**9**9").data == math.inf
    assert parse("x**9**9**9", X).data == 0.0


def test_long_sums_need_no_recursion():
    y = parse("x" + "+x" * 2500, X)
    y.backward()
    assert y.data == 2501 * 0.5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x < 1", "less"),
        ("(x) == 1", "equal"),
        ("1 if x else 2", "where"),
        ("x and 1", "where"),
        ("not x", "1 - condition"),
        ("x ^ 2", r"a\*\*b"),
        ("x @ x", "dot"),
        ("~x", "Invert"),
        ("x.real", "dot after a name"),
        ("x[0]", "index"),
        ("lambda: x", "Lambda"),
        ("[x for x in x]", "ListComp"),
        ("{x}", "Set"),
        ("x if", "made of names"),
        ("2x", "needs its"),
        ("x x", "needs its"),
        ("y = x", "made of names"),
        ("(x := 2)", "NamedExpr"),
        ("(x", "never closed"),
        ("", "empty"),
        ("  ", "empty"),
        ("'x'", "no real number"),
        ("b'x'", "no real number"),
        ("f'{x}'", "JoinedStr"),
        ("2j", "no real number"),
        ("True", "no real number"),
        ("None", "no real number"),
        ("...", "no real number"),
        ("9" * 400, "larger than any float"),
        ("9" * 5000, "4300 digits"),
        ("0x" + "f" * 400, "larger than any float"),
        ("tahn(x)", "did you mean .*tanh"),
        ("ln(x)", "did you mean log,"),
        ("x(2)", "no function 'x'"),
        ("x()()", "Call"),
        ("eval('x')", "no function 'eval'"),
        ("__import__('os')", "no function '__import__'"),
        ("tanh(x, 1)", r"tanh\(x\): too many"),
        ("hypot(x)", "missing a required argument: 'y'"),
        ("tanh(x=1)", "by position"),
        ("tanh(**x)", "by position"),
        ("tanh(*[x])", "one by one"),
        ("leaky_relu(x, x)", "slope .* plain number"),
        ("sum(x)", r"sum\(\[a, b, c\]\)"),
        ("max([])", "undefined"),
        ("dot([x], [1, 2])", "1 and 2"),
        ("sum([[x]])", "list"),
        ("tanh([x, x])", "not a number"),
        ("[x] + 1", "not a number"),
        ("-[x]", "not a number"),
        ("[x, x]", "sum"),
        ("softmax([x, x])", "sum"),
        ("tanh", "is a function"),
        ("xx", "did you mean x"),
        ("y + x", "y has no value; give it one, such as y=1.0"),
        ("(" * 300 + "x" + ")" * 300, "nested"),
        ("-" * 8000 + "x", "nested too deeply"),
        ("x" * (MAX_LENGTH + 1), "characters"),
        ("x\0", "null bytes|NUL"),
        ("\udcff", "no text"),
    ],
)
def test_what_is_not_on_the_whitelist_is_refused_with_a_way_out(text, message):
    with pytest.raises(ag.ExpressionError, match=message):
        parse(text, X)


def test_a_long_sum_is_deep_and_a_list_of_as_many_terms_is_flat():
    """Limits named 10,000 characters alone, and `x+x+…` of 5,957 was refused."""
    many = MAX_LENGTH // 2 - 10
    assert parse("+".join(["x"] * 2000), {"x": 1.0}).data == 2000.0
    assert parse(f"sum([{','.join(['x'] * many)}])", {"x": 1.0}).data == many
    if sys.version_info < (3, 12):  # Python's own limit, which is another one from there on
        with pytest.raises(ag.ExpressionError, match=r"nested too deeply .* use sum\(\["):
            parse("+".join(["x"] * many), {"x": 1.0})


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("x + lambda: 1", "l"),
        ("x + y.real", "y"),
        ("(x + 1) < 2", "<"),
        ("x ^ 2", "^"),
        ("α + tahn(x)", "t"),
        ("x + (1 if x else 2)", "1"),
        ("tanh(x=1)", "x=1"),
        ("x + 2y", "2"),
        ("x+" * 200 + "z" + "+x" * 200, "z"),
    ],
)
def test_a_caret_stands_below_the_place(text, place):
    with pytest.raises(ag.ExpressionError) as caught:
        parse(text, {"x": 1.0, "α": 1.0})
    _, line, caret = str(caught.value).splitlines()
    assert caret.strip() == "^"
    assert line[caret.index("^") :].startswith(place)
    assert len(line) < 80


def test_an_unused_variable_is_an_error_that_says_what_is_used():
    with pytest.raises(ag.ExpressionError, match="does not use y, z, but x"):
        parse("x + 1", {"x": 1.0, "y": 2.0, "z": 3.0})


def test_names_are_compared_as_python_compares_them():
    ligature = "\N{LATIN SMALL LIGATURE FI}"
    assert parse(f"{ligature} + 1", {ligature: 1.0}).data == 2.0
    assert parse("fi + 1", {ligature: 1.0}).data == 2.0


@pytest.mark.parametrize("bad", [3, None, b"x"])
def test_an_expression_that_is_no_str_is_a_type_error(bad):
    with pytest.raises(TypeError, match="an expression is a str"):
        parse(bad)


def test_a_variable_that_is_no_number_is_a_type_error():
    with pytest.raises(TypeError, match="expected one real number"):
        parse("x", {"x": "1"})


@given(st.text(alphabet="xy0123456789.+-*/()[], tanhsume<=:'\"\\{}#@%^&|~!\n_", max_size=40))
def test_any_text_gives_a_value_or_an_expression_error(text):
    try:
        value = parse(text, {"x": 0.5})
    except ag.ExpressionError:
        return
    assert isinstance(value, ag.Value)
