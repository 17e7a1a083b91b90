"""no_grad and detect_anomaly: blocks in which ops behave differently."""

import asyncio
import contextvars
import math
import re
import struct
import sys
import threading
import warnings
import weakref

import numpy as np
import pytest
from foreign import product_row, total_row, weighted_row
from nodes import same_nodes

import autograd_lite as ag
from autograd_lite import AnomalyError, AnomalyWarning, ProgramError, Value, nn
from autograd_lite.engine import (
    Mode,
    adjoints,
    current_mode,
    fields,
    hessian_products,
    record,
    record_layer,
)
from autograd_lite.modes import in_mode, line_of, recording
from autograd_lite.modes.lines import Lines
from autograd_lite.ops import TABLE, Op, SequenceOp
from autograd_lite.ops.table import with_attrs
from autograd_lite.transforms.orders import numbers_of


def bits(value):
    return "nan" if value.data != value.data else struct.pack("<d", value.data)


def is_leaf(value):
    return (value.op, value.parents, value.local_grads, value.constant) == ("", (), (), False)


def ways_to_record():
    """Everything that makes a node of an op, as functions of two Values."""
    for name, row in TABLE.items():
        if isinstance(row, SequenceOp):
            yield f"{name}([3])", lambda x, y, row=row: row(*[[x, 2.0, y] for _ in row.vectors])
            yield f"{name}([1])", lambda x, y, row=row: row(*[(y,) for _ in row.vectors])
        else:
            yield name, lambda x, y, row=row: row(*[x, 2.0, y][: row.arity])
            yield f"record {name}", lambda x, y, row=row: record(row, (y, x, x)[: row.arity])
            if hasattr(Value, name):
                yield f".{name}()", lambda x, y, r=row: getattr(y, r.name)(*[x, 2][: r.arity - 1])
    yield "x + y", lambda x, y: x + y
    yield "x * 2", lambda x, y: x * 2
    yield "2 / x", lambda x, y: 2.0 / x
    yield "numpy - x", lambda x, y: np.float64(2.0) - x
    yield "x ** y", lambda x, y: x**y
    yield "-x", lambda x, y: -x
    yield "abs(y)", lambda x, y: abs(y)
    yield "numpy", lambda x, y: np.sum(np.array([x, y], dtype=object))
    yield "a slope", lambda x, y: ag.leaky_relu(y, slope=0.3)
    yield "norm", lambda x, y: ag.norm([x, y], order=3.0)
    yield "300 arguments", lambda x, y: ag.logsumexp([x, y] * 150)
    yield "a user's row", lambda x, y: product_row()(x, y)
    yield "a user's row of four", lambda x, y: weighted_row()(x, 1.0, y, x)
    yield "a user's sequence", lambda x, y: total_row()([x, y], 3.0)
    yield "a layer", lambda x, y: nn.Layer(2, 1, "tanh", seed=1)([x, y])
    yield "a linear layer", lambda x, y: nn.Layer(2, 1, "linear", seed=1)([x, 2.0])
    yield "a neuron", lambda x, y: nn.Neuron(2, "sigmoid", seed=1)([x, y])
    yield "a leaky layer", lambda x, y: nn.Layer(2, 1, "leaky_relu", seed=1)([y, 2.0])


WAYS = dict(ways_to_record())


# --- no_grad --------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_inside_no_grad_an_op_gives_a_leaf_with_the_same_bits(way):
    x, y = Value(0.75), Value(-0.5)
    expected = WAYS[way](x, y)
    with ag.no_grad():
        found = WAYS[way](x, y)
    assert expected.op
    assert is_leaf(found)
    assert bits(found) == bits(expected)
    assert found._scope == expected._scope
    found.data = 3.0  # as that of any leaf


