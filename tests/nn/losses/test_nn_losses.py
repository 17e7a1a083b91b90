"""Losses: their numbers, gradients, shapes and targets."""

import math
from functools import partial

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import ShapeError, Value, nn
from autograd_lite.nn import losses

#: The losses of a sample of more outputs than targets.
PAIRS = ("cross_entropy", "gaussian_nll")

SCORES = [1.5, -0.3, 0.0, 4.0, -7.0]
TABLE = [[1.0, 2.0, -1.0], [0.5, 0.5, 0.0], [-3.0, 4.0, 9.0], [0.0, 0.0, 0.0]]


def values(batch):
    return [list(map(Value, row)) if isinstance(row, list) else Value(row) for row in batch]


def flat(batch):
    return [v for row in batch for v in (row if isinstance(row, list) else [row])]


@pytest.mark.parametrize(
    ("name", "outputs", "targets", "oracle"),
    [
        ("squared_error", SCORES, [1.0, 2.0, 0.5, 4.0, -1.0], "mse_loss"),
        ("squared_error", TABLE, [[0.0, 1.0, 2.0]] * 4, "mse_loss"),
        ("absolute_error", SCORES, [1.0, 2.0, 0.5, 4.0, -1.0], "l1_loss"),
        ("absolute_error", TABLE, [[0.0, 1.0, 2.0]] * 4, "l1_loss"),
        ("binary_cross_entropy", SCORES, [1, 0, 1, 0, 0], "binary_cross_entropy_with_logits"),
        ("binary_cross_entropy", TABLE, [[1, 0, 1]] * 4, "binary_cross_entropy_with_logits"),
        ("cross_entropy", TABLE, [0, 2, 1, 1], "cross_entropy"),
        ("huber", SCORES, [1.0, 2.0, 1.0, 4.0, -1.0], "huber_loss"),
        ("huber", TABLE, [[0.0, 1.0, 2.0]] * 4, "huber_loss"),
        ("poisson", SCORES, [3.0, 0.0, 2.5, 40.0, 1.0], "poisson_nll_loss"),
        ("poisson", TABLE, [[0.0, 1.0, 2.0]] * 4, "poisson_nll_loss"),
    ],
)
def test_loss_and_gradient_are_pytorchs(name, outputs, targets, oracle):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: oracle)")
    batch = values(outputs)
    loss = getattr(losses, name)(batch, targets)
    loss.backward()
    theirs = torch.tensor(outputs, dtype=torch.float64, requires_grad=True)
    kind = torch.int64 if name == "cross_entropy" else torch.float64
    expected = getattr(torch.nn.functional, oracle)(theirs, torch.tensor(targets, dtype=kind))
    expected.backward()
    assert loss.data == pytest.approx(expected.item(), rel=1e-13)
    assert [v.grad for v in flat(batch)] == pytest.approx(theirs.grad.flatten().tolist(), rel=1e-12)


@pytest.mark.parametrize("delta", [0.25, 1.0, 3.0])
def test_huber_with_another_delta_is_pytorchs(delta):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: oracle)")
    targets = [1.5 - delta, -0.3 + delta, 1.0, 4.0, -1.0]  # where both pieces meet, too
    batch = values(SCORES)
    loss = losses.huber(batch, targets, delta=delta)
    loss.backward()
    theirs = torch.tensor(SCORES, dtype=torch.float64, requires_grad=True)
    expected = torch.nn.functional.huber_loss(
        theirs, torch.tensor(targets, dtype=torch.float64), delta=delta
    )
    expected.backward()
    assert loss.data == pytest.approx(expected.item(), rel=1e-13)
    assert [v.grad for v in batch] == pytest.approx(theirs.grad.tolist(), rel=1e-12)


def test_gaussian_nll_is_pytorchs():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: oracle)")
    rows, targets = [[1.0, 0.5], [-2.0, -1.5], [0.0, 3.0]], [0.5, 4.0, 0.0]
    batch = values(rows)
    loss = losses.gaussian_nll(batch, targets)
    loss.backward()
    theirs = torch.tensor(rows, dtype=torch.float64, requires_grad=True)
    expected = torch.nn.functional.gaussian_nll_loss(
        theirs[:, 0], torch.tensor(targets, dtype=torch.float64), theirs[:, 1].exp()
    )
    expected.backward()
    assert loss.data == pytest.approx(expected.item(), rel=1e-13)
    assert [v.grad for v in flat(batch)] == pytest.approx(theirs.grad.flatten().tolist(), rel=1e-12)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_quantile_is_scikit_learns_pinball_loss(level):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    targets = [1.0, 2.0, 0.0, 4.0, -1.0]
    expected = metrics.mean_pinball_loss(targets, SCORES, alpha=level)
    batch = values(SCORES)
    loss = losses.quantile(batch, targets, level=level)
    assert loss.data == pytest.approx(expected, rel=1e-14)
    loss.backward()
    tie = 0.5 - level  # between the derivatives on both sides
    slopes = [1.0 - level, -level, tie, tie, -level]
    assert [5 * v.grad for v in batch] == pytest.approx(slopes, rel=1e-14)


