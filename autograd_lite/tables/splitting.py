"""Text into rows of cells: the separator is found, and whether the first row holds names."""

import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator, Sequence

from autograd_lite.errors import TableError, counted
from autograd_lite.tables.numerals import is_number

#: Rows of cells, each with the line it begins on.
Records = list[tuple[int, list[str]]]

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SAMPLE = 2**16  # characters of the beginning, by which the separator is chosen
_TOLD = re.compile(r'"?sep=(.)"?[ \t]*(?:[,;\t|]*)\r?\n', re.IGNORECASE)  # Excel's first line


def split_cells(text: str, source: str, separator: str | None = None) -> tuple[str, Records]:
    """The separator, and every row that is not blank, with spaces around cells taken off.

    The separator may be given, or the text begin with Excel's line ``sep=;``. Else the separator
    is the one that parts the first rows into equally many cells; if several do, into more numbers;
    then the one that the first line has most of. A TableError says what is wrong with a row.
    """
    if separator is not None and (len(separator) != 1 or separator in '"\r\n'):
        raise TableError(f"{separator!r} separates no cells; give one character, such as ;")
    told = _TOLD.match(text)
    separator = separator or (told[1] if told else _separator(text.lstrip()[:_SAMPLE]))
    lines = io.StringIO(text[told.end() :] if told else text, newline="")
    return separator, [*records(lines, separator, source, first=2 if told else 1)]


def _separator(sample: str) -> str:
    first = re.sub(r'"[^"]*"', "", sample.partition("\n")[0])  # quoted separators are text
    best, found = (False, 0.0, 0), ","
    for separator in SEPARATORS:
        lines = io.StringIO(sample, newline="")
        try:
            rows = [row for row in csv.reader(lines, delimiter=separator) if any(row)]
        except csv.Error:  # a cell that is too long, which is told when all is read
            continue
        if len(sample) == _SAMPLE and len(rows) > 1:
            rows.pop()  # cut off
        if not rows or len(rows[0]) < 2:
            continue
        cells = [cell.strip() for row in rows[:100] for cell in row]
        even = sum(len(row) == len(rows[0]) for row in rows) >= 0.9 * len(rows)
        rank = (even, sum(map(is_number, cells)) / len(cells), first.count(separator))
        if rank > best:
            best, found = rank, separator
    return found


def records(
    lines: Iterable[str], separator: str, source: str, first: int = 1, named: int = sys.maxsize
) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with the line that it begins on; a TableError for a wrong one.

    All are as long as the first, and have nothing beyond the columns that are named. In one column
    a quoted cell that is empty is a row, and so is a blank line between others: each holds a gap.
    """
    plain = _without_nul(lines, source, first)
    reader = csv.reader(plain, delimiter=separator, strict=True)
    line, width = first, 0
    blank: list[int] = []
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if row and (len(row) > 1 or cells[0] or (width and not row[0])):
                width = width or len(cells)
                if width == 1:
                    yield from ((gap, [""]) for gap in blank)
                    blank = []
                if len(cells) != width or any(cells[named:]):
                    raise TableError(
                        f"{source}, line {line}: {counted(len(cells), 'cell')}, where the first "
                        f"line names {counted(min(width, named), 'column')} (separator: "
                        f'{said(separator)}); quote a cell that holds a separator: "a,b"'
                    )
                yield line, cells
            elif width == 1:
                blank.append(line)
            line = reader.line_num + first
    except csv.Error as error:
        raise TableError(
            f"{source}, line {line}: no valid CSV ({error}; separator: {said(separator)}); mend it"
        ) from None


def _without_nul(lines: Iterable[str], source: str, first: int) -> Iterator[str]:
    for number, line in enumerate(lines, first):
        if "\0" in line:
            raise TableError(
                f"{source}, line {number}: a character of code 0, which no text has; take it out, "
                "or name the encoding, such as --encoding utf-16-le"
            )
        yield line


def said(separator: str) -> str:
    """A separator in words, for messages."""
    return SEPARATORS.get(separator, repr(separator))


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row holds names of columns, not data.

    It is data if all its cells are numbers; also if some are and there is a text that comes again
    below it, a number that is not whole, or the same cell twice. So are texts that all come again.
    """
    first = {i: cell for i, cell in enumerate(rows[0]) if cell}
    numbers = [cell for cell in first.values() if is_number(cell)]
    again = [any(row[i : i + 1] == [cell] for row in rows[1:1000])
             for i, cell in first.items() if not is_number(cell)]  # fmt: skip
    if not numbers:
        return not (again and all(again))
    twice = len({*first.values()}) < len(first)
    return bool(again) and not (any(again) or twice or not all(map(str.isdecimal, numbers)))


def check_header(names: tuple[str, ...], source: str) -> None:
    """Raise a TableError for a column without a name, or with that of another."""
    for position, name in enumerate(names, start=1):
        if not name:
            raise TableError(f"{source}: column {position} has no name; write it in the first line")
        if name in names[: position - 1]:
            raise TableError(
                f"{source}: columns {names.index(name) + 1} and {position} are both named "
                f"{name!r}; rename one of them in the first line"
            )
