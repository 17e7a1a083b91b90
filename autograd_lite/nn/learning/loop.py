"""The loop of a training: epochs, and what follows each of them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
from tqdm import tqdm

from autograd_lite.errors import typed
from autograd_lite.nn.learning.batches import Batches, Measured
from autograd_lite.nn.learning.history import Epoch, History
from autograd_lite.nn.learning.in_batches import InBatches
from autograd_lite.nn.learning.metrics import Metrics
from autograd_lite.nn.learning.sample_order import shuffled
from autograd_lite.nn.learning.solver_step import Finish, SolverStep
from autograd_lite.nn.learning.step import TrainingStep
from autograd_lite.nn.learning.stopping import BestEpoch
from autograd_lite.nn.live.live import Live

_AT_ONCE = 0.02  # seconds of steps that the machine takes before Python looks


class TrainingLoop:
    """Epochs over samples in batches, each told to the history and to whoever watches."""

    def __init__(
        self, training: Batches, order: Sequence[int], measuring: Batches, held: Sequence[int],
        size: int, step: TrainingStep, history: History,
        metrics: Metrics | None = None, best: BestEpoch | None = None,
        keep: Callable[[bool], None] | None = None,
    ) -> None:  # fmt: skip
        self.training, self.order, self.size = training, order, size
        self.measuring, self.held = measuring, held
        self.step, self.history, self.metrics, self.best = step, history, metrics, best
        self._keep = keep  # told after each epoch whether it was the last

    def run(
        self, epochs: int, callbacks: Sequence[Callable[[History], Any]], live: Live | None,
        bar: bool,
    ) -> None:  # fmt: skip
        """Train for some epochs, until the loss falls no more, a callback says so, or Ctrl-C."""
        off = not bar or sys.stderr is None  # as in a windowed program
        shown = self._bar = tqdm(total=epochs, initial=len(self.history), desc="learning",
                                 unit="epoch", file=sys.stderr, disable=off)  # fmt: skip
        usual = np.geterr()

        def finish(number: int, start: float, done: tuple[float, dict[str, float]]) -> bool:
            """Tell of an epoch; whether it is to be the last."""
            end = self._tell(number, start, done)
            stop = self.best is not None and self.best.look(number)
            if live is not None and end >= live.throttle.due:
                live.update()
            if not shown.disable:
                shown.set_postfix_str(_postfix(self.history[-1]), refresh=False)
                shown.update()
            if callbacks:
                with np.errstate(**usual):
                    told = [_stops(call(self.history)) for call in callbacks]
                for batches in (self.training, self.measuring):
                    batches.look_anew()
                stop = any(told) or stop
                if not stop and number < epochs:
                    self.training.check_unchanged()
            self.history.stopped = stop
            if self._keep is not None:
                self._keep(stop or number == epochs)
            return stop

        # Entered once, as it takes long beside a step; a user's own code runs outside of it.
        quiet = np.errstate(all="ignore") if self.step.quiet else nullcontext()
        with shown, quiet, live or nullcontext():
            try:
                self.step.observe(self.history)
                if isinstance(self.step, SolverStep):
                    self.step.run(self.order, epochs, finish)
                else:
                    self._run(epochs, finish)
                self.training.settle()
            except KeyboardInterrupt:
                self.history.interrupted = True
                shown.set_postfix_str("interrupted; what was learnt is kept")
            finally:  # again: Ctrl-C may have come between what was learnt and its place
                self.training.settle()
            if self.best is not None:
                self.best.restore()

    def _at_once(self, until: int) -> bool:
        """Train for epochs of one step each, some hundredths of a second at a time.

        Whether the machine took all steps that it was asked for.
        """
        epochs, taken, wanted = self.history.epochs, 1, 1
        while taken == wanted and len(epochs) < until:
            times = max(1, int(_AT_ONCE / max(epochs[-1].seconds, 1e-6)))
            batches = InBatches(self.order, self.size, min(times, until - len(epochs)))
            done: list[Measured] = []
            first, start = len(epochs), time.perf_counter()

            def tell(first: int = first, start: float = start, done: Any = done) -> None:
                seconds = (time.perf_counter() - start) / max(len(done), 1)
                means = enumerate(map(self.training.mean_of, zip(done)), first + 1)
                rate = self.step.rate
                epochs[first:] = [Epoch(k, *m, seconds, None, {}, rate) for k, m in means]

            try:
                self.training.at_once(batches, self.step, done)
                tell()
            except BaseException:  # Ctrl-C, too, also while it was told
                tell()
                raise
            taken, wanted = len(done), len(batches)
            if taken and not self._bar.disable:
                self._bar.set_postfix_str(_postfix(epochs[-1]), refresh=False)
                self._bar.update(taken)
        return taken == wanted

    def _run(self, epochs: int, finish: Finish) -> None:
        at_once = self.training.is_unseen and self.step.next_rate is None
        at_once = at_once and self.size >= len(self.order)
        while (number := len(self.history) + 1) <= epochs and not self.history.stopped:
            start = time.perf_counter()
            batches = shuffled(self.order, self.size, self.training.rng)
            if self.best is not None:
                self.best.begin()
            if finish(number, start, self.training.over(batches, number, self.step)):
                break
            at_once = at_once and self._at_once(epochs - 1)

    def _tell(self, number: int, start: float, done: tuple[float, dict[str, float]]) -> float:
        """Measure after an epoch and tell the history; when it ended."""
        done = self._measured(self.training, self.order, done)
        held: tuple[float | None, dict[str, float]] = (None, {})
        if self.held:
            found = self.measuring.over(InBatches(self.held, self.size), number)
            held = self._measured(self.measuring, self.held, found)
        end = time.perf_counter()
        rate = self.step.rate
        self.history.epochs.append(Epoch(number, *done, end - start, *held, learning_rate=rate))
        self.step.observe(self.history)
        return end

    def _measured(
        self, over: Batches, rows: Sequence[int], done: tuple[float, dict[str, float]]
    ) -> tuple[float, dict[str, float]]:
        loss, found = done
        return loss, found if self.metrics is None else found | self.metrics.over(over, rows)


def _stops(result: Any) -> bool:
    """Whether a callback asks to stop; an error if it returns what says neither."""
    is_number = isinstance(result, int | float | np.generic) and result == result  # no nan
    if is_number or not (isinstance(result, np.ndarray) or result):
        return bool(result)
    raise TypeError(
        f"a callback returns True to stop, else False or None, and one returned {typed(result)}"
    )


def _postfix(epoch: Epoch) -> str:
    parts = [f"loss={epoch.loss:.4g}"]
    parts += [f"{name}={number:.3f}" for name, number in epoch.metrics.items()]
    if epoch.validation_loss is not None:
        parts.append(f"validation={epoch.validation_loss:.4g}")
    return ", ".join(parts)
