"""Words of each step: its tables with the sentences between them."""

from __future__ import annotations

import re
from dataclasses import astuple
from itertools import pairwise

from autograd_lite.errors import counted
from autograd_lite.graph import edges
from autograd_lite.lesson import backpropagation as chain_of_two
from autograd_lite.lesson import differentiation, handwritten, iteration, loss, model
from autograd_lite.lesson.telling.parts import (
    Definitions,
    Figure,
    Grid,
    Paragraph,
    Part,
    Verbatim,
    number,
)


def initialisation() -> list[Part]:
    """Step 1: the data, and models with random weights."""
    drawn = ", ".join(f"{W:.2f}" for W in model.random_starts())
    return [
        Paragraph(
            """A network learns from inputs and outputs: learning updates its internal state, and
            predicting uses that state. Here are the data. The rule behind them, which the network
            does not know, is output = 2 × input."""
        ),
        Grid(["input", "desired output"], [*zip(model.INPUTS, model.DESIRED, strict=True)]),
        Paragraph(
            """The model is y = W·x. Its internal state is one number, the weight W. Nobody knows
            the right weight beforehand, so it starts at random. Three such starts:"""
        ),
        Grid(
            ["model", "weight", "formula"],
            [(i, W, f"y = {W:g}·x") for i, W in enumerate(model.STARTS, 1)],
        ),
        Figure("models"),
        Paragraph(
            f"""(The computer's own dice, with seed 0, would give {drawn}.) From wherever we start,
            repeated learning can lead to the ideal model, y = 2·x."""
        ),
    ]


def forward() -> list[Part]:
    """Step 2: what the models put out."""
    W = model.STARTS[0]
    return [
        Paragraph(
            f"""The calculation runs in the natural direction, from the input through the network
            to the output. Model 1, y = {W:g}·x, puts out:"""
        ),
        Figure(
            "forward",
            Grid(
                ["input", "actual output", "desired output"],
                [*map(astuple, model.forward_table(W))],
            ),
        ),
    ]


def losses() -> list[Part]:
    """Step 3: absolute and squared errors, and why they are squared."""
    W = model.STARTS[0]
    rows = loss.loss_table(W)
    totals = loss.losses([row.actual - row.desired for row in rows])
    small, big = loss.penalties()
    table = Grid(
        ["input", "actual", "desired", "absolute error", "squared error"],
        [*map(astuple, rows), ("total", None, None, totals.absolute, totals.squared)],
    )
    return [
        Paragraph(f"How wrong is model 1 (W = {W:g})? Its error is actual - desired."),
        Figure("errors", table),
        Grid(
            ["W", "sum of absolute errors", "sum of squared errors"],
            [(W, loss.absolute_loss(W), loss.squared_loss(W)) for W in model.STARTS],
            live="sums",
        ),
        Paragraph(
            f"""Why squares? An error of {big.error:g} is {big.times_absolute:g} times an error of
            {small.error:g}, but its square, {big.squared:g}, is {big.times_squared:g} times
            {small.squared:g}. Small errors count much less than large ones:"""
        ),
        Grid(
            ["error", "squared", "times as large", "times as expensive"],
            [(p.error, p.squared, p.times_absolute, p.times_squared) for p in (small, big)],
        ),
        Paragraph(
            """Many small errors and a few big ones can have the same absolute total. Squares tell
            them apart, and prefer the many small ones:"""
        ),
        Grid(
            ["errors", "", "sum of absolute", "sum of squared"],
            [
                (d.name, "  ".join(f"{e:g}" for e in d.errors), d.absolute, d.squared)
                for d in loss.error_distributions()
            ],
            left=2,
        ),
        Paragraph(
            f"""On words: a square has no sign, so "sum of squares of the absolute errors" is the
            sum of squared errors. For model 1 it is {totals.squared:g}; the mean squared error
            (MSE) is {totals.mean_squared:g}, and the root mean squared error (RMSE) is
            {totals.root_mean_squared:.3f}. The aim of learning is to bring the loss as close to 0
            as possible."""
        ),
    ]


