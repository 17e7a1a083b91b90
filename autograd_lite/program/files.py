"""Program files: numbers as arrays, and the names of the ops in the description."""

import os
from typing import Any, TypeVar

import numpy as np

from autograd_lite.errors import ProgramError, counted
from autograd_lite.files import Format
from autograd_lite.ops import TABLE, Op
from autograd_lite.ops.table import with_attrs
from autograd_lite.program.checks import check_code, check_kinds
from autograd_lite.program.code import KINDS, Code

C = TypeVar("C", bound=Code)

_FORMAT = Format(
    key="autograd_lite_program",
    fields={"n_inputs": object, "single": object, "rows": list, "saved": dict},
    kinds={"F64", "I32", "I64"}, writer="Program.save", error=ProgramError,
)  # fmt: skip


def save(program: Code, path: str | os.PathLike[str]) -> None:
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
    arrays: dict[str, Any] = {name: getattr(program, name) for name in KINDS}
    check_kinds(arrays)
    check_code(program)
    numbers = [number for op in program.ops for number in op.attrs.values()]
    description = {
        "n_inputs": program.n_inputs,
        "single": program.single,
        "rows": [[op.name, *op.attrs] for op in program.ops],
        "saved": program.saved,
    }
    attrs = np.array(numbers, dtype=np.float64)
    _FORMAT.write(path, {**arrays, "attrs": attrs}, description)


def read(path: str | os.PathLike[str], kind: type[C]) -> C:
    """The code in a program file, checked; see `load_program`."""
    with _FORMAT.reading(path) as (arrays, description):
        ops = _ops(description.pop("rows"), arrays.pop("attrs", None))
        check_kinds(arrays)
        if not all(type(n) is int and n >= 0 for n in description["saved"].values()):
            raise ProgramError("what simplification saved are whole numbers by name")
        found = kind(ops=ops, **arrays, **description)
        check_code(found)
    return found


def _ops(names: Any, numbers: Any) -> tuple[Op, ...]:
    """The ops of the table that a file names, with their attributes."""
    if not all(map(_is_op, names)):
        raise ProgramError("its ops are lists of a name and the names of attributes")
    if numbers is None or numbers.dtype != np.float64 or numbers.ndim != 1:
        raise ProgramError("its attributes are no float64 array of one dimension")
    if len(numbers) != sum(len(name) - 1 for name in names):
        raise ProgramError(f"its ops do not have {counted(len(numbers), 'attribute')}")
    left = iter(numbers.tolist())
    return tuple([_op(name, [(attr, next(left)) for attr in attrs]) for name, *attrs in names])


def _is_op(name: Any) -> bool:
    return isinstance(name, list) and bool(name) and all(isinstance(part, str) for part in name)


def _op(name: str, attrs: list[tuple[str, float]]) -> Op:
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
