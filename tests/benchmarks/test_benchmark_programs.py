"""What `make bench` says of programs: the same numbers from every runner, figures from the laps."""

import gc
import math

import numpy as np
import pytest

from benchmarks import compiled, derivatives, runners
from benchmarks.engines import Lap
from benchmarks.measuring import probes, rounds
from benchmarks.measuring.apart import Race
from benchmarks.programs import helmholtz, product_with_sine, rosenbrock
from benchmarks.recorded import options, over_rows, rosenbrock_at_a_point, slope_at_a_float

SCALARS = [*compiled.AT_A_POINT, runners.JaxScalars]
TASKS = [
    (slope_at_a_float(), compiled.AT_A_POINT),
    (rosenbrock_at_a_point(5), SCALARS),
    (over_rows(rosenbrock(4), 5), [*compiled.OVER_ROWS, runners.JaxScalars]),
    (over_rows(helmholtz(3), 5), [*compiled.OVER_ROWS, runners.JaxScalars]),
    (options(7), compiled.WITH_FORMULAS),
]


@pytest.mark.parametrize(
    ("task", "make"),
    [
        pytest.param(task, make, id=f"{task.name}-{make.__name__}")
        for task, makes in TASKS
        for make in makes
    ],
)
def test_every_runner_gives_the_numbers_of_our_program(task, make):
    for library in make.libraries:
        pytest.importorskip(library, reason=f"{library} is not installed (extra: bench)")
    right, engine = runners.Compiled(task), make(task)
    assert 0.0 < engine.lap().total < 60.0
    assert rounds.disagreement(engine, right) == ""
    assert len(engine.gradient()) > max(1, task.rows) or task.name.startswith("gradient of x")


@pytest.mark.parametrize("program", [rosenbrock(4), helmholtz(3)], ids=["rosenbrock", "helmholtz"])
def test_a_program_over_rows_gives_value_and_gradient_of_each(program):
    task = over_rows(program, 3)
    table = np.reshape(runners.Compiled(task).gradient(), (3, -1))
    for row, point in zip(table, *task.inputs, strict=True):
        eager = derivatives.Gradient(program._replace(point=point.tolist()))
        eager.lap()
        assert row == pytest.approx([eager.loss, *eager.gradient()], rel=1e-12)


def test_a_long_result_is_compared_in_whole_rows(monkeypatch):
    engine = runners.ByHand(options(100))
    whole = np.reshape(engine.gradient(), (100, 6))
    monkeypatch.setattr(runners, "COMPARED", 100)
    assert np.reshape(engine.gradient(), (-1, 6)).tolist() == whole[::7].tolist()


def test_a_lap_is_one_of_many_calls_with_the_collector_on():
    seen = []

    class Scribe(runners.Eager):
        def prepare(self):
            self.run = lambda x: seen.append((x, gc.isenabled()))

    task = slope_at_a_float()
    lap = Scribe(task).lap()
    assert seen == [(1.3, True)] * 1000
    assert 0.0 < lap.total < 1e-3
    assert gc.isenabled()


def test_a_smoke_run_leaves_out_what_takes_long():
    quick, whole = compiled.tasks(quick=True), compiled.tasks(quick=False)
    assert not any(runners.JaxScalars in makes for _, makes in quick)
    assert sum(runners.JaxScalars in makes for _, makes in whole) == 3
    assert max(task.rows for task, _ in quick) == 1_000
    assert max(task.rows for task, _ in whole) == 1_000_000
    assert len(quick) == len(whole) == len(compiled.ASKED)


def test_speeds_are_those_of_the_quickest_peer_in_the_run():
    ours, slow, fast = (object() for _ in range(3))
    laps = {ours: Lap(math.nan, 2e-6), slow: Lap(math.nan, 9e-6), fast: Lap(math.nan, 5e-6)}
    engines = {runners.Compiled: ours, runners.CasadiBuffer: slow, runners.Casadi: fast}
    run = Race(engines, laps, [], [])
    peers = [*engines][1:]
    figure = compiled.speed("slope", run, "CasADi", peers, 2, None)
    assert figure.text == "slope: speed against CasADi"
    assert figure.row().endswith("| 2.50 × (2.00 µs, theirs 5.00) | ≥ 2 × | – | yes |")
    missing = compiled.speed("slope", run, "`jax.jit`", [runners.Jax], 20, None)
    assert missing.row().endswith("| – (not in this run) | ≥ 20 × | – | – |")


def test_the_compile_time_is_that_of_the_worst_size(monkeypatch):
    times = {1_000: 3e-6, 10_000: 2e-6}
    monkeypatch.setattr(probes, "answer", lambda name, nodes, rounds: times[nodes])
    figure = compiled.compile_time(quick=True)
    assert figure.measured == pytest.approx(3.0)
    assert figure.remark == "1,000: 3.00, 10,000: 2.00"


def test_the_length_of_a_gradients_program_is_its_instructions_beside_the_functions():
    figure = compiled.length(product_with_sine())
    made, rolled = figure.remark.split("; with sums as one ")
    ours, function = map(int, made.split(" / "))
    assert function == 3  # x·x, sin x and their product
    assert figure.measured == ours / function > 1.0
    assert made == rolled  # there are no sums
