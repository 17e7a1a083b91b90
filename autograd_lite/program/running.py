"""Who runs a program: the machine in C where it was compiled, else Python."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from autograd_lite.engine import name as engine
from autograd_lite.program.in_python import InPython

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


class Runner(Protocol):
    """What runs a program."""

    def once(self, inputs: Floats) -> Floats:
        """The outputs for one input, with the bits of eager evaluation."""

    def rows(
        self, arguments: Sequence[tuple[Floats, bool]], n_rows: int, reduced: bool, threads: int
    ) -> Floats:
        """The outputs as columns, of shape (outputs, n_rows), or their sums, (outputs,)."""

    def bound(self, arguments: Sequence[tuple[Floats, bool]], n_rows: int) -> Callable[[], Floats]:
        """The sums over rows of these arrays, as a function of what they hold then."""


def runner(program: Program) -> Runner:
    """The fastest one there is."""
    return InPython(program) if native is None else _Native(program)


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
        found = np.empty(self._n_outputs if reduced else (self._n_outputs, n_rows))
        self.machine.map(_placed(arguments), n_rows, found, reduced, threads)
        return found

    def bound(self, arguments: Sequence[tuple[Floats, bool]], n_rows: int) -> Callable[[], Floats]:
        """See `Runner`."""
        given, n_outputs, run = _placed(arguments), self._n_outputs, self.machine.map

        def sums() -> Floats:
            found = np.empty(n_outputs)
            run(given, n_rows, found, True, 1)
            return found

        return sums


def _placed(arguments: Sequence[tuple[Floats, bool]]) -> tuple[tuple[Floats, int, int, bool], ...]:
    """With the number of the first input that each is, and how many it is."""
    given, first = [], 0
    for array, shared in arguments:
        count = array.shape[-1]
        given.append((array, first, count, shared))
        first += count
    return tuple(given)


def quick(
    program: Program,
    kind: int,
    slow: Callable[..., Any],
    expected: Sequence[float],
    sizes: Sequence[int],
) -> Callable[..., Any]:
    """A program as a function of floats and lists, where the machine is there: else `slow`.

    Parameters
    ----------
    program : Program
    kind : int
        Whether it gives a float (0), a tuple (1) or a list (2).
    slow : callable
        Called if the arguments are something else, or the last outputs not as expected.
    expected : sequence of float
    sizes : sequence of int
        Of each argument: -1 for a float, or the length of a list of floats.
    """
    own = program._run()
    if not isinstance(own, _Native):
        return slow
    call: Callable[..., Any] = native.Call(own.machine, kind, slow, tuple(expected), tuple(sizes))
    return call
