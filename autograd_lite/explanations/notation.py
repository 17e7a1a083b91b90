"""How a formula is written down, as text or in LaTeX: the ops, the numbers, the user's labels."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from autograd_lite.explanations.formulas import Formula
from autograd_lite.explanations.templates import ATOM, POWER, PRODUCT, Piece, fill
from autograd_lite.ops import TABLE, Op, SequenceOp

#: Places of a row of many arguments that are written: so many first and last ones.
_FIRST, _LAST = 8, 2
_LONGEST_LABEL = 40

_GREEK_NAMES = [
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda",
    "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma",
    "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
]  # fmt: skip
_GREEK = dict(zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", _GREEK_NAMES, strict=True))
_INDEXED = re.compile(r"([^\W\d_]+)(\d*)((?:_[^\W_]+)*)")
_ESCAPED = {
    "\\": r"\backslash ", "{": r"\lbrace ", "}": r"\rbrace ", "~": r"\sim ", "^": r"\wedge ",
    '"': "''", "`": "'", **{c: f"\\{c}" for c in "$&#_% "},
}  # fmt: skip


class Notation:
    """Plain text, as it would be typed in Python.

    Attributes
    ----------
    brackets : str
        What a formula is put into where it must be, as a template.
    longest : int
        Characters that the formula of a local derivative may have.
    """

    brackets = "(#1)"
    longest = 40

    def number(self, x: float) -> Piece:
        """A number to six digits; a whole number below a billion to all of its digits."""
        text = f"{x:.0f}" if x.is_integer() and abs(x) < 1e9 else f"{x:.6g}"
        return Piece(text, PRODUCT if text.startswith("-") else ATOM)

    def label(self, text: str) -> str:
        """A user's label on one line, without what no screen shows; a long end becomes …."""
        clean = "".join(
            "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cs") else c
            for c in " ".join(text.split())
        )
        return clean if len(clean) <= _LONGEST_LABEL else clean[: _LONGEST_LABEL - 1] + "…"

    def name(self, number: int) -> str:
        """The name of a node that the user has given none."""
        return f"v{number}"

    def numbered(self, name: str, number: int) -> Piece:
        """A name that several nodes have, with a number that tells them apart."""
        return Piece(f"{name}({number})")

    def ellipsis(self, number: int) -> str:
        """Placeholder of so many parts left out."""
        return f"… {self.count(number)} more …"

    def count(self, number: int) -> str:
        """A count in full, or its size where that would be too long to read."""
        digits = int(number.bit_length() * math.log10(2.0))
        return f"{number:,}" if digits < 40 else f"about 10^{digits:,}"

    def call(self, row: Op, args: Sequence[Formula], pieces: Sequence[Piece | None]) -> Piece:
        """A row's call, given how each argument is written: None for those left out."""
        if isinstance(row, SequenceOp):
            return self._sequence(row, pieces, shown(row, [arg.number for arg in args]))
        known = {str(i): piece for i, piece in enumerate(pieces, 1) if piece is not None}
        return fill(self._template(row), known, self.brackets)

    def _template(self, row: Op) -> str:
        if row.arity == 2 and (row.operator or not row.symbol.isidentifier()):
            gap = "" if row.symbol == "**" else " "
            return f"#1{gap}{row.symbol}{gap}#2"
        if row.operator and not row.symbol.isalpha():
            return f"{row.symbol}#1"
        attrs = "".join(f", {name}={value:g}" for name, value in row.attrs.items())
        return f"{row.name}({_holes(row)}{attrs})"

    def _sequence(
        self, row: SequenceOp, args: Sequence[Piece | None], places: list[list[int]]
    ) -> Piece:
        length, split = _lengths(row, args)
        more = self.ellipsis(length - _FIRST - _LAST)
        vectors: list[list[str]] = [[] for _ in row.vectors]
        written: list[str] = []
        for place in places:
            texts = [piece.text for k in place if (piece := args[k])]
            if place and place[0] >= split:
                written += texts
                continue
            for vector, text in zip(vectors, texts or [more] * len(vectors), strict=True):
                vector.append(text)
        written[:0] = [f"[{', '.join(vector)}]" for vector in vectors]
        written += [f"{name}={value:g}" for name, value in row.attrs.items()]
        return Piece(f"{row.name}({', '.join(written)})")


