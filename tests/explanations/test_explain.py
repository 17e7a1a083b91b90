"""ag.explain: paths counted, ranked and summed; what it says, as text and as LaTeX."""

import math
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nodes import same_nodes
from test_latex import renders

import autograd_lite as ag
from autograd_lite import Value, explain, gradient
from autograd_lite.explanations.naming import Wording
from autograd_lite.explanations.paths import Sweep
from autograd_lite.ops import TABLE
from autograd_lite.writing.text import TEXT

ROWS = [row for row in TABLE.values() if row.public]


@pytest.fixture(autouse=True)
def _eighty_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def leaves(**numbers):
    return [Value(number, label=name) for name, number in numbers.items()]


def carried(x, y):
    return x * y if x and y else 0.0


def every_product(root, leaf):
    """The product of each path, found by walking them all."""
    products, stack = [], [(root, 1.0)]
    while stack:
        node, product = stack.pop()
        if node is leaf:
            products.append(product)
        stack += [
            (parent, carried(product, partial))
            for parent, partial in zip(node.parents, node.local_grads, strict=True)
            if not parent.constant
        ]
    return products


@st.composite
def graphs(draw, numbers):
    """All nodes of a small random graph, the last of them its root."""
    nodes = [Value(x, label=f"x{i}") for i, x in enumerate(draw(st.lists(numbers, min_size=2)))]
    for _ in range(draw(st.integers(1, 9))):
        row = draw(st.sampled_from(ROWS))
        args = [
            draw(st.sampled_from(nodes)) if draw(st.integers(0, 4)) else draw(numbers)
            for _ in range(row.arity or draw(st.sampled_from([1, 3, 5])))
        ]
        nodes.append(Value._apply_op(row, args))
    return nodes


TAME = st.sampled_from([-1.5, -0.5, 0.0, 0.25, 1.0, 2.0])
WILD = st.sampled_from([-2.0, 0.0, 1.0, math.inf, -math.inf, math.nan, 1e-310, 1e200])


# --- the law: the paths sum up to the gradient ----------------------------------------------------


@given(graphs(TAME), st.sampled_from([0, 1, 3, 10_000]))
def test_the_paths_of_a_random_graph_are_counted_ranked_and_summed(nodes, many):
    root = nodes[-1]
    for leaf in nodes[:2]:
        products = every_product(root, leaf)
        found = explain(root, leaf, paths=many)
        assert found.count == len(products)
        assert len(found.paths) == min(many, len(products))
        assert [found.gradient] == gradient(root, [leaf]) or math.isnan(found.gradient)
        if all(abs(p) < 1e100 for p in products):
            ranked = sorted(map(abs, products), reverse=True)[:many]
            listed = [abs(path.product) for path in found.paths]
            assert listed == pytest.approx(ranked, rel=1e-12, abs=1e-300)
            assert listed == sorted(listed, reverse=True)
            assert abs(found.total - found.gradient) <= found.bound
            assert abs(math.fsum(products) - found.gradient) <= found.bound
            size = (found.depth + found.count) * 2.0**-52 * math.fsum(map(abs, products))
            assert found.bound == pytest.approx(size, rel=1e-9, abs=1e-300)


@pytest.mark.no_cover
@given(graphs(WILD), st.sampled_from([1, 10_000]))
def test_nan_and_inf_break_nothing(nodes, many):
    root = nodes[-1]
    for found in explain(root, nodes[:2], paths=many):
        products = every_product(root, found.wrt)
        assert found.count == len(products)
        listed = [path.product for path in found.paths]
        for path in found.paths:
            assert any(path.product == p or math.isnan(p) for p in products)
        assert sorted(map(math.isnan, listed), reverse=True) == [math.isnan(p) for p in listed]
        assert renders(found.latex())
        assert str(found)


@given(graphs(TAME))
def test_a_path_is_a_chain_of_steps_in_the_graph(nodes):
    for found in explain(nodes[-1], nodes[:2]):
        seen = set()
        for path in found.paths:
            assert same_nodes((path.nodes[0], path.nodes[-1]), (found.wrt, found.root))
            product = 1.0
            for i in reversed(range(len(path.partials))):
                parent, node = path.nodes[i : i + 2]
                assert node.parents[path.arguments[i]] is parent
                assert path.partials[i] == node.local_grads[path.arguments[i]] or math.isnan(
                    path.partials[i]
                )
                product = carried(product, path.partials[i])
            assert product == path.product or math.isnan(product)
            seen.add((path.nodes, path.arguments))
        assert len(seen) == len(found.paths)


