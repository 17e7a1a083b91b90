"""Who runs a program: the machine in C where it was compiled, else Python."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from autograd_lite.engine import name as engine
from autograd_lite.program.in_python import InPython
from autograd_lite.program.layouts import NUMBER, Floats, Matrices, layout
from autograd_lite.program.outlines import outline

if TYPE_CHECKING:
    from autograd_lite.program.program import Program
    from autograd_lite.program.traced import Traced

native: Any = None
if engine == "native":
    try:
        from autograd_lite.program import native
    except ModuleNotFoundError:  # it was not compiled
        pass
    except ImportError as error:
        warnings.warn(f"{error}; programs run in Python instead", stacklevel=2)

Function = Callable[..., Any]

#: So many paths of one function are tried one after the other in C.
MOST_LINKS = 64
_MOST_THREADS = 2**31 - 1  # more than rows have blocks


class Runner(Protocol):
    """The runner of a program."""

    def once(self, inputs: Floats) -> Floats:
        """The outputs for one input, with the bits of eager evaluation."""

    def rows(self, arguments: Matrices, n_rows: int, reduced: bool, threads: int) -> Floats:
        """The outputs as columns, of shape (outputs, n_rows), or their sums, (outputs,)."""

    def bound(self, arguments: Matrices, n_rows: int) -> Callable[[], Floats]:
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
        self.is_refused = False  # by calls, as its arguments or results are of another kind

    def once(self, inputs: Floats) -> Floats:
        """See `Runner`."""
        found = np.empty(self._n_outputs)
        self.machine.run(inputs, found)
        return found

    def rows(self, arguments: Matrices, n_rows: int, reduced: bool, threads: int) -> Floats:
        """See `Runner`."""
        found = np.empty(self._n_outputs if reduced else (self._n_outputs, n_rows))
        self.machine.map(_placed(arguments), n_rows, found, reduced, min(threads, _MOST_THREADS))
        return found

    def bound(self, arguments: Matrices, n_rows: int) -> Callable[[], Floats]:
        """See `Runner`."""
        given, n_outputs, run = _placed(arguments), self._n_outputs, self.machine.map

        def sums() -> Floats:
            found = np.empty(n_outputs)
            run(given, n_rows, found, True, 1)
            return found

        return sums


def _placed(arguments: Matrices) -> tuple[tuple[Floats, int, int, bool], ...]:
    """With the number of the first input that each is, and how many it is."""
    given, first = [], 0
    for array, shared in arguments:
        count = array.shape[-1]
        given.append((array, first, count, shared))
        first += count
    return tuple(given)


def _nothing(*_: Any) -> None:
    """No result."""


def quick_program(program: Program) -> Function:
    """A program as a function, which gives None for what are no floats, or without the machine."""
    own = program._run()
    if not isinstance(own, _Native):
        return _nothing
    result = NUMBER if program.single else (list, len(program.outputs))
    numbers = (NUMBER,) * program.n_inputs
    call: Function = native.Call(own.machine, result, _nothing, (), numbers)
    return call


def quick(
    traced: Traced,
    arguments: tuple[Hashable, ...],
    names: tuple[str | None, ...],
    by_place: int,
    before: Function,
    slow: Function,
    networks: Sequence[Any] = (),
) -> Function:
    """A path as a function, where the machine is there and takes such structures: else `before`.

    `arguments` are the layouts of these and of the networks that the function reads though they are
    no arguments; so many of the former, `by_place`, may be given by position, and those with
    `names` by name. `before` is called if the arguments are something else, or the guards come out
    differently. It may have been made here for other paths: one call goes through them all, or
    through `slow` where there are as many as are kept.
    """
    own = traced.program._run()
    if not isinstance(own, _Native) or own.is_refused:
        return before
    link, links = before, 0
    while isinstance(link, native.Call):
        if link.machine is own.machine:
            return before
        link, links = link.fallback, links + 1
    expected = tuple([float(guard.holds) for guard in traced.guards])
    rest = before if links < MOST_LINKS else slow
    try:
        result = layout(traced.result)
        held, layouts, captured = (*networks,), arguments, traced.captured
        if len(held) == 1 and {*captured} == {*held[0].parameters()}:  # checked and read at once
            layouts = (*arguments[:-1], outline(held[0], captured))
        elif captured:
            held, layouts = (*held, [*captured]), (*arguments, outline([*captured], captured))
        call: Function = native.Call(
            own.machine, result, rest, expected, layouts, names, by_place, held
        )
    except TypeError:
        own.is_refused = True
        return before
    return call


def by_last_use(used: dict[Traced, Any], function: Function) -> dict[Traced, Any]:
    """The same, in the order in which they ran in C by a function of `quick`; others first."""
    last: dict[Any, int] = {}
    while native is not None and isinstance(function, native.Call):
        last[function.machine], function = function.used, function.fallback
    machines = {traced: getattr(traced.program._run(), "machine", None) for traced in used}
    return {each: used[each] for each in sorted(used, key=lambda x: last.get(machines[x], 0))}
