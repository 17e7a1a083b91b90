"""Networks as estimators of scikit-learn: they pass its checks, and train as its own do."""

import copy
import pickle
import subprocess
import sys
import warnings
from functools import partial

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from autograd_lite import nn
from autograd_lite.estimators import FormulaRegressor, MLPClassifier, MLPRegressor

SMALL = {"hidden_layer_sizes": (10,), "learning_rate_init": 0.01, "max_iter": 100}
RNG = np.random.default_rng(5)
X = RNG.normal(size=(60, 3))
NUMBERS = np.sin(X[:, 0]) + 0.5 * X[:, 1] ** 2
SIGNS, KINDS = np.where(NUMBERS > 0.5, "yes", "no"), np.digitize(NUMBERS, [0.0, 0.7])
#: Each estimator, scikit-learn's own, and what they learn.
PAIRS = {
    "numbers": (MLPRegressor, TheirRegressor, NUMBERS),
    "counts": (partial(MLPRegressor, loss="poisson"), partial(TheirRegressor, loss="poisson"),
               np.round(np.abs(NUMBERS) * 3.0)),
    "two": (MLPClassifier, TheirClassifier, SIGNS),
    "three": (MLPClassifier, TheirClassifier, KINDS),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # of what the checks try on purpose
@parametrize_with_checks([MLPClassifier(**SMALL), MLPRegressor(**SMALL), FormulaRegressor()])
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)


def both_at_one_place(pair, **settings):
    """Our estimator and theirs with equal weights, both to go on by `fit`."""
    ours, theirs, y = pair
    found = []
    for kind in (ours, theirs):
        made = kind(max_iter=1, warm_start=True, random_state=1, tol=0.0, **settings)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            found.append(made.fit(X, y).set_params(max_iter=25))
    for layer, weights, biases in zip(
        found[0].model_.layers, found[1].coefs_, found[1].intercepts_, strict=True
    ):
        layer.weights, layer.biases = weights.T, biases
    return [*found, y]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("pair", PAIRS)
def test_full_batches_train_as_scikit_learns(pair, weighted, solver):
    """Loss by loss: so penalty, rate and momentum mean the same, with weights of samples too.

    Adam's, where `epsilon` is added to something else, but for that.
    """
    rtol = 1e-9 if solver == "sgd" else 1e-4
    weights = {"sample_weight": RNG.uniform(0.0, 3.0, 60)} if weighted else {}
    ours, theirs, y = both_at_one_place(
        PAIRS[pair], solver=solver, alpha=0.5, batch_size=60, activation="tanh",
        hidden_layer_sizes=(5, 4), learning_rate_init=0.02,
    )  # fmt: skip
    for each in (ours, theirs):
        each.fit(X, y, **weights)
    losses = np.array([each.loss_curve_[1:] for each in (ours, theirs)])
    gaps = np.diff(losses, axis=1)
    assert losses.shape == (2, 25)
    if pair == "counts":  # their losses have log(target!) in, which no weight changes
        np.testing.assert_allclose(gaps[0], gaps[1], rtol=100 * rtol, atol=rtol)
    else:
        np.testing.assert_allclose(losses[0], losses[1], rtol=rtol)
    np.testing.assert_allclose(ours.coefs_[0], theirs.coefs_[0], rtol=100 * rtol, atol=rtol)
    np.testing.assert_allclose(
        ours.intercepts_[1], theirs.intercepts_[1], rtol=100 * rtol, atol=rtol
    )
    if hasattr(theirs, "predict_proba"):
        assert ours.predict(X).tolist() == theirs.predict(X).tolist()
        np.testing.assert_allclose(
            ours.predict_proba(X), theirs.predict_proba(X), rtol=100 * rtol, atol=rtol
        )
    else:
        np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=100 * rtol, atol=rtol)


@pytest.mark.no_cover
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("load", "ours", "theirs"),
    [(load_breast_cancer, MLPClassifier, TheirClassifier),
     (load_iris, MLPClassifier, TheirClassifier),
     (load_diabetes, MLPRegressor, TheirRegressor)],
)  # fmt: skip
def test_scores_are_scikit_learns(load, ours, theirs):
    inputs, y = load(return_X_y=True)
    settings = {"max_iter": 100, "learning_rate_init": 0.02, "batch_size": 32, "alpha": 0.1}
    settings["hidden_layer_sizes"] = 8
    scores = []
    for kind in (ours, theirs):
        model = make_pipeline(StandardScaler(), kind(random_state=0, **settings))
        scores.append(cross_val_score(model, inputs, y, cv=3).mean())
    assert abs(scores[0] - scores[1]) < 0.04
    assert scores[0] > (0.93 if ours is MLPClassifier else 0.35)


