"""SciPy's solvers in place of steps, against SciPy, scikit-learn and certified fits."""

import sys

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.errors import AnomalyError

scipy = pytest.importorskip("scipy.optimize", reason="SciPy is not installed (extra: solvers)")

SOLVERS = ["lbfgs", "levenberg_marquardt"]
both = pytest.mark.parametrize("solver", SOLVERS)
anyhow = pytest.mark.parametrize("how", [{}, {"compile": True}, {"compile": False}])


class Curve(nn.Module):
    """A formula with parameters that are to be found."""

    def __init__(self, formula, start):
        self.formula, self.b = formula, [*map(Value, start)]

    def __call__(self, x):
        return self.formula(x[0], *self.b)

    @property
    def numbers(self):
        return [p.data for p in self.b]


#: NIST StRD: data, model, two starts and the certified parameters.
MISRA1A = (
    [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1,
     760.0],
    [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.4, 75.47,
     81.78],
    lambda x, a, b: a * (1.0 - ag.exp(-b * x)),
    [(500.0, 0.0001), (250.0, 0.0005)],
    [2.3894212918e02, 5.5015643181e-04],
)  # fmt: skip
RAT42 = (
    [9.0, 14.0, 21.0, 28.0, 42.0, 57.0, 63.0, 70.0, 79.0],
    [8.93, 10.8, 18.59, 22.33, 39.35, 56.11, 61.73, 64.62, 67.08],
    lambda x, a, b, c: a / (1.0 + ag.exp(b - c * x)),
    [(100.0, 1.0, 0.1), (75.0, 2.5, 0.07)],
    [7.2462237576e01, 2.6180768402, 6.7359200066e-02],
)
X, Y = np.arange(6.0), np.array([1.1, 2.9, 5.2, 6.8, 9.1, 10.9])


def line(x, a, b):
    return a * x + b


def root(x, a, b):
    return a * ag.sqrt(b - x)


@anyhow
@both
@pytest.mark.parametrize("second", [0, 1])
@pytest.mark.parametrize("problem", [MISRA1A, RAT42], ids=["Misra1a", "Rat42"])
def test_certified_parameters_are_found_to_six_digits(problem, second, solver, how):
    x, y, formula, starts, certified = problem
    model = Curve(formula, starts[second])
    history = model.learn(x, y, optimizer=solver, epochs=300, progress=False, **how)
    assert model.numbers == pytest.approx(certified, rel=1e-6)
    found, _ = scipy.curve_fit(lambda x, *b: formula(x, *b), x, y, p0=starts[second])
    assert model.numbers == pytest.approx(found, rel=1e-6)
    assert len(history) < 300  # nothing gets better any more
    # The loss is that of the parameters after the iteration.
    residuals = model.predict(x) - y
    assert history.loss[-1] == pytest.approx(np.mean(residuals**2), rel=1e-12)
    assert sorted(history.loss, reverse=True) == pytest.approx(history.loss)


def test_logistic_regression_is_scikit_learns():
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(80, 3))
    classes = (inputs @ [1.0, -2.0, 0.5] + 2.0 * rng.logistic(size=80) > 0.3).astype(float)
    model = nn.Neuron(3, "linear", seed=1)
    history = model.learn(
        inputs, classes, loss="binary_cross_entropy", optimizer="lbfgs", progress=False
    )
    peer = linear_model.LogisticRegression(C=1e12, tol=1e-10).fit(inputs, classes)
    assert [w.data for w in model.w] == pytest.approx(peer.coef_[0], rel=1e-5)
    assert model.b.data == pytest.approx(peer.intercept_[0], rel=1e-5)
    assert history.metrics["accuracy"][-1] == peer.score(inputs, classes)


