"""Losses, optimisers and first weights for the page: recorded ops, and programs as JavaScript."""

from __future__ import annotations

from functools import cache
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.nn.init import SCHEMES, drawing
from autograd_lite.nn.losses import LOSSES
from autograd_lite.nn.optim import SGD, Adam, Optimizer
from autograd_lite.playgrounds.vocabulary import recorded

#: The optimisers of the page, by what it calls them.
_OPTIMIZERS: dict[str, Any] = {
    "SGD": lambda p: SGD(p, 0.1),
    "SGD with momentum": lambda p: SGD(p, 0.1, momentum=0.9),
    "SGD with Nesterov's momentum": lambda p: SGD(p, 0.1, momentum=0.9, nesterov=True),
    "Adam": lambda p: Adam(p, 0.1),
}
#: Losses of one output.
_LOSSES = [name for name, loss in LOSSES.items() if loss.function.__name__ != "cross_entropy"]


def _loss(loss: Any) -> dict[str, Any]:
    """The loss of an output and its target, and what targets there may be."""
    classes = None if loss.classes is None else [*loss.classes(1)]
    return {"recorded": recorded(lambda xs: [loss.sample(xs[:1], xs[1:])], 2), "classes": classes}


def _beginnings() -> list[str]:
    """Of schemes that draw from a range its ends, in JavaScript, and an object of these."""
    names = {function.__name__: drawing(name) for name, function in SCHEMES.items()}
    ranges = {name: program for name, (method, program) in names.items() if method == "uniform"}
    entries = ", ".join(f"{name}: begin_{name}" for name in ranges)
    written = [program.to_javascript(f"begin_{name}") for name, program in ranges.items()]
    return [*written, f"const BEGINNINGS = {{{entries}}};"]


@cache
def trainers() -> tuple[str, dict[str, Any], str]:
    """Rules of optimisers and first weights as JavaScript, losses as data, and the optimisers."""
    written, entries = _beginnings(), []
    for i, (name, made) in enumerate(_OPTIMIZERS.items()):
        optimizer: Optimizer = made([Value(0.0)])
        written.append(optimizer.program().to_javascript(f"update{i}"))
        entries.append(
            f'"{name}": {{update: update{i}, start: {[*optimizer.start]}, '
            f"settings: {[[each, getattr(optimizer, each)] for each in optimizer.settings]}}}"
        )
    losses = {name: _loss(LOSSES[name]) for name in _LOSSES}
    return "\n".join(written), losses, f"{{{', '.join(entries)}}}"
