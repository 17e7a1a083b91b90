"""Optimisers against PyTorch's, step by step."""

import copy
import math
import pickle

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.nn.optim import OPTIMIZERS, SGD, Adam, AdamW, Optimizer, RMSprop

START = [1.5, -2.0, 0.25]


def bowl(p):
    """A function whose parameters pull at each other, of three numbers."""
    return p[0] * p[0] * 3.0 + p[1] * p[0] + p[1] * p[1] * 0.5 + (p[2] - 2.0) * (p[2] - p[0])


KINDS = [
    (SGD, {"learning_rate": 0.05}),
    (SGD, {"learning_rate": 0.05, "momentum": 0.9}),
    (SGD, {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}),
    (SGD, {"learning_rate": 0.05, "weight_decay": 0.1}),
    (SGD, {"learning_rate": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.2}),
    (Adam, {}),
    (Adam, {"learning_rate": 0.1, "betas": (0.7, 0.9), "eps": 1e-3}),
    (Adam, {"learning_rate": 0.1, "betas": (0.0, 0.0)}),
    (AdamW, {}),
    (AdamW, {"learning_rate": 0.1, "weight_decay": 0.3, "eps": 1e-3}),
    (RMSprop, {}),
    (RMSprop, {"alpha": 0.7, "eps": 1e-3, "weight_decay": 0.1}),
    (RMSprop, {"learning_rate": 0.05, "momentum": 0.6, "centered": True}),
]
kinds = pytest.mark.parametrize(("ours", "options"), KINDS, ids=map(str, range(len(KINDS))))


@kinds
def test_every_step_is_pytorchs(ours, options):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: oracle)")
    p = [Value(x) for x in START]
    optimizer = ours(p, **options)
    q = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    names = {"learning_rate": "lr"}
    oracle = getattr(torch.optim, ours.__name__)(
        [q], **{names.get(k, k): v for k, v in options.items()}
    )
    for step in range(100):
        optimizer.zero_grad()
        bowl(p).backward()
        optimizer.step()
        oracle.zero_grad()
        bowl(q).backward()
        oracle.step()
        assert [v.data for v in p] == pytest.approx(q.tolist(), rel=1e-10, abs=1e-12), step


def test_sgd_moves_against_the_gradient():
    w = Value(1.0)
    optimizer = SGD([w], 0.1)
    (w * w).backward()
    optimizer.step()
    assert w.data == 0.8
    assert w.grad == 2.0
    optimizer.zero_grad()
    assert w.grad == 0.0


def test_adams_first_step_is_the_learning_rate_whatever_the_gradient():
    w = [Value(0.0), Value(0.0), Value(0.0)]
    w[0].grad, w[1].grad = 1e-3, -1e3
    Adam(w, 0.1, eps=0.0).step()
    assert [v.data for v in w] == pytest.approx([-0.1, 0.1, 0.0])


def test_the_learning_rate_may_change_between_steps():
    w = Value(1.0)
    optimizer = SGD([w], 0.1)
    w.grad = 1.0
    optimizer.step()
    optimizer.learning_rate = 0.5
    optimizer.step()
    assert w.data == pytest.approx(0.4)


