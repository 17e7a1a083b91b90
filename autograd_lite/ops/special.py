"""Rows of the table: rounding, division with remainder as in Python, and special functions."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

from autograd_lite.ops import ieee
from autograd_lite.ops.choice import equal, less, where
from autograd_lite.ops.leaf import leaf
from autograd_lite.ops.rules import absolute, ceil, cos, exp, floor, sin
from autograd_lite.ops.table import op

_PI = math.pi
_REAL, _ABOVE = (-3.0, 3.0), (1.1, 1.9)
_BIG = 2.0**52  # from here on every float is a whole number, and below it x + _BIG rounds to one

trunc = op(
    "trunc", symbol="trunc", latex=r"\operatorname{trunc}", operator="trunc", domain=[(0.1, 0.9)],
    forward=lambda x: where(less(x, 0.0), ceil(x), floor(x)),
    partials=[lambda out, x: 0.0],
    doc="The whole number next to x towards 0, as a float.",
)


def _rint(x: Any) -> Any:
    above, below = (x + _BIG) - _BIG, -((_BIG - x) - _BIG)
    near = where(less(x, 0.0), below, where(equal(x, 0.0), x, above))
    return where(less(absolute(x), _BIG), near, x)


rint = op(
    "rint", symbol="rint", latex=r"\operatorname{rint}", domain=[(0.6, 0.9)],
    forward=_rint, partials=[lambda out, x: 0.0],
    doc="The whole number nearest to x, as a float; of two the even one.",
)
library_remainder = op(
    "library_remainder", symbol="fmod", latex=r"\operatorname{fmod}\left(#1, #2\right)",
    public=False, domain=[(2.0, 3.2), _ABOVE], forward=leaf("fmod"),
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
    "floor_divide", symbol="//", latex=r"\left\lfloor \frac{#1}{#2} \right\rfloor",
    operator="floordiv", domain=[(2.0, 3.2), _ABOVE],
    forward=_floor_divide, partials=[lambda out, x, y: 0.0, lambda out, x, y: 0.0],
    doc="x // y, the largest whole number not above x / y, as Python's; x / y for y = 0.",
)
remainder = op(
    "remainder", symbol="%", latex=r"\operatorname{mod}\left(#1, #2\right)", operator="mod",
    domain=[(2.0, 3.2), _ABOVE], forward=_remainder,
    partials=[lambda out, x, y: 1.0, lambda out, x, y: -floor_divide(x, y)],
    doc="x % y, which has the sign of y, as Python's; nan for y = 0.",
)

# Near 0 the derivative of sinc is a difference of almost equal numbers. There its power series is
# differentiated, as often as one likes. From 1.03 on (cos(πx) - sinc(x)) / x loses fewer digits.
_SINC = [
    (-1.0) ** k * 2.0 * k * _PI ** (2 * k) / math.factorial(2 * k + 1) for k in range(1, 21)
]


# A whole number is taken off before π is multiplied, so that no digit is lost at large x.
def _of_turn(wave: Any, x: Any) -> Any:
    """``wave(πx)`` for the sine or the cosine."""
    whole = rint(x)
    return (1.0 - 2.0 * (whole - 2.0 * floor(0.5 * whole))) * wave(_PI * (x - whole))


def _sinc_partial(out: Any, x: Any) -> Any:
    inside = less(absolute(x), 1.03125)
    near, far = where(inside, x, 0.0), where(inside, 1.0, x)
    series = reduce(lambda total, c: total * (near * near) + c, reversed(_SINC))
    return where(inside, series * near, (_of_turn(cos, x) - out) / far)


sinc = op(
    "sinc", symbol="sinc", latex=r"\operatorname{sinc}", domain=[_REAL],
    forward=lambda x: where(x, _of_turn(sin, x), 1.0) / where(x, _PI * x, 1.0),
    partials=[_sinc_partial], textbook_partials=[lambda out, x: (cos(_PI * x) - out) / x],
    doc="sin(πx) / (πx), as NumPy's; 1 at 0.",
)
for _name, _factor, _doc in (
    ("degrees", 180.0 / math.pi, "Degrees of an angle in radians."),
    ("rad2deg", 180.0 / math.pi, "Degrees of an angle in radians."),
    ("radians", math.pi / 180.0, "Radians of an angle in degrees."),
    ("deg2rad", math.pi / 180.0, "Radians of an angle in degrees."),
):
    op(
        _name, symbol=_name, latex=rf"\operatorname{{{_name}}}", domain=[_REAL], doc=_doc,
        forward=lambda x, factor=_factor: x * factor,
        partials=[lambda out, x, factor=_factor: factor],
    )
erf = op(
    "erf", symbol="erf", latex=r"\operatorname{erf}", domain=[_REAL],
    forward=leaf("erf", numpy=ieee.elementwise(math.erf)),
    partials=[lambda out, x: 2.0 / math.sqrt(_PI) * exp(-x * x)], doc="Error function.",
)
erfc = op(
    "erfc", symbol="erfc", latex=r"\operatorname{erfc}", domain=[_REAL],
    forward=leaf("erfc", numpy=ieee.elementwise(math.erfc)),
    partials=[lambda out, x: -2.0 / math.sqrt(_PI) * exp(-x * x)],
    doc="1 - erf(x), exact for large x.",
)
