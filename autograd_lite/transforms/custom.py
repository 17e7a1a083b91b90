"""A user's own op, checked where it is defined if wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from autograd_lite.ops import CustomOp
from autograd_lite.ops.custom import define
from autograd_lite.transforms.checking import check_grad
from autograd_lite.transforms.recordings import name_of

_Function = Callable[..., Any]


def custom_op(
    name: str, forward: _Function, partials: _Function | Sequence[_Function],
    symbol: str | None = None, latex: str | None = None, *, check: Any = None,
) -> CustomOp:  # fmt: skip
    r"""A new op, used like those of the package: on floats, arrays and Values, in every transform.

    Parameters
    ----------
    name : str
        An identifier. A pickle of a graph refers to the op by its name. Defining a name again
        replaces the op for pickles; graphs that exist keep theirs.
    forward : callable
        ``forward(*args)``: any function of floats (SciPy's, a solver) that gives one real number.
        It must give the same number whenever it is given the same floats. Calls may leave out
        what has a default, and give arguments by name; one without a partial keeps its default.
    partials : sequence of callables
        ``partial(out, *args)`` for each argument: the derivative by that, where `out` is the
        result. On floats it may be any function as well. Written with operators, functions of
        this package and custom ops, it can itself be differentiated.
    symbol : str, optional
        What drawings show; the name if left out.
    latex : str, optional
        With ``#1``, ``#2``, … for the arguments; without, it is a function's name. If left out,
        ``\operatorname{name}``.
    check : tuple of float, or list of such tuples, optional
        Arguments at which the definition is checked by `check_grad`: the partials and, where they
        accept Values, their derivatives. For one argument, numbers will do.

    Returns
    -------
    CustomOp
        A row like those of the op table.

    Raises
    ------
    TypeError, ValueError
        If the name is no identifier or an op of the package, or if the signatures tell that there
        is not one partial for each argument; what they do not tell is found at the first use.
    GradientMismatch
        If the definition does not pass its check; then nothing is defined.

    Notes
    -----
    Python raises where IEEE-754 has an answer (``1.0 / 0.0``). A function that does so is called
    once more on floats that do not; if it still raises, its own exception goes out. Other
    exceptions go out at once. The graph is as it was before.

    Examples
    --------
    >>> import math
    >>> import autograd_lite as ag
    >>> ratio = ag.custom_op(
    ...     "sine_by_x",
    ...     forward=lambda x: math.sin(x) / x,
    ...     partials=[lambda out, x: (ag.cos(x) - out) / x],
    ...     check=[0.7, -2.0],
    ... )
    >>> x = ag.Value(2.0)
    >>> y = ratio(x) * x
    >>> y.backward()
    >>> math.isclose(x.grad, math.cos(2.0))
    True
    """
    row = CustomOp(name, forward, partials, symbol, latex)
    points = check if isinstance(check, list) else [] if check is None else [check]
    for point in points:
        args = point if isinstance(point, tuple) else (point,)
        check_grad(row, *args, order=1)
        with suppress(TypeError):  # of partials that take floats only
            check_grad(row, *args, order=2)
    return define(row)


def primitive(
    bare: None = None, /, *, partials: _Function | Sequence[_Function] = (),
    name: str | None = None, symbol: str | None = None, latex: str | None = None,
    check: Any = None,
) -> Callable[[_Function], CustomOp]:  # fmt: skip
    """Decorator that makes a function of floats an op; see `custom_op`.

    Parameters
    ----------
    bare : None
        Nothing: the place of a function that is decorated without parentheses, an error.
    partials, symbol, latex, check
        As for `custom_op`.
    name : str, optional
        The function's own if left out.

    Returns
    -------
    callable

    Raises
    ------
    TypeError
        If there are no partials.

    Examples
    --------
    >>> import math
    >>> import autograd_lite as ag
    >>> @ag.primitive(partials=[lambda out, x: out * math.log(2.0)], check=0.5)
    ... def twofold(x):
    ...     "Two to the power x."
    ...     return math.pow(2.0, x)
    >>> ag.grad(twofold)(1.0) == 2.0 * math.log(2.0)
    True
    """
    if bare is not None:  # by `@primitive`, without parentheses
        raise TypeError(
            f"@primitive needs the partial derivatives of {name_of(bare)}: "
            "@primitive(partials=[lambda out, x: …]), one for each argument"
        )

    def decorate(forward: _Function) -> CustomOp:
        own = getattr(forward, "__name__", "") if name is None else name
        return custom_op(own, forward, partials, symbol, latex, check=check)

    return decorate
