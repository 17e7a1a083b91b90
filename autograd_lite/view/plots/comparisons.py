"""Networks that learn the same with different learning rates, optimisers or first weights."""

import copy
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_lite.errors import AnomalyError, ShapeError, TrainingWarning, shown
from autograd_lite.view.canvas import Axes, Plot, function_of, inches, legend, style, tidy


@dataclass(frozen=True)
class Race(Plot):
    """The losses of several runs, by name, and the seconds since the start at each finished epoch.

    Of runs that could not go on, `diverged` says what was wrong, in `AnomalyError`'s words.
    """

    losses: dict[str, list[float]] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    diverged: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, model: Any, inputs: Any, outputs: Any,
        runs: Mapping[str, Callable[[Any], Mapping[str, Any]]], **learning: Any,
    ) -> "Race":  # fmt: skip
        """Let copies of a model learn, with arguments of `Module.learn` for all runs.

        By name, `runs` has a function of the copy that gives further arguments for one run.
        """
        if not runs:
            raise ShapeError(f"nothing to compare was given: {shown(runs)}")
        race = cls()
        for name, arguments_for in runs.items():
            runner = copy.deepcopy(model)
            arguments = {**learning, **arguments_for(runner)}
            history, complaint = learn_or_diverge(runner, inputs, outputs, arguments)
            race.losses[name] = list(history.loss) if history else []
            race.seconds[name] = np.cumsum(history.seconds).tolist() if history else []
            if complaint:
                race.diverged[name] = complaint
        return race

    def draw(self, ax: Any, seconds: bool = False) -> None:
        """The loss of each run over its epochs, or over the seconds it took."""
        top = highest(self.losses.values())
        for index, (name, losses) in enumerate(self.losses.items()):
            xs = self.seconds[name] if seconds else range(1, len(losses) + 1)
            label = name
            if name in self.diverged:
                label += ": diverged"
            elif losses[-1] > top:
                label += ": off the scale"
            ends: dict[str, Any] = {"marker": "o", "markevery": [-1]} if losses else {}
            ax.plot(xs, losses, label=label, markersize=4, **ends, **style(index, ax))
        finish(ax, list(self.losses.values()))
        tidy(ax, "seconds" if seconds else "epoch", "loss")
        bins = min(9, int(2 * inches(ax)[0]))
        ax.locator_params(axis="x", integer=not seconds, nbins=bins)


def learn_or_diverge(
    model: Any, inputs: Any, outputs: Any, arguments: Mapping[str, Any]
) -> tuple[Any, str]:
    """The History as far as it went, None if no epoch was finished; and what stopped it."""
    options = {"progress": False, "seed": 0, **arguments}
    try:
        with warnings.catch_warnings():  # the picture shows it
            warnings.simplefilter("ignore", TrainingWarning)
            return model.learn(inputs, outputs, **options), ""
    except AnomalyError as error:
        return error.history or None, str(error)


def highest(curves: Iterable[Any]) -> float:
    """The largest loss that is shown, so that diverging runs do not flatten the others."""
    starts = [curve[0] for curve in curves if len(curve) and np.isfinite(curve[0])]
    return 100.0 * float(min(starts, default=0.0))


def finish(ax: Any, curves: Sequence[Any]) -> None:
    """A logarithmic scale for the losses that are shown, and a legend."""
    shown = np.array([loss for curve in curves for loss in curve])
    shown = shown[(shown > 0.0) & (shown <= highest(curves))]
    if len(shown):  # before the scale, which fails to find limits for a loss of 1e300
        ax.set_ylim(shown.min() / 1.5, shown.max() * 1.5)
        ax.set_yscale("log")
    legend(ax)


def plot_learning_rates(
    model: Any, inputs: Any, outputs: Any, rates: Sequence[float] = (0.001, 0.01, 0.1, 1.0),
    ax: Axes | None = None, **learning: Any,
) -> Axes:  # fmt: skip
    """The loss per epoch with several learning rates, from the same first weights.

    Parameters
    ----------
    model : Module
        Copies of it learn; it stays as it is.
    inputs, outputs : array
    rates : sequence of float
    ax : Axes, optional
    **learning
        Further arguments of `Module.learn`: ``loss``, ``epochs``, ``optimizer`` (by name), ….

    Raises
    ------
    ShapeError
        If no rates are given.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> model = nn.Neuron(1, "linear", seed=1)
    >>> ax = plot_learning_rates(model, [0, 1, 2], [1, 3, 5], [0.01, 0.1], epochs=9)
    """
    runs = {f"rate {rate:g}": lambda _, rate=rate: {"learning_rate": rate} for rate in rates}
    return Race.of(model, inputs, outputs, runs, **learning).plot(ax)


def plot_optimizers(
    model: Any, inputs: Any, outputs: Any, optimizers: Mapping[str, Callable[[Any], Any]],
    ax: Axes | None = None, *, seconds: bool = False, **learning: Any,
) -> Axes:  # fmt: skip
    """The loss per epoch, or per second, with several optimisers, from the same first weights.

    Parameters
    ----------
    model, inputs, outputs, ax, **learning
        As for `plot_learning_rates`.
    optimizers : mapping of str to callable
        By name, a function that makes the optimiser out of the parameters.
    seconds : bool, default=False
        Over the seconds that the runs took.

    Raises
    ------
    ShapeError
        If no optimisers are given.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> optimizers = {
    ...     "SGD": lambda parameters: nn.optim.SGD(parameters, 0.1),
    ...     "Adam": lambda parameters: nn.optim.Adam(parameters, 0.1),
    ... }
    >>> model = nn.Neuron(1, "linear", seed=1)
    >>> ax = plot_optimizers(model, [0, 1, 2], [1, 3, 5], optimizers, epochs=9)
    """
    runs = {
        name: lambda model, make=make: {"optimizer": make(model.parameters())}
        for name, make in optimizers.items()
    }
    return Race.of(model, inputs, outputs, runs, **learning).plot(ax, seconds=seconds)


@dataclass(frozen=True)
class Spread(Plot):
    """Losses of several kinds of runs, of shape (seeds, epochs); inf from where one diverged."""

    losses: dict[str, Any]

    @classmethod
    def of(
        cls, make: Callable[[str, int], Any], inputs: Any, outputs: Any,
        inits: Sequence[str] = ("uniform", "he_normal", "glorot_uniform"), *,
        seeds: Sequence[int] = range(5), **learning: Any,
    ) -> "Spread":  # fmt: skip
        """The loss per epoch from several schemes of first weights: median and range over seeds.

        Parameters
        ----------
        make : callable
            Makes a network, given the scheme and the seed.
        inits : sequence of str
            The schemes (`nn.init.SCHEMES`), which also stand in the legend.
        seeds : sequence of int, default=range(5)
        inputs, outputs, ax, **learning
            As for `plot_learning_rates`.

        Raises
        ------
        ShapeError
            If no scheme or no seed is given.

        Examples
        --------
        >>> from autograd_lite import nn
        >>> def make(init, seed):
        ...     return nn.MLP(1, [4, 1], activation="tanh", init=init, seed=seed)
        >>> ax = plot_initializations(
        ...     make, [0, 1, 2], [0, 1, 4], ["he", "glorot"], seeds=[1, 2], epochs=5
        ... )
        """
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

    def draw(self, ax: Any) -> None:
        """See `plot_initializations`."""
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


plot_initializations = function_of(Spread, "plot_initializations", 4)
