"""The checker of one's own engine: what it finds, what it says, and whom it lets pass."""

import re

import pytest
from planted import PLANTED, EveryPath, NoSeed, Recursive, Right

import autograd_lite as ag
from autograd_lite.exercises import check
from autograd_lite.exercises.checker import MISTAKES, laws_for

CASES = [(*names, kind) for names, kinds in PLANTED.items() for kind in kinds]


class TestMistakes:
    @pytest.mark.parametrize(("law", "mistake", "kind"), CASES, ids=lambda x: str(x).split(".")[-1])
    def test_each_planted_mistake_is_found_and_named(self, law, mistake, kind):
        """By the first law that breaks, with the way out."""
        found = check(kind).first
        assert (found.law.name, found.mistake) == (law, mistake)
        assert found.advice == MISTAKES[mistake]

    def test_every_mistake_that_has_a_name_was_planted(self):
        assert {mistake for _, mistake in PLANTED} == {*MISTAKES}
        assert len(MISTAKES) >= 12

    def test_a_mistake_without_a_name_gets_the_law(self):
        class Odd(Right):
            def __mul__(self, other):
                other = self.wrap(other)
                return self.made(self.data * other.data, self, 7.0, other, 11.0)

        found = check(Odd).first
        assert (found.law.name, found.mistake, found.advice) == ("products", "", found.law.words)
        assert "First law that breaks: products\n" in repr(check(Odd))

    def test_a_wrong_number_is_found_as_well_as_a_wrong_gradient(self):
        class Odd(Right):
            def __sub__(self, other):
                return super().__sub__(other) + 1.0

        assert check(Odd).first.law.name == "sums"
        assert check(Odd).first.yours["c"] == (0.0, 1.0)

    @pytest.mark.parametrize("grad", [None, "1"])
    def test_what_is_no_number_is_told_as_an_error(self, grad):
        class Odd(Right):
            def backward(self):
                self.grad = grad if grad is None else [grad]

        found = check(Odd).first
        assert found.error.startswith("TypeError: float()")
        assert not found.yours


class TestWhoPasses:
    @pytest.mark.parametrize("kind", [ag.Value, Right])
    def test_a_right_engine_keeps_every_law(self, kind):
        result = check(kind)
        assert result.ok
        assert result.first is None
        assert "laws hold, all of them" in repr(result)
        assert "✗" not in repr(result)
        assert "<img" not in result._repr_html_()

    def test_micrograd_keeps_every_law_of_back_propagation(self):
        """Two do not hold: it recurses, and inner nodes keep their gradient from pass to pass."""
        engine = pytest.importorskip("micrograd.engine")
        result = check(engine.Value)
        assert result.ok
        broken = {name: breach.mistake for name, breach in result.breaches.items() if breach}
        assert broken == {"passes add": "inner grads kept", "deep chains": "recursion"}
        assert {"relu", "powers", "reflected operators"} <= {*result.breaches}
        assert "tanh" not in result.breaches

    def test_functions_are_tried_where_they_are_there(self):
        assert {"tanh", "exp", "relu"} <= {law.name for law in laws_for(Right)}
        assert not {"tanh", "sin"} & {law.name for law in laws_for(object)}
        assert len(laws_for(ag.Value)) > 40


class TestReport:
    def test_it_prints_law_by_law_and_the_smallest_example(self):
        text = repr(check(EveryPath))
        assert re.search(r"^✓  sums +\S", text, re.MULTILINE)
        assert re.search(r"^✗  order +\S", text, re.MULTILINE)
        assert re.search(r"^!  deep chains +\S", text, re.MULTILINE)
        assert "    c = a * b\n    d = c + b\n    e = c * d\n    e.backward()\n" in text
        assert re.search(r"^a +2 +72 +2 +45  ✗$", text, re.MULTILINE)
        assert max(map(len, text.splitlines())) <= 80

    def test_the_example_can_be_run_as_it_stands(self):
        found = check(EveryPath).first
        for kind, numbers in ((EveryPath, found.yours), (ag.Value, found.right)):
            names = {"Value": kind}
            exec(found.example.code, names)
            assert {n: (names[n].data, names[n].grad) for n in numbers} == numbers

    def test_a_notebook_shows_both_pictures(self):
        """The learner's numbers beside the right ones, and the wrong boxes tinted."""
        yours, right = check(EveryPath).first.pictures()
        assert [line.text for line in yours.boxes[0].lines] == ["data 2", "grad 72"]
        assert [line.text for line in right.boxes[0].lines] == ["data 2", "grad 45"]
        assert [box.label for box in yours.boxes if box.tint] == ["a", "b"]
        html = check(EveryPath)._repr_html_()
        assert html.count("<img ") == 2
        assert "c = a * b" in html

    def test_a_long_chain_has_no_picture(self):
        result = check(Recursive)
        assert result.first.pictures() == []
        assert "RecursionError" in result._repr_html_()
        assert "Advice: deep chains (recursion)" in repr(result)

    def test_without_graphviz_a_notebook_says_so(self, monkeypatch):
        monkeypatch.setenv("AUTOGRAD_LITE_DOT", "/nowhere")
        assert "names no program" in check(NoSeed)._repr_html_()

    @pytest.mark.parametrize("thing", [Right(1.0), None, "Value"])
    def test_only_a_class_is_taken(self, thing):
        with pytest.raises(TypeError, match=r"as in check\(Value\)"):
            check(thing)
