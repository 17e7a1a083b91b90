"""From columns to the numbers that a network takes, and back from its outputs to answers.

Numeric features are standardised (mean 0, standard deviation 1), text features become one 0/1
column per category, and the target says which task it is. All of it is computed on the training
rows alone, so that held-out rows stay unseen, and saved as JSON inside the model's file.
"""

import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from autograd_lite.errors import ModelFileError, TableError, listed
from autograd_lite.tables.gaps import Missing, checked_missing, is_missing, refuse_missing
from autograd_lite.tables.reading import Columns, Kind

Floats = NDArray[np.float64]
Task = Literal["regression", "classification"]

#: More categories or classes than this in one column are names or numbers of things, not kinds.
MAX_CATEGORIES = 50
#: Numbers that differ by less than this part of their size, some steps of rounding, are one.
_ROUNDING = 64 * float(np.finfo(float).eps)
_CONSTANT = "the target {!r} is {} in every training row: nothing to learn"
#: What stands for a number that is missing.
_INSTEAD: dict[str, Callable[[Any], Any]] = {"mean": np.mean, "median": np.median, "flag": np.mean}


@dataclass(frozen=True)
class NumericFeature:
    """A column that becomes one input: (number - mean) / scale.

    Where it is missing another number is taken, if there is one (else nan); flagged, a second input
    is 1.0 there.
    """

    name: str
    mean: float
    scale: float
    instead: float | None = None
    flagged: bool = False
    kind: ClassVar[Kind] = "numeric"

    @property
    def varies(self) -> bool:
        """Whether numbers differ in the rows trained on."""
        return self.scale > 0.0

    @np.errstate(all="ignore")
    def encode(self, column: NDArray[Any]) -> Floats:
        """The numbers that the network takes or is to output, shape (n,), or (n, 2) if flagged."""
        numbers, gaps = column.astype(np.float64), is_missing(column)
        if self.instead is not None:
            numbers = np.where(gaps, self.instead, numbers)
        inputs = (numbers - self.mean) / self.scale
        return np.column_stack([inputs, gaps]) if self.flagged else inputs


@dataclass(frozen=True)
class TextFeature:
    """A column that becomes one input per category: 1.0 for the row's own, else 0.0.

    A text that training never saw is 0.0 in all of them. Where it is missing another text is taken,
    if there is one, else nan; "" may be a category.
    """

    name: str
    categories: tuple[str, ...]
    instead: str | None = None
    kind: ClassVar[Kind] = "text"

    @property
    def varies(self) -> bool:
        """Whether texts differ in the rows trained on."""
        return len(self.categories) > 1

    def encode(self, column: NDArray[Any]) -> Floats:
        """The inputs, shape (n, number of categories)."""
        if self.instead is not None:
            column = np.where(is_missing(column), self.instead, column)
        inputs = np.array([[float(cell == c) for c in self.categories] for cell in column])
        if "" not in self.categories and self.instead is None:
            inputs[is_missing(column)] = math.nan
        return inputs


class NumberTarget(NumericFeature):
    """A number to be predicted (regression); the network learns it standardised."""

    loss = "squared_error"
    width = 1

    @np.errstate(all="ignore")
    def decode(self, outputs: Floats) -> Floats:
        """Predictions in the target's own unit; nan where a row was not complete."""
        return outputs * self.scale + self.mean


@dataclass(frozen=True)
class ClassTarget:
    """A class to be predicted (classification), from one logit for two classes, else one each."""

    name: str
    classes: tuple[str, ...]
    kind: Kind

    @property
    def loss(self) -> str:
        """The loss for this many classes, from logits."""
        return "binary_cross_entropy" if len(self.classes) == 2 else "cross_entropy"

    @property
    def width(self) -> int:
        """Outputs of the network."""
        return 1 if len(self.classes) == 2 else len(self.classes)

    def encode(self, column: NDArray[Any]) -> NDArray[np.int64]:
        """Position of each row's class in `classes`; a TableError if it is not among them."""
        positions = {name: position for position, name in enumerate(self.classes)}
        labels = _labels(column)
        strange = sorted(set(labels) - set(positions))
        if strange:
            raise TableError(
                f"column {self.name!r} holds {listed(strange)}, where the model knows the classes "
                f"{listed(self.classes)}"
            )
        return np.array([positions[label] for label in labels])

    def decode(self, outputs: Floats) -> NDArray[Any]:
        """The predicted class of each row; "" where the row was not complete."""
        chosen = (outputs > 0).astype(int) if outputs.ndim == 1 else outputs.argmax(axis=1)
        names: NDArray[Any] = np.array(self.classes, dtype=object)[chosen]
        names[np.isnan(outputs.reshape(len(names), -1)).any(axis=1)] = ""
        return names


