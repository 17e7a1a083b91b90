"""Who runs a program: the machine in C where it was compiled, else this interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from autograd_lite.program.program import Program

Floats = npt.NDArray[np.float64]

#: So many rows at a time: the registers of a block lie in the caches.
BLOCK = 4096


class Runner(Protocol):
    """What runs a program."""

    def once(self, inputs: Floats) -> Floats:
        """The outputs for one input, with the bits of eager evaluation."""

    def rows(
        self, arguments: Sequence[tuple[Floats, bool]], n_rows: int, reduced: bool, threads: int
    ) -> Floats:
        """The outputs for each row, or their sums; see `Program.run_rows`."""


def runner(program: Program) -> Runner:
    """The fastest one there is."""
    return Interpreter(program)


class Interpreter:
    """Runs a program by the rules of its rows: on floats, or in NumPy over blocks of rows."""

    def __init__(self, program: Program) -> None:
        self._constants = program.constants.tolist()
        self._outputs = program.outputs.tolist()
        self._n_inputs = program.n_inputs
        self._steps = [(step.row, step.operands) for step in program]

    def once(self, inputs: Floats) -> Floats:
        """See `Runner`."""
        registers: list[float] = [*inputs.tolist(), *self._constants]
        for row, operands in self._steps:
            registers.append(row.on_floats(*[registers[i] for i in operands]))
        return np.array([registers[i] for i in self._outputs], dtype=np.float64)

    @np.errstate(all="ignore")
    def rows(
        self, arguments: Sequence[tuple[Floats, bool]], n_rows: int, reduced: bool, threads: int
    ) -> Floats:
        """See `Runner`; one thread does it all."""
        found = np.zeros((1 if reduced else n_rows, len(self._outputs)))
        for first in range(0, n_rows, BLOCK):
            last = min(first + BLOCK, n_rows)
            block = self._block(arguments, first, last)
            for k, column in enumerate(block):
                if reduced:
                    found[0, k] += np.broadcast_to(column, last - first).sum()
                else:
                    found[first:last, k] = column
        return found[0] if reduced else found

    def _block(
        self, arguments: Sequence[tuple[Floats, bool]], first: int, last: int
    ) -> list[Floats]:
        registers: list[Any] = []
        for array, shared in arguments:
            columns = array.reshape(-1, 1) if shared else array[first:last].T
            registers += [*np.ascontiguousarray(columns)]
        registers += [np.array([number]) for number in self._constants]
        for row, operands in self._steps:
            registers.append(row.expand([registers[i] for i in operands]))
        return [registers[i] for i in self._outputs]
