"""Batches of outputs and targets as losses take them, checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.errors import ShapeError
from autograd_lite.nn.data import Array
from autograd_lite.ops.numbers import as_float


def _rows(name: str, role: str, batch: Any) -> list[list[Any]]:
    """One list of numbers per sample, all of one length."""
    if isinstance(batch, Value | str) or not isinstance(batch, Iterable):
        raise TypeError(
            f"{name} takes a batch, with one entry per sample, and its {role} are one "
            f"{type(batch).__name__}: {batch!r}; write [output], [target] for a single sample"
        )
    entries = batch.tolist() if isinstance(batch, np.ndarray) else batch
    rows = [[entry] if _single(entry) else list(entry) for entry in entries]
    widths = sorted({len(row) for row in rows})
    if len(widths) > 1:
        raise ShapeError(f"the {role} of {name} have different lengths: {widths}")
    return rows


def _single(entry: Any) -> bool:
    return isinstance(entry, Value | str) or not isinstance(entry, Iterable)


def check_classes(name: str, classes: Sequence[float], targets: Array | list[float]) -> None:
    """A ValueError that names the first target that is no class."""
    if isinstance(targets, list):  # perhaps short, as in steps of one's own
        wrong: Any = [i for i, target in enumerate(targets) if target not in classes]
    else:
        wrong = np.flatnonzero(~np.isin(targets, classes))
    if len(wrong):
        between = "{:g} or {:g}", "class indices from {} to {}"
        known = between[isinstance(classes, range)].format(classes[0], classes[-1])
        target = float(targets[wrong[0]])
        raise ValueError(f"the targets of {name} are {known}, and number {wrong[0]} is {target!r}")


def _samples(name: str, outputs: Any, targets: Any) -> tuple[list[list[Any]], list[list[Any]]]:
    rows, wanted = _rows(name, "outputs", outputs), _rows(name, "targets", targets)
    if len(rows) != len(wanted):
        raise ShapeError(
            f"{name} takes one target per sample and was given {len(rows)} outputs and "
            f"{len(wanted)} targets"
        )
    if not rows:
        raise ShapeError(f"{name} of no samples is undefined; give it at least one")
    return rows, wanted


def pairs_of(name: str, outputs: Any, targets: Any) -> list[tuple[Any, Any]]:
    """(output, target) for all outputs of all samples."""
    rows, wanted = _samples(name, outputs, targets)
    if len(rows[0]) != len(wanted[0]) or not rows[0]:
        raise ShapeError(
            f"{name} takes one target per output and was given {len(rows[0])} outputs and "
            f"{len(wanted[0])} targets per sample"
        )
    return [pair for row, t in zip(rows, wanted, strict=True) for pair in zip(row, t, strict=True)]


def two_class_pairs(
    name: str, outputs: Any, targets: Any, classes: tuple[float, float]
) -> list[tuple[Any, float]]:
    """The same, of targets that are one of two numbers."""
    pairs = [(o, as_float(t)) for o, t in pairs_of(name, outputs, targets)]
    check_classes(name, classes, [target for _, target in pairs])
    return pairs


def classes_of(name: str, outputs: Any, targets: Any) -> list[tuple[list[Any], int]]:
    """(outputs, index of the class) of all samples."""
    rows, wanted = _samples(name, outputs, targets)
    if len(rows[0]) < 2:
        raise ShapeError(
            f"{name} takes one output per class, at least 2, and was given {len(rows[0])}; use "
            "binary_cross_entropy for one output"
        )
    if len(wanted[0]) != 1:
        raise ShapeError(
            f"{name} takes one class index per sample and was given {len(wanted[0])} numbers; "
            "write np.argmax(targets, axis=1) for one-hot rows"
        )
    classes = [as_float(target) for [target] in wanted]
    check_classes(name, range(len(rows[0])), classes)
    return [(row, int(c)) for row, c in zip(rows, classes, strict=True)]
