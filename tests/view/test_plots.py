"""The plots: what they show, where they draw it, and what they refuse."""

import math
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from autograd_lite import ShapeError, nn
from autograd_lite.view import canvas, plots
from autograd_lite.view.plots import insides

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

import matplotlib.style  # noqa: E402
from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: E402
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


def test_history_shows_another_metric(ax):
    """Accuracy, of training and of validation, stands where the loss would."""
    model = nn.MLP(1, [1], seed=0)
    history = model.learn(
        [0, 1, 2, 3], [0, 0, 1, 1], loss="binary_cross_entropy", epochs=3, validation=([3], [1]),
        progress=False,
    )  # fmt: skip
    plots.plot_history(history, ax, metric="accuracy")
    assert lines(ax) == {
        "training": history.metrics["accuracy"],
        "validation": history.validation_metrics["accuracy"],
    }
    assert ax.get_ylabel() == "accuracy"
    with pytest.raises(ValueError, match="'recall'; choose one of: loss, accuracy"):
        plots.plot_history(history, ax, metric="recall")


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


def test_step_of_gradient_descent_is_computed(ax):
    """Loss, slope and step are those of (W - 2)² at W = 3, on a curve around both."""
    curve = plots.LossCurve.of(lambda W: (W - 2) ** 2, 3.0, 0.2, steps=11)
    assert curve.tangent == (3.0, 1.0, 2.0)
    assert curve.step == pytest.approx(2.6)
    assert curve.losses == pytest.approx((curve.weights - 2) ** 2)
    assert (curve.weights[0], curve.weights[-1], len(curve.weights)) == (0.0, 6.0, 11)
    assert plots.plot_step(lambda W: (W - 2) ** 2, 3.0, 0.2, ax, span=(2, 4)) is ax
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["loss", "tangent, slope 2", "update: 3 to 2.6"]
    drawn = ax.get_lines()[0]
    assert drawn.get_ydata() == pytest.approx((drawn.get_xdata() - 2) ** 2)
    assert (drawn.get_xdata()[0], drawn.get_xdata()[-1]) == (2.0, 4.0)


def test_a_loss_below_zero_is_within_the_picture(ax):
    """The limits follow the curve, wherever it lies; the arrow runs below it."""
    plots.plot_step(lambda W: W * W - 50.0, 1.0, 0.1, ax, span=(-2, 2))
    low, high = ax.get_ylim()
    assert -51.0 < low < -50.0 < -46.0 < high < -45.0
    [arrow] = ax.texts
    assert low < arrow.xyann[1] < -50.0
    assert (arrow.xyann[0], arrow.xy[0]) == pytest.approx((1.0, 0.8))


@pytest.mark.parametrize(
    ("start", "span", "message"),
    [(0.0, None, "start elsewhere"), (1.0, (2, 2), r"span .* \(2, 2\)")],
)
def test_step_refuses_what_it_cannot_draw(start, span, message, ax):
    """An infinite slope, and an empty span, are errors."""
    with pytest.raises(ValueError, match=message):
        plots.plot_step(lambda W: 1 / W, start, 0.1, ax, span=span)


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


@pytest.mark.parametrize(
    ("names", "k", "loss"),
    [(["left", "right"], 1, "hinge"), ([1, 2, 3], 3, "cross_entropy"), ([False, True], 1, "hinge")],
)
def test_boundary_of_a_model_that_has_learnt_labels_is_that_of_its_scores(names, k, loss, ax):
    inputs = np.random.default_rng(1).uniform(-1.0, 1.0, (30, 2))
    places = np.digitize(inputs[:, 0], np.linspace(-1.0, 1.0, len(names) + 1)[1:-1])
    model = nn.MLP(2, [k], seed=1)
    model.learn(inputs, np.array(names)[places], loss, epochs=20, progress=False, seed=1)
    scores = Scores(model.decision_function)
    found = plots.Boundary.of(model, inputs, np.array(names)[places], steps=5)
    expected = plots.Boundary.of(scores, inputs, places, steps=5, threshold=0.0)
    np.testing.assert_array_equal(found.leads, expected.leads)
    assert found.labels == names
    plots.plot_boundary(model, inputs, np.array(names)[places], ax)
    shown = [text.get_text() for text in ax.get_legend().get_texts()]
    assert shown == [str(n) if isinstance(n, str | bool) else f"class {n}" for n in names]
    if k == 1:
        calibration = plots.Calibration.of(model, inputs, np.array(names)[places])
        same = plots.Calibration.of(scores, inputs, places, logits=True)
        np.testing.assert_array_equal(calibration.shares, same.shares)
    with pytest.raises(ValueError, match="'up' is none of the classes"):
        plots.plot_boundary(model, inputs, ["up"] * 30, ax)


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


# --- recorded training ----------------------------------------------------------------------------

