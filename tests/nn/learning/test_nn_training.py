"""Learning and predicting: what is learnt, what is recorded, and what ends it."""

import math
import random
import signal
from decimal import Decimal
from fractions import Fraction
from itertools import chain

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import AnomalyError, ProgramError, ShapeError, Value, nn
from autograd_lite.nn.learning import batches
from autograd_lite.nn.losses import find_loss

LINE_X = [0.0, 1.0, 2.0, 3.0]
LINE_Y = [1.0, 3.0, 5.0, 7.0]


def data(module):
    return [p.data for p in module.parameters()]


def line(seed=1):
    return nn.Neuron(1, nonlin=False, seed=seed)


def blobs(n=60, k=2, seed=0):
    """n points in k clusters, in turn."""
    rng = np.random.default_rng(seed)
    classes = np.arange(n) % k
    angle = 2 * np.pi * classes / k
    centres = 2.0 * np.column_stack([np.cos(angle), np.sin(angle)])
    return centres + 0.4 * rng.standard_normal((n, 2)), classes


# --- what is learnt ---


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", nn.losses.squared_error])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_linear_neuron_learns_a_line(loss, optimizer):
    model = line()
    history = model.learn(LINE_X, LINE_Y, loss, optimizer, 0.05, epochs=300, seed=1, progress=False)
    assert history.loss[-1] < history.loss[0]
    assert model.predict([10.0])[0] == pytest.approx(21.0, abs=0.7)


@pytest.mark.parametrize(
    ("loss", "k", "outputs"),
    [("hinge", 2, 1), ("binary_cross_entropy", 2, 1), ("cross_entropy", 3, 3)],
)
def test_a_network_learns_to_tell_clusters_apart(loss, k, outputs):
    X, classes = blobs(k=k)
    y = 2 * classes - 1 if loss == "hinge" else classes
    model = nn.MLP(2, [6, outputs], "tanh", seed=1)
    history = model.learn(X, y, loss, learning_rate=0.05, epochs=15, seed=1, progress=False)
    assert history[-1].metrics["accuracy"] > 0.97
    scores = model.predict(X)
    found = scores.argmax(axis=1) if k == 3 else scores > 0
    assert (found == classes).mean() > 0.97


def test_micrograds_demo_reaches_high_accuracy_in_few_steps():
    """Its loop, network, data, loss and steps: hinge plus L2, 100 points, full batch."""
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    random.seed(1337)
    X, y = datasets.make_moons(n_samples=100, noise=0.1, random_state=1)
    y = y * 2 - 1
    model = nn.MLP(2, [16, 16, 1])
    for k in range(15):
        scores = [model(row) for row in X.tolist()]
        penalty = 1e-4 * sum((p * p for p in model.parameters()), Value(0.0))
        loss = nn.losses.hinge(scores, y) + penalty
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / 100) * p.grad
    assert np.mean((model.predict(X) > 0) == (y > 0)) >= 0.9


def test_one_full_batch_of_sgd_is_one_step_down_the_gradient():
    model, twin = line(), line()
    history = model.learn(
        LINE_X, LINE_Y, optimizer="sgd", learning_rate=0.1, epochs=1, batch_size=None,
        progress=False,
    )  # fmt: skip
    loss = nn.losses.squared_error([twin([x]) for x in LINE_X], LINE_Y)
    loss.backward()
    assert history.loss == pytest.approx([loss.data])
    assert data(model) == pytest.approx([p.data - 0.1 * p.grad for p in twin.parameters()])


def test_batches_cover_all_samples_once_an_epoch():
    seen = []

    def spy(outputs, targets):
        seen.append(list(targets))
        return nn.losses.squared_error(outputs, targets)

    line().learn(range(10), range(10), spy, epochs=2, batch_size=4, progress=False, seed=1)
    assert [len(batch) for batch in seen] == [4, 4, 2] * 2
    epochs = [list(chain(*seen[:3])), list(chain(*seen[3:]))]
    assert [sorted(epoch) for epoch in epochs] == [list(range(10))] * 2
    assert epochs[0] != epochs[1]


