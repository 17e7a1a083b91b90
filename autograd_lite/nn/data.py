"""Samples and sizes as users give them, checked."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.errors import ShapeError, shown
from autograd_lite.ops.numbers import as_float

Array = np.ndarray[Any, Any]


def positive_int(name: str, number: Any, error: type[ValueError] = ValueError) -> int:
    """A whole number of at least 1.

    Raises
    ------
    TypeError
        If it is not an integer.
    ValueError
        Or the given kind of it, if it is below 1.
    """
    try:
        count = operator.index(number)
    except TypeError:
        raise TypeError(
            f"{name} is an int and was given {type(number).__name__}: {shown(number)}"
        ) from None
    if count < 1:
        raise error(f"{name} must be at least 1 and is {count}")
    return count


def real_array(name: str, numbers: Any) -> Array:
    """Numbers as a float array; a TypeError that names them if they are not real numbers."""
    array = np.asarray(numbers)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} holds {array.dtype} in place of real numbers: {shown(numbers)}")
    return array.astype(np.float64)


def part_of(rows: Array, batch: Sequence[int]) -> Array:
    """Some rows as contiguous float64: without a copy, if they are and lie side by side."""
    # Not `take`, which copies what is not contiguous as a whole.
    chosen = rows[batch.start : batch.stop] if isinstance(batch, range) else rows[batch]
    return np.ascontiguousarray(chosen, dtype=np.float64)


def sample_rows(inputs: Any, of: str = "") -> Array:
    """Inputs as an array of real numbers of shape (n, features); the caller's own, if it is one."""
    array = _finite_array(f"{of}inputs", inputs)
    return array.reshape(-1, 1) if array.ndim == 1 else array


def samples(inputs: Any, outputs: Any, of: str = "") -> tuple[Array, Array]:
    """Inputs of shape (n, features) and outputs of shape (n,) or (n, k)."""
    rows, targets = sample_rows(inputs, of), _finite_array(f"{of}outputs", outputs)
    if len(rows) != len(targets):
        raise ShapeError(
            f"there are {len(rows)} {of}inputs and {len(targets)} {of}outputs; give one output per "
            "input"
        )
    return rows, targets


def _finite_array(name: str, data: Any) -> Array:
    try:
        given = np.asarray(data)
    except ValueError as error:
        raise ShapeError(f"{name} must have rows of equal length: {error}") from None
    if given.dtype.kind in "biuf" and given.itemsize <= np.float64().itemsize:
        array = given
    else:
        try:
            numbers = [as_float(thing) for thing in given.ravel().tolist()]
        except TypeError as error:
            raise TypeError(f"{name} must be plain numbers: {error}") from None
        array = np.array(numbers, dtype=np.float64).reshape(given.shape)
    if array.ndim not in (1, 2):
        raise ShapeError(
            f"{name} have one or two dimensions, samples and features, and were given with shape "
            f"{array.shape}"
        )
    if array.size == 0:
        raise ShapeError(f"{name} are empty (shape {array.shape}); give at least one sample")
    if not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(array))
        column = f", column {bad[0][1]}," if array.ndim == 2 else ""
        raise ValueError(
            f"{name}: sample {bad[0][0]}{column} is {float(array[tuple(bad[0])])!r}; leave such "
            f"samples out, or fill in a number ({len(bad)} in all)"
        )
    return array
