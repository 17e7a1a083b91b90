"""Two engines, one behaviour: equal bits for every op and for random programs.

Both engines are made to record side by side, whichever of them runs the rest of the suite.
"""

import json
import os
import pickle
import random
import subprocess
import sys
from array import array

import pytest
from foreign import product_row
from hypothesis import given
from hypothesis import strategies as st
from nodes import same_nodes
from twins import EDGES, FOREIGN, NUMBERS, ROWS, Twins, a_number_of_arguments, native, programs

from autograd_lite.engine.python import building
from autograd_lite.engine.python import record as recording
from autograd_lite.engine.python import value as python
from autograd_lite.ops import TABLE, SequenceOp
from autograd_lite.ops.ieee import IEEE


@given(programs(), st.data())
def test_random_programs_give_equal_bits_in_second_derivatives(twins, data):
    n = len(twins.ours)
    some, every = [st.sampled_from([0.0, 1.0]), NUMBERS]
    twins.hessian_products(
        *[data.draw(st.lists(numbers, min_size=n, max_size=n)) for numbers in (some, every)]
    )


@given(programs([*ROWS, *FOREIGN]), st.sampled_from([1.0, -0.5, "a node"]))
def test_recorded_derivatives_are_the_same_graphs_in_both_engines(twins, seed):
    """Adjoints, tangents, and the adjoints of all these."""

    def seeded(node, nodes):
        return {node: nodes[0] if seed == "a node" else seed}

    found = [
        twins.swept_in(
            "adjoints_in",
            lambda engine, nodes: None,
            lambda engine, nodes: seeded(engine[-1], engine),
            lambda engine, nodes: {*nodes},
        ),
        twins.swept_in(
            "tangents_in",
            lambda engine, nodes: None,
            lambda engine, nodes: seeded(engine[0], engine),
        ),
    ]
    for ours, theirs in found:
        recorded = twins.check_same(ours, theirs)
        twins.ours += recorded[0]
        twins.theirs += recorded[1]
    twins.record(TABLE["sum"], range(len(twins.ours)))
    twins.check_same(
        *twins.swept_in(
            "adjoints_in",
            lambda engine, nodes: None,
            lambda engine, nodes: {engine[-1]: 1.0},
            lambda engine, nodes: {*nodes},
        )
    )


@given(programs([*ROWS, *FOREIGN]), NUMBERS)
def test_the_chain_rule_on_given_numbers_gives_equal_bits_in_both_engines(twins, seed):
    """Some nodes have none, and are taken as constants."""

    def numbers(engine, nodes):
        return {node: IEEE(node.data) for node in nodes[::2]}

    for sweep, start, *between in (
        ("adjoints_in", -1, lambda engine, nodes: {*nodes}),
        ("tangents_in", 0),
    ):
        twins.check_same(
            *twins.swept_in(
                sweep, numbers, lambda engine, nodes, s=start: {engine[s]: IEEE(seed)}, *between
            )
        )


@given(programs(), NUMBERS, NUMBERS)
def test_random_programs_give_equal_bits_in_both_engines(twins, seed, number):
    twins.check()
    twins.adjoints()
    twins.tangents([seed + k for k, _ in enumerate(twins.ours)])
    twins.backward(seed)
    twins.check()
    twins.backward()
    twins.check()
    twins.refresh(number)
    twins.check()


@pytest.mark.no_cover
@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_every_row_gives_equal_bits_at_edges_and_at_random_numbers(row):
    choose = random.Random(7)
    for _ in range(300):
        twins = Twins()
        n = a_number_of_arguments(row, choose.choice)
        for _ in range(n):
            number = choose.choice([*EDGES, choose.gauss(0, 1), choose.gauss(0, 100)])
            (twins.constant if choose.random() < 0.2 else twins.leaf)(number)
        twins.record(row, [i if choose.random() < 0.9 else 0 for i in range(n)])
        twins.check()
        twins.backward()
        twins.check()
        twins.hessian_products([choose.choice([0.0, 1.0, -0.5]) for _ in twins.ours])
        twins.tangents([choose.choice([0.0, 1.0, -0.5]) for _ in twins.ours])


def instructions(parts):
    """What `finished` gives, to be compared."""
    return [part if type(part) in (tuple, dict) else bytes(part) for part in parts]


@given(programs([*ROWS, FOREIGN[0]]))
def test_random_programs_and_their_gradients_become_equal_instructions(twins):
    n = sum(not x.op and not x.constant for x in twins.ours)
    recorded = twins.check_same(
        *twins.swept_in(
            "adjoints_in",
            lambda engine, nodes: None,
            lambda engine, nodes: {engine[-1]: 1.0},
            lambda engine, nodes: {*nodes},
        )
    )
    found = []
    for module, nodes in zip((building, native), (twins.ours, twins.theirs), strict=True):
        every = [*nodes, *recorded[module is native]]
        builder = module.Builder(n)
        registers = builder.enter(nodes[:n], every)
        last = instructions(builder.finished(registers[-3:]))
        inner = builder.enter(nodes[-n:], every[::-1])
        found.append((registers, last, inner, instructions(builder.finished(registers + inner))))
        constants, _, _, starts, operands, outputs, _ = builder.finished(registers)
        first = n + len(bytes(constants)) // 8
        parts = [array("q", bytes(part)) for part in (starts, operands, outputs)]
        parts[2] = parts[2][-2:]
        found[-1] += (module.needed(first, *parts),)
    assert found[0] == found[1]


