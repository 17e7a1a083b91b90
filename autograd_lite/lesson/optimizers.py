"""Step 7: ways to update the weights, compared in a narrow valley of the loss."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from autograd_lite.engine import Value
from autograd_lite.lesson.iteration import TOLERANCE
from autograd_lite.lesson.model import DESIRED, INPUTS, Number
from autograd_lite.nn.optim import SGD, Adam, Optimizer
from autograd_lite.ops.reductions import sum as total
from autograd_lite.ops.rules import square

#: The learning rates that every optimiser may try.
RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
#: Where all of them start: W and b.
START = (3.0, -3.0)

#: An optimiser by its name: from the parameters and a learning rate.
OPTIMIZERS: dict[str, Callable[[list[Value], float], Optimizer]] = {
    "gradient descent": SGD,
    "momentum 0.9": lambda weights, rate: SGD(weights, rate, momentum=0.9),
    "Nesterov 0.9": lambda weights, rate: SGD(weights, rate, momentum=0.9, nesterov=True),
    "Adam": Adam,
}


class OptimizerRun(NamedTuple):
    """One optimiser at one learning rate: W, b and the loss before the first update, after it, ….

    It has converged if the last loss is below the tolerance.
    """

    name: str
    learning_rate: float
    path: tuple[tuple[float, float], ...]
    losses: tuple[float, ...]
    converged: bool

    @property
    def updates(self) -> int:
        """How many updates were made."""
        return len(self.losses) - 1


def line_loss(W: Number, b: Number) -> Number:
    """Sum of squared errors of the model y = W·x + b on the data of the lesson.

    W and b can make up for each other, so the loss is a long narrow valley: along it the slope is
    small, across it steep.

    >>> line_loss(2.0, 0.0), line_loss(3.0, 0.0)
    (0.0, 30.0)
    """
    pairs = zip(INPUTS, DESIRED, strict=True)
    loss: Number = total([square(W * x + b - desired) for x, desired in pairs])
    return loss


@cache  # text and figures show the same runs
def optimize(
    name: str, learning_rate: float, max_updates: int = 200, tolerance: float = TOLERANCE
) -> OptimizerRun:
    """Let one of `OPTIMIZERS` find W and b, until the loss is below the tolerance.

    A loss beyond a thousand times the first ends it, too.
    """
    W, b = Value(START[0], "W"), Value(START[1], "b")
    optimizer = OPTIMIZERS[name]([W, b], learning_rate)
    path, losses = [], []
    while True:
        loss = line_loss(W, b)
        path.append((W.data, b.data))
        losses.append(loss.data)
        converged = loss.data < tolerance
        hopeless = not loss.data < 1e3 * losses[0]
        if converged or hopeless or len(losses) > max_updates:
            return OptimizerRun(name, learning_rate, tuple(path), tuple(losses), converged)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def compare_optimizers(rates: Sequence[float] = RATES) -> list[OptimizerRun]:
    """Every optimiser at the learning rate, out of the same few, with which it converges first.

    Returns
    -------
    list of OptimizerRun
        In the order of `OPTIMIZERS`. If no rate converges, the run with the lowest last loss.
    """
    runs = [[optimize(name, rate) for rate in rates] for name in OPTIMIZERS]
    return [
        min(tried, key=lambda run: (not run.converged, run.updates, run.losses[-1]))
        for tried in runs
    ]
