"""Activations that pass no gradient: dead and saturated ones.

No op is named here. Whether an op is an activation follows from its own rules, evaluated at a few
numbers: its partial is bounded, and 0 from some point on (so relu, tanh or ``maximum(x, 0.0)``, but
neither ``x * x`` at its minimum, nor log far out, nor floor, whose partial is 0 everywhere).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from autograd_lite.diagnosis.names import scope_name
from autograd_lite.diagnosis.report import Finding
from autograd_lite.engine import Value
from autograd_lite.graph import edges, op_of, scope_of
from autograd_lite.ops import TABLE, Op

#: A partial below this passes (almost) no gradient.
FLAT = 1e-3
#: A healthy ReLU is off in this many uses, all of them, by a chance of 1 in 256.
_ENOUGH_USES = 8

_ENDS = (-1e300, 1e300)
_MIDDLE = (-3.0, -1.0, -0.3, 0.0, 0.3, 1.0, 3.0)


def flat(order: list[Value]) -> Iterator[Finding]:
    """The units (one op in one scope under one label) that are flat in every use."""
    units: dict[tuple[tuple[str, ...], Op, str], list[tuple[Value, float]]] = {}
    for node in order:
        op, partials = op_of(node), [partial for _, partial in edges(node)]
        if op is not None and op.arity is not None and len(partials) == 1:
            unit = units.setdefault((scope_of(node), op, node.label), [])
            unit.append((node, partials[0]))
    for (scope, op, label), unit in units.items():
        if all(abs(x) < FLAT for _, x in unit) and _is_activation(op, unit[0][0]):
            dead = all(x == 0.0 for _, x in unit)
            passed = "0" if dead else f"below {FLAT:g}"
            uses = f"all of {len(unit):,} uses" if len(unit) > 1 else "its only use"
            yield Finding(
                "dead" if dead else "saturated",
                "warning" if len(unit) >= _ENOUGH_USES else "note",
                tuple(node for node, _ in unit),
                f"{scope_name(scope)}: {label or op.name} has partial derivative {passed} "
                f"in {uses}",
            )


def _is_activation(op: Op, node: Value) -> bool:
    """Whether the partial by the node's only variable argument is bounded, and 0 far out."""
    if op.name not in TABLE:  # a user's function is not called where the user did not
        return False
    variable = [not parent.constant for parent in node.parents]

    def partial(x: float) -> float:
        numbers = [x if free else p.data for p, free in zip(node.parents, variable, strict=True)]
        partials = op.partials_on_floats(op.on_floats(*numbers), numbers, variable)
        return abs(partials[variable.index(True)])

    ends, middle = [partial(x) for x in _ENDS], [partial(x) for x in _MIDDLE]
    bounded = all(map(math.isfinite, ends + middle))
    return bounded and min(ends) == 0.0 and max(ends + middle) >= 100.0 * FLAT