def test_side_by_side_inside_no_grad_nodes_are_leaves_in_their_scopes():
    x, y, steep = Value(0.75), Value(-0.5), with_attrs("leaky_relu", (("slope", 0.7),))
    for n in (1, 2, 300):  # vectors that fit a node, or the stack, or neither
        args = TABLE["dot"], steep, [[y] * n, [x] * n], [2.0] * n, [x, y], [("a",), ()]
        expected = record_layer(*args)
        with ag.no_grad():
            found = record_layer(*args)
        assert all(map(is_leaf, found))
        assert [(bits(v), v._scope) for v in found] == [(bits(v), v._scope) for v in expected]


def test_a_number_of_numbers_stays_a_float_inside_no_grad():
    with ag.no_grad():
        assert ag.exp(0.0) == 1.0
        assert +(x := Value(2.0)) is x


def test_a_users_partials_are_not_evaluated_inside_no_grad():
    def refuse(out, x):
        raise RuntimeError("a partial was evaluated")

    columns = {"symbol": "?", "latex": "?", "domain": [(-1.0, 1.0)], "doc": "For tests."}
    row = Op("costly", forward=lambda x: x, partials=[refuse], **columns)
    with pytest.raises(RuntimeError):
        row(Value(1.0))
    with ag.no_grad():
        assert row(Value(1.0)).data == 1.0


def test_an_error_in_a_users_op_leaves_no_node_and_no_mode():
    def fail():
        raise KeyError("the user's own")

    with pytest.raises(KeyError), ag.no_grad():
        product_row(before=fail)(Value(1.0), Value(2.0))
    assert (-Value(1.0)).op


def test_blocks_of_no_grad_nest():
    x = Value(2.0)
    with ag.no_grad():
        with ag.no_grad():
            assert is_leaf(x * x)
        assert is_leaf(x * x)
        with pytest.raises(ZeroDivisionError), ag.no_grad():
            _ = 1 / 0
        assert is_leaf(x * x)
    assert same_nodes((x * x).parents, (x, x))


def test_one_block_can_be_entered_inside_itself():
    block, x = ag.no_grad(), Value(2.0)
    with block, block:
        assert is_leaf(x * x)
    assert (x * x).op


def test_what_is_computed_inside_no_grad_is_constant_for_a_derivative():
    x = Value(3.0)
    with ag.no_grad():
        scale = x * x
    y = scale * x
    assert ag.gradient(y, [x]) == [9.0]
    assert ag.gradient(y, [scale]) == [3.0]


def test_graphs_can_be_differentiated_inside_no_grad():
    x = Value(3.0)
    y = x * x * x
    with ag.no_grad():
        y.backward()
        [first] = ag.gradient(y, [x], create_graph=True)
        assert is_leaf(first * 2.0)
    assert x.grad == first.data == 27.0
    assert ag.gradient(first, [x]) == [18.0]


def test_recording_is_possible_inside_no_grad():
    x = Value(2.0)
    with ag.no_grad():
        with recording():
            assert (x * x).op
            with ag.no_grad():
                assert is_leaf(x * x)
        assert is_leaf(x * x)
    with recording():
        assert (x * x).op


def test_pictures_expand_whatever_the_mode():
    total = ag.sum([Value(1.0), Value(2.0), Value(math.inf)])
    expected = str(ag.draw(total, expand=True).to_graphviz())
    with ag.no_grad(), ag.detect_anomaly():
        assert str(ag.draw(total, expand=True).to_graphviz()) == expected


def wave(x, y):
    """A function of two numbers that gives one."""
    return ag.sin(x * y) + ag.exp(y) / x


#: Every transform of it at two numbers.
TRANSFORMS = {
    "grad": lambda x, y: ag.grad(wave, argnums=(0, 1))(x, y),
    "value_and_grad": lambda x, y: ag.value_and_grad(wave)(x, y),
    "jvp": lambda x, y: ag.jvp(wave, (x, y), (1.0, -2.0)),
    "vjp": lambda x, y: ag.vjp(lambda x, y: [wave(x, y), x], x, y)[1]([2.0, 3.0]),
    "vjp's value": lambda x, y: ag.vjp(wave, x, y)[0],
    "jacobian": lambda x, y: ag.jacobian(lambda z: [wave(*z), z[0]])([x, y]).tolist(),
    "hessian": lambda x, y: ag.hessian(lambda z: wave(*z))([x, y]).tolist(),
    "hvp": lambda x, y: ag.hvp(lambda z: wave(*z))([x, y], [1.0, 2.0]),
    "derivative": lambda x, y: ag.derivative(lambda x: wave(x, y), 3)(x),
    "taylor": lambda x, y: ag.taylor(lambda x: wave(x, y), x, 3),
    "nested": lambda x, y: ag.grad(lambda x: x * ag.grad(wave)(x, y))(x),
    "checkpoint": lambda x, y: ag.grad(ag.grad(ag.checkpoint(wave)))(x, y),
}


