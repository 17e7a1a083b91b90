"""A small picture of a model's outputs: its curves over one input, its decisions over two."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.nn.data import Array
from autograd_lite.nn.learning.batches import Batches
from autograd_lite.nn.live.curve import HEIGHT, as_path, card, words
from autograd_lite.view.canvas import COLORS

WIDTH = 232
FRAME = (14, 14, WIDTH - 28, HEIGHT - 58)  # left, top, width, height
_SIZE = 160  # pixels of the image each way
#: Points of the grid each way, from which the pixels between are interpolated: as many as can be
#: computed in so many seconds.
_SIDES, _SECONDS = (8, 16, 24, 32, 48, 64), 0.03
_MOST_POINTS = 300
#: Points of a curve.
_STEPS = 120
#: As in plots: Okabe and Ito's without the black, and cividis.
CLASSES = [tuple(bytes.fromhex(colour[1:])) for colour in COLORS[:-1]]
_AMOUNTS = ((0, 34, 78), (53, 69, 108), (102, 105, 112), (148, 142, 119), (200, 184, 102),
            (254, 232, 56))  # fmt: skip
#: Paler, so that samples stand out.
_BACKGROUNDS = [tuple(round(77 + 0.7 * x) for x in colour) for colour in CLASSES]
_LIGHT, _GREY, _INK = (247, 247, 247), (118, 118, 118), (20, 24, 28)
#: A palette: shades, then the pixels whose output is no number, then the boundary.
_SHADES, _NO_NUMBER, _BOUNDARY = 240, 240, 241
_MARK_SHADES = 12
_LEVELS = _SHADES // len(CLASSES)


class _Look(NamedTuple):
    """The colours of a picture: of the pixels, and of samples by the group to which they belong."""

    pixels: Array
    palette: Array
    caption: str
    groups: Array
    colours: Array
    by_class: bool


class Surface:
    """A model of two inputs, whose outputs `training` computes, over the plane of its samples."""

    def __init__(self, training: Batches, targets: Array) -> None:
        self._training, self._targets = training, targets
        self._points = np.array(training.inputs, dtype=np.float64)
        low, high = self._points.min(axis=0), self._points.max(axis=0)
        margin = 0.08 * np.where(high > low, high - low, 1.0)
        self._low, self._high = low - margin, high + margin
        self._side, self._given_up = _SIDES[0], False

    def svg(self, clock: Callable[[], float]) -> tuple[str, str] | None:
        """The picture as it is now, and what it shows in words; None if the model cannot say."""
        side, began = self._side, clock()
        xs, ys = (np.linspace(self._low[i], self._high[i], side) for i in range(2))
        grid = np.stack(np.meshgrid(xs, ys[::-1]), axis=-1).reshape(-1, 2)
        outputs = self._outputs_at(grid)
        if outputs is None:
            return None
        cost = max(clock() - began, 1e-9) / side**2
        self._side = max((n for n in _SIDES if n * n * cost <= _SECONDS), default=_SIDES[0])
        return self._picture(_smooth(outputs.T.reshape(-1, side, side)))

    def _outputs_at(self, rows: Array) -> Array | None:
        """The model's outputs at some points; None, from then on, if it cannot say."""
        try:
            return None if self._given_up else self._training.outputs_at(np.ascontiguousarray(rows))
        except (ArithmeticError, ValueError):  # outside of its samples a model may be undefined
            self._given_up = True
            return None

    def _picture(self, scores: Array) -> tuple[str, str]:
        left, top, width, height = FRAME
        with np.errstate(all="ignore"):
            look = self._classes(scores) if len(scores) > 1 else self._amounts(scores[0])
        pixels = np.where(np.isfinite(scores).all(axis=0), look.pixels, _NO_NUMBER)
        data = base64.b64encode(_png(pixels.astype(np.uint8), look.palette)).decode()
        (x0, y0), (x1, y1) = self._low, self._high
        share = (self._points - self._low) / (self._high - self._low)
        xs, ys = left + share[:, 0] * width, top + (1.0 - share[:, 1]) * height
        ranges = f"across {x0:.3g} to {x1:.3g}, up {y0:.3g} to {y1:.3g}"
        image = (
            f'<image x="{left}" y="{top}" width="{width}" height="{height}" '
            f'preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'
        )
        marks = self._marks(xs, ys, look.groups, look.colours, look.by_class)
        return _told([image, *marks], "the plane of the two inputs", ranges, look.caption)

    def _classes(self, scores: Array) -> _Look:
        """The class of the highest output: paler where another output is close."""
        best = scores.argmax(axis=0)
        ranked = np.sort(scores, axis=0)
        sure = np.tanh(0.5 * np.nan_to_num(ranked[-1] - ranked[-2]))
        shade = best % len(CLASSES) * _LEVELS + np.round(sure * (_LEVELS - 1))
        palette = np.vstack([_between((_LIGHT, colour), _LEVELS) for colour in _BACKGROUNDS])
        pixels = np.where(_edges(best), _BOUNDARY, shade)
        groups = self._targets.astype(int)
        return _Look(pixels, palette, f"{len(scores)} classes", groups, np.array(CLASSES), True)

    def _amounts(self, scores: Array) -> _Look:
        """One output: its side of a threshold, or its amount."""
        cut = self._cut()
        if cut is None:
            numbers = np.append(scores[np.isfinite(scores)], self._targets)
            low, high = float(numbers.min()), float(numbers.max())
            pixels = np.round(_share(scores, low, high) * (_SHADES - 1))
            groups = np.round(_share(self._targets, low, high) * (_MARK_SHADES - 1)).astype(int)
            caption, marks = f"output {low:.3g} to {high:.3g}", _between(_AMOUNTS, _MARK_SHADES)
            return _Look(pixels, _between(_AMOUNTS, _SHADES), caption, groups, marks, False)
        threshold, reach, between_targets = cut
        sure = np.tanh(0.5 * (scores - threshold) / reach)
        shade = np.round((0.5 + 0.5 * sure) * (_SHADES - 1))
        pixels = np.where(_edges(scores > threshold), _BOUNDARY, shade)
        palette = _between((_BACKGROUNDS[0], _LIGHT, _BACKGROUNDS[1]), _SHADES)
        groups = (self._targets > between_targets).astype(int)
        caption = f"line: output {threshold:.3g}"
        return _Look(pixels, palette, caption, groups, np.array(CLASSES), True)

    def _cut(self) -> tuple[float, float, float] | None:
        """Where two classes part on one output, how far from there it is rather sure, and where
        their targets part.
        """
        labels = np.unique(self._targets)
        if self._training.loss.metrics:
            return 0.0, 1.0, 0.0 if labels[0] < 0.0 else 0.5
        if len(labels) != 2:
            return None
        middle = float(labels.mean())
        return middle, float(labels[1] - labels[0]) / 6.0, middle

    def _marks(
        self, xs: Array, ys: Array, groups: Array, colours: Array, by_class: bool
    ) -> list[str]:
        """Some of the samples: round and square by turns of their class, or shaded by amount."""
        chosen = np.arange(0, len(self._points), -(-len(self._points) // _MOST_POINTS))
        parts = []
        for group in np.unique(groups[chosen]).tolist():
            own = chosen[groups[chosen] == group]
            path = "".join(f"M{xs[i]:.1f} {ys[i]:.1f}h0" for i in own)
            cap = "square" if by_class and group % 2 else "round"
            fill = "#" + bytes(colours[group % len(colours)].tolist()).hex()
            parts += [
                f'<path d="{path}" stroke="{colour}" stroke-width="{size}" stroke-linecap="{cap}"/>'
                for colour, size in (("#fff", 7), (fill, 5))
            ]
        return parts


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
        across, down = placed(points, low + 0.0 * points if by_class else self._targets)
        groups = (self._targets if by_class else 0 * points).astype(int)
        colours = np.array(CLASSES if by_class else [_GREY])  # grey is seen on light and dark
        parts += self._marks(across, down + 8.0 * by_class, groups, colours, by_class)
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
        return _told(parts, "over the one input", ranges, caption)


def picture_of(training: Batches) -> Surface | None:
    """The picture of a model of one input or two, with one target a sample; else None."""
    targets = np.array(training.targets, dtype=np.float64)
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    kind = {1: FittedCurve, 2: Surface}.get(len(training.inputs[0]))
    return kind(training, targets) if kind is not None and targets.ndim == 1 else None


def _told(parts: list[str], over: str, ranges: str, caption: str) -> tuple[str, str]:
    """A picture with two lines of words below, and the same in words alone."""
    below = enumerate((caption, ranges))
    lines = [words(FRAME[0], HEIGHT - 27 + 16 * i, text, "soft small") for i, text in below]
    return card(WIDTH, HEIGHT, [*parts, *lines]), f"{over}, {ranges}: {caption}"


def _share(numbers: Array, low: float, high: float) -> Array:
    if not high > low:
        return np.full(numbers.shape, 0.5)
    found: Array = np.clip((numbers - low) / (high - low), 0.0, 1.0)
    return found


def _smooth(scores: Array) -> Array:
    """Outputs on a grid at every pixel, linear between grid points."""
    side = scores.shape[-1]
    at = np.linspace(0.0, side - 1.0, _SIZE)
    before = np.minimum(at.astype(int), side - 2)
    share = at - before
    with np.errstate(all="ignore"):  # next to what is no number there is none
        for _ in range(2):  # down, then across
            turned = scores.swapaxes(1, 2)
            scores = turned[..., before] * (1.0 - share) + turned[..., before + 1] * share
    return scores


def _edges(classes: Array) -> Array:
    """Pixels whose right or lower neighbours, up to two away, are of another class."""
    found = np.zeros(classes.shape, dtype=bool)
    for step in (1, 2):
        found[:, :-step] |= classes[:, :-step] != classes[:, step:]
        found[:-step] |= classes[:-step] != classes[step:]
    return found


def _between(colours: Sequence[tuple[int, ...]], n: int) -> Array:
    """Colours evenly spaced on the way through the given ones."""
    at = np.linspace(0.0, len(colours) - 1.0, n)
    channels = [np.interp(at, range(len(colours)), channel) for channel in np.array(colours).T]
    return np.round(np.column_stack(channels)).astype(int)


def _png(pixels: Any, shades: Array) -> bytes:
    """An image file of pixels that are places in the palette."""
    palette = np.vstack([shades, [_GREY], [_INK]]).astype(np.uint8)
    rows = np.pad(pixels, ((0, 0), (1, 0)))  # each begins with its filter: none
    height, width = pixels.shape
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 6)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
