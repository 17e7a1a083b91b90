"""A graph as an evaluation trace: its nodes in order, each with a name, a formula and partials.

The form in which textbooks write a computation down (Griewank & Walther, Evaluating Derivatives,
2008, section 2.2): ``v1 = w * x``, ``v2 = v1 + b``, ``v3 = tanh(v2)``.
"""

from typing import NamedTuple

from autograd_lite.engine import Value
from autograd_lite.explanations.naming import numbered
from autograd_lite.graph import ancestors, check_fresh, edges, op_of
from autograd_lite.ops import Op
from autograd_lite.writing.templates import Piece
from autograd_lite.writing.text import TextPrinter, holes, named_call


class _TracePrinter(TextPrinter):
    """Text with spaces around Python's operators, in which all else is called by its name."""

    def _template(self, op: Op) -> str:
        if op.arity != 2:
            return super()._template(op)
        return f"#1 {op.symbol} #2" if op.operator else named_call(op, holes(op))


_TEXT = _TracePrinter()


class TraceStep(NamedTuple):
    """One node of a trace: its label, its op on the names of its parents, and its numbers.

    The formula of a leaf is ``""``. Of each parent that is no constant there are the name and the
    partial by it.
    """

    name: str
    formula: str
    value: float
    gradient: float
    partials: tuple[tuple[str, float], ...]


def trace(root: Value) -> list[TraceStep]:
    """The steps of a computation in topological order, leaves included, constants left out.

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
    for node, number in numbered(order).items():
        node.label = _TEXT.name(number)
    return [
        TraceStep(
            node.label, _formula(node), node.data, node.grad,
            tuple([(parent.label, partial) for parent, partial in edges(node)]),
        )
        for node in order
        if not node.constant
    ]  # fmt: skip


def _formula(node: Value) -> str:
    pieces = [_TEXT.number(p.data) if p.constant else Piece(p.label) for p in node.parents]
    return _TEXT.call(op_of(node), pieces).text if node.op else ""
