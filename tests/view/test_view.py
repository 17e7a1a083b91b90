"""Pictures of graphs: what they show, and that the same graph gives the same text."""

import base64
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import graphviz
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nodes import same_nodes

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.view.dot import draw_dot
from autograd_lite.view.folding.fold import Folding
from autograd_lite.view.folding.summary import BLOCKS
from autograd_lite.view.picture import every_value
from autograd_lite.view.steps import steps

SVG = "{http://www.w3.org/2000/svg}"


def neuron():
    """micrograd's example: tanh(x1*w1 + x2*w2 + b)."""
    x1, x2 = Value(2.0, "x1"), Value(0.0, "x2")
    w1, w2 = Value(-3.0, "w1"), Value(1.0, "w2")
    n = x1 * w1 + x2 * w2 + Value(6.8813735870195432, "b")
    out = ag.tanh(n)
    out.label = "o"
    out.backward()
    return out


def network(*sizes):
    """A perceptron whose layers and neurons are scopes, at fixed weights."""

    def run(xs):
        with ag.scope("MLP"):
            for k, size in enumerate(sizes):
                with ag.scope(f"layer {k}"):
                    xs = [unit(k, j, xs) for j in range(size)]
        return xs[0]

    weights = {}

    def unit(k, j, xs):
        with ag.scope(f"neuron {j}"):
            if (k, j) not in weights:
                weights[k, j] = [Value(0.1 * (i - j), f"w{i}") for i in range(len(xs))]
            return ag.tanh(ag.dot(weights[k, j], xs, 0.5))

    return run


def boxes(root, **options):
    """The boxes of a picture, by name."""
    max_nodes = options.pop("max_nodes", None)
    return {box.name: box for box in Folding(steps(root, **options), max_nodes).picture.boxes}


def texts(drawing):
    """All that is written in a picture, as it is laid out, without the room after it."""
    root = ElementTree.fromstring(drawing.pipe("svg"))
    return ["".join(element.itertext()).rstrip() for element in root.iter(f"{SVG}text")]


