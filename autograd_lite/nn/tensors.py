"""Where an object keeps its parameters: a walk over its attributes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lite.engine import Value, topological_order
from autograd_lite.errors import GraphError, ShapeError, shown, some, typed
from autograd_lite.graph import check_fresh, op_of
from autograd_lite.nn.data import Array, real_array
from autograd_lite.ops.rules import identity

#: A name, and an object array of parameters.
Named = tuple[str, Array]
#: Types of settings, which hold nothing.
_PLAIN = {str, int, float, bool, type(None)}


def tensors_of(
    name: str,  # of the thing; the names of its parts follow after a dot
    thing: Any,
    kind: type | tuple[()],  # of the objects whose attributes are looked at
    computed: frozenset[Value] = frozenset(),  # parameters, though they are no leaves
    above: tuple[Any, ...] = (),  # the objects on the way here: a part may refer to its whole
) -> Iterator[Named]:
    """The parameters in attributes, lists, tuples, dicts and object arrays, in their order.

    A list of parameters makes one array; a shared parameter comes under each of its names.
    """

    if type(thing) in _PLAIN:
        return

    def is_parameter(part: Any) -> bool:
        return isinstance(part, Value) and (_is_free(part) or part in computed)

    def are_parameters(parts: Any) -> bool:
        # the usual case, without a call for each
        if {*map(type, parts)} == {Value} and all(map(_is_free, parts)):
            return True
        return all(map(is_parameter, parts))

    if isinstance(thing, np.ndarray):
        if thing.size and are_parameters(thing.ravel().tolist()):
            yield name, thing
    elif is_parameter(thing) or (
        isinstance(thing, list | tuple) and thing and are_parameters(thing)
    ):
        yield name, parameter_array(thing)
    elif not any(thing is whole for whole in above):
        for key, part in _parts(thing, kind).items():
            full = f"{name}.{key}" if name else f"{key}"
            yield from tensors_of(full, part, kind, computed, (*above, thing))


def own_tensors(module: Any) -> Iterator[Named]:
    """The parameters of a module, without those of the modules in it."""
    return tensors_of("", vars(module), (), module.computed_parameters)


def modules_in(
    name: str, thing: Any, kind: type, seen: dict[int, Any], depth: int = 0
) -> Iterator[tuple[str, int, Any]]:
    """Name, depth and module of each module in a structure, a whole before its parts.

    One that is there several times comes under each of its names, and its parts once.
    """
    if is_one := isinstance(thing, kind):
        yield name, depth, thing
    if id(thing) in seen or (type(thing) is list and {*map(type, thing)} == {Value}):
        return  # of parameters without looking at each, as usual
    seen[id(thing)] = thing
    for key, part in _parts(thing, kind).items():
        if type(part) is not Value and type(part) not in _PLAIN:
            full = f"{name}.{key}" if name else f"{key}"
            yield from modules_in(full, part, kind, seen, depth + is_one)


def _parts(thing: Any, kind: type | tuple[()]) -> Mapping[Any, Any]:
    if isinstance(thing, kind):
        return vars(thing)
    if isinstance(thing, Mapping):
        return thing
    return dict(enumerate(thing)) if isinstance(thing, list | tuple) else {}


def _is_free(value: Value) -> bool:
    """Whether a Value is a leaf that may be set: not computed, not a constant.

    Or its copy, which is computed inside a function that is differentiated or compiled by it.
    """
    while value.op:
        if op_of(value) is not identity:
            return False
        [value] = value.parents
    return not value.constant


def parameter_array(parameters: Any) -> Array:
    """One parameter or a list as an array, without NumPy asking each for its length."""
    if isinstance(parameters, Value):
        return np.fromiter([parameters], dtype=object).reshape(())
    return np.fromiter(parameters, dtype=object)


def check_finite(name: str, numbers: Array) -> None:
    """Raise a ValueError if one of a tensor's numbers is nan or infinite."""
    bad = np.argwhere(~np.isfinite(numbers))
    if len(bad):
        where, number = "".join(f"[{i}]" for i in bad[0]), float(numbers[tuple(bad[0])])
        raise ValueError(f"{name}{where} is {number!r}; parameters must be finite")


def fitting(arrays: Mapping[str, Array], state: Mapping[str, Any], owner: str) -> dict[str, Array]:
    """The arrays of a state, copied; an error if it has other names or shapes than these."""
    if not isinstance(state, Mapping):
        raise TypeError(
            f"a state maps names to arrays, as state_dict() gives it, and was given {typed(state)}"
        )
    for names, fault in (
        (arrays.keys() - state.keys(), "lacks"),
        (state.keys() - arrays.keys(), f"holds names that this {owner} does not have:"),
    ):
        if names:
            raise ValueError(f"the state {fault} {some(sorted(names), 5)}")
    numbers = {name: real_array(name, state[name]) for name in arrays}
    for name, array in arrays.items():
        if numbers[name].shape != array.shape:
            raise ShapeError(
                f"{name} has shape {array.shape} here and {numbers[name].shape} in what was given"
            )
    return numbers