@dataclass(frozen=True)
class Preprocessing:
    """How a table becomes inputs, and outputs become answers."""

    features: tuple[NumericFeature | TextFeature, ...]
    target: NumberTarget | ClassTarget
    missing: Missing = "error"
    units: dict[str, str] = field(default_factory=dict)
    signs: dict[str, str] = field(default_factory=dict)

    @property
    def kinds(self) -> dict[str, Kind]:
        """The feature columns that a table must have, and how to read them."""
        return {feature.name: feature.kind for feature in self.features}

    def inputs(self, columns: Columns) -> Floats:
        """Inputs of the network, shape (rows, inputs); a TableError if a cell must not be missing.

        If rows were to be dropped, all inputs of a row that is not complete are nan.
        """
        if self.missing == "error":
            refuse_missing({feature.name: columns[feature.name] for feature in self.features})
        return np.column_stack([feature.encode(columns[feature.name]) for feature in self.features])

    def unseen(self, columns: Columns) -> dict[str, list[str]]:
        """Texts that are no category of their feature, by column."""
        found = {
            feature.name: sorted(
                {*columns[feature.name]}
                - {*feature.categories, *([""] if feature.instead != "" else [])}
            )
            for feature in self.features
            if isinstance(feature, TextFeature)
        }
        return {name: texts for name, texts in found.items() if texts}

    def to_json(self) -> str:
        """Everything, as text; floats come back to the last bit."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> "Preprocessing":
        """The preprocessing that `to_json` wrote; a ModelFileError for any other text."""
        try:
            parts = json.loads(text)
            features = tuple([
                TextFeature(str(part["name"]), tuple(map(str, part["categories"])),
                            None if part.get("instead") is None else str(part["instead"]))
                if "categories" in part else NumericFeature(*_standardised(part))
                for part in parts["features"]
            ])  # fmt: skip
            missing = checked_missing(parts.get("missing", "error"))  # older files have none
            units, signs = (
                {str(name): str(told) for name, told in dict(parts.get(key, {})).items()}
                for key in ("units", "signs")
            )
            if strange := {*signs.values()} - {".", ",", ".,", ",."}:
                raise ValueError(f"decimal sign {strange.pop()!r}")
            return Preprocessing(features, _target(parts["target"]), missing, units, signs)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelFileError(
                f"the model's description of its table cannot be read ({error!r}); train and save "
                "it again with autograd-lite train"
            ) from None


def fit(
    columns: Columns, target: str, task: Task, missing: Missing = "error"
) -> tuple[Preprocessing, list[str]]:
    """The preprocessing that suits the training rows, and the constant columns it leaves out.

    A TableError if the target is constant, no feature varies, a text column has more than
    `MAX_CATEGORIES` different texts, or a cell is missing that must not be.
    """
    if missing == "error":
        refuse_missing(columns)
    found = [_feature(name, columns[name], missing) for name in columns if name != target]
    features = tuple(feature for feature in found if feature.varies)
    dropped = [feature.name for feature in found if not feature.varies]
    if not features:
        raise TableError(
            "there is no column to learn from: besides the target there must be one whose cells "
            "differ" + (f" ({listed(dropped)} do not)" if dropped else "")
        )
    return Preprocessing(features, fit_target(target, columns[target], task), missing), dropped


def fit_target(name: str, column: NDArray[Any], task: Task) -> NumberTarget | ClassTarget:
    """How a target is told to a network; a TableError if it is constant or of too many classes."""
    if task == "regression":
        mean, scale = _mean_and_scale(name, column)
        if scale == 0.0:
            raise TableError(_CONSTANT.format(name, f"{column[0]:g}"))
        return NumberTarget(name, mean, scale)
    classes = tuple(dict.fromkeys(_labels(np.unique(column))))
    with suppress(ValueError):  # numbers that are kept as they were written, in their order
        classes = tuple(sorted(classes, key=float))
    if len(classes) < 2:
        raise TableError(_CONSTANT.format(name, repr(classes[0])))
    if len(classes) > MAX_CATEGORIES:
        raise TableError(
            f"the target {name!r} has {len(classes)} different values, and a classification takes "
            f"at most {MAX_CATEGORIES} classes; choose another target, or --task regression for "
            "numbers"
        )
    return ClassTarget(name, classes, "numeric" if column.dtype.kind == "f" else "text")


def _feature(name: str, column: NDArray[Any], missing: Missing) -> NumericFeature | TextFeature:
    gaps = is_missing(column)
    present = column[~gaps]
    if column.dtype.kind == "f":
        mean, scale = _mean_and_scale(name, present) if len(present) else (0.0, 0.0)
        if missing not in _INSTEAD or not len(present):
            return NumericFeature(name, mean, scale)
        number = float(_INSTEAD[missing](present))
        return NumericFeature(name, mean, scale, number, missing == "flag" and bool(gaps.any()))
    counts = Counter((column if missing == "flag" else present).tolist())
    if len(counts) > MAX_CATEGORIES:
        raise TableError(
            f"the text column {name!r} has {len(counts)} different texts, and at most "
            f"{MAX_CATEGORIES} become inputs; --ignore {name} if it names the rows"
        )
    categories, instead = tuple(sorted(counts)), None
    if missing == "flag":
        instead = ""  # no category where training saw no gap, as any text that it never saw
    elif missing in _INSTEAD:
        instead = max(categories, key=counts.__getitem__, default=None)
    return TextFeature(name, categories, instead)


@np.errstate(all="ignore")
def _mean_and_scale(name: str, column: Floats) -> tuple[float, float]:
    """Mean and standard deviation; (the number, 0.0) for a constant column."""
    if is_constant(column):
        return float(column[0]), 0.0
    mean = float(column.mean())
    scale = root_mean_square(column - mean)
    if not math.isfinite(scale * scale):
        raise TableError(
            f"the numbers of column {name!r} are too large to be standardised (up to "
            f"{np.abs(column).max():g}); give them in another unit"
        )
    return mean, scale


@np.errstate(all="ignore")
def is_constant(column: Floats) -> bool:
    """Whether numbers are equal but for rounding errors, which are no variation."""
    spread = _ROUNDING * np.abs(column).max() + sys.float_info.min  # below it, digits are lost
    return bool(np.ptp(column) <= spread)


def root_mean_square(numbers: Floats) -> float:
    """Root mean square, in units of the largest, so that no square under- or overflows."""
    unit = math.ldexp(0.5, math.frexp(float(np.abs(numbers).max()))[1])
    return unit * math.sqrt(float(((numbers / unit) ** 2).mean()))


def _labels(column: NDArray[Any]) -> list[str]:
    """A class's name: the text itself; of a number its shortest form, an integer without .0."""
    if column.dtype.kind != "f":
        return [str(cell) for cell in column]
    return [str(int(x)) if float(x).is_integer() else repr(float(x)) for x in column]


def _target(part: Mapping[str, Any]) -> NumberTarget | ClassTarget:
    if "classes" in part:
        kind: Kind = "numeric" if part["kind"] == "numeric" else "text"
        classes = tuple(map(str, part["classes"]))
        if len(classes) < 2 or len({*classes}) < len(classes):
            raise ValueError(f"classes {listed(classes)}")
        return ClassTarget(str(part["name"]), classes, kind)
    return NumberTarget(*_standardised(part))


def _standardised(part: Mapping[str, Any]) -> tuple[str, float, float, float | None, bool]:
    instead = part.get("instead")
    instead = None if instead is None else float(instead)
    mean, scale = float(part["mean"]), float(part["scale"])
    if not all(map(math.isfinite, (mean, scale, instead or 0.0))) or scale <= 0.0:
        raise ValueError(f"mean {mean}, standard deviation {scale}, {instead} for a missing number")
    return str(part["name"]), mean, scale, instead, bool(part.get("flagged"))
