"""Module: a part of a network, with parameters that can be listed, saved, loaded and trained."""

import os
from collections.abc import Iterator, Mapping
from itertools import chain, product
from typing import Any, Self

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.errors import ModelFileError, shown
from autograd_lite.graph import place
from autograd_lite.nn import labels, model_files, tensors
from autograd_lite.nn.learning import learn as learning
from autograd_lite.nn.parts.overview import summary, tree
from autograd_lite.nn.parts.training_mode import forced


class Module(labels.Predictor):
    """A part of a network.

    Subclass it, keep leaves (`Value`), other modules, or lists, tuples, dicts and object arrays of
    them in attributes, and define ``__call__``. The parameters are found in the attributes, in the
    order in which these were set.

    Examples
    --------
    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = Value(0.0), Value(0.0)
    ...     def __call__(self, x):
    ...         return self.slope * x[0] + self.offset
    >>> line = Line()
    >>> [name for name, _ in line.named_parameters()]
    ['slope', 'offset']
    >>> history = line.learn([0, 1, 2], [1, 3, 5], epochs=300, learning_rate=0.1, progress=False)
    >>> line.predict([10]).round(2)
    array([21.])
    """

    #: Name of the part in pictures; a container numbers its parts ("neuron 3").
    scope_name: str = "module"
    #: Whether it is known that outputs depend on inputs and parameters alone.
    traceable: bool = False
    #: What of it `learn` must know before it begins: ``"noise"`` or ``"entries"``.
    _takes: str = ""
    _training = _frozen = False
    #: Values that take the places of parameters, though they are computed: in a gradient.
    computed_parameters: frozenset[Value] = frozenset()

    def __init_subclass__(cls) -> None:
        if "scope_name" not in vars(cls):
            cls.scope_name = cls.__name__
        if "traceable" not in vars(cls):
            cls.traceable = False

    def __call__(self, x: Any) -> Any:
        """The output for one sample."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, x)")

    def __str__(self) -> str:
        return tree(self, Module)

    def summary(self) -> str:
        """A table of all parts: numbers of outputs (where known) and parameters; how many frozen.

        Examples
        --------
        >>> from autograd_lite import nn
        >>> nn.Sequential(nn.Layer(2, 4, "tanh").freeze(), nn.Dropout(0.5)).summary()
        part        outputs  parameters  frozen  kind
        model                        12      12  Sequential
          layers.0        4          12      12  Layer of 4 TanhNeuron(2)
          layers.1                    0       0  Dropout(0.5)
        12 parameters, 12 of them frozen
        """
        return summary(self, Module)

    # --- parameters ---

    def parameters(self, frozen: bool = True) -> list[Value]:
        """All parameters, each once; without those that `freeze` keeps if not `frozen`."""
        found = dict.fromkeys(self._places())
        kept = set() if frozen else self._frozen_parameters()
        return [p for p in found if p not in kept] if kept else [*found]

    def _frozen_parameters(self) -> set[Value]:
        parts = [part for part in self._every_module() if part._frozen]
        return {p for part in parts for _, tensor in tensors.own_tensors(part) for p in tensor.flat}

    def _has_taking(self, what: str) -> bool:
        """Whether a part of it takes random ``"noise"`` in training, or looks up ``"entries"``."""
        return any(part._takes == what for part in self._every_module())

    def _every_module(self) -> "list[Module]":
        """This module and all in it, each once, a whole before its parts."""
        return [*{id(m): m for _, _, m in tensors.modules_in("", self, Module, {})}.values()]

    def named_parameters(self) -> list[tuple[str, Value]]:
        """(name, parameter) for each parameter, each once: ``layers.0.neurons.1.w.0``."""
        named: dict[Any, str] = {}
        for name, tensor in self._tensors():
            indices = product(*map(range, tensor.shape))
            for parameter, index in zip(tensor.flat, indices, strict=True):
                named.setdefault(parameter, ".".join([name, *map(str, index)]))
        return [(name, parameter) for parameter, name in named.items()]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0.0."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def state_dict(self) -> dict[str, np.ndarray[Any, Any]]:
        """The parameters' numbers by name: float64 arrays, one for each list of Values.

        A neuron of an MLP has ``layers.0.neurons.1.w``, of shape (nin,), and
        ``layers.0.neurons.1.b``, of shape ().
        """
        return {
            name: np.array([p.data for p in tensor.flat], dtype=np.float64).reshape(tensor.shape)
            for name, tensor in tensors.by_name(self._tensors()).items()
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set the parameters' numbers; if anything does not fit, none is changed.

        Parameters
        ----------
        state : mapping of str to array
            As `state_dict` gives it: the same names and shapes.

        Raises
        ------
        ShapeError
            If a shape differs.
        ValueError
            If names are missing or too many, or a number is nan or infinite.
        TypeError
            If `state` is no mapping, or holds anything but real numbers.
        """
        tensors.assign(tensors.matched(tensors.by_name(self._tensors()), state))

    def _tensors(self, others: frozenset[Value] = frozenset()) -> Iterator[tensors.Named]:
        return tensors.tensors_of("", self, Module, self.computed_parameters | others)

    def place(self, outer: tuple[str, ...]) -> None:
        """Tell all parameters in which part of the network they are, given the scopes around it."""
        path = (*outer, self.scope_name)
        for thing in vars(self).values():
            held = thing.ravel().tolist() if isinstance(thing, np.ndarray) else thing
            for part in held if isinstance(held, list) else [held]:
                if isinstance(part, Module):
                    part.place(path)
                elif isinstance(part, Value):
                    place(part, path)

    # --- files ---

    def describe(self) -> dict[str, Any]:
        """The architecture as plain data, which `save` writes beside the parameters.

        Of a class of your own it is only the name: `load` into a module that you made works,
        `nn.load`, which would have to make it, does not.
        """
        return {"type": f"{type(self).__module__}.{type(self).__qualname__}"}

    def _description(self) -> dict[str, Any]:
        """The architecture, and which of its parameters are shared."""
        runs = tensors.repeated(self._places())
        return (
            {"type": "Shared", "module": self.describe(), "runs": runs} if runs else self.describe()
        )

    def _places(self) -> list[Value]:
        """The parameter in each place; a shared one has several."""
        return [*chain(*[tensor.ravel().tolist() for _, tensor in self._tensors()])]

    def save(self, path: str | os.PathLike[str], extra: Mapping[str, str] | None = None) -> None:
        """Write parameters and architecture to a safetensors file, atomically.

        Whatever goes wrong meanwhile, the path holds either the old file or the whole new one.

        Parameters
        ----------
        path : str or path-like
        extra : mapping of str to str, optional
            More to keep in the file, which `nn.read_extra` gives back.

        Raises
        ------
        ValueError
            If a parameter is nan or infinite, or if the architecture cannot be described, as with
            an activation that is a function of your own.
        """
        description = self._description()
        state = self.state_dict()
        for name, numbers in state.items():
            tensors.check_finite(name, numbers)
        frozen = self._frozen_parameters()
        kept = [name for name, tensor in self._tensors() if frozen.issuperset(tensor.flat)]
        learnt = labels.as_plain(self) | ({"frozen": kept} if kept else {})
        saved = model_files.SavedModel(state, description, dict(extra or {}), learnt)
        model_files.write(path, saved)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Set this module's parameters from a file that `save` wrote; what is frozen stays so.

        Parameters
        ----------
        path : str or path-like

        Raises
        ------
        ModelFileError
            If the file is not such a file, is damaged, or does not fit this module. Nothing is
            changed then.
        """
        saved = model_files.read(path)
        try:
            numbers = tensors.matched(tensors.by_name(self._tensors()), saved.tensors)
            self._check_description(saved.description)
            labels.restore(self, saved.learnt)
        except ValueError as error:
            raise ModelFileError(f"{os.fsdecode(path)}: {error}") from None
        tensors.assign(numbers)

    def _freeze_named(self, names: Any) -> None:
        """Freeze the parts whose parameters have names that a file says."""
        named = dict(self._tensors())
        if not isinstance(names, list) or not all(type(x) is str and x in named for x in names):
            raise ValueError(f"what is frozen in it is {shown(names, 60)}, and no list of names")
        kept = {p for name in names for p in named[name].flat}
        for part in self._every_module():
            own = {p for _, tensor in tensors.own_tensors(part) for p in tensor.flat}
            part._frozen = bool(own) and own <= kept

    def _check_description(self, theirs: Any) -> None:
        """The same numbers with another activation would be another function."""
        try:
            mine = self._description()
        except ValueError:  # a user's functions: only the user can know
            return
        if theirs != mine:
            raise ValueError(f"it describes {shown(theirs, 300)} and this module is {mine}")

    # --- training ---

    learn = learning.learn

    @property
    def training(self) -> bool:
        """Whether it is in training mode, in which `Dropout` drops; at first it is not.

        In `learn` every module is while parameters are moved, and none while samples are only
        measured, by `predict` too; afterwards each has the mode that it had.
        """
        mode = forced.get()
        return self._training if mode is None else mode

    @training.setter
    def training(self, mode: bool) -> None:
        self._training = bool(mode)

    def train(self, mode: bool = True) -> Self:
        """Go into training mode, with all modules inside, for a loop of your own; return self."""
        return self._with("_training", bool(mode))

    def eval(self) -> Self:
        """Leave training mode, with all modules inside, and return self."""
        return self.train(False)

    def freeze(self) -> Self:
        """Keep the parameters as they are in `learn`, those of all modules inside too; return self.

        Of a shared parameter it is enough that one of its modules is frozen. `parameters` lists
        frozen ones, and `state_dict` has their numbers; `save` keeps what is frozen for `nn.load`.
        Give an optimiser of your own loop ``parameters(frozen=False)``.
        """
        return self._with("_frozen", True)

    def unfreeze(self) -> Self:
        """Undo `freeze`, for all modules inside too, and return self."""
        return self._with("_frozen", False)

    def _with(self, name: str, holds: bool) -> Self:
        for part in self._every_module():
            setattr(part, name, holds)
        return self
