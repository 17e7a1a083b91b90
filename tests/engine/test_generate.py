"""The C header that is generated from the op table gives the bits that the Python rules give."""

import ctypes
import itertools
import math
import os
import random
import re
import shlex
import shutil
import struct
import subprocess

import pytest

from autograd_lite.ops import TABLE, SequenceOp
from autograd_lite.ops.choice import less, where
from autograd_lite.ops.digest import table_digest
from autograd_lite.ops.duals import partial_tangents
from autograd_lite.ops.rules import exp, maximum
from autograd_lite.ops.sequences import count, each, fold, scan
from autograd_lite.ops.table import Op, with_attrs
from autograd_lite.writing.rules_header import header

COMPILER = (
    shlex.split(os.environ.get("CC", ""))
    or [path for path in map(shutil.which, ["cc", "gcc", "clang"]) if path][:1]
)
FLAGS = ["-O3", "-ffp-contract=off", "-fno-builtin-pow", "-fno-math-errno", "-Wall", "-Wextra",
         "-Werror", "-shared", "-fPIC"]  # fmt: skip
needs_compiler = pytest.mark.skipif(not COMPILER, reason="no C compiler (cc, gcc or clang)")

DRIVER = """
#include <stddef.h>
typedef ptrdiff_t Py_ssize_t;
#include "rules.h"

#define ROW_1(name) \\
    double value_##name(const double *a, const double *attrs) { \\
        return forward_##name(a[0], attrs); } \\
    void slopes_##name(double out, const double *a, const double *attrs, double *d) { \\
        d[0] = partial0_##name(out, a[0], attrs); } \\
    void changes_##name(double out, const double *a, const double *attrs, double t, \\
                        const double *ts, double *d) { \\
        d[0] = tangent0_##name(out, a[0], attrs, t, ts[0]); }
#define ROW_2(name) \\
    double value_##name(const double *a, const double *attrs) { \\
        return forward_##name(a[0], a[1], attrs); } \\
    void slopes_##name(double out, const double *a, const double *attrs, double *d) { \\
        d[0] = partial0_##name(out, a[0], a[1], attrs); \\
        d[1] = partial1_##name(out, a[0], a[1], attrs); } \\
    void changes_##name(double out, const double *a, const double *attrs, double t, \\
                        const double *ts, double *d) { \\
        d[0] = tangent0_##name(out, a[0], a[1], attrs, t, ts[0], ts[1]); \\
        d[1] = tangent1_##name(out, a[0], a[1], attrs, t, ts[0], ts[1]); }
#define ROW_3(name) \\
    double value_##name(const double *a, const double *attrs) { \\
        return forward_##name(a[0], a[1], a[2], attrs); } \\
    void slopes_##name(double out, const double *a, const double *attrs, double *d) { \\
        d[0] = partial0_##name(out, a[0], a[1], a[2], attrs); \\
        d[1] = partial1_##name(out, a[0], a[1], a[2], attrs); \\
        d[2] = partial2_##name(out, a[0], a[1], a[2], attrs); } \\
    void changes_##name(double out, const double *a, const double *attrs, double t, \\
                        const double *ts, double *d) { \\
        d[0] = tangent0_##name(out, a[0], a[1], a[2], attrs, t, ts[0], ts[1], ts[2]); \\
        d[1] = tangent1_##name(out, a[0], a[1], a[2], attrs, t, ts[0], ts[1], ts[2]); \\
        d[2] = tangent2_##name(out, a[0], a[1], a[2], attrs, t, ts[0], ts[1], ts[2]); }
#define ROW_MANY(name, vectors, scalars, room) \\
    int room_##name = room; \\
    double value_##name(const double *a, Py_ssize_t m, const double *attrs, double *s) { \\
        return forward_##name(a, m, attrs, s); } \\
    void slopes_##name(double out, const double *a, Py_ssize_t m, const double *attrs, \\
                       double *s, double *d) { \\
        partials_##name(out, a, m, attrs, s, d); } \\
    void changes_##name(double out, const double *a, Py_ssize_t m, const double *attrs, \\
                        double *s, double t, const double *ts, double *d) { \\
        tangents_##name(out, a, m, attrs, s, t, ts, d); }
ROWS_1(ROW_1)
ROWS_2(ROW_2)
ROWS_3(ROW_3)
SEQUENCE_ROWS(ROW_MANY)

#define NAME(index, name, text, arity) text "\\n"
const char *names(void) { return ROWS(NAME); }
const char *digest(void) { return TABLE_DIGEST; }
"""


