"""The pages of ops have every part, and what they show is true: formulas, curves, exported code."""

import ctypes
import importlib
import json
import math
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from c_compiler import C99, run
from latex_reader import FUNCTIONS, Reader, lines, without_spaces

import autograd_lite as ag
from autograd_lite.ops import TABLE
from autograd_lite.writing.latex import LATEX

pytest.importorskip("matplotlib", reason='pip install "autograd-lite[plot]"')
SITE = str(Path(__file__).parents[2] / "docs" / "site")
sys.path.insert(0, SITE)
import op_pages  # noqa: E402 - of no package

ROWS = op_pages.public_rows()
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
PARTS = ["Formula", "Example", "At edges", "Over its first argument", "Accuracy"]
PARTS += ["In other languages", "The row of the table"]


CONVENTIONS = (Path(SITE).parent / "conventions.md").read_text()
#: An expression of a table about edges.
LINE = r"^\| `(.+?)` \|(?:[^|]+\|){4}$"
conventions = cache(op_pages.conventions)
_exports = op_pages.exports


@cache
def exports(row):
    return [*_exports(row)]


@each_row
def test_a_page_has_all_its_parts_in_order(row, monkeypatch):
    monkeypatch.setattr(op_pages, "plot", lambda row: f"<svg>{row.name}</svg>")  # see below
    monkeypatch.setattr(op_pages, "exports", exports)
    page = op_pages.page(row)
    assert page.startswith(f"# {row.name}\n\n```{{py:function}} autograd_lite.{row.name}(")
    assert re.findall(r"^## (.+)$", page, re.M) == PARTS
    for section in ("Parameters", "Returns", "Raises"):
        assert f"\n**{section}**\n\n- `" in page
    assert "\nDomain: " in page
    assert f"\n>>> ag.{row.name}(" in page
    assert f"<svg>{row.name}</svg>" in page
    assert f"curve.html#f={row.name}%28" in page
    assert re.findall(r"^:::\{tab-item\} (.+)$", page, re.M) == [
        "C",
        "JavaScript",
        "Python",
        "NumPy",
    ]
    assert f'"{row.name}"' in page.partition("## The row of the table")[2]
    edges, accuracy = (
        page.partition(f"## {part}\n")[2].partition("\n## ")[0] for part in ("At edges", "Accuracy")
    )
    assert (
        "| autograd_lite: first, second | PyTorch | JAX |" in edges
        or "No line of the [conventions]" in edges
    )
    assert f"| `{row.name}` |" in accuracy or row.name == "stop_gradient"


@pytest.mark.parametrize("expression", sorted(set(re.findall(LINE, CONVENTIONS, re.M))))
def test_a_line_about_edges_stands_on_the_page_of_each_op_in_it(expression):
    """A pattern read them, to which `sqrt(x) * sqrt(x)` was no product and `x**-1` no power."""
    functions = {name: getattr(ag, name) for name in ("softmax", "log_softmax")}
    recorded = eval(expression, {**vars(ag), **functions, "x": ag.Value(0.5)})
    found, queue = set(), [recorded]
    while queue:
        node = queue.pop()
        found.add(node.op)
        queue += node.parents
    inside = {row.name for row in ROWS if row.name in found}
    listed = {row.name for row in ROWS if f"| `{expression}` |" in "".join(conventions(row))}
    assert listed == inside or ("softmax" in expression and not listed)


def test_few_ops_have_no_line_about_edges():
    """Those that are linear, and comparisons."""
    found = {row.name for row in ROWS if not op_pages.conventions(row)}
    linear = {"subtract", "negative", "sum", "mean", "dot", "stop_gradient"}
    linear |= {"degrees", "radians", "deg2rad", "rad2deg"}
    assert found == linear | {"less_equal", "equal"}


@pytest.mark.parametrize("name", ["gelu", "where", "dot", "floor"])
def test_the_picture_is_drawn_from_the_numbers(name):
    svg = op_pages.plot(TABLE[name])
    assert svg.startswith("<svg ")
    assert f'aria-label="{name} and its derivative by ' in svg
    for colour in ("#2980b9", "#d35400"):
        assert f"stroke: {colour}" in svg


@each_row
def test_the_curves_are_those_of_the_op(row):
    xs, values, slopes = op_pages.numbers(row)
    rest = op_pages.places(row)[1:]
    assert np.isfinite(values).mean() > 0.7
    for i in (40, 123, 200):
        args = [float(xs[i]), *rest]
        out = row.on_floats(*args)
        assert values[i] == pytest.approx(out, nan_ok=True)
        partial = row.partials_on_floats(out, args, [True] * len(args))[0]
        assert slopes[i] == pytest.approx(partial, nan_ok=True)


