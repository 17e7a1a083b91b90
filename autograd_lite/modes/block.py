"""A mode as a context manager and decorator."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any, TypeVar

from autograd_lite.engine import Mode, current_mode
from autograd_lite.errors import shown, typed

_F = TypeVar("_F", bound=Callable[..., Any])


def enter(mode: Mode) -> None:
    """From now on ops behave so."""
    current_mode.set(mode if any(mode) else None)  # None, which costs nothing


@contextmanager
def in_mode(mode: Mode) -> Iterator[None]:
    """Ops behave so in here, whatever is around; afterwards as before."""
    former = current_mode.get()
    enter(mode)
    try:
        yield
    finally:
        current_mode.set(former)


class Block(ABC):
    """A ``with`` block, or a function, that runs in a mode.

    A block keeps nothing between entering and leaving, so one may be entered again inside itself
    (a decorated function that calls itself) and by several threads at once.
    """

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        """The block, or, as a decorator without parentheses, the function in it."""
        block = super().__new__(cls)
        return block if function is None else block(function)

    @abstractmethod
    def _entered(self, mode: Mode) -> Mode:
        """The mode inside, from the one around."""

    def _left(self, mode: Mode) -> Mode:
        """The mode without this block: blocks of generators may end in any order."""
        return mode._replace(watchers=mode.watchers[:-1])

    def __enter__(self) -> None:
        enter(self._entered(current_mode.get() or Mode()))

    def __exit__(self, *error: object) -> None:
        enter(self._left(current_mode.get() or Mode()))

    def __call__(self, function: _F) -> _F:
        """The function, run in this mode; a generator function or coroutine function, too."""
        found: _F = self._around(function)
        return found

    def _around(self, function: Any) -> Any:
        name = type(self).__name__
        if not callable(function):
            raise TypeError(
                f"{name} decorates a function and was given {typed(function)}; "
                f"write `with {name}():` for a block"
            )
        if inspect.isasyncgenfunction(function):
            raise TypeError(
                f"{name} does not decorate an asynchronous generator ({shown(function)}); write "
                f"`with {name}():` inside it, around what is between two yields"
            )
        if inspect.isgeneratorfunction(function):
            return self._around_steps(function)
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def coroutine(*args: Any, **kwargs: Any) -> Any:
                with self:
                    return await function(*args, **kwargs)

            return coroutine

        @wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return inside

    def _around_steps(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A generator that is in the mode while it runs, and not while its caller does."""

        @wraps(function)
        def steps(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            generator = function(*args, **kwargs)
            step = partial(generator.send, None)
            while True:
                try:
                    with self:
                        item = step()
                except StopIteration as end:
                    return end.value
                try:
                    step = partial(generator.send, (yield item))
                except BaseException as error:  # close() and throw() are the generator's affair
                    step = partial(generator.throw, error)

        return steps
