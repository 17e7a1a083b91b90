"""Labels of classes: what `learn` takes, what a model keeps, and what it gives back."""

import copy
import json
import math
import pickle
import random

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import ModelFileError, ShapeError, Value, nn

X = np.linspace(-1.0, 1.0, 12)
SIDES = (X > 0.0) * 1
THIRDS = np.digitize(X, [-0.4, 0.4])
PASSES = pytest.mark.parametrize("compile", [None, False])


def learn(model, labels, loss, **options):
    given = {"epochs": 60, "learning_rate": 0.1, "seed": 1, "progress": False}
    return model.learn(X, labels, loss, **{**given, **options})


def network(k=1):
    return nn.MLP(1, [4, k], "tanh", seed=1)


#: Labels for two classes, as people write them.
TWO = {
    "list of texts": ["no" if x < 0.0 else "yes" for x in X],
    "array of texts": np.array(["a", "b"])[SIDES],
    "objects": np.array(["no", "yes"], dtype=object)[SIDES],
    "booleans": X > 0.0,
    "list of booleans": (X > 0.0).tolist(),
    "1 and 2": SIDES + 1,
    "large": SIDES * 7 - 4,
    "floats": SIDES * 2.0 + 1.0,
    "bytes of 8 bits": (SIDES + 3).astype(np.int8),
    "column": np.array([["no"], ["yes"]])[SIDES],
}
THREE = {
    "texts": np.array(["low", "middle", "top"])[THIRDS],
    "1 to 3": (THIRDS + 1).tolist(),
    "any": np.array([-5, 0, 30])[THIRDS],
    "one-hot": np.eye(3)[THIRDS],
    "one-hot booleans": np.eye(3, dtype=bool)[THIRDS],
    "one-hot list": np.eye(3, dtype=int)[THIRDS].tolist(),
}


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "hinge"])
@pytest.mark.parametrize("kind", [*TWO, "-1 and 1", "0 and 1"])
def test_two_classes_are_learnt_as_their_targets_are_and_given_back(kind, loss):
    usual = {"binary_cross_entropy": "0 and 1", "hinge": "-1 and 1"}[loss]
    plain = {"0 and 1": SIDES, "-1 and 1": 2 * SIDES - 1}
    labels = {**TWO, **plain}[kind]
    model, twin = network(), network()
    history = learn(model, labels, loss)
    same = learn(twin, plain[usual], loss)
    assert history.loss == same.loss
    assert twin.classes_ is None
    np.testing.assert_array_equal(model.decision_function(X), twin.predict(X))
    if kind == usual:
        assert model.classes_ is None
        np.testing.assert_array_equal(model.predict(X), twin.predict(X))
        return
    flat = np.ravel(labels)
    assert model.classes_.tolist() == np.unique(flat.tolist()).tolist()
    assert model.predict(X).tolist() == flat.tolist()


@pytest.mark.parametrize("kind", [*THREE, "0 to 2"])
def test_three_classes_are_learnt_as_their_indices_are_and_given_back(kind):
    labels = {**THREE, "0 to 2": THIRDS}[kind]
    model, twin = network(3), network(3)
    same = learn(twin, THIRDS, "cross_entropy")
    assert learn(model, labels, "cross_entropy").loss == same.loss
    np.testing.assert_array_equal(model.decision_function(X), twin.predict(X))
    if kind == "0 to 2":
        assert model.classes_ is None
        assert model.predict(X).shape == (12, 3)
        return
    flat = THIRDS.tolist() if "one-hot" in kind else np.ravel(labels).tolist()
    assert model.classes_.tolist() == [*sorted({*flat})]
    assert model.predict(X).tolist() == flat


