"""The printer of formulas as LaTeX."""

import math
import re
from collections.abc import Iterable

from autograd_lite.ops import TABLE, Op, SequenceOp
from autograd_lite.writing.templates import POWER, PRODUCT, Piece, fill
from autograd_lite.writing.text import Place, TextPrinter, holes

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


class LatexPrinter(TextPrinter):
    """LaTeX, as MathJax, KaTeX and, one line at a time, matplotlib's mathtext read it."""

    brackets = r"\left(#1\right)"
    longest = 160
    unnamed, left_out = "v_{{{}}}", r"\cdots_{{{}\ \mathrm{{more}}}}\cdots"
    repeated = Piece("{}^{{({})}}", POWER)

    def number(self, x: float) -> Piece:
        """A number to six digits; a whole number below a billion to all of its digits."""
        if math.isnan(x):
            return Piece(r"\mathrm{nan}", number=x)
        plain = super().number(x)
        digits, e, exponent = plain.text.replace("inf", r"\infty").partition("e")
        if not e:
            return Piece(digits, plain.level, x)
        power = f"10^{{{int(exponent)}}}"
        if digits == "1":
            return Piece(power, POWER, x)
        return Piece("-" + power if digits == "-1" else rf"{digits} \cdot {power}", PRODUCT, x)

    def label(self, text: str) -> str:
        """A user's label: ``w1`` and ``x_0`` with an index, ``alpha`` in Greek, words upright."""
        text = super().label(text)
        match = _INDEXED.fullmatch(text)
        if match is None:
            return _upright(text)
        base, digits, rest = match.groups()
        indices = ",".join(_word(part) for part in [digits, *rest.split("_")] if part)
        return _word(base) + (f"_{{{indices}}}" if indices else "")

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
        template = row.latex + (f"_{{{', '.join(attrs)}}}" if attrs else "")
        if re.search(r"(?<!\\)#", row.latex):
            return template
        return rf"{template}\left({', '.join(holes(row)) or '#*'}\right)"

    def _over_sequence(
        self, row: SequenceOp, places: list[Place], single: list[Piece], length: int
    ) -> Piece:
        terms = [p if isinstance(p, Piece) else self.filled(row.latex_term, p) for p in places]
        if not places and not single:
            return self.number(row.on_floats())
        known = {"*": self.joined(row.latex_between, terms + single), "n": Piece(str(length))}
        return fill(self._template(row), known, self.brackets)


LATEX = LatexPrinter()


def aligned(lines: Iterable[str]) -> str:
    """Lines below one another, with their ``&`` in a column."""
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def _word(word: str) -> str:
    greek = _GREEK.get(word, word)
    if greek in _GREEK_NAMES:
        return f"\\{greek}"
    return word if len(word) == 1 or word.isdecimal() else _upright(word)


def _upright(text: str) -> str:
    return rf"\mathrm{{{''.join(_ESCAPED.get(c, c) for c in text)}}}"
