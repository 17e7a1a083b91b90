"""Derivatives as functions: each takes a function and returns another.

Costs are in multiples of the function itself, recorded as a graph: one recording costs about as
much as the same arithmetic on plain floats in Python, and a reverse sweep over it a fraction of
that. Memory is that of the graph, 96 bytes a node in the C engine.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, Literal, overload

from autograd_lite.engine import Value, adjoints, is_silent
from autograd_lite.errors import ShapeError, shown, typed
from autograd_lite.modes import recording
from autograd_lite.ops import Op
from autograd_lite.transforms.recordings import (
    Argnums,
    Function,
    Recording,
    also_in_no_grad,
    are_plain,
    at_numbers,
    check_scalar,
    handed_out,
    name_of,
    one_or_all,
    record,
    transformed,
)
from autograd_lite.transforms.sweeps import float_sweep
from autograd_lite.transforms.trees import numbers_like

if TYPE_CHECKING:
    from autograd_lite.transforms.signatures import Gradient, P, T, ValueAndGradient


@overload
def grad(
    f: Gradient | Op, argnums: Literal[0] = 0, has_aux: Literal[False] = False
) -> Gradient: ...
@overload
def grad(
    f: Callable[Concatenate[T, P], float], argnums: Literal[0] = 0, has_aux: Literal[False] = False
) -> Callable[Concatenate[T, P], T]: ...
@overload
def grad(f: Function, argnums: Literal[0] = 0, has_aux: Literal[False] = False) -> Gradient: ...
@overload
def grad(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function: ...
def grad(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """The gradient of a function that returns one number, as a function of the same arguments.

    Parameters
    ----------
    f : callable
        Its differentiated arguments reach it as Values, in the structure in which they were given:
        numbers, Values, lists, tuples, dicts and dataclasses of them, networks, and float arrays of
        any shape, which become object arrays. Other arguments reach it as they are.
    argnums : int, tuple of int or slice, default=0
        Which positional arguments to differentiate by. Those of a slice count as one argument, a
        tuple: ``ag.jacobian(f, slice(1, None))`` is what ``scipy.optimize.curve_fit`` wants.
    has_aux : bool, default=False
        Whether `f` returns ``(value, anything)``; then the result is ``(gradient, anything)``, in
        which Values are floats wherever derivatives are.

    Returns
    -------
    callable
        Its result has the argument's structure (a tuple of such for a tuple of `argnums`): a float
        for a float, a float array for a float array, a Value, which can be differentiated again,
        for a Value; for a network one like it, whose parameters hold the gradient. What is no
        number (text, None, a bool, a function) stands there as it is.

    Raises
    ------
    ShapeError
        By the returned function, if `f` returns more than one number.
    TypeError
        If `f` is no function, or an argument is no structure of numbers.

    Notes
    -----
    Reverse mode: one recording and one reverse sweep, 2 to 3 times the function, whatever the
    number of arguments. Inside another differentiation on which the result depends, it is recorded
    as Values, which takes 10 to 20 times as long.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> ag.grad(lambda x: x**3)(2.0)
    12.0
    >>> ag.grad(lambda x: x * ag.grad(lambda y: x * y)(1.0))(4.0)
    8.0
    """
    return transformed(_grad, f, argnums, has_aux)


def _grad(f: Function, argnums: Argnums, has_aux: bool, /, *args: Any, **keywords: Any) -> Any:
    if is_silent():  # the decorator itself would cost a tenth of a small gradient
        return also_in_no_grad(_grad)(f, argnums, has_aux, *args, **keywords)
    value, gradient = _differentiated(f, args, keywords, argnums, has_aux)
    return (gradient, value[1]) if has_aux else gradient


@overload
def value_and_grad(
    f: Gradient | Op, argnums: Literal[0] = 0, has_aux: Literal[False] = False
) -> ValueAndGradient: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[T, P], float], argnums: Literal[0] = 0, has_aux: Literal[False] = False
) -> Callable[Concatenate[T, P], tuple[float, T]]: ...
@overload
def value_and_grad(
    f: Function, argnums: Literal[0] = 0, has_aux: Literal[False] = False
) -> ValueAndGradient: ...
@overload
def value_and_grad(
    f: Function, argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., tuple[Any, Any]]: ...
def value_and_grad(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """The value and the gradient of a function that returns one number, at once.

    Parameters
    ----------
    f, argnums, has_aux
        See `grad`.

    Returns
    -------
    callable
        It returns ``(value, gradient)``, with `has_aux` ``((value, anything), gradient)``. With a
        float array as argument it is what ``scipy.optimize.minimize(…, jac=True)`` wants.

    Raises
    ------
    ShapeError, TypeError
        As with `grad`.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> ag.value_and_grad(lambda xs: ag.dot(xs, xs))([1.0, 2.0])
    (5.0, [2.0, 4.0])
    """
    return transformed(_value_and_grad, f, argnums, has_aux)


@also_in_no_grad
def _value_and_grad(
    f: Function, argnums: Argnums, has_aux: bool, /, *args: Any, **keywords: Any
) -> tuple[Any, Any]:
    return _differentiated(f, args, keywords, argnums, has_aux)


def _differentiated(
    f: Function, args: Any, keywords: Any, argnums: Argnums, has_aux: bool
) -> tuple[Any, Any]:
    """The value and the gradient; at one number without taking structures apart."""
    positions = [argnums] if isinstance(argnums, int) and 0 <= argnums < len(args) else []
    numbers = [args[i] for i in positions]
    if are_plain(f, numbers) and not has_aux:
        inputs, output = at_numbers(f, args, keywords, positions)
        if type(output) is Value:
            return output.data, adjoints(output, 1.0, inputs)[0]
        recording = Recording.of(numbers, inputs, output, name_of(f))
    else:
        recording = record(f, args, keywords, argnums, has_aux)
    check_scalar(recording)
    value = (recording.value(), recording.aux) if has_aux else recording.value()
    return value, one_or_all(recording.pulled_back([1.0]), argnums)


def vjp(f: Function, *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Vector-Jacobian product: the value, and the function that pulls adjoints back (reverse mode).

    Parameters
    ----------
    f : callable
        It may return any structure of numbers.
    *primals : structures of numbers
        Its arguments, all of which are differentiated; see `grad`.
    has_aux : bool, default=False
        See `grad`; what `f` returns beside the value comes third.

    Returns
    -------
    value : structure
        What `f` returned.
    pullback : callable
        ``pullback(seed)``, with a seed structured like the value, gives a tuple with one entry per
        primal: the derivatives of the sum of all outputs, each times its seed.

    Raises
    ------
    TypeError
        If `f` is no function, or a primal or its result is no structure of numbers.
    ShapeError
        By the function returned, if adjoints do not have the form of the result.

    Notes
    -----
    One recording now; one reverse sweep for each call of `pullback`.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> value, pullback = ag.vjp(lambda x, y: (x * y, x + y), 3.0, 2.0)
    >>> value, pullback((1.0, 10.0))
    ((6.0, 5.0), (12.0, 13.0))
    """
    with recording():
        recorded = Recording(f, primals, {}, range(len(primals)), has_aux)

    @also_in_no_grad
    def pullback(seed: Any) -> tuple[Any, ...]:
        seeds = numbers_like(recorded.result, seed, "the seed")
        return tuple(copy.copy(recorded).pulled_back(seeds))  # a copy, since it follows the seeds

    value = handed_out(recorded.value())
    return (value, pullback, handed_out(recorded.aux)) if has_aux else (value, pullback)


