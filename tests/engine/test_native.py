"""What is particular to the C engine: its type, its memory, rows that it was not compiled with."""

import gc
import importlib
import inspect
import math
import os
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
from foreign import COLUMNS, product_row, total_row
from nodes import same_nodes

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.engine import (
    adjoints,
    current_mode,
    current_scope,
    fields,
    hessian_products,
    record,
    restore,
    topological_order,
)
from autograd_lite.engine.context import current_scope as scope_variable
from autograd_lite.ops import TABLE, Op

if ag.engine != "native":
    pytest.skip("the C engine does not run here", allow_module_level=True)
living = importlib.import_module("autograd_lite.engine.native").living
engine = importlib.import_module("autograd_lite.engine.native._engine")

LINUX = pytest.mark.skipif(
    sys.platform != "linux" or "asan" in os.environ.get("LD_PRELOAD", ""),
    reason="counts a process's memory, of which sanitizers take much",
)


def resident():
    """Bytes of memory that this process occupies."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# --- the type -------------------------------------------------------------------------------------


def test_a_node_is_96_bytes_and_no_business_of_the_collector():
    x, y = Value(1.0), Value(2.0)
    assert [sys.getsizeof(node) for node in (x, -x, x * y)] == [96, 96, 96]
    assert sys.getsizeof(ag.sum([x] * 100)) == 96 + 8 + 100 * 16
    for node in (x, -x, x * y, ag.sum([x] * 100)):
        assert not gc.is_tracked(node)


def test_no_subclass_can_have_an_instance():
    with pytest.raises(TypeError, match="cannot be subclassed"):
        type("Sub", (Value,), {})

    class Mixin:
        def __init_subclass__(cls):
            """Keep the refusal of Value from being asked."""

    class Sub(Mixin, Value):
        __slots__ = ()

    for make in (lambda: Sub(1.0), lambda: Sub.__new__(Sub, 1.0), lambda: Value.__new__(Sub)):
        with pytest.raises(TypeError, match="cannot be subclassed"):
            make()
    with pytest.raises(TypeError, match="not safe"):
        object.__new__(Sub)
    with pytest.raises(TypeError, match="__class__ assignment"):
        Value(1.0).__class__ = Sub


def test_the_type_describes_itself():
    assert (Value.__module__, Value.__qualname__) == ("autograd_lite", "Value")
    assert list(inspect.signature(Value).parameters) == ["data", "label"]
    assert list(inspect.signature(Value.backward).parameters) == ["self", "seed"]
    assert "One real number" in inspect.getdoc(Value)


@pytest.mark.parametrize("name", ["data", "grad", "label", "_scope"])
def test_an_attribute_cannot_be_deleted(name):
    x = Value(1.0, label="x")
    with pytest.raises(AttributeError, match="cannot be deleted"):
        delattr(x, name)
    assert (x.data, x.grad, x.label, x._scope) == (1.0, 0.0, "x", ())


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("data", "1"), ("data", None), ("data", [1.0]), ("grad", 1j), ("grad", Value(1.0)),
        ("label", 1), ("label", b"x"), ("_scope", ["a"]), ("_scope", (1,)), ("_scope", "a"),
    ],
)  # fmt: skip
def test_a_wrong_type_is_refused_and_nothing_changes(name, wrong):
    x = Value(-1.0, label="x")
    with pytest.raises(TypeError):
        setattr(x, name, wrong)
    assert (x.data, x.grad, x.label, x._scope) == (-1.0, 0.0, "x", ())


@pytest.mark.parametrize("name", ["op", "parents", "local_grads", "constant", "anything"])
def test_other_attributes_cannot_be_set(name):
    with pytest.raises(AttributeError):
        setattr(Value(1.0), name, ())


def test_wrong_calls_are_type_errors():
    x = Value(1.0)
    for wrong in (
        Value,
        lambda: Value(1.0, "x", 2),
        lambda: Value(1.0, data=2.0),
        lambda: Value(1.0, lable="x"),
        lambda: Value.__new__(Value),
        lambda: Value.backward(3.0),
        lambda: x.backward(1.0, 2.0),
        lambda: x.backward(sead=1.0),
        lambda: pow(x, 2.0, 3.0),
        lambda: pow(2.0, 3.0, x),
        lambda: adjoints(3.0, 1.0, []),
        lambda: adjoints(x, 1.0, [3.0]),
        lambda: hessian_products(3.0, [x], [[1.0]]),
        lambda: hessian_products(x, [3.0], [[1.0]]),
        lambda: hessian_products(x, (x,), [[1.0]]),
        lambda: hessian_products(x, [x], [1.0]),
        lambda: hessian_products(x, [x], [["1"]]),
        lambda: topological_order([3.0]),
        lambda: topological_order(x),
        lambda: fields(3.0),
        lambda: restore(None, (), (), 1.0, 0.0, "", False, ("a", 3)),
        lambda: restore(TABLE["add"], (x, 3.0), (1.0, 1.0), 1.0, 0.0, "", False, ()),
        lambda: Value._apply_op(TABLE["add"]),
    ):
        with pytest.raises(TypeError):
            wrong()
    for wrong in (
        lambda: record(TABLE["add"], (x,)),
        lambda: record(TABLE["dot"], (x, x)),
        lambda: record(total_row(), ()),
        lambda: restore(None, (x,), (1.0,), 1.0, 0.0, "", False, ()),
        lambda: restore(TABLE["add"], (x, x), (1.0,), 1.0, 0.0, "", False, ()),
    ):
        with pytest.raises(ValueError, match=r"does not take|do not fit"):
            wrong()
    with pytest.raises(AttributeError, match="name"):
        record("add", (x, x))


# --- memory ---------------------------------------------------------------------------------------


@LINUX
def test_a_million_nodes_leave_nothing_behind():
    def use():
        leaves = [Value(i / 10) for i in range(10)]
        y = ag.sum(leaves)
        for i in range(333_333):
            y = ag.tanh(y * leaves[i % 10] + 1.0)
        y.backward()
        leaves[0].data = 2.0
        y.refresh()
        assert len(topological_order([y])) > 1_000_000
        assert all(map(math.isfinite, adjoints(y, 1.0, leaves)))

    use()  # what is kept for the next time is kept now
    gc.collect()  # what other tests have left
    before, bytes_before = living(), resident()
    for _ in range(3):
        use()
        assert living() == before
    assert resident() - bytes_before < 20e6  # one graph is 80e6 and more


@LINUX
def test_second_derivatives_leave_nothing_behind():
    """Nor does what ends with an error; a call takes 2 MB meanwhile."""

    def use():
        x = y = Value(0.5)
        for _ in range(20_000):
            y = ag.tanh(y) + x
        for _ in range(30):
            hessian_products(y, [x, y], [[1.0, 0.0]] * 2)
            with pytest.raises(TypeError, match="floats only"):
                hessian_products(row(y), [x], [[1.0]])

    row = Op("refusing", forward=math.sin, partials=[lambda out, x: math.cos(x)], **COLUMNS)
    use()
    before, bytes_before = living(), resident()
    use()
    assert living() == before
    assert resident() - bytes_before < 20e6


@LINUX
def test_without_memory_a_graph_ends_with_a_memory_error():
    code = """
