"""A wheel and an sdist build cleanly, and the wheel works in a new virtual environment."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NATIVE = [ROOT / "autograd_lite" / room / "native" for room in ("engine", "program")]
COMPILES = any(map(shutil.which, ["cc", "gcc", "clang", "cl"]))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The wheel and the sdist, built from the sdist as a user's `python -m build` does."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)],
        check=True, capture_output=True,
    )  # fmt: skip
    [wheel], [sdist] = out.glob("*.whl"), out.glob("*.tar.gz")
    return wheel, sdist


def test_the_wheel_holds_the_package_and_nothing_else(built):
    wheel, _ = built
    assert wheel.name.startswith("autograd_lite-0.1.0-cp3")
    names = zipfile.ZipFile(wheel).namelist()
    inside = {str(p.relative_to(ROOT)) for p in (ROOT / "autograd_lite").rglob("*.py")}
    assert inside <= set(names)
    assert {"autograd_lite/py.typed", *[f"autograd_lite/view/page.{x}" for x in ("js", "css")]} <= {
        *names
    }
    assert {f"autograd_lite/lesson/page.{x}" for x in ("js", "css")} <= {*names}
    assert {name.split("/")[0] for name in names} == {
        "autograd_lite",
        "autograd_lite-0.1.0.dist-info",
    }


def test_the_sdist_holds_what_a_build_needs(built):
    _, sdist = built
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE"} <= names


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


@pytest.mark.skipif(not COMPILES, reason="no C compiler (cc, gcc, clang or cl)")
def test_the_wheel_holds_what_was_compiled_and_the_sdist_its_sources(built):
    wheel, sdist = built
    engine, machine = sorted(compiled(zipfile.ZipFile(wheel).namelist()))
    assert engine.startswith("autograd_lite/engine/native/_engine.")
    assert machine.startswith("autograd_lite/program/native/_machine.")
    assert not [n for n in zipfile.ZipFile(wheel).namelist() if n.endswith((".c", ".h"))]
    with tarfile.open(sdist) as archive:
        names = {Path(name).name for name in archive.getnames() if name.endswith((".c", ".h"))}
    assert names == {path.name for folder in NATIVE for path in folder.glob("*.[ch]")}


def test_a_pure_wheel_runs_on_any_platform(built, tmp_path):
    _, names = wheel_from(built[1], tmp_path, AUTOGRAD_LITE_PURE="1")
    assert names[0] == "autograd_lite-0.1.0-py3-none-any.whl"
    assert not compiled(names)


@pytest.mark.skipif(sys.platform == "win32", reason="CC names no compiler there")
def test_without_a_compiler_the_build_warns_and_leaves_the_c_engine_out(built, tmp_path):
    said, names = wheel_from(built[1], tmp_path, CC="/no/compiler")
    assert 'building extension "autograd_lite.engine.native._engine" failed' in said
    assert names
    assert not compiled(names)


def test_a_rule_that_cannot_become_c_stops_the_build(built, tmp_path):
    """It is a fault in the table, and nobody would notice if the Python engine stood in."""

    def spoil(source):
        rules = source / "autograd_lite" / "ops" / "rules.py"
        rules.write_text(rules.read_text().replace("forward=lambda x: x * x,", "forward=abs,"))

    said, names = wheel_from(built[1], tmp_path, spoil)
    assert "square: its forward cannot be written in C" in said
    assert not names


def test_the_wheel_works_in_a_new_virtual_environment(built, tmp_path):
    """Installed without its dependencies, which are lent by this environment: no network."""
    wheel, _ = built
    home = tmp_path / "new"
    venv.create(home, with_pip=False)
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet",
         "--no-deps", "--no-index", str(wheel)],
        check=True, capture_output=True,
    )  # fmt: skip
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    (Path(site) / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pure = shutil.which("graphviz-pure", path=sysconfig.get_path("scripts"))
    if pure:  # elsewhere there is a `dot`
        shutil.copy(pure, python.parent)
    code = (
        "import autograd_lite as ag\n"
        "x = ag.Value(3.0); y = x * x; y.backward()\n"
        "print(x.grad, ag.__version__, ag.__file__)\n"
        "assert ag.draw(y).to_graphviz().pipe('svg').startswith(b'<?xml')"
    )
    done = subprocess.run(
        [python, "-I", "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    grad, version, file = done.stdout.split()
    assert (grad, version) == ("6.0", "0.1.0")
    assert Path(file).is_relative_to(home)
    script = python.parent / "autograd-lite"
    done = subprocess.run([script, "--version"], check=True, capture_output=True, text=True)
    assert "0.1.0" in done.stdout


@pytest.mark.parametrize(
    "extra", ["plot", "notebook", "data", "export", "test", "oracle", "bench", "all"]
)
def test_every_extra_is_declared(built, extra):
    wheel, _ = built
    metadata = zipfile.ZipFile(wheel).read("autograd_lite-0.1.0.dist-info/METADATA").decode()
    assert f"Provides-Extra: {extra}" in metadata
    assert "Requires-Python: >=3.11" in metadata
