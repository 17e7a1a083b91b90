"""The machine: one run has the bits of eager evaluation, rows those of vector mathematics."""

import gc
import itertools
import math
import signal
import sys
import threading
import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from machines import BLOCK, EDGES, KERNELS, Machine, bits, mapped, native, program, run

from autograd_lite.ops import TABLE, SequenceOp

Call = native.Call
NUMBER = "number"
FOLDS = [row for row in KERNELS if isinstance(row, SequenceOp)]
#: Vector mathematics is off by less than 4 ulp, that of one number by up to 3 with some functions.
ULPS = 6
SIZES = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 1000]


def single(row, size=3):
    """A machine of one instruction, and its number of inputs."""
    n = row.arity
    if n is None:
        n = len(row.vectors) * size + len(row.scalars)
    return program([(row, *range(n))], n, [n]), n


def points(row, n, rng, number=300):
    domain = row.domain if row.arity else list(itertools.islice(itertools.cycle(row.domain), n))
    inside = np.array([rng.uniform(low, high, number) for low, high in domain]).T
    if n == 1:
        edges = np.array(EDGES)[:, None]
    elif n == 2:
        edges = np.array([*itertools.product(EDGES, EDGES)])
    else:
        edges = rng.choice(EDGES, (number, n))
    return np.concatenate([inside, edges])


@pytest.mark.parametrize("row", KERNELS, ids=lambda row: row.name)
def test_one_run_has_the_bits_of_the_row(row):
    machine, n = single(row)
    for args in points(row, n, np.random.default_rng(1)).tolist():
        assert bits(run(machine, args)) == bits([row.on_floats(*args)]), args


@pytest.mark.parametrize("row", FOLDS, ids=lambda row: row.name)
@pytest.mark.parametrize("size", [0, 1, 4, 9])
def test_folds_of_any_length_have_the_bits_of_the_row(row, size):
    if size == 0 and not row.empty:
        with pytest.raises(ValueError, match=f"does not take {len(row.scalars)} operands"):
            single(row, size)
        return
    machine, n = single(row, size)
    args = np.random.default_rng(2).uniform(-3.0, 3.0, (70, n))
    expected = [row.on_floats(*numbers) for numbers in args.tolist()]
    assert bits([run(machine, numbers)[0] for numbers in args]) == bits(expected)
    assert bits(mapped(machine, [args], 70)[:, 0]) == bits(expected)


def assert_near(row, found, expected):
    if row.is_arithmetic:
        assert bits(found) == bits(expected)
        return
    for mine, right in zip(found.tolist(), expected.tolist(), strict=True):
        if math.isfinite(mine) and math.isfinite(right) and right != 0.0:
            assert abs(mine - right) <= ULPS * math.ulp(right)
        else:
            assert bits([mine]) == bits([right])


@pytest.mark.parametrize("row", KERNELS, ids=lambda row: row.name)
def test_rows_are_within_some_ulp_of_one_run(row):
    """Arithmetic has equal bits; special values are right."""
    machine, n = single(row)
    args = points(row, n, np.random.default_rng(3))
    expected = np.array([run(machine, numbers)[0] for numbers in args])
    assert_near(row, mapped(machine, [args], len(args))[:, 0], expected)


@pytest.mark.parametrize("row", [r for r in KERNELS if r.arity != 1], ids=lambda row: row.name)
def test_shared_inputs_change_no_bit(row):
    """Whichever are shared: all combinations, for folds of vectors and single elements of them."""
    machine, n = single(row, size=2)
    args = points(row, n, np.random.default_rng(4), 65)[:65]
    for shared in itertools.product([False, True], repeat=n):
        same = np.where(shared, args[0], args)
        columns = [same[0, i : i + 1] if shared[i] else same[:, i : i + 1] for i in range(n)]
        found, expected = mapped(machine, columns, 65), mapped(machine, [same], 65)
        if all(shared):  # then it is one run, not a block
            assert_near(row, found[:, 0], expected[:, 0])
        else:
            assert bits(found[:, 0]) == bits(expected[:, 0])


