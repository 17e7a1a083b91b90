"""Pictures in the DOT language: how boxes, arrows and frames are drawn."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import graphviz

from autograd_lite.engine import Value
from autograd_lite.errors import shown
from autograd_lite.files import words
from autograd_lite.view.digraph import Digraph
from autograd_lite.view.folding.fold import Folding
from autograd_lite.view.folding.summary import BLOCKS
from autograd_lite.view.layout import FONT, TIME_LIMIT
from autograd_lite.view.picture import (
    Arrow,
    Box,
    BoxLine,
    Picture,
    listing,
    numbered_rows,
    readable,
    total_length,
)
from autograd_lite.view.steps import steps

STYLE: dict[str, Any] = words("style.toml", "view")
INK, SIGN, TINT = STYLE["ink"], STYLE["signs"], STYLE["tint"]
_CELL: str = STYLE["cell"]
_BREAK: str = STYLE["break"]
_OPPOSITE = {"w": "e", "e": "w", "n": "s", "s": "n"}
#: More arrows between groups than this carry no numbers.
_COUNTED = 60
_HISTOGRAM = re.compile(f" ([{BLOCKS}]+) ")
#: Where arrows enter a box, and whether the arguments lie one below the other there.
_ENTRY = {"LR": ("w", True), "RL": ("e", True), "TB": ("n", False), "BT": ("s", False)}


def draw_dot(
    root: Value, format: str = "svg", rankdir: str = "LR",
    expand: bool | str | Sequence[str] = False, *, constants: bool = True,
    max_nodes: int | None = None, depth: int | None = None,
    wrt: Value | Sequence[Value] | None = None, time_limit: float = TIME_LIMIT,
) -> Digraph:  # fmt: skip
    """The graph of a Value as a `graphviz.Digraph`.

    Each box is a Value: the op's symbol, its label, ``data`` and ``grad``. Arrows enter it in the
    order of its arguments and carry the partials. Yellow boxes are leaves, green ones
    parameters (leaves made inside a scope), grey dashed ones constants, the purple one is the
    output; blue derivatives are positive, orange ones negative. Frames are scopes.

    Parameters
    ----------
    root : Value
    format : str, default="svg"
        Of pictures, where none is asked for: ``"svg"``, ``"png"``, ``"pdf"``, ….
    rankdir, expand, constants, max_nodes, depth, wrt, time_limit
        As for `draw`, but `max_nodes` is None, which draws every value, if left out.

    Returns
    -------
    graphviz.Digraph
        The same graph gives the same source in every process.

    Raises
    ------
    TypeError
        If `root` is not a Value.
    ValueError
        If `format` or `rankdir` is unknown, or there is no such scope to open.
    GraphError
        If `expand` and a node that it would expand is stale; if the root does not depend on `wrt`.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> x = Value(3.0, label="x")
    >>> print(draw_dot(x * x).text)
    2 values
      n1     *     data 9  no gradient yet  from n0 (3), n0 (3)
      n0  x  leaf  data 3  no gradient yet
    """
    if rankdir not in _ENTRY:
        raise ValueError(f"rankdir is one of {', '.join(_ENTRY)} and was given {shown(rankdir)}")
    if not isinstance(format, str):
        raise TypeError(f"format is a str, such as 'svg', and was given {shown(format)}")
    if format.lower() not in graphviz.FORMATS:
        raise ValueError(f"Graphviz knows no format {shown(format)}; write 'svg'")
    for name, number in (("max_nodes", max_nodes), ("depth", depth)):
        if number is not None and (not isinstance(number, int) or number < 1):
            raise ValueError(
                f"{name} is an int of at least 1, or None, and was given {shown(number)}"
            )
    opened = () if isinstance(expand, bool) else (expand,) if isinstance(expand, str) else expand
    graph = steps(root, expand is True, constants, wrt)
    folding = Folding(graph, max_nodes, depth, opened)
    drawing = drawing_of(folding.picture, format, rankdir)
    drawing.time_limit, drawing.folding = time_limit, folding
    return drawing


def drawing_of(
    shown: Picture, format: str = "svg", rankdir: str = "LR",
    attributes: Mapping[str, Mapping[str, str]] | None = None,
) -> Digraph:  # fmt: skip
    """A picture in the DOT language.

    Boxes and arrows may have attributes of their own, by id; the ``room`` of a box is the least
    width of its text.
    """
    own = {} if attributes is None else attributes
    font = {"fontname": FONT, "fontcolor": INK}
    apart = {"rankdir": rankdir, "ranksep": "0.8" if shown.folded else "0.35"}
    drawing = Digraph(
        format=format,
        graph_attr=STYLE["graph"] | font | apart,
        node_attr=STYLE["node"] | font,
        edge_attr=STYLE["edge"] | {"fontname": FONT},
    )
    head_with(drawing, shown)
    if shown.folded:
        # No arrow over a text, and boxes in their own order, which tells more than few crossings.
        drawing.attr(outputorder="edgesfirst", remincross="false")
    if total_length(shown.boxes) > STYLE["long"]:
        drawing.attr(**STYLE["straight"])
    side, piled = _ENTRY[rankdir]
    crowded = sum(len(box.arrows) for box in shown.boxes) > _COUNTED and shown.folded
    if crowded:
        drawing.attr(splines="line")
        drawing.edge_attr.update(color="#5B6B7B70", headport=side, tailport=_OPPOSITE[side])
    _draw_boxes(drawing, shown.boxes[::-1] if shown.folded and piled else shown.boxes, rankdir, own)
    scopes = {box.name: box.scope for box in shown.boxes}
    for box in shown.boxes:
        for i, arrow in enumerate(box.arrows):
            head = f"{box.name}:a{i}:{side}" if box.kind != "group" else box.name
            given = {} if crowded else _arrow_attributes(arrow)
            given["id"] = f"{box.name}-{i}"
            if not shown.folded and scopes[arrow.tail] != box.scope:
                given["minlen"] = "2"  # room for the parameters, so frames lie side by side
            drawing.edge(arrow.tail, head, **{**given, **own.get(given["id"], {})})
    return drawing


def head_with(drawing: Digraph, shown: Picture) -> None:
    """Write caption and notes of a picture above its drawing, which is of it."""
    if heading := [*filter(None, [shown.caption]), *shown.noted]:
        heading = readable("\n".join(heading), 1000, 20)
        drawing.attr(label="\n".join(heading), labelloc="t", fontsize="13")
    drawing.shown, drawing.text = shown, listing(shown)


def style() -> dict[str, Any]:
    """Attributes and colours of drawings, for who writes the DOT language elsewhere."""
    drawing = drawing_of(Picture([]))
    own = {"graph": drawing.graph_attr, "node": drawing.node_attr, "edge": drawing.edge_attr}
    return STYLE | own


def _draw_boxes(
    drawing: Digraph, boxes: list[Box], rankdir: str, own: Mapping[str, Mapping[str, str]]
) -> None:
    """Boxes inside their frames. Frames are opened and closed in one pass, at any depth."""
    number: dict[tuple[str, ...], int] = {}
    # In the order of the computation, so not by the parameters, which all come first.
    for box in sorted(boxes, key=lambda box: not box.arrows):
        for i in range(1, len(box.scope) + 1):
            number.setdefault(box.scope[:i], len(number))

    # Graphviz piles frames up from the bottom, but lays them side by side from the left.
    _, piled = _ENTRY[rankdir]
    step = -1 if piled else 1

    def position(box: Box) -> list[int]:
        return [step * number[box.scope[:i]] for i in range(1, len(box.scope) + 1)]

    rows = numbered_rows(boxes)
    opened: list[int] = []
    for box in sorted(boxes, key=position):
        path = position(box)
        while opened != path[: len(opened)]:
            opened.pop()
            drawing.body.append("\t}\n")
        for i in range(len(opened), len(path)):
            opened.append(path[i])
            drawing.body.append(f"\tsubgraph cluster_{abs(path[i])} {{\n")
            drawing.attr(label=f"<{_markup(box.scope[i])}>", **STYLE["frame"])
            if row := " -> ".join(rows.get(box.scope[: i + 1], [])[::step]):
                drawing.body.append(f"\t{{ rank=same; {row} [style=invis] }}\n")
        fill, border = STYLE["fill"][box.kind]
        if box.tint:
            fill = TINT[box.tint][box.strength - 1] if box.strength else "#FFFFFF"
        said = [*readable(box.label, 1000, 20), *(line.text for line in box.lines)]
        attributes = {
            "style": STYLE["dashed"].get(box.kind, "rounded,filled"), "fillcolor": fill,
            "color": border, "penwidth": "2" if box.kind == "output" else "1",
            "tooltip": str(graphviz.escape("\n".join(said))), "id": box.name, "class": box.kind,
            **own.get(box.name, {}),
        }  # fmt: skip
        label = _box_label(box, rankdir, attributes.pop("room", ""))
        drawing.node(box.name, label, **attributes)
    drawing.body.extend("\t}\n" for _ in opened)


def _box_label(box: Box, rankdir: str, room: str) -> str:
    """A table: entries for the arguments, the symbol, the lines."""
    lines = [f"<b>{line}</b>{_BREAK}" for line in _marked(box.label)]
    text = "".join([*lines, *map(_written, box.lines)])
    inside = _CELL.format(text).replace("<td ", f'<td width="{room}" ' if room else "<td ", 1)
    cells = [_CELL.format(_table([[inside]], 0))]
    if box.symbol:
        symbol = f'<font point-size="15"><b>{_markup(box.symbol)}</b></font>'
        cells.insert(0, f"<td>{symbol}</td>")
    side, stacked = _ENTRY[rankdir]
    entries = [f'<td port="a{i}" width="9" height="9"></td>' for i in range(len(box.arrows))]
    if box.kind == "group" or not entries:
        return f"<{_table([cells], 4)}>"
    grid = _table([[entry] for entry in entries] if stacked else [entries], 0)
    strip = [f'<td cellpadding="0" colspan="{1 if stacked else len(cells)}">{grid}</td>']
    first, second = (strip, cells) if side in "wn" else (cells, strip)
    return f"<{_table([first + second] if stacked else [first, second], 4)}>"


def _table(rows: list[list[str]], padding: int) -> str:
    written = "".join(f"<tr>{''.join(cells)}</tr>" for cells in rows)
    borders = f'border="0" cellborder="0" cellspacing="0" cellpadding="{padding}"'
    return f"<table {borders}>{written}</table>"


def _arrow_attributes(arrow: Arrow) -> dict[str, str]:
    if not arrow.note.sign:
        return {"label": arrow.note.text}
    colour = SIGN[arrow.note.sign]
    written = {"label": f" {arrow.note.text} ", "color": colour, "fontcolor": colour}
    return written | {"style": "dashed"} if arrow.from_constant else written


def _written(line: BoxLine) -> str:
    """A line of a cell; a histogram is drawn as shapes, as many fonts lack its characters."""
    text = html.escape(line.text)
    low, *rest = _HISTOGRAM.split(text, maxsplit=1)
    if rest:
        inside, after = _CELL.split("{}")
        return f"{after}</tr><tr>{_CELL.format(_histogram(low, *rest))}</tr><tr>{inside}"
    text = _roomy(text)
    return (f'<font color="{SIGN[line.sign]}">{text}</font>' if line.sign else text) + _BREAK


def _histogram(low: str, blocks: str, high: str) -> str:
    bars = []
    for block, alike in groupby(blocks):
        height, width = 1 + BLOCKS.index(block) * 3 // 2, 5 * len(list(alike))
        above = f'<td height="{12 - height}"></td>'
        shape = f'<td width="{width}" height="{height}" bgcolor="{INK}"></td>'
        bars.append(f"<td>{_table([[above], [shape]], 0)}</td>")
    gap = '<td width="3"></td>'
    return _table([[f"<td>{low}</td>{gap}", *bars, f"{gap}<td>{high}</td>"]], 0)


def _marked(text: str) -> list[str]:
    """A user's text as lines of a label; spaces at its ends would be no label at all."""
    # Escapes such as \\N, the name of the box, hold in HTML-like labels too.
    lines = [_roomy(html.escape(line)).replace("\\", "\\\\") for line in readable(text)]
    return [line if line.strip() else "␣" for line in lines]


def _roomy(text: str) -> str:
    """With a space at the end for each character outside ASCII."""
    # graphviz-pure gives it the width of as many spaces as it has bytes in UTF-8: too little for
    # capitals of Greek, for Chinese, for arrows and emoji.
    return text + " " * sum(not character.isascii() for character in text)


def _markup(text: str) -> str:
    return "<br/>".join(_marked(text))