def test_probabilities_are_the_sigmoid_and_the_softmax_of_the_outputs():
    special = pytest.importorskip("scipy.special", reason="SciPy is not installed")
    two, three = network(), network(3)
    learn(two, TWO["list of texts"], "binary_cross_entropy")
    learn(three, THIRDS, "cross_entropy")
    shares = special.expit(two.decision_function(X))
    np.testing.assert_allclose(two.predict_proba(X), np.stack([1 - shares, shares], 1), rtol=1e-12)
    outputs = three.predict(X)
    np.testing.assert_allclose(three.predict_proba(X), special.softmax(outputs, axis=1), rtol=1e-12)
    np.testing.assert_allclose(three.predict_proba(X).sum(axis=1), 1.0, rtol=1e-14)


def test_probabilities_of_large_outputs_keep_their_digits():
    model = nn.Neuron(1, "linear", seed=1)
    learn(model, SIDES, "binary_cross_entropy", epochs=1)
    model.w[0].data, model.b.data = 1.0, 0.0
    np.testing.assert_allclose(model.predict_proba([-50.0, 800.0]),
                               [[1.0, math.exp(-50.0)], [0.0, 1.0]], rtol=1e-14)  # fmt: skip


def test_several_outputs_of_two_classes_have_a_probability_each():
    targets = np.stack([SIDES, 1 - SIDES, SIDES], axis=1)
    for given in (targets, targets > 0):
        model = network(3)
        learn(model, given, "binary_cross_entropy", epochs=300)
        assert model.classes_ is None
        assert ((model.predict_proba(X) > 0.5) == (targets > 0)).all()


@pytest.mark.parametrize(
    "loss", ["hinge", "squared_error", nn.per_sample(lambda o, t: (o - t) ** 2)]
)
def test_other_losses_have_no_probabilities(loss):
    model = network()
    message = (
        r"learn with loss='binary_cross_entropy' or 'cross_entropy', and this MLP has learnt by"
    )
    with pytest.raises(ValueError, match=f"{message} no loss"):
        model.predict_proba(X)
    learn(model, 2 * SIDES - 1, loss, epochs=1)
    with pytest.raises(ValueError, match=message):
        model.predict_proba(X)


# --- learning again -------------------------------------------------------------------------------


def test_learning_again_takes_some_of_the_classes_and_no_others():
    model = network(3)
    learn(model, THREE["texts"], "cross_entropy", epochs=1)
    model.learn([0.0, 1.0], ["low", "low"], "cross_entropy", epochs=1, progress=False)
    assert model.classes_.tolist() == ["low", "middle", "top"]
    before = model.state_dict()
    for labels, told in ((["low", "high"], "number 1 is 'high'"), ([1, 2], "number 0 is 1")):
        with pytest.raises(ValueError, match=f"{told}, which is none of the classes 'low', 'midd"):
            model.learn([0.0, 1.0], labels, "cross_entropy", progress=False)
    np.testing.assert_equal(model.state_dict(), before)
    model.classes_ = None
    learn(model, np.array(["x", "y", "z"])[THIRDS], "cross_entropy", epochs=1)
    assert model.classes_.tolist() == ["x", "y", "z"]


def test_booleans_and_one_hot_rows_go_on_as_numbers_and_indices():
    model = network()
    learn(model, X > 0, "binary_cross_entropy", epochs=1)
    learn(model, SIDES, "binary_cross_entropy", epochs=1)
    assert model.classes_.tolist() == [False, True]
    model = network(3)
    learn(model, THREE["texts"], "cross_entropy", epochs=1)
    learn(model, THREE["one-hot"], "cross_entropy")
    assert model.predict(X).tolist() == THREE["texts"].tolist()


def test_one_kind_of_boolean_is_one_of_two_classes():
    model = network()
    learn(model, [True] * 12, "binary_cross_entropy")
    assert model.classes_.tolist() == [False, True]
    assert model.predict(X).tolist() == [True] * 12


