"""The pictures of each step. Each function gives a figure that pyplot does not know."""

from typing import Any

from autograd_lite.errors import counted
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
from autograd_lite.view import plots
from autograd_lite.view.canvas import COLORS, GREY, Figure, new_figure, style


def _finish(ax: Any, title: str, xlabel: str, ylabel: str, legend: bool = True) -> None:
    ax.set_title(title, fontsize="medium")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.spines[["top", "right"]].set_visible(False)
    if legend:
        ax.legend(frameon=False, fontsize="small")


def models() -> Figure:
    """Step 1: the data, and the lines of three random weights."""
    figure, ax = new_figure()
    ax.plot(model.INPUTS, model.DESIRED, "o", color="black", label="desired: y = 2·x", zorder=3)
    for i, W in enumerate(model.STARTS):
        outputs = [model.model(W, x) for x in model.INPUTS]
        ax.plot(model.INPUTS, outputs, label=f"model {i + 1}: y = {W:g}·x", **style(i))
    _finish(ax, "Three random starts", "input", "output")
    return figure


def forward() -> Figure:
    """Step 2: actual outputs of model 1 above the desired ones."""
    rows = model.forward_table(model.STARTS[0])
    figure, ax = new_figure()
    xs = [row.input for row in rows]
    for row in rows:
        ax.plot([row.input] * 2, [row.desired, row.actual], color=GREY, linewidth=1)
    ax.plot(xs, [row.actual for row in rows], "s", color=COLORS[0], label="actual, y = 3·x")
    ax.plot(xs, [row.desired for row in rows], "o", color="black", label="desired")
    for row in rows[1:]:
        ax.annotate(f"{row.actual:g}", (row.input - 0.07, row.actual), ha="right", va="center")
    _finish(ax, "Forward propagation through model 1", "input", "output")
    return figure


def penalty() -> Figure:
    """Step 3: the absolute value and the square of an error, and two equal absolute totals."""
    figure, (left, right) = new_figure(8.4, 3.8, columns=2)
    errors = [i / 10 for i in range(111)]
    left.plot(errors, errors, label="absolute", **style(0))
    left.plot(errors, [p.squared for p in loss.penalties([1.0, *errors])[1:]], label="squared",
              **style(1))  # fmt: skip
    for p in loss.penalties():
        left.plot([p.error], [p.squared], "o", color=COLORS[1])
        left.annotate(
            f"{p.error:g}² = {p.squared:g}", (p.error, p.squared), (-8, 6), ha="right",
            textcoords="offset points",
        )  # fmt: skip
    _finish(left, "What one error costs", "error", "penalty")
    kinds = loss.error_distributions()
    places = range(len(kinds))
    for shift, name, index in ((-0.2, "absolute", 0), (0.2, "squared", 1)):
        bars = right.bar(
            [place + shift for place in places], [getattr(kind, name) for kind in kinds], 0.38,
            color=COLORS[index], label=name, hatch="//" * index, edgecolor="white",
        )  # fmt: skip
        right.bar_label(bars, fmt="%g", fontsize="small")
    right.set_xticks(places, [f"{k.name}\n{' '.join(f'{e:g}' for e in k.errors)}" for k in kinds])
    right.tick_params(axis="x", labelsize="small")
    _finish(right, "Five errors, equal absolute totals", "", "sum")
    return figure


def tangent() -> Figure:
    """Step 4: the loss curve, its tangent at W = 3 and the update of step 6."""
    curve = differentiation.loss_curve(-0.5, 4.5)
    [row] = iteration.update_table([model.STARTS[0]])
    figure, ax = new_figure()
    plots.plot_loss_curve(
        [p.W for p in curve], [p.loss for p in curve], (row.W, row.loss, row.derivative),
        row.updated, ax,
    )  # fmt: skip
    ax.set_title("The derivative is the slope of the tangent", fontsize="medium")
    return figure


def signs() -> Figure:
    """Step 4: the derivative is negative to the left of W = 2, positive to the right."""
    curve = differentiation.loss_curve(0.0, 4.0)
    figure, ax = new_figure()
    ax.axhline(0.0, color=GREY, linewidth=0.8)
    ax.plot([p.W for p in curve], [p.derivative for p in curve], color=COLORS[0])
    for text, sign, place, color in (
        ("W < 2: negative,\nincrease W", -1, (0.62, -28), COLORS[2]),
        ("W > 2: positive,\ndecrease W", 1, (3.38, 28), COLORS[1]),
    ):
        side = [p for p in curve if sign * p.derivative >= 0]
        ax.fill_between([p.W for p in side], [p.derivative for p in side], color=color, alpha=0.25)
        ax.text(*place, text, ha="center", va="center")
    ax.plot([2], [0], "o", color="black")
    ax.annotate("W = 2: zero, stay", (2, 0), (2.1, -12), va="center")
    _finish(ax, "The sign of the derivative", "W", "derivative of the loss", legend=False)
    return figure


def by_hand() -> Figure:
    """Step 5: how long the hand-written derivative gets, beside the partial derivatives."""
    figure, ax = new_figure()
    names = {2: "2 neurons a layer", 1: "1 neuron a layer"}
    rows = {name: handwritten.compositions(range(1, 11), n) for n, name in names.items()}
    curves = {f"formula by hand, {n}": [len(r.formula) for r in rows[n]] for n in rows}
    curves |= {f"partial derivatives, {n}": [r.partial_derivatives for r in rows[n]] for n in rows}
    for index, (name, counts) in enumerate(curves.items()):
        ax.plot(range(1, 11), counts, marker="os^D"[index], markersize=4, label=name,
                **style(index))  # fmt: skip
    ax.set_yscale("log")
    _finish(ax, "Composing by hand does not scale", "layers", "characters / numbers")
    return figure


