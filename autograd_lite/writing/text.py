"""The printer of formulas as plain text; `latex` is that of LaTeX.

Whoever shows an op with its arguments to a reader (explanations, programs, error messages) has it
written here. The languages that run, such as C, have printers of their own.
"""

import math
import unicodedata
from collections.abc import Iterable, Sequence

from autograd_lite.ops import Op, SequenceOp
from autograd_lite.writing.templates import ATOM, PRODUCT, Piece, fill

_LONGEST_LABEL = 40

#: The elements of the vectors at one place, or a piece that stands for places left out.
Place = list[Piece] | Piece


class TextPrinter:
    """Formulas as they would be typed in Python.

    Attributes
    ----------
    brackets : str
        Template of a formula in brackets.
    longest : int
        Most characters of the formula of a partial.
    ends : tuple of int
        Places at either end of a longer vector that are written.
    unnamed, left_out : str
        Formats of the name of a node without a label, and of a count of parts left out.
    repeated : Piece
        Format of a name that several nodes have, with a number that tells them apart.
    """

    brackets = "(#1)"
    longest = 40
    ends = 8, 2
    unnamed, left_out, repeated = "v{}", "… {} more …", Piece("{}({})")

    def number(self, x: float) -> Piece:
        """A number to six digits; a whole number below a billion to all of its digits."""
        text = f"{x:.0f}" if x.is_integer() and abs(x) < 1e9 else f"{x:.6g}"
        return Piece(text, PRODUCT if text.startswith("-") else ATOM, x)

    def label(self, text: str) -> str:
        """A user's label on one line, without what no screen shows; a long end becomes …."""
        clean = "".join(
            "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cs") else c
            for c in " ".join(text.split())
        )
        return clean if len(clean) <= _LONGEST_LABEL else clean[: _LONGEST_LABEL - 1] + "…"

    def name(self, number: int) -> str:
        """The name of a node without a label."""
        return self.unnamed.format(number)

    def numbered(self, name: str, number: int) -> Piece:
        """A name that several nodes have, with a number that tells them apart."""
        return Piece(self.repeated.text.format(name, number), self.repeated.level)

    def ellipsis(self, number: int) -> str:
        """Placeholder of so many parts left out."""
        return self.left_out.format(self.count(number))

    def count(self, number: int) -> str:
        """A count in full, or its size where that would be too long to read."""
        digits = int(number.bit_length() * math.log10(2.0))
        return f"{number:,}" if digits < 40 else f"about 10^{digits:,}"

    def places(self, row: Op, numbers: Sequence[float | None]) -> tuple[list[list[int]], list[int]]:
        """Positions of the arguments that are written, given those that are numbers.

        First a list for each place in the vectors, an empty one for places left out; then the
        single numbers, without those that need not be given.
        """
        if not isinstance(row, SequenceOp):
            return [[i] for i in range(len(numbers))], []
        groups, many = row.groups(range(len(numbers))), len(row.vectors)
        length, (first, last) = len(groups[0]), self.ends
        whole = length <= first + last + 1
        written = range(length) if whole else [*range(first), *range(length - last, length)]
        places = [[vector[i] for vector in groups[:many]] for i in written]
        if not whole:
            places.insert(first, [])
        single = zip(groups[many:], row.scalars.values(), strict=True)
        return places, [k for k, usual in single if numbers[k] != usual or not places]

    def call(self, row: Op, args: Sequence[Piece]) -> Piece:
        """An op with its arguments."""
        if not isinstance(row, SequenceOp):
            return self.filled(self._template(row), args)
        places, single = self.places(row, [arg.number for arg in args])
        length = (len(args) - len(row.scalars)) // len(row.vectors)
        left_out = Piece(self.ellipsis(length - sum(self.ends)))
        vectors = [[args[k] for k in place] or left_out for place in places]
        return self._over_sequence(row, vectors, [args[k] for k in single], length)

    def filled(self, template: str, pieces: Iterable[Piece]) -> Piece:
        """A template with its numbered holes filled."""
        return fill(template, {str(i): x for i, x in enumerate(pieces, 1)}, self.brackets)

    def joined(self, between: str, pieces: Sequence[Piece]) -> Piece:
        """Pieces with an operator or a comma between them."""
        return self.filled(between.join(f"#{i + 1}" for i in range(len(pieces))), pieces)

    def _template(self, row: Op) -> str:
        """A row with a fixed number of arguments, as a template."""
        if row.arity == 2 and (row.operator or not row.symbol.isidentifier()):
            gap = "" if row.symbol == "**" else " "
            return f"#1{gap}{row.symbol}{gap}#2"
        if row.operator and not row.symbol.isalpha():
            return f"{row.symbol}#1"
        return named_call(row, holes(row))

    def _over_sequence(
        self, row: SequenceOp, places: list[Place], single: list[Piece], length: int
    ) -> Piece:
        """A row over vectors of some length and single numbers after them."""
        vectors = [
            [place if isinstance(place, Piece) else place[i] for place in places]
            for i in range(len(row.vectors))
        ]
        written = [f"[{', '.join([piece.text for piece in vector])}]" for vector in vectors]
        return Piece(named_call(row, [*written, *[piece.text for piece in single]]))


TEXT = TextPrinter()


def holes(row: Op) -> list[str]:
    """The holes of the template of a row with a fixed number of arguments."""
    return [f"#{i + 1}" for i in range(row.arity or 0)]


def named_call(row: Op, args: Iterable[str], left_out: int = 0) -> str:
    """An op by its name, with its arguments and attributes: ``leaky_relu(x, slope=0.1)``."""
    more = [f"… {left_out:,} more"] * bool(left_out)
    attrs = [f"{name}={value:g}" for name, value in row.attrs.items()]
    return f"{row.name}({', '.join([*args, *more, *attrs])})"
