"""Derivatives of `programs` by ours and by the peers, each written as its users write it."""

from __future__ import annotations

import math
import time
from types import SimpleNamespace
from typing import Any

import numpy as np

import autograd_lite as ag
from autograd_lite import Value
from benchmarks.engines import Engine, Library, OneCall, seconds
from benchmarks.programs import Program


class Ours(Engine):
    """What ours does with a program's loop."""

    label = f"autograd_lite, engine `{ag.engine}`"

    def __init__(self, program: Program) -> None:
        self.point = program.point
        self.function = lambda xs: program.loop(xs, program.data, ag)
        self.prepare()

    def prepare(self) -> None:
        """Make what a lap needs."""


class Floats(Ours):
    """The same Python function on floats."""

    label = "plain floats (nothing recorded)"

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.function = lambda xs: program.loop(xs, program.data, math)

    def forward(self) -> float:
        return self.function(self.point)


class Backward(Ours):
    """A graph of Values that the user made, and `backward()`."""

    form = "own loop, backward()"

    def prepare(self) -> None:
        self.values = [
            [*map(Value, part)] if isinstance(part, list) else Value(part) for part in self.point
        ]
        self.leaves = np.ravel(self.values).tolist()

    def reset(self) -> None:
        for leaf in self.leaves:
            leaf.grad = 0.0

    def forward(self) -> Value:
        return self.function(self.values)

    def backward(self, out: Value) -> None:
        out.backward()

    def number(self, out: Value) -> float:
        return out.data

    def gradient(self) -> list[float]:
        return [leaf.grad for leaf in self.leaves]


class Gradient(OneCall, Ours):
    """Lists in, lists out."""

    form = "own loop, value_and_grad"

    def prepare(self) -> None:
        self.run = ag.value_and_grad(self.function)

    def gradient(self) -> list[float]:
        return flat(self.gradients)


class ArrayGradient(Gradient):
    """A float array in, a float array out, as SciPy's optimisers call it."""

    form = "own loop over a float array, value_and_grad"

    def prepare(self) -> None:
        super().prepare()
        self.point = np.array(self.point)


class Product(Ours):
    """The Hessian's product with a vector."""

    def prepare(self) -> None:
        self.run = ag.hvp(self.function)

    def forward(self) -> Any:
        return self.run(self.point, self.point)

    def number(self, out: Any) -> float:
        return math.fsum(flat(out))


class Hessian(Product):
    """The whole Hessian."""

    def prepare(self) -> None:
        run = ag.hessian(self.function)
        self.run = lambda point, _: run(point)


class Autograd(OneCall, Library):
    """HIPS autograd."""

    libraries = ("autograd", "autograd.numpy", "autograd.scipy.special")
    form = "value_and_grad, arrays"

    def prepare(self) -> None:
        autograd, numpy, special = self.imported
        function, self.point = of_arrays(self.task, numpy, special.erfc, numpy.array)
        self.run = autograd.value_and_grad(function)

    def gradient(self) -> list[float]:
        return flat(self.gradients)


class Jax(Autograd):
    """Op by op as the text is read, or compiled in the first call, which is not timed."""

    libraries = ("jax", "jax.numpy", "jax.scipy.special")

    def __init__(self, program: Program, jit: bool = False) -> None:
        self.jit = jit
        super().__init__(program)

    def prepare(self) -> None:
        jax, numpy, special = self.imported
        jax.config.update("jax_enable_x64", True)
        function, self.point = of_arrays(self.task, numpy, special.erfc, numpy.array)
        gradient = jax.value_and_grad(function)
        if self.jit:
            gradient = jax.jit(gradient)
        self.run = lambda point: jax.block_until_ready(gradient(point))
        start = time.perf_counter()
        self.run(self.point)
        if self.jit:
            self.form = f"jit(value_and_grad), arrays, compiled once in {seconds(start)}"


class Torch(Library):
    """Eager."""

    libraries = ("torch",)
    form = "tensors, backward()"

    def prepare(self) -> None:
        [torch] = self.imported
        self.function, self.point = of_arrays(
            self.task, torch, torch.erfc, lambda rows: torch.tensor(rows, dtype=torch.float64)
        )
        self.point.requires_grad_()

    def reset(self) -> None:
        self.point.grad = None

    def forward(self) -> Any:
        return self.function(self.point)

    def backward(self, out: Any) -> None:
        out.backward()

    def number(self, out: Any) -> float:
        return out.item()

    def gradient(self) -> list[float]:
        return flat(self.point.grad)


def of_arrays(program: Program, numpy: Any, erfc: Any, array: Any) -> tuple[Any, Any]:
    """A program's form on a library's arrays, as a function of its variables; and the point."""
    functions = SimpleNamespace(exp=numpy.exp, log=numpy.log, sqrt=numpy.sqrt, erfc=erfc)
    data = [array(row) for row in program.data]
    return lambda xs: program.arrays(xs, data, functions), array(program.point)


def flat(numbers: Any) -> list[float]:
    """Those of a list, of rows or of an array, in order."""
    return np.ravel(numbers).tolist()
