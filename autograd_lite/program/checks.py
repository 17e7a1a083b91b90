"""Checks of a program before it may be run, whoever wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.errors import ProgramError, shown
from autograd_lite.ops import Op, SequenceOp

#: Registers that a program may have: so many that their numbers, and the bytes of a block of each,
#: fit an index.
MOST_REGISTERS = 2**31 - 1

#: The arrays of a program.
KINDS = {
    "constants": np.float64,
    "codes": np.int32,
    "starts": np.int64,
    "operands": np.int64,
    "outputs": np.int64,
}


def check_program(n_inputs: Any, rows: Sequence[Op], arrays: dict[str, Any], single: Any) -> None:
    """See that a program's numbers are one: every index, op code and size.

    A ProgramError says what does not fit.
    """
    if arrays.keys() != KINDS.keys():
        raise ProgramError(f"a program consists of {sorted(KINDS)} and not of {sorted(arrays)}")
    for name, kind in KINDS.items():
        array = arrays[name]
        if array.ndim != 1 or array.dtype != kind:
            raise ProgramError(
                f"the {name} of a program are a {np.dtype(kind)} array of one dimension and here "
                f"{array.dtype} of shape {array.shape}"
            )
    constants, codes, starts, operands, outputs = (arrays[name] for name in KINDS)
    if type(n_inputs) is not int or not 0 <= n_inputs <= MOST_REGISTERS:
        raise ProgramError(f"a program has no {shown(n_inputs)} inputs")
    first = n_inputs + len(constants)
    count = first + len(codes)
    if count > MOST_REGISTERS:
        raise ProgramError(f"a program has at most {MOST_REGISTERS:,} registers, and not {count:,}")
    if type(single) is not bool or (single and len(outputs) != 1):
        raise ProgramError(f"single={shown(single)} does not fit {len(outputs)} outputs")
    for row in rows:
        if not row.is_kernel:
            raise ProgramError(f"{row.name} is no instruction: programs hold what it is made of")
    _check_within("op code", codes, 0, len(rows))
    if len(starts) != len(codes) + 1 or starts[0] != 0 or starts[-1] != len(operands):
        found = np.array2string(starts, threshold=8, edgeitems=3).replace("\n", "")
        raise ProgramError(
            f"{len(codes)} instructions with {len(operands)} operands begin at {len(codes) + 1} "
            f"places from 0 to {len(operands)}, and not at {found}"
        )
    if (starts[1:] < starts[:-1]).any():
        raise ProgramError("an instruction ends before it begins")
    counts = np.diff(starts)
    for code, size in np.unique(np.stack([codes.astype(np.int64), counts]), axis=1).T.tolist():
        if not _takes(rows[code], size):
            raise ProgramError(f"{rows[code].name} does not take {size} operands")
    _check_within("operand", operands, 0, np.repeat(np.arange(first, count), counts))
    _check_within("output", outputs, 0, count)


def _check_within(what: str, numbers: Any, low: int, high: Any) -> None:
    """From `low` to below `high`."""
    bad = (numbers < low) | (numbers >= high)
    if bad.any():
        place = int(bad.argmax())
        limit = np.broadcast_to(high, len(numbers))[place]
        raise ProgramError(
            f"{what} {place} is {numbers[place]} and must be from {low} to below {limit}"
        )


def _takes(row: Op, count: int) -> bool:
    if not isinstance(row, SequenceOp):
        return count == row.arity
    count -= len(row.scalars)
    return count % len(row.vectors) == 0 and (count > 0 or (count == 0 and row.empty))
