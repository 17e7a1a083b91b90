"""ag.latex: brackets, labels, names for long parts, derivatives; and that it renders."""

import math
import re

import matplotlib.mathtext
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from latex_reader import lines, read

import autograd_lite as ag
from autograd_lite import Value, gradient
from autograd_lite.ops import TABLE, Op, SequenceOp
from autograd_lite.writing.latex import LATEX

RENDERER = matplotlib.mathtext.MathTextParser("path")


def leaves(**numbers):
    return [Value(number, label=name) for name, number in numbers.items()]


def renders(text):
    """Every line is valid LaTeX for matplotlib, and every brace is matched."""
    inner = text.removeprefix("\\begin{aligned}\n").removesuffix("\n\\end{aligned}")
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", inner):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0
    assert inner.count(r"\left") - inner.count(r"\leftarrow") - inner.count(r"\leq") >= 0
    for line in inner.split(" \\\\\n"):
        RENDERER.parse(f"${line.replace('&', '')}$")
    return True


a, b, c, x, w1 = leaves(a=2.0, b=3.0, c=4.0, x=0.5, w1=1.5)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (a - (b - c), r"a - \left(b - c\right)"),
        ((a - b) - c, r"a - b - c"),
        ((a + b) * c, r"\left(a + b\right) \cdot c"),
        (a * b + c, r"a \cdot b + c"),
        (a / (b / c), r"\frac{a}{\frac{b}{c}}"),
        (-(x**2), r"-{x}^{2}"),
        ((-x) ** 2, r"{\left(-x\right)}^{2}"),
        (Value(2.0) ** x, r"{2}^{x}"),
        ((-2.0) ** x, r"{\left(-2\right)}^{x}"),
        ((a / b) ** 2, r"{\left(\frac{a}{b}\right)}^{2}"),
        ((a**b) ** c, r"{\left({a}^{b}\right)}^{c}"),
        (a ** (b**c), r"{a}^{{b}^{c}}"),
        (a ** (b + c), r"{a}^{b + c}"),
        (a + -b, "a - b"),
        (a + -3.0, "a - 3"),
        (a - -b, r"a - \left(-b\right)"),
        (a * -b, r"a \cdot \left(-b\right)"),
        (-(a + b), r"-\left(a + b\right)"),
        (ag.expm1(a) - ag.expm1(b), r"e^{a} - 1 - \left(e^{b} - 1\right)"),
        (ag.exp(a) ** 2, r"{\left(e^{a}\right)}^{2}"),
        (ag.tanh(w1 * x), r"\tanh\left(w_{1} \cdot x\right)"),
        (1 / (1 + ag.exp(-x)), r"\frac{1}{1 + e^{-x}}"),
        (ag.leaky_relu(x), r"\operatorname{LeakyReLU}\left(x\right)"),
        (ag.leaky_relu(x, 0.2), r"\operatorname{LeakyReLU}_{0.2}\left(x\right)"),
        (ag.norm([a, b], order=3.0), r"\left\| a, b \right\|_{3}"),
        (ag.sum([a, -b, c]), r"a - b + c"),
        (ag.sum([a, b]) * c, r"\left(a + b\right) \cdot c"),
        (ag.sum([Value(1.0), 2.0]), "1 + 2"),
        (ag.mean([a, b]) ** 2, r"{\left(\frac{a + b}{2}\right)}^{2}"),
        (ag.prod([a + b, c]), r"\left(a + b\right) \cdot c"),
        (ag.dot([w1, a], [x, b]), r"w_{1} \cdot x + a \cdot b"),
        (ag.dot([w1, a + b], [x, b], c), r"w_{1} \cdot x + \left(a + b\right) \cdot b + c"),
        (ag.logsumexp([a, b + c]), r"\ln\left(e^{a} + e^{b + c}\right)"),
        (ag.max([a, -b]), r"\max\left(a, -b\right)"),
        (ag.clip(x, -1, 1), r"\operatorname{clip}\left(x, -1, 1\right)"),
        (a * 1e20, r"a \cdot 10^{20}"),
        (a * 1.5e-7, r"a \cdot 1.5 \cdot 10^{-7}"),
        (a ** (1 / 3), r"{a}^{0.333333}"),
        (a * 16777217, r"a \cdot 16777217"),
        (a * -math.inf, r"a \cdot \left(-\infty\right)"),
        (a * math.nan, r"a \cdot \mathrm{nan}"),
        (a, "a"),
        (Value(3.0), "3"),
        (Value(3.0) * x, r"3 \cdot x"),
    ],
    ids=lambda thing: thing if isinstance(thing, str) else "",
)
def test_brackets_stand_where_a_reader_needs_them_and_nowhere_else(value, written):
    assert ag.latex(value) == written
    assert renders(written)


