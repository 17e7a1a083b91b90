"""Weights of samples and classes: a sample of weight 2 counts as one given twice."""

import random

import numpy as np
import pytest

from autograd_lite import ShapeError, nn
from autograd_lite.nn.learning.sample_order import parted

PASSES = pytest.mark.parametrize("compile", [True, False])
RNG = np.random.default_rng(0)
X = RNG.standard_normal((24, 2))
NUMBERS = X @ [1.0, -2.0] + 0.1 * RNG.standard_normal(24)
CLASSES = (NUMBERS > 0.8).astype(int)  # some more of the one than of the other
COUNTS = RNG.integers(0, 4, 24)


def learn(inputs, outputs, loss="squared_error", width=1, **given):
    model = nn.MLP(2, [3, width], "tanh", seed=1)
    given = {"epochs": 5, "batch_size": None, "progress": False, "seed": 0} | given
    history = model.learn(inputs, outputs, loss, **given)
    return np.array([p.data for p in model.parameters()]), history


@PASSES
@pytest.mark.parametrize("loss", ["squared_error", "binary_cross_entropy", "cross_entropy"])
def test_a_weight_is_how_often_a_sample_is_given(loss, compile):
    """By SGD, whose steps are as long as the loss has weight."""
    targets = NUMBERS if loss == "squared_error" else CLASSES
    given = {"width": 1 + (loss == "cross_entropy"), "optimizer": "sgd", "compile": compile}
    weighted, history = learn(X, targets, loss, sample_weight=COUNTS * 0.5, **given)
    many = np.repeat(np.arange(24), COUNTS)
    repeated, twin = learn(X[many], targets[many], loss, **given)
    assert weighted == pytest.approx(repeated, rel=1e-12)
    assert history.loss == pytest.approx(twin.loss, rel=1e-12)


@PASSES
def test_weights_of_ones_change_nothing_and_their_scale_does_not_count(compile):
    plain, _ = learn(X, NUMBERS, batch_size=5, compile=compile)
    ones, _ = learn(X, NUMBERS, batch_size=5, compile=compile, sample_weight=[True] * 24)
    assert ones == pytest.approx(plain, rel=1e-13)
    found = [
        learn(X, NUMBERS, batch_size=5, compile=compile, sample_weight=COUNTS * scale)[0]
        for scale in (1.0, 1e-300, 5e307)
    ]
    assert found[1] == pytest.approx(found[0], rel=1e-12)
    assert found[2] == pytest.approx(found[0], rel=1e-12)


@PASSES
def test_weights_of_classes_are_those_of_their_samples(compile):
    given = {"compile": compile, "batch_size": 7}
    by_class, _ = learn(X, CLASSES, "binary_cross_entropy", class_weight={1: 3, 0: 0.5}, **given)
    by_sample, _ = learn(
        X, CLASSES, "binary_cross_entropy", sample_weight=np.where(CLASSES, 3, 0.5), **given
    )
    assert by_class == pytest.approx(by_sample, rel=1e-12)
    left_out, _ = learn(X, CLASSES, "binary_cross_entropy", class_weight={0: 1 / 6}, **given)
    both, _ = learn(
        X, CLASSES, "binary_cross_entropy", class_weight={1: 3},
        sample_weight=np.where(CLASSES, 1, 0.5), **given,
    )  # fmt: skip
    assert left_out == pytest.approx(by_class, rel=1e-12)
    assert both == pytest.approx(by_class, rel=1e-12)


def test_classes_are_named_by_their_labels():
    numbers, _ = learn(X, CLASSES, "cross_entropy", 2, class_weight={0: 1.0, 1: 4.0})
    for labels, weights in (
        (np.where(CLASSES, "yes", "no"), {"yes": 4.0}),
        (CLASSES.astype(bool), {True: 4.0}),
        (2 * CLASSES - 1, {-1: 0.25}),
        (np.eye(2)[CLASSES], {1: 4.0}),
    ):
        found, _ = learn(X, labels, "cross_entropy", 2, class_weight=weights)
        assert found == pytest.approx(numbers, rel=1e-12)
    with pytest.raises(ValueError, match="names 'maybe', and the labels are no, yes"):
        learn(X, np.where(CLASSES, "yes", "no"), "cross_entropy", 2, class_weight={"maybe": 1.0})


def test_a_class_of_the_model_that_no_sample_has_may_be_named():
    model = nn.MLP(2, [3, 3], "tanh", seed=1)
    model.classes_ = np.array(["maybe", "no", "yes"])
    labels = np.where(CLASSES, "yes", "no")
    given = {"loss": "cross_entropy", "epochs": 2, "progress": False}
    model.learn(X, labels, class_weight={"maybe": 3.0, "yes": 2.0}, **given)
    with pytest.raises(ValueError, match="names 'never', and the labels are maybe, no, yes"):
        model.learn(X, labels, class_weight={"never": 3.0}, **given)


def test_balanced_is_scikit_learns():
    utils = pytest.importorskip("sklearn.utils.class_weight", reason="needs scikit-learn")
    theirs = utils.compute_sample_weight("balanced", CLASSES)
    ours, _ = learn(X, CLASSES, "binary_cross_entropy", class_weight="balanced")
    twin, _ = learn(X, CLASSES, "binary_cross_entropy", sample_weight=theirs)
    assert ours == pytest.approx(twin, rel=1e-12)


