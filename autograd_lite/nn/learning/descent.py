"""The steps of an epoch in one call of the machine, where nobody looks at what is between them."""

from collections.abc import Sequence

import numpy as np

from autograd_lite.nn.data import Array
from autograd_lite.nn.learning.batches import Measured
from autograd_lite.nn.learning.in_batches import InBatches
from autograd_lite.nn.optim import Optimizer
from autograd_lite.program.running import Native


def share_of(means: list[float], n: int) -> float:
    """The share of choices that are right, of the means of each over n samples."""
    # The counts behind these means are whole, so that no bit of the share is lost.
    return sum([round(mean * n) for mean in means]) / (n * len(means) or 1)


def descend(
    gradient: Native, optimizer: Optimizer, numbers: Array, columns: Sequence[Array],
    batches: InBatches, threads: int, done: list[Measured],
) -> None:  # fmt: skip
    """Take the steps behind those that are done, while all numbers are finite.

    Changes the numbers of the parameters and the state of the optimiser in place.

    Parameters
    ----------
    gradient : Native
        Of parameters and columns: loss, gradient and whether choices are right.
    columns : sequence of arrays of shape (samples, n)
        Contiguous ones of float64.
    done : list of Measured
        Gets an entry for each step.
    """
    first, n_samples, size, order = len(done), len(columns[0]), batches.size, None
    if not isinstance(batches.order, range) or size < n_samples:
        order = np.asarray(batches.order, np.int64)[first * size :]
    found = np.empty((len(batches) - first, gradient.machine.n_outputs - len(numbers)))
    update, state, settings = optimizer.prepared()
    before, left = settings[0], len(batches.order) - first * size

    def tell() -> None:
        optimizer.go_on_from(state, settings[0])
        taken = enumerate(found[: int(settings[0] - before)].tolist())
        sizes = ((size if order is None else min(size, left - i * size), x) for i, x in taken)
        done[first:] = [(loss, share_of(right, n), n) for n, (loss, *right) in sizes]

    try:
        gradient.descend(
            update.runner, numbers, state, settings, columns, n_samples, order, size, found, threads
        )
        tell()
    except BaseException:  # Ctrl-C may have come between two steps, or while it was told
        tell()
        raise
