"""Running a function once to see what it computes: its graph, and the comparisons that it made."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from autograd_lite.engine import Builder, Value, constant, observe
from autograd_lite.engine.observing import LENT, MADE
from autograd_lite.errors import ProgramError
from autograd_lite.modes import recording
from autograd_lite.ops.choice import equal, less, less_equal
from autograd_lite.program.freezing import finished
from autograd_lite.program.layouts import numbers_of
from autograd_lite.program.program import Floats, Program
from autograd_lite.transforms.nesting import (
    Differentiation,
    all_around,
    differentiating,
    lent_of,
    tracing,
)
from autograd_lite.transforms.structures import MUTABLE, with_own_settings
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


class Guard(NamedTuple):
    """A comparison in the traced function, and how it came out."""

    text: str
    holds: bool


@dataclass(frozen=True)
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
        Those of the arguments, as it met them, that can be changed.
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
        given = zip(self.settings, _settings_in(arguments), strict=True)
        return with_own_settings(result, {id(old): new for old, new in given})

    @cached_property
    def _has_settings(self) -> bool:
        return bool(_settings_in([self.result]))

    @cached_property
    def _is_array(self) -> bool:
        return self.result.kind is np.ndarray

    @cached_property
    def example(self) -> Any:
        """The result, with zeros for its numbers."""
        return self.result.rebuilt([0.0] * len(self.result.leaves))


class _Trace:
    """A call that is being traced: its inputs and the comparisons that it made."""

    def __init__(self, inputs: list[Value], lent: list[Value]) -> None:
        self.compared: list[tuple[str, Value, Value, bool]] = []
        self.is_closure = False  # what is traced around decided something
        self.lent = {*lent}
        self.made = [node for node in inputs if node not in self.lent]
        self.thread = threading.get_ident()
        self._here, self._elsewhere = Differentiation(inputs), Differentiation(self.made)

    def reaches(self, node: Any) -> bool:
        """Whether a number depends on the inputs; elsewhere lent ones do not count."""
        own = self._here if self.is_here else self._elsewhere
        return isinstance(node, Value) and node._traced > 0 and own.reaches(node)

    @property
    def is_here(self) -> bool:
        """Whether the code that runs is in the thread of this call."""
        return self.thread == threading.get_ident()


_going_on: list[_Trace] = []


def _refuse_read(node: Value) -> None:
    """Raise a ProgramError if a number of a function that is or was traced would be used."""
    if any(each.reaches(node) for each in _going_on):
        raise ProgramError(
            "the number, gradient or derivatives of a Value were read while a program was "
            "traced, which would bake this call's number in; compute with the Value itself "
            "(ag.where chooses, ag.stop_gradient keeps derivatives out, ag.grad "
            "differentiates), or do this outside of the compiled function"
        )
    if node._traced & MADE:
        raise ProgramError(
            "a Value of a compiled function was kept and used after its call; it stood for a "
            "number of that call alone: return it from the function, or make it an argument"
        )


def refuse_elsewhere(nodes: Iterable[Any], what: str) -> None:
    """Raise a ProgramError if this is done to a Value of a function traced in another thread."""
    for each in [*_going_on]:
        if not each.is_here and any(map(each.reaches, nodes)):
            raise ProgramError(
                f"{what} in another thread than the compiled function that a Value belongs to, "
                "so a program could not tell when; do it in the thread of that function (ag.where "
                "chooses without a comparison)"
            )


class _Observer:
    """Tells the calls that are traced; a Value knows them, whatever the thread."""

    read = staticmethod(_refuse_read)

    def compared(self, relation: str, node: Value, other: Any, holds: bool) -> None:
        refuse_elsewhere((node, other), "a comparison was made")
        second = other if isinstance(other, Value) else constant(other)
        for each in reversed([each for each in _going_on if each.is_here]):
            if each.reaches(node) or each.reaches(other):
                each.compared.append((relation, node, second, holds))
                return
            each.is_closure = True
        _refuse_read(node if node._traced & MADE else second)


observe(_Observer())


@contextmanager
def _tracing(trace: _Trace) -> Iterator[None]:
    """Observe what happens to the inputs and all that depends on them."""
    for flag, nodes in ((MADE, trace.made), (LENT, trace.lent)):
        for node in nodes:
            node._traced |= flag
    mark = tracing.set(True)
    _going_on.append(trace)
    try:
        yield
    finally:
        _going_on.remove(trace)
        tracing.reset(mark)
        for node in trace.lent.difference(*[each.lent for each in _going_on]):
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
    seen, outer = _Trace(inputs, lent_of(arguments)), all_around()
    with recording(), differentiating(inputs, arguments), _tracing(seen):
        result = take_apart(function(*given), f"the result of {name}")
    leaves = [leaf if isinstance(leaf, Value) else constant(leaf) for leaf in result.leaves]
    sides = [side for _, node, other, _ in seen.compared for side in (node, other)]
    found = (*leaves, *sides)
    if seen.is_closure or any(each.reaches(node) for each in outer for node in found):
        refuse_elsewhere(found, "a program was made")
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
    settings = _settings_in(arguments)
    form = result.rebuilt([0.0] * len(leaves))
    form = with_own_settings(form, {id(each): each for each in settings})
    form = take_apart(form, f"the result of {name}")
    return Traced(program, tuple(guards.values()), form, settings)


def _settings_in(trees: Sequence[Tree]) -> list[Any]:
    """All that can be changed without being another: bool arrays, static fields."""
    found, waiting = [], [*trees]
    for tree in waiting:
        waiting += (tree.parts or {}).values()
        found += [x for x in (tree.thing, *(tree.others or {}).values()) if isinstance(x, MUTABLE)]
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
