"""Hessian times vector on a graph that exists (`engine.hessian_products`)."""

import math
import random

import pytest
from foreign import COLUMNS, product_row, total_row
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, gradient, nn
from autograd_lite.engine import constant, fields, hessian_products, restore
from autograd_lite.ops import TABLE, Op, SequenceOp
from autograd_lite.ops.duals import Dual
from autograd_lite.ops.rules import carry
from autograd_lite.ops.table import with_attrs

ROWS = [
    *TABLE.values(),
    with_attrs("leaky_relu", (("slope", 0.2),)),
    with_attrs("elu", (("alpha", 1.7),)),
    with_attrs("norm", (("order", 1.0),)),
    with_attrs("norm", (("order", 3.0),)),
    with_attrs("norm", (("order", math.inf),)),
]
EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -2.0, 3.0]


def recorded(root, nodes, direction):
    """The same through gradients recorded as Values, which are differentiated once more."""
    return [
        ag.sum([carry(d, v) for d, v in zip(gradient(first, nodes), direction, strict=True)])
        for first in gradient(root, nodes, create_graph=True)
    ]


def same(found, expected):
    """Equal within rounding, nan and infinities included."""
    size = max([abs(x) for x in expected if math.isfinite(x)], default=0.0)
    return found == pytest.approx(expected, rel=1e-11, abs=1e-11 * max(1.0, size), nan_ok=True)


def identity(n):
    return [[float(i == j) for j in range(n)] for i in range(n)]


# --- every row ------------------------------------------------------------------------------------


@pytest.mark.no_cover
@pytest.mark.parametrize("row", ROWS, ids=repr)
@pytest.mark.parametrize("where", ["inside", "at edges"])
def test_every_row_agrees_with_recorded_gradients(row, where):
    """Also at 0, at ties, with constants among the arguments and arguments given twice."""
    choose = random.Random(row.name)
    many = isinstance(row, SequenceOp)
    for _ in range(150):
        n = len(row.vectors) * choose.choice([1, 2, 3, 5]) + len(row.scalars) if many else row.arity
        domain = row.domain * (n if many else 1)
        numbers = [
            choose.uniform(*d) if where == "inside" else choose.choice([*EDGES, choose.gauss(0, 1)])
            for d in domain
        ]
        leaves = [(constant if choose.random() < 0.2 else Value)(x) for x in numbers]
        args = [x if choose.random() < 0.9 else leaves[0] for x in leaves]
        direction = [choose.choice([0.0, 1.0, choose.gauss(0, 1)]) for _ in leaves]
        root = Value._apply_op(row, args)
        [found] = hessian_products(root, leaves, [direction])
        assert same(found, recorded(root, leaves, direction)), (args, direction)


def test_zero_carries_nothing_to_second_order():
    x = Value(0.0)
    for root, second in (
        (ag.where(x > 0, ag.log(x), x * x), 2.0),
        (ag.where(ag.less(0.0, x), ag.sqrt(x), 3.0 * x), 0.0),
        (ag.norm([x, x]), 0.0),
        (x**2, 2.0),
        (x**3.0 + x**1 + x**0, 0.0),
        (ag.relu(x) * ag.log(x), 0.0),
        (ag.absolute(x) * ag.hypot(x, 0.0), 0.0),
    ):
        assert hessian_products(root, [x], [[1.0]]) == [[second]]


def test_activations_have_the_limits_of_their_second_derivatives_far_out():
    for number in (1000.0, -1000.0, math.inf, -math.inf):
        for row in (ag.sigmoid, ag.softplus, ag.tanh, ag.silu):
            x = Value(number)
            assert hessian_products(row(x), [x], [[1.0]]) == [[0.0]], (row, number)


# --- graphs ---------------------------------------------------------------------------------------


