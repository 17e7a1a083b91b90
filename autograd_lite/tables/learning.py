"""A network that learns from a table: task, split, training, score and one file for all of it."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_lite import nn
from autograd_lite.errors import ModelFileError, TableError, counted
from autograd_lite.tables.preprocessing import (
    ClassTarget,
    Preprocessing,
    Task,
    fit,
    fit_target,
    is_constant,
    root_mean_square,
)  # fmt: skip
from autograd_lite.tables.reading import Columns

_EXTRA = "table"  # the name under which the preprocessing lies in the model's file
_FEW = 10  # distinct integers that still count as classes, if each has this many rows on average
_LEAST_ROWS = 10


@dataclass(frozen=True)
class Score:
    """How good predictions are, beside the best that needs no features at all.

    The baseline predicts the mean (or most frequent class) of the training rows. A score that is
    not defined is nan.
    """

    name: str
    value: float
    baseline: float


@dataclass(frozen=True)
class TableModel:
    """A network, and how a table becomes its inputs."""

    network: Any
    preprocessing: Preprocessing

    def predict(self, columns: Columns) -> NDArray[Any]:
        """One answer per row: a number in the target's unit, or the name of a class."""
        outputs = self.network.predict(self.preprocessing.inputs(columns))
        return self.preprocessing.target.decode(outputs)

    def probabilities(self, columns: Columns) -> NDArray[np.float64]:
        """The probability of each class in each row, of shape (rows, classes)."""
        target = self.preprocessing.target
        if not isinstance(target, ClassTarget):
            raise TableError(
                f"probabilities are of classes, and this model predicts a number, {target.name!r}"
            )
        if not self.network.learnt_with:
            raise TableError("this model was saved by a version without probabilities; train again")
        found: NDArray[np.float64] = self.network.predict_proba(self.preprocessing.inputs(columns))
        return found

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write network and preprocessing to one file."""
        self.network.save(path, extra={_EXTRA: self.preprocessing.to_json()})

    @staticmethod
    def load(path: str | os.PathLike[str]) -> "TableModel":
        """Read a model that `save` wrote; a ModelFileError if that is not what the file holds."""
        network = nn.load(path)
        extra = nn.read_extra(path)
        if _EXTRA not in extra:
            raise ModelFileError(
                f"{os.fsdecode(path)!r} holds a network that was not trained on a table; save one "
                "with autograd-lite train"
            )
        return TableModel(network, Preprocessing.from_json(extra[_EXTRA]))


@dataclass(frozen=True)
class Training:
    """The result of training on a table: a model, its history, and scores on the rows held out.

    Features that are constant in the rows trained on were dropped.
    """

    model: TableModel
    history: Any
    trained: NDArray[np.int64]
    held_out: NDArray[np.int64]
    dropped: list[str]
    scores: list[Score]


def train(
    columns: Columns, target: str, *, hidden: Sequence[int] = (16, 16), epochs: int = 50,
    learning_rate: float | None = None, test_size: float = 0.2, task: Task | None = None,
    seed: int = 0, progress: bool = True,
) -> Training:  # fmt: skip
    """Train an MLP to predict one column of a table from the others.

    Parameters
    ----------
    columns : dict of str to array
        Floats or text.
    target : str
        Of the columns.
    hidden : sequence of int
        Neurons (ReLU) of each hidden layer.
    epochs, learning_rate, progress
        As `learn` takes them.
    test_size : float
        Fraction of the rows to hold out.
    task : {"regression", "classification"}, optional
        Left out, `choose_task` decides by the target.
    seed : int
        Of the split, the weights and the order of the samples.

    Raises
    ------
    TableError
        If the table is too small, or nothing can be learnt from it.
    AnomalyError
        If the loss turns nan, for instance because the learning rate is too large.
    """
    column = columns[target]
    if len(column) < _LEAST_ROWS:
        raise TableError(
            f"the table has {counted(len(column), 'row')}; training and a held-out score "
            f"need at least {_LEAST_ROWS}"
        )
    if task == "regression" and column.dtype.kind != "f":
        raise TableError(
            f"the target {target!r} is text ({column[0]!r}), and regression predicts numbers; "
            "leave out --task, or choose a numeric target"
        )
    task = task or choose_task(column)
    fit_target(target, column, task)  # before the split, whose complaint would mislead
    trained, held_out = split(column, task, test_size, seed)
    training, test = ({n: c[rows] for n, c in columns.items()} for rows in (trained, held_out))
    prepared, dropped = fit(training, target, task)
    inputs, outputs = prepared.inputs(training), prepared.target.encode(training[target])
    sizes = [*hidden, prepared.target.width]
    network = nn.MLP(inputs.shape[1], sizes, activation="relu", init=None, seed=seed)
    history = network.learn(
        inputs, outputs, loss=prepared.target.loss, learning_rate=learning_rate, epochs=epochs,
        progress=progress, seed=seed,
    )  # fmt: skip
    model = TableModel(network, prepared)
    scores = score(model, test, training[target])
    return Training(model, history, trained, held_out, dropped, scores)


def choose_task(column: NDArray[Any]) -> Task:
    """Classification for text, two distinct numbers, or few distinct integers; else regression.

    Few integers are at most 10 that come 10 times each on average.
    """
    distinct = np.unique(column)
    if column.dtype.kind == "f" and len(distinct) > 1 and is_constant(column):
        return "regression"  # which says so
    if column.dtype.kind != "f" or len(distinct) == 2:
        return "classification"
    few = len(distinct) <= _FEW and len(column) >= _FEW * len(distinct)
    return "classification" if few and np.all(distinct == np.round(distinct)) else "regression"


def split(
    column: NDArray[Any], task: Task, fraction: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows for training and a fraction to hold out, by chance, in the order of the table.

    Every class of the target keeps its share in both parts, and at least one training row. A
    TableError says that one part would have fewer than two rows.
    """
    random = np.random.default_rng(seed)
    whole = np.zeros(len(column), dtype=np.int64)
    groups = np.unique(column, return_inverse=True)[1] if task == "classification" else whole
    mask = np.zeros(len(column), dtype=bool)
    for group in range(int(groups.max()) + 1):
        rows = random.permutation(np.flatnonzero(groups == group))
        mask[rows[: min(round(fraction * len(rows)), len(rows) - 1)]] = True
    trained, held_out = np.flatnonzero(~mask), np.flatnonzero(mask)
    if min(len(trained), len(held_out)) < 2:
        raise TableError(
            f"{len(column)} rows leave {len(trained)} to train on and {len(held_out)} to hold out "
            f"at --test-size {fraction:g}, and both need 2; give more rows, or another size"
        )
    return trained, held_out


