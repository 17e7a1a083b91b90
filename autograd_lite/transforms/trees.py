"""Structured arguments and results: taken apart into numbers, and put together again.

A structure is a number, a Value, an array of them, or a list, tuple, dict or dataclass of
structures. An object with a method ``parameters()`` (a network) is one too, of its parameters.
"""

from __future__ import annotations

import copy
import dataclasses
import operator
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.errors import ShapeError
from autograd_lite.ops.numbers import as_float
from autograd_lite.ops.rules import identity

_FLOATS = {float}
_NUMBERS = {float, Value}
_SEQUENCES = {list, tuple}


@dataclasses.dataclass(eq=False)
class Tree:
    """A structure taken apart.

    Attributes
    ----------
    leaves : list of float or Value
        Its numbers, in order.
    build : callable
        ``build(numbers)``: the structure again, with other numbers. Arrays are float arrays if
        all their numbers are floats, else object arrays.
    shape : tuple of int or None
        As NumPy would see it: () for a number, (n,) for a list of n numbers; None for what is no
        array (a dict, a ragged list).
    parameters : bool
        Whether the leaves belong to a network: they are differentiated as they are, while other
        Values are replaced by nodes of their own.
    names : callable
        ``names()``: how each leaf is written, for messages: ``x[0]['scale']``.
    plain : bool
        Whether all leaves are known to be floats, and can be handled without looking at each.
    """

    leaves: list[Any]
    build: Callable[[Iterator[Any]], Any]
    shape: tuple[int, ...] | None
    parameters: list[bool]
    names: Callable[[], list[str]]
    plain: bool = False

    def described(self) -> str:
        """Its size, for messages."""
        count = f"{len(self.leaves)} number" + "s" * (len(self.leaves) != 1)
        return count if self.shape is None else f"{count} (shape {self.shape})"

    def rebuilt(self, numbers: list[Any]) -> Any:
        """The structure again, with other numbers."""
        return self.build(iter(numbers))


def take_apart(thing: Any, name: str) -> Tree:
    """A structure as its numbers and the way back.

    Parameters
    ----------
    thing : structure
    name : str
        What it is called in messages.

    Raises
    ------
    TypeError
        Naming the place of what is neither a number nor a structure.
    """
    if isinstance(thing, Value):
        return Tree([thing], next, (), [False], lambda: [name])
    if type(thing) in _SEQUENCES:  # before the slower questions: the usual case
        return _sequence(thing, name)
    if isinstance(thing, np.ndarray):
        return _array(thing, name)
    if callable(getattr(type(thing), "parameters", None)):
        return _network(thing, name)
    if isinstance(thing, Mapping):
        parts = {key: take_apart(part, f"{name}[{key!r}]") for key, part in thing.items()}
        return _joined(
            list(parts.values()),
            lambda rest: type(thing)(
                {key: part.build(rest) for key, part in parts.items()}  # type: ignore[call-arg]
            ),
            None,
        )
    if isinstance(thing, list | tuple):
        return _sequence(thing, name)
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        return _dataclass(thing, name)
    try:
        return Tree([as_float(thing)], next, (), [False], lambda: [name], plain=True)
    except TypeError as error:
        raise TypeError(f"{name}: {error}") from None


def _sequence(sequence: Any, name: str) -> Tree:
    n = len(sequence)
    kinds = {*map(type, sequence)}
    if kinds and kinds <= _NUMBERS:  # without a tree for each: the usual case
        return Tree(
            list(sequence),
            lambda rest: _like(sequence, list(islice(rest, n))),
            (n,),
            [False] * n,
            lambda: [f"{name}[{i}]" for i in range(n)],
            plain=Value not in kinds,
        )
    return together(
        [take_apart(part, f"{name}[{i}]") for i, part in enumerate(sequence)],
        lambda items: _like(sequence, items),
    )


def together(parts: list[Tree], like: Callable[[list[Any]], Any] = tuple) -> Tree:
    """Structures as one: a tuple of them, or another sequence."""
    return _joined(parts, lambda rest: like([p.build(rest) for p in parts]), _shape_of(parts))


