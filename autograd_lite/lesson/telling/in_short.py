"""The seven steps in a few sentences, with the numbers of one model."""

from __future__ import annotations

from collections.abc import Iterable

from autograd_lite.lesson import backpropagation, differentiation, iteration, loss, model
from autograd_lite.lesson.telling.parts import WORDS


def summaries() -> list[str]:
    """One short paragraph for each step, in order."""
    W = model.STARTS[0]
    rows, run = model.forward_table(W), iteration.descend(W)
    numbers = {
        "W": W, "ideal": model.IDEAL,
        "inputs": _listed(r.input for r in rows),
        "actual": _listed(r.actual for r in rows),
        "desired": _listed(r.desired for r in rows),
        "loss": loss.squared_loss(W),
        "nudge": differentiation.nudge(W), "derivative": differentiation.derivative(W),
        "chain": backpropagation.chain(),
        "update": iteration.update_table([W])[0], "rate": iteration.LEARNING_RATE,
        "run": run, "first": _listed(i.W for i in run.iterations[:4]),
        "tolerance": iteration.TOLERANCE,
    }  # fmt: skip
    return [text.format_map(numbers) for text in WORDS["in_short"]]


def _listed(numbers: Iterable[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)
