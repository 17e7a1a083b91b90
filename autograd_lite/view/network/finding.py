"""The networks in a graph: which of its nodes are neurons, and in which layers these lie."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, eq=False)
class LayerCalls:
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


@dataclass(frozen=True, eq=False)
class FoundNetwork:
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


def networks_of(order: list[Value]) -> list[FoundNetwork]:
    """The networks in a graph, given in topological order.

    A neuron is known by its scope: a weighted sum of parameters that were made in the same scope,
    and what follows it there. The list is empty if neurons are not in layers that follow one
    another (a layer that takes its own output, or that of two layers), or if there is none.
    """
    if len(order) > _MOST:
        return []
    calls = _calls(order)
    made = {call.out: call for call in calls}
    feeding: dict[_Nodes, list[NeuronCall]] = {}
    for call in calls:
        before = [made[x] for x in call.inputs if x in made]
        if 0 < len(before) < len(call.inputs):
            return []
        if before:
            feeding[call.inputs] = before
    inner = {call for group in feeding.values() for call in group}
    last: dict[Any, list[NeuronCall]] = defaultdict(list)
    seen: Counter[Any] = Counter()
    for call in calls:
        if call not in inner:
            scope = scope_of(call.total)
            seen[call.inputs, scope] += 1  # two networks of one name, at the same inputs
            last[call.inputs, scope[:-1], seen[call.inputs, scope]].append(call)
    groups = [*feeding.values(), *(sorted(group, key=_place) for group in last.values())]
    return _chains(groups, feeding)


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
) -> list[FoundNetwork]:
    """Layers one after the other, given the calls of each layer at each sample."""
    layers: dict[Any, list[list[NeuronCall]]] = defaultdict(list)
    keys: dict[NeuronCall, Any] = {}
    for group in groups:
        key = tuple((call.weights, call.bias) for call in group)
        if len({call.inputs for call in group}) > 1 or not keys.keys().isdisjoint(group):
            return []
        layers[key].append(group)
        keys |= dict.fromkeys(group, key)
    neurons = [neuron for key in layers for neuron in key]
    before = {
        key: {keys[one[0]] if (one := feeding.get(call.inputs)) else None for call, *_ in samples}
        for key, samples in layers.items()
    }
    used = Counter(source for sources in before.values() for source in sources if source)
    forks = (
        any(len(sources) > 1 for sources in before.values()) or max(used.values(), default=1) > 1
    )
    if forks or len(neurons) > len({*neurons}):
        return []
    networks = []
    for key in [key for key in layers if key not in used]:
        chain = [layers[key]]
        while chain[0][0][0].inputs in feeding:
            chain.insert(0, [feeding[sample[0].inputs] for sample in chain[0]])
        networks.append(FoundNetwork([LayerCalls(samples) for samples in chain]))
    return networks
