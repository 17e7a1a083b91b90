"""What a training says when it goes wrong: warnings, errors, and what their exceptions carry."""

import math
import pickle
import random
import re
import sys
from functools import partial

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import AnomalyError, ProgramError, ShapeError, TrainingWarning, Value, nn
from autograd_lite.cli import main
from autograd_lite.nn.learning import remarks

X = np.linspace(-1.0, 1.0, 20)
Y = 2.0 * X
CLASSES = np.arange(20) % 3
PASSES = pytest.mark.parametrize("compile", [True, False])


def network(outputs=1, **given):
    return nn.MLP(1, [4, outputs], "tanh", seed=1, **given)


def learn(model, outputs=Y, loss="squared_error", **given):
    given = {"epochs": 6, "progress": False, "seed": 0} | given
    return model.learn(X, outputs, loss, **given)


class Given(nn.Module):
    """A module whose outputs are made by a function of it and the input."""

    def __init__(self, outputs):
        self.w, self.b, self._outputs = Value(0.5), Value(0.1), outputs

    def __call__(self, x):
        return self._outputs(self, x[0])


# --- what a callback's result, one optimiser and one generator do ---


@PASSES
@pytest.mark.parametrize(
    ("result", "stops"),
    [
        (True, True), (np.True_, True),
        (None, False), (False, False), (np.False_, False), (0, False), (0.0, False), ([], False),
    ],
)  # fmt: skip
def test_true_of_a_callback_stops(result, stops, compile):
    history = learn(network(), callback=lambda history: result, compile=compile)
    assert (len(history), history.stopped) == ((1, True) if stops else (6, False))


@pytest.mark.parametrize(
    "result", ["yes", [0], np.ones(1), np.zeros(2), float("nan"), network()], ids=str
)
def test_another_true_result_of_a_callback_is_an_error(result):
    """A callback such as ``lambda history: model.eval()`` means no stop."""
    with pytest.raises(TypeError, match=r"returns True to stop, .* and one returned") as caught:
        learn(network(), callback=[lambda history: None, lambda history: result])
    assert len(caught.value.history) == 1


@PASSES
@pytest.mark.parametrize("parts", [[5, 5], [1, 9]], ids=str)
@pytest.mark.parametrize("batch_size", [3, 19, 20, None])
@pytest.mark.parametrize(
    "kind", [lambda p: nn.optim.Adam(p, 0.01), lambda p: nn.optim.SGD(p, 0.01, momentum=0.9)]
)
def test_ten_epochs_are_ten_however_they_are_parted(kind, batch_size, parts, compile):
    """With one optimiser and one generator, to the bit."""

    def learnt(parts):
        model, rng = network(), random.Random(3)
        optimizer, losses = kind(model.parameters()), []
        for epochs in parts:
            given = {"optimizer": optimizer, "batch_size": batch_size, "seed": rng}
            losses += learn(model, epochs=epochs, compile=compile, **given).loss
        return losses, [p.data for p in model.parameters()]

    assert learnt(parts) == learnt([10])


def test_of_several_callbacks_each_is_called_and_one_is_enough_to_stop():
    called = []
    callbacks = [lambda h: called.append(1), lambda h: len(h) == 2, lambda h: called.append(3)]
    history = learn(network(), callback=callbacks)
    assert (len(history), history.stopped, called) == (2, True, [1, 3, 1, 3])
    assert len(learn(network(), callback=[])) == 6
    with pytest.raises(TypeError, match=r"callback is a function of the History, or a list .* 3"):
        learn(network(), callback=[print, 3])


# --- what an exception carries ---


@PASSES
@pytest.mark.parametrize("kind", [ValueError, SystemExit, AnomalyError])
def test_an_exception_of_a_callback_carries_the_history_so_far(kind, compile):
    def fail(history):
        if len(history) == 2:
            raise kind("enough")

    with pytest.raises(kind, match="enough") as caught:
        learn(network(), callback=fail, compile=compile)
    assert [epoch.number for epoch in caught.value.history] == [1, 2]


def test_a_history_that_cannot_be_set_is_a_note():
    class Named(Exception):  # noqa: N818 - the name says what it is
        history = property(lambda self: "mine")

    def fail(history):
        raise Named

    with pytest.raises(Named) as caught:
        learn(network(), callback=fail)
    assert caught.value.history == "mine"
    assert "History of 1 epoch" in caught.value.__notes__[0]


@PASSES
def test_an_anomaly_carries_the_history_so_far_through_pickles(compile):
    with pytest.raises(AnomalyError) as caught:
        learn(network(), optimizer="sgd", learning_rate=1e60, compile=compile)
    again = pickle.loads(pickle.dumps(caught.value))
    assert 0 < len(again.history) == len(caught.value.history) < 6
    assert AnomalyError("elsewhere").history is None