def test_a_square_has_two_paths():
    x = Value(3.0)
    found = explain(x * x, x)
    assert found.count == 2
    assert [path.arguments for path in found.paths] == [(0,), (1,)]
    assert found.total == found.gradient == 6.0


def test_edges_from_constants_do_not_count():
    x = Value(3.0)
    y = x * 2.0 + 1.0
    assert explain(y, x).count == 1
    constant = y.parents[1]
    assert explain(y, constant).count == 0


def test_a_zero_carries_nothing_against_inf():
    x = Value(0.0, label="x")
    found = explain(ag.sqrt(x) * ag.sqrt(x) + ag.where(x > 0.0, ag.log(x), 2.0 * x), x)
    assert found.gradient == found.total == 2.0
    assert [path.product for path in found.paths] == [2.0, 0.0, 0.0, 0.0]


def test_nan_is_listed_first():
    x = Value(-1.0, label="x")
    found = explain(100.0 * x + ag.sqrt(x), x, paths=1)
    assert math.isnan(found.paths[0].product)
    assert found.rest == 100.0
    assert "nan" in str(found)


def test_products_that_underflow_are_still_ranked():
    """The largest path is one whose factors underflow on the way and come back."""
    x, tiny, huge = leaves(x=1.0, tiny=1e-200, huge=1e200)
    y = x * tiny * tiny * huge * huge + x * 0.5
    first = explain(y, x, paths=1).paths[0]
    assert len(first.nodes) == 6


# --- size -----------------------------------------------------------------------------------------


def test_more_paths_than_anyone_could_walk_are_counted_at_once():
    z = x = Value(1.0, label="x")
    for _ in range(60):
        z = z * z
    start = time.process_time()
    found = explain(z, x)
    assert found.count == 2**60
    assert len(found.paths) == 10
    assert found.rest == 2.0**60
    text = str(found)
    assert time.process_time() - start < 2.0
    assert "1,152,921,504,606,846,976 paths from x" in text
    assert "1,152,921,504,606,846,966 more paths together" in text
    assert renders(found.latex())


def test_a_count_too_long_to_read_is_exact_as_data():
    z = x = Value(1.0, label="x")
    for _ in range(5000):
        z = z * z
    found = explain(z, x, paths=2)
    assert found.count == 2**5000
    assert found.bound == math.inf
    assert "about 10^1,505 paths" in str(found)
    assert renders(found.latex())


def test_the_largest_of_very_many_paths_is_found():
    """Every layer has a wide and a narrow way: the largest product takes the wide one always."""
    z = x = Value(1.0, label="x")
    for _ in range(45):
        z = z * 0.75 + z * 0.25
    found = explain(z, x, paths=46)
    assert found.count == 2**45
    assert found.paths[0].product == pytest.approx(0.75**45)
    second = 0.75**44 * 0.25
    assert [path.product for path in found.paths[1:]] == pytest.approx([second] * 45)
    assert abs(found.total - found.gradient) <= found.bound


@pytest.mark.no_cover
def test_a_long_chain_is_shortened_with_the_number_of_steps_left_out():
    z = x = Value(1.0, label="x")
    for _ in range(50_000):
        z = z * 1.0
    z.label = "end"
    found = explain(z, x)
    assert found.depth == 50_000
    assert len(found.paths[0].nodes) == 50_001
    text = str(found)
    assert "x ─(1)→ v1 ─(1)→ v2 ─… 49,996 steps …→ v49998 ─(1)→ v49999 ─(1)→ end" in text
    assert max(map(len, text.splitlines())) <= 80
    assert r"\cdots_{49{,}994\ \mathrm{more}}\cdots" in found.latex()


