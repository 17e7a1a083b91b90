"""Rules that cannot be written with other rows: functions of the C library, and choice."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np


class Leaf:
    """A rule that cannot be written with other rows: a function of the C library.

    Parameters
    ----------
    c : str
        Its name in C, by which `leaf_records` knows what it is called in other languages.
    numpy : callable, optional
        Its form over arrays; NumPy's function of the same name if left out.
    python : callable, optional
        Its form on floats; `math`'s function of the same name if left out.
    compare : str, optional
        For what is no function but a choice, the comparison that decides: of two arguments it is
        1.0 where that holds, else 0.0; of three the second where it holds between the first and
        0.0, else the third. `c` is then only its name here.
    """

    def __init__(
        self,
        c: str,
        numpy: Callable[..., Any] | None = None,
        python: Callable[..., float] | None = None,
        compare: str = "",
    ) -> None:
        self.c, self.compare = c, compare
        self.arrays: Callable[..., Any] = numpy or getattr(np, c)
        self.floats: Callable[..., float] = python or getattr(math, c)

    def __repr__(self) -> str:
        return f"<leaf {self.c}>"

    def __call__(self, *args: Any) -> Any:
        """The value at floats or arrays; on floats Python's function may raise."""
        if any(isinstance(arg, np.ndarray) for arg in args):
            return self.arrays(*args)
        return self.floats(*args)

    def where_python_raises(self, *args: float) -> float:
        """The IEEE number, from NumPy, for floats on which Python's own function raised."""
        with np.errstate(all="ignore"):
            return float(self.arrays(*map(np.float64, args)))


leaf = Leaf  # which reads better in the table
