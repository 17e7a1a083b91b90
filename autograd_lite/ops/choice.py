"""Comparisons and choice: rules are written with these rows, and their own derivatives are zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.ops.leaf import leaf
from autograd_lite.ops.table import Op, op

_REAL = (-3.0, 3.0)


def _comparison(
    name: str, sign: str, symbol: str, latex: str, holds: Callable[[float, float], float], doc: str
) -> Op:
    over_arrays: Any = getattr(np, name)
    return op(
        name, symbol=symbol, latex=rf"\left[#1 {latex} #2\right]", domain=[_REAL, _REAL],
        forward=leaf(name, compare=sign, python=holds, numpy=lambda x, y: over_arrays(x, y) * 1.0),
        partials=[lambda out, x, y: 0.0, lambda out, x, y: 0.0],
        doc=f"1.0 where x {sign} y, else 0.0{doc}.",
    )


less = _comparison(
    "less", "<", "<", "<", lambda x, y: 1.0 if x < y else 0.0, " (nan is less than nothing)"
)
less_equal = _comparison("less_equal", "<=", "≤", r"\leq", lambda x, y: 1.0 if x <= y else 0.0, "")
equal = _comparison(
    "equal", "==", "=", "=", lambda x, y: 1.0 if x == y else 0.0, " (nan equals nothing)"
)
where: Op = op(
    "where", symbol="where", latex=r"\operatorname{where}\left(#1, #2, #3\right)",
    domain=[(0.0, 1.0), _REAL, _REAL],
    forward=leaf("where", compare="!=", python=lambda condition, a, b: a if condition else b),
    partials=[
        lambda out, condition, a, b: 0.0,
        lambda out, condition, a, b: where(condition, 1.0, 0.0),
        lambda out, condition, a, b: where(condition, 0.0, 1.0),
    ],
    identities=[((0.0, ..., ...), lambda condition, a, b: b),
                ((1.0, ..., ...), lambda condition, a, b: a)],
    exact=[((0.0, ..., ...), lambda condition, a, b: b),
           ((-0.0, ..., ...), lambda condition, a, b: b),
           ((1.0, ..., ...), lambda condition, a, b: a)],
    doc="a where the condition holds (is not 0), else b; the branch not taken gets no gradient.\n\n"
    "A plain bool condition is a constant of the graph; a Value is decided anew by ``refresh``.",
)
