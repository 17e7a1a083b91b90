"""Giving leaves other numbers, and recomputing a graph from the numbers of its leaves."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any

from autograd_lite.engine.python.passes import topological_order

if TYPE_CHECKING:
    from autograd_lite.engine.python.node import Value


#: One for each node and each assignment, in order.
stamps = count()


def replace(leaf: Value, number: float) -> None:
    """Give a leaf another number."""
    # It has no partials: in `_dx` lies the number replaced last, in `_dy` a stamp (nodes with a
    # smaller one were recorded before), 0 before any assignment, -1 if nobody knows: it is a copy,
    # or was refreshed.
    leaf._dx, leaf._dy, leaf._number = leaf._number, float(next(stamps)), number


def replaced(node: Value) -> tuple[float, float] | None:
    """Of a leaf that was assigned to, the number before and when; None if it never was."""
    return (node._dx, node._dy) if node._row is None and node._dy else None


def refresh(root: Value, evaluate: Callable[..., None]) -> None:
    """Evaluate every computed node once more, or none of them."""
    every = topological_order([root])
    order = [node for node in every if node._row is not None]
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
    for leaf in every:
        if leaf._row is None:
            leaf._dy = -1.0  # what it was before is nobody's number any more
