"""Who is told when numbers leave the graph: tracing must not bake them into a program."""

from __future__ import annotations

from typing import Any, Protocol


class Observer(Protocol):
    """Told in every thread; an exception stops what was going to happen."""

    def read(self, node: Any) -> None:
        """A node's number or derivatives are about to be read, or a pass from it to be run."""

    def compared(self, relation: str, node: Any, other: Any, holds: bool) -> None:
        """A node was compared (``"<"``, ``"!="``, …) with another, or a float."""


#: The one there is, while there is one.
observer: Observer | None = None


def observe(one: Observer | None) -> None:
    """Tell this one from now on; None ends it."""
    global observer
    observer = one


def tell_read(node: Any) -> None:
    """A node's number is about to be read."""
    if observer is not None:
        observer.read(node)


def tell_compared(relation: str, node: Any, other: Any, holds: bool) -> None:
    """A node was compared."""
    if observer is not None:
        observer.compared(relation, node, other, holds)
