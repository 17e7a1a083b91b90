"""A loss of one's own, by a function of one sample."""

import sys
from collections.abc import Callable
from functools import reduce, update_wrapper
from typing import Any

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.errors import shown, typed
from autograd_lite.nn.data import rows_of
from autograd_lite.ops.reductions import mean


class PerSample:
    """Make a loss of a function of one sample; also a decorator.

    The loss of a batch is the mean over its samples. `learn` compiles it as it does the package's
    losses, which takes a fraction of the time of a function of a whole batch. Called on outputs and
    targets of a batch, it gives their loss, as the functions in `nn.losses` do.

    Parameters
    ----------
    function : callable
        ``function(outputs, target)`` gives the loss of one sample, one Value. Of a model of one
        output, `outputs` is that, a Value; of more, a list of them; `target` likewise, by the
        numbers of a row of targets. It must depend on these two alone: another number that it
        reads, unless that is a Value, is recorded as it is then. A comparison of Values makes a
        path of the program for each way it comes out; `ag.where` makes none.

    Raises
    ------
    TypeError
        If `function` cannot be called; later, if it gives no number.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> from autograd_lite import sqrt
    >>> loss = per_sample(lambda output, target: sqrt(1.0 + (output - target) ** 2) - 1.0)
    >>> loss([0.75, 2.0], [0.0, 2.0])
    0.125
    >>> model = nn.Neuron(1, "linear", seed=1)
    >>> history = model.learn(
    ...     [0, 1, 2], [1, 3, 5], loss, learning_rate=0.05, epochs=800, progress=False
    ... )
    >>> model.predict([10]).round(2)
    array([21.])
    """

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        if not callable(function):
            raise TypeError(
                "per_sample takes a function of one sample's outputs and target and was given "
                f"{typed(function)}"
            )
        update_wrapper(self, function)
        self._function = function

    @np.errstate(all="ignore")
    def __call__(self, outputs: Any, targets: Any) -> Any:
        """The mean over a batch, of one entry per sample."""
        return mean([*map(self.sample, *rows_of(self._name, outputs, targets))])

    def sample(self, outputs: list[Any], targets: list[Any]) -> Any:
        """The loss of one sample, whose outputs and targets are lists."""
        pair = (part[0] if len(part) == 1 else part for part in (outputs, targets))
        found = self._function(*pair)
        if not isinstance(found, Value | float | int | np.floating):
            raise TypeError(
                f"{self._name} must return the loss of one sample, a Value, and returned "
                f"{typed(found)}"
            )
        return found

    @property
    def _name(self) -> str:
        return getattr(self._function, "__name__", shown(self._function))

    def __repr__(self) -> str:
        return f"per_sample({self._name})"

    def __reduce__(self) -> Any:
        """By name where it took the function's, as a decorator does."""
        path = getattr(self._function, "__qualname__", "").split(".")
        module = sys.modules.get(getattr(self._function, "__module__", ""))
        found: Any = reduce(lambda part, name: getattr(part, name, None), path, module)
        return ".".join(path) if found is self else (PerSample, (self._function,))


#: The name that users call it by.
per_sample = PerSample
