"""Programs as LaTeX: one line per instruction."""

import sys

from autograd_lite.program.code import Code
from autograd_lite.writing.latex import LatexPrinter, aligned
from autograd_lite.writing.templates import SUM, Piece


class _ProgramPrinter(LatexPrinter):
    """LaTeX with every argument, in which numbers keep their powers of ten apart."""

    ends = sys.maxsize, 0

    def number(self, x: float) -> Piece:
        digits, e, exponent = f"{x:.6g}".partition("e")
        power = rf"{digits} \cdot 10^{{{int(exponent or 0)}}}"
        return Piece(power, SUM, x) if e else super().number(x)


def to_latex(program: Code) -> str:
    r"""A program as LaTeX, as MathJax and KaTeX read it.

    Parameters
    ----------
    program : Program

    Returns
    -------
    str
        Without dollar signs: an ``aligned`` environment of assignments, in which inputs are
        ``x_{0}`` and so on, outputs ``y_{0}``, and other registers ``r_{0}``. Of a program of one
        instruction and one output, its formula alone. Numbers have six digits.
    """
    printer, first = _ProgramPrinter(), program.n_inputs + len(program.constants)
    outputs = [("y" if program.single else f"y_{{{k}}}", r) for k, r in enumerate(program.outputs)]
    pieces = [Piece(f"x_{{{i}}}") for i in range(program.n_inputs)]
    pieces += map(printer.number, program.constants.tolist())
    pieces += [Piece(f"r_{{{i}}}") for i in range(len(program))]
    for name, register in reversed(outputs):
        if register >= first:
            pieces[register] = Piece(name)
    lines = [
        (pieces[out].text, printer.call(row, [pieces[r] for r in operands]).text)
        for out, row, operands in program
    ]
    lines += [(name, pieces[r].text) for name, r in outputs if pieces[r].text != name]
    if program.single and len(lines) == 1:
        return lines[0][1]
    return aligned(f"{left} &= {right}" for left, right in lines)
