"""Two ways of doing the like, timed in turn: the ratio of each pair, of which the median counts.

So a machine that slows down for a while slows both of a pair, and no single lap decides. The
processor's time counts, not the clock's: others may want the processor, too, and one thread runs.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from benchmarks.measuring.figures import shown

#: Seconds that a lap takes at least: short calls are repeated.
LAP = 0.005


class Pair(NamedTuple):
    """The median ratio, and the median seconds of one call of each."""

    ratio: float
    one: float
    other: float

    @property
    def remark(self) -> str:
        """Both times, for a row of the table."""
        return f"{shown(self.one * 1e6)} µs, {shown(self.other * 1e6)} µs"


def paired(one: Callable[[], Any], other: Callable[[], Any], rounds: int) -> Pair:
    """Seconds of one call over those of the other, each called once beforehand."""
    counts = [calls(one), calls(other)]
    laps = [(lap(one, counts[0]), lap(other, counts[1])) for _ in range(rounds)]
    ratio = statistics.median(a / b for a, b in laps)
    return Pair(ratio, *map(statistics.median, zip(*laps, strict=True)))


def calls(function: Callable[[], Any]) -> int:
    """How many calls make a lap."""
    function()
    count = 1
    while count * lap(function, count) < LAP:
        count *= 2
    return count


def lap(function: Callable[[], Any], count: int) -> float:
    """Seconds of one of some calls in a row."""
    start = time.process_time()
    for _ in range(count):
        function()
    return (time.process_time() - start) / count
