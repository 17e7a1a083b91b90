"""The source of the site is whole: every op and name has a page, every block of code runs."""

import argparse
import doctest
import importlib
import importlib.util
import re
import shlex
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.cli import command_line, main
from autograd_lite.ops import TABLE, Op

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: Pages of docs/ that other tests run, line by line.
ELSEWHERE = {"accuracy", "conventions", "estimators", "larger_data", "migrating", "modules"}
ELSEWHERE |= {"programs", "recipes", "tables"}
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
PAGES = [
    path
    for path in sorted(DOCS.rglob("*.md"))
    if path.parent.name != "parts" and (path.parent != DOCS or path.stem not in ELSEWHERE)
]


@pytest.fixture(scope="module")
def site():
    """The modules that write the site, by name; they lie in no package."""
    pytest.importorskip("matplotlib", reason='pip install "autograd-lite[plot]"')
    sys.path.insert(0, str(DOCS / "site"))
    try:
        yield {
            name: importlib.import_module(name) for name in ("op_pages", "name_pages", "staging")
        }
    finally:
        sys.path.remove(str(DOCS / "site"))


@pytest.fixture(scope="module")
def filled(site, tmp_path_factory):
    """A folder with every page that is not written for the site alone."""
    folder = tmp_path_factory.mktemp("source")
    site["staging"].Stage(folder).fill()
    return folder


