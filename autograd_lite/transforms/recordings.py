"""A function's graph, recorded at given arguments: the beginning of every transform.

Each number that is differentiated becomes a node of its own, even when the caller's argument is a
Value already: so a function that also closes over that Value is differentiated by its argument
alone, and nested derivatives cannot be confused (Siskind & Pearlmutter, Perturbation
Confusion and Referential Transparency, 2005).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial, wraps
from operator import index
from types import MethodType
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lite.engine import Value, adjoints, all_around, going_on, is_silent, topological_order
from autograd_lite.errors import ShapeError, typed
from autograd_lite.modes import recording
from autograd_lite.ops.reductions import dot
from autograd_lite.ops.rules import identity
from autograd_lite.transforms.nesting import Differentiation, differentiating
from autograd_lite.transforms.sweeps import between, float_sweep, reverse_sweep, tangent_sweep
from autograd_lite.transforms.trees import Tree, take_apart, together, with_values

if TYPE_CHECKING:
    from autograd_lite.transforms.signatures import P, R

Function = Callable[..., Any]
Argnums = int | tuple[int, ...] | slice

_PLAIN = {float, int, np.float64}


class Recording:
    """A function's graph at given arguments."""

    #: The differentiated arguments, as they were given, and one node for each of their numbers.
    arguments: list[Tree]
    inputs: list[Value]
    #: The function's result: floats where it depends on nothing, and the other leaves, `nodes`.
    result: Tree
    nodes: list[Value]
    #: Whether derivatives are recorded as Values: where the caller gave some, or the function
    #: depends on an input of a differentiation around this one. Where it does, they leave as Values
    #: even if the caller gave floats: it is `nested`.
    recorded: bool
    nested: bool

    def __init__(
        self, function: Function, args: Sequence[Any], keywords: Mapping[str, Any],
        positions: Sequence[int], has_aux: bool = False,
    ) -> None:  # fmt: skip
        if not callable(function):
            raise TypeError(
                f"expected a function to differentiate and was given {typed(function)}; pass the "
                "function itself, not its result"
            )
        name = name_of(function)
        self.arguments = [take_apart(args[i], f"argument {i} of {name}") for i in positions]
        self.inputs: list[Value] = []
        given = list(args)
        for i, tree in zip(positions, self.arguments, strict=True):
            nodes = list(
                map(Value, tree.leaves) if tree.plain else map(_input, tree.leaves, tree.parameters)
            )
            given[i] = tree.rebuilt(nodes)
            self.inputs += nodes
        if not self.inputs and self.arguments and all(tree.is_setting for tree in self.arguments):
            _refuse_setting(self.arguments[0], f"argument {positions[0]} of {name}")
        outer, mark = all_around(), Value(0.0)
        with differentiating(self.inputs, self.arguments):
            output = function(*given, **keywords)
        self._end(output, name, outer, mark, has_aux)

    @classmethod
    def of(cls, args: Sequence[float], inputs: list[Value], out: Any, name: str) -> Recording:
        """The recording of a function that gave `out` at nodes for numbers; see `at_numbers`."""
        recording = cls.__new__(cls)
        recording.arguments = [take_apart(x, f"an argument of {name}") for x in args]
        recording.inputs = inputs
        recording._end(out, name, (), inputs[0])
        return recording

    def _end(self, output: Any, name: str, outer: Any, mark: Value, has_aux: bool = False) -> None:
        beside: dict[Value, None] = {}
        if has_aux:
            if not isinstance(output, tuple) or len(output) != 2:
                raise TypeError(f"{name} has_aux, so must return (value, aux): {typed(output)}")
            output, self._aux = output
            with_values(self._aux, lambda value: beside.setdefault(value) or value)
        self.result = take_apart(output, f"the result of {name}")
        if self.result.is_setting:
            _refuse_setting(self.result, f"the result of {name}")
        self.nodes = [leaf for leaf in self.result.leaves if isinstance(leaf, Value)]
        self.nested = bool(outer) and self._reaches(outer, mark, [*self.nodes, *beside])
        self.recorded = self.nested or any(
            isinstance(leaf, Value) and not parameter
            for tree in self.arguments
            if not tree.plain
            for leaf, parameter in zip(tree.leaves, tree.parameters, strict=True)
        )

    def _reaches(self, outer: Sequence[Differentiation], mark: Value, found: list[Value]) -> bool:
        """Whether nodes recorded since the mark depend on a differentiation around."""
        nodes = topological_order(found, [mark])
        older = [node for node in nodes if node._stamp < mark._stamp]
        return any(each.reaches(x) or each.varies(x) for each in outer for x in older)

    def follow(self, seeds: Iterable[Any]) -> None:
        """Record derivatives along directions that are Values, so that these are differentiable."""
        if any(isinstance(seed, Value) for seed in seeds):
            self.recorded = self.nested = True

    def dependent(self) -> list[Value]:
        """The nodes between the inputs and the outputs, in topological order."""
        return between(self.nodes, self.inputs)

    def value(self) -> Any:
        """The function's result: floats, unless derivatives are recorded."""
        return self.result.rebuilt([self.number(leaf) for leaf in self.result.leaves])

    @property
    def aux(self) -> Any:
        """The second thing that the function returned; its numbers as those of `value`."""
        return with_values(self._aux, self.number)

    def number(self, found: Any) -> Any:
        """A value or derivative of this function: a float, unless derivatives are recorded."""
        return found.data if isinstance(found, Value) and not self.recorded else found

    def adjoints(
        self, outputs: Iterable[tuple[Any, Any]], inputs: list[Value] | None = None
    ) -> list[Any]:
        """The adjoints of the inputs, or of these, given some outputs with theirs."""
        inputs = self.inputs if inputs is None else inputs
        pairs = [pair for pair in outputs if isinstance(pair[0], Value)]
        if not pairs:
            return [0.0] * len(inputs)
        if self.recorded:
            total: dict[Value, Any] = {}
            for leaf, seed in pairs:
                total[leaf] = total[leaf] + seed if leaf in total else seed
            found = reverse_sweep(between([*total], inputs), total)
            return [found.get(node, 0.0) for node in inputs]
        # of several outputs a single sweep, from one node above them all
        root, factor = pairs[0] if len(pairs) == 1 else (dot(*zip(*pairs, strict=True)), 1.0)
        return adjoints(root, factor, inputs)

    def pulled_back(self, seeds: Sequence[Any]) -> list[Any]:
        """The adjoints of the inputs, given those of all outputs, structured like the arguments.

        Floats where the caller gave floats, Values where he gave Values.
        """
        self.follow(seeds)
        return self.like_arguments(self.adjoints(zip(self.result.leaves, seeds, strict=True)))

    def tangents(self, seeds: Sequence[Any]) -> list[Any]:
        """The tangent of each number that the function returned, given those of the inputs."""
        self.follow(seeds)
        if self.recorded:
            tangent = tangent_sweep(self.dependent(), dict(zip(self.inputs, seeds, strict=True)))
        else:
            found = float_sweep(self.nodes, self.inputs, seeds)
            tangent = dict(zip(self.nodes, found, strict=True))
        return [tangent.get(leaf, 0.0) for leaf in self.result.leaves]

    def like_arguments(self, numbers: list[Any]) -> list[Any]:
        """Structures like the differentiated arguments, of derivatives by their numbers."""
        found, last = [], 0
        for tree in self.arguments:
            first, last = last, last + len(tree.leaves)
            own = numbers[first:last]
            if self.recorded or not tree.plain:
                own = list(map(self._like, tree.leaves, own))
            found.append(tree.rebuilt(own))
        return found

    def in_values(self, tree: Tree) -> bool:
        """Whether derivatives by an argument leave as Values."""
        given = self.nested or any(isinstance(leaf, Value) for leaf in tree.leaves)
        return self.recorded and given

    def _like(self, leaf: Any, adjoint: Any) -> Any:
        if isinstance(leaf, Value):
            return adjoint if isinstance(adjoint, Value) else Value(adjoint)
        return adjoint if self.nested or not isinstance(adjoint, Value) else adjoint.data