class TestBoxes:
    def test_each_value_is_one_box_with_data_gradient_and_symbol(self):
        """Numbers are written as %.4g, the op as its symbol."""
        written = texts(draw_dot(neuron()))
        for text in ("x1", "data 6.881", "grad -1.5", "o", "tanh", "data 0.7071", "*", "+"):
            assert text in written
        assert draw_dot(neuron()).source.count(" class=") == 10

    def test_draw_dot_is_a_graphviz_digraph(self):
        """The format is kept, as micrograd's function does."""
        drawing = draw_dot(neuron(), format="png", rankdir="TB")
        assert isinstance(drawing, graphviz.Digraph)
        assert (drawing.format, drawing.graph_attr["rankdir"]) == ("png", "TB")

    def test_x_times_x_has_two_edges(self):
        """One edge an argument, both with the partial derivative, into entries of their own."""
        x = Value(3.0)
        source = draw_dot(x * x).source
        assert re.findall(r"n0 -> (\S+) \[.*label=\" 3 \"", source) == ["n1:a0:w", "n1:a1:w"]

    def test_edges_are_in_the_order_of_the_arguments(self):
        """a / b is told from b / a."""
        a, b = Value(1.0, "a"), Value(4.0, "b")
        assert [arrow.tail for arrow in boxes(b / a)["n2"].arrows] == ["n0", "n1"]
        flipped = a / b + b  # b comes second in the order of the graph, and in this division
        assert [arrow.note.text for arrow in boxes(flipped)["n2"].arrows] == ["0.25", "-0.0625"]

    def test_colour_tells_leaf_parameter_constant_value_and_output(self):
        """A leaf made inside a scope is a parameter."""
        x = Value(2.0)
        with ag.scope("unit"):
            w = Value(3.0)
            y = (w * x + 1.0) * 2.0
        kinds = [box.kind for box in boxes(y).values()]
        assert kinds == ["parameter", "leaf", "value", "constant", "value", "constant", "output"]
        fills = re.findall(r"class=(\w+) color=\S+ fillcolor=(\S+)", draw_dot(y).source)
        assert len(set(fills)) == len({fill for _, fill in fills}) == 5

    @pytest.mark.parametrize(
        ("number", "sign"),
        [(1e-300, "positive"), (-2.0, "negative"), (0.0, "zero"), (float("nan"), "nan")],
    )
    def test_the_sign_of_a_gradient_has_a_colour(self, number, sign):
        """On the gradient and on the partial derivative alike."""
        x = Value(1.0)
        x.grad = number
        y = x * Value(number)
        drawn = boxes(y)
        assert drawn["n0"].lines[1].sign == sign
        assert drawn["n2"].arrows[0].note.sign == sign
        colour = {"positive": "#005A9C", "negative": "#B34700", "zero": "#6B7280", "nan": "#8E1B7C"}
        assert f'<font color="{colour[sign]}">grad {number:.4g}</font>' in draw_dot(x).source

    def test_a_constant_has_no_gradient_and_lets_none_through(self):
        """(-2)**3 never evaluates a logarithm: by a constant it has no partial derivative."""
        cube = boxes(Value(-2.0) ** 3.0)
        assert [line.text for line in cube["n1"].lines] == ["data 3"]
        assert [arrow.note.text for arrow in cube["n2"].arrows] == ["12", "—"]
        assert [arrow.from_constant for arrow in cube["n2"].arrows] == [False, True]
        assert cube["n2"].symbol == "**3"
        x = [Value(float(k)) for k in range(40)]
        folded = Folding(steps(ag.sum([ag.exp(v) for v in x]) * 3.0), 10).picture
        [note] = [a.note.text for box in folded.boxes for a in box.arrows if box.symbol == "*"][1:]
        assert note == "—"

    def test_constants_can_be_hidden(self):
        """A root that is a constant stays."""
        y = Value(2.0, "x") * 3.0 + 1.0
        assert [box.kind for box in boxes(y, constants=False).values()] == [
            "leaf", "value", "output",
        ]  # fmt: skip
        assert len(boxes(y.parents[1], constants=False)) == 1

    def test_the_picture_holds_the_gradients_of_its_time(self):
        """A view does not change when the graph is differentiated later."""
        y = Value(2.0) * Value(3.0)
        view = ag.draw(y)
        y.backward()
        assert "grad 2" not in repr(view)
        assert "grad 2" in repr(ag.draw(y))


HOSTILE = [
    '{}|<>"\\',
    "a\nb",
    "<b>bold</b>",
    "\\N \\G \\l",
    "&amp; & &#955;",
    "😀 λ",
    "a -> b",
    "\\",
]


class TestLabels:
    @pytest.mark.parametrize("label", HOSTILE)
    def test_a_label_is_shown_as_it_was_given(self, label):
        """Nothing in a label is taken for markup, an escape or a port."""
        written = texts(draw_dot(Value(1.0, label)))
        assert written[: label.count("\n") + 1] == label.split("\n")

    @pytest.mark.parametrize("name", [name for name in HOSTILE if "\n" not in name])
    def test_a_scope_is_shown_as_it_was_named(self, name):
        """The same holds for frames."""
        with ag.scope(name):
            y = Value(1.0) * 2.0
        assert name in texts(draw_dot(y))

    def test_a_long_label_ends_in_an_ellipsis_and_is_whole_in_the_tooltip(self):
        """What is cut is said to be cut."""
        label = "ab" * 100
        drawing = draw_dot(Value(1.0, label))
        assert texts(drawing)[0] == label[:39] + "…"
        assert label in drawing.source

    def test_many_lines_end_in_an_ellipsis(self):
        assert texts(draw_dot(Value(1.0, "1\n2\n3\n4\n5")))[:4] == ["1", "2", "3", "…"]

    @given(st.text())
    @example("\x00\ud800\uffff")
    @example("   ")
    @settings(max_examples=60, deadline=None)
    def test_every_label_gives_well_formed_markup(self, label):
        """Control characters and half surrogates become the replacement character."""
        with ag.scope(label + "s"):
            drawing = draw_dot(Value(1.0, label) * 1.0)
        drawing.source.encode()
        for markup in re.findall(r"label=<(<table.*?</table>)> ", drawing.source, re.DOTALL):
            ElementTree.fromstring(markup)


