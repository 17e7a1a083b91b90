"""Who runs what is `recorded`: ours, peers that record or compile, and formulas by hand."""

from __future__ import annotations

import gc
import math
import time
import timeit
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np

import autograd_lite as ag
from benchmarks.engines import Lap, Library, seconds
from benchmarks.recorded import Recorded

#: Of a long result so many numbers are compared, about.
COMPARED = 10_000


class Runner(Library):
    """Calls `run` with `inputs`, both set by `prepare`, and looks at the clock around `task.calls`.

    All numbers of the result count as the gradient; the loss is left at 0.
    """

    task: Recorded
    run: Callable[..., Any]
    inputs: list[Any]
    loss = 0.0

    def __init__(self, task: Recorded) -> None:
        self.inputs, self.rounds = task.inputs, task.rounds
        super().__init__(task)
        names = {f"x{i}": thing for i, thing in enumerate(self.inputs)}
        # Without the setup, the timer would keep Python's garbage collector off.
        self.timer = timeit.Timer(
            f"run({', '.join(names)})", gc.enable, globals={"run": self.run, **names}
        )

    def first(self, form: str) -> None:
        """The first run, which is not timed with the others, as it traces or compiles."""
        start = time.perf_counter()
        self.run(*self.inputs)
        self.form = f"{form} once in {seconds(start)}"

    def lap(self) -> Lap:
        return Lap(math.nan, self.timer.timeit(self.task.calls) / self.task.calls)

    def gradient(self) -> list[float]:
        """The numbers of one more run, of some rows if there are many."""
        found = self.run(*self.inputs)
        parts = found if isinstance(found, list | tuple) else [found]
        rows = max(1, self.task.rows)
        table = np.column_stack([np.reshape(part, (rows, -1)) for part in parts])
        return np.ravel(table[:: table.size // COMPARED + 1]).tolist()


class Eager(Runner):
    """Ours without a program: a graph for each call."""

    libraries = ("autograd_lite",)
    form = "a graph for each call"

    def prepare(self) -> None:
        self.label = f"autograd_lite, engine `{ag.engine}`"
        self.run = partial(self.task.loop, ag, ag)


class Compiled(Eager):
    """Ours: traced in the first call."""

    how: str = "`ag.compile`"
    options: Mapping[str, Any] = MappingProxyType({})

    def prepare(self) -> None:
        super().prepare()
        run, threads = ag.compile(self.run, **self.options), self.task.threads
        self.function = run
        if self.task.rows:
            self.run = partial(run.map, threads=threads)
            text = f"threads={threads}, " if threads > 1 else ""
            self.first(f"{self.how}, map, {text}traced")
        else:
            self.run = run
            self.first(f"{self.how}, traced")
        [program] = run.programs
        self.form += f", {len(program):,} instructions"


class MachineCode(Compiled):
    """Ours through LLVM."""

    how, options = "`ag.compile(jit=True)`", MappingProxyType({"jit": True})

    def prepare(self) -> None:
        super().prepare()
        self.run(*self.inputs)  # as the first run was the interpreter's
        self.form += ", machine code"


class Bound(MachineCode):
    """The same on arrays that stay; over rows these are columns. One number is set and read."""

    def prepare(self) -> None:
        super().prepare()
        [point], [program] = self.inputs, self.function.programs
        self.given = np.ascontiguousarray(np.atleast_1d(point).T)
        self.found = np.zeros((len(program.outputs), *self.given.shape[1:]))
        self.inputs, self.form = [], self.form + ", `program.bind`"
        self.run = setting_and_reading(program.bind(self.given, self.found), self.given, self.found)

    def gradient(self) -> list[float]:
        self.run()
        table = self.found.T if self.task.rows else self.found
        return np.ravel(table[:: table.size // COMPARED + 1]).tolist()


def setting_and_reading(run: Callable[[], Any], given: Any, found: Any) -> Callable[[], Any]:
    """A bound call, where there is one number with the setting and reading of it."""
    if given.size > 1:
        return run
    number = float(given[0])

    def call() -> Any:
        given[0] = number
        run()
        return found[0]

    return call


class Ddx(Runner):
    """Recorded by a model and compiled through LLVM; answers go to arrays bound beforehand."""

    libraries, distribution = ("ddx",), "ddx-ad"

    def prepare(self) -> None:
        [ddx] = self.imported
        [point] = self.inputs
        self.given = np.ascontiguousarray(np.atleast_1d(point).T)
        itself: Any = SimpleNamespace(grad=lambda f: f, value_and_grad=lambda f: f)
        names = [f"x{i}" for i in range(len(self.given))]

        def model() -> Any:
            symbols = [*map(ddx.var, names)]
            return self.task.loop(itself, ddx, symbols if np.ndim(point) else symbols[0])

        start = time.perf_counter()
        equation = ddx.equation(model)
        equation.compile(points=max(1, self.task.rows))
        want = ddx.Want.JACOBIAN if self.task.rows else ddx.Want.GRADIENT
        self.call = equation.buffer(self.given, want=want)
        self.form = f"buffer bound beforehand, compiled once in {seconds(start)}"
        self.inputs, self.run = [], self.call

    def gradient(self) -> list[float]:
        self.call()
        found = np.array(self.call.jacobian)
        if not self.task.rows:
            return found.ravel().tolist()
        table = np.column_stack([self.call.value, found.T])
        return np.ravel(table[:: table.size // COMPARED + 1]).tolist()


class ByHand(Runner):
    """Formulas, on Python's floats or on arrays."""

    libraries = ("numpy", "scipy.special")

    def prepare(self) -> None:
        numpy, special = self.imported
        functions: Any = SimpleNamespace(
            exp=numpy.exp, log=numpy.log, sqrt=numpy.sqrt, erfc=special.erfc
        )
        if isinstance(self.inputs[0], float):
            self.label, functions = "plain floats", math
        self.form = "by hand"
        self.run = partial(self.task.by_hand, functions)


class Casadi(Runner):
    """Its virtual machine, on scalar symbols."""

    libraries = ("casadi",)

    def prepare(self) -> None:
        [casadi] = self.imported

        def grad(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
            def numbers(x: Any) -> Any:
                return x if x.is_scalar() else casadi.vertsplit(x)

            return lambda x: casadi.gradient(f(numbers(x)), x)

        start = time.perf_counter()
        symbols = casadi.SX.sym("x", np.size(self.inputs[0]))
        slope = self.task.loop(SimpleNamespace(grad=grad), casadi, symbols)
        self.function = casadi.Function("slope", [symbols], [slope])
        self.form = f"{self.calling()}, recorded once in {seconds(start)}"

    def calling(self) -> str:
        """Set `run`, and say which way."""
        self.run = self.function
        return "SX, ordinary call"

    def gradient(self) -> list[float]:
        return self.run(*self.inputs).full().ravel().tolist()


class CasadiBuffer(Casadi):
    """The same machine, writing to memory bound beforehand; one number is set and read."""

    def calling(self) -> str:
        [point] = self.inputs
        self.given, self.found = np.atleast_1d(np.array(point)), np.zeros(np.size(point))
        self.buffer, self.run = self.function.buffer()
        self.buffer.set_arg(0, memoryview(self.given))
        self.buffer.set_res(0, memoryview(self.found))
        self.inputs = []
        self.run = setting_and_reading(self.run, self.given, self.found)
        return "SX, buffer bound beforehand"

    def gradient(self) -> list[float]:
        self.found[:] = math.nan
        self.run()
        return self.found.tolist()


class Jax(Runner):
    """`jit` of the form over arrays, `vmap` over rows."""

    libraries = ("jax", "jax.numpy", "jax.scipy.special")
    what = "arrays"

    def prepare(self) -> None:
        jax, numpy, special = self.imported
        jax.config.update("jax_enable_x64", True)
        self.inputs = self.on_the_device(numpy)
        self.functions = SimpleNamespace(
            exp=numpy.exp, log=numpy.log, sqrt=numpy.sqrt, sin=numpy.sin, erfc=special.erfc
        )
        if self.task.rows:
            several = jax.jit(jax.vmap(self.derivative))
            self.run = lambda *inputs: jax.block_until_ready(several(*inputs))
            self.first(f"jit(vmap) of {self.what}, compiled")
        else:
            one = jax.jit(self.derivative)
            self.run = lambda *inputs: self.finished(one(*inputs))
            self.first(f"jit of {self.what}, compiled")

    def on_the_device(self, numpy: Any) -> list[Any]:
        """The inputs as its own arrays."""
        return [numpy.array(thing) for thing in self.inputs]

    def finished(self, result: Any) -> Any:
        """The result when it is there; its own method is quicker than the function."""
        return result.block_until_ready()

    def derivative(self, *inputs: Any) -> Any:
        """Of one row."""
        return self.task.arrays(self.imported[0], self.functions, *inputs)


class JaxScalars(Jax):
    """`jit` of the loop: every number is one of XLA's, which takes long to compile."""

    what = "the loop over scalars"

    def derivative(self, xs: Any) -> Any:
        jax, numpy, _ = self.imported
        found = self.task.loop(jax, self.functions, [*xs])
        return numpy.stack(jax.tree.leaves(found))


class JaxNumbers(Jax):
    """The same, whose arguments and results are lists of scalars, on the device before."""

    what = "the loop over scalars, in lists"

    def on_the_device(self, numpy: Any) -> list[Any]:
        return [[*numpy.array(thing)] for thing in self.inputs]

    def finished(self, result: Any) -> Any:
        result[-1].block_until_ready()  # all of one computation are there together
        return result

    def derivative(self, xs: Any) -> Any:
        return self.task.loop(self.imported[0], self.functions, xs)
