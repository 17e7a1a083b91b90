"""Measurements in a process of their own: `python -m benchmarks.measuring.probes NAME …`."""

from __future__ import annotations

import gc
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from autograd_lite import Value, freeze
from benchmarks.measuring.peaks import contracted, separate
from benchmarks.programs import rosenbrock

ROOT = Path(__file__).parents[2]


def probe(name: str, *numbers: int, under: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
    """Run one of the functions below in a new process, perhaps under a tool."""
    module = "benchmarks.measuring.probes"
    command = [*under, sys.executable, "-m", module, name, *map(str, numbers)]
    # The same hashes and one thread, so that instructions can be counted exactly.
    calm = {**os.environ, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=ROOT, env=calm, check=True, capture_output=True, text=True)


def answer(name: str, *numbers: int) -> float:
    """The number that a function below prints."""
    return float(probe(name, *numbers).stdout)


def chain(nodes: int) -> Value:
    """The end of a chain of binary nodes without constants."""
    v, w, b = Value(1.0), Value(1.0), Value(1.0)
    for _ in range(nodes // 2):
        v = v * w + b
    return v


# --- what a process measures ----------------------------------------------------------------------


def resident(nodes: int) -> float:
    """Resident bytes per binary node."""
    before = resident_bytes()
    kept = chain(nodes)
    after = resident_bytes()
    del kept
    return (after - before) / nodes


def resident_bytes() -> int:
    """Of this process now, or, where /proc is missing, at most so far."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def per_node(nodes: int) -> float:
    """Seconds per node to build and differentiate the first chain of a process."""
    start = time.perf_counter()
    chain(nodes).backward()
    return (time.perf_counter() - start) / nodes


def growth(large: int, small: int, rounds: int) -> float:
    """Time per node of a large chain against a small one, each in processes of its own.

    So both lie in memory fresh from the system, as a large one always does: the question is whether
    the engine is linear, not what a page costs.
    """
    quietest = {large: float("inf"), small: float("inf")}
    for _ in range(rounds):
        for nodes in quietest:
            quietest[nodes] = min(quietest[nodes], answer("per_node", nodes))
    return quietest[large] / quietest[small]


def freeing(nodes: int, rounds: int) -> float:
    """Time to free a graph / time to build it."""
    built = freed = float("inf")
    for _ in range(rounds):
        gc.collect()
        start = time.perf_counter()
        v = chain(nodes)
        middle = time.perf_counter()
        del v
        freed = min(freed, time.perf_counter() - middle)
        built = min(built, middle - start)
    return freed / built


def freezing(nodes: int, rounds: int) -> float:
    """Seconds per instruction to make a program out of a graph that was recorded before.

    Those that are rolled into sums count: they are made, too.
    """
    program = rosenbrock(nodes // 8 + 1)
    xs = [*map(Value, program.point)]
    out = program.loop(xs, program.data, None)
    quietest = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        frozen = freeze(out, xs)
        quietest = min(quietest, time.perf_counter() - start)
    return quietest / (len(frozen) + frozen.stats()["rolled"])


def products(on_values: int, times: int) -> float:
    """A loop of `a * b`, for counting its instructions from outside."""
    a, b = (Value(1.5), Value(2.5)) if on_values else (1.5, 2.5)
    for _ in range(times):
        a * b
    return 0.0


# --- instructions ---------------------------------------------------------------------------------


def instructions(few: int, many: int) -> float | None:
    """Machine instructions per `a * b` on Values, above those on floats; None without valgrind.

    The difference between a long and a short loop leaves out start-up.
    """
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return None
    tool = (valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null")
    cases = [(on_values, times) for on_values in (0, 1) for times in (few, many)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = pool.map(lambda case: probe("products", *case, under=tool).stderr, cases)
        counts = dict(zip(cases, map(collected, runs), strict=True))
    per_float, per_value = ((counts[v, many] - counts[v, few]) / (many - few) for v in (0, 1))
    return per_value - per_float


def collected(report: str) -> int:
    """The total of instructions in what callgrind says at the end."""
    found = re.search(r"Collected : (\d+)", report)
    if found is None:
        raise ValueError(f"callgrind's report has no line 'Collected : N': {report[-500:]!r}")
    return int(found[1])


if __name__ == "__main__":
    functions = (resident, per_node, freeing, freezing, products, separate, contracted)
    probes = {function.__name__: function for function in functions}
    print(probes[sys.argv[1]](*map(int, sys.argv[2:])))
