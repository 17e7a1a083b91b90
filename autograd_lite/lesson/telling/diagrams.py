"""Diagrams with boxes and arrows: back-propagation through a chain, and the overall picture."""

import math
from itertools import pairwise
from typing import Any

from autograd_lite.graph import edges
from autograd_lite.lesson.backpropagation import Chain, chain
from autograd_lite.lesson.telling.parts import PICTURE
from autograd_lite.view.canvas import COLORS, Figure, new_figure


def _box(ax: Any, at: tuple[float, float], text: str, color: str) -> Any:
    style = {"boxstyle": "round,pad=0.45", "facecolor": "white", "edgecolor": color}
    return ax.text(*at, text, ha="center", va="center", bbox={**style, "linewidth": 1.6})


def _arrow(ax: Any, start: Any, end: Any, color: str, bend: float = 0.0) -> None:
    """From the edge of one box to the edge of another."""
    ax.annotate("", end.get_position(), start.get_position(), arrowprops={
        "arrowstyle": "-|>", "color": color, "linewidth": 1.6, "shrinkA": 3, "shrinkB": 3,
        "patchA": start.get_bbox_patch(), "patchB": end.get_bbox_patch(),
        "connectionstyle": f"arc3,rad={bend}",
    })  # fmt: skip


def chain_diagram(graph: Chain | None = None) -> Figure:
    """Step 5: values found forward, gradients found backward, partial derivatives on the arrows.

    It shows `chain()` if no graph is given.
    """
    graph = graph or chain()
    places = {
        graph.x: (0.0, 1.0),
        graph.w1: (0.0, 0.0),
        graph.h: (1.0, 0.5),
        graph.w2: (1.0, -0.5),
        graph.y: (2.0, 0.0),
        graph.error: (3.0, 0.0),
        graph.loss: (4.0, 0.0),
    }
    figure, axes = new_figure(8.6, 6.4, rows=2)
    for ax, backward in zip(axes, (False, True), strict=True):
        color = COLORS[1] if backward else COLORS[0]
        number = "gradient {.grad:g}" if backward else "{.data:g}"
        boxes = {
            node: _box(ax, place, f"{node.label}\n{number.format(node)}", color)
            for node, place in places.items()
        }
        for node, box in boxes.items():
            for parent, local in edges(node):
                _arrow(ax, *((box, boxes[parent]) if backward else (boxes[parent], box)), color)
                if backward:
                    (x, y), (px, py) = places[node], places[parent]
                    ax.text((x + px) / 2, (y + py) / 2 + 0.1, f"· {local:g}", ha="center",
                            va="bottom", color=color)  # fmt: skip
        title = (
            "Backward: each gradient is the next one times the partial derivative on the arrow"
            if backward
            else f"Forward: h = w1·x, y = w2·h, error = y - {graph.target:g}, loss = error²"
        )
        ax.set_title(title, fontsize="medium", loc="left")
        ax.set(xlim=(-0.5, 4.5), ylim=(-0.95, 1.45))
        ax.axis("off")
    return figure


def overall_picture() -> Figure:
    """The seven steps in one diagram: a start, and a circle that ends when the loss is small."""
    figure, ax = new_figure(7.6, 5.6)
    circle = PICTURE[1:]
    angles = [math.pi / 2 - 2 * math.pi * i / len(circle) for i in range(len(circle))]
    places = [(1.9 * math.cos(angle), 1.25 * math.sin(angle)) for angle in angles]
    texts = [f"{name}\n{what}" for name, what in PICTURE]
    boxes = [
        _box(ax, place, text, COLORS[0]) for place, text in zip(places, texts[1:], strict=True)
    ]
    for box, following in pairwise([*boxes, boxes[0]]):
        _arrow(ax, box, following, COLORS[0], bend=-0.12)
    start = _box(ax, (-1.9, 2.0), texts[0], COLORS[2])
    _arrow(ax, start, boxes[0], COLORS[2])
    end = _box(ax, (-3.6, places[-1][1]), "done\npredict", COLORS[2])
    _arrow(ax, boxes[-1], end, COLORS[2])
    ax.text(0, 0, "learn(inputs, outputs)\nupdates the weights", ha="center", va="center")
    ax.set(xlim=(-4.0, 2.8), ylim=(-1.7, 2.35))
    ax.axis("off")
    return figure
