"""Two graphs of one training step in one picture."""

import math
import random

import pytest

import autograd_lite as ag
from autograd_lite import Value, nn


@pytest.fixture
def model():
    return nn.MLP(2, [4, 1], activation="tanh", seed=3)


def loss_of(model, samples=1):
    rng = random.Random(5)
    total = Value(0.0)
    for _ in range(samples):
        x = [rng.uniform(-1, 1), rng.uniform(-1, 1)]
        total = total + (model(x) - rng.random()) ** 2
    loss = total / samples
    for parameter in model.parameters():
        parameter.grad = 0.0
    loss.backward()
    return loss


def step(model):
    for parameter in model.parameters():
        parameter.data -= 0.1 * parameter.grad


class TestStep:
    def test_each_box_has_both_numbers_and_what_moved(self, model):
        loss = loss_of(model)
        before = ag.draw(loss)
        old = [(n.data, n.grad) for n in before.folding.graph.order]
        step(model)
        after = loss_of(model)
        view = ag.draw_diff(before, after)
        new = ag.draw(after).folding.graph.order
        written = view.to_graphviz().source
        moved = 0
        for (data, grad), node in zip(old, new, strict=True):
            for what, first, last in (("data", data, node.data), ("grad", grad, node.grad)):
                if first != last and not node.constant:
                    glyph = "▲" if last > first else "▼"
                    line = f"{what} {first:.4g} → {last:.4g} {glyph} {last - first:+.3g}"
                    assert line in written
                    moved += 1
        assert moved > 40
        assert "data 2 =" in written

    def test_the_caption_says_what_the_step_did(self, model):
        loss = loss_of(model)
        before = ag.draw(loss)
        old = [p.data for p in model.parameters()]
        step(model)
        after = loss_of(model)
        most = max(abs(p.data - q) for p, q in zip(model.parameters(), old, strict=True))
        first = repr(ag.draw_diff(before, after)).splitlines()[0]
        delta = after.data - loss.data
        assert first.startswith(
            f"output {loss.data:.4g} → {after.data:.4g} ▼ {delta:+.3g}; "
            f"17 of 17 parameters moved, by at most {most:.3g} ("
        )
        assert " in MLP/layer " in first

    def test_colour_tells_direction_and_size(self):
        a, b = Value(1.0, "a"), Value(2.0, "b")
        before = ag.draw(a + b)
        a.data, b.data = 2.0, 1.95
        source = ag.draw_diff(before, a + b).to_graphviz().source
        fills = [
            line.split('fillcolor="')[1][:7] for line in source.splitlines() if " class=" in line
        ]
        # a: +1, the largest; b: -0.05, less than a tenth; the sum: +0.95
        assert fills == ["#86BDE6", "#FCE5D3", "#86BDE6"]

    def test_a_graph_that_was_refreshed_in_place_is_compared_with_its_view(self, model):
        loss = loss_of(model)
        before = ag.draw(loss)
        step(model)
        loss.refresh()
        assert "17 of 17 parameters moved" in repr(ag.draw_diff(before, loss))

    def test_two_views_are_compared_as_they_were_drawn(self, model):
        views = []
        for _ in range(2):
            views.append(ag.draw(loss_of(model)))
            step(model)
        step(model)
        assert "17 of 17 parameters moved" in repr(ag.draw_diff(*views))

    def test_nothing_moved_is_said(self, model):
        before = ag.draw(loss_of(model))
        view = ag.draw_diff(before, loss_of(model))
        assert "0 of 17 parameters moved\n" in repr(view)
        assert "▲" not in repr(view)
        assert "▼" not in repr(view)


class TestFolded:
    def test_folded_boxes_name_their_largest_change(self, model):
        loss = loss_of(model, 50)
        before = ag.draw(loss)
        old = before.folding.columns.data
        step(model)
        view = ag.draw_diff(before, loss_of(model, 50), max_nodes=20)
        after = ag.draw(loss_of(model, 50), max_nodes=20)
        fold = after.folding
        [unit] = [b for b in fold.picture.boxes if b.scope == ("MLP", "layer 1")]
        held = fold.members(unit.name)
        at = max(held, key=lambda i: abs(fold.columns.data[i] - old[i]))
        new = fold.columns.data[at]
        node = fold.graph.order[at]
        name = node.label or node.op
        change = f"most: {name} {old[at]:.4g} → {new:.4g} {'▲' if new > old[at] else '▼'}"
        moved = sum(fold.columns.data[i] != old[i] for i in held)
        assert f"data moved in {moved}, {change}" in view.to_graphviz().source
        assert "values, showing" in repr(view).splitlines()[1]

    def test_what_did_not_move_is_counted_too(self, model):
        before = ag.draw(loss_of(model, 50))
        step(model)
        assert "data equal in 50" in repr(ag.draw_diff(before, loss_of(model, 50)))


