"""The numbers and tables of each step, between which stand the words of ``lesson.toml``."""

import re
from collections.abc import Iterable
from itertools import pairwise

from autograd_lite.errors import counted
from autograd_lite.graph import edges
from autograd_lite.lesson import backpropagation as chain_of_two
from autograd_lite.lesson import (
    differentiation,
    experiments,
    genetic,
    handwritten,
    iteration,
    loss,
    model,
    optimizers,
)
from autograd_lite.lesson.telling.parts import PICTURE, WORDS, Part, number, told


def initialisation() -> list[Part]:
    """Step 1: the data, and models with random weights."""
    return told(
        "initialisation",
        data=[*zip(model.INPUTS, model.DESIRED, strict=True)],
        models=[(i, W, f"y = {W:g}·x") for i, W in enumerate(model.STARTS, 1)],
        drawn=", ".join(f"{W:.2f}" for W in model.random_starts()),
    )


def forward() -> list[Part]:
    """Step 2: what the models put out."""
    W = model.STARTS[0]
    return told("forward", W=W, outputs=model.forward_table(W))


def losses() -> list[Part]:
    """Step 3: absolute and squared errors, and why they are squared."""
    W = model.STARTS[0]
    rows = loss.loss_table(W)
    totals = loss.losses([row.actual - row.desired for row in rows])
    small, big = loss.penalties()
    return told(
        "losses",
        W=W, totals=totals, small=small, big=big,
        errors=[*rows, ("total", None, None, totals.absolute, totals.squared)],
        sums=[(W, loss.absolute_loss(W), loss.squared_loss(W)) for W in model.STARTS],
        penalties=[
            (p.error, p.squared, p.times_absolute, p.times_squared) for p in (small, big)
        ],
        distributions=[
            (d.name, "  ".join(f"{e:g}" for e in d.errors), d.absolute, d.squared)
            for d in loss.error_distributions()
        ],
    )  # fmt: skip


def differentiation_() -> list[Part]:
    """Step 4: the effect of a small step, signs, and the tangent."""
    step = differentiation.nudge()
    before = [(r.input, r.desired, r.actual, r.squared_error) for r in step.rows]
    after = [(f"{r.nudged_actual:.4f}", f"{r.nudged_squared_error:.4f}") for r in step.rows]
    return told(
        "differentiation",
        step=step, moved=step.W + step.step, more=step.nudged_loss - step.loss,
        exact=differentiation.derivative(step.W),
        both=[
            *((*one, *two) for one, two in zip(before, after, strict=True)),
            ("total", None, None, step.loss, None, f"{step.nudged_loss:.3f}"),
        ],
        slopes=[(f"{n.step:g}", f"{n.slope:.3f}") for n in differentiation.shrinking_steps()],
        signs=[(f"{r.W:g}", *r[1:]) for r in differentiation.sign_table()],
    )  # fmt: skip


def backpropagation() -> list[Part]:
    """Step 5: formulas written by hand, and derivatives propagated through a graph."""
    graph = chain_of_two.chain()
    one, two = handwritten.compositions(), handwritten.compositions(width=2)
    lengths = [
        (a.layers, *(n for r in (a, b) for n in (len(r.formula), r.partial_derivatives)))
        for a, b in zip(one, two, strict=True)
    ]
    nodes = [
        (
            row.name, row.formula, row.value, row.gradient,
            "  ".join(f"by {name}: {number(d)}" for name, d in row.local),
        )
        for row in chain_of_two.chain_table(graph)
    ]  # fmt: skip
    return told(
        "backpropagation",
        formulas=[(counted(row.layers, "layer"), _breakable(row.formula)) for row in one[:3]],
        lengths=[("layers", *("characters", "derivatives") * 2), *lengths],
        deepest=one[-1], graph=graph, nodes=nodes, drawn=_drawn(graph),
    )  # fmt: skip


def _breakable(formula: str) -> str:
    """Blanks around the products of brackets only, where a line may end."""
    return re.sub(r"(?<!\*)\*(?=\()|(?<=\))\*(?!\*)", " * ", formula.replace(" - ", "-"))


