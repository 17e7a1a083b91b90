"""Programs in a language: each instruction a statement, in parts short enough for a compiler."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, NamedTuple

from autograd_lite.errors import ProgramError, counted, shown
from autograd_lite.ops import Op, SequenceOp
from autograd_lite.program.code import Code, Instruction
from autograd_lite.writing.printer import Printer, Rule, rule_of, steps_in, tight
from autograd_lite.writing.symbols import Symbol

#: An expression with more steps than this goes on in the next statement: parsers and compilers
#: descend into expressions, so a sum of a thousand terms must not be one.
_LONG = 16
#: Operands of the instructions of one part. Compilers take more than linear time for a function.
_LONGEST = 2000


class Language(Printer):
    """A language of statements."""

    way_out = "which this program needs; try to_numpy()"
    short = 1  # a rule of at most so many steps is a statement in place, a longer one a function
    prefix = "op_"  # of the names of these functions
    declare = end = ""  # what a statement begins and ends with

    def __init__(self) -> None:
        self.definitions: list[str] = []  # what has to stand before the statements, in order
        self.lines: list[str] = []  # statements, as they are written
        self._names: dict[Op, str] = {}
        self._statements: dict[Op, str] = {}
        self._functions: dict[tuple[str, ...], str] = {}
        self._taken: set[str] = set()
        self._target, self._parts = "", 0

    def definition(self, name: str, parameters: Sequence[str], text: str) -> str:
        """A function that gives one expression."""
        raise NotImplementedError

    def assignment(self, name: str, text: str) -> str:
        """A statement."""
        return f"{self.declare}{name} = {text}{self.end}"

    def row(self, call: Symbol, args: Sequence[str]) -> str:
        """A row: in place if it is one step and repeats no long argument."""
        rule = rule_of(call.what)
        for argument, operand in zip(rule.arguments, call.operands, strict=True):
            uses = sum(part is argument for part in rule.result.operands)
            if uses > 1 and (operand.operands or operand.inside):
                return self._called(call.what, args)
        return self._in_place(call.what, args, 1)

    def short_total(self, total: str, steps: int) -> tuple[str, int]:
        """A total of too many steps in a variable of its own."""
        return (total, steps) if steps <= _LONG else (self.kept(total), 0)

    def kept(self, text: str) -> str:
        """A text in a variable of its own."""
        self._parts += 1
        name = f"{self._target}_{self._parts}"
        self.lines.append(self.assignment(name, text))
        return name

    def share(self, other: Language) -> None:
        """Have the definitions of another language for one's own."""
        self.definitions, self._taken = other.definitions, other._taken
        self._functions = other._functions

    def write(self, name: str, row: Op, args: Sequence[str]) -> None:
        """Append the statements that put a row of some arguments into a variable."""
        self._target, self._parts = name, 0
        if isinstance(row, SequenceOp):
            text = self.folded(row, args)
        elif "0.0" in args:  # not by a template, as a language may write it in another way
            text = self._in_place(row, args, self.short)
        else:
            if row not in self._statements:
                holes = [f"{{{i}}}" for i in range(len(args))]
                self._statements[row] = self._in_place(row, holes, self.short)
            text = self._statements[row].format(*map(tight, args))
        self.lines.append(self.assignment(name, text))

    def _in_place(self, row: Op, args: Sequence[str], short: int) -> str:
        """A row by its rule, or by the call of a function if that is long."""
        rule = rule_of(row)
        if steps_in(rule.result) > short:
            return self._called(row, args)
        return self.applied(rule, args)

    def _called(self, row: Op, args: Sequence[str]) -> str:
        if row not in self._names:
            self._names[row] = self.define(self.prefix + row.name, rule_of(row))
        return f"{self._names[row]}({', '.join(args)})"

    def define(self, name: str, rule: Rule) -> str:
        """The name of a function of a rule, which is defined here unless an equal one is."""
        parameters = [argument.what for argument in rule.arguments]
        key = (*parameters, text := self.body(rule, parameters))
        if key not in self._functions:
            self._functions[key] = self.free_name(name)
            self.definitions.append(self.definition(self._functions[key], parameters, text))
        return self._functions[key]

    def body(self, rule: Rule, parameters: Sequence[str]) -> str:
        """The text of a function of a rule: an expression."""
        return self.applied(rule, parameters)

    def free_name(self, wanted: str) -> str:
        """This name, or with a number after it where it is taken."""
        name, k = wanted, 1
        while name in self._taken:
            k += 1
            name = f"{wanted}_{k}"
        self._taken.add(name)
        return name


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


def check_name(
    name: Any, language: str, where: str, taken: str, method: str, pattern: str = "{}"
) -> None:
    """Raise unless a function may have this name: a file holds those that are taken."""
    if not isinstance(name, str):
        raise TypeError(f"the name of a {language} function is a str, and not {shown(name)}")
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ProgramError(
            f"the name of a {language} function is letters from a to z, digits and _, and not "
            f"{shown(name)}"
        )
    words = files(__package__).joinpath(taken).read_text(encoding="utf-8").split()
    if re.fullmatch(pattern.replace("{}", "|".join(words)), name):
        raise ProgramError(
            f"{shown(name)} means something in {where}; choose another name, as in "
            f'{method}("my_program")'
        )