@pytest.mark.parametrize(
    "make",
    [
        lambda p: SGD(p, -0.1),
        lambda p: SGD(p, math.nan),
        lambda p: SGD(p, math.inf),
        lambda p: SGD(p, 0.1, momentum=-1),
        lambda p: SGD(p, 0.1, weight_decay=-1),
        lambda p: SGD(p, 0.1, nesterov=True),
        lambda p: Adam(p, betas=(0.9, 1.0)),
        lambda p: Adam(p, betas=(-0.1, 0.9)),
        lambda p: Adam(p, betas=0.9),
        lambda p: Adam(p, eps=-1),
        lambda p: AdamW(p, weight_decay=-1),
        lambda p: RMSprop(p, alpha=1.0),
        lambda p: RMSprop(p, momentum=math.nan),
        lambda p: Adam(p, clip_norm=-1.0),
        lambda p: SGD(p, 0.1, clip_value=0),
        lambda p: Adam([], 0.1),
        lambda p: SGD(p + p, 0.1),
        lambda p: SGD([p[0] * 2.0], 0.1),
        lambda p: SGD([(p[0] * 2.0).parents[1]], 0.1),
    ],
)
def test_hyperparameters_and_parameters_out_of_range_are_value_errors(make):
    with pytest.raises(ValueError, match=r"\w+ \w+ \w+"):
        make([Value(1.0)])


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD([1.0], 0.1),
        lambda: SGD(Value(1.0), 0.1),
        lambda: SGD([Value(1.0)], "0.1"),
        lambda: Adam(nn.Neuron(1), 0.1),
        lambda: Adam([Value(1.0)], clip_norm="1"),
        lambda: SGD([Value(1.0)], 0.1, clip=1.0),
    ],
)
def test_what_is_no_parameter_or_no_number_is_a_type_error(make):
    with pytest.raises(TypeError):
        make()


def test_an_optimizer_of_ones_own_must_define_its_step():
    class Lazy(nn.optim.Optimizer):
        pass

    with pytest.raises(NotImplementedError, match="Lazy must define step"):
        Lazy([Value(1.0)], 0.1).step()


# --- the rule, wherever it runs -------------------------------------------------------------------


def by_hand(optimizer, p, g, state, step):
    """A step in NumPy, with the bits that every later version has to give."""
    rate = optimizer.learning_rate
    if isinstance(optimizer, SGD):
        if optimizer.weight_decay:
            g = g + optimizer.weight_decay * p
        v = g if not state or not optimizer.momentum else optimizer.momentum * state[0] + g
        move = g + optimizer.momentum * v if optimizer.nesterov else v
        return p - rate * move, [v] if optimizer.momentum else state
    if isinstance(optimizer, RMSprop):
        g = g + optimizer.weight_decay * p
        s, m, v = state or [np.zeros_like(p)] * 3
        s = optimizer.alpha * s + (1.0 - optimizer.alpha) * g * g
        if optimizer.centered:
            m = optimizer.alpha * m + (1.0 - optimizer.alpha) * g
        spread = np.where(np.isnan(m * m), np.nan, np.maximum(s - m * m, 0.0))
        move = np.where(g != 0.0, g / (np.sqrt(spread) + optimizer.eps), 0.0)
        v = optimizer.momentum * v + move
        return p - rate * v, [s, m, v]
    if isinstance(optimizer, AdamW):
        p = p * (1.0 - rate * optimizer.weight_decay)
    m, v = state or [np.zeros_like(p), np.zeros_like(p)]
    beta1, beta2 = optimizer.betas
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    correction = math.sqrt(1.0 - beta2**step)
    move = rate / (1.0 - beta1**step) * m / (np.sqrt(v) / correction + optimizer.eps)
    return np.where(m != 0.0, p - move, p), [m, v]


SPECIAL = [0.0, -0.0, math.inf, -math.inf, math.nan, 1e308, 5e-324]


@kinds
@pytest.mark.parametrize("special", [False, True])
@np.errstate(all="ignore")
def test_every_bit_is_the_formulas(ours, options, special):
    """Also of infinite gradients, and when settings change between steps."""
    rng = np.random.default_rng(3)
    optimizer = ours([Value(0.0) for _ in range(150)], **options)
    mine = p = rng.normal(size=150)
    state = []
    for step in range(1, 40):
        g = rng.normal(size=150) * 10.0 ** rng.integers(-5, 5, 150)
        if special:
            g = np.where(rng.random(150) < 0.2, rng.choice(SPECIAL, 150), g)
        if step == 20:
            optimizer.learning_rate = 0.3
        if step in (25, 30) and ours is SGD and not optimizer.nesterov:
            optimizer.momentum = 0.0 if step == 25 else 0.5
        p, state = by_hand(optimizer, p, g, state, step)
        mine = optimizer.moved(mine, g)
        np.testing.assert_array_equal(mine, p)
        both = ~np.isnan(p)
        assert (np.signbit(mine) == np.signbit(p))[both].all(), step


