"""The order of a graph and the reverse sweep over it: back-propagation itself.

Nodes are taken as they are: parents in ``_x``, ``_y``, ``_rest``, partial derivatives in ``_dx``,
``_dy`` and ``_drest``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from autograd_lite.engine.modes import current_watcher
from autograd_lite.engine.observing import tell_read
from autograd_lite.ops.duals import along
from autograd_lite.ops.numbers import as_float
from autograd_lite.ops.rules import carry

if TYPE_CHECKING:
    from autograd_lite.engine.python.node import Value


def topological_order(
    roots: Iterable[Value], inputs: Iterable[Value] | None = None, *, without: Iterable[Value] = ()
) -> list[Value]:
    """The roots and all their ancestors, every node after its parents.

    Depth first from the left, without recursion: the order depends on the graph alone, which makes
    sums of adjoints reproducible to the bit. Given inputs, whatever was recorded before the
    earliest of them cannot depend on them, and counts as a leaf. The walk leaves out some nodes,
    and what only they lead to.
    """
    since = 0.0 if inputs is None else earliest(inputs)
    order: list[Value] = []
    seen: set[Value] = {*without}
    stack: list[Any] = list(roots)[::-1]
    while stack:
        node = stack.pop()
        if node is None:  # the mark above a node whose parents are all in the order by now
            order.append(stack.pop())
        elif node not in seen:
            seen.add(node)
            if node._x is None or node._stamp < since:
                order.append(node)
            elif node._y is None:
                stack += (node, None, node._x)
            elif node._rest:
                stack += (node, None, *node._rest[::-1], node._y, node._x)
            else:
                stack += (node, None, node._y, node._x)
    return order


def earliest(nodes: Iterable[Value]) -> float:
    """The stamp of the node that was recorded first: what depends on one of them is no older."""
    return min([node._stamp for node in nodes], default=math.inf)


def reverse_sweep(
    root: Value, seed: float, inputs: Iterable[Value] | None = None
) -> dict[Value, float]:
    """Derivative of the root by itself and by each of its ancestors, times the seed.

    Given inputs, only by those ancestors that can depend on them.

    Zero carries nothing: a contribution is 0 when either factor is. Because 0 times a finite
    number is 0 anyway, the first sweep multiplies plainly; only when a nan came out is the
    graph swept again with the row `carry`. The partial by a constant is 0.0, so constants get
    no gradient without being asked.
    """
    tell_read(root, True)
    watcher = current_watcher()
    if watcher is not None:
        watcher.before_sweep(root, seed)
    if root._constant:
        return {}
    order = topological_order([root], inputs)
    order.reverse()  # a node's adjoint is complete only after all its uses
    swept = order
    if inputs is not None:  # what counts as a leaf passes nothing on
        since = earliest(inputs)
        swept = [node for node in order if node._stamp >= since]
    adjoint = dict.fromkeys(order, 0.0)
    adjoint[root] += seed
    _sweep(swept, adjoint)
    if math.isnan(sum(adjoint.values())):
        adjoint = dict.fromkeys(order, 0.0)
        adjoint[root] += seed
        for node in swept:
            for parent, partial in zip(node.parents, node._partials(), strict=True):
                adjoint[parent] += carry(adjoint[node], partial)
    return adjoint


def adjoints(root: Value, seed: float, nodes: list[Value]) -> list[float]:
    """Derivatives of the root by some nodes, times the seed. No ``grad`` is touched."""
    found = reverse_sweep(root, seed, nodes)
    return [found.get(node, 0.0) for node in nodes]


def tangents(
    outputs: Sequence[Value], nodes: Sequence[Value], seeds: Sequence[float]
) -> list[float]:
    """Derivatives of the outputs along a direction, given by a number for each of some nodes."""
    for output in outputs:
        tell_read(output, True)
    tangent = {x: as_float(seed) for x, seed in zip(nodes, seeds, strict=True) if not x._constant}
    for node in topological_order(outputs, nodes):
        if node not in tangent:
            moving = [tangent.get(parent, 0.0) for parent in node.parents]
            tangent[node] = along(moving, node._partials())
    return [tangent[output] for output in outputs]


def _sweep(swept: list[Value], adjoint: dict[Value, float]) -> None:
    for node in swept:
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
