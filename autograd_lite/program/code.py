"""Code: registers and instructions as plain data, which exports, files and runners take."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from autograd_lite.engine import needed
from autograd_lite.ops import Op

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]


class Instruction(NamedTuple):
    """One step: register `out` becomes `op` of the registers `operands`."""

    out: int
    op: Op
    operands: tuple[int, ...]


@dataclass(eq=False, repr=False, slots=True)
class Code:
    """Numbered registers: the inputs, the constants, then one for each instruction, in order.

    Attributes
    ----------
    n_inputs : int
    constants : float array
    ops : tuple of Op
        The ops that it uses, with their attributes.
    codes : int32 array
        For each instruction which of `ops` it is.
    starts : int64 array
        Where in `operands` those of each instruction begin; the last entry is their end.
    operands : int64 array
        Registers.
    outputs : int64 array
        Registers.
    single : bool
        Whether it gives one number rather than a list.
    saved : dict of str to int
        Instructions that each pass of simplification saved.
    """

    n_inputs: int
    constants: Floats
    ops: tuple[Op, ...]
    codes: npt.NDArray[np.int32]
    starts: Indices
    operands: Indices
    outputs: Indices
    single: bool = False
    saved: dict[str, int] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        self.constants = np.ascontiguousarray(self.constants, dtype=np.float64)
        self.ops, self.saved = tuple(self.ops), dict(self.saved)
        self.codes = np.ascontiguousarray(self.codes, dtype=np.int32)
        self.starts = np.ascontiguousarray(self.starts, dtype=np.int64)
        self.operands = np.ascontiguousarray(self.operands, dtype=np.int64)
        self.outputs = np.ascontiguousarray(self.outputs, dtype=np.int64)

    @property
    def first(self) -> int:
        """The register of the first instruction."""
        return self.n_inputs + len(self.constants)

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[Instruction]:
        starts, operands = self.starts.tolist(), self.operands.tolist()
        for j, code in enumerate(self.codes.tolist()):
            found = tuple(operands[starts[j] : starts[j + 1]])
            yield Instruction(self.first + j, self.ops[code], found)

    def part(self, first: int, last: int) -> Self:
        """The program of some of the outputs alone, from position `first` to below `last`."""
        base, outputs = self.first, self.outputs[first:last]
        kept = np.frombuffer(needed(base, self.starts, self.operands, outputs), np.bool_)
        new = np.concatenate([np.arange(base), base - 1 + np.cumsum(kept)])
        sizes = np.diff(self.starts)
        return dataclasses.replace(
            self, codes=self.codes[kept], starts=np.concatenate([[0], np.cumsum(sizes[kept])]),
            operands=new[self.operands[np.repeat(kept, sizes)]], outputs=new[outputs],
            single=False, saved={},
        )  # fmt: skip
