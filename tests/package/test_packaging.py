"""A wheel and an sdist build cleanly, and the wheel works in a new virtual environment."""

import importlib.machinery
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import autograd_lite as ag

ROOT = Path(__file__).parents[2]
NATIVE = [ROOT / "autograd_lite" / room / "native" for room in ("engine", "program")]
HEADER = Path(sysconfig.get_path("include"), "Python.h")
COMPILES = any(map(shutil.which, ["cc", "gcc", "clang", "cl"])) and HEADER.exists()
NEEDS_COMPILER = pytest.mark.skipif(
    not COMPILES, reason="no C compiler (cc, gcc, clang or cl), or no Python.h"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The wheel and the sdist, built from the sdist as a user's `python -m build` does.

    The optimiser takes most of the time of a build; `pip install` has called it on these sources.
    """
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)],
        check=True, capture_output=True, env=os.environ | {"AUTOGRAD_LITE_DEBUG": "slabs"},
    )  # fmt: skip
    [wheel], [sdist] = out.glob("*.whl"), out.glob("*.tar.gz")
    return wheel, sdist


def test_the_wheel_holds_the_package_and_nothing_else(built):
    wheel, _ = built
    assert wheel.name.startswith("autograd_lite-0.2.0-" + ("cp3" if COMPILES else "py3-none-any"))
    names = zipfile.ZipFile(wheel).namelist()
    inside = {str(p.relative_to(ROOT)) for p in (ROOT / "autograd_lite").rglob("*.py")}
    assert inside <= set(names)
    pages = ["view/page/scripts/page.js", "view/page/page.css"]
    pages += ["lesson/page/page.js", "lesson/page/page.css"]
    assert {"autograd_lite/py.typed", *[f"autograd_lite/{page}" for page in pages]} <= {*names}
    names_of = [f"program/exports/{language}_names.txt" for language in ("c", "javascript")]
    assert {f"autograd_lite/{name}" for name in ("nn/live/card.css", *names_of)} <= {*names}
    words = (
        "expressions",
        "view/style",
        "view/page/phrases",
        "cli/commands",
        "exercises/laws",
        "exercises/worksheets",
        "lesson/telling/lesson",
    )
    assert {f"autograd_lite/{name}.toml" for name in words} <= {*names}
    playground = ("playground.css", "viz.js", "VIZ_LICENSE.txt", "scripts/reading.js")
    assert {f"autograd_lite/playgrounds/{name}" for name in playground} <= {*names}
    types = ("py.typed", "__init__.pyi", "ops/signatures.pyi", "transforms/signatures.pyi")
    assert {f"autograd_lite/{name}" for name in types} <= {*names}
    assert wheel.stat().st_size < 4_000_000
    assert {name.split("/")[0] for name in names} == {
        "autograd_lite",
        "autograd_lite-0.2.0.dist-info",
    }


def test_the_sdist_holds_what_a_build_and_the_tests_need(built):
    _, sdist = built
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE"} <= names
    assert {"Makefile", "ARCHITECTURE.md", "CHANGELOG.md", ".ci/run"} <= names
    assert {"CITATION.cff", "CONTRIBUTING.md", "SECURITY.md", ".pre-commit-config.yaml"} <= names
    folders = [
        ROOT / name for name in (".github", "benchmarks", "docs", "examples", "notebooks", "tests")
    ]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    read = [path for path in files if not {"__pycache__", ".ipynb_checkpoints"} & {*path.parts}]
    assert {path.relative_to(ROOT).as_posix() for path in read} <= names


def wheel_from(sdist, folder, edit=None, **environment):
    """What a build of the unpacked sdist says, and the names in its wheel ([] if it failed)."""
    with tarfile.open(sdist) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # since 3.11.4
        archive.extractall(folder)
    [source] = folder.iterdir()
    if edit:
        edit(source)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder)],
        cwd=source, env=os.environ | environment, capture_output=True, text=True,
    )  # fmt: skip
    wheels = list(folder.glob("*.whl"))
    names = [wheels[0].name, *zipfile.ZipFile(wheels[0]).namelist()] if wheels else []
    return done.stdout + done.stderr, names


def compiled(names):
    return [name for name in names if name.endswith((".so", ".pyd"))]


@NEEDS_COMPILER
def test_the_wheel_holds_what_was_compiled_and_the_sdist_its_sources(built):
    wheel, sdist = built
    engine, machine = sorted(compiled(zipfile.ZipFile(wheel).namelist()))
    assert engine.startswith("autograd_lite/engine/native/_engine.")
    assert machine.startswith("autograd_lite/program/native/_machine.")
    assert not [n for n in zipfile.ZipFile(wheel).namelist() if n.endswith((".c", ".h"))]
    with tarfile.open(sdist) as archive:
        names = {Path(name).name for name in archive.getnames() if name.endswith((".c", ".h"))}
    assert names == {path.name for folder in NATIVE for path in folder.glob("*.[ch]")}


@NEEDS_COMPILER
@pytest.mark.skipif(
    os.environ.get("AUTOGRAD_LITE_PURE") == "1"
    or sys.maxsize < 2**32
    or bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    reason="the C engine is not wanted, or does not run here",
)
def test_where_c_can_be_compiled_the_c_engine_was():
    folder = Path(ag.__file__).parent / "engine" / "native"
    found = importlib.machinery.PathFinder.find_spec("_engine", [str(folder)])
    assert found, "not compiled: `pip install --verbose` says why; for a new compiler: `make clean`"


def test_a_pure_wheel_runs_on_any_platform(built, tmp_path):
    _, names = wheel_from(built[1], tmp_path, AUTOGRAD_LITE_PURE="1")
    assert names[0] == "autograd_lite-0.2.0-py3-none-any.whl"
    assert not compiled(names)


SAY = "import autograd_lite as ag; print(ag.engine, ag.__file__)"


def said_by(wheel, folder, code=SAY, **environment):
    """What code says that imports a wheel's package from a folder: status, output, complaints."""
    zipfile.ZipFile(wheel).extractall(folder)
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", code], capture_output=True, text=True,
        cwd=folder, env=os.environ | {"PYTHONPATH": str(folder)} | environment,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="CC names no compiler there")
