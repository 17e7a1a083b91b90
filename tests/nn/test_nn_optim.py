"""Optimisers against PyTorch's, step by step."""

import math

import pytest

from autograd_lite import Value, nn
from autograd_lite.nn.optim import SGD, Adam

START = [1.5, -2.0, 0.25]


def bowl(p):
    """A function whose parameters pull at each other, of three numbers."""
    return p[0] * p[0] * 3.0 + p[1] * p[0] + p[1] * p[1] * 0.5 + (p[2] - 2.0) * (p[2] - p[0])


@pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    [
        (SGD, "SGD", {"learning_rate": 0.05}),
        (SGD, "SGD", {"learning_rate": 0.05, "momentum": 0.9}),
        (SGD, "SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}),
        (SGD, "SGD", {"learning_rate": 0.05, "weight_decay": 0.1}),
        (
            SGD,
            "SGD",
            {"learning_rate": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.2},
        ),
        (Adam, "Adam", {}),
        (Adam, "Adam", {"learning_rate": 0.1, "betas": (0.7, 0.9), "eps": 1e-3}),
        (Adam, "Adam", {"learning_rate": 0.1, "betas": (0.0, 0.0)}),
    ],
)
def test_every_step_is_pytorchs(ours, theirs, options):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: oracle)")
    p = [Value(x) for x in START]
    optimizer = ours(p, **options)
    q = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    names = {"learning_rate": "lr"}
    oracle = getattr(torch.optim, theirs)([q], **{names.get(k, k): v for k, v in options.items()})
    for step in range(25):
        optimizer.zero_grad()
        bowl(p).backward()
        optimizer.step()
        oracle.zero_grad()
        bowl(q).backward()
        oracle.step()
        assert [v.data for v in p] == pytest.approx(q.tolist(), rel=1e-12, abs=1e-14), step


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
