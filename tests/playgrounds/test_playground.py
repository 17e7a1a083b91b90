"""The playground: what is typed in the page becomes the graph that Python makes of it."""

import math
import random

import pytest

import autograd_lite as ag
from autograd_lite.expressions import FUNCTIONS
from autograd_lite.graph import ancestors
from autograd_lite.ops import Op, SequenceOp
from autograd_lite.playgrounds import showing as room
from autograd_lite.view.page.page import as_json, scripts


def bench(page):
    """The page's own functions, as `made(text, numbers)`, in an empty tab."""
    functions, rows, table = room.vocabulary()
    page.page.set_content("<body></body>")
    page.page.evaluate(
        f"""() => {{ {scripts()}\n(() => {{ {functions}\n{room.own_scripts()}
        window.made = (text, given) => {{
          const table = entered({as_json(table)}, {rows});
          try {{
            const numbers = new Numbers(given, {as_json(room._STARTS)});
            const {{ nodes }} = built(text, table, numbers, "f");
            const found = nodes.map((node) => [exactly(node.data), exactly(node.grad)]);
            const dot = new Dot({as_json(room.style())}).source(pictured(nodes));
            return {{ numbers: found, dot }};
          }} catch (error) {{
            if (error instanceof Unreadable) return {{ error: error.message, at: error.at }};
            throw error;
          }}
        }};
        }})(); }}"""
    )
    return lambda text, numbers=None: page.page.evaluate(
        "([text, given]) => made(text, given)", [text, numbers or {}]
    )


@pytest.fixture(scope="module")
def made(shared):
    return bench(shared)


def in_python(text, numbers=None):
    root = room._recorded(text, dict(numbers or {}))
    root.backward()
    return root


def random_text(rng, depth):
    """A random formula, of every kind of syntax and most functions."""
    if depth == 0:
        return rng.choice(["a", "b", "x", "y_1", "2", "0.5", "3.25", "pi"])
    one, two, three = (random_text(rng, rng.randrange(depth)) for _ in range(3))
    rows = [row for row in FUNCTIONS.values() if isinstance(row, Op) and not row.attrs]
    row = rng.choice(rows)
    sequence = isinstance(row, SequenceOp)
    vectors = [f"[{one}, {two}]", f"({three}, {one})"][: len(row.vectors)] if sequence else []
    return rng.choice(
        [
            f"({one} {rng.choice(['+', '-', '*', '/'])} {two})",
            f"{one} {rng.choice(['+', '-', '*', '%', '//'])} {two}",
            f"-{one}*{two}", f"({one})**2", f"-({one})**-2", f"abs({one})**{two}",
            f"{row.name}({', '.join(vectors or [one, two, three][: row.arity])})",
        ]
    )  # fmt: skip


def close(x, y):
    return x == y or (math.isnan(x) and math.isnan(y)) or math.isclose(x, y, rel_tol=1e-12)


class TestNumbers:
    def test_random_expressions_are_the_same_graph_with_the_same_numbers(self, made):
        rng, compared = random.Random(19), 0
        while compared < 150:
            text = random_text(rng, 4)
            root, found = in_python(text), made(text)
            expected = [(node.data, node.grad) for node in ancestors(root)]
            numbers = [[float(x) for x in pair] for pair in found["numbers"]]
            assert len(numbers) == len(expected), text
            for mine, theirs in zip(numbers, expected, strict=True):
                assert all(map(close, mine, theirs)), (text, mine, theirs)
            compared += len(expected) > 1

    @pytest.mark.parametrize(
        "text",
        ["(a*b)*a + a*a", "tanh(w*x + b)", "e = a*b; e*a + a*a", "x**2 - x**-1 + 2*x", "3 + 4",
         "dot([a, b], [x, 2], c) + sum([a, a, 1])", "leaky_relu(ω, 0.2) / σ", "x"],
    )  # fmt: skip
    def test_the_drawing_is_that_of_python(self, made, text):
        """To the letter, so that there is one style."""
        assert made(text)["dot"] == ag.draw(in_python(text)).to_graphviz().source