def test_iterates_of_lbfgs_are_scipys():
    """Of a network, whose loss is evaluated at the same places."""
    inputs, targets = np.linspace(-2.0, 2.0, 20), np.sin(np.linspace(-2.0, 2.0, 20))
    model = nn.MLP(1, [5, 1], activation="tanh", seed=3)
    start = np.array([p.data for p in model.parameters()])
    history = model.learn(inputs, targets, optimizer="lbfgs", epochs=30, progress=False)

    def loss(numbers):
        w, a, v = numbers[:10].reshape(5, 2), numbers[10:15], numbers[15]
        outputs = np.tanh(np.outer(inputs, w[:, 0]) + w[:, 1]) @ a + v
        return np.mean((outputs - targets) ** 2)

    losses = []
    scipy.minimize(
        loss, start, method="L-BFGS-B", callback=lambda x: losses.append(loss(x)),
        options={"maxiter": 30, "ftol": 0.0, "gtol": 0.0},
    )  # fmt: skip
    assert history.loss[:8] == pytest.approx(losses[:8], rel=1e-4)
    assert len(history) == 30


def test_levenberg_marquardt_takes_more_parameters_than_differences():
    model = nn.MLP(1, [6, 1], activation="tanh", seed=1)
    history = model.learn(X, Y, optimizer="levenberg_marquardt", epochs=60, progress=False)
    assert len(model.parameters()) > len(X)
    assert history.loss[-1] < 1e-6 < history.loss[0]


@anyhow
def test_levenberg_marquardt_fits_several_outputs(how):
    class Two(Curve):
        def __call__(self, x):
            return [self.b[0] * x[0], self.b[1] * x[0] + self.b[0]]

    model = Two(None, [0.0, 0.0])
    outputs = np.stack([2.0 * X, 3.0 * X + 2.0], axis=1)
    model.learn(X, outputs, optimizer="levenberg_marquardt", progress=False, **how)
    assert model.numbers == pytest.approx([2.0, 3.0], rel=1e-12)


@anyhow
@both
def test_weights_of_samples_are_those_of_curve_fit(solver, how):
    weights = np.array([1.0, 2.0, 0.5, 4.0, 1.0, 3.0])
    model = Curve(line, [0.0, 0.0])
    model.learn(X, Y, optimizer=solver, sample_weight=weights, progress=False, **how)
    expected, _ = scipy.curve_fit(line, X, Y, sigma=1.0 / np.sqrt(weights))
    assert model.numbers == pytest.approx(expected, rel=1e-6)


@both
def test_a_step_to_where_the_loss_is_not_finite_is_shortened(solver):
    """Behind the first step there is nothing but nan, or overflow."""
    model = Curve(root, [1.0, 5.01])
    x = np.linspace(0.0, 5.0, 20)
    history = model.learn(x, 2.0 * np.sqrt(5.001 - x), optimizer=solver, progress=False)
    assert model.numbers == pytest.approx([2.0, 5.001], rel=1e-6)
    assert np.isfinite(history.loss).all()
    model, x = Curve(lambda x, a, b: a * ag.exp(b * x), [0.1, 0.001]), np.linspace(0.0, 1000.0, 30)
    model.learn(x, 2.0 * np.exp(0.003 * x), optimizer=solver, epochs=200, progress=False)
    assert model.numbers == pytest.approx([2.0, 0.003], rel=1e-6)


# --- what else belongs to a training --------------------------------------------------------------


@anyhow
@both
def test_an_epoch_is_an_iteration(solver, how):
    x, y, formula, starts, _ = MISRA1A
    whole, part = (Curve(formula, starts[0]) for _ in range(2))
    history = whole.learn(x, y, optimizer=solver, epochs=200, progress=False, **how)
    first = part.learn(x, y, optimizer=solver, epochs=4, progress=False, **how)
    assert first.loss == history.loss[:4]
    assert [epoch.number for epoch in first] == [1, 2, 3, 4]
    assert first.learning_rate == [None] * 4
    assert np.mean((part.predict(x) - y) ** 2) == pytest.approx(first.loss[-1], rel=1e-12)


@both
def test_a_callback_sees_the_iterate_and_stops(solver):
    x, y, formula, starts, _ = RAT42
    model, seen = Curve(formula, starts[0]), []

    def look(history):
        seen.append((history.loss[-1], model.numbers))
        return len(history) == 3

    history = model.learn(x, y, optimizer=solver, callback=look, progress=False)
    assert (history.stopped, len(history), len(seen)) == (True, 3, 3)
    assert model.numbers == seen[-1][1] != seen[-2][1]
    for loss, numbers in seen:
        residuals = Curve(formula, numbers).predict(x) - y
        assert np.mean(residuals**2) == pytest.approx(loss, rel=1e-12)


