"""Derivatives of high order of functions of one number."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

from autograd_lite.engine import Value
from autograd_lite.errors import shown, typed
from autograd_lite.modes import check_tangents, unchecked
from autograd_lite.ops import Op
from autograd_lite.transforms.recordings import (
    Function,
    Recording,
    also_in_no_grad,
    are_plain,
    at_numbers,
    name_of,
    transformed,
)
from autograd_lite.transforms.series import Series, sweep
from autograd_lite.transforms.sweeps import float_sweep
from autograd_lite.transforms.trees import take_apart

if TYPE_CHECKING:
    from autograd_lite.transforms.signatures import Gradient, P


@overload  # a gradient may be called with floats, too
def derivative(f: Gradient | Op, order: int = 1) -> Gradient: ...  # type: ignore[overload-overlap]
@overload
def derivative(f: Callable[P, float], order: int = 1) -> Callable[P, float]: ...
@overload
def derivative(f: Callable[..., Value], order: int = 1) -> Gradient: ...
@overload
def derivative(f: Function, order: int = 1) -> Function: ...
def derivative(f: Function, order: int = 1) -> Function:
    """The n-th derivative of a function of one number, as a function.

    Parameters
    ----------
    f : callable
        Differentiated by its first argument, a number or Value; others reach it as they are. It
        may return any structure of numbers.
    order : int, default=1
        From 0 to 170, whose factorial is the last one that a float holds.

    Returns
    -------
    callable
        Its result is structured like that of `f`; Values if its argument is one.

    Raises
    ------
    ValueError
        If the order is none from 0 to 170: 171! is no float any more.
    TypeError
        By the function returned, if `f` takes more than one number, or returns none.

    Notes
    -----
    One recording, over which a power series is swept: for n-th derivatives about n²/2 products for
    each operation. See `taylor`.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> ag.derivative(lambda x: x**5, 3)(2.0)
    240.0
    """
    _check_order(order, 170)
    return transformed(_derivative, f, order)


@also_in_no_grad
def _derivative(f: Function, order: int, x: Any, /, *args: Any, **keywords: Any) -> Any:
    if order == 1:  # a tangent is all that it takes
        if are_plain(f, (x,)):
            inputs, output = at_numbers(f, (x, *args), keywords, [0])
            if type(output) is Value:
                return float_sweep([output], inputs, [1.0])[0]
            recording = Recording.of((x,), inputs, output, name_of(f))
        else:
            recording = _recorded(f, x, args, keywords)
        return recording.result.rebuilt(_shown(recording.tangents([1.0]), recording))
    recording, coefficients = _expanded(f, x, order, args, keywords)
    factor = float(math.factorial(order))
    return recording.result.rebuilt([factor * series[order] for series in coefficients])


@also_in_no_grad
def taylor(f: Function, x: Any, order: int) -> list[Any]:
    """Taylor coefficients of a function of one number: f(x + t) = c0 + c1 t + c2 t² + ….

    Parameters
    ----------
    f : callable
        It may return any structure of numbers.
    x : float or Value
        Where to expand.
    order : int
        The highest power of t, from 0 to 10,000. The cost grows with its square.

    Returns
    -------
    list
        order + 1 coefficients, each structured like what `f` returns: c_n is the n-th derivative
        divided by n!.

    Raises
    ------
    ValueError
        If the order is none from 0 to 10,000.
    TypeError
        If `f` takes more than one number, or returns none.

    Notes
    -----
    Power series are swept over one recording (Griewank & Walther, Evaluating Derivatives, 2008,
    chapter 13), by the op table's first derivatives alone.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> ag.taylor(ag.exp, 0.0, 3)
    [1.0, 1.0, 0.5, 0.16666666666666666]
    """
    recording, found = _expanded(f, x, _check_order(order, 10_000), (), {})
    return [recording.result.rebuilt([series[n] for series in found]) for n in range(order + 1)]


def _expanded(
    f: Function, x: Any, order: int, args: Any, keywords: Any
) -> tuple[Recording, list[list[Any]]]:
    """The recording of f, and the power series of each number that it returned."""
    recording = _recorded(f, x, args, keywords)
    [point] = recording.inputs
    head = point if recording.recorded else point.data
    found = {point: Series(head, lambda n: 1.0 if n == 1 else 0.0)}
    nodes = recording.dependent()
    check_tangents(nodes, {point: 1.0}, first=order < 2)
    with unchecked():
        sweep(nodes, found, order, recording.recorded)
        plain = [
            found[leaf] if leaf in found else Series(recording.number(leaf), None)
            for leaf in recording.result.leaves
        ]
        return recording, [_shown([s[n] for n in range(order + 1)], recording) for s in plain]


def _recorded(f: Function, x: Any, args: Any, keywords: Any) -> Recording:
    """The recording of a function of one number."""
    if take_apart(x, "x").shape != ():
        raise TypeError(
            f"derivative and taylor take functions of one number, and x is {typed(x)}; "
            "ag.jacobian takes more"
        )
    return Recording(f, (x, *args), keywords, [0])


def _shown(numbers: list[Any], recording: Recording) -> list[Any]:
    """Numbers as they are handed out: floats, or Values where derivatives are recorded."""
    if recording.recorded and not recording.nested:
        return [n if isinstance(n, Value) else Value(n) for n in numbers]
    return [n if isinstance(n, Value) else float(n) for n in numbers]


def _check_order(order: int, top: int) -> int:
    try:
        number = operator.index(order)
    except TypeError:
        number = -1
    if not 0 <= number <= top:
        raise ValueError(f"order is a whole number from 0 to {top:,}, and was given {shown(order)}")
    return number
