"""Learning from an iterable of batches, in place of arrays."""

import copy
import random

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import AnomalyError, ShapeError, nn

RNG = np.random.default_rng(0)
INPUTS = RNG.standard_normal((90, 3))
OUTPUTS = np.sin(INPUTS).sum(axis=1)
PASSES = pytest.mark.parametrize("compile", [True, False])


class Loader:
    """Batches of these sizes, one after the other, which counts how often it was begun."""

    def __init__(self, sizes=(32, 32, 26), inputs=INPUTS, outputs=OUTPUTS):
        ends = np.cumsum(sizes)
        self.parts = [
            (inputs[i - n : i], outputs[i - n : i]) for i, n in zip(ends, sizes, strict=True)
        ]
        self.begun = 0

    def __iter__(self):
        self.begun += 1
        return iter(self.parts)


def network(seed=1):
    return nn.MLP(3, [5, 1], "tanh", seed=seed)


def learnt(batches, model=None, **given):
    model = model or network()
    given = {"epochs": 4, "progress": False, "seed": 0, **given}
    return model, model.learn(batches=batches, **given)


def numbers(model):
    return [parameter.data for parameter in model.parameters()]


@PASSES
@pytest.mark.parametrize("given", [
    {}, {"schedule": lambda step: 0.9**step}, {"l2": 0.01}, {"optimizer": "sgd"}, {"threads": 2},
])  # fmt: skip
def test_it_takes_the_steps_that_these_batches_of_arrays_are(compile, given):
    """One by one, each as a full batch, which nothing shuffles."""
    loader = Loader()
    model, history = learnt(loader, compile=compile, **given)
    twin = network()
    optimizer = nn.optim.Adam(twin.parameters(), 0.01)
    if "optimizer" in given:
        optimizer = nn.optim.SGD(twin.parameters(), 0.01)
    losses, step = [], 0
    for _ in range(4):
        found = []
        for x, y in loader.parts:
            more = {**given, "optimizer": optimizer}
            if "schedule" in given:
                more["schedule"] = lambda _, step=step: 0.9**step
            done = twin.learn(
                x, y, epochs=1, batch_size=None, progress=False, compile=compile, **more
            )
            found.append(done.loss[0] * len(x))
            step += 1
        losses.append(sum(found) / len(INPUTS))
    assert numbers(model) == numbers(twin)
    assert history.loss == pytest.approx(losses, rel=1e-15)
    assert loader.begun == 4


def test_one_batch_of_all_samples_is_a_full_batch():
    """To the last bit, validation, early stopping and metrics too."""
    given = {
        "validation": (INPUTS[:20], OUTPUTS[:20]), "metrics": ["mae", "r2"], "progress": False,
        "early_stopping": nn.EarlyStopping(2, 0.01), "epochs": 30,
    }  # fmt: skip
    one, two = network(), network()
    arrays = one.learn(INPUTS, OUTPUTS, batch_size=None, **given)
    stream = two.learn(batches=[(INPUTS, OUTPUTS)], **given)
    assert numbers(one) == numbers(two)
    assert (arrays.loss, arrays.metrics) == (stream.loss, stream.metrics)
    assert arrays.validation_loss == stream.validation_loss
    assert (arrays.reason, arrays.best) == (stream.reason, stream.best)


def test_metrics_are_those_of_all_samples():
    model, history = learnt(Loader(), metrics="mae")
    assert history.metrics["mae"][-1] == pytest.approx(
        np.abs(model.predict(INPUTS) - OUTPUTS).mean()
    )


def test_classes_and_dropout_stream_too():
    """The share of right answers is over all samples."""
    labels = (OUTPUTS > 0).astype(int)
    model = nn.Sequential(
        nn.Layer(3, 8, "tanh", seed=1), nn.Dropout(0.2), nn.Layer(8, 2, "linear", seed=2)
    )
    loader = Loader((50, 40), outputs=labels)
    _, history = learnt(loader, model, loss="cross_entropy", epochs=40, learning_rate=0.03)
    assert history.metrics["accuracy"][-1] > 0.85
    right = history.metrics["accuracy"][-1] * 90
    assert right == pytest.approx(round(right))