def score(model: TableModel, columns: Columns, trained_target: NDArray[Any]) -> list[Score]:
    """Accuracy for classes; R² and root mean square error for numbers.

    The predictions are judged by the target among the columns; that of the training rows gives the
    baseline.
    """
    target = model.preprocessing.target
    predicted = model.predict(columns)
    if isinstance(target, ClassTarget):
        actual, known = target.encode(columns[target.name]), target.encode(trained_target)
        frequent = np.bincount(known).argmax()
        right = predicted == np.array(target.classes, dtype=object)[actual]
        return [Score("accuracy", float(right.mean()), float((actual == frequent).mean()))]
    numbers = columns[target.name]
    with np.errstate(all="ignore"):
        errors, plain = predicted - numbers, trained_target.mean() - numbers
        return [
            Score("R²", _r_squared(errors, numbers), _r_squared(plain, numbers)),
            Score("RMSE", root_mean_square(errors), root_mean_square(plain)),
        ]


def _r_squared(errors: NDArray[np.float64], numbers: NDArray[np.float64]) -> float:
    """1 - (residual / total) sum of squares; nan if the numbers are all equal."""
    if is_constant(numbers):
        return math.nan
    return 1.0 - (root_mean_square(errors) / root_mean_square(numbers - numbers.mean())) ** 2
