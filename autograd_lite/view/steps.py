"""The nodes that a picture shows: a graph as it is, or with many-argument nodes in small steps."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from autograd_lite.engine import Mode, Value, adjoints, constant, current_scope, topological_order
from autograd_lite.errors import GraphError, shown
from autograd_lite.graph import ancestors, check_fresh, check_value, op_of, scope_of
from autograd_lite.graph.freshness import Freshness
from autograd_lite.modes import in_mode
from autograd_lite.ops import SequenceOp
from autograd_lite.writing.text import TEXT


@dataclass(eq=False)
class Steps:
    """A graph to be drawn."""

    order: list[Value]  # every node after those it is computed from; the root is last
    freshness: Freshness  # of the whole graph, and of its gradients, when it was taken
    #: For a node that is shown in small steps, the last of them: the one that computes it.
    last_step: dict[Value, Value] = field(default_factory=dict)
    #: For a leaf that stands in for a node inside such steps, that node.
    original: dict[Value, Value] = field(default_factory=dict)
    caption: str = ""  # says what was left out on demand

    def made_by(self, node: Value) -> Value:
        """The Value whose op and partials are shown at a node."""
        return self.last_step.get(node, node)

    def parents(self, node: Value) -> Sequence[Value]:
        """The nodes that a node is shown to be computed from, in order."""
        if not self.last_step:
            return node.parents
        return [self.original.get(parent, parent) for parent in self.made_by(node).parents]

    def edges(self, node: Value) -> list[tuple[Value, float]]:
        """The same, each with the partial by it."""
        return [*zip(self.parents(node), self.made_by(node).local_grads, strict=True)]


def steps(
    root: Value, expand: bool = False, constants: bool = True,
    wrt: Value | Sequence[Value] | None = None,
) -> Steps:  # fmt: skip
    """The graph above a root, as a picture shows it; for the options see `draw`.

    In nodes that are expanded, a step's ``grad`` is its local adjoint (the derivative of the node
    by the step) times the node's.
    """
    order = ancestors(root)
    graph = Steps(order, Freshness(order))
    if expand:
        with in_mode(Mode()):
            _expand(graph)
    if wrt is not None:
        starts = [wrt] if isinstance(wrt, Value) else [*wrt]
        if not starts:
            raise GraphError("wrt names no Value, so no path leads to the root; leave it out")
        _keep_between(graph, starts)
    if not constants:
        graph.order = [node for node in graph.order if not node.constant or node is root]
    return graph


def _keep_between(graph: Steps, starts: list[Value]) -> None:
    kept = {check_value(start, "wrt") for start in starts}
    for start in kept.difference(graph.order):
        raise GraphError(f"the root does not depend on {shown(start)}, so no path leads from there")
    order = []
    for node in graph.order:
        if node in kept or any(parent in kept for parent in graph.parents(node)):
            kept.add(node)
            order.append(node)
    names = ", ".join(TEXT.label(start.label) or f"{start.data:.4g}" for start in starts[:3])
    more = f" and {len(starts) - 3:,} more" if len(starts) > 3 else ""
    graph.caption = (
        f"{len(order):,} of {len(graph.order):,} values, those between {names}{more} and the output"
    )
    graph.order = order


def _expand(graph: Steps) -> None:
    order: list[Value] = []
    waiting = graph.order[::-1]
    tried: set[Value] = set()
    while waiting:
        node = waiting.pop()
        made = graph.made_by(node)
        if made in tried or not isinstance(op_of(made), SequenceOp):
            order.append(node)
            continue
        tried.add(made)
        waiting.append(node)  # again after its steps, some of which may expand in their turn
        waiting += _small_steps(graph, node, made)[::-1]
    graph.order = order


def _small_steps(graph: Steps, node: Value, made: Value) -> list[Value]:
    """Record what a many-argument node does, on leaves that stand in for its parents."""
    check_fresh([made], "expand=True")
    token = current_scope.set(scope_of(node))
    try:
        stand_ins = {
            p: constant(p.data) if p.constant else Value(p.data)
            for p in dict.fromkeys(made.parents)
        }
        last = op_of(made).expand([stand_ins[p] for p in made.parents])
    finally:
        current_scope.reset(token)
    outer = set(stand_ins.values())
    if not isinstance(last, Value) or last in outer:
        return []  # one argument or none: nothing to take apart
    order = topological_order([last])
    for step, adjoint in zip(order, adjoints(last, node.grad, order), strict=True):
        step.grad = adjoint
    graph.last_step[node] = last
    for parent, stand_in in stand_ins.items():
        graph.original[stand_in] = graph.original.get(parent, parent)
    return [step for step in order if step not in outer and step is not last]
