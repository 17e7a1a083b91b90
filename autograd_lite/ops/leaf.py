"""Instructions of programs: functions of the C library, choice, and rows of arithmetic alone.

A light walk of a rule finds out the latter: it runs on numbers that allow + - * /, choice and one
fold, or one look at a vector, and refuse every other step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from autograd_lite.ops.numbers import Arithmetic


class Leaf:
    """A rule that cannot be written with other rows: a function of the C library.

    Parameters
    ----------
    c : str
        Its name in C, by which `languages` knows what it is called in other languages.
    numpy : callable, optional
        Its form over arrays; NumPy's function of the same name if left out.
    python : callable, optional
        Its form on floats; `math`'s function of the same name if left out.
    compare : str, optional
        For what is no function but a choice, the comparison that decides: of two arguments it is
        1.0 where that holds, else 0.0; of three the second where it holds between the first and
        0.0, else the third. `c` is then only its name here.
    """

    def __init__(
        self, c: str, numpy: Callable[..., Any] | None = None,
        python: Callable[..., float] | None = None, compare: str = "",
    ) -> None:  # fmt: skip
        self.c, self.compare = c, compare
        self.arrays: Callable[..., Any] = numpy or getattr(np, c)
        self.floats: Callable[..., float] = python or getattr(math, c)

    def __repr__(self) -> str:
        return f"<leaf {self.c}>"

    def __call__(self, *args: Any) -> Any:
        """The value at floats or arrays; on floats Python's function may raise."""
        if any(isinstance(arg, np.ndarray) for arg in args):
            return self.arrays(*args)
        return self.floats(*args)

    def where_python_raises(self, *args: float) -> float:
        """The IEEE number, from NumPy, for floats on which Python's own function raised."""
        with np.errstate(all="ignore"):
            return float(self.arrays(*map(np.float64, args)))


leaf = Leaf  # which reads better in the table


class _OtherStepError(Exception):
    """Raised in a rule that does more than arithmetic."""


class _Any(Arithmetic):
    """A number or a vector that allows + - * /, choice and one fold, and nothing else."""

    __slots__ = ("folds",)

    def __init__(self, folds: list[Any]) -> None:
        self.folds = folds

    @staticmethod
    def _arithmetic(sign: str, x: Any, y: Any) -> _Any:
        return _Any([])

    def __neg__(self) -> _Any:
        return _Any([])

    @staticmethod
    def _apply_op(row: Any, args: Sequence[Any]) -> _Any:
        if not row.is_arithmetic:
            raise _OtherStepError
        return _Any([])

    @staticmethod
    def _each(rule: Callable[..., Any], vectors: Sequence[_Any]) -> _Any:
        rule(*[_Any([]) for _ in vectors])
        return vectors[0]

    @staticmethod
    def _fold(step: Callable[..., Any], vectors: Sequence[_Any], start: Any) -> _Any:
        if vectors[0].folds:
            raise _OtherStepError
        vectors[0].folds.append(step)
        step(_Any([]), *[_Any([]) for _ in vectors])
        return _Any([])

    def _at(self, place: Any) -> _Any:
        return _Any._fold(lambda total, x: total, [self], place)

    def _count(self) -> _Any:
        return _Any([])

    def _refuse(self, *_: Any) -> NoReturn:
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
    """Whether a row is one function of the C library, or arithmetic, or a fold or look with it.

    One that gives its argument back is no step at all.
    """
    if isinstance(row.forward, Leaf) or not row.is_arithmetic:
        return isinstance(row.forward, Leaf)
    *given, result = _given_and_result(row)
    return all(result is not argument for argument in given)


def _given_and_result(row: Any) -> list[Any]:
    """Some numbers and vectors, and what the rule makes of them."""
    folds: list[Any] = []
    given = [_Any(folds) for _ in row.arguments]
    return [*given, row.forward(*given)]
