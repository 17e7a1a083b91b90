"""How findings call the nodes of a graph."""

from __future__ import annotations

from autograd_lite.engine import Value
from autograd_lite.graph import scope_of

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
    """

    def __init__(self, order: list[Value]) -> None:
        self._number = {node: number for number, node in enumerate(order)}

    def of(self, node: Value) -> str:
        """The label; ``n7`` without one."""
        return node.label or f"n{self._number[node]}"

    def with_number(self, node: Value) -> str:
        """The name and the node's number; the number alone of a constant."""
        return f"{node.data:.6g}" if node.constant else f"{self.of(node)} = {node.data:.6g}"

    def formula(self, node: Value) -> str:
        """What made the node out of which numbers, and in which scope."""
        scope = scope_of(node)
        where = f" in {scope_name(scope)}" if scope else ""
        if not node.op:
            kind = "constant" if node.constant else "leaf"
            return f"{kind} {self.of(node)}{where}"
        shown = [self.with_number(parent) for parent in node.parents[:_ARGUMENTS]]
        more = len(node.parents) - len(shown)
        arguments = ", ".join(shown) + (f", … {more:,} more" if more else "")
        return f"{self.of(node)} {node.op}({arguments}){where}"