def test_without_a_compiler_the_wheel_is_pure_and_its_import_silent(built, tmp_path):
    told, names = wheel_from(built[1], tmp_path, CC="/no/compiler")
    assert "the C engine is left out, and Python code runs instead" in told
    assert "install a C compiler and Python's headers" in told
    assert names[0] == "autograd_lite-0.2.0-py3-none-any.whl"
    assert not compiled(names)
    wheel, folder = tmp_path / names[0], tmp_path / "new"
    status, output, complaints = said_by(wheel, folder, AUTOGRAD_LITE_ENGINE="")
    assert (status, complaints) == (0, "")
    assert output.split() == ["python", str(folder / "autograd_lite" / "__init__.py")]
    program = "import autograd_lite as ag; print(ag.compile(lambda x: x * x)(3.0))"
    assert said_by(wheel, folder, program, AUTOGRAD_LITE_ENGINE="") == (0, "9.0\n", "")
    status, _, complaints = said_by(wheel, folder, AUTOGRAD_LITE_ENGINE="native")
    assert status == 1
    assert "the C engine was not compiled; install a C compiler" in complaints


@NEEDS_COMPILER
def test_one_extension_that_fails_leaves_both_out(built, tmp_path):
    """Half an engine would hide in a wheel of this platform."""

    def spoil(source):
        engine, machine = (source / path.relative_to(ROOT) for path in NATIVE)
        (engine / "engine.c").write_text("int nothing;\n")
        (machine / "machine.c").write_text("#error cannot be compiled\n")

    told, names = wheel_from(built[1], tmp_path, spoil)
    assert "cannot be compiled" in told
    assert "the C engine is left out" in told
    assert names[0] == "autograd_lite-0.2.0-py3-none-any.whl"
    assert not compiled(names)


def test_a_rule_that_cannot_become_c_stops_the_build(built, tmp_path):
    """It is a fault in the table, and nobody would notice if the Python engine stood in."""

    def spoil(source):
        rules = source / "autograd_lite" / "ops" / "rules.py"
        rules.write_text(rules.read_text().replace("forward=lambda x: x * x,", "forward=abs,"))

    said, names = wheel_from(built[1], tmp_path, spoil)
    assert "square: its forward cannot be written in C" in said
    assert not names


