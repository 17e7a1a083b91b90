"""A user's own op: a row whose rules are any Python functions of floats.

Rows of the table are rules on every number system. A user's `forward` may call SciPy, a solver or a
measuring device: it is given plain floats only, and its result is checked, since nobody has tested
it here. A partial is also called on Values, when derivatives of derivatives are wanted.
"""

from __future__ import annotations

import inspect
import keyword
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from autograd_lite.errors import GraphError, counted, shown, typed
from autograd_lite.ops.ieee import IEEE, PYTHON_RAISES, number_system
from autograd_lite.ops.numbers import as_float
from autograd_lite.ops.table import TABLE, AnyRule, Op

#: The ops that are defined now, by name. Apart from the table, which is what was compiled, is
#: documented and stands in `ag`.
CUSTOM: dict[str, CustomOp] = {}

_FLOATS = {float}
_BY_NAME = inspect.Parameter.KEYWORD_ONLY

#: What functions of floats raise when they are given something else.
_NOT_ACCEPTED = (TypeError, ValueError, AttributeError)


class CustomOp(Op):
    """A row whose rules are a user's functions.

    Attributes
    ----------
    custom : bool
        True: the rules are called with floats, or with whole Values, by `on_floats` and
        `partials_on`; nothing else may be assumed of them.
    """

    custom = True

    def __init__(
        self, name: str, forward: AnyRule, partials: AnyRule | Sequence[AnyRule],
        symbol: str | None = None, latex: str | None = None,
    ) -> None:  # fmt: skip
        _check_name(name)
        rules = (partials,) if callable(partials) else tuple(partials)
        for rule in (forward, *rules):
            if not callable(rule):
                raise TypeError(
                    f"op {name!r}: forward and partials are functions, and one is {typed(rule)}"
                )
        if not rules:
            raise TypeError(f"op {name!r} has no partials; give one for each argument of forward")
        self._parameters, self._fixed = _parameters(forward, len(rules))
        names = self._argument_names()
        super().__init__(
            name,
            symbol=_text(name, "symbol", name if symbol is None else symbol),
            latex=_latex(_text(name, "latex", _operator(name) if latex is None else latex), names),
            forward=_Rule(forward, f"the forward function of op {name!r}", names),
            partials=[
                _Rule(rule, f"the partial of op {name!r} by {by!r}", ("out", *names))
                for rule, by in zip(rules, names, strict=True)
            ],
            domain=[(-math.inf, math.inf)] * len(rules),
            doc=(inspect.getdoc(forward) or "An op of the user's own.").partition("\n\n")[0],
        )

    def _argument_names(self) -> Sequence[str]:
        return [parameter.name for parameter in self._parameters]

    def _set_up(self) -> None:
        super()._set_up()
        self.__signature__ = inspect.Signature(self._parameters)

    def _bind(self, args: tuple[Any, ...], attrs: Mapping[str, Any]) -> tuple[Op, tuple[Any, ...]]:
        try:
            bound = self.__signature__.bind(*args, **attrs)
        except TypeError as error:
            text = f"{self.name}{self.__signature__}: {error}"
            if self._fixed:
                text += f"; {', '.join(self._fixed)} cannot be set, as there is no partial for it"
            raise TypeError(text) from None
        bound.apply_defaults()
        return self, (*bound.args, *bound.kwargs.values())

    def __reduce__(self) -> tuple[Any, ...]:
        return defined, (self.name,)

    def expand(self, args: Sequence[Any]) -> Any:
        """The op itself: there are no smaller steps."""
        return self(*args)

    def on_floats(self, *args: float) -> float:
        """The value at plain floats, by IEEE-754 where `forward` allows it."""
        return float(self.forward(*args))

    def _partial_at(self, partial: AnyRule, out: float, args: Sequence[float]) -> float:
        return float(partial(out, *args))


