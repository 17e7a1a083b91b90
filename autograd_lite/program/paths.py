"""The programs of a function for arguments of one kind: one for each path through it."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_lite.engine import Value, is_followed
from autograd_lite.errors import ProgramError, ShapeError, counted
from autograd_lite.modes.lines import users_line
from autograd_lite.ops.lookup import EntryError
from autograd_lite.program.code import Floats
from autograd_lite.program.layouts import Matrices, is_followed_in, with_columns
from autograd_lite.program.program import Program, reduced
from autograd_lite.program.running import Native
from autograd_lite.program.traced import Traced
from autograd_lite.program.tracing import trace
from autograd_lite.transforms.gradients import as_value
from autograd_lite.transforms.trees import Tree, places_like, take_apart

#: Most paths of a network; rows that take others run eagerly.
MOST_PATHS = 64

Trees = Sequence[Tree]
#: The arguments of the first row, where they are needed.
Lazy = Callable[[], Trees]

WHY = (
    "depends on more than its arguments (random numbers, the time, variables that change); "
    "pass these as arguments"
)


class Paths:
    """A function at arguments of one kind.

    `most` paths are kept, and one more, so that the owner drops one. Without it `MOST_PATHS` are
    kept, and no program is made of others.
    """

    def __init__(
        self, function: Callable[..., Any], name: str, most: int | None = None,
        jit: bool | None = None,
    ) -> None:  # fmt: skip
        self.traced: list[Traced] = []  # in the order in which their paths were met
        self._function, self._name, self._most, self._jit = function, name, most, jit
        self._warned = False

    def without(self, one: Traced) -> Paths:
        """A copy without one of the paths (a copy, as this one may be running)."""
        found = Paths(self._function, self._name, self._most, self._jit)
        found.traced = [traced for traced in self.traced if traced is not one]
        return found

    def new(self, trees: Trees, inputs: Floats) -> tuple[Any, Traced | None]:
        """The function's result and its new path; None if it belongs to a function around."""
        new = self._another(trees)
        if new is None:
            result = self.eager(trees)
            return result.rebuilt(result.leaves), None
        return new.rebuilt(new.run(inputs), trees), new

    def known(self, inputs: Floats, trees: Trees) -> tuple[Any, Traced | None]:
        """The result by a program that exists already, and its path; else None twice."""
        for traced in self.traced:
            outputs = traced.run(inputs)
            if not traced.guards or traced.holds(outputs[None])[0]:
                return traced.rebuilt(outputs, trees), traced
        return None, None

    def plain_rows(self, matrices: Matrices, n_rows: int, reduce: str | None, threads: int) -> Any:
        """The results for all rows of floats, where the only path has no conditions; else None."""
        if not self.traced or self.traced[0].guards or self.traced[0].has_settings:
            return None
        return self._shaped(self._first(matrices, n_rows, reduce, threads), reduce)

    def rows(
        self, trees: Trees, matrices: Matrices, n_rows: int, reduce: str | None, threads: int
    ) -> Any:
        """The results for all rows; `trees` are the arguments of the first."""
        followed = any(map(is_followed_in, trees))
        if followed or (not self.traced and self._another(trees, 0) is None):
            return self._one_by_one(trees, matrices, n_rows, reduce)
        found = self.numbers(lambda: trees, matrices, n_rows, reduce, threads)
        return self._shaped(found, reduce, trees)

    def numbers(
        self, trees: Lazy, matrices: Matrices, n_rows: int, reduce: str | None, threads: int
    ) -> Floats:
        """The numbers in the results: of shape (rows, numbers), or (numbers,) if reduced."""
        if not self.traced:
            self._another(trees(), 0)
        if self.traced[0].guards:
            return self._by_path(trees(), matrices, n_rows, reduce, threads)
        return self._first(matrices, n_rows, reduce, threads)

    @property
    def is_one_program(self) -> bool:
        """Whether it is known that all rows take one path, which reads its arguments alone."""
        return bool(self.traced) and not (self.traced[0].guards or self.traced[0].captured)

    @property
    def only(self) -> Program:
        """The program that all rows take; a ProgramError if they may need several."""
        if not self.is_one_program:
            raise ProgramError(
                f"{self._name} chooses by comparing numbers, so that rows may need several "
                "programs; choose with ag.where, not with if"
            )
        return self.traced[0].program

    @property
    def machine(self) -> Native | None:
        """The runner of all rows, if that is one program and the machine in C."""
        runner = self.traced[0].program.runner if self.is_one_program else None
        return runner if isinstance(runner, Native) else None

    def bound(
        self, trees: Lazy, matrices: Matrices, n_rows: int, threads: int
    ) -> Callable[[], Floats]:
        """The mean over rows as a function of what the matrices hold when it is called."""
        if not self.traced:
            self._another(trees())
        if not self.is_one_program:
            return lambda: self.numbers(trees, matrices, n_rows, "mean", threads)
        sums = self.traced[0].program.runner.bound(matrices, n_rows, threads)
        return lambda: sums() / n_rows

    def _another(self, trees: Trees, row: int | None = None) -> Traced | None:
        """A new path, kept while there is room; None if it can be no program."""
        if self._most is None and len(self.traced) >= MOST_PATHS:
            if not self._warned:
                self._warned, line = True, users_line()
                text = f"{self._name} has more than {MOST_PATHS} paths, by its comparisons; others "
                text += "run without a program, which is slower: choose with ag.where, not with if"
                warnings.warn_explicit(text, UserWarning, line.file, line.number)
            return None
        with _naming(row):
            new = trace(self._function, trees, self._name)
        if new is not None:
            new.program.with_jit(self._jit)
        if new is not None and (self._most is None or len(self.traced) <= self._most):
            self.traced.append(new)
        return new

    def _first(self, matrices: Matrices, n_rows: int, reduce: str | None, threads: int) -> Floats:
        """The numbers for all rows by the first path."""
        first = self.traced[0]
        return first.program.run_rows(_given(first, matrices), n_rows, reduce, threads)

    def _shaped(self, found: Floats, reduce: str | None, trees: Trees = ()) -> Any:
        """Numbers of rows as the function returns them."""
        first = self.traced[0]
        if reduce is not None:
            return first.rebuilt(found, trees)
        if first.has_matrices:
            raise ShapeError(
                f"{self._name} gives a sparse matrix, of which map makes none for each row: call "
                'it for each, add them up by reduce="sum", or leave sparse=True out'
            )
        return first.own(with_columns(first.example, found), trees)

    def _by_path(
        self, trees: Trees, matrices: Matrices, n_rows: int, reduce: str | None, threads: int
    ) -> Floats:
        """Rows grouped by the path that each takes; those of new paths are traced."""
        width = len(self.traced[0].result.leaves)
        found = np.zeros((n_rows, width)) if reduce is None else np.zeros(width)
        left, tried = np.arange(n_rows), 0
        while len(left):
            is_new = tried >= len(self.traced)
            first = _at(trees, matrices, left[0])
            traced = self._another(first, left[0]) if is_new else self.traced[tried]
            if traced is None:
                for i in left.tolist():
                    result = self.eager(_at(trees, matrices, i), i)
                    numbers = np.array(result.leaves)[self._places(result)]
                    found = _added(found, i, numbers, reduce)
                break
            tried += 1
            places = self._places(traced.result)
            given = _given(traced, _of(matrices, left))
            guards = traced.deciding.run_rows(given, len(left), None, threads)
            holds = traced.holds(guards)
            holds[0] |= is_new  # though vector mathematics may differ by an ulp
            same, left = left[holds], left[~holds]
            if len(same):
                given = _given(traced, _of(matrices, same))
                rows = traced.computing.run_rows(given, len(same), reduce and "sum", threads)
                rows = rows[:, places] if reduce is None else rows[places]
                found = _added(found, same, rows, reduce)
        return found if reduce is None else reduced(found, n_rows, reduce)

    def _one_by_one(self, trees: Trees, matrices: Matrices, n_rows: int, reduce: str | None) -> Any:
        """The results for all rows without a program, as they belong to a function around."""
        first = self.eager(trees)
        rows = [self.eager(_at(trees, matrices, i), i) for i in range(n_rows)]
        places = [places_like(first, row, f"row {i}", True) for i, row in enumerate(rows)]
        numbers = [[row.leaves[k] for k in own] for row, own in zip(rows, places, strict=True)]
        found = np.array(numbers).reshape(n_rows, len(first.leaves))
        if reduce is None:
            return with_columns(first.rebuilt([0.0] * len(first.leaves)), found)
        return first.rebuilt(reduced(found.sum(axis=0), n_rows, reduce).tolist())

    def _places(self, result: Tree) -> list[int]:
        """For each number of the first path's result, which one of this result it is."""
        try:
            return places_like(self.traced[0].result, result, "the other", same_settings=True)
        except ShapeError as error:
            raise ShapeError(
                f"{self._name} returns one structure on one path and another on another: {error}; "
                "map needs equal structures"
            ) from None

    def eager(self, trees: Trees, row: int | None = None) -> Tree:
        """The function's own result, in floats; in Values where these belong to one around."""
        args = [tree.rebuilt([*map(as_value, tree.leaves)]) for tree in trees]
        with _naming(row):
            result = self._function(*args)
        tree = take_apart(result, f"the result of {self._name}")
        leaves = [x.data if isinstance(x, Value) and not is_followed(x) else x for x in tree.leaves]
        return dataclasses.replace(tree, leaves=leaves)

    def check_once(self, result: Any, trees: Trees) -> None:
        """Raise a ProgramError if the function gives anything else."""
        eager, ours = self.eager(trees), take_apart(result, "the result")
        self._check(ours.numbers(), eager.leaves, 0.0, "for these arguments")
        try:
            places_like(eager, ours, "its result", same_settings=True)
        except ShapeError as error:
            raise ProgramError(
                f"the program of {self._name} gives another structure than the function: {error}; "
                f"it {WHY}"
            ) from None

    def check_rows(
        self, result: Any, trees: Trees, matrices: Matrices, n_rows: int, reduce: str | None
    ) -> None:
        """Raise a ProgramError if the function gives anything else in some row."""
        ours = take_apart(result, "the result").numbers()
        eager = np.array([self.eager(_at(trees, matrices, i)).leaves for i in range(n_rows)])
        if reduce is not None:
            total = reduced(eager.sum(axis=0), n_rows, reduce).tolist()
            self._check(ours, total, 1e-9, "over the rows")
            return
        columns = with_columns(self.traced[0].example, eager)
        self._check(ours, take_apart(columns, "the rows").leaves, 1e-9, "in the rows")

    def _check(
        self, ours: Sequence[float], eager: Sequence[float], tolerance: float, where: str
    ) -> None:
        if len(ours) != len(eager):
            raise ProgramError(
                f"the program of {self._name} gives {counted(len(ours), 'number')} where "
                f"the function gives {len(eager)}, {where}; it {WHY}"
            )
        for mine, right in zip(ours, eager, strict=True):
            near = math.isclose(mine, right, rel_tol=tolerance, abs_tol=tolerance)
            if not (near or (math.isnan(mine) and math.isnan(right))):
                raise ProgramError(
                    f"the program of {self._name} gives {mine!r} where the function gives "
                    f"{right!r}, {where}; it {WHY}"
                )


