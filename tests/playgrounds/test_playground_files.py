"""What Python knows of the playground: its numbers, its picture, its file."""

import hashlib
import re
from pathlib import Path

import pytest

import autograd_lite as ag
from autograd_lite.errors import ExpressionError
from autograd_lite.expressions import FUNCTIONS, INSTEAD, names
from autograd_lite.ops import Op
from autograd_lite.playgrounds import showing
from autograd_lite.playgrounds.vocabulary import trainers, vocabulary

ROOM = Path(showing.__file__).parent


def test_a_text_without_numbers_gets_some():
    made = showing.Playground("w*x + pi", {"w": 3.0})
    assert made._numbers == {"w": 3.0, "x": 2.0}
    assert repr(made).startswith("Playground('w*x + pi')")


def test_without_a_text_there_is_an_example_with_a_variable_used_often():
    assert names(ag.playground()._text).count("a") == 1
    assert ag.playground()._text.count("a") == 4


def test_parts_with_names_are_shared_and_labelled():
    root = showing._recorded("e = a*b\ntanh(e\n) + e", {})
    assert [parent.label for parent in root.parents] == ["", "e"]
    assert root.label == "f"


def test_an_output_is_named_unless_a_variable_has_the_name():
    assert showing._recorded("f*x", {}).label == ""
    assert showing._recorded("L = a*b", {}).label == "L"


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("tanh(", ExpressionError, "never closed"),
        ("a = 1; a = 2; a", ExpressionError, "a has a meaning already"),
        (" ", ExpressionError, "empty"),
        (3.0, TypeError, "an expression is a str and was given float"),
    ],
)
def test_what_is_no_formula_is_refused_at_once(text, error, said):
    with pytest.raises(error, match=said):
        ag.playground(text)


def test_a_page_is_saved_as_html_alone(tmp_path):
    with pytest.raises(ValueError, match=r"saved as .html, and 'x.svg' is not"):
        ag.playground().save("x.svg")
    page = ag.playground("x*x").save(tmp_path / "x.html")
    text = page.read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert len(text) < 1_200_000


def test_a_committed_notebook_keeps_the_picture_and_little_else():
    """The scripts go (tests/static_notebooks.py), the picture of the expression stays."""
    page = ag.playground("tanh(w*x + b)")._repr_html_()
    static = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert static.count("data:image/svg+xml;base64,") == 1
    assert len(static) < 20_000


def test_without_graphviz_the_output_says_so_and_lists_the_graph(monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", "/nowhere/dot")
    static = ag.playground("x*y")._repr_html_().partition("<script>")[0]
    assert "No picture" in static
    assert "data 1" in static


def test_every_function_of_an_expression_is_in_the_page():
    _, rows, table = vocabulary()
    assert {*FUNCTIONS} == {*table["functions"]}
    assert rows.count("forward:") >= len({id(f) for f in FUNCTIONS.values() if isinstance(f, Op)})
    assert {*INSTEAD} < {*table["words"]}


def test_the_rules_of_optimisers_and_losses_travel_as_programs_and_graphs():
    updates, optimizers = trainers()
    assert updates.count("function update") == optimizers.count("update:") == 4
    assert {*vocabulary()[2]["losses"]} == {
        "squared_error",
        "absolute_error",
        "hinge",
        "binary_cross_entropy",
    }


def test_graphviz_is_the_file_of_the_package_that_the_makefile_names():
    makefile = (ROOM.parents[1] / "Makefile").read_text(encoding="utf-8")
    [version], [wanted] = (
        re.findall("VIZ := (.*)", makefile),
        re.findall("VIZ_SUM := (.*)", makefile),
    )
    content = (ROOM / "viz.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() == wanted
    assert f"Viz.js {version}".encode() in content[:100]
    licence = (ROOM / "VIZ_LICENSE.txt").read_text(encoding="utf-8")
    assert f"@viz-js/viz {version}" in licence
    assert len(content) < 2_000_000
