"""A step of training whose learning rate follows a schedule."""

from collections.abc import Sequence
from typing import Any

from autograd_lite.nn.data import Array
from autograd_lite.nn.learning.batches import Batches
from autograd_lite.nn.learning.step import TrainingStep
from autograd_lite.nn.optim import Optimizer, in_range
from autograd_lite.nn.schedules import Schedule


class ScheduledStep(TrainingStep):
    """A step that multiplies the optimiser's learning rate, which is its own again afterwards."""

    def __init__(
        self, training: Batches, optimizer: Optimizer, watched: bool, schedule: Schedule,
        steps_of_epoch: int,
    ) -> None:  # fmt: skip
        super().__init__(training, optimizer, watched)
        self._schedule, self._steps_of_epoch = schedule, steps_of_epoch
        self._rate = super().rate
        if self._rate is None:
            raise ValueError(
                "a schedule multiplies the learning_rate of an optimiser, and this "
                f"{type(self.optimizer).__name__} has none; leave schedule out"
            )

    def __call__(self, before: Array, gradients: Array, epoch: int, batch: Sequence[int]) -> None:
        """See `TrainingStep`; an error if the schedule gives no factor."""
        own = self.optimizer.learning_rate
        try:
            self.optimizer.learning_rate = self.next_rate()
            super().__call__(before, gradients, epoch, batch)
        finally:
            self.optimizer.learning_rate = own

    def next_rate(self) -> float:
        """The learning rate of the next step, which is then behind."""
        factor = in_range(f"schedule({self.number})", self._schedule(self.number))
        self.number += 1
        self._rate = self.optimizer.learning_rate * factor
        return self._rate

    @property
    def rate(self) -> float | None:
        """See `TrainingStep`."""
        return self._rate

    def observe(self, history: Any) -> None:
        """Go on behind these epochs, which are shown to a schedule that looks at them."""
        self.number = self.number or len(history) * self._steps_of_epoch
        if hasattr(self._schedule, "observe"):
            self._schedule.observe(history)
