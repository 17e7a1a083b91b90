"""Which things are one plain real number, and the operators of things that stand for one."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from autograd_lite.errors import typed

#: What an operator takes for a plain number. It leaves every other type to that type's own
#: reflected method: that is how ``value * ndarray`` becomes an object array.
OPERAND_TYPES = (int, float, np.generic, Fraction, Decimal)

_PLAIN = (int, float, Fraction, Decimal)
_NUMPY = (np.generic, np.ndarray)


def as_float(number: Any) -> float:
    """The float that an int, float, bool, Fraction, Decimal, NumPy scalar or 0-d array stands for.

    Anything else is a TypeError that names the type and what to write instead; an int or Fraction
    beyond the largest float is an OverflowError.
    """
    if type(number) is float:
        exact: float = number
        return exact
    real_array = isinstance(number, _NUMPY) and number.dtype.kind in "biuf"
    if isinstance(number, _PLAIN) or (real_array and number.ndim == 0):
        if real_array and isinstance(number, np.ndarray):
            refuse_masked(number)
        try:
            return float(number)
        except OverflowError:
            raise OverflowError(
                f"this {type(number).__name__} does not fit a float (the largest is "
                f"{np.finfo(float).max:.4g}); write float('inf') if that is meant"
            ) from None
        except ValueError:  # Decimal("sNaN"), the nan that signals
            return float("nan")
    raise TypeError(_not_a_number(number))


def refuse_masked(thing: Any, name: str = "an argument") -> None:
    """Raise a TypeError for an array, or a list of arrays, in which something is masked.

    NumPy's own functions follow masks; `numpy.asarray` gives what lies behind them.
    """
    if type(thing) is np.ndarray:  # before the slower questions: the usual case
        return
    many = isinstance(thing, list | tuple) and thing and isinstance(thing[0], np.ndarray)
    for array in thing if many else (thing,):
        subclass = isinstance(array, np.ndarray) and type(array) is not np.ndarray
        if subclass and np.ma.is_masked(array):
            raise TypeError(
                f"{name}: a {type(array).__name__} with masked entries, "
                f"{' '.join(repr(array).split()):.80}; fill what is masked, array.filled(number), "
                "or leave it out"
            )


def floor_of(number: Any) -> tuple[float, bool] | None:
    """The largest float that is at most a plain number, and whether it is that number.

    So an int, Fraction or Decimal that lies between two floats is compared with floats exactly.
    None for anything that is no operand, or not real.
    """
    if isinstance(number, np.generic) and number.dtype.kind in "biuf":
        number = number.item()  # NumPy rounds an int that it compares with a float
    if not isinstance(number, (*_PLAIN, np.longdouble)):
        return None
    try:
        near = as_float(number)
    except OverflowError:
        near = math.inf if number > 0 else -math.inf
    if near != near:
        return near, True
    # With a float, Decimal compares only where the user's context allows it.
    same: Any = Decimal.from_float(near) if isinstance(number, Decimal) else near
    if same > number:
        return math.nextafter(near, -math.inf), False
    return near, bool(same == number)


def _not_a_number(thing: Any) -> str:
    said = f"expected one real number and was given {typed(thing)}; "
    if hasattr(type(thing), "_apply_op"):
        return said + "write .data for its number, or .detach() for a new leaf"
    if isinstance(thing, str):
        return said + "write float(text) for a number in text"
    if isinstance(thing, complex | np.complexfloating):
        return said + "write z.real, z.imag or abs(z)"
    if isinstance(thing, np.ndarray | list | tuple):
        return said + "write [Value(x) for x in xs] for several numbers"
    if thing is None:
        return said + "write 0.0, or float('nan') for a missing number"
    return said + "write an int, a float or a NumPy real scalar"


def _both(sign: str) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    return lambda x, y: x._arithmetic(sign, x, y), lambda y, x: y._arithmetic(sign, x, y)


class Arithmetic:
    """The operators + - * / of a class that says in ``_arithmetic(sign, x, y)`` what they give."""

    __slots__ = ()
    __add__, __radd__ = _both("+")
    __sub__, __rsub__ = _both("-")
    __mul__, __rmul__ = _both("*")
    __truediv__, __rtruediv__ = _both("/")
