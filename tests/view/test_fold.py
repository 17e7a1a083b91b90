"""Folded pictures of large graphs: what is in one box, and what is inside it."""

import math
import random
import re
import time

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.view.dot import drawing_of
from autograd_lite.view.folding.fold import Folding
from autograd_lite.view.folding.summary import norm, sparkline, spread
from autograd_lite.view.steps import steps


def loss_of(samples, *, scoped=False, sizes=(4, 1)):
    """Mean squared error of a perceptron over samples, a running sum."""
    rng = random.Random(1)
    model = nn.MLP(2, list(sizes), seed=1)
    total = 0.0
    for i in range(samples):
        x = [rng.uniform(-1, 1), rng.uniform(-1, 1)]
        if scoped:
            with ag.scope(f"sample {i}"):
                total = total + (model([Value(number) for number in x]) - 1.0) ** 2
        else:
            total = total + (model(x) - rng.random()) ** 2
    loss = total / samples
    loss.backward()
    return loss


def folding(root, max_nodes=200, **options):
    return Folding(steps(root), max_nodes, **options)


def text_of(box):
    return [line.text for line in box.lines]


def check_whole(fold, name, max_nodes):
    """The boxes of a level hold each value once, and every arrow comes from a box."""
    picture = fold.level(name).picture
    assert len(picture.boxes) <= max_nodes
    names = [box.name for box in picture.boxes]
    assert len(set(names)) == len(names)
    assert {a.tail for box in picture.boxes for a in box.arrows} <= set(names)
    own = [box for box in picture.boxes if box.kind != "outside"]
    held = np.concatenate([fold.members(box.name) for box in own])
    assert sorted(held.tolist()) == sorted(expected(fold, name).tolist())
    return own


def expected(fold, name):
    return fold.members(name) if name else np.arange(len(fold.columns))


class TestSamples:
    @pytest.mark.parametrize("scoped", [False, True])
    def test_a_hundred_samples_are_one_with_times_hundred(self, scoped):
        """Parameters stay by themselves, and the two inputs are told apart."""
        shown = folding(loss_of(100, scoped=scoped)).picture
        one = folding(loss_of(1, scoped=scoped), None).picture
        # the running sum and its beginning are there once more or less
        assert abs(len(shown.boxes) - len(one.boxes)) <= 1
        parameters = [box for box in shown.boxes if box.kind == "parameter"]
        assert sum(box.label.startswith(("w", "b")) for box in parameters) == 17
        for symbol, many in (("dot", 5), ("ReLU", 4), ("**2", 1), ("-", 1), ("+", 1)):
            found = [box for box in shown.boxes if box.symbol == symbol]
            assert [text_of(box)[0] for box in found] == ["×100"] * many
        assert "what is alike in one box" in shown.caption

    def test_scopes_that_differ_by_a_number_are_one_frame(self):
        shown = folding(loss_of(100, scoped=True)).picture
        scopes = {box.scope[0]: box for box in shown.boxes if box.scope}
        # what the running sum begins with is in the first sample only
        assert set(scopes) == {"MLP", "sample 0", "sample ×100"}
        assert [box.lines[0].text for box in shown.boxes if box.scope[:1] == ("sample 0",)] == [
            "data 0"
        ]
        coarse = folding(loss_of(100, scoped=True), 8).picture
        assert ("sample ×100",) in {box.scope for box in coarse.boxes}

    @pytest.mark.parametrize("samples", [1, 3])
    def test_a_frame_counts_the_scopes_of_its_own_frames_alone(self, samples):
        """Eight neurons in one layer and two in the next are not ten; nor 24 in three samples."""
        outputs = []
        for sample in range(samples):
            with ag.scope(f"sample {sample}"):
                xs = [Value(0.1 * k) for k in range(30)]
                for layer, width in enumerate((8, 2)):
                    with ag.scope(f"layer {layer}"):
                        neurons = []
                        for j in range(width):
                            with ag.scope(f"neuron {j}"):
                                neurons.append(ag.tanh(ag.sum(xs)))
                    xs = neurons
                outputs.append(ag.sum(xs))
        scopes = {box.scope for box in folding(ag.sum(outputs), 20).picture.boxes}
        outer = ("sample 0",) if samples == 1 else ("sample ×3",)
        assert (*outer, "layer 0", "neuron ×8") in scopes
        assert (*outer, "layer 1", "neuron ×2") in scopes

    def test_samples_that_are_computed_otherwise_are_no_copies(self):
        x = [Value(float(k)) for k in range(300)]
        y = ag.sum([ag.tanh(a) if k % 3 else ag.exp(a) for k, a in enumerate(x)])
        found = {box.symbol: text_of(box)[0] for box in folding(y).picture.boxes}
        assert (found["tanh"], found["exp"]) == ("×200", "×100")

    def test_powers_of_one_number_are_no_running_sum(self):
        w, y = Value(1.0), Value(0.5, "h")
        for _ in range(300):
            y = w * y
        assert "by depth" in folding(y).picture.caption

    def test_the_constants_of_two_neurons_are_not_mixed(self):
        """They go with what uses them."""

        def neuron(j, x):
            with ag.scope(f"neuron {j}"):
                return ag.tanh(weights[j] * x + 0.5)

        weights = []
        for j in range(2):
            with ag.scope(f"neuron {j}"):
                weights.append(Value(0.1 * j, "w"))
        y = ag.sum([neuron(j, Value(float(k))) for k in range(100) for j in range(2)])
        shown = folding(y).picture.boxes
        halves = [box for box in shown if box.kind == "constant"]
        assert [(text_of(b)[0], b.scope) for b in halves] == [
            ("×100", ("neuron 0",)), ("×100", ("neuron 1",)),
        ]  # fmt: skip


