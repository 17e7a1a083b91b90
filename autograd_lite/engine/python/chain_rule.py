"""The chain rule in any number system, and along a direction: `passes` on other numbers.

A node's derivatives come from its row's partial rules, called on whatever numbers are swept with:
the Values of the graph themselves, so that the derivatives are recorded and can be differentiated
again, or what is given for them (truncated power series, say).
"""

import functools
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import Any

from autograd_lite.engine.context import tell_read
from autograd_lite.engine.python.passes import Edges, T, pulled_back, recorded, topological_order
from autograd_lite.engine.python.value import Value
from autograd_lite.ops.duals import carried
from autograd_lite.ops.ieee import IEEE
from autograd_lite.ops.numbers import as_float


def pushed_forward(
    order: Iterable[T], tangent: dict[T, Any], edges: Edges[T],
    product: Callable[[Any, Any], Any] = carried,
) -> Iterator[tuple[T, T, Any, Any]]:  # fmt: skip
    """Tangents of all nodes of an order, given those of its inputs: the chain rule, forwards.

    A node's tangent is the sum over its parents of the parent's tangent times the node's partial
    derivative by it. It yields what `pulled_back` does, just before a contribution is added.
    """
    for node in order:
        for parent, partial in edges(node):
            if parent in tangent:  # else it does not move
                contribution = product(tangent[parent], partial)
                yield node, parent, partial, contribution
                so_far = tangent.get(node)
                tangent[node] = contribution if so_far is None else so_far + contribution


def dependent(order: Iterable[Value], inputs: Iterable[Value]) -> list[Value]:
    """The nodes of a topological order that depend on an input, inputs included."""
    found = {node for node in inputs if not node._constant}
    nodes = []
    for node in order:
        if node in found or not found.isdisjoint(node._parents):
            found.add(node)
            nodes.append(node)
    return nodes


def tangents(outputs: list[Value], nodes: list[Value], seeds: Sequence[float]) -> list[float]:
    """Derivatives of the outputs along a direction, given by a number for each of some nodes."""
    for output in outputs:
        tell_read(output, True)
    given = {x: as_float(seed) for x, seed in zip(nodes, seeds, strict=True) if not x._constant}
    order = topological_order(outputs, nodes)
    tangent = dict.fromkeys(order, 0.0) | given
    for _ in pushed_forward([node for node in order if node not in given], tangent, recorded):
        pass
    return [tangent[output] for output in outputs]


def adjoints_in(
    numbers: dict[Value, Any] | None, nodes: list[Value],
    seeds: dict[Value, Any], between: set[Value],
) -> dict[Value, Any]:  # fmt: skip
    """Adjoints, given those of the outputs.

    `numbers` says what stands for each of the nodes (if None, they stand for themselves), which are
    as `dependent` gives them: only these are swept. Nodes in `between` get an adjoint; a plain
    float depends on no input. Nodes that no output depends on are left out.
    """
    adjoint = dict(seeds)
    for _ in pulled_back(nodes, adjoint, functools.partial(_edges, numbers, between)):
        pass
    return adjoint


def tangents_in(
    numbers: dict[Value, Any] | None, nodes: list[Value], seeds: dict[Value, Any]
) -> dict[Value, Any]:
    """Tangents, given those of the inputs; the forward counterpart of `adjoints_in`."""
    tangent = dict(seeds)
    swept = [node for node in nodes if node not in seeds]
    for _ in pushed_forward(swept, tangent, functools.partial(_edges, numbers, tangent)):
        pass
    return tangent


def _edges(
    numbers: dict[Value, Any] | None, wanted: Container[Value], node: Value
) -> list[tuple[Value, Any]]:
    """The parents that are wanted, each with the partial derivative by it in these numbers.

    A partial that is the plain number 0.0 is 0 whatever the inputs are, and is left out.
    """
    row, parents = node._row, node._parents
    mask = [parent in wanted for parent in parents]
    if row is None or not any(mask):
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
