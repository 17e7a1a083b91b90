"""What `make bench` says of training: every engine takes the same steps, figures from the laps."""

import math
from importlib.util import find_spec

import pytest

from benchmarks import training
from benchmarks.engines import Lap
from benchmarks.measuring import rounds
from benchmarks.measuring.apart import Race
from benchmarks.measuring.rounds import Row
from benchmarks.training import Jax, Learn, Torch, Training

TASK = Training(3, 7, 100)


@pytest.fixture(scope="module")
def reference():
    engine = Learn(TASK)
    engine.lap()
    return engine


@pytest.fixture(autouse=True)
def threads(monkeypatch):
    """The engines ask for one, in the environment and of PyTorch, for the whole process."""
    monkeypatch.setenv("NPROC", "1")
    if not find_spec("torch"):
        yield
        return
    import torch

    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("make", [Learn, Jax, Torch])
def test_every_engine_takes_the_same_steps(make, reference):
    """In the second lap too, which begins anew."""
    for library in make.libraries:
        pytest.importorskip(library, reason=f"{library} is not installed (extra: bench)")
    engine = make(TASK)
    for _ in range(2):
        # A busy machine may give the longer training less of the clock: no order is asked for.
        for passed in engine.lap():
            assert 0.0 < passed < 60.0
        assert rounds.disagreement(engine, reference) == ""
    found = engine.gradient()
    assert len(found) == 101 + (2 + 1) * 3 + (3 + 1) * 3 + (3 + 1)
    assert found[0] > 1.2 * found[100]


@pytest.mark.parametrize("make", [Jax, Torch])
def test_another_learning_rate_is_seen(make, reference, monkeypatch):
    for library in make.libraries:
        pytest.importorskip(library, reason=f"{library} is not installed (extra: bench)")
    monkeypatch.setattr(training, "RATE", training.RATE * (1.0 + 1e-6))
    engine = make(TASK)
    engine.lap()
    assert rounds.disagreement(engine, reference).startswith("loss off by")


def test_all_losses_and_the_parameters_are_compared(reference, monkeypatch):
    engine = Learn(TASK)
    engine.lap()
    assert rounds.disagreement(engine, reference) == ""
    monkeypatch.setattr(engine, "losses", [*engine.losses[:19], 9.0, *engine.losses[20:]])
    assert rounds.disagreement(engine, reference).startswith("gradient off by")


def test_the_time_of_a_step_is_what_the_longer_training_adds():
    ours, theirs = object(), object()
    laps = {ours: Lap(0.010, 0.014), theirs: Lap(0.0001, 0.0161)}
    rows = [Row(theirs, 3, laps[theirs], laps[ours], "")]
    run = training.by_step(TASK, Race({Learn: ours, Jax: theirs}, laps, rows, []))
    assert run.total(Learn) == pytest.approx(40e-6)
    [row] = run.rows
    assert (row.lap.total, row.ours.total) == (run.total(Jax), run.total(Learn))
    assert math.isnan(row.lap.forward)
    figures = training.speeds({task.name: run for task, _ in training.ASKED})
    assert [figure.measured for figure in figures] == pytest.approx(
        [4.0, math.nan, 4.0, 4.0], nan_ok=True
    )
    assert figures[0].remark == "40.0 µs, theirs 160"
    assert [figure.holds for figure in figures] == ["yes", "–", "yes", "yes"]


def test_the_wait_is_the_median_of_new_models_after_the_first(monkeypatch):
    monkeypatch.setattr(training, "FIRST", TASK)
    passed = training.first_epochs(TASK, 3)
    assert len(passed) == 3
    figure = training.wait(1)
    assert 0.0 < figure.measured < 60e3
    assert figure.remark.startswith("the very first of the process ")


def test_a_smoke_run_takes_few_steps_and_has_the_same_names():
    quick, whole = training.tasks(quick=True), training.tasks(quick=False)
    assert [task.name for task, _ in quick] == [task.name for task, _ in whole]
    assert {task.steps for task, _ in quick} == {100}
    assert min(task.steps for task, _ in whole) == 300
    assert [makes for _, makes in whole] == [[Learn, Jax, Torch], [Learn, Jax], [Learn, Jax]]
