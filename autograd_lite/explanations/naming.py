"""Names of nodes in formulas, and ops and derivatives written with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from autograd_lite.engine import Value, order_by
from autograd_lite.explanations.formulas import Formula, partials
from autograd_lite.explanations.notation import Notation
from autograd_lite.explanations.paths import Sweep
from autograd_lite.explanations.templates import Piece
from autograd_lite.graph import row_of

#: Arguments of an op that has formulas of its local derivatives.
_ARGUMENTS = 24


def labels(nodes: Iterable[Value], notation: Notation) -> dict[Value, Piece]:
    """The labels of those nodes that have one; a number tells apart those that look the same."""
    texts = {node: notation.label(node.label) for node in nodes if node.label}
    used, seen = Counter(texts.values()), Counter[str]()
    found: dict[Value, Piece] = {}
    for node, text in texts.items():
        seen[text] += 1
        found[node] = notation.numbered(text, seen[text]) if used[text] > 1 else Piece(text)
    return found


class Names:
    """Names of the nodes of an explanation, in one notation.

    Parameters
    ----------
    nodes : iterable of Value
        Those that have a name: their label, or v1, v2, … by their place in the graph. Others are
        called by a label or, without one, by their number.
    sweep : Sweep
        Of the graph.
    notation : Notation
    """

    def __init__(self, nodes: Iterable[Value], sweep: Sweep, notation: Notation) -> None:
        self.notation, self._sweep = notation, sweep
        ordered = sorted(set(nodes), key=lambda node: sweep.index.get(node, -1))
        self._names = labels(ordered, notation)
        for node in ordered:
            if node not in self._names:
                place = sweep.index.get(node)
                name = notation.name(0 if place is None else sweep.numbers[place])
                self._names[node] = Piece(name)

    def __getitem__(self, node: Value) -> str:
        """The name of one of the nodes."""
        return self._names[node].text

    def recorded(self, node: Value) -> dict[Value, float] | None:
        """The numbers of its parents that a node's equations hold with; None if nobody knows."""
        if node not in self._sweep.freshness.stale:
            return self._sweep.data
        given = self._sweep.freshness.arguments(node)
        return None if given is None else dict(zip(node.parents, given, strict=True))

    def since(self, node: Value, mark: str = "") -> str:
        """Which of these are others now: ``x recorded 3, now 2.9``, with marks around names."""
        called = {parent: f"{mark}{name.text}{mark}" for parent, name in self._names.items()}
        return self._sweep.freshness.since(node, lambda parent: called.get(parent, "a leaf"))

    def formula(self, node: Value, numbers: Mapping[Value, float] | None = None) -> Formula:
        """A name or a number, as a part of formulas."""
        if node in self._names or (node.label and not node.constant):
            return Formula(node=node)
        return Formula(node.data if numbers is None else numbers.get(node, node.data))

    def piece(self, formula: Formula) -> Piece:
        """How such a part is written."""
        if formula.node is None:
            return self.notation.number(formula.number or 0.0)
        found = self._names.get(formula.node)
        return Piece(self.notation.label(formula.node.label)) if found is None else found

    def call(self, node: Value) -> Piece:
        """How a node was computed from its parents."""
        numbers = self.recorded(node)
        args = [self.formula(parent, numbers) for parent in node.parents]
        return self.notation.call(row_of(node), args, [self.piece(arg) for arg in args])

    def partials(self, node: Value) -> list[Piece | None]:
        """The local derivatives of a node as formulas; None for one that is too long or unknown."""
        numbers, found = self.recorded(node), None
        if numbers is not None and len(node.parents) <= _ARGUMENTS:
            found = partials(node, lambda part: self.formula(part, numbers))
        if found is None:
            return [None] * len(node.parents)
        return [self._written(partial) for partial in found]

    def _written(self, formula: Formula) -> Piece | None:
        pieces: dict[Formula, Piece] = {}
        for part in order_by([formula], lambda part: part.args or ()):
            args = part.args or ()
            if part.row is None:
                pieces[part] = self.piece(part)
            else:
                pieces[part] = self.notation.call(part.row, args, [pieces[arg] for arg in args])
            if len(pieces[part].text) > self.notation.longest:
                return None
        return pieces[formula]
