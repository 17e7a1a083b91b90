"""Range test of learning rates: a training whose rate grows from step to step."""

import copy
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.engine import is_silent
from autograd_lite.errors import AnomalyError, shown
from autograd_lite.modes import recording
from autograd_lite.nn.data import Array, Model, positive_int, samples
from autograd_lite.nn.init import generator
from autograd_lite.nn.labels import encoded
from autograd_lite.nn.learning.batches import Batches, Samples, is_traceable
from autograd_lite.nn.learning.compiled_batches import CompiledBatches
from autograd_lite.nn.learning.in_batches import InBatches
from autograd_lite.nn.learning.sample_order import shuffled
from autograd_lite.nn.learning.scheduled_step import ScheduledStep
from autograd_lite.nn.losses import find_loss
from autograd_lite.nn.optim import OPTIMIZERS, find_optimizer, in_range
from autograd_lite.nn.parts.training_mode import in_mode
from autograd_lite.view.canvas import GREY, Plot, legend, style, tidy


@dataclass(frozen=True)
class RateTest(Plot):
    """Losses of single steps, each with a higher learning rate; see `find_learning_rate`.

    Attributes
    ----------
    rates, losses : ndarray
        Until the loss was no finite number any more.
    """

    rates: Array
    losses: Array

    @property
    def smooth(self) -> Array:
        """The losses by the median around each, which no explosion moves, and the mean of these."""
        found = self.losses
        for middle in (np.median, np.mean):
            found = np.array([middle(found[max(0, i - 4) : i + 5]) for i in range(len(found))])
        return found

    @property
    def suggestion(self) -> float:
        """The rate at which the loss falls fastest; a ValueError if it falls nowhere."""
        slopes = np.diff(self.smooth[: self.smooth.argmin() + 1])
        if not len(slopes):
            raise ValueError(
                f"the loss fell at no rate from {self.rates[0]:g} on; give a smaller `lowest`, or "
                "standardise the inputs"
            )
        return float(self.rates[slopes.argmin()])

    def draw(self, ax: Any) -> None:
        """Loss by rate, and the suggestion."""
        ax.plot(self.rates, self.losses, ".", color=GREY, markersize=3, label="of a step")
        ax.plot(self.rates, self.smooth, label="mean", **style(0, ax))
        line = {"linestyle": "--", "label": f"suggestion {self.suggestion:.2g}"}
        ax.axvline(self.suggestion, color=style(1, ax)["color"], **line)
        ax.set_xscale("log")
        low, high = self.smooth.min(), self.smooth[: self.smooth.argmin() + 1].max()
        ax.set_ylim(low - 0.1 * (high - low), high + 0.5 * (high - low))
        tidy(ax, "learning rate", "loss")
        legend(ax)


def find_learning_rate(
    model: Model, inputs: Any, outputs: Any,
    loss: str | Callable[[Any, Any], Any] = "squared_error", optimizer: str = "adam",
    lowest: float = 1e-6, highest: float = 10.0, steps: int = 100, batch_size: int | None = 32,
    seed: Any = None,
) -> RateTest:  # fmt: skip
    """Try learning rates out on a copy of a model, from low to high (Smith 2017).

    Each step has a rate higher by the same factor than the one before. Where the loss falls
    fastest is a good rate; where it rises, rates are too high.

    Parameters
    ----------
    model : Module
        It stays as it is.
    inputs, outputs, loss, batch_size, seed
        As `Module.learn` takes them.
    optimizer : str, default="adam"
        A name of `nn.optim.OPTIMIZERS`.
    lowest, highest : float, default=1e-6 and 10
        The first rate and the last; it ends before, where the loss is no finite number any more.
    steps : int, default=100

    Returns
    -------
    RateTest
        It has ``rates``, ``losses``, a ``suggestion`` and ``plot(ax=None)`` (extra `plot`).

    Raises
    ------
    ValueError
        If `highest` is not above `lowest`, or an argument is not what `Module.learn` takes.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> model, inputs = nn.Neuron(1, "linear", seed=1), [0, 1, 2, 3]
    >>> test = nn.find_learning_rate(model, inputs, [1, 3, 5, 7], optimizer="sgd", seed=0)
    >>> 0.001 < test.suggestion < 0.1
    True
    """
    lowest, highest = in_range("lowest", lowest), in_range("highest", highest)
    if not 0.0 < lowest < highest:
        raise ValueError(f"rates grow from lowest={lowest} to highest={highest}, both above 0")
    if optimizer not in OPTIMIZERS:
        raise ValueError(
            f"optimizer is a name with a learning rate ({', '.join(OPTIMIZERS)}), as the copy of "
            f"the model has other parameters, and was given {shown(optimizer)}"
        )
    rates = np.geomspace(lowest, highest, positive_int("steps", steps))
    twin, criterion, rng = copy.deepcopy(model), find_loss(loss), generator(seed)
    read = encoded(twin, criterion, inputs, outputs, twin.classes_)
    given = samples(inputs, read.targets, twin)
    with recording() if is_silent() else nullcontext(), in_mode(False), np.errstate(all="ignore"):
        kind = CompiledBatches if is_traceable(twin, criterion) else Batches
        training = kind(twin, criterion, Samples(*given))
        training.rng = rng
        training.check()
        order = range(len(given[0]))
        losses: list[float] = []
        size = len(order) if batch_size is None else positive_int("batch_size", batch_size)
        chosen = find_optimizer(twin, optimizer, 1.0)
        step = ScheduledStep(training, chosen, False, lambda i: float(rates[i]), 1)
        try:
            while len(losses) < len(rates):
                for batch in [*shuffled(order, size, rng)][: len(rates) - len(losses)]:
                    one = InBatches(batch, len(batch))
                    losses.append(training.over(one, 1 + len(losses), step)[0])
        except AnomalyError:
            if not losses:
                raise
    return RateTest(rates[: len(losses)], np.array(losses))
