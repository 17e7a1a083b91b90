"""Where a model of two features decides for which class, once or at several epochs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.errors import ShapeError
from autograd_lite.view import canvas


@dataclass(frozen=True)
class Boundary(canvas.Plot):
    """The decisions of a model on a grid, around some points, each with its class.

    For each class of `labels`, `leads` says by how much its score is ahead of all others.
    """

    xs: Any
    ys: Any
    leads: list[Any]
    labels: Sequence[Any]
    points: Any
    classes: Any

    @classmethod
    def of(
        cls, model: Any, inputs: Any, targets: Any, steps: int = 50, threshold: float | None = None
    ) -> "Boundary":
        """The regions in which a model of two features decides for each class, and the data.

        Parameters
        ----------
        model : object with ``predict``
            ``predict`` of an (m, 2) array gives (m,) scores, or (m, k) with one score per class.
        inputs : array of shape (n, 2)
        targets : array of shape (n,) or (n, k)
            Class labels (0 and 1, -1 and +1, 0 to k - 1, or such as the model has learnt), or one
            column of 0 and 1 per class.
        ax : Axes, optional
        steps : int, default=50
            The plane is asked at steps × steps points.
        threshold : float, optional
            The score above which a model with one score decides for the higher class. Left out: 0.5
            for classes 0 and 1 if all scores lie from 0 to 1, else 0.0, as for logits.
        feature_names : sequence of str
            Labels of the two axes.

        Raises
        ------
        ShapeError
            If the inputs do not have two columns, or lengths or classes do not fit.

        Examples
        --------
        >>> from autograd_lite import nn
        >>> model = nn.MLP(2, [4, 1], activation="tanh", seed=1)
        >>> ax = plot_boundary(model, [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
        """
        points, classes = _labelled_points(inputs, canvas.places_of(model, targets))
        xs, ys, scores = _scores_on_grid(model, points, steps)
        known = canvas.learnt_classes(model)
        if known is not None and threshold is None:  # scores, not probabilities
            threshold = 0.0
        labels, leads = _leads(scores, np.unique(classes).tolist(), threshold)
        if known is not None:
            labels, classes = known.tolist(), known[classes.astype(int)]
        return cls(xs, ys, leads, labels, points, classes)

    def draw(self, ax: Any, feature_names: Sequence[str] = canvas.FEATURES) -> None:
        """See `plot_boundary`."""
        self.regions(ax)
        canvas.tidy(ax, *feature_names)
        canvas.legend(ax)

    def regions(self, ax: Any) -> None:
        """Regions, and points with a colour and marker for each class; no labels."""
        size = max(2.0, min(5.0, 2.0 * min(canvas.inches(ax))))
        grid, line = (self.xs, self.ys), canvas.ink(ax)
        for index, lead in enumerate(self.leads):
            if lead.max() > 0.0:
                tints = [canvas.color(index)]
                ax.contourf(*grid, lead, levels=[0.0, lead.max()], colors=tints, alpha=0.22)
            if lead.min() < 0.0 < lead.max():
                ax.contour(*grid, lead, levels=[0.0], colors=line, linewidths=1.0)
        for index, label in enumerate(self.labels):
            ax.plot(
                *self.points[self.classes == label].T, linestyle="",
                label=_named(label),
                color=canvas.color(index), marker=canvas.marker(index), markersize=size,
                markeredgecolor="white", markeredgewidth=0.1 * size,
            )  # fmt: skip


def _named(label: Any) -> Any:
    """A class for the legend, which shows no label that begins with _."""
    if isinstance(label, str | bool):
        return f"class {label}" if str(label).startswith("_") else label
    return f"class {label:g}"


plot_boundary = canvas.function_of(Boundary, "plot_boundary", 3)


@dataclass(frozen=True)
class Boundaries(canvas.Plot):
    """Decisions of a model at several epochs."""

    epochs: dict[int, Boundary]

    @classmethod
    def of(
        cls, recorder: Any, epochs: Sequence[int] | None = None, steps: int = 50,
        threshold: float | None = None,
    ) -> "Boundaries":  # fmt: skip
        """How a model of two features came to decide, epoch by epoch.

        Parameters
        ----------
        recorder : nn.Recorder
            What `Module.learn` was given as its callback.
        ax : Axes, optional
            A frame for panels of their own, one for each epoch (``ax.child_axes``).
        epochs : sequence of int, optional
            Recorded ones. Left out: the first, the last, and two of those between.
        steps, threshold, feature_names
            As for `plot_boundary`; a threshold that is left out is that of the last epoch for all.

        Raises
        ------
        ShapeError
            If the inputs do not have two columns, or there are classes without a score.
        ValueError
            If an epoch was not recorded.

        Examples
        --------
        >>> from autograd_lite import nn
        >>> inputs, targets = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
        >>> model = nn.MLP(2, [4, 1], activation="tanh", seed=1)
        >>> recorder = nn.Recorder(model, inputs, targets)
        >>> history = model.learn(inputs, targets, epochs=9, callback=recorder, progress=False)
        >>> ax = plot_boundaries(recorder, epochs=[0, 3, 9])
        """
        models, samples = models_at(recorder, epochs), (recorder.inputs, recorder.outputs)
        if threshold is None:  # the same for all
            points, classes = _labelled_points(*samples)
            scores = _scores_on_grid(models[max(models)], points, steps)[2]
            threshold = _threshold(scores, np.unique(classes).tolist())
        return cls({n: Boundary.of(m, *samples, steps, threshold) for n, m in models.items()})

    def draw(self, ax: Any, feature_names: Sequence[str] = canvas.FEATURES) -> None:
        """See `plot_boundaries`."""
        made, _ = canvas.panels(ax, [f"epoch {epoch}" for epoch in self.epochs], head=True)
        for panel, boundary in zip(made, self.epochs.values(), strict=True):
            boundary.regions(panel)
        canvas.name_panels(made, *feature_names)
        handles, labels = made[0].get_legend_handles_labels()
        canvas.legend(ax, handles=handles, labels=labels, loc="upper center", ncols=len(labels),
               fontsize=made[0].title.get_size(), borderaxespad=0.0, borderpad=0.0,
               handletextpad=0.2)  # fmt: skip


plot_boundaries = canvas.function_of(Boundaries, "plot_boundaries", 1)


def models_at(recorder: Any, epochs: Sequence[int] | None) -> dict[int, Any]:
    """The model at recorded epochs: the first, the last and two between if none are named."""
    if epochs is None:
        last = len(recorder.epochs) - 1
        kept = np.unique(np.geomspace(1, last + 1, min(4, last + 1)).round().astype(int) - 1)
        epochs = [recorder.epochs[i] for i in kept]
    if not len(epochs) or not {*epochs} <= {*recorder.epochs}:
        raise ValueError(
            f"epochs {[*epochs]} were not all recorded; choose some of {recorder.epochs}"
        )
    return {epoch: recorder.model_at(recorder.epochs.index(epoch)) for epoch in epochs}


def _labelled_points(inputs: Any, targets: Any) -> tuple[Any, Any]:
    points, classes = canvas.samples_of(inputs, targets)
    if points.shape[1] != 2:
        raise ShapeError(
            f"a boundary is drawn over two features, inputs of shape (n, 2), and these have "
            f"{points.shape}; choose two columns, inputs[:, :2]"
        )
    return points, classes.argmax(axis=1) if classes.ndim == 2 else classes


def _scores_on_grid(model: Any, points: Any, steps: int) -> tuple[Any, Any, Any]:
    """The grid around the points and the model's scores on it: (steps, steps) or one more axis."""
    _, grid = canvas.grid_around(points, steps)
    scores = canvas.outputs_for(model, grid)
    scores = scores.reshape(steps, steps, *[n for n in scores.shape[1:] if n > 1])
    return *grid.T.reshape(2, steps, steps), scores


def _leads(scores: Any, found: list[float], threshold: float | None) -> tuple[Any, list[Any]]:
    """The classes, and by how much the score of each is ahead of all others, over the grid."""
    if scores.ndim == 3:
        k = scores.shape[-1]
        if not set(found) <= set(range(k)):
            raise ShapeError(f"{k} scores a point are of classes 0 to {k - 1}; given: {found}")
        others = [np.delete(scores, i, axis=-1).max(axis=-1) for i in range(k)]
        return range(k), [scores[..., i] - other for i, other in enumerate(others)]
    if len(found) > 2:
        raise ShapeError(f"{len(found)} classes need one score each; predict gave one a point")
    if threshold is None:
        threshold = _threshold(scores, found)
    pairs = ((0, 1), (-1, 1))  # a class is known even if there is no sample of the other
    labels = next((pair for pair in pairs if set(found) <= set(pair)), found)
    return labels, [threshold - scores, scores - threshold]


def _threshold(scores: Any, found: list[float]) -> float:
    probabilities = scores.min() >= 0.0 and scores.max() <= 1.0
    return 0.5 if probabilities and set(found) <= {0, 1} else 0.0
