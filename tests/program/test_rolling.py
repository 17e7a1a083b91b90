"""Chains of additions become one instruction each: the same sums, term by term, to the bit."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.ops import TABLE, SequenceOp
from autograd_lite.program.code import Code
from autograd_lite.program.in_python import InPython
from autograd_lite.program.program import Program
from autograd_lite.program.rolling import SHORTEST, rolled

NUMBERS = [
    0.0, -0.0, 1.0, -1.0, 0.1, -0.3, 1e16, -1e16, 1e300, -1e300, 5e-324, -5e-324, math.inf,
    -math.inf, math.nan,
]  # fmt: skip
ADDERS = [("dot", "multiply"), ("carried_dot", "carry"), ("running_sum", None)]


def bits(numbers):
    return ["nan" if math.isnan(x) else struct.pack("d", x) for x in numbers]


def code_of(n_inputs, steps, outputs):
    """A program of instructions from (name of the row, operands …) each."""
    names = [*dict.fromkeys(name for name, *_ in steps)]
    return Program(
        n_inputs,
        np.zeros(0),
        tuple(TABLE[name] for name in names),
        np.array([names.index(name) for name, *_ in steps], np.int32),
        np.cumsum([0, *[len(step) - 1 for step in steps]], dtype=np.int64),
        np.array([i for _, *operands in steps for i in operands], np.int64),
        np.array(outputs, np.int64),
    )


def computed(steps, outputs, numbers):
    """The outputs by the rows, one instruction after the other."""
    registers = list(numbers)
    for name, *operands in steps:
        registers.append(TABLE[name].on_floats(*[registers[i] for i in operands]))
    return [registers[i] for i in outputs]


def listed(code):
    """The instructions as (name, operands)."""
    return [(step.op.name, *step.operands) for step in code]


def chain(terms, first, flip=lambda k: False):
    """Steps that add terms up, from register 0: a register each, or a product (row, x, y)."""
    steps, total = [], 0
    for k, term in enumerate(terms):
        register = term
        if isinstance(term, tuple):
            steps.append(term)
            register = first + len(steps) - 1
        steps.append(("add", register, total) if flip(k) else ("add", total, register))
        total = first + len(steps) - 1
    return steps, total


@given(st.data())
def test_random_sums_keep_every_bit(data):
    """Of products and other terms, on both sides, shared, read again, chains within chains."""
    numbers = data.draw(st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=5))
    first = len(numbers)
    steps = []

    def register():
        # rather late ones, so that chains grow long
        back = data.draw(st.sampled_from([1, 1, 2, 3, first + len(steps)]))
        return max(0, first + len(steps) - back)

    def anything():
        return data.draw(st.integers(0, first + len(steps) - 1))

    total = 0
    for _ in range(data.draw(st.integers(1, 30))):
        kind = data.draw(st.sampled_from(["multiply", "multiply", "carry", "negative", "plain"]))
        term = anything()
        if kind != "plain":
            operands = [anything() for _ in range(TABLE[kind].arity)]
            steps.append((kind, *operands))
            term = first + len(steps) - 1
        to = data.draw(st.sampled_from([total, total, total, register()]))
        pair = (to, term) if data.draw(st.booleans()) else (term, to)
        steps.append(("add", *pair))
        total = first + len(steps) - 1
    last = first + len(steps) - 1
    outputs = [total, *data.draw(st.lists(st.integers(0, last), max_size=4))]
    right = bits(computed(steps, outputs, numbers))
    code = code_of(first, steps, outputs)
    program = rolled(code)
    inputs = np.array(numbers)
    assert bits(program.run(inputs)) == right
    assert bits(InPython(program).once(inputs)) == right
    assert len(program) <= len(steps)
    columns = [(np.repeat(inputs[None], 9, axis=0), False)]
    for row in program.run_rows(columns, 9):
        assert bits(row) == right  # of arithmetic, rows have the same bits


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("product", [None, "multiply", "carry"])
def test_terms_are_added_in_their_order(product, flipped):
    """In any other order some bit would differ."""
    numbers = [1e16, 1.0, -1e16, 1.0, 0.1, 1e16, 0.3, -1e16, 3.0]
    one = len(numbers)
    terms = [(product, k, one) if product else k for k in range(1, one)]
    steps, total = chain(terms, one + 1, lambda k: flipped)
    program = rolled(code_of(one + 1, steps, [total]))
    expected = numbers[0]
    for number in numbers[1:]:
        expected = expected + number
    assert expected != math.fsum(numbers)
    assert len(program) == 1
    assert program.run(np.array([*numbers, 1.0])).tolist() == [expected]


@pytest.mark.parametrize(("adder", "product"), ADDERS)
def test_a_chain_is_one_instruction_of_its_kind(adder, product):
    terms = [(product, 1, 2) if product else 1 + k % 2 for k in range(SHORTEST)]
    steps, total = chain(terms, 3)
    vectors = [1] * SHORTEST + [2] * SHORTEST if product else [1, 2] * (SHORTEST // 2)
    assert listed(rolled(code_of(3, steps, [total]))) == [(adder, *vectors, 0)]


@pytest.mark.parametrize("product", [None, "multiply", "carry"])
@pytest.mark.parametrize("length", range(1, SHORTEST))
def test_chains_that_are_short_stay(product, length):
    terms = [(product, 1, 2) if product else 1 for k in range(length)]
    steps, total = chain(terms, 3)
    code = code_of(3, steps, [total])
    assert rolled(code) is code


def test_a_program_without_additions_stays():
    code = code_of(2, [("multiply", 0, 1), ("negative", 2)], [3])
    assert rolled(code) is code


def test_a_chain_of_both_kinds_is_one_instruction_for_each_run_of_them():
    terms = [("multiply", 1, 2)] * 5 + [2] * 4 + [("carry", 2, 1)] * 4 + [1] * 3
    steps, total = chain(terms, 3)
    assert [step[0] for step in listed(rolled(code_of(3, steps, [total])))] == [
        *("dot", "running_sum", "carried_dot"), *["add"] * 3,
    ]  # fmt: skip


def test_a_product_that_something_else_reads_is_kept():
    """As a term it is like any other number."""
    steps, total = chain([("multiply", 1, 2)] * 6, 3)
    first_product = 3
    found = listed(rolled(code_of(3, [*steps, ("negative", first_product)], [total, 15])))
    assert sorted(step[0] for step in found) == ["add", "dot", "multiply", "negative"]
    shared = code_of(3, [("multiply", 1, 2), *[("add", k + 2, 3) for k in range(1, 9)]], [11])
    assert [step[0] for step in listed(rolled(shared))] == ["multiply", "running_sum"]
    output = rolled(code_of(3, steps, [total, first_product]))
    assert [step[0] for step in listed(output)] == ["multiply", "add", "dot"]


def test_a_sum_that_is_an_output_or_read_again_ends_a_chain():
    steps, total = chain([1] * 8, 2)
    middle = 2 + 3  # after four
    found = listed(rolled(code_of(2, steps, [total, middle])))
    assert found == [("running_sum", 1, 1, 1, 1, 0), ("running_sum", 1, 1, 1, 1, 2)]
    found = listed(rolled(code_of(2, [*steps, ("negative", middle)], [total, 10])))
    assert [step[0] for step in found] == ["running_sum", "running_sum", "negative"]


def test_a_sum_added_to_itself_is_no_chain():
    steps = [("add", k, k) for k in range(20)]
    code = code_of(1, steps, [20])
    assert rolled(code) is code


def test_of_two_chains_that_meet_each_is_rolled():
    left, total = chain([1] * 6, 3)
    right = [("add", 2, 1) if k == 0 else ("add", 8 + k, 1) for k in range(6)]
    code = code_of(3, [*left, *right, ("add", total, 14)], [15])
    numbers = [0.1, 1e16, 0.7]
    program = rolled(code)
    assert program.stats()["instructions"] <= 3
    assert program.run(np.array(numbers)).tolist() == computed(
        [*left, *right, ("add", total, 14)], [15], numbers
    )


def test_minus_zero_stays_minus_zero():
    """Where a sum started at +0.0, it would become one."""
    numbers = [-0.0, -0.0, 1.0]
    for product in (None, "multiply"):
        steps, total = chain([(product, 1, 2) if product else 1] * 5, 3)
        program = rolled(code_of(3, steps, [total]))
        assert len(program) == 1
        assert bits(program.run(np.array(numbers))) == bits([-0.0])
    steps, total = chain([("carry", 1, 2)] * 5, 3)
    program = rolled(code_of(3, steps, [total]))
    assert bits(program.run(np.array(numbers))) == bits([0.0])


@pytest.mark.parametrize("product", ["multiply", "carry"])
def test_a_sum_of_products_alone_starts_at_minus_zero(product):
    """Which is a constant behind the program's own; anything added to it stays as it is."""
    steps = [(product, 0, 1), (product, 1, 2), ("add", 3, 4)]
    for k in range(SHORTEST):
        steps += [(product, 0, 2), ("add", 5 + 2 * k, 6 + 2 * k)]
    last = 2 + len(steps)
    program = rolled(code_of(3, steps, [last, 0]))
    assert (len(program), bits(program.constants)) == (1, bits([-0.0]))
    assert program.outputs.tolist() == [4, 0]
    for numbers in ([0.1, 3.0, 0.7], [-0.0, 1.0, 1.0], [-0.0, 0.0, 5.0], [math.inf, 0.0, -0.0]):
        right = computed(steps, [last, 0], numbers)
        assert bits(program.run(np.array(numbers))) == bits(right)


