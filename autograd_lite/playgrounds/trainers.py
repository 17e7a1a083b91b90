"""The rules of optimisers as the page needs them: programs as JavaScript."""

from __future__ import annotations

from functools import cache
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.nn.optim import SGD, Adam, Optimizer

#: The optimisers of the page, by what it calls them.
_OPTIMIZERS: dict[str, Any] = {
    "SGD": lambda p: SGD(p, 0.1),
    "SGD with momentum": lambda p: SGD(p, 0.1, momentum=0.9),
    "Adam": lambda p: Adam(p, 0.1),
}


@cache
def trainers() -> tuple[str, str]:
    """The rules of optimisers as JavaScript: functions, and an object with what each begins with.

    A function takes a parameter, its gradient and state, the number of the step, and settings.
    """
    written, entries = [], []
    for i, (name, made) in enumerate(_OPTIMIZERS.items()):
        optimizer: Optimizer = made([Value(0.0)])
        settings = [[setting, getattr(optimizer, setting)] for setting in optimizer.settings]
        written.append(optimizer.program().to_javascript(f"update{i}"))
        entries.append(
            f'"{name}": {{update: update{i}, start: {[*optimizer.start]}, settings: {settings}}}'
        )
    return "\n".join(written), f"{{{', '.join(entries)}}}"
