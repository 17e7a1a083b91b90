"""Predicting by programs over rows: as exact as promised, and never out of date."""

import copy
import gc
import itertools
import os
import pickle
import weakref

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import AnomalyError, ProgramError, ShapeError, Value, nn
from autograd_lite.nn import predictions
from autograd_lite.ops import TABLE

X = np.random.default_rng(3).uniform(0.1, 0.9, size=(40, 3))
ACTIVATIONS = ["linear", *[row.name for row in TABLE.values() if row.public and row.arity == 1]]


def by_graph(model, inputs):
    """The outputs of a call for each row."""
    found = [model(row) for row in np.asarray(inputs, dtype=float).tolist()]
    return np.array([[o.data for o in out] if isinstance(out, list) else out.data for out in found])


def network(*sizes, activation="tanh", seed=1):
    return nn.MLP(3, sizes or (5, 2), activation, seed=seed)


def assert_seen(model):
    """Predictions are those of the model as it is now."""
    np.testing.assert_allclose(model.predict(X), by_graph(model, X), rtol=1e-12, atol=1e-14)


# --- how exact ---


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_predictions_are_those_of_a_call_within_rounding(name, outputs):
    """A function of the C library is within 4 ulp, and weights of at most 1 do not magnify that.

    In the hidden layer its arguments lie inside of the domain of all, where it is well conditioned.
    """
    model = nn.MLP(3, [4, outputs], name, seed=2)
    for neuron in model.layers[0].neurons:
        low, high = (-0.9, 0.9) if name == "linear" else TABLE[name].domain[0]
        neuron.b.data = 0.5 * (max(low, -1e3) + min(high, 1e3))
        for w in neuron.w:
            w.data *= 0.05
    right = by_graph(model, X)
    assert np.isfinite(right).all()
    scale = max(1.0, max(abs(h.data) for row in X for h in model.layers[0](row)))
    np.testing.assert_allclose(model.predict(X), right, rtol=1e-12, atol=1e-14 * scale)


@pytest.mark.parametrize("name", ["relu", "linear", "square", "absolute"])
def test_arithmetic_alone_gives_the_bits_of_a_call(name):
    model = network(6, 2, activation=name)
    assert model.predict(X).tolist() == by_graph(model, X).tolist()


@pytest.mark.parametrize(
    ("loss", "outputs"),
    [("squared_error", 2), ("absolute_error", 1), ("hinge", 1), ("binary_cross_entropy", 1),
     ("cross_entropy", 3)],
)  # fmt: skip
def test_what_was_learnt_is_predicted(loss, outputs):
    model = network(5, outputs)
    model.predict(X[:1])
    before = model.predict(X)
    targets = np.arange(40) % 2 if outputs < 2 else np.arange(40) % 3
    if loss == "squared_error":
        targets = X[:, :2]
    model.learn(X, 2 * targets - 1 if loss == "hinge" else targets, loss, epochs=2, progress=False)
    assert (model.predict(X) != before).all()
    assert_seen(model)


def test_a_row_has_the_same_bits_whatever_is_beside_it(monkeypatch):
    """Alone, in a chunk, among many, in any layout, and whoever computes it."""
    model = network(7, 5, 2)
    rows = np.random.default_rng(0).normal(size=(70_000, 3))
    right = model.predict(rows)
    assert right.shape == (70_000, 2)
    assert right.flags.c_contiguous
    for chunk, threads in itertools.product((1_000, 2**17), (1, 2, 7)):
        monkeypatch.setattr(predictions, "_ROWS_AT_A_TIME", chunk)
        monkeypatch.setattr(os, "cpu_count", lambda threads=threads: threads)
        assert np.array_equal(model.predict(rows), right)
    assert np.array_equal(model.predict(np.asfortranarray(rows)), right)
    assert np.array_equal(model.predict(rows[::-1])[::-1], right)
    for i in (0, 1, 127, 4_095, 69_999):
        assert model.predict(rows[i : i + 1]).tolist() == right[i : i + 1].tolist()
    small = rows[:500].astype(np.float32)
    assert np.array_equal(model.predict(small), model.predict(small.astype(np.float64)))
    whole = np.arange(12).reshape(4, 3)
    assert np.array_equal(model.predict(whole), model.predict(whole.tolist()))


# --- what has changed since ---


def test_numbers_set_by_hand_are_seen():
    model = network()
    model.predict(X)
    kept = vars(model)["_kept_programs"]
    model.layers[1].neurons[0].b.data = 3.0
    assert_seen(model)
    model.load_state_dict(network(seed=5).state_dict())
    assert_seen(model)
    assert vars(model)["_kept_programs"] is kept


