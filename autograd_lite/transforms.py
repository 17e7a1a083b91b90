"""Derivatives of graphs that exist: the reverse sweep, as floats or recorded as Values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, overload

from autograd_lite.engine import Value, adjoints, topological_order
from autograd_lite.graph import check_fresh, check_value, row_of
from autograd_lite.ops.ieee import IEEE
from autograd_lite.ops.rules import carry


@overload
def gradient(
    output: Value, inputs: Sequence[Value], create_graph: Literal[False] = ...
) -> list[float]: ...
@overload
def gradient(
    output: Value, inputs: Sequence[Value], create_graph: Literal[True]
) -> list[Value]: ...
def gradient(output: Value, inputs: Sequence[Value], create_graph: bool = False) -> list[Any]:
    """Partial derivatives of one Value with respect to others.

    Parameters
    ----------
    output : Value
    inputs : sequence of Value
        Nodes anywhere in the graph of `output`; one that is not in it has gradient 0.
    create_graph : bool, default=False
        Return Values that can be differentiated again, instead of floats.

    Returns
    -------
    list of float or list of Value
        One partial derivative per input, in order. No ``grad`` is touched.

    Raises
    ------
    TypeError
        If `output`, or one of `inputs`, is not a Value.
    GraphError
        If `create_graph` and the graph is stale.

    Examples
    --------
    >>> from autograd_lite import Value, gradient
    >>> x = Value(3.0)
    >>> [first] = gradient(x * x * x, [x], create_graph=True)
    >>> first.data, gradient(first, [x])
    (27.0, [18.0])
    """
    check_value(output, "output")
    if isinstance(inputs, Value) or not isinstance(inputs, Iterable):
        raise TypeError(
            f"inputs must be a sequence of Values and is {type(inputs).__name__}: {inputs!r}; "
            "write [x] for one"
        )
    inputs = [check_value(node, f"inputs[{i}]") for i, node in enumerate(inputs)]
    if create_graph:
        recorded = _recorded_adjoints(output, inputs)
        return [_as_value(recorded.get(node, 0.0)) for node in inputs]
    return adjoints(output, 1.0, inputs)


def _recorded_adjoints(output: Value, inputs: Sequence[Value]) -> dict[Value, Any]:
    """Adjoints computed with Values, on the nodes that lie between the inputs and the output.

    The rows' partials are the very rules that gave the numbers; recorded on Values, they can be
    differentiated again. Adjoints that are plain floats hold no dependence on any input.
    """
    order = topological_order([output])
    check_fresh(order, "create_graph=True")
    if output.constant:
        return {}
    targets = {node for node in inputs if not node.constant}
    between: set[Value] = set()
    for node in order:
        if node in targets or any(parent in between for parent in node.parents):
            between.add(node)
    adjoint: dict[Value, Any] = {output: 1.0}
    for node in reversed(order):
        if node not in between or node not in adjoint:
            continue
        row = row_of(node)
        if row is None:
            continue
        wanted = [parent in between for parent in node.parents]
        arguments = [IEEE(p.data) if p.constant else p for p in node.parents]
        partials = row.partials_on(node, arguments, wanted)
        for parent, partial, want in zip(node.parents, partials, wanted, strict=True):
            # A partial that is the plain number 0.0 is 0 whatever the inputs are.
            if want and not (isinstance(partial, float) and partial == 0.0):
                contribution = _carry(adjoint[node], partial)
                so_far = adjoint.get(parent)
                adjoint[parent] = contribution if so_far is None else so_far + contribution
    return adjoint


def _carry(upstream: Any, partial: Any) -> Any:
    """The product of the chain rule; a partial that is the plain number 1.0 leaves no node.

    An upstream of 1.0 does: the partial may be a node of the user's own graph, which must not be
    handed out as a gradient.
    """
    if isinstance(partial, float) and partial == 1.0:
        return upstream
    return carry(upstream, partial)


def _as_value(adjoint: Any) -> Value:
    return adjoint if isinstance(adjoint, Value) else Value(adjoint)
