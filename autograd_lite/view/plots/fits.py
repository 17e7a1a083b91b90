"""How well a model fits: its curve or surface beside the data, what is left over, calibration."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.errors import ShapeError
from autograd_lite.ops import softmax
from autograd_lite.ops.activations import sigmoid
from autograd_lite.view import canvas
from autograd_lite.view.plots.boundaries import models_at

#: How many numbers each feature takes, of one or of two.
_STEPS = {1: 200, 2: 60}


@dataclass(frozen=True)
class Fit(canvas.Plot):
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
    def of(
        cls, model: Any, inputs: Any, targets: Any, epochs: Sequence[int] | None = None
    ) -> "Fit":
        """The outputs of a model beside the data: a curve over one feature, a surface over two.

        Over one feature a line leads from each sample to the curve: its error. Over two, colours
        are amounts, and a sample has that of its target: where it stands out is an error.

        Parameters
        ----------
        model : object with ``predict``, or nn.Recorder
            ``predict`` of an (n, features) array gives (n,) outputs. Of a recorder there are curves
            of several epochs, or the surface of the last of these.
        inputs : array of shape (n, features), or (n,) for one feature
        targets : array of shape (n,)
        ax : Axes, optional
        epochs, feature_names
            As for `plot_boundaries` and `plot_boundary`.

        Raises
        ------
        ShapeError
            If there are more than two features, or more than one output, or lengths do not fit.
        ValueError
            If an epoch was not recorded.

        Examples
        --------
        >>> from autograd_lite import nn
        >>> ax = plot_fit(nn.MLP(1, [4, 1], "tanh", seed=1), [0, 1, 2], [1, 3, 5])
        """
        recorded = hasattr(model, "model_at")
        if epochs is not None and not recorded:
            raise ValueError("epochs are those of an nn.Recorder; give it in place of the model")
        models = models_at(model, epochs) if recorded else {None: model}
        samples, targets = canvas.samples_of(inputs, targets)
        if samples.shape[1] > 2:
            raise ShapeError(
                f"a fit is drawn over one feature or two, and these inputs have {samples.shape[1]};"
                " plot_residuals takes any number"
            )
        steps = _STEPS[samples.shape[1]]
        axes, grid = canvas.grid_around(samples, steps)
        shape = [steps] * len(axes)
        found = {n: outputs_of(each, grid).reshape(shape) for n, each in models.items()}
        return cls(axes, found, samples, targets, outputs_of([*models.values()][-1], samples))

    def draw(self, ax: Any, feature_names: Sequence[str] = canvas.FEATURES) -> None:
        """See `plot_fit`."""
        one = len(self.axes) == 1
        (self._curves if one else self._surface)(ax)
        canvas.tidy(ax, feature_names[0], "output" if one else feature_names[1])

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


plot_fit = canvas.function_of(Fit, "plot_fit", 3)


@dataclass(frozen=True)
class Residuals(canvas.Plot):
    """The rest at each sample: its target minus the output of a model."""

    predicted: Any
    residuals: Any

    @classmethod
    def of(cls, model: Any, inputs: Any, targets: Any) -> "Residuals":
        """Target minus output at each sample, over the output: what the model has not explained.

        Of a model that fits they lie around 0 without a pattern; a bow or a funnel in them has not
        been learnt. Parameters and errors are those of `plot_fit`, for any number of features.

        Examples
        --------
        >>> from autograd_lite import nn
        >>> ax = plot_residuals(nn.Neuron(1, "linear", seed=1), [0, 1, 2], [1, 3, 5])
        """
        samples, targets = canvas.samples_of(inputs, targets)
        predicted = outputs_of(model, samples)
        return cls(predicted, targets - predicted)

    @property
    def spread(self) -> float:
        """The root of the mean square."""
        return float(np.sqrt(np.mean(self.residuals**2)))

    def draw(self, ax: Any) -> None:
        """See `plot_residuals`."""
        ax.axhspan(-self.spread, self.spread, color=canvas.COLORS[5], alpha=0.25, linewidth=0,
                   label=f"± root mean square, {self.spread:.3g}")  # fmt: skip
        ax.axhline(0.0, color=canvas.ink(ax), linewidth=0.8)
        ax.plot(self.predicted, self.residuals, "o", color=canvas.COLORS[0], markersize=4.5,
                markeredgecolor="white", markeredgewidth=0.5)  # fmt: skip
        canvas.tidy(ax, "output", "target − output")
        canvas.legend(ax)


plot_residuals = canvas.function_of(Residuals, "plot_residuals", 3)


@dataclass(frozen=True)
class Calibration(canvas.Plot):
    """For each bin with samples, their mean probability, the share that came true, their number."""

    probabilities: Any
    shares: Any
    counts: Any
    event: str

    @classmethod
    def of(
        cls, model: Any, inputs: Any, targets: Any, bins: int = 10, logits: bool | None = None
    ) -> "Calibration":
        """Whether a classifier's probabilities come true: of samples at 0.8, are 80% of that class?

        Parameters
        ----------
        model : object with ``predict``
            ``predict`` of an (n, features) array gives (n,) outputs, for class 1, or (n, k), one
            per class, of which the highest is looked at.
        inputs : array of shape (n, features), or (n,) for one feature
            Best of samples from which the model has not learnt.
        targets : array of shape (n,)
            Class indices from 0, or labels that the model has learnt.
        ax : Axes, optional
        bins : int, default=10
            Of equal width.
        logits : bool, optional
            Whether the outputs are logits. Left out: if any lies outside of 0 to 1.

        Raises
        ------
        ShapeError
            If lengths do not fit.
        ValueError
            If there is no output for a class.

        Examples
        --------
        >>> from autograd_lite import nn
        >>> ax = plot_calibration(nn.MLP(2, [1], seed=1), [[0, 0], [0, 1], [1, 0]], [0, 1, 1])
        """
        samples, classes = canvas.samples_of(inputs, canvas.places_of(model, targets))
        scores = canvas.outputs_for(model, samples).reshape(len(samples), -1)
        known = range(max(scores.shape[1], 2))
        if not {*classes.tolist()} <= {*known}:
            raise ValueError(f"these outputs are for classes {[*known]}, not {np.unique(classes)}")
        if logits is None:
            outside = bool(scores.min() < 0.0 or scores.max() > 1.0)
            logits = outside or canvas.learnt_classes(model) is not None
        if scores.shape[1] == 1:
            event, true = "class 1", classes == 1
            chances = sigmoid(scores[:, 0]) if logits else scores[:, 0]
        else:
            event, true = "the best class", classes == scores.argmax(axis=1)
            chances = (np.apply_along_axis(softmax, 1, scores) if logits else scores).max(axis=1)
        which = np.clip((chances * bins).astype(int), 0, bins - 1)
        counts = np.bincount(which, minlength=bins)
        sums = [np.bincount(which, numbers, bins) for numbers in (chances, true)]
        used = counts > 0
        means, shares = (each[used] / counts[used] for each in sums)
        return cls(means, shares, counts[used], event)

    @property
    def error(self) -> float:
        """The expected calibration error: the mean gap over samples (Naeini et al. 2015)."""
        return float(np.average(abs(self.shares - self.probabilities), weights=self.counts))

    def draw(self, ax: Any) -> None:
        """See `plot_calibration`."""
        chances = self.probabilities
        ax.plot([0.0, 1.0], [0.0, 1.0], color=canvas.GREY, linestyle="--", linewidth=1)
        reach = 2.0 * np.sqrt(chances * (1.0 - chances) / self.counts)
        ends = np.clip([chances - reach, chances + reach], 0.0, 1.0)
        ax.vlines(chances, *ends, color=canvas.GREY, alpha=0.35, linewidth=5,
                  label="if calibrated: ± 2 standard errors")  # fmt: skip
        ax.plot(chances, self.shares, color=canvas.COLORS[0], linewidth=1.2,
                label=f"model: mean gap {self.error:.2g} (large: many samples)")  # fmt: skip
        size = 60.0 * min(1.0, min(canvas.inches(ax)) / 3) ** 2
        sizes = np.maximum(size * self.counts / self.counts.mean(), size / 4)
        ax.scatter(chances, self.shares, sizes, zorder=3, color=canvas.COLORS[0],
                   edgecolors="white", linewidths=0.8)  # fmt: skip
        ax.set(xlim=(-0.04, 1.04), ylim=(-0.04, 1.04))
        canvas.tidy(ax, f"probability of {self.event}", "share for which it is right")
        canvas.legend(ax)


plot_calibration = canvas.function_of(Calibration, "plot_calibration", 3)


def outputs_of(model: Any, points: Any) -> Any:
    """One output for each point."""
    outputs = canvas.outputs_for(model, points)
    if outputs.size != len(points):
        raise ShapeError(
            f"a fit is of one output, and predict gave {outputs.shape} for {len(points)} samples"
        )
    return outputs.reshape(-1)
