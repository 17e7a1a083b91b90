"""Which differentiations go on around the code that runs, and what depends on their inputs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from autograd_lite.engine import Value
from autograd_lite.engine.modes import around, tracing

__all__ = ["Differentiation", "around", "differentiating", "tracing"]


class Differentiation:
    """A differentiation that is going on, by some inputs."""

    __slots__ = ("_depends", "_inputs", "_since")

    def __init__(self, inputs: list[Value]) -> None:
        self._inputs = inputs
        #: Of the nodes that were asked for, by stamp: so that none is kept alive.
        self._depends: dict[int, bool] | None = None

    def is_input(self, node: Value) -> bool:
        """Whether a node is one of the inputs."""
        return any(node is each for each in self._inputs)

    def reaches(self, node: Value) -> bool:
        """Whether a node depends on an input; no node of the graph is looked at twice."""
        if self._depends is None:
            self._depends = {x._stamp: True for x in self._inputs}
            self._since = min(self._depends, default=math.inf)
        known = self._depends
        path = [(node, iter((node,)))]  # the way down from here, and what is left of each level
        while path:
            for parent in path[-1][1]:
                found = known.get(parent._stamp, None if parent._stamp > self._since else False)
                if found:
                    known.update((x._stamp, True) for x, _ in path)
                    return True
                if found is None:
                    path.append((parent, iter(parent.parents)))
                    break
            else:
                known[path.pop()[0]._stamp] = False
        return False


@contextmanager
def differentiating(
    inputs: list[Value], outer: tuple[Differentiation, ...] | None = None
) -> Iterator[None]:
    """A block in which derivatives are recorded as Values: by these inputs and those around."""
    token = around.set((*(around.get() if outer is None else outer), Differentiation(inputs)))
    try:
        yield
    finally:
        around.reset(token)
