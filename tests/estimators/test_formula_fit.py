"""A formula's parameters and their errors are those of SciPy's curve_fit and of least squares."""

import pickle

import numpy as np
import pytest
from scipy.optimize import curve_fit
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_score

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.errors import ExpressionError
from autograd_lite.estimators import FormulaRegressor

RNG = np.random.default_rng(2)
TIMES = RNG.uniform(0.0, 4.0, 40)
X = TIMES[:, None]
Y = 3.0 * np.exp(-0.8 * TIMES) + 0.5 + RNG.normal(0.0, 0.05, 40)
TEXT, START = "a * exp(-k * x) + c", {"a": 2.0, "k": 1.0, "c": 0.0}


def decay(x, a, k, c=0.0):
    return a * ag.exp(-k * x) + c


def by_curve_fit(**given):
    def curve(x, a, k, c):
        return a * np.exp(-k * x) + c

    return curve_fit(curve, TIMES, Y, [*START.values()], **given)


@pytest.mark.parametrize(
    ("formula", "start"),
    [(TEXT, START), (TEXT, None), (decay, None), (decay, {"a": 2.0, "k": 1.0})],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_parameters_and_errors_are_those_of_curve_fit(formula, start, weighted):
    errors = RNG.uniform(0.5, 2.0, 40) if weighted else None
    found, covariance = by_curve_fit(sigma=errors)
    model = FormulaRegressor(formula, start=start)
    model.fit(X, Y, sample_weight=None if errors is None else errors**-2.0)
    assert {*model.params_} == {*START}
    names = [*model.params_]
    np.testing.assert_allclose([model.params_[n] for n in START], found, rtol=1e-6)
    np.testing.assert_allclose(
        [model.errors_[n] for n in START], np.sqrt(np.diag(covariance)), rtol=1e-5
    )
    order = [names.index(name) for name in START]
    np.testing.assert_allclose(model.covariance_[np.ix_(order, order)], covariance, rtol=1e-4)
    assert 0.02 < model.noise_ < 0.1
    assert model.n_iter_ == len(model.loss_curve_) < 100


def test_the_linear_model_is_ordinary_least_squares():
    inputs, y = load_diabetes(return_X_y=True)
    ours, theirs = FormulaRegressor().fit(inputs, y), LinearRegression().fit(inputs, y)
    assert [*ours.params_] == [*[f"x{i}" for i in range(10)], "intercept"]
    np.testing.assert_allclose([*ours.params_.values()][:-1], theirs.coef_, rtol=1e-8)
    np.testing.assert_allclose(ours.params_["intercept"], theirs.intercept_, rtol=1e-10)
    design = np.hstack([inputs, np.ones((len(y), 1))])
    squares = ((y - theirs.predict(inputs)) ** 2).sum() / (len(y) - 11)
    right = squares * np.linalg.inv(design.T @ design)
    np.testing.assert_allclose(ours.covariance_, right, rtol=1e-6, atol=1e-9 * right.max())
    found, std = ours.predict(inputs, return_std=True)
    np.testing.assert_allclose(found, theirs.predict(inputs), rtol=1e-9)
    np.testing.assert_allclose(std**2, ((design @ right) * design).sum(axis=1), rtol=1e-6)
    scores = [cross_val_score(each, inputs, y, cv=3) for each in (ours, theirs)]
    np.testing.assert_allclose(*scores, rtol=1e-8)


def test_standard_errors_cover_the_truth_as_often_as_they_say():
    """The curve at 1.0 lies within its error in 68% of 80 fits, within four standard deviations."""
    inside = 0
    for seed in range(80):
        noise = np.random.default_rng(seed).normal(0.0, 0.1, 40)
        model = FormulaRegressor("a * x + b").fit(X, 2.0 * TIMES - 1.0 + noise)
        [found], [std] = model.predict([[1.0]], return_std=True)
        inside += abs(found - 1.0) < std
    assert 0.48 < inside / 80 < 0.88


@pytest.mark.parametrize(
    ("formula", "inputs", "y"),
    [
        ("a * x + a * b * x", X, Y),  # a and b * a are one
        ("a + b * x**2", X[:2], Y[:2]),  # as many parameters as samples
        ("a + b * x", np.ones((9, 1)), np.arange(9.0)),
    ],
)
def test_errors_that_the_data_do_not_say_are_inf(formula, inputs, y):
    model = FormulaRegressor(formula).fit(inputs, y)
    assert {*model.errors_.values()} == {np.inf}
    assert {*model.predict(inputs, return_std=True)[1]} == {np.inf}


def test_errors_of_samples_without_weight_do_not_count():
    weights = np.r_[np.ones(30), np.zeros(10)]
    some, all_of = FormulaRegressor(TEXT).fit(X[:30], Y[:30]), FormulaRegressor(TEXT)
    all_of.fit(X, np.r_[Y[:30], 99.0 * np.ones(10)], sample_weight=weights)
    np.testing.assert_allclose([*all_of.errors_.values()], [*some.errors_.values()], rtol=1e-6)


def test_other_losses_have_parameters_and_no_errors():
    outliers = np.where(np.arange(40) % 10 == 0, Y + 5.0, Y)
    model = FormulaRegressor(TEXT, start=START, loss="huber").fit(X, Y)
    model.set_params(loss="absolute_error").fit(X, outliers)
    assert abs(model.params_["k"] - 0.8) < 0.1
    assert not hasattr(model, "errors_")
    with pytest.raises(ValueError, match="standard errors are of squared_error"):
        model.predict(X, return_std=True)
    own = nn.per_sample(lambda output, target: (output - target) ** 4)
    assert FormulaRegressor("a * x + b", loss=own).fit(X, 2.0 * TIMES).params_["a"] > 1.9
    model.set_params(loss="squared_error").fit(X, Y)
    assert model.errors_["k"] < 0.1
    assert not hasattr(model.set_params(loss="huber").fit(X, Y), "covariance_")


def test_names_of_a_frame_are_the_columns_of_a_formula():
    pandas = pytest.importorskip("pandas", reason="needs pandas")
    frame = pandas.DataFrame({"b": TIMES, "time": TIMES**2, "intercept": np.sin(TIMES)})
    y = 2.0 * TIMES - 3.0 * TIMES**2
    model = FormulaRegressor("p * b + q * time").fit(frame, y)
    assert {n: round(x, 8) for n, x in model.params_.items()} == {"p": 2.0, "q": -3.0}
    by_place = FormulaRegressor(lambda q, x1, p, b: p * b + q * x1).fit(frame, y)
    assert {n: round(x, 8) for n, x in by_place.params_.items()} == {"q": -3.0, "p": 2.0}
    linear = FormulaRegressor().fit(frame, y)
    assert [*linear.params_] == ["b", "time", "intercept", "intercept_"]


@pytest.mark.parametrize(
    ("formula", "start", "message"),
    [
        ("a * y", None, "no column is among the names a, y: the columns are called x0, x"),
        ("2 * x + pi", None, "no parameter is among"),
        (TEXT, {"a": 1.0, "k": 1.0}, "start has no number for 'c'"),
        (None, START, "a linear model needs no start, and was given {'a': 2.0"),
        (TEXT, [1.0, 2.0, 3.0], "are a dict"),
        (TEXT, {**START, "x": 1.0}, "start names 'x'"),
        (lambda x, *others: x, None, r"need names: none with \*"),
        (lambda x, **others: x, None, r"need names: none with \*"),
        ("a * x +", None, "expression"),
        ("a * x.b", None, "a dot after a name"),
        (3.0, None, "formula is a text, a function or None and is float: 3.0"),
        (lambda x, a: "none", None, "none"),
        ("log(a * x - 100)", None, "nan"),
    ],
)
def test_a_formula_that_does_not_fit_is_refused(formula, start, message):
    with pytest.raises((ValueError, TypeError, ExpressionError, ArithmeticError), match=message):
        FormulaRegressor(formula, start=start).fit(X, Y)


def test_too_few_iterations_are_told():
    with pytest.warns(ConvergenceWarning, match="on its way after 2 iterations"):
        FormulaRegressor(TEXT, max_iter=2).fit(X, Y)


def test_steps_are_as_many_as_were_wanted():
    model = FormulaRegressor("a * x + b", solver="adam", max_iter=2000).fit(X, 2.0 * TIMES)
    assert model.n_iter_ == 2000
    assert abs(model.params_["a"] - 2.0) < 0.01


def test_comparisons_in_a_function_are_paths():
    turned = FormulaRegressor(lambda x, a, b: a * x if x > 2.0 else b * x)
    turned.fit(X, np.where(TIMES > 2.0, 3.0, -1.0) * TIMES)
    assert {name: round(x, 9) for name, x in turned.params_.items()} == {"a": 3.0, "b": -1.0}
    assert turned.predict([[1.0], [3.0]]).round(9).tolist() == [-1.0, 9.0]


def test_many_models_do_not_disturb_one_another():
    first = FormulaRegressor(decay).fit(X, Y)
    before = first.predict(X).tolist()
    for power in range(1, 5):
        other = FormulaRegressor(lambda x, a, power=power: a * x**power).fit(X, Y)
        assert set(other.params_) == {"a", "power"}
    assert first.predict(X).tolist() == before


def test_a_pickle_gives_equal_bits():
    for formula in (None, TEXT, decay):
        model = FormulaRegressor(formula).fit(X, Y)
        copied = pickle.loads(pickle.dumps(model))
        for mine, theirs in zip(
            model.predict(X, return_std=True), copied.predict(X, return_std=True), strict=True
        ):
            assert mine.tolist() == theirs.tolist()


def test_a_solver_says_nothing_of_large_parameters():
    """Which are right, and it has no learning rate: warnings are errors here."""
    x = np.linspace(1e6, 1e6 + 10.0, 30)
    line = FormulaRegressor("a * x + c").fit(x[:, None], 2.0 * x - 3e6)
    assert line.params_ == pytest.approx({"a": 2.0, "c": -3e6}, rel=1e-6)
