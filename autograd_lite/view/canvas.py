"""What plots are drawn on and with: figures, axes, colours, line styles. Needs matplotlib."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Okabe and Ito's palette, ordered so that neighbours differ in lightness.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GREY = "#767676"
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def _missing(error: ImportError) -> ImportError:
    return ImportError(f'plots need matplotlib ({error}): pip install "autograd-lite[plot]"')


def new_figure(
    width: float = 6.4, height: float = 4.0, columns: int = 1, rows: int = 1
) -> tuple[Figure, Any]:
    """A figure that pyplot does not know; it shows itself at the end of a notebook cell.

    Parameters
    ----------
    width, height : float
        In inches.
    columns, rows : int, default=1
        How many Axes stand side by side, and below one another.

    Returns
    -------
    (Figure, Axes)
        An array of Axes when there are several.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise _missing(error) from error
    figure = _showing_itself(Figure)(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns)


@cache
def _showing_itself(figure: type[Figure]) -> type[Figure]:
    """The class of figures that a notebook shows without ``%matplotlib inline``."""
    return type("NotebookFigure", (figure,), {"_repr_png_": _png})


def _png(figure: Figure) -> bytes:
    file = BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return file.getvalue()


def axes_or_new(ax: Axes | None) -> Any:
    """The Axes given, or those of a new pyplot figure."""
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise _missing(error) from error
    return pyplot.subplots(layout="constrained")[1]


def tidy(ax: Any, xlabel: str, ylabel: str) -> None:
    """Name the axes and take away the frame's idle sides."""
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.spines[["top", "right"]].set_visible(False)


def style(index: int) -> dict[str, Any]:
    """Colour and line style of the n-th curve of a picture."""
    return {"color": COLORS[index % len(COLORS)], "linestyle": LINES[index % len(LINES)]}
