"""Step 5: back-propagation through two weights in a chain, node by node."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from autograd_lite.engine import Value
from autograd_lite.explanations.trace import trace
from autograd_lite.ops.reductions import dot
from autograd_lite.ops.rules import square, tanh


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


class ChainRow(NamedTuple):
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
        ChainRow(step.name, formulas.get(step.name, ""), step.value, step.partials, step.gradient)
        for step in trace(graph.loss)
    ]


#: Numbers of a network with two inputs, two hidden neurons and one output: the weight w21 leads to
#: neuron 2 from input 1.
HIDDEN: Mapping[str, float] = MappingProxyType({
    "x1": 1.0, "x2": 2.0, "target": 1.0,
    "w11": 0.5, "w12": -0.4, "b1": 0.1, "w21": -0.3, "w22": 0.6, "b2": 0.0,
    "v1": 0.8, "v2": -0.5, "c": 0.2,
})  # fmt: skip


def hidden_layer(numbers: Mapping[str, float] = HIDDEN) -> Value:
    """The squared error of that network, after its backward pass.

    >>> from autograd_lite.graph import ancestors
    >>> loss = hidden_layer()
    >>> [node.label for node in ancestors(loss) if node.op]
    ['s1', 'h1', 's2', 'h2', 'y', 'error', 'loss']
    """
    leaf = {name: Value(x, label=name) for name, x in numbers.items()}
    hidden = []
    for i in (1, 2):
        weights = [leaf[f"w{i}1"], leaf[f"w{i}2"]]
        total = dot(weights, [leaf["x1"], leaf["x2"]], bias=leaf[f"b{i}"])
        hidden.append(tanh(total))
        total.label, hidden[-1].label = f"s{i}", f"h{i}"
    y = dot([leaf["v1"], leaf["v2"]], hidden, bias=leaf["c"])
    error = y - leaf["target"]
    loss: Value = square(error)
    y.label, error.label, loss.label = "y", "error", "loss"
    loss.backward()
    return loss
