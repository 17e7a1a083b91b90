"""The player's steps as pictures that move: an animated SVG, or a GIF.

A frame shows what the page shows after so many steps, from the same data (`Page.nodes`) and in the
same words (`PHRASES`). Graphviz draws each; texts have the same room in all, so nothing jumps.
"""

from __future__ import annotations

import html
import io
import math
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from textwrap import wrap
from typing import Any

from autograd_lite.engine import pulled_back
from autograd_lite.errors import GraphError, needing
from autograd_lite.view.digraph import Digraph
from autograd_lite.view.dot import SIGN, STYLE, drawing_of
from autograd_lite.view.layout import lay_out_each
from autograd_lite.view.network.network_page import NetworkPage
from autograd_lite.view.page.page import PACE, Page, lean
from autograd_lite.view.page.wording import PHRASES, in_numbers
from autograd_lite.view.picture import Box, BoxLine, Picture, sign_of

#: Milliseconds that the last frame stays for.
_LAST = 3500
#: A GIF is no larger than a slide of 1920 × 1080 pixels.
_SLIDE = {"dpi": "120", "size": "16,9"}
#: Letters of a caption's line, and its width in points; of a box's text, points a letter.
_LETTERS, _WIDTH, _LETTER = 72, 440, 5.5
_CSS = (
    "@keyframes flow{to{stroke-dashoffset:-8}}.now path{stroke-dasharray:5 3;animation:flow .6s "
    "linear infinite}@media (prefers-reduced-motion:reduce){*{animation:none!important}}"
)
Nodes = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Frame:
    """A state of the player, by the number of a node and the place of an argument."""

    caption: list[str]
    known: frozenset[int]  # nodes that have their number
    grad: dict[int, float] = field(default_factory=dict)
    flows: dict[tuple[int, int], float] = field(default_factory=dict)
    boxes: tuple[int, ...] = ()  # that take part in the step
    edges: tuple[tuple[int, int], ...] = ()


def frames(nodes: Nodes) -> Iterator[Frame]:
    """The states of the player, the first before any step."""
    data, names = [float(node["data"]) for node in nodes], [node["name"] for node in nodes]
    order = [i for i, node in enumerate(nodes) if node["args"]]
    said = {name: text.format for name, text in PHRASES.items()}
    known = frozenset(range(len(nodes))).difference(order)
    yield Frame([PHRASES["start"], PHRASES["leaves"], PHRASES["nothing"]], known)
    for n, i in enumerate(order, 1):
        call, known = nodes[i]["call"], known | {i}
        words = "".join(part if isinstance(part, str) else names[part] for part in call)
        texts = dict.fromkeys([names[i], words, in_numbers(call, data), f"{data[i]:.4g}"])
        caption = [said["forward"](n=n, all=len(order)), " = ".join(texts)]
        edges = tuple((i, k) for k in range(len(nodes[i]["args"])))
        yield Frame(caption, known, boxes=(i,), edges=edges)
    [root] = [i for i, node in enumerate(nodes) if node["root"]]
    if nodes[root]["constant"]:
        return
    grad, flows = {root: 1.0}, dict[tuple[int, int], float]()
    one = said["one"](name=names[root], seed=1)
    yield Frame([PHRASES["seed"], one], known, {**grad}, boxes=(root,))
    carrying = {
        i: [k for k, p in enumerate(nodes[i]["args"]) if not nodes[p]["constant"]] for i in order
    }
    ways = [(i, k) for i in order[::-1] for k in carrying[i]]

    def edges_of(i: int) -> list[tuple[int, float]]:
        return [(nodes[i]["args"][k], float(nodes[i]["partials"][k])) for k in carrying[i]]

    sweep = pulled_back(order, {root: 1.0}, edges_of)
    for n, (way, (i, parent, partial, part)) in enumerate(zip(ways, sweep, strict=True), 1):
        before, flows[way] = grad.get(parent, 0.0), part
        grad[parent] = before + part
        numbers = grad[i], partial, part, before, grad[parent]
        up, slope, to, was, now = (f"{x:.4g}" for x in numbers)
        caption = [
            said["edge"](n=n, all=len(ways)),
            f"{up} × {slope} = {to} {said['goes'](name=names[parent])}",
            said["sum"](name=names[parent], before=was, part=to, after=now).replace("+ -", "− "),
        ]
        yield Frame(caption, known, {**grad}, {**flows}, (i, parent), (way,))


