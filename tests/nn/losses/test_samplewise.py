"""A loss of one's own by `nn.per_sample`: compiled, batched, copied and refused."""

import copy
import pickle
import random
from functools import partial

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import ProgramError, ShapeError, Value, nn
from autograd_lite.nn.learning import batches
from autograd_lite.nn.losses import find_loss

X = np.linspace(-1.0, 1.0, 12)
Y = X**2


@nn.per_sample
def quartic(output, target):
    """The fourth power of the error."""
    return (output - target) ** 4


def rule(output, target):
    return (output - target) ** 2


class Settings:
    @staticmethod
    @nn.per_sample
    def inner(output, target):
        return output * target


def learn(model, outputs, loss, **options):
    given = {"epochs": 4, "batch_size": 5, "seed": 1, "progress": False}
    return model.learn(X, outputs, loss, **{**given, **options})


def trained(loss, outputs=Y, k=1, **options):
    model = nn.MLP(1, [4, k], "tanh", seed=1)
    history = learn(model, outputs, loss, **options)
    return [*history.loss, *[p.data for p in model.parameters()]]


def test_one_output_is_a_number_and_more_are_a_list_and_so_is_the_target():
    seen = []

    @nn.per_sample
    def loss(outputs, target):
        seen.append((outputs, target))
        return 1.0

    assert loss([2.0, 3.0], [[1.0], 0.0]) == 1.0
    loss([[2.0, 3.0]], np.array([[1.0, 4.0]]))
    assert seen == [(2.0, 1.0), (3.0, 0.0), ([2.0, 3.0], [1.0, 4.0])]


@pytest.mark.parametrize("outputs", [Y, np.column_stack([Y, X, Y])])
@pytest.mark.parametrize("weights", [None, X + 2.0])
def test_a_program_of_it_learns_as_the_built_in_loss_of_its_formula_does(outputs, weights):
    k = 1 if outputs.ndim == 1 else 3

    def formula(outputs, target):
        pairs = zip(outputs, target, strict=True) if k > 1 else [(outputs, target)]
        return ag.mean([ag.square(o - t) for o, t in pairs])

    samples = batches.Samples(X.reshape(-1, 1), outputs, weights)
    for kind in (batches.Batches, nn.learning.compiled_batches.CompiledBatches):
        found = []
        for loss in (nn.per_sample(formula), "squared_error"):
            training = kind(nn.MLP(1, [4, k], "tanh", seed=1), find_loss(loss), samples)
            training.check()
            total, _, gradients = training.evaluate(range(len(X)), 1, True)
            found.append([total, *gradients])
        np.testing.assert_allclose(*found, rtol=1e-13)


def test_it_is_compiled_unless_that_is_refused_and_gives_the_same_numbers():
    calls = []

    def counted(output, target):
        calls.append(output)
        return ag.softplus(output - target)

    by_program, n_calls = trained(nn.per_sample(counted), epochs=20, check=True), len(calls)
    eager = trained(nn.per_sample(counted), epochs=20, compile=False)
    assert n_calls < 30 < 240 <= len(calls) - n_calls
    np.testing.assert_allclose(by_program, eager, rtol=1e-12)


def test_the_loss_of_a_batch_is_its_mean_on_numbers_and_values():
    assert quartic([1.0, 2.0], [0.0, 0.0]) == 8.5
    value = quartic([Value(1.0), 2.0], [0.0, 0.0])
    value.backward()
    assert value.data == 8.5


def test_a_comparison_makes_paths_and_a_value_around_it_counts_as_it_is():
    scale = Value(2.0)
    hinged = nn.per_sample(lambda o, t: scale * abs(o - t) if o > t else (o - t) ** 2)
    np.testing.assert_allclose(trained(hinged), trained(hinged, compile=False), rtol=1e-12)


def test_a_decorated_function_keeps_its_name_and_words():
    assert quartic.__doc__ == "The fourth power of the error."
    assert repr(quartic) == "per_sample(quartic)"
    assert "per_sample(functools.partial" in repr(nn.per_sample(partial(rule, 1.0)))


@pytest.mark.parametrize("loss", [quartic, nn.per_sample(rule), Settings.inner])
def test_copies_and_pickles_are_the_same_loss(loss):
    for twin in (pickle.loads(pickle.dumps(loss)), copy.deepcopy(loss), copy.copy(loss)):
        assert twin([3.0], [1.0]) == loss([3.0], [1.0])
        assert repr(twin) == repr(loss)


def test_of_a_function_that_cannot_be_pickled_it_cannot_either():
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(nn.per_sample(lambda o, t: o - t))


@pytest.mark.parametrize(
    ("function", "outputs", "error", "message"),
    [
        (lambda o, t: None, Y, TypeError, r"<lambda> must return .* returned NoneType: None"),
        (lambda o, t: [o, t], Y, TypeError, "returned list"),
        (lambda o, t: o[1], Y, TypeError, "not subscriptable"),
        (lambda o, t: o * random.random(), Y, ProgramError, r"per_sample\(<lambda>\) draws random"),
        (lambda o, t: o * np.random.random(), Y, ProgramError, "compile=False"),
        (lambda o, t: Value(o.data), Y, ProgramError, "bake"),
        (lambda o, t: t, Y, ValueError, "depends on no parameter"),
        (lambda o, t: ag.log(-1.0 - o * o), Y, ag.AnomalyError, "turned nan in epoch 1 at sample"),
    ],
)  # fmt: skip
def test_what_is_no_loss_is_told_before_a_step(function, outputs, error, message):
    model = nn.Neuron(1, "linear", seed=1)
    before = model.state_dict()
    with pytest.raises(error, match=message):
        learn(model, outputs, nn.per_sample(function))
    np.testing.assert_equal(model.state_dict(), before)


def test_random_numbers_are_drawn_anew_without_a_program():
    noisy = nn.per_sample(lambda o, t: (o - t) ** 2 * random.uniform(0.5, 1.5))
    random.seed(1)
    first = trained(noisy, compile=False)
    assert trained(noisy, compile=False) != first


def test_what_is_no_function_or_no_batch_is_told():
    with pytest.raises(TypeError, match="one sample's outputs and target and was given str: 'mse'"):
        nn.per_sample("mse")
    with pytest.raises(ShapeError, match="quartic takes one target per sample"):
        quartic([1.0, 2.0], [1.0])
    with pytest.raises(TypeError, match="quartic takes a batch"):
        quartic(Value(1.0), [1.0])


def test_recorders_and_copies_of_models_take_it():
    model = nn.MLP(1, [3, 1], seed=1)
    recorder = nn.Recorder(model, X, Y, loss=quartic)
    learn(copy.deepcopy(model), Y, quartic)
    learn(model, Y, quartic, callback=recorder)
    assert recorder.losses().shape == (5,)
    assert recorder.losses()[0] == pytest.approx(quartic(recorder.model_at(0).predict(X), Y))
