"""The notebooks run from top to bottom, show what they say, and each .ipynb says what its .py does.

The facts about a notebook stand in facts/, cell by cell: a cell there runs after the notebook's
cell that holds the text in its first line, in the same kernel.
"""

import os
import re
from pathlib import Path

import jupytext
import nbclient
import nbformat
import pytest
from nbconvert.filters import strip_ansi

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
FACTS = Path(__file__).parent / "facts"
SCRIPTS = sorted(NOTEBOOKS.glob("*.py"))
#: Seconds that a notebook may keep the processor busy, which do not depend on what else runs.
LIMIT = 60.0
#: A folder for the notebooks as they came out; the site is built from them.
EXECUTED = os.environ.get("EXECUTED")
BUSY = "import time\nprint(time.process_time())"


def facts_of(script):
    """For each cell of a notebook that has facts, its place, and the code that looks at it."""
    notebook = jupytext.read(script)
    answers = re.findall(r"```python\n(.*?)```", words_of(notebook), re.DOTALL)
    found = []
    for cell in jupytext.read(FACTS / script.name).cells:
        first, _, code = cell.source.partition("\n")
        text = first.removeprefix("# after: ")
        [place] = [i for i, c in enumerate(notebook.cells) if text in c.source and is_code(c)]
        given = re.match(r"# answer (\d)\n", code)
        found.append((place, answers[int(given.group(1)) - 1] + code if given else code))
    return found


def is_code(cell):
    return cell.cell_type == "code"


def words_of(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if not is_code(cell))


def shown(cell):
    """The text that a cell prints or shows."""
    texts = [out.get("text") or out.get("data", {}).get("text/plain", "") for out in cell.outputs]
    return "".join(texts)


