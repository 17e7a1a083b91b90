"""Early stopping and metrics: when a training ends, and what its history says beside losses."""

import itertools
import signal
import warnings

import numpy as np
import pytest

from autograd_lite import ShapeError, nn

PASSES = pytest.mark.parametrize("compile", [True, False])


def led(losses, rule, validated=False, epochs=None, **given):
    """A training whose epochs have these losses: nothing is learnt, a callback sets the bias."""
    model = nn.Neuron(1, "linear", seed=1)
    model.load_state_dict({"w": [0.0], "b": np.sqrt(losses[0])})
    following = iter(losses[1:])

    def lead(history):
        model.b.data = float(np.sqrt(next(following, 0.0)))

    optimizer = nn.optim.SGD(model.parameters(), 0.0)
    validation = ([[1.0]], [0.0]) if validated else None
    history = model.learn(
        [[1.0]], [-9.0 if validated else 0.0], optimizer=optimizer, epochs=epochs or len(losses),
        validation=validation, callback=lead, progress=False, early_stopping=rule, **given,
    )  # fmt: skip
    return model, history


@pytest.mark.parametrize("validated", [True, False])
@pytest.mark.parametrize(
    ("losses", "patience", "delta", "length", "best"),
    [
        ([5, 4, 3, 3.5, 3.2, 3.1, 0], 3, 0.0, 6, 3),
        ([5, 4, 3, 3.5, 3.2, 2.9, 3, 3, 3, 0], 3, 0.0, 9, 6),
        ([5, 4, 3, 3, 3, 0], 2, 0.0, 5, 3),  # an equal loss is no better one
        ([5, 4.5, 4.2, 3.9, 4, 4, 4, 0], 3, 1.0, 7, 4),  # 3.9 is the first below 5 - 1
        ([5, 4.5, 4.2, 4.1, 0], 3, 1.0, 4, 1),
        ([5, 4, 3, 2], 1, 0.0, 4, 4),  # the epochs run out
        ([5, 6], 1, 0.0, 2, 1),
    ],
)
def test_it_stops_after_so_many_epochs_without_a_better_loss(
    losses, patience, delta, length, best, validated
):
    """Those of validation, where there are some."""
    rule = nn.EarlyStopping(patience, delta)
    model, history = led(losses, rule, validated)
    assert (len(history), history.best) == (length, best)
    stopped = length - best >= patience
    assert history.stopped == bool(history.reason) == stopped
    found = history.validation_loss if validated else history.loss
    assert found == pytest.approx(losses[:length])
    assert model.b.data**2 == pytest.approx(losses[best - 1])


def test_without_restoring_the_parameters_are_those_of_the_last_epoch():
    model, history = led([5, 3, 4, 4.5], nn.EarlyStopping(2, restore_best=False))
    assert (history.best, len(history)) == (2, 4)
    assert model.b.data == 0.0  # as the callback left them
    assert history.reason == "for 2 epochs no loss was below 3, that of epoch 2"
    assert "(stopped)" in repr(history)


def test_ctrl_c_restores_the_best_epoch_and_an_exception_does_not():
    for raised, bias in ((KeyboardInterrupt, 3.0), (LookupError, 4.0)):
        model = nn.Neuron(1, "linear", seed=1)
        model.load_state_dict({"w": [0.0], "b": 3.0**0.5})

        def lead(history, model=model, raised=raised):
            model.b.data = 4.0**0.5
            if len(history) == 2:
                if raised is KeyboardInterrupt:
                    signal.raise_signal(signal.SIGINT)
                raise raised

        try:
            history = model.learn(
                [[1.0]], [0.0], optimizer=nn.optim.SGD(model.parameters(), 0.0), epochs=9,
                callback=lead, progress=False, early_stopping=nn.EarlyStopping(5),
            )  # fmt: skip
        except LookupError as error:
            history = error.history
        assert (len(history), history.best, history.stopped) == (2, 1, False)
        assert model.b.data**2 == pytest.approx(bias)


@PASSES
@pytest.mark.parametrize("optimizer", ["sgd", "lbfgs"])
def test_the_parameters_restored_have_the_best_loss(optimizer, compile):
    """That of an epoch of one step is of the parameters before it; a solver's of those after."""
    X = np.linspace(-1.0, 1.0, 9)
    given = {"progress": False, "compile": compile, "batch_size": None}
    rate = {} if optimizer == "lbfgs" else {"learning_rate": 1.3}  # too large: it goes to and fro
    model = nn.MLP(1, [4, 1], "tanh", seed=1)
    history = model.learn(
        X, np.sin(3.0 * X), optimizer=optimizer, epochs=12,
        early_stopping=nn.EarlyStopping(20), **given, **rate,
    )  # fmt: skip
    assert min(history.loss) == history.loss[history.best - 1]
    measured = float(np.mean((model.predict(X) - np.sin(3.0 * X)) ** 2))
    assert measured == pytest.approx(min(history.loss), rel=1e-12)