XOR = [0, 1, 1, 0]


@pytest.fixture(scope="module")
def recorder():
    model = nn.MLP(2, [3, 1], activation="tanh", seed=1)
    recorder = nn.Recorder(model, POINTS, XOR, every=2)
    model.learn(POINTS, XOR, epochs=7, callback=recorder, progress=False, seed=0)
    return recorder


@pytest.fixture(scope="module")
def line():
    """A recorded model of two parameters, w.0 and b."""
    model = nn.Neuron(1, "linear", seed=1)
    recorder = nn.Recorder(model, [0, 1, 2], [1, 3, 5])
    model.learn([0, 1, 2], [1, 3, 5], epochs=5, callback=recorder, progress=False, seed=0)
    return recorder


def test_boundaries_are_those_of_the_epochs(recorder, ax):
    """Each panel shows what the model of its epoch decides, and all the data."""
    assert plots.plot_boundaries(recorder, ax, epochs=[0, 4, 6], steps=9) is ax
    assert [panel.get_title() for panel in ax.child_axes] == ["epoch 0", "epoch 4", "epoch 6"]
    found = plots.Boundaries.of(recorder, [4], steps=9, threshold=0.25).epochs[4]
    scores = recorder.model_at(2).predict(np.column_stack([found.xs.ravel(), found.ys.ravel()]))
    assert found.leads[1].ravel().tolist() == (scores - 0.25).tolist()
    assert all(len(panel.get_lines()) == 2 for panel in ax.child_axes)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["class 0", "class 1"]
    assert not ax.lines
    assert not ax.collections


def test_boundaries_have_one_threshold(ax):
    """That of the last epoch, though at the first all scores are from 0 to 1."""
    model = nn.Neuron(2, "linear", seed=1)
    for parameter, number in zip(model.parameters(), [0.1, 0.1, 0.5], strict=True):
        parameter.data = number
    recorder = nn.Recorder(model, POINTS, XOR)
    model.w[0].data = 9.0
    recorder(None)
    found = plots.Boundaries.of(recorder, steps=5)
    for record, boundary in enumerate(found.epochs.values()):
        points = np.column_stack([boundary.xs.ravel(), boundary.ys.ravel()])
        scores = recorder.model_at(record).predict(points)
        assert boundary.leads[1].ravel().tolist() == scores.tolist()


def test_boundaries_of_few_records_are_shown_once_each(recorder):
    """Left out, the epochs are at most four, the first and the last among them."""
    assert list(plots.Boundaries.of(recorder, steps=5).epochs) == [0, 2, 4, 6]
    fresh = nn.Recorder(nn.MLP(2, [1], seed=0), POINTS, XOR)
    assert list(plots.Boundaries.of(fresh, steps=5).epochs) == [0]


@pytest.mark.parametrize("epochs", [[1], [0, 8], []])
def test_boundaries_of_epochs_without_records_are_refused(epochs, recorder, ax):
    """The error lists the epochs there are."""
    with pytest.raises(ValueError, match=r"choose some of \[0, 2, 4, 6\]"):
        plots.plot_boundaries(recorder, ax, epochs=epochs)


def test_boundaries_of_one_feature_are_refused(line, ax):
    """A model of other than two inputs has no boundary in a plane."""
    with pytest.raises(ShapeError, match=r"\(3, 1\)"):
        plots.plot_boundaries(line, ax)


def test_surface_of_a_function(ax):
    """Losses are those at the grid's points; contours enclose equal shares of it."""
    surface = plots.LossSurface.of(
        lambda a, b: a * a + 2 * b, x=(-1, 1), y=(0, 3), steps=4, levels=3
    )
    xs, ys = np.meshgrid(np.linspace(-1, 1, 4), np.linspace(0, 3, 4))
    assert surface.losses == pytest.approx(xs**2 + 2 * ys)
    by_hand = np.quantile(surface.losses, np.array([1 / 9, 4 / 9]) * 0.98)
    assert surface.levels == pytest.approx(by_hand)  # the third would be the largest loss
    assert surface.path is None
    assert surface.plot(ax) is ax
    assert ax.collections[1].levels == pytest.approx(surface.levels)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("a", "b")
    assert (ax.get_xlim(), ax.get_ylim()) == ((-1, 1), (0, 3))
    assert ax.get_legend() is None