@pytest.mark.parametrize(
    ("label", "written"),
    [
        ("x", "x"), ("w1", "w_{1}"), ("x_0", "x_{0}"), ("w_1_2", "w_{1,2}"),
        ("x_in", r"x_{\mathrm{in}}"),
        ("alpha", r"\alpha"), ("α", r"\alpha"), ("beta2", r"\beta_{2}"), ("w_alpha", r"w_{\alpha}"),
        ("Gamma", r"\Gamma"), ("Alpha", r"\mathrm{Alpha}"), ("loss", r"\mathrm{loss}"),
        ("layer2", r"\mathrm{layer}_{2}"), ("hidden layer", r"\mathrm{hidden\ layer}"),
        ("50% $a_{}\\", r"\mathrm{50\%\ \$a\_\lbrace \rbrace \backslash }"),
        ("a\nb\x00", "\\mathrm{a\\ b\N{REPLACEMENT CHARACTER}}"),
        ("n" * 99, rf"\mathrm{{{'n' * 39}…}}"), ('~^"`', r"\mathrm{\sim \wedge '''}"),
    ],
)  # fmt: skip
def test_labels_are_written_as_a_mathematician_would(label, written):
    assert LATEX.label(label) == written
    assert ag.latex(Value(1.0, label=label) * 2.0) == rf"{written} \cdot 2"
    assert renders(written)


def test_what_only_matplotlib_lacks_is_escaped_too():
    assert LATEX.label("a#b&c") == r"\mathrm{a\#b\&c}"


@pytest.mark.no_cover
@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_every_row_renders_in_every_place(row):
    args = [a, b, c, x, w1][: row.arity or 5]
    if isinstance(row, SequenceOp) and not row.scalars:
        args = args[:4]
    value = Value._apply_op(row, args)
    for place in (value, value**2, a - value / value):
        assert renders(ag.latex(place))
    assert renders(ag.latex(value, wrt=args[0]))


@pytest.mark.parametrize(
    ("template", "written"),
    [
        ("#1!", r"{\left(\left(a + b\right)!\right)}^{2}"),
        (r"\theta", r"{\theta\left(a + b\right)}^{2}"),
        (r"\left\langle #1 \right\rangle", r"{\left\langle a + b \right\rangle}^{2}"),
        ("#1 / 2", r"{\left(\left(a + b\right) / 2\right)}^{2}"),
        ("#1^{T}", r"{\left(\left(a + b\right)^{T}\right)}^{2}"),
    ],
)
def test_an_op_of_the_users_own_is_bracketed_by_its_template(template, written):
    row = Op(
        "own", symbol="own", latex=template, domain=[(0.0, 1.0)], doc="Its own.",
        forward=lambda x: x, partials=[lambda out, x: 1.0],
    )  # fmt: skip
    assert ag.latex(row(a + b) ** 2) == written


# --- several lines --------------------------------------------------------------------------------


def test_a_labelled_node_is_shown_by_its_label_and_defined_below():
    d = a * b
    d.label = "d"
    loss = d * d + c
    loss.label = "L"
    assert ag.latex(loss) == (
        "\\begin{aligned}\nL &= d \\cdot d + c \\\\\nd &= a \\cdot b\n\\end{aligned}"
    )
    assert ag.latex(d) == r"d = a \cdot b"
    assert loss.latex() == ag.latex(loss)


def test_a_shared_part_is_repeated_when_short_and_named_when_long():
    short = a + b
    assert ag.latex(short * short) == r"\left(a + b\right) \cdot \left(a + b\right)"
    long = ag.tanh(a * b + c * x)
    assert lines(ag.latex(long * long)) == [
        ("v_{2}", r"v_{1} \cdot v_{1}"),
        ("v_{1}", r"\tanh\left(a \cdot b + c \cdot x\right)"),
    ]


