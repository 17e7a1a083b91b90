"""Rows of the table: special functions, and the units of angles."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

from autograd_lite.ops import ieee
from autograd_lite.ops.choice import less, where
from autograd_lite.ops.leaf import leaf
from autograd_lite.ops.remainders import rint
from autograd_lite.ops.rules import absolute, cos, exp, floor, sin
from autograd_lite.ops.table import op

_PI = math.pi
_REAL = (-3.0, 3.0)

# Near 0 the derivative of sinc is a difference of almost equal numbers. There its power series is
# differentiated, as often as one likes; from 1.25 on (cos(πx) - sinc(x)) / x loses no digits.
_SINC = [
    (-1.0) ** k * 2.0 * k * _PI ** (2 * k) / math.factorial(2 * k + 1) for k in range(1, 21)
]


# A whole number is taken off before π is multiplied, so that no digit is lost at large x.
def _of_turn(wave: Any, x: Any) -> Any:
    """``wave(πx)`` for the sine or the cosine."""
    whole = rint(x)
    return (1.0 - 2.0 * (whole - 2.0 * floor(0.5 * whole))) * wave(_PI * (x - whole))


def _sinc_slope(out: Any, x: Any) -> Any:
    inside = less(absolute(x), 1.25)
    near, far = where(inside, x, 0.0), where(inside, 1.0, x)
    series = reduce(lambda total, c: total * (near * near) + c, reversed(_SINC))
    return where(inside, series * near, (_of_turn(cos, x) - out) / far)


sinc = op(
    "sinc", symbol="sinc", latex=r"\operatorname{sinc}", domain=[_REAL],
    forward=lambda x: where(x, _of_turn(sin, x), 1.0) / where(x, _PI * x, 1.0),
    partials=[_sinc_slope], textbook_partials=[lambda out, x: (cos(_PI * x) - out) / x],
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
