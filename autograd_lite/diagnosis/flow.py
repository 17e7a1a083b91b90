"""Sizes of data and gradients, scope by scope, and the scopes that vanish or explode."""

import math
from collections.abc import Iterator

from autograd_lite.diagnosis.names import NO_SCOPE, scope_name
from autograd_lite.diagnosis.report import Finding, ScopeSummary
from autograd_lite.engine import Value
from autograd_lite.graph import scope_of

Scope = tuple[str, ...]

#: Rows of the table: scopes are cut off at the deepest level that gives no more.
_ROWS = 20

#: Mean |grad| of a scope's computed nodes, relative to scopes between it and the root.
VANISHING, EXPLODING = 1e-3, 1e3
#: The limits for any gradient, wherever it is.
TOO_SMALL, TOO_LARGE = 1e-10, 1e10


def by_scope(
    order: list[Value], adjoint: dict[Value, float]
) -> tuple[list[ScopeSummary], list[Finding]]:
    """One row per scope, the root's side last, and the scopes whose gradients are out of bounds."""
    free = [node for node in order if not node.constant]
    depth = _depth({scope_of(node) for node in free})
    scope_at = {node: scope_of(node)[:depth] for node in free}
    groups: dict[Scope, list[Value]] = {}
    for node, scope in scope_at.items():
        groups.setdefault(scope, []).append(node)
    last = {scope: i for i, (node, scope) in enumerate(scope_at.items()) if node.op}
    scopes = sorted(groups, key=lambda scope: last.get(scope, -1))
    summaries = {scope: _summary(scope, groups[scope], adjoint) for scope in scopes}
    largest, smallest = _beyond(scope_at, summaries)
    findings = [
        Finding(kind, "warning", tuple(groups[scope]), f"{row.scope}: {said}")
        for scope, row in summaries.items()
        for kind, said in _judge(row, largest[scope], smallest[scope])
    ]
    return list(summaries.values()), findings


def _depth(scopes: set[Scope]) -> int:
    """Number of levels of scopes that make rows of their own."""
    levels = range(2, max(map(len, scopes), default=1) + 1)
    return max([n for n in levels if len({scope[:n] for scope in scopes}) <= _ROWS], default=1)


def _summary(scope: Scope, nodes: list[Value], adjoint: dict[Value, float]) -> ScopeSummary:
    computed = [abs(adjoint[node]) for node in nodes if node.op]
    leaves = [abs(adjoint[node]) for node in nodes if not node.op]
    sizes = computed + leaves
    return ScopeSummary(
        scope=scope_name(scope), nodes=len(nodes), leaves=len(leaves),
        mean_data=sum(abs(node.data) for node in nodes) / len(nodes),
        mean_grad=_mean(computed), leaf_grad=_mean(leaves),
        max_grad=math.nan if math.isnan(sum(sizes)) else max(sizes),
    )  # fmt: skip


def _mean(numbers: list[float]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None


def _beyond(
    scope_at: dict[Value, Scope], summaries: dict[Scope, ScopeSummary]
) -> tuple[dict[Scope, float], dict[Scope, float]]:
    """For each scope, mean |grad| of the scopes between it and the root: largest and smallest.

    The smallest is that of the way to the root on which it is largest. All goes node by node, so
    that scopes side by side (the neurons of a layer) are not compared with each other, and nodes
    outside every scope only pass on what lies beyond them.
    """
    own = {
        scope: (row.mean_grad, row.mean_grad)
        if scope and row.mean_grad is not None and math.isfinite(row.mean_grad)
        else (0.0, math.inf)
        for scope, row in summaries.items()
    }
    largest, at_largest = dict.fromkeys(own, 0.0), dict.fromkeys(scope_at, 0.0)
    smallest, at_smallest = dict.fromkeys(own, 0.0), dict.fromkeys(scope_at, 0.0)
    root = next(reversed(scope_at), None)
    for node, scope in reversed(scope_at.items()):
        size, bound = own[scope]
        high = max(size, at_largest[node])
        low = min(bound, math.inf if node is root else at_smallest[node])
        for parent in node.parents:
            outer = scope_at.get(parent)
            if outer is None:  # a constant
                continue
            at_largest[parent] = max(high, at_largest[parent])
            at_smallest[parent] = max(low, at_smallest[parent])
            if outer != scope:
                largest[outer] = max(high, largest[outer])
                smallest[outer] = max(low, smallest[outer])
    return largest, smallest


def _judge(row: ScopeSummary, largest: float, smallest: float) -> Iterator[tuple[str, str]]:
    """Faults of a scope's gradients: kinds and messages."""
    if not math.isfinite(row.max_grad):
        return  # said already, with the origin
    mean = None if row.scope == NO_SCOPE else row.mean_grad
    if row.max_grad == 0.0:
        yield "vanishing", "every gradient is 0"
    elif mean is not None and mean < VANISHING * largest:
        yield "vanishing", f"mean |grad| {mean:.3g} is {mean / largest:.2g} of that further on"
    elif row.max_grad < TOO_SMALL:
        yield "vanishing", f"the largest |grad| {row.max_grad:.3g} is below {TOO_SMALL:g}"
    if mean is not None and smallest > 0.0 and mean > max(EXPLODING * smallest, 1.0):
        yield "exploding", f"mean |grad| {mean:.3g} is {mean / smallest:.2g} times that further on"
    elif row.max_grad > TOO_LARGE:
        yield "exploding", f"the largest |grad| {row.max_grad:.3g} is above {TOO_LARGE:g}"
