"""Walks over graphs: order, leaves, staleness; and scopes, which name parts of a graph."""

from contextlib import ContextDecorator
from typing import Any

from autograd_lite.engine import Value, current_scope, fields, topological_order
from autograd_lite.errors import GraphError, shown
from autograd_lite.ops import TABLE


class scope(ContextDecorator):  # noqa: N801 - used like a function
    """Name the part of the graph that is recorded inside a ``with`` block.

    Scopes nest. Pictures draw them as frames and fold large graphs by them. As a decorator it names
    what a function records.

    Parameters
    ----------
    name : str
        Not empty.

    Raises
    ------
    TypeError
        If `name` is not a str.

    Examples
    --------
    >>> from autograd_lite import Value, scope
    >>> with scope("score"):
    ...     y = Value(2.0) * 3.0
    >>> scope_of(y)
    ('score',)
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str) or not name:
            raise TypeError(f"a scope's name is a str, not empty, and was given {shown(name)}")
        self._name = str.__str__(name)

    # Nothing is kept here between the two, so one scope may be entered again inside itself (a
    # decorated function that calls itself) and by several threads at once.

    def __enter__(self) -> None:
        current_scope.set((*current_scope.get(), self._name))

    def __exit__(self, *error: object) -> None:
        current_scope.set(current_scope.get()[:-1])


def scope_of(value: Value) -> tuple[str, ...]:
    """Names of the scopes in which a Value was made, outermost first."""
    names: tuple[str, ...] = value._scope
    return names


def place(value: Value, names: tuple[str, ...]) -> None:
    """Move a Value to a scope after it was made."""
    value._scope = names


def ancestors(root: Value) -> list[Value]:
    """The root and all that it was computed from, constants too, every node after its parents."""
    return topological_order([check_value(root, "root")])


def leaves(root: Value) -> list[Value]:
    """The leaves that the root was computed from, constants left out, in topological order."""
    return [node for node in ancestors(root) if not node.op and not node.constant]


def op_of(value: Value) -> Any:
    """The op that made a Value; None for a leaf."""
    return fields(value)[0]


def edges(value: Value) -> list[tuple[Value, float]]:
    """The parents that are no constants, each with the partial by it."""
    pairs = zip(value.parents, value.local_grads, strict=True)
    return [(parent, partial) for parent, partial in pairs if not parent.constant]


def is_of_table(op: Any) -> bool:
    """Whether an op's rules are known to run on symbols: no user's own op, and no checkpoint."""
    return op.name in TABLE and not op.custom


def check_fresh(order: list[Value], purpose: str) -> None:
    """Raise a GraphError that names the first stale node and the way out, if one is stale."""
    for node in order:
        op = op_of(node)
        if op is None:
            continue
        now = op.on_floats(*[parent.data for parent in node.parents])
        if now != node.data and (now == now or node.data == node.data):
            raise GraphError(
                f"{purpose} needs the numbers that the graph was recorded with, but a leaf was "
                f"changed since: {shown(node)} (op {node.op!r}) would now be something else; call "
                "output.refresh(), or build the graph again"
            )


def check_value(thing: Any, role: str) -> Value:
    """The thing itself, if it is a Value; else a TypeError is raised."""
    if not isinstance(thing, Value):
        raise TypeError(
            f"{role} must be a Value and is {type(thing).__name__}: {shown(thing)}; "
            "write Value(number) for a leaf"
        )
    return thing