def numbers_in(found):
    """What a transform gives, without its structure."""
    parts = found if isinstance(found, list | tuple) else [found]
    return [x for p in parts for x in (numbers_in(p) if isinstance(p, list | tuple) else [p])]


@pytest.mark.parametrize("block", [ag.no_grad, ag.detect_anomaly])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_gives_the_same_inside_a_block(name, block):
    expected = TRANSFORMS[name](0.7, -1.2)
    with block():
        assert TRANSFORMS[name](0.7, -1.2) == expected
    assert all(type(x) is float for x in numbers_in(expected))


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_of_values_gives_leaves_inside_no_grad(name):
    x, y = Value(0.7), Value(-1.2)
    expected = numbers_in(TRANSFORMS[name](x, y))
    with ag.no_grad():
        found = numbers_in(TRANSFORMS[name](x, y))
    values = [v for v in found if isinstance(v, Value)]
    assert values
    assert all(map(is_leaf, values))
    assert numbers_of(found).tolist() == numbers_of(expected).tolist()


def test_no_grad_inside_a_transformed_function_is_respected():
    def frozen(x):
        with ag.no_grad():
            scale = x * x
        return scale * x

    assert ag.grad(frozen)(3.0) == 9.0
    assert ag.jvp(frozen, (3.0,), (1.0,)) == (27.0, 9.0)
    assert ag.grad(ag.grad(frozen))(3.0) == 0.0
    assert ag.derivative(frozen, 2)(3.0) == 0.0
    assert ag.grad(ag.checkpoint(frozen))(3.0) == 9.0


def test_a_derivative_taken_inside_no_grad_is_constant_for_the_one_around():
    def outer(x):
        with ag.no_grad():
            slope = ag.grad(lambda y: x * y * y)(1.0)
        return slope * x

    assert ag.grad(outer)(3.0) == 6.0


def test_the_gradient_of_a_network_is_a_network_inside_no_grad():
    model = nn.Neuron(2, "tanh", seed=1)
    with ag.no_grad():
        slopes = ag.grad(lambda model: model([0.5, 1.0]))(model)
    expected = ag.grad(lambda model: model([0.5, 1.0]))(model)
    assert [p.data for p in slopes.parameters()] == [p.data for p in expected.parameters()]


def test_other_tools_work_inside_the_blocks():
    with ag.no_grad(), ag.detect_anomaly():
        ag.check_grad(wave, 0.7, -1.2)
        ag.check_grad(ag.log, 1e-9, order=1)  # numeric steps leave the domain
        found = ag.uncertainty(lambda x: x * x, [3.0], [0.1])
    assert found.sigma == pytest.approx(0.6)


def test_a_checkpoint_is_refreshed_inside_no_grad():
    x, y = Value(2.0), Value(3.0)
    root = ag.checkpoint(lambda x: ag.exp(x) * y)(x) * 1.0
    x.data = 0.0
    with ag.no_grad():
        root.refresh()
        assert is_leaf(ag.checkpoint(ag.exp)(x))
    assert root.data == 3.0
    assert ag.gradient(root, [x, y]) == [3.0, 1.0]


# --- blocks as decorators, in threads and tasks ---------------------------------------------------