def _given(traced: Traced, matrices: Matrices) -> Matrices:
    """The matrices, and behind them the numbers that a path captured."""
    if traced.is_followed:
        raise ProgramError(
            "map is given floats, and cannot follow a Value that the function finds around it and "
            "that is differentiated or compiled by there: pass it as an argument"
        )
    return [*matrices, (traced.beside(), True)] if traced.captured else matrices


def _added(found: Floats, rows: Any, numbers: Floats, reduce: str | None) -> Floats:
    """All results with the numbers of some rows in their place, or added to the sum."""
    if numbers.dtype.kind == "O":  # some are Values
        found = found.astype(object, copy=False)
    if reduce is None:
        found[rows] = numbers
    else:
        found += numbers
    return found


def _of(matrices: Matrices, rows: Any) -> list[tuple[Floats, bool]]:
    def part(matrix: Floats) -> Floats:
        return matrix if len(rows) == len(matrix) else matrix[rows]

    return [(matrix if shared else part(matrix), shared) for matrix, shared in matrices]


@contextmanager
def _naming(row: int | None) -> Iterator[None]:
    """A block in which an index that is wrong says in which row it is."""
    try:
        yield
    except EntryError as error:
        raise error if row is None else EntryError(f"row {row}: {error}") from None


def _at(trees: Trees, matrices: Matrices, i: int) -> list[Tree]:
    """The arguments of one row."""
    return [
        tree if shared else dataclasses.replace(tree, leaves=matrix[i].tolist(), plain=True)
        for tree, (matrix, shared) in zip(trees, matrices, strict=True)
    ]
