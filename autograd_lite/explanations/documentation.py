"""The text of `help` on an op: formula, derivatives, domain, conventions, example; from its row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from typing import Any

from autograd_lite.explanations.formulas import Formula, as_formula, op_partials, written
from autograd_lite.ops import TABLE, Op, SequenceOp
from autograd_lite.ops.leaf import Leaf
from autograd_lite.ops.rules import log, sqrt
from autograd_lite.writing.templates import Piece
from autograd_lite.writing.text import TEXT, TextPrinter

#: Most characters of a formula.
_LONGEST = 83
#: Where functions of one number begin, end or have conventions, and numbers on both sides of them.
_EDGES = -math.inf, -1.0, 0.0, 1.0, math.inf
_AROUND = -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0
_PI: Any = Formula()
_TWO: Any = as_formula(2.0)
_THREE: Any = as_formula(3.0)
#: Numbers of rules that six digits do not give, as what they are.
_CONSTANTS = {
    math.pi: _PI,
    math.pi / 2.0: _PI / 2.0,
    180.0 / math.pi: 180.0 / _PI,
    math.pi / 180.0: _PI / 180.0,
    math.log(2.0): log(_TWO),
    1.0 / math.log(2.0): 1.0 / log(_TWO),
    1.0 / math.log(10.0): 1.0 / log(as_formula(10.0)),
    2.0 / math.sqrt(math.pi): 2.0 / sqrt(_PI),
    math.sqrt(2.0 * math.pi): sqrt(2.0 * _PI),
    1.0 / 3.0: 1.0 / _THREE,
    2.0**52: _TWO**52.0,
}


@lru_cache(maxsize=256)
def documentation(op: Op) -> str:
    """The docstring of an op. A user's own functions are not called for it."""
    if op.custom:
        return op.docstring()
    value, partials = formulas(op, TEXT, flat_names(op), _LONGEST)
    lines = [f"Formula of the value: {' = '.join(value)}."]
    for name, (known, said) in partials.items():
        known = known or "a long formula, which `ag.latex` writes"
        lines.append(f"Derivative by {name}{attrs_told(op)}: {known}{said}.")
    lines += _edges(op) if op.arity == 1 else [f"Domain: all numbers{_exceptions(op)}."]
    if op.singular is not None:
        lines.append(f"At {op.singular_at}: a second derivative that is not finite {op.counted}.")
    example = f"\n\nExamples\n--------\n{_example(op)}" if op.public else ""
    return f"{op.docstring()}\n\nNotes\n-----\n" + "\n\n".join(lines) + example


def number_piece(x: float, printer: TextPrinter) -> Piece:
    """A number of a rule: a constant by its sign, as π, which six digits are not equal to."""
    known = _CONSTANTS.get(abs(x))
    if known is None:
        return printer.number(x)

    def named(part: Formula) -> Piece:
        return printer.number(part.number) if part.number is not None else Piece(printer.label("π"))

    found = written(known if x > 0.0 else -known, printer, named, _LONGEST)
    return printer.number(x) if found is None else Piece(found.text, found.level, x)


def attrs_told(op: Op) -> str:
    """For which of an op's parameters a formula is true."""
    return "".join(f", for {name} = {value:g}" for name, value in op.attrs.items())


def formulas(
    op: Op, printer: TextPrinter, labels: Sequence[str], longest: int
) -> tuple[list[str], dict[str, tuple[str, str]]]:
    """Formulas of an op's value, and of its partials by name, each with a remark.

    A partial that is too long gets ``f`` for the value; one that still is, is empty.
    """
    names = told = flat_names(op)
    if isinstance(op, SequenceOp):  # the others are alike
        told = [f"{v[:-1]}1" for v in op.vectors] + [*op.scalars]
    *args, out = [Formula() for _ in [*names, "f"]]
    pieces = dict(zip([*args, out], map(Piece, [*labels, "f"]), strict=True))
    call = Formula(op=op, args=tuple(args))

    def named(part: Formula) -> Piece:
        return pieces[part] if part.number is None else number_piece(part.number, printer)

    def text(thing: Any) -> str:
        found = written(as_formula(thing), printer, named, longest)
        return found.text if found else ""

    # A leaf of the C library is not expanded: it is what it is.
    value = [call] if isinstance(op.forward, Leaf) else [call, op.expand(args)]
    wanted = [name in told for name in names]
    both = [map(text, op_partials(op, f, args, wanted)) for f in (call, out)]
    remark = ", where f is the value"
    partials = {
        name: (whole, "") if whole else (short, remark)
        for name, whole, short in zip(names, *both, strict=True) if name in told
    }  # fmt: skip
    return [*dict.fromkeys(filter(None, map(text, value)))], partials


