"""Derivatives as sums over paths: the data of an explanation, which others write down."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from autograd_lite.engine import Value
from autograd_lite.explanations.paths import Path, Sweep

#: Nodes that are told about; more are counted.
TOLD = 20


class PathSum:
    """The derivative of a root by one node, and the paths that it is summed over."""

    def __init__(self, sweep: Sweep, wrt: Value, paths: int) -> None:
        self._sweep, self._many = sweep, paths
        self.root, self.wrt = sweep.order[-1], wrt
        place = sweep.index.get(wrt)
        self.gradient = 0.0 if place is None else sweep.gradient[place]
        self.depth = 0 if place is None else sweep.depth[place]
        self.count = sweep.count[wrt]
        self.bound = sweep.bound(wrt)
        self.stale = bool(sweep.freshness.stale)

    @cached_property
    def _found(self) -> tuple[list[Path], float]:
        return self._sweep.largest(self.wrt, self._many)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The paths with the largest products, largest absolute value first."""
        return tuple(self._found[0])

    @property
    def rest(self) -> float:
        """The sum over all other paths, of which there are ``count - len(paths)``."""
        return self._found[1]

    @property
    def total(self) -> float:
        """The sum over all paths: the products of `paths`, and `rest`."""
        total = 0.0
        for path in self.paths:
            total += path.product
        return total + self.rest


def seen(sums: Iterable[PathSum], most: int) -> list[Value]:
    """The nodes that may be shown: of each path so many from either end."""
    nodes = [node for each in sums for node in (each.wrt, each.root)]
    for each in sums:
        for path in each.paths:
            nodes += path.nodes[: most + 1] + path.nodes[-most - 1 :]
    return nodes


def which(node: Value, argument: int) -> str:
    """Number of the argument that a partial is by, if an op has it twice; else ``""``."""
    return str(argument + 1) if sum(p is node.parents[argument] for p in node.parents) > 1 else ""
