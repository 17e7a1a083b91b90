"""Training a tiny network with `learn`, beside the same steps written by hand for JAX and PyTorch.

Every engine trains from the same weights: gradient descent on the mean squared error of all rows,
on one thread. The time of a step is what hundreds more of them add to a training of one step,
whoever runs it; of both trainings, the quietest counts. So all that an epoch of `learn` costs is in
it, and what a call of `learn` costs once, its program included, is not; nor is what the others
compile.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

import numpy as np

import autograd_lite
from autograd_lite import nn
from benchmarks.compiled import speed
from benchmarks.engines import Lap, Library, seconds
from benchmarks.measuring.apart import Make, Race, race
from benchmarks.measuring.figures import Figure, shown

RATE = 0.01
#: A column of losses before each step, and the parameters after the last.
Trained = tuple[Sequence[float], Sequence[float]]


class Training(NamedTuple):
    """A network of two equal hidden layers, the rows to learn, and the steps to time.

    So many that they take longer than what a call of `learn` does once.
    """

    hidden: int
    rows: int
    steps: int

    @property
    def name(self) -> str:
        """For the tables."""
        return f"training step of MLP 2-{self.hidden}-{self.hidden}-1, {self.rows:,} rows"

    def model(self, seed: int = 0) -> nn.MLP:
        """With weights of its own for each seed."""
        return nn.MLP(2, [self.hidden, self.hidden, 1], activation="tanh", seed=seed)

    def samples(self) -> tuple[Any, Any]:
        """Points in a square and a smooth function of them."""
        xs = np.random.default_rng(1337).uniform(-1.0, 1.0, (self.rows, 2))
        return xs, np.sin(3.0 * xs[:, 0]) * xs[:, 1]

    def matrices(self) -> list[Any]:
        """The model's weights and biases, layer by layer: a row for each neuron."""
        return [
            np.array(part)
            for layer in self.model().layers
            for part in (
                [[w.data for w in neuron.w] for neuron in layer.neurons],
                [neuron.b.data for neuron in layer.neurons],
            )
        ]


class Trainer(Library):
    """Trains anew in each lap, for one step and for `task.steps` more.

    The losses of all steps and the parameters after them count as the gradient.
    """

    task: Training

    def lap(self) -> Lap:
        """Both times; to start from the first weights again is in neither."""
        passed = []
        for steps in (1, 1 + self.task.steps):
            self.reset()
            start = time.perf_counter()
            found = self.train(steps)
            passed.append(time.perf_counter() - start)
        self.losses, self.parameters = found
        self.loss = float(self.losses[-1])
        return Lap(*passed)

    def first(self, form: str) -> None:
        """The first step, which is in no lap, as it traces or compiles."""
        self.reset()
        start = time.perf_counter()
        self.train(1)
        self.form = f"{form} once in {seconds(start)}"

    def train(self, steps: int) -> Trained:
        """From where `reset` left the parameters."""
        raise NotImplementedError(f"{type(self).__name__} must define train()")

    def gradient(self) -> list[float]:
        return [*self.losses, *self.parameters]


class Learn(Trainer):
    """Ours."""

    libraries = ("autograd_lite",)

    def prepare(self) -> None:
        self.label = f"autograd_lite, engine `{autograd_lite.engine}`"
        self.rounds = None if autograd_lite.engine == "native" else 1
        self.inputs, self.targets = self.task.samples()
        self.first("`learn`; the first epoch of a process")

    def reset(self) -> None:
        self.model = self.task.model()

    def train(self, steps: int) -> Trained:
        history = self.model.learn(
            self.inputs, self.targets, optimizer="sgd", learning_rate=RATE, epochs=steps,
            batch_size=None, progress=False, seed=0,
        )  # fmt: skip
        return history.loss, rows_of(self.model)


def rows_of(model: nn.MLP) -> list[float]:
    """The parameters neuron by neuron, as `Module.parameters` lists them."""
    return [parameter.data for parameter in model.parameters()]


def neuron_by_neuron(parts: Sequence[Any]) -> list[float]:
    """Matrices and biases, layer by layer, in the order of `rows_of`."""
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return [x for w, b in pairs for x in np.column_stack([w, b]).ravel().tolist()]


class Jax(Trainer):
    """The step as one `jit`; all parameters in one donated vector, which is the quickest call."""

    libraries = ("jax", "jax.numpy", "jax.flatten_util")

    def __init__(self, task: Training) -> None:
        # The size of XLA's pool of threads, read when it starts.
        os.environ["NPROC"] = "1"
        super().__init__(task)

    def prepare(self) -> None:
        jax, numpy, flat = self.imported
        jax.config.update("jax_enable_x64", True)
        inputs, targets = map(numpy.array, self.task.samples())
        self.start, self.parts = flat.ravel_pytree([*map(numpy.array, self.task.matrices())])

        def loss(vector: Any) -> Any:
            parts, outputs = self.parts(vector), inputs
            for w, b in zip(parts[:-2:2], parts[1:-2:2], strict=True):
                outputs = numpy.tanh(outputs @ w.T + b)
            return (((outputs @ parts[-2].T + parts[-1])[:, 0] - targets) ** 2).mean()

        def step(vector: Any) -> Any:
            before, slope = jax.value_and_grad(loss)(vector)
            return before, vector - RATE * slope

        self.step = jax.jit(step, donate_argnums=0)
        self.first("jit of the whole step, one vector, donated; the first step compiled")

    def reset(self) -> None:
        self.vector = self.start.copy()

    def train(self, steps: int) -> Trained:
        step, vector, losses = self.step, self.vector, []
        for _ in range(steps):
            loss, vector = step(vector)
            losses.append(loss.block_until_ready())
        return losses, vector

    def gradient(self) -> list[float]:
        return [*map(float, self.losses), *neuron_by_neuron(self.parts(self.parameters))]


