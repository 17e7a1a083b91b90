"""`Program`: code that runs, on one input or on many rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np

from autograd_lite.engine import refuse_values
from autograd_lite.errors import ShapeError, counted, shown, typed
from autograd_lite.ops.numbers import as_float
from autograd_lite.program import exports, files
from autograd_lite.program.code import Code, Floats
from autograd_lite.program.layouts import Matrices, floats
from autograd_lite.program.running import Runner, quick_program, runner
from autograd_lite.terminal import on_screen
from autograd_lite.writing.text import named_call

_SHOWN = 200

#: Whether what is added up over rows is divided by their number.
REDUCTIONS = {"sum": False, "mean": True}


def reduced(sums: Floats, n_rows: int, reduce: str) -> Floats:
    """A reduction's result, from sums over rows; a ShapeError for the mean of none."""
    if not REDUCTIONS[reduce]:
        return sums
    if n_rows == 0:
        raise ShapeError(f"the {reduce} over no rows is undefined; give at least one row")
    return sums / n_rows


class Program(Code):
    """A computation as a list of instructions that is run over again, on one input or on rows.

    Registers are numbered: first the inputs, then the constants, then one for each
    instruction, in order. Each is written once. `autograd_lite.freeze` and
    `autograd_lite.compile` make programs, `autograd_lite.load_program` reads one from a file.

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
    operands, outputs : int64 array
        Registers.
    single : bool
        Whether it gives one number rather than a list.
    saved : dict of str to int
        Instructions that each pass of simplification saved.

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

    __slots__ = ("_jit", "_quick", "_runner")

    def __init__(self, *args: Any, **parts: Any) -> None:
        super().__init__(*args, **parts)
        self._runner: Runner | None = None
        self._jit: bool | None = None
        self._quick: Callable[..., Any] | None = None

    def __setstate__(self, state: tuple[None, dict[str, Any]]) -> None:
        self._jit = None
        for name, part in state[1].items():  # of an older pickle, where ops were called rows
            setattr(self, "ops" if name == "rows" else name, part)

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
        for j, (out, op, operands) in enumerate(self):
            if half <= j < len(self) - half:
                if j == half:
                    lines.append(f"    … {len(self) - _SHOWN} more …")
                continue
            lines.append(f"    {name(out)} = {named_call(op, map(name, operands))}")
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
            self._quick = quick_program(self, self.runner)
        found = self._quick(*inputs)
        if found is None:
            self._check_count(inputs)
            found = self.run(np.array([*map(as_float, inputs)], dtype=np.float64)).tolist()
            return found[0] if self.single else found
        return found

    def run(self, inputs: Floats) -> Floats:
        """The outputs as an array, given the inputs as one."""
        return self.runner.once(inputs)

    def map(
        self, *inputs: Any, shared: Sequence[int] = (), reduce: str | None = None, threads: int = 1
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
        columns = [floats(x, f"input {i}", 0 if i in kept else 1) for i, x in enumerate(inputs)]
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

    def bind(self, inputs: Floats, outputs: Floats) -> Callable[[], None]:
        """A function without arguments that runs the program on arrays that stay.

        It is the quickest way to run a program again and again: write into `inputs`, call it,
        read `outputs`.

        Parameters
        ----------
        inputs : array of float, shape (inputs,) or (inputs, rows)
            C-contiguous. With rows it runs for each of them, as `map` does.
        outputs : array of float, shape (outputs,) or (outputs, rows)
            C-contiguous and writable; it shares no memory with `inputs`.

        Returns
        -------
        callable

        Raises
        ------
        ShapeError
            If the shapes are others.
        TypeError
            If one is no array of float64.
        ValueError
            If they share memory, are not contiguous, or `outputs` cannot be written to.

        Examples
        --------
        >>> import numpy as np
        >>> import autograd_lite as ag
        >>> x = ag.Value(3.0)
        >>> given, found = np.array([3.0]), np.empty(1)
        >>> run = ag.freeze(x * x, [x]).bind(given, found)
        >>> given[0] = 5.0
        >>> run()
        >>> found
        array([25.])
        """
        sizes = {"inputs": self.n_inputs, "outputs": len(self.outputs)}
        for (name, size), array in zip(sizes.items(), (inputs, outputs), strict=True):
            if type(array) is not np.ndarray or array.dtype != np.float64:
                raise TypeError(f"{name} is an array of float64 and was given {typed(array)}")
            if array.shape not in {(size,), (size, *inputs.shape[1:2])}:
                raise ShapeError(
                    f"{name} is of shape ({size},) or ({size}, rows), and was given {array.shape}"
                )
            if not array.flags.c_contiguous:
                raise ValueError(f"{name} must be C-contiguous: pass np.ascontiguousarray({name})")
        if inputs.ndim != outputs.ndim:
            raise ShapeError(f"one of {inputs.shape} and {outputs.shape} has rows, the other none")
        if not outputs.flags.writeable or np.may_share_memory(inputs, outputs):
            raise ValueError("outputs must be writable, and share no memory with inputs")
        return self.runner.on_arrays(inputs, outputs)

    def run_rows(
        self, arguments: Matrices, n_rows: int, reduce: str | None = None, threads: int = 1
    ) -> Floats:
        """The outputs for each row, of shape (n_rows, outputs); of shape (outputs,) if reduced.

        `arguments` are the inputs in order, each as (array, shared): an array of shape (n_rows, k)
        for k inputs, or (k,) if all rows share them. The result lies column by column.
        """
        if reduce is not None and reduce not in REDUCTIONS:
            raise ValueError(f'reduce is None, "sum" or "mean" and was given {shown(reduce)}')
        if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
            raise ValueError(f"threads is a whole number from 1 and was given {shown(threads)}")
        found = self.runner.rows(arguments, n_rows, reduce is not None, threads)
        return found.T if reduce is None else reduced(found, n_rows, reduce)

    @property
    def runner(self) -> Runner:
        """The machine in C, or Python where there is none."""
        if self._runner is None:
            self._runner = runner(self, self._jit)
        return self._runner

    def with_jit(self, jit: bool | None) -> Self:
        """This program, which runs as `compile` says of `jit`."""
        self._jit, self._runner, self._quick = jit, None, None
        return self

    def changed(self, **parts: Any) -> Self:
        """See `Code.changed`."""
        return super().changed(**parts).with_jit(self._jit)

    def stats(self) -> dict[str, Any]:
        """The size of the program, what simplification saved, and what runs it.

        Returns
        -------
        dict of str to int, float or str
            ``instructions``, ``inputs``, ``constants``, ``outputs``, ``operands``, and
            under the name of each pass the instructions that it made unnecessary. ``tier`` says
            what runs it, ``compile_seconds`` how long machine code took to make, and
            ``tier_reason`` why none will be made, if so.
        """
        return {
            "instructions": len(self), "inputs": self.n_inputs, "constants": len(self.constants),
            "outputs": len(self.outputs), "operands": len(self.operands), **self.saved,
            **self.runner.stats,
        }  # fmt: skip

    save = files.save
    to_c, to_jax, to_latex = exports.to_c, exports.to_jax, exports.to_latex
    to_numpy, to_onnx, to_javascript = exports.to_numpy, exports.to_onnx, exports.to_javascript
    to_python, to_torch = exports.to_python, exports.to_torch

    def _check_count(self, inputs: Sequence[Any]) -> None:
        taken = counted(self.n_inputs, "input")
        if len(inputs) != self.n_inputs:
            raise TypeError(f"this program takes {taken} and was given {len(inputs)}")
        refuse_values(inputs, "an input")


# For `help` and `inspect`: the arguments are those of code.
setattr(Program.__init__, "__wrapped__", Code.__init__)  # noqa: B010


def load_program(path: str | os.PathLike[str]) -> Program:
    """The program that a file holds.

    Everything in the file is checked before a program is made of it, so a damaged or hostile one
    can at worst raise `ProgramError`.

    Parameters
    ----------
    path : str or path-like
        A file that ``Program.save`` wrote.

    Returns
    -------
    Program

    Raises
    ------
    ProgramError
        If the file is no program file, is damaged, or comes from another version.
    OSError
        If it cannot be read; FileNotFoundError if it is not there.
    """
    return files.read(path, Program)
