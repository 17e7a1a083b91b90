"""Recording a node for each op, as the modes of the blocks around want it."""

from collections.abc import Sequence
from typing import Any

from autograd_lite.engine.context import Mode, current_mode, is_observed
from autograd_lite.engine.python.node import evaluated
from autograd_lite.engine.python.value import UNKNOWN, Value, constant, new
from autograd_lite.ops.rules import stop_gradient
from autograd_lite.ops.table import Op

_mode_now = current_mode.get


def record(row: Op, parents: tuple[Value, ...], /) -> Value:
    """A node of a row on some parents; inside `no_grad` a leaf with its number."""
    mode = _mode_now()
    if mode is not None and mode.silent:
        return _without_graph(row, parents, mode)
    number, partials = evaluated(row, parents)
    node = new()._begin(row, parents, number, partials)
    if mode is not None and mode.watchers:
        mode.watchers[-1].recorded(node)
    return node


def _without_graph(row: Op, parents: tuple[Value, ...], mode: Mode) -> Value:
    cut = is_observed(parents)  # then a program computes it anew, and derivatives end here
    if cut:
        found = evaluated(row, parents)
    else:
        number = row.on_floats(*[parent._number for parent in parents])
        found = number, (0.0,) * len(parents)
    node = new()._begin(row, parents, *found)
    if mode.watchers:
        mode.watchers[-1].recorded(node)
    if cut:
        return new()._begin(stop_gradient, (node,), *evaluated(stop_gradient, (node,)))
    return new()._begin(None, (), node._number, ())


def _apply_op(row: Op, args: Sequence[Any]) -> Value:
    """Record a node; how `Op` calls hand over to this engine."""
    return record(row, tuple([a if type(a) is Value else constant(a) for a in args]))


def fields(node: Value) -> tuple[Any, ...]:
    """A node's whole state, as `restore` takes it: for copying and pickling."""
    return (
        node._row, node._parents, node._partials, node._number, node._grad, node._label,
        node._constant, node._scope,
    )  # fmt: skip


def restore(
    row: Op | None, parents: tuple[Value, ...], partials: tuple[float, ...],
    data: float, grad: float, label: str, is_constant: bool, scope: tuple[str, ...],
) -> Value:  # fmt: skip
    """A node with these `fields`; nothing is evaluated."""
    node = new()._begin(row, parents, data, partials, is_constant)
    node._grad, node._label, node._scope = grad, label, scope
    node._replaced = None if row else UNKNOWN
    return node


setattr(Value, "_apply_op", staticmethod(_apply_op))  # noqa: B010
