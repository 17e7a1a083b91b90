"""Vector mathematics, for every set of instructions here, by the C library and by our own."""

import itertools
import json
import math
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from machines import EDGES, KERNELS, bits, mapped, native, program, run

from autograd_lite.ops import TABLE
from autograd_lite.ops.languages import record_of

VARIANTS = [name for name in ("plain", "avx2", "avx512") if native.use_vectors(name) == name]
SOURCES = [*itertools.product(VARIANTS, ("library", "own"))]
native.use_vectors("")
LEAVES = [row for row in KERNELS if row.arity and not row.is_arithmetic]
MANY = 200
COMPILER = shutil.which("gcc") or shutil.which("clang")


@pytest.fixture(autouse=True)
def usual():
    yield
    native.use_vectors("")


def machine_of(row):
    return program([(row, *range(row.arity))], row.arity, [row.arity])


def points(row, rng):
    """Of the domain, of all sizes, and special ones, in any order."""
    domain = np.array([rng.uniform(low, high, MANY) for low, high in row.domain])
    sizes = 10.0 ** rng.uniform(-320.0, 308.0, (row.arity, MANY))
    found = [domain, sizes * rng.choice([-1.0, 1.0], sizes.shape)]
    found.append(rng.choice(EDGES, (row.arity, MANY)))
    return rng.permutation(np.concatenate(found, axis=1).T)


def rows_of(machine, data):
    return mapped(machine, [data], len(data))[:, 0]


@pytest.mark.parametrize("row", LEAVES, ids=lambda row: row.name)
def test_bits_of_a_row_depend_on_no_neighbour(row):
    """Among ordinary and special numbers, in another order, and among its likes."""
    rng = np.random.default_rng(1)
    machine, data = machine_of(row), points(row, rng)
    order = rng.permutation(len(data))
    for variant, source in SOURCES:
        native.use_vectors(variant, source)
        found = rows_of(machine, data)
        assert bits(rows_of(machine, data[order])) == bits(found[order])
        assert bits(rows_of(machine, np.repeat(data, 8, axis=0))[::8]) == bits(found)
        for rest in range(1, 17):
            assert bits(rows_of(machine, data[:rest])) == bits(found[:rest])


@pytest.mark.parametrize("row", LEAVES, ids=lambda row: row.name)
def test_special_numbers_are_right(row):
    """As in one run, up to some ulp; where the result is an infinity, zero or nan, to the bit."""
    machine = machine_of(row)
    data = np.array([*itertools.product(EDGES, repeat=row.arity)])
    expected = np.array([run(machine, numbers)[0] for numbers in data])
    ordinary = np.isfinite(expected) & (expected != 0.0)
    for variant, source in SOURCES:
        native.use_vectors(variant, source)
        found = rows_of(machine, data)
        assert bits(found[~ordinary]) == bits(expected[~ordinary])
        unit = np.spacing(np.abs(expected[ordinary]))
        assert (np.abs(found[ordinary] - expected[ordinary]) <= 6 * unit).all()


@pytest.mark.parametrize("row", LEAVES, ids=lambda row: row.name)
def test_errors_are_below_four_ulp(row):
    exact = pytest.importorskip("exact", reason="needs mpmath")
    rng = np.random.default_rng(9)
    machine = machine_of(row)
    data = np.array([rng.uniform(low, high, 500) for low, high in row.domain]).T
    with exact.mp.workdps(40):
        values = [exact.FUNCTIONS[row.name](*map(exact.mp.mpf, xs)) for xs in data.tolist()]
        for variant, source in SOURCES:
            native.use_vectors(variant, source)
            for number, value in zip(rows_of(machine, data).tolist(), values, strict=True):
                assert abs(number - value) <= 4 * math.ulp(float(value)), (variant, source, value)


#: Where digits are lost most easily: between reductions, near zeros, at the limits.
HARD = {
    "exp": [(np.arange(-1020, 1023) + 0.5) * math.log(2.0), np.linspace(-745.0, -700.0, 300)],
    "expm1": [(np.arange(-50, 1023) + 0.5) * math.log(2.0), np.linspace(-0.4, 0.4, 999)],
    "log": [1.0 + np.linspace(-1e-3, 1e-3, 500), math.sqrt(0.5) + np.linspace(-1e-9, 1e-9, 500),
            np.logspace(-320.0, 308.0, 500)],
    "sin": [np.arange(1, 660_000, 997) * (math.pi / 2), np.linspace(-1e6, 1.1e6, 999)],
    "cos": [np.arange(1, 660_000, 997) * (math.pi / 2), np.linspace(-1e6, 1.1e6, 999)],
    "tanh": [np.linspace(-22.0, 22.0, 999), np.logspace(-30.0, 1.0, 500)],
}  # fmt: skip


