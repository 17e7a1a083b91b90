"""Step 3: the loss, which says in one number how wrong the model is, and why it squares."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from autograd_lite.lesson.model import DESIRED, INPUTS, Number, forward_table, model
from autograd_lite.ops.reductions import sum as total
from autograd_lite.ops.rules import absolute, square


class LossRow(NamedTuple):
    """One row of the loss table. The error is actual - desired."""

    input: float
    actual: float
    desired: float
    absolute_error: float
    squared_error: float


class Losses(NamedTuple):
    """Sums of absolute and of squared errors, the mean of the squares (MSE), and its root."""

    absolute: float
    squared: float
    mean_squared: float
    root_mean_squared: float


class Penalty(NamedTuple):
    """Cost of one error, also as a multiple of the first error's cost."""

    error: float
    absolute: float
    squared: float
    times_absolute: float
    times_squared: float


class Distribution(NamedTuple):
    """Errors with a description, and their two sums."""

    name: str
    errors: tuple[float, ...]
    absolute: float
    squared: float


def loss_table(W: float) -> list[LossRow]:
    """Absolute and squared error of the model for every input.

    >>> [row.squared_error for row in loss_table(3.0)]
    [0.0, 1.0, 4.0, 9.0, 16.0]
    """
    rows = [(row, row.actual - row.desired) for row in forward_table(W)]
    return [LossRow(*row, absolute(error), square(error)) for row, error in rows]


def losses(errors: Sequence[float]) -> Losses:
    """The sums, the mean and the root mean square of some errors.

    >>> losses([0.0, 1.0, 2.0, 3.0, 4.0]).squared
    30.0
    """
    squared: float = total([square(error) for error in errors])
    mean = squared / len(errors)
    return Losses(total([absolute(e) for e in errors]), squared, mean, math.sqrt(mean))


def squared_loss(W: Number) -> Number:
    """Sum of the squared errors over the training set: the loss of the lesson.

    With a Value the result is one too, and can be differentiated.

    >>> squared_loss(3.0), squared_loss(5.0), squared_loss(0.5)
    (30.0, 270.0, 67.5)
    """
    loss: Number = total([*map(square, _errors(W))])
    return loss


def absolute_loss(W: Number) -> Number:
    """Sum of the absolute errors over the training set.

    >>> absolute_loss(3.0), absolute_loss(5.0), absolute_loss(0.5)
    (10.0, 30.0, 15.0)
    """
    loss: Number = total([*map(absolute, _errors(W))])
    return loss


def _errors(W: Number) -> list[Number]:
    return [model(W, x) - desired for x, desired in zip(INPUTS, DESIRED, strict=True)]


def penalties(errors: Sequence[float] = (2.0, 10.0)) -> list[Penalty]:
    """Cost of errors, absolute and squared; the first error is the measure.

    >>> small, big = penalties()
    >>> small.squared, big.squared, big.times_absolute, big.times_squared
    (4.0, 100.0, 5.0, 25.0)
    """
    small = errors[0]
    return [
        Penalty(e, absolute(e), square(e), absolute(e) / absolute(small), square(e) / square(small))
        for e in errors
    ]


def error_distributions() -> list[Distribution]:
    """Many small errors and few big ones: equal absolute totals that squares tell apart.

    >>> [(d.absolute, d.squared) for d in error_distributions()]
    [(10.0, 20.0), (10.0, 50.0), (10.0, 100.0)]
    """
    examples = {
        "many small": (2.0, 2.0, 2.0, 2.0, 2.0),
        "two bigger": (5.0, 5.0, 0.0, 0.0, 0.0),
        "one big": (10.0, 0.0, 0.0, 0.0, 0.0),
    }
    return [Distribution(name, errors, *losses(errors)[:2]) for name, errors in examples.items()]
