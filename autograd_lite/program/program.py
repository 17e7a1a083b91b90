"""A program: numbered registers, and instructions that each fill one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from autograd_lite.engine import needed, refuse_values
from autograd_lite.errors import ShapeError, counted, shown
from autograd_lite.ops import Op
from autograd_lite.ops.numbers import as_float
from autograd_lite.program import exports, files
from autograd_lite.program.layouts import Matrices, floats
from autograd_lite.program.running import Runner, quick_program, runner
from autograd_lite.terminal import on_screen

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

_SHOWN = 200

#: Whether what is added up over rows is divided by their number.
REDUCTIONS = {"sum": False, "mean": True}


def reduced(sums: Floats, n_rows: int, reduce: str) -> Floats:
    """A reduction's result, from sums over rows.

    Raises
    ------
    ShapeError
        If it is undefined for no rows, and there are none.
    """
    if not REDUCTIONS[reduce]:
        return sums
    if n_rows == 0:
        raise ShapeError(f"the {reduce} over no rows is undefined; give at least one row")
    return sums / n_rows


class Instruction(NamedTuple):
    """One step: register `out` becomes `row` of the registers `operands`."""

    out: int
    row: Op
    operands: tuple[int, ...]


class Program:
    """A computation as a list of instructions that is run over again, on one input or on rows.

    Registers are numbered: first the inputs, then the constants, then one for each
    instruction, in order. Each is written once. `autograd_lite.freeze` and
    `autograd_lite.compile` make programs, `autograd_lite.load_program` reads one from a file.

    Attributes
    ----------
    n_inputs : int
    constants : float array
    rows : tuple of Op
        The ops that it uses, with their attributes.
    codes : int32 array
        For each instruction which of `rows` it is.
    starts : int64 array
        Where in `operands` those of each instruction begin; the last entry is their end.
    operands : int64 array
        Registers.
    outputs : int64 array
        Registers.
    single : bool
        Whether it gives one number rather than a list.
    saved : dict of str to int
        What each pass of simplification saved, in instructions.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> x, y = ag.Value(3.0), ag.Value(4.0)
    >>> program = ag.freeze(x * x + y * y, [x, y])
    >>> program(6.0, 8.0)
    100.0
    >>> program.map([0.0, 1.0], [1.0, 1.0])
    array([1., 2.])
    """

    __slots__ = (
        "_quick", "_runner", "codes", "constants", "n_inputs", "operands", "outputs", "rows",
        "saved", "single", "starts",
    )  # fmt: skip

    def __init__(
        self,
        n_inputs: int,
        constants: Any,
        rows: Sequence[Op],
        codes: Any,
        starts: Any,
        operands: Any,
        outputs: Any,
        single: bool = False,
        saved: dict[str, int] | None = None,
    ) -> None:
        self.n_inputs, self.single = n_inputs, single
        self.constants: Floats = np.ascontiguousarray(constants, dtype=np.float64)
        self.rows, self.saved = tuple(rows), dict(saved or {})
        self.codes = np.ascontiguousarray(codes, dtype=np.int32)
        self.starts: Indices = np.ascontiguousarray(starts, dtype=np.int64)
        self.operands: Indices = np.ascontiguousarray(operands, dtype=np.int64)
        self.outputs: Indices = np.ascontiguousarray(outputs, dtype=np.int64)
        self._runner: Runner | None = None
        self._quick: Callable[..., Any] | None = None

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[Instruction]:
        first = self.n_inputs + len(self.constants)
        starts, operands = self.starts.tolist(), self.operands.tolist()
        for j, code in enumerate(self.codes.tolist()):
            found = tuple(operands[starts[j] : starts[j + 1]])
            yield Instruction(first + j, self.rows[code], found)

    def __repr__(self) -> str:
        return (
            f"<Program: {counted(len(self), 'instruction')}, {counted(self.n_inputs, 'input')}, "
            f"{counted(len(self.outputs), 'output')}>"
        )

    def __str__(self) -> str:
        """One instruction a line; the middle of a long program is left out, with a word."""
        constants, half = self.constants.tolist(), _SHOWN // 2

        def name(register: int) -> str:
            if register < self.n_inputs:
                return f"x{register}"
            k = register - self.n_inputs
            return repr(constants[k]) if k < len(constants) else f"r{k - len(constants)}"

        lines = [repr(self)[1:-1]]
        for j, (out, row, operands) in enumerate(self):
            if half <= j < len(self) - half:
                if j == half:
                    lines.append(f"    … {len(self) - _SHOWN} more …")
                continue
            attrs = [f"{key}={value:g}" for key, value in row.attrs.items()]
            given = ", ".join([*map(name, operands), *attrs])
            lines.append(f"    {name(out)} = {row.name}({given})")
        lines.append(f"    return {', '.join(map(name, self.outputs.tolist()))}")
        return on_screen("\n".join(lines))

    def __call__(self, *inputs: Any) -> Any:
        """Run once.

        Parameters
        ----------
        *inputs : float
            As many as `n_inputs`.

        Returns
        -------
        float or list of float
            Exactly what the recorded ops give on these numbers.

        Raises
        ------
        TypeError
            If there are more or fewer, or one is no number.
        """
        if self._quick is None:
            self._quick = quick_program(self)
        found = self._quick(*inputs)
        if found is None:
            self._check_count(inputs)
            found = self.run(np.array([*map(as_float, inputs)], dtype=np.float64)).tolist()
            return found[0] if self.single else found
        return found

    def run(self, inputs: Floats) -> Floats:
        """The outputs as an array, given the inputs as one."""
        return self._run().once(inputs)

    def map(
        self,
        *inputs: Any,
        shared: Sequence[int] = (),
        reduce: str | None = None,
        threads: int = 1,
    ) -> Any:
        """Run for each row of some columns; its accuracy is that of `Compiled.map`.

        Parameters
        ----------
        *inputs : array of float, shape (rows,)
            One column per input; one number for an input in `shared`.
        shared : sequence of int, default=()
            Positions of the inputs that are the same for all rows.
        reduce : {None, "sum", "mean"}, default=None
            What becomes of the rows.
        threads : int, default=1

        Returns
        -------
        array of shape (rows,), or a list of them; with `reduce` float, or a list of them.

        Raises
        ------
        ShapeError
            If the columns differ in length.
        """
        self._check_count(inputs)
        kept = {*map(int, shared)}
        if not kept <= {*range(self.n_inputs)}:
            raise ValueError(f"shared={shown(shared)} names no input of {self.n_inputs}")
        columns = [
            floats(column, f"input {i}", 0 if i in kept else 1) for i, column in enumerate(inputs)
        ]
        lengths = {len(column) for i, column in enumerate(columns) if i not in kept}
        if len(lengths) != 1:
            raise ShapeError(
                f"columns of one length are needed and have lengths {sorted(lengths)}; at least "
                "one input must not be shared"
            )
        found = self.run_rows(
            [(column.reshape(-1, 1) if i not in kept else column.reshape(1), i in kept)
             for i, column in enumerate(columns)],
            lengths.pop(), reduce, threads,
        )  # fmt: skip
        parts = found.tolist() if reduce else [*found.T]
        return parts[0] if self.single else parts

    def run_rows(
        self,
        arguments: Matrices,
        n_rows: int,
        reduce: str | None = None,
        threads: int = 1,
    ) -> Floats:
        """The outputs for each row, or reduced.

        Parameters
        ----------
        arguments : sequence of (array, shared)
            The inputs in order: of shape (n_rows, k) for k of them, (k,) if shared.
        n_rows : int
        reduce : {None, "sum", "mean"}
        threads : int

        Returns
        -------
        array of shape (n_rows, outputs), column by column, or (outputs,) if reduced.
        """
        if reduce is not None and reduce not in REDUCTIONS:
            raise ValueError(f'reduce is None, "sum" or "mean" and was given {shown(reduce)}')
        if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
            raise ValueError(f"threads is a whole number from 1 and was given {shown(threads)}")
        found = self._run().rows(arguments, n_rows, reduce is not None, threads)
        return found.T if reduce is None else reduced(found, n_rows, reduce)

    def bound(self, arguments: Matrices, n_rows: int) -> Callable[[], Floats]:
        """The sums over rows as a function of what the arrays hold when it is called.

        As `run_rows` gives them, to which it is quicker where the same arrays are used again:
        contiguous ones, of float64.
        """
        return self._run().bound(arguments, n_rows)

    def _run(self) -> Runner:
        if self._runner is None:
            self._runner = runner(self)
        return self._runner

    def part(self, first: int, last: int) -> Program:
        """The program of some of the outputs alone.

        `first` and `last` are positions, as in a slice.
        """
        base, outputs = self.n_inputs + len(self.constants), self.outputs[first:last]
        kept = np.frombuffer(needed(base, self.starts, self.operands, outputs), np.bool_)
        new = np.concatenate([np.arange(base), base - 1 + np.cumsum(kept)])
        sizes = np.diff(self.starts)
        return Program(
            self.n_inputs, self.constants, self.rows, self.codes[kept],
            np.concatenate([[0], np.cumsum(sizes[kept])]),
            new[self.operands[np.repeat(kept, sizes)]], new[outputs],
        )  # fmt: skip

    def stats(self) -> dict[str, int]:
        """How large it is, and what simplification saved.

        Returns
        -------
        dict of str to int
            ``instructions``, ``inputs``, ``constants``, ``outputs``, ``operands``, and
            under the name of each pass the instructions that it made unnecessary.
        """
        return {
            "instructions": len(self),
            "inputs": self.n_inputs,
            "constants": len(self.constants),
            "outputs": len(self.outputs),
            "operands": len(self.operands),
            **self.saved,
        }

    save = files.save
    to_c, to_jax, to_latex = exports.to_c, exports.to_jax, exports.to_latex
    to_numpy, to_onnx = exports.to_numpy, exports.to_onnx
    to_python, to_torch = exports.to_python, exports.to_torch

    def _check_count(self, inputs: Sequence[Any]) -> None:
        taken = counted(self.n_inputs, "input")
        if len(inputs) != self.n_inputs:
            raise TypeError(f"this program takes {taken} and was given {len(inputs)}")
        refuse_values(inputs, "an input")
