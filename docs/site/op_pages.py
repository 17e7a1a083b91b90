"""A page for every public row of the op table, written from the row and from measured pages."""

import ast
import inspect
import math
import re
from collections.abc import Iterator
from functools import cache
from io import StringIO
from itertools import product
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
    places,
)
from autograd_lite.explanations.documentation import formulas as written_formulas
from autograd_lite.expressions import FUNCTIONS, SYNTAX
from autograd_lite.ops import TABLE, Op, SequenceOp
from autograd_lite.ops.duals import Dual, along, tangent_of
from autograd_lite.ops.ieee import IEEE
from autograd_lite.ops.leaf import Leaf
from autograd_lite.writing.latex import LATEX

_CONVENTIONS = DOCS / "conventions.md"
#: Numbers at which rows may have ties and kinks.
_CORNERS = -1.0, 0.0, 1.0, 2.0
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


def formulas(row: Op) -> list[tuple[str, str]]:
    """The formula of a row and its partials in LaTeX, each with what it is; from its rules."""
    labels = [LATEX.label(name) for name in flat_names(row)]
    value, _ = written_formulas(row, LATEX, labels, 400)
    _, partials = written_formulas(row, LATEX, labels, 200)  # within a line
    only = ", which has other derivatives than the formula on its right: see below"
    where = attrs_told(row)
    said = f"Value{where}" + only * (len(value) > 1 and _is_value_alone(row))
    found = [(said, " = ".join([rf"f({', '.join(labels)})", *value]))]
    for name, (formula, remark) in partials.items():
        assert formula, f"{row.name} needs partials of textbooks, which fit into a line"
        by = rf"\frac{{\partial f}}{{\partial {LATEX.label(name)}}}"
        found.append((f"Derivative by {name}{where}{remark}", f"{by} = {formula}"))
    return found


def _leaves(row: Op) -> list[ag.Value]:
    pairs = zip(flat_names(row), places(row), strict=True)
    return [ag.Value(x, label=name) for name, x in pairs]


def _is_value_alone(row: Op) -> bool:
    """Whether what a row expands to has other derivatives than it somewhere, as max at a tie."""
    weights = [2.0**k for k in range(len(flat_names(row)))]  # along which no partials cancel
    corners = product(_CORNERS, repeat=len(weights)) if len(weights) <= 3 else ()
    for x in () if isinstance(row.forward, Leaf) else corners:
        own = along(weights, row.partials_on_floats(row.on_floats(*x), x, [True] * len(x)))
        duals = [Dual(IEEE(number), IEEE(w)) for number, w in zip(x, weights, strict=True)]
        expanded = float(tangent_of(row.expand(duals)))
        if own == own and not math.isclose(own, expanded, rel_tol=1e-9, abs_tol=1e-9):
            return True
    return False


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
    return (
        "\n\n".join([*_words(row), *_at_edges(row), *_curve(row), *_accurate(row), *_code(row)])
        + "\n"
    )


def _words(row: Op) -> list[str]:
    """Call, arguments, formulas and an example."""
    told = dict(_SECTION.findall(documentation(row) + "\n"))
    known = formulas(row)
    brackets = "Square brackets are 1 where what is in them holds, and else 0."
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
        *[f"{what}:\n\n$$\n{formula}\n$$" for what, formula in known],
        *[brackets] * any("left[" in formula for _, formula in known),
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
        f'```{{raw}} html\n<iframe class="live" loading="lazy" height="1210" title="{row.name} on '
        f'the playground" src="../../{address}"></iframe>\n```',
    ]


def _at_edges(row: Op) -> list[str]:
    """Conventions, beside those of PyTorch and JAX."""
    parts, lines = ["## At edges"], conventions(row)
    if lines:
        parts += [
            "In each cell the first derivative by x, a comma, and the second. "
            "[Conventions](../../conventions.md) says why they are so.",
            "| f(x) | at x = | autograd_lite: first, second | PyTorch | JAX |\n"
            "|---|---|---|---|---|\n" + "\n".join(lines),
        ]
    else:
        parts.append(
            "No line of the [conventions](../../conventions.md) is about it: its derivative is "
            "what the formula above says, everywhere."
        )
    return parts


def _accurate(row: Op) -> list[str]:
    """The largest errors, beside those of PyTorch and JAX."""
    measured, head = _accuracy()
    parts = ["## Accuracy"]
    if row.name in measured:
        beyond = (
            " In parentheses: at how many places the error is beyond 4 ulp. JAX takes subnormal "
            "numbers, such as 1e-310, for 0: an error of 1e13 ulp and more."
        )
        parts += [
            "The worst error measured, in ulp, a unit in the last place."
            + beyond * ("(" in measured[row.name])
            + " [Accuracy](../../accuracy.md) says how, and where other large errors come from.",
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
