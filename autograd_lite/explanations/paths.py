"""Paths through a graph: how many there are, what they sum to, and the largest of them.

The derivative of a root by a node is the sum, over all paths from the node to the root, of the
product of the partials along the path (Bauer's formula; Griewank & Walther, Evaluating
Derivatives, 2008, section 3.1). One sweep from the root down finds, for every node, what all its
paths have in common; then the largest paths are found one by one, without looking at the others.
"""

from __future__ import annotations

import heapq
import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import NamedTuple

from autograd_lite.engine import Value, adjoints, pulled_back
from autograd_lite.errors import counted
from autograd_lite.graph import ancestors
from autograd_lite.graph.freshness import Freshness
from autograd_lite.ops.duals import carried

_EPSILON = sys.float_info.epsilon
#: Nodes that are told about; more are counted.
TOLD = 20

#: A use of a node: the place in the order of the node that uses it, as which argument, and the
#: partial. A plain tuple, because there are as many as edges in the graph.
_Edge = tuple[int, int, float]


@dataclass(frozen=True, eq=False)
class Path:
    """One way from a node up to the root.

    Attributes
    ----------
    nodes : tuple of Value
        From the node to the root, both included.
    arguments : tuple of int
        For each step, which argument of the next node this one is, from 0: ``x*x`` has two paths
        through the same nodes.
    partials : tuple of float
        For each step, the partial of the next node by this one.
    product : float
        Of the partials; 0 if one of them is, even against inf or nan.
    """

    nodes: tuple[Value, ...]
    arguments: tuple[int, ...]
    partials: tuple[float, ...]
    product: float

    def __repr__(self) -> str:
        return f"<path of {counted(len(self.partials), 'step')}, product {self.product:.6g}>"


class _Sum(NamedTuple):
    """Many paths together: how many, the sum of their sizes, the largest size, the most steps."""

    many: int = 0
    mass: float = 0.0
    size: float = -math.inf
    steps: int = 0

    def __add__(self, other: _Sum) -> _Sum:  # type: ignore[override]
        size, steps = max(self.size, other.size), max(self.steps, other.steps)
        return _Sum(self.many + other.many, self.mass + other.mass, size, steps)

    def longer(self, edge: tuple[int, float]) -> _Sum:
        """The paths with one more step each."""
        partial = edge[1]
        mass, size = carried(self.mass, abs(partial)), _grown(self.size, partial)
        return _Sum(self.many, mass, size, self.steps + 1)


class _Way(NamedTuple):
    """All paths that begin with certain edges and go on by one of those that are left at a node."""

    order: tuple[float, int]  # the largest first; of equals the first found
    begin: list[tuple[int, int]]  # a path, of which the first `length` steps count
    length: int
    node: int
    rank: int
    size: float
    product: float


