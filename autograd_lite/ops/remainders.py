"""Rows of the table: rounding to whole numbers, and division with remainder as in Python."""

from __future__ import annotations

from typing import Any

from autograd_lite.ops.choice import equal, less, where
from autograd_lite.ops.leaf import leaf
from autograd_lite.ops.rules import absolute, ceil, floor
from autograd_lite.ops.table import op

_REAL, _ABOVE = (-3.0, 3.0), (1.1, 1.9)
_BIG = 2.0**52  # from here on every float is a whole number, and below it x + _BIG rounds to one

trunc = op(
    "trunc",
    symbol="trunc",
    latex=r"\operatorname{trunc}",
    operator="trunc",
    domain=[(0.1, 0.9)],
    forward=lambda x: where(less(x, 0.0), ceil(x), floor(x)),
    partials=[lambda out, x: 0.0],
    doc="The whole number next to x towards 0, as a float.",
)


def _rint(x: Any) -> Any:
    above, below = (x + _BIG) - _BIG, -((_BIG - x) - _BIG)
    near = where(less(x, 0.0), below, where(equal(x, 0.0), x, above))
    return where(less(absolute(x), _BIG), near, x)


rint = op(
    "rint",
    symbol="rint",
    latex=r"\operatorname{rint}",
    domain=[(0.6, 0.9)],
    forward=_rint,
    partials=[lambda out, x: 0.0],
    doc="The whole number nearest to x, as a float; of two the even one.",
)
library_remainder = op(
    "library_remainder",
    symbol="fmod",
    latex=r"\operatorname{fmod}\left(#1, #2\right)",
    public=False,
    domain=[(2.0, 3.2), _ABOVE],
    forward=leaf("fmod"),
    partials=[lambda out, x, y: 1.0, lambda out, x, y: -rint((x - out) / y)],
    doc="The remainder of x / y by the C library, exact, with the sign of x.",
)


# Where both are not 0 and of different signs, Python's quotient is one less than C's.
def _one_less(x: Any, y: Any) -> Any:
    rest = library_remainder(x, y)
    return where(equal(rest, 0.0), 0.0, equal(less(y, 0.0), 1.0 - less(rest, 0.0)))


def _remainder(x: Any, y: Any) -> Any:
    rest = library_remainder(x, y)
    zero = where(less(y, 0.0), -0.0, 0.0)
    return where(equal(rest, 0.0), zero, where(_one_less(x, y), rest + y, rest))


def _floor_divide(x: Any, y: Any) -> Any:
    quotient = (x - library_remainder(x, y)) / y - _one_less(x, y)
    whole = floor(quotient) + less(0.5, quotient - floor(quotient))
    return where(equal(y, 0.0), x / y, where(equal(quotient, 0.0), 0.0 * (x / y), whole))


floor_divide = op(
    "floor_divide",
    symbol="//",
    latex=r"\left\lfloor \frac{#1}{#2} \right\rfloor",
    operator="floordiv",
    domain=[(2.0, 3.2), _ABOVE],
    forward=_floor_divide,
    partials=[lambda out, x, y: 0.0, lambda out, x, y: 0.0],
    doc="x // y, the largest whole number not above x / y, as Python's; x / y for y = 0.",
)
remainder = op(
    "remainder",
    symbol="%",
    latex=r"\operatorname{mod}\left(#1, #2\right)",
    operator="mod",
    domain=[(2.0, 3.2), _ABOVE],
    forward=_remainder,
    partials=[lambda out, x, y: 1.0, lambda out, x, y: -floor_divide(x, y)],
    doc="x % y, which has the sign of y, as Python's; nan for y = 0.",
)
