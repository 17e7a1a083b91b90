"""Pickled graphs: every fact and all sharing, any size, any pickler, damaged files (contract 1)."""

import copy
import io
import itertools
import math
import pickle
import pickletools
import random
import struct
import subprocess
import sys
import threading
import tracemalloc

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import GraphError, Value, pickles
from autograd_lite.engine import fields, topological_order
from autograd_lite.graph import ancestors
from autograd_lite.ops import TABLE


@pytest.fixture(autouse=True)
def pickle_is_as_python_has_it():
    """Other tests load lmfit, and that dill, which has `pickle._Pickler` write code of its own.

    On Python 3.15 that failed.
    """
    if "dill" in sys.modules:
        sys.modules["dill"].extend(use_dill=False)


def python_dumps(thing, protocol=None):
    file = io.BytesIO()
    pickle._Pickler(file, protocol).dump(thing)
    return file.getvalue()


def graph():
    x = Value(2.0, label="x")
    with ag.scope("part"):
        y = (x * 3.0 + x) * ag.leaky_relu(x, 0.2)
    y.label = "y"
    y.backward()
    return y, x


def chain(start, length):
    y = start
    for _ in range(length):
        y = -y
    return y


def assert_twins(originals, loaded):
    """Equal facts node by node, and one loaded node for each node: all sharing is kept."""
    twins = {}
    stack = list(zip(originals, loaded, strict=True))
    while stack:
        a, b = stack.pop()
        if a in twins:
            assert twins[a] is b
            continue
        twins[a] = b
        row, parents, *facts = fields(a)
        row2, parents2, *facts2 = fields(b)
        assert repr((row, *facts)) == repr((row2, *facts2))
        stack += zip(parents, parents2, strict=True)
    assert len(set(twins.values())) == len(twins)
    assert not set(twins) & set(twins.values())


# --- one call -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dumps", [pickle.dumps, python_dumps])
@pytest.mark.parametrize("protocol", range(6))
def test_every_fact_and_all_sharing_are_kept(dumps, protocol):
    y, x = graph()
    loss = ag.sum([y * 0.1, x, y.parents[0]])
    long = chain(y, 1000)
    originals = [loss, y, x, loss, y.parents[0].parents[0], long, x.constant or y.parents[0]]
    assert_twins(originals, pickle.loads(dumps(originals, protocol)))


def test_sharing_is_kept_in_any_order():
    y, x = graph()
    middle = y.parents[0]
    number = middle.parents[0].parents[1]
    assert number.constant
    roots = [y, x, middle, number, chain(middle, 40), copy.copy(y)]
    for originals in itertools.permutations(roots, 4):
        assert_twins(originals, pickle.loads(pickle.dumps(originals)))
        named = pickle.loads(pickle.dumps(dict(enumerate(originals))))
        assert_twins(originals, named.values())


def test_a_loaded_graph_is_alive():
    y, x = graph()
    y2, x2 = pickle.loads(pickle.dumps([y, x]))
    before = x.grad
    y2.backward()
    assert (x2.grad, x.grad) == (2 * before, before)
    x2.data = 5.0
    y2.refresh()
    assert y2.data == (5.0 * 3.0 + 5.0) * 5.0


def test_bits_survive():
    numbers = [-0.0, math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 0.1]
    xs = [Value(number) for number in numbers]
    for x in xs:
        x.grad = -x.data
    y = ag.sum([-x for x in xs] * 5)
    for twin, node in zip(ancestors(pickle.loads(pickle.dumps(y))), ancestors(y), strict=True):
        for a, b in [(twin.data, node.data), (twin.grad, node.grad)]:
            assert struct.pack("<d", a) == struct.pack("<d", b) or a != a != b != b


def test_many_labels_scopes_and_ops_survive():
    """More than 256 of each, so that one byte is not enough to number them."""
    y = Value(0.5)
    for i in range(700):
        with ag.scope(f"part {i}"):
            y = ag.leaky_relu(y, i / 1000) + i
        y.label = f"y{i}"
    assert_twins([y], [pickle.loads(pickle.dumps(y))])


