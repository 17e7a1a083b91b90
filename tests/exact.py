"""The rows of the table to as many digits as it takes: values, derivatives, condition numbers.

Every row is written down once more, in mpmath and without a thought of rounding. Its derivatives
are central differences of that alone, with steps so small and so many digits (120 to 2,000) that
at least 20 digits are right; so no formula stands here that could repeat a mistake of the table.
"""

import math
from functools import cache
from itertools import combinations_with_replacement, product

import mpmath

mp = mpmath.mp.clone()

#: A step of the differences, relative to an argument below 1.
STEP = mpmath.mpf(10) ** -25
#: inf as a number, to measure the distance from it; one beyond the largest float.
INFINITY = 2**1024


def _erfc(x):
    # mpmath's does not know that it has underflowed by then
    return mp.erfc(x) if abs(x) < 10**4 else mp.mpf(0 if x > 0 else 2)


def _exp(x):
    # mpmath takes long where the result, and its derivatives, are beyond all floats either way
    if abs(x) < 10**5:
        return mp.exp(x)
    return mp.mpf(0) if x < 0 else mp.exp(10**5) * x**3


def _known(x):
    # 120 digits do not tell how far a larger number is from a whole one
    return x if abs(x) < 1e15 else 1 / mp.mpf(0)


def _power(x, y):
    # of a negative x there is none beside a whole y, which 120 digits do not tell if y is large
    return mp.power(x, y) if x >= 0 else 1 / mp.mpf(0)


def _log_of_sum(*xs):
    *others, top = sorted(xs)
    return top + mp.log1p(mp.fsum(_exp(x - top) for x in others))


def _dot(*args):
    half = len(args) // 2
    return args[-1] + mp.fsum(w * x for w, x in zip(args[:half], args[half:-1], strict=True))


FUNCTIONS = {
    "less": lambda x, y: mp.mpf(x < y), "less_equal": lambda x, y: mp.mpf(x <= y),
    "equal": lambda x, y: mp.mpf(x == y), "where": lambda condition, a, b: a if condition else b,
    "add": lambda x, y: x + y, "subtract": lambda x, y: x - y, "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y, "negative": lambda x: -x, "power": _power,
    "library_power": _power,
    "absolute": abs, "reciprocal": lambda x: 1 / x, "square": lambda x: x * x,
    "sign": lambda x: mp.sign(x), "floor": lambda x: mp.floor(x), "ceil": lambda x: mp.ceil(x),
    "trunc": lambda x: mp.sign(x) * mp.floor(abs(x)), "rint": lambda x: mp.nint(x),
    "remainder": lambda x, y: x - y * mp.floor(_known(x / y)),
    "floor_divide": lambda x, y: mp.floor(_known(x / y)),
    "library_remainder": lambda x, y: x - y * mp.sign(x / y) * mp.floor(abs(x / y)),
    "degrees": lambda x: x * (180 / mp.pi), "rad2deg": lambda x: x * (180 / mp.pi),
    "radians": lambda x: x * (mp.pi / 180), "deg2rad": lambda x: x * (mp.pi / 180),
    "sinc": lambda x: mp.sincpi(_known(x)),
    "silu_derivative": lambda x: (1 + x / (1 + _exp(x))) / (1 + _exp(-x)),
    "maximum": max, "minimum": min, "clip": lambda x, low, high: min(max(x, low), high),
    "relu": lambda x: max(x, mp.mpf(0)), "exp": _exp,
    "exp2": lambda x: mp.power(2, x), "expm1": lambda x: _exp(x) - 1, "log": lambda x: mp.log(x),
    "log2": lambda x: mp.log(x) / mp.log(2), "log10": lambda x: mp.log(x) / mp.log(10),
    "log1p": lambda x: mp.log(1 + x), "sqrt": lambda x: mp.sqrt(x),
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)), "logaddexp": _log_of_sum,
    "sin": lambda x: mp.sin(x), "cos": lambda x: mp.cos(x), "tan": lambda x: mp.tan(x),
    "arcsin": lambda x: mp.asin(x), "arccos": lambda x: mp.acos(x),
    "arctan": lambda x: mp.atan(x), "arctan2": lambda y, x: mp.atan2(y, x),
    "hypot": lambda x, y: mp.sqrt(x * x + y * y),
    "sinh": lambda x: (_exp(x) - _exp(-x)) / 2, "cosh": lambda x: (_exp(x) + _exp(-x)) / 2,
    "tanh": lambda x: 1 - 2 / (_exp(2 * x) + 1), "arcsinh": lambda x: mp.asinh(x),
    "arccosh": lambda x: mp.acosh(x), "arctanh": lambda x: mp.atanh(x),
    "erf": lambda x: mp.erf(x), "erfc": _erfc, "sigmoid": lambda x: 1 / (1 + _exp(-x)),
    "softplus": lambda x: max(x, 0) + mp.log1p(_exp(-abs(x))),
    "silu": lambda x: x / (1 + _exp(-x)), "gelu": lambda x: x * _erfc(-x / mp.sqrt(2)) / 2,
    "leaky_relu": lambda x: x if x > 0 else mp.mpf(0.01) * x,
    "elu": lambda x: x if x > 0 else _exp(x) - 1,
    "sum": lambda *xs: mp.fsum(xs), "mean": lambda *xs: mp.fsum(xs) / len(xs),
    "running_sum": lambda *xs: mp.fsum(xs),
    "take": lambda *args: args[:-1][int(mp.floor(args[-1]))],
    "carried_dot": _dot, "prod": lambda *xs: mp.fprod(xs),
    "max": max, "min": min, "logsumexp": _log_of_sum,
    "norm": lambda *xs: mp.sqrt(mp.fsum(x * x for x in xs)), "dot": _dot,
    "carry": lambda x, y: x * y, "identity": lambda x: x, "one_minus_square": lambda x: 1 - x * x,
    "power_below": lambda x, y: _power(x, y - 1),
    "power_log": lambda power, x, y: power * mp.log(x),
    "sech": lambda x: 2 / (_exp(x) + _exp(-x)),
    "direction": lambda x, y: x / mp.sqrt(x * x + y * y),
    "inversion": lambda x, y: x / (x * x + y * y), "share": lambda x, y: x / (x + y),
    "normal_cdf": lambda x: _erfc(-x / mp.sqrt(2)) / 2,
}  # fmt: skip

