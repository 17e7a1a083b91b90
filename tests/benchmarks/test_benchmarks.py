"""What `make bench` compares is one program: the same loss and gradients, whoever runs it."""

import gc
import math
import os
import sys
import time

import numpy as np
import pytest

from autograd_lite import Value
from benchmarks import derivatives, gradients
from benchmarks.arrays import Autograd, Casadi, Jax, TorchTensors
from benchmarks.engines import Floats, Lap, ThroughMLP, ours, seconds
from benchmarks.measuring import probes, rounds
from benchmarks.measuring.apart import Apart, race
from benchmarks.measuring.figures import Figure, Scene, shown, step_figures
from benchmarks.measuring.report import figure_table, peer_table, results
from benchmarks.measuring.rounds import Row
from benchmarks.peers import AutoNeuroNet, Micrograd, TorchScalars, Xad
from benchmarks.programs import helmholtz, portfolio, rosenbrock
from benchmarks.step import parameters, task

TASK = task(points=5)
OURS = [Floats, ThroughMLP]
PEERS = [Micrograd, Xad, AutoNeuroNet, TorchScalars, TorchTensors, Jax, Autograd, Casadi]


@pytest.fixture(scope="module")
def reference():
    engine = ours(TASK)
    engine.lap()
    return engine


@pytest.mark.parametrize("make", [*OURS, *PEERS])
def test_every_form_of_the_step_gives_our_loss_and_gradient(make, reference):
    """In the second lap too: nothing is left over from the first."""
    for library in getattr(make, "libraries", ()):
        pytest.importorskip(library, reason=f"{library} is not installed (extra: bench)")
    engine = make(TASK)
    for _ in range(2):
        lap = engine.lap()
        assert 0.0 < lap.total < 60.0
        assert rounds.disagreement(engine, reference) == ""


@pytest.mark.parametrize(
    "program",
    [rosenbrock(8), portfolio(3), helmholtz(3)],
    ids=["rosenbrock", "portfolio", "helmholtz"],
)
@pytest.mark.parametrize("make", [*gradients.OURS, *gradients.PEERS])
def test_every_form_of_a_program_gives_our_value_and_gradient(make, program):
    for library in getattr(getattr(make, "func", make), "libraries", ()):
        pytest.importorskip(library, reason=f"{library} is not installed (extra: bench)")
    right, engine = derivatives.Gradient(program), make(program)
    right.lap()
    for _ in range(2):
        lap = engine.lap()
        assert 0.0 < lap.total < 60.0
        assert rounds.disagreement(engine, right) == ""
    assert (engine.gradient() is None) == (make is derivatives.Floats)


@pytest.mark.parametrize("program", [rosenbrock(4), portfolio(1)], ids=["rosenbrock", "portfolio"])
def test_products_with_the_hessian_are_sums_of_its_columns(program):
    product, hessian = derivatives.Product(program), derivatives.Hessian(program)
    point = np.ravel(program.point)
    matrix = hessian.forward().reshape(len(point), len(point))
    assert np.abs(matrix).max() > 1.0
    assert np.ravel(product.forward()) == pytest.approx(matrix @ point, rel=1e-12)


def test_a_race_tells_who_is_missing_and_compares_with_the_reference():
    makes = [derivatives.Floats, not_installed, derivatives.Backward, derivatives.Gradient]
    run = race(makes, rosenbrock(4), derivatives.Gradient, 1)
    assert run.missing == ["no such library"]
    assert [row.wrong for row in run.rows] == ["", "", ""]
    floats, backward, gradient = (run.total(make) for make in makes if make is not not_installed)
    assert [row.lap.total for row in run.rows] == [floats, backward, gradient]
    assert {row.ours.total for row in run.rows} == {gradient}
    figure = gradients.ratio_to_function("f", run)
    assert figure.measured == backward / floats
    assert f"`value_and_grad` {shown(gradient / floats)}" in figure.remark
    page = results("command", [figure], run.rows, {"a function": run.rows}, {"map": run.rows}, "")
    assert page.count("| autograd_lite") == 6
    assert "## Gradient of a function\n\n| engine" in page
    assert "## Map\n\n| engine" in page
    assert f"| 1 | {shown(gradient * 1e6)} | 1.00 | yes |" in page


def test_the_network_gives_the_bits_of_the_loop(reference):
    """`dot` adds in the order of the loop."""
    engine = ThroughMLP(TASK)
    engine.lap()
    assert engine.loss == reference.loss
    assert len(engine.gradient()) == len(parameters(TASK.layers)) == 337


def test_a_wrong_loss_or_gradient_is_reported(reference, monkeypatch):
    engine = ours(TASK)
    engine.lap()
    engine.parameters[3].grad += 1e-3
    assert rounds.disagreement(engine, reference) == "gradient off by 1.0e-03"
    engine.parameters[7].grad = math.nan
    assert rounds.disagreement(engine, reference) == "gradient off by nan"
    monkeypatch.setattr(engine, "loss", float("nan"))
    assert rounds.disagreement(engine, reference) == "loss off by nan"
    assert rounds.difference(2e6 + 1e-4, 2e6) == pytest.approx(5e-11, rel=1e-3)