def test_a_grid_is_searched_by_two_processes():
    search = GridSearchCV(
        make_pipeline(StandardScaler(), MLPClassifier((4,), random_state=0, max_iter=5)),
        {"mlpclassifier__alpha": [1e-4, 1.0], "mlpclassifier__hidden_layer_sizes": [(3,), 4]},
        cv=2, n_jobs=2,
    )  # fmt: skip
    with warnings.catch_warnings():  # of loky, about processes
        warnings.simplefilter("ignore")
        search.fit(X, SIGNS)
    assert search.best_params_["mlpclassifier__hidden_layer_sizes"] in [(3,), 4]
    assert {*search.predict(X)} <= {"yes", "no"}


@pytest.mark.no_cover
@pytest.mark.parametrize("solver", ["adam", "sgd", "rmsprop", partial(nn.optim.AdamW, eps=1e-6)])
@pytest.mark.parametrize("pair", ["numbers", "three"])
def test_a_pickle_goes_on_with_equal_bits(pair, solver):
    ours, _, y = PAIRS[pair]
    model = ours(solver=solver, max_iter=4, random_state=3, batch_size=16).fit(X, y)
    copied = pickle.loads(pickle.dumps(model))
    for each in (model, copied):
        assert each.partial_fit(X, y).n_iter_ == len(each.loss_curve_) == 5
    assert copied.predict(X).tolist() == model.predict(X).tolist()
    assert copied.loss_curve_ == model.loss_curve_
    assert not hasattr(clone(model), "model_")
    again = clone(model).fit(X, y)
    assert again.loss_curve_ == model.loss_curve_[:4]


def test_warm_start_goes_on_and_a_cold_one_begins_again():
    warm = MLPRegressor(max_iter=3, warm_start=True, random_state=0).fit(X, NUMBERS)
    first = warm.loss_curve_
    warm.fit(X, NUMBERS)
    assert warm.loss_curve_[:3] == first
    assert warm.n_iter_ == 6
    assert warm.loss_curve_[3] < first[0]
    assert warm.set_params(warm_start=False).fit(X, NUMBERS).loss_curve_ == first


def clone_with_all(model, settings):
    return copy.deepcopy(model).set_params(**settings)


def test_going_on_with_other_layers_or_classes_is_refused_and_changes_nothing():
    model = MLPClassifier(max_iter=2, warm_start=True, random_state=0).fit(X, SIGNS)
    before = model.decision_function(X).tolist()
    with pytest.raises(ValueError, match=r"'maybe', which is none of the classes 'no', 'yes'"):
        model.fit(X, ["maybe", *SIGNS[1:]])
    for other in ({"hidden_layer_sizes": (5,)}, {"activation": "tanh"}):
        with pytest.raises(ValueError, match=r"go on with \(\[100, 1\], 'relu'\); fit anew"):
            clone_with_all(model, other).fit(X, SIGNS)
    with pytest.raises(ValueError, match="none of the classes"):
        model.partial_fit(X, SIGNS, classes=["no", "yes", "maybe"])
    assert model.decision_function(X).tolist() == before


def test_partial_fit_learns_classes_that_come_later():
    model = MLPClassifier(learning_rate_init=0.01, random_state=0).partial_fit(
        X[:5], [0] * 5, classes=[0, 1, 2]
    )
    for _ in range(40):
        model.partial_fit(X, KINDS)
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.score(X, KINDS) > 0.8
    assert not hasattr(MLPClassifier(solver="lbfgs"), "partial_fit")
    assert not hasattr(MLPRegressor(early_stopping=True), "partial_fit")


def test_partial_fit_goes_on_by_what_is_set_now():
    """With the optimiser's state, as long as settings are the same."""
    for setting in ({"solver": "adam"}, {"learning_rate_init": 0.5}, {"momentum": 0.0}):
        model = MLPRegressor(solver="sgd", max_iter=2, random_state=0).fit(X, NUMBERS)
        _, before = model.partial_fit(X, NUMBERS)._optimizer
        _, same = model.partial_fit(X, NUMBERS)._optimizer
        _, other = model.set_params(**setting).partial_fit(X, NUMBERS)._optimizer
        assert same is before is not other
    model = MLPRegressor(solver="lbfgs", max_iter=2, random_state=0).fit(X, NUMBERS)
    assert model.set_params(solver="adam").partial_fit(X, NUMBERS).n_iter_ == 3


