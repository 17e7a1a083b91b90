"""A character GPT as its loops: on Values, as a learner writes them, and the same ones compiled.

4,192 parameters: 16 wide, 4 heads, 1 layer, 16 places, the letters and one mark for both ends of a
name. A step is one name, Adam after each. Compiled, a name is filled up with marks that count
nothing, so one program serves all names; it looks tokens and classes up by `autograd_lite.take`.
Times are the processor's.
"""

from __future__ import annotations

import math
import multiprocessing
import random
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import autograd_lite as ag
from autograd_lite import Value
from benchmarks.measuring.figures import Figure, shown

WIDTH, HEADS, PLACES, STEPS = 16, 4, 16, 1_000
END = 26
SHAPES = {
    "tokens": (END + 1, WIDTH), "places": (PLACES, WIDTH), "queries": (WIDTH, WIDTH),
    "keys": (WIDTH, WIDTH), "values": (WIDTH, WIDTH), "heads": (WIDTH, WIDTH),
    "up": (4 * WIDTH, WIDTH), "down": (WIDTH, 4 * WIDTH), "outputs": (END + 1, WIDTH),
}  # fmt: skip
RATE, FIRST, SECOND = 0.01, 0.85, 0.99

Vector = list[Any]
#: Matrices by name: lists or arrays, of numbers or Values.
Weights = dict[str, Any]


def first_names() -> list[list[int]]:
    """Names as tokens, sorted, each between two marks."""
    found = find_spec("names")
    if found is None or found.origin is None:
        raise ImportError("names is missing")
    text = Path(found.origin).with_name("dist.female.first").read_text()
    names = sorted(line.split()[0].lower() for line in text.splitlines()[:STEPS])
    return [[END, *[ord(letter) - ord("a") for letter in name], END] for name in names]


