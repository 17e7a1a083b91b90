"""The rules of losses, of one output or of one sample, and what goes with them.

They are written as those of ops are, so that they run on numbers, on Values and in programs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.nn.data import Array, check_classes, check_least
from autograd_lite.ops.activations import sigmoid, softplus
from autograd_lite.ops.choice import equal, less, where
from autograd_lite.ops.lookup import entry_at
from autograd_lite.ops.reductions import logsumexp, max, mean
from autograd_lite.ops.rules import absolute, exp, maximum, square, stop_gradient


@dataclass(frozen=True)
class Loss:
    """A loss and the metrics that go with it."""

    #: Of outputs and targets of a batch.
    function: Callable[..., Any]
    #: Of one sample, lists that may hold Values; the batch's loss is the mean. None for a user's.
    sample: Callable[..., Any] | None = None
    #: Of one sample, or of columns: 1.0 for each choice that is right, else 0.0; for the accuracy.
    right: Callable[[Any, Any], list[Any]] | None = None
    #: The targets that there may be, given the number of outputs.
    classes: Callable[[int], Sequence[float]] | None = None
    #: Of columns of outputs, which are logits: a column for each class.
    probabilities: Callable[[list[Any]], list[Any]] | None = None
    #: The smallest target that there may be.
    least: float = -math.inf
    #: Empty for a user's.
    name: str = ""
    #: Outputs for each target.
    width: int = 1
    #: Of an array of outputs, what they predict; that is they themselves, if None.
    prediction: Callable[[Any], Any] | None = None

    @property
    def metrics(self) -> Mapping[str, Callable[[Any, Any], float]]:
        """Functions of a batch's plain outputs and targets, by name."""
        return {} if self.right is None else {"accuracy": self._accuracy}

    #: Whether it makes probabilities of the outputs itself.
    logits = property(lambda self: self.probabilities is not None)

    def _accuracy(self, outputs: Any, targets: Any) -> float:
        rows = np.reshape(outputs, (len(outputs), -1))
        wanted = np.reshape(targets, (len(targets), -1))
        return float(np.mean(self.right([*rows.T], [*wanted.T])))  # type: ignore[misc]

    def check(self, targets: Array, n_outputs: int) -> None:
        """Raise what the function of this loss raises for such targets."""
        if self.name:  # what a user's function makes of zeros is not known
            self.function([[0.0] * n_outputs], targets[:1])
        check_least(self.name, self.least, targets.ravel())
        if self.classes is not None:
            check_classes(self.name, self.classes(n_outputs), targets.ravel())


def of_pairs(function: Callable[..., Any], pair: Callable[..., Any], **more: Any) -> Loss:
    """The loss that is the mean of a rule for one output and its target."""

    def sample(outputs: Any, targets: Any, **parameters: float) -> Any:
        pairs = zip(outputs, targets, strict=True)
        return mean([pair(output, target, **parameters) for output, target in pairs])

    return Loss(function, sample, name=function.__name__, **more)


def of_two(
    function: Callable[..., Any], pair: Callable[..., Any], *targets: float, **more: Any
) -> Loss:
    """The loss of two classes, of which each output chooses one by its sign."""
    return of_pairs(function, pair, right=_right_sides, classes=lambda n_outputs: targets, **more)


# --- the rules ---


def huber_of(output: Any, target: Any, delta: float = 1.0) -> Any:
    """See `losses.huber`."""
    distance = absolute(output - target)
    return where(
        less(distance, delta), 0.5 * square(output - target), delta * (distance - 0.5 * delta)
    )


def quantile_of(output: Any, target: Any, level: float = 0.5) -> Any:
    """See `losses.quantile`; a tie has the mean of both derivatives."""
    return maximum(level * (target - output), (level - 1.0) * (target - output))


def of_bit(output: Any, bit: Any) -> Any:
    """See `losses.binary_cross_entropy`."""
    if isinstance(bit, Value):  # in a program, which holds for both
        return softplus(where(bit, -output, output))
    return softplus(-output if bit else output)


def of_sides(columns: list[Any]) -> list[Any]:
    """Of one logit the probabilities of both classes; of more, of class 1 in each column."""
    below = [sigmoid(-columns[0])] if len(columns) == 1 else []
    return [*below, *map(sigmoid, columns)]


def gaussian_of_sample(outputs: Any, targets: Any) -> Any:
    """See `losses.gaussian_nll`."""
    (centre, log_variance), [target] = outputs, targets
    return 0.5 * (log_variance + square(target - centre) * exp(-log_variance))


def gaps_of(logits: Sequence[Any]) -> list[Any]:
    """Each logit minus the largest, which cancels in the loss and its derivatives."""
    top = stop_gradient(max(logits))
    return [logit - top for logit in logits]


def cross_entropy_of_sample(outputs: Any, targets: Any) -> Any:
    """See `losses.cross_entropy`."""
    gaps, [target] = gaps_of(outputs), targets
    return logsumexp(gaps) - entry_at(gaps, target)


def _right_sides(outputs: Any, targets: Any) -> list[Any]:
    """Whether each score or logit is on the side of 0 that its target names."""
    return [equal(less(0.0, o), less(0.0, t)) for o, t in zip(outputs, targets, strict=True)]


def right_class(outputs: Any, targets: Any) -> list[Any]:
    """Whether the largest logit, the first of equals, is that of the class."""
    largest, found = outputs[0], 0.0
    for k, output in enumerate(outputs[1:], 1):
        larger = less(largest, output)
        largest, found = where(larger, output, largest), where(larger, float(k), found)
    return [equal(found, targets[0])]
