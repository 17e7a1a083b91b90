"""Programs as machine code, which LLVM makes for the machine in C (the extra `jit`).

A program is cut into functions of some hundred steps, as compilers take more than linear time for
one. What crosses a border goes through memory: the slots of a single run, or the blocks of rows.
Every bit is that of the machine's own kernels.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.ops import Op, SequenceOp
from autograd_lite.program.code import Code
from autograd_lite.program.machine import native
from autograd_lite.writing.llvm import LLVM
from autograd_lite.writing.printer import rule_of

#: Steps of a function, and of what LLVM is given at once; elements of a fold that are one step.
PIECE, BATCH, ELEMENTS = 200, 2000, 50

#: Held while LLVM works: no process is to fork meanwhile.
working = threading.Lock()
#: Set when the interpreter ends: nothing more is made.
stopping = threading.Event()


class StoppedError(Exception):
    """The interpreter ends before machine code was made."""


class Step(NamedTuple):
    """An op from places to a place; of a fold only the elements from `first` to before `last`."""

    out: int
    op: Op
    operands: Sequence[int]
    first: int = 0
    last: int = 0


def split(out: int, op: Op, operands: Sequence[int]) -> Iterator[Step]:
    """A step, or several for a long fold, whose totals grow in the place of its result."""
    if not isinstance(op, SequenceOp):
        yield Step(out, op, operands)
        return
    length = (len(operands) - len(op.scalars)) // len(op.vectors)
    for first in range(0, max(1, length), ELEMENTS):
        yield Step(out, op, operands, first, min(first + ELEMENTS, length))


class Body(LLVM):
    """A piece as it is written; the two kinds of it say where numbers lie."""

    lines_before: tuple[str, ...] = ()
    lines_after: tuple[str, ...] = ("ret void",)
    parameters = ""

    def __init__(self, code: Code, lanes: int = 1) -> None:
        super().__init__(lanes, vector_functions() if lanes > 1 else ())
        self.first, self.n_inputs, self.constants = code.first, code.n_inputs, code.constants

    def load(self, place: int) -> str:
        """The number at a place."""
        raise NotImplementedError

    def store(self, place: int, number: str) -> None:
        """Put a number there."""
        raise NotImplementedError

    def write(self, step: Step, known: dict[int, str]) -> str:
        """The result of a step, given the numbers that are known by their places."""
        for place in {*step.operands} - known.keys():
            known[place] = self.load(place)
        args = [known[place] for place in step.operands]
        if not isinstance(step.op, SequenceOp):
            return self.applied(rule_of(step.op), args)
        total = None
        if step.first:
            total = known.get(step.out) or self.load(step.out)
        return self.folded_part(step.op, args, step.first, step.last, total)

    def constant(self, register: int) -> str | None:
        """The number that a register always has, or None."""
        if self.n_inputs <= register < self.first:
            return self.number(self.constants[register - self.n_inputs])
        return None

    def text(self, name: str) -> str:
        """The definition of the function."""
        lines = [*self.lines_before, *self.lines, *self.lines_after]
        return f"define void @{name}({self.parameters}) {{\n" + "\n".join(lines) + "\n}"


class Once(Body):
    """A piece of a single run; its places are registers, those that cross borders have slots."""

    parameters = "ptr noalias %slots"

    def __init__(self, code: Code, slots: dict[int, int]) -> None:
        super().__init__(code)
        self._slots = slots

    def _slot(self, place: int) -> str:
        slot = place if place < self.first else self._slots[place]
        return self.line(f"getelementptr double, ptr %slots, i64 {slot}")

    def load(self, place: int) -> str:
        """See `Body`."""
        number = self.constant(place)
        return number or self.line(f"load double, ptr {self._slot(place)}")

    def store(self, place: int, number: str) -> None:
        """See `Body`."""
        self._slots.setdefault(place, self.first + len(self._slots))
        self.lines.append(f"store double {number}, ptr {self._slot(place)}")


class OverRows(Body):
    """A piece that is run for a block of rows, some lanes at a time; see `Machine.steps`."""

    parameters = "ptr noalias %frame, ptr %refs, i32 %n, ptr %attrs"

    def __init__(self, code: Code) -> None:
        super().__init__(code, native.vectors()[1])
        fields = [
            line
            for name, kind in (("blocks", "ptr"), ("uniform", "ptr"), ("lanes", "i32"))
            for line in (
                f"%{name}_at = getelementptr i8, ptr %frame, i64 {native.FRAME[name]}",
                f"%{name} = load {kind}, ptr %{name}_at",
            )
        ]
        self.lines_before = (
            "entry:", *fields, "br label %loop", "loop:",
            "%i = phi i32 [0, %entry], [%next, %loop]",
            "%row = getelementptr double, ptr %blocks, i32 %i",
        )  # fmt: skip
        self.lines_after = (
            f"%next = add i32 %i, {self.lanes}", "%more = icmp slt i32 %next, %lanes",
            "br i1 %more, label %loop, label %end", "end:", "ret void",
        )  # fmt: skip

    def _block(self, place: int) -> str:
        return self.line(f"getelementptr double, ptr %row, i64 {place * native.FULL_STRIDE}")

    def load(self, place: int) -> str:
        """See `Body`."""
        if place >= 0:
            return self.line(f"load {self.type}, ptr {self._block(place)}, align 8")
        at = self.constant(~place)
        if at is None:
            at = self.line(f"getelementptr double, ptr %uniform, i64 {~place}")
            at = self.spread(self.line(f"load double, ptr {at}"))
        return at

    def store(self, place: int, number: str) -> None:
        """See `Body`."""
        self.lines.append(f"store {self.type} {number}, ptr {self._block(place)}, align 8")


def cut(steps: Sequence[Step], kept: Sequence[int] | None) -> list[tuple[list[Step], list[bool]]]:
    """Pieces: steps, and whether the result of each is read elsewhere.

    `kept` are the places that are read in the end; None for all.
    """
    sizes = itertools.accumulate(max(1, step.last - step.first) for step in steps)
    homes = [size // PIECE for size in sizes]
    writers: dict[int, int] = {}  # the last step that wrote to a place
    stored = [False] * len(steps)
    for j, step in enumerate(steps):
        for place in {*step.operands, step.out} if step.first else {*step.operands}:
            i = writers.get(place)
            if i is not None and homes[i] != homes[j]:
                stored[i] = True
        writers[step.out] = j
    for place in writers if kept is None else kept:
        if place in writers:
            stored[writers[place]] = True
    found: dict[int, tuple[list[Step], list[bool]]] = {}
    for home, step, mark in zip(homes, steps, stored, strict=True):
        piece = found.setdefault(home, ([], []))
        piece[0].append(step)
        piece[1].append(mark)
    return [*found.values()]


def written(body: Body, steps: Sequence[Step], stored: Sequence[bool]) -> Body:
    """The body of these steps."""
    known: dict[int, str] = {}
    for step, store in zip(steps, stored, strict=True):
        known[step.out] = body.write(step, known)
        if store:
            body.store(step.out, known[step.out])
    return body


def install_once(code: Code, machine: Any) -> None:
    """Run a program's machine code from now on, for single runs."""
    slots: dict[int, int] = {}
    steps = [step for each in code for step in split(each.out, each.op, each.operands)]
    outputs = code.outputs.tolist()
    bodies = [written(Once(code, slots), *piece) for piece in cut(steps, outputs)]
    addresses, owner = compiled(bodies)
    places = [slots.get(register, register) for register in outputs]
    machine.install(addresses, code.first + len(slots), np.array(places, np.int64), owner)


