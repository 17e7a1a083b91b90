"""Explanations as text for a terminal: the paths and their sum, and the partials."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from itertools import groupby

from autograd_lite.engine import Value
from autograd_lite.explanations.naming import Wording
from autograd_lite.explanations.paths import TOLD, Path, PathSum, Sweep, seen, which
from autograd_lite.graph import scope_of
from autograd_lite.terminal import on_screen
from autograd_lite.writing.text import TEXT

#: The partials of nodes by their arguments.
Edges = dict[tuple[Value, int], float]
#: Partials that are listed; more are counted.
_EDGES = 24
_NARROWEST = 40
_INDICES = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_STALE = (
    "Stale: a leaf was changed since this graph was recorded. What follows holds for the numbers\n"
    "as recorded; root.refresh() brings them up to date."
)


def text(items: Sequence[PathSum], sweep: Sweep) -> str:
    """Explanations of one sweep, as text that is as wide as the terminal."""
    width = max(shutil.get_terminal_size().columns, _NARROWEST)
    told = items[:TOLD]
    names = Wording(seen(told, width), sweep, TEXT)
    edges: Edges = {}
    blocks = [_paths(item, names, width, edges) for item in told]
    if len(items) > len(told):
        more = len(items) - len(told)
        blocks.append([f"… and {more:,} more: index this by position, Value or label"])
    if sweep.freshness.stale:
        blocks.insert(0, [_STALE])
    if edges:
        blocks.append(["Partial derivatives", *_partials(edges, names, sweep, width)])
    return on_screen("\n\n".join("\n".join(block) for block in blocks))


def _paths(item: PathSum, names: Wording, width: int, edges: Edges) -> list[str]:
    """The heading of an explanation, its paths, and their sum; and which edges it shows."""
    head = f"d{names[item.root]}/d{names[item.wrt]} = {item.gradient:.6g}"
    scope = f" (in {'.'.join(scope_of(item.wrt))})" if scope_of(item.wrt) else ""
    ends = f"from {names[item.wrt]}{scope} to {names[item.root]}"
    if not item.count:
        return [f"{head}: no path leads {ends}"]
    if item.wrt is item.root:
        return [f"{head}: it is the root itself"]
    rows: list[tuple[str, str]] = []
    numbers = [f"{path.product:.6g}" for path in item.paths]
    others = item.count - len(numbers)
    numbers += [f"{item.rest:.6g}"] * (others > 0) + [f"{item.total:.6g}"]
    column = max(map(len, numbers))
    for number, path in zip(numbers, item.paths, strict=False):
        chain, steps = _chain(path, names, width - column - 4)
        rows.append((number, chain))
        edges.update({(path.nodes[i + 1], path.arguments[i]): path.partials[i] for i in steps})
    if others:
        what = f"{_many(others, 'more path' if rows else 'path')}{' together' * (others > 1)}"
        rows.append((f"{item.rest:.6g}", what))
    if item.count > 1:
        rows += [("─" * column, ""), (numbers[-1], _verdict(item))]
    headline = f"{head}: {_many(item.count, 'path')} {ends}"
    return [headline, *[f"  {number:>{column}}  {what}".rstrip() for number, what in rows]]


def _verdict(item: PathSum) -> str:
    """A comparison of the sum with the gradient, and the bound of rounding."""
    apart = abs(item.total - item.gradient)
    if item.total == item.gradient or apart == 0.0:
        compared = "sum of the paths, equal to the gradient"
    elif math.isnan(apart):
        compared = f"sum of the paths; gradient {item.gradient:.6g}"
    else:
        compared = f"sum of the paths, {apart:.1e} off the gradient"
    return f"{compared} (rounding allows {item.bound:.1e})"


def _many(number: int, noun: str) -> str:
    return f"{TEXT.count(number)} {noun}{'s' * (number != 1)}"


def _chain(path: Path, names: Wording, room: int) -> tuple[str, list[int]]:
    """``w ─(2)→ v1 ─(0.42)→ L`` and the steps shown, without the middle ones if need be."""

    def arrow(step: int) -> str:
        return f" ─({path.partials[step]:.6g})→ {names[path.nodes[step + 1]]}"

    start, many = names[path.nodes[0]], len(path.partials)
    if many <= room:
        whole = start + "".join(map(arrow, range(many)))
        if len(whole) <= room:
            return whole, list(range(many))
    before, after, first, last = start, "", 0, many
    while True:
        gap = f" ─… {last - first:,} steps …→ {names[path.nodes[last]]}"
        ends = ("", arrow(last - 1)) if len(after) < len(before) else (arrow(first), "")
        longer = len(before) + len(gap) + len(after) + sum(map(len, ends))
        if longer > room or last - first < 2:
            return before + gap + after, [*range(first), *range(last, many)]
        before, after = before + ends[0], ends[1] + after
        first, last = first + bool(ends[0]), last - bool(ends[1])


def _partials(edges: Edges, names: Wording, sweep: Sweep, width: int) -> list[str]:
    """A table of partials, with their formulas."""
    shown_edges = sorted(edges, key=lambda edge: (sweep.index[edge[0]], edge[1]))[:_EDGES]
    rows: list[list[str]] = []
    notes: list[str] = []
    for place, uses in groupby(shown_edges, lambda edge: sweep.index[edge[0]]):
        node = sweep.order[place]
        made, value = f"{names[node]} = {names.call(node).text}", f"= {sweep.data[node]:.6g}"
        if names.recorded(node) is None:
            made, value = f"{names[node]}, of numbers not known", value[2:]
        if said := names.since(node):
            notes.append(f"  {names[node]}: {said}")
        formulas = names.partials(node)
        for _, argument in uses:
            formula, number = formulas[argument], f"{edges[node, argument]:.6g}"
            known = f"= {formula.text}" if formula and formula.text != number else ""
            by = f"{which(node, argument).translate(_INDICES)}{names[node]}"
            fraction = f"∂{by}/∂{names[node.parents[argument]]}"
            rows.append([made, value, fraction, known, f"= {number}"])
            made = value = ""
    widest = [max(map(len, column)) for column in zip(*rows, strict=True)]
    formulas_in = (0, 2, 3)  # of its columns; the widest gives first, so that long cells are cut
    while sum(widest) + 2 * len(widest) > width and max(widest[k] for k in formulas_in) > 8:
        widest[max(formulas_in, key=widest.__getitem__)] -= 1
    lines = [
        "  "
        + "  ".join(
            (cell if len(cell) <= n else cell[: n - 1] + "…").ljust(n)
            for cell, n in zip(row, widest, strict=True)
        )
        for row in rows
    ]
    if len(edges) > _EDGES:
        lines.append(f"  … and {len(edges) - _EDGES:,} more")
    return [line.rstrip() for line in [*lines, *notes]]
