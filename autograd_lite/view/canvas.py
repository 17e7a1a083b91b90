"""Figures, axes, colours and line styles of plots. Needs matplotlib."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from autograd_lite.errors import ShapeError, needing, shown
from autograd_lite.ops.numbers import refuse_masked

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Axes
    from matplotlib.figure import Figure as Figure
else:
    Axes = Figure = Any  # matplotlib is an extra

#: Okabe and Ito's palette (Color Universal Design, 2008), which people with any kind of colour
#: vision can tell apart, ordered so that neighbours differ in lightness.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GREY = "#767676"
#: For amounts: lightness grows evenly from blue to yellow (Nuñez, Anderton & Renslow 2018).
SEQUENTIAL = "cividis"
#: For numbers of both signs: ColorBrewer's purple (below) and orange (above), light at zero.
DIVERGING = "PuOr_r"
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
#: The names of two features that have none.
FEATURES = ("feature 1", "feature 2")


def new_figure(
    width: float = 6.4, height: float = 4.0, columns: int = 1, rows: int = 1
) -> tuple[Figure, Any]:
    """A figure that pyplot does not know, and its Axes (an array of them when there are several).

    It shows itself at the end of a notebook cell. Width and height are in inches.
    """
    with needing("plot", "plots need matplotlib"):
        from matplotlib.figure import Figure
    figure = _showing_itself(Figure)(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns)


@cache
def _showing_itself(figure: type[Figure]) -> type[Figure]:
    """The class of figures that a notebook shows without ``%matplotlib inline``."""
    return type("NotebookFigure", (figure,), {"_repr_png_": png})


def png(figure: Figure, dpi: int = 100) -> bytes:
    """The figure as an image file."""
    file = BytesIO()
    figure.savefig(file, format="png", dpi=dpi)
    return file.getvalue()


def axes_or_new(ax: Axes | None) -> Any:
    """The Axes given, or those of a new pyplot figure."""
    if ax is not None:
        return ax
    with needing("plot", "plots need matplotlib"):
        from matplotlib import pyplot
    return pyplot.subplots(layout="constrained")[1]


class Plot:
    """Numbers of a picture: `of` computes them, and `draw` brings them into some Axes."""

    of: ClassVar[Callable[..., Any]]
    draw: Callable[..., None]

    def plot(self, ax: Axes | None = None, *names: Any, **options: Any) -> Axes:
        """Draw it, into a new pyplot figure if no Axes are given; options as for its function."""
        ax = axes_or_new(ax)
        self.draw(ax, *names, **options)
        return ax


def function_of(picture: type[Plot], name: str, before: int) -> Callable[..., Axes]:
    """The function that computes a picture and draws it, with `ax` after so many parameters.

    Its words and other parameters are those of ``of``, and what ``draw`` takes besides.
    """
    asked = [*inspect.signature(picture.of).parameters.values()]
    look = [*inspect.signature(picture.draw).parameters.values()][2:]

    place = inspect.Parameter("ax", asked[0].kind, default=None, annotation="Axes | None")
    rest = [*look, *asked[before:]]  # any **options come last
    named = [p if p.kind is p.VAR_KEYWORD else p.replace(kind=p.KEYWORD_ONLY) for p in rest]
    signature = inspect.Signature([*asked[:before], place, *named], return_annotation="Axes")

    def plot(*args: Any, **options: Any) -> Axes:
        signature.bind(*args, **options)  # a TypeError else
        ax = args[before] if len(args) > before else options.pop("ax", None)
        drawn = {each.name: options.pop(each.name) for each in look if each.name in options}
        computed: Plot = picture.of(*args[:before], **options)
        return computed.plot(ax, **drawn)

    vars(plot)["__signature__"] = signature
    plot.__name__ = plot.__qualname__ = name
    plot.__doc__ = picture.of.__doc__
    return plot


def figure_of(ax: Any) -> Any:
    """The figure in which the Axes are."""
    return ax.figure.figure


def tidy(ax: Any, xlabel: str, ylabel: str) -> None:
    """Name the axes and hide the frame's top and right; small Axes get small letters."""
    size = letters(ax)
    ax.set_xlabel(xlabel, fontsize=size)
    ax.set_ylabel(ylabel, fontsize=size)
    ax.tick_params(which="both", labelsize=size)
    ax.spines[["top", "right"]].set_visible(False)


