"""Random graphs of all ops, made by hypothesis: laws that hold for every one of them.

``make fuzz`` runs many more examples.
"""

import copy
import math
import pickle
import struct

from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, diagnose, gradient
from autograd_lite.diagnosis.names import Names
from autograd_lite.diagnosis.origins import backward
from autograd_lite.graph import ancestors
from autograd_lite.ops import TABLE

ROWS = [row for row in TABLE.values() if row.public]
NUMBERS = st.one_of(
    st.floats(-4, 4), st.sampled_from([0.0, -0.0, 1.0, math.inf, -math.inf, math.nan, 1e-310])
)


@st.composite
def graphs(draw, numbers=NUMBERS):
    """All nodes of a random graph, the last of them its root."""
    nodes = [Value(x) for x in draw(st.lists(numbers, min_size=1, max_size=4))]
    for _ in range(draw(st.integers(1, 12))):
        row = draw(st.sampled_from(ROWS))
        arity = row.arity or draw(st.sampled_from([1, 3, 5]))
        args = [
            draw(st.sampled_from(nodes)) if draw(st.integers(0, 4)) else draw(numbers)
            for _ in range(arity)
        ]
        nodes.append(Value._apply_op(row, args))
    return nodes


def bits(x):
    return "nan" if x != x else struct.pack("<d", x)


def snapshot(root):
    return [(bits(n.data), bits(n.grad), [bits(d) for d in n.local_grads]) for n in ancestors(root)]


@given(graphs())
def test_refresh_without_a_change_changes_nothing(nodes):
    root = nodes[-1]
    root.backward()
    before = snapshot(root)
    root.refresh()
    assert snapshot(root) == before


@given(graphs())
def test_copies_and_pickles_are_equal_to_the_bit(nodes):
    root = nodes[-1]
    root.backward()
    for twin in (copy.deepcopy(root), pickle.loads(pickle.dumps(root))):
        assert snapshot(twin) == snapshot(root)
        twin.zero_grad()
        twin.backward()
        assert snapshot(twin) == snapshot(root)


@given(graphs())
def test_gradient_and_backward_give_the_same_bits(nodes):
    root = nodes[-1]
    inputs = [n for n in ancestors(root) if not n.constant]
    functional = gradient(root, inputs)
    root.zero_grad()
    root.backward()
    assert [bits(g) for g in functional] == [bits(n.grad + 0.0) for n in inputs]


@given(graphs(numbers=st.floats(-2, 2)))
def test_recorded_gradients_have_the_numbers_of_the_sweep(nodes):
    root = nodes[-1]
    inputs = [n for n in ancestors(root) if not n.constant]
    for number, value in zip(
        gradient(root, inputs), gradient(root, inputs, create_graph=True), strict=True
    ):
        assert bits(number) == bits(value.data) or math.isclose(
            number, value.data, rel_tol=1e-9, abs_tol=1e-12
        )


@given(graphs(), st.floats(-3, 3))
def test_a_pass_is_linear_in_its_seed_where_nothing_overflows(nodes, seed):
    root = nodes[-1]
    leaf = nodes[0]
    root.backward()
    once = leaf.grad
    root.zero_grad()
    root.backward(seed)
    if math.isfinite(once) and abs(once) < 1e100:
        inside = [abs(n.grad) for n in ancestors(root)]
        if all(g < 1e100 for g in inside):
            assert math.isclose(leaf.grad, seed * once, rel_tol=1e-9, abs_tol=1e-6)


@given(graphs())
def test_the_result_is_the_row_at_the_parents_numbers(nodes):
    for node in ancestors(nodes[-1]):
        if node.op:
            assert bits(node.data) == bits(
                ag.ops.TABLE[node.op].on_floats(*[p.data for p in node.parents])
            )


@given(graphs())
def test_a_diagnosis_finds_an_origin_for_whatever_is_not_finite(nodes):
    root = nodes[-1]
    order = ancestors(root)
    adjoint, _ = backward(order, Names(order))
    free = [node for node in order if not node.constant]
    assert [bits(adjoint[n]) for n in free] == [bits(g) for g in gradient(root, free)]
    before = snapshot(root)
    found = diagnose(root, nodes)
    assert snapshot(root) == before
    assert str(found).startswith(found.summary)
    assert bool(found.of("nan")) == any(math.isnan(node.data) for node in order)
    assert bool(found.of("stale")) is False
    for kind, is_it in (("nan_gradient", math.isnan), ("inf_gradient", math.isinf)):
        if any(is_it(adjoint[node]) for node in free):
            assert found.of(kind)
