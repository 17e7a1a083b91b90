"""The package as programs are packed: bytecode without its source, in a folder or in a zip."""

import compileall
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import autograd_lite
from autograd_lite.ops import digest

PACKAGE = Path(autograd_lite.__file__).parent

PROGRAM = """
import sys, warnings
warnings.simplefilter("error")
sys.path.insert(0, sys.argv[1])
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
import autograd_lite as ag
assert ag.__file__.startswith(sys.argv[1]) and ag.__file__.endswith("c"), ag.__file__
print(ag.engine)
x, y = ag.Value(1.5, label="x"), ag.Value(2.0)
outputs = [ag.hypot(x, y) + ag.cbrt(x), 1.0 / x, ag.logaddexp(x, y) + ag.floor(y)]
program = ag.freeze(outputs, [x, y])
numbers = program(1.5, 2.0)
function = program.to_python()
assert function(1.5, 2.0) == numbers
assert function(0.0, 2.0)[1] == float("inf")
assert "# Needs autograd_lite, whose source is not here" in function.source, function.source
assert program.to_c() and program.to_numpy()(1.5, 2.0)[1] == numbers[1]
assert program.map([1.5], [2.0])[0][0] == numbers[0]
assert ag.compile(ag.grad(ag.sin))(0.0) == 1.0
with ag.keep_lines():
    z = ag.tanh(x * y)
page = ag.draw(z).page.fragment(b"<svg ></svg>")
assert "class Graph" in page and ".panel" in page
assert "program.py:" in page  # no line of this package, whose own files nobody knows
assert str(ag.explain(z))
from autograd_lite import nn
assert len(nn.MLP(1, [2, 1], seed=0).learn([1.0, 2.0], [1.0, 2.0], epochs=2)) == 2
try:
    from autograd_lite import lesson
except ImportError:
    print("few")
else:
    from autograd_lite.cli import main
    from autograd_lite.lesson.page import document
    assert main(["explain", "x*x", "x=2"]) == 0
    assert len(document.read("scripts/page.js")) > 1000
print("done")
"""


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """The package without a line of source, and `program.py` beside it."""
    top = tmp_path_factory.mktemp("packed")
    copy = top / "all" / "autograd_lite"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "*.c", "*.h"))
    assert compileall.compile_dir(copy, quiet=1, legacy=True)
    for path in copy.rglob("*.py"):
        path.unlink()
    (top / "program.py").write_text(PROGRAM)
    return top


def run(packed, where, engine):
    """What the program prints."""
    environment = {**os.environ, "AUTOGRAD_LITE_ENGINE": engine}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [sys.executable, packed / "program.py", where],
        capture_output=True, text=True, check=False, env=environment, cwd=packed,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("engine", ["native", "python"])
def test_bytecode_alone_is_enough(packed, engine):
    """Its engine was made from the table that it lies beside, as nobody can change that."""
    if engine == "native" and autograd_lite.engine != "native":
        pytest.skip("the C engine was not compiled")
    printed = run(packed, packed / "all", engine)
    assert (printed[0], printed[-1]) == (engine, "done")


def test_a_zip_is_enough(packed):
    """Pages, too, are written out of it."""
    with zipfile.ZipFile(packed / "all.zip", "w") as archive:
        for path in (packed / "all").rglob("*.*"):
            if path.suffix != ".so":
                archive.write(path, path.relative_to(packed / "all"))
    assert run(packed, packed / "all.zip", "python")[-1] == "done"


def test_rooms_that_a_program_does_not_name_may_be_missing(packed):
    """What packs a program finds what is imported by name: no command line, no lesson."""
    few = packed / "few" / "autograd_lite"
    left_out = shutil.ignore_patterns("cli", "lesson", "demo*", "tables", "*.so")
    shutil.copytree(packed / "all" / "autograd_lite", few, ignore=left_out)
    assert run(packed, packed / "few", "python")[-2:] == ["few", "done"]


def test_where_there_is_source_an_engine_of_another_table_is_outdated(tmp_path, monkeypatch):
    assert not digest.is_outdated(digest.table_digest())
    assert digest.is_outdated("00000000")
    monkeypatch.setattr(digest, "__file__", str(tmp_path / "digest.pyc"))
    assert not digest.is_outdated("00000000")
