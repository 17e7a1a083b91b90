"""How long `import autograd_lite` takes beside `import numpy`, which is part of it.

Each import is the first of a process of its own, timed inside it: the start of Python, which is the
same for both, would only make the ratio look better. The two are imported in turn, and the median
of the pairs counts. Compiled files lie ready, as they do from the second start on.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

from benchmarks.measuring.figures import Figure, shown
from benchmarks.measuring.probes import ROOT

_PROGRAM = """
import time
start = time.perf_counter()
import {}
print(time.perf_counter() - start)
"""


def figures(count: int, quick: bool) -> list[Figure]:
    """The row about importing: `count` pairs, or with `quick` one."""
    pairs = laps(1 if quick else count)
    ours, numpy = (1e3 * statistics.median(column) for column in zip(*pairs, strict=True))
    return [
        Figure("importing `autograd_lite` / importing NumPy",
               statistics.median(a / b for a, b in pairs), "≤", 1.35,
               remark=f"{shown(ours)} ms, {shown(numpy)} ms"),
    ]  # fmt: skip


def laps(count: int) -> list[tuple[float, float]]:
    """Seconds for ours and for NumPy, in turn, after one import of ours that counts nowhere."""
    seconds("autograd_lite")
    return [(seconds("autograd_lite"), seconds("numpy")) for _ in range(count)]


def seconds(module: str) -> float:
    """Seconds that importing a module takes in a new process."""
    command = [sys.executable, "-c", _PROGRAM.format(module)]
    # Compiled files may be written, whatever the calling process thinks of that.
    calm = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    calm["OPENBLAS_NUM_THREADS"] = "1"
    run = subprocess.run(command, cwd=ROOT, env=calm, check=True, capture_output=True, text=True)
    return float(run.stdout)
