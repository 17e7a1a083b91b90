"""Structured arguments and results: taken apart into numbers, and put together again.

A structure is a number, a Value, an array of them, or a list, tuple, dict or dataclass of
structures. An object with a method ``parameters()`` (a network) is one too, of its parameters.
Settings in it (see `is_setting`) have no numbers and stay as they are.
"""

from __future__ import annotations

import copy
import dataclasses
import operator
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, islice
from typing import Any

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.errors import ShapeError, counted, typed
from autograd_lite.ops.numbers import as_float, refuse_masked
from autograd_lite.ops.rules import identity
from autograd_lite.transforms.structures import (
    Setting,
    deeper,
    is_network,
    is_setting,
    parts_of,
    setting_key,
)

_NUMBERS = {float, Value}
_SEQUENCES = {list, tuple}


@dataclasses.dataclass(eq=False, slots=True)
class Tree:
    """A structure taken apart."""

    #: Its numbers, in order: floats and Values.
    leaves: list[Any]
    #: ``build(numbers)``: the structure again, with other numbers. Arrays are float arrays if all
    #: their numbers are floats, else object arrays.
    build: Callable[[Iterator[Any]], Any]
    #: As NumPy would see it: () for a number, (n,) for a list of n numbers; None for what is no
    #: array (a dict, a ragged list, a setting).
    shape: tuple[int, ...] | None
    #: For each leaf whether it is a network's parameter: those are differentiated as they are,
    #: while other Values are replaced by nodes of their own.
    parameters: list[bool]
    #: ``names()``: how each leaf is written, for messages: ``x[0]['scale']``.
    names: Callable[[], list[str]]
    #: Whether all leaves are known to be floats, and can be handled without looking at each.
    plain: bool = False
    #: float for every number, `Setting` for what has none; None stands for list and tuple.
    kind: type | None = float
    #: Trees by key, position or field; None where there are none, or numbers only.
    parts: dict[Any, Tree] | None = None
    #: A setting or network.
    thing: Any = None
    #: Other parts of a structure, which are handed on as they are.
    others: dict[str, Any] | None = None

    def described(self) -> str:
        """Its size and kind, for messages."""
        if self.is_setting:
            return f"the setting {typed(self.thing)}"
        count = counted(len(self.leaves), "number")
        count = count if self.shape is None else f"{count} (shape {self.shape})"
        kind = None if self.kind in (float, np.ndarray) else self.kind
        return count if kind is None else f"{count} in {kind.__name__}"

    def numbers(self) -> list[float]:
        """Its numbers as floats."""
        return self.leaves if self.plain else floats_of(self.leaves)

    def rebuilt(self, numbers: list[Any]) -> Any:
        """The structure again, with other numbers."""
        return self.build(iter(numbers))

    @property
    def is_setting(self) -> bool:
        """Whether it is handed on as it is."""
        return self.kind is Setting


def take_apart(thing: Any, name: str, depth: int = 0) -> Tree:
    """A structure as its numbers and the way back; messages call it by this name.

    A TypeError names the place of what is no structure, or of numbers that would be lost.
    """
    if isinstance(thing, Value):
        return Tree([thing], next, (), [False], lambda: [name])
    if type(thing) in _SEQUENCES:  # before the slower questions: the usual case
        return _sequence(thing, name, depth)
    if type(thing) is float or type(thing) is int:
        number = thing if type(thing) is float else as_float(thing)
        return Tree([number], next, (), [False], lambda: [name], True)
    if isinstance(thing, tuple) and not hasattr(thing, "__dict__"):
        return _sequence(thing, name, depth)
    if isinstance(thing, np.ndarray) and thing.dtype.kind != "b":
        return _array(thing, name)
    if type(thing) is not dict and is_setting(thing):
        return setting(thing)
    opened = parts_of(thing, name)
    if opened is not None:
        pairs = zip(opened.keys, opened.things, strict=True)
        kind = type(thing)
        inner = deeper(depth, name)
        trees = {key: take_apart(part, name + _step(kind, key), inner) for key, part in pairs}
        return _join(trees, opened.build, kind, opened.others)
    if is_network(thing):
        return _network(thing, name)
    try:
        return Tree([as_float(thing)], next, (), [False], lambda: [name], plain=True)
    except TypeError as error:
        raise TypeError(
            f"{name}: {error}, or a list, tuple, dict or dataclass of these; what is no number "
            'goes into a field declared with field(metadata={"static": True})'
        ) from None


