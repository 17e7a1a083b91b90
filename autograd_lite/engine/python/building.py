"""The instructions of a program while it grows: simplified as they are made, then numbered.

Nothing here changes a bit of any result. An instruction whose operands are constants is evaluated
by its row; equal instructions are one; a row's `exact` identities spare what it would not change;
rows that are no kernels become several that are; what no output needs is left out.
"""

from __future__ import annotations

import math
import struct
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd_lite.engine.context import MADE, tell_read
from autograd_lite.engine.python.passes import topological_order
from autograd_lite.engine.python.recipes import Recipe, Traits, recipe, traits
from autograd_lite.engine.python.value import Value
from autograd_lite.ops import Op, SequenceOp
from autograd_lite.ops.numbers import as_float

_BITS = struct.Struct("d")
_ZERO = _BITS.pack(0.0)


class Builder:
    """A program as it grows, for so many inputs.

    While it does, inputs are numbered from 0 up, instructions after them, and constants from
    -1 down.
    """

    def __init__(self, n_inputs: int, /) -> None:
        self.n_inputs = n_inputs
        self._constants: list[float] = []
        self._instructions: list[tuple[Op, tuple[int, ...]]] = []
        self._saved = dict.fromkeys(("folded", "equal", "identities"), 0)
        self._constant_of: dict[bytes, int] = {}
        self._known: dict[tuple[Op, tuple[int, ...]], int] = {}
        self._traits: dict[Op, Traits] = {}
        self._recipes: dict[tuple[Op, Callable[..., Any] | None, int], Recipe] = {}

    def constant(self, number: float, /) -> int:
        """The register of a constant; equal bits share one, and so do all that are nan."""
        number = as_float(number)
        bits = _BITS.pack(math.nan if number != number else number)
        found = self._constant_of.get(bits)
        if found is None:
            self._constants.append(*_BITS.unpack(bits))
            found = self._constant_of[bits] = -len(self._constants)
        return found

    def emit(self, row: Op, operands: Sequence[int], /) -> int:
        """The register that holds a row of some registers, through instructions if need be."""
        if not _fits(row, len(operands)):
            raise ValueError(f"op {row.name!r} does not take {len(operands)} arguments")
        self._check(operands)
        return self._emit(row, tuple(operands))

    def _check(self, registers: Sequence[int]) -> None:
        above = self.n_inputs + len(self._instructions)
        for register in registers:
            if not -len(self._constants) <= register < above:
                raise ValueError(f"{register} is no register of this program")

    def _emit(self, row: Op, operands: tuple[int, ...]) -> int:
        known = self._traits.get(row)
        if known is None:
            known = self._traits[row] = traits(row)
        if not known.kernel:
            return self._followed(row, None, operands)
        if known.ignores_zero_sign:
            operands = tuple(map(self._without_zero, operands))
        if all(operand < 0 for operand in operands):
            self._saved["folded"] += 1
            return self.constant(row.on_floats(*[self._constants[-1 - i] for i in operands]))
        for place, number, rule in known.exact:
            if operands[place] < 0 and self._is(operands[place], _BITS.pack(number)):
                self._saved["identities"] += 1
                return self._followed(row, rule, operands)
        key = (row, operands)
        found = self._known.get(key)
        if found is not None:
            self._saved["equal"] += 1
            return found
        found = self._known[key] = self.n_inputs + len(self._instructions)
        self._instructions.append(key)
        return found

    def _is(self, constant: int, bits: bytes) -> bool:
        return constant < 0 and self._constant_of.get(bits) == constant

    def _without_zero(self, register: int) -> int:
        """For x + 0.0 the register of x."""
        if register >= self.n_inputs:
            row, operands = self._instructions[register - self.n_inputs]
            if self._traits[row].adds:
                for this, other in (operands, operands[::-1]):
                    if self._is(this, _ZERO):
                        return other
        return register

    def _followed(self, row: Op, rule: Callable[..., Any] | None, operands: tuple[int, ...]) -> int:
        """The register that holds what a recipe makes of some registers."""
        key = (row, rule, len(operands))
        found = self._recipes.get(key)
        if found is None:
            found = recipe(*key)
            constants = tuple(map(self.constant, found.constants))
            found = self._recipes[key] = found._replace(constants=constants)
        registers = list(operands)

        def register(i: int) -> int:
            return registers[i] if i >= 0 else int(found.constants[-1 - i])

        for step, places in found.steps:
            registers.append(self._emit(step, tuple(map(register, places))))
        return register(found.result)

    def enter(self, inputs: Sequence[Value], roots: Iterable[Value], /) -> list[int]:
        """The registers of some Values, after those that lead from the inputs to them.

        Leaves that are no inputs become constants.
        """
        registers = {node: i for i, node in enumerate(inputs)}
        if len(inputs) > self.n_inputs:
            raise ValueError(f"{len(inputs)} inputs were given of {self.n_inputs}")
        roots = list(roots)
        for node in topological_order(roots, without=registers):
            if node._row is None:
                if node._traced & MADE:  # for another tracing than this one
                    tell_read(node)
                registers[node] = self.constant(node._number)
            else:
                operands = tuple([registers[parent] for parent in node.parents])
                registers[node] = self._emit(node._row, operands)
        return [registers[root] for root in roots]

    def finished(self, outputs: Sequence[int], /) -> tuple[Any, ...]:
        """Constants, rows, codes, starts, operands and outputs of the program, and what was saved.

        As `autograd_lite.Program` takes them, buffers of numbers. Rows, and so their codes, are in
        the order of the instructions.
        """
        n, instructions = self.n_inputs, self._instructions
        self._check(outputs)
        needed = {*outputs}
        for j in range(len(instructions) - 1, -1, -1):
            if n + j in needed:
                needed.update(instructions[j][1])
        constants = sorted((i for i in needed if i < 0), reverse=True)
        kept = [j for j in range(len(instructions)) if n + j in needed]
        new = {i: i for i in range(n)}
        new |= {old: n + k for k, old in enumerate(constants)}
        new |= {n + j: n + len(constants) + k for k, j in enumerate(kept)}
        codes: dict[Op, int] = {}
        starts = [0]
        for j in kept:
            row, operands = instructions[j]
            codes.setdefault(row, len(codes))
            starts.append(starts[-1] + len(operands))
        return (
            array("d", [self._constants[-1 - i] for i in constants]),
            tuple(codes),
            array("i", [codes[instructions[j][0]] for j in kept]),
            array("q", starts),
            array("q", [new[i] for j in kept for i in instructions[j][1]]),
            array("q", [new[output] for output in outputs]),
            {**self._saved, "unused": len(instructions) - len(kept)},
        )


def needed(first: int, starts: Any, operands: Any, outputs: Any, /) -> bytearray:
    """Which instructions of a program some outputs need: 1 or 0 for each.

    `first` is the register of the first one; the others are buffers of int64.
    """
    begins, registers, wanted = (memoryview(part).tolist() for part in (starts, operands, outputs))
    if not begins:
        raise ValueError("these are no instructions of a program")
    marks = bytearray(len(begins) - 1)
    for j in range(len(marks), -1, -1):
        if j < len(marks):
            if not marks[j]:
                continue
            if begins[j] < 0 or begins[j + 1] > len(registers):
                raise ValueError("these are no instructions of a program")
            wanted = registers[begins[j] : begins[j + 1]]
        for register in wanted:
            if register >= first + j:
                raise ValueError("these are no instructions of a program")
            if register >= first:
                marks[register - first] = 1
    return marks


def _fits(row: Op, n: int) -> bool:
    if not isinstance(row, SequenceOp):
        return n == row.arity
    return n >= len(row.scalars) and (n - len(row.scalars)) % len(row.vectors) == 0
