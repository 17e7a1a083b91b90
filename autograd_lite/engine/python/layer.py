"""Many nodes of one row side by side: a layer of a network in one call."""

from itertools import chain
from typing import Any

from autograd_lite.engine.python.record import record
from autograd_lite.engine.python.value import Value, constant
from autograd_lite.ops.table import Op

_NUMBERS = {float, int, bool}


def record_layer(
    row: Op, then: Op | None, vectors: list[list[Value]], shared: list[Any],
    scalars: list[Value], scopes: list[tuple[str, ...]],
) -> Any:  # fmt: skip
    """For each vector a node of `row` over it, a shared vector and a scalar of its own.

    And on each a node of the row `then`, if that is not None; both in the scope given for them.
    NotImplemented if the arguments are no Values and numbers that fit each other.
    """
    kinds = set(map(type, chain(scalars, *vectors))) | set(map(type, shared)) - _NUMBERS
    if kinds != {Value} or {len(vector) for vector in vectors} != {len(shared)}:
        return NotImplemented
    inputs = [x if type(x) is Value else constant(x) for x in shared]
    nodes = []
    for vector, scalar, names in zip(vectors, scalars, scopes, strict=True):
        node = record(row, (*vector, *inputs, scalar))
        node._scope = names
        if then is not None:
            node = record(then, (node,))
            node._scope = names
        nodes.append(node)
    return nodes
