"""Numeric derivatives with an estimate of their error, and what they confirm."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

#: A function of one number that gives a float array.
Curve = Callable[[float], Any]

#: Steps of one extrapolation, each half the one before.
_ROWS = 4
#: First steps of the extrapolations, as negative powers of two, relative to the argument. Wide ones
#: round least; narrow ones keep clear of kinks and poles nearby, and resolve oscillations.
_WIDEST, _NARROWEST, _EVERY = 4, 40, 3
_EPS = float(np.finfo(np.float64).eps)


class Tolerance(NamedTuple):
    """How far an analytic derivative may be from a numeric one, beside the latter's own error."""

    rtol: float
    atol: float


@dataclass(frozen=True)
class Disagreement:
    """An analytic derivative that no numeric estimate confirms."""

    component: int  # of the curve
    analytic: float
    numeric: float  # of the least estimated error; nan if there is none
    tolerance: float  # how far apart they might have been
    settled: bool  # whether the numeric one is about as exact as is asked for

    @property
    def excess(self) -> float:
        """The difference in tolerances; infinite if it is no number."""
        excess = abs(self.analytic - self.numeric) / max(self.tolerance, 1e-300)
        return excess if excess == excess else float("inf")


@np.errstate(all="ignore")
def compare(curve: Curve, x: float, analytic: Any, tolerance: Tolerance) -> Disagreement | None:
    """The worst of the derivatives of a curve's components, unless all of them are confirmed.

    Narrower steps are tried as long as one is not, because a wide step may reach over a kink. An
    estimate confirms only if it is itself about as exact as is asked for.
    """
    rtol, atol = tolerance
    pending = np.ones(analytic.shape, dtype=bool)
    numeric, error = np.full(analytic.shape, np.nan), np.full(analytic.shape, np.inf)
    settled = ~pending
    for estimate, uncertainty, rounding in _estimates(curve, x):
        size = np.maximum(abs(estimate), abs(analytic))
        allowed = atol + rtol * np.where(np.isfinite(size), size, 0.0)
        exact = uncertainty <= allowed + 1e4 * rounding
        pending &= ~(exact & (abs(estimate - analytic) <= allowed + uncertainty))
        if not pending.any():
            return None
        better = uncertainty < error
        numeric, error = np.where(better, estimate, numeric), np.fmin(error, uncertainty)
        settled = np.where(better, exact, settled)
    size = np.fmax(abs(numeric), np.where(np.isfinite(analytic), abs(analytic), 0.0))
    error = np.where(np.isfinite(error), error, 0.0)
    limits = atol + rtol * np.nan_to_num(size) + error
    rows = zip(analytic.tolist(), numeric.tolist(), limits.tolist(), settled, strict=True)
    found = [Disagreement(i, *row[:3], bool(row[3])) for i, row in enumerate(rows)]
    return max([found[i] for i in np.flatnonzero(pending)], key=lambda each: each.excess)


def _estimates(curve: Curve, x: float) -> Iterator[tuple[Any, Any, Any]]:
    """Derivative, estimated error and unavoidable rounding, from wide to narrow steps.

    Each is the best entry of a table of Richardson extrapolations (Ridders' method: Press et al.,
    Numerical Recipes, 2007, section 5.7), component by component: 8 evaluations an estimate.
    """
    size = max(abs(x), 1.0)
    for power in range(_WIDEST, _NARROWEST + 1, _EVERY):
        yield _extrapolated(curve, x, size * 2.0**-power, size)


def _extrapolated(curve: Curve, x: float, step: float, size: float) -> tuple[Any, Any, Any]:
    above: list[Any] = []
    best = error = rounding = np.array(np.inf)
    for _ in range(_ROWS):
        high, low = x + step, x - step
        up, down = _defined(curve, high), _defined(curve, low)
        values = np.maximum(abs(up), abs(down))
        noise = 2.0 * _EPS * values / step
        row = [(up - down) / (high - low)]
        for j, before in enumerate(above):
            row.append(row[j] + (row[j] - before) / (4.0 ** (j + 1) - 1.0))
            change = np.maximum(abs(row[j + 1] - row[j]), abs(row[j + 1] - before)) + noise
            better = change < error
            best, error = np.where(better, row[j + 1], best), np.where(better, change, error)
        rounding = _EPS * values / size
        above, step = row, step / 2.0
    return best, error, rounding


def _defined(curve: Curve, x: float) -> Any:
    """The curve; nan where a user's own function refuses the number."""
    try:
        return curve(x)
    except (ArithmeticError, ValueError):
        return np.array(np.nan)


@np.errstate(all="ignore")
def near(curve: Curve, x: float, component: int, power: int) -> tuple[float, Any, Any]:
    """A small step, 2**-power relative to x, and a component's changes to the left and right."""
    step = max(abs(x), 1.0) * 2.0**-power
    values = [np.ravel(_defined(curve, t)) for t in (x - step, x, x + step)]
    left, here, right = [v[component] if v.size > 1 else v[0] for v in values]
    return step, here - left, right - here
