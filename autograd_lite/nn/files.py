"""Model files: safetensors, with the architecture as JSON in the header. No pickle."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from autograd_lite.errors import ModelFileError
from autograd_lite.program.files import replace_file

_KEY = "autograd_lite"
VERSION = 1


@dataclass(frozen=True)
class SavedModel:
    """What a model file holds."""

    tensors: dict[str, np.ndarray[Any, Any]]
    description: Any
    extra: dict[str, str]


def write(path: str | os.PathLike[str], saved: SavedModel) -> None:
    """Write a model file, all of it or nothing.

    Raises
    ------
    TypeError
        If `extra` is not a mapping of str to str.
    """
    _check_extra(saved.extra)
    header = {"version": VERSION, "module": saved.description, "extra": saved.extra}
    content = safetensors.numpy.save(
        saved.tensors, metadata={_KEY: json.dumps(header, sort_keys=True)}
    )
    replace_file(path, content)


def read(path: str | os.PathLike[str]) -> SavedModel:
    """What a model file holds.

    Raises
    ------
    ModelFileError
        If the file is no model file, is damaged, or comes from a newer version.
    OSError
        If it cannot be read.
    """
    name = os.fspath(path)
    with open(path, "rb"):  # for a clear OSError: safetensors has its own words for each
        pass
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            header = _header(name, file.metadata())
            tensors = {}
            for key in file.keys():  # noqa: SIM118 - no mapping
                kind = file.get_slice(key).get_dtype()
                if kind != "F64":
                    raise ModelFileError(f"{name}: {key} holds {kind} numbers in place of F64")
                tensors[key] = file.get_tensor(key)
    except safetensors.SafetensorError as error:
        raise ModelFileError(
            f"{name} is no safetensors file, or is damaged or cut short: {error}"
        ) from None
    return SavedModel(tensors, header["module"], header["extra"])


def read_extra(path: str | os.PathLike[str]) -> dict[str, str]:
    """What was given to ``Module.save`` as `extra`.

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


def _header(name: str, metadata: Mapping[str, str] | None) -> dict[str, Any]:
    """The JSON document in the metadata, checked as far as every model file needs it."""
    if not metadata or _KEY not in metadata:
        raise ModelFileError(
            f"{name} is a safetensors file but not one that Module.save of autograd_lite wrote"
        )
    try:
        header = json.loads(metadata[_KEY])
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{name}: its description cannot be read: {error}") from None
    if not isinstance(header, dict) or type(header.get("version")) is not int:
        raise ModelFileError(f"{name}: its description has no version number")
    if header["version"] != VERSION:
        raise ModelFileError(
            f"{name} has format version {header['version']} and this program reads version "
            f"{VERSION}; a newer autograd_lite may read it"
        )
    if header.keys() != {"version", "module", "extra"}:
        raise ModelFileError(f"{name}: its description holds {sorted(header)}")
    try:
        _check_extra(header["extra"])
    except TypeError as error:
        raise ModelFileError(f"{name}: {error}") from None
    return header


def _check_extra(extra: Any) -> None:
    if not isinstance(extra, dict) or not all(
        isinstance(text, str) for item in extra.items() for text in item
    ):
        raise TypeError(f"extra maps str to str (write json.dumps(...) for more) and is {extra!r}")
