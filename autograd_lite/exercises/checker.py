"""A learner's own class, tried on the laws of an engine."""

from __future__ import annotations

import html
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.errors import LayoutError, shown
from autograd_lite.exercises.exercise import image
from autograd_lite.exercises.laws import MISTAKES, Example, Law, laws_for
from autograd_lite.graph import ancestors
from autograd_lite.terminal import Terminal, on_screen
from autograd_lite.view.picture import BoxLine, Picture, every_value
from autograd_lite.view.steps import steps

#: Values of which there is a picture: beyond, the program itself says more.
_DRAWN = 40
_COLOURS = {"✓": "green", "✗": "red", "!": "cyan"}
_CELLS = "<td>{}</td><td><b>{}</b></td><td>{}</td>".replace("<td", '<td style="text-align:left"')
#: The number of a variable, and its gradient.
Numbers = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Breach:
    """An example of a law that did not come out as it should."""

    law: Law
    example: Example
    yours: Numbers  # by variable; empty where the program raised
    right: Numbers
    root: Any  # of our graph, for the picture
    error: str = ""  # the exception, in a line

    @property
    def wrong(self) -> list[str]:
        """The variables whose numbers are wrong."""
        return [
            name for name, numbers in self.yours.items() if not _alike(numbers, self.right[name])
        ]

    @property
    def mistake(self) -> str:
        """The name of the mistake that leaves these numbers behind; ``""`` for one not known."""
        if self.error:
            return self.law.raising
        for name, grads in self.example.mistakes.items():
            if all(_is_one_of(self.yours[v][1], x) for v, x in grads.items() if v in self.yours):
                return name
        return ""

    @property
    def advice(self) -> str:
        """The way out; of a mistake that is not known, the law once more."""
        return MISTAKES.get(self.mistake, self.law.words)

    def pictures(self) -> list[Picture]:
        """The graph with the learner's numbers, and with the right ones; none of a large one."""
        if len(ancestors(self.root)) > _DRAWN:
            return []
        right = every_value(steps(self.root))
        boxes = [
            box
            if box.label not in self.yours
            else replace(
                box,
                lines=tuple(
                    BoxLine(f"{name} {x:.4g}")
                    for name, x in zip(("data", "grad"), self.yours[box.label], strict=True)
                ),
                tint="negative" if box.label in self.wrong else "",
                strength=3 * (box.label in self.wrong),
            )
            for box in right.boxes
        ]
        return [Picture(boxes, "yours"), Picture(right.boxes, "right")]


class CheckedEngine:
    """The laws of an engine, each with how a class came out, as `check` gives them.

    It prints itself, and shows itself in a notebook.

    Attributes
    ----------
    ok : bool
        Whether every law holds that back-propagation needs. The others are advice.
    first : Breach or None
        The first law that breaks: one that is needed, if there is one.
    breaches : dict of str to (Breach or None)
        By the name of the law.
    """

    def __init__(self, name: str, found: Mapping[Law, Breach | None]) -> None:
        self._name, self._found = name, found
        self.breaches = {law.name: breach for law, breach in found.items()}
        broken = sorted(filter(None, found.values()), key=lambda breach: not breach.law.needed)
        self.first = broken[0] if broken else None
        self.ok = not any(breach.law.needed for breach in broken)

    def _marks(self) -> list[tuple[str, str, str]]:
        """Of each law a mark, its name, and its words."""
        return [
            ("✓" if breach is None else "!✗"[law.needed], law.name, law.words)
            for law, breach in self._found.items()
        ]

    def _summary(self) -> str:
        held = sum(breach is None for breach in self._found.values())
        said = f"{self._name}: {held} of {len(self._found)} laws hold"
        if self.ok and self.first:
            return f"{said}; every gradient is right, and what is marked ! is advice"
        return said + ("" if self.first else ", all of them")

    def __repr__(self) -> str:
        screen = Terminal(sys.stdout)

        def paint(mark: str) -> str:
            return screen.paint(mark, _COLOURS[mark]) if mark in _COLOURS else mark

        told = [] if self.first is None else ["", *_told(self.first, screen)]
        marks = screen.table(("", "law", ""), self._marks(), [paint])
        return on_screen("\n".join([*wrap(self._summary(), screen.width), marks, *told]))

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr>{_CELLS.format(*map(html.escape, row))}</tr>" for row in self._marks())
        said = f"<p><b>{html.escape(self._summary())}</b></p><table>{rows}</table>"
        if self.first is None:
            return said
        told = html.escape("\n".join(_told(self.first, Terminal(None))))
        try:
            drawn = "".join(map(image, self.first.pictures()))
        except LayoutError as error:
            drawn = f"<p>{html.escape(str(error))}</p>"
        return f"{said}<pre>{told}</pre>{drawn}"


