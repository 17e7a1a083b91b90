"""Program files: safetensors with all numbers, and the names of the ops as JSON in the header."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors
import safetensors.numpy

from autograd_lite.errors import ProgramError
from autograd_lite.ops import TABLE, Op
from autograd_lite.ops.table import with_attrs
from autograd_lite.program.checks import check_program

if TYPE_CHECKING:
    from autograd_lite.program.program import Program

_KEY = "autograd_lite_program"
VERSION = 1
_FIELDS = {"version", "n_inputs", "single", "rows", "saved"}


def replace_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file beside its place and rename it, so that no half file is ever seen."""
    target = Path(os.path.realpath(path))  # a link stays a link
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def save(program: Program, path: str | os.PathLike[str]) -> None:
    """Write a program to a file that holds data alone.

    Parameters
    ----------
    program : Program
    path : str or path-like
        Replaced if it is there.

    Raises
    ------
    ProgramError
        If the program is none that could be loaded.
    OSError
        If the file cannot be written.
    """
    arrays: dict[str, Any] = {
        "constants": program.constants,
        "codes": program.codes,
        "starts": program.starts,
        "operands": program.operands,
        "outputs": program.outputs,
    }
    check_program(program.n_inputs, program.rows, arrays, program.single)
    numbers = [number for row in program.rows for number in row.attrs.values()]
    header = {
        "version": VERSION,
        "n_inputs": program.n_inputs,
        "single": program.single,
        "rows": [[row.name, *row.attrs] for row in program.rows],
        "saved": program.saved,
    }
    content = safetensors.numpy.save(
        {**arrays, "attrs": np.array(numbers, dtype=np.float64)},
        metadata={_KEY: json.dumps(header, sort_keys=True)},
    )
    replace_file(path, content)


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a program file holds, checked: the arguments of `Program`.

    Raises
    ------
    ProgramError
        If the file is no program file, is damaged, or comes from a newer version.
    OSError
        If it cannot be read.
    """
    name = os.fspath(path)
    with open(path, "rb"):  # for a clear OSError: safetensors has its own words for each
        pass
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            header = _header(file.metadata())
            arrays: dict[str, Any] = {}
            for key in file.keys():  # noqa: SIM118 - no mapping
                kind = file.get_slice(key).get_dtype()
                if kind not in ("F64", "I32", "I64"):
                    raise ProgramError(f"{key} holds {kind} numbers, which no program does")
                arrays[key] = file.get_tensor(key)
        rows = _rows(header["rows"], arrays.pop("attrs", None))
        check_program(header["n_inputs"], rows, arrays, header["single"])
    except safetensors.SafetensorError as error:
        raise ProgramError(
            f"{name} is no safetensors file, or is damaged or cut short: {error}"
        ) from None
    except ProgramError as error:
        raise ProgramError(f"{name}: {error}") from None
    kept = {key: header[key] for key in ("n_inputs", "single", "saved")}
    return {"rows": rows, **arrays, **kept}


def _header(metadata: Mapping[str, str] | None) -> dict[str, Any]:
    if not metadata or _KEY not in metadata:
        raise ProgramError("a safetensors file, but not one that Program.save wrote")
    try:
        header = json.loads(metadata[_KEY])
    except (ValueError, RecursionError) as error:
        raise ProgramError(f"its description cannot be read: {error}") from None
    if not isinstance(header, dict) or type(header.get("version")) is not int:
        raise ProgramError("its description has no version number")
    if header["version"] != VERSION:
        raise ProgramError(
            f"it has format version {header['version']} and this autograd_lite reads version "
            f"{VERSION}; a newer one may read it"
        )
    if header.keys() != _FIELDS:
        raise ProgramError(f"its description holds {sorted(header)} and not {sorted(_FIELDS)}")
    saved = header["saved"]
    if not isinstance(saved, dict) or not all(type(n) is int and n >= 0 for n in saved.values()):
        raise ProgramError("what simplification saved are whole numbers by name")
    return header


def _rows(names: Any, numbers: Any) -> list[Op]:
    """The rows of the table that a file names, with their attributes."""
    if not isinstance(names, list) or not all(map(_is_row, names)):
        raise ProgramError("its ops are lists of a name and the names of attributes")
    if numbers is None or numbers.dtype != np.float64 or numbers.ndim != 1:
        raise ProgramError("its attributes are no float64 array of one dimension")
    if len(numbers) != sum(len(name) - 1 for name in names):
        raise ProgramError(f"its ops do not have {len(numbers)} attributes")
    left = iter(numbers.tolist())
    return [_row(name, [(attr, next(left)) for attr in attrs]) for name, *attrs in names]


def _is_row(name: Any) -> bool:
    return isinstance(name, list) and bool(name) and all(isinstance(part, str) for part in name)


def _row(name: str, attrs: list[tuple[str, float]]) -> Op:
    if name not in TABLE or [attr for attr, _ in attrs] != list(TABLE[name].attrs):
        given = ", ".join(attr for attr, _ in attrs)
        raise ProgramError(
            f"this autograd_lite has no op {name}({given}); it comes from another version, or from "
            "a table with ops of yours"
        )
    try:
        return with_attrs(name, tuple(attrs))
    except ValueError as error:
        raise ProgramError(str(error)) from None
