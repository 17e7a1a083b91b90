"""The readable engine: what a node is, and how one is recorded.

This file knows no mathematics. A node is made by evaluating a row of the op table (`record`), which
also gives the partial derivatives; `sweep` orders the nodes, multiplies and adds.

No node refers to itself in a circle and none holds a closure, so graphs are freed at once. Python's
garbage collector still visits every container, so a node of one or two parents is a single object:
parents and partials lie in slots, not in tuples (with which a training step takes twice as long).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from autograd_lite.engine import observing
from autograd_lite.engine.modes import Mode, current_mode, current_watcher, going_on
from autograd_lite.engine.observing import tell_compared, tell_read
from autograd_lite.engine.python.passes import reverse_sweep, topological_order
from autograd_lite.engine.python.refreshing import refresh, replace, replaced, stamps
from autograd_lite.engine.refusals import refuse_data, refuse_label
from autograd_lite.engine.scopes import current_scope
from autograd_lite.ops.ieee import PYTHON_RAISES
from autograd_lite.ops.numbers import as_float
from autograd_lite.ops.rules import stop_gradient
from autograd_lite.ops.table import Op


class Value:
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

    __slots__ = (  # noqa: RUF023 - in the order of meaning
        "_number",              # not `_data`: NumPy's masked arrays would take that, in silence
        "_grad", "_label",
        "_row",                 # the op that made it; None for a leaf
        "_x", "_y", "_rest",    # first and second parent or None; all further parents
        "_dx", "_dy", "_drest", # the partial derivatives by each of them; of a leaf, see `replace`
        "_constant", "_scope", "_traced",
        "__weakref__",
        "_stamp",               # how many nodes were made before, so parents have smaller ones
    )  # fmt: skip
    __module__ = "autograd_lite"

    # Python functions of value.py and of rooms above, and one method per row of the op table, are
    # attached to this type after it is made; so are the operators.
    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Callable[..., Any]: ...
        def __add__(self, other: Any) -> Value: ...

        __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __add__
        __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = __pow__ = __rpow__ = __add__

        def __neg__(self) -> Value: ...
        def __abs__(self) -> Value: ...
        def __eq__(self, other: object) -> bool: ...

    def __init__(self, data: Any, label: str = "", *parts: Any) -> None:
        self._number = as_float(data)
        self._grad = 0.0
        self.label = label
        if parts:
            raise TypeError(f"Value takes data and a label and was given {len(parts)} more")
        self._row: Op | None = None
        self._x: Value | None = None
        self._y: Value | None = None
        self._rest: tuple[Value, ...] = ()
        self._dx = self._dy = 0.0
        self._drest: tuple[float, ...] = ()
        self._constant, self._traced = False, 0
        self._scope, self._stamp = current_scope.get(), next(stamps)

    @property
    def data(self) -> float:
        """The number; writable on a leaf."""
        tell_read(self)
        return self._number

    @data.setter
    def data(self, number: Any) -> None:
        if self._row is not None or self._constant or going_on:
            refuse_data(self)
        replace(self, as_float(number))

    _replaced = property(replaced)

    @property
    def grad(self) -> float:
        """The gradient that backward passes have added here; writable."""
        tell_read(self, True)
        return self._grad

    @grad.setter
    def grad(self, number: Any) -> None:
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
        if self._x is None:
            return ()
        return (self._x,) if self._y is None else (self._x, self._y, *self._rest)

    @property
    def constant(self) -> bool:
        """Whether this is a plain number met in an expression."""
        return self._constant

    @property
    def local_grads(self) -> tuple[float, ...]:
        """The partial derivative by each parent, at the recorded numbers; 0.0 for a constant."""
        tell_read(self, True)
        return self._partials()

    def _partials(self) -> tuple[float, ...]:
        if self._x is None:
            return ()
        return (self._dx,) if self._y is None else (self._dx, self._dy, *self._drest)

    def backward(self, seed: float = 1.0) -> None:
        """Add the derivative of this Value by each of its ancestors to their ``grad``.

        Parameters
        ----------
        seed : float, default=1.0
            Derivative of whatever is differentiated by this Value.

        Notes
        -----
        Reverse accumulation (Griewank & Walther, Evaluating Derivatives, 2008, section 3.2).
        Every pass computes the adjoints afresh, then adds them, so two passes give twice the
        gradient on every node.
        """
        for node, adjoint in reverse_sweep(self, as_float(seed)).items():
            node._grad += adjoint

    def zero_grad(self) -> None:
        """Set ``grad`` to 0.0 on this Value and all its ancestors."""
        for node in topological_order([self]):
            node._grad = 0.0

    def refresh(self) -> None:
        """Recompute this Value and all its ancestors from the leaves' data; keep every ``grad``.

        All or nothing: interrupted, or stopped by an op's own function, it puts everything back.
        """
        tell_read(self, True)
        watcher = current_watcher()
        if watcher is not None:
            watcher.before_refresh(self)
        refresh(self, _evaluate)

    def _compared(self, sign: str, holds: Callable[[float, float], bool], other: Any) -> bool:
        found = holds(self._number, other._number if type(other) is Value else other)
        tell_compared(sign, self, other, found)
        return found

    @staticmethod
    def _apply_op(row: Op, args: Sequence[Any]) -> Value:
        """Record a node; how `Op` calls hand over to this engine."""
        return record(row, tuple([a if type(a) is Value else constant(a) for a in args]))


_new = partial(object.__new__, Value)
_scope_now = current_scope.get
_mode_now = current_mode.get


def constant(number: Any) -> Value:
    """A leaf for a plain number met in an expression. It gets no gradient."""
    return _leaf(as_float(number), True)


def _leaf(number: float, is_constant: bool) -> Value:
    node = _new()
    node._number = number
    node._grad = node._dx = node._dy = 0.0
    node._label = ""
    node._row = node._x = node._y = None
    node._rest = node._drest = ()
    node._constant, node._traced = is_constant, 0
    node._scope, node._stamp = _scope_now(), next(stamps)
    return node


def record(row: Op, parents: tuple[Value, ...], in_silence: bool = False, /) -> Value:
    """A node: the row's value at the parents' numbers, and its partial derivatives there."""
    mode = _mode_now()
    if mode is not None and mode.silent and not in_silence:
        return _leaf_of(row, parents, mode)
    node = _new()
    node._grad, node._label = 0.0, ""
    node._row, node._constant = row, False
    node._scope, node._stamp = _scope_now(), next(stamps)
    if row.arity == 2:
        node._x, node._y = x, y = parents
        node._rest = node._drest = ()
        node._traced = x._traced | y._traced
    else:
        _set_parents(node, parents)
        x, y = node._x, node._y  # type: ignore[assignment]  # None where there is no such parent
    _evaluate(node, row, x, y)
    if mode is not None and mode.watchers:
        mode.watchers[-1].recorded(node)
    return node


def _leaf_of(row: Op, parents: tuple[Value, ...], mode: Mode) -> Value:
    """The row's value alone, as a leaf: `record` inside no_grad."""
    if observing.of_all or any(p._traced for p in parents):  # then a program computes it anew
        return record(stop_gradient, (record(row, parents, True),), True)
    number = row.on_floats(*[parent._number for parent in parents])
    if mode.watchers:
        partials, scope = (0.0,) * len(parents), _scope_now()
        mode.watchers[-1].recorded(restore(row, parents, partials, number, 0.0, "", False, scope))
    return _leaf(number, False)


