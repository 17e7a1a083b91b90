"""A network that learns from a table: task, split, training, score and one file for all of it."""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from autograd_lite import nn
from autograd_lite.errors import ModelFileError, TableError, counted, shown, some
from autograd_lite.tables.facts import Facts, Score
from autograd_lite.tables.gaps import Missing, checked_missing, complete_rows
from autograd_lite.tables.given import as_columns
from autograd_lite.tables.preprocessing import (
    ClassTarget,
    Preprocessing,
    Task,
    fit,
    fit_target,
    is_constant,
    root_mean_square,
)  # fmt: skip
from autograd_lite.tables.reading import Columns, Table
from autograd_lite.tables.streams import MOST_INPUTS, RowStream, pieces

_EXTRA, _FACTS = "table", "training"  # the names of these parts in the model's file
_FEW = 10  # distinct integers that still count as classes, if each has this many rows on average
_TINY = 10  # rows, fewer than which are all trained on, unless one says otherwise


@dataclass(frozen=True)
class TableModel:
    """A network, how a table becomes its inputs, and the facts of its training, if known."""

    network: Any
    preprocessing: Preprocessing
    facts: Facts | None = None

    def __repr__(self) -> str:
        known = self.preprocessing
        return f"<TableModel of {shown(known.target.name)} by {some([*known.kinds], 6, shown)}>"

    def read(self, table: Table) -> Columns:
        """The columns that it takes, read as those of the table that it learnt from were written.

        A TableError names columns that are missing, cells that cannot be read, another unit.
        """
        known = self.preprocessing
        table.check_names(known.kinds)
        numeric = {name for name, kind in known.kinds.items() if kind == "numeric"}
        table.check_units({n: unit for n, unit in known.units.items() if n in numeric})
        table = table.written_as({**known.signs, **table.signs})
        return table.columns(known.kinds, known.missing, trained=True)

    def predict(self, columns: Columns) -> NDArray[Any]:
        """One answer per row: a number in the target's unit, or the name of a class."""
        return self.preprocessing.target.decode(self._outputs(self.network.predict, columns))

    def _outputs(self, ask: Callable[[Any], Any], columns: Columns) -> NDArray[np.float64]:
        """Outputs for each row; nan where a row is not complete."""
        kinds, parts = self.preprocessing.kinds, []
        columns = as_columns(columns, kinds, kinds)
        for inputs in map(self.preprocessing.inputs, pieces(columns)):
            gaps = np.asarray(np.isnan(inputs).any(axis=1))
            parts.append(ask(np.where(gaps[:, None], 0.0, inputs)))
            parts[-1][gaps] = math.nan
        return np.concatenate(parts)

    def probabilities(self, columns: Columns) -> NDArray[np.float64]:
        """The probability of each class in each row, of shape (rows, classes)."""
        target = self.preprocessing.target
        if not isinstance(target, ClassTarget):
            raise TableError(
                f"probabilities are of classes, and this model predicts a number, {target.name!r}"
            )
        if not self.network.learnt_with:
            raise TableError("this model was saved by a version without probabilities; train again")
        return self._outputs(self.network.predict_proba, columns)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write network and preprocessing to one file."""
        facts = {_FACTS: self.facts.to_json()} if self.facts else {}
        self.network.save(path, extra={_EXTRA: self.preprocessing.to_json(), **facts})

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
        facts = Facts.from_json(extra[_FACTS]) if _FACTS in extra else None
        return TableModel(network, Preprocessing.from_json(extra[_EXTRA]), facts)


@dataclass(frozen=True)
class Training:
    """The result of training on a table: a model, its history, and scores on the rows held out.

    If none were, the scores are those of the rows trained on. Rows are counted without those that
    were left out because of missing cells. Features that are constant in the rows trained on were
    dropped. There may be the scores of each fold besides, by models of their own.
    """

    model: TableModel
    history: Any
    trained: NDArray[np.int64]
    held_out: NDArray[np.int64]
    dropped: list[str]
    scores: list[Score]
    folds: list[list[float]] = field(default_factory=list)

    def __repr__(self) -> str:
        rows = f"{counted(len(self.trained), 'row')}, {len(self.held_out):,} held out"
        return f"<Training on {rows}: {', '.join(f'{s.name} {s.value:.4g}' for s in self.scores)}>"

    @property
    def judged(self) -> NDArray[np.int64]:
        """The rows that the scores are of."""
        return self.held_out if len(self.held_out) else self.trained


def train(
    columns: Columns, target: str, *, hidden: Sequence[int] = (16, 16), epochs: int = 50,
    learning_rate: float | None = None, test_size: float | None = None, task: Task | None = None,
    seed: int = 0, progress: bool = True, folds: int = 0,
    source: str = "", missing: Missing = "error", units: Mapping[str, str] | None = None,
    signs: Mapping[str, str] | None = None,
) -> Training:  # fmt: skip
    """Train an MLP to predict one column of a table from the others.

    Parameters
    ----------
    columns : dict of str to array, or frame of pandas or polars
        Numbers (nan where one is missing) or texts ("" where one is missing).
    target : str
        Of the columns.
    hidden : sequence of int
        Neurons (ReLU) of each hidden layer.
    epochs, learning_rate, progress
        As `learn` takes them.
    test_size : float, optional
        Fraction of the rows to hold out; 0 for none. Left out, 0.2, and 0 of fewer than 10 rows.
    task : {"regression", "classification"}, optional
        Left out, `choose_task` decides by the target.
    seed : int
        Of the split, the weights and the order of the samples.
    folds : int
        Parts, 2 or more, into which all rows are dealt out besides: each is held out once, from a
        network that learns from the others, and scored.
    source : str
        The name of the file, to be kept with the model.
    missing : {"error", "drop", "mean", "median", "flag"}
        How to go on without a cell, kept with the model: not at all; without its row; with the mean
        (or median) of the rows trained on, for a text the most frequent one; or with the mean and
        one more input that says so, for a text with a category of its own. Rows without a target
        are left out, except for "error".
    units, signs : dict of str to str, optional
        Of columns of numbers, kept with the model: as `Table.units` and `signs_of` tell.

    Raises
    ------
    TableError
        If the table is too small, or nothing can be learnt from it.
    AnomalyError
        If the loss turns nan, for instance because the learning rate is too large.
    """
    names = getattr(columns, "columns", columns)  # of a frame
    columns = as_columns(columns, dict.fromkeys([*names, target]))
    columns = complete_rows(columns, target, checked_missing(missing))
    column = columns[target]
    if len(column) < 2:
        raise TableError(f"the table has {counted(len(column), 'row')}; training needs 2 or more")
    if task == "regression" and column.dtype.kind != "f":
        raise TableError(
            f"the target {target!r} is text ({column[0]!r}), and regression predicts numbers; "
            "leave out --task, or choose a numeric target"
        )
    task = task or choose_task(column)
    if task not in get_args(Task):
        raise ValueError(f"task is one of {', '.join(get_args(Task))}, and was {task!r}")
    fit_target(target, column, task)  # before the split, whose complaint would mislead
    if test_size is None:
        test_size = 0.2 if len(column) >= _TINY else 0.0
    on = partial(
        _train_on, columns, target, task, hidden, seed, missing, learning_rate=learning_rate,
        epochs=epochs, progress=progress,
    )  # fmt: skip
    rows = split(column, task, test_size, seed)
    dealt = fold_of_rows(column, task, folds, seed) if folds else rows[0]
    training = on(*rows)
    for fold in range(folds):
        if not training.history.interrupted:
            once = on(np.flatnonzero(dealt != fold), np.flatnonzero(dealt == fold))
            # Interrupted, its scores are those of no whole training.
            training.history.interrupted = once.history.interrupted
            if not once.history.interrupted:
                training.folds.append([each.value for each in once.scores])
    facts = Facts(
        source, len(training.history), len(training.trained), len(training.held_out),
        training.scores, training.folds,
    )  # fmt: skip
    prepared = training.model.preprocessing
    prepared = replace(prepared, units={**(units or {})}, signs={**(signs or {})})
    return replace(training, model=TableModel(training.model.network, prepared, facts))


def _train_on(
    columns: Columns, target: str, task: Task, hidden: Sequence[int], seed: int, missing: Missing,
    trained: NDArray[np.int64], held_out: NDArray[np.int64], **learning: Any,
) -> Training:  # fmt: skip
    training, test = ({n: c[rows] for n, c in columns.items()} for rows in (trained, held_out))
    prepared, dropped = fit(training, target, task, missing)
    samples: dict[str, Any]
    width, tested = prepared.inputs(next(pieces(training, 1))).shape[1], test
    if width * len(trained) > MOST_INPUTS:
        samples, tested = {"batches": RowStream(training, prepared, seed)}, next(pieces(test), test)
    else:
        inputs, outputs = prepared.inputs(training), prepared.target.encode(training[target])
        samples = {"inputs": inputs, "outputs": outputs}
    if len(held_out):
        samples["validation"] = prepared.inputs(tested), prepared.target.encode(tested[target])
    sizes = [*hidden, prepared.target.width]
    network = nn.MLP(width, sizes, activation="relu", init=None, seed=seed)
    history = network.learn(loss=prepared.target.loss, seed=seed, **samples, **learning)
    model = TableModel(network, prepared)
    scores = score(model, test if len(held_out) else training, training[target])
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
    TableError says that one part would have fewer than two rows, but for a fraction of 0.
    """
    mask = np.zeros(len(column), dtype=bool)
    for rows in _shuffled(column, task, seed):
        mask[rows[: min(round(fraction * len(rows)), len(rows) - 1)]] = True
    trained, held_out = np.flatnonzero(~mask), np.flatnonzero(mask)
    if min(len(trained), len(held_out) if fraction else 2) < 2:
        each = ", one of each class," if task == "classification" else ""
        raise TableError(
            f"{len(column)} rows leave {len(trained)} to train on{each} and {len(held_out)} to "
            f"hold out at --test-size {fraction:g}, and both need 2; give more, or another size"
        )
    return trained, held_out


