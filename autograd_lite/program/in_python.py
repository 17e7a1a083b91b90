"""Programs run in Python, where the machine was not compiled: by the source of exports."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from autograd_lite.ops.ieee import PYTHON_RAISES
from autograd_lite.program.code import Code, Floats, added_in_tree
from autograd_lite.program.exports.array_code import to_numpy
from autograd_lite.program.exports.python_code import CarefulLanguage, PythonLanguage, written_in
from autograd_lite.program.layouts import Matrices

#: Rows at a time: few enough that the columns of a block lie in the caches.
BLOCK = 4096


class InPython:
    """Runs a program as Python on floats, and as NumPy over blocks of rows.

    Each form is written and compiled when it is first needed. That takes about as long as tracing
    did; a call then takes a tenth of the time that a loop over the instructions would.
    """

    def __init__(self, program: Code) -> None:
        self._program = program
        self.stats = {"tier": "Python", "compile_seconds": 0.0, "tier_reason": "no machine in C"}

    @cached_property
    def _fast(self) -> Callable[..., Any]:
        return written_in(PythonLanguage(), self._program)

    @cached_property
    def _careful(self) -> Callable[..., Any]:
        return written_in(CarefulLanguage(), self._program)

    @cached_property
    def _over_columns(self) -> Callable[..., Any]:
        return to_numpy(self._program)

    def once(self, inputs: Floats) -> Floats:
        """See `Runner`."""
        numbers = inputs.tolist()
        try:
            found = self._fast(*numbers)
        except PYTHON_RAISES:
            found = self._careful(*numbers)
        return np.array(found, dtype=np.float64).reshape(-1)

    def on_arrays(self, inputs: Floats, outputs: Floats) -> Callable[[], None]:
        """See `Runner`."""

        def run() -> None:
            if inputs.ndim == 1:
                outputs[:] = self.once(inputs)
            else:
                rows = [(np.ascontiguousarray(inputs.T), False)]
                outputs[:] = self.rows(rows, inputs.shape[1], False, 1)

        return run

    @np.errstate(all="ignore")  # the sums, too
    def rows(self, arguments: Matrices, n_rows: int, reduced: bool, threads: int) -> Floats:
        """See `Runner`; one thread does it all."""
        empty = np.zeros((len(self._program.outputs), 0))
        parts = [empty.sum(axis=1)] if reduced and not n_rows else []
        for first in range(0, n_rows, BLOCK):
            block = slice(first, min(first + BLOCK, n_rows))
            columns: list[Floats] = []
            for array, shared in arguments:
                given = array.reshape(-1, 1) if shared else array[block].T
                columns += [*np.ascontiguousarray(given)]
            outputs = self._over_columns(*columns)
            n, outputs = block.stop - first, [outputs] if self._program.single else outputs
            # Of a column that is one number, every row counts.
            whole = (np.broadcast_to(column, n) for column in outputs)
            found = [np.sum(column) for column in whole] if reduced else [*whole]
            parts.append(np.array(found).reshape(-1) if reduced else np.reshape(found, (-1, n)))
        return added_in_tree(parts) if reduced else np.concatenate([empty, *parts], axis=1)

    def bound(self, arguments: Matrices, n_rows: int, threads: int) -> Callable[[], Floats]:
        """See `Runner`."""
        return lambda: self.rows(arguments, n_rows, True, threads)
