"""`diagnose`: what is wrong with a graph, without raising (issue 4, item 6)."""

import dataclasses
import math
import re
import sys

import pytest
from nodes import same_nodes

import autograd_lite as ag
from autograd_lite import Value, diagnose, nn
from autograd_lite.diagnosis import ScopeSummary
from autograd_lite.ops import Op


def kinds(root, parameters=None):
    return [found.kind for found in diagnose(root, parameters).findings]


def only(root, kind, parameters=None):
    [found] = diagnose(root, parameters).of(kind)
    return found


# --- healthy graphs -------------------------------------------------------------------------------


def test_a_healthy_graph_says_so():
    x, y = Value(2.0, label="x"), Value(-3.0, label="y")
    found = diagnose(ag.tanh(x * y + 7.0), [x, y])
    assert found.findings == []
    assert found.healthy
    assert str(found).splitlines()[0] == "6 nodes: healthy"


def test_a_healthy_network_says_so():
    network = nn.MLP(2, [8, 8, 1], activation="tanh", seed=1)
    outputs = [network([0.1 * k, -0.2 * k]) for k in range(10)]
    loss = nn.losses.squared_error(outputs, [0.1 * k for k in range(10)])
    assert diagnose(loss, network).findings == []


def test_a_leaf_and_a_constant_are_graphs_too():
    x = Value(1.0)
    constant = (x * 2.0).parents[1]
    assert diagnose(x).summary == diagnose(constant).summary == "1 node: healthy"
    assert str(diagnose(constant)) == "1 node: healthy"


def test_nothing_in_the_graph_is_changed():
    x = Value(-1.0, label="x")
    y = ag.log(x) * x
    y.backward()
    before = [(node.data, node.grad, node.label) for node in (x, y, y.parents[0])]
    diagnose(y)
    after = [(node.data, node.grad, node.label) for node in (x, y, y.parents[0])]
    assert repr(before) == repr(after)


# --- nan and inf, forward -------------------------------------------------------------------------


def test_nan_is_reported_at_its_origin_alone():
    x = Value(-1.0, label="x")
    logarithm = ag.log(x)
    y = (logarithm * 2.0 + x).exp()
    found = only(y, "nan")
    assert found.severity == "error"
    assert same_nodes(found.nodes, (logarithm,))
    assert found.message == "n1 log(x = -1) makes nan; the root is nan"


def test_every_origin_is_reported_in_topological_order():
    x = Value(-1.0)
    first, second = ag.log(x), ag.sqrt(x)
    found = diagnose(first + second).of("nan")
    assert same_nodes([node for one in found for node in one.nodes], [first, second])


def test_nan_out_of_infinities_has_its_own_origin():
    x = Value(1000.0, label="x")
    infinite = ag.exp(x)
    difference = infinite - infinite
    assert same_nodes(only(difference, "inf").nodes, (infinite,))
    assert same_nodes(only(difference, "nan").nodes, (difference,))


def test_a_leaf_that_holds_nan_is_the_origin():
    x = Value(math.nan, label="x")
    assert only(x * 2.0, "nan").message == "leaf x holds nan; the root is nan"
    assert "constant n1 holds nan" in only(Value(1.0) * math.nan, "nan").message


def test_a_nan_in_the_branch_not_taken_is_a_note():
    x = Value(-1.0)
    found = diagnose(ag.where(x > 0, ag.log(x), x * 2.0))
    assert [(f.kind, f.severity) for f in found.findings] == [("nan", "note")]
    assert found.healthy
    assert found.findings[0].message.endswith("the root is finite")


# --- nan and inf, backward ------------------------------------------------------------------------


def test_an_infinite_gradient_is_reported_at_its_first_contribution():
    x = Value(0.0, label="x")
    middle = x * 3.0
    root = ag.sqrt(middle)
    found = only(root * 2.0, "inf_gradient")
    assert found.severity == "error"
    assert same_nodes(found.nodes, (root, middle))
    assert found.message == (
        "gradient by n2 turns inf: 2 (gradient by n3) × inf (partial derivative) at n3 sqrt(n2 = 0)"
    )


