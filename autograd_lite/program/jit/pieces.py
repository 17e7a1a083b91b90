"""Pieces of programs as LLVM has them: functions that take numbers from memory and put some back.

A number lies in a place. In a single run that is a register; over rows it is a block, or one of
the numbers that are the same for all rows.
"""

from collections.abc import Sequence
from typing import NamedTuple

from autograd_lite.ops import Op, SequenceOp
from autograd_lite.program.code import Code
from autograd_lite.program.machine import native
from autograd_lite.writing.llvm import LLVM
from autograd_lite.writing.printer import rule_of


class Operation(NamedTuple):
    """An op from places to a place; of a fold only the elements from `first` to before `last`."""

    out: int
    op: Op
    operands: Sequence[int]
    first: int = 0
    last: int = 0
    loose: bool = False  # whether the signs of zeros are in doubt all the same
    stored: bool = False  # whether the result is read elsewhere
    outputs: Sequence[int] = ()  # which outputs it is


def vector_functions() -> dict[str, int]:
    """The addresses of the functions over vectors that the machine calls, by leaf."""
    return {name: address for name, address in native.vectors()[2].items() if address}


class Body(LLVM):
    """A piece as it is written; the kinds of it say where numbers lie."""

    parameters = ""

    def __init__(self, code: Code, lanes: int = 1) -> None:
        super().__init__(lanes, vector_functions() if lanes > 1 else ())
        self.before: list[str] = []
        self.after = ["ret void"]
        self.first, self.n_inputs, self.constants = code.first, code.n_inputs, code.constants
        self._known: dict[int, str] = {}  # by place

    def load(self, place: int) -> str:
        """The number at a place."""
        raise NotImplementedError

    def store(self, step: Operation, number: str) -> None:
        """Put the result of a step where others read it."""
        raise NotImplementedError

    def add(self, step: Operation) -> None:
        """Write a step."""
        self.flags = "nsz " if step.loose else ""
        number = self._known[step.out] = self._result(step)
        if step.stored or step.outputs:
            self.store(step, number)

    def at(self, place: int) -> str:
        """The number at a place, loaded once."""
        if place not in self._known:
            self._known[place] = self.load(place)
        return self._known[place]

    def _result(self, step: Operation) -> str:
        op, places = step.op, step.operands
        if not isinstance(op, SequenceOp):
            return self.applied(rule_of(op), [*map(self.at, places)])
        length = (len(places) - len(op.scalars)) // len(op.vectors)
        scalars = length * len(op.vectors)
        args = [  # those of this part alone: a fold of n has n / 50 parts
            self.at(place) if k >= scalars or step.first <= k % length < step.last else ""
            for k, place in enumerate(places)
        ]
        total = self.at(step.out) if step.first else None
        return self.folded_part(op, args, step.first, step.last, total)

    def constant(self, register: int) -> str | None:
        """The number that a register always has, or None."""
        if self.n_inputs <= register < self.first:
            return self.number(self.constants[register - self.n_inputs])
        return None

    def text(self, name: str) -> str:
        """The definition of the function."""
        lines = "\n".join([*self.before, *self.lines, *self.after])
        return f"define void @{name}({self.parameters}) {{\n{lines}\n}}"


class Once(Body):
    """A piece of a single run; its places are registers, those that others read have slots."""

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

    def store(self, step: Operation, number: str) -> None:
        """See `Body`."""
        self._slots.setdefault(step.out, self.first + len(self._slots))
        self.lines.append(f"store double {number}, ptr {self._slot(step.out)}")