def test_an_exception_of_the_loss_and_of_arguments_carry_it_too():
    def loss(outputs, targets):
        raise KeyError("mine")

    for given in ({"loss": loss}, {"epochs": 0}):
        with pytest.raises((KeyError, ValueError)) as caught:
            learn(network(), **given)
        assert len(caught.value.history) == 0


# --- warnings ---


@PASSES
@pytest.mark.parametrize(
    ("make", "loss", "outputs", "said"),
    [
        (lambda: network(output="sigmoid"), "binary_cross_entropy", X > 0, "sigmoid"),
        (lambda: nn.Neuron(1, "sigmoid", seed=1), "binary_cross_entropy", X > 0, "sigmoid"),
        (lambda: nn.Sequential(network(2), nn.Layer(2, 1, "sigmoid", seed=1)),
         "binary_cross_entropy", X > 0, "sigmoid"),
        (lambda: Given(lambda m, x: ag.sigmoid(m.w * x)), "binary_cross_entropy", X > 0, "sigmoid"),
        (lambda: network(3, output="sigmoid"), "cross_entropy", CLASSES, "sigmoid"),
        (lambda: Given(lambda m, x: ag.softmax([m.w * x, m.b, m.b])), "cross_entropy", CLASSES,
         "add up to 1"),
        (lambda: Given(lambda m, x: (lambda p: [p, 1.0 - p])(ag.exp(-m.w * m.w - 1.0 - x))),
         "cross_entropy", X > 0, "add up to 1"),
    ],
)  # fmt: skip
def test_probabilities_where_the_loss_takes_logits_are_warned_about(
    make, loss, outputs, said, compile
):
    with pytest.warns(TrainingWarning, match=f"{loss} takes logits.*{said}") as caught:
        learn(make(), outputs, loss, epochs=1, compile=compile)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert "\n" not in str(caught[0].message)


@PASSES
@pytest.mark.parametrize(
    ("make", "loss", "outputs"),
    [
        (network, "binary_cross_entropy", X > 0),
        (lambda: network(3), "cross_entropy", CLASSES),
        (lambda: network(output="sigmoid"), "squared_error", X > 0),
        (lambda: Given(lambda m, x: [m.w * x, 1.0 - m.w * x]), "cross_entropy", X > 0),
        (lambda: Given(lambda m, x: ag.log_softmax([m.w * x, m.b])), "cross_entropy", X > 0),
    ],
)
def test_logits_are_not_warned_about(make, loss, outputs, compile):
    learn(make(), outputs, loss, epochs=1, compile=compile)


@PASSES
def test_a_loss_that_ends_above_where_it_began_is_told_in_one_line(compile):
    with pytest.warns(TrainingWarning, match=r"ended at 18\.57, above 2\.748 where it b") as caught:
        learn(nn.Neuron(1, "linear", seed=1), optimizer="sgd", learning_rate=3.0, compile=compile)
    assert len(caught) == 1
    assert "smaller learning rate, or standardise the inputs" in str(caught[0].message)
    assert caught[0].filename == __file__


@PASSES
def test_a_parameter_that_grows_beyond_a_million_is_named(compile):
    model = Given(lambda m, x: m.w * x)
    with pytest.warns(TrainingWarning, match=r"the parameter w ended at 2e\+06; try"):
        model.learn([1e-6, 2e-6], [2.0, 4.0], optimizer="sgd", learning_rate=1e11, epochs=40,
                    progress=False, compile=compile)  # fmt: skip


def test_a_parameter_that_began_there_is_not():
    model = nn.Neuron(1, "linear", seed=1)
    model.load_state_dict({"w": [2e6], "b": 0.0})
    model.learn([1e-6], [2.0], epochs=2, progress=False)


def test_the_command_line_tells_it_as_a_note(tmp_path, capsys):
    rows = "\n".join(f"{x},{x * x}" for x in range(40))
    (tmp_path / "data.csv").write_text(f"x,y\n{rows}\n")
    given = ["train", str(tmp_path / "data.csv"), "--target", "y", "--learning-rate", "300"]
    assert main([*given, "--quiet", "--epochs", "6"]) == 0
    printed = capsys.readouterr()
    assert "note: the loss ended at" in printed.out
    assert printed.err == ""


def line():
    class OwnLine(nn.Module):
        def __init__(self):
            self.w, self.b = Value(0.5), Value(0.1)

        def __call__(self, x):
            return self.w * x[0] + self.b

    return OwnLine()


def own_loss(outputs, targets):
    return ag.mean([(o - t) ** 2 for o, t in zip(outputs, targets, strict=True)])


