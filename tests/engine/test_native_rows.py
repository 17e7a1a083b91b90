"""Rows that the C engine was not compiled with: it asks their Python functions."""

import gc
import importlib
import sys
import weakref
from contextlib import suppress

import numpy as np
import pytest
from foreign import COLUMNS, product_row, total_row, weighted_row
from nodes import same_nodes

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.engine import adjoints, fields, record, restore, topological_order
from autograd_lite.ops import Op
from autograd_lite.ops.table import with_attrs

if ag.engine != "native":
    pytest.skip("the C engine does not run here", allow_module_level=True)
living = importlib.import_module("autograd_lite.engine.native").living


@pytest.mark.no_cover
def test_a_hundred_thousand_slopes_come_and_go():
    x = Value(-1.0)

    def use(start):
        for i in range(50_000):
            slope = (start + i) / 100_000
            assert ag.leaky_relu(x, slope=slope).data == -slope

    use(0)
    before = sys.getallocatedblocks()
    use(50_000)
    assert sys.getallocatedblocks() - before < 10_000
    row = with_attrs("leaky_relu", (("slope", 0.123456),))
    y = row(x)
    gone = weakref.ref(row)
    del row
    with_attrs.cache_clear()
    gc.collect()
    assert gone() is fields(y)[0]
    del y
    gc.collect()
    assert gone() is None


def test_a_row_added_at_run_time_works_like_any_other():
    x, y = Value(2.0), Value(3.0)
    z = product_row()(x, y) * 2.0
    assert (z.data, z.parents[0].op, z.parents[0].local_grads) == (12.0, "product", (3.0, 2.0))
    z.backward()
    assert (x.grad, y.grad) == (6.0, 4.0)
    x.data = 5.0
    z.refresh()
    assert z.data == 30.0
    w = weighted_row()(x, 1.0, y, np.float64(0.5))
    assert (w.data, w.local_grads) == (18.0, (1.0, 0.0, 3.0, 0.0))
    s = total_row()([x, 1.0, y], y)
    assert (s.data, s.local_grads) == (12.0, (1.0, 0.0, 1.0, 1.0))
    assert record(total_row(), (x, y)).data == 8.0
    assert product_row()(2.0, 3.0) == 6.0


def test_a_row_that_is_used_no_more_is_freed():
    """Also one that was called without making a node."""
    for args in ((2.0, 3.0), (Value(2.0), 3.0), (Value(2.0), "3"), (Value(2.0),)):
        row = product_row()
        gone = weakref.ref(row)
        with suppress(TypeError, ValueError):
            record(row, args)
        with suppress(TypeError):
            row(*args)
        del row
        gc.collect()
        assert gone() is None


def test_a_row_that_raises_leaves_everything_as_it_was():
    failing = []

    def before():
        if failing:
            raise RuntimeError("no number today")

    row = product_row(before=before)
    x, y = Value(2.0), Value(3.0)
    first = x * y
    second = row(first, y)
    last = row(second, x) + ag.dot([second, x], [y, first])
    last.backward()
    nodes = topological_order([last])
    state = [fields(node) for node in nodes]
    failing.append(True)
    x.data = 7.0
    stale = [7.0 if node is x else node.data for node in nodes]
    n = living()
    for attempt in (lambda: row(x, y), last.refresh, second.refresh):
        with pytest.raises(RuntimeError, match="no number today"):
            attempt()
        assert living() == n
        assert [node.data for node in nodes] == stale
    failing.clear()
    last.refresh()
    assert last.data != stale[-1]
    x.data = 2.0
    last.refresh()
    assert list(map(fields, nodes)) == state
    assert all(same_nodes(node.parents, parts[1]) for node, parts in zip(nodes, state, strict=True))


def test_python_code_in_a_rule_may_walk_the_same_graph():
    asked = []
    row = product_row(before=lambda: [question() for question in asked])
    x = Value(2.0)
    y = row(x, x) * ag.exp(x)
    y.backward()
    expected = x.grad
    answers = []
    asked[:] = [
        lambda: answers.append(len(topological_order([y]))),
        lambda: answers.append(y.backward()),
        lambda: answers.append(adjoints(y, 1.0, [x])),
        lambda: answers.append((x * x).refresh()),
    ]
    y.refresh()
    asked.clear()
    assert answers == [4, None, [expected], None]
    assert x.grad == 2 * expected
    y.zero_grad()
    y.backward()
    assert x.grad == expected


def test_a_row_may_lose_its_last_node_while_arguments_are_converted():
    """Its entry must not go to another row meanwhile."""
    mine, others = product_row("mine"), []
    nodes = [mine(Value(1.0), 1.0)]

    class Sneaky(float):
        def __float__(self):
            nodes.clear()
            others.extend(product_row(f"other{i}")(Value(1.0), 1.0) for i in range(50))
            return 3.0

    for attempt in (
        lambda: mine(Value(2.0), Sneaky()),
        lambda: restore(mine, (Value(2.0), Value(3.0)), (3.0, Sneaky()), 6.0, 0.0, "", False, ()),
    ):
        y = attempt()
        assert (y.op, y.data, y.local_grads[0]) == ("mine", 6.0, 3.0)
        assert fields(y)[0] is mine
        nodes.append(mine(Value(1.0), 1.0))
        others.clear()


def test_partials_may_change_while_they_are_read():
    class Row(Op):
        def partials_on_floats(self, out, args, wanted):
            partials = []

            class Sneaky(float):
                def __float__(self):
                    partials.clear()
                    return 3.0

            partials += [Sneaky(), 4.0]
            return partials

    row = Row("sneaky", forward=lambda x, y: x, partials=[lambda o, x, y: y] * 2, **COLUMNS)
    assert row(Value(1.0), Value(2.0)).local_grads[1] == 4.0


@pytest.mark.parametrize("wrong", [(1.0,), (1.0, 2.0, 3.0), 1.0, ("1", "2")])
def test_wrong_partials_are_refused(wrong):
    class Row(Op):
        def partials_on_floats(self, out, args, wanted):
            return wrong

    row = Row("wrong", forward=lambda x, y: x, partials=[lambda o, x, y: y] * 2, **COLUMNS)
    with pytest.raises((TypeError, ValueError)):
        row(Value(1.0), Value(2.0))
