"""A function as it was traced: its program, comparisons and form of result; and as a call in C."""

import copy
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from autograd_lite.engine import Value, going_on, is_followed, read_numbers, tracing
from autograd_lite.program.code import Floats
from autograd_lite.program.layouts import layout
from autograd_lite.program.machine import native
from autograd_lite.program.outlines import outline
from autograd_lite.program.program import Program
from autograd_lite.program.running import Native
from autograd_lite.transforms.sparse import Stored, in_matrices
from autograd_lite.transforms.trees import Tree

Function = Callable[..., Any]

#: Paths of one function that C tries, one after the other.
MOST_LINKS = 64
#: Settings that can change without being another object.
_MUTABLE = np.ndarray, list, dict, set


class FollowedError(Exception):
    """A function around is differentiated by a captured Value, which a program would lose."""


class Guard(NamedTuple):
    """A comparison in the traced function, and how it came out."""

    text: str
    holds: bool


@dataclass(frozen=True, eq=False)
class Traced:
    """The graph of one call of a function."""

    program: Program  # its last outputs are the guards: 1.0 where a comparison holds, else 0.0
    guards: tuple[Guard, ...]
    result: Tree  # of zeros: the outputs before the guards are its numbers
    settings: list[Any]  # those of the arguments, as it met them
    captured: tuple[Value, ...] = ()  # older ones that it used, and no arguments: the last inputs

    def beside(self) -> Floats:
        """The numbers of the captured Values, as they are now."""
        numbers = np.empty(len(self.captured))
        read_numbers(self.captured, numbers)
        return numbers

    @property
    def is_followed(self) -> bool:
        """Whether it captured a Value by which a function around is differentiated or compiled."""
        return bool(going_on and self.captured) and (
            tracing.get() or any(map(is_followed, self.captured))
        )

    def run(self, inputs: Floats) -> Floats:
        """The outputs for the numbers of the arguments."""
        if self.is_followed:
            raise FollowedError
        given = [inputs, self.beside()] if self.captured else [inputs]
        return self.program.run(np.concatenate(given))

    @property
    def alone(self) -> Program:
        """The program of the arguments alone: what it captured becomes constants."""
        if not self.captured:
            return self.program
        n_inputs = self.program.n_inputs - len(self.captured)
        constants = np.concatenate([self.beside(), self.program.constants])
        return self.program.changed(n_inputs=n_inputs, constants=constants)

    @cached_property
    def computing(self) -> Program:
        """The program without the guards."""
        return self.program.part(0, len(self.result.leaves)) if self.guards else self.program

    @cached_property
    def deciding(self) -> Program:
        """The program of the guards alone."""
        return self.program.part(len(self.result.leaves), len(self.program.outputs))

    @property
    def path(self) -> str:
        """The comparisons, as they came out."""
        texts = [guard.text if guard.holds else f"not {guard.text}" for guard in self.guards]
        return " and ".join(texts) or "always"

    def holds(self, outputs: Floats) -> npt.NDArray[np.bool_]:
        """Whether each row takes this path, given its outputs, of which the last are the guards."""
        expected = [guard.holds for guard in self.guards]
        last = outputs[:, outputs.shape[1] - len(expected) :]
        found: npt.NDArray[np.bool_] = ((last != 0.0) == expected).all(axis=1)
        return found

    def rebuilt(self, outputs: Floats, arguments: Sequence[Tree] = ()) -> Any:
        """The function's result, from outputs of a run."""
        found = outputs[: len(self.result.leaves)]
        if self.result.kind is np.ndarray:
            return found.reshape(self.result.shape or ())
        return self.own(self.result.rebuilt(found.tolist()), arguments)

    def own(self, result: Any, arguments: Sequence[Tree] = ()) -> Any:
        """A result for the caller: its settings are copies, or those of this call's arguments."""
        if not self.has_settings:
            return result
        memo = {id(x): x for x in settings_in([self.result]) if not isinstance(x, _MUTABLE)}
        given = zip(self.settings, settings_in(arguments), strict=True)
        return copy.deepcopy(result, memo | {id(old): new for old, new in given})

    @cached_property
    def has_matrices(self) -> bool:
        """Whether the result holds sparse matrices, of which programs give the numbers."""
        return any(tree.kind is Stored for tree in _all_trees([self.result]))

    def finished(self, result: Any) -> Any:
        """The function's result with SciPy's matrices, which are no structures of numbers."""
        return in_matrices(result) if self.has_matrices else result

    @cached_property
    def has_settings(self) -> bool:
        """Whether the result holds settings that the caller could change."""
        return any(isinstance(x, _MUTABLE) for x in settings_in([self.result]))

    @cached_property
    def example(self) -> Any:
        """The result, with zeros for its numbers."""
        return self.result.rebuilt([0.0] * len(self.result.leaves))


def _all_trees(trees: Sequence[Tree]) -> list[Tree]:
    """Structures, and their parts to any depth."""
    found = [*trees]
    for tree in found:
        found += (tree.parts or {}).values()
    return found


def settings_in(trees: Sequence[Tree]) -> list[Any]:
    """All settings and static fields, in order."""
    found = []
    for tree in _all_trees(trees):
        found += [*([tree.thing] if tree.is_setting else []), *(tree.others or {}).values()]
    return found


# --- calls in C -----------------------------------------------------------------------------------


def quick(
    traced: Traced, arguments: tuple[Hashable, ...], names: tuple[str | None, ...], by_place: int,
    before: Function, slow: Function, networks: Sequence[Any] = (),
) -> Function:  # fmt: skip
    """A path as a function in C, where C takes such structures; else `before`.

    `arguments` are layouts: of the arguments, then of `networks`, which the function reads though
    they are no arguments. The first `by_place` arguments may be given by position, those with
    `names` by name. For other arguments, or where guards come out differently, `before` is called,
    which may be such a function of another path; past `MOST_LINKS` of them, `slow` is.
    """
    own = traced.program.runner
    if not isinstance(own, Native) or own.is_refused:
        return before
    calls = _chain(before)
    if any(call.machine is own.machine for call in calls):
        return before
    holds = tuple([float(guard.holds) for guard in traced.guards])
    rest = before if len(calls) < MOST_LINKS else slow
    try:
        form = layout(traced.result)
        held, layouts, captured = (*networks,), arguments, traced.captured
        if len(held) == 1 and {*captured} == {*held[0].parameters()}:  # checked and read at once
            layouts = (*arguments[:-1], outline(held[0], captured))
        elif captured:
            held, layouts = (*held, [*captured]), (*arguments, outline([*captured], captured))
        call: Function = native.Call(own.machine, form, rest, holds, layouts, names, by_place, held)
    except TypeError:
        own.is_refused = True
        return before
    return partial(_finishing, call) if traced.has_matrices else call


def _finishing(call: Function, *args: Any, **keywords: Any) -> Any:
    """The result of a call in C, with SciPy's matrices."""
    return in_matrices(call(*args, **keywords))


def by_last_use(used: dict[Traced, Any], function: Function) -> dict[Traced, Any]:
    """The same paths, least recently run first; `function` (see `quick`) knows when C ran them."""
    last = {call.machine: call.used for call in _chain(function)}
    machines = {traced: getattr(traced.program.runner, "machine", None) for traced in used}
    return {each: used[each] for each in sorted(used, key=lambda x: last.get(machines[x], 0))}


def _chain(function: Any) -> list[Any]:
    """The calls in C that a function of `quick` tries, in their order."""
    found = []
    while native is not None:
        function = function.args[0] if isinstance(function, partial) else function
        if not isinstance(function, native.Call):
            break
        found.append(function)
        function = function.fallback
    return found