# --- formulas -------------------------------------------------------------------------------------


def _where(condition, a, b):
    return a if condition else b


WORDS = {
    "where": _where, "ReLU": lambda x: max(x, 0.0), "sign": lambda x: (x > 0) - (x < 0),
    "clip": lambda x, low, high: min(max(x, low), high), "stop": float, "arctan2": math.atan2,
    "arsinh": math.asinh, "arcosh": math.acosh, "artanh": math.atanh, "trunc": math.trunc,
    "rint": round, "mod": lambda x, y: x % y, "sinc": np.sinc, "degrees": math.degrees,
    "rad2deg": math.degrees, "radians": math.radians, "deg2rad": math.radians, "erf": math.erf,
    "erfc": math.erfc, "softplus": lambda x: math.log1p(math.exp(x)),
    "SiLU": lambda x: x / (1 + math.exp(-x)), "LeakyReLU": lambda x: max(x, 0.01 * x),
    "GELU": lambda x: x * (1 + math.erf(x / 2**0.5)) / 2,
    "ELU": lambda x: x if x > 0 else math.expm1(x),
}  # fmt: skip
MEANINGS = {
    **FUNCTIONS,
    **{rf"\operatorname{{{name}}}": function for name, function in WORDS.items()},
    r"\max": max, r"\min": min, r"\cos": math.cos, r"\tan": math.tan, r"\arcsin": math.asin,
    r"\arccos": math.acos, r"\sinh": math.sinh, r"\cosh": math.cosh,
    r"\sigma": lambda x: 1 / (1 + math.exp(-x)), r"\Phi": lambda x: (1 + math.erf(x / 2**0.5)) / 2,
}  # fmt: skip
SIGNS = {"=": lambda a, b: a == b, "<": lambda a, b: a < b, r"\leq": lambda a, b: a <= b}
#: What stands between bars of a kind.
BARS = {r"\floor": math.floor, r"\ceil": math.ceil, r"\bars": abs, r"\norm": math.hypot}
#: Bars as one command with brackets, which the reader knows.
PLAIN = {
    r"\left\lfloor": r"\floor\left(", r"\right\rfloor": r"\right)", r"\left\lceil": r"\ceil\left(",
    r"\right\rceil": r"\right)", r"\left|": r"\bars\left(", r"\right|": r"\right)",
    r"\left\|": r"\norm\left(", r"\right\|": r"\right)",
}  # fmt: skip


class Wide(Reader):
    """A reader of all that pages of ops write: functions of several arguments, steps, roots."""

    def arguments(self):
        self.next(r"\left(")
        found = [self.sum()]
        while self.peek() == ",":
            self.next()
            found.append(self.sum())
        self.next(r"\right)")
        return found

    def atom(self):
        token = self.peek()
        if token in MEANINGS or token in BARS:
            return float((MEANINGS | BARS)[self.next()](*self.arguments()))
        if token == r"\left[":
            self.next()
            left, sign, right = self.sum(), self.next(), self.sum()
            self.next(r"\right]")
            return float(SIGNS[sign](left, right))
        if token == r"\sqrt":
            self.next()
            degree = 2.0
            if self.peek() == "[":
                self.next()
                degree = self.sum()
                self.next("]")
            return self.group() ** (1.0 / degree)
        if token == r"\log":
            for part in (r"\log", "_"):
                self.next(part)
            base = self.group()
            return math.log(*self.arguments(), base)
        return super().atom()


def number(formula, names):
    """What a formula says, or several that are said to be equal."""
    for bars, plain in PLAIN.items():
        formula = formula.replace(bars, plain)
    formula = re.sub(r"\\mathrm\{(\w+)\}", r"\\N\1", formula)
    reader, found = Wide(formula, names), []
    found.append(reader.sum())
    while reader.peek() == "=":
        reader.next()
        found.append(reader.sum())
    assert reader.peek() == ""
    assert found == pytest.approx([found[0]] * len(found), rel=1e-5, abs=1e-5)
    return found[0]


def test_formulas_are_drawn_whole():
    """Every command is known to what makes MathML of it, and every line stands on its own."""
    pytest.importorskip("latex2mathml", reason='pip install "autograd-lite[docs]"')
    mathml = importlib.import_module("mathml").mathml
    for row in ROWS:
        for _, formula in op_pages.formulas(row):
            found = mathml(formula, "block")
            assert not re.search(r">\\|&</mi>|&amp;</mi>", found), formula
            assert max(1, found.count("<mtr>")) == max(1, len(lines(formula))), formula