class TestUnknown:
    def test_numbers_that_were_changed_in_place_are_not_made_up(self, model):
        """Two Values share their leaves: inner numbers are recorded, the leaves' are gone."""
        loss = loss_of(model)
        recorded = loss.data
        step(model)
        after = loss_of(model)
        view = ag.draw_diff(loss, after)
        text = repr(view)
        assert f"output {recorded:.4g} → {after.data:.4g}" in text
        assert "17 numbers from before not known, changed in place" in text
        assert "before = ag.draw(loss)" in text
        # in the box and in its tooltip
        assert view.to_graphviz().source.count("data ? → ") == 2 * 17

    def test_leaves_that_nobody_changed_are_known(self):
        a, b = Value(2.0, "a"), Value(3.0, "b")
        first = a * b
        b.data = 4.0
        # a's consumer is stale as well: which of the two changed cannot be told
        assert repr(ag.draw_diff(first, a * b)).count("data ? → ") == 2
        b.data = 3.0
        assert "data ? → " not in repr(ag.draw_diff(first, a * b))

    def test_graphs_without_common_leaves_are_known_whole(self):
        view = ag.draw_diff(Value(1.0, "a") * 2.0, Value(3.0, "a") * 2.0)
        assert repr(view).startswith("output 2 → 6 ▲ +4; 1 of 1 leaf moved, by at most 2 (a)\n")

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            (1.0, math.nan, "data 1 → nan ? +nan"),
            (math.inf, math.inf, "data inf ="),
            (math.nan, math.nan, "data nan ="),
            (1.0, -math.inf, "data 1 → -inf ▼ -inf"),
        ],
    )
    def test_what_is_no_number_is_compared_too(self, old, new, said):
        assert said in repr(ag.draw_diff(Value(old), Value(new)))


class TestMismatch:
    def test_another_op_is_named(self):
        x = Value(1.0, "x")
        with ag.scope("unit"):
            first, second = ag.tanh(x * 2.0), ag.exp(x * 2.0)
        with pytest.raises(ag.GraphError) as caught:
            ag.draw_diff(first, second)
        assert "the graphs part at value 4 of 4 before and 4 after" in str(caught.value)
        assert "tanh in unit of multiply before and exp in unit of multiply after" in str(
            caught.value
        )

    def test_other_arguments_are_named(self):
        a, b = Value(1.0, "a"), Value(2.0, "b")
        with pytest.raises(
            ag.GraphError, match="multiply of a, b before and multiply of b, a after"
        ):
            ag.draw_diff((a + b) + a * b, (a + b) + b * a)

    def test_more_samples_are_a_mismatch(self, model):
        with pytest.raises(ag.GraphError, match=r"part at value .* a loss of the same samples"):
            ag.draw_diff(loss_of(model, 2), loss_of(model, 3))
        with pytest.raises(ag.GraphError, match="nothing more after"):
            ag.draw_diff(ag.tanh(ag.exp(Value(1.0))), ag.exp(Value(1.0)))

    def test_the_same_value_is_refused_with_the_way_out(self, model):
        loss = loss_of(model)
        with pytest.raises(ag.GraphError, match=r"before = ag\.draw\(loss\)"):
            ag.draw_diff(loss, loss)

    def test_only_values_and_views_are_taken(self):
        y = Value(1.0)
        with pytest.raises(TypeError, match=r"after is a Value, or what draw\(value\) returns.*3"):
            ag.draw_diff(y, 3)
        difference = ag.draw_diff(y, Value(2.0))
        with pytest.raises(TypeError, match="before is a Value, or what draw"):
            ag.draw_diff(difference, y)
