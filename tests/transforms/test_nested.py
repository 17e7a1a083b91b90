"""A derivative costs what lies between its inputs and outputs, and no number changes by that."""

import copy
import math
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nodes import same_nodes
from test_random_graphs import graphs

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.engine import adjoints, dependent, hessian_products, tangents, topological_order
from autograd_lite.errors import GraphError, ShapeError
from autograd_lite.graph import ancestors
from autograd_lite.ops import TABLE, SequenceOp
from autograd_lite.transforms.nesting import Differentiation
from autograd_lite.transforms.sweeps import between

#: Older than every other node of this file.
OLD = Value(0.0)


def bits(x):
    return "nan" if x != x else struct.pack("<d", x)


def some_of(nodes, data):
    """A few nodes of a graph, anywhere in it, in any order."""
    return data.draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=3, unique_by=id))


def chain(x, length):
    for _ in range(length):
        x = ag.sin(x)
    return x


# --- what is walked -------------------------------------------------------------------------------


@given(graphs())
def test_parents_are_stamped_before_their_children(nodes):
    twins = [copy.deepcopy(nodes[-1]), pickle.loads(pickle.dumps(nodes[-1]))]
    for root in (nodes[-1], *twins):
        for node in ancestors(root):
            assert all(parent._stamp < node._stamp for parent in node.parents)


@given(graphs(), st.data())
def test_what_lies_between_is_what_the_whole_graph_shows(nodes, data):
    """Inputs may depend on one another, and may not be in the graph of the outputs."""
    inputs, outputs = some_of(nodes, data), some_of(nodes, data)
    whole = dependent(topological_order(outputs), inputs)
    assert [*map(id, between(outputs, inputs))] == [*map(id, whole)]


@given(graphs(), st.data())
def test_adjoints_by_late_inputs_have_the_bits_of_a_whole_pass(nodes, data):
    root, inputs = nodes[-1], some_of(nodes, data)
    root.backward()
    marked = [node.grad for node in nodes]
    for inputs_or_one in (inputs, inputs[:1]):
        found = adjoints(root, 1.0, inputs_or_one)
        expected = adjoints(root, 1.0, [*nodes])
        place = {id(node): number for node, number in zip(nodes, expected, strict=True)}
        assert [*map(bits, found)] == [bits(place[id(x)]) for x in inputs_or_one]
    assert [*map(bits, marked)] == [bits(node.grad) for node in nodes]


@given(graphs(), st.data())
def test_products_with_the_hessian_by_late_inputs_are_those_of_a_whole_walk(nodes, data):
    """A variable that is older than the graph has all of it walked, and changes no number."""
    root, inputs = nodes[-1], some_of(nodes, data)
    direction = [1.0] * len(inputs)
    before = [bits(node.grad) for node in nodes]
    [late] = hessian_products(root, inputs, [direction])
    [whole] = hessian_products(root, [*inputs, OLD], [[*direction, 1.0]])
    assert [*map(bits, late)] == [*map(bits, whole[:-1])]
    assert [bits(node.grad) for node in nodes] == before


def test_nothing_is_walked_beyond_the_earliest_input():
    x = Value(0.5)
    middle = chain(x, 1000)
    end = chain(middle, 10)
    assert len(topological_order([end], [middle])) <= 12
    assert len(topological_order([end], [middle, end])) <= 12
    assert len(topological_order([end], [x])) == 1011
    assert same_nodes(topological_order([end], []), [end])
    assert adjoints(end, 1.0, []) == []
    assert adjoints(middle, 1.0, [end]) == [0.0]


@given(graphs(), st.data())
def test_a_walk_leaves_out_nodes_and_what_only_they_lead_to(nodes, data):
    roots, left_out = some_of(nodes, data), some_of(nodes, data)
    seen = {*left_out}

    def visit(node):
        if node in seen:
            return []
        seen.add(node)
        return [*(found for parent in node.parents for found in visit(parent)), node]

    expected = [found for root in roots for found in visit(root)]
    assert same_nodes(topological_order(roots, without=left_out), expected)
    assert same_nodes(topological_order(roots=roots, inputs=None, without=iter(left_out)), expected)
    assert topological_order(roots, without=roots) == []