def fields(node: Value) -> tuple[Any, ...]:
    """A node's whole state, as `restore` takes it: for copying and pickling."""
    return (
        node._row, node.parents, node._partials(), node._number, node._grad, node._label,
        node._constant, node._scope,
    )  # fmt: skip


def restore(
    row: Op | None,
    parents: tuple[Value, ...],
    partials: tuple[float, ...],
    data: float,
    grad: float,
    label: str,
    is_constant: bool,
    scope: tuple[str, ...],
) -> Value:
    """A node with these `fields`; nothing is evaluated."""
    node = _new()
    node._row, node._number, node._grad, node._label = row, data, grad, label
    node._constant, node._scope, node._stamp = is_constant, scope, next(stamps)
    _set_parents(node, parents)
    _set_partials(node, partials)
    if row is None:
        node._dy = -1.0
    return node


def _set_parents(node: Value, parents: tuple[Value, ...]) -> None:
    node._x = parents[0] if parents else None
    node._y = parents[1] if len(parents) > 1 else None
    node._rest = parents[2:]
    node._dx = node._dy = 0.0
    node._drest = ()
    node._traced = max([parent._traced for parent in parents], default=0)


def _set_partials(node: Value, partials: tuple[float, ...]) -> None:
    node._dx = partials[0] if partials else 0.0
    node._dy = partials[1] if len(partials) > 1 else 0.0
    node._drest = partials[2:]


def _evaluate(node: Value, row: Any, x: Any, y: Any) -> None:
    """Set a node's number and partial derivatives from its parents' numbers."""
    try:  # the same as below without building lists: most nodes have one or two parents
        if row.arity == 2:
            a, b = x._number, y._number
            by_x, by_y = row.partials
            node._number = out = row.on_plain_floats(a, b)
            node._dx = 0.0 if x._constant else by_x(out, a, b)
            node._dy = 0.0 if y._constant else by_y(out, a, b)
            return
        if row.arity == 1:
            node._number = out = row.on_plain_floats(x._number)
            node._dx = 0.0 if x._constant else row.partials[0](out, x._number)
            return
    except PYTHON_RAISES:
        pass  # IEEE-754 has an answer, which the row finds below
    parents = node.parents
    numbers = [parent._number for parent in parents]
    wanted = [not parent._constant for parent in parents]
    node._number = out = row.on_floats(*numbers)
    _set_partials(node, row.partials_on_floats(out, numbers, wanted))