def matched(tensors: Mapping[str, Array], state: Mapping[str, Any]) -> list[tuple[Value, float]]:
    """The number that a state has for each parameter; an error if anything does not fit."""
    numbers = fitting(tensors, state, "module")
    for name in tensors:
        check_finite(name, numbers[name])
    found: dict[Value, float] = {}
    for name, tensor in tensors.items():
        for parameter, number in zip(tensor.flat, numbers[name].flat, strict=True):
            if found.setdefault(parameter, number) != number:
                raise ValueError(
                    f"a parameter of {name} is shared, and is {number} there and "
                    f"{found[parameter]} under another name in the state; give it one number"
                )
    return [*found.items()]


def repeated(parameters: Sequence[Value]) -> list[list[int]]:
    """Runs of parameters that were met before: where each begins, where it was, its length."""
    runs: list[list[int]] = []
    met: dict[Value, int] = {}
    for i, parameter in enumerate(parameters):
        before = met.setdefault(parameter, i)
        if before < i and runs and [sum(runs[-1][::2]), sum(runs[-1][1:])] == [i, before]:
            runs[-1][2] += 1
        elif before < i:
            runs.append([i, before, 1])
    return runs


def with_repeated(module: Any, parameters: Sequence[Value], runs: Iterable[Sequence[int]]) -> Any:
    """A copy of a module in which some of its parameters stand in the places of others."""
    memo = {}  # deepcopy takes what it holds for an object in place of copying it
    for begin, before, count in runs:
        for k in range(count):
            one, other = parameters[before + k], parameters[begin + k]
            memo[id(one)] = memo[id(other)] = one
    return copy.deepcopy(module, memo)


def assign(numbers: Iterable[tuple[Value, float]]) -> None:
    """Set parameters, which `matched` has checked."""
    for parameter, number in numbers:
        parameter.data = number


class Numbers:
    """An attribute of a part: an array of its parameters' numbers, to read and to set.

    It is a copy, in float64; setting is checked, and done whole or not at all.
    """

    def __init__(self, find: Callable[[Any], Array]) -> None:
        self._find = find

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, part: Any, owner: Any = None) -> Any:
        if part is None:
            return self
        array = self._find(part)
        numbers = np.array([parameter.data for parameter in array.flat], np.float64)
        return numbers.reshape(array.shape)[()]

    def __set__(self, part: Any, numbers: Any) -> None:
        assign(matched({self._name: self._find(part)}, {self._name: numbers}))


def by_name(tensors: Iterable[Named]) -> dict[str, Array]:
    """Tensors as a dict; a ValueError if two have one name, as ``{1: v, "1": w}`` gives."""
    found: dict[str, Array] = {}
    for name, tensor in tensors:
        if found.setdefault(name, tensor) is not tensor:
            raise ValueError(f"two parameters are called {name!r}; rename an attribute or a key")
    return found


def check_follows(model: Any, moving: Iterable[Value], outputs: Iterable[Any], now: int) -> None:
    """Raise a GraphError if an output goes by what was computed before now, and is not fresh.

    Nor will it be, if it was computed from a parameter that moves.
    """
    order = topological_order([y for y in outputs if isinstance(y, Value)])
    check_fresh([node for node in order if node._stamp < now], "learn")
    parameters, follow = {*moving}, {*moving}
    for node in order:
        if node in parameters or follow.isdisjoint(node.parents):
            continue
        follow.add(node)
        if node._stamp < now:
            held = model._tensors(frozenset({node}))
            names = [name for name, tensor in held if node in {*tensor.flat}]
            raise GraphError(
                f"{names[0] if names else shown(node)} of {type(model).__name__} was computed (by "
                f"{node.op!r}) from a parameter before the module is called, so that it keeps its "
                "number while that one moves; keep the parameter itself there, or compute it in "
                "the call"
            )


# --- what programs may rely on --------------------------------------------------------------------


def structure_of(part: Any, values: list[Value]) -> Any:
    """The settings that programs of a part depend on; its Values are added to `values`."""
    # Of a class below one of these nothing is known: it may do more.
    known = vars(type(part)).get("_program_structure")
    return object() if known is None else known(part, values)


def is_known(part: Any) -> bool:
    """Whether a part of a model, and what is in it, depends on its numbers alone."""
    return unknown_in(part) is None


def unknown_in(part: Any, *above: Any) -> Any:
    """A module or function in a part of a model that may depend on more; None without any."""
    if isinstance(part, Value) or type(part) in _PLAIN or any(part is x for x in above):
        return None
    if type(part) is list and {*map(type, part)} == {Value}:
        return None  # without looking at each, as usual
    inner = part
    if isinstance(part, Mapping):
        inner = part.values()
    elif hasattr(type(part), "traceable"):
        if not type(part).traceable:
            return part
        inner = vars(part).values()
    elif not isinstance(part, list | tuple):
        return part if callable(part) else None
    found = (unknown_in(each, part, *above) for each in inner)
    return next((each for each in found if each is not None), None)
