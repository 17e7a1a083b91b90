"""What the C files give to Python; see their docstrings."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar, Token
from typing import Any

from autograd_lite.ops import Op

TABLE_DIGEST: str
Value: Any

class Builder:
    @property
    def n_inputs(self) -> int: ...
    def __init__(self, n_inputs: int, /) -> None: ...
    def constant(self, number: Any, /) -> int: ...
    def emit(self, row: Op, operands: Iterable[int], /) -> int: ...
    def enter(self, inputs: Iterable[Any], roots: Iterable[Any], /) -> list[int]: ...
    def finished(self, outputs: Iterable[int], /) -> tuple[Any, ...]: ...

def adjoints(root: Any, seed: float, nodes: list[Any], /) -> list[float]: ...
def adjoints_in(
    numbers: dict[Any, Any] | None,
    nodes: Iterable[Any],
    seeds: dict[Any, Any],
    between: set[Any],
    /,
) -> dict[Any, Any]: ...
def are_finite(numbers: Any, /) -> bool: ...
def constant(number: Any, /) -> Any: ...
def dependent(order: Iterable[Any], inputs: Iterable[Any], /) -> list[Any]: ...
def fail_after(n: int, times: int, /) -> int: ...  # in a build for tests
def fields(node: Any, /) -> tuple[Any, ...]: ...
def hessian_products(
    root: Any, nodes: list[Any], directions: list[list[float]], /
) -> list[list[float]]: ...
def living() -> int: ...
def needed(first: int, starts: Any, operands: Any, outputs: Any, /) -> bytearray: ...
def observe(one: Any, every: bool, /) -> None: ...
def read_numbers(nodes: Sequence[Any], into: Any, /) -> None: ...
def record(row: Op, parents: Sequence[Any], /) -> Any: ...
def record_beside(
    row: Op,
    then: Op | None,
    vectors: list[list[Any]],
    shared: list[Any],
    scalars: list[Any],
    scopes: list[tuple[str, ...]],
    /,
) -> Any: ...
def reset_variable(variable: ContextVar[Any], token: Token[Any], /) -> None: ...
def restore(
    row: Op | None,
    parents: tuple[Any, ...],
    partials: tuple[float, ...],
    data: float,
    grad: float,
    label: str,
    is_constant: bool,
    scope: tuple[str, ...],
    /,
) -> Any: ...
def set_up(
    table: Mapping[str, Op],
    op_type: type,
    sequence_op_type: type,
    as_float: Callable[[Any], float],
    floor_of: Callable[[Any], tuple[float, bool] | None],
    number_types: tuple[type, ...],
    double_type: type,
    ieee_type: type,
    scope: ContextVar[tuple[str, ...]],
    mode: ContextVar[Any],
    going_on: list[Any],
    refuse_data: Callable[[Any], None],
    refuse_label: Callable[[Any], None],
    partial_tangents: Callable[..., list[float]],
    traits: Callable[[Op], tuple[Any, ...]],
    recipe: Callable[..., tuple[Any, ...]],
    /,
) -> None: ...
def set_variable(variable: ContextVar[Any], value: Any, /) -> Token[Any]: ...
def tangents(
    outputs: Iterable[Any], nodes: Iterable[Any], seeds: Iterable[float], /
) -> list[float]: ...
def tangents_in(
    numbers: dict[Any, Any] | None, nodes: Iterable[Any], seeds: dict[Any, Any], /
) -> dict[Any, Any]: ...
def topological_order(
    roots: Iterable[Any], inputs: Iterable[Any] | None = None, *, without: Iterable[Any] = ()
) -> list[Any]: ...
def write_numbers(leaves: Sequence[Any], numbers: Any, /) -> None: ...
