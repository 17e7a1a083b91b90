"""Names of nodes in formulas, and ops and partials written with them."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from itertools import count

from autograd_lite.engine import Value
from autograd_lite.explanations.formulas import Formula, node_partials, written
from autograd_lite.explanations.paths import Sweep
from autograd_lite.graph import op_of, scope_of
from autograd_lite.writing.templates import Piece
from autograd_lite.writing.text import TextPrinter

#: Most arguments of an op whose partials are written as formulas.
_ARGUMENTS = 24
#: Innermost scopes that tell equal labels apart.
_SCOPES = 2
#: Labels that look like the name of a node without one.
_NUMBERED = re.compile("v_?([0-9]+)")


def numbered(order: Collection[Value]) -> dict[Value, int]:
    """The numbers of nodes without a label, constants left out: their names are v1, v2, … ."""
    taken = {match[1] for node in order if (match := _NUMBERED.fullmatch(node.label))}
    fresh = (i for i in count(1) if str(i) not in taken)
    return {node: next(fresh) for node in order if not (node.label or node.constant)}


def labels(nodes: Iterable[Value], printer: TextPrinter) -> dict[Value, Piece]:
    """The labels of those nodes that have one; scopes tell equal ones apart, or else a number."""
    texts = {node: printer.label(node.label) for node in nodes if node.label}
    used = Counter(texts.values())
    for node, text in texts.items():
        if used[text] > 1:  # layer 2 · neuron 0 · w0
            texts[node] = printer.label(" · ".join((*scope_of(node)[-_SCOPES:], node.label)))
    used, seen = Counter(texts.values()), Counter[str]()
    found: dict[Value, Piece] = {}
    for node, text in texts.items():
        seen[text] += 1
        found[node] = printer.numbered(text, seen[text]) if used[text] > 1 else Piece(text)
    return found


class Wording:
    """Names of the nodes of an explanation, and their equations, as text or in LaTeX.

    Some nodes have a name: their label, or v1, v2, … by their place in the graph. Any other is
    shown by its label or, without one, by its number.
    """

    def __init__(self, nodes: Iterable[Value], sweep: Sweep, printer: TextPrinter) -> None:
        self.printer, self._sweep = printer, sweep
        ordered = sorted(dict.fromkeys(nodes), key=lambda node: sweep.index.get(node, -1))
        numbers = numbered(sweep.order)
        self._names = {node: Piece(printer.name(numbers.get(node, 0))) for node in ordered}
        self._names |= labels(ordered, printer)

    def __getitem__(self, node: Value) -> str:
        """The name of one of the nodes."""
        return self._names[node].text

    def recorded(self, node: Value) -> dict[Value, float] | None:
        """The numbers of its parents that a node's equations hold with; None if unknown."""
        if node not in self._sweep.freshness.stale:
            return self._sweep.data
        given = self._sweep.freshness.arguments(node)
        return None if given is None else dict(zip(node.parents, given, strict=True))

    def since(self, node: Value, mark: str = "") -> str:
        """Parents that have changed: ``x recorded 3, now 2.9``, with marks around names."""
        called = {parent: f"{mark}{name.text}{mark}" for parent, name in self._names.items()}
        return self._sweep.freshness.since(node, lambda parent: called.get(parent, "a leaf"))

    def formula(self, node: Value, numbers: Mapping[Value, float] | None = None) -> Formula:
        """A name or a number, as a part of formulas."""
        if node in self._names or (node.label and not node.constant):
            return Formula(node=node)
        return Formula(node.data if numbers is None else numbers.get(node, node.data))

    def piece(self, formula: Formula) -> Piece:
        """The text of such a part."""
        if formula.node is None:
            return self.printer.number(formula.number or 0.0)
        found = self._names.get(formula.node)
        return Piece(self.printer.label(formula.node.label)) if found is None else found

    def call(self, node: Value) -> Piece:
        """The op of a node with its arguments."""
        numbers = self.recorded(node)
        args = [self.piece(self.formula(parent, numbers)) for parent in node.parents]
        return self.printer.call(op_of(node), args)

    def partials(self, node: Value) -> list[Piece | None]:
        """The partials of a node as formulas; None for one that is too long or unknown."""
        numbers, found = self.recorded(node), None
        if numbers is not None and len(node.parents) <= _ARGUMENTS:
            found = node_partials(node, lambda part: self.formula(part, numbers))
        if found is None:
            return [None] * len(node.parents)
        return [written(part, self.printer, self.piece, self.printer.longest) for part in found]
