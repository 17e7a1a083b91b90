"""Learning on Dask: from more data than memory holds, on more machines than one.

In each step every worker adds up loss and gradient over blocks of rows. These sums are added in a
tree over the numbers of the blocks, so that bits depend on neither workers nor chunks.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import isfinite
from typing import Any

import numpy as np

from autograd_lite.engine import name as engine
from autograd_lite.errors import (
    AnomalyError,
    ProgramError,
    ShapeError,
    counted,
    needing,
    shown,
    typed,
)
from autograd_lite.nn.data import Array, Model, positive_int, rows_at, samples
from autograd_lite.nn.learning import learn as learning
from autograd_lite.nn.learning.compiled_batches import CompiledBatches
from autograd_lite.nn.learning.history import History
from autograd_lite.nn.learning.in_batches import InBatches, Stream
from autograd_lite.nn.learning.remarks import WAY_OUT
from autograd_lite.nn.losses import find_loss
from autograd_lite.ops.digest import table_digest
from autograd_lite.ops.numbers import refuse_masked
from autograd_lite.program.code import added_in_tree
from autograd_lite.program.machine import native
from autograd_lite.program.paths import Paths
from autograd_lite.program.program import Program

__all__ = ["learn"]

_FEWEST, _ROWS, _NUMBERS = 128 if native else 4096, 4096, 2**21  # of a block, the last at most
_SUMS = 16  # that one task adds up: a power of two
_OPTIONS = {
    *("optimizer", "learning_rate", "epochs", "validation", "callback", "progress", "seed", "show"),
    *("schedule", "early_stopping", "l1", "l2", "checkpoint", "resume"),
}


def learn(
    model: Model, inputs: Any, outputs: Any, loss: Any = "squared_error",
    batch_size: int | None = None, client: Any = None, **options: Any,
) -> History:  # fmt: skip
    """Fit the parameters of a model on Dask, with the bits of `Module.learn` in one process.

    Parameters
    ----------
    model : Module
        Its programs travel to the workers: one that draws random numbers is refused.
    inputs, outputs : Dask arrays or frames, or arrays
        As `Module.learn` takes them, but indices in place of labels. Each epoch computes Dask's
        anew, unless they are persisted.
    loss : str or callable, default="squared_error"
        As `Module.learn` takes it, but no function of a whole batch.
    batch_size : int, optional
        Rows of a batch, which lie side by side; an epoch has the batches in another order. Left
        out, each step is over all rows, with a single process's ``batch_size=None`` bits.
    client : distributed.Client, optional
        The present one, if left out.
    **options
        Of `Module.learn`: optimizer, learning_rate, epochs, validation (arrays in memory, measured
        here), callback, progress, seed, show, schedule, early_stopping, l1, l2, checkpoint, resume.

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
    stream = _RemoteStream(_Workers(client), inputs, outputs, batch_size)
    return learning.learn(model, loss=loss, batches=stream, compile=True, **options)


