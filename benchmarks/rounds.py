"""Engines in turn, round after round; the quietest lap of each counts."""

from __future__ import annotations

import gc
import math
from collections.abc import Sequence

from benchmarks.engines import Engine, Lap

#: Losses and gradients of a correct engine differ from ours by rounding only.
TOLERANCE = 1e-9


def run(engines: Sequence[Engine], rounds: int) -> dict[Engine, Lap]:
    """The quietest lap of each engine; forward part and total each by itself.

    Python's garbage collector is on during a lap, as it is for users, unless the engine says
    otherwise; it runs before each lap, so that no engine pays for another's garbage.
    """
    quietest = dict.fromkeys(engines, Lap(math.inf, math.inf))
    for turn in range(rounds):
        for engine in engines:
            if engine.rounds is not None and turn >= engine.rounds:
                continue
            gc.collect()
            (gc.enable if engine.collector else gc.disable)()
            try:
                lap = engine.lap()
            finally:
                gc.enable()
            best = quietest[engine]
            quietest[engine] = Lap(min(best.forward, lap.forward), min(best.total, lap.total))
    return quietest


def disagreement(engine: Engine, reference: Engine) -> str:
    """What is wrong with the loss or the gradient of the last lap; "" when nothing is."""
    worst = abs(engine.loss - reference.loss)
    if not worst <= TOLERANCE:
        return f"loss off by {worst:.1e}"
    gradient, expected = engine.gradient(), reference.gradient()
    if gradient is None or expected is None:
        return ""
    worst = max(abs(a - b) for a, b in zip(gradient, expected, strict=True))
    return "" if worst <= TOLERANCE else f"gradient off by {worst:.1e}"
