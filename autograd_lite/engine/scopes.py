"""In which part of a program a node is made."""

from __future__ import annotations

from contextvars import ContextVar

#: Names of the part of a program that is running now, outermost first (see `graph.scope`).
current_scope: ContextVar[tuple[str, ...]] = ContextVar("autograd_lite_scope", default=())
