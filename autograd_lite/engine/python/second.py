"""Hessian times vector on a graph that exists: forward over reverse, without making nodes.

The reverse sweep is differentiated along a direction (Griewank & Walther, Evaluating Derivatives,
2008, section 5.4): beside each number its tangent, beside each adjoint how fast that one changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_lite.engine.context import tell_sweep
from autograd_lite.engine.python.chain_rule import dependent, pushed_forward
from autograd_lite.engine.python.passes import pulled_back, recorded
from autograd_lite.engine.python.value import Value
from autograd_lite.engine.python.walk import topological_order
from autograd_lite.ops.duals import Dual, carried, partial_tangents


def hessian_products(
    root: Value, nodes: list[Value], directions: list[list[float]]
) -> list[list[float]]:
    """The second derivatives of the root by some nodes, times each of some directions.

    One pass for the order and the adjoints, then two sweeps for each direction; each costs about as
    much as a backward pass. No ``grad`` is touched. The graph must not be stale, which the caller
    sees to: second derivatives need the operands themselves.

    Parameters
    ----------
    root : Value
    nodes : list of Value
        The variables. One that the root does not depend on, and a constant, has derivatives 0. One
        that is computed may be moved by itself, and moves with its ancestors.
    directions : list of list of float
        For each direction a number for each of the nodes.

    Returns
    -------
    list of list of float
        For each direction a number for each of the nodes.

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
    tell_sweep(root, 1.0)
    for direction in directions:
        if len(direction) != len(nodes):
            raise ValueError(f"{len(nodes)} nodes and a direction of {len(direction)} numbers")
    order = dependent(topological_order([root], nodes), nodes)
    return [_product(root, order, nodes, direction) for direction in directions]


def _product(
    root: Value, order: list[Value], nodes: list[Value], direction: Sequence[float]
) -> list[float]:
    """One direction; the order has the nodes that depend on the variables."""
    own = dict.fromkeys(order, 0.0)
    for node, number in zip(nodes, direction, strict=True):
        if node in own:
            own[node] += number
    inherited = dict.fromkeys(order, 0.0)  # the tangents by the parents alone: those of the ops

    def moved(node: Value) -> list[float]:
        return [own[p] + inherited[p] if p in own else 0.0 for p in node._parents]

    def moving(node: Value) -> list[tuple[Value, tuple[float, float]]]:
        return [(p, (own[p], partial)) for p, partial in recorded(node) if p in own]

    def product(tangent: float, edge: tuple[float, float]) -> Any:
        return carried(tangent + edge[0], edge[1])

    for _ in pushed_forward(order, inherited, moving, product):
        pass
    adjoint = dict.fromkeys(order, Dual(0.0, 0.0))
    if root in adjoint:
        adjoint[root] = Dual(1.0, 0.0)

    def duals(node: Value) -> list[tuple[Value, Dual]]:
        """The partial derivatives, each with how fast it changes."""
        if node._row is None:
            return []
        wanted = [parent in own for parent in node._parents]
        seconds = [0.0] * len(wanted)
        if adjoint[node].value != 0.0:
            numbers = [parent._number for parent in node._parents]
            seconds = partial_tangents(
                node._row, node._number, numbers, inherited[node], moved(node), wanted
            )
        pairs = zip(recorded(node), seconds, strict=True)
        return [(p, Dual(partial, second)) for (p, partial), second in pairs if p in own]

    for _ in pulled_back(order, adjoint, duals):
        pass
    return [adjoint[node].tangent if node in own else 0.0 for node in nodes]
