"""The notebooks run from top to bottom, and each .ipynb says what its .py partner says."""

import os
from pathlib import Path

import jupytext
import nbclient
import nbformat
import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SCRIPTS = sorted(NOTEBOOKS.glob("*.py"))


def test_the_notebooks_are_there():
    names = [path.stem for path in SCRIPTS]
    assert names == [
        "01_seven_steps", "02_building_expressions", "03_training_a_tiny_mlp", "04_derivatives",
        "05_programs", "06_seeing",
    ]  # fmt: skip
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == set(names)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_two_forms_of_a_notebook_agree(script):
    """`make notebooks` writes the .ipynb from the .py."""
    cells = [
        [(cell.cell_type, cell.source) for cell in jupytext.read(path).cells]
        for path in (script, script.with_suffix(".ipynb"))
    ]
    assert cells[0] == cells[1]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(script, tmp_path, monkeypatch):
    """Its assertions hold; nothing is written beside it."""
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    before = set(os.listdir(NOTEBOOKS))
    notebook = jupytext.read(script)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbclient.NotebookClient(
        notebook, timeout=240, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    nbformat.validate(notebook)
    assert any("assert " in cell.source for cell in notebook.cells)
    assert set(os.listdir(NOTEBOOKS)) == before


def test_the_committed_outputs_are_pictures_and_small():
    """Where notebooks are read, scripts do not run; a run brings the pages back."""
    paths = [*NOTEBOOKS.glob("*.ipynb")]
    assert sum(path.stat().st_size for path in paths) < 1_500_000
    for path in paths:
        text = path.read_text()
        assert "<script" not in text
        assert "<img" in text or "image/png" in text
