"""Other numbers for leaves, and a graph computed anew from them."""

from autograd_lite.engine.context import tell_refresh
from autograd_lite.engine.python.node import UNKNOWN, Node, evaluated, stamps
from autograd_lite.engine.python.walk import topological_order


def refresh(self: Node) -> None:
    """Recompute this Value and all its ancestors from the leaves' data; keep every ``grad``.

    All or nothing: interrupted, or stopped by an op's own function, it puts everything back.
    """
    tell_refresh(self)
    order = topological_order([self])
    # in two long lists, because many small tuples would rouse the garbage collector
    former = [node._number for node in order], [node._partials for node in order]
    try:
        for node in order:
            if node._row is not None:
                node._number, node._partials = evaluated(node._row, node._parents)
    except BaseException:  # Ctrl-C, too, must not leave half a graph at new numbers
        for node, number, partials in zip(order, *former, strict=True):
            node._number, node._partials = number, partials
        raise
    for node in order:
        if node._row is None:
            node._replaced = UNKNOWN


def replace(leaf: Node, number: float) -> None:
    """Give a leaf another number."""
    leaf._replaced = leaf._number, float(next(stamps))
    leaf._number = number
