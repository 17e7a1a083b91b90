"""The order of a graph and the reverse sweep over it: back-propagation itself.

Nodes are taken as they are: parents in ``_x``, ``_y``, ``_rest``, partial derivatives in ``_dx``,
``_dy`` and ``_drest``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from autograd_lite.engine.modes import current_watcher
from autograd_lite.engine.observing import tell_read
from autograd_lite.ops.rules import carry

if TYPE_CHECKING:
    from autograd_lite.engine.python import Value


def topological_order(roots: Iterable[Value], without: Iterable[Value] = ()) -> list[Value]:
    """The roots and all their ancestors, every node after its parents.

    Depth first from the left, without recursion: the order depends on the graph alone, which makes
    sums of adjoints reproducible to the bit. The walk leaves out some nodes, and what only they
    lead to.
    """
    order: list[Value] = []
    seen: set[Value] = {*without}
    stack: list[Any] = list(roots)[::-1]
    while stack:
        node = stack.pop()
        if node is None:  # the mark above a node whose parents are all in the order by now
            order.append(stack.pop())
        elif node not in seen:
            seen.add(node)
            if node._x is None:
                order.append(node)
            elif node._y is None:
                stack += (node, None, node._x)
            elif node._rest:
                stack += (node, None, *node._rest[::-1], node._y, node._x)
            else:
                stack += (node, None, node._y, node._x)
    return order


def reverse_sweep(root: Value, seed: float) -> dict[Value, float]:
    """Derivative of the root by itself and by each of its ancestors, times the seed.

    Zero carries nothing: a contribution is 0 when either factor is. Because 0 times a finite
    number is 0 anyway, the first sweep multiplies plainly; only when a nan came out is the
    graph swept again with the row `carry`. The partial by a constant is 0.0, so constants get
    no gradient without being asked.
    """
    tell_read(root)
    watcher = current_watcher()
    if watcher is not None:
        watcher.before_sweep(root, seed)
    if root._constant:
        return {}
    order = topological_order([root])
    order.reverse()  # a node's adjoint is complete only after all its uses
    adjoint = _sweep(order, seed)
    if math.isnan(sum(adjoint.values())):
        adjoint = _sweep_carefully(order, seed)
    return adjoint


def adjoints(root: Value, seed: float, nodes: list[Value]) -> list[float]:
    """Derivatives of the root by some nodes, times the seed. No ``grad`` is touched."""
    found = reverse_sweep(root, seed)
    return [found.get(node, 0.0) for node in nodes]


def _sweep(order: list[Value], seed: float) -> dict[Value, float]:
    adjoint = dict.fromkeys(order, 0.0)
    adjoint[order[0]] += seed
    for node in order:
        x, y = node._x, node._y
        if x is None:
            continue
        upstream = adjoint[node]
        adjoint[x] += upstream * node._dx
        if y is not None:
            adjoint[y] += upstream * node._dy
            if node._rest:
                for parent, partial in zip(node._rest, node._drest, strict=True):
                    adjoint[parent] += upstream * partial
    return adjoint


def _sweep_carefully(order: list[Value], seed: float) -> dict[Value, float]:
    adjoint = dict.fromkeys(order, 0.0)
    adjoint[order[0]] += seed
    for node in order:
        for parent, partial in zip(node.parents, node._partials(), strict=True):
            adjoint[parent] += carry(adjoint[node], partial)
    return adjoint
