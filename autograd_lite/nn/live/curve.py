"""The loss of a training so far: a small card in SVG, and the same in words."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.errors import counted, visible
from autograd_lite.nn.learning.history import History
from autograd_lite.view.page.page import read

WIDTH, HEIGHT = 340, 232
#: Points of a curve; more epochs are drawn by their range.
_BUCKETS = 240
#: Losses that span more are drawn by their logarithm.
_MANY_TIMES = 20.0
#: Text of this many characters fits the card.
_COLUMNS = 46
_LEFT, _RIGHT, _BOTTOM = 14.0, WIDTH - 14.0, HEIGHT - 26.0
_MARKS = {
    "learning": "\N{BLACK CIRCLE}", "done": "\N{CHECK MARK}", "failed": "\N{BALLOT X}",
    "interrupted": "\N{BLACK SQUARE}", "stopped": "\N{BLACK SQUARE}",
}  # fmt: skip


@dataclass(frozen=True)
class Panel:
    """Contents of the panel that reports a training."""

    history: History
    epochs: int  # that are planned
    state: str  # "learning", or how it ended
    reason: str  # of the end, if there is more to say
    pace: str  # speed and time

    @property
    def numbers(self) -> list[str]:
        """Numbers of the last epoch, the loss first."""
        if not self.history.epochs:
            return ["no epoch yet"]
        last = self.history[-1]
        return [f"loss {last.loss:.4g}", *_metrics(last.metrics)]

    @property
    def held(self) -> list[str]:
        """The same of the validation samples, if there are any."""
        last = self.history[-1] if self.history.epochs else None
        if last is None or last.validation_loss is None:
            return []
        return [f"validation loss {last.validation_loss:.4g}", *_metrics(last.validation_metrics)]

    count = property(lambda self: f"epoch {len(self.history):,} of {self.epochs:,}")

    @property
    def text(self) -> str:
        """All of it in one line."""
        numbers = ", ".join([*self.numbers, *self.held])
        parts = [f"{self.state}: {self.count}", numbers, self.pace, self.reason]
        return "; ".join(filter(None, parts))


def curve_svg(panel: Panel) -> str:
    """The card: numbers above, below them the curve, which grows to the right as time goes on."""
    first, *others = panel.numbers
    reason = textwrap.wrap(visible(panel.reason), _COLUMNS, max_lines=6, placeholder=" …")
    height = HEIGHT + (16 * len(reason) + 6 if reason else 0)
    pace = f" \N{MIDDLE DOT} {panel.pace}" if panel.pace else ""
    state = f"{_MARKS[panel.state]} {panel.state}"
    look = "failed end" if panel.state == "failed" else "soft end"
    lines = [words(_LEFT, 30, first, "big"), words(_RIGHT, 30, state, look)]
    texts = {"soft": panel.count + pace, "": ", ".join(others), "held-now": ", ".join(panel.held)}
    below = [(text, kind) for kind, text in texts.items() if text]
    lines += [words(_LEFT, 50 + 17 * i, text, kind) for i, (text, kind) in enumerate(below)]
    lines += [words(_LEFT, HEIGHT + 7 + 16 * i, line) for i, line in enumerate(reason)]
    return card(WIDTH, height, [*lines, *_curves(panel, 50.0 + 17.0 * len(below))])


def card(width: int, height: int, parts: Sequence[str]) -> str:
    """A picture with its own background: an image cannot know on which page it stands."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><style>{read("card.css", "nn.live")}</style>'
        '<rect class="card" x=".5" y=".5" rx="8" '
        f'width="{width - 1}" height="{height - 1}"/>{"".join(parts)}</svg>'
    )


def words(x: float, y: float, text: str, kind: str = "") -> str:
    """A line of text, from the left or, of the kind ``end``, to the right."""
    return f'<text x="{x:g}" y="{y:g}" class="{kind}">{html.escape(visible(text))}</text>'


def _metrics(found: Mapping[str, float]) -> list[str]:
    return [f"{name} {number:.3f}" for name, number in found.items()]


def _curves(panel: Panel, top: float) -> list[str]:
    left, right, bottom = _LEFT, _RIGHT, _BOTTOM
    parts = [f'<path class="rule" d="M{left:g} {bottom:g}H{right:g}"/>']
    end = words(right, bottom + 16, counted(panel.epochs, "epoch"), "soft small end")
    if not panel.history.epochs:
        return [*parts, end]
    columns = [np.array(panel.history.loss)]
    columns += [np.array(panel.history.validation_loss)] if panel.held else []
    together = np.concatenate(columns)
    low, high = float(together.min()), float(together.max())
    by_logarithm = low > 0.0 and high > _MANY_TIMES * low
    measured: Any = np.log if by_logarithm else np.asarray
    least, most = measured([low, high])

    def placed(losses: Any) -> Any:
        return bottom - (measured(losses) - least) / max(most - least, 1e-300) * (bottom - top)

    for losses, line, dot in zip(columns, ("line", "line held"), ("now", "held-now"), strict=False):
        starts = np.arange(0, len(losses), -(-len(losses) // _BUCKETS))
        ends = np.append(starts[1:], len(losses))
        xs = left + ends / panel.epochs * (right - left)
        ys = placed(np.add.reduceat(losses, starts) / (ends - starts))
        if len(starts) < len(losses) and dot == "now":
            highs, lows = np.maximum.reduceat(losses, starts), np.minimum.reduceat(losses, starts)
            around = as_path([*xs, *xs[::-1]], [*placed(highs), *placed(lows)[::-1]])
            parts.append(f'<path class="area" d="{around}Z"/>')
        ys[-1] = placed(losses[-1:])[0]
        parts.append(f'<path class="{line}" d="{as_path(xs, ys)}"/>')
        parts.append(f'<circle class="{dot}" cx="{xs[-1]:.1f}" cy="{ys[-1]:.1f}" r="3.5"/>')
    scale = f"{low:.3g} to {high:.3g}" + (", log scale" if by_logarithm else "")
    return [*parts, words(left, bottom + 16, scale, "soft small"), end]


def as_path(xs: Iterable[float], ys: Iterable[float]) -> str:
    """A line through points, for the ``d`` of a path."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in zip(xs, ys, strict=True))
