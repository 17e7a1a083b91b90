"""`autograd-lite doctor`: an installation in lines that one can paste into a report."""

import importlib.util
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import pytest

import autograd_lite as ag
from autograd_lite.cli import doctor, main
from autograd_lite.program.jit import machine_code


class Package:
    """The metadata of an installation with one extra that is here, one in part and one by place."""

    version = "9.9"
    requires = (
        "numpy>=1", 'some-library[fast]<2; sys_platform == "no"', 'numpy>=1; extra == "whole"',
        "numpy; extra == 'half'", 'no-such-thing>=3; extra == "half"',
        'nor-this; python_version < "3" and extra == "elsewhere"',
    )  # fmt: skip

    class metadata:  # noqa: N801 - an attribute
        @staticmethod
        def get_all(name):
            return {"Provides-Extra": ["whole", "half", "elsewhere"]}[name]


@pytest.fixture
def said(capsys):
    """Run the command and return its lines by their first words."""

    def run():
        assert main(["doctor"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) <= 20
        return {line.split("  ")[0]: line.split("  ", 1)[1].strip() for line in lines}

    return run


def test_it_tells_what_runs_and_where(said):
    told = said()
    assert told["autograd-lite"].endswith(os.path.dirname(ag.__file__))
    assert told["engine"].startswith(f"{ag.engine}: ")
    assert told["machine"].startswith("in C" if ag.engine == "native" else "in Python: ")
    if ag.engine == "native" and importlib.util.find_spec("llvmlite"):
        assert told["machine code"] == "by LLVM, when it pays"
    assert ".".join(map(str, sys.version_info[:3])) in told["Python"]
    assert set(told) == set(doctor.findings())
    assert all(told.values())


def test_extras_are_those_of_the_metadata(said, monkeypatch):
    """What only other platforms need is not missing."""
    monkeypatch.setattr(doctor, "distribution", lambda name: Package)
    told = said()
    assert told["autograd-lite"].startswith("9.9, in ")
    assert told["libraries"].startswith("numpy ")
    assert told["extras"] == "whole, elsewhere"
    assert told["missing"] == "half: no-such-thing"


def test_a_checkout_without_metadata_says_so(said, monkeypatch, capsys):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "distribution", missing)
    told = said()
    assert told["autograd-lite"].startswith("(not installed), in ")
    assert (told["libraries"], told["missing"]) == ("none is known", "nothing")
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == "autograd-lite (not installed)\n"


def test_settings_of_the_environment_are_shown_in_one_line(said, monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_JIT", "0\n1")
    assert r"AUTOGRAD_LITE_JIT='0\n1'" in said()["settings"]


def test_graphviz_is_the_program_that_would_draw(said, monkeypatch, tmp_path):
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", "no/such/dot")
    assert "AUTOGRAD_LITE_DOT='no/such/dot' names no program" in said()["Graphviz"]


@pytest.mark.skipif(sys.platform == "win32", reason="a program is made of a script")
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("#!/bin/sh\necho dot 7 >&2\necho more >&2\n", "dot 7"),
        ("#!/bin/sh\nexit 3\n", "it ends with status 3"),
        ("#!/no/such/shell\n", "does not run"),
        ("#!/bin/sh\nexec sleep 9\n", "timed out"),
    ],
)
def test_its_version_is_asked_for(said, monkeypatch, tmp_path, script, expected):
    program = tmp_path / "dot"
    program.write_text(script)
    program.chmod(0o755)
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", str(program))
    monkeypatch.setattr(doctor, "TIME_LIMIT", 0.5)
    told = said()
    assert told["Graphviz"] == told["PDF"]
    assert told["Graphviz"].startswith(str(program))
    assert expected in told["Graphviz"]


def test_the_processor_has_a_name_on_every_system(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "Path", lambda path: tmp_path / "none")
    monkeypatch.setattr(doctor.platform, "processor", lambda: "")
    assert doctor.processor() == "of unknown name"
    (tmp_path / "none").write_text("cpu: 1\nmodel name\t: A Fast One \nmodel name\t: other\n")
    assert doctor.processor() == "A Fast One"


def run_as(engine, code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env=os.environ | {"AUTOGRAD_LITE_ENGINE": engine},
    )  # fmt: skip
    return done.stdout.splitlines()


