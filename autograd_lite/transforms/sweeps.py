"""Sweeps over a graph in any number system, looked over before they begin; and on floats."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from autograd_lite.engine import Value, adjoints_in, dependent, tangents_in
from autograd_lite.modes import check_adjoints, check_tangents, unchecked
from autograd_lite.ops.rules import carry

__all__ = ["dependent", "reverse_sweep", "tangent_sweep", "tangents_on_floats"]


def reverse_sweep(
    nodes: list[Value],
    seeds: Mapping[Value, Any],
    numbers: dict[Value, Any] | None = None,
    beyond: Iterable[Value] = (),
) -> dict[Value, Any]:
    """Adjoints in another number system than floats: recorded as Values, if nothing else is said.

    Parameters
    ----------
    nodes : list of Value
        As `dependent` gives them: only these are swept.
    seeds : mapping of Value to float or Value
        The adjoints of the outputs.
    numbers : dict of Value to number, optional
        What stands for each of `nodes`; left out, they stand for themselves.
    beyond : iterable of Value, optional
        Nodes that get an adjoint, and pass none on.

    Returns
    -------
    dict of Value to number
        A plain float depends on no input. Nodes that no output depends on are left out.
    """
    if numbers is None:
        check_adjoints(nodes, seeds)
    with unchecked():
        return adjoints_in(numbers, nodes, dict(seeds), {*nodes, *beyond})


def tangent_sweep(nodes: list[Value], seeds: Mapping[Value, Any]) -> dict[Value, Any]:
    """Tangents recorded as Values; the forward counterpart of `reverse_sweep`.

    `seeds` are the tangents of the inputs, where the sweep begins.
    """
    check_tangents(nodes, seeds)
    with unchecked():
        return tangents_in(None, nodes, dict(seeds))


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