def test_a_generator_is_run_through_once():
    """It does for one epoch, all of it; for more it is refused before anything is read."""
    read = []

    def batches():
        for pair in Loader().parts:
            read.append(pair)
            yield pair

    model, history = learnt(batches(), epochs=1)
    same, expected = learnt(Loader(), epochs=1)
    assert numbers(model) == numbers(same)
    assert history.loss == expected.loss
    assert len(read) == 3
    for given in ({"epochs": 2}, {"epochs": 1, "metrics": "mae"}):
        with pytest.raises(
            ValueError, match="only once, and there are to be 2 passes; give a list"
        ):
            learnt(batches(), **given)
    assert len(read) == 3


@PASSES
def test_errors_of_the_iterable_reach_the_user_with_the_history(compile):
    class Broken(Loader):
        def __iter__(self):
            for pair in super().__iter__():
                yield pair
                if self.begun == 3:
                    raise OSError("the disk is gone")

    model = network()
    with pytest.raises(OSError, match=r"\Athe disk is gone\Z") as caught:
        learnt(Broken(), model, compile=compile)
    assert len(caught.value.history) == 2
    twin, _ = learnt(Loader(), epochs=2, compile=compile)
    assert numbers(model) != numbers(twin)  # one step of the third epoch was taken


def test_ctrl_c_in_the_iterable_ends_learning_and_keeps_what_was_learnt():
    class Slow(Loader):
        def __iter__(self):
            yield from super().__iter__()
            if self.begun == 2:
                raise KeyboardInterrupt

    _, history = learnt(Slow())
    assert history.interrupted
    assert len(history) == 1


@PASSES
def test_the_iterable_sees_the_model_as_it_is_and_may_change_it(compile):
    """And NumPy's warnings are as the user has them."""
    seen = []

    class Looking(Loader):
        def __iter__(self):
            for pair in super().__iter__():
                seen.append(numbers(model)[0])
                with pytest.raises(FloatingPointError), np.errstate(all="raise"):
                    np.float64(1.0) / np.float64(0.0)
                assert np.geterr() == usual
                model.layers[0].neurons[0].w[0].data = 0.5
                yield pair

    usual, model = np.geterr(), network()
    learnt(Looking(), model, epochs=2, compile=compile, optimizer="sgd")
    assert len({*seen}) == 6
    assert all(abs(number - 0.5) < 0.2 for number in seen[1:])


BAD = INPUTS[:4].copy()
BAD[2, 1] = np.nan
GOOD = (INPUTS[:4], OUTPUTS[:4])


@pytest.mark.parametrize(("batch", "error", "text"), [
    ((BAD, OUTPUTS[:4]), ValueError, "batch 2: inputs: sample 2, column 1, is nan"),
    ((INPUTS[:4], OUTPUTS[:3]), ShapeError, "batch 2: there are 4 inputs and 3 outputs"),
    ((INPUTS[:4, :2], OUTPUTS[:4]), ShapeError, "batch 2: an input is 2 numbers, and was 3"),
    ((INPUTS[:4], INPUTS[:4]), ShapeError, "batch 2: an output is 3 numbers, and was 1"),
    ((INPUTS[:0], OUTPUTS[:0]), ShapeError, "batch 2: inputs are empty"),
    ((INPUTS[:4], ["a"] * 4), TypeError, "batch 2: outputs must be plain numbers"),
    ((*GOOD, OUTPUTS[:4]), TypeError, "batch 2: a batch is a pair .*, and this is tuple"),
    (INPUTS, TypeError, "batch 2: a batch is a pair .inputs, outputs., and this is ndarray"),
    (None, TypeError, "batch 2: a batch is a pair .inputs, outputs., and this is NoneType"),
])  # fmt: skip
def test_a_bad_batch_is_named(batch, error, text):
    """Before anything is learnt if it is the first, before its step if it is another."""
    with pytest.raises(error, match=text):
        learnt([GOOD, batch])
    model = network()
    if "and was" not in text:
        with pytest.raises(error, match=text.replace("batch 2", "batch 1")):
            learnt([batch, GOOD], model)
        assert numbers(model) == numbers(network())


