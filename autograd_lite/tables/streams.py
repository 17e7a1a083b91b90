"""Batches of a table of many rows, whose inputs are computed when they are needed."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_lite.tables.preprocessing import Preprocessing
from autograd_lite.tables.reading import Columns

#: Inputs that are kept, as 64 MB; of more rows they are computed batch by batch.
MOST_INPUTS = 2**23
_ROWS = 2**16  # of a table whose inputs are in memory at a time
_SIZE = 32  # rows of a batch
_RUN, _RUNS = 128, 64  # rows side by side, and how many of those are in memory


def pieces(columns: Columns, rows: int = _ROWS) -> Iterator[Columns]:
    """A table in parts of so many rows."""
    count = len(next(iter(columns.values())))
    for first in range(0, count, rows):
        yield {name: column[first : first + rows] for name, column in columns.items()}


class RowStream:
    """The rows of a table in batches, in another order each time.

    Runs of rows come by chance, and rows are shuffled within 64 runs, so that those that are read
    at once lie side by side.
    """

    def __init__(self, columns: Columns, preprocessing: Preprocessing, seed: int) -> None:
        self._columns, self._prepared = columns, preprocessing
        self._n = len(columns[preprocessing.target.name])
        self._random = np.random.default_rng(seed)

    def __len__(self) -> int:
        return -(-self._n // _SIZE)

    def __iter__(self) -> Iterator[tuple[NDArray[np.float64], Any]]:
        whole, rest = divmod(self._n, _RUN)
        starts = _RUN * self._random.permutation(whole)
        if rest:  # last, so that all batches but one have the same size
            starts = np.append(starts, _RUN * whole)
        for first in range(0, len(starts), _RUNS):
            runs = [np.arange(s, min(s + _RUN, self._n)) for s in starts[first : first + _RUNS]]
            rows = self._random.permutation(np.concatenate(runs))
            part = {name: column[rows] for name, column in self._columns.items()}
            inputs = self._prepared.inputs(part)
            targets = self._prepared.target.encode(part[self._prepared.target.name])
            for i in range(0, len(rows), _SIZE):
                yield inputs[i : i + _SIZE], targets[i : i + _SIZE]
