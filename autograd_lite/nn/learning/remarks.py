"""Warnings of a training that ran, and in which something is likely wrong."""

import random
import sys
import warnings
from collections.abc import Sequence
from math import isclose
from typing import Any

import numpy as np
from tqdm import tqdm

from autograd_lite.errors import ProgramError, TrainingWarning
from autograd_lite.modes.lines import users_line
from autograd_lite.nn.data import Array, Model
from autograd_lite.nn.learning.history import History
from autograd_lite.nn.loss_rules import Loss
from autograd_lite.nn.tensors import unknown_in
from autograd_lite.ops.activations import sigmoid

WAY_OUT = "try a smaller learning rate, or standardise the inputs"
_LARGE = 1e6  # no parameter of a training that goes well
_TOLD: set[str] = set()  # notes that this process has shown
_MANY = 5  # epochs, after which a loss should be lower; in fewer, mini-batches make noise


def warn_of_probabilities(loss: str, outputs: Sequence[Sequence[Any]]) -> None:
    """Warn if the outputs look like probabilities, which the loss computes itself."""
    squashed = all(value.op == sigmoid.name for row in outputs for value in row)
    rows = [[value.data for value in row] for row in outputs]
    shares = all(len(row) > 1 and min(row) >= 0.0 and isclose(sum(row), 1.0) for row in rows)
    if squashed or shares:
        _warn(
            f"{loss} takes logits, and these outputs are probabilities already "
            f"({'sigmoid' if squashed else 'they add up to 1'}), which train badly; leave that "
            'out, as output="linear" does'
        )


def warn_of_divergence(history: History, before: Array, after: Array, model: Model) -> None:
    """Warn of a loss that rose, and of a parameter that became huge."""
    said, losses = [], history.loss
    noise = 0.1 if len(losses) >= _MANY else 1.0
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


def tell_of_speed(model: Model, loss: Loss, history: History, aloud: bool) -> None:
    """Note why there is no program; aloud at the first training for which that holds."""
    if loss.sample is None:
        culprit = loss.function
        said, way_out = "the loss {} takes a whole batch", "write it for one sample: nn.per_sample"
    else:
        culprit = unknown_in(model)
        said = "{} may depend on more than inputs and parameters"
        way_out = "if it does not, say compile=True, or traceable = True in the class of a module"
    named = culprit if hasattr(culprit, "__name__") else type(culprit)
    note = (
        f"{said.format(named.__name__)}, so that no program runs the steps, and graphs take "
        f"10 to 40 times as long; {way_out}"
    )
    history.notes.append(note)
    if aloud and sys.stderr is not None and note not in _TOLD:
        _TOLD.add(note)
        tqdm.write(f"note: {note}", file=sys.stderr)


def generators() -> str:
    """The states of Python's and NumPy's global generators, as text."""
    return f"{random.getstate()} {np.random.get_state()}"


def changing(name: str) -> ProgramError:
    """The error for a module or loss that gives other numbers from call to call."""
    return ProgramError(
        f"{name} draws random numbers, or gives other outputs each time that it is called with "
        "the same sample, and a program would repeat those of its recording; use compile=False"
    )
