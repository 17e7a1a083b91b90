"""Layouts: the types, sizes and settings of arguments, and arguments as rows."""

import itertools
import math
from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from types import FunctionType, MemberDescriptorType, ModuleType
from typing import Any

import numpy as np

from autograd_lite.engine import Value, going_on, is_followed, refuse_values
from autograd_lite.errors import ShapeError, typed
from autograd_lite.ops import Op
from autograd_lite.ops.numbers import refuse_masked
from autograd_lite.program.code import Code, Floats
from autograd_lite.program.outlines import outline
from autograd_lite.transforms.structures import Same, deeper, is_setting, parts_of, setting_key
from autograd_lite.transforms.trees import Tree, take_apart

#: The numbers of each argument, and whether all rows share them.
Matrices = Sequence[tuple[Floats, bool]]

#: Kinds whose attributes are not looked at.
_FIXED = (type(None), type, FunctionType, ModuleType, Op, Code, np.ufunc)

#: The layout of a number.
NUMBER = "number"


def plain_rows(args: Sequence[Any]) -> tuple[tuple[Hashable, ...], Matrices]:
    """Layouts of a row, and matrices, of float arrays of one length; both empty for others."""
    for array in args:
        if type(array) is not np.ndarray or array.dtype != np.float64 or not array.ndim:
            return (), ()
    if not all(len(args[0]) == len(array) > 0 for array in args):
        return (), ()
    layouts = [(np.ndarray, array.shape[1:], False) if array.ndim > 1 else NUMBER for array in args]
    rows = [np.ascontiguousarray(array).reshape(len(array), -1) for array in args]
    return tuple(layouts), [(matrix, False) for matrix in rows]


def layout(tree: Tree) -> Hashable:
    """An argument's layout: its types, sizes and settings, not its numbers.

    The parts of a tuple or list come second, as their number where all are numbers; those of a dict
    with their keys. What comes third is nothing that a machine in C compares.
    """
    if tree.kind is float:
        return NUMBER
    if tree.is_setting:
        return part_key(tree.thing, "a setting")
    if tree.kind is np.ndarray:
        return tree.kind, tree.shape, not tree.plain
    if tree.thing is not None:
        return outline(tree.thing, tree.leaves)
    if tree.parts is None:
        return tree.kind, len(tree.leaves)
    parts: Any = tuple(map(layout, tree.parts.values()))
    if issubclass(tree.kind or tuple, dict):
        pairs = zip(tree.parts, parts, strict=True)
        parts = tuple([(k, p) if type(k) is str else (k, p, type(k)) for k, p in pairs])
    elif {*parts} == {NUMBER}:
        parts = len(parts)
    others = tree.others or {}
    keys = [(k, part_key(thing, f"field {k!r}")) for k, thing in others.items()]
    return (tree.kind, parts, *keys)


class HoldsValuesError(TypeError):
    """An object holds Values that may be differentiated, so no program can stand for the call."""


def part_key(thing: Any, name: str) -> Hashable:
    """The key of a part of a function; it changes when an attribute does."""
    if isinstance(thing, tuple):
        return type(thing), tuple([part_key(part, name) for part in thing])
    by_identity: Any = object.__hash__
    if type(thing).__hash__ is by_identity and not is_fixed(thing):
        return state_key(thing, name)
    return setting_key(thing, name)


def is_fixed(thing: Any) -> bool:
    """Whether its attributes are not looked at: a function, say."""
    return isinstance(thing, _FIXED) or hasattr(thing, "__wrapped__")


def state_key(thing: Any, name: str) -> Hashable:
    """The key of an object's attributes, those of its classes too."""
    kind = thing if isinstance(thing, type) else type(thing)
    held: dict[str, Any] = {}
    for key, part in (item for each in kind.__mro__[-2::-1] for item in vars(each).items()):
        if isinstance(part, MemberDescriptorType):  # of a slot
            held |= {key: getattr(thing, key)} if hasattr(thing, key) else {}
        elif not (key.startswith(("__", "_abc_")) or hasattr(part, "__get__")):
            held[key] = part
    held |= {} if kind is thing else getattr(thing, "__dict__", {})
    tree = take_apart(held, f"attributes of {name}, ")
    if holds_values(tree):
        raise HoldsValuesError(
            f"{name} is {typed(thing)}, which holds Values; make it a Module, whose parameters are "
            "numbers to a program"
        )
    pairs = [*zip(tree.leaves, tree.numbers(), tree.parameters, strict=True)]
    numbers = np.array([number for _, number, parameter in pairs if not parameter], np.float64)
    nodes = tuple([Same(leaf) for leaf, _, parameter in pairs if parameter])  # which are followed
    return "state", (Same(thing), layout(tree), numbers.tobytes(), nodes)


