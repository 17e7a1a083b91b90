"""Blocks that networks are built of beside layers: Dropout, LayerNorm, Embedding, Residual."""

from typing import Any, ClassVar

import numpy as np

from autograd_lite.engine import Value, current_scope
from autograd_lite.errors import ShapeError, counted, shown, typed
from autograd_lite.graph import scope
from autograd_lite.nn.data import as_list, elements_of, inputs_of, layer_size
from autograd_lite.nn.init import Scheme, generator, scheme
from autograd_lite.nn.module import Module
from autograd_lite.nn.optim import in_range
from autograd_lite.nn.parts.training_mode import drawn
from autograd_lite.nn.tensors import Numbers, structure_of
from autograd_lite.ops.choice import less, where
from autograd_lite.ops.lookup import EntryError, take
from autograd_lite.ops.reductions import mean
from autograd_lite.ops.rules import floor, sqrt, square


class _Block(Module):
    """A block that its arguments describe."""

    #: The arguments by which it is made again, which are attributes, too.
    fields: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "fields" in vars(cls):  # of the package; of classes below those nothing is known
            cls.traceable, cls._program_structure = True, _Block._structure  # type: ignore[attr-defined]

    def describe(self) -> dict[str, Any]:
        """The architecture as plain data."""
        if "fields" not in vars(type(self)):
            return super().describe()  # of a subclass
        held = {name: getattr(self, name) for name in self.fields}
        plain = {k: v.describe() if isinstance(v, Module) else v for k, v in held.items()}
        return {"type": type(self).__name__, **plain}

    def _structure(self, values: list[Value]) -> Any:
        for part in vars(self).values():
            values += part if isinstance(part, list) else getattr(part, "flat", ())
        held = [getattr(self, name) for name in self.fields]
        inner = [structure_of(x, values) if isinstance(x, Module) else x for x in held]
        return type(self).__name__, inner

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(repr(getattr(self, f)) for f in self.fields)})"


class Dropout(_Block):
    """Inputs of which, in training mode, some are set to 0 at random, and the others grow.

    Outside of that mode they pass as they are. The others are multiplied by 1 / (1 - rate), so
    that the mean stays (Srivastava et al. 2014; PyTorch's convention). `learn` gives its programs
    the random numbers, which follow from its seed; elsewhere they are Python's `random`.

    Parameters
    ----------
    rate : float
        The probability of being set to 0; at least 0 and below 1.

    Raises
    ------
    ProgramError
        When called: in training mode, inside a function that is compiled.

    Examples
    --------
    >>> import random
    >>> random.seed(1)
    >>> dropout = Dropout(0.5)
    >>> [x.data for x in dropout([1.0, 2.0, 3.0])]
    [1.0, 2.0, 3.0]
    >>> [x.data for x in dropout.train()([1.0, 2.0, 3.0])]
    [0.0, 4.0, 6.0]
    """

    _takes = "noise"
    fields = ("rate",)

    def __init__(self, rate: float) -> None:
        self.rate = in_range("rate", rate, 1.0)

    def _nin_for(self, nout: int) -> int:
        """The number of inputs that gives so many outputs."""
        return nout

    def __call__(self, x: Any) -> Any:
        """The inputs, a list, or one Value for one; some of them 0 in training mode."""
        xs = inputs_of(self, x)
        if self.training and self.rate:
            grown = 1.0 / (1.0 - self.rate)
            with scope(self.scope_name):
                xs = [x * where(less(drawn(repr(self)), self.rate), 0.0, grown) for x in xs]
        return _one_or_all(xs)


class LayerNorm(_Block):
    """Inputs less their mean, divided by their standard deviation, times `w`, plus `b`.

    The variance is the mean square of what is left, plus `eps` (Ba, Kiros & Hinton 2016; PyTorch's
    numbers). The parameters `w` and `b` are lists of n Values, which begin at 1 and 0.

    Parameters
    ----------
    n : int
        Number of inputs, at least 1.
    eps : float, default=1e-5
        Keeps the division finite where all inputs are equal; at least 0.

    Examples
    --------
    >>> [round(x.data, 3) for x in LayerNorm(4)([1.0, 2.0, 3.0, 4.0])]
    [-1.342, -0.447, 0.447, 1.342]
    """

    fields = ("n", "eps")

    def __init__(self, n: int, eps: float = 1e-5) -> None:
        self.n = self.nin = self.nout = layer_size("n", n)
        self.eps = in_range("eps", eps)
        self.w = [Value(1.0, label=f"w{i}") for i in range(self.n)]
        self.b = [Value(0.0, label=f"b{i}") for i in range(self.n)]
        self.place(current_scope.get())

    def __call__(self, x: Any) -> Any:
        """As many Values as inputs, in a list; one for one input."""
        xs = inputs_of(self, x)
        with scope(self.scope_name):
            centre = mean(xs)
            rest = [x - centre for x in xs]
            scale = 1.0 / sqrt(mean([*map(square, rest)]) + self.eps)
            return _one_or_all([
                x * scale * w + b for x, w, b in zip(rest, self.w, self.b, strict=True)
            ])  # fmt: skip


