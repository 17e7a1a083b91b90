"""Losses: how far a batch of outputs is from its targets, as one number.

Each is ``loss(outputs, targets)``. `outputs` holds one entry per sample: a number, or a sequence of
k numbers for a network of k outputs; `targets` has the same shape, except for `cross_entropy`. The
result is the **mean over the samples**; with several outputs a sample counts the mean over its
outputs (as PyTorch's ``reduction="mean"`` does). Values in, one Value out; plain numbers in, a
float out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.errors import shown, typed
from autograd_lite.nn.data import Array, check_classes, classes_of, pairs_of
from autograd_lite.ops.activations import softplus
from autograd_lite.ops.choice import equal, less, where
from autograd_lite.ops.lookup import entry_at, take
from autograd_lite.ops.numbers import as_float
from autograd_lite.ops.reductions import logsumexp, max, mean
from autograd_lite.ops.rules import absolute, relu, square, stop_gradient


def squared_error(outputs: Any, targets: Any) -> Any:
    """Mean of (output - target)².

    Parameters
    ----------
    outputs, targets : sequence of n numbers, or of n sequences of k; Values among them or not

    Returns
    -------
    Value or float
        The mean.

    Raises
    ------
    ShapeError
        If the two differ in shape, or there are no samples.

    Examples
    --------
    >>> squared_error([3.0, 5.0], [2.0, 2.0])
    5.0
    """
    return _over_batch("squared_error", outputs, targets)


def absolute_error(outputs: Any, targets: Any) -> Any:
    """Mean of |output - target|, whose derivative at 0 is 0.

    Parameters, returns and errors are those of `squared_error`.

    Examples
    --------
    >>> absolute_error([3.0, 5.0], [2.0, 2.0])
    2.0
    """
    return _over_batch("absolute_error", outputs, targets)


def hinge(outputs: Any, targets: Any) -> Any:
    """Mean of max(0, 1 - target · output): a margin for two classes (Cortes & Vapnik 1995).

    Parameters, returns and errors are those of `squared_error`; a target that is neither -1 nor +1
    is a ValueError.

    Examples
    --------
    >>> hinge([0.5, 3.0], [1, -1])
    2.25
    """
    return _over_batch("hinge", outputs, targets)


def binary_cross_entropy(outputs: Any, targets: Any) -> Any:
    """Mean of -log(probability of the target), for two classes, from logits.

    The probability of class 1 is sigmoid(output). Computed as softplus(±output), which neither
    overflows nor loses digits, however large the logit.

    Parameters, returns and errors are those of `squared_error`; a target that is neither 0 nor 1
    is a ValueError.

    Examples
    --------
    >>> binary_cross_entropy([1000.0, -1000.0], [1, 1])
    500.0
    """
    return _over_batch("binary_cross_entropy", outputs, targets)


@np.errstate(all="ignore")
def cross_entropy(outputs: Any, targets: Any) -> Any:
    """Mean of -log(probability of the target), for k classes, from logits.

    The probabilities of a sample are the softmax of its k outputs. Only the gaps between logits
    count, so these are taken first: no digit is lost however large what all share. A logit of -inf
    is a class that is left out; inf gives nan, as in PyTorch.

    Parameters
    ----------
    outputs : sequence of n sequences of k logits
        k is at least 2.
    targets : sequence of n class indices
        0 to k - 1; in a compiled function they may be Values.

    Returns
    -------
    Value or float

    Raises
    ------
    ShapeError
        If the numbers of samples differ, there are none, or there is one output only.
    ValueError
        If a target is no class index.

    Examples
    --------
    >>> cross_entropy([[1000.0, 0.0], [0.0, 0.0]], [1, 0]).__round__(4)
    500.3466
    """
    pairs = [(_gaps(row), c) for row, c in classes_of("cross_entropy", outputs, targets)]
    return mean([logsumexp(gaps) - take(gaps, c) for gaps, c in pairs])


def _gaps(logits: Sequence[Any]) -> list[Any]:
    """Each logit minus the largest, which cancels in the loss and its derivatives."""
    top = stop_gradient(max(logits))
    return [logit - top for logit in logits]


def _cross_entropy_of_sample(outputs: Any, targets: Any) -> Any:
    gaps, [target] = _gaps(outputs), targets
    return logsumexp(gaps) - entry_at(gaps, target)


# --- by name --------------------------------------------------------------------------------------


def _right_sides(outputs: Any, targets: Any) -> list[Any]:
    """Whether each score or logit is on the side of 0 that its target names."""
    return [equal(less(0.0, o), less(0.0, t)) for o, t in zip(outputs, targets, strict=True)]


def _right_class(outputs: Any, targets: Any) -> list[Any]:
    """Whether the largest logit, the first of equals, is that of the class."""
    largest, found = outputs[0], 0.0
    for k, output in enumerate(outputs[1:], 1):
        larger = less(largest, output)
        largest, found = where(larger, output, largest), where(larger, float(k), found)
    return [equal(found, targets[0])]


@dataclass(frozen=True)
class Loss:
    """A loss and the metrics that go with it."""

    #: Of outputs and targets of a batch.
    function: Callable[[Any, Any], Any]
    #: Of one sample, lists that may hold Values; the batch's loss is the mean. None for a user's.
    sample: Callable[[Any, Any], Any] | None = None
    #: Of one sample, or of columns: 1.0 for each choice that is right, else 0.0; for the accuracy.
    right: Callable[[Any, Any], list[Any]] | None = None
    #: The targets that there may be, given the number of outputs.
    classes: Callable[[int], Sequence[float]] | None = None
    #: Whether it makes probabilities of the outputs itself.
    logits: bool = False

    @property
    def metrics(self) -> Mapping[str, Callable[[Any, Any], float]]:
        """Functions of a batch's plain outputs and targets, by name."""
        return {} if self.right is None else {"accuracy": self._accuracy}

    def _accuracy(self, outputs: Any, targets: Any) -> float:
        rows = np.reshape(outputs, (len(outputs), -1))
        wanted = np.reshape(targets, (len(targets), -1))
        return float(np.mean(self.right([*rows.T], [*wanted.T])))  # type: ignore[misc]

    def check(self, targets: Array, n_outputs: int) -> None:
        """Raise what the function of this loss raises for such targets."""
        self.function([[0.0] * n_outputs], targets[:1])
        if self.classes is not None:
            check_classes(self.function.__name__, self.classes(n_outputs), targets.ravel())


