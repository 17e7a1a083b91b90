"""Checkpoints: a training that was killed goes on with the bits of one that was not."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import safetensors
import safetensors.numpy

from autograd_lite import ModelFileError, nn
from autograd_lite.nn.learning import resuming

X = np.random.default_rng(0).standard_normal((40, 2))
Y = X[:, 0] * X[:, 1]
CLASSES = (Y > 0).astype(int)


class Killed(Exception):  # noqa: N818 - it is none of ours
    """Here in place of a signal, which a test below sends."""


def network(seed=1, width=1):
    return nn.MLP(2, [4, width], "tanh", seed=seed)


def shared(seed):
    """A network with one layer twice, another frozen."""
    twice, first = nn.Layer(3, 3, "tanh", seed=seed), nn.Layer(2, 3, "tanh", seed=5)
    return nn.Sequential(first.freeze(), twice, twice, nn.Layer(3, 1, "linear", seed=seed))


def learn(model, epochs=10, optimizer=None, dies=None, **given):
    """Learn; a maker of optimisers is given the parameters; the process dies in an epoch."""

    def die(history):
        if len(history) == dies:
            raise Killed

    if optimizer is not None:
        given["optimizer"] = optimizer(model.parameters())
    given = {"outputs": Y, "batch_size": 16, "progress": False} | given
    return model.learn(X, epochs=epochs, callback=die, **given)


def state(model, history):
    """All that has to be equal, to the bit: all but seconds."""
    columns = [epoch._replace(seconds=0.0) for epoch in history]
    ended = history.stopped, history.reason, history.best
    return [p.data for p in model.parameters()], columns, ended


def kept(folder):
    """The number of epochs in the checkpoint of a folder."""
    with safetensors.safe_open(folder / "checkpoint.safetensors", "numpy") as file:
        return len(json.loads(file.metadata()["autograd_lite_training"])["epochs"])


VARIATIONS = {
    "adam": {"seed": 3},
    "momentum": {
        "seed": 3, "optimizer": lambda p: nn.optim.SGD(p, 0.05, momentum=0.9, clip_norm=1.0)
    },
    "eager": {"seed": 3, "compile": False},
    "full batch": {"seed": 3, "batch_size": None},
    "share": {"seed": 3, "validation": 0.25, "metrics": ["r2", "mae"]},
    "share, eager": {"seed": 3, "validation": 0.25, "compile": False},
    "pair": {"seed": 3, "validation": (X[:9], Y[:9])},
    "weights": {"seed": 3, "validation": 0.25, "sample_weight": np.arange(40)},
    "classes": {
        "seed": 3, "outputs": CLASSES, "loss": "binary_cross_entropy", "metrics": "auc",
        "class_weight": "balanced", "optimizer": lambda p: nn.optim.AdamW(p, 0.05),
    },
    "texts": {"seed": 3, "outputs": np.where(CLASSES, "yes", "no"), "loss": "cross_entropy",
              "model": lambda seed: network(seed, 2), "class_weight": {"yes": 2.0},
              "metrics": "f1", "validation": 0.25},
    "random": {"seed": lambda: random.Random(5), "validation": 0.25},
    "numpy": {"seed": lambda: np.random.default_rng(5), "validation": 0.25},
    "mersenne": {"seed": lambda: np.random.Generator(np.random.MT19937(5)), "validation": 0.25},
    "global": {"seed": None, "validation": 0.25},
    "schedule": {"seed": 3, "schedule": "one_cycle", "learning_rate": 0.1},
    "plateau": {"seed": 3, "schedule": lambda: nn.schedules.reduce_on_plateau(1, 0.5)},
    "stops": {"seed": 3, "validation": 0.5, "early_stopping": nn.EarlyStopping(2, 0.01)},
    "stops not": {"seed": 3, "early_stopping": nn.EarlyStopping(9)},
    "dropout": {
        "seed": 3, "model": lambda seed: nn.Sequential(
            nn.Layer(2, 4, "tanh", seed=seed), nn.Dropout(0.3), nn.Layer(4, 1, "linear", seed=seed)
        ),
    },
    "dropout, eager": {
        "seed": None, "compile": False, "model": lambda seed: nn.Sequential(
            nn.Layer(2, 4, "tanh", seed=seed), nn.Dropout(0.3), nn.Layer(4, 1, "linear", seed=seed)
        ),
    },
    "own": {
        "seed": 3, "compile": False, "loss": lambda o, t: nn.losses.squared_error(o, t) * 2.0,
        "optimizer": lambda p: nn.optim.RMSprop(p, 0.01), "l2": 0.01,
    },
    "shared": {"seed": 3, "l1": 0.01, "l2": 0.01, "threads": 2, "model": lambda seed: shared(seed)},
    "quantile": {"seed": 3, "loss": partial(nn.losses.quantile, level=0.8)},
}  # fmt: skip


def fresh(name):
    """The options as another process makes them: no object is that of the training before."""
    made = {
        option: thing() if option in ("seed", "schedule") and callable(thing) else thing
        for option, thing in VARIATIONS[name].items()
    }
    return made.pop("model", network), made


@pytest.mark.parametrize("name", VARIATIONS)
def test_a_training_that_died_goes_on_with_the_same_bits(name, tmp_path):
    """In a process whose first weights and global generator are others, more than once."""
    make, given = fresh(name)
    random.seed(11)
    whole = make(1)
    expected = state(whole, learn(whole, **given))
    after = random.random()
    keep = nn.Checkpoint(tmp_path / "run", epochs=1 if name == "adam" else 3)
    for seed, dies in ((1, 5), (7, 8), (9, None)):
        make, given = fresh(name)
        random.seed(11 if dies == 5 else seed)
        model = make(seed)
        try:
            history = learn(model, dies=dies, checkpoint=keep, resume=seed > 1, **given)
        except Killed:
            assert kept(tmp_path / "run") == (dies - 1) // keep.epochs * keep.epochs
    assert state(model, history) == expected
    if given["seed"] is None:
        assert random.random() == after
    assert os.listdir(tmp_path / "run") == ["checkpoint.safetensors"]


def test_epochs_that_are_added_later_are_those_of_a_longer_training(tmp_path):
    """When all are done, resuming gives them again, and trains no more."""
    whole, model = network(), network()
    expected = state(whole, learn(whole, 9, seed=3))
    for epochs in (2, 9, 9):
        model = network(epochs)
        if epochs == 2:
            model = network()
        history = learn(model, epochs, seed=3, checkpoint=tmp_path, resume=True)
        assert len(history) == epochs
    assert state(model, history) == expected


def test_labels_are_part_of_the_data(tmp_path):
    """Which the model of a resumed training has, though its own were others."""
    yes, true = np.where(CLASSES, "yes", "no"), CLASSES.astype(bool)
    given = {"seed": 3, "loss": "binary_cross_entropy", "checkpoint": tmp_path}
    learn(network(), 2, outputs=yes, **given)
    model = network(5)
    history = learn(model, 3, outputs=yes, resume=True, **given)
    assert (len(history), model.classes_.tolist()) == (3, ["no", "yes"])
    assert {*model.predict(X)} <= {"no", "yes"}
    with pytest.raises(ModelFileError, match=r"classes was \['no', 'yes'\] and is \[False, True\]"):
        learn(network(), 4, outputs=true, resume=True, **given)


def test_an_option_is_the_same_whatever_type_its_number_has(tmp_path):
    learn(network(), 2, seed=3, l2=0, checkpoint=tmp_path)
    given = {"seed": np.int64(3), "batch_size": np.int32(16), "l2": 0.0, "resume": True}
    assert len(learn(network(), 3, checkpoint=tmp_path, **given)) == 3


def test_early_stopping_is_not_undone(tmp_path):
    rule = nn.EarlyStopping(2, 0.3)
    model, again = network(), network(2)
    history = learn(model, 50, seed=3, checkpoint=tmp_path, early_stopping=rule)
    assert history.stopped
    resumed = learn(
        again, 99, seed=3, checkpoint=tmp_path, early_stopping=rule, resume=True, dies=len(history)
    )
    assert state(again, resumed) == state(model, history)


def test_a_callback_that_stopped_can_be_overruled(tmp_path):
    model = network()
    given = {"seed": 3, "checkpoint": tmp_path, "progress": False, "epochs": 6}
    assert len(model.learn(X, Y, callback=lambda h: len(h) == 4, **given)) == 4
    history = network(5).learn(X, Y, resume=True, **given)
    assert (len(history), history.stopped) == (6, False)


@pytest.mark.parametrize("compile", [True, False])
def test_ctrl_c_costs_an_interval_at_most(compile, tmp_path):
    """The parameters are those of the moment; the checkpoint is that of a whole epoch."""
    whole = network()
    expected = state(whole, learn(whole, seed=3, compile=compile))

    def interrupt(history):
        if len(history) == 5:
            signal.raise_signal(signal.SIGINT)

    given = {"seed": 3, "checkpoint": nn.Checkpoint(tmp_path, epochs=2), "epochs": 10}
    given |= {"progress": False, "batch_size": 16, "compile": compile}
    assert network().learn(X, Y, callback=interrupt, **given).interrupted
    assert kept(tmp_path) == 4
    again = network(8)
    assert state(again, again.learn(X, Y, resume=True, **given)) == expected


@pytest.mark.parametrize("raised", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(raised, tmp_path, monkeypatch):
    """Ctrl-C meanwhile ends the training; an error does, too, and carries the history."""
    replace, calls = os.replace, []

    def fail(*paths):
        calls.append(paths)
        if len(calls) == 4:
            raise raised
        replace(*paths)

    monkeypatch.setattr(os, "replace", fail)
    model, keep = network(), nn.Checkpoint(tmp_path, epochs=1)
    if raised is KeyboardInterrupt:
        history = learn(model, seed=3, checkpoint=keep)
        assert history.interrupted
    else:
        with pytest.raises(OSError, match="No space left") as caught:
            learn(model, seed=3, checkpoint=keep)
        history = caught.value.history
    assert len(history) == 3
    assert (kept(tmp_path), os.listdir(tmp_path)) == (2, ["checkpoint.safetensors"])
    again, whole = network(5), network()
    resumed = learn(again, seed=3, checkpoint=keep, resume=True)
    assert state(again, resumed) == state(whole, learn(whole, seed=3))


# --- when it is written ---


@pytest.mark.parametrize(
    ("rule", "written"),
    [
        ({}, [0, 7, 10]),
        ({"seconds": 25}, [0, 3, 6, 9, 10]),
        ({"epochs": 4}, [0, 4, 8, 10]),
        ({"epochs": 4, "seconds": 25}, [0, 3, 6, 9, 10]),
        ({"epochs": 2, "seconds": 25}, [0, 2, 4, 6, 8, 10]),
        ({"seconds": 0}, [*range(11)]),
    ],
)  # fmt: skip
def test_it_is_written_after_epochs_or_seconds(rule, written, tmp_path, monkeypatch):
    """Epochs of 9 s each here."""
    now, seen = [0.0], [0]

    def look(history):
        now[0] += 9.0
        if kept(tmp_path) != seen[-1]:
            seen.append(kept(tmp_path))

    monkeypatch.setattr(resuming, "time", SimpleNamespace(monotonic=lambda: now[0]))
    keep = nn.Checkpoint(tmp_path, **rule)
    network().learn(X, Y, epochs=10, progress=False, callback=look, checkpoint=keep)
    assert [*seen, kept(tmp_path)][: len(written)] == written


def test_a_folder_is_made_and_other_files_in_it_stay(tmp_path):
    folder = tmp_path / "runs" / "first"
    learn(network(), 2, checkpoint=str(folder))
    (folder / "notes.txt").write_text("mine")
    (folder / ".0123456789abcdef.part").write_text("of one that was killed")
    learn(network(), 2, checkpoint=folder, resume=True)
    assert sorted(os.listdir(folder)) == ["checkpoint.safetensors", "notes.txt"]


# --- what is refused ---


def bits(folder):
    return (folder / "checkpoint.safetensors").read_bytes()


def test_a_checkpoint_is_not_overwritten_by_another_training(tmp_path):
    learn(network(), 2, seed=3, checkpoint=tmp_path)
    before, model = bits(tmp_path), network()
    with pytest.raises(FileExistsError, match="resume=True, or name another folder"):
        learn(model, 5, seed=3, checkpoint=tmp_path)
    assert bits(tmp_path) == before
    assert [p.data for p in model.parameters()] == [p.data for p in network().parameters()]


def level(height):
    def schedule(step, low=0.5):
        return height if step else low

    return schedule


def itself(height):
    def schedule(step):
        return height if step < 3 else schedule(step - 1)

    return schedule


@pytest.mark.parametrize(
    ("option", "one", "other"),
    [
        ("schedule", lambda: nn.schedules.cosine(50), lambda: nn.schedules.cosine(20)),
        ("schedule", lambda: nn.schedules.warm_up(3, nn.schedules.cosine(50)),
         lambda: nn.schedules.warm_up(3, nn.schedules.cosine(20))),
        ("schedule", lambda: nn.schedules.reduce_on_plateau(3),
         lambda: nn.schedules.reduce_on_plateau(1)),
        ("schedule", lambda: level(0.5), lambda: level(0.25)),
        ("schedule", lambda: itself(0.5), lambda: itself(0.25)),
        ("schedule", lambda: partial(level(1.0), low=0.5), lambda: partial(level(1.0), low=0.25)),
        ("loss", lambda: nn.per_sample(lambda o, t: (o - t) ** 2),
         lambda: nn.per_sample(lambda o, t: (o - t) ** 4)),
        ("metrics", lambda: [lambda t, o: t.max()], lambda: [lambda t, o: t.min()]),
    ],
)  # fmt: skip
def test_functions_of_one_name_are_told_apart_by_what_they_hold(option, one, other, tmp_path):
    given = {"seed": 3, "checkpoint": tmp_path, "resume": True}
    learn(network(), 2, **given, **{option: one()})
    with pytest.raises(ModelFileError, match=f"{option} was .* and is"):
        learn(network(), 4, **given, **{option: other()})
    assert len(learn(network(), 4, **given, **{option: one()})) == 4


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"batch_size": 8}, "batch_size was 16 and is 8"),
        ({"learning_rate": 0.5}, "learning_rate was None and is 0.5"),
        ({"loss": "huber"}, "loss was .*squared_error.* and is .*huber"),
        ({"loss": nn.per_sample(lambda o, t: (o - t) ** 2)}, "loss was"),
        ({"optimizer": lambda p: nn.optim.Adam(p, 0.01)}, "optimizer was 'adam' and is 'Adam'"),
        ({"compile": False}, "compile was True and is False"),
        ({"seed": 4}, "seed was 3 and is 4"),
        ({"seed": None}, "seed was 3 and is None"),
        ({"seed": random.Random(3)}, "seed was 3 and is 'Random'"),
        ({"outputs": Y + 1e-9}, "digest of outputs was .* and is"),
        ({"sample_weight": np.arange(40)}, "weights was '' and is"),
        ({"validation": 0.25}, "samples held out was 0 and is 10"),
        ({"validation": (X, Y)}, "samples held out was 0 and is 40"),
        ({"l2": 0.1}, "l2 was 0.0 and is 0.1"),
        ({"metrics": "mae"}, "metrics was None and is .*mae"),
        ({"schedule": "cosine"}, "schedule was None and is .*cosine"),
        ({"early_stopping": nn.EarlyStopping(3)}, r"early_stopping was .*\(patience=3"),
        ({"epochs": 1}, "it has 2 epochs, and epochs=1 is less"),
    ],
    ids=lambda x: "",
)  # fmt: skip
def test_a_checkpoint_of_another_training_is_refused(other, said, tmp_path):
    """With the name of the first difference, and nothing is changed."""
    learn(network(), 2, seed=3, checkpoint=tmp_path)
    before, model = bits(tmp_path), network(2)
    start, drawn = [p.data for p in model.parameters()], random.getstate()
    with pytest.raises(ModelFileError, match=rf"checkpoint\.safetensors: .*{said}"):
        learn(model, **{"epochs": 4, "seed": 3, "checkpoint": tmp_path, "resume": True} | other)
    assert bits(tmp_path) == before
    assert [p.data for p in model.parameters()] == start
    assert random.getstate() == drawn


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.MLP(2, [5, 1], "tanh", seed=1),
        lambda: nn.MLP(2, [4, 1], "relu", seed=1),
        lambda: nn.Sequential(nn.MLP(2, [4, 1], "tanh", seed=1)),
    ],
)
def test_a_checkpoint_of_another_model_is_refused(make, tmp_path):
    learn(network(), 2, seed=3, checkpoint=tmp_path)
    with pytest.raises(ModelFileError, match=r"model was .* and is"):
        learn(make(), 4, seed=3, checkpoint=tmp_path, resume=True)
    frozen = network()
    frozen.layers[0].freeze()
    with pytest.raises(ModelFileError, match="frozen parameters was"):
        learn(frozen, 4, seed=3, checkpoint=tmp_path, resume=True)


@pytest.mark.parametrize(
    ("where", "name", "said"),
    [
        ("autograd_lite.__version__", "9.9", "autograd_lite was .* and is '9.9'"),
        ("numpy.__version__", "9.9", "NumPy was .* and is '9.9'"),
        ("autograd_lite.nn.learning.resuming.engine", "other", "engine was .* and is 'other'"),
    ],
)
def test_a_checkpoint_of_another_version_is_refused(where, name, said, tmp_path, monkeypatch):
    learn(network(), 2, seed=3, checkpoint=tmp_path)
    monkeypatch.setattr(where, name)
    with pytest.raises(ModelFileError, match=said):
        learn(network(), 4, seed=3, checkpoint=tmp_path, resume=True)


def test_a_file_that_is_no_checkpoint_is_refused_and_stays(tmp_path):
    learn(network(), 2, seed=3, checkpoint=tmp_path)
    whole, place = bits(tmp_path), tmp_path / "checkpoint.safetensors"
    model = network(2)
    start = [p.data for p in model.parameters()]
    given = {"epochs": 4, "seed": 3, "checkpoint": tmp_path, "resume": True}
    for damaged in (b"", b"no such thing", whole[:-9], whole[: len(whole) // 2]):
        place.write_bytes(damaged)
        with pytest.raises(ModelFileError, match="damaged or cut short"):
            learn(model, **given)
        assert bits(tmp_path) == damaged
    for at in (len(whole) - 4, len(whole) - 100):  # of numbers
        place.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(ModelFileError, match="changed or damaged"):
            learn(model, **given)
    place.unlink()
    model.save(place)
    with pytest.raises(ModelFileError, match="not one that learn of autograd_lite wrote"):
        learn(model, **given)
    arrays = safetensors.numpy.load(whole)
    with safetensors.safe_open(io(tmp_path, whole), "numpy") as file:
        told = file.metadata()
    del told["checksum"]  # as of a file from before
    for missing in ("model:layers.0.neurons.0.b", "optimizer:steps"):
        fewer = {name: array for name, array in arrays.items() if name != missing}
        safetensors.numpy.save_file(fewer, place, told)
        with pytest.raises(ModelFileError, match=r"missing|lack"):
            learn(model, **given)
    assert [p.data for p in model.parameters()] == start


def io(folder, content):
    path = folder / "whole.safetensors"
    path.write_bytes(content)
    return path


def changed(folder, change):
    """Change facts and arrays of the checkpoint in a folder; without a checksum, as in old ones."""
    content = bits(folder)
    with safetensors.safe_open(io(folder, content), "numpy") as file:
        key, told = "autograd_lite_training", file.metadata()
    arrays, found = safetensors.numpy.load(content), json.loads(told[key])
    change(found, arrays)
    told = {key: json.dumps(found)}
    safetensors.numpy.save_file(arrays, folder / "checkpoint.safetensors", told)


def put(*places):
    """A change of a place in the facts, or in the arrays."""
    *path, key, thing = places

    def change(found, arrays):
        holder = arrays if isinstance(thing, np.ndarray) else found
        for each in path:
            holder = holder[each]
        holder[key] = thing

    return change


class Counting(random.Random):
    """A generator whose state is a dict, with text in it."""

    def getstate(self):
        return {"name": "mine", "numbers": list(super().getstate()[1]), "drawn": -1}

    def setstate(self, state):
        super().setstate((3, tuple(state["numbers"]), None))


def test_a_generator_of_ones_own_may_have_any_state(tmp_path):
    """As JSON gives it back; and one that has drawn a normal number, or waits to, as well."""
    drawn = random.Random(3)
    drawn.gauss(0.0, 1.0)
    for seed in (Counting(3), drawn):
        folder, start = tmp_path / type(seed).__name__, seed.getstate()
        history = learn(network(), 2, seed=seed, checkpoint=folder)
        if seed is drawn:
            seed = random.Random(9)
        else:
            seed.setstate(start)
        history = learn(network(), 3, seed=seed, checkpoint=folder, resume=True)
        assert len(history) == 3


def drop(name):
    return lambda found, arrays: arrays.pop(name)


WORD = [3, [1] * 624 + [624], None]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (put("facts", None), "facts in its description is None"),
        (put("epochs", "x"), "epochs in its description is 'x'"),
        (put("epochs", 0, [1, "a", {}, 0, None, {}, 0]), "it holds 'a' where .* as 0.5"),
        (put("epochs", 0, 7), "it holds 7 where"),
        (put("epochs", 0, []), r"it holds \[\] where"),
        (put("epochs", 1, 0, 10**400), r"its epoch 2 does not fit: \(1000"),
        (put("epochs", 1, 0, True), "it holds True where"),
        (put("epochs", 0, 1, 10**400), "it holds 1000"),
        (put("epochs", 0, 3, None), "it holds None where"),
        (put("epochs", 0, 2, "no", 1.0), "it holds .*'no'.* where"),
        (put("epochs", 1, 4, None), r"its epoch 2 does not fit: \(2, None\)"),
        (put("start", "a"), "it holds 'a' where"),
        (put("generator", None), "it holds None where"),
        (put("generator", [3, [-1] * 625, None]), "can't convert negative"),
        (put("generator", [3, [2**40] * 624 + [1], None]), "its generator cannot stand at"),
        (put("generator", [3, [2**80] * 624 + [1], None]), "too large"),
        (put("generator", [2, *WORD[1:]]), "its generator cannot stand at"),
        (put("generator", [*WORD[:2], "a"]), "it holds 'a' where .* as None"),
        (put("generator", [*WORD[:2], float("nan")]), "it holds nan where"),
        (put("generator", 1, 624, 625), "invalid state"),
        (put("generator", 1, 7, [[[[[]]]]]), "it holds .* where"),
        (put("optimizer:learning_rate", np.array(np.inf)), "a step from this state"),
        (put("optimizer:steps", np.array(np.nan)), "steps must be at least 0, and is nan"),
        (put("optimizer:state.0", np.full(17, np.nan)), "a step from this state"),
        (put("optimizer:state.1", np.full(17, -1.0)), "a step from this state"),
        (put("optimizer:state.0", np.zeros(9)), "shape"),
        (put("model:layers.0.neurons.0.b", np.array(np.nan)), "parameters must be finite"),
        (put("best:", np.zeros(3)), "shape"),
        (put("best:", np.full(17, np.nan)), "parameters must be finite"),
        (drop("best:"), "lacks"),
        (put("worst:", np.zeros(3)), "does not have: worst:"),
    ],
    ids=lambda x: "",
)  # fmt: skip
def test_a_changed_checkpoint_is_refused_before_anything_is_changed(change, said, tmp_path):
    """Facts that were null, epochs of texts and states below 0 were errors of Python's.

    An epoch of number 10**400 was taken; a rate of inf, or a state of nan, ended the training later
    as an AnomalyError. Epochs without a metric that the others had made a KeyError of the history.
    """
    given = {"seed": 3, "checkpoint": tmp_path, "validation": 0.25, "metrics": "mae"}
    given["early_stopping"] = nn.EarlyStopping(9)
    learn(network(), 2, **given)
    changed(tmp_path, lambda found, arrays: None)
    assert len(learn(network(), 3, resume=True, **given)) == 3
    changed(tmp_path, change)
    before, model = bits(tmp_path), network(2)
    start, drawn = [p.data for p in model.parameters()], random.getstate()
    with pytest.raises(ModelFileError, match=rf"checkpoint\.safetensors: .*{said}") as caught:
        learn(model, 4, resume=True, **given)
    assert not len(caught.value.history)
    assert bits(tmp_path) == before
    assert [p.data for p in model.parameters()] == start
    assert random.getstate() == drawn


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (np.random.MT19937, (0, "state", "pos")),
        (np.random.Philox, (0, "buffer_pos")),
        (np.random.PCG64, (0, "has_uint32")),
        (np.random.SFC64, (0, "state", "state", 0)),
    ],
)
@pytest.mark.parametrize("number", [10**9, -(10**9), 2**70, None, "a", 0.5])
def test_a_state_of_a_generator_is_one_that_it_can_have(kind, path, number, tmp_path):
    """NumPy's Mersenne twister reads at the place that a state names: the process crashed."""

    def run(epochs):
        rng = np.random.Generator(kind(5))
        given = {"seed": rng, "checkpoint": tmp_path, "resume": True, "progress": False}
        return nn.Neuron(1, "linear", seed=1).learn([0, 1], [1, 3], epochs=epochs, **given)

    run(1)
    changed(tmp_path, put("generator", *path, number))
    if kind is np.random.PCG64 and number in (10**9, -(10**9)):  # which only says: not 0
        assert len(run(2)) == 2
        return
    if kind is np.random.SFC64 and number == 10**9:
        assert len(run(2)) == 2
        return
    with pytest.raises(ModelFileError, match=r"it holds|generator|int|too (large|big)"):
        run(2)