def _array(array: np.ndarray[Any, Any], name: str) -> Tree:
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

    return Tree(leaves, build, array.shape, [False] * array.size, names, plain)


def _number(thing: Any, name: str) -> float:
    try:
        return as_float(thing)
    except TypeError as error:
        raise TypeError(f"{name}: {error}") from None


def array_of(numbers: list[Any], shape: tuple[int, ...]) -> Any:
    """An array of a shape: of floats if all are floats, else of objects."""
    if {*map(type, numbers)} <= _FLOATS:
        return np.array(numbers, dtype=np.float64).reshape(shape)
    if any(isinstance(number, Value) for number in numbers):
        array = np.empty(len(numbers), dtype=object)
        array[:] = numbers
        return array.reshape(shape)
    return np.array(numbers, dtype=np.float64).reshape(shape)


def _network(network: Any, name: str) -> Tree:
    parameters = list(network.parameters())

    def build(rest: Iterator[Any]) -> Any:
        others = [next(rest) for _ in parameters]
        if all(map(operator.is_, others, parameters)):
            return network
        values = _distinct(others)
        # deepcopy takes what its memo holds for an object in place of copying it
        copied = copy.deepcopy(
            network, {id(p): value for p, value in zip(parameters, values, strict=True)}
        )
        computed = frozenset(value for value in values if value.op)
        if computed and hasattr(copied, "computed_parameters"):
            copied.computed_parameters = computed
        return copied

    def names() -> list[str]:
        return [f"{name}.parameters()[{i}]" for i in range(len(parameters))]

    return Tree(parameters, build, None, [True] * len(parameters), names)


def _distinct(numbers: list[Any]) -> list[Value]:
    """Values, each another node, as parameters are."""
    found: dict[Value, None] = {}
    for number in numbers:
        value = number if isinstance(number, Value) else Value(number)
        found[identity(value) if value in found else value] = None
    return list(found)


def _dataclass(thing: Any, name: str) -> Tree:
    """Fields that are text, bool, None or functions are settings, and stay as they are."""
    parts = {
        field.name: take_apart(part, f"{name}.{field.name}")
        for field in dataclasses.fields(thing)
        if field.init and not _is_setting(part := getattr(thing, field.name))
    }
    return _joined(
        list(parts.values()),
        lambda rest: dataclasses.replace(thing, **{k: p.build(rest) for k, p in parts.items()}),
        None,
    )


def _is_setting(thing: Any) -> bool:
    if isinstance(thing, Value) or hasattr(type(thing), "parameters"):
        return False
    return thing is None or isinstance(thing, str | bytes | bool) or callable(thing)


def _joined(parts: list[Tree], build: Callable[..., Any], shape: tuple[int, ...] | None) -> Tree:
    return Tree(
        [*chain.from_iterable([part.leaves for part in parts])],
        build,
        shape,
        [*chain.from_iterable([part.parameters for part in parts])],
        lambda: [name for part in parts for name in part.names()],
        all(part.plain for part in parts),
    )


def _like(sequence: Any, items: list[Any]) -> Any:
    """The items as a list, tuple or named tuple."""
    kind = type(sequence)
    if kind is list:
        return items
    return kind(*items) if hasattr(kind, "_fields") else kind(items)


def _shape_of(items: list[Tree]) -> tuple[int, ...] | None:
    shapes = {item.shape for item in items}
    if len(shapes) > 1 or None in shapes:
        return None
    inner = shapes.pop() if shapes else ()
    return (len(items), *(inner or ()))


def numbers_like(tree: Tree, thing: Any, name: str) -> list[Any]:
    """The numbers of a structure that must be like another: a tangent or a seed.

    Raises
    ------
    ShapeError
        If it is not.
    """
    other = take_apart(thing, name)
    if len(other.leaves) != len(tree.leaves) or other.shape != tree.shape:
        raise ShapeError(
            f"{name} has {other.described()} and belongs to a structure of {tree.described()}"
        )
    return [
        leaf.data if parameter else leaf
        for leaf, parameter in zip(other.leaves, other.parameters, strict=True)
    ]
