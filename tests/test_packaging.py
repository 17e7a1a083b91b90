"""A wheel and an sdist build cleanly, and the wheel works in a new virtual environment."""

import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


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
    assert wheel.name == "autograd_lite-0.1.0-py3-none-any.whl"
    names = zipfile.ZipFile(wheel).namelist()
    inside = {str(p.relative_to(ROOT)) for p in (ROOT / "autograd_lite").rglob("*.py")}
    assert inside <= set(names)
    assert "autograd_lite/py.typed" in names
    assert {name.split("/")[0] for name in names} == {
        "autograd_lite",
        "autograd_lite-0.1.0.dist-info",
    }


def test_the_sdist_holds_what_a_build_needs(built):
    _, sdist = built
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"setup.cfg", "pyproject.toml", "README.md", "LICENSE"} <= names


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


@pytest.mark.parametrize("extra", ["plot", "notebook", "data", "test", "oracle", "bench", "all"])
def test_every_extra_is_declared(built, extra):
    wheel, _ = built
    metadata = zipfile.ZipFile(wheel).read("autograd_lite-0.1.0.dist-info/METADATA").decode()
    assert f"Provides-Extra: {extra}" in metadata
    assert "Requires-Python: >=3.11" in metadata