class Torch(Trainer):
    """Eager, on tensors: quicker by `autograd.grad` than by `nn` and `optim`."""

    libraries = ("torch", "torch.nn.functional")
    form = "eager, tensors, autograd.grad"

    def prepare(self) -> None:
        torch, _ = self.imported
        torch.set_num_threads(1)
        self.inputs, self.targets = map(torch.tensor, self.task.samples())

    def reset(self) -> None:
        self.parts = [
            self.imported[0].tensor(part, requires_grad=True) for part in self.task.matrices()
        ]

    def train(self, steps: int) -> Trained:
        torch, functional = self.imported
        parts, losses = self.parts, []
        w, b, w2, b2, w3, b3 = parts
        for _ in range(steps):
            outputs = torch.tanh(functional.linear(self.inputs, w, b))
            outputs = torch.tanh(functional.linear(outputs, w2, b2))
            outputs = functional.linear(outputs, w3, b3)[:, 0]
            loss = functional.mse_loss(outputs, self.targets)
            slopes = torch.autograd.grad(loss, parts)
            with torch.no_grad():
                torch._foreach_sub_(parts, slopes, alpha=RATE)
            losses.append(loss.item())
        return losses, parts

    def gradient(self) -> list[float]:
        numbers = [part.detach().numpy() for part in self.parameters]
        return [*self.losses, *neuron_by_neuron(numbers)]


#: Beside whom, and how many times as fast at least.
ASKED: list[tuple[Training, list[tuple[str, Make, float, float]]]] = [
    (Training(16, 100, 1_000), [("`jax.jit`", Jax, 2, 4), ("PyTorch eager", Torch, 8, 25)]),
    (Training(16, 1_000, 300), [("`jax.jit`", Jax, 0.5, 1)]),
    (Training(64, 100, 300), [("`jax.jit`", Jax, 0.5, 1)]),
]
FIRST = Training(64, 100, 0)


def tasks(quick: bool) -> list[tuple[Training, list[Make]]]:
    """What is trained, and by whom."""
    return [
        (task._replace(steps=100) if quick else task, [Learn, *(make for _, make, *_ in peers)])
        for task, peers in ASKED
    ]


def races(count: int, quick: bool) -> dict[str, Race]:
    """Each training, by its name."""
    return {
        task.name: by_step(task, race(makes, task, Learn, count)) for task, makes in tasks(quick)
    }


def by_step(task: Training, run: Race) -> Race:
    """With the time of one step in place of both trainings'."""

    def step(lap: Lap) -> Lap:
        return Lap(math.nan, (lap.total - lap.forward) / task.steps)

    laps = {engine: step(lap) for engine, lap in run.laps.items()}
    rows = [row._replace(lap=step(row.lap), ours=step(row.ours)) for row in run.rows]
    return run._replace(laps=laps, rows=rows)


def figures(compared: dict[str, Race], count: int) -> list[Figure]:
    """From `races`; then the wait for the first epoch."""
    return [*speeds(compared), wait(count)]


def speeds(compared: dict[str, Race]) -> list[Figure]:
    """Beside each peer."""
    return [
        speed(task.name, compared[task.name], whom, [make], least, aim, Learn)
        for task, peers in ASKED
        for whom, make, least, aim in peers
    ]


def wait(count: int) -> Figure:
    """From calling `learn` to the end of the first epoch, each with a model of its own."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn) as process:
        # The Python engine needs seconds for each.
        several = count if autograd_lite.engine == "native" else 1
        times = process.submit(first_epochs, FIRST, several + 1).result()
    return Figure(
        f"from calling `learn` to its first finished epoch, MLP 2-{FIRST.hidden}-{FIRST.hidden}-1, "
        f"{FIRST.rows} rows: median of new models",
        1e3 * statistics.median(times[1:]), "≤", 50, 10, " ms",
        f"the very first of the process {shown(1e3 * times[0])}",
    )  # fmt: skip


def first_epochs(task: Training, count: int) -> list[float]:
    """Seconds of whole calls of `learn` for one epoch, its program included."""
    inputs, targets = task.samples()
    passed = []
    for seed in range(count):
        model = task.model(seed)
        start = time.perf_counter()
        model.learn(inputs, targets, epochs=1, batch_size=None, progress=False, seed=0)
        passed.append(time.perf_counter() - start)
    return passed
