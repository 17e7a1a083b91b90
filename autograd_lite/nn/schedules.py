"""Schedules: how the learning rate changes from step to step.

A schedule is any function of the number of a step, an update of the parameters, from 0; it gives a
factor of the optimiser's learning rate. The functions here make some, by the formulas of PyTorch's
schedulers. An epoch of n samples in batches of b has ``ceil(n / b)`` steps.

>>> from autograd_lite import nn
>>> model = nn.Neuron(1, "linear", seed=1)
>>> history = model.learn(
...     [0, 1, 2], [1, 3, 5], epochs=3, learning_rate=0.1, progress=False,
...     schedule=lambda step: 0.5**step,
... )
>>> history.learning_rate
[0.1, 0.05, 0.025]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograd_lite.errors import shown
from autograd_lite.nn.data import positive_int
from autograd_lite.nn.optim import in_range

__all__ = ["ReduceOnPlateau", "cosine", "one_cycle", "reduce_on_plateau", "step", "warm_up"]

#: A factor of the learning rate by the number of the step.
Schedule = Callable[[int], float]


def step(every: int, factor: float = 0.1) -> Schedule:
    """Schedule that multiplies the rate by `factor` after every so many steps.

    >>> [step(2, 0.5)(i) for i in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    every, factor = positive_int("every", every), in_range("factor", factor)
    return lambda i: factor ** (i // every)


def cosine(steps: int, end: float = 0.0) -> Schedule:
    """Half a wave of the cosine from 1 down to `end`, which stays (Loshchilov & Hutter 2017).

    >>> [round(cosine(4)(i), 3) for i in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """
    steps, end = positive_int("steps", steps), in_range("end", end)
    return lambda i: _between(1.0, end, i / steps)


def one_cycle(
    steps: int, peak: float = 1.0, rise: float = 0.3, start: float = 0.04, end: float = 4e-6
) -> Schedule:
    """A rise to `peak` and a longer fall to almost 0, both as a cosine (Smith & Topin 2018).

    Parameters
    ----------
    steps : int
        Of the whole training.
    peak : float, default=1
        Highest factor.
    rise : float, default=0.3
        Share of the steps until then.
    start, end : float, default=0.04 and 4e-6
        First and last factor, as shares of `peak`.

    Returns
    -------
    callable

    Examples
    --------
    >>> [round(one_cycle(10)(i), 3) for i in range(10)]
    [0.04, 0.52, 1.0, 0.95, 0.812, 0.611, 0.389, 0.188, 0.05, 0.0]
    """
    steps, peak = positive_int("steps", steps), in_range("peak", peak)
    start, end = in_range("start", start) * peak, in_range("end", end) * peak
    top = in_range("rise", rise, 1.0) * steps - 1.0

    def factor(i: int) -> float:
        if i < top:
            return _between(start, peak, i / top)
        return _between(peak, end, (i - top) / (steps - 1.0 - top))

    return factor


def warm_up(steps: int, then: Schedule | None = None) -> Schedule:
    """A rate that rises in equal parts and is whole in step ``steps - 1``.

    `then` is the schedule that follows and counts from 0; if left out, the rate stays whole.

    >>> schedule = warm_up(4, then=cosine(100))
    >>> [schedule(0), schedule(3), schedule(4), schedule(104)]
    [0.25, 1.0, 1.0, 0.0]
    """
    steps = positive_int("steps", steps)
    if then is not None and not callable(then):
        raise TypeError(f"then is a schedule, a function of the step, and is {shown(then)}")
    return lambda i: (i + 1) / steps if i < steps else 1.0 if then is None else then(i - steps)


class ReduceOnPlateau:
    """Multiply the rate by `factor` when the loss has not fallen for more than `patience` epochs.

    It is the validation loss where there is one. Each call of `learn` begins with the whole rate.

    Parameters
    ----------
    patience : int, default=10
    factor : float, default=0.1
    threshold : float, default=1e-4
        A fall by less than this share of the best loss is none.

    Examples
    --------
    >>> from autograd_lite.nn import Epoch, History
    >>> schedule = reduce_on_plateau(patience=1, factor=0.5)
    >>> schedule.observe(History([Epoch(i, loss, {}, 0.1) for i, loss in enumerate([9, 5, 5, 6])]))
    >>> schedule(400)
    0.5
    """

    def __init__(self, patience: int = 10, factor: float = 0.1, threshold: float = 1e-4) -> None:
        self.patience = positive_int("patience", patience)
        self.factor, self.threshold = in_range("factor", factor), in_range("threshold", threshold)
        self._begin()

    def _begin(self) -> None:
        self._seen = self._bad = 0
        self._best, self._now = math.inf, 1.0

    def __call__(self, i: int) -> float:
        """The factor, whatever the step."""
        return self._now

    def observe(self, history: Any) -> None:
        """Look at epochs that are new; at all if there are fewer than before: another training.

        `learn` calls this, of any schedule that has it, before the first epoch and after each.
        """
        if len(history) < self._seen:
            self._begin()
        for epoch in history.epochs[self._seen :]:
            loss = epoch.loss if epoch.validation_loss is None else epoch.validation_loss
            self._bad += 1
            if self._best == math.inf or loss < self._best - self.threshold * abs(self._best):
                self._best, self._bad = loss, 0
            if self._bad > self.patience:
                self._now, self._bad = self._now * self.factor, 0
        self._seen = len(history)


reduce_on_plateau = ReduceOnPlateau


def _between(first: float, last: float, share: float) -> float:
    """A number on the half wave from the first to the last, which stays."""
    return last + (first - last) * (1.0 + math.cos(math.pi * min(share, 1.0))) / 2.0


#: The schedules that `learn` takes by name, made for the number of steps of a training.
SCHEDULES: dict[str, Callable[[int], Schedule]] = {
    "cosine": cosine,
    "one_cycle": one_cycle,
    "reduce_on_plateau": lambda steps: reduce_on_plateau(),
    "step": lambda steps: step(max(1, steps // 3)),
    "warm_up": lambda steps: warm_up(max(1, steps // 10)),
}


def find_schedule(schedule: str | Schedule | None, steps: int) -> Schedule | None:
    """The schedule of that name for a training of so many steps, or any function of the step."""
    if isinstance(schedule, str) and schedule in SCHEDULES:
        return SCHEDULES[schedule](steps)
    makers: tuple[Any, ...] = step, cosine, one_cycle, warm_up, reduce_on_plateau
    if any(schedule is maker for maker in makers):
        raise TypeError(
            f"{shown(schedule)} makes a schedule: call it, or name it, as in "
            'schedule=nn.schedules.cosine(1000) or schedule="cosine"'
        )
    if schedule is not None and not callable(schedule):
        kind = ValueError if isinstance(schedule, str) else TypeError
        raise kind(
            f"schedule is a name ({', '.join(SCHEDULES)}) or a function of the step that gives a "
            f"factor of the learning rate, and was given {shown(schedule)}"
        )
    return schedule
