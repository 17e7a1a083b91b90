"""Arguments of compiled functions: their places, their numbers, and their errors."""

from __future__ import annotations

import dis
import inspect
import re
from collections.abc import Callable, Container, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from autograd_lite import value
from autograd_lite.engine import Value
from autograd_lite.errors import ProgramError, typed
from autograd_lite.program.code import Floats
from autograd_lite.program.layouts import layout, part_key, rows_of, state_key
from autograd_lite.transforms.recordings import name_of
from autograd_lite.transforms.structures import is_network, is_setting, parts_of
from autograd_lite.transforms.trees import Tree, setting, take_apart

Names = tuple[str, ...]
#: The layout of each argument, the names of the last ones if given by name, and the outlines of
#: networks that the function reads though they are no arguments.
Kind = tuple[tuple[Hashable, ...], Names, tuple[Hashable, ...]]

#: Words in Python's errors where it wants an int and gets a Value.
_WANTS_INT = re.compile(
    r"integer|non-int|indices|islice|real number|for (<<|>>|&|\||\^)=?: |for unary ~"
)
_PARAMETER = inspect.Parameter
_MOST_SHAPES = 256


class Slot(NamedTuple):
    """The place of an argument, its parameter's name if known, and its name in messages."""

    place: int
    name: str | None
    said: str
    is_static: bool


class Shape(NamedTuple):
    """The form of a call: the slots of its arguments, the names of those given by name.

    `in_c` are the names as C wants them, or None where their order matters.
    """

    slots: tuple[Slot, ...]
    names: Names
    in_c: tuple[str | None, ...] | None


Given = Sequence[tuple[Slot, Any]]


class Arguments:
    """The parameters of a function; `static` and `is_method` say which are part of it."""

    def __init__(self, function: Callable[..., Any], static: str | Sequence[str]) -> None:
        self._name, self.is_method = name_of(function), False
        try:
            self._signature: inspect.Signature | None = inspect.signature(function)
        except (TypeError, ValueError):  # it has none that Python knows of
            self._signature = None
        known = {} if self._signature is None else self._signature.parameters
        self._kinds = {name: parameter.kind for name, parameter in known.items()}
        self.static = {static} if isinstance(static, str) else {*static}
        if not (_PARAMETER.VAR_KEYWORD in self._kinds.values() or self.static <= {*known}):
            listed = ", ".join(known) or "none that is known"
            raise ValueError(f"static={static!r:.80} names no parameter of {self._name}: {listed}")
        self._shapes: dict[tuple[int, Names], Shape] = {}

    def placed(self, args: Sequence[Any], keywords: dict[str, Any]) -> tuple[Sequence[Any], Shape]:
        """Arguments in the order of the signature, and how they are given."""
        if keywords:
            if self._signature is not None:
                bound = self._signature.bind(*args, **keywords)
                args, keywords = bound.args, bound.kwargs
            return (*args, *keywords.values()), self.shape(len(args), (*keywords,))
        return args, self.shape(len(args), ())

    def shape(self, count: int, names: Names) -> Shape:
        """The form of calls with `count` arguments by position, and these by name."""
        found = self._shapes.get((count, names))
        if found is None:
            kinds = self._kinds
            places = [n for n, kind in kinds.items() if kind < _PARAMETER.VAR_POSITIONAL]
            rest = [n for n, kind in kinds.items() if kind == _PARAMETER.VAR_POSITIONAL]
            parameters = [*places, *[*rest, None][:1] * count][:count]
            slots = [(n, f"argument {i} of {self._name}") for i, n in enumerate(parameters)]
            slots += [(n, f"argument {n!r} of {self._name}") for n in names]
            by_name = _PARAMETER.POSITIONAL_OR_KEYWORD
            in_c = [n if kinds[n] == by_name else None for n in places] + [None] * count
            fixed = {n for n, kind in kinds.items() if kind != _PARAMETER.VAR_KEYWORD}
            found = Shape(
                tuple([Slot(i, *slot, slot[0] in self.static) for i, slot in enumerate(slots)]),
                names,
                (*in_c[: count if names else None], *names) if fixed >= {*names} else None,
            )
            if len(self._shapes) > _MOST_SHAPES:
                self._shapes.clear()
            self._shapes[count, names] = found
        return found

    def is_part(self, slot: Slot, thing: Any) -> bool:
        """Whether an argument is part of the function rather than input of a program."""
        # From Python 3.13 on, a classmethod gives its class without asking what it holds.
        is_first = slot.place == 0 and not is_network(thing)
        if is_first and (self.is_method or isinstance(thing, type)):
            return parts_of(thing, slot.said) is None
        return slot.is_static and not isinstance(thing, Value)

    def taken_apart(
        self, things: Sequence[Any], shape: Shape
    ) -> tuple[list[Tree], tuple[Hashable, ...]]:
        """Each argument as a tree, and its layout: a program fits arguments of equal layouts."""
        trees: list[Tree] = []
        layouts: list[Hashable] = []
        has_parts = self.is_method or self.static or (things and isinstance(things[0], type))
        for slot, thing in zip(shape.slots, things, strict=True):
            if has_parts and self.is_part(slot, thing):
                trees.append(setting(thing))
                layouts.append((part_key if slot.is_static else state_key)(thing, slot.said))
                continue
            trees.append(tree := take_apart(thing, slot.said))
            layouts.append(layout(tree))
            known = type(thing) is float or (tree.parts is None and type(thing) in (list, tuple))
            if not (known or any(isinstance(leaf, Value) for leaf in tree.leaves)):
                check_exact(slot, thing, max(map(abs, tree.leaves), default=0.0))
        return trees, tuple(layouts)

    def in_rows(
        self, things: Sequence[Any], shape: Shape, shared: Container[Any]
    ) -> tuple[list[Any], dict[int, Floats]]:
        """The arguments of the first row, and by place a matrix of all rows, unless shared."""
        firsts, columns = [*things], {}
        for slot, thing in zip(shape.slots, things, strict=True):
            i, is_array = slot.place, isinstance(thing, np.ndarray)
            whole = is_setting(thing) and not is_array
            if whole or i in shared or slot.name in shared or self.is_part(slot, thing):
                continue
            firsts[i], columns[i] = rows_of(thing, slot.said)
            if not (is_array and thing.dtype.kind == "f"):
                check_exact(slot, thing, np.abs(columns[i]).max(initial=0.0))
        return firsts, columns

    @contextmanager
    def explaining(self, given: Given) -> Iterator[None]:
        """A block that traces; where Python wants a number and gets a Value, it says what to do."""
        try:
            yield
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            if not _is_of_values(error, any(_ints(thing) for _, thing in given)):
                raise
            raise ProgramError(
                f"{error}; while {self._name} is compiled, Values stand for its numbers: take "
                "functions of this package, such as ag.sin, or ag.take for an entry, and name what "
                f"is used as an int or index in static={_hint(given)} (a field, by "
                "metadata={'static': True})"
            ) from error


