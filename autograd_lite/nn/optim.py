"""Optimisers: how parameters move, given their gradients. Formulas and defaults are PyTorch's.

The formula of each, `update`, is a rule as an op has one, written with ``+ - * /`` and ops:
parameter, gradient and state in, parameter and state out. So it runs on arrays, on Values and
inside programs, and pages have it as JavaScript.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.engine import name as engine
from autograd_lite.errors import shown, typed
from autograd_lite.graph import check_value
from autograd_lite.nn.data import Array, Model
from autograd_lite.ops.choice import where
from autograd_lite.ops.numbers import as_float
from autograd_lite.ops.rules import library_power, sqrt
from autograd_lite.program.freezing import freeze
from autograd_lite.program.program import Program

#: A parameter after a step, and its state.
Moved = tuple[Any, Any]


class Optimizer:
    """Base class of optimisers: their parameters, and setting the gradients to zero.

    A subclass has the rule `update`; or a `moved`, or a `step`.

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

    #: The numbers that the state of a parameter begins with.
    start: tuple[float, ...] = ()
    #: The attributes, all of them numbers, that `update` depends on.
    settings: tuple[str, ...] = ("learning_rate",)
    #: Whether the rule has so many ops that its program takes less time than NumPy.
    is_long = False

    _steps, _program = 0.0, None
    _state: Any = None  # of all parameters: an array for each number of it

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

    def update(self, parameter: Any, gradient: Any, state: Any = (), step: Any = 1.0) -> Moved:
        """The rule: the parameter after a step, and its state, a tuple; of numbers of any kind.

        Nothing is remembered: the state is `start` before the first step, whose `step` is 1. A
        function that is compiled reads the settings while it is traced.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define step(), moved(numbers, gradients), or update"
        )

    def program(self) -> Program:
        """The rule as a program of parameter, gradient, state, step, and the settings in order."""
        twin = copy.copy(self)
        given = parameter, gradient, *state, step = [*map(Value, (0.5, 0.5, *self.start, 1.0))]
        for name in self.settings:
            given.append(Value(getattr(self, name)))
            setattr(twin, name, given[-1])
        after, state = twin.update(parameter, gradient, tuple(state), step)
        return freeze([after, *state], given)

    def moved(self, numbers: Array, gradients: Array) -> Array:
        """The numbers of the parameters after a step, in a new array.

        Each call is a step: what is remembered from step to step changes. NumPy gives no warnings
        meanwhile.
        """
        if self._state is None:
            self._state = [np.full(len(numbers), x) for x in self.start]
        self._steps += 1.0
        if self.is_long and engine == "native":
            return self._moved_by_program(numbers, gradients)
        after, self._state = self.update(numbers, gradients, self._state, self._steps)
        moved: Array = after
        return moved

    def _moved_by_program(self, numbers: Array, gradients: Array) -> Array:
        if self._program is None:
            self._program = self.program()
        shared = np.array([self._steps, *[getattr(self, name) for name in self.settings]])
        parts = [*[np.ascontiguousarray(x, np.float64) for x in (numbers, gradients)], *self._state]
        given = [*[(x.reshape(-1, 1), False) for x in parts], (shared, True)]
        found = self._program.runner.rows(given, len(numbers), False, 1)
        self._state = found[1:]
        after: Array = found[0]
        return after

    def __getstate__(self) -> dict[str, Any]:
        """All but the program, which a copy records anew."""
        return {**vars(self), "_program": None}


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

    start = (-0.0,)  # so that the first velocity is the gradient, to the sign of a zero
    settings = "learning_rate", "momentum", "weight_decay"

    def __init__(
        self, parameters: Iterable[Value], learning_rate: float, momentum: float = 0,
        nesterov: bool = False, weight_decay: float = 0,
    ) -> None:  # fmt: skip
        super().__init__(parameters, learning_rate)
        self.momentum = in_range("momentum", momentum)
        self.weight_decay = in_range("weight_decay", weight_decay)
        self.nesterov = nesterov
        if nesterov and self.momentum == 0.0:
            raise ValueError("nesterov needs a momentum above 0, such as momentum=0.9")

    def update(self, parameter: Any, gradient: Any, state: Any = start, step: Any = 1.0) -> Moved:
        """See `Optimizer.update`."""
        if self.weight_decay:
            gradient = gradient + self.weight_decay * parameter
        if not self.momentum:
            return parameter - self.learning_rate * gradient, state
        (velocity,) = state
        velocity = self.momentum * velocity + gradient
        move = gradient + self.momentum * velocity if self.nesterov else velocity
        return parameter - self.learning_rate * move, (velocity,)


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

    start = 0.0, 0.0
    settings = "learning_rate", "beta1", "beta2", "eps"
    is_long = True

    def __init__(
        self, parameters: Iterable[Value], learning_rate: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
    ) -> None:  # fmt: skip
        super().__init__(parameters, learning_rate)
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise ValueError(
                f"betas is a pair of numbers, such as (0.9, 0.999), and is {shown(betas)}"
            )
        self.beta1 = in_range("betas[0]", betas[0], 1.0)
        self.beta2 = in_range("betas[1]", betas[1], 1.0)
        self.eps = in_range("eps", eps)

    @property
    def betas(self) -> tuple[float, float]:
        """Both."""
        return self.beta1, self.beta2

    @betas.setter
    def betas(self, pair: tuple[float, float]) -> None:
        self.beta1, self.beta2 = pair

    def update(self, parameter: Any, gradient: Any, state: Any = start, step: Any = 1.0) -> Moved:
        """See `Optimizer.update`."""
        rate = self.learning_rate / (1.0 - library_power(self.beta1, step))
        correction = sqrt(1.0 - library_power(self.beta2, step))
        mean, square = state
        mean = self.beta1 * mean + (1.0 - self.beta1) * gradient
        square = self.beta2 * square + (1.0 - self.beta2) * gradient * gradient
        # With eps = 0 and no gradient so far this is 0/0; the parameter stays where it is.
        move = rate * mean / (sqrt(square) / correction + self.eps)
        return where(mean, parameter - move, parameter), (mean, square)


#: The optimisers by the names that `learn` takes.
OPTIMIZERS: dict[str, Any] = {"sgd": SGD, "adam": Adam}


def find_optimizer(model: Model, optimizer: str | Optimizer, rate: float | None) -> Optimizer:
    """The optimiser of that name, or an object with ``step()`` as one, for a model's parameters."""
    parameters = model.parameters()
    if not parameters:
        raise ValueError(f"{shown(model)} has no parameters that could learn")
    if isinstance(optimizer, str):
        if optimizer.lower() not in OPTIMIZERS:
            raise ValueError(
                f"unknown optimizer {shown(optimizer)}; choose one of: {', '.join(OPTIMIZERS)}"
            )
        rate = 0.01 if rate is None else rate
        made: Optimizer = OPTIMIZERS[optimizer.lower()](parameters, learning_rate=rate)
        return made
    if isinstance(optimizer, type) or not callable(getattr(optimizer, "step", None)):
        raise TypeError(
            f"optimizer is a name ({', '.join(OPTIMIZERS)}) or an object with step(), such as "
            f"nn.optim.SGD(model.parameters(), 0.1), and was given {shown(optimizer)}"
        )
    if rate is not None:
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
            f"{typed(parameters)}"
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
