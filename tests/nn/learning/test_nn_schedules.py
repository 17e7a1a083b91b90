"""Schedules of the learning rate against PyTorch's schedulers, and in a training."""

import copy
import math

import numpy as np
import pytest

from autograd_lite import Value, nn
from autograd_lite.errors import AnomalyError
from autograd_lite.nn import schedules
from autograd_lite.nn.optim import SGD, Adam, optimizer

X, Y = [0.0, 1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 5.0, 7.0, 9.0]


def line():
    return nn.Neuron(1, "linear", seed=1)


class Line(nn.Module):
    """A module of a user's, that may compile."""

    def __init__(self):
        self.slope, self.offset = Value(0.5), Value(0.0)

    def __call__(self, x):
        return self.slope * x[0] + self.offset


def theirs(make, steps):
    """The factors that a scheduler of PyTorch's gives."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: oracle)")
    theirs = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(torch.optim.lr_scheduler, theirs)
    factors = []
    for _ in range(steps):
        factors.append(theirs.param_groups[0]["lr"])
        theirs.step()
        scheduler.step()
    return factors


PEERS = {
    "step": (schedules.step(3, 0.5), lambda s, o: s.StepLR(o, 3, 0.5), 20),
    "cosine": (schedules.cosine(20), lambda s, o: s.CosineAnnealingLR(o, 20), 21),
    "cosine to": (schedules.cosine(7, 0.2), lambda s, o: s.CosineAnnealingLR(o, 7, 0.2), 8),
    "one cycle": (
        schedules.one_cycle(30),
        lambda s, o: s.OneCycleLR(o, 1.0, 30, cycle_momentum=False),
        30,
    ),
    "one cycle, flat": (
        schedules.one_cycle(9, 2.0, 0.5, 0.1, 0.01),
        lambda s, o: s.OneCycleLR(
            o, 2.0, 9, pct_start=0.5, div_factor=10, final_div_factor=10, cycle_momentum=False
        ),
        9,
    ),
    "one cycle, falling": (
        schedules.one_cycle(5, rise=0.1),
        lambda s, o: s.OneCycleLR(o, 1.0, 5, pct_start=0.1, cycle_momentum=False),
        5,
    ),
    "warm up": (schedules.warm_up(5), lambda s, o: s.LinearLR(o, 1 / 5, 1.0, 4), 20),
    "warm up, then step": (
        schedules.warm_up(5, schedules.step(4, 0.1)),
        lambda s, o: s.SequentialLR(
            o, [s.LinearLR(o, 1 / 5, 1.0, 4), s.StepLR(o, 4, 0.1)], milestones=[5]
        ),
        20,
    ),
}


@pytest.mark.filterwarnings("ignore:.*scheduler.step.*:UserWarning")
@pytest.mark.parametrize("name", PEERS)
def test_factors_are_pytorchs(name):
    ours, make, steps = PEERS[name]
    expected = theirs(make, steps)
    assert [ours(i) for i in range(steps)] == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_the_last_factor_stays():
    """PyTorch's cosine would rise again, and its cycle raise an error."""
    assert schedules.cosine(10, 0.1)(25) == pytest.approx(0.1)
    assert schedules.one_cycle(10)(1000) == schedules.one_cycle(10)(9) == pytest.approx(4e-6)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_reduce_on_plateau_is_pytorchs(sign):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: oracle)")
    rng = np.random.default_rng(2)
    losses = sign * (5.0 * 0.9 ** np.arange(60.0) + 0.5 + 0.3 * rng.random(60))
    oracle = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(oracle, factor=0.5, patience=3)
    ours, history = schedules.reduce_on_plateau(patience=3, factor=0.5), nn.History()
    expected, found = [], []
    for i, loss in enumerate(losses.tolist()):
        scheduler.step(loss)
        expected.append(oracle.param_groups[0]["lr"])
        history.epochs.append(nn.Epoch(i + 1, loss, {}, 0.1))
        ours.observe(history)
        found.append(ours(i))
    if sign > 0:  # of losses below 0 PyTorch takes a rise for a fall
        assert found == expected
    assert 1.0 > found[-1] > 0.0


