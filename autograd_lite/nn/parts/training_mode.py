"""Training mode, and the random numbers that parts take in it."""

import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from autograd_lite.engine import tracing
from autograd_lite.errors import ProgramError

#: The mode of all modules, whatever their own: in `learn`, and while outputs are predicted.
forced: ContextVar[bool | None] = ContextVar("forced", default=None)
#: The random numbers for the sample that is being learnt from.
_noise: ContextVar[Iterator[Any] | None] = ContextVar("noise", default=None)


@contextmanager
def in_mode(training: bool, noise: Iterable[Any] | None = None) -> Iterator[None]:
    """A block in which all modules are in one mode, and take their random numbers from `noise`."""
    tokens = forced.set(training), _noise.set(None if noise is None else iter(noise))
    try:
        yield
    finally:
        forced.reset(tokens[0])
        _noise.reset(tokens[1])


def drawn(what: str) -> Any:
    """A random number, uniform from 0 to 1, for a part that messages call `what`."""
    noise = _noise.get()
    if noise is None:
        if forced.get():
            raise ProgramError(
                f"{what} is no attribute of the model or of a module in it, where learn looks for "
                "what takes random numbers; keep it in one"
            )
        if tracing.get():
            raise ProgramError(
                f"{what} draws anew at each call, and a program would repeat what was drawn in its "
                "recording; call model.eval() first (learn gives random numbers to its programs)"
            )
        return random.random()
    number = next(noise, None)
    if number is None:
        raise ValueError(
            f"{what} is given as many random numbers for each sample as the first one takes, and "
            "another takes more; call it as often, on as many inputs, for each"
        )
    return number


def count_of_draws(call: Callable[[], Any]) -> int:
    """How many random numbers a call takes in training mode."""
    counter = itertools.count()
    with in_mode(True, counter):
        call()
    return next(counter)
