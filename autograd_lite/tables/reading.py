"""CSV files as tables of text cells, and their columns as arrays.

A column is *numeric* when more than half of its cells are numbers, and *text* otherwise. In a
numeric column every cell must be a finite number, as all of the column are written (`numerals`):
the odd one out is a mistake to be reported with its line. What is missing is a mistake too, unless
the caller says how to go on without it.
"""

import difflib
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd_lite.errors import TableError, counted, listed, shown, some
from autograd_lite.files import as_path
from autograd_lite.tables.encodings import MARK, decoded
from autograd_lite.tables.numerals import DECIMALS, OTHER, Decimal, Notation, Survey, is_gap, survey
from autograd_lite.tables.splitting import check_header, has_header, said, split_cells

Kind = Literal["numeric", "text"]
#: Columns by name: an array of floats for a numeric one, of str for a text one. A missing number
#: is nan, a missing text "".
Columns = dict[str, NDArray[Any]]

_NUMBERED = re.compile(r"column\d+").fullmatch  # where a file gives no names
_FEW = 3  # cells of one column that a report shows


class Problem(NamedTuple):
    """A cell that cannot be read."""

    column: str
    wrong: str
    line: int
    cell: str


@dataclass(frozen=True)
class Table:
    """Cells of text under named columns, with the line of the file on which each row begins.

    The source is the name of the file, for messages. The decimal sign is that of all columns, or
    left to each. Notes say in sentences what was found out about the file. Signs, as
    `signs_of` tells, are those of another table that this one is read like.
    """

    source: str
    names: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]
    decimal: Decimal | None = None
    notes: tuple[str, ...] = ()
    separator: str = ""
    signs: Mapping[str, str] = field(default_factory=dict)
    _surveys: dict[str, Survey] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.lines)

    def check_names(self, names: Iterable[str]) -> None:
        """Raise a TableError for a name that is no column of this table."""
        missing = [name for name in names if name not in self.names]
        if missing:
            near = difflib.get_close_matches(missing[0], self.names, n=1)
            hint = f"did you mean {shown(near[0])}?" if near else f"it has {listed(self.names)}"
            told = ["separator: comma; see --separator"] * (self.separator == ",")  # no note tells
            told += ["is the first row data? --header no"] * all(map(_NUMBERED, missing))
            notes = "".join(f" ({note})" for note in [*told, *self.notes])
            raise TableError(f"{self.source} has no column {listed(missing)}; {hint}{notes}")

    def texts(self, name: str) -> NDArray[Any]:
        """A column's cells as they are written; a missing one is \"\"."""
        self.check_names([name])
        index = self.names.index(name)
        # str makes every cell as wide as the widest
        return np.array([row[index] for row in self.rows], dtype=object)

    def kind(self, name: str) -> Kind:
        """Whether a column is numeric (more than half of its cells are numbers) or text."""
        found = self._survey(name)
        return "numeric" if 2 * found.numbers > found.cells else "text"

    def notation(self, name: str) -> Survey:
        """How the numbers of a column are written, and whether that is certain by now.

        A column such as 1,234 may be of thousands or not. Then the other columns decide, if they
        are all written alike. Else 1.234 is read as it is in most files, and 1,234 not at all.
        """
        found = self._survey(name)
        if not found.ambiguous:
            return found._replace(certain=True)
        others = [self._survey(other) for other in self.names if self.kind(other) == "numeric"]
        signs = {other.notation.decimal for other in others if other.certain}
        if len(signs) == 1:
            decided = Notation(signs.pop(), found.notation.unit)
            return found._replace(notation=decided, certain=True)
        usual = not signs and not any("," in cell for cell in self.texts(name))
        return found._replace(certain=usual)

    def units(self, names: Iterable[str]) -> dict[str, str]:
        """The unit of each numeric column of these; "" where there is none."""
        numeric = [name for name in names if self.kind(name) == "numeric"]
        return {name: self.notation(name).notation.unit for name in numeric}

    def check_units(self, known: Mapping[str, str]) -> None:
        """Raise a TableError for a column whose numbers are in another unit than is known."""
        self.check_names(known)
        for name, unit in known.items():
            found = self._survey(name)
            if found.numbers and found.notation.unit != unit:
                raise TableError(
                    f"{self.source}: the numbers of column {shown(name)} are "
                    f"{found.notation.in_words}, and the model was trained on "
                    f"{unit or 'numbers without a unit'}; convert them"
                    + (f", and write {unit} at each" if unit else "")
                )

    def signs_of(self, names: Iterable[str]) -> dict[str, str]:
        """The decimal sign of each numeric column of these, then the other if it parts thousands.

        A column whose cells do not tell is taken to be written as all the others, if these agree.
        """
        signs: dict[str, str] = {}
        for name in [name for name in names if self.kind(name) == "numeric"]:
            found, decided = self._survey(name), self.notation(name)
            signs[name] = self.decimal or self.signs.get(name, "")[:1]
            if (found.certain or found.ambiguous) and decided.certain:
                signs[name] = decided.notation.decimal
        usual = "".join({*signs.values()})  # both, if they do not agree
        signs = {name: sign or usual for name, sign in signs.items() if (sign or usual) in OTHER}
        for name, sign in signs.items():
            signs[name] += OTHER[sign] * (OTHER[sign] in "\n".join(self.texts(name)))
        return signs

    def written_as(self, signs: Mapping[str, str]) -> "Table":
        """The table to be read by signs; what they change nothing of is not surveyed again."""
        table = replace(self, signs=signs)
        for name, found in self._surveys.items():
            if not found.ambiguous and signs.get(name, "")[:1] in ("", found.notation.decimal):
                table._surveys[name] = found
        return table

    def _survey(self, name: str) -> Survey:
        if name not in self._surveys:
            cells = self.texts(name)
            gaps = {cell for cell in {*cells} if is_gap(cell)}
            present = [cell for cell in cells if cell not in gaps] if gaps else cells.tolist()
            known = [sign for sign in DECIMALS if self.signs.get(name, "").startswith(sign)]
            self._surveys[name] = survey(present, self.decimal or (known[0] if known else None))
        return self._surveys[name]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column's cells as finite floats; a TableError shows one that is none, and its line."""
        return self.columns({name: "numeric"})[name]

    def columns(
        self, kinds: Mapping[str, Kind], missing: str = "error", trained: bool = False
    ) -> Columns:
        """The named columns as arrays, floats or str.

        Parameters
        ----------
        kinds : dict of str to {"numeric", "text"}
        missing : str
            Anything but "error" makes a missing number nan, a missing text "".
        trained : bool
            Whether a model reads them, so that errors advise no other way of reading.

        Raises
        ------
        TableError
            That names all cells which cannot be read, with their lines.
        """
        self.check_names(kinds)
        columns: Columns = {}
        problems: list[Problem] = []
        for name, kind in kinds.items():
            columns[name], found = self._read(name, kind)
            problems += [p for p in found if missing == "error" or _WAYS.get(p.wrong) != _GAP]
        if problems:
            raise TableError(self._report(problems, _WAYS | _TRAINED if trained else _WAYS))
        return columns

    def _read(self, name: str, kind: Kind) -> tuple[NDArray[Any], list[Problem]]:
        cells = self.texts(name)
        places = zip(self.lines, cells, strict=True)
        if kind == "text":
            return cells, [Problem(name, "empty", line, cell) for line, cell in places if not cell]
        notation, found, _, certain, _ = self.notation(name)
        if notation == Notation() and certain and found == len(cells):  # most columns, and quickly
            with suppress(ValueError):
                numbers = cells.astype(np.float64)
                if np.isfinite(numbers).all():
                    return numbers, []
        numbers, problems = np.full(len(cells), math.nan), []
        known = "" if self.decimal else self.signs.get(name, "")
        other = Notation(OTHER[notation.decimal], notation.unit)
        for i, (line, cell) in enumerate(places):
            number, wrong = notation.number(cell), ""
            if is_gap(cell):
                wrong = "missing" if cell else "empty"
            elif number is None or math.isinf(number):
                wrong = "no number" if number is None else "not finite"
                if known and number is None and other.number(cell) is not None:
                    wrong += f" with the decimal sign {known[0]} of the model"
            elif not certain or (len(known) == 1 and other.decimal in cell):
                both = {f"{x:.15g}" for x in (number, other.number(cell)) if x is not None}
                wrong = " or ".join(sorted(both, reverse=True)) if len(both) > 1 else ""
            if wrong:
                problems.append(Problem(name, wrong, line, cell))
            numbers[i] = math.nan if wrong else number
        return numbers, problems

    def _report(self, problems: Sequence[Problem], advice: Mapping[str, str]) -> str:
        """One line for cells of one column; else one for each column, and the ways out."""
        groups: dict[tuple[str, str], list[Problem]] = {}
        for problem in problems:
            wrong = problem.wrong if problem.wrong in _WAYS else "ambiguous"
            groups.setdefault((problem.column, wrong), []).append(problem)
        ways = "; ".join(dict.fromkeys(advice[wrong] for _, wrong in groups))
        if len(groups) == 1:
            [(first, *rest)] = groups.values()
            more = f" and {len(rest):,} more below" if rest else ""
            ways = ways.replace("COLUMN", first.column)
            return f"{self.source}, line {first.line}{more}: {_told(first)}; {ways}"
        lines = [f"{self.source}: {counted(len(problems), 'cell')} cannot be read"]
        for found in groups.values():
            place = some([p.line for p in found[:_FEW]], _FEW)
            more = f" and {len(found) - _FEW:,} more" if len(found) > _FEW else ""
            lines.append(f"  line {place}{more}: {_told(found[0])}")
        return "\n".join([*lines, f"  {ways}"])


