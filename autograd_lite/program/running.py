"""Runners of programs: the machine in C where it was compiled, else Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from autograd_lite.program.code import Code, Floats
from autograd_lite.program.in_python import InPython
from autograd_lite.program.jit.tiers import Tier
from autograd_lite.program.layouts import NUMBER, Matrices
from autograd_lite.program.machine import native

Function = Callable[..., Any]

_MOST_THREADS = 2**31 - 1  # more than rows have blocks


class Native:
    """A program run by the machine in C."""

    def __init__(self, code: Code, jit: bool | None = None) -> None:
        ops = [(op.name, tuple(op.attrs.values())) for op in code.ops]
        self.machine = native.Machine(
            ops, code.codes, code.starts, code.operands, code.constants, code.n_inputs, code.outputs
        )
        self._n_outputs = len(code.outputs)
        self.is_refused = False  # as no call in C can take its arguments or results
        self._tier = Tier(code, self.machine, jit)

    @property
    def stats(self) -> dict[str, Any]:
        """The tier that runs it; see `Program.stats`."""
        return self._tier.stats

    def once(self, inputs: Floats) -> Floats:
        """The outputs for one input, with the bits of eager evaluation."""
        found = np.empty(self._n_outputs)
        self.machine.run(inputs, found)
        return found

    def rows(self, arguments: Matrices, n_rows: int, reduced: bool, threads: int) -> Floats:
        """The outputs as columns, of shape (outputs, n_rows), or their sums, (outputs,)."""
        found = np.empty(self._n_outputs if reduced else (self._n_outputs, n_rows))
        self.machine.map(_placed(arguments), n_rows, found, reduced, min(threads, _MOST_THREADS))
        return found

    def on_arrays(self, inputs: Floats, outputs: Floats) -> Callable[[], None]:
        """See `Program.bind`."""
        n_rows = -1 if inputs.ndim == 1 else inputs.shape[1]
        run: Callable[[], None] = native.Bound(self.machine, inputs, outputs, n_rows)
        return run

    def descend(
        self, update: Runner, totals: Runner | None, numbers: Floats, state: Floats,
        settings: Floats, rate: Any, columns: Sequence[Floats], n_samples: int, order: Any,
        size: int, found: Floats, threads: int,
    ) -> None:  # fmt: skip
        """Take steps of training; see `native.Machine.descend`."""
        others = [None if each is None else cast(Native, each).machine for each in (update, totals)]
        given = tuple(columns), n_samples, order, size, found, min(threads, _MOST_THREADS)
        self.machine.descend(*others, numbers, state, settings, rate, *given)

    def bound(self, arguments: Matrices, n_rows: int, threads: int) -> Callable[[], Floats]:
        """The sums over rows, as a function of what the arrays hold when it is called.

        Quicker than `rows` where the same arrays, contiguous ones of float64, are used again.
        """
        given, n_outputs, run = _placed(arguments), self._n_outputs, self.machine.map

        def sums() -> Floats:
            found = np.empty(n_outputs)
            run(given, n_rows, found, True, min(threads, _MOST_THREADS))
            return found

        return sums


#: What runs a program; `Native` says of the methods, which both have, what they do.
Runner = InPython | Native


def runner(code: Code, jit: bool | None = None) -> Runner:
    """The fastest runner there is; `jit` says whether it may make machine code."""
    return InPython(code) if native is None else Native(code, jit)


def _placed(arguments: Matrices) -> tuple[tuple[Floats, int, int, bool], ...]:
    """The arguments with the number of the first input that each holds, and how many it holds."""
    given, first = [], 0
    for array, shared in arguments:
        count = array.shape[-1]
        given.append((array, first, count, shared))
        first += count
    return tuple(given)


def _nothing(*_: Any) -> None:
    """No result."""


def quick_program(code: Code, own: Runner) -> Function:
    """A program as a function in C; it gives None where inputs are no floats, or C is not there."""
    if not isinstance(own, Native):
        return _nothing
    result = NUMBER if code.single else (list, len(code.outputs))
    numbers = (NUMBER,) * code.n_inputs
    call: Function = native.Call(own.machine, result, _nothing, (), numbers)
    return call