@PASSES
def test_a_training_stops_by_its_share_of_validation(compile):
    """Each callback is called after the epoch that stops, too."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3))
    called = []
    model = nn.MLP(3, [30, 1], "tanh", seed=1)
    history = model.learn(
        X, X[:, 0] + rng.standard_normal(40), learning_rate=0.05, epochs=500, batch_size=8,
        validation=0.5, callback=lambda h: called.append(len(h)), progress=False, seed=0,
        early_stopping=nn.EarlyStopping(10), compile=compile,
    )  # fmt: skip
    losses = history.validation_loss
    assert called == [*range(1, len(history) + 1)]
    assert history.stopped
    assert len(history) == history.best + 10 < 500
    assert losses[history.best - 1] == min(losses)
    assert "no validation loss was below" in history.reason


@pytest.mark.parametrize(
    ("make", "kind", "said"),
    [
        (lambda: nn.EarlyStopping(0), ValueError, "patience must be at least 1"),
        (lambda: nn.EarlyStopping(1.5), TypeError, "patience is an int"),
        (lambda: nn.EarlyStopping(1, -1.0), ValueError, "min_delta must be at least 0"),
        (lambda: nn.EarlyStopping(1, "1"), TypeError, "1"),
        (lambda: led([1.0], 5), TypeError, "early_stopping is an nn.EarlyStopping, .* int: 5"),
        (lambda: led([1.0], nn.EarlyStopping), TypeError, "early_stopping is an nn.EarlyStopping"),
    ],
)
def test_other_rules_are_refused(make, kind, said):
    with pytest.raises(kind, match=said):
        make()


# --- metrics ---


def measured(metrics, outputs, targets, loss, held=None, compile=None):
    """Columns of a history of one epoch, of a model that gives its inputs."""
    rows = np.reshape(outputs, (len(outputs), -1))
    k = rows.shape[1]
    model = nn.Layer(k, k, "linear", seed=1)
    ones = {f"neurons.{i}.w": np.eye(k)[i] for i in range(k)}
    model.load_state_dict(ones | {f"neurons.{i}.b": 0.0 for i in range(k)})
    history = model.learn(
        rows, targets, loss, nn.optim.SGD(model.parameters(), 0.0), epochs=1, batch_size=7,
        validation=held, metrics=metrics, progress=False, compile=compile,
    )  # fmt: skip
    return history[0].metrics, history[0].validation_metrics


RNG = np.random.default_rng(0)
SCORES = RNG.integers(-3, 4, (50, 4)) + 0.25  # many of them tie


@PASSES
@pytest.mark.parametrize("loss", ["hinge", "binary_cross_entropy", "cross_entropy"])
def test_metrics_of_two_classes_are_scikit_learns(loss, compile):
    theirs = pytest.importorskip("sklearn.metrics", reason="needs scikit-learn")
    truth = RNG.integers(0, 2, 50)
    targets = 2 * truth - 1 if loss == "hinge" else truth
    outputs = SCORES[:, :2] if loss == "cross_entropy" else SCORES[:, 0]
    scores = outputs[:, 1] - outputs[:, 0] if loss == "cross_entropy" else outputs
    names = ["f1", "auc", "accuracy"]
    found, held = measured(names, outputs, targets, loss, (outputs[:9], targets[:9]), compile)
    for n, columns in ((50, found), (9, held)):
        chosen = scores[:n] > 0
        assert columns == pytest.approx(
            {
                "accuracy": theirs.accuracy_score(truth[:n], chosen),
                "f1": theirs.f1_score(truth[:n], chosen),
                "auc": theirs.roc_auc_score(truth[:n], scores[:n]),
            },
            rel=1e-14,
        )


@PASSES
def test_f1_of_many_classes_is_the_mean_over_those_that_occur(compile):
    theirs = pytest.importorskip("sklearn.metrics", reason="needs scikit-learn")
    targets = np.array([0, 1, 3, 3, 1] * 10)
    outputs = SCORES - [0.0, 0.0, 9.0, 0.0]  # nor is 2 ever chosen
    found, _ = measured("f1", outputs, targets, "cross_entropy", compile=compile)
    expected = theirs.f1_score(targets, outputs.argmax(axis=1), average="macro")
    assert found["f1"] == pytest.approx(expected, rel=1e-14)
    found, _ = measured("f1", SCORES, targets, "cross_entropy", compile=compile)
    expected = theirs.f1_score(targets, SCORES.argmax(axis=1), average="macro", zero_division=0)
    assert found["f1"] == pytest.approx(expected, rel=1e-14)


@PASSES
@pytest.mark.parametrize("width", [1, 3])
def test_metrics_of_numbers_are_scikit_learns(width, compile):
    theirs = pytest.importorskip("sklearn.metrics", reason="needs scikit-learn")
    outputs = SCORES[:, :width]
    for targets in (
        outputs + RNG.standard_normal((50, width)), np.full((50, width), 2.0), outputs
    ):  # fmt: skip
        found, _ = measured(("mae", "r2"), outputs, targets, "squared_error", compile=compile)
        assert found == pytest.approx(
            {
                "mae": theirs.mean_absolute_error(targets, outputs),
                "r2": theirs.r2_score(targets, outputs),
            },
            rel=1e-13,
        )


def test_a_share_of_validation_is_measured_apart():
    """Over all of its outputs, at the end of the epoch."""
    seen = []

    def spread(targets, outputs):
        seen.append((targets, outputs))
        return np.ptp(targets)

    outputs = np.arange(40.0)
    found, held = measured(spread, outputs, outputs * 2.0, "squared_error", 0.25)
    assert [(len(t), t.shape, o.shape) for t, o in seen] == [
        (30, (30,), (30,)), (10, (10,), (10,))
    ]  # fmt: skip
    for targets, outputs in seen:
        assert targets.tolist() == (2 * outputs).tolist()
    assert sorted(itertools.chain(*[o.tolist() for _, o in seen])) == np.arange(40.0).tolist()
    assert (found["spread"], held["spread"]) == tuple(np.ptp(t) for t, _ in seen)


def test_metrics_that_are_not_defined_are_nan():
    found, _ = measured("auc", [1.0, 2.0], [1, 1], "binary_cross_entropy")
    assert np.isnan(found["auc"])
    found, held = measured("r2", [1.0, 2.0], [1, 2], "squared_error", ([1.0], [1.0]))
    assert found["r2"] == 1.0
    assert np.isnan(held["r2"])
    found, _ = measured("f1", [-1.0, -2.0], [0, 0], "binary_cross_entropy")
    assert found["f1"] == 0.0


def test_a_metric_changes_no_data():
    """The targets may be the user's own array, and are learnt from afterwards."""

    def bad(targets, outputs):
        targets -= targets.mean()

    given = np.array([1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        measured(bad, [1.0, 2.0], given, "squared_error")
    assert given.tolist() == [1.0, 2.0]
    assert given.flags.writeable


def test_numpy_warns_in_a_metric_of_ones_own():
    def bad(targets, outputs):
        return np.log(targets * 0.0).sum()

    with np.errstate(all="warn"), pytest.warns(RuntimeWarning, match="divide by zero"):
        found, _ = measured(bad, [1.0, 2.0], [1, 2], "squared_error")
    assert found["bad"] == -np.inf


def of_words(targets, outputs):
    return "good"


@pytest.mark.parametrize(
    ("metrics", "loss", "width", "kind", "said"),
    [
        ("f2", "hinge", 1, ValueError, "unknown metric 'f2'; choose from accuracy, f1, auc"),
        ("mae", "hinge", 1, ValueError, "mae compares each output .* and hinge does not"),
        ("r2", "cross_entropy", 3, ValueError, "and cross_entropy does not"),
        ("mae", "poisson", 2, ValueError, "and poisson does not"),
        ("r2", "gaussian_nll", 2, ValueError, "and gaussian_nll does not"),
        ("accuracy", "squared_error", 1, ValueError, "accuracy needs a loss of classes"),
        ("f1", "squared_error", 1, ValueError, "f1 needs a loss of classes"),
        ("auc", "cross_entropy", 3, ValueError, "auc is not defined for 3 outputs"),
        ("f1", "hinge", 2, ValueError, "f1 is not defined for 2 outputs of hinge"),
        (["f1", "f1"], "hinge", 1, ValueError, "two metrics are called 'f1'"),
        ([lambda t, o: 1, lambda t, o: 2], "hinge", 1, ValueError, "two metrics are called"),
        (7, "hinge", 1, TypeError, "metrics are names .* int: 7"),
        (of_words, "hinge", 1, TypeError, "of_words must give a number and gave str: 'good'"),
        ("mae", lambda o, t: o[0][0] * 1.0, 2, ShapeError, r"\(2, 2\) and \(2,\)"),
    ],
)  # fmt: skip
def test_metrics_that_do_not_fit_are_refused(metrics, loss, width, kind, said):
    targets = np.ones((2, width)) if loss in ("hinge", "poisson") else np.ones(2)
    with pytest.raises(kind, match=said):
        measured(metrics, np.ones((2, width)), targets, loss)


def test_a_name_that_a_column_has_is_taken():
    def accuracy(targets, outputs):
        return 0.0

    with pytest.raises(ValueError, match="two metrics are called 'accuracy'"):
        measured(accuracy, [1.0], [1.0], "hinge")
    found, _ = measured("accuracy", [1.0], [1.0], "hinge")
    assert found == {"accuracy": 1.0}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert measured([], [1.0], [1.0], "squared_error")[0] == {}
