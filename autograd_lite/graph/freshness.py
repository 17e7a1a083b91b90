"""Whether the numbers of a graph belong together: recorded ones, those of now, and its gradients.

A picture, page, explanation or report states an equation, or a gradient, as it is found here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextvars import Context
from functools import cached_property

from autograd_lite.engine import Value, adjoints
from autograd_lite.graph import is_of_table, row_of

#: How far rounding may take a gradient from a multiple of one pass, in parts of the sum of its
#: contributions without their signs.
_ROUNDING = 1e-10

#: How a user's function refuses numbers.
_REFUSALS = (ArithmeticError, ValueError, TypeError, RuntimeError)

#: What is written in place of a ``grad`` of a graph that no pass has reached.
NONE_YET = "no gradient yet"


class Freshness:
    """What is known of a graph's numbers at the moment of asking.

    Linear time and memory. Where no leaf was ever assigned to, no rule is evaluated.

    Parameters
    ----------
    order : list of Value
        The graph in topological order, the root last.

    Attributes
    ----------
    stale : dict of Value to (float or None)
        The nodes whose number or partials no longer follow from their parents' present numbers,
        and what the number would be now; None where a user's function fails there.
    moved : dict of Value to float
        The leaves that were assigned to since, each with the number that it was recorded with.
    """

    def __init__(self, order: list[Value]) -> None:
        self._order = order
        self.stale: dict[Value, float | None] = {}
        self.moved: dict[Value, float] = {}
        self._arguments: dict[Value, tuple[list[float] | None, list[float]]] = {}
        replaced = {leaf: leaf._replaced for leaf in self._order if not leaf.op}
        if any(replaced.values()):
            changed = {x: was for x, was in replaced.items() if was and not _same(was[0], x.data)}
            for node in self._order:
                if node.op:
                    self._look_at(node, changed)

    def _look_at(self, node: Value, changed: dict[Value, tuple[float, float]]) -> None:
        """Find out with which numbers of its parents a node's equation holds, if it may not."""
        parents = node.parents
        present = [parent.data for parent in parents]
        now = _evaluated(node, present)
        recorded = [
            changed[p][0] if p in changed and changed[p][1] > node._stamp else x
            for p, x in zip(parents, present, strict=True)
        ]
        follows = now is not None and _same(now, node.data)
        if follows and (recorded == present or _partials_hold(node, present)):
            return
        self.stale[node] = now
        found = _evaluated(node, recorded)
        holds = found is not None and _same(found, node.data) and _partials_hold(node, recorded)
        self._arguments[node] = (recorded if holds else None, present)
        if holds:
            pairs = zip(parents, recorded, present, strict=True)
            self.moved |= {p: was for p, was, is_now in pairs if not _same(was, is_now)}

    def arguments(self, node: Value) -> list[float] | None:
        """The numbers of its parents that a node's equation holds with; None if nobody knows."""
        if node in self._arguments:
            return self._arguments[node][0]
        return [parent.data for parent in node.parents]

    def since(self, node: Value, names: Sequence[str]) -> str:
        """What to say beside a node's equation: ``x recorded 3, now 2.9``; ``""`` if nothing."""
        given, present = self._arguments.get(node, (None, []))
        told = {
            f"{name} recorded {was:.6g}, now {now:.6g}": None
            for name, was, now in zip(names, given or [], present, strict=False)
            if not _same(was, now)
        }
        return "; ".join(told)

    # --- gradients --------------------------------------------------------------------------------

    @cached_property
    def one_pass(self) -> dict[Value, float]:
        """The gradient of every node, as one pass from the root gives it now."""
        # in a context of its own, so that no detect_anomaly takes it for the user's
        found = Context().run(adjoints, self._order[-1], 1.0, self._order)
        return dict(zip(self._order, found, strict=True))

    @cached_property
    def multiple(self) -> float | None:
        """How many times that of one pass every ``grad`` is; None if they are no multiple of it.

        1.0 if they are equal, 0.0 if there was no pass yet. The ``grad`` of a leaf alone comes from
        other graphs, so there is nothing to compare.
        """
        if len(self._order) == 1 and not self._order[0].op:
            return 1.0
        free = [node for node in self._order if not node.constant]
        if all(_same(node.grad, self.one_pass[node]) for node in free):
            return 1.0
        times = self._order[-1].grad  # for one pass gives the root 1
        if times == 0.0:
            return None if any(node.grad for node in free) else 0.0
        return times if math.isfinite(times) and self._apart(times) is None else None

    @cached_property
    def _size(self) -> dict[Value, float]:
        """For each node the sum of the contributions to its gradient, without their signs."""
        size = dict.fromkeys(self._order, 0.0)
        size[self._order[-1]] = 1.0
        for node in reversed(self._order):
            for parent, partial in zip(node.parents, node.local_grads, strict=True):
                if size[node] and partial:
                    size[parent] += size[node] * abs(partial)
        return size

    def _apart(self, times: float) -> Value | None:
        """The node nearest to the root whose ``grad`` is not so many times that of one pass."""
        for node in reversed(self._order):
            expected = times * self.one_pass[node]
            room = _ROUNDING * abs(times) * self._size[node]
            if node.constant or _same(node.grad, expected):
                continue
            if not abs(node.grad - expected) <= room < math.inf:
                return node
        return None

    def graded(self, gradient: float, name: str = "grad ", size: bool = False) -> str:
        """A ``grad`` of the graph, or the size of some, as it is shown: ``4``, or ``2 × 4``."""
        times = self.multiple
        if times == 0.0:
            return NONE_YET
        if times is None or times == 1.0:
            return f"{name}{gradient:.4g}"
        times = abs(times) if size else times
        return f"{name}{times:.4g} × {gradient / times:.4g}"

    # --- in words ---------------------------------------------------------------------------------

    def staleness(self) -> str:
        """What a banner says of numbers that do not follow from one another; ``""`` if all do."""
        if not self.stale:
            return ""
        some, every = len(self.stale), sum(1 for node in self._order if node.op)
        verb = "follows" if some == 1 else "follow"
        return (
            f"This graph is stale: {some:,} of {every:,} computed values no longer {verb} from "
            "their parents' present numbers, because a leaf was changed; root.refresh() computes "
            "them anew."
        )

    def mismatch(self) -> str:
        """What a banner says of gradients that are not those of one pass; ``""`` if they are."""
        if self.multiple in (0.0, 1.0):
            return ""
        if self.multiple is not None:
            return (
                f"Every gradient is {self.multiple:.4g} × that of one pass: backward() ran more "
                "than once, or with another seed, or from a larger graph of which this is a part."
            )
        example = ""
        if (node := self._apart(1.0)) is not None:
            example = f" ({node.grad:.4g} where one pass gives {self.one_pass[node]:.4g})"
        return (
            f"The gradients are not one pass of this graph{example}: other passes have added to "
            "them, or some were set, or the graph was refreshed since; root.zero_grad() and "
            "root.backward() compute them anew."
        )

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What must be said above a picture of the graph."""
        return tuple(filter(None, (self.staleness(), self.mismatch())))


def _evaluated(node: Value, arguments: Sequence[float]) -> float | None:
    row = row_of(node)
    if is_of_table(row):
        return float(row.on_floats(*arguments))
    try:
        return float(row.on_floats(*arguments))
    except _REFUSALS:
        return None


def _partials_hold(node: Value, arguments: Sequence[float]) -> bool:
    """Whether the recorded partials are those at some numbers; a user's own are not asked."""
    row = row_of(node)
    if not is_of_table(row):
        return True
    wanted = [not parent.constant for parent in node.parents]
    found = row.partials_on_floats(node.data, arguments, wanted)
    return all(map(_same, found, node.local_grads))


def _same(a: float, b: float) -> bool:
    """Whether two numbers are equal; all nans are."""
    return a == b or (a != a and b != b)
