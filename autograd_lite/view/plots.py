"""Curves and boundaries with matplotlib, which comes with the extra ``plot``.

Every function draws into the Axes it is given (`ax`), or into a new pyplot figure, and returns the
Axes. None of them calls ``show``; all raise ImportError when matplotlib is missing. The colours are
those of Okabe and Ito (Color Universal Design, 2008), which people with any kind of colour vision
can tell apart; lines and markers differ too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lite.errors import ShapeError
from autograd_lite.view.canvas import COLORS, GREY, MARKERS, axes_or_new, style, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_losses(
    curves: Mapping[str, Sequence[float]],
    ax: Axes | None = None,
    *,
    xlabel: str = "update",
    log: bool = True,
    tolerance: float | None = None,
    start: int = 0,
) -> Axes:
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

    Returns
    -------
    Axes

    Raises
    ------
    ShapeError
        If there is no curve, or one without numbers.
    """
    if not curves or not all(len(losses) for losses in curves.values()):
        raise ShapeError(f"every curve needs one loss or more; given: {dict(curves)!r}")
    ax = axes_or_new(ax)
    for index, (name, losses) in enumerate(curves.items()):
        marker = MARKERS[index % len(MARKERS)] if len(losses) <= 60 else None
        numbers = range(start, start + len(losses))
        ax.plot(numbers, losses, label=name, marker=marker, markersize=3, **style(index))
    if log:
        ax.set_yscale("log")
    if tolerance is not None:
        ax.axhline(tolerance, color=GREY, linewidth=0.8, label=f"converged below {tolerance:g}")
    ax.locator_params(axis="x", integer=True)
    tidy(ax, xlabel, "loss")
    ax.legend(fontsize="small", frameon=False)
    return ax


def plot_history(history: Any, ax: Axes | None = None, *, log: bool = False) -> Axes:
    """Training loss, and validation loss where there is one, per epoch.

    Parameters
    ----------
    history : History, mapping or sequence of float
        Anything with ``loss``, and perhaps ``validation_loss``, as attributes or keys; or the
        training losses themselves.
    ax : Axes, optional
    log : bool, default=False
        Whether the losses are shown on a logarithmic scale.

    Returns
    -------
    Axes

    Raises
    ------
    ShapeError
        If there is no loss to show.
    """
    curves = {"training": _part(history, "loss"), "validation": _part(history, "validation_loss")}
    curves = {name: losses for name, losses in curves.items() if losses is not None and len(losses)}
    if not curves:
        raise ShapeError(f"there is no loss to plot in {history!r}; call learn() first")
    return plot_losses(curves, ax, xlabel="epoch", log=log, start=1)


def _part(history: Any, name: str) -> Any:
    if isinstance(history, Mapping):
        return history.get(name)
    if hasattr(history, "loss"):
        return getattr(history, name, None)
    return history if name == "loss" else None