class TestScopes:
    def test_scopes_are_nested_frames(self):
        """The frame of a layer lies in that of the model; constants lie with their consumer."""
        y = network(2, 1)([Value(1.0), Value(2.0)]) - 1.0
        source = draw_dot(y).source
        opened = re.findall(r"\t(subgraph|\}|color=.*label=<(.*?)> |n\d+ \[)", source)
        depth, frames, deepest = 0, {}, 0
        for token, label in opened:
            depth += {"subgraph": 1, "}": -1}.get(token, 0)
            deepest = max(deepest, depth)
            if label:
                frames.setdefault(label, set()).add(depth)
        assert depth == 0
        assert frames == {
            "MLP": {1}, "layer 0": {2}, "layer 1": {2}, "neuron 0": {3}, "neuron 1": {3},
        }  # fmt: skip
        assert deepest == 3
        assert {box.scope[-1:] for box in boxes(y).values() if box.kind == "constant"} == {
            ("neuron 0",), ("neuron 1",), (),
        }  # fmt: skip

    def test_a_thousand_nested_scopes_are_no_recursion(self):
        """Frames are written in one pass."""
        from contextlib import ExitStack

        with ExitStack() as stack:
            for i in range(1500):
                stack.enter_context(ag.scope(f"s{i}"))
            y = Value(1.0) * 2.0
        assert draw_dot(y).source.count("subgraph") == 1500


class TestExpand:
    def test_dot_becomes_its_multiplications_and_additions(self):
        """bias + w0*x0 + w1*x1, in that order, ending in the box of the node itself."""
        w, x = [Value(3.0, "w0"), Value(5.0, "w1")], [Value(2.0, "x0"), Value(-1.0, "x1")]
        out = ag.dot(w, x, 7.0)
        out.label = "out"
        assert len(boxes(out)) == 6
        drawn = boxes(out, expand=True)
        assert [box.symbol for box in drawn.values() if box.symbol] == ["*", "+", "*", "+"]
        last = list(drawn.values())[-1]
        assert (last.label, last.kind, last.lines[0].text) == ("out", "output", "data 8")

    def test_gradients_of_the_small_steps_are_local_adjoints_times_the_nodes(self):
        """As if the small steps had been recorded in the first place."""
        w, x = [Value(3.0), Value(5.0)], [Value(2.0), Value(-1.0)]
        y = ag.logsumexp([ag.dot(w, x, 0.1), ag.norm(x), x[0]]) * 3.0
        y.backward()
        graph = steps(y, expand=True)
        truth = dict.fromkeys(graph.order, 0.0)
        truth[y] = 1.0
        for node in reversed(graph.order):
            for parent, partial in zip(
                graph.parents(node), graph.made_by(node).local_grads, strict=True
            ):
                truth[parent] += truth[node] * partial
        assert len(graph.order) > 40
        for node in graph.order:
            if not node.constant:
                assert node.grad == pytest.approx(truth[node], rel=1e-12)

    def test_no_many_argument_node_is_left(self):
        """A row whose expansion holds many-argument rows is expanded to the end."""
        xs = [Value(1.0), Value(2.0), Value(2.0)]
        graph = steps(ag.logsumexp(xs) + ag.norm(xs, 3.0) + ag.max(xs) + ag.mean(xs), expand=True)
        assert {len(graph.parents(node)) for node in graph.order} <= {0, 1, 2, 3}

    @pytest.mark.parametrize(
        "root",
        [ag.sum([Value(1.0)]), ag.max([Value(1.0)]), ag.dot([], [], Value(1.0)), Value(1.0)],
    )
    def test_what_has_no_small_steps_is_still_drawn(self, root):
        """max of one number is that number."""
        assert list(boxes(root, expand=True).values())[-1].lines[0].text == "data 1"

    def test_a_shared_argument_stays_one_box(self):
        x = Value(3.0, "x")
        drawn = boxes(ag.dot([x, x], [x, 2.0]), expand=True)
        assert [box.label for box in drawn.values()].count("x") == 1

    def test_small_steps_lie_in_the_scope_of_the_node(self):
        with ag.scope("unit"):
            y = ag.dot([Value(1.0)], [Value(2.0)])
        assert {box.scope for box in boxes(y, expand=True).values()} == {("unit",)}

    def test_a_stale_node_is_refused(self):
        """Its small steps at the recorded numbers are unknown."""
        x = Value(1.0)
        y = ag.sum([x, 2.0])
        x.data = 5.0
        with pytest.raises(ag.GraphError, match="refresh"):
            draw_dot(y, expand=True)
        assert "data 3" in draw_dot(y).source

    def test_expanding_leaves_the_graph_as_it_is(self):
        xs = [Value(1.0), Value(2.0)]
        y = ag.sum(xs)
        y.backward()
        draw_dot(y, expand=True)
        assert same_nodes(y.parents, xs)
        assert ([x.grad for x in xs], y.grad) == ([1.0, 1.0], 1.0)