class _Rule:
    """One of a user's functions, which is named where it fails.

    `role` is what it is to its op, for messages, and `names` are those of its arguments. If its
    signature tells that it does not take so many, that is a TypeError.
    """

    def __init__(self, function: Callable[..., Any], role: str, names: Sequence[str]) -> None:
        self.function, self.role = function, role
        signature = _signature(function)
        self.fits = signature is not None
        if signature is not None:
            parameters = signature.parameters
            named = [n for n in names if n in parameters and parameters[n].kind is _BY_NAME]
            if named:  # which come last
                self.function = _positionally(function, named)
            try:
                signature.bind(*names[: len(names) - len(named)], **dict.fromkeys(named))
            except TypeError as error:
                raise TypeError(self._called_with(names, error)) from None

    def __call__(self, *args: Any) -> Any:
        """A float at floats; in another number system, a number of that."""
        if {*map(type, args)} != _FLOATS and number_system(args) not in (None, IEEE):
            return self._elsewhere(args)
        try:
            return self._on_floats(args)
        except (*PYTHON_RAISES, TypeError):  # a power of a negative number is complex
            with suppress(*PYTHON_RAISES, TypeError):
                return self._on_floats([*map(IEEE, args)])
            raise  # what the user's function said of plain floats

    def _on_floats(self, args: Sequence[float]) -> float:
        try:
            found = self.function(*args)
        except TypeError as error:
            if self.fits:  # then it is the user's own error, and goes out as it is
                raise
            raise TypeError(self._called_with(args, error)) from error
        return self._number(found, args)

    def _elsewhere(self, args: Sequence[Any]) -> Any:
        try:
            found = self.function(*args)
            return found if hasattr(type(found), "_apply_op") else as_float(found)
        except _NOT_ACCEPTED as error:
            raise TypeError(
                f"{self.role} accepts floats only, and a compiled gradient (ag.compile) or a "
                f"second derivative takes more: {error}; write it with operators and functions of "
                "this package (ag.sin instead of math.sin), or with another custom op"
            ) from error

    def _number(self, found: Any, args: Sequence[Any]) -> float:
        try:
            return as_float(found)
        except TypeError as error:
            shown = ", ".join(f"{float(arg):g}" for arg in args)
            raise TypeError(f"{self.role} gave no number at ({shown}): {error}") from None

    def _called_with(self, args: Sequence[Any], error: TypeError) -> str:
        return (
            f"{self.role} does not take {counted(len(args), 'argument')} ({error}); an op "
            "has one partial for each argument of forward(*args), and each is called as "
            "partial(out, *args)"
        )


def defined(name: str) -> CustomOp:
    """The custom op of that name, for a pickle that refers to it; else a GraphError."""
    if name not in CUSTOM:
        raise GraphError(
            f"this pickle holds an op {name!r}, which is not defined here; define it first, with "
            f"ag.custom_op({name!r}, ...)"
        )
    return CUSTOM[name]


def define(row: CustomOp) -> CustomOp:
    """Make an op the one that pickles find under its name, in place of a former one."""
    CUSTOM[row.name] = row
    return row


def _check_name(name: Any) -> None:
    if not isinstance(name, str):
        raise TypeError(f"an op's name is a str and was given {typed(name)}")
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(
            f"an op's name is an identifier, such as 'bessel', and was given {shown(name)}"
        )
    if name in TABLE and TABLE[name].public:
        raise ValueError(f"{name!r} is an op of this package already; choose another name")


def _text(name: str, what: str, text: Any) -> str:
    if not isinstance(text, str) or not text:
        raise TypeError(f"op {name!r}: {what} is a str, not empty, and was given {shown(text)}")
    return text


def _operator(name: str) -> str:
    escaped = name.replace("_", r"\_")
    return rf"\operatorname{{{escaped}}}"


def _latex(text: str, names: Sequence[str]) -> str:
    """A function's name is followed by its arguments if they are several."""
    if "#" in text or len(names) == 1:
        return text
    macros = ", ".join([f"#{i + 1}" for i in range(len(names))])
    return rf"{text}\left({macros}\right)"


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    """A function's signature; None if it has none, as many written in C."""
    if isinstance(function, np.ufunc):
        return _positional([f"x{i + 1}" for i in range(function.nin)])
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def _positional(names: Sequence[str]) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_ONLY
    return inspect.Signature([inspect.Parameter(name, kind) for name in names])


def _positionally(function: Callable[..., Any], named: Sequence[str]) -> Callable[..., Any]:
    """The function, which gets its last arguments by these names."""

    def called(*args: Any) -> Any:
        n = len(args) - len(named)
        return function(*args[:n], **dict(zip(named, args[n:], strict=True)))

    return called


def _parameters(forward: AnyRule, count: int) -> tuple[list[inspect.Parameter], list[str]]:
    """So many arguments as `forward` has them, or x1, x2, … where it does not say; other names."""
    signature = _signature(forward) or _positional([])
    kinds = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, _BY_NAME
    found = [p for p in signature.parameters.values() if p.kind in kinds]
    if len(found) < count:
        found = [*_positional([f"x{i + 1}" for i in range(count)]).parameters.values()]
    return found[:count], [p.name for p in found[count:]]