def smooth(output, target):
    return (1.0 + (output - target) ** 2) ** 0.5 - 1.0


@pytest.mark.parametrize("loss", ["huber", "absolute_error", "quantile", nn.per_sample(smooth)])
def test_a_regressor_takes_any_loss(loss):
    model = MLPRegressor(loss=loss, max_iter=300, learning_rate_init=0.01, random_state=0)
    assert model.fit(X, NUMBERS).score(X, NUMBERS) > 0.9
    given = model.model_.learnt_with
    assert given == (loss if isinstance(loss, str) else "")


def test_a_classifier_by_hinge_has_no_probabilities():
    model = MLPClassifier(loss="hinge", max_iter=200, learning_rate_init=0.01, random_state=0)
    assert model.fit(X, SIGNS).score(X, SIGNS) > 0.95
    assert not hasattr(model, "predict_proba")
    right = np.where(model.decision_function(X) > 0.0, "yes", "no")
    assert right.tolist() == model.predict(X).tolist()


def test_a_classifier_takes_a_loss_of_one_s_own_and_two_logits():
    def squares(output, place):
        return (output - (2.0 * place - 1.0)) ** 2

    for loss in (nn.per_sample(squares), "cross_entropy"):
        model = MLPClassifier(loss=loss, max_iter=200, learning_rate_init=0.01, random_state=0)
        assert model.fit(X, SIGNS).score(X, SIGNS) > 0.95
        assert model.decision_function(X).shape == (60,)


def test_poisson_predicts_rates():
    model = MLPRegressor(loss="poisson", solver="lbfgs", hidden_layer_sizes=5, random_state=0)
    model.fit(X, np.abs(NUMBERS))
    np.testing.assert_array_equal(model.predict(X), np.exp(model.model_.predict(X)))
    assert abs(model.predict(X).mean() - np.abs(NUMBERS).mean()) < 0.05


def test_several_targets_and_a_column_are_learnt():
    y = np.column_stack([NUMBERS, -2.0 * X[:, 2]])
    model = MLPRegressor(solver="lbfgs", hidden_layer_sizes=9, random_state=0).fit(X, y)
    assert model.predict(X).shape == (60, 2)
    assert model.score(X, y) > 0.95
    with pytest.warns(DataConversionWarning):
        assert MLPRegressor(max_iter=1).fit(X, NUMBERS[:, None]).predict(X).shape == (60,)


def test_early_stopping_keeps_the_best_epoch():
    model = MLPRegressor(
        early_stopping=True, n_iter_no_change=3, max_iter=400, learning_rate_init=0.01,
        random_state=0, learn_options={"callback": lambda history: seen.append(history)},
    )  # fmt: skip
    seen = []
    model.fit(X, NUMBERS)
    assert model.n_iter_ == len(seen) < 400
    assert seen[-1].stopped
    assert seen[-1].best == model.n_iter_ - 3


def test_solvers_of_least_squares_and_options_of_learn_are_reached():
    model = MLPRegressor(
        hidden_layer_sizes=4, solver="levenberg_marquardt", alpha=0.0, activation="tanh",
        max_iter=100, random_state=0,
    )  # fmt: skip
    assert model.fit(X, NUMBERS).score(X, NUMBERS) > 0.95
    rated = MLPRegressor(max_iter=3, learn_options={"schedule": lambda step: 0.0}, random_state=0)
    assert len({*rated.fit(X, NUMBERS).loss_curve_}) == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"solver": "newton"}, "unknown optimizer 'newton'"),
        ({"solver": 3}, "optimizer is a name .* and was given 3"),
        ({"activation": "step"}, "unknown activation 'step'"),
        ({"alpha": -1.0}, "alpha"),
        ({"tol": -1.0}, "tol"),
        ({"batch_size": "all"}, "batch_size is an int"),
        ({"max_iter": 0}, "max_iter must be at least 1"),
        ({"loss": "log"}, "unknown loss 'log'"),
        ({"hidden_layer_sizes": (3, 0)}, "each of nouts"),
        ({"learn_options": {"l2": 1.0}}, "l2"),
    ],
)
def test_a_parameter_out_of_its_range_is_named(settings, message):
    with pytest.raises((ValueError, TypeError), match=message):
        MLPRegressor(**settings).fit(X, NUMBERS)