@pytest.mark.parametrize("decorate", [ag.no_grad, ag.no_grad()])
def test_no_grad_decorates_a_function(decorate):
    @decorate
    def power(x, n):
        """Recursive, so one block is entered again inside itself."""
        return x * power(x, n - 1) if n > 1 else +x

    x = Value(2.0)
    assert is_leaf(power(x, n=3))
    assert power.__name__ == "power"
    assert power.__doc__
    assert (x * x).op


def test_a_decorated_generator_is_in_the_block_only_while_it_runs():
    x = Value(2.0)

    @ag.no_grad
    def steps():
        """Sent numbers come back times x; an error ends it."""
        got = yield x * x
        try:
            while True:
                got = yield got * x
        except KeyError:
            return got * x * x

    run = steps()
    assert is_leaf(next(run))
    assert (x * x).op
    assert (is_leaf(found := run.send(5.0)), found.data) == (True, 10.0)
    with pytest.raises(StopIteration) as end:
        run.throw(KeyError("enough"))
    assert is_leaf(end.value.value)
    assert (x * x).op


def test_a_decorated_generator_is_closed():
    closed = []

    @ag.no_grad()
    def steps():
        try:
            yield 1
        finally:
            closed.append((-Value(1.0)).op)

    run = steps()
    next(run)
    run.close()
    assert closed == [""]


def test_blocks_of_generators_may_end_in_any_order():
    def one():
        with ag.no_grad():
            yield

    first, second = one(), one()
    next(first)
    next(second)
    first.close()
    assert is_leaf(-Value(1.0))
    second.close()
    assert (-Value(1.0)).op


def test_a_decorated_coroutine_is_in_the_block_and_others_are_not():
    x = Value(2.0)

    @ag.no_grad()
    async def inside(started):
        started.set()
        await asyncio.sleep(0)
        return x * x

    async def outside(started):
        await started.wait()
        return x * x

    async def both():
        started = asyncio.Event()
        return await asyncio.gather(inside(started), outside(started))

    silent, recorded = asyncio.run(both())
    assert is_leaf(silent)
    assert recorded.op


def test_a_task_inherits_the_block_in_which_it_was_created():
    async def compute():
        await asyncio.sleep(0)
        return -Value(1.0)

    async def main():
        with ag.no_grad():
            task = asyncio.create_task(compute())
        return await task, -Value(1.0)

    silent, recorded = asyncio.run(main())
    assert is_leaf(silent)
    assert recorded.op


def test_a_context_keeps_its_mode():
    with ag.no_grad():
        silent = contextvars.copy_context()
    assert is_leaf(silent.run(lambda: -Value(1.0)))
    assert (-Value(1.0)).op
    assert is_leaf(silent.run(lambda: -Value(1.0)))


@pytest.mark.parametrize("block", [ag.no_grad, ag.detect_anomaly])
def test_other_threads_are_not_affected(block):
    found = []
    with block():
        thread = threading.Thread(target=lambda: found.append(Value(1.0) / 0.0))
        thread.start()
        thread.join(60)
    assert found[0].op == "divide"


@pytest.mark.parametrize("block", [ag.no_grad, ag.detect_anomaly])
def test_what_cannot_be_decorated_is_refused(block):
    async def items():
        yield 1

    with pytest.raises(TypeError, match=rf"{block.__name__} decorates a function.*3"):
        block(3)
    with pytest.raises(TypeError, match=rf"with {block.__name__}\(\):` inside it"):
        block(items)


# --- detect_anomaly: forward ----------------------------------------------------------------------


def message(function, *parts):
    """What is said when a function runs inside the block; it holds these parts."""
    with pytest.raises(AnomalyError) as caught, ag.detect_anomaly():
        function()
    assert (Value(1.0) / 0.0).data == math.inf  # the block has been left
    said = str(caught.value)
    for part in parts:
        assert part in said
    return said


def test_the_first_op_is_named_with_operands_labels_and_line():
    a, b = Value(1.0, label="a"), Value(0.0)

    def program():
        fine = a * b
        ratio = a / b  # this line
        return fine * ratio

    line = program.__code__.co_firstlineno + 2
    said = message(program)
    assert said.startswith(
        f"divide(a=1.0, 0.0) is inf, recorded at {__file__}:{line}: ratio = a / b"
    )
    assert "# this line" in said


