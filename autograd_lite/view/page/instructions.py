"""The nodes of a graph as instructions of a page: numbers, and formulas as templates."""

import math
from collections.abc import Set
from itertools import chain
from pathlib import Path
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.graph import op_of
from autograd_lite.modes import line_of
from autograd_lite.ops import Op
from autograd_lite.view.page.wording import Templates
from autograd_lite.view.picture import readable
from autograd_lite.view.steps import Steps


def nodes_of(
    graph: Steps, rows: dict[Op, int], given: Set[Value] = frozenset()
) -> list[dict[str, Any]]:
    """The graph as a list of instructions; what is not drawn comes last, as constants.

    The number of each row is looked up in `rows`, to which new ones are added. Of values that are
    `given`, nothing is said of how they were computed.
    """
    parents_of = {node: () if node in given else graph.parents(node) for node in graph.order}
    every = dict.fromkeys(chain(graph.order, *parents_of.values()))
    numbers = {node: i for i, node in enumerate(every)}
    templates = Templates(graph, numbers)
    nodes = []
    for node in every:
        made = graph.made_by(node)
        drawn = numbers[node] < len(graph.order)
        computed = drawn and node not in given
        row = op_of(made) if computed else None
        constant = node.constant or not drawn
        partials = made.local_grads if computed else ()
        nodes.append(
            {
                "name": templates.name(node),
                "op": made.op,
                "symbol": "" if row is None else row.symbol,
                "root": node is graph.order[-1],
                "leaf": row is None and not constant,
                "constant": constant,
                "row": None if row is None else rows.setdefault(row, len(rows)),
                "args": [numbers[parent] for parent in parents_of.get(node, ())],
                "data": as_number(node.data),
                "grad": as_number(node.grad),
                "partials": [*map(as_number, partials)],
                "line": _line(made),
                "call": templates.made(node) if computed else None,
                "derivatives": templates.derivatives(node) if computed else [],
            }
        )
        if drawn and made in graph.freshness.stale:
            held = graph.freshness.arguments(made)
            nodes[-1]["given"] = None if held is None else [*map(as_number, held)]
    return nodes


def _line(node: Value) -> str:
    """The line where a node was recorded, if noted; a notebook's cells have odd file names."""
    line = line_of(node)
    if line is None:
        return ""
    file = Path(line.file)
    name = "cell" if file.parent.name.startswith("ipykernel") else file.name
    return "".join(readable(f"{name}:{line.number}: {line.text}", 200, 1))


def as_number(x: float) -> float | str:
    """A number for JSON; nan and inf, which it lacks, as text."""
    return x if math.isfinite(x) else str(x)
