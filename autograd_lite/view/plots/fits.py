"""How well a model fits numbers: its curve or surface beside the data, and what is left over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.errors import ShapeError
from autograd_lite.ops.numbers import refuse_masked
from autograd_lite.view import canvas
from autograd_lite.view.plots.boundaries import models_at

#: How many numbers each feature takes, of one or of two.
_STEPS = {1: 200, 2: 60}


@dataclass(frozen=True)
class Fit:
    """The outputs of a model around samples of one feature or two.

    They are over `axes`: of shape (steps,), or (steps, steps) with the second feature first; of
    several epochs by number, else under None. The last model's at the samples are `predicted`.
    """

    axes: tuple[Any, ...]
    outputs: dict[int | None, Any]
    samples: Any
    targets: Any
    predicted: Any

    @classmethod
    def of(cls, model: Any, inputs: Any, targets: Any, epochs: Sequence[int] | None = None) -> Fit:
        """See `plot_fit`."""
        recorded = hasattr(model, "model_at")
        if epochs is not None and not recorded:
            raise ValueError("epochs are those of an nn.Recorder; give it in place of the model")
        models = models_at(model, epochs) if recorded else {None: model}
        samples, targets = samples_of(inputs, targets)
        if samples.shape[1] > 2:
            raise ShapeError(
                f"a fit is drawn over one feature or two, and these inputs have {samples.shape[1]};"
                " plot_residuals takes any number"
            )
        axes = canvas.axes_around(samples, _STEPS[samples.shape[1]])
        grid = np.meshgrid(*axes)
        points = np.column_stack([part.ravel() for part in grid])
        found = {n: outputs_of(each, points).reshape(grid[0].shape) for n, each in models.items()}
        return cls(axes, found, samples, targets, outputs_of([*models.values()][-1], samples))

    def plot(
        self, ax: canvas.Axes | None = None, feature_names: Sequence[str] = canvas.FEATURES
    ) -> canvas.Axes:
        """Draw it; see `plot_fit`."""
        ax = canvas.axes_or_new(ax)
        draw = self._curves if len(self.axes) == 1 else self._surface
        draw(ax)
        canvas.tidy(ax, feature_names[0], "output" if len(self.axes) == 1 else feature_names[1])
        return ax

    def _curves(self, ax: Any) -> None:
        """One curve for each epoch, and the error of each sample from the last."""
        *earlier, last = self.outputs
        for index, epoch in enumerate(earlier):
            look = {**canvas.style(index + 2, ax), "linewidth": 1.2}
            ax.plot(self.axes[0], self.outputs[epoch], label=f"epoch {epoch:,}", **look)
        name = "model" if last is None else f"epoch {last:,}"
        ax.plot(self.axes[0], self.outputs[last], color=canvas.COLORS[0], linewidth=2, label=name)
        xs = self.samples[:, 0]
        ax.vlines(xs, self.predicted, self.targets, color=canvas.COLORS[1], linewidth=1.2,
                  label="error")  # fmt: skip
        ax.plot(xs, self.targets, "o", color=canvas.ink(ax), markersize=4.5, label="data",
                markeredgecolor="white", markeredgewidth=0.6)  # fmt: skip
        canvas.legend(ax)

    def _surface(self, ax: Any) -> None:
        """The last model's outputs as colours and contours, with the samples in theirs."""
        *_, outputs = map(np.ma.masked_invalid, self.outputs.values())
        ends = min(outputs.min(), self.targets.min()), max(outputs.max(), self.targets.max())
        scale: dict[str, Any] = {"cmap": canvas.SEQUENTIAL, "vmin": ends[0], "vmax": ends[1]}
        edges = [end for axis in self.axes for end in (axis[0], axis[-1])]
        mesh = ax.imshow(outputs, extent=edges, origin="lower", aspect="auto",
                         interpolation="bilinear", **scale)  # fmt: skip
        if outputs.max() > outputs.min():
            ax.contour(*self.axes, outputs, colors="white", linewidths=0.7, alpha=0.7)
        size = max(2.0, min(6.0, 2.0 * min(canvas.inches(ax))))
        ax.scatter(*self.samples.T, c=self.targets, s=size**2, edgecolors="white", linewidths=0.9,
                   **scale)  # fmt: skip
        bar = canvas.figure_of(ax).colorbar(mesh, cax=ax.inset_axes((1.02, 0.0, 0.03, 1.0)))
        bar.ax.tick_params(labelsize=0.85 * canvas.letters(ax), length=2, pad=2)
        bar.set_label("output; in circles: target", fontsize=canvas.letters(ax))


