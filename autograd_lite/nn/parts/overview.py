"""Modules as text for people: a tree of their parts, and a table with the numbers of parameters."""

from __future__ import annotations

from typing import Any, NamedTuple

from autograd_lite.errors import counted
from autograd_lite.nn.tensors import modules_in
from autograd_lite.terminal import Terminal


class _Line(NamedTuple):
    name: str  # in the part around it
    depth: int
    text: str
    part: Any


class Overview(str):
    """A table that an interactive session shows as it is printed."""

    __slots__ = ()
    __repr__ = str.__str__


def tree(model: Any, kind: type) -> str:
    """The parts of a model, one in a line, those of a part below it."""
    return "\n".join(
        f"{'  ' * line.depth}{line.name}{': ' * bool(line.name)}{line.text}"
        for line in _lines(model, kind)
    )


def summary(model: Any, kind: type) -> Overview:
    """The table of `Module.summary`."""
    own = model.parameters()
    frozen = model._frozen_parameters()
    rows = []
    for line in _lines(model, kind):
        held = line.part.parameters()
        sizes = [getattr(line.part, "nout", ""), len(held), len(frozen.intersection(held))]
        name = "  " * line.depth + (line.name or "model")
        rows.append([name, *map(str, sizes), line.text])
    header = "part", "outputs", "parameters", "frozen", "kind"
    said = f"{counted(len(own), 'parameter')}, {len(frozen) or 'none'} of them frozen"
    return Overview(f"{Terminal(None).table(header, rows)}\n{said}")


def _lines(model: Any, kind: type) -> list[_Line]:
    lines: list[_Line] = []
    above: list[str] = []  # the full names of the parts around the one that is looked at
    hidden = -1  # the depth below which parts are told in the line of the one around them
    for name, depth, part in modules_in("", model, kind, {}):
        if -1 < hidden < depth:
            continue
        short = name.removeprefix(f"{above[depth - 1]}.") if depth and above[depth - 1] else name
        above[depth:] = [name]
        hidden = depth if hasattr(part, "_in_one_line") else -1
        text = part._in_one_line() if hidden > -1 else _kind_of(part, kind)
        is_again = any(part is line.part for line in lines)
        lines.append(_Line(short, depth, text + " (again)" * is_again, part))
    return lines


def _kind_of(part: Any, kind: type) -> str:
    """Its arguments, too, if it says them and has no parts, which have lines of their own."""
    by_address: Any = object.__repr__
    plain = type(part).__repr__ is by_address or len([*modules_in("", part, kind, {})]) > 1
    return type(part).__name__ if plain else repr(part)