def color(index: int) -> str:
    """Colour of the n-th class or curve."""
    return COLORS[index % len(COLORS)]


def marker(index: int) -> str:
    """Marker of the n-th class or curve."""
    return MARKERS[index % len(MARKERS)]


def style(index: int, ax: Any = None) -> dict[str, Any]:
    """Colour and line style of the n-th curve of a picture; on a dark one, white for black."""
    on_any = ax is None or color(index) != "#000000"
    shown = color(index) if on_any else ink(ax)
    return {"color": shown, "linestyle": LINES[index % len(LINES)]}


def ink(ax: Any) -> str:
    """Black or white, whichever stands out from the Axes' background."""
    *rgb, alpha = ax.get_facecolor()
    if alpha < 0.5:
        *rgb, alpha = figure_of(ax).get_facecolor()
    lightness = sum(part * weight for part, weight in zip(rgb, (0.3, 0.59, 0.11), strict=True))
    return "white" if alpha >= 0.5 and lightness < 0.5 else "black"


def tints(amounts: Any) -> Any:
    """Colours for amounts from 0 to 1."""
    from matplotlib import colormaps

    return colormaps[SEQUENTIAL](amounts)


def inches(ax: Any) -> tuple[float, float]:
    """Width and height of the Axes."""
    box = ax.get_window_extent()
    dpi = figure_of(ax).dpi
    return box.width / dpi, box.height / dpi


def letters(ax: Any) -> float:
    """The size of letters, in points: the user's, and less in Axes below 2.5 inches."""
    from matplotlib import rcParams

    return float(rcParams["font.size"]) * min(1.0, max(0.7, min(inches(ax)) / 2.5))


def legend(ax: Any, **options: Any) -> None:
    """A half-transparent legend in letters of the Axes' size."""
    size = 0.88 * letters(ax)
    ax.legend(**{"fontsize": size, "framealpha": 0.6, "edgecolor": "none", **options})


def samples_of(inputs: Any, targets: Any) -> tuple[Any, Any]:
    """Inputs of shape (n, features), and targets of shape (n,) or (n, k)."""
    refuse_masked(inputs, "inputs")
    refuse_masked(targets, "targets")
    samples, numbers = np.asarray(inputs, dtype=float), np.asarray(targets, dtype=float)
    samples = samples.reshape(-1, 1) if samples.ndim == 1 else samples
    numbers = numbers[:, 0] if numbers.ndim == 2 and numbers.shape[1] == 1 else numbers
    if samples.ndim != 2 or not len(samples) or numbers.shape[:1] != samples.shape[:1]:
        raise ShapeError(
            f"inputs are of shape (n, features) and targets of (n,), one each, and these have "
            f"{samples.shape} and {numbers.shape}"
        )
    bad = np.flatnonzero(~np.isfinite(np.column_stack([samples, numbers])).all(axis=1))
    if len(bad):
        raise ValueError(
            f"sample {bad[0]} holds nan or inf, for which a plot has no place; leave such samples "
            f"out ({len(bad)} in all)"
        )
    return samples, numbers


def learnt_classes(model: Any) -> Any:
    """The labels that a classifier's `predict` gives in place of its scores; None of others."""
    return getattr(model, "classes_", None) if hasattr(model, "decision_function") else None


