"""The error of every row, and of PyTorch's and JAX's function of that name.

`worst_errors.py` looks for the largest, and writes docs/accuracy.md. `tests/ops/test_oracles.py`
and `tests/ops/test_peers.py` measure at fewer places, the worst among them, and hold it against
`limit`.
"""

import importlib
import json
import math
import random
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

#: The smallest float that is not subnormal.
SMALLEST = 2.0**-1022
#: Where errors were largest when they were last looked for, by row.
WORST = Path(__file__).parent / "worst_places.json"

#: Errors in ulp, by order; those of derivatives are divided by 1 + condition number first.
LIMITS = 4.0, 4.0, 6.0

#: Rows that round between additions: their values, too, are only as good as their condition.
SUMS = {"sum", "running_sum", "mean", "dot", "carried_dot", "logaddexp", "logsumexp"}
SUMS |= {"silu_derivative", "power_below"}


class Beyond(NamedTuple):
    """A limit of its own: how large, at which places (those else have the common one), and why."""

    limit: float
    at: Any
    reason: str


def _square_underflows(*xs):
    top = max(map(abs, xs))
    return any(0.0 < abs(x) < 1e-153 * top for x in xs)


def _power_leaves_the_floats(x, y):
    return abs(y) < SMALLEST or not -300.0 < (y - 2.0) * math.log10(x) < 300.0


def _near_an_axis(x, y):
    return 10.0 * min(abs(x), abs(y)) < max(abs(x), abs(y))


#: Where the limits are passed, by row and order of the derivative.
EXCEPTIONS = {
    ("cbrt", 1): Beyond(9.0, None, "the C library's `cbrt` (glibc 2.36) is off by up to 3.4 ulp, "
                        "which counts twice in the derivative"),
    ("cbrt", 2): Beyond(15.0, None, "there it counts five times"),
    ("hypot", 1): Beyond(40.0, lambda x, y: math.hypot(x, y) < SMALLEST,
                         "where `hypot` itself is subnormal, known to a few bits less"),
    ("gelu", 0): Beyond(40.0, lambda x: x < -37.5, "below -37.5 `erfc` is subnormal, known to a "
                        "few bits less, and then multiplied by x"),
    ("power", 2): Beyond(math.inf, _power_leaves_the_floats, "where y is subnormal, or x**(y - 2) "
                         "beyond the range of floats though its product with y is not"),
    ("norm", 2): Beyond(math.inf, _square_underflows, "a mixed derivative by an entry below 1e-153 "
                        "times the largest may be 0: the square of their ratio is"),
    ("silu_derivative", 0): Beyond(5.0, None, "four roundings of terms that partly cancel"),
    ("inversion", 2): Beyond(math.inf, _near_an_axis, "near an axis, where it is the small rest of "
                             "terms that cancel; it is a third derivative of `arctan2`"),
}  # fmt: skip