def test_a_weighted_step_is_pytorchs():
    torch = pytest.importorskip("torch", reason="needs the extra oracle")
    model = nn.Layer(2, 3, "linear", seed=1)
    labels = np.arange(24) % 3
    weights = torch.tensor([1.0, 2.0, 5.0], dtype=torch.float64)
    before = {name: torch.tensor(w, requires_grad=True) for name, w in model.state_dict().items()}
    rows = [before[f"neurons.{k}.w"] for k in range(3)]
    outputs = torch.tensor(X) @ torch.stack(rows).T + torch.stack(
        [before[f"neurons.{k}.b"] for k in range(3)]
    )
    loss = torch.nn.functional.cross_entropy(outputs, torch.tensor(labels), weight=weights)
    loss.backward()
    history = model.learn(
        X, labels, "cross_entropy", "sgd", 0.1, epochs=1, batch_size=None, progress=False,
        class_weight={0: 1.0, 1: 2.0, 2: 5.0},
    )  # fmt: skip
    assert history.loss == pytest.approx([loss.item()], rel=1e-12)
    for name, numbers in model.state_dict().items():
        moved = (before[name] - 0.1 * before[name].grad).detach().numpy()
        assert numbers == pytest.approx(moved, rel=1e-12), name


@PASSES
def test_samples_of_weight_0_are_as_good_as_not_there(compile):
    """Where a share is held out, too: its loss is the mean over those that count."""
    weights = np.arange(24) % 2 * 2.0
    wild = np.where(weights, NUMBERS, 1e6)
    given = {"validation": 0.25, "batch_size": None, "compile": compile, "sample_weight": weights}
    tame, expected = learn(X, NUMBERS, **given)
    found, history = learn(X, wild, **given)
    assert found == pytest.approx(tame, rel=1e-12)
    assert history.validation_loss == pytest.approx(expected.validation_loss, rel=1e-12)


@PASSES
def test_weights_have_mean_1_over_the_samples_learnt_from(compile):
    """And apart from that over those held out; the loss of validation knows no classes' weights."""
    learnt, held = parted(24, 0.25, random.Random(0))
    weights = COUNTS + 1.0
    still = {"optimizer": "sgd", "learning_rate": 0.0, "epochs": 1, "compile": compile}
    model = nn.MLP(2, [3, 1], "tanh", seed=1)
    errors = (model.predict(X) - CLASSES) ** 2
    _, history = learn(X, CLASSES, validation=0.25, sample_weight=weights, **still)
    learnt, held = np.array(learnt), np.array(held)
    assert history.loss == pytest.approx([np.average(errors[learnt], weights=weights[learnt])])
    assert history.validation_loss == pytest.approx(
        [np.average(errors[held], weights=weights[held])]
    )
    for validation in (0.25, (X, CLASSES)):
        plain, weighted = (
            learn(X, CLASSES, "binary_cross_entropy", validation=validation, class_weight=by,
                  **still)[1] for by in (None, {0: 0.0})
        )  # fmt: skip
        assert plain.validation_loss == pytest.approx(weighted.validation_loss, rel=1e-14)
        assert plain.loss != weighted.loss


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"sample_weight": [1.0] * 23}, ShapeError, r"each of 24 samples, .* \(23,\)"),
        ({"sample_weight": np.ones((24, 1))}, ShapeError, r"\(24, 1\)"),
        ({"sample_weight": 1.0}, ShapeError, r"\(\)"),
        ({"sample_weight": [1.0] * 23 + [-1.0]}, ValueError, r"number 23 is -1\.0"),
        ({"sample_weight": [np.nan] + [1.0] * 23}, ValueError, "number 0 is nan"),
        ({"sample_weight": [np.inf] + [1.0] * 23}, ValueError, "number 0 is inf"),
        ({"sample_weight": [0] * 24}, ValueError, "all samples to learn from are 0"),
        ({"sample_weight": ["1"] * 24}, TypeError, "sample_weight holds"),
        ({"sample_weight": np.ma.masked_array(np.ones(24), [1] * 24)}, TypeError, "mask"),
        ({"class_weight": "even"}, TypeError, 'is "balanced" or a dict'),
        ({"class_weight": [1, 2]}, TypeError, 'is "balanced" or a dict'),
        ({"class_weight": {0: 1.0, 2: 1.0}}, ValueError, "names 2, and the labels are 0, 1"),
        ({"class_weight": {0: -1.0}}, ValueError, r"class_weight\[0\] must be at least 0"),
        ({"class_weight": {0: "1"}}, TypeError, "1"),
        ({"class_weight": {0: 0.0, 1: 0.0}}, ValueError, "all samples to learn from are 0"),
        ({"class_weight": {0: 1.0}, "loss": "squared_error"}, ValueError, "a loss of classes"),
        (
            {"sample_weight": np.ones(24), "loss": lambda o, t: o[0] * 1.0}, ValueError,
            "cannot have weights",
        ),
    ],
)  # fmt: skip
def test_other_weights_are_refused_before_anything_is_learnt(given, kind, said):
    model = nn.MLP(2, [1], seed=1)
    before = [p.data for p in model.parameters()]
    with pytest.raises(kind, match=said):
        model.learn(X, CLASSES, **{"loss": "binary_cross_entropy", "progress": False} | given)
    assert [p.data for p in model.parameters()] == before


def test_samples_held_out_need_a_weight_that_is_not_0():
    weights = np.zeros(24)
    learnt, _ = parted(24, 0.25, random.Random(0))
    weights[np.array(learnt)] = 1.0
    with pytest.raises(ValueError, match="all samples to validate on are 0"):
        learn(X, NUMBERS, validation=0.25, sample_weight=weights)
    two = np.column_stack([CLASSES, CLASSES])
    with pytest.raises(ShapeError, match="one label per sample, and these have 2 targets"):
        learn(X, two, "binary_cross_entropy", 2, class_weight={0: 1.0})
