"""Each engine in a process of its own, as its users run it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

from benchmarks.engines import Engine, Lap
from benchmarks.measuring import rounds

Make = Callable[[Any], Engine]


class Apart:
    """An engine made and run in another process; its exceptions are raised here.

    So nobody's objects lengthen another's garbage collection, nobody's threads or memory blocks are
    in another's way, and the collector can be left alone.

    Parameters
    ----------
    make : callable
        Makes the engine, given the task; a class, a function or a `partial` of one.
    task : NamedTuple
        What it runs.
    """

    def __init__(self, make: Make, task: Any) -> None:
        self.process = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
        try:
            described = self._there(_make, make, task)
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


def _make(make: Make, task: Any) -> tuple:
    global _engine
    _engine = make(task)
    return _engine.label, _engine.form, _engine.rounds, _engine.compiled, _engine.collector


def _turn() -> tuple[Lap, float, list[float] | None]:
    lap = rounds.turn(_engine)
    return lap, _engine.loss, _engine.gradient()


class Race(NamedTuple):
    """What came of a task that engines ran in turn.

    Attributes
    ----------
    engines : dict
        By what made them; those whose library is missing are left out.
    laps : dict
        The quietest of each engine.
    rows : list of Row
    missing : list of str
        Why some did not take part.
    """

    engines: dict[Make, Apart]
    laps: dict[rounds.Runner, Lap]
    rows: list[rounds.Row]
    missing: list[str]

    def total(self, make: Make) -> float:
        """Seconds of one engine's quietest lap."""
        return self.laps[self.engines[make]].total


def race(makes: Sequence[Make], task: Any, reference: Make, count: int) -> Race:
    """Run a task on engines in turn, each in a process of its own, and compare them with one."""
    engines: dict[Make, Apart] = {}
    missing = []
    try:
        for make in makes:
            try:
                engines[make] = Apart(make, task)
            except ImportError as reason:
                missing.append(str(reason))
        laps = rounds.run([*engines.values()], count)
    finally:
        for engine in engines.values():
            engine.close()
    right = engines[reference]
    rows = [
        rounds.Row(
            engine,
            min(count, engine.rounds or count),
            laps[engine],
            laps[right],
            rounds.disagreement(engine, right),
        )
        for engine in engines.values()
    ]
    return Race(engines, laps, rows, missing)
