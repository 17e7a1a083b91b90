"""Who is told when numbers leave a traced graph: they must not be baked into a program."""

from __future__ import annotations

from typing import Any, Protocol


class Observer(Protocol):
    """Told of traced nodes, or of all, in every thread; an exception stops what happens."""

    def read(self, node: Any, derived: bool) -> None:
        """A node's number or derivatives are about to be read, or a pass from it to be run."""

    def compared(self, relation: str, node: Any, other: Any, holds: bool) -> None:
        """A node was compared (``"<"``, ``"!="``, …) with another, or a float."""


#: What ``_traced`` is, of arguments of a function that is traced and of all that is computed from
#: them: a network's own parameters are lent to it, as they are used elsewhere, too.
LENT, MADE = 1, 2

#: The one there is, once functions are traced; and whether it is told of all nodes.
observer: Observer | None = None
of_all = False


def observe(one: Observer, every: bool, /) -> None:
    """Tell this one from now on: of every node, or of traced ones alone."""
    global observer, of_all
    observer, of_all = one, every


def tell_read(node: Any, derived: bool = False) -> None:
    """A node's number is about to be read; or derivatives, or a pass from it to be run."""
    if observer is not None and (of_all or node._traced):
        observer.read(node, derived)


def tell_compared(relation: str, node: Any, other: Any, holds: bool) -> None:
    """A node was compared."""
    if observer is not None and (of_all or node._traced or getattr(other, "_traced", 0)):
        observer.compared(relation, node, other, holds)