# --- nested derivatives ---------------------------------------------------------------------------


def test_an_inner_derivative_is_recorded_only_if_it_depends_on_the_outer_input():
    seen = []

    def outer(x):
        fixed = chain(Value(0.5), 50)
        moving = chain(x, 50)
        for weight in (3.0, fixed, moving):
            seen.append(ag.grad(lambda y, w=weight: y * y * w)(2.0))
        seen.append(ag.grad(lambda y: y * y)(moving))
        return sum(seen[1:], 0.0)

    ag.grad(outer)(0.3)
    assert [type(found) for found in seen] == [float, float, Value, Value]


def test_nested_derivatives_of_a_loop_are_those_of_the_formula():
    """s ← s - 0.1 cos(s)·c, where c = s is held: the derivative goes through both."""

    def outer(x):
        s = x
        for _ in range(30):
            s = s - 0.1 * ag.grad(lambda p, held=s: ag.sin(p) * held)(s)
        return s

    def by_hand(x):
        for _ in range(30):
            x = x - 0.1 * (ag.cos(x) * x)
        return x

    assert ag.grad(outer)(0.5) == pytest.approx(ag.grad(by_hand)(0.5), rel=1e-13)
    assert ag.grad(ag.grad(outer))(0.5) == pytest.approx(ag.grad(ag.grad(by_hand))(0.5), rel=1e-12)
    model = ag.nn.Neuron(1, activation="linear", seed=0)

    def through_a_network(model):
        loss = ag.grad(lambda inner: (inner([2.0]) - 1.0) ** 2)(model)
        return ag.sum([p * p for p in loss.parameters()])

    slope = ag.grad(through_a_network)(model)
    w, b = (p.data for p in model.parameters())
    error = 2.0 * w + b - 1.0  # the sum of squares is 20 error²
    assert [p.data for p in slope.parameters()] == pytest.approx([80.0 * error, 40.0 * error])


def test_each_node_around_a_derivative_is_looked_at_once():
    x, other = Value(0.5), Value(0.7)
    going_on = Differentiation([x])
    dependent_end, free_end = chain(x, 200), chain(other, 300)
    both = free_end + dependent_end
    assert going_on.reaches(both)
    assert not going_on.reaches(free_end)
    known = dict(going_on._depends)
    later = chain(both, 5)
    assert going_on.reaches(later)
    assert len(going_on._depends) == len(known) + 5
    assert not Differentiation([]).reaches(both)


def test_only_what_is_younger_than_the_inputs_must_be_fresh():
    a, c = Value(2.0), Value(3.0)
    aside = c * c
    x = a * a
    y = x * aside
    c.data = 4.0
    assert ag.gradient(y, [x], create_graph=True)[0].data == 9.0  # as recorded
    late = c * c  # beside the way from x to the output, and younger than x
    above = x * late
    c.data = 5.0
    with pytest.raises(GraphError, match="refresh"):
        ag.gradient(above, [x], create_graph=True)
    a.data = 5.0
    with pytest.raises(GraphError, match="refresh"):
        ag.gradient(y, [a], create_graph=True)


# --- short ways -----------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [r for r in TABLE.values() if r.public], ids=repr)
def test_a_first_derivative_is_the_first_coefficient_of_the_power_series(row):
    """To the bit, at numbers inside the domain and at its edges."""

    def at(x, k, rest):
        if isinstance(row, SequenceOp):
            return row(
                *[[x, *rest][: 2 + i] for i, _ in enumerate(row.vectors)][:1] * len(row.vectors)
            )
        return row(*rest[:k], x, *rest[k : row.arity - 1])

    for point in (0.3, 0.0, 1.0, -1.0, 2.5, math.inf):
        for k in range(row.arity or 1):
            numbers = [0.7, 0.2]
            slope = ag.derivative(lambda x, k=k, r=numbers: at(x, k, r))(point)
            series = ag.taylor(lambda x, k=k, r=numbers: at(x, k, r), point, 1)[1]
            assert bits(slope) == bits(series)
            moved = ag.jvp(lambda x, k=k, r=numbers: at(x, k, r), (point,), (1.0,))[1]
            assert bits(moved) == bits(slope)


