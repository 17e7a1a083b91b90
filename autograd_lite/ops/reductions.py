"""The rows that take a sequence of any length and record one node, and functions over them.

A row's ``forward`` is its expansion into rows of fixed arity; ``partials`` are one rule per
argument of the row, each in O(n). Rules go over a sequence by `fold`, `each` and `scan` alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from operator import add, mul
from typing import Any

import numpy as np

from autograd_lite.errors import ShapeError
from autograd_lite.ops.choice import equal, less, where
from autograd_lite.ops.ieee import IEEE, PYTHON_RAISES, number_system
from autograd_lite.ops.numbers import as_float
from autograd_lite.ops.rules import (
    absolute,
    carry,
    direction,
    exp,
    expm1,
    identity,
    log,
    log1p,
    maximum,
    minimum,
    multiply,
    power,
    share,
    sign,
    sqrt,
    stop_gradient,
)
from autograd_lite.ops.sequences import count, each, fold, scan, sequence, sequence_op
from autograd_lite.ops.table import Op


def _left_sum(xs: Any) -> Any:
    """((0 + x0) + x1) + …: the order of additions is part of the contract, so no built-in sum."""
    return fold(add, xs, start=0.0)


def _others(combine: Any, xs: Any, none: float) -> Any:
    """For each x all others combined: those before it with those after it, so nothing is undone."""
    return each(combine, scan(combine, xs, none), scan(combine, xs, none, backwards=True))


def _equal_shares(out: Any, xs: Any) -> Any:
    """1/k for each of the k arguments that are the extreme (or nan, when that is the result)."""
    ties = each(lambda x: where(equal(out, out), equal(x, out), 1.0 - equal(x, x)), xs)
    total = _left_sum(ties)
    return each(lambda tie: tie / total, ties)


def _shifted_exponentials(xs: Any) -> tuple[Any, Any, Any]:
    """exp(x - max), the max, and whether it is finite; the limits 0 and 1 where it is infinite.

    The shift cancels in every formula that uses this, so nothing is differentiated through it.
    """
    top = stop_gradient(max(xs))
    finite = less(absolute(top), math.inf)
    shift = where(finite, top, 0.0)
    infinite = equal(absolute(top), math.inf)
    return each(lambda x: where(infinite, equal(x, top), exp(x - shift)), xs), shift, finite


def _log_of_total(xs: Any, exponentials: Any, shift: Any) -> Any:
    """Log of the sum of the shifted exponentials, whose largest are 1 and the rest perhaps tiny."""
    tops = _left_sum(each(lambda x: equal(x, shift), xs))
    beyond = each(lambda x, e: where(equal(x, shift), expm1(x - shift), e), xs, exponentials)
    return log(tops) + log1p(_left_sum(beyond) / tops)


def _weights(xs: Any) -> Any:
    exponentials, _, _ = _shifted_exponentials(xs)
    return each(share, exponentials, _others(add, exponentials, 0.0))


# Divided by the largest, so that no power overflows: with r = |x| / max and S = sum(r**p), the norm
# is max * S**(1/p) and its derivative in x is (x / max) * r**(p-2) / S**(1 - 1/p), smooth at x = 0
# for p >= 2. With d the direction of (x / max) * r**(p/2 - 1) against the root of the other powers,
# that is d * |d|**(1 - 2/p), which can be differentiated again without a difference of almost equal
# numbers. For p < 2 the derivative at 0 is 0, as that of abs. The maximum cancels in these
# formulas, so nothing is differentiated through it. At p = 1 it is the sign of x, and changes
# nowhere; at p = inf a tie splits in equal shares.
def _norm_parts(xs: Any, order: Any) -> tuple[Any, Any, Any]:
    sizes = each(absolute, xs)
    top = stop_gradient(max(sizes))
    usable = less(0.0, top) * less(top, math.inf)
    ratios = each(lambda size: where(usable, size / top, equal(size, top)), sizes)
    return top, ratios, each(lambda r: power(r, order), ratios)


def _norm(xs: Any, order: Any) -> Any:
    top, _, powers = _norm_parts(xs, order)
    size = top * power(_left_sum(powers), 1.0 / order)
    return where(equal(top, 0.0), 0.0, where(equal(top, math.inf), top, size))


def _norm_partials(out: Any, xs: Any, order: Any) -> Any:
    top, ratios, powers = _norm_parts(xs, order)
    ties = each(lambda x: equal(absolute(x), top), xs)
    tied = _left_sum(ties)

    def partial(x: Any, r: Any, tie: Any, others: Any) -> Any:
        kink = equal(x, 0.0) * less(order, 2.0)
        d = direction(carry(x / top, power(r, 0.5 * order - 1.0)), sqrt(others))
        smooth = where(kink, 0.0, carry(d, power(absolute(d), 1.0 - 2.0 / order)))
        share = sign(x) * tie / tied
        straight = where(equal(order, 1.0), sign(x), smooth)  # of which no other x is a part
        extreme = where(equal(order, math.inf), share, straight)
        return where(equal(out, 0.0), 0.0, where(equal(top, math.inf), share, extreme))

    return each(partial, xs, ratios, ties, _others(add, powers, 0.0))


def _norm_is_singular(out: Any, *xs: Any, order: Any) -> Any:
    nearest = min([out, *each(absolute, xs)]) if order < 2.0 else out
    return equal(nearest, 0.0) * less(1.0, order) * less(order, math.inf)


sum = sequence_op(
    "sum", symbol="Σ", latex="#*", latex_between=" + ", empty=True,
    forward=_left_sum, partials=[lambda out, xs: 1.0],
    doc="Sum, added from the left; 0.0 for none.",
)
mean = sequence_op(
    "mean", symbol="mean", latex=r"\frac{#*}{#n}", latex_between=" + ",
    forward=lambda xs: _left_sum(xs) / count(xs),
    partials=[lambda out, xs: 1.0 / count(xs)],
    doc="Arithmetic mean.",
)
prod = sequence_op(
    "prod", symbol="Π", latex="#*", latex_between=r" \cdot ", empty=True,
    forward=lambda xs: fold(mul, xs, start=1.0),
    partials=[lambda out, xs: _others(mul, xs, 1.0)],
    doc="Product, multiplied from the left; 1.0 for none.",
)


def _extreme(name: str, of_two: Op, doc: str) -> Any:
    return sequence_op(
        name, symbol=name, latex=rf"\{name}\left(#*\right)",
        forward=lambda xs: fold(of_two, xs), partials=[_equal_shares],
        textbook_partials=[
            lambda out, xs: each(
                lambda x: equal(x, out) / _left_sum(each(lambda y: equal(y, out), xs)), xs
            )
        ],
        doc=f"The {doc}; a tie splits the gradient in equal shares, nan wins.",
    )


max = _extreme("max", maximum, "largest")
min = _extreme("min", minimum, "smallest")


def _logsumexp(xs: Any) -> Any:
    exponentials, shift, finite = _shifted_exponentials(xs)
    return where(finite, shift + _log_of_total(xs, exponentials, shift), max(xs))


logsumexp = sequence_op(
    "logsumexp", symbol="logsumexp",
    latex=r"\ln\left(#*\right)", latex_term="e^{#1}", latex_between=" + ",
    forward=_logsumexp, partials=[lambda out, xs: _weights(xs)],
    textbook_partials=[lambda out, xs: each(lambda x: exp(x - out), xs)],
    doc="log(sum(exp(x))) without overflow.",
)
norm = sequence_op(
    "norm", symbol="norm", latex=r"\left\| #* \right\|",
    attrs={"order": 2.0}, attr_ranges={"order": (1.0, math.inf)},
    forward=_norm, partials=[_norm_partials], singular=_norm_is_singular,
    singular_at="the origin, or, for an order between 1 and 2, where an entry is 0",
    textbook_partials=[
        lambda out, xs, order: each(lambda x: x / out * power(absolute(x) / out, order - 2.0), xs)
    ],
    counted="counts as 0; of the square of order 2, write dot(v, v), which is right there, too",
    doc="The p-norm, for any order from 1 to inf, without overflow; derivative 0 at the origin.",
)


def _sum_of_products(
    name: str, names: tuple[str, str, str], times: Callable[[Any, Any], Any], **columns: Any
) -> Any:
    return sequence_op(
        name, symbol="dot", latex="#*", latex_term=r"#1 \cdot #2", latex_between=" + ",
        empty=True, vectors=names[:2], scalars={names[2]: 0.0},
        forward=lambda xs, ys, start: fold(add, each(times, xs, ys), start=start),
        partials=[
            lambda out, xs, ys, start: ys, lambda out, xs, ys, start: xs,
            lambda out, xs, ys, start: 1.0,
        ],
        **columns,
    )


dot = _sum_of_products(
    "dot", ("ws", "xs", "bias"), mul, term_op=multiply,
    doc="bias + w0*x0 + w1*x1 + …, added in that order; parents are the ws, the xs, the bias.",
)
# What programs roll chains of sums into, where the terms are adjoints on their way, or anything.
carried_dot = _sum_of_products(
    "carried_dot", ("xs", "ys", "start"), carry, term_op=carry, public=False, fast_variant=dot,
    doc="start + x0*y0 + x1*y1 + …, where a product with 0 is +0.0, added in that order.",
)
running_sum = sequence_op(
    "running_sum", symbol="Σ", latex="#*", latex_between=" + ", empty=True, public=False,
    scalars={"start": 0.0}, term_op=identity,
    forward=lambda xs, start: fold(add, xs, start=start),
    partials=[lambda out, xs, start: 1.0, lambda out, xs, start: 1.0],
    doc="start + x0 + x1 + …, added in that order.",
)


# --- functions over rows --------------------------------------------------------------------------


def _over(rule: Callable[[list[Any]], list[Any]], name: str, xs: Iterable[Any]) -> list[Any]:
    """A rule from a sequence to a list; on plain numbers by IEEE-754, in floats."""
    found = sequence(name, xs)
    if not found:
        raise ShapeError(f"{name} of no numbers is undefined; give it at least one")
    if number_system(found) or any(isinstance(x, np.ndarray) and x.ndim for x in found):
        return rule(found)
    numbers = [*map(as_float, found)]
    try:
        return [*map(float, rule(numbers))]
    except PYTHON_RAISES:
        return [*map(float, rule([*map(IEEE, numbers)]))]


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

    Examples
    --------
    >>> [round(weight, 3) for weight in softmax([0.0, 1.0, 2.0])]
    [0.09, 0.245, 0.665]
    """
    return _over(_weights, "softmax", xs)


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

    Examples
    --------
    >>> log_softmax([0.0, 1000.0])
    [-1000.0, 0.0]
    """
    return _over(_log_weights, "log_softmax", xs)


def _log_weights(xs: list[Any]) -> Any:
    exponentials, shift, finite = _shifted_exponentials(xs)
    total, log_sum = _left_sum(exponentials), _log_of_total(xs, exponentials, shift)
    return each(lambda x, e: where(finite, (x - shift) - log_sum, log(e / total)), xs, exponentials)
