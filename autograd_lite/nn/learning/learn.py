"""Learning from samples: what `Module.learn` does."""

from __future__ import annotations

import sys
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
from tqdm import tqdm

from autograd_lite.engine import is_silent
from autograd_lite.errors import counted, shown, typed
from autograd_lite.modes import recording
from autograd_lite.nn.data import Model, positive_int, samples
from autograd_lite.nn.init import Generator, generator
from autograd_lite.nn.learning.batches import COMPARED, Batches, Samples, is_traceable
from autograd_lite.nn.learning.compiled_batches import CompiledBatches
from autograd_lite.nn.learning.history import Carried, Epoch, History
from autograd_lite.nn.learning.remarks import warn_of_divergence, warn_of_probabilities
from autograd_lite.nn.learning.step import TrainingStep
from autograd_lite.nn.live.live import Live, shell_for
from autograd_lite.nn.live.surface import picture_of
from autograd_lite.nn.losses import find_loss
from autograd_lite.nn.optim import Optimizer, find_optimizer
from autograd_lite.nn.parts.training_mode import in_mode
from autograd_lite.nn.predictions import is_watched


def learn(
    self: Model, inputs: Any, outputs: Any,
    loss: str | Callable[[Any, Any], Any] = "squared_error", optimizer: str | Optimizer = "adam",
    learning_rate: float | None = None, epochs: int = 100, batch_size: int | None = 32,
    validation: float | tuple[Any, Any] | None = None,
    callback: Callable[[History], Any] | None = None, progress: bool = True,
    seed: int | None = None, compile: bool | None = None, show: str | None = None,
    check: bool = False,
) -> History:  # fmt: skip
    """Fit the parameters to samples, starting from their current numbers.

    Learning again continues with the parameters; an optimiser given by name starts afresh.

    Parameters
    ----------
    inputs : array of shape (n, features), or (n,) for one feature
        Arrays are not copied: leave them as they are meanwhile.
    outputs : array of shape (n,) or (n, k)
        The targets, as the loss takes them (`nn.losses`).
    loss : str or callable, default="squared_error"
        ``"squared_error"``, ``"absolute_error"``, ``"hinge"`` (targets -1, +1),
        ``"binary_cross_entropy"`` (0, 1; the module gives logits), ``"cross_entropy"`` (class
        index; the module gives one logit per class), or a function ``(outputs, targets)`` of a
        batch that returns one Value.
    optimizer : str or object, default="adam"
        ``"adam"``, ``"sgd"``, or an object with ``step()`` and the module's ``parameters``.
    learning_rate : float, optional
        For an optimiser given by name; 0.01 if left out, which suits networks of this size.
    epochs : int, default=100
        Passes over the data.
    batch_size : int or None, default=32
        Samples per update; None takes all of them.
    validation : (inputs, outputs) or float, optional
        Data to measure after each epoch; or the share of the samples, drawn at random, to
        keep for that.
    callback : callable, optional
        Called after each epoch with the `History` so far (``history[-1]`` is the latest
        `Epoch`); a true result stops.
    progress : bool, default=True
        Show a bar with the loss on standard error.
    seed : int, optional
        Of the order of samples and the choice of validation samples; Python's global `random`
        if left out. With one `random.Random` and one optimiser, 5 epochs and 5 are 10.
    compile : bool, optional
        Whether a step is recorded once, as a program (`autograd_lite.compile`): the same
        numbers but for rounding, in a fraction of the time. Left out, it is where module and
        loss are the package's own, so known to depend on parameters and samples alone.
    show : {"live"}, optional
        In a notebook, draw the training while it goes on, in place of the bar: the loss so far,
        speed and time left, and over one feature or two what the module makes of each point of
        the line or plane (for which it is called some thousand times more). But for the first
        pictures and the last, which come in any case, they take 5% of the time at most.
        Elsewhere, the bar is shown.
    check : bool, default=False
        Compare the first three steps of a program with eager ones.

    Returns
    -------
    History
        Loss, metrics and seconds of every finished epoch. Ctrl-C ends learning and returns
        it too, with ``interrupted`` True; what was learnt is kept.

    Warns
    -----
    TrainingWarning
        If the loss ends above where it began, a parameter grows beyond 1e6, or the outputs are
        probabilities where the loss takes logits.

    Raises
    ------
    AnomalyError
        If the loss, a gradient or a parameter turns nan or infinite, naming epoch and sample;
        the parameters stay as they were before that update. Any exception that ends the
        training has the `History` so far as its ``history``.
    ShapeError
        If shapes do not fit each other or the module, or there are no samples.
    ValueError
        If a number in the data is nan or infinite, a target is not what the loss takes, or
        another argument is out of its range; if a loss of your own is to be compiled, or the
        loss depends on no parameter.
    ProgramError
        If a module that draws random numbers is to be compiled, or `check` finds a difference.
    """
    history = History()
    with Carried(history), recording() if is_silent() else nullcontext(), in_mode(False):
        shell = None if show is None else shell_for(show)
        criterion = find_loss(loss)
        if callback is not None and not callable(callback):
            raise TypeError(
                f"callback is a function of the History and was given {shown(callback)}"
            )
        inputs, outputs = samples(inputs, outputs, self)
        chosen = find_optimizer(self, optimizer, learning_rate)
        epochs = positive_int("epochs", epochs)
        rng = generator(seed)
        watched = is_watched()
        if compile is None:
            compile = not watched and is_traceable(self, criterion)
        kind = CompiledBatches if compile else Batches
        training = kind(self, criterion, Samples(inputs, outputs))
        training.rng = rng
        measuring, held_out, order = _held_out(training, validation, rng)
        size = len(order) if batch_size is None else positive_int("batch_size", batch_size)
        _check(training, measuring, check)
        before = training.parameters_now()
        step = TrainingStep(self, training.parameters, chosen, bool(compile), shell is not None)
        live: Live | None = None
        if shell is not None:
            quick = not watched and is_traceable(self, criterion)  # a call changes nothing
            drawn = self if quick and isinstance(getattr(self, "nin", None), int) else None
            picture = None if watched else picture_of(training)
            live = Live(shell, history, epochs, picture, model=drawn, last=step.last)
        bar = _bar(epochs, live is None and (progress or show is not None))
        usual = np.geterr()
        # Entered once, as it takes long beside a step; a user's own code runs outside of it.
        quiet = np.errstate(all="ignore") if step.quiet else nullcontext()
        with bar, quiet, live or nullcontext():
            try:
                for number in range(1, epochs + 1):
                    start = time.perf_counter()
                    done = training.over(_shuffled(order, size, rng), number, step)
                    held: tuple[float | None, dict[str, float]] = (None, {})
                    if held_out:
                        held = measuring.over(_in_batches(held_out, size), number)
                    end = time.perf_counter()
                    history.epochs.append(Epoch(number, *done, end - start, *held))
                    if live is not None and end >= live.throttle.due:
                        live.update()
                    if not bar.disable:
                        bar.set_postfix_str(_postfix(history[-1]), refresh=False)
                        bar.update()
                    if callback is not None:
                        with np.errstate(**usual):
                            history.stopped = bool(callback(history))
                        training.is_current = False  # it may have changed parameters
                        if history.stopped:
                            break
            except KeyboardInterrupt:
                history.interrupted = True
                bar.set_postfix_str("interrupted; what was learnt is kept")
        warn_of_divergence(history, before, training.parameters_now(), self)
    return history


