"""What a row with any number of arguments is: they come as one sequence and make one node."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np

from autograd_lite.errors import ShapeError
from autograd_lite.ops.ieee import IEEE, PYTHON_RAISES, number_system
from autograd_lite.ops.numbers import as_float
from autograd_lite.ops.table import Op, add_row

#: They can be iterated over, but not as numbers in an order.
_NO_SEQUENCES = (str, bytes, Mapping, Set)


class SequenceOp(Op):
    """A row that takes any number of arguments, given as one sequence (one node in a graph).

    Its rules are ``forward(*args)`` and ``partials(out, *args)``, which gives them all at once in
    O(n). The forward rule is written with rows of fixed arity, so calling it on Values records
    the expansion of the node into small steps.

    Parameters
    ----------
    gather : callable, optional
        From what the user passes to the flat list of arguments.
    empty : bool, default=False
        Whether no arguments at all are allowed.
    """

    def __init__(
        self,
        name: str,
        *,
        gather: Callable[..., list[Any]] | None = None,
        empty: bool = False,
        **row: Any,
    ) -> None:
        self.gather = gather or _one_sequence
        self.empty = empty
        super().__init__(name, **row)

    def _set_up(self) -> None:
        self.arity = None
        gathered = list(inspect.signature(self.gather).parameters.values())[1:]
        self.arguments = tuple(parameter.name for parameter in gathered)
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        self.__signature__ = inspect.Signature(
            [p.replace(annotation=inspect.Parameter.empty) for p in gathered]
            + [inspect.Parameter(n, kind, default=v) for n, v in self.attrs.items()]
        )

    def _docstring(self) -> str:
        gathered = [self.__signature__.parameters[name] for name in self.arguments]
        sequences = [p.name for p in gathered if p.default is p.empty]
        numbers = "".join(
            f"\n{p.name} : Value or float, default={p.default!r}"
            for p in gathered
            if p.default is not p.empty
        )
        empty = "" if self.empty else "\n\nRaises\n------\nShapeError\n    If there are none."
        return (
            f"{self.doc}\n\nParameters\n----------\n{', '.join(sequences)} : sequence\n    "
            f"Values and plain numbers, mixed as you like.{numbers}{self._attrs_text()}\n\n"
            "Returns\n-------\nValue or float\n    A Value, one node, if any argument is one, "
            f"else a float.{empty}"
        )

    def __call__(self, *args: Any, **attrs: Any) -> Any:
        """Evaluate or record, by the type of the arguments."""
        row: Op = self
        given = args
        if attrs or self.attrs or len(args) != len(self.arguments):
            row, given = self._bind(args, attrs)
        flat = self.gather(self.name, *given)
        if not flat and not self.empty:
            raise ShapeError(f"{self.name} of no numbers is undefined; give it at least one")
        system = number_system(flat)
        if system is not None:
            return system._apply_op(row, tuple(flat))
        if any(isinstance(arg, np.ndarray) and arg.dtype.kind in "biuf" for arg in flat):
            with np.errstate(all="ignore"):
                return row.forward(*flat)
        return row.on_floats(*map(as_float, flat))

    def partials_on_floats(
        self, out: float, args: Sequence[float], wanted: Sequence[bool]
    ) -> tuple[float, ...]:
        """The partial derivatives at plain floats; 0.0 where not wanted."""
        try:
            every = self.partials(out, *args)
        except PYTHON_RAISES:
            every = self.partials(IEEE(out), *map(IEEE, args))
        return tuple([float(d) if want else 0.0 for d, want in zip(every, wanted, strict=True)])

    def partials_on(self, out: Any, args: Sequence[Any], wanted: Sequence[bool]) -> list[Any]:
        """The partial derivatives in any number system; 0.0 where not wanted."""
        every = self.partials(out, *args)
        return [d if want else 0.0 for d, want in zip(every, wanted, strict=True)]


def _one_sequence(name: str, xs: Iterable[Any]) -> list[Any]:
    return sequence(name, xs)


def sequence(name: str, xs: Iterable[Any]) -> list[Any]:
    """The elements of a one-dimensional sequence, as a list."""
    if isinstance(xs, np.ndarray):
        if xs.ndim != 1:
            raise ShapeError(
                f"{name} takes one dimension and was given shape {xs.shape}; write xs.ravel()"
            )
        return xs.tolist() if xs.dtype.kind in "biuf" else list(xs)
    if (
        hasattr(type(xs), "_apply_op")
        or not isinstance(xs, Iterable)
        or isinstance(xs, _NO_SEQUENCES)
    ):
        raise TypeError(
            f"{name} takes one sequence of numbers or Values and was given {type(xs).__name__}; "
            f"write {name}([a, b, c])"
        )
    return list(xs)


def sequence_op(name: str, **columns: Any) -> SequenceOp:
    """Add a row that takes one sequence to the table and return it."""
    row = SequenceOp(name, **columns)
    add_row(row)
    return row
