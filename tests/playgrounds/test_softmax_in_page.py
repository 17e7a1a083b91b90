"""Functions of a list that are no ops, in the playground: what Python records, recorded again."""

import math

import pytest
from browser import tab

import autograd_lite as ag
from autograd_lite.expressions import FUNCTIONS
from autograd_lite.graph import ancestors
from autograd_lite.ops import Op
from autograd_lite.playgrounds import showing
from autograd_lite.view.page.page import as_json, scripts

NUMBERS = {"a": 0.5, "b": -1.25, "x": 800.0}
LISTS = ["a", "a, b", "a, 2, b", "x, a, x", "b, a, x, 1, -3", "a, b, a*b, b*b, 0.25, a"]
COMPOSED = [name for name, function in FUNCTIONS.items() if not isinstance(function, Op)]


@pytest.fixture(scope="module")
def made(browser):
    """The numbers of the graph that the page makes of a text, or what it says against that."""
    functions, rows, table = showing.vocabulary()
    with tab(browser) as opened:
        opened.page.evaluate(
            f"""() => {{ {scripts()}\n(() => {{ {functions}\n{showing.own_scripts()}
            const table = entered({as_json(table)}, {rows});
            window.made = (text) => {{
              try {{
                const {{ nodes }} = built(text, table, new Numbers({as_json(NUMBERS)}, [1]), "f");
                return nodes.map((node) => [exactly(node.data), exactly(node.grad)]);
              }} catch (error) {{
                if (error instanceof Unreadable) return error.message;
                throw error;
              }} }};
            }})(); }}"""
        )
        yield lambda text: opened.page.evaluate("(text) => made(text)", text)


def close(x, y):
    return x == y or (math.isnan(x) and math.isnan(y)) or math.isclose(x, y, rel_tol=1e-12)


@pytest.mark.parametrize("name", COMPOSED)
@pytest.mark.parametrize("numbers", LISTS)
def test_a_list_gives_pythons_graph_and_numbers(made, name, numbers):
    text = f"dot({name}([{numbers}]), [{numbers}]) - a"
    root = ag.expressions.parse(text, {n: x for n, x in NUMBERS.items() if n in numbers + "a"})
    root.backward()
    found = [[float(x) for x in pair] for pair in made(text)]
    expected = [(node.data, node.grad) for node in ancestors(root)]
    assert len(found) == len(expected)
    for mine, theirs in zip(found, expected, strict=True):
        assert all(map(close, mine, theirs)), (mine, theirs)


@pytest.mark.parametrize("name", COMPOSED)
def test_a_list_of_numbers_alone_is_a_list_of_numbers(made, name):
    expected = ag.expressions.parse(f"sum({name}([1, 2, -3]))").data
    assert float(made(f"sum({name}([1, 2, -3]))")[0][0]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [("a", "takes a list"), ("[a], [b]", "takes a list"), ("[]", "of no numbers is undefined"),
     ("[a, b, a, b, a, b, a]", "of more than 6 numbers is read in Python alone")],
)  # fmt: skip
def test_what_is_no_list_is_refused_in_words(made, arguments, said):
    assert said in made(f"sum(softmax({arguments}))")


def test_a_list_is_no_output(made):
    assert isinstance(made("softmax([a, b])"), str)
