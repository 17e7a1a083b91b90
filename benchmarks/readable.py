"""The step on the Python engine beside micrograd: it is there to be read, yet no slower."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from autograd_lite import Value
from benchmarks.engines import OwnLoop, ours
from benchmarks.measuring.apart import race
from benchmarks.measuring.figures import Figure, shown
from benchmarks.peers import Micrograd
from benchmarks.step import task


class Kept(OwnLoop):
    """Our engine with the collector off, which frees in a lap as little as micrograd."""

    collector = False
    kept: Any = None

    def reset(self) -> None:
        self.kept = None
        super().reset()

    def backward(self, out: Any) -> None:
        self.kept = out
        super().backward(out)


#: Each setting: its name, our engine in it, and micrograd.
SETTINGS = [
    ("as shipped", ours, Micrograd),
    (
        "both with the collector off, nothing freed",
        partial(Kept, value=Value, label="autograd_lite, collector off"),
        partial(Micrograd, collector=False),
    ),
]


@contextmanager
def on_the_python_engine() -> Iterator[None]:
    """A block in which processes that are started run the Python engine."""
    former = os.environ.get("AUTOGRAD_LITE_ENGINE")
    os.environ["AUTOGRAD_LITE_ENGINE"] = "python"
    try:
        yield
    finally:
        del os.environ["AUTOGRAD_LITE_ENGINE"]
        if former is not None:
            os.environ["AUTOGRAD_LITE_ENGINE"] = former


def figures(count: int, quick: bool) -> list[Figure]:
    """Ratios of quietest laps, each engine in a process of its own."""
    makes = [make for _, *pair in SETTINGS for make in pair]
    with on_the_python_engine():
        run = race(makes, task(5) if quick else task(), ours, min(count, 20))
    found = []
    for name, mine, peer in SETTINGS:
        ratio, remark = math.nan, "micrograd is missing"
        if peer in run.engines:
            ratio = run.total(mine) / run.total(peer)
            remark = f"{shown(run.total(mine) * 1e3)} ms, {shown(run.total(peer) * 1e3)} ms"
        text = f"the step on the Python engine / on micrograd, {name}"
        found.append(Figure(text, ratio, "≤", 1.5, remark=remark))
    return found
