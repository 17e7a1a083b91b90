"""How weights and gradients are distributed in each layer, in the course of training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.errors import shown
from autograd_lite.view import canvas

KINDS = ("weights", "gradients")


@dataclass(frozen=True)
class Histograms(canvas.Plot):
    """A histogram for each layer and record, all with the same bins.

    By layer, `shares` has the share of its parameters in each bin, of shape (records, bins). With
    `log`, the bins are of magnitudes.
    """

    of_what: str
    epochs: list[int]
    edges: Any
    shares: dict[str, Any]
    log: bool

    @classmethod
    def of(
        cls, recorder: Any, of_what: str = "weights", *, bins: int = 30, log: bool = False
    ) -> Histograms:
        """Histograms of the weights, or the gradients, of each layer over the epochs.

        Each column of a panel is a histogram, its bars seen from above: the brighter, the more of
        the layer's parameters (biases among them) are there. All panels have the same scales, so
        that gradients that vanish from layer to layer are seen to.

        Parameters
        ----------
        recorder : nn.Recorder
            What `Module.learn` was given as its callback.
        of_what : {"weights", "gradients"}
            Gradients are of the loss over all samples of the recorder.
        ax : Axes, optional
            A frame for panels of their own, one for each layer (``ax.child_axes``).
        bins : int, default=30
        log : bool, default=False
            Magnitudes on a logarithmic scale, which leaves out zeros.

        Raises
        ------
        ValueError
            If `of_what` is neither.

        Examples
        --------
        >>> from autograd_lite import nn
        >>> from autograd_lite.view.canvas import new_figure
        >>> model = nn.MLP(1, [4, 1], activation="tanh", seed=1)
        >>> recorder = nn.Recorder(model, [0, 1, 2], [0, 1, 4])
        >>> history = model.learn([0, 1, 2], [0, 1, 4], epochs=5, callback=recorder, progress=False)
        >>> figure, ax = new_figure()
        >>> ax = plot_histograms(recorder, "gradients", ax)
        """
        if of_what not in KINDS:
            raise ValueError(f"histograms are of {' or '.join(KINDS)}, and not of {shown(of_what)}")
        numbers = recorder.numbers if of_what == "weights" else recorder.gradients()
        if log:
            numbers = np.abs(numbers)
            sizes = numbers[numbers > 0.0]
            low, high = (sizes.min(), sizes.max()) if len(sizes) else (1.0, 1.0)
            edges = np.geomspace(low, high if high > low else 10.0 * low, bins + 1)
        else:
            edges = np.histogram_bin_edges(numbers, bins)
        layers: dict[str, list[int]] = {}
        for column, name in enumerate(recorder.names):
            layers.setdefault(layer_of(name), []).append(column)
        shares = {
            layer: np.array([np.histogram(row, edges)[0] / len(columns)
                             for row in numbers[:, columns]])
            for layer, columns in layers.items()
        }  # fmt: skip
        return cls(of_what, list(recorder.epochs), edges, shares, log)

    def draw(self, ax: Any) -> None:
        """See `plot_histograms`."""
        made, bar = canvas.panels(ax, list(self.shares), key=True)
        gaps = np.diff(self.epochs) if len(self.epochs) > 1 else np.ones(1)
        beyond = [self.epochs[0] - gaps[0], *self.epochs, self.epochs[-1] + gaps[-1]]
        ends = (np.array(beyond[1:]) + beyond[:-1]) / 2
        top = max(shares.max() for shares in self.shares.values())
        low = 0.0 if canvas.ink(ax) == "black" else -0.4 * top  # dark blue on black is not seen
        for panel, shares in zip(made, self.shares.values(), strict=True):
            empty = np.ma.masked_equal(shares.T, 0.0)
            mesh = panel.pcolormesh(ends, self.edges, empty, cmap=canvas.SEQUENTIAL, vmin=low,
                                    vmax=top, rasterized=True)  # fmt: skip
            if self.log:
                panel.set_yscale("log")
            panel.xaxis.get_major_locator().set_params(integer=True)
        ylabel = self.of_what.removesuffix("s")
        canvas.name_panels(made, "epoch", f"|{ylabel}|" if self.log else ylabel)
        canvas.figure_of(ax).colorbar(mesh, cax=bar, format="{x:.0%}")
        bar.set_ylim(0.0, top)
        bar.set_ylabel("share", fontsize=made[0].title.get_size())


plot_histograms = canvas.function_of(Histograms, "plot_histograms", 2)


def layer_of(name: str) -> str:
    """The layer to which a parameter belongs, from its name.

    Examples
    --------
    >>> layer_of("layers.0.neurons.1.w.0"), layer_of("slope")
    ('layer 0', 'slope')
    """
    before, found, _ = name.partition("neurons.")
    if found:
        return before.rstrip(".").replace("layers.", "layer ") or "the layer"
    parts: Sequence[str] = name.split(".")
    while len(parts) > 1 and parts[-1].isdigit():
        parts = parts[:-1]
    return ".".join(parts)
