"""Rows of the table, most of them: a row is all that there is to an op.

Rules are ordinary functions written with ``+ - * /`` and other rows, so they run unchanged on
floats, on NumPy arrays, on Values (which makes second derivatives free) and on symbols. They use no
comparison, no ``if`` and no ``**``: `less`, `less_equal`, `equal` (1.0 or 0.0), `where` and `power`
stand for those, so that a rule recorded on Values holds no hidden branch.

A partial is ``partial(out, *arguments)``: it is handed the result, so nothing is computed twice.
Conventions at edges are PyTorch's where no comment says otherwise.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.ops import ieee
from autograd_lite.ops.choice import equal, less, less_equal, where
from autograd_lite.ops.leaf import leaf
from autograd_lite.ops.table import op

_LN2 = math.log(2.0)
_LN10 = math.log(10.0)
_REAL = (-3.0, 3.0)
_POSITIVE = (0.1, 3.0)

_IDENTITIES_OF_PRODUCTS = [
    ((0.0, ...), lambda x, y: 0.0), ((..., 0.0), lambda x, y: 0.0),
    ((1.0, ...), lambda x, y: y), ((..., 1.0), lambda x, y: x),
    ((-1.0, ...), lambda x, y: -y), ((..., -1.0), lambda x, y: -x),
]  # fmt: skip


# --- arithmetic -----------------------------------------------------------------------------------

add = op(
    "add", symbol="+", latex="#1 + #2", operator="add", domain=[_REAL, _REAL],
    forward=lambda x, y: x + y,
    partials=[lambda out, x, y: 1.0, lambda out, x, y: 1.0],
    identities=[((0.0, ...), lambda x, y: y), ((..., 0.0), lambda x, y: x)],
    exact=[((-0.0, ...), lambda x, y: y), ((..., -0.0), lambda x, y: x)],
    doc="Sum of two numbers.",
)
subtract = op(
    "subtract", symbol="-", latex="#1 - #2", operator="sub", domain=[_REAL, _REAL],
    forward=lambda x, y: x - y,
    partials=[lambda out, x, y: 1.0, lambda out, x, y: -1.0],
    identities=[((0.0, ...), lambda x, y: -y), ((..., 0.0), lambda x, y: x)],
    exact=[((..., 0.0), lambda x, y: x)],
    doc="Difference x - y.",
)
multiply = op(
    "multiply", symbol="*", latex=r"#1 \cdot #2", operator="mul", domain=[_REAL, _REAL],
    forward=lambda x, y: x * y,
    partials=[lambda out, x, y: y, lambda out, x, y: x],
    identities=_IDENTITIES_OF_PRODUCTS,
    exact=[((1.0, ...), lambda x, y: y), ((..., 1.0), lambda x, y: x),
           ((-1.0, ...), lambda x, y: -y), ((..., -1.0), lambda x, y: -x)],
    doc="Product of two numbers.",
)
divide = op(
    "divide", symbol="/", latex=r"\frac{#1}{#2}", operator="truediv", domain=[_REAL, _POSITIVE],
    forward=lambda x, y: x / y,
    partials=[lambda out, x, y: 1.0 / y, lambda out, x, y: -out / y],
    identities=[((0.0, ...), lambda x, y: 0.0), ((..., 1.0), lambda x, y: x)],
    exact=[((..., 1.0), lambda x, y: x), ((..., -1.0), lambda x, y: -x)],
    doc="Quotient x / y; 1/0 is inf and 0/0 is nan, as in IEEE-754.",
)
# Carries an adjoint (or tangent) over an edge of the graph. Not a function for users: the place
# where "zero carries nothing" is true, so that a branch not taken cannot poison a gradient.
carry = op(
    "carry", symbol="·", latex=r"#1 \cdot #2", public=False, domain=[_REAL, _REAL],
    forward=lambda x, y: where(equal(x, 0.0), 0.0, where(equal(y, 0.0), 0.0, x * y)),
    partials=[lambda out, x, y: y, lambda out, x, y: x],
    identities=_IDENTITIES_OF_PRODUCTS,
    exact=[((0.0, ...), lambda x, y: 0.0), ((..., 0.0), lambda x, y: 0.0),
           ((-0.0, ...), lambda x, y: 0.0), ((..., -0.0), lambda x, y: 0.0),
           # adding 0.0 makes +0.0 of -0.0, and changes nothing else
           ((1.0, ...), lambda x, y: y + 0.0), ((..., 1.0), lambda x, y: x + 0.0),
           ((-1.0, ...), lambda x, y: 0.0 - y), ((..., -1.0), lambda x, y: 0.0 - x)],
    ignores_zero_sign=True,
    fast_variant=multiply,
    doc="Product x*y that is +0.0 when either factor is 0, even against inf or nan.",
)
negative = op(
    "negative", symbol="-", latex="-#1", operator="neg", domain=[_REAL],
    forward=lambda x: -x,
    partials=[lambda out, x: -1.0],
    doc="-x.",
)
# 0**y (y >= 0) has derivative 0 in y, and x**0 has derivative 0 in x everywhere. The latter changes
# with y, so the product must not be hidden by a `where`.
_POWER = {
    "domain": [_POSITIVE, _REAL],
    "partials": [
        lambda out, x, y: carry(y, power_below(x, y)),
        lambda out, x, y: power_log(out, x, y),
    ],
    "textbook_partials": [lambda out, x, y: y * power(x, y - 1.0), lambda out, x, y: out * log(x)],
    "identities": [((..., 0.0), lambda x, y: 1.0), ((..., 1.0), lambda x, y: x)],
    "singular": lambda out, x, y: equal(x, 0.0) * equal(y, 1.0),
    "singular_at": "x = 0, y = 1",
    "counted": "counts as 1",
}
library_power = op(
    "library_power", symbol="**", latex="{#1}^{#2}", public=False, **_POWER,
    forward=leaf("pow", numpy=np.power),
    exact=[((..., 0.0), lambda x, y: 1.0), ((..., -0.0), lambda x, y: 1.0),
           ((..., 1.0), lambda x, y: x), ((1.0, ...), lambda x, y: 1.0)],
    doc="x to the power y by the C library.",
)
# The product is rounded once, and the C library's power is off by an ulp for one x in 1,200 and
# takes ten times as long. NumPy, PyTorch and JAX multiply, too.
power = op(
    "power", symbol="**", symbol_constant="**{}", latex="{#1}^{#2}", operator="pow", **_POWER,
    forward=lambda x, y: where(equal(y, 2.0), x * x, library_power(x, y)),
    doc="x to the power y; nan for negative x and y that is no integer. x**2 is x*x.",
)
absolute = op(
    "absolute", symbol="abs", latex=r"\left|#1\right|", operator="abs", domain=[_REAL],
    forward=leaf("fabs"),
    partials=[lambda out, x: less(0.0, x) - less(x, 0.0)],
    textbook_partials=[lambda out, x: sign(x)],
    doc="Absolute value; its derivative at 0 is 0.",
)
reciprocal = op(
    "reciprocal", symbol="1/x", latex=r"\frac{1}{#1}", domain=[_POSITIVE],
    forward=lambda x: 1.0 / x,
    partials=[lambda out, x: -out * out],
    doc="1 / x.",
)
square = op(
    "square", symbol="²", latex="{#1}^{2}", domain=[_REAL],
    forward=lambda x: x * x,
    partials=[lambda out, x: 2.0 * x],
    doc="x * x.",
)

# --- pieces ---------------------------------------------------------------------------------------

sign = op(
    "sign", symbol="sign", latex=r"\operatorname{sign}", domain=[_POSITIVE],
    forward=lambda x: where(equal(x, x), less(0.0, x) - less(x, 0.0), x),
    partials=[lambda out, x: 0.0],
    doc="-1.0, 0.0 or 1.0; nan for nan.",
)
floor = op(
    "floor", symbol="floor", latex=r"\left\lfloor #1 \right\rfloor", operator="floor",
    domain=[(0.1, 0.9)], forward=leaf("floor", python=ieee.floor),
    partials=[lambda out, x: 0.0],
    doc="Largest integer not above x, as a float.",
)
ceil = op(
    "ceil", symbol="ceil", latex=r"\left\lceil #1 \right\rceil", operator="ceil",
    domain=[(0.1, 0.9)], forward=leaf("ceil", python=ieee.ceil),
    partials=[lambda out, x: 0.0],
    doc="Smallest integer not below x, as a float.",
)
maximum = op(
    "maximum", symbol="max", latex=r"\max\left(#1, #2\right)", domain=[_REAL, _REAL],
    forward=lambda x, y: where(less_equal(y, x), x, where(equal(x, x), y, x)),
    partials=[
        lambda out, x, y: 1.0 - less(x, y) - 0.5 * equal(x, y),
        lambda out, x, y: 1.0 - less(y, x) - 0.5 * equal(x, y),
    ],
    doc="The larger of two; a tie splits the gradient in halves, nan wins.",
)
minimum = op(
    "minimum", symbol="min", latex=r"\min\left(#1, #2\right)", domain=[_REAL, _REAL],
    forward=lambda x, y: where(less_equal(x, y), x, where(equal(x, x), y, x)),
    partials=[
        lambda out, x, y: 1.0 - less(y, x) - 0.5 * equal(x, y),
        lambda out, x, y: 1.0 - less(x, y) - 0.5 * equal(x, y),
    ],
    doc="The smaller of two; a tie splits the gradient in halves, nan wins.",
)
clip = op(
    "clip", symbol="clip", latex=r"\operatorname{clip}\left(#1, #2, #3\right)",
    domain=[_REAL, (-2.0, -1.0), (1.0, 2.0)],
    forward=lambda x, low, high: minimum(maximum(x, low), high),
    partials=[
        lambda out, x, low, high: less_equal(low, x) * less_equal(x, high),
        lambda out, x, low, high: less(x, low) * less(low, high),
        lambda out, x, low, high: where(less(high, low), 1.0, less(high, x)),
    ],
    doc="x kept between low and high; its derivative in x is 1 at the bounds, too.",
)
relu = op(
    "relu", symbol="ReLU", latex=r"\operatorname{ReLU}", domain=[_REAL],
    forward=lambda x: where(less_equal(x, 0.0), 0.0, x),  # nan passes through
    partials=[lambda out, x: 1.0 - less_equal(x, 0.0)],
    doc="max(x, 0); its derivative at 0 is 0.",
)
# The identity with derivative 0: numbers that a formula needs, but must not be differentiated.
stop_gradient = op(
    "stop_gradient", symbol="stop", latex=r"\operatorname{stop}", domain=[_REAL],
    forward=lambda x: x,
    partials=[lambda out, x: 0.0],
    doc="x, and no derivative through here.",
)
# A node of its own with the same number: what a function is differentiated by.
identity = op(
    "identity", symbol="=", latex="#1", public=False, domain=[_REAL],
    forward=lambda x: x,
    partials=[lambda out, x: 1.0],
    doc="x.",
)

# --- exponentials and logarithms ------------------------------------------------------------------

exp = op(
    "exp", symbol="exp", latex="e^{#1}", domain=[_REAL],
    forward=leaf("exp"), partials=[lambda out, x: out], doc="e to the power x.",
)
exp2 = op(
    "exp2", symbol="exp2", latex="2^{#1}", domain=[_REAL],
    # from 1024 on the value is inf, and the derivative not yet
    forward=leaf("exp2"),
    partials=[lambda out, x: where(less(x, 1024.0), out * _LN2, exp2(x - 1.0) * (2.0 * _LN2))],
    textbook_partials=[lambda out, x: out * _LN2], doc="2 to the power x.",
)
expm1 = op(
    "expm1", symbol="expm1", latex="e^{#1} - 1", domain=[_REAL],
    # not out + 1, which loses the digits of e**x for very negative x
    forward=leaf("expm1"), partials=[lambda out, x: exp(x)], doc="exp(x) - 1, exact near 0.",
)
log = op(
    "log", symbol="log", latex=r"\ln", domain=[_POSITIVE],
    forward=leaf("log"), partials=[lambda out, x: 1.0 / x], doc="Natural logarithm.",
)
log2 = op(
    "log2", symbol="log2", latex=r"\log_{2}", domain=[_POSITIVE],
    forward=leaf("log2"), partials=[lambda out, x: 1.0 / _LN2 / x], doc="Logarithm to base 2.",
)
log10 = op(
    "log10", symbol="log10", latex=r"\log_{10}", domain=[_POSITIVE],
    forward=leaf("log10"), partials=[lambda out, x: 1.0 / _LN10 / x], doc="Logarithm to base 10.",
)
log1p = op(
    "log1p", symbol="log1p", latex=r"\ln\left(1 + #1\right)", domain=[(-0.9, 3.0)],
    forward=leaf("log1p"), partials=[lambda out, x: 1.0 / (1.0 + x)],
    doc="log(1 + x), exact near 0.",
)
sqrt = op(
    "sqrt", symbol="sqrt", latex=r"\sqrt{#1}", domain=[_POSITIVE],
    forward=leaf("sqrt"), partials=[lambda out, x: 0.5 / out],
    doc="Square root; nan for negative x.",
)
cbrt = op(
    "cbrt", symbol="cbrt", latex=r"\sqrt[3]{#1}", domain=[_POSITIVE],
    forward=leaf("cbrt"), partials=[lambda out, x: 1.0 / (3.0 * out * out)],
    doc="Cube root, real for negative x too.",
)

# --- trigonometric --------------------------------------------------------------------------------

sin = op(
    "sin", symbol="sin", latex=r"\sin", domain=[_REAL],
    forward=leaf("sin"), partials=[lambda out, x: cos(x)], doc="Sine of x radians.",
)
cos = op(
    "cos", symbol="cos", latex=r"\cos", domain=[_REAL],
    forward=leaf("cos"), partials=[lambda out, x: -sin(x)], doc="Cosine of x radians.",
)
tan = op(
    "tan", symbol="tan", latex=r"\tan", domain=[(-1.2, 1.2)],
    forward=leaf("tan"), partials=[lambda out, x: 1.0 + out * out], doc="Tangent of x radians.",
)
arcsin = op(
    "arcsin", symbol="arcsin", latex=r"\arcsin", domain=[(-0.9, 0.9)],
    forward=leaf("asin", numpy=np.arcsin),
    partials=[lambda out, x: 1.0 / sqrt(one_minus_square(x))],
    textbook_partials=[lambda out, x: 1.0 / sqrt(1.0 - square(x))], doc="Inverse sine, in radians.",
)
arccos = op(
    "arccos", symbol="arccos", latex=r"\arccos", domain=[(-0.9, 0.9)],
    forward=leaf("acos", numpy=np.arccos),
    partials=[lambda out, x: -1.0 / sqrt(one_minus_square(x))],
    textbook_partials=[lambda out, x: -1.0 / sqrt(1.0 - square(x))],
    doc="Inverse cosine, in radians.",
)
arctan = op(
    "arctan", symbol="arctan", latex=r"\arctan", domain=[_REAL],
    forward=leaf("atan", numpy=np.arctan),
    # not 1 / (1 + x*x), whose square overflows where the derivative does not vanish yet
    partials=[lambda out, x: square(1.0 / hypot(x, 1.0))],
    textbook_partials=[lambda out, x: 1.0 / (1.0 + square(x))], doc="Inverse tangent, in radians.",
)
arctan2 = op(
    "arctan2", symbol="arctan2", latex=r"\operatorname{arctan2}\left(#1, #2\right)",
    domain=[_POSITIVE, _REAL], forward=leaf("atan2", numpy=np.arctan2),
    partials=[lambda out, y, x: inversion(x, y), lambda out, y, x: -inversion(y, x)],
    textbook_partials=[
        lambda out, y, x: x / (x * x + y * y), lambda out, y, x: -y / (x * x + y * y),
    ],
    singular=lambda out, y, x: equal(hypot(x, y), 0.0),
    doc="Angle of the point (x, y), in radians; y comes first, as in C and NumPy.",
)
hypot = op(
    "hypot", symbol="hypot", latex=r"\sqrt{{#1}^{2} + {#2}^{2}}", domain=[_REAL, _POSITIVE],
    forward=leaf("hypot", python=ieee.hypot),
    partials=[lambda out, x, y: direction(x, y), lambda out, x, y: direction(y, x)],
    textbook_partials=[lambda out, x, y: x / out, lambda out, x, y: y / out],
    singular=lambda out, x, y: equal(out, 0.0),
    counted="counts as 0; of its square, write x*x + y*y, which is right there, too",
    doc="sqrt(x*x + y*y) without overflow; derivative 0 at the origin.",
)

# --- hyperbolic -----------------------------------------------------------------------------------

sinh = op(
    "sinh", symbol="sinh", latex=r"\sinh", domain=[_REAL],
    forward=leaf("sinh"), partials=[lambda out, x: cosh(x)], doc="Hyperbolic sine.",
)
cosh = op(
    "cosh", symbol="cosh", latex=r"\cosh", domain=[_REAL],
    forward=leaf("cosh"), partials=[lambda out, x: sinh(x)], doc="Hyperbolic cosine.",
)
tanh = op(
    "tanh", symbol="tanh", latex=r"\tanh", domain=[_REAL],
    # not 1 - out * out, which loses all digits for large x
    forward=leaf("tanh"), partials=[lambda out, x: square(sech(x))],
    textbook_partials=[lambda out, x: 1.0 - square(out)], doc="Hyperbolic tangent.",
)
arcsinh = op(
    "arcsinh", symbol="arcsinh", latex=r"\operatorname{arsinh}", domain=[_REAL],
    forward=leaf("asinh", numpy=np.arcsinh), partials=[lambda out, x: 1.0 / hypot(x, 1.0)],
    textbook_partials=[lambda out, x: 1.0 / sqrt(square(x) + 1.0)], doc="Inverse hyperbolic sine.",
)
arccosh = op(
    "arccosh", symbol="arccosh", latex=r"\operatorname{arcosh}", domain=[(1.1, 3.0)],
    forward=leaf("acosh", numpy=np.arccosh),
    textbook_partials=[lambda out, x: 1.0 / sqrt(square(x) - 1.0)],
    partials=[lambda out, x: 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0))],
    doc="Inverse hyperbolic cosine; nan below 1.",
)
arctanh = op(
    "arctanh", symbol="arctanh", latex=r"\operatorname{artanh}", domain=[(-0.9, 0.9)],
    forward=leaf("atanh", numpy=np.arctanh), partials=[lambda out, x: 1.0 / one_minus_square(x)],
    textbook_partials=[lambda out, x: 1.0 / (1.0 - square(x))], doc="Inverse hyperbolic tangent.",
)

# --- inside derivatives ---------------------------------------------------------------------------
# Steps of the rules above that would lose digits if they were differentiated as they are written:
# the derivative of x / hypot(x, y) would be a difference of two numbers that may be almost equal.


# x**(y - by), given x**(y - by + 1). For small y and an x far from 1 rounding y - by costs many
# digits; dividing by x does not, and neither over- nor underflows before its time. It is asked of y
# first, so that a program with a constant exponent keeps one of the two.
def _lowered(above: Any, x: Any, y: Any, by: float) -> Any:
    inside = less(0.0, x) * less(x, math.inf)
    plain = power(x, y - by)
    divided = where(inside, above / where(inside, x, 1.0), plain)
    return where(less(absolute(y), 1.0), divided, plain)


power_below = op(
    "power_below", symbol="power_below", latex="{#1}^{#2 - 1}", public=False,
    domain=[_POSITIVE, _REAL],
    forward=lambda x, y: _lowered(power(x, y), x, y, 1.0),
    partials=[
        lambda out, x, y: carry(y - 1.0, _lowered(out, x, y, 2.0)),
        lambda out, x, y: where(equal(x, 0.0) * less_equal(1.0, y), 0.0, out * log(x)),
    ],
    identities=[((..., ...), lambda x, y: power(x, y - 1.0))],
    doc="x**(y - 1).",
)


# At 0 its derivative by x is the one that the other order of differentiation gives.
def _power_log_by_x(x: Any, y: Any) -> Any:
    return power_below(x, y) + carry(y, where(less_equal(1.0, y), 0.0, power_below(x, y) * log(x)))


power_log = op(
    "power_log", symbol="power_log", public=False,
    latex=r"\operatorname{powerlog}\left(#1, #2, #3\right)",
    domain=[_POSITIVE, _POSITIVE, _REAL],
    forward=lambda power, x, y: where(equal(x, 0.0) * less_equal(0.0, y), 0.0, power * log(x)),
    partials=[
        lambda out, power, x, y: where(equal(x, 0.0) * less_equal(0.0, y), 0.0, log(x)),
        lambda out, power, x, y: where(
            equal(x, 0.0) * less_equal(0.0, y), _power_log_by_x(x, y), power / x
        ),
        lambda out, power, x, y: 0.0,
    ],
    identities=[((..., ..., ...), lambda power, x, y: power * log(x))],
    doc="The derivative of x**y by y, given that power; 0 for x = 0 and y from 0.",
)
one_minus_square = op(
    "one_minus_square", symbol="one_minus_square", latex="1 - {#1}^{2}", public=False,
    domain=[(-0.9, 0.9)],
    forward=lambda x: (1.0 - x) * (1.0 + x), partials=[lambda out, x: -2.0 * x],
    doc="1 - x*x with the digits that this loses near ±1.",
)
sech = op(
    "sech", symbol="sech", latex=r"\operatorname{sech}", public=False, domain=[_REAL],
    forward=lambda x: 1.0 / cosh(x), partials=[lambda out, x: -out * tanh(x)],
    doc="Hyperbolic secant.",
)


# The distance from the origin to divide by, 1 at the origin: 0 / 1 is the 0 that is wanted there.
def _distance(x: Any, y: Any) -> Any:
    return hypot(x, y) + equal(hypot(x, y), 0.0)


direction = op(
    "direction", symbol="direction", latex=r"\frac{#1}{\sqrt{{#1}^{2} + {#2}^{2}}}", public=False,
    domain=[_REAL, _POSITIVE],
    forward=lambda x, y: x / _distance(x, y),
    partials=[
        lambda out, x, y: direction(y, x) * (direction(y, x) / _distance(x, y)),
        lambda out, x, y: -out * (direction(y, x) / _distance(x, y)),
    ],
    doc="x / hypot(x, y): the cosine of the point's angle; 0 at the origin.",
)
inversion = op(
    "inversion", symbol="inversion", latex=r"\frac{#1}{{#1}^{2} + {#2}^{2}}", public=False,
    domain=[_REAL, _POSITIVE],
    forward=lambda x, y: direction(x, y) / _distance(x, y),
    partials=[
        lambda out, x, y: (direction(y, x) - direction(x, y)) / _distance(x, y)
        * ((direction(y, x) + direction(x, y)) / _distance(x, y)),
        lambda out, x, y: -2.0 * out * (direction(y, x) / _distance(x, y)),
    ],
    doc="x / (x*x + y*y), of which no square overflows; 0 at the origin.",
)
share = op(
    "share", symbol="share", latex=r"\frac{#1}{#1 + #2}", public=False,
    domain=[_POSITIVE, _POSITIVE],
    forward=lambda x, y: x / (x + y),
    partials=[lambda out, x, y: share(y, x) / (x + y), lambda out, x, y: -out / (x + y)],
    doc="x / (x + y), for x and y from 0.",
)
