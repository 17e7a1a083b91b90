"""Ways of grouping the values of a graph, from the finest to the coarsest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, KeysView, Sequence
from typing import NamedTuple

import numpy as np

from autograd_lite.view.folding.columns import CONSTANT, LEAF, PARAMETER, Columns, Ints, coded
from autograd_lite.view.folding.likeness import Likeness

#: Most layers of a graph without scopes to fold by.
LAYERS = 10
_APART = {LEAF: -1, PARAMETER: -2}
_TITLES = {-1: "inputs", -2: "parameters", -3: ""}
_INPUTS, _ROOT = -1, -3
_Scope = tuple[str, ...]


class Group(NamedTuple):
    """Title of a box, and the frames around it."""

    title: str
    scope: _Scope = ()


class Outside(NamedTuple):
    """Values that a part is computed from: each one's group, and whether others use the part."""

    tails: Ints = np.zeros(0, np.int64)
    codes: Ints = np.zeros(0, np.int64)
    groups: Sequence[Group] = ()
    is_used: bool = False


class Cut(NamedTuple):
    """Some values of a graph, in order, with the group of each, and their surroundings."""

    inside: Ints
    codes: Ints
    groups: list[Group]
    how: str = ""
    outside: Outside = Outside()


#: A number for each value, the group of such a number (and one of its values), and what to say.
_Way = tuple[Ints, Callable[[int, int], Group], str]