class TestBoxes:
    def test_a_folded_box_says_range_histogram_norm_and_parameters(self):
        loss = loss_of(100, sizes=(4, 1))
        shown = folding(loss, 20).picture
        [unit] = [b for b in shown.boxes if b.scope == ("MLP", "layer 1")]
        fold = folding(loss, 20)
        assert fold.picture == shown
        held = [fold.graph.order[i] for i in fold.members(unit.name)]
        outputs = [node.data for node in held if node.op]
        grads = [node.grad for node in held if node.label]
        summary = unit.summary
        assert (summary.values, summary.parameters, summary.copies) == (len(held), 5, 100)
        assert (summary.low, summary.high) == (min(outputs), max(outputs))
        assert summary.norm == pytest.approx(math.hypot(*grads), rel=1e-15)
        assert sum(summary.bars) == len(outputs)
        lines = text_of(unit)
        assert lines[0] == "105 values, computed ×100"
        assert "5 parameters" in lines
        low, high = min(outputs), max(outputs)
        assert f"outputs {low:.4g} {sparkline(summary.bars)} {high:.4g}" in lines
        assert f"‖grad‖ {summary.norm:.4g}" in lines

    def test_histograms_leave_out_what_is_no_number_and_the_box_says_so(self):
        x = [Value(float(k)) for k in range(10)]
        x[3].data, x[4].data = math.nan, math.inf
        y = ag.sum([ag.exp(a) for a in x] * 30)
        lines = [text for box in folding(y, 5).picture.boxes for text in text_of(box)]
        assert "data nan in 1" in lines
        assert "data inf in 1" in lines

    def test_histograms_of_huge_ranges_do_not_overflow(self):
        low, high, bars = spread(np.array([-1.7e308, 0.0, 1.7e308]))
        assert (low, high) == (-1.7e308, 1.7e308)
        assert (bars[0], sum(bars), bars[-1]) == (1, 3, 1)
        assert spread(np.array([2.0, 2.0])) == (2.0, 2.0, ())
        assert math.isnan(spread(np.array([math.nan]))[0])

    def test_norms_of_huge_numbers_do_not_overflow(self):
        assert norm(np.array([3e200, 4e200])) == pytest.approx(5e200)
        assert norm(np.array([3e-200, 4e-200, math.nan])) == pytest.approx(5e-200)
        assert norm(np.array([])) == 0.0
        assert math.isnan(norm(np.array([math.nan])))

    def test_a_bar_that_is_not_empty_is_seen(self):
        assert sparkline((0, 1, 1000)) == "▁▂█"
        assert sparkline(()) == ""


