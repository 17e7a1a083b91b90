"""A small picture of a model's outputs over its one input, beside the samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograd_lite.nn.batches import Batches
from autograd_lite.nn.data import Array
from autograd_lite.nn.live.curve import HEIGHT, as_path, card, words
from autograd_lite.nn.live.surface import CLASSES, FRAME, WIDTH, Surface

_STEPS = 120
_INK = np.array([(118, 118, 118)])  # seen on light and dark


class FittedCurve(Surface):
    """A model of one input: a curve for each output, and the samples at their targets.

    Where targets are classes, the samples lie at the foot, in the colours of these.
    """

    def svg(self, clock: Callable[[], float]) -> tuple[str, str] | None:
        """See `Surface`."""
        xs = np.linspace(self._low[0], self._high[0], _STEPS)
        outputs = self._outputs_at(xs.reshape(-1, 1))
        if outputs is None:
            return None
        curves, by_class = outputs.T.reshape(-1, _STEPS), bool(self._training.loss.metrics)
        numbers = np.append(curves[np.isfinite(curves)], 0.0 if by_class else self._targets)
        low, high = float(numbers.min()), float(numbers.max())
        left, top, width, height = FRAME

        def placed(x: Array, y: Array) -> tuple[Array, Array]:
            share = (y - low) / ((high - low) or 1.0)
            across = left + (x - xs[0]) / (xs[-1] - xs[0]) * width
            return across, top + height - 12.0 - share * (height - 18.0)

        rules = [top + height] + [placed(xs, 0.0 * xs)[1][0]] * (by_class and len(curves) == 1)
        parts = [f'<path class="rule" d="M{left} {y:.1f}h{width}"/>' for y in rules]
        points = self._points[:, 0]
        if by_class:
            across, down = placed(points, low + 0.0 * points)
            groups, colours = self._targets.astype(int), np.array(CLASSES)
            parts += self._marks(across, down + 8.0, groups, colours, True)
        else:
            parts += self._marks(
                *placed(points, self._targets), 0 * points.astype(int), _INK, False
            )
        for k, curve in enumerate(curves):
            own = "#" + bytes(CLASSES[k % len(CLASSES)]).hex()
            style = f' style="stroke:{own}"' if len(curves) > 1 else ""
            there = np.flatnonzero(np.isfinite(curve))
            for run in np.split(there, np.flatnonzero(np.diff(there) > 1) + 1):
                drawn = as_path(*placed(xs[run], curve[run]))
                parts.append(f'<path class="line" d="{drawn}"{style}/>')
        ranges = f"across {xs[0]:.3g} to {xs[-1]:.3g}, up {low:.3g} to {high:.3g}"
        caption = f"{len(curves)} outputs" if len(curves) > 1 else "output"
        caption += "; samples by class" if by_class else " and samples"
        parts += [
            words(left, HEIGHT - 27, caption, "soft small"),
            words(left, HEIGHT - 11, ranges, "soft small"),
        ]
        return card(WIDTH, HEIGHT, parts), f"over the one input, {ranges}: {caption}"


def picture_of(training: Batches) -> Surface | None:
    """The picture of a model of one input or two, with one target a sample; else None."""
    targets = np.array(training.targets, dtype=np.float64)
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    kind = {1: FittedCurve, 2: Surface}.get(len(training.inputs[0]))
    return kind(training, targets) if kind is not None and targets.ndim == 1 else None
