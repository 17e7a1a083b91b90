"""Which derivatives are compared with peers, and what ours must reach."""

from __future__ import annotations

import functools

from benchmarks import derivatives
from benchmarks.derivatives import ArrayGradient, Backward, Floats, Gradient, Hessian, Product
from benchmarks.measuring.apart import Race, race
from benchmarks.measuring.figures import Figure, shown
from benchmarks.programs import portfolio, rosenbrock

PROGRAMS = [rosenbrock(1000), portfolio(10)]
OURS = [Floats, Backward, Gradient, ArrayGradient]
JIT = functools.partial(derivatives.Jax, jit=True)
PEERS = [derivatives.Autograd, derivatives.Torch, derivatives.Jax, JIT]


def races(count: int) -> dict[str, Race]:
    """The gradient of each program, by its name."""
    makes = [*OURS, *PEERS]
    return {program.name: race(makes, program, Gradient, count) for program in PROGRAMS}


def figures(compared: dict[str, Race], count: int) -> list[Figure]:
    """A gradient beside its function, from `races`; then Hessians and their products beside it."""
    rows = [ratio_to_function(name, peers) for name, peers in compared.items()]
    small, large = rosenbrock(50), PROGRAMS[0]
    for program in (small, PROGRAMS[1]):
        both = race([Gradient, Hessian], program, Gradient, count)
        ratio = both.total(Hessian) / both.total(Gradient)
        rows.append(Figure(f"Hessian of {program.name} / its gradient", ratio, "≤", 60))
    for program in (large, PROGRAMS[1]):
        both = race([Gradient, Product], program, Gradient, count)
        ratio = both.total(Product) / both.total(Gradient)
        rows.append(Figure(f"`hvp` of {program.name} / its gradient", ratio, "≤", 4))
    return rows


def ratio_to_function(name: str, peers: Race) -> Figure:
    """A gradient by `backward()` beside the function on floats; other ratios as a remark."""
    eager, function = peers.total(Backward), peers.total(Floats)
    recorded = peers.laps[peers.engines[Backward]].forward
    return Figure(
        f"gradient of {name}, by `backward()` / the function on plain floats",
        eager / function,
        "≤",
        3,
        remark=f"{shown(eager / recorded)} × the function on Values; "
        f"by `value_and_grad` {shown(peers.total(Gradient) / function)}",
    )
