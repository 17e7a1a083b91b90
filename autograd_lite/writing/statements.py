"""From symbols to the statements of a function: temporaries, loops and scratch vectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from autograd_lite.ops.table import Op
from autograd_lite.writing.c_language import C, offset
from autograd_lite.writing.symbols import (
    COUNT,
    PLACE,
    TOTAL,
    Element,
    Entry,
    Fold,
    Symbol,
    Vector,
    Whole,
)

_FORWARDS = "i = 0; i < m; i++"


@dataclass(eq=False)
class Output:
    """Where a result of a function goes.

    Attributes
    ----------
    body : Symbol
        The result, or its element ``i``.
    target : Entry or None
        What it is assigned to; None returns it. Without a place there is one for every element.
    """

    body: Symbol
    target: Entry | None = None

    @property
    def loop(self) -> bool:
        """Whether there is one for every element."""
        return self.target is not None and self.target.place is None


class _Scope:
    """The body of a function or of a loop: how often it uses what, what it named, its lines."""

    def __init__(self) -> None:
        self.uses: Counter[Symbol] = Counter()
        self.names: dict[Symbol, str] = {}
        self.lines: list[str] = []


class Function:
    """The statements of a function in C, or a language with the same statements.

    An expression that is used twice becomes a constant where it is used, and one that a loop uses
    but does not change, a constant before that loop. A computed vector that one loop alone reads
    is computed there, element by element; any other goes to scratch.

    Parameters
    ----------
    outputs : sequence of Output
    scratch_of : callable
        How many scratch vectors the forward function of a row needs.
    language : C
    names : dict of Symbol to Symbol, optional
        What stands in place of what, as in functions that are part of a rule.

    Attributes
    ----------
    lines : list of str
    returns : bool
        Whether it returns a number.
    scratch : int
        How many scratch vectors of m numbers it needs.
    """

    def __init__(
        self, outputs: Sequence[Output], scratch_of: Callable[[Op], int], language: C,
        names: Mapping[Symbol, Symbol] | None = None,
    ) -> None:  # fmt: skip
        self.scratch = 0
        self.returns = not all(output.target for output in outputs)
        self._scratch_of, self._language = scratch_of, language
        self._slots = 0
        self._temporaries = self._totals = 0
        self._top = _Scope()
        self._given = dict(names or {})
        self._scopes: dict[object, _Scope] = {}
        self._slot: dict[Vector, int] = {}
        self._readers: dict[Vector, set[object]] = {}
        self._visited: set[tuple[object, object]] = set()
        for output in outputs:
            self._find_readers(output.body, output if output.loop else None)
        for output in outputs:
            if output.loop:
                self._count_loop(output)
            else:
                self._count(output.body, self._top)
        for output in outputs:
            start = f"{_entry(output.target)} = " if output.target else "return "
            if output.loop:
                self._loop(output, _FORWARDS, [f"{start}%s;"])
            else:
                self._top.lines.append(f"{start}{self._text(output.body, self._top)};")
        self.lines = self._top.lines

    # First which loops read a vector, then how often a scope uses an expression: an expression's
    # place depends on both.

    def _find_readers(self, symbol: Symbol, loop: object) -> None:
        loop = loop if symbol.inside else None
        if (symbol, loop) in self._visited or symbol in self._given:
            return
        self._visited.add((symbol, loop))
        for operand in symbol.operands:
            self._find_readers(operand, loop)
        if isinstance(symbol, Element):
            self._read(symbol.vector, loop)
        elif isinstance(symbol, Whole):
            self._read(symbol.vector, symbol)
        elif isinstance(symbol, Fold):
            self._find_readers(symbol.body, symbol)
            if symbol.start is not None:
                self._find_readers(symbol.start, None)
            if symbol.first is not None:
                self._read(symbol.first, "its first element")

    def _read(self, vector: Vector, reader: object) -> None:
        self._readers.setdefault(vector, set()).add(reader)
        if vector.body is not None:
            self._find_readers(vector.body, vector)
        if vector.start is not None:
            self._find_readers(vector.start, None)
        if vector.first is not None:
            self._read(vector.first, "its first element")

    def _is_inline(self, vector: Vector) -> bool:
        """Whether a computed vector needs no place: `each`, read by a single loop."""
        readers = self._readers[vector]
        whole = any(isinstance(reader, Whole) for reader in readers)
        return not vector.is_scan and len(readers) == 1 and not whole

    def _count(self, symbol: Symbol, scope: _Scope) -> None:
        if not symbol.inside and scope is not self._top:
            scope = self._top
            scope.uses[symbol] += 1  # twice: what a loop uses is computed before it
        scope.uses[symbol] += 1
        if (symbol, scope) in self._visited or symbol in self._given:
            return
        self._visited.add((symbol, scope))
        for operand in symbol.operands:
            self._count(operand, scope)
        if isinstance(symbol, Element) and self._is_inline(symbol.vector):
            assert symbol.vector.body is not None
            self._count(symbol.vector.body, scope)
        elif isinstance(symbol, Element | Whole):
            self._count_loop(symbol.vector)
        elif isinstance(symbol, Fold):
            self._count_loop(symbol)

    def _count_loop(self, loop: Output | Fold | Vector) -> None:
        if loop.body is None or loop in self._scopes:
            return
        self._scopes[loop] = _Scope()
        self._count(loop.body, self._scopes[loop])
        if isinstance(loop, Fold | Vector):
            if loop.start is not None:
                self._count(loop.start, self._top)
            if loop.first is not None:
                self._count_loop(loop.first)

    # Then the text, which appends to the lines of its scope what has to come before.

    def _text(self, symbol: Symbol, scope: _Scope) -> str:
        scope = scope if symbol.inside else self._top
        if symbol in scope.names:
            return scope.names[symbol]
        if symbol in self._given:
            return self._place(self._given[symbol])
        if isinstance(symbol, Fold):
            text = self._fold(symbol)
        elif isinstance(symbol, Element):
            if not self._is_inline(symbol.vector):
                return self._element(symbol.vector, "i")
            assert symbol.vector.body is not None
            text = self._text(symbol.vector.body, scope)
        elif isinstance(symbol, Whole):
            text = self._whole(symbol)
        elif symbol.operands or symbol.kind == "number":
            if symbol.kind == "row":
                self._scratch_of(symbol.what)
            operands = [self._text(operand, scope) for operand in symbol.operands]
            text = self._language.step(symbol, operands)
        else:
            text = self._place(symbol)
        composed = bool(symbol.operands) or isinstance(symbol, Element)
        if isinstance(symbol, Whole) or (scope.uses[symbol] > 1 and composed):
            text = self._temporary(text, scope)
        scope.names[symbol] = text
        return text

    def _place(self, symbol: Symbol) -> str:
        if symbol is COUNT or symbol is PLACE:
            return self._language.count if symbol is COUNT else self._language.place
        return _entry(symbol.what) if symbol.kind == "entry" else str(symbol.what)

    def _temporary(self, text: str, scope: _Scope) -> str:
        if text.isidentifier():
            return text
        name = f"t{self._temporaries}"
        self._temporaries += 1
        scope.lines.append(f"{self._language.constant} {name} = {text};")
        return name

    def _fold(self, fold: Fold) -> str:
        name, head, before = self._total(fold)
        self._loop(fold, head, [f"{name} = %s;"], [before])
        return name

    def _total(self, loop: Fold | Vector) -> tuple[str, str, str]:
        """The variable that a loop hands on; the loop's head, the statement before it."""
        name = f"total{self._totals}"
        self._totals += 1
        if loop.first is not None:
            start = self._element(loop.first, "0")
        else:
            assert loop.start is not None
            start = self._text(loop.start, self._top)
        self._scopes[loop].names[TOTAL] = name
        head = _FORWARDS if loop.first is None else "i = 1; i < m; i++"
        return name, head, f"{self._language.variable} {name} = {start};"

    def _element(self, vector: Vector, i: str) -> str:
        """Element i of a vector that has a place; a computed one gets it here, in scratch."""
        array, number = self._home(vector)
        return f"{array}[{offset(number, i)}]"

    def _home(self, vector: Vector) -> tuple[str, int]:
        """The array in which a vector lies, and behind how many others."""
        if vector.number >= 0:
            return vector.array, vector.number
        if vector not in self._slot:
            slot = self._slots
            self._slots += 1
            self.scratch = max(self.scratch, self._slots)
            self._compute(vector, _entry(Entry("scratch", slot, None)))
            self._slot[vector] = slot
        return "scratch", self._slot[vector]

    def _compute(self, vector: Vector, place: str) -> None:
        if not vector.is_scan:
            self._loop(vector, _FORWARDS, [f"{place} = %s;"])
            return
        name, head, before = self._total(vector)
        head = "i = m; i-- > 0;" if vector.backwards else head
        self._loop(vector, head, [f"{place} = {name};", f"{name} = %s;"], [before])

    def _loop(
        self, loop: Output | Fold | Vector, head: str, last: list[str], before: Sequence[str] = ()
    ) -> None:
        """Write a loop whose last statements use the text of its body."""
        assert loop.body is not None
        scope = self._scopes[loop]
        text = self._text(loop.body, scope)
        lines = [*scope.lines, *[line.replace("%s", text) for line in last]]
        braces = len(lines) > 1
        self._top.lines += [*before, f"for ({self._language.counter} {head})" + " {" * braces]
        self._top.lines += [f"    {line}" for line in lines] + ["}"] * braces

    def _whole(self, whole: Whole) -> str:
        needed, language = self._scratch_of(whole.what), self._language
        array, number = self._home(whole.vector)
        vector = language.part(array, offset(number, "0"))
        # Its room lies behind ours and is free again as soon as the call is over.
        self.scratch = max(self.scratch, self._slots + needed)
        own = language.part("scratch", offset(self._slots, "0"))
        room = own if needed else language.no_array
        attributes = language.attributes(whole.what)
        return f"forward_{whole.what.name}({vector}, m, {attributes}, {room})"


def _entry(entry: Entry) -> str:
    i = "i" if entry.place is None else str(entry.place)
    return f"{entry.array}[{offset(entry.skipped, i)}]"
