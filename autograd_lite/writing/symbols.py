"""Numbers that are not known yet: what a rule of the table makes of them is an expression.

A rule called on `Symbol` objects gives the expression that it would evaluate, in Python's own order
of operations, and a rule over sequences called on a `Vector` gives loops. They hold no text of any
language; a `Printer` for each writes them down. Equal expressions are one object, so that nothing
is computed twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

from autograd_lite.ops.leaf import Leaf
from autograd_lite.ops.numbers import Arithmetic
from autograd_lite.ops.sequences import SequenceOp
from autograd_lite.ops.table import Op

#: Every plain expression by what makes it (operands by identity: they are in here, too).
_known: dict[tuple[Any, ...], Symbol] = {}


def _refusal(what: str) -> Callable[..., NoReturn]:
    def refuse(*operands: Any) -> NoReturn:
        raise TypeError(
            f"a symbol has no {what}: rules use neither comparisons, nor if, nor **, nor the math "
            "module; write less, equal, where, power and other rows of the table"
        )

    return refuse


class Symbol(Arithmetic):
    """An expression: one step, and the expressions that it takes.

    Attributes
    ----------
    kind : str
        One of + - * /, ``"minus"``, ``"choice"``, ``"leaf"`` and ``"row"`` (calls); of what
        takes nothing ``"number"``, ``"name"`` (of an argument), ``"entry"``, ``"count"`` (of the
        elements of a vector), ``"place"`` or ``"total"``.
    what : object
        The number, the name, the `Entry`, the `Leaf` or the row. Of a choice the comparison
        between the first two operands by which it is the third operand, else the fourth.
    operands : tuple of Symbol
    inside : bool
        Whether it lies inside a loop: it depends on the element, or on the total so far.
    """

    __slots__ = ("inside", "kind", "operands", "what")
    inside: bool

    def __init__(
        self, kind: str, what: Any = None, *operands: Symbol, inside: bool = False
    ) -> None:
        self.kind, self.what, self.operands = kind, what, operands
        self.inside = inside or any(operand.inside for operand in operands)

    def __repr__(self) -> str:
        return f"<symbol {self.kind} {self.what}>"

    @staticmethod
    def _arithmetic(sign: str, x: Any, y: Any) -> Any:
        if isinstance(x, Symbol | float | int) and isinstance(y, Symbol | float | int):
            return expression(sign, None, as_symbol(x), as_symbol(y))
        return NotImplemented

    def __neg__(self) -> Symbol:
        return expression("minus", None, self)

    __hash__ = object.__hash__  # found in dicts by identity, as no two symbols are equal
    __bool__ = _refusal("truth value")
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refusal("order among numbers")
    __float__ = __int__ = __index__ = __abs__ = _refusal("number yet")
    __pow__ = __rpow__ = _refusal("power operator")

    @staticmethod
    def _apply_op(row: Op, args: Sequence[Any]) -> Symbol:
        """The call of a row; of the leaf itself, or the choice, where the row is one."""
        if row.arity is None:
            raise TypeError(f"{row.name} takes a whole vector of symbols, not a list of some")
        forward, operands = row.rules[0], [as_symbol(arg) for arg in args]
        if not isinstance(forward, Leaf):
            return expression("row", row, *operands)
        return called(forward, operands)


def expression(kind: str, what: Any = None, *operands: Symbol, inside: bool = False) -> Symbol:
    """The one expression of this kind with these operands."""
    key = (kind, what, inside, *map(id, operands))
    found = _known.get(key)
    if found is None:
        found = _known[key] = Symbol(kind, what, *operands, inside=inside)
    return found


def called(leaf: Leaf, operands: Sequence[Symbol]) -> Symbol:
    """A leaf of some symbols; one that compares is a choice."""
    if not leaf.compare:
        return expression("leaf", leaf, *operands)
    if len(operands) == 2:
        return expression("choice", leaf.compare, *operands, ONE, ZERO)
    condition, *ways = operands
    if condition.kind == "choice":
        left, right, yes, no = condition.operands
        if yes is ONE and no is ZERO:
            return expression("choice", condition.what, left, right, *ways)
    return expression("choice", leaf.compare, condition, ZERO, *ways)


class _Key(float):
    """A number as a key: nan equals itself, and 0.0 no -0.0."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))


def as_symbol(thing: Any) -> Symbol:
    """A symbol, or a number as one."""
    if isinstance(thing, Symbol):
        return thing
    if not isinstance(thing, float | int):
        raise TypeError(f"a rule gives numbers or vectors and here gave {thing!r}")
    return expression("number", _Key(thing))


ZERO, ONE = as_symbol(0.0), as_symbol(1.0)
#: How many elements the vectors have.
COUNT = expression("count")
#: Inside a loop, the total of all steps before, and the place of the element, from 0 up.
TOTAL, PLACE = expression("total", inside=True), expression("place", inside=True)


class Entry(NamedTuple):
    """Where a number lies: in an array, behind so many vectors; at `place`, or where a loop is."""

    array: str
    skipped: int
    place: int | None


