"""A network in the DOT language: columns of round nodes, and weights as lines between them.

Positions are computed, not searched. The page draws the same (``page/scripts/network.js``), and
more, with numbers that change.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.errors import counted
from autograd_lite.view.digraph import Digraph
from autograd_lite.view.dot import INK, SIGN, STYLE, TINT
from autograd_lite.view.folding.columns import Ints
from autograd_lite.view.folding.summary import Floats
from autograd_lite.view.layout import FONT
from autograd_lite.view.network.finding import FoundNetwork, LayerCalls
from autograd_lite.view.picture import readable, sign_of

#: Most neurons of a column; of more, those that matter least are one.
_MOST = 16
_POINTS = 72.0  # an inch
_NODE, _PITCH, _HEAD = 30.0, 37.0, 46.0
#: Letters of an input's name beside its number.
_ROOM = 6
#: Points; of more lines than so many all are thinner.
_THICKEST, _CROWDED = 4.6, 100


class LayersState(NamedTuple):
    """How far a pass has come: the numbers of each column, and the one that takes part."""

    numbers: list[list[float]]
    now: int
    back: bool

    def waits(self, column: int) -> bool:
        """Whether the numbers of a column are not known yet."""
        return column < self.now if self.back else column > self.now


def input_names(network: FoundNetwork) -> list[str]:
    """The labels of the inputs, if every sample has the same; else x0, x1, … ."""
    names = []
    for i, xs in enumerate(zip(*network.inputs, strict=True)):
        labels = {x.label for x in xs}
        label = labels.pop() if len(labels) == 1 else ""
        names.append(" ".join(readable(label, 24, 1)) or f"x{i}")
    return names


def weights_of(layer: LayerCalls) -> Floats:
    """The weights of a layer: a row for each neuron."""
    return np.array([[w.data for w in call.weights] for call in layer.neurons])


def short(x: float) -> str:
    """A number in at most five characters, to fit a node."""
    if not math.isfinite(x) or x == 0.0:
        return f"{x:g}"
    size = abs(x)
    if size < 0.005 or size >= 999.5:
        mantissa, _, power = f"{x:.0e}".partition("e")
        return f"{mantissa}e{int(power)}"
    text = f"{x:.{2 if size < 9.995 else 1 if size < 99.95 else 0}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def draw_layers(
    drawing: Digraph, networks: Sequence[FoundNetwork], caption: str,
    states: Sequence[LayersState] = (),
) -> None:  # fmt: skip
    """Draw networks, one below the other, with the numbers that their parameters have now.

    Where states of a pass are given, the neurons show their numbers.
    """
    drawing.engine = "neato"
    font = {"fontname": FONT, "fontcolor": INK}
    said = "\n".join(readable(caption, 1000, 20))
    drawing.graph_attr.update(STYLE["layers"]["graph"] | font, label=said)
    drawing.node_attr.update(STYLE["layers"]["node"] | font, width=f"{_NODE / _POINTS:.3f}")
    drawing.edge_attr.update(dir="none")
    down = 0.0
    for number, network in enumerate(networks):
        state = states[number] if states else None
        down += _LayersDrawing(drawing, network, f"m{number}", down, state).height
    drawing.text = "\n".join([caption, *(line for n in networks for line in _listed(n))])


def _listed(network: FoundNetwork) -> list[str]:
    """The layers as lines of text."""
    lines = [f"  inputs {', '.join(input_names(network)[:_MOST])}"]
    for layer in network.layers:
        weights, neurons = weights_of(layer), counted(len(layer.neurons), "neuron")
        numbers = f"weights {weights.min():.4g} to {weights.max():.4g}"
        lines.append(f"  {layer.name}  {neurons}  {layer.activation or 'linear'}  {numbers}")
    return lines


class _LayersDrawing:
    """The nodes and lines of one network, below those that are drawn already."""

    def __init__(
        self, drawing: Digraph, network: FoundNetwork, name: str, down: float,
        state: LayersState | None,
    ) -> None:  # fmt: skip
        self._drawing, self._name, self._down, self._state = drawing, name, down, state
        self._sizes = network.sizes
        self._weights = [weights_of(layer) for layer in network.layers]
        self._kept = [self._matter_most(column) for column in range(len(self._sizes))]
        self._rows = [size if size <= _MOST else _MOST - 1 for size in self._sizes]
        self._gap = min(170.0, max(96.0, 10.0 * max(self._rows)))
        self.height = _HEAD + max(self._rows) * _PITCH + 20.0
        names = input_names(network)
        if state is not None:
            names = [f"{name:.{_ROOM}} {self._number(0, i):>5}" for i, name in enumerate(names)]
        wide = max(_NODE, 6.5 * max(map(len, names)) + 8.0) / _POINTS
        self._heading(0, "inputs", "")
        for row, i in enumerate(self._kept[0].tolist()):
            self._node(0, row, names[i], **STYLE["layers"]["input"], width=f"{wide:.3f}")
        for column, layer in enumerate(network.layers, 1):
            self._heading(column, layer.name, layer.activation or "linear")
            biases = [call.bias.data for call in layer.neurons]
            numbers = np.array(biases if state is None else state.numbers[column])
            top = _largest(numbers)
            for row, j in enumerate(self._kept[column].tolist()):
                said = short(numbers[j]) if state is None else self._number(column, j)
                self._node(column, row, said, fillcolor=_tint(numbers[j], top))
            self._lines(column)

    def _matter_most(self, column: int) -> Ints:
        """The neurons that are drawn: those with the largest weights to them and from them."""
        size, matter = self._sizes[column], np.ones(self._sizes[column])
        if size <= _MOST:
            return np.arange(size)
        if column:
            matter = matter * np.linalg.norm(self._weights[column - 1], axis=1)
        if column < len(self._weights):
            matter = matter * np.linalg.norm(self._weights[column], axis=0)
        kept: Ints = np.sort(np.argsort(-matter, kind="stable")[: _MOST - 2])
        return kept

    def _at(self, column: int, down: float) -> str:
        return f"{column * self._gap / _POINTS:.3f},{-(self._down + down) / _POINTS:.3f}!"

    def _heading(self, column: int, title: str, kind: str) -> None:
        plain = {"shape": "none", "style": "", "fixedsize": "false"}
        size = f"{self._sizes[column]:,} {kind}".strip()
        for k, said in enumerate((f"<<b>{title}</b>>", size)):
            at = self._at(column, 8.0 + 14.0 * k)
            self._drawing.node(f"{self._name}h{column}{k}", said, pos=at, **plain, fontsize="11")
        if more := self._sizes[column] - len(self._kept[column]):
            said = f"… and {more:,} more {'neurons' if column else 'inputs'}"
            self._node(column, self._rows[column] - 1, said, **plain)

    def _number(self, column: int, i: int) -> str:
        """The number of a neuron by then, if it is known."""
        assert self._state is not None
        numbers = self._state.numbers[column]
        return short(numbers[i]) if numbers and not self._state.waits(column) else ""

    def _node(self, column: int, row: int, said: str, **look: str) -> None:
        if self._state is not None:
            look |= STYLE["pending"] if self._state.waits(column) else {}
            if look.get("shape") == "box":
                look["style"] = look["style"].replace("dashed", "rounded,dashed")
            look |= STYLE["now"] if self._state.now == column else {}
        rows, most = self._rows[column], max(self._rows)
        pitch = min(_PITCH * most / rows, 1.5 * _PITCH)
        down = _HEAD + most * _PITCH / 2 + (row - (rows - 1) / 2) * pitch
        self._drawing.node(f"{self._name}c{column}r{row}", said, pos=self._at(column, down), **look)

    def _lines(self, column: int) -> None:
        weights = self._weights[column - 1]
        state = self._state
        now = state is not None and state.now == column - state.back
        waits = state is not None and (state.waits(column) or state.waits(column - 1))
        top, thickest = _largest(weights), _THICKEST * (0.65 if weights.size > _CROWDED else 1.0)
        for row, j in enumerate(self._kept[column].tolist()):
            for before, i in enumerate(self._kept[column - 1].tolist()):
                weight = float(weights[j, i])
                share = min(abs(weight) / top, 1.0) if top and weight == weight else 0.0
                shade = 0.07 if waits and not now else 0.1 + 0.85 * share**2
                self._drawing.edge(
                    f"{self._name}c{column - 1}r{before}", f"{self._name}c{column}r{row}",
                    color=f"{SIGN[sign_of(weight)]}{round(255 * shade):02X}",
                    penwidth=f"{0.3 + (thickest - 0.3) * share:.2f}",
                    **({"style": "dashed", "class": "now"} if now else {}),
                )  # fmt: skip


def _largest(numbers: Floats) -> float:
    return float(np.max(np.abs(numbers[np.isfinite(numbers)]), initial=0.0))


def _tint(x: float, top: float) -> str:
    """Paler than a line of the same number, so that text stands out."""
    sign, share = sign_of(x), abs(x) / top if top else 0.0
    return TINT[sign][sum(share > part for part in (0.33, 0.67))] if sign in TINT else "#FFFFFF"


def parameters_of(networks: Sequence[FoundNetwork]) -> set[Value]:
    """The weights and biases of networks."""
    calls = [call for network in networks for layer in network.layers for call in layer.neurons]
    return {parameter for call in calls for parameter in (*call.weights, call.bias)}
