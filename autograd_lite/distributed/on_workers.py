"""Work of Dask's workers: sums over rows that have the bits of one process."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from math import isfinite
from typing import Any, NamedTuple, cast

import numpy as np

from autograd_lite.engine import name as engine
from autograd_lite.errors import AnomalyError, ProgramError, shown
from autograd_lite.nn.data import Array, rows_at, samples
from autograd_lite.nn.labels import as_targets, labels_of
from autograd_lite.nn.learning.remarks import WAY_OUT
from autograd_lite.nn.learning.weighting import of_samples
from autograd_lite.nn.losses import find_loss
from autograd_lite.ops.digest import table_digest
from autograd_lite.program.machine import native
from autograd_lite.program.program import Program

BLOCK = 128 if native else 4096  # rows, which a program adds up from the left
NUMBERS = 2**21  # of the rows that a program is given at once

#: Sums over 2**level blocks, by (level, place); and rows that fill no block, with their number.
Part = tuple[dict[tuple[int, int], Array], list[tuple[int, list[Array]]]]


class At(NamedTuple):
    """The place of a step: what all of its tasks are given."""

    numbers: Array  # of the parameters
    start: int  # rows of the batch
    stop: int
    seed: int = 0  # of its random numbers


@lru_cache(maxsize=1)
def facts() -> dict[str, str]:
    """Facts about a process that decide the bits of its numbers."""
    name, lanes, functions = native.vectors() if native else ("none", 1, {})
    there = sorted(leaf for leaf, address in functions.items() if address)
    return {
        "autograd_lite": vars(sys.modules["autograd_lite"])["__version__"],
        "op table": table_digest(), "engine": engine, "NumPy": np.__version__,
        "processor": f"{platform.machine()}, {name}, {lanes} lanes, with {', '.join(there)}",
        "C library": " ".join(platform.libc_ver()).strip() or platform.platform(),
    }  # fmt: skip


def refuse_others(worker: str, theirs: dict[str, str], expected: dict[str, str]) -> None:
    """Raise a ProgramError if a worker's facts are not those expected."""
    for name, fact in expected.items():
        if theirs.get(name) != fact:
            raise ProgramError(
                f"the worker {worker} would give other bits: {name} is {shown(theirs.get(name))} "
                f"there and {shown(fact)} elsewhere; leave it out, or install there what they have"
            )


@dataclass(frozen=True)
class Weighing:
    """Weights of samples, divided by their mean over all: see `weights_of`."""

    largest: float
    labels: Array | None  # of all classes
    each: Array | None  # the weight of each of them
    mean: float = 1.0

    def columns(
        self, at: At, first: int, _: Array, outputs: Array, given: Any = None
    ) -> list[Array]:
        """One column, of a block of rows that is known to be right."""
        weights = np.ones(len(outputs)) if given is None else of_samples(given, len(given))
        weights /= self.largest
        if self.labels is not None and self.each is not None:
            weights *= self.each[np.searchsorted(self.labels, _labels(outputs))]
        return [(weights / self.mean).reshape(-1, 1)]


@dataclass(frozen=True)
class Reading:
    """How a block of rows becomes columns of a program, once it is checked."""

    loss: Any  # its name, or the function
    width: int
    classes: Array | None
    weighing: Weighing | None
    n_draws: int
    facts: dict[str, str]

    def columns(self, at: At, first: int, *block: Array) -> list[Array]:
        """Inputs, targets, weights and random numbers, as far as there are any."""
        if facts() != self.facts:  # of a worker that came later
            import distributed

            refuse_others(distributed.get_worker().address, facts(), self.facts)
        loss, (inputs, outputs, *_) = find_loss(self.loss), block
        with _named(first, inputs):
            if self.classes is not None and (labels := labels_of("outputs", outputs)) is not None:
                outputs = as_targets("outputs", labels, self.classes, loss, self.width)
            rows, targets = samples(inputs, outputs, None)
            loss.check(targets, self.width)
        found = [rows.reshape(len(rows), -1), targets.reshape(len(rows), -1)]
        if self.weighing is not None:
            found += self.weighing.columns(at, first, *block)
        if self.n_draws:
            drawing = np.random.default_rng(at.seed)
            cast(Any, drawing.bit_generator).advance((first - at.start) * self.n_draws)
            found.append(drawing.random((len(rows), self.n_draws)))
        return found


def labels_in(first: int, outputs: Array) -> tuple[list[Any], list[int]]:
    """The labels in a block, and how often each is there."""
    with _named(first, outputs):
        labels, counts = np.unique(_labels(outputs), return_counts=True)
    return labels.tolist(), counts.tolist()


