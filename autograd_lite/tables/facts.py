"""The facts of a training that go into the file of its model."""

import json
import sys
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from autograd_lite.errors import ModelFileError, shown


@dataclass(frozen=True)
class Score:
    """How good predictions are, beside the best that needs no features at all.

    The baseline predicts the mean (or most frequent class) of the training rows. A score that is
    not defined is nan.
    """

    name: str
    value: float
    baseline: float


def _versions() -> dict[str, str]:
    own = vars(sys.modules["autograd_lite"])["__version__"]
    return {"autograd_lite": own, "NumPy": np.__version__, "Python": sys.version.split()[0]}


@dataclass(frozen=True)
class Facts:
    """The file trained on, rows of both parts, scores on those held out, and of each fold."""

    source: str
    epochs: int
    trained: int
    held_out: int
    scores: list[Score]
    folds: list[list[float]] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=_versions)

    def to_json(self) -> str:
        """Everything, as text."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> "Facts":
        """The facts that `to_json` wrote; a ModelFileError for any other text."""
        try:
            parts: dict[str, Any] = json.loads(text)
            epochs, trained, held_out = (int(parts[n]) for n in ("epochs", "trained", "held_out"))
            scores = [Score(str(s["name"]), float(s["value"]), float(s["baseline"]))
                      for s in parts["scores"]]  # fmt: skip
            folds = [[float(value) for _, value in zip(scores, fold, strict=True)]
                     for fold in parts["folds"]]  # fmt: skip
            versions = {str(name): str(version) for name, version in parts["versions"].items()}
            source = str(parts["source"])
            return Facts(source, epochs, trained, held_out, scores, folds, versions)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ModelFileError(
                f"{shown(text)} tells nothing of a training ({error!r}); train and save it again "
                "with autograd-lite train"
            ) from None
