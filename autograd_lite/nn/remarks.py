"""What a training says of itself in a warning: it ran, and yet something is likely wrong."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_lite.errors import ProgramError, TrainingWarning
from autograd_lite.modes.lines import users_line
from autograd_lite.nn.data import Array
from autograd_lite.nn.history import History
from autograd_lite.nn.outputs import Model
from autograd_lite.ops.activations import sigmoid

WAY_OUT = "try a smaller learning rate, or standardise the inputs"
_LARGE = 1e6  # no parameter of a training that goes well
_MANY = 5  # epochs, after which a loss should be lower; in fewer, mini-batches make noise


def warn_of_probabilities(loss: str, outputs: Sequence[Sequence[Any]]) -> None:
    """Warn if the outputs of some samples are what the loss makes of its logits itself."""
    numbers = [[value.data for value in row] for row in outputs]
    after_sigmoid = all(value.op == sigmoid.name for row in outputs for value in row)
    are_shares = all(
        len(row) > 1 and min(row) >= 0.0 and math.isclose(sum(row), 1.0, rel_tol=1e-9)
        for row in numbers
    )
    if after_sigmoid or are_shares:
        _warn(
            f"{loss} takes logits, and these outputs are probabilities already "
            f"({'sigmoid' if after_sigmoid else 'they add up to 1'}), which train badly; leave "
            'that out, as output="linear" does'
        )


def warn_of_divergence(history: History, before: Array, after: Array, model: Model) -> None:
    """Warn of a loss that rose, and of a parameter that grew beyond all measure."""
    said, losses = [], history.loss
    noise = 0.01 if len(losses) >= _MANY else 1.0
    if losses and losses[-1] - losses[0] > noise * abs(losses[0]):
        said.append(f"the loss ended at {losses[-1]:.4g}, above {losses[0]:.4g} where it began")
    grown = np.flatnonzero((np.abs(after) > _LARGE) & (np.abs(before) <= _LARGE))
    if len(grown):
        name, _ = model.named_parameters()[grown[0]]
        said.append(f"the parameter {name} ended at {after[grown[0]]:.4g}")
    if said:
        _warn(f"{' and '.join(said)}; {WAY_OUT}")


def _warn(message: str) -> None:
    line = users_line()
    warnings.warn_explicit(message, TrainingWarning, line.file, line.number)


@contextmanager
def no_random_numbers(module: Any) -> Iterator[None]:
    """Raise a ProgramError if Python's or NumPy's global generator is used in the block."""
    before = _global_generators()
    yield
    if _global_generators() != before:
        raise changing(module)


def _global_generators() -> Any:
    kind, key, *rest = np.random.get_state()
    return random.getstate(), kind, np.asarray(key).tobytes(), *rest


def changing(module: Any) -> ProgramError:
    """The error for a module that a program would not follow."""
    return ProgramError(
        f"{type(module).__name__} draws random numbers, or gives other outputs each time that it "
        "is called with the same sample, and a program would repeat those of its recording; leave "
        "compile out"
    )