def network(rng):
    """Shared weights, inputs by row; outputs of all kinds: a fold, an input, a constant, twice."""
    less, tanh, exp, dot = (TABLE[name] for name in ("less", "tanh", "exp", "dot"))
    multiply, total, negative = (TABLE[name] for name in ("multiply", "sum", "negative"))
    n, m = 20, 11  # weights; numbers in a row
    constants = [0.5, -2.0]
    first = n + m + len(constants)
    steps = [(exp, i) for i in range(n)]
    weights, row = [first + i for i in range(n)], [n + i for i in range(m)]
    steps.append((dot, *weights[:m], *row, n + m))  # first + 20
    steps.append((tanh, first + 20))
    steps.append((multiply, weights[3], first + 21))
    steps.append((negative, first + 21))  # nobody reads it
    steps.append((less, first + 22, row[4]))
    steps.append((total, first + 21, first + 22, weights[5], row[0]))
    outputs = [first + 25, first + 24, row[2], n + m, weights[1], first + 25, first + 22]
    machine = program(steps, n + m, outputs, constants)
    return machine, rng.uniform(-1.0, 1.0, n), m


@pytest.mark.parametrize("n_rows", SIZES)
def test_any_number_of_rows_is_mapped_and_nothing_beyond(n_rows):
    rng = np.random.default_rng(5)
    machine, weights, m = network(rng)
    data = rng.uniform(-1.0, 1.0, (n_rows, m))
    found = mapped(machine, [weights, data], n_rows)
    expected = [run(machine, [*weights, *numbers]) for numbers in data]
    if n_rows:
        np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-15)
    room = np.full((machine.n_outputs + 2, n_rows), 7.0)
    given = [(weights, 0, len(weights), True), (data, len(weights), m, False)]
    machine.map(given, n_rows, room[1:-1], False, 2)
    assert bits(room[1:-1].T.ravel()) == bits(found.ravel())
    assert (room[[0, -1]] == 7.0).all()


@pytest.mark.parametrize("n_rows", [*SIZES, 5000, 300_000])
def test_sums_over_rows_are_exact_enough_and_the_same_for_any_threads(n_rows):
    rng = np.random.default_rng(6)
    machine, weights, m = network(rng)
    data = rng.uniform(-1.0, 1.0, (n_rows, m))
    rows = mapped(machine, [weights, data], n_rows)
    found = mapped(machine, [weights, data], n_rows, reduce=True)
    for threads in (2, 3, 1000):
        assert bits(mapped(machine, [weights, data], n_rows, True, threads)) == bits(found)
        assert bits(mapped(machine, [weights, data], n_rows, False, threads)[:, 0]) == bits(
            rows[:, 0]
        )
    for k in range(machine.n_outputs):
        tolerance = 1e-12 * math.fsum(np.abs(rows[:, k]))
        assert abs(found[k] - math.fsum(rows[:, k])) <= tolerance


def test_a_row_has_the_same_bits_at_every_place():
    rng = np.random.default_rng(7)
    machine, weights, m = network(rng)
    data = rng.uniform(-1.0, 1.0, (200, m))
    found = mapped(machine, [weights, data], 200)
    for i in (0, 63, 64, 130, 199):
        alone = mapped(machine, [weights, data[i : i + 1]], 1)
        assert bits(alone[0]) == bits(found[i])


def test_a_plan_is_made_anew_when_other_inputs_are_shared():
    machine = program([(TABLE["subtract"], 0, 1)], 2, [2])
    column, number = np.array([[1.0], [2.0]]), np.array([10.0])
    for _ in range(2):
        assert mapped(machine, [column, number], 2).tolist() == [[-9.0], [-8.0]]
        assert mapped(machine, [number, column], 2).tolist() == [[9.0], [8.0]]
        assert mapped(machine, [number, number], 2).tolist() == [[0.0], [0.0]]


def test_storage_is_used_again():
    chain = [(TABLE["sin"], i) for i in range(1000)]
    assert program(chain, 1, [1000]).registers == 1
    square = [(TABLE["multiply"], i, i) for i in range(1000)]
    machine = program(square, 1, [1000])
    assert machine.registers == 1
    assert run(machine, [1.0]).tolist() == [1.0]
    unused = [(TABLE["sin"], 0) for _ in range(1000)]
    assert program(unused, 1, [0]).registers == 2
    kept = program(chain, 1, [*range(1001)])
    assert kept.registers == 1001
    assert run(kept, [0.3])[3] == math.sin(math.sin(math.sin(0.3)))


def test_programs_without_inputs_instructions_or_outputs_run():
    assert run(program([], 0, []), []).tolist() == []
    assert mapped(program([], 0, []), [], 5).tolist() == [[]] * 5
    assert mapped(program([], 2, [1, 2], [7.0]), [np.array([[1.0, 2.0]])], 1).tolist() == [
        [2.0, 7.0]
    ]
    assert run(program([(TABLE["sum"],)], 0, [0]), []).tolist() == [0.0]
    assert mapped(program([(TABLE["sum"],)], 0, [0]), [], 3, True).tolist() == [0.0]


