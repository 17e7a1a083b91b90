"""Truncated power series, swept over a graph: all derivatives by one number, to any order, at once.

(Griewank & Walther, Evaluating Derivatives, 2008, chapter 13.) The series of a node follows from
those of its parents by the ops' first partial derivatives alone: with x(t), y(t), … the parents,
out' = Σ partial(out, x, y, …) · x'. So its n-th coefficient needs the partials' coefficients up to
n - 1 only, and these are series of the same kind: each coefficient is computed when asked for.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.graph import op_of
from autograd_lite.ops import TABLE, Op
from autograd_lite.ops.ieee import IEEE, number_system
from autograd_lite.ops.numbers import Arithmetic
from autograd_lite.ops.rules import carry, divide
from autograd_lite.ops.table import give_operators


class _Rows:
    """The operators of the table, as Value has them: a user's own partial may say ``x**2``."""

    __slots__ = ()

    @staticmethod
    def _apply_op(op: Op, args: Sequence[Any]) -> Series:
        args = [series(arg) for arg in args]
        heads = [arg[0] for arg in args]
        return composed(op, (number_system(heads) or IEEE)._apply_op(op, tuple(heads)), args)


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[[Series, Any], bool]:
    # of Values as they are: a program takes it for a guard
    return lambda x, y: compare(x[0], series(y)[0])


give_operators(_Rows)


class Series(Arithmetic, _Rows):
    """c0 + c1 t + c2 t² + …, whose coefficients are floats or Values.

    `head` is c0, an `IEEE` float or a Value. ``rule(n)`` gives the n-th coefficient from those
    before it, once for each n; it is None for a constant.
    """

    __slots__ = ("known", "rule")

    def __init__(self, head: Any, rule: Callable[[int], Any] | None) -> None:
        self.known, self.rule = [head], rule

    def __getitem__(self, n: int) -> Any:
        if self.rule is None:
            return self.known[0] if n == 0 else 0.0
        while len(self.known) <= n:
            self.known.append(self.rule(len(self.known)))
        return self.known[n]

    def compute_like(self, others: Iterable[Any]) -> None:
        """Compute as many coefficients as all the others have, so that nothing goes deep later."""
        counts = [len(x.known) for x in others if isinstance(x, Series) and x.rule is not None]
        self[min(counts, default=1) - 1]

    @staticmethod
    def _arithmetic(sign: str, x: Any, y: Any) -> Series:
        x, y = series(x), series(y)
        if sign == "*":
            return _made(x[0] * y[0], (x, y), lambda n: _convolved(x, y, n, range(n + 1)))
        if sign == "/":
            return _quotient(x, y)
        operation = operator.add if sign == "+" else operator.sub
        return _made(operation(x[0], y[0]), (x, y), lambda n: operation(x[n], y[n]))

    def __pos__(self) -> Series:
        return self

    # No __float__, by which math.sin would lose the rest in silence.

    def __bool__(self) -> bool:
        return bool(self[0])

    def __neg__(self) -> Series:
        return _made(-self[0], (self,), lambda n: -self[n])

    def __int__(self) -> int:  # or Python would ask __trunc__, with a warning
        raise TypeError("int() of a power series has no derivative")

    def __getattr__(self, name: str) -> Any:
        """The ops of the table as methods, as Value has them: for users' own partials."""
        if name in TABLE:
            return partial(TABLE[name], self)
        raise AttributeError(f"a power series has no attribute {name!r}")


for _compare in (operator.lt, operator.le, operator.gt, operator.ge):
    setattr(Series, f"__{_compare.__name__}__", _comparison(_compare))


def series(thing: Any) -> Series:
    """The thing itself, or a constant."""
    if isinstance(thing, Series):
        return thing
    return Series(thing if isinstance(thing, Value) else IEEE(thing), None)


def composed(op: Any, head: Any, args: Sequence[Series]) -> Series:
    """The series of an op of the table at series, given its value at their heads."""
    moving = [arg.rule is not None for arg in args]
    if not any(moving):
        return Series(head, None)
    partials: list[Any] = []

    def rule(n: int) -> Any:
        if n == 1 and op.custom:  # their heads will do, and may be floats, which it can take
            heads = op.partials_on(out[0], [arg[0] for arg in args], moving)
            return sum([_product(arg[1], factor) for arg, factor in zip(args, heads, strict=True)])
        if not partials:
            partials.extend(op.partials_on(out, args, moving))
        total: Any = 0.0
        for factor, arg, moves in zip(partials, args, moving, strict=True):
            if moves:
                factor = series(factor)
                terms = range(1 if factor.rule else n, n + 1)
                total = total + _convolved(arg, factor, n, terms, lambda m: m / n)
        return total

    out = Series(head, rule)
    return out


def sweep(nodes: Iterable[Value], found: dict[Value, Series], order: int, recorded: bool) -> None:
    """Add the series of nodes, in topological order, to those of the inputs: up to some order.

    Each node's coefficients are computed at once, so that no computation goes deeper than one op's
    rules. They are Values if `recorded`.
    """
    for node in nodes:
        if node in found:
            continue
        args = [
            found[p] if p in found else series(p if recorded and not p.constant else p.data)
            for p in node.parents
        ]
        found[node] = composed(op_of(node), node if recorded else IEEE(node.data), args)
        found[node][order]


def _made(head: Any, parts: tuple[Series, ...], rule: Callable[[int], Any]) -> Series:
    """A constant if all its parts are: a constant exponent, say, must need no logarithm."""
    return Series(head, None if all(part.rule is None for part in parts) else rule)


def _quotient(x: Series, y: Series) -> Series:
    # x = out * y, solved for the last coefficient of out
    def rule(n: int) -> Any:
        return _product(x[n] - _convolved(out, y, n, range(n)), divide(1.0, y[0]))

    out = _made(divide(x[0], y[0]), (x, y), rule)
    return out


def _convolved(
    x: Series, y: Series, n: int, terms: range, weight: Callable[[int], float] = lambda m: 1.0
) -> Any:
    """Σ weight(m) x[m] y[n - m]."""
    total: Any = 0.0
    for m in terms:
        term = _product(x[m], y[n - m])
        if not _is_zero(term):
            total = total + (term if weight(m) == 1.0 else weight(m) * term)
    return total


def _product(a: Any, b: Any) -> Any:
    """Zero carries nothing; where a factor is the plain number 0, no node is made of it either."""
    return 0.0 if _is_zero(a) or _is_zero(b) else carry(a, b)


def _is_zero(thing: Any) -> bool:
    return isinstance(thing, float) and thing == 0.0
