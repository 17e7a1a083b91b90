"""The seven steps in a few sentences, with the numbers of one model."""

from __future__ import annotations

from collections.abc import Iterable

from autograd_lite.lesson import backpropagation as chain_of_two
from autograd_lite.lesson import differentiation, iteration, loss, model


def summaries() -> list[str]:
    """One short paragraph for each step, in order."""
    W = model.STARTS[0]
    rows = model.forward_table(W)
    nudge, update = differentiation.nudge(W), iteration.update_table([W])[0]
    graph, run = chain_of_two.chain(), iteration.descend(W)
    gradients = {row.name: row.gradient for row in chain_of_two.chain_table(graph)}
    return [
        f"The model is y = W·x. Its weight starts at random, say at W = {W:g}; the data want "
        f"y = {model.IDEAL:g}·x.",
        f"For the inputs {_listed(r.input for r in rows)} the model puts out "
        f"{_listed(r.actual for r in rows)}; wanted are {_listed(r.desired for r in rows)}.",
        f"How wrong is that? The sum of the squared errors is {loss.squared_loss(W):g}.",
        f"A step of {nudge.step:g} in W moves the loss from {nudge.loss:g} to "
        f"{nudge.nudged_loss:.3f}: the derivative is {differentiation.derivative(W):g}.",
        f"In a chain h = w1·x, y = w2·h a node's gradient is that of the node that uses it times "
        f"the partial derivative, so all come from one walk back: {gradients['w1']:g} for w1, "
        f"{gradients['w2']:g} for w2.",
        f"New weight = old weight - derivative · learning rate: {update.W:g} - "
        f"{update.derivative:g} · {iteration.LEARNING_RATE:g} = {update.updated:g}. "
        f"The loss falls from {update.loss:g} to {update.updated_loss:g}.",
        f"Again and again: W = {_listed(i.W for i in run.iterations[:4])}, … After {run.updates} "
        f"updates W is {run.iterations[-1].W:.4f}, and the loss is below "
        f"{iteration.TOLERANCE:g}.",
    ]


def _listed(numbers: Iterable[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)