def test_a_node_without_parents_that_is_no_leaf_survives():
    nothing = Value._apply_op(TABLE["sum"], [])
    for y in (nothing, chain(nothing, 50)):
        assert_twins([y], [pickle.loads(pickle.dumps(y))])


@pytest.mark.no_cover
def test_long_chains_and_wide_fans_need_no_recursion():
    """`test_engine` does a million nodes."""
    x = Value(1.0)
    y = chain(x, 100_000)
    z = ag.sum([Value(1.0) for _ in range(1000)] * 1000)
    y2, z2, x2 = pickle.loads(pickle.dumps([y, z, x]))
    y2.backward()
    z2.backward()
    assert (x2.grad, z2.parents[-1].grad, len(topological_order([y2]))) == (1.0, 1000.0, 100_001)


@pytest.mark.no_cover
@pytest.mark.parametrize("backwards", [False, True])
def test_all_nodes_of_a_chain_one_by_one_take_linear_time(backwards):
    nodes = [Value(1.0)]
    for _ in range(20_000):
        nodes.append(nodes[-1] * 2.0)
    loaded = pickle.loads(pickle.dumps(nodes[::-1] if backwards else nodes))
    loaded = loaded[::-1] if backwards else loaded
    assert all(b.parents[0] is a for a, b in itertools.pairwise(loaded))


def test_a_node_of_many_parents_and_many_uses_takes_linear_time():
    """Also when it is not the first root, which the walk over what is missing sees to."""
    wide = ag.sum([Value(1.0)] * 30_000)
    first = Value(1.0) * 2.0
    _, y = pickle.loads(pickle.dumps([first, ag.sum([wide] * 30_000)]))
    assert len(set(y.parents)) == 1


def test_pickling_takes_less_than_200_bytes_per_node():
    """Above the graph itself, the pickle included; a pickler's memory of a node takes 1000."""
    y = chain(Value(1.0), 100_000)
    tracemalloc.start()
    try:
        pickle.dumps(y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 200 * 100_000


def test_numbers_are_little_endian_whatever_the_machine():
    y = chain(Value(1.0), 300)
    assert struct.pack("<2d", -1.0, 1.0) in pickle.dumps(y)
    assert struct.pack("<3H", 297, 298, 299) in pickle.dumps(y)


def test_pickles_name_no_engine():
    """A pickle of one engine opens in the other."""
    y, x = graph()
    roots = [y, x, chain(y, 100)]
    words = [arg for _, arg, _ in pickletools.genops(pickle.dumps(roots)) if isinstance(arg, str)]
    modules = {w.split(" ")[0] for w in words if w.startswith("autograd_lite")}
    assert modules == {"autograd_lite.pickles", "autograd_lite.ops.table"}


def test_a_pickle_opens_in_another_process():
    y, _ = graph()
    code = "import sys, pickle; y = pickle.load(sys.stdin.buffer); print(repr(y), y.parents[0].op)"
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(y), capture_output=True, check=True
    )
    assert done.stdout.decode().split() == f"{y!r} add".split()


# --- which pickler asks ---------------------------------------------------------------------------


class Tape:
    """A pickler that is kept, and what was dumped with it."""

    def __init__(self, kind=pickle.Pickler):
        self.file = io.BytesIO()
        self.pickler = kind(self.file)
        self.originals = []

    def dump(self, thing):
        self.pickler.dump(thing)
        self.originals.append(thing)

    def load(self):
        unpickler = pickle.Unpickler(io.BytesIO(self.file.getvalue()))
        return [unpickler.load() for _ in self.originals]


@pytest.mark.parametrize("seed", range(30))
def test_interleaved_picklers_each_keep_all_sharing(seed):
    """Whichever picklers are alive, used in whatever order, each writes a whole of its own."""
    rng = random.Random(seed)
    nodes = [Value(rng.random()) for _ in range(3)]
    for _ in range(40):
        a, b = rng.choice(nodes), rng.choice(nodes)
        step = rng.choice([lambda a, b: a * b, lambda a, b: a + 1.0, lambda a, b: chain(a, 20)])
        nodes.append(step(a, b))
    tapes = [Tape(rng.choice([pickle.Pickler, pickle._Pickler])) for _ in range(4)]
    for _ in range(60):
        if rng.random() < 0.1:
            tape = tapes.pop(rng.randrange(4))
            assert_twins(tape.originals, tape.load())
            tapes.append(Tape())
        rng.choice(tapes).dump(rng.choice(nodes))
    for tape in tapes:
        assert_twins(tape.originals, tape.load())


