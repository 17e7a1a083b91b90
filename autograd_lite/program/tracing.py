"""Running a function once to see what it computes: its graph, and the comparisons that it made."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from autograd_lite.engine import Builder, Value, constant, observe, read_numbers, topological_order
from autograd_lite.engine.modes import around, is_followed, writing
from autograd_lite.errors import ProgramError
from autograd_lite.modes import recording
from autograd_lite.modes.lines import Line, users_line
from autograd_lite.ops.choice import equal, less, less_equal
from autograd_lite.program.freezing import finished
from autograd_lite.program.layouts import numbers_of
from autograd_lite.program.program import Floats, Program
from autograd_lite.transforms.nesting import Differentiation, differentiating, tracing
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


class FollowedError(Exception):
    """A program would lose that a function around is differentiated by what it captured."""


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
    captured : tuple of Value
        Older ones that it used, and no arguments: the last inputs.
    """

    program: Program
    guards: tuple[Guard, ...]
    result: Tree
    captured: tuple[Value, ...] = ()

    def beside(self) -> Floats:
        """The numbers of the captured Values, as they are now."""
        numbers = np.empty(len(self.captured))
        read_numbers(self.captured, numbers)
        return numbers

    @property
    def is_followed(self) -> bool:
        """Whether it captured what a function around is differentiated or compiled by."""
        return bool(around.get()) and any(map(is_followed, self.captured))

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

    def rebuilt(self, outputs: Floats) -> Any:
        """The function's result, from outputs of a run."""
        found = outputs[: len(self.result.leaves)]
        if self._is_array:
            return found.reshape(self.result.shape or ())
        return self.result.rebuilt(found.tolist())

    @cached_property
    def _is_array(self) -> bool:
        return self.result.kind is np.ndarray

    @cached_property
    def example(self) -> Any:
        """The result, with zeros for its numbers."""
        return self.result.rebuilt([0.0] * len(self.result.leaves))


class _Trace:
    """The comparisons of one call, and which nodes depend on its inputs or on older Values."""

    def __init__(self, inputs: Sequence[Value]) -> None:
        self.compared: list[tuple[str, Value, Value, bool]] = []
        self.depends: dict[Value, bool] = dict.fromkeys(inputs, True)
        self.within, self.mark = Differentiation([*inputs]), Value(0.0)
        self.read: dict[Value, None] = {}
        self.written: Line | None = None  # where a number became a text

    def is_older(self, node: Value) -> bool:
        """Whether it was there before the call, and its number can become another."""
        return node._stamp < self.mark._stamp and not node.constant

    def is_traced(self, value: Any) -> bool:
        """Whether a number may be another in the next call; each node is looked at once."""
        if not isinstance(value, Value):
            return False
        if self.is_older(value):
            return True
        known, stack = self.depends, [value]
        while stack:
            node = stack[-1]
            if node not in known:
                missing = [parent for parent in node.parents if parent not in known]
                if missing and not self.is_older(node):
                    stack += missing
                    continue
                known[node] = self.is_older(node) or any(known[p] for p in node.parents)
            stack.pop()
        return known[value]


_trace: ContextVar[_Trace | None] = ContextVar("trace", default=None)
_lock = threading.Lock()
_count = 0


class _Observer:
    """Tells the trace of the thread in which something happens."""

    def read(self, node: Value) -> None:
        trace = _trace.get()
        if trace is None or not trace.is_traced(node):
            return
        if trace.is_older(node) and not trace.within.is_input(node):
            trace.read[node] = None  # which makes it a guard
        elif writing.get():
            trace.written = trace.written or users_line()
        else:
            raise ProgramError(
                "the number, gradient or derivatives of a Value were read while a program was "
                "traced, which would bake this call's number in; compute with the Value itself "
                "(ag.where chooses, ag.stop_gradient keeps derivatives out, ag.grad "
                "differentiates), or do this outside of the compiled function"
            )

    def compared(self, relation: str, node: Value, other: Any, holds: bool) -> None:
        trace = _trace.get()
        if trace is not None and (trace.is_traced(node) or trace.is_traced(other)):
            second = other if isinstance(other, Value) else constant(other)
            trace.compared.append((relation, node, second, holds))


@contextmanager
def _tracing(trace: _Trace) -> Iterator[None]:
    """Observe what happens in this thread; threads that trace share one observer."""
    global _count
    with _lock:
        _count += 1
        observe(_Observer())
    token, mark = _trace.set(trace), tracing.set(True)
    try:
        yield
    finally:
        tracing.reset(mark)
        _trace.reset(token)
        with _lock:
            _count -= 1
            if _count == 0:
                observe(None)


def trace(function: Callable[..., Any], arguments: Sequence[Tree], name: str) -> Traced:
    """What a function computes at some arguments.

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
    inputs = [node for tree in arguments for node in nodes_for(tree)]
    rest = iter(inputs)
    given = [tree.build(rest) for tree in arguments]
    seen = _Trace(inputs)
    with recording(), differentiating(inputs), _tracing(seen):
        returned = function(*given)
        if seen.written is not None:
            raise ProgramError(
                f"{name} made a text of a number that it computes ({seen.written}), which would "
                "bake this call's number in: return the number, and write it outside of the "
                "compiled function; only the text of an exception that leaves it may show one"
            )
        result = take_apart(returned, f"the result of {name}")
    leaves = [leaf if isinstance(leaf, Value) else constant(leaf) for leaf in result.leaves]
    seen.compared += [("==", node, constant(node.data), True) for node in seen.read]
    sides = [side for _, node, other, _ in seen.compared for side in (node, other)]
    order = topological_order([*leaves, *sides], [seen.mark])
    captured = [node for node in order if seen.is_older(node) and not seen.within.reaches(node)]
    builder = Builder(len(inputs) + len(captured))
    registers = builder.enter([*inputs, *captured], [*leaves, *sides])
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
    return Traced(program, tuple(guards.values()), form, tuple(captured))


def nodes_for(tree: Tree) -> list[Value]:
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