def test_surface_shows_the_path_of_training(line, ax):
    """The path is that of the recorded parameters, from start to end, with room around."""
    assert plots.plot_surface(line, ax, steps=5) is ax
    _, path, start, end = ax.get_lines()
    assert np.column_stack(path.get_data()).tolist() == line.numbers.tolist()
    assert np.ravel(start.get_data()).tolist() == line.numbers[0].tolist()
    assert np.ravel(end.get_data()).tolist() == line.numbers[-1].tolist()
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["training", "start", "end"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("w.0", "b")
    low, high = ax.get_xlim()
    assert low < line.numbers[:, 0].min() < line.numbers[:, 0].max() < high


def test_surface_of_a_recorder_is_its_loss(line):
    """At each point of the grid: the mean squared error with these parameters."""
    surface = plots.LossSurface.of(line, ("b", "w.0"), steps=3)
    for j, w in enumerate(surface.ys):
        for i, b in enumerate(surface.xs):
            by_hand = np.mean([(w * x + b - y) ** 2 for x, y in [(0, 1), (1, 3), (2, 5)]])
            assert surface.losses[j, i] == pytest.approx(by_hand)


def test_surface_keeps_other_parameters_where_training_ended(recorder):
    """Two of thirteen parameters move; at the path's end the loss is the last one."""
    names = ("layers.0.neurons.0.w.0", "layers.1.neurons.0.b")
    columns = recorder.columns(names)
    end = recorder.numbers[-1, columns]
    surface = plots.LossSurface.of(
        recorder, names, x=(end[0], end[0] + 1), y=(end[1], end[1] + 1), steps=2
    )
    assert surface.losses[0, 0] == pytest.approx(recorder.losses()[-1])


def test_surface_without_contours_is_no_error(ax):
    """A constant loss, and one that is infinite everywhere, have no contours."""
    for loss in (lambda a, b: 0 * a + 0 * b + 1, lambda a, b: 1 / (0 * a * b)):
        plots.plot_surface(loss, ax, x=(0, 1), y=(0, 1), steps=3)
    assert not ax.collections


def test_surface_leaves_out_where_the_loss_is_infinite(ax):
    """Infinite losses beside finite ones are blank."""
    surface = plots.LossSurface.of(lambda a, b: 1 / a + b, x=(0, 1), y=(0, 1), steps=5)
    assert np.isinf(surface.losses[:, 0]).all()
    assert np.isfinite(surface.levels).all()
    surface.plot(ax)
    assert len(ax.collections) == 2


@pytest.mark.parametrize(
    ("loss", "options", "error", "message"),
    [
        (lambda a: a, {}, ShapeError, r"takes 1 \(a\); hold the others"),
        (lambda a, b, c: a, {}, ShapeError, r"takes 3 \(a, b, c\)"),
        (3.0, {}, TypeError, "float: 3.0"),
        (lambda a, b: a, {}, ValueError, r"give x=\(low, high\)"),
        (lambda a, b: a, {"x": (0, 1)}, ValueError, r"give y=\(low, high\)"),
        (lambda a, b: a, {"x": (1, 0), "y": (0, 1)}, ValueError, r"is \(1, 0\)"),
        (lambda a, b: a, {"path": [[1, 2, 3]]}, ShapeError, r"\(1, 3\)"),
    ],
)
def test_surface_refuses_what_it_cannot_draw(loss, options, error, message, ax):
    """Other than two parameters, no place to look at, a path that does not fit."""
    with pytest.raises(error, match=message):
        plots.plot_surface(loss, ax, **options)


def test_surface_of_many_parameters_wants_two_names(recorder, ax):
    """A model of other than two parameters must be told which two."""
    with pytest.raises(ValueError, match=r"name 2 parameters of the 13 .* 13 were given"):
        plots.plot_surface(recorder, ax)
    with pytest.raises(ValueError, match="'slope' is none"):
        plots.plot_surface(recorder, ax, names=("slope", "b"))


@pytest.mark.parametrize("of_what", ["weights", "gradients"])
def test_histograms_count_each_layer(of_what, recorder, ax):
    """The share of a layer's parameters in each bin, at each record; nothing is lost."""
    found = plots.Histograms.of(recorder, of_what, bins=6)
    numbers = recorder.numbers if of_what == "weights" else recorder.gradients()
    assert list(found.shares) == ["layer 0", "layer 1"]
    by_hand = np.histogram(numbers[2, :9], found.edges)[0] / 9
    assert found.shares["layer 0"][2].tolist() == by_hand.tolist()
    for shares in found.shares.values():
        assert shares.sum(axis=1) == pytest.approx(1.0)
    assert found.plot(ax) is ax
    first, second, bar = ax.child_axes
    assert (first.get_title(), second.get_title()) == ("layer 0", "layer 1")
    drawn = first.collections[0].get_array()
    assert drawn.filled(0.0).tolist() == found.shares["layer 0"].T.tolist()
    assert bar.get_ylabel() == "share"
    assert any(of_what.startswith(panel.get_ylabel()) for panel in (first, second))


def test_logarithmic_histograms_leave_out_zeros(ax):
    """Magnitudes are counted from the least to the largest; a bias of 0 is in no bin."""
    recorder = nn.Recorder(nn.MLP(2, [3, 1], seed=1), POINTS, XOR)
    found = plots.Histograms.of(recorder, "weights", bins=4, log=True)
    assert found.shares["layer 0"].sum() == pytest.approx(6 / 9)
    sizes = np.abs(recorder.numbers[recorder.numbers != 0])
    assert (found.edges[0], found.edges[-1]) == pytest.approx((sizes.min(), sizes.max()))
    found.plot(ax)
    assert ax.child_axes[0].get_yscale() == "log"
    assert ax.child_axes[0].get_ylabel() == "|weight|"


def test_histograms_are_of_weights_or_gradients(recorder, ax):
    """Anything else is an error that says so."""
    with pytest.raises(ValueError, match="weights or gradients, and not of 'outputs'"):
        plots.plot_histograms(recorder, "outputs", ax)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("layers.0.neurons.3.w.1", "layer 0"),
        ("layers.1.layers.0.neurons.0.b", "layer 1.layer 0"),
        ("neurons.0.b", "the layer"),
        ("first.neurons.2.w.0", "first"),
        ("weights.0.1", "weights"),
        ("slope", "slope"),
    ],
)
def test_parameters_belong_to_layers(name, layer):
    """By their names: a layer of neurons, or an array of one's own."""
    assert insides.layer_of(name) == layer