def test_new_names_are_none_of_the_users():
    taken = Value(1.0, label="v1")
    long = ag.tanh(a * b + c * taken)
    assert [name for name, _ in lines(ag.latex(long * long))] == ["v_{3}", "v_{2}"]


def test_different_nodes_that_look_the_same_are_told_apart():
    first, second = Value(1.0, label="w1"), Value(2.0, label="w_1")
    assert ag.latex(first**2 - second) == r"{\left(w_{1}^{(1)}\right)}^{2} - w_{1}^{(2)}"


def test_sixty_squarings_take_a_page_and_not_the_universe():
    z = Value(1.0 - 1e-15, label="x")
    leaf = z
    for _ in range(60):
        z = z * z
    text = ag.latex(z)
    assert len(text) < 5000
    assert math.isclose(read(text, {"x": leaf.data}), z.data)


def test_what_is_left_out_is_counted():
    z = x
    for _ in range(1000):
        z = ag.tanh(z + 1.0)
    text = ag.latex(z, max_nodes=30)
    assert text.count("tanh") + text.count("+ 1") == 30
    assert r"\text{1970 more operations are not written out}" in text
    assert renders(text)
    assert "more" not in ag.latex(z, max_nodes=2000)


def test_depth_names_what_lies_deeper():
    d = a * b
    d.label = "d"
    assert ag.latex(ag.tanh(d + c), depth=2) == (
        "\\begin{aligned}\nv_{1} &= \\tanh\\left(d + c\\right) \\\\\n"
        "&\\ldots\\ \\text{1 more operation is not written out}\n\\end{aligned}"
    )
    assert r"\text{3 more operations" in ag.latex(ag.tanh(d + c), depth=0)


def test_many_arguments_are_shortened_and_counted():
    xs = [Value(float(i), label=f"x{i}") for i in range(100)]
    text = ag.latex(ag.sum(xs))
    assert text.startswith("x_{0} + x_{1}")
    assert text.endswith(r"x_{7} + \cdots_{90\ \mathrm{more}}\cdots + x_{98} + x_{99}")
    assert renders(text)
    assert "more" not in ag.latex(ag.sum(xs[:11]))


def test_a_long_chain_needs_no_recursion():
    z = x
    for _ in range(50_000):
        z = z + 1.0
    assert "49900 more operations" in ag.latex(z)
    assert renders(ag.latex(z, wrt=x))


# --- derivatives ----------------------------------------------------------------------------------


def test_a_derivative_has_no_factors_1_and_no_terms_0():
    assert ag.latex(x**3 * a, wrt=x) == (
        r"\frac{\partial}{\partial x} \left({x}^{3} \cdot a\right) = a \cdot 3 \cdot {x}^{2}"
    )
    assert ag.latex(a * x - b * x, wrt=x).endswith("= -b + a")
    assert ag.latex(ag.exp(x), wrt=x) == r"\frac{\partial}{\partial x} e^{x} = e^{x}"
    assert ag.latex(a * 2.0, wrt=x).endswith("= 0")
    assert ag.latex(x * 2.0 * 3.0, wrt=x).endswith("= 6")
    assert ag.latex(x, wrt=x) == r"\frac{\partial x}{\partial x} = 1"


def test_a_labelled_root_is_named_in_its_derivative():
    out = ag.exp(a * x)
    out.label = "o"
    assert lines(ag.latex(out, wrt=x)) == [
        (r"\frac{\partial o}{\partial x}", r"o \cdot a"),
        ("o", r"e^{a \cdot x}"),
    ]
    assert (
        ag.latex(out, wrt=[x, a])
        .splitlines()[1]
        .startswith(r"\frac{\partial^{2} o}{\partial a \, \partial x} &=")
    )
    assert r"{\partial x^{3}} &=" in ag.latex(out, wrt=[x, x, x])


