"""Model files: weights as arrays, and the architecture in the description. No pickle."""

import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_lite.errors import ModelFileError, shown
from autograd_lite.files import Format

_FORMAT = Format(
    key="autograd_lite", fields={"module": object, "extra": object}, kinds={"F64"},
    writer="Module.save of autograd_lite", error=ModelFileError, optional={"learnt"},
)  # fmt: skip
_DEEPEST = 100  # lists and objects in one another: each takes some of Python's calls, which end


@dataclass(frozen=True)
class SavedModel:
    """Contents of a model file."""

    tensors: dict[str, np.ndarray[Any, Any]]
    description: Any
    extra: dict[str, str]
    #: By which loss, which classes, and what was frozen meanwhile; empty without any.
    learnt: dict[str, Any] = field(default_factory=dict)


def write(path: str | os.PathLike[str], saved: SavedModel) -> None:
    """Write a model file, all of it or nothing."""
    _check_extra(saved.extra)
    _check_depth(saved.description)
    learnt = {"learnt": saved.learnt} if saved.learnt else {}
    told = {"module": saved.description, "extra": saved.extra, **learnt}
    _FORMAT.write(path, saved.tensors, told)


def read(path: str | os.PathLike[str]) -> SavedModel:
    """Contents of a model file; a ModelFileError if it is none, damaged, or of a newer version."""
    with _FORMAT.reading(path) as (tensors, description):
        try:
            _check_extra(description["extra"])
            _check_depth(description["module"])
        except (TypeError, ValueError) as error:
            raise ModelFileError(str(error)) from None
    learnt = description.get("learnt", {})
    if not isinstance(learnt, dict):
        raise ModelFileError(f"{os.fsdecode(path)}: what it has learnt is {shown(learnt)}")
    return SavedModel(tensors, description["module"], description["extra"], learnt)


def read_extra(path: str | os.PathLike[str]) -> dict[str, str]:
    """Read the `extra` that ``Module.save`` was given.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    dict of str to str
        Empty if nothing was given.

    Raises
    ------
    ModelFileError
        If the file is no model file, is damaged, or comes from a newer version.
    """
    return read(path).extra


def _check_depth(description: Any) -> None:
    level = [description]
    for _ in range(_DEEPEST):
        lists = [[*x.values()] if isinstance(x, dict) else x for x in level]
        level = [x for held in lists if isinstance(held, list | tuple) for x in held]
    if level:
        said = f"its modules are more than {_DEEPEST} deep in one another"
        raise ValueError(f"{said}; put them side by side in one Sequential")


def _check_extra(extra: Any) -> None:
    if not isinstance(extra, dict) or not all(
        isinstance(text, str) for item in extra.items() for text in item
    ):
        raise TypeError(
            f"extra maps str to str (write json.dumps(...) for more) and is {shown(extra)}"
        )