# --- comparisons ----------------------------------------------------------------------------------


def test_learning_rates_are_compared_from_the_same_start(ax):
    """Each curve is what learn() gives with that rate; the model itself learns nothing."""
    model = nn.Neuron(1, "linear", seed=1)
    before = model.state_dict()
    options = {"epochs": 4, "optimizer": "sgd"}
    assert plots.plot_learning_rates(model, [0, 1], [1, 3], [0.01, 0.1], ax, **options) is ax
    assert model.state_dict() == before
    history = model.learn([0, 1], [1, 3], learning_rate=0.1, progress=False, seed=0, **options)
    assert lines(ax)["rate 0.1"] == history.loss
    assert list(lines(ax)) == ["rate 0.01", "rate 0.1"]
    assert list(ax.get_lines()[0].get_xdata()) == [1, 2, 3, 4]
    assert (ax.get_xlabel(), ax.get_yscale()) == ("epoch", "log")


def test_rates_that_are_too_large_leave_the_others_their_room(ax):
    """They are named as diverged, or as off the scale, which is that of the other runs."""
    model = nn.Neuron(1, "linear", seed=1)
    rates = [0.1, 3.0, 1e200]
    options = {"epochs": 9, "optimizer": "sgd"}
    plots.plot_learning_rates(model, [0, 1, 2], [1, 3, 5], rates, ax, **options)
    names = ["rate 0.1", "rate 3: off the scale", "rate 1e+200: diverged"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == names
    assert ax.get_ylim()[1] < 1000
    FigureCanvasAgg(ax.figure).draw()


def test_losses_of_zero_have_no_logarithm(ax):
    """Runs that are perfect from the start are drawn on a linear scale."""
    plots.Race({"lucky": [0.0, 0.0]}, {"lucky": [0.1, 0.2]}).plot(ax)
    assert lines(ax) == {"lucky": [0.0, 0.0]}
    assert ax.get_yscale() == "linear"


def test_a_diverged_run_is_kept_as_far_as_it_went():
    """Finished epochs stay, and what was wrong in the error's words."""
    model = nn.Neuron(1, "linear", seed=1)
    runs = {"fast": lambda model: {"learning_rate": 1e60}}
    race = plots.Race.of(model, [1, 2], [1, 3], runs, optimizer="sgd", epochs=9)
    assert 1 <= len(race.losses["fast"]) < 9
    assert len(race.seconds["fast"]) == len(race.losses["fast"])
    assert "turned" in race.diverged["fast"]


@pytest.mark.parametrize("seconds", [False, True])
def test_optimisers_race(seconds, ax):
    """Over epochs or seconds; each optimiser holds the parameters of its own copy."""
    model = nn.MLP(1, [2, 1], activation="tanh", seed=1)
    optimizers = {
        "SGD": lambda parameters: nn.optim.SGD(parameters, 0.1),
        "Adam": lambda parameters: nn.optim.Adam(parameters, 0.1),
    }
    plots.plot_optimizers(
        model, [0, 1], [1, 3], optimizers, ax, seconds=seconds, epochs=3, batch_size=None
    )
    again = nn.MLP(1, [2, 1], activation="tanh", seed=1)
    adam = nn.optim.Adam(again.parameters(), 0.1)
    history = again.learn([0, 1], [1, 3], optimizer=adam, epochs=3, batch_size=None, progress=False)
    assert lines(ax)["Adam"] == pytest.approx(history.loss)
    assert ax.get_xlabel() == ("seconds" if seconds else "epoch")
    xs = ax.get_lines()[1].get_xdata()
    assert np.all(np.diff(xs) > 0)
    assert seconds or list(xs) == [1, 2, 3]


@pytest.mark.parametrize(
    "compare",
    [
        lambda model, ax: plots.plot_learning_rates(model, [1], [1], [], ax),
        lambda model, ax: plots.plot_optimizers(model, [1], [1], {}, ax),
        lambda model, ax: plots.plot_initializations(lambda i, s: model, [1], [1], [], ax),
        lambda model, ax: plots.plot_initializations(lambda i, s: model, [1], [1], "he", ax),
        lambda model, ax: plots.plot_initializations(
            lambda i, s: model, [1], [1], ["he"], ax, seeds=[]
        ),
    ],
)
def test_comparisons_of_nothing_are_refused(compare, ax):
    """No rates, optimisers, schemes or seeds."""
    with pytest.raises(ShapeError, match="given:"):
        compare(nn.Neuron(1, seed=1), ax)


def make(init, seed):
    return nn.MLP(1, [3, 1], activation="tanh", init=init, seed=seed)


def test_initialisations_show_median_and_range(ax):
    """The line is the median over the seeds, the band reaches from the least to the largest."""
    inits = ["he", "glorot"]
    found = plots.Spread.of(make, [0, 1], [1, 3], inits, seeds=[1, 2, 3], epochs=4)
    assert found.losses["he"].shape == (3, 4)
    alone = make("he", 2).learn([0, 1], [1, 3], epochs=4, seed=2, progress=False)
    assert found.losses["he"][1].tolist() == alone.loss
    assert found.plot(ax) is ax
    assert lines(ax)["he"] == np.median(found.losses["he"], axis=0).tolist()
    band = ax.collections[0].get_paths()[0].vertices
    assert band[:, 1].max() == found.losses["he"].max()
    assert band[:, 1].min() == found.losses["he"].min()
    assert list(lines(ax)) == inits


def test_initialisations_that_diverge_are_infinite(ax):
    """A scheme whose first loss overflows has no line; the others keep their scale."""

    def begin(init, seed):
        neuron = nn.Neuron(1, "linear", seed=seed)
        neuron.w[0].data *= {"huge": 1e200, "small": 1.0}[init]
        return neuron

    found = plots.Spread.of(begin, [0, 1], [1, 3], ["huge", "small"], seeds=[1, 2], epochs=3)
    assert np.isinf(found.losses["huge"]).all()
    assert np.isfinite(found.losses["small"]).all()
    found.plot(ax)
    FigureCanvasAgg(ax.figure).draw()
    assert list(lines(ax)) == ["huge", "small"]
    assert ax.get_ylim()[1] < 100


# --- neurons --------------------------------------------------------------------------------------


def test_neurons_of_two_features_have_a_map_each(ax):
    """A map is the neuron's own output at each point of the grid."""
    model = nn.MLP(2, [3, 1], activation="tanh", seed=1)
    found = plots.Responses.of(model, POINTS, steps=5)
    xs, ys = found.axes
    for number, neuron in enumerate(model.layers[0].neurons):
        for j, i in [(0, 0), (1, 4), (4, 2)]:
            by_hand = neuron([xs[i], ys[j]]).data
            assert found.outputs[number][j, i] == pytest.approx(by_hand, rel=1e-14)
    assert found.plot(ax, ("width", "height")) is ax
    *panels, bar = ax.child_axes
    assert [panel.get_title() for panel in panels] == ["neuron 0", "neuron 1", "neuron 2"]
    drawn = panels[1].collections[0].get_array()
    assert np.asarray(drawn).ravel().tolist() == found.outputs[1].ravel().tolist()
    assert np.column_stack(panels[1].get_lines()[0].get_data()).tolist() == POINTS.tolist()
    assert (panels[0].get_ylabel(), bar.get_ylabel()) == ("height", "output")
    assert {panel.get_xlabel() for panel in panels} <= {"width", ""}


def test_neurons_of_one_feature_have_a_curve_each(ax):
    """A second layer responds through the first; one output makes one curve."""
    model = nn.MLP(1, [3, 1], activation="tanh", seed=1)
    plots.plot_neurons(model, [0.0, 1.0, 2.0], ax, layer=1, steps=7, feature_names=["time"])
    [panel] = ax.child_axes
    curve, samples = panel.get_lines()
    assert curve.get_ydata() == pytest.approx(model.predict(curve.get_xdata()))
    assert list(samples.get_xdata()) == [0.0, 1.0, 2.0]
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("time", "output")


def test_features_that_do_not_vary_are_at_their_means():
    """Of three features one is chosen; the others stay at the mean of the samples."""
    model = nn.MLP(3, [2, 1], activation="sigmoid", seed=1)
    inputs = np.array([[0.0, 1.0, 5.0], [2.0, 3.0, 5.0]])
    found = plots.Responses.of(model, inputs, features=[1], neurons=[1], steps=3)
    assert list(found.outputs) == [1]
    by_hand = [model.layers[0].neurons[1]([1.0, x, 5.0]).data for x in found.axes[0]]
    assert found.outputs[1] == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("model", "inputs", "options", "error", "message"),
    [
        (nn.MLP(3, [2, 1], seed=1), np.ones((2, 3)), {}, ShapeError, "features="),
        (nn.MLP(2, [2, 1], seed=1), POINTS, {"features": [0, 2]}, ShapeError, r"\[0, 2\]"),
        (nn.MLP(2, [2, 1], seed=1), np.ones((0, 2)), {}, ShapeError, r"\(0, 2\)"),
        (nn.MLP(2, [2, 1], seed=1), POINTS, {"neurons": [2]}, ShapeError, r"range\(2\)"),
        (nn.MLP(2, [2, 1], seed=1), POINTS, {"neurons": []}, ShapeError, "0 are asked for"),
        (nn.MLP(2, [26, 1], seed=1), POINTS, {}, ShapeError, r"has 26; .*range\(25\)"),
        (nn.MLP(2, [2, 1], seed=1), POINTS, {"layer": 2}, ValueError, "has 2 layers"),
        (nn.Neuron(2, seed=1), POINTS, {}, ValueError, "has 0 layers"),
    ],
)
def test_neurons_refuse_what_they_cannot_draw(model, inputs, options, error, message, ax):
    """Too many features or neurons, or layers that do not exist."""
    with pytest.raises(error, match=message):
        plots.plot_neurons(model, inputs, ax, **options)


