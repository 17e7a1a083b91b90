"""Derivatives of each order and every mode beside numeric ones, for a function on plain lists."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.ops.reductions import dot
from autograd_lite.transforms.functions import grad, jvp
from autograd_lite.transforms.matrices import hessian, jacobian
from autograd_lite.transforms.numeric import Curve, Disagreement, Tolerance, compare
from autograd_lite.transforms.trees import floats_of

#: A function of a list of numbers that gives a list of numbers.
Vector = Callable[[Sequence[Any]], list[Any]]


@dataclass(frozen=True)
class Mismatch:
    """The first wrong derivative."""

    order: int
    below: Vector  # the function whose derivative is wrong: of the order one less
    curve: Curve  # it and the combination of its results, of one number, in all modes
    i: int  # which number that is
    result: int  # which result of `below`; if there are not so many, it is the combination
    modes: list[str]  # those that are wrong
    found: Disagreement


def first_mismatch(
    function: Vector, numbers: list[float], order: int, tolerance: Tolerance
) -> Mismatch | None:
    """The first derivative, from order 1 on and in the order of the numbers, that is wrong."""
    for k, below, weights, modes in _levels(function, numbers, order):
        names = [name for name, _, found in modes for _ in found]
        analytic = numbers_of([x for _, _, found in modes for x in found])
        results = np.array([first + r for _, first, found in modes for r in range(len(found))])
        for i, x in enumerate(numbers):
            curve = _curve(below, weights, numbers, i, results)
            found = compare(curve, x, analytic[:, i], tolerance)
            if found is not None:
                wrong = abs(analytic[:, i] - found.numeric) <= found.tolerance
                same = ~wrong & (results == results[found.component])
                same[found.component] = True
                wrong_modes = [names[j] for j in np.flatnonzero(same)]
                result = int(results[found.component])
                return Mismatch(k, below, curve, i, result, wrong_modes, found)
    return None


def numbers_of(results: Any) -> Any:
    """Floats and Values as a float array: in a function that closes over Values, all are Values."""
    array = np.asarray(results, dtype=object)
    return np.array(floats_of(array.flat), dtype=np.float64).reshape(array.shape)


def _curve(
    below: Vector, weights: list[float], numbers: list[float], i: int, results: Any
) -> Curve:
    """The results that are compared, and their combination, as functions of one number."""

    def curve(x: float) -> Any:
        found = numbers_of(below([*numbers[:i], x, *numbers[i + 1 :]]))
        return np.append(found, found @ np.array(weights))[results]

    return curve


#: Mode, which result comes first, and the derivatives: results × numbers.
_Mode = tuple[str, int, Any]


def _levels(
    function: Vector, numbers: list[float], order: int
) -> Iterator[tuple[int, Vector, list[float], list[_Mode]]]:
    """For each order the function below, the weights of its combination, and its derivatives.

    The function of the next order is the gradient of that combination. Beside it there is the same
    combination made by forward sweeps alone; so from the second order on there are four mixtures.
    """
    rng = random.Random(0)

    def weights_for(count: int) -> list[float]:
        signs = rng.choices((-1.0, 1.0), k=count)
        return [sign * rng.uniform(0.5, 1.5) for sign in signs] if count > 1 else [1.0] * count

    weights = weights_for(len(function(numbers)))
    combined = forward = _combination(function, weights)
    yield 1, function, weights, _both(function, numbers, "", 0)
    for k in range(2, order + 1):
        below = grad(combined)
        weights = weights_for(len(numbers))
        forward = _along(forward, weights)
        modes = _both(below, numbers, " over reverse" * (k - 1), 0)
        modes += _both(_alone(forward), numbers, " over forward" * (k - 1), len(numbers))
        if k == 2:
            modes.append(("hessian", 0, hessian(combined)(numbers)))
        yield k, below, weights, modes
        combined = _combination(below, weights)


def _both(function: Vector, numbers: list[float], before: str, first: int) -> list[_Mode]:
    """The Jacobian by reverse sweeps, one for each result, and by forward sweeps, one a number."""
    unit = np.eye(len(numbers)).tolist()
    columns = [jvp(function, (numbers,), (seed,))[1] for seed in unit]
    return [
        (f"reverse{before}", first, jacobian(function)(numbers)),
        (f"forward{before}", first, np.array(columns).T),
    ]


def _combination(function: Vector, weights: list[float]) -> Callable[[Sequence[Any]], Any]:
    return lambda xs: dot(weights, function(xs))


def _along(scalar: Callable[..., Any], direction: list[float]) -> Callable[..., Any]:
    return lambda xs: jvp(scalar, (xs,), (direction,))[1]


def _alone(scalar: Callable[..., Any]) -> Vector:
    return lambda xs: [scalar(xs)]
