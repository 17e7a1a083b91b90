"""Step 4: how the loss changes with the weight, measured with a small step and exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from autograd_lite.engine import Value
from autograd_lite.lesson.loss import loss_table, squared_loss
from autograd_lite.lesson.model import IDEAL
from autograd_lite.transforms import gradient


class NudgeRow(NamedTuple):
    """One row of the table for δW: outputs and squared errors before and after the step."""

    input: float
    desired: float
    actual: float
    squared_error: float
    nudged_actual: float
    nudged_squared_error: float


class Nudge(NamedTuple):
    """The loss at W and at W + δW (`step`), and the slope that these two measure."""

    W: float
    step: float
    rows: tuple[NudgeRow, ...]
    loss: float
    nudged_loss: float
    slope: float


class SignRow(NamedTuple):
    """One row of the table of signs: where W lies, and what an increase of W would do."""

    W: float
    place: str
    loss: float
    derivative: float
    sign: str
    increase: str
    update: str


class CurvePoint(NamedTuple):
    """One point of the loss curve, with the slope of its tangent there."""

    W: float
    loss: float
    derivative: float


def derivative(W: float) -> float:
    """Derivative of the loss by the weight, by back-propagation through the recorded graph.

    >>> derivative(3.0), derivative(2.0), derivative(0.5)
    (60.0, 0.0, -90.0)
    """
    weight = Value(W, label="W")
    [slope] = gradient(squared_loss(weight), [weight])
    return slope


def curvature(W: float) -> float:
    """Second derivative of the loss: the gradient is recorded and differentiated again.

    >>> curvature(3.0)
    60.0
    """
    weight = Value(W, label="W")
    [slope] = gradient(squared_loss(weight), [weight], create_graph=True)
    [second] = gradient(slope, [weight])
    return second


def nudge(W: float = 3.0, step: float = 0.0001, decimals: int | None = 4) -> Nudge:
    """How much the loss changes when the weight changes by a small step δW.

    The numbers of every row, and the totals, are rounded to some decimals, as on paper; None
    rounds nothing.

    >>> table = nudge()
    >>> table.loss, table.nudged_loss, round(table.slope, 6)
    (30.0, 30.006, 60.0)
    >>> round(nudge(decimals=None).slope, 6)
    60.003
    """

    def shown(number: float) -> float:
        return number if decimals is None else round(number, decimals)

    rows = tuple(
        NudgeRow(
            before.input, before.desired, shown(before.actual), shown(before.squared_error),
            shown(after.actual), shown(after.squared_error),
        )
        for before, after in zip(loss_table(W), loss_table(W + step), strict=True)
    )  # fmt: skip
    loss = shown(sum(row.squared_error for row in rows))
    nudged_loss = shown(sum(row.nudged_squared_error for row in rows))
    return Nudge(W, step, rows, loss, nudged_loss, (nudged_loss - loss) / step)


def shrinking_steps(
    W: float = 3.0, steps: Sequence[float] = (0.1, 0.01, 0.001, 0.0001)
) -> list[Nudge]:
    """Measured slopes for smaller and smaller steps, nothing rounded; they tend to the derivative.

    >>> [round(table.slope, 4) for table in shrinking_steps()]
    [63.0, 60.3, 60.03, 60.003]
    """
    return [nudge(W, step, decimals=None) for step in steps]


def sign_table(weights: Sequence[float] = (0.5, 1.0, 1.99, 2.0, 3.0, 5.0)) -> list[SignRow]:
    """The way to the minimum, by the sign of the derivative.

    >>> [row.sign for row in sign_table((1.0, 2.0, 3.0))]
    ['negative', 'zero', 'positive']
    """
    readings = {
        -1: ("negative", "lowers the loss", "increase W"),
        0: ("zero", "cannot help", "stay: minimum"),
        1: ("positive", "raises the loss", "decrease W"),
    }
    rows = []
    for W in weights:
        slope = derivative(W)
        place = f"W {'<' if W < IDEAL else '>' if W > IDEAL else '='} {IDEAL:g}"
        reading = readings[(slope > 0.0) - (slope < 0.0)]
        rows.append(SignRow(W, place, squared_loss(W), slope, *reading))
    return rows


def loss_curve(low: float = 0.0, high: float = 5.0, count: int = 101) -> list[CurvePoint]:
    """The loss and its derivative at evenly spaced weights, 2 or more, from low to high."""
    weights = [low + (high - low) * i / (count - 1) for i in range(count)]
    return [CurvePoint(W, squared_loss(W), derivative(W)) for W in weights]
