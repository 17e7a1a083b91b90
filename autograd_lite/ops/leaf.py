"""Rules that cannot be written with other rows: functions of the C library."""

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
        Its name in C, in Python's `math` and in JavaScript's `Math`.
    numpy : callable, optional
        Its form over arrays; NumPy's function of the same name if left out.
    python : callable, optional
        Its form on floats; `math`'s function of the same name if left out.
    text : str, optional
        For what the C library lacks: an expression in C and JavaScript, where ``#1`` and ``#2``
        stand for the arguments. `c` is then only its name here.
    """

    def __init__(
        self,
        c: str,
        numpy: Callable[..., Any] | None = None,
        python: Callable[..., float] | None = None,
        text: str = "",
    ) -> None:
        self.c, self.text = c, text
        self.arrays: Callable[..., Any] = numpy or getattr(np, c)
        self.floats: Callable[..., float] = python or getattr(math, c)

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
