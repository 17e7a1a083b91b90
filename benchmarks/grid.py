"""Value and gradient of networks MLP 20-w-w-1 over a grid of widths and rows, beside `jax.jit`.

One thread each, float64, the parameters in one vector. Ours is the program alone, called as `learn`
calls it. JAX contracts multiplications and additions, which ours never does, as a contracted one
has other bits: a remark says how many of each kind this processor does in a second, at most.
"""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import autograd_lite as ag
from benchmarks.engines import Lap, Library, seconds
from benchmarks.measuring import probes
from benchmarks.measuring.apart import Make, Race, race
from benchmarks.measuring.figures import Figure, shown
from benchmarks.measuring.peaks import bound

INPUTS = 20
WIDTHS, ROWS = (16, 64, 128, 256), (32, 100, 1_000, 10_000)
#: Seconds that a lap takes at least, so that looking at the clock is not in it.
LAP = 2e-3


class Network(NamedTuple):
    """Two hidden layers of equal width, and how many rows its loss is the mean of."""

    width: int
    rows: int

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Of each layer's matrix, whose last column is the biases."""
        return [(self.width, INPUTS + 1), (self.width, self.width + 1), (1, self.width + 1)]

    def numbers(self) -> list[Any]:
        """The vector of parameters, inputs and targets."""
        rng = np.random.default_rng(1337)
        layers = [rng.uniform(-1.0, 1.0, shape) / math.sqrt(shape[1]) for shape in self.shapes]
        xs = rng.uniform(-1.0, 1.0, (self.rows, INPUTS))
        return [np.concatenate([*map(np.ravel, layers)]), xs, np.sin(3.0 * xs[:, 0]) * xs[:, 1]]


class Gradient(Library):
    """Runs `run`, which gives the loss and the gradient by the vector."""

    task: Network
    run: Callable[[], tuple[Any, Any]]

    def first(self, form: str) -> None:
        """The first run, which is in no lap, as it traces or compiles; how many make a lap."""
        start = time.perf_counter()
        self.run()
        self.form = f"{form} once in {seconds(start)}"
        start = time.perf_counter()
        self.run()
        self.calls = math.ceil(LAP / (time.perf_counter() - start))

    def lap(self) -> Lap:
        start = time.perf_counter()
        for _ in range(self.calls):
            self.loss, self.slopes = self.run()
        return Lap(math.nan, (time.perf_counter() - start) / self.calls)

    def gradient(self) -> list[float]:
        return np.asarray(self.slopes).tolist()


class Ours(Gradient):
    """The loop over numbers, compiled: to machine code too, where there is llvmlite."""

    libraries = ("autograd_lite",)
    jit: bool | None = None

    def prepare(self) -> None:
        step, rows = ag.compile(ag.value_and_grad(self.loss_of_row), jit=self.jit), self.task.rows
        vector, xs, ys = self.task.numbers()
        start = time.perf_counter()
        step(vector, xs[0], ys[0])
        sums = bound(step, vector, xs, ys[:, None])

        def run() -> tuple[Any, Any]:
            means = sums() / rows
            return means[0], means[1:]

        self.run = run
        self.first(f"`ag.compile`, traced in {seconds(start)}; run")

    def loss_of_row(self, vector: Any, xs: Any, y: Any) -> Any:
        """As a user's loop of `+` and `*` computes it."""
        signal, rest = [*xs], [*vector]
        for outs, columns in self.task.shapes:
            totals = []
            for _ in range(outs):
                ws, rest = rest[:columns], rest[columns:]
                total = ws[-1]
                for w, x in zip(ws[:-1], signal, strict=True):
                    total = total + w * x
                totals.append(total)
            signal = totals if outs == 1 else [ag.tanh(total) for total in totals]
        return (signal[0] - y) ** 2


class Machine(Ours):
    """The machine in C alone."""

    jit = False


class Jax(Gradient):
    """The same on arrays, by one `jit`."""

    libraries = ("jax", "jax.numpy")

    def __init__(self, task: Network) -> None:
        os.environ["NPROC"] = "1"  # the size of XLA's pool of threads, read when it starts
        super().__init__(task)

    def prepare(self) -> None:
        jax, numpy = self.imported
        jax.config.update("jax_enable_x64", True)
        shapes, given = self.task.shapes, [*map(numpy.array, self.task.numbers())]

        def loss(vector: Any, xs: Any, ys: Any) -> Any:
            signal, rest = xs, vector
            for outs, columns in shapes:
                layer, rest = rest[: outs * columns].reshape(outs, columns), rest[outs * columns :]
                signal = signal @ layer[:, :-1].T + layer[:, -1]
                signal = signal if outs == 1 else numpy.tanh(signal)
            return ((signal[:, 0] - ys) ** 2).mean()

        step = jax.jit(jax.value_and_grad(loss))
        self.run = lambda: jax.block_until_ready(step(*given))
        self.first("jit, compiled")


def races(count: int, quick: bool) -> dict[Network, Race]:
    """Each network of the grid; of a quick one, the smallest."""
    cells = [Network(w, rows) for w in WIDTHS for rows in ROWS]
    makes: list[Make] = [Ours, Machine, Jax]
    return {cell: race(makes, cell, Ours, count) for cell in (cells[:2] if quick else cells)}


def figures(count: int, quick: bool) -> list[Figure]:
    """Median and worst ratio, with all of them."""
    found = {cell: run for cell, run in races(min(count, 10), quick).items() if Jax in run.engines}
    one, other = probes.answer("separate", 64), probes.answer("contracted", 512)
    name = f"value and gradient of MLP {INPUTS}-w-w-1, one thread: our time / `jax.jit`'s, the "
    ours, machine = ratios(found, Ours), ratios(found, Machine)
    peaks = f"here {shown(one)}·10⁹ separate and {shown(other)}·10⁹ contracted"
    return [
        Figure(f"{name}median", median(ours), "≤", 1.0, 0.7, " ×", listed(ours)),
        Figure(f"{name}worst", max(ours.values(), default=math.nan), "≤", 2.5, 1.6, " ×",
               f"{peaks} multiplications with an addition a second, at most"),
        Figure(f"{name}median of the machine in C alone", median(machine), "≤", 1.6, 1.0, " ×",
               listed(machine)),
    ]  # fmt: skip


def ratios(found: dict[Network, Race], make: Make) -> dict[Network, float]:
    """Of each network: our time over that of the peer."""
    return {cell: run.total(make) / run.total(Jax) for cell, run in found.items()}


def median(ratios: dict[Network, float]) -> float:
    """Of all; nan where there are none."""
    return statistics.median(ratios.values()) if ratios else math.nan


def listed(ratios: dict[Network, float]) -> str:
    """All of them, width by width."""
    lines = [
        f"w = {width}: {', '.join(shown(q) for cell, q in ratios.items() if cell.width == width)}"
        for width in dict.fromkeys(cell.width for cell in ratios)
    ]
    return f"by {', '.join(f'{n:,}' for n in ROWS)} rows; {'; '.join(lines)}" if lines else "no JAX"
