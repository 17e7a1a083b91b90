"""Modules as text for people: a tree of their parts, and a table with the numbers of parameters."""

from collections.abc import Iterator
from typing import Any

from autograd_lite.errors import counted
from autograd_lite.nn.tensors import modules_in
from autograd_lite.terminal import Terminal


class Overview(str):
    """A table that an interactive session shows as it is printed."""

    __slots__ = ()
    __repr__ = str.__str__


def tree(model: Any, kind: type) -> str:
    """The parts of a model, one in a line, those of a part below it."""
    return "\n".join(f"{name}: {text}" if name else text for name, text, _ in _lines(model, kind))


def summary(model: Any, kind: type) -> Overview:
    """The table of `Module.summary`."""
    rows, frozen = [], model._frozen_parameters()
    for name, text, part in _lines(model, kind):
        held = part.parameters()
        sizes = getattr(part, "nout", ""), len(held), len(frozen.intersection(held))
        rows.append([name or "model", *map(str, sizes), text])
    table = Terminal(None).table(("part", "outputs", "parameters", "frozen", "kind"), rows)
    count = counted(len(model.parameters()), "parameter")
    return Overview(f"{table}\n{count}, {len(frozen) or 'none'} of them frozen")


def _lines(model: Any, kind: type) -> Iterator[tuple[str, str, Any]]:
    """Of each part the indented name, the kind, and the part; neurons are told by their layer."""
    above: list[str] = []  # the full names of the parts around
    told: dict[int, Any] = {}
    closed = False
    for name, depth, part in modules_in("", model, kind, {}):
        if closed and depth >= len(above):
            continue
        short = name.removeprefix(f"{above[depth - 1]}.") if depth > 1 else name
        above[depth:] = [name]
        line = getattr(part, "_in_one_line", None)
        closed = line is not None
        again = " (again)" * (id(part) in told)
        told[id(part)] = part
        yield "  " * depth + short, (line() if line else _kind_of(part, kind)) + again, part


def _kind_of(part: Any, kind: type) -> str:
    """Its arguments, too, if it says them and has no parts, which have lines of their own."""
    by_address: Any = object.__repr__
    plain = type(part).__repr__ is by_address or len([*modules_in("", part, kind, {})]) > 1
    return type(part).__name__ if plain else repr(part)
