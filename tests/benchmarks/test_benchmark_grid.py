"""What `make bench` says of the grid of networks: both engines agree, figures from the laps."""

import math
from importlib.util import find_spec

import pytest

from benchmarks import grid
from benchmarks.engines import Lap
from benchmarks.grid import Jax, Machine, Network, Ours
from benchmarks.measuring import peaks, rounds
from benchmarks.measuring.apart import Race

TASK = Network(5, 9)


@pytest.mark.skipif(not find_spec("jax"), reason="jax is not installed (extra: bench)")
def test_both_engines_give_one_loss_and_gradient(monkeypatch):
    monkeypatch.setenv("NPROC", "1")
    ours, theirs = Machine(TASK), Jax(TASK)
    for engine in (ours, Ours(TASK), theirs):
        assert 0.0 < engine.lap().total < 60.0
    assert rounds.disagreement(theirs, ours) == ""
    assert len(ours.gradient()) == 5 * 21 + 5 * 6 + 6
    theirs.slopes = theirs.slopes.at[3].add(1e-6)
    assert rounds.disagreement(theirs, ours) != ""


def test_the_median_and_the_worst_of_the_grid_are_figures(monkeypatch):
    """Our time over that of the peer, so that less is better."""

    def raced(makes, cell, reference, count):
        engines = {make: (make, cell) for make in makes}
        times = {Ours: cell.width * cell.rows, Jax: 64.0 * cell.rows, Machine: 96.0 * cell.rows}
        laps = {engine: Lap(math.nan, times[make]) for make, engine in engines.items()}
        return Race(engines, laps, [], [])

    monkeypatch.setattr(grid, "race", raced)
    monkeypatch.setattr(
        grid.probes, "answer", lambda name, *numbers: {"separate": 20.0}.get(name, 40)
    )
    median, worst, alone = grid.figures(3, quick=False)
    assert (median.measured, worst.measured) == (1.5, 4.0)
    assert "w = 16: 0.250, 0.250, 0.250, 0.250; w = 64: 1.00" in median.remark
    assert "20.0·10⁹ separate and 40.0·10⁹ contracted" in worst.remark
    assert (median.holds, worst.holds) == ("no", "no")
    assert (alone.measured, alone.holds) == (1.5, "yes")


def test_rates_count_operations_of_the_quickest_run():
    assert peaks.rate(lambda: None, 10**9) > 100.0
    assert 0.0 < peaks.separate(4, 16) < 1e3
    assert 0.0 < peaks.contracted(32) < 1e3