class TestFolding:
    def test_a_large_graph_folds_to_the_deepest_scope_level_that_fits(self):
        """The picture and the text say how much there is and how much is shown."""
        model = network(4, 4, 1)
        loss = ag.sum([(model([Value(float(k)), Value(1.0)]) - 1.0) ** 2 for k in range(10)])
        loss.backward()
        total = len(boxes(loss))
        folded = ag.draw(loss, max_nodes=30)
        # 9 neurons, the inputs, what is outside any scope, the loss
        assert repr(folded).startswith(f"{total:,} values, showing 12 groups (by scope)\n")
        assert f"{total:,} values, showing 12 groups (by scope)" in texts(folded.to_graphviz())
        coarser = repr(ag.draw(loss, max_nodes=11))
        assert "showing 6 groups (by scope)" in coarser
        assert "layer 2" in coarser
        assert "neuron" not in coarser

    def test_a_histogram_is_drawn_as_shapes(self):
        """One for each bar, beside its range; no font has to have blocks."""
        x = Value(1.0)
        y = ag.sum([ag.exp(x * k) for k in (0.0, 0.0, 0.0, 1.0, 1.0, 0.6)])
        drawing = draw_dot(y, max_nodes=5)
        written = texts(drawing)
        assert {"data 1", "2.718"} <= set(written)
        assert not set("".join(written)) & set(BLOCKS)
        [group] = [
            group
            for group in ElementTree.fromstring(drawing.pipe("svg")).iter(f"{SVG}g")
            if group.get("class") == "node value" and "2.718" in "".join(group.itertext())
        ]
        bars = [shape.get("points").split() for shape in group.iter(f"{SVG}polygon")]
        corners = [[[float(c) for c in point.split(",")] for point in bar] for bar in bars]
        spans = [(max(x for x, _ in c) - min(x for x, _ in c)) for c in corners]
        heights = [max(y for _, y in c) - min(y for _, y in c) for c in corners]
        assert sum(spans) == pytest.approx(50, abs=0.2)  # ten bars; those alike are one shape
        first, flat, small, flat_too, last = heights
        assert first > last > small > flat == flat_too > 0

    def test_a_group_says_what_it_holds(self):
        model = network(2, 1)
        loss = ag.sum([model([Value(1.0), Value(2.0)]) for _ in range(5)])
        [unit] = [b for b in boxes(loss, max_nodes=10).values() if b.scope[1:] == ("layer 1",)]
        assert (unit.label, unit.kind) == ("neuron 0", "group")
        # 5 runs of dot, tanh and the bias 0.5; two weights
        assert unit.lines[0].text == "17 values, computed ×5"
        assert unit.lines[1].text == "5 constants, 5 dot, 5 tanh"
        assert unit.lines[2].text == "2 parameters"
        # the sample passes two neurons, once each run
        assert [arrow.note.text for arrow in unit.arrows] == ["×5", "×5"]

    def test_without_scopes_it_folds_by_depth(self):
        """Inputs, ten layers, and the output by itself."""
        x = Value(1.0, "x")
        y = x
        for _ in range(1000):
            y = ag.sin(y)
        drawn = boxes(y, max_nodes=200)
        assert [box.label for box in drawn.values()] == [
            "x", *[f"depth {i:,} to {i + 99:,}" for i in range(1, 1000, 100)], "",
        ]  # fmt: skip
        assert [box.arrows[0].note.text for box in list(drawn.values())[2:-1]] == ["×1"] * 9

    @pytest.mark.parametrize("max_nodes", [1, 2, 3, 4, 5, 13, 50])
    @pytest.mark.parametrize("scoped", [True, False])
    def test_there_are_never_more_groups_than_asked_for(self, max_nodes, scoped):
        """And every value is in one of them."""
        total = Value(0.0)
        for k in range(30):
            if scoped:
                with ag.scope(f"sample {k}"):
                    total = total + Value(2.0) * float(k)
            else:
                total = total + Value(2.0) * float(k)
        order = steps(total).order
        shown = Folding(steps(total), max_nodes).picture
        assert len(shown.boxes) <= max_nodes
        assert f"{len(order)} values, showing {len(shown.boxes)} group" in shown.caption
        held = [re.match(r"×?(\d+)(?: values?\b.*)?$", box.lines[0].text) for box in shown.boxes]
        assert sum(int(m[1]) if m else 1 for m in held) == len(order)

    def test_nothing_is_folded_that_fits(self):
        out = neuron()
        assert Folding(steps(out), 10).picture.caption == ""
        assert Folding(steps(out), 9).picture.caption.startswith("10 values, showing ")

    def test_draw_dot_draws_every_value_unless_told(self):
        y = Value(1.0)
        for _ in range(300):
            y = ag.sin(y)
        assert draw_dot(y).source.count(" class=") == 301
        assert draw_dot(y, max_nodes=300).source.count(" class=") == 12

    def test_a_group_with_nan_gradients_says_so(self):
        y = Value(1.0)
        for k in range(20):
            y = ag.sin(y)
            y.grad = float("nan") if k < 3 else 2.0
        lines = [line.text for box in boxes(y, max_nodes=4).values() for line in box.lines]
        assert "‖grad‖ 2" in lines
        assert "grad nan in 3" in lines

    def test_nodes_without_parents_and_hidden_constants_fold_too(self):
        y = ag.sum([]) if isinstance(ag.sum([]), Value) else Value(0.0)
        for _ in range(40):
            y = 1.0 + y * 2.0
        folded = Folding(steps(y, constants=False), 10).picture
        assert folded.caption.startswith("81 values, showing ")
        assert "constants" not in str(folded.boxes)

    def test_a_crowd_of_arrows_between_groups_is_straight_and_without_numbers(self):
        """Fully connected layers of 12 stay legible."""
        model = network(12, 12, 1)
        source = draw_dot(ag.sum([model([Value(float(k))]) for k in range(3)]), max_nodes=50).source
        assert source.count(" -> ") > 144
        assert "splines=line" in source
        assert "label=×" not in source

    def test_many_long_arrows_are_laid_out_in_time(self):
        """Curves around a hundred boxes would take a minute."""
        x = Value(1.0)
        y = x
        for _ in range(80):
            y = y + x
        assert draw_dot(y, time_limit=20).pipe("svg").startswith(b"<?xml")
        assert "splines" not in draw_dot(neuron()).source

    def test_the_output_lies_in_the_frames_of_the_groups(self):
        """No frame repeats the name of a group."""
        y = Value(1.0)
        with ag.scope("loop"):
            for _ in range(30):
                y = ag.sin(y)
        assert [box.scope for box in boxes(y, max_nodes=10).values()] == [(), (), ()]

    def test_a_long_chain_folds_without_recursion(self):
        y = Value(1.0)
        for _ in range(30_000):
            y = ag.sin(y)
        assert repr(ag.draw(y)).startswith("30,001 values, showing 12 groups (by depth)")


