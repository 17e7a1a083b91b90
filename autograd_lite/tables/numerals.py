"""Numbers as people write them: a decimal point or comma, thousands, a unit such as % or €.

All cells of a column are written alike: a `Notation` belongs to the column, not to the cell. A
number is what its cell says, in the column's unit: 12% is 12.
"""

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

Decimal = Literal[".", ","]
#: What stands for the decimal sign, the more usual one first.
DECIMALS: tuple[Decimal, Decimal] = (".", ",")
OTHER: dict[str, Decimal] = dict(zip(DECIMALS, DECIMALS[::-1], strict=True))

#: Ways to write that a number is missing; in a column of text they are texts.
MISSING = frozenset((
    "na", "n/a", "n.a.", "<na>", "#n/a", "#div/0!", "nan", "nat", "null", "none", r"\n", "?", "-",
    "--", "—", ".", "k.a.", "k. a.", "n.d.", "s.o.",
))  # fmt: skip

_UNITS = "$€£¥₹₽₩₺₪₫฿"
_CODES = "AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HUF|INR|JPY|KRW|MXN|NOK|PLN|RUB|SEK|TRY|USD|ZAR"
_WORDS = rf"{_CODES}|[kmµ]?g|[kcmµ]?m|km/h|m/s|mph|lbs?|oz|mi|ft|m?l|h|min|m?s|k?Wh?|k?V|k?Hz|°[CF]"
_WRITTEN = re.compile(
    rf"([+-]?)\s*([{_UNITS}]|(?:{_CODES})(?=\s)|)\s*(.*?)\s*([{_UNITS}%‰]|(?<=\s)(?:{_WORDS})|)",
    re.DOTALL,
)
# Thousands are parted by the other sign, a space or an apostrophe, all by the same one; nobody
# writes them with a 0 first, or with an exponent.
_NUMBERS = {
    decimal: re.compile(
        rf"[+-]?(?=[{decimal}]?\d)(?:[1-9]\d{{0,2}}(?P<by>[{other} \u00a0\u2009\u202f'’])\d{{3}}"
        rf"(?:(?P=by)\d{{3}})*(?:[{decimal}]\d*)?|\d*(?:[{decimal}]\d*)?(?:[eE][+-]?\d+)?)"
    )
    for decimal, other in OTHER.items()
}
_GROUPS = {decimal: dict.fromkeys(map(ord, {*".,", *" \u00a0\u2009\u202f'’"} - {decimal})) | {
    ord(decimal): "."} for decimal in DECIMALS}  # fmt: skip
_BYTE = r"(?:25[0-5]|2[0-4]\d|[01]?\d?\d)"
_ADDRESS = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}")  # of a machine, such as 192.168.110.210
# Of a telephone: groups of three, the first too, or a + before them.
_TELEPHONE = re.compile(r"(?:\d{3}|\+\d{1,3})(?: \d{3}){2,}")
_MINUS = str.maketrans("−", "-")


@dataclass(frozen=True)
class Notation:
    """How the numbers of a column are written: their decimal sign, and the unit at each of them."""

    decimal: Decimal = "."
    unit: str = ""

    @property
    def in_words(self) -> str:
        """The unit, in words."""
        return f"in {self.unit}" if self.unit else "without a unit"

    def number(self, cell: str) -> float | None:
        """The number in a cell; None if it holds none, or one in another unit."""
        if not self.unit and self.decimal == "." and "_" not in cell:  # Python's 1_000 is none
            with suppress(ValueError):
                return float(cell)
        bare, unit = _without_unit(cell)
        if unit != self.unit or not _NUMBERS[self.decimal].fullmatch(bare):
            return None
        return float(bare.translate(_GROUPS[self.decimal]))


class Survey(NamedTuple):
    """How the numbers of some cells are written, how many of them are numbers then, of how many.

    The decimal sign is certain if fewer were numbers with the other one; ambiguous if as many
    were, but other numbers.
    """

    notation: Notation
    numbers: int
    cells: int
    certain: bool
    ambiguous: bool


def survey(cells: Sequence[str], decimal: Decimal | None = None) -> Survey:
    """The notation in which most cells are numbers, or most with the decimal sign that is given."""
    if decimal != "," and _all_plain(cells):  # most columns, and quickly
        either = not decimal and all(map(_NUMBERS[","].fullmatch, cells))
        two = either and any("." in cell for cell in cells)
        return Survey(Notation(), len(cells), len(cells), not either, two)
    others = [_ADDRESS] if decimal else [_ADDRESS, _TELEPHONE]  # whose thousands are by chance
    if any(all(map(other.fullmatch, cells)) for other in others):
        return Survey(Notation(), 0, len(cells), certain=False, ambiguous=False)
    units = Counter(_without_unit(cell)[1] for cell in cells if _is_written(cell))
    unit = units.most_common(1)[0][0] if units else ""
    signs = (decimal,) if decimal else DECIMALS
    read = [[*map(Notation(sign, unit).number, cells)] for sign in signs]
    counts = [len(cells) - numbers.count(None) for numbers in read]
    most = max(counts)
    alike = all(count == most for count in counts)
    # nan is unequal to itself, which is no question of signs.
    differ = any(a != b and a == a for a, b in zip(read[0], read[-1], strict=True))
    sign = signs[counts.index(most)]
    return Survey(Notation(sign, unit), most, len(cells), not alike, alike and differ)


def _all_plain(cells: Sequence[str]) -> bool:
    try:
        np.array(cells, dtype=object).astype(np.float64)
    except ValueError:
        return False
    return "_" not in "".join(cells)  # Python's 1_000 is none


def is_gap(cell: str) -> bool:
    """Whether a number is missing from a cell."""
    return not cell or cell.lower() in MISSING


def is_number(cell: str) -> bool:
    """Whether a cell by itself is a number in any notation; 5 km may be a column's name."""
    if any(map(str.isalpha, _without_unit(cell)[1])):
        return False
    return _is_written(cell) or Notation().number(cell) is not None


def _is_written(cell: str) -> bool:
    bare, _ = _without_unit(cell)
    return any(pattern.fullmatch(bare) for pattern in _NUMBERS.values())


def _without_unit(cell: str) -> tuple[str, str]:
    """A cell without its unit, and the unit."""
    found = _WRITTEN.fullmatch(cell.translate(_MINUS))
    if found is None or (found[2] and found[4]):
        return cell, ""
    return found[1] + found[3], found[2] or found[4]
