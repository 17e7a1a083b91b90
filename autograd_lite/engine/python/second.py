"""Hessian times vector on a graph that exists: forward over reverse, without making nodes.

The reverse sweep is differentiated along a direction (Griewank & Walther, Evaluating Derivatives,
2008, section 5.4): beside each number its tangent, beside each adjoint how fast that one changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_lite.engine.context import announce
from autograd_lite.engine.python.chain_rule import dependent, pushed_forward
from autograd_lite.engine.python.passes import pulled_back, recorded, topological_order
from autograd_lite.engine.python.value import Value
from autograd_lite.ops.duals import Dual, carried, partial_tangents


def hessian_products(
    root: Value, nodes: list[Value], directions: list[list[float]]
) -> list[list[float]]:
    """The second derivatives of the root by some nodes, times each of some directions.

    Two sweeps for each direction, each a few times as long as a backward pass. No ``grad`` is
    touched. The graph must not be stale, which the caller sees to. A direction, and what comes of
    it, is a number for each of the nodes: 0 for a constant, and for one that the root does not
    depend on. A node that is computed may be moved by itself, and moves with its ancestors.

    Raises
    ------
    TypeError
        If the partial derivatives of a user's own op take nothing but floats.

    Examples
    --------
    >>> from autograd_lite.engine import Value, hessian_products
    >>> x, y = Value(2.0), Value(3.0)
    >>> hessian_products(x * x * y, [x, y], [[1.0, 0.0], [0.0, 1.0]])
    [[6.0, 4.0], [4.0, 0.0]]
    """
    announce("before_sweep", root, 1.0)
    for direction in directions:
        if len(direction) != len(nodes):
            raise ValueError(f"{len(nodes)} nodes and a direction of {len(direction)} numbers")
    order = dependent(topological_order([root], nodes), nodes)
    return [_product(root, order, nodes, direction) for direction in directions]


def _product(
    root: Value, order: list[Value], nodes: list[Value], direction: Sequence[float]
) -> list[float]:
    """One direction; the order has the nodes that depend on the variables."""
    # A node's tangent is its own, as the direction has it, and what it inherits from its parents.
    own = dict.fromkeys(order, 0.0)
    for node, number in zip(nodes, direction, strict=True):
        if node in own:
            own[node] += number
    inherited = dict.fromkeys(order, 0.0)

    def inside(node: Value) -> list[tuple[Value, tuple[float, float]]]:
        return [(p, (own[p], partial)) for p, partial in recorded(node) if p in own]

    def product(tangent: float, edge: tuple[float, float]) -> Any:
        return carried(tangent + edge[0], edge[1])

    for _ in pushed_forward(order, inherited, inside, product):
        pass
    tangent = {node: own[node] + inherited[node] for node in order}
    adjoint = dict.fromkeys(order, Dual(0.0, 0.0))
    if root in adjoint:
        adjoint[root] = Dual(1.0, 0.0)

    def duals(node: Value) -> list[tuple[Value, Dual]]:
        """The partial derivatives, each with how fast it changes."""
        row, parents = node._row, node._parents
        if row is None:
            return []
        seconds = [0.0] * len(parents)
        if adjoint[node].value != 0.0:
            numbers = [p._number for p in parents]
            moved = [tangent.get(p, 0.0) for p in parents]
            wanted = [p in tangent for p in parents]
            seconds = partial_tangents(row, node._number, numbers, inherited[node], moved, wanted)
        pairs = zip(recorded(node), seconds, strict=True)
        return [(p, Dual(partial, second)) for (p, partial), second in pairs if p in tangent]

    for _ in pulled_back(order, adjoint, duals):
        pass
    return [adjoint[node].tangent if node in adjoint else 0.0 for node in nodes]
