"""Numbers of many Values at once: a model's parameters, as an array."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autograd_lite.engine.observing import tell_read
from autograd_lite.engine.python import Value
from autograd_lite.engine.refusals import refuse_data


def read_numbers(nodes: Sequence[Value], into: Any, /) -> None:
    """Write the numbers of Values to a float64 array."""
    for node in nodes:
        tell_read(node)
    _check_length(nodes, into)
    into[:] = [node._number for node in nodes]


def are_finite(numbers: Any, /) -> bool:
    """Whether all of a float64 array are neither nan nor infinite."""
    return all(map(math.isfinite, numbers.tolist()))


def write_numbers(leaves: Sequence[Value], numbers: Any, /) -> None:
    """Set the data of leaves to the numbers of a float64 array: of all, or of none."""
    for leaf in leaves:
        if leaf._row is not None or leaf._constant:
            refuse_data(leaf)
    _check_length(leaves, numbers)
    for leaf, number in zip(leaves, numbers.tolist(), strict=True):
        leaf._number = number


def _check_length(nodes: Sequence[Value], array: Any) -> None:
    view = memoryview(array)
    if view.format != "d":
        raise ValueError(f"an array of float64 is needed, and was given {array!r}")
    if len(view) != len(nodes):
        raise ValueError(f"{len(nodes)} Values do not fit an array of {len(view)} numbers")
