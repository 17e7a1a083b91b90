"""Symbols in a language: one walk, and a class for each language, which writes single steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from autograd_lite.ops.leaf import Leaf
from autograd_lite.ops.sequences import SequenceOp
from autograd_lite.ops.table import Op
from autograd_lite.writing.symbols import (
    COUNT,
    TOTAL,
    Element,
    Fold,
    Symbol,
    as_symbol,
    called,
    symbols_for,
)

#: What a language makes of an expression: a text, or the name of a tensor.
T = TypeVar("T")


class Printer(Generic[T]):
    """A language: what it makes of numbers, and of one step given what its operands became."""

    _length = 0  # of the vectors of the row that is being written

    def number(self, number: float) -> T:
        """A number, exactly."""
        raise NotImplementedError

    def operation(self, sign: str, x: T, y: T) -> T:
        """One of + - * / between two things."""
        raise NotImplementedError

    def negation(self, x: T) -> T:
        """The negative of a thing."""
        raise NotImplementedError

    def choice(self, sign: str, x: T, y: T, yes: T, no: T) -> T:
        """One of two things, by a comparison of two others."""
        raise NotImplementedError

    def leaf(self, leaf: Leaf, args: Sequence[T]) -> T:
        """A function of the C library."""
        raise NotImplementedError

    def row(self, call: Symbol, args: Sequence[T]) -> T:
        """A row of fixed arity that a rule calls: by its own rule."""
        rule = rule_of(call.what)
        return self.written(rule.result, dict(zip(rule.arguments, args, strict=True)))

    def short_total(self, total: T, steps: int) -> tuple[T, int]:
        """The total of a fold after so many steps, which may be given a name meanwhile."""
        return total, steps

    def step(self, symbol: Symbol, operands: Sequence[T]) -> T:
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

    def written(self, symbol: Symbol, names: dict[Symbol, T]) -> T:
        """An expression, given what some of its parts are called."""
        if symbol not in names:
            if isinstance(symbol, Element):
                assert symbol.vector.body is not None
                names[symbol] = self.written(symbol.vector.body, names)
            else:
                operands = [self.written(operand, names) for operand in symbol.operands]
                names[symbol] = self.step(symbol, operands)
        return names[symbol]

    def folded(self, row: SequenceOp, args: Sequence[T]) -> T:
        """A row over sequences whose rule is one fold, written step by step."""
        rule, many = rule_of(row), len(row.vectors)
        length = (len(args) - len(row.scalars)) // many
        places = [*zip(*[args[k * length : (k + 1) * length] for k in range(many)], strict=True)]
        names = dict(zip(rule.arguments[many:], args[many * length :], strict=True))
        self._length = length
        fold, elements = fold_in(rule.result), rule.arguments[:many]
        first = fold.first.element if fold.first is not None else None
        total, steps = self.written(fold.start, names) if fold.start is not None else None, 0
        for place in places:
            known = {**names, **dict(zip(elements, place, strict=True))}
            if total is None:
                assert first is not None
                total = self.written(first, known)
                continue
            total, steps = self.short_total(
                self.written(fold.body, {**known, TOTAL: total}), steps + steps_in(fold.body)
            )
        assert total is not None
        return self.written(rule.result, {**names, fold: total})


class Rule(NamedTuple):
    """A row's forward rule, of these arguments; of a vector its element stands for it."""

    result: Symbol
    arguments: tuple[Symbol, ...]


@lru_cache(maxsize=4096)
def rule_of(row: Op) -> Rule:
    """See `Rule`."""
    given, forward = symbols_for(row), row.forward
    result = called(forward, given) if isinstance(forward, Leaf) else forward(*given)
    return Rule(as_symbol(result), tuple(getattr(x, "element", x) for x in given))


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


class Loose(str):
    """A text that needs parentheses as an operand."""

    __slots__ = ()


def tight(text: str) -> str:
    """A text as an operand."""
    return f"({text})" if isinstance(text, Loose) else text


class Text(Printer[str]):
    """A language in which expressions are written as in C.

    Attributes
    ----------
    nan, inf : str
        How these are written.
    """

    nan, inf = "NAN", "INFINITY"

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
        """A function of the C library."""
        return f"{leaf.c}({', '.join(args)})"
