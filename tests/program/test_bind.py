"""A program on arrays that stay: one call without arguments, on either engine and tier."""

import gc
import math

import numpy as np
import pytest

import autograd_lite as ag

EDGES = [0.0, -0.0, 1.0, -2.5, 5e-324, math.inf, -math.inf, math.nan]


def program(n=3):
    """Of value and gradient; two of its outputs are an input and a constant."""
    xs = [ag.Value(0.5) for _ in range(n)]
    y = ag.sum([x * ag.tanh(x) for x in xs]) * xs[0]
    return ag.freeze([y, *ag.gradient(y, xs, create_graph=True), xs[1], ag.Value(7.0)], xs)


def bits(array):
    found = np.array(array)
    found[np.isnan(found)] = math.nan
    return found.tobytes()


def test_a_bound_call_gives_the_bits_of_a_call():
    made = program()
    given, found = np.zeros(3), np.empty(6)
    run = made.bind(given, found)
    for point in np.random.default_rng(1).choice(EDGES, (50, 3)):
        given[:] = point
        assert run() is None
        assert bits(found) == bits(made(*point.tolist()))


@pytest.mark.parametrize("rows", [0, 1, 7, 8, 9, 127, 128, 129, 1000])
def test_a_bound_call_over_rows_gives_the_bits_of_map(rows):
    made = program()
    given, found = np.zeros((3, rows)), np.full((6, rows), 9.0)
    run = made.bind(given, found)
    for seed in range(3):
        given[:] = np.random.default_rng(seed).choice(EDGES, (3, rows))
        run()
        assert bits(found) == bits(np.array(made.map(*given)))


def test_two_bound_calls_of_one_program_do_not_disturb_each_other():
    made = program(2)
    first, second = np.array([1.0, 2.0]), np.array([3.0, -4.0])
    one, other = np.empty(5), np.empty(5)
    runs = made.bind(first, one), made.bind(second, other)
    for run in (*runs, *runs):
        run()
    assert one.tolist() == made(1.0, 2.0)
    assert other.tolist() == made(3.0, -4.0)


def test_the_arrays_live_as_long_as_the_call():
    made = program(2)
    run = made.bind(np.array([1.0, 2.0]), np.empty(5))
    gc.collect()
    run()


@pytest.mark.parametrize(
    ("inputs", "outputs", "error", "said"),
    [
        ([0.5, 0.5, 0.5], np.empty(6), TypeError, "inputs is an array of float64"),
        (np.zeros(3, np.float32), np.empty(6), TypeError, "inputs is an array of float64"),
        (np.zeros(3), np.empty(6, int), TypeError, "outputs is an array of float64"),
        (np.zeros(4), np.empty(6), ag.ShapeError, r"inputs is of shape \(3,\)"),
        (np.zeros(3), np.empty(5), ag.ShapeError, r"outputs is of shape \(6,\)"),
        (np.zeros((3, 5)), np.empty((6, 4)), ag.ShapeError, "outputs is of shape"),
        (np.zeros((3, 5)), np.empty(6), ag.ShapeError, "has rows, the other none"),
        (np.zeros((5, 3)).T, np.empty((6, 5)), ValueError, "C-contiguous"),
    ],
)
def test_other_arrays_are_refused(inputs, outputs, error, said):
    with pytest.raises(error, match=said):
        program().bind(inputs, outputs)


def test_arrays_that_share_memory_or_cannot_be_written_to_are_refused():
    made, both = program(), np.zeros(9)
    with pytest.raises(ValueError, match="share no memory"):
        made.bind(both[:3], both[2:8])
    constant = np.empty(6)
    constant.flags.writeable = False
    with pytest.raises(ValueError, match="must be writable"):
        made.bind(np.zeros(3), constant)


def test_a_bound_call_takes_no_arguments():
    with pytest.raises(TypeError):
        program().bind(np.zeros(3), np.empty(6))(1.0)