# --- where they draw ------------------------------------------------------------------------------


def test_new_pyplot_figure_without_axes():
    """Without `ax` a new pyplot figure is made, which a notebook shows by itself."""
    from matplotlib import pyplot

    pyplot.close("all")  # what examples left
    axes = [plots.plot_history([1.0, 0.5]), plots.plot_losses({"a": [1.0]})]
    assert len(pyplot.get_fignums()) == 2
    assert axes[0].figure is not axes[1].figure
    pyplot.close("all")


@pytest.mark.no_cover
@pytest.mark.parametrize("size", [(3, 2), (6.4, 4), (12, 8)])
@pytest.mark.parametrize("look", ["default", "dark_background"])
def test_every_plot_stays_in_its_axes_at_every_size(look, size, recorder, line):
    """A neighbour stays empty, nothing is outside the figure, and nothing warns."""
    with matplotlib.style.context(look):
        for draw in (
            lambda ax: plots.plot_step(lambda W: W * W, 1.0, 0.1, ax),
            lambda ax: plots.plot_surface(line, ax, steps=8),
            lambda ax: plots.plot_boundaries(recorder, ax, steps=8),
            lambda ax: plots.plot_histograms(recorder, "gradients", ax),
            lambda ax: plots.plot_neurons(recorder.model_at(0), POINTS, ax, steps=8),
            lambda ax: plots.plot_fit(recorder, POINTS, XOR, ax),
            lambda ax: plots.plot_calibration(recorder.model_at(0), POINTS, XOR, ax),
            lambda ax: plots.Race({"a": [2.0, 1.0]}, {"a": [0.1, 0.2]}).plot(ax, seconds=True),
            lambda ax: plots.Spread({"he": np.array([[2.0, 1.0], [3.0, 2.0]])}).plot(ax),
        ):
            figure = Figure(figsize=size, layout="constrained")
            FigureCanvasAgg(figure)
            ax, neighbour = figure.subplots(1, 2, width_ratios=[20, 1])
            neighbour.set_axis_off()
            assert draw(ax) is ax
            figure.canvas.draw()
            assert not neighbour.has_data()
            assert not neighbour.child_axes
            assert len(figure.axes) == 2
            box = ax.get_tightbbox()
            assert box.x0 > -1
            assert box.y0 > -1
            assert box.x1 < figure.bbox.x1 + 1
            assert box.y1 < figure.bbox.y1 + 1