@pytest.mark.parametrize("labels", [("no", "yes"), (1, 2), (0, 1), (False, True)])
def test_weights_of_classes_go_by_the_labels(labels):
    y = np.array(labels)[(X[:, 0] > 0).astype(int)]

    def fitted(**options):
        model = MLPClassifier(hidden_layer_sizes=3, max_iter=3, random_state=0, **options)
        return model.fit(X, y).loss_curve_

    weights = {labels[1]: 5.0}
    counted = np.where(y == labels[1], 5.0, 1.0)
    model = MLPClassifier(hidden_layer_sizes=3, max_iter=3, random_state=0, alpha=0.0)
    expected = model.fit(X, y, sample_weight=counted).loss_curve_
    found = fitted(alpha=0.0, learn_options={"class_weight": weights})
    assert found == pytest.approx(expected, rel=1e-12)
    with pytest.raises(ValueError, match="class_weight names 7, and the classes are"):
        fitted(learn_options={"class_weight": {7: 1.0}})


def test_a_batch_may_lack_a_class_that_has_a_weight():
    model = MLPClassifier(random_state=0, learn_options={"class_weight": {"yes": 2.0, "so": 3.0}})
    model.partial_fit(X, SIGNS, classes=["no", "so", "yes"])
    assert model.predict_proba(X).shape == (len(X), 3)


@pytest.mark.parametrize("labels", [("no", "yes"), (1, 2), (False, True)])
def test_the_network_behind_it_gives_labels_too(labels, tmp_path):
    y = np.array(labels, dtype=object if labels[0] == "no" else None)[(X[:, 0] > 0).astype(int)]
    model = MLPClassifier(hidden_layer_sizes=3, max_iter=3, warm_start=True, random_state=0)
    for _ in range(2):
        model.fit(X, y)
        model.model_.save(tmp_path / "m.safetensors")
        for network in (model.model_, nn.load(tmp_path / "m.safetensors")):
            assert network.predict(X).tolist() == model.predict(X).tolist()


@pytest.mark.parametrize("kind", ["csr_matrix", "csc_array", "coo_array"])
def test_sparse_samples_are_as_good_as_dense_ones(kind):
    sparse = getattr(pytest.importorskip("scipy.sparse"), kind)(X)
    model = MLPClassifier(hidden_layer_sizes=3, max_iter=2, random_state=0)
    expected = model.fit(X, SIGNS).predict_proba(X)
    assert np.array_equal(model.fit(sparse, SIGNS).predict_proba(sparse), expected)


def test_a_gaussian_has_two_outputs_and_its_mean_is_predicted():
    model = MLPRegressor(hidden_layer_sizes=3, loss="gaussian_nll", max_iter=5, random_state=0)
    found = model.fit(X, NUMBERS).predict(X)
    assert found.tolist() == model.model_.predict(X)[:, 0].tolist()
    with pytest.raises(ValueError, match="gaussian_nll"):
        model.fit(X, np.column_stack([NUMBERS, NUMBERS]))


def test_a_failed_fit_leaves_the_classes_of_the_one_before():
    model = MLPClassifier(max_iter=2, random_state=0).fit(X, SIGNS)
    with pytest.raises(ValueError, match="unknown optimizer"):
        model.set_params(solver="newton").fit(X, KINDS)
    assert {*model.predict(X)} <= {"yes", "no"}


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_keep_the_names_of_features(library):
    frames = pytest.importorskip(library, reason=f"needs {library}")
    frame = frames.DataFrame(dict(zip("abc", X.T, strict=True)))
    series = frames.Series(SIGNS)
    model = MLPClassifier(max_iter=2, random_state=0).fit(frame, series)
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    plain = MLPClassifier(max_iter=2, random_state=0).fit(X, SIGNS)
    assert model.predict(frame).tolist() == plain.predict(X).tolist()
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[["c", "a", "b"]])


def test_without_scikit_learn_the_error_names_the_extra_and_the_rest_works():
    program = """
import sys
sys.modules["sklearn"] = None
import autograd_lite as ag
assert ag.estimators.__name__ == "autograd_lite.estimators" and ag.grad(ag.tanh)(0.0) == 1.0
try:
    ag.estimators.MLPRegressor
except ImportError as error:
    print(error)
try:
    ag.estimators.SVC
except AttributeError as error:
    print(error)
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert 'pip install "autograd-lite[sklearn]"' in run.stdout
    assert "has no attribute 'SVC'" in run.stdout