def test_the_loss_of_an_epoch_is_the_mean_over_samples_not_batches():
    model = line()
    model.load_state_dict({"w": [0.0], "b": 0.0})
    optimizer = nn.optim.SGD(model.parameters(), 0.0)
    history = model.learn(
        range(5), range(5), optimizer=optimizer, epochs=1, batch_size=3, progress=False
    )
    assert history.loss == pytest.approx([6.0])


def test_equal_seeds_give_equal_histories_to_the_bit():
    def run(seed):
        model = line()
        history = model.learn(
            LINE_X, LINE_Y, epochs=5, batch_size=2, seed=seed, validation=0.25, progress=False
        )
        return history.loss, history.validation_loss, data(model)

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_without_a_seed_pythons_global_generator_decides():
    runs = []
    for _ in range(2):
        random.seed(5)
        model = nn.MLP(1, [3, 1])
        runs.append(model.learn(LINE_X, LINE_Y, epochs=3, batch_size=2, progress=False).loss)
    assert runs[0] == runs[1]


def test_learning_again_continues():
    model = line()
    first = model.learn(LINE_X, LINE_Y, epochs=20, learning_rate=0.1, progress=False, seed=1)
    second = model.learn(LINE_X, LINE_Y, epochs=20, learning_rate=0.1, progress=False, seed=1)
    assert len(first) == len(second) == 20
    assert second.loss[0] < first.loss[0] / 4


def test_an_optimizer_object_keeps_its_state_and_moves_only_its_parameters():
    model = nn.MLP(1, [2, 1], seed=1)
    optimizer = nn.optim.Adam(model.layers[1].parameters(), 0.1)
    before = data(model.layers[0])
    for _ in range(2):
        model.learn(LINE_X, LINE_Y, optimizer=optimizer, epochs=1, progress=False, seed=1)
    assert data(model.layers[0]) == before
    assert optimizer.steps == 2


# --- what is recorded ---


def test_history_has_one_record_per_epoch():
    X, y = blobs()
    history = nn.MLP(2, [1], seed=1).learn(
        X, y, "binary_cross_entropy", epochs=3, validation=(X[:7], y[:7]), progress=False, seed=1
    )
    assert [epoch.number for epoch in history] == [1, 2, 3]
    assert history.loss == [epoch.loss for epoch in history]
    assert history.metrics == {"accuracy": [epoch.metrics["accuracy"] for epoch in history]}
    assert history.validation_loss == [epoch.validation_loss for epoch in history]
    assert len(history.validation_metrics["accuracy"]) == 3
    assert all(seconds > 0.0 for seconds in history.seconds)
    assert not history.interrupted
    assert not history.stopped
    assert repr(history).startswith("<History of 3 epochs: loss ")
    assert "validation accuracy" in repr(history)


def test_history_without_validation_has_none():
    history = line().learn(LINE_X, LINE_Y, epochs=1, progress=False)
    assert history.validation_loss == []
    assert history.validation_metrics == history.metrics == {}
    assert history[0].validation_loss is None


def test_validation_data_are_measured_after_the_epoch_and_never_learnt():
    model = line()
    held = ([5.0, 6.0], [0.0, 0.0])
    history = model.learn(LINE_X, LINE_Y, epochs=2, validation=held, progress=False, seed=1)
    expected = nn.losses.squared_error(model.predict(held[0]), held[1])
    assert history.validation_loss[-1] == pytest.approx(expected)
    twin = line()
    twin.learn(LINE_X, LINE_Y, epochs=2, progress=False, seed=1)
    assert data(twin) == data(model)


def test_a_share_for_validation_is_drawn_at_random_and_never_learnt():
    def spy(outputs, targets):
        loss = nn.losses.squared_error(outputs, targets)
        calls.append(targets)
        return loss

    calls = []
    line().learn(range(10), range(10), spy, epochs=2, validation=0.3, progress=False, seed=1)
    training, held = set(calls[0]), set(calls[1])
    assert (len(training), len(held)) == (7, 3)
    assert training | held == set(range(10))
    assert held != {7.0, 8.0, 9.0}
    assert [set(targets) for targets in calls] == [training, held] * 2


