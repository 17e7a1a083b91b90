"""Step 7: what depth, width and the data do to learning, tried on small networks."""

import math
import random
from collections.abc import Sequence
from functools import cache
from statistics import correlation, fmean
from typing import NamedTuple

from autograd_lite.graph import ancestors
from autograd_lite.nn import MLP, losses

#: The hidden layers that `depth_and_width` compares; () is a straight line.
SHAPES: tuple[tuple[int, ...], ...] = ((), (2,), (4,), (8,), (4, 4), (8, 8))
#: The loss at which a network of `depth_and_width` counts as good.
GOOD = 0.01
#: How many epochs each of them learns.
EPOCHS = 150


class NetworkRun(NamedTuple):
    """One network that learnt one period of a sine, with its loss in each iteration.

    An iteration takes all samples at once, and a graph of `nodes` values for each. In the iteration
    `needed` the loss was below `GOOD` for the first time; None if it never was.
    """

    hidden: tuple[int, ...]
    parameters: int
    nodes: int
    losses: tuple[float, ...]
    needed: int | None

    @property
    def best(self) -> float:
        """The lowest loss."""
        return min(self.losses)


class NoiseRun(NamedTuple):
    """One network on data that it can learn, or cannot, and what it predicts for held-out inputs.

    The correlation is that of inputs and targets, over all data. The scores are R²: 1 is perfect, 0
    is no better than always saying the mean of the training targets.
    """

    name: str
    inputs: tuple[float, ...]
    targets: tuple[float, ...]
    held_inputs: tuple[float, ...]
    held_targets: tuple[float, ...]
    predictions: tuple[float, ...]
    correlation: float
    training_score: float
    held_out_score: float


def shape_name(hidden: Sequence[int]) -> str:
    """Hidden layers in words.

    >>> shape_name((8, 8)), shape_name(())
    ('hidden 8, 8', 'no hidden layer')
    """
    return f"hidden {', '.join(map(str, hidden))}" if hidden else "no hidden layer"


def wave(count: int = 9) -> tuple[list[float], list[float]]:
    """Inputs from 0 to 2, and one period of a sine over them."""
    # Not around 0: there gradients of biases cancel to rounding errors, which Adam blows up.
    inputs = [2.0 * i / (count - 1) for i in range(count)]
    return inputs, [math.sin(math.pi * x) for x in inputs]


def _learnt(
    hidden: Sequence[int], seed: int, inputs: Sequence[float], targets: Sequence[float], epochs: int
) -> tuple[MLP, tuple[float, ...]]:
    model = MLP(1, [*hidden, 1], activation="tanh", seed=seed)
    history = model.learn(
        inputs, targets, loss="squared_error", optimizer="adam", learning_rate=0.05,
        epochs=epochs, batch_size=None, progress=False, seed=0,
    )  # fmt: skip
    return model, tuple(history.loss)


def depth_and_width(
    shapes: Sequence[tuple[int, ...]] = SHAPES, epochs: int = EPOCHS, seed: int = 0
) -> list[NetworkRun]:
    """Networks of several depths and widths on the same data, learning equally long.

    A shape is the number of neurons in each hidden layer (tanh); the seed is of the first weights.
    """
    return [_wave_run(tuple(hidden), epochs, seed) for hidden in shapes]


@cache  # text and figure show the same runs
def _wave_run(hidden: tuple[int, ...], epochs: int, seed: int) -> NetworkRun:
    inputs, targets = wave()
    model, curve = _learnt(hidden, seed, inputs, targets, epochs)
    nodes = len(ancestors(model([inputs[0]])))
    needed = next((i for i, loss in enumerate(curve, 1) if loss < GOOD), None)
    return NetworkRun(hidden, len(model.parameters()), nodes, curve, needed)


@cache
def noise(count: int = 40, epochs: int = 80, seed: int = 1) -> tuple[NoiseRun, ...]:
    """One network on output = 2 × input, and on targets that are noise.

    The noise is drawn independently of the inputs. A network can memorise some of what it has seen
    of it, but nothing that helps with held-out data: half of the samples. The seed is of the data
    and of the first weights.
    """
    rng = random.Random(seed)
    inputs = tuple([rng.uniform(-1.0, 1.0) for _ in range(count)])
    data = {
        "output = 2 × input": tuple([2.0 * x for x in inputs]),
        "noise": tuple([rng.gauss(0.0, 1.0) for _ in inputs]),
    }
    half, runs = count // 2, []
    for name, targets in data.items():
        seen, held = (inputs[:half], targets[:half]), (inputs[half:], targets[half:])
        model, _ = _learnt([6], seed, *seen, epochs)
        said = [tuple(map(float, model.predict(xs))) for xs, _ in (seen, held)]
        pairs = zip(said, (seen[1], held[1]), strict=True)
        scores = [_score(outputs, ys, fmean(seen[1])) for outputs, ys in pairs]
        runs.append(NoiseRun(name, *seen, *held, said[1], correlation(inputs, targets), *scores))
    return tuple(runs)


def _score(outputs: Sequence[float], targets: Sequence[float], mean: float) -> float:
    """R²: by which part the squared error is smaller than that of always saying the mean."""
    plain = losses.squared_error([mean] * len(targets), targets)
    return float(1.0 - losses.squared_error(outputs, targets) / plain)
