"""Parts of a step, out of ``lesson.toml``, that know no medium; as plain text and as HTML."""

import html
import textwrap
from collections.abc import Mapping, Sequence
from string import Template
from typing import Any, NamedTuple

from autograd_lite.files import words

WIDTH = 79
WORDS = words("lesson.toml", "lesson.telling")
#: The seven steps of the overall picture, each with what it does.
PICTURE: list[tuple[str, str]] = [(name, what) for name, what in WORDS["picture"]]


class Paragraph(NamedTuple):
    """Words; line breaks in them count as spaces."""

    text: str


class Grid(NamedTuple):
    """Columns under their headers."""

    headers: Sequence[str]
    rows: Sequence[Sequence[object]]  # text, floats (shown by `number`), ints, None for empty cells
    left: int = 0  # columns that hold words and stand flush left; the others flush right
    live: str = ""  # what the page's script keeps in it up to date

    def cells(self) -> list[list[str]]:
        """The rows as text."""
        return [["" if cell is None else number(cell) for cell in row] for row in self.rows]


class Definitions(NamedTuple):
    """Long formulas, each with its name; a line may end at a blank."""

    named: Sequence[tuple[str, str]]


class Verbatim(NamedTuple):
    """Lines that are shown as they are; where they are too wide, those of `narrow` wrapped."""

    text: str
    narrow: str = ""


class Figure(NamedTuple):
    """The place of a picture, for a medium that has it; another shows what is drawn in letters.

    A picture whose letters are a table has room for it.
    """

    name: str
    letters: Verbatim | Grid | None = None


#: Where a picture has room for its table.
TABLE = "<!-- table -->"
Part = Paragraph | Grid | Definitions | Verbatim | Figure


def number(x: object) -> str:
    """A float at up to four significant digits, or all digits of a larger whole one; else text."""
    if not isinstance(x, float):
        return str(x)
    return f"{x:.0f}" if x == round(x) and abs(x) < 1e6 else f"{x:.4g}"


def filled(piece: str, /, **parts: object) -> str:
    """A piece of the page, as ``lesson.toml`` has it under ``[page.html]``."""
    return Template(WORDS["page"]["html"][piece]).substitute(parts)


def told(step: str, /, **numbers: Any) -> list[Part]:
    """The parts of a step, whose formats take these numbers, and its tables these rows."""
    return [_made(part, numbers) for part in WORDS[step]]


def _made(part: Mapping[str, Any], numbers: Mapping[str, Any]) -> Any:
    match part:
        case {"figure": name, **letters}:
            return Figure(name, _made(letters, numbers) if letters else None)
        case {"words": text}:
            return Paragraph(text.format_map(numbers))
        case {"headers": headers, "rows": rows, **look}:
            return Grid([text.format_map(numbers) for text in headers], numbers[rows], **look)
        case {"named": named}:
            return Definitions(numbers[named])
    return Verbatim(*(text.format_map(numbers) for text in part.values()))


def as_text(parts: Sequence[Part], width: int = WIDTH) -> str:
    """The parts with an empty line between them, in at most `width` columns, without figures."""
    shown = (part.letters if isinstance(part, Figure) else part for part in parts)
    return "\n\n".join(_text(part, width) for part in shown if part)


def _text(part: Paragraph | Grid | Definitions | Verbatim, width: int) -> str:
    match part:
        case Paragraph(text):
            return _wrapped(text, width)
        case Grid():
            return _aligned(part, width)
        case Definitions(named):
            texts = [f"  {name}:\n{_wrapped(formula, width, '    ')}" for name, formula in named]
            return "\n".join(texts)
        case Verbatim(text, narrow):
            drawn = textwrap.indent(text, "  ")
            if max(map(len, drawn.splitlines())) <= width:
                return drawn
            return "\n".join(_wrapped(line, width, "  ") for line in (narrow or text).splitlines())


def _wrapped(text: str, width: int, indent: str = "") -> str:
    room = width - len(indent)
    lines = textwrap.fill(" ".join(text.split()), room, break_on_hyphens=False)
    return textwrap.indent(lines, indent)


def _aligned(table: Grid, room: int) -> str:
    """The columns side by side; some below others, each with the first, where that is too wide."""
    cells = [list(table.headers), *table.cells()]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    blocks: list[list[int]] = [[]]
    for i, width in enumerate(widths):
        if i and sum(widths[k] + 2 for k in blocks[-1]) + 2 + width > room:
            blocks.append([0] if widths[0] + width + 4 <= room else [])
        blocks[-1].append(i)
    texts = []
    for block in blocks:
        lines = [
            "  ".join(
                row[i].ljust(widths[i]) if i < table.left else row[i].rjust(widths[i])
                for i in block
            )
            for row in cells
        ]
        lines.insert(1, "  ".join("-" * widths[i] for i in block))
        texts.append("\n".join(("  " + line).rstrip() for line in lines))
    return "\n\n".join(texts)


def as_html(parts: Sequence[Part], figures: Mapping[str, str] | None = None) -> str:
    """The parts as elements, given the HTML of figures by their names; others are left out."""
    elements = (
        _pictured(part, figures or {}) if isinstance(part, Figure) else _element(part)
        for part in parts
    )
    return "\n".join(filter(None, elements))


def _pictured(part: Figure, figures: Mapping[str, str]) -> str:
    letters = _element(part.letters) if part.letters else ""
    return figures.get(part.name, letters).replace(TABLE, letters)


def _element(part: Paragraph | Grid | Definitions | Verbatim) -> str:
    match part:
        case Paragraph(text):
            return f"<p>{html.escape(' '.join(text.split()))}</p>"
        case Grid(headers):
            head = "".join(
                _tagged("th" if text else "td", text, i < part.left, ' scope="col"' * bool(text))
                for i, text in enumerate(headers)
            )
            # where a column has no header, cells are told by the first of their row
            first = "td" if all(headers) else "th"
            rows = (
                _tagged(first, row[0], part.left > 0, ' scope="row"' * (first == "th"))
                + "".join(_tagged("td", cell, i < part.left) for i, cell in enumerate(row[1:], 1))
                for row in part.cells()
            )
            body = "\n".join(f"<tr>{row}</tr>" for row in rows)
            live = f' data-table="{part.live}"' * bool(part.live)
            return (
                f'<div class="table"{live}><table>\n<thead><tr>{head}</tr></thead>\n'
                f"<tbody>\n{body}\n</tbody>\n</table></div>"
            )
        case Definitions(named):
            pairs = "\n".join(
                f"<dt>{html.escape(name)}</dt><dd><code>{html.escape(formula)}</code></dd>"
                for name, formula in named
            )
            return f"<dl>\n{pairs}\n</dl>"
        case Verbatim(text):
            return f"<pre>{html.escape(text)}</pre>"


def _tagged(tag: str, text: str, left: bool, attributes: str = "") -> str:
    words = ' class="words"' * left
    return f"<{tag}{attributes}{words}>{html.escape(text)}</{tag}>"