def delta_rule() -> Figure:
    """Step 6: updates on the loss curve from all three starts."""
    figure, axes = new_figure(9.0, 3.6, columns=3)
    runs = iteration.convergence()
    for i, (ax, run) in enumerate(zip(axes, runs, strict=True)):
        reach = 1.08 * abs(run.start - model.IDEAL)
        curve = differentiation.loss_curve(model.IDEAL - reach, model.IDEAL + reach)
        ax.plot([p.W for p in curve], [p.loss for p in curve], color=GREY, linewidth=1)
        ax.plot(
            [step.W for step in run.iterations], [step.loss for step in run.iterations],
            marker="os^"[i], markersize=5, **style(i),
        )  # fmt: skip
        title = f"from W = {run.start:g}, {run.updates} updates"
        _finish(ax, title, "W", "" if i else "loss", legend=False)
    return figure


def convergence() -> Figure:
    """Step 7: the loss over the updates, from the three starts and from a lucky one."""
    runs = [*iteration.convergence(), iteration.lucky_start()]
    figure, ax = new_figure()
    curves = {f"from W = {run.start:g}": [s.loss for s in run.iterations] for run in runs}
    plots.plot_losses(curves, ax, tolerance=iteration.TOLERANCE)
    ax.set_title("All starts converge; 1.99 is nearly there", fontsize="medium")
    return figure


def learning_rates() -> Figure:
    """Step 7: too small, good, oscillating and diverging."""
    figure, (left, right) = new_figure(8.8, 4.0, columns=2)
    runs = iteration.learning_rates()
    curves = {
        f"{run.learning_rate:g}: {iteration.verdict(run)}": [s.loss for s in run.iterations]
        for run in runs
    }
    plots.plot_losses(curves, left, tolerance=iteration.TOLERANCE)
    left.set_title("Loss", fontsize="medium")
    left.get_legend().remove()
    for i, run in enumerate(runs):
        right.plot([s.W for s in run.iterations[:16]], marker="os^D"[i], markersize=3, **style(i))
    right.axhline(model.IDEAL, color=GREY, linewidth=0.8)
    _finish(right, "Weight, first 15 updates", "update", "W", legend=False)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3,
                  fontsize="small", frameon=False)  # fmt: skip
    return figure


def depth_and_width() -> Figure:
    """Step 7: loss over iterations for networks of several shapes."""
    figure, ax = new_figure(6.8, 4.2)
    runs = experiments.depth_and_width()
    curves = {
        f"{experiments.shape_name(r.hidden)}, {r.parameters} parameters": r.losses for r in runs
    }
    plots.plot_losses(curves, ax, xlabel="iteration", tolerance=experiments.GOOD)
    ax.set_title("Depth and width: learning a sine", fontsize="medium")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize="small")
    return figure


def noise() -> Figure:
    """Step 7: predictions for held-out data, with and without correlation."""
    figure, axes = new_figure(8.4, 3.8, columns=2)
    for ax, run in zip(axes, experiments.noise(), strict=True):
        ax.plot(run.inputs, run.targets, "o", color=GREY, markersize=4, label="learnt from")
        ax.plot(run.held_inputs, run.held_targets, "s", color=COLORS[0], markersize=4,
                label="held out")  # fmt: skip
        line = sorted(zip(run.held_inputs, run.predictions, strict=True))
        ax.plot(*zip(*line, strict=True), color=COLORS[1], label="predicted")
        title = f"{run.name}: R² = {run.held_out_score:.2f} on held-out data"
        _finish(ax, title, "input", "output")
    return figure


def genetic_algorithm() -> Figure:
    """Step 7: blind mutation and the gradient at equal numbers of loss evaluations."""
    figure, axes = new_figure(8.4, 3.8, columns=2)
    for ax, count in zip(axes, genetic.COUNTS, strict=True):
        result = genetic.race(count)
        evaluations = range(1, len(result.genetic) + 1)
        ax.plot(evaluations, result.genetic, label="genetic algorithm", **style(1))
        ax.plot(evaluations, result.descent, label="gradient descent", **style(0))
        ax.set_yscale("log")
        ax.set_ylim(bottom=1e-10)
        _finish(ax, counted(count, "weight"), "loss evaluations", "lowest loss so far")
    return figure


def optimizers_compared() -> Figure:
    """Step 7: the loss over the updates with four update rules."""
    figure, ax = new_figure()
    runs = optimizers.compare_optimizers()
    curves = {f"{run.name}, rate {run.learning_rate:g}": run.losses for run in runs}
    plots.plot_losses(curves, ax, tolerance=iteration.TOLERANCE)
    ax.set_title("Update rules, each at its best learning rate", fontsize="medium")
    return figure


def optimizer_paths() -> Figure:
    """Step 7: the ways that four update rules take through a narrow valley."""
    runs = optimizers.compare_optimizers()
    figure, axes = new_figure(9.6, 3.3, columns=len(runs))
    Ws = [1.2 + 2.2 * i / 60 for i in range(61)]
    bs = [-3.4 + 4.8 * i / 60 for i in range(61)]
    heights = [[optimizers.line_loss(W, b) for W in Ws] for b in bs]
    for i, (ax, run) in enumerate(zip(axes, runs, strict=True)):
        ax.contour(Ws, bs, heights, levels=[0.3, 1, 3, 10, 30], colors=GREY, linewidths=0.6)
        ax.plot(*zip(*run.path, strict=True), marker="os^D"[i], markersize=3, linewidth=1,
                **style(i))  # fmt: skip
        ax.plot([model.IDEAL], [0], "*", color="black", markersize=9)
        _finish(ax, f"{run.name}\n{run.updates} updates", "W", "" if i else "b", legend=False)
    return figure