class Steps:
    """An optimiser that says nothing of its state."""

    def __init__(self, parameters):
        self.parameters = parameters

    def step(self): ...


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"resume": True}, ValueError, 'from a folder: checkpoint="run/"'),
        ({"checkpoint": 3}, TypeError, "a path is a str or path-like"),
        ({"checkpoint": ""}, OSError, "the path is empty"),
        ({"checkpoint": "{}/file"}, OSError, "file"),
        ({"checkpoint": "{}/file/run"}, OSError, "file"),
        ({"checkpoint": "{}/new", "optimizer": Steps}, TypeError, "Steps: .* has none"),
        ({"checkpoint": "{}/new", "seed": random.SystemRandom()}, NotImplementedError, "state"),
    ],
)  # fmt: skip
def test_checkpoints_that_cannot_be_are_refused(given, kind, said, tmp_path):
    (tmp_path / "file").write_text("mine")
    path = given.get("checkpoint")
    if isinstance(path, str):
        given = given | {"checkpoint": path.format(tmp_path)}
    model = network()
    with pytest.raises(kind, match=said):
        learn(model, **given)
    assert [p.data for p in model.parameters()] == [p.data for p in network().parameters()]


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"epochs": 0}, ValueError), ({"epochs": 1.5}, TypeError), ({"seconds": -1}, ValueError),
        ({"seconds": "60"}, TypeError), ({"folder": None}, TypeError),
    ],
)  # fmt: skip
def test_times_that_cannot_be_are_refused(given, kind):
    with pytest.raises(kind):
        nn.Checkpoint(**{"folder": "run"} | given)


