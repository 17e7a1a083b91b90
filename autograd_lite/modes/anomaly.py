"""Finding the first nan or inf: `detect_anomaly`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from math import isfinite
from types import MappingProxyType

from autograd_lite.engine import Mode, Value, current_mode, fields, topological_order
from autograd_lite.errors import AnomalyError, AnomalyWarning
from autograd_lite.modes.block import Block, in_mode
from autograd_lite.modes.lines import Lines, users_line
from autograd_lite.ops.rules import carry


class detect_anomaly(Block):  # noqa: N801 - used like a function
    """Raise at the first op that gives nan or inf, in a ``with`` block or a decorated function.

    Forward: when an op, or `Value.refresh`, computes a number that is nan or infinite. Backward:
    when `Value.backward` or a gradient would add nan or inf to an adjoint. The error names the op,
    its operands' numbers and labels, and the line of the program that recorded it. It comes before
    anything is changed: graph and gradients are what they were.

    Where 0 × inf or 0 × nan counts as 0 in a backward pass ("zero carries nothing"), an
    `AnomalyWarning` says so.

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
    autograd_lite.errors.AnomalyError: divide(a=1.0, b=0.0) is inf, recorded at ...: loss = a / b...
    """

    def _entered(self, mode: Mode) -> Mode:
        # The lines that an outer block has noted serve this one, too.
        inner = mode.watchers[-1] if mode.watchers else _Watcher(Lines())
        return mode._replace(watchers=(*mode.watchers, inner))

    def _left(self, mode: Mode) -> Mode:
        return mode._replace(watchers=mode.watchers[:-1])


def differentiating(output: Value) -> AbstractContextManager[None]:
    """A block in which the derivatives of this Value are recorded as Values.

    They are recorded inside `no_grad`, too. Inside `detect_anomaly` the sweep is first checked on
    floats; while it is recorded, numbers are not, because a partial derivative may be computed by
    way of a nan that does not count.
    """
    mode = current_mode.get()
    if mode is None:
        return nullcontext()
    mode = mode._replace(silent=0)
    if mode.watchers:
        watcher = mode.watchers[-1]
        watcher.before_sweep(output, 1.0)
        if isinstance(watcher, _Watcher):
            quiet = _Watcher(watcher.lines, checking=False)
            mode = mode._replace(watchers=(*mode.watchers, quiet))
    return in_mode(mode)


class _Watcher:
    """What `detect_anomaly` has the engine tell of every node and pass."""

    def __init__(self, lines: Lines, checking: bool = True) -> None:
        self.lines = lines
        self._checking = checking

    def recorded(self, node: Value) -> None:
        """Note the line; raise if the number is nan or inf."""
        self.lines.note(node)
        if self._checking and not isfinite(node.data):
            numbers = {p: p.data for p in (node, *node.parents)}
            raise AnomalyError(self._of_number(node, numbers))

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
                raise AnomalyError(self._of_number(node, numbers))

    def before_sweep(self, root: Value, seed: float) -> None:
        """Raise if an adjoint will be nan or inf; warn where zero carries nothing.

        The very sweep of the engine, in its order, with an error in place of the first nan or inf.
        """
        if root.constant:
            return
        if not isfinite(seed):
            raise AnomalyError(f"the derivative's seed is {seed}; give a finite number")
        order = topological_order([root])
        adjoint = dict.fromkeys(order, 0.0)
        adjoint[root] += seed
        for node in reversed(order):
            for i, (parent, partial) in enumerate(zip(node.parents, node.local_grads, strict=True)):
                total = adjoint[parent] + carry(adjoint[node], partial)
                if not isfinite(total):
                    raise AnomalyError(self._of_adjoint(node, i, adjoint))
                if not isfinite(partial):
                    self._warn(node, i)
                adjoint[parent] = total

    # --- in words ---

    def _of_number(self, node: Value, numbers: Mapping[Value, float]) -> str:
        """How a node came to be nan or inf, when it and its operands have these numbers."""
        told = f"{_call(node, numbers)} is {numbers[node]}, {self._place(node)}"
        made, cause = _origin(node, numbers)
        if cause is not None:
            name = f"the operand {cause.label}" if cause.label else "an operand"
            told += f"; {name} was {cause.data} already, not by any op: give it a finite number"
        else:
            told += f"; {_WAY_OUT}"
        if made is not node:
            told = f"{_call(made)} is {made.data}, {self._place(made)}, and so {told}"
        return told

    def _of_adjoint(self, node: Value, i: int, adjoint: Mapping[Value, float]) -> str:
        """What is wrong with what a node passes on to one of its parents."""
        upstream, partial, so_far = adjoint[node], node.local_grads[i], adjoint[node.parents[i]]
        product = carry(upstream, partial)
        told = f"{self._partial(node, i)}; times the adjoint {upstream} that is {product}"
        if isfinite(product):
            told += f", and added to {so_far} it is {so_far + product}"
        return f"{told}; {_WAY_OUT}"

    def _warn(self, node: Value, i: int) -> None:
        line = self.lines.of(node) or users_line()
        warnings.warn_explicit(
            f"{self._partial(node, i)}; times the adjoint 0.0 that counts as 0, because zero "
            "carries nothing",
            AnomalyWarning, line.file, line.number,
        )  # fmt: skip

    def _partial(self, node: Value, i: int) -> str:
        by = node.parents[i].label or f"operand {i + 1}"
        partial = node.local_grads[i]
        return f"the derivative of {_call(node)} by {by} is {partial}, {self._place(node)}"

    def _place(self, node: Value) -> str:
        line = self.lines.of(node)
        return f"recorded at {line}" if line else "recorded outside of this block"


_WAY_OUT = "keep its operands where it is finite (of a choice, both branches are computed)"
_SHOWN = 6  # operands


def _origin(node: Value, numbers: Mapping[Value, float]) -> tuple[Value, Value | None]:
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
    if len(parents) > _SHOWN:
        said.append(f"… {len(parents) - _SHOWN} more")
    said += [f"{name}={number:g}" for name, number in row.attrs.items()]
    return f"{node.label and f'{node.label} = '}{row.name}({', '.join(said)})"
