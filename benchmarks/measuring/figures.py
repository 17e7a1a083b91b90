"""The figures that the C engine is held to, with what each must reach at least."""

from __future__ import annotations

import math
from typing import NamedTuple

import autograd_lite
from benchmarks.engines import Lap
from benchmarks.measuring import probes
from benchmarks.measuring.rounds import Runner


class Figure(NamedTuple):
    """One row: `sense` is "≤" or "≥"; `unit` follows the number; `remark` is shown beside it."""

    text: str
    measured: float
    sense: str
    least: float
    aim: float | None = None
    unit: str = ""
    remark: str = ""

    @property
    def holds(self) -> str:
        """Yes, no, or a dash for what was not measured."""
        if math.isnan(self.measured):
            return "–"
        holds = self.measured <= self.least if self.sense == "≤" else self.measured >= self.least
        return "yes" if holds else "no"

    def row(self) -> str:
        """As a row of a Markdown table."""
        number = "–" if math.isnan(self.measured) else f"{shown(self.measured)}{self.unit}"
        remark = f" ({self.remark})" if self.remark else ""
        aim = "–" if self.aim is None else f"{self.aim:g}{self.unit}"
        return (
            f"| {self.text} | {number}{remark} | {self.sense} {self.least:g}{self.unit} "
            f"| {aim} | {self.holds} |"
        )


def shown(number: float) -> str:
    """Three digits, or all those before the point."""
    return f"{number:.{max(0, 2 - math.floor(math.log10(abs(number) or 1)))}f}"


class Scene(NamedTuple):
    """The engines that the ratios are made of; peers that are missing are None."""

    floats: Runner
    ours: Runner
    through_mlp: Runner
    shipped: Runner | None
    collector_off: Runner | None
    compiled: list[Runner]


def step_figures(scene: Scene, laps: dict[Runner, Lap]) -> list[Figure]:
    """Ratios of quietest laps of one run."""
    floor, ours = laps[scene.floats], laps[scene.ours]

    def times_ours(peer: Runner | None) -> float:
        return laps[peer].total / ours.total if peer else math.nan

    best = min(scene.compiled, key=lambda peer: laps[peer].total, default=None)
    return [
        Figure("the step in the user's own loop: forward / the same forward on plain floats",
               ours.forward / floor.forward, "≤", 1.8, 1.15),
        Figure("the same: forward + backward + freeing / plain floats' forward",
               ours.total / floor.total, "≤", 3.0, 1.7),
        Figure("speed against micrograd as shipped", times_ours(scene.shipped), "≥", 150, 400,
               " ×", remark="" if scene.shipped else "missing"),
        Figure("speed against micrograd, its garbage collector off",
               times_ours(scene.collector_off), "≥", 25, 60, " ×",
               remark="" if scene.collector_off else "missing"),
        Figure("speed against the best correct compiled peer", times_ours(best), "≥", 8, 15, " ×",
               remark=best.label if best else "none is installed"),
        Figure("the step through `nn.MLP` (fused `dot`) / the user's own loop",
               laps[scene.through_mlp].total / ours.total, "≤", 0.35, 0.2),
    ]  # fmt: skip


def process_figures(quick: bool, rounds: int) -> list[Figure]:
    """Measured each in a process of its own."""
    # The Python engine promises a tenth of the C engine's size.
    exponent = 7 if autograd_lite.engine == "native" else 6
    kept, large, small = 5_000_000, 10**exponent, 10**5
    if quick:
        kept, large, small, exponent = 50_000, 10**5, 10**4, 5
    counted = None if quick else probes.instructions(20_000, 120_000)
    reason = "not measured with --quick" if quick else "valgrind is missing"
    return [
        Figure(f"resident bytes per binary node, {kept:,} nodes",
               probes.answer("resident", kept), "≤", 112, 80),
        Figure("time per node, chain of 10⁷ against chain of 10⁵",
               probes.growth(large, small, rounds), "≤", 2, 1.3, " ×",
               remark="" if exponent == 7 else f"here {large:,} against {small:,}"),
        Figure("a graph of 60,000 nodes, dropped: time to free / time to build",
               probes.answer("freeing", 60_000, 3 if quick else 100), "≤", 0.4, 0.2),
        Figure("instructions per node `a*b`, above those on floats (callgrind)",
               math.nan if counted is None else counted, "≤", 120, 60,
               remark=reason if counted is None else ""),
    ]  # fmt: skip
