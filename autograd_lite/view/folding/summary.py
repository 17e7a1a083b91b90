"""Summary of the numbers inside a folded box."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Bars of a histogram, and how they are written.
BARS = 10
BLOCKS = "▁▂▃▄▅▆▇█"


class Summary(NamedTuple):
    """The numbers of a folded box."""

    values: int  # how many it holds
    copies: int  # how often its computation is repeated (samples); 1 if its parts differ in that
    parameters: int  # how many of the values are parameters
    low: float  # the range of its outputs, those that are numbers; nan without any
    high: float
    norm: float  # of the gradients of its parameters, or else of its outputs, nan left out
    bars: tuple[int, ...]  # outputs in each tenth of the range; none where all are equal
    ops: str = ""  # that made the values, and how many; empty where all are alike


def spread(numbers: Floats) -> tuple[float, float, tuple[int, ...]]:
    """Lowest and highest of the finite numbers, and their histogram."""
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return np.nan, np.nan, ()
    low, high = float(finite.min()), float(finite.max())
    width = high / 2 - low / 2  # halves, which cannot overflow
    if not width > 0:
        return low, high, ()
    place = np.clip(((finite / 2 - low / 2) / width * BARS).astype(np.int64), 0, BARS - 1)
    return low, high, tuple(np.bincount(place, minlength=BARS).tolist())


def norm(numbers: Floats) -> float:
    """Euclidean norm of those that are numbers, huge and tiny ones too; nan if none is."""
    if numbers.size and np.isnan(numbers).all():
        return np.nan
    numbers = numbers[~np.isnan(numbers)]
    largest = float(np.max(np.abs(numbers), initial=0.0))
    if largest == 0.0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(np.sum((numbers / largest) ** 2)))


def sparkline(bars: tuple[int, ...]) -> str:
    """A histogram as a line of blocks; a bar that is not empty is seen."""
    top = max(bars, default=0)
    return "".join(BLOCKS[-(-bar * (len(BLOCKS) - 1) // top)] for bar in bars) if top else ""
