"""Machine code gives the bits of the machine's own kernels, for one run and over rows."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from programs import programs

import autograd_lite as ag
from autograd_lite.ops import TABLE, SequenceOp
from autograd_lite.program.machine import native

pytest.importorskip("llvmlite", reason="machine code needs the extra jit")
if native is None:
    pytest.skip("machine code needs the machine in C", allow_module_level=True)

from autograd_lite.program.jit import machine_code

PUBLIC = [row for row in TABLE.values() if row.public]
EDGES = [0.0, -0.0, 1.0, -1.0, 0.75, -2.5, 1e300, -1e-300, 5e-324, math.inf, -math.inf, math.nan]


def bits(numbers):
    array = np.array(numbers, dtype=float)
    array[np.isnan(array)] = math.nan
    return array.tobytes()


def call(row, xs):
    if not isinstance(row, SequenceOp):
        return row(*xs)
    return row(xs, xs[::-1]) if len(row.vectors) == 2 else row(xs)


def frozen(function, n):
    """A program of a function of n numbers, a copy of it as machine code, and that in pieces."""
    inputs = [ag.Value(0.5) for _ in range(n)]
    found = function(inputs)
    program = ag.freeze(found if isinstance(found, list) else [found], inputs)
    return program, program.changed()


def install(program, shared=None, reduced=False):
    machine = program.runner.machine
    machine_code.install_once(program, machine)
    machine_code.install_rows(program, machine, shared or bytes(program.n_inputs), reduced)


def assert_alike(interpreted, compiled, columns):
    for row in columns.T.tolist():
        assert bits(interpreted.run(np.array(row))) == bits(compiled.run(np.array(row))), row
    assert bits(interpreted.map(*columns)) == bits(compiled.map(*columns))


@pytest.mark.parametrize("row", PUBLIC, ids=lambda row: row.name)
def test_every_op_and_its_derivatives_have_the_bits_of_the_interpreter(row):
    n = row.arity or 3

    def all_of_it(xs):
        y = call(row, xs)
        y = y if isinstance(y, ag.Value) else ag.Value(y)
        slopes = ag.gradient(y, xs, create_graph=True)
        return [y, *slopes, *ag.gradient(ag.sum(slopes), xs, create_graph=True)]

    interpreted, compiled = frozen(all_of_it, n)
    install(compiled)
    rng = np.random.default_rng(3)
    inside = [rng.uniform(low, high, 37) for low, high in (row.domain * n)[:n]]
    assert_alike(interpreted, compiled, np.array(inside))
    assert_alike(interpreted, compiled, rng.choice(EDGES, (n, 150)))


@given(programs())
@settings(max_examples=60)
def test_random_programs_have_the_bits_of_the_interpreter(drawn):
    def all_of_it(inputs):
        root = drawn.run(inputs, lambda row, args: row(*_grouped(row, args)))[-1]
        return [root, *ag.gradient(root, inputs, create_graph=True)]

    interpreted, compiled = frozen(all_of_it, len(drawn.points))
    install(compiled)
    assert_alike(interpreted, compiled, drawn.points)


def _grouped(row, args):
    return row.groups(args) if isinstance(row, SequenceOp) else args


def test_pieces_and_long_folds_change_no_bit(monkeypatch):
    """What crosses a border goes through memory, the total of a long fold too."""
    monkeypatch.setattr(machine_code, "PIECE", 3)
    monkeypatch.setattr(machine_code, "ELEMENTS", 2)
    monkeypatch.setattr(machine_code, "BATCH", 20)

    def all_of_it(xs):
        y = ag.sum([ag.tanh(x * x + 0.5) for x in xs]) * ag.dot(xs, xs[::-1]) + ag.max(xs)
        return [y, *ag.gradient(y, xs, create_graph=True), xs[0], ag.logsumexp(xs)]

    interpreted, compiled = frozen(all_of_it, 9)
    install(compiled)
    rng = np.random.default_rng(5)
    assert_alike(interpreted, compiled, rng.normal(size=(9, 300)))
    assert_alike(interpreted, compiled, rng.choice(EDGES, (9, 300)))


def test_a_long_fold_takes_as_many_lines_as_it_has_elements(monkeypatch):
    """Each part of it reads its own elements, and not all of them."""
    lines, compiled = [], machine_code.compiled

    def counting(bodies):
        lines.append(sum(len(body.lines) for body in bodies))
        return compiled(bodies)

    monkeypatch.setattr(machine_code, "compiled", counting)
    for n in (500, 1000):
        _, program = frozen(ag.max, n)
        machine_code.install_once(program, program.runner.machine)
    assert lines[1] < 2.1 * lines[0]


@pytest.mark.parametrize("rows", [1, 7, 100, 1000])
@pytest.mark.parametrize("threads", [1, 3])
def test_sums_over_rows_and_shared_inputs_have_the_bits_of_the_interpreter(
    monkeypatch, rows, threads
):
    """Between layers, which stay the machine's own, steps are machine code."""
    monkeypatch.setattr(machine_code, "SHORTEST", 0)
    model = ag.nn.MLP(2, [7, 5, 1], activation="tanh", seed=3)
    parameters = model.parameters()
    x, y = [ag.Value(0.1), ag.Value(0.2)], ag.Value(0.3)
    loss = (model(x) - y) ** 2
    found = [loss, *ag.gradient(loss, parameters, create_graph=True)]
    interpreted = ag.freeze(found, [*parameters, *x, y])
    compiled = interpreted.changed()
    shared = bytes([1] * len(parameters) + [0] * 3)
    assert machine_code.install_rows(compiled, compiled.runner.machine, shared, True)
    rng = np.random.default_rng(rows)
    columns = [*rng.normal(size=(3, rows))]
    given_ = [*[p.data for p in parameters], *columns]
    kept = range(len(parameters))
    for how in ({"reduce": "sum"}, {}):
        one = interpreted.map(*given_, shared=kept, **how)
        two = compiled.map(*given_, shared=kept, threads=threads, **how)
        assert bits(one) == bits(two)