def lines_of(caption: Sequence[str]) -> list[str]:
    """A caption as lines, none very long."""
    return [line for text in caption for line in wrap(text, _LETTERS)]


def animation(drawing: Digraph, page: Page, suffix: str) -> bytes:
    """The player's steps as a file that ends with ``.svg`` or ``.gif``.

    A GraphError says that a picture has no player, or its graph is stale.
    """
    network = page if isinstance(page, NetworkPage) else None
    if network is None and not page.nodes:
        raise GraphError(
            "an animation shows the player's steps, and this picture is folded: many of its boxes "
            "hold several numbers, so it has none. Draw a part of the graph (wrt=...), or allow "
            "more boxes (max_nodes=...)"
        )
    if network.stale if network else any("given" in node for node in page.nodes):
        raise GraphError("an animation needs a graph that is not stale; call root.refresh() first")
    output = "svg" if suffix == ".svg" else "png"
    if output == "png":
        _pillow()
    steps = [*(network.pictures() if network else _pictures(drawing, page.nodes))]
    captions = [lines_of(said) for said, _ in steps]
    sources = []
    for caption, (_, made) in zip(captions, steps, strict=True):
        label = _table(caption, max(map(len, captions)))
        made.attr(label=f"<{label}>", labelloc="b", fontsize="12")
        if output == "png":
            made.attr(**_SLIDE)
        sources.append(made.source)
    limit = drawing.time_limit + len(sources)  # a second more for each
    pictures = lay_out_each(sources, output, engine=drawing.engine, time_limit=limit)
    return _animated(pictures) if output == "svg" else _gif(pictures)


def _pictures(drawing: Digraph, nodes: Nodes) -> Iterator[tuple[list[str], Digraph]]:
    """Drawings of the boxes, in which texts have the same room."""
    steps = [*frames(nodes)]
    texts = [[_lines(frame, i, node) for i, node in enumerate(nodes)] for frame in steps]
    rooms = [
        _LETTER * max(len(line.text) for lines in every for line in lines)
        for every in zip(*texts, strict=True)
    ]
    for frame, lines in zip(steps, texts, strict=True):
        boxes = [
            replace(box, lines=lines[i], label=box.label or node["name"] * (not node["constant"]))
            for i, (box, node) in enumerate(zip(drawing.shown.boxes, nodes, strict=False))
        ]
        own = attributes(frame, boxes, nodes, rooms)
        rankdir = drawing.graph_attr["rankdir"]
        yield frame.caption, drawing_of(Picture(boxes), "svg", rankdir, own)


def _lines(frame: Frame, i: int, node: dict[str, Any]) -> tuple[BoxLine, ...]:
    number = f"{float(node['data']):.4g}" if i in frame.known else "…"
    grad = frame.grad.get(i, 0.0)
    lines = BoxLine(f"data {number}"), BoxLine(f"grad {grad:.4g}", sign_of(grad))
    return lines[:1] if node["constant"] else lines


def attributes(
    frame: Frame, boxes: Sequence[Box], nodes: Nodes, rooms: Sequence[float]
) -> dict[str, dict[str, str]]:
    """Marks of boxes and arrows, by id, as the page gives them."""
    own = dict[str, dict[str, str]]()
    largest = max((abs(x) for x in frame.flows.values() if math.isfinite(x)), default=0.0)
    for i, box in enumerate(boxes):
        known, now = i in frame.known, i in frame.boxes
        marks: dict[str, str] = STYLE["now"] if now else {}
        if not known:
            marks = STYLE["pending"] | {"style": "rounded,dashed,filled"} | marks
        own[box.name] = {"room": str(rooms[i]), **marks}
        drawn = [k for k, parent in enumerate(nodes[i]["args"]) if parent < len(boxes)]
        for place, k in enumerate(drawn):
            flow = frame.flows.get((i, k), 0.0)
            share = min(abs(flow) / largest, 1.0) if largest and flow == flow else 0.0
            width = f"{1 + 3.2 * math.sqrt(share):.2f}"
            arrow = {"color": SIGN[sign_of(flow)], "penwidth": width}
            if not known:
                arrow |= {"color": SIGN["zero"] + "50", "fontcolor": "transparent"}
            if (i, k) in frame.edges:
                arrow |= {"style": "dashed", "class": "now"}
            own[f"{box.name}-{place}"] = arrow
    return own


