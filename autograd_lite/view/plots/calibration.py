"""Whether the probabilities of a classifier come true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.ops import softmax
from autograd_lite.ops.activations import sigmoid
from autograd_lite.view import canvas
from autograd_lite.view.plots.fits import samples_of


@dataclass(frozen=True)
class Calibration:
    """For each bin with samples, their mean probability, the share that came true, their number."""

    probabilities: Any
    shares: Any
    counts: Any
    event: str

    @classmethod
    def of(
        cls, model: Any, inputs: Any, targets: Any, bins: int = 10, logits: bool | None = None
    ) -> Calibration:
        """See `plot_calibration`."""
        samples, classes = samples_of(inputs, targets)
        scores = np.asarray(model.predict(samples), dtype=float).reshape(len(samples), -1)
        known = range(max(scores.shape[1], 2))
        if not {*classes.tolist()} <= {*known}:
            raise ValueError(f"these outputs are for classes {[*known]}, not {np.unique(classes)}")
        if logits is None:
            logits = bool(scores.min() < 0.0 or scores.max() > 1.0)
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

    def plot(self, ax: canvas.Axes | None = None) -> canvas.Axes:
        """Draw it; see `plot_calibration`."""
        ax, chances = canvas.axes_or_new(ax), self.probabilities
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
        return ax


def plot_calibration(
    model: Any,
    inputs: Any,
    targets: Any,
    ax: canvas.Axes | None = None,
    *,
    bins: int = 10,
    logits: bool | None = None,
) -> canvas.Axes:
    """Whether a classifier's probabilities come true: of samples at 0.8, are 80% of that class?

    Parameters
    ----------
    model : object with ``predict``
        ``predict`` of an (n, features) array gives (n,) outputs, for class 1, or (n, k), one per
        class, of which the highest is looked at.
    inputs : array of shape (n, features), or (n,) for one feature
        Best of samples from which the model has not learnt.
    targets : array of shape (n,)
        Class indices from 0.
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
    >>> from autograd_lite.view.canvas import new_figure
    >>> figure, ax = new_figure()
    >>> ax = plot_calibration(nn.MLP(2, [1], seed=1), [[0, 0], [0, 1], [1, 0]], [0, 1, 1], ax)
    """
    return Calibration.of(model, inputs, targets, bins, logits).plot(ax)