def entry(array: str, place: int | None, skipped: int = 0) -> Symbol:
    """An entry of an array."""
    return expression("entry", Entry(array, skipped, place), inside=place is None)


class Fold(Symbol):
    """The total of a loop: `body` is the next one, `first` the vector that it starts in, if any."""

    __slots__ = ("body", "first", "start")

    def __init__(self, body: Symbol, start: Symbol | None, first: Vector | None) -> None:
        super().__init__("fold")
        self.body, self.start, self.first = body, start, first


class Look(Fold):
    """The element of a vector at a place, rounded down: a loop up to there, or one look."""

    __slots__ = ("place",)

    def __init__(self, vector: Vector, place: Symbol) -> None:
        reached = expression("choice", "<=", PLACE, place, vector.element, TOTAL)
        super().__init__(reached, as_symbol(math.nan), None)
        self.place = place


class Element(Symbol):
    """The element of a computed vector at the place where a loop is."""

    __slots__ = ("vector",)

    def __init__(self, vector: Vector) -> None:
        super().__init__("element", inside=True)
        self.vector = vector


class Whole(Symbol):
    """The call of a row over one sequence, on a whole vector."""

    __slots__ = ("vector",)

    def __init__(self, row: Op, vector: Vector) -> None:
        super().__init__("whole", row)
        self.vector = vector


class Vector:
    """A sequence of m numbers, with m not known yet.

    Attributes
    ----------
    number : int
        Which of the function's vectors it is; -1 if it is computed.
    array : str
        The array in which the function's vectors lie.
    element : Symbol
        Its element ``i``, seen from inside a loop over ``i``.
    body, start, first, backwards
        For a computed one: what element ``i`` is computed from; for a `scan`, its first total or
        the vector that it starts in, whose first element is the total before the second.
    """

    _in_loop = False

    def __init__(
        self, number: int = -1, body: Symbol | None = None, start: Symbol | None = None,
        backwards: bool = False, first: Vector | None = None, array: str = "args",
    ) -> None:  # fmt: skip
        self.number, self.body, self.start, self.backwards = number, body, start, backwards
        self.first, self.array = first, array
        self.element = Element(self) if number < 0 else entry(array, None, number)
        self.calls: dict[tuple[Any, ...], Whole] = {}

    @property
    def is_scan(self) -> bool:
        """Whether its elements are computed one from the other."""
        return self.start is not None or self.first is not None

    def _refuse(self, *_: Any) -> NoReturn:
        raise TypeError(
            "a vector of symbols cannot be looped over, indexed or measured: rules over sequences "
            "use fold, each, scan, at and count"
        )

    __iter__ = __len__ = __getitem__ = __bool__ = _refuse

    @staticmethod
    def _loop_body(rule: Callable[..., Any], *args: Any) -> Symbol:
        if Vector._in_loop:
            raise TypeError("a loop inside a loop takes more than O(n); compute one before")
        Vector._in_loop = True
        try:
            return as_symbol(rule(*args))
        finally:
            Vector._in_loop = False

    @staticmethod
    def _fold(step: Callable[..., Any], vectors: Sequence[Any], start: Any) -> Symbol:
        body = Vector._loop_body(step, TOTAL, *elements(Vector, vectors))
        if start is not None:
            return Fold(body, as_symbol(start), None)
        if len(vectors) > 1:
            raise TypeError("a fold over several vectors needs a start")
        return Fold(body, None, vectors[0])

    @staticmethod
    def _each(rule: Callable[..., Any], vectors: Sequence[Any]) -> Vector:
        return Vector(body=Vector._loop_body(rule, *elements(Vector, vectors)))

    @staticmethod
    def _scan(step: Callable[..., Any], vector: Any, start: Any, backwards: bool) -> Vector:
        body = Vector._loop_body(step, TOTAL, vector.element)
        return Vector(body=body, start=as_symbol(start), backwards=backwards)

    def _at(self, place: Any) -> Symbol:
        return Look(self, as_symbol(place))

    @staticmethod
    def _count(vector: Any) -> Symbol:
        return COUNT

    @staticmethod
    def _apply_sequence_op(row: Any, given: Sequence[Any]) -> Symbol:
        if len(given) > 1:
            raise TypeError(f"{row.name} of symbols takes one vector, as no two lie side by side")
        vector = given[0]
        key = row.name, *row.attrs.values()
        if key not in vector.calls:
            vector.calls[key] = Whole(row, vector)
        whole: Symbol = vector.calls[key]
        return whole


def elements(kind: type[Any], vectors: Sequence[Any]) -> list[Any]:
    """The elements of vectors, which must all be of one kind."""
    for vector in vectors:
        if not isinstance(vector, kind):
            raise TypeError(f"vectors of symbols do not mix with {vector!r}")
    return [vector.element for vector in vectors]


def symbols_for(row: Op) -> list[Any]:
    """A row's arguments as symbols, for calling its rules."""
    if not isinstance(row, SequenceOp):
        return [expression("name", name) for name in row.arguments]
    many = len(row.vectors)
    numbers = [entry("args", k, many) for k in range(len(row.scalars))]
    return [*[Vector(k) for k in range(many)], *numbers]
