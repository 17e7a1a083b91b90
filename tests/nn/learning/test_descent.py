"""Steps that the machine takes at once: with the bits of steps that Python takes one by one."""

import gc
import signal

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.nn.learning.compiled_batches import CompiledBatches
from autograd_lite.nn.optim import OPTIMIZERS

pytestmark = pytest.mark.skipif(ag.engine == "python", reason="there is no machine")

RNG = np.random.default_rng(3)
X = RNG.normal(size=(53, 3))
TARGETS = {
    "squared_error": X[:, 0] * X[:, 1],
    "hinge": np.where(X[:, 0] > 0.0, 1.0, -1.0),
    "cross_entropy": (X[:, 0] > 0.0) + 1.0 * (X[:, 1] > 0.5),
}
RULES = ["sgd", "nesterov", "adam", "adamw", "rmsprop"]


def trained(loss="squared_error", optimizer="adam", limits=None, frozen=False, **given):
    """The facts of a training and what the optimiser remembers."""
    model = nn.MLP(3, [5, 3 if loss == "cross_entropy" else 1], activation="tanh", seed=2)
    if frozen:
        model.layers[0].freeze()
    made = OPTIMIZERS[optimizer](model.parameters(), learning_rate=0.02, **(limits or {}))
    given = {"epochs": 7, "batch_size": 8, "seed": 1, "progress": False} | given
    history = model.learn(X, TARGETS[loss], loss, made, **given)
    state = {name: x.tolist() for name, x in made.state_dict().items()}
    epochs = [epoch._replace(seconds=0.0) for epoch in history]
    return epochs, [p.data for p in model.parameters()], state


@pytest.fixture
def counted(monkeypatch):
    """How many steps the machine took."""
    taken, own = [], CompiledBatches.at_once

    def at_once(self, batches, step, done):
        before = len(done)
        own(self, batches, step, done)
        taken.append(len(done) - before)

    monkeypatch.setattr(CompiledBatches, "at_once", at_once)
    return taken


@pytest.mark.parametrize("batch_size", [8, 53, None])
@pytest.mark.parametrize("loss", TARGETS)
@pytest.mark.parametrize("optimizer", RULES)
def test_bits_are_those_of_single_steps(optimizer, loss, batch_size, counted, monkeypatch):
    given = {"optimizer": optimizer, "loss": loss, "batch_size": batch_size}
    found = trained(**given)
    assert sum(counted) >= 5
    monkeypatch.setattr(CompiledBatches, "at_once", lambda *_: None)
    assert found == trained(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"validation": 0.3}, {"validation": (X, TARGETS["squared_error"])},
        {"callback": lambda history: len(history) == 1},
        {"sample_weight": np.arange(53.0)}, {"threads": 3}, {"validation": 0.3, "batch_size": None},
    ],
    ids=str,
)  # fmt: skip
def test_so_are_those_of_other_options(given, counted, monkeypatch):
    found = trained(**given)
    assert sum(counted) >= 5
    monkeypatch.setattr(CompiledBatches, "at_once", lambda *_: None)
    assert found == trained(**given)


@pytest.mark.parametrize("inputs", [np.float32(X), np.asfortranarray(X), X.tolist(), X[::-1]])
def test_inputs_of_any_layout_are_learnt_from(inputs, counted):
    models = [nn.MLP(3, [4, 1], seed=1) for _ in range(2)]
    plain = np.ascontiguousarray(inputs, np.float64)
    for model, given in zip(models, (inputs, plain), strict=True):
        model.learn(given, TARGETS["squared_error"], epochs=3, seed=1, progress=False)
    assert sum(counted) == 2 * 5
    assert str(models[0].state_dict()) == str(models[1].state_dict())


@pytest.mark.parametrize("batch_size", [4, None])
def test_a_number_that_is_not_finite_ends_it_as_in_single_steps(batch_size, monkeypatch):
    """The same error, epochs and parameters: those before the step in which it came about."""
    xs, facts = np.linspace(1.0, 2.0, 12), []
    for single in (False, True):
        if single:
            monkeypatch.setattr(CompiledBatches, "at_once", lambda *_: None)
        model = nn.Neuron(1, "linear", seed=1)
        sgd = nn.optim.SGD(model.parameters(), 1e3, momentum=0.5)
        with pytest.raises(ag.AnomalyError) as caught:
            model.learn(
                xs, xs, optimizer=sgd, epochs=500, batch_size=batch_size, seed=1, progress=False
            )
        state = {name: x.tolist() for name, x in sgd.state_dict().items()}
        losses = caught.value.history.loss
        facts.append((str(caught.value), losses, [p.data for p in model.parameters()], state))
    assert facts[0] == facts[1]
    assert len(facts[0][1]) > 1


