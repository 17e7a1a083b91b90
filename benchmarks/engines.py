"""The step on each engine whose numbers behave like numbers; other forms are in `arrays`."""

from __future__ import annotations

import importlib
import importlib.metadata
import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import autograd_lite
from autograd_lite import Value, nn
from benchmarks.step import Task, hinge, parameters, score, variables


class Lap(NamedTuple):
    """Seconds: of the forward part, and of forward, backward and freeing together."""

    forward: float
    total: float


class Engine:
    """One way of running the step.

    Attributes
    ----------
    label, form : str
        Names in the tables: the library, and how the step is written for it.
    collector : bool
        Whether Python's garbage collector runs during a lap, as it does for users.
    rounds : int or None
        At most so many rounds, for an engine too slow to take part in all.
    compiled : bool
        Whether it is a compiled peer that runs the user's own loop.
    loss : float
        Of the last lap.
    """

    label = ""
    form = "own loop"
    collector = True
    rounds: int | None = None
    compiled = False
    loss = float("nan")

    def lap(self) -> Lap:
        """Run the step once. Setting gradients to zero beforehand is not timed."""
        self.reset()
        clock = time.perf_counter
        start = clock()
        out = self.forward()
        middle = clock()
        self.backward(out)
        self.loss = self.number(out)
        del out  # the last reference: the graph is freed here, inside the timed part
        return Lap(middle - start, clock() - start)

    def reset(self) -> None:
        """Set the gradients to zero."""

    def forward(self) -> Any:
        """The loss, recorded."""
        raise NotImplementedError(f"{type(self).__name__} must define forward()")

    def backward(self, out: Any) -> None:
        """Differentiate what `forward` gave."""

    def number(self, out: Any) -> float:
        """The loss as a float."""
        return float(out)

    def gradient(self) -> list[float] | None:
        """Of the last lap, in the order of `parameters`; None where there is none."""
        return None


class OneCall(Engine):
    """Of a library that gives loss and gradient in one call; the forward part has no time."""

    run: Callable[[Any], tuple[Any, Any]]
    point: Any

    def lap(self) -> Lap:
        return super().lap()._replace(forward=math.nan)

    def forward(self) -> Any:
        return self.run(self.point)

    def number(self, out: Any) -> float:
        loss, self.gradients = out
        return float(loss)


class Library(Engine):
    """An engine of a library that may be missing: `libraries` are imported when it is made."""

    libraries: tuple[str, ...] = ()
    distribution = ""  # if its name is another than the library's

    def __init__(self, task: Any) -> None:
        self.imported = [importlib.import_module(name) for name in self.libraries]
        library = self.libraries[0].partition(".")[0]
        self.label = f"{library} {importlib.metadata.version(self.distribution or library)}"
        self.task = task
        self.prepare()

    def prepare(self) -> None:
        """Make the variables."""
        raise NotImplementedError(f"{type(self).__name__} must define prepare()")


def seconds(start: float) -> str:
    """Time since `start`, as text: two digits, or all those before the point."""
    passed = time.perf_counter() - start
    return f"{passed:.2g} s" if passed < 99.5 else f"{passed:.0f} s"


class Floats(Engine):
    """What the same loop costs when nothing is recorded: Python's own floats and a function."""

    label = "plain floats (nothing recorded)"

    def __init__(self, task: Task) -> None:
        self.layers, self.points = variables(task.layers, float), task.points
        self.parameters = parameters(self.layers)

    def forward(self) -> float:
        scores = [score(self.layers, [float(x) for x in xs], relu) for xs, _ in self.points]
        return hinge(scores, [sign for _, sign in self.points], self.parameters, relu)


def relu(x: float) -> float:
    """As `Value.relu`, of a float."""
    return x if x > 0.0 else 0.0


class OwnLoop(Engine):
    """The user's own loop on a type with micrograd's attributes, inputs wrapped as in its demo."""

    def __init__(self, task: Task, value: Callable[[float], Any], label: str) -> None:
        self.value, self.relu, self.label = value, value.relu, label
        self.layers, self.points = variables(task.layers, value), task.points
        self.parameters = parameters(self.layers)

    def reset(self) -> None:
        for p in self.parameters:
            p.grad = 0.0

    def forward(self) -> Any:
        value = self.value
        scores = [score(self.layers, [value(x) for x in xs], self.relu) for xs, _ in self.points]
        return hinge(scores, [sign for _, sign in self.points], self.parameters, self.relu)

    def backward(self, out: Any) -> None:
        out.backward()

    def number(self, out: Any) -> float:
        return float(out.data)

    def gradient(self) -> list[float]:
        return [p.grad for p in self.parameters]


class ThroughMLP(OwnLoop):
    """The same step through `nn.MLP`: same weights, same data, same loss expression."""

    form = "nn.MLP (fused dot)"

    def __init__(self, task: Task) -> None:
        super().__init__(task, Value, "autograd_lite")
        sizes = [len(layer) for layer in task.layers]
        self.model = nn.MLP(len(task.layers[0][0][0]), sizes)
        numbers = parameters(task.layers)
        self.parameters = self.model.parameters()
        for p, number in zip(self.parameters, numbers, strict=True):
            p.data = number

    def forward(self) -> Any:
        model, value = self.model, self.value
        scores = [model([value(x) for x in xs]) for xs, _ in self.points]
        return hinge(scores, [sign for _, sign in self.points], self.parameters, self.relu)


def ours(task: Task) -> OwnLoop:
    """The engine under test, which every other one is compared with."""
    return OwnLoop(task, Value, f"autograd_lite, engine `{autograd_lite.engine}`")