def check_exact(slot: Slot, thing: Any, largest: float) -> None:
    """Raise a ProgramError if an argument holds an int that no float equals."""
    # "not <", so that nan is looked at, too
    if not largest < 2**53 and any(float(number) != number for number in _ints(thing)):
        raise ProgramError(
            f"{slot.said} is {typed(thing)}, an int that no float holds exactly; name it in "
            f"static={_hint([(slot, thing)])}, or write float(…) if near is enough"
        )


def difference(one: Kind, other: Kind, given: Given) -> str:
    """The difference between two kinds of arguments, in words."""
    if len(one[0]) != len(other[0]) or one[1] != other[1]:
        return f"it is given other arguments each time, now {len(given)}"
    for (slot, thing), mine, yours in zip(given, other[0], one[0], strict=True):
        if mine != yours:
            return f"{slot.said} is another each time, now {typed(thing)}"
    if one[2] != other[2]:
        return "a network that it reads is another each time"
    return "its comparisons come out differently each time"


def calling(function: Callable[..., Any], names: Names) -> Callable[..., Any]:
    """The function called by position alone: it gets the last arguments by these names."""

    def by_name(*things: Any) -> Any:
        first = len(things) - len(names)
        return function(*things[:first], **dict(zip(names, things[first:], strict=True)))

    return by_name if names else function


def _hint(given: Given) -> str:
    """The names of parameters that were given ints, as ``static=`` takes them."""
    kinds = int, np.integer, np.ndarray, list, tuple
    found = [s.name for s, thing in given if s.name and isinstance(thing, kinds) and _ints(thing)]
    return repr((*dict.fromkeys(found),) or ("n",))


def _ints(thing: Any) -> list[int]:
    if isinstance(thing, int | np.integer):
        return [] if isinstance(thing, bool) else [int(thing)]
    opened = parts_of(thing.ravel().tolist() if isinstance(thing, np.ndarray) else thing, "")
    return [number for part in opened.things for number in _ints(part)] if opened else []


def _is_of_values(error: Any, has_ints: bool) -> bool:
    """Whether Python itself raised it, because it got a Value where it wants a number."""
    last = error.__traceback__
    while last.tb_next is not None:
        last = last.tb_next
    code = last.tb_frame.f_code
    if code.co_filename == value.__file__ and not isinstance(error, ProgramError):
        return True  # float(x), f"{x:d}"
    if dis.opname[code.co_code[last.tb_lasti]] == "RAISE_VARARGS":
        return False
    if isinstance(error, AttributeError):
        return isinstance(error.obj, Value) and any(hasattr(x, str(error.name)) for x in (1, 1.0))
    if isinstance(error, KeyError):
        return isinstance(error.args[0], Value)
    text = str(error)
    return bool(_WANTS_INT.search(text)) and (
        "Value" in text or (has_ints and ("indices" in text or "islice" in text))
    )