@kinds
def test_a_compiled_training_step_moves_as_the_optimizer_does(ours, options):
    """The update, with its state, inside a program."""
    optimizer = ours([Value(x) for x in START], **options)

    @ag.compile
    def training_step(numbers, states, step):
        loss = bowl(numbers)
        gradients = ag.gradient(loss, numbers, create_graph=True)
        found = [
            optimizer.update(p, g, state, step)
            for p, g, state in zip(numbers, gradients, states, strict=True)
        ]
        return loss, [after for after, _ in found], [state for _, state in found]

    numbers, states = START, [optimizer.start] * 3
    for step in range(1, 12):
        optimizer.zero_grad()
        bowl(optimizer.parameters).backward()
        optimizer.step()
        _, numbers, states = training_step(numbers, states, float(step))
        assert numbers == pytest.approx([v.data for v in optimizer.parameters], rel=1e-12)


def test_the_learning_rate_itself_has_a_gradient():
    """The loss after two steps by the rate they were made with, as the update runs on Values."""

    def loss_after(rate):
        optimizer = SGD([Value(0.0)], 0.1, momentum=0.9)
        optimizer.learning_rate = rate
        p, state = 2.0, optimizer.start
        for _ in range(2):
            p, state = optimizer.update(p, 2.0 * p, state)
        return p * p

    ag.check_grad(loss_after, 0.1)
    # from 2 to 1.6, and on by the velocity 0.9 * 4 + 3.2
    assert loss_after(0.1) == pytest.approx((1.6 - 0.1 * (3.6 + 3.2)) ** 2)


@kinds
def test_the_program_takes_the_settings_too(ours, options):
    optimizer = ours([Value(0.0)], **options)
    program = optimizer.program()
    settings = [getattr(optimizer, name) for name in optimizer.settings]
    given = [0.3, -1.5, *[0.2 for _ in optimizer.start], 3.0]
    after, state = optimizer.update(0.3, -1.5, (0.2,) * len(optimizer.start), 3.0)
    assert program(*given, *settings) == [after, *state]
    optimizer.learning_rate = 0.5
    after, _ = optimizer.update(0.3, -1.5, (0.2,) * len(optimizer.start), 3.0)
    assert program(*given, 0.5, *settings[1:])[0] == after


class Lion(Optimizer):
    """Chen et al. 2023: the sign of a mean of gradients."""

    start = (0.0,)
    settings = "learning_rate", "beta"
    beta = 0.9

    def update(self, parameter, gradient, state=start, step=1.0):
        mean = self.beta * state[0] + (1.0 - self.beta) * gradient
        return parameter - self.learning_rate * ag.sign(mean), (mean,)


@pytest.mark.parametrize("is_long", [False, True])
def test_an_optimizer_of_ones_own_needs_the_rule_alone(is_long):
    p = [Value(x) for x in START]
    optimizer = Lion(p, 0.25)
    optimizer.is_long = is_long
    for _ in range(2):
        optimizer.zero_grad()
        bowl(p).backward()
        optimizer.step()
    assert [v.data for v in p] == [1.0, -1.5, 0.75]  # every gradient keeps its sign


@kinds
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_goes_on_by_itself(ours, options, copied):
    optimizer = ours([Value(x) for x in START], **options)
    gradients, numbers = np.array([1.0, -2.0, 0.5]), np.array(START)
    first = optimizer.moved(numbers, gradients)
    other = copied(optimizer)
    assert other.moved(first, gradients).tolist() == optimizer.moved(first, gradients).tolist()


def test_numbers_of_other_kinds_and_strides_are_moved_too():
    optimizer, other = (Adam([Value(0.0), Value(0.0)], 0.5) for _ in range(2))
    wide = np.arange(8.0)[::4]
    assert optimizer.moved(wide, np.array([1, 2])) == pytest.approx([-0.5, 3.5])
    assert other.moved(np.array([0, 4]), np.float32([1, 2])) == pytest.approx([-0.5, 3.5])