class TestText:
    def test_the_listing_is_bounded_and_says_so(self):
        y = Value(1.0)
        for _ in range(99):
            y = ag.sin(y)
        lines = repr(ag.draw(y)).splitlines()
        assert (lines[0], lines[-1], len(lines)) == ("100 values", "  … and 70 more", 32)

    def test_many_arguments_are_counted(self):
        assert "… and 4 more" in repr(ag.draw(ag.sum([Value(float(k)) for k in range(10)])))

    def test_the_same_graph_gives_the_same_bytes_in_every_process(self):
        program = (
            "import autograd_lite as ag\n"
            "with ag.scope('a'):\n    w = [ag.Value(float(k), str(k)) for k in range(9)]\n"
            "    y = ag.dot(w, [ag.Value(1.0)] * 9)\n"
            "for k in range(9):\n    y = ag.tanh(y + w[k] * w[-k])\n"
            "y.backward()\n"
            "for n in (None, 10):\n"
            "    print(ag.draw_dot(y, max_nodes=n, expand=True).source, ag.draw(y, max_nodes=n))\n"
        )
        outputs = {
            subprocess.run(
                [sys.executable, "-c", program], check=True, capture_output=True,
                env={**os.environ, "PYTHONHASHSEED": seed},
            ).stdout
            for seed in ("1", "2", "3")
        }  # fmt: skip
        assert len(outputs) == 1
        assert b" at 0x" not in outputs.pop()


