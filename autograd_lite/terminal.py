"""Text for a terminal: its letters and width, colour where it is welcome, and tables that fit."""

import codecs
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from typing import TextIO

from autograd_lite.errors import visible

_CODES = {"bold": 1, "faint": 2, "red": 31, "green": 32, "cyan": 36}
_GAP = "  "
_NARROWEST = 20  # of a table's last column, which takes what the others leave

Paint = Callable[[str], str]

#: How an encoding is to meet characters that it cannot hold, by the name that Python knows it by.
PLAINLY = "autograd_lite.plainly"
_PLAIN = {
    **dict(zip("─│┐┘▶◀▲▼·×−∂δ␣▁▂▃▄▅▆▇█", "-|++><^v*x-dd__.:-=+*#", strict=True)),
    **{digit: f"_{i}" for i, digit in enumerate("₀₁₂₃₄₅₆₇₈₉")},
    **{"→": "->", "²": "^2", "Σ": "sum", "Π": "prod", "≤": "<=", "‖": "||", "…": "...", "±": "+-"},
}  # fmt: skip


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """Our own characters in ASCII, and a user's as Python escapes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    bad = error.object[error.start : error.end]
    said = [_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in bad]
    return "".join(said), error.end


codecs.register_error(PLAINLY, _plainly)


def on_screen(text: str) -> str:
    """The text in characters that standard output can hold."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, PLAINLY).decode(encoding)


class Terminal:
    """Width and colour of a stream, such as ``sys.stdout`` (None in a program without one).

    Colour is used on a terminal that is not dumb, nowhere if ``NO_COLOR`` is set
    (https://no-color.org), else everywhere if ``FORCE_COLOR`` is (https://force-color.org). Where
    there is none, its width is ``COLUMNS``, or 80.
    """

    def __init__(self, stream: TextIO | None) -> None:
        forced = bool(os.environ.get("FORCE_COLOR"))
        able = os.environ.get("TERM") != "dumb" and stream is not None and stream.isatty()
        self.colour = not os.environ.get("NO_COLOR") and (forced or able)
        self.width = shutil.get_terminal_size().columns

    def paint(self, text: str, style: str) -> str:
        """The text in a style: bold, faint, red, green or cyan."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.colour and text else text

    def heading(self, text: str) -> str:
        """A line that begins a part."""
        return self.paint(text, "bold")

    def sign(self, text: str) -> str:
        """A number, red if negative, green if positive."""
        number = text.strip()
        if not number or float(number) == 0.0:
            return text
        return self.paint(text, "red" if number.startswith("-") else "green")

    def table(
        self, header: Sequence[str], rows: Sequence[Sequence[str]],
        paint: Sequence[Paint | None] = (),
    ) -> str:  # fmt: skip
        """Aligned columns under a header, numbers to the right; the last column is wrapped.

        For each column, `paint` may hold a function that colours its cells.
        """
        rows = [[*map(visible, row)] for row in rows]
        columns = list(zip(*rows, strict=True))
        right = [all(not cell or _is_number(cell) for cell in column) for column in columns]
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        room = self.width - sum(widths[:-1]) - len(_GAP) * (len(widths) - 1)
        widths[-1] = min(widths[-1], max(room, _NARROWEST))
        lines = [self.paint(_line(header, widths, right, ()), "faint")]
        for row in rows:
            first, *more = textwrap.wrap(row[-1], widths[-1]) or [""]
            lines.append(_line([*row[:-1], first], widths, right, paint))
            lines += [_line([""] * (len(row) - 1) + [m], widths, right, paint) for m in more]
        return "\n".join(lines)


def _line(
    cells: Sequence[str], widths: Sequence[int], right: Sequence[bool],
    paint: Sequence[Paint | None],
) -> str:  # fmt: skip
    padded = [
        cell.rjust(width) if flush else cell.ljust(width)
        for cell, width, flush in zip(cells, widths, right, strict=True)
    ]
    padded[-1] = padded[-1].rstrip()
    for index, function in enumerate(paint):
        if function is not None:
            padded[index] = function(padded[index])
    return _GAP.join(padded).rstrip()


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