@pytest.mark.parametrize("row", [*ROWS, *FOREIGN[:2]], ids=repr)
def test_every_row_at_constants_becomes_equal_instructions(row):
    choose = random.Random(5)
    n = {a_number_of_arguments(row, lambda some, k=k: some[k]) for k in range(4)}
    found = []
    for module in (building, native):
        choose.seed(5)
        builder = module.Builder(2)
        numbers = [*EDGES, 2.0, choose.gauss(0, 1)]
        places = [0, 1, *map(builder.constant, numbers)]
        registers = [
            builder.emit(row, [choose.choice(places[first:]) for _ in range(count)])
            for first in (2, 0)
            for count in sorted(n)
            for _ in range(60)
        ]
        found.append([registers, instructions(builder.finished(registers))])
    assert found[0] == found[1]


@pytest.mark.parametrize("module", [building, native])
class TestBuilders:
    def test_what_is_no_register_is_refused(self, module):
        builder = module.Builder(1)
        for wrong in (1, -1, 2**40):
            with pytest.raises(ValueError, match=f"{wrong} is no register"):
                builder.emit(TABLE["exp"], [wrong])
            with pytest.raises(ValueError, match=f"{wrong} is no register"):
                builder.finished([wrong])
        for operands in ([], [0], [0, 0, 0]):
            with pytest.raises(ValueError, match=f"does not take {len(operands)}"):
                builder.emit(TABLE["add"], operands)
        with pytest.raises(ValueError, match="does not take 2"):
            builder.emit(TABLE["dot"], [0, 0])

    @pytest.mark.parametrize(
        ("starts", "operands", "outputs"),
        [
            ([], [], []),
            ([0, 1], [0], [2]),
            ([0, 1], [1], [1]),
            ([-1, 1], [0], [1]),
            ([0, 2], [0], [1]),
        ],
    )
    def test_what_is_no_program_is_refused(self, module, starts, operands, outputs):
        buffers = [array("q", part) for part in (starts, operands, outputs)]
        assert module.needed(1, array("q", [0, 1, 2]), array("q", [0, 0]), array("q", [2, 0])) == (
            b"\0\1"
        )
        with pytest.raises(ValueError, match="no instructions of a program"):
            module.needed(1, *buffers)

    def test_no_more_inputs_than_it_has(self, module):
        kind = python.Value if module is building else native.Value
        with pytest.raises(ValueError, match="2 inputs were given of 1"):
            module.Builder(1).enter([kind(1.0), kind(2.0)], [])

    def test_nothing_above_an_input_is_entered(self, module):
        kind, constant = (
            (python.Value, python.constant)
            if module is building
            else (native.Value, native.constant)
        )
        record = recording.record if module is building else native.record
        above = record(product_row("refused"), (kind(2.0), constant(3.0)))
        inner = record(TABLE["exp"], (above,))
        root = record(TABLE["sin"], (inner,))
        builder = module.Builder(1)
        [register] = builder.enter([inner], [root])
        _, rows, *_, saved = builder.finished([register])
        assert (rows, saved["unused"]) == ((TABLE["sin"],), 0)


@given(programs())
def test_fields_of_one_engine_make_the_same_nodes_in_the_other(twins):
    twins.backward()
    for nodes, fields, other in (
        (twins.ours, recording.fields, native),
        (twins.theirs, native.fields, recording),
    ):
        made = {}
        for node in nodes:
            row, parents, *rest = fields(node)
            made[node] = other.restore(row, tuple([made[p] for p in parents]), *rest)
            again, same_parents, *others = other.fields(made[node])
            assert again is row
            assert same_nodes(same_parents, [made[p] for p in parents])
            assert repr(others) == repr(rest)


CODE = """
import json, pickle, random, sys
import autograd_lite as ag
from autograd_lite.graph import ancestors
from autograd_lite.nn import MLP

def told(value):
    return [[n.op, n.data.hex(), n.grad.hex(), [d.hex() for d in n.local_grads], n.label,
             n.constant, list(n._scope)] for n in ancestors(value)]

if sys.argv[1] == "write":
    x = ag.Value(0.5, label="x")
    with ag.scope("outer"):
        y = ag.leaky_relu(ag.norm([x, x * 2.0, ag.Value(-1.0)], order=3.0) - 9.0, slope=0.2)
    z = y + MLP(2, [3, 1], "tanh", seed=1)([x, y]) + 1 / (x - 0.5)
    z.backward()
    pickle.dump([z, x], open(sys.argv[2], "wb"))
else:
    z, x = pickle.load(open(sys.argv[2], "rb"))
    assert x in ancestors(z)
print(json.dumps([ag.engine, told(z)]))
"""


@pytest.mark.parametrize(("writer", "reader"), [("python", "native"), ("native", "python")])
def test_pickles_of_one_engine_open_in_the_other(writer, reader, tmp_path):
    def run(engine, mode):
        done = subprocess.run(
            [sys.executable, "-c", CODE, mode, str(tmp_path / "graph")],
            env={**os.environ, "AUTOGRAD_LITE_ENGINE": engine},
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return json.loads(done.stdout)

    written, read = run(writer, "write"), run(reader, "read")
    assert (written[0], read[0]) == (writer, reader)
    assert written[1] == read[1]
    assert len(written[1]) > 30


def test_rows_are_pickled_by_name_so_that_any_engine_finds_them():
    for row in ROWS:
        assert pickle.loads(pickle.dumps(row)) is row
        assert isinstance(row, SequenceOp) == (row.arity is None)
