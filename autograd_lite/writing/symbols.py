"""Numbers that are not known yet: what a rule of the table makes of them is an expression in C.

A rule called on `Symbol` objects gives the expression that it would evaluate, in Python's own order
of operations, and a rule over sequences called on a `Vector` gives loops. `generate` writes them
down. Equal expressions are one object, so that nothing is computed twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from autograd_lite.ops.leaf import Leaf
from autograd_lite.ops.sequences import SequenceOp
from autograd_lite.ops.table import Op

#: Every plain expression by its template and operands (by identity: they are in here, too).
_known: dict[tuple[Any, ...], Symbol] = {}


def _refusal(what: str) -> Callable[..., NoReturn]:
    def refuse(*operands: Any) -> NoReturn:
        raise TypeError(
            f"a symbol has no {what}: rules use neither comparisons, nor if, nor **, nor the math "
            "module; write less, equal, where, power and other rows of the table"
        )

    return refuse


def _both(sign: str) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    return lambda x, y: x._arithmetic(sign, x, y), lambda y, x: y._arithmetic(sign, x, y)


class Arithmetic:
    """The operators + - * / of a class that says in ``_arithmetic(sign, x, y)`` what they give."""

    __slots__ = ()
    __add__, __radd__ = _both("+")
    __sub__, __rsub__ = _both("-")
    __mul__, __rmul__ = _both("*")
    __truediv__, __rtruediv__ = _both("/")


class Symbol(Arithmetic):
    """An expression.

    Attributes
    ----------
    template : str
        Its text in C, in parentheses where it needs them; ``#1``, ``#2`` … stand for the operands.
    operands : tuple of Symbol
    inside : bool
        Whether it lies inside a loop: it depends on the element, or on the total so far.
    row : Op or None
        The row whose function is called.
    """

    __slots__ = ("inside", "operands", "row", "template")
    inside: bool

    def __init__(
        self, template: str, *operands: Symbol, inside: bool = False, row: Op | None = None
    ) -> None:
        self.template, self.operands, self.row = template, operands, row
        self.inside = inside or any(operand.inside for operand in operands)

    def __repr__(self) -> str:
        return f"<symbol {self.template}>"

    @staticmethod
    def _arithmetic(sign: str, x: Any, y: Any) -> Any:
        if isinstance(x, Symbol | float | int) and isinstance(y, Symbol | float | int):
            return expression(f"(#1 {sign} #2)", as_symbol(x), as_symbol(y))
        return NotImplemented

    def __neg__(self) -> Symbol:
        return expression("(-#1)", self)

    __hash__ = object.__hash__  # found in dicts by identity, as no two symbols are equal
    __bool__ = _refusal("truth value")
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refusal("order among numbers")
    __float__ = __int__ = __index__ = __abs__ = _refusal("number yet")
    __pow__ = __rpow__ = _refusal("power operator")

    @staticmethod
    def _apply_op(row: Op, args: Sequence[Any]) -> Symbol:
        """The call of a row; the C library's function itself where the row is one."""
        if row.arity is None:
            raise TypeError(f"{row.name} takes a whole vector of symbols, not a list of some")
        arguments = [as_symbol(arg) for arg in args]
        forward = row.rules[0]
        if isinstance(forward, Leaf):
            return expression(leaf_text(forward, row.arity), *arguments)
        holes = ", ".join(f"#{i + 1}" for i in range(row.arity))
        return expression(f"forward_{row.name}({holes}, {_attributes(row)})", *arguments, row=row)


def leaf_text(leaf: Leaf, arity: int) -> str:
    """A function of the C library as a template; its text where the library has none."""
    holes = ", ".join(f"#{i + 1}" for i in range(arity))
    return f"({leaf.text})" if leaf.text else f"{leaf.c}({holes})"


def _attributes(row: Op) -> str:
    if not row.attrs:
        return "NULL"
    numbers = ", ".join(as_symbol(value).template for value in row.attrs.values())
    return f"(const double[]){{{numbers}}}"


