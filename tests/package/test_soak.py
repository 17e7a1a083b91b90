"""`make soak` in small: laws are tried, totals are kept, finds are counted and can be repeated."""

import importlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

import autograd_lite as ag

pytestmark = [
    pytest.mark.no_cover,
    pytest.mark.skipif(ag.engine != "native", reason="`make soak` compares the engines"),
]
SOAK = Path(__file__).parents[1] / "soak"
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def soak():
    """The modules of the soak, and of all tests that it takes laws from, by their names."""
    before = [*sys.path]
    sys.path[:0] = [str(SOAK), *[str(folder) for folder in SOAK.parent.rglob("*/")]]
    try:
        yield {name: importlib.import_module(name) for name in ("laws", "slices", "trust")}
    finally:
        sys.path[:] = before


#: Trials of each part that is quick enough to be tried here.
FEW = {"engines": 30, "jit": 10, "models": 150, "checkpoints": 150, "programs": 100, "tables": 300}
FEW |= {"expressions": 500, "labels": 40, "disk": 4, "threads": 1}


@pytest.mark.parametrize("name", FEW)
def test_a_law_holds_for_some_draws(name, soak, monkeypatch):
    """Whatever the draws are: not those that the totals count."""
    pytest.importorskip("llvmlite", reason="machine code needs the extra jit")
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", "pure")
    part, seen = soak["laws"].BY_NAME[name], Counter()
    for seed in range(part.wanted, part.wanted + FEW[name], part.pack):
        part.law(seed, seen)
    assert seen.total() >= FEW[name] / part.pack / 4


def test_every_part_of_the_issue_is_there(soak):
    """With the totals that were asked for."""
    wanted = {part.name: part.wanted for part in soak["laws"].PARTS}
    assert (wanted["engines"], wanted["jit"], wanted["jax"], wanted["pytorch"]) == (
        10**6, 10**5, 10**4, 10**4,
    )  # fmt: skip
    changed = ["models", "programs", "tables", "expressions", "labels"]
    assert {wanted[name] for name in changed} == {10**5}
    assert wanted["checkpoints"] == 50_000
    assert {*wanted} >= {"faults", "kills", "disk", "threads", "exits", "giants"}
    for part in soak["laws"].PARTS:
        assert callable(getattr(importlib.import_module(part.module), part.name))


# --- totals ---------------------------------------------------------------------------------------


@pytest.fixture
def totals(soak, tmp_path):
    return soak["trust"].Totals(tmp_path / "trust.json")


def tree(folder, law):
    """A tests folder with a soak of one law, called planted."""
    copy = folder / "tests" / "soak"
    copy.mkdir(parents=True)
    for name in ("__main__.py", "laws.py", "slices.py", "trust.py", "page.txt"):
        (copy / name).write_bytes((SOAK / name).read_bytes())
    (copy / "laws.toml").write_text(
        '[planted]\nmodule = "planting"\nwanted = 40\nnoun = "trials"\ntold = "None."\nlimit = 3\n'
    )
    (copy / "planting.py").write_text(f"import os, time\n\ndef planted(seed, seen):\n{law}\n")
    (folder / "docs").mkdir()
    return folder


def run(folder, *options):
    return subprocess.run(
        [sys.executable, "-P", "tests/soak", *options], cwd=folder, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(Path(ag.__file__).parents[1])}, check=False,
    )  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """A fault, and what is told of it."""

    law: str
    what: str
    status: int = 1  # of the command that repeats it


@pytest.mark.parametrize(
    "fault",
    [
        Planted("    assert seed != 7, f'{seed} is wrong'", "AssertionError: 7 is wrong"),
        Planted("    if seed == 7: os.kill(os.getpid(), 11)", "ended with -11", -11),
    ],
    ids=["wrong", "crash"],
)
def test_a_fault_is_counted_and_its_command_repeats_it(fault, tmp_path):
    """The trials after it are tried, too."""
    folder = tree(tmp_path, fault.law)
    done = run(folder, "--minutes", "1", "--once")
    assert done.returncode == 1, done.stderr
    assert f"UNEXPLAINED {fault.what}" in done.stdout
    kept = json.loads((folder / "docs" / "trust.json").read_text())
    assert kept["unexplained"] == kept["parts"]["planted"]["unexplained"] == 1
    assert kept["parts"]["planted"]["done"] == 40
    [find] = kept["finds"]
    assert find["seed"] == 7
    assert fault.what in find["what"]
    command = ".venv/bin/python tests/soak --part planted --seed 7"
    assert command in done.stdout
    assert command in (folder / "docs" / "trust.md").read_text()
    assert run(folder, *command.split()[2:]).returncode == fault.status


