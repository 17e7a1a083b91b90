"""The response of each hidden neuron."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.errors import ShapeError, shown
from autograd_lite.program import compile
from autograd_lite.view import canvas

_MOST = 25


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
        cls,
        model: Any,
        inputs: Any,
        *,
        layer: int = 0,
        neurons: Sequence[int] | None = None,
        features: Sequence[int] | None = None,
        steps: int = 50,
    ) -> Responses:
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
        >>> from autograd_lite.view.canvas import new_figure
        >>> figure, ax = new_figure()
        >>> model = nn.MLP(2, [4, 1], activation="tanh", seed=1)
        >>> ax = plot_neurons(model, [[0, 0], [0, 1], [1, 0], [1, 1]], ax)
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
