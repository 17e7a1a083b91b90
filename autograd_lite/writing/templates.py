"""Formulas put together from templates, in brackets where the reader would otherwise misread them.

A template is text with holes, as in a row of the op table: ``#1 + #2``, ``\\frac{#1}{#2}``. How
tightly it binds, and how tightly whatever fills a hole must bind to need no brackets, is read off
the text itself, so a user's own op is bracketed as rightly as those of the table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

#: How tightly text binds: as ``x < y``, ``x + y``, ``x y``, ``x**y``, or as what nothing splits.
RELATION, SUM, PRODUCT, POWER, ATOM = range(5)

#: Here a * (b % c) is no a * b % c, so they bind as a sum, and their operands as in a quotient.
_REMAINDERS = "%", "//"
_LEVELS = {
    **dict.fromkeys([",", "<", ">", "=", "≤", r"\lt", r"\gt", r"\leq", r"\le", r"\geq"], RELATION),
    **dict.fromkeys(["+", "-", *_REMAINDERS], SUM),
    **dict.fromkeys([r"\cdot", r"\times", "*", "·", "/"], PRODUCT),
    **dict.fromkeys(["**", "^", "_"], POWER),
}
#: What must fill the hole after an operator: x - (y - z), x / (y * z); and the one before it.
_AFTER = {"+": SUM, "-": PRODUCT, "/": POWER, ",": RELATION, "**": POWER, "^": ATOM, "_": ATOM}
_BEFORE = {",": RELATION, "**": ATOM, "^": ATOM, "_": ATOM}
for _sign in _REMAINDERS:
    _AFTER[_sign] = _BEFORE[_sign] = POWER
_DELIMITER = r"(?![A-Za-z])\s*(?:\\[A-Za-z]+|\\.|.)"
_TOKEN = re.compile(
    rf"(?P<open>\\left{_DELIMITER}|[{{(\[])|(?P<close>\\right{_DELIMITER}|[}})\]])"
    r"|(?P<space>\s+|\\[,;:! ])|#(?P<hole>[0-9]+|[*n])|(?P<text>\\[A-Za-z]+|\\.|\*\*|//|.)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Text, how tightly it binds, and the number that it stands for, if any."""

    text: str
    level: int = ATOM
    number: float | None = None

    def within(self, brackets: str) -> Piece:
        """The same in brackets, a template with one hole."""
        return Piece(brackets.replace("#1", self.text))


@dataclass(slots=True)
class _Hole:
    key: str
    start: int
    end: int
    need: int = RELATION
    left: str = ""  # the operator or other text before it, in its own group


@dataclass(slots=True)
class _Item:
    """Parts inside one pair of brackets: a hole, a token, or a group of its own."""

    text: str = ""
    hole: _Hole | None = None
    alone: _Hole | None = None  # the hole that a group consists of


@dataclass(frozen=True, slots=True)
class _Template:
    level: int
    holes: tuple[_Hole, ...]


@lru_cache(maxsize=1024)
def _parse(template: str) -> _Template:
    holes: list[_Hole] = []
    groups: list[list[_Item]] = [[]]
    for match in _TOKEN.finditer(template):
        kind, text = match.lastgroup, match[0]
        if kind == "open":
            groups.append([])
        elif kind == "close" and len(groups) > 1:
            group = groups.pop()
            _settle(group)
            first = group[0] if len(group) == 1 else _Item()
            # only braces are no brackets for the reader
            alone = first.hole or first.alone if text == "}" else None
            groups[-1].append(_Item("{}", alone=alone))
        elif kind == "hole":
            hole = _Hole(match["hole"], match.start(), match.end())
            holes.append(hole)
            groups[-1].append(_Item("#", hole))
        elif kind != "space":
            groups[-1].append(_Item(text))
    for group in groups:
        _settle(group)
    return _Template(_level(groups[0]), tuple(holes))


def _settle(group: list[_Item]) -> None:
    """Note for each hole of a group what its neighbours ask of it."""
    for i, item in enumerate(group):
        left = group[i - 1].text if i else ","
        right = group[i + 1].text if i + 1 < len(group) else ","
        if item.hole is not None:
            item.hole.left = left
            before = _BEFORE.get(right, max(_LEVELS.get(right, ATOM), SUM))
            after = _AFTER.get(left, max(_LEVELS.get(left, ATOM), SUM))
            item.hole.need = max(before, after)
        elif item.alone is not None and right == "^":
            item.alone.need = ATOM


def _level(items: list[_Item]) -> int:
    levels = [_LEVELS[item.text] for item in items if item.text in _LEVELS]
    if items and items[0].text == "-":
        levels[0] = PRODUCT  # a sign, which binds as a factor -1 does
    if any(item.text == r"\frac" for item in items):
        levels.append(POWER)  # needs no brackets as a factor, but as the base of a power
    for item, following in pairwise(items):
        if (item.hole or following.hole) and not {item.text, following.text} & set(_LEVELS):
            levels.append(PRODUCT)  # side by side
    return min(levels, default=ATOM)


def fill(template: str, pieces: Mapping[str, Piece], brackets: str) -> Piece:
    """A template with its holes filled.

    Parameters
    ----------
    template : str
    pieces : mapping of str to Piece
        By the name of the hole: ``"1"`` for ``#1``.
    brackets : str
        What a piece is put into where it must be, as a template.

    Examples
    --------
    >>> a, b = Piece("a"), Piece("b + c", SUM)
    >>> fill("#1 - #2", {"1": b, "2": b}, "(#1)").text
    'b + c - (b + c)'
    >>> fill("#1 + #2", {"1": a, "2": Piece("-b", PRODUCT)}, "(#1)").text
    'a - b'
    """
    parsed = _parse(template)
    if [hole.end - hole.start for hole in parsed.holes] == [len(template)]:
        return pieces[parsed.holes[0].key]
    written, position = "", 0
    for hole in parsed.holes:
        written += template[position : hole.start]
        position = hole.end
        piece = pieces[hole.key]
        signed = piece.text.startswith("-")
        merged = signed and hole.left == "+" and piece.level >= hole.need
        # a sign may stand first, or after something that is no operator
        misplaced = signed and not merged and _LEVELS.get(hole.left, RELATION) > RELATION
        if merged:
            written = written.rstrip()[:-1] + "- "
            written += piece.text[1:].lstrip()
        elif misplaced or piece.level < hole.need:
            written += piece.within(brackets).text
        else:
            written += piece.text
    return Piece(written + template[position:], parsed.level)
