"""The arguments of a call: in their places, taken apart, and what of them is part of a program."""

from __future__ import annotations

import dis
import inspect
import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from autograd_lite import value
from autograd_lite.engine import Value
from autograd_lite.errors import ProgramError
from autograd_lite.program.layouts import layout, part_key, state_key
from autograd_lite.transforms.recordings import name_of
from autograd_lite.transforms.structures import Setting, is_network, parts_of, shown
from autograd_lite.transforms.trees import Tree, take_apart

Names = tuple[str, ...]
#: The layout of each argument, and the names of those that came by name, the last ones.
Kind = tuple[tuple[Hashable, ...], Names]

#: What Python says where it wants an int and gets a Value.
_WANTS_INT = re.compile(
    r"integer|non-int|indices|islice|real number|for (<<|>>|&|\||\^)=?: |for unary ~"
)
_PARAMETER = inspect.Parameter


class Argument(NamedTuple):
    """An argument of a call, its parameter's name where that is known, and how messages say it."""

    thing: Any
    name: str | None
    said: str


class Arguments:
    """The parameters of a function; `static` and `is_method` say what is part of it."""

    def __init__(self, function: Callable[..., Any], static: str | Sequence[str]) -> None:
        self._name, self.is_method = name_of(function), False
        try:
            self._signature: inspect.Signature | None = inspect.signature(function)
        except (TypeError, ValueError):  # it has none that Python knows of
            self._signature = None
        known = {} if self._signature is None else self._signature.parameters
        kinds = {name: parameter.kind for name, parameter in known.items()}
        self._places = [n for n, kind in kinds.items() if kind < _PARAMETER.VAR_POSITIONAL]
        self._rest = [n for n, kind in kinds.items() if kind == _PARAMETER.VAR_POSITIONAL]
        by_name = _PARAMETER.POSITIONAL_OR_KEYWORD
        self._in_c = [n if kinds[n] == by_name else None for n in self._places]
        self._any = {n for n, kind in kinds.items() if kind == _PARAMETER.VAR_KEYWORD}
        self.static = {static} if isinstance(static, str) else {*static}
        if not (self._any or self.static <= {*known}):
            listed = ", ".join(known) or "none that is known"
            raise ValueError(f"static={static!r} names no parameter of {self._name}: {listed}")

    def placed(self, args: Sequence[Any], keywords: dict[str, Any]) -> tuple[list[Argument], Names]:
        """Arguments in the order of the signature, and the names of those that come by name."""
        if keywords and self._signature is not None:
            bound = self._signature.bind(*args, **keywords)
            args, keywords = bound.args, bound.kwargs
        names = [*self._places, *[*self._rest, None][:1] * len(args)]
        return [
            Argument(thing, name, f"argument {i} of {self._name}")
            for i, (thing, name) in enumerate(zip(args, names, strict=False))
        ] + [
            Argument(thing, name, f"argument {name!r} of {self._name}")
            for name, thing in keywords.items()
        ], (*keywords,)

    def in_c(self, kind: Kind) -> tuple[str | None, ...] | None:
        """The names of arguments as C wants them; None where the order of some matters."""
        layouts, names = kind
        if not names:
            return (*self._in_c,)
        first = (self._in_c + [None] * len(layouts))[: len(layouts) - len(names)]
        known = self._signature is not None and self._signature.parameters.keys() - self._any
        return (*first, *names) if known and known >= {*names} else None

    def is_part(self, argument: Argument, first: bool) -> bool:
        """Whether an argument is part of the function, and none that a program runs on."""
        thing = argument.thing
        if first and self.is_method and not is_network(thing):
            return parts_of(thing, argument.said) is None
        return argument.name in self.static and not isinstance(thing, Value)

    def taken_apart(self, given: Sequence[Argument]) -> tuple[list[Tree], tuple[Hashable, ...]]:
        """Each argument as its numbers, and what a program for them also fits."""
        trees: list[Tree] = []
        layouts: list[Hashable] = []
        for argument in given:
            thing, name, said = argument
            if self.is_part(argument, not trees):
                key = part_key if name in self.static else state_key
                layouts.append(key(thing, said))
                trees.append(_part(thing))
            else:
                trees.append(tree := take_apart(thing, said))
                layouts.append(layout(tree))
                if tree.plain or not any(isinstance(leaf, Value) for leaf in tree.leaves):
                    check_exact(argument, max(map(abs, tree.leaves), default=0.0))
        return trees, tuple(layouts)

    @contextmanager
    def explaining(self, given: Sequence[Argument]) -> Iterator[None]:
        """A block that traces: say what to do where Python wants a number and gets a Value."""
        try:
            yield
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            if not _is_of_values(error, any(_ints(argument.thing) for argument in given)):
                raise
            raise ProgramError(
                f"{error}; while {self._name} is compiled, Values stand for its numbers: take "
                "functions of this package, such as ag.sin, and name what is used as an int or "
                f"index in static={_hint(given)}"
            ) from error


def check_exact(argument: Argument, largest: float) -> None:
    """Raise a ProgramError if an int in it is not the float that stands for it."""
    # nan, of which the largest may be made, is not less
    if not largest < 2**53 and any(float(number) != number for number in _ints(argument.thing)):
        raise ProgramError(
            f"{argument.said} is {shown(argument.thing)}, an int that no float holds exactly; name "
            f"it in static={_hint([argument])}, or write float(…) if near is enough"
        )


def difference(one: Kind, other: Kind, given: Sequence[Argument]) -> str:
    """What tells a kind of arguments from another, which a call has."""
    for argument, mine, yours in zip(given, other[0], one[0], strict=False):
        if mine != yours:
            return f"{argument.said} is another each time, now {shown(argument.thing)}"
    return "its comparisons come out differently each time"


def calling(function: Callable[..., Any], names: Names) -> Callable[..., Any]:
    """The function, with all arguments by position, the last of which it gets by these names."""

    def by_name(*things: Any) -> Any:
        first = len(things) - len(names)
        return function(*things[:first], **dict(zip(names, things[first:], strict=True)))

    return by_name if names else function


def _part(thing: Any) -> Tree:
    return Tree([], lambda rest: thing, None, [], list, True, Setting, thing=thing)


def _hint(given: Sequence[Argument]) -> str:
    """How parameters that were given ints are named."""
    found = [x.name for x in given if x.name and _ints(x.thing)]
    return repr((*dict.fromkeys(found),) or ("n",))


def _ints(thing: Any) -> list[int]:
    if isinstance(thing, int | np.integer):
        return [] if isinstance(thing, bool) else [int(thing)]
    opened = parts_of(thing.ravel().tolist() if isinstance(thing, np.ndarray) else thing, "")
    return [number for part in opened.things for number in _ints(part)] if opened else []


def _is_of_values(error: Any, has_ints: bool) -> bool:
    """Whether Python raised it as it got a Value for a number; what a user raises is none."""
    last = error.__traceback__
    while last.tb_next is not None:
        last = last.tb_next
    code = last.tb_frame.f_code
    if code.co_filename == value.__file__ and not isinstance(error, ProgramError):
        return True  # float(x), f"{x:d}"
    if dis.opname[code.co_code[last.tb_lasti]] == "RAISE_VARARGS":
        return False
    if isinstance(error, AttributeError):
        return isinstance(error.obj, Value) and hasattr(1, str(error.name))
    if isinstance(error, KeyError):
        return isinstance(error.args[0], Value)
    text = str(error)
    return bool(_WANTS_INT.search(text)) and (
        "Value" in text or (has_ints and ("indices" in text or "islice" in text))
    )
