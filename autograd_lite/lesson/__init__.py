"""The seven steps of learning by back-propagation, as data, as words and as figures.

::

    model             1, 2  the data, the model y = W·x, forward propagation
    loss              3     absolute and squared errors
    differentiation   4     a small step, the derivative, its sign
    backpropagation   5     the chain rule through a graph, node by node
    handwritten       5     the same by hand, and why that does not scale
    iteration         6, 7  the delta rule, learning rates, convergence
    experiments, optimizers, genetic  7  what else decides how many iterations are needed
    telling/text, parts             the words of each step (``lesson.toml``), as text and as HTML
    telling/figures, diagrams       the pictures in a notebook, with the extra ``plot``
    page/document, page_figures, charts  all of it as one page, which computes with the graphs

After Harvey Alférez, *Neural Networks and Back-Propagation* (lecture). Every derivative comes from
the engine; formulas are written by hand only where that is the point.

>>> from autograd_lite import lesson
>>> [step.title for step in lesson.STEPS][:3]
['Model initialisation', 'Forward propagation', 'Loss function']
>>> lesson.nudge().nudged_loss
30.006
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from autograd_lite.lesson.backpropagation import Chain, ChainRow, chain, chain_table
from autograd_lite.lesson.differentiation import (
    CurvePoint,
    Nudge,
    NudgeRow,
    SignRow,
    curvature,
    derivative,
    loss_curve,
    nudge,
    shrinking_steps,
    sign_table,
)
from autograd_lite.lesson.experiments import NetworkRun, NoiseRun, depth_and_width, noise
from autograd_lite.lesson.genetic import Contest, evolve, follow_gradient, linear_loss, race
from autograd_lite.lesson.handwritten import CompositionRow, composition, compositions
from autograd_lite.lesson.iteration import (
    LEARNING_RATE,
    TOLERANCE,
    ChainUpdate,
    Descent,
    Iteration,
    UpdateRow,
    chain_update,
    contraction,
    convergence,
    delta_rule,
    descend,
    largest_stable_rate,
    learning_rates,
    lucky_start,
    update_table,
    verdict,
)
from autograd_lite.lesson.loss import (
    Distribution,
    Losses,
    LossRow,
    Penalty,
    absolute_loss,
    error_distributions,
    loss_table,
    losses,
    penalties,
    squared_loss,
)
from autograd_lite.lesson.model import (
    DESIRED,
    IDEAL,
    INPUTS,
    STARTS,
    ForwardRow,
    forward_table,
    random_starts,
)
from autograd_lite.lesson.optimizers import OptimizerRun, compare_optimizers, line_loss, optimize
from autograd_lite.lesson.telling import diagrams as _diagrams
from autograd_lite.lesson.telling import figures as _figures
from autograd_lite.lesson.telling import text as _text
from autograd_lite.lesson.telling.diagrams import chain_diagram, overall_picture
from autograd_lite.lesson.telling.parts import WIDTH, Part, as_html, as_text
from autograd_lite.terminal import on_screen
from autograd_lite.view.canvas import Figure


@dataclass(frozen=True)
class Step:
    """One of the seven steps, with its number from 1 to 7."""

    number: int
    title: str
    _parts: Callable[[], Sequence[Part]]
    _figures: Mapping[str, Callable[[], Figure]]

    def text(self, width: int = WIDTH) -> str:
        """The step in words and aligned tables, of the given width; the same every time."""
        return on_screen(as_text(self._parts(), width))

    def html(self, figures: Mapping[str, str] | None = None) -> str:
        """The step as HTML: paragraphs and tables, and pictures if their HTML is given by name."""
        return as_html(self._parts(), figures)

    def figures(self) -> dict[str, Figure]:
        """The step's pictures by name, unknown to pyplot; an ImportError without matplotlib."""
        return {name: draw() for name, draw in self._figures.items()}


#: The seven steps, in order.
STEPS = (
    Step(1, "Model initialisation", _text.initialisation, {"models": _figures.models}),
    Step(2, "Forward propagation", _text.forward, {"forward": _figures.forward}),
    Step(3, "Loss function", _text.losses, {"penalty": _figures.penalty}),
    Step(4, "Differentiation", _text.differentiation_, {
        "tangent": _figures.tangent, "signs": _figures.signs,
    }),
    Step(5, "Back-propagation", _text.backpropagation, {
        "by_hand": _figures.by_hand, "chain": _diagrams.chain_diagram,
    }),
    Step(6, "Weight update", _text.update, {"delta_rule": _figures.delta_rule}),
    Step(7, "Iteration until convergence", _text.iterate, {
        "convergence": _figures.convergence,
        "learning_rates": _figures.learning_rates,
        "depth_and_width": _figures.depth_and_width,
        "optimizers": _figures.optimizers_compared,
        "optimizer_paths": _figures.optimizer_paths,
        "noise": _figures.noise,
        "genetic_algorithm": _figures.genetic_algorithm,
        "overall_picture": _diagrams.overall_picture,
    }),
)  # fmt: skip

__all__ = [
    "DESIRED", "IDEAL", "INPUTS", "LEARNING_RATE", "STARTS", "STEPS", "TOLERANCE", "Chain",
    "ChainRow", "ChainUpdate", "CompositionRow", "Contest", "CurvePoint", "Descent",
    "Distribution", "ForwardRow", "Iteration", "LossRow", "Losses", "NetworkRun", "NoiseRun",
    "Nudge", "NudgeRow", "OptimizerRun", "Penalty", "SignRow", "Step", "UpdateRow",
    "absolute_loss", "chain", "chain_diagram", "chain_table", "chain_update",
    "compare_optimizers", "composition", "compositions", "contraction", "convergence",
    "curvature", "delta_rule", "depth_and_width", "derivative", "descend",
    "error_distributions", "evolve", "follow_gradient", "forward_table", "largest_stable_rate",
    "learning_rates", "line_loss", "linear_loss", "loss_curve", "loss_table", "losses",
    "lucky_start", "noise", "nudge", "optimize", "overall_picture", "penalties", "race",
    "random_starts", "shrinking_steps", "sign_table", "squared_loss", "update_table",
    "verdict",
]  # fmt: skip
