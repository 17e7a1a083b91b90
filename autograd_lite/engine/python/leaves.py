"""Numbers of many Values at once: a model's parameters, as an array."""

import math
from array import array
from collections.abc import Sequence
from typing import Any

from autograd_lite.engine.context import going_on, tell_read
from autograd_lite.engine.python.value import Value, replace
from autograd_lite.engine.refusals import refuse_data
from autograd_lite.errors import shown


def read_numbers(nodes: Sequence[Value], into: Any, /) -> None:
    """Write the numbers of Values to a float64 array."""
    _check_nodes(nodes)
    for node in nodes:
        tell_read(node)
    view = _numbers_for(nodes, into)
    if view.readonly:
        raise BufferError(f"an array that is writable is needed, and was given {shown(into)}")
    view[:] = memoryview(array("d", [node._number for node in nodes]))


def are_finite(numbers: Any, /) -> bool:
    """Whether all of a float64 array are neither nan nor infinite."""
    return all(map(math.isfinite, _view_of(numbers).tolist()))


def write_numbers(leaves: Sequence[Value], numbers: Any, /) -> None:
    """Set the data of leaves to the numbers of a float64 array: of all, or of none."""
    _check_nodes(leaves)
    for leaf in leaves:
        if leaf._row is not None or leaf._constant or going_on:
            refuse_data(leaf)
    view = _numbers_for(leaves, numbers)
    for leaf, number in zip(leaves, view.tolist(), strict=True):
        replace(leaf, number)


def _check_nodes(nodes: Sequence[Any]) -> None:
    for node in nodes:
        if not isinstance(node, Value):
            raise TypeError(f"nodes are Values, and one is {shown(node)}")


def _view_of(numbers: Any) -> memoryview:
    view = memoryview(numbers)
    if view.format != "d":
        raise ValueError(f"an array of float64 is needed, and was given {shown(numbers)}")
    return view


def _numbers_for(nodes: Sequence[Value], numbers: Any) -> memoryview:
    """As many as there are nodes."""
    view = _view_of(numbers)
    if len(view) != len(nodes):
        raise ValueError(f"{len(nodes)} Values do not fit an array of {len(view)} numbers")
    return view