def test_the_bar_shows_the_loss_on_standard_error_and_progress_false_is_silent(capsys):
    line().learn(LINE_X, LINE_Y, epochs=2, validation=0.25, seed=1)
    out, err = capsys.readouterr()
    assert out == ""
    assert "2/2" in err
    assert "loss=" in err
    assert "validation=" in err
    line().learn(LINE_X, LINE_Y, epochs=2, progress=False)
    assert capsys.readouterr() == ("", "")


# --- what ends it ---


def test_ctrl_c_keeps_what_was_learnt(capsys):
    model, calls = line(), []

    def interrupting(outputs, targets):
        calls.append(targets)
        if len(calls) == 6:
            signal.raise_signal(signal.SIGINT)
        return nn.losses.squared_error(outputs, targets)

    history = model.learn(LINE_X, LINE_Y, interrupting, epochs=100, batch_size=2, seed=1)
    assert history.interrupted
    assert len(history) == 2
    assert "interrupted" in repr(history)
    assert "interrupted; what was learnt is kept" in capsys.readouterr().err
    twin = line()
    twin.learn(LINE_X, LINE_Y, epochs=2, batch_size=2, seed=1, progress=False)
    assert data(model) != data(line())
    assert data(model) != data(twin)  # the half epoch counts too


def test_a_callback_sees_the_history_and_may_stop():
    seen = []

    def callback(history):
        seen.append(history[-1].number)
        return len(history) == 3

    history = line().learn(LINE_X, LINE_Y, epochs=50, callback=callback, progress=False)
    assert seen == [1, 2, 3]
    assert len(history) == 3
    assert history.stopped
    assert "stopped" in repr(history)


class Reciprocal(nn.Module):
    def __init__(self):
        self.scale = Value(1.0)

    def __call__(self, x):
        return self.scale / x[0]


def test_an_infinite_loss_names_epoch_and_sample():
    model = Reciprocal()
    with pytest.raises(
        AnomalyError, match=r"turned inf in epoch 1 at sample 3 \(output inf, target 2"
    ):
        model.learn([1, 2, 4, 0, 5], [1, 1, 1, 2, 1], epochs=2, seed=1, progress=False)
    assert model.scale.data == 1.0


def test_an_infinite_validation_loss_says_that_it_is_one():
    with pytest.raises(AnomalyError, match="in epoch 1 at validation sample 1"):
        Reciprocal().learn([1], [1], validation=([1, 0], [1, 1]), progress=False)


def test_a_diverging_run_ends_with_finite_parameters():
    model = line()
    with pytest.raises(AnomalyError, match=r"in epoch \d+.*smaller learning rate"):
        model.learn(LINE_X, LINE_Y, optimizer="sgd", learning_rate=1e100, progress=False, seed=1)
    assert all(map(math.isfinite, data(model)))


def test_an_infinite_gradient_is_not_applied():
    model = nn.Neuron(1, "sqrt", seed=1)
    model.load_state_dict({"w": [0.0], "b": 0.0})
    with pytest.raises(
        AnomalyError, match=r"the gradient of (w.0|b) turned .*inf in epoch 1.*samples 0"
    ):
        model.learn([1.0], [1.0], progress=False)
    assert data(model) == [0.0, 0.0]


def test_a_parameter_that_would_overflow_stays_as_it_was():
    model = line()
    model.load_state_dict({"w": [0.0], "b": 0.0})
    with pytest.raises(AnomalyError, match=r"the parameter w.0 turned inf .*and 2 more"):
        model.learn(
            [1e5] * 12, [1e5] * 12, optimizer="sgd", learning_rate=1e305, epochs=1, progress=False
        )
    assert data(model) == [0.0, 0.0]


