"""The reference: every public name says what it takes and gives, and shows it in an example."""

import builtins
import collections.abc
import doctest
import gc
import importlib
import inspect
import re
import sys
import typing
from pathlib import Path

import numpy as np
import pytest

from autograd_lite.nn.losses import LOSSES
from autograd_lite.ops import TABLE

pyplot = pytest.importorskip("matplotlib.pyplot", reason='pip install "autograd-lite[plot]"')
DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS / "site"))
import name_pages  # noqa: E402 - of no package

sys.path.remove(str(DOCS / "site"))
NAMES = {name: name_pages._thing(name) for name in name_pages.public_names()}
CLASSES = {name: thing for name, thing in NAMES.items() if inspect.isclass(thing)}
SECTIONS = re.split(r"^## ", (DOCS / "parts" / "examples.md").read_text(), flags=re.M)[1:]
#: Methods that other rooms of the package call, or that draw for `plot`.
FOR_THE_PACKAGE = {
    *("changed", "part", "run", "run_rows", "with_jit", "place", "prepared", "go_on_from", "moved"),
    *("program", "draw", "regions", "as_html", "notation", "written_as", "sample", "limited"),
    "shortened",
}
#: Words of a docstring that send the reader to another name for parameters and results.
ELSEWHERE = re.compile(
    r"[Pp]arameters(?:, returns)?,? (?:and (?:errors|attributes) )?are those of\s+`([\w.]+)`"
)
#: Classes that functions of the package make, and blocks, which take nothing.
MADE_BY_OTHERS = {
    *("exercises.CheckedEngine", "exercises.Worksheet", "program.Compiled", "view.GraphView"),
    *("playgrounds.Playground", "explanations.Explanation", "explanations.Explanations"),
    *("AnomalyError", "no_grad", "detect_anomaly", "keep_lines"),
}
#: Extras that an example needs.
EXTRAS = ("jax", "onnx", "torch", "sklearn", "scipy")


def described(thing):
    """The sections of a docstring, and the names of the parameters that it tells of."""
    text = inspect.getdoc(thing) or ""
    found = {
        m[1]: m[2]
        for m in re.finditer(r"^(\w[\w ]*)\n-{3,}\n((?:.+\n|\n(?!\w.*\n---))*)", text + "\n", re.M)
    }
    told = found.get("Parameters", "") + found.get("Attributes", "")
    heads = [line.partition(" : ")[0] for line in told.splitlines() if re.match(r"[\w*]", line)]
    return found, {name.strip().lstrip("*") for head in heads for name in head.split(",")}


def annotations(thing):
    try:
        signature = name_pages.signature_of(thing)
    except ValueError:  # an exception has none
        return []
    found = [each.annotation for each in signature.parameters.values()]
    return [each for each in [*found, signature.return_annotation] if isinstance(each, str)]


def parameters(thing):
    try:
        return [name for name in inspect.signature(thing).parameters if name not in ("self", "cls")]
    except ValueError:  # an exception has none
        return []


def examples(name):
    """All examples on the page of a name: of the docstrings that it shows, and its own."""
    thing = NAMES[name]
    texts = [inspect.getdoc(thing) or "", name_pages.page(name)]
    for owner in thing.__mro__ if inspect.isclass(thing) else ():
        texts += [inspect.getdoc(member) or "" for member in vars(owner).values()]
    return "\n".join(re.findall(r"^ *(?:>>>|\.\.\.) .*$", "\n".join(texts), re.M))


