"""Two graphs of one shape in one picture: what a step of training moved, and by how much."""

from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd_lite.engine import Value
from autograd_lite.errors import GraphError, counted, shown
from autograd_lite.graph.freshness import NONE_YET, Freshness
from autograd_lite.view.display import GraphView
from autograd_lite.view.dot import drawing_of
from autograd_lite.view.folding.columns import CONSTANT, LEAF, PARAMETER, Columns, Ints
from autograd_lite.view.folding.fold import Folding, Level
from autograd_lite.view.folding.summary import Floats
from autograd_lite.view.layout import TIME_LIMIT
from autograd_lite.view.picture import Box, BoxLine, Sign, sign_of
from autograd_lite.view.steps import steps
from autograd_lite.writing.text import TEXT

#: From which part of the largest change on a box is coloured more strongly.
_STRONG = (0.1, 0.5)
_GLYPHS: dict[Sign, str] = {"positive": "▲", "negative": "▼", "zero": "=", "nan": "?"}


def draw_diff(
    before: GraphView | Value, after: GraphView | Value, *, rankdir: str = "LR",
    max_nodes: int | None = 200, time_limit: float = TIME_LIMIT,
) -> GraphView:  # fmt: skip
    """One picture of two graphs of the same shape: both numbers in each box, and what moved.

    Parameters are changed in place, so a graph from before a step does not remember what they
    were. A view does: ``before = ag.draw(loss)`` holds the numbers of that moment.

    Parameters
    ----------
    before, after : GraphView or Value
        A view counts as it was drawn, a Value as it is now. Leaves that two Values share have no
        numbers from before but those that the graph was recorded with; the picture says so.
    rankdir, max_nodes, time_limit
        As for `draw`; folded boxes name their largest change, and open.

    Returns
    -------
    GraphView
        Blue boxes with ▲ went up, orange ones with ▼ went down, the more the stronger.

    Raises
    ------
    TypeError
        If one is neither a view nor a Value.
    GraphError
        If the graphs differ in shape: where they part; or if they are the same Value.

    Examples
    --------
    >>> from autograd_lite import Value, draw
    >>> w = Value(2.0, label="w")
    >>> loss = w * w
    >>> loss.backward()
    >>> before = draw(loss)
    >>> w.data -= 0.1 * w.grad
    >>> w.grad = 0.0
    >>> loss = w * w
    >>> loss.backward()
    >>> draw_diff(before, loss)
    output 4 → 2.56 ▼ -1.44; 1 of 1 leaf moved, by at most 0.4 (w)
      n1     *     data 4 → 2.56 ▼ -1.44  grad 1 =             from n0 (1.6), n0 (1.6)
      n0  w  leaf  data 2 → 1.6 ▼ -0.4    grad 4 → 3.2 ▼ -0.8
    """
    old, new = _held(before, "before"), _held(after, "after")
    if before is after:
        raise GraphError(
            "before and after are the same: take before = ag.draw(loss) before the step, which "
            "holds the numbers of that moment"
        )
    _check_same_shape(old.columns, new.columns)
    compared = _Compared(_changes(old, new, isinstance(before, Value)), new, max_nodes)
    drawing = drawing_of(compared.picture, "svg", rankdir)
    drawing.time_limit = time_limit
    drawing.folding = compared if compared.picture.folded else None  # there is nothing to open
    return GraphView(drawing)


def _held(thing: GraphView | Value, role: str) -> Folding:
    """A graph and its numbers at some moment."""
    if isinstance(thing, Value):
        return Folding(steps(thing), None)
    folding = thing.folding if isinstance(thing, GraphView) else None
    if folding is None or isinstance(folding, _Compared):
        raise TypeError(
            f"{role} is a Value, or what draw(value) returns, and was given "
            f"{type(thing).__name__}: {shown(thing)}"
        )
    return folding