def test_a_node_can_be_what_is_differentiated_by():
    d = a * b
    d.label = "d"
    assert lines(ag.latex(d * d * x, wrt=d))[1:] == [("d", r"a \cdot b")]
    unnamed = Value(3.0)
    assert lines(ag.latex(unnamed * x, wrt=unnamed)) == [
        (r"\frac{\partial}{\partial v_{1}} \left(v_{1} \cdot x\right)", "x"),
        ("v_{1}", "3"),
    ]


def test_a_graph_that_is_a_derivative_is_simplified_on_request():
    [slope] = gradient(x**2 * a, [x], create_graph=True)
    assert ag.latex(slope).startswith(r"1 \cdot a")
    assert ag.latex(slope, simplify=True) == r"a \cdot 2 \cdot x"


def test_numbers_are_worked_out_where_few_digits_say_all():
    assert ag.latex(Value(1.0) / Value(4.0) * x, simplify=True) == r"0.25 \cdot x"
    assert ag.latex(Value(1.0) / Value(3.0) * x, simplify=True) == r"\frac{1}{3} \cdot x"


def test_the_users_own_factor_1_stays():
    assert ag.latex(x * 1.0 + 0.0) == r"x \cdot 1 + 0"


def test_wrong_arguments_are_refused_with_the_way_out():
    for wrong in ({"value": 3.0}, {"value": x, "wrt": 3}, {"value": x, "wrt": [x, "x"]}):
        with pytest.raises(TypeError, match="must be a Value"):
            ag.latex(**wrong)
    with pytest.raises(ValueError, match="was given -1"):
        ag.latex(x, depth=-1)
    with pytest.raises(ValueError, match="was given 0"):
        ag.latex(x, max_nodes=0)
    with pytest.raises(ValueError, match="empty"):
        ag.latex(x, wrt=[])


def test_the_derivative_of_a_stale_graph_is_refused():
    leaf = Value(1.0, label="x")
    y = leaf * leaf
    leaf.data = 2.0
    with pytest.raises(ag.GraphError):
        ag.latex(y, wrt=leaf)
    assert ag.latex(y) == r"x \cdot x"


# --- what it says is what was computed ------------------------------------------------------------

#: Their quotients are written exactly, in six digits.
NUMBERS = st.sampled_from([-4.0, -2.0, -1.0, 0.0, 0.5, 1.0, 2.0])
OPS = [TABLE[n] for n in ("add", "subtract", "multiply", "divide", "negative", "tanh", "square")]


@st.composite
def labelled_graphs(draw, ops=OPS):
    """Nodes of a random graph; some of them labelled, much of it shared."""
    nodes = leaves(a=draw(st.floats(0.5, 2)), x_1=draw(st.floats(-2, -0.5)))
    for i in range(draw(st.integers(1, 25))):
        row = draw(st.sampled_from(ops))
        args = [
            draw(st.sampled_from(nodes)) if draw(st.integers(0, 4)) else draw(NUMBERS)
            for _ in range(row.arity)
        ]
        node = Value._apply_op(row, args)
        node.label = draw(st.sampled_from(["", "", "", f"h_{i}", "beta", "x1"]))
        nodes.append(node)
    # between 0 and inf a reader's arithmetic is not that of formulas
    assume(all(abs(node.data) < 1e6 for node in nodes))
    return nodes


def alike(number, other):
    return number == other or math.isclose(number, other, rel_tol=1e-4, abs_tol=1e-6)


def leaf_names(nodes):
    """The leaves as they are written: one label looks like that of other nodes, on purpose."""
    twins = {f"x_{{1}}^{{({i})}}": nodes[1].data for i in range(30)}
    return {"a": nodes[0].data, "x_{1}": nodes[1].data, **twins}


@given(labelled_graphs())
def test_the_formula_of_a_random_graph_gives_its_number(nodes):
    root = nodes[-1]
    text = ag.latex(root, max_nodes=1000)
    assert renders(text)
    value = read(text, leaf_names(nodes))
    assert alike(value, root.data), text


@given(labelled_graphs())
def test_the_derivative_of_a_random_graph_gives_the_gradient(nodes):
    root, leaf = nodes[-1], nodes[0]
    text = ag.latex(root, wrt=leaf, max_nodes=1000)
    assert renders(text)
    [slope] = gradient(root, [leaf])
    value = read(text, leaf_names(nodes))
    assert alike(value, slope) or not abs(slope) < 1e6, text
