"""The worst error of every function of the C library in programs.

`worst_errors.py` writes the table of docs/programs.md. `tests/program/native/test_vectors.py` holds
the same below 4 ulp, at fewer arguments.
"""

import math
import platform
from pathlib import Path

import exact
import numpy as np
from accuracy import up

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.ops import TABLE
from autograd_lite.ops.leaf import Leaf
from autograd_lite.program.in_python import InPython
from autograd_lite.program.running import native

PAGE = Path(__file__).parent.parent / "docs" / "programs.md"
HEAD = "| function | call | `map` | `map` in NumPy |\n|---|---|---|---|\n"
#: A line of the table: the name, and all of it.
LINE = r"^(?=\| `(\w+)` \| \S+ \| \S+ \| \S+ \|$)(.+)$"
FIRST, LAST = "<!-- written by make accuracy -->\n", "<!-- up to here -->\n"

#: Arguments of each kind: in the row's domain, up to 50, and of all sizes from 1e-8 to 1e8.
COUNT = 20_000
SMALLEST, LARGEST = 2.3e-308, 1.7e308


def tested_rows():
    """Rows that are one function of the C library, and need rounding."""
    leaves = [r for r in TABLE.values() if isinstance(r.forward, Leaf) and not r.forward.compare]
    return [
        row.name
        for row in leaves
        if row.name not in {"absolute", "floor", "ceil", "library_remainder"}
    ]


def arguments(row):
    """Columns."""
    choose = np.random.default_rng(5)
    columns = []
    for low, high in row.domain:
        sizes = 10.0 ** choose.uniform(-8.0, 8.0, COUNT)
        columns.append(
            np.concatenate(
                [
                    choose.uniform(low, high, COUNT),
                    choose.uniform(-50.0, 50.0, COUNT),
                    sizes * choose.choice([-1.0, 1.0], COUNT),
                ]
            )
        )
    return columns


def exactly(name, xs):
    """The function's value as two floats, of which the second is what rounding took away.

    Both are nan where it is no normal number.
    """
    try:
        value = exact.FUNCTIONS[name](*map(exact.mp.mpf, xs))
    except (ValueError, ZeroDivisionError):
        return math.nan, math.nan
    if not isinstance(value, exact.mp.mpf) or not SMALLEST < abs(value) < LARGEST:
        return math.nan, math.nan
    rounded = float(value)
    return rounded, float(value - rounded)


def measured(name):
    """Where a call is worst of all, and how far the worst results in columns are off, in ulp."""
    row = TABLE[name]
    inputs = [Value(low) for low, _ in row.domain]
    program = ag.freeze(Value._apply_op(row, inputs), inputs)
    columns = arguments(row)
    points = np.array(columns).T
    found = [
        np.array([program(*xs) for xs in points.tolist()]),
        program.map(*columns),
        InPython(program).rows([(points, False)], len(points), False, 1)[0],
    ]
    with exact.mp.workdps(60):
        rounded, rest = np.array([exactly(name, xs) for xs in points.tolist()]).T
    here = ~np.isnan(rounded)
    rounded, rest = rounded[here], rest[here]
    unit = abs(np.spacing(rounded))
    # differences of neighbouring floats are exact
    errors = [abs(column[here] - rounded - rest) / unit for column in found]
    place = tuple(points[here][errors[0].argmax()].tolist())
    return place, [up(sizes.max()) for sizes in errors[1:]]


def with_table(page, lines):
    """A page with these lines as its table."""
    before, _, rest = page.partition(FIRST)
    _, _, after = rest.partition(LAST)
    variant, _, functions = native.vectors()
    library = " ".join(platform.libc_ver())
    if not any(functions.values()):
        library += ", without vector mathematics,"
    about = f"Measured with {library}, {variant}, and NumPy {np.__version__}:\n\n"
    return "".join([before, FIRST, about, HEAD, *lines, LAST, after])
