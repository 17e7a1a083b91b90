"""What is shown of a graph is true: its equations, and its gradients, whatever happened to it."""

import copy
import math
import pickle
import random
import re

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.engine import write_numbers
from autograd_lite.explanations.trace import trace
from autograd_lite.graph import ancestors, op_of
from autograd_lite.graph.freshness import Freshness


class Case:
    """y = x·w + x·x at x = 2, w = -3, where dy/dx = 1 and dy/dw = 2; `larger` goes on from it."""

    def __init__(self):
        self.x, self.w = Value(2.0, "x"), Value(-3.0, "w")
        self.p, self.q = self.x * self.w, self.x * self.x
        self.y = self.p + self.q
        self.p.label, self.q.label, self.y.label = "p", "q", "y"
        self.larger = self.y * 5.0


def fresh(case):
    case.y.backward()


def one_leaf(case):
    case.y.backward()
    case.w.data = -2.5


def all_leaves(case):
    case.y.backward()
    case.x.data, case.w.data = 1.75, -2.5


def twice(case):
    case.y.backward()
    case.x.data, case.x.data = 1.75, 1.5


def refreshed(case):
    case.x.data = 1.75
    case.y.refresh()
    case.y.backward()


def moved_after_refresh(case):
    case.x.data, case.w.data = 5.0, 7.0
    case.y.refresh()
    case.y.backward()
    case.w.data = -2.5


def doubled(case):
    case.y.backward()
    case.y.backward()


def seeded(case):
    case.y.backward(0.3)


def part(case):
    case.larger.backward()


def mixed(case):
    case.y.backward()
    case.q.backward()


def no_pass(case):
    pass


def moved_without_a_pass(case):
    case.w.data = -2.5


def doubled_and_moved(case):
    doubled(case)
    case.w.data = -2.5


#: Of each case: the values that are stale, what is said of leaves, and the multiple of one pass.
CASES = {
    fresh: ((), (), 1.0),
    one_leaf: (("p",), ("w recorded -3, now -2.5",), 1.0),
    all_leaves: (("p", "q"), ("x recorded 2, now 1.75", "w recorded -3, now -2.5"), 1.0),
    twice: (("p", "q"), (), 1.0),
    refreshed: ((), (), 1.0),
    moved_after_refresh: (("p",), ("w recorded 7, now -2.5",), 1.0),
    doubled: ((), (), 2.0),
    seeded: ((), (), 0.3),
    part: ((), (), 5.0),
    mixed: ((), (), None),
    no_pass: ((), (), 0.0),
    moved_without_a_pass: (("p",), ("w recorded -3, now -2.5",), 0.0),
    doubled_and_moved: (("p",), ("w recorded -3, now -2.5",), 2.0),
}


@pytest.fixture(params=CASES, ids=lambda happened: happened.__name__)
def told(request):
    """A graph to which something happened, and what has to be said of it."""
    case = Case()
    request.param(case)
    return case, *CASES[request.param]


def flat(text):
    return " ".join(text.split())


def says_no_more_than_is_true(text, stale, moved, multiple):
    """The text of a picture: its banner, its leaves, its gradients."""
    assert ("is stale" in text) == ("root.refresh()" in text) == bool(stale)
    found = {said.split(" ", 1)[1] for said in moved}
    assert set(re.findall(r"recorded \S+, now [-\d.]+", text)) == found
    grads = re.findall(r"grad (\S+)(?: × (\S+))?", text)
    assert ("no gradient yet" in text) == (multiple == 0.0)
    assert ("not one pass of this graph" in text) == (multiple is None)
    assert (f"Every gradient is {multiple} ×".replace(".0 ", " ") in text) == (
        multiple not in (None, 0.0, 1.0)
    )
    if multiple == 0.0:
        assert not grads
    elif multiple not in (None, 1.0):
        assert {times for times, _ in grads} == {f"{multiple:.4g}"}
        assert all(rest for _, rest in grads)
        assert all(word in text for word in ("more than once", "seed", "larger graph"))
        assert "call zero_grad() before backward()" in text
    else:
        assert grads
        assert not any(rest for _, rest in grads)


class TestPictures:
    def test_the_listing(self, told):
        case, *facts = told
        says_no_more_than_is_true(flat(repr(ag.draw(case.y))), *facts)

    def test_the_drawing(self, told):
        case, *facts = told
        picture = ag.draw(case.y).to_graphviz().pipe("svg", encoding="utf-8")
        texts = re.findall(r"<text[^>]*>([^<]*)</text>", picture)
        says_no_more_than_is_true(flat(" ".join(texts).replace("&#45;", "-")), *facts)

    def test_a_part_of_it_says_the_same_of_the_whole(self, told):
        case, stale, _, multiple = told
        text = flat(repr(ag.draw(case.y, wrt=case.x)))
        assert ("is stale" in text) == bool(stale)
        assert ("no gradient yet" in text) == (multiple == 0.0)

    def test_a_view_tells_of_the_moment_when_it_was_drawn(self, told):
        case, *_ = told
        view = ag.draw(case.y)
        before = repr(view), view.page.document(b"")
        case.x.data = 100.0
        case.y.backward()
        assert (repr(view), view.page.document(b"")) == before

    def test_a_folded_picture(self, told):
        case, stale, _, multiple = told
        text = flat(repr(ag.draw(case.y, max_nodes=2)))
        assert ("is stale" in text) == bool(stale)
        assert ("‖grad‖" in text) == (multiple != 0.0)
        assert "grad 0" not in text or multiple == 1.0
        assert ("Every gradient is" in text) == (multiple not in (None, 0.0, 1.0))


