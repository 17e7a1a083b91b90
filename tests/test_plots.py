"""The plots: what they show, where they draw it, and what they refuse."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from autograd_lite import ShapeError, nn
from autograd_lite.view import canvas, plots

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from matplotlib.figure import Figure  # noqa: E402


@pytest.fixture
def ax():
    return Figure().subplots()


def lines(ax):
    """The labelled curves, as lists of numbers."""
    return {
        line.get_label(): np.asarray(line.get_ydata()).tolist()
        for line in ax.get_lines()
        if not line.get_label().startswith("_")
    }


class Scores:
    """A model whose scores are a given function of the points."""

    def __init__(self, function):
        self.function = function

    def predict(self, points):
        return self.function(points)


POINTS = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])


@pytest.mark.parametrize(
    "history",
    [
        SimpleNamespace(loss=[3.0, 2.0], validation_loss=[4.0, 3.0]),
        {"loss": [3.0, 2.0], "validation_loss": [4.0, 3.0]},
    ],
)
def test_history_shows_training_and_validation(history, ax):
    """Objects and mappings with both losses give two curves over the epochs from 1."""
    assert plots.plot_history(history, ax) is ax
    assert lines(ax) == {"training": [3.0, 2.0], "validation": [4.0, 3.0]}
    assert list(ax.get_lines()[0].get_xdata()) == [1, 2]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")


@pytest.mark.parametrize(
    "history",
    [
        [3.0, 2.0],
        {"loss": [3.0, 2.0]},
        SimpleNamespace(loss=[3.0, 2.0]),
        SimpleNamespace(loss=[3.0, 2.0], validation_loss=[]),
        SimpleNamespace(loss=[3.0, 2.0], validation_loss=None),
    ],
)
def test_history_without_validation_shows_one_curve(history, ax):
    """Without validation losses, however they are missing, there is the training curve alone."""
    plots.plot_history(history, ax, log=True)
    assert lines(ax) == {"training": [3.0, 2.0]}
    assert ax.get_yscale() == "log"


def test_history_of_a_network(ax):
    """What `learn` returns can be plotted as it is."""
    model = nn.MLP(1, [1], seed=0)
    history = model.learn([0, 1, 2], [0, 2, 4], epochs=3, validation=([3], [6]), progress=False)
    plots.plot_history(history, ax)
    assert lines(ax) == {"training": history.loss, "validation": history.validation_loss}


@pytest.mark.parametrize("history", [[], {}, {"loss": []}, SimpleNamespace(loss=[])])
def test_history_without_losses_is_refused(history, ax):
    """An empty history is an error that says what to do."""
    with pytest.raises(ShapeError, match="call learn"):
        plots.plot_history(history, ax)


def test_one_epoch_is_visible(ax):
    """A single loss is drawn as a point, for a line of one point is invisible."""
    plots.plot_history([1.0], ax)
    assert ax.get_lines()[0].get_marker() not in ("", "None", None)


def test_losses_of_several_runs(ax):
    """Runs of different lengths start at update 0; the tolerance is a line of its own."""
    assert plots.plot_losses({"a": [1.0, 0.1], "b": [2.0, 1.0, 0.5]}, ax, tolerance=0.2) is ax
    assert list(ax.get_lines()[1].get_xdata()) == [0, 1, 2]
    assert lines(ax)["converged below 0.2"] == [0.2, 0.2]
    assert ax.get_yscale() == "log"


@pytest.mark.parametrize("curves", [{}, {"a": []}])
def test_losses_without_numbers_are_refused(curves, ax):
    """No curve, or an empty one, is an error."""
    with pytest.raises(ShapeError, match="one loss or more"):
        plots.plot_losses(curves, ax)


def test_tangent_touches_with_its_slope(ax):
    """The tangent passes through the point with the slope, within the picture."""
    xs = [i / 10 for i in range(41)]
    plots.plot_loss_curve(xs, [(x - 2) ** 2 for x in xs], (3.0, 1.0, 2.0), 2.6, ax)
    tangent = next(line for line in ax.get_lines() if "slope 2" in line.get_label())
    (x0, x1), (y0, y1) = tangent.get_data()
    assert (y1 - y0) / (x1 - x0) == pytest.approx(2.0)
    assert y0 + 2.0 * (3.0 - x0) == pytest.approx(1.0)
    assert min(y0, y1) > ax.get_ylim()[0]
    assert max(y0, y1) < ax.get_ylim()[1]
    assert any(line.get_label() == "update: 3 to 2.6" for line in ax.get_lines())


def test_tangent_at_the_minimum_is_level(ax):
    """A slope of 0 gives a level tangent."""
    plots.plot_loss_curve([0.0, 1.0, 2.0], [1.0, 0.0, 1.0], (1.0, 0.0, 0.0), ax=ax)
    assert lines(ax)["tangent, slope 0"] == [0.0, 0.0]


def test_loss_curve_needs_one_loss_per_weight(ax):
    """Unequal lengths are named."""
    with pytest.raises(ShapeError, match="2 weights and 1 losses"):
        plots.plot_loss_curve([1.0, 2.0], [1.0], ax=ax)


# --- boundaries -----------------------------------------------------------------------------------


def boundary(ax):
    """The points of the drawn boundary line."""
    lines = [c for c in ax.collections if len(c.levels) == 1]
    return np.concatenate([path.vertices for c in lines for path in c.get_paths()])


@pytest.mark.parametrize(
    ("scores", "targets", "threshold", "where"),
    [
        (lambda p: p[:, 0], [-1, -1, 1, 1], None, 0.0),
        (lambda p: p[:, 0], [0, 0, 1, 1], None, 0.0),  # logits
        (lambda p: (p[:, 0] + 2) / 4, [0, 0, 1, 1], None, 0.0),  # probabilities
        (lambda p: p[:, :1], [0, 0, 1, 1], 0.5, 0.5),
        (lambda p: p[:, 0], [[0], [0], [1], [1]], None, 0.0),
    ],
)
def test_boundary_lies_at_the_threshold(scores, targets, threshold, where, ax):
    """The line between two classes is where the score crosses the threshold."""
    assert plots.plot_boundary(Scores(scores), POINTS, targets, ax, threshold=threshold) is ax
    assert boundary(ax)[:, 0] == pytest.approx(where)


def test_boundary_shows_every_point_by_its_class(ax):
    """All data are drawn, in a colour and marker of their class."""
    plots.plot_boundary(Scores(lambda p: p[:, 0]), POINTS, [0, 0, 0, 1], ax)
    first, second = ax.get_lines()
    assert (first.get_label(), second.get_label()) == ("class 0", "class 1")
    assert (len(first.get_xdata()), len(second.get_xdata())) == (3, 1)
    assert first.get_color() != second.get_color()
    assert first.get_marker() != second.get_marker()


@pytest.mark.parametrize("targets", [[0, 1, 2, 2], np.eye(3)[[0, 1, 2, 2]]])
def test_boundary_of_many_classes_takes_the_largest_score(targets, ax):
    """With a score per class the region is that of the largest; targets may be one-hot."""
    model = Scores(lambda p: np.column_stack([p[:, 0], p[:, 1], -p.sum(axis=1)]))
    plots.plot_boundary(model, POINTS, targets, ax, feature_names=("width", "height"))
    assert [line.get_label() for line in ax.get_lines()] == ["class 0", "class 1", "class 2"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("width", "height")


def test_regions_of_many_classes_meet_where_scores_are_equal(ax):
    """Between the classes 0 and 2 lies no strip of class 1."""
    model = Scores(lambda p: np.column_stack([p[:, 0], p[:, 0] * 0 - 9, -p[:, 0]]))
    plots.plot_boundary(model, POINTS, [2, 2, 0, 0], ax)
    assert boundary(ax)[:, 0] == pytest.approx(0.0)
    assert sum(len(c.levels) == 2 for c in ax.collections) == 2


def test_unknown_class_is_refused(ax):
    """A target beyond the scores is an error; it would be left out of the picture else."""
    model = Scores(lambda p: np.column_stack([p[:, 0], p[:, 1]]))
    with pytest.raises(ShapeError, match="classes 0 to 1"):
        plots.plot_boundary(model, POINTS, [0, 1, 1, 2], ax)


@pytest.mark.parametrize(("only", "index"), [(1, 1), (0, 0), (-1, 0)])
def test_one_class_keeps_its_colour(only, index, ax):
    """Data of a single class have the colour of their region."""
    plots.plot_boundary(Scores(lambda p: p[:, 0]), POINTS, [only] * 4, ax)
    drawn = ax.get_lines()[index]
    assert (drawn.get_label(), len(drawn.get_xdata())) == (f"class {only}", 4)
    assert drawn.get_color() == canvas.COLORS[index]


def test_boundary_of_a_constant_model_has_no_line(ax):
    """A model that always says the same has one region and no boundary, and is no error."""
    plots.plot_boundary(Scores(lambda p: np.ones(len(p))), POINTS, [-1, -1, 1, 1], ax)
    assert len(ax.collections) == 1


def test_boundary_asks_the_model_steps_times_steps_points(ax):
    """The grid covers the data with a margin, even where a feature is constant."""
    asked = []
    flat = POINTS * [1.0, 0.0]
    model = Scores(lambda p: asked.append(p) or p[:, 0])
    plots.plot_boundary(model, flat, [0, 0, 1, 1], ax, steps=7)
    [grid] = asked
    assert grid.shape == (49, 2)
    assert np.all(grid.min(axis=0) < flat.min(axis=0))
    assert np.all(grid.max(axis=0) > flat.max(axis=0))


def test_boundary_of_a_network(ax):
    """A trained MLP of two inputs and one output can be drawn."""
    model = nn.MLP(2, [4, 1], activation="tanh", seed=1)
    plots.plot_boundary(model, POINTS, [0, 1, 1, 0], ax, steps=6)
    assert ax.get_legend() is not None


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        (POINTS[:, :1], [0, 0, 1, 1], r"\(4, 1\)"),
        (np.ones((4, 3)), [0, 0, 1, 1], r"\(4, 3\)"),
        (POINTS, [0, 1], "one each"),
        (POINTS, [0, 1, 2, 2], "3 classes need one score each"),
    ],
)
def test_boundary_refuses_what_it_cannot_draw(inputs, targets, message, ax):
    """More or fewer than two features, missing targets, and too few scores are errors."""
    with pytest.raises(ShapeError, match=message):
        plots.plot_boundary(Scores(lambda p: p[:, 0]), inputs, targets, ax)


# --- where they draw ------------------------------------------------------------------------------


def test_new_pyplot_figure_without_axes():
    """Without `ax` a new pyplot figure is made, which a notebook shows by itself."""
    from matplotlib import pyplot

    axes = [plots.plot_history([1.0, 0.5]), plots.plot_losses({"a": [1.0]})]
    assert len(pyplot.get_fignums()) == 2
    assert axes[0].figure is not axes[1].figure
    pyplot.close("all")


def test_colours_differ_in_line_style_too():
    """Neighbouring curves differ in colour and in line style."""
    looks = [canvas.style(i) for i in range(6)]
    assert len({look["color"] for look in looks}) == 6
    assert len({str(look["linestyle"]) for look in looks}) == 6


def test_missing_matplotlib_names_the_extra(monkeypatch):
    """Without matplotlib every plot says what to install."""
    for name in [n for n in sys.modules if n.split(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r'pip install "autograd-lite\[plot\]"'):
        plots.plot_history([1.0])
