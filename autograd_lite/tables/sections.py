"""How a model depends on its columns: on which most, and over a plane of two of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_lite.tables.learning import TableModel, score
from autograd_lite.tables.preprocessing import ClassTarget, TextFeature
from autograd_lite.tables.reading import Columns

_ROWS, _SHUFFLES = 1000, 5
_APART = 0.3  # how far points of one category lie from the middle of its band, at most


def importance(model: TableModel, columns: Columns, seed: int = 0) -> dict[str, float]:
    """The fall of the first score when the cells of a column are shuffled, most important first.

    The mean of 5 shuffles over at most 1,000 rows (Breiman 2001, Random Forests).
    """
    random = np.random.default_rng(seed)
    some = sample(columns, _ROWS, seed)
    actual = some[model.preprocessing.target.name]
    whole = score(model, some, actual)[0].value
    falls = {}
    for name in model.preprocessing.kinds:
        shuffled = [some | {name: random.permutation(some[name])} for _ in range(_SHUFFLES)]
        left = np.mean([score(model, columns, actual)[0].value for columns in shuffled])
        falls[name] = float(whole - left)
    return {name: falls[name] for name in sorted(falls, key=lambda name: -falls[name])}


def sample(columns: Columns, most: int, seed: int) -> Columns:
    """Rows of a table by chance, in its order, or all if there are not so many."""
    n = len(next(iter(columns.values())))
    rows = np.sort(np.random.default_rng(seed).choice(n, min(n, most), replace=False))
    return {name: column[rows] for name, column in columns.items()}


class Section:
    """A model of one or two of its columns, the others at their median or most frequent text.

    The categories of a column of text lie at 0, 1, 2, … (`categories`).
    """

    def __init__(self, model: TableModel, columns: Columns, names: Sequence[str]) -> None:
        self.model, self.names = model, names
        features = {feature.name: feature for feature in model.preprocessing.features}
        self.categories = [
            list(feature.categories) if isinstance(feature, TextFeature) else None
            for feature in map(features.__getitem__, names)
        ]
        self._usual = {name: _usual(columns[name]) for name in features if name not in names}

    def places(self, columns: Columns, seed: int = 0) -> NDArray[np.float64]:
        """Where rows of a table lie, shape (n, columns); those of a category a little apart."""
        random = np.random.default_rng(seed)
        axes = []
        for name, categories in zip(self.names, self.categories, strict=True):
            cells = columns[name]
            if categories is not None:
                at = [categories.index(cell) if cell in categories else np.nan for cell in cells]
                cells = np.array(at) + random.uniform(-_APART, _APART, len(at))
            axes.append(cells.astype(np.float64))
        return np.column_stack(axes)

    def predict(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Numbers in the target's unit, or the scores of the classes."""
        columns = {name: np.full(len(points), cell) for name, cell in self._usual.items()}
        for name, categories, xs in zip(self.names, self.categories, points.T, strict=True):
            columns[name] = xs
            if categories is not None:
                nearest = np.clip(np.rint(xs), 0, len(categories) - 1).astype(int)
                columns[name] = np.array(categories, dtype=object)[nearest]
        prepared = self.model.preprocessing
        outputs: NDArray[np.float64] = self.model.network.predict(prepared.inputs(columns))
        target = prepared.target
        return outputs if isinstance(target, ClassTarget) else target.decode(outputs)


def _usual(column: NDArray[Any]) -> Any:
    """The median of numbers, the most frequent of texts (the first of several)."""
    if column.dtype.kind == "f":
        return float(np.nanmedian(column))
    texts, counts = np.unique(column.astype(str), return_counts=True)
    return str(texts[counts.argmax()])
