"""Training shown live in a notebook: when pictures are made, and what they say."""

import base64
import math
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
import zlib
from types import SimpleNamespace

import numpy as np
import pytest
from browser import tab

from autograd_lite import AnomalyError, nn
from autograd_lite.modes import detect_anomaly
from autograd_lite.nn.learning import loop
from autograd_lite.nn.learning.history import Epoch, History
from autograd_lite.nn.live import live
from autograd_lite.nn.live.curve import Panel, curve_svg
from autograd_lite.nn.live.surface import picture_of
from autograd_lite.nn.optim import SGD
from autograd_lite.view.network.drawing import short

XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
ODD = np.array([0, 1, 1, 0])


def let_every_epoch_be_due(monkeypatch):
    """However busy the machine is."""
    always = property(lambda _: 0.0, lambda _, due: None)
    monkeypatch.setattr(live.Throttle, "due", always, raising=False)


@pytest.fixture
def publisher(monkeypatch):
    """A notebook's shell, which keeps what is published."""
    from IPython.core.displaypub import CapturingDisplayPublisher

    shell = SimpleNamespace(
        display_formatter=SimpleNamespace(active_types=["text/plain", "text/html"]),
        display_pub=CapturingDisplayPublisher(),
    )
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    return shell.display_pub


def learn(inputs=XOR, outputs=ODD, model=None, **options):
    model = model or nn.MLP(np.ndim(inputs) and len(inputs[0]), [4, 1], "tanh", seed=1)
    return model.learn(inputs, outputs, **{"show": "live", "seed": 1, "epochs": 5, **options})


def texts(publisher):
    return [output["data"]["text/plain"] for output in publisher.outputs]


def images(publisher, which=-1):
    """The SVG files in an output."""
    found = re.findall(r'src="data:image/svg\+xml;base64,([^"]*)"',
                       publisher.outputs[which]["data"]["text/html"])  # fmt: skip
    return [base64.b64decode(data).decode() for data in found]


def words_in(svg):
    return [text.text for text in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def pixels(svg):
    """The colours of the image in an SVG file, by decoding its PNG."""
    png = base64.b64decode(re.search(r'href="data:image/png;base64,([^"]*)"', svg).group(1))
    chunks, at = {}, 8
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        crc = int.from_bytes(png[at + 8 + size : at + 12 + size], "big")
        assert crc == zlib.crc32(kind + data)
        chunks[kind], at = data, at + 12 + size
    width = int.from_bytes(chunks[b"IHDR"][:4], "big")
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(-1, width + 1)
    return np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)[rows[:, 1:]].astype(int)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


# --- one output, in place ---


def test_one_output_is_made_and_then_updated_in_place(publisher, capsys):
    learn()
    assert [output["update"] for output in publisher.outputs][:2] == [False, True]
    assert all(output["update"] for output in publisher.outputs[1:])
    assert len({output["transient"]["display_id"] for output in publisher.outputs}) == 1
    assert {frozenset(output["data"]) for output in publisher.outputs} == {
        frozenset({"text/plain", "text/html"})
    }
    assert capsys.readouterr() == ("", "")  # it stands in place of the bar


def test_two_trainings_have_outputs_of_their_own(publisher):
    learn()
    learn()
    assert len({output["transient"]["display_id"] for output in publisher.outputs}) == 2


def test_the_last_picture_says_what_the_history_says(publisher):
    history = learn(loss="binary_cross_entropy", validation=(XOR, ODD), epochs=7)
    last = history[-1]
    for said in (texts(publisher)[-1], " ".join(words_in(images(publisher)[0]))):
        assert "epoch 7 of 7" in said
        assert "done" in said
        assert f"loss {last.loss:.4g}" in said
        assert f"accuracy {last.metrics['accuracy']:.3f}" in said
        assert f"validation loss {last.validation_loss:.4g}" in said
        assert "in all" in said


def test_what_is_learnt_does_not_depend_on_being_shown(publisher):
    shown, alone = (
        learn(show=show, epochs=30, batch_size=2, validation=0.25, progress=False)
        for show in ("live", None)
    )
    assert publisher.outputs
    assert shown.loss == alone.loss
    assert shown.validation_loss == alone.validation_loss


