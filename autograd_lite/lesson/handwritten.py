"""Step 5: why derivatives of compositions are not written out by hand.

The hand-written derivative is one function of ordinary arithmetic. On floats it gives the number;
on `OnPaper` texts it gives the formula that a person would have to write down.
"""

import random
from collections.abc import Sequence
from functools import reduce
from itertools import count, pairwise
from operator import add
from typing import Any, NamedTuple

from autograd_lite.engine import Value
from autograd_lite.graph import ancestors
from autograd_lite.ops import Op
from autograd_lite.ops.rules import tanh
from autograd_lite.ops.table import give_operators
from autograd_lite.transforms import gradient
from autograd_lite.writing.templates import Piece
from autograd_lite.writing.text import TEXT


class OnPaper(Piece):
    """A number that is only written down as Python has it: arithmetic gives longer text."""

    __slots__ = ()

    @staticmethod
    def _apply_op(row: Op, args: Sequence[Any]) -> "OnPaper":
        pieces = [arg if isinstance(arg, Piece) else TEXT.number(float(arg)) for arg in args]
        call = TEXT.call(row, pieces)
        return OnPaper(call.text.replace(" * ", "*"), call.level)


give_operators(OnPaper)

#: Weights as floats, Values or `OnPaper`: one row per neuron, for each layer.
Layers = list[list[list[Any]]]


def _weighted_sum(weights: Sequence[Any], xs: Sequence[Any]) -> Any:
    return reduce(add, [weight * x for weight, x in zip(weights, xs, strict=True)])


def composed_loss(layers: Layers, x: Any, target: Any) -> Any:
    """(y - target)² of layers of tanh neurons, y being the last layer's first neuron."""
    outputs = [x]
    for layer in layers:
        outputs = [tanh(_weighted_sum(weights, outputs)) for weights in layer]
    return (outputs[0] - target) ** 2


def derivative_by_hand(layers: Layers, x: Any, target: Any) -> Any:
    """Derivative of `composed_loss` by the first weight, composed as one does on paper.

    The chain rule by hand: tanh'(z) = 1 - tanh(z)², and every inner function is written out in
    full wherever the outer derivative needs it. Floats give the number, `OnPaper` the formula.
    """
    outputs = [x]
    inner: list[Any] = []  # derivatives of the outputs
    for layer in layers:
        outputs = [tanh(_weighted_sum(weights, outputs)) for weights in layer]
        # only the first neuron of the first layer holds the weight in question
        terms = [_weighted_sum(weights[: len(inner)], inner) for weights in layer] if inner else [x]
        inner = [(1 - y**2) * term for y, term in zip(outputs, terms, strict=False)]
    return 2 * (outputs[0] - target) * inner[0]


class CompositionRow(NamedTuple):
    """Composing by hand beside back-propagation, for one number of layers.

    Attributes
    ----------
    layers, weights : int
        Each weight needs a formula of its own.
    formula : str
        The derivative of the loss by the first weight, written out.
    by_hand : float
        The number that the formula gives.
    partial_derivatives : int
        How many back-propagation uses for the gradients of all weights together.
    back_propagated : float
        Its gradient of the first weight.
    """

    layers: int
    weights: int
    formula: str
    by_hand: float
    partial_derivatives: int
    back_propagated: float


def composition(layers: int, width: int = 1) -> CompositionRow:
    """Write the derivative of composed layers out by hand, and back-propagate the same.

    Parameters
    ----------
    layers : int
        At least 1.
    width : int, default=1
        Neurons in each layer but the last.

    Examples
    --------
    >>> composition(1).formula
    '2*(tanh(w1*x) - t)*(1 - tanh(w1*x)**2)*x'
    """
    draw = random.Random(0).uniform
    x, target = 1.0, 0.5
    numbers = [
        [[draw(0.5, 1.5) for _ in range(inputs)] for _ in range(neurons)]
        for inputs, neurons in pairwise([1] + [width] * (layers - 1) + [1])
    ]
    values = [[[Value(w) for w in row] for row in layer] for layer in numbers]
    names = count(1)
    texts = [[[OnPaper(f"w{next(names)}") for _ in row] for row in layer] for layer in numbers]
    loss = composed_loss(values, x, target)
    [back_propagated] = gradient(loss, [values[0][0][0]])
    return CompositionRow(
        layers,
        next(names) - 1,
        derivative_by_hand(texts, OnPaper("x"), OnPaper("t")).text,
        derivative_by_hand(numbers, x, target),
        sum(not parent.constant for node in ancestors(loss) for parent in node.parents),
        back_propagated,
    )


def compositions(
    layers: Sequence[int] = (1, 2, 3, 4, 6, 8, 10), width: int = 1
) -> list[CompositionRow]:
    """`composition` for growing numbers of layers."""
    return [composition(number, width) for number in layers]
