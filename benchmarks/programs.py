"""What the gradients are taken of: functions as a loop over numbers, and in one go over arrays."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from examples.option_greeks import option


class Program(NamedTuple):
    """A function in both forms, each called as ``form(variables, data, functions)``.

    Attributes
    ----------
    name : str
    loop : callable
        On lists of numbers; `functions` is `math` for floats.
    arrays : callable
        On arrays; `functions` is a library with NumPy's names.
    point : list or float
        Where it is differentiated: a list, a list of rows, or one number.
    data : list
        What it is not differentiated by.
    """

    name: str
    loop: Callable[[Any, Any, Any], Any]
    arrays: Callable[[Any, Any, Any], Any]
    point: Any
    data: list[Any]


def rosenbrock(n: int) -> Program:
    """Rosenbrock's function of n variables, between its valley and its slopes."""
    rng = random.Random(1337)
    name = f"Rosenbrock's function, n = {n}"
    point = [rng.uniform(-2.0, 2.0) for _ in range(n)]
    return Program(name, rosenbrock_loop, rosenbrock_arrays, point, [])


def rosenbrock_loop(xs: Sequence[Any], _: Any, __: Any) -> Any:
    """As one writes it over a list."""
    total = 0.0
    for x, following in itertools.pairwise(xs):
        total = total + 100.0 * (following - x**2) ** 2 + (1.0 - x) ** 2
    return total


def rosenbrock_arrays(xs: Any, _: Any, __: Any) -> Any:
    """As `scipy.optimize.rosen` does."""
    return (100.0 * (xs[1:] - xs[:-1] ** 2) ** 2 + (1.0 - xs[:-1]) ** 2).sum()


def product_with_sine() -> Program:
    """x·x·sin x at one number."""
    return Program("x·x·sin x", x_x_sine, x_x_sine, 1.3, [])


def x_x_sine(x: Any, _: Any, functions: Any) -> Any:
    """As its name says."""
    return x * x * functions.sin(x)


def helmholtz(n: int) -> Program:
    """The Helmholtz energy of a mixture of n fluids, the classic of AD benchmarks.

    RT Σ xᵢ log(xᵢ / (1 - bᵀx)) - xᵀAx / (√8 bᵀx) · log((1 + (1 + √2) bᵀx) / (1 + (1 - √2) bᵀx)), in
    units where RT is 1.
    """
    rng = random.Random(1337)
    point = [rng.uniform(0.1, 1.0) / n for _ in range(n)]
    covolumes = [rng.uniform(0.1, 1.0) for _ in range(n)]
    roots = [rng.uniform(0.1, 1.0) for _ in range(n)]
    attractions = [[a * b for a in roots] for b in roots]
    name = f"the Helmholtz energy, n = {n}"
    return Program(name, helmholtz_loop, helmholtz_arrays, point, [covolumes, attractions])


def helmholtz_loop(xs: Sequence[Any], data: Sequence[Any], functions: Any) -> Any:
    """One term after the other."""
    covolumes, attractions = data
    volume, pull, ideal = 0.0, 0.0, 0.0
    for x, b in zip(xs, covolumes, strict=True):
        volume = volume + b * x
    for x, row in zip(xs, attractions, strict=True):
        felt = 0.0
        for other, a in zip(xs, row, strict=True):
            felt = felt + a * other
        pull = pull + x * felt
        ideal = ideal + x * functions.log(x / (1.0 - volume))
    return ideal - pull * attraction(volume, functions)


def helmholtz_arrays(xs: Any, data: Sequence[Any], functions: Any) -> Any:
    """By products of vectors."""
    covolumes, attractions = data
    volume = covolumes @ xs
    ideal = (xs * functions.log(xs / (1.0 - volume))).sum()
    return ideal - xs @ (attractions @ xs) * attraction(volume, functions)


def attraction(volume: Any, functions: Any) -> Any:
    """What follows the quadratic form."""
    high, low = (1.0 + (1.0 + sign * math.sqrt(2.0)) * volume for sign in (1.0, -1.0))
    return functions.log(high / low) / (math.sqrt(8.0) * volume)


def portfolio(assets: int = 10) -> Program:
    """European options, calls and puts in turn: worth by Black and Scholes (1973).

    Five variables for each: spot, volatility, rate, dividend yield, years.
    """
    rng = random.Random(1337)
    ranges = [(80.0, 120.0), (0.1, 0.4), (0.0, 0.05), (0.0, 0.03), (0.25, 2.0)]
    point = [[rng.uniform(*ends) for _ in range(assets)] for ends in ranges]
    strikes = [rng.uniform(80.0, 120.0) for _ in range(assets)]
    signs = [(-1.0) ** i for i in range(assets)]
    name = f"{assets} options by Black and Scholes, n = {5 * assets}"
    return Program(name, portfolio_loop, portfolio_arrays, point, [strikes, signs])


def portfolio_loop(rows: Sequence[Any], contracts: Sequence[Any], functions: Any) -> Any:
    """One option after the other."""
    total = 0.0
    for numbers in zip(*rows, *contracts, strict=True):
        total = total + option(*numbers, functions)
    return total


def portfolio_arrays(rows: Any, contracts: Sequence[Any], functions: Any) -> Any:
    """All options at once."""
    return option(*rows, *contracts, functions).sum()
