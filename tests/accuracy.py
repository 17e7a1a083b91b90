"""The worst error of every row, and of PyTorch's and JAX's function of that name: `make accuracy`.

Writes docs/accuracy.md. `tests/ops/test_oracles.py` and `tests/ops/test_peers.py` measure
the same and hold it against `LIMIT`.
"""

import importlib
import math
import random
import sys
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import exact
from peer_functions import (
    in_float64,
    jax_derivatives,
    jax_functions,
    torch_derivatives,
    torch_functions,
)

import autograd_lite as ag
from autograd_lite import Value, gradient
from autograd_lite.ops import TABLE, SequenceOp

PAGE = Path(__file__).parent.parent / "docs" / "accuracy.md"

#: Errors in ulp; those of derivatives are divided by 1 + condition number first.
LIMIT = 4.0

#: Rows that round between additions: their values, too, are only as good as their condition.
SUMS = {"sum", "running_sum", "mean", "dot", "carried_dot", "logaddexp", "logsumexp"}

#: Where the limit is passed, by row and order of the derivative: by how much, and why.
EXCEPTIONS = {
    ("cbrt", 2): (8.0, "the C library's `cbrt` is off by up to 1.6 ulp (glibc 2.36), which counts "
                       "5 times in the second derivative"),
    ("hypot", 1): (40.0, "where `hypot` itself is subnormal, known to a few bits less"),
    ("gelu", 0): (40.0, "below -37.5 `erfc` is subnormal, known to a few bits less, and then "
                        "multiplied by x"),
}  # fmt: skip

#: Not smooth at ties and at 0, or at integers too: there conventions hold, tested as such.
KINKS = {"absolute", "cbrt", "clip", "elu", "equal", "leaky_relu", "less", "less_equal", "max",
         "maximum", "min", "minimum", "relu", "sign", "where"}  # fmt: skip
STEPS = {"ceil", "floor", "floor_divide", "remainder", "rint", "trunc"}

MAGNITUDES = [
    5e-324, 1e-310, 2.3e-308, 1e-300, 1e-200, 3e-155, 1e-100, 1e-20, 1e-9, 1e-5, 1e-3, 0.1, 0.5,
    0.9, 1 - 2**-53, 1.0, 1 + 2**-52, 1.001, 1.5, 3.0, 6.0, 17.0, 26.0, 36.7, 38.2, 100.0, 300.0,
    700.0, 740.0, 1e3, 1e5, 1e9, 1e16, 1e50, 1e100, 1.1e154, 1e160, 1e200, 1e300, 1.7e308,
]  # fmt: skip
WIDE = [sign * x for x in MAGNITUDES for sign in (1.0, -1.0)] + [0.0]
MEDIUM = [x for x in WIDE if 1e-9 <= abs(x) <= 40.0]
#: Places that chance would not find: where two terms almost cancel, or one factor is tiny.
ASKED = {
    "power": [
        (2.0, 0.0),
        (0.7, 1.0),
        (1e300, 1e-5),
        (1e-300, 0.01),
        (1e300, -1e-3),
        (1 + 2**-52, 1e9),
        (0.5, 1074.0),
    ],
    "logaddexp": [(-0.7, -0.69), (-1e-9, -40.0), (0.0, -740.0)],
    "logsumexp": [(-1.1, -1.09, -1.105), (0.0, -40.0, -50.0)],
    "hypot": [(1e-310, 1e-310), (1.0, 1e-200)],
    "norm": [(1e-310, 1e-310, 2e-310), (1.0, 1e-9, 1e-200)],
    "sum": [(1e16, 1.0, -1e16)],
}


class Error(NamedTuple):
    """An error in ulp, divided by 1 + condition number, and where it was made."""

    size: float
    wrt: tuple[int, ...]
    place: tuple[float, ...]
    number: float
    exact: Any


def tested_rows():
    """The names of all rows whose derivatives are those of their values."""
    return [name for name in TABLE if name != "stop_gradient"]


@cache
def places(name):
    """Argument tuples with the exact derivatives there: first some in the row's domain, then wide.

    The steps of rules that are not for users (`Op.public`) are tested in their domain alone.
    """
    row, choose = TABLE[name], random.Random(name)
    n = row.arity
    if isinstance(row, SequenceOp):
        n = (3 if len(row.vectors) == 1 else 2 * len(row.vectors)) + len(row.scalars)
    domain = row.domain if len(row.domain) == n else row.domain * n
    found = {}
    while len(found) < 16:
        xs = tuple([choose.uniform(*interval) for interval in domain])
        found[xs] = exact.derivatives(name, xs)
    some = {1: 0, 2: 30, 3: 14}.get(n, 8)
    wide = [(x,) for x in WIDE] if n == 1 else []
    for numbers in (WIDE, MEDIUM):
        wide += [tuple([choose.choice(numbers) for _ in range(n)]) for _ in range(some)]
    for xs in [*ASKED.get(name, []), *wide] if row.public else []:
        if name in STEPS and any(map(float.is_integer, xs)):
            continue
        if name in STEPS | KINKS and (0.0 in xs or len({*xs}) < n):
            continue
        try:
            found[xs] = exact.derivatives(name, xs)
        except exact.NotSmoothError:
            continue
    return found


