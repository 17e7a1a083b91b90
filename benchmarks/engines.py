"""One training step, engine beside engine: the figures of README and RESULTS.md.

    make bench            # or: python benchmarks/engines.py [--rounds N]

The step is that of micrograd's demo: an MLP 2-16-16-1, written as the user's own loop of `+` and
`*`, on 100 points, with hinge loss and L2 penalty, forward and backward (about 65,000 nodes). Every
engine runs the same function on its own Value type, in turn, within one run; the quietest of all
rounds counts. A round is timed from start to start, so it pays for freeing the graph before it.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import platform
import random
import sys
import time
from pathlib import Path

import autograd_lite

RESULTS = Path(__file__).parent / "RESULTS.md"
SIZES = (2, 16, 16, 1)


class Plain(float):
    """A float with a relu: what the same loop costs when nothing is recorded."""

    __slots__ = ()

    def relu(self):
        return self if self > 0.0 else 0.0


def network(value):
    """Weights and biases, layer by layer, and 100 points; the same numbers for every engine."""
    rng = random.Random(1337)
    layers = [
        ([[value(rng.uniform(-1, 1)) for _ in range(nin)] for _ in range(nout)],
         [value(0.0) for _ in range(nout)])
        for nin, nout in itertools.pairwise(SIZES)
    ]  # fmt: skip
    points = [((rng.uniform(-1, 1), rng.uniform(-1, 1)), rng.choice((-1, 1))) for _ in range(100)]
    return layers, points


def forward(value, layers, points):
    """Hinge loss and L2 penalty of the network, as a user's own loop."""
    losses = []
    for point, sign in points:
        signal = [value(x) for x in point]
        for weights, biases in layers:
            outputs = []
            for ws, b in zip(weights, biases, strict=True):
                total = b
                for w, x in zip(ws, signal, strict=True):
                    total = total + w * x
                outputs.append(total)
            last = len(outputs) == 1
            signal = outputs if last else [value.relu(total) for total in outputs]
        losses.append(value.relu(value(1.0) + signal[0] * -sign))
    loss = losses[0]
    for term in losses[1:]:
        loss = loss + term
    loss = loss * (1.0 / len(losses))
    penalty = value(0.0)
    for weights, _ in layers:
        for ws in weights:
            for w in ws:
                penalty = penalty + w * w
    return loss + penalty * 1e-4


def stepper(value):
    """A function that runs one step and returns the time of its forward and backward part."""
    layers, points = network(value)
    kept = []

    def step():
        start = time.perf_counter()
        kept.clear()
        loss = forward(value, layers, points)
        middle = time.perf_counter()
        if value is not Plain:
            loss.backward()
        kept.append(loss)
        return middle - start, time.perf_counter() - middle, float(getattr(loss, "data", loss))

    return step


def engines():
    """Value types by name: this package and the peers that are installed."""
    found = {"plain floats (nothing recorded)": Plain, "autograd_lite": autograd_lite.Value}
    try:
        from micrograd.engine import Value as MicrogradValue
    except ImportError:
        print('micrograd is missing: pip install "autograd-lite[bench]"', file=sys.stderr)
    else:
        found["micrograd 0.1.0"] = MicrogradValue
    return found


def measure(rounds):
    """The quietest round of each engine, collector on and off: {(name, on): (forward, total)}."""
    quietest, losses = {}, set()
    for collector in (True, False):
        steps = {name: stepper(value) for name, value in engines().items()}
        for _ in range(rounds):
            for name, step in steps.items():
                gc.collect()
                (gc.enable if collector else gc.disable)()
                try:
                    forward_time, backward_time, loss = step()
                finally:
                    gc.enable()
                losses.add(round(loss, 9))
                key = name, collector
                total = forward_time + backward_time
                best = quietest.get(key, (float("inf"), float("inf")))
                quietest[key] = min(best[0], forward_time), min(best[1], total)
    if len(losses) != 1:
        raise SystemExit(f"the engines disagree about the loss: {sorted(losses)}")
    return quietest


def table(figures, rounds):
    """The figures as Markdown, with ratios against this package."""
    lines = [
        "# Results",
        "",
        f"Command: `python benchmarks/engines.py --rounds {rounds}`",
        "",
        f"Machine: {platform.machine()}, {platform.system()}, "
        f"{platform.python_implementation()} {platform.python_version()}; "
        f"autograd_lite {autograd_lite.__version__}, engine `{autograd_lite.engine}`.",
        "",
        "Step of micrograd's demo (MLP 2-16-16-1 in the user's own loop, 100 points, hinge loss",
        f"and L2), the quietest of {rounds} rounds, engines in turn. × is the total beside ours.",
        "",
        "| engine | garbage collector | forward, ms | forward + backward, ms | × |",
        "|---|---|---|---|---|",
    ]
    for (name, collector), (forward_time, total) in figures.items():
        ours = figures["autograd_lite", collector][1]
        lines.append(
            f"| {name} | {'on' if collector else 'off'} | {forward_time * 1e3:.1f} "
            f"| {total * 1e3:.1f} | {total / ours:.2f} |"
        )
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    text = table(measure(rounds), rounds)
    print(text)
    RESULTS.write_text(text)


if __name__ == "__main__":
    main()