NUMBERS = st.one_of(st.floats(-3, 3), st.integers(1, 3), st.floats(-3, 3).map(np.float64))


@given(NUMBERS, st.sampled_from([(), (2.0,)]))
def test_the_gradient_at_a_number_is_that_at_a_tuple_of_arguments(x, more):
    def f(x, factor=3.0):
        return ag.sin(x * x) * factor + 1.0 / x

    value, [slope] = ag.value_and_grad(f, argnums=(0,))(x, *more)
    assert [*map(bits, ag.value_and_grad(f)(x, *more))] == [bits(value), bits(slope)]
    assert bits(ag.grad(f)(x, *more)) == bits(slope)
    assert type(ag.grad(f)(x, *more)) is type(slope) is float
    moved = ag.jvp(lambda xs: f(xs[0], *more), [[x]], [[1.0]])
    assert [*map(bits, ag.jvp(lambda x: f(x, *more), [x], [1]))] == [*map(bits, moved)]
    assert bits(ag.derivative(f)(x, *more)) == bits(moved[1])


def test_the_short_way_knows_the_same_results_and_refusals():
    assert ag.value_and_grad(lambda x: 3)(2.0) == (3.0, 0.0)
    assert ag.value_and_grad(lambda x: x)(2.0) == (2.0, 1.0)
    assert ag.grad(lambda x, *, n: x**n)(2.0, n=3.0) == 12.0
    assert ag.grad(lambda a, x: a * x, argnums=1)(4.0, 2.0) == 4.0
    assert ag.grad(lambda x: Value(1.0) * 2.0)(2.0) == 0.0
    assert ag.jvp(lambda x, y: [x * y, 4], (3, 2.0), (1.0, np.float64(2.0))) == (
        [6.0, 4.0], [8.0, 0.0],
    )  # fmt: skip
    assert ag.derivative(lambda x, n: {"a": x * x, "b": n})(3, 2.0) == {"a": 6.0, "b": 0.0}
    assert ag.jvp(lambda: 3.0, (), ()) == (3.0, 0.0)
    with pytest.raises(ShapeError, match="1 primals and 2 tangents"):
        ag.jvp(lambda x: x, (1.0,), (1.0, 2.0))
    with pytest.raises(ShapeError, match="returns one number"):
        ag.grad(lambda x: [x, x])(2.0)
    with pytest.raises(TypeError, match="the result of"):
        ag.grad(lambda x: None)(2.0)
    with pytest.raises(TypeError, match="function to differentiate"):
        ag.grad(3.0)(2.0)
    with ag.no_grad():
        assert ag.grad(lambda x: x * x)(3.0) == 6.0
    with ag.detect_anomaly(), pytest.raises(ag.AnomalyError):
        ag.grad(lambda x: ag.log(x))(0.0)


def test_tangents_of_nodes_that_depend_on_one_another_and_of_others():
    x, y, other = Value(2.0), Value(3.0), Value(5.0)
    middle = x * y
    end = middle * middle
    assert tangents([end, middle, x, other], [x], [1.0]) == [36.0, 3.0, 1.0, 0.0]
    assert tangents([end], [x, middle], [1.0, 10.0]) == [120.0]  # middle moves as it is told
    assert [node.grad for node in (x, y, middle, end)] == [0.0] * 4
    zero, pole = Value(0.0), Value(0.0)
    assert tangents([1.0 / pole + zero], [zero], [1.0]) == [1.0]  # zero carries nothing
    with pytest.raises(ValueError, match=r"seeds|zip"):
        tangents([end], [x], [1.0, 2.0])
