"""Dropout: its masks follow from learn's seed, and are the same in programs and without them."""

import copy
import pickle
import random

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import ProgramError, Value, nn
from autograd_lite.nn.parts.training_mode import count_of_draws, in_mode

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 3))
Y = X[:, 0] * X[:, 1]
X_OTHER, Y_OTHER = RNG.normal(size=(7, 3)), RNG.normal(size=7)


def network():
    return nn.Sequential(
        nn.Dropout(0.2),
        nn.Layer(3, 8, "tanh", seed=1),
        nn.Dropout(0.5),
        nn.Layer(8, 1, "linear", seed=2),
    )


def learnt(compile, make=network, **given):
    model = make()
    given = {"epochs": 4, "batch_size": 8, "seed": 5, "progress": False} | given
    history = model.learn(X, Y, compile=compile, **given)
    return history, np.array([p.data for p in model.parameters()])


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"batch_size": None},
        {"batch_size": 1, "epochs": 1},
        {"validation": 0.3},
        {"validation": 0.5, "batch_size": None},
        {"validation": (X_OTHER, Y_OTHER)},
        {"check": True},
        {"optimizer": "sgd", "loss": "absolute_error"},
    ],
    ids=str,
)
def test_programs_use_the_masks_of_eager_steps(given):
    (found, ours), (eager, right) = learnt(True, **given), learnt(False, **given)
    np.testing.assert_allclose(found.loss, eager.loss, rtol=1e-12)
    np.testing.assert_allclose(found.validation_loss, eager.validation_loss, rtol=1e-12)
    np.testing.assert_allclose(ours, right, rtol=1e-11, atol=1e-13)


def test_a_seed_gives_the_same_training_and_another_seed_another():
    (_, one), (_, same), (_, other) = (learnt(None, seed=seed) for seed in (1, 1, 2))
    assert one.tolist() == same.tolist()
    assert one.tolist() != other.tolist()


@pytest.mark.parametrize("compile", [True, False])
def test_each_step_has_masks_of_its_own(compile):
    """With one sample, no shuffling and a rate of 0, nothing but masks makes losses differ."""

    def steps(rate):
        model = nn.Sequential(nn.Dropout(rate), nn.Layer(3, 1, "linear", seed=1))
        sgd = nn.optim.SGD(model.parameters(), 0.0)
        history = model.learn(
            X[:1], Y[:1], optimizer=sgd, epochs=20, seed=1, compile=compile, progress=False
        )
        return {*history.loss}

    assert len(steps(0.0)) == 1
    losses = steps(0.5)
    assert 2 < len(losses) <= 8  # of three inputs: eight masks


def test_five_epochs_and_five_are_ten():
    whole, parts, rng = network(), network(), random.Random(3)
    given = {"batch_size": 8, "progress": False}
    adam = nn.optim.Adam(parts.parameters(), 0.01)
    for _ in range(2):
        parts.learn(X, Y, optimizer=adam, epochs=5, seed=rng, **given)
    whole.learn(X, Y, epochs=10, seed=random.Random(3), **given)
    assert [p.data for p in parts.parameters()] == [p.data for p in whole.parameters()]


def test_without_dropout_a_seed_gives_the_orders_that_it_gave():
    """The generator of the training is asked for masks only where there are some."""
    ends = []
    for rate in (0.0, 0.5):
        rng = random.Random(1)
        model = nn.Sequential(nn.Dropout(rate), nn.Layer(3, 1, seed=1))
        model.learn(X, Y, epochs=1, batch_size=10, seed=rng, progress=False)
        ends.append(rng.getstate())
    rng = random.Random(1)
    nn.Layer(3, 1, seed=1).learn(X, Y, epochs=1, batch_size=10, seed=rng, progress=False)
    assert ends[0] == rng.getstate() != ends[1]


def test_outputs_have_the_mean_of_the_inputs_and_zeros_at_the_rate():
    random.seed(2)
    dropout = nn.Dropout(0.25).train()
    outs = np.array([x.data for x in dropout([3.0] * 10_000)])
    assert {*outs.tolist()} == {0.0, 4.0}
    assert abs((outs == 0.0).mean() - 0.25) < 0.02


def test_its_derivative_is_the_mask():
    random.seed(1)
    xs = [Value(x) for x in (1.0, 2.0, 3.0, 4.0)]
    outs = nn.Dropout(0.5).train()(xs)
    assert ag.gradient(ag.sum(outs), xs) == [y.data / x.data for x, y in zip(xs, outs, strict=True)]


def test_a_module_is_in_training_mode_only_in_steps():
    """Not when it is checked, measured, called back, or asked to predict."""
    seen = []

    class Watched(nn.Module):
        def __init__(self):
            self.w = Value(1.0)

        def __call__(self, x):
            seen.append(self.training)
            return self.w * x[0]

    model = Watched()
    assert not model.training

    def callback(history):
        seen.append("callback")
        model.predict([[1.0]])

    data = [[1.0], [2.0]], [2.0, 3.0]
    model.learn(*data, epochs=1, validation=data, callback=callback, progress=False)
    before, called = seen[: seen.index("callback")], seen[seen.index("callback") + 1 :]
    assert before[-5:] == [False, True, True, False, False]  # a check, the batch, validation
    assert before.count(True) == 2
    assert called == [False]
    assert not model.training
    model.train()
    seen.clear()
    model.learn(*data, epochs=1, progress=False)
    assert seen[-3:] == [False, True, True]
    assert seen.count(True) == 2
    model.predict([[1.0]])
    assert seen[-1] is False
    assert model.training
    model([1.0])
    assert seen[-1] is True