class Latex(Notation):
    """LaTeX, as MathJax, KaTeX and, one line at a time, matplotlib's mathtext read it."""

    brackets = r"\left(#1\right)"
    longest = 160

    def number(self, x: float) -> Piece:
        """A number to six digits; a whole number below a billion to all of its digits."""
        if math.isnan(x):
            return Piece(r"\mathrm{nan}")
        if math.isinf(x):
            return Piece(r"\infty") if x > 0.0 else Piece(r"-\infty", PRODUCT)
        plain = super().number(x)
        digits, e, exponent = plain.text.partition("e")
        if not e:
            return plain
        power = f"10^{{{int(exponent)}}}"
        if digits == "1":
            return Piece(power, POWER)
        return Piece("-" + power if digits == "-1" else rf"{digits} \cdot {power}", PRODUCT)

    def label(self, text: str) -> str:
        """A user's label: ``w1`` and ``x_0`` with an index, ``alpha`` in Greek, words upright."""
        text = super().label(text)
        match = _INDEXED.fullmatch(text)
        if match is None:
            return _upright(text)
        base, digits, rest = match.groups()
        indices = ",".join(_word(part) for part in [digits, *rest.split("_")] if part)
        return _word(base) + (f"_{{{indices}}}" if indices else "")

    def name(self, number: int) -> str:
        """The name of a node that the user has given none."""
        return f"v_{{{number}}}"

    def numbered(self, name: str, number: int) -> Piece:
        """A name that several nodes have, with a number that tells them apart."""
        return Piece(f"{name}^{{({number})}}", POWER)

    def ellipsis(self, number: int) -> str:
        """Placeholder of so many parts left out."""
        return rf"\cdots_{{{self.count(number)}\ \mathrm{{more}}}}\cdots"

    def count(self, number: int) -> str:
        """A count in full, or its size where that would be too long to read."""
        text = super().count(number)
        about, power, digits = text.partition("10^")
        if power:
            return rf"\approx 10^{{{digits.replace(',', '')}}}"
        return about.replace(",", "{,}")

    def _template(self, row: Op) -> str:
        """The row's own LaTeX; attributes that are not as usual become its index."""
        usual = TABLE.get(row.name, row).attrs
        attrs = [self.number(x).text for name, x in row.attrs.items() if x != usual[name]]
        index = f"_{{{', '.join(attrs)}}}" if attrs else ""
        if re.search(r"(?<!\\)#", row.latex):
            return row.latex + index
        return rf"{row.latex}{index}\left({_holes(row)}\right)"

    def _sequence(
        self, row: SequenceOp, args: Sequence[Piece | None], places: list[list[int]]
    ) -> Piece:
        length, split = _lengths(row, args)
        terms: dict[str, Piece] = {}
        for place in places:
            pieces = {str(i): piece for i, k in enumerate(place, 1) if (piece := args[k])}
            alone = bool(place) and place[0] >= split
            terms[str(len(terms) + 1)] = (
                fill("#1" if alone else row.latex_term, pieces, self.brackets)
                if place
                else Piece(self.ellipsis(length - _FIRST - _LAST))
            )
        if not terms:
            return self.number(row.on_floats())
        joined = fill(row.latex_between.join(f"#{key}" for key in terms), terms, self.brackets)
        holes = {"*": joined, "n": Piece(str(length))}
        return fill(self._template(row), holes, self.brackets)


LATEX, TEXT = Latex(), Notation()


def shown(row: Op, numbers: Sequence[float | None]) -> list[list[int]]:
    """Which arguments of a row are written, of which some are numbers.

    Their positions, one list for each place, and an empty one where places are left out.
    """
    if not isinstance(row, SequenceOp):
        return [[i] for i in range(len(numbers))]
    length, split = _lengths(row, numbers)
    if length <= _FIRST + _LAST + 1:
        places = [list(range(i, split, length)) for i in range(length)]
    else:
        ends = [*range(_FIRST), *range(length - _LAST, length)]
        places = [list(range(i, split, length)) for i in ends]
        places.insert(_FIRST, [])
    for position, usual in enumerate(row.scalars.values(), split):
        if numbers[position] != usual or not places:
            places.append([position])
    return places


def _holes(row: Op) -> str:
    return "#*" if row.arity is None else ", ".join(f"#{i + 1}" for i in range(row.arity))


def _lengths(row: SequenceOp, args: Sequence[Any]) -> tuple[int, int]:
    """Of one vector, and of all of them together."""
    split = len(args) - len(row.scalars)
    return split // len(row.vectors), split


def _word(word: str) -> str:
    greek = _GREEK.get(word, word)
    if greek in _GREEK_NAMES:
        return f"\\{greek}"
    return word if len(word) == 1 or word.isdecimal() else _upright(word)


def _upright(text: str) -> str:
    return rf"\mathrm{{{''.join(_ESCAPED.get(c, c) for c in text)}}}"
