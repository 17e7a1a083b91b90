"""Words of step 7, question by question, and the overall picture."""

from __future__ import annotations

from autograd_lite.errors import counted
from autograd_lite.lesson import experiments, genetic, iteration, optimizers
from autograd_lite.lesson.telling.diagrams import PICTURE
from autograd_lite.lesson.telling.parts import Figure, Grid, Paragraph, Part, Verbatim


def iterate() -> list[Part]:
    """Step 7: everything again and again, and what decides how often."""
    return [
        *_starts(),
        *_rates(),
        *_shapes(),
        *_optimizers(),
        *_data(),
        *_genetic(),
        *overall_picture(),
    ]


def _starts() -> list[Part]:
    runs = [*iteration.convergence(), iteration.lucky_start()]
    return [
        Paragraph(
            f"""Each update is a small step, so it takes several: forward, loss, derivative,
            update, and again, until the loss is below {iteration.TOLERANCE:g}. All starts converge
            to W = 2; with the luck to start at 1.99, one update is enough."""
        ),
        Grid(
            ["update", *(f"W from {run.start:g}" for run in runs)],
            [
                (i, *(f"{r.iterations[i].W:.4f}" if i <= r.updates else None for r in runs))
                for i in range(max(run.updates for run in runs) + 1)
            ],
        ),
    ]


def _rates() -> list[Part]:
    limit = iteration.largest_stable_rate()
    return [
        Paragraph("How many iterations are needed?"),
        Paragraph(
            f"""It depends on the learning rate. A higher one learns faster, with a higher chance
            of instability: here, beyond 2 / (second derivative) = {limit:.4f} every update goes
            further away. Each update multiplies the distance from W = 2 by 1 - rate · (second
            derivative)."""
        ),
        Grid(
            ["learning rate", "distance times", "updates", "last W", "last loss", "verdict"],
            [
                (
                    run.learning_rate, iteration.contraction(run.learning_rate), run.updates,
                    f"{run.last.W:.3f}", f"{run.last.loss:.3g}", iteration.verdict(run),
                )
                for run in iteration.learning_rates()
            ],
            live="rates",
        ),
        Figure("descent"),
    ]  # fmt: skip


def _shapes() -> list[Part]:
    return [
        Paragraph(
            f"""It depends on the network: how many layers, how many neurons in each. These learnt
            one period of a sine for {experiments.EPOCHS} iterations (mean squared error; "good" is
            below {experiments.GOOD:g}). Wider and deeper ones reached higher precision, with more
            work (graph nodes) in every iteration; the number of iterations depends on the shape,
            and on the luck of the start too:"""
        ),
        Grid(
            ["hidden layers", "parameters", "graph nodes", "good after", "lowest loss"],
            [
                (
                    experiments.shape_name(run.hidden), run.parameters, run.nodes,
                    "never" if run.needed is None else run.needed, f"{run.best:.1e}",
                )
                for run in experiments.depth_and_width()
            ],
            left=1,
        ),
    ]  # fmt: skip


def _optimizers() -> list[Part]:
    return [
        Paragraph(
            f"""It depends on the update rule. The model y = W·x + b has a loss like a long narrow
            valley. From W = {optimizers.START[0]:g}, b = {optimizers.START[1]:g}, each rule at the
            best of {len(optimizers.RATES)} learning rates:"""
        ),
        Grid(
            ["update rule", "learning rate", "updates", "last loss"],
            [
                (run.name, f"{run.learning_rate:g}", run.updates, f"{run.losses[-1]:.1e}")
                for run in optimizers.compare_optimizers()
            ],
            left=1,
        ),
    ]


def _data() -> list[Part]:
    return [
        Paragraph(
            """It depends on the data. Where input and output have no correlation, a network does
            no magic. R² is 1 for perfect predictions and 0 for always saying the mean:"""
        ),
        Grid(
            ["data", "correlation", "R² on seen data", "R² on held-out data"],
            [
                (
                    run.name, f"{run.correlation:.2f}", f"{run.training_score:.2f}",
                    f"{run.held_out_score:.2f}",
                )
                for run in experiments.noise()
            ],
            left=1,
        ),
        Paragraph(
            """Some of the noise can be memorised, but that is worse than useless for anything the
            network has not seen."""
        ),
    ]  # fmt: skip


def _genetic() -> list[Part]:
    races = [genetic.race(count) for count in genetic.COUNTS]
    total = len(races[0].genetic)
    kinds = ("genetic", "gradient")
    few, many = (counted(race.weights, "weight") for race in races)
    return [
        Paragraph(
            """A genetic algorithm iterates too: mutate, and let the fittest survive. The loss is
            its fitness, but its mutations are blind, while the delta rule follows the slope. The
            lowest loss after equal numbers of loss evaluations (gradient descent adds a backward
            pass to each, which costs about as much as one more):"""
        ),
        Grid(
            ["", f"{few}:", "", f"{many}:", ""],
            [
                ("evaluations", *kinds, *kinds),
                *(
                    (n, *(f"{x[n - 1]:.1e}" for r in races for x in (r.genetic, r.descent)))
                    for n in (1, 5, 10, 20, 50, total)
                ),
            ],
        ),
        Paragraph(
            "Of the mutations, "
            + " and ".join(
                f"{race.good_mutations} of {race.mutations} beat their parent ({name})"
                for race, name in zip(races, (few, many), strict=True)
            )
            + "."
        ),
    ]


def overall_picture() -> list[Part]:
    """The seven steps and the circle in which they run."""
    names = [f"{name:<18}{what}" for name, what in PICTURE]
    width = max(map(len, names))
    lines = [names[0], f"▼{' ' * width}"]
    for i, name in enumerate(names[1:], 2):
        loop = "◀──┐" if i == 2 else "───┘" if i == len(names) else "   │"
        lines.append(f"{name:<{width}} {loop}")
        if i < len(names):
            lines.append(f"▼{' ' * (width - 1)}    │")
    drawn = "\n".join(line.rstrip() for line in lines)
    said = "\n".join([*(f"{name}: {what}" for name, what in PICTURE), "and on from 2"])
    return [Paragraph("The overall picture:"), Figure("overall", Verbatim(drawn, said))]