def _input(leaf: Any, parameter: bool) -> Value:
    """The node that stands for one number of an argument."""
    if parameter:
        return leaf  # type: ignore[no-any-return]
    node: Value = identity(leaf) if isinstance(leaf, Value) else Value(leaf)
    return node


def _refuse_setting(tree: Tree, name: str) -> None:
    """Raise a TypeError for a setting, such as None, where a number is wanted."""
    way_out = "write float(text) for one in text, 1.0 or 0.0 for a bool"
    raise TypeError(f"{name} is {typed(tree.thing)}, which is no number; {way_out}")


def record(
    f: Function, args: Sequence[Any], keywords: Any, argnums: Any, has_aux: bool = False
) -> Recording:
    """The recording of a call, differentiated by the arguments that `argnums` names."""
    recording = Recording(f, args, keywords, _positions(argnums, len(args)), has_aux)
    if isinstance(argnums, slice):
        recording.arguments = [together(recording.arguments)]
    return recording


def are_plain(f: Function, numbers: Sequence[Any]) -> bool:
    """Whether the outermost function is differentiated, by plain numbers: a short cut is taken."""
    kinds = {*map(type, numbers)}
    return bool(kinds) and kinds <= _PLAIN and not going_on and callable(f)


def at_numbers(
    f: Function, args: Sequence[Any], keywords: Mapping[str, Any], positions: Iterable[int]
) -> tuple[list[Value], Any]:
    """Nodes for some arguments, which are plain numbers, and the function's result there."""
    given, inputs = [*args], []
    for i in positions:
        given[i] = x = Value(args[i])
        inputs.append(x)
    going_on.append(this := Differentiation(inputs))
    try:
        return inputs, f(*given, **keywords)
    finally:
        going_on.remove(this)


