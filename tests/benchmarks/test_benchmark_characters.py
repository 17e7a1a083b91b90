"""What `make bench` says of a character GPT: the same losses, whoever runs the loops."""

import math

import pytest

pytest.importorskip("names", reason="names is not installed (extra: bench)")
from benchmarks import characters
from examples import gpt


def test_the_parameters_and_names_are_those_of_the_figure():
    names = gpt.first_names(1000)
    assert sum(rows * columns for rows, columns in gpt.SHAPES.values()) == 4192
    assert len(names) == 1000
    assert names == sorted(names[:], key=lambda tokens: tokens[1:-1])
    assert all(tokens[0] == tokens[-1] == gpt.END for tokens in names)


def test_both_ways_have_the_same_losses():
    names = gpt.first_names(1000)[:3]
    on_values, compiled = characters.on_values(names), characters.compiled(names)
    assert on_values.losses[0] == compiled.losses[0], "before the first step, to the bit"
    assert on_values.losses == pytest.approx(compiled.losses, rel=1e-12)
    assert abs(on_values.losses[0] - math.log(27)) < 0.5, "as good as chance"


def test_the_figures_say_what_each_way_must_reach(monkeypatch):
    trained = characters.Trained([3.0], 1.5, "")
    monkeypatch.setattr(characters, "alone", lambda train, steps: trained)
    rows = characters.figures(1, quick=True)
    assert [(row.least, row.measured) for row in rows] == [(12, 1.5), (2, 1.5)]
    monkeypatch.setattr(characters, "find_spec", lambda name: None)
    assert all(math.isnan(row.measured) for row in characters.figures(1, quick=True))