def _of_pairs(
    function: Callable[[Any, Any], Any], pair: Callable[[Any, Any], Any],
    classes: tuple[float, float] | None = None, logits: bool = False,
) -> Loss:  # fmt: skip
    """The loss that is the mean of a rule for one output and its target."""

    def sample(outputs: Any, targets: Any) -> Any:
        return mean([*map(pair, outputs, targets)])

    if classes is None:
        return Loss(function, sample)
    return Loss(function, sample, _right_sides, lambda n_outputs: classes, logits=logits)


@np.errstate(all="ignore")
def _over_batch(name: str, outputs: Any, targets: Any) -> Any:
    """A loss of pairs over all outputs of all samples, as if they were those of one."""
    found, wanted = pairs_of(name, outputs, targets)
    loss: Any = LOSSES[name]
    if loss.classes is not None:
        wanted = [*map(as_float, wanted)]
        check_classes(name, loss.classes(1), wanted)
    return loss.sample(found, wanted)


def _of_bit(output: Any, bit: Any) -> Any:
    if isinstance(bit, Value):  # in a program, which holds for both
        return softplus(where(bit, -output, output))
    return softplus(-output if bit else output)


#: The losses by name.
LOSSES: dict[str, Loss] = {
    "squared_error": _of_pairs(squared_error, lambda o, t: square(o - t)),
    "absolute_error": _of_pairs(absolute_error, lambda o, t: absolute(o - t)),
    "hinge": _of_pairs(hinge, lambda o, t: relu(1.0 - t * o), (-1.0, 1.0)),
    "binary_cross_entropy": _of_pairs(binary_cross_entropy, _of_bit, (0.0, 1.0), logits=True),
    "cross_entropy": Loss(
        cross_entropy, _cross_entropy_of_sample, _right_class, range, logits=True
    ),
}


def find_loss(loss: str | Callable[[Any, Any], Any]) -> Loss:
    """The loss of that name, or a function ``loss(outputs, targets)`` as one."""
    if isinstance(loss, str):
        if loss not in LOSSES:
            raise ValueError(f"unknown loss {shown(loss)}; choose one of: {', '.join(LOSSES)}")
        return LOSSES[loss]
    if not callable(loss):
        raise TypeError(
            f"loss is a name ({', '.join(LOSSES)}) or a function of (outputs, targets) and was "
            f"given {typed(loss)}"
        )
    return next((row for row in LOSSES.values() if row.function is loss), Loss(loss))