class Library:
    """A generated header behind a thin layer that `ctypes` can call."""

    def __init__(self, folder, table=TABLE):
        (folder / "rules.h").write_text(header(table))
        (folder / "driver.c").write_text(DRIVER)
        done = subprocess.run(
            [*COMPILER, *FLAGS, "driver.c", "-o", "rules.so", "-lm"],
            cwd=folder, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        self.c = ctypes.CDLL(str(folder / "rules.so"))

    def text(self, name):
        function = getattr(self.c, name)
        function.restype = ctypes.c_char_p
        return function().decode()

    def results(self, row, numbers, out_tangent, tangents):
        """Value, partial derivatives and their tangents, in one list."""
        args, attrs = doubles(numbers), doubles(row.attrs.values())
        slopes = doubles([math.nan] * len(numbers) + [12.5])
        changes = doubles([math.nan] * len(numbers) + [12.5])
        value, store = self.c[f"value_{row.name}"], self.c[f"slopes_{row.name}"]
        change = self.c[f"changes_{row.name}"]
        t, ts = ctypes.c_double(out_tangent), doubles(tangents)
        value.restype = ctypes.c_double
        if isinstance(row, SequenceOp):
            m = len(row.groups(numbers)[0])
            room = ctypes.c_int.in_dll(self.c, f"room_{row.name}").value * m
            scratch = doubles([math.nan] * room + [7.25])
            length = ctypes.c_ssize_t(m)
            out = value(args, length, attrs, scratch)
            store(ctypes.c_double(out), args, length, attrs, scratch, slopes)
            change(ctypes.c_double(out), args, length, attrs, scratch, t, ts, changes)
            assert scratch[room] == 7.25, "nothing is written behind the scratch vectors"
        else:
            out = value(args, attrs)
            store(ctypes.c_double(out), args, attrs, slopes)
            change(ctypes.c_double(out), args, attrs, t, ts, changes)
        assert slopes[len(numbers)] == changes[len(numbers)] == 12.5
        return [out, *slopes[: len(numbers)], *changes[: len(numbers)]]


def expected(row, numbers, out_tangent, tangents):
    """The same from the Python rules."""
    all_wanted = [True] * len(numbers)
    out = row.on_floats(*numbers)
    slopes = row.partials_on_floats(out, numbers, all_wanted)
    changes = partial_tangents(row, out, numbers, out_tangent, tangents, all_wanted)
    return [out, *slopes, *changes]


def a_direction(rng, n):
    """Tangents of a result and of n arguments; never -0.0, as no sum that begins with 0.0 is."""
    ts = [rng.choice([0.0, 1.0, rng.gauss(0.0, 1.0), rng.choice(EDGES)]) for _ in range(n + 1)]
    return ts[0] + 0.0, [t + 0.0 for t in ts[1:]]


def doubles(numbers):
    numbers = list(numbers)
    return (ctypes.c_double * max(1, len(numbers)))(*numbers)


def bits(number):
    return "nan" if number != number else struct.pack("d", number)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return Library(tmp_path_factory.mktemp("rules"))


EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, math.inf, -math.inf, math.nan, 1e300, -1e300, 5e-324,
         -1e-200, 709.9, 40.0]  # fmt: skip
LENGTHS = [0, 1, 2, 5, 17]
ATTRS = [0.0, 0.01, 1.0, 1.5, 2.0, 3.0, math.inf]


def versions(row):
    """The row with every attribute that it allows, out of a few."""
    yield row
    for numbers in itertools.product(ATTRS, repeat=len(row.attrs)):
        named = tuple(zip(row.attrs, numbers, strict=True))
        ranges = row.attr_ranges
        if named and all(low <= dict(named)[n] <= high for n, (low, high) in ranges.items()):
            yield with_attrs(row.name, named)


def samples(row, rng):
    """Flat argument lists: edges, ties, and numbers of every size."""

    def draw():
        wide = rng.gauss(0.0, 1.0) * 10.0 ** rng.uniform(-3.0, 3.0)
        return rng.choice([wide, rng.gauss(0.0, 1.0), rng.choice(EDGES)])

    if not isinstance(row, SequenceOp):
        yield from itertools.product(EDGES, repeat=row.arity)
        yield from ([draw() for _ in range(row.arity)] for _ in range(1000))
        return
    for m in LENGTHS:
        for _ in range(40 if m or row.empty else 0):
            pool = [draw() for _ in range(rng.choice([1, 2, 40]))]
            yield [rng.choice(pool) for _ in range(m * len(row.vectors) + len(row.scalars))]


@pytest.mark.no_cover
@needs_compiler
@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_c_gives_the_bits_of_the_python_rules(library, row):
    rng = random.Random(row.name)
    for version in versions(row):
        for numbers in samples(version, rng):
            direction = a_direction(rng, len(numbers))
            found = library.results(version, numbers, *direction)
            told = numbers, direction
            assert [*map(bits, found)] == [*map(bits, expected(version, numbers, *direction))], told


@needs_compiler
def test_the_macros_list_every_row_in_the_order_of_the_table(library):
    assert library.text("names").split() == list(TABLE)
    assert library.text("digest") == table_digest()
    assert f"#define N_ROWS {len(TABLE)}\n" in header()


def test_the_header_answers_to_every_operator():
    found = re.findall(r"X\((\w+), nb_\w+\)", header())
    rounding = {"floor", "ceil", "trunc"}  # Python has methods for these and no slots
    expected = [row.name for row in TABLE.values() if row.operator and row.name not in rounding]
    assert sorted(found) == sorted(expected)


