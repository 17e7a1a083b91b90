"""Steps 1 and 2: the data, a model with one weight, its random start, and forward propagation."""

import random
from typing import NamedTuple, TypeVar

from autograd_lite.engine import Value

#: The lesson's functions of numbers run unchanged on floats and on Values.
Number = TypeVar("Number", float, Value)

#: The five inputs of the training set.
INPUTS = (0.0, 1.0, 2.0, 3.0, 4.0)
#: The outputs that the network shall learn: twice the input.
DESIRED = tuple(2.0 * x for x in INPUTS)
#: The weights of models 1, 2 and 3, which stand for three random draws.
STARTS = (3.0, 5.0, 0.5)
#: The weight with which the model is ideal.
IDEAL = 2.0


class ForwardRow(NamedTuple):
    """One row of the forward table."""

    input: float
    actual: float
    desired: float


def model(W: Number, x: float) -> Number:
    """The network of the lesson, y = W·x: one weight between the input and the output.

    >>> model(3.0, 4.0)
    12.0
    """
    return W * x


def random_starts(count: int = 3, seed: int = 0) -> list[float]:
    """Weights drawn evenly from 0 to 6: what "random initialisation" means.

    The same seed gives the same weights.
    """
    draw = random.Random(seed).uniform
    return [draw(0.0, 6.0) for _ in range(count)]


def forward_table(W: float) -> list[ForwardRow]:
    """Forward propagation: what the model puts out for each input, beside what is desired.

    >>> [row.actual for row in forward_table(3.0)]
    [0.0, 3.0, 6.0, 9.0, 12.0]
    """
    return [ForwardRow(x, model(W, x), desired) for x, desired in zip(INPUTS, DESIRED, strict=True)]
