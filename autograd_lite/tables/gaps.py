"""Cells that are missing: nan among numbers, an empty text; and ways to go on without them."""

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from autograd_lite.errors import TableError, counted, some
from autograd_lite.tables.reading import Columns

#: How to go on without a cell: not at all; without its row; with the mean, or the median, of the
#: column (of a text: the most frequent); with the mean and one more input that says so (of a text:
#: a category of its own).
Missing = Literal["error", "drop", "mean", "median", "flag"]


def checked_missing(policy: Missing) -> Missing:
    """The way to go on without a cell; a ValueError for any other word."""
    if policy not in get_args(Missing):
        raise ValueError(f"missing is one of {', '.join(get_args(Missing))}, and was {policy!r}")
    return policy


def is_missing(column: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a number is nan, or a text empty."""
    of_numbers = column.dtype.kind == "f"
    return np.asarray(np.isnan(column) if of_numbers else [not cell for cell in column], dtype=bool)


def complete_rows(columns: Columns, target: str, missing: Missing) -> Columns:
    """The rows that have a target, and, if others are to be dropped, all cells.

    A TableError if none may be missing, or no row is left.
    """
    if missing == "error":
        refuse_missing(columns)
        return columns
    looked_at = columns if missing == "drop" else {target: columns[target]}
    rows = ~np.any([is_missing(column) for column in looked_at.values()], axis=0)
    if len(rows) and not rows.any():
        raise TableError(
            "no row has all cells; fill some in, --ignore columns, or choose another --missing"
        )
    return columns if rows.all() else {name: column[rows] for name, column in columns.items()}


def refuse_missing(columns: Columns) -> None:
    """Raise a TableError that counts the missing cells of each column, if there are any."""
    counts = {name: int(is_missing(column).sum()) for name, column in columns.items()}
    found = [f"{counted(n, 'cell')} of column {name!r}" for name, n in counts.items() if n]
    if found:
        raise TableError(
            f"missing: {some(found, 12)}; fill them in, or train with missing (--missing) 'drop', "
            "'mean', 'median' or 'flag'"
        )