@st.composite
def graphs(draw):
    """Smooth programs with shared parents, constants and rows over sequences; and their leaves."""
    leaves = [Value(x) for x in draw(st.lists(st.floats(-1.5, 1.5), min_size=1, max_size=4))]
    nodes = [*leaves, constant(0.75)]
    for _ in range(draw(st.integers(1, 15))):
        x, y, z = (draw(st.sampled_from(nodes)) for _ in range(3))
        step = draw(st.sampled_from([
            lambda x, y, z: x * y, lambda x, y, z: x + y, lambda x, y, z: x - z,
            lambda x, y, z: ag.tanh(x), lambda x, y, z: ag.sin(x * x), lambda x, y, z: -x,
            lambda x, y, z: x / (1.0 + y * y), lambda x, y, z: ag.dot([x, y], [z, x], y),
            lambda x, y, z: ag.logsumexp([x, y, z]), lambda x, y, z: ag.mean([x, y, y]),
            lambda x, y, z: ag.prod([ag.cos(x), y, z]), lambda x, y, z: ag.gelu(x),
        ]))  # fmt: skip
        nodes.append(step(x, y, z))
    return nodes[-1], leaves


@given(graphs(), st.data())
def test_random_graphs_agree_with_recorded_gradients(graph, data):
    root, leaves = graph
    direction = [data.draw(st.floats(-2, 2)) for _ in leaves]
    [found] = hessian_products(root, leaves, [direction])
    assert same(found, recorded(root, leaves, direction))


@given(graphs())
def test_directions_come_one_by_one_or_all_at_once(graph):
    root, leaves = graph
    rows = hessian_products(root, leaves, identity(len(leaves)))
    assert rows == [hessian_products(root, leaves, [v])[0] for v in identity(len(leaves))]
    for i, row in enumerate(rows):
        assert same(row, [other[i] for other in rows]), "a Hessian is symmetric"


def test_a_network_agrees_with_recorded_gradients():
    model = nn.MLP(3, [4, 1], "tanh", seed=1)
    weights = list(model.parameters())
    loss = ag.mean([ag.square(model([x, -x, 0.5]) - x) for x in (-1.0, 0.25, 1.0)])
    direction = [math.cos(i) for i in range(len(weights))]
    [found] = hessian_products(loss, weights, [direction])
    first = gradient(loss, weights, create_graph=True)
    products = [slope * v for slope, v in zip(first, direction, strict=True)]
    assert same(found, gradient(ag.sum(products), weights))


def test_no_grad_is_touched():
    x, y = Value(2.0), Value(3.0)
    root = x * y * x
    x.grad, root.grad = 5.0, 7.0
    hessian_products(root, [x, y], identity(2))
    assert (x.grad, y.grad, root.grad, root.parents[0].grad) == (5.0, 0.0, 7.0, 0.0)
    root.zero_grad()
    root.backward()
    assert (x.grad, y.grad) == (12.0, 4.0)


def test_strangers_and_constants_have_second_derivatives_zero():
    x, stranger = Value(2.0), Value(9.0)
    root = x**3.0
    nodes = [stranger, x, root.parents[1]]
    assert hessian_products(root, nodes, [[1.0, 1.0, 1.0]]) == [[0.0, 12.0, 0.0]]
    assert hessian_products(root, [stranger], [[1.0]]) == [[0.0]]
    assert hessian_products(constant(2.0), [x], [[1.0]]) == [[0.0]]
    lonely = constant(2.0)
    assert hessian_products(lonely, [lonely], [[1.0]]) == [[0.0]]


def test_no_nodes_and_no_directions_are_fine():
    x = Value(2.0)
    assert hessian_products(x * x, [], [[], []]) == [[], []]
    assert hessian_products(x * x, [x], []) == []
    assert hessian_products(x, [x], [[1.0]]) == [[0.0]]


def test_a_node_listed_twice_moves_by_the_sum():
    x = Value(2.0)
    assert hessian_products(x * x * x, [x, x], [[1.0, 2.0]]) == [[36.0, 36.0]]


def test_a_direction_of_negative_zero_gives_zero():
    x = Value(2.0)
    for found in hessian_products(x * x, [x], [[-0.0], [0.0]]):
        assert math.copysign(1.0, found[0]) == 1.0


def test_a_computed_node_is_a_variable_that_also_moves_with_its_ancestors():
    """As if a number of its own, 0 for now, were added to it."""
    x = Value(0.7)
    middle = ag.tanh(x)  # a row whose partial uses the result
    root = ag.sin(middle * x) * middle
    extra = Value(0.0)
    moved = ag.tanh(x) + extra
    expected = hessian_products(ag.sin(moved * x) * moved, [x, extra], identity(2))
    assert hessian_products(root, [x, middle], identity(2)) == expected
    assert expected[0][1] == pytest.approx(expected[1][0], rel=1e-14)
    [by_middle] = gradient(root, [middle], create_graph=True)
    assert same(hessian_products(root, [middle], [[1.0]])[0], gradient(by_middle, [middle]))
    assert hessian_products(root, [root], [[1.0]]) == [[0.0]]