def test_a_million_additions_are_one_instruction():
    """Found without going over the chain for each of its links."""
    n = 1_000_000
    operands = np.ones((n, 2), np.int64)
    operands[:, 0] = np.arange(1, n + 1)
    operands[0, 0] = 0
    code = Code(
        2, np.zeros(0), (TABLE["add"],), np.zeros(n, np.int32), np.arange(n + 1) * 2,
        operands.ravel(), np.array([n + 1]),
    )  # fmt: skip
    found = rolled(code)
    assert [op.name for op in found.ops] == ["running_sum"]
    assert found.starts.tolist() == [0, n + 1]
    assert found.outputs.tolist() == [2]
    assert found.operands[-1] == 0
    assert (found.operands[:-1] == 1).all()


class TestPrograms:
    def test_a_frozen_loop_over_products_is_a_dot(self):
        ws, xs = [Value(0.1 * k) for k in range(9)], [Value(1.0 - k) for k in range(9)]
        total = Value(0.5)
        for w, x in zip(ws, xs, strict=True):
            total = x * w + total
        program = ag.freeze(total, [*ws, *xs])
        assert [step.op.name for step in program] == ["dot"]
        assert program.stats()["rolled"] == 17
        assert program(*[leaf.data for leaf in [*ws, *xs]]) == total.data

    def test_what_rolling_saved_is_told(self):
        x = Value(1.0)
        assert ag.freeze(x + 1.0, [x]).stats()["rolled"] == 0
        y = x
        for k in range(10):
            y = y + ag.sin(x * k)
        program = ag.freeze(y, [x])
        assert program.stats()["rolled"] == 9
        assert [step.op.name for step in program].count("running_sum") == 1

    def test_gradients_of_shared_parameters_are_rolled(self):
        """The adjoint of a weight that many samples read is a sum of carried products."""

        def loss(w, xs):
            total = 0.0
            for x in xs:
                total = total + ag.tanh(w * x)
            return total

        compiled = ag.compile(ag.grad(loss))
        xs = [0.3, -1.5, 0.0, 2.0, -0.0, 1e300, 0.7]
        assert bits([compiled(0.5, xs)]) == bits([ag.grad(loss)(0.5, xs)])
        names = [step.op.name for step in compiled.programs[0]]
        assert "carried_dot" in names
        assert "add" not in names

    def test_rolled_programs_are_saved_and_exported(self, tmp_path):
        x, y = Value(1.0), Value(2.0)
        total = x
        for k in range(6):
            total = total + y * (x * float(k))
        program = ag.freeze(total, [x, y])
        assert program.stats()["rolled"] > 0
        program.save(tmp_path / "sum.program")
        for run in (ag.load_program(tmp_path / "sum.program"), program.to_python()):
            assert run(0.3, 0.7) == program(0.3, 0.7)
        assert program.to_numpy()(0.3, 0.7) == program(0.3, 0.7)