def weights() -> Weights:
    """The matrices before the first step."""
    normal = random.Random(1337).gauss
    return {
        name: [[normal(0.0, 0.08) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in SHAPES.items()
    }


# --- the model ------------------------------------------------------------------------------------


def linear(x: Vector, matrix: Any) -> Vector:
    return [sum(w * a for w, a in zip(row, x, strict=True)) for row in matrix]


def added(x: Vector, y: Vector) -> Vector:
    return [a + b for a, b in zip(x, y, strict=True)]


def normed(x: Vector) -> Vector:
    scale = (sum(a * a for a in x) / len(x) + 1e-5) ** -0.5
    return [a * scale for a in x]


def chances(logits: Vector) -> Vector:
    top = ag.stop_gradient(ag.max(logits))
    powers = [ag.exp(x - top) for x in logits]
    total = sum(powers)
    return [power / total for power in powers]


def attended(query: Vector, keys: list[Vector], values: list[Vector]) -> Vector:
    """For each head a mean of the values so far, weighted by how keys and query agree."""
    found, size = [], WIDTH // HEADS
    for head in range(0, WIDTH, size):
        own = range(head, head + size)
        shares = chances([sum(query[j] * key[j] for j in own) / size**0.5 for key in keys])
        found += [sum(s * v[j] for s, v in zip(shares, values, strict=True)) for j in own]
    return found


def losses(w: Weights, tokens: Sequence[Any]) -> Vector:
    """At each place minus the logarithm of the chance that the model gave the next token."""
    keys: list[Vector] = []
    values: list[Vector] = []
    found = []
    for place, (token, following) in enumerate(pairwise(tokens)):
        x = normed(added(ag.take(w["tokens"], token), w["places"][place]))
        y = normed(x)
        keys.append(linear(y, w["keys"]))
        values.append(linear(y, w["values"]))
        x = added(x, linear(attended(linear(y, w["queries"]), keys, values), w["heads"]))
        y = [ag.relu(a) for a in linear(normed(x), w["up"])]
        x = added(x, linear(y, w["down"]))
        found.append(-ag.log(ag.take(chances(linear(x, w["outputs"])), following)))
    return found


def adam(p: Any, slope: Any, m: Any, v: Any, rate: Any, step: Any) -> tuple[Any, Any, Any]:
    """A parameter and its two running means after a step."""
    m = FIRST * m + (1.0 - FIRST) * slope
    v = SECOND * v + (1.0 - SECOND) * slope * slope
    mean, square = m / (1.0 - FIRST**step), v / (1.0 - SECOND**step)
    return p - rate * mean / (square**0.5 + 1e-8), m, v


def rate_at(step: int) -> float:
    return RATE * (1.0 - step / STEPS)


# --- training -------------------------------------------------------------------------------------


class Trained(NamedTuple):
    """The loss of each step, seconds in all, and what these were spent on."""

    losses: list[float]
    seconds: float
    spent: str


def on_values(names: list[list[int]]) -> Trained:
    """The loops on Values."""
    start, built, history = time.process_time(), 0.0, list[float]()
    w = {name: [[Value(x) for x in row] for row in rows] for name, rows in weights().items()}
    parameters = [p for matrix in w.values() for row in matrix for p in row]
    ms, vs = [0.0] * len(parameters), [0.0] * len(parameters)
    for step, tokens in enumerate(names):
        begin = time.process_time()
        found = losses(w, tokens)
        loss = sum(found) / len(found)
        loss.backward()
        history.append(loss.data)
        del found, loss
        built += time.process_time() - begin
        for i, p in enumerate(parameters):
            p.data, ms[i], vs[i] = adam(p.data, p.grad, ms[i], vs[i], rate_at(step), step + 1.0)
            p.grad = 0.0
    total = time.process_time() - start
    return Trained(history, total, f"graphs {shown(built)} s, Adam {shown(total - built)} s")


def mean_of_first(w: Weights, tokens: Sequence[Any], count: Any) -> Any:
    """The mean loss of so many places; those behind them count nothing."""
    found = losses(w, tokens)
    return sum(ag.where(ag.less(k, count), loss, 0.0) for k, loss in enumerate(found)) / count


def compiled(names: list[list[int]]) -> Trained:
    """The same loops as one program, and Adam as one over all parameters."""
    start, ran, history = time.process_time(), list[float](), list[float]()
    slope, update = ag.compile(ag.value_and_grad(mean_of_first)), ag.compile(adam)
    p = np.concatenate([np.ravel(matrix) for matrix in weights().values()])
    m = v = np.zeros_like(p)
    for step, tokens in enumerate(names):
        filled = tokens + [END] * (PLACES + 1 - len(tokens))
        begin = time.process_time()
        loss, slopes = slope(matrices(p), filled, len(tokens) - 1.0)
        ran.append(time.process_time() - begin)
        flat = np.concatenate([matrix.ravel() for matrix in slopes.values()])
        p, m, v = update.map(p, flat, m, v, rate_at(step), step + 1.0, shared=(4, 5))
        history.append(loss)
    total, [program] = time.process_time() - start, slope.programs
    runs = sum(ran[1:])
    made = f"one program of {len(program):,} instructions in {shown(ran[0])} s, its runs "
    return Trained(history, total, f"{made}{shown(runs)}, Adam {shown(total - runs - ran[0])}")


def matrices(numbers: Any) -> Weights:
    """Parts of a vector of all parameters."""
    ends = np.cumsum([rows * columns for rows, columns in SHAPES.values()])
    parts = np.split(numbers, ends[:-1])
    return {n: x.reshape(shape) for (n, shape), x in zip(SHAPES.items(), parts, strict=True)}


# --- figures --------------------------------------------------------------------------------------

ASKED: list[tuple[str, Callable[[list[list[int]]], Trained], float, float | None]] = [
    ("unchanged loops on Values", on_values, 12, None),
    ("the same loops compiled", compiled, 2, 1),
]


def figures(rounds: int, quick: bool) -> list[Figure]:
    """Seconds of a training, each in a process of its own, the median of several."""
    native = ag.engine == "native"
    steps = 3 if quick else STEPS if native else 20
    found = []
    for way, train, least, aim in ASKED:
        text = f"a character GPT of 4,192 parameters, {steps:,} steps: {way}"
        seconds, remark = math.nan, "names is missing"
        if find_spec("names"):
            runs = [alone(train, steps) for _ in range(1 if quick else min(rounds, 3))]
            seconds = statistics.median(run.seconds for run in runs)
            run = min(runs, key=lambda run: run.seconds)
            remark = f"{run.spent}; mean loss of the last steps {mean_of_last(run.losses):.3f}"
        found.append(Figure(text, seconds, "≤", least, aim, " s", remark))
    return found


def alone(train: Callable[[list[list[int]]], Trained], steps: int) -> Trained:
    """A training in a new process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(train, first_names()[:steps]).result()


def mean_of_last(history: list[float]) -> float:
    last = history[-100:]
    return sum(last) / len(last)
