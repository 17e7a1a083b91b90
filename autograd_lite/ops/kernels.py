"""Which rows a program keeps as single instructions: a light walk of a rule finds out.

The rule runs on numbers that allow + - * /, choice and one fold, and refuse every other step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from autograd_lite.ops.leaf import Leaf
from autograd_lite.ops.numbers import Arithmetic


class _OtherStepError(Exception):
    """Raised in a rule that does more than arithmetic."""


class _Number(Arithmetic):
    """A number that may be computed with."""

    __slots__ = ()

    @staticmethod
    def _arithmetic(sign: str, x: Any, y: Any) -> _Number:
        return _Number()

    def __neg__(self) -> _Number:
        return _Number()

    @staticmethod
    def _apply_op(row: Any, args: Sequence[Any]) -> _Number:
        if not row.is_arithmetic:
            raise _OtherStepError
        return _Number()


class _Vector:
    """A vector that may be folded once."""

    def __init__(self, folds: list[_Number]) -> None:
        self.folds = folds

    @staticmethod
    def _fold(step: Callable[..., Any], vectors: Sequence[_Vector], start: Any) -> _Number:
        folds = vectors[0].folds
        if folds:
            raise _OtherStepError
        step(_Number(), *[_Number() for _ in vectors])
        folds.append(_Number())
        return folds[0]

    @staticmethod
    def _each(rule: Callable[..., Any], vectors: Sequence[_Vector]) -> _Vector:
        rule(*[_Number() for _ in vectors])
        return vectors[0]

    @staticmethod
    def _count(vector: _Vector) -> _Number:
        return _Number()

    @staticmethod
    def _refuse(*_: Any) -> NoReturn:
        raise _OtherStepError

    _scan = _apply_sequence_op = _refuse


def is_arithmetic(row: Any) -> bool:
    """Whether a row's rule has no step but + - * /, choice, and one fold of a row over vectors."""
    if isinstance(row.forward, Leaf):
        return bool(row.forward.compare)
    try:
        return not row.custom and bool(_given_and_result(row))
    except _OtherStepError:
        return False


def is_kernel(row: Any) -> bool:
    """Whether a row is one function of the C library, or arithmetic, or a fold with arithmetic.

    One that gives its argument back is no step at all.
    """
    if isinstance(row.forward, Leaf) or not row.is_arithmetic:
        return isinstance(row.forward, Leaf)
    *given, result = _given_and_result(row)
    return all(result is not argument for argument in given)


def _given_and_result(row: Any) -> list[Any]:
    """Some numbers and vectors, and what the rule makes of them."""
    folds: list[_Number] = []
    given: list[Any] = [_Vector(folds) for _ in getattr(row, "vectors", ())]
    given += [_Number() for _ in row.arguments[len(given) :]]
    return [*given, row.forward(*given)]