def flat_names(op: Op) -> list[str]:
    """The names of an op's arguments; of a sequence those of three entries."""
    if not isinstance(op, SequenceOp):
        return [*op.arguments]
    return [f"{v[:-1]}{i}" for v in op.vectors for i in (1, 2, 3)] + [*op.scalars]


def places(op: Op) -> list[float]:
    """Numbers to show an op at, one for each name: inside of its domain, no two alike."""
    if isinstance(op, SequenceOp):
        return [0.5, 1.25, 2.0, -0.75, 1.5, 0.25, 1.0][: len(flat_names(op))]
    shares = zip(op.domain, (0.65, 0.8, 0.9), strict=False)
    return [round(low + (high - low) * share, 2) for (low, high), share in shares]


def grouped(op: Op, flat: list[Any]) -> list[Any]:
    """The arguments of a call, out of one thing for each of `flat_names`."""
    if not isinstance(op, SequenceOp):
        return flat
    lists = [flat[3 * i : 3 * i + 3] for i in range(len(op.vectors))]
    return [*lists, *flat[3 * len(lists) :]]


def _example(op: Op) -> str:
    """Value and gradient at one place, as a session shows them, and the gradient at a tie."""
    flat = places(op)
    value, slope = _calls(op, flat)
    # where the arguments are equal, the largest is all of them
    tie = [_calls(op, [1.0] * len(flat))[1]] * ("a tie" in op.doc)
    return "\n".join([">>> import autograd_lite as ag", value, slope, *tie])


def _calls(op: Op, flat: list[float]) -> tuple[str, str]:
    """A call and its gradient, with what they give; no graph is recorded for it."""
    out = op.on_floats(*flat)
    partials = [x + 0.0 for x in op.partials_on_floats(out, flat, [True] * len(flat))]
    args, found = grouped(op, flat), grouped(op, partials)
    attrs = () if op is TABLE[op.name] else op.attrs.items()
    given = ", ".join([*map(repr, args), *[f"{name}={x!r}" for name, x in attrs]])
    many = len(args) > 1
    which = f", {tuple(range(len(args)))}" * many
    slope = f"{tuple(found) if many else found[0]!r}"
    return (
        f">>> ag.{op.name}({given})\n{out!r}",
        f">>> ag.grad(ag.{op.name}{which})({given})\n{slope}",
    )


def _edges(op: Op) -> list[str]:
    """Domain of a function of one number, and its values at the ends of that and at 0."""
    inside = [x for x in _AROUND if not math.isnan(op.on_floats(x))]
    low, high = inside[0], inside[-1]
    ends = f"{low:g} ≤ " * (low > _AROUND[0]) + "x" + f" ≤ {high:g}" * (high < _AROUND[-1])
    domain = "all numbers" if ends == "x" else f"{ends}, elsewhere nan"
    said = []
    for x in _EDGES:
        out = op.on_floats(x)
        if not math.isnan(out) and (x in (0.0, low, high) or math.isinf(x)):
            partial = op.partials_on_floats(out, (x,), (True,))[0]
            value, slope = (number_piece(y + 0.0, TEXT).text for y in (out, partial))
            said.append(f"{value} and {slope} at {x:g}")
    return [f"Domain: {domain}.", f"Conventions, value and derivative: {', '.join(said)}."]


def _exceptions(op: Op) -> str:
    """A remark on where a function of several numbers is nan, if it is anywhere."""
    corners = product(_AROUND, repeat=op.arity or 0)
    known = op.arity is None or not any(math.isnan(op.on_floats(*corner)) for corner in corners)
    return "" if known else "; where the first line says otherwise, or IEEE-754 does, nan"
