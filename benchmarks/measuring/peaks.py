"""Multiplications that one thread does in a second, each with an addition, at most.

Separate ones are measured by a layer of the machine that stays in the nearest cache, those that are
contracted by NumPy's product of matrices; both in processor time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_lite as ag


def bound(compiled: Any, vector: Any, *columns: Any) -> Callable[[], Any]:
    """The sums over rows of the results of a function's only program, as `learn` calls it."""
    [program] = compiled.programs
    matrices = [(vector, True), *[(column, False) for column in columns]]
    found: Callable[[], Any] = program.runner.bound(matrices, len(columns[0]), 1)
    return found


def separate(side: int, rows: int = 1024) -> float:
    """10⁹ a second by the machine."""

    def layer(weights: Any, xs: Any) -> list[Any]:
        return [ag.dot(weights[k * side : (k + 1) * side], xs, 0.0) for k in range(side)]

    run, rng = ag.compile(layer), np.random.default_rng(1337)
    weights, xs = rng.normal(size=side * side), rng.normal(size=(rows, side))
    run(weights, xs[0])
    return rate(bound(run, weights, xs), rows * side * side)


def contracted(side: int) -> float:
    """10⁹ a second by NumPy."""
    matrix = np.random.default_rng(1337).normal(size=(side, side))
    return rate(lambda: matrix @ matrix, side**3)


def rate(run: Callable[[], Any], count: int) -> float:
    """10⁹ operations a second, `count` being those of a run, in the quickest of some."""
    run()
    times = []
    for _ in range(100):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return 1e-9 * count / min(times)