def floats_of(leaves: Iterable[Any]) -> list[float]:
    """Floats and Values as floats."""
    return [leaf.data if isinstance(leaf, Value) else leaf for leaf in leaves]


def setting(thing: Any) -> Tree:
    """Something that has no numbers, and stays as it is."""
    return Tree([], lambda rest: thing, None, [], list, True, Setting, None, thing)


def _step(kind: type | None, key: Any) -> str:
    """How a part is reached, for messages."""
    return f".{key}" if dataclasses.is_dataclass(kind) else f"[{key!r}]"


def _sequence(sequence: Any, name: str, depth: int) -> Tree:
    n, kind = len(sequence), type(sequence)
    make: Any = kind if kind in _SEQUENCES else partial(tuple.__new__, kind)
    kinds = {*map(type, sequence)}
    if kinds and kinds <= _NUMBERS:  # without a tree for each: the usual case
        return Tree(
            list(sequence), lambda rest: make(islice(rest, n)), (n,), [False] * n,
            lambda: [f"{name}[{i}]" for i in range(n)], Value not in kinds, kind,
        )  # fmt: skip
    inner = deeper(depth, name)
    parts = {i: take_apart(part, f"{name}[{i}]", inner) for i, part in enumerate(sequence)}
    return _join(parts, make, kind)


def together(parts: list[Tree]) -> Tree:
    """Arguments as one structure."""
    return _join(dict(enumerate(parts)), tuple, None)


def _array(array: np.ndarray[Any, Any], name: str) -> Tree:
    refuse_masked(array, name)
    if isinstance(array, np.matrix):
        raise TypeError(f"{name} is {typed(array)}; write np.asarray(…)")
    plain = array.dtype.kind in "biuf"
    if plain:
        leaves: list[Any] = array.astype(np.float64).ravel().tolist()
    else:
        leaves = [
            thing if isinstance(thing, Value) else _number(thing, f"{name}{list(index)}")
            for index, thing in np.ndenumerate(array)
        ]

    def build(rest: Iterator[Any]) -> Any:
        return array_of(list(islice(rest, array.size)), array.shape)

    def names() -> list[str]:
        return [f"{name}{list(index)}" if index else name for index in np.ndindex(array.shape)]

    return Tree(leaves, build, array.shape, [False] * array.size, names, plain, np.ndarray)


def _number(thing: Any, name: str) -> float:
    try:
        return as_float(thing)
    except TypeError as error:
        raise TypeError(f"{name}: {error}") from None


def array_of(numbers: list[Any], shape: tuple[int, ...]) -> Any:
    """An array of a shape: of floats if all are floats, else of objects."""
    kind = object if Value in {*map(type, numbers)} else np.float64
    array = np.empty(len(numbers), dtype=kind)
    array[:] = numbers
    return array.reshape(shape)


def _network(network: Any, name: str) -> Tree:
    parameters = list(network.parameters())
    if not all(isinstance(parameter, Value) for parameter in parameters):
        raise TypeError(f"{name} is {typed(network)}, whose parameters() are no Values")

    def build(rest: Iterator[Any]) -> Any:
        others = [next(rest) for _ in parameters]
        if all(map(operator.is_, others, parameters)):
            return network
        values = _distinct(others)
        # deepcopy takes what its memo holds for an object in place of copying it
        copied = copy.deepcopy(network, dict(zip(map(id, parameters), values, strict=True)))
        if hasattr(copied, "computed_parameters"):
            vars(copied).pop("computed_parameters", None)  # of what was copied
            if computed := frozenset(value for value in values if value.op):
                copied.computed_parameters = computed
        return copied

    def names() -> list[str]:
        return [f"{name}.parameters()[{i}]" for i in range(len(parameters))]

    own = [True] * len(parameters)
    return Tree(parameters, build, None, own, names, kind=type(network), thing=network)


