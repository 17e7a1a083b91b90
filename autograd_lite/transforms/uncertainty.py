"""Propagation of measurement errors through a function, to first order, with its gradient."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_lite.engine import Value, is_followed
from autograd_lite.errors import GraphError, ShapeError, counted, shown
from autograd_lite.modes import recording
from autograd_lite.terminal import on_screen
from autograd_lite.transforms.recordings import Function, Recording
from autograd_lite.transforms.trees import Tree, floats_of, places_like, take_apart

Array = NDArray[np.float64]

#: Rounding that a covariance may show: asymmetry, and eigenvalues below 0, relative to its size.
_ROUNDING = 1e-8
#: Numbers that a Jacobian or covariance may hold, as Python's floats some gigabytes.
_MOST = 50_000_000


@dataclass(frozen=True, eq=False)
class Uncertain:
    """A function's value and its uncertainty; unpacks as ``(value, sigma)``.

    Attributes
    ----------
    value : float or array
        The function at the given values.
    sigma : float or array
        Standard uncertainty of the value, of the same shape.
    covariance : array of shape (m, m)
        Of the m outputs, which share their inputs' errors.
    contributions : array
        The share of each input in the variance, on the last axis: n numbers in the order of the
        inputs, which add up to 1 (negative ones come only from correlations), or are all 0 without
        variance.
    """

    value: Any
    sigma: Any
    covariance: Array
    contributions: Array

    def __iter__(self) -> Iterator[Any]:
        return iter((self.value, self.sigma))

    def __str__(self) -> str:
        if isinstance(self.value, float):
            return on_screen(_plus_minus(self.value, self.sigma))
        return on_screen("\n".join(map(_plus_minus, self.value.ravel(), self.sigma.ravel())))


@recording()
def uncertainty(f: Function, values: Any, sigmas: Any) -> Uncertain:
    """The value of a function of uncertain numbers, and its uncertainty to first order.

    Parameters
    ----------
    f : callable
        It may return one number, or several in an array or any other structure.
    values : tuple or list, array, or number
        A tuple or list holds one entry for each argument of `f`: a number, a sequence or an array.
        An array or a number by itself is the only argument.
    sigmas : structured like `values`, or array of shape (n, n)
        Standard deviations of independent errors; or the covariance of all n numbers in `values`,
        in their order, such as curve fits give.

    Returns
    -------
    Uncertain
        ``value, sigma = uncertainty(…)`` unpacks it; it also holds ``covariance`` and
        ``contributions``.

    Raises
    ------
    ShapeError
        If `sigmas` fits neither way, or there are so many results that no memory holds their
        covariance: whole columns are one result for each row, which a compiled function gives.
    ValueError
        If a standard deviation is negative or not finite, or the covariance is none: not symmetric,
        or with a negative eigenvalue.

    Notes
    -----
    With the Jacobian J at the values and the covariance C of their errors, the result's covariance
    is J C Jᵀ: the law of propagation of uncertainty, JCGM 100:2008 (GUM), equations (10) and, for
    correlated errors, (13); for several outputs JCGM 102:2011, 6.2. The function counts as linear
    within the errors: at a maximum, where the slope is 0, so is the uncertainty. One recording, and
    one reverse sweep per output.

    Examples
    --------
    A resistance from a voltage of 5.00 ± 0.03 V and a current of 0.200 ± 0.002 A:

    >>> import autograd_lite as ag
    >>> resistance = ag.uncertainty(lambda u, i: u / i, [5.0, 0.2], [0.03, 0.002])
    >>> print(resistance)
    25.00 ± 0.29
    >>> resistance.contributions.round(2)
    array([0.26, 0.74])
    """
    arguments = values if isinstance(values, tuple | list) else (values,)
    tree = take_apart(values, "values")
    if type(values) in (list, tuple):
        tree.kind = None  # a row of arguments, of either kind
    errors = take_apart(sigmas, "sigmas")
    with np.errstate(all="ignore"):
        scales, correlation = _covariance(tree, errors)
    graph = Recording(f, arguments, {}, range(len(arguments)))
    outputs = graph.result.leaves
    if len(outputs) * max(len(outputs), len(tree.leaves)) > _MOST:
        raise ShapeError(
            f"{counted(len(outputs), 'result')} of {counted(len(tree.leaves), 'number')} have too "
            "large a covariance; where each row of some columns is a measurement by itself, use "
            "ag.compile(…).map (docs/recipes.md has it under Uncertainty over columns)"
        )
    rows = [floats_of(graph.adjoints([(output, 1.0)])) for output in outputs]
    jacobian = np.array(rows).reshape(len(outputs), len(tree.leaves))
    if graph.nested or any(isinstance(x, Value) and is_followed(x) for x in errors.leaves):
        raise GraphError(
            "uncertainty gives plain numbers, which would lose what a function around is "
            "differentiated by; write ag.jacobian(f) times the errors there"
        )
    with np.errstate(all="ignore"):
        parts = jacobian * scales
        size = np.abs(parts).max(axis=1, initial=0.0)  # so that no square underflows or overflows
        size = np.where((size > 0.0) & (size < math.inf), size, 1.0)
        parts = parts / size[:, None]
        reach = parts if correlation is None else parts @ correlation
        joint = reach @ parts.T
        variance = np.maximum(np.diagonal(joint), 0.0)
        shares = parts * reach / np.where(variance > 0.0, variance, 1.0)[:, None]
        spread, joint = size * np.sqrt(variance), joint * size * size[:, None]
    given = graph.result.shape
    shape = (len(outputs),) if given is None else given
    numbers = np.array(graph.result.numbers()).reshape(shape), spread.reshape(shape)
    value, sigma = numbers if shape else map(float, numbers)
    return Uncertain(value, sigma, joint, shares.reshape((*shape, -1)))


def _covariance(values: Tree, sigmas: Tree) -> tuple[Array, Array | None]:
    """Standard deviations of the values' errors, and their correlations if there are any."""
    n, given = len(values.leaves), np.array(sigmas.numbers())
    if sigmas.shape == (n, n) != values.shape:
        covariance = _checked(given.reshape(n, n))
        scales = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
        inverse = 1.0 / np.where(scales > 0.0, scales, 1.0)
        return np.where(scales > 0.0, scales, 1.0), covariance * inverse * inverse[:, None]
    try:
        given = given[places_like(values, sigmas, "sigmas")]
    except ShapeError as error:
        raise ShapeError(
            f"sigmas has {sigmas.described()} and values {values.described()}: {error}; give one "
            f"standard deviation for each, structured alike, or a covariance of shape ({n}, {n})"
        ) from None
    for i, sigma in enumerate(given.tolist()):
        if not 0.0 <= sigma < math.inf:
            raise ValueError(
                f"a standard deviation is finite and not negative, and number {i} of sigmas is "
                f"{shown(sigma)}"
            )
    return given, None


def _checked(covariance: Array) -> Array:
    if not np.all(np.isfinite(covariance)):
        raise ValueError(f"a covariance holds finite numbers and was given {covariance}")
    slack = _ROUNDING * float(np.abs(covariance).max())
    if np.abs(covariance - covariance.T).max() > slack:
        raise ValueError(f"a covariance is symmetric and was given {covariance}")
    lowest = float(np.linalg.eigvalsh(covariance).min())
    if lowest < -slack:
        raise ValueError(
            f"a covariance has no negative eigenvalue, and this one has {lowest:.6g}: {covariance}"
        )
    return covariance


def _plus_minus(value: float, sigma: float) -> str:
    """Both to two significant digits of sigma, as GUM 7.2.6 advises."""
    if not 1e-12 < sigma < 1e12 or not math.isfinite(value):
        return f"{value:.6g} ± {sigma:.2g}"
    digits = 1 - math.floor(math.log10(float(f"{sigma:.1e}")))
    return f"{round(value, digits):.{max(digits, 0)}f} ± {round(sigma, digits):.{max(digits, 0)}f}"
