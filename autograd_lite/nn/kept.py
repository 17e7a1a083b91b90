"""Programs that a model keeps from call to call."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.nn.tensors import is_known, structure_of

_MOST = 8  # purposes of one model


class Kept:
    """Programs of a model as it was built then, by their purposes; a copy makes its own."""

    def __init__(self) -> None:
        self.programs: dict[Hashable, Any] = {}
        self.structure: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Kept, ()


def kept_for(model: Any, purpose: Hashable, make: Callable[[Sequence[Value]], Any]) -> Any:
    """The result of `make` for a model's parameters, or that of before if only numbers changed.

    None where outputs may depend on more than these: for a user's own parts.
    """
    values: list[Value] = []
    structure: Any = structure_of(model, values), [*map(id, values)]
    kept: Kept | None = vars(model).get("_kept_programs")
    if kept is None or kept.structure != structure:
        parameters = model.parameters()
        if not is_known(model) or not {*values} <= {*parameters}:  # or some are computed
            return None
        kept = vars(model)["_kept_programs"] = Kept()
        kept.structure = structure
    programs = kept.programs
    if purpose not in programs:
        programs[purpose] = make(model.parameters())
        for oldest in [*programs][:-_MOST]:
            del programs[oldest]
    return programs[purpose]
