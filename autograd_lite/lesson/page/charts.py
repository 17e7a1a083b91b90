"""Pictures of the lesson's page: axes with what stays, on which its script draws what moves."""

import html
import math
from collections.abc import Sequence
from typing import NamedTuple

from autograd_lite.lesson.telling.parts import filled

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 360.0, 46.0, 10.0, 14.0, 40.0


class Axis(NamedTuple):
    """One axis between its ends; a logarithmic one has the powers of ten there."""

    label: str
    low: float
    high: float
    ticks: Sequence[float]
    log: bool = False

    def at(self, x: float, start: float, end: float) -> float:
        """The place of a number, where the axis goes from `start` to `end`."""
        position = math.log10(x) if self.log else x
        return start + (position - self.low) / (self.high - self.low) * (end - start)


class Chart(NamedTuple):
    """Two axes, 360 wide; `said` is the picture in words until the script says what has moved."""

    name: str
    x: Axis
    y: Axis
    said: str
    height: float = 250.0

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a point lies in the picture."""
        floor = self.height - _BOTTOM
        return self.x.at(x, _LEFT, _WIDTH - _RIGHT), self.y.at(y, floor, _TOP)

    def line(self, points: Sequence[tuple[float, float]], name: str) -> str:
        """A line through some points."""
        places = " ".join(f"{x:.4g},{y:.4g}" for x, y in (self.place(*point) for point in points))
        return f'<polyline class="{name}" points="{places}"/>'

    def point(self, x: float, y: float, name: str) -> str:
        """A dot."""
        left, top = self.place(x, y)
        return f'<circle class="{name}" cx="{left:.4g}" cy="{top:.4g}" r="4.5"/>'

    def square(self, x: float, error: float, name: str) -> str:
        """A square on the axis, above or below it, whose side is an error."""
        left, top = self.place(x, max(error, 0.0))
        right, floor = self.place(x + abs(error), min(error, 0.0))
        return (
            f'<rect class="{name}" x="{left:.4g}" y="{top:.4g}" width="{right - left:.4g}" '
            f'height="{floor - top:.4g}"/>'
        )

    def svg(self, still: Sequence[str], moving: Sequence[str]) -> str:
        """The picture: what stays when sliders move, and what the script draws elsewhere then."""
        floor, right = self.height - _BOTTOM, _WIDTH - _RIGHT
        numbers = {
            "width": _WIDTH, "height": self.height, "left": _LEFT - 6, "top": _TOP - 6,
            "wide": right - _LEFT + 12, "high": floor - _TOP + 12, "across": (_LEFT + right) / 2,
            "below": self.height - 5, "middle": (floor + _TOP) / 2,
        }  # fmt: skip
        return filled(
            "chart", name=self.name, said=html.escape(self.said), log=" data-log" * self.y.log,
            x=f"{self.x.low:g} {self.x.high:g} {_LEFT:g} {right:g}",
            y=f"{self.y.low:g} {self.y.high:g} {floor:g} {_TOP:g}",
            xlabel=html.escape(self.x.label), ylabel=html.escape(self.y.label),
            ticks="\n".join(self._ticks(floor, right)),
            still="\n".join(still), moving="\n".join(moving),
            **{name: f"{x:g}" for name, x in numbers.items()},
        )  # fmt: skip

    def _ticks(self, floor: float, right: float) -> list[str]:
        lines, texts = [], []
        for x in self.x.ticks:
            left = self.x.at(x, _LEFT, right)
            lines.append(f"M{left:.4g} {_TOP:g}V{floor:g}")
            texts.append(f'<text class="x" x="{left:.4g}" y="{floor + 16:g}">{_minus(x)}</text>')
        for y in self.y.ticks:
            top = self.y.at(y, floor, _TOP)
            power = f"{round(math.log10(y))}".translate(_RAISED) if self.y.log else ""
            shown = f"10{power}" if power else _minus(y)
            lines.append(f"M{_LEFT:g} {top:.4g}H{right:g}")
            texts.append(f'<text class="y" x="{_LEFT - 5:g}" y="{top + 4.5:.4g}">{shown}</text>')
        return [f'<path class="grid" d="{"".join(lines)}"/>', *texts]


def _minus(x: float) -> str:
    return f"{x:g}".replace("-", "−")
