"""The surroundings of an op: its scope, the modes that hold, and who is told of what happens.

Both engines ask here, and nowhere else, what the rest of the package wants of them: names of parts
of a graph (`scope`), blocks such as `no_grad` and `detect_anomaly`, differentiations that go on,
and functions that are compiled, whose numbers must not be baked into a program.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol

#: Names of the part of a program that is running now, outermost first (see `graph.scope`).
current_scope: ContextVar[tuple[str, ...]] = ContextVar("autograd_lite_scope", default=())


# --- blocks ---------------------------------------------------------------------------------------


class Watcher:
    """Told by an engine of each node and each pass; an exception stops it before any change."""

    def recorded(self, node: Any) -> None:
        """A node has its number."""

    def before_sweep(self, root: Any, seed: float) -> None:
        """The reverse sweep from this root is about to begin."""

    def before_refresh(self, root: Any) -> None:
        """This root and all its ancestors are about to be recomputed."""


class Mode(NamedTuple):
    """The requests of `no_grad` and `detect_anomaly` blocks to the engine.

    Attributes
    ----------
    silent : int
        How many blocks say that nodes get no parents; more than 0 means that.
    watchers : tuple of Watcher
        One per block that watches, innermost last; only that one is told.
    """

    silent: int = 0
    watchers: tuple[Watcher, ...] = ()


#: None outside of all such blocks; never a mode that asks for nothing.
current_mode: ContextVar[Mode | None] = ContextVar("autograd_lite_mode", default=None)


def is_silent() -> bool:
    """Whether this runs inside `no_grad`."""
    mode = current_mode.get()
    return mode is not None and mode.silent > 0


# --- differentiations -----------------------------------------------------------------------------

#: The differentiations that go on; tracing a program is one.
going_on: list[Any] = []

#: Whether all that is recorded here and now becomes a program.
tracing: ContextVar[bool] = ContextVar("tracing", default=False)

#: Whether numbers are read for a text, such as that of an error.
writing: ContextVar[bool] = ContextVar("writing", default=False)


def all_around() -> list[Any]:
    """The differentiations and tracings that concern the code that runs here."""
    return [each for each in [*going_on] if each.is_here()]


def is_followed(node: Any) -> bool:
    """Whether a node depends on what is differentiated, or traced, here and now."""
    return any(each.reaches(node) for each in all_around())


# --- observers of numbers -------------------------------------------------------------------------


class Observer(Protocol):
    """Told of traced nodes, or of all, in every thread; an exception stops what happens."""

    def read(self, node: Any, derived: bool) -> None:
        """A node's number or derivatives are about to be read, or a pass from it to be run."""

    def compared(self, relation: str, node: Any, other: Any, holds: bool) -> None:
        """A node was compared (``"<"``, ``"!="``, …) with another, or a float."""


#: Bits of ``_traced``, of arguments of a function that is traced and of all that is computed from
#: them: a network's own parameters are lent to it, as they are used elsewhere, too.
LENT, MADE = 1, 2

_observer: Observer | None = None
_of_all = False


def observe(one: Observer, every: bool, /) -> None:
    """Tell this observer from now on, in place of any other: of every node, or of traced ones."""
    global _observer, _of_all
    _observer, _of_all = one, every


def is_observed(nodes: Iterable[Any]) -> bool:
    """Whether the observer is told of one of these nodes."""
    return _of_all or any(node._traced for node in nodes)


def tell_read(node: Any, derived: bool = False) -> None:
    """A node's number is about to be read; or derivatives, or a pass from it to be run."""
    if _observer is not None and (_of_all or node._traced):
        _observer.read(node, derived)


def tell_compared(relation: str, node: Any, other: Any, holds: bool) -> None:
    """A node was compared."""
    if _observer is not None and (_of_all or node._traced or getattr(other, "_traced", 0)):
        _observer.compared(relation, node, other, holds)


def announce(before: str, root: Any, *seed: float) -> None:
    """A pass from this root is about to begin: a method of `Watcher`."""
    tell_read(root, True)
    mode = current_mode.get()
    if mode is not None and mode.watchers:
        getattr(mode.watchers[-1], before)(root, *seed)