def differentiation_() -> list[Part]:
    """Step 4: the effect of a small step, signs, and the tangent."""
    step = differentiation.nudge()
    exact = differentiation.derivative(step.W)
    before = [(r.input, r.desired, r.actual, r.squared_error) for r in step.rows]
    after = [(f"{r.nudged_actual:.4f}", f"{r.nudged_squared_error:.4f}") for r in step.rows]
    steps = Grid(
        ["δW", "measured slope"],
        [(f"{n.step:g}", f"{n.slope:.3f}") for n in differentiation.shrinking_steps()],
    )
    error = "squared error"
    return [
        Paragraph(
            f"""How much does the loss change if the weight changes by a small δW? Take W =
            {step.W:g} and δW = {step.step:g}, and round each row to four decimals:"""
        ),
        Grid(
            ["input", "desired", f"W={step.W:g}", error, f"W={step.W + step.step:g}", error],
            [
                *((*one, *two) for one, two in zip(before, after, strict=True)),
                ("total", None, None, step.loss, None, f"{step.nudged_loss:.3f}"),
            ],
        ),
        Paragraph(
            """(Lecture notes head these columns "rmse". They hold squared errors: no mean is taken
            and no root.)"""
        ),
        Paragraph(
            f"""The loss grows from {step.loss:g} to {step.nudged_loss:.3f}, that is by
            {step.nudged_loss - step.loss:.3f} for a step of {step.step:g}: a slope of about
            {step.slope:.0f}. Unrounded, smaller steps come closer and closer to the derivative,
            which back-propagation gives exactly and without any step: {exact:g}."""
        ),
        Figure("tangent", steps),
        Paragraph("The sign of the derivative says on which side of the minimum the weight lies:"),
        Grid(
            ["W", "", "loss", "derivative", "sign", "a larger W", "so"],
            [(f"{r.W:g}", *astuple(r)[1:]) for r in differentiation.sign_table()],
            live="signs",
        ),
        Paragraph(
            "The derivative is the slope of the tangent to the loss curve, 0 at its lowest point."
        ),
    ]


def backpropagation() -> list[Part]:
    """Step 5: formulas written by hand, and derivatives propagated through a graph."""
    graph = chain_of_two.chain()
    rows = chain_of_two.chain_table(graph)
    one, two = handwritten.compositions(), handwritten.compositions(width=2)
    return [
        Paragraph(
            """With more layers the loss is a composition of functions. Its derivative can be
            written out by hand. For one neuron per layer, y = tanh(w·…), and the loss (y - t)²,
            the derivative by w1 is:"""
        ),
        Definitions([(counted(row.layers, "layer"), _breakable(row.formula)) for row in one[:3]]),
        Paragraph(
            """Every weight needs such a formula of its own, and each further layer makes all of
            them longer. Back-propagation needs only the partial derivatives of each operation in
            the graph, a few numbers per weight, and with them gives the gradients of all
            weights:"""
        ),
        Grid(
            ["", "1 neuron a layer:", "local", "2 neurons a layer:", "local"],
            [
                ("layers", "characters", "derivatives", "characters", "derivatives"),
                *(
                    (
                        a.layers,
                        *(n for r in (a, b) for n in (len(r.formula), r.partial_derivatives)),
                    )
                    for a, b in zip(one, two, strict=True)
                ),
            ],
        ),
        Paragraph(
            f"""Both give the same number; for {one[-1].layers} layers of one neuron
            {one[-1].by_hand:.6f} by hand and {one[-1].back_propagated:.6f} by back-propagation."""
        ),
        Paragraph(
            f"""Node by node, for h = w1·x and y = w2·h with x = {graph.x.data:g}, w1 =
            {graph.w1.data:g}, w2 = {graph.w2.data:g}. The target is 2x = {graph.target:g}, held
            constant. Values are found from top to bottom, gradients from the bottom to the top: a
            node's gradient is that of the node that uses it times the partial derivative."""
        ),
        Grid(
            ["node", "formula", "value", "gradient", "partial derivatives"],
            [
                (
                    row.name,
                    row.formula,
                    row.value,
                    row.gradient,
                    "  ".join(f"by {name}: {number(d)}" for name, d in row.local),
                )
                for row in rows
            ],
            left=2,
            live="chain",
        ),
        Figure("chain", Verbatim(_drawn(graph))),
        Figure("loss"),
        Paragraph(
            """A network with a hidden layer is nothing new. Each neuron adds up what comes in,
            weighted, and its activation (here tanh) bends the sum; back-propagation goes the same
            ways in the other direction, edge by edge."""
        ),
        Figure("hidden"),
    ]


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
    rate = iteration.LEARNING_RATE
    both = iteration.chain_update()
    return [
        Paragraph("The delta rule:"),
        Verbatim("new weight = old weight - derivative · learning rate"),
        Paragraph(
            f"""The learning rate is a small constant, here {rate:g}, so that the weight moves
            smoothly. A positive derivative makes the weight smaller, a negative one larger, and
            where the derivative is 0 the weight stays: a stable state."""
        ),
        Grid(
            ["W", "loss", "derivative", "new W", "new loss"],
            [*map(astuple, iteration.update_table())],
            live="update",
        ),
        Figure("update"),
        Paragraph(
            f"""The rule is the same for every weight of a network. In the chain of step 5, w1 goes
            from {both.w1:g} to {both.w1_after:.2f} and w2 from {both.w2:g} to {both.w2_after:.2f};
            the loss falls from {both.loss:g} to {both.loss_after:.4f}."""
        ),
    ]
