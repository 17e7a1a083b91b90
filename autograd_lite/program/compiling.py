"""`compile`: a function that is traced at its first call, and then run as a program."""

import functools
import threading
import warnings
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from types import MethodType
from typing import Any, overload

import numpy as np

from autograd_lite.errors import ShapeError, counted, shown
from autograd_lite.modes.lines import users_line
from autograd_lite.program.arguments import Arguments, Given, Kind, Shape, calling, difference
from autograd_lite.program.jit.tiers import require
from autograd_lite.program.layouts import (
    HoldsValuesError,
    holds_values,
    is_fixed,
    is_followed_in,
    plain_rows,
    shared_numbers,
)
from autograd_lite.program.methods import Method
from autograd_lite.program.outlines import networks_of, outline
from autograd_lite.program.paths import Paths
from autograd_lite.program.program import Program
from autograd_lite.program.traced import FollowedError, Traced, by_last_use, quick
from autograd_lite.program.tracing import nodes_for, refuse_elsewhere
from autograd_lite.transforms.recordings import Function, name_of
from autograd_lite.transforms.structures import is_network
from autograd_lite.transforms.trees import Tree

_WAY_OUT = (
    "the one not used for longest is dropped, and made again when it is needed; pass what changes "
    "as numbers, in arrays of one size, choose with ag.where instead of if, or set max_programs="
)
_lock = threading.RLock()  # held while programs are dropped, which may run a user's code


@overload
def compile(
    f: Function, *, static: str | Sequence[str] = (), check: bool = False,
    jit: bool | None = None, max_programs: int = 64,
) -> "Compiled": ...  # fmt: skip
@overload  # without f, or checkers could take what they do not know for None
def compile(
    *, static: str | Sequence[str] = (), check: bool = False,
    jit: bool | None = None, max_programs: int = 64,
) -> "Callable[[Function], Compiled]": ...  # fmt: skip
def compile(
    f: Function | None = None, *, static: str | Sequence[str] = (), check: bool = False,
    jit: bool | None = None, max_programs: int = 64,
) -> Any:  # fmt: skip
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
        constant from there on; but Values and networks that it found are followed, as those in
        arguments are.
    static : str or sequence of str, default=()
        Names of parameters that are part of the function: each new thing that is given for one,
        by type and value, is compiled anew. So are ints that count or choose, and arrays of
        indices; they must be hashable, or arrays. Text, None, bools, bool arrays, Enum members
        and what can be called are part of the function without being named.
    check : bool, default=False
        Compare every call with `f` itself.
    jit : bool or None, default=None
        Whether programs become machine code, which the extra `jit` makes (llvmlite): after the
        first run, or never; None: in the background, when running them has taken as long. No bit
        of a result depends on it. ``AUTOGRAD_LITE_JIT=0`` in the environment turns it off.
    max_programs : int, default=64
        So many programs are kept, one for each kind of arguments and path; past it the one not
        used for longest is dropped, with one warning.

    Returns
    -------
    Compiled
        Callable like `f`, with ``map`` for many rows at once. Called with Values, it is `f`.

    Raises
    ------
    TypeError
        If `f` is not callable.
    ImportError
        If `jit` is True and llvmlite is not installed.
    ValueError
        If `static` names no parameter of `f`, or `max_programs` is less than 1.
    ProgramError
        When called: if `f` reads the number of a Value that it computes (``.data``, ``.item()``,
        ``.grad``), makes a text of one and returns, or needs an int that is not static; if no
        float holds an int; with `check`, if the program gives anything else than `f`.

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
        return functools.partial(
            compile, static=static, check=check, jit=jit, max_programs=max_programs
        )
    method: Any = f
    if callable(f) and not (isinstance(f, MethodType) or is_fixed(f) or is_network(f)):
        method = f.__call__  # type: ignore[operator]
    if isinstance(method, MethodType | Method):
        return Method(Compiled(method.__func__, static, check, jit, max_programs), method.__self__)
    return Compiled(f, static, check, jit, max_programs)


