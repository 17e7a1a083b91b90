"""The order of a graph, and back-propagation over it.

`pulled_back` is the idea of the whole package: whoever differentiates backwards calls it, whatever
the numbers are. Its counterpart from the inputs to the outputs is `chain_rule.pushed_forward`.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Reversible, Sequence
from operator import attrgetter, mul
from typing import Any, TypeVar

from autograd_lite.engine.context import announce
from autograd_lite.engine.python.node import Node
from autograd_lite.ops.duals import carried
from autograd_lite.ops.numbers import as_float

T = TypeVar("T")
N = TypeVar("N", bound=Node)
#: For a node, its parents that count, each with the partial derivative by it.
Edges = Callable[[T], Iterable[tuple[T, Any]]]


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
    take, put = stack.pop, order.append
    while stack:
        node = take()
        if node is None:  # the mark above a node whose parents are all in the order by now
            put(take())
        elif node not in seen:
            seen.add(node)
            above = parents(node)
            if above:
                stack += (node, None)
                stack += above[::-1]
            else:
                put(node)
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


def pulled_back(
    order: Reversible[T], adjoint: dict[T, Any], edges: Edges[T],
    product: Callable[[Any, Any], Any] = carried, in_silence: bool = False,
) -> Iterator[tuple[T, T, Any, Any]]:  # fmt: skip
    """Back-propagation: the adjoints of all that some roots depend on, given those of the roots.

    A node's adjoint is the derivative of the roots by that node. The chain rule makes it a sum,
    over all nodes that use this one: the user's adjoint times the user's partial derivative by it.
    So the sweep goes from the roots down, and each node adds its part to its parents' adjoints.
    When a node's turn comes all its users had theirs: `edges` is asked once it is complete.

    Yields
    ------
    node, parent, partial, contribution
        Just before the contribution is added to the parent's adjoint; nothing `in_silence`.
    """
    known = adjoint.get
    for node in reversed(order):
        upstream = known(node)
        if upstream is not None:  # else no root depends on it
            for parent, partial in edges(node):
                contribution = product(upstream, partial)
                if not in_silence:
                    yield node, parent, partial, contribution
                so_far = known(parent)
                adjoint[parent] = contribution if so_far is None else so_far + contribution


def recorded(node: Node) -> Iterable[tuple[Any, float]]:
    """The edges of a node as they were recorded: 0.0 by a constant, which so gets no gradient."""
    return zip(node._parents, node._partials)  # noqa: B905 - strict takes a third longer


def reverse_sweep(
    root: Node, seed: float, inputs: Iterable[Node] | None = None
) -> dict[Node, float]:
    """Derivatives of the root by its ancestors, times the seed; given inputs, by no older nodes."""
    announce("before_sweep", root, seed)
    order = topological_order([root], inputs)
    computed = [node for node in order if node._parents]
    for product in (mul, carried):  # if a nan came out, once more: zero carries nothing then
        adjoint = dict.fromkeys(order, 0.0)
        adjoint[root] += 0.0 if root._constant else seed
        deque(pulled_back(computed, adjoint, recorded, product, in_silence=True), maxlen=0)
        if not math.isnan(sum(adjoint.values())):
            break
    return adjoint


def adjoints(root: Node, seed: float, nodes: Sequence[Node]) -> list[float]:
    """Derivatives of the root by some nodes, times the seed. No ``grad`` is touched."""
    found = reverse_sweep(root, seed, nodes)
    return [found.get(node, 0.0) for node in nodes]


def backward(self: Node, seed: float = 1.0) -> None:
    """Add the derivative of this Value by each of its ancestors to their ``grad``.

    Parameters
    ----------
    seed : float, default=1.0
        Derivative of whatever is differentiated by this Value.

    Notes
    -----
    Reverse accumulation (Griewank & Walther, Evaluating Derivatives, 2008, section 3.2).
    Every pass computes the adjoints afresh, then adds them, so two passes give twice the
    gradient on every node.
    """
    for node, adjoint in reverse_sweep(self, as_float(seed)).items():
        node._grad += adjoint
