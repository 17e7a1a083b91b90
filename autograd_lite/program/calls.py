"""Calls of compiled functions, run in C from the arguments to the result."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from autograd_lite.program.layouts import layout
from autograd_lite.program.outlines import outline
from autograd_lite.program.running import Native, native
from autograd_lite.program.traced import Traced

Function = Callable[..., Any]

#: Paths of one function that C tries, one after the other.
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
    """A path as a function in C, where C takes such structures; else `before`.

    `arguments` are layouts: of the arguments, then of `networks`, which the function reads though
    they are no arguments. The first `by_place` arguments may be given by position, those with
    `names` by name. For other arguments, or where guards come out differently, `before` is called,
    which may be such a function of another path; past `MOST_LINKS` of them, `slow` is.
    """
    own = traced.program.runner
    if not isinstance(own, Native) or own.is_refused:
        return before
    calls = _chain(before)
    if any(call.machine is own.machine for call in calls):
        return before
    expected = tuple([float(guard.holds) for guard in traced.guards])
    rest = before if len(calls) < MOST_LINKS else slow
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
    """The same paths, least recently run first; `function` (see `quick`) knows when C ran them."""
    last = {call.machine: call.used for call in _chain(function)}
    machines = {traced: getattr(traced.program.runner, "machine", None) for traced in used}
    return {each: used[each] for each in sorted(used, key=lambda x: last.get(machines[x], 0))}


def _chain(function: Any) -> list[Any]:
    """The calls in C that a function of `quick` tries, in their order."""
    found = []
    while native is not None and isinstance(function, native.Call):
        found.append(function)
        function = function.fallback
    return found
