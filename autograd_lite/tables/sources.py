"""Where a table comes from: CSV or Parquet, standard input, files too large to be kept as text.

Cells take some 60 bytes as text, numbers 8. So of a large file the cells are written to a file for
each column, block by block, and one column at a time is read from there.
"""

import marshal
import os
import shutil
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_lite.errors import TableError, needing
from autograd_lite.files import regular
from autograd_lite.tables.encodings import MARK, PARQUET, checked_encoding
from autograd_lite.tables.reading import Kind, Table, read_csv, table_of
from autograd_lite.tables.splitting import records, split_cells

_LARGE = 2**26  # bytes of a CSV file, from which on its cells are not kept
_HEAD = 2**20  # characters of such a file that say how it is written
_ROWS = 2**14  # of a block
_LEVELS = 2**12  # different texts of a column that are kept once


@contextmanager
def open_table(path: str, **options: Any) -> Iterator[Table]:
    """A table to be read in the block; afterwards its arrays stay, its texts may be gone.

    Parameters
    ----------
    path : str
        A Parquet file, by its ending .parquet or its first bytes (extra `tables`); else a CSV file;
        or ``-``, which is one of them from standard input.
    **options
        As `read_csv` takes them, for CSV.

    Raises
    ------
    ImportError
        If the extra is missing.
    OSError, TableError
        As `read_csv` raises them.
    """
    with TemporaryDirectory() as folder:
        if path == "-":
            if sys.stdin is None:
                raise TableError(
                    "there is no standard input to read from; name a file in place of -"
                )
            path = os.path.join(folder, "standard input")  # its name, in messages
            with open(path, "wb") as file:  # temporary
                shutil.copyfileobj(sys.stdin.buffer, file)
        if path.lower().endswith(".parquet") or _is_parquet(path):
            yield _parquet(path, folder)
        elif os.path.getsize(path) >= _LARGE:
            yield _large(path, folder, options)
        else:
            yield read_csv(path, **options)


@dataclass(frozen=True)
class StoredTable(Table):
    """A table whose cells lie in a file for each column, block by block.

    Some columns are text whatever their cells are.
    """

    folder: str = ""
    declared: frozenset[str] = frozenset()

    def texts(self, name: str) -> NDArray[Any]:
        """See `Table.texts`."""
        self.check_names([name])
        seen: dict[str, str] = {}
        cells: list[str] = []
        with open(_place(self.folder, self.names.index(name)), "rb") as file:
            while size := file.read(8):  # marshal.load would ask the file for each cell
                block = marshal.loads(file.read(int.from_bytes(size)))
                keep = len(seen) < _LEVELS
                cells += [seen.setdefault(cell, cell) for cell in block] if keep else block
        return np.array(cells, dtype=object)

    def kind(self, name: str) -> Kind:
        """See `Table.kind`."""
        return "text" if name in self.declared else super().kind(name)


def _place(folder: str, column: int) -> str:
    return os.path.join(folder, f"{column}.cells")


def _store(folder: str, blocks: Iterable[Sequence[Sequence[str]]]) -> int:
    """Write blocks of columns to their files; the number of rows."""
    count = 0
    for block in blocks:
        for i, cells in enumerate(block):
            with open(_place(folder, i), "ab") as file:  # temporary
                written = marshal.dumps([*cells])
                file.write(len(written).to_bytes(8) + written)
        count += len(block[0])
    return count


def _large(path: str, folder: str, options: dict[str, Any]) -> Table:
    """A CSV file in blocks, written as its first megabyte is: separator, header, decimal sign."""
    source, encoding = os.path.basename(path), options.get("encoding", "utf-8")
    lines = array("q")
    with open(path, "rb") as beginning:
        encoding = checked_encoding(encoding, source, beginning.read(len(PARQUET)))
    with open(path, encoding=encoding, newline="") as file:
        try:
            marked = _whole_lines(file.read(_HEAD))
            head, told = marked.removeprefix(MARK), options.get("separator")
            first = table_of(head, source, options.get("header"), options.get("decimal"), told)
            separator, known = split_cells(head, source, told)
            begin, width = known[0][0], len(first.names)
            file.seek(0)
            file.read(len(marked) - len(head))
            for _ in range(1, begin):  # blank, or Excel's sep=;
                file.readline()
            rows = records(file, separator, source, begin, width)
            below = islice(rows, len(known) - len(first), None)
            _store(folder, _blocks(_noted(below, width, lines)))
        except UnicodeError as error:  # a bare one where UTF-16 has no mark
            said = str(error)
            if isinstance(error, UnicodeDecodeError):
                said = f"byte {error.object[error.start]:#04x}"
            raise TableError(
                f"{source} is no {encoding.upper()} text ({said} after line "
                f"{lines[-1] if lines else 0:,}); save it as CSV in UTF-8, or name its encoding"
            ) from None
    return StoredTable(
        source, first.names, (), lines, first.decimal, first.notes, separator, folder=folder
    )


