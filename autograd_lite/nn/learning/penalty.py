"""A price on large weights, added to the loss of a training."""

from typing import Any

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.nn.data import Array, Model
from autograd_lite.nn.optim.optimizer import added, in_range
from autograd_lite.ops.choice import where
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
        self.weighed = np.array([
            parameter not in frozen and name.rstrip("0123456789.").split(".")[-1] not in _BIASES
            for name, parameter in model.named_parameters()
        ], dtype=np.float64)  # fmt: skip
        if not self.weighed.any():
            raise ValueError(
                f"l1 and l2 are of weights, and all parameters of this {type(model).__name__} are "
                "frozen, or biases by their names; leave l1 and l2 out, or rename one"
            )
        self._rates, given = (l1, l2), [Value(1.0), Value(1.0)]
        self._program = freeze([*self.rule(*given)], given)

    def rule(self, parameter: Value, weighed: Value) -> tuple[Value, Value]:
        """The price of a parameter, and its derivative; 0 if it is not weighed."""
        l1, l2 = self._rates
        price = l1 * absolute(parameter) + l2 * square(parameter)
        [slope] = gradient(price, [parameter], create_graph=True)
        return where(weighed, price, 0.0), where(weighed, slope, 0.0)

    def at(self, numbers: Array) -> tuple[float, Array]:
        """The price at some numbers of all parameters, and its derivatives by these."""
        columns = [(part.reshape(-1, 1), False) for part in (numbers, self.weighed)]
        prices, slopes = self._program.runner.rows(columns, len(numbers), False, 1)
        return added(prices), slopes


def find_penalty(model: Model, l1: Any, l2: Any) -> PriceOfWeights | None:
    """The price that is asked for; None if it is nothing."""
    rates = in_range("l1", l1), in_range("l2", l2)
    return PriceOfWeights(model, *rates) if any(rates) else None
