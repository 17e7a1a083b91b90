"""A learner's own class, tried on the laws of an engine.

Laws are little programs, and known mistakes the numbers that they leave behind: see ``laws.toml``.
The functions of the op table have a law each.
"""

import html
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from textwrap import wrap
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.errors import shown
from autograd_lite.exercises.exercise import displayed
from autograd_lite.files import words
from autograd_lite.graph import ancestors
from autograd_lite.ops import TABLE, Op
from autograd_lite.terminal import Terminal, on_screen
from autograd_lite.view.picture import BoxLine, Picture, every_value
from autograd_lite.view.steps import steps

#: Values of which there is a picture: beyond, the program itself says more.
_DRAWN = 40
_ADVICE = "; every gradient is right, and what is marked ! is advice"
_COLOURS = {"✓": "green", "✗": "red", "!": "cyan"}
_CELLS = "<td>{}</td><td><b>{}</b></td><td>{}</td>".replace("<td", '<td style="text-align:left"')
#: The number of a variable, and its gradient.
Numbers = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Example:
    """A program that makes Values, and known mistakes by gradients that they leave behind."""

    code: str
    mistakes: Mapping[str, Mapping[str, float | list[float]]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Law:
    """A sentence that holds for every engine, with examples, the smallest first."""

    name: str
    words: str
    examples: list[Example]
    raising: str = ""  # the mistake, if an example raises
    needed: bool = True  # else it is advice: engines are useful without


_FILE = words("laws.toml", "exercises")
#: The way out of each mistake.
MISTAKES: dict[str, str] = _FILE["mistakes"]
_LAWS = [
    Law(**{**law, "examples": [Example(**each) for each in law["examples"]]})
    for law in _FILE["laws"]
]


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
        right = self.right
        return [n for n, x in self.yours.items() if not all(map(_is_one_of, x, right[n]))]

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
        right, boxes = every_value(steps(self.root)), []
        for box in right.boxes:
            wrong = box.label in self.wrong
            marks: Any = {"tint": "negative", "strength": 3} if wrong else {}
            pairs = zip(("data", "grad"), self.yours.get(box.label, ()), strict=False)
            lines = tuple([BoxLine(f"{name} {x:.4g}") for name, x in pairs]) or box.lines
            boxes.append(replace(box, lines=lines, **marks))
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
        self.breaches = {law.name: breach for law, breach in found.items()}
        broken = sorted(filter(None, found.values()), key=lambda breach: not breach.law.needed)
        self.first = broken[0] if broken else None
        self.ok = self.first is None or not self.first.law.needed
        self._said = f"{name}: {len(found) - len(broken)} of {len(found)} laws hold"
        self._said += _ADVICE * self.ok if broken else ", all of them"
        self._marks = [
            ("✓" if breach is None else "!✗"[law.needed], law.name, law.words)
            for law, breach in found.items()
        ]

    def __repr__(self) -> str:
        screen = Terminal(sys.stdout)
        told = [] if self.first is None else ["", *_told(self.first, screen)]
        marks = screen.table(
            ("", "law", ""), self._marks,
            [lambda mark: screen.paint(mark, _COLOURS.get(mark, "bold"))],
        )  # fmt: skip
        return on_screen("\n".join([*wrap(self._said, screen.width), marks, *told]))

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr>{_CELLS.format(*map(html.escape, row))}</tr>" for row in self._marks)
        said = f"<p><b>{html.escape(self._said)}</b></p><table>{rows}</table>"
        if self.first is None:
            return said
        told = html.escape("\n".join(_told(self.first, Terminal(None))))
        said += f'<pre style="white-space:pre-wrap;font-family:monospace">{told}</pre>'
        return said + displayed(*self.first.pictures())


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

    Notes
    -----
    There is no time limit: where a loop of the class never ends, interrupt the check.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> check(Value).ok
    True
    """
    if not isinstance(kind, type):
        raise TypeError(f"check takes the class, as in check(Value), and was given {shown(kind)}")
    return CheckedEngine(kind.__name__, {law: _breach(law, kind) for law in laws_for(kind)})


def laws_for(kind: type) -> list[Law]:
    """The laws for a class, with one for each method that is named as a row of one argument."""
    rows = [row for row in TABLE.values() if row.public and row.arity == 1 and not row.attrs]
    functions = [_function(row) for row in rows if callable(getattr(kind, row.name, None))]
    ops = [law for law in _LAWS if "passes" not in law.name and law.needed]
    return [*ops, *functions, *(law for law in _LAWS if law not in ops)]


def _function(row: Op) -> Law:
    low, high = row.domain[0]
    examples = []
    for x in (low + 0.75 * (high - low), low + 0.25 * (high - low)):
        x = float(f"{x:.2g}")
        (right,) = row.partials_on_floats(row.on_floats(x), [x], [True])
        at_input = float((row.textbook_partials or row.partials)[0](x, x))
        known = {"wrong sign": -right} if right else {"flat part not flat": 1.0}
        known |= {"partial at the output's place": at_input, "partial missing": 1.0}
        code = f"a = Value({x})\nb = a.{row.name}()\nb.backward()"
        examples.append(Example(code, {name: {"a": grad} for name, grad in known.items()}))
    return Law(row.name, "Its derivative is that of the textbook.", examples)


def _breach(law: Law, kind: type) -> Breach | None:
    for example in law.examples:
        made: dict[str, Any] = {"Value": Value}
        exec(example.code, made)  # a text of ours, see `laws`
        ours = {name: x for name, x in made.items() if isinstance(x, Value)}
        for name, root in ours.items():
            root.label = name
        # where a law is advice, inner nodes may be kept in another way
        right = {n: (x.data, x.grad) for n, x in ours.items() if law.needed or not x.op}
        tried: dict[str, Any] = {"Value": kind}
        try:
            exec(example.code, tried)
            yours = {name: (float(tried[name].data), float(tried[name].grad)) for name in right}
        except Exception as error:  # a learner's class may raise anything
            said = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
            return Breach(law, example, {}, right, root, said)
        found = Breach(law, example, yours, right, root)
        if found.wrong:
            return found
    return None


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