@both
def test_parameters_stay_at_the_last_iterate_after_ctrl_c(solver):
    """Wherever it comes, also between two iterates."""
    x, y, formula, starts, _ = RAT42
    iterates = [list(starts[0])]
    model = Curve(formula, starts[0])
    model.learn(
        x, y, optimizer=solver, compile=False, progress=False,
        callback=lambda history: iterates.append(model.numbers),
    )  # fmt: skip
    for stop in (20, 31, 47, 58, 80):
        calls = 0

        def interrupted(x, *b, stop=stop):
            nonlocal calls
            calls += 1
            if calls == stop:
                raise KeyboardInterrupt
            return formula(x, *b)

        model = Curve(interrupted, starts[0])
        history = model.learn(x, y, optimizer=solver, compile=False, progress=False)
        assert history.interrupted
        assert model.numbers == iterates[len(history)]


@both
def test_a_callback_must_not_move_the_parameters(solver):
    model = Curve(line, [0.0, 0.0])

    def move(history):
        model.b[0].data = 0.5

    with pytest.raises(ValueError, match=f"a callback changed parameters, and {solver}") as caught:
        model.learn(X, Y, optimizer=solver, callback=move, progress=False)
    assert model.numbers[0] == 0.5
    assert len(caught.value.history) == 1


@both
def test_an_error_of_a_callback_ends_the_training(solver):
    model = Curve(line, [0.0, 0.0])
    with pytest.raises(ZeroDivisionError) as caught:
        model.learn(X, Y, optimizer=solver, callback=lambda history: 1 / 0, progress=False)
    assert len(caught.value.history) == 1


@both
def test_a_start_that_is_not_finite_is_named(solver):
    model = Curve(root, [2.0, 1.0])
    with pytest.raises(AnomalyError, match="the loss turned nan in epoch 1 at sample 2"):
        model.learn(X, Y, optimizer=solver, progress=False)
    assert model.numbers == [2.0, 1.0]


def test_a_derivative_that_is_not_finite_is_named():
    """Where no difference carries it into the gradient."""
    model = Curve(lambda x, a: ag.sqrt(a) * x, [0.0])
    with pytest.raises(AnomalyError, match=r"a derivative by b\.0 turned inf in epoch 1"):
        model.learn(X, 0.0 * X, optimizer="levenberg_marquardt", progress=False)


@both
def test_a_training_that_begins_at_the_minimum_has_one_epoch(solver):
    model = Curve(line, [2.0, 1.0])
    history = model.learn(X, 2.0 * X + 1.0, optimizer=solver, progress=False)
    assert (history.loss, model.numbers) == ([0.0], [2.0, 1.0])


@both
@pytest.mark.parametrize("validation", [0.4, ([0.5, 2.5], [2.0, 6.0])])
def test_samples_may_be_held_out(solver, validation):
    """The others alone are learnt from, and all of them in each iteration."""
    model = Curve(line, [0.0, 0.0])
    history = model.learn(
        X, Y, optimizer=solver, validation=validation, seed=1, compile=True, progress=False
    )
    assert len(history.validation_loss) == len(history)
    if isinstance(validation, tuple):
        assert model.numbers == pytest.approx(np.polyfit(X, Y, 1), rel=1e-6)
        expected = np.mean((model.predict(validation[0]) - validation[1]) ** 2)
        assert history.validation_loss[-1] == pytest.approx(expected)
    else:
        assert model.numbers != pytest.approx(np.polyfit(X, Y, 1), rel=1e-6)


@both
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"batch_size": 32}, "takes all samples at once"),
        ({"batch_size": 2}, "leave batch_size, schedule and checkpoint out"),
        ({"schedule": "cosine"}, "finds its own steps, and"),
        ({"checkpoint": "somewhere"}, "cannot continue from a checkpoint"),
        ({"learning_rate": 0.1}, "finds its own steps; leave learning_rate out"),
    ],
)
def test_options_of_steps_are_refused(solver, options, said):
    model = Curve(line, [0.0, 0.0])
    with pytest.raises(ValueError, match=said):
        model.learn(X, Y, optimizer=solver, progress=False, **options)
    assert model.numbers == [0.0, 0.0]