CHANGES = {
    "an activation": lambda m: setattr(m.layers[0].neurons[1], "activation", "sigmoid"),
    "a weight": lambda m: m.layers[0].neurons[0].w.__setitem__(1, Value(0.75)),
    "a list of weights": lambda m: setattr(m.layers[0].neurons[0], "w", [Value(0.5)] * 3),
    "a bias": lambda m: setattr(m.layers[0].neurons[0], "b", Value(2.0)),
    "a shared weight": lambda m: m.layers[0].neurons[0].w.__setitem__(0, m.layers[1].neurons[0].b),
    "a layer more": lambda m: m.layers.append(nn.Layer(2, 3, "tanh", seed=4)),
    "a layer in place of another": lambda m: m.layers.__setitem__(0, nn.Layer(3, 5, "exp", seed=4)),
    "a neuron less": lambda m: m.layers[1].neurons.pop(),
    "neurons in another order": lambda m: m.layers[1].neurons.reverse(),
    "a number for a weight": lambda m: m.layers[0].neurons[0].w.__setitem__(1, 0.25),
    "a computed weight": lambda m: m.layers[0].neurons[0].w.__setitem__(1, Value(3.0) * 0.1),
    "a part of one's own": lambda m: m.layers.append(Twice()),
}


class Twice(nn.Module):
    def __call__(self, x):
        return [2.0 * each for each in x]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_structure_is_seen(change):
    model = network()
    before = model.predict(X)
    change(model)
    assert_seen(model)
    assert model.predict(X).shape != before.shape or (model.predict(X) != before).any()


def test_the_number_of_a_computed_weight_is_seen():
    model, x = network(), Value(3.0)
    weight = model.layers[0].neurons[0].w[1] = x * 0.1
    assert_seen(model)
    x.data = -7.0
    weight.refresh()
    assert_seen(model)


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_copies_predict_by_themselves(copied):
    model = network()
    before = model.predict(X)
    other = copied(model)
    assert np.array_equal(other.predict(X), before)
    other.layers = network(4, 2, seed=9).layers
    assert_seen(other)
    assert np.array_equal(model.predict(X), before)


def test_a_model_is_freed_with_its_program():
    model = network()
    model.predict(X)
    ref = weakref.ref(model)
    del model
    gc.collect()
    assert ref() is None


def test_a_part_may_refer_to_its_whole():
    model = network()
    right = model.predict(X)
    model.layers[0].owner = model
    assert np.array_equal(model.predict(X), right)
    other = network()
    other.layers[0].owner = other
    assert np.array_equal(other.predict(X), right)


@pytest.mark.parametrize("model", [
    nn.Neuron(3, "tanh", seed=1), nn.Layer(3, 2, "sigmoid", seed=1),
    nn.Sequential(nn.Layer(3, 2, "tanh", seed=1), network(2).__class__(2, [2, 1], seed=2)),
], ids=repr)  # fmt: skip
def test_every_part_predicts(model):
    for _ in range(2):
        assert_seen(model)


# --- who is asked ---


def test_a_module_of_ones_own_is_called_for_each_row():
    """It may draw random numbers, or do more than compute."""
    seen = []

    class Own(nn.MLP):
        def __call__(self, x):
            seen.append(x)
            return super().__call__(x)

    model = Own(3, [2, 1], "tanh", seed=1)
    assert model.predict(X).tolist() == by_graph(model, X).tolist()
    assert seen[:40] == X.tolist()
    assert "_outputs" not in vars(model)


def test_rows_of_whole_numbers_reach_a_module_of_ones_own_as_floats():
    class Kind(nn.Module):
        def __call__(self, x):
            assert {*map(type, x)} == {float}
            return Value(1.0)

    for rows in (np.arange(3), [[1, 2]], np.float32([1.0, 2.0]), [True]):
        assert Kind().predict(rows).tolist() == [1.0] * len(rows)


def test_inside_detect_anomaly_every_node_is_looked_at():
    model = network(2, 1, activation="log")
    for p in model.parameters():
        p.data = -1.0
    assert np.isnan(model.predict(X)).all()
    with ag.detect_anomaly(), pytest.raises(AnomalyError):
        model.predict(X)


def test_a_prediction_is_no_part_of_a_program():
    model = network(2, 1)
    with pytest.raises(ProgramError, match="bake"):
        ag.compile(lambda m, x: x * m.predict([[1.0, 2.0, 3.0]])[0])(model, 2.0)


def test_wrong_widths_are_refused_before_and_after_right_ones():
    model = network()
    for _ in range(2):
        with pytest.raises(ShapeError, match="this MLP takes 3 inputs and was given 2"):
            model.predict(X[:, :2])
        assert_seen(model)


# --- learning from arrays ---


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int32, np.int8, bool, np.longdouble])
@pytest.mark.parametrize("compile", [False, True])
def test_arrays_of_any_kind_and_layout_teach_what_floats_do(kind, compile):
    inputs = (np.arange(60).reshape(20, 3) * 7 % 5).astype(kind)
    targets = inputs[:, 0] > 1
    found = []
    for rows in (inputs.tolist(), inputs, np.asfortranarray(inputs), np.repeat(inputs, 2, 0)[::2]):
        model = network(3, 1)
        copies = [rows.copy(), targets.copy()] if isinstance(rows, np.ndarray) else []
        history = model.learn(
            rows, targets, "binary_cross_entropy", epochs=2, batch_size=7, validation=0.2, seed=1,
            compile=compile, progress=False,
        )  # fmt: skip
        found.append((history.loss, history.metrics, history.validation_metrics))
        if copies:
            assert np.array_equal(copies[0], rows)
            assert np.array_equal(copies[1], targets)
    assert all(each == found[0] for each in found)


