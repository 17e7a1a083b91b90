"""Floats that never raise: IEEE-754 arithmetic where Python's own would stop.

Python raises where the IEEE standard has an answer: ``1.0 / 0.0``, ``math.log(-1.0)``,
``math.exp(1000.0)``. A rule is therefore evaluated on plain floats first, which is fast, and, only
when that raised, once more on `IEEE` numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

#: What Python raises where IEEE-754 defines a number instead.
PYTHON_RAISES = (ZeroDivisionError, OverflowError, ValueError)


def _closed(compute: Callable[..., Any]) -> Any:
    """A method of float whose result is an `IEEE`."""

    def method(self: IEEE, other: Any) -> Any:
        found = compute(self, other)
        return found if found is NotImplemented else IEEE(found)

    return method


class IEEE(float):
    """A float whose operators follow IEEE-754 and stay in this class.

    With anything that is no number (a Value) they leave the word to that.
    """

    __slots__ = ()
    __add__ = __radd__ = _closed(float.__add__)
    __mul__ = __rmul__ = _closed(float.__mul__)
    __sub__, __rsub__ = _closed(float.__sub__), _closed(float.__rsub__)

    def __truediv__(self, other: Any) -> Any:
        return IEEE(divide(float(self), float(other))) if _is_number(other) else NotImplemented

    def __rtruediv__(self, other: Any) -> Any:
        return IEEE(divide(float(other), float(self))) if _is_number(other) else NotImplemented

    def __neg__(self) -> IEEE:
        return IEEE(float.__neg__(self))

    @staticmethod
    def _apply_op(row: Any, args: tuple[float, ...]) -> IEEE:
        return IEEE(row.on_floats(*map(float, args)))


def _is_number(thing: Any) -> bool:
    return isinstance(thing, float | int)


def give_operator(name: str, function: Callable[[Any, Any], IEEE]) -> None:
    """Let `IEEE` numbers answer to an operator (``"pow"``) that they have no method for yet."""
    if f"__{name}__" in vars(IEEE):
        return

    def forward(self: IEEE, other: Any) -> Any:
        return function(self, other) if _is_number(other) else NotImplemented

    def reflected(self: IEEE, other: Any) -> Any:
        return function(other, self) if _is_number(other) else NotImplemented

    setattr(IEEE, f"__{name}__", forward)
    setattr(IEEE, f"__r{name}__", reflected)


def number_system(args: Iterable[Any]) -> Any:
    """The first type among the arguments' that evaluates ops its own way; None for floats.

    Plain IEEE numbers give way to any other system: mixed with Values they are constants.
    """
    systems = [kind for kind in dict.fromkeys(map(type, args)) if hasattr(kind, "_apply_op")]
    if len(systems) > 1 and systems[0] is IEEE:
        return systems[1]
    return systems[0] if systems else None


def divide(x: float, y: float) -> float:
    """``x / y``, with IEEE-754's answer for y = 0."""
    if y != 0.0:
        return x / y
    if x == 0.0 or x != x:
        return math.nan
    return math.copysign(math.inf, x) * math.copysign(1.0, y)


def hypot(x: float, y: float) -> float:
    """The C library's ``hypot``; ``math.hypot`` rounds differently."""
    return abs(complex(x, y))


def floor(x: float) -> float:
    """Largest integer not above x. Python's gives an int, which has no ``-0.0``."""
    return math.copysign(math.floor(x), x)


def ceil(x: float) -> float:
    """Smallest integer not below x, with the sign of x as in C (``ceil(-0.5)`` is ``-0.0``)."""
    return math.copysign(math.ceil(x), x)


def elementwise(function: Callable[..., float]) -> Callable[..., Any]:
    """An array version of a function of floats, for those that NumPy does not have."""

    def over_arrays(*arrays: Any) -> Any:
        return np.frompyfunc(function, len(arrays), 1)(*arrays).astype(np.float64)

    return over_arrays