#: Ways to record, with numbers at which they are nan or infinite, and what is named.
ANOMALIES = {
    "x / y": (lambda x, y: x / y, (1.0, 0.0), "divide(x=1.0, y=0.0) is inf"),
    "1 / y": (lambda x, y: 1 / y, (1.0, -0.0), "divide(1.0, y=-0.0) is -inf"),
    "-x": (lambda x, y: -x, (-math.inf, 0.0), "negative(x=-inf) is inf"),
    "function": (lambda x, y: ag.log(x), (-1.0, 0.0), "log(x=-1.0) is nan"),
    "method": (lambda x, y: x.exp(), (1e3, 0.0), "exp(x=1000.0) is inf"),
    "method of two": (lambda x, y: x.power(y), (-8.0, 1 / 3), "power(x=-8.0, y="),
    "record": (lambda x, y: record(TABLE["log"], (x,)), (-1.0, 0.0), "log(x=-1.0) is nan"),
    "slope": (
        lambda x, y: ag.leaky_relu(x, slope=0.3), (math.inf, 0.0), "leaky_relu(x=inf, slope=0.3)"
    ),
    "sequence": (lambda x, y: ag.prod([x, y, 1]), (1e200, 1e200), "prod(x=1e+200, y=1e+200, 1.0)"),
    "many": (lambda x, y: ag.sum([x] * 400), (1e308, 0.0), "x=1e+308, … 394 more) is inf"),
    "user's": (lambda x, y: product_row()(x, y), (1e200, 1e200), "product(x=1e+200, y=1e+200)"),
    "user's four": (lambda x, y: weighted_row()(x, y, y, y), (1.0, 1e308), "weighted(x=1.0"),
    "in the package": (lambda x, y: ag.softmax([x, y])[0], (math.nan, 0.0), "x=nan"),
    "numpy": (lambda x, y: np.mean(np.array([x, y.exp()])), (1.0, 1e3), "exp(y=1000.0) is inf"),
    "numpy's": (lambda x, y: np.mean(np.array([x, y])), (1.0, math.inf), "add(x=1.0, y=inf)"),
    "layer": (lambda x, y: nn.Layer(2, 3, seed=1)([x, y]), (math.inf, 0.0), "dot(w0="),
    "no_grad": (ag.no_grad(lambda x, y: x / y), (1.0, 0.0), "divide(x=1.0, y=0.0) is inf"),
}  # fmt: skip


@pytest.mark.parametrize("name", ANOMALIES)
def test_whatever_records_is_watched(name):
    compute, numbers, named = ANOMALIES[name]
    x, y = map(Value, numbers, "xy")
    compute(x, y)
    said = message(lambda: compute(x, y), named)
    assert f"recorded at {__file__}:" in said


def test_infinite_operands_of_a_finite_result_are_no_anomaly():
    x = Value(math.inf)
    with ag.detect_anomaly():
        assert (1.0 / x).data == 0.0
        assert ag.tanh(x).data == 1.0


def test_the_op_that_made_a_nan_outside_of_the_block_is_named_first():
    a = Value(-1.0, label="a")
    outside = ag.log(a) + 1.0
    said = message(lambda: outside * 2.0)
    assert said.startswith(
        "log(a=-1.0) is nan, recorded outside of this block, and so multiply(nan"
    )
    assert f"recorded at {__file__}:" in said


def test_a_leaf_that_is_nan_already_is_said_to_be():
    x, y = Value(1.0), Value(math.nan, label="target")
    message(
        lambda: x - y, "subtract(1.0, target=nan)", "operand target was nan already, not by any"
    )
    message(lambda: x * math.inf, "multiply(1.0, inf) is inf", "an operand was inf already")


