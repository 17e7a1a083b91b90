"""A picture as text: a table with the output first."""

from __future__ import annotations

from autograd_lite.errors import counted
from autograd_lite.view.picture import Arrow, Box, Picture, readable

#: Rows and arguments that are listed; more are counted.
ROWS, ARGUMENTS = 30, 6


def listing(picture: Picture) -> str:
    """The boxes of a picture, one a line, the output first."""
    shown = picture.boxes[: -ROWS - 1 : -1]
    width = max([3, *(len(box.lines) for box in shown)])
    rows = [_row(box, width) for box in shown]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [picture.caption or counted(len(picture.boxes), "value"), *picture.noted]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width]
        lines.append(("  " + "  ".join(cells)).rstrip())
    hidden = len(picture.boxes) - len(shown)
    if hidden:
        lines.append(f"  … and {hidden:,} more")
    return "\n".join(lines)


def _row(box: Box, width: int) -> list[str]:
    lines = [line.text for line in box.lines] + [""] * (width - len(box.lines))
    made = box.symbol or box.kind
    label = " ".join(readable(box.label))
    return [box.name, label, made, *lines, _from(box.arrows)]


def _from(arrows: tuple[Arrow, ...]) -> str:
    if not arrows:
        return ""
    said = [f"{a.tail} ({a.note.text})" for a in arrows[:ARGUMENTS]]
    more = len(arrows) - ARGUMENTS
    return "from " + ", ".join(said) + (f", … and {more:,} more" if more > 0 else "")