def _distinct(numbers: list[Any]) -> list[Value]:
    """Values, each another node, as parameters are."""
    found: dict[Value, None] = {}
    for number in numbers:
        value = number if isinstance(number, Value) else Value(number)
        found[identity(value) if value in found else value] = None
    return list(found)


def _join(parts: dict[Any, Tree], build: Callable[..., Any], kind: Any, others: Any = None) -> Tree:
    below = [*parts.values()]
    return Tree(
        [*chain.from_iterable([part.leaves for part in below])],
        lambda rest: build([part.build(rest) for part in below]),
        _shape_of(below) if issubclass(kind or tuple, (list, tuple)) else None,
        [*chain.from_iterable([part.parameters for part in below])],
        lambda: [name for part in below for name in part.names()],
        all(part.plain for part in below),
        kind, parts, None, others,
    )  # fmt: skip


def _shape_of(items: list[Tree]) -> tuple[int, ...] | None:
    shapes = {item.shape for item in items}
    if len(shapes) > 1 or None in shapes:
        return None
    inner = shapes.pop() if shapes else ()
    return (len(items), *(inner or ()))


def with_values(thing: Any, change: Callable[[Value], Any], depth: int = 0) -> Any:
    """Anything, with `change(value)` in place of each computed Value in its structures."""
    if isinstance(thing, Value):
        return change(thing)
    if isinstance(thing, np.ndarray) and thing.dtype.kind == "O":
        changed = np.empty(thing.size, dtype=object)
        changed[:] = [with_values(part, change) for part in thing.flat]
        return changed.reshape(thing.shape)
    if is_network(thing):
        tree = _network(thing, "")
        return tree.rebuilt([change(x) if x.op else x for x in tree.leaves])
    try:
        parts = parts_of(thing, "")
    except TypeError:
        return thing
    inner = deeper(depth, "what is given beside the value")
    return parts.build([with_values(p, change, inner) for p in parts.things]) if parts else thing


def numbers_like(tree: Tree, thing: Any, name: str) -> list[Any]:
    """The numbers of a structure that must be like another: a tangent or a seed.

    A ShapeError if it is not like that, by key, field and kind at every level.
    """
    other = take_apart(thing, name)
    pairs = zip(other.leaves, other.parameters, strict=True)
    numbers = [leaf.data if parameter else leaf for leaf, parameter in pairs]
    return [numbers[i] for i in places_like(tree, other, name)]


def places_like(
    tree: Tree, other: Tree, name: str, same_settings: bool = False, first: int = 0
) -> list[int]:
    """For each number of a structure its place, from `first` on, in another of the same kind.

    An array may stand for lists or tuples of its shape. A ShapeError names the first difference;
    settings may differ unless `same_settings`.
    """
    kinds = {tree.kind, other.kind}
    like = len(kinds) == 1 or None in kinds or np.ndarray in kinds
    if like and tree.parts is not None and other.parts is not None:
        starts, found = {}, []
        for key, part in other.parts.items():
            starts[key] = first
            first += len(part.leaves)
        for key, part in tree.parts.items():
            place = name + _step(tree.kind, key)
            if key not in starts:
                raise ShapeError(f"{place} is missing")
            found += places_like(part, other.parts[key], place, same_settings, starts.pop(key))
        for key in starts:
            raise ShapeError(f"{name}{_step(tree.kind, key)} has no counterpart")
        return found
    like = like and (tree.shape, len(tree.leaves)) == (other.shape, len(other.leaves))
    if like and same_settings and tree.is_setting:
        like = setting_key(tree.thing, name) == setting_key(other.thing, name)
    if like:
        return [*range(first, first + len(other.leaves))]
    raise ShapeError(f"{name} has {other.described()} and belongs to {tree.described()}")
