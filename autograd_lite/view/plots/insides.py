"""Inside a network: how the numbers of its layers are distributed, and how its neurons respond."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.errors import ShapeError, shown
from autograd_lite.program import compile
from autograd_lite.view import canvas

KINDS = ("weights", "gradients")
_MOST = 25


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
        >>> model = nn.MLP(1, [4, 1], activation="tanh", seed=1)
        >>> recorder = nn.Recorder(model, [0, 1, 2], [0, 1, 4])
        >>> history = model.learn([0, 1, 2], [0, 1, 4], epochs=5, callback=recorder, progress=False)
        >>> ax = plot_histograms(recorder, "gradients")
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
    return re.sub(r"(\.\d+)+$", "", name)


@dataclass(frozen=True)
class Responses(canvas.Plot):
    """The outputs of a layer's neurons, by number, over one feature or two (`axes`).

    They are of shape (steps,), or (steps, steps) with the second feature first. The points are
    these features of the samples.
    """

    axes: tuple[Any, ...]
    outputs: dict[int, Any]
    points: Any

    @classmethod
    def of(
        cls, model: Any, inputs: Any, *, layer: int = 0, neurons: Sequence[int] | None = None,
        features: Sequence[int] | None = None, steps: int = 50,
    ) -> Responses:  # fmt: skip
        """Output of each neuron of a layer: a curve over one feature, a map over two.

        Parameters
        ----------
        model : MLP or Sequential
        inputs : array of shape (n, features), or (n,) for one feature
            Samples, which say where to look, and are shown.
        ax : Axes, optional
            A frame for panels of their own, one for each neuron (``ax.child_axes``).
        layer : int, default=0
            The first hidden layer is 0.
        neurons : sequence of int, optional
            Which; all if left out.
        features : sequence of int, optional
            The one or two features that vary, while others are at their means.
        steps : int, default=50
            How many numbers each feature takes.
        feature_names : sequence of str
            Labels of the axes.

        Raises
        ------
        ShapeError
            If there are more than two features and none are chosen, or more than 25 neurons.
        ValueError
            If the model has no such layer.

        Examples
        --------
        >>> from autograd_lite import nn
        >>> model = nn.MLP(2, [4, 1], activation="tanh", seed=1)
        >>> ax = plot_neurons(model, [[0, 0], [0, 1], [1, 0], [1, 1]])
        """
        layers = list(getattr(model, "layers", ()))
        if not 0 <= layer < len(layers):
            raise ValueError(
                f"the model has {len(layers)} layers (its attribute `layers`), and layer "
                f"{shown(layer)} is none of them; they are counted from 0"
            )
        used = layers[: layer + 1]
        samples, _ = canvas.samples_of(inputs, np.zeros(len(inputs)))
        chosen = list(range(samples.shape[1]) if features is None else features)
        if len(chosen) not in (1, 2) or not {*chosen} <= {*range(samples.shape[1])}:
            raise ShapeError(
                f"responses are shown over one feature or two of {samples.shape[1]}, and not over "
                f"{chosen}; choose: features=(0, 1) keeps the others at their means"
            )
        points = samples[:, chosen]
        axes, grid = canvas.grid_around(points, steps)
        asked = np.tile(samples.mean(axis=0), (len(grid), 1))
        asked[:, chosen] = grid

        def respond(x: Any) -> Any:
            for part in used:
                x = part(x)
            return list(x) if isinstance(x, list | tuple) else [x]

        outputs = compile(respond).map(asked)
        wanted = list(range(len(outputs)) if neurons is None else neurons)
        if not wanted or not {*wanted} <= {*range(len(outputs))} or len(wanted) > _MOST:
            raise ShapeError(
                f"up to {_MOST} neurons are shown at once, and layer {layer} has {len(outputs)}; "
                f"{len(wanted)} are asked for: {wanted}; choose: neurons=range("
                f"{min(_MOST, len(outputs))})"
            )
        shape = [steps] * len(axes)
        return cls(axes, {i: outputs[i].reshape(shape) for i in wanted}, points)

    def draw(self, ax: Any, feature_names: Sequence[str] = canvas.FEATURES) -> None:
        """See `plot_neurons`."""
        flat = len(self.axes) == 2
        made, bar = canvas.panels(ax, [f"neuron {number}" for number in self.outputs], key=flat)
        top = max(abs(outputs).max() for outputs in self.outputs.values()) or 1.0
        look: dict[str, Any] = {"color": "black", "markeredgecolor": "white"}
        for panel, outputs in zip(made, self.outputs.values(), strict=True):
            if not flat:
                panel.plot(self.axes[0], outputs, color=canvas.COLORS[0])
                panel.plot(self.points[:, 0], np.zeros(len(self.points)), "|", color=canvas.ink(ax),
                           alpha=0.5, transform=panel.get_xaxis_transform())  # fmt: skip
                continue
            mesh = panel.pcolormesh(*self.axes, outputs, cmap=canvas.DIVERGING, vmin=-top, vmax=top,
                                    shading="nearest", rasterized=True)  # fmt: skip
            if outputs.min() < 0.0 < outputs.max():
                panel.contour(*self.axes, outputs, levels=[0.0], colors="black", linewidths=0.8)
            size = max(1.0, min(3.5, 1.5 * min(canvas.inches(panel))))
            panel.plot(*self.points.T, "o", markersize=size, markeredgewidth=0.15 * size, **look)
        canvas.name_panels(made, feature_names[0], feature_names[1] if flat else "output")
        if flat:
            canvas.figure_of(ax).colorbar(mesh, cax=bar)
            bar.set_ylabel("output", fontsize=made[0].title.get_size())


plot_neurons = canvas.function_of(Responses, "plot_neurons", 2)
