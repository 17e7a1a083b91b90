"""Columns that a user gives, checked and made arrays of floats or of texts."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_lite.errors import TableError, shown, some, typed
from autograd_lite.ops.numbers import as_float, refuse_masked
from autograd_lite.tables.reading import Columns, Kind

EXACT = 2**53  #: Up to which a float holds every whole number.
_NAMED: dict[Kind, str] = {"numeric": "numbers", "text": "texts"}


def as_columns(
    given: Any, names: Iterable[str], kinds: Mapping[str, Kind] | None = None
) -> Columns:
    """The named columns as `Columns`, all of one length, and of the kinds that are known.

    A TableError names a column that is missing, too short, or neither numbers nor texts.
    """
    wanted, known = [*names], kinds or {}
    missing = [name for name in wanted if name not in given]
    if missing:
        there = [*getattr(given, "columns", given)]
        raise TableError(f"there is no column {some(missing, 12, shown)} in {shown(there)}")
    columns = {name: _as_column(name, given[name]) for name in wanted}
    lengths = {name: len(column) for name, column in columns.items()}
    if len({*lengths.values()}) != 1 or not lengths[wanted[0]]:
        raise TableError(f"columns have one length, of 1 row or more, and have {shown(lengths)}")
    for name, kind in known.items():
        if (columns[name].dtype.kind == "f") != (kind == "numeric"):
            raise TableError(
                f"column {shown(name)} held {_NAMED[kind]} in training, and begins with "
                f"{typed(columns[name].tolist()[0])}; give it as it was"
            )
    return columns


def _as_column(name: str, given: Any) -> NDArray[Any]:
    refuse_masked(given, f"column {name!r}")
    # Of a list with a text in it NumPy would make texts of the numbers, too.
    column = np.asarray(given) if hasattr(given, "dtype") else np.array(given, dtype=object)
    kind, said = column.dtype.kind, f"column {shown(name)}"
    if column.ndim != 1:
        raise TableError(f"{said} has the shape {column.shape}; give one of one dimension")
    if kind in "mM":  # whose integers, counts of nanoseconds or others, would pass for numbers
        days = "(column - a fixed day)" if kind == "M" else "column"
        raise TableError(
            f"{said} holds {column.dtype}; give numbers, such as {days} / np.timedelta64(1, 'D')"
        )
    if kind == "b":  # a category, as in a file
        column = column.astype(str)
    if kind in "bUT" or (kind == "O" and all(isinstance(cell, str) for cell in column)):
        return column.astype(object, copy=False)
    try:
        cells = column if kind == "f" else [as_float(cell) for cell in column.tolist()]
    except TypeError as error:
        raise TableError(f"{said}: {error}; or texts throughout, '' where one is missing") from None
    numbers = np.asarray(cells, dtype=np.float64)
    bad = np.isinf(numbers)
    if kind != "f":
        large = [isinstance(cell, int) and abs(cell) > EXACT for cell in column.tolist()]
        bad |= np.array(large, dtype=bool)
    if bad.any():
        raise TableError(
            f"{said} holds {column[bad][0]}, which no float tells from others; give texts, or "
            "leave its row out"
        )
    return numbers
