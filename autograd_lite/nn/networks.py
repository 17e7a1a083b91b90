"""MLP, with micrograd's signature and order of parameters, and Sequential."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from autograd_lite.engine import Value, current_scope
from autograd_lite.errors import ShapeError, shown, typed
from autograd_lite.graph import scope
from autograd_lite.nn.activation import Activation, checked
from autograd_lite.nn.data import inputs_of, layer_size
from autograd_lite.nn.init import Scheme, generator
from autograd_lite.nn.layers import Layer, common, number
from autograd_lite.nn.module import Module
from autograd_lite.nn.tensors import structure_of


class MLP(Module):
    """A multi-layer perceptron: layers one after the other.

    Parameters
    ----------
    nin : int
        Number of inputs, at least 1.
    nouts : sequence of int
        Number of neurons in each layer.
    activation : str or callable, default="relu"
        Of all layers but the last; as for `Neuron`.
    output : str or callable, default="linear"
        Of the last layer.
    init : str, callable or None, default="uniform"
        As for `Neuron`; the default is micrograd's, and None trains better where layers are wide.
    seed : int, random.Random, NumPy Generator or None
        As for `Neuron`. With None, ``random.seed(1337)`` gives micrograd's weights.

    Attributes
    ----------
    layers : list of Layer

    Raises
    ------
    ShapeError
        If `nouts` is empty or a size is below 1.
    ValueError
        If `activation`, `output` or `init` names nothing known.

    Examples
    --------
    >>> model = MLP(2, [2, 1], seed=0)
    >>> model
    MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]
    >>> len(model.parameters())
    9
    """

    traceable = True

    def __init__(
        self, nin: int, nouts: Sequence[int], activation: Activation = "relu",
        output: Activation = "linear", init: str | Scheme | None = "uniform", seed: Any = None,
    ) -> None:  # fmt: skip
        if isinstance(nouts, str | Mapping | AbstractSet) or not isinstance(nouts, Iterable):
            raise TypeError(
                f"nouts is a list with the size of each layer and was given "
                f"{typed(nouts)}; write [{shown(nouts)}] for one layer"
            )
        sizes = [layer_size("nin", nin), *[layer_size("each of nouts", nout) for nout in nouts]]
        if len(sizes) == 1:
            raise ShapeError("an MLP needs at least one layer; nouts is empty: write [1]")
        activation, output = checked(activation), checked(output)
        rng, last = generator(seed), len(sizes) - 2
        self.layers = [
            Layer(sizes[i], sizes[i + 1], output if i == last else activation, True, rng, init)
            for i in range(last + 1)
        ]
        number(self.layers)
        self.place(current_scope.get())

    nin = property(lambda self: self.layers[0].nin, doc="Number of inputs.")
    nout = property(lambda self: self.layers[-1].nout, doc="Number of outputs.")

    def __call__(self, x: Any) -> Any:
        """One Value if the last layer has one neuron, else a list of them."""
        out: Any = inputs_of(self, x)
        # as `with scope(…)`, which takes longer than a small layer
        token = current_scope.set((*current_scope.get(), self.scope_name))
        try:
            for layer in self.layers:
                out = layer(out)
        finally:
            current_scope.reset(token)
        return out

    def _program_structure(self, values: list[Value]) -> Any:
        return [structure_of(layer, values) for layer in self.layers]

    def describe(self) -> dict[str, Any]:
        """The architecture as plain data."""
        layers = [layer.describe() for layer in self.layers]
        if type(self) is not MLP or not all("nin" in layer for layer in layers):
            return super().describe()  # of a subclass, or of a user's own neurons
        hidden = common([layer["activation"] for layer in layers[:-1]], "the hidden layers")
        return {
            "type": "MLP", "nin": self.nin, "nouts": [layer["nout"] for layer in layers],
            "activation": "relu" if hidden is None else hidden, "output": layers[-1]["activation"],
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(repr, self.layers))}]"


class Sequential(Module):
    """Modules one after the other, each fed with what the one before gives.

    Parameters
    ----------
    *modules : Module
        At least one.

    Attributes
    ----------
    layers : list of Module

    Examples
    --------
    >>> Sequential(Layer(1, 2, "tanh"), Layer(2, 1, nonlin=False))
    Sequential of [Layer of [TanhNeuron(1), TanhNeuron(1)], Layer of [LinearNeuron(2)]]
    """

    traceable = True

    def __init__(self, *modules: Module) -> None:
        for module in modules:
            if not isinstance(module, Module):
                raise TypeError(
                    f"Sequential takes modules and was given {typed(module)}; write "
                    "Sequential(Layer(2, 4), Layer(4, 1))"
                )
        if not modules:
            raise ShapeError("Sequential needs at least one module and was given none")
        self.layers = list(modules)
        number(self.layers)
        self.place(current_scope.get())

    @property
    def nin(self) -> int:
        """Number of inputs, if the first module with one and those before it tell."""
        layers: list[Any] = self.layers
        for i, module in enumerate(layers):
            size: int | None = getattr(module, "nin", None)  # once: a module may ask its own
            if size is not None:
                for other in layers[:i][::-1]:
                    size = other._nin_for(size)
                return size
        raise AttributeError(f"no module of {shown(self)} has a number of inputs")

    nout = MLP.nout

    def __call__(self, x: Any) -> Any:
        """The last module's output."""
        with scope(self.scope_name):
            for module in self.layers:
                x = module(x)
        return x

    _program_structure = MLP._program_structure

    def describe(self) -> dict[str, Any]:
        """The architecture as plain data."""
        if type(self) is not Sequential:
            return super().describe()
        return {"type": "Sequential", "modules": [module.describe() for module in self.layers]}

    def __repr__(self) -> str:
        return f"Sequential of [{', '.join(map(repr, self.layers))}]"