def test_another_kind_of_loss_forgets_the_classes():
    model = network()
    learn(model, TWO["list of texts"], "hinge", epochs=1)
    assert (model.learnt_with, model.classes_.tolist()) == ("hinge", ["no", "yes"])
    learn(model, TWO["list of texts"], "binary_cross_entropy", epochs=1)
    assert (model.learnt_with, model.classes_.tolist()) == ("binary_cross_entropy", ["no", "yes"])
    learn(model, X, "squared_error", epochs=1)
    assert (model.learnt_with, model.classes_) == ("squared_error", None)
    learn(
        model, X, lambda o, t: ag.mean([(a - b) ** 2 for a, b in zip(o, t, strict=True)]), epochs=1
    )
    assert (model.learnt_with, model.classes_) == ("", None)


@PASSES
def test_validation_is_by_the_same_classes(compile):
    model = network()
    labels = TWO["list of texts"]
    history = learn(model, labels, "binary_cross_entropy", validation=(X[-3:], labels[-3:]),
                    compile=compile)  # fmt: skip
    assert history.validation_metrics["accuracy"][-1] == 1.0
    with pytest.raises(ValueError, match="validation outputs: number 0 is 'maybe', which is none"):
        learn(network(), labels, "hinge", validation=(X, ["maybe"] * 12))
    with pytest.raises(ValueError, match="0 or 1, and number 0 is -1"):
        learn(network(), SIDES, "binary_cross_entropy", validation=(X, 2 * SIDES - 1))
    shared = learn(network(), labels, "hinge", validation=0.25, epochs=2)
    assert len(shared.validation_loss) == 2


def test_weights_of_classes_go_by_labels():
    found = []
    for labels, weights in ((TWO["list of texts"], {"yes": 3.0}), (SIDES, {1: 3.0})):
        model = network()
        found.append(learn(model, labels, "binary_cross_entropy", class_weight=weights).loss)
    assert found[0] == found[1]


# --- what is told ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "loss", "k", "error", "message"),
    [
        (["a"] * 12, "hinge", 1, ValueError, "all outputs are 'a', so that there is nothing to"),
        ([3] * 12, "cross_entropy", 3, ValueError, "all outputs are 3, so that there is nothing"),
        (THREE["texts"], "hinge", 1, ShapeError,
         r"there are 3 classes \('low', 'middle', 'top'\).* loss='cross_entropy' and 3 outputs"),
        (TWO["objects"], "binary_cross_entropy", 2, ShapeError, "gives 2 outputs; take one output"),
        (THREE["texts"], "cross_entropy", 2, ShapeError,
         "there are 3 classes .* gives 2 outputs; make its last layer one of 3 neurons"),
        (THIRDS + 2, "cross_entropy", 4, ShapeError, r"3 classes \(2, 3, 4\)"),
        (np.eye(3)[THIRDS], "cross_entropy", 4, ShapeError, r"3 classes .* gives 4 outputs"),
        (np.eye(3)[THIRDS] * 0.5, "cross_entropy", 3, ShapeError, "one-hot rows.* row 0 is .0.5"),
        (np.ones((12, 3)), "cross_entropy", 3, ShapeError, r"row 0 is \[1.0, 1.0, 1.0\]"),
        (np.full((12, 2), "a"), "cross_entropy", 2, ShapeError, "one-hot rows"),
        (np.full((12, 2), "a"), "hinge", 2, ShapeError, "give one label per sample"),
        (["a", None] * 6, "hinge", 1, TypeError, "texts, such as 'a', but number 1 is NoneType"),
        (["a", 1] * 6, "cross_entropy", 2, TypeError, "number 1 is int: 1"),
        (["a", math.nan] * 6, "hinge", 1, TypeError, "but number 1 is float: nan"),
        ([None, True] * 6, "hinge", 1, TypeError, "plain numbers"),
        ([0.0, math.nan] * 6, "hinge", 1, ValueError, "sample 1 is nan"),
        ([0.0, math.inf] * 6, "hinge", 1, ValueError, "sample 1 is inf"),
        ([0.25, 0.5] * 6, "hinge", 1, ValueError, "-1 or 1, and number 0 is 0.25"),
        ([0.5, 1.5] * 6, "cross_entropy", 2, ValueError, "number 0 is 0.5"),
        ([b"a", b"b"] * 6, "hinge", 1, TypeError, "plain numbers"),
        ([1j, 2] * 6, "hinge", 1, TypeError, "plain numbers"),
        (np.ma.masked_equal(SIDES, 1), "hinge", 1, TypeError, "mask"),
        ([[1], [2, 3]], "hinge", 1, ShapeError, "equal length"),
        ([], "hinge", 1, ShapeError, "empty"),
        ("ab", "hinge", 1, TypeError, "text"),
        (["a", "b"] * 5, "hinge", 1, ShapeError, "12 inputs and 10 outputs"),
    ],
)  # fmt: skip
def test_what_is_no_set_of_labels_is_told_before_anything_changes(labels, loss, k, error, message):
    model = network(k)
    before = model.state_dict()
    with pytest.raises(error, match=message):
        learn(model, labels, loss)
    np.testing.assert_equal(model.state_dict(), before)
    assert (model.classes_, model.learnt_with) == (None, "")


