"""Vectors of `Dual` symbols: what makes of a loop in a rule the loop for its tangent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd_lite.ops.duals import Dual, along, tangent_of, value_of
from autograd_lite.ops.table import AnyRule
from autograd_lite.writing.symbols import TOTAL, Fold, Symbol, Vector, as_symbol, elements

_ZERO = as_symbol(0.0)


class DualVector:
    """A sequence of m numbers and their tangents, none of them known yet."""

    def __init__(self, values: Vector, tangents: Vector) -> None:
        self.values, self.tangents = values, tangents

    @property
    def element(self) -> Dual:
        """Element ``i``, seen from inside a loop over ``i``."""
        known = self.tangents.body is _ZERO
        return Dual(self.values.element, 0.0 if known else self.tangents.element)

    @staticmethod
    def _each(rule: AnyRule, vectors: Sequence[Any]) -> DualVector:
        given = elements(DualVector, vectors)
        parts = [Vector(body=_body(part, rule, *given)) for part in (value_of, tangent_of)]
        return DualVector(*parts)

    # The tangent's step takes the total of the values, too, so the tangent of a fold goes along the
    # scan of the values. Where each step leaves a tangent of 0 at 0 it is known to be 0.

    @staticmethod
    def _fold(step: AnyRule, vectors: Sequence[Any], start: Any) -> Dual:
        given = elements(DualVector, vectors)
        body = _body(value_of, step, Dual(TOTAL, 0.0), *given)
        if start is None and len(vectors) > 1:
            raise TypeError("a fold over several vectors needs a start")
        first = (vectors[0].values, vectors[0].tangents) if start is None else (None, None)
        at = None if start is None else as_symbol(value_of(start))
        begins_at = given[0].tangent if start is None else tangent_of(start)
        value = Fold(body, at, first[0])
        before = Vector(body=body, start=at, first=first[0])
        change = _change(step, before, given, begins_at)
        if change is _ZERO:
            return Dual(value, 0.0)
        begins = None if start is None else as_symbol(begins_at)
        return Dual(value, Fold(change, begins, first[1]))

    @staticmethod
    def _scan(step: AnyRule, vector: DualVector, start: Any, backwards: bool) -> DualVector:
        given, begins_at = elements(DualVector, [vector]), tangent_of(start)
        body = _body(value_of, step, Dual(TOTAL, 0.0), *given)
        values = Vector(body=body, start=as_symbol(value_of(start)), backwards=backwards)
        change = _change(step, values, given, begins_at)
        if change is _ZERO:
            return DualVector(values, Vector(body=_ZERO))
        tangents = Vector(body=change, start=as_symbol(begins_at), backwards=backwards)
        return DualVector(values, tangents)

    @staticmethod
    def _count(vector: DualVector) -> Any:
        return Vector._count(vector.values)

    @staticmethod
    def _apply_sequence_op(row: Any, given: Sequence[Any]) -> Dual:
        value = Vector._apply_sequence_op(row, [vector.values for vector in given])
        vector = given[0]
        if vector.tangents.body is _ZERO:
            return Dual(value, 0.0)
        found = row.partials[0](value, vector.values)
        slopes = found if isinstance(found, Vector) else Vector(body=as_symbol(found))

        def step(total: Any, tangent: Any, slope: Any) -> Any:
            return total + along([tangent], [slope])

        return Dual(value, Vector._fold(step, [vector.tangents, slopes], 0.0))


def _body(part: Callable[[Any], Any], rule: AnyRule, *args: Any) -> Symbol:
    return Vector._loop_body(lambda: part(rule(*args)))


def _change(step: AnyRule, before: Vector, given: Sequence[Dual], begins_at: Any) -> Symbol:
    """The next tangent of a total; the symbol of 0.0 if it is 0 from the first to the last."""
    still = isinstance(begins_at, float) and begins_at == 0.0
    if still and _body(tangent_of, step, Dual(before.element, 0.0), *given) is _ZERO:
        return _ZERO
    return _body(tangent_of, step, Dual(before.element, TOTAL), *given)
