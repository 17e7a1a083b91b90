"""Formulas of nodes as templates, in which a page puts names or the numbers of the moment."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from autograd_lite.engine import Value
from autograd_lite.explanations.formulas import Formula
from autograd_lite.explanations.naming import Wording, labels, numbered
from autograd_lite.files import words
from autograd_lite.graph import is_of_table, op_of
from autograd_lite.ops import Op
from autograd_lite.view.steps import Steps
from autograd_lite.writing.templates import Piece
from autograd_lite.writing.text import TextPrinter

#: Of the player, in pages and in pictures that move.
PHRASES: dict[str, str] = words("phrases.toml", "view.page")

#: Around the number of a node: characters for private use, which no symbol of an op has.
_OPEN, _CLOSE = "\ue000", "\ue001"
_HOLE = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")

#: Texts, and numbers of nodes.
Template = list[str | int]


class _TextbookPrinter(TextPrinter):
    """Text as a textbook has it."""

    longest = 80

    def _template(self, row: Op) -> str:
        raised = unicodedata.decomposition(row.symbol[:1]).startswith("<super>")
        return f"#1{row.symbol}" if raised else super()._template(row)


class Templates(Wording):
    """The templates of a graph's nodes, in which each is its number."""

    def __init__(self, graph: Steps, numbers: dict[Value, int]) -> None:
        self.printer = _TextbookPrinter()
        self._names = labels(numbers, self.printer)
        fresh = numbered(graph.order).items()
        self._names |= {node: Piece(self.printer.name(number)) for node, number in fresh}
        self._graph, self._numbers = graph, numbers
        # what stands in for a node while it is shown in small steps
        self._node = graph.original | {made: node for node, made in graph.last_step.items()}

    def name(self, node: Value) -> str:
        """A label, or v1, v2, …; of a constant, and of what is not drawn, its number."""
        return self.printer.number(node.data).text if self._is_number(node) else self[node]

    def _is_number(self, node: Value) -> bool:
        return node.constant or node not in self._names

    def recorded(self, node: Value) -> dict[Value, float]:
        """Nothing: the page puts the numbers in, and says which."""
        return {}

    def formula(self, node: Value, numbers: Mapping[Value, float] | None = None) -> Formula:
        """A node to be named later, or the number of a constant."""
        node = self._node.get(node, node)
        return Formula(node.data) if self._is_number(node) else Formula(node=node)

    def piece(self, formula: Formula) -> Piece:
        """The place of a node in a template, or the text of a number."""
        if formula.node is None:
            return super().piece(formula)
        return Piece(f"{_OPEN}{self._numbers[formula.node]}{_CLOSE}")

    def made(self, node: Value) -> Template | None:
        """The op of a node with its arguments; None for a leaf."""
        made = self._graph.made_by(node)
        return None if op_of(made) is None else _split(self.call(made))

    def derivatives(self, node: Value) -> list[Template | None]:
        """The partials of a node; None for one without a short formula."""
        made = self._graph.made_by(node)
        row = op_of(made)
        if row is None or not is_of_table(row):  # a user's functions are not called for a picture
            return [None] * len(made.parents)
        return [None if piece is None else _split(piece) for piece in self.partials(made)]


def in_numbers(template: Template, data: Sequence[float]) -> str:
    """A template with numbers for its nodes, in brackets where a minus would run into an op."""
    texts = [part if isinstance(part, str) else f"{data[part]:.4g}" for part in template]
    written = ""
    for i, (part, text) in enumerate(zip(template, texts, strict=True)):
        first = not written and (len(texts) == i + 1 or texts[i + 1].startswith(" "))
        apart = first or written.endswith(("(", "[", ",", "( ", "[ ", ", "))
        bare = isinstance(part, str) or not text.startswith("-") or apart
        written += text if bare else f"({text})"
    return written


def _split(piece: Piece) -> Template:
    parts = _HOLE.split(piece.text.replace(" * ", " × ").replace(" · ", " × "))
    split = [int(part) if i % 2 else part for i, part in enumerate(parts)]
    return [part for part in split if part != ""]