class TestInside:
    @pytest.mark.no_cover
    @pytest.mark.parametrize("max_nodes", [4, 5, 20, 200])
    @pytest.mark.parametrize("kind", ["network", "samples", "chain", "fan", "plain"])
    def test_every_box_opens_down_to_its_values(self, kind, max_nodes):
        """No value is lost or shown twice on any level, and no level has too many boxes."""
        fold = folding(GRAPHS[kind](), max_nodes)
        waiting, alone = [""], []
        while waiting:
            for box in check_whole(fold, waiting.pop(), max_nodes):
                if box.opens:
                    waiting.append(box.name)
                else:
                    alone += fold.members(box.name).tolist()
        assert sorted(alone) == list(range(len(fold.columns)))

    def test_what_lies_around_a_box_is_dashed(self):
        fold = folding(loss_of(100), 20)
        [unit] = [b for b in fold.picture.boxes if b.scope == ("MLP", "layer 1")]
        level = fold.level(unit.name)
        around = [box for box in level.picture.boxes if box.kind == "outside"]
        assert around[-1].label.startswith("used by ")
        assert {a.tail for a in around[-1].arrows} <= {b.name for b in level.picture.boxes}
        assert all(not box.arrows and not box.opens for box in around[:-1])
        assert level.picture.caption == (
            "MLP/layer 1/neuron 0: 105 values, showing 6 groups (what is alike in one box)"
        )
        assert 'style="rounded,filled,dashed"' in drawing_of(level.picture).source

    def test_breadcrumbs_lead_from_the_graph_to_the_box(self):
        y = Value(1.0, "x")
        for _ in range(5000):
            y = ag.sin(y)
        fold = folding(y)
        first = fold.picture.boxes[1]
        second = next(box for box in fold.level(first.name).picture.boxes if box.opens)
        crumbs = fold.breadcrumbs(second.name)
        assert [level.name for level in crumbs] == ["", first.name, second.name]
        assert [level.title for level in crumbs] == ["graph", first.label, second.label]
        with pytest.raises(KeyError):
            fold.level("g77")

    def test_levels_for_a_page_are_bounded_and_count_what_is_left_out(self):
        y = Value(1.0)
        for _ in range(30_000):
            y = ag.sin(y)
        found, left_out = folding(y).levels(most_boxes=100)
        names = [level.name for level in found]
        assert sum(len(level.picture.boxes) for level in found) <= 100
        opening = [b.name for level in found for b in level.picture.boxes if b.opens]
        assert left_out == len(set(opening) - set(names)) > 0
        every, none = folding(loss_of(50), 20).levels(10_000)
        assert none == 0
        assert len(every) > 10


