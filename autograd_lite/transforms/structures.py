"""The parts of structures, and how they are made again without a user's own code.

What that code did to the numbers, in ``__post_init__`` say, is done already.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Iterable
from enum import Enum
from numbers import Number
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.errors import ShapeError, typed

_SETTINGS = (type(None), str, bytes, bool, np.bool_, Enum, type)
#: Of which subclasses are made again, too; the more special ones first.
_BASES = (OrderedDict, defaultdict, dict, list, tuple)
_UNSET = object()
_DEEPEST = 100
#: How the names of attributes begin in which an object keeps what it would find out again.
KEPT = "_kept_"


class Parts(NamedTuple):
    """A structure opened: keys, parts, the way back, and others that are handed on as they are."""

    keys: list[Any]
    things: list[Any]
    build: Callable[[Iterable[Any]], Any]
    others: dict[str, Any]


class Setting:
    """The kind of a tree without numbers; see `is_setting`."""


class Same:
    """An object as a key: only itself is equal to it, or what has an equal `key`, if given."""

    def __init__(self, thing: Any, key: Hashable = None) -> None:
        self.thing, self._key = thing, id(thing) if key is None else key

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self._key == other._key


def is_setting(thing: Any) -> bool:
    """Whether it is handed on as it is: text, None, a bool, an Enum member, a function …."""
    if isinstance(thing, _SETTINGS):
        return True
    if isinstance(thing, np.ndarray):
        return bool(thing.dtype.kind == "b")
    if not callable(thing) or isinstance(thing, _BASES) or dataclasses.is_dataclass(thing):
        return False
    return not is_network(thing)


def setting_key(thing: Any, name: str) -> Hashable:
    """The key of a setting; a TypeError if it can change without being another."""
    if isinstance(thing, np.ndarray) and thing.dtype.kind != "O":
        return "array", thing.shape, thing.dtype.str, thing.tobytes()
    if isinstance(thing, tuple):
        return type(thing), tuple([setting_key(part, name) for part in thing])
    if callable(thing) or isinstance(thing, Enum):
        return "callable", Same(thing)
    try:
        hash(thing)
    except TypeError:
        raise TypeError(
            f"{name} is {typed(thing)}, of which a program sees no change; make it a tuple"
        ) from None
    by_address: Any = object.__repr__
    text = "" if type(thing).__repr__ is by_address else repr(thing)  # tells 0.0 from -0.0
    return "static", thing, type(thing), text


def is_network(thing: Any) -> bool:
    """Whether its numbers are those of ``parameters()``; a dataclass has to name them, too."""
    kind = type(thing)
    return callable(getattr(kind, "parameters", None)) and (
        not dataclasses.is_dataclass(kind) or hasattr(kind, "named_parameters")
    )


def parts_of(thing: Any, name: str) -> Parts | None:
    """A list, tuple, dict or dataclass opened; None if it is something else.

    A TypeError names a number that would be lost, or no longer follow those it was computed from.
    """
    base: Any = type(thing)
    if base is dict:  # the usual case
        keys = [*thing]
        return Parts(keys, [*thing.values()], lambda items: dict(zip(keys, items, strict=True)), {})
    if base not in _BASES:
        if is_network(thing) or isinstance(thing, _SETTINGS):
            return None
        if dataclasses.is_dataclass(thing):
            return _dataclass(thing, name)
        base = next((base for base in _BASES if isinstance(thing, base)), None)
        if base is None:
            return None
    return _items(thing, base, name)


def _items(thing: Any, base: Any, name: str) -> Parts:
    """A list, tuple or dict opened, of a subclass perhaps; `base` is the class that it is of."""
    pairs = [*dict.items(thing)] if issubclass(base, dict) else [*enumerate(base.__iter__(thing))]
    for key in () if type(thing) is base else _attributes(thing, ()):
        raise TypeError(
            f"{name}: {type(thing).__name__}.{key} is no item of this {base.__name__}, and would "
            "be lost; make it one, or write a dataclass"
        )

    def build(items: Iterable[Any]) -> Any:
        if base is tuple:
            return tuple.__new__(type(thing), items)
        new = base.__new__(type(thing))
        for (key, _), item in zip(pairs, items, strict=True):
            if base is list:
                list.append(new, item)
            else:
                base.__setitem__(new, key, item)
        if base is defaultdict:
            new.default_factory = thing.default_factory
        if getattr(thing, "__dict__", None) is thing:  # its attributes are its items
            object.__setattr__(new, "__dict__", new)
        return new

    others = {"default_factory": thing.default_factory} if base is defaultdict else {}
    return Parts([key for key, _ in pairs], [part for _, part in pairs], build, others)


def _dataclass(thing: Any, name: str) -> Parts:
    parts: dict[str, Any] = {}
    others: dict[str, Any] = {}
    computed: dict[str, Any] = {}
    for field in dataclasses.fields(thing):
        part = getattr(thing, field.name, _UNSET)
        if part is not _UNSET:
            static = field.metadata.get("static", False)
            (others if static else parts)[field.name] = part
            if not (field.init or static):
                computed[field.name] = part
    for key, part in (computed | _attributes(thing, {*parts, *others})).items():
        if holds_numbers(part):
            raise TypeError(
                f"{name}: {type(thing).__name__}.{key} is computed from other fields: make it a "
                "property, as it would keep its number when these change"
            )

    def build(items: Iterable[Any]) -> Any:
        new = object.__new__(type(thing))
        for key, item in (*zip(parts, items, strict=True), *others.items()):
            object.__setattr__(new, key, item)
        return new

    return Parts([*parts], [*parts.values()], build, others)


def _attributes(thing: Any, known: Iterable[str]) -> dict[str, Any]:
    """Attributes of an instance, without the properties that its class caches."""
    return {
        key: other
        for key, other in getattr(thing, "__dict__", {}).items()
        if key not in known
        and thing.__dict__ is not thing
        and not hasattr(inspect.getattr_static(type(thing), key, None), "__get__")
    }


def deeper(depth: int, name: str) -> int:
    """One level more, in a structure that is nested."""
    if depth >= _DEEPEST:
        raise ShapeError(
            f"{name[:60]} … is nested more than {_DEEPEST} deep, or contains itself; use one list "
            "or array"
        )
    return depth + 1


def holds_numbers(thing: Any, depth: int = 0) -> bool:
    """Whether there are numbers in it, at any depth."""
    if is_setting(thing):
        return False
    try:
        parts = parts_of(thing, "")
    except TypeError:  # numbers that would be lost
        return True
    if parts is not None:
        inner = deeper(depth, typed(thing))
        return any(holds_numbers(part, inner) for part in parts.things)
    return isinstance(thing, Value | Number | np.ndarray)
