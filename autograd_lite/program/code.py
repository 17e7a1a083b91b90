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

#: The arrays of a program.
KINDS = {
    "constants": np.float64,
    "codes": np.int32,
    "starts": np.int64,
    "operands": np.int64,
    "outputs": np.int64,
}


class Instruction(NamedTuple):
    """One step: register `out` becomes `op` of the registers `operands`."""

    out: int
    op: Op
    operands: tuple[int, ...]


@dataclass(eq=False, repr=False, slots=True)
class Code:
    """Numbered registers: the inputs, the constants, then one for each instruction, in order."""

    n_inputs: int
    constants: Floats
    ops: tuple[Op, ...]  # with their attributes
    codes: npt.NDArray[np.int32]  # for each instruction which of `ops` it is
    starts: Indices  # where in `operands` those of each instruction begin, and the last ones end
    operands: Indices  # registers
    outputs: Indices  # registers
    single: bool = False  # whether it gives one number rather than a list
    saved: dict[str, int] = dataclasses.field(default_factory=dict)  # instructions, by pass

    def __post_init__(self) -> None:
        self.ops, self.saved = tuple(self.ops), dict(self.saved)
        for name, kind in KINDS.items():
            setattr(self, name, np.ascontiguousarray(getattr(self, name), dtype=kind))

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
