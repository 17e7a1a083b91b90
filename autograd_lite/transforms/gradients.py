"""Derivatives of graphs that exist: the reverse sweep, as floats or recorded as Values."""

import math
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import Any, Literal, overload

from autograd_lite.engine import Value, adjoints, dependent, is_silent, topological_order
from autograd_lite.errors import typed
from autograd_lite.graph import check_fresh, check_value
from autograd_lite.modes import recording
from autograd_lite.transforms.sweeps import reverse_sweep


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
        If `create_graph` and the graph is stale, as far as it was recorded after the earliest
        input: what is older cannot depend on the inputs, and is not looked at.

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
        said = f"inputs must be a sequence of Values and is {typed(inputs)}; write [x] for one"
        raise TypeError(said)
    inputs = [check_value(node, f"inputs[{i}]") for i, node in enumerate(inputs)]
    if create_graph:
        order = topological_order([output], inputs)
        if not output._traced:  # else no numbers are to be read, and the graph was just made
            first = min([x._stamp for x in inputs], default=math.inf)
            check_fresh([x for x in order if x._stamp >= first], "create_graph=True")
        seeds = {} if output.constant else {output: 1.0}
        with recording() if is_silent() else nullcontext():
            recorded = reverse_sweep(dependent(order, inputs), seeds)
        return [as_value(recorded.get(node, 0.0)) for node in inputs]
    return adjoints(output, 1.0, inputs)


def as_value(number: Any) -> Value:
    """A recorded derivative that turned out to be a plain number, as a leaf."""
    return number if isinstance(number, Value) else Value(number)
