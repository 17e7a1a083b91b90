"""Sweeps over a graph in any number system: what `engine.sweep` does on floats, written once more.

A node's derivatives come from its row's partial rules, called on whatever numbers are swept with:
the Values of the graph themselves (so that the derivatives are recorded and can be differentiated
again) or truncated power series (`series`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.graph import row_of
from autograd_lite.modes import check_adjoints, check_tangents, unchecked
from autograd_lite.ops.ieee import IEEE
from autograd_lite.ops.rules import carry

_THEMSELVES: Mapping[Value, Any] = MappingProxyType({})


def dependent(order: Iterable[Value], inputs: Iterable[Value]) -> list[Value]:
    """The nodes of a topological order that depend on an input, inputs included."""
    found = {node for node in inputs if not node.constant}
    nodes = []
    for node in order:
        if node in found or not found.isdisjoint(node.parents):
            found.add(node)
            nodes.append(node)
    return nodes


def reverse_sweep(
    nodes: list[Value],
    seeds: Mapping[Value, Any],
    numbers: Mapping[Value, Any] = _THEMSELVES,
    beyond: Iterable[Value] = (),
) -> dict[Value, Any]:
    """Adjoints in another number system than floats: recorded as Values, if nothing else is said.

    Parameters
    ----------
    nodes : list of Value
        As `dependent` gives them: only these are swept.
    seeds : mapping of Value to float or Value
        The adjoints of the outputs.
    numbers : mapping of Value to number, optional
        What stands for each of `nodes`; left out, they stand for themselves.
    beyond : iterable of Value, optional
        Nodes that get an adjoint, and pass none on.

    Returns
    -------
    dict of Value to number
        A plain float depends on no input. Nodes that no output depends on are left out.
    """
    adjoint: dict[Value, Any] = dict(seeds)
    between = {*nodes, *beyond}
    if numbers is _THEMSELVES:
        check_adjoints(nodes, seeds)
    with unchecked():
        for node in reversed(nodes):
            upstream = adjoint.get(node)
            if upstream is None:
                continue
            for parent, partial in partials_by(node, between, numbers):
                contribution = carried(upstream, partial)
                so_far = adjoint.get(parent)
                adjoint[parent] = contribution if so_far is None else so_far + contribution
    return adjoint


def tangent_sweep(nodes: list[Value], seeds: Mapping[Value, Any]) -> dict[Value, Any]:
    """Tangents recorded as Values; the forward counterpart of `reverse_sweep`.

    `seeds` are the tangents of the inputs, where the sweep begins.
    """
    tangent: dict[Value, Any] = dict(seeds)
    check_tangents(nodes, seeds)
    with unchecked():
        for node in nodes:
            if node in seeds:
                continue
            total: Any = None
            for parent, partial in partials_by(node, tangent):
                contribution = carried(tangent[parent], partial)
                total = contribution if total is None else total + contribution
            if total is not None:
                tangent[node] = total
    return tangent


def tangents_on_floats(nodes: list[Value], seeds: Mapping[Value, float]) -> dict[Value, float]:
    """Tangents as floats, by the partial derivatives that lie in the nodes.

    As in the engine's reverse sweep, products are plain unless a nan comes out.
    """
    tangent = dict(seeds)
    check_tangents(nodes, seeds)
    for node in nodes:
        if node in seeds:
            continue
        pairs = [
            (tangent[parent], partial)
            for parent, partial in zip(node.parents, node.local_grads, strict=True)
            if parent in tangent
        ]
        total = 0.0
        for factor, partial in pairs:
            total += factor * partial
        if math.isnan(total):
            total = 0.0
            for factor, partial in pairs:
                total += carry(factor, partial)
        tangent[node] = total
    return tangent


def partials_by(
    node: Value, wanted: Any, numbers: Mapping[Value, Any] = _THEMSELVES
) -> list[tuple[Value, Any]]:
    """(parent, partial derivative as a number or float) for each parent that is in `wanted`.

    A partial that is the plain number 0.0 is 0 whatever the inputs are, and is left out.
    """
    row, parents = row_of(node), node.parents
    if row is None:
        return []
    mask = [parent in wanted for parent in parents]
    if not any(mask):
        return []
    if numbers is _THEMSELVES:
        arguments = [IEEE(p.data) if p.constant else p for p in parents]
    else:
        arguments = [numbers[p] if p in numbers else IEEE(p.data) for p in parents]
    found = row.partials_on(numbers.get(node, node), arguments, mask)
    return [
        (parent, partial)
        for parent, partial, want in zip(parents, found, mask, strict=True)
        if want and not (isinstance(partial, float) and partial == 0.0)
    ]


def carried(factor: Any, partial: Any) -> Any:
    """The product of the chain rule; a partial that is the plain number 1.0 leaves no node.

    A factor of 1.0 does: the partial may be a node of the user's own graph, which must not be
    handed out as a derivative.
    """
    if isinstance(partial, float) and partial == 1.0:
        return factor
    return carry(factor, partial)
