"""The steps of an epoch in one call of the machine, where nobody looks at what is between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from autograd_lite.nn.data import Array
from autograd_lite.nn.learning.in_batches import InBatches
from autograd_lite.nn.optim import Optimizer
from autograd_lite.program.running import Native


def descend(
    gradient: Native, optimizer: Optimizer, numbers: Array, columns: Sequence[Array],
    batches: InBatches, first: int, threads: int,
) -> Iterator[tuple[Array, int]]:  # fmt: skip
    """Take the steps from number `first` on, while all numbers are finite.

    Changes the numbers of the parameters and the state of the optimiser in place.

    Parameters
    ----------
    gradient : Native
        Of parameters and columns: loss, gradient and whether choices are right.
    columns : sequence of arrays of shape (samples, n)
        Contiguous ones of float64; a batch without order has all samples.

    Returns
    -------
    iterator of (ndarray, int)
        For each step the mean loss, and of which share each choice was right; the batch's size.
    """
    n_samples, size, order = len(columns[0]), batches.size, None
    if not isinstance(batches.order, range) or size < n_samples:
        order = np.asarray(batches.order, np.int64)[first * size :]
    found = np.empty((len(batches) - first, gradient.machine.n_outputs - len(numbers)))
    update, state, settings = optimizer.prepared()
    before = settings[0]
    try:
        gradient.descend(
            update.runner, numbers, state, settings, columns, n_samples, order, size, found, threads
        )
        optimizer.go_on_from(state, settings[0])
    except BaseException:  # Ctrl-C may have come between two steps
        optimizer.go_on_from(state, settings[0])
        raise
    taken = int(settings[0] - before)
    left = len(batches.order) - first * size
    return ((row, min(size, left - i * size)) for i, row in enumerate(found[:taken]))