def check(kind: type) -> CheckedEngine:
    """Try a class of one's own on the laws of an engine, and name the first that breaks.

    Parameters
    ----------
    kind : type
        A class with micrograd's interface: ``Value(number)`` with ``data``, ``grad`` and
        ``backward()``, and the operators ``+ - * / **``, plain numbers on either side. Methods that
        are named as a row of the op table (``tanh``, ``relu``, …) are tried where they are there.

    Returns
    -------
    CheckedEngine

    Raises
    ------
    TypeError
        If `kind` is not a class.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> check(Value).ok
    True
    """
    if not isinstance(kind, type):
        raise TypeError(f"check takes the class, as in check(Value), and was given {shown(kind)}")
    return CheckedEngine(kind.__name__, {law: _breach(law, kind) for law in laws_for(kind)})


def _breach(law: Law, kind: type) -> Breach | None:
    for example in law.examples:
        made: dict[str, Any] = {"Value": Value}
        exec(example.code, made)  # a text of ours, see `laws`
        ours = {name: x for name, x in made.items() if isinstance(x, Value)}
        if not law.needed:  # inner nodes may be kept in another way
            ours = {name: x for name, x in ours.items() if not x.op}
        right = {name: (x.data, x.grad) for name, x in ours.items()}
        for name, x in ours.items():
            x.label = name
        *_, root = (x for x in made.values() if isinstance(x, Value))
        tried: dict[str, Any] = {"Value": kind}
        try:
            exec(example.code, tried)
            yours = {name: (float(tried[name].data), float(tried[name].grad)) for name in right}
        except Exception as error:  # a learner's class may raise anything
            said = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
            return Breach(law, example, {}, right, root, said)
        if any(not _alike(numbers, right[name]) for name, numbers in yours.items()):
            return Breach(law, example, yours, right, root)
    return None


def _alike(numbers: tuple[float, float], right: tuple[float, float]) -> bool:
    return all(map(_is_one_of, numbers, right))


def _is_one_of(x: float, wanted: float | list[float]) -> bool:
    numbers = wanted if isinstance(wanted, list) else [wanted]
    return any(math.isclose(x, number, rel_tol=1e-6, abs_tol=1e-9) for number in numbers)


def _told(breach: Breach, screen: Terminal) -> list[str]:
    """The law that breaks, its smallest example, and the numbers beside the right ones."""
    kind = "First law that breaks" if breach.law.needed else "Advice"
    mistake = breach.mistake and f" ({breach.mistake})"
    lines = [screen.heading(f"{kind}: {breach.law.name}{mistake}")]
    lines += [*wrap(breach.advice, screen.width), ""]
    lines += [f"    {line}" for line in breach.example.code.splitlines()]
    if breach.error:
        return [*lines, "", breach.error]
    rows = [
        (name, *(f"{x:.4g}" for x in (*numbers, *breach.right[name])), "✗" * (name in breach.wrong))
        for name, numbers in breach.yours.items()
    ]
    header = ("", "data", "grad", "right data", "right grad", "")
    return [*lines, "", screen.table(header, rows)]