def test_a_gradient_that_overflows_in_a_product_is_found():
    x = Value(1e-200, label="x")
    y = (x * 1e200) * 1e200
    assert same_nodes(only(y, "inf_gradient").nodes, (y.parents[0], x))


def test_a_gradient_that_turns_nan_in_a_sum_is_found():
    x = Value(0.0, label="x")
    twice = x * 1.0
    y = ag.sqrt(twice) - ag.sqrt(twice)
    found = only(y, "nan_gradient")
    assert same_nodes(found.nodes, (y.parents[0], twice))
    assert found.message == "gradient by n2 turns nan: -inf + inf from n3 sqrt(n2 = 0)"


def test_an_infinite_gradient_that_no_leaf_gets_is_a_note():
    x = Value(2.0)
    y = ag.sqrt(x * 0.0)
    [found] = diagnose(y).of("inf_gradient")
    assert math.isfinite(ag.gradient(y, [x])[0])
    assert found.severity == "note"


def test_each_place_where_zero_times_inf_counted_as_zero_is_noted():
    x = Value(0.0, label="x")
    root = ag.sqrt(x)
    y = root * root
    found = only(y, "zero_times_inf")
    assert found.severity == "note"
    assert same_nodes(found.nodes, (root, x))
    assert found.message == (
        "0 (gradient by n1) × inf (partial derivative) at n1 sqrt(x = 0) counted as 0"
    )
    many = ag.sum([ag.where(x > 0, ag.log(x), 0.0) for _ in range(7)])
    report = diagnose(many)
    assert len(report.of("zero_times_inf")) == 7
    assert "… and 2 more, in .of('zero_times_inf')" in re.sub(r"\s+", " ", str(report))


def test_zero_times_nan_is_noted_and_zero_times_finite_is_not():
    x, y = Value(math.nan), Value(2.0)
    assert only(ag.where(True, y, x * y), "zero_times_inf").nodes[1] is y
    assert "zero_times_inf" not in kinds(y * 0.0 * y)


def test_a_constant_in_a_place_of_infinite_gradient_is_no_place_of_its_own():
    """The partial by a constant is not 0: it was never evaluated."""
    x = Value(0.0)
    assert "zero_times_inf" not in kinds(ag.sqrt(x * 2.0 + 0.0))


# --- stale graphs, parameters ---------------------------------------------------------------------


def test_a_changed_leaf_and_the_nodes_that_would_change_are_named():
    x, y = Value(2.0, label="x"), Value(5.0, label="y")
    product = x * y
    total = product + ag.exp(y)
    x.data = 3.0
    found = only(total, "stale")
    assert found.severity == "warning"
    assert same_nodes(found.nodes, (product, x, y))
    assert "multiply(x = 3, y = 5) was 10 and would now be 15" in found.message
    assert "x = 3 or y = 5 was changed" in found.message
    total.refresh()
    assert kinds(total) == []


def test_a_leaf_that_alone_explains_one_node_explains_the_others():
    x, y = Value(2.0, label="x"), Value(5.0, label="y")
    total = x * y + ag.exp(x)
    x.data = 3.0
    for found in diagnose(total).of("stale"):
        assert same_nodes(found.nodes[1:], (x,))
        assert "because x = 3 was changed" in found.message


def test_of_many_leaves_that_may_have_changed_a_few_are_listed():
    weights = [Value(float(k), label=f"w{k}") for k in range(9)]
    y = ag.dot(weights, [1.0] * 9)
    weights[7].data = 70.0
    found = only(y, "stale")
    assert same_nodes(found.nodes, (y, *weights))
    assert "w0 = 0 or w1 = 1 or w2 = 2 or w3 = 3 or one of 5 more was changed" in found.message


def test_after_a_refresh_of_a_part_the_rest_is_stale():
    x = Value(2.0, label="x")
    inner = x * x
    outer = inner * 2.0
    x.data = 3.0
    inner.refresh()
    assert same_nodes(only(outer, "stale").nodes, (outer, inner))


