"""The same step written idiomatically for each peer that is installed.

Here are the libraries whose numbers behave like numbers: they run the user's own loop, recording it
anew in every step, as ours does. Those made for arrays or for replaying are in `arrays`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.engines import Lap, Library, OwnLoop
from benchmarks.step import Task, hinge, parameters, score, variables


class Peer(Library):
    """A library that runs the step."""

    def __init__(self, task: Task) -> None:
        self.points = task.points
        self.signs = [sign for _, sign in task.points]
        super().__init__(task)

    def own_loop(self, layers: Any, number: Callable[[float], Any], relu: Any) -> Any:
        """The loss by the user's own loop, on this library's numbers."""
        scores = [score(layers, [number(x) for x in xs], relu) for xs, _ in self.points]
        return hinge(scores, self.signs, parameters(layers), relu)


class Micrograd(Peer):
    """As shipped, or with the collector off: its nodes are cycles, which then are never freed."""

    libraries = ("micrograd.engine",)

    def __init__(self, task: Task, collector: bool = True) -> None:
        super().__init__(task)
        self.collector = collector
        self.rounds = 20 if collector else None
        self.form = "own loop" if collector else "own loop, garbage collector off"

    def prepare(self) -> None:
        value = self.imported[0].Value
        loop = OwnLoop(self.task, value, self.label)
        self.reset, self.forward, self.backward = loop.reset, loop.forward, loop.backward
        self.number, self.gradient = loop.number, loop.gradient


class Xad(Peer):
    """One tape, on which the variables are registered once; every step is a new recording.

    (Registering the same variables on a second tape gives wrong gradients in 1.5.2, and so does
    `registerInputs` with a list, which registers copies.)
    """

    libraries = ("xad", "xad.adj_1st", "xad.math")
    compiled = True

    def prepare(self) -> None:
        _, adjoint, math = self.imported
        self.layers = variables(self.task.layers, adjoint.Real)
        self.parameters = parameters(self.layers)
        self.relu = lambda x: math.max(x, 0.0)
        self.tape = adjoint.Tape()
        with self.tape:
            for p in self.parameters:
                self.tape.registerInput(p)

    def lap(self) -> Lap:
        with self.tape:
            return super().lap()

    def forward(self) -> Any:
        self.tape.newRecording()
        return self.own_loop(self.layers, float, self.relu)

    def backward(self, out: Any) -> None:
        self.tape.registerOutput(out)
        out.derivative = 1.0
        self.tape.computeAdjoints()

    def number(self, out: Any) -> float:
        return out.value

    def gradient(self) -> list[float]:
        with self.tape:
            return [p.derivative for p in self.parameters]


class AutoNeuroNet(Peer):
    """Its `Var`, for inputs too: they are faster than plain numbers there."""

    libraries = ("autoneuronet",)
    compiled = True

    def prepare(self) -> None:
        self.var = self.imported[0].Var
        self.layers = variables(self.task.layers, self.var)
        self.parameters = parameters(self.layers)

    def reset(self) -> None:
        for p in self.parameters:
            p.setGrad(0.0)

    def forward(self) -> Any:
        return self.own_loop(self.layers, self.var, self.var.relu)

    def backward(self, out: Any) -> None:
        out.setGrad(1.0)
        out.backward()

    def number(self, out: Any) -> float:
        return out.val

    def gradient(self) -> list[float]:
        return [p.grad for p in self.parameters]


class TorchScalars(Peer):
    """A tensor of no dimension for every number."""

    libraries = ("torch",)
    form = "own loop on scalar tensors"
    rounds = 5

    def prepare(self) -> None:
        [self.torch] = self.imported
        self.layers = variables(
            self.task.layers,
            lambda x: self.torch.tensor(x, dtype=self.torch.float64, requires_grad=True),
        )
        self.parameters = parameters(self.layers)

    def reset(self) -> None:
        for p in self.parameters:
            p.grad = None

    def forward(self) -> Any:
        return self.own_loop(self.layers, float, self.torch.relu)

    def backward(self, out: Any) -> None:
        out.backward()

    def number(self, out: Any) -> float:
        return out.item()

    def gradient(self) -> list[float]:
        return [float(p.grad) for p in self.parameters]