def test_reduce_on_plateau_looks_at_the_validation_loss_if_there_is_one():
    schedule = schedules.reduce_on_plateau(patience=1)
    epochs = [nn.Epoch(i, 1.0 / i, {}, 0.1, 7.0) for i in range(1, 4)]
    schedule.observe(nn.History(epochs))
    assert schedule(0) == 0.1
    schedule.observe(nn.History())
    assert schedule(0) == 1.0  # another training


# --- in a training --------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [SGD, Adam])
@pytest.mark.parametrize("how", [{}, {"compile": True}, {"compile": False}])
@pytest.mark.parametrize("model", [line, Line])
def test_each_step_has_its_rate(make, how, model):
    """As by hand, with a rate that is set before each step."""

    def schedule(step):
        return 1.0 / (1.0 + step)

    mine, by_hand = model(), model()
    optimizer = make(mine.parameters(), learning_rate=0.05)
    history = mine.learn(
        X, Y, optimizer=optimizer, epochs=4, batch_size=2, seed=1, schedule=schedule,
        progress=False, **how,
    )  # fmt: skip
    other = make(by_hand.parameters(), learning_rate=0.05)
    rates = []

    class ByHand:
        parameters = other.parameters

        def step(self):
            other.learning_rate = 0.05 * schedule(len(rates))
            rates.append(other.learning_rate)
            other.step()

    by_hand.learn(X, Y, optimizer=ByHand(), epochs=4, batch_size=2, seed=1, progress=False, **how)
    assert len(rates) == 12
    assert [p.data for p in mine.parameters()] == [p.data for p in by_hand.parameters()]
    assert history.learning_rate == rates[2::3]
    assert optimizer.learning_rate == 0.05  # as it was


def test_the_rate_of_a_training_without_a_schedule_is_the_optimizers():
    assert line().learn(X, Y, epochs=2, progress=False).learning_rate == [0.01, 0.01]

    class Still:
        def step(self): ...

    assert line().learn(X, Y, optimizer=Still(), epochs=1, progress=False).learning_rate == [None]


def test_no_program_is_recorded_anew_when_the_rate_changes(monkeypatch):
    recorded = []
    freeze = optimizer.freeze
    monkeypatch.setattr(optimizer, "freeze", lambda *args: recorded.append(1) or freeze(*args))
    line().learn(X, Y, epochs=5, schedule=lambda step: 1.0 + step, progress=False)
    assert len(recorded) <= 1


@pytest.mark.parametrize("name", schedules.SCHEDULES)
def test_a_name_is_a_schedule_for_the_whole_training(name):
    """Of 3 epochs of 3 steps."""
    history = line().learn(
        X, Y, epochs=3, batch_size=2, learning_rate=1e-3, schedule=name, progress=False
    )
    by_steps = {
        "cosine": schedules.cosine(9),
        "one_cycle": schedules.one_cycle(9),
        "reduce_on_plateau": lambda i: 1.0,
        "step": schedules.step(3),
        "warm_up": lambda i: 1.0,
    }[name]
    expected = [1e-3 * by_steps(i) for i in (2, 5, 8)]
    assert history.learning_rate == pytest.approx(expected, rel=1e-12)


def test_a_plateau_lowers_the_rate_of_the_next_epoch():
    """With a loss that cannot fall, from the third epoch on each time."""
    schedule = schedules.reduce_on_plateau(patience=1, factor=0.5)
    for _ in range(2):  # each training begins anew
        model = line()
        model.learn(X, Y, epochs=300, learning_rate=0.05, progress=False)
        optimizer = SGD(model.parameters(), 1e-9)
        history = model.learn(
            X, Y, optimizer=optimizer, epochs=6, schedule=schedule, progress=False
        )
        assert history.learning_rate == [1e-9, 1e-9, 1e-9, 5e-10, 5e-10, 2.5e-10]