def test_a_mean_that_overflows_without_a_guilty_sample_says_so():
    model = line()
    model.load_state_dict({"w": [0.0], "b": 0.0})
    with pytest.raises(AnomalyError, match=r"over samples .* and no one of them alone explains it"):
        model.learn([1.0] * 3, [1.2e154] * 3, progress=False, seed=1)


# --- arguments ---


@pytest.mark.parametrize(
    ("inputs", "outputs", "error", "message"),
    [
        ([[1, 2]], [1], ShapeError, "takes 1 input and was given 2"),
        ([1, 2], [1], ShapeError, "2 inputs and 1 output;"),
        ([], [], ShapeError, "inputs are empty"),
        ([[]], [1], ShapeError, "inputs are empty"),
        ([1], [[]], ShapeError, "outputs are empty"),
        ([[[1]]], [1], ShapeError, r"shape \(1, 1, 1\)"),
        (1, 1, ShapeError, r"shape \(\)"),
        ([[1], [1, 2]], [1, 1], ShapeError, "rows of equal length"),
        ([1], [[1, 2]], ShapeError, "1 output and 2 targets"),
        ([1, math.nan], [1, 1], ValueError, "inputs: sample 1 is nan"),
        ([1, 1], [1, -math.inf], ValueError, "outputs: sample 1 is -inf"),
        (["1"], [1], TypeError, "inputs must be plain numbers.*float"),
        ([1], [None], TypeError, "outputs must be plain numbers"),
        ([Value(1)], [1], TypeError, "inputs must be plain numbers.*data"),
        ([1j], [1], TypeError, "inputs must be plain numbers"),
    ],
)
def test_data_that_do_not_fit_are_named(inputs, outputs, error, message):
    model = line()
    before = data(model)
    with pytest.raises(error, match=message):
        model.learn(inputs, outputs, progress=False)
    assert data(model) == before


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"loss": "mse"}, ValueError, "unknown loss 'mse'"),
        ({"loss": lambda o, t: 1.0}, TypeError, "must return a Value and returned float"),
        ({"optimizer": "adagrad"}, ValueError, "unknown optimizer 'adagrad'.*adam"),
        ({"optimizer": nn.optim.SGD}, TypeError, "or an object with step"),
        ({"optimizer": nn.optim.SGD([Value(1)], 1)}, ValueError, "none of this model's"),
        ({"learning_rate": -1.0}, ValueError, "learning_rate must be at least 0"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1"),
        ({"epochs": 1.5}, TypeError, "epochs is an int"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        ({"validation": 0.0}, ValueError, "leaves nothing"),
        ({"validation": 1.0}, ValueError, "leaves nothing"),
        ({"validation": 0.9}, ValueError, "leaves nothing"),
        ({"validation": "0.2"}, TypeError, "validation is"),
        ({"validation": True}, TypeError, "validation is"),
        ({"validation": ([1], [1], [1])}, ValueError, "has 3 parts"),
        ({"validation": ([1, 2], [1])}, ShapeError, "2 validation inputs"),
        ({"validation": ([math.nan], [1])}, ValueError, "validation inputs: sample 0"),
        ({"validation": ([[1, 2]], [1])}, ShapeError, "takes 1 input "),
        ({"seed": "1"}, TypeError, "seed is an int"),
    ],
)
def test_options_out_of_range_are_refused_before_anything_is_learnt(options, error, message):
    model = line()
    before = data(model)
    with pytest.raises(error, match=message):
        model.learn([1.0, 2.0], [3.0, 4.0], progress=False, **options)
    assert data(model) == before


def test_an_optimizer_object_and_a_learning_rate_contradict_each_other():
    model = line()
    with pytest.raises(ValueError, match="has a learning rate of its own"):
        model.learn([1], [1], optimizer=nn.optim.SGD(model.parameters(), 0.1), learning_rate=0.1)


def test_any_real_numbers_are_data():
    exact = [Fraction(1, 2), Decimal("0.25"), True, np.float32(2)]
    model = line()
    assert model.predict(exact).tolist() == model.predict([0.5, 0.25, 1.0, 2.0]).tolist()