def test_blocks_of_detect_anomaly_nest():
    x = Value(0.0)

    def program():
        root = ag.sqrt(x)  # recorded in the outer block
        with ag.detect_anomaly():
            assert root.data == 0.0
        with (
            pytest.raises(AnomalyError, match="# recorded in the outer block"),
            ag.detect_anomaly(),
        ):
            root.backward()
        _ = 1.0 / x

    message(program, "divide(1.0, 0.0)")


def test_detect_anomaly_decorates_a_function():
    @ag.detect_anomaly
    def ratio(x, y):
        return x / y

    assert ratio(Value(1.0), 2.0).data == 0.5
    with pytest.raises(AnomalyError):
        ratio(Value(1.0), 0.0)
    assert (Value(1.0) / 0.0).data == math.inf


@pytest.mark.parametrize("way", WAYS)
def test_watching_changes_no_number_and_no_derivative(way):
    def run():
        x, y = Value(0.75), Value(-0.5)
        root = WAYS[way](x, y)
        root.backward()
        return root.data, x.grad, y.grad, root._scope

    expected = run()
    with ag.detect_anomaly():
        if all(map(math.isfinite, expected[:3])):
            assert run() == expected
        else:
            with pytest.raises(AnomalyError):
                run()


@pytest.mark.parametrize(
    "call",
    [
        lambda: ag.compile(ag.square)(2.0),
        lambda: ag.compile(ag.grad(lambda x: x * x))(2.0),
        lambda: ag.compile(lambda x: x * x, check=True)(2.0),
        lambda: nn.MLP(1, [1]).learn([1.0], [1.0], epochs=1, progress=False, compile=True),
    ],
)
def test_a_function_compiled_inside_detect_anomaly_is_refused_by_name(call):
    """A program tells no watcher; before, the message spoke of a number that nobody had read."""
    with ag.detect_anomaly(), pytest.raises(ProgramError, match="call the function itself there"):
        call()


def test_a_compiled_function_that_detects_anomalies_is_refused_by_name():
    detecting = ag.compile(ag.detect_anomaly()(ag.square))
    with pytest.raises(ProgramError, match="inside detect_anomaly no function is compiled"):
        detecting(2.0)


# --- detect_anomaly: backward ---------------------------------------------------------------------


def unchanged(root, nodes, passes):
    """The message of an anomaly in a pass over a graph, which leaves every gradient as it was."""
    for i, node in enumerate(nodes):
        node.grad = float(i + 1)
    said = message(lambda: passes(root))
    assert [node.grad for node in nodes] == [float(i + 1) for i in range(len(nodes))]
    return said


PASSES = {
    "backward": lambda root: root.backward(),
    "gradient": lambda root: ag.gradient(root, []),
    "create_graph": lambda root: ag.gradient(root, root.parents[0].parents, create_graph=True),
    "adjoints": lambda root: adjoints(root, 1.0, []),
    "hessian_products": lambda root: hessian_products(root, [root], [[1.0]]),
}


@pytest.mark.parametrize("name", PASSES)
def test_an_infinite_partial_derivative_is_named(name):
    x = Value(0.0, label="x")
    root = ag.sqrt(x)
    loss = root * 3.0
    said = unchanged(loss, [x, root, loss], PASSES[name])
    assert said.startswith(
        "the derivative of sqrt(x=0.0) by x is inf, recorded outside of this block; "
        "times the adjoint 3.0 that is inf"
    )


def test_the_line_of_a_node_recorded_inside_is_named():
    x = Value(0.0)

    def program():
        root = ag.sqrt(x)  # this line
        root.label = "root"
        (root * 3.0).backward()

    line = program.__code__.co_firstlineno + 1
    said = message(program, "root = sqrt(0.0) by operand 1 is inf", "# this line")
    assert f"recorded at {__file__}:{line}: root = ag.sqrt(x)" in said


def test_an_adjoint_that_overflows_is_an_anomaly():
    x = Value(1e-200)
    product = x * 1e200 * 1e200
    said = unchanged(product, [x, product], lambda root: root.backward(1e200))
    assert "times the adjoint 1e+200 that is inf" in said
    total = 1e308 * x + x * 1e308
    said = unchanged(total, [x, total], lambda root: root.backward())
    assert "that is 1e+308, and added to 1e+308 it is inf" in said