import resource
from pathlib import Path
import autograd_lite as ag
from autograd_lite.engine.native import living
before = living()
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + 100_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for attempt in range(3):
    x = y = ag.Value(1.0)
    try:
        while True:
            y = -y
    except MemoryError:
        pass
    n = living() - before
    assert n > 500_000, n
    try:
        y.backward()  # wants memory, too
    except MemoryError:
        assert (x.grad, y.grad) == (0.0, 0.0)
    y = x
    assert living() == before + 1
for _ in range(1000):
    y = -y
y.backward()
assert x.grad == 1.0
"""
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def test_labels_scopes_and_rows_are_let_go():
    label, names, row = "a label of its own" * 2, ("a", "scope of its own"), product_row()
    things = [label, names, row]

    def use():
        for _ in range(1000):
            x = Value(1.0, label)
            x._scope = names
            x.label = label
            y = row(x, 2.0)
            y.label = label
            again = restore(*fields(y))
            assert same_nodes(again.parents, y.parents)
            assert (again.label, x.label, x._scope) == (label, label, names)
            with pytest.raises(ValueError, match="does not take"):
                record(row, (x,))
            with pytest.raises(TypeError):
                row(x, "2.0")
            x._scope = ()
            x.label = ""

        gc.collect()  # errors and the frames that they passed through
        return [sys.getrefcount(thing) for thing in things]

    assert use() == use()


def test_a_str_of_another_class_does_not_live_on_in_a_label():
    class Text(str):
        pass

    text = Text("x")
    gone = weakref.ref(text)
    x = Value(1.0, label=text)
    del text
    assert (gone(), x.label, type(x.label)) == (None, "x", str)


def test_what_is_no_scope_and_no_mode_is_refused():
    for change in (engine.set_variable, engine.reset_variable):
        with pytest.raises(TypeError, match="takes a variable and"):
            change(scope_variable)
    with pytest.raises(TypeError, match="a scope is a tuple of str and was given 'x'"):
        current_scope.set("x")
    for thing in (1, (), (1, 2), (1, (), 2), ("", [])):
        token = current_mode.set(thing)
        try:
            with pytest.raises(TypeError, match="a mode is None or a Mode"):
                -Value(1.0)
        finally:
            current_mode.reset(token)
    assert (-Value(1.0)).op


def test_a_compiled_function_keeps_no_graph():
    before = living()
    compiled = ag.compile(lambda x: {"y": np.exp(x), "z": [x[0] * x[1]]})
    assert compiled(np.array([1.0, 2.0]))["z"] == [2.0]
    gc.collect()
    assert living() == before
    assert compiled(np.array([2.0, 3.0]))["z"] == [6.0]
