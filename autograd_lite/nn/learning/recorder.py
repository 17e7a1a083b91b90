"""The parameters of a network after each epoch, from which plots are made later."""

import copy
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_lite.errors import AnomalyError, ShapeError, counted, shown
from autograd_lite.nn.data import Array, positive_int, real_array, samples
from autograd_lite.nn.labels import encoded
from autograd_lite.nn.learning.batches import Batches, Evaluated, Samples, is_traceable
from autograd_lite.nn.learning.compiled_batches import CompiledBatches
from autograd_lite.nn.learning.history import History
from autograd_lite.nn.losses import find_loss
from autograd_lite.nn.module import Module


class Recorder:
    """A callback for `Module.learn` that keeps the parameters, for `autograd_lite.view.plots`.

    Parameters
    ----------
    model : Module
        Its parameters are kept once now, as epoch 0.
    inputs, outputs : array
        The samples over which losses and gradients are computed, as `Module.learn` takes them.
    loss : str or callable, default="squared_error"
        As `Module.learn` takes it.
    every : int, default=1
        How many epochs lie between two records.

    Attributes
    ----------
    epochs : list of int
        When the parameters were kept. They count on when `learn` is called again.
    names : list of str
        Of the parameters.
    inputs, outputs : ndarray

    Examples
    --------
    >>> from autograd_lite import nn
    >>> model = nn.Neuron(1, "linear", seed=1)
    >>> recorder = nn.Recorder(model, [0, 1, 2], [1, 3, 5])
    >>> history = model.learn(
    ...     [0, 1, 2], [1, 3, 5], epochs=3, callback=recorder, progress=False
    ... )
    >>> recorder.epochs, recorder.numbers.shape
    ([0, 1, 2, 3], (4, 2))
    """

    def __init__(
        self, model: Module, inputs: Any, outputs: Any,
        loss: str | Callable[[Any, Any], Any] = "squared_error", every: int = 1,
    ) -> None:  # fmt: skip
        self.every = positive_int("every", every)
        found = find_loss(loss)
        outputs = encoded(model, found, inputs, outputs, model.classes_).targets
        self.inputs, self.outputs = (a.astype(np.float64) for a in samples(inputs, outputs, model))
        criterion = dataclasses.replace(found, right=None)
        self._twin = copy.deepcopy(model).eval()
        self._twin.classes_ = None  # `outputs` are targets
        self._watched, self._moved = model.parameters(), self._twin.parameters()
        kind = CompiledBatches if is_traceable(model, criterion) else Batches
        self._pass = kind(self._twin, criterion, Samples(self.inputs, self.outputs))
        self._pass.check()
        self.names = [name for name, _ in model.named_parameters()]
        self.epochs, self._numbers = [0], [self._now()]
        self._finished = 0

    def __call__(self, history: History) -> None:
        """Keep the parameters if it is time; `learn` calls this after each epoch."""
        self._finished += 1
        if self._finished % self.every == 0:
            self.epochs.append(self._finished)
            self._numbers.append(self._now())

    def __repr__(self) -> str:
        parameters = counted(len(self.names), "parameter")
        return f"<Recorder of {counted(len(self.epochs), 'record')}, {parameters} each>"

    @property
    def numbers(self) -> Array:
        """The parameters, of shape (records, parameters)."""
        return np.array(self._numbers)

    def model_at(self, record: int) -> Module:
        """A copy of the model as it was at a record, which is a position in `epochs`."""
        self._move(self._numbers[record])
        model = copy.deepcopy(self._twin)
        model.zero_grad()
        return model

    def gradients(self) -> Array:
        """The gradient of the loss over all samples at each record: (records, parameters)."""
        return np.array([self._evaluate(row, True)[2] for row in self._numbers])

    def losses(self, numbers: Any = None) -> Array:
        """The loss over all samples, for each of several settings of the parameters.

        Parameters
        ----------
        numbers : array of shape (n, parameters), optional
            The recorded ones if left out.

        Returns
        -------
        ndarray of shape (n,)
            inf where the loss is no finite number.

        Raises
        ------
        ShapeError
            If there are more or fewer numbers than parameters.
        """
        rows = self.numbers if numbers is None else real_array("numbers", numbers)
        if rows.ndim != 2 or rows.shape[1] != len(self.names):
            raise ShapeError(
                f"numbers are rows of {len(self.names)}, one for each parameter, and have the "
                f"shape {rows.shape}"
            )
        return np.array([self._loss(row) for row in rows])

    def columns(self, names: Sequence[str] | None = None, count: int = 2) -> list[int]:
        """Positions in `names` of `count` parameters; without names, all if there are no more."""
        chosen = list(self.names if names is None else names)
        unknown = [name for name in chosen if name not in self.names]
        if unknown or len(set(chosen)) != count:
            what = f"{shown(unknown[0])} is none" if unknown else f"{len(set(chosen))} were given"
            raise ValueError(
                f"name {counted(count, 'parameter')} of the {len(self.names)} of this model ("
                f"{', '.join(self.names[:6])}{', …' if len(self.names) > 6 else ''}); {what}"
            )
        return [self.names.index(name) for name in chosen]

    def _now(self) -> Array:
        return np.array([parameter.data for parameter in self._watched])

    def _loss(self, numbers: Array) -> float:
        try:
            return float(self._evaluate(numbers, False)[0])
        except AnomalyError:
            return float("inf")

    def _evaluate(self, numbers: Array, differentiate: bool) -> Evaluated:
        self._move(numbers)
        return self._pass.evaluate(range(len(self.inputs)), 0, differentiate)

    def _move(self, numbers: Array) -> None:
        for parameter, number in zip(self._moved, numbers.tolist(), strict=True):
            parameter.data = number
