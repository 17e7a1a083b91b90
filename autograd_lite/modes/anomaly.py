"""Finding the first nan or inf: `detect_anomaly`."""

import warnings
from collections.abc import Callable, Container, Mapping
from contextlib import AbstractContextManager, nullcontext
from math import inf, isfinite
from types import MappingProxyType
from typing import Any

from autograd_lite.engine import (
    Mode,
    Value,
    Watcher,
    current_mode,
    fields,
    pulled_back,
    pushed_forward,
    topological_order,
)
from autograd_lite.errors import AnomalyError, AnomalyWarning
from autograd_lite.modes.block import Block, in_mode
from autograd_lite.modes.lines import Lines, Noter, users_line
from autograd_lite.ops.duals import along, carried, partial_tangents
from autograd_lite.writing.text import named_call

#: Which operand a parent is, and the partial derivative by it.
_Edge = tuple[int, float]


class detect_anomaly(Block):  # noqa: N801 - used like a function
    """Raise at the first op that gives nan or inf, in a ``with`` block or a decorated function.

    Forward: when an op, or `Value.refresh`, computes a number that is nan or infinite. Backward:
    when `Value.backward` or a gradient would add nan or inf to an adjoint. The error names the op,
    its operands' numbers and labels, and the line of the program that recorded it. It comes before
    anything is changed: graph and gradients are what they were.

    Where 0 × inf or 0 × nan counts as 0 in a backward pass ("zero carries nothing"), an
    `AnomalyWarning` says so; in second derivatives also where a convention stands for what is not
    finite, as that of ``norm`` at the origin.

    A program tells nobody of its ops: a compiled function that was traced before runs unchecked,
    and to trace one inside the block is a `ProgramError`. Call the function itself there.

    Ops and passes take many times longer than outside. Blocks nest; threads, tasks and generators
    as in `no_grad`.

    Raises
    ------
    AnomalyError
        Out of the op or the pass inside the block.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> a, b = ag.Value(1.0, label="a"), ag.Value(0.0, label="b")
    >>> with ag.detect_anomaly():  # doctest: +ELLIPSIS
    ...     loss = a / b
    Traceback (most recent call last):
    autograd_lite.errors.AnomalyError: divide(a=1.0, b=0.0) is inf, recorded at ...
    """

    def _entered(self, mode: Mode) -> Mode:
        # The lines that an outer block has noted serve this one, too.
        inner = mode.watchers[-1] if mode.watchers else _Watcher(Lines())
        if isinstance(inner, Noter):
            inner = _Watcher(inner.lines)
        return mode._replace(watchers=(*mode.watchers, inner))


def check_adjoints(nodes: list[Value], seeds: Mapping[Value, Any]) -> None:
    """Inside `detect_anomaly`: raise if a reverse sweep over these nodes would meet nan or inf.

    The sweep is one that is differentiated in its turn: warn where second derivatives count as 0.
    """
    watcher = _watcher()
    if watcher is not None:
        watcher.check_seconds(nodes, watcher.check_adjoints(nodes, seeds))


def check_tangents(nodes: list[Value], seeds: Mapping[Value, Any], first: bool = False) -> None:
    """The same for a forward sweep, which is the last one if this is about `first` derivatives."""
    watcher = _watcher()
    if watcher is not None:
        watcher.check_tangents(nodes, seeds)
        if not first:
            watcher.check_seconds(nodes, {})


def is_silent_to_second_order(node: Value, adjoint: float) -> bool:
    """Whether its op's second derivatives are not finite and count as 0, though the first are."""
    row, partials = fields(node)[0], node.local_grads
    if row.custom or not all(map(isfinite, partials)):
        return False
    numbers = [parent.data for parent in node.parents]
    moved = [inf if parent.constant else parent.data for parent in node.parents]
    if row.singular is not None and row.singular(node.data, *moved, **row.attrs):
        return True
    wanted = [not parent.constant for parent in node.parents]
    if adjoint != 0.0:
        return False
    ones = list(map(float, wanted))
    found = partial_tangents(row, node.data, numbers, along(ones, partials), ones, wanted)
    return not all(map(isfinite, found))


def is_checked() -> bool:
    """Whether this runs inside `detect_anomaly`."""
    return _watcher() is not None


def unchecked() -> AbstractContextManager[None]:
    """A block for recording derivatives that have been checked on floats.

    `detect_anomaly` notes their lines only, because a partial derivative may be computed by way of
    a nan that does not count.
    """
    watcher, mode = _watcher(), current_mode.get()
    if watcher is None or mode is None:
        return nullcontext()
    quiet = _Watcher(watcher.lines, checking=False)
    return in_mode(mode._replace(watchers=(*mode.watchers, quiet)))


def noted(node: Value) -> Value:
    """A node that was made by `restore`, of which `detect_anomaly` is told."""
    watcher = _watcher()
    if watcher is not None:
        watcher.recorded(node)
    return node


def _watcher() -> "_Watcher | None":
    mode = current_mode.get()
    watcher = mode.watchers[-1] if mode is not None and mode.watchers else None
    return watcher if isinstance(watcher, _Watcher) else None


