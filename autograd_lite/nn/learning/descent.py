"""The steps of an epoch in one call of the machine, where nobody looks at what is between them."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from autograd_lite.engine import constant
from autograd_lite.nn.data import Array
from autograd_lite.nn.learning.batches import Measured
from autograd_lite.nn.learning.in_batches import InBatches
from autograd_lite.nn.learning.penalty import PriceOfWeights
from autograd_lite.nn.optim import Optimizer
from autograd_lite.nn.optim.optimizer import Moved
from autograd_lite.ops.choice import where
from autograd_lite.ops.rules import sqrt, square
from autograd_lite.program.program import Program
from autograd_lite.program.running import Native


class WholeStep(Optimizer):
    """An optimiser's rule with all else that a step does: penalty, limits, what is frozen.

    A parameter's state has two numbers more: whether it is frozen, and whether it has a price. Two
    settings are totals over all parameters: their price, and the sum of squares of the gradient.
    """

    price = size = 1.0

    def __init__(self, own: Optimizer, penalty: PriceOfWeights | None, frozen: Array) -> None:
        self.own, self.penalty = own, penalty
        self.start, self.settings = (1.0, 1.0, *own.start), (*own.settings, "price", "size")
        self._marks = [frozen, np.zeros(len(frozen)) if penalty is None else penalty.weighed]
        self._made: tuple[Any, ...] = (None,)

    def _priced(self, parameter: Any, gradient: Any, weighed: Any) -> tuple[Any, Any]:
        """The price of a parameter, and the gradient with that, within its limit."""
        price: Any = constant(0.0)
        if self.penalty is not None:
            price, slope = self.penalty.rule(parameter, weighed)
            gradient = gradient + slope
        return price, self.own.limited(gradient)

    def update(self, parameter: Any, gradient: Any, state: Any = (), step: Any = 1.0) -> Moved:
        """See `Optimizer.update`; of Values."""
        kept, weighed, *others = state
        _, gradient = self._priced(parameter, gradient, weighed)
        if self.own.clip_norm < math.inf:
            gradient = self.own.shortened(gradient, sqrt(self.size))
        twin = copy.copy(self.own)
        for name in self.own.settings:
            setattr(twin, name, getattr(self, name))
        after, others = twin.update(parameter, gradient, tuple(others), step)
        return where(kept, parameter, after), (kept, weighed, *others)

    def _totals(self, parameter: Any, gradient: Any, state: Any, step: Any) -> Moved:
        price, gradient = self._priced(parameter, gradient, state[1])
        return price, (square(gradient),)

    def prepared(self) -> tuple[Program, Program | None, Array, Array]:
        """See `Optimizer.prepared`."""
        own, _, state, settings = self.own.prepared()
        if self._made[0] is not own:  # as for other settings
            for name in self.own.settings:
                setattr(self, name, getattr(self.own, name))
            adds = self.penalty is not None or self.own.clip_norm < math.inf
            totals = self.program(type(self)._totals) if adds else None
            self._made = own, self.program(), totals
        return *self._made[1:], np.vstack([*self._marks, state]), np.append(settings, [0.0, 0.0])

    def go_on_from(self, state: Array, steps: float) -> None:
        """See `Optimizer.go_on_from`."""
        self.own.go_on_from(state[2:], steps)


def share_of(means: list[float], n: int) -> float:
    """The share of choices that are right, of the means of each over n samples."""
    # The counts behind these means are whole, so that no bit of the share is lost.
    return sum([round(mean * n) for mean in means]) / (n * len(means) or 1)


class _ChangedError(Exception):
    """A schedule has changed the optimiser, whose next step is to be taken singly."""


def descend(
    gradient: Native, step: Any, numbers: Array, columns: Sequence[Array],
    batches: InBatches, threads: int, done: list[Measured],
) -> None:  # fmt: skip
    """Take the steps behind those that are done, while all numbers are finite.

    Changes the numbers of the parameters and the state of the optimiser in place.

    Parameters
    ----------
    gradient : Native
        Of parameters and columns: loss, gradient and whether choices are right.
    step : TrainingStep
    columns : sequence of arrays of shape (samples, n)
        Contiguous ones of float64.
    done : list of Measured
        Gets an entry for each step.
    """
    first, n_samples, size, order = len(done), len(columns[0]), batches.size, None
    if not isinstance(batches.order, range) or size < n_samples:
        order = np.asarray(batches.order, np.int64)[first * size :]
    found = np.empty((len(batches) - first, gradient.machine.n_outputs - len(numbers)))
    rule, number = step.rule, step.number
    update, totals, state, settings = rule.prepared()
    before, left = settings[0], len(batches.order) - first * size
    own = vars(step.optimizer).copy()

    def rate() -> float:
        found: float = step.next_rate()
        if vars(step.optimizer) != own:
            raise _ChangedError
        return found

    def tell() -> None:
        rule.go_on_from(state, settings[0])
        n_taken = int(settings[0] - before)
        step.number = number + n_taken
        taken = enumerate(found[:n_taken].tolist())
        sizes = ((size if order is None else min(size, left - i * size), x) for i, x in taken)
        done[first:] = [(loss, share_of(right, n), n) for n, (loss, *right) in sizes]

    try:
        with suppress(_ChangedError):
            gradient.descend(
                update.runner, None if totals is None else totals.runner, numbers, state, settings,
                step.next_rate and rate, columns, n_samples, order, size, found, threads,
            )  # fmt: skip
        tell()
    except BaseException:  # Ctrl-C may have come between two steps, or while it was told
        tell()
        raise
