"""Formulas put together from templates, in brackets where the reader would otherwise misread them.

A template is text with holes, as in a row of the op table: ``#1 + #2``, ``\\frac{#1}{#2}``. How
tightly it binds, and how tightly a hole's piece must bind to need no brackets, is read off the text
itself, so brackets are right for a user's own op, too.
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
#: Levels that the holes after and before an operator need: x - (y - z), x / (y * z).
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


#: A part inside one pair of brackets: its text ("#": a hole, "{}": a group), and the hole that it
#: is, or that alone is in the group.
_Part = tuple[str, _Hole | None]


@lru_cache(maxsize=1024)
def _parse(template: str) -> tuple[int, list[_Hole]]:
    """The level at which a template binds, and its holes."""
    holes: list[_Hole] = []
    groups: list[list[_Part]] = [[]]
    for match in _TOKEN.finditer(template):
        kind, text = match.lastgroup, match[0]
        if kind == "open":
            groups.append([])
        elif kind == "close" and len(groups) > 1:
            group = groups.pop()
            _settle(group)
            # only braces are no brackets for the reader
            alone = group[0][1] if text == "}" and len(group) == 1 else None
            groups[-1].append(("{}", alone))
        elif kind == "hole":
            holes.append(_Hole(match["hole"], match.start(), match.end()))
            groups[-1].append(("#", holes[-1]))
        elif kind != "space":
            groups[-1].append((text, None))
    for group in groups:
        _settle(group)
    return _level([text for text, _ in groups[0]]), holes


def _settle(group: list[_Part]) -> None:
    """Note for each hole of a group how tightly its piece must bind."""
    texts = [",", *[text for text, _ in group], ","]
    for left, (text, hole), right in zip(texts, group, texts[2:], strict=False):
        if hole is not None and text == "#":
            before = _BEFORE.get(right, max(_LEVELS.get(right, ATOM), SUM))
            after = _AFTER.get(left, max(_LEVELS.get(left, ATOM), SUM))
            hole.left, hole.need = left, max(before, after)
        elif hole is not None and right == "^":
            hole.need = ATOM


def _level(texts: list[str]) -> int:
    levels = [_LEVELS[text] for text in texts if text in _LEVELS]
    if texts[:1] == ["-"]:
        levels[0] = PRODUCT  # a sign, which binds as a factor -1 does
    if r"\frac" in texts:
        levels.append(POWER)  # needs no brackets as a factor, but as the base of a power
    for pair in pairwise(texts):
        if "#" in pair and not _LEVELS.keys() & pair:
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
        Template of a piece in brackets.

    Examples
    --------
    >>> a, b = Piece("a"), Piece("b + c", SUM)
    >>> fill("#1 - #2", {"1": b, "2": b}, "(#1)").text
    'b + c - (b + c)'
    >>> fill("#1 + #2", {"1": a, "2": Piece("-b", PRODUCT)}, "(#1)").text
    'a - b'
    """
    level, holes = _parse(template)
    if [hole.end - hole.start for hole in holes] == [len(template)]:
        return pieces[holes[0].key]
    written, position = "", 0
    for hole in holes:
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
    return Piece(written + template[position:], level)