# --- what is no program ---------------------------------------------------------------------------

GOOD = {
    "rows": [("add", ()), ("sum", ()), ("leaky_relu", (0.5,))],
    "codes": np.array([0, 1, 2], np.int32),
    "starts": np.array([0, 2, 5, 6]),
    "operands": np.array([0, 1, 0, 1, 3, 4]),
    "constants": np.array([2.0]),
    "n_inputs": 2,
    "outputs": np.array([5, 3]),
}
BAD = [
    ("rows", [("add", ()), ("sum", ())], "codes\\[2\\] must be from 0 to 1"),
    ("rows", [("add", ()), ("sum", ()), ("nothing", ())], "no instruction 'nothing'"),
    ("rows", [("add", ()), ("sum", ()), ("leaky_relu", ())], "has 1 attributes"),
    ("rows", [("add", ()), ("sum", ()), ("leaky_relu", (1,))], "attributes are floats"),
    ("rows", [("add", ()), ("sum", ()), "leaky_relu"], "a row is"),
    ("rows", [("divide", ()), ("where", ()), ("exp", (0.5,))], "'exp' has 0 attributes"),
    ("rows", [("where", ()), ("sum", ()), ("exp", ())], "'where' does not take 2 operands"),
    ("codes", np.array([0, 1, 2]), "codes must be an array of int32"),
    ("codes", np.array([0, 1, -1], np.int32), "codes\\[2\\] must be from 0 to 2 and is -1"),
    ("codes", np.array([0, 1], np.int32), "starts must have 3 entries and has 4"),
    ("starts", np.array([0, 2, 5]), "starts must have 4 entries and has 3"),
    ("starts", np.array([0, 2, 1, 6]), "starts must not fall"),
    ("starts", np.array([0, 2, 5, 5]), "starts must go from 0 to 6"),
    ("starts", np.array([1, 2, 5, 6]), "starts must go from 0 to 6"),
    ("starts", np.array([0, 2, 2**62, 6]), "starts\\[2\\] must be from 0 to 6"),
    ("operands", np.array([0, 1, 0, 1, 3, 5]), "fills register 5 and reads 5"),
    ("operands", np.array([0, 1, 0, 1, 3, -1]), "operands\\[5\\] must be from 0 to 5"),
    ("operands", np.array([0.0]), "operands must be an array of int64"),
    ("operands", np.array([0, 9, 1, 9, 0, 9, 1, 9, 3, 9, 4])[::2], "contiguous"),
    ("constants", np.array([1.0], np.float32), "constants must be an array of float64"),
    ("constants", np.array([1.0], ">f8"), "constants must be an array of float64"),
    ("constants", None, "constants must be a contiguous array"),
    ("n_inputs", -1, "cannot have -1 inputs"),
    ("n_inputs", 2**40, "cannot have"),
    ("n_inputs", 2**30, "too many|cannot have"),
    ("outputs", np.array([6]), "outputs\\[0\\] must be from 0 to 5"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "message"), BAD)
def test_what_is_no_program_is_refused_with_the_reason(name, value, message):
    assert run(Machine(**GOOD), [1.0, 2.0]).tolist() == [9.0 - 3.0, 3.0]
    with pytest.raises(ValueError, match=message):
        Machine(**{**GOOD, name: value})


def test_misaligned_and_read_only_arrays_are_refused():
    machine = Machine(**GOOD)
    crooked = np.frombuffer(bytearray(17), dtype=np.uint8)[1:].view(np.float64)
    with pytest.raises(ValueError, match="inputs must be aligned"):
        machine.run(crooked, np.zeros(2))
    nothing = crooked[:0]  # as an empty bytearray may lie, since Python 3.13
    Machine([], np.zeros(0, np.int32), np.zeros(1, np.int64), np.zeros(0, np.int64), nothing, 1,
            np.zeros(1, np.int64)).run(np.ones(1), found := np.zeros(1))  # fmt: skip
    assert found == [1.0]
    fixed = memoryview(bytes(16)).cast("d")
    with pytest.raises(ValueError, match="outputs must be a contiguous, writable array"):
        machine.run(np.zeros(2), fixed)


def sizes_of_arrays(dtype, low, high):
    return hnp.arrays(dtype, st.integers(0, 12), elements=st.integers(low, high))