def test_without_show_nothing_is_published(publisher):
    learn(show=None, progress=False)
    assert publisher.outputs == []


def test_a_notebook_keeps_one_output_with_the_end_of_the_training(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    source = (
        "from autograd_lite import nn\n"
        "history = nn.MLP(2, [4, 1], 'tanh', seed=1).learn([[0, 0], [0, 1], [1, 0], [1, 1]],\n"
        "    [0, 1, 1, 0], epochs=4000, batch_size=None, show='live')"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    nbclient.NotebookClient(notebook, timeout=120).execute()
    (output,) = notebook.cells[0].outputs
    assert output.output_type == "display_data"
    assert output.data["text/plain"].startswith("done: epoch 4,000 of 4,000; loss ")
    assert output.data["text/html"].count("<img ") == 3  # the loss, the plane and the network


# --- how it ends ---


def test_ctrl_c_leaves_the_last_picture_and_says_so(publisher):
    def interrupting(history):
        if len(history) == 3:
            raise KeyboardInterrupt

    history = learn(callback=interrupting, epochs=50)
    assert history.interrupted
    assert texts(publisher)[-1].startswith("interrupted: epoch 3 of 50")
    assert "\N{BLACK SQUARE} interrupted" in words_in(images(publisher)[0])


def test_a_callback_that_stops_leaves_the_last_picture_and_says_so(publisher):
    learn(callback=lambda history: len(history) == 2, epochs=50)
    assert texts(publisher)[-1].startswith("stopped: epoch 2 of 50")


def test_an_anomaly_leaves_the_last_picture_with_the_reason(publisher):
    with pytest.raises(AnomalyError) as caught:
        learn(XOR, ODD * 1e200, epochs=50)
    assert texts(publisher)[-1].endswith(f"AnomalyError: {caught.value}")
    shown = " ".join(words_in(images(publisher)[0]))
    assert "failed" in shown
    assert "AnomalyError: the loss turned inf in epoch 1" in shown


def test_a_reason_of_any_characters_and_length_is_shown_as_text(publisher):
    def failing(history):
        raise ValueError('</text><script>"&\x00\ud800\n' + "long " * 2000)

    with pytest.raises(ValueError, match="script"):
        learn(callback=failing)
    svg = images(publisher)[0]
    assert "<script" not in svg + publisher.outputs[-1]["data"]["text/html"]
    assert '</text><script>"&' in " ".join(words_in(svg))
    assert float(ET.fromstring(svg).get("height")) < 400


# --- the network ---


def test_the_network_is_drawn_with_the_weights_of_the_moment(publisher, monkeypatch):
    """As a picture while it learns, at the end as a page."""
    let_every_epoch_be_due(monkeypatch)
    model = nn.MLP(2, [4, 1], "tanh", seed=1)
    learn(model=model, epochs=3)
    during = [images(publisher, k)[-1] for k in range(1, len(publisher.outputs))]
    biases = [neuron.b.data for neuron in model.layers[0].neurons]
    assert len(set(during)) == len(during) >= 3
    for bias in biases:
        assert short(bias) in words_in(during[-1])
    assert "openNetworks(" in publisher.outputs[-1]["data"]["text/html"]
    assert "openNetworks(" not in publisher.outputs[-2]["data"]["text/html"]


@pytest.mark.parametrize("compile", [True, False])
def test_the_page_at_the_end_has_gradients_and_the_last_step(publisher, browser, compile):
    """Of the last batch, and with the sizes by which the optimiser moved."""
    model = nn.MLP(2, [3, 1], "tanh", seed=1)
    was, rate = [], 0.5
    model.learn(
        XOR, ODD, optimizer=SGD(model.parameters(), rate), epochs=3, batch_size=None,
        validation=0.25, seed=1, show="live", compile=compile,
        callback=lambda history: was.append([p.data for p in model.parameters()]),
    )  # fmt: skip
    biases = [model.parameters().index(neuron.b) for neuron in model.layers[0].neurons]
    moved = [was[2][k] - was[1][k] for k in biases]
    with tab(browser) as opened:
        opened.page.set_content(publisher.outputs[-1]["data"]["text/html"])
        for name, expected in (("Last step", moved), ("Gradients", [-m / rate for m in moved])):
            opened.page.get_by_role("button", name=name, exact=True).click()
            seen = opened.page.locator(".network .neuron:not(.input) text").all_text_contents()
            assert seen[:3] == [short(x) for x in expected]
        assert "in the last step, the mean over its batch" in (
            opened.page.locator(".moment").inner_text()
        )


def test_without_graphviz_and_for_other_models_there_is_no_network(publisher, monkeypatch):
    class Line(nn.Module):
        def __init__(self):
            self.layer = nn.Layer(2, 1, "tanh", seed=1)

        def __call__(self, x):
            return self.layer(x)

    learn(model=Line())
    assert len(images(publisher)) == 2
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", "/nowhere")
    learn()
    assert len(images(publisher)) == 2


# --- how often ---


def costs(kind, n=400):
    rng = np.random.default_rng(1)
    if kind == "even":
        return np.full(n, 0.004)
    if kind == "noisy":
        return 0.004 * rng.lognormal(0.0, 1.0, n)
    return np.geomspace(1e-4, 0.1, n)  # growing


@pytest.mark.parametrize("kind", ["even", "noisy", "growing"])
@pytest.mark.parametrize("epoch", [1e-5, 1e-3, 0.7])
def test_pictures_take_at_most_5_percent_of_the_training_time(kind, epoch):
    clock = Clock()
    throttle, taken = live.Throttle(clock), 0.0
    for i, cost in enumerate(costs(kind)):
        clock.now = max(clock.now, throttle.due) + epoch * (0.5 + i % 2)  # an epoch ends later
        if i:  # before the picture that is due, and with the last one if training ended just now
            own = clock.now - 100.0 - throttle.spent
            assert throttle.spent <= 0.05 * own
        before = clock.now
        with throttle.spending():
            clock.now += cost
        taken += clock.now - before
        assert throttle.spent == pytest.approx(taken)
    total = clock.now - 100.0 - throttle.spent
    assert throttle.spent + costs(kind)[-1] <= 0.05 * total * 1.1


def test_pictures_come_as_often_as_the_eye_wants_when_they_cost_little():
    clock = Clock()
    throttle, count = live.Throttle(clock), 0
    while clock.now < 110.0:
        clock.now += 1e-3
        if clock.now >= throttle.due:
            count += 1
            with throttle.spending():
                clock.now += 1e-3
    assert count == pytest.approx(10.0 / throttle.PAUSE, abs=2)


def test_the_first_update_is_due_soon():
    clock = Clock()
    throttle = live.Throttle(clock)
    with throttle.spending():
        clock.now += 1e-3
    assert throttle.due - 100.0 <= 0.25


def test_a_training_that_is_not_due_makes_two_pictures(publisher, monkeypatch):
    """The clock stands still for the throttle, and no epoch draws."""
    monkeypatch.setattr(live.Throttle, "PAUSE", 1e9)
    learn(epochs=200)
    assert len(publisher.outputs) == 2


def test_every_epoch_that_is_due_makes_one_picture(publisher, monkeypatch):
    let_every_epoch_be_due(monkeypatch)
    history = learn(epochs=6)
    assert len(publisher.outputs) == len(history) + 2
    assert [text.split(";")[0] for text in texts(publisher)[1:-1]] == [
        f"learning: epoch {i} of 6" for i in range(1, 7)
    ]
    assert all(" left" in text for text in texts(publisher)[1:-1])


def test_the_time_left_is_that_of_the_epochs_left(publisher):
    clock, history = Clock(), History()
    shell = SimpleNamespace(display_pub=publisher)
    shown = live.Live(shell, history, 40, None, clock)
    with shown:
        history.epochs += [Epoch(i, 1.0, {}, 0.5) for i in range(1, 11)]
        clock.now += 5.0
        shown.update()
        clock.now += 100.0
    assert "2.0 epochs/s \N{MIDDLE DOT} 00:15 left" in texts(publisher)[1]
    assert "10.5 s an epoch \N{MIDDLE DOT} 01:45 in all" in texts(publisher)[2]


# --- elsewhere ---


def test_elsewhere_the_bar_is_shown(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    learn(progress=False)
    out, err = capsys.readouterr()
    assert out == ""
    assert "5/5" in err
    assert "loss=" in err


def test_in_a_terminal_of_ipython_the_bar_is_shown(publisher, capsys):
    shell = sys.modules["IPython"].get_ipython()
    shell.display_formatter.active_types = ["text/plain"]
    learn()
    assert publisher.outputs == []
    assert "5/5" in capsys.readouterr().err


def test_ipython_is_not_imported_for_it():
    code = (
        "import sys; from autograd_lite import nn; nn.Neuron(1, seed=1).learn("
        "[1.0], [1.0], epochs=1, show='live'); sys.exit('IPython' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


@pytest.mark.parametrize("show", ["Live", True, False, "", ["live"], np.array(["live"])])
def test_another_value_of_show_is_refused_with_the_way_out(show):
    with pytest.raises(ValueError, match=r'show is "live".*or None, and was given') as caught:
        learn(show=show)
    assert repr(show) in str(caught.value)


# --- the curve ---


def panel(losses, epochs=None, held=()):
    pairs = zip(losses, held or [None] * len(losses), strict=True)
    history = History([Epoch(i, loss, {}, 0.1, h) for i, (loss, h) in enumerate(pairs, 1)])
    return Panel(history, epochs or len(losses), "learning", "", "")


def path(svg, kind):
    drawn = re.search(rf'class="{kind}" d="M([^"Z]*)', svg).group(1)
    return np.array([point.split() for point in drawn.split("L")], dtype=float)


def test_the_curve_has_a_point_for_each_epoch_and_ends_where_training_is():
    points = path(curve_svg(panel([4.0, 3.0, 2.0], epochs=6)), "line")
    assert points.shape == (3, 2)
    steps = np.diff(points, axis=0)
    assert steps[0] == pytest.approx(steps[1], abs=0.11)
    assert steps[0, 1] > 0  # down
    assert points[-1, 0] == pytest.approx(170.0, abs=0.2)  # half of the way


def test_losses_over_decades_are_drawn_by_their_logarithm():
    svg = curve_svg(panel([1e3, 1e0, 1e-3]))
    steps = np.diff(path(svg, "line"), axis=0)
    assert steps[0] == pytest.approx(steps[1], abs=0.11)
    assert "0.001 to 1e+03, log scale" in words_in(svg)
    assert not any("log" in text for text in words_in(curve_svg(panel([100.0, 0.0]))))


def test_many_epochs_are_drawn_by_mean_and_range():
    losses = [1.0 + i % 2 for i in range(100_000)]
    losses[500] = 9.0
    svg = curve_svg(panel(losses))
    assert len(path(svg, "line")) <= 240
    assert len(svg) < 20_000
    highest = path(svg, "area")[:, 1].min()
    assert highest < path(svg, "line")[:, 1].min() - 50  # the single outlier is seen


def test_equal_losses_and_a_single_epoch_are_drawn():
    for losses in ([2.0], [2.0, 2.0], [0.0], [-1.0, -1.0]):
        assert np.isfinite(path(curve_svg(panel(losses)), "line")).all()


def test_validation_is_a_second_curve():
    svg = curve_svg(panel([4.0, 2.0], held=[5.0, 3.0]))
    assert (path(svg, "line held")[:, 1] < path(svg, "line")[:, 1]).all()
    assert "validation loss 3" in words_in(svg)


# --- the plane ---


def test_only_models_of_one_input_or_two_have_a_picture_of_the_plane(publisher):
    """Besides those of the loss and of the network."""
    learn(np.ones((4, 3)), ODD)
    assert [len(images(publisher, i)) for i in range(len(publisher.outputs))][-1] == 2
    for features in (1, 2):
        learn(XOR[:, :features], ODD)
        assert len(images(publisher)) == 3


def test_the_curve_of_one_input_is_that_of_the_model(publisher):
    """It goes through what the model gives for each input, on the scale of the samples."""
    model = nn.Neuron(1, "linear", seed=1)
    inputs, outputs = np.array([[0.0], [2.0], [4.0]]), np.array([1.0, 5.0, 3.0])
    learn(inputs, outputs, model, epochs=60, learning_rate=0.3)
    svg = images(publisher)[1]
    curve, samples = path(svg, "line"), np.array(re.findall(r"M([\d.]+) ([\d.]+)h0", svg), float)
    xs = np.interp(curve[:, 0], samples[:3, 0], inputs[:, 0])  # of each place in the picture
    ys = np.interp(curve[:, 1], samples[[1, 0], 1], outputs[[1, 0]])
    within = (xs > 0.0) & (xs < 4.0) & (ys > 1.0) & (ys < 5.0)
    assert within.sum() > 20
    assert ys[within] == pytest.approx(model.predict(xs[within].reshape(-1, 1)), abs=0.03)
    assert "output and samples" in words_in(svg)


def test_the_curve_of_classes_has_the_samples_at_its_foot(publisher):
    """One curve for each logit, and a rule at 0; the marks tell the classes apart."""
    inputs = np.array([[0.0], [1.0], [2.0], [3.0]])
    learn(inputs, ODD, nn.MLP(1, [4, 2], "tanh", seed=1), loss="cross_entropy")
    several = images(publisher)[1]
    assert several.count('class="line"') == 2
    assert several.count('stroke-linecap="square"') == 2
    learn(inputs, ODD, nn.MLP(1, [4, 1], "tanh", seed=1), loss="binary_cross_entropy")
    one = images(publisher)[1]
    assert one.count('class="line"') == 1
    assert one.count('class="rule"') == 2
    assert "output; samples by class" in words_in(one)


def test_a_curve_that_cannot_be_computed_is_left_out():
    """Beyond its samples a model may be undefined; it is not asked again."""
    asked = []

    def outputs_at(rows):
        asked.append(rows)
        raise ValueError("outside")

    model = SimpleNamespace(inputs=[[0.0], [1.0]], targets=[0.0, 1.0], outputs_at=outputs_at,
                            loss=SimpleNamespace(metrics={}))  # fmt: skip
    picture = picture_of(model)
    assert [picture.svg(Clock()), picture.svg(Clock())] == [None, None]
    assert len(asked) == 1


def test_the_curve_has_a_gap_where_the_model_gives_no_number():
    outputs = np.zeros((120, 1))
    outputs[40:50] = np.nan
    model = SimpleNamespace(inputs=[[0.0], [1.0]], targets=[0.0, 1.0], outputs_at=lambda _: outputs,
                            loss=SimpleNamespace(metrics={}))  # fmt: skip
    svg, said = picture_of(model).svg(Clock())
    assert svg.count('class="line"') == 2
    assert "nan" not in svg
    assert said == "over the one input, across -0.08 to 1.08, up 0 to 1: output and samples"


@pytest.mark.parametrize("compile", [True, False])
@pytest.mark.parametrize(
    ("loss", "low", "high"),
    [("binary_cross_entropy", 0, 1), ("hinge", -1, 1), ("squared_error", 2, 3)],
)
def test_the_plane_is_parted_where_the_model_decides(publisher, compile, loss, low, high):
    points = np.array([[-1.0, 0.0], [1.0, 2.0]])
    model = nn.Neuron(2, nonlin=False, seed=1)
    learn(points, [low, high], model, loss=loss, epochs=1, learning_rate=1e-9, compile=compile)
    model.w[0].data, model.w[1].data, model.b.data = 40.0, 0.0, (low + high) / 2 - 8.0
    learn(points, [low, high], model, loss=loss, epochs=1, learning_rate=1e-9, compile=compile)
    found = pixels(images(publisher)[1])
    blue, orange = found[80, 5], found[80, -5]
    assert blue[2] > blue[0]
    assert orange[0] > orange[2]
    dark = np.flatnonzero(found[80].sum(axis=1) < 100)
    cut = 0.0 if loss != "squared_error" else (low + high) / 2
    x = (cut - model.b.data) / 40.0
    assert dark.mean() / 159 == pytest.approx((x + 1.16) / 2.32, abs=0.02)


def test_classes_have_a_colour_each(publisher):
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    model = nn.Layer(2, 3, "linear", seed=1)
    learn(points, [0, 1, 2], model, loss="cross_entropy", epochs=150, learning_rate=0.3)
    found = pixels(images(publisher)[1])
    corners = [found[-8, 8], found[-8, -8], found[8, 8]]
    assert len({tuple(corner) for corner in corners}) == 3
    assert "3 classes" in words_in(images(publisher)[1])


def test_amounts_are_shaded_from_dark_to_light(publisher):
    model = nn.Neuron(2, nonlin=False, seed=1)
    model.w[0].data, model.w[1].data = 0.0, 1.0
    learn(XOR, [0.0, 0.5, 0.1, 1.0], model, epochs=1, learning_rate=1e-9)
    found = pixels(images(publisher)[1]).sum(axis=2)
    assert (np.diff(found[:, 80]) <= 0).all()  # upward it grows lighter
    assert found[0, 80] > found[-1, 80] + 300


def test_where_the_output_is_no_number_the_plane_is_grey(publisher):
    class Stripe(nn.Module):
        def __init__(self):
            self.w = nn.Neuron(2, seed=1).w

        def __call__(self, x):
            return self.w[0] * (math.inf if 0.3 < x[0] < 0.7 else 1.0) + self.w[1] * x[1]

    learn(model=Stripe(), epochs=1, learning_rate=1e-9)
    grey = (pixels(images(publisher)[1]) == 118).all(axis=2)
    assert grey[:, 80].all()
    assert not grey[:, :40].any()
    assert not grey[:, -40:].any()


def test_a_model_that_fails_between_its_samples_has_no_plane(publisher):
    class Logarithm(nn.Module):
        def __init__(self):
            self.w = nn.Neuron(2, seed=1).w

        def __call__(self, x):
            return self.w[0] * math.log(x[0]) + self.w[1] * x[1]

    history = learn(XOR + 0.01, ODD, Logarithm())
    assert len(history) == 5
    assert texts(publisher)[-1].startswith("done")
    assert len(images(publisher)) == 1


def test_watchers_are_not_told_of_the_plane(publisher):
    with detect_anomaly():
        learn()
    assert len(images(publisher)) == 1


@pytest.mark.parametrize(("seconds", "side"), [(0.0, 64), (1e-4, 16), (1.0, 8)])
def test_the_grid_is_as_fine_as_time_allows(seconds, side):
    clock, asked = Clock(), []

    def outputs_at(rows):
        asked.append(len(rows))
        clock.now += seconds * len(rows)
        return np.zeros((len(rows), 1))

    model = SimpleNamespace(
        inputs=XOR.tolist(), targets=ODD.tolist(), outputs_at=outputs_at,
        loss=SimpleNamespace(metrics={}),
    )  # fmt: skip
    surface = picture_of(model)
    surface.svg(clock)
    surface.svg(clock)
    assert asked == [8 * 8, side * side]


def test_a_large_training_set_is_shown_by_some_of_its_samples(publisher):
    rng = np.random.default_rng(0)
    learn(rng.standard_normal((5000, 2)), np.arange(5000) % 2, epochs=1, batch_size=None)
    assert 100 < images(publisher)[1].count("h0") / 2 <= 300


def test_learn_looks_at_the_clock_only_as_often_as_without(publisher, monkeypatch):
    """The live picture adds no call of the clock to an epoch that is not due."""
    calls = []
    clock = loop.time.perf_counter
    monkeypatch.setattr(loop, "time", SimpleNamespace(
        perf_counter=lambda: calls.append(0) or clock()))  # fmt: skip
    for show in (None, "live"):
        monkeypatch.setattr(live.Throttle, "PAUSE", 1e9)
        calls.clear()
        learn(show=show, epochs=20, progress=False)
        assert len(calls) <= 2 * 20 + 2  # a try to take steps at once