@pytest.fixture(scope="module", params=SCRIPTS, ids=lambda path: path.stem)
def ran(request, tmp_path_factory):
    """A notebook after its run with the cells of facts, which are taken out again."""
    folder = tmp_path_factory.mktemp("notebook")
    notebook = jupytext.read(request.param)
    for place, code in sorted(facts_of(request.param), reverse=True):
        fact = nbformat.v4.new_code_cell(code, metadata={"fact": True})
        notebook.cells.insert(place + 1, fact)
    notebook.cells.append(nbformat.v4.new_code_cell(BUSY, metadata={"fact": True}))
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    before = set(os.listdir(NOTEBOOKS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        client = nbclient.NotebookClient(
            notebook, timeout=240, resources={"metadata": {"path": str(folder)}}
        )
        said = ""
        try:
            client.execute()
        except nbclient.exceptions.CellExecutionError as error:
            said = strip_ansi(str(error))
    if said:
        pytest.fail(said, pytrace=False)
    assert set(os.listdir(NOTEBOOKS)) == before, "something was written beside the notebooks"
    nbformat.validate(notebook)
    busy = float(shown(notebook.cells[-1]))
    notebook.cells = [cell for cell in notebook.cells if not cell.metadata.get("fact")]
    if EXECUTED:
        os.makedirs(EXECUTED, exist_ok=True)
        nbformat.write(notebook, Path(EXECUTED, f"{request.param.stem}.ipynb"))
    return request.param.stem, notebook, busy


def test_the_notebooks_are_there():
    names = [path.stem for path in SCRIPTS]
    assert names == [
        "01_seven_steps", "02_building_expressions", "03_training_a_tiny_mlp", "04_derivatives",
        "05_programs", "06_seeing", "07_classroom",
    ]  # fmt: skip
    for folder, kind in ((NOTEBOOKS, "ipynb"), (FACTS, "py")):
        assert {path.stem for path in folder.glob(f"*.{kind}")} == set(names)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_two_forms_of_a_notebook_agree(script):
    """`make notebooks` writes the .ipynb from the .py."""
    cells = [
        [(cell.cell_type, cell.source) for cell in jupytext.read(path).cells]
        for path in (script, script.with_suffix(".ipynb"))
    ]
    assert cells[0] == cells[1]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_notebook_is_to_work_in(script):
    """It says what one can do after it, asserts nothing, and ends with three exercises."""
    notebook = jupytext.read(script)
    words = words_of(notebook)
    assert re.search(r"^After this notebook you can\n\n- ", words, re.MULTILINE)
    assert not any("assert " in cell.source for cell in notebook.cells if is_code(cell))
    exercises = words.partition("\n## Exercises\n")[2]
    assert re.findall(r"^\*\*(\d)\.\*\* ", exercises, re.MULTILINE) == ["1", "2", "3"]
    assert len(re.findall(r"<summary>Answer</summary>.*?```python.*?</details>", exercises,
                          re.DOTALL)) == 3  # fmt: skip
    answered = re.findall(r"# after: Your lines for exercise (\d)\n# answer (\d)\n",
                          (FACTS / script.name).read_text())  # fmt: skip
    assert answered == [("1", "1"), ("2", "2"), ("3", "3")]


def test_a_notebook_runs_from_top_to_bottom(ran):
    """The facts hold, and the answers to its exercises; it takes less than a minute."""
    *_, busy = ran
    assert busy < LIMIT


def test_a_notebook_shows_what_its_cells_end_with(ran):
    """Every graph and figure is a picture, and nothing is told on standard error."""
    _, notebook, _ = ran
    pictures = 0
    for cell in filter(is_code, notebook.cells):
        assert not any(out.get("name") == "stderr" for out in cell.outputs), cell.source
        kinds = {kind for out in cell.outputs for kind in out.get("data", {})}
        pictures += sum("<img " in out.get("data", {}).get("text/html", "") for out in cell.outputs)
        if "plt.show()" in cell.source or "display(" in cell.source:
            assert "image/png" in kinds or "<img " in str(cell.outputs), cell.source
        if re.search(r"^(ag\.)?draw(_diff)?\(", cell.source.splitlines()[-1]):
            assert "<img " in str(cell.outputs), cell.source
    assert pictures or "image/png" in str(notebook.cells)


def test_the_facts_are_many():
    """As many as the notebooks held themselves, before they were to be worked in."""
    facts = [line for path in FACTS.glob("*.py") for line in path.read_text().splitlines()]
    assert sum(line.lstrip().startswith("assert ") for line in facts) >= 143


def test_the_committed_outputs_are_pictures_and_small():
    """Where notebooks are read, scripts do not run; a run brings the pages back."""
    paths = [*NOTEBOOKS.glob("*.ipynb")]
    assert sum(path.stat().st_size for path in paths) < 1_500_000
    for path in paths:
        text = path.read_text()
        assert "<script" not in text
        assert "<img" in text or "image/png" in text


# --- what the cells print -------------------------------------------------------------------------

#: For some cells, by a text in them, what is printed or shown there.
SHOWN = {
    "01_seven_steps": {
        "for _ in range(7):": [
            "W = 3.00000   loss =  30.00000   derivative =  60.0000",
            "W = 2.40000   loss =   4.80000   derivative =  24.0000",
            "W = 2.00410   loss =   0.00050   derivative =   0.2458",
        ],
        'print("input  actual  desired")': ["    3       9        6\n    4      12        8"],
        "absolute = sum(": [
            "W =   3   sum of errors =   10   sum of squared errors =    30",
            "W =   5   sum of errors =   30   sum of squared errors =   270",
            "W = 0.5   sum of errors =   15   sum of squared errors =  67.5",
        ],
        "step = 0.0001": ["loss 30, after the step 30.006: 60.0030 per unit of W"],
        "for start in (0.5, 2.0, 3.0):": [
            "W = 0.5   derivative =  -90   increase W",
            "W =   2   derivative =    0   stay",
            "W =   3   derivative =   60   decrease W",
        ],
        "d_error = 2 * error": ["loss 4, derivatives: w2 24, w1 8, x 12"],
        "ag.draw_diff(before, after)": ["output 30 → 4.8 ▼ -25.2; 1 of 1 leaf moved"],
        "nn.optim.SGD(network": ["forward  [ 0.  3.  6.  9. 12.]", "loss     6.0", "update   2.4"],
    },
    "02_building_expressions": {
        "after a second pass": ["after a second pass: 78.0", "cleared:             0.0"],
        "a.data = -1.0": ["recorded: 42.0", "now:      6.0"],
        "z.data = 1.0": ["set the data of its leaves"],
    },
    "04_derivatives": {
        "fit = least_squares": ["limit 213.8094085", "NIST: 213.80940889"],
        "print(explanation)": ["dy/dt = -0.756802: 3 paths from t to y"],
    },
    "05_programs": {
        "x * x.data": ["would bake this call's number in"],
        "factor = 3.0": ["gives 2.0 where the function gives 3.0"],
    },
    "06_seeing": {
        "max_nodes=most": ["max_nodes=5: 1,064 values, showing 5 groups (by scope)"],
        "display(error.draw())": ["log(0.0) is -inf, recorded at"],
    },
    "07_classroom": {
        'for name in ("e", "c"': ["e: 1 × 4 + (-2) × (-1) = 6"],
    },
}


def test_the_cells_print_the_numbers_that_they_should(ran):
    stem, notebook, _ = ran
    for text, lines in SHOWN.get(stem, {}).items():
        [cell] = [cell for cell in notebook.cells if is_code(cell) and text in cell.source]
        for line in lines:
            assert line in shown(cell)