@pytest.mark.no_cover
@given(
    rows=st.lists(
        st.one_of(
            st.sampled_from([(r.name, tuple(r.attrs.values())) for r in KERNELS]),
            st.tuples(st.text(max_size=3), st.just(())),
        ),
        max_size=4,
    ),
    codes=sizes_of_arrays(np.int32, -1, 4),
    starts=sizes_of_arrays(np.int64, -1, 12).map(np.sort),
    operands=sizes_of_arrays(np.int64, -1, 20),
    n_inputs=st.integers(-1, 5),
    n_constants=st.integers(0, 3),
    outputs=sizes_of_arrays(np.int64, -1, 20),
)
def test_anything_runs_or_is_refused(rows, codes, starts, operands, n_inputs, n_constants, outputs):
    try:
        machine = Machine(rows, codes, starts, operands, np.ones(n_constants), n_inputs, outputs)
    except ValueError:
        return
    run(machine, np.ones(n_inputs))
    mapped(machine, [np.ones((65, n_inputs))], 65)


@given(data=st.data())
def test_random_programs_give_in_one_run_what_their_rows_give(data):
    n_inputs, n_constants = data.draw(st.integers(1, 4)), data.draw(st.integers(0, 3))
    numbers = data.draw(st.lists(st.sampled_from([*EDGES, 0.3, 1.7]), min_size=7, max_size=7))
    values = numbers[: n_inputs + n_constants]
    steps = []
    for _ in range(data.draw(st.integers(0, 25))):
        row = data.draw(st.sampled_from(KERNELS))
        n = row.arity
        if n is None:
            n = len(row.vectors) * data.draw(st.integers(1, 5)) + len(row.scalars)
        operands = data.draw(st.lists(st.integers(0, len(values) - 1), min_size=n, max_size=n))
        steps.append((row, *operands))
        values.append(row.on_floats(*[values[i] for i in operands]))
    outputs = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=30))
    machine = program(steps, n_inputs, outputs, values[n_inputs : n_inputs + n_constants])
    assert bits(run(machine, values[:n_inputs])) == bits([values[i] for i in outputs])
    if all(row.is_arithmetic for row, *_ in steps):
        shared = data.draw(st.lists(st.booleans(), min_size=n_inputs, max_size=n_inputs))
        columns = [
            np.array([x]) if same else np.full((66, 1), x)
            for x, same in zip(values, shared, strict=False)
        ]
        for row in mapped(machine, columns, 66):
            assert bits(row) == bits([values[i] for i in outputs])


MAPS = [
    ([(np.zeros((3, 2)), 0, 2, False)], 3, np.zeros((2, 2)), "2 outputs for each of 3 rows"),
    ([(np.zeros((3, 2)), 0, 2, False)], 4, np.zeros((4, 2)), "4 rows with 2 numbers each has 6"),
    ([(np.zeros((3, 1)), 0, 1, False)], 3, np.zeros((3, 2)), "the 2 inputs and cover 1"),
    ([(np.zeros((3, 3)), 0, 3, False)], 3, np.zeros((3, 2)), "must cover the 2 inputs in order"),
    ([(np.zeros((3, 2)), 1, 2, False)], 3, np.zeros((3, 2)), "after 0 of them came first=1"),
    ([(np.zeros((3, 2)), 0, -1, False)], 3, np.zeros((3, 2)), "count=-1"),
    ([(np.zeros((3, 2)), 0, 2, True)], 3, np.zeros((3, 2)), "1 rows with 2 numbers each has 6"),
    ([(np.zeros((3, 2), int), 0, 2, False)], 3, np.zeros((3, 2)), "an array of float64"),
    ([np.zeros(2)], 3, np.zeros((3, 2)), "an argument is \\(array, first input"),
    ([], -1, np.zeros((3, 2)), "at least 0 rows"),
]  # fmt: skip


@pytest.mark.parametrize(("inputs", "n_rows", "outputs", "message"), MAPS)
def test_arrays_that_do_not_fit_are_refused(inputs, n_rows, outputs, message):
    with pytest.raises(ValueError, match=message):
        Machine(**GOOD).map(inputs, n_rows, outputs, False, 1)


