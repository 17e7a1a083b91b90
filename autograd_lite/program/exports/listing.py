"""A program cut into parts, each short enough for a compiler, with what they hand on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from autograd_lite.errors import counted
from autograd_lite.program.code import Code, Instruction
from autograd_lite.program.exports.language import Language

#: Operands of the instructions of one part. Compilers take more than linear time for a function.
_LONGEST = 2000


@dataclass
class Part:
    """Instructions, the registers that they take from elsewhere, and those that others take."""

    steps: list[Instruction] = field(default_factory=list)
    loads: list[int] = field(default_factory=list)
    stores: list[int] = field(default_factory=list)


class Written(NamedTuple):
    """A program's statements: of each part those that load and those that compute and keep."""

    parts: list[tuple[list[str], list[str]]]
    outputs: list[str]
    n_kept: int


class Listing:
    """A program's contents as exports write them."""

    def __init__(self, program: Code) -> None:
        self.program = program
        self._first = program.n_inputs + len(program.constants)
        #: Registers that are the same for all inputs.
        self.numbers = dict(enumerate(program.constants.tolist(), program.n_inputs))
        self.parts = [Part()]
        weight, numbers, part = 0, self.numbers, self.parts[0]
        home = dict.fromkeys(range(self.program.n_inputs), Part())
        taken: set[int] = set()  # by other parts than the one that computes it
        for step in self.program:
            if all(map(numbers.__contains__, step.operands)):
                numbers[step.out] = step.op.on_floats(*map(numbers.get, step.operands))  # type: ignore[arg-type]
                continue
            if weight > _LONGEST:
                weight, part = 0, Part()
                self.parts.append(part)
            weight += 1 + len(step.operands)
            part.steps.append(step)
            home[step.out] = part
            met = [r for r in step.operands if r not in numbers and home[r] is not part]
            part.loads += met
            taken.update(met)
        taken.update(self.program.outputs.tolist())
        for part in self.parts:
            part.loads = list(dict.fromkeys(part.loads))
            part.stores = [step.out for step in part.steps if step.out in taken]

    @property
    def about(self) -> str:
        """A sentence to stand at the head of a file."""
        program = self.program
        return (
            f"A program of autograd_lite: {counted(len(program), 'instruction')}, "
            f"{counted(program.n_inputs, 'input')}, {counted(len(program.outputs), 'output')}."
        )

    def name(self, register: int) -> str:
        """The variable of a register."""
        if register < self.program.n_inputs:
            return f"x{register}"
        return f"r{register - self._first}"

    def written(self, language: Language, inputs: str) -> Written:
        """The statements in a language, given how the array of the inputs is called.

        What parts take from others lies in an array ``kept``, if there are several.
        """
        slots: dict[int, int] = {}
        parts = []

        def text(register: int) -> str:
            number = self.numbers.get(register)
            return self.name(register) if number is None else language.number(number)

        for part in self.parts:
            loads = [
                language.assignment(
                    self.name(r), f"kept[{slots[r]}]" if r in slots else f"{inputs}[{r}]"
                )
                for r in part.loads
            ]
            language.lines = lines = []
            for step in part.steps:
                language.write(self.name(step.out), step.op, [*map(text, step.operands)])
            if len(self.parts) > 1:
                slots.update((r, i) for i, r in enumerate(part.stores, len(slots)))
                lines += [f"kept[{slots[r]}] = {self.name(r)}{language.end}" for r in part.stores]
            parts.append((loads, lines))
        outputs = self.program.outputs.tolist()
        found = [f"kept[{slots[r]}]" if r in slots else text(r) for r in outputs]
        return Written(parts, found, len(slots))
