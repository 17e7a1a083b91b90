"""The recorder: which parameters it keeps, and what it makes of them."""

import numpy as np
import pytest

from autograd_lite import ShapeError, nn

INPUTS, TARGETS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0]


def learn(recorder, model, epochs, **options):
    model.learn(INPUTS, TARGETS, epochs=epochs, callback=recorder, progress=False, seed=0,
                **options)  # fmt: skip


def network():
    return nn.MLP(2, [3, 1], activation="tanh", seed=1)


def numbers(model):
    return [parameter.data for parameter in model.parameters()]


def test_records_are_of_the_start_and_every_nth_epoch():
    """Epochs count on when learn() is called again."""
    model = network()
    recorder = nn.Recorder(model, INPUTS, TARGETS, every=3)
    start = numbers(model)
    learn(recorder, model, 4)
    learn(recorder, model, 2)
    assert recorder.epochs == [0, 3, 6]
    assert recorder.numbers.shape == (3, len(recorder.names))
    assert recorder.numbers[0].tolist() == start
    assert recorder.numbers[-1].tolist() == numbers(model)
    assert repr(recorder) == "<Recorder of 3 records, 13 parameters each>"


def test_recording_does_not_change_learning():
    """With and without a recorder the parameters end up the same."""
    plain, recorded = network(), network()
    recorder = nn.Recorder(recorded, INPUTS, TARGETS)
    learn(recorder, recorded, 5)
    learn(None, plain, 5)
    recorder.gradients()
    recorder.losses()
    assert numbers(recorded) == numbers(plain)


def test_a_model_of_the_past_is_a_copy():
    """It predicts as it did then; changing it changes neither records nor the model."""
    model = network()
    recorder = nn.Recorder(model, INPUTS, TARGETS)
    before = model.predict(INPUTS)
    learn(recorder, model, 5)
    past = recorder.model_at(0)
    assert past.predict(INPUTS).tolist() == before.tolist()
    assert recorder.model_at(-1).predict(INPUTS).tolist() == model.predict(INPUTS).tolist()
    past.parameters()[0].data = 77.0
    assert recorder.model_at(0).predict(INPUTS).tolist() == before.tolist()


class Eager(nn.Module):
    """A network whose outputs nobody has promised to be traceable."""

    def __init__(self):
        self.inner = network()

    def __call__(self, x):
        return self.inner(x)


@pytest.mark.parametrize("kind", [network, Eager])
def test_losses_and_gradients_are_those_of_backward(kind):
    """Over all samples, at the recorded parameters, with programs or without."""
    model = kind()
    recorder = nn.Recorder(model, INPUTS, TARGETS, loss="binary_cross_entropy")
    learn(recorder, model, 2, loss="binary_cross_entropy")
    for record in range(3):
        past = recorder.model_at(record)
        loss = nn.losses.binary_cross_entropy([past(x) for x in INPUTS], TARGETS)
        loss.backward()
        assert recorder.losses()[record] == pytest.approx(loss.data, rel=1e-12)
        by_hand = [parameter.grad for parameter in past.parameters()]
        assert recorder.gradients()[record] == pytest.approx(by_hand, rel=1e-9, abs=1e-15)


def test_losses_that_are_no_numbers_are_infinite():
    """Parameters so large that the loss overflows."""
    recorder = nn.Recorder(nn.Neuron(1, "linear", seed=0), [1.0, 2.0], [1.0, 2.0])
    losses = recorder.losses([[1e200, 0.0], [1.0, 0.0]])
    assert losses.tolist() == [np.inf, 0.0]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"every": 0}, ValueError, "every must be at least 1"),
        ({"loss": "sqared"}, ValueError, "unknown loss 'sqared'"),
        ({"outputs": [1]}, ValueError, "4 inputs and 1 output;"),
        ({"inputs": [[1.0]] * 4}, ValueError, "takes 2 inputs"),
    ],
)
def test_a_recorder_refuses_what_learn_would(options, error, message):
    """Before training, not after it."""
    with pytest.raises(error, match=message):
        nn.Recorder(**{"model": network(), "inputs": INPUTS, "outputs": TARGETS, **options})


def test_losses_are_asked_for_with_one_number_per_parameter():
    """Rows that are too short are named with their shape."""
    recorder = nn.Recorder(nn.Neuron(1, "linear", seed=0), [1.0, 2.0], [1.0, 2.0])
    with pytest.raises(ShapeError, match=r"rows of 2, .* shape \(1, 1\)"):
        recorder.losses([[1.0]])
