"""Tracing: a function is run once on Values; its graph and comparisons become a program."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from threading import Lock, get_ident
from typing import Any

from autograd_lite.engine import (
    LENT,
    MADE,
    Builder,
    Value,
    all_around,
    constant,
    fields,
    is_silent,
    observe,
    topological_order,
    tracing,
    writing,
)
from autograd_lite.errors import ProgramError
from autograd_lite.modes import is_checked, recording
from autograd_lite.modes.lines import Line, users_line
from autograd_lite.ops.choice import equal, less, less_equal
from autograd_lite.program.program import Program
from autograd_lite.program.rolling import finished
from autograd_lite.program.traced import Guard, Traced, settings_in
from autograd_lite.transforms.nesting import Differentiation, differentiating, stands_on
from autograd_lite.transforms.trees import Tree, take_apart

#: The op of each comparison, and whether its sides change places.
_OPS = {
    "<": (less, False), "<=": (less_equal, False), "==": (equal, False),
    ">": (less, True), ">=": (less_equal, True), "!=": (equal, False),
}  # fmt: skip

_UNWATCHED = (
    "inside detect_anomaly no function is compiled, as a program tells nobody of a nan or inf: "
    "call the function itself there (learn with compile=False), or the compiled one outside"
)

#: The relation, its two sides, and whether it held.
_Comparison = tuple[str, Value, Value, bool]


class _Trace:
    """A call that is being traced: its inputs, and the comparisons that it made."""

    def __init__(self, by: list[Differentiation]) -> None:
        self.compared: list[_Comparison] = []
        self.is_closure = False  # it made comparisons of a function around
        self.by, self.thread, self.mark = by, get_ident(), Value(0.0)
        self.lent = {x for each in by[1:] for x in each.inputs}
        self.inputs = {x for each in by for x in each.inputs}
        self.read: dict[Value, float] = {}  # older Values, each of which becomes a guard
        self.known: dict[int, bool] = {}  # by stamp, whether a node is computed from older Values
        self.written: Line | None = None  # where a number became a text

    def reaches(self, *numbers: Any) -> bool:
        """Whether one of some numbers depends on the inputs."""
        values = [x for x in numbers if isinstance(x, Value) and x._traced]
        return any(each.is_here() and each.reaches(x) for each in self.by for x in values)

    def is_older(self, node: Value) -> bool:
        """Whether it existed before the call, is no input, and is no constant."""
        was_there = node._stamp < self.mark._stamp and not node.constant
        return was_there and node not in self.inputs

    def varies(self, *numbers: Any) -> bool:
        """Whether one of some numbers is computed from older Values."""
        return self.thread == get_ident() and any(
            stands_on(x, self.known, lambda node: self.is_older(node) or None)
            for x in numbers
            if isinstance(x, Value)
        )


_traces: list[_Trace] = []


def refuse_elsewhere(numbers: Iterable[Any], what: str = "a program was called") -> None:
    """Raise a ProgramError if this is done to Values of a function traced in another thread."""
    if any(each.thread != get_ident() and each.reaches(*numbers) for each in [*_traces]):
        raise ProgramError(
            f"{what} in another thread than the compiled function that a Value belongs to, and a "
            "program cannot tell when; do it in that function's own (ag.where chooses anywhere)"
        )


class _Observer:
    """Told by Values that are read or compared; it passes that on to the calls traced."""

    def read(self, node: Value, derived: bool = False) -> None:
        found = [each for each in [*_traces] if each.reaches(node)]
        older = [] if found else [each for each in _here() if each.varies(node)]
        for each in older:
            if each.is_older(node):
                each.read.setdefault(node, fields(node)[3])
        derived &= not writing.get()
        found += [each for each in older if derived or not each.is_older(node)]
        for each in found if writing.get() else ():
            each.written = each.written or users_line()
        if found and is_checked():  # the watcher reads the number of each node
            raise ProgramError(_UNWATCHED)
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
        found = any(each.reaches(node, other) for each in [*_traces])
        if (node._traced | second._traced) & MADE and not found:
            self.read(node if node._traced & MADE else second)
        for each in _here():
            if each.reaches(node, other) if found else each.varies(node, other):
                each.compared.append((relation, node, second, holds))
                return
            each.is_closure |= found


def _here() -> list[_Trace]:
    """The calls that are traced in this thread, innermost first."""
    return [each for each in reversed(_traces) if each.thread == get_ident()]


_observer, _lock = _Observer(), Lock()
observe(_observer, False)


@contextmanager
def _tracing(inputs: list[Value], arguments: Sequence[Tree]) -> Iterator[_Trace]:
    """A block in which reads and comparisons of inputs, and of older Values, are observed."""
    around = recording() if is_silent() else nullcontext()
    with around, differentiating(inputs, arguments) as by:
        trace = _Trace(by)
        with _lock:
            _traces.append(trace)
            observe(_observer, True)
        by[0].varies, never = trace.varies, by[0].varies
        for node in inputs:
            node._traced |= LENT if node in trace.lent else MADE
        mark = tracing.set(True)
        try:
            yield trace
        finally:
            tracing.reset(mark)
            by[0].varies = never  # which leaves no cycle
            with _lock:
                _traces.remove(trace)
                observe(_observer, bool(_traces))
            for node in trace.lent.difference(*[each.lent for each in _traces]):
                node._traced &= ~LENT


def trace(function: Callable[..., Any], arguments: Sequence[Tree], name: str) -> Traced | None:
    """A function's program and result at some arguments; None if they depend on a function around.

    A ProgramError if the function, which messages call `name`, reads a number that it computes.
    """
    inputs = [node for tree in arguments for node in nodes_for(tree)]
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
    if [*map(repr, seen.read.values())] != [repr(node.data) for node in seen.read]:
        text = f"{name} sets the data of a Value that it finds around it, and its program would not"
        raise ProgramError(f"{text}; compute a new Value, or set it outside of the function")
    leaves = [leaf if isinstance(leaf, Value) else constant(leaf) for leaf in result.leaves]
    seen.compared += [("==", node, constant(node.data), True) for node in seen.read]
    sides = [side for _, node, other, _ in seen.compared for side in (node, other)]
    roots = (*leaves, *sides)
    if seen.is_closure or any(each.reaches(node) for each in outer for node in roots):
        refuse_elsewhere(roots, "a program was made")
        return None
    before = seen.mark._stamp  # asked first, as most nodes are newer
    captured = [
        node for node in topological_order(roots, [seen.mark])
        if node._stamp < before and seen.is_older(node)
        and not any(each.reaches(node) for each in seen.by)
    ]  # fmt: skip
    for node in captured:
        if node._traced:
            _observer.read(node)
    builder = Builder(len(inputs) + len(captured))
    registers = builder.enter([*inputs, *captured], [*roots])
    outputs, compared = registers[: len(leaves)], registers[len(leaves) :]
    guards = _guards(builder, seen.compared, compared)
    program = finished(Program, builder, [*outputs, *guards], False)
    # The form alone: the result itself would keep the whole graph alive.
    form = take_apart(result.rebuilt([0.0] * len(leaves)), f"the result of {name}")
    settings = settings_in(arguments)
    found = Traced(program, tuple(guards.values()), form, settings, tuple(captured))
    if not found.has_settings:
        return found
    own = found.own(found.example, arguments)  # as they are now, for they may change
    return replace(found, result=take_apart(own, f"the result of {name}"))


def _guards(
    builder: Builder, compared: Sequence[_Comparison], registers: Sequence[int]
) -> dict[int, Guard]:
    """Guards by register, given the registers of both sides of each comparison."""
    guards: dict[int, Guard] = {}
    for i, (relation, node, other, holds) in enumerate(compared):
        op, swapped = _OPS[relation]
        pair = registers[2 * i : 2 * i + 2]
        register = builder.emit(op, pair[::-1] if swapped else pair)
        if relation == "!=":
            register = builder.emit(equal, (register, builder.constant(0.0)))
        if register >= 0:  # else two constants
            guards.setdefault(register, Guard(f"{_side(node)} {relation} {_side(other)}", holds))
    return guards


def nodes_for(tree: Tree) -> list[Value]:
    """Values in place of an argument's numbers; a network's own parameters, to spare a copy."""
    parts = zip(tree.leaves, tree.parameters, tree.numbers(), strict=True)
    return [
        leaf if parameter and isinstance(leaf, Value) else Value(number)
        for leaf, parameter, number in parts
    ]


def _side(node: Value) -> str:
    """A side of a comparison, for people."""
    if node.constant:
        return f"{node.data:g}"
    return node.label or node.op or "an argument"
