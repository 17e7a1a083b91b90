"""Engines in turn, round after round; the quietest lap of each counts."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from benchmarks.engines import Engine, Lap

#: Losses and gradients of a correct engine differ from ours by rounding only. (Relatively, where
#: they are larger than 1.)
TOLERANCE = 1e-9
#: Seconds that a turn goes on, one step after the other, as in training.
TURN = 0.05


class Runner(Protocol):
    """What takes part: an engine in a process of its own."""

    label: str
    rounds: int | None
    loss: float

    def turn(self) -> Lap:
        """The quietest laps of one turn."""

    def gradient(self) -> list[float] | None:
        """Of the last lap."""


class Row(NamedTuple):
    """One engine in a table; `ours` is our lap in the same rounds."""

    engine: Runner
    rounds: int
    lap: Lap
    ours: Lap
    wrong: str


def run(engines: Sequence[Runner], count: int) -> dict[Runner, Lap]:
    """The quietest lap of each engine; forward part and total each by itself."""
    quietest = dict.fromkeys(engines, Lap(math.inf, math.inf))
    for number in range(count):
        for engine in engines:
            if engine.rounds is None or number < engine.rounds:
                quietest[engine] = quieter(quietest[engine], engine.turn())
    return quietest


def turn(engine: Engine) -> Lap:
    """Steps of one engine, one after the other.

    Python's garbage collector does what it does for users, unless the engine says otherwise; then
    the garbage is searched for once, before the turn.
    """
    if not engine.collector:
        gc.collect()
        gc.disable()
    quietest, end = Lap(math.inf, math.inf), time.perf_counter() + TURN
    while True:
        quietest = quieter(quietest, engine.lap())
        if time.perf_counter() >= end:
            return quietest


def quieter(one: Lap, other: Lap) -> Lap:
    """The smaller of each."""
    return Lap(min(one.forward, other.forward), min(one.total, other.total))


def disagreement(engine: Runner, reference: Runner) -> str:
    """What is wrong with the loss or the gradient of the last lap; "" when nothing is."""
    worst = difference(engine.loss, reference.loss)
    if not worst <= TOLERANCE:
        return f"loss off by {worst:.1e}"
    gradient, expected = engine.gradient(), reference.gradient()
    if gradient is None or expected is None:
        return ""
    differences = [difference(a, b) for a, b in zip(gradient, expected, strict=True)]
    worst = next(filter(math.isnan, differences), max(differences))
    return "" if worst <= TOLERANCE else f"gradient off by {worst:.1e}"


def difference(a: float, b: float) -> float:
    """Between two numbers, one of which is right."""
    return abs(a - b) / max(1.0, abs(b))