def _drawn(graph: chain_of_two.Chain) -> str:
    """The way from x to the loss and back, a column for each node and each operation."""
    nodes = (graph.x, graph.h, graph.y, graph.error, graph.loss)
    columns = [(f"{graph.x.label}={graph.x.data:g}", f"{graph.x.grad:g}")]
    for before, node in pairwise(nodes):
        local = dict(edges(node))[before]
        others = [f"{p.label}={p.data:g}".lstrip("=") for p in node.parents if p is not before]
        columns.append((f"─{node._op}{''.join(others)}▶", f"◀·{local:g}─"))
        columns.append((f"{node.label}={node.data:g}", f"{node.grad:g}"))
    lines = ["forward  ", "backward "]
    for i, column in enumerate(columns):
        width = max(map(len, column))
        for line, cell in enumerate(column):
            arrow = cell[:-1].ljust(width - 1, "─") + cell[-1:]
            lines[line] += f" {arrow if i % 2 else cell.center(width)}"
    return "\n".join(line.rstrip() for line in lines)


def update() -> list[Part]:
    """Step 6: the delta rule."""
    return told(
        "update",
        rate=iteration.LEARNING_RATE,
        updates=iteration.update_table(),
        both=iteration.chain_update(),
    )


def iterate() -> list[Part]:
    """Step 7: everything again and again, and what decides how often."""
    runs = [*iteration.convergence(), iteration.lucky_start()]
    one, ten = races = [genetic.race(count) for count in genetic.COUNTS]
    few, many = (counted(race.weights, "weight") for race in races)
    return told(
        "iteration",
        tolerance=iteration.TOLERANCE,
        runs=runs,
        weights=[
            (i, *(f"{r.iterations[i].W:.4f}" if i <= r.updates else None for r in runs))
            for i in range(max(run.updates for run in runs) + 1)
        ],
        limit=iteration.largest_stable_rate(),
        rates=[
            (
                run.learning_rate, iteration.contraction(run.learning_rate), run.updates,
                f"{run.last.W:.3f}", f"{run.last.loss:.3g}", iteration.verdict(run),
            )
            for run in iteration.learning_rates()
        ],
        epochs=experiments.EPOCHS, good=experiments.GOOD,
        shapes=[
            (
                experiments.shape_name(run.hidden), run.parameters, run.nodes,
                "never" if run.needed is None else run.needed, f"{run.best:.1e}",
            )
            for run in experiments.depth_and_width()
        ],
        first=optimizers.START, count=len(optimizers.RATES),
        rules=[
            (run.name, f"{run.learning_rate:g}", run.updates, f"{run.losses[-1]:.1e}")
            for run in optimizers.compare_optimizers()
        ],
        noise=[
            (
                run.name, f"{run.correlation:.2f}", f"{run.training_score:.2f}",
                f"{run.held_out_score:.2f}",
            )
            for run in experiments.noise()
        ],
        few=few, many=many, one=one, ten=ten,
        races=[
            ("evaluations", *("genetic", "gradient") * 2),
            *(
                (n, *(f"{x[n - 1]:.1e}" for r in races for x in (r.genetic, r.descent)))
                for n in (1, 5, 10, 20, 50, len(one.genetic))
            ),
        ],
        circle=_circle(),
        said="\n".join([*(f"{name}: {what}" for name, what in PICTURE), "and on from 2"]),
    )  # fmt: skip


def _circle() -> str:
    """The seven steps in letters, and the circle in which they run."""
    names = [f"{name:<18}{what}" for name, what in PICTURE]
    width = max(map(len, names))
    lines = [names[0], f"▼{' ' * width}"]
    for i, name in enumerate(names[1:], 2):
        loop = "◀──┐" if i == 2 else "───┘" if i == len(names) else "   │"
        lines.append(f"{name:<{width}} {loop}")
        if i < len(names):
            lines.append(f"▼{' ' * (width - 1)}    │")
    return "\n".join(line.rstrip() for line in lines)


def summaries() -> list[str]:
    """One short paragraph for each step, in order."""
    W = model.STARTS[0]
    rows, run = model.forward_table(W), iteration.descend(W)
    numbers = {
        "W": W, "ideal": model.IDEAL,
        "inputs": _listed(r.input for r in rows),
        "actual": _listed(r.actual for r in rows),
        "desired": _listed(r.desired for r in rows),
        "loss": loss.squared_loss(W),
        "nudge": differentiation.nudge(W), "derivative": differentiation.derivative(W),
        "chain": chain_of_two.chain(),
        "update": iteration.update_table([W])[0], "rate": iteration.LEARNING_RATE,
        "run": run, "first": _listed(i.W for i in run.iterations[:4]),
        "tolerance": iteration.TOLERANCE,
    }  # fmt: skip
    return [text.format_map(numbers) for text in WORDS["in_short"]]


def _listed(numbers: Iterable[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)
