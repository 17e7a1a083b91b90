"""Value: a node as users meet it, which checks, refuses, and tells those who asked to be told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Never

from autograd_lite.engine.context import announce, going_on, tell_compared, tell_read
from autograd_lite.engine.python.node import Node, evaluated, stamps
from autograd_lite.engine.python.passes import backward, topological_order
from autograd_lite.engine.refusals import refuse_data, refuse_label
from autograd_lite.ops.numbers import as_float

if TYPE_CHECKING:
    from autograd_lite.ops.signatures import Number, ValueMethods
else:  # operators, a method per row of the op table, printing: attached from above the engine
    ValueMethods = object

#: In place of what a leaf's number was before: it is a copy, or was refreshed.
UNKNOWN = 0.0, -1.0


class Value(Node, ValueMethods):
    """One real number that remembers how it was computed.

    Parameters
    ----------
    data : int, float, bool, Fraction, Decimal, NumPy real scalar or 0-d array
        Kept as a float (IEEE-754 binary64).
    label : str, default=""
        A name, shown in every rendering.

    Attributes
    ----------
    data : float
        The number. Writable on a leaf.
    grad : float
        The gradient that backward passes have added here; 0.0 at first. Writable.
    label : str
        Writable.

    Raises
    ------
    TypeError
        If `data` is not one real number or `label` not a str.

    Examples
    --------
    >>> x = Value(3.0, label="x")
    >>> y = x * x
    >>> y.backward()
    >>> x.grad
    6.0
    """

    __slots__ = ()
    __module__ = "autograd_lite"

    backward = backward

    def __init__(self, data: Number, label: str = "", *parts: Never) -> None:
        self._begin(None, (), as_float(data), ())
        self.label = label
        if parts:
            raise TypeError(f"Value takes data and a label and was given {len(parts)} more")

    @property
    def data(self) -> float:
        """The number; writable on a leaf."""
        tell_read(self)
        return self._number

    @data.setter
    def data(self, number: Number) -> None:
        if self._row is not None or self._constant or going_on:
            refuse_data(self)
        replace(self, as_float(number))

    @property
    def grad(self) -> float:
        """The gradient that backward passes have added here; writable."""
        tell_read(self, True)
        return self._grad

    @grad.setter
    def grad(self, number: Number) -> None:
        self._grad = as_float(number)

    @property
    def label(self) -> str:
        """A name, shown in every rendering; writable."""
        return self._label

    @label.setter
    def label(self, text: str) -> None:
        if not isinstance(text, str):
            refuse_label(text)
        self._label = str.__str__(text)

    @property
    def op(self) -> str:
        """Name of the op that made this Value; ``""`` for a leaf."""
        return "" if self._row is None else self._row.name

    @property
    def parents(self) -> tuple[Value, ...]:
        """The arguments of the op, in order, one entry per argument."""
        return self._parents

    @property
    def constant(self) -> bool:
        """Whether this is a plain number met in an expression."""
        return self._constant

    @property
    def local_grads(self) -> tuple[float, ...]:
        """The partial derivative by each parent, at the recorded numbers; 0.0 for a constant."""
        tell_read(self, True)
        return self._partials

    def zero_grad(self) -> None:
        """Set ``grad`` to 0.0 on this Value and all its ancestors."""
        for node in topological_order([self]):
            node._grad = 0.0

    def refresh(self) -> None:
        """Recompute this Value and all its ancestors from the leaves' data; keep every ``grad``.

        All or nothing: interrupted, or stopped by an op's own function, it puts everything back.
        """
        announce("before_refresh", self)
        order = topological_order([self])
        # in two long lists, because many small tuples would rouse the garbage collector
        former = [node._number for node in order], [node._partials for node in order]
        try:
            for node in order:
                if node._row is not None:
                    node._number, node._partials = evaluated(node._row, node._parents)
        except BaseException:  # Ctrl-C, too, must not leave half a graph at new numbers
            for node, number, partials in zip(order, *former, strict=True):
                node._number, node._partials = number, partials
            raise
        for node in order:
            if node._row is None:
                node._replaced = UNKNOWN

    def _compared(self, sign: str, holds: Callable[[float, float], bool], other: Any) -> bool:
        found = holds(self._number, other._number if type(other) is Value else other)
        tell_compared(sign, self, other, found)
        return found


#: A Value that is still empty.
new: Callable[[], Value] = partial(object.__new__, Value)


def constant(number: Any) -> Value:
    """A leaf for a plain number met in an expression. It gets no gradient."""
    return new()._begin(None, (), as_float(number), (), True)


def replace(leaf: Value, number: float) -> None:
    """Give a leaf another number."""
    leaf._replaced = leaf._number, float(next(stamps))
    leaf._number = number