def _table(caption: list[str], high: int) -> str:
    """The caption, of one size in all frames."""
    phase, *lines = caption
    texts = [f'<font color="{SIGN["zero"]}">{html.escape(phase)}</font>']
    texts += [f"<b>{html.escape(line)}</b>" for line in lines] + [" "] * (high - 1 - len(lines))
    rows = "".join(f'<tr><td width="{_WIDTH}">{text}</td></tr>' for text in texts)
    return f'<table border="0" cellborder="0" cellspacing="0" cellpadding="2">{rows}</table>'


def _animated(pictures: Sequence[bytes]) -> bytes:
    """One SVG, in which CSS shows each part of the pictures while it is so.

    Where CSS does not run, or motion is not wanted, it is the last of them.
    """
    end, whole = len(pictures), (len(pictures) - 1) * PACE + _LAST
    runs: dict[str, list[tuple[int, int, str]]] = {}  # of each part, from when to when it is so
    for n, picture in enumerate(pictures):
        for name, part in _parts(lean(picture).decode()):
            so_far = runs.setdefault(name, [])
            begun = so_far.pop()[0] if so_far and so_far[-1][1:] == (n, part) else n
            so_far.append((begun, n + 1, part))
    rules, drawn = {}, []
    for i, j, part in [run for some in runs.values() for run in some]:
        if (i, j) == (0, end):
            drawn.append(part)
            continue
        turns = [(0, "hidden")] * (i > 0) + [(i, "visible")] + [(j, "hidden")] * (j < end)
        steps = "".join(f"{100 * PACE * at / whole:.4g}%{{visibility:{to}}}" for at, to in turns)
        rules[i, j] = f".k{i}-{j}{{animation-name:k{i}-{j}}}@keyframes k{i}-{j}{{{steps}}}"
        hidden = ' visibility="hidden"' * (j < end)
        drawn.append(f'<g class="k{i}-{j}"{hidden}>{part}</g>')
    head, _, rest = lean(pictures[-1]).decode().partition(">\n<g ")
    said = "<title>Step by step</title>"
    css = f"[class^=k]{{animation:{whole}ms step-end infinite}}{''.join(rules.values())}{_CSS}"
    body = f"<g {rest.partition('>')[0]}>{''.join(drawn)}</g>"
    return f'{head} role="img">\n{said}<style>{css}</style>\n{body}\n</svg>\n'.encode()


def _parts(picture: str) -> Iterator[tuple[str, str]]:
    """The ground, boxes, arrows, frames and lines of an SVG, each with a name that it keeps."""
    seen = Counter[str]()
    for part in next(iter(ElementTree.fromstring(picture.replace(" xmlns=", " was=", 1)))):
        name = part.get("id", part.tag)
        seen[name] += 1
        for each in part.iter():  # an id is for one thing, and a part is there several times
            each.attrib.pop("id", None)
        yield f"{name} {seen[name]}", ElementTree.tostring(part, "unicode").strip()


def _pillow() -> Any:
    with needing("plot", "a GIF needs Pillow"):
        from PIL import Image
    return Image


def _gif(pictures: Sequence[bytes]) -> bytes:
    """A GIF that repeats, in the colours of its first and its last frame."""
    image, file = _pillow(), io.BytesIO()
    frames = [image.open(io.BytesIO(each)).convert("RGB") for each in pictures]
    both = image.new("RGB", (frames[0].width, 2 * frames[0].height))
    for place, frame in enumerate((frames[0], frames[-1])):
        both.paste(frame, (0, place * frame.height))
    colours = both.quantize()
    parts = colours.getpalette()
    near = [min(parts[i - i % 3 : i - i % 3 + 3]) > 247 for i in range(len(parts))]
    colours.putpalette([255 if white else x for white, x in zip(near, parts, strict=True)])
    first, *rest = [frame.quantize(palette=colours, dither=image.Dither.NONE) for frame in frames]
    times = [*[PACE] * len(rest), _LAST]
    first.save(file, "GIF", save_all=True, append_images=rest, duration=times, loop=0)
    return file.getvalue()