def test_the_engine_that_was_chosen_is_told_with_the_choice():
    code = "from autograd_lite.cli.doctor import findings; f = findings(); "
    code += "print(f['engine'], f['machine'], f['instructions'], f['machine code'], sep='\\n')"
    engine, machine, instructions, code = run_as("python", code)
    assert engine == "python: AUTOGRAD_LITE_ENGINE=python"
    assert machine.startswith("in Python: ")
    assert instructions.startswith("none ")
    assert code.startswith("machine code needs the machine in C")


@pytest.mark.skipif(ag.engine != "native", reason="needs the C engine")
def test_the_engine_that_was_compiled_is_the_default():
    assert " numbers at once; " in doctor.findings()["instructions"]
    code = "from autograd_lite.engine import why; print(why)"
    assert run_as("", code) == ["it was compiled, which is the default"]
    assert run_as("native", code) == ["AUTOGRAD_LITE_ENGINE=native"]


def test_an_engine_that_was_not_compiled_is_told():
    code = "import sys; sys.modules['autograd_lite.engine.native._engine'] = None; "
    code += "from autograd_lite.engine import name, why; print(f'{name}: {why}')"
    assert run_as("", code) == ["python: the C engine was not compiled"]


def command(engine, *words, before=""):
    """The command line in a process of its own, which is told why an engine does not run."""
    code = f"import sys\n{before}\nfrom autograd_lite.cli import main\nsys.exit(main())"
    start = [sys.executable, "-P", *(["-c", code] if before else ["-m", "autograd_lite"]), *words]
    environment = os.environ | {"AUTOGRAD_LITE_ENGINE": engine, "AUTOGRAD_LITE_DOT": "no/dot"}
    return subprocess.run(start, capture_output=True, text=True, check=False, env=environment)


STALE = """
class Stale:
    def find_spec(self, name, *rest):
        if name == "autograd_lite.engine.native":
            raise ImportError("it was compiled from another table")
sys.meta_path.insert(0, Stale())
sys.argv[0] = "/somewhere/bin/autograd-lite"
"""
MISSING = STALE.replace("ImportError(", "ModuleNotFoundError(")


@pytest.mark.parametrize(
    ("engine", "before", "said"),
    [
        ("foo", "", "AUTOGRAD_LITE_ENGINE='foo' names no engine; set it to python or native"),
        ("native", STALE, "it was compiled from another table"),
        ("native", MISSING, "AUTOGRAD_LITE_ENGINE='native', but the C engine was not compiled"),
    ],
    ids=["unknown", "stale", "missing"],
)
def test_an_engine_that_does_not_run_is_told_by_the_doctor(engine, before, said):
    """It ended in a traceback then, as every command; the others say it in a line."""
    done = command(engine, "doctor", before=before)
    assert (done.returncode, done.stderr) == (0, "")
    [line] = [line for line in done.stdout.splitlines() if line.startswith("engine ")]
    assert line.split(maxsplit=1)[1].startswith(f"python: {said}")
    if before != MISSING:
        done = command(engine, "explain", "x", "x=2", before=before)
        assert (done.returncode, done.stdout) == (2, "")
        [line] = done.stderr.splitlines()
        assert line.startswith(f"autograd-lite: {said}")


def test_a_program_without_its_engine_does_not_begin():
    code = "import sys; sys.argv[0] = 'mine'; import autograd_lite"
    environment = os.environ | {"AUTOGRAD_LITE_ENGINE": "foo"}
    start = [sys.executable, "-c", code]
    done = subprocess.run(start, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    assert "ImportError: AUTOGRAD_LITE_ENGINE='foo' names no engine" in done.stderr


@pytest.mark.skipif(ag.engine != "native", reason="machine code needs the machine in C")
def test_a_library_that_is_there_and_broken_is_missing(said, monkeypatch):
    """By its metadata it was there, and machine code was said to be made when it pays."""
    pytest.importorskip("llvmlite", reason="machine code needs the extra jit")

    def broken():
        raise RuntimeError("no such symbol")

    monkeypatch.setattr(machine_code, "target", broken)
    told, line = said(), "making machine code failed: no such symbol"
    assert told["machine code"] == line
    if "not installed" not in told["autograd-lite"]:
        assert f"jit: {line}" in told["missing"]
        assert "jit" not in told["extras"].split(", ")