def test_both_betas_can_be_set():
    optimizer = Adam([Value(1.0)])
    optimizer.betas = (0.5, 0.75)
    assert (optimizer.beta1, optimizer.beta2, optimizer.betas) == (0.5, 0.75, (0.5, 0.75))


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "sgd", "nesterov"])
def test_each_is_found_by_its_name(name):
    """And learns a line, by flat steps."""
    assert name in OPTIMIZERS
    model = nn.Neuron(1, "linear", seed=1)
    model.learn(
        [0, 1, 2], [1, 3, 5], optimizer=name.upper(), learning_rate=0.05, epochs=400, progress=False
    )
    assert model.predict([10.0]) == pytest.approx([21.0], abs=0.5)
    like = OPTIMIZERS[name](model.parameters(), learning_rate=0.1)
    assert (getattr(like, "momentum", 0), getattr(like, "nesterov", False)) == (
        (0.9, True) if name == "nesterov" else (0, False)
    )


# --- clipping -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "gradients"),
    [
        ({"clip_value": 1.5}, [4.0, -1.0, -9.0]),
        ({"clip_norm": 2.0}, [4.0, -1.0, -9.0]),
        ({"clip_norm": 2.0}, [0.1, -0.1, 0.0]),
        ({"clip_norm": 2.0}, [0.0, 0.0, 0.0]),
        ({"clip_value": 3.0, "clip_norm": 2.0}, [4.0, -1.0, -9.0]),
        ({"clip_norm": 1.0}, [math.inf, 1.0, -1.0]),
        ({"clip_norm": 1.0}, [math.nan, 1.0, -1.0]),
    ],
)
@np.errstate(all="ignore")
def test_clipped_gradients_are_pytorchs(limits, gradients):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: oracle)")
    q = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    q.grad = torch.tensor(gradients, dtype=torch.float64)
    if "clip_value" in limits:
        torch.nn.utils.clip_grad_value_([q], limits["clip_value"])
    if "clip_norm" in limits:
        torch.nn.utils.clip_grad_norm_([q], limits["clip_norm"])
    given = np.array(gradients)
    moved = SGD([Value(0.0)], 1.0, **limits).moved(np.zeros(3), given)
    assert (-moved).tolist() == pytest.approx(q.grad.tolist(), rel=1e-14, nan_ok=True)
    assert given.tolist() == pytest.approx(gradients, rel=0, nan_ok=True)  # the caller's own


def test_a_gradient_whose_square_overflows_is_clipped_too():
    moved = SGD([Value(0.0)], 1.0, clip_norm=5.0).moved(np.zeros(2), np.array([3e200, -4e200]))
    assert moved.tolist() == pytest.approx([-3.0, 4.0])


def test_limits_are_kept_while_a_network_learns():
    """By flat steps, whose every move the limit bounds; and in step()."""
    model = nn.Neuron(1, "linear", seed=1)
    start = [p.data for p in model.parameters()]
    optimizer = SGD(model.parameters(), 0.1, clip_value=0.01)
    model.learn([0, 1, 2], [1000, 3000, 5000], optimizer=optimizer, epochs=5, progress=False)
    moved = np.array([p.data for p in model.parameters()]) - start
    assert moved == pytest.approx([0.005, 0.005])
    w = Value(0.0)
    w.grad = -100.0
    SGD([w], 1.0, clip_norm=3.0).step()
    assert (w.data, w.grad) == (pytest.approx(3.0), -100.0)


def test_limits_are_part_of_the_state():
    other = SGD([Value(0.0)], 1.0)
    assert (other.clip_value, other.clip_norm) == (math.inf, math.inf)
    other.load_state_dict(SGD([Value(0.0)], 1.0, clip_value=2.0, clip_norm=0.5).state_dict())
    assert (other.clip_value, other.clip_norm) == (2.0, 0.5)
    assert other.moved(np.zeros(2), np.array([2.0, 4.0])) == pytest.approx(-(0.125**0.5), rel=1e-6)


# --- the state, saved and restored ----------------------------------------------------------------


