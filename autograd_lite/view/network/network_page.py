"""The page of networks: their numbers at every sample, and the graph of each neuron."""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.graph import is_of_table, op_of
from autograd_lite.graph.freshness import Freshness
from autograd_lite.ops import Op
from autograd_lite.view.digraph import Digraph
from autograd_lite.view.folding.summary import Floats
from autograd_lite.view.network.drawing import draw_layers, input_names, parameters_of
from autograd_lite.view.network.finding import FoundNetwork, LayerCalls, NeuronCall
from autograd_lite.view.network.network_frames import layer_steps
from autograd_lite.view.page.instructions import nodes_of
from autograd_lite.view.page.page import PACE, Page, as_json, read
from autograd_lite.view.steps import Steps

#: Most numbers of samples on a page; of more samples some are shown, evenly spaced.
_ROOM = 20_000
#: Of parameters that a training moves: their numbers before the last step, and its gradient.
LastStep = Mapping[Value, tuple[float, float]]


class NetworkPage(Page):
    """Data of a page of networks, with the numbers of now; `rest` is what lies around them."""

    further_scripts = (
        "network", "columns", "pointing", "neurongraph", "tour", "networkquestions",
        "networkquiz", "networkpage", "opening",
    )  # fmt: skip

    def __init__(
        self, said: str, networks: Sequence[FoundNetwork], freshness: Freshness, rest: Page | None,
        is_graph: bool,  # or a model, which no pass has reached
        last: LastStep,
    ) -> None:  # fmt: skip
        self.summary, self.inner, self._rest, self.stale = said, [], rest, bool(freshness.stale)
        self.networks, self.passed = networks, is_graph and freshness.multiple != 0.0
        self._functions, self._rows, rows = "", "null", dict[Op, int]()
        self._data = {
            "title": said.partition("\n")[0],
            "pace": PACE,
            "notes": freshness.notes if is_graph else [],
            "passed": self.passed,
            "networks": [_network(network, freshness, rows, last) for network in networks],
            "trained": bool(last),
        }
        self._add_rules(rows)

    def pictures(self) -> Iterator[tuple[list[str], Digraph]]:
        """The player's steps as drawings of the layers, each with what is said of it."""
        for step in layer_steps(self.networks, self.passed, self._rest is not None):
            drawing = Digraph()
            states = [step.state(place, network) for place, network in enumerate(self.networks)]
            draw_layers(drawing, self.networks, "", states)
            yield step.caption, drawing

    def opening(self, host: str, full: bool = False) -> str:
        """An expression in JavaScript that makes the image live."""
        style = read("page.css") + read("network.css")
        data = as_json({**self._data, "full": full, "style": style})
        rest = "null" if self._rest is None else f"(host) => {self._rest.opening('host')}"
        made = f"openNetworks({host}, {data}, {self._rows}, {rest})"
        return f"(() => {{\n{self._functions}\nreturn {made};\n}})()"


def _network(
    network: FoundNetwork, fresh: Freshness, rows: dict[Op, int], last: LastStep
) -> dict[str, Any]:
    """The shape of a network, and all of its numbers in one array."""
    was = {p: before for p, (before, _) in last.items()} or fresh.moved
    layers = network.layers
    alike = [_same_ops(layer) for layer in layers]
    parts: list[Floats] = []
    for layer in layers:
        parts += _numbers(layer, lambda p: p.data)
        parts += _numbers(layer, lambda p: last[p][1] if p in last else p.grad)
    stepped = not parameters_of([network]).isdisjoint(was)
    for layer in layers if stepped else []:
        parts += _numbers(layer, lambda p: was.get(p, p.data))
    samples = np.array([_sample(network, k, alike) for k in range(len(layers[0].samples))])
    few = max(1, _ROOM // samples.shape[1])
    shown = np.unique(np.linspace(0, len(samples) - 1, min(few, len(samples))).round()).astype(int)
    parts += [samples.mean(axis=0), samples[shown]]
    packed = np.concatenate([part.ravel() for part in parts]).astype("<f8").tobytes()
    return {
        "shape": {
            "inputs": input_names(network),
            "layers": [
                {"name": layer.name, "activation": layer.activation, "size": len(layer.neurons)}
                for layer in layers
            ],
        },
        "stepped": stepped,
        "samples": shown.tolist(),
        "of": len(samples),
        "templates": [
            _template(layer.neurons[0], fresh, rows) if same else None
            for layer, same in zip(layers, alike, strict=True)
        ],
        "packed": base64.b64encode(packed).decode(),
    }


def _same_ops(layer: LayerCalls) -> bool:
    """Whether the rules of its nodes are known and the same for all neurons, without constants."""
    calls = [call for sample in layer.samples for call in sample]
    found = {tuple(op_of(node) for node in (call.total, *call.after)) for call in calls}
    constants = any(p.constant for call in calls for node in call.after for p in node.parents)
    twice = any(len({*call.total.parents}) < len(call.total.parents) for call in calls)
    return len(found) == 1 and all(map(is_of_table, found.pop())) and not (constants or twice)


def _numbers(layer: LayerCalls, of: Callable[[Value], float]) -> list[Floats]:
    """A number of each weight, a row for each neuron, and of the biases."""
    calls = layer.neurons
    weights = np.array([[of(weight) for weight in call.weights] for call in calls])
    return [weights, np.array([of(call.bias) for call in calls])]


def _sample(network: FoundNetwork, k: int, alike: list[bool]) -> list[float]:
    """Inputs, then of each neuron its nodes (or the output alone) and the output's gradient."""
    numbers = [x.data for x in network.inputs[k]]
    for layer, same in zip(network.layers, alike, strict=True):
        for call in layer.samples[k]:
            nodes = (call.total, *call.after) if same else (call.out,)
            numbers += [node.data for node in nodes]
            numbers.append(call.out.grad)
    return numbers


def _template(call: NeuronCall, fresh: Freshness, rows: dict[Op, int]) -> list[dict[str, Any]]:
    """The graph of a neuron: its inputs, weights and bias, then its nodes in order."""
    given: list[Value] = [*call.inputs, *call.weights, call.bias]
    return nodes_of(Steps([*given, call.total, *call.after], fresh), rows, {*given})
