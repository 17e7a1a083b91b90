"""Arguments of compiled functions: what they are made of, and their rows."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections import deque
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_lite.engine import Value
from autograd_lite.errors import ShapeError
from autograd_lite.transforms.trees import Tree, take_apart

Floats = npt.NDArray[np.float64]


class Static:
    """An argument that is no number and has none inside: a text, None, a function."""

    def __init__(self, thing: Any) -> None:
        self.thing = thing


def is_static(thing: Any) -> bool:
    """Whether an argument is handed to the function as it is."""
    if thing is None or isinstance(thing, str | bytes):
        return True
    return callable(thing) and not isinstance(thing, Value) and not _is_network(thing)


def _is_network(thing: Any) -> bool:
    return callable(getattr(type(thing), "parameters", None))


#: The layout of a number.
NUMBER = "number"


def plain_inputs(args: Sequence[Any]) -> Floats | None:
    """The numbers of float arrays, without looking at each; None for other arguments."""
    if not args or not all(type(a) is np.ndarray and a.dtype == np.float64 for a in args):
        return None
    parts = [array.ravel() for array in args]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def layout(thing: Any) -> Hashable:
    """What a program for this argument also fits: its types and sizes, not its numbers."""
    kind = type(thing)
    if kind is float or kind is int:
        return NUMBER
    if isinstance(thing, np.ndarray):
        return kind, thing.shape, thing.dtype.kind == "O"
    if isinstance(thing, Value):
        return "Value"
    if isinstance(thing, list | tuple):
        if {*map(type, thing)} <= {float, int}:
            return kind, len(thing)
        return kind, tuple(map(layout, thing))
    if isinstance(thing, Mapping):
        return kind, tuple((key, layout(part)) for key, part in thing.items())
    if _is_network(thing):
        return kind, _Same(thing)
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        parts = [getattr(thing, field.name) for field in dataclasses.fields(thing) if field.init]
        return kind, tuple(map(layout, parts))
    if is_static(thing):
        return ("callable", _Same(thing)) if callable(thing) else ("static", thing)
    return NUMBER


class _Same:
    """An object as a key: only itself is equal to it."""

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def __hash__(self) -> int:
        return id(self.thing)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.thing is other.thing


def holds_values(tree: Tree) -> bool:
    """Whether a user's own Values are in it, those of networks apart."""
    return not tree.plain and any(
        isinstance(leaf, Value) and not parameter
        for leaf, parameter in zip(tree.leaves, tree.parameters, strict=True)
    )


def numbers_of(tree: Tree) -> list[float]:
    """Its numbers as floats."""
    if tree.plain:
        return tree.leaves
    return [leaf.data if isinstance(leaf, Value) else leaf for leaf in tree.leaves]


def rows_of(thing: Any, name: str) -> tuple[Any, Floats]:
    """An argument with a leading axis of rows: the first row, and all of them as a matrix.

    Parameters
    ----------
    thing : array, sequence of rows, or dict of these
    name : str
        What it is called in messages.

    Returns
    -------
    first : structure
        A row as the function gets it; of zeros if there is none.
    matrix : float array of shape (rows, numbers in a row)

    Raises
    ------
    ShapeError
        If rows differ, or there is no row axis.
    """
    if isinstance(thing, Mapping):
        parts = {key: rows_of(part, f"{name}[{key!r}]") for key, part in thing.items()}
        if len({len(matrix) for _, matrix in parts.values()}) != 1:
            raise ShapeError(f"{name} must have columns of one length")
        first = type(thing)({key: row for key, (row, _) in parts.items()})  # type: ignore[call-arg]
        return first, np.concatenate([matrix for _, matrix in parts.values()], axis=1)
    if not isinstance(thing, np.ndarray | list | tuple):
        raise ShapeError(
            f"{name} is to have a row for each run, and is {thing!r}; name it in shared=(…) if all "
            "runs use the same"
        )
    try:
        array = np.asarray(thing)
    except ValueError:
        raise ShapeError(f"the rows of {name} differ in length") from None
    if array.ndim == 0 or (array.dtype.kind not in "biuf" and array.size):
        raise ShapeError(
            f"{name} is to be an array of numbers with a row for each run, and is {thing!r}"
        )
    floats = np.ascontiguousarray(array, dtype=np.float64)
    size = math.prod(floats.shape[1:])
    matrix = floats.reshape(len(floats), size)
    if isinstance(thing, np.ndarray):
        row: Any = floats[0] if len(floats) else np.zeros(floats.shape[1:])
        return (row if floats.ndim > 1 else float(row)), matrix
    return (thing[0] if len(thing) else 0.0), matrix


def with_columns(example: Any, found: Floats) -> Any:
    """A result whose every number is a column.

    Parameters
    ----------
    example : structure
        The result of one run.
    found : float array of shape (rows, numbers in a result)
        The result shows it, and copies it where it has to.
    """
    return _with_columns(example, found, itertools.count())


def _with_columns(example: Any, found: Floats, places: Iterator[int]) -> Any:
    if isinstance(example, np.ndarray):
        first = next(places) if example.size else 0
        deque(itertools.islice(places, max(0, example.size - 1)), maxlen=0)
        return found[:, first : first + example.size].reshape(len(found), *example.shape)
    if isinstance(example, Mapping):
        parts = {key: _with_columns(part, found, places) for key, part in example.items()}
        return type(example)(parts)  # type: ignore[call-arg]
    if isinstance(example, list | tuple):
        items = [_with_columns(part, found, places) for part in example]
        return type(example)(*items) if hasattr(example, "_fields") else type(example)(items)
    if dataclasses.is_dataclass(example) and not isinstance(example, type):
        fields = [field.name for field in dataclasses.fields(example) if field.init]
        changed = {
            name: _with_columns(getattr(example, name), found, places)
            for name in fields
            if not is_static(getattr(example, name))
        }
        return dataclasses.replace(example, **changed)
    return found[:, next(places)]


def taken_apart(args: Sequence[Any], name: str) -> list[Tree | Static]:
    """Each argument as its numbers, or as it is."""
    return [
        Static(arg) if is_static(arg) else take_apart(arg, f"argument {i} of {name}")
        for i, arg in enumerate(args)
    ]


def floats(thing: Any, name: str, dimensions: int) -> Floats:
    """A float array, the caller's own where it is one."""
    try:
        array = np.asarray(thing)
        if array.dtype.kind not in "biuf" and array.size:
            raise TypeError
        found: Floats = np.ascontiguousarray(array, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{name} is to be an array of numbers and was given {thing!r}") from None
    if array.ndim != dimensions:
        wanted = "a column (one dimension)" if dimensions else "one number, as it is shared"
        raise ShapeError(f"{name} must be {wanted} and has shape {array.shape}")
    return found