def test_another_pickler_reads_the_current_numbers():
    """A pickler writes a node once, as any object; what another one wrote does not matter."""
    y, x = graph()
    part = y.parents[0]
    tape = Tape()
    tape.dump(y)
    old = y.data, part.data
    x.data = 10.0
    y.refresh()
    tape.dump(part)
    loaded = pickle.loads(pickle.dumps([y, part]))
    y2, part2 = tape.load()
    assert y2.parents[0] is part2
    assert (y2.data, part2.data) == old
    assert [v.data for v in loaded] == [y.data, part.data] != list(old)


def test_many_small_graphs_of_one_pickler_do_not_make_another_recurse():
    nodes = [Value(1.0) * 2.0]
    tape = Tape()
    for _ in range(5000):
        tape.dump(nodes[-1])
        nodes.append(nodes[-1] * 2.0)
    assert_twins(nodes[-2:], pickle.loads(pickle.dumps(nodes[-2:])))
    assert_twins(tape.originals, tape.load())


def test_a_pickler_with_cleared_memory_begins_anew():
    y, x = graph()
    tape = Tape()
    tape.dump([y, x])
    tape.pickler.clear_memo()
    start = tape.file.tell()
    tape.dump([y.parents[0], y])
    part, y2 = pickle.loads(tape.file.getvalue()[start:])
    assert y2.parents[0] is part


def test_a_pickler_with_a_copied_memory_writes_a_whole():
    """Both picklers remember the first root; only one of them can go on with its graph."""
    y, _ = graph()
    first, second = Tape(), Tape()
    first.dump(y)
    second.file.write(first.file.getvalue())
    second.pickler.memo = first.pickler.memo.copy()
    second.originals.append(y)
    for tape, root in [
        (first, chain(y, 30)), (second, chain(y, 40)), (first, y.parents[0]), (second, y.parents[1])
    ]:  # fmt: skip
        tape.dump(root)
    assert_twins(first.originals, first.load())
    y2, long, part = second.load()
    for original, loaded in zip(second.originals, (y2, long, part), strict=True):
        assert_twins([original], [loaded])
    assert part in {*ancestors(long)}


def test_persistent_ids_are_asked_for_roots_and_leaves():
    y, x = graph()

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            return "the x" if thing is x else None

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, name):
            assert name == "the x"
            return x

    file = io.BytesIO()
    Pickler(file).dump([y, x, y])
    y2, x2, again = Unpickler(io.BytesIO(file.getvalue())).load()
    assert y2 is again
    assert x2 is x
    assert x in {*ancestors(y2)}


def test_a_pickler_without_memory_writes_each_root_by_itself():
    y, _ = graph()
    tape = Tape()
    tape.pickler.fast = True
    tape.dump([y, y])
    [[a, b]] = tape.load()
    assert a is not b
    assert_twins([y], [a])
    assert_twins([y], [b])


class Unwilling:
    def __reduce__(self):
        raise OSError("disk full")


def test_a_failed_pickle_leaves_nothing_behind():
    y, x = graph()
    for thing in ([y, Unwilling()], [x, y.parents[0], y, Unwilling()]):
        with pytest.raises(OSError, match="disk full"):
            pickle.dumps(thing)
        assert pickles._thread.graphs == []
        assert_twins([y, x], pickle.loads(pickle.dumps([y, x])))


def test_a_pickler_whose_file_failed_writes_a_whole_once_its_memory_is_cleared():
    y = chain(Value(1.0), 50_000)

    class File(io.BytesIO):
        full = True

        def write(self, data):
            if self.full and len(data) > 50_000:
                raise OSError("disk full")
            return super().write(data)

    tape = Tape()
    tape.file = File()
    tape.pickler = pickle._Pickler(tape.file)
    with pytest.raises(OSError, match="disk full"):
        tape.pickler.dump(y)
    tape.file.full = False
    start = tape.file.tell()
    tape.pickler.clear_memo()
    tape.dump([y, y.parents[0]])
    y2, parent = pickle.loads(tape.file.getvalue()[start:])
    assert_twins([y, y.parents[0]], [y2, parent])


