"""RESULTS.md: the machine, the figures, the peers."""

from __future__ import annotations

import math
import os
import platform
import sysconfig
from collections.abc import Sequence

import autograd_lite
from autograd_lite.cli.doctor import processor
from benchmarks.measuring.figures import Figure, shown
from benchmarks.measuring.rounds import TURN, Row, Runner


def results(
    command: str,
    figures: Sequence[Figure],
    rows: Sequence[Row],
    gradients: dict[str, Sequence[Row]],
    programs: dict[str, Sequence[Row]],
    missing: str,
) -> str:
    """The whole page; `gradients` are the rows for each function, `programs` for each task."""
    return f"""# Results

Command: `{command}`

{machine()}

Every figure is a ratio taken in this one run. Each engine ran in a process of its own, as its
users run it. The engines took turns, round after round; in each turn a step followed the other, as
in training, for {TURN * 1e3:.0f} ms or more. The quietest step of each counts. Python's garbage
collector was left alone, unless a row says otherwise. The total includes freeing: the graph is
dropped inside the timed part.

## Figures

{figure_table(figures)}

"The step" is that of micrograd's demo: an MLP 2-16-16-1 on 100 points, hinge loss and L2 penalty,
about 65,000 nodes in the user's own loop of `+` and `*`. n counts variables, all of which are
differentiated by. Rows with two times in brackets, separated by a comma, are medians of pairs that
ran in turn, in processor time.

## Peers

{peer_table(rows)}
{"".join(gradient_section(*item) for item in gradients.items())}
× compares a total with ours. "Agrees": loss and gradients are ours to 1e-9, relatively where they
are larger than 1. "–": loss and gradient come from one call. Slow engines run fewer rounds. With
its collector off, micrograd never frees its nodes: its total is then without freeing.

{"".join(program_section(*item) for item in programs.items())}
What is done once is not in the time of a run: tracing or compiling, the first run included, is said
with the form. Results are compared number for number; of many rows, every so many.

In training, a run is one step: gradient descent on the mean squared error of all rows, in float64
on one thread. Its time is what some hundred further steps add to a training of one, divided by
their number: of `learn`, an epoch with all that belongs to it. The losses of all steps are
compared, and the parameters after the last.
{missing}"""


def gradient_section(name: str, rows: Sequence[Row]) -> str:
    """The peers' table for the gradient of a function."""
    return f"""
## Gradient of {name}

{peer_table(rows)}
"""


def program_section(name: str, rows: Sequence[Row]) -> str:
    """The peers' table for what is recorded once and run again."""
    lines = ["| engine | form | rounds | one run, µs | × | agrees |", "|---|---|---|---|---|---|"]
    for engine, rounds, lap, ours, wrong in rows:
        lines.append(
            f"| {engine.label} | {engine.form} | {rounds} | {shown(lap.total * 1e6)} "
            f"| {shown(lap.total / ours.total)} | {agreement(engine, wrong)} |"
        )
    table = "\n".join(lines)
    return f"\n## {name[0].upper()}{name[1:]}\n\n{table}\n"


def figure_table(figures: Sequence[Figure]) -> str:
    """Measured against what is asked."""
    lines = ["| figure | measured | at least | aim | holds |", "|---|---|---|---|---|"]
    return "\n".join(lines + [figure.row() for figure in figures])


def peer_table(rows: Sequence[Row]) -> str:
    """Every engine, with the time of its step."""
    lines = [
        "| engine | form | rounds | forward, ms | forward + backward + freeing, ms | × | agrees |",
        "|---|---|---|---|---|---|---|",
    ]
    for engine, rounds, lap, ours, wrong in rows:
        lines.append(
            f"| {engine.label} | {engine.form} | {rounds} | {milliseconds(lap.forward)} "
            f"| {milliseconds(lap.total)} | {shown(lap.total / ours.total)} "
            f"| {agreement(engine, wrong)} |"
        )
    return "\n".join(lines)


def agreement(engine: Runner, wrong: str) -> str:
    """Whether loss and gradient are ours."""
    if wrong:
        return f"**no**: {wrong}"
    return "loss" if engine.gradient() is None else "yes"


def milliseconds(seconds: float) -> str:
    """Three digits; a dash for what was not measured by itself."""
    return shown(seconds * 1e3) if math.isfinite(seconds) else "–"


def machine() -> str:
    """What the figures were measured on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    flags = " ".join((sysconfig.get_config_var("CFLAGS") or "unknown").split())
    return (
        f"Machine: {processor()}, {cores} cores, {platform.system()} {platform.release()} "
        f"{platform.machine()}; {platform.python_implementation()} {platform.python_version()} "
        f"({platform.python_compiler()}); autograd_lite {autograd_lite.__version__}, "
        f"engine `{autograd_lite.engine}`. C flags of this Python, which an extension "
        f"inherits: `{flags}`."
    )