class Embedding(_Block):
    """A row of numbers, which are learnt, for each of n categories.

    Parameters
    ----------
    n : int
        Number of categories, whose indices are 0 to n - 1.
    width : int
        How many numbers stand for one.
    seed, init
        As for `Neuron`, with `n` for fan_in and `width` for fan_out.

    Attributes
    ----------
    rows, weights : arrays of shape (n, width)
        The parameters; their numbers, to read and to set.

    Raises
    ------
    IndexError
        When called, if there is no such category. `learn` looks at all samples before it begins.

    Examples
    --------
    >>> embedding = Embedding(3, 2)
    >>> embedding.weights = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]
    >>> [x.data for x in embedding(1)]
    [0.3, 0.4]
    >>> [x.data for x in embedding([2, 0])]
    [0.5, 0.6, 0.1, 0.2]
    """

    _takes = "entries"
    fields = ("n", "width")
    weights = Numbers(lambda part: part.rows)

    def __init__(
        self, n: int, width: int, seed: Any = None, init: str | Scheme = "uniform"
    ) -> None:
        self.n, self.width = layer_size("n", n), layer_size("width", width)
        rng, draw = generator(seed), scheme(init)
        labels = [f"e{i},{j}" for i in range(self.n) for j in range(self.width)]
        values = [Value(draw(rng, self.n, self.width), label=label) for label in labels]
        self.rows = np.array(values, dtype=object).reshape(self.n, self.width)
        self.place(current_scope.get())

    def __call__(self, x: Any) -> Any:
        """The rows of one index or of several, in one list; one Value for one number."""
        with scope(self.scope_name):
            return _one_or_all([y for index in elements_of(self, x) for y in self._row(index)])

    def _nin_for(self, nout: int) -> int:
        """The number of indices that gives so many outputs."""
        return nout // self.width

    def _row(self, index: Any) -> list[Any]:
        # Of a Value these are comparisons, which a program has as conditions for all its indices.
        if not (0 <= index < self.n and floor(index) == index):
            said = f"{index:.12g}" if isinstance(index, Value) else shown(index)
            raise EntryError(
                f"{self!r} takes the index of a category, a whole number from 0 to {self.n - 1}, "
                f"and was given {said}"
            )
        return list(take(self.rows, index))


class Residual(_Block):
    """A module's outputs added to its inputs: x + module(x) (He et al. 2016).

    Parameters
    ----------
    module : Module
        With as many outputs as inputs.

    Examples
    --------
    >>> from autograd_lite.nn import Layer
    >>> block = Residual(Layer(2, 2, "tanh", seed=1))
    >>> block.module.weights = [[0.0, 0.0], [0.0, 0.0]]
    >>> [x.data for x in block([3.0, 4.0])]
    [3.0, 4.0]
    """

    fields = ("module",)

    def __init__(self, module: Module) -> None:
        if not isinstance(module, Module):
            raise TypeError(
                f"Residual takes a module and was given {typed(module)}; write "
                "Residual(Layer(4, 4))"
            )
        self.module = module
        self.place(current_scope.get())

    nin = property(lambda self: self.module.nin, doc="Number of inputs, if the module has one.")
    nout = nin

    def __call__(self, x: Any) -> Any:
        """As many Values as inputs, in a list; one for one input."""
        xs = inputs_of(self, x)
        with scope(self.scope_name):
            outs = as_list(self.module(xs))
            if len(outs) != len(xs):
                raise ShapeError(
                    f"Residual adds what a module gives to its inputs, and {shown(self.module)} "
                    f"gives {counted(len(outs), 'output')} for {counted(len(xs), 'input')}"
                )
            return _one_or_all([x + out for x, out in zip(xs, outs, strict=True)])


def _one_or_all(outs: list[Any]) -> Any:
    return outs[0] if len(outs) == 1 else outs