# --- rows that are not in the table yet -----------------------------------------------------------


def fixed(forward, partial=lambda out, x: 0.0, **columns):
    columns = {"name": "novel", "partials": [partial], "domain": [(0, 1)], **columns}
    return Op(symbol="n", latex="n", doc="New.", forward=forward, **columns)


def many(forward, partials, **columns):
    return SequenceOp(
        "novel", symbol="n", latex="#*", doc="New.", domain=[(0, 1)], forward=forward,
        partials=partials, **columns,
    )  # fmt: skip


NOVEL = {
    "constants that C writes in words": fixed(
        lambda x, low: where(less(x, low), -math.inf, -0.0) + x * -1.5e-300,
        lambda out, x, low: where(less(low, x), math.nan, 1),
        attrs={"low": -2.0},
    ),
    "calls with attributes": fixed(
        lambda x: TABLE["elu"](-x, alpha=-1.5) - TABLE["clip"](x, -2, x * x),
        lambda out, x: TABLE["elu"](x, alpha=0.25) / (out + out),
    ),
    "a scan of what is computed, and a call on it": many(
        lambda xs, y: TABLE["logsumexp"](scan(maximum, each(exp, xs), y)) * y,
        [
            lambda out, xs, y: each(
                lambda x, a, b: a * b - x / count(xs),
                xs,
                scan(lambda total, x: total - y * x, each(lambda x: x * x, xs), 0.5, True),
                scan(lambda total, x: total * 0.5 + x, xs, out),
            ),
            lambda out, xs, y: TABLE["norm"](each(lambda x: x - y, xs), order=3.0),
        ],
        scalars={"y": 1.0},
    ),
    "three vectors": many(
        lambda a, b, c: fold(lambda total, x, y, z: total + x * y / z, a, b, c, start=-0.0),
        [
            lambda out, a, b, c: each(lambda x, y, z: maximum(x, where(y, z, out)), a, b, c),
            lambda out, a, b, c: c,
            lambda out, a, b, c: fold(maximum, each(lambda x: -x, b)),
        ],
        vectors=("a", "b", "c"),
    ),
}


@needs_compiler
@pytest.mark.parametrize("row", NOVEL.values(), ids=NOVEL)
def test_a_new_row_appears_in_the_header(row, tmp_path):
    library = Library(tmp_path, {**TABLE, "novel": row})
    assert library.text("names").split() == [*TABLE, "novel"]
    rng = random.Random(4)
    for numbers in samples(row, rng):
        direction = a_direction(rng, len(numbers))
        found = library.results(row, numbers, *direction)
        told = numbers, direction
        assert [*map(bits, found)] == [*map(bits, expected(row, numbers, *direction))], told


REFUSED = {
    "a comparison": (fixed(lambda x: x if x < 0.0 else -x), "order among numbers.*less, equal"),
    "equality": (fixed(lambda x: x * (x == 0.0)), "order among numbers"),
    "truth": (fixed(lambda x: x and 1.0), "truth value"),
    "the power operator": (fixed(lambda x: x**2), "power operator"),
    "a function of math": (fixed(lambda x: math.exp(x)), "number yet.*rows of the table"),
    "a built-in": (fixed(lambda x: abs(x)), "number yet"),
    "text": (fixed(lambda x: "x"), "gave 'x'"),
    "a loop": (many(lambda xs: sum(xs), []), "fold, each, scan, at and count"),
    "an index": (many(lambda xs: xs[0], []), "fold, each, scan, at and count"),
    "a loop in a loop": (
        many(lambda xs: fold(lambda a, x: a + fold(maximum, xs), xs, start=0.0), []),
        "loop inside a loop",
    ),
    "a vector for a number": (many(lambda xs: xs, []), "gives numbers or vectors"),
    "a list of symbols": (fixed(lambda x: TABLE["sum"]([x, x])), "a whole vector"),
    "two vectors in one call": (many(lambda xs: TABLE["dot"](xs, xs), []), "one vector"),
    "no start": (many(lambda xs: fold(lambda t, x, y: x, xs, xs), []), "needs a start"),
    "a mixture": (many(lambda xs: fold(lambda t, x, y: x, xs, [1.0], start=0.0), []), "mix"),
}


@pytest.mark.parametrize(("row", "message"), REFUSED.values(), ids=REFUSED)
def test_what_symbols_cannot_do_is_refused_with_the_name_of_the_row(row, message):
    with pytest.raises(TypeError, match=f"novel: its forward cannot be written in C: .*{message}"):
        header({"novel": row})


def test_a_refused_partial_is_named_too():
    row = fixed(lambda x: x, lambda out, x: math.sin(x))
    with pytest.raises(TypeError, match="novel: its partial 0 cannot be written"):
        header({"novel": row})


def test_the_header_is_the_same_every_time():
    """Also after other rules have been symbols in between."""
    first = header()
    header(NOVEL)
    assert header() == first