class OverRows(Body):
    """A piece that is run for a block of rows, some lanes at a time; see `Machine.steps`."""

    parameters = "ptr noalias %frame, ptr %refs, i32 %n, ptr %attrs"
    fields: tuple[tuple[str, str], ...] = (("blocks", "ptr"), ("uniform", "ptr"), ("lanes", "i32"))

    def __init__(self, code: Code) -> None:
        super().__init__(code, native.vectors()[1])
        loads = [
            line
            for name, kind in self.fields
            for line in (
                f"%{name}_at = getelementptr i8, ptr %frame, i64 {native.FRAME[name]}",
                f"%{name} = load {kind}, ptr %{name}_at",
            )
        ]
        self.before = [
            "entry:", *loads, "br label %loop", "loop:", "%i = phi i32 [0, %entry], [%next, %loop]",
            "%row = getelementptr double, ptr %blocks, i32 %i",
        ]  # fmt: skip
        self.after = [
            f"%next = add i32 %i, {self.lanes}", "%more = icmp slt i32 %next, %lanes",
            "br i1 %more, label %loop, label %end", "end:", "ret void",
        ]  # fmt: skip

    def _block(self, place: int) -> str:
        return self.line(f"getelementptr double, ptr %row, i64 {place * native.FULL_STRIDE}")

    def _load(self, at: str) -> str:
        return self.line(f"load {self.type}, ptr {at}, align 8")

    def _store(self, number: str, at: str) -> None:
        self.lines.append(f"store {self.type} {number}, ptr {at}, align 8")

    def load(self, place: int) -> str:
        """See `Body`."""
        if place >= 0:
            return self._load(self._block(place))
        number = self.constant(~place)
        if number is None:
            at = self.line(f"getelementptr double, ptr %uniform, i64 {~place}")
            number = self.spread(self.line(f"load double, ptr {at}"))
        return number

    def store(self, step: Operation, number: str) -> None:
        """See `Body`."""
        self._store(number, self._block(step.out))


class Direct(OverRows):
    """A piece that reads inputs and writes outputs where their columns are."""

    fields = (
        *OverRows.fields, ("inputs", "ptr"), ("outputs", "ptr"),
        ("input_stride", "i64"), ("output_stride", "i64"),
    )  # fmt: skip

    def __init__(self, code: Code, written: set[int], doubtful: Sequence[bool]) -> None:
        super().__init__(code)
        self._written, self._doubtful = written, doubtful
        self._sure, self._marks = "%sure", f"<{self.lanes} x i1>"
        ones = f"<{', '.join(['i1 1'] * self.lanes)}>"
        self.before.insert(-1, f"%sure = phi {self._marks} [{ones}, %entry], [%surely, %loop]")

    def add(self, step: Operation) -> None:
        """See `Body`."""
        super().add(step)
        self._written.add(step.out)

    def _column(self, name: str, k: int) -> str:
        offset = self.line(f"mul i64 %{name}_stride, {k}")
        at = self.line(f"getelementptr double, ptr %{name}s, i64 {offset}")
        return self.line(f"getelementptr double, ptr {at}, i32 %i")

    def load(self, place: int) -> str:
        """See `Body`."""
        if place < 0 or place in self._written:
            return super().load(place)
        return self._load(self._column("input", place))

    def store(self, step: Operation, number: str) -> None:
        """See `Body`."""
        if step.stored:
            super().store(step, number)
        for k in step.outputs:
            self.give(k, number)

    def give(self, k: int, number: str) -> None:
        """Write an output."""
        self._store(number, self._column("output", k))
        if self._doubtful[k]:
            sure = self.line(f"fcmp one {self.type} {number}, {self.number(0.0)}")
            self._sure = self.line(f"and {self._marks} {self._sure}, {sure}")

    def text(self, name: str) -> str:
        """See `Body`."""
        self.lines.append(f"%surely = or {self._marks} {self._sure}, zeroinitializer")
        self.after = [
            *self.after[:-1],
            f"%all = bitcast {self._marks} %surely to i{self.lanes}",
            f"%some = icmp ne i{self.lanes} %all, -1", "%new = zext i1 %some to i32",
            f"%doubts_at = getelementptr i8, ptr %frame, i64 {native.FRAME['doubts']}",
            "%old = load i32, ptr %doubts_at", "%both = or i32 %old, %new",
            "store i32 %both, ptr %doubts_at", "ret void",
        ]  # fmt: skip
        return super().text(name)
