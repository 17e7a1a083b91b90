"""The errors that autograd_lite raises of its own accord.

::

    AutogradError
    ├── GraphError(ValueError)            a graph cannot do what was asked of it
    ├── ShapeError(ValueError)            lengths or shapes that do not fit
    ├── GradientMismatch(AssertionError)  a derivative disagrees with its check
    ├── AnomalyError(ArithmeticError)     a number turned nan or infinite
    ├── ModelFileError(ValueError)        a file that holds no usable model
    ├── ProgramError(ValueError)          a program that cannot be recorded or loaded
    ├── ExpressionError(ValueError)       a formula in text that cannot be read
    ├── LayoutError(RuntimeError)         a picture that Graphviz could not draw
    └── TableError(ValueError)            a table that cannot be read or learnt from

    AnomalyWarning(UserWarning)           0 × inf or 0 × nan counted as 0 (`detect_anomaly`)
    TrainingWarning(UserWarning)          a training that begins or ends as none should

Each also derives from the built-in exception that a caller would expect, so ``except ValueError``
works without knowing this page. A wrong *type* of argument is a plain `TypeError`.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


def counted(number: int, noun: str, plural: str = "") -> str:
    """``"1 row"``, ``"2 rows"``, ``"64,936 rows"``, for messages and reports."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def shown(thing: object, longest: int = 80) -> str:
    """An object's repr for messages, shortened; its type alone if it has no repr."""
    try:
        text = repr(thing)
    except Exception:  # whatever was given, the message must not fail
        text = f"<{type(thing).__name__}>"
    return text if len(text) <= longest else text[: longest - 3] + "..."


def visible(text: str) -> str:
    """A text whose control characters a terminal shows and does not follow, lines apart."""
    return "".join(c if c.isprintable() or c in "\n\xa0" else f"{c!r}"[1:-1] for c in text)


def typed(thing: object) -> str:
    """An object's type and repr for messages: ``list: [1, 2]``."""
    return f"{type(thing).__name__}: {shown(thing)}"


def some(things: Sequence[Any], limit: int, write: Callable[[Any], str] = str) -> str:
    """The first of many things, and how many more there are, for messages."""
    more = f" and {len(things) - limit} more" if len(things) > limit else ""
    return ", ".join(map(write, things[:limit])) + more


def listed(names: Sequence[str]) -> str:
    """Names for a message, not more than a line can hold."""
    return some(names, 12, shown)


@contextmanager
def needing(extra: str, said: str) -> Iterator[None]:
    """Block that imports an optional library; an ImportError names the extra that brings it."""
    try:
        yield
    except ImportError as error:
        way_out = f'pip install "autograd-lite[{extra}]"'
        raise ImportError(f"{said} ({error}): {way_out}") from error


class AutogradError(Exception):
    """Base class of all errors of autograd_lite; of a file's texts, a terminal obeys none."""

    def __str__(self) -> str:
        return visible(super().__str__())


class GraphError(AutogradError, ValueError):
    """A graph cannot do what was asked of it (it is stale, say), or its pickle is damaged."""


class ShapeError(AutogradError, ValueError):
    """Lengths or shapes that do not fit together."""


class GradientMismatch(AutogradError, AssertionError):  # noqa: N818 - reads as pytest's does
    """An analytic derivative disagrees with a numeric one.

    Attributes
    ----------
    argument : int
        Position of the argument that is differentiated by.
    path : str
        The number in it, as ``"[1]['scale']"``; ``""`` if the argument is a number.
    order : int
        Of the derivative.
    mode : str
        The modes that are wrong, as in ``"reverse over reverse and forward over reverse"``.
    analytic, numeric, tolerance : float
        The derivative in the first of these modes, the numeric one, and their allowed distance.
    op : str or None
        The op most likely at fault; None if each op's own derivative is right.
    parent : int or None
        By which of its arguments.
    """

    argument = 0
    path = ""
    order = 1
    mode = ""
    analytic = numeric = tolerance = math.nan
    op: str | None = None
    parent: int | None = None


class AnomalyError(AutogradError, ArithmeticError):
    """A number turned nan or infinite where it must not.

    Its ``history`` is that of the training which it ended, or None. Its ``node`` is the Value at
    which it was met, or None if no graph was recorded; ``draw()`` shows the graph up to there.
    """

    history: Any = None
    draw: Callable[..., Any]  # put here by the package, from its room `view`

    def __init__(self, *told: Any, node: Any = None) -> None:
        super().__init__(*told)
        self.node = node


class AnomalyWarning(UserWarning):
    """In a backward pass 0 × inf or 0 × nan counted as 0; said inside `detect_anomaly` only."""


class TrainingWarning(UserWarning):
    """A training that begins or ends as none should: its loss rose, say."""


class ModelFileError(AutogradError, ValueError):
    """A file that holds no model, or not this one."""


class ProgramError(AutogradError, ValueError):
    """A program that cannot be recorded, checked or loaded."""


class ExpressionError(AutogradError, ValueError):
    """A formula written as text that cannot be read."""


class LayoutError(AutogradError, RuntimeError):
    """A picture that could not be laid out: no Graphviz, or it failed, or it took too long."""


class TableError(AutogradError, ValueError):
    """A table that cannot be read or learnt from."""