@pytest.fixture(autouse=True)
def _quiet():
    """PyTorch warns of itself."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*torch.jit.script")
        yield


def python_of(page):
    """The blocks of code of a page; a skip where a library that it imports is missing."""
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S)
    for name in re.findall(r"^>>> (?:import|from) (\w+)", "\n".join(blocks), re.M):
        pytest.importorskip(name)
    return blocks


def write_table(text):
    """The file `data.csv` of a page: its rows over and over, 40 of them."""
    for header, *rows in map(str.splitlines, re.findall("^```csv\n(.*?)^```", text, re.M | re.S)):
        lines = [header, *(rows * 40)[:40]]
        Path("data.csv").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_the_code_of_a_page_runs_and_prints_what_is_shown(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_table(page.read_text())
    blocks = python_of(page)
    assert all(block.startswith(">>> ") for block in blocks)
    names = {"__name__": "__main__"}
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), names, page.name, str(page), 0)
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed == 0


@pytest.mark.parametrize(
    "page", sorted((DOCS / "howto").glob("move_from_*.md")), ids=lambda p: p.stem
)
def test_both_columns_of_a_table_for_movers_give_the_same(page):
    """The first block of a page is what theirs begins with, the second is ours."""
    worlds = []
    for block in python_of(page):
        worlds.append({"__name__": "__main__"})
        for example in doctest.DocTestParser().get_examples(block):
            exec(example.source, worlds[-1])
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| .*\|$", page.read_text(), re.M)
    assert len(rows) >= 8
    for pair in rows:
        theirs, ours = (
            numbers(eval(each, world)) for each, world in zip(pair, worlds, strict=True)
        )
        assert theirs == pytest.approx(ours, rel=1e-6), pair


def numbers(thing):
    """All numbers of a result, whatever holds them; of a text its letters."""
    if isinstance(thing, tuple | list | set):
        return [number for part in thing for number in numbers(part)]
    return np.ravel([*map(ord, thing)] if isinstance(thing, str) else thing).astype(float).tolist()


@pytest.mark.parametrize("page", ["train_on_csv", "teach"])
def test_the_commands_of_a_page_run_and_print_what_is_shown(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = (DOCS / "howto" / f"{page}.md").read_text()
    write_table(text)
    given = {*tmp_path.iterdir()}
    shell = "".join(re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)).splitlines()
    console = "".join(re.findall(r"^```console\n(.*?)^```", text, re.M | re.S))
    commands = [(line, None) for line in shell]
    commands += re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", console, re.M)
    words = set()
    for line, shown in commands:
        command, _, into = line.partition(" > ")
        program, *arguments = shlex.split(command)
        assert (program, main(arguments)) == ("autograd-lite", 0), line
        printed = capsys.readouterr().out
        if shown is not None and not into:
            assert_alike(printed, shown)
        words.update(arguments)
    assert len(commands) > 1
    made = {path.name for path in {*tmp_path.iterdir()} - given}
    assert made
    assert made <= words


def assert_alike(printed, shown):
    """But for spaces and a tenth of each number, since processors round in their own ways."""
    pair = [" ".join(text.split()) for text in (printed, shown)]
    texts = [NUMBER.sub("0", text) for text in pair]
    numbers = [[*map(float, NUMBER.findall(text))] for text in pair]
    assert texts[0] == texts[1]
    assert numbers[0] == pytest.approx(numbers[1], rel=0.1)


def test_the_first_tutorial_runs_and_says_what_its_words_say(capsys):
    page = (DOCS / "tutorials" / "first_gradient.md").read_text()
    names = {}
    for cell in re.findall(r"^```\{code-cell\}\n(.*?)^```", page, re.M | re.S):
        exec(cell, names)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "-2.0 add [-6.0, 4.0]"
    assert float(printed[1]) == pytest.approx(1.0, abs=1e-5)
    assert printed[2] == "1.0 2.0"
    assert printed[3] == "df/da = 1: 3 paths from a to f"
    assert float(printed[-1]) == pytest.approx(1.3817732906760363)


def test_a_formula_on_a_page_comes_from_the_rule(site):
    assert dict(site["op_pages"].formulas(TABLE["tanh"]))["Derivative by x"] == (
        r"\frac{\partial f}{\partial x} = 1 - {\tanh\left(x\right)}^{2}"
    )


def test_conventions_of_an_op_are_the_tested_lines(site):
    lines = site["op_pages"].conventions(TABLE["hypot"])
    assert "| `hypot(x, 0)` | 0 | 0, 0 | nan, nan | 0.5, 0 |" in lines
    assert site["op_pages"].conventions(TABLE["dot"]) == []


def test_every_public_op_has_a_row_in_the_source_and_a_line_in_the_index(site):
    rows = site["op_pages"].public_rows()
    assert {row.name for row in rows} == {n for n in ag.__all__ if isinstance(getattr(ag, n), Op)}
    index = site["op_pages"].index()
    for row in rows:
        file, first, last = site["op_pages"].source_of(row)
        lines = (ROOT / "autograd_lite" / "ops" / file).read_text().splitlines()[first - 1 : last]
        assert f'"{row.name}"' in "\n".join(lines)
        assert f"- [{row.name}]({row.name}.md): " in index


def test_every_public_name_has_a_page_and_a_summary(site):
    names = site["name_pages"].public_names()
    modules = {"exercises", "nn", "engine"}
    assert {*ag.__all__} - {row.name for row in site["op_pages"].public_rows()} - modules <= {
        *names
    }
    assert {"nn.MLP", "estimators.MLPClassifier", "view.plots.plot_step", "nn.optim.Adam"} <= {
        *names
    }
    for name in names:
        assert site["name_pages"].summary(name), name
        assert f"autograd_lite.{name}" in site["name_pages"].page(name)


def test_the_page_of_commands_shows_what_every_command_takes(site):
    page = site["name_pages"].commands()
    parser = command_line._parser()
    [commands] = [x.choices for x in parser._actions if isinstance(x, argparse._SubParsersAction)]
    assert {"demo", "doctor", "explain", "inspect", "predict", "train"} < {*commands}
    assert re.findall(r"^## (.+)$", page, re.M) == [*commands]
    assert "status 2" in page
    for name, command in commands.items():
        shown = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        for action in command._actions:
            for word in action.option_strings or [action.metavar or action.dest]:
                assert str(word) in shown or action.choices, (name, word)


def test_every_link_and_anchor_of_a_page_leads_somewhere(site, filled):
    """Also those of pages that stand elsewhere in the repository, and of lists of pages."""
    names, ops = site["name_pages"], site["op_pages"]
    made = {f"reference/ops/{row.name}.md" for row in ops.public_rows()}
    made |= {f"reference/names/{name}.md" for name in names.public_names()}
    written = {"commands.md": names.commands(), "names/index.md": names.index()}
    for place, text in {**written, "ops/index.md": ops.index()}.items():
        (filled / "reference" / place).parent.mkdir(exist_ok=True)
        (filled / "reference" / place).write_text(text)
    texts = {
        page: re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
        for page in sorted(filled.rglob("*.md"))
    }
    anchors, count = {}, 0
    for page, text in texts.items():
        heads = re.findall(r"^#+ (.+)$", text, re.M)
        anchors[page.relative_to(filled).as_posix()] = {slug(head) for head in heads}
    for page, text in texts.items():
        here = filled if page.name == "readme.md" else page.parent  # pages at the top show that
        text = re.sub(r"(`+)[^`\n]+\1", "", text)
        for target, anchor in re.findall(r"\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]*))?\)", text):
            place = (here / target).resolve() if target else page
            name = place.relative_to(filled.resolve()).as_posix()
            assert name in made or place.exists(), (page, target)
            assert not anchor or anchor in anchors.get(name, ()), (page, target, anchor)
            count += 1
    assert count > 200


def slug(heading):
    """The anchor of a heading, as MyST makes it, which is as GitHub does."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_page_stands_in_a_table_of_contents(site, filled):
    """A new page of docs/ is named in the index of its kind, or nobody finds it."""
    named = {"index", "reference/ops/index", "reference/names/index", "reference/commands"}
    for page in filled.rglob("*.md"):
        for tree in re.findall(r"^```\{toctree\}\n(.*?)^```", page.read_text(), re.M | re.S):
            for line in tree.splitlines():
                if line and not line.startswith(":"):
                    place = (page.parent / line).resolve().relative_to(filled.resolve())
                    named.add(place.as_posix())
    pages = [path for path in site["staging"].pages().values() if not path.startswith("parts/")]
    assert {path.rpartition(".")[0] for path in pages} <= named


