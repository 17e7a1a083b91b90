"""`check_grad`: derivatives in every mode beside numeric ones, and which op is at fault."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.engine import Mode, Value, topological_order
from autograd_lite.errors import GradientMismatch, counted
from autograd_lite.graph import op_of
from autograd_lite.modes import in_mode
from autograd_lite.ops import Op
from autograd_lite.transforms.numeric import Disagreement, Tolerance, compare, near
from autograd_lite.transforms.orders import Mismatch, Vector, first_mismatch, numbers_of
from autograd_lite.transforms.recordings import name_of
from autograd_lite.transforms.trees import take_apart


@in_mode(Mode())  # numeric derivatives may leave the domain
def check_grad(
    f: Callable[..., Any], *args: Any, order: int = 2, rtol: float = 1e-6, atol: float = 1e-9
) -> None:
    """Compare derivatives, in forward and in reverse mode, with numeric ones.

    Parameters
    ----------
    f : callable
        It may return any structure of numbers.
    *args : structures of numbers
        The point; every number is differentiated by. See `grad`. A function that takes other
        things, too, is checked as ``lambda x: f(x, other)``.
    order : int, default=2
        The highest order of derivatives to check; those below are checked first.
    rtol, atol : float
        How far from the numeric derivative an analytic one may be, relative to the larger of them
        and absolutely. The estimated error of the numeric derivative is added.

    Raises
    ------
    GradientMismatch
        Naming the argument and the number in it, the modes, both derivatives, and the op that is
        most likely at fault. Also where `f` has a kink, or where numeric derivatives do not settle.
    TypeError
        If there is no number to differentiate by, or a custom op has no derivative of that order.
    ValueError
        If `f` is nan or infinite at this point.

    Notes
    -----
    First order: the Jacobian, by reverse sweeps and by forward sweeps. Second order: the Hessian,
    of a fixed combination of the outputs if there are several, in the four mixtures of modes and as
    `hessian` gives it. Further orders: the same for a combination of the derivatives below.

    They are compared with central differences of the function or, from the second order on, of the
    derivatives one order below; extrapolated, with steps chosen for each number and an estimate of
    the error. With n numbers: at least 8n evaluations of the function, and of its gradient for the
    second order.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> ag.check_grad(lambda x, y: ag.exp(x * y) / y, 0.5, -2.0)
    >>> cube = ag.custom_op("cube", lambda x: x**3, lambda out, x: 2 * x**2)
    >>> ag.check_grad(lambda x: x[0] * cube(x[1]), [1.0, 2.0])
    Traceback (most recent call last):
        ...
    autograd_lite.errors.GradientMismatch: the derivative of <lambda> by argument 0[1] ...
    """
    name, order = name_of(f), operator.index(order)
    trees = [take_apart(arg, f"argument {i}") for i, arg in enumerate(args)]
    numbers = numbers_of([leaf for tree in trees for leaf in tree.leaves]).tolist()
    if not numbers or order < 1:
        raise TypeError(
            f"check_grad of {name} by {counted(len(numbers), 'number')} to order {order} "
            "has nothing to check; give the function's arguments, and an order from 1 on"
        )

    def function(xs: Sequence[Any]) -> list[Any]:
        rest = iter([x if isinstance(x, Value) else Value(x) for x in xs])
        return take_apart(f(*[tree.build(rest) for tree in trees]), f"the result of {name}").leaves

    results = numbers_of(function(numbers))
    if not results.size:
        raise TypeError(f"{name} gives no numbers, so there is nothing to check; return a Value")
    if not np.isfinite(results).all():
        raise ValueError(
            f"{name} gives {results.tolist()} at this point and has no derivatives to check; "
            "choose another"
        )
    tolerance = Tolerance(rtol, atol)
    with np.errstate(all="ignore"):  # steps may leave the domain
        mismatch = first_mismatch(function, numbers, order, tolerance)
        if mismatch is None:
            return
        fault = _fault(mismatch, function, numbers, tolerance)
    names = [each for tree in trees for each in tree.names()]
    subject = _subject(mismatch, name, names, len(results))
    error = GradientMismatch(_message(mismatch, subject, numbers[mismatch.i], fault))
    sizes = [len(tree.leaves) for tree in trees]
    error.argument = int(np.searchsorted(np.cumsum(sizes), mismatch.i, side="right"))
    error.path = names[mismatch.i].removeprefix(f"argument {error.argument}")
    error.order, error.mode = mismatch.order, " and ".join(mismatch.modes)
    error.analytic, error.numeric = mismatch.found.analytic, mismatch.found.numeric
    error.tolerance = mismatch.found.tolerance
    if fault is not None:
        error.op, error.parent = fault.op.name, fault.parent
    raise error


# --- the op at fault ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Fault:
    op: Op
    parent: int
    order: int
    at: list[float]
    found: Disagreement

    def __str__(self) -> str:
        found, shown = self.found, ", ".join([f"{number:g}" for number in self.at])
        kind = "partial" if self.order == 1 else f"partial derivative of order {self.order}"
        return (
            f"most likely at fault is the op {self.op.name!r}: at ({shown}) its {kind} by "
            f"argument {self.parent} is {found.analytic!r}, and numerically {found.numeric!r}"
        )


def _fault(
    mismatch: Mismatch, function: Vector, numbers: list[float], tolerance: Tolerance
) -> _Fault | None:
    """The op whose own derivative is farthest off, at the numbers that it met.

    First each node of the function below, the derivatives among them, is asked for its partials.
    If they are right, a custom op may have hidden a number from the differentiation of its partial.
    """
    faults = []
    for node in _nodes(mismatch.below, numbers):
        op, at = op_of(node), [parent.data for parent in node.parents]
        for j, parent in enumerate(node.parents):
            if parent.constant or not np.isfinite(at).all():
                continue
            by = np.array([node.local_grads[j]])
            found = compare(_of_op(op, at, j), at[j], by, tolerance)
            if found is not None:
                faults.append(_Fault(op, j, 1, at, found))
    if not faults and mismatch.order > 1:
        for node in _nodes(function, numbers):
            if op_of(node).custom:
                op, at = op_of(node), [parent.data for parent in node.parents]
                free = [j for j, parent in enumerate(node.parents) if not parent.constant]
                there, rule = [at[j] for j in free], _recorded(op, at, free)
                own = first_mismatch(rule, there, mismatch.order, tolerance)
                if own is not None:
                    faults.append(_Fault(op, free[own.i], own.order, at, own.found))
    return max(faults, key=lambda fault: fault.found.excess, default=None)


def _nodes(function: Vector, numbers: list[float]) -> list[Value]:
    found = function([Value(number) for number in numbers])
    order = topological_order([leaf for leaf in found if isinstance(leaf, Value)])
    return [node for node in order if node.op]


def _of_op(op: Op, at: list[float], j: int) -> Callable[[float], Any]:
    return lambda x: np.array([op.on_floats(*at[:j], x, *at[j + 1 :])])


def _recorded(op: Op, at: list[float], free: list[int]) -> Vector:
    def function(xs: Sequence[Any]) -> list[Any]:
        given = dict(zip(free, xs, strict=True))
        return [op(*[given.get(j, x) for j, x in enumerate(at)])]

    return function


# --- saying so ------------------------------------------------------------------------------------


def _subject(mismatch: Mismatch, name: str, names: list[str], outputs: int) -> str:
    """Which derivative it is, in words."""
    k, result, by = mismatch.order, mismatch.result, names[mismatch.i]
    if k == 1:
        return f"the derivative of {f'output {result} of ' if outputs > 1 else ''}{name} by {by}"
    of = f"a combination of the outputs of {name}" if outputs > 1 else name
    which = "second derivative" if k == 2 else f"derivative of order {k}"
    if len(names) == 1:
        return f"the {which} of {of} by {by}"
    others = f" and {k - 2} fixed directions" if k > 2 else ""
    first = names[result] if result < len(names) else "a fixed direction"
    return f"the {which} of {of} by {first}, {by}{others}"


def _message(mismatch: Mismatch, subject: str, x: float, fault: _Fault | None) -> str:
    found = mismatch.found
    reasons = [reason for reason in (_trouble(mismatch, x), str(fault or "")) if reason]
    if not reasons:
        reasons = ["every op's own derivative is right there, so look for .data in the function"]
    return (
        f"{subject} = {x!r} is {found.analytic!r} ({' and '.join(mismatch.modes)}), but "
        f"numerically {found.numeric!r} (tolerance {found.tolerance:.2g}); {'; '.join(reasons)}"
    )


@np.errstate(all="ignore")
def _trouble(mismatch: Mismatch, x: float) -> str:
    """The reason why the function has no numeric derivative; empty if it has one."""
    curve, found = mismatch.curve, mismatch.found
    here = curve(x)
    if not np.array_equal(here, curve(x), equal_nan=True):
        return "called again, the function gives another number (look for random numbers or state)"
    step, *changes = near(curve, x, found.component, 24)
    _, *closer = near(curve, x, found.component, 28)
    size = 1e-3 * abs(here[found.component])
    for side, change, less in zip(("left", "right"), changes, closer, strict=True):
        if not np.isfinite(change):
            return f"it is not finite on the {side} of this point"
        if abs(less) > 0.5 * abs(change) > size + 1e-3:
            return "it jumps there; choose another point"
    if not found.settled:
        return "numeric derivatives do not settle there (is there noise?)"
    left, right = [float(change) / step for change in changes]
    if abs(right - left) > 1e-3 * max(abs(left), abs(right), 1e-3):
        return (
            f"there is a kink: the slope is {left:.6g} on the left and {right:.6g} on the right; "
            "choose another point"
        )
    return ""
