"""Losses: how far a batch of outputs is from its targets, as one number.

Each is ``loss(outputs, targets)``. `outputs` holds one entry per sample: a number, or a sequence of
k numbers for a network of k outputs; `targets` has the same shape, except for `cross_entropy` and
`gaussian_nll`. The result is the **mean over the samples**; with several outputs a sample counts
the mean over its outputs (as PyTorch's ``reduction="mean"`` does). Values in, one Value out; plain
numbers in, a float out.

A loss with a parameter is given to `learn` with another than the usual one by `functools.partial`:
``loss=partial(nn.losses.quantile, level=0.9)``.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from autograd_lite.errors import ShapeError, shown, typed
from autograd_lite.nn import loss_rules as rules
from autograd_lite.nn.data import check_classes, check_least, classes_of, pairs_of, rows_of
from autograd_lite.nn.samplewise import PerSample
from autograd_lite.ops.lookup import take
from autograd_lite.ops.numbers import as_float
from autograd_lite.ops.reductions import logsumexp, mean, softmax
from autograd_lite.ops.rules import absolute, exp, relu, square

__all__ = [
    "absolute_error", "binary_cross_entropy", "cross_entropy", "gaussian_nll", "hinge", "huber",
    "poisson", "quantile", "squared_error",
]  # fmt: skip


def squared_error(outputs: Iterable[Any], targets: Iterable[Any]) -> Any:
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


def absolute_error(outputs: Iterable[Any], targets: Iterable[Any]) -> Any:
    """Mean of ``|output - target|``, whose derivative at 0 is 0.

    Parameters, returns and errors are those of `squared_error`.

    Examples
    --------
    >>> absolute_error([3.0, 5.0], [2.0, 2.0])
    2.0
    """
    return _over_batch("absolute_error", outputs, targets)


def huber(outputs: Iterable[Any], targets: Iterable[Any], delta: float = 1.0) -> Any:
    """Mean of error² / 2 up to ``|error|`` = `delta`, and beyond of the tangent there (Huber 1964).

    So outliers pull no harder than an error of `delta`.

    Parameters, returns and errors are those of `squared_error`; a `delta` that is not above 0 is a
    ValueError.

    Examples
    --------
    >>> huber([3.0, 2.5], [0.0, 2.0])
    1.3125
    """
    return _over_batch("huber", outputs, targets, delta=_between("delta", delta, math.inf))


def quantile(outputs: Iterable[Any], targets: Iterable[Any], level: float = 0.5) -> Any:
    """Mean of the larger of level · error and (level - 1) · error, with error = target - output.

    Least where the share `level` of the targets lies below the output (Koenker & Bassett 1978), so
    at the median for 0.5. The derivative at an error of 0 is halfway between those beside it.

    Parameters, returns and errors are those of `squared_error`; a `level` that is not between 0 and
    1 is a ValueError.

    Examples
    --------
    >>> quantile([1.0, 1.0], [3.0, -1.0], level=0.75)
    1.0
    """
    return _over_batch("quantile", outputs, targets, level=_between("level", level, 1.0))


def poisson(outputs: Iterable[Any], targets: Iterable[Any]) -> Any:
    """Mean of -log(probability of the count) of Poisson's distribution, from logs of the rate.

    That is exp(output) - target · output: without log(target!), which no output changes (PyTorch's
    ``full=False``).

    Parameters, returns and errors are those of `squared_error`; a target below 0 is a ValueError.

    Examples
    --------
    >>> poisson([0.0, 0.0], [3, 2])
    1.0
    """
    return _over_batch("poisson", outputs, targets)


@np.errstate(all="ignore")
def gaussian_nll(outputs: Iterable[Any], targets: Iterable[Any]) -> Any:
    """Mean of -log(density of the target) of normal distributions, from mean and log variance.

    That is (log variance + (target - mean)² / variance) / 2: without log(2π) / 2, which no output
    changes (PyTorch's ``full=False``).

    Parameters, returns and errors are those of `squared_error`, but for the shape: a sample has two
    outputs, mean and log variance, and one target.

    Examples
    --------
    >>> gaussian_nll([[1.0, 0.0]], [4.0])
    4.5
    """
    rows, wanted = rows_of("gaussian_nll", outputs, targets)
    if (len(rows[0]), len(wanted[0])) != (2, 1):
        raise ShapeError(
            "gaussian_nll takes 2 outputs, mean and log variance, and 1 target per sample and was "
            f"given {len(rows[0])} and {len(wanted[0])}"
        )
    return mean([*map(rules.gaussian_of_sample, rows, wanted)])


def hinge(outputs: Iterable[Any], targets: Iterable[Any]) -> Any:
    """Mean of max(0, 1 - target · output): a margin for two classes (Cortes & Vapnik 1995).

    Parameters, returns and errors are those of `squared_error`; a target that is neither -1 nor +1
    is a ValueError.

    Examples
    --------
    >>> hinge([0.5, 3.0], [1, -1])
    2.25
    """
    return _over_batch("hinge", outputs, targets)


def binary_cross_entropy(outputs: Iterable[Any], targets: Iterable[Any]) -> Any:
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
def cross_entropy(outputs: Iterable[Any], targets: Iterable[Any]) -> Any:
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
    pairs = [(rules.gaps_of(row), c) for row, c in classes_of("cross_entropy", outputs, targets)]
    return mean([logsumexp(gaps) - take(gaps, c) for gaps, c in pairs])


# --- by name --------------------------------------------------------------------------------------


@np.errstate(all="ignore")
def _over_batch(name: str, outputs: Any, targets: Any, **parameters: float) -> Any:
    """A loss of pairs over all outputs of all samples, as if they were those of one."""
    found, wanted = pairs_of(name, outputs, targets)
    loss: Any = LOSSES[name]
    if loss.classes is not None:
        wanted = [*map(as_float, wanted)]
        check_classes(name, loss.classes(1), wanted)
    check_least(name, loss.least, wanted)
    return loss.sample(found, wanted, **parameters)


def _between(name: str, number: Any, above: float) -> float:
    """A parameter of a loss as a float between 0 and another number, both left out."""
    exact = as_float(number)
    if not 0.0 < exact < above:
        limit = "finite" if above == math.inf else f"below {above:g}"
        raise ValueError(f"{name} must be above 0 and {limit}, and is {shown(number)}")
    return exact


#: The losses by name.
LOSSES: dict[str, rules.Loss] = {
    loss.name: loss
    for loss in (
        rules.of_pairs(squared_error, lambda o, t: square(o - t)),
        rules.of_pairs(absolute_error, lambda o, t: absolute(o - t)),
        rules.of_pairs(huber, rules.huber_of),
        rules.of_pairs(quantile, rules.quantile_of),
        rules.of_pairs(poisson, lambda o, t: exp(o) - t * o, least=0.0, prediction=exp),
        rules.Loss(gaussian_nll, rules.gaussian_of_sample, name="gaussian_nll", width=2,
             prediction=lambda outputs: outputs[:, 0]),
        rules.of_two(hinge, lambda o, t: relu(1.0 - t * o), -1.0, 1.0),
        rules.of_two(binary_cross_entropy, rules.of_bit, 0.0, 1.0, probabilities=rules.of_sides),
        rules.Loss(cross_entropy, rules.cross_entropy_of_sample, rules.right_class, range, softmax,
             name="cross_entropy"),
    )
}  # fmt: skip


def find_loss(loss: str | Callable[[Any, Any], Any]) -> rules.Loss:
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
    if isinstance(loss, PerSample):
        return rules.Loss(loss, loss.sample)
    if isinstance(loss, partial) and not loss.args:  # with another delta or level
        row = find_loss(loss.func)
        if row.name and row.sample is not None:
            return replace(row, function=loss, sample=partial(row.sample, **loss.keywords))
    return next((row for row in LOSSES.values() if row.function is loss), rules.Loss(loss))