class TestRowsUnlessNan:
    """`fast_variant` names a row of the same results, nan and the sign of zero apart."""

    ROWS = [row for row in TABLE.values() if row.fast_variant]  # noqa: RUF012

    def test_products_and_their_sums_have_one(self):
        assert {row.name: row.fast_variant.name for row in self.ROWS} == {
            "carry": "multiply",
            "carried_dot": "dot",
        }

    @pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
    def test_the_other_row_gives_the_same_wherever_it_gives_no_nan(self, row):
        rng = np.random.default_rng(1)
        n = 9 if isinstance(row, SequenceOp) else row.arity
        checked = 0
        for args in rng.choice(NUMBERS, (2000, n)).tolist() + rng.normal(size=(50, n)).tolist():
            quick = row.fast_variant.on_floats(*args)
            if not math.isnan(quick):
                checked += 1
                assert bits([row.on_floats(*args) + 0.0]) == bits([quick + 0.0]), args
        assert checked > 200

    @pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
    def test_somewhere_it_gives_a_nan_where_the_row_does_not(self, row):
        n = 3 if isinstance(row, SequenceOp) else row.arity
        args = [0.0, math.inf, 1.0][:n]
        assert math.isnan(row.fast_variant.on_floats(*args))
        assert not math.isnan(row.on_floats(*args))