class _Compared(Folding):
    """The pictures of the graph after the step, whose boxes say what moved."""

    exact = False

    def __init__(self, changes: "_Changes", new: Folding, max_nodes: int | None) -> None:
        super().__init__(new.graph, max_nodes, columns_of=new.columns)
        self._changes = changes
        self._told: dict[str, Level] = {}

    def level(self, name: str) -> Level:
        """The picture inside a box; colours are as strong in all of them."""
        if name not in self._told:
            plain = super().level(name)
            shown = replace(plain.picture, boxes=[self._box(b) for b in plain.picture.boxes])
            if not name:
                caption = "\n".join(filter(None, (self._changes.summary(), shown.caption)))
                both = zip(("Before", "After"), self._changes.fresh, strict=True)
                notes = tuple(f"{when}: {note}" for when, fresh in both for note in fresh.notes)
                shown = replace(shown, caption=caption, notes=notes)
            self._told[name] = plain._replace(picture=shown)
        return self._told[name]

    def _box(self, box: Box) -> Box:
        return self._changes.box(box, self.members(box.name), self._top)

    @cached_property
    def _top(self) -> float:
        """The largest change of a number in a box of the outermost picture."""
        boxes = super().level("").picture.boxes
        largest = [self._changes.largest("data", self.members(box.name)) for box in boxes]
        return max(abs(float(self._changes.delta["data"][i])) for i in largest)


def _check_same_shape(old: Columns, new: Columns) -> None:
    size = min(len(old), len(new))
    names = {name: code for code, name in enumerate(dict.fromkeys(old.ops.names + new.ops.names))}
    ops = [np.array([names[n] for n in c.ops.names])[c.ops.codes[:size]] for c in (old, new)]
    widths = [np.diff(c.starts)[:size] for c in (old, new)]
    constant = [c.kinds[:size] == CONSTANT for c in (old, new)]
    differs = (ops[0] != ops[1]) | (widths[0] != widths[1]) | (constant[0] != constant[1])
    first = int(np.argmax(differs)) if differs.any() else size
    arrows = int(old.starts[first])
    other = np.flatnonzero(old.tails[:arrows] != new.tails[:arrows])
    if other.size:
        first = int(old.heads[other[0]])
    if first < size or len(old) != len(new):
        raise GraphError(
            f"the graphs part at value {first + 1:,} of {len(old):,} before and {len(new):,} "
            f"after: there is {_described(old, first)} before and {_described(new, first)} after; "
            "compare a loss of the same samples, computed in the same way"
        )


def _described(one: Columns, node: int) -> str:
    if node >= len(one):
        return "nothing more"
    what = one.ops.of(node) or ("a constant" if one.kinds[node] == CONSTANT else "a leaf")
    label, scope = one.labels.of(node), TEXT.label("/".join(one.scopes.of(node)))
    said = what + (f" {label!r}" if label else "") + (f" in {scope}" if scope else "")
    arguments = one.tails[one.starts[node] : one.starts[node + 1]].tolist()
    if not arguments:
        return f"{said} ({one.data[node]:.4g})"
    made_of = ", ".join(
        one.ops.of(i) or TEXT.label(one.labels.of(i)) or "a leaf" for i in arguments[:3]
    )
    return f"{said} of {made_of}{', …' if len(arguments) > 3 else ''}"


def _changes(old: Folding, new: Folding, in_place: bool) -> "_Changes":
    """The numbers of both; those from before that were changed in place are unknown."""
    size = len(new.columns)
    unknown = {"data": np.zeros(size, np.bool_), "grad": np.zeros(size, np.bool_)}
    fresh = old.graph.freshness, new.graph.freshness
    if in_place:
        pairs = zip(old.graph.order, new.graph.order, strict=True)
        shared = np.fromiter((one is other for one, other in pairs), np.bool_, size)
        unknown["grad"] = shared & (new.columns.kinds != CONSTANT)
        suspects = {parent for node in fresh[0].stale for parent in node.parents}
        changed = np.fromiter((node in suspects for node in old.graph.order), np.bool_, size)
        unknown["data"] = unknown["grad"] & changed
    delta: dict[str, Floats] = {}
    for which, missing in unknown.items():
        a, b = getattr(old.columns, which), getattr(new.columns, which)
        equal = (a == b) | (np.isnan(a) & np.isnan(b))  # inf - inf
        with np.errstate(invalid="ignore", over="ignore"):
            delta[which] = np.where(equal | missing, 0.0, b - a)
    if 0.0 in [each.multiple for each in fresh]:
        delta["grad"][:] = 0.0
    return _Changes(old.columns, new.columns, delta, unknown, fresh)