@pytest.mark.parametrize("columns", [40, 60, 200])
def test_text_is_as_wide_as_the_terminal(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    z = x = Value(1.5, label="x")
    for _ in range(30):
        z = ag.tanh(z * 1.25 + x)
    paths = [line for line in str(explain(z, x)).splitlines() if "→" in line]
    assert len(paths) == 10
    assert max(map(len, paths)) <= columns
    assert max(map(len, paths)) > columns - 25


# --- what it says ---------------------------------------------------------------------------------


def micrograd():
    a, b, c, f = leaves(a=2.0, b=-3.0, c=10.0, f=-2.0)
    e = a * b
    e.label = "e"
    d = e + c
    d.label = "d"
    out = d * f
    out.label = "L"
    return out, [a, b, c, f]


def test_the_text_shows_paths_their_sum_and_the_partial_derivatives():
    w, x, b = leaves(w=0.5, x=2.0, b=-1.0)
    out = ag.tanh(w * x + b) + w * w
    out.label = "L"
    assert str(explain(out, w)) == (
        "dL/dw = 3: 3 paths from w to L\n"
        "    2  w ─(2)→ v1 ─(1)→ v2 ─(1)→ v3 ─(1)→ L\n"
        "  0.5  w ─(0.5)→ v4 ─(1)→ L\n"
        "  0.5  w ─(0.5)→ v4 ─(1)→ L\n"
        "  ───\n"
        "    3  sum of the paths, equal to the gradient (rounding allows 4.7e-15)\n"
        "\n"
        "Partial derivatives\n"
        "  v1 = w * x     = 1     ∂v1/∂w   = x               = 2\n"
        "  v2 = v1 + b    = 0     ∂v2/∂v1                    = 1\n"
        "  v3 = tanh(v2)  = 0     ∂v3/∂v2  = 1 - square(v3)  = 1\n"
        "  v4 = w * w     = 0.25  ∂₁v4/∂w  = w               = 0.5\n"
        "                         ∂₂v4/∂w  = w               = 0.5\n"
        "  L = v3 + v4    = 0.25  ∂L/∂v3                     = 1\n"
        "                         ∂L/∂v4                     = 1"
    )


def test_the_latex_is_the_chain_rule_in_symbols_formulas_and_numbers():
    out, [a, *_] = micrograd()
    assert explain(out, a).latex().splitlines() == [
        r"\begin{aligned}",
        r"\frac{\mathrm{d} L}{\mathrm{d} a} &= \frac{\partial L}{\partial d}"
        r" \cdot \frac{\partial d}{\partial e} \cdot \frac{\partial e}{\partial a} \\",
        r"&= f \cdot 1 \cdot b \\",
        r"&= -2 \cdot 1 \cdot \left(-3\right) \\",
        r"&= 6 \\",
        r"L &= d \cdot f \\",
        r"d &= e + c \\",
        r"e &= a \cdot b",
        r"\end{aligned}",
    ]
    assert explain(out, a)._repr_latex_() == f"$$\n{explain(out, a).latex()}\n$$"


def test_without_wrt_all_labelled_leaves_are_explained_or_else_all_leaves():
    out, inputs = micrograd()
    found = explain(out)
    assert same_nodes([item.wrt for item in found], inputs)
    assert len(found) == 4
    assert found["b"] is found[inputs[1]] is found[1]
    assert explain(out, inputs[:2])[-1].wrt is inputs[1]
    unnamed = [Value(1.0), Value(2.0)]
    others = explain(unnamed[0] * unnamed[1] + 3.0)
    assert same_nodes([item.wrt for item in others], unnamed)
    with pytest.raises(KeyError, match="'q'; there are 4: 'a', 'b'"):
        found["q"]
    text = str(found)
    assert [line for line in text.splitlines() if line.startswith("d") and "path" in line] == [
        "dL/da = 6: 1 path from a to L", "dL/db = -4: 1 path from b to L",
        "dL/dc = -2: 1 path from c to L", "dL/df = 4: 1 path from f to L",
    ]  # fmt: skip
    assert text.count("e = a * b") == 1
    assert renders(found.latex())
    assert repr(found) == text
    assert found._repr_latex_() == f"$$\n{found.latex()}\n$$"


@pytest.mark.no_cover
def test_many_nodes_and_many_partial_derivatives_are_counted():
    xs = [Value(float(i), label=f"x{i}") for i in range(50)]
    found = explain(ag.sum([x * x for x in xs]))
    text = str(found)
    assert "… and 30 more: index this by position, Value or label" in text
    assert "… and 36 more" in text
    assert r"\text{30 more}" in found.latex()
    assert renders(found.latex())
    assert "x49 ─(98)" not in text
    assert found["x49"].gradient == 98.0


def test_what_is_not_connected_and_the_root_itself_are_told():
    x, other = leaves(x=2.0, y=3.0)
    y = x * x
    found = explain(y, other)
    assert (found.count, found.gradient, found.total, found.bound) == (0, 0.0, 0.0, 0.0)
    assert str(found) == "dv1/dy = 0: no path leads from y to v1"
    assert found.latex().splitlines()[1] == (r"\frac{\mathrm{d} v_{1}}{\mathrm{d} y} &= 0")
    itself = explain(y, y)
    assert (itself.count, itself.gradient, itself.total) == (1, 1.0, 1.0)
    assert str(itself) == "dv1/dv1 = 1: it is the root itself"
    assert explain(Value(1.0) * 0.0 + 1.0, []).latex()
    constant = (x + 1.0).parents[1]
    assert explain(constant, constant).count == 0


def test_only_the_sum_is_shown_where_no_path_is_asked_for():
    x = Value(3.0, label="x")
    assert str(explain(x * x, x, paths=0)).splitlines()[1:] == [
        "  6  2 paths together",
        "  ─",
        "  6  sum of the paths, equal to the gradient (rounding allows 4.0e-15)",
    ]
    assert renders(explain(x * x, x, paths=0).latex())


def test_a_stale_graph_is_explained_as_recorded_and_says_so():
    x = Value(3.0, label="x")
    y = x * x
    x.data = 5.0
    found = explain(y, x)
    assert found.stale
    assert found.gradient == 6.0
    assert str(found).startswith("Stale: a leaf was changed")
    y.refresh()
    assert not explain(y, x).stale
    assert found.gradient == sum(path.product for path in found.paths) == 6.0


def test_the_scope_of_what_is_explained_is_told():
    with ag.scope("layer 1"), ag.scope("neuron 2"):
        w = Value(2.0, label="w")
    assert "1 path from w (in layer 1.neuron 2) to v1" in str(explain(w * 3.0, w))


def test_the_users_own_op_is_explained_as_far_as_its_rules_allow():
    cube = ag.custom_op("own_cube", lambda x: x**3, [lambda out, x: 3.0 * x * x])
    closed = ag.custom_op("own_sine", lambda x: math.sin(x), [lambda out, x: math.cos(x)])
    branch = ag.custom_op("own_sign", lambda x: x, [lambda out, x: 1.0 if x > 0.0 else -1.0])
    x = Value(0.5, label="x")
    text = str(explain(branch(closed(cube(x))), x))
    assert "∂v1/∂x   = 3 * x * x  = 0.75" in text
    assert "∂v2/∂v1               = 0.992198" in text
    assert "∂v3/∂v2               = 1" in text


def test_long_formulas_are_cut_to_the_width_and_long_derivatives_left_out():
    xs = [Value(float(i), label=f"a long name {i}") for i in range(30)]
    text = str(explain(ag.norm(xs) + ag.logsumexp(xs[:9]), xs[:3]))
    table = text.partition("Partial derivatives\n")[2].splitlines()
    assert max(map(len, table)) <= 80
    assert "…" in table[0]


@pytest.mark.parametrize("width", [80, 120, 200])
def test_only_what_holds_a_long_label_is_cut(width, monkeypatch):
    """In whichever column it stands; all other formulas are whole."""
    monkeypatch.setenv("COLUMNS", str(width))
    long = Value(0.1, label="the bias of the only neuron of the last layer")
    w, x = Value(0.5, label="w"), Value(2.0, label="x")
    text = str(explain(ag.tanh(w * x + w) ** 2 * ag.sigmoid(w) * long))
    table = text.partition("Partial derivatives\n")[2].splitlines()
    assert max(map(len, table)) <= width
    for line in table:
        for cell in re.split(r"  +", line.strip()):
            assert ("…" in cell) <= ("the b" in cell or " * …" in cell), cell
    for whole in ("v3 = tanh(v2) ", "v5 = sigmoid(w) ", "= v5 * (1 - v5) ", "∂v4/∂v3 "):
        assert any(whole in line for line in table)


def test_wrong_arguments_are_refused_with_the_way_out():
    x = Value(1.0)
    with pytest.raises(TypeError, match="root must be a Value"):
        explain(3.0)
    for wrong in (3.0, [3.0], "x"):
        with pytest.raises(TypeError, match=r"wrt\[0\] must be a Value"):
            explain(x, wrong)
    with pytest.raises(ValueError, match="was given -1"):
        explain(x, paths=-1)


def test_a_path_prints_its_length_and_product():
    x = Value(3.0)
    assert repr(explain(x * 2.0, x).paths) == "(<path of 1 step, product 2>,)"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_partial_derivative_written_as_text_is_python_and_gives_its_number(row):
    args = [
        Value(low + (high - low) * 0.6, label=f"x{i}")
        for i, (low, high) in enumerate(row.domain * (1 if row.arity else 3))
    ]
    y = Value._apply_op(row, args)
    y.label = "y"
    names = Wording([y, *args], Sweep(y, args), TEXT)
    values = {node.label: node.data for node in (y, *args)}

    def number(piece):
        python = piece.text.replace("·", "*").replace("≤", "<=").replace(" = ", " == ")
        return eval(python, {**TABLE, **values})

    assert number(names.call(y)) == pytest.approx(y.data)
    for piece, partial in zip(names.partials(y), y.local_grads, strict=True):
        assert piece is None or number(piece) == pytest.approx(partial, rel=1e-4)