def test_a_long_program_lets_other_threads_run_and_keeps_its_numbers_apart():
    steps = [(TABLE["add"], 2, 0)] + [(TABLE["add"], k, 0) for k in range(3, 200_002)]
    machine = program(steps, 2, [200_002, 0], [0.25])
    expected = {x: float(200_000 * x + 0.25) for x in range(8)}  # exact: quarters below 2**53

    def times(x):
        found = np.empty(2)
        for _ in range(20):
            machine.run(np.array([float(x), 1.0]), found)
            assert found.tolist() == [expected[x], float(x)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(times, range(8)))


def test_a_machine_is_run_by_several_threads_at_once():
    rng = np.random.default_rng(8)
    machine, weights, m = network(rng)
    data = rng.uniform(-1.0, 1.0, (3000, m))
    expected = bits(mapped(machine, [weights, data], 3000).ravel())
    once = bits(run(machine, [*weights, *data[0]]))
    wrong = []

    def work():
        for _ in range(30):
            if bits(mapped(machine, [weights, data], 3000, threads=2).ravel()) != expected:
                wrong.append("map")
            if bits(run(machine, [*weights, *data[0]])) != once:
                wrong.append("run")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer that sends a signal")
@pytest.mark.parametrize("threads", [1, 2])
def test_a_signal_handler_that_raises_ends_a_map(threads):
    def handler(number, frame):
        raise InterruptedError("enough")

    machine = program([(TABLE["sin"], 0)], 1, [1])
    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        with pytest.raises(InterruptedError, match="enough"):  # or it would take some years
            mapped(machine, [np.ones(1)], 2**55, reduce=True, threads=threads)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    assert mapped(machine, [np.ones(1)], 1000, reduce=True)[0] == pytest.approx(1000 * math.sin(1))


def test_every_allocation_may_fail_and_nothing_is_lost():
    """Then there is a MemoryError, and the next call is right."""
    memory = pytest.importorskip("_testcapi", reason="this Python comes without its own tests")
    arrays = (np.array([0], np.int32), np.array([0, 3]), np.array([0, 1, 2]), np.array([0.5]), 2)
    column, number, sums = np.ones((3000, 1)), np.ones(1), np.zeros(2)
    machine = Machine([("sum", ())], *arrays, np.array([3, 0]))
    given = {"a": np.ones(1)}
    layouts = (dict, (("a", (np.ndarray, (1,), False)),)), NUMBER
    result = (tuple, ((list, 1), (dict, (("a", (np.ndarray, (1, 1), False)),))))
    nested = Call(machine, result, lambda *args: None, (), layouts)
    actions = [
        lambda: Machine([("sum", ())], *arrays, np.array([3, 0])),
        lambda: Call(machine, (tuple, 1), max, (1.0,), (NUMBER, NUMBER)),
        lambda: Call(
            machine, (dict, (("a", (list, 1)),)), max, (1.0,), ((list, (NUMBER,)), NUMBER)
        ),
        lambda: nested(given, 2.0),
        lambda: machine.map([(column, 0, 1, False), (number, 1, 1, True)], 3000, sums, True, 2),
        lambda: machine.map([(number, 0, 1, True), (column, 1, 1, False)], 3000, sums, True, 2),
    ]
    before, failed = 0, set()
    tracer = sys.gettrace()
    sys.settrace(None)  # or one that measures coverage would run out of memory, and give up
    tracemalloc.start()
    try:
        for again in range(20):
            for n, (k, action) in itertools.product(range(1, 40), enumerate(actions)):
                memory.set_nomemory(n, n + 1)
                try:
                    action()
                except MemoryError:
                    failed.add((n, k))
                finally:
                    memory.remove_mem_hooks()
            machine.map([(column, 0, 1, False), (number, 1, 1, True)], 3000, sums, True, 2)
            assert sums.tolist() == [7500.0, 3000.0]
            first, second = nested(given, 2.0)
            assert (first, second["a"].tolist()) == ([3.5], [[1.0]])
            if again == 1:
                before = tracemalloc.get_traced_memory()[0]
        assert len(failed) > 30
        assert tracemalloc.get_traced_memory()[0] - before < 5000
    finally:
        sys.settrace(tracer)
        tracemalloc.stop()


# --- calls ----------------------------------------------------------------------------------------


def handed_on(*args, **keywords):
    return args, keywords


