"""Sweeps over a graph in any number system, looked over before they begin; and on floats."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from autograd_lite.engine import (
    Value,
    adjoints_in,
    current_mode,
    dependent,
    tangents,
    tangents_in,
    topological_order,
)
from autograd_lite.modes import check_adjoints, check_tangents, is_checked, unchecked


def between(outputs: Iterable[Value], inputs: list[Value]) -> list[Value]:
    """The nodes between some inputs and outputs, both included, in topological order.

    What was recorded before the earliest input is not walked: a derivative takes as long as what
    lies between, however large the graph is that computed the inputs.
    """
    return dependent(topological_order(outputs, inputs), inputs)


def reverse_sweep(
    nodes: list[Value], seeds: Mapping[Value, Any],
    numbers: dict[Value, Any] | None = None, beyond: Iterable[Value] = (),
) -> dict[Value, Any]:  # fmt: skip
    """Adjoints in another number system than floats: recorded as Values, if nothing else is said.

    Only `nodes` are swept, as `dependent` gives them, from the adjoints of the outputs, `seeds`.
    `numbers` says what stands for each of them; left out, they stand for themselves. The nodes
    `beyond` get an adjoint, and pass none on. One that is a plain float depends on no input; nodes
    that no output depends on are left out.
    """
    given = numbers, nodes, dict(seeds), {*nodes, *beyond}
    if current_mode.get() is None:  # no block to ask
        return adjoints_in(*given)
    if numbers is None:
        check_adjoints(nodes, seeds)
    with unchecked():
        return adjoints_in(*given)


def tangent_sweep(nodes: list[Value], seeds: Mapping[Value, Any]) -> dict[Value, Any]:
    """Tangents recorded as Values; the forward counterpart of `reverse_sweep`.

    `seeds` are the tangents of the inputs, where the sweep begins.
    """
    check_tangents(nodes, seeds)
    with unchecked():
        return tangents_in(None, nodes, dict(seeds))


def float_sweep(outputs: list[Value], inputs: list[Value], seeds: Sequence[float]) -> list[float]:
    """Tangents of outputs as floats, by the partial derivatives that lie in the nodes."""
    if current_mode.get() is not None and is_checked():
        moved = dict(zip(inputs, seeds, strict=True))
        check_tangents(between(outputs, inputs), moved, first=True)
    return tangents(outputs, inputs, seeds)
