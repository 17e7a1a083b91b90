"""A function as it was traced: its program, its comparisons, and the form of its result."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from autograd_lite.engine import Value, is_followed, read_numbers
from autograd_lite.program.program import Floats, Program
from autograd_lite.transforms.nesting import going_on, tracing
from autograd_lite.transforms.trees import Tree

#: What a setting can be that changes without being another.
_MUTABLE = np.ndarray, list, dict, set


class FollowedError(Exception):
    """A program would lose that a function around is differentiated by what it captured."""


class Guard(NamedTuple):
    """A comparison in the traced function, and how it came out."""

    text: str
    holds: bool


@dataclass(frozen=True, eq=False)
class Traced:
    """The graph of one call of a function.

    Attributes
    ----------
    program : Program
        Its last outputs are the guards: 1.0 where the comparison holds, else 0.0.
    guards : tuple of Guard
    result : Tree
        What the function returned, with zeros for its numbers: the outputs before the guards.
    settings : list
        Those of the arguments, as it met them.
    captured : tuple of Value
        Older ones that it used, and no arguments: the last inputs.
    """

    program: Program
    guards: tuple[Guard, ...]
    result: Tree
    settings: list[Any]
    captured: tuple[Value, ...] = ()

    def beside(self) -> Floats:
        """The numbers of the captured Values, as they are now."""
        numbers = np.empty(len(self.captured))
        read_numbers(self.captured, numbers)
        return numbers

    @property
    def is_followed(self) -> bool:
        """Whether it captured what a function around is differentiated or compiled by."""
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
        p, numbers = self.program, self.beside()
        constants = np.concatenate([numbers, p.constants])  # registers keep their numbers
        first = p.n_inputs - len(numbers)
        return p if not len(numbers) else Program(
            first, constants, p.rows, p.codes, p.starts, p.operands, p.outputs, False, p.saved
        )  # fmt: skip

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
        """Whether rows take this path, given the outputs for each, of which guards are the last."""
        expected = [guard.holds for guard in self.guards]
        last = outputs[:, outputs.shape[1] - len(expected) :]
        found: npt.NDArray[np.bool_] = ((last != 0.0) == expected).all(axis=1)
        return found

    def rebuilt(self, outputs: Floats, arguments: Sequence[Tree] = ()) -> Any:
        """The function's result, from outputs of a run."""
        found = outputs[: len(self.result.leaves)]
        if self._is_array:
            return found.reshape(self.result.shape or ())
        return self.own(self.result.rebuilt(found.tolist()), arguments)

    def own(self, result: Any, arguments: Sequence[Tree] = ()) -> Any:
        """A result that the caller may change; settings of his arguments are those of this call."""
        if not self.has_settings:
            return result
        memo = {id(x): x for x in settings_in([self.result]) if not isinstance(x, _MUTABLE)}
        given = zip(self.settings, settings_in(arguments), strict=True)
        return copy.deepcopy(result, memo | {id(old): new for old, new in given})

    @cached_property
    def has_settings(self) -> bool:
        """Whether the result holds settings that the caller could change."""
        return any(isinstance(x, _MUTABLE) for x in settings_in([self.result]))

    @cached_property
    def _is_array(self) -> bool:
        return self.result.kind is np.ndarray

    @cached_property
    def example(self) -> Any:
        """The result, with zeros for its numbers."""
        return self.result.rebuilt([0.0] * len(self.result.leaves))


def settings_in(trees: Sequence[Tree]) -> list[Any]:
    """All settings and static fields, in order."""
    found, waiting = [], [*trees]
    for tree in waiting:
        waiting += (tree.parts or {}).values()
        found += [*([tree.thing] if tree.is_setting else []), *(tree.others or {}).values()]
    return found