class TestPages:
    def test_what_the_page_is_given(self, told):
        case, stale, moved, multiple = told
        data = ag.draw(case.y).page._data
        assert data["multiple"] == multiple
        assert {node["name"] for node in data["nodes"] if "given" in node} == set(stale)
        for node in data["nodes"]:
            if node["args"]:
                given = node.get("given", [data["nodes"][k]["data"] for k in node["args"]])
                known = not stale or moved
                assert (given is not None) == bool(known or node["name"] not in stale)
                row = {"*": math.prod, "+": sum}[node["symbol"]]
                assert given is None or row(given) == node["data"]


class TestTexts:
    def test_explanations(self, told):
        case, stale, moved, _ = told
        text = str(ag.explain(case.y))
        assert text.startswith("Stale: ") == ("root.refresh()" in text) == bool(stale)
        for said in moved:
            assert said in text
        assert ("of numbers not known" in text) == (bool(stale) and not moved)
        latex = ag.explain(case.y).latex()
        assert ("stale" in latex) == ("root.refresh()" in latex) == bool(stale)
        assert ("recorded " in latex) == bool(moved)

    def test_an_explanation_keeps_the_numbers_of_its_moment(self):
        """What is printed later does not mix them with those of then."""
        x = Value(2.0)
        y = x * x
        found = ag.explain(y, x)
        x.data = 5.0
        assert "2 * 2  = 4" in str(ag.explain(y)).replace("v1 * v1", "2 * 2")
        assert not found.stale
        before = str(found)
        y.refresh()
        assert str(found) == before

    def test_reports(self, told):
        case, stale, moved, multiple = told
        found = ag.diagnose(case.y)
        assert {node.label for each in found.of("stale") for node in each.nodes[:1]} == set(stale)
        for said in moved:
            assert any(said in each.message for each in found.of("stale"))
        assert len(found.of("mixed")) == (multiple is None)
        assert len(found.of("repeated")) == (multiple not in (None, 0.0, 1.0))
        assert found.healthy == (not stale and multiple in (0.0, 1.0))

    def test_a_trace_of_a_stale_graph_is_refused(self, told):
        case, stale, *_ = told
        if stale:
            with pytest.raises(ag.GraphError, match=r"refresh\(\)"):
                trace(case.y)
        else:
            assert [step.name for step in trace(case.y)] == ["x", "w", "p", "q", "y"]

    def test_a_formula_with_numbers_of_now_says_so(self):
        x = Value(2.0)
        y = x * 3.0
        assert ag.latex(y) == r"2 \cdot 3"
        x.data = 5.0
        assert "stale" in ag.latex(y)
        y.refresh()
        assert ag.latex(y) == r"5 \cdot 3"


def equations(root):
    """Each node with the numbers that its equation is stated with, or None."""
    fresh = Freshness(ancestors(root))
    return {node: fresh.arguments(node) for node in ancestors(root) if node.op}


def holds(node, given):
    found = op_of(node).on_floats(*given)
    return found == node.data or (math.isnan(found) and math.isnan(node.data))


