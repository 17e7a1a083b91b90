"""Losses and optimisers as the page needs them: recorded ops, and programs as JavaScript."""

from __future__ import annotations

from functools import cache
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.graph import ancestors
from autograd_lite.nn.losses import LOSSES, Loss
from autograd_lite.nn.optim import SGD, Adam, Optimizer

#: The optimisers of the page, by what it calls them.
_OPTIMIZERS: dict[str, Any] = {
    "SGD": lambda p: SGD(p, 0.1),
    "SGD with momentum": lambda p: SGD(p, 0.1, momentum=0.9),
    "Adam": lambda p: Adam(p, 0.1),
}
#: Losses of one output.
_LOSSES = [name for name, loss in LOSSES.items() if loss.function.__name__ != "cross_entropy"]


def _nodes(loss: Loss) -> list[dict[str, Any]]:
    """The graph of one sample's loss: ops with the places of their arguments, and two inputs."""
    output, target = Value(0.5), Value(1.0)
    assert loss.sample is not None  # only a user's own has none
    places = {node: i for i, node in enumerate(ancestors(loss.sample([output], [target])))}
    inputs = {output: "output", target: "target"}
    return [
        {
            "op": inputs.get(node) or node.op or "constant",
            "args": [places[parent] for parent in node.parents],
            "data": node.data,
        }
        for node in places
    ]


def _settings(optimizer: Optimizer) -> list[tuple[str, float]]:
    """The numbers that its program takes after all others, each with its name."""
    values = {name: getattr(optimizer, name) for name in optimizer.settings}
    listed = {name: x if isinstance(x, tuple) else (x,) for name, x in values.items()}
    return [(name, number) for name, numbers in listed.items() for number in numbers]


@cache
def trainers() -> tuple[str, dict[str, Any], str]:
    """The rules of optimisers as JavaScript, losses as data, and an object of optimisers."""
    written, entries = [], []
    for i, (name, made) in enumerate(_OPTIMIZERS.items()):
        optimizer: Optimizer = made([Value(0.0)])
        written.append(optimizer.program().to_javascript(f"update{i}"))
        entries.append(
            f'"{name}": {{update: update{i}, start: {[*optimizer.start]}, '
            f"settings: {[[*pair] for pair in _settings(optimizer)]}}}"
        )
    losses = {
        name: {"nodes": _nodes(LOSSES[name]), "classes": _classes(LOSSES[name])} for name in _LOSSES
    }
    return "\n".join(written), losses, f"{{{', '.join(entries)}}}"


def _classes(loss: Loss) -> list[float] | None:
    return None if loss.classes is None else [*loss.classes(1)]
