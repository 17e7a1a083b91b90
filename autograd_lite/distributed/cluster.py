"""The workers of a Dask client, and what they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from autograd_lite.distributed.on_workers import (
    BLOCK,
    NUMBERS,
    At,
    RowSums,
    Weighing,
    facts,
    labels_in,
    largest_in,
    refuse_others,
)
from autograd_lite.errors import ShapeError, needing, typed
from autograd_lite.nn.data import Array
from autograd_lite.nn.labels import labels_of
from autograd_lite.nn.learning.weighting import mean_of
from autograd_lite.nn.optim.optimizer import summing
from autograd_lite.ops.numbers import refuse_masked

_ROWS = 4096  # of a task, at least
_PARTS = 16  # that one task brings together


class Workers:
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

    def array(self, thing: Any, name: str, labels: bool = False) -> Any:
        """A Dask array of known length, of numbers or labels too."""
        given = {"scheduler": self.client, "distributed.admin.large-graph-warning-threshold": "1TB"}
        with self.dask.config.set(given):
            thing = thing.to_dask_array() if hasattr(thing, "to_dask_array") else thing
            is_plain = not isinstance(thing, self.dask.array.Array)
            refuse_masked(thing, name)
            rows = labels_of(name, thing) if is_plain and labels else None
            rows = rows if rows is not None else np.asarray(thing) if is_plain else thing
            fits, kind = rows.ndim in (1, 2), f"{rows.dtype} of shape {rows.shape}"
            if not fits or rows.dtype.kind not in ("biufUO" if labels else "biuf"):
                said = f"{name} are numbers in one dimension or two, and were {kind}"
                raise (TypeError if fits else ShapeError)(said)
            if is_plain:
                cut = self.dask.array.from_array(rows, chunks=self.chunks(rows, len(rows)))
                thing = self.client.persist(cut)
            return thing.copy().compute_chunk_sizes() if np.isnan(thing.shape).any() else thing

    def kept(self, job: RowSums) -> Any:
        """A job of tasks, sent once for all of them."""
        return self.client.persist(self.dask.delayed(job, traverse=False))

    def computed(self, *things: Any) -> Any:
        """Things of Dask, computed by workers."""
        return self.dask.compute(*things, scheduler=self.client)

    def each(self, function: Any, blocks: Sequence[tuple[Any, ...]], *given: Any) -> Any:
        """Results of a function of what all are given, and of each block of rows."""
        task = self.dask.delayed(function, pure=False)
        shared = [self.dask.delayed(thing, traverse=False) for thing in given]
        return self.computed(*[task(*shared, *block) for block in blocks])

    def summed(self, job: Any, at: At, blocks: Sequence[tuple[Any, ...]]) -> Array:
        """Outputs of a program, added up over blocks of rows."""
        over, together = (
            self.dask.delayed(f, pure=False) for f in (RowSums.over, RowSums.together)
        )
        given = job, self.dask.delayed(at, traverse=False)
        parts = [over(*given, *block) for block in blocks]
        while len(parts) > 1:
            groups = [parts[i : i + _PARTS] for i in range(0, len(parts), _PARTS)]
            parts = [together(*given, group) for group in groups]
        [sums] = self.client.compute(parts[0]).result()[0].values()
        found: Array = sums
        return found

    def chunks(self, array: Any, n: int) -> tuple[int, ...]:
        """Dask's name for blocks of rows, doubled some times, for a step over n rows."""
        rows, width, threads = BLOCK, array[:1].size, sum(self.client.nthreads().values())
        while 2 * rows * width <= NUMBERS and rows <= max(_ROWS // 2, n // (8 * threads)):
            rows *= 2
        return (rows, *[-1] * (array.ndim - 1))

    def labels(self, blocks: Sequence[tuple[Any, ...]]) -> tuple[Array, Array]:
        """The labels in blocks of outputs, sorted, and how often each is there."""
        found = self.each(labels_in, blocks)
        every = np.array([label for each, _ in found for label in each], dtype=object)
        labels, places = np.unique(cast(Array, labels_of("outputs", every)), return_inverse=True)
        counts = np.bincount(places, [count for _, each in found for count in each])
        return labels, counts

    def weighing(self, given: Weighing, blocks: Sequence[tuple[Any, ...]], n: int) -> Weighing:
        """Weights as they are given, once largest and mean over n rows are known."""
        weights = [(block[0], block[3]) for block in blocks if block[3:]]
        found = replace(given, largest=max(self.each(largest_in, weights), default=1.0) or 1.0)
        place = At(np.zeros(0), 0, n)
        [total] = self.summed(self.kept(RowSums(summing(), found)), place, blocks)
        return replace(found, mean=mean_of(total, n))