class Sweep:
    """Sums over all paths to a root, found by one sweep down from it.

    It takes time and memory of a few passes over the graph, and keeps the numbers of now. By place
    in `order`, `gradient` and `mass` are the sums of the products and of their absolute values, and
    `depth` is the steps of the longest path; `count` has the number of paths of each input.
    """

    def __init__(self, root: Value, inputs: list[Value]) -> None:
        self.order = ancestors(root)
        self.freshness = Freshness(self.order)
        self.data = {node: node.data for node in self.order}
        self.gradient = adjoints(root, 1.0, self.order)
        self.index = {node: i for i, node in enumerate(self.order)}
        self.uses: list[list[_Edge]] = [[] for _ in self.order]
        self.count = dict.fromkeys(inputs, 0)
        found = self._sweep(root)
        self.mass = [found[node].mass for node in self.order]
        self.depth = [found[node].steps for node in self.order]
        # of the largest product among the paths: the logarithm of its absolute value
        self._size = [found[node].size for node in self.order]
        self._ranked: dict[int, list[_Edge]] = {}

    def _sweep(self, root: Value) -> dict[Value, _Sum]:
        """The sum over the paths of each node, by the engine's reverse sweep over such sums."""
        sums = dict.fromkeys(self.order, _Sum())
        if root.constant:
            return sums
        sums[root] = _Sum(1, 1.0, 0.0)

        def edges(node: Value) -> list[tuple[Value, tuple[int, float]]]:
            if node in self.count:
                self.count[node] = sums[node].many
            # counts may be long: none is kept that is not asked for
            sums[node] = sums[node]._replace(many=0)
            every = zip(node.parents, enumerate(node.local_grads), strict=True)
            return [(parent, edge) for parent, edge in every if not parent.constant]

        for node, parent, edge, _ in pulled_back(self.order, sums, edges, _Sum.longer):
            self.uses[self.index[parent]].append((self.index[node], *edge))
        return sums

    def bound(self, node: Value) -> float:
        """Bound on the distance of the sum over a node's paths from its gradient, by rounding.

        (depth + number of paths) · ε · Σ|product|, barring over- and underflow.
        """
        i = self.index.get(node)
        if i is None or self.mass[i] == 0.0:
            return 0.0
        number = self.depth[i] + self.count[node]
        factor = math.inf if number.bit_length() > 1000 else number * _EPSILON
        return factor * self.mass[i]

    def largest(self, node: Value, many: int) -> tuple[list[Path], float]:
        """So many paths of an input with the largest products, and the sum over all others.

        The largest absolute value is first; nan counts as largest. Each path costs at most a walk
        over the edges at its nodes.
        """
        if not self.count[node]:
            return [], 0.0
        serial = count()
        start = self.index[node]
        rest = 0.0
        found: list[Path] = []
        # Lawler's scheme: whenever a path is taken, all others among its kind are split up by the
        # place where they leave it, so that each is in exactly one way.
        ways = [_Way((0.0, next(serial)), [], 0, start, 0, 0.0, 1.0)]
        while ways and len(found) < many:
            way = heapq.heappop(ways)
            steps, branches = self._follow(way, serial)
            found.append(self._path(start, steps))
            branches.sort()
            needed = many - len(found)
            for branch in branches[:needed]:
                heapq.heappush(ways, branch)
            rest += sum(map(self._sum, branches[needed:]))
        rest += sum(map(self._sum, ways))
        found.sort(key=lambda path: -math.inf if math.isnan(path.product) else -abs(path.product))
        return found, rest

    def _follow(self, way: _Way, serial: count[int]) -> tuple[list[tuple[int, int]], list[_Way]]:
        """The largest path of a way, as (node, rank of the edge), and where others leave it."""
        steps = way.begin[: way.length]
        branches: list[_Way] = []
        node, rank, size, product = way.node, way.rank, way.size, way.product
        top = len(self.order) - 1
        while node != top:
            edges = self._by_size(node)
            if rank + 1 < len(edges):
                reach = self._reach(edges[rank + 1])
                following = -math.inf if -math.inf in (size, reach) else size + reach
                order = (-following, next(serial))
                branches.append(_Way(order, steps, len(steps), node, rank + 1, size, product))
            steps.append((node, rank))
            node, _, partial = edges[rank]
            size, product, rank = _grown(size, partial), carried(product, partial), 0
        return steps, branches

    def _path(self, start: int, steps: list[tuple[int, int]]) -> Path:
        edges = [self._by_size(node)[rank] for node, rank in steps]
        product = 1.0
        for _, _, partial in reversed(edges):  # from the root down, as the reverse sweep does
            product = carried(product, partial)
        return Path(
            (self.order[start], *[self.order[user] for user, _, _ in edges]),
            tuple([argument for _, argument, _ in edges]),
            tuple([partial for _, _, partial in edges]),
            product,
        )

    def _sum(self, way: _Way) -> float:
        left = self._by_size(way.node)[way.rank :]
        following = sum([carried(self.gradient[user], partial) for user, _, partial in left])
        return float(carried(way.product, following))

    def _by_size(self, node: int) -> list[_Edge]:
        """The uses of a node, that with the largest path first."""
        edges = self.uses[node]
        if len(edges) < 2:
            return edges
        if node not in self._ranked:
            self._ranked[node] = sorted(edges, key=lambda edge: -self._reach(edge))
        return self._ranked[node]

    def _reach(self, edge: _Edge) -> float:
        user, _, partial = edge
        return _grown(self._size[user], partial)


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


# Sizes are logarithms, because products of many factors over- and underflow.


def _grown(size: float, factor: float) -> float:
    """The size of a product with one more factor; nan counts as inf, so that it is not missed."""
    if not factor or size == -math.inf:
        return -math.inf  # zero carries nothing, against inf too
    return size + (math.log(abs(factor)) if math.isfinite(factor) else math.inf)