def holds_values(tree: Tree) -> bool:
    """Whether it holds Values of the user, or parameters that are computed or followed."""
    return not tree.plain and any(
        isinstance(leaf, Value) and (not parameter or leaf.op or is_followed(leaf))
        for leaf, parameter in zip(tree.leaves, tree.parameters, strict=True)
    )


def is_followed_in(tree: Tree) -> bool:
    """Whether it depends on inputs of a function around that is differentiated or compiled."""
    if tree.plain or not going_on:  # else a call over a network would ask for each parameter
        return False
    return any(isinstance(x, Value) and is_followed(x) for x in tree.leaves)


def shared_numbers(tree: Tree) -> Floats:
    """Numbers of an argument that rows share; none if it depends on a function around."""
    return np.array([] if is_followed_in(tree) else tree.numbers(), np.float64)


def rows_of(thing: Any, name: str, depth: int = 0) -> tuple[Any, Floats]:
    """An argument with a leading axis of rows: the first row, and all of them as a matrix.

    The first row is as the function gets it, of zeros if there is none; the matrix has a column for
    each number in a row. A ShapeError if rows differ, or there is no row axis.
    """
    known = type(thing) is np.ndarray or isinstance(thing, list | tuple)
    opened = None if known else parts_of(thing, name)
    if opened is not None:
        inner = deeper(depth, name)
        parts = [
            rows_of(part, f"{name}[{key!r}]", inner)
            for key, part in zip(opened.keys, opened.things, strict=True)
        ]
        if len({len(matrix) for _, matrix in parts}) != 1:
            raise ShapeError(f"{name} must have columns of one length")
        first = opened.build([row for row, _ in parts])
        return first, np.concatenate([matrix for _, matrix in parts], axis=1)
    if not isinstance(thing, np.ndarray | list | tuple):
        raise ShapeError(
            f"{name} is to have a row for each run, and is {typed(thing)}; "
            "name it in shared=(…) if all runs use the same"
        )
    refuse_masked(thing, name)
    try:
        array = np.asarray(thing)
    except ValueError:
        raise ShapeError(f"the rows of {name} differ in length") from None
    refuse_values(array.flat if array.dtype == object else (), name)
    if array.ndim == 0 or (array.dtype.kind not in "biuf" and array.size):
        raise ShapeError(
            f"{name} is to be an array of numbers with a row for each run, and is {typed(thing)}"
        )
    if array.dtype.kind == "b":
        raise ShapeError(f"{name} holds bools: name it in shared=(…), or write array.astype(float)")
    floats = np.ascontiguousarray(array, dtype=np.float64)
    size = math.prod(floats.shape[1:])
    matrix = floats.reshape(len(floats), size)
    if isinstance(thing, np.ndarray):
        row: Any = floats[0] if len(floats) else np.zeros(floats.shape[1:])
        return (row if floats.ndim > 1 else float(row)), matrix
    return (thing[0] if len(thing) else 0.0), matrix


def with_columns(example: Any, found: Floats, places: Iterator[int] | None = None) -> Any:
    """A result with a column for every number: views of `found`, where possible.

    It is structured like `example`, the result of one run; `found` has a row for each run.
    """
    places = itertools.count() if places is None else places
    kind = type(example)
    if kind is float:
        return found[:, next(places)]
    if kind is tuple or kind is list:  # before the slower questions: the usual case
        return kind([with_columns(part, found, places) for part in example])
    if isinstance(example, np.ndarray) and not is_setting(example):
        first = next(places) if example.size else 0
        deque(itertools.islice(places, max(0, example.size - 1)), maxlen=0)
        return found[:, first : first + example.size].reshape(len(found), *example.shape)
    if is_setting(example):
        return example
    opened = parts_of(example, "the result")
    if opened is not None:
        return opened.build([with_columns(part, found, places) for part in opened.things])
    raise TypeError(f"the result holds {typed(example)}, which has no rows; return its numbers")


def floats(thing: Any, name: str, dimensions: int) -> Floats:
    """A float array, the caller's own where it is one."""
    refuse_masked(thing, name)
    try:
        array = np.asarray(thing)
        if array.dtype.kind not in "biuf" and array.size:
            raise TypeError
        found: Floats = np.ascontiguousarray(array, dtype=np.float64)
    except (TypeError, ValueError):
        refuse_values(np.ravel(np.asarray(thing, dtype=object)), name)
        raise TypeError(
            f"{name} is to be an array of numbers and was given {typed(thing)}"
        ) from None
    if array.ndim != dimensions:
        wanted = "a column (one dimension)" if dimensions else "one number, as it is shared"
        raise ShapeError(f"{name} must be {wanted} and has shape {array.shape}")
    return found
