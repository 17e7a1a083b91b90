"""Whether the numbers of a graph belong together: recorded ones, those of now, and its gradients.

A picture, page, explanation or report states an equation, or a gradient, as it is found here.
"""

import math
from collections.abc import Callable, Sequence
from contextvars import Context
from functools import cached_property

from autograd_lite.engine import Value, adjoints
from autograd_lite.graph import is_of_table, op_of

#: How a user's function refuses numbers.
_REFUSALS = (ArithmeticError, ValueError, TypeError, RuntimeError)

#: What is written in place of a ``grad`` of a graph that no pass has reached.
NONE_YET = "no gradient yet"


class Freshness:
    """Which numbers of a graph hold at this moment, found in linear time and memory.

    The graph is given in topological order, the root last.

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
        self._arguments: dict[Value, list[float] | None] = {}
        replaced = {leaf: leaf._replaced for leaf in order if not leaf.op}
        #: Of a leaf that was assigned to: the number before, when that was, and the number now.
        self._changed = {leaf: (*was, leaf.data) for leaf, was in replaced.items() if was}
        if self._changed:  # else every number is as it was
            for node in order:
                if node.op:
                    self._look_at(node)

    def _look_at(self, node: Value) -> None:
        """Find out with which numbers of its parents a node's equation holds."""
        present = [parent.data for parent in node.parents]
        changed = {p: self._changed[p] for p in node.parents if p in self._changed}
        since = {
            p: was
            for p, (was, when, x) in changed.items()
            if when > node._stamp and not _same(was, x)
        }
        now = _evaluated(node, present)
        if _same(now, node.data) and (not since or _partials_hold(node, present)):
            return
        self.stale[node] = now
        recorded = [since.get(p, x) for p, x in zip(node.parents, present, strict=True)]
        holds = bool(since) and _same(_evaluated(node, recorded), node.data)
        self._arguments[node] = recorded if holds else None
        if holds and since.keys() - self.moved and _partials_hold(node, recorded):
            self.moved |= since

    def arguments(self, node: Value) -> list[float] | None:
        """The numbers of its parents that a node's equations hold with; None if nobody knows."""
        if node not in self._arguments:
            return [parent.data for parent in node.parents]
        given = self._arguments[node]
        return given if given is not None and _partials_hold(node, given) else None

    def since(self, node: Value, name: Callable[[Value], str]) -> str:
        """Words beside a node's equation: ``x recorded 3, now 2.9``; ``""`` if no leaf moved."""
        given = self.arguments(node) if node in self.stale else None
        told = [
            f"{name(p)} {both(was, self._changed[p][2])}"
            for p, was in zip(node.parents, given or [], strict=False)
            if p in self._changed and not _same(was, self._changed[p][2])
        ]
        return "; ".join(dict.fromkeys(told))

    def _pass(self, seed: float) -> list[float]:
        # in a context of its own, so that no detect_anomaly takes it for the user's
        return Context().run(adjoints, self._order[-1], seed, self._order)

    @cached_property
    def multiple(self) -> float | None:
        """How many times that of one pass every ``grad`` is; None if they are no multiple of it.

        0.0 if there was no pass yet. The ``grad`` of a leaf alone comes from other graphs, so there
        is nothing to compare.
        """
        times = self._order[-1].grad  # for one pass gives the root 1
        if len(self._order) == 1 and not self._order[-1].op:
            return 1.0
        if not any(node.grad for node in self._order):
            return 0.0
        return times if times and math.isfinite(times) and not self._unlike(times) else None

    def _unlike(self, times: float) -> tuple[float, float] | None:
        """The first ``grad`` from the root that is not so many times one pass, and what that is."""
        one = self._pass(1.0)
        # Where contributions cancel, rounding of either is all that is left.
        seeded = one if times == 1.0 else self._pass(times)
        for node, single, whole in zip(self._order[::-1], one[::-1], seeded[::-1], strict=True):
            alike = _same(node.grad, whole) or _same(node.grad, times * single)
            if not (alike or node.constant or math.isclose(node.grad, times * single)):
                return node.grad, single
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

    @cached_property
    def mismatch(self) -> str:
        """A sentence on gradients that are not those of one pass; ``""`` if they are."""
        if self.multiple in (0.0, 1.0):
            return ""
        if self.multiple is not None:
            return (
                f"Every gradient is {self.multiple:.4g} × that of one pass: backward() ran more "
                "than once, or with another seed, or from a larger graph of which this is a part; "
                "call zero_grad() before backward()."
            )
        found, single = self._unlike(1.0) or (math.nan, math.nan)
        return (
            f"The gradients are not one pass of this graph ({found:.4g} where one pass gives "
            f"{single:.4g}): other passes added to them, or they were set, or the graph refreshed; "
            "root.zero_grad() and root.backward() compute them anew."
        )

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Sentences above a picture of the graph."""
        some, every = len(self.stale), sum(1 for node in self._order if node.op)
        staleness = (
            f"This graph is stale: {some:,} of {every:,} computed values no longer "
            f"{'follows' if some == 1 else 'follow'} from the parents' present numbers, because "
            "a leaf was changed; root.refresh() computes them anew."
        )
        return tuple(filter(None, (staleness * bool(some), self.mismatch)))


def both(was: float, now: float) -> str:
    """A number that was recorded and the one of now, in as many digits as tell them apart."""
    digits = next((n for n in (4, 6, 9) if f"{was:.{n}g}" != f"{now:.{n}g}"), 17)
    return f"recorded {was:.{digits}g}, now {now:.{digits}g}"


def _evaluated(node: Value, arguments: Sequence[float]) -> float | None:
    op = op_of(node)
    try:
        return float(op.on_floats(*arguments))
    except _REFUSALS:
        if is_of_table(op):
            raise
        return None


def _partials_hold(node: Value, arguments: Sequence[float]) -> bool:
    """Whether the recorded partials are those at some numbers; a user's own are not asked."""
    op = op_of(node)
    wanted = [is_of_table(op) and not parent.constant for parent in node.parents]
    if not any(wanted):
        return True
    found = op.partials_on_floats(node.data, arguments, wanted)
    return all(map(_same, found, node.local_grads))


def _same(a: float | None, b: float) -> bool:
    """Whether two numbers are equal; all nans are."""
    return a == b or (a != a and b != b)