_TEXT = "correct it, empty the cell if it is missing, or read the column as text (--text COLUMN)"
_GAP = "fill it in, --ignore COLUMN, or go on without (--missing drop, mean, median or flag)"
_WAYS = {
    "no number": _TEXT, "not finite": _TEXT, "empty": _GAP, "missing": _GAP,
    "ambiguous": "say which sign is the decimal one (--decimal . or --decimal ,)",
}  # fmt: skip
_TRAINED = dict.fromkeys(("no number", "not finite"), "correct it: the model takes numbers there")
_TRAINED |= dict.fromkeys(("empty", "missing"), "fill it in: the model was trained without gaps")


def _told(problem: Problem) -> str:
    column = shown(problem.column)
    if problem.wrong == "empty":
        return f"the cell of column {column} is empty"
    return f"{shown(problem.cell)} in the numeric column {column} is {problem.wrong}"


def read_csv(
    path: str | os.PathLike[str], *, header: bool | None = None, decimal: Decimal | None = None,
    encoding: str = "utf-8", separator: str | None = None,
) -> Table:  # fmt: skip
    """The table in a CSV file.

    Parameters
    ----------
    path : str or path
        Cells may be quoted. Spaces around a cell and blank lines do not count; but in one column, a
        blank line between others is a gap.
    header : bool, optional
        Whether the first row holds the names of the columns. Left out, `has_header` decides.
        Columns without names are column1, column2, …
    decimal : {".", ","}, optional
        The decimal sign. Left out, the cells of each column decide.
    encoding : str
        Of the text, such as "cp1252". A mark at its beginning does not count.
    separator : str, optional
        Of cells, one character. Left out, it is comma, semicolon, tab or pipe, as `split_cells`
        finds.

    Returns
    -------
    Table

    Raises
    ------
    OSError
        If the file cannot be opened.
    TableError
        If it is empty, no text or not in that encoding, has no rows, a row of another length than
        the first, or columns without a name or with the same one.
    """
    source = as_path(path).name
    with open(os.fsdecode(path), "rb") as file:
        text = decoded(file.read(), encoding, source)
    return table_of(text, source, header, decimal, separator)


