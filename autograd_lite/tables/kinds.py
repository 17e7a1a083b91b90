"""Kinds of columns: which ones a network can learn from, and how each is read.

A column that only names the rows teaches nothing that holds for others: it is an identifier, and
left out, unless the user keeps it.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from shlex import quote
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autograd_lite.errors import TableError, counted, listed, shown
from autograd_lite.tables.gaps import Missing, complete_rows, is_missing
from autograd_lite.tables.given import EXACT
from autograd_lite.tables.learning import choose_task
from autograd_lite.tables.preprocessing import MAX_CATEGORIES, Task
from autograd_lite.tables.reading import Columns, Kind, Table

ColumnKind = Literal["number", "category", "constant", "identifier", "left out"]

_NAMES_OF_ROWS = {"id", "index", "nr", "key", "unnamed"}
_COUNTED = 20  # rows, up to which counting up by one may be chance
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")  # of a name such as PassengerId or user_id
# The year first, as ISO writes it, or last; a time may follow.
_DATE = re.compile(r"(?:\d{4}([./-])\d\d?\1\d\d?|\d\d?([./-])\d\d?\2(?:\d\d){1,2})(?:[T ].*)?")
_DATES = "look like dates: make numbers of them first, such as days since a fixed day"


@dataclass(frozen=True)
class Described:
    """A column as it was found: its kind, and in words what its cells are or why it is left out."""

    name: str
    kind: ColumnKind
    told: str


def look(
    table: Table, target: str, *, task: Task | None = None, text: Collection[str] = (),
    ignore: Collection[str] = (), keep: Collection[str] = (), missing: Missing = "error",
) -> tuple[Columns, list[Described]]:  # fmt: skip
    """The columns to train on, and the kinds of all columns.

    Parameters
    ----------
    table : Table
    target : str
        The column to predict. The texts of classes stay as they were written: 007 is not 7.
    task, missing : str
        As `train` takes them.
    text, ignore, keep : collection of str
        Columns to read as text; to leave out; and not to be taken for an identifier.

    Returns
    -------
    columns : dict of str to array
        Of the rows that `complete_rows` leaves.
    described : list of Described

    Raises
    ------
    TableError
        If a name is that of no column, or cells cannot be read: all are named at once.

    Examples
    --------
    >>> rows = [["a1", "5", "x"], ["a2", "6.5", "y"], ["a3", "7", "x"]]
    >>> table = Table("data.csv", ("id", "size", "kind"), rows, (2, 3, 4))
    >>> columns, described = look(table, "kind")
    >>> [each.kind for each in described]
    ['identifier', 'number', 'category']
    >>> sorted(columns)
    ['kind', 'size']
    """
    table.check_names([target, *text, *ignore, *keep])
    if target in ignore:
        raise TableError(f"--ignore {target} leaves out the target; choose another --target")
    kinds: dict[str, Kind] = {}
    described: dict[str, Described] = {}
    for name in table.names:
        if name in ignore:
            described[name] = Described(name, "left out", f"--ignore {name}")
            continue
        cells = [cell for cell in table.texts(name) if cell]
        kind = "text" if name in text else table.kind(name)
        if kind == "numeric" and max(map(len, cells)) > 15 and any(map(_is_code, cells)):
            kind = "text"  # as numbers, two codes could be one
        useless = None if name in (target, *keep) else _useless(name, cells, kind)
        if useless:
            described[name] = useless
        else:
            kinds[name] = kind
    columns = table.columns(kinds, missing)
    if kinds[target] == "numeric":
        texts = np.where(is_missing(columns[target]), "", table.texts(target))
        as_texts = columns | {target: texts}
        # of the rows that are trained on, whose task it is
        numbers, kept = (complete_rows(c, target, missing)[target] for c in (columns, as_texts))
        codes = any(cell[:1] == "0" and cell.isdecimal() and cell != "0" for cell in kept)
        guess = "classification" if codes or not len(numbers) else choose_task(numbers)
        if (task or guess) == "classification":
            columns = as_texts
            if not codes:
                _refuse_twins(table.source, target, dict(zip(kept, numbers.tolist(), strict=True)))
    described |= {name: _look(table, name, column) for name, column in columns.items()}
    return complete_rows(columns, target, missing), [described[name] for name in table.names]


def _refuse_twins(source: str, target: str, classes: Mapping[str, float]) -> None:
    """Raise a TableError for a class that is written in two ways, as 1 and 1.0."""
    labels: dict[float, str] = {}
    for label, number in classes.items():
        other = labels.setdefault(number, label)
        if other != label:
            raise TableError(
                f"{source}: the classes {other!r} and {label!r} of {target!r} are one number; "
                f"write them alike, or keep them apart (--text {quote(target)})"
            )


def _useless(name: str, cells: Sequence[str], kind: Kind) -> Described | None:
    """Why nothing can be learnt from a column; None if something can."""
    texts, why = len({*cells}) if kind == "text" else 0, ""
    dates = bool(texts) and all(map(_DATE.fullmatch, cells))
    if texts == len(cells) > 1:
        why = f"all {texts:,} texts differ"
    elif kind == "numeric" and len(cells) > _COUNTED and all(map(str.isdecimal, cells)):
        named = _NAMES_OF_ROWS & {word.lower() for word in _WORDS.findall(name)}
        if named and all(int(b) - int(a) == 1 for a, b in pairwise(cells)):
            why = f"counts up by one from {int(cells[0])}"
    if why:
        way_out = f"they {_DATES}" if dates else f"--keep {quote(name)}"
        return Described(name, "identifier", f"left out: {why}; {way_out}")
    if texts > MAX_CATEGORIES:
        told = f"{texts:,} different texts (at most {MAX_CATEGORIES} become categories)"
        return Described(name, "left out", f"{told}; these {_DATES}" if dates else told)
    return None if cells else Described(name, "left out", "all cells are empty")


def _is_code(cell: str) -> bool:
    digits = cell.lstrip("+-")
    return digits.isdecimal() and (len(digits) > len(str(EXACT)) or int(digits) > EXACT)


def _look(table: Table, name: str, column: NDArray[np.float64]) -> Described:
    if column.dtype.kind != "f":
        levels = sorted({*column} - {""})
        kind: ColumnKind = "category" if len(levels) != 1 else "constant"
        told = f"{counted(len(levels), 'level')}: {listed(levels)}"
    else:
        present = column[~np.isnan(column)]
        low, high = present.min(initial=np.inf), present.max(initial=-np.inf)
        kind = "number" if low < high else "constant"
        notation, *_, ambiguous = table.notation(name)
        told = f"{low:.6g} to {high:.6g}" if low < high else f"{low:.6g}"
        told += f" {notation.unit}" if notation.unit else ""
        told += ", decimal comma" if notation.decimal == "," else ""
        if ambiguous:
            first = next(cell for cell in table.texts(name) if {*cell} & {".", ","})
            told += f", {shown(first)} read as {notation.number(first):.15g} (see --decimal)"
    gaps = is_missing(column).sum()
    return Described(name, kind, told + (f", {gaps:,} missing" if gaps else ""))
