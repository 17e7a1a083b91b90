"""How findings call the nodes of a graph."""

from __future__ import annotations

from collections.abc import Sequence

from autograd_lite.engine import Value
from autograd_lite.graph import scope_of
from autograd_lite.graph.freshness import Freshness

_ARGUMENTS = 4  # that are shown of many

#: What nodes outside every scope are listed under.
NO_SCOPE = "(no scope)"


def scope_name(scope: tuple[str, ...]) -> str:
    """The scopes, outermost first, as one name."""
    return "/".join(scope) or NO_SCOPE


class Names:
    """Names of the nodes of one graph: the label, or the number that `draw` gives them.

    Parameters
    ----------
    order : list of Value
        All nodes, in topological order.
    freshness : Freshness
        Of the same.
    """

    def __init__(self, order: list[Value], freshness: Freshness) -> None:
        self._number = {node: number for number, node in enumerate(order)}
        self._freshness = freshness

    def of(self, node: Value) -> str:
        """The label; ``n7`` without one."""
        return node.label or f"n{self._number[node]}"

    def with_number(self, node: Value, number: float) -> str:
        """The name and a number of the node; the number alone of a constant."""
        return f"{number:.6g}" if node.constant else f"{self.of(node)} = {number:.6g}"

    def since(self, node: Value) -> str:
        """`` (x recorded 3, now 2.9)`` for a node with such a parent, else nothing."""
        said = self._freshness.since(node, [*map(self.of, node.parents)])
        return f" ({said})" if said else ""

    def made(self, node: Value) -> str:
        """What made the node out of which numbers, as recorded, and in which scope."""
        return f"{self.formula(node, self._freshness.arguments(node))}{self.since(node)}"

    def formula(self, node: Value, given: Sequence[float] | None) -> str:
        """What made the node, out of numbers if they are known, and in which scope."""
        scope = scope_of(node)
        where = f" in {scope_name(scope)}" if scope else ""
        if not node.op:
            kind = "constant" if node.constant else "leaf"
            return f"{kind} {self.of(node)}{where}"
        parents = node.parents[:_ARGUMENTS]
        if given is None:
            shown = [*map(self.of, parents)]
        else:
            shown = [self.with_number(*pair) for pair in zip(parents, given, strict=False)]
        more = len(node.parents) - len(shown)
        arguments = ", ".join(shown) + (f", … {more:,} more" if more else "")
        return f"{self.of(node)} {node.op}({arguments}){where}"