def install_rows(code: Code, machine: Any, shared: bytes, reduced: bool) -> None:
    """The same for rows, given which inputs are shared, and whether rows are added up."""
    planned, outputs = machine.steps(shared, reduced)
    bodies, segments, first = [], [], 0
    last = max((k for k, (op, _) in enumerate(planned) if op < 0), default=-1)
    for plain, group in itertools.groupby(planned, lambda step: step[0] >= 0):
        run = [*group]
        if plain:
            steps = [s for op, (out, *args) in run for s in split(out, code.ops[op], args)]
            for piece in cut(steps, outputs if first > last else None):
                bodies.append(written(OverRows(code), *piece))
                count = sum(not step.first for step in piece[0])
                segments.append((first, count))
                first += count
        else:
            first += len(run)
    addresses, owner = compiled(bodies)
    places = [(*segment, at) for segment, at in zip(segments, addresses, strict=True)]
    machine.install_rows(shared, reduced, tuple(places), owner)


def vector_functions() -> dict[str, int]:
    """The addresses of the functions over vectors that the machine calls, by leaf."""
    return {name: address for name, address in native.vectors()[2].items() if address}


def compiled(bodies: Sequence[Body]) -> tuple[list[int], Any]:
    """The addresses of functions, and what keeps them alive."""
    llvm, target_machine, triple = _target()
    addresses, engines, batch, size = [], [], [], 0
    for k, body in enumerate(bodies):
        batch.append(body)
        size += len(body.lines)
        if size < BATCH and k < len(bodies) - 1:
            continue
        declared = {name: line for body in batch for name, line in body.declared.items()}
        known = {f"leaf_{name}": address for name, address in native.LEAVES.items()}
        lanes = native.vectors()[1]
        known |= {f"leaf{lanes}_{name}": address for name, address in vector_functions().items()}
        texts = [body.text(f"piece{i}") for i, body in enumerate(batch)]
        with working:
            if stopping.is_set():
                raise StoppedError
            for name in declared.keys() & known.keys():
                llvm.add_symbol(name, known[name])
            module = llvm.parse_assembly("\n".join([*declared.values(), *texts]))
            module.triple = triple
            engine = llvm.create_mcjit_compiler(module, target_machine())
            engine.finalize_object()
            addresses += [engine.get_function_address(f"piece{i}") for i in range(len(batch))]
        engines.append(engine)
        batch, size = [], 0
    return addresses, engines


@lru_cache(maxsize=1)
def _target() -> tuple[Any, Callable[[], Any], str]:
    """LLVM, what makes a target machine (each engine owns one), and the name of the platform."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    triple, features = llvm.get_process_triple(), llvm.get_host_cpu_features().flatten()
    target, cpu = llvm.Target.from_triple(triple), llvm.get_host_cpu_name()
    return llvm, partial(target.create_target_machine, cpu=cpu, features=features, opt=1), triple
