"""Notebooks with what their cells show: as a test has just run them, or run here."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jupytext
import nbclient
import nbformat
from staging import ROOT

#: Where notebooks are kept that were run; `make test` puts them there, too.
KEPT = ROOT / "build" / "docs" / "executed"
_LIMIT = 240  # seconds that a cell may take
#: Endings of the files that decide what a notebook shows; headers may be written by a build.
_SOURCES = {".py", ".c", ".js", ".css", ".toml"}


def is_current(kept: Path, script: Path) -> bool:
    """Whether a notebook was run as it is now, after the last change of the package."""
    if not kept.exists():
        return False
    cells = [[cell.source for cell in jupytext.read(path).cells] for path in (script, kept)]
    package = [path for path in (ROOT / "autograd_lite").rglob("*") if path.suffix in _SOURCES]
    last = max(path.stat().st_mtime for path in package if path.is_file())
    return cells[0] == cells[1] and kept.stat().st_mtime > last


def execute(script: Path) -> None:
    """Run a notebook in a kernel of its own, and keep it; an error in a cell ends the build."""
    notebook = jupytext.read(script)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    where = {"metadata": {"path": str(KEPT)}}
    nbclient.NotebookClient(notebook, timeout=_LIMIT, resources=where).execute()
    nbformat.write(notebook, KEPT / f"{script.stem}.ipynb")


def execute_all(scripts: list[Path], again: bool = False) -> None:
    """Run the notebooks that are not kept as they are now, or all again; two at a time."""
    KEPT.mkdir(parents=True, exist_ok=True)
    due = [s for s in scripts if again or not is_current(KEPT / f"{s.stem}.ipynb", s)]
    with ThreadPoolExecutor(2) as pool:
        for script, _ in zip(due, pool.map(execute, due), strict=True):
            print(f"ran {script.name}", flush=True)