# --- fits, residuals, calibration -----------------------------------------------------------------


def double(xs):
    return 2.0 * np.asarray(xs)[:, 0]


def test_a_fit_shows_data_curve_and_errors(ax):
    """A line leads from the curve to each sample: its error, where there is one."""
    assert plots.plot_fit(Scores(double), [0, 1, 2], [0, 3, 2], ax) is ax
    xs, ys = next(each for each in ax.get_lines() if each.get_label() == "model").get_data()
    assert (xs[0], xs[-1], len(xs)) == pytest.approx((-0.16, 2.16, 200))
    assert ys.tolist() == (2.0 * xs).tolist()
    assert lines(ax)["data"] == [0, 3, 2]
    [errors] = ax.collections
    ends = [segment.tolist() for segment in errors.get_segments()]
    assert ends == [[[0, 0], [0, 0]], [[1, 2], [1, 3]], [[2, 4], [2, 2]]]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("feature 1", "output")


def test_a_fit_of_a_recorder_shows_epochs(line, ax):
    """The curves are the models' of these epochs; the errors are those of the last."""
    plots.plot_fit(line, [0, 1, 2], [1, 3, 5], ax, epochs=[0, 2, 5], feature_names=["x"])
    shown = lines(ax)
    assert [*shown][:3] == ["epoch 0", "epoch 2", "epoch 5"]
    xs = ax.get_lines()[0].get_xdata()
    assert shown["epoch 2"] == line.model_at(2).predict(xs).tolist()
    [errors] = ax.collections
    ends = [segment[0][1] for segment in errors.get_segments()]
    assert ends == line.model_at(5).predict([0, 1, 2]).tolist()
    assert plots.Fit.of(line, [0, 1], [1, 3]).outputs.keys() == {0, 1, 2, 5}
    assert ax.get_xlabel() == "x"


