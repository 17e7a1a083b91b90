"""The chain rule in any number system: what `sweep` does on floats, written once more.

A node's derivatives come from its row's partial rules, called on whatever numbers are swept with:
the Values of the graph themselves, so that the derivatives are recorded and can be differentiated
again, or what is given for them (truncated power series, say).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from autograd_lite.ops.ieee import IEEE
from autograd_lite.ops.rules import carry

if TYPE_CHECKING:
    from autograd_lite.engine.python.node import Value


def dependent(order: Iterable[Value], inputs: Iterable[Value]) -> list[Value]:
    """The nodes of a topological order that depend on an input, inputs included."""
    found = {node for node in inputs if not node._constant}
    nodes = []
    for node in order:
        if node in found or not found.isdisjoint(node.parents):
            found.add(node)
            nodes.append(node)
    return nodes


def adjoints_in(
    numbers: dict[Value, Any] | None,
    nodes: list[Value],
    seeds: dict[Value, Any],
    between: set[Value],
) -> dict[Value, Any]:
    """Adjoints, given those of the outputs.

    `numbers` says what stands for each of the nodes (if None, they stand for themselves), which are
    as `dependent` gives them: only these are swept. Nodes in `between` get an adjoint; a plain
    float depends on no input. Nodes that no output depends on are left out.
    """
    adjoint = dict(seeds)
    for node in reversed(nodes):
        upstream = adjoint.get(node)
        if upstream is None:
            continue
        for parent, partial in _partials(node, between, numbers):
            contribution = _carried(upstream, partial)
            so_far = adjoint.get(parent)
            adjoint[parent] = contribution if so_far is None else so_far + contribution
    return adjoint


def tangents_in(
    numbers: dict[Value, Any] | None, nodes: list[Value], seeds: dict[Value, Any]
) -> dict[Value, Any]:
    """Tangents, given those of the inputs; the forward counterpart of `adjoints_in`."""
    tangent = dict(seeds)
    for node in nodes:
        if node in seeds:
            continue
        total: Any = None
        for parent, partial in _partials(node, tangent, numbers):
            contribution = _carried(tangent[parent], partial)
            total = contribution if total is None else total + contribution
        if total is not None:
            tangent[node] = total
    return tangent


def _partials(
    node: Value, wanted: Container[Value], numbers: Mapping[Value, Any] | None
) -> list[tuple[Value, Any]]:
    """(parent, partial derivative as a number or float) for each parent that is in `wanted`.

    A partial that is the plain number 0.0 is 0 whatever the inputs are, and is left out.
    """
    row, parents = node._row, node.parents
    if row is None:
        return []
    mask = [parent in wanted for parent in parents]
    if not any(mask):
        return []
    arguments: list[Any]
    if numbers is None:
        out, arguments = node, [IEEE(p._number) if p._constant else p for p in parents]
    else:
        out = numbers.get(node, node)
        arguments = [numbers[p] if p in numbers else IEEE(p._number) for p in parents]
    found = row.partials_on(out, arguments, mask)
    return [
        (parent, partial)
        for parent, partial, want in zip(parents, found, mask, strict=True)
        if want and not (isinstance(partial, float) and partial == 0.0)
    ]


def _carried(factor: Any, partial: Any) -> Any:
    """The product of the chain rule; a partial that is the plain number 1.0 leaves no node.

    A factor of 1.0 does: the partial may be a node of the user's own graph, which must not be
    handed out as a derivative.
    """
    if isinstance(partial, float) and partial == 1.0:
        return factor
    return carry(factor, partial)
