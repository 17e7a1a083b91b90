"""Views of networks: their layers, and below them the graph of what is around, by Graphviz."""

import re
from collections.abc import Sequence
from typing import Any

from autograd_lite.engine import Mode, Value, topological_order
from autograd_lite.errors import counted, shown
from autograd_lite.graph import ancestors, check_value
from autograd_lite.graph.freshness import Freshness
from autograd_lite.modes import in_mode
from autograd_lite.view.digraph import Digraph
from autograd_lite.view.dot import drawing_of
from autograd_lite.view.folding.fold import Folding
from autograd_lite.view.network.drawing import draw_layers, parameters_of
from autograd_lite.view.network.finding import FoundNetwork, networks_of
from autograd_lite.view.network.network_page import LastStep, NetworkPage
from autograd_lite.view.page.page import Page
from autograd_lite.view.picture import readable
from autograd_lite.view.steps import Steps

#: Most boxes of what is around the networks.
_BOXES = 24
_SIZE = re.compile(rb'<svg ([^>]*?)width="([\d.]+)pt" height="([\d.]+)pt"')


class NetworkDrawing(Digraph):
    """Layers of neurons; as an SVG, with the graph around them below."""

    rest: Digraph | None = None
    page: NetworkPage

    def pipe(self, format: str | None = None, *args: Any, **options: Any) -> Any:
        """The picture, as `Digraph.pipe` gives it."""
        picture = super().pipe(format, *args, **options)
        if self.rest is None or (format or self.format) != "svg":
            return picture
        below = self.rest.pipe("svg")
        if isinstance(picture, str):
            return _stacked(picture.encode(), below).decode()
        return _stacked(picture, below)


def _stacked(upper: bytes, lower: bytes) -> bytes:
    """Two pictures of Graphviz as one, the lower no wider than it takes to read the upper."""
    pictures = [picture[picture.index(b"<svg ") :] for picture in (upper, lower)]
    sizes = [[float(x) for x in _SIZE.match(p).groups()[1:]] for p in pictures]  # type: ignore[union-attr]
    width = max(sizes[0][0], min(sizes[1][0], 400.0))
    parts, down = [], 0.0
    for name, picture, (wide, high) in zip(("layers", "rest"), pictures, sizes, strict=True):
        scale = min(1.0, width / wide)
        place = f'class="{name}" x="{(width - wide * scale) / 2:.1f}" y="{down:.1f}"'
        size = f'width="{wide * scale:.1f}" height="{high * scale:.1f}"'
        parts.append(_SIZE.sub(f"<svg \\1{place} {size}".encode(), picture, count=1))
        down += high * scale
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.1f}pt" height="{down:.1f}pt" '
        f'viewBox="0 0 {width:.1f} {down:.1f}">'
    )
    return upper[: upper.index(b"<svg ")] + head.encode() + b"\n".join(parts) + b"</svg>\n"


def network_drawing(
    root: Any, least: int, max_nodes: int | None, time_limit: float, last: LastStep | None = None
) -> NetworkDrawing | str:
    """The drawing of a model, or of the networks in the graph of a Value, or why there is none.

    That is empty if there are fewer neurons than `least`. A model is drawn at inputs of 1, with the
    gradients that its parameters have, or had in the last step of a training.
    """
    is_graph = isinstance(root, Value)
    order = ancestors(root) if is_graph else _order_of_model(root)
    networks, why = networks_of(order)
    size = sum(sum(network.sizes[1:]) for network in networks)
    if size < least:
        return why
    graph = Steps(order, Freshness(order))
    around = _around(graph, networks)
    names = ", ".join(f"Network {'-'.join(map(str, network.sizes))}" for network in networks)
    parameters = counted(len(parameters_of(networks)), "parameter")
    samples = counted(max(len(network.inputs) for network in networks), "sample")
    said = f"{names}: {counted(size, 'neuron')}, {parameters}, "
    said += samples if is_graph else "drawn at inputs of 1, with biases in the neurons"
    drawing = NetworkDrawing(format="svg")
    drawing.folding, drawing.time_limit = Folding(graph, max_nodes), time_limit
    rest = None
    if around is not None:
        if is_graph:
            said += f"; {' '.join(readable(root.label, lines=1)) or 'output'} {root.data:.4g}"
        folding = Folding(around, _BOXES)
        drawing.rest = drawing_of(folding.picture)
        drawing.rest.time_limit = time_limit
        rest = Page(folding.picture, drawing.rest.text.partition("\n")[0], folding)
    draw_layers(drawing, networks, said)
    drawing.page = NetworkPage(drawing.text, networks, graph.freshness, rest, is_graph, last or {})
    return drawing


def _around(graph: Steps, networks: Sequence[FoundNetwork]) -> Steps | None:
    """The nodes that are no neurons, with what they are computed from; None without any."""
    layers = [layer for network in networks for layer in network.layers]
    calls = [call for layer in layers for sample in layer.samples for call in sample]
    neurons = {node for call in calls for node in (call.total, *call.after)}
    rest = [node for node in graph.order if node.op and node not in neurons]
    kept = {*rest, *(parent for node in rest for parent in node.parents)}
    return Steps([n for n in graph.order if n in kept], graph.freshness) if rest else None


def _order_of_model(model: Any) -> list[Value]:
    """The graph of a model's outputs, in topological order."""
    size = getattr(model, "nin", None)
    if not (callable(model) and isinstance(size, int)):
        raise TypeError(
            f"root must be a Value, or a network that knows its number of inputs (nin), and is "
            f"{type(model).__name__}: {shown(model)}; write draw(model(x)) at a sample x"
        )
    with in_mode(Mode()):
        outputs = model([Value(1.0, label=f"x{i}") for i in range(size)])
    outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
    return topological_order([check_value(output, "an output of the model") for output in outputs])
