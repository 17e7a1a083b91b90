"""From calls of rows to instructions: lowered, simplified while they are made, and numbered.

Nothing here changes a bit of any result. An instruction whose operands are constants is evaluated
by its row; equal instructions are one; a row's `exact` identities spare what it would not change;
what no output needs is left out.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from autograd_lite.engine.kernels import is_kernel
from autograd_lite.errors import ProgramError
from autograd_lite.ops import TABLE, Op
from autograd_lite.ops.numbers import as_float
from autograd_lite.program.program import Program

_BITS = struct.Struct("d")
_ZERO = _BITS.pack(0.0)
_OPERATORS = {row.operator: row for row in TABLE.values() if row.operator}
_ADD = _OPERATORS["add"]


class Register:
    """A number of a program that is being built; rows and operators on it emit instructions."""

    __slots__ = ("builder", "number")

    def __init__(self, builder: Builder, number: int) -> None:
        self.builder, self.number = builder, number

    def __add__(self, other: Any) -> Any:
        return self.builder.applied(_OPERATORS["add"], (self, other))

    def __radd__(self, other: Any) -> Any:
        return self.builder.applied(_OPERATORS["add"], (other, self))

    def __sub__(self, other: Any) -> Any:
        return self.builder.applied(_OPERATORS["sub"], (self, other))

    def __rsub__(self, other: Any) -> Any:
        return self.builder.applied(_OPERATORS["sub"], (other, self))

    def __mul__(self, other: Any) -> Any:
        return self.builder.applied(_OPERATORS["mul"], (self, other))

    def __rmul__(self, other: Any) -> Any:
        return self.builder.applied(_OPERATORS["mul"], (other, self))

    def __truediv__(self, other: Any) -> Any:
        return self.builder.applied(_OPERATORS["truediv"], (self, other))

    def __rtruediv__(self, other: Any) -> Any:
        return self.builder.applied(_OPERATORS["truediv"], (other, self))

    def __neg__(self) -> Any:
        return self.builder.applied(_OPERATORS["neg"], (self,))

    def _refuse(self, *_: Any) -> NoReturn:
        raise TypeError("a register of a program has no number; write less, where and other rows")

    __bool__ = __lt__ = __le__ = __gt__ = __ge__ = __float__ = _refuse

    @staticmethod
    def _apply_op(row: Op, args: Sequence[Any]) -> Register:
        builder = next(arg.builder for arg in args if isinstance(arg, Register))
        return builder.applied(row, args)


class Builder:
    """A program as it grows.

    While it does, inputs are numbered from 0 up, instructions after them, and constants from
    -1 down.
    """

    def __init__(self, n_inputs: int) -> None:
        self.n_inputs = n_inputs
        self.constants: list[float] = []
        self.rows: list[Op] = []
        self.instructions: list[tuple[int, ...]] = []  # number of the row, then the operands
        self.saved = {"folded": 0, "equal": 0, "identities": 0, "unused": 0}
        self._constants: dict[bytes, int] = {}
        self._known: dict[tuple[int, ...], int] = {}
        self._numbers: dict[Op, int] = {}
        self._exact: list[dict[int, list[Any]]] = []
        self._without_zero: dict[int, int] = {}  # x by the register of x + 0.0

    def constant(self, number: float) -> int:
        """The register of a constant; equal bits share one."""
        bits = _BITS.pack(number)
        found = self._constants.get(bits)
        if found is None:
            self.constants.append(number)
            found = self._constants[bits] = -len(self.constants)
        return found

    def applied(self, row: Op, args: Sequence[Any]) -> Register:
        """A row on registers and plain numbers."""
        return Register(self, self.emit(row, [self.register(arg) for arg in args]))

    def register(self, thing: Any) -> int:
        """The number of a register, or of the constant for a plain number."""
        if isinstance(thing, Register):
            return thing.number
        return self.constant(as_float(thing))

    def emit(self, row: Op, operands: Sequence[int]) -> int:
        """The register that holds a row of some registers, through an instruction if need be."""
        number = self._numbers.get(row)
        if number is None:
            number = self._add_row(row)
        if number < 0:
            return self._lowered(row, operands)
        if self._without_zero and row.ignores_zero_sign:
            operands = [self._without_zero.get(i, i) for i in operands]
        key = (number, *operands)
        found = self._known.get(key)
        if found is not None:
            self.saved["equal"] += 1
            return found
        if operands and min(operands) < 0:
            found = self._without(row, number, operands)
        if found is None:
            found = self.n_inputs + len(self.instructions)
            self.instructions.append(key)
            if row is _ADD and self._constants.get(_ZERO) in operands:
                [x] = [i for i in operands if i != self._constants[_ZERO]]
                self._without_zero[found] = x
        self._known[key] = found
        return found

    def _add_row(self, row: Op) -> int:
        if not is_kernel(row):
            self._numbers[row] = -1
            return -1
        self._numbers[row] = number = len(self.rows)
        self.rows.append(row)
        self._exact.append(_by_constant(row))
        return number

    def _lowered(self, row: Op, operands: Sequence[int]) -> int:
        if row.custom:
            raise ProgramError(
                f"the op {row.name!r} is a function of yours that runs in Python, which a program "
                "cannot; write it with ops of autograd_lite, or leave it outside of the program"
            )
        found = row.expand([Register(self, operand) for operand in operands])
        return self.register(found)

    def _without(self, row: Op, number: int, operands: Sequence[int]) -> int | None:
        """What needs no instruction, since operands are constants."""
        if max(operands) < 0:
            self.saved["folded"] += 1
            numbers = [self.constants[-1 - operand] for operand in operands]
            return self.constant(row.on_floats(*numbers))
        exact = self._exact[number]
        for place, rules in exact.items():
            if operands[place] < 0:
                bits = _BITS.pack(self.constants[-1 - operands[place]])
                for wanted, rule in rules:
                    if bits == wanted:
                        self.saved["identities"] += 1
                        registers = [Register(self, operand) for operand in operands]
                        return self.register(rule(*registers))
        return None

    def finished(self, outputs: Sequence[int], single: bool) -> Program:
        """The program for these outputs."""
        n, steps = self.n_inputs, self.instructions
        used = bytearray(len(steps))
        for output in outputs:
            if output >= n:
                used[output - n] = 1
        for j in range(len(steps) - 1, -1, -1):
            if used[j]:
                for operand in steps[j][1:]:
                    if operand >= n:
                        used[operand - n] = 1
        kept = [step for step, wanted in zip(steps, used, strict=True) if wanted]
        self.saved["unused"] = len(steps) - len(kept)
        flat = np.fromiter((i for step in kept for i in step), np.int64)
        sizes = np.fromiter(map(len, kept), np.int64, len(kept))
        heads = np.cumsum(sizes) - sizes
        mask = np.ones(len(flat), dtype=bool)
        mask[heads] = False
        codes, operands = flat[heads], flat[mask]
        ends = np.asarray(outputs, dtype=np.int64)
        met = np.concatenate([operands, ends])
        constants = np.unique(-1 - met[met < 0])
        new = np.empty(len(self.constants) + 1, dtype=np.int64)
        new[constants] = n + np.arange(len(constants))
        moved = n + len(constants) + np.cumsum(np.frombuffer(used, np.uint8), dtype=np.int64) - 1

        def renumbered(registers: Any) -> Any:
            found = registers.copy()
            found[registers < 0] = new[-1 - registers[registers < 0]]
            found[registers >= n] = moved[registers[registers >= n] - n]
            return found

        rows, codes = np.unique(codes, return_inverse=True)
        return Program(
            n,
            [self.constants[k] for k in constants.tolist()],
            [self.rows[k] for k in rows.tolist()],
            codes,
            np.concatenate([[0], np.cumsum(sizes - 1)]),
            renumbered(operands),
            renumbered(ends),
            single,
            self.saved,
        )


def _by_constant(row: Op) -> dict[int, list[Any]]:
    """A row's exact identities by the place of their constant: its bits and the rule."""
    found: dict[int, list[Any]] = {}
    for pattern, rule in row.exact:
        [place] = [i for i, part in enumerate(pattern) if part is not ...]
        found.setdefault(place, []).append((_BITS.pack(pattern[place]), rule))
    return found
