"""The program that every engine runs: one training step of micrograd's demo.

An MLP 2-16-16-1 on 100 points, hinge loss and L2 penalty: about 65,000 nodes when every `+` and `*`
is one. The loop below is the same source for plain floats, for `Value` and for every peer whose
numbers behave like numbers.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

SIZES = (2, 16, 16, 1)
ALPHA = 1e-4

#: Layers of neurons, each a list of weights and a bias.
Layers = list[list[tuple[list[Any], Any]]]


class Task(NamedTuple):
    """The same plain numbers for every engine."""

    layers: Layers
    points: list[tuple[tuple[float, float], int]]


def task(points: int = 100, seed: int = 1337) -> Task:
    """Weights drawn as micrograd draws them, biases, points in a square and a sign for each."""
    rng = random.Random(seed)
    layers: Layers = [
        [([rng.uniform(-1, 1) for _ in range(nin)], rng.uniform(-1, 1)) for _ in range(nout)]
        for nin, nout in itertools.pairwise(SIZES)
    ]
    square = [
        ((rng.uniform(-1, 1), rng.uniform(-1, 1)), rng.choice((-1, 1))) for _ in range(points)
    ]
    return Task(layers, square)


def variables(layers: Layers, value: Callable[[float], Any]) -> Layers:
    """The layers again, every number made a variable of an engine."""
    return [[([value(w) for w in ws], value(b)) for ws, b in layer] for layer in layers]


def parameters(layers: Layers) -> list[Any]:
    """Neuron by neuron, its weights and then its bias, as `Module.parameters` lists them."""
    return [p for layer in layers for ws, b in layer for p in (*ws, b)]


def score(layers: Layers, signal: Sequence[Any], relu: Callable[[Any], Any]) -> Any:
    """The network at one point, as a user's own loop of `+` and `*`."""
    last = layers[-1]
    for layer in layers:
        totals = []
        for ws, b in layer:
            total = b
            for w, x in zip(ws, signal, strict=True):
                total = total + w * x
            totals.append(total)
        signal = totals if layer is last else [relu(total) for total in totals]
    return signal[0]


def hinge(
    scores: Sequence[Any],
    signs: Sequence[int],
    weights: Sequence[Any],
    relu: Callable[[Any], Any],
) -> Any:
    """Hinge loss, mean over the points, and L2 penalty."""
    loss = 0.0
    for output, sign in zip(scores, signs, strict=True):
        loss = loss + relu(1.0 + output * -sign)
    penalty = 0.0
    for p in weights:
        penalty = penalty + p * p
    return loss * (1.0 / len(scores)) + penalty * ALPHA
