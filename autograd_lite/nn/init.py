"""How weights begin: named schemes, and where their random numbers come from."""

import operator
import random
from array import array
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.errors import shown, typed
from autograd_lite.nn.activation import LINEAR, Activation, bends
from autograd_lite.ops.rules import sqrt
from autograd_lite.program.freezing import freeze
from autograd_lite.program.program import Program

__all__ = ["glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "uniform"]

#: Python's module `random` counts as one: its functions are the methods of its own generator.
Generator = random.Random
#: A scheme: one weight, from a generator and the numbers of inputs and neurons of the layer.
Scheme = Callable[[Generator, int, int], float]


def uniform(rng: Generator, fan_in: int, fan_out: int) -> float:
    """U(-1, 1), micrograd's scheme."""
    return rng.uniform(-1, 1)


def he_normal(rng: Generator, fan_in: int, fan_out: int) -> float:
    """N(0, 2 / fan_in), for ReLU (He et al. 2015, Delving Deep into Rectifiers, eq. 10)."""
    return rng.normalvariate(0.0, sqrt(2.0 / fan_in))


def he_uniform(rng: Generator, fan_in: int, fan_out: int) -> float:
    """The uniform distribution of the same variance as `he_normal`."""
    limit = sqrt(6.0 / fan_in)
    return rng.uniform(-limit, limit)


def glorot_normal(rng: Generator, fan_in: int, fan_out: int) -> float:
    """The normal distribution of the same variance as `glorot_uniform`."""
    return rng.normalvariate(0.0, sqrt(2.0 / (fan_in + fan_out)))


def glorot_uniform(rng: Generator, fan_in: int, fan_out: int) -> float:
    """U(-a, a) with a = sqrt(6 / (fan_in + fan_out)), for tanh.

    Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward neural
    networks, eq. 16.
    """
    limit = sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit)


#: The schemes by name.
SCHEMES: dict[str, Scheme] = {
    "uniform": uniform,
    "he": he_normal, "he_normal": he_normal, "he_uniform": he_uniform,
    "glorot": glorot_uniform, "glorot_normal": glorot_normal, "glorot_uniform": glorot_uniform,
}  # fmt: skip


def scheme(init: str | Scheme | None, activation: Activation = LINEAR) -> Scheme:
    """The scheme of that name, or that of an activation; a function is returned as it is."""
    if init is None:
        return he_normal if bends(activation) else glorot_uniform
    if isinstance(init, str):
        if init.lower() not in SCHEMES:
            raise ValueError(f"unknown init {shown(init)}; choose one of: {', '.join(SCHEMES)}")
        return SCHEMES[init.lower()]
    if not callable(init):
        raise TypeError(
            f"init is a name ({', '.join(SCHEMES)}), None, or a function of (random generator, "
            f"fan_in, fan_out) and was given {typed(init)}"
        )
    return init


class _Asked:
    """In place of a generator: which of its methods a scheme calls, and the arguments."""

    def __getattr__(self, name: str) -> Any:
        return lambda *numbers: (name, *numbers)


def drawing(init: str) -> tuple[str, Program]:
    """The method of a generator that a scheme calls, and a program of its arguments.

    The program takes the numbers of inputs and neurons of the layer.
    """
    inputs = Value(1.0), Value(1.0)
    method, *numbers = cast(Any, scheme(init))(_Asked(), *inputs)
    return method, freeze([x if isinstance(x, Value) else Value(x) for x in numbers], inputs)


class NumpyRandom(random.Random):
    """A NumPy `Generator` as one of Python's, which draws on from where that stands."""

    def __init__(self, drawn: np.random.Generator) -> None:
        self._drawn, self.gauss_next = drawn, None

    def random(self) -> float:
        """See `random.Random`, here and below."""
        return float(self._drawn.random())

    def getrandbits(self, k: int) -> int:
        """From whole bytes."""
        return int.from_bytes(self._drawn.bytes(-(-k // 8)), "little") & ((1 << k) - 1)

    def shuffle(self, x: Any) -> None:
        """As NumPy does it, which takes a twentieth of the time for an array."""
        self._drawn.shuffle(np.asarray(x) if isinstance(x, array) else x)

    def getstate(self) -> tuple[Any, ...]:
        """Of the generator behind it, and a number that `gauss` keeps for its next call."""
        return self._drawn.bit_generator.state, self.gauss_next

    def setstate(self, state: tuple[Any, ...]) -> None:
        """Draw on from there."""
        self._drawn.bit_generator.state, self.gauss_next = state

    def __reduce__(self) -> tuple[Any, ...]:
        return NumpyRandom, (self._drawn,), self.getstate()


def generator(seed: Any) -> Generator:
    """Where random numbers come from.

    An int starts a generator of its own; a `random.Random` or a NumPy `Generator` is drawn on from
    where it stands; None, like the module `random`, is Python's global generator, which
    ``random.seed(...)`` sets.
    """
    if seed is None or seed is random:
        return cast(Generator, random)
    if isinstance(seed, random.Random):
        return seed
    if isinstance(seed, np.random.Generator):
        return NumpyRandom(seed)
    try:
        return random.Random(operator.index(seed))
    except TypeError:
        raise TypeError(
            "seed is an int, a random.Random, a NumPy Generator (np.random.default_rng(1)) or "
            f"None and was given {typed(seed)}"
        ) from None
