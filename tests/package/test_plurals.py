"""One of a thing is said of in the singular, in messages and in what objects print."""

import re
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.errors import counted

X = ag.Value(2.0, label="x")
LINE = nn.MLP(1, [1], seed=0)
with ag.scope("chain"):
    CHAIN = ag.sin(X + 1.0)
CHAIN = -CHAIN


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (0, ["row"], "0 rows"),
        (1, ["row"], "1 row"),
        (2, ["row"], "2 rows"),
        (1, ["loss", "losses"], "1 loss"),
        (12345, ["loss", "losses"], "12,345 losses"),
    ],
)
def test_a_number_of_things(number, words, said):
    assert counted(number, *words) == said


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (lambda: ag.freeze(-X, [X]), "1 instruction, 1 input, 1 output"),
        (lambda: ag.freeze([-X, X * X], [X]), "2 instructions, 1 input, 2 outputs"),
        (lambda: ag.freeze(-X, [X]).to_python().source, "1 instruction, 1 input, 1 output."),
        (lambda: ag.freeze(-X, [X]).to_c(), "1 instruction, 1 input, 1 output."),
        (lambda: ag.compile(abs), "0 programs"),
        (lambda: LINE.learn([1.0, 2.0], [1.0, 2.0], epochs=1, progress=False), "of 1 epoch:"),
        (lambda: ag.explain(-X, X).paths, "<path of 1 step, product -1>"),
        (lambda: ag.draw(X), "1 value\n"),
        (lambda: ag.draw(CHAIN, depth=1), " 1 add, 1 constant, 1 sin "),
        (lambda: ag.diagnose(X).summary, "1 node: healthy"),
    ],
)
def test_what_is_printed(thing, said):
    shown = thing()
    assert said in (shown if isinstance(shown, str) else repr(shown))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: LINE([1.0, 2.0]), "takes 1 input and was given 2"),
        (lambda: LINE(np.ones((2, 1))), "one sample of 1 input and was given an array"),
        (lambda: nn.MLP(2, [1])(1.0), "a sequence of 2 numbers, floats or Values, and was given"),
        (lambda: ag.freeze(-X, [X])(1.0, 2.0), "takes 1 input and was given 2"),
        (lambda: ag.hvp(abs)(1.0), "was given 1 argument"),
        (lambda: LINE.learn([1.0], [1.0], validation=0.5), "of 1 sample leaves"),
        (lambda: LINE.learn([1.0], [1.0], validation=([1.0],)), "has 1 part"),
        (lambda: nn.losses.squared_error([X], [1.0, 2.0]), "given 1 output and 2 targets"),
        (lambda: nn.losses.squared_error([X, X], [1.0]), "given 2 outputs and 1 target"),
        (lambda: ag.check_grad(abs, 1.0, order=0), "by 1 number to order 0"),
    ],
)
def test_what_is_raised(wrong, said):
    with pytest.raises((TypeError, ValueError), match=re.escape(said)):
        wrong()


def test_no_message_adds_the_s_by_itself():
    """`counted` does it, and explanations, whose numbers of paths are longer than any text."""
    package = Path(ag.__file__).parent
    found = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"['\"]s['\"] (\*|if)", path.read_text())
    }
    assert found == {"explanations/telling.py"}
