"""Boxes, and the arrows into them, before any drawing language; and as a table of text."""

import math
import re
import unicodedata
from dataclasses import dataclass
from textwrap import wrap
from typing import Literal, NamedTuple

from autograd_lite.engine import Value
from autograd_lite.errors import counted
from autograd_lite.graph import scope_of
from autograd_lite.graph.freshness import both
from autograd_lite.view.folding.summary import Summary
from autograd_lite.view.steps import Steps

#: Rows and arguments of a listing; more are counted.
_ROWS, _ARGUMENTS = 30, 6
_NUMBER = re.compile(r"\d+")
Kind = Literal["leaf", "parameter", "constant", "value", "output", "group", "outside"]
Sign = Literal["positive", "negative", "zero", "nan", ""]


class BoxLine(NamedTuple):
    """A line of text and, if it holds a derivative, its sign."""

    text: str
    sign: Sign = ""


class Arrow(NamedTuple):
    """An argument: the name of the box it comes from, and what is written at the arrow."""

    tail: str
    note: BoxLine
    from_constant: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """One Value, or a group of them."""

    name: str  # unique in the picture, and the same in every process
    kind: Kind  # its colour, unless it is tinted
    symbol: str  # of the op; empty for a leaf and a group
    label: str  # as the user gave it
    lines: tuple[BoxLine, ...]  # of text below the label
    scope: tuple[str, ...]  # names of the frames around it, outermost first
    arrows: tuple[Arrow, ...]  # in the order of the arguments
    summary: Summary | None = None  # of a folded box
    opens: bool = False  # whether there is a picture inside it
    tint: Sign = ""  # the sign that it is coloured by
    strength: int = 0  # of the tint: 0 (none) to 3


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes, every box of a Value after those it is computed from, and lines above them all.

    The notes say what must be known of the numbers: that the graph is stale, say.
    """

    boxes: list[Box]
    caption: str = ""
    folded: bool = False
    notes: tuple[str, ...] = ()

    @property
    def noted(self) -> list[str]:
        """The notes as lines, none very long."""
        return [line for note in self.notes for line in wrap(note, 64)]


def sign_of(number: float) -> Sign:
    """Sign of a derivative, which chooses its colour."""
    if math.isnan(number):
        return "nan"
    return "positive" if number > 0.0 else "negative" if number < 0.0 else "zero"


def note_at(parent: Value, partial: float) -> BoxLine:
    """The partial derivative at the arrow of an argument; none for a constant."""
    return BoxLine("—", "zero") if parent.constant else BoxLine(f"{partial:.4g}", sign_of(partial))


def value_box(graph: Steps, node: Value, name: str, arrows: tuple[Arrow, ...]) -> Box:
    """The box of one Value."""
    kind: Kind = "output" if node is graph.order[-1] else "value"
    if node.constant:
        kind = "constant"
    elif not node.op:
        kind = "parameter" if scope_of(node) else "leaf"
    was = graph.freshness.moved.get(node)
    lines = [BoxLine(f"data {f'{node.data:.4g}' if was is None else both(was, node.data)}")]
    if kind != "constant":
        lines.append(BoxLine(graph.freshness.graded(node.grad), sign_of(node.grad)))
    symbol = str(graph.made_by(node)._op)
    return Box(name, kind, symbol, node.label, tuple(lines), scope_of(node), arrows)


def every_value(graph: Steps) -> Picture:
    """The picture with one box a Value."""
    names = {node: f"n{i}" for i, node in enumerate(graph.order)}
    boxes = []
    for node, name in names.items():
        arrows = tuple(
            Arrow(names[parent], note_at(parent, partial), parent.constant)
            for parent, partial in graph.edges(node)
            if parent in names
        )
        boxes.append(value_box(graph, node, name, arrows))
    return Picture(boxes, graph.caption, notes=graph.freshness.notes)


def readable(text: str, width: int = 40, lines: int = 3) -> list[str]:
    """A user's text, line by line, without what no drawing language holds; long ends become …."""
    clean = [
        "".join(
            "\N{REPLACEMENT CHARACTER}" if _unprintable(character) else character
            for character in (line if len(line) <= width else line[: width - 1] + "…")
        )
        for line in text.splitlines()[: lines + 1]
    ]
    return clean if len(clean) <= lines else [*clean[:lines], "…"]


def _unprintable(character: str) -> bool:
    """Control characters, halves of a surrogate pair, and code points that XML forbids."""
    return unicodedata.category(character) in ("Cc", "Cs") or ord(character) & 0xFFFE == 0xFFFE


def listing(picture: Picture) -> str:
    """The boxes of a picture, one a line, the output first."""
    shown = picture.boxes[: -_ROWS - 1 : -1]
    width = max([3, *(len(box.lines) for box in shown)])
    rows = [_row(box, width) for box in shown]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [picture.caption or counted(len(picture.boxes), "value"), *picture.noted]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width]
        lines.append(("  " + "  ".join(cells)).rstrip())
    hidden = len(picture.boxes) - len(shown)
    if hidden:
        lines.append(f"  … and {hidden:,} more")
    return "\n".join(lines)


def _row(box: Box, width: int) -> list[str]:
    lines = [line.text for line in box.lines] + [""] * (width - len(box.lines))
    arguments = [f"{a.tail} ({a.note.text})" for a in box.arrows[:_ARGUMENTS]]
    if (more := len(box.arrows) - _ARGUMENTS) > 0:
        arguments.append(f"… and {more:,} more")
    made_from = "from " * bool(arguments) + ", ".join(arguments)
    return [box.name, " ".join(readable(box.label)), box.symbol or box.kind, *lines, made_from]


def numbered_rows(boxes: list[Box]) -> dict[tuple[str, ...], list[str]]:
    """Folded boxes or parameters of a frame that differ by a number (w0, w1), in its order."""
    rows: dict[tuple[str, ...], list[Box]] = {}
    for box in boxes:
        if box.kind in ("group", "parameter") and box.scope and _NUMBER.search(box.label):
            rows.setdefault(box.scope, []).append(box)
    found = {}
    for scope, row in rows.items():
        names = {box.name for box in row}
        alike = len({_NUMBER.sub("", box.label) for box in row}) == 1 < len(row)
        if alike and names.isdisjoint(arrow.tail for box in row for arrow in box.arrows):
            row.sort(key=lambda box: [int(number) for number in _NUMBER.findall(box.label)])
            found[scope] = [box.name for box in row]
    return found


def total_length(boxes: list[Box]) -> int:
    """How many columns of boxes the arrows cross, taken together."""
    column: dict[str, int] = {}
    total = 0
    for box in boxes:
        # Groups may lie in circles, so not every tail has been seen.
        tails = [column.get(arrow.tail, 0) for arrow in box.arrows]
        column[box.name] = max(tails, default=-1) + 1
        total += len(tails) * column[box.name] - sum(tails)
    return total