def test_a_bad_class_index_and_entry_are_named():
    model = nn.MLP(3, [2], seed=1)
    with pytest.raises(ValueError, match=r"batch 2: the targets of cross_entropy .* number 1 is 2"):
        learnt([(INPUTS[:2], [0, 1]), (INPUTS[:2], [0, 2])], model, loss="cross_entropy")
    with pytest.raises(
        ValueError, match=r"batch 1: the targets of cross_entropy .* number 1 is 0\.5"
    ):
        learnt([(INPUTS[:2], [0, 0.5])], model, loss="cross_entropy")
    model = nn.Sequential(nn.Embedding(3, 2, seed=1), nn.Layer(2, 1, "linear", seed=1))
    with pytest.raises(IndexError, match="batch 2: sample 1: "):
        learnt([([[0], [1]], [0, 1]), ([[0], [7]], [0, 2])], model)


@PASSES
@pytest.mark.parametrize("rate", [1e154, 1e300])
def test_numbers_that_are_not_finite_name_the_batch(compile, rate):
    with pytest.raises(AnomalyError, match=r"batch [123]: (the loss|the gradient|the parameter)"):
        learnt(Loader(), optimizer="sgd", learning_rate=rate, compile=compile)


@pytest.mark.parametrize("length", [1, 7])
def test_a_length_that_is_not_that_of_an_epoch_is_told_where_a_schedule_goes_by_it(length):
    class Lying(Loader):
        def __len__(self):
            return length

    learnt(Lying(), epochs=2)
    learnt(Lying(), epochs=2, schedule=lambda step: 1.0)
    with pytest.raises(ShapeError, match=rf"has the length {length}, .* and gave \d+ batches"):
        learnt(Lying(), epochs=2, schedule="cosine")


@pytest.mark.parametrize(("given", "error", "text"), [
    ({"inputs": INPUTS}, ValueError, "leave inputs out"),
    ({"outputs": OUTPUTS}, ValueError, "leave outputs out"),
    ({"batch_size": 32}, ValueError, "leave batch_size out"),
    ({"batch_size": None}, ValueError, "leave batch_size out"),
    ({"sample_weight": OUTPUTS}, ValueError, "leave sample_weight out"),
    ({"class_weight": "balanced"}, ValueError, "leave class_weight out"),
    ({"validation": 0.2}, ValueError, "give validation=.inputs, outputs."),
    ({"optimizer": "lbfgs"}, ValueError, "give arrays in place of batches"),
    ({"schedule": "cosine"}, ValueError, "Loader object at .* has no length; give it a __len__"),
    ({"epochs": 0}, ValueError, "epochs must be at least 1"),
])  # fmt: skip
def test_options_that_need_all_samples_are_refused(given, error, text):
    with pytest.raises(error, match=text):
        learnt(Loader(), **given)


@pytest.mark.parametrize(("batches", "error", "text"), [
    (5, TypeError, "batches are an iterable of pairs and were given int: 5"),
    ([], ShapeError, "batches gave none, as .. is empty"),
    ("ab", TypeError, "batch 1: a batch is"),
    ((INPUTS, OUTPUTS), TypeError, "batch 1: a batch is .*ndarray"),
])  # fmt: skip
def test_what_gives_no_batches_is_refused(batches, error, text):
    with pytest.raises(error, match=text):
        learnt(batches)
    with pytest.raises(TypeError, match="learn takes inputs and outputs, or as batches"):
        network().learn()
    with pytest.raises(TypeError, match="learn takes inputs and outputs, or as batches"):
        network().learn(INPUTS)