#: Central differences by order: the factor of the function at each multiple of the step.
_STENCILS = {
    0: {0: 1},
    1: {-1: mp.mpf(-1) / 2, 1: mp.mpf(1) / 2},
    2: {-1: 1, 0: -2, 1: 1},
    3: {-2: mp.mpf(-1) / 2, -1: 1, 1: -1, 2: mp.mpf(1) / 2},
}


class NotSmoothError(ValueError):
    """Here the function has no real value, or no derivatives."""


@cache
def derivatives(name, xs):
    """All derivatives up to the third of a row at floats.

    Returns
    -------
    dict
        From tuples of argument numbers, ascending, to an mpf: ``()`` is the value, ``(0, 1)`` the
        mixed second derivative.

    Raises
    ------
    NotSmoothError
        If the function has no real value at, or right beside, this place.
    """
    digits = 120 - sum(max(-320, min(0, round(math.log10(abs(x) or 1.0)))) for x in xs) * 3
    while True:
        found, error = _differences(name, xs, digits)
        if error < 1e-20:
            return found
        digits *= 2


def _differences(name, xs, digits):
    """The derivatives with so many digits, and the largest relative error by rounding."""
    mp.dps = digits
    exactly = [mp.mpf(x) for x in xs]
    least = min([abs(x) for x in exactly if x] or [1])
    steps = [STEP * min(1, abs(x) or least) for x in exactly]
    known = {}

    def at(offsets):
        if offsets not in known:
            places = [x + k * h for x, k, h in zip(exactly, offsets, steps, strict=True)]
            try:
                known[offsets] = FUNCTIONS[name](*places)
            except (ZeroDivisionError, ValueError):
                raise NotSmoothError(name, xs) from None
            if not isinstance(known[offsets], mpmath.mpf | mp.mpf | int):
                raise NotSmoothError(name, xs)
        return known[offsets]

    found, error = {}, 0
    for order in range(4):
        for wrt in combinations_with_replacement(range(len(xs)), order):
            stencils = [_STENCILS[wrt.count(i)].items() for i in range(len(xs))]
            total = largest = mp.mpf(0)
            for points in product(*stencils):
                term = mp.fprod(factor for _, factor in points) * at(tuple(k for k, _ in points))
                total, largest = total + term, max(largest, abs(term))
            scale = mp.fprod(steps[i] for i in wrt)
            found[wrt] = total / scale
            # What is far below the smallest float need not be known any better.
            noise = largest / scale * mp.mpf(10) ** (5 - digits)
            if order < 3:
                error = max(error, noise / max(abs(found[wrt]), mp.mpf(10) ** -345))
    return found, error


def condition(exact, wrt, xs):
    """How much a relative change of the arguments changes a derivative, relatively.

    The condition number of g, one of the function's derivatives: the sum over all arguments of
    abs(x_j * dg/dx_j / g).
    """
    if exact[wrt] == 0:
        return 0.0
    slopes = [exact[tuple(sorted((*wrt, j)))] * mp.mpf(x) for j, x in enumerate(xs)]
    return float(min(sum(map(abs, slopes)) / abs(exact[wrt]), 1e300))


def error_in_ulp(number, exact):
    """Distance of a float from an exact number, in units of the last place of the latter."""
    if number != number:
        return math.inf
    exact = max(-INFINITY, min(INFINITY, exact))
    number = max(-INFINITY, min(INFINITY, number)) if math.isinf(number) else number
    unit = math.ulp(float(max(-1.7e308, min(1.7e308, exact))))
    return float(abs(mp.mpf(number) - exact) / unit)
