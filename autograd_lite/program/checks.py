"""Checks of a program from a file, before it is run."""

from typing import Any

import numpy as np

from autograd_lite.errors import ProgramError, shown
from autograd_lite.ops import Op, SequenceOp
from autograd_lite.program.code import KINDS, Code

#: Most registers of a program: their numbers, and the bytes of a block of each, fit an index.
MOST_REGISTERS = 2**31 - 1


def check_kinds(arrays: dict[str, Any]) -> None:
    """Raise a ProgramError unless these are the arrays of a program, by name and kind."""
    if arrays.keys() != KINDS.keys():
        raise ProgramError(f"a program consists of {sorted(KINDS)} and not of {sorted(arrays)}")
    for name, kind in KINDS.items():
        array = arrays[name]
        if array.ndim != 1 or array.dtype != kind:
            raise ProgramError(
                f"the {name} of a program are a {np.dtype(kind)} array of one dimension and here "
                f"{array.dtype} of shape {array.shape}"
            )


def check_code(code: Code) -> None:
    """Raise a ProgramError unless every index, op code and size fits."""
    _check_counts(code)
    for op in code.ops:
        if not op.is_kernel:
            raise ProgramError(f"{op.name} is no instruction: programs hold what it is made of")
    _check_within("op code", code.codes, 0, len(code.ops))
    _check_starts(code)
    counts, above = np.diff(code.starts), code.first + len(code)
    for number, size in np.unique(np.stack([code.codes, counts]), axis=1).T.tolist():
        if not _takes(code.ops[number], size):
            raise ProgramError(f"{code.ops[number].name} does not take {size} operands")
    _check_within("operand", code.operands, 0, np.repeat(np.arange(code.first, above), counts))
    _check_within("output", code.outputs, 0, above)


def _check_counts(code: Code) -> None:
    n_inputs, single = code.n_inputs, code.single
    if type(n_inputs) is not int or not 0 <= n_inputs <= MOST_REGISTERS:
        raise ProgramError(f"a program has no {shown(n_inputs)} inputs")
    count = code.first + len(code)
    if count > MOST_REGISTERS:
        raise ProgramError(f"a program has at most {MOST_REGISTERS:,} registers, and not {count:,}")
    if type(single) is not bool or (single and len(code.outputs) != 1):
        raise ProgramError(f"single={shown(single)} does not fit {len(code.outputs)} outputs")


def _check_starts(code: Code) -> None:
    n, starts, end = len(code), code.starts, len(code.operands)
    if len(starts) != n + 1 or starts[0] != 0 or starts[-1] != end:
        found = np.array2string(starts, threshold=8, edgeitems=3).replace("\n", "")
        raise ProgramError(
            f"{n} instructions with {end} operands begin at {n + 1} places from 0 to {end}, and "
            f"not at {found}"
        )
    if (starts[1:] < starts[:-1]).any():
        raise ProgramError("an instruction ends before it begins")


def _check_within(what: str, numbers: Any, low: int, high: Any) -> None:
    """Raise a ProgramError unless all numbers are from `low` to below `high`."""
    bad = (numbers < low) | (numbers >= high)
    if bad.any():
        i = int(bad.argmax())
        limit = np.broadcast_to(high, len(numbers))[i]
        raise ProgramError(f"{what} {i} is {numbers[i]} and must be from {low} to below {limit}")


def _takes(op: Op, count: int) -> bool:
    if not isinstance(op, SequenceOp):
        return count == op.arity
    count -= len(op.scalars)
    return count % len(op.vectors) == 0 and (count > 0 or (count == 0 and op.empty))
