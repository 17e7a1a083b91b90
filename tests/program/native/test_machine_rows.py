"""The machine over rows: sums of products that share an operand, steps in pairs, zero times inf."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from machines import BLOCK, EDGES, KERNELS, bits, mapped, program, run

from autograd_lite.ops import TABLE

SIZES = [0, 1, 7, 8, 9, 63, 64, 65, 100, BLOCK - 1, BLOCK, BLOCK + 1, 1000, 16 * BLOCK + 3]
#: Instructions whose results may be added up as they are computed, and joined in pairs.
PLAIN = [row for row in KERNELS if row.arity == 2 and row.is_arithmetic and not row.attrs]
ADD, MULTIPLY, CARRY, DOT = (TABLE[name] for name in ("add", "multiply", "carry", "dot"))
CARRIED_DOT, NEGATIVE, TANH = (TABLE[name] for name in ("carried_dot", "negative", "tanh"))
#: Beside these, products of zero.
POISON = [(0.0, math.inf), (math.nan, 0.0), (-0.0, math.nan), (-math.inf, -0.0)]


def assert_sum(found, rows):
    """Within rounding; of numbers that are not all finite, what IEEE-754 says."""
    others = [number for number in rows if not math.isfinite(number)]
    if others:
        assert bits([found]) == bits([sum(others)])
    else:
        assert abs(found - math.fsum(rows)) <= 1e-12 * math.fsum(map(abs, rows))


def assert_sums(machine, arguments, n_rows):
    """Reduced rows are the sums of rows that are not, for any number of threads."""
    rows = mapped(machine, arguments, n_rows)
    found = mapped(machine, arguments, n_rows, reduce=True)
    for threads in (2, 5):
        assert bits(mapped(machine, arguments, n_rows, True, threads)) == bits(found)
    for total, column in zip(found.tolist(), rows.T.tolist(), strict=True):
        assert_sum(total, column)


# --- sums over rows -------------------------------------------------------------------------------


@pytest.mark.parametrize("shared", [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("row", PLAIN, ids=lambda row: row.name)
def test_results_of_arithmetic_are_added_up(row, shared):
    rng = np.random.default_rng(1)
    machine = program([(row, 0, 1)], 2, [2])
    for n_rows in SIZES:
        columns = [rng.normal(size=1 if same else (n_rows, 1)) for same in shared]
        assert_sums(machine, columns, n_rows)


@pytest.mark.parametrize("row", PLAIN, ids=lambda row: row.name)
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 13])
def test_results_with_their_left_operand_in_common_are_added_up(row, count):
    """Of all of them the outputs come in another order than the instructions."""
    rng = np.random.default_rng(2)
    steps = [(row, 0, 1 + k) for k in range(count)]
    outputs = rng.permutation(count) + count + 1
    machine = program(steps, count + 1, outputs)
    for n_rows in SIZES:
        assert_sums(machine, [rng.normal(size=(n_rows, count + 1))], n_rows)


def test_groups_change_with_the_left_operand_and_the_row():
    rng = np.random.default_rng(3)
    lefts = [0, 0, 0, 0, 0, 1, 1, 0, 0, 2, 2, 2, 2, 2, 2]
    rows = [MULTIPLY] * 7 + [CARRY] * 4 + [MULTIPLY] * 4
    steps = [(row, x, 3 + k % 4) for k, (row, x) in enumerate(zip(rows, lefts, strict=True))]
    machine = program(steps, 7, [7 + k for k in range(len(steps))])
    for n_rows in SIZES:
        assert_sums(machine, [rng.normal(size=(n_rows, 7))], n_rows)


def test_outputs_of_every_kind_are_added_up():
    """Inputs, shared ones, constants, twice, read by others, a computed number for all rows."""
    rng = np.random.default_rng(4)
    data, weights, constants = 4, 3, [0.5, -2.0]
    first = data + weights + len(constants)
    steps = [
        (MULTIPLY, 0, 1), (MULTIPLY, 0, 2), (MULTIPLY, 0, 0), (MULTIPLY, 0, 3), (MULTIPLY, 0, 1),
        (MULTIPLY, 4, 5),  # the same for all rows
        (MULTIPLY, 0, first + 5), (MULTIPLY, first + 5, 0),
        (ADD, first + 1, first), (CARRY, first + 8, first + 1), (NEGATIVE, first + 9),
        (MULTIPLY, 0, first + 10), (MULTIPLY, 7, 8),
    ]  # fmt: skip
    outputs = [
        *(first + k for k in range(len(steps))), 0, 3, 3, 4, 6, 7, 8, first + 1, first + 2,
        first + 5, first + 12, first + 12,
    ]  # fmt: skip
    machine = program(steps, data + weights, outputs, constants)
    for n_rows in SIZES:
        arguments = [rng.normal(size=(n_rows, data)), rng.normal(size=weights)]
        assert_sums(machine, arguments, n_rows)


def test_what_is_the_same_for_all_rows_counts_once_for_each():
    machine = program([(MULTIPLY, 0, 2), (TANH, 0)], 2, [3, 4, 0, 2, 1], [0.25])
    column = np.arange(300.0).reshape(-1, 1)
    found = mapped(machine, [np.array([3.0]), column], 300, reduce=True)
    assert found.tolist() == [225.0, 300 * math.tanh(3.0), 900.0, 75.0, 44850.0]


@given(st.integers(0, 30), st.integers(0, 2**32 - 1), st.sampled_from(SIZES))
def test_random_programs_are_added_up(length, seed, n_rows):
    rng = np.random.default_rng(seed)
    n_inputs, n_shared = int(rng.integers(1, 6)), int(rng.integers(4))
    count = n_inputs + n_shared + 1
    steps = []
    for _ in range(length):
        row = rng.choice([MULTIPLY, MULTIPLY, MULTIPLY, CARRY, ADD, TABLE["less"], NEGATIVE])
        steps.append((row, *rng.integers(count, size=row.arity).tolist()))
        count += 1
    outputs = rng.integers(count, size=rng.integers(1, 20))
    machine = program(steps, n_inputs + n_shared, outputs, [0.75])
    columns = rng.uniform(-1.5, 1.5, (n_rows, n_inputs))
    for _ in range(rng.integers(4) if n_rows else 0):
        columns[rng.integers(n_rows), rng.integers(n_inputs)] = rng.choice(EDGES)
    assert_sums(machine, [columns, rng.uniform(-1.5, 1.5, n_shared)], n_rows)


def test_maps_of_any_sizes_follow_one_another():
    """One machine keeps the room of its last map."""
    rng = np.random.default_rng(5)
    steps = [(TANH, k) for k in range(20)] + [(MULTIPLY, 0, 20 + k) for k in range(20)]
    machine = program(steps, 20, [*range(40, 60)])
    for n_rows in [8, 1000, 1, 5000, 129, 1000]:
        data = rng.normal(size=(n_rows, 20))
        for threads in (1, 3):
            found = mapped(machine, [data], n_rows, True, threads)
            right = (data[:, :1] * np.tanh(data)).sum(axis=0)
            np.testing.assert_allclose(found, right, rtol=1e-10, atol=1e-12 * n_rows)
            rows = mapped(machine, [data], n_rows, False, threads)
            np.testing.assert_allclose(rows, data[:, :1] * np.tanh(data), rtol=1e-14)


def tree(sums):
    """Neighbours by twos, then these by twos, and so on; a last one without another stays."""
    while len(sums) > 1:
        pairs = sums[0 : len(sums) - 1 : 2] + sums[1::2]
        sums = np.concatenate([pairs, sums[len(pairs) * 2 :]])
    return sums[0]


@pytest.mark.parametrize("blocks", [*range(1, 9), 15, 16, 17, 31, 33, 100, 4096, 4097])
def test_sums_of_blocks_are_added_in_a_binary_tree(blocks):
    """So that any number of processes, each with a power of two of blocks, gives the same bits."""
    rng = np.random.default_rng(8)
    machine = program([(MULTIPLY, 0, 1), (TANH, 0)], 2, [2, 3, 1])
    data = rng.normal(size=(blocks * BLOCK - 5, 2)) * 10.0 ** rng.integers(-8, 8, (1, 2))
    parts = [data[start : start + BLOCK] for start in range(0, len(data), BLOCK)]
    alone = np.array([mapped(machine, [part], len(part), reduce=True) for part in parts])
    expected = [tree(sums) for sums in alone.T]
    for threads in (1, 2, 7):
        assert bits(mapped(machine, [data], len(data), True, threads)) == bits(expected)


# --- zero times inf -------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", POISON)
@pytest.mark.parametrize("row", [CARRY, MULTIPLY], ids=lambda row: row.name)
def test_one_row_with_zero_times_inf_is_as_its_rule_says(row, pair):
    """carry has +0.0 there, multiply nan."""
    rng = np.random.default_rng(6)
    for count, n_rows in itertools.product((1, 4, 5), (1, 9, BLOCK + 5)):
        machine = program([(row, 0, 1 + k) for k in range(count)], count + 1,
                          [count + 1 + k for k in range(count)])  # fmt: skip
        data = rng.normal(size=(n_rows, count + 1))
        where, which = rng.integers(n_rows), rng.integers(count)
        data[where, 0], data[where, 1 + which] = pair
        found = mapped(machine, [data], n_rows, reduce=True)
        for k in range(count):
            rows = [row.on_floats(*numbers) for numbers in data[:, [0, 1 + k]].tolist()]
            assert_sum(found[k], rows)
        if row is CARRY:
            assert not math.isnan(found[which])


@pytest.mark.parametrize("shared", [0, 1])
@pytest.mark.parametrize("pair", POISON)
def test_a_shared_operand_may_be_the_zero(pair, shared):
    machine = program([(CARRY, 0, 1)], 2, [2])
    data = np.ones((BLOCK + 9, 2))
    data[:, shared] = pair[shared]
    data[[3, BLOCK + 2], 1 - shared] = pair[1 - shared]
    columns = [data[0, k : k + 1] if k == shared else data[:, k : k + 1] for k in (0, 1)]
    expected = [CARRY.on_floats(*numbers) for numbers in data.tolist()]
    assert bits(mapped(machine, columns, len(data))[:, 0]) == bits(expected)
    [found] = mapped(machine, columns, len(data), reduce=True)
    assert_sum(found, expected)


@pytest.mark.parametrize("row", [DOT, CARRIED_DOT], ids=lambda row: row.name)
@pytest.mark.parametrize("shared", [(), (0,), (1,), (2,), (0, 2), (1, 2)])
@pytest.mark.parametrize("size", [1, 4, 7])
def test_folds_of_some_lanes_with_zero_times_inf_have_the_bits_of_the_row(row, shared, size):
    """Also where all products and the start are -0.0."""
    rng = np.random.default_rng(7)
    n_rows, n = BLOCK + 11, 2 * size + 1
    machine = program([(row, *range(n))], n, [n])
    cuts = [slice(0, size), slice(size, 2 * size), slice(2 * size, n)]
    for edges in (0, 1, 40, 2000):
        data = rng.normal(size=(n_rows, n))
        places = rng.integers(n_rows, size=edges), rng.integers(n, size=edges)
        data[places] = rng.choice([0.0, -0.0, math.inf, -math.inf, math.nan], edges)
        data[rng.integers(n_rows)] = [-0.0] * size + [1.0] * size + [-0.0]
        data[rng.integers(n_rows)] = [0.0] * size + [math.inf] * size + [-0.0]
        for k in shared:
            data[:, cuts[k]] = data[rng.integers(n_rows), cuts[k]]
        columns = [data[0, cut] if k in shared else data[:, cut] for k, cut in enumerate(cuts)]
        expected = [row.on_floats(*numbers) for numbers in data.tolist()]
        assert bits(mapped(machine, columns, n_rows)[:, 0]) == bits(expected)


# --- one run: pairs of instructions ---------------------------------------------------------------


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("outer", PLAIN, ids=lambda row: row.name)
@pytest.mark.parametrize("inner", PLAIN, ids=lambda row: row.name)
def test_every_pair_of_arithmetic_has_the_bits_of_its_rows(inner, outer, side):
    rng = np.random.default_rng(8)
    machine = program([(inner, 0, 1), (outer, *((3, 2) if side == 0 else (2, 3)))], 3, [4])
    for x, y, z in [*rng.choice(EDGES, (150, 3)).tolist(), *rng.normal(size=(20, 3)).tolist()]:
        middle = inner.on_floats(x, y)
        right = outer.on_floats(*((middle, z) if side == 0 else (z, middle)))
        assert bits(run(machine, [x, y, z])) == bits([right]), (x, y, z)


@given(st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_random_arithmetic_has_the_bits_of_its_rows(length, seed):
    """Chains, numbers that are kept long, outputs in the middle: places are used again."""
    rng = np.random.default_rng(seed)
    numbers = rng.choice([*EDGES, *rng.normal(size=20)], rng.integers(1, 7)).tolist()
    n_inputs = rng.integers(len(numbers) + 1)
    values, steps = [*numbers], []
    for _ in range(length):
        row = rng.choice([*PLAIN, *PLAIN, NEGATIVE, DOT])
        operands = [
            int(len(values) - rng.integers(1, min(3, len(values)) + 1))
            if rng.integers(3)
            else int(rng.integers(len(values)))
            for _ in range(row.arity or 5)
        ]
        steps.append((row, *operands))
        values.append(row.on_floats(*[values[i] for i in operands]))
    outputs = [len(values) - 1, *rng.integers(len(values), size=rng.integers(6))]
    machine = program(steps, int(n_inputs), outputs, numbers[n_inputs:])
    right = bits([values[i] for i in outputs])
    for _ in range(2):  # constants are still there
        assert bits(run(machine, numbers[:n_inputs])) == right


def test_a_result_that_is_read_twice_or_given_out_is_in_no_pair():
    """A pair would compute it, and keep it nowhere."""
    twice = program([(MULTIPLY, 0, 1), (ADD, 2, 2)], 2, [3])
    assert run(twice, [3.0, 5.0]).tolist() == [30.0]
    given_out = program([(MULTIPLY, 0, 1), (ADD, 2, 0)], 2, [3, 2])
    assert run(given_out, [3.0, 5.0]).tolist() == [18.0, 15.0]
    both = program([(MULTIPLY, 0, 1), (ADD, 0, 1), (TABLE["subtract"], 2, 3)], 2, [4])
    assert run(both, [3.0, 5.0]).tolist() == [7.0]
    later = program([(MULTIPLY, 0, 1), (ADD, 0, 1), (ADD, 2, 1), (ADD, 3, 4)], 2, [5])
    assert run(later, [3.0, 5.0]).tolist() == [28.0]


# --- vector mathematics ---------------------------------------------------------------------------


def test_tanh_of_special_numbers_is_right_to_the_bit():
    """It is composed of expm1: signs of zeros, subnormals, and limits are its own."""
    tiny = [0.0, 5e-324, 1e-310, 2.2250738585072014e-308, 1e-300, 1e-20, 1e-9]
    far = [20.0, 400.0, 1e300, math.inf]
    numbers = [*tiny, *far, *(-x for x in (*tiny, *far)), math.nan]
    found = mapped(program([(TANH, 0)], 1, [1]), [np.array(numbers).reshape(-1, 1)], len(numbers))
    assert bits(found[:, 0]) == bits([math.tanh(x) for x in numbers])


def test_tanh_is_odd_grows_and_stays_within_one():
    xs = np.concatenate([np.linspace(0.0, 25.0, 5000), np.logspace(-320, 300, 2000)])
    machine = program([(TANH, 0)], 1, [1])
    found, mirrored = (mapped(machine, [x.reshape(-1, 1)], len(x))[:, 0] for x in (xs, -xs))
    assert bits(mirrored) == bits(-found)
    assert (found <= 1.0).all()
    right = np.tanh(xs)
    assert (np.abs(found - right) <= 4 * np.spacing(right)).all()