def test_the_branch_not_taken_is_not_differentiated():
    x, y = Value(-2.0), Value(3.0)
    root = ag.where(x > 0, ag.log(x), y * y) + ag.maximum(x * x * x, y)
    assert hessian_products(root, [x, y], identity(2)) == [[0.0, 0.0], [0.0, 2.0]]


def test_numbers_out_of_range_follow_ieee():
    x = Value(0.0)
    assert hessian_products(1.0 / x, [x], [[1.0]]) == [[math.inf]]
    assert hessian_products(ag.log(x), [x], [[1.0]]) == [[-math.inf]]
    assert math.isnan(hessian_products(ag.sqrt(x - 1.0), [x], [[1.0]])[0][0])
    huge = Value(1000.0)
    assert hessian_products(ag.exp(huge), [huge], [[1.0]]) == [[math.inf]]


def test_a_chain_of_a_million_nodes_needs_no_recursion():
    n = 1_000_000 if ag.engine == "native" else 100_000
    x = Value(0.5)
    y = x * x
    for _ in range(n):
        y = -y
    assert hessian_products(y, [x], [[1.0]]) == [[2.0]]


def test_nodes_of_very_many_parents():
    xs = [Value(i / 1000) for i in range(1000)]
    direction = [math.sin(i) for i in range(1000)]
    [found] = hessian_products(ag.dot(xs, xs[::-1]), xs, [direction])
    assert found == pytest.approx([2.0 * v for v in direction[::-1]], rel=1e-15)
    [found] = hessian_products(ag.logsumexp(xs), xs, [[1.0] * 1000])
    assert found == pytest.approx([0.0] * 1000, abs=1e-15)


# --- wrong arguments ------------------------------------------------------------------------------


def test_directions_have_a_number_for_each_node():
    x = Value(1.0)
    for wrong in ([[]], [[1.0, 2.0]], [[1.0], []]):
        with pytest.raises(ValueError, match="1 nodes and a direction of"):
            hessian_products(x * x, [x], wrong)


# --- rows that only Python knows ------------------------------------------------------------------


def cube_row(first, name="cube"):
    return Op(name, forward=lambda x: x * x * x, partials=[first], **COLUMNS)


def test_a_users_row_is_differentiated_by_its_own_partials():
    x, y = Value(2.0), Value(3.0)
    root = product_row()(x * x, y) + total_row()([x, y * y, 1.0], x)
    assert hessian_products(root, [x, y], identity(2)) == [[6.0, 4.0], [4.0, 2.0]]
    assert same(hessian_products(root, [x, y], [[1.0, -2.0]])[0], recorded(root, [x, y], [1, -2.0]))


@pytest.mark.parametrize(
    "first",
    [
        lambda out, x: 3.0 * x * x,
        lambda out, x: 3 * x**2,
        lambda out, x: 3.0 * abs(x) ** 2.0,
        lambda out, x: -(-3.0 * ag.square(+x)) if x > 0.0 else 3.0 * x * x,
        lambda out, x: 3.0 * out / x if x else 0.0,
        lambda out, x: 0.0 if x == 0.0 else 3.0 / (1.0 / x) ** 2,
        lambda out, x: 3.0 * math.e ** (2.0 * ag.log(abs(x))),
        lambda out, x: 1.0 + (3.0 * x * x - 1.0),
    ],
)
def test_partials_may_use_what_floats_and_values_have_in_common(first):
    for number in (2.0, -2.0):
        x = Value(number)
        [[found]] = hessian_products(cube_row(first)(x), [x], [[1.0]])
        assert found == pytest.approx(6.0 * number, rel=1e-14)


def test_partials_may_use_numpy():
    np = pytest.importorskip("numpy")
    x = Value(0.5)
    row = Op("sine", forward=np.sin, partials=[lambda out, x: np.cos(x)], **COLUMNS)
    [[found]] = hessian_products(row(x), [x], [[1.0]])
    assert found == pytest.approx(-math.sin(0.5), rel=1e-15)


