"""Running out of memory at every allocation: a MemoryError, nothing leaked, every number intact.

Failures can be injected in a build for tests only: ``make faults`` makes one and runs this.
"""

import copy
import importlib
import pickle
import weakref
from collections import Counter

import numpy as np
import pytest
from foreign import product_row, total_row, weighted_row
from nodes import same_nodes

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.engine import (
    Builder,
    Mode,
    adjoints,
    adjoints_in,
    constant,
    dependent,
    fields,
    hessian_products,
    needed,
    record,
    record_layer,
    restore,
    tangents,
    tangents_in,
    topological_order,
)
from autograd_lite.modes import in_mode
from autograd_lite.ops import TABLE, SequenceOp
from autograd_lite.ops.table import with_attrs
from autograd_lite.program.jit import machine_code
from autograd_lite.program.running import Native, quick_program

if ag.engine != "native":
    pytest.skip("the C engine does not run here", allow_module_level=True)
engine = importlib.import_module("autograd_lite.engine.native._engine")
if not hasattr(engine, "fail_after"):
    pytest.skip("no build for tests (make faults makes one)", allow_module_level=True)

#: A generator that cannot be closed for want of memory says so, but cannot raise.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

MANY = 300  # arguments: too many for the engine's arrays on the stack
PRODUCT, WEIGHTED, TOTAL = product_row(), weighted_row(), total_row()
STEEP = with_attrs("leaky_relu", (("slope", 0.7),))


class Graph:
    """A graph with everything in it, and all that can be known about it."""

    def __init__(self):
        self.x, self.y = Value(0.5, label="x"), Value(-1.5)
        self.many = [Value(i / MANY) for i in range(MANY)]
        self.layer = nn.Layer(2, 3, seed=1)
        with ag.scope("part"):
            inner = PRODUCT(self.x, self.y) + ag.leaky_relu(self.y, slope=0.7)
        fan = ag.dot(self.many, [self.x] * MANY, self.y)
        part = TOTAL([self.x, 2.0, self.y], 4.0) + WEIGHTED(self.x, 1.0, self.y, self.x)
        self.small = inner + part
        self.root = inner * fan + ag.exp(self.x) + ag.where(ag.less(self.x, 1.0), part, 2.0)
        self.smooth = ag.tanh(fan) * ag.logsumexp(self.many) * ag.exp(self.x)
        self.sines = ag.sum([ag.sin(x) * self.x for x in self.many])
        self.root.label = "root"
        self.root.backward()
        self.nodes = topological_order([self.root])

    def state(self):
        return [(n.data, n.grad, n.local_grads, n.label, n._scope) for n in self.nodes]

    def put_back(self, state):
        for node, (data, grad, _, label, scope) in zip(self.nodes, state, strict=True):
            node.grad, node.label, node._scope = grad, label, scope
            if not node.op and not node.constant:
                node.data = data

    def check(self, state):
        """Marks left over from a walk would hide nodes from these two passes."""
        assert self.state() == state
        assert same_nodes(topological_order([self.root]), self.nodes)
        self.root.zero_grad()
        self.root.backward()
        assert self.state() == state


def rows_of_the_table():
    for name, row in TABLE.items():
        if isinstance(row, SequenceOp):
            yield f"{name}([3])", lambda g, row=row: row(*[g.many[:3] for _ in row.vectors])
            yield f"{name}([300])", lambda g, row=row: row(*[g.many for _ in row.vectors])
        else:
            yield name, lambda g, row=row: record(row, (g.x,) * row.arity)
            yield f"{name}()", lambda g, row=row: row(*[g.x, 2.0, g.y][: row.arity])
        if hasattr(Value, name) and not isinstance(row, SequenceOp):
            yield (
                f".{name}()",
                lambda g, row=row: getattr(g.x, row.name)(*[g.y, 2][: row.arity - 1]),
            )


def side_by_side(g):
    row, scopes = TABLE["dot"], [("part",)] * 3
    three = [g.x, g.y, g.many[0]]
    return (
        record_layer(row, STEEP, [g.many[:5]] * 3, [*g.many[:4], 1.0], three, scopes),
        record_layer(row, None, [g.many] * 3, g.many, three, scopes),
    )


