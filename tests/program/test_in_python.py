"""Programs where the machine was not compiled; tested whichever engine runs."""

import inspect
import struct

import numpy as np
import pytest
from hypothesis import given
from programs import programs

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.program.in_python import BLOCK, InPython


def bits(numbers):
    return ["nan" if number != number else struct.pack("d", number) for number in numbers]


@given(programs())
def test_a_run_has_the_bits_of_the_program(random_program):
    leaves = [Value(number) for number in random_program.points[:, 0].tolist()]
    steps = random_program.run(leaves, Value._apply_op)
    program = ag.freeze(steps, leaves)
    runner = InPython(program)
    for point in np.ascontiguousarray(random_program.points.T):
        assert bits(runner.once(point)) == bits(program.run(point))


def test_a_run_that_raises_in_python_gives_ieee_numbers():
    x = Value(2.0)
    runner = InPython(ag.freeze([1.0 / x, ag.log(x), ag.exp(1000.0 * x)], [x]))
    assert bits(runner.once(np.array([-0.0]))) == bits([-np.inf, -np.inf, 1.0])
    assert bits(runner.once(np.array([1.0]))) == bits([1.0, 0.0, np.inf])
    assert bits(runner.once(np.array([-1.0]))) == bits([-1.0, np.nan, 0.0])


def test_it_needs_no_source(monkeypatch):
    """Frozen applications have none."""

    def missing(thing):
        raise OSError("could not get source code")

    monkeypatch.setattr(inspect, "getsource", missing)
    x = Value(2.5)
    program = ag.freeze([ag.floor(x) / x, ag.hypot(x, 1.0), ag.erf(x)], [x])
    runner = InPython(program)
    expected = program.run(np.array([2.5]))
    assert bits(runner.once(np.array([2.5]))) == bits(expected)
    assert runner.rows([(np.array([[2.5]]), False)], 1, False, 1)[:, 0] == pytest.approx(expected)
    assert "whose source is not here to copy" in program.to_python().source


@pytest.mark.parametrize("n_rows", [0, 1, BLOCK, BLOCK + 1, 3 * BLOCK - 1])
def test_rows_and_their_sums_are_those_of_the_program(n_rows):
    x, y = Value(2.0), Value(3.0)
    program = ag.freeze([x * y, x + 1.0, y * y, y], [x, y])
    column = np.random.default_rng(1).uniform(-1.0, 1.0, (n_rows, 1))
    arguments = [(column, False), (np.array([0.5]), True)]
    runner = InPython(program)
    rows = runner.rows(arguments, n_rows, False, 1).T
    assert bits(rows.ravel()) == bits(program.run_rows(arguments, n_rows).ravel())
    sums = runner.rows(arguments, n_rows, True, 1)
    assert sums == pytest.approx(program.run_rows(arguments, n_rows, "sum"), abs=1e-12 * n_rows)
    assert sums[3] == 0.5 * n_rows
    blocks = [rows[first : first + BLOCK, 0].copy() for first in range(0, n_rows, BLOCK)]
    assert sums[0] == sum([block.sum() for block in blocks], 0.0)
