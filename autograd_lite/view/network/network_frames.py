"""The first sample's way through a network and back, in the states of ``page/scripts/tour.js``."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from autograd_lite.view.network.drawing import LayersState
from autograd_lite.view.network.finding import FoundNetwork, NeuronCall
from autograd_lite.view.page.wording import PHRASES

#: Terms of a sum that are written out.
_TERMS = 4


class LayerStep(NamedTuple):
    """The caption of a step, and the column of a network that takes part."""

    caption: list[str]
    network: int
    column: int
    back: bool = False

    def state(self, number: int, network: FoundNetwork) -> LayersState:
        """How far a network is by then, given its place among all."""
        is_past = (number < self.network) != self.back
        back = self.back and number >= self.network
        column = self.back - 1 if is_past == self.back else len(network.layers) + 1
        calls = [layer.samples[0] for layer in network.layers]
        numbers = [[] if back else [x.data for x in network.inputs[0]]]
        for layer in calls:
            numbers.append([call.out.grad if back else call.out.data for call in layer])
        return LayersState(numbers, self.column if number == self.network else column, back)


def layer_steps(
    networks: Sequence[FoundNetwork], passed: bool, has_rest: bool
) -> Iterator[LayerStep]:
    """The steps, the first before anything is computed."""
    said = {name: text.format for name, text in PHRASES.items()}
    yield LayerStep([PHRASES["start"], PHRASES["inputs"], PHRASES["waiting"]], 0, 0)
    names = [said["of"](n=n + 1) * (len(networks) > 1) for n in range(len(networks))]
    for n, network in enumerate(networks):
        for k, layer in enumerate(network.layers):
            call, j = _largest(layer.samples[0], "out", "data")
            total = _sum(call)
            equation = f"{layer.activation}({total})" if layer.activation else total
            phase = said["layer"](name=names[n] + layer.name, n=k + 1, all=len(network.layers))
            caption = [phase, f"neuron {j} = {equation} = {call.out.data:.4g}"]
            yield LayerStep(caption, n, k + 1)
    if has_rest:
        end = len(networks) - 1
        caption = [PHRASES["rest"], PHRASES["around"]]
        yield LayerStep(caption, end, len(networks[end].layers) + 1)
    for n, network in reversed([*enumerate(networks)] if passed else []):
        layer = network.layers[-1]
        call, j = _largest(layer.samples[0], "out", "grad")
        text = f"grad of {layer.name} · neuron {j} = {call.out.grad:.4g}"
        yield LayerStep([said["outputs"](of=names[n]), text], n, len(network.layers), True)
        for k, layer in reversed([*enumerate(network.layers)]):
            call, j = _largest(layer.samples[0], "total", "grad")
            sizes = [abs(x.data) for x in call.inputs]
            i = sizes.index(max(sizes))
            x, slope = call.inputs[i].data, call.total.grad
            text = f"grad of {layer.name} · neuron {j} · w{i}"
            text += f" = {slope:.4g} × {x:.4g} = {slope * x:.4g}"
            yield LayerStep([said["back"](name=names[n] + layer.name), text], n, k, True)


def _largest(calls: Sequence[NeuronCall], node: str, number: str) -> tuple[NeuronCall, int]:
    """The neuron that stands for all, and its place."""
    sizes = [abs(getattr(getattr(call, node), number)) for call in calls]
    j = sizes.index(max(sizes))
    return calls[j], j


def _sum(call: NeuronCall) -> str:
    pairs = zip(call.weights, call.inputs, strict=True)
    terms = [f"{w.data:.4g} × {x.data:.4g}" for w, x in pairs]
    more = len(terms) - _TERMS
    shown = [*terms[:_TERMS], *([f"… {more} more"] if more > 0 else []), f"{call.bias.data:.4g}"]
    return " + ".join(shown).replace("+ -", "− ")
