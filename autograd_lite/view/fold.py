"""Folding: a graph too large to be looked at, as a picture of groups of its values."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from autograd_lite.engine import Value
from autograd_lite.graph import scope_of
from autograd_lite.view.picture import (
    Arrow,
    Box,
    Picture,
    Text,
    count,
    every_value,
    kind_of,
    value_box,
)
from autograd_lite.view.steps import Steps

#: Without scopes to fold by, a graph is cut in at most so many layers.
LAYERS = 10
_OPS_NAMED = 3
_PLURAL = {"leaf": "inputs", "parameter": "parameters", "constant": "constants"}


@dataclass
class _Group:
    title: str
    scope: tuple[str, ...] = ()
    members: int = 0
    example: Value | None = None
    ops: Counter[str] = field(default_factory=Counter)
    grads: list[float] = field(default_factory=list)


def picture(graph: Steps, max_nodes: int | None) -> Picture:
    """The picture of a graph, folded if it has more than `max_nodes` values.

    It is folded by scope, to the deepest level that gives no more than `max_nodes` groups;
    without such a level, by depth (the longest way from a leaf), in at most `LAYERS` layers. The
    output, and any group of one, is shown as it is.
    """
    if max_nodes is None or len(graph.order) <= max_nodes:
        return every_value(graph)
    found = _by_scope(graph, max_nodes)
    if found is not None:
        return _folded(graph, *found, "by scope")
    return _folded(graph, *_by_depth(graph, max_nodes), "by depth")


_Keys = dict[Value, Hashable]
_Groups = dict[Hashable, _Group]


def _by_scope(graph: Steps, max_nodes: int) -> tuple[_Keys, _Groups] | None:
    """Groups of the deepest scope level that fits, if one does."""
    root = graph.order[-1]
    if not any(map(scope_of, graph.order)):
        return None
    # Unscoped leaves and constants are inputs. Apart from the unscoped results, so that data flow
    # one way.
    parts = {
        n: (scope_of(n), not scope_of(n) and kind_of(n, root) in ("leaf", "constant"))
        for n in graph.order[:-1]
    }
    distinct = dict.fromkeys(parts.values())
    for depth in range(max((len(scope) for scope, _ in distinct), default=0), 0, -1):
        shown = {part: (part[0][:depth], part[1]) for part in distinct}
        if len(set(shown.values())) + 1 <= max_nodes:
            break
    else:
        return None
    scopes = {scope for scope, _ in shown.values()}
    outer = {scope[:i] for scope in scopes for i in range(len(scope))}
    groups: _Groups = {root: _Group("", scope_of(root)[: depth - 1])}
    for key in shown.values():
        scope, is_input = key
        if is_input:
            groups[key] = _Group("inputs")
        elif not scope:
            groups[key] = _Group("outside any scope")
        elif scope in outer:
            groups[key] = _Group(f"directly in {scope[-1]}", scope)
        else:
            groups[key] = _Group(scope[-1], scope[:-1])
    return {root: root} | {node: shown[part] for node, part in parts.items()}, groups


def _by_depth(graph: Steps, max_nodes: int) -> tuple[_Keys, _Groups]:
    """Inputs, parameters, layers of equal depth, and the output."""
    root = graph.order[-1]
    apart = {kind: _PLURAL[kind] for kind in ("leaf", "parameter")}
    layers = min(LAYERS, max_nodes - 3)
    if layers < 1:
        return dict.fromkeys(graph.order, "all"), {"all": _Group("all values")}
    depth: dict[Value, int] = {}
    for node in graph.order:
        parents = graph.parents(node)
        # Hidden constants are not in the order.
        depth[node] = 1 + max([depth.get(parent, 0) for parent in parents]) if parents else 0
    thickness = -(-depth[root] // layers)
    keys: _Keys = {}
    groups: _Groups = {root: _Group("")}
    for node, its_depth in depth.items():
        kind = kind_of(node, root) if its_depth == 0 else "value"
        if kind in apart:
            keys[node] = kind
            groups.setdefault(kind, _Group(apart[kind]))
        elif kind != "constant":
            keys[node] = layer = max(its_depth - 1, 0) // thickness
            if layer not in groups:
                first = layer * thickness + 1
                groups[layer] = _Group(f"depth {first:,} to {first + thickness - 1:,}")
            for parent in graph.parents(node):
                if parent not in keys and parent in depth:
                    keys[parent] = layer  # a constant goes with what it is first used in
    keys[root] = root
    return keys, groups


def _folded(graph: Steps, keys: _Keys, groups: _Groups, how: str) -> Picture:
    root = graph.order[-1]
    edges: dict[Hashable, Counter[Hashable]] = {}
    for node in graph.order:
        key = keys[node]
        group = groups[key]
        group.members += 1
        group.example = node
        kind = graph.made_by(node).op or _PLURAL[kind_of(node, root)]
        group.ops[kind] += 1
        if kind != _PLURAL["constant"]:
            group.grads.append(node.grad)
        if key not in edges:
            edges[key] = Counter()
        for parent in graph.parents(node):
            tail = keys.get(parent, key)
            if tail != key:
                edges[key][tail] += 1
    names = {key: f"g{i}" for i, key in enumerate(edges)}
    boxes = []
    for key, name in names.items():
        arrows = tuple(Arrow(names[tail], Text(f"×{n:,}")) for tail, n in edges[key].items())
        boxes.append(_group_box(graph, groups[key], name, arrows))
    caption = f"{count(len(graph.order), 'value')}, showing {count(len(boxes), 'group')} ({how})"
    return Picture(boxes, caption)


def _group_box(graph: Steps, group: _Group, name: str, arrows: tuple[Arrow, ...]) -> Box:
    if group.members == 1 and group.example is not None:
        box = value_box(graph, group.example, name, arrows)
        # The output lies in the same frames as the groups.
        return replace(box, scope=group.scope) if group.example is graph.order[-1] else box
    common = sorted(group.ops.items(), key=lambda item: (-item[1], item[0]))
    said = ", ".join(f"{n:,} {op}" for op, n in common[:_OPS_NAMED])
    more = len(common) - _OPS_NAMED
    lines = [Text(count(group.members, "value")), Text(said + (f", {more} more" * (more > 0)))]
    grads = [grad for grad in group.grads if not math.isnan(grad)]
    if grads:
        lines.append(Text(f"grad {min(grads):.4g} to {max(grads):.4g}"))
    if len(grads) < len(group.grads):
        lines.append(Text(f"grad nan in {len(group.grads) - len(grads):,}", "nan"))
    return Box(name, "group", "", group.title, tuple(lines), group.scope, arrows)