def check_scalar(recording: Recording) -> None:
    """Raise a ShapeError if the function returned anything but one number."""
    result = recording.result
    if result.shape != ():
        raise ShapeError(
            "this takes a function that returns one number, and it returned "
            f"{result.described()}; ag.jacobian and ag.vjp take any"
        )


def one_or_all(structures: list[Any], argnums: Any) -> Any:
    """The only structure, or a tuple of them where `argnums` is one."""
    return tuple(structures) if isinstance(argnums, tuple | list) else structures[0]


def also_in_no_grad(function: Callable[P, R]) -> Callable[P, R]:
    """The function, made to record inside `no_grad`, too; its result is leaves then."""

    @wraps(function)
    def recorded(*args: P.args, **keywords: P.kwargs) -> R:
        if not is_silent():
            return function(*args, **keywords)
        with recording():
            found = function(*args, **keywords)
        leaves: R = handed_out(found)
        return leaves

    return recorded


def handed_out(found: Any) -> Any:
    """A structure of derivatives, which inside `no_grad` remember nothing."""
    if not is_silent():
        return found
    return with_values(found, lambda value: value.detach())


class Transformed(partial[Any]):
    """A function made of another, with the name, the signature and the documentation of that.

    It can be pickled if that can, and be a method.
    """

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<{self.func.__name__[1:]}({name_of(self.args[0])})>"


def transformed(function: Function, f: Function, *options: Any) -> Transformed:
    """A function of a transform's module, as one of the arguments that come after `options`."""
    found = Transformed(function, f, *options)
    known = vars(found)
    known["__wrapped__"], known["__name__"] = f, name_of(f)
    known["__qualname__"] = getattr(f, "__qualname__", known["__name__"])
    known["__doc__"] = getattr(f, "__doc__", None)
    return found


def name_of(f: Any) -> str:
    """A function's name in messages."""
    return str(getattr(f, "__name__", type(f).__name__))


def named_positions(argnums: Any, count: int) -> list[int]:
    """The positions that argnums names, among so many arguments; negative ones as they are."""
    named = argnums if isinstance(argnums, tuple | list) else (argnums,)
    try:
        return [*(range(count)[argnums] if isinstance(argnums, slice) else map(index, named))]
    except TypeError:
        said = "argnums is a position, a tuple of positions or a slice, and was given "
        raise TypeError(said + typed(argnums)) from None


def _positions(argnums: Any, count: int) -> tuple[int, ...]:
    """The positions of the arguments to differentiate by."""
    found = tuple([i + count if i < 0 else i for i in named_positions(argnums, count)])
    if not found or len(set(found)) < len(found) or not all(0 <= i < count for i in found):
        raise ValueError(
            f"argnums={argnums!s:.80} does not fit a call with {count} positional "
            "arguments; arguments to differentiate by are given by position, each once"
        )
    return found