def test_the_constant_that_learns_by_quantile_is_one_of_the_targets():
    class Constant(nn.Module):
        traceable = True

        def __init__(self):
            self.c = Value(0.0)

        def __call__(self, x):
            return self.c + 0.0 * x[0]

    targets = np.random.default_rng(1).exponential(size=200)
    found = []
    for level in (0.25, 0.9):
        model = Constant()
        model.learn(targets, targets, partial(losses.quantile, level=level), "sgd", 0.05,
                    epochs=800, batch_size=None, progress=False)  # fmt: skip
        found.append(model.predict([0.0])[0])
    np.testing.assert_allclose(found, np.quantile(targets, [0.25, 0.9]), atol=0.05)


@pytest.mark.parametrize("name", list(losses.LOSSES))
def test_derivatives_of_losses_of_a_sample_pass_check_grad_to_the_second_order(name):
    one = losses.LOSSES[name].sample
    outputs = [0.3, -0.8] if name in PAIRS else [0.3]
    target = 1.0
    ag.check_grad(lambda *o: one([*o], [target]), *outputs, order=2)


@pytest.mark.parametrize(
    "function", [partial(losses.huber, delta=2.0), partial(losses.quantile, level=0.9)]
)
def test_a_partial_with_another_parameter_is_found_and_runs_as_a_program(function):
    found = losses.find_loss(function)
    assert found.name == function.func.__name__
    assert found.sample([5.0], [1.0]) == function([5.0], [1.0])
    assert found.sample([5.0], [1.0]) != function.func([5.0], [1.0])
    xs = np.linspace(-1.0, 1.0, 9)
    said = []
    for compile in (None, False):
        model = nn.MLP(1, [3, 1], seed=1)
        history = model.learn(xs, 3.0 * xs, function, epochs=4, batch_size=4, seed=1,
                              progress=False, compile=compile, check=compile is None)  # fmt: skip
        said.append([*history.loss, *[p.data for p in model.parameters()]])
    np.testing.assert_allclose(*said, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda o, t: losses.huber(o, t, delta=0.0), ValueError, "delta must be above 0 and fin"),
        (lambda o, t: losses.huber(o, t, delta=math.inf), ValueError, "and is inf"),
        (lambda o, t: losses.huber(o, t, delta="1"), TypeError, "str"),
        (lambda o, t: losses.quantile(o, t, level=1.0), ValueError, "level must .* below 1, and"),
        (lambda o, t: losses.quantile(o, t, level=math.nan), ValueError, "and is nan"),
        (lambda o, t: losses.poisson(o, [1.0, -2.0]), ValueError, "least 0, and number 1 is -2.0"),
        (lambda o, t: losses.gaussian_nll(o, t), ShapeError, "2 outputs, mean and log variance"),
    ],
)  # fmt: skip
def test_parameters_and_targets_out_of_range_are_told(call, error, message):
    with pytest.raises(error, match=message):
        call([1.0, 2.0], [1.0, 1.0])


@pytest.mark.parametrize(
    ("loss", "error", "message"),
    [
        (partial(losses.huber, delta=-1.0), ValueError, "delta must be above 0"),
        (partial(losses.quantile, level=2), ValueError, "level must be"),
        (partial(losses.huber, level=0.5), TypeError, "level"),
        ("poisson", ValueError, "at least 0, and number 0 is -1.0"),
        ("gaussian_nll", ShapeError, "2 outputs"),
    ],
)
def test_learn_tells_them_before_it_changes_anything(loss, error, message):
    model = nn.Neuron(1, "linear", seed=1)
    before = model.state_dict()
    with pytest.raises(error, match=message):
        model.learn([0.0, 1.0], [-1.0, 1.0], loss, progress=False)
    np.testing.assert_equal(model.state_dict(), before)


def test_hinge_is_the_mean_of_micrograds():
    targets = [1, -1, 1, -1, 1]
    batch = values(SCORES)
    loss = losses.hinge(batch, targets)
    each = [(1 + -y * s).relu() for s, y in zip(values(SCORES), targets, strict=True)]
    assert loss.data == pytest.approx(math.fsum(e.data for e in each) / 5, rel=1e-15)
    loss.backward()
    assert [v.grad for v in batch] == [0.0, 0.2, -0.2, 0.2, -0.2]


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("logit", [-1000.0, -40.0, 0.0, 40.0, 1000.0])
def test_binary_cross_entropy_is_exact_however_large_the_logit(logit, target):
    z = Value(logit)
    loss = losses.binary_cross_entropy([z], [target])
    loss.backward()
    margin = logit if target else -logit
    expected = -margin if margin < -700 else math.log1p(math.exp(-margin))
    assert loss.data == pytest.approx(expected, rel=1e-15)
    slope = 1.0 if margin < -700 else 1.0 / (1.0 + math.exp(min(margin, 709.0)))
    assert z.grad == pytest.approx(-slope if target else slope, rel=1e-14, abs=1e-300)


