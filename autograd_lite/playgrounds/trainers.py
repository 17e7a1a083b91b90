"""Optimisers and first weights as the page needs them: programs as JavaScript."""

from __future__ import annotations

from functools import cache
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.nn.init import SCHEMES, drawing
from autograd_lite.nn.optim import SGD, Adam, Optimizer

#: The optimisers of the page, by what it calls them.
_OPTIMIZERS: dict[str, Any] = {
    "SGD": lambda p: SGD(p, 0.1),
    "SGD with momentum": lambda p: SGD(p, 0.1, momentum=0.9),
    "SGD with Nesterov's momentum": lambda p: SGD(p, 0.1, momentum=0.9, nesterov=True),
    "Adam": lambda p: Adam(p, 0.1),
}


def _beginnings() -> list[str]:
    """Of schemes that draw from a range its ends, in JavaScript, and an object of these."""
    names = {function.__name__: drawing(name) for name, function in SCHEMES.items()}
    ranges = {name: program for name, (method, program) in names.items() if method == "uniform"}
    entries = ", ".join(f"{name}: begin_{name}" for name in ranges)
    written = [program.to_javascript(f"begin_{name}") for name, program in ranges.items()]
    return [*written, f"const BEGINNINGS = {{{entries}}};"]


@cache
def trainers() -> tuple[str, str]:
    """The rules of optimisers as JavaScript: functions, and an object with what each begins with.

    A function takes a parameter, its gradient and state, the number of the step, and settings.
    """
    written, entries = _beginnings(), []
    for i, (name, made) in enumerate(_OPTIMIZERS.items()):
        optimizer: Optimizer = made([Value(0.0)])
        settings = [[setting, getattr(optimizer, setting)] for setting in optimizer.settings]
        written.append(optimizer.program().to_javascript(f"update{i}"))
        entries.append(
            f'"{name}": {{update: update{i}, start: {[*optimizer.start]}, settings: {settings}}}'
        )
    return "\n".join(written), f"{{{', '.join(entries)}}}"
