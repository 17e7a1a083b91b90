"""Networks of two classes and of ten on scikit-learn's data sets, beside PyTorch and scikit-learn.

One thread each, Adam, batches of 32; the processor's time counts. PyTorch has our first weights and
our order of samples, so its loss has to be ours; scikit-learn draws its own. All that a call costs
is in the times. Large tables are random numbers.
"""

from __future__ import annotations

import random
import statistics
import time
import warnings
from array import array
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_lite import nn
from benchmarks.measuring.figures import Figure, shown
from benchmarks.measuring.paired import paired

RATE, SIZE, SEED = 0.001, 32, 1


class Task(NamedTuple):
    """A data set, and the network that learns its classes."""

    name: str
    inputs: Any
    classes: Any
    sizes: tuple[int, ...]
    epochs: int

    @property
    def is_binary(self) -> bool:
        """Whether there is one logit."""
        return self.sizes[-1] == 1

    def ours(self) -> tuple[nn.MLP, Any]:
        """A network with its first weights, and a function that trains it."""
        model = nn.MLP(self.sizes[0], self.sizes[1:], "tanh", init="glorot", seed=SEED)
        loss = "binary_cross_entropy" if self.is_binary else "cross_entropy"
        targets = self.classes.astype(float)
        return model, lambda: model.learn(
            self.inputs, targets, loss, learning_rate=RATE, epochs=self.epochs, batch_size=SIZE,
            progress=False, seed=SEED,
        ).loss[-1]  # fmt: skip

    def torchs(self, torch: Any, first: nn.MLP) -> Callable[[], float]:
        """The same training by PyTorch, eager."""
        torch.set_num_threads(1)
        layers: list[Any] = []
        for layer in first.layers:
            linear = torch.nn.Linear(len(layer.neurons[0].w), len(layer.neurons)).double()
            with torch.no_grad():
                linear.weight[:] = torch.tensor([[w.data for w in n.w] for n in layer.neurons])
                linear.bias[:] = torch.tensor([n.b.data for n in layer.neurons])
            layers += [linear, torch.nn.Tanh()]
        model = torch.nn.Sequential(*layers[:-1])
        inputs, classes = torch.tensor(self.inputs), torch.tensor(self.classes)
        loss: Any = torch.nn.CrossEntropyLoss()
        if self.is_binary:
            classes, loss = classes.double()[:, None], torch.nn.BCEWithLogitsLoss()
        adam = torch.optim.Adam(model.parameters(), lr=RATE)

        def train() -> float:
            rng, order, mean = random.Random(SEED), range(len(inputs)), 0.0
            for _ in range(self.epochs):
                mixed, total = array("q", order), 0.0
                rng.shuffle(mixed)
                for batch in torch.tensor(mixed).split(SIZE):
                    adam.zero_grad()
                    one = loss(model(inputs[batch]), classes[batch])
                    one.backward()
                    adam.step()
                    total += one.item() * len(batch)
                mean = total / len(inputs)
            return mean

        return train

    def sklearns(self, neural: Any) -> Callable[[], Any]:
        """The same network by scikit-learn."""
        model = neural.MLPClassifier(
            self.sizes[1:-1], activation="tanh", alpha=0.0, batch_size=SIZE, max_iter=self.epochs,
            learning_rate_init=RATE, tol=0.0, n_iter_no_change=10**6, random_state=SEED,
        )  # fmt: skip

        def train() -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that it has not converged
                return model.fit(self.inputs, self.classes)

        return train


def figures(count: int, quick: bool) -> list[Figure]:
    """All of them; those of libraries that are missing have no number."""
    try:
        import torch
        from sklearn import neural_network as neural
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        return [Figure("`learn` on data sets of scikit-learn", float("nan"), "≤", 0.5,
                       remark=f"{error.name} is missing")]  # fmt: skip
    rows = 10_000 if quick else 1_000_000
    chosen = tasks(2 if quick else 30)
    with threadpool_limits(1):
        found = [figure for task in chosen for figure in beside(task, torch, neural, count)]
        return [*found, *large(rows, neural), of_ones_own(count)]