@kinds
def test_a_restored_optimizer_goes_on_with_the_same_bits(ours, options):
    rng = np.random.default_rng(1)
    first, other = (ours([Value(x) for x in START], learning_rate=0.5) for _ in range(2))
    for name, number in vars(ours(first.parameters, **options)).items():
        if name != "parameters":
            setattr(first, name, number)
    numbers = np.array(START)
    for _ in range(3):
        numbers = first.moved(numbers, rng.normal(size=3))
    state = first.state_dict()
    assert {type(array) for array in state.values()} == {np.ndarray}
    other.load_state_dict({name: array.copy() for name, array in state.items()})
    for _ in range(3):
        gradients = rng.normal(size=3)
        mine, numbers = other.moved(numbers, gradients), first.moved(numbers, gradients)
        assert mine.tobytes() == numbers.tobytes()
    assert other.steps == first.steps == 6.0
    assert {k: v.tobytes() for k, v in other.state_dict().items()} == {
        k: v.tobytes() for k, v in first.state_dict().items()
    }


@kinds
def test_the_state_before_the_first_step_can_be_restored_too(ours, options):
    first, other = (ours([Value(x) for x in START], **options) for _ in range(2))
    other.moved(np.array(START), np.ones(3))
    other.load_state_dict(first.state_dict())
    moved = [x.moved(np.array(START), np.ones(3)).tobytes() for x in (first, other)]
    assert moved[0] == moved[1]


def test_what_is_done_later_changes_no_state_that_was_given():
    optimizer = Adam([Value(1.0)], 0.1)
    optimizer.moved(np.ones(1), np.ones(1))
    state = optimizer.state_dict()
    before = {name: array.copy() for name, array in state.items()}
    optimizer.load_state_dict(state)
    optimizer.moved(np.ones(1), np.ones(1))
    assert state == before


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"learning_rate": -1.0}, ValueError, "learning_rate must be at least 0, and is -1.0"),
        ({"eps": math.nan}, ValueError, "eps must be at least 0, and is nan"),
        ({"learning_rate": math.inf}, ValueError, "a step from this state would make a"),
        ({"state.0": np.full(1, math.nan)}, ValueError, "a step from this state would make a"),
        ({"state.0": np.full(1, math.inf)}, ValueError, "a step from this state would make a"),
        ({"beta1": 1.0}, ValueError, "a step from this state would make a"),
        ({"state.1": np.full(1, -1.0)}, ValueError, "a step from this state would make a"),
        ({"steps": "3"}, TypeError, "steps holds"),
        ({"state.0": np.zeros(2)}, ValueError, r"state\.0 has shape \(1,\) here and \(2,\) in"),
        ({"state.2": np.zeros(1)}, ValueError, "this optimizer does not have: state.2"),
        ({"beta1": None}, ValueError, "the state lacks beta1"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, error, said):
    optimizer = Adam([Value(1.0)], 0.1)
    optimizer.moved(np.ones(1), np.ones(1))
    before = optimizer.state_dict()
    state = {**before, "learning_rate": np.array(0.7), **change}
    with pytest.raises(error, match=said):
        optimizer.load_state_dict({k: v for k, v in state.items() if v is not None})
    assert optimizer.state_dict() == before


@pytest.mark.parametrize("gradient", [0.0, 1e200])
def test_a_state_that_training_comes_to_can_be_restored(gradient):
    """Also one that divides 0 by 0 without a gradient, and one whose square was too large."""
    first, other = (Adam([Value(1.0)], 0.1, eps=0.0) for _ in range(2))
    with np.errstate(all="ignore"):
        first.moved(np.ones(1), np.full(1, gradient))
    other.load_state_dict(first.state_dict())
    moved = [x.moved(np.ones(1), np.ones(1)).item() for x in (first, other)]
    assert moved[0] == moved[1] < math.inf


def test_a_state_is_a_mapping():
    with pytest.raises(TypeError, match="a state maps names to arrays"):
        SGD([Value(1.0)], 0.1).load_state_dict([1.0])
