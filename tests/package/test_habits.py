"""What keeps the project alive: help, workflows, releases, what is said about security."""

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from itertools import product
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = {*re.findall(r"^([\w-]+):(?!=)", MAKEFILE, re.MULTILINE)}
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
#: Of tools that a target needs, and of a Windows without make.
INSTALLS = (
    "sudo apt-get install ",
    "apt-get update && apt-get install ",
    "choco install ",
    "pip install ",
)


def script(path):
    """A script that lies in no package, as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- make -----------------------------------------------------------------------------------------


def phony():
    names = re.findall(r"^\.PHONY: (.*)", MAKEFILE, re.MULTILINE)
    return {name for line in names for name in line.split() if "/" not in name}


def test_make_help_tells_of_every_target():
    [recipe] = re.findall(r"^help:\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    told = {*re.findall(r"[\w-]+", " ".join(re.findall(r"make ([\w -]+)", recipe)))}
    assert phony() - {"help"} <= told
    first = {*re.findall(r'"make ([\w-]+)', recipe)}
    assert first <= phony()


def test_every_target_that_is_no_file_is_phony():
    """Else a folder of its name is taken for its result, as docs/ was."""
    assert phony() <= TARGETS | {*re.findall(r"asan-\w+", MAKEFILE)}
    assert [name for name in sorted(TARGETS - phony()) if "/" not in name] == []


def test_no_file_has_the_marks_of_a_merge():
    kinds = {".md", ".toml", ".cfg", ".yml", ".yaml", ".cff", ".in", ""}
    files = [path for path in ROOT.iterdir() if path.is_file() and path.suffix in kinds]
    files += [*WORKFLOWS, *filter(Path.is_file, (ROOT / ".ci").iterdir())]
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not re.search(r"^(<{7}|>{7}|\|{7}) ", text, re.MULTILINE), path


# --- workflows ------------------------------------------------------------------------------------


def jobs(path):
    yaml = pytest.importorskip("yaml", reason="pip install pyyaml")
    return yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()


def commands(job):
    """Each `run:` of a job, with every choice of its matrix filled in."""
    matrix = job.get("strategy", {}).get("matrix", {})
    axes = {name: choices for name, choices in matrix.items() if name != "include"}
    for step in job["steps"]:
        for chosen in product(*axes.values()) if "run" in step else ():
            filled = step["run"]
            for name, choice in zip(axes, chosen, strict=True):
                filled = filled.replace(f"${{{{ matrix.{name} }}}}", choice)
            yield from filled.splitlines()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_only_calls_targets(path):
    found = [line for job in jobs(path) for line in commands(job)]
    assert any(line.startswith("make ") for line in found)
    for line in found:
        if not line.startswith(INSTALLS):
            make, target = line.split()
            assert make == "make", line
            assert target in phony(), line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_only_read_what_it_is_run_on(path):
    yaml = pytest.importorskip("yaml", reason="pip install pyyaml")
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["permissions"] == {"contents": "read"}


def test_there_is_a_workflow_for_each_habit():
    stems = {path.stem for path in WORKFLOWS}
    assert {"test", "wheels", "docs", "nightly", "benchmarks", "platforms"} <= stems


def pythons(text):
    return {*re.findall(r"Programming Language :: Python :: (3\.\d+)", text)}


def test_the_pythons_of_the_metadata_are_those_that_are_tested():
    [test, *_] = jobs(ROOT / ".github" / "workflows" / "test.yml")
    tested = {*test["strategy"]["matrix"]["python"]}
    assert tested == pythons((ROOT / "setup.cfg").read_text(encoding="utf-8"))
    wheels = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["cibuildwheel"]
    built = {f"3.{minor}" for minor in re.findall(r"cp3(\d+)-", wheels["build"])}
    assert tested <= built


def test_the_pythons_of_debian_are_those_that_the_script_knows():
    [matrix, _] = jobs(ROOT / ".github" / "workflows" / "platforms.yml")
    known = re.findall(r"^ +([\d. |]+)\) echo \w+ ;;", (ROOT / ".ci" / "debian").read_text(), re.M)
    assert matrix["strategy"]["matrix"]["python"] == re.findall(r"[\d.]+", " ".join(known))


def test_the_hooks_before_a_commit_run_what_is_installed():
    yaml = pytest.importorskip("yaml", reason="pip install pyyaml")
    [local] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert local["repo"] == "local"
    [lint] = re.findall(r"^lint:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    tools = {*re.findall(r"-m (\w+)", lint)}
    assert {hook["entry"].split()[2] for hook in local["hooks"]} == tools
    assert all(hook["entry"].startswith(".venv/bin/python -m ") for hook in local["hooks"])


# --- pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SECURITY.md"])
def test_a_page_s_links_targets_and_tests_are_there(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert all((ROOT / link).exists() for link in re.findall(r"\]\(([^)#]+)\)", text))
    assert {*re.findall(r"`?make ([a-z-]+)`?$", text, re.MULTILINE)} <= phony()
    assert {*re.findall(r"`make ([a-z-]+)`", text)} <= phony()
    named = re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", text)
    assert named
    for file, name in named:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        names = {node.name for node in tree.body if hasattr(node, "name")}
        assert not name or name in names, (file, name)


# --- a release ------------------------------------------------------------------------------------

RELEASE = script(ROOT / ".ci" / "release.py")


@pytest.fixture
def ready(tmp_path):
    """A repository that can be released."""
    (tmp_path / "autograd_lite").mkdir()
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "one.py").write_text("1\n")
    (tmp_path / "notebooks" / "one.ipynb").write_text("{}\n")
    (tmp_path / "autograd_lite" / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text(
        "# C\n\n## 1.2.3 (2027-01-02)\n\n## 1.2.2 (2026-01-02)\n"
    )
    (tmp_path / "CITATION.cff").write_text('version: 1.2.3\ndate-released: "2027-01-02"\n')
    (tmp_path / "docs" / "static").mkdir(parents=True)
    (tmp_path / "docs" / "static" / "versions.js").write_text('const VERSIONS = ["1.2.3"];\n')
    row = "| figure | 2 |\n"
    about = "CPython 3; autograd_lite 1.2.3, engine `native`.\n"
    (tmp_path / "benchmarks" / "RESULTS.md").write_text(about + row)
    (tmp_path / "README.md").write_text(row)
    (tmp_path / "docs" / "trust.json").write_text(
        '{"unexplained": 0, "parts": {"engines": {"unexplained": 0}, "labels": {"unexplained": 0}}}'
    )
    urls = "".join(f"    {name} = https://a.example/{name}\n" for name in RELEASE.ADDRESSES)
    (tmp_path / "setup.cfg").write_text(f"[metadata]\nname = one\nproject_urls =\n{urls}")
    return tmp_path


def test_what_agrees_can_be_released(ready):
    assert RELEASE.complaints(ready) == []


@pytest.mark.parametrize(
    ("path", "before", "after", "said"),
    [
        ("autograd_lite/__init__.py", "1.2.3", "1.2.4", "CITATION.cff is about 1.2.3, and the"),
        ("autograd_lite/__init__.py", "1.2.3", "1.2.4", "RESULTS.md is about 1.2.3, and the"),
        ("autograd_lite/__init__.py", "1.2.3", "1.2.dev", "1.2.dev is no version such as 1.2.3"),
        ("CHANGELOG.md", "## 1.2.3 (2027-01-02)\n", "", "CHANGELOG.md is about 1.2.2"),
        ("CHANGELOG.md", "2027-01-02", "unreleased", "'unreleased' in place of the day of 1.2.3"),
        ("CITATION.cff", "2027-01-02", "2027-01-03", "CITATION.cff says '2027-01-03' was the day"),
        ("README.md", "| 2 |", "| 3 |", "a figure that benchmarks/RESULTS.md has not: | figure"),
        ("CITATION.cff", "version: 1.2.3", "", "CITATION.cff is about nothing"),
        ("setup.cfg", "Issues = ", "Bugs = ", "no address for Issues (None): write `Issues = http"),
        ("setup.cfg", "https://a.example/Source", "TODO", "no address for Source (TODO): write"),
        ("setup.cfg", "project_urls", "urls", "no address for Changelog (None): write `Changelog"),
        (
            "docs/trust.json",
            '{"unexplained": 0, "p',
            '{"unexplained": 2, "p',
            "2 unexplained finds",
        ),
        ("docs/trust.json", 's": {"unexplained": 0}}', 's": {"unexplained": 3}}', "{'labels': 3}"),
        ("docs/static/versions.js", '["1.2.3"', '["1.2.2", "1.2.3"', "versions.js is about 1.2.2"),
    ],
)
def test_what_does_not_agree_is_named(ready, path, before, after, said):
    file = ready / path
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))
    assert said in "\n".join(RELEASE.complaints(ready))


def test_a_notebook_that_was_not_executed_is_named(ready):
    (ready / "notebooks" / "one.ipynb").unlink()
    assert "one.py has no executed notebook beside it" in RELEASE.complaints(ready)


@pytest.mark.skipif(shutil.which("git") is None, reason="no git")
def test_what_is_not_committed_is_named(ready):
    run = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*run, *command], cwd=ready, check=True)
    assert RELEASE.uncommitted(ready) == []
    (ready / "notebooks" / "one.py").write_text("2\n")
    assert RELEASE.uncommitted(ready) == ["not committed: notebooks/one.py"]


def test_addresses_are_left_out_until_they_are_known():
    """Or all are there: a made-up one would lead users to a stranger's page."""
    missing = [line for line in RELEASE.complaints(ROOT) if " has no address for " in line]
    assert len(missing) in (0, len(RELEASE.ADDRESSES))
    assert len(RELEASE.addresses(ROOT)) + len(missing) == len(RELEASE.ADDRESSES)


