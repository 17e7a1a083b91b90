"""Early stopping: a training ends when its loss has not fallen for some epochs."""

from dataclasses import dataclass

import numpy as np

from autograd_lite.engine import read_numbers, write_numbers
from autograd_lite.errors import counted, typed
from autograd_lite.nn.data import Array, positive_int
from autograd_lite.nn.learning.batches import Batches
from autograd_lite.nn.learning.history import History
from autograd_lite.nn.optim import in_range


@dataclass(frozen=True)
class EarlyStopping:
    """Rule for `learn` by which a training ends when its loss does not fall any more; as Keras's.

    The loss is that of validation; without validation data, that of training.

    Parameters
    ----------
    patience : int
        After so many epochs in a row without a new best loss it stops.
    min_delta : float, default=0.0
        A loss is a new best if it is below the best so far by more than this.
    restore_best : bool, default=True
        Whether the parameters of the best epoch are set when the training ends: stopped, at its
        last epoch or by Ctrl-C, but not by an exception. Else those of the last epoch stay.
        Without validation data, an epoch of one step has the loss of the parameters before it, so
        that those are set; with batches, which see other parameters each, those after the epoch.

    Raises
    ------
    TypeError, ValueError
        If `patience` is no int of at least 1, or `min_delta` no number of at least 0.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> model = nn.Neuron(1, "linear", seed=1)
    >>> history = model.learn(
    ...     [0, 1, 2], [1, 3, 5], optimizer="sgd", learning_rate=0.1, epochs=1000, progress=False,
    ...     early_stopping=nn.EarlyStopping(patience=3, min_delta=1e-3),
    ... )
    >>> history.stopped, len(history) - history.best
    (True, 3)
    >>> history.reason
    'for 3 epochs no loss was more than 0.001 below 0.003087, that of epoch 36'
    """

    patience: int
    min_delta: float = 0.0
    restore_best: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "patience", positive_int("patience", self.patience))
        object.__setattr__(self, "min_delta", in_range("min_delta", self.min_delta))


class BestEpoch:
    """The best epoch of a training so far, by a rule, and its parameters."""

    def __init__(self, rule: EarlyStopping, training: Batches, history: History) -> None:
        if not isinstance(rule, EarlyStopping):
            raise TypeError(
                "early_stopping is an nn.EarlyStopping, such as nn.EarlyStopping(patience=10), and "
                f"was given {typed(rule)}"
            )
        self._rule, self._training, self._history = rule, training, history
        self._parameters = training.parameters
        self._loss, self._waited = np.inf, 0
        self.numbers: Array = np.zeros(len(self._parameters))
        self._began: Array | None = None

    def begin(self) -> None:
        """Note the parameters before an epoch of steps."""
        self._began = np.zeros(len(self._parameters))
        read_numbers(self._parameters, self._began)

    def look(self, number: int) -> bool:
        """Whether the training is to stop after an epoch; of each that was, in order."""
        epoch, history = self._history[number - 1], self._history
        loss = epoch.loss if epoch.validation_loss is None else epoch.validation_loss
        self._waited += 1
        if loss < self._loss - self._rule.min_delta:
            self._loss, self._waited, history.best = loss, 0, number
            if self._began is None or epoch.validation_loss is not None or self._training.steps > 1:
                read_numbers(self._parameters, self.numbers)
            else:  # before its only step
                self.numbers = self._began
        elif self._waited >= self._rule.patience:
            what = "loss" if epoch.validation_loss is None else "validation loss"
            by = f"more than {self._rule.min_delta:g} " if self._rule.min_delta else ""
            history.reason = (
                f"for {counted(self._waited, 'epoch')} no {what} was {by}below {self._loss:.4g}, "
                f"that of epoch {history.best}"
            )
        return bool(history.reason)

    def restore(self) -> None:
        """Set the parameters of the best epoch, if that is wanted."""
        if self._rule.restore_best and self._history.best is not None:
            write_numbers(self._parameters, self.numbers)