def test_parameters_that_the_root_does_not_depend_on_are_named():
    x, w = Value(2.0, label="x"), Value(1.0, label="w")
    found = only(x * 2.0, "unreached", [x, w])
    assert found.severity == "warning"
    assert same_nodes(found.nodes, (w,))
    assert found.message == "the root does not depend on w"
    assert "parameters[1]" in only(x * 2.0, "unreached", [x, Value(0.0)]).message


def test_a_module_names_the_parameters_that_are_not_reached():
    network = nn.MLP(2, [2, 2], seed=1)
    output = network([1.0, 2.0])[0]
    found = diagnose(output, network).of("unreached")
    dead = network.layers[1].neurons[1].parameters()
    assert same_nodes([one.nodes[0] for one in found], dead)
    assert found[0].message.endswith("layers.1.neurons.1.w.0")


def test_parameters_that_are_reached_with_gradient_zero_are_noted():
    x, y = Value(2.0, label="x"), Value(3.0, label="y")
    found = only(x + ag.floor(y), "no_gradient", [x, y])
    assert found.severity == "note"
    assert same_nodes(found.nodes, (y,))
    assert found.message == "1 of 2 parameters have gradient 0: y"


# --- gradients by scope ---------------------------------------------------------------------------


def deep(activation, scale):
    """The sum of what 10 layers with scaled weights say of 5 samples."""
    network = nn.MLP(3, [6] * 9 + [1], activation=activation, init="glorot", seed=3)
    for parameter in network.parameters():
        parameter.data *= scale
    outputs = [network([1.0, -0.5, 0.1 * k]) for k in range(5)]
    return ag.sum(outputs)


def test_vanishing_gradients_are_found_by_scope():
    found = diagnose(deep("sigmoid", 1.0))
    scopes = [one.message.partition(":")[0] for one in found.of("vanishing")]
    assert scopes == [f"MLP/layer {k}" for k in range(len(scopes))]
    assert 2 <= len(scopes) < 9
    assert found.of("exploding") == []


def test_exploding_gradients_are_found_by_scope():
    found = diagnose(deep("linear", 4.0))
    scopes = [one.message.partition(":")[0] for one in found.of("exploding")]
    assert scopes[0] == "MLP/layer 0"
    assert 2 <= len(scopes) < 9
    assert found.of("vanishing") == []


def test_limits_hold_without_scopes_too():
    x = Value(1.0)
    [found] = diagnose(x * 1e11).of("exploding")
    assert found.message == "(no scope): the largest |grad| 1e+11 is above 1e+10"
    assert kinds(x * 1e-9) == []
    with ag.scope("a"):
        y = Value(1.0) * 2.0
    with ag.scope("b"):
        z = Value(1.0) * 2.0
    found = diagnose(y * 1e-12 + ag.floor(z))
    assert [one.message for one in found.of("vanishing")] == [
        "a: the largest |grad| 2e-12 is below 1e-10",
        "b: every gradient is 0",
    ]


def test_scopes_side_by_side_are_not_compared():
    """A confident output neuron beside a wrong one is no sign of trouble."""
    with ag.scope("quiet"):
        quiet = ag.tanh(Value(0.5))
    with ag.scope("loud"):
        loud = ag.tanh(Value(0.5))
    assert kinds(quiet * 1e-6 + loud * 10.0) == []


def test_nodes_outside_every_scope_pass_the_comparison_on():
    with ag.scope("first"):
        y = Value(0.5) * 1.5
    y = y * 1e-6
    with ag.scope("second"):
        z = y * 1.5
    assert only(z, "vanishing").message.startswith("first: mean |grad|")


def test_a_scope_is_measured_over_its_nodes_without_constants():
    with ag.scope("line"):
        x = Value(-2.0)
        y = x * 3.0
    loss = y * y
    found = diagnose(loss)
    assert found.scopes == [
        ScopeSummary("line", 2, 1, mean_data=4.0, mean_grad=12.0, leaf_grad=36.0, max_grad=36.0),
        ScopeSummary("(no scope)", 1, 0, 36.0, mean_grad=1.0, leaf_grad=None, max_grad=1.0),
    ]


