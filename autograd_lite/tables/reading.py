"""CSV files as tables of text cells, and their columns as arrays.

A column is *numeric* when more than half of its cells are numbers, and *text* otherwise. In a
numeric column every cell must be a finite number: the odd one out is a mistake to be reported with
its line, never a missing number to be guessed. No cell may be empty.
"""

import csv
import difflib
import io
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from autograd_lite.errors import TableError, counted, shown, some
from autograd_lite.files import as_path

Kind = Literal["numeric", "text"]
#: Columns by name: an array of floats for a numeric one, of str for a text one.
Columns = dict[str, NDArray[Any]]

_DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Table:
    """Cells of text under named columns, with the line of the file on which each row begins.

    The source is the name of the file, for messages.
    """

    source: str
    names: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]

    def __len__(self) -> int:
        return len(self.rows)

    def check_names(self, names: Iterable[str]) -> None:
        """Raise a TableError for a name that is no column of this table."""
        missing = [name for name in names if name not in self.names]
        if missing:
            near = difflib.get_close_matches(missing[0], self.names, n=1)
            hint = f"did you mean {shown(near[0])}?" if near else f"it has {listed(self.names)}"
            raise TableError(f"{self.source} has no column {listed(missing)}; {hint}")

    def texts(self, name: str) -> NDArray[Any]:
        """A column's cells; a TableError names the line of one that is empty."""
        self.check_names([name])
        index = self.names.index(name)
        cells = [row[index] for row in self.rows]
        empty = [line for line, cell in zip(self.lines, cells, strict=True) if not cell]
        if empty:
            more = f" and {len(empty) - 1} more below" if len(empty) > 1 else ""
            raise TableError(
                f"{self.source}, line {empty[0]}{more}: the cell of column {name!r} is empty; fill "
                "it in, take the row out, or --ignore the column"
            )
        return np.array(cells, dtype=object)  # str makes every cell as wide as the widest

    def kind(self, name: str) -> Kind:
        """Whether a column is numeric (more than half of its cells are numbers) or text."""
        numbers = sum(_number(cell) is not None for cell in self.texts(name))
        return "numeric" if 2 * numbers > len(self) else "text"

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column's cells as finite floats; a TableError shows one that is none, and its line."""
        numbers = []
        for line, cell in zip(self.lines, self.texts(name), strict=True):
            number = _number(cell)
            if number is None or not math.isfinite(number):
                what = "no number" if number is None else "not finite"
                raise TableError(
                    f"{self.source}, line {line}: {shown(str(cell))} in the numeric column "
                    f"{name!r} is {what}; correct it, or read the column as text (--text {name})"
                )
            numbers.append(number)
        return np.array(numbers)

    def columns(self, kinds: Mapping[str, Kind]) -> Columns:
        """The named columns as arrays, floats or str."""
        self.check_names(kinds)
        return {
            name: self.numbers(name) if kind == "numeric" else self.texts(name)
            for name, kind in kinds.items()
        }


def read_csv(path: str | os.PathLike[str]) -> Table:
    """The table in a CSV file (UTF-8, a first line of column names).

    Parameters
    ----------
    path : str or path
        Cells are separated by comma, semicolon or tab, whichever the first line has most of, and
        may be quoted. Spaces around a cell and blank lines do not count.

    Returns
    -------
    Table

    Raises
    ------
    OSError
        If the file cannot be opened.
    TableError
        If it is empty, no UTF-8, has no rows, a row of another length than the first line, or
        columns without a name or with the same one.
    """
    source = as_path(path).name
    try:
        with open(os.fsdecode(path), encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except UnicodeDecodeError as error:
        raise TableError(
            f"{source} is no UTF-8 text (byte {error.object[error.start]:#04x} at position "
            f"{error.start:,}); save it as CSV in UTF-8"
        ) from None
    records = _records(text, source)
    if not records:
        raise TableError(f"{source} is empty; it needs a line of column names, then rows")
    _, header = records[0]
    names = tuple(name.strip() for name in header)
    _check_header(names, source)
    if len(records) == 1:
        raise TableError(f"{source} holds column names and no rows")
    for line, cells in records[1:]:
        if len(cells) != len(names):
            raise TableError(
                f"{source}, line {line}: {counted(len(cells), 'cell')}, where the first line names "
                f'{counted(len(names), "column")}; quote a cell that holds a separator: "a,b"'
            )
    rows = [[cell.strip() for cell in cells] for _, cells in records[1:]]
    return Table(source, names, rows, [line for line, _ in records[1:]])


def _records(text: str, source: str) -> list[tuple[int, list[str]]]:
    """Every record that is not blank, with the line it begins on."""
    first = re.sub(r'"[^"]*"', "", text.strip().partition("\n")[0])  # quoted separators are text
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records = []
    line = 1
    try:
        for cells in reader:
            if cells and (len(cells) > 1 or cells[0].strip()):
                records.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise TableError(f"{source}, line {line}: no valid CSV ({error}); correct it") from None
    return records


def _check_header(names: tuple[str, ...], source: str) -> None:
    for position, name in enumerate(names, start=1):
        if not name:
            raise TableError(f"{source}: column {position} has no name; write it in the first line")
        if name in names[: position - 1]:
            raise TableError(
                f"{source}: columns {names.index(name) + 1} and {position} are both named "
                f"{name!r}; rename one of them in the first line"
            )


def _number(cell: str) -> float | None:
    """The number in a cell; None if it holds none. Python's ``1_000`` is not one."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def listed(names: Sequence[str]) -> str:
    """Names for a message, not more than a line can hold."""
    return some(names, 12, repr)
