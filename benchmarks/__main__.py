"""Measure everything and write RESULTS.md: `make bench`."""

from __future__ import annotations

import argparse
import functools
import sys
import time
from pathlib import Path

from benchmarks import rounds
from benchmarks.apart import Apart
from benchmarks.arrays import Autograd, Casadi, Jax, TorchTensors
from benchmarks.engines import Floats, ThroughMLP, ours
from benchmarks.figures import Scene, process_figures, step_figures
from benchmarks.peers import AutoNeuroNet, Micrograd, TorchScalars, Xad
from benchmarks.report import Row, results

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

    tell("engines, each in a process of its own")
    engines, missing = {make: Apart(make) for make in (Floats, ours, ThroughMLP)}, []
    for make in PEERS:
        try:
            engines[make] = Apart(make)
        except ImportError as reason:
            missing.append(str(reason))
    tell(f"{count} rounds of {len(engines)} engines in turn")
    reference = engines[ours]
    laps = rounds.run([*engines.values()], count)
    rows = [
        Row(
            engine,
            min(count, engine.rounds or count),
            laps[engine],
            laps[reference],
            rounds.disagreement(engine, reference),
        )
        for engine in engines.values()
    ]
    for engine in engines.values():
        engine.close()
    scene = Scene(
        engines[Floats],
        reference,
        engines[ThroughMLP],
        *(engines.get(make) for make in MICROGRADS),
        [row.engine for row in rows if row.engine.compiled and not row.wrong],
    )
    figures = step_figures(scene, laps)

    tell("sizes, chains and instructions, each in a process of its own")
    figures += process_figures(options.quick, min(count, 60))

    tell("done")
    absent = "".join(f"\n- {reason}: `{INSTALL}`" for reason in dict.fromkeys(missing))
    command = f"python -m benchmarks {'--quick' if options.quick else f'--rounds {count}'}"
    text = results(command, figures, rows, absent)
    print(text)
    if not options.quick:
        RESULTS.write_text(text)


if __name__ == "__main__":
    main()
