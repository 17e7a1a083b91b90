"""A copy of the package with a C engine of its own: other flags, another table, for debugging.

The installed one stays as it is. As a command (`make asan`, `make faults`, `make valgrind`) it
writes the copy, with the tests, to a folder; flags come from the environment, as for setup.py.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
PARTS = ["autograd_lite", "tests", "setup.py", "setup.cfg", "pyproject.toml", "README.md"]


def copy_to(folder: Path) -> None:
    """Write a copy of the sources, without anything compiled."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for part in PARTS:
        if (ROOT / part).is_dir():
            ignored = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__")
            shutil.copytree(ROOT / part, folder / part, ignore=ignored)
        else:
            shutil.copy(ROOT / part, folder)


def compile_in(folder: Path, **environment: str) -> None:
    """Compile the C engine of a copy, there."""
    done = subprocess.run(
        [sys.executable, "setup.py", "build_ext", "--inplace", "--force"],
        cwd=folder, env=os.environ | environment, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode or not list(folder.glob("autograd_lite/engine/native/_engine.*[od]")):
        raise RuntimeError(f"the C engine does not compile:\n{done.stdout}{done.stderr}")


def compiled_copy(
    folder: Path, edit: Callable[[Path], object] = lambda folder: None, **environment: str
) -> Path:
    """A copy, changed by `edit`, with its C engine compiled."""
    copy_to(folder)
    edit(folder)
    compile_in(folder, **environment)
    return folder


def run_in(folder: Path, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a program says that imports the package from a copy."""
    return subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(folder), **environment},
    )  # fmt: skip


if __name__ == "__main__":
    compiled_copy(Path(sys.argv[1]))
