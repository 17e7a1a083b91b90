"""The loop of a training: epochs, and what follows each of them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
from tqdm import tqdm

from autograd_lite.nn.init import Generator
from autograd_lite.nn.learning.batches import Batches
from autograd_lite.nn.learning.history import Epoch, History
from autograd_lite.nn.learning.in_batches import InBatches
from autograd_lite.nn.learning.metrics import Metrics
from autograd_lite.nn.learning.sample_order import shuffled
from autograd_lite.nn.learning.step import TrainingStep
from autograd_lite.nn.learning.stopping import BestEpoch
from autograd_lite.nn.live.live import Live


class TrainingLoop:
    """Epochs over samples in batches, each told to the history and to whoever watches."""

    def __init__(
        self, training: Batches, order: Sequence[int], measuring: Batches, held: Sequence[int],
        size: int, rng: Generator, step: TrainingStep, history: History,
        metrics: Metrics | None = None, best: BestEpoch | None = None,
        keep: Callable[[bool], None] | None = None,
    ) -> None:  # fmt: skip
        self.training, self.order, self.size = training, order, size
        self.measuring, self.held = measuring, held
        self.rng, self.step, self.history = rng, step, history
        self.metrics, self.best = metrics, best
        self._keep = keep  # told after each epoch whether it was the last

    def run(
        self, epochs: int, callbacks: Sequence[Callable[[History], Any]], live: Live | None,
        bar: bool,
    ) -> None:  # fmt: skip
        """Train for some epochs, until the loss falls no more, a callback says so, or Ctrl-C."""
        first = len(self.history) + 1
        shown = _bar(epochs, first - 1, bar)
        usual = np.geterr()
        # Entered once, as it takes long beside a step; a user's own code runs outside of it.
        quiet = np.errstate(all="ignore") if self.step.quiet else nullcontext()
        with shown, quiet, live or nullcontext():
            try:
                self.step.observe(self.history)
                for number in range(first, 0 if self.history.stopped else epochs + 1):
                    end = self._epoch(number)
                    stop = self.best is not None and self.best.look(number)
                    if live is not None and end >= live.throttle.due:
                        live.update()
                    if not shown.disable:
                        shown.set_postfix_str(_postfix(self.history[-1]), refresh=False)
                        shown.update()
                    if callbacks:
                        with np.errstate(**usual):
                            told = [bool(call(self.history)) for call in callbacks]
                        self.training.is_current = False  # they may have changed parameters
                        stop = any(told) or stop
                    self.history.stopped = stop
                    if self._keep is not None:
                        self._keep(stop or number == epochs)
                    if stop:
                        break
                self.training.settle()
            except KeyboardInterrupt:
                self.history.interrupted = True
                shown.set_postfix_str("interrupted; what was learnt is kept")
            finally:  # again: Ctrl-C may have come between what was learnt and its place
                self.training.settle()
            if self.best is not None:
                self.best.restore()

    def _epoch(self, number: int) -> float:
        """Train for an epoch and tell the history; when it ended."""
        start = time.perf_counter()
        batches = shuffled(self.order, self.size, self.rng)
        done = self._measured(self.training, batches, self.order, number, self.step)
        held: tuple[float | None, dict[str, float]] = (None, {})
        if self.held:
            batches = InBatches(self.held, self.size)
            held = self._measured(self.measuring, batches, self.held, number)
        end = time.perf_counter()
        found = Epoch(number, *done, end - start, *held, learning_rate=self.step.rate)
        self.history.epochs.append(found)
        self.step.observe(self.history)
        return end

    def _measured(
        self, over: Batches, batches: InBatches, part: Sequence[int], number: int,
        step: TrainingStep | None = None,
    ) -> tuple[float, dict[str, float]]:  # fmt: skip
        loss, found = over.over(batches, number, step)
        return loss, found if self.metrics is None else found | self.metrics.over(over, part)


def _bar(epochs: int, done: int, wanted: bool) -> Any:
    """A progress bar on standard error (None in a windowed program)."""
    off = not wanted or sys.stderr is None
    return tqdm(
        total=epochs, initial=done, desc="learning", unit="epoch", file=sys.stderr, disable=off
    )


def _postfix(epoch: Epoch) -> str:
    parts = [f"loss={epoch.loss:.4g}"]
    parts += [f"{name}={number:.3f}" for name, number in epoch.metrics.items()]
    if epoch.validation_loss is not None:
        parts.append(f"validation={epoch.validation_loss:.4g}")
    return ", ".join(parts)
