"""How derivatives are called, as type checkers see them; while a program runs, nobody reads this.

A function that is annotated with floats keeps its parameters, and the gradient has the type of the
first. One that is annotated with Values takes floats as well as Values, which its annotations do
not say: its derivatives are described by what is given, and what is not described is Any.
"""

from typing import Any, ParamSpec, Protocol, TypeVar, overload

from numpy.typing import NDArray

from autograd_lite.engine import Value

P = ParamSpec("P")
R = TypeVar("R")
#: The first argument.
T = TypeVar("T")
#: What a number gives.
N = TypeVar("N", covariant=True)

class Gradient(Protocol):
    """A function that gives what its first argument is: a gradient, or a derivative."""

    @overload
    def __call__(self, x: Value, /, *args: Any, **keywords: Any) -> Value: ...
    @overload
    def __call__(self, x: float, /, *args: Any, **keywords: Any) -> float: ...
    @overload
    def __call__(self, x: list[float], /, *args: Any, **keywords: Any) -> list[float]: ...
    @overload
    def __call__(self, x: Any, /, *args: Any, **keywords: Any) -> Any: ...

class ValueAndGradient(Protocol):
    """A function that gives a number, and beside it what its first argument is."""

    @overload
    def __call__(self, x: Value, /, *args: Any, **keywords: Any) -> tuple[Value, Value]: ...
    @overload
    def __call__(self, x: float, /, *args: Any, **keywords: Any) -> tuple[float, float]: ...
    @overload
    def __call__(
        self, x: list[float], /, *args: Any, **keywords: Any
    ) -> tuple[float, list[float]]: ...
    @overload
    def __call__(self, x: Any, /, *args: Any, **keywords: Any) -> tuple[Any, Any]: ...

class Matrix(Protocol[N]):
    """A function that gives an array, where its first argument holds several numbers."""

    @overload
    def __call__(self, x: float, /, *args: Any, **keywords: Any) -> N: ...
    @overload
    def __call__(
        self, x: list[float] | NDArray[Any], /, *args: Any, **keywords: Any
    ) -> NDArray[Any]: ...
    @overload
    def __call__(self, x: Any, /, *args: Any, **keywords: Any) -> Any: ...