class _Changes(NamedTuple):
    old: Columns
    new: Columns
    delta: dict[str, Floats]  # of "data" and of "grad"
    unknown: dict[str, NDArray[np.bool_]]  # whether the number from before is not known
    fresh: tuple[Freshness, Freshness]

    def largest(self, which: str, held: Ints) -> int:
        """The value that changed most, of some; a change to nan counts as the largest."""
        sizes = np.abs(self.delta[which][held])
        return int(held[np.argmax(np.where(np.isnan(sizes), np.inf, sizes))])

    def box(self, box: Box, held: Ints, top: float) -> Box:
        """A box with both numbers."""
        if not held.size:
            return box
        at = self.largest("data", held)
        delta = self.delta["data"][at]
        size, alone = abs(delta), len(held) == 1
        # nan counts as a large one
        strength = 0 if size <= 0.0 else 1 + sum(not size <= part * top for part in _STRONG)
        lines = [] if alone else [box.lines[0].text]
        for which in ("data", "grad") if (self.new.kinds[held] != CONSTANT).any() else ("data",):
            lines.append(self._moved(which, at) if alone else self._most(which, held))
        texts = tuple(map(BoxLine, lines))
        return replace(box, lines=texts, summary=None, tint=sign_of(delta), strength=strength)

    def _moved(self, which: str, node: int) -> str:
        old, new = [f"{getattr(of, which)[node]:.4g}" for of in (self.old, self.new)]
        delta = self.delta[which][node]
        if which == "grad":
            old = self.fresh[0].graded(self.old.grad[node], "")
            new = self.fresh[1].graded(self.new.grad[node], "")
        if self.unknown[which][node]:
            return f"{which} ? → {new}"
        if NONE_YET in (old, new):
            return f"{which} {old} → {new}" if old != new else new
        if delta == 0.0:
            return f"{which} {new} ="
        return f"{which} {old} → {new} {_GLYPHS[sign_of(delta)]} {delta:+.3g}"

    def _most(self, which: str, held: Ints) -> str:
        if which == "grad" and 0.0 in [each.multiple for each in self.fresh]:
            return NONE_YET
        moved = int((self.delta[which][held] != 0.0).sum())
        missing = int(self.unknown[which][held].sum())
        note = f", {missing:,} not known" if missing else ""
        if not moved:
            return f"{which} equal in {len(held) - missing:,}{note}"
        at = self.largest(which, held)
        change = self._moved(which, at).removeprefix(f"{which} ")
        return f"{which} moved in {moved:,}{note}, most: {self._name(at)} {change}"

    def _name(self, node: int) -> str:
        name: str = TEXT.label(self.new.labels.of(node)) or self.new.ops.of(node)
        return name or (*self.new.scopes.of(node), "leaf")[-1]

    def summary(self) -> str:
        """The change, in a line."""
        said = f"output {self._moved('data', len(self.new) - 1).removeprefix('data ')}"
        kinds = self.new.kinds
        nouns, which = ("parameter", "parameters"), kinds == PARAMETER
        if not which.any():
            nouns, which = ("leaf", "leaves"), kinds == LEAF
        delta, unknown = self.delta["data"], self.unknown["data"]
        known = np.flatnonzero(which & ~unknown)
        moved = int((delta[known] != 0.0).sum())
        if len(known):
            said += f"; {moved:,} of {counted(len(known), *nouns)} moved"
            at = self.largest("data", known)
            if moved:
                where = "/".join(self.new.scopes.of(at))
                said += f", by at most {abs(delta[at]):.3g} ({self._name(at)}"
                said += f" in {where})" if where else ")"
        missing = int(unknown.sum())
        if missing:
            said += (
                f"\n{counted(missing, 'number')} from before not known, changed in place: take "
                "before = ag.draw(loss) before the step"
            )
        return said
