"""Neuron and Layer, with micrograd's order of parameters."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from autograd_lite.engine import Value, current_scope
from autograd_lite.graph import scope
from autograd_lite.nn.activation import Activation, activate, checked, symbol_of
from autograd_lite.nn.data import inputs_of, layer_size
from autograd_lite.nn.init import Scheme, generator, scheme
from autograd_lite.nn.layer_parts import LayerParts, Noticed
from autograd_lite.nn.module import Module
from autograd_lite.nn.tensors import Numbers, parameter_array, structure_of
from autograd_lite.ops.reductions import dot


class Neuron(Noticed, Module):
    """activation(b + w0·x0 + w1·x1 + …): one `dot` node, and one of the activation, if any.

    Parameters
    ----------
    nin : int
        Number of inputs, at least 1.
    activation : str or callable, default="relu"
        The name of any op of one argument (``"tanh"``, ``"sigmoid"``, …), ``"linear"`` for none,
        or a function from Value to Value.
    nonlin : bool, default=True
        False is another way to say ``activation="linear"``.
    seed : int, random.Random, NumPy Generator or None
        Of the weights. None draws from Python's global `random`, as micrograd does.
    init : str, callable or None, default="uniform"
        ``"uniform"`` (-1 to 1), ``"he_normal"`` (also ``"he"``), ``"he_uniform"``,
        ``"glorot_uniform"`` (also ``"glorot"``), ``"glorot_normal"``, or a function of (random
        generator, fan_in, fan_out) that gives one weight. None chooses by the activation: He's
        for ReLU and what is like it (large above 0, small below), Glorot's for others. The bias
        begins at 0.
    fan_out : int, default=1
        Number of neurons in the layer, which Glorot's schemes use.

    Attributes
    ----------
    w, b : list of Value, Value
        The weights and the bias.
    weights, biases : array of shape (nin,), number
        Their numbers, to read and to set.

    Raises
    ------
    ShapeError
        If `nin` is below 1.
    ValueError
        If `activation` or `init` names nothing known.

    Examples
    --------
    >>> neuron = Neuron(2, "tanh", seed=1)
    >>> neuron
    TanhNeuron(2)
    >>> neuron([1.0, -2.0]).op
    'tanh'
    """

    scope_name = "neuron"
    traceable = True
    nout = 1
    weights = Numbers(lambda neuron: parameter_array(neuron.w))
    biases = Numbers(lambda neuron: parameter_array(neuron.b))

    def __init__(
        self, nin: int, activation: Activation = "relu", nonlin: bool = True, seed: Any = None,
        init: str | Scheme | None = "uniform", fan_out: int = 1,
    ) -> None:  # fmt: skip
        nin, fan_out = layer_size("nin", nin), layer_size("fan_out", fan_out)
        self.activation = checked(activation) if nonlin else "linear"
        rng, draw = generator(seed), scheme(init, self.activation)
        self.w = [Value(draw(rng, nin, fan_out), label=f"w{i}") for i in range(nin)]
        self.b = Value(0.0, label="b")
        self.place(current_scope.get())

    nin = property(lambda self: len(self.w), doc="Number of inputs.")
    nonlin = property(
        lambda self: self.activation != "linear", doc="Whether there is an activation."
    )

    def __call__(self, x: Any) -> Value:
        """The activation, one Value, at `nin` numbers or Values."""
        xs = inputs_of(self, x)
        with scope(self.scope_name):
            out: Value = activate(self.activation, dot(self.w, xs, self.b))
            return out

    def _program_structure(self, values: list[Value]) -> Any:
        values += [*self.w, self.b]
        return self.activation, len(self.w)

    def describe(self) -> dict[str, Any]:
        """The architecture as plain data."""
        if type(self) is not Neuron:
            return super().describe()
        if not isinstance(self.activation, str):
            raise ValueError(
                f"the activation {self.activation!r} is a function, which a file cannot hold; use "
                "an op's name, or save state_dict() in a way of your own"
            )
        return {"type": "Neuron", "nin": self.nin, "activation": self.activation}

    def __repr__(self) -> str:
        symbol = symbol_of(self.activation)
        return f"{symbol[:1].upper()}{symbol[1:]}Neuron({self.nin})"


class Layer(Module):
    """Neurons side by side, all fed with the same inputs.

    Parameters
    ----------
    nin, nout : int
        Numbers of inputs and of neurons, at least 1.
    activation, nonlin, seed, init
        As for `Neuron`.

    Attributes
    ----------
    neurons : list of Neuron
    weights, biases : array of shape (nout, nin), array of shape (nout,)
        The numbers of the parameters, to read (a copy) and to set (whole or not at all).

    Examples
    --------
    >>> Layer(3, 2)
    Layer of [ReLUNeuron(3), ReLUNeuron(3)]
    """

    scope_name = "layer"
    traceable = True
    _kept_parts = LayerParts((), Neuron)
    weights = Numbers(
        lambda layer: parameter_array([w for neuron in layer.neurons for w in neuron.w]).reshape(
            len(layer.neurons), -1
        )
    )
    biases = Numbers(lambda layer: parameter_array([neuron.b for neuron in layer.neurons]))

    def __init__(
        self, nin: int, nout: int, activation: Activation = "relu", nonlin: bool = True,
        seed: Any = None, init: str | Scheme | None = "uniform",
    ) -> None:  # fmt: skip
        nout, rng = layer_size("nout", nout), generator(seed)
        self.neurons = [Neuron(nin, activation, nonlin, rng, init, nout) for _ in range(nout)]
        number(self.neurons)
        self.place(current_scope.get())

    nin = property(lambda self: self.neurons[0].nin, doc="Number of inputs.")
    nout = property(lambda self: len(self.neurons), doc="Number of outputs.")

    def __call__(self, x: Any) -> Any:
        """One Value for a layer of one neuron, else a list of them."""
        xs = x if type(x) is list else inputs_of(self, x)
        outs = self._kept_parts.record(self, xs)  # all neurons in one call, where that is possible
        if outs is NotImplemented:
            xs = inputs_of(self, xs)
            with scope(self.scope_name):
                outs = [neuron(xs) for neuron in self.neurons]
        return outs[0] if len(outs) == 1 else outs

    def _program_structure(self, values: list[Value]) -> Any:
        return [structure_of(neuron, values) for neuron in self.neurons]

    def describe(self) -> dict[str, Any]:
        """The architecture as plain data."""
        if type(self) is not Layer:
            return super().describe()
        one = common([neuron.describe() for neuron in self.neurons], "the neurons of a layer")
        return {**one, "type": "Layer", "nout": len(self.neurons)}

    def _in_one_line(self) -> str:
        """The layer in one line: its kinds of neurons, and how many there are of each."""
        kinds = Counter(map(repr, self.neurons))
        return f"Layer of {', '.join(f'{n} {kind}' for kind, n in kinds.items())}"

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(repr, self.neurons))}]"


#: Called by pickles of before `LayerParts` had a file of its own.
_Parts = partial(LayerParts, kind=Neuron)


def number(parts: Sequence[Module]) -> None:
    """Name the parts of a container for pictures: "layer 0", "layer 1"."""
    for i, part in enumerate(parts):
        part.scope_name = f"{type(part).scope_name} {i}"


def common(things: list[Any], whose: str) -> Any:
    """The value that all things share, or None without any; else a ValueError."""
    for thing in things[1:]:
        if thing != things[0]:
            raise ValueError(
                f"{whose} differ ({things[0]} and {thing}), which a file cannot say; "
                "use Sequential, or save state_dict() in a way of your own"
            )
    return things[0] if things else None
