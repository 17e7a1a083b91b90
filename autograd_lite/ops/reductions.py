"""The rows that take a sequence of any length and record one node, and functions over them.

A row's ``forward`` is its expansion into rows of fixed arity; ``partials`` gives all partial
derivatives at once in O(n).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from autograd_lite.errors import ShapeError
from autograd_lite.ops.rules import (
    absolute,
    carry,
    equal,
    exp,
    less,
    log,
    maximum,
    minimum,
    power,
    sign,
    stop_gradient,
    where,
)
from autograd_lite.ops.sequences import sequence, sequence_op

_REAL = [(-3.0, 3.0)]


def _left_sum(xs: Iterable[Any]) -> Any:
    """((0 + x0) + x1) + …: the order of additions is part of the contract, so no built-in sum."""
    total: Any = 0.0
    for x in xs:
        total = total + x
    return total


def _left_product(xs: Iterable[Any]) -> Any:
    product: Any = 1.0
    for x in xs:
        product = product * x
    return product


def _fold(row: Any, xs: tuple[Any, ...]) -> Any:
    result = xs[0]
    for x in xs[1:]:
        result = row(result, x)
    return result


def _products_of_others(xs: tuple[Any, ...]) -> list[Any]:
    """For each x the product of all others: prefix times suffix, so that zeros do no harm."""
    suffixes: list[Any] = [1.0]
    for x in reversed(xs[1:]):
        suffixes.append(suffixes[-1] * x)
    prefix: Any = 1.0
    others = []
    for x, suffix in zip(xs, reversed(suffixes), strict=True):
        others.append(prefix * suffix)
        prefix = prefix * x
    return others


def _equal_shares(out: Any, xs: tuple[Any, ...]) -> list[Any]:
    """1/k for each of the k arguments that are the extreme (or nan, when that is the result)."""
    ties = [where(equal(out, out), equal(x, out), 1.0 - equal(x, x)) for x in xs]
    count = _left_sum(ties)
    return [tie / count for tie in ties]


def _shifted_exponentials(xs: Iterable[Any]) -> tuple[list[Any], Any, Any]:
    """exp(x - max), the max, and whether it is finite; the limits 0 and 1 where it is infinite.

    The shift cancels in every formula that uses this, so nothing is differentiated through it.
    """
    xs = list(xs)
    top = stop_gradient(max(xs))
    finite = less(absolute(top), math.inf)
    shift = where(finite, top, 0.0)
    infinite = equal(absolute(top), math.inf)
    return [where(infinite, equal(x, top), exp(x - shift)) for x in xs], shift, finite


def _weights(xs: Iterable[Any]) -> list[Any]:
    exponentials, _, _ = _shifted_exponentials(xs)
    total = _left_sum(exponentials)
    return [e / total for e in exponentials]


def _pairs(name: str, ws: Any, xs: Any, bias: Any = 0.0) -> list[Any]:
    ws, xs = sequence(name, ws), sequence(name, xs)
    if len(ws) != len(xs):
        raise ShapeError(
            f"{name} takes two sequences of equal length and was given {len(ws)} and {len(xs)}"
        )
    return [*ws, *xs, bias]


def _dot_halves(args: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    n = len(args) // 2
    return args[:n], args[n : 2 * n]


def _dot(*args: Any) -> Any:
    ws, xs = _dot_halves(args)
    total = args[-1]
    for w, x in zip(ws, xs, strict=True):
        total = total + w * x
    return total


def _dot_partials(out: Any, *args: Any) -> list[Any]:
    ws, xs = _dot_halves(args)
    return [*xs, *ws, 1.0]


# Divided by the largest, so that no power overflows: with r = |x| / max and S = sum(r**p), the norm
# is max * S**(1/p) and its derivative in x is (x / max) * r**(p-2) * S**(1/p - 1), smooth at x = 0
# for p >= 2. For smaller p the derivative at 0 is 0, as that of abs. The maximum cancels in these
# formulas, so nothing is differentiated through it. At p = inf a tie splits in equal shares.
def _norm_parts(xs: tuple[Any, ...], order: Any) -> tuple[Any, list[Any], Any]:
    sizes = [absolute(x) for x in xs]
    top = stop_gradient(max(sizes))
    usable = less(0.0, top) * less(top, math.inf)
    ratios = [where(usable, size / top, equal(size, top)) for size in sizes]
    return top, ratios, _left_sum(power(r, order) for r in ratios)


def _norm(*xs: Any, order: Any) -> Any:
    top, _, total = _norm_parts(xs, order)
    size = top * power(total, 1.0 / order)
    return where(equal(top, 0.0), 0.0, where(equal(top, math.inf), top, size))


def _norm_partials(out: Any, *xs: Any, order: Any) -> list[Any]:
    top, ratios, total = _norm_parts(xs, order)
    scale = power(total, 1.0 / order - 1.0)
    ties = [equal(absolute(x), top) for x in xs]
    count = _left_sum(ties)
    partials = []
    for x, r, tie in zip(xs, ratios, ties, strict=True):
        kink = equal(x, 0.0) * less(order, 2.0)
        smooth = where(kink, 0.0, carry(x / top, power(r, order - 2.0)) * scale)
        share = sign(x) * tie / count
        extreme = where(equal(order, math.inf), share, smooth)
        partials.append(where(equal(out, 0.0), 0.0, where(equal(top, math.inf), share, extreme)))
    return partials


sum = sequence_op(
    "sum",
    symbol="Σ",
    latex=r"\sum\left(#*\right)",
    domain=_REAL,
    empty=True,
    forward=lambda *xs: _left_sum(xs),
    partials=lambda out, *xs: [1.0] * len(xs),
    doc="Sum, added from the left; 0.0 for none.",
)
mean = sequence_op(
    "mean",
    symbol="mean",
    latex=r"\operatorname{mean}\left(#*\right)",
    domain=_REAL,
    forward=lambda *xs: _left_sum(xs) / float(len(xs)),
    partials=lambda out, *xs: [1.0 / float(len(xs))] * len(xs),
    doc="Arithmetic mean.",
)
prod = sequence_op(
    "prod",
    symbol="Π",
    latex=r"\prod\left(#*\right)",
    domain=_REAL,
    empty=True,
    forward=lambda *xs: _left_product(xs),
    partials=lambda out, *xs: _products_of_others(xs),
    doc="Product, multiplied from the left; 1.0 for none.",
)
max = sequence_op(
    "max",
    symbol="max",
    latex=r"\max\left(#*\right)",
    domain=_REAL,
    forward=lambda *xs: _fold(maximum, xs),
    partials=lambda out, *xs: _equal_shares(out, xs),
    doc="The largest; a tie splits the gradient in equal shares, nan wins.",
)
min = sequence_op(
    "min",
    symbol="min",
    latex=r"\min\left(#*\right)",
    domain=_REAL,
    forward=lambda *xs: _fold(minimum, xs),
    partials=lambda out, *xs: _equal_shares(out, xs),
    doc="The smallest; a tie splits the gradient in equal shares, nan wins.",
)


def _logsumexp(*xs: Any) -> Any:
    exponentials, shift, finite = _shifted_exponentials(xs)
    return where(finite, shift + log(_left_sum(exponentials)), max(xs))


logsumexp = sequence_op(
    "logsumexp",
    symbol="logsumexp",
    latex=r"\ln\left(\textstyle\sum e^{#*}\right)",
    domain=_REAL,
    forward=_logsumexp,
    partials=lambda out, *xs: _weights(xs),
    doc="log(sum(exp(x))) without overflow.",
)
norm = sequence_op(
    "norm",
    symbol="norm",
    latex=r"\left\lVert #* \right\rVert",
    domain=_REAL,
    attrs={"order": 2.0},
    attr_ranges={"order": (1.0, math.inf)},
    forward=_norm,
    partials=_norm_partials,
    doc="The p-norm, for any order from 1 to inf, without overflow; derivative 0 at the origin.",
)
dot = sequence_op(
    "dot",
    symbol="dot",
    latex=r"\operatorname{dot}\left(#*\right)",
    domain=_REAL,
    empty=True,
    gather=_pairs,
    forward=_dot,
    partials=_dot_partials,
    doc="bias + w0*x0 + w1*x1 + …, added in that order; parents are the ws, the xs, the bias.",
)


# --- functions over rows --------------------------------------------------------------------------


def _some(name: str, xs: Iterable[Any]) -> list[Any]:
    found = sequence(name, xs)
    if not found:
        raise ShapeError(f"{name} of no numbers is undefined; give it at least one")
    return found


def softmax(xs: Iterable[Any]) -> list[Any]:
    """Weights exp(x) / sum(exp(x)), which are positive and add up to 1.

    Parameters
    ----------
    xs : sequence of Value or float

    Returns
    -------
    list of Value or float
        Finite and right for every finite input; at ±inf the limits, a tie in equal shares.

    Raises
    ------
    ShapeError
        If there are none.
    """
    return _weights(_some("softmax", xs))


def log_softmax(xs: Iterable[Any]) -> list[Any]:
    """Logarithms of `softmax`, exact where the weights themselves would underflow.

    Parameters
    ----------
    xs : sequence of Value or float

    Returns
    -------
    list of Value or float

    Raises
    ------
    ShapeError
        If there are none.
    """
    xs = _some("log_softmax", xs)
    exponentials, shift, finite = _shifted_exponentials(xs)
    total = _left_sum(exponentials)
    return [
        where(finite, (x - shift) - log(total), log(e / total))
        for x, e in zip(xs, exponentials, strict=True)
    ]