def test_a_small_network_is_left_to_the_machine_s_kernels():
    """Its steps between layers are too few for machine code to be quicker."""
    model = ag.nn.MLP(2, [7, 5, 1], activation="tanh", seed=3)
    x = [ag.Value(0.1), ag.Value(0.2)]
    parameters = model.parameters()
    found = ag.gradient(model(x), parameters, create_graph=True)
    program = ag.freeze(found, [*parameters, *x])
    shared = bytes([1] * len(parameters) + [0] * 2)
    assert not machine_code.install_rows(program, program.runner.machine, shared, True)


@pytest.mark.parametrize("rows", [8, 12, 16, 24, 130, 136, 1000])
@pytest.mark.parametrize("special", [0, 3])
def test_where_arrays_lie_changes_no_bit(rows, special):
    """Outputs are written to whole lines of the cache: rows before these are run by themselves.

    Where machine code leaves zeros and nans to the machine's own steps, it does so for rows of
    both runs.
    """

    def all_of_it(xs):
        loss = ag.sum([100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in itertools.pairwise(xs)])
        return [loss, *ag.gradient(loss, xs, create_graph=True)]

    interpreted, compiled = frozen(all_of_it, 4)
    install(compiled)
    rng = np.random.default_rng(rows)
    columns = rng.normal(size=(4, rows))
    for _ in range(special):
        columns[rng.integers(4), rng.integers(rows)] = rng.choice(EDGES)
    want = bits(interpreted.map(*columns))
    room = np.zeros(5 * rows + 64)
    first = -room.ctypes.data // room.itemsize % 8
    for offset in range(8):
        found = room[first + offset :][: 5 * rows].reshape(5, rows)
        found[:] = 7.0
        compiled.bind(columns, found)()
        assert bits(found) == want


@pytest.mark.parametrize(
    "function",
    [
        lambda a, b: a + -b, lambda a, b: -a + b, lambda a, b: -a - b, lambda a, b: -a + -b,
        lambda a, b: a - -b, lambda a, b: -a - -b, lambda a, b: -a * b, lambda a, b: a / -b,
        lambda a, b: -a * -b, lambda a, b: -(-a / b), lambda a, b: 0.0 - a,
        lambda a, b: 0.0 - a * b, lambda a, b: ag.tanh(-a) - b, lambda a, b: -a * b - -a,
    ],
)  # fmt: skip
def test_signs_that_are_put_off_come_out_the_same(function):
    def all_of_it(xs):
        found = function(*xs)
        return [found, *ag.gradient(found, xs, create_graph=True)]

    interpreted, compiled = frozen(all_of_it, 2)
    install(compiled)
    assert_alike(interpreted, compiled, np.array(np.meshgrid(EDGES, EDGES)).reshape(2, -1))
