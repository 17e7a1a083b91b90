"""A price on large weights, added to the loss of a training."""

from typing import Any

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.nn.data import Array, Model
from autograd_lite.nn.optim import in_range
from autograd_lite.ops.rules import absolute, square
from autograd_lite.program.freezing import freeze
from autograd_lite.transforms.gradients import gradient

_BIASES = {"b", "bias", "biases"}


class PriceOfWeights:
    """l1 Σ|w| + l2 Σw² over the weights of a model that move, from one program of one weight.

    Biases, by the last word of their names, are left out: see `learn`.
    """

    def __init__(self, model: Model, l1: float, l2: float) -> None:
        frozen = model._frozen_parameters()
        self._places = np.array([
            i for i, (name, parameter) in enumerate(model.named_parameters())
            if parameter not in frozen and name.rstrip("0123456789.").split(".")[-1] not in _BIASES
        ], dtype=int)  # fmt: skip
        if not len(self._places):
            raise ValueError(
                f"l1 and l2 are of weights, and all parameters of this {type(model).__name__} are "
                "frozen, or biases by their names; leave l1 and l2 out, or rename one"
            )
        weight = Value(1.0)
        price = l1 * absolute(weight) + l2 * square(weight)
        self._rule = freeze([price, *gradient(price, [weight], create_graph=True)], [weight])

    def at(self, numbers: Array) -> tuple[float, Array]:
        """The price at some numbers of all parameters, and its derivatives by these."""
        column = numbers[self._places].reshape(-1, 1)
        prices, slopes = self._rule.runner.rows([(column, False)], len(column), False, 1)
        found = np.zeros(len(numbers))
        found[self._places] = slopes
        return float(np.sum(prices)), found


def find_penalty(model: Model, l1: Any, l2: Any) -> PriceOfWeights | None:
    """The price that is asked for; None if it is nothing."""
    rates = in_range("l1", l1), in_range("l2", l2)
    return PriceOfWeights(model, *rates) if any(rates) else None
