"""The networks in a graph: which of its nodes are neurons, and in which layers these lie."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple

from autograd_lite.engine import Value
from autograd_lite.graph import op_of, scope_of
from autograd_lite.ops import SequenceOp

#: Larger graphs are folded, which takes less time than looking at every neuron.
_MOST = 200_000
_NUMBER = re.compile(r"\d+")
_Nodes = tuple[Value, ...]


@dataclass(frozen=True, eq=False)
class NeuronCall:
    """A neuron at one sample: its weighted sum, and the nodes of its activation in their order."""

    total: Value
    weights: _Nodes
    inputs: _Nodes
    bias: Value
    after: list[Value]

    @property
    def out(self) -> Value:
        """The node that others take."""
        return self.after[-1] if self.after else self.total


class LayerCalls(NamedTuple):
    """A layer: for each sample, the calls of its neurons in their order."""

    samples: list[list[NeuronCall]]

    @property
    def neurons(self) -> list[NeuronCall]:
        """Its neurons, at the first sample."""
        return self.samples[0]

    @property
    def name(self) -> str:
        """Name of its scope: ``layer 2``."""
        return scope_of(self.neurons[0].total)[-2:][0]

    @property
    def activation(self) -> str:
        """Symbols of the ops after the sum; empty for none, which is linear."""
        return " ".join(op_of(node).symbol for node in self.neurons[0].after)


class FoundNetwork(NamedTuple):
    """Layers, each fed with the outputs of the one before, and the first with the inputs."""

    layers: list[LayerCalls]

    @property
    def inputs(self) -> list[_Nodes]:
        """The inputs of each sample."""
        return [sample[0].inputs for sample in self.layers[0].samples]

    @property
    def sizes(self) -> list[int]:
        """Numbers of inputs and of neurons: 4, 16, 3."""
        return [len(self.inputs[0]), *(len(layer.neurons) for layer in self.layers)]


def networks_of(order: list[Value]) -> tuple[list[FoundNetwork], str]:
    """The networks in a graph, given in topological order; without any, why, if there are neurons.

    A neuron is known by its scope: a weighted sum of parameters that were made in the same scope,
    and what follows it there. Where layers branch (a body with two heads) or a layer takes the
    outputs of several, each row of layers is a network.
    """
    calls = _calls(order) if len(order) <= _MOST else []
    made = {call.out: call for call in calls}
    feeding: dict[_Nodes, list[NeuronCall]] = {}
    for call in calls:
        before = [made[x] for x in call.inputs if x in made]
        if 0 < len(before) < len(call.inputs):
            return [], "a layer takes outputs of another beside other numbers"
        if before:
            feeding[call.inputs] = before
    inner = {call for group in feeding.values() for call in group}
    last: dict[Any, list[NeuronCall]] = defaultdict(list)
    for call in calls:
        if call not in inner:
            last[call.inputs, scope_of(call.total)[:-1]].append(call)
    groups = [*feeding.values()]
    for alike in last.values():
        groups += _layers_apart(alike)
    return _chains(groups, feeding)


def _layers_apart(calls: list[NeuronCall]) -> list[list[NeuronCall]]:
    """Layers of one name at the same inputs: of one size in turns, or else one after the other."""
    seen = Counter[int]()
    turns, rows = defaultdict[int, list[NeuronCall]](list), list[list[NeuronCall]]()
    for call in calls:
        place = _place(call)
        seen[place] += 1
        turns[seen[place]].append(call)
        if not rows or place <= _place(rows[-1][-1]):
            rows.append([])
        rows[-1].append(call)
    apart = rows if len({*seen.values()}) > 1 else [*turns.values()]
    return [sorted(group, key=_place) for group in apart]


def _calls(order: list[Value]) -> list[NeuronCall]:
    found: dict[Value, NeuronCall] = {}  # by each node of it
    for node in order:
        row, scope = op_of(node), scope_of(node)
        if row is None or not scope:
            continue
        if isinstance(row, SequenceOp) and (len(row.vectors), len(row.scalars)) == (2, 1):
            *given, bias = node.parents
            size = len(given) // 2
            weights = tuple(given[:size])
            if weights and not any(w.op or w.constant or scope_of(w) != scope for w in weights):
                found[node] = NeuronCall(node, weights, tuple(given[size:]), bias, [])
                continue
        owners = {found.get(parent) for parent in node.parents if not parent.constant}
        owner = owners.pop() if len(owners) == 1 else None
        if owner is not None and scope == scope_of(owner.total):
            owner.after.append(node)
            found[node] = owner
    return [*dict.fromkeys(found.values())]


def _place(call: NeuronCall) -> int:
    """The number in the name of a neuron."""
    numbers = _NUMBER.findall(scope_of(call.total)[-1])
    return int(numbers[-1]) if numbers else 0


def _chains(
    groups: list[list[NeuronCall]], feeding: dict[_Nodes, list[NeuronCall]]
) -> tuple[list[FoundNetwork], str]:
    """Rows of layers, given the calls of each layer at each sample; or why there are none."""
    numbers: dict[Any, int] = {}  # of layers, by their neurons
    layers: dict[int, list[list[NeuronCall]]] = defaultdict(list)
    keys: dict[NeuronCall, int] = {}
    for group in groups:
        key = numbers.setdefault(tuple((c.weights, c.bias) for c in group), len(numbers))
        if len({call.inputs for call in group}) > 1 or not keys.keys().isdisjoint(group):
            return [], "neurons that are taken together have different inputs"
        layers[key].append(group)
        keys |= dict.fromkeys(group, key)
    neurons = [neuron for layer in numbers for neuron in layer]
    if len(neurons) > len({*neurons}):
        return [], "a layer is used more than once, and not always whole"
    before = {
        key: {keys[one[0]] if (one := feeding.get(call.inputs)) else -1 for call, *_ in samples}
        for key, samples in layers.items()
    }
    above = {key: {*sources} for key, sources in before.items()}
    for key in layers:  # all that each is computed from
        for some in above.values():
            some |= above[key] if key in some else set()
    if any(key in above[key] for key in layers):
        return [], "a layer takes what was computed from its own outputs"
    used = Counter(source for sources in before.values() for source in sources)
    used[-1] = 0
    follows = {
        key: source for key, (source, *more) in before.items() if not more and used[source] == 1
    }
    networks = []
    for key in [key for key in layers if key not in follows.values()]:
        rows = [layers[key]]
        while key in follows:
            key = follows[key]
            rows.insert(0, [feeding[sample[0].inputs] for sample in rows[0]])
            if len(rows[0]) < len(layers[key]):
                return [], "a layer is used more than once, and its outputs go different ways"
        networks.append(FoundNetwork([LayerCalls(samples) for samples in rows]))
    return networks, ""