def test_numbers_of_any_kind_that_are_targets_stay_that():
    for labels in ([True, 0] * 6, [np.float32(1.0), 0] * 6, SIDES.astype(np.uint8)):
        model = network()
        learn(model, labels, "binary_cross_entropy", epochs=1)
        assert model.classes_ is None
    model = network(3)
    learn(model, [0, 2] * 6, "cross_entropy", epochs=1)
    assert model.classes_ is None


def test_an_output_that_is_nan_is_of_no_class():
    class Log(nn.Module):
        def __init__(self):
            self.w = Value(1.0)

        def __call__(self, x):
            return ag.log(self.w * x[0])

    model = Log()
    model.learn([1.0, 2.0], ["a", "b"], "hinge", epochs=1, progress=False)
    assert model.predict([0.5, 2.0]).tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="for sample 1 this Log gives nan, which stands for no cl"):
        model.predict([0.5, -1.0])


def test_a_module_of_ones_own_that_draws_is_called_once_more_for_labels_alone():
    class Noisy(nn.Module):
        def __init__(self):
            self.w = Value(1.0)

        def __call__(self, x):
            return self.w * x[0] + random.random()

    def state(labels):
        random.seed(1)
        Noisy().learn([1.0, 2.0], labels, "hinge", epochs=1, progress=False, seed=2)
        return random.getstate()

    assert state([-1, 1]) != state(["a", "b"])


# --- copies and files -----------------------------------------------------------------------------


@pytest.mark.parametrize("compile", [True, False])
@pytest.mark.parametrize("step", [1, 3])
def test_an_error_before_the_first_step_leaves_the_classes(step, compile):
    """As it leaves the parameters; after a step, the classes are those that it learnt."""
    model, steps = network(), iter(range(1, 9))

    def rate(number):
        if next(steps) == step:
            raise ZeroDivisionError
        return 1.0

    with pytest.raises(ZeroDivisionError):
        learn(model, TWO["list of texts"], "binary_cross_entropy", schedule=rate, compile=compile)
    former = (None, "") if step == 1 else (["no", "yes"], "binary_cross_entropy")
    found = model.classes_ if model.classes_ is None else model.classes_.tolist()
    assert (found, model.learnt_with) == former


@pytest.mark.parametrize("kind", [*TWO])
def test_copies_pickles_and_files_keep_classes(kind, tmp_path):
    model = network()
    learn(model, TWO[kind], "binary_cross_entropy", epochs=2)
    model.save(tmp_path / "m.safetensors")
    other = network()
    other.load(tmp_path / "m.safetensors")
    twins = [copy.deepcopy(model), pickle.loads(pickle.dumps(model)), other,
             nn.load(tmp_path / "m.safetensors")]  # fmt: skip
    for twin in twins:
        assert twin.classes_.tolist() == model.classes_.tolist()
        assert {*map(type, twin.classes_.tolist())} == {*map(type, model.classes_.tolist())}
        assert twin.predict(X).tolist() == model.predict(X).tolist()
        np.testing.assert_array_equal(twin.predict_proba(X), model.predict_proba(X))


