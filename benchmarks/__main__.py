"""Measure everything and write RESULTS.md: `make bench`."""

from __future__ import annotations

import argparse
import functools
import sys
import time
from pathlib import Path

from benchmarks import (
    calls,
    characters,
    classifying,
    compiled,
    gradients,
    grid,
    imports,
    nested,
    readable,
    sparse,
    tables,
    training,
    workers,
)
from benchmarks.arrays import Autograd, Casadi, Jax, TorchTensors
from benchmarks.engines import Floats, ThroughMLP, ours
from benchmarks.measuring.apart import race
from benchmarks.measuring.figures import Scene, process_figures, step_figures
from benchmarks.measuring.report import results
from benchmarks.peers import AutoNeuroNet, Micrograd, TorchScalars, Xad
from benchmarks.step import task

RESULTS = Path(__file__).parent / "RESULTS.md"
MICROGRADS = [Micrograd, functools.partial(Micrograd, collector=False)]
PEERS = [*MICROGRADS, Xad, AutoNeuroNet, TorchScalars, TorchTensors, Jax, Autograd, Casadi]
INSTALL = 'pip install "autograd-lite[bench]"'


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="of the fast engines (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="a smoke run that writes no file")
    options = parser.parse_args()
    count = 3 if options.quick else options.rounds
    begin = time.perf_counter()

    def tell(what: str) -> None:
        print(f"{time.perf_counter() - begin:4.0f} s  {what}", file=sys.stderr, flush=True)

    tell(f"the step: {count} rounds of engines in turn, each in a process of its own")
    step = race([Floats, ours, ThroughMLP, *PEERS], task(), ours, count)
    scene = Scene(
        step.engines[Floats],
        step.engines[ours],
        step.engines[ThroughMLP],
        *(step.engines.get(make) for make in MICROGRADS),
        [row.engine for row in step.rows if row.engine.compiled and not row.wrong],
    )
    figures = step_figures(scene, step.laps)

    tell("derivatives of functions, in the same way")
    races = gradients.races(count)
    figures += gradients.figures(races, count)

    tell("programs, in the same way")
    replayed = compiled.races(count, options.quick)
    figures += compiled.figures(replayed, options.quick)

    tell("training, in the same way")
    trained = training.races(count, options.quick)
    figures += training.figures(trained, count)
    replayed |= trained

    tell("networks of several widths over rows, in the same way")
    figures += grid.figures(count, options.quick)

    tell("a character GPT, on Values and compiled")
    figures += characters.figures(count, options.quick)

    tell("networks that learn classes, in turn")
    figures += classifying.figures(count, options.quick)

    tell("short calls, nested and sparse derivatives, large tables and importing, in pairs")
    pairs = min(count, 30)
    for some in (calls, nested, sparse, tables, imports):
        figures += some.figures(pairs, options.quick)

    tell("learning on workers of Dask, in turn")
    figures += workers.figures(count, options.quick)

    tell("the step on the Python engine, each in a process of its own")
    figures += readable.figures(count, options.quick)

    tell("sizes, chains and instructions, each in a process of its own")
    figures += process_figures(options.quick, min(count, 60))

    tell("done")
    missing = [
        reason for each in (step, *races.values(), *replayed.values()) for reason in each.missing
    ]
    absent = "".join(f"\n- {reason}: `{INSTALL}`" for reason in dict.fromkeys(missing))
    command = f"python -m benchmarks {'--quick' if options.quick else f'--rounds {count}'}"
    slopes = {name: each.rows for name, each in races.items()}
    replays = {name: each.rows for name, each in replayed.items()}
    text = results(command, figures, step.rows, slopes, replays, absent)
    print(text)
    if not options.quick:
        RESULTS.write_text(text)


if __name__ == "__main__":
    main()
