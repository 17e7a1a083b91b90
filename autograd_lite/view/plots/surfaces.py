"""A loss over two parameters, with the way that training took."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.errors import ShapeError, shown
from autograd_lite.program import compile
from autograd_lite.view import canvas

Span = tuple[float, float] | None


@dataclass(frozen=True)
class LossSurface(canvas.Plot):
    """A loss on a grid of two parameters: ``losses[j, i]`` belongs to ``xs[i], ys[j]``.

    Contours are drawn at its levels. The path, of shape (n, 2), is that of the parameters in the
    course of training; None without.
    """

    xs: Any
    ys: Any
    losses: Any
    levels: Any
    path: Any
    names: Sequence[str]

    @classmethod
    def of(
        cls, loss: Any, names: Sequence[str] | None = None, *, path: Any = None, x: Span = None,
        y: Span = None, steps: int = 50, levels: int = 10,
    ) -> LossSurface:  # fmt: skip
        """A loss over two parameters as contours, with the path of training.

        Parameters
        ----------
        loss : callable of two numbers, or nn.Recorder
            A function that `autograd_lite.compile` takes; or what `Module.learn` was given as its
            callback: its path is shown, and other parameters stay where training ended.
        ax : Axes, optional
        names : (str, str), optional
            Of the two parameters; needed for a model that has more (``recorder.names``).
        path : array of shape (n, 2), optional
            Where training went.
        x, y : (float, float), optional
            From where to where the parameters go. Left out: around the path.
        steps : int, default=50
            The loss is computed at steps × steps points.
        levels : int, default=10
            How many contours there are.

        Raises
        ------
        ShapeError
            If the function takes other than two numbers, or the path is not of shape (n, 2).
        ValueError
            If the model has more than two parameters and two are not named, or if there is neither
            a path nor `x` and `y`.

        Examples
        --------
        >>> def loss(w, b):
        ...     return (w - 2) ** 2 + 3 * b * b
        >>> ax = plot_surface(loss, path=[[0, 1], [1, 0.2], [1.8, 0]])
        """
        read = _of_recorder if hasattr(loss, "columns") else _of_function
        function, path, names = read(loss, names, path)
        if path is not None:
            path = np.asarray(path, dtype=float)
            if path.ndim != 2 or path.shape[1] != 2 or not len(path):
                raise ShapeError(f"a path is an array of shape (n, 2) and has {path.shape}")
        ends = [_span("xy"[i], span, path, i) for i, span in enumerate((x, y))]
        xs, ys = (np.linspace(*each, steps) for each in ends)
        grid_x, grid_y = np.meshgrid(xs, ys)
        losses = function(grid_x.ravel(), grid_y.ravel()).reshape(steps, steps)
        found = losses[np.isfinite(losses)]
        # Of a bowl these are the levels whose rings lie at equal distances.
        shares = np.linspace(0.0, 1.0, levels + 1)[1:] ** 2 * 0.98
        chosen = found
        if len(found):
            chosen = np.unique(np.quantile(found, shares))
            chosen = chosen[(chosen > found.min()) & (chosen < found.max())]
        return cls(xs, ys, losses, chosen, path, names)

    def draw(self, ax: Any) -> None:
        """See `plot_surface`."""
        shown = np.ma.masked_invalid(self.losses)
        if len(self.levels):
            levels = np.array([shown.min(), *self.levels, shown.max()])
            ranks = np.linspace(0.0, 1.0, len(levels) - 1)
            filled = ax.contourf(self.xs, self.ys, shown, levels=levels, colors=canvas.tints(ranks))
            ax.contour(self.xs, self.ys, shown, levels=self.levels, colors="black",
                       linewidths=0.3)  # fmt: skip
            bar = ax.inset_axes((1.02, 0.0, 0.03, 1.0))
            every = 1 if min(canvas.inches(ax)) > 1.6 else 2
            # the fewest digits that tell the levels apart, at least three
            tell = (d for d in range(3, 9) if len({f"{x:.{d}g}" for x in levels}) == len(levels))
            canvas.figure_of(ax).colorbar(filled, cax=bar, spacing="uniform", ticks=levels[::every],
                                   format=f"%.{next(tell, 9)}g")  # fmt: skip
            bar.tick_params(labelsize=0.85 * canvas.letters(ax), length=2, pad=2)
            bar.set_ylabel("loss", fontsize=canvas.letters(ax))
        if self.path is not None:
            width = min(1.0, min(canvas.inches(ax)) / 3)
            edge: dict[str, Any] = {"markeredgecolor": "black", "markeredgewidth": 0.5}
            ax.plot(*self.path.T, color="black", linewidth=3.5 * width)  # seen on any colour
            ax.plot(*self.path.T, color="white", linewidth=1.8 * width, marker=".",
                    markersize=5 * width, label="training")  # fmt: skip
            ax.plot(*self.path[0], "o", color="white", markersize=7 * width, label="start", **edge)
            ax.plot(*self.path[-1], "*", color=canvas.COLORS[4], markersize=14 * width, label="end",
                    **edge)  # fmt: skip
            canvas.legend(ax, facecolor="#808080", labelcolor="white", framealpha=0.75)
        canvas.tidy(ax, *self.names)
        ax.set(xlim=(self.xs[0], self.xs[-1]), ylim=(self.ys[0], self.ys[-1]))


plot_surface = canvas.function_of(LossSurface, "plot_surface", 1)


Found = tuple[Callable[[Any, Any], Any], Any, Sequence[str]]


def _of_function(loss: Any, names: Sequence[str] | None, path: Any) -> Found:
    if not callable(loss):
        raise TypeError(
            f"a surface is of a function of two numbers, or of an nn.Recorder, and was asked of "
            f"{type(loss).__name__}: {shown(loss)}"
        )
    parameters = inspect.signature(loss).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
    if len(needed) != 2:
        raise ShapeError(
            f"contours are drawn over two parameters, and the loss takes {len(needed)} "
            f"({', '.join(needed)}); hold the others fixed: lambda a, b: loss(a, b, …)"
        )
    return compile(loss).map, path, needed if names is None else names


def _of_recorder(recorder: Any, names: Sequence[str] | None, path: Any) -> Found:
    columns = recorder.columns(names)
    last = recorder.numbers[-1]

    def losses(xs: Any, ys: Any) -> Any:
        numbers = np.tile(last, (len(xs), 1))
        numbers[:, columns] = np.column_stack([xs, ys])
        return recorder.losses(numbers)

    walked = recorder.numbers[:, columns] if path is None else path
    return losses, walked, [recorder.names[column] for column in columns]


def _span(axis: str, span: Span, path: Any, column: int) -> tuple[float, float]:
    if span is not None:
        low, high = map(float, span)
        if not low < high:
            raise ValueError(f"{axis} goes from a smaller to a larger number and is {shown(span)}")
        return low, high
    if path is None:
        raise ValueError(f"without a path nothing says where to look; give {axis}=(low, high)")
    low, high = path[:, column].min(), path[:, column].max()
    margin = 0.3 * (high - low) or 1.0
    return low - margin, high + margin
