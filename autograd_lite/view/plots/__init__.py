"""Curves, surfaces, boundaries and histograms with matplotlib, of the extra ``plot``.

Every function draws into the Axes it is given (`ax`), or into a new pyplot figure, and returns the
Axes. None of them calls ``show``; all raise ImportError when matplotlib is missing. What is shown
is computed apart from the drawing, by a class whose ``of`` computes, from what its function takes
(but for `ax` and `feature_names`), and whose ``plot(ax=None)`` draws: `LossCurve`, `LossSurface`,
`Boundary`, `Boundaries`, `Histograms`, `Race`, `Spread`, `Responses`, `Fit`, `Residuals`,
`Calibration`.

The colours of curves and classes are those of Okabe and Ito (Color Universal Design, 2008), which
people with any kind of colour vision can tell apart; lines and markers differ too. Amounts are
shown in cividis, numbers of both signs from purple to orange.

Letters and markers get smaller in small Axes. Figures with ``layout="constrained"``, as those made
here are, leave room for all labels and colour bars.
"""

from autograd_lite.view.plots.boundaries import (
    Boundaries,
    Boundary,
    plot_boundaries,
    plot_boundary,
)
from autograd_lite.view.plots.comparisons import (
    Race,
    Spread,
    plot_initializations,
    plot_learning_rates,
    plot_optimizers,
)
from autograd_lite.view.plots.curves import (
    LossCurve,
    plot_history,
    plot_loss_curve,
    plot_losses,
    plot_step,
)
from autograd_lite.view.plots.fits import (
    Calibration,
    Fit,
    Residuals,
    plot_calibration,
    plot_fit,
    plot_residuals,
)
from autograd_lite.view.plots.histograms import Histograms, plot_histograms
from autograd_lite.view.plots.neurons import Responses, plot_neurons
from autograd_lite.view.plots.surfaces import LossSurface, plot_surface

__all__ = [
    "Boundaries", "Boundary", "Calibration", "Fit", "Histograms", "LossCurve", "LossSurface",
    "Race", "Residuals", "Responses", "Spread", "plot_boundaries", "plot_boundary",
    "plot_calibration", "plot_fit", "plot_histograms", "plot_history", "plot_initializations",
    "plot_learning_rates", "plot_loss_curve", "plot_losses", "plot_neurons", "plot_optimizers",
    "plot_residuals", "plot_step", "plot_surface",
]  # fmt: skip
