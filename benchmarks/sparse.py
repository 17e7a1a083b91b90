"""Sparse Hessians and Jacobians of large problems, first calls and programs, beside CasADi's."""

from __future__ import annotations

import itertools
import math
import statistics
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

import autograd_lite as ag
from benchmarks.measuring.figures import Figure, shown
from benchmarks.measuring.paired import lap, paired


def band(x: Sequence[Any]) -> Any:
    """Rosenbrock's chained function: three diagonals."""
    total = 0.0
    for a, b in itertools.pairwise(x):
        total = total + (100.0 * (b - a * a) * (b - a * a) + (1.0 - a) * (1.0 - a))
    return total


def arrow(x: Sequence[Any]) -> Any:
    """The first number meets all others, and each of them itself."""
    total = 0.0
    for y in x:
        total = total + y * y * y * x[0]
    return total


def grid(x: Sequence[Any]) -> Any:
    """The energy of a membrane over a square grid: five diagonals."""
    side = math.isqrt(len(x))
    total = 0.0
    for i in range(side * side):
        for j in [i + 1] * (i % side < side - 1) + [i + side] * (i < side * (side - 1)):
            total = total + (1.0 + (x[i] - x[j]) * (x[i] - x[j])) ** 0.5
    return total


class Fit(NamedTuple):
    """The residuals of a random problem of least squares, with five unknowns in each."""

    n: int

    def __call__(self, x: Sequence[Any]) -> list[Any]:
        draws = np.random.default_rng(0)
        places = draws.integers(0, self.n, (4 * self.n, 5)).tolist()
        factors = draws.standard_normal((4 * self.n, 5)).tolist()
        return [
            ag.dot([x[i] for i in some], row) * x[some[0]] - 1.0
            for some, row in zip(places, factors, strict=True)
        ]


def peer(n: int) -> Callable[[], Any]:
    """CasADi's Hessian of the band, recorded on scalar symbols; its machine runs it."""
    import casadi

    x = casadi.SX.sym("x", n)
    hessian = casadi.hessian(band(casadi.vertsplit(x)), x)[0]
    run, point = casadi.Function("hessian", [x], [hessian]), casadi.DM(points(n))
    return lambda: run(point)


def points(n: int) -> Any:
    """A place where all stored numbers differ."""
    return np.linspace(-1.0, 2.0, n)


def first(transform: Any, f: Callable[..., Any], n: int, laps: int) -> tuple[float, Any]:
    """Seconds of a call that records, finds the structure, and sweeps; and the matrix."""
    function = transform(f, sparse=True)
    found = function(points(n))
    return statistics.median(lap(lambda: function(points(n)), 1) for _ in range(laps)), found


def figures(count: int, quick: bool) -> list[Figure]:
    """Medians of processor time."""
    if find_spec("scipy") is None:
        return []
    small, large = (30, 400) if quick or ag.engine == "python" else (1000, 10_000)
    laps = max(1, min(count, 5))
    took, matrix = first(ag.hessian, band, large, laps)
    found = [Figure(f"Hessian of chained Rosenbrock, n = {large:,}, {matrix.nnz:,} stored: a call "
                    "of `ag.hessian(f, sparse=True)`", took, "≤", 1.0, 0.5, " s")]  # fmt: skip
    x = points(small)
    both = paired(lambda: ag.hessian(band, sparse=True)(x), lambda: ag.hessian(band)(x), laps)
    found.append(Figure(f"the same, n = {small} / the dense way", both.ratio, "≤", 0.2, 0.1,
                        remark=both.remark))  # fmt: skip
    for name, transform, f, n in (
        ("Hessian of an arrow", ag.hessian, arrow, large),
        ("Hessian of a membrane over a grid", ag.hessian, grid, large),
        (f"Jacobian of {2 * large:,} residuals of five unknowns", ag.jacobian, Fit(large // 2),
         large // 2),
    ):  # fmt: skip
        took, matrix = first(transform, f, n, laps)
        found.append(Figure(f"{name}, n = {n:,}, {matrix.nnz:,} stored", took, "≤", 2.0, 1.0, " s"))
    start = time.process_time()
    compiled, x = ag.compile(ag.hessian(band, sparse=True)), points(large)
    compiled(x)
    began = time.process_time() - start
    text = f"compiled Hessian of chained Rosenbrock, n = {large:,} / CasADi's machine"
    if find_spec("casadi") is None:
        return [*found, Figure(text, math.nan, "≤", 1.0, 0.5, remark="CasADi is missing")]
    pair = paired(lambda: compiled(x), peer(large), laps)
    remark = f"{pair.remark}; compiled in {shown(began)} s"
    return [*found, Figure(text, pair.ratio, "≤", 1.0, 0.5, remark=remark)]
