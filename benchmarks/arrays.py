"""The same step for libraries made for arrays, or for recording once and replaying.

Each gets the form that its own documentation recommends; what is done once is not timed, and said.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.engines import OneCall, seconds
from benchmarks.peers import Peer
from benchmarks.step import ALPHA, Task, parameters, variables


class TorchTensors(Peer):
    """A matrix for every layer, the points as one batch."""

    libraries = ("torch",)
    form = "tensors, one batch"

    def prepare(self) -> None:
        [torch] = self.imported
        self.relu = torch.relu
        self.xs, self.ys = (torch.tensor(c, dtype=torch.float64) for c in columns(self.points))
        self.layers = matrices(
            self.task,
            lambda rows: torch.tensor(rows, dtype=torch.float64, requires_grad=True),
        )

    def reset(self) -> None:
        for w, b in self.layers:
            w.grad = b.grad = None

    def forward(self) -> Any:
        return array_loss(self.layers, self.xs, self.ys, self.relu)

    def backward(self, out: Any) -> None:
        out.backward()

    def number(self, out: Any) -> float:
        return out.item()

    def gradient(self) -> list[float]:
        return flat([(w.grad, b.grad) for w, b in self.layers])


class Jax(OneCall, Peer):
    """`jit(value_and_grad(loss))` on arrays; the forward part by itself is not taken apart."""

    libraries = ("jax", "jax.numpy")

    def prepare(self) -> None:
        jax, np = self.imported
        jax.config.update("jax_enable_x64", True)
        xs, ys = (np.array(column, dtype=np.float64) for column in columns(self.points))
        self.point = matrices(self.task, lambda rows: np.array(rows, dtype=np.float64))
        run = jax.jit(jax.value_and_grad(lambda ps: array_loss(ps, xs, ys, jax.nn.relu)))
        self.run = lambda point: jax.block_until_ready(run(point))
        start = time.perf_counter()
        self.run(self.point)
        self.form = f"jit(value_and_grad), arrays, compiled once in {seconds(start)}"

    def gradient(self) -> list[float]:
        return flat(self.gradients)


class Autograd(OneCall, Peer):
    """HIPS autograd: `value_and_grad(loss)` on arrays."""

    libraries = ("autograd", "autograd.numpy")
    form = "value_and_grad, arrays"

    def prepare(self) -> None:
        autograd, np = self.imported
        xs, ys = (np.array(column) for column in columns(self.points))
        self.point = matrices(self.task, np.array)
        self.run = autograd.value_and_grad(
            lambda ps: array_loss(ps, xs, ys, lambda x: np.maximum(x, 0.0))
        )

    def gradient(self) -> list[float]:
        return flat(self.gradients)


class Casadi(OneCall, Peer):
    """The user's own loop on symbols, recorded once; a step is a call with new numbers."""

    libraries = ("casadi",)

    def prepare(self) -> None:
        [casadi] = self.imported
        start = time.perf_counter()
        numbers = parameters(self.task.layers)
        symbols = casadi.SX.sym("p", len(numbers))
        rest = iter(range(len(numbers)))
        layers = variables(self.task.layers, lambda _: symbols[next(rest)])
        loss = self.own_loop(layers, float, lambda x: casadi.fmax(x, 0.0))
        self.run = casadi.Function("step", [symbols], [loss, casadi.gradient(loss, symbols)])
        self.point = casadi.DM(numbers)
        self.form = f"own loop on SX, recorded once in {seconds(start)}"

    def gradient(self) -> list[float]:
        return [float(x) for x in self.gradients.full().ravel()]


def columns(points: Sequence[tuple[tuple[float, float], int]]) -> tuple[list[Any], list[float]]:
    """Inputs and signs."""
    return [list(xs) for xs, _ in points], [float(sign) for _, sign in points]


def matrices(task: Task, array: Callable[[Any], Any]) -> list[tuple[Any, Any]]:
    """For each layer its weights, one row for each neuron, and its biases."""
    return [(array([ws for ws, _ in layer]), array([b for _, b in layer])) for layer in task.layers]


def array_loss(layers: Sequence[tuple[Any, Any]], xs: Any, ys: Any, relu: Any) -> Any:
    """The same loss on arrays."""
    for i, (w, b) in enumerate(layers):
        xs = xs @ w.T + b
        xs = xs if i == len(layers) - 1 else relu(xs)
    penalty = sum((w * w).sum() + (b * b).sum() for w, b in layers)
    return relu(1.0 - ys * xs[:, 0]).mean() + ALPHA * penalty


def flat(layers: Sequence[tuple[Any, Any]]) -> list[float]:
    """Arrays in the order of `parameters`."""
    rows = [(w.tolist(), b.tolist()) for w, b in layers]
    return parameters([list(zip(w, b, strict=True)) for w, b in rows])
