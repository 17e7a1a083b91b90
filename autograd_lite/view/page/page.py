"""The page of a graph: one file, or one output of a notebook, with all that it needs inside.

It is an image that carries its data along, which shows everywhere, and a script which puts the live
drawing in its place where scripts run. It (`scripts/page.js`) is given what is known here: the
boxes, the nodes with their numbers and formulas, and the rules of their ops as JavaScript.
"""

import base64
import html
import json
import os
import re
import zlib
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from autograd_lite.files import write_whole
from autograd_lite.graph import is_of_table
from autograd_lite.ops import Op
from autograd_lite.view.folding.columns import Columns
from autograd_lite.view.folding.fold import Folding, Level
from autograd_lite.view.layout import FONTS
from autograd_lite.view.page.instructions import as_number, nodes_of
from autograd_lite.view.page.wording import PHRASES
from autograd_lite.view.picture import Box, Picture, readable
from autograd_lite.writing.javascript import script

#: Each may use those before it.
_SCRIPTS = (
    "library", "numbers", "graph", "wording", "elements", "discs", "drawing", "nearest", "layered",
    "fingers", "overview", "camera", "player", "moment", "whatif", "details", "legend", "search",
    "keys", "questions", "quiz", "score", "state", "save", "page", "parts",
)  # fmt: skip
#: Most values of a result that is stepped through, and of all such on a page.
_RESULT, _RESULTS = 200, 2000
#: Milliseconds that the player gives each step.
PACE = 1100
#: Pixels of a page beside its picture; and what sets the height of a frame to that of its page.
_FRAME_HEIGHT = 710
_FOLLOW = (
    "try { const { body } = contentDocument; new ResizeObserver(() => { "
    "style.height = body.scrollHeight + &quot;px&quot; }).observe(body) } catch { }"
)
#: Strings, templates and regular expressions of a script, which stay, or else a comment.
_COMMENT = re.compile(
    r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|/(?![/*])(?:\\.|[^/\\\n])+/)"""
    r"|[ ]*//.*"
)
_NO_NETWORK = (
    "default-src 'none'; img-src data:; script-src 'unsafe-inline'{}; style-src 'unsafe-inline'"
)


class Page:
    """Data of a page, with the numbers of now.

    The folding has the graph for the player and what-if, if that is shown whole, or else the
    pictures inside folded boxes (`inner`). Without it, the page is one picture alone.
    """

    #: Each may use those before it, and those of every page.
    further_scripts: tuple[str, ...] = ()

    def __init__(
        self,
        shown: Picture,
        summary: str,  # the graph in a line
        folding: Folding | None = None,
    ) -> None:
        self.summary = f"computation graph: {summary}"
        columns = folding.columns if folding is not None and folding.exact else None
        self._data: dict[str, Any] = {
            "title": self.summary[0].upper() + self.summary[1:],
            "pace": PACE,
            "notes": shown.notes,
            "multiple": 1.0 if folding is None else folding.graph.freshness.multiple,
            **_level(shown, columns),
        }
        #: The graph of the player; empty for a picture that has none.
        self.nodes: list[dict[str, Any]] = []
        self._functions, self._rows, rows = "", "null", dict[Op, int]()
        self.inner: list[Level] = []
        self._inside: list[dict[str, Any]] = []
        if folding is not None and shown.folded:
            # now, as the numbers of its values may be others when it is laid out
            self.inner = folding.levels()[0][1:]
            self._inside = [
                {"name": level.name, "title": level.title, **_level(level.picture, columns)}
                for level in self.inner
            ]
            self._add_results(folding, rows)
        elif folding is not None:
            self._data["nodes"] = self.nodes = nodes_of(folding.graph, rows)
        if folding is not None:
            self._add_rules(rows)

    def _add_results(self, folding: Folding, rows: dict[Op, int]) -> None:
        """Give pictures inside of boxes the graph of one of their results, to step through."""
        room, fresh = _RESULTS, folding.graph.freshness
        # further inside are the same again, fewer of them
        outer = [level for level in self._inside if level["name"].count("_") < 2]
        for level in [] if fresh.stale else outer:
            found = folding.result(level["name"], min(_RESULT, room))
            if found is not None:
                graph, given, many = found
                room -= len(graph.order)
                seed = graph.order[-1].grad / (fresh.multiple or 1.0)  # of one pass
                seed = 1.0 if fresh.multiple == 0.0 else seed
                nodes = nodes_of(graph, rows, given)
                level["result"] = {"nodes": nodes, "seed": as_number(seed), "of": many}

    def _add_rules(self, rows: dict[Op, int]) -> None:
        # a user's functions are Python, and not called here
        if all(map(is_of_table, rows)):
            self._functions, self._rows = script(tuple(rows))

    def fragment(self, picture: bytes, full: bool = False) -> str:
        """The HTML that a notebook shows, or all of a page, given the SVG."""
        return (
            f'<div data-lm-suppress-shortcuts="true">{self.image(picture)}<script>(() => {{\n'
            f'"use strict";\n{scripts(*self.further_scripts)}\n'
            f"{self.opening('document.currentScript.parentElement', full)};\n"
            "})();</script></div>"
        )

    def image(self, picture: bytes) -> str:
        """The element that shows the picture, and holds it for the script."""
        image = base64.b64encode(lean(picture)).decode()
        return f'<img src="data:image/svg+xml;base64,{image}" alt="{html.escape(self.summary)}">'

    def opening(self, host: str, full: bool = False) -> str:
        """An expression in JavaScript, to follow `scripts`, that makes the image live.

        `host` is an expression for the element around the image.
        """
        levels = (self._data, *self._inside)
        closed = sum(box["opens"] for level in levels for box in level["boxes"]) - len(self._inside)
        parts = {"full": full, "style": read("page.css"), "closed": closed}
        if self._inside:  # boxes alone: the page lays them out when they are asked for
            text = zlib.compress(as_json(self._inside).encode(), 9)
            parts["inside"] = [level["name"] for level in self._inside]
            parts["packed"] = base64.b64encode(text).decode()
        data = as_json({**self._data, **parts})
        return f"(() => {{\n{self._functions}\nreturn open({host}, {data}, {self._rows});\n}})()"

    def graph(self) -> str:
        """An expression in JavaScript, to follow `scripts`: the graph alone, without a picture."""
        nodes = as_json(self.nodes)
        return f"(() => {{\n{self._functions}\nreturn new Graph({nodes}, {self._rows});\n}})()"

    def embedded(self, picture: bytes, path: str | os.PathLike[str] | None) -> str:
        """The element of `GraphView.embed`."""
        page = self.document(picture, full=False)
        # in Markdown an empty line would end the element
        source = f'srcdoc="{html.escape(page).replace(chr(10), "&#10;")}"'
        if path is not None:
            source = f'src="{html.escape(quote(write_whole(path, page.encode()).name))}"'
        drawn = re.search(rb'height="([0-9.]+)pt"', picture)
        height = _FRAME_HEIGHT + min(int(float(drawn[1]) * 1.4), 376) if drawn else _FRAME_HEIGHT
        return (
            f'<iframe {source} title="{html.escape(self.summary)}" loading="lazy" '
            f'style="width: 100%; height: {height}px; border: 0" onload="{_FOLLOW}"></iframe>'
        )

    def document(self, picture: bytes, full: bool = True) -> str:
        """A file that stands alone, or, if it is not to fill a window, in a frame."""
        style = ":root { color-scheme: light dark; } body { margin: 0; } img { max-width: 100%; }"
        return document(self._data["title"], style, self.fragment(picture, full))


def document(title: str, style: str, body: str, scripts: str = "") -> str:
    """A file of HTML that needs no network: a title in plain text, a style in CSS, and a body.

    Scripts inside of it may run; `scripts` names what else may, in the words of its policy.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_NO_NETWORK.format(scripts)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n"
        f"<style>{style}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def scripts(*further: str) -> str:
    """The JavaScript that every page shares, and what some page needs besides."""
    read_out = [read(f"scripts/{name}.js") for name in (*_SCRIPTS, *further)]
    return "\n".join([f"const PHRASES = {as_json(PHRASES)};", *read_out])


def _level(shown: Picture, columns: Columns | None) -> dict[str, Any]:
    """A picture; where columns are given, with exact numbers of boxes of one value."""
    places = {box.name: i for i, box in enumerate(shown.boxes)}
    inside = [i for i, box in enumerate(shown.boxes) if box.kind != "outside"]
    boxes = [_box(box, places) for box in shown.boxes]
    for box in boxes:
        if columns is not None and shown.folded and box["id"].startswith("n"):
            i = int(box["id"][1:])
            box["exact"] = [as_number(float(columns.data[i])), as_number(float(columns.grad[i]))]
    return {"caption": shown.caption, "root": inside[-1], "boxes": boxes}


def _box(box: Box, places: dict[str, int]) -> dict[str, Any]:
    summary = box.summary and {
        name: as_number(x) if isinstance(x, float) else x
        for name, x in box.summary._asdict().items()
    }
    return {
        "id": box.name,
        "kind": box.kind,
        "symbol": box.symbol,
        "label": "\n".join(readable(box.label, 1000, 20)),
        "scope": ["".join(readable(name, 100, 1)) for name in box.scope],
        "lines": [[line.text, line.sign] for line in box.lines],
        "arrows": [[places[a.tail], a.note.text, a.note.sign] for a in box.arrows],
        "summary": summary,
        "opens": box.opens,
        "tint": f"{box.tint} tint{box.strength}" if box.tint else "",
    }


def as_json(data: Any) -> str:
    """JSON that is safe inside a script element."""
    return json.dumps(data, separators=(",", ":")).replace("<", r"\u003c")


def lean(picture: bytes) -> bytes:
    """Graphviz's SVG without what an image does not show, a quarter of it."""
    # A user's text is escaped, so it holds none of these.
    picture = re.sub(rb"<!--.*?-->\n?|<(title|desc)>.*?</\1>\n?", b"", picture, flags=re.DOTALL)
    picture = re.sub(rb' (xml:space|xlink:title|font-family|role)="[^"]*"', b"", picture)
    return picture.replace(b"<svg ", b'<svg font-family="%s" ' % FONTS.encode(), 1)


@cache
def read(name: str, room: str = "view.page") -> str:
    """A script or style of a room of this package; a script without its comments.

    Hosts that put all of a page into one line would make the rest of the script a comment.
    """
    text = files(f"autograd_lite.{room}").joinpath(name).read_text(encoding="utf-8")
    return _COMMENT.sub(r"\1", text) if name.endswith(".js") else text