@pytest.mark.parametrize(
    ("make", "options", "said"),
    [
        (line, {}, r"OwnLine may depend .* 10 to 40 times .* compile=True, or traceable = True"),
        (network, {"loss": own_loss}, r"the loss own_loss takes a whole batch, .* nn\.per_sample"),
        (lambda: nn.Neuron(1, lambda v: v * v, seed=1), {}, "<lambda> may depend"),
        (line, {"loss": partial(own_loss)}, "the loss partial takes a whole batch"),
    ],
)  # fmt: skip
def test_why_no_program_runs_is_noted_and_told_once(make, options, said, capsys, monkeypatch):
    monkeypatch.setattr(remarks, "_TOLD", set())
    histories = [learn(make(), progress=progress, **options) for progress in (False, True, True)]
    for history in histories:
        assert len(history.notes) == 1
        assert re.search(said, history.notes[0])
    shown = capsys.readouterr().err
    assert shown.count("note: ") == shown.count(histories[0].notes[0]) == 1


@pytest.mark.parametrize(
    ("make", "options"),
    [
        (network, {}), (network, {"loss": nn.per_sample(lambda o, t: (o - t) ** 2)}),
        (line, {"compile": True}), (line, {"compile": False}),
        (network, {"loss": own_loss, "compile": False}),
        (network, {"loss": partial(nn.losses.huber, delta=2.0)}),
    ],
)  # fmt: skip
def test_nothing_is_noted_of_a_program_or_where_none_is_wanted(make, options, capsys, monkeypatch):
    monkeypatch.setattr(remarks, "_TOLD", set())
    assert learn(make(), progress=True, **options).notes == []
    assert "note" not in capsys.readouterr().err


def test_without_standard_error_the_note_is_in_the_history_alone(monkeypatch):
    monkeypatch.setattr(remarks, "_TOLD", set())
    monkeypatch.setattr("sys.stderr", None)
    assert len(learn(line(), progress=True).notes) == 1


# --- modules that are no function of parameters and samples ---


@pytest.mark.parametrize(
    "draw",
    [random.random, lambda: random.gauss(0.0, 1.0), np.random.random,
     np.random.default_rng(1).random, random.Random(1).random],
    ids=["random", "gauss", "NumPy", "a generator", "a Random"],
)  # fmt: skip
def test_a_program_of_a_module_that_draws_random_numbers_is_refused(draw):
    model = Given(lambda m, x: m.w * x * (draw() < 0.5) + m.b)
    with pytest.raises(ProgramError, match="Given draws random numbers"):
        learn(model, compile=True)
    assert [p.data for p in model.parameters()] == [0.5, 0.1]
    assert len(learn(model, epochs=1)) == 1


def test_check_compares_the_first_steps_with_eager_ones_and_raises():
    """Here the module changes after it was looked at, which is seen with `check` alone."""
    calls = []

    def changing(module, x):
        calls.append(x)
        return module.w * x * (1.0 if len(calls) < 12 else 3.0)

    learn(Given(changing), batch_size=5, compile=True)
    calls.clear()
    with pytest.raises(ProgramError, match=r"in step 1, the program gives .* and the module"):
        learn(Given(changing), batch_size=5, compile=True, check=True)


@pytest.mark.parametrize("batch_size", [None, 4])
@pytest.mark.parametrize(
    ("loss", "outputs", "k"),
    [
        ("squared_error", Y, 1), ("absolute_error", Y, 1), ("hinge", np.sign(X), 1),
        ("binary_cross_entropy", X > 0, 1), ("cross_entropy", CLASSES, 3),
    ],
)  # fmt: skip
def test_check_finds_nothing_in_what_is_right_and_changes_no_bit(loss, outputs, k, batch_size):
    found = []
    for check in (False, True):
        model = network(k)
        history = learn(model, outputs, loss, batch_size=batch_size, check=check)
        found.append((history.loss, [p.data for p in model.parameters()]))
    assert found[0] == found[1]


@PASSES
@pytest.mark.parametrize(
    "outputs",
    [
        lambda m, x: (m.w * x).detach(),
        lambda m, x: Value(m.w.data * x),
        lambda m, x: ag.stop_gradient(m.w * x) * 0.5,
        lambda m, x: ag.floor(m.w * x),
    ],
)
def test_a_loss_that_depends_on_no_parameter_is_an_error(outputs, compile):
    model = Given(outputs)
    with pytest.raises(ValueError, match=r"depends on no parameter|bake"):
        learn(model, compile=compile)
    assert [p.data for p in model.parameters()] == [0.5, 0.1]


def test_a_loss_of_ones_own_that_reads_data_is_an_error():
    def loss(outputs, targets):
        return Value(sum((o.data - t) ** 2 for o, t in zip(outputs, targets, strict=True)))

    with pytest.raises(ValueError, match="depends on no parameter"):
        learn(network(), loss=loss)


