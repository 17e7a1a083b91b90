"""Step 5: back-propagation through two weights in a chain, node by node."""

from __future__ import annotations

from dataclasses import dataclass

from autograd_lite.engine import Value
from autograd_lite.graph import ancestors, edges
from autograd_lite.ops.rules import square


@dataclass(frozen=True, eq=False)
class Chain:
    """The graph of h = w1·x, y = w2·h, loss = (y - target)², after a backward pass."""

    x: Value
    w1: Value
    w2: Value
    h: Value
    y: Value
    error: Value
    loss: Value
    target: float


@dataclass(frozen=True)
class ChainRow:
    """One node of the chain, with its value (found forward) and its gradient (found backward).

    The partial derivatives by its parents are `local`, with their names.
    """

    name: str
    formula: str
    value: float
    local: tuple[tuple[str, float], ...]
    gradient: float


def chain(x: float = 2.0, w1: float = 3.0, w2: float = 1.0) -> Chain:
    """Record the chain of two weights and back-propagate its squared loss.

    The target is 2x as a plain number: it is part of the data and stays as it is while x is
    differentiated.

    >>> graph = chain()
    >>> graph.h.data, graph.y.data, graph.loss.data
    (6.0, 6.0, 4.0)
    >>> graph.w2.grad, graph.w1.grad, graph.x.grad
    (24.0, 8.0, 12.0)
    """
    target = 2.0 * x
    inputs = Value(x, "x"), Value(w1, "w1"), Value(w2, "w2")
    h = inputs[1] * inputs[0]
    y = inputs[2] * h
    error = y - target
    loss: Value = square(error)
    h.label, y.label, error.label, loss.label = "h", "y", "error", "loss"
    loss.backward()
    return Chain(*inputs, h, y, error, loss, target)


def chain_table(graph: Chain | None = None) -> list[ChainRow]:
    """Every node of a chain, or of `chain()`, forward: value, partial derivatives and gradient."""
    graph = graph or chain()
    error = f"y - {graph.target:g}"
    formulas = {"h": "w1·x", "y": "w2·h", "error": error, "loss": "error²"}
    return [
        ChainRow(
            node.label,
            formulas.get(node.label, ""),
            node.data,
            tuple((parent.label, local) for parent, local in edges(node)),
            node.grad,
        )
        for node in ancestors(graph.loss)
        if not node.constant
    ]
