"""The order of a graph: every node after its parents, found without recursion."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from autograd_lite.engine.python.node import Node

T = TypeVar("T")
N = TypeVar("N", bound=Node)


def order_by(
    roots: Iterable[T], parents: Callable[[T], Sequence[T]], without: Iterable[T] = ()
) -> list[T]:
    """The roots and all that they lead to by `parents`, each thing after its parents.

    Depth first from the left: the order depends on the graph alone, which makes sums over it
    reproducible to the bit. The walk leaves out some things, and what only they lead to.
    """
    order: list[T] = []
    seen = {*without}
    stack: list[Any] = [*roots][::-1]
    while stack:
        node = stack.pop()
        if node is None:  # the mark above a node whose parents are all in the order by now
            order.append(stack.pop())
        elif node not in seen:
            seen.add(node)
            stack += (node, None)
            stack += parents(node)[::-1]
    return order


def topological_order(
    roots: Iterable[N], inputs: Iterable[N] | None = None, *, without: Iterable[N] = ()
) -> list[N]:
    """The roots and all their ancestors, every node after its parents.

    Given inputs, a node that was recorded before the earliest of them cannot depend on them, and
    counts as a leaf. The walk leaves out some nodes, and what only they lead to.
    """
    if inputs is None:
        return order_by(roots, attrgetter("_parents"), without)
    since = min([node._stamp for node in inputs], default=math.inf)
    return order_by(roots, lambda node: () if node._stamp < since else node._parents, without)