@PASSES
def test_gradients_of_zero_alone_are_no_error(compile):
    """A network whose units are dead still depends on its parameters."""
    model = Given(lambda m, x: ag.relu(m.w * x - 10.0))
    assert learn(model, compile=compile).loss == [pytest.approx(np.mean(Y**2))] * 6


@PASSES
@pytest.mark.parametrize("loss", ["squared_error", "hinge", "binary_cross_entropy"])
def test_outputs_that_differ_in_number_are_told(loss, compile):
    model = Given(lambda m, x: [m.w * x] if x < 0.8 else [m.w * x, m.b])
    outputs = {"squared_error": Y, "hinge": np.sign(X)}.get(loss, X > 0)
    with pytest.raises(
        ShapeError, match=r"Given gives 1 and 2 outputs|different lengths: \[1, 2\]"
    ):
        learn(model, outputs, loss, compile=compile)
    with pytest.raises(ShapeError, match="Given gives 1 and 2 outputs"):
        model.predict(X)


# --- data that do not fit ---


@pytest.mark.parametrize(
    ("model", "inputs", "message"),
    [
        (nn.MLP(2, [1]), [1, 2], r"this MLP takes 2 inputs; write rows of 2, such as \[\[1, 2\]\]"),
        (nn.Sequential(nn.Layer(2, 1)), np.ones(4), r"Sequential takes 2 .*\[\[1.0, 1.0\]\]"),
        (nn.Neuron(3), [1, 2], "this Neuron takes 3 inputs; write rows of 3$"),
        (nn.Layer(2, 2), [0.5], "this Layer takes 2 inputs"),
    ],
)
def test_one_row_without_brackets_is_told_how_to_write_it(model, inputs, message):
    with pytest.raises(ShapeError, match=message):
        model.predict(inputs)
    with pytest.raises(ShapeError, match=message):
        model.learn(inputs, [1.0] * len(inputs), progress=False)


@pytest.mark.parametrize("labels", [["cat", "dog"] * 10, np.array(["cat", "dog"] * 10)])
def test_labels_in_text_are_told_of_losses_of_classes(labels):
    with pytest.raises(TypeError, match=r"'cat' is text.*label.*loss='cross_entropy'"):
        learn(network(), labels)
    assert learn(network(2), labels, "cross_entropy")


# --- states ---


class Tied(nn.Module):
    def __init__(self):
        self.a = [Value(1.0), Value(2.0)]
        self.b = [self.a[1], Value(3.0)]


def test_a_shared_parameter_takes_one_number():
    model = Tied()
    state = model.state_dict()
    assert {name: numbers.tolist() for name, numbers in state.items()} == {"a": [1, 2], "b": [2, 3]}
    with pytest.raises(ValueError, match=r"of b is shared, and is 5.0 there and 2.0 under another"):
        model.load_state_dict({"a": [1.0, 2.0], "b": [5.0, 3.0]})
    assert [p.data for p in model.parameters()] == [1.0, 2.0, 3.0]
    model.load_state_dict({"a": [1.0, 7.0], "b": [7.0, 4.0]})
    assert [p.data for p in model.parameters()] == [1.0, 7.0, 4.0]


@pytest.mark.parametrize("parts", [{1: 1.0, "1": 2.0}, {"x.y": 1.0, "x": {"y": 2.0}}], ids=str)
def test_two_parameters_of_one_name_are_refused(parts, tmp_path):
    def leaves(part):
        return {k: leaves(v) for k, v in part.items()} if isinstance(part, dict) else Value(part)

    model = Given(None)
    model.parts = leaves(parts)
    for run in (model.state_dict, lambda: model.save(tmp_path / "m"),
                lambda: model.load_state_dict({})):  # fmt: skip
        with pytest.raises(ValueError, match=r"two parameters are called 'parts\."):
            run()
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"a": None}, TypeError, "a holds object"),
        ({"a": [[1.0], [1.0, 2.0]]}, ShapeError, "a has rows of different lengths"),
        ({"a": [10**400, 1]}, TypeError, r"^.{1,140}$"),
        ({"a": [math.inf, 1.0]}, ValueError, r"a\[0\] is inf"),
        ({"a": [[1.0, 2.0]]}, ShapeError, r"a has shape \(2,\) here and \(1, 2\)"),
        ({"more": 1.0}, ValueError, "does not have: more"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, error, message):
    model = Tied()
    with pytest.raises(error, match=message):
        model.load_state_dict(model.state_dict() | change)
    assert [p.data for p in model.parameters()] == [1.0, 2.0, 3.0]


def test_a_true_number_of_any_size_is_loaded():
    model = Tied()
    model.load_state_dict({"a": [sys.float_info.max, 5e-324], "b": [5e-324, -0.0]})
    assert str([p.data for p in model.parameters()]) == f"[{sys.float_info.max}, 5e-324, -0.0]"