def places_of(model: Any, labels: Any) -> Any:
    """Labels that a model has learnt as their places among them; others as they are."""
    classes = learnt_classes(model)
    if classes is None or np.ndim(labels) != 1:
        return labels
    unknown = np.setdiff1d(labels, classes)
    if len(unknown):
        raise ValueError(
            f"{shown(unknown[0].item())} is none of the classes {shown(classes.tolist())} that the "
            "model has learnt; leave such samples out"
        )
    return np.searchsorted(classes, labels)


def outputs_for(model: Any, points: Any) -> Any:
    """The outputs of a model, which is what has `predict`."""
    name = "predict" if learnt_classes(model) is None else "decision_function"
    predict = getattr(model, name, None)
    if not callable(predict):
        raise TypeError(
            f"a plot of outputs needs a model with predict(samples), and this is {shown(model)}: "
            "write an nn.Module, an estimator of scikit-learn, or a class with that method"
        )
    return np.asarray(predict(points), dtype=float)


def grid_around(points: Any, steps: int) -> tuple[tuple[Any, ...], Any]:
    """Numbers for each column of some points, from below them to above, and the grid of these.

    The grid is an array of shape (steps ** columns, columns).
    """
    low, high = points.min(axis=0), points.max(axis=0)
    with np.errstate(all="ignore"):
        margin = 0.08 * np.where(high > low, high - low, 1.0)
        axes = tuple(np.linspace(low - margin, high + margin, steps).T)
    return axes, np.column_stack([part.ravel() for part in np.meshgrid(*axes)])


def panels(
    ax: Any, titles: Sequence[str], key: bool = False, head: bool = False
) -> tuple[list[Any], Any]:
    """A grid of nearly square Axes with equal limits within one, and the Axes of a colour bar.

    The Axes around them show nothing themselves. There is room for a colour bar at the right with
    `key`, and for a legend at the top with `head`.
    """
    width, height = inches(ax)
    n = len(titles)
    columns = min(n, max(1, round(math.sqrt(n * width / height))))
    rows = math.ceil(n / columns)
    columns = math.ceil(n / rows)  # as few as these rows need
    ax.set(xticks=[], yticks=[])
    ax.patch.set_visible(False)
    ax.spines[:].set_visible(False)
    size = max(6.0, min(9.0, 5.0 * min(width / columns, height / rows)))
    gap, above = 0.12 / width, 1.6 * size / 72 / height
    right = 1.0 - (0.2 + 5 * size / 72) / width if key else 1.0  # with the bar's numbers
    top = 1.0 - above * head
    wide, high = (right - gap * (columns - 1)) / columns, top / rows
    made: list[Any] = []
    for k, title in enumerate(titles):
        row, column = divmod(k, columns)
        place = [column * (wide + gap), top - (row + 1) * high, wide, high - above]
        first = {"sharex": made[0], "sharey": made[0]} if made else {}
        panel = ax.inset_axes(place, **first)
        panel.set_title(title, fontsize=size, pad=0.3 * size)
        panel.tick_params(labelsize=size, labelleft=column == 0, labelbottom=k + columns >= n)
        panel.tick_params(length=2, pad=2)
        for axis, inch in (("x", wide * width), ("y", (high - above) * height)):
            panel.locator_params(axis=axis, nbins=max(2, min(7, int(3 * inch) + 1)))
        made.append(panel)
    bar = ax.inset_axes([right + 0.1 / width, 0.0, 0.1 / width, top - above]) if key else None
    if bar is not None:
        bar.tick_params(labelsize=size, length=2, pad=2)
    return made, bar


def name_panels(made: Sequence[Any], xlabel: str, ylabel: str) -> None:
    """Name the axes of the panels that show numbers there."""
    for panel in made:
        size = panel.title.get_size()
        numbers = panel.xaxis.get_tick_params(), panel.yaxis.get_tick_params()
        if numbers[0]["labelbottom"]:
            panel.set_xlabel(xlabel, fontsize=size, labelpad=2)
        if numbers[1]["labelleft"]:
            panel.set_ylabel(ylabel, fontsize=size, labelpad=2)
