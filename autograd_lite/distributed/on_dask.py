"""Learning whose samples Dask's workers have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate
from math import isfinite
from typing import Any

import numpy as np

from autograd_lite.distributed.cluster import Workers
from autograd_lite.distributed.on_workers import (
    At,
    Reading,
    RowSums,
    Weighing,
    pair_of,
)
from autograd_lite.errors import AnomalyError, ShapeError, counted
from autograd_lite.nn.data import Array, Model, positive_int, rows_at
from autograd_lite.nn.labels import encoded
from autograd_lite.nn.learning import learn as learning
from autograd_lite.nn.learning.compiled_batches import CompiledBatches
from autograd_lite.nn.learning.history import History
from autograd_lite.nn.learning.in_batches import InBatches, Stream
from autograd_lite.nn.learning.remarks import WAY_OUT
from autograd_lite.nn.learning.weighting import of_classes
from autograd_lite.nn.loss_rules import Loss
from autograd_lite.nn.losses import find_loss
from autograd_lite.nn.parts.training_mode import forced
from autograd_lite.nn.predictions import Outputs
from autograd_lite.program.paths import Paths

_OPTIONS = {
    *("optimizer", "learning_rate", "epochs", "validation", "callback", "progress", "seed", "show"),
    *("schedule", "early_stopping", "l1", "l2", "checkpoint", "resume", "metrics"),
}


def learn(
    model: Model, inputs: Any, outputs: Any, loss: Any = "squared_error",
    batch_size: int | None = None, client: Any = None, sample_weight: Any = None,
    class_weight: Any = None, **options: Any,
) -> History:  # fmt: skip
    """Fit the parameters of a model on Dask, with the bits of `Module.learn` in one process.

    Parameters
    ----------
    model : Module
        Its programs travel to the workers.
    inputs, outputs : Dask arrays or frames, or arrays
        As `Module.learn` takes them. Each epoch computes Dask's anew, unless they are persisted;
        and where outputs may be labels, or there are weights, a pass before the first epoch.
    loss : str or callable, default="squared_error"
        As `Module.learn` takes it, but no function of a whole batch.
    batch_size : int, optional
        Rows of a batch, which lie side by side; an epoch has the batches in another order. Left
        out, each step is over all rows, with a single process's ``batch_size=None`` bits.
    client : distributed.Client, optional
        The present one, if left out.
    sample_weight : Dask array, or array, of shape (n,), optional
    class_weight : dict or "balanced", optional
    **options
        Of `Module.learn`: optimizer, learning_rate, epochs, validation (arrays in memory, measured
        here), callback, progress, seed, show, schedule, early_stopping, l1, l2, checkpoint, resume,
        metrics (for which outputs and targets of all rows come here).

    Returns
    -------
    History

    Raises
    ------
    ImportError
        Without the extra `dask`.
    ProgramError
        If a worker has another op table than this process, or another processor, C library or
        NumPy than other workers, so that bits could differ; if rows need several programs.
    TypeError, ValueError
        If options or data are not what `Module.learn` takes, which is found in the step that meets
        them; without client or workers.

    Examples
    --------
    >>> from autograd_lite import distributed, nn
    >>> from distributed import Client
    >>> model = nn.Neuron(1, "linear", seed=1)
    >>> with Client(processes=False, dashboard_address=":0", n_workers=1) as client:
    ...     history = distributed.learn(model, [0, 1, 2], [1, 3, 5], epochs=9, progress=False)
    >>> len(history)
    9
    """
    strange = sorted(options.keys() - _OPTIONS)
    if strange:
        options_taken = ", ".join(sorted(_OPTIONS))
        raise TypeError(f"distributed.learn takes of learn: {options_taken}; not {strange[0]}")
    columns = inputs, outputs, sample_weight
    given = Workers(client), model, find_loss(loss), columns, batch_size, class_weight
    stream = _RemoteStream(*given)
    return learning.learn(model, loss=loss, batches=stream, compile=True, **options)


class _RemoteBatches(CompiledBatches):
    """The loss over rows that workers have; over samples in memory, as any other."""

    workers: Workers
    weighing: Weighing | None
    #: The number of the first row; inputs, outputs and weights, if there are any.
    _blocks: Sequence[tuple[Any, ...]] = ()
    _seed = 0  # of the random numbers of a batch

    def check(self) -> list[list[Any]]:
        """See `Batches`."""
        self._programs: dict[Paths, Any] = {}
        return super().check()

    def take(self, blocks: Any, n: Any) -> int:
        """See `Batches`; the samples stay where they are."""
        self._blocks = blocks
        return int(n)

    def _draw(self, n: int) -> None:
        """See `Batches`; workers draw the numbers of their rows."""
        self._seed = self._new_seed()

    def _columns(self, batch: Sequence[int]) -> dict[str, Array]:
        """See `CompiledBatches`; of those rows that are here."""
        return super()._columns(range(len(self.inputs)) if self._blocks else batch)

    def _mean(self, paths: Paths, n: int) -> Callable[[], Array]:
        run = super()._mean(paths, n)  # which records the program
        if not self._blocks:
            return run
        if paths not in self._programs:
            named = self.loss.name or self.loss.function
            given = self._width, self.classes, self.weighing, self.noise.shape[1]
            self._reading = Reading(named, *given, self.workers.facts)
            job = RowSums(paths.only, self._reading)
            self._programs[paths] = self.workers.kept(job)
        job, blocks, start = self._programs[paths], self._blocks, self._blocks[0][0]

        def mean() -> Array:
            at = At(self.numbers.copy(), start, start + n, self._seed)
            found = self.workers.summed(job, at, blocks) / n
            if not isfinite(found[0]):
                raise AnomalyError(f"the loss turned {found[0]} over all rows together; {WAY_OUT}")
            return found

        return mean

    def pairs_at(self, batch: Sequence[int]) -> tuple[Array, Array]:
        """See `Batches`; those of all rows come here."""
        if not self._blocks:
            return super().pairs_at(batch)
        outputs = Outputs(self.parameters)
        outputs.over(self.model, rows_at(self.inputs, range(1)))  # which records the program
        at = At(self.parameters_now(), self._blocks[0][0], 0)
        pairs = self.workers.each(pair_of, self._blocks, outputs.program, self._reading, at)
        targets, found = map(np.concatenate, zip(*pairs, strict=True))
        return targets, found[:, 0] if found.shape[1] == 1 else found


class _RemoteStream(Stream):
    """Batches of blocks of rows that workers have."""

    has_all_labels = True

    def __init__(
        self, workers: Workers, model: Model, loss: Loss, columns: Sequence[Any],
        batch_size: Any, class_weight: Any,
    ) -> None:  # fmt: skip
        self._workers = workers
        # Held, as Dask drops what it was given when nobody has it.
        self._held = [
            workers.array(thing, name, labels=name == "outputs" and loss.classes is not None)
            for thing, name in zip(columns, ("inputs", "outputs", "sample_weight"), strict=True)
            if thing is not None
        ]
        rows, targets, *_ = self._held
        n, *others = map(len, self._held)
        for number, name in zip(others, ("output", "weight"), strict=False):
            if number != n:
                said = f"there are {counted(n, 'input')} and {counted(number, name)}"
                raise ShapeError(f"{said}; give one {name} per input")
        size = n if batch_size is None else min(positive_int("batch_size", batch_size), n)
        (height, *_) = workers.chunks(rows, size)

        def batch(start: int) -> tuple[list[tuple[Any, ...]], int]:
            parts = [each[start : start + size] for each in self._held]
            chunks = parts[0].chunks[0]
            if not height <= 2 * max(chunks, default=0) <= 4 * height:
                chunks = height  # else as they are, since to cut them anew copies all rows
            parts = [p.rechunk((chunks, *[-1] * (p.ndim - 1))) for p in parts]
            firsts = accumulate(parts[0].chunks[0][:-1], initial=start)
            blocks = zip(firsts, *[p.to_delayed().ravel() for p in parts], strict=True)
            return [*blocks], len(parts[0])

        self._all = [batch(start) for start in range(0, n, size or 1)] or [([], 0)]
        super().__init__(self._all, 1, keep=False)
        self.size, self.first = 2**15, workers.computed(rows[:3], targets[:3])
        blocks = [block for several, _ in self._all for block in several]
        labels: Any = None
        counts: Any = None
        width = targets[:1].size
        wanted = loss.classes is not None and (model.classes_ is None or class_weight is not None)
        if n and wanted and width == 1:
            labels, counts = workers.labels([(first, y) for first, _, y, *_ in blocks])
        self.weighing = None
        if class_weight is not None or len(self._held) > 2:
            each = class_weight
            if each is not None:
                each = of_classes(loss, each, labels, counts, width)
            self.weighing = workers.weighing(Weighing(1.0, labels, each), blocks, n)
        if labels is not None and model.classes_ is None:
            read = encoded(model, loss, self.first[0], labels, None)
            if read.classes is not None:  # a sample for each
                self.first = workers.computed(rows[: len(labels)])[0], labels

    def kind(self, *given: Any) -> CompiledBatches:
        """The batches of its training."""
        model, loss, data = given
        if self.weighing is not None and self.training is None:  # of learning, not validation
            data = replace(data, weights=np.ones(len(data.inputs)))
        made = _RemoteBatches(model, loss, data)
        made.workers, made.weighing = self._workers, self.weighing
        return made

    def __iter__(self) -> Any:
        self._given = [*self._all]
        if len(self._given) > 1 and forced.get():  # in no other order for metrics
            self.training.rng.shuffle(self._given)
        return super().__iter__()

    __exit__ = InBatches.__exit__
