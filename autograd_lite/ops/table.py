"""The row of the op table, and how a call finds its number system.

`Op` is a row with a fixed number of arguments; `sequences.SequenceOp` is one whose arguments come
as a sequence. A row is called like a function. What happens depends on what it is given:

* plain numbers: a float, following IEEE-754 (never an exception);
* float arrays: a float array, elementwise, in NumPy's own loops;
* anything whose type has ``_apply_op(row, args)`` (a Value records a node, a symbol prints code).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from typing import Any, TypeVar

import numpy as np

from autograd_lite.errors import ShapeError, shown
from autograd_lite.ops.ieee import IEEE, PYTHON_RAISES, give_operator, number_system
from autograd_lite.ops.leaf import Leaf, is_arithmetic, is_kernel
from autograd_lite.ops.numbers import as_float, refuse_masked

#: Every row by its name, in the order of definition.
TABLE: dict[str, Op] = {}

Row = TypeVar("Row", bound="Op")
#: A rule of a row, or a function of a user: of numbers of any kind.
AnyRule = Callable[..., Any]

_ALL_FLOATS = {float}
_ARRAYS = (np.ndarray, list, tuple)

#: What the documentation of each op says of errors.
RAISES = (
    "\n\nRaises\n------\nTypeError\n    If one is no real number.\n"
    "OverflowError\n    If one does not fit a float, as 10**400."
)


class Op:
    """One row: an op's name, its rules, and how it is written.

    Attributes
    ----------
    name, symbol, latex : str
        NumPy's name for it; what drawings show; its LaTeX, where ``#1`` and ``#2`` stand for the
        arguments, as in a TeX macro (a name without ``#`` is put before the argument). ``#*``
        stands for all arguments of a many-argument row.
    forward : callable
        ``forward(*args)``.
    partials : tuple of callables
        One ``partial(out, *args)`` per argument.
    on_plain_floats : callable
        ``forward`` on floats alone, the C library's function itself where it is one; may raise.
    rules : tuple
        Forward and partials as they were written, which take the attributes as keywords.
    domain : tuple of (low, high)
        Where tests sample and documentation plots, one interval per argument.
    attrs : dict
        Parameters that are no arguments (a slope, an order), with their values.
    attr_ranges : dict
        Lowest and highest allowed value of those that have one.
    arity : int or None
        Number of arguments; None for a `SequenceOp`.
    operator : str
        The Python operator it answers to, as in ``"add"`` for ``__add__``; ``""`` for none.
    symbol_constant : str
        The symbol when the last argument is a constant, which is put in place of ``{}``.
    identities : tuple of (pattern, rule)
        What it equals where some arguments are certain numbers, ``...`` in the pattern being any
        argument: a rule of all arguments. For writing formulas shortly; true of real numbers.
    exact : tuple of (pattern, rule)
        Such identities with one number in the pattern that hold for every float, to the last bit
        (and the sign of 0); for leaving steps out of programs.
    ignores_zero_sign : bool
        Whether -0.0 and +0.0 as arguments give the same.
    fast_variant : Op or None
        A quicker row that gives the same numbers wherever it gives no nan, but for the sign of 0.
    textbook_partials : tuple of callables
        The partials as textbooks have them, for writing formulas, where `partials` are written
        otherwise to keep their digits; else empty.
    singular : callable or None
        ``singular(out, *args)``, of flat arguments, constants being inf, is 1.0 where second
        derivatives are not finite, and a number by convention.
    singular_at, counted : str
        Where that is, and which number, in words, and perhaps what to write instead.
    public : bool
        Whether users find it as ``ag.NAME``.
    custom : bool
        Whether its rules are a user's functions, which take floats, and Values perhaps.
    is_arithmetic, is_kernel : bool
        Whether its rule is + - * / and choice; whether it is one instruction of a program.
    """

    arity: int | None
    custom = False
    is_arithmetic = cached_property(is_arithmetic)
    is_kernel = cached_property(is_kernel)
    # What a row of another kind need not have.
    textbook_partials: tuple[AnyRule, ...] = ()
    fast_variant: Op | None = None
    singular: AnyRule | None = None
    singular_at, counted = "the origin", "counts as 0"

    def __init__(
        self, name: str, *, symbol: str, latex: str, forward: AnyRule, partials: Sequence[AnyRule],
        domain: Sequence[tuple[float, float]], doc: str, public: bool = True,
        attrs: Mapping[str, float] | None = None,
        attr_ranges: Mapping[str, tuple[float, float]] | None = None,
        operator: str = "", symbol_constant: str = "", ignores_zero_sign: bool = False,
        identities: Sequence[tuple[tuple[Any, ...], AnyRule]] = (),
        exact: Sequence[tuple[tuple[Any, ...], AnyRule]] = (),
        fast_variant: Op | None = None, textbook_partials: Sequence[AnyRule] = (),
        singular: AnyRule | None = None, singular_at: str = "", counted: str = "",
    ) -> None:  # fmt: skip
        self.name = self.__name__ = name
        self.symbol, self.latex, self.symbol_constant = symbol, latex, symbol_constant
        self.rules = forward, partials
        self.domain, self.operator, self.public = tuple(domain), operator, public
        self.ignores_zero_sign, self.fast_variant = ignores_zero_sign, fast_variant
        self.textbook_partials, self.singular = tuple(textbook_partials), singular
        self.singular_at = singular_at or self.singular_at
        self.counted = counted or self.counted
        self.identities, self.exact = tuple(identities), tuple(exact)
        self.attr_ranges = dict(attr_ranges or {})
        self.set_attrs(attrs or {})
        self.doc = doc
        self._set_up()

    def set_attrs(self, attrs: Mapping[str, float]) -> None:
        """Fix the attributes: from here on the rules take the arguments alone."""
        for name, (low, high) in self.attr_ranges.items():
            if not low <= attrs[name] <= high:
                raise ValueError(
                    f"{self.name} takes {name} from {low:g} to {high:g} and was given "
                    f"{shown(attrs[name])}"
                )
        self.attrs = dict(attrs)
        forward, partials = self.rules
        fixed = [partial(rule, **attrs) if attrs else rule for rule in (forward, *partials)]
        self.forward, self.partials = fixed[0], tuple(fixed[1:])
        self.on_plain_floats = forward.floats if isinstance(forward, Leaf) else self.forward

    def _set_up(self) -> None:
        self.arity = len(self.partials)
        self.arguments = tuple(self._argument_names())
        kind, empty = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.empty
        names, defaults = dict.fromkeys((*self.arguments, *self.attrs)), self._defaults()
        self.__signature__ = inspect.Signature(
            [inspect.Parameter(name, kind, default=defaults.get(name, empty)) for name in names]
        )

    def _argument_names(self) -> Sequence[str]:
        """The names by which the rules call the arguments."""
        names = list(inspect.signature(self.rules[1][0]).parameters)[1:]
        return names[: self.arity]

    def _defaults(self) -> dict[str, float]:
        """Defaults of the arguments that may be left out."""
        return self.attrs

    def _attrs_text(self) -> str:
        return "".join(
            f"\n{name} : float, default={value:g}\n    Fixed when recorded; not differentiated."
            for name, value in self.attrs.items()
        )

    def docstring(self) -> str:
        """Documentation from the row alone; `explanations` adds the formulas."""
        return (
            f"{self.doc}\n\nParameters\n----------\n{', '.join(self.arguments)} : "
            "Value, float or array\n    Mixed as you like; arrays broadcast."
            f"{self._attrs_text()}\n\nReturns\n-------\nValue, float or array\n"
            "    A Value (or object array of Values) if any argument is one, "
            f"else a float (or float array).{RAISES}"
            f"\nValueError\n    If arrays do not broadcast{self._ranges()}."
        )

    def _ranges(self) -> str:
        return "".join(
            f", or {name} is not from {low:g} to {high:g}"
            for name, (low, high) in self.attr_ranges.items()
        )

    def __repr__(self) -> str:
        attrs = "".join(f", {name}={value:g}" for name, value in self.attrs.items())
        return f"<op {self.name}{attrs}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return with_attrs, (self.name, tuple(self.attrs.items()))

    # Without a docstring, which IPython would show beside the row's.
    def __call__(self, *args: Any, **attrs: Any) -> Any:  # noqa: D102
        row = self
        if attrs or len(args) != self.arity:
            row, args = self._bind(args, attrs)
        if set(map(type, args)) == _ALL_FLOATS:  # rules on floats come this way often
            return row.on_floats(*args)
        if any(isinstance(arg, _ARRAYS) for arg in args):
            return row._over_arrays(args)
        system = number_system(args)
        if system is not None:
            return system._apply_op(row, args)
        return row.on_floats(*map(as_float, args))

    def _bind(self, args: tuple[Any, ...], attrs: Mapping[str, Any]) -> tuple[Op, tuple[Any, ...]]:
        """This row with the given attributes, and the arguments by themselves."""
        names = (*self.arguments, *self.attrs)
        given, left = {**self._defaults(), **attrs}, names[len(args) :]
        if len(args) > len(names) or [n for n in left if n not in given] or {*attrs} - {*left}:
            try:  # only for what it says: it takes longer than most ops
                self.__signature__.bind(*args, **attrs)
            except TypeError as error:
                raise TypeError(f"{self.name}{self.__signature__}: {error}") from None
        values, split = (*args, *[given[name] for name in left]), len(self.arguments)
        if not self.attrs:
            return self, values
        numbers = zip(self.attrs, map(as_float, values[split:]), strict=True)
        return with_attrs(self.name, tuple(numbers)), values[:split]

    def expand(self, args: Sequence[Any]) -> Any:
        """The forward rule at flat arguments, in any number system."""
        return self.forward(*args)

    def on_floats(self, *args: float) -> float:
        """The value at plain floats, by IEEE-754."""
        try:
            return self.on_plain_floats(*args)
        except PYTHON_RAISES:
            if isinstance(self.forward, Leaf):
                return self.forward.where_python_raises(*args)
            return float(self.forward(*map(IEEE, args)))

    def partials_on_floats(
        self, out: float, args: Sequence[float], wanted: Sequence[bool]
    ) -> tuple[float, ...]:
        """The partial derivatives at plain floats; 0.0, unevaluated, where not wanted."""
        pairs = zip(self.partials, wanted, strict=True)
        return tuple([self._partial_at(p, out, args) if want else 0.0 for p, want in pairs])

    def _partial_at(self, partial: AnyRule, out: float, args: Sequence[float]) -> float:
        try:
            return float(partial(out, *args))
        except PYTHON_RAISES:
            return float(partial(IEEE(out), *map(IEEE, args)))

    def partials_on(self, out: Any, args: Sequence[Any], wanted: Sequence[bool]) -> list[Any]:
        """The partial derivatives in any number system; 0.0, unevaluated, where not wanted."""
        pairs = zip(self.partials, wanted, strict=True)
        return [partial(out, *args) if want else 0.0 for partial, want in pairs]

    def _over_arrays(self, args: Sequence[Any]) -> Any:
        """Elementwise with broadcasting: in NumPy on floats, one call an element on objects."""
        for arg in args:
            refuse_masked(arg, self.name)
        try:
            arrays = [arg if hasattr(type(arg), "_apply_op") else np.asarray(arg) for arg in args]
        except ValueError as error:
            raise ShapeError(f"{self.name} takes numbers and arrays of them: {error}") from None
        floats_only = all(isinstance(a, np.ndarray) and a.dtype.kind in "biuf" for a in arrays)
        if self.custom or not floats_only:
            try:
                with np.errstate(all="ignore"):
                    found = np.frompyfunc(self, len(args), 1)(*arrays)
            except RecursionError:
                if not any(isinstance(x, np.ndarray) for a in arrays for x in np.ravel(a)):
                    raise  # of a user's own function
                raise ShapeError(f"{self.name} was given an array that contains itself") from None
            plain = isinstance(found, np.ndarray) and all(type(x) is float for x in found.flat)
            return found.astype(np.float64) if plain else found
        floats = np.broadcast_arrays(*[np.asarray(a, dtype=np.float64) for a in arrays])
        if floats[0].ndim == 0:
            return self.on_floats(*map(float, floats))
        with np.errstate(all="ignore"):
            return self.forward(*floats)

    def symbol_for(self, constant: float | None = None) -> str:
        """The symbol in drawings, given the last argument's number if that is a constant."""
        if constant is None or not self.symbol_constant:
            return self.symbol
        return self.symbol_constant.format(f"{constant:g}")


@lru_cache(maxsize=4096)
def with_attrs(name: str, attrs: tuple[tuple[str, float], ...]) -> Op:
    """The row of that name with its attributes set, the same object for equal attributes."""
    plain = TABLE[name]
    if dict(attrs) == plain.attrs:
        return plain
    row = object.__new__(type(plain))
    row.__dict__.update(plain.__dict__)
    row.set_attrs(dict(attrs))
    return row


def op(name: str, **columns: Any) -> Op:
    """Add a row of fixed arity to the table and return it."""
    return add_row(Op(name, **columns))


def add_row(row: Row) -> Row:
    """Put a finished row into the table, and return it."""
    if row.name in TABLE:
        raise ValueError(f"the op table has a row {row.name!r} already; choose another name")
    TABLE[row.name] = row
    if row.operator and row.arity == 2:
        give_operator(row.operator, lambda *args: IEEE._apply_op(row, args))
    return row


def give_operators(kind: Any) -> None:
    """Let a type of numbers answer to every row's operator, by its ``_apply_op``."""

    def give(row: Op) -> None:
        setattr(kind, f"__{row.operator}__", lambda *args: kind._apply_op(row, args))
        if row.arity == 2:
            setattr(kind, f"__r{row.operator}__", lambda x, y: kind._apply_op(row, (y, x)))

    for row in TABLE.values():
        if row.operator:
            give(row)
