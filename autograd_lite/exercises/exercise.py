"""Exercises in back-propagation by hand: random graphs with round numbers, and their key."""

import html
import math
import random
import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import replace
from types import EllipsisType

from autograd_lite.engine import Value
from autograd_lite.errors import LayoutError, counted, shown
from autograd_lite.explanations.trace import trace
from autograd_lite.expressions import parse
from autograd_lite.files import words
from autograd_lite.ops.activations import sigmoid
from autograd_lite.ops.rules import relu, tanh
from autograd_lite.transforms.gradients import gradient
from autograd_lite.view.dot import drawing_of
from autograd_lite.view.picture import BoxLine, Picture, every_value, listing
from autograd_lite.view.steps import steps

WORDS = words("worksheets.toml", "exercises")
#: The first twice as often; at 0 only those that are smooth there.
_ACTIVATIONS, _SMOOTH = (relu, relu, tanh, sigmoid), (tanh, sigmoid)
_LARGEST = 40.0


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
        self.nodes = [node for node in steps(root).order if not node.constant]
        grads = gradient(root, self.nodes)
        self.key = {node.label: grad for node, grad in zip(self.nodes, grads, strict=True)}

    def parts(self, name: str) -> list[tuple[float, float]]:
        """The gradient's parts: for each use of a node, what arrives there and the partial."""
        uses = [(step, use) for step in self.steps[::-1] for use in step.partials]
        return [(self.key[step.name], partial) for step, (used, partial) in uses if used == name]

    def sum(self, name: str) -> str:
        """The gradient in numbers: ``3 × 2 + 1 × (-4) = 2``."""
        parts = " + ".join(f"{up:g} × {partial:g}" for up, partial in self.parts(name))
        told = re.sub("(-[^ ]+)", r"(\1)", parts)
        return " = ".join(filter(None, (told, f"{self.key[name]:g}")))

    def _repr_html_(self) -> str:
        return displayed(self.picture())

    def picture(self, key: bool = False) -> Picture:
        """The graph with slots for partials and gradients, or with the key in them."""
        for node in self.nodes:
            node.grad = self.key[node.label]
        picture = every_value(steps(self.root))
        if key:
            return picture
        slot, room = BoxLine("grad ______"), BoxLine("    ", "zero")  # for the partial
        boxes = []
        for box in picture.boxes:
            arrows = tuple([arrow._replace(note=room) for arrow in box.arrows])
            boxes.append(replace(box, lines=(box.lines[0], slot), arrows=arrows))
        return Picture(boxes)

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


def displayed(*pictures: Picture) -> str:
    """Pictures in a notebook; without Graphviz, the reason and the boxes as text."""
    try:
        return "".join(map(image, pictures))
    except LayoutError as error:
        listed = "\n\n".join(map(listing, pictures))
        return f"<p>{html.escape(str(error))}</p><pre>{html.escape(listed)}</pre>"


def image(picture: Picture) -> str:
    """An element of HTML that holds a picture; a LayoutError without Graphviz."""
    drawn = b64encode(drawing_of(picture).pipe("svg")).decode()
    look = 'style="max-width:100%;border-radius:6px;margin:0 6px 6px 0"'
    name = picture.caption or "graph"
    return f'<img alt="{name}" {look} src="data:image/svg+xml;base64,{drawn}">'


def random_exercise(level: int, rng: random.Random) -> Exercise:
    """An exercise with round numbers and few gradients that are 0."""
    program = WORDS["programs"].get(str(level))
    while True:
        found = Exercise(_computed((program or _program(level, rng)).splitlines(), rng))
        grads = [*found.key.values()]
        numbers = [*grads, *(step.value for step in found.steps)]
        numbers += [partial for step in found.steps for _, partial in step.partials]
        is_round = all(abs(x) <= _LARGEST and (4.0 * x).is_integer() for x in numbers)
        is_round = is_round and "-0.0" not in map(str, numbers)
        if is_round and grads.count(0.0) <= len(grads) // 4:
            return found


def _program(level: int, rng: random.Random) -> str:
    """A line for each node: three or four leaves, some used again, an activation, by the level."""
    many = 3 if level > 1 else rng.choice((3, 4))
    made, unused, names = [*"abcd"[:many]], [*"abcd"[:many]], iter("abcdefghijklm"[many:])
    again, bent = (0, 2, 1)[level - 1], level == 3
    lines = []
    while len(unused) > 1 or again or bent:
        one = unused.pop(rng.randrange(len(unused)))
        if bent and one in made[many:]:
            formula, bent = f"f({one})", False
        else:
            twice = one in made[many:] and again > 0 and (not unused or rng.random() < 0.7)
            others = [each for each in (made if twice or not unused else unused) if each != one]
            two = rng.choice(others)
            if not twice and unused:
                unused.remove(two)
            again -= twice
            formula = f" {rng.choice('+-**')} ".join(rng.sample((one, two), 2))
        name = next(names)
        lines.append(f"{name} = {formula}")
        made.append(name)
        unused.append(name)
    return "\n".join(lines)


def _computed(lines: Iterable[str], rng: random.Random) -> Value:
    """The last Value of a program, in which f is an activation, at leaves with random numbers."""
    known: dict[str, Value] = {}
    for line in lines:
        name, formula = line.split(" = ")
        for each in re.findall(r"[a-z]\d?\b(?!\()", formula):
            if each not in known:
                known[each] = Value(float(rng.choice((-1, 1)) * rng.randint(1, 5)), each)
        used = {each: x for each, x in known.items() if re.search(rf"\b{each}\b", formula)}
        bend = rng.choice(_ACTIVATIONS if all(x.data for x in used.values()) else _SMOOTH)
        known[name] = parse(formula.replace("f(", f"{bend.name}("), used)
        known[name].label = name
    return known[name]