def test_a_call_runs_the_machine_on_numbers_and_hands_on_everything_else():
    machine = program([(TABLE["subtract"], 0, 1)], 2, [2])
    call = Call(machine, NUMBER, handed_on, (), (NUMBER, NUMBER))
    assert call(3.0, 1.0) == 2.0
    assert call(2**53, np.float64(1.0)) == 2**53 - 1
    assert call(np.int64(2**53 - 1), np.float32(1.0)) == 2**53 - 2
    assert call(np.int32(-1), np.float16(1.0)) == -2.0
    assert call(*[3.0, 1.0], **{}) == 2.0
    for others in (
        (2**53 + 1, 1.0),
        (2**64, 1.0),
        (True, 1.0),
        (np.int64(2**53 + 1), 1.0),
        (np.int64(-(2**53)), 1.0),
        (np.uint8(3), 1.0),
        (np.timedelta64(3, "s"), 1.0),
        (np.bool_(True), 1.0),
        (np.array(3.0), 1.0),
        ("3", 1.0),
        (3.0,),
        (3.0, 1.0, 2.0),
    ):
        assert call(*others) == (others, {})
    assert call(3.0, y=1.0) == ((3.0,), {"y": 1.0})


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ((tuple, 2), (2.0, 3.0)),
        ((list, 2), [2.0, 3.0]),
        ((tuple, (NUMBER, (list, 1))), (2.0, [3.0])),
        ((list, ((tuple, (NUMBER, NUMBER)), (list, 0), (tuple, ()))), [(2.0, 3.0), [], ()]),
        ((dict, (("b", NUMBER), ("a", (tuple, 1)))), {"b": 2.0, "a": (3.0,)}),
        ((dict, ((1, NUMBER), (None, NUMBER))), {1: 2.0, None: 3.0}),
    ],
)
def test_a_call_builds_the_result_of_its_layout(layout, expected):
    call = Call(program([(TABLE["subtract"], 0, 1)], 2, [2, 0]), layout, max, (), (NUMBER, NUMBER))
    found = call(3.0, 1.0)
    assert repr(found) == repr(expected)
    assert call(3.0, 1.0) is not found


def test_a_call_builds_new_arrays_that_are_their_own():
    machine = program([(TABLE["subtract"], 0, 1)], 2, [2, 0, 1, 2, 0, 1, 0])
    layout = (
        tuple,
        ((np.ndarray, (2, 3), False), (np.ndarray, (), False), (np.ndarray, (0,), False)),
    )
    call = Call(machine, layout, max, (), (NUMBER, NUMBER))
    first, second = call(3.0, 1.0), call(3.0, 1.0)
    assert first[0].tolist() == [[2.0, 3.0, 1.0], [2.0, 3.0, 1.0]]
    assert first[1].tolist() == 3.0
    assert first[2].shape == (0,)
    for array, other in zip(first, second, strict=True):
        assert array.dtype == np.float64
        assert array.flags.carray
        assert array.flags.owndata
        assert not np.shares_memory(array, other)


@pytest.mark.parametrize(
    ("layout", "taken", "others"),
    [
        ((list, 2), [[3.0, 1.0], [3, np.float64(1.0)]],
         [[3.0], [3.0, 1.0, 0.0], (3.0, 1.0), [3.0, None]]),
        ((tuple, 2), [(3.0, 1.0), (3, 1)], [[3.0, 1.0], (3.0,), (3.0, "1")]),
        ((list, (NUMBER, (tuple, 1))), [[3.0, (1.0,)]], [[3.0, 1.0], [3.0, [1.0]], [3.0]]),
        ((dict, (("a", NUMBER), ("b", (list, 1)))), [{"a": 3.0, "b": [1.0]}],
         [{"b": [1.0], "a": 3.0}, {"a": 3.0}, {"a": 3.0, "c": [1.0]}, {"a": 3.0, "b": 1.0}]),
        ((dict, (("a", NUMBER), (1, NUMBER))),
         [{"".join(["a"]): 3.0, 1: 1.0}], [{"a": 3.0, 2: 1.0}]),
        ((np.ndarray, (2,), False),
         [np.array([3.0, 1.0]), np.array([3.0, 0.0, 1.0])[::2], np.array([1.0, 3.0])[::-1],
          np.array([3, 1]), np.array([3, 1], np.int32), np.array([3, 1], np.longlong),
          np.array([3.0, 1.0], np.float32)],
         [np.ones(3), np.ones((2, 1)), np.ones((1, 2)), np.float64(1.0), [3.0, 1.0],
          np.ones(2, bool), np.array([2**53 + 1, 0]), np.ones(2, complex), np.ones(2, ">f8"),
          np.ones(2, np.float16), np.ones(2, object), np.ones(2, np.longdouble), np.ma.ones(2),
          np.ones(2, "M8[s]"), np.ones(2, [("x", float)])]),
        ((np.ndarray, (1, 2, 1), False),
         [np.array([[[3.0], [1.0]]]), np.array([[[3.0]], [[1.0]]]).swapaxes(0, 1),
          np.broadcast_to([[3.0], [1.0]], (1, 2, 1)), np.asfortranarray([[[3.0], [1.0]]])],
         [np.ones(2), np.ones((2, 1, 1))]),
    ],
)  # fmt: skip
def test_a_call_takes_arguments_of_its_layout(layout, taken, others):
    machine = program([(TABLE["subtract"], 0, 1)], 3, [3, 2])
    call = Call(machine, (tuple, 2), lambda *args: args, (), (layout, NUMBER))
    for argument in taken:
        assert call(argument, 5.0) == (2.0, 5.0)
    for argument in others:
        found = call(argument, 5.0)
        assert found[0] is argument
        assert found[1] == 5.0


