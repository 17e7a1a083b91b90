"""Each engine in a process of its own, as its users run it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from benchmarks import rounds
from benchmarks.engines import Engine, Lap
from benchmarks.step import Task, task


class Apart:
    """An engine made and run in another process; its exceptions are raised here.

    So nobody's objects lengthen another's garbage collection, nobody's threads or memory blocks are
    in another's way, and the collector can be left alone.

    Parameters
    ----------
    make : callable
        Makes the engine, given the task; a class, a function or a `partial` of one.
    """

    def __init__(self, make: Callable[[Task], Engine]) -> None:
        self.process = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
        try:
            described = self._there(_make, make)
        except BaseException:
            self.close()
            raise
        self.label, self.form, self.rounds, self.compiled, self.collector = described
        self.loss, self._gradient = float("nan"), None

    def turn(self) -> Lap:
        """See `rounds.turn`."""
        lap, self.loss, self._gradient = self._there(_turn)
        return lap

    def gradient(self) -> list[float] | None:
        """Of the last lap."""
        return self._gradient

    def close(self) -> None:
        """End the process."""
        self.process.shutdown()

    def _there(self, function: Callable[..., Any], *args: Any) -> Any:
        return self.process.submit(function, *args).result()


#: In the other process: its engine.
_engine: Engine


def _make(make: Callable[[Task], Engine]) -> tuple:
    global _engine
    _engine = make(task())
    return _engine.label, _engine.form, _engine.rounds, _engine.compiled, _engine.collector


def _turn() -> tuple[Lap, float, list[float] | None]:
    lap = rounds.turn(_engine)
    return lap, _engine.loss, _engine.gradient()
