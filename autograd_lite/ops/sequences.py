"""Rows with any number of arguments: they come as one sequence and make one node.

Their rules go over a sequence by `fold`, `each`, `scan`, `at` and `count` in place of loops, so
that they run on lists of anything and on symbols too: a vector of symbols has no length and cannot
be looped over, and its type writes down the loop (methods ``_fold``, ``_each``, ``_scan``, ``_at``
and ``_count``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import reduce
from itertools import chain
from typing import Any

import numpy as np

from autograd_lite.errors import ShapeError
from autograd_lite.ops.choice import less_equal, where
from autograd_lite.ops.ieee import IEEE, PYTHON_RAISES, number_system
from autograd_lite.ops.numbers import as_float, refuse_masked
from autograd_lite.ops.table import RAISES, TABLE, Op, add_row

#: They can be iterated over, but not as numbers in an order.
_NO_LISTS = (str, bytes, Mapping, Set)

_NUMERALS = ("no", "one", "two", "three", "four")


class SequenceOp(Op):
    """A row that takes any number of arguments, given as sequences (one node in a graph).

    Its arguments come in groups: whole vectors of one length, then single numbers. A node's parents
    are flat: all of the first vector, all of the second, …, then the single numbers. The rules take
    groups, ``forward(*groups)`` and one ``partial(out, *groups)`` per group, in O(n): a vector for
    a vector (or one number that holds for each of its elements), a number for a number.

    The forward rule is written with rows of fixed arity, so calling it on Values records the
    expansion of the node into small steps.

    Parameters
    ----------
    vectors : tuple of str
        Names of the sequences.
    scalars : dict
        Names of the single numbers after them, with what they are if not given.
    empty : bool, default=False
        Whether no arguments at all are allowed.
    latex_term, latex_between : str
        What ``#*`` in `latex` stands for: this for the elements of each place (``#1`` of the first
        vector, ``#2`` of the second), then the single numbers that are not as if left out, with
        that between them. ``#n`` stands for how many places there are.
    """

    term_op: Op | None = None

    def __init__(
        self, name: str, *, vectors: tuple[str, ...] = ("xs",),
        scalars: Mapping[str, float] | None = None, empty: bool = False,
        latex_term: str = "#1", latex_between: str = ", ", term_op: Op | None = None,
        domain: Sequence[tuple[float, float]] = ((-3.0, 3.0),), **row: Any,
    ) -> None:  # fmt: skip
        self.vectors = vectors
        self.latex_term, self.latex_between = latex_term, latex_between
        self.scalars = dict(scalars or {})
        self.empty, self.term_op = empty, term_op
        super().__init__(name, domain=domain, **row)

    def _set_up(self) -> None:
        super()._set_up()
        self.arity = None

    def _argument_names(self) -> Sequence[str]:
        return (*self.vectors, *self.scalars)

    def _defaults(self) -> dict[str, float]:
        return {**self.scalars, **self.attrs}

    def docstring(self) -> str:
        """Documentation from the row alone."""
        numbers = "".join(
            f"\n{name} : Value or float, default={value!r}" for name, value in self.scalars.items()
        )
        wrong = ["there are none"] * (not self.empty) + ["lengths differ"] * (len(self.vectors) > 1)
        shape = "".join(f"\nShapeError\n    If {each}." for each in wrong)
        ranges = self._ranges().removeprefix(", or")
        shape += f"\nValueError\n    If{ranges}." * bool(ranges)
        return (
            f"{self.doc}\n\nParameters\n----------\n{', '.join(self.vectors)} : sequence\n    "
            f"Values and plain numbers, mixed as you like.{numbers}{self._attrs_text()}\n\n"
            "Returns\n-------\nValue or float\n    A Value, one node, if any argument is one, "
            f"else a float.{RAISES}{shape}"
        )

    def __call__(self, *args: Any, **attrs: Any) -> Any:  # noqa: D102
        row: Op = self
        given = args
        if len(args) > len(self.vectors) == 1 and not isinstance(args[0], Iterable):
            raise TypeError(self.takes_one(len(args)))
        if attrs or self.attrs or len(args) != len(self.arguments):
            row, given = self._bind(args, attrs)
        symbolic = getattr(type(given[0]), "_apply_sequence_op", None)
        if symbolic is not None:
            return symbolic(row, given)
        flat = self._flat(given)
        if not flat and not self.empty:
            raise ShapeError(f"{self.name} of no numbers is undefined; give it at least one")
        system = number_system(flat)
        if system is not None:
            return system._apply_op(row, tuple(flat))
        if any(isinstance(arg, np.ndarray) and arg.dtype.kind in "biuf" for arg in flat):
            refuse_masked(flat, self.name)
            with np.errstate(all="ignore"):
                return row.expand(flat)
        return row.on_floats(*map(as_float, flat))

    def takes_one(self, count: int) -> str:
        """The right way to write ``max(a, b)``."""
        listed = ", ".join("abcdefgh"[:count]) + ", …" * (count > 8)
        pairs = [row.name for row in TABLE.values() if row.public and row.arity == count == 2]
        also = [f"{name}({listed}) or " for name in pairs if name.startswith(self.name)]
        return f"{self.name} takes one sequence; write {''.join(also)}{self.name}([{listed}])"

    def _flat(self, given: Sequence[Any]) -> list[Any]:
        """One list of all arguments, from what a user passes."""
        split = len(self.vectors)
        flat = sequence(self.name, given[0])
        if len(given) == 1:
            return flat
        vectors = [flat, *[sequence(self.name, vector) for vector in given[1:split]]]
        lengths = [len(vector) for vector in vectors]
        if len(set(lengths)) > 1:
            raise ShapeError(
                f"{self.name} takes {_NUMERALS[split]} sequences of equal length and was given "
                f"{' and '.join(map(str, lengths))}"
            )
        return [*chain(*vectors), *given[split:]]

    def groups(self, args: Sequence[Any]) -> Sequence[Any]:
        """Flat arguments as the rules take them: the vectors, then the single numbers."""
        many = len(self.vectors)
        if many == len(self.arguments) == 1:
            return (args,)
        length = (len(args) - len(self.scalars)) // many
        vectors = [args[k * length : (k + 1) * length] for k in range(many)]
        return [*vectors, *args[many * length :]]

    def expand(self, args: Sequence[Any]) -> Any:
        """The forward rule at flat arguments; on Values it records small steps, not one node."""
        return self.forward(*self.groups(args))

    def on_floats(self, *args: float) -> float:
        """The value at plain floats, by IEEE-754."""
        try:
            value: float = self.expand(args)
        except PYTHON_RAISES:
            value = float(self.expand([*map(IEEE, args)]))
        return value

    def every_partial(self, out: Any, args: Sequence[Any], rules: Any = ()) -> list[Any]:
        """All partials in any number system, by other rules than the row's if given."""
        groups = self.groups(args)
        every: list[Any] = []
        for i, rule in enumerate(rules or self.partials):
            found = rule(out, *groups)
            if i >= len(self.vectors):
                every.append(found)
            elif isinstance(found, list | tuple):
                every += found
            else:
                every += [found] * len(groups[i])
        return every

    def partials_on_floats(
        self, out: float, args: Sequence[float], wanted: Sequence[bool]
    ) -> tuple[float, ...]:
        """The partial derivatives at plain floats; 0.0 where not wanted."""
        try:
            every = self.every_partial(out, args)
        except PYTHON_RAISES:
            every = self.every_partial(IEEE(out), [*map(IEEE, args)])
        return tuple([float(d) if want else 0.0 for d, want in zip(every, wanted, strict=True)])

    def partials_on(self, out: Any, args: Sequence[Any], wanted: Sequence[bool]) -> list[Any]:
        """The partial derivatives in any number system; 0.0 where not wanted."""
        every = self.every_partial(out, args)
        return [d if want else 0.0 for d, want in zip(every, wanted, strict=True)]


