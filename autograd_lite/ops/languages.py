"""The name of each leaf in every language, and a rule for it where a language lacks it.

Such a rule is made of other rows, and good to a few ulp where its comment says no less.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import reduce
from types import MappingProxyType
from typing import Any, NamedTuple

from autograd_lite.ops.choice import equal, less, where
from autograd_lite.ops.leaf import Leaf
from autograd_lite.ops.rules import (
    absolute,
    arctan,
    cos,
    exp,
    expm1,
    floor,
    log,
    log1p,
    power,
    sign,
    sin,
    sqrt,
    tanh,
)

_LN2 = math.log(2.0)


def _expm1(x: Any) -> Any:
    half = tanh(0.5 * x)
    return where(less(absolute(x), 1.0), 2.0 * half / (1.0 - half), exp(x) - 1.0)


def _log1p(x: Any) -> Any:
    above = 1.0 + x
    near = log(above) * (x / (above - 1.0))  # Kahan: what rounding 1 + x costs cancels
    return where(equal(above, 1.0), x, where(less(above, math.inf), near, above))


def _odd(above: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """An odd function, given what it is from 0 on. Of -0.0 it is -0.0."""

    def rule(x: Any) -> Any:
        side = where(less(x + 1.0 / x, 0.0), -1.0, 1.0)  # of a zero the reciprocal tells
        return side * above(side * x)

    return rule


# Of halves, since exp(x) overflows before these do; in one piece, since libraries differentiate it.
def _sinh(x: Any) -> Any:
    half = 0.5 * x
    return (expm1(half) - expm1(-half)) * (0.5 * exp(half) + 0.5 * exp(-half))


def _cosh(x: Any) -> Any:
    up, down = exp(0.5 * x), exp(-0.5 * x)
    return 0.5 * up * up + 0.5 * down * down


@_odd
def _asinh(x: Any) -> Any:
    near = log1p(x + x * x / (1.0 + sqrt(x * x + 1.0)))
    return where(less(x, 1e8), near, log(x) + _LN2)


def _acosh(x: Any) -> Any:
    above = x - 1.0
    near = log1p(above + sqrt(above * (above + 2.0)))
    return where(less(x, 1.0), math.nan, where(less(x, 1e8), near, log(x) + _LN2))


@_odd
def _atanh(x: Any) -> Any:
    return 0.5 * log1p(2.0 * x / (1.0 - x))


def _hypot(x: Any, y: Any) -> Any:
    a, b = absolute(x), absolute(y)
    high, low = where(less(a, b), b, a), where(less(a, b), a, b)
    ratio = low / high
    finite = where(equal(high, 0.0), low, high * sqrt(1.0 + ratio * ratio))  # low may be nan
    infinite = 1.0 - (1.0 - equal(a, math.inf)) * (1.0 - equal(b, math.inf))
    return where(infinite, math.inf, finite)


@_odd
def _cbrt(x: Any) -> Any:
    usable = less(0.0, x) * less(x, math.inf)
    near = where(usable, x, 1.0)
    root = power(near, 1.0 / 3.0)  # rounding a third costs digits; a step of Newton's brings them
    return where(usable, root - (root - near / root / root) / 3.0, power(x, 1.0 / 3.0))


# Polynomials through the points of Chebyshev, the highest power first: (atan(x)/x - 1)/x**2 in
# x**2 up to tan(pi/8)**2, erf(x)/x in x**2 up to 1, and (1 + 2x) exp(x**2) erfc(x) from 1 on in
# (x - 2)/(x + 2), found with 60 digits.
_ATAN = (
    -0.019174543572021332, 0.03922974453661223, -0.05085383488842831, 0.058581362519061465,
    -0.06664509989818045, 0.07692183087342026, -0.0909090457366906, 0.11111111015146714,
    -0.1428571428466518, 0.19999999999995513, -0.3333333333333333,
)  # fmt: skip
_ERF = (
    -7.795898827002142e-10, 1.3720064546777686e-08, -1.6208483801871705e-07,
    1.6447424703317362e-06, -1.492473690741966e-05, 0.00012055294904839707,
    -0.0008548325975389692, 0.0052239776071164225, -0.02686617064323777, 0.11283791670945006,
    -0.37612638903183543, 1.1283791670955126,
)  # fmt: skip
_ERFC = (
    3.611449497228454e-08, -1.0487365675668762e-06, 5.460309954824773e-06,
    -1.0985648717321073e-05, 7.987731045516143e-06, -8.960994868847916e-07,
    3.2732033473242245e-06, 5.537951988159923e-06, -1.3769094642411697e-05,
    -3.670261477048085e-05, -1.3903168798635566e-06, 0.00015105043026091588,
    0.00020635284858925277, -0.00045433989739695146, -0.0014568131064968488,
    0.0012713388560691397, 0.008722653849878088, -0.008034015078397405, -0.054220000991635806,
    0.16405128003338498, -0.166030397615292, -0.09276382658574579, 1.2769783815525286,
)  # fmt: skip


def _polynomial(coefficients: tuple[float, ...], x: Any) -> Any:
    return reduce(lambda total, c: total * x + c, coefficients)


@_odd
def _atan(x: Any) -> Any:
    far, middle = less(2.414213562373095, x), less(0.41421356237309503, x)
    near = where(far, -1.0 / x, where(middle, (x - 1.0) / (x + 1.0), x))
    start = where(far, math.pi / 2, where(middle, math.pi / 4, 0.0))
    square = near * near
    rest = where(far, 6.123233995736766e-17, where(middle, 3.061616997868383e-17, 0.0))
    return start + (near * (square * _polynomial(_ATAN, square)) + near + rest)


def _atan2(y: Any, x: Any) -> Any:
    a, b = absolute(y), absolute(x)
    # on which side of the cut a zero is shows in its reciprocal
    side = where(less(y, 0.0), -1.0, where(equal(y, 0.0), sign(1.0 / y), 1.0))
    back = where(equal(x, 0.0), less(1.0 / x, 0.0), less(x, 0.0))
    # where both are 0 or infinite the quotient is no number
    both = equal(b, math.inf) * equal(a, math.inf)
    angle = arctan(where(both, 1.0, where(equal(y, 0.0) * equal(x, 0.0), 0.0, a / b)))
    return side * where(back, math.pi - angle, angle)


def _erf(x: Any) -> Any:
    near = x * _polynomial(_ERF, x * x)
    return where(less(absolute(x), 1.0), near, sign(x) * (1.0 - _erfc_above_1(absolute(x))))


def _erfc(x: Any) -> Any:
    size = absolute(x)
    tail = _erfc_above_1(size)
    near = 1.0 - x * _polynomial(_ERF, x * x)
    return where(less(size, 1.0), near, where(less(x, 0.0), 2.0 - tail, tail))


def _erfc_above_1(x: Any) -> Any:
    near = where(less(x, 30.0), x, where(equal(x, x), 30.0, x))
    high = floor(16.0 * near) / 16.0  # its square is exact, so that exp loses no digits
    scale = exp(-high * high) * exp(-(near - high) * (near + high))
    return scale * _polynomial(_ERFC, (near - 2.0) / (near + 2.0)) / (1.0 + 2.0 * near)


class Record(NamedTuple):
    """A leaf in the languages of exports and pages: its name there, ``""`` where one lacks it.

    Attributes
    ----------
    jax, torch, javascript : str
        A ``@`` stands for the name in C. It may be a text with ``{0}`` … for the arguments.
    onnx : str
        The operator, with `onnx_options`, as far as onnxruntime computes it in float64.
    llvm : str
        The intrinsic of LLVM, of those that processors have an instruction for.
    raises : str
        In Python, of ``x`` and ``y``, its number where `math` raises an ``error``: overflow, a
        pole, no answer.
    composed : callable or None
        The rule over other rows that stands for it where it lacks.
    vectors : str
        The function of C that has to have a form over vectors for it to have one, ``""`` if none
        may stand for it, since its results are exact.
    vector_form : str
        Made of that function's form in `program/native/lanes.c`.
    own_vectors : bool
        Whether `program/native/own.c` has a form for where the C library has none.
    """

    jax: str = "jnp.@"
    torch: str = "torch.@"
    onnx: str = ""
    javascript: str = "Math.@"
    llvm: str = ""
    raises: str = "math.inf if isinstance(error, OverflowError) else math.nan"
    composed: Callable[..., Any] | None = None
    onnx_options: Mapping[str, int] = MappingProxyType({})
    vectors: str = "@"
    vector_form: str = "none"
    own_vectors: bool = False


_LACKING = Record(jax="", torch="", javascript="")
_AT_POLE = "-math.inf if x == 0.0 else math.nan"

#: By the C library's name.
LEAVES = {
    "ceil": Record(onnx="Ceil", raises="x", vectors="", llvm="llvm.ceil"),
    "floor": Record(onnx="Floor", raises="x", vectors="", llvm="llvm.floor"),
    "fabs": Record(
        torch="torch.abs", javascript="Math.abs", onnx="Abs", vectors="", llvm="llvm.fabs",
    ),
    # PyTorch's own gives nan for quotients beyond the largest number: by multiples of y first.
    "fmod": Record(
        torch="torch.fmod(torch.fmod(torch.fmod({0}, {1} * 2.0**500 * 2.0**600), "
        "{1} * 2.0**500), {1})",
        javascript="({0} % {1})", onnx="Mod", onnx_options={"fmod": 1}, vectors="",
    ),
    "pow": Record(
        jax="jnp.power", onnx="Pow", vector_form="quiet",
        # JavaScript's own gives nan for powers of 1 and -1 that C has as 1.
        javascript="({0} === 1 || ({0} === -1 && Math.abs({1}) === Infinity) ? 1 "
        ": Math.pow({0}, {1}))",
        raises="math.nan if x < 0.0 and y % 1.0 else "
        "math.copysign(math.inf, x if abs(math.fmod(y, 2.0)) == 1.0 else 1.0)",
    ),
    "sqrt": Record(onnx="Sqrt", vectors="", llvm="llvm.sqrt"),
    "cbrt": Record(composed=_cbrt, torch=""),
    "exp": Record(onnx="Exp", own_vectors=True),
    # Where jax="" below, JAX's own is off by up to 500 ulp near its limits; where torch="",
    # PyTorch's gives inf from where e**x is, 0.7 below its limit.
    "exp2": Record(composed=lambda x: power(2.0, x), jax="", javascript=""),
    "expm1": Record(composed=_expm1, own_vectors=True),
    "log": Record(onnx="Log", raises=_AT_POLE, own_vectors=True),
    "log2": Record(composed=lambda x: log(x) / _LN2, raises=_AT_POLE),
    "log10": Record(composed=lambda x: log(x) / math.log(10.0), raises=_AT_POLE),
    "log1p": Record(composed=_log1p, raises="-math.inf if x == -1.0 else math.nan"),
    "sin": Record(onnx="Sin", own_vectors=True),
    "cos": Record(onnx="Cos", own_vectors=True),
    "tan": Record(composed=lambda x: sin(x) / cos(x)),
    "asin": Record(composed=lambda x: arctan(x / sqrt((1.0 - x) * (1.0 + x))), jax="jnp.arcsin"),
    "acos": Record(composed=lambda x: 2.0 * arctan(sqrt((1.0 - x) / (1.0 + x))), jax="jnp.arccos"),
    "atan": Record(composed=_atan, jax="jnp.arctan"),
    "atan2": Record(composed=_atan2, jax="jnp.arctan2"),
    "hypot": Record(composed=_hypot, vector_form="quiet"),
    "sinh": Record(composed=_sinh, jax="", torch="", raises="math.copysign(math.inf, x)"),
    "cosh": Record(composed=_cosh, jax="", torch=""),
    "tanh": Record(onnx="Tanh", vectors="expm1", vector_form="halved"),
    "asinh": Record(composed=_asinh, jax="jnp.arcsinh"),
    "acosh": Record(composed=_acosh, jax="jnp.arccosh"),
    "atanh": Record(
        composed=_atanh, jax="",
        raises="math.copysign(math.inf, x) if abs(x) == 1.0 else math.nan",
    ),
    "erf": Record(composed=_erf, jax="jax.scipy.special.erf", javascript=""),
    "erfc": Record(composed=_erfc, jax="jax.scipy.special.erfc", javascript=""),
}  # fmt: skip


def record_of(leaf: Leaf) -> Record:
    """The record of a leaf; without one it lacks everywhere but in C, Python and NumPy."""
    return LEAVES.get(leaf.c, _LACKING)