class TestView:
    def test_a_notebook_gets_an_image_that_carries_its_data(self):
        """An <img> with a data URI and alternative text; and the listing."""
        view = ag.draw(neuron())
        bundle = view._repr_mimebundle_()
        assert bundle["text/plain"] == repr(view)
        assert bundle["text/html"] == view._repr_html_()
        image = ElementTree.fromstring(re.search("<img [^>]*>", bundle["text/html"])[0][:-1] + "/>")
        kind, data = image.attrib["src"].split(",")
        assert kind == "data:image/svg+xml;base64"
        assert ElementTree.fromstring(base64.b64decode(data)).tag == f"{SVG}svg"
        assert image.attrib["alt"] == "computation graph: 10 values"

    def test_a_value_shows_its_graph(self):
        """As plain text it stays its repr; a lone leaf is shown as well."""
        for value in (neuron(), Value(2.0, "a")):
            bundle = value._repr_mimebundle_()
            assert bundle["text/plain"] == repr(value)
            assert '<img src="data:image/svg+xml;base64,' in bundle["text/html"]

    def test_only_what_is_asked_for_is_made(self):
        leaf = Value(1.0)
        assert list(leaf._repr_mimebundle_(include={"text/plain"})) == ["text/plain"]
        assert list(leaf._repr_mimebundle_(exclude={"text/plain"})) == ["text/html"]

    def test_a_front_end_of_text_lays_nothing_out(self, monkeypatch):
        """IPython in a terminal asks for everything, then shows the text."""

        class Shell:
            class display_formatter:  # noqa: N801
                active_types = ("text/plain",)

        class IPython:
            get_ipython = staticmethod(lambda: Shell)

        monkeypatch.setitem(sys.modules, "IPython", IPython)
        assert list(neuron()._repr_mimebundle_()) == ["text/plain"]
        Shell.display_formatter.active_types = ("text/plain", "text/html")
        assert "text/html" in neuron()._repr_mimebundle_()

    def test_to_graphviz_gives_a_digraph_of_its_own(self):
        view = ag.draw(neuron())
        drawing = view.to_graphviz()
        drawing.node("mine")
        assert isinstance(drawing, graphviz.Digraph)
        assert "mine" not in view.to_graphviz().source

    @pytest.mark.parametrize(
        ("suffix", "start"),
        [
            (".svg", b"<?xml"),
            (".png", b"\x89PNG"),
            (".dot", b"digraph"),
            (".html", b"<!DOCTYPE html>"),
        ],
    )
    def test_it_saves(self, tmp_path, suffix, start):
        path = tmp_path / f"x{suffix}"
        assert ag.draw(neuron()).save(str(path)) == path
        assert path.read_bytes().startswith(start)
        assert [p.name for p in tmp_path.iterdir()] == [path.name]

    @pytest.mark.parametrize(
        "label", ["w", "a<b & \"c'", "two\nlines", "\x07\x1b", "\ud800", "-->"]
    )
    @pytest.mark.parametrize("way", ["save", "render", "diff", "folded"])
    def test_a_screen_reader_is_told_what_a_saved_svg_shows(self, tmp_path, label, way):
        """As one image, with a title and, in place of its boxes, the listing."""
        w = ag.Value(2.0, label=label)
        graph, path = ag.tanh(w) * w, tmp_path / "x.svg"
        view = ag.draw_diff(ag.draw(graph), graph) if way == "diff" else ag.draw(graph)
        if way == "folded":
            view = ag.draw(sum([w] * 9), max_nodes=3)
        if way == "render":
            ag.draw_dot(graph).render(tmp_path / "x.gv", outfile=path)
        else:
            view.save(path)
        picture = ElementTree.parse(path).getroot()
        title, described = [*picture][:2]
        assert picture.get("role") == "img"
        assert title.tag.endswith("}title")
        assert title.text == "Computation graph: " + repr(view).partition("\n")[0]
        assert described.tag.endswith("}desc")
        assert described.text == "Computation graph: " + repr(view)

    def test_a_page_says_it_by_itself(self):
        """Its picture is one to walk through, and what is said of it stands in the page."""
        data = re.search(r'base64,([^"]*)"', ag.draw(neuron())._repr_html_())[1]
        assert not re.search(rb"<title|<desc|role=", base64.b64decode(data))

    @pytest.mark.parametrize("name", ["x.htm", "x.jpg", "x", "x.SVGZ"])
    def test_another_ending_is_refused(self, tmp_path, name):
        with pytest.raises(ValueError, match=r"\.svg, \.png, \.gif, \.pdf, \.dot"):
            ag.draw(neuron()).save(tmp_path / name)

    def test_wrong_arguments_are_refused(self):
        with pytest.raises(TypeError, match="root must be a Value"):
            ag.draw(3.0)
        with pytest.raises(ValueError, match="LR, RL, TB, BT"):
            ag.draw_dot(neuron(), rankdir="left")
        with pytest.raises(ValueError, match="max_nodes"):
            ag.draw(neuron(), max_nodes=0)
        with pytest.raises(ValueError, match="jpgg"):
            ag.draw_dot(neuron(), format="jpgg")

    @pytest.mark.parametrize("rankdir", ["LR", "TB", "RL", "BT"])
    def test_every_direction_is_laid_out(self, rankdir):
        """And the arrows find their entries."""
        done = draw_dot(neuron(), rankdir=rankdir).pipe("svg", encoding="utf-8")
        assert done.count('class="edge"') == 9

    def test_micrograds_own_drawing_function_works(self):
        """trace_graph's names: _prev, _op, data, grad."""
        out = neuron()
        nodes, edges, stack = set(), set(), [out]
        while stack:
            node = stack.pop()
            nodes.add(node)
            stack += node._prev
            edges |= {(child, node) for child in node._prev}
        assert (len(nodes), len(edges)) == (10, 9)
        assert {node._op for node in nodes} == {"", "*", "+", "tanh"}

    def test_every_value_of_the_graph_has_a_box(self):
        out = neuron()
        assert len(every_value(steps(out)).boxes) == 10
