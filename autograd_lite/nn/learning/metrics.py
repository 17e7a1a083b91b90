"""Metrics of a whole epoch's outputs, by name or as functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_lite.errors import ShapeError, shown, typed
from autograd_lite.nn.data import Array
from autograd_lite.nn.learning.batches import Batches
from autograd_lite.nn.learning.in_batches import InBatches
from autograd_lite.ops.numbers import as_float

_ROWS_AT_A_TIME = 2**17


class Metrics:
    """Functions of all targets and outputs, computed after an epoch."""

    def __init__(self, given: Any, training: Batches, width: int) -> None:
        self._usual = np.geterr()  # for a user's own
        self.functions: dict[str, Callable[[Array, Array], Any]] = {}  # by name
        there = training.loss.metrics  # in every epoch
        for metric in given if isinstance(given, list | tuple) else [given]:
            name = metric if isinstance(metric, str) else getattr(metric, "__name__", "metric")
            if name in self.functions or (name in there and metric != name):
                raise ValueError(f"two metrics are called {name!r}; give each a name of its own")
            if not isinstance(metric, str) and not callable(metric):
                raise TypeError(
                    f"metrics are names ({', '.join(_KNOWN)}) or functions of (targets, outputs), "
                    f"and were given {typed(metric)}"
                )
            if name not in there:
                named = isinstance(metric, str)
                self.functions[name] = _named(name, training, width) if named else metric

    def over(self, batches: Batches, rows: Any) -> dict[str, float]:
        """All of them, by name, over some samples."""
        chunks = rows if isinstance(rows, InBatches) else InBatches(rows, _ROWS_AT_A_TIME)
        targets, outputs = map(np.concatenate, zip(*map(batches.pairs_at, chunks), strict=True))
        targets, found = targets.reshape(len(targets), -1), {}
        targets = targets[:, 0] if targets.shape[1] == 1 else targets
        targets.flags.writeable = outputs.flags.writeable = False  # they may be the user's own
        for name, function in self.functions.items():
            with np.errstate(**self._usual):
                number = function(targets, outputs)
            try:
                found[name] = as_float(number)
            except TypeError:
                said = f"the metric {name} must give a number and gave {typed(number)}"
                raise TypeError(said) from None
        return found


def _named(name: str, training: Batches, width: int) -> Callable[[Array, Array], Any]:
    """The metric of that name for a training whose model has so many outputs."""
    loss, rule = training.loss, training.loss.sample
    known: dict[str, Any] = _OF_NUMBERS if name in _OF_NUMBERS else _OF_CLASSES
    if name not in _KNOWN:
        raise ValueError(
            f"unknown metric {shown(name)}; choose from {', '.join(_KNOWN)}, or give a function of "
            "(targets, outputs)"
        )
    if known is _OF_NUMBERS:
        same = [0.5] * width
        # A loss that is not 0 where outputs are targets has other outputs: logits, logs, pairs.
        if loss.name and (
            loss.classes or training.targets[:1].size != width or not rule or rule(same, same)
        ):
            raise ValueError(
                f"{name} compares each output with its target, and {loss.name} does not; give a "
                "function of (targets, outputs)"
            )
        function: Callable[[Array, Array], Any] = known[name]
        return function
    if loss.classes is None or name not in known:
        raise ValueError(f"{name} needs a loss of classes, such as cross_entropy")
    classes = loss.classes(width)
    many = isinstance(classes, range)  # with an output for each
    if width > 1 and (not many or (width > 2 and known[name] is _auc)):
        raise ValueError(
            f"{name} is not defined for {width} outputs of {loss.name}; give a function of "
            "(targets, outputs)"
        )

    def metric(targets: Array, outputs: Array) -> Any:
        scores = outputs if many else np.stack([np.zeros(len(outputs)), outputs], axis=1)
        return known[name]([targets == c for c in classes], scores)

    return metric


def _f1(right: Sequence[Array], scores: Array) -> float:
    """F1 of the second of two classes; of more, the mean over those that occur."""
    chosen = scores.argmax(axis=1)
    pairs = [(mine, chosen == k) for k, mine in enumerate(right)]
    found = [
        2.0 * (mine & took).sum() / (mine.sum() + took.sum())
        for mine, took in (pairs if len(pairs) > 2 else pairs[1:])
        if mine.any() or took.any()
    ]
    return float(np.mean(found)) if found else 0.0


def _auc(right: Sequence[Array], scores: Array) -> float:
    """Area under the ROC curve: how often the second of two classes ranks above the first.

    A tie counts one half (Mann & Whitney 1947); nan if one class has no samples.
    """
    sides = scores[:, 1] - scores[:, 0]
    _, place, counts = np.unique(sides, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[place]
    first, second = (int(mine.sum()) for mine in right)
    above = ranks[right[1]].sum() - second * (second + 1) / 2.0
    return float(above / (first * second)) if first and second else float("nan")


def _errors(targets: Array, outputs: Array) -> Array:
    if targets.shape != outputs.shape:
        raise ShapeError(
            f"mae and r2 compare each output with its target, and these have the shapes "
            f"{outputs.shape} and {targets.shape}"
        )
    errors: Array = outputs - targets
    return errors.reshape(len(errors), -1)


def _r2(targets: Array, outputs: Array) -> float:
    """Share of the variance that is explained, the mean over outputs; as scikit-learn's."""
    residual = np.square(_errors(targets, outputs)).sum(axis=0)
    total = np.square(targets - targets.mean(axis=0)).reshape(len(targets), -1).sum(axis=0)
    # Of equal targets, where nothing can be explained, scikit-learn's convention.
    explained = np.where(total, 1.0 - residual / np.where(total, total, 1.0), residual == 0.0)
    return float(explained.mean()) if len(targets) > 1 else float("nan")


_OF_CLASSES = {"f1": _f1, "auc": _auc, "roc_auc": _auc}
_OF_NUMBERS = {"mae": lambda targets, outputs: np.abs(_errors(targets, outputs)).mean(), "r2": _r2}
_KNOWN = ["accuracy", *_OF_CLASSES, *_OF_NUMBERS]
