"""A new row reaches the C engine by rebuilding alone; a table that was not compiled is noticed.

Also: the C engine and the machine compile without a warning.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from compiled_copy import ROOT, compiled_copy, run_in

HEADER = Path(sysconfig.get_path("include"), "Python.h")
COMPILERS = [path for path in map(shutil.which, ["gcc", "clang"]) if path and HEADER.exists()]

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not COMPILERS, reason="no C compiler (gcc or clang), or no Python.h"
)

GAUSS = """
gauss = op(
    "gauss", symbol="gauss", latex=r"\\operatorname{gauss}", domain=[_REAL],
    attrs={"width": 1.0},
    forward=lambda x, width: exp(-(x * x) / width),
    partials=[lambda out, x, width: -2.0 * x * out / width],
    doc="A bell.",
)
bell = op(
    "bell", symbol="bell", latex="bell", domain=[_REAL],
    forward=lambda x: exp(-(x * x)),
    partials=[lambda out, x: -2.0 * x * out],
    doc="A bell of one width.",
)
"""
ENERGY = """
energy = sequence_op(
    "energy", symbol="E", latex="E",
    forward=lambda xs: fold(lambda total, x: total + x * x, xs, start=0.0),
    partials=[lambda out, xs: each(lambda x: 2.0 * x, xs)],
    doc="The sum of squares.",
)
"""

USE = """
import json, math
import autograd_lite as ag
from autograd_lite.ops import TABLE

if ag.engine == "native":  # then no rule of Python may be asked
    for name in ("gauss", "bell", "energy"):
        for rule in ("on_floats", "partials_on_floats", "forward", "partials"):
            setattr(TABLE[name], rule, None)
found = []
for number in (0.0, -0.0, 0.3, -1.7, 1e-310, 1e300, math.inf, math.nan):
    x = ag.Value(number)
    for y in (ag.gauss(x), x.gauss(), ag.bell(x), x.bell(), ag.energy([x, 2.0, x])):
        y.backward()
        found.append([y.op, y.data.hex(), [d.hex() for d in y.local_grads], x.grad.hex()])
        x.data = 0.7
        y.refresh()
        found.append(y.data.hex())
        x.data = number
print(json.dumps([ag.__file__, ag.engine, found]))
"""


def add_rows(folder):
    for name, text in (("rules", GAUSS), ("reductions", ENERGY)):
        with (folder / "autograd_lite" / "ops" / f"{name}.py").open("a") as file:
            file.write(text)


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory):
    """A copy of the package with two more rows, compiled without much optimising."""
    folder = tmp_path_factory.mktemp("rebuilt")
    return compiled_copy(folder, edit=add_rows, AUTOGRAD_LITE_DEBUG="slabs")


def test_new_rows_appear_by_rebuilding_alone(rebuilt):
    """As functions and methods, compiled, with the bits of their Python rules."""
    told = {}
    for engine in ("native", "python"):
        done = run_in(rebuilt, USE, AUTOGRAD_LITE_ENGINE=engine)
        assert done.returncode == 0, done.stderr
        file, name, told[engine] = json.loads(done.stdout)
        assert (name, file) == (engine, str(rebuilt / "autograd_lite" / "__init__.py"))
    assert told["native"] == told["python"]
    assert len(told["native"]) == 80


USE_MACHINE = """
import json
import numpy as np
from autograd_lite.program.native import Machine

machine = Machine([("energy", ())], np.zeros(1, np.int32), np.array([0, 3]), np.arange(3),
                  np.zeros(0), 3, np.array([3]))
once, rows = np.zeros(1), np.zeros((100, 1))
machine.run(np.array([1.0, 2.0, 3.0]), once)
machine.map([(np.full((100, 3), 2.0), 0, 3, False)], 100, rows, False, 1)
print(json.dumps([once.tolist(), [*{*rows.ravel().tolist()}]]))
"""


def test_a_new_fold_is_an_instruction_of_programs(rebuilt):
    done = run_in(rebuilt, USE_MACHINE)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[14.0], [12.0]]


def test_a_table_that_was_not_compiled_is_noticed(rebuilt, tmp_path):
    folder = tmp_path / "stale"
    shutil.copytree(rebuilt, folder)
    rules = folder / "autograd_lite" / "ops" / "rules.py"
    rules.write_text(rules.read_text().replace("exp(-(x * x))", "exp(-(x * x)) + 0.0"))
    code = "import autograd_lite as ag; print(ag.engine)"
    default = run_in(folder, code, AUTOGRAD_LITE_ENGINE="")
    assert (default.returncode, default.stdout) == (0, "python\n")
    assert "built from another op table" in default.stderr
    assert "the Python engine runs instead" in default.stderr
    wanted = run_in(folder, code, AUTOGRAD_LITE_ENGINE="native")
    assert wanted.returncode == 1
    assert "ImportError: the compiled engine was built from another op table" in wanted.stderr
    python = run_in(folder, code, AUTOGRAD_LITE_ENGINE="python")
    assert (python.stdout, python.stderr) == ("python\n", "")


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize(
    ("source", "debug"),
    [
        ("engine/native/engine.c", []),
        ("engine/native/engine.c", ["-DAUTOGRAD_LITE_DEBUG"]),
        ("program/native/machine.c", []),
    ],
    ids=["engine", "engine, debug", "machine"],
)
def test_what_is_written_in_c_compiles_without_a_warning(
    compiler, source, debug, rebuilt, tmp_path
):
    [rules] = rebuilt.glob("build/temp*/rules.h")
    path = ROOT / "autograd_lite" / source
    # gcc finds some while it optimises, clang all before: the rest would take it most of its time.
    optimised = ["-O1", "-c", "-fPIC", "-o", str(tmp_path / "compiled.o")]
    last = ["-fsyntax-only"] if Path(compiler).name == "clang" else optimised
    done = subprocess.run(
        [
            *[compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", *debug, *last, str(path)],
            *[f"-I{rules.parent}", f"-I{path.parent}", f"-I{sysconfig.get_path('include')}"],
        ],
        capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