def limit(name, error):
    """The largest size that an error of a row may have."""
    order = len(error.wrt)
    own = EXCEPTIONS.get((name, order))
    known = own is not None and (own.at is None or own.at(*error.place))
    return own.limit if known else LIMITS[order]


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
#: Places that chance would not find: where two terms almost cancel, one factor is tiny, or three
#: million arguments of the C library's function were tried.
ASKED = {
    "cbrt": [(3.151480963113559,), (6.654406332194819e-109,), (-2.429421529245393e56,)],
    "sinc": [(1.2416670686762523,)],
    "arccosh": [(1137175842633092.8,)],
    "gelu": [(-2.000371942469979,)],
    "inversion": [(-0.002602384504203335, 1.4878840498445252)],
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


def domain(name):
    """An interval for each argument; a sequence has three, or two for each of several."""
    row = TABLE[name]
    n = row.arity
    if isinstance(row, SequenceOp):
        n = (3 if len(row.vectors) == 1 else 2 * len(row.vectors)) + len(row.scalars)
    return row.domain if len(row.domain) == n else row.domain * n


def is_smooth(name, xs):
    """Whether a row has no kink or jump at that place."""
    if name in STEPS and any(map(float.is_integer, xs)):
        return False
    return name not in STEPS | KINKS or (0.0 not in xs and len({*xs}) == len(xs))


@cache
def places(name):
    """Argument tuples with the exact derivatives there: first some in the row's domain, then wide.

    The steps of rules that are not for users (`Op.public`) are tested in their domain alone.
    """
    row, choose, intervals = TABLE[name], random.Random(name), domain(name)
    n = len(intervals)
    found = {}
    while len(found) < 16:
        xs = tuple([choose.uniform(*interval) for interval in intervals])
        found[xs] = exact.derivatives(name, xs)
    some = {1: 0, 2: 30, 3: 14}.get(n, 8)
    wide = [(x,) for x in WIDE] if n == 1 else []
    for numbers in (WIDE, MEDIUM):
        wide += [tuple([choose.choice(numbers) for _ in range(n)]) for _ in range(some)]
    worst = map(tuple, json.loads(WORST.read_text()).get(name, [])) if WORST.exists() else []
    for xs in [*ASKED.get(name, []), *wide * row.public, *worst]:
        if not is_smooth(name, xs):
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


def ours(name, derivatives=reverse_over_reverse, at=None):
    return [derivatives(TABLE[name], xs) for xs in at or places(name)]


def theirs(library, name, at=None):
    """What PyTorch ("torch") or JAX ("jax") gives at the same places; None if it has no such."""
    at = at or places(name)
    columns = list(zip(*at, strict=True))
    module = importlib.import_module(library)
    if library == "jax":
        functions, derivatives = jax_functions(in_float64(module)), jax_derivatives
    else:
        functions, derivatives = torch_functions(module), torch_derivatives
    if name not in functions:
        return None
    found = derivatives(module, functions[name], columns)
    return [{wrt: column[k] for wrt, column in found.items()} for k in range(len(at))]


def errors(name, results, at=None):
    """The errors of results, one dict of derivatives for each of the places."""
    found = zip(at or places(name), results, strict=True)
    return [error for xs, numbers in found for error in errors_at(name, xs, numbers)]


def errors_at(name, xs, numbers=None):
    """The errors of derivatives at a place, by argument numbers; left out, they are ours."""
    known = exact.derivatives(name, xs)
    if numbers is None:
        numbers = reverse_over_reverse(TABLE[name], xs)
    found = []
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


def up(size):
    """The size of an error as pages have it: nothing seen was worse than what is said."""
    if size == 0.0 or math.isinf(size):
        return "nan" if size else "0"
    return f"{math.ceil(size * 100.0) / 100.0:.2f}" if 0.01 <= size < 1e3 else f"{size:.2g}"


def _cell(found, order):
    text = up(worst(found, order).size)
    beyond = sum(e.size > LIMITS[order] for e in found if len(e.wrt) == order)
    return f"{text} ({beyond})" if beyond else text


def line(name, at):
    """The row's line of the page, measured at these places."""
    cells = []
    for results in (ours(name, at=at), theirs("torch", name, at), theirs("jax", name, at)):
        found = results and errors(name, results, at)
        cells += [_cell(found, order) if found else "–" for order in range(3)]
    label = f"`{name}`" if TABLE[name].public else f"*{name}*"
    return f"| {label} | {len(at)} | {' | '.join(cells)} |"


def reasons():
    """The exceptions, as the page says them."""
    return "\n".join(
        f"- `{name}`, order {order}: {f'up to {own.limit:g}' * math.isfinite(own.limit)}"
        f"{'any size' * math.isinf(own.limit)}; {own.reason}."
        for (name, order), own in EXCEPTIONS.items()
    )


def page(lines):
    """docs/accuracy.md with these lines."""
    versions = {name: importlib.import_module(name).__version__ for name in ("torch", "jax")}
    return _PAGE.format(
        limits=LIMITS,
        reasons=reasons(),
        lines="\n".join(lines),
        sums=", ".join(f"`{name}`" for name in sorted(SUMS)),
        **versions,
    )


_PAGE = """\
# Accuracy of every op

Written by `make accuracy`; do not edit. The worst error seen of each row's value, first and second
derivatives (all mixed ones), against `mpmath`: at random in its domain and at wide places, from
subnormal numbers to 1.7e308, wherever the function is smooth, and then nearer and nearer to where
ours is worst. Functions of the C library are asked at 60,000 places more. (Where none is smooth:
[conventions](conventions.md).) Over rows, programs use vector mathematics:
[programs](programs.md).

An error is counted in ulp of the exact result. That of a derivative g is divided by 1 + κ, where κ
is the condition number of g as a function of the arguments, κ = Σ |x_j · ∂g/∂x_j| / |g|: by how
much a relative change of the arguments changes g. So is the error of a value that is a sum, rounded
between its additions ({sums}). A result beyond the largest float counts as inf, which is 2**1024
here.

For autograd_lite the limit is {limits[0]:g} for values and first derivatives and {limits[2]:g} for
second ones, held by `tests/ops/test_oracles.py` at a hundred places of each row, the worst among
them, except for

{reasons}

No place that was looked at is beyond these; it is a search, no proof. In parentheses: how many
results are beyond the common limit; `nan`: one of them is nan, or infinitely far off. In PyTorch
{torch} and JAX {jax}, in float64 on a processor, these come from formulas that lose digits (the
derivative of tanh as 1 - tanh²), from squares that overflow, and, in JAX, from subnormal numbers,
which it takes for 0. Rows in italics are no functions for users: other rows' derivatives are written
with them. `stop_gradient` is missing: its derivative is 0 by definition.

| row | places | value | first | second | PyTorch's value | first | second | JAX's value | first | second |
|---|---|---|---|---|---|---|---|---|---|---|
{lines}
"""  # noqa: E501 - one line of a table
