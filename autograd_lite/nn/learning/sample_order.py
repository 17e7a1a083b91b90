"""Samples in the order of a training: which are held out, and which batch has which."""

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.errors import counted, shown, typed
from autograd_lite.nn.data import Array, samples
from autograd_lite.nn.init import Generator
from autograd_lite.nn.labels import encoded
from autograd_lite.nn.learning.batches import Batches, Samples
from autograd_lite.nn.learning.in_batches import InBatches


def parted(n: int, validation: Any, rng: Generator) -> tuple[Any, Sequence[int]]:
    """The samples of n to learn from, and those to validate on if they are a share."""
    order: Any = range(n)  # while it is one: rows side by side are no copies
    if validation is None or isinstance(validation, tuple | list):
        return order, ()
    split = _split(validation, n)
    order = array("q", order)
    rng.shuffle(order)
    return order[split:], order[:split]


def held_out(
    training: Batches, validation: Any, held: Sequence[int], classes: Array | None
) -> tuple[Batches, Sequence[int]]:
    """The batches and samples to validate on; the training's own where a share is held out."""
    if not isinstance(validation, tuple | list):
        return training, held
    if len(validation) != 2:
        parts = counted(len(validation), "part")
        raise ValueError(f"validation is (inputs, outputs) and has {parts}")
    inputs, outputs = validation
    if classes is not None:
        given = encoded(training.model, training.loss, inputs, outputs, classes, "validation ")
        outputs = given.targets
    data = samples(inputs, outputs, training.model, of="validation ")
    apart = Samples(*data, noun="validation sample")
    return type(training)(training.model, training.loss, apart), range(len(data[0]))


def _split(share: Any, n: int) -> int:
    """How many of n samples are kept for validation."""
    if isinstance(share, bool) or not isinstance(share, int | float | np.floating):
        raise TypeError(
            f"validation is (inputs, outputs) or a share of the samples, such as 0.2, and was "
            f"given {typed(share)}"
        )
    count = round(share * n) if 0.0 < share < 1.0 else 0
    if not 0 < count < n:
        raise ValueError(
            f"validation={shown(share)} of {counted(n, 'sample')} leaves nothing to validate "
            "on, or to learn from; write a share between 0 and 1, such as 0.2"
        )
    return count


def shuffled(order: Any, size: int, rng: Generator) -> InBatches:
    """The samples of an epoch in batches; shuffled anew each time, so that 5 + 5 epochs are 10.

    An iterable of batches stays as it is.
    """
    if isinstance(order, InBatches):
        return order
    if size < len(order):
        order = array("q", order)
        rng.shuffle(order)
    return InBatches(order, size)