def test_version_and_citation_agree_at_any_time():
    """Only the day waits for the release."""
    others = [line for line in RELEASE.complaints(ROOT) if " is about " in line]
    assert others == []


# --- benchmarks -----------------------------------------------------------------------------------

COMPARE = script(ROOT / "benchmarks" / "compare.py")


def page(time, speed, machine="A Fast One, 2 cores; CPython 3.11"):
    head = f"Machine: {machine}; autograd_lite 0.2.0, engine `native`.\n\n"
    head += "| figure | measured | at least | aim | holds |\n|---|---|---|---|---|\n"
    return (
        f"{head}| a time | {time} | ≤ 9 | – | yes |\n| a speed | {speed} × (3) | ≥ 1 × | 4 | no |\n"
    )


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (page(1.09, 9.2), []),
        (page(0.1, 100), []),
        (page(1.2, 10), ["20% worse: a time: 1 before, 1.2 now"]),
        (page(1.0, 5), ["100% worse: a speed: 10 before, 5 now"]),
        (page(2e3, 0.0), ["199900% worse: a time: 1 before, 2000 now",
                          "inf% worse: a speed: 10 before, 0 now"]),
        (page(1, 10).replace("a speed", "another"), ["gone: a speed"]),
    ],
)  # fmt: skip
def test_figures_that_are_ten_percent_worse_are_told(tmp_path, capsys, now, said):
    files = [tmp_path / "before", tmp_path / "now"]
    for file, text in zip(files, [page(1, 10), now], strict=True):
        file.write_text(text, encoding="utf-8")
    assert COMPARE.main(files) == bool(said)
    printed = capsys.readouterr().out.splitlines()
    assert printed == (said or ["no figure is more than 10% worse"])


