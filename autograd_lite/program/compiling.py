"""A function that is traced when it is first called, and from then on run as a program."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from autograd_lite.errors import ShapeError
from autograd_lite.program.layouts import (
    Floats,
    holds_values,
    layout,
    numbers_of,
    plain_inputs,
    rows_of,
    taken_apart,
)
from autograd_lite.program.outlines import networks_of, outline
from autograd_lite.program.paths import Paths
from autograd_lite.program.program import Program
from autograd_lite.program.running import quick
from autograd_lite.program.tracing import FollowedError, nodes_for
from autograd_lite.transforms.recordings import name_of
from autograd_lite.transforms.structures import is_setting


def compile(f: Callable[..., Any] | None = None, *, check: bool = False) -> Any:
    """The same function, run by a program that is recorded at its first call.

    Every call gives exactly what `f` itself would. Arguments are structures of numbers, as for
    `grad`: the first call with arguments of a kind (their types and sizes) traces `f` at them.
    A comparison of traced Values is a guard: where it comes out differently in a later call, `f` is
    traced again, and both programs are kept.

    Parameters
    ----------
    f : callable
        What it does besides computing numbers is done while tracing only: printing, changing
        variables, drawing random numbers. What it reads from around it is read then, and is
        constant from there on; but Values and networks are followed, as those in arguments are.
    check : bool, default=False
        Compare every call with `f` itself.

    Returns
    -------
    Compiled
        Callable like `f`, with ``map`` for many rows at once. Called with Values, it is `f`.

    Raises
    ------
    TypeError
        If `f` is not callable.
    ProgramError
        When called: if `f` reads the number of a Value that it computes (``.data``, ``.item()``,
        ``.grad``); with `check`, if the program gives anything else than `f`.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> slope = ag.compile(ag.grad(lambda x: x * x * ag.sin(x)))
    >>> slope(0.0)
    0.0
    >>> ag.compile(lambda x: -x if x < 0 else x).map([-2.0, 3.0])
    array([2., 3.])
    """
    if f is None:
        return functools.partial(compile, check=check)
    return Compiled(f, check)


class Compiled:
    """A function and its programs; see `compile`.

    Attributes
    ----------
    paths : list of str
        The comparisons on the way through the function for each program, as they came out.
    programs : list of Program
    """

    def __init__(self, f: Callable[..., Any], check: bool = False) -> None:
        if not callable(f):
            raise TypeError(f"expected a function to compile and was given {f!r}")
        functools.update_wrapper(self, f, updated=())
        self._function, self._check = f, check
        self._name, self._names = name_of(f), _names_of(f)
        self._kinds: dict[Hashable, Paths] = {}
        self._networks: list[Any] | None = None
        self._quick: Callable[..., Any] = self._slow

    def __repr__(self) -> str:
        return f"<compiled {self._name}: {len(self.programs)} programs>"

    @property
    def programs(self) -> list[Program]:
        """One for each kind of arguments and path; guards are its last outputs."""
        return [traced.alone for paths in self._kinds.values() for traced in paths.traced]

    @property
    def paths(self) -> list[str]:
        """What was decided on the way through the function, for each program."""
        return [traced.path for paths in self._kinds.values() for traced in paths.traced]

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """What the function gives."""
        try:
            return self._quick(*args, **keywords)
        except FollowedError:  # then it is the function itself
            trees = taken_apart(self._positional(args, keywords), self._name)
            return self._function(*[tree.rebuilt(nodes_for(tree)) for tree in trees])

    def _slow(self, *args: Any, **keywords: Any) -> Any:
        if keywords:
            args = self._positional(args, keywords)
        inputs = None if self._check else plain_inputs(args)
        kind: tuple[Hashable, ...] = ()
        found = None
        if inputs is not None:
            kind = (*[(np.ndarray, arg.shape, False) for arg in args], *self._around())
            known = self._kinds.get(kind)
            found = None if known is None else known.known(inputs)
        if found is None:
            trees = taken_apart(args, self._name)
            if any(map(holds_values, trees)):
                return self._function(*args)
            kind = (*map(layout, trees), *self._around())
            paths = self._paths(kind)
            found = paths.once(trees)
            if self._check:
                paths.check_once(found.value, trees)
                return found.value
        if found.traced is not None:
            self._quick = quick(
                found.traced, kind, self._names, self._quick, self._slow, self._networks or []
            )
        return found.value

    def map(
        self,
        *args: Any,
        shared: Sequence[int] = (),
        reduce: str | None = None,
        threads: int = 1,
    ) -> Any:
        """One run for each row.

        Where the C library has vector mathematics it is used, also for a single row: exponentials,
        logarithms and their like are then within 4 ulp of the exact number, and may differ in the
        last bits from those of a call, and between processors. Sums over rows have one order,
        whatever the number of threads.

        Parameters
        ----------
        *args : array, sequence of rows, or dict of these
            With a leading axis of rows, unless shared: where `f` takes a number, an array of shape
            (rows,); where it takes a vector of k, (rows, k).
        shared : int or sequence of int, default=()
            Positions of arguments that are the same for all rows, as text and None always are.
        reduce : {None, "sum", "mean"}, default=None
            What becomes of the rows: a result for each, or one.
        threads : int, default=1

        Returns
        -------
        structure
            As `f` returns it, every number being an array of shape (rows,), an array of shape s
            one of shape (rows, \\*s); with `reduce` as `f` itself returns it.

        Raises
        ------
        ShapeError
            If arguments differ in their number of rows, or have none.
        """
        kept = {*map(int, shared)} if not isinstance(shared, int) else {shared}
        if not kept <= {*range(len(args))}:
            raise ValueError(f"shared={shared!r} names no argument of {len(args)}")
        firsts: list[Any] = []
        matrices: list[tuple[Floats, bool]] = []
        lengths: dict[int, int] = {}
        for i, arg in enumerate(args):
            name = f"argument {i} of {self._name}"
            if i in kept or (is_setting(arg) and not isinstance(arg, np.ndarray)):
                [tree] = taken_apart([arg], self._name)
                firsts.append(arg)
                matrices.append((np.array(numbers_of(tree), dtype=np.float64), True))
            else:
                first, matrix = rows_of(arg, name)
                firsts.append(first)
                matrices.append((matrix, False))
                lengths[i] = len(matrix)
        if len({*lengths.values()}) != 1:
            raise ShapeError(
                f"{self._name} needs the same number of rows in all arguments that are not shared, "
                f"at least one, and was given {lengths or 'none'}"
            )
        n_rows = next(iter(lengths.values()))
        trees = taken_apart(firsts, self._name)
        paths = self._paths((*map(layout, trees), *self._around()))
        result = paths.rows(lambda: trees, matrices, n_rows, reduce, threads)
        if self._check:
            paths.check_rows(result, trees, matrices, n_rows, reduce)
        return result

    def _around(self) -> list[Hashable]:
        """What the networks are that the function reads from around it, down to each parameter."""
        if self._networks is None:
            self._networks = networks_of(self._function)
        return [outline(network, ()) for network in self._networks]

    def _paths(self, kind: Hashable) -> Paths:
        found = self._kinds.get(kind)
        if found is None:
            found = self._kinds[kind] = Paths(self._function, self._name)
        return found

    def _positional(self, args: Sequence[Any], keywords: dict[str, Any]) -> tuple[Any, ...]:
        """Keyword arguments in their places."""
        bound = inspect.signature(self._function).bind(*args, **keywords)
        if bound.kwargs:
            raise TypeError(
                f"{self._name} is compiled for positional arguments and was given {bound.kwargs!r}"
            )
        return bound.args


def _names_of(function: Callable[..., Any]) -> tuple[str | None, ...]:
    """Of its positional parameters; None for those that cannot be named."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # it has none that Python knows of
        return ()
    return tuple(
        parameter.name if parameter.kind is parameter.POSITIONAL_OR_KEYWORD else None
        for parameter in parameters
        if parameter.kind <= parameter.POSITIONAL_OR_KEYWORD
    )
