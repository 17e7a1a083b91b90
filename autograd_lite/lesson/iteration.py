"""Steps 6 and 7: the delta rule, and repeating everything until the loss is small."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from autograd_lite.lesson.backpropagation import chain
from autograd_lite.lesson.differentiation import curvature, derivative
from autograd_lite.lesson.loss import squared_loss
from autograd_lite.lesson.model import STARTS

#: The learning rate of the lesson.
LEARNING_RATE = 0.01
#: A model has converged when its loss is below this: then W is within 0.006 of the ideal.
TOLERANCE = 0.001
#: A run has diverged when its loss is this many times the first.
HOPELESS = 1e3
#: A run that needs more updates is given up.
MAX_UPDATES = 50
#: Learning rates that are too small, good, oscillating and diverging.
RATES = (0.0005, 0.01, 0.031, 0.035)


class UpdateRow(NamedTuple):
    """One application of the delta rule."""

    W: float
    loss: float
    derivative: float
    updated: float
    updated_loss: float


class ChainUpdate(NamedTuple):
    """The delta rule applied to both weights of the chain at once."""

    w1: float
    w2: float
    loss: float
    w1_after: float
    w2_after: float
    loss_after: float


class Iteration(NamedTuple):
    """The weight after some updates, with its loss and derivative."""

    number: int
    W: float
    loss: float
    derivative: float


class Descent(NamedTuple):
    """One run of gradient descent, from the start (iteration 0).

    Its outcome is ``"converged"``, ``"diverged"`` (the loss grew beyond a thousand times the first)
    or ``"not yet"`` (neither, after the allowed number of updates). It oscillates if W jumps to the
    other side of the minimum with each update.
    """

    learning_rate: float
    iterations: tuple[Iteration, ...]
    outcome: str
    oscillates: bool

    @property
    def start(self) -> float:
        """The weight before the first update."""
        return self.iterations[0].W

    @property
    def last(self) -> Iteration:
        """Where the run ended."""
        return self.iterations[-1]

    @property
    def updates(self) -> int:
        """How many updates were made."""
        return self.last.number


def delta_rule(W: float, derivative: float, learning_rate: float) -> float:
    """New weight = old weight - derivative · learning rate.

    >>> round(delta_rule(3.0, 60.0, 0.01), 6)
    2.4
    """
    return W - derivative * learning_rate


def update_table(
    weights: Sequence[float] = (*STARTS, 2.0), learning_rate: float = LEARNING_RATE
) -> list[UpdateRow]:
    """One update of each weight.

    >>> [round(row.updated, 6) for row in update_table()]
    [2.4, 3.2, 1.4, 2.0]
    """
    rows = []
    for W in weights:
        slope = derivative(W)
        new = delta_rule(W, slope, learning_rate)
        rows.append(UpdateRow(W, squared_loss(W), slope, new, squared_loss(new)))
    return rows


def chain_update(learning_rate: float = LEARNING_RATE) -> ChainUpdate:
    """One update of both weights of the chain h = w1·x, y = w2·h."""
    before = chain()
    w1, w2 = (delta_rule(w.data, w.grad, learning_rate) for w in (before.w1, before.w2))
    after = chain(before.x.data, w1, w2)
    return ChainUpdate(before.w1.data, before.w2.data, before.loss.data, w1, w2, after.loss.data)


def descend(
    start: float, learning_rate: float = LEARNING_RATE, tolerance: float = TOLERANCE,
    max_updates: int = MAX_UPDATES,
) -> Descent:  # fmt: skip
    """Forward, loss, differentiate, update, and again, until the loss is below the tolerance.

    >>> run = descend(3.0)
    >>> run.outcome, run.updates, round(run.last.W, 2)
    ('converged', 6, 2.0)
    """
    iterations = [Iteration(0, start, squared_loss(start), derivative(start))]
    hopeless = HOPELESS * max(iterations[0].loss, tolerance)
    while True:
        now = iterations[-1]
        outcome = "not yet" if now.loss < hopeless else "diverged"
        if now.loss < tolerance:
            outcome = "converged"
        if outcome != "not yet" or now.number == max_updates:
            break
        W = delta_rule(now.W, now.derivative, learning_rate)
        iterations.append(Iteration(now.number + 1, W, squared_loss(W), derivative(W)))
    slopes = [iteration.derivative for iteration in iterations]
    jumps = [before * after < 0.0 for before, after in pairwise(slopes)]
    return Descent(learning_rate, tuple(iterations), outcome, bool(jumps) and all(jumps))


def convergence(
    starts: Sequence[float] = STARTS, learning_rate: float = LEARNING_RATE
) -> list[Descent]:
    """Gradient descent from each start; all of them reach W = 2.

    >>> [run.updates for run in convergence()]
    [6, 7, 7]
    """
    return [descend(start, learning_rate) for start in starts]


def lucky_start(learning_rate: float = LEARNING_RATE) -> Descent:
    """Gradient descent from W = 1.99, one update away from a loss that counts as converged.

    >>> lucky_start().updates
    1
    """
    return descend(1.99, learning_rate)


def learning_rates(rates: Sequence[float] = RATES, start: float = STARTS[0]) -> list[Descent]:
    """Gradient descent from one start at several learning rates.

    >>> [(run.outcome, run.oscillates) for run in learning_rates()]
    [('not yet', False), ('converged', False), ('converged', True), ('diverged', True)]
    """
    return [descend(start, rate) for rate in rates]


def verdict(run: Descent) -> str:
    """A learning rate in words, judged by its run.

    >>> [verdict(run) for run in learning_rates()]
    ['too small', 'good', 'oscillating', 'diverging']
    """
    if run.outcome == "diverged":
        return "diverging"
    if run.oscillates:
        return "oscillating"
    return "good" if run.outcome == "converged" else "too small"


def contraction(learning_rate: float) -> float:
    """By what factor one update multiplies the distance from the ideal weight: 1 - rate · loss''.

    The loss is a parabola, so its second derivative is the same everywhere. Between 0 and 1 the
    updates approach the minimum, between -1 and 0 they jump over it and still come closer, below
    -1 they diverge.
    """
    return 1.0 - learning_rate * curvature(STARTS[0])


def largest_stable_rate() -> float:
    """The learning rate at which an update no longer comes closer: 2 / loss''.

    >>> round(largest_stable_rate(), 4)
    0.0333
    """
    return 2.0 / curvature(STARTS[0])
