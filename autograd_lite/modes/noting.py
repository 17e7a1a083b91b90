"""Keeping the lines that recorded a graph: `keep_lines`."""

from __future__ import annotations

from copy import copy
from typing import Any

from autograd_lite.engine import Mode, Value, Watcher
from autograd_lite.modes.block import Block
from autograd_lite.modes.lines import Line, Lines


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
