"""The page of a graph: one file, or one output of a notebook, with all that it needs inside.

It is an image that carries its data along, which shows everywhere, and a script which puts the live
drawing in its place where scripts run. The script (`page.js`) is given what is known here: the
boxes, the nodes with their numbers and formulas, and the rules of their ops as JavaScript.
"""

from __future__ import annotations

import base64
import html
import json
import math
import re
from functools import cache
from pathlib import Path
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.graph import row_of
from autograd_lite.modes import line_of
from autograd_lite.ops import Op
from autograd_lite.view.dot import FONT
from autograd_lite.view.javascript import script
from autograd_lite.view.picture import Box, Picture, readable
from autograd_lite.view.steps import Steps
from autograd_lite.view.wording import Templates

#: Milliseconds that the player gives each step.
_PACE = 1100
_NO_NETWORK = (
    "default-src 'none'; img-src data:; script-src 'unsafe-inline'; style-src 'unsafe-inline'"
)


class Page:
    """What a page shows, with the numbers of now.

    Parameters
    ----------
    graph : Steps
    shown : Picture
        Of that graph. The player and what-if need one box for each node.
    summary : str
        The graph in a line.
    """

    def __init__(self, graph: Steps, shown: Picture, summary: str) -> None:
        self.summary = f"computation graph: {summary}"
        whole = not shown.caption and len(shown.boxes) == len(graph.order)
        places = {box.name: i for i, box in enumerate(shown.boxes)}
        self._data: dict[str, Any] = {
            "title": self.summary[0].upper() + self.summary[1:],
            "caption": shown.caption,
            "root": len(shown.boxes) - 1,
            "pace": _PACE,
            "boxes": [_box(box, places) for box in shown.boxes],
        }
        self._functions, self._rows = "", "null"
        if whole:
            self._add_nodes(graph)

    def _add_nodes(self, graph: Steps) -> None:
        """The graph as a list of instructions; constants that are not drawn come last."""
        every = list(graph.order)
        numbers = {node: i for i, node in enumerate(every)}
        for node in graph.order:
            for parent in graph.parents(node):
                if parent not in numbers:
                    numbers[parent] = len(every)
                    every.append(parent)
        rows: dict[Op, int] = {}
        templates = Templates(graph, numbers)
        nodes = []
        for node in every:
            made = graph.made_by(node)
            row = row_of(made)
            nodes.append(
                {
                    "name": templates.name(node),
                    "op": made.op,
                    "symbol": made.op and row.symbol,
                    "root": node is graph.order[-1],
                    "leaf": row is None and not node.constant,
                    "constant": node.constant,
                    "row": None if row is None else rows.setdefault(row, len(rows)),
                    "args": [numbers[parent] for parent in graph.parents(node)],
                    "data": _number(node.data),
                    "grad": _number(node.grad),
                    "partials": [_number(partial) for partial in made.local_grads],
                    "line": _line(made),
                    "call": templates.made(node),
                    "derivatives": templates.derivatives(node),
                }
            )
        self._data["nodes"] = nodes
        if not any(
            row.custom for row in rows
        ):  # a user's functions are Python, and not called here
            self._functions, self._rows = script(rows)

    def fragment(self, picture: bytes, full: bool = False) -> str:
        """What a notebook shows.

        Parameters
        ----------
        picture : bytes
            The SVG.
        full : bool
            Whether it is all of a page.
        """
        image = base64.b64encode(_lean(picture)).decode()
        data = _json({**self._data, "full": full, "style": _read("page.css")})
        return (
            '<div data-lm-suppress-shortcuts="true">'
            f'<img src="data:image/svg+xml;base64,{image}" alt="{html.escape(self.summary)}">'
            "<script>(() => {\n"
            f'"use strict";\n{_read("page.js")}\n{self._functions}\n'
            f"open(document.currentScript, {data}, {self._rows});\n"
            "})();</script></div>"
        )

    def document(self, picture: bytes) -> str:
        """A file that stands alone."""
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_NO_NETWORK}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{html.escape(self._data['title'])}</title>\n"
            "<style>body { margin: 0; } img { max-width: 100%; }</style>\n</head>\n<body>\n"
            f"{self.fragment(picture, full=True)}\n</body>\n</html>\n"
        )


def _box(box: Box, places: dict[str, int]) -> dict[str, Any]:
    return {
        "id": box.name,
        "kind": box.kind,
        "symbol": box.symbol,
        "label": "\n".join(readable(box.label, 1000, 20)),
        "scope": ["".join(readable(name, 100, 1)) for name in box.scope],
        "lines": [[line.text, line.sign] for line in box.lines],
        "arrows": [[places[a.tail], a.note.text, a.note.sign] for a in box.arrows],
    }


def _line(node: Value) -> str:
    """Where a node was recorded, if that was noted; a notebook's cells are files of odd names."""
    line = line_of(node)
    if line is None:
        return ""
    file = Path(line.file)
    name = "cell" if file.parent.name.startswith("ipykernel") else file.name
    return "".join(readable(f"{name}:{line.number}: {line.text}", 200, 1))


def _number(x: float) -> float | str:
    """A number as JSON has it, and one that it has not as text."""
    return x if math.isfinite(x) else str(x)


def _json(data: Any) -> str:
    """JSON that ends no script, whatever stands in it."""
    return json.dumps(data, separators=(",", ":")).replace("<", r"\u003c")


def _lean(picture: bytes) -> bytes:
    """Graphviz's SVG without what an image does not show, a quarter of it."""
    # A user's text is escaped, so it holds none of these.
    picture = re.sub(rb"<!--.*?-->\n?|<title>.*?</title>\n?", b"", picture, flags=re.DOTALL)
    picture = re.sub(rb' (xml:space|xlink:title|font-family)="[^"]*"', b"", picture)
    return picture.replace(b"<svg ", b'<svg font-family="%s" ' % FONT.encode(), 1)


@cache
def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