def _held_out(
    training: Batches, validation: Any, rng: Generator
) -> tuple[Batches, Sequence[int], Any]:
    """The batches and samples to validate on, and the samples to learn from."""
    order: Any = range(len(training.inputs))  # while it is one: rows side by side are no copies
    if isinstance(validation, tuple | list):
        if len(validation) != 2:
            parts = counted(len(validation), "part")
            raise ValueError(f"validation is (inputs, outputs) and has {parts}")
        inputs, outputs = validation
        data = samples(inputs, outputs, training.model, of="validation ")
        held = Samples(*data, noun="validation sample")
        return type(training)(training.model, training.loss, held), range(len(data[0])), order
    if validation is None:
        return training, (), order
    split = _split(validation, len(order))
    order = array("q", order)
    rng.shuffle(order)
    return training, order[:split], order[split:]


def _check(training: Batches, measuring: Batches, compare: bool) -> None:
    """Raise now, not in the middle of an epoch, if data, model and loss do not fit."""
    first = training.check()
    if training.loss.logits:
        warn_of_probabilities(training.loss.function.__name__, first)
    if measuring is not training:
        measuring.check()
    if training.model.parts_taking("entries"):
        for each in dict.fromkeys([training, measuring]):
            each.check_entries()
    if compare and isinstance(training, CompiledBatches):
        training.to_check = COMPARED


def _split(share: Any, n: int) -> int:
    """How many of n samples are kept for validation."""
    if isinstance(share, bool) or not isinstance(share, int | float | np.floating):
        raise TypeError(
            f"validation is (inputs, outputs) or a share of the samples, such as 0.2, and was "
            f"given {typed(share)}"
        )
    count = round(share * n) if 0.0 < share < 1.0 else 0
    if not 0 < count < n:
        raise ValueError(
            f"validation={shown(share)} of {counted(n, 'sample')} leaves nothing to validate "
            "on, or to learn from; write a share between 0 and 1, such as 0.2"
        )
    return count


def _shuffled(order: Any, size: int, rng: Generator) -> Iterator[Sequence[int]]:
    """The samples of an epoch in batches; shuffled anew each time, so that 5 + 5 epochs are 10."""
    if size < len(order):
        order = array("q", order)
        rng.shuffle(order)
    return _in_batches(order, size)


def _in_batches(order: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    if size >= len(order):
        return iter([order])
    # NumPy reads an array of its own faster.
    found: Any = order if isinstance(order, range) else np.asarray(order)
    return (found[start : start + size] for start in range(0, len(order), size))


def _bar(epochs: int, wanted: bool) -> Any:
    """A progress bar on standard error (None in a windowed program)."""
    off = not wanted or sys.stderr is None
    return tqdm(total=epochs, desc="learning", unit="epoch", file=sys.stderr, disable=off)


def _postfix(epoch: Epoch) -> str:
    parts = [f"loss={epoch.loss:.4g}"]
    parts += [f"{name}={number:.3f}" for name, number in epoch.metrics.items()]
    if epoch.validation_loss is not None:
        parts.append(f"validation={epoch.validation_loss:.4g}")
    return ", ".join(parts)