@both
def test_a_full_batch_may_be_asked_for(solver):
    model = Curve(line, [0.0, 0.0])
    model.learn(X, Y, optimizer=solver.upper(), batch_size=None, progress=False)
    assert model.numbers == pytest.approx(np.polyfit(X, Y, 1), rel=1e-6)


@pytest.mark.parametrize("loss", ["absolute_error", lambda outputs, targets: outputs[0] * 1.0])
def test_levenberg_marquardt_is_for_squared_errors(loss):
    model = Curve(line, [0.0, 1.0])
    with pytest.raises(
        ValueError, match="the differences that squared_error squares, and no other"
    ):
        model.learn(X, Y, loss=loss, optimizer="levenberg_marquardt", progress=False)
    assert model.numbers == [0.0, 1.0]


@anyhow
@both
def test_a_frozen_part_stays(solver, how):
    """And the other is fitted as if its numbers were constants."""

    class Sum(nn.Module):
        def __init__(self):
            self.first, self.rest = Curve(lambda x, a: a * x, [1.5]), Curve(line, [0.0, 0.0])

        def __call__(self, x):
            return self.first(x) + self.rest(x) * ag.sqrt(1.0 + x[0])

    model = Sum()
    model.first.freeze()
    model.learn(X, Y, optimizer=solver, epochs=200, progress=False, **how)
    assert model.first.numbers == [1.5]
    columns = np.stack([X, np.ones(6)], axis=1) * np.sqrt(1.0 + X)[:, None]
    expected = np.linalg.lstsq(columns, Y - 1.5 * X, rcond=None)[0]
    assert model.rest.numbers == pytest.approx(expected, rel=1e-6)


@both
def test_a_loss_that_changes_from_time_to_time_is_refused(solver):
    model = nn.Sequential(nn.Layer(1, 4, "tanh", seed=1), nn.Dropout(0.5), nn.Layer(4, 1, "linear"))
    before = [p.data for p in model.parameters()]
    with pytest.raises(ValueError, match=f"{solver} compares losses, and a part .* random numbers"):
        model.learn(X, Y, optimizer=solver, progress=False)
    assert [p.data for p in model.parameters()] == before


@both
def test_a_callback_that_runs_out_is_an_error(solver):
    """SciPy's own callbacks stop in silence by a StopIteration."""
    model, left = Curve(line, [0.0, 0.0]), iter([])
    with pytest.raises((StopIteration, RuntimeError)) as caught:
        model.learn(
            X, Y, optimizer=solver, callback=lambda history: next(left), epochs=9, progress=False,
        )  # fmt: skip
    assert len(caught.value.history) == 1


def test_lbfgs_takes_a_price_of_weights():
    """Ridge regression, in its closed form."""
    model = nn.Neuron(1, "linear", seed=1)
    history = model.learn(X, Y, optimizer="lbfgs", l2=0.3, progress=False)
    centred = X - X.mean()
    slope = centred @ Y / (centred @ centred + 0.3 * len(X))
    assert model.w[0].data == pytest.approx(slope, rel=1e-7)
    residuals = model.predict(X) - Y
    assert history.loss[-1] == pytest.approx(np.mean(residuals**2) + 0.3 * slope**2)
    with pytest.raises(ValueError, match="no other loss, l1 or l2; write optimizer='lbfgs'"):
        model.learn(X, Y, optimizer="levenberg_marquardt", l2=0.3, progress=False)


@both
def test_the_best_epoch_is_restored(solver):
    x, y, formula, starts, _ = RAT42
    model, seen = Curve(formula, starts[0]), []
    history = model.learn(
        x, y, optimizer=solver, early_stopping=nn.EarlyStopping(2, min_delta=1.0),
        callback=lambda history: seen.append(model.numbers), progress=False,
    )  # fmt: skip
    assert history.stopped
    assert len(history) == history.best + 2
    assert model.numbers == seen[history.best - 1]


@both
def test_without_scipy_the_extra_is_named(solver, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    model = Curve(line, [0.0, 0.0])
    with pytest.raises(ImportError, match=r'pip install "autograd-lite\[solvers\]"'):
        model.learn(X, Y, optimizer=solver, progress=False)
    assert model.numbers == [0.0, 0.0]
