"""The line of a user's program that recorded a node, and keeping it: `keep_lines`."""

import linecache
import re
import sys
from copy import copy
from typing import Any, NamedTuple

from autograd_lite.engine import Mode, Value, Watcher
from autograd_lite.modes.block import Block

#: Modules whose code is not the user's: object arrays call ops from inside NumPy. By their names,
#: as nobody knows their files where bytecode alone is shipped.
_is_ours = re.compile(r"(autograd_lite|numpy)(\.|$)").match


class Line(NamedTuple):
    """A line of a program."""

    file: str
    number: int

    def __str__(self) -> str:
        return f"{self.file}:{self.number}{self.text and f': {self.text}'}"

    @property
    def text(self) -> str:
        """The line's text; ``""`` where it cannot be found."""
        linecache.checkcache(self.file)
        return linecache.getline(self.file, self.number).strip()


def users_line() -> Line:
    """The line that runs now, in the innermost function that is not of this package or NumPy."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(str(frame.f_globals.get("__name__"))):
        if frame.f_code.co_filename.startswith("<doctest"):  # as a user would write it
            break
        frame = frame.f_back
    return Line(frame.f_code.co_filename, frame.f_lineno or 0)


class Lines:
    """The line that recorded each node, without keeping nodes alive.

    Nodes are told apart by their address, op and parents: of a node that is freed, nothing but the
    line remains, until another one is recorded at that address.
    """

    def __init__(self) -> None:
        self._lines: dict[int, tuple[int, Line]] = {}

    def note(self, node: Value) -> None:
        """The user's line that runs now has recorded this node."""
        self._lines[id(node)] = _fingerprint(node), users_line()

    def of(self, node: Value) -> Line | None:
        """The line that recorded this node, if it was noted."""
        fingerprint, line = self._lines.get(id(node), (None, None))
        return line if fingerprint == _fingerprint(node) else None


def _fingerprint(node: Value) -> int:
    return hash((node.op, *map(id, node.parents)))


class keep_lines(Block):  # noqa: N801 - used like a function
    """Note which line of the program records each node, in a ``with`` block or decorated function.

    The page of `draw` shows the line of a box, after the block, too. Ops take many times longer
    than outside. Blocks nest; threads, tasks and generators as in `no_grad`.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> a, b = ag.Value(2.0), ag.Value(3.0)
    >>> with ag.keep_lines():
    ...     product = a * b
    >>> page = ag.draw(product)
    """

    def _entered(self, mode: Mode) -> Mode:
        inner: Any = Noter()
        if mode.watchers:  # what watches already goes on, and its lines are kept
            inner = copy(mode.watchers[-1])
            inner.lines = Noter.lines
        return mode._replace(watchers=(*mode.watchers, inner))


class Noter(Watcher):
    """Observer of `keep_lines`: the user's line of every node."""

    #: Of all such blocks. A node that is freed leaves its line behind until its place is taken.
    lines = Lines()

    def recorded(self, node: Value) -> None:
        """Note the line."""
        self.lines.note(node)


def line_of(node: Value) -> Line | None:
    """The line that recorded a node, if that was inside `keep_lines`."""
    return Noter.lines.of(node)
