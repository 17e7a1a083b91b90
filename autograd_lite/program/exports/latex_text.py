"""Programs as LaTeX: one line per instruction."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from autograd_lite.ops import TABLE, Op, SequenceOp
from autograd_lite.program.code import Code

_HOLE = re.compile(r"(?<!\\)#(\d+|[*n])")


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
    constants, first = program.constants.tolist(), program.n_inputs + len(program.constants)
    names: dict[int, str] = {}
    outputs = [("y" if program.single else f"y_{{{k}}}", r) for k, r in enumerate(program.outputs)]
    for name, register in outputs:
        if register >= first:
            names.setdefault(register, name)

    def written(register: int) -> str:
        if register < program.n_inputs:
            return f"x_{{{register}}}"
        if register < first:
            return _number(constants[register - program.n_inputs])
        return names.get(register) or f"r_{{{register - first}}}"

    lines = [
        (written(out), _call(row, [*map(written, operands)])) for out, row, operands in program
    ]
    if program.single and len(lines) == 1 and names:
        return lines[0][1]
    lines += [(name, written(r)) for name, r in outputs if names.get(r) != name]
    if program.single and not program:
        return lines[0][1]
    rows = " \\\\\n".join(f"{left} &= {right}" for left, right in lines)
    return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"


def _number(number: float) -> str:
    """A number, in brackets where a sign or a factor would be misread."""
    if math.isnan(number):
        return r"\mathrm{nan}"
    if math.isinf(number):
        text = r"\infty" if number > 0.0 else r"-\infty"
    else:
        digits, e, exponent = f"{number:.6g}".partition("e")
        text = rf"{digits} \cdot 10^{{{int(exponent)}}}" if e else digits
    return rf"\left({text}\right)" if text.startswith("-") or "cdot" in text else text


def _call(row: Op, args: Sequence[str]) -> str:
    usual = TABLE[row.name].attrs
    attrs = [_number(number) for name, number in row.attrs.items() if number != usual[name]]
    template = row.latex + (f"_{{{', '.join(attrs)}}}" if attrs else "")
    if not isinstance(row, SequenceOp):
        if not _HOLE.search(template):
            holes = ", ".join(f"#{i}" for i in range(1, len(args) + 1))
            template = rf"{template}\left({holes}\right)"
        return _filled(template, {str(i): arg for i, arg in enumerate(args, 1)})
    places = (len(args) - len(row.scalars)) // len(row.vectors)
    split = places * len(row.vectors)
    terms = [
        _filled(row.latex_term, {str(i): arg for i, arg in enumerate(args[k:split:places], 1)})
        for k in range(places)
    ]
    numbers = zip(args[split:], row.scalars.values(), strict=True)
    terms += [arg for arg, usual in numbers if arg != _number(usual)]
    if not terms:
        return _number(row.on_floats(*row.scalars.values()))
    return _filled(template, {"*": row.latex_between.join(terms), "n": str(places)})


def _filled(template: str, holes: dict[str, str]) -> str:
    return _HOLE.sub(lambda hole: holes[hole[1]], template)
