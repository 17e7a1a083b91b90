"""What programs leave out changes no bit, and what they keep as one instruction can be one."""

import itertools
import math
import struct

import pytest

from autograd_lite.ops import TABLE

EDGES = [
    0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e300, -1e300, 1e-300, -1e-300, 5e-324, -5e-324,
    math.inf, -math.inf, math.nan, 2.0**53, math.pi,
]  # fmt: skip
EXACT = [
    pytest.param(row, pattern, rule, id=f"{name} {pattern}".replace("Ellipsis", "*"))
    for name, row in TABLE.items()
    for pattern, rule in row.exact
]


def bits(number):
    return "nan" if math.isnan(number) else struct.pack("d", number)


@pytest.mark.parametrize(("row", "pattern", "rule"), EXACT)
def test_an_exact_identity_keeps_every_bit(row, pattern, rule):
    for others in itertools.product(EDGES, repeat=row.arity - 1):
        rest = iter(others)
        args = [next(rest) if part is ... else part for part in pattern]
        assert bits(float(rule(*args))) == bits(row.on_floats(*args)), args


def test_kernels_are_functions_of_the_c_library_arithmetic_and_folds():
    names = {name for name, row in TABLE.items() if row.is_kernel}
    assert {
        "add",
        "exp",
        "less",
        "carry",
        "relu",
        "clip",
        "library_power",
        "dot",
        "sum",
        "max",
    } <= names
    assert names.isdisjoint({"identity", "stop_gradient", "sigmoid", "gelu", "logsumexp", "norm"})


@pytest.mark.parametrize("row", [row for row in TABLE.values() if row.ignores_zero_sign])
def test_what_ignores_the_sign_of_zero_gives_the_same_bits(row):
    for args in itertools.product(EDGES, repeat=row.arity):
        plain = [x + 0.0 for x in args]
        assert bits(row.on_floats(*args)) == bits(row.on_floats(*plain)), args