@pytest.mark.parametrize("factor", [-1.0, math.nan, math.inf])
def test_a_factor_out_of_range_is_an_error_before_the_step(factor):
    model = line()
    optimizer = SGD(model.parameters(), 0.1)
    with pytest.raises(ValueError, match=r"schedule\(1\) must be at least 0 and finite, and is"):
        model.learn(
            X, Y, optimizer=optimizer, schedule=lambda i: factor if i else 0.0, progress=False
        )
    assert [p.data for p in model.parameters()] == [p.data for p in line().parameters()]
    assert (optimizer.learning_rate, optimizer.steps) == (0.1, 1.0)


def test_the_rate_is_the_optimizers_own_again_after_an_error():
    model = line()
    optimizer = SGD(model.parameters(), 0.1)
    with pytest.raises(AnomalyError):
        model.learn(X, Y, optimizer=optimizer, schedule=lambda i: 1e200, progress=False)
    assert optimizer.learning_rate == 0.1


class Still:
    """An optimiser of one's own, without a rate."""

    def step(self): ...


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"schedule": "cosin"}, ValueError, "schedule is a name .cosine, one_cycle, .*'cosin'"),
        ({"schedule": 0.1}, TypeError, "a function of the step that gives a factor .* 0.1"),
        ({"schedule": schedules.cosine}, TypeError, "cosine.* makes a schedule: call it"),
        ({"schedule": schedules.reduce_on_plateau}, TypeError, "makes a schedule: call it"),
        ({"schedule": lambda i: "0.1"}, TypeError, "str"),
        ({"schedule": "step", "optimizer": Still()}, ValueError, "this Still has none"),
    ],
)
def test_what_is_no_schedule_is_an_error(options, error, said):
    model = line()
    with pytest.raises(error, match=said):
        model.learn(X, Y, progress=False, **options)
    assert [p.data for p in model.parameters()] == [p.data for p in line().parameters()]


@pytest.mark.parametrize(
    "make",
    [
        lambda: schedules.step(0),
        lambda: schedules.step(1, -1.0),
        lambda: schedules.cosine(-5),
        lambda: schedules.cosine(5, math.nan),
        lambda: schedules.one_cycle(5, rise=1.0),
        lambda: schedules.one_cycle(5, peak=-1),
        lambda: schedules.warm_up(0),
        lambda: schedules.reduce_on_plateau(0),
        lambda: schedules.reduce_on_plateau(1, factor=-0.5),
    ],
)
def test_arguments_out_of_range_are_value_errors(make):
    with pytest.raises(ValueError, match="must be at least"):
        make()


def test_what_follows_a_warm_up_is_a_schedule():
    with pytest.raises(TypeError, match=r"then is a schedule, a function of the step, and is 0\.1"):
        schedules.warm_up(3, 0.1)


def test_a_copy_of_a_schedule_goes_on_by_itself():
    schedule = schedules.reduce_on_plateau(patience=1)
    epochs = [nn.Epoch(i, 1.0, {}, 0.1) for i in range(1, 3)]
    schedule.observe(nn.History(epochs))
    other = copy.deepcopy(schedule)
    other.observe(nn.History([*epochs, *epochs]))
    assert (schedule(0), other(0)) == (1.0, 0.1)


# --- the range test -------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [line, Line])
def test_a_range_test_takes_a_step_at_each_rate(model):
    """As by hand; the loss is that before the step, and the model stays as it is."""
    tested, by_hand = model(), model()
    before = [p.data for p in tested.parameters()]
    test = nn.find_learning_rate(
        tested, X, Y, optimizer="sgd", lowest=1e-3, highest=0.1, steps=7, batch_size=None
    )
    assert [p.data for p in tested.parameters()] == before
    assert [p.grad for p in tested.parameters()] == [0.0, 0.0]
    assert test.rates == pytest.approx(np.geomspace(1e-3, 0.1, 7))
    optimizer = SGD(by_hand.parameters(), 1.0)
    for rate, loss in zip(test.rates, test.losses, strict=True):
        by_hand.zero_grad()
        now = nn.losses.squared_error([by_hand([x]) for x in X], Y)
        assert loss == pytest.approx(now.data)
        now.backward()
        optimizer.learning_rate = rate
        optimizer.step()