# --- kill -9 ---

#: Forks a process that trains, for each number of a model that it is told.
TRAINER = """
import os, sys
import numpy as np
from autograd_lite import nn
folder, said = sys.argv[1], os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
X = np.random.default_rng(0).standard_normal((40, 2))
for line in sys.stdin:
    child = os.fork()
    if not child:
        nn.MLP(2, [4, 1], "tanh", seed=int(line)).learn(
            X, X[:, 0] * X[:, 1], epochs=100_000, batch_size=16, seed=3, progress=False,
            checkpoint=nn.Checkpoint(folder, epochs=3), resume=True,
            callback=lambda history: os.write(said, b"%d\\n" % len(history)) < 0,
        )
    print(child, flush=True)
    os.waitpid(child, 0)
    print("dead", flush=True)
"""


def test_a_process_that_is_killed_at_any_moment_loses_an_interval_at_most(tmp_path):
    """And the file is whole whenever; `make kills` tries more moments."""
    folder, said = tmp_path / "run", tmp_path / "said"
    command = [sys.executable, "-c", TRAINER, folder, said]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    done = 0
    with subprocess.Popen(command, **pipes) as trainer:
        for number in range(int(os.environ.get("KILLS", "4"))):
            begun = (folder / "checkpoint.safetensors").exists()
            print(2 + number if begun else 1, file=trainer.stdin, flush=True)
            child = int(trainer.stdout.readline())
            end = time.monotonic() + 60 * (number == 1)
            while time.monotonic() < end and not (folder / "checkpoint.safetensors").exists():
                time.sleep(0.01)  # on a busy machine, too, one of them keeps something
            time.sleep(random.random() * 0.3)
            os.kill(child, signal.SIGKILL)
            assert trainer.stdout.readline() == "dead\n"
            if (folder / "checkpoint.safetensors").exists():
                before, done = done, kept(folder)
                told = [0, *map(int, said.read_text().split())] if said.exists() else [0]
                # An epoch is told before it is kept.
                assert max(before, told[-1] - 3) <= done <= max(before, told[-1])
        trainer.stdin.close()
    assert done > 0
    model, whole = network(99), network()
    keep = nn.Checkpoint(folder, epochs=3)
    history = learn(model, done + 2, seed=3, resume=True, checkpoint=keep)
    assert state(model, history) == state(whole, learn(whole, done + 2, seed=3))
    assert os.listdir(folder) == ["checkpoint.safetensors"]
