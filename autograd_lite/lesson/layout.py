"""Paragraphs and tables as plain text, at most 79 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 79


def paragraph(text: str, indent: str = "") -> str:
    """Text wrapped to the width; line breaks in it count as spaces."""
    return textwrap.fill(
        " ".join(text.split()),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def number(x: float) -> str:
    """A number at up to four significant digits, or all digits of a larger whole one."""
    return f"{x:.0f}" if x == round(x) and abs(x) < 1e6 else f"{x:.4g}"


def table(headers: Sequence[str], rows: Iterable[Sequence[object]], left: int = 0) -> str:
    """Aligned columns under their headers.

    Parameters
    ----------
    headers : sequence of str
    rows : iterable of sequence
        Cells as text, as floats (shown by `number`), as ints, or None for an empty cell.
    left : int, default=0
        How many of the first columns hold words and stand flush left; all others flush right.
    """
    cells = [list(headers), *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(("  " + line).rstrip() for line in lines)


def _cell(cell: object) -> str:
    if cell is None:
        return ""
    return number(cell) if isinstance(cell, float) else str(cell)


def page(*parts: str) -> str:
    """Paragraphs and tables with an empty line between them."""
    return "\n\n".join(parts)
