"""The record of a training, epoch by epoch."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from autograd_lite.errors import counted


class Epoch(NamedTuple):
    """One pass over the training data.

    Attributes
    ----------
    number : int
        From 1.
    loss : float
        Mean over the samples, each at the time of its batch.
    metrics : dict of str to float
        ``"accuracy"`` (0 to 1) for the losses of classification, measured batch by batch as the
        loss is; and the `metrics` that `learn` was given, measured at the end of the epoch.
    seconds : float
        Wall time, validation included.
    validation_loss : float or None
        None without validation data.
    validation_metrics : mapping of str to float
    learning_rate : float or None
        Of the last step.
    """

    number: int
    loss: float
    metrics: dict[str, float]
    seconds: float
    validation_loss: float | None = None
    validation_metrics: Mapping[str, float] = MappingProxyType({})
    learning_rate: float | None = None


@dataclass
class History:
    """The epochs of one call of `learn`: a sequence of `Epoch`, with its columns as lists.

    Attributes
    ----------
    epochs : list of Epoch
        Those that were finished.
    interrupted : bool
        Whether Ctrl-C ended it.
    stopped : bool
        Whether a callback or early stopping ended it.
    reason : str
        Why early stopping ended it; empty if it did not.
    best : int or None
        Number of the best epoch, whose loss is that of the parameters restored, unless it is a mean
        over the steps of the epoch (see `nn.EarlyStopping`); None without early stopping.
    notes : list of str
        Why no program ran the steps, where that was not asked for; the first time beside the bar.

    Examples
    --------
    >>> history = History([Epoch(1, 0.5, {}, 0.1), Epoch(2, 0.25, {}, 0.1)])
    >>> history.loss
    [0.5, 0.25]
    >>> history[-1].number
    2
    """

    epochs: list[Epoch] = field(default_factory=list)
    interrupted: bool = False
    stopped: bool = False
    reason: str = ""
    best: int | None = None
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.epochs)

    def __getitem__(self, index: int) -> Epoch:
        return self.epochs[index]

    def __iter__(self) -> Iterator[Epoch]:
        return iter(self.epochs)

    @property
    def loss(self) -> list[float]:
        """Training loss of each epoch."""
        return [epoch.loss for epoch in self.epochs]

    @property
    def seconds(self) -> list[float]:
        """Wall time of each epoch."""
        return [epoch.seconds for epoch in self.epochs]

    @property
    def learning_rate(self) -> list[float | None]:
        """Learning rate of the last step of each epoch."""
        return [epoch.learning_rate for epoch in self.epochs]

    @property
    def metrics(self) -> dict[str, list[float]]:
        """Training metrics by name, one number per epoch."""
        return _columns([epoch.metrics for epoch in self.epochs])

    @property
    def validation_loss(self) -> list[float]:
        """Validation loss of each epoch; empty without validation data."""
        losses = [epoch.validation_loss for epoch in self.epochs]
        return [loss for loss in losses if loss is not None]

    @property
    def validation_metrics(self) -> dict[str, list[float]]:
        """Validation metrics by name, one number per epoch."""
        return _columns([epoch.validation_metrics for epoch in self.epochs])

    def __repr__(self) -> str:
        ended = " (interrupted)" if self.interrupted else " (stopped)" if self.stopped else ""
        if not self.epochs:
            return f"<History of 0 epochs{ended}>"
        last = self.epochs[-1]
        parts = [f"loss {self.epochs[0].loss:.4g} -> {last.loss:.4g}"]
        parts += [f"{name} {number:.4g}" for name, number in last.metrics.items()]
        if last.validation_loss is not None:
            parts.append(f"validation loss {last.validation_loss:.4g}")
        parts += [f"validation {name} {x:.4g}" for name, x in last.validation_metrics.items()]
        return f"<History of {counted(len(self), 'epoch')}{ended}: {', '.join(parts)}>"


@contextmanager
def carried(history: History) -> Iterator[None]:
    """Block that gives any exception leaving it the epochs so far, as its ``history``."""
    try:
        yield
    except BaseException as error:
        try:  # whatever its class says about assignments
            object.__setattr__(error, "history", history)
        except AttributeError:
            error.add_note(f"until then: {history!r}")
        raise


def _columns(rows: list[Mapping[str, float]]) -> dict[str, list[float]]:
    names = rows[0] if rows else ()
    return {name: [row[name] for row in rows] for name in names}
