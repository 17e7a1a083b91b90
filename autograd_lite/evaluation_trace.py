"""A graph as an evaluation trace: its nodes in order, each with a name, a formula and derivatives.

The form in which textbooks write a computation down (Griewank & Walther, Evaluating Derivatives,
2008, section 2.2): ``v1 = w * x``, ``v2 = v1 + b``, ``v3 = tanh(v2)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from autograd_lite.engine import Value
from autograd_lite.graph import ancestors, check_fresh, edges, row_of


@dataclass(frozen=True)
class TracedStep:
    """One node of a trace.

    Attributes
    ----------
    name : str
        The node's label.
    formula : str
        How it was computed from other steps; ``""`` for a leaf.
    value, gradient : float
        The node's ``data`` and ``grad``.
    partials : tuple of (str, float)
        The name of each argument that is no constant, and the local derivative by it.
    """

    name: str
    formula: str
    value: float
    gradient: float
    partials: tuple[tuple[str, float], ...]


def trace(root: Value) -> list[TracedStep]:
    """The steps of a computation, leaves included, constants left out, every one after its parts.

    Parameters
    ----------
    root : Value
        Its nodes without a label are given one (``v1``, ``v2``, …), so that a picture of the graph
        shows the names of this trace. Its graph must not be stale.

    Examples
    --------
    >>> w, x = Value(2.0, label="w"), Value(3.0, label="x")
    >>> y = w * x + 1.0
    >>> y.backward()
    >>> for step in trace(y):
    ...     print(step.name, "=", step.formula or step.value, step.partials)
    w = 2.0 ()
    x = 3.0 ()
    v1 = w * x (('w', 3.0), ('x', 2.0))
    v2 = v1 + 1 (('v1', 1.0),)
    """
    order = ancestors(root)
    check_fresh(order, "a trace")
    nodes = [node for node in order if not node.constant]
    taken = {node.label for node in nodes}
    fresh = (name for number in count(1) if (name := f"v{number}") not in taken)
    for node in nodes:
        if not node.label:
            node.label = next(fresh)
    partials = [tuple([(parent.label, x) for parent, x in edges(node)]) for node in nodes]
    pairs = zip(nodes, partials, strict=True)
    return [TracedStep(n.label, formula(n), n.data, n.grad, found) for n, found in pairs]


def formula(node: Value) -> str:
    """How a node was computed, in terms of its parents' labels; ``""`` for a leaf."""
    row = row_of(node)
    if row is None:
        return ""
    names = [f"{p.data:.6g}" if p.constant else p.label for p in node.parents]
    if row.operator and len(names) == 2:
        return f"{names[0]} {row.symbol} {names[1]}"
    if row.operator and not row.symbol.isalpha():
        return f"{row.symbol}{names[0]}"
    names += [f"{name}={number:g}" for name, number in row.attrs.items()]
    return f"{row.name}({', '.join(names)})"