@pytest.mark.parametrize(("c", "expected"), [(0, 0.0), (1, 1000.0), (2, 2000.0)])
def test_cross_entropy_is_stable_at_large_logits(c, expected):
    row = [Value(1000.0), Value(0.0), Value(-1000.0)]
    loss = losses.cross_entropy([row], [c])
    loss.backward()
    assert loss.data == expected
    assert [v.grad for v in row] == [1.0 - (c == 0), 0.0 - (c == 1), 0.0 - (c == 2)]


@pytest.mark.parametrize("name", list(losses.LOSSES))
def test_numbers_in_give_a_float_and_arrays_are_batches(name):
    loss = losses.LOSSES[name].function
    outputs, targets = ([[0.5, 1.0]] * 3, [1, 1, 0]) if name in PAIRS else ([0.5, 1.0], [1, 1])
    expected = loss(outputs, targets)
    assert type(expected) is float
    assert loss(np.array(outputs), np.array(targets)) == expected
    assert loss(values(outputs), [Value(t).data for t in targets]).data == expected


@pytest.mark.parametrize("name", list(losses.LOSSES))
def test_the_loss_of_a_batch_is_the_mean_over_its_samples(name):
    loss = losses.LOSSES[name].function
    targets = [0, 1, 1, 0] if name in PAIRS else [[1, 1, 1]] * 4
    table = [row[:2] for row in TABLE] if name == "gaussian_nll" else TABLE
    each = [loss([row], [t]) for row, t in zip(table, targets, strict=True)]
    assert loss(table, targets) == pytest.approx(sum(each) / 4, rel=1e-14)


@pytest.mark.parametrize("name", list(losses.LOSSES))
def test_shapes_that_do_not_fit_are_shape_errors(name):
    loss = losses.LOSSES[name].function
    for outputs, targets in (
        ([[1.0, 2.0]] * 2, [1]),
        ([], []),
        ([[1.0, 2.0], [1.0]], [1, 1]),
        ([[1.0, 2.0]], [[1, 1, 1]]),
        ([[]], [[]]),
    ):
        with pytest.raises(ShapeError):
            loss(outputs, targets)


@pytest.mark.parametrize("name", list(losses.LOSSES))
def test_a_single_output_that_is_no_batch_is_a_type_error(name):
    loss = losses.LOSSES[name].function
    for outputs, targets in ((Value(1.0), [1]), ([1.0], 1), ("1", [1])):
        with pytest.raises(TypeError, match="takes a batch"):
            loss(outputs, targets)


@pytest.mark.parametrize(
    ("name", "outputs", "targets", "message"),
    [
        ("hinge", [1.0, 1.0], [1, 0], "-1 or 1, and number 1 is 0.0"),
        ("binary_cross_entropy", [1.0, 1.0], [-1, 1], "0 or 1, and number 0 is -1.0"),
        ("binary_cross_entropy", [1.0], [math.nan], "is nan"),
        ("cross_entropy", [[1.0, 2.0]], [2], "from 0 to 1, and number 0 is 2.0"),
        ("cross_entropy", [[1.0, 2.0]], [-1], "is -1.0"),
        ("cross_entropy", [[1.0, 2.0]], [0.5], "is 0.5"),
        ("cross_entropy", [[1.0, 2.0]], [math.nan], "is nan"),
        ("cross_entropy", [1.0], [0], "at least 2, and was given 1; use binary_cross_entropy"),
        ("cross_entropy", [[1.0, 2.0]], [[0, 1]], "np.argmax"),
    ],
)
def test_bad_targets_are_named(name, outputs, targets, message):
    with pytest.raises(ValueError, match=message):
        losses.LOSSES[name].function(outputs, targets)


def test_a_loss_is_found_by_name_or_by_its_function():
    assert losses.find_loss(losses.hinge) is losses.LOSSES["hinge"]
    assert losses.find_loss(lambda o, t: o[0]).metrics == {}
    with pytest.raises(ValueError, match=r"unknown loss 'mse'.*squared_error"):
        losses.find_loss("mse")
    with pytest.raises(TypeError, match="was given int"):
        losses.find_loss(3)


@pytest.mark.parametrize(
    ("name", "outputs", "targets", "accuracy"),
    [
        ("hinge", [1.0, -1.0, 2.0, 0.0], [1, 1, -1, -1], 0.5),
        ("binary_cross_entropy", [1.0, -1.0, 2.0, -5.0], [1, 1, 1, 0], 0.75),
        ("cross_entropy", [[1.0, 2.0, 0.0], [3.0, 2.0, 0.0]], [1, 2], 0.5),
    ],
)
def test_accuracy_is_the_share_of_samples_on_the_right_side(name, outputs, targets, accuracy):
    assert losses.LOSSES[name].metrics["accuracy"](outputs, targets) == accuracy
