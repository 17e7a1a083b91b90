"""The tutorials of the site say what their cells print; the site runs them as notebooks."""

import random
import re
from pathlib import Path

import pytest

TUTORIALS = Path(__file__).parents[2] / "docs" / "tutorials"


@pytest.fixture
def run(capsys):
    """A function that runs the cells of a tutorial: their names, and the lines that they print."""
    pytest.importorskip("matplotlib", reason='pip install "autograd-lite[plot]"')

    def ran(stem):
        names = {}
        page = (TUTORIALS / f"{stem}.md").read_text(encoding="utf-8")
        for cell in re.findall(r"^```\{code-cell\}\n(.*?)^```", page, re.M | re.S):
            exec(cell, names)
        return names, capsys.readouterr().out.splitlines()

    return ran


@pytest.mark.parametrize("page", sorted(TUTORIALS.glob("*.md")), ids=lambda path: path.stem)
def test_a_tutorial_is_a_notebook_that_the_site_runs(page):
    text = page.read_text(encoding="utf-8")
    if page.stem != "index":
        assert text.startswith("---\nfile_format: mystnb\n")
        assert "execution_mode: force" in text.partition("\n---\n")[0]
        assert "```python" not in text, "code that nobody runs"


def test_the_moons_are_micrograds_to_the_last_digit(run):
    pytest.importorskip("sklearn", reason='pip install "autograd-lite[data]"')
    names, printed = run("micrograd_moons")
    assert "0.8958441028683222 0.5" in printed
    steps = [line for line in printed if line.startswith("step")]
    assert steps[0] == "step  0   loss 0.8958   accuracy 50%"
    assert steps[-1].endswith("accuracy 100%")
    assert len(steps) == 11
    assert printed[-1] == "right: 1.0"

    # what the page calls the first numbers of micrograd's notebook, by micrograd
    theirs = pytest.importorskip("micrograd.nn", reason="needs `pip install micrograd`")
    random.seed(1337)
    model = theirs.MLP(2, [16, 16, 1])
    losses = [
        (1 + -sign * model(list(point))).relu()
        for point, sign in zip(names["points"], names["signs"], strict=True)
    ]
    loss = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
    assert loss.data == 0.8958441028683222


def test_a_line_then_a_curve_are_learnt(run):
    names, printed = run("expression_to_network")
    assert printed[0] == "9.0 -12.0 -6.0"
    assert printed[1].endswith(" 2.25")
    assert "step 100   loss 0.000000   w 2.0000   b 1.0000" in printed
    assert "25 numbers" in printed
    assert names["history"].loss[-1] < 0.01
    assert names["same"].predict([0.5]) == names["model"].predict([0.5])
    assert abs(names["same"].predict([1.0])[0] - 0.8415) < 0.1
    assert abs(names["same"].predict([9.0])[0] - 0.4121) > 0.5
