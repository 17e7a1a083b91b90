"""Many nodes of one row side by side: a layer of a network in one call."""

from __future__ import annotations

from typing import Any

from autograd_lite.engine.python import Value, constant, record
from autograd_lite.ops.table import Op


def record_beside(
    row: Op,
    then: Op | None,
    vectors: list[list[Value]],
    shared: list[Any],
    scalars: list[Value],
    names: tuple[str, ...],
) -> Any:
    """For each vector a node of `row` over it, a shared vector and a scalar of its own.

    And on each a node of the row `then`, if that is not None. Every node lies in the scope of its
    scalar: the scope `names` and one name more. NotImplemented if that is not so, or the arguments
    are no Values and numbers that fit each other.
    """
    kinds = set(map(type, shared)) - {Value, float, int, bool}
    strays = [scalar for scalar in scalars if (*names, *scalar._scope[-1:]) != scalar._scope]
    if kinds or strays or {len(vector) for vector in vectors} != {len(shared)}:
        return NotImplemented
    inputs = [x if type(x) is Value else constant(x) for x in shared]
    nodes = []
    for vector, scalar in zip(vectors, scalars, strict=True):
        node = record(row, (*vector, *inputs, scalar))
        node._scope = scalar._scope
        if then is not None:
            node = record(then, (node,))
            node._scope = scalar._scope
        nodes.append(node)
    return nodes
