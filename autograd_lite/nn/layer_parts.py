"""A layer's weights, biases and scopes, looked up once instead of in every call."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from autograd_lite.engine import current_scope, record_layer
from autograd_lite.nn.activation import row_named
from autograd_lite.ops.reductions import dot

#: Its ``change`` is another object after every change of an attribute of any neuron.
#: (An attribute of the class would do, but writing to a class makes all its look-ups slow.)
_latest = SimpleNamespace(change=object())


class Noticed:
    """Base of parts whose changed attributes end the validity of all `LayerParts`."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        _latest.change = object()

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        _latest.change = object()


class LayerParts:
    """The parts of a layer, as the engine records all its neurons in one call.

    They hold as long as the layer has the same neurons and no attribute of a neuron is assigned or
    deleted (behind Python's back, in ``vars(neuron)``, goes unnoticed). Copies begin anew.
    """

    def __init__(self, neurons: Sequence[Any], kind: type[Any]) -> None:
        self._change, self._kind = _latest.change, kind
        self._neurons = list(neurons)
        plain = [n for n in neurons if type(n) is kind and isinstance(n.activation, str)]
        activations: set[Any] = {neuron.activation for neuron in plain}
        self._alike = len(activations) == 1 and len(plain) == len(neurons)
        if self._alike:
            self._row = row_named(activations.pop())
            self._alike = self._row is None or self._row.arity == 1
            self._weights = [neuron.w for neuron in neurons]
            self._biases = [neuron.b for neuron in neurons]
            self._outer: tuple[str, ...] = ()
            self._scopes: list[Any] = []

    def __reduce__(self) -> tuple[Any, ...]:
        return LayerParts, ((), self._kind)

    def record(self, layer: Any, xs: list[Any]) -> Any:
        """Outputs of the layer's neurons; parts that do not hold any more are looked up again.

        NotImplemented if they are not all of one kind, or the inputs no Values and numbers: then
        each neuron must be called.
        """
        parts = self
        if self._change is not _latest.change or self._neurons != layer.neurons:
            parts = layer._kept_parts = LayerParts(layer.neurons, self._kind)
        if not parts._alike:
            return NotImplemented
        scope = (*current_scope.get(), layer.scope_name)
        if parts._outer != scope:
            parts._scopes = [(*scope, neuron.scope_name) for neuron in parts._neurons]
            parts._outer = scope
        return record_layer(dot, parts._row, parts._weights, xs, parts._biases, parts._scopes)
