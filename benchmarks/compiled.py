"""Which programs are compared with peers, and what ours must reach."""

from __future__ import annotations

import math

import autograd_lite as ag
from benchmarks.derivatives import Gradient
from benchmarks.measuring import probes
from benchmarks.measuring.apart import Make, Race, race
from benchmarks.measuring.figures import Figure, shown
from benchmarks.programs import Program, helmholtz, rosenbrock
from benchmarks.recorded import (
    Recorded,
    in_lists,
    options,
    over_rows,
    rosenbrock_at_a_point,
    slope_at_a_float,
)
from benchmarks.runners import (
    Bound,
    ByHand,
    Casadi,
    CasadiBuffer,
    Compiled,
    Ddx,
    Eager,
    Jax,
    JaxNumbers,
    JaxScalars,
    MachineCode,
)

AT_A_POINT: list[Make] = [Compiled, Bound, Eager, ByHand, CasadiBuffer, Casadi, Ddx, Jax]
OVER_ROWS: list[Make] = [Compiled, MachineCode, Bound, Ddx, Jax]
WITH_FORMULAS: list[Make] = [Compiled, MachineCode, ByHand, Jax]


def tasks(quick: bool) -> list[tuple[Recorded, list[Make]]]:
    """What is run, and by whom; XLA compiles a loop over scalars for half a minute."""
    scalars: list[Make] = [] if quick else [JaxScalars]
    lists: list[Make] = [] if quick else [JaxNumbers]
    return [
        (slope_at_a_float(), AT_A_POINT),
        (rosenbrock_at_a_point(1000), AT_A_POINT + scalars),
        (in_lists(rosenbrock_at_a_point(1000)), [Compiled, *lists]),
        (over_rows(rosenbrock(10), 1_000), OVER_ROWS + scalars),
        (over_rows(helmholtz(10), 1_000), OVER_ROWS + scalars),
        (options(1_000 if quick else 1_000_000), WITH_FORMULAS),
    ]


def races(count: int, quick: bool) -> dict[str, Race]:
    """Each task, by its name."""
    return {task.name: race(makes, task, Compiled, count) for task, makes in tasks(quick)}


#: Of each task in order: beside whom (the quickest counts), how many times as fast at least, and
#: which of ours.
ASKED: list[list[tuple[str, list[Make], float, float | None, Make]]] = [
    [
        ("CasADi, buffer bound beforehand", [CasadiBuffer], 0.7, None, Compiled),
        ("the same, ours bound too", [CasadiBuffer], 0.85, None, Bound),
        ("`jax.jit`", [Jax], 20, None, Compiled),
    ],
    [
        ("CasADi's virtual machine", [CasadiBuffer, Casadi], 4, 6, Bound),
        ("ddx-ad", [Ddx], 3, 5, Bound),
        ("CasADi's virtual machine, by the interpreter", [CasadiBuffer, Casadi], 1.2, 3, Compiled),
    ],
    [("`jax.jit` of the scalar program", [JaxNumbers], 20, None, Compiled)],
    [
        ("`jax.jit(vmap)`", [Jax, JaxScalars], 4, 8, Bound),
        ("ddx-ad", [Ddx], 2, 3, Bound),
        ("`jax.jit(vmap)`, by `map`", [Jax, JaxScalars], 1, None, MachineCode),
    ],
    [
        ("`jax.jit(vmap)`", [Jax, JaxScalars], 2.5, 3, Bound),
        ("`jax.jit(vmap)`, by `map`", [Jax, JaxScalars], 1, None, MachineCode),
    ],
    [
        ("NumPy by hand", [ByHand], 4, None, MachineCode),
        ("`jax.jit(vmap)`", [Jax], 4, None, MachineCode),
    ],
]


def figures(compared: dict[str, Race], quick: bool) -> list[Figure]:
    """From `races`; then the making of programs and their length."""
    rows = [
        speed(name, run, *peer)
        for (name, run), peers in zip(compared.items(), ASKED, strict=True)
        for peer in peers
    ]
    return [*rows, compile_time(quick), length(rosenbrock(1000)), length(helmholtz(10))]


def speed(
    name: str,
    run: Race,
    whom: str,
    peers: list[Make],
    least: float,
    aim: float | None,
    made: Make = Compiled,
) -> Figure:
    """The time of the quickest of these peers over ours, which is `made`."""
    text, ours = f"{name}: speed against {whom}", run.total(made)
    theirs = min((run.total(peer) for peer in peers if peer in run.engines), default=math.nan)
    if math.isnan(theirs):
        return Figure(text, theirs, "≥", least, aim, " ×", "not in this run")
    remark = f"{shown(ours * 1e6)} µs, theirs {shown(theirs * 1e6)}"
    return Figure(text, theirs / ours, "≥", least, aim, " ×", remark)


def compile_time(quick: bool) -> Figure:
    """From a recorded graph to a program, at the size where an instruction takes longest."""
    sizes = [10**exponent for exponent in (range(3, 5) if quick else range(3, 7))]
    found = [1e6 * probes.answer("freezing", size, max(3, 10**5 // size)) for size in sizes]
    each = ", ".join(f"{size:,}: {shown(time)}" for size, time in zip(sizes, found, strict=True))
    text = f"compile time per instruction, graphs of {sizes[0]:,} to {sizes[-1]:,} nodes"
    return Figure(text, max(found), "≤", 2.5, 0.5, " µs", each)


def length(program: Program) -> Figure:
    """Instructions of the gradient's program, beside the function's.

    Those that are rolled into sums count: an addition is executed either way.
    """
    counts, lengths = [], []
    for function in (Gradient(program).function, ag.grad(Gradient(program).function)):
        compiled = ag.compile(function)
        compiled(program.point)
        [made] = compiled.programs
        counts.append(len(made) + made.stats()["rolled"])
        lengths.append(f"{len(made):,}")
    return Figure(
        f"{program.name}: instructions of the gradient's program / the function's",
        counts[1] / counts[0], "≤", 3.5, 2.5,
        remark=f"{counts[1]:,} / {counts[0]:,}; with sums as one {' / '.join(reversed(lengths))}",
    )  # fmt: skip