def test_a_late_bad_target_is_found_before_anything_is_learnt():
    model = line()
    for last, message in ((0.5, "number 3 is 0.5"), (5, r"there are 3 classes \(-1, 1, 5\)")):
        with pytest.raises(ValueError, match=message):
            model.learn([1, 2, 3, 4], [1, -1, 1, last], "hinge", batch_size=1, progress=False)
    assert data(model) == data(line())


def test_a_module_without_parameters_cannot_learn():
    class Fixed(nn.Module):
        def __call__(self, x):
            return Value(1.0)

    with pytest.raises(ValueError, match="has no parameters"):
        Fixed().learn([1], [1])


# --- predicting ---


def test_predict_gives_an_array_with_one_row_per_sample():
    X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    one, two = nn.MLP(2, [3, 1], seed=1), nn.MLP(2, [3, 2], "tanh", seed=1)
    assert one.predict(X).shape == (3,)
    assert one.predict(X).dtype == np.float64
    assert one.predict(X).tolist() == [one(row).data for row in X]  # no function of the C library
    assert two.predict(X).shape == (3, 2)
    expected = [[out.data for out in two(row)] for row in X]
    np.testing.assert_allclose(two.predict(X), expected, rtol=1e-13)
    assert line().predict([1.0, 2.0]).shape == (2,)
    assert line().predict(np.float32([[1.0], [2.0]])).shape == (2,)


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        ([[1.0]], ShapeError),
        ([1.0, 2.0], ShapeError),
        ([], ShapeError),
        ([[1.0, math.nan]], ValueError),
        ([["a", "b"]], TypeError),
        (np.ones((1, 1, 2)), ShapeError),
    ],
)
def test_predict_refuses_what_does_not_fit(inputs, error):
    with pytest.raises(error):
        nn.MLP(2, [1]).predict(inputs)


def test_a_model_that_returns_no_value_is_a_type_error():
    class Plain(nn.Module):
        def __call__(self, x):
            return 1.0

    with pytest.raises(TypeError, match="returned float"):
        Plain().predict([1.0])


def test_an_empty_history_says_so():
    assert repr(nn.History()) == "<History of 0 epochs>"
    assert nn.History().metrics == {}


def test_a_loss_that_needs_several_samples_still_names_epoch_and_samples():
    def spread(outputs, targets):
        return ag.mean(outputs) * (float("nan") if len(outputs) > 1 else 1 / (len(outputs) - 1))

    with pytest.raises(ag.AnomalyError, match="nan in epoch 1 over samples"):
        nn.MLP(1, [1], seed=0).learn([1.0, 2.0], [1.0, 2.0], loss=spread, progress=False)


def test_a_callback_that_cannot_be_called_changes_nothing():
    model = nn.MLP(1, [1], seed=0)
    before = [p.data for p in model.parameters()]
    with pytest.raises(TypeError, match="callback"):
        model.learn([1.0], [1.0], callback=3, progress=False)
    assert [p.data for p in model.parameters()] == before


def test_one_output_in_a_list_is_one_output():
    class Listed(nn.Module):
        def __init__(self):
            self.w = ag.Value(2.0)

        def __call__(self, x):
            return [self.w * x[0]]

    assert Listed().predict([1.0, 2.0]).tolist() == [2.0, 4.0]


def test_a_model_learns_inside_no_grad():
    def learnt(model):
        model.learn([[0.0], [1.0]], [1.0, 3.0], epochs=3, progress=False, seed=1)
        return [p.data for p in model.parameters()]

    expected = learnt(nn.MLP(1, [2, 1], seed=2))
    with ag.no_grad():
        assert learnt(nn.MLP(1, [2, 1], seed=2)) == expected
        assert not nn.MLP(1, [1], seed=2)([1.0]).parents


# --- programs ---

