"""Names of the nodes of a graph, as findings use them."""

from autograd_lite.engine import Value
from autograd_lite.graph import op_of, scope_of
from autograd_lite.graph.freshness import Freshness
from autograd_lite.writing.text import named_call

_ARGUMENTS = 4  # that are shown of many

#: The name under which nodes outside every scope are listed.
NO_SCOPE = "(no scope)"


def scope_name(scope: tuple[str, ...]) -> str:
    """The scopes, outermost first, as one name."""
    return "/".join(scope) or NO_SCOPE


class Names:
    """Names of the nodes of one graph: the label, or the number that `draw` gives them."""

    def __init__(self, order: list[Value]) -> None:
        self._number = {node: number for number, node in enumerate(order)}
        self.freshness = Freshness(order)

    def of(self, node: Value) -> str:
        """The label; ``n7`` without one."""
        return node.label or f"n{self._number[node]}"

    def with_number(self, node: Value, number: float | None = None) -> str:
        """The name and a number of the node, by default that of now; of a constant its number."""
        number = node.data if number is None else number
        return f"{number:.6g}" if node.constant else f"{self.of(node)} = {number:.6g}"

    def since(self, node: Value) -> str:
        """`` (x recorded 3, now 2.9)`` for a node with such a parent, else nothing."""
        said = self.freshness.since(node, self.of)
        return f" ({said})" if said else ""

    def formula(self, node: Value, now: bool = False) -> str:
        """A node's op, its numbers (of then or of now), and its scope, in words."""
        scope = scope_of(node)
        where = f" in {scope_name(scope)}" if scope else ""
        if not node.op:
            kind = "constant" if node.constant else "leaf"
            return f"{kind} {self.of(node)}{where}"
        parents = node.parents[:_ARGUMENTS]
        given = [p.data for p in parents] if now else self.freshness.arguments(node)
        shown = [*map(self.of, parents)]
        if given is not None:
            shown = [self.with_number(*pair) for pair in zip(parents, given, strict=False)]
        called = named_call(op_of(node), shown, len(node.parents) - len(shown))
        return f"{self.of(node)} {called}{where}{'' if now else self.since(node)}"
