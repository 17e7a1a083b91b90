"""From symbols to the statements of a C function: temporaries, loops and scratch vectors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograd_lite.ops.table import Op
from autograd_lite.writing.symbols import TOTAL, Element, Fold, Symbol, Vector, Whole, index

#: A hole of a template; an argument of a function needs no parentheses.
_HOLE = re.compile(r"((?<=\()|(?<=, ))#(?P<argument>\d+)(?=[,)])|#(?P<operand>\d+)")

_FORWARDS = "Py_ssize_t i = 0; i < m; i++"


@dataclass(eq=False)
class Output:
    """Where a result of a function goes.

    Attributes
    ----------
    body : Symbol
        The result, or its element ``i``.
    target : str
        What it is assigned to; ``""`` returns it.
    loop : bool
        Whether there is one for every element.
    """

    body: Symbol
    target: str = ""
    loop: bool = False


class _Scope:
    """The body of a function or of a loop: how often it uses what, what it named, its lines."""

    def __init__(self) -> None:
        self.uses: Counter[Symbol] = Counter()
        self.names: dict[Symbol, str] = {}
        self.lines: list[str] = []


class Function:
    """The statements of a C function.

    An expression that is used twice becomes a constant where it is used, and one that a loop uses
    but does not change, a constant before that loop. A computed vector that one loop alone reads
    is computed there, element by element; any other goes to scratch.

    Parameters
    ----------
    outputs : sequence of Output
    scratch_of : callable
        How many scratch vectors the forward function of a row needs.

    Attributes
    ----------
    lines : list of str
    scratch : int
        How many scratch vectors of m numbers it needs.
    """

    def __init__(self, outputs: Sequence[Output], scratch_of: Callable[[Op], int]) -> None:
        self.scratch = 0
        self._scratch_of = scratch_of
        self._slots = 0
        self._temporaries = self._totals = 0
        self._top = _Scope()
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
            if output.loop:
                self._loop(output, _FORWARDS, [f"{output.target} = %s;"])
            else:
                text = bare(self._text(output.body, self._top))
                start = f"{output.target} = " if output.target else "return "
                self._top.lines.append(f"{start}{text};")
        self.lines = self._top.lines

    # First which loops read a vector, then how often a scope uses an expression: an expression's
    # place depends on both.

    def _find_readers(self, symbol: Symbol, loop: object) -> None:
        loop = loop if symbol.inside else None
        if (symbol, loop) in self._visited:
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
        if (symbol, scope) in self._visited:
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
        if isinstance(symbol, Fold):
            text = self._fold(symbol)
        elif isinstance(symbol, Element):
            if not self._is_inline(symbol.vector):
                return self._element(symbol.vector, "i")
            assert symbol.vector.body is not None
            text = self._text(symbol.vector.body, scope)
        elif isinstance(symbol, Whole):
            text = self._whole(symbol)
        else:
            if symbol.row is not None:
                self._scratch_of(symbol.row)
            text = filled(symbol.template, [self._text(x, scope) for x in symbol.operands])
        composed = bool(symbol.operands) or isinstance(symbol, Element)
        if isinstance(symbol, Whole) or (scope.uses[symbol] > 1 and composed):
            text = self._temporary(text, scope)
        scope.names[symbol] = text
        return text

    def _temporary(self, text: str, scope: _Scope) -> str:
        if re.fullmatch(r"\w+", text):
            return text
        name = f"t{self._temporaries}"
        self._temporaries += 1
        scope.lines.append(f"const double {name} = {bare(text)};")
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
            start = bare(self._text(loop.start, self._top))
        self._scopes[loop].names[TOTAL] = name
        head = _FORWARDS if loop.first is None else "Py_ssize_t i = 1; i < m; i++"
        return name, head, f"double {name} = {start};"

    def _element(self, vector: Vector, i: str) -> str:
        """Element i of a vector that has a place; a computed one gets it here, in scratch."""
        if vector.number >= 0:
            return index(vector.array, vector.number, i)
        if vector not in self._slot:
            slot = self._slots
            self._slots += 1
            self.scratch = max(self.scratch, self._slots)
            self._compute(vector, index("scratch", slot, "i"))
            self._slot[vector] = slot
        return index("scratch", self._slot[vector], i)

    def _compute(self, vector: Vector, place: str) -> None:
        if not vector.is_scan:
            self._loop(vector, _FORWARDS, [f"{place} = %s;"])
            return
        name, head, before = self._total(vector)
        head = "Py_ssize_t i = m; i-- > 0;" if vector.backwards else head
        self._loop(vector, head, [f"{place} = {name};", f"{name} = %s;"], [before])

    def _loop(
        self,
        loop: Output | Fold | Vector,
        head: str,
        last: Sequence[str],
        before: Sequence[str] = (),
    ) -> None:
        """Write a loop whose last statements use the text of its body."""
        assert loop.body is not None
        scope = self._scopes[loop]
        text = bare(self._text(loop.body, scope))
        lines = [*scope.lines, *[line.replace("%s", text) for line in last]]
        braces = len(lines) > 1
        self._top.lines += [*before, f"for ({head})" + " {" * braces]
        self._top.lines += [f"    {line}" for line in lines] + ["}"] * braces

    def _whole(self, whole: Whole) -> str:
        assert whole.row is not None
        needed = self._scratch_of(whole.row)
        pointer = "&" + self._element(whole.vector, "0")
        # Its room lies behind ours and is free again as soon as the call is over.
        self.scratch = max(self.scratch, self._slots + needed)
        room = "&" + index("scratch", self._slots, "0") if needed else "NULL"
        return filled(whole.template, [pointer, room])


def filled(template: str, operands: Sequence[str]) -> str:
    """A template with texts in place of ``#1``, ``#2`` …"""

    def operand(hole: re.Match[str]) -> str:
        if hole["argument"]:
            return bare(operands[int(hole["argument"]) - 1])
        return operands[int(hole["operand"]) - 1]

    return _HOLE.sub(operand, template)


def bare(text: str) -> str:
    """A text without parentheses around the whole of it."""
    if not text.startswith("("):
        return text
    depth = 0
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return text[1:-1] if i == len(text) - 1 else text
    raise ValueError(f"unbalanced parentheses in the text of a leaf: {text}")
