"""Outlines of networks: equal ones are the same function of their parameters."""

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

    A program for it fits every network of equal outline. Attributes count, through lists, dicts
    and objects, except those that hold what could be found out again.
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
        known = _whole(thing)
        if known is not None:
            return known
    seen[id(thing)] = len(seen)
    if kind is list:
        run = _run_of(thing, numbers)
        return run or (kind, tuple([_part(part, numbers, seen) for part in thing]))
    state: Any = thing if kind is dict else object.__getstate__(thing) or {}
    word = "slots" if isinstance(state, tuple) else "object"
    state = (state[0] or {}) | state[1] if word == "slots" else state
    parts = tuple([
        (key, _part(part, numbers, seen)) for key, part in state.items()
        if not (isinstance(key, str) and key.startswith(KEPT))
    ])  # fmt: skip
    return (kind, parts) if kind is dict else (word, kind, parts)


def _whole(thing: Any) -> Hashable:
    """The key of an array or setting; None of an object whose attributes count."""
    if type(thing) is np.ndarray:
        return setting_key(thing, "an array")
    if not (is_setting(thing) or isinstance(thing, ModuleType)) and hasattr(thing, "__dict__"):
        return None
    hashed: Any = type(thing).__hash__  # None if it can change
    if callable(thing) or hashed in (None, object.__hash__):
        return "callable" if callable(thing) else "other", Same(thing)
    return "callable", Same(thing, setting_key(thing, "a setting"))


def _run_of(things: list[Any], numbers: Mapping[Value, int]) -> Hashable:
    """The first number and the count, where a list is parameters in their order; else None."""
    if not things or {*map(type, things)} != {Value}:
        return None
    found = [*map(numbers.get, things)]
    first = found[0]
    if first is None or found != [*range(first, first + len(found))]:
        return None
    return "parameters", first, len(found)


def networks_of(function: Any, seen: dict[int, Any] | None = None) -> list[Any]:
    """The networks that a function reads though they are no arguments.

    It may be a network, the method of one, or find one among globals or in a closure.
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
        parts = [wrapped]  # a compiled function, say
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
