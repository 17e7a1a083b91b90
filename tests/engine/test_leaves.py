"""Numbers of many Values at once: they are read and written as arrays, all or none."""

import math
from array import array

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import ProgramError, Value
from autograd_lite.engine import are_finite, read_numbers, write_numbers

NAN, INF = math.nan, math.inf


def fixed(numbers):
    found = np.array(numbers)
    found.flags.writeable = False
    return found


def test_numbers_are_read_into_an_array():
    x = Value(-0.0)
    nodes = [x, x * 2.0 + 3.0, x, Value(NAN)]
    into = np.full(4, 9.0)
    assert read_numbers(nodes, into) is None
    assert np.signbit(into).tolist()[:3] == [True, False, True]
    assert into.tolist()[:3] == [0.0, 3.0, 0.0]
    assert math.isnan(into[3])
    read_numbers(tuple(nodes[:2]), into[1:3])
    assert into.tolist()[:3] == [0.0, 0.0, 3.0]


def test_numbers_are_written_to_leaves_and_graphs_computed_from_them_stay():
    x, y = Value(1.0, label="x"), Value(2.0)
    z = x * y
    z.backward()
    assert write_numbers((x, y), np.array([3.0, -0.0])) is None
    assert (x.data, math.copysign(1.0, y.data)) == (3.0, -1.0)
    assert (z.data, x.grad, x.label) == (2.0, 2.0, "x")
    z.refresh()
    assert z.data == 0.0


def test_what_was_written_is_read_again():
    leaves = [Value(0.0) for _ in range(1000)]
    numbers, again = np.random.default_rng(1).normal(size=1000), np.zeros(1000)
    write_numbers(leaves, numbers)
    read_numbers(leaves, again)
    np.testing.assert_array_equal(again, numbers)
    assert leaves[-1].data == numbers[-1]
    assert type(leaves[0].data) is float


def test_other_arrays_of_floats_will_do():
    leaves = [Value(1.0), Value(2.0)]
    write_numbers(leaves, array("d", [5.0, 6.0]))
    write_numbers(leaves, fixed([7.0, 8.0]))  # which is only read
    into = array("d", [0.0, 0.0])
    read_numbers(leaves, into)
    assert into.tolist() == [7.0, 8.0]


def test_none_fit_an_array_of_none():
    read_numbers([], np.zeros(0))
    write_numbers((), np.zeros(0))


def test_a_leaf_that_comes_twice_has_the_last_number():
    x = Value(0.0)
    write_numbers([x, x], np.array([1.0, 2.0]))
    assert x.data == 2.0


@pytest.mark.parametrize("function", [read_numbers, write_numbers])
@pytest.mark.parametrize("length", [0, 1, 3])
def test_an_array_of_another_length_is_refused(function, length):
    nodes, numbers = [Value(1.0), Value(2.0)], np.full(length, 9.0)
    with pytest.raises(ValueError, match=f"2 Values do not fit an array of {length} numbers"):
        function(nodes, numbers)
    assert ([node.data for node in nodes], numbers.tolist()) == ([1.0, 2.0], [9.0] * length)


@pytest.mark.parametrize("function", [read_numbers, write_numbers])
@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.complex128, ">f8"])
def test_an_array_of_another_type_is_refused(function, dtype):
    nodes = [Value(1.0), Value(2.0)]
    with pytest.raises(ValueError, match="an array of float64 is needed, and was given"):
        function(nodes, np.zeros(2, dtype))
    with pytest.raises(ValueError, match="float64"):
        are_finite(np.zeros(2, dtype))
    assert nodes[0].data == 1.0


@pytest.mark.parametrize("wrong", [None, 3.0, [1.0, 2.0], "ab"])
@pytest.mark.parametrize("function", [read_numbers, write_numbers])
def test_what_is_no_array_is_refused(function, wrong):
    nodes = [Value(1.0), Value(2.0)]
    with pytest.raises((TypeError, ValueError)):
        function(nodes, wrong)
    assert [node.data for node in nodes] == [1.0, 2.0]


@pytest.mark.parametrize("wrong", [1.0, None, "x", [Value(2.0)]])
@pytest.mark.parametrize("function", [read_numbers, write_numbers])
def test_what_is_no_value_is_refused(function, wrong):
    x = Value(1.0)
    with pytest.raises(TypeError):
        function([x, wrong], np.full(2, 9.0))
    assert x.data == 1.0


def test_a_target_that_is_read_only_stays():
    into = fixed([1.0, 2.0])
    with pytest.raises((ValueError, BufferError), match=r"read-only|writable"):
        read_numbers([Value(3.0), Value(4.0)], into)
    assert into.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("kind", ["computed", "constant"])
def test_all_are_written_or_none(kind, place):
    leaf = Value(1.0)
    computed = Value(2.0) * 3.0
    other = computed if kind == "computed" else computed.parents[1]
    before = other.data
    leaves = [leaf, leaf]
    leaves[place] = other
    with pytest.raises(AttributeError) as one:
        other.data = 5.0
    with pytest.raises(AttributeError) as all_of_them:
        write_numbers(leaves, np.array([7.0, 8.0]))
    assert str(all_of_them.value) == str(one.value)
    assert (leaf.data, other.data) == (1.0, before)


class TestFinite:
    @pytest.mark.parametrize("wrong", [NAN, INF, -INF])
    @pytest.mark.parametrize("place", [0, 3, 8])
    def test_one_number_that_is_not_is_seen_at_any_place(self, wrong, place):
        numbers = np.full(9, 1.7e308)
        assert are_finite(numbers) is True
        numbers[place] = wrong
        assert are_finite(numbers) is False

    def test_none_at_all_and_the_smallest_are(self):
        assert are_finite(np.zeros(0)) is True
        assert are_finite(fixed([5e-324, -0.0])) is True


class TestTracing:
    def test_reading_what_is_traced_is_refused(self):
        into = np.zeros(1)

        def leak(x):
            read_numbers([x * 2.0], into)
            return x * into[0]

        with pytest.raises(ProgramError, match="bake"):
            ag.compile(leak)(3.0)
        assert into.tolist() == [0.0]

    def test_numbers_of_other_values_may_be_read(self):
        w, into = Value(3.0), np.zeros(1)

        def scaled(x):
            read_numbers([w], into)
            return x * float(into[0])

        assert ag.compile(scaled)(2.0) == 6.0
