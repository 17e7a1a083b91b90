"""Code: registers and instructions as plain data, which exports, files and runners take."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from autograd_lite.engine import needed
from autograd_lite.ops import Op

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]

#: The arrays of a program.
KINDS = {
    "constants": np.float64, "codes": np.int32,
    **dict.fromkeys(["starts", "operands", "outputs"], np.int64),
}  # fmt: skip


def added_in_tree(parts: Sequence[Floats]) -> Floats:
    """Arrays added up in a binary tree over their places, as the machine adds those of blocks."""
    while len(parts) > 1:
        pairs = [a + b for a, b in zip(parts[::2], parts[1::2], strict=False)]
        parts = [*pairs, *parts[2 * len(pairs) :]]
    return parts[0]


class Instruction(NamedTuple):
    """One step: register `out` becomes `op` of the registers `operands`."""

    out: int
    op: Op
    operands: tuple[int, ...]


class Code:
    """Numbered registers: the inputs, the constants, then one for each instruction, in order.

    It is no dataclass: transforms take those apart into numbers, and a program is a setting.
    """

    __slots__ = (  # noqa: RUF023 - in the order of the arguments
        "n_inputs", "constants",
        "ops",       # with their attributes
        "codes",     # for each instruction which of `ops` it is
        "starts",    # where in `operands` those of each instruction begin, and the last ones end
        "operands",  # registers
        "outputs",   # registers
        "single",    # whether it gives one number rather than a list
        "saved",     # instructions, by pass
    )  # fmt: skip

    def __init__(
        self, n_inputs: int, constants: Any, ops: Sequence[Op], codes: Any, starts: Any,
        operands: Any, outputs: Any, single: bool = False, saved: dict[str, int] | None = None,
    ) -> None:  # fmt: skip
        self.n_inputs, self.ops, self.single = n_inputs, tuple(ops), single
        self.saved = dict(saved or {})
        # As C takes them: a pickle's numbers may begin at any byte.
        self.constants: Floats = np.require(constants, np.float64, ["C", "A"])
        self.codes: npt.NDArray[np.int32] = np.require(codes, np.int32, ["C", "A"])
        self.starts: Indices = np.require(starts, np.int64, ["C", "A"])
        self.operands: Indices = np.require(operands, np.int64, ["C", "A"])
        self.outputs: Indices = np.require(outputs, np.int64, ["C", "A"])

    def changed(self, **parts: Any) -> Self:
        """The same code but for some parts."""
        return type(self)(**{name: getattr(self, name) for name in Code.__slots__} | parts)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles hold the data alone, and no machine that runs it."""
        return type(self), tuple([getattr(self, name) for name in Code.__slots__])

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
        return self.changed(
            codes=self.codes[kept], starts=np.concatenate([[0], np.cumsum(sizes[kept])]),
            operands=new[self.operands[np.repeat(kept, sizes)]], outputs=new[outputs],
            single=False, saved={},
        )  # fmt: skip