def test_a_number_that_only_a_longer_float_can_hold_is_refused():
    if np.finfo(np.longdouble).max == np.finfo(np.float64).max:
        pytest.skip("a long double is a double here")
    with pytest.raises(ValueError, match="inputs: sample 1"):
        network(1).predict(np.array([[1] * 3, [np.longdouble("1e4000")] * 3]))


@pytest.mark.parametrize(("loss", "k"), [
    ("hinge", 1), ("hinge", 3), ("binary_cross_entropy", 1), ("binary_cross_entropy", 3),
    ("cross_entropy", 3), ("cross_entropy", 7),
])  # fmt: skip
@pytest.mark.parametrize("batch_size", [None, 6])
def test_accuracies_of_programs_are_those_of_predictions_to_the_bit(loss, k, batch_size):
    """That of an epoch is the mean over batches, here of a model that stands still."""
    rng = np.random.default_rng(k)
    targets = rng.integers(2, size=(40, k))
    targets = {"hinge": 2 * targets - 1, "cross_entropy": rng.integers(k, size=40)}.get(
        loss, targets
    )
    model = network(4, k)
    outputs = model.predict(X).reshape(40, k)
    if loss == "cross_entropy":
        right = (outputs.argmax(axis=1) == targets).reshape(40, 1)
    else:
        right = (outputs > 0.0) == (targets > 0)
    sums, step = 0.0, batch_size or 40
    optimizer = nn.optim.SGD(model.parameters(), 0.0)
    for compile in (None, False):
        history = model.learn(
            X, targets, loss, optimizer, validation=(X, targets), epochs=1, batch_size=batch_size,
            progress=False, compile=compile,
        )  # fmt: skip
        parts = [right[i : i + step] for i in range(0, 40, step)]
        sums = sum([np.count_nonzero(part) / part.size * len(part) for part in parts])
        assert history.validation_metrics["accuracy"] == [sums / 40]
        if batch_size is None:
            assert history.metrics["accuracy"] == [sums / 40]


def test_the_first_of_equal_logits_counts():
    metric = nn.losses.LOSSES["cross_entropy"].metrics["accuracy"]
    assert metric([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 2.0, 2.0]], [0, 1, 1]) == 2 / 3


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("loss", "good", "bad", "message"),
    [
        ("hinge", 1.0, 0.5, "-1 or 1, and number 70000 is 0.5"),
        ("binary_cross_entropy", 1.0, 0.25, "0 or 1, and number 70000 is 0.25"),
        ("cross_entropy", 1.0, 1.5, "from 0 to 1, and number 70000 is 1.5"),
    ],
)
@pytest.mark.parametrize("compile", [False, None])
def test_the_guilty_one_of_many_targets_is_named_at_once(loss, good, bad, message, compile):
    model = nn.MLP(1, [2], seed=1) if loss == "cross_entropy" else nn.Neuron(1, seed=1)
    targets = np.full(100_000, good)
    targets[70_000:] = bad
    with pytest.raises(ValueError, match=message):
        model.learn(np.ones(100_000), targets, loss, compile=compile, progress=False)
    outputs = [model([1.0])] * 100_000
    with pytest.raises(ValueError, match=message):
        nn.losses.LOSSES[loss].function(outputs, targets)


def test_learn_and_predict_take_little_memory_beside_the_data(tracked, monkeypatch):
    """No copy of the rows: what a float in a list takes, 32 bytes, would be 4 times as much."""
    monkeypatch.setenv("AUTOGRAD_LITE_JIT", "0")  # llvmlite takes a megabyte to import
    rows = np.random.default_rng(1).normal(size=(50_000, 20))
    targets = (rows[:, 0] > 0.0) * 1.0
    model = nn.MLP(20, [3, 1], seed=1)
    share = 0.3 if ag.engine == "native" else 1.0  # blocks of rows are larger in NumPy
    by_column = np.asfortranarray(rows)
    for inputs, size in ((rows, 5_000), (rows, None), (by_column, 5_000)):
        peak = tracked(lambda inputs=inputs, size=size: model.learn(
            inputs, targets, "binary_cross_entropy", epochs=2, batch_size=size, progress=False
        ))  # fmt: skip
        assert peak < share * rows.nbytes
    assert tracked(lambda: model.predict(rows)) < share * rows.nbytes


@pytest.fixture
def tracked():
    """The most bytes that a call takes beside what there was before."""
    tracemalloc = pytest.importorskip("tracemalloc")

    def peak(call):
        gc.collect()
        tracemalloc.start()
        try:
            call()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return peak


def test_a_users_program_of_a_model_outlives_learning_and_predicting():
    """What a model keeps for these is no part of it to a function that is compiled."""
    model = nn.MLP(2, [3, 1], seed=1)
    compiled = ag.compile(lambda model, x: model(x))
    for _ in range(2):
        compiled(model, [1.0, 2.0])
        model.learn([[1, 2], [2, 3]], [1, 2], epochs=1, progress=False)
        model.predict([[1.0, 2.0]])
    assert len(compiled.programs) == 1
