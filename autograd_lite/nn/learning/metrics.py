"""Metrics of a whole epoch's outputs, by name or as functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_lite.errors import ShapeError, shown, typed
from autograd_lite.nn.data import Array, part_of
from autograd_lite.nn.learning.batches import Batches
from autograd_lite.nn.learning.in_batches import InBatches
from autograd_lite.nn.loss_rules import Loss
from autograd_lite.ops.numbers import as_float

_ROWS_AT_A_TIME = 2**17


class Metrics:
    """Functions of all targets and outputs, computed after an epoch."""

    def __init__(self, given: Any, training: Batches, width: int) -> None:
        loss, targets = training.loss, training.targets[:1].size
        self._usual = np.geterr()  # for a user's own
        self._functions: dict[str, Callable[[Array, Array], Any]] = {}
        for metric in given if isinstance(given, list | tuple) else [given]:
            name = metric if isinstance(metric, str) else getattr(metric, "__name__", "metric")
            if name in self._functions or (name in loss.metrics and metric != name):
                raise ValueError(f"two metrics are called {name!r}; give each a name of its own")
            if not isinstance(metric, str):
                if not callable(metric):
                    raise TypeError(
                        f"metrics are names ({', '.join(_KNOWN)}) or functions of (targets, "
                        f"outputs), and were given {typed(metric)}"
                    )
                self._functions[name] = metric
            elif name not in loss.metrics:  # which every epoch has
                self._functions[name] = _named(name, loss, width, targets)

    def over(self, batches: Batches, part: Sequence[int]) -> dict[str, float]:
        """All of them, by name, over some samples."""
        if not self._functions:
            return {}
        chunks = InBatches(part, _ROWS_AT_A_TIME)
        outputs = np.concatenate([batches.outputs_at(part_of(batches.inputs, c)) for c in chunks])
        targets = part_of(batches.targets, part)
        targets = targets[:, 0] if targets.ndim == 2 and targets.shape[1] == 1 else targets
        found = {}
        for name, function in self._functions.items():
            with np.errstate(**self._usual):
                number = function(targets, outputs)
            try:
                found[name] = as_float(number)
            except TypeError:
                raise TypeError(
                    f"the metric {name} must give a number and gave {typed(number)}"
                ) from None
        return found


def _named(name: str, loss: Loss, width: int, targets: int) -> Callable[[Array, Array], Any]:
    """The metric of that name, for numbers of outputs and targets of a loss."""
    if name not in _KNOWN:
        raise ValueError(
            f"unknown metric {shown(name)}; choose from {', '.join(_KNOWN)}, or give a function of "
            "(targets, outputs)"
        )
    if name in _OF_NUMBERS:
        same = [0.5] * width
        rule: Any = loss.sample
        # A loss that is not 0 where outputs are targets has other outputs: logits, logs, pairs.
        if loss.name and (loss.classes or targets != width or rule(same, same)):
            raise ValueError(
                f"{name} compares each output with its target, and {loss.name} does not; give a "
                "function of (targets, outputs)"
            )
        return _OF_NUMBERS[name]
    if loss.classes is None or name not in _OF_CLASSES:
        raise ValueError(f"{name} needs a loss of classes, such as cross_entropy")
    classes = loss.classes(width)
    many = isinstance(classes, range)  # with an output for each
    if width > 1 and (not many or (width > 2 and _OF_CLASSES[name] is _auc)):
        raise ValueError(
            f"{name} is not defined for {width} outputs of {loss.name}; give a "
            "function of (targets, outputs)"
        )

    def metric(targets: Array, outputs: Array) -> Any:
        right = [targets == c for c in classes]
        if not many:
            outputs = np.stack([np.zeros(len(outputs)), outputs], axis=1)
        return _OF_CLASSES[name](right, outputs)

    return metric


def _f1(right: Sequence[Array], outputs: Array) -> float:
    """F1 of the second of two classes; of more, the mean over those that occur."""
    chosen, scores = outputs.argmax(axis=1), []
    for k, mine in enumerate(right):
        found = chosen == k
        either = mine.sum() + found.sum()
        scores.append(2.0 * (mine & found).sum() / either if either else np.nan)
    return float(np.nanmean(scores)) if len(right) > 2 else float(np.nan_to_num(scores[1]))


def _auc(right: Sequence[Array], outputs: Array) -> float:
    """Area under the ROC curve: how often the second of two classes ranks above the first.

    A tie counts one half (Mann & Whitney 1947); nan if one class has no samples.
    """
    _, place, counts = np.unique(
        outputs[:, 1] - outputs[:, 0], return_inverse=True, return_counts=True
    )
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[place]
    first, second = (int(mine.sum()) for mine in right)
    if not first or not second:
        return float("nan")
    return float((ranks[right[1]].sum() - second * (second + 1) / 2.0) / (first * second))


def _errors(targets: Array, outputs: Array) -> Array:
    if targets.shape != outputs.shape:
        raise ShapeError(
            f"mae and r2 compare each output with its target, and these have the shapes "
            f"{outputs.shape} and {targets.shape}"
        )
    errors: Array = outputs - targets
    return errors.reshape(len(errors), -1)


def _mae(targets: Array, outputs: Array) -> float:
    """Mean absolute error."""
    return float(np.abs(_errors(targets, outputs)).mean())


def _r2(targets: Array, outputs: Array) -> float:
    """Share of the variance that is explained, the mean over outputs; as scikit-learn's."""
    residual = np.square(_errors(targets, outputs)).sum(axis=0)
    total = np.square(targets - targets.mean(axis=0)).reshape(len(targets), -1).sum(axis=0)
    if len(targets) < 2:
        return float("nan")
    varied = total > 0.0
    explained = 1.0 - residual / np.where(varied, total, 1.0)
    # Of equal targets, where nothing can be explained, scikit-learn's convention.
    return float(np.where(varied, explained, residual == 0.0).mean())


_OF_CLASSES: dict[str, Callable[[Sequence[Array], Array], float]] = {
    "f1": _f1, "auc": _auc, "roc_auc": _auc,
}  # fmt: skip
_OF_NUMBERS: dict[str, Callable[[Array, Array], float]] = {"mae": _mae, "r2": _r2}
_KNOWN = ["accuracy", *_OF_CLASSES, *_OF_NUMBERS]
