"""Work of Dask's workers: sums over rows that have the bits of one process."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Any

import numpy as np

from autograd_lite.engine import name as engine
from autograd_lite.errors import AnomalyError, ProgramError, shown
from autograd_lite.nn.data import Array, rows_at, samples
from autograd_lite.nn.learning.remarks import WAY_OUT
from autograd_lite.nn.losses import find_loss
from autograd_lite.ops.digest import table_digest
from autograd_lite.program.machine import native
from autograd_lite.program.program import Program

BLOCK = 128 if native else 4096  # rows, which a program adds up from the left
NUMBERS = 2**21  # of the rows that a program is given at once

#: Sums over 2**level blocks, by (level, place); and rows that fill no block, with their number.
Part = tuple[dict[tuple[int, int], Array], list[tuple[int, list[Array]]]]


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
class RowSums:
    """Outputs of a program, added up over the rows of a batch, of which a worker has a part.

    They are those of one process, which adds up blocks in a binary tree over their numbers: a
    part has the nodes of that tree that lie in it, and hands on the rows of blocks that do not.
    """

    program: Program
    loss: Any  # its name, or the function
    width: int
    facts: dict[str, str]

    def over(
        self, numbers: Array, span: tuple[int, int], first: int, inputs: Array, outputs: Array
    ) -> Part:
        """The part of a block of rows, which are checked first, in a span of rows."""
        if facts() != self.facts:  # of a worker that came later
            import distributed

            refuse_others(distributed.get_worker().address, facts(), self.facts)
        place = f"rows {first} to {first + len(inputs) - 1}: "
        try:
            rows, targets = samples(inputs, outputs, None)
            find_loss(self.loss).check(targets, self.width)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{place}{error}") from None
        columns = [a.reshape(len(a), -1) for a in (rows, targets)]
        nodes, ends = self._cut(numbers, span, first, columns)
        for sums in nodes.values():
            if not isfinite(sums[0]):
                raise AnomalyError(f"{place}the loss turned {sums[0]}; {WAY_OUT}")
        return _added(nodes, span), ends

    def together(self, numbers: Array, span: tuple[int, int], parts: Sequence[Part]) -> Part:
        """A part of all that several have."""
        nodes = {at: sums for part, _ in parts for at, sums in part.items()}
        ends = sorted((end for _, others in parts for end in others), key=lambda end: end[0])
        runs: list[tuple[int, list[list[Array]]]] = []
        after = -1
        for first, columns in ends:
            if first != after:
                runs.append((first, []))
            runs[-1][1].append(columns)
            after = first + len(columns[0])
        left = []
        for first, each in runs:
            joined = [np.concatenate(column) for column in zip(*each, strict=True)]
            more, rest = self._cut(numbers, span, first, joined)
            nodes |= more
            left += rest
        return _added(nodes, span), left

    def _cut(self, numbers: Array, span: tuple[int, int], first: int, columns: list[Array]) -> Part:
        """The nodes that lie in some rows, and the rows before and behind them."""
        start, stop = first - span[0], first + len(columns[0]) - span[0]
        block, end = -(-start // BLOCK), stop // BLOCK
        if stop == span[1] - span[0]:
            end = -(-stop // BLOCK)
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
                [(numbers.copy(), True), *given], len(rows), "sum"
            )
            block += 1 << level
        ends = [(start, cuts[1]), (cuts[-1], stop)]
        return nodes, [
            (a + span[0], [rows_at(column, range(a - start, b - start)) for column in columns])
            for a, b in ends if a < b
        ]  # fmt: skip


def _added(
    nodes: dict[tuple[int, int], Array], span: tuple[int, int]
) -> dict[tuple[int, int], Array]:
    """The nodes in which all of these come together, as far as they do."""
    n_blocks = -(-(span[1] - span[0]) // BLOCK)
    for level in range((n_blocks - 1).bit_length()):
        for _, i in sorted(at for at in nodes if at[0] == level and not at[1] & 1):
            if (level, i + 1) in nodes:
                nodes[level + 1, i // 2] = nodes.pop((level, i)) + nodes.pop((level, i + 1))
            elif (i + 1) << level >= n_blocks:  # the last, alone
                nodes[level + 1, i // 2] = nodes.pop((level, i))
    return nodes
