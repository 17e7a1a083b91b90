"""A graph as columns of numbers, so that a million values are folded in bulk."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, count
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd_lite.engine import Value
from autograd_lite.graph import scope_of
from autograd_lite.view.folding.summary import Floats
from autograd_lite.view.picture import Kind
from autograd_lite.view.steps import Steps

Ints = NDArray[np.int64]

#: The codes of the column `kinds`; an output is a value there.
KINDS: tuple[Kind, ...] = ("value", "leaf", "parameter", "constant")
VALUE, LEAF, PARAMETER, CONSTANT = range(4)


class Coded(NamedTuple):
    """A column of few distinct things: each by its number among them, in order of appearance."""

    codes: Ints
    names: list[Any]

    def of(self, index: int) -> Any:
        """The thing at an index."""
        return self.names[self.codes[index]]


@dataclass(frozen=True)
class Columns:
    """The nodes of a graph in topological order, the root last, and the numbers they have now."""

    data: Floats
    grad: Floats
    ops: Coded  # empty for a leaf
    labels: Coded
    scopes: Coded
    kinds: Ints  # by `KINDS`
    starts: Ints  # arrows into node i are starts[i] to starts[i + 1], each from a tail to a head
    tails: Ints
    heads: Ints

    def __len__(self) -> int:
        return len(self.data)

    def into(self, nodes: Ints) -> Ints:
        """The arrows into some nodes, which are in order."""
        if len(nodes) == len(self):
            return np.arange(len(self.tails))
        return _spans(self.starts, nodes)

    def out_of(self, nodes: Ints) -> Ints:
        """The arrows out of some nodes, which are in order."""
        if len(nodes) == len(self):
            return np.arange(len(self.tails))
        ends, order = self._outgoing
        return order[_spans(ends, nodes)]

    @cached_property
    def _outgoing(self) -> tuple[Ints, Ints]:
        return _starts(self.tails, len(self)), np.argsort(self.tails, kind="stable")


def columns(graph: Steps) -> Columns:
    """The columns of a graph. Parents that are not shown have no arrow."""
    order = graph.order
    size = len(order)
    made: list[Value] = [*map(graph.made_by, order)] if graph.last_step else order
    ops = coded(map(attrgetter("op"), made))
    scopes = coded(map(scope_of, order))
    constant = np.fromiter(map(attrgetter("constant"), order), np.bool_, size)
    scoped = np.array([bool(names) for names in scopes.names])[scopes.codes]
    leaf = np.array([not name for name in ops.names])[ops.codes]
    kinds = np.where(constant, CONSTANT, np.where(leaf, np.where(scoped, PARAMETER, LEAF), VALUE))
    # Looked up twice: a million tuples, kept, would keep the garbage collector busy.
    parents = graph.parents if graph.last_step else attrgetter("parents")
    widths = np.fromiter(map(len, map(parents, order)), np.int64, size)
    place = defaultdict(lambda: -1, zip(order, range(size), strict=True))
    tails = np.fromiter(
        map(place.__getitem__, chain.from_iterable(map(parents, order))), np.int64, widths.sum()
    )
    heads = np.repeat(np.arange(size), widths)
    if tails.size and tails.min() < 0:  # of constants that are not shown
        heads, tails = heads[tails >= 0], tails[tails >= 0]
    data, grad = (
        np.fromiter(map(attrgetter(n), order), np.float64, size) for n in ("data", "grad")
    )
    labels, starts = coded(map(attrgetter("label"), order)), _starts(heads, size)
    return Columns(data, grad, ops, labels, scopes, kinds.astype(np.int64), starts, tails, heads)


def _starts(codes: Ints, size: int) -> Ints:
    """Where the numbers of each code begin once they are sorted by it, and the end."""
    return np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=size))])


def _spans(starts: Ints, nodes: Ints) -> Ints:
    """The numbers from ``starts[i]`` up to ``starts[i + 1]``, for each node i."""
    widths = starts[nodes + 1] - starts[nodes]
    ends = np.cumsum(widths)
    within = np.arange(int(widths.sum())) - np.repeat(ends - widths, widths)
    numbers: Ints = np.repeat(starts[nodes], widths) + within
    return numbers


def coded(things: Iterable[Hashable]) -> Coded:
    """A column by the numbers of its distinct things."""
    known: dict[Hashable, int] = defaultdict(count().__next__)
    codes = np.fromiter(map(known.__getitem__, things), np.int64)
    return Coded(codes, [*known])