def _whole_lines(head: str) -> str:
    """Text up to the last line break that is not inside quotes."""
    while len(head) == _HEAD or head.count('"') % 2:
        cut = head.rfind("\n", 0, len(head) - 1) + 1
        if not cut:
            return head
        head = head[:cut]
    return head


def _blocks(cells: Iterator[list[str]]) -> Iterator[list[tuple[str, ...]]]:
    """Columns of so many rows at a time."""
    while block := [*islice(cells, _ROWS)]:
        yield [*zip(*block, strict=True)]


def _noted(rows: Iterable[tuple[int, list[str]]], width: int, lines: Any) -> Iterator[list[str]]:
    """Cells of rows; the line on which each begins is added to `lines`."""
    for line, cells in rows:
        lines.append(line)
        yield cells[:width]


def _parquet(path: str, folder: str) -> Table:
    """The cells of a Parquet file as texts; what it holds as text stays that."""
    with needing("tables", "Parquet files are read by pyarrow"):
        import pyarrow as pa
        from pyarrow import parquet
    source = os.path.basename(path)
    try:
        file = parquet.ParquetFile(regular(path))
    except pa.ArrowInvalid as error:
        raise TableError(f"{source} is no Parquet file, or is damaged: {error}") from None
    with file:
        schema = file.schema_arrow
        names = tuple(schema.names)
        twice = [name for name in names if names.count(name) > 1]
        if twice or not names:
            has = f"two columns named {twice[0]!r}; rename one" if twice else "no columns"
            raise TableError(f"{source} has {has}")
        are_texts = pa.types.is_string, pa.types.is_large_string, pa.types.is_dictionary
        declared = frozenset(f.name for f in schema if any(are(f.type) for are in are_texts))
        said = [f"{source}: column {name!r}" for name in names]
        count = _store(folder, (
            [_written(pa, column, each) for column, each in zip(batch.columns, said, strict=True)]
            for batch in file.iter_batches(_ROWS)
        ))  # fmt: skip
    if not count:
        raise TableError(f"{source} holds column names and no rows")
    return StoredTable(
        source, names, (), range(1, count + 1), signs=dict.fromkeys({*names} - declared, "."),
        folder=folder, declared=declared,
    )  # fmt: skip


def _is_parquet(path: str) -> bool:
    if not os.path.isfile(path):  # what is read from a pipe is gone
        return False
    with open(path, "rb") as file:
        return file.read(len(PARQUET)) == PARQUET


def as_parquet(names: Sequence[str], columns: Sequence[NDArray[Any]]) -> bytes:
    """A Parquet file of columns of numbers or texts, null where they are nan or ""."""
    with needing("tables", "Parquet files are written by pyarrow"):
        import pyarrow as pa
        from pyarrow import parquet
    arrays = [
        pa.array(column, pa.float64(), from_pandas=True) if column.dtype.kind == "f"
        else pa.array([cell or None for cell in column], pa.string())
        for column in columns
    ]  # fmt: skip
    file = BytesIO()
    parquet.write_table(pa.table(arrays, names=[*names]), file)
    return file.getvalue()


def _written(pa: Any, column: Any, said: str) -> list[str]:
    if pa.types.is_floating(column.type):  # at full length: 0.1 of 32 bits is another number
        column = column.cast(pa.float64())
    try:
        column = column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise TableError(
            f"{said} holds {column.type}, and cells are numbers or texts; take it out"
        ) from None
    return [cell.strip() for cell in column.fill_null("").to_pylist()]
