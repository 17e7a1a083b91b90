"""Numbers with a tangent: what a partial derivative, evaluated on them, makes of a direction.

A rule of the table called on `Dual` numbers gives its value and the derivative of that value along
a direction (forward differentiation: Griewank & Walther, Evaluating Derivatives, 2008, section
3.1). Derivatives come from the table's own rows, so the partials evaluated on them are the second
derivatives. What numbers are made of is left open: floats here, symbols where C is written.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from functools import partial as bound
from typing import Any

from autograd_lite.ops.ieee import IEEE, PYTHON_RAISES
from autograd_lite.ops.rules import carry
from autograd_lite.ops.table import TABLE, Op, give_operators


class Dual:
    """A number and its derivative along a direction.

    Operators are the table's, comparisons are those of the numbers.

    Parameters
    ----------
    value, tangent : float, IEEE or symbol
        A tangent that is the plain number 0.0 is known to be 0 and takes part in nothing.
    """

    __slots__ = ("tangent", "value")

    def __init__(self, value: Any, tangent: Any) -> None:
        self.value, self.tangent = value, tangent

    def __repr__(self) -> str:
        return f"Dual({self.value!r}, {self.tangent!r})"

    def __pos__(self) -> Dual:
        return self

    def __bool__(self) -> bool:
        return bool(self.value)

    __hash__ = None  # type: ignore[assignment] # equal ones are no one thing

    def __int__(self) -> int:  # or Python would ask __trunc__, with a warning
        raise TypeError("int() of a Dual has no derivative")

    def __getattr__(self, name: str) -> Any:
        if name in TABLE:  # as np.exp(x) asks for x.exp()
            return bound(TABLE[name], self)
        raise AttributeError(f"a Dual has no attribute {name!r}")

    @staticmethod
    def _apply_op(row: Op, args: Sequence[Any]) -> Dual:
        values, tangents = list(map(value_of, args)), list(map(tangent_of, args))
        out = row.expand(values) if row.arity is None else row(*values)
        wanted = [not _is_plain(t, 0.0) for t in tangents]
        if not any(wanted):
            return Dual(out, 0.0)
        return Dual(out, along(tangents, row.partials_on(out, values, wanted)))


def value_of(thing: Any) -> Any:
    """The number of a Dual; anything else is a number itself."""
    return thing.value if isinstance(thing, Dual) else thing


def tangent_of(thing: Any) -> Any:
    """The tangent of a Dual; anything else does not change along a direction."""
    return thing.tangent if isinstance(thing, Dual) else 0.0


def _is_plain(thing: Any, number: float) -> bool:
    return isinstance(thing, float) and thing == number


def along(tangents: Iterable[Any], partials: Iterable[Any]) -> Any:
    """Derivative along a direction: the sum of tangent times partial, where zero carries nothing.

    It begins with 0.0, so no tangent is ever -0.0; then it makes no difference to any bit whether
    a product that is 0 is added or left out.
    """
    total: Any = 0.0
    for tangent, partial in zip(tangents, partials, strict=True):
        if not (_is_plain(tangent, 0.0) or _is_plain(partial, 0.0)):
            total += carried(tangent, partial)
    return total


def carried(factor: Any, partial: Any) -> Any:
    """The product of the chain rule, in any number system: zero carries nothing.

    A partial that is the plain number 1.0 leaves no node. A factor of 1.0 does: the partial may be
    a node of the user's own graph, which must not be handed out as a derivative.
    """
    if type(factor) is type(partial) is float:
        return factor * partial if factor and partial else 0.0
    return factor if _is_plain(partial, 1.0) else carry(factor, partial)


def partial_tangents(
    row: Op, out: float, args: Sequence[float],
    out_tangent: float, tangents: Sequence[float], wanted: Sequence[bool],
) -> list[float]:  # fmt: skip
    """How fast the partial derivatives of a row change along a direction; 0.0 where not wanted.

    `out` and the flat `args` are the row's value and arguments; the tangents say how fast these
    change. A TypeError if the partials of a user's row take nothing but floats.
    """

    def over(number: Callable[[float], float]) -> list[float]:
        duals = [Dual(number(x), number(t)) for x, t in zip(args, tangents, strict=True)]
        found = row.partials_on(Dual(number(out), number(out_tangent)), duals, wanted)
        return [float(tangent_of(partial)) for partial in found]

    try:
        try:
            return over(float)
        except PYTHON_RAISES:
            return over(IEEE)
    except (TypeError, AttributeError) as error:
        if row.custom:  # it has said so itself
            raise
        raise TypeError(
            f"{row.name} has no second derivative here, because its partials take floats only "
            f"({error}); write them with functions of this package (import autograd_lite as ag), "
            "such as ag.sin(x) instead of math.sin(x)"
        ) from error


def _comparison(compare: Callable[[Any, Any], Any]) -> Callable[[Dual, Any], Any]:
    return lambda self, other: compare(self.value, value_of(other))


give_operators(Dual)
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Dual, f"__{_name}__", _comparison(getattr(operator, _name)))