def expression(
    template: str, *operands: Symbol, inside: bool = False, row: Op | None = None
) -> Symbol:
    """The one expression with this template and these operands."""
    key = (template, inside, *map(id, operands))
    found = _known.get(key)
    if found is None:
        found = _known[key] = Symbol(template, *operands, inside=inside, row=row)
    return found


def as_symbol(thing: Any) -> Symbol:
    """A symbol, or a number as the text that C reads as exactly that number."""
    if isinstance(thing, Symbol):
        return thing
    if not isinstance(thing, float | int):
        raise TypeError(f"a rule gives numbers or vectors and here gave {thing!r}")
    number = float(thing)
    if number != number:
        return expression("NAN")
    text = "INFINITY" if math.isinf(number) else repr(abs(number))
    return expression(f"(-{text})" if math.copysign(1.0, number) < 0.0 else text)


class Fold(Symbol):
    """The total of a loop: `body` is the next one, `first` the vector that it starts in, if any."""

    __slots__ = ("body", "first", "start")

    def __init__(self, body: Symbol, start: Symbol | None, first: Vector | None) -> None:
        super().__init__("total")
        self.body, self.start, self.first = body, start, first


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
        super().__init__(f"forward_{row.name}(#1, m, {_attributes(row)}, #2)", row=row)
        self.vector = vector


def index(array: str, number: int, i: str) -> str:
    """The text of element i of the numbered one of the vectors that lie in an array."""
    skipped = ["", "m"][number] if number < 2 else f"{number} * m"
    return f"{array}[{' + '.join(part for part in (skipped, i) if part not in ('', '0')) or 0}]"


#: Inside a loop, the total of all steps before.
TOTAL = Symbol("total", inside=True)


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
        self,
        number: int = -1,
        body: Symbol | None = None,
        start: Symbol | None = None,
        backwards: bool = False,
        first: Vector | None = None,
        array: str = "args",
    ) -> None:
        self.number, self.body, self.start, self.backwards = number, body, start, backwards
        self.first, self.array = first, array
        self.element = (
            Element(self) if number < 0 else expression(index(array, number, "i"), inside=True)
        )
        self.calls: dict[tuple[Any, ...], Whole] = {}

    @property
    def is_scan(self) -> bool:
        """Whether its elements are computed one from the other."""
        return self.start is not None or self.first is not None

    def _refuse(self, *_: Any) -> NoReturn:
        raise TypeError(
            "a vector of symbols cannot be looped over, indexed or measured: rules over sequences "
            "use fold, each, scan and count"
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
    def _elements(vectors: Sequence[Any]) -> list[Symbol]:
        for vector in vectors:
            if not isinstance(vector, Vector):
                raise TypeError(f"vectors of symbols do not mix with {vector!r}")
        return [vector.element for vector in vectors]

    @staticmethod
    def _fold(step: Callable[..., Any], vectors: Sequence[Any], start: Any) -> Symbol:
        body = Vector._loop_body(step, TOTAL, *Vector._elements(vectors))
        if start is not None:
            return Fold(body, as_symbol(start), None)
        if len(vectors) > 1:
            raise TypeError("a fold over several vectors needs a start")
        return Fold(body, None, vectors[0])

    @staticmethod
    def _each(rule: Callable[..., Any], vectors: Sequence[Any]) -> Vector:
        return Vector(body=Vector._loop_body(rule, *Vector._elements(vectors)))

    @staticmethod
    def _scan(step: Callable[..., Any], vector: Any, start: Any, backwards: bool) -> Vector:
        body = Vector._loop_body(step, TOTAL, vector.element)
        return Vector(body=body, start=as_symbol(start), backwards=backwards)

    @staticmethod
    def _count(vector: Any) -> Symbol:
        return expression("(double)m")

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


def symbols_for(row: Op) -> list[Any]:
    """A row's arguments as symbols, for calling its rules."""
    if not isinstance(row, SequenceOp):
        return [expression(name) for name in row.arguments]
    many = len(row.vectors)
    numbers = [expression(index("args", many, str(k))) for k in range(len(row.scalars))]
    return [*[Vector(k) for k in range(many)], *numbers]
