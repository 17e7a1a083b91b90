"""How much the loss of each sample counts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lite.errors import ShapeError, counted, shown, some, typed
from autograd_lite.nn.data import Array, real_array
from autograd_lite.nn.loss_rules import Loss
from autograd_lite.nn.optim.optimizer import added, in_range


def weights_of(
    loss: Loss, labels: Array, sample_weight: Any, class_weight: Any,
    learnt: Sequence[int], held: Sequence[int], classes: Array | None = None,
) -> Array | None:  # fmt: skip
    """Weights of all samples, 1 on average over those learnt from, and over those held out.

    Those of classes, which may have none of the samples, are for learning alone. None if there are
    neither.
    """
    if sample_weight is None and class_weight is None:
        return None
    n = len(labels)
    weights = np.ones(n) if sample_weight is None else of_samples(sample_weight, n)
    weights /= weights.max() or 1.0  # so that their sum cannot overflow
    if class_weight is not None:
        known, places = np.unique(labels, return_inverse=True)
        places = places.reshape(n, -1)[learnt]
        counts = np.bincount(places.ravel(), minlength=len(known))
        each = of_classes(loss, class_weight, known, counts, places.shape[1], classes)
        weights[learnt] *= each[places[:, 0]]
    for rows, purpose in ((learnt, "to learn from"), (held, "to validate on")):
        if len(rows):
            weights[rows] /= mean_of(added(weights[rows]), len(rows), purpose)
    return weights


def mean_of(total: float, n: int, purpose: str = "to learn from") -> float:
    """The mean of n weights, from their sum; a ValueError if it is 0."""
    if not total:
        raise ValueError(f"the weights of all samples {purpose} are 0; give one that is not")
    return total / n


def of_samples(given: Any, n: int) -> Array:
    """The weights that a user gives for n samples, checked, in a new array."""
    weights = real_array("sample_weight", given)
    if weights.shape != (n,):
        raise ShapeError(
            f"sample_weight has one number for each of {counted(n, 'sample')}, and its shape is "
            f"{weights.shape}"
        )
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0.0)))
    if len(wrong):
        raise ValueError(
            "sample_weight holds finite numbers that are at least 0, and number "
            f"{wrong[0]} is {float(weights[wrong[0]])!r}"
        )
    return weights


def of_classes(
    loss: Loss, given: Any, classes: Array, counts: Array, width: int, known: Array | None = None
) -> Array:
    """The weight of each class, of which there are so many samples with `width` labels each.

    A class that is known may have none of them.
    """
    if loss.classes is None:
        raise ValueError(
            "class_weight goes with a loss of classes, such as cross_entropy; give sample_weight "
            "for another"
        )
    if width > 1:
        raise ShapeError(
            f"class_weight goes by one label per sample, and these have {width} targets each; give "
            "sample_weight"
        )
    if isinstance(given, str) and given == "balanced":
        return np.asarray(1.0 / np.maximum(counts, 1))
    if not isinstance(given, Mapping):
        raise TypeError(
            'class_weight is "balanced" or a dict of label to weight, such as {0: 1.0, 1: 5.0}, '
            f"and was given {typed(given)}"
        )
    labelled = (classes if known is None else known).tolist()
    unknown = [label for label in given if label not in labelled]
    if unknown:
        raise ValueError(
            f"class_weight names {shown(unknown[0])}, and the labels are {some(labelled, 10)}"
        )
    each = {
        label: in_range(f"class_weight[{label!r}]", given.get(label, 1.0)) for label in labelled
    }
    weights = np.array([each[label] for label in classes.tolist()])
    return np.asarray(weights / (weights[counts > 0].max() or 1.0))