def tasks(epochs: int) -> list[Task]:
    """Breast cancer, and digits."""
    from sklearn.datasets import load_breast_cancer, load_digits

    found = []
    for name, load, sizes in (
        ("breast cancer, 30-16-1", load_breast_cancer, (30, 16, 1)),
        ("digits, 64-32-10", load_digits, (64, 32, 10)),
    ):
        inputs, classes = load(return_X_y=True)
        spread = inputs.std(axis=0)
        scaled = (inputs - inputs.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)
        found.append(Task(name, scaled, classes, sizes, epochs))
    return found


def beside(task: Task, torch: Any, neural: Any, count: int) -> list[Figure]:
    """The difference of losses, and times in turn, each from the first weights."""
    losses, ratios = [], []
    for _ in range(min(count, 5)):
        model, ours = task.ours()
        runs = ours, task.torchs(torch, model), task.sklearns(neural)
        times = []
        for run in runs[1:] + runs[:1]:  # ours last, as it moves the weights
            start = time.process_time()
            losses.append(run())
            times.append(time.process_time() - start)
        ratios.append((times[2] / times[0], times[2] / times[1], times))
    middle = [statistics.median(ratio[i] for ratio in ratios) for i in (0, 1)]
    seconds = [statistics.median(ratio[2][i] for ratio in ratios) for i in range(3)]
    what = f"`learn` on {task.name}, {task.epochs} epochs"
    took = [f"{shown(1e3 * s)} ms" for s in seconds]
    return [
        Figure(f"{what}: final loss, difference from PyTorch's", abs(losses[2] - losses[0]),
               "≤", 1e-6),
        Figure(f"{what}: time / PyTorch's", middle[0], "≤", 0.5, 0.25,
               remark=f"{took[2]}, theirs {took[0]}"),
        Figure(f"{what}: time / scikit-learn's", middle[1], "≤", 0.8, 0.5,
               remark=f"{took[2]}, theirs {took[1]}"),
    ]  # fmt: skip


def large(rows: int, neural: Any) -> list[Figure]:
    """A first epoch over many rows in batches of 1,000, and a prediction."""
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((rows, 20))
    classes = (inputs[:, 0] * inputs[:, 1] > 0.0) * 1
    model = nn.MLP(20, [64, 1], "tanh", init="glorot", seed=SEED)
    theirs = neural.MLPClassifier(
        (64,), activation="tanh", alpha=0.0, batch_size=1_000, max_iter=1, random_state=SEED
    )
    times = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        for run in (
            lambda: model.learn(inputs, classes.astype(float), "binary_cross_entropy", epochs=1,
                                batch_size=1_000, progress=False, seed=SEED),
            lambda: theirs.fit(inputs, classes),
            lambda: model.predict(inputs),
            lambda: theirs.predict(inputs),
        ):  # fmt: skip
            start = time.process_time()
            run()
            times.append(time.process_time() - start)
    what = f"{rows:,} rows × 20, MLP 20-64-1"
    return [
        Figure(f"first epoch of `learn`, {what}, batches of 1,000: time / scikit-learn's",
               times[0] / times[1], "≤", 1.0, 0.5,
               remark=f"{shown(times[0])} s, theirs {shown(times[1])}"),
        Figure(f"`predict` of {what}: time / scikit-learn's", times[2] / times[3], "≤", 1.0, 0.5,
               remark=f"{shown(times[2])} s, theirs {shown(times[3])}"),
    ]  # fmt: skip


def of_ones_own(count: int) -> Figure:
    """A loss by `per_sample` beside the built-in one of the same formula."""
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((2_000, 10))
    targets = np.sin(inputs[:, 0])
    own = nn.per_sample(lambda output, target: (output - target) ** 2)

    def trained(loss: Any) -> None:
        model = nn.MLP(10, [16, 1], "tanh", seed=SEED)
        model.learn(inputs, targets, loss, epochs=20, progress=False, seed=SEED)

    pair = paired(lambda: trained(own), lambda: trained("squared_error"), min(count, 10))
    return Figure("`learn` by a loss of `nn.per_sample` / by the same built-in one, 20 epochs",
                  pair.ratio, "≤", 1.5, 1.1, remark=pair.remark)  # fmt: skip
