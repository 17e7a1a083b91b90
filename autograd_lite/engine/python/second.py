"""Hessian times vector on a graph that exists: forward over reverse, without making nodes.

The reverse sweep is differentiated along a direction (Griewank & Walther, Evaluating Derivatives,
2008, section 5.4): beside each number its tangent, beside each adjoint how fast that one changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from autograd_lite.engine.modes import current_watcher
from autograd_lite.engine.python.chain_rule import dependent
from autograd_lite.engine.python.passes import topological_order
from autograd_lite.ops.duals import along, partial_tangents

if TYPE_CHECKING:
    from autograd_lite.engine.python.node import Value


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
    watcher = current_watcher()
    if watcher is not None:
        watcher.before_sweep(root, 1.0)
    for direction in directions:
        if len(direction) != len(nodes):
            raise ValueError(f"{len(nodes)} nodes and a direction of {len(direction)} numbers")
    # what the variables move, with the adjoints
    between = dict.fromkeys(dependent(topological_order([root], nodes), nodes), 0.0)
    if root in between:
        between[root] = 1.0
    for node in reversed(between):
        for parent, partial in zip(node.parents, node.local_grads, strict=True):
            if parent in between:
                between[parent] += along([between[node]], [partial])
    return [_product(between, nodes, direction) for direction in directions]


def _product(
    adjoint: dict[Value, float], nodes: list[Value], direction: Sequence[float]
) -> list[float]:
    """One direction, given the nodes in their order with their adjoints."""
    tangent = dict.fromkeys(adjoint, 0.0)
    for node, number in zip(nodes, direction, strict=True):
        if node in tangent:
            tangent[node] += number
    inherited = {}  # the tangent by the parents alone, without the direction: that of the op
    for node in adjoint:
        moved = [tangent.get(parent, 0.0) for parent in node.parents]
        inherited[node] = along(moved, node.local_grads)
        tangent[node] += inherited[node]
    change = dict.fromkeys(adjoint, 0.0)  # of the adjoints
    for node in reversed(adjoint):
        if node._row is None:
            continue
        parents, seconds = node.parents, [0.0] * len(node.parents)
        wanted = [parent in tangent for parent in parents]
        if adjoint[node] != 0.0:
            numbers = [parent._number for parent in parents]
            moved = [tangent.get(parent, 0.0) for parent in parents]
            seconds = partial_tangents(
                node._row, node._number, numbers, inherited[node], moved, wanted
            )
        for parent, partial, second, want in zip(
            parents, node.local_grads, seconds, wanted, strict=True
        ):
            if want:
                change[parent] += along([change[node], adjoint[node]], [partial, second])
    return [change.get(node, 0.0) for node in nodes]