@pytest.mark.parametrize(
    "first",
    [
        lambda out, x: 3.0 * math.pow(x, 2.0),
        lambda out, x: 3.0 * float(x) ** 2,
        lambda out, x: 3.0 * x * x.real,
        lambda out, x: [3.0][int(x) % 1] * x * x,
    ],
)
def test_partials_on_floats_only_have_no_second_derivative_and_the_error_names_the_op(first):
    x, y = Value(2.0), Value(5.0)
    root = y * cube_row(first)(x * y)
    nodes = [x, y]
    with pytest.raises(TypeError, match=r"cube has no second derivative.*ag\.sin"):
        hessian_products(root, nodes, identity(2))
    assert gradient(root, nodes) == pytest.approx([7500.0, 4000.0])
    with pytest.raises(TypeError, match="cube"):
        hessian_products(root, nodes, identity(2))
    # where no second derivative of it is needed, none is asked for
    assert hessian_products(root * 0.0, nodes, identity(2)) == [[0.0, 0.0], [0.0, 0.0]]


def test_a_custom_op_is_differentiated_or_says_why_not():
    x = Value(0.5)
    smooth = ag.custom_op("smooth", math.sin, lambda out, x: ag.cos(x))
    rough = ag.custom_op("rough", math.sin, lambda out, x: math.cos(x))
    root = smooth(x * x)
    assert same(hessian_products(root, [x], [[1.0]])[0], recorded(root, [x], [1.0]))
    with pytest.raises(TypeError, match=r"op 'rough' by 'x' accepts floats only"):
        hessian_products(rough(x), [x], [[1.0]])


def test_a_checkpoint_is_differentiated_twice_by_recording_it_again():
    x, y = Value(0.5), Value(1.5)
    kept = ag.checkpoint(lambda x, y: ag.sin(x * y) / x)(x, y) * y
    plain = ag.sin(x * y) / x * y
    for found, expected in zip(*[hessian_products(r, [x, y], identity(2)) for r in (kept, plain)],
                               strict=True):  # fmt: skip
        assert same(found, expected)


def test_an_error_out_of_a_users_rule_leaves_the_graph_usable():
    failing = []

    def first(out, x):
        if failing:
            raise RuntimeError("no number today")
        return 3.0 * x * x

    x = Value(2.0)
    root = cube_row(first)(x) * x
    root.backward()
    state = [fields(node)[2:5] for node in (root, root.parents[0], x)]
    failing.append(True)
    with pytest.raises(RuntimeError, match="no number today"):
        hessian_products(root, [x], [[1.0]])
    assert [fields(node)[2:5] for node in (root, root.parents[0], x)] == state
    failing.clear()
    assert hessian_products(root, [x], [[1.0]]) == [[48.0]]


def test_python_code_in_a_rule_may_walk_the_same_graph():
    answers = []

    def first(out, x):
        if asking:
            asking.clear()
            answers.append(hessian_products(root, [x0], [[2.0]]))
            answers.append(gradient(root, [x0]))
            root.refresh()
        return 3.0 * x * x

    asking = []
    x0 = Value(2.0)
    root = cube_row(first)(x0) * x0
    asking.append(True)
    assert hessian_products(root, [x0], [[1.0]]) == [[48.0]]
    assert answers == [[[96.0]], [32.0]]


def test_the_wrong_number_of_tangents_is_refused():
    class Row(Op):
        def partials_on(self, out, args, wanted):
            return [1.0]

    row = Row("short", forward=lambda x, y: x, partials=[lambda o, x, y: 1.0] * 2, **COLUMNS)
    x = Value(1.0)
    with pytest.raises(ValueError, match=r"short|argument"):
        hessian_products(row(x, x), [x], [[1.0]])


def test_partials_of_a_restored_node_are_the_recorded_ones():
    """First derivatives are those of the node; second ones come from the numbers."""
    x = Value(3.0)
    out = restore(TABLE["square"], (x,), (6.0,), 9.0, 0.0, "", False, ())
    assert hessian_products(out * out, [x], [[1.0]]) == [[108.0]]


def test_a_dual_says_what_it_is():
    x = Dual(2.0, 1.0)
    assert repr(x * x) == "Dual(4.0, 4.0)"
    assert (x < 3.0, x >= Dual(2.0, 5.0), x == 2.0, bool(x - 2.0)) == (True, True, True, False)
    with pytest.raises(AttributeError, match="no attribute 'real'"):
        x.real  # noqa: B018
