"""Which differentiations go on around the code that runs, and what depends on their inputs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import compress
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.engine.modes import all_around, around, going_on, tracing

__all__ = ["Differentiation", "all_around", "differentiating", "going_on", "tracing"]


class Differentiation:
    """A differentiation that is going on, by some inputs; lent ones count in one context."""

    __slots__ = ("_depends", "_inputs", "_since", "lent")

    def __init__(self, inputs: list[Value], lent: bool = False) -> None:
        self._inputs, self.lent = inputs, lent
        #: Of the nodes that were asked for, by stamp: so that none is kept alive.
        self._depends: dict[int, bool] | None = None

    def is_input(self, node: Value) -> bool:
        """Whether a node is one of the inputs."""
        return any(node is each for each in self._inputs)

    def reaches(self, node: Value) -> bool:
        """Whether a node depends on an input; no node of the graph is looked at twice."""
        if self._depends is None:
            depends = {x._stamp: True for x in self._inputs}
            self._since = min(depends, default=math.inf)
            self._depends = depends  # last, for other threads ask, too
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


def lent_of(arguments: Iterable[Any]) -> list[Value]:
    """Networks' own parameters among arguments taken apart; other threads use them, too."""
    return [leaf for tree in arguments for leaf in compress(tree.leaves, tree.parameters)]


@contextmanager
def differentiating(
    inputs: list[Value], arguments: Iterable[Any] = (), outer: Iterable[Differentiation] = ()
) -> Iterator[None]:
    """A block in which derivatives are recorded as Values: by these inputs and those around.

    The inputs stand for the numbers of `arguments`. What they were made for knows them in any
    thread; what is lent, in this context. `outer` counts as going on here, too.
    """
    lent = {*lent_of(arguments)}
    made = [node for node in inputs if node not in lent] if lent else inputs
    new = [*outer, Differentiation(made), *([Differentiation([*lent], True)] if lent else [])]
    token = around.set((*around.get(), *[each for each in new if each.lent]))
    everywhere = [each for each in new if not each.lent]
    going_on.extend(everywhere)
    try:
        yield
    finally:
        for each in everywhere:
            going_on.remove(each)
        around.reset(token)