def test_an_iterable_that_does_not_begin_anew_is_told_of():
    class Once:
        def __init__(self):
            self.pairs = iter(Loader().parts)

        def __iter__(self):
            return self.pairs

    with pytest.raises(ShapeError, match="its __iter__ does not begin anew") as caught:
        learnt(Once())
    assert len(caught.value.history) == 1


def test_a_schedule_by_name_counts_the_batches():
    _, history = learnt(Loader().parts, schedule="cosine", epochs=3, optimizer="sgd")
    expected = [0.01 * nn.schedules.cosine(9)(i) for i in (2, 5, 8)]
    assert history.learning_rate == expected
    assert len(history) == 3


class Shuffled:
    """Batches in an order of its own, by a generator that learn knows."""

    def __init__(self, rng):
        self.rng = rng

    def __len__(self):
        return 9

    def __iter__(self):
        order = [*range(90)]
        self.rng.shuffle(order)
        return iter(
            [(INPUTS[order[i : i + 10]], OUTPUTS[order[i : i + 10]]) for i in range(0, 90, 10)]
        )


@pytest.mark.parametrize("schedule", [None, "cosine", lambda step: 0.99**step])
def test_a_training_from_batches_continues_with_equal_bits(tmp_path, schedule):
    def learn(epochs, folder, stop=None):
        rng = random.Random(3)
        model = network()
        history = model.learn(
            batches=Shuffled(rng), epochs=epochs, seed=rng, checkpoint=tmp_path / folder,
            resume=True, progress=False, schedule=schedule,
            callback=lambda history: len(history) == stop,
        )  # fmt: skip
        return model, history

    whole, history = learn(6, "whole")
    learn(6, "parts", stop=2)
    model, resumed = learn(6, "parts")
    assert numbers(model) == numbers(whole)
    assert resumed.loss == history.loss
    other = network()
    with pytest.raises(ag.ModelFileError, match="of another training"):
        other.learn(
            batches=[(INPUTS, OUTPUTS)], epochs=6, seed=random.Random(3), progress=False,
            checkpoint=tmp_path / "parts", resume=True, schedule=schedule,
        )  # fmt: skip


def test_a_recorder_and_the_bar_go_along(capsys):
    model = network()
    recorder = nn.Recorder(model, INPUTS, OUTPUTS)
    learnt(Loader(), model, callback=recorder, progress=True, check=True)
    assert recorder.epochs == [0, 1, 2, 3, 4]
    assert "learning: 100%" in capsys.readouterr().err


def test_the_program_is_kept_from_batch_to_batch():
    model = network()
    learnt(Loader((1, 2, 3, 84)), model)
    kept = copy.copy(vars(model)["_kept_programs"].programs)
    learnt(Loader((80, 10)), model)
    assert vars(model)["_kept_programs"].programs == kept
    [objective] = [each for key, each in kept.items() if isinstance(key, tuple)]
    assert len(objective.gradient.traced) == 1


def test_labels_are_those_of_the_model():
    """Set before, as no batch may have them all; then predict gives them."""
    labels = np.where(OUTPUTS > 0, "up", "down")
    model = nn.MLP(3, [1], seed=1)
    loader = Loader(outputs=labels)
    with pytest.raises(ValueError, match=r"batch 1: outputs are labels .* set model.classes_"):
        learnt(loader, model, loss="binary_cross_entropy")
    model.classes_ = np.array(["down", "up"])
    given = {"loss": "binary_cross_entropy", "epochs": 30, "validation": (INPUTS, labels)}
    _, history = learnt(loader, model, **given)
    assert (model.predict(INPUTS) == labels).mean() == history.validation_metrics["accuracy"][-1]
    assert history.validation_metrics["accuracy"][-1] > 0.7
    labels[40] = "left"
    with pytest.raises(ValueError, match=r"batch 2: .*number 8 is 'left', which is none of the"):
        learnt(Loader(outputs=labels), model, loss="binary_cross_entropy")
