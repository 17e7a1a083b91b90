"""Ops as a builder of programs sees them: their traits, and the steps that stand for them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

from autograd_lite.errors import ProgramError
from autograd_lite.ops import Op
from autograd_lite.ops.numbers import as_float
from autograd_lite.ops.rules import add
from autograd_lite.ops.table import give_operators


class Traits(NamedTuple):
    """A row as a builder of programs sees it.

    `adds` says that it is the plain sum of two numbers; `exact` has the places, numbers and rules
    of its exact identities.
    """

    kernel: bool
    ignores_zero_sign: bool
    adds: bool
    exact: tuple[tuple[int, float, Callable[..., Any]], ...]


def traits(row: Op) -> Traits:
    """A row's traits, for a builder."""
    found = []
    for pattern, rule in row.exact:
        [(place, number)] = [(i, part) for i, part in enumerate(pattern) if part is not ...]
        found.append((place, number, rule))
    return Traits(row.is_kernel, row.ignores_zero_sign, row is add, tuple(found))


class Recipe(NamedTuple):
    """Kernels that together do what a rule does, in the order in which it calls them.

    Registers are numbered: the arguments, then one for each step; constants from -1 down.
    """

    constants: tuple[float, ...]
    steps: tuple[tuple[Op, tuple[int, ...]], ...]
    result: int


def recipe(row: Op, rule: Callable[..., Any] | None, n: int) -> Recipe:
    """The recipe of a row over n arguments, or of a rule that stands for it.

    A ProgramError if the row is a user's own, and its function runs on numbers only.
    """
    notes = _Notes(n)
    arguments = [Register(notes, i) for i in range(n)]
    found = notes.lowered(row, arguments) if rule is None else rule(*arguments)
    result = notes.register(found)
    return Recipe(tuple(notes.constants), tuple(notes.steps), result)


class _Notes:
    """A recipe as it is written, while a rule runs on registers."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.constants: list[float] = []
        self.steps: list[tuple[Op, tuple[int, ...]]] = []

    def register(self, thing: Any) -> int:
        if isinstance(thing, Register):
            return thing.number
        self.constants.append(thing if type(thing) is float else as_float(thing))
        return -len(self.constants)

    def applied(self, row: Op, args: Sequence[Any]) -> Any:
        if not row.is_kernel:
            return self.lowered(row, args)
        self.steps.append((row, tuple(map(self.register, args))))
        return Register(self, self.n + len(self.steps) - 1)

    def lowered(self, row: Op, args: Sequence[Any]) -> Any:
        if not row.custom:
            return row.expand(args)
        try:
            return row.forward(*args)
        except TypeError as error:
            raise ProgramError(
                f"the op {row.name!r} is a function of yours that takes floats only, and a program "
                "has none to give while it is made; write it with operators and functions of this "
                "package (ag.sin instead of math.sin), or leave it outside of the program"
            ) from error


class Register:
    """Stands for a number while a rule is written down as a recipe."""

    __slots__ = ("notes", "number")

    def __init__(self, notes: _Notes, number: int) -> None:
        self.notes, self.number = notes, number

    def _refuse(self, *_: Any) -> NoReturn:
        raise TypeError("a register of a program has no number; write less, where and other rows")

    __bool__ = __lt__ = __le__ = __gt__ = __ge__ = __float__ = _refuse

    @staticmethod
    def _apply_op(row: Op, args: Sequence[Any]) -> Any:
        notes: _Notes = next(arg.notes for arg in args if isinstance(arg, Register))
        return notes.applied(row, args)


give_operators(Register)
