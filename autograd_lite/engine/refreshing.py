"""Recomputing a graph from the numbers of its leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from autograd_lite.engine.sweep import topological_order

if TYPE_CHECKING:
    from autograd_lite.engine.python import Value


def refresh(root: Value, evaluate: Callable[..., None]) -> None:
    """Evaluate every computed node once more, or none of them."""
    order = [node for node in topological_order([root]) if node._row is not None]
    # in four long lists, because many small tuples would rouse the garbage collector
    former: list[list[Any]] = [
        [node._number for node in order],
        [node._dx for node in order],
        [node._dy for node in order],
        [node._drest for node in order],
    ]
    try:
        for node in order:
            evaluate(node, node._row, node._x, node._y)
    except BaseException:  # Ctrl-C, too, must not leave half a graph at new numbers
        for node, data, dx, dy, drest in zip(order, *former, strict=True):
            node._number, node._dx, node._dy, node._drest = data, dx, dy, drest
        raise