def test_a_recorder_measures_without_dropout():
    """Losses and gradients of its records are numbers of the model, not of a mask."""
    model = network().train()
    recorder = nn.Recorder(model, X, Y)
    plain = nn.Sequential(*[copy.deepcopy(part) for part in model.layers[1::2]])
    right = nn.Recorder(plain, X, Y)
    np.testing.assert_allclose(recorder.losses(), right.losses(), rtol=1e-12)
    np.testing.assert_allclose(recorder.gradients(), right.gradients(), rtol=1e-12, atol=1e-14)
    assert recorder.gradients().any()


def test_train_and_eval_reach_every_module_and_return_the_model():
    model = nn.Sequential(nn.Residual(nn.Dropout(0.5)), nn.MLP(2, [2], seed=1))
    inner = model.layers[0].module
    assert model.train() is model
    assert all(part.training for part in (model, inner, model.layers[1].layers[0].neurons[1]))
    assert model.eval() is model
    assert not any(part.training for part in (model, inner, model.layers[1].layers[0].neurons[1]))
    model.training = inner.training = True
    assert inner.training
    assert [x.data for x in model.eval().layers[0]([1.0, 2.0])] == [2.0, 4.0]


def test_predictions_are_without_dropout_and_equal_calls_in_eval_mode():
    model = network().train()
    predicted = model.predict(X)
    assert predicted.tolist() == model.predict(X).tolist()
    model.eval()
    np.testing.assert_allclose(predicted, [model(row).data for row in X.tolist()], rtol=1e-12)


def test_a_program_in_training_mode_is_refused_instead_of_repeating_a_mask():
    model = network()
    compiled = ag.compile(model)
    right = model([1.0, 2.0, 3.0]).data
    assert compiled([1.0, 2.0, 3.0]) == right
    model.train()
    with pytest.raises(ProgramError, match=r"draws anew at each call.*call model.eval\(\) first"):
        compiled([1.0, 2.0, 3.0])
    with pytest.raises(ProgramError, match=r"Dropout\(0.2\)"):
        ag.compile(lambda x: model(x))([1.0, 2.0, 3.0])
    model.eval()
    assert compiled([1.0, 2.0, 3.0]) == right


def test_a_sample_that_draws_more_than_the_first_is_refused():
    class Uneven(nn.Module):
        def __init__(self):
            self.w, self.dropout = Value(1.0), nn.Dropout(0.5)

        def __call__(self, x):
            for _ in range(int(x[0])):
                x = [self.dropout(x)]
            return self.w * x[0]

    with pytest.raises(ValueError, match="as many random numbers for each sample as the first"):
        Uneven().learn([1.0, 2.0], [0.0, 0.0], batch_size=None, progress=False)


@pytest.mark.parametrize("compile", [True, False])
def test_a_part_that_learn_cannot_find_is_refused(compile):
    """Its masks would not follow from the seed."""
    outside = nn.Dropout(0.5)

    class Hidden(nn.Module):
        def __init__(self):
            self.neuron = nn.Neuron(3, seed=1)

        def __call__(self, x):
            return self.neuron(outside(x))

    with pytest.raises(ProgramError, match=r"Dropout\(0.5\) is no attribute of the model"):
        Hidden().learn(X, Y, compile=compile, progress=False)


@pytest.mark.parametrize("threads", [2, 3])
def test_any_number_of_threads_gives_the_same_bits(threads):
    rows = RNG.normal(size=(2_000, 3))
    ends = []
    for count in (1, threads):
        model = network()
        given = {"epochs": 2, "batch_size": 1_000, "seed": 1, "progress": False}
        model.learn(rows, rows[:, 0], threads=count, compile=True, **given)
        ends.append([p.data for p in model.parameters()])
    assert ends[0] == ends[1]


def test_draws_are_counted():
    model = network()
    assert count_of_draws(lambda: model([1.0, 2.0, 3.0])) == 3 + 8
    with in_mode(True, [0.9] * 11):
        kept = model([1.0, 2.0, 3.0])
    assert isinstance(kept, Value)


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan"), float("inf")])
def test_a_rate_out_of_its_range_is_refused(rate):
    with pytest.raises(ValueError, match="rate must be at least 0 and below 1"):
        nn.Dropout(rate)


def test_a_rate_that_is_no_number_is_refused():
    with pytest.raises(TypeError):
        nn.Dropout("half")


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_keep_rate_and_mode(copied):
    model = copied(network().train())
    assert model.training
    assert model.layers[2].rate == 0.5
    assert repr(model) == repr(network())


def test_an_interrupted_training_leaves_the_mode_as_it_was():
    model = network()

    def stop(history):
        raise KeyboardInterrupt

    history = model.learn(X, Y, epochs=5, callback=stop, progress=False)
    assert history.interrupted
    assert not model.training