class Cutter(NamedTuple):
    """Maker of groups of the values of one graph."""

    columns: Columns
    like: Likeness
    depth: int | None  # most levels of scopes that are shown
    opened: Sequence[str]  # scopes that are shown to the bottom

    def whole(self, room: int) -> Cut:
        """The whole graph in at most `room` groups, by the finest way that fits."""
        return self._finest(np.arange(len(self.columns)), room, 1)

    def inner(self, inside: Ints, room: int) -> Cut:
        """The inside of a group, cut into at least two groups."""
        outside = self._outside(inside, room // 8)
        room -= len(outside.groups) + outside.is_used
        if len(inside) <= room:
            groups = [Group("", self.columns.scopes.of(i)) for i in inside.tolist()]
            return Cut(inside, np.arange(len(inside)), groups, "", outside)
        return self._finest(inside, room, 2)._replace(outside=outside)

    def _finest(self, inside: Ints, room: int, least: int) -> Cut:
        for codes, group_of, how in self._ways(inside, room):
            distinct, first, place = np.unique(codes, return_index=True, return_inverse=True)
            if least <= len(distinct) <= room:
                order = np.argsort(first)  # groups come in the order of the computation
                groups = [group_of(int(distinct[i]), int(inside[first[i]])) for i in order]
                return Cut(inside, np.argsort(order)[place], groups, how)
        raise AssertionError("a cut in pieces always fits")

    def _ways(self, inside: Ints, room: int) -> Iterator[_Way]:
        pieces = min(LAYERS, room)
        size = -(-len(inside) // pieces)

        def alike(_: int, node: int) -> Group:
            return Group("", self.like.scopes.of(node))

        def piece(code: int, _: int) -> Group:
            first, last = code * size + 1, min((code + 1) * size, len(inside))
            return Group(f"values {first:,} to {last:,}" if pieces > 1 else "all values")

        if self.depth is None:
            yield self.like.classes[inside], alike, "what is alike in one box"
        yield from self._by_scope(inside)
        if room > len(_APART) + 1:
            yield from self._by_depth(inside, min(LAYERS, room - len(_APART) - 1))
        yield np.arange(len(inside)) // size, piece, "in pieces"

    def _by_scope(self, inside: Ints) -> Iterator[_Way]:
        """Ways by fewer and fewer levels of scopes; opened scopes are shown to the bottom."""
        scopes, kinds = self.like.scopes, self.columns.kinds[inside]
        present, own = np.unique(scopes.codes[inside], return_inverse=True)
        paths = [scopes.names[code] for code in present.tolist()]
        deepest = max(map(len, paths))
        if self.depth is not None:
            deepest = min(deepest, self.depth)
        is_open = np.array([not names_of(path).isdisjoint(self.opened) for path in paths])
        # Unscoped leaves and constants are inputs. Apart from the unscoped results, so that data
        # flow one way.
        free = np.array([not path for path in paths])[own]
        inputs = free & ((kinds == LEAF) | (kinds == CONSTANT))
        for opened in (is_open, is_open & False) if is_open.any() else (is_open,):
            unable = bool(is_open.any() and not opened.any())
            how = "by scope" + f", no room to open {', '.join(map(repr, self.opened))}" * unable
            for depth in range(deepest, 0, -1):
                codes, names = coded(path[:depth] for path in paths)
                codes = codes[own]
                codes[inputs] = _INPUTS
                codes[opened[own]] = self.like.classes[inside][opened[own]] + len(names)
                codes[inside == len(self.columns) - 1] = _ROOT
                group_of = self._scope_groups(names, codes, paths if opened.any() else [], depth)
                yield codes, group_of, how

    def _scope_groups(
        self, names: list[_Scope], codes: Ints, opened: list[_Scope], depth: int
    ) -> Callable[[int, int], Group]:
        """The groups of codes: boxes of scopes of some depth, and what is in the opened ones."""
        scopes = self.like.scopes
        shown = {names[code] for code in np.unique(codes).tolist() if 0 <= code < len(names)}
        outer = {scope[:i] for scope in shown.union(opened) for i in range(len(scope))}

        def group_of(code: int, node: int) -> Group:
            if code == _INPUTS:
                return Group("inputs")
            if code >= len(names):
                return Group("", scopes.of(node))
            if code == _ROOT:
                return Group("", scopes.of(node)[: depth - 1])
            scope = names[code]
            if not scope:
                return Group("outside any scope")
            if scope in outer:
                return Group(f"{'rest of' if opened else 'directly in'} {scope[-1]}", scope)
            return Group(scope[-1], scope[:-1])

        return group_of

    def _by_depth(self, inside: Ints, layers: int) -> Iterator[_Way]:
        """Inputs, parameters, layers of equal depth, and the output."""
        columns, kinds = self.columns, self.columns.kinds[inside]
        its_depth = self.like.depth[inside]
        # A constant goes with what it is first used in.
        constant = kinds == CONSTANT
        if constant.any():
            edges = columns.into(inside)
            edges = edges[columns.kinds[columns.tails[edges]] == CONSTANT]
            place = np.searchsorted(inside, columns.tails[edges])
            place = np.minimum(place, len(inside) - 1)
            within = inside[place] == columns.tails[edges]
            first = np.full(len(inside), len(columns))
            depth = self.like.depth[columns.heads[edges]]
            np.minimum.at(first, place[within], depth[within])
            its_depth[constant] = np.where(first < len(columns), first, 1)[constant]
        results = ~np.isin(kinds, [*_APART])
        if not results.any():
            return
        low = max(int(its_depth[results].min()), 1)
        thickness = max(-(-(int(its_depth[results].max()) - low + 1) // layers), 1)
        codes = np.maximum(its_depth - low, 0) // thickness
        for kind, code in _APART.items():
            codes[kinds == kind] = code
        codes[inside == len(columns) - 1] = _ROOT

        def group_of(code: int, _: int) -> Group:
            if code < 0:
                return Group(_TITLES[code])
            start = low + code * thickness
            end = start + thickness - 1
            return Group(f"depth {start:,} to {end:,}" if end > start else f"depth {start:,}")

        yield codes, group_of, "by depth"

    def _outside(self, inside: Ints, most: int) -> Outside:
        """Surroundings of a part: its operands, in a few groups by scope."""
        columns, scopes = self.columns, self.like.scopes
        into, out_of = columns.into(inside), columns.out_of(inside)
        used, within = np.zeros(len(columns), np.bool_), np.zeros(len(columns), np.bool_)
        used[columns.tails[into]] = within[inside] = True
        sources = np.flatnonzero(used & ~within)
        is_used = not bool(within[columns.heads[out_of]].all())
        present, place = np.unique(scopes.codes[sources], return_inverse=True)
        names = [scopes.names[code] for code in present.tolist()]
        for depth in range(max(map(len, names), default=0), -1, -1):
            codes, found = coded(path[:depth] for path in names)
            if len(found) <= max(most, 1):
                break
        groups = [Group("/".join(scope[-2:]) or "outside") for scope in found]
        return Outside(sources, codes[place], groups, is_used)


def names_of(scope: _Scope) -> KeysView[str]:
    """Names of a scope and of those around it, alone and as whole paths."""
    return dict.fromkeys(
        name for i, last in enumerate(scope, 1) for name in (last, "/".join(scope[:i]))
    ).keys()
