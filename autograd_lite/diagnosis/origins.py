"""Where nan and inf come from, in the numbers of a graph and in its backward pass."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from autograd_lite.diagnosis.names import Names
from autograd_lite.diagnosis.report import Finding, Severity
from autograd_lite.engine import Value, fields, pulled_back
from autograd_lite.graph import edges
from autograd_lite.modes import is_silent_to_second_order


def _turned(result: float, *given: float) -> str:
    """The fault that begins at a result, ``"nan"`` or ``"inf"``; ``""`` if none does."""
    if math.isnan(result):
        return "" if any(map(math.isnan, given)) else "nan"
    return "inf" if math.isinf(result) and all(map(math.isfinite, given)) else ""


def forward(order: list[Value], names: Names) -> Iterator[Finding]:
    """Each node that made a nan without having met one, or an inf of finite numbers."""
    root = order[-1].data
    severity: Severity = "note" if math.isfinite(root) else "error"
    ending = "the root is finite" if math.isfinite(root) else f"the root is {root}"
    for node in order:
        if math.isfinite(node.data):
            continue
        given = names.freshness.arguments(node)
        if given is not None and (kind := _turned(node.data, *given)):
            verb = "makes" if node.op else "holds"
            message = f"{names.formula(node)} {verb} {node.data}; {ending}"
            yield Finding(kind, severity, (node,), message)


def backward(order: list[Value], names: Names) -> tuple[dict[Value, float], list[Finding]]:
    """The adjoint of every node, as `backward()` computes it, and what went wrong on the way.

    Returns
    -------
    adjoints : dict of Value to float
    findings : list of Finding
        Each contribution that turned nan or infinite, and each that zero kept from it.
    """
    root = order[-1]
    adjoint = dict.fromkeys(order, 0.0)
    adjoint[root] += 0.0 if root.constant else 1.0
    turned: list[Finding] = []
    notes: list[Finding] = []

    def parents(node: Value) -> list[tuple[Value, float]]:
        if node.op and is_silent_to_second_order(node, adjoint[node]):
            counted = fields(node)[0].counted
            message = f"second derivative of {names.formula(node)} is not finite and {counted}"
            notes.append(Finding("hidden_second", "note", (node,), message))
        return edges(node)

    for node, parent, partial, contribution in pulled_back(order, adjoint, parents):
        upstream, so_far = adjoint[node], adjoint[parent]
        plain, total = upstream * partial, so_far + contribution
        if math.isfinite(total) and plain == plain:
            continue
        factors = f"{upstream:.6g} (gradient by {names.of(node)}) × {partial:.6g}"
        at = f"(partial derivative) at {names.formula(node)}"
        if plain != plain and contribution == 0.0:
            message = f"{factors} {at} counted as 0"
            notes.append(Finding("zero_times_inf", "note", (node, parent), message))
        added = f"{so_far:.6g} + {contribution:.6g} from {names.formula(node)}"
        for result, given, how in (
            (contribution, (upstream,), f"{factors} {at}"),
            (total, (so_far, contribution), added),
        ):
            if kind := _turned(result, *given):
                message = f"gradient by {names.of(parent)} turns {result}: {how}"
                turned.append(Finding(f"{kind}_gradient", "error", (node, parent), message))
    if all(math.isfinite(found) for node, found in adjoint.items() if not node.op):
        turned = [replace(finding, severity="note") for finding in turned]
    return adjoint, turned + notes