def test_many_scopes_are_taken_together():
    network = nn.MLP(2, [4, 4, 1], activation="tanh", seed=1)
    small = diagnose(network([0.1, 0.2]))
    assert [row.scope for row in small.scopes][-1] == "MLP/layer 2/neuron 0"
    network = nn.MLP(2, [12, 12, 1], activation="tanh", seed=1)
    names = [row.scope for row in diagnose(network([0.1, 0.2])).scopes]
    assert names == ["MLP/layer 0", "MLP/layer 1", "MLP/layer 2"]


def test_gradients_are_those_of_a_backward_pass():
    loss = deep("tanh", 1.0)
    rows = diagnose(loss).scopes
    loss.backward()
    nodes = [node for node in ag.graph.ancestors(loss) if not node.constant]
    assert max(row.max_grad for row in rows) == max(abs(node.grad) for node in nodes)
    total = sum(row.mean_grad * (row.nodes - row.leaves) for row in rows)
    assert total == pytest.approx(sum(abs(node.grad) for node in nodes if node.op), rel=1e-12)
    total = sum((row.leaf_grad or 0.0) * row.leaves for row in rows)
    assert total == pytest.approx(sum(abs(node.grad) for node in nodes if not node.op), rel=1e-12)


# --- units ----------------------------------------------------------------------------------------


def unit(activation, inputs, name="unit"):
    """The sum of one neuron's outputs."""
    with ag.scope(name):
        return ag.sum([activation(x * 1.0) for x in map(Value, inputs)])


@pytest.mark.parametrize(
    "activation",
    [ag.relu, lambda x: ag.maximum(x, 0.0), lambda x: ag.clip(x, 0.0, 9.0)],
    ids=["relu", "maximum", "clip"],
)
def test_a_unit_is_dead_when_it_is_off_in_every_use(activation):
    found = only(unit(activation, [-0.01 - 0.1 * k for k in range(8)]), "dead")
    assert (found.severity, len(found.nodes)) == ("warning", 8)
    assert found.message.startswith("unit: ")
    assert found.message.endswith("has partial derivative 0 in all of 8 uses")
    assert "dead" not in kinds(unit(activation, [-0.01 - 0.1 * k for k in range(8)] + [1.0]))


def test_few_uses_are_only_a_note():
    assert only(unit(ag.relu, [-1.0]), "dead").severity == "note"
    assert only(unit(ag.relu, [-1.0]), "dead").message.endswith("in its only use")
    assert only(unit(ag.relu, [-1.0] * 7), "dead").severity == "note"


@pytest.mark.parametrize(
    "activation", [ag.tanh, ag.sigmoid, ag.erf, ag.elu, ag.softplus, ag.silu, ag.gelu]
)
def test_a_unit_is_saturated_when_it_is_flat_in_every_use(activation):
    far = [-12.0 - 0.5 * k for k in range(8)]
    (found,) = (f for f in diagnose(unit(activation, far)).findings if f.kind != "vanishing")
    assert (found.kind, found.severity) in {("saturated", "warning"), ("dead", "warning")}
    assert found.message.startswith(f"unit: {activation.name} has partial derivative ")
    assert kinds(unit(activation, [*far, 0.5])) == []


def test_saturated_is_not_dead_while_a_derivative_is_left():
    assert only(unit(ag.sigmoid, [-9.0] * 8), "saturated").message == (
        "unit: sigmoid has partial derivative below 0.001 in all of 8 uses"
    )


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * x,  # the derivative is 0 at a minimum
        ag.square,
        lambda x: x**2.0,
        ag.cos,
        ag.cosh,
        ag.absolute,
        lambda x: ag.log(x + 1e5),  # small far out, as it should be
        lambda x: ag.sqrt(x + 1e9),
        lambda x: 1.0 / (x + 1e5),
        lambda x: ag.exp(x - 20.0),
        ag.floor,  # nowhere anything else
        ag.sign,
        lambda x: x * 1e-5,
        lambda x: x * 0.0,
    ],
)
def test_what_is_no_activation_is_neither_dead_nor_saturated(function):
    assert not {"dead", "saturated"} & set(kinds(unit(function, [0.0] * 8)))


