"""Who runs a program: the machine in C where it was compiled, else this interpreter."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from autograd_lite.engine import name as engine

if TYPE_CHECKING:
    from autograd_lite.program.program import Program

native: Any = None
if engine == "native":
    try:
        from autograd_lite.program import native
    except ModuleNotFoundError:  # it was not compiled
        pass
    except ImportError as error:
        warnings.warn(f"{error}; programs run in Python instead", stacklevel=2)

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
    return Interpreter(program) if native is None else _Native(program)


class _Native:
    """Has the machine run a program."""

    def __init__(self, program: Program) -> None:
        rows = [(row.name, tuple(row.attrs.values())) for row in program.rows]
        self.machine = native.Machine(
            rows, program.codes, program.starts, program.operands, program.constants,
            program.n_inputs, program.outputs,
        )  # fmt: skip
        self._n_outputs = len(program.outputs)

    def once(self, inputs: Floats) -> Floats:
        """See `Runner`."""
        found = np.empty(self._n_outputs)
        self.machine.run(inputs, found)
        return found

    def rows(
        self, arguments: Sequence[tuple[Floats, bool]], n_rows: int, reduced: bool, threads: int
    ) -> Floats:
        """See `Runner`."""
        given, first = [], 0
        for array, shared in arguments:
            count = array.shape[-1]
            given.append((array, first, count, shared))
            first += count
        found = np.empty(self._n_outputs if reduced else (n_rows, self._n_outputs))
        self.machine.map(given, n_rows, found, reduced, threads)
        return found


def quick(
    program: Program, kind: int, slow: Callable[..., Any], expected: Sequence[float]
) -> Callable[..., Any]:
    """A program as a function of floats, where the machine is there: else `slow`.

    Parameters
    ----------
    program : Program
    kind : int
        Whether it gives a float (0), a tuple (1) or a list (2).
    slow : callable
        Called if the arguments are no floats, or the last outputs not as expected.
    expected : sequence of float
    """
    own = program._run()
    if not isinstance(own, _Native):
        return slow
    call: Callable[..., Any] = native.Call(own.machine, kind, slow, tuple(expected))
    return call


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
