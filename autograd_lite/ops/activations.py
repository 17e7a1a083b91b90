"""Rows of the table: the activations of networks.

`table.py` explains the columns of a row, `rules.py` why a rule has no ``if``: `where` chooses. The
rows of relu and tanh stand in `rules.py`.
"""

from __future__ import annotations

import math
from typing import Any

from autograd_lite.ops.choice import equal, less, less_equal, where
from autograd_lite.ops.rules import (  # fmt: skip
    absolute,
    carry,
    clip,
    exp,
    expm1,
    log1p,
    maximum,
    sech,
    square,
    tanh,
)
from autograd_lite.ops.special import erfc
from autograd_lite.ops.table import op

_LN2 = math.log(2.0)
# √½: the nearest float, the first 26 bits of that, its other bits, and what it is short of.
_ROOT_HALF = math.sqrt(0.5)
_ROOT_HALF_HIGH = 0.7071067839860916
_ROOT_HALF_LOW = _ROOT_HALF - _ROOT_HALF_HIGH
_ROOT_HALF_REST = -4.833646656726457e-17
_REAL = (-3.0, 3.0)

sigmoid = op(
    "sigmoid", symbol="sigmoid", latex=r"\sigma", domain=[_REAL],
    forward=lambda x: where(less(x, 0.0), exp(x) / (1.0 + exp(x)), 1.0 / (1.0 + exp(-x))),
    # out * (1 - out) loses all digits for large x, and its derivative loses them near 0
    partials=[lambda out, x: square(0.5 * sech(0.5 * x))],
    textbook_partials=[lambda out, x: out * (1.0 - out)],
    doc="Logistic function 1 / (1 + exp(-x)), without overflow.",
)
logaddexp = op(
    "logaddexp", symbol="logaddexp", latex=r"\ln\left(e^{#1} + e^{#2}\right)",
    domain=[_REAL, _REAL],
    # equal first, because inf - inf is nan
    forward=lambda x, y: where(
        equal(x, y), x + _LN2, maximum(x, y) + log1p(exp(-absolute(x - y)))
    ),
    partials=[lambda out, x, y: sigmoid(x - y), lambda out, x, y: sigmoid(y - x)],
    doc="log(exp(x) + exp(y)) without overflow.",
)
softplus = op(
    "softplus", symbol="softplus", latex=r"\operatorname{softplus}", domain=[_REAL],
    forward=lambda x: maximum(x, 0.0) + log1p(exp(-absolute(x))),
    partials=[lambda out, x: sigmoid(x)],
    doc="log(1 + exp(x)), accurate everywhere (no threshold).",
)


# carry, not *: at -inf this gives the limit 0, not nan. In halves, so that no number on the way
# comes closer to the smallest one than the result.
def _silu(x: Any) -> Any:
    half = exp(-0.5 * absolute(x))
    below = carry(x, half) * half
    return where(less(x, 0.0), below, x) / (1.0 + half * half)


# A row of its own: differentiating this formula would lose all digits near 0.
silu_derivative = op(
    "silu_derivative", symbol="silu_derivative", latex=r"\operatorname{SiLU}'",
    public=False, domain=[_REAL],
    forward=lambda x: carry(sigmoid(x), 1.0 + carry(x, sigmoid(-x))),
    partials=[lambda out, x: carry(square(0.5 * sech(0.5 * x)), 2.0 - carry(x, tanh(0.5 * x)))],
    identities=[((...,), lambda x: sigmoid(x) * (1.0 + x * sigmoid(-x)))],
    doc="The derivative of silu.",
)
silu = op(
    "silu", symbol="SiLU", latex=r"\operatorname{SiLU}", domain=[_REAL],
    forward=_silu,
    partials=[lambda out, x: silu_derivative(x)],
    doc="x * sigmoid(x), also called swish; its value and derivative at -inf are 0.",
)


def _normal_density(x: Any) -> Any:
    return exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


# erfc(-x/√2) / 2. Rounding the argument costs x*x ulp far below 0; so what it is off by is
# computed, with Dekker's exact product of halves of the factors, and added to first order.
def _normal_cdf(x: Any) -> Any:
    near = clip(x, -40.0, 40.0)
    scaled = near * _ROOT_HALF
    high = near * 134217729.0 - (near * 134217729.0 - near)
    low = near - high
    products = (high * _ROOT_HALF_HIGH - scaled) + high * _ROOT_HALF_LOW
    rest = products + low * _ROOT_HALF_HIGH + low * _ROOT_HALF_LOW + near * _ROOT_HALF_REST
    return 0.5 * erfc(-scaled) + rest * math.sqrt(2.0) * _normal_density(near)


normal_cdf = op(
    "normal_cdf", symbol="normal_cdf", latex=r"\Phi", public=False, domain=[_REAL],
    forward=_normal_cdf, partials=[lambda out, x: _normal_density(x)],
    doc="The standard normal distribution function.",
)
gelu = op(
    "gelu", symbol="GELU", latex=r"\operatorname{GELU}", domain=[_REAL],
    forward=lambda x: carry(x, normal_cdf(x)),
    partials=[lambda out, x: normal_cdf(x) + carry(x, _normal_density(x))],
    doc="x times the normal distribution function at x (the exact form, with erf).",
)
leaky_relu = op(
    "leaky_relu", symbol="LeakyReLU", latex=r"\operatorname{LeakyReLU}", domain=[_REAL],
    attrs={"slope": 0.01},
    forward=lambda x, slope: where(less_equal(x, 0.0), slope * x, x),
    partials=[lambda out, x, slope: where(less(0.0, x), 1.0, slope)],
    doc="x above 0, slope * x below.",
)
elu = op(
    "elu", symbol="ELU", latex=r"\operatorname{ELU}", domain=[_REAL],
    attrs={"alpha": 1.0},
    forward=lambda x, alpha: where(less_equal(x, 0.0), alpha * expm1(x), x),
    # the second derivative at 0 is 0, as in PyTorch
    partials=[
        lambda out, x, alpha: where(
            less(x, 0.0), alpha * exp(x), where(equal(x, 0.0), alpha, 1.0)
        )
    ],
    doc="x above 0, alpha * (exp(x) - 1) below.",
)
