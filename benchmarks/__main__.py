"""Measure everything and write RESULTS.md: `make bench`."""

from __future__ import annotations

import argparse
import functools
import gc
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import rounds
from benchmarks.arrays import Autograd, Casadi, Jax, TorchTensors
from benchmarks.engines import Engine, Floats, ThroughMLP, ours
from benchmarks.figures import Scene, process_figures, step_figures
from benchmarks.peers import AutoNeuroNet, Micrograd, TorchScalars, Xad
from benchmarks.report import Row, results
from benchmarks.step import Task, task

RESULTS = Path(__file__).parent / "RESULTS.md"
#: Scalar engines, which the figures compare: first, while no large library is loaded.
SCALAR = [Micrograd, functools.partial(Micrograd, collector=False), Xad, AutoNeuroNet]
LIBRARIES = [TorchScalars, TorchTensors, Jax, Autograd, Casadi]
INSTALL = 'pip install "autograd-lite[bench]"'


def made(makers: Sequence[Callable[[Task], Engine]], numbers: Task, missing: list[str]) -> list:
    """The engines that are installed; the others' reasons are appended to `missing`."""
    engines = []
    for make in makers:
        try:
            engines.append(make(numbers))
        except ImportError as reason:
            missing.append(str(reason))
    return engines


def measure(engines: Sequence[Engine], reference: Engine, count: int) -> list[Row]:
    """One row for each engine."""
    laps = rounds.run(engines, count)
    return [
        Row(
            engine,
            min(count, engine.rounds or count),
            laps[engine],
            laps[reference],
            rounds.disagreement(engine, reference),
        )
        for engine in engines
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="of the fast engines (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="a smoke run that writes no file")
    options = parser.parse_args()
    count = 3 if options.quick else options.rounds
    numbers, missing, begin = task(), [], time.perf_counter()

    def tell(what: str) -> None:
        print(f"{time.perf_counter() - begin:4.0f} s  {what}", file=sys.stderr, flush=True)

    tell("scalar engines, in turn")
    reference = ours(numbers)
    floats, through_mlp = Floats(numbers), ThroughMLP(numbers)
    peers = made(SCALAR, numbers, missing)
    rows = measure([floats, reference, through_mlp, *peers], reference, count)
    micrograds = {engine.collector: engine for engine in peers if isinstance(engine, Micrograd)}
    correct = [row.engine for row in rows if row.engine.compiled and not row.wrong]
    scene = Scene(
        floats, reference, through_mlp, micrograds.get(True), micrograds.get(False), correct
    )
    figures = step_figures(scene, {row.engine: row.lap for row in rows})

    tell("sizes, chains and instructions, each in its own process")
    figures += process_figures(options.quick, min(count, 60))

    tell("libraries for arrays, in turn with ours")
    libraries = made(LIBRARIES, numbers, missing)
    # What these libraries leave in memory is no garbage: no engine shall pay for searching it.
    gc.freeze()
    again = ours(numbers)
    rows += [row for row in measure([again, *libraries], again, count) if row.engine is not again]

    tell("done")
    absent = "".join(f"\n- {reason}: `{INSTALL}`" for reason in dict.fromkeys(missing))
    command = f"python -m benchmarks {'--quick' if options.quick else f'--rounds {count}'}"
    text = results(command, figures, rows, absent)
    print(text)
    if not options.quick:
        RESULTS.write_text(text)


if __name__ == "__main__":
    main()