class TestOptions:
    def test_depth_says_how_many_levels_of_scopes_are_shown(self):
        loss = loss_of(3)
        for depth, label in ((1, "MLP"), (2, "layer 1"), (3, "neuron 0")):
            shown = ag.draw_dot(loss, depth=depth).folding.picture
            assert label in {box.label for box in shown.boxes}
            assert max(len(box.scope) for box in shown.boxes) == depth - 1
        assert "by scope" in repr(ag.draw(loss, depth=9))

    def test_a_depth_that_does_not_fit_is_made_less(self):
        assert "layer 0" in repr(ag.draw(loss_of(3), depth=3, max_nodes=6))

    @pytest.mark.parametrize("name", ["layer 1", "MLP/layer 1"])
    def test_expand_opens_scopes(self, name):
        shown = ag.draw(loss_of(100), depth=1, expand=name).folding.picture
        opened = [box for box in shown.boxes if box.scope[:2] == ("MLP", "layer 1")]
        assert sorted(box.label or box.symbol for box in opened) == [
            "b", "dot", "w0", "w1", "w2", "w3",
        ]  # fmt: skip
        assert "rest of MLP" in {box.label for box in shown.boxes}

    def test_expand_without_room_says_so(self):
        text = repr(ag.draw(loss_of(100), expand=["layer 0"], max_nodes=6))
        assert "no room to open 'layer 0'" in text

    def test_a_scope_that_is_not_there_is_refused(self):
        with pytest.raises(ValueError, match=r"none named 'layer 7'; there are: .*'MLP'"):
            ag.draw(loss_of(2), expand="layer 7")
        with pytest.raises(ValueError, match="depth is an int of at least 1"):
            ag.draw(loss_of(2), depth=0)

    def test_wrt_shows_the_paths_between_and_says_so(self):
        a, b, c = Value(1.0, "a"), Value(2.0, "b"), Value(3.0, "c")
        y = ag.tanh(a * b) + ag.exp(b * c) * 2.0
        shown = ag.draw(y, wrt=a).folding.picture
        assert [box.label or box.symbol for box in shown.boxes] == ["a", "*", "tanh", "+"]
        assert shown.caption == "4 of 10 values, those between a and the output"
        assert len(ag.draw(y, wrt=[a, c]).folding.picture.boxes) == 8
        with pytest.raises(ag.GraphError, match="does not depend on"):
            ag.draw(y, wrt=Value(7.0))
        with pytest.raises(TypeError, match="wrt must be a Value"):
            ag.draw(y, wrt=[3.0])

    def test_wrt_and_small_steps_go_together(self):
        xs = [Value(float(k), f"x{k}") for k in range(4)]
        shown = ag.draw(ag.sum(xs), expand=True, wrt=xs[3]).folding.picture
        assert [box.label or box.symbol for box in shown.boxes] == ["x3", "+"]


@pytest.mark.no_cover
class TestSpeed:
    @pytest.mark.parametrize("kind", ["network", "samples", "chain"])
    def test_sixty_five_thousand_values_are_drawn_in_time(self, kind, tmp_path):
        """2 s and 1 MB are asked for; a busy machine is given twice the time."""
        loss = {
            "network": lambda: loss_of(900, sizes=(16, 16, 1)),
            "samples": lambda: loss_of(4000, scoped=True),
            "chain": lambda: chain(65_000),
        }[kind]()
        start = time.process_time()
        view = ag.draw(loss, layout="graph")
        levels, _ = view.folding.levels()
        path = view.save(tmp_path / "x.svg")
        assert time.process_time() - start < 4.0
        assert len(levels) > 10
        assert path.stat().st_size < 900_000

    @pytest.mark.skipif(ag.engine == "python", reason="recording takes longer than drawing")
    def test_a_million_values_are_drawn_in_time(self):
        y = chain(1_000_000)
        start = time.process_time()
        assert repr(ag.draw(y)).startswith("1,000,001 values, showing 12 groups (by depth)")
        assert time.process_time() - start < 30.0


def chain(length):
    y = Value(0.3)
    for _ in range(length):
        y = ag.sin(y)
    return y


def plain():
    """Without scopes or labels: twenty weights by hand."""
    weights = [Value(0.1 * k) for k in range(20)]
    total = Value(0.0)
    for k in range(20):
        total = total + ag.tanh(sum(w * Value(float(k)) for w in weights))
    return total


GRAPHS = {
    "network": lambda: loss_of(40),
    "samples": lambda: loss_of(30, scoped=True),
    "chain": lambda: chain(3000),
    "fan": lambda: ag.sum([Value(float(k)) for k in range(1000)]),
    "plain": plain,
}


def test_neurons_of_a_layer_are_in_their_order():
    """From the top, as they are numbered; the layout would have them where lines cross least."""
    view = ag.draw(loss_of(4, sizes=(4, 4, 1)), depth=3, max_nodes=40)
    svg = view.to_graphviz().pipe("svg", encoding="utf-8")
    names = [box.name for box in view.folding.picture.boxes if box.scope[-1:] == ("layer 0",)]
    labels = {box.name: box.label for box in view.folding.picture.boxes}
    heights = {
        name: float(re.search(rf'id="{name}" class="node.*?\by="(-[\d.]+)"', svg, re.DOTALL)[1])
        for name in names
    }
    assert len(names) == 4
    assert [labels[name] for name in sorted(names, key=heights.get)] == [
        f"neuron {k}" for k in range(4)
    ]
