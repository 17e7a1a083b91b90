"""Networks as a program sees them: which of them are one function of their parameters."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.transforms.structures import KEPT, Same, is_network, is_setting, setting_key


def outline(network: Any, parameters: Iterable[Value]) -> Hashable:
    """A network's structure, with numbers for its parameters; other Values are themselves.

    A program for it fits every network that has an equal outline. Attributes are looked at,
    through lists, dicts and objects, but for those that only make it quicker.
    """
    numbers = {parameter: i for i, parameter in enumerate(parameters)}
    return "network", len(numbers), _part(network, numbers, {})


def _part(thing: Any, numbers: Mapping[Value, int], seen: dict[int, int]) -> Hashable:
    kind = type(thing)
    if kind is Value:
        return ("parameter", numbers[thing]) if thing in numbers else ("callable", Same(thing))
    if kind is str:  # without the slower questions: the usual case
        return "static", thing, kind
    if kind is tuple:
        return kind, tuple([_part(part, numbers, seen) for part in thing])
    if isinstance(thing, MethodType):
        return "method", Same(thing.__func__), _part(thing.__self__, numbers, seen)
    if id(thing) in seen:
        return "again", seen[id(thing)]
    if kind is np.ndarray and thing.dtype.kind == "O":
        return "objects", thing.shape, _part(tuple(thing.flat), numbers, seen)
    if kind is not list and kind is not dict and not is_network(thing):
        if kind is np.ndarray:
            return setting_key(thing, "an array")
        if is_setting(thing) or isinstance(thing, ModuleType) or not hasattr(thing, "__dict__"):
            hashed: Any = kind.__hash__  # None of what can change
            if callable(thing) or hashed in (None, object.__hash__):
                return "callable" if callable(thing) else "other", Same(thing)
            return "callable", Same(thing, setting_key(thing, "a setting"))
    seen[id(thing)] = len(seen)
    if kind is list:
        if thing and {*map(type, thing)} == {Value}:
            found = [*map(numbers.get, thing)]
            first = found[0]
            if first is not None and found == [*range(first, first + len(found))]:
                return "parameters", first, len(found)
        return kind, tuple([_part(part, numbers, seen) for part in thing])
    state: Any = thing if kind is dict else object.__getstate__(thing) or {}
    word = "slots" if isinstance(state, tuple) else "object"
    state = (state[0] or {}) | state[1] if word == "slots" else state
    parts = tuple([
        (key, _part(part, numbers, seen)) for key, part in state.items()
        if not (isinstance(key, str) and key.startswith(KEPT))
    ])  # fmt: skip
    return (kind, parts) if kind is dict else (word, kind, parts)


def networks_of(function: Any, seen: dict[int, Any] | None = None) -> list[Any]:
    """The networks that a function reads though they are no arguments.

    It may be one, be its method, or find it around where it was written.
    """
    seen = {} if seen is None else seen
    if id(function) in seen:
        return []
    seen[id(function)] = function
    if is_network(function):
        return [function]
    parts: list[Any] = []
    if isinstance(function, partial):
        parts = [function.func, *function.args, *function.keywords.values()]
    elif isinstance(function, MethodType):
        own = function.__self__
        parts = [function.__func__, own, *getattr(own, "__dict__", {}).values()]
    elif isinstance(function, FunctionType):
        parts = [function.__globals__.get(name) for name in _names(function.__code__)]
        for cell in function.__closure__ or ():
            with suppress(ValueError):  # it is empty
                parts.append(cell.cell_contents)
        parts += [x for part in parts for x in _held(part)]
    elif wrapped := getattr(function, "__dict__", {}).get("__wrapped__"):
        parts = [wrapped]  # it is compiled, say
    return [network for part in parts for network in networks_of(part, seen)]


def _held(thing: Any) -> Iterable[Any]:
    """Contents of a list, dict or object that a function finds around it."""
    if isinstance(thing, list | tuple):
        return [part for part in thing if type(part) not in (float, int, Value)]
    if isinstance(thing, ModuleType | type):
        return ()
    held = thing if isinstance(thing, dict) else getattr(thing, "__dict__", {})
    return [*held.values()]


def _names(code: CodeType) -> Iterator[str]:
    """The global names in a function, and in those written inside of it."""
    yield from code.co_names
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _names(const)
