"""Losses: over epochs, and over one weight with the tangent and the step of an update."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.errors import ShapeError, shown
from autograd_lite.ops.numbers import as_float
from autograd_lite.program import compile
from autograd_lite.transforms import value_and_grad
from autograd_lite.view import canvas
from autograd_lite.view.canvas import COLORS, GREY, Axes, axes_or_new, legend, marker, style, tidy


def plot_losses(
    curves: Mapping[str, Sequence[float]], ax: Axes | None = None, *, xlabel: str = "update",
    log: bool = True, tolerance: float | None = None, start: int = 0,
) -> Axes:  # fmt: skip
    """Loss against iterations for several runs, a curve each.

    Parameters
    ----------
    curves : mapping of str to sequence of float
        What the legend says, and the losses of any length: at the start, after an update, …
    ax : Axes, optional
    xlabel : str
    log : bool, default=True
        Whether the losses are shown on a logarithmic scale (which leaves out zeros).
    tolerance : float, optional
        A horizontal line, below which a run counts as converged.
    start : int, default=0
        The number of the first loss.

    Raises
    ------
    ShapeError
        If there is no curve, or one without numbers.
    """
    if not curves or not all(len(losses) for losses in curves.values()):
        raise ShapeError(f"every curve needs one loss or more; given: {shown(dict(curves))}")
    ax = axes_or_new(ax)
    for index, (name, losses) in enumerate(curves.items()):
        dots = marker(index) if len(losses) <= 60 else None
        numbers = range(start, start + len(losses))
        ax.plot(numbers, losses, label=name, marker=dots, markersize=3, **style(index, ax))
    if log:
        ax.set_yscale("log")
    if tolerance is not None:
        ax.axhline(tolerance, color=GREY, linewidth=0.8, label=f"converged below {tolerance:g}")
    ax.locator_params(axis="x", integer=True)
    tidy(ax, xlabel, "loss")
    legend(ax)
    return ax


def plot_history(
    history: Any, ax: Axes | None = None, *, log: bool = False, metric: str = "loss"
) -> Axes:
    """Training loss, and validation loss where there is one, per epoch; or another metric.

    Parameters
    ----------
    history : History, mapping or sequence of float
        Anything with ``loss``, and perhaps ``validation_loss``, as attributes or keys; or the
        training losses themselves.
    ax : Axes, optional
    log : bool, default=False
        Whether the losses are shown on a logarithmic scale.
    metric : str, default="loss"
        Or one of ``history.metrics``, such as ``"accuracy"``.

    Raises
    ------
    ShapeError
        If there is no loss to show.
    ValueError
        If the history has no such metric.

    Examples
    --------
    >>> ax = plot_history({"loss": [0.9, 0.4], "validation_loss": [1.0, 0.6]})
    """
    names = {"training": "", "validation": "validation_"}
    if metric == "loss":
        curves = {name: _part(history, f"{prefix}loss") for name, prefix in names.items()}
    else:
        metrics = {name: _part(history, f"{prefix}metrics") for name, prefix in names.items()}
        curves = {name: (found or {}).get(metric) for name, found in metrics.items()}
        if curves["training"] is None:
            known = ["loss", *(metrics["training"] or {})]
            raise ValueError(
                f"there is no metric {shown(metric)}; choose one of: {', '.join(known)}"
            )
    curves = {name: losses for name, losses in curves.items() if losses is not None and len(losses)}
    if not curves:
        raise ShapeError(f"there is no loss to plot in {shown(history)}; call learn() first")
    ax = plot_losses(curves, ax, xlabel="epoch", log=log, start=1)
    ax.yaxis.label.set_text(metric)
    return ax


def _part(history: Any, name: str) -> Any:
    if isinstance(history, Mapping):
        return history.get(name)
    if hasattr(history, "loss"):
        return getattr(history, name, None)
    return history if name == "loss" else None


def plot_loss_curve(
    weights: Sequence[float], losses: Sequence[float],
    tangent: tuple[float, float, float] | None = None, step: float | None = None,
    ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """Loss against one weight, with the tangent at a point and the step that lowers the loss.

    Parameters
    ----------
    weights, losses : sequence of float
        The curve.
    tangent : (float, float, float), optional
        Weight, loss and slope at the point where the tangent touches.
    step : float, optional
        The weight after an update: an arrow along the axis leads there from the tangent's weight.
    ax : Axes, optional

    Raises
    ------
    ShapeError
        If `weights` and `losses` differ in length.
    """
    if len(weights) != len(losses):
        raise ShapeError(f"{len(weights)} weights and {len(losses)} losses: give one loss each")
    ax = axes_or_new(ax)
    ax.plot(weights, losses, color=COLORS[0], label="loss")
    low, top = min(losses), max(losses)
    height, span = (top - low) or 1.0, max(weights) - min(weights)
    if tangent is not None:
        W, loss, slope = tangent
        ends = [W - span / 3, W + span / 3]
        if slope:  # no longer than fits into the height of the curve
            limits = sorted((y - loss) / slope + W for y in (low - 0.08 * height, top))
            ends = [max(ends[0], limits[0]), min(ends[1], limits[1])]
        line = [loss + slope * (end - W) for end in ends]
        ax.plot(ends, line, color=COLORS[1], linestyle="--", label=f"tangent, slope {slope:.4g}")
        ax.plot([W], [loss], "o", color=COLORS[1])
        if step is not None:
            arrow = {"arrowstyle": "-|>", "color": COLORS[2], "linewidth": 2, "shrinkA": 0}
            below = low - 0.1 * height
            ax.annotate("", (step, below), (W, below), arrowprops=arrow)
            ax.plot([], [], color=COLORS[2], linewidth=2, label=f"update: {W:.4g} to {step:.4g}")
    ax.set_ylim(low - 0.16 * height, top + 0.05 * height)
    tidy(ax, "W", "loss")
    legend(ax)
    return ax


@dataclass(frozen=True)
class LossCurve(canvas.Plot):
    """A function of one number around a point, with its tangent there and a step downhill.

    The tangent is a weight, with the loss and the slope there; the step is the weight after it.
    """

    weights: Any
    losses: Any
    tangent: tuple[float, float, float]
    step: float

    @classmethod
    def of(
        cls, f: Callable[[Any], Any], start: float, learning_rate: float = 0.1, *,
        span: tuple[float, float] | None = None, steps: int = 200,
    ) -> "LossCurve":  # fmt: skip
        """A loss of one weight, its tangent at a point, and a step of gradient descent from there.

        Parameters
        ----------
        f : callable
            The loss, of one number, which `autograd_lite.compile` takes.
        start : float
            Where the tangent touches.
        learning_rate : float, default=0.1
        ax : Axes, optional
        span : (float, float), optional
            From which weight to which the curve goes. Left out: around `start`.
        steps : int, default=200
            The number of points of the curve.

        Raises
        ------
        ValueError
            If loss or slope is no finite number at `start`, or the span is empty.

        Examples
        --------
        >>> ax = plot_step(lambda W: (W - 2) ** 2, 3.0, 0.2)
        >>> LossCurve.of(lambda W: (W - 2) ** 2, 3.0, 0.2).step
        2.6
        """
        start = as_float(start)
        slope_of = compile(value_and_grad(f))
        loss, slope = slope_of(start)
        step = start - as_float(learning_rate) * slope
        if not math.isfinite(step) or not math.isfinite(loss):
            raise ValueError(
                f"at {start:g} the loss is {loss!r}, its slope {slope!r}; start elsewhere"
            )
        reach = max(1.0, abs(start), 1.2 * abs(step - start))
        low, high = (start - reach, start + reach) if span is None else map(as_float, span)
        if not low < high:
            raise ValueError(f"span goes from a smaller to a larger weight and is {shown(span)}")
        weights = np.linspace(low, high, steps)
        return cls(weights, compile(f).map(weights), (start, loss, slope), step)

    def draw(self, ax: Any) -> None:
        """See `plot_loss_curve`."""
        plot_loss_curve(self.weights, self.losses, self.tangent, self.step, ax)


plot_step = canvas.function_of(LossCurve, "plot_step", 3)
