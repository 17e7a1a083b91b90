"""How much the loss of each sample counts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lite.errors import ShapeError, counted, shown, some, typed
from autograd_lite.nn.data import Array, real_array
from autograd_lite.nn.loss_rules import Loss
from autograd_lite.nn.optim import in_range


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
    weights = _of_samples(sample_weight, len(labels))
    if class_weight is not None:
        if loss.classes is None:
            raise ValueError(
                "class_weight goes with a loss of classes, such as cross_entropy; give "
                "sample_weight for another"
            )
        weights[learnt] *= _of_classes(class_weight, labels, learnt, classes)
    for rows, purpose in ((learnt, "to learn from"), (held, "to validate on")):
        if len(rows):
            mean = weights[rows].mean()
            if not mean:
                raise ValueError(
                    f"the weights of all samples {purpose} are 0; give one that is not"
                )
            weights[rows] /= mean
    return weights


def _of_samples(given: Any, n: int) -> Array:
    """Weights up to 1, whose sum cannot overflow."""
    if given is None:
        return np.ones(n)
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
    return weights / (weights.max() or 1.0)


def _of_classes(
    given: Any, labels: Array, learnt: Sequence[int], known: Array | None
) -> Array:  # fmt: skip
    """The weight of the class of each sample learnt from."""
    if labels.ndim == 2 and labels.shape[1] > 1:
        raise ShapeError(
            f"class_weight goes by one label per sample, and these have {labels.shape[1]} targets "
            "each; give sample_weight"
        )
    classes, place = np.unique(labels.ravel(), return_inverse=True)
    place = place[learnt]
    if isinstance(given, str) and given == "balanced":
        weights: Array = 1.0 / np.bincount(place)[place]
        return weights
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
    weights = np.array([each[label] for label in classes.tolist()])[place]
    return weights / (weights.max() or 1.0)
