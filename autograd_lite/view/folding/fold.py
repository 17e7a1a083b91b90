"""Folding: a graph too large to be looked at, as pictures of groups of its values.

The outermost picture is of the whole graph. Every folded box can be opened: then it is a picture of
its own, with no more boxes either, in which what lies outside is dashed.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import NamedTuple

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.errors import counted
from autograd_lite.view.folding.boxes import Boxes
from autograd_lite.view.folding.columns import Columns, Ints, columns
from autograd_lite.view.folding.cutting import Cutter, names_of
from autograd_lite.view.folding.likeness import likeness
from autograd_lite.view.picture import Picture, every_value, readable
from autograd_lite.view.steps import Steps

#: An inner picture needs room for more than what lies outside.
_ROOM = 4


class Level(NamedTuple):
    """One picture of a folded graph.

    Its name is that of the box that was opened to get here; empty for the outermost picture. The
    names of the boxes around it are its beginnings: ``g3_0`` is a box in the picture of ``g3``.
    """

    name: str
    title: str  # for breadcrumbs
    picture: Picture  # boxes that ``opens`` have a level of their own, by their names


class Folding:
    """The pictures of one graph: the outermost, and one inside every folded box."""

    #: Whether a page says the numbers of a box of one value to the last digit.
    exact = True

    def __init__(
        self,
        graph: Steps,
        max_nodes: int | None,  # most boxes of a picture; None draws every value
        depth: int | None = None,  # most levels of scopes that are shown
        opened: Sequence[str] = (),  # scopes shown to the bottom: names, or whole paths with /
        columns_of: Columns | None = None,  # the graph's numbers, where they are known already
    ) -> None:
        self.graph = graph
        self.columns = columns(graph) if columns_of is None else columns_of
        self._room = max_nodes or len(self.columns)
        self._depth, self._opened = depth, tuple(opened)
        self._inside: dict[str, Ints] = {}
        self._levels: dict[str, Level] = {}
        scopes = self.columns.scopes.names if self._opened else []
        known = dict.fromkeys(chain.from_iterable(map(names_of, scopes)))
        for name in self._opened:
            if name not in known:
                there = ", ".join(map(repr, [*known][:6])) or "none"
                raise ValueError(
                    f"expand opens scopes, and this graph has none named {name!r}; there are: "
                    f"{there}{', …' if len(known) > 6 else ''}"
                )

    @property
    def picture(self) -> Picture:
        """The outermost picture."""
        return self.level("").picture

    def level(self, name: str) -> Level:
        """The picture inside a folded box, by its name; KeyError if there is nothing to open."""
        if name not in self._levels:
            level = self._inner(name) if name else Level("", "graph", self._outermost())
            self._levels[name] = level
        return self._levels[name]

    def members(self, name: str) -> Ints:
        """The values in a box of a level that was made, by their places in the graph."""
        if name[:1] == "n":
            return np.array([int(name[1:])])
        return self._inside.get(name, np.zeros(0, np.int64))

    def breadcrumbs(self, name: str) -> list[Level]:
        """The levels from the outermost to that inside a box."""
        parts = name.split("_") if name else []
        return [self.level("_".join(parts[:i])) for i in range(len(parts) + 1)]

    def levels(self, most_boxes: int = 12_000) -> tuple[list[Level], int]:
        """The outermost level and inner ones, outer before inner, for a page that needs no Python.

        The inner ones have at most `most_boxes` boxes together, of some 14 packed bytes. The second
        result is the number of boxes whose inner level was left out.
        """
        found, left_out = [self.level("")], 0
        room = most_boxes - len(found[0].picture.boxes)
        for level in found:  # which grows
            for box in level.picture.boxes:
                if box.opens:
                    inner = self.level(box.name) if room > 0 else None
                    room -= len(inner.picture.boxes) if inner else 0
                    if inner is None or room < 0:
                        left_out += 1
                    else:
                        found.append(inner)
        return found, left_out

    def result(self, name: str, most: int) -> tuple[Steps, set[Value], int] | None:
        """The value in a box that others use and that has the largest gradient, and its graph.

        With it go the values around the box that it is computed from, which are given, and the
        number of values that others use. None if it is no op, or of more values than `most`.
        """
        inside, columns, order = self._inside[name], self.columns, self.graph.order
        leaving = columns.out_of(inside)
        used = columns.tails[leaving][np.isin(columns.heads[leaving], inside, invert=True)]
        outputs = np.union1d(used, inside[inside == len(order) - 1])
        if not outputs.size:
            return None
        start = int(outputs[np.argmax(np.abs(columns.grad[outputs]))])
        own, found, seen = set(inside.tolist()), [start], {start}
        for i in found:  # which grows
            if len(found) > most:
                return None
            if i in own:
                tails = columns.tails[columns.starts[i] : columns.starts[i + 1]].tolist()
                found += dict.fromkeys(tail for tail in tails if tail not in seen)
                seen.update(tails)
        kept = sorted(found)
        given = {order[i] for i in kept if i not in own or not self.graph.made_by(order[i]).op}
        if order[kept[-1]] in given:
            return None
        return replace(self.graph, order=[order[i] for i in kept]), given, len(outputs)

    @cached_property
    def _makers(self) -> tuple[Cutter, Boxes]:
        like = likeness(self.graph, self.columns)
        cutter = Cutter(self.columns, like, self._depth, self._opened)
        return cutter, Boxes(self.graph, self.columns, like)

    def _outermost(self) -> Picture:
        graph, size = self.graph, len(self.columns)
        if self._depth is None and size <= self._room:
            return every_value(graph)
        cutter, boxes = self._makers
        part = cutter.whole(self._room)
        drawn, inside = boxes.of(part, "", self._room >= _ROOM)
        self._inside |= inside
        said = f"{counted(size, 'value')}, showing {counted(len(drawn), 'group')} ({part.how})"
        caption = ": ".join(filter(None, (graph.caption, said)))
        return Picture(drawn, caption, True, graph.freshness.notes)

    def _inner(self, name: str) -> Level:
        outer = self.level(name.rpartition("_")[0]).picture
        inside = self._inside[name]
        box = next(box for box in outer.boxes if box.name == name)
        label = " ".join(readable(box.label, lines=1))
        title = " ".join(filter(None, (box.symbol, label))) or box.kind
        if box.kind == "group":
            scope = ("".join(readable(name, lines=1)) for name in box.scope)
            title = "/".join((*scope, title))
        cutter, boxes = self._makers
        part = cutter.inner(inside, self._room)
        drawn, within = boxes.of(part, name, may_open=True)
        self._inside |= within
        said = f"{title}: {counted(len(inside), 'value')}"
        if part.how:
            said += f", showing {counted(len(part.groups), 'group')} ({part.how})"
        return Level(name, title, Picture(drawn, said, True, self.graph.freshness.notes))