class _Watcher(Watcher):
    """Observer of `detect_anomaly`: told of every node and pass."""

    def __init__(self, lines: Lines, checking: bool = True) -> None:
        self.lines = lines
        self._checking = checking
        self._warned: dict[Any, Any] = {}  # as Python's warnings keep account of them

    def recorded(self, node: Value) -> None:
        """Note the line; raise if the number is nan or inf."""
        self.lines.note(node)
        if self._checking and not isfinite(node.data):
            numbers = {p: p.data for p in (node, *node.parents)}
            raise AnomalyError(self._of_number(node, numbers), node=node)

    def before_refresh(self, root: Value) -> None:
        """Raise if a node will be nan or inf when it is recomputed."""
        numbers: dict[Value, float] = {}
        for node in topological_order([root]):
            row = fields(node)[0]
            if row is None:
                numbers[node] = node.data
                continue
            numbers[node] = row.on_floats(*[numbers[parent] for parent in node.parents])
            if not isfinite(numbers[node]):
                raise AnomalyError(self._of_number(node, numbers), node=node)

    def before_sweep(self, root: Value, seed: float) -> None:
        """Raise if an adjoint will be nan or inf; warn where zero carries nothing."""
        if not root.constant:
            self.check_adjoints(topological_order([root]), {root: seed})

    def check_adjoints(self, nodes: list[Value], seeds: Mapping[Value, Any]) -> dict[Value, float]:
        """The very sweep of the engine, with an error at the first nan or inf."""
        adjoint = dict.fromkeys(nodes, 0.0) | _checked(seeds)
        for node, parent, edge, product in pulled_back(nodes, adjoint, _edges(adjoint), _product):
            self._look_at("adjoint", adjoint[parent], adjoint[node], product, node, edge)
        return adjoint

    def check_tangents(self, nodes: list[Value], seeds: Mapping[Value, Any]) -> None:
        """The same from the inputs to the outputs."""
        tangent = dict.fromkeys(nodes, 0.0) | _checked(seeds)
        moved = [node for node in nodes if node not in seeds]
        sweep = pushed_forward(moved, tangent, _edges(tangent), _product)
        for node, parent, edge, product in sweep:
            self._look_at("tangent", tangent[node], tangent[parent], product, node, edge)

    def check_seconds(self, nodes: list[Value], adjoint: Mapping[Value, float]) -> None:
        """Warn where second derivatives that are not finite count as 0."""
        for node in nodes:
            if node.op and is_silent_to_second_order(node, adjoint.get(node, 1.0)):
                self._warn(
                    node,
                    f"the second derivative of {_call(node)} is not finite, {self._place(node)}; "
                    "by convention, or because zero carries nothing, it "
                    f"{fields(node)[0].counted}",
                )

    def _warn(self, node: Value, message: str) -> None:
        line = self.lines.of(node) or users_line()
        warnings.warn_explicit(message, AnomalyWarning, *line, registry=self._warned)

    def _look_at(
        self, kind: str, so_far: float, factor: float, product: float, node: Value, edge: _Edge
    ) -> None:
        """A contribution to an adjoint or tangent, factor times partial, before it is added."""
        i, partial = edge
        total = so_far + product
        if isfinite(total) and isfinite(partial):
            return
        by = node.parents[i].label or f"operand {i + 1}"
        told = f"the derivative of {_call(node)} by {by} is {partial}, {self._place(node)}"
        if isfinite(total):
            self._warn(
                node, f"{told}; times the {kind} 0.0 that counts as 0, because zero carries nothing"
            )
            return
        told += f"; times the {kind} {factor} that is {product}"
        if isfinite(product):
            told += f", and added to {so_far} it is {total}"
        raise AnomalyError(f"{told}; {_WAY_OUT}", node=node)

    # --- in words ---

    def _of_number(self, node: Value, numbers: Mapping[Value, float]) -> str:
        """How a node came to be nan or inf, when it and its operands have these numbers."""
        told = f"{_call(node, numbers)} is {numbers[node]}, {self._place(node)}"
        made, cause = origin(node, numbers)
        if cause is not None:
            name = f"the operand {cause.label}" if cause.label else "an operand"
            told += f"; {name} was {cause.data} already, not by any op: give it a finite number"
        else:
            told += f"; {_WAY_OUT}"
        if made is not node:
            told = f"{_call(made)} is {made.data}, {self._place(made)}, and so {told}"
        return told

    def _place(self, node: Value) -> str:
        line = self.lines.of(node)
        return f"recorded at {line}" if line else "recorded outside of this block"


_WAY_OUT = "choose operands at which it is finite (`where` computes both branches)"
_SHOWN = 6  # operands


def _edges(inside: Container[Value]) -> Callable[[Value], list[tuple[Value, _Edge]]]:
    """For a node, its parents in a part of the graph, each with its place and the partial by it."""
    return lambda node: [
        (parent, edge)
        for parent, edge in zip(node.parents, enumerate(node.local_grads), strict=True)
        if parent in inside
    ]


def _product(factor: float, edge: _Edge) -> float:
    return float(carried(factor, edge[1]))


def _checked(seeds: Mapping[Value, Any]) -> dict[Value, float]:
    numbers = {n: x.data if isinstance(x, Value) else float(x) for n, x in seeds.items()}
    for seed in numbers.values():
        if not isfinite(seed):
            raise AnomalyError(f"a derivative's seed is {seed}; give a finite number")
    return numbers


def origin(
    node: Value, numbers: Mapping[Value, float] = MappingProxyType({})
) -> tuple[Value, Value | None]:
    """The op that made the nan or inf of a node, and its operand that was such before any op."""
    while True:
        bad = [p for p in node.parents if not isfinite(numbers.get(p, p.data))]
        if not bad or not bad[0].op:
            return node, bad[0] if bad else None
        node = bad[0]


def _call(node: Value, numbers: Mapping[Value, float] = MappingProxyType({})) -> str:
    """An op with its operands' labels and numbers: ``divide(a=1.0, 0.0)``."""
    row, parents, *_ = fields(node)
    said = [f"{p.label and f'{p.label}='}{numbers.get(p, p.data)}" for p in parents[:_SHOWN]]
    called = named_call(row, said, len(parents) - len(said))
    return f"{node.label} = {called}" if node.label else called