def test_nothing_outlives_a_pickler():
    y, x = graph()
    tapes = [Tape(), Tape(pickle._Pickler)]
    for tape in tapes:
        tape.dump([y, x])
    assert len(pickles._thread.graphs) == 2
    del tape, tapes
    assert pickles._thread.graphs == []


@pytest.mark.no_cover
def test_threads_pickle_without_disturbing_each_other():
    y, x = graph()
    roots = [chain(y, 500), x, y, chain(y.parents[0], 700)]
    found = []

    def work():
        for i in range(12):
            originals = roots[i % 4 :] + roots[: i % 4]
            assert_twins(originals, pickle.loads(pickle.dumps(originals)))
        found.append(pickles._thread.graphs)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[]] * 4


# --- damaged pickles ------------------------------------------------------------------------------


def columns():
    """What `many_nodes` is given for a graph, after its list of nodes and its leaves."""
    x, y = Value(1.0), Value(2.0)
    z = ag.sum([chain(x * 2.0, 30), y])
    leaves = [x, y]
    places = {node: i for i, node in enumerate(leaves)}
    computed = [node for node in ancestors(z) if node not in places]
    for node in computed:
        places[node] = len(places)
    return leaves, pickles.packed(computed, places)


def test_whole_columns_make_the_graph():
    leaves, parts = columns()
    z = pickles.many_nodes([], 0, leaves, parts)
    assert (z.data, len(z.parents), z.parents[1] is leaves[1]) == (4.0, 2, True)


