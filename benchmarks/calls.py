"""Calls of compiled functions: how much more some cost than the like beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_lite as ag
from benchmarks.measuring.figures import Figure
from benchmarks.measuring.paired import Pair, paired
from benchmarks.programs import rosenbrock, rosenbrock_loop

#: Each form of an argument: its name, and how it is made from a list.
FORMS: dict[str, Callable[[list[float]], Any]] = {"lists": list, "arrays": np.array}

SIZES = (2, 10, 100, 1000)


def figures(count: int, quick: bool) -> list[Figure]:
    """Ratios of calls that were timed in turn, `count` times each."""
    sizes = SIZES[:2] if quick else SIZES
    rows = [value_beside_gradient(name, sizes, count) for name in FORMS]
    networks = [network_beside_array(layers, count) for layers in ([4, 4, 1], [16, 16, 1])]
    return [*rows, array_beside_list(count), *networks]


def value_beside_gradient(name: str, sizes: tuple[int, ...], count: int) -> Figure:
    """Rosenbrock's function with its gradient, beside the gradient alone: the worst size."""
    pairs = {}
    for n in sizes:
        x = FORMS[name](rosenbrock(n).point)
        one, other = [at(transform(_rosenbrock), x) for transform in (ag.value_and_grad, ag.grad)]
        pairs[n] = paired(one, other, count)
    n, worst = max(pairs.items(), key=lambda item: item[1].ratio)
    return _figure(f"compiled `value_and_grad` / `grad`, {name} of 2 to {sizes[-1]:,}",
                   worst, 1.5, f"n = {n:,}: ")  # fmt: skip


def array_beside_list(count: int) -> Figure:
    """What an array costs that has as few numbers as can be."""
    one, other = [at(lambda x: x[0] + x[1], make([1.0, 2.0])) for make in (np.array, list)]
    return _figure("compiled call with an array of 2 / a list of 2", paired(one, other, count), 6)


def network_beside_array(layers: list[int], count: int) -> Figure:
    """A step of training by a network, and by its parameters in one array."""
    model = ag.nn.MLP(2, layers, activation="tanh", seed=1)

    def by_array(w: Any, x: list[float], y: float) -> Any:
        numbers, out = iter(w), list(x)
        for layer, n in enumerate(layers, start=1):
            weights = [[next(numbers) for _ in range(len(out) + 1)] for _ in range(n)]
            out = [ag.dot(own[:-1], out, own[-1]) for own in weights]
            out = out if layer == len(layers) else [z.tanh() for z in out]
        return (out[0] - y) ** 2

    def by_network(model: Any, x: list[float], y: float) -> Any:
        return (model(x) - y) ** 2

    array = np.array([p.data for p in model.parameters()])
    one, other = [ag.compile(ag.value_and_grad(f)) for f in (by_network, by_array)]
    x, y = [0.3, -0.4], 1.0
    pair = paired(lambda: one(model, x, y), lambda: other(array, x, y), count)
    name = "-".join(map(str, [2, *layers]))
    return _figure(f"compiled `value_and_grad` by a network {name} / by an array", pair, 3)


def at(function: Callable[[Any], Any], x: Any) -> Callable[[], Any]:
    """A compiled function's call at a point, where it was called before."""
    compiled = ag.compile(function)
    compiled(x)
    return lambda: compiled(x)


def _rosenbrock(x: Any) -> Any:
    return rosenbrock_loop(x, None, None)


def _figure(text: str, pair: Pair, least: float, which: str = "") -> Figure:
    return Figure(text, pair.ratio, "≤", least, remark=which + pair.remark)
