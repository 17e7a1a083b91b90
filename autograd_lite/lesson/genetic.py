"""Step 7: a genetic algorithm, whose mutations are blind, against gradient descent."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

from autograd_lite.engine import Value
from autograd_lite.ops.reductions import dot, mean
from autograd_lite.ops.rules import square
from autograd_lite.transforms import gradient

#: How many weights `race` is held with in the lesson.
COUNTS = (1, 10)
#: A loss of some weights, which are floats or Values.
Loss = Callable[[Sequence[Any]], Any]


class Contest(NamedTuple):
    """Two ways to lower one loss: the lowest that each found after 1, 2, 3 … evaluations of it.

    Of the mutations, those are good whose child beat its parent.
    """

    weights: int
    genetic: tuple[float, ...]
    descent: tuple[float, ...]
    mutations: int
    good_mutations: int


def linear_loss(weights: int, samples: int = 40, seed: int = 0) -> Loss:
    """The loss of the lesson with several inputs: the target is twice the sum of the inputs.

    It is a function from the weights, floats or Values, of which each is ideal at 2, to the mean
    squared error over samples, whose inputs are drawn from the normal distribution.
    """
    draw = random.Random(seed).gauss
    rows = [[draw(0.0, 1.0) for _ in range(weights)] for _ in range(samples)]
    targets = [2.0 * sum(row) for row in rows]

    def loss(ws: Sequence[Any]) -> Any:
        pairs = zip(rows, targets, strict=True)
        return mean([square(dot(ws, row) - target) for row, target in pairs])

    return loss


def evolve(
    loss: Loss, start: Sequence[float], evaluations: int, population: int = 5,
    mutation: float = 0.3, seed: int = 0,
) -> tuple[list[float], int, int]:  # fmt: skip
    """A genetic algorithm: every survivor has a mutated child, and the fittest survive.

    Parameters
    ----------
    loss : function
        Of a list of floats; the fitness to minimise.
    start : sequence of float
        The weights of the first individual.
    evaluations : int
        How often `loss` may be called.
    population : int, default=5
        How many survive a generation.
    mutation : float, default=0.3
        Standard deviation of the mutation of each weight; it is blind: nothing steers it.
    seed : int, default=0

    Returns
    -------
    (list of float, int, int)
        The lowest loss after each evaluation; all children, and those that beat their parent.
    """
    draw = random.Random(seed).gauss
    survivors = [(loss(list(start)), list(start))]
    best = [survivors[0][0]]
    good = 0
    while len(best) < evaluations:
        children = []
        for parent_loss, parent in survivors[: evaluations - len(best)]:
            child = [w + draw(0.0, mutation) for w in parent]
            child_loss = loss(child)
            good += child_loss < parent_loss
            children.append((child_loss, child))
            best.append(min(best[-1], child_loss))
        survivors = sorted(survivors + children)[:population]
    return best, len(best) - 1, good


def follow_gradient(
    loss: Loss, start: Sequence[float], evaluations: int, learning_rate: float = 0.3
) -> list[float]:
    """Gradient descent on the same loss: the lowest loss after each evaluation.

    The loss is called with a list of Values; each call is followed by one backward pass, and by the
    delta rule for every weight.
    """
    weights = list(start)
    best: list[float] = []
    for _ in range(evaluations):
        values = [Value(w) for w in weights]
        output = loss(values)
        best.append(min([output.data, *best[-1:]]))
        slopes = gradient(output, values)
        weights = [w - learning_rate * slope for w, slope in zip(weights, slopes, strict=True)]
    return best


@cache  # text and figure show the same race
def race(weights: int, evaluations: int = 100, start: float = 3.0) -> Contest:
    """Both algorithms with equal numbers of loss evaluations, every weight beginning at `start`."""
    loss = linear_loss(weights)
    first = [start] * weights
    genetic, mutations, good = evolve(loss, first, evaluations)
    descent = follow_gradient(loss, first, evaluations)
    return Contest(weights, tuple(genetic), tuple(descent), mutations, good)
