"""Exercises in back-propagation by hand: random graphs with round numbers, and their key."""

from __future__ import annotations

import html
import math
import operator
import random
from base64 import b64encode
from dataclasses import replace
from types import EllipsisType

from autograd_lite.engine import Value
from autograd_lite.errors import LayoutError, counted, shown
from autograd_lite.explanations.trace import trace
from autograd_lite.ops import TABLE
from autograd_lite.transforms.gradients import gradient
from autograd_lite.view.dot import drawing_of
from autograd_lite.view.picture import BoxLine, Picture, every_value, listing
from autograd_lite.view.steps import steps

#: Of the levels, from 1.
TITLES = ("sums and products", "re-use", "activations", "a neuron", "a layer")
_ACTIVATIONS = ("relu", "relu", "tanh", "sigmoid")
_OPERATORS = (operator.add, operator.sub, operator.mul, operator.mul)
_LARGEST = 40.0
_SLOT = "grad ______"


class Exercise:
    """A graph whose gradients are asked for.

    Attributes
    ----------
    root : Value
    steps : list of TraceStep
        Its nodes, each with name, formula, number and partials.
    key : dict of str to float
        The gradients, by name.
    """

    def __init__(self, root: Value) -> None:
        self.root, self.steps = root, trace(root)
        self._nodes = [node for node in steps(root).order if not node.constant]
        grads = gradient(root, self._nodes)
        self.key = {node.label: grad for node, grad in zip(self._nodes, grads, strict=True)}

    def parts(self, name: str) -> list[tuple[float, float]]:
        """The gradient's parts: for each use of a node, what arrives there and the partial."""
        uses = [(step, use) for step in self.steps[::-1] for use in step.partials]
        return [(self.key[step.name], partial) for step, (used, partial) in uses if used == name]

    def sum(self, name: str) -> str:
        """The gradient in numbers: ``3 × 2 + 1 × (-4) = 2``."""
        terms = [" × ".join(map(_factor, part)) for part in self.parts(name)]
        return " = ".join(filter(None, (" + ".join(terms), f"{self.key[name]:g}")))

    def _repr_html_(self) -> str:
        try:
            return image(self.picture())
        except LayoutError as error:
            return f"<p>{html.escape(str(error))}</p><pre>{listing(self.picture())}</pre>"

    def picture(self, key: bool = False) -> Picture:
        """The graph with slots for partials and gradients, or with the key in them."""
        for node in self._nodes:
            node.grad = self.key[node.label]
        picture = every_value(steps(self.root))
        if key:
            return picture
        room = BoxLine("    ", "zero")  # for the partial
        return Picture(
            [
                replace(
                    box,
                    lines=(*box.lines[:1], BoxLine(_SLOT)),
                    arrows=tuple([replace(arrow, note=room) for arrow in box.arrows]),
                )
                for box in picture.boxes
            ]
        )

    def check(self, **answers: float | EllipsisType) -> dict[str, str]:
        """A mark for each gradient: ✓, ✗ with the way to it, or ``"open"`` for ``...``.

        Examples
        --------
        >>> from autograd_lite import Value
        >>> Exercise(Value(2.0, "a") * Value(3.0, "b")).check(a=3, b=...)
        {'a': '✓', 'b': 'open', 'v1': 'open'}
        """
        for name in answers.keys() - self.key:
            raise ValueError(f"the exercise has no {shown(name)}, but {', '.join(self.key)}")
        return {name: self._mark(name, answers.get(name, ...)) for name in self.key}

    def _mark(self, name: str, answer: float | EllipsisType) -> str:
        if isinstance(answer, EllipsisType):
            return "open"
        if math.isclose(answer, self.key[name], rel_tol=1e-3, abs_tol=1e-6):
            return "✓"
        parts = counted(len(self.parts(name)), "part")
        return f"✗ {parts}: of each use, what arrives there times the partial"

    @property
    def _is_round(self) -> bool:
        numbers = [*self.key.values(), *(step.value for step in self.steps)]
        zeros = sum(grad == 0.0 for grad in self.key.values())
        return zeros <= len(self.key) // 4 and all(
            abs(x) <= _LARGEST and (4.0 * x).is_integer() for x in numbers
        )


def image(picture: Picture) -> str:
    """An element of HTML that holds a picture; a LayoutError without Graphviz."""
    drawn = b64encode(drawing_of(picture).pipe("svg")).decode()
    return f'<img alt="{picture.caption or "graph"}" src="data:image/svg+xml;base64,{drawn}">'


def _factor(x: float) -> str:
    return f"({x:g})" if x < 0.0 else f"{x:g}"


def random_exercise(level: int, rng: random.Random) -> Exercise:
    """An exercise with round numbers and few gradients that are 0."""
    make = {4: _neuron, 5: _layer}.get(level, _mixed)
    while True:
        exercise = Exercise(make(level, rng))
        if exercise._is_round:
            return exercise


def _leaves(names: str, rng: random.Random) -> list[Value]:
    """Leaves at small whole numbers, none of them 0."""
    return [Value(float(rng.choice((-1, 1)) * rng.randint(1, 5)), name) for name in names.split()]


def _named(value: Value, name: str) -> Value:
    value.label = name
    return value


def _activated(value: Value, rng: random.Random) -> Value:
    found: Value = TABLE[rng.choice(_ACTIVATIONS)](value)
    return found


def _mixed(level: int, rng: random.Random) -> Value:
    """Three or four leaves, all used; from level 2 on some again, from 3 on in activations."""
    many = 3 if level > 1 else rng.choice((3, 4))
    made = _leaves("a b c d"[: 2 * many], rng)
    unused, names = [*made], iter("abcdefghijklm"[many:])
    again, bent = (0, 2, 1)[level - 1], level == 3
    while len(unused) > 1 or again or bent:
        one = unused.pop(rng.randrange(len(unused)))
        if bent and one.op:
            value, bent = _activated(one, rng), False
        elif again and (one.op or not unused) and (not unused or rng.random() < 0.7):
            value, again = _combined(one, rng.choice(made), rng), again - 1
        else:
            two = unused.pop(rng.randrange(len(unused))) if unused else rng.choice(made)
            value = _combined(one, two, rng)
        made.append(_named(value, next(names)))
        unused.append(value)
    return unused[0]


def _combined(one: Value, two: Value, rng: random.Random) -> Value:
    found: Value = rng.choice(_OPERATORS)(*rng.sample((one, two), 2))
    return found


def _neuron(_: int, rng: random.Random) -> Value:
    """The squared error of a neuron with two inputs."""
    x1, w1, x2, w2, b, y = _leaves("x1 w1 x2 w2 b y", rng)
    p, q = _named(w1 * x1, "p"), _named(w2 * x2, "q")
    h = _named(_activated(_named(_named(p + q, "s") + b, "n"), rng), "h")
    e = _named(h - y, "e")
    return _named(e * e, "L")


def _layer(_: int, rng: random.Random) -> Value:
    """The product of two neurons over the same two inputs."""
    x1, x2, *weights = _leaves("x1 x2 u1 u2 v1 v2", rng)
    outs = []
    for k, (w1, w2) in enumerate((weights[:2], weights[2:]), 1):
        p, q = _named(w1 * x1, f"p{k}"), _named(w2 * x2, f"q{k}")
        outs.append(_named(_activated(_named(p + q, f"n{k}"), rng), f"h{k}"))
    return _named(outs[0] * outs[1], "L")
