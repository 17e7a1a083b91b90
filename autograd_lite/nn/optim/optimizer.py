"""Optimiser: the base class, which keeps the state and runs the rule that a subclass has."""

import copy
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np

from autograd_lite.engine import Value, write_numbers
from autograd_lite.engine import name as engine
from autograd_lite.errors import shown, typed
from autograd_lite.graph import check_value
from autograd_lite.nn.data import Array
from autograd_lite.nn.tensors import fitting
from autograd_lite.ops.numbers import as_float
from autograd_lite.ops.rules import clip, minimum, square
from autograd_lite.program.freezing import freeze
from autograd_lite.program.program import Program


@cache
def summing() -> Program:
    """The program whose sums over rows are those of one column: in the tree of blocks."""
    number = Value(1.0)
    return freeze([1.0 * number], [number])


def added(numbers: Array) -> float:
    """Their sum, whose bits depend on neither threads nor machines."""
    found = summing().run_rows([(numbers.reshape(-1, 1), False)], len(numbers), "sum")
    return float(found[0])


#: A parameter after a step, and its state.
Moved = tuple[Any, Any]


class Optimizer:
    """Base class of optimisers: their parameters, state and clipping.

    For an optimiser of your own write a class below this one that has the rule `update`, and
    `start` and `settings` if it needs them; all else follows, ``learn(optimizer=…)`` too.

    Parameters
    ----------
    parameters : iterable of Value
        Leaves, such as ``model.parameters()``.
    learning_rate : float
        Step size; also an attribute, which may be changed between steps.
    clip_value : float, optional
        Limit of the size of each partial derivative, above 0; inf as attribute if left out.
    clip_norm : float, optional
        Limit of the norm of the gradient, all parameters together: a longer one is made shorter,
        after `clip_value`, as PyTorch's ``clip_grad_norm_`` does.

    Raises
    ------
    TypeError
        If a parameter is not a Value or a hyperparameter not a number.
    ValueError
        If there are no parameters, if one is given twice or is not a leaf, or if a hyperparameter
        is out of its range.

    Examples
    --------
    Lion (Chen et al. 2023) moves by the sign of a mean of gradients, its one number of state:

    >>> import autograd_lite as ag
    >>> from autograd_lite import nn
    >>> class Lion(nn.optim.Optimizer):
    ...     start = (0.0,)
    ...     settings = "learning_rate", "beta"
    ...     beta = 0.9
    ...     def update(self, parameter, gradient, state=start, step=1.0):
    ...         mean = self.beta * state[0] + (1.0 - self.beta) * gradient
    ...         return parameter - self.learning_rate * ag.sign(mean), (mean,)
    >>> model = nn.Neuron(1, "linear", seed=1)
    >>> lion = Lion(model.parameters(), 0.01, clip_norm=1.0)
    >>> history = model.learn([0, 1, 2], [1, 3, 5], optimizer=lion, epochs=300, progress=False)
    >>> model.predict([10]).round()
    array([21.])
    """

    #: The numbers that the state of a parameter begins with.
    start: tuple[float, ...] = ()
    #: The attributes, all of them numbers, that `update` depends on.
    settings: tuple[str, ...] = ("learning_rate",)
    #: The attributes, numbers or bools, that decide more than that.
    switches: tuple[str, ...] = ("clip_value", "clip_norm")
    #: Whether the rule has so many ops that its program takes less time than NumPy.
    is_long = False

    #: How many steps were made.
    steps = 0.0
    clip_value = clip_norm = math.inf

    _program: tuple[Any, Program] | None = None
    _state: Any = None  # of all parameters: an array for each number of it

    def __init__(
        self, parameters: Iterable[Value], learning_rate: float, *,
        clip_value: float | None = None, clip_norm: float | None = None,
    ) -> None:  # fmt: skip
        self.parameters = _checked(parameters)
        self.learning_rate = in_range("learning_rate", learning_rate)
        for name, limit in (("clip_value", clip_value), ("clip_norm", clip_norm)):
            if limit is not None:
                setattr(self, name, in_range(name, limit))
                if not limit:
                    raise ValueError(f"{name}=0 would stop all learning; leave it out for no limit")

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0.0."""
        for parameter in self.parameters:
            parameter.grad = 0.0

    def step(self) -> None:
        """Move every parameter once, by its gradient; an error or Ctrl-C leaves all as it was."""
        before, state = np.array([p.data for p in self.parameters]), vars(self).copy()
        try:
            with np.errstate(all="ignore"):
                after = self.moved(before, np.array([p.grad for p in self.parameters]))
            write_numbers(self.parameters, after)
        except BaseException:
            self.__dict__ = state
            write_numbers(self.parameters, before)
            raise

    def update(self, parameter: Any, gradient: Any, state: Any = (), step: Any = 1.0) -> Moved:
        """The rule: the parameter after a step, and its state, a tuple; of numbers of any kind.

        Nothing is remembered: the state is `start` before the first step, whose `step` is 1. A
        function that is compiled reads the settings while it is traced.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define step(), moved(numbers, gradients), or update"
        )

    def program(self, rule: Any = None) -> Program:
        """The rule as a program of parameter, gradient, state, step, and the settings in order.

        Or another rule of the same.
        """
        twin = copy.copy(self)
        given = parameter, gradient, *state, step = [*map(Value, (0.5, 0.5, *self.start, 1.0))]
        for name in self.settings:
            given.append(Value(getattr(self, name)))
            setattr(twin, name, given[-1])
        after, state = (rule or type(self).update)(twin, parameter, gradient, tuple(state), step)
        return freeze([after, *state], given)

    def moved(self, numbers: Array, gradients: Array) -> Array:
        """The numbers of the parameters after a step, in a new array.

        Each call is a step: what is remembered from step to step changes. NumPy gives no warnings
        meanwhile.
        """
        if self._state is None:
            self._state = self._first_state(len(numbers))
        gradients = self._clipped(gradients)
        self.steps += 1.0
        if self.is_long and engine == "native":
            return self._moved_by_program(numbers, gradients)
        after, self._state = self.update(numbers, gradients, self._state, self.steps)
        moved: Array = after
        return moved

    @property
    def clips(self) -> bool:
        """Whether gradients have a limit."""
        return min(self.clip_value, self.clip_norm) < math.inf

    def limited(self, gradient: Any) -> Any:
        """A partial derivative, or many, within `clip_value`."""
        limit = self.clip_value
        return clip(gradient, -limit, limit) if limit < math.inf else gradient

    def shortened(self, gradient: Any, norm: Any) -> Any:
        """One of those that have this norm all together, within `clip_norm`; as in PyTorch."""
        return gradient * minimum(self.clip_norm / (norm + 1e-6), 1.0)

    def _clipped(self, gradients: Array) -> Array:
        gradients = self.limited(gradients)
        if self.clip_norm < math.inf:
            size = added(square(gradients))
            norm = math.sqrt(size) if size < math.inf else math.hypot(*gradients.tolist())
            gradients = self.shortened(gradients, norm)
        return gradients

    def prepared(self) -> tuple[Program, Program | None, Array, Array]:
        """The rule as a program now; the state, a number of it in each row; steps and settings.

        Second comes a program of totals over all parameters, if the rule has them: the last
        settings.
        """
        settings = np.array([self.steps, *[getattr(self, name) for name in self.settings]])
        # A rule may decide by a setting that is 0, and by switches.
        kind = (settings[1:] == 0.0).tobytes(), *[getattr(self, name) for name in self.switches]
        if self._program is None or kind != self._program[0]:
            self._program = kind, self.program()
        if self._state is None:
            self._state = self._first_state(len(self.parameters))
        return self._program[1], None, np.ascontiguousarray(self._state, np.float64), settings

    def go_on_from(self, state: Array, steps: float) -> None:
        """Take this state, after so many steps in all."""
        self._state, self.steps = state, float(steps)

    def _moved_by_program(self, numbers: Array, gradients: Array) -> Array:
        program, _, _, shared = self.prepared()
        parts = [*[np.ascontiguousarray(x, np.float64) for x in (numbers, gradients)], *self._state]
        given = [*[(x.reshape(-1, 1), False) for x in parts], (shared, True)]
        found = program.runner.rows(given, len(numbers), False, 1)
        self._state = found[1:]
        after: Array = found[0]
        return after

    def state_dict(self) -> dict[str, Array]:
        """Settings, number of steps, and the state of all parameters: float64 arrays by name.

        A setting has its own name and ``steps`` is one number; ``state.0``, ``state.1``, … hold a
        number for each parameter.
        """
        state = self._first_state(len(self.parameters)) if self._state is None else self._state
        found = {f"state.{i}": np.array(numbers) for i, numbers in enumerate(state)}
        for name in ("steps", *self.settings, *self.switches):
            found[name] = np.array(getattr(self, name), dtype=np.float64)
        return found

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue where the optimiser was that gave this state, with the same bits.

        Parameters
        ----------
        state : mapping of str to array
            As `state_dict` gives it, of an optimiser of this kind for as many parameters.

        Raises
        ------
        ShapeError
            If it is for another number of parameters.
        ValueError
            If names are missing or too many, a setting is below 0 or nan, or a step would make
            parameters nan or infinite. Nothing is changed.
        TypeError
            If `state` is no mapping, or holds anything but real numbers.

        Examples
        --------
        >>> from autograd_lite.nn.optim import SGD
        >>> first, second = (SGD([Value(1.0)], 0.1, momentum=0.9) for _ in range(2))
        >>> first.parameters[0].grad = 1.0
        >>> first.step()
        >>> second.load_state_dict(first.state_dict())
        >>> second.steps, second.state_dict()["state.0"].tolist()
        (1.0, [1.0])
        """
        found = fitting(self.state_dict(), state, "optimizer")
        arrays = [found.pop(f"state.{i}") for i in range(len(self.start))]
        for name, number in found.items():
            if not number >= 0.0:
                raise ValueError(f"{name} must be at least 0, and is {number} in the state")
        twin = copy.copy(self)
        twin._state, twin._program = arrays, None
        for name, number in found.items():
            setattr(twin, name, number.item())
        if type(self).update is not Optimizer.update:
            one, after = np.ones(len(self.parameters)), np.array(math.nan)
            with np.errstate(all="ignore"), suppress(ArithmeticError):  # of Python's floats
                after, _ = twin.update(one, one, arrays, twin.steps + 1)
            if not np.isfinite(after).all():
                raise ValueError("a step from this state would make a parameter nan or infinite")
        self.__dict__ = vars(twin)

    def _first_state(self, n: int) -> list[Array]:
        return [np.full(n, x) for x in self.start]

    def __getstate__(self) -> dict[str, Any]:
        """All but the program, which a copy records anew."""
        return {**vars(self), "_program": None}


def in_range(name: str, number: Any, below: float = math.inf) -> float:
    """A hyperparameter as a float, which is at least 0 and less than `below`."""
    try:
        exact = as_float(number)
    except TypeError as error:
        raise TypeError(f"{name}: {error}") from None
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