def sequence(name: str, xs: Iterable[Any]) -> list[Any]:
    """The elements of a one-dimensional sequence, as a list."""
    if type(xs) in (list, tuple):  # before the questions below, which take long
        return list(xs)
    if isinstance(xs, np.ndarray):
        refuse_masked(xs, name)
        if xs.ndim != 1:
            raise ShapeError(
                f"{name} takes one dimension and was given shape {xs.shape}; write xs.ravel()"
            )
        return xs.tolist() if xs.dtype.kind in "biuf" else list(xs)
    if hasattr(type(xs), "_apply_op") or not isinstance(xs, Iterable) or isinstance(xs, _NO_LISTS):
        raise TypeError(
            f"{name} takes one sequence of numbers or Values and was given {type(xs).__name__}; "
            f"write {name}([a, b, c])"
        )
    return list(xs)


def sequence_op(name: str, **columns: Any) -> SequenceOp:
    """Add a row that takes one sequence to the table and return it."""
    return add_row(SequenceOp(name, **columns))


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


def at(vector: Any, place: Any) -> Any:
    """The element at a place, counted from 0 and rounded down: the last one that is not above it.

    So behind the end it is the last, and before the first, or at nan, it is nan. Other numbers than
    floats choose step by step, as the place is not known to Python.
    """
    symbolic = getattr(type(vector), "_at", None)
    if symbolic is not None:
        return symbolic(vector, place)
    if type(place) is float:
        last = len(vector) - 1
        return vector[int(min(place, last))] if place >= 0.0 else math.nan
    found: Any = math.nan
    for k, x in enumerate(vector):
        found = where(less_equal(float(k), place), x, found)
    return found