def test_a_find_that_holds_by_now_is_mended_and_stays_in_the_list(tmp_path):
    folder = tree(tmp_path, "    pass")
    find = {"part": "planted", "seed": 7, "what": "7 is wrong", "version": "0.1", "day": "today"}
    text = json.dumps({"parts": {"planted": {"done": 40}}, "finds": [find]})
    (folder / "docs" / "trust.json").write_text(text)
    done = run(folder, "--minutes", "1", "--once")
    assert done.returncode == 0, done.stderr
    kept = json.loads((folder / "docs" / "trust.json").read_text())
    assert kept["unexplained"] == 0
    assert kept["finds"] == [find | {"mended": ag.__version__}]
    assert f"mended in {ag.__version__}" in (folder / "docs" / "trust.md").read_text()


def test_a_trial_that_does_not_end_is_ended_and_counted(soak, tmp_path, monkeypatch):
    folder = tree(tmp_path, "    if seed == 3: time.sleep(60)")
    monkeypatch.setattr(soak["slices"], "ROOT", folder)
    monkeypatch.setenv("PYTHONPATH", str(Path(ag.__file__).parents[1]))
    monkeypatch.setattr(soak["slices"], "environment", lambda part: os.environ)
    part = soak["laws"].Part("planted", "planting", 40, "trials", "None.", limit=1.0)
    told = soak["slices"].run_slice(part, 0, 60.0, 40)
    assert told.done == 4
    assert [find["seed"] for find in told.finds] == [3]
    assert told.finds[0]["what"].startswith("no end after 1 s")


def test_a_soak_that_is_asked_to_end_counts_what_it_has_tried(tmp_path):
    """It goes on past its total: `make soak` had done nothing once all were reached."""
    folder = tree(tmp_path, "    open('begun', 'w').close()\n    time.sleep(0.05)")
    (folder / "docs" / "trust.json").write_text('{"parts": {"planted": {"done": 40}}}')  # reached
    command = [sys.executable, "-P", "tests/soak", "--minutes", "5"]
    environment = os.environ | {"PYTHONPATH": str(Path(ag.__file__).parents[1])}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE) as soaking:
        while not (folder / "begun").exists():
            assert soaking.poll() is None, soaking.stdout.read()
            time.sleep(0.01)
        soaking.terminate()
        assert b"planted" in soaking.stdout.read()
    kept = json.loads((folder / "docs" / "trust.json").read_text())
    assert 40 < kept["parts"]["planted"]["done"] < 80


def test_totals_go_on_from_run_to_run(totals, soak):
    part = soak["laws"].BY_NAME["engines"]
    totals.add(part, 100, 2.0, {"steps": 5}, [])
    again = soak["trust"].Totals(totals.path)
    again.add(part, 50, 1.0, {"steps": 3}, [{"seed": 120, "what": "one is wrong"}])
    kept = json.loads(totals.path.read_text())
    assert kept["parts"]["engines"] == {
        "done": 150, "wanted": part.wanted, "unexplained": 1, "seconds": 3.0, "seen": {"steps": 8},
    }  # fmt: skip
    assert kept["finds"][0]["seed"] == 120
    assert [run["done"]["engines"] for run in kept["runs"]] == [150]
    assert kept["runs"][0]["version"].startswith(ag.__version__)
    page = totals.path.with_suffix(".md").read_text()
    assert "**1 unexplained**" in page
    assert "| [engines](#engines) | 150 random programs | 1,000,000 | 1 | 0 | 3 |" in page


def test_a_write_that_is_interrupted_leaves_the_totals_of_before(totals, soak, monkeypatch):
    part = soak["laws"].BY_NAME["engines"]
    totals.add(part, 100, 2.0, {}, [])
    before = totals.path.read_bytes()

    def interrupted(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        totals.add(part, 1, 1.0, {}, [])
    assert totals.path.read_bytes() == before
    assert sorted(os.listdir(totals.path.parent)) == ["trust.json", "trust.md"]


def test_the_page_says_what_the_totals_say(soak):
    """Both were written by the last run: no figure on the page was put there by hand."""
    kept = soak["trust"].Totals(DOCS / "trust.json")
    assert (DOCS / "trust.md").read_text() == soak["trust"].page(kept)