def test_links_lead_from_a_page_s_place_on_the_site(site, tmp_path):
    stage = site["staging"].Stage(tmp_path)
    source = "docs/howto/own_op.md"
    assert (
        stage.relinked("[a](../../ARCHITECTURE.md)", source)
        == "[a](../explanation/architecture.md)"
    )
    assert stage.relinked("[a](../conventions.md#x)", source) == "[a](../conventions.md#x)"
    assert stage.relinked("`f(x)[1](2.0)` and [`a`](draw.md)", source) == (
        "`f(x)[1](2.0)` and [`a`](draw.md)"
    )
    assert stage.relinked("see [a](../../tests)", source) == "see a"
    assert stage.relinked("see [`a`](../../tests) `b`", source) == "see `a` `b`"
    assert stage.relinked("[a](https://x.org)", source) == "[a](https://x.org)"
    assert stage.relinked("```\n[a](../../tests)\n```", source) == "```\n[a](../../tests)\n```"
    assert stage.relinked("[a](../../LICENSE)", source) == "[a](../files/LICENSE)"
    assert (tmp_path / "files" / "LICENSE").exists()
    with pytest.raises(FileNotFoundError, match=r"own_op\.md links to nowhere"):
        stage.relinked("[a](nowhere)", source)


def test_code_that_is_shown_from_a_file_is_there(filled):
    shown = []
    for page in filled.rglob("*.md"):
        found = re.findall(
            r"^```\{literalinclude\} /files/(\S+)\n(.*?)```", page.read_text(), re.M | re.S
        )
        shown += [
            (name, dict(re.findall(r"^:([\w-]+): (.+)$", told, re.M))) for name, told in found
        ]
    assert len(shown) >= 4
    for name, told in shown:
        text = (filled / "files" / name).read_text()
        wanted = [f"def {told['pyobject']}("] if "pyobject" in told else []
        wanted += [told[key] for key in ("start-at", "end-before") if key in told]
        assert wanted or {*told} <= {"language"}  # the whole file
        assert [each for each in wanted if text.count(each) != 1] == [], name


def test_figures_on_pages_are_lines_of_the_benchmarks_run(filled):
    page = (filled / "explanation" / "comparison.md").read_text()
    figures = page.partition("## Figures")[2].splitlines()
    figures = [line for line in figures if line.startswith("| ")]
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text().splitlines()
    assert len(figures) >= 30
    assert [line for line in figures if line not in results] == []
    assert "{figures}" not in page
    assert "{results}" not in page
    assert (filled / "files" / "autograd_lite" / "engine" / "python" / "passes.py").exists()


def test_the_configuration_loads_and_asks_for_no_other_host():
    text = (DOCS / "conf.py").read_text()
    known = {"__file__": str(DOCS / "conf.py")}
    before = [*sys.path]
    try:
        exec(compile(text, "conf.py", "exec"), known)
    finally:
        sys.path[:] = before
    assert known["release"] == ag.__version__
    assert "http" not in text
    for page in (DOCS / "static").iterdir():
        assert "http" not in page.read_text()