def test_a_fit_of_two_features_is_a_surface_with_the_samples(ax):
    """Samples are coloured by their targets, on the scale of the outputs."""
    plots.plot_fit(Scores(lambda p: p[:, 0] + 2.0 * p[:, 1]), POINTS, [-3, 1, -1, 4], ax)
    [image] = ax.images
    samples = ax.collections[-1]
    assert samples.get_array().tolist() == [-3, 1, -1, 4]
    assert samples.get_clim() == image.get_clim()
    assert image.get_clim()[1] == 4.0  # a target above every output
    outputs = image.get_array()
    assert outputs[0].min() == pytest.approx(outputs.min())  # below: the second feature's least
    assert image.get_extent() == pytest.approx([-1.16, 1.16, -1.16, 1.16])


def test_a_surface_leaves_out_what_is_no_number(ax):
    """Where the model gives nan there is no colour, and the scale is that of the others."""
    with np.errstate(invalid="ignore"):
        plots.plot_fit(Scores(lambda p: np.sqrt(p[:, 0])), POINTS, [0, 0, 1, 1], ax)
    [image] = ax.images
    assert np.ma.getmaskarray(image.get_array()).any()
    assert np.isfinite(image.get_clim()).all()


@pytest.mark.parametrize(
    ("inputs", "targets", "options", "message"),
    [
        (np.ones((4, 3)), [1] * 4, {}, "these inputs have 3; plot_residuals takes any"),
        ([0, 1], [1], {}, r"\(2, 1\) and \(1,\)"),
        ([], [], {}, r"\(0, 1\)"),
        ([0, 1], [1, 2], {"epochs": [1]}, "nn.Recorder"),
    ],
)
def test_a_fit_refuses_what_it_cannot_draw(inputs, targets, options, message, ax):
    """More than two features, missing targets, and epochs of a model without any."""
    with pytest.raises(ValueError, match=message):
        plots.plot_fit(Scores(double), inputs, targets, ax, **options)
    assert not ax.has_data()


@pytest.mark.parametrize("draw", [plots.plot_fit, plots.plot_residuals, plots.plot_calibration])
def test_samples_that_have_no_place_are_named(draw, ax):
    for inputs, targets in (
        ([0, 1, math.nan, 1], [0, 1, 1, 0]),
        ([0, 1, 1, 1], [0, 1, math.inf, 1]),
    ):
        with pytest.raises(ValueError, match=r"sample 2 holds nan or inf.* \(1 in all\)"):
            draw(Scores(double), inputs, targets, ax)


def test_fits_are_of_one_output(line, ax):
    """Of several, a surface or a residual would show an arbitrary one."""
    for draw in (plots.plot_fit, plots.plot_residuals):
        with pytest.raises(ShapeError, match=r"one output, and predict gave \(.*, 2\)"):
            draw(Scores(lambda p: np.ones((len(p), 2))), [0, 1], [0, 1], ax)
    with pytest.raises(ValueError, match="not all recorded"):
        plots.plot_fit(line, [0, 1], [1, 3], ax, epochs=[99])


def test_residuals_are_targets_minus_outputs(ax):
    """A band shows the root of their mean square."""
    found = plots.Residuals.of(Scores(double), [0, 1, 2], [[3], [2], [0]])
    assert found.residuals.tolist() == [3.0, 0.0, -4.0]
    assert found.spread == pytest.approx(np.sqrt(25 / 3))
    assert plots.plot_residuals(Scores(double), [0, 1, 2], [3, 2, 0], ax) is ax
    assert [*map(list, ax.get_lines()[-1].get_data())] == [[0, 2, 4], [3, 0, -4]]
    assert "2.89" in ax.get_legend().get_texts()[0].get_text()