def pip(python, *arguments):
    """Run pip for another environment, without a network."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), *arguments],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


def former(wheel, folder):
    """The wheel as a version 0.1.0 that had one module more."""
    old = folder / wheel.name.replace("-0.2.0-", "-0.1.0-")
    with zipfile.ZipFile(wheel) as new, zipfile.ZipFile(old, "w") as written:
        files = {name.replace("-0.2.0.", "-0.1.0."): new.read(name) for name in new.namelist()}
        [about] = [name for name in files if name.endswith(".dist-info/METADATA")]
        files[about] = files[about].replace(b"\nVersion: 0.2.0\n", b"\nVersion: 0.1.0\n")
        files["autograd_lite/gone/module.py"] = b"here = True\n"
        files[about.replace("METADATA", "RECORD")] = "".join(f"{n},,\n" for n in files).encode()
        for name, content in files.items():
            written.writestr(name, content)
    return old


def new_environment(home):
    """The Python of a new virtual environment, and where it has its packages."""
    venv.create(home, with_pip=False)
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    return python, Path(site)


def run_with_lent_packages(python, site, code):
    """What code prints that finds the dependencies of the package in this environment."""
    lent = site / "lent.pth"
    lent.write_text(sysconfig.get_path("purelib") + "\n")
    done = subprocess.run(
        [python, "-I", "-c", code], cwd=site, check=True, capture_output=True, text=True
    )
    lent.unlink()  # pip would look there
    return done.stdout


def test_an_upgrade_and_an_uninstallation_leave_nothing(built, tmp_path):
    """Neither modules that the new version has not, nor what Python compiled meanwhile."""
    python, site = new_environment(tmp_path / "new")
    before = {*site.rglob("*"), *python.parent.iterdir()}
    install = ("install", "--no-deps", "--no-index", "--no-compile")
    pip(python, *install, str(former(built[0], tmp_path)))
    code = "import autograd_lite.gone.module as m; print(m.here)"
    assert run_with_lent_packages(python, site, code) == "True\n"
    assert "Successfully uninstalled autograd-lite-0.1.0" in pip(python, *install, str(built[0]))
    assert not (site / "autograd_lite" / "gone").exists()
    assert [path.name for path in site.glob("autograd*info")] == ["autograd_lite-0.2.0.dist-info"]
    code = "import autograd_lite as ag; print(ag.grad(lambda x: x * x)(3.0))"
    assert run_with_lent_packages(python, site, code) == "6.0\n"
    pip(python, "uninstall", "--yes", "autograd-lite")
    assert {*site.rglob("*"), *python.parent.iterdir()} == before


def test_the_wheel_works_in_a_new_virtual_environment(built, tmp_path):
    """Installed without its dependencies, which are lent by this environment: no network."""
    wheel, _ = built
    home = tmp_path / "new"
    python, site = new_environment(home)
    pip(python, "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    pure = shutil.which("graphviz-pure", path=sysconfig.get_path("scripts"))
    if pure:  # elsewhere there is a `dot`
        shutil.copy(pure, python.parent)
    code = (
        "import autograd_lite as ag\n"
        "x = ag.Value(3.0); y = x * x; y.backward()\n"
        "print(x.grad, ag.__version__, ag.__file__)\n"
        "assert ag.draw(y).to_graphviz().pipe('svg').startswith(b'<?xml')"
    )
    grad, version, file = run_with_lent_packages(python, site, code).split()
    assert (grad, version) == ("6.0", "0.2.0")
    assert Path(file).is_relative_to(home)
    script = python.parent / "autograd-lite"
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    done = subprocess.run([script, "--version"], check=True, capture_output=True, text=True)
    assert "0.2.0" in done.stdout


def test_links_of_the_page_of_an_index_are_addresses(tmp_path):
    """Pictures and links of README are paths, and were dead there."""
    for name in ("setup.py", "README.md", "setup.cfg"):
        shutil.copy(ROOT / name, tmp_path)
    config = (tmp_path / "setup.cfg").read_text()
    config = config.replace(
        "[metadata]\n", "[metadata]\nproject_urls =\n    Source = https://x.test/a/b/\n"
    )
    (tmp_path / "setup.cfg").write_text(config)
    program = """
import runpy, setuptools
setuptools.setup = lambda **given: print(given["long_description"])
runpy.run_path("setup.py")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    targets = re.findall(r"\]\(([^)]+)\)", done.stdout)
    assert "https://x.test/a/b/raw/HEAD/docs/neuron.svg" in targets
    assert "https://x.test/a/b/blob/HEAD/docs/accuracy.md" in targets
    assert len(targets) > 20
    assert all(target.startswith("https://") for target in targets)


@pytest.mark.parametrize(
    "extra", ["plot", "notebook", "data", "export", "test", "oracle", "bench", "all"]
)
def test_every_extra_is_declared(built, extra):
    wheel, _ = built
    metadata = zipfile.ZipFile(wheel).read("autograd_lite-0.2.0.dist-info/METADATA").decode()
    assert f"Provides-Extra: {extra}" in metadata
    assert "Requires-Python: >=3.11" in metadata
    assert "License-Expression: MIT AND EPL-2.0" in metadata
    for file in ("LICENSE", "autograd_lite/playgrounds/VIZ_LICENSE.txt"):
        assert f"License-File: {file}" in metadata