@pytest.mark.parametrize("which", range(3, 12))
@pytest.mark.parametrize(
    "damage",
    [
        lambda column: column[:-1],
        lambda column: column[: len(column) // 2],
        lambda column: b"",
        lambda column: column + b"\x00",
        lambda column: 3 * column,
    ],
    ids=["short", "half", "empty", "long", "triple"],
)
def test_a_column_of_another_length_is_an_error(which, damage):
    leaves, parts = columns()
    parts = [*parts]
    parts[which] = damage(parts[which])
    with pytest.raises(GraphError, match=r"this pickle is damaged: its .* pickle the graph again"):
        pickles.many_nodes([], 0, leaves, tuple(parts))


@pytest.mark.parametrize("which", [3, 4, 5, 9, 10, 11])
def test_a_number_that_points_nowhere_is_an_error(which):
    leaves, parts = columns()
    for at in range(len(parts[which])):
        column = bytearray(parts[which])
        column[at] = 250
        damaged = (*parts[:which], bytes(column), *parts[which + 1 :])
        with pytest.raises(GraphError, match="this pickle is damaged"):
            pickles.many_nodes([], 0, leaves, damaged)


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes_make_an_error_or_a_sound_graph(seed):
    """Every parent comes before its child, whatever the columns say."""
    rng = random.Random(seed)
    for _ in range(50):
        leaves, parts = columns()
        parts = [*parts]
        which = rng.randrange(3, 12)
        column = bytearray(parts[which])
        for _ in range(rng.randrange(1, 4)):
            column[rng.randrange(len(column))] = rng.choice([0, 1, 2, 3, 8, 40, 255])
        parts[which] = bytes(column)
        nodes = []
        try:
            root = pickles.many_nodes(nodes, 0, leaves, tuple(parts))
        except GraphError:
            continue
        seen = set()
        for node in nodes:
            assert seen.issuperset(node.parents)
            seen.add(node)
        assert root is nodes[-1]
        root.backward()
        root.refresh()


@pytest.mark.parametrize(
    ("which", "wrong"),
    [
        (0, ["add", None]),
        (0, [None, None, None]),
        (0, ()),
        (1, [3]),
        (1, []),
        (1, ("",)),
        (2, [["part"]]),
        (2, [("part", 1)]),
        (2, []),
        (3, "text"),
        (11, None),
    ],
)
def test_lists_of_other_things_are_an_error(which, wrong):
    leaves, parts = columns()
    damaged = (*parts[:which], wrong, *parts[which + 1 :])
    with pytest.raises(GraphError, match="this pickle is damaged"):
        pickles.many_nodes([], 0, leaves, damaged)


def test_columns_of_another_number_are_an_error():
    leaves, parts = columns()
    for wrong in (parts[:-1], (*parts, b""), list(parts), (), None):
        with pytest.raises(GraphError, match="number of columns"):
            pickles.many_nodes([], 0, leaves, wrong)


def test_leaves_and_lists_that_do_not_fit_are_an_error():
    leaves, parts = columns()
    for nodes, start, given in [
        ([], 1, leaves), ([3.0], 0, leaves), ((), 0, leaves), ([], 0, [1.0, 2.0]),
        ([], 0, leaves[:1]),
    ]:  # fmt: skip
        with pytest.raises(GraphError, match="this pickle is damaged"):
            pickles.many_nodes(nodes, start, given, parts)


ADD = TABLE["add"]
ENTRY = (ADD, (0, 1), (1.0, 1.0), 3.0, 0.0, "", False, ())


@pytest.mark.parametrize(
    ("at", "wrong"),
    [
        (0, "add"), (0, None), (0, TABLE["tanh"]),
        (1, (0, 2)), (1, (0, -1)), (1, (0, 1.0)), (1, (0,)), (1, (0, 1, 1)),
        (2, (1.0,)), (2, (1.0, 1)), (2, [1.0, 1.0]),
        (3, 3), (3, None), (4, "0"), (5, b""), (6, 0), (6, True), (7, ""), (7, (1,)),
    ],
)  # fmt: skip
def test_an_entry_that_does_not_fit_is_an_error(at, wrong):
    leaves = [Value(1.0), Value(2.0)]
    assert pickles.few_nodes([], 0, leaves, [ENTRY]).data == 3.0
    with pytest.raises(GraphError, match="this pickle is damaged"):
        pickles.few_nodes([], 0, leaves, [(*ENTRY[:at], wrong, *ENTRY[at + 1 :])])


@pytest.mark.parametrize(
    "wrong", [[], (), None, [ENTRY[:-1]], [ENTRY[:1] * 8], [[*ENTRY]], [ENTRY, 3]]
)
def test_entries_of_another_form_are_an_error(wrong):
    with pytest.raises(GraphError, match="this pickle is damaged"):
        pickles.few_nodes([], 0, [Value(1.0), Value(2.0)], wrong)


@pytest.mark.parametrize("wrong", [("1", 0.0, "", ()), (1.0, 0, "", ()), (1.0, 0.0, 2, ()),
                                   (1.0, 0.0, "", "x"), (1.0, 0.0, "", ("x", 2))])  # fmt: skip
def test_a_leaf_that_does_not_fit_is_an_error(wrong):
    assert pickles.leaf(1.0, 2.0, "x", ("part",)).label == "x"
    with pytest.raises(GraphError, match="this pickle is damaged"):
        pickles.leaf(*wrong)


@pytest.mark.parametrize("place", [2, -1, 0.0, None])
def test_a_reference_to_no_node_is_an_error(place):
    with pytest.raises(GraphError, match="reference to a node"):
        pickles.known_node([Value(1.0), Value(2.0)], place)


def test_a_truncated_pickle_is_an_error():
    whole = pickle.dumps(chain(Value(1.0), 200))
    for length in range(0, len(whole) - 1, 7):
        with pytest.raises((pickle.UnpicklingError, EOFError)):
            pickle.loads(whole[:length])


def test_models_share_their_parameters_with_a_loss():
    model = ag.nn.MLP(2, [3, 1], seed=1)
    loss = model([1.0, 2.0]) ** 2
    for thing in ({"model": model, "loss": loss}, {"loss": loss, "model": model}):
        loaded = pickle.loads(pickle.dumps(thing))
        assert set(loaded["model"].parameters()) <= set(ancestors(loaded["loss"]))
        array = np.array(model.parameters(), dtype=object)
        assert_twins(array, pickle.loads(pickle.dumps(array)))
