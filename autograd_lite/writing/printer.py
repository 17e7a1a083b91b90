"""Symbols in a language: one walk, and a class for each language, which writes single steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from autograd_lite.errors import ProgramError
from autograd_lite.ops.languages import record_of
from autograd_lite.ops.leaf import Leaf
from autograd_lite.ops.sequences import SequenceOp
from autograd_lite.ops.table import Op
from autograd_lite.writing.symbols import (
    COUNT,
    PLACE,
    TOTAL,
    Element,
    Fold,
    Look,
    Symbol,
    as_symbol,
    called,
    expression,
    symbols_for,
)


class Loose(str):
    """A text that needs parentheses as an operand."""

    __slots__ = ()


def tight(text: str) -> str:
    """A text as an operand."""
    return f"({text})" if isinstance(text, Loose) else text


class Rule(NamedTuple):
    """The result of a rule of some arguments; of a vector its element stands for it."""

    result: Symbol
    arguments: tuple[Symbol, ...]


class Printer:
    """A language: a method for each kind of step, given its operands. This is C's way.

    Attributes
    ----------
    nan, inf : str
        How these are written.
    library, way_out : str
        The library that has the functions, and the advice where it lacks one.
    names : str
        The column of `Record` that has their names; ``""`` for those in C.
    """

    nan, inf = "NAN", "INFINITY"
    library, way_out, names = "C", "", ""
    _length = 0  # of the vectors of the row that is being written

    def number(self, number: float) -> str:
        """A number, exactly."""
        if number != number:
            return self.nan
        text = self.inf if math.isinf(number) else repr(abs(float(number)))
        return Loose(f"-{text}") if math.copysign(1.0, number) < 0.0 else text

    def operation(self, sign: str, x: str, y: str) -> str:
        """One of + - * / between two things."""
        return Loose(f"{tight(x)} {sign} {tight(y)}")

    def negation(self, x: str) -> str:
        """The negative of a thing."""
        return Loose(f"-{tight(x)}")

    def choice(self, sign: str, x: str, y: str, yes: str, no: str) -> str:
        """One of two things, by a comparison of two others."""
        return Loose(f"{tight(x)} {sign} {tight(y)} ? {tight(yes)} : {tight(no)}")

    def leaf(self, leaf: Leaf, args: Sequence[str]) -> str:
        """A function of the C library, or one out of others."""
        name: str = getattr(record_of(leaf), self.names) if self.names else leaf.c
        name = name.replace("@", leaf.c)
        if "{" in name:
            return name.format(*map(tight, args))
        if not name:
            name = self.define(f"composed_{leaf.c}", self.composition(leaf, len(args)))
        return f"{name}({', '.join(args)})"

    def define(self, name: str, rule: Rule) -> str:
        """The name of a function that has this rule."""
        raise NotImplementedError

    def row(self, call: Symbol, args: Sequence[str]) -> str:
        """A row that a rule calls: by its own rule."""
        return self.applied(rule_of(call.what), args)

    def short_total(self, total: str, steps: int) -> tuple[str, int]:
        """The total of a fold and how long it is; a language may give a long one a name."""
        return total, steps

    def kept(self, text: str) -> str:
        """A text that each step of a fold takes; a language may give it a name."""
        return text

    def applied(self, rule: Rule, args: Sequence[str]) -> str:
        """A rule of some things."""
        return self.written(rule.result, dict(zip(rule.arguments, args, strict=True)))

    def written(self, symbol: Symbol, names: dict[Symbol, str]) -> str:
        """An expression, given what some of its parts are called."""
        if symbol not in names:
            if isinstance(symbol, Element):
                assert symbol.vector.body is not None
                names[symbol] = self.written(symbol.vector.body, names)
            else:
                operands = [self.written(operand, names) for operand in symbol.operands]
                names[symbol] = self.step(symbol, operands)
        return names[symbol]

    def step(self, symbol: Symbol, operands: Sequence[str]) -> str:
        """One step of an expression."""
        kind, what = symbol.kind, symbol.what
        if kind == "number":
            return self.number(what)
        if symbol is COUNT:
            return self.number(float(self._length))
        if kind == "minus":
            return self.negation(*operands)
        if kind == "choice":
            return self.choice(what, *operands)
        if kind == "leaf":
            return self.leaf(what, operands)
        if kind == "row":
            return self.row(symbol, operands)
        return self.operation(kind, *operands)

    def folded(self, row: SequenceOp, args: Sequence[str]) -> str:
        """A row over sequences whose rule is one fold, written step by step."""
        return self.folded_part(row, args, 0, (len(args) - len(row.scalars)) // len(row.vectors))

    def folded_part(
        self, row: SequenceOp, args: Sequence[str], first: int, last: int, total: str | None = None
    ) -> str:
        """The total from step `first` to before `last`, given that of the steps before.

        After the last step of all it is the row's result.
        """
        rule, many = rule_of(row), len(row.vectors)
        self._length = length = (len(args) - len(row.scalars)) // many
        names = dict(zip(rule.arguments[many:], args[many * length :], strict=True))
        fold, steps = fold_in(rule.result), 0
        longer = steps_in(fold.body)
        if isinstance(fold, Look):
            longer, names[fold.place] = 1, self.kept(self.written(fold.place, names))
        if total is None and fold.start is not None:
            total = self.written(fold.start, names)
        for i in range(first, last):
            place = args[i : many * length : length]
            known = {**names, **dict(zip(rule.arguments[:many], place, strict=True))}
            if total is None:
                assert fold.first is not None
                total = self.written(fold.first.element, known)
                continue
            known |= {TOTAL: total, PLACE: self.number(float(i))}
            total, steps = self.short_total(self.written(fold.body, known), steps + longer)
        assert total is not None
        return self.written(rule.result, {**names, fold: total}) if last == length else total

    def composition(self, leaf: Leaf, count: int) -> Rule:
        """The rule that stands for a leaf which the language lacks; else a ProgramError."""
        rule = record_of(leaf).composed
        if rule is None:
            raise ProgramError(f"{self.library} has no {leaf.c}, {self.way_out}")
        given = [expression("name", name) for name in ("x", "y", "z")[:count]]
        return Rule(as_symbol(rule(*given)), tuple(given))


@lru_cache(maxsize=4096)
def rule_of(row: Op) -> Rule:
    """The forward rule of a row."""
    given, forward = symbols_for(row), row.forward
    result = called(forward, given) if isinstance(forward, Leaf) else forward(*given)
    return Rule(as_symbol(result), tuple(getattr(x, "element", x) for x in given))


_ARITHMETIC = {"+", "-", "*", "minus"}
_OPERANDS = {"name", "number", "entry", "total"}


@lru_cache(maxsize=4096)
def hands_on(row: Op) -> bool:
    """Whether a row gives nan for nan, and tells zeros by their sign in the sign of a zero alone.

    That is so where its rule is + - and * of its arguments.
    """
    left: list[Symbol] = [rule_of(row).result]
    for symbol in left:
        if isinstance(symbol, Fold):
            left += [symbol.body, *([symbol.start] if symbol.start is not None else [])]
        elif isinstance(symbol, Element) and symbol.vector.body is not None:
            left.append(symbol.vector.body)
        elif symbol.kind == "row":
            if not hands_on(symbol.what):
                return False
        elif symbol.kind not in _ARITHMETIC | _OPERANDS:
            return False
        left += symbol.operands
    return True


def fold_in(result: Symbol) -> Fold:
    """The fold in the result of a rule that has one."""
    left: list[Symbol] = [result]
    for symbol in left:
        if isinstance(symbol, Fold):
            return symbol
        left += symbol.operands
    raise TypeError("this rule is no fold")


def steps_in(symbol: Symbol) -> int:
    """How many steps an expression has when it is written out."""
    if isinstance(symbol, Element) and symbol.vector.body is not None:
        return steps_in(symbol.vector.body)
    return sum(map(steps_in, symbol.operands)) + bool(symbol.operands)
