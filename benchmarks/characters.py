"""A character GPT as its loops: on Values, as a learner writes them, and the same ones compiled.

The model and its trainings are `examples.gpt` and `examples.names_gpt`: a step is one name, Adam
after each. Times are the processor's.
"""

from __future__ import annotations

import math
import multiprocessing
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from typing import Any, NamedTuple

import autograd_lite as ag
from benchmarks.measuring.figures import Figure, shown
from examples.gpt import first_names
from examples.names_gpt import Compiled, OnValues

RATE, STEPS = 0.01, 1_000


class Trained(NamedTuple):
    """The loss of each step, seconds in all, and what these were spent on."""

    losses: list[float]
    seconds: float
    spent: str


def timed(model: Any, names: list[list[int]]) -> tuple[list[float], list[float]]:
    """The losses, and the seconds that each gradient took."""
    history, ran = list[float](), list[float]()
    for step, tokens in enumerate(names):
        begin = time.process_time()
        history.append(model.slopes(tokens))
        ran.append(time.process_time() - begin)
        model.update(RATE * (1.0 - step / STEPS), step + 1.0)
    return history, ran


def on_values(names: list[list[int]]) -> Trained:
    """The loops on Values."""
    start = time.process_time()
    history, ran = timed(OnValues(), names)
    total, built = time.process_time() - start, sum(ran)
    return Trained(history, total, f"graphs {shown(built)} s, Adam {shown(total - built)} s")


def compiled(names: list[list[int]]) -> Trained:
    """The same loops as one program, and Adam as one over all parameters."""
    start, model = time.process_time(), Compiled()
    history, ran = timed(model, names)
    total, [program] = time.process_time() - start, model.run.programs
    runs = sum(ran[1:])
    made = f"one program of {len(program):,} instructions in {shown(ran[0])} s, its runs "
    return Trained(history, total, f"{made}{shown(runs)}, Adam {shown(total - runs - ran[0])}")


# --- figures --------------------------------------------------------------------------------------

ASKED: list[tuple[str, Callable[[list[list[int]]], Trained], float, float | None]] = [
    ("unchanged loops on Values", on_values, 12, None),
    ("the same loops compiled", compiled, 2, 1),
]


def figures(rounds: int, quick: bool) -> list[Figure]:
    """Seconds of a training, each in a process of its own, the median of several."""
    native = ag.engine == "native"
    steps = 3 if quick else STEPS if native else 20
    found = []
    for way, train, least, aim in ASKED:
        text = f"a character GPT of 4,192 parameters, {steps:,} steps: {way}"
        seconds, remark = math.nan, "names is missing"
        if find_spec("names"):
            runs = [alone(train, steps) for _ in range(1 if quick else min(rounds, 3))]
            seconds = statistics.median(run.seconds for run in runs)
            run = min(runs, key=lambda run: run.seconds)
            remark = f"{run.spent}; mean loss of the last steps {mean_of_last(run.losses):.3f}"
        found.append(Figure(text, seconds, "≤", least, aim, " s", remark))
    return found


def alone(train: Callable[[list[list[int]]], Trained], steps: int) -> Trained:
    """A training in a new process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(train, first_names(STEPS)[:steps]).result()


def mean_of_last(history: list[float]) -> float:
    last = history[-100:]
    return sum(last) / len(last)
