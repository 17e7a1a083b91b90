"""Value as users meet it: operators, one method per op, printing, copying.

The engine defines the type; this file attaches what needs no speed, and what the op table gives.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from autograd_lite import pickles
from autograd_lite.engine import (
    MADE,
    Value,
    constant,
    fields,
    is_followed,
    order_by,
    record,
    restore,
    tracing,
    writing,
)
from autograd_lite.errors import shown
from autograd_lite.ops import TABLE, Op, SequenceOp
from autograd_lite.ops.numbers import OPERAND_TYPES, as_float, floor_of, refuse_masked
from autograd_lite.ops.rules import identity, stop_gradient

_ABSENT = ("_backward", "m", "v", "velocity")

# --- operators and methods, from the table --------------------------------------------------------


def _binary_operators(row: Op) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def forward(self: Value, other: Any) -> Any:
        if type(other) is not Value:
            if not isinstance(other, OPERAND_TYPES):
                return NotImplemented
            other = constant(other)
        return record(row, (self, other))

    def reflected(self: Value, other: Any) -> Any:
        if not isinstance(other, OPERAND_TYPES):
            return NotImplemented
        return record(row, (constant(other), self))

    return forward, reflected


def _unary(row: Op) -> Callable[[Value], Value]:
    return lambda self: record(row, (self,))


def _any_arity(row: Op) -> Callable[..., Any]:
    return lambda self, *args, **attrs: row(self, *args, **attrs)


def _attach(name: str, function: Callable[..., Any], doc: str | None = None) -> None:
    if name in vars(Value):  # the engine has its own, which is faster
        return
    function.__name__, function.__qualname__ = name, f"Value.{name}"
    function.__module__ = Value.__module__
    function.__doc__ = doc or function.__doc__
    setattr(Value, name, function)


def _attach_row(row: Op) -> None:
    if row.operator and row.arity == 2:
        forward, reflected = _binary_operators(row)
        _attach(f"__{row.operator}__", forward, row.doc)
        _attach(f"__r{row.operator}__", reflected, row.doc)
    elif row.operator:
        _attach(f"__{row.operator}__", _unary(row), row.doc)
    if row.public and not isinstance(row, SequenceOp):
        simple = row.arity == 1 and not row.attrs
        method: Any = _unary(row) if simple else _any_arity(row)
        first, *others = row.__signature__.parameters.values()
        method.__signature__ = inspect.Signature([first.replace(name="self"), *others])
        _attach(row.name, method, row.doc)


#: Each comparison, and which one it is where the other side lies just above the float beside it.
_COMPARISONS: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "<": (operator.lt, "<="), "<=": (operator.le, "<="), "==": (operator.eq, ""),
    ">": (operator.gt, ">"), ">=": (operator.ge, ">"), "!=": (operator.ne, ""),
}  # fmt: skip


def _comparison(sign: str) -> Callable[..., Any]:
    compare, above = _COMPARISONS[sign]

    def method(self: Value, other: Any) -> Any:
        if type(other) is Value or type(other) is float:
            return self._compared(sign, compare, other)
        found = floor_of(other)
        if found is None:
            return NotImplemented
        other, is_exact = found
        if is_exact:
            return self._compared(sign, compare, other)
        return self._compared(above, _COMPARISONS[above][0], other) if above else sign == "!="

    return method


# --- numbers --------------------------------------------------------------------------------------


def _truth(self: Value) -> bool:
    """Whether the number is not 0."""
    return self != 0.0  # a comparison, which tracing knows


def _refuse_round(self: Value, *digits: int) -> NoReturn:
    raise TypeError(
        f"round({self!r}) would be a plain number, and its gradient lost in silence; write "
        "ag.rint(x) (import autograd_lite as ag), or round(x.data)"
    )


def _refuse_float(self: Value) -> NoReturn:
    raise TypeError(
        f"{self!r} does not turn into a plain number by itself, because its gradient would be lost "
        "in silence; write .data for the number, or the function of this package (import "
        "autograd_lite as ag), such as ag.sin(x) instead of math.sin(x)"
    )


def _refuse_subclass(subclass: type) -> NoReturn:
    raise TypeError(
        f"Value cannot be subclassed (class {subclass.__name__}): keep a Value in an attribute of "
        "your class instead"
    )


def _item(self: Value) -> float:
    """The number, as a float."""
    return self.data


def _conjugate(self: Value) -> Value:
    """The Value itself: it is real."""
    return self


def _detach(self: Value) -> Value:
    """A leaf with the same number and no history; in a compiled function as `stop_gradient`."""
    return stop_gradient(self) if self._traced else Value(self.data)


# --- text -----------------------------------------------------------------------------------------


def _repr(self: Value) -> str:
    label = f", label={self.label!r}" if self.label else ""
    data, grad = _written(self)
    return f"Value(data={data!r}, grad={grad!r}{label})"


def _format(self: Value, spec: str) -> str:
    """The number in the given format; the repr without one."""
    number = _written(self)[0]
    try:
        return format(number, spec) if spec else repr(self)
    except ValueError as error:
        raise ValueError(f"{shown(spec)} is no format of a float: {str(error)[:60]}") from None


def _written(self: Value) -> tuple[float, float]:
    """The number and its gradient, for a text, which tracing knows."""
    mark = writing.set(True)
    try:
        return self.data, self.grad
    finally:
        writing.reset(mark)


def _symbol(self: Value) -> str:
    """The op's symbol, as micrograd draws it (``+``, ``**2``, ``ReLU``)."""
    if not self.op:
        return ""
    last = self.parents[-1] if self.parents else None
    row = fields(self)[0]
    return str(row.symbol_for(last.data if last is not None and last.constant else None))