def plot_loss_curve(
    weights: Sequence[float],
    losses: Sequence[float],
    tangent: tuple[float, float, float] | None = None,
    step: float | None = None,
    ax: Axes | None = None,
) -> Axes:
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

    Returns
    -------
    Axes

    Raises
    ------
    ShapeError
        If `weights` and `losses` differ in length.
    """
    if len(weights) != len(losses):
        raise ShapeError(f"{len(weights)} weights and {len(losses)} losses: give one loss each")
    ax = axes_or_new(ax)
    ax.plot(weights, losses, color=COLORS[0], label="loss")
    top, span = max(losses), max(weights) - min(weights)
    if tangent is not None:
        W, loss, slope = tangent
        ends = [W - span / 3, W + span / 3]
        if slope:  # no longer than fits into the height of the curve
            limits = sorted((height - loss) / slope + W for height in (-0.08 * top, top))
            ends = [max(ends[0], limits[0]), min(ends[1], limits[1])]
        line = [loss + slope * (end - W) for end in ends]
        ax.plot(ends, line, color=COLORS[1], linestyle="--", label=f"tangent, slope {slope:.4g}")
        ax.plot([W], [loss], "o", color=COLORS[1])
        if step is not None:
            arrow = {"arrowstyle": "-|>", "color": COLORS[2], "linewidth": 2, "shrinkA": 0}
            ax.annotate("", (step, -0.1 * top), (W, -0.1 * top), arrowprops=arrow)
            ax.plot([], [], color=COLORS[2], linewidth=2, label=f"update: {W:.4g} to {step:.4g}")
    ax.set_ylim(-0.16 * top, 1.05 * top)
    tidy(ax, "W", "loss")
    ax.legend(frameon=False)
    return ax


def plot_boundary(
    model: Any,
    inputs: Any,
    targets: Any,
    ax: Axes | None = None,
    *,
    steps: int = 50,
    threshold: float | None = None,
    feature_names: Sequence[str] = ("feature 1", "feature 2"),
) -> Axes:
    """Where a model of two features decides for which class, with the data on top.

    Parameters
    ----------
    model : object with ``predict``
        ``predict`` of an (m, 2) array gives (m,) scores, or (m, k) with one score per class.
    inputs : array of shape (n, 2)
    targets : array of shape (n,) or (n, k)
        Class labels (0 and 1, -1 and +1, or 0 to k - 1), or one column of 0 and 1 per class.
    ax : Axes, optional
    steps : int, default=50
        The plane is asked at steps × steps points.
    threshold : float, optional
        The score above which a model with one score decides for the higher class. Left out: 0.5
        for classes 0 and 1 if all scores lie from 0 to 1, else 0.0, as for logits.
    feature_names : sequence of str
        Labels of the two axes.

    Returns
    -------
    Axes

    Raises
    ------
    ShapeError
        If the inputs do not have two columns, or lengths or classes do not fit.
    """
    points, classes = _labelled_points(inputs, targets)
    xs, ys, scores = _scores_on_grid(model, points, steps)
    labels, leads = _leads(scores, np.unique(classes).tolist(), threshold)
    ax = axes_or_new(ax)
    for index, lead in enumerate(leads):
        if lead.max() > 0.0:
            tints = [COLORS[index % len(COLORS)]]
            ax.contourf(xs, ys, lead, levels=[0.0, lead.max()], colors=tints, alpha=0.22)
        if lead.min() < 0.0 < lead.max():
            ax.contour(xs, ys, lead, levels=[0.0], colors="black", linewidths=1.0)
    for index, label in enumerate(labels):
        ax.plot(
            *points[classes == label].T, linestyle="", label=f"class {label:g}",
            color=COLORS[index % len(COLORS)], marker=MARKERS[index % len(MARKERS)],
            markersize=5, markeredgecolor="white", markeredgewidth=0.5,
        )  # fmt: skip
    tidy(ax, *feature_names)
    ax.legend(fontsize="small")
    return ax


def _labelled_points(inputs: Any, targets: Any) -> tuple[Any, Any]:
    points, classes = np.asarray(inputs, dtype=float), np.asarray(targets, dtype=float)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ShapeError(
            f"a boundary is drawn over two features, inputs of shape (n, 2), and these have "
            f"{points.shape}; choose two columns, inputs[:, :2]"
        )
    if classes.ndim == 2:
        classes = classes[:, 0] if classes.shape[1] == 1 else classes.argmax(axis=1)
    if classes.shape != points.shape[:1]:
        raise ShapeError(f"{len(points)} inputs and targets of shape {classes.shape}: one each")
    return points, classes


def _scores_on_grid(model: Any, points: Any, steps: int) -> tuple[Any, Any, Any]:
    """The grid around the points and the model's scores on it: (steps, steps) or one more axis."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.08 * np.where(high > low, high - low, 1.0)
    x_axis, y_axis = np.linspace(low - margin, high + margin, steps).T
    xs, ys = np.meshgrid(x_axis, y_axis)
    scores = np.asarray(model.predict(np.column_stack([xs.ravel(), ys.ravel()])), dtype=float)
    if scores.ndim == 2 and scores.shape[1] == 1:
        scores = scores[:, 0]
    return xs, ys, scores.reshape(steps, steps, *scores.shape[1:])


def _leads(scores: Any, found: list[float], threshold: float | None) -> tuple[Any, list[Any]]:
    """The classes, and by how much the score of each is ahead of all others, over the grid."""
    if scores.ndim == 3:
        k = scores.shape[-1]
        if not set(found) <= set(range(k)):
            raise ShapeError(f"{k} scores a point are of classes 0 to {k - 1}; given: {found}")
        others = [np.delete(scores, i, axis=-1).max(axis=-1) for i in range(k)]
        return range(k), [scores[..., i] - other for i, other in enumerate(others)]
    if len(found) > 2:
        raise ShapeError(f"{len(found)} classes need one score each; predict gave one a point")
    if threshold is None:
        probabilities = scores.min() >= 0.0 and scores.max() <= 1.0
        threshold = 0.5 if probabilities and set(found) <= {0, 1} else 0.0
    pairs = ((0, 1), (-1, 1))  # a class is known even if there is no sample of the other
    labels = next((pair for pair in pairs if set(found) <= set(pair)), found)
    return labels, [threshold - scores, scores - threshold]