LEARNERS = [
    ("squared_error", 1, nn.optim.SGD, {"learning_rate": 0.05, "weight_decay": 0.01}),
    ("squared_error", 3, nn.optim.Adam, {"learning_rate": 0.02}),
    ("absolute_error", 1, nn.optim.SGD, {"learning_rate": 0.01, "momentum": 0.9}),
    ("hinge", 1, nn.optim.SGD, {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("binary_cross_entropy", 1, nn.optim.Adam, {"learning_rate": 0.02}),
    ("cross_entropy", 3, nn.optim.Adam, {"learning_rate": 0.02}),
]


@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize(("loss", "outputs", "kind", "options"), LEARNERS)
def test_programs_learn_what_graphs_learn(loss, outputs, kind, options, batch_size):
    X, classes = blobs(30, k=max(outputs, 2))
    y = {"hinge": 2 * classes - 1, "squared_error": X[:, 0], "absolute_error": X[:, 1]}.get(
        loss, classes
    )
    if loss == "squared_error" and outputs > 1:
        y = np.stack([X[:, 0], X[:, 1], X[:, 0] * X[:, 1]], axis=1)
    found = []
    for compile in (False, True, None):
        model = nn.MLP(2, [5, outputs], "tanh", seed=3)
        history = model.learn(
            X, y, loss, kind(model.parameters(), **options), epochs=30, batch_size=batch_size,
            validation=0.2, progress=False, seed=5, compile=compile,
        )  # fmt: skip
        found.append([history.loss, history.validation_loss, data(model)])
        found[-1] += [history.metrics.get("accuracy", [])]
    for compiled in found[1:]:
        for graphs, programs in zip(found[0], compiled, strict=True):
            np.testing.assert_allclose(programs, graphs, rtol=1e-9, atol=1e-12)


def test_a_users_own_parts_are_compiled_only_if_asked():
    seen = []

    class Counting(nn.Module):
        def __init__(self):
            self.w = Value(0.5)

        def __call__(self, x):
            seen.append(type(x[0]))
            return self.w * x[0]

    graphs, programs = Counting(), Counting()
    graphs.learn(LINE_X, LINE_Y, epochs=10, progress=False, seed=1)
    assert len(seen) > 30
    seen.clear()
    programs.learn(LINE_X, LINE_Y, epochs=10, progress=False, seed=1, compile=True)
    assert len(seen) < 10
    assert programs.w.data == pytest.approx(graphs.w.data, rel=1e-12)
    own = nn.Neuron(1, lambda v: v.tanh(), seed=1)
    assert not batches.is_traceable(own, find_loss("hinge"))
    assert not batches.is_traceable(graphs, find_loss("hinge"))
    assert not batches.is_traceable(line(), find_loss(lambda o, t: o[0]))
    deep = nn.Sequential(nn.Layer(1, 2, "relu", seed=1), nn.MLP(2, [2, 1], seed=1))
    assert batches.is_traceable(deep, find_loss("hinge"))


def test_what_cannot_be_compiled_says_so():
    with pytest.raises(ValueError, match="a loss of your own"):
        line().learn(LINE_X, LINE_Y, lambda o, t: o[0], compile=True, progress=False)

    class Peeking(nn.Module):
        def __init__(self):
            self.w = Value(0.5)

        def __call__(self, x):
            return self.w * self.w.data * x[0]

    with pytest.raises(ProgramError, match="bake"):
        Peeking().learn(LINE_X, LINE_Y, compile=True, progress=False)


def test_a_network_that_decides_by_numbers_is_compiled_path_by_path():
    class Broken(nn.Module):
        def __init__(self):
            self.low, self.high = Value(0.5), Value(-0.5)

        def __call__(self, x):
            return self.low * x[0] if x[0] < 1.5 else self.high * x[0]

    pair = []
    for compile in (False, True):
        model = Broken()
        history = model.learn(
            LINE_X, LINE_Y, epochs=20, batch_size=3, progress=False, seed=1, compile=compile
        )
        pair.append([*history.loss, *data(model)])
    np.testing.assert_allclose(pair[1], pair[0], rtol=1e-9)


@pytest.mark.parametrize("compile", [True, False])
@pytest.mark.parametrize(
    ("change", "refused"),
    [
        (lambda model: model.layers[0].freeze(), (True, True)),
        (lambda model: setattr(model.layers[2], "b", Value(0.5)), (True, True)),
        (lambda model: setattr(model.layers[1], "rate", 0.0), (True, False)),
        (lambda model: setattr(model.layers[2], "activation", abs), (True, False)),
        (lambda model: model.eval(), (False, False)),
    ],
    ids=["frozen", "another parameter", "rate", "activation", "mode"],
)
def test_a_callback_builds_nothing_that_a_training_would_not_see(change, refused, compile):
    """What it takes from the module at its beginning is compared; it may be the last epoch."""
    model = nn.Sequential(nn.Neuron(1, "linear", seed=1), nn.Dropout(0.5), line())

    def first(history):
        if len(history) == 1:
            change(model)

    given = {"callback": first, "progress": False, "compile": compile, "seed": 1}
    model.learn(LINE_X, LINE_Y, epochs=1, **given)
    model = nn.Sequential(nn.Neuron(1, "linear", seed=1), nn.Dropout(0.5), line())
    if refused[not compile]:
        with pytest.raises(ValueError, match="a callback has changed how") as caught:
            model.learn(LINE_X, LINE_Y, epochs=3, **given)
        assert len(caught.value.history) == 1
    else:
        assert len(model.learn(LINE_X, LINE_Y, epochs=3, **given)) == 3


@pytest.mark.parametrize("compile", [False, True])
def test_a_callback_may_move_the_parameters(compile):
    model = line()

    def reset(history):
        for parameter in model.parameters():
            parameter.data = 0.25

    history = model.learn(
        LINE_X, LINE_Y, epochs=3, batch_size=None, callback=reset, progress=False, compile=compile
    )
    assert history.loss[1] == history.loss[2]
    assert data(model) == [0.25, 0.25]


@pytest.mark.parametrize("size", [None, 2])
def test_a_callback_may_change_samples_in_place(size):
    """However they lie in memory: programs hold no copies of them beyond an epoch."""

    def learnt(order, compile):
        model = nn.Neuron(2, "linear", seed=1)
        inputs = np.array([[1.0, 2.0], [3.0, 1.0], [0.5, 0.5], [2.0, 4.0]], order=order)

        def halve(history):
            inputs[:] *= 0.5

        given = {"callback": halve, "compile": compile, "progress": False, "seed": 1}
        model.learn(inputs, LINE_Y, epochs=4, batch_size=size, **given)
        return data(model)

    for order in "CF":
        assert learnt(order, True) == pytest.approx(learnt("C", False), rel=1e-12)


def test_inside_detect_anomaly_every_node_is_looked_at():
    model = nn.MLP(1, [2, 1], "tanh", seed=1)
    model.parameters()[0].data = 1e308
    model.learn([0.0, 1e5], [0.0, 0.0], epochs=1, progress=False)  # tanh(inf) is 1
    with pytest.raises(AnomalyError, match="inf"), ag.detect_anomaly():
        model.learn([0.0, 1e5], [0.0, 0.0], epochs=1, progress=False)


def test_a_model_of_many_paths_is_told_that_programs_are_slower_for_it():
    """Once, and it learns what it learns without programs."""

    class Leaky(nn.Module):
        def __init__(self):
            self.hidden = nn.Layer(4, 10, activation="linear", seed=1)
            self.out = nn.Neuron(10, nonlin=False, seed=2)

        def __call__(self, x):
            return self.out([h if h > 0.0 else h * 0.1 for h in self.hidden(x)])

    x = np.random.default_rng(0).normal(size=(200, 4))
    y = x[:, 0] * x[:, 1]
    with pytest.warns(UserWarning, match="more than 64 paths") as told:
        compiled = Leaky().learn(x, y, epochs=2, progress=False, seed=0, compile=True)
    eager = Leaky().learn(x, y, epochs=2, progress=False, seed=0, compile=False)
    assert [warning.filename for warning in told] == [__file__]
    assert compiled.loss == pytest.approx(eager.loss, rel=1e-12)