@pytest.mark.parametrize("other", ["Another, 4 cores; CPython 3.11", "A Fast One; CPython 3.13"])
def test_figures_of_two_machines_are_not_compared(tmp_path, capsys, other):
    """Runners that are lent were told of regressions of the machine that the page is about."""
    files = [tmp_path / "before", tmp_path / "now"]
    for file, text in zip(files, [page(1, 10), page(5, 1, other)], strict=True):
        file.write_text(text, encoding="utf-8")
    assert COMPARE.main(files) == 0
    printed = capsys.readouterr().out
    assert "two machines, whose figures cannot be compared" in printed
    assert other in printed
    assert "worse" not in printed


def test_a_page_that_tells_no_machine_is_compared_with_none(tmp_path, capsys):
    file = tmp_path / "page"
    file.write_text(page(1, 10).partition("\n")[2], encoding="utf-8")
    assert COMPARE.main([file, file]) == 0
    assert "(not told)" in capsys.readouterr().out


def test_a_page_without_figures_is_not_compared(tmp_path, capsys):
    file = tmp_path / "page"
    file.write_text("| figure |\n")
    assert COMPARE.main([file, file]) == 2
    assert "no RESULTS.md" in capsys.readouterr().err


def test_the_figures_of_the_results_are_all_read():
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
    read = COMPARE.figures(results)
    lines = [line for line in results.splitlines() if re.search(r"\| [≤≥] .* \|$", line)]
    assert len(read) == len(lines) > 30
    assert COMPARE.worse(results, results) == []
    assert "; CPython 3." in COMPARE.machine(results)


def test_any_python_compares_them():
    """Without the package."""
    code = f"import runpy, sys; sys.argv[1:] = [{str(ROOT / 'benchmarks' / 'RESULTS.md')!r}] * 2; "
    code += f"runpy.run_path({str(ROOT / 'benchmarks' / 'compare.py')!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "no figure is more than 10% worse\n")