def test_the_graph_is_freed_inside_the_lap(monkeypatch):
    """Nobody keeps the loss, or the total would leave freeing out."""
    engine = ours(TASK)
    monkeypatch.setattr(engine, "number", lambda out: seen.append(sys.getrefcount(out)) or 0.0)
    seen = []
    engine.lap()
    held = Value(1.0)
    # As many as a name in the caller, this function's argument and getrefcount's hold.
    assert seen == [(lambda out: sys.getrefcount(out))(held)]


def test_engines_run_in_turn_and_slow_ones_fewer_rounds():
    order = []

    class Scribe(Floats):
        def turn(self):
            order.append(self.label)
            return Lap(2.0 + len(order), 5.0 - len(order))

    fast, slow = Scribe(TASK), Scribe(TASK)
    fast.label, slow.label, slow.rounds = "fast", "slow", 1
    laps = rounds.run([slow, fast], 2)
    assert order == ["slow", "fast", "fast"]
    assert laps == {slow: Lap(3.0, 4.0), fast: Lap(4.0, 2.0)}


@pytest.mark.parametrize("collector", [True, False])
def test_a_turn_is_several_steps_and_leaves_the_collector_as_the_engine_wants_it(
    collector, monkeypatch
):
    seen = []

    class Scribe(Floats):
        def lap(self):
            seen.append(gc.isenabled())
            lap = super().lap()
            return lap._replace(forward=float("nan")) if len(seen) == 1 else lap

    engine = Scribe(TASK)
    engine.collector = collector
    monkeypatch.setattr(rounds, "TURN", 0.01)
    try:
        lap = rounds.turn(engine)
    finally:
        gc.enable()
    assert len(seen) > 1
    assert set(seen) == {collector}
    assert 0.0 < lap.forward < 1.0  # each the quietest, so of two laps perhaps
    assert 0.0 < lap.total < 1.0


def test_an_engine_runs_in_a_process_of_its_own(reference):
    """Its loss and gradient come back, and so does what it raises."""
    engine = Apart(ours, task())
    try:
        assert engine.label == reference.label
        assert 0.0 < engine.turn().total < 60.0
        here = ours(task())
        here.lap()
        assert (engine.loss, engine.gradient()) == (here.loss, here.gradient())
        assert [*engine.process._processes] != [os.getpid()]
    finally:
        engine.close()
    with pytest.raises(ImportError, match="no such library"):
        Apart(not_installed, task())


def not_installed(task):
    """An engine whose library is missing."""
    raise ImportError("no such library")


@pytest.mark.parametrize(
    ("sense", "measured", "holds"),
    [("≤", 1.8, "yes"), ("≤", 1.81, "no"), ("≥", 1.8, "yes"), ("≥", 1.79, "no"),
     ("≥", math.nan, "–")],
)  # fmt: skip
def test_a_figure_holds_or_not(sense, measured, holds):
    assert Figure("", measured, sense, 1.8).holds == holds


def test_the_figures_are_ratios_of_quietest_laps():
    """Forward beside forward, total beside the floats' forward; a missing peer is a dash."""
    floats, engine, network, peer = Floats(TASK), ours(TASK), ThroughMLP(TASK), Floats(TASK)
    peer.label = "a peer"
    laps = {floats: Lap(2, 2), engine: Lap(3, 5), network: Lap(1, 1), peer: Lap(40, 50)}
    figures = step_figures(Scene(floats, engine, network, peer, None, [peer]), laps)
    assert [figure.measured for figure in figures[:3]] == [1.5, 2.5, 10.0]
    assert math.isnan(figures[3].measured)
    assert [figure.measured for figure in figures[4:]] == [10.0, 0.2]
    table = figure_table(figures).splitlines()
    assert table[6] == "| " + " | ".join(
        ["speed against the best correct compiled peer", "10.0 × (a peer)", "≥ 8 ×", "15 ×", "yes"]
    ) + " |"  # fmt: skip
    rows = [Row(peer, 7, laps[peer], laps[engine], "loss off by 1.0e+00")]
    assert peer_table(rows).splitlines()[2:] == [
        "| a peer | own loop | 7 | 40000 | 50000 | 10.0 | **no**: loss off by 1.0e+00 |"
    ]


@pytest.mark.parametrize(
    ("passed", "text"), [(0.000384, "0.00038 s"), (24.4, "24 s"), (99.7, "100 s"), (123.4, "123 s")]
)
def test_times_of_what_is_done_once_have_two_digits_or_more(passed, text, monkeypatch):
    monkeypatch.setattr(time, "perf_counter", lambda: passed)
    assert seconds(0.0) == text


def test_the_probes_measure_something():
    assert probes.growth(2_000, 1_000, 1) > 0.0
    assert 0.0 < probes.freeing(2_000, 3) < 10.0
    assert 16 < probes.answer("resident", 20_000) < 2_000
    assert 1e-8 < probes.answer("freezing", 2_000, 2) < 1e-2


def test_callgrinds_total_is_read():
    assert probes.collected("==12== Events    : Ir\n==12== Collected : 1812946\n") == 1_812_946
    with pytest.raises(ValueError, match="no line 'Collected : N': 'Killed'"):
        probes.collected("Killed")