@pytest.mark.parametrize("batch_size", [8, None])
def test_ctrl_c_comes_between_steps(batch_size):
    """Parameters, state and history are those of as many steps as were taken."""
    model = nn.MLP(3, [5, 1], activation="tanh", seed=2)
    adam = nn.optim.Adam(model.parameters(), 0.001)
    given = {"batch_size": batch_size, "seed": 1, "progress": False}
    gc.collect()  # in a callback of some weak reference of others Ctrl-C would be lost
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    handler = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        found = model.learn(X, TARGETS["squared_error"], optimizer=adam, epochs=10**6, **given)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, handler)
    assert found.interrupted
    each = 1 if batch_size is None else 7
    assert len(found) * each <= adam.steps <= (len(found) + 1) * each
    twin = nn.MLP(3, [5, 1], activation="tanh", seed=2)
    same = nn.optim.Adam(twin.parameters(), 0.001)
    whole = {**given, "epochs": len(found)}
    if found.epochs and adam.steps == len(found) * each:
        right = twin.learn(X, TARGETS["squared_error"], optimizer=same, **whole)
        assert right.loss == found.loss
        assert str(twin.state_dict()) == str(model.state_dict())


@pytest.mark.parametrize("batch_size", [8, None])
@pytest.mark.parametrize("optimizer", RULES)
@pytest.mark.parametrize(
    "given",
    [
        {"limits": {"clip_value": 0.01}}, {"limits": {"clip_norm": 0.3}}, {"frozen": True},
        {"l1": 0.01}, {"schedule": "one_cycle"}, {"schedule": lambda i: 1.0 / (i + 1)},
        {"schedule": "reduce_on_plateau", "l2": 0.1, "l1": 0.02, "frozen": True,
         "limits": {"clip_value": 0.1, "clip_norm": 0.2}, "validation": 0.3},
    ],
    ids=str,
)  # fmt: skip
def test_so_are_clipped_scheduled_penalised_and_frozen_ones(
    given, optimizer, batch_size, counted, monkeypatch
):
    given = {"optimizer": optimizer, "batch_size": batch_size, **given}
    found = trained(**given)
    assert sum(counted) >= 5
    monkeypatch.setattr(CompiledBatches, "at_once", lambda *_: None)
    assert found == trained(**given)


@pytest.mark.parametrize("limits", [{"clip_norm": 1e-3}, {"clip_value": 1e-3}])
def test_a_limit_that_is_changed_between_epochs_holds_from_then_on(limits, counted):
    model = nn.MLP(3, [4, 1], seed=1)
    sgd, seen = nn.optim.SGD(model.parameters(), 0.1), []

    def clip(history):
        seen.append(np.array([p.data for p in model.parameters()]))
        vars(sgd).update(limits)

    model.learn(X, TARGETS["squared_error"], optimizer=sgd, epochs=3, callback=clip, progress=False)
    assert sum(counted) == 3 * 2 - 1
    first, last = (np.abs(np.diff(seen, axis=0)).max(axis=1)).tolist()
    assert max(first, last) <= 2 * 0.1 * 1e-3 * (1.0 + 1e-9)


def test_a_schedule_is_asked_once_for_each_step_and_ends_it_with_its_error(counted):
    """The parameters are those behind the steps before."""
    asked, models = [], [nn.MLP(3, [4, 1], seed=1) for _ in range(2)]

    def schedule(i):
        asked.append(i)
        return 1.0 if i < 17 else -1.0

    given = {"batch_size": 8, "seed": 1, "progress": False}
    with pytest.raises(ValueError, match=r"schedule\(17\) must be at least 0") as caught:
        models[0].learn(X, TARGETS["squared_error"], epochs=9, schedule=schedule, **given)
    assert asked == [*range(18)]
    assert len(caught.value.history) == 2
    ends = iter([False, False, True])
    given |= {"schedule": lambda i: 1.0 if i < 17 else 0.0, "callback": lambda _: next(ends)}
    models[1].learn(X, TARGETS["squared_error"], epochs=9, **given)
    assert str(models[0].state_dict()) == str(models[1].state_dict())
    assert sum(counted) == 6 + 7 + 6 + 7 + 7  # an error tells no number


