"""The samples of an epoch, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np


class InBatches:
    """Samples in batches, in this order; one batch of all of them is the order itself.

    The whole may come several `times`.
    """

    def __init__(self, order: Sequence[int], size: int, times: int = 1) -> None:
        # NumPy reads an array of its own faster.
        keep = isinstance(order, range) or size >= len(order)
        self.order: Any = order if keep else np.asarray(order)
        self.size, self._times = min(size, len(order)), times

    def __len__(self) -> int:
        return -(-len(self.order) // self.size) * self._times

    def __iter__(self) -> Iterator[Sequence[int]]:
        return self.after(0)

    def after(self, first: int) -> Iterator[Sequence[int]]:
        """All but the first batches."""
        order, size = self.order, self.size
        if size == len(order):
            return iter([order] * (self._times - first))
        return (order[i : i + size] for i in range(first * size, len(order), size))