def said(row, places):
    """What the formulas on a page say at some place: the value, and partials by name."""
    marks = [
        re.sub(r"\\mathrm\{(\w+)\}", r"\\N\1", LATEX.label(n)) for n in op_pages.flat_names(row)
    ]
    known = {without_spaces(mark): x for mark, x in zip(marks, places, strict=True)}
    known |= {"e": math.e, r"\pi": math.pi, "f": row.on_floats(*places)}
    (_, value), *slopes = op_pages.formulas(row)
    partials = {
        re.match(r"Derivative by (\w+)", what)[1]: number(formula.partition(" = ")[2], known)
        for what, formula in slopes
    }
    return number(value.partition(" = ")[2], known), partials


def computed(row, places):
    """The same as the op computes it."""
    out = row.on_floats(*places)
    partials = row.partials_on_floats(out, places, [True] * len(places))
    return out, dict(zip(op_pages.flat_names(row), partials, strict=True))


@each_row
def test_the_formulas_say_what_the_op_computes(row):
    """Constants are shown by name or in full: six digits of π stood behind an equals sign."""
    shown = [formula for _, formula in op_pages.formulas(row)]
    shown.append(op_pages.documentation(row).partition("Examples")[0])
    assert not re.search(r"\d\.\d{4}|\d{4}\.", "".join(shown))
    value, partials = said(row, op_pages.places(row))
    out, told = computed(row, op_pages.places(row))
    assert value == pytest.approx(out, rel=1e-5)
    assert len(partials) >= 1
    for name, partial in partials.items():
        assert partial == pytest.approx(told[name], rel=1e-5), name


@pytest.mark.parametrize("name", ["max", "min", "maximum", "minimum", "clip"])
@pytest.mark.parametrize("places", [[1.0, 1.0, 1.0], [1.0, 2.0, 2.0], [2.0, 1.0, 2.0]])
def test_formulas_of_derivatives_hold_at_ties(name, places):
    """Where those of the formula of the value are others, which is said beside it."""
    row = TABLE[name]
    places = places[: len(op_pages.flat_names(row))]
    _, partials = said(row, places)
    assert partials == pytest.approx({x: computed(row, places)[1][x] for x in partials})
    assert "has other derivatives" in op_pages.formulas(row)[0][0]


@pytest.mark.parametrize("name", ["relu", "dot", "hypot", "logsumexp", "mean", "softplus"])
def test_a_formula_that_has_the_derivatives_of_its_op_has_no_remark(name):
    assert op_pages.formulas(TABLE[name])[0][0] == "Value"


# --- exported code --------------------------------------------------------------------------------


def code(language):
    """The code that the pages show in a language, by op."""
    return {row.name: {name: text for name, _, text in exports(row)}[language] for row in ROWS}


def right(found):
    for row in ROWS:
        assert found[row.name] == pytest.approx(row.on_floats(*op_pages.places(row)), rel=1e-14)


@pytest.mark.parametrize("language", ["Python", "NumPy"])
def test_the_python_on_a_page_computes_the_op(language):
    found, shown = {}, code(language)
    for row in ROWS:
        known = {"__name__": "shown"}
        exec(shown[row.name], known)
        found[row.name] = float(known["program"](*op_pages.places(row)))
    right(found)


def test_the_javascript_on_a_page_computes_the_op():
    if shutil.which("node") is None:
        pytest.skip("no node")
    calls = {row.name: op_pages.places(row) for row in ROWS}
    text = "const found = {};\n"
    for name, shown in code("JavaScript").items():
        text += f"{{\n{shown}\nfound[{name!r}] = program({json.dumps(calls[name])});\n}}\n"
    text += "console.log(JSON.stringify(found));"
    done = subprocess.run(["node", "-e", text], capture_output=True, text=True, check=True)
    right(json.loads(done.stdout))


def test_the_c_on_a_page_computes_the_op(tmp_path):
    """All in one library, each under its own name."""
    text = ""
    for name, shown in code("C").items():
        text += re.sub(r"\bprogram(?=[_(])", f"page_{name}", shown)
    (tmp_path / "all.c").write_text(text)
    run(f"cc {C99} -shared -fPIC", tmp_path / "all.c", "-o", tmp_path / "all.so", "-lm")
    library, found = ctypes.CDLL(str(tmp_path / "all.so")), {}
    for row in ROWS:
        places, out = op_pages.places(row), (ctypes.c_double * 1)()
        getattr(library, f"page_{row.name}")((ctypes.c_double * len(places))(*places), out)
        found[row.name] = out[0]
    right(found)
