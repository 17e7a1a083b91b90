from collections.abc import Callable, Hashable, Sequence
from typing import Any, final

BLOCK: int
TABLE_DIGEST: str

def use_vectors(longest: str, mathematics: bool = True) -> str: ...
def vectors() -> tuple[str, int, dict[str, int | None]]: ...

@final
class Machine:
    n_inputs: int
    n_outputs: int
    registers: int
    def __new__(
        cls,
        rows: Sequence[tuple[str, tuple[float, ...]]],
        codes: Any,
        starts: Any,
        operands: Any,
        constants: Any,
        n_inputs: int,
        outputs: Any,
    ) -> Machine: ...
    def run(self, inputs: Any, outputs: Any) -> None: ...
    def map(
        self,
        inputs: Sequence[tuple[Any, int, int, bool]],
        n_rows: int,
        outputs: Any,
        reduce: bool,
        threads: int,
    ) -> None: ...

@final
class Call:
    machine: Machine
    fallback: Callable[..., Any]
    used: int
    def __new__(
        cls,
        machine: Machine,
        result: Hashable,
        fallback: Callable[..., Any],
        expected: tuple[float, ...],
        arguments: tuple[Hashable, ...],
        names: tuple[str | None, ...] = (),
        by_place: int = ...,
        held: tuple[Any, ...] = (),
    ) -> Call: ...
    def __call__(self, *args: Any, **keywords: Any) -> Any: ...