def largest_in(first: int, weights: Array) -> float:
    """The largest weight in a block of them, which is checked."""
    with _named(first, weights):
        return float(of_samples(weights, len(weights)).max(initial=0.0))


def pair_of(program: Program, reading: Reading, at: At, first: int, *block: Array) -> Any:
    """Targets and outputs of a block of rows."""
    rows, targets, *_ = reading.columns(at, first, *block)
    given = [(at.numbers.copy(), True), (rows_at(rows, range(len(rows))), False)]
    return targets, np.ascontiguousarray(program.run_rows(given, len(rows)))


@contextmanager
def _named(first: int, rows: Array) -> Iterator[None]:
    """Block whose errors say of which rows they are."""
    try:
        yield
    except (AnomalyError, IndexError, TypeError, ValueError) as error:
        raise type(error)(f"rows {first} to {first + len(rows) - 1}: {error}") from None


@dataclass(frozen=True)
class RowSums:
    """Outputs of a program, added up over the rows of a batch, of which a worker has a part.

    They are those of one process, which adds up blocks in a binary tree over their numbers: a
    part has the nodes of that tree that lie in it, and hands on the rows of blocks that do not.
    """

    program: Program
    reading: Reading | Weighing

    def over(self, at: At, first: int, *block: Array) -> Part:
        """The part of a block of rows."""
        columns = self.reading.columns(at, first, *block)
        with _named(first, block[0]):
            nodes, ends = self._cut(at, first, columns)
            for sums in nodes.values():
                if not isfinite(sums[0]):
                    raise AnomalyError(f"the loss turned {sums[0]}; {WAY_OUT}")
        return _added(nodes, at), ends

    def together(self, at: At, parts: Sequence[Part]) -> Part:
        """A part of all that several have."""
        nodes = {place: sums for part, _ in parts for place, sums in part.items()}
        ends = sorted((end for _, others in parts for end in others), key=lambda end: end[0])
        left = []
        for block, group in groupby(ends, lambda end: (end[0] - at.start) // BLOCK):
            same = [*group]
            joined = [*map(np.concatenate, zip(*[columns for _, columns in same], strict=True))]
            if len(joined[0]) == min(BLOCK, at.stop - at.start - block * BLOCK):
                nodes |= self._cut(at, same[0][0], joined)[0]
            else:
                left += same
        return _added(nodes, at), left

    def _cut(self, at: At, first: int, columns: list[Array]) -> Part:
        """The nodes that lie in some rows, and the rows before and behind them."""
        start, stop = first - at.start, first + len(columns[0]) - at.start
        ends = stop + (BLOCK - 1) * (
            stop == at.stop - at.start
        )  # with the last, which may be short
        block, end = -(-start // BLOCK), ends // BLOCK
        most = max(1, NUMBERS // (BLOCK * columns[0].shape[1])).bit_length() - 1
        nodes, cuts = {}, [start, min(block * BLOCK, stop)]
        while block < end:
            level = min((end - block).bit_length() - 1, most)
            while block % (1 << level):
                level -= 1
            cuts.append(min((block + (1 << level)) * BLOCK, stop))
            rows = range(cuts[-2] - start, cuts[-1] - start)
            given = [(rows_at(column, rows), False) for column in columns]
            nodes[level, block >> level] = self.program.run_rows(
                [(at.numbers.copy(), True), *given], len(rows), "sum"
            )
            block += 1 << level
        return nodes, [
            (a + at.start, [rows_at(column, range(a - start, b - start)) for column in columns])
            for a, b in ((start, cuts[1]), (cuts[-1], stop)) if a < b
        ]  # fmt: skip


def _added(nodes: dict[tuple[int, int], Array], at: At) -> dict[tuple[int, int], Array]:
    """The nodes in which all of these come together, as far as they do."""
    n_blocks = -(-(at.stop - at.start) // BLOCK)
    for level in range((n_blocks - 1).bit_length()):
        for _, i in sorted(place for place in nodes if place[0] == level and not place[1] & 1):
            if (level, i + 1) in nodes:
                nodes[level + 1, i // 2] = nodes.pop((level, i)) + nodes.pop((level, i + 1))
            elif (i + 1) << level >= n_blocks:  # the last, alone
                nodes[level + 1, i // 2] = nodes.pop((level, i))
    return nodes


def _labels(outputs: Array) -> Array:
    if (found := labels_of("outputs", outputs)) is None:
        samples(np.zeros(len(outputs)), outputs, None)  # which says why
    return np.ravel(cast(Array, found))
