"""The networks in a graph: which of its nodes are neurons, and in which layers these lie."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from autograd_lite.engine import Value
from autograd_lite.graph import op_of, scope_of
from autograd_lite.ops import Op, SequenceOp

#: Larger graphs are folded, which takes less time than looking at every neuron.
_MOST = 200_000
_NUMBER = re.compile(r"\d+")
_Nodes = tuple[Value, ...]


@dataclass(frozen=True, eq=False)
class NeuronCall:
    """A neuron at one sample: its weighted sum, and the nodes of its activation in their order."""

    total: Value
    after: list[Value]

    @property
    def out(self) -> Value:
        """The node that others take."""
        return self.after[-1] if self.after else self.total

    @property
    def size(self) -> int:
        """Number of inputs."""
        return len(self.total.parents) // 2

    @property
    def weights(self) -> _Nodes:
        """The first half of the arguments."""
        return self.total.parents[: self.size]

    @property
    def inputs(self) -> _Nodes:
        """The second half of the arguments."""
        return self.total.parents[self.size : -1]

    @property
    def bias(self) -> Value:
        """The last argument."""
        return self.total.parents[-1]


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
        scope = scope_of(self.neurons[0].total)
        return scope[-2] if len(scope) > 1 else scope[-1]

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
        return [self.layers[0].neurons[0].size, *(len(layer.neurons) for layer in self.layers)]

    @property
    def name(self) -> str:
        """``Network 4-16-3``."""
        return f"Network {'-'.join(map(str, self.sizes))}"

    def nodes(self) -> Iterable[Value]:
        """The nodes that are drawn as neurons."""
        for layer in self.layers:
            for sample in layer.samples:
                for call in sample:
                    yield call.total
                    yield from call.after


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
    apart: dict[tuple[_Nodes, tuple[str, ...], int], list[NeuronCall]] = defaultdict(list)
    for call in calls:
        before = [made[x] for x in call.inputs if x in made]
        if before and len(before) < call.size:
            return []
        if before:
            feeding[call.inputs] = before
    inner = {id(call) for group in feeding.values() for call in group}
    seen: Counter[tuple[_Nodes, tuple[str, ...]]] = Counter()
    for call in calls:
        if id(call) not in inner:
            scope = scope_of(call.total)
            seen[call.inputs, scope] += 1  # two networks of one name, at the same inputs
            apart[call.inputs, scope[:-1], seen[call.inputs, scope]].append(call)
    last = [sorted(group, key=_place) for group in apart.values()]
    return _chains([*feeding.values(), *last], feeding)


def _calls(order: list[Value]) -> list[NeuronCall]:
    found: dict[Value, NeuronCall] = {}  # by each node of it
    calls = []
    for node in order:
        row = op_of(node)
        if row is None or not scope_of(node):
            continue
        if _is_weighted_sum(node, row):
            found[node] = NeuronCall(node, [])
            calls.append(found[node])
            continue
        varying = [parent for parent in node.parents if not parent.constant]
        owner = found.get(varying[0]) if varying else None
        if owner is None or any(found.get(parent) is not owner for parent in varying):
            continue
        if scope_of(node) == scope_of(owner.total):
            owner.after.append(node)
            found[node] = owner
    return calls


def _is_weighted_sum(node: Value, row: Op) -> bool:
    if not isinstance(row, SequenceOp) or (len(row.vectors), len(row.scalars)) != (2, 1):
        return False
    weights, scope = node.parents[: len(node.parents) // 2], scope_of(node)
    return bool(weights) and all(not (w.op or w.constant) and scope_of(w) == scope for w in weights)


def _place(call: NeuronCall) -> int:
    """The number in the name of a neuron."""
    numbers = _NUMBER.findall(scope_of(call.total)[-1])
    return int(numbers[-1]) if numbers else 0


def _chains(
    groups: list[list[NeuronCall]], feeding: dict[_Nodes, list[NeuronCall]]
) -> list[FoundNetwork]:
    """Layers one after the other, given the calls of each layer at each sample."""
    layers: dict[tuple[tuple[_Nodes, Value], ...], list[list[NeuronCall]]] = defaultdict(list)
    of_call: dict[int, int] = {}
    for group in groups:
        if len({call.inputs for call in group}) > 1 or any(id(call) in of_call for call in group):
            return []
        key = tuple((call.weights, call.bias) for call in group)
        layers[key].append(group)
        of_call |= dict.fromkeys(map(id, group), [*layers].index(key))
    every = [*layers.values()]
    neurons = [neuron for key in layers for neuron in key]
    if len(neurons) > len({*neurons}):
        return []
    before: dict[int, int] = {}
    for i, samples in enumerate(every):
        sources = {of_call[id(found[0])] if (found := feeding.get(sample[0].inputs)) else -1
                   for sample in samples}  # fmt: skip
        if len(sources) > 1:
            return []
        before[i] = sources.pop()
    used = Counter(i for i in before.values() if i >= 0)
    if any(many > 1 for many in used.values()):
        return []
    networks = []
    for i in range(len(every)):
        if i in used:
            continue
        chain = [every[i]]
        while feeding.get(chain[0][0][0].inputs):
            chain.insert(0, [feeding[sample[0].inputs] for sample in chain[0]])
        networks.append(FoundNetwork([LayerCalls(samples) for samples in chain]))
    return networks
