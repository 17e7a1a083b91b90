"""A node of the graph: the readable engine begins here.

An op on Values makes a node: a row of the op table gives its number, and the partial derivative by
each parent (`evaluated`). `passes` puts the nodes of a graph in order, goes over that order,
multiplies and adds: back-propagation. No file of the engine knows any mathematics. `value`
adds what users see.
"""

from itertools import count
from typing import Any, Self

from autograd_lite.engine.context import current_scope
from autograd_lite.ops.ieee import PYTHON_RAISES
from autograd_lite.ops.table import Op

#: One for each node and each assignment, in order.
stamps = count()
_scope_now = current_scope.get


class Node:
    """One number, and how it was computed. It refers to its parents alone: no graph is a circle."""

    __slots__ = (  # noqa: RUF023 - in the order of meaning
        "_number",   # not `_data`: NumPy's masked arrays would take that, in silence
        "_grad", "_label",
        "_row",      # of the op table, that made it; None for a leaf
        "_parents", "_partials",  # the arguments, and the partial derivative by each
        "_constant", # whether it is a plain number met in an expression, which gets no gradient
        "_scope",    # names of the part of the program that made it
        "_stamp",    # rises from node to node, so parents have smaller ones
        "_traced",   # not 0 if it depends on the arguments of a function that is compiled
        "_replaced", # of a leaf that was assigned to, the number before and when; else None
        "__weakref__",
    )  # fmt: skip

    def _begin(
        self, row: Op | None, parents: tuple[Any, ...], number: float,
        partials: tuple[float, ...], is_constant: bool = False,
    ) -> Self:  # fmt: skip
        self._number, self._constant = number, is_constant
        self._grad, self._label = 0.0, ""
        self._row, self._parents, self._partials = row, parents, partials
        self._scope, self._stamp = _scope_now(), next(stamps)
        self._traced = 0
        for parent in parents:
            if parent._traced:
                self._traced |= parent._traced
        self._replaced: tuple[float, float] | None = None
        return self


def evaluated(row: Op, parents: tuple[Any, ...]) -> tuple[float, tuple[float, ...]]:
    """A row's value at the parents' numbers, and its partial derivatives (0.0 by constants)."""
    if row.arity == 2:  # as below, without lists: most nodes have two parents
        x, y = parents
        a, b = x._number, y._number
        by_x, by_y = row.partials
        try:
            out = row.on_plain_floats(a, b)
            by_first = 0.0 if x._constant else by_x(out, a, b)
            return out, (by_first, 0.0 if y._constant else by_y(out, a, b))
        except PYTHON_RAISES:
            pass  # IEEE-754 has an answer, which the row finds below
    numbers = [parent._number for parent in parents]
    wanted = [not parent._constant for parent in parents]
    out = row.on_floats(*numbers)
    return out, row.partials_on_floats(out, numbers, wanted)