# --- copies, without recursion --------------------------------------------------------------------


def _copy(self: Value) -> Value:
    if self._traced & MADE or is_followed(self):  # the gradient is to go through the copy
        followed: Value = record(identity, (self,))
        followed.label = self.label
        return followed
    _ = self.op or self.data  # which tells that it is read, as a program would keep the number
    return restore(*fields(self))


def _deepcopy(self: Value, memo: dict[int, Any]) -> Value:
    if self._traced & MADE or is_followed(self):
        return _copy(self)
    for node in order_by([self], lambda x: [p for p in x.parents if id(p) not in memo]):
        row, parents, *rest = fields(node)
        _ = row or node.data
        memo[id(node)] = restore(row, tuple([memo[id(p)] for p in parents]), *rest)
    return memo[id(self)]  # type: ignore[no-any-return]


for _row in TABLE.values():
    _attach_row(_row)

# The hash stays that of the address, so dicts and sets never get to compare two living nodes.
for _sign, (_compare, _) in _COMPARISONS.items():
    _attach(f"__{_compare.__name__}__", _comparison(_sign), f"Whether self {_sign} other.")

for _name, _function in {
    "__pos__": _conjugate,
    "__bool__": _truth,
    "__init_subclass__": classmethod(_refuse_subclass),
    "__float__": _refuse_float,
    "__int__": _refuse_float,
    "__round__": _refuse_round,
    "__repr__": _repr,
    "__format__": _format,
    "__dir__": lambda self: [name for name in object.__dir__(self) if name not in _ABSENT],
    "__copy__": _copy,
    "__deepcopy__": _deepcopy,
    "__getstate__": lambda self: None,  # copies and pickles go by ``__reduce_ex__`` alone
    "__reduce_ex__": pickles.reduce_ex,
    "item": _item,
    "detach": _detach,
    "conjugate": _conjugate,
    "real": property(_conjugate),
    "imag": property(lambda self: 0.0),
    "__divmod__": lambda self, other: (self // other, self % other),
    "__rdivmod__": lambda self, other: (other // self, other % self),
    # micrograd's names, so that its notebooks draw and walk these graphs unchanged
    "_op": property(_symbol),
    "_prev": Value.parents,
    "_children": Value.parents,
}.items():
    setattr(Value, _name, _function)


class _Absent:
    """Attributes of micrograd's nodes, or given by its users, that a Value has no room for."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, value: Value | None, owner: type) -> _Absent:
        return self if value is None else self.__set__(value, None)

    def __set__(self, value: Value, thing: object) -> NoReturn:
        name = self.name
        if name.startswith("_"):
            raise AttributeError(
                f"a Value has no attribute {name!r}: partial derivatives are numbers here, "
                ".local_grads, and backward() of the result goes over the graph; for a rule of "
                "your own write ag.custom_op(...)"
            )
        raise AttributeError(
            f"a Value has no attribute {name!r}, and none can be added; keep what belongs to it "
            "in a list beside the parameters, or in a dict by Value (its hash is its identity)"
        )


for _name in _ABSENT:
    setattr(Value, _name, _Absent(_name))

# The Python engine takes more, to refuse it in its own words.
setattr(Value, "__signature__", inspect.signature(lambda data, label="": None))  # noqa: B010


def isclose(
    a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Any:
    """Whether two numbers are equal within a tolerance, ``|a - b| <= atol + rtol * |b|``: a guard.

    Parameters
    ----------
    a, b : Value, float or array
    rtol, atol : float
        Relative and absolute tolerance, as in `numpy.isclose`.
    equal_nan : bool, default=False
        Whether nan counts as close to nan.

    Returns
    -------
    bool or array of bool

    Examples
    --------
    >>> isclose(Value(0.1) + 0.2, 0.3)
    True
    """
    sides = _numbers(a), _numbers(b)
    traced = any(np.asarray(x).dtype == object for x in sides)
    close: Any = np.vectorize(_is_close, otypes=[bool]) if traced else np.isclose
    with np.errstate(all="ignore"):
        found = close(*sides, rtol, atol, equal_nan)
    return bool(found) if np.ndim(found) == 0 else found


def _is_close(x: Any, y: Any, rtol: Any, atol: Any, equal_nan: Any) -> bool:
    near = x == y or (abs(y) < float("inf") and abs(x - y) <= atol + rtol * abs(y))
    return bool(near or (equal_nan and x != x and y != y))


def _numbers(thing: Any) -> Any:
    if isinstance(thing, np.ndarray | list | tuple):
        refuse_masked(thing)
        return np.array([*map(_number, np.ravel(thing).tolist())]).reshape(np.shape(thing))
    return _number(thing)


def _number(thing: Any) -> Any:
    if isinstance(thing, Value):
        return thing if thing._traced or tracing.get() else thing.data
    return as_float(thing)
