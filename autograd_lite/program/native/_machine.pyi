from collections.abc import Callable, Hashable, Sequence
from typing import Any, final

BLOCK: int
FRAME: dict[str, int]
FULL_STRIDE: int
LEAVES: dict[str, int]
TABLE_DIGEST: str

def use_vectors(longest: str, mathematics: str = "library") -> str: ...
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
        inputs: Sequence[tuple[Any, int, int, bool] | tuple[Any, int, int, bool, bool]],
        n_rows: int,
        outputs: Any,
        reduce: bool,
        threads: int,
    ) -> None: ...
    def descend(
        self,
        update: Machine,
        totals: Machine | None,
        numbers: Any,
        state: Any,
        settings: Any,
        rate: Callable[[], float] | None,
        columns: tuple[Any, ...],
        n_samples: int,
        order: Any | None,
        size: int,
        found: Any,
        threads: int,
    ) -> int: ...
    def watch(self, runs: int, rows: int, watcher: Callable[..., object]) -> None: ...
    def steps(
        self, shared: bytes, reduce: bool
    ) -> tuple[list[tuple[int, tuple[int, ...]]], tuple[int, ...]]: ...
    def install(
        self,
        addresses: list[int],
        n_slots: int,
        output_slots: Any,
        n_doubtful: int,
        owner: object,
    ) -> None: ...
    def install_rows(
        self,
        shared: bytes,
        reduce: bool,
        segments: tuple[tuple[int, int, int], ...],
        direct: bool,
        owner: object,
    ) -> None: ...

@final
class Bound:
    def __new__(cls, machine: Machine, inputs: Any, outputs: Any, n_rows: int) -> Bound: ...
    def __call__(self) -> None: ...

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
