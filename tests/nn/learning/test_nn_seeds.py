"""Where random numbers come from: an int, a generator of Python or NumPy, or the global one."""

import copy
import pickle
import random
from array import array

import numpy as np
import pytest

from autograd_lite import nn
from autograd_lite.nn.init import generator

X = np.linspace(-1.0, 1.0, 20)


def made(seed):
    """Weights and, with the numbers that follow, a history."""
    model = nn.MLP(1, [3, 1], "tanh", seed=seed)
    start = [p.data for p in model.parameters()]
    history = model.learn(
        X, X**2, epochs=3, batch_size=4, validation=0.2, progress=False, seed=seed
    )
    return start, history.loss, history.validation_loss


@pytest.mark.parametrize("bits", ["PCG64", "MT19937", "Philox", "SFC64"])
def test_a_numpy_generator_is_drawn_on_from_where_it_stands(bits):
    """Equal ones give equal trainings; one that was drawn on gives another."""
    kind = getattr(np.random, bits)
    ours, twin, other = (np.random.Generator(kind(k)) for k in (1, 1, 2))
    first = made(ours)
    assert made(twin) == first != made(other)
    assert ours.random() == twin.random()
    assert made(ours) != first


def test_numpys_integers_and_generators_of_python_are_seeds():
    assert made(np.int64(3)) == made(3)
    assert made(random.Random(3)) == made(random.Random(3))
    random.seed(5)
    first = made(None)
    random.seed(5)
    assert made(random) == first


def test_numbers_of_a_numpy_generator_are_spread_as_pythons():
    rng = generator(np.random.default_rng(0))
    numbers = np.array([[rng.random(), rng.uniform(-1, 1), rng.gauss()] for _ in range(4000)])
    assert numbers.mean(axis=0) == pytest.approx([0.5, 0.0, 0.0], abs=0.05)
    assert numbers.std(axis=0) == pytest.approx([12**-0.5, 3**-0.5, 1.0], abs=0.05)
    found = [rng.randrange(7) for _ in range(7000)]
    assert np.bincount(found, minlength=7) == pytest.approx(np.full(7, 1000), rel=0.15)
    assert {rng.getrandbits(9) for _ in range(20_000)} == {*range(512)}
    for things in ([*range(50)], array("q", range(50))):
        rng.shuffle(things)
        assert sorted(things) == [*range(50)] != [*things]


def test_a_copy_of_a_numpy_generator_gives_the_same_numbers():
    rng = generator(np.random.default_rng(0))
    rng.gauss()  # and keeps a second one
    twins = [copy.deepcopy(rng), pickle.loads(pickle.dumps(rng)), rng]
    drawn = [[twin.gauss(), twin.gauss(), twin.random()] for twin in twins]
    assert drawn[0] == drawn[1] == drawn[2]


@pytest.mark.parametrize(
    "seed", ["1", 1.5, np.random.RandomState(1), [1]], ids=lambda seed: type(seed).__name__
)
def test_anything_else_is_no_seed(seed):
    with pytest.raises(TypeError, match=r"seed is an int, .* a NumPy Generator"):
        nn.MLP(1, [1], seed=seed)
