"""Penalties on large weights: l1 and l2 of `learn`."""

import math
import random
from itertools import chain

import numpy as np
import pytest

from autograd_lite import Value, nn
from autograd_lite.nn.learning.penalty import find_penalty
from autograd_lite.nn.learning.sample_order import shuffled

X = np.linspace(-1.0, 1.0, 20)
Y = X**3
PASSES = pytest.mark.parametrize("compile", [True, False])


def learn(model, **options):
    given = {"optimizer": "sgd", "learning_rate": 0.1, "epochs": 5, "batch_size": None, "seed": 1}
    return model.learn(X, Y, **{**given, **options}, progress=False)


def layer_weights(layer):
    return [[w.data for w in n.w] for n in layer.neurons]


def split(model):
    """Weights and biases."""
    named = [(name, p) for name, p in model.named_parameters()]
    biases = [p for name, p in named if name.endswith(".b")]
    return [p for _, p in named if p not in biases], biases


class Named(nn.Module):
    def __init__(self):
        self.slope, self.bias = Value(2.0), Value(3.0)
        self.b = nn.Neuron(1, "linear", seed=1)
        self.biases, self.many = [Value(1.0), Value(2.0)], {"w1": [Value(-4.0)]}

    def __call__(self, x):
        ends = self.biases[0] + self.biases[1] + self.many["w1"][0] * x[0]
        return self.slope * self.b(x) + self.bias + ends


@PASSES
def test_the_training_loss_is_the_loss_and_the_price_of_the_weights(compile):
    model = nn.MLP(1, [3, 1], "tanh", seed=1)
    weights, _ = split(model)
    plain = learn(nn.MLP(1, [3, 1], "tanh", seed=1), epochs=1, compile=compile).loss[0]
    price = 0.3 * sum(abs(w.data) for w in weights) + 0.7 * sum(w.data**2 for w in weights)
    history = learn(model, epochs=1, l1=0.3, l2=0.7, compile=compile)
    assert history.loss[0] == pytest.approx(plain + price, rel=1e-13)


@PASSES
def test_the_validation_loss_is_without_it(compile):
    plain, priced = (
        learn(nn.MLP(1, [3, 1], seed=1), epochs=1, learning_rate=1e-300, compile=compile,
              validation=(X, Y), l2=l2)
        for l2 in (0.0, 1.0)
    )  # fmt: skip
    assert priced.validation_loss == plain.validation_loss
    assert priced.loss[0] > plain.loss[0] + 0.1