@pytest.mark.parametrize("name", HARD)
def test_our_own_are_exact_where_it_is_hard_and_alike_for_all_lanes(name):
    """Each that has a form of its own; others are computed one by one."""
    exact = pytest.importorskip("exact", reason="needs mpmath")
    machine, data = machine_of(TABLE[name]), np.concatenate(HARD[name])[:, None]
    with exact.mp.workdps(60):
        values = [exact.FUNCTIONS[name](exact.mp.mpf(x)) for x in data[:, 0].tolist()]
    alike = []
    for variant in VARIANTS:
        native.use_vectors(variant, "own")
        found = rows_of(machine, data)
        alike.append(bits(found))
        for number, value in zip(found.tolist(), values, strict=True):
            assert abs(number - value) <= 3 * math.ulp(float(value)), (variant, value)
    assert all(each == alike[0] for each in alike)


def test_own_forms_are_those_that_the_records_name():
    forms = {row.rules[0].c: record_of(row.rules[0]) for row in LEAVES}
    own = {name for name, record in forms.items() if record.own_vectors}
    made_of_them = {name for name, record in forms.items() if record.vectors in own}
    for variant in VARIANTS:
        native.use_vectors(variant, "own")
        name, lanes, functions = native.vectors()
        assert (name, lanes) == (variant, {"plain": lanes, "avx2": 4, "avx512": 8}[variant])
        if lanes > 1:
            assert {leaf for leaf, address in functions.items() if address} == own | made_of_them
        assert functions.keys() == {name for name, record in forms.items() if record.vectors}


def test_without_vector_mathematics_rows_have_the_bits_of_one_run():
    rng = np.random.default_rng(2)
    for variant in VARIANTS:
        native.use_vectors(variant, "none")
        assert not any(native.vectors()[2].values())
        for row in LEAVES:
            machine, data = machine_of(row), points(row, rng)[:100]
            one = [run(machine, numbers)[0] for numbers in data]
            assert bits(rows_of(machine, data)) == bits(one)


FAULTY = r"""
#include <math.h>
typedef double Two __attribute__((vector_size(16)));
#define EACH(f) (Two){f(x[0]), f(x[1])}
Two _ZGVbN2v_cosh(Two x) { return EACH(cosh); }
Two _ZGVbN2v_erf(Two x) { return EACH(erf) + 0.0; /* which turns -0.0 into 0.0 */ }
Two _ZGVbN2v_cos(Two x) { return isinf(x[0]) ? (Two){1.0, cos(x[1])} : EACH(cos); }
Two _ZGVbN2v_sinh(Two x) { return fabs(x[0]) > 9e9 ? EACH(sinh) : EACH(sinh) * (1.0 + 4e-16); }
"""
LOOK = """
import json
import numpy as np
from autograd_lite.program import native
numbers, found = np.array([[0.5], [-0.0], [np.inf], [2.0]]), {}
for source in ("none", "own", "library"):
    native.use_vectors("plain", source)
    for name in ("cosh", "erf", "cos", "sinh"):
        program = [(name, ())], np.zeros(1, np.int32), np.array([0, 1]), np.arange(1), np.zeros(0)
        rows = np.zeros((1, 4))
        native.Machine(*program, 1, np.array([1])).map([(numbers, 0, 1, False)], 4, rows, False, 1)
        is_called = bool(native.vectors()[2][name])
        found[f"{name} {source}"] = [is_called, *rows[0].view(np.int64).tolist()]
print(json.dumps(found))
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or VARIANTS[-1] == "plain" or not COMPILER,
    reason="needs a compiler, and the names of functions for x86-64",
)
def test_functions_that_are_wrong_or_heed_their_neighbours_are_refused(tmp_path):
    """One that loses signs of zeros alone is mended. So were functions of glibc for aarch64."""
    (tmp_path / "faulty.c").write_text(FAULTY)
    library = tmp_path / "libmvec.so.1"
    subprocess.run(
        [COMPILER, "-O1", "-shared", "-fPIC", tmp_path / "faulty.c", "-o", library, "-lm"],
        check=True,
    )
    done = subprocess.run(
        [sys.executable, "-c", LOOK], capture_output=True, text=True,
        env=os.environ | {"LD_LIBRARY_PATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for name in ("cosh", "erf"):
        assert found[f"{name} library"] == [True, *found[f"{name} none"][1:]]
    assert found["sinh library"] == found["sinh none"]
    assert found["cos library"] == found["cos own"]
