"""What a derivative costs beside a pass made by hand, and what nesting adds to it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import autograd_lite
from autograd_lite import Value
from benchmarks.measuring.figures import Figure, shown
from benchmarks.measuring.paired import paired


def three_ops(x: Any) -> Any:
    """A function of one number, as small as they come."""
    return autograd_lite.sin(x * x) + x


def by_hand(x: float) -> float:
    """Its derivative without any transform."""
    leaf = Value(x)
    three_ops(leaf).backward()
    return leaf.grad


def four_hundred_ops(x: Any) -> Any:
    """A chain of a hundred times four ops."""
    for _ in range(100):
        x = autograd_lite.sin(x) * 0.9 + x * 0.1
    return x


def descent(steps: int, x: Any) -> Any:
    """Steps along an inner gradient, as in meta-learning; to be differentiated by the start."""
    for _ in range(steps):
        x = x - 0.1 * autograd_lite.grad(lambda p, held=x: autograd_lite.sin(p) * held)(x)
    return x


def behind(nodes: int) -> Callable[[], list[Any]]:
    """A recorded gradient of three ops, whose input took so many nodes to compute."""
    x = Value(0.5)
    for _ in range(nodes):
        x = autograd_lite.sin(x)
    return lambda: autograd_lite.gradient(x * x * x, [x], create_graph=True)


def nested(steps: int) -> Callable[[], float]:
    """The outer derivative of a descent."""
    return partial(autograd_lite.grad(partial(descent, steps)), 0.5)


def figures(count: int, quick: bool) -> list[Figure]:
    """Medians of paired runs."""
    long, short = (80, 10) if quick else (800, 100)
    at = 0.7
    hand = paired(partial(autograd_lite.grad(three_ops), at), partial(by_hand, at), count)
    derivatives, products = [], []
    for function in (three_ops, four_hundred_ops):
        grad = partial(autograd_lite.grad(function), at)
        derivatives.append(paired(partial(autograd_lite.derivative(function), at), grad, count))
        products.append(paired(partial(autograd_lite.jvp, function, (at,), (1.0,)), grad, count))
    derivative, jvp = max(derivatives), max(products)
    loops = paired(nested(long), nested(short), max(3, count // 4))
    far = paired(behind(80 * short), behind(5 * short), count)
    return [
        Figure("`ag.grad` of three ops / Values and `backward()` by hand",
               hand.ratio, "≤", 12, remark=hand.remark),
        Figure("`ag.derivative` / `ag.grad`, the worse of 3 and 400 ops",
               derivative.ratio, "≤", 8, remark=derivative.remark),
        Figure("eager `ag.jvp` / `ag.grad`, the worse of 3 and 400 ops",
               jvp.ratio, "≤", 4, remark=jvp.remark),
        Figure(f"`ag.grad` of a loop of {long} inner gradients / of {short}",
               loops.ratio, "≤", 14, remark=f"{shown(loops.one * 1e3)} ms, "
               f"{shown(loops.other * 1e3)} ms"),
        Figure(f"`gradient(create_graph=True)` of three ops behind {80 * short:,} nodes / "
               f"{5 * short:,}", far.ratio, "≤", 2, remark=far.remark),
    ]  # fmt: skip