@also_in_no_grad
def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Jacobian-vector product: the value and its derivative along a direction (forward mode).

    Parameters
    ----------
    f : callable
        It may return any structure of numbers.
    primals : tuple or list
        Its arguments, all of which are differentiated; see `grad`.
    tangents : tuple or list
        The direction: structured like `primals`.

    Returns
    -------
    value, tangent : structures
        What `f` returned, and its derivative.

    Raises
    ------
    TypeError
        If `f` is no function, or a primal or its result is no structure of numbers.
    ShapeError
        If the tangents do not have the form of the primals.

    Notes
    -----
    One recording and one sweep over it from the inputs to the outputs.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> ag.jvp(lambda x, y: [x * y, x + y], (3.0, 2.0), (1.0, 0.0))
    ([6.0, 5.0], [2.0, 1.0])
    """
    for role, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, tuple | list):
            raise TypeError(
                f"{role} is a tuple with one entry for each argument of the function and was given "
                f"{typed(given)}; write ({shown(given)},) for one argument"
            )
    n = len(primals)
    if n == len(tangents) and are_plain(f, (*primals, *tangents)):
        inputs, output = at_numbers(f, primals, {}, range(n))
        if type(output) is Value:
            return output.data, float_sweep([output], inputs, tangents)[0]
        recording = Recording.of(primals, inputs, output, name_of(f))
    else:
        recording = Recording(f, primals, {}, range(n))
    if len(tangents) != n:
        raise ShapeError(f"there are {n} primals and {len(tangents)} tangents")
    seeds = [
        seed
        for i, (tree, tangent) in enumerate(zip(recording.arguments, tangents, strict=True))
        for seed in numbers_like(tree, tangent, f"tangent {i}")
    ]
    moved = recording.tangents(seeds)
    return recording.value(), recording.result.rebuilt(moved)
