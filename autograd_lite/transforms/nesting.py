"""Differentiations that go on around the code that runs, and nodes that depend on them."""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import compress
from threading import get_ident
from typing import Any

from autograd_lite.engine import Value, going_on


class Differentiation:
    """A differentiation that is going on, by some inputs; in one thread alone, if given."""

    __slots__ = ("_depends", "_since", "_thread", "inputs", "varies")

    def __init__(self, inputs: list[Value], thread: int | None = None) -> None:
        self.inputs, self._thread = inputs, thread
        #: Whether a node can become another number though no input does: while a program is traced.
        self.varies: Callable[[Value], bool] = lambda node: False
        #: Of the nodes that were asked for, by stamp: so that none is kept alive.
        self._depends: dict[int, bool] | None = None

    def is_here(self) -> bool:
        """Whether it concerns the code that runs."""
        return self._thread is None or self._thread == get_ident()

    def reaches(self, node: Value) -> bool:
        """Whether a node depends on an input."""
        if self._depends is None:
            depends = {x._stamp: True for x in self.inputs}
            self._since = min(depends, default=math.inf)
            self._depends = depends  # last, for other threads ask, too
        since = self._since
        return stands_on(node, self._depends, lambda x: None if x._stamp > since else False)


def stands_on(node: Value, known: dict[int, bool], decided: Callable[[Value], bool | None]) -> bool:
    """Whether a node, or one that it is computed from, is what `decided` says yes to.

    Where that says None, the parents are asked. `known` has, by stamp, the nodes that were asked
    for before, and gets the new ones: so no node of the graph is looked at twice.
    """
    path = [(node, iter((node,)))]  # the way down from here, and what is left of each level
    while path:
        for parent in path[-1][1]:
            found = known.get(parent._stamp)
            found = decided(parent) if found is None else found
            if found:
                known.update((x._stamp, True) for x, _ in (*path, (parent, ())))
                return True
            if found is None:
                path.append((parent, iter(parent.parents)))
                break
        else:
            known[path.pop()[0]._stamp] = False
    return False


@contextmanager
def differentiating(
    inputs: list[Value], arguments: Iterable[Any] = (), outer: Iterable[Differentiation] = ()
) -> Iterator[list[Differentiation]]:
    """A block in which derivatives are recorded as Values: by these inputs and those around.

    The inputs stand for the numbers of `arguments`. Those made for that are known in any thread;
    networks' own parameters, in this one, are a second differentiation. `outer` goes on here, too.
    """
    trees = [tree for tree in arguments if not tree.plain]
    lent = {x for tree in trees for x in compress(tree.leaves, tree.parameters)}
    new = [Differentiation([x for x in inputs if x not in lent] if lent else inputs)]
    if lent:
        new.append(Differentiation([*lent], get_ident()))
    going_on.extend(all_new := [*outer, *new])
    try:
        yield new
    finally:
        for each in all_new:
            going_on.remove(each)