def test_calibration_compares_probabilities_with_shares(ax):
    """In each bin, the mean probability and the share of class 1; empty bins are left out."""
    chances = np.array([0.0, 0.1, 0.1, 0.9, 1.0])
    model = Scores(lambda p: chances)
    found = plots.Calibration.of(model, np.zeros((5, 3)), [0, 1, 0, 1, 1], bins=2)
    assert found.counts.tolist() == [3, 2]
    assert found.probabilities == pytest.approx([0.2 / 3, 0.95])
    assert found.shares == pytest.approx([1 / 3, 1.0])
    assert found.error == pytest.approx((3 * (1 / 3 - 0.2 / 3) + 2 * 0.05) / 5)
    assert len(plots.Calibration.of(model, np.zeros((5, 3)), [0, 1, 0, 1, 1], bins=99).counts) == 4
    assert plots.plot_calibration(model, np.zeros((5, 3)), [0, 1, 0, 1, 1], ax) is ax
    assert ax.get_xlabel() == "probability of class 1"


def test_calibration_takes_logits_and_several_classes():
    """One logit is squashed by sigmoid, k by softmax, of which the largest is looked at."""
    zero = plots.Calibration.of(Scores(lambda p: np.array([0.0, -20.0])), [0, 1], [1, 0], bins=4)
    assert zero.probabilities == pytest.approx([0.0, 0.5], abs=1e-8)
    said = plots.Calibration.of(Scores(lambda p: np.zeros(2)), [0, 1], [1, 0], logits=True)
    assert said.probabilities.tolist() == [0.5]
    scores = np.log([[0.7, 0.2, 0.1], [0.2, 0.2, 0.6]])
    several = plots.Calibration.of(Scores(lambda p: scores), [0, 1], [0, 1], bins=10)
    assert several.probabilities == pytest.approx([0.6, 0.7])
    assert several.shares.tolist() == [0.0, 1.0]
    assert several.event == "the best class"
    with pytest.raises(ValueError, match=r"for classes \[0, 1\], not \[-1"):
        plots.Calibration.of(Scores(lambda p: np.zeros(2)), [0, 1], [-1, 1])


@pytest.mark.parametrize(
    ("background", "ink"), [("white", "black"), ("#222222", "white"), ("none", "white")]
)
def test_ink_stands_out_from_the_background(background, ink):
    """Black curves and boundaries turn white on dark Axes; clear ones show the figure's colour."""
    ax = Figure(facecolor="#111111").subplots()
    ax.set_facecolor(background)
    assert canvas.ink(ax) == ink
    assert canvas.style(6, ax)["color"] == ink
    assert canvas.style(0, ax)["color"] == canvas.COLORS[0]


def test_colours_differ_in_line_style_too():
    """Neighbouring curves differ in colour and in line style."""
    looks = [canvas.style(i) for i in range(6)]
    assert len({look["color"] for look in looks}) == 6
    assert len({str(look["linestyle"]) for look in looks}) == 6


def test_missing_matplotlib_names_the_extra(monkeypatch):
    """Without matplotlib every plot says what to install."""
    for name in [n for n in sys.modules if n.split(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    model = nn.MLP(2, [2, 1], seed=1)
    recorder = nn.Recorder(model, POINTS, XOR)
    for draw in (
        lambda: plots.plot_history([1.0]),
        lambda: plots.plot_step(lambda W: W * W, 1.0),
        lambda: plots.plot_surface(lambda a, b: a * b, x=(0, 1), y=(0, 1)),
        lambda: plots.plot_boundary(model, POINTS, XOR),
        lambda: plots.plot_boundaries(recorder),
        lambda: plots.plot_histograms(recorder),
        lambda: plots.plot_learning_rates(model, POINTS, XOR, epochs=1),
        lambda: plots.plot_initializations(make, [0, 1], [0, 1], epochs=1),
        lambda: plots.plot_neurons(model, POINTS),
        lambda: plots.plot_fit(model, POINTS, XOR),
        lambda: plots.plot_residuals(model, POINTS, XOR),
        lambda: plots.plot_calibration(model, POINTS, XOR),
    ):
        with pytest.raises(ImportError, match=r'pip install "autograd-lite\[plot\]"'):
            draw()


@pytest.mark.parametrize(
    "plot", ["plot_boundary", "plot_fit", "plot_residuals", "plot_calibration"]
)
def test_what_cannot_predict_is_refused_by_name(plot):
    """With what it was, and what would do."""
    inputs = [[0.0, 1.0], [1.0, 0.0]] if plot != "plot_fit" else [0.0, 1.0]
    with pytest.raises(TypeError, match=r"a model with predict\(samples\), and this is 3\.5"):
        getattr(plots, plot)(3.5, inputs, [0, 1])
