"""Calls of compiled functions that stay in C from the arguments to the result."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from autograd_lite.program.layouts import layout
from autograd_lite.program.outlines import outline
from autograd_lite.program.running import Native, native
from autograd_lite.program.traced import Traced

Function = Callable[..., Any]

#: So many paths of one function are tried one after the other in C.
MOST_LINKS = 64


def quick(
    traced: Traced,
    arguments: tuple[Hashable, ...],
    names: tuple[str | None, ...],
    by_place: int,
    before: Function,
    slow: Function,
    networks: Sequence[Any] = (),
) -> Function:
    """A path as a function, where the machine is there and takes such structures: else `before`.

    `arguments` are the layouts of these and of the networks that the function reads though they are
    no arguments; so many of the former, `by_place`, may be given by position, and those with
    `names` by name. `before` is called if the arguments are something else, or the guards come out
    differently. It may have been made here for other paths: one call goes through them all, or
    through `slow` where there are as many as are kept.
    """
    own = traced.program.runner
    if not isinstance(own, Native) or own.is_refused:
        return before
    link, links = before, 0
    while isinstance(link, native.Call):
        if link.machine is own.machine:
            return before
        link, links = link.fallback, links + 1
    expected = tuple([float(guard.holds) for guard in traced.guards])
    rest = before if links < MOST_LINKS else slow
    try:
        result = layout(traced.result)
        held, layouts, captured = (*networks,), arguments, traced.captured
        if len(held) == 1 and {*captured} == {*held[0].parameters()}:  # checked and read at once
            layouts = (*arguments[:-1], outline(held[0], captured))
        elif captured:
            held, layouts = (*held, [*captured]), (*arguments, outline([*captured], captured))
        call: Function = native.Call(
            own.machine, result, rest, expected, layouts, names, by_place, held
        )
    except TypeError:
        own.is_refused = True
        return before
    return call


def by_last_use(used: dict[Traced, Any], function: Function) -> dict[Traced, Any]:
    """The same, in the order in which they ran in C by a function of `quick`; others first."""
    last: dict[Any, int] = {}
    while native is not None and isinstance(function, native.Call):
        last[function.machine], function = function.used, function.fallback
    machines = {traced: getattr(traced.program.runner, "machine", None) for traced in used}
    return {each: used[each] for each in sorted(used, key=lambda x: last.get(machines[x], 0))}