def fold_of_rows(column: NDArray[Any], task: Task, folds: int, seed: int) -> NDArray[np.int64]:
    """The number of the fold in which each row is held out, by chance.

    Sizes of folds differ by at most one row, and so do the rows of each class in them. A TableError
    says that there are too few rows, or one alone of a class.
    """
    groups = _shuffled(column, task, seed)
    if not 2 <= folds <= len(column) // 2:
        raise TableError(
            f"{len(column)} rows cannot be dealt out into {counted(folds, 'fold')}: there are two "
            "folds or more, of two rows or more"
        )
    for rows in groups:
        if len(rows) == 1 and task == "classification":
            raise TableError(
                f"the class {str(column[rows[0]])!r} has one row, and a fold that holds it out "
                "leaves none to learn from; give more of them, take it out, or leave out --folds"
            )
    dealt = np.empty(len(column), dtype=np.int64)
    dealt[np.concatenate(groups)] = np.arange(len(column)) % folds
    return dealt


def _shuffled(column: NDArray[Any], task: Task, seed: int) -> list[NDArray[np.int64]]:
    """The rows of each class, or all rows of numbers, by chance."""
    random = np.random.default_rng(seed)
    whole = np.zeros(len(column), dtype=np.int64)
    groups = np.unique(column, return_inverse=True)[1] if task == "classification" else whole
    return [random.permutation(np.flatnonzero(groups == g)) for g in range(int(groups.max()) + 1)]


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