def test_a_schedule_may_change_other_settings_of_the_optimiser(monkeypatch):
    """They hold for the step that it is asked for."""
    found = []
    for single in (False, True):
        if single:
            monkeypatch.setattr(CompiledBatches, "at_once", lambda *_: None)
        model = nn.MLP(3, [4, 1], seed=1)
        sgd = nn.optim.SGD(model.parameters(), 0.1)

        def schedule(i, sgd=sgd):
            sgd.momentum = 0.9 if i % 5 > 2 else 0.0
            return 1.0

        given = {"optimizer": sgd, "schedule": schedule, "seed": 1, "progress": False}
        history = model.learn(X, TARGETS["squared_error"], epochs=4, batch_size=8, **given)
        found.append((history.loss, str(model.state_dict()), str(sgd.state_dict())))
    assert found[0] == found[1]


def test_the_length_of_a_gradient_whose_square_overflows_is_found_singly(monkeypatch, counted):
    xs, found = np.array([1e90, 2e90]), []
    for single in (False, True):
        if single:
            monkeypatch.setattr(CompiledBatches, "at_once", lambda *_: None)
        model = nn.Neuron(1, "linear", seed=1)
        sgd = nn.optim.SGD(model.parameters(), 1.0, clip_norm=1.0)
        given = {"batch_size": 1, "seed": 1, "progress": False, "callback": lambda history: False}
        model.learn(xs, xs, optimizer=sgd, epochs=5, **given)
        found.append(str(model.state_dict()))
    assert found[0] == found[1]
    assert sum(counted) == 0


def test_the_learning_rate_is_the_first_setting_of_each_optimiser():
    for make in OPTIMIZERS.values():
        assert make([ag.Value(1.0)], learning_rate=0.1).settings[0] == "learning_rate"


class TestArrays:
    """What does not fit is refused before a step."""

    def descend(self, **changed):
        w, x, rate = ag.Value(1.0), ag.Value(2.0), ag.Value(0.1)
        gradient = ag.freeze([w * x, x + 0.0 * w], [w, x]).runner.machine
        slope, state, step = ag.Value(1.0), ag.Value(0.0), ag.Value(1.0)
        rule = [w - rate * slope, state + slope]
        update = ag.freeze(rule, [w, slope, state, step, rate]).runner.machine
        given = {
            "update": update, "totals": None, "numbers": np.array([1.0]),
            "state": np.zeros((1, 1)), "settings": np.array([0.0, 0.5]), "rate": None,
            "columns": (np.array([[1.0], [3.0]]),), "n_samples": 2, "order": None, "size": 2,
            "found": np.zeros((2, 1)), "threads": 1,
        } | changed  # fmt: skip
        return gradient.descend(*given.values()), given

    def test_two_steps_are_taken(self):
        taken, given = self.descend()
        assert taken == 2
        assert given["found"].tolist() == [[2.0], [0.0]]
        assert given["numbers"].tolist() == [-1.0]
        assert given["state"].tolist() == [[4.0]]
        assert given["settings"].tolist() == [2.0, 0.5]

    @pytest.mark.parametrize(
        "changed",
        [
            {"numbers": np.zeros(2)}, {"numbers": np.zeros(0)}, {"state": np.zeros((2, 1))},
            {"settings": np.zeros(1)}, {"settings": np.zeros(0)}, {"columns": ()},
            {"columns": (np.zeros((2, 2)),)}, {"columns": (np.zeros(3),)}, {"n_samples": 0},
            {"n_samples": -2}, {"order": np.array([0, 2]), "found": np.zeros((1, 1))},
            {"order": np.array([-1])}, {"order": np.array([0, 1]), "size": 0},
            {"order": np.array([0, 1])}, {"threads": 0}, {"columns": (np.zeros(2),) * 17},
            {"found": np.zeros((2, 1))[::-1]}, {"numbers": [1.0]}, {"order": np.zeros(1)},
            {"totals": 5}, {"rate": lambda: "1"},
        ],
        ids=str,
    )  # fmt: skip
    def test_arrays_that_do_not_fit_are_refused(self, changed):
        with pytest.raises((ValueError, TypeError)):
            self.descend(**changed)

    def test_a_program_of_totals_that_does_not_fit_is_refused(self):
        x = ag.Value(1.0)
        with pytest.raises(ValueError, match="fit"):
            self.descend(totals=ag.freeze([x], [x]).runner.machine)
