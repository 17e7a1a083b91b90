"""Running a function once to see what it computes: its graph, and the comparisons that it made."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from threading import get_ident
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from autograd_lite.engine import Builder, Value, constant, observe
from autograd_lite.engine.modes import writing
from autograd_lite.engine.observing import LENT, MADE
from autograd_lite.errors import ProgramError
from autograd_lite.modes import recording
from autograd_lite.modes.lines import Line, users_line
from autograd_lite.ops.choice import equal, less, less_equal
from autograd_lite.program.freezing import finished
from autograd_lite.program.layouts import numbers_of
from autograd_lite.program.program import Floats, Program
from autograd_lite.transforms.nesting import (
    Differentiation,
    all_around,
    differentiating,
    tracing,
)
from autograd_lite.transforms.trees import Tree, take_apart

#: The row of each comparison, and whether its sides change places.
_ROWS = {
    "<": (less, False),
    "<=": (less_equal, False),
    ">": (less, True),
    ">=": (less_equal, True),
    "==": (equal, False),
    "!=": (equal, False),
}


#: What a setting can be that changes without being another.
_MUTABLE = np.ndarray, list, dict, set


class Guard(NamedTuple):
    """A comparison in the traced function, and how it came out."""

    text: str
    holds: bool


@dataclass(frozen=True, eq=False)
class Traced:
    """What one call of a function computed.

    Attributes
    ----------
    program : Program
        Its last outputs are the guards: 1.0 where the comparison holds, else 0.0.
    guards : tuple of Guard
    result : Tree
        What the function returned, with zeros for its numbers: the outputs before the guards.
    settings : list
        Those of the arguments, as it met them.
    """

    program: Program
    guards: tuple[Guard, ...]
    result: Tree
    settings: list[Any]

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
        if not self._has_settings:
            return result
        memo = {id(x): x for x in _settings_in([self.result]) if not isinstance(x, _MUTABLE)}
        given = zip(self.settings, _settings_in(arguments), strict=True)
        return copy.deepcopy(result, memo | {id(old): new for old, new in given})

    @cached_property
    def _has_settings(self) -> bool:
        return any(isinstance(x, _MUTABLE) for x in _settings_in([self.result]))

    @cached_property
    def _is_array(self) -> bool:
        return self.result.kind is np.ndarray

    @cached_property
    def example(self) -> Any:
        """The result, with zeros for its numbers."""
        return self.result.rebuilt([0.0] * len(self.result.leaves))


class _Trace:
    """A call that is being traced, by which inputs, and the comparisons that it made."""

    def __init__(self, by: list[Differentiation]) -> None:
        self.compared: list[tuple[str, Value, Value, bool]] = []
        self.is_closure = False  # it made comparisons of a function around
        self.by, self.thread = by, get_ident()
        self.lent = {x for each in by[1:] for x in each.inputs}
        self.written: Line | None = None  # where a number became a text

    def reaches(self, *numbers: Any) -> bool:
        """Whether one of some numbers depends on the inputs."""
        values = [x for x in numbers if isinstance(x, Value) and x._traced]
        return any(each.is_here() and each.reaches(x) for each in self.by for x in values)


_traces: list[_Trace] = []


def refuse_elsewhere(numbers: Iterable[Any], what: str = "a program was called") -> None:
    """Raise a ProgramError if this is done to Values of a function traced in another thread."""
    if any(each.thread != get_ident() and each.reaches(*numbers) for each in [*_traces]):
        raise ProgramError(
            f"{what} in another thread than the compiled function that a Value belongs to, and a "
            "program cannot tell when; do it in that function's own (ag.where chooses anywhere)"
        )


class _Observer:
    """Tells the calls that are traced; Values say which, in every thread."""

    def read(self, node: Value) -> None:
        found = [each for each in [*_traces] if each.reaches(node)]
        for each in found if writing.get() else ():
            each.written = each.written or users_line()
        if found and not writing.get():
            raise ProgramError(
                "the number, gradient or derivatives of a Value were read while a program was "
                "traced, which would bake this call's number in; compute with the Value itself "
                "(ag.where chooses, ag.stop_gradient keeps derivatives out, ag.grad "
                "differentiates), or do this outside of the compiled function"
            )
        if node._traced & MADE and not (found or writing.get()):
            raise ProgramError(
                "a Value of a compiled function was kept and used after its call, of which alone "
                "it held a number; return it from the function, or make it an argument"
            )

    def compared(self, relation: str, node: Value, other: Any, holds: bool) -> None:
        refuse_elsewhere((node, other), "a comparison was made")
        second = other if isinstance(other, Value) else constant(other)
        for each in reversed([each for each in _traces if each.thread == get_ident()]):
            if each.reaches(node, other):
                each.compared.append((relation, node, second, holds))
                return
            each.is_closure = True
        self.read(node if node._traced & MADE else second)


observe(_Observer())


@contextmanager
def _tracing(inputs: list[Value], arguments: Sequence[Tree]) -> Iterator[_Trace]:
    """Observe what happens to some inputs, and to all that depends on them."""
    with recording(), differentiating(inputs, arguments) as by:
        _traces.append(trace := _Trace(by))
        for node in inputs:
            node._traced |= LENT if node in trace.lent else MADE
        mark = tracing.set(True)
        try:
            yield trace
        finally:
            tracing.reset(mark)
            _traces.remove(trace)
            for node in trace.lent.difference(*[each.lent for each in _traces]):
                node._traced &= ~LENT


def trace(function: Callable[..., Any], arguments: Sequence[Tree], name: str) -> Traced | None:
    """What a function computes at some arguments; None if that depends on what goes on around.

    Parameters
    ----------
    function : callable
    arguments : sequence of Tree
        Positional ones, taken apart.
    name : str
        What the function is called in messages.

    Raises
    ------
    ProgramError
        If the function reads the number of what it computes.
    TypeError
        If it returns what is no structure.
    """
    inputs = [node for tree in arguments for node in _nodes_for(tree)]
    rest = iter(inputs)
    given = [tree.build(rest) for tree in arguments]
    outer = all_around()
    with _tracing(inputs, arguments) as seen:
        returned = function(*given)
        if seen.written is not None:
            raise ProgramError(
                f"{name} made a text of a number that it computes ({seen.written}), which would "
                "bake this call's number in: return the number, and write it outside of the "
                "compiled function; only the text of an exception that leaves it may show one"
            )
        result = take_apart(returned, f"the result of {name}")
    leaves = [leaf if isinstance(leaf, Value) else constant(leaf) for leaf in result.leaves]
    sides = [side for _, node, other, _ in seen.compared for side in (node, other)]
    roots = (*leaves, *sides)
    if seen.is_closure or any(each.reaches(node) for each in outer for node in roots):
        refuse_elsewhere(roots, "a program was made")
        return None
    builder = Builder(len(inputs))
    registers = builder.enter(inputs, [*leaves, *sides])
    outputs, compared = registers[: len(leaves)], registers[len(leaves) :]
    guards: dict[int, Guard] = {}
    for i, (relation, node, other, holds) in enumerate(seen.compared):
        row, swapped = _ROWS[relation]
        pair = compared[2 * i : 2 * i + 2]
        register = builder.emit(row, pair[::-1] if swapped else pair)
        if relation == "!=":
            register = builder.emit(equal, (register, builder.constant(0.0)))
        if register >= 0:  # else two constants
            guards.setdefault(register, Guard(f"{_side(node)} {relation} {_side(other)}", holds))
    program = finished(builder, [*outputs, *guards], False)
    # The result holds the whole graph, of which a program needs the outer form alone.
    form = take_apart(result.rebuilt([0.0] * len(leaves)), f"the result of {name}")
    found = Traced(program, tuple(guards.values()), form, _settings_in(arguments))
    if not found._has_settings:
        return found
    own = found.own(found.example, arguments)  # as they are now, for they may change
    return replace(found, result=take_apart(own, f"the result of {name}"))


def _settings_in(trees: Sequence[Tree]) -> list[Any]:
    """All settings and static fields, in order."""
    found, waiting = [], [*trees]
    for tree in waiting:
        waiting += (tree.parts or {}).values()
        found += [tree.thing, *(tree.others or {}).values()]
    return found


def _nodes_for(tree: Tree) -> list[Value]:
    """What stands for the numbers of an argument; a network's own parameters, to spare a copy."""
    return [
        leaf if parameter and isinstance(leaf, Value) else Value(number)
        for leaf, parameter, number in zip(
            tree.leaves, tree.parameters, numbers_of(tree), strict=True
        )
    ]


def _side(node: Value) -> str:
    """A side of a comparison, for people."""
    if node.constant:
        return f"{node.data:g}"
    return node.label or node.op or "an argument"
