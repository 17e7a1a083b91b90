"""Which line of a user's program recorded a node."""

from __future__ import annotations

import linecache
import re
import sys
from typing import NamedTuple

from autograd_lite.engine import Value

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
