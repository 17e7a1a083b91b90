"""A page for every public row of the op table, written from the row and from measured pages."""

import ast
import inspect
import math
import re
from collections.abc import Iterator
from functools import cache
from io import StringIO
from urllib.parse import urlencode

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from staging import DOCS, ROOT

import autograd_lite as ag
from autograd_lite.explanations.documentation import (
    attrs_told,
    documentation,
    flat_names,
    grouped,
    number_piece,
    places,
)
from autograd_lite.explanations.formulas import Formula, as_formula, op_partials, written
from autograd_lite.expressions import FUNCTIONS, SYNTAX
from autograd_lite.ops import TABLE, Op, SequenceOp
from autograd_lite.writing.latex import LATEX
from autograd_lite.writing.templates import Piece

_CONVENTIONS = DOCS / "conventions.md"
_FOLDERS = ROOT / "autograd_lite" / "ops"
#: Sections of a docstring, with their heads.
_SECTION = re.compile(r"^(\w+)\n-{3,}\n((?:.*\n)*?)(?=\w+\n---|\Z)", re.M)


def public_rows() -> list[Op]:
    """The rows that users find as ``ag.NAME``, in the order of the table."""
    return [row for row in TABLE.values() if row.public]


def file_of(row: Op) -> str:
    """The name of the file that holds a row, without its ending: what kind of op it is."""
    return source_of(row)[0].removesuffix(".py")


