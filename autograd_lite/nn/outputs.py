"""What can learn, what it gives for a sample, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from autograd_lite.engine import Value, current_mode


class Model(Protocol):
    """What can learn."""

    def __call__(self, x: Any) -> Any:
        """The output for one sample."""

    def parameters(self) -> list[Value]:
        """All parameters, each once."""

    def named_parameters(self) -> list[tuple[str, Value]]:
        """(name, parameter) for each parameter."""


def is_watched() -> bool:
    """Whether each node is looked at; of programs no node is told."""
    mode = current_mode.get()
    return mode is not None and bool(mode.watchers)


def structure_of(part: Any, values: list[Value]) -> Any:
    """What programs of a part depend on beside its Values, which are added to `values`."""
    # Of a class below one of these nothing is known: it may do more.
    known = vars(type(part)).get("_program_structure")
    return object() if known is None else known(part, values)


def is_known(part: Any, *above: Any) -> bool:
    """Whether a part of a model, and what is in it, depends on its numbers alone."""
    if isinstance(part, Value) or any(part is whole for whole in above):
        return True
    inner = part
    if isinstance(part, Mapping):
        inner = part.values()
    elif hasattr(type(part), "traceable"):
        inner = vars(part).values() if type(part).traceable else [len]
    elif not isinstance(part, list | tuple):
        return not callable(part)
    return all(is_known(each, part, *above) for each in inner)


def uneven(model: Model, widths: Iterable[int]) -> str:
    """That the number of outputs depends on the sample, in words."""
    counts = " and ".join(map(str, sorted(widths)))
    return f"{type(model).__name__} gives {counts} outputs, by the sample; give as many for each"


def as_list(output: Any) -> list[Any]:
    """A model's outputs, also if there is one."""
    return list(output) if isinstance(output, list | tuple) else [output]


def numbers_of(output: Any) -> Any:
    """A model's output without its graph."""
    if isinstance(output, Value):
        return output.data
    if isinstance(output, list | tuple):
        return [numbers_of(value) for value in output]
    raise TypeError(
        f"a model returns a Value or a list of them and returned {type(output).__name__}: "
        f"{output!r}"
    )