def table_of(
    text: str, source: str, header: bool | None = None, decimal: Decimal | None = None,
    separator: str | None = None,
) -> Table:  # fmt: skip
    """The table in a text; see `read_csv`."""
    if header not in (None, True, False):
        raise ValueError(f"header is True, False or None, and was {header!r}")
    if decimal not in (None, *DECIMALS):
        raise ValueError(f"the decimal sign is '.' or ',', and was {decimal!r}")
    separator, records = split_cells(text.removeprefix(MARK), source, separator)
    if not records:
        raise TableError(f"{source} is empty; it needs a line of column names, then rows")
    lines, rows = [line for line, _ in records], [cells for _, cells in records]
    width = len(rows[0])
    while width > 1 and not any(row[width - 1] for row in rows):  # a separator ends each line
        width -= 1
    rows = [row[:width] for row in rows]
    notes = [f"separator: {said(separator)}"] if separator != "," else []
    named = has_header(rows) if header is None else header
    if named:
        names = (rows[0][0] or "Unnamed: 0", *rows[0][1:])  # pandas leaves its index without one
        check_header(names, source)
        if len(rows) == 1:
            says = "; --header no if these are data" if header is None else ""
            raise TableError(f"{source} holds column names and no rows{says}")
    else:
        names = tuple(f"column{i}" for i in range(1, width + 1))
        if header is None:
            notes.append("the first row is data and names no columns; --header yes if it does")
    return Table(source, names, rows[named:], lines[named:], decimal, tuple(notes), separator)