@cache
def _sources() -> dict[str, tuple[str, int, int]]:
    """File, first and last line of every row."""
    found = {}
    for path in sorted(_FOLDERS.glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if path.name == "languages.py" or isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue
            for each in ast.walk(node):
                # a call that makes a row, or one of a list of rows that differ little
                told = getattr(each, "args" if isinstance(each, ast.Call) else "elts", None)
                name = getattr(told[0], "value", None) if told else None
                if isinstance(name, str) and name in TABLE and name not in found:
                    found[name] = path.name, node.lineno, node.end_lineno or node.lineno
    return found


def source_of(row: Op) -> tuple[str, int, int]:
    """The file of a row, and its first and last line there."""
    return _sources()[row.name]


def _symbols(row: Op) -> list[str]:
    """The names of the arguments in LaTeX."""
    return [LATEX.label(name) for name in flat_names(row)]


def formulas(row: Op) -> list[tuple[str, str]]:
    """The formula of a row and its partials in LaTeX, each with what it is; from its rules."""
    names = flat_names(row)
    args = [Formula() for _ in names]
    pieces = dict(zip(args, map(Piece, _symbols(row)), strict=True))
    call = Formula(op=row, args=tuple(args))

    def named(part: Formula) -> Piece:
        return pieces[part] if part.number is None else number_piece(part.number, LATEX)

    def text(thing: Formula | float) -> str:
        found = written(as_formula(thing), LATEX, named, 400)
        return found.text if found else ""

    # A leaf of the C library is not expanded: it is what it is.
    parts = dict.fromkeys(filter(None, [text(call), _expanded(row, args, text)]))
    head, where = rf"f({', '.join(pieces[a].text for a in args)})", attrs_told(row)
    found = [(f"Value{where}", " = ".join([head, *parts]))]
    told = [*names]
    if isinstance(row, SequenceOp):  # of a sequence the first: the others are alike
        told = [f"{v[:-1]}1" for v in row.vectors] + [*row.scalars]
    partials = op_partials(row, call, args, [name in told for name in names])
    for name, arg, partial in zip(names, args, partials, strict=True):
        if name not in told:
            continue
        formula = text(partial)
        by = rf"\frac{{\partial f}}{{\partial {pieces[arg].text}}}"
        if formula:
            found.append((f"Derivative by {name}{where}", f"{by} = {formula}"))
        else:  # too long for one line
            said = f"Derivative by {name}{where}, in the first line, parts of it in those below"
            found.append((said, _in_lines(row, names.index(name))))
    return found


def _in_lines(row: Op, place: int) -> str:
    """A partial as several formulas: what it has more than once is written once."""
    leaves = _leaves(row)
    slope = ag.gradient(row(*grouped(row, leaves)), [leaves[place]], create_graph=True)
    return ag.latex(*slope)


def _leaves(row: Op) -> list[ag.Value]:
    pairs = zip(flat_names(row), places(row), strict=True)
    return [ag.Value(x, label=name) for name, x in pairs]


def _expanded(row: Op, args: list[Formula], text) -> str:
    return "" if type(row.rules[0]).__name__ == "Leaf" else text(row.expand(args))


def numbers(row: Op) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First argument, value and derivative by it, at the points of the picture."""
    low, high = (-3.0, 3.0) if isinstance(row, SequenceOp) else row.domain[0]
    rest = places(row)[1:]
    both = ag.compile(ag.value_and_grad(lambda x: row(*grouped(row, [x, *rest]))))
    xs = np.linspace(low, high, 241)
    values, slopes = zip(*map(both, xs.tolist()), strict=True)
    return xs, np.array(values), np.array(slopes)


def plot(row: Op) -> str:
    """Value and derivative over the first argument, as SVG in the colours of the page."""
    first, (xs, values, slopes) = flat_names(row)[0], numbers(row)
    figure = Figure(figsize=(6, 3.2))  # a layout that is computed takes twice as long
    axes = figure.add_axes((0.09, 0.15, 0.89, 0.82))
    for numbers_over, style, words in (
        (values, "#2980b9", "value"), (slopes, "#d35400", f"derivative by {first}"),
    ):  # fmt: skip
        shown = np.array(numbers_over, dtype=float)
        shown[~np.isfinite(shown)] = math.nan
        jumps = np.abs(np.diff(shown)) > 40 * np.nanmedian(np.abs(np.diff(shown))) + 0.4
        shown[1:][jumps] = math.nan
        axes.plot(xs, shown, color=style, label=words)
    finite = [v for v in (*values, *slopes) if math.isfinite(v)]
    axes.set_ylim(*np.clip(_with_room(finite), -12, 12))
    axes.set_xlabel(first)
    axes.legend(frameon=False)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    file = StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": row.name}):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :].replace("#000000", "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = svg.replace("<text ", '<text fill="currentColor" ')
    label = f"{row.name} and its derivative by {first}, {xs[0]:g} to {xs[-1]:g}"
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    return "\n".join(line for line in svg.splitlines() if line.strip())


def _with_room(numbers: list[float]) -> tuple[float, float]:
    low, high = min(numbers), max(numbers)
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room


def exports(row: Op) -> Iterator[tuple[str, str, str]]:
    """The row as a program in other languages: name, name to colour it by, code."""
    inputs = _leaves(row)
    program = ag.freeze(row(*grouped(row, inputs)), inputs)
    yield "C", "c", program.to_c()
    yield "JavaScript", "javascript", program.to_javascript()
    yield "Python", "python", program.to_python().source
    yield "NumPy", "python", program.to_numpy().source


def conventions(row: Op) -> list[str]:
    """The lines of the tested tables about edges that call this row."""
    found = re.findall(r"^(\| `(.+?)` \|(?:[^|]+\|){4})$", _CONVENTIONS.read_text(), re.M)
    return [line for line, expression in found if row.name in rows_of(expression)]


def rows_of(expression: str) -> set[str]:
    """The names of the rows that an expression of a table calls, by name or by operator."""
    found = set()
    for part in ast.walk(ast.parse(expression, mode="eval")):
        sign = SYNTAX.get(type(getattr(part, "op", None)))
        if sign and not isinstance(getattr(part, "operand", None), ast.Constant):  # -1 is a number
            found.add(FUNCTIONS[sign].__name__)
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
            found.add(part.func.id)
    return found


@cache
def _accuracy() -> tuple[dict[str, str], str]:
    lines = (DOCS / "accuracy.md").read_text().splitlines()
    heads = [line for line in lines if line.startswith("| row |")]
    return {match[1]: line for line in lines if (match := re.match(r"\| `(\w+)` ", line))}, heads[0]


def live(row: Op) -> str:
    """The address of the row on the playground, where its first argument can be dragged."""
    names, numbers = flat_names(row), places(row)
    at = {f"at.{name}": f"{x:g}" for name, x in zip(names, numbers, strict=True)}
    told = [f"[{', '.join(a)}]" if isinstance(a, list) else a for a in grouped(row, names)]
    call = f"{row.name}({', '.join(told)})"
    return "curve.html#" + urlencode({"f": call, "over": names[0], **at})


def page(row: Op) -> str:
    """The whole page, in MyST Markdown."""
    return "\n\n".join([*_words(row), *_curve(row), *_measured(row), *_code(row)]) + "\n"


def _words(row: Op) -> list[str]:
    """Call, arguments, formulas and an example."""
    told = dict(_SECTION.findall(documentation(row) + "\n"))
    about = [line for line in told["Notes"].split("\n\n") if not re.match("Formula|Deriv", line)]
    signature = inspect.signature(row)
    parts = [
        f"# {row.name}",
        f"```{{py:function}} autograd_lite.{row.name}{signature}\n{_escaped(row.doc)}\n```",
    ]
    for section in ("Parameters", "Returns", "Raises"):
        entries = re.findall(r"^(\S.*)\n((?: +.*\n)*)", told[section] + "\n", re.M)
        lines = [f"- `{head}`: {' '.join(body.split())}".rstrip(": ") for head, body in entries]
        parts += [f"**{section}**", "\n".join(lines)]
    return [
        *parts,
        "## Formula",
        *[f"{what}:\n\n$$\n{formula}\n$$" for what, formula in formulas(row)],
        *[_escaped(line).replace("<", r"\<").strip() for line in about],
        "## Example",
        f"```python\n{told['Examples'].strip()}\n\n```",
    ]


def _curve(row: Op) -> list[str]:
    """Value and derivative as a picture, and as a page to drag a point on."""
    names = list(zip(flat_names(row), places(row), strict=True))
    others = ", ".join(f"{name} = {x:g}" for name, x in names[1:])
    address = live(row).replace("&", "&amp;")
    return [
        "## Over its first argument",
        f'```{{raw}} html\n<div class="op-plot">\n{plot(row)}\n</div>\n```',
        *([f"The other arguments: {others}."] if others else []),
        "Drag the point of the curve, or a number; the graph, its values and its gradients follow.",
        f'```{{raw}} html\n<iframe class="live" loading="lazy" height="1000" title="{row.name} on '
        f'the playground" src="../../{address}"></iframe>\n```',
    ]


def _measured(row: Op) -> list[str]:
    """Edges beside those of PyTorch and JAX, and errors."""
    parts, lines = ["## At edges"], conventions(row)
    if lines:
        parts += [
            "The first and the second derivative by x, beside those of PyTorch and JAX. "
            "[Conventions](../../conventions.md) says why.",
            "| f(x) | at x = | autograd_lite | PyTorch | JAX |\n|---|---|---|---|---|\n"
            + "\n".join(lines),
        ]
    else:
        parts.append(
            "No line of the [conventions](../../conventions.md) is about it: its derivative is "
            "what the formula above says, everywhere."
        )
    measured, head = _accuracy()
    parts.append("## Accuracy")
    if row.name in measured:
        parts += [
            "The worst error measured, in ulp. [Accuracy](../../accuracy.md) says how, and "
            "what the numbers in parentheses are.",
            f"{head}\n{'|---' * (head.count('|') - 1)}|\n{measured[row.name]}",
        ]
    else:
        parts.append("Not measured: [accuracy](../../accuracy.md) says why.")
    return parts


def _code(row: Op) -> list[str]:
    """Exports, and the row itself."""
    file, first, last = source_of(row)
    tabs = [
        f":::{{tab-item}} {name}\n```{language}\n{code.strip()}\n```\n:::"
        for name, language, code in exports(row)
    ]
    lines = (_FOLDERS / file).read_text().splitlines()[first - 1 : last]
    return [
        "## In other languages",
        "As a program of one instruction or a few, [exported](../../programs.md):",
        "::::{tab-set}\n" + "\n".join(tabs) + "\n::::",
        "## The row of the table",
        f"`autograd_lite/ops/{file}`, line {first}:",
        f"```{{code-block}} python\n:lineno-start: {first}\n\n" + "\n".join(lines) + "\n```",
    ]


def _escaped(text: str) -> str:
    return re.sub(r"``(.+?)``", r"`\1`", text).replace("*", r"\*")


def index() -> str:
    """The list of all rows, by the files that they stand in."""
    kinds: dict[str, list[Op]] = {}
    for row in public_rows():
        kinds.setdefault(file_of(row), []).append(row)
    parts = ["# Ops", "Every op is one row of one table. A page each, written from the row."]
    for kind, rows in kinds.items():
        lines = [f"- [{row.name}]({row.name}.md): {_escaped(row.doc)}" for row in rows]
        parts += [f"## {kind.capitalize()}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"
