"""Large tables: predicting beside the program alone, accuracies beside none, waiting, memory."""

from __future__ import annotations

import dataclasses
import multiprocessing
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

import autograd_lite
from autograd_lite import nn
from autograd_lite.nn.losses import LOSSES
from benchmarks.measuring.figures import Figure, shown
from benchmarks.measuring.paired import paired

FEATURES = 20
LOSS = "binary_cross_entropy"
NAME = f"MLP {FEATURES}-16-1"


def network() -> nn.MLP:
    """The network of all figures."""
    return nn.MLP(FEATURES, [16, 1], "tanh", seed=1)


def table(rows: int) -> tuple[Any, Any]:
    """Features, and two classes."""
    inputs = np.random.default_rng(0).standard_normal((rows, FEATURES))
    return inputs, (inputs[:, 0] > 0.0) * 1.0


def figures(count: int, quick: bool) -> list[Figure]:
    """All of them; with `quick` over a hundredth of the rows."""
    share = 100 if quick or autograd_lite.engine == "python" else 1
    return [
        predicting(10_000 // share, count),
        measuring(10_000 // share, count),
        *learning(1_000_000 // share),
    ]


def predicting(rows: int, count: int) -> Figure:
    """A call of `predict` finds its program again, and reads the parameters."""
    model, (inputs, _) = network(), table(rows)
    program = autograd_lite.compile(lambda x: model(x))
    pair = paired(lambda: model.predict(inputs), lambda: program.map(inputs), count)
    return Figure(f"`predict` of {rows:,} rows, {NAME} / `map` of its program over the same rows",
                  pair.ratio, "≤", 1.5, 1.1, remark=pair.remark)  # fmt: skip


def measuring(rows: int, count: int) -> Figure:
    """Epochs of batches of 32, in turn."""
    model, samples = network(), table(rows)
    plain = "without accuracy"
    LOSSES[plain] = dataclasses.replace(LOSSES[LOSS], right=None)
    try:
        laps = [[epoch(model, samples, loss) for loss in (LOSS, plain)] for _ in range(count)]
    finally:
        del LOSSES[plain]
    return Figure(f"epoch of {LOSS}, {rows:,} rows, {NAME}: with accuracy / without",
                  statistics.median(a / b for a, b in laps), "≤", 1.15, 1.05)  # fmt: skip


def epoch(model: nn.MLP, samples: tuple[Any, Any], loss: str) -> float:
    """Seconds, after a first one that makes the program."""
    history = model.learn(*samples, loss, epochs=4, seed=1, progress=False)
    return statistics.median(history.seconds[1:])


def learning(rows: int) -> list[Figure]:
    """The worse of two losses, each in a process of its own."""
    spawn, found = multiprocessing.get_context("spawn"), []
    for loss in (LOSS, "squared_error"):
        with ProcessPoolExecutor(1, spawn) as process:
            found.append(process.submit(waits_and_takes, rows, loss).result())
    waits, takes = map(max, zip(*found, strict=True))
    what = f"`learn` on {rows:,} rows × {FEATURES}, {NAME}"
    return [
        Figure(f"{what}: time before the first epoch", waits, "≤", 1, 0.2, " s"),
        Figure(f"{what}: memory beside the data / the data", takes, "≤", 1, 0.3,
               remark=f"{shown(8e-6 * rows * FEATURES)} MB of data"),
    ]  # fmt: skip


def waits_and_takes(rows: int, loss: str) -> tuple[float, float]:
    """Seconds of a call of `learn` but for its epoch; its peak of memory, in sizes of inputs."""
    few = table(100)
    network().learn(*few, loss, epochs=1, progress=False)
    model, (inputs, targets) = network(), table(rows)
    before, start = peak_bytes(), time.perf_counter()
    history = model.learn(inputs, targets, loss, epochs=1, seed=1, progress=False)
    passed = time.perf_counter() - start
    return passed - sum(history.seconds), (peak_bytes() - before) / inputs.nbytes


def peak_bytes() -> int:
    """Most that this process held so far."""
    status = Path("/proc/self/status")
    if status.exists():  # `getrusage` counts the process that started this one, too
        lines = [line.split() for line in status.read_text().splitlines()]
        return 1024 * int(next(line[1] for line in lines if line[0] == "VmHWM:"))
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
