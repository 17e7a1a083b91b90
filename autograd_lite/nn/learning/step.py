"""A step of training: the gradient of a batch's loss moves the parameters.

`batches` computes that gradient: forward, loss, `backward()`. `optim` has the formulas by which
parameters move; the simplest is ``p -= learning_rate * gradient``.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from autograd_lite.engine import Value, are_finite, read_numbers, write_numbers
from autograd_lite.errors import AnomalyError, shown
from autograd_lite.nn.data import Array
from autograd_lite.nn.learning.batches import Batches, listed
from autograd_lite.nn.learning.descent import WholeStep
from autograd_lite.nn.learning.history import History
from autograd_lite.nn.learning.remarks import WAY_OUT
from autograd_lite.nn.optim import OPTIMIZERS, Optimizer


class TrainingStep:
    """One update of the parameters; nothing changes if a gradient or result is not finite."""

    number = 0  # of the next step, where that counts
    next_rate: Any = None  # the learning rate of the next step, as a function, if it is another

    def __init__(
        self, training: Batches, optimizer: Optimizer,
        watched: bool = False,  # and so keeps what `last` tells
    ) -> None:  # fmt: skip
        self.training, self.parameters, self.optimizer = training, training.parameters, optimizer
        own = type(optimizer).step if isinstance(optimizer, Optimizer) else None
        held = [*map(id, optimizer.parameters)] if own is Optimizer.step else None
        self._on_arrays = held == [*map(id, self.parameters)]  # moved by the optimiser's rule alone
        self._kept = np.flatnonzero(training.frozen)
        if not training.moving:
            raise ValueError(
                f"all parameters of {shown(training.model)} are frozen; unfreeze() a part of it"
            )
        self.watched, self._last = watched, (np.empty(0), np.empty(0))
        # NumPy's warnings are off around all steps.
        self.quiet = training.is_compiled and self._on_arrays
        #: Whether nobody looks at the parameters in a step, so that it moves their numbers alone.
        self.is_flat = self.quiet and type(optimizer) in OPTIMIZERS.values()
        #: Whether rules are all that is done in a step.
        self.is_plain = self.is_flat and not watched
        self._moved = optimizer.moved if self.quiet else self._moved_quietly

    def __call__(self, before: Array, gradients: Array, epoch: int, batch: Sequence[int]) -> None:
        """Move the parameters from their numbers by the gradient of a batch's loss."""
        if not are_finite(gradients):
            raise self._anomaly("the gradient of", gradients, epoch, batch)
        if self.watched:
            self._last = before.copy(), gradients.copy()
        start, own = before.copy(), isinstance(self.optimizer, Optimizer)
        state = vars(self.optimizer).copy() if own else {}  # whose arrays no step changes in place
        try:
            after = self._after(before, gradients)
            if not are_finite(after):
                raise self._anomaly("the parameter", after, epoch, batch)
            if self.is_flat:
                before[:] = after
            else:
                write_numbers(self.parameters, after)
        except BaseException:  # Ctrl-C, too: a step is done whole or not at all
            before[:] = start
            if not self.is_flat:
                write_numbers(self.parameters, start)
            if own:
                self.optimizer.__dict__ = state
            raise

    def _after(self, before: Array, gradients: Array) -> Array:
        """The numbers of the parameters after the step."""
        if self._on_arrays:
            after = self._moved(before, gradients)
        else:
            for parameter, number in zip(self.parameters, gradients.tolist(), strict=True):
                parameter.grad = number
            self.optimizer.step()
            after = np.empty(len(before))
            read_numbers(self.parameters, after)
        if len(self._kept):
            after[self._kept] = before[self._kept]
        return after

    @property
    def rate(self) -> float | None:
        """The learning rate of the last step; None where there is none."""
        return getattr(self.optimizer, "learning_rate", None)

    @property
    def rule(self) -> Optimizer:
        """The optimiser's, with all else that is done in a step."""
        more = len(self._kept) or self.training.penalty or self.optimizer.clips
        return self._whole if more else self.optimizer

    @cached_property
    def _whole(self) -> WholeStep:
        return WholeStep(self.optimizer, self.training.penalty, self.training.frozen)

    def observe(self, history: History) -> None:
        """Look at the epochs so far, before the first and after each."""

    def last(self) -> dict[Value, tuple[float, float]]:
        """Of each parameter its number before the last step, and the gradient in it."""
        before, gradients = (part.tolist() for part in self._last)
        return dict(zip(self.parameters, zip(before, gradients, strict=True), strict=False))

    def _moved_quietly(self, before: Array, gradients: Array) -> Array:
        with np.errstate(all="ignore"):
            return self.optimizer.moved(before, gradients)

    def _anomaly(self, what: str, numbers: Array, epoch: int, batch: Sequence[int]) -> AnomalyError:
        bad = int(np.flatnonzero(~np.isfinite(numbers))[0])
        name, _ = self.training.model.named_parameters()[bad]
        return AnomalyError(
            f"{what} {name} turned {numbers[bad]} in epoch {epoch}, in the "
            f"batch of {listed(batch)}; {WAY_OUT}"
        )
