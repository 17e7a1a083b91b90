"""Learning on two workers of Dask beside one: full batches, by the clock."""

from __future__ import annotations

import math
import statistics
import time
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Any

import numpy as np

from autograd_lite import distributed, nn
from benchmarks.measuring.figures import Figure, shown

CHUNKS, EPOCHS = 16, 4


def figures(count: int, quick: bool) -> list[Figure]:
    """Both clusters stay; they learn in turn, and each waits while the other works."""
    rows = 20_000 if quick else 1_000_000
    text = f"full batches of {rows:,} rows × 20, MLP 20-64-64-1: two Dask workers / one, speed"
    if not find_spec("distributed"):
        return [Figure(text, math.nan, "≥", 1.6, 1.9, " ×", "not in this run")]
    import dask.array
    from distributed import Client, LocalCluster

    times: dict[int, list[float]] = {1: [], 2: []}
    with ExitStack() as stack:
        clients: dict[int, Any] = {}
        data = {}
        for n in times:
            cluster = stack.enter_context(
                LocalCluster(
                    n_workers=n, threads_per_worker=1, dashboard_address=":0", memory_limit=0
                )
            )
            clients[n] = stack.enter_context(Client(cluster, set_as_default=False))
            with clients[n].as_current():
                # drawn where they stay: of one array, all chunks would stay on one worker
                rng = dask.array.random.default_rng(0)
                inputs = rng.standard_normal((rows, 20), chunks=(rows // CHUNKS, 20))
                data[n] = clients[n].persist([inputs, dask.array.sin(inputs[:, 0])])
            step(clients[n], *data[n])  # what is recorded travels there
        for _ in range(min(count, 5)):
            for n in times:
                times[n].append(step(clients[n], *data[n]))
    one, two = (statistics.median(times[n]) for n in (1, 2))
    remark = f"{shown(two)} s a step, one {shown(one)}, in {CHUNKS} chunks"
    return [Figure(text, one / two, "≥", 1.6, 1.9, " ×", remark)]


def step(client: Any, inputs: Any, outputs: Any) -> float:
    """Seconds of an epoch, which is one step; the first ones of a call are not counted."""
    model = nn.MLP(20, [64, 64, 1], "tanh", init="glorot", seed=1)
    ends = [time.perf_counter()]
    with client.as_current():
        distributed.learn(
            model, inputs, outputs, epochs=EPOCHS, progress=False, client=client,
            callback=lambda history: ends.append(time.perf_counter()),
        )  # fmt: skip
    return min(np.diff(ends)[1:])
