"""Text into rows of cells: the separator is found, and whether the first row holds names."""

import csv
import io
import re
from collections.abc import Sequence

from autograd_lite.errors import TableError
from autograd_lite.tables.numerals import is_number

#: Rows of cells, each with the line it begins on.
Records = list[tuple[int, list[str]]]

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SAMPLE = 2**16  # characters of the beginning, by which the separator is chosen
_TOLD = re.compile(r'"?sep=(.)"?[ \t]*(?:[,;\t|]*)\r?\n', re.IGNORECASE)  # Excel's first line


def split_cells(text: str, source: str) -> tuple[str, Records]:
    """The separator, and every row that is not blank, with spaces around cells taken off.

    The text may begin with Excel's line ``sep=;``. Else the separator is the one that parts the
    first rows into equally many cells; if several do, into more numbers; then the one that the
    first line has most of. A TableError says that a quote is not closed, or a cell too long.
    """
    told = _TOLD.match(text)
    if told:
        return told[1], _records(text[told.end() :], told[1], source, first=2)
    separator = _separator(text.lstrip()[:_SAMPLE])
    return separator, _records(text, separator, source)


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


def _records(text: str, separator: str, source: str, first: int = 1) -> Records:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    records = []
    line = first
    try:
        for cells in reader:
            if cells and (len(cells) > 1 or cells[0].strip()):
                records.append((line, [cell.strip() for cell in cells]))
            line = reader.line_num + first
    except csv.Error as error:
        raise TableError(
            f"{source}, line {line}: no valid CSV ({error}; separator: {said(separator)}); mend it"
        ) from None
    return records


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