def reverse_over_reverse(row, xs):
    """All derivatives to second order, by argument numbers: those of recorded gradients."""
    leaves = [Value(x) for x in xs]
    out = Value._apply_op(row, leaves)
    found = {(): out.data}
    for i, first in enumerate(gradient(out, leaves, create_graph=True)):
        found[i,] = first.data
        found.update({(i, j): second for j, second in enumerate(gradient(first, leaves))})
    return found


def forward_over_reverse(row, xs):
    """The same by Hessian-vector products."""

    def f(arguments):
        return Value._apply_op(row, list(arguments))

    found = {}
    for j in range(len(xs)):
        column = ag.hvp(f)(list(xs), [float(i == j) for i in range(len(xs))])
        found.update({(i, j): second for i, second in enumerate(column)})
    return found


def ours(name, derivatives=reverse_over_reverse):
    return [derivatives(TABLE[name], xs) for xs in places(name)]


def theirs(library, name):
    """What PyTorch ("torch") or JAX ("jax") gives at the same places; None if it has no such."""
    columns = list(zip(*places(name), strict=True))
    module = importlib.import_module(library)
    if library == "jax":
        functions, derivatives = jax_functions(in_float64(module)), jax_derivatives
    else:
        functions, derivatives = torch_functions(module), torch_derivatives
    if name not in functions:
        return None
    found = derivatives(module, functions[name], columns)
    return [{wrt: column[k] for wrt, column in found.items()} for k in range(len(places(name)))]


def errors(name, results):
    """The errors of results, one dict of derivatives for each of the places."""
    found = []
    for (xs, known), numbers in zip(places(name).items(), results, strict=True):
        for wrt, number in numbers.items():
            sorted_wrt = tuple(sorted(wrt))
            size = exact.error_in_ulp(number, known[sorted_wrt])
            if wrt or name in SUMS:
                size /= 1.0 + exact.condition(known, sorted_wrt, xs)
            found.append(Error(size, wrt, xs, number, known[sorted_wrt]))
    return found


def worst(found, order):
    """The largest of the errors of derivatives of that order."""
    return max((e for e in found if len(e.wrt) == order), key=lambda e: e.size)


def _cell(found, order):
    size = worst(found, order).size
    beyond = sum(e.size > LIMIT for e in found if len(e.wrt) == order)
    text = "0" if size == 0 else "nan" if math.isinf(size) else f"{size:.2g}"
    return f"{text} ({beyond})" if beyond else text


def _line(name):
    cells = []
    for results in (ours(name), theirs("torch", name), theirs("jax", name)):
        found = results and errors(name, results)
        cells += [_cell(found, order) if found else "–" for order in range(3)]
    label = f"`{name}`" if TABLE[name].public else f"*{name}*"
    return f"| {label} | {len(places(name))} | {' | '.join(cells)} |"


def page():
    """docs/accuracy.md, measured now."""
    versions = {name: importlib.import_module(name).__version__ for name in ("torch", "jax")}
    reasons = "\n".join(
        f"- `{name}`, order {order}: up to {limit:g}; {reason}."
        for (name, order), (limit, reason) in EXCEPTIONS.items()
    )
    lines = "\n".join(map(_line, tested_rows()))
    return _PAGE.format(
        limit=LIMIT,
        reasons=reasons,
        lines=lines,
        sums=", ".join(f"`{name}`" for name in sorted(SUMS)),
        **versions,
    )


_PAGE = """\
# Accuracy of every op

Written by `make accuracy`; do not edit. The worst error seen of each row's value, first and second
derivatives (all mixed ones), against `mpmath`: in its domain and at wide places, from subnormal
numbers to 1.7e308, wherever the function is smooth. (Where it is not:
[conventions](conventions.md).) Over rows, programs use vector mathematics:
[programs](programs.md).

An error is counted in ulp of the exact result. That of a derivative g is divided by 1 + κ, where κ
is the condition number of g as a function of the arguments, κ = Σ |x_j · ∂g/∂x_j| / |g|: by how
much a relative change of the arguments changes g. So is the error of a value that is a sum, rounded
between its additions ({sums}). A result beyond the largest float counts as inf, which is 2**1024
here.

For autograd_lite the limit is {limit:g}, held by `tests/ops/test_oracles.py`, except for

{reasons}

In parentheses: how many results are beyond that limit; `nan`: one of them is nan. In PyTorch
{torch} and JAX {jax}, in float64 on a processor, these come from formulas that lose digits (the
derivative of tanh as 1 - tanh²), from squares that overflow, and, in JAX, from subnormal numbers,
which it takes for 0. Rows in italics are no functions for users: other rows' derivatives are written
with them. `stop_gradient` is missing: its derivative is 0 by definition.

| row | places | value | first | second | PyTorch's value | first | second | JAX's value | first | second |
|---|---|---|---|---|---|---|---|---|---|---|
{lines}
"""  # noqa: E501 - one line of a table

if __name__ == "__main__":
    PAGE.write_text(page())
    sys.stdout.write(f"wrote {PAGE}\n")
