"""State of the present context: how nodes are made, who is told, what is differentiated."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol


class Watcher(Protocol):
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


def current_watcher() -> Watcher | None:
    """Who is to be told of what happens here and now, if anybody."""
    mode = current_mode.get()
    return mode.watchers[-1] if mode is not None and mode.watchers else None


#: The differentiations that go on; tracing a program is one.
going_on: list[Any] = []

#: Whether all that is recorded here and now becomes a program.
tracing: ContextVar[bool] = ContextVar("tracing", default=False)


#: Whether numbers are read for a text, such as that of an error.
writing: ContextVar[bool] = ContextVar("writing", default=False)


def all_around() -> list[Any]:
    """All by which something here may be differentiated, or traced."""
    return [each for each in [*going_on] if each.is_here()]


def is_followed(node: Any) -> bool:
    """Whether a node depends on what is differentiated, or traced, here and now."""
    return any(each.reaches(node) for each in all_around())