def test_a_call_takes_the_memory_of_arrays_that_are_not_aligned():
    array = np.frombuffer(b"x" + np.array([3.0, 1.0]).tobytes(), np.float64, offset=1)
    call = Call(
        program([(TABLE["subtract"], 0, 1)], 2, [2]),
        NUMBER,
        lambda x: float(x[0] - x[1]),
        (),
        ((np.ndarray, (2,), False),),
    )
    assert call(array) == 2.0
    record = np.array([(b"x", 3.0), (b"y", 1.0)], [("text", "S1"), ("number", float)])
    assert call(record["number"]) == 2.0


def test_a_call_takes_settings_that_are_the_same_object():
    thing = ["sin"] * 2
    call = Call(program([], 1, [0]), NUMBER, handed_on, (), (("static", "sin"), NUMBER))
    assert call("sin", 2.0) == 2.0
    assert call("cos", 2.0) == (("cos", 2.0), {})
    held = type("Same", (), {"thing": thing})()
    call = Call(program([], 1, [0]), NUMBER, handed_on, (), (NUMBER, ("callable", held)))
    assert call(2.0, thing) == 2.0
    assert call(2.0, list(thing)) == ((2.0, thing), {})


def test_a_call_takes_arguments_by_name():
    machine = program([(TABLE["subtract"], 0, 1), (TABLE["subtract"], 3, 2)], 3, [4])
    call = Call(machine, NUMBER, handed_on, (), (NUMBER,) * 3, (None, "y", "z", "other"))
    assert call(5.0, 1.0, z=2.0) == call(5.0, z=2.0, y=1.0) == call(5.0, 1.0, 2.0) == 2.0
    assert call(5.0, **{"".join("y"): 1.0, "".join("z"): 2.0}) == 2.0
    for args, keywords in (
        ((5.0, 1.0), {"y": 2.0}),
        ((5.0, 1.0), {"x": 2.0}),
        ((5.0, 1.0), {"other": 2.0}),
        ((5.0,), {"z": 2.0}),
        ((1.0,), {"x": 5.0, "z": 2.0}),
        ((5.0, 1.0, 2.0), {"z": 2.0}),
        ((), {"x": 5.0, "y": 1.0, "z": 2.0}),
    ):
        assert call(*args, **keywords) == (args, keywords)
    many = Call(program([], 33, [0]), NUMBER, handed_on, (), (NUMBER,) * 33, tuple("x" * 33))
    assert many(*range(33)) == 0.0
    assert many(*range(32), x=1.0) == ((*range(32),), {"x": 1.0})


def test_a_call_whose_guards_differ_is_handed_on():
    less = program([(TABLE["less"], 0, 1), (TABLE["less"], 1, 1)], 2, [0, 2, 3])
    call = Call(less, NUMBER, lambda *args: "otherwise", (1.0, 0.0), (NUMBER, NUMBER))
    assert call(1.0, 2.0) == 1.0
    assert call(2.0, 1.0) == "otherwise"
    assert call(math.nan, 1.0) == "otherwise"
    assert Call(less, (tuple, 2), max, (0.0,), (NUMBER, NUMBER))(1.0, 2.0) == (1.0, 1.0)


def test_a_call_that_hands_on_to_a_call_needs_no_recursion():
    call = handed_on
    for _ in range(100_000):
        call = Call(program([], 1, [0]), NUMBER, call, (), ((list, 1),))
    assert call(1.0) == ((1.0,), {})
    assert Call(program([], 1, [0]), NUMBER, call, (), (NUMBER,))(1.0) == 1.0
    assert call.fallback([2.0]) == 2.0
    while call is not handed_on:  # freed one by one, which is what else would need recursion
        call = call.fallback