def plot_fit(
    model: Any,
    inputs: Any,
    targets: Any,
    ax: canvas.Axes | None = None,
    *,
    epochs: Sequence[int] | None = None,
    feature_names: Sequence[str] = canvas.FEATURES,
) -> canvas.Axes:
    """The outputs of a model beside the data: a curve over one feature, a surface over two.

    Over one feature a line leads from each sample to the curve: its error. Over two, colours are
    amounts, and a sample has that of its target: where it stands out from its ground is an error.

    Parameters
    ----------
    model : object with ``predict``, or nn.Recorder
        ``predict`` of an (n, features) array gives (n,) outputs. Of a recorder there are curves of
        several epochs, or the surface of the last of these.
    inputs : array of shape (n, features), or (n,) for one feature
    targets : array of shape (n,)
    ax : Axes, optional
    epochs : sequence of int, optional
        Recorded ones. Left out: the first, the last, and two of those between.
    feature_names : sequence of str
        Labels of the axes.

    Raises
    ------
    ShapeError
        If there are more than two features, or more than one output, or lengths do not fit.
    ValueError
        If an epoch was not recorded.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> from autograd_lite.view.canvas import new_figure
    >>> figure, ax = new_figure()
    >>> ax = plot_fit(nn.MLP(1, [4, 1], "tanh", seed=1), [0, 1, 2], [1, 3, 5], ax)
    """
    return Fit.of(model, inputs, targets, epochs).plot(ax, feature_names)


@dataclass(frozen=True)
class Residuals:
    """The rest at each sample: its target minus the output of a model."""

    predicted: Any
    residuals: Any

    @classmethod
    def of(cls, model: Any, inputs: Any, targets: Any) -> Residuals:
        """See `plot_residuals`."""
        samples, targets = samples_of(inputs, targets)
        predicted = outputs_of(model, samples)
        return cls(predicted, targets - predicted)

    @property
    def spread(self) -> float:
        """The root of the mean square."""
        return float(np.sqrt(np.mean(self.residuals**2)))

    def plot(self, ax: canvas.Axes | None = None) -> canvas.Axes:
        """Draw it; see `plot_residuals`."""
        ax = canvas.axes_or_new(ax)
        ax.axhspan(-self.spread, self.spread, color=canvas.COLORS[5], alpha=0.25, linewidth=0,
                   label=f"± root mean square, {self.spread:.3g}")  # fmt: skip
        ax.axhline(0.0, color=canvas.ink(ax), linewidth=0.8)
        ax.plot(self.predicted, self.residuals, "o", color=canvas.COLORS[0], markersize=4.5,
                markeredgecolor="white", markeredgewidth=0.5)  # fmt: skip
        canvas.tidy(ax, "output", "target − output")
        canvas.legend(ax)
        return ax


def plot_residuals(
    model: Any, inputs: Any, targets: Any, ax: canvas.Axes | None = None
) -> canvas.Axes:
    """Target minus output at each sample, over the output: what the model has not explained.

    Of a model that fits they lie around 0 without a pattern; a bow or a funnel in them has not
    been learnt. Parameters and errors are those of `plot_fit`, for any number of features.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> from autograd_lite.view.canvas import new_figure
    >>> figure, ax = new_figure()
    >>> ax = plot_residuals(nn.Neuron(1, "linear", seed=1), [0, 1, 2], [1, 3, 5], ax)
    """
    return Residuals.of(model, inputs, targets).plot(ax)


def samples_of(inputs: Any, targets: Any) -> tuple[Any, Any]:
    """Inputs of shape (n, features) and targets of shape (n,)."""
    refuse_masked(inputs, "inputs")
    refuse_masked(targets, "targets")
    samples, numbers = np.asarray(inputs, dtype=float), np.asarray(targets, dtype=float)
    samples = samples.reshape(-1, 1) if samples.ndim == 1 else samples
    numbers = numbers[:, 0] if numbers.ndim == 2 and numbers.shape[1] == 1 else numbers
    if samples.ndim != 2 or not len(samples) or numbers.shape != samples.shape[:1]:
        raise ShapeError(
            f"inputs are of shape (n, features) and targets of (n,), and these have "
            f"{samples.shape} and {numbers.shape}"
        )
    bad = np.flatnonzero(~np.isfinite(np.column_stack([samples, numbers])).all(axis=1))
    if len(bad):
        raise ValueError(
            f"sample {bad[0]} holds nan or inf, for which a plot has no place; leave such samples "
            f"out ({len(bad)} in all)"
        )
    return samples, numbers


def outputs_of(model: Any, points: Any) -> Any:
    """One output for each point."""
    outputs = np.asarray(model.predict(points), dtype=float)
    if outputs.size != len(points):
        raise ShapeError(
            f"a fit is of one output, and predict gave {outputs.shape} for {len(points)} samples"
        )
    return outputs.reshape(-1)
