"""Machines of a few steps, and what they give; tests that import this need the compiled machine."""

import math

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.ops import TABLE

native = pytest.importorskip(
    "autograd_lite.program.native", reason="the machine is not built", exc_type=ImportError
)
if ag.engine != "native":
    pytest.skip("only Python code is to be tested", allow_module_level=True)
Machine, BLOCK = native.Machine, native.BLOCK

KERNELS = [row for row in TABLE.values() if row.is_kernel]
EDGES = [
    0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 710.0, -745.1, 1024.5, 1e22, 1e300, -1e300, 1e-300,
    2.2250738585072014e-308, -1e-310, 5e-324, -5e-324, math.inf, -math.inf, math.nan,
]  # fmt: skip


def program(steps, n_inputs, outputs, constants=()):
    """A machine for (row, operands …) each."""
    rows = [(row.name, tuple(row.attrs.values())) for row, *_ in steps]
    starts = np.cumsum([0, *[len(step) - 1 for step in steps]], dtype=np.int64)
    operands = np.array([i for _, *given in steps for i in given], dtype=np.int64)
    codes = np.arange(len(steps), dtype=np.int32)
    floats = np.array(constants, dtype=np.float64)
    return Machine(rows, codes, starts, operands, floats, n_inputs, np.array(outputs, np.int64))


def run(machine, inputs):
    outputs = np.full(machine.n_outputs, 99.0)
    machine.run(np.array(inputs, dtype=np.float64), outputs)
    return outputs


def mapped(machine, arguments, n_rows, reduce=False, threads=1):
    """`arguments` are arrays; those of one dimension are shared."""
    inputs, first = [], 0
    for array in arguments:
        count = array.shape[-1]
        inputs.append((np.ascontiguousarray(array, np.float64), first, count, array.ndim == 1))
        first += count
    outputs = np.full((machine.n_outputs, n_rows)[: 1 if reduce else 2], 99.0)
    machine.map(inputs, n_rows, outputs, reduce, threads)
    return outputs if reduce else outputs.T


def bits(numbers):
    """To compare: every nan is one."""
    floats = np.array(numbers, dtype=np.float64)
    floats[np.isnan(floats)] = math.nan
    return floats.view(np.int64).tolist()