def test_calls_that_cannot_work_are_refused():
    machine, array = program([], 1, [0, 0]), np.ndarray
    deep = NUMBER
    for _ in range(30):
        deep = (list, (deep,))
    for arguments, error, message in (
        ((machine, NUMBER, max, (), (NUMBER,)), ValueError, "do not fit the numbers"),
        ((machine, (list, 3), max, (), (NUMBER,)), ValueError, "do not fit the numbers"),
        ((machine, (list, -1), max, (), (NUMBER,)), ValueError, "do not fit the numbers"),
        ((machine, (list, 2), max, (1.0,) * 3, (NUMBER,)), ValueError, "3 guards do not fit 2"),
        ((machine, (list, 2), max, ("a",), (NUMBER,)), TypeError, "real number"),
        ((machine, (list, 2), max, (), ()), ValueError, "do not fit"),
        ((machine, (list, 2), max, (), ((list, 2),)), ValueError, "do not fit"),
        ((machine, (list, 2), max, (), (NUMBER, (list, 2**62), (list, 2**62))), ValueError, "fit"),
        ((machine, (list, 2), max, (), ((array, (2**40, 2**40), False),)), ValueError, "fit"),
        ((machine, (list, 2), max, (), ((list, 2**70),)), OverflowError, "too large|too big"),
        ((machine, (list, 2), max, (), ((array, (-1,), False),)), ValueError, "fit"),
        ((machine, (list, 2), max, (), ((array, ("a",), False),)), TypeError, "integer"),
        ((machine, (list, 2), max, (), ((array, (1,), True),)), TypeError, "and was given the"),
        ((machine, (list, 2), max, (), ((set, 1),)), TypeError, "and was given the layout"),
        ((machine, (list, 2), max, (), ((dict, 1),)), TypeError, "and was given the layout"),
        ((machine, (list, 2), max, (), ((dict, (NUMBER,)),)), TypeError, "and was given"),
        ((machine, (list, 2), max, (), ((list, None),)), TypeError, "and was given"),
        ((machine, (list, 2), max, (), ((list,),)), TypeError, "and was given"),
        ((machine, (list, 2), max, (), ("Value",)), TypeError, "and was given"),
        ((machine, (list, 2), max, (), (("static", []), NUMBER)), TypeError, "and was given"),
        ((machine, (list, 2), max, (), (("callable", 1), NUMBER)), AttributeError, "thing"),
        ((machine, (list, 2), max, (), (deep,)), TypeError, "and was given"),
    ):
        with pytest.raises(error, match=message):
            Call(*arguments)


def test_a_call_is_right_when_the_collector_runs_it_in_between():
    """Making the result may collect garbage, whose finalizers are Python code."""
    n = 200  # lists, more than Python keeps for later
    machine = program([(TABLE["subtract"], 0, 1)], 2, [2, 0] * n)
    handed = []

    def again(*args):
        handed.append(args)
        return [[args[0] - args[1], args[0]] for _ in range(n)]

    call = Call(machine, (list, ((list, 2),) * n), again, (), (NUMBER, NUMBER))
    freed = []

    class Garbage:
        def __init__(self):
            self.itself = self

        def __del__(self):
            freed.append(call(7.0, 5.0))

    before = gc.get_threshold()
    try:
        for _ in range(20):
            Garbage()
            gc.set_threshold(1)
            found = call(3.0, 1.0)
            gc.set_threshold(*before)
            assert found == [[2.0, 3.0]] * n
    finally:
        gc.set_threshold(*before)
    gc.collect()
    assert freed == [[[2.0, 7.0]] * n] * 20
    if sys.version_info < (3, 12):  # since then the collector waits for the next step in Python
        assert (3.0, 1.0) in handed


def test_long_programs_let_other_threads_call_meanwhile():
    n = 25_000
    steps = [(TABLE["sin"], k) for k in range(n)]
    call = Call(program(steps, 1, [n]), (list, 1), handed_on, (), (NUMBER,))
    numbers = [0.1 * k for k in range(1, 9)]
    expected = [call(x) for x in numbers]
    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(call, numbers * 20)] == expected * 20


def test_a_call_in_a_cycle_is_collected():
    class Owner:
        pass

    owner = Owner()
    owner.call = Call(program([], 1, [0]), NUMBER, lambda *args, owner=owner: owner, (), (NUMBER,))
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None