class Compiled:
    """A function and its programs; see `compile`.

    Attributes
    ----------
    paths : list of str
        The comparisons on the way through the function for each program, as they came out.
    programs : list of Program
    """

    def __init__(
        self, f: Function, static: str | Sequence[str] = (), check: bool = False,
        jit: bool | None = None, max_programs: int = 64,
    ) -> None:  # fmt: skip
        if not callable(f):
            raise TypeError(f"expected a function to compile and was given {shown(f)}")
        if type(max_programs) is not int or max_programs < 1:
            raise ValueError(f"max_programs is an int from 1, and was given {shown(max_programs)}")
        if not (jit is None or isinstance(jit, bool)):
            raise TypeError(f"jit is True, False or None, and was given {shown(jit)}")
        if jit:
            require()
        functools.update_wrapper(self, f, updated=())
        self._function, self._check, self._name = f, check, name_of(f)
        self._arguments, self._most, self._jit = Arguments(f, static), max_programs, jit
        self._warned = False
        self._kinds: dict[Kind, Paths] = {}
        self._used: dict[Traced, Kind] = {}  # the most recently used last
        self._networks: list[Any] | None = None
        self._quick: Callable[..., Any] = self._slow

    def __repr__(self) -> str:
        return f"<compiled {self._name}: {counted(len(self.programs), 'program')}>"

    def __getstate__(self) -> dict[str, Any]:
        """All but the programs, which a copy records anew."""
        return {**vars(self), "_kinds": {}, "_used": {}, "_networks": None, "_quick": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _quick=self._slow)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        self._arguments.is_method = True
        return self if instance is None else Method(self, instance)

    @property
    def programs(self) -> list[Program]:
        """A program for each kind of arguments and path; its last outputs are the guards."""
        return [traced.alone for paths in self._kinds.values() for traced in paths.traced]

    @property
    def paths(self) -> list[str]:
        """The comparisons on the way through the function, for each program."""
        return [traced.path for paths in self._kinds.values() for traced in paths.traced]

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """The function's result."""
        try:
            return self._quick(*args, **keywords)
        except FollowedError:  # then the function itself is called
            things, shape = self._arguments.placed(args, keywords)
            trees, _ = self._arguments.taken_apart(things, shape)
            f = calling(self._function, shape.names)
            return f(*[tree.rebuilt(nodes_for(tree)) for tree in trees])

    def _slow(self, *args: Any, **keywords: Any) -> Any:
        known = self._arguments
        things, shape = known.placed(args, keywords)
        trees: list[Tree] | None = None
        with suppress(HoldsValuesError):
            trees, layouts = known.taken_apart(things, shape)
        if trees is None or any(holds_values(tree) or is_followed_in(tree) for tree in trees):
            refuse_elsewhere([x for tree in trees or () for x in tree.leaves])
            return self._function(*args, **keywords)
        kind = layouts, shape.names, self._around()
        inputs = np.array([x for tree in trees for x in tree.numbers()], dtype=np.float64)
        paths = self._kinds.get(kind) or self._new_paths(shape)
        value, traced = paths.known(inputs, trees)
        if traced is None:
            given = [*zip(shape.slots, things, strict=True)]
            with known.explaining(given):
                value, traced = paths.new(trees, inputs)
            self._keep(kind, paths, given)
        if traced is not None and self._check:
            paths.check_once(value, trees)
        elif traced is not None:
            self._note_use(kind, traced)
        return value if traced is None else traced.finished(value)

    def _note_use(self, kind: Kind, traced: Traced) -> None:
        """Count a path as the last used, and have C call it from now on, if it can."""
        if len(self._used) > 1:
            with _lock:
                self._used[traced] = self._used.pop(traced, kind)
        by_place = len(kind[0]) - len(kind[1])
        names = self._arguments.shape(by_place, kind[1]).in_c
        if names is not None:
            self._quick = quick(
                traced, (*kind[0], *kind[2]), names, by_place, self._quick, self._slow,
                self._networks or [],
            )  # fmt: skip

    def _around(self) -> tuple[Hashable, ...]:
        """Outlines of networks that the function reads though they are no arguments."""
        if self._networks is None:
            self._networks = networks_of(self._function)
        return tuple([outline(network, ()) for network in self._networks])

    def _new_paths(self, shape: Shape) -> Paths:
        return Paths(calling(self._function, shape.names), self._name, self._most, self._jit)

    def _keep(self, kind: Kind, paths: Paths, given: Given) -> None:
        """Keep new paths; past `max_programs` drop those not used for longest."""
        with _lock:
            if len(self._used) >= self._most:
                self._used = by_last_use(self._used, self._quick)
            self._kinds[kind] = paths
            for traced in paths.traced:
                self._used.setdefault(traced, kind)
            while len(self._used) > self._most:
                oldest, other = next(iter(self._used.items()))
                del self._used[oldest]
                self._quick = self._slow  # the old one holds programs, too
                if other in self._kinds:  # no other thread has put new paths in their place
                    left = self._kinds.pop(other).without(oldest)
                    self._kinds |= {other: left} if left.traced else {}
                if not self._warned:
                    self._warned, line = True, users_line()
                    text = f"{self._name} needs more than max_programs={self._most} programs: "
                    text += f"{difference(other, kind, given)}; {_WAY_OUT}"
                    warnings.warn_explicit(text, UserWarning, line.file, line.number)

    def map(
        self, *args: Any, shared: int | str | Sequence[int | str] = (),
        reduce: str | None = None, threads: int = 1, **keywords: Any,
    ) -> Any:  # fmt: skip
        """One run for each row.

        Vector mathematics is used where there is some, also for a single row: exponentials,
        logarithms and their like are then within 4 ulp of the exact number, and may differ in the
        last bits from those of a call, and between processors and C libraries. Sums over rows have
        one order, whatever the number of threads.

        Parameters
        ----------
        *args, **keywords : array, sequence of rows, or dict of these
            With a leading axis of rows, unless shared: where `f` takes a number, an array of shape
            (rows,); where it takes a vector of k, (rows, k).
        shared : int, str or sequence of these, default=()
            Positions or names of arguments that are the same for all rows, as text, None and what
            is static always are.
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
        known = self._arguments
        special = shared or keywords or self._check or known.static or known.is_method
        if type(shared) is tuple and not special:
            found = self._plain_rows(args, reduce, threads)
            if found is not None:
                return found
        things, shape = known.placed(args, keywords)
        kept = {shared} if isinstance(shared, int | str) else {*shared}
        if not kept <= {*range(len(things)), *[slot.name for slot in shape.slots]}:
            raise ValueError(f"shared={shown(shared)} names no argument of {len(things)}")
        firsts, columns = known.in_rows(things, shape, kept)
        lengths = {i: len(matrix) for i, matrix in columns.items()}
        if len({*lengths.values()}) != 1:
            raise ShapeError(
                f"{self._name} needs the same number of rows in all arguments that are not shared, "
                f"at least one, and was given {lengths or 'none'}"
            )
        [n_rows], (trees, layouts) = {*lengths.values()}, known.taken_apart(firsts, shape)
        matrices = [
            (columns[i], False) if i in columns else (shared_numbers(tree), True)
            for i, tree in enumerate(trees)
        ]
        kind: Kind = layouts, shape.names, self._around()
        given = [*zip(shape.slots, firsts, strict=True)]
        paths = self._kinds.get(kind) or self._new_paths(shape)
        with known.explaining(given):
            result = paths.rows(trees, matrices, n_rows, reduce, threads)
        self._keep(kind, paths, given)
        if self._check and paths.traced:
            paths.check_rows(result, trees, matrices, n_rows, reduce)
        return paths.traced[0].finished(result) if paths.traced else result

    def _plain_rows(self, args: Sequence[Any], reduce: str | None, threads: int) -> Any:
        """The results for float arrays that were met before; None for anything else."""
        layouts, matrices = plain_rows(args)
        met = self._kinds.get((layouts, (), self._around())) if layouts else None
        found = met and met.plain_rows(matrices, len(args[0]), reduce, threads)
        return met.traced[0].finished(found) if met and found is not None else found