@PASSES
@pytest.mark.parametrize("batch_size", [None, 6])
def test_steps_are_those_of_pytorch_with_decay_of_weights_alone(batch_size, compile):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: oracle)")
    model = nn.MLP(1, [3, 1], "tanh", seed=1)
    twin = torch.nn.Sequential(torch.nn.Linear(1, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    twin.double()
    with torch.no_grad():
        for layer, theirs in zip(model.layers, (twin[0], twin[2]), strict=True):
            theirs.weight[:] = torch.tensor(layer_weights(layer), dtype=torch.float64)
            theirs.bias[:] = torch.tensor([n.b.data for n in layer.neurons])
    learn(model, l1=0.01, l2=0.02, batch_size=batch_size, compile=compile, epochs=2)
    rng = random.Random(1)
    for rows in chain(*[shuffled(range(20), batch_size or 20, rng) for _ in range(2)]):
        x, y = (torch.tensor(a[rows]).reshape(-1, 1) for a in (X, Y))
        weights = [twin[0].weight, twin[2].weight]
        loss = torch.nn.functional.mse_loss(twin(x), y)
        loss = loss + sum(0.01 * w.abs().sum() + 0.02 * w.square().sum() for w in weights)
        twin.zero_grad()
        loss.backward()
        with torch.no_grad():
            for p in twin.parameters():
                p -= 0.1 * p.grad
    seen = []
    for layer in model.layers:
        seen += [*np.ravel(layer_weights(layer)), *[n.b.data for n in layer.neurons]]
    expected = [x for p in twin.parameters() for x in p.flatten().tolist()]
    np.testing.assert_allclose(seen, expected, rtol=1e-12, atol=1e-15)


def test_a_program_and_graphs_learn_the_same():
    found = []
    for compile in (True, False):
        model = nn.MLP(1, [4, 1], seed=1)
        losses = learn(model, l1=0.01, l2=0.1, optimizer="adam", batch_size=7, compile=compile).loss
        found.append([*losses, *[p.data for p in model.parameters()]])
    np.testing.assert_allclose(*found, rtol=1e-11)


def test_a_rate_of_zero_changes_no_bit():
    found = []
    for options in ({}, {"l1": 0, "l2": 0.0}):
        model = nn.MLP(1, [4, 1], seed=1)
        found.append((learn(model, **options).loss, [p.data for p in model.parameters()]))
    assert found[0] == found[1]


def test_biases_are_known_by_the_last_word_of_their_names_in_modules_of_ones_own():
    model = Named()
    numbers = np.array([p.data for p in model.parameters()])
    price, slopes = find_penalty(model, 0.0, 1.0).at(numbers)
    names = [name for name, _ in model.named_parameters()]
    assert {n for n, s in zip(names, slopes, strict=True) if s} == {"slope", "b.w.0", "many.w1.0"}
    assert price == pytest.approx(4.0 + 16.0 + model.b.w[0].data ** 2, rel=1e-15)


def test_a_weight_of_zero_stays_there_by_l1():
    model = nn.Neuron(1, "linear")
    model.w[0].data = 0.0
    price, slopes = find_penalty(model, 1.0, 0.0).at(np.array([0.0, 5.0]))
    assert (price, slopes.tolist()) == (0.0, [0.0, 0.0])


def test_frozen_weights_have_no_price():
    model = nn.MLP(1, [3, 1], seed=1)
    model.layers[0].freeze()
    numbers = np.array([p.data for p in model.parameters()])
    _, slopes = find_penalty(model, 0.0, 1.0).at(numbers)
    assert np.flatnonzero(slopes).tolist() == [6, 7, 8]


def test_l1_of_much_makes_most_weights_small():
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(60, 6))
    model = nn.Neuron(6, "linear", seed=1)
    model.learn(inputs, 3.0 * inputs[:, 0], l1=0.5, epochs=300, progress=False, seed=1)
    sizes = np.abs([w.data for w in model.w])
    assert sizes[0] > 2.0
    assert sizes[1:].max() < 0.05


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"l1": -0.1}, ValueError, "l1 must be at least 0 and finite, and is -0.1"),
        ({"l2": math.inf}, ValueError, "l2 must be at least 0 and finite, and is inf"),
        ({"l2": math.nan}, ValueError, "and is nan"),
        ({"l2": "0.1"}, TypeError, "str"),
        ({"l1": None}, TypeError, "l1: expected one real number and was given NoneType"),
    ],
)
def test_rates_out_of_range_are_told_before_anything_changes(options, error, message):
    model = nn.Neuron(1, seed=1)
    before = model.state_dict()
    with pytest.raises(error, match=message):
        learn(model, **options)
    np.testing.assert_equal(model.state_dict(), before)


def test_a_model_of_biases_alone_has_no_weights_to_price():
    class Constant(nn.Module):
        def __init__(self):
            self.b = Value(1.0)

        def __call__(self, x):
            return self.b + 0.0 * x[0]

    with pytest.raises(ValueError, match="this Constant are frozen, or biases by their names"):
        learn(Constant(), l2=0.1)
    assert len(learn(Constant())) == 5


def test_solvers_take_the_price_into_account_or_say_that_they_cannot():
    optimize = pytest.importorskip("scipy.optimize", reason="SciPy is not installed")
    model = nn.Neuron(1, "linear", seed=1)
    history = learn(model, optimizer="lbfgs", learning_rate=None, l2=0.3, epochs=50)
    found = optimize.minimize(
        lambda p: np.mean((p[0] * X + p[1] - Y) ** 2) + 0.3 * p[0] ** 2, [0, 0]
    )
    assert [p.data for p in model.parameters()] == pytest.approx(found.x, abs=1e-6)
    assert history.loss[-1] == pytest.approx(found.fun, rel=1e-9)
    with pytest.raises(ValueError, match="no other loss, l1 or l2; write optimizer='lbfgs'"):
        learn(model, optimizer="levenberg_marquardt", learning_rate=None, l1=0.1)


def test_that_nothing_depends_on_the_parameters_is_told_in_spite_of_it():
    loss = nn.per_sample(lambda output, target: target)
    with pytest.raises(ValueError, match="depends on no parameter"):
        learn(nn.Neuron(1, seed=1), loss=loss, l2=1.0)