def test_types_of_signatures_are_spelt_out():
    """Readers met `f: 'Function', argnums: 'Argnums'`, which are names of the code's own."""
    assert str(name_pages.signature_of(NAMES["grad"])).startswith(
        "(f: Callable[..., Any], argnums: int | tuple[int, ...] | slice = 0, "
    )
    explained = {*re.findall(r"`(\w+)`", name_pages.index().partition("## ")[0])}
    assert {"P", "R", "Axes"} <= explained
    # not by isinstance, which asks things of other packages for their class, and some warn then
    kinds = {kind.__name__ for kind in gc.get_objects() if issubclass(type(kind), type)}
    known = (
        kinds
        | explained
        | {type(...).__name__}
        | {*dir(typing), *dir(collections.abc), *dir(builtins), *dir(np), *dir(np.typing)}
    )
    told = 0
    for thing in NAMES.values():
        members = inspect.getmembers(thing, inspect.isfunction) if inspect.isclass(thing) else []
        for each in [thing, *[member for name, member in members if name[0] != "_"]]:
            if callable(each) and str(each.__module__).startswith("autograd_lite"):
                for text in annotations(each):
                    words = re.findall(r"[A-Za-z_]\w*", re.sub(r"'[^']*'", "", text))
                    assert {*words} <= known, f"{each}: {text}"
                    told += 1
    assert told > 1000


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_summed_up_and_shown(name):
    """In an example of its docstring, or in a section of docs/parts/examples.md."""
    assert name_pages.summary(name)
    assert ">>> " in examples(name)
    assert name in CLASSES or name.rpartition(".")[2] in examples(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_in_words_of_this_package(name):
    """Those of `OPTIMIZERS` and `Columns` told how Python makes a dict."""
    said = name_pages.documentation(name)
    assert len(said) > 20
    assert said not in [inspect.getdoc(kind) for kind in (dict, list, tuple, str, float, int)]


@pytest.mark.parametrize("name", NAMES)
def test_parameters_and_results_are_told(name):
    thing, page = NAMES[name], name_pages.page(name)
    if name in MADE_BY_OTHERS or not callable(thing) or page.count("py:data"):
        return
    fields = {*re.findall(r"^- `\*{0,2}(\w+): ", page, re.M)}
    if other := ELSEWHERE.search(inspect.getdoc(thing) or ""):
        thing = NAMES[f"{name.rpartition('.')[0]}.{other[1]}"]
    sections, told = described(thing)
    if inspect.isclass(thing):
        told |= described(thing.__init__)[1]
    if "others" not in told:
        assert {*parameters(thing)} - told - fields == set()
    if inspect.isroutine(thing):
        gives = inspect.signature(thing).return_annotation not in (None, "None", inspect._empty)
        shown = sections.keys() & {"Returns", "Yields"} or "\n\nReturns `" in page
        assert bool(shown) >= gives


@pytest.mark.parametrize("name", CLASSES)
def test_every_public_method_is_documented_and_used_in_an_example(name):
    """Methods of a public base are on its page, ops on pages of their own."""
    kind, used = CLASSES[name], examples(name)
    bases = [each for each in kind.__mro__[1:] if each in CLASSES.values()]
    hidden = {*name_pages._from_others(kind), *TABLE, *FOR_THE_PACKAGE}
    hidden |= {method for base in bases for method in dir(base)}
    for method, member in vars(kind).items():
        if not method.startswith("_") and method not in hidden and callable(getattr(kind, method)):
            assert inspect.getdoc(member), method
            assert f".{method}(" in used, method


@pytest.mark.parametrize("section", SECTIONS, ids=lambda text: text.partition("\n")[0])
def test_a_section_of_examples_runs_by_itself(section, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    head, _, body = section.partition("\n")
    assert {*head.split(", ")} <= {*NAMES}
    for extra in EXTRAS:
        if f"import {extra}" in body or f", {extra}" in body:
            pytest.importorskip(extra)
    if head.startswith("estimators"):
        pytest.importorskip("sklearn", reason='pip install "autograd-lite[sklearn]"')
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", body, re.M | re.S))
    test = doctest.DocTestParser().get_doctest(code, {"__name__": "__main__"}, head, None, 0)
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
    pyplot.close("all")
    assert (result.failed, result.attempted > 1) == (0, True)


@pytest.mark.parametrize("name", [*LOSSES, "Adam", "AdamW", "RMSprop", "SGD"])
def test_a_loss_and_an_optimiser_show_the_formula_of_their_rule(name):
    room = "losses" if name in LOSSES else "optim"
    page = name_pages.page(f"nn.{room}.{name}")
    assert "\n## Formula\n" in page
    known = {
        "squared_error": r"\left(o_{1} - t_{1}\right)}^{2}",
        "SGD": r"\mathrm{momentum} \cdot s_{1}",
    }
    assert known.get(name, "$$") in page


def test_rooms_list_what_is_public_and_the_page_about_versions_names_them():
    said = (DOCS / "versions.md").read_text()
    for room in name_pages.ROOMS:
        module = importlib.import_module(f"autograd_lite.{room}")
        assert f"`{room}`" in said
        for name in module.__all__:
            thing = getattr(module, name)
            assert thing in [*NAMES.values()] or inspect.ismodule(thing), name