def test_a_file_without_them_makes_a_model_forget_its_own(tmp_path):
    network().save(tmp_path / "old.safetensors")
    assert b"learnt" not in (tmp_path / "old.safetensors").read_bytes()
    model = network()
    learn(model, X > 0, "hinge", epochs=1)
    model.load(tmp_path / "old.safetensors")
    assert (model.classes_, model.learnt_with) == (None, "")


@pytest.mark.parametrize(
    "learnt",
    [
        7, {"loss": 3}, {"loss": "mine"}, {"classes": "ab"}, {"classes": ["b", "a"]},
        {"classes": ["a", 1]}, {"classes": ["a", "a"]}, {"classes": [None, None]},
        {"classes": ["a"]}, {"classes": []}, {"classes": [["a"], ["b"]]}, {"loss": ["hinge"]},
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_refused(learnt, tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    model, path = network(), tmp_path / "m.safetensors"
    model.save(path)
    text = json.dumps({"version": 1, "module": model.describe(), "extra": {}, "learnt": learnt})
    path.write_bytes(safetensors.save(model.state_dict(), metadata={"autograd_lite": text}))
    for load in (nn.load, network().load):
        with pytest.raises(ModelFileError, match=r"m\.safetensors: .*learn"):
            load(path)


def test_classes_that_do_not_fit_the_outputs_are_told():
    model = network()
    learn(model, SIDES, "binary_cross_entropy")
    model.classes_ = np.array(["a", "b", "c"])
    for ask in (model.predict, model.predict_proba):
        with pytest.raises(ShapeError, match="outputs for 2 classes, and its classes_ are 3"):
            ask(X)


def test_classes_of_a_training_loop_of_ones_own_may_be_set(tmp_path):
    model = network()
    learn(model, SIDES, "binary_cross_entropy")
    model.classes_ = ["no", "yes"]
    assert model.predict(X).tolist() == TWO["list of texts"]
    assert model.learnt_with == "binary_cross_entropy"
    other = network()
    other.classes_ = [1, 2]
    other.save(tmp_path / "m.safetensors")
    assert nn.load(tmp_path / "m.safetensors").classes_.tolist() == [1, 2]
    for wrong in (["yes", "no"], ["a"], "ab", 3, [1, "a"], [0.0, math.nan], [["a", "b"]]):
        with pytest.raises(ValueError, match="two labels or more"):
            model.classes_ = wrong


# --- beside learn ---------------------------------------------------------------------------------


def test_the_search_for_a_learning_rate_takes_labels():
    found = [
        nn.find_learning_rate(network(), X, labels, loss="hinge", seed=1).losses
        for labels in (TWO["list of texts"], 2 * SIDES - 1)
    ]
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("n", [2, 5])
def test_a_checkpoint_goes_on_with_labels_to_equal_bits(n, tmp_path):
    labels, found = TWO["list of texts"], []
    for stops in ([], [n]):
        model, folder = network(), tmp_path / str(len(stops))
        for stop in [*stops, 99]:
            history = learn(model, labels, "hinge", epochs=8, checkpoint=folder, resume=stop != n,
                            callback=lambda h, stop=stop: len(h) >= stop, l2=0.01)  # fmt: skip
            if stop == n:
                model = network()
        found.append([history.loss, model.state_dict(), model.predict(X).tolist()])
    np.testing.assert_equal(*found)


def test_a_recorder_takes_labels_and_its_models_give_outputs():
    model = network()
    labels = TWO["list of texts"]
    learn(model, labels, "hinge", epochs=1)  # so that the model knows classes already
    recorder = nn.Recorder(model, X, labels, loss="hinge")
    history = learn(model, labels, "hinge", epochs=2, callback=recorder, batch_size=None)
    assert recorder.losses()[:-1] == pytest.approx(history.loss, rel=1e-12)
    assert recorder.outputs.tolist() == (2 * SIDES - 1).tolist()
    np.testing.assert_array_equal(recorder.model_at(2).predict(X), model.decision_function(X))