def test_a_users_own_op_is_called_at_its_recorded_arguments_only():
    called = []

    def forward(x):
        called.append(float(x))
        return ag.less(0.0, x) * x

    row = Op(
        "own", symbol="own", latex="own", domain=[(0.0, 1.0)], doc="A user's.",
        forward=forward, partials=[lambda out, x: ag.less(0.0, x)],
    )  # fmt: skip
    assert "dead" not in kinds(unit(row, [-1.0] * 8))
    assert set(called) == {-1.0}


def test_labels_tell_units_of_one_scope_apart():
    x = Value(-1.0)
    on, off = ag.relu(-x), ag.relu(x)
    assert "dead" not in kinds(on + off)
    on.label, off.label = "on", "off"
    assert only(on + off, "dead").message == (
        "(no scope): off has partial derivative 0 in its only use"
    )


def test_a_dead_neuron_of_a_network_is_named():
    network = nn.MLP(2, [4, 1], seed=2)
    network.layers[0].neurons[2].b.data = -100.0
    loss = ag.sum([network([0.1 * k, 1.0]) for k in range(10)])
    dead = [found.message for found in diagnose(loss).of("dead")]
    assert "MLP/layer 0/neuron 2: relu has partial derivative 0 in all of 10 uses" in dead


# --- the report -----------------------------------------------------------------------------------


def test_the_report_is_aligned_and_holds_everything():
    x = Value(-1.0, label="x<y")
    with ag.scope("a&b"):
        y = ag.log(x)
    found = diagnose(y, [x, Value(1.0, label="w")])
    assert str(found) == repr(found)
    lines = str(found).splitlines()
    assert lines[0] == "2 nodes: 1 error, 1 warning"
    assert lines[2].split() == ["severity", "kind", "finding"]
    assert lines[3].startswith("error     nan        n1 log(x<y = -1) in a&b makes nan")
    assert lines[4].startswith("warning   unreached  the root does not depend on w")
    assert lines[6].split()[0] == "scope"
    html = found._repr_html_()
    assert "x&lt;y" in html
    assert "a&amp;b" in html
    assert "x<y" not in html


def test_errors_come_first_and_notes_last():
    x = Value(0.0)
    y = ag.sqrt(x) * ag.sqrt(x) + ag.log(x - 1.0) + ag.relu(x)
    order = [found.severity for found in diagnose(y, [Value(1.0)]).findings]
    assert order == sorted(order, key=["error", "warning", "note"].index)
    assert set(order) == {"error", "warning", "note"}


def test_findings_are_frozen_data():
    found = only(Value(math.inf) * 1.0, "inf")
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.kind = "other"


def test_wrong_arguments_are_named():
    with pytest.raises(TypeError, match="root must be a Value and is float"):
        diagnose(1.0)
    with pytest.raises(TypeError, match=r"parameters\[1\] must be a Value"):
        diagnose(Value(1.0), [Value(1.0), 2.0])


def long_chain(n):
    x = y = Value(1.0)
    for _ in range(n):
        y = ag.tanh(y) + 0.5
    return x, y


@pytest.mark.no_cover
def test_a_long_chain_needs_no_recursion():
    x, y = long_chain(50_000)
    assert diagnose(y, [x]).nodes == 150_001


def test_each_part_of_a_long_chain_needs_as_many_calls():
    """Calls are counted, because a clock depends on what else the machine does."""
    counts = []
    for n in (1500, 2000, 2500):
        x, y = long_chain(n)
        calls = []
        sys.setprofile(lambda frame, event, arg, calls=calls: calls.append(event))
        try:
            diagnose(y, [x])
        finally:
            sys.setprofile(None)
        counts.append(len(calls))
    first, second = counts[1] - counts[0], counts[2] - counts[1]
    assert first > 1000
    assert second < 1.1 * first
