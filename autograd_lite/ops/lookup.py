"""Looking up an entry by its number: the row, and the function over it that checks the number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.errors import AutogradError, ShapeError, shown
from autograd_lite.ops.choice import equal, less, where
from autograd_lite.ops.ieee import number_system
from autograd_lite.ops.numbers import as_float, refuse_masked
from autograd_lite.ops.rules import floor
from autograd_lite.ops.sequences import at, count, each, scan, sequence, sequence_op


class EntryError(AutogradError, IndexError):
    """There is no such entry."""


def _place(xs: Any, index: Any) -> Any:
    """The index counted from the front."""
    return where(less(index, 0.0), index + count(xs), index)


def _is_looked_at(out: Any, xs: Any, index: Any) -> Any:
    """1.0 for the entry that it is, 0.0 for the others: in a program one comparison for each."""
    place = floor(_place(xs, index))
    return each(lambda k: equal(k, place), scan(lambda k, x: k + 1.0, xs, 0.0))


entry_at = sequence_op(
    "take", symbol="take", latex=r"\operatorname{take}\left(#*\right)", public=False,
    scalars={"index": math.nan},
    forward=lambda xs, index: where(
        less(_place(xs, index), count(xs)), at(xs, _place(xs, index)), math.nan
    ),
    partials=[_is_looked_at, lambda out, xs, index: 0.0],
    doc="Entry of xs at an index, rounded down; from the end if negative, nan if there is none.",
)  # fmt: skip


def take(rows: Any, i: Any) -> Any:
    """Entry `i` of a list, or of a list of lists: an embedding looked up.

    Its gradient goes to that entry alone. With an int the entry is taken as it is, and nothing is
    recorded. With a Value each number is a node, whose parents are all that it may be and the
    index: so a program is one for all indices, and `refresh` looks again.

    Parameters
    ----------
    rows : sequence of n numbers or Values, or of n equally long sequences of them
    i : int, or float or Value that holds a whole number; or a sequence of these
        From -n to n - 1; a negative one counts from the end.

    Returns
    -------
    Value or float, or a list of them
        As long as the entry; for a sequence of indices, a list with an entry for each. Of an array
        of two dimensions an entry is an array.

    Raises
    ------
    IndexError
        If an index is no whole number, or there is no such entry; in ``map`` it names the row.
        An index that changes later, by `refresh` or in a frozen program, is not checked: it is
        rounded down, and the entry is nan where there is none.
    ShapeError
        If there are no entries, or they differ in length.

    Examples
    --------
    >>> take([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], 2)
    [0.5, 0.6]
    >>> take([10, 20, 30], [0, -1])
    [10.0, 30.0]
    """
    refuse_masked(rows, "take")
    entries: Any = rows if isinstance(rows, list | tuple | np.ndarray) else sequence("take", rows)
    if not len(entries) or (isinstance(entries, np.ndarray) and entries.ndim > 2):
        said = "no entries" if not len(entries) else f"shape {entries.shape}"
        raise ShapeError(f"take needs a list of entries, or of lists of them, and was given {said}")
    return [_taken(entries, k) for k in i] if _is_many(i) else _taken(entries, i)


def _is_many(thing: Any) -> bool:
    return isinstance(thing, list | tuple) or (isinstance(thing, np.ndarray) and thing.ndim > 0)


def _taken(entries: Any, i: Any) -> Any:
    """One entry, as results of ops are: floats, and lists that are the caller's own."""
    n, known = len(entries), number_system((i,)) is None
    index = as_float(i) if known and not isinstance(i, int) else i
    # Of a Value these are comparisons, which a program has as conditions for all its indices.
    if not (-n <= index < n and floor(index) == index):
        said = shown(i) if known else f"{i:.12g}"
        raise EntryError(
            f"take was given {n} entries and the index {said}; an index is a whole number from "
            f"{-n} to {n - 1}"
        )
    if known:
        entry = entries[int(index)]
        found = [*map(_number, entry)] if _is_many(entry) else _number(entry)
    elif any(map(_is_many, entries)):
        lengths = [len(entry) if _is_many(entry) else 0 for entry in entries]
        if len({*lengths}) > 1:
            raise ShapeError(
                f"take needs entries of equal length and was given {lengths[0]} and "
                f"{next(k for k in lengths if k != lengths[0])}"
            )
        found = [entry_at(column, index) for column in zip(*entries, strict=True)]
    else:
        found = entry_at(entries, index)
    is_array = isinstance(entries, np.ndarray) and entries.ndim > 1
    return np.array(found) if is_array else found


def _number(thing: Any) -> Any:
    return thing if hasattr(type(thing), "_apply_op") else as_float(thing)