def test_a_seed_that_is_no_finite_number_is_an_anomaly():
    x = Value(1.0)
    message(lambda: (x * 2.0).backward(math.nan), "seed is nan")
    with ag.detect_anomaly():
        (x * 2.0).parents[1].backward(math.nan)  # a constant gets no gradient


def test_zero_times_infinity_is_warned_of_once_for_each_place():
    x = Value(0.0, label="x")
    with ag.detect_anomaly(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(2):
            root = ag.sqrt(x)  # this line
            loss = ag.where(x > 0.0, root, x) + x
            loss.backward()
    assert x.grad == 4.0
    assert [w.category for w in caught] == [AnomalyWarning]
    said, line = str(caught[0].message), caught[0].lineno
    assert said.startswith("the derivative of sqrt(x=0.0) by x is inf, recorded at")
    assert "this line" in said
    assert f"{__file__}:{line}" in said
    assert "times the adjoint 0.0 that counts as 0, because zero carries nothing" in said


def test_a_warning_for_a_node_from_outside_shows_where_the_pass_began():
    x = Value(0.0)
    loss = 0.0 * ag.sqrt(x)
    with ag.detect_anomaly(), pytest.warns(AnomalyWarning, match="recorded outside") as caught:
        ag.gradient(loss, [x], create_graph=True)
    assert caught[0].filename == __file__


def test_a_warning_made_an_error_leaves_the_gradients_alone():
    x = Value(0.0)
    loss = 0.0 * ag.sqrt(x)
    with ag.detect_anomaly(), warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(AnomalyWarning):
            loss.backward()
    assert loss.grad == x.grad == 0.0


def test_nothing_is_said_outside_of_the_block():
    x = Value(0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss = 0.0 * ag.sqrt(x) + ag.sqrt(x)
        loss.backward()
    assert x.grad == math.inf


def test_second_derivatives_are_watched():
    x = Value(0.0, label="x")
    with ag.detect_anomaly():
        y = x * ag.sqrt(ag.square(x) + 1.0) + x**1.5
        [first] = ag.gradient(y, [x], create_graph=True)  # recorded here
        assert first.data == 1.0
        with pytest.raises(
            AnomalyError, match=r"derivative of .* is inf, recorded at.*# recorded h"
        ):
            ag.gradient(first, [x])
    second = ag.gradient(first, [x])
    assert second == [math.inf]


def test_a_nan_inside_a_partial_derivative_that_does_not_count_is_no_anomaly():
    x, y = Value(0.0), Value(2.0)
    with ag.detect_anomaly():
        power = x**y
        partials = ag.gradient(power, [x, y], create_graph=True)
        assert [p.data for p in partials] == [0.0, 0.0]


@pytest.mark.parametrize("argument", [0.0, Value(0.0)])
def test_a_tangent_that_is_infinite_is_an_anomaly(argument):
    def root(x):
        return 2.0 * ag.sqrt(x)

    said = message(lambda: ag.jvp(root, (argument,), (3.0,)))
    assert "the derivative of sqrt(0.0) by operand 1 is inf, recorded at" in said
    assert "times the tangent 3.0 that is inf" in said
    assert "return 2.0 * ag.sqrt(x)" in said
    with ag.detect_anomaly(), pytest.warns(AnomalyWarning, match=r"the tangent 0\.0 that counts"):
        ag.jvp(root, (argument,), (0.0,))


@pytest.mark.parametrize(
    "transform",
    [
        lambda f: ag.grad(f)(0.0),
        lambda f: ag.grad(f)(Value(0.0)),
        lambda f: ag.vjp(f, 0.0)[1](1.0),
        lambda f: ag.jacobian(f)(0.0),
        lambda f: ag.hessian(f)(0.0),
        lambda f: ag.hvp(f)(0.0, 1.0),
        lambda f: ag.derivative(f)(0.0),
        lambda f: ag.taylor(f, 0.0, 2),
        lambda f: ag.grad(ag.checkpoint(f))(0.0),
    ],
)
def test_every_transform_is_watched(transform):
    said = message(lambda: transform(lambda x: 2.0 * ag.sqrt(x)))
    assert "the derivative of sqrt(0.0) by operand 1 is inf, recorded at" in said
    assert "ag.sqrt(x)" in said


def test_the_line_of_a_checkpoint_is_that_of_its_call():
    def program():
        x = Value(0.0)
        part = ag.checkpoint(lambda x, y: x * y)(x, 1e200)  # this line
        (part * 1e200).backward()

    message(program, "the derivative of checkpoint(", "# this line")


# --- detect_anomaly: refresh ----------------------------------------------------------------------


def test_refresh_is_watched_and_changes_nothing_then():
    x = Value(2.0, label="x")
    inner = ag.log(x)
    outer = inner * 3.0
    outer.backward()
    before = [(n.data, n.grad, n.local_grads) for n in (inner, outer)]
    x.data = -1.0
    said = message(outer.refresh)
    assert said.startswith("log(x=-1.0) is nan, recorded outside of this block;")
    assert [(n.data, n.grad, n.local_grads) for n in (inner, outer)] == before
    x.data = 4.0
    with ag.detect_anomaly(), ag.no_grad():
        outer.refresh()
    assert outer.data == 3.0 * math.log(4.0)
    assert outer.parents[0] is inner
    assert inner.local_grads == (0.25,)


def test_refresh_names_a_leaf_that_is_nan_already():
    x = Value(2.0, label="x")
    y = 1.0 + x * 2.0
    x.data = math.nan
    message(y.refresh, "multiply(x=nan, 2.0) is nan", "the operand x was nan already")


# --- lines ----------------------------------------------------------------------------------------


def test_lines_belong_to_the_node_that_was_noted():
    """A node at the address of one that is gone is another one."""
    lines, x = Lines(), Value(1.0)
    noted, other = x * x, x + x
    lines.note(noted)
    assert re.search(r"test_modes.py:\d+: lines.note\(noted\)", str(lines.of(noted)))
    lines._lines[id(other)] = lines._lines[id(noted)]
    assert lines.of(other) is None
    assert lines.of(x) is None


def test_nothing_of_a_block_is_kept():
    with ag.detect_anomaly():
        _ = -Value(1.0)
        watcher = weakref.ref(current_mode.get().watchers[-1])
        assert watcher() is not None
    assert watcher() is None


def test_a_mode_can_be_set_aside():
    with ag.no_grad(), ag.detect_anomaly():
        with in_mode(Mode()):
            assert (Value(1.0) / 0.0).op
        with pytest.raises(AnomalyError):
            _ = Value(1.0) / 0.0
        assert fields(-Value(1.0))[0] is None


def number_of(line):
    return None if line is None else line.number


class TestKeepLines:
    def test_the_line_of_a_node_is_kept_after_the_block(self):
        a = Value(2.0)
        with ag.keep_lines():
            here = sys._getframe().f_lineno + 1
            inside = a * a
        assert number_of(line_of(inside)) == here
        assert line_of(a * a) is None
        assert line_of(a) is None

    def test_anomalies_inside_are_found_and_their_lines_kept(self):
        a = Value(0.0)
        with ag.keep_lines(), ag.detect_anomaly():
            kept = a + 1.0
            with pytest.raises(ag.AnomalyError, match=r"recorded at .*test_modes\.py"):
                1.0 / a
        assert line_of(kept) is not None

    def test_a_block_inside_detect_anomaly_leaves_it_looking(self):
        a = Value(0.0)
        with ag.detect_anomaly(), ag.keep_lines():
            kept = a + 1.0
            with pytest.raises(ag.AnomalyError):
                1.0 / a
        assert line_of(kept) is not None

    def test_passes_go_on_as_outside(self):
        a = Value(3.0)
        with ag.keep_lines():
            b = a * a
            b.backward()
            a.data = 4.0
            b.refresh()
        assert (b.data, a.grad) == (16.0, 6.0)
