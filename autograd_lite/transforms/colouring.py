"""Colours for the columns of a sparse matrix: those of one colour are found by one sweep.

Gebremedhin, Manne & Pothen, What Color Is Your Jacobian? (SIAM Review 47, 2005). Both give each
vertex the first colour that it may have, those with the most neighbours first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import count


def disjoint_colours(groups: Sequence[Collection[int]]) -> list[int]:
    """A colour for each group of things; no thing is in two groups of one colour.

    For the columns of a Jacobian, as groups of rows (Curtis, Powell & Reid, On the Estimation of
    Sparse Jacobian Matrices, 1974).
    """
    used: dict[int, set[int]] = {}
    colours = [0] * len(groups)
    for i in _largest_first(groups):
        forbidden = set().union(*[used.setdefault(thing, set()) for thing in groups[i]])
        colours[i] = _first_not_in(forbidden)
        for thing in groups[i]:
            used[thing].add(colours[i])
    return colours


def star_colours(neighbours: Sequence[Sequence[int]]) -> list[int]:
    """A colour for each vertex of a graph, other than its neighbours'; no path of four has but two.

    So of two neighbours one has no other neighbour of the other's colour, and their entry of a
    symmetric matrix stands alone in that one's row of the product with the sum of these columns.
    """
    colours = [-1] * len(neighbours)
    #: For each vertex the colours of its neighbours: the only one that has it, or -1 for several.
    alone: list[dict[int, int]] = [{} for _ in neighbours]
    #: For each vertex the colours of neighbours that have another neighbour of its own colour.
    between: list[set[int]] = [set() for _ in neighbours]
    for v in _largest_first(neighbours):
        forbidden = {*alone[v]}
        for w in neighbours[v]:
            forbidden |= between[w]
            if alone[v].get(colours[w]) == -1:
                forbidden.update(alone[w])
        mine = colours[v] = _first_not_in(forbidden)
        for w in neighbours[v]:
            twin = alone[w].setdefault(mine, v)
            if twin != v:
                alone[w][mine] = -1
                if colours[w] >= 0:
                    for each in (v, twin):
                        if each >= 0:
                            between[each].add(colours[w])
            if alone[v].get(colours[w]) == -1:
                between[w].add(mine)
    return colours


def _largest_first(groups: Sequence[Collection[int]]) -> list[int]:
    return sorted(range(len(groups)), key=lambda i: -len(groups[i]))


def _first_not_in(colours: Collection[int]) -> int:
    return next(colour for colour in count() if colour not in colours)