class TestFreshness:
    @pytest.mark.parametrize("seed", range(60))
    def test_whatever_happens_only_true_equations_are_stated(self, seed):
        """Recording, assigning, refreshing parts and copying, in any order."""
        choose = random.Random(seed)
        leaves = [Value(choose.choice([-1.0, 0.0, 2.0, math.nan, math.inf])) for _ in range(4)]
        nodes = [*leaves]
        for _ in range(40):
            what = choose.randrange(8)
            if what < 4:
                a, b = choose.choice(nodes), choose.choice(nodes)
                nodes.append(choose.choice([a * b, a + b, ag.tanh(a), ag.maximum(a, b), a / b]))
            elif what < 6:
                choose.choice(leaves).data = choose.choice([1.0, 2.0, -0.0, math.nan, 3.0])
            elif what == 6:
                choose.choice(nodes).refresh()
            else:
                nodes[-1] = choose.choice([copy.copy, copy.deepcopy])(nodes[-1])
        for node, given in equations(ag.sum(nodes)).items():
            assert given is None or holds(node, given)

    def test_what_was_recorded_after_an_assignment_has_the_numbers_of_now(self):
        """Two leaves were assigned to, and only one of them since the recording."""
        a, b = Value(1.0), Value(3.0)
        a.data = 2.0
        y = a * b
        b.data = 4.0
        assert equations(y)[y] == [2.0, 3.0]
        z = y + b
        assert equations(z) == {y: [2.0, 3.0], z: [6.0, 4.0]}

    def test_equal_numbers_with_other_partials_are_not_stated_as_of_now(self):
        """(-3)² is 9 as well, but its derivative there is not 6."""
        x = Value(3.0, "x")
        y = x * x
        x.data = -3.0
        assert equations(y)[y] == [3.0, 3.0]
        assert "recorded 3, now -3" in repr(ag.draw(y))

    def test_a_leaf_that_went_and_came_back_moved_nothing(self):
        x = Value(3.0)
        y = x * x
        x.data = 4.0
        x.data = 3.0
        assert not Freshness(ancestors(y)).stale

    @pytest.mark.parametrize("copied", [copy.deepcopy, lambda y: pickle.loads(pickle.dumps(y))])
    def test_a_copy_of_a_stale_graph_is_stale(self, copied):
        """Nobody knows what the numbers of its leaves were."""
        x = Value(3.0)
        y = x * x
        x.data = 4.0
        again = copied(y)
        assert equations(again) == {again: None}

    def test_small_steps_are_seen(self):
        """As many digits are written as tell the numbers apart."""
        w = Value(0.123456, "w")
        y = w * 2.0
        w.data = 0.123457
        assert "recorded 0.123456, now 0.123457" in repr(ag.draw(y))

    def test_a_users_function_that_fails_makes_no_statement(self):
        """It may refuse the numbers of now; then nobody knows, and the picture is drawn."""

        def root(x):
            if x < 0.0:
                raise RuntimeError("no root")
            return x**0.5

        x = Value(4.0, "x")
        y = ag.custom_op("own_root", root, [lambda out, x: 0.5 / out])(x)
        x.data = -1.0
        assert equations(y)[y] == [4.0]
        assert "recorded 4, now -1" in repr(ag.draw(y))
        assert "would now be nobody knows what" in ag.diagnose(y).of("stale")[0].message
        x.data = -2.0
        assert equations(y)[y] is None

    def test_a_users_function_is_not_called_where_no_leaf_was_assigned_to(self):
        calls = []
        own = ag.custom_op("own_calls", lambda x: calls.append(x) or x, [lambda out, x: 1.0])
        y = own(Value(1.0)) * 2.0
        ag.draw(y)
        assert calls == [1.0]

    def test_a_fresh_pass_is_nobodys_to_watch(self):
        x = Value(0.0)
        y = ag.sqrt(x) * 2.0
        with ag.detect_anomaly():
            repr(ag.draw(y))


#: After each of these a neuron's weights and bias are others.
WAYS = {
    "assignment": lambda model: [setattr(p, "data", p.data + 1.0) for p in model.parameters()],
    "write_numbers": lambda model: write_numbers(model.parameters(), np.array([5.0, 6.0, 7.0])),
    "load_state_dict": lambda model: model.load_state_dict(nn.Neuron(2, seed=9).state_dict()),
    "optimizer": lambda model: nn.optim.SGD(model.parameters(), 0.01).step(),
    "learn": lambda model: model.learn([[1.0, 2.0]], [5.0], epochs=1, progress=False),
}


class TestWays:
    """Every way in which a leaf gets another number."""

    @pytest.mark.parametrize("way", WAYS)
    def test_after_one_step_every_equation_has_the_numbers_from_before(self, way):
        model = nn.Neuron(2, nonlin=False, seed=3)
        loss = nn.losses.squared_error([model([1.0, 2.0])], [5.0])
        loss.backward()
        before = [p.data for p in model.parameters()]
        WAYS[way](model)
        assert before != [p.data for p in model.parameters()]
        assert None not in equations(loss).values()
        moved = Freshness(ancestors(loss)).moved
        assert [moved.get(p, p.data) for p in model.parameters()] == before


class TestMultiples:
    def test_sums_of_passes_count_as_multiples_for_all_rounding(self):
        """Where contributions cancel, a gradient may be rounding alone."""
        for happen in (lambda y: [y.backward() for _ in range(7)], lambda y: y.backward(0.1)):
            x = Value(0.1)
            y = x * 3.3 - x * 1.1 - x * 2.2
            happen(y)
            assert Freshness(ancestors(y)).multiple in (7.0, 0.1)

    def test_the_gradient_of_a_leaf_alone_is_shown_as_it_is(self):
        w = Value(2.0, "w")
        (w * 3.0).backward()
        assert "grad 3" in repr(ag.draw(w))

    def test_nan_gradients_are_equal(self):
        x = Value(math.nan)
        y = x * x
        y.backward()
        assert Freshness(ancestors(y)).multiple == 1.0

    @pytest.mark.parametrize("seed", [math.nan, math.inf])
    def test_what_is_no_number_is_no_multiple(self, seed):
        x = Value(2.0)
        y = x * x
        y.backward(seed)
        assert Freshness(ancestors(y)).multiple is None

    def test_the_difference_of_two_graphs_shows_no_gradient_that_is_not_there(self):
        x = Value(2.0, "x")
        before = ag.draw(x * 2.0)
        z = Value(3.0, "x") * 2.0
        z.backward()
        assert "grad no gradient yet → 1" in repr(ag.draw_diff(before, z))
        assert "grad 0" not in repr(ag.draw_diff(before, ag.draw(Value(3.0, "x") * 2.0)))
