"""Networks that learn the same from different first weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lite.errors import ShapeError, shown
from autograd_lite.view.canvas import axes_or_new, style, tidy
from autograd_lite.view.plots.comparisons import finish, learn_or_diverge

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Spread:
    """The losses of several kinds of runs, each repeated with several seeds.

    Attributes
    ----------
    losses : dict of str to ndarray of shape (seeds, epochs)
        inf from where a run diverged.
    """

    losses: dict[str, Any]

    @classmethod
    def of(
        cls,
        make: Callable[[str, int], Any],
        inputs: Any,
        outputs: Any,
        inits: Sequence[str],
        *,
        seeds: Sequence[int] = range(5),
        **learning: Any,
    ) -> Spread:
        """See `plot_initializations`."""
        if not len(inits) or not len(seeds) or isinstance(inits, str):
            raise ShapeError(
                f"give one scheme and one seed or more; given: {shown(inits)}, {shown(seeds)}"
            )
        found: dict[str, list[list[float]]] = {}
        for init in inits:
            for seed in seeds:
                arguments = {"seed": seed, **learning}
                history, _ = learn_or_diverge(make(init, seed), inputs, outputs, arguments)
                found.setdefault(init, []).append(list(history.loss) if history else [])
        epochs = max(1, *(len(run) for runs in found.values() for run in runs))
        return cls({
            init: np.array([run + [np.inf] * (epochs - len(run)) for run in runs])
            for init, runs in found.items()
        })  # fmt: skip

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw it; see `plot_initializations`."""
        ax = axes_or_new(ax)
        for index, (name, losses) in enumerate(self.losses.items()):
            look = style(index, ax)
            epochs = np.arange(1, losses.shape[1] + 1)
            low, high = losses.min(axis=0), losses.max(axis=0)
            ax.fill_between(epochs, low, high, where=np.isfinite(high), color=look["color"],
                            alpha=0.18, linewidth=0)  # fmt: skip
            ends: dict[str, Any] = {"marker": "o", "markevery": [-1], "markersize": 4}
            ax.plot(epochs, np.median(losses, axis=0), label=name, **ends, **look)
        finish(ax, [run for losses in self.losses.values() for run in losses])
        tidy(ax, "epoch", "loss: median, range")
        ax.locator_params(axis="x", integer=True)
        return ax


def plot_initializations(
    make: Callable[[str, int], Any],
    inputs: Any,
    outputs: Any,
    inits: Sequence[str] = ("uniform", "he_normal", "glorot_uniform"),
    ax: Axes | None = None,
    *,
    seeds: Sequence[int] = range(5),
    **learning: Any,
) -> Axes:
    """The loss per epoch from several schemes of first weights: median and range over seeds.

    Parameters
    ----------
    make : callable
        Makes a network, given the scheme and the seed.
    inputs, outputs : array
    inits : sequence of str
        The schemes (`nn.init.SCHEMES`), which also stand in the legend.
    ax : Axes, optional
    seeds : sequence of int, default=range(5)
    **learning
        Further arguments of `Module.learn`: ``loss``, ``epochs``, ….

    Returns
    -------
    Axes

    Raises
    ------
    ShapeError
        If no scheme or no seed is given.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> from autograd_lite.view.canvas import new_figure
    >>> figure, ax = new_figure()
    >>> def make(init, seed):
    ...     return nn.MLP(1, [4, 1], activation="tanh", init=init, seed=seed)
    >>> plot_initializations(
    ...     make, [0, 1, 2], [0, 1, 4], ["he", "glorot"], ax, seeds=[1, 2], epochs=5
    ... ) is ax
    True
    """
    found = Spread.of(make, inputs, outputs, inits, seeds=seeds, **learning)
    return found.plot(ax)
