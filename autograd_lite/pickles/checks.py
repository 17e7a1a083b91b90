"""Checks of a pickle's parts before the engine is given them."""

from typing import Any

from autograd_lite.engine import Value
from autograd_lite.errors import GraphError
from autograd_lite.ops import Op


def check(holds: bool, what: str, found: object) -> None:
    """Raise a GraphError that names the part and shows what was found, unless this holds."""
    if not holds:
        raise GraphError(
            f"this pickle is damaged: its {what} does not fit the rest of it ({found!r:.80}); "
            "pickle the graph again"
        )


def check_leaves(nodes: Any, start: Any, leaves: Any) -> None:
    """The list is as long as it was when the pickle was written, and the leaves are Values."""
    check(type(nodes) is list and len(nodes) == start, "list of nodes", start)
    check(type(leaves) is list and {*map(type, leaves)} <= {Value}, "list of leaves", leaves)


def check_parts(what: str, parts: Any, kind: object, part: object) -> None:
    """A list or tuple, not empty, of things of one type."""
    check(type(parts) is kind and {*map(type, parts)} == {part}, what, parts)


def check_node(
    row: Any, parents: int, partials: Any, data: Any, grad: Any, label: Any, constant: Any,
    scope: Any,
) -> None:  # fmt: skip
    """These are `fields` of one node with so many parents."""
    check(row is None or isinstance(row, Op), "op", row)
    check(arity(row) in (-1, parents), "number of parents", parents)
    floats = type(partials) is tuple and len(partials) == parents
    check(floats and {*map(type, partials)} <= {float}, "list of partial derivatives", partials)
    check(type(data) is type(grad) is float, "number", (data, grad))
    check(type(label) is str, "label", label)
    check(type(constant) is bool and not (constant and row), "constant", constant)
    check_scope(scope)


def check_scope(scope: Any) -> None:
    """A tuple of names."""
    check(type(scope) is tuple and {*map(type, scope)} <= {str}, "scope", scope)


def arity(row: Op | None) -> int:
    """How many parents a node of this row has; -1 for any number."""
    if row is None:
        return 0
    return -1 if row.arity is None else row.arity
