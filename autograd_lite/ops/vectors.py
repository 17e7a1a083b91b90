"""The four ways in which a rule goes over a whole sequence: `fold`, `each`, `scan` and `count`.

Rules of rows over sequences are written with these in place of loops, so that they run on lists of
anything and on symbols too: a vector of symbols has no length and cannot be looped over, and its
type writes down the loop (methods ``_fold``, ``_each``, ``_scan`` and ``_count``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any


def fold(step: Callable[..., Any], *vectors: Any, start: Any = None) -> Any:
    """One number out of whole vectors, from the left.

    Parameters
    ----------
    step : callable
        ``step(total, *elements)``, the next total.
    *vectors : sequence
        Of equal length.
    start : optional
        The first total; left out, the first element of the one vector.
    """
    symbolic = getattr(type(vectors[0]), "_fold", None)
    if symbolic is not None:
        return symbolic(step, vectors, start)
    if len(vectors) == 1:
        return reduce(step, vectors[0]) if start is None else reduce(step, vectors[0], start)
    total = start
    for elements in zip(*vectors, strict=True):
        total = step(total, *elements)
    return total


def each(rule: Callable[..., Any], *vectors: Any) -> Any:
    """The vector of ``rule(*elements)``, for vectors of equal length."""
    symbolic = getattr(type(vectors[0]), "_each", None)
    if symbolic is not None:
        return symbolic(rule, vectors)
    return list(map(rule, *vectors))


def scan(step: Callable[[Any, Any], Any], vector: Any, start: Any, backwards: bool = False) -> Any:
    """For each element the `fold` of those before it (`backwards`: of those after it).

    So the first is `start`, the next ``step(start, x0)``: the element itself never takes part.
    """
    symbolic = getattr(type(vector), "_scan", None)
    if symbolic is not None:
        return symbolic(step, vector, start, backwards)
    total = start
    totals = []
    for x in reversed(vector) if backwards else vector:
        totals.append(total)
        total = step(total, x)
    return totals[::-1] if backwards else totals


def count(vector: Sequence[Any]) -> Any:
    """How many elements there are, as a float."""
    symbolic = getattr(type(vector), "_count", None)
    return float(len(vector)) if symbolic is None else symbolic(vector)