class _Workers:
    """The workers of a client, which give equal bits."""

    def __init__(self, client: Any) -> None:
        with needing("dask", "learning on several machines needs Dask"):
            import dask.array
            import distributed
        self.dask: Any = dask
        try:
            self.client: Any = client or distributed.default_client()  # type: ignore[no-untyped-call]
        except ValueError:
            raise ValueError(
                "there is no Dask client; client = distributed.Client() makes one, with workers on "
                "this machine, or with those of the scheduler whose address it is given"
            ) from None
        if not isinstance(self.client, distributed.Client):
            raise TypeError(f"client is a distributed.Client and was given {typed(self.client)}")
        found = self.client.run(facts)
        if not found:
            raise ValueError(f"{self.client} has no workers; start some")
        own = {name: facts()[name] for name in ("autograd_lite", "op table", "engine")}
        self.facts = {**next(iter(found.values())), **own}
        for worker, theirs in found.items():
            refuse_others(worker, theirs, self.facts)

    def array(self, thing: Any, name: str) -> Any:
        """A Dask array of known length."""
        given = {"scheduler": self.client, "distributed.admin.large-graph-warning-threshold": "1TB"}
        with self.dask.config.set(given):
            thing = thing.to_dask_array() if hasattr(thing, "to_dask_array") else thing
            is_plain = not isinstance(thing, self.dask.array.Array)
            refuse_masked(thing, name)
            rows = np.asarray(thing) if is_plain else thing
            fits, kind = rows.ndim in (1, 2), f"{rows.dtype} of shape {rows.shape}"
            if not fits or rows.dtype.kind not in "biuf":
                said = f"{name} are numbers in one dimension or two, and were {kind}"
                raise (TypeError if fits else ShapeError)(said)
            if is_plain:
                cut = self.dask.array.from_array(rows, chunks=self.chunks(rows, len(rows)))
                thing = self.client.persist(cut)
            return thing.copy().compute_chunk_sizes() if np.isnan(thing.shape).any() else thing

    def chunks(self, array: Any, n: int) -> tuple[int, ...]:
        """Dask's name for blocks of 128 rows, doubled some times, for a step over n rows."""
        rows, width, threads = _FEWEST, array[:1].size, sum(self.client.nthreads().values())
        while 2 * rows * width <= _NUMBERS and rows <= max(_ROWS // 2, n // (8 * threads)):
            rows *= 2
        return (rows, *[-1] * (array.ndim - 1))


class _RemoteBatches(CompiledBatches):
    """The loss over rows that workers have; over samples in memory, as any other."""

    workers: _Workers
    _blocks: Sequence[tuple[Any, Any, int]] = ()  # inputs, outputs, the number of the first row

    def check(self) -> list[list[Any]]:
        """See `Batches`."""
        outputs = super().check()
        self._programs: dict[Paths, Any] = {}
        if self.noise.shape[1]:
            raise ValueError(
                "a part of this model draws random numbers, which workers do not; leave it out, or "
                "learn by model.learn(batches=…)"
            )
        return outputs

    def take(self, blocks: Any, n: Any) -> int:
        """See `Batches`; the samples stay where they are."""
        if self.classes is not None:
            raise ValueError("workers take indices of classes in place of labels; give these")
        self._blocks = blocks
        return int(n)

    def _columns(self, batch: Sequence[int]) -> dict[str, Array]:
        """See `CompiledBatches`; of those rows that are here."""
        return super()._columns(range(len(self.inputs)) if self._blocks else batch)

    def _mean(self, paths: Paths, n: int) -> Callable[[], Array]:
        run = super()._mean(paths, n)  # which records the program
        if not self._blocks:
            return run
        if not paths.is_one_program:
            raise ProgramError(
                "the model or the loss chooses by comparing numbers, so that rows may need several "
                "programs; choose with ag.where, not with if"
            )
        delayed, client = self.workers.dask.delayed, self.workers.client
        if paths not in self._programs:
            program = delayed(paths.traced[0].program, traverse=False)
            self._programs[paths] = client.persist(program)
        given = self._programs[paths], self.loss.name or self.loss.function, self._width
        add, sums = delayed(added_in_tree, pure=False), delayed(sums_of, pure=False)

        def mean() -> Array:
            numbers = delayed(self.numbers.copy(), traverse=False)
            parts = [sums(*given, self.workers.facts, numbers, *block) for block in self._blocks]
            while len(parts) > 1:
                parts = [add(parts[i : i + _SUMS]) for i in range(0, len(parts), _SUMS)]
            found: Array = client.compute(parts[0]).result() / n
            if not isfinite(found[0]):
                raise AnomalyError(f"the loss turned {found[0]} over all rows together; {WAY_OUT}")
            return found

        return mean


class _RemoteStream(Stream):
    """Batches of blocks of rows that workers have."""

    def __init__(self, workers: _Workers, inputs: Any, outputs: Any, batch_size: Any) -> None:
        # Held, as Dask drops what it was given when nobody has it.
        self._held = rows, targets = (
            workers.array(inputs, "inputs"),
            workers.array(outputs, "outputs"),
        )
        n = len(rows)
        if n != len(targets):
            said = f"{counted(n, 'input')} and {counted(len(targets), 'output')}"
            raise ShapeError(f"there are {said}; give one output per input")
        size = n if batch_size is None else min(positive_int("batch_size", batch_size), n)
        (height, *_) = workers.chunks(rows, size)

        def batch(start: int) -> tuple[Any, int]:
            parts = [each[start : start + size] for each in self._held]
            cut = [p.rechunk((height, *[-1] * (p.ndim - 1))).to_delayed().ravel() for p in parts]
            n_rows = len(parts[0])
            return [*zip(*cut, range(start, start + n_rows, height), strict=True)], n_rows

        self._all = [batch(start) for start in range(0, n, size or 1)] or [([], 0)]
        super().__init__(self._all, 1, keep=False)
        self.first = workers.dask.compute(rows[:3], targets[:3], scheduler=workers.client)
        self.size, self._workers = 2**15, workers

    def kind(self, *given: Any) -> CompiledBatches:
        """The batches of its training."""
        made = _RemoteBatches(*given)
        made.workers = self._workers
        return made

    def __iter__(self) -> Any:
        self._given = [*self._all]
        if len(self._given) > 1:
            self.training.rng.shuffle(self._given)
        return super().__iter__()

    __exit__ = InBatches.__exit__


# --- on workers -----------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def facts() -> dict[str, str]:
    """Facts about a process that decide the bits of its numbers."""
    name, lanes, functions = native.vectors() if native else ("none", 1, {})
    there = sorted(leaf for leaf, address in functions.items() if address)
    return {
        "autograd_lite": vars(sys.modules["autograd_lite"])["__version__"],
        "op table": table_digest(), "engine": engine, "NumPy": np.__version__,
        "processor": f"{platform.machine()}, {name}, {lanes} lanes, with {', '.join(there)}",
        "C library": " ".join(platform.libc_ver()).strip() or platform.platform(),
    }  # fmt: skip


def refuse_others(worker: str, theirs: dict[str, str], expected: dict[str, str]) -> None:
    """Raise a ProgramError if a worker's facts are not those expected."""
    for name, fact in expected.items():
        if theirs.get(name) != fact:
            raise ProgramError(
                f"the worker {worker} would give other bits: {name} is {shown(theirs.get(name))} "
                f"there and {shown(fact)} elsewhere; leave it out, or install there what they have"
            )


def sums_of(
    program: Program, loss: Any, width: int, expected: dict[str, str], numbers: Array,
    inputs: Array, outputs: Array, first: int,
) -> Array:  # fmt: skip
    """Outputs of a program, added up over a block of rows, which are checked first."""
    if facts() != expected:  # of a worker that came later
        import distributed

        refuse_others(distributed.get_worker().address, facts(), expected)
    place = f"rows {first} to {first + len(inputs) - 1}: "
    try:
        rows, targets = samples(inputs, outputs, None)
        find_loss(loss).check(targets, width)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{place}{error}") from None
    every = range(len(rows))
    columns = [(rows_at(a.reshape(len(a), -1), every), False) for a in (rows, targets)]
    found = program.run_rows([(numbers.copy(), True), *columns], len(rows), "sum")
    if not isfinite(found[0]):
        raise AnomalyError(f"{place}the loss turned {found[0]}; {WAY_OUT}")
    return found