def built(g):
    """Kernels only, with more constants, instructions and kinds of rows than there is room for."""
    builder = Builder(2)
    registers = builder.enter([g.x, g.y], [g.many[0], g.sines])
    registers.append(builder.emit(TABLE["multiply"], [1, builder.constant(-1.0)]))
    registers.append(builder.emit(TABLE["sum"], registers[:1] * MANY))
    registers.append(builder.emit(STEEP, [registers[1]]))
    parts = builder.finished(registers)
    return parts, needed(2 + len(parts[0]) // 8, *parts[3:6])


#: What may run out of memory anywhere; none of them may change a number when it fails.
PROGRAMS = {
    **dict(rows_of_the_table()),
    "x + y": lambda g: g.x + g.y,
    "x + 2": lambda g: g.x + 2,
    "2.0 / x": lambda g: 2.0 / g.x,
    "numpy - x": lambda g: np.float64(2.0) - g.x,
    "x ** y": lambda g: g.x**g.y,
    "-abs(x)": lambda g: -abs(g.x),
    "x < numpy": lambda g: (g.x < g.y, g.x >= np.float32(2), g.x == 2**53 + 1, g.x != np.int64(7)),
    "a weak reference": lambda g: weakref.ref(g.x)() is g.x,
    "Value": lambda g: (Value(1.0), Value(np.float64(2.0))),
    "Value with a label": lambda g: (Value(1.0, "label"), Value(data=2.0, label="other")),
    "constant": lambda g: constant(2.0),
    "a slope": lambda g: ag.leaky_relu(g.x, slope=0.3) + ag.elu(g.y, 1.5),
    "norm": lambda g: ag.norm(g.many, order=3.0),
    "a row of Python's": lambda g: PRODUCT(g.x, g.y),
    "a new row of Python's": lambda g: product_row()(g.x, 2.0),
    "four arguments": lambda g: WEIGHTED(g.x, 1.0, g.y, g.x),
    "a sequence of Python's": lambda g: TOTAL(g.many, g.x),
    "a tuple and numbers": lambda g: ag.dot((g.x, 2.0), [3.0, g.y], bias=1.0),
    "backward": lambda g: g.root.backward(2.0),
    "zero_grad": lambda g: g.root.zero_grad(),
    "refresh": lambda g: g.root.refresh(),
    "adjoints": lambda g: adjoints(g.root, 1.0, g.nodes),
    "hessian_products": lambda g: hessian_products(g.smooth, g.nodes, [[1.0] * len(g.nodes)] * 2),
    "tangents": lambda g: tangents(g.nodes, [g.x, g.y], [1.0, 2.0]),
    "dependent": lambda g: dependent(g.nodes, [g.x]),
    "topological_order": lambda g: topological_order(iter([g.root, g.x])),
    "topological_order since": lambda g: topological_order([g.root], iter([g.nodes[-2]])),
    "topological_order without": lambda g: topological_order([g.root], without=iter(g.many[:2])),
    "fields": lambda g: [fields(n) for n in g.nodes[-3:]],
    "restore": lambda g: [restore(*fields(n)) for n in g.nodes],
    "attributes": lambda g: [(n.parents, n.local_grads, n.label, n.op) for n in g.nodes],
    "a new label": lambda g: setattr(g.root, "label", "another"),
    "a new scope": lambda g: setattr(g.root, "_scope", ("a", "b")),
    "new data": lambda g: setattr(g.x, "data", np.float64(3.0)),
    "a new grad": lambda g: setattr(g.y, "grad", 7),
    "record_layer": side_by_side,
    "copy": lambda g: copy.copy(g.root),
    "instructions": built,
}
#: Mostly code of CPython 3.11 and NumPy, which are less strict: a call's arguments are lost when
#: there is no memory for the call, so nodes are not counted here; some errors become others.
PYTHON_PROGRAMS = {
    "second derivatives": lambda g: ag.gradient(
        g.x * ag.exp(g.x) * g.y, [g.x, g.y], create_graph=True
    ),
    "adjoints_in": lambda g: adjoints_in(None, g.nodes, {g.root: 1.0}, {*g.nodes}),
    "tangents_in": lambda g: tangents_in(None, g.nodes, {g.x: 1.0}),
    "hessian_products of Python's rows": lambda g: hessian_products(g.root, [g.x], [[1.0]]),
    "a program": lambda g: ag.freeze(PRODUCT(-1.0, ag.gelu(g.y) * g.x), [g.x, g.y]),
    "a layer": lambda g: g.layer([g.x, 1.0]),
    "deepcopy": lambda g: copy.deepcopy(g.small),
    "pickle": lambda g: pickle.dumps([g.small, g.x]),
    "unpickle": lambda g: pickle.loads(PICKLED),
}
PICKLED = pickle.dumps(ag.leaky_relu(ag.dot([Value(1.0)] * MANY, [Value(2.0)] * MANY), slope=0.1))


class Recorded:
    """A program and one step of training, with all that they need and their results."""

    def __init__(self):
        x, y = Value(0.5), Value(-1.5)
        loss = ag.tanh(x * y) + ag.gelu(y) * ag.norm([x, y, x * 2.0])
        found = [loss, *ag.gradient(loss, [x, y], create_graph=True)]
        self.program = ag.freeze(found, [x, y]).with_jit(False)  # it is put there below
        self.once, self.rows = np.array([0.5, 2.0]), np.linspace(-2.0, 2.0, 600).reshape(2, 300)
        self.machine = self.program.runner.machine
        self.call = quick_program(self.program, self.program.runner)
        self.given = [(row, k, 1, False) for k, row in enumerate(self.rows.reshape(2, 300, 1))]
        self.found = self.program(*self.once)
        self.wanted = self.run(self.machine), self.map(self.machine), self.map(self.machine, True)
        self.installed, self.told = [], []
        machine_code.install_once(self.program, self)
        machine_code.install_rows(self.program, self, bytes(2), False)
        usual = Native.descend
        try:
            Native.descend = lambda *given: self.told.append(copied(given)) or usual(*given)
            nn.MLP(1, [2, 1], "tanh", seed=1).learn(
                np.linspace(-1.0, 1.0, 8), np.ones(8), epochs=2, batch_size=4, progress=False,
                l2=0.1,
            )  # fmt: skip
        finally:
            Native.descend = usual
        self.learnt = self.descend()

    def steps(self, *given):
        return self.machine.steps(*given)

    def install(self, *given):
        self.installed.append(("install", given))

    def install_rows(self, *given):
        self.installed.append(("install_rows", given))

    def run(self, machine):
        found = np.zeros(3)
        machine.run(self.once, found)
        return found.tobytes()  # one allocation

    def map(self, machine, reduce=False, threads=1):
        found = np.zeros(3 if reduce else (3, 300))
        machine.map(self.given, 300, found, reduce, threads)
        return found.tobytes()

    def made(self):
        """A machine with machine code, without what it was made of."""
        machine = self.program.changed().runner.machine
        for name, given in self.installed:
            getattr(machine, name)(*given)
        return machine

    def descend(self):
        """All numbers after the steps of that training; those before stay as they are."""
        own, update, *given = copied(self.told[0])
        own.descend(update, *given)
        return [array.tolist() for array in given if isinstance(array, np.ndarray)]


def copied(given):
    """The arguments with arrays of their own, which are written to."""
    return [thing.copy() if isinstance(thing, np.ndarray) else thing for thing in given]


RECORDED = Recorded()


def right(found, wanted):
    assert found == wanted


#: Of the machine, and of what runs machine code: a result that comes is right.
MACHINE_PROGRAMS = {
    "one run": lambda g: right(RECORDED.run(RECORDED.machine), RECORDED.wanted[0]),
    "rows": lambda g: right(RECORDED.map(RECORDED.machine), RECORDED.wanted[1]),
    "rows by two threads": lambda g: right(
        RECORDED.map(RECORDED.machine, threads=2), RECORDED.wanted[1]
    ),
    "sums over rows": lambda g: right(
        RECORDED.map(RECORDED.machine, True, threads=2), RECORDED.wanted[2]
    ),
    "a call": lambda g: right(RECORDED.call(0.5, 2.0), RECORDED.found),
    "a binding": lambda g: RECORDED.program.bind(RECORDED.rows, np.zeros((3, 300)))(),
    "machine code": lambda g: RECORDED.made(),
    "a run of machine code": lambda g: right(RECORDED.run(RECORDED.made()), RECORDED.wanted[0]),
    "rows of machine code": lambda g: right(RECORDED.map(RECORDED.made()), RECORDED.wanted[1]),
    "steps of training": lambda g: right(RECORDED.descend(), RECORDED.learnt),
}
#: Whatever is done with memory failing, and those of which nodes are not counted.
LOOSE = PYTHON_PROGRAMS | MACHINE_PROGRAMS
EVERY = PROGRAMS | LOOSE
COUNT = Counter()  # how many allocations have failed by now


def failing(program, graph, times, errors=MemoryError):
    """Run a program with the first, the second, … allocation failing, until none fails any more.

    Yields whether it succeeded, which it may do although an allocation failed.
    """
    failed = n = 1
    while failed:
        succeeded = False
        try:
            engine.fail_after(n - 1, times)
            program(graph)
            succeeded = True
        except errors:
            pass
        finally:
            failed = engine.fail_after(-1, 0)
            COUNT["failed"] += failed
        yield succeeded
        n += 1


@pytest.fixture(scope="module")
def graph():
    return Graph()


#: One allocation fails, or many: where the way out of an error wants memory, too. (Not all, because
#: CPython 3.11 tries for ever to allocate the place where an error was caught.)
TIMES = pytest.mark.parametrize("times", [1, 1000])


@TIMES
@pytest.mark.parametrize("name", EVERY)
def test_a_failing_allocation_leaves_everything_intact(name, graph, times):
    check_intact(name, graph, times)


class Deaf:
    """A watcher that finds nothing wrong."""

    def recorded(self, node): ...
    def before_sweep(self, root, seed): ...
    def before_refresh(self, root): ...


MODES = [Mode(1), Mode(0, (Deaf(),)), Mode(1, (Deaf(),))]


@pytest.mark.parametrize("mode", MODES, ids=["silent", "watched", "both"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_so_does_one_inside_a_mode(name, graph, mode):
    with in_mode(mode):  # entered here, because blocks of Python's cannot end without memory
        check_intact(name, graph, 1)


def check_intact(name, graph, times):
    program, before = EVERY[name], graph.state()
    program(graph)  # what is imported or remembered at the first call comes first
    graph.put_back(before)
    living = engine.living()
    errors = (MemoryError, pickle.PicklingError, SystemError)[: 3 if name in LOOSE else 1]
    with ag.scope("test"):  # entered here, because CPython 3.11's own code crashes in it
        for succeeded in failing(program, graph, times, errors):
            if succeeded:
                graph.put_back(before)
            assert name in LOOSE or engine.living() == living
            graph.check(before)


@TIMES
def test_refresh_is_all_or_nothing(graph, times):
    fresh = graph.state()
    graph.x.data = 0.75
    stale = graph.state()
    outcomes = []
    for succeeded in failing(lambda graph: graph.root.refresh(), graph, times):
        outcomes.append(succeeded)
        assert (graph.state() == stale) is not succeeded
    assert len(outcomes) > 20
    graph.x.data = 0.5
    graph.root.refresh()
    assert graph.state() == fresh


def test_a_large_graph_needs_memory_in_every_pass():
    """More than is kept from pass to pass, so that the arrays of a walk have to grow."""
    n = 200_000
    x = y = Value(1.0)
    for _ in range(n):
        y = -y
    y.backward()
    passes = {
        "backward": lambda _: y.backward(),
        "zero_grad": lambda _: y.zero_grad(),
        "refresh": lambda _: y.refresh(),
        "adjoints": lambda _: adjoints(y, 1.0, [x]),
        "hessian_products": lambda _: hessian_products(y, [x], [[1.0]]),
        "topological_order": lambda _: topological_order([y]),
        "instructions": lambda _: Builder(1).enter([x], [y]),
    }
    for name, run in passes.items():
        x.grad = before = 5.0
        count = 0
        for succeeded in failing(run, None, 1000):
            count += 1
            if not succeeded:
                assert (x.grad, y.parents[0].grad, y.data) == (before, -1.0, 1.0), name
        assert count > 3, name
        x.zero_grad()
        y.zero_grad()
        y.backward()
        assert (x.grad, y.parents[0].grad) == (1.0, -1.0), name