def test_a_range_test_goes_through_all_samples_in_batches():
    """Of 2, 2 and 1; and on into the next epoch, in an order by the seed."""
    outputs = [1.0, 10.0, 100.0, 1000.0, 10000.0]
    tests = [
        nn.find_learning_rate(
            line(), X, outputs, lowest=1e-30, highest=2e-30, steps=8, batch_size=2, seed=seed
        )
        for seed in (1, 1, 2)
    ]
    first, again, other = (test.losses.tolist() for test in tests)
    assert first == again != other
    assert len(first) == 8
    # The model hardly moves: an epoch's losses add up to that of all samples.
    weights = [2.0, 2.0, 1.0]
    whole = nn.find_learning_rate(line(), X, outputs, lowest=1e-30, highest=2e-30, steps=1)
    for start in (0, 3):
        epoch = np.dot(weights, first[start : start + 3]) / 5.0
        assert epoch == pytest.approx(whole.losses[0], rel=1e-9)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_suggestion_is_a_rate_that_learns(optimizer):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(200, 3))
    outputs = np.tanh(inputs @ [1.0, -1.0, 0.5])
    model = nn.MLP(3, [8, 1], activation="tanh", seed=1)
    test = nn.find_learning_rate(model, inputs, outputs, optimizer=optimizer, seed=0)
    history = model.learn(
        inputs, outputs, optimizer=optimizer, learning_rate=test.suggestion, epochs=10,
        progress=False, seed=0,
    )  # fmt: skip
    assert history.loss[-1] < 0.2 * test.losses[0]
    fall = np.diff(test.smooth)[test.rates[:-1] == test.suggestion]
    assert fall == np.diff(test.smooth[: test.smooth.argmin() + 1]).min() < 0.0


def test_a_range_test_ends_where_the_loss_is_not_finite():
    test = nn.find_learning_rate(line(), X, Y, optimizer="sgd", highest=1e300)
    assert 10 < len(test.rates) == len(test.losses) < 100
    assert np.isfinite(test.losses).all()


def test_a_range_test_is_drawn():
    pytest.importorskip("matplotlib").use("Agg")
    from matplotlib.figure import Figure

    test = nn.find_learning_rate(line(), X, Y, optimizer="sgd", seed=0)
    ax = test.plot(Figure().subplots())
    assert (ax.get_xscale(), ax.get_xlabel(), ax.get_ylabel()) == ("log", "learning rate", "loss")
    losses, mean, suggestion = ax.lines
    assert losses.get_ydata().tolist() == test.losses.tolist()
    assert mean.get_ydata().tolist() == test.smooth.tolist()
    assert [*suggestion.get_xdata()] == [test.suggestion] * 2
    low, high = ax.get_ylim()
    assert low < test.smooth.min() < test.smooth[0] < high < test.losses.max()


def test_where_no_rate_helps_there_is_no_suggestion():
    test = nn.find_learning_rate(line(), X, Y, optimizer="sgd", lowest=1.0, steps=20)
    with pytest.raises(ValueError, match="the loss fell at no rate from 1 on; give a smaller"):
        _ = test.suggestion


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"lowest": 1.0, "highest": 0.1}, ValueError, "from lowest=1.0 to highest=0.1, both above"),
        ({"lowest": 0.0}, ValueError, "from lowest=0.0 to highest=10.0, both above 0"),
        ({"steps": 0}, ValueError, "steps must be at least 1 and is 0"),
        ({"optimizer": "lbfgs"}, ValueError, "a name with a learning rate .adam, .*'lbfgs'"),
        ({"optimizer": SGD([Value(1.0)], 0.1)}, ValueError, "as the copy of the model has other"),
        ({"loss": "squared"}, ValueError, "unknown loss 'squared'"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        ({"outputs": [1.0]}, ValueError, "5 inputs and 1 output"),
        ({"outputs": [1e200] * 5}, AnomalyError, "the loss turned inf in epoch 1"),
    ],
)
def test_what_a_range_test_cannot_take_is_an_error(options, error, said):
    with pytest.raises(error, match=said):
        nn.find_learning_rate(line(), X, **{"outputs": Y, **options})
