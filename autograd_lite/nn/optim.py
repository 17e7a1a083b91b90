"""Optimisers: how parameters move, given their gradients. Formulas and defaults are PyTorch's."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.errors import shown
from autograd_lite.graph import check_value
from autograd_lite.nn.data import Array, Model
from autograd_lite.ops.numbers import as_float


class Optimizer:
    """Base class of optimisers: their parameters, and setting the gradients to zero.

    Parameters
    ----------
    parameters : iterable of Value
        Leaves, such as ``model.parameters()``.
    learning_rate : float
        Step size; also an attribute, which may be changed between steps.

    Raises
    ------
    TypeError
        If a parameter is not a Value or a hyperparameter not a number.
    ValueError
        If there are no parameters, if one is given twice or is not a leaf, or if a hyperparameter
        is out of its range.
    """

    def __init__(self, parameters: Iterable[Value], learning_rate: float) -> None:
        self.parameters = _checked(parameters)
        self.learning_rate = in_range("learning_rate", learning_rate)

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0.0."""
        for parameter in self.parameters:
            parameter.grad = 0.0

    def step(self) -> None:
        """Move every parameter once, by its gradient."""
        before = np.array([p.data for p in self.parameters])
        with np.errstate(all="ignore"):
            after = self.moved(before, np.array([p.grad for p in self.parameters]))
        for parameter, number in zip(self.parameters, after.tolist(), strict=True):
            parameter.data = number

    def moved(self, numbers: Array, gradients: Array) -> Array:
        """The numbers of the parameters after a step, in a new array.

        Each call is a step: what is remembered from step to step changes. NumPy gives no warnings
        meanwhile.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define step(), or moved(numbers, gradients)"
        )


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum (Polyak 1964; Nesterov 1983) if wanted.

    With gradient g of the parameter p::

        g = g + weight_decay * p
        v = momentum * v + g                (v = g in the first step)
        p = p - learning_rate * (g + momentum * v  if nesterov else  v)

    Parameters
    ----------
    parameters : iterable of Value
    learning_rate : float
        At least 0.
    momentum : float, default=0
        At least 0.
    nesterov : bool, default=False
        Needs a momentum above 0.
    weight_decay : float, default=0
        At least 0; the factor of an L2 penalty.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> w = Value(1.0)
    >>> optimizer = SGD([w], learning_rate=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.data
    0.8
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: float,
        momentum: float = 0,
        nesterov: bool = False,
        weight_decay: float = 0,
    ) -> None:
        super().__init__(parameters, learning_rate)
        self.momentum = in_range("momentum", momentum)
        self.weight_decay = in_range("weight_decay", weight_decay)
        self.nesterov = nesterov
        if nesterov and self.momentum == 0.0:
            raise ValueError("nesterov needs a momentum above 0, such as momentum=0.9")
        self._velocities: Array | None = None

    def moved(self, numbers: Array, gradients: Array) -> Array:
        """See `Optimizer.moved`."""
        moves = decayed = gradients
        if self.weight_decay:
            moves = decayed = gradients + self.weight_decay * numbers
        if self.momentum:
            before = self._velocities
            moves = decayed if before is None else self.momentum * before + decayed
            self._velocities = moves
            if self.nesterov:
                moves = decayed + self.momentum * moves
        return numbers - self.learning_rate * moves


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015, algorithm 1), which scales each parameter's step by its past.

    In step t, with gradient g of the parameter p::

        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        p = p - learning_rate * m / (1 - beta1**t) / (sqrt(v / (1 - beta2**t)) + eps)

    Parameters
    ----------
    parameters : iterable of Value
    learning_rate : float, default=0.001
        At least 0.
    betas : pair of float, default=(0.9, 0.999)
        Each at least 0 and below 1.
    eps : float, default=1e-8
        At least 0.
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(parameters, learning_rate)
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise ValueError(
                f"betas is a pair of numbers, such as (0.9, 0.999), and is {shown(betas)}"
            )
        self.betas = in_range("betas[0]", betas[0], 1.0), in_range("betas[1]", betas[1], 1.0)
        self.eps = in_range("eps", eps)
        self._steps = 0
        self._means = np.zeros(len(self.parameters))
        self._squares = np.zeros(len(self.parameters))

    def moved(self, numbers: Array, gradients: Array) -> Array:
        """See `Optimizer.moved`."""
        beta1, beta2 = self.betas
        self._steps += 1
        rate = self.learning_rate / (1.0 - beta1**self._steps)
        correction = math.sqrt(1.0 - beta2**self._steps)
        self._means = m = beta1 * self._means + (1.0 - beta1) * gradients
        self._squares = v = beta2 * self._squares + (1.0 - beta2) * gradients * gradients
        # With eps = 0 and no gradient so far this is 0/0; the parameter stays where it is.
        steps = rate * m / (np.sqrt(v) / correction + self.eps)
        return np.where(m != 0.0, numbers - steps, numbers)


#: The optimisers by the names that `learn` takes.
OPTIMIZERS: dict[str, Any] = {"sgd": SGD, "adam": Adam}


def find_optimizer(
    model: Model, optimizer: str | Optimizer, learning_rate: float | None
) -> Optimizer:
    """The optimiser of that name, or an object with ``step()`` as one, for a model's parameters."""
    parameters = model.parameters()
    if not parameters:
        raise ValueError(f"{shown(model)} has no parameters that could learn")
    if isinstance(optimizer, str):
        if optimizer.lower() not in OPTIMIZERS:
            raise ValueError(
                f"unknown optimizer {shown(optimizer)}; choose one of: {', '.join(OPTIMIZERS)}"
            )
        rate = 0.01 if learning_rate is None else learning_rate
        made: Optimizer = OPTIMIZERS[optimizer.lower()](parameters, learning_rate=rate)
        return made
    if isinstance(optimizer, type) or not callable(getattr(optimizer, "step", None)):
        raise TypeError(
            f"optimizer is a name ({', '.join(OPTIMIZERS)}) or an object with step(), such as "
            f"nn.optim.SGD(model.parameters(), 0.1), and was given {shown(optimizer)}"
        )
    if learning_rate is not None:
        raise ValueError(
            f"{type(optimizer).__name__} has a learning rate of its own; leave learning_rate out"
        )
    if set(parameters).isdisjoint(getattr(optimizer, "parameters", parameters)):
        raise ValueError("the optimizer holds none of this model's parameters; give it those")
    return optimizer


def in_range(name: str, number: Any, below: float = math.inf) -> float:
    """A hyperparameter as a float, which is at least 0 and less than `below`."""
    exact = as_float(number)
    if not 0.0 <= exact < below:
        limit = "finite" if below == math.inf else f"below {below:g}"
        raise ValueError(f"{name} must be at least 0 and {limit}, and is {shown(number)}")
    return exact


def _checked(parameters: Iterable[Value]) -> list[Value]:
    if isinstance(parameters, Value) or not isinstance(parameters, Iterable):
        raise TypeError(
            f"an optimiser takes a list of Values, such as model.parameters(), and was given "
            f"{type(parameters).__name__}: {shown(parameters)}"
        )
    checked = [check_value(parameter, "a parameter") for parameter in parameters]
    if not checked:
        raise ValueError("an optimiser needs at least one parameter and was given none")
    for parameter in checked:
        if parameter.op or parameter.constant:
            raise ValueError(
                f"only leaves can be moved, and {shown(parameter)} is "
                f"{'computed by ' + repr(parameter.op) if parameter.op else 'a constant'}; "
                "give the Values it was computed from"
            )
    if len(set(checked)) < len(checked):
        raise ValueError("a parameter was given twice, and would be moved twice; give it once")
    return checked
