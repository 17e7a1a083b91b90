"""Losses, tables and uncertainties at the ends of the numbers, whatever NumPy is to raise."""

import itertools
import math
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import TableError, Value, nn, tables
from autograd_lite.nn.losses import LOSSES
from autograd_lite.tables.preprocessing import fit, is_constant, root_mean_square

INF, NAN = math.inf, math.nan
EDGES = [0.0, -0.0, 5e-324, 1e-320, 1e-17, 1.0, -1.0, 37.0, -745.0, 1e16, -1e16, 1e308, -1e308,
         INF, -INF, NAN]  # fmt: skip


@pytest.fixture
def raising():
    """NumPy raises whatever it may."""
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# --- cross entropy ---

SHARED = [0.0, 1e4, 1e8, 1e15, 1e16, -1e16, 1e17, 1e300, -1e300]
GAPS = [[0.0, 0.0], [0.0, -1.0], [2.0, -1.0], [0.0, 0.0, 0.0], [0.0, -2.0, -40.0, 3.0]]
LOGITS = [[shared + gap for gap in gaps] for shared in SHARED for gaps in GAPS]
MASKED = [[-INF, 0.0], [0.0, -INF], [-INF, 0.0, 1.0], [-INF, -INF, 3.0], [-INF, -INF]]
ABOVE = [[INF, 0.0], [0.0, INF], [INF, INF], [-INF, INF], [NAN, 0.0], [0.0, NAN, 1.0]]


def torch_cross_entropy(logits, target):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    given = torch.tensor([logits], dtype=torch.float64, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(given, torch.tensor([target]))
    loss.backward()
    return [loss.item(), *given.grad[0].tolist()]


class Logits(nn.Module):
    """Gives its parameters as logits, whatever the sample."""

    def __init__(self, logits):
        self.logits = [Value(logit) for logit in logits]

    def __call__(self, x):
        return [logit + x[0] for logit in self.logits]


def by_program(logits, target):
    """Loss and gradient as `learn` computes them."""
    one = LOSSES["cross_entropy"].sample
    index = [float(target)]
    loss = ag.compile(ag.value_and_grad(lambda z: one(z, index)))
    value, gradient = loss(logits)
    rows = ag.compile(lambda z, t: one(z, t)).map(np.array([logits] * 3), np.array([index] * 3))
    np.testing.assert_allclose(rows, value, rtol=1e-13)
    return [value, *gradient]


def eagerly(logits, target):
    values = [Value(logit) for logit in logits]
    loss = nn.losses.cross_entropy([values], [target])
    loss.backward()
    assert str(nn.losses.cross_entropy([logits], [target])) == str(loss.data)
    return [loss.data, *[value.grad for value in values]]


@pytest.mark.parametrize("way", [eagerly, by_program])
@pytest.mark.parametrize("logits", LOGITS + MASKED + ABOVE, ids=str)
def test_cross_entropy_is_pytorchs_whatever_the_logits_share(logits, way):
    for target in range(len(logits)):
        expected = torch_cross_entropy(logits, target)
        np.testing.assert_allclose(way(logits, target), expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("logits", LOGITS, ids=str)
def test_cross_entropy_is_that_of_the_gaps_alone(logits):
    """Without PyTorch: the logarithm of the softmax."""
    for target in range(len(logits)):
        expected = -ag.log_softmax(logits)[target]
        assert nn.losses.cross_entropy([logits], [target]) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("compile", [True, False])
def test_a_masked_class_is_trained_around(compile):
    """Its logit is -inf, and its gradient 0."""

    class Masked(nn.Module):
        def __init__(self):
            self.w, self.off = Value(0.5), [Value(0.3)]

        def __call__(self, x):
            return [self.w * x[0], -INF * (1.0 + self.off[0] * self.off[0]), -self.w]

    model = Masked()
    history = model.learn([1.0, 2.0], [0, 2], "cross_entropy", epochs=3, progress=False,
                          batch_size=None, seed=0, compile=compile)  # fmt: skip
    gaps = np.array([math.exp(-1.0), math.exp(1.5)])
    assert history.loss[0] == pytest.approx(np.log1p(gaps).mean(), rel=1e-13)
    assert model.off[0].data == 0.3
    assert model.w.data != 0.5


@pytest.mark.parametrize("compile", [True, False])
@pytest.mark.parametrize("shared", [1e16, -1e16, 1e300])
def test_learning_sees_the_loss_of_large_logits(shared, compile):
    history = Logits([shared, shared]).learn(
        [0.0, 0.0], [0, 1], "cross_entropy", epochs=1, batch_size=None, progress=False,
        compile=compile,
    )  # fmt: skip
    assert history.loss == [pytest.approx(math.log(2.0), rel=1e-15)]


# --- the other losses ---

PAIRED = {"squared_error": EDGES[:-3], "absolute_error": EDGES[:-3], "hinge": [-1.0, 1.0],
          "binary_cross_entropy": [0.0, 1.0]}  # fmt: skip


@pytest.mark.parametrize(("loss", "target"), [(n, t) for n, ts in PAIRED.items() for t in ts])
def test_losses_of_one_output_are_pytorchs_at_the_edges(loss, target):
    """But for the cross entropy of ±inf, a limit where PyTorch gives nan, and tiny gradients."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    functions = {
        "squared_error": torch.nn.functional.mse_loss,
        "absolute_error": torch.nn.functional.l1_loss,
        "hinge": lambda o, t: torch.relu(1.0 - t * o).mean(),
        "binary_cross_entropy": torch.nn.functional.binary_cross_entropy_with_logits,
    }
    for output in EDGES:
        given = torch.tensor([output], dtype=torch.float64, requires_grad=True)
        expected = functions[loss](given, torch.tensor([target], dtype=torch.float64))
        expected.backward()
        numbers = [expected.item(), given.grad.item()]
        if loss == "binary_cross_entropy" and math.isinf(output):
            numbers[0] = 0.0 if (output > 0.0) == (target == 1.0) else INF
        value = Value(output)
        found = getattr(nn.losses, loss)([value], [target])
        found.backward()
        np.testing.assert_allclose([found.data, value.grad], numbers, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", [float, np.float64, Value])
def test_losses_raise_nothing_under_an_error_state_that_raises(loss, kind, raising):
    targets = {"hinge": [1.0], "binary_cross_entropy": [1.0], "cross_entropy": [0]}
    function = getattr(nn.losses, loss)
    for a, b in itertools.product(EDGES, EDGES):
        pair = loss in ("cross_entropy", "gaussian_nll")
        outputs = [kind(a), kind(b)] if pair else [kind(a)]
        target = targets.get(loss, [abs(b) if loss == "poisson" else b])
        function([outputs], [target])
        function([np.array(outputs)], [target])


# --- NumPy's error state ---


@pytest.mark.parametrize("b", [1e-320, -1e308, INF])
@pytest.mark.parametrize("a", [0.0, 5e-324, 1e16, -1e308, -INF, NAN])
def test_public_functions_raise_nothing_under_an_error_state_that_raises(a, b, raising):
    x, y = Value(a), Value(b)
    both = np.array([a, b])
    ag.isclose(x, y), ag.isclose(both, b)
    ag.softmax(both), ag.logsumexp([both, both]), ag.norm(both)
    str(ag.diagnose(x * y)), str(ag.explain(x * y + x))
    program = ag.compile(lambda p, q: p * q / (p + q))
    program(a, b)
    for reduce in (None, "sum", "mean"):
        program.map(both, both, reduce=reduce)
    ag.jacobian(lambda v: [v[0] * v[1], v[0] / v[1]])(both)
    if all(map(math.isfinite, (a, b))):
        nn.MLP(1, [2, 1], "tanh", seed=1).predict([a, b])
        str(ag.uncertainty(lambda p, q: [p * q, p], [a, b], [1e-201, 1e300]))
        str(ag.uncertainty(lambda p, q: p * q, [a, b], [[1e-300, 0.0], [0.0, 1e300]]))


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1.0, 1e150, 1e200])
@pytest.mark.parametrize("covariance", [False, True])
def test_an_uncertainty_of_any_size_is_that_of_its_unit(scale, covariance, raising):
    """Squares of 1e-200 and 1e200 are no numbers; a covariance holds squares itself."""
    if covariance and not 1e-150 < scale <= 1e150:
        scale = {1e-300: 1e-140, 1e-200: 1e-120, 1e200: 1e130}[scale]
    deviations = [3.0 * scale, 4.0 * scale]
    sigmas = np.diag([d * d for d in deviations]) if covariance else deviations
    found = ag.uncertainty(lambda a, b: [a + b, a, 2.0 - b], [1.0, 2.0], sigmas)
    np.testing.assert_allclose(found.sigma / scale, [5.0, 3.0, 4.0], rtol=1e-14)
    shares = [[0.36, 0.64], [1.0, 0.0], [0.0, 1.0]]
    np.testing.assert_allclose(found.contributions, shares, rtol=1e-14)


@pytest.mark.parametrize("scale", [1e-320, 1e-170, 1.0, 1e150])
@pytest.mark.parametrize("task", ["regression", "classification"])
def test_tables_of_any_size_raise_nothing_under_an_error_state_that_raises(scale, task, raising):
    with np.errstate(all="ignore"):
        ramp = np.linspace(0.0, 1.0, 40) * scale
    columns = {"a": ramp, "b": np.arange(40.0)}
    columns["y"] = np.array(["u", "v"], object)[np.arange(40) % 2] if task[0] == "c" else ramp[::-1]
    if scale == 1e-320 and task == "regression":
        with pytest.raises(TableError, match="in every training row"):
            tables.train(columns, "y", task=task, epochs=2, progress=False)
        return
    trained = tables.train(columns, "y", task=task, epochs=2, progress=False)
    assert len(trained.model.predict(columns)) == 40
    assert all(math.isfinite(score.value) for score in trained.scores)


# --- columns of tables ---


@pytest.mark.parametrize(
    ("numbers", "constant"),
    [
        ([16.0, 16.000000000000004], True), ([0.1 + 0.2, 0.3], True), ([-5.0, -5.0], True),
        ([0.0, -0.0], True), ([0.0, 5e-324], True), ([1e308, math.nextafter(1e308, 0.0)], True),
        ([1e-170, 1e-170 * (1.0 + 1e-15)], True),
        ([1e-170, 2e-170], False), ([0.0, 1e-170], False), ([1e15, 1e15 + 40.0], False),
        ([1e12, 1e12 + 1.0], False), ([-1e308, 1e308], False), ([1.0, 1.0 + 1e-12], False),
    ],
)  # fmt: skip
def test_a_column_is_constant_relative_to_its_size(numbers, constant, raising):
    column = np.array(numbers * 10)
    assert is_constant(column) == constant
    columns = {"c": column, "x": np.arange(20.0), "y": np.array(["u", "v"] * 10, object)}
    if abs(numbers[0]) < 1e100:
        assert fit(columns, "y", "classification")[1] == ["c"] * constant


def test_a_target_that_differs_by_rounding_is_constant():
    """It was scaled by 1e16: a prediction was 1.3e15, for 16."""
    columns = {"x": np.arange(20.0), "y": np.array([16.0, 16.000000000000004] * 10)}
    with pytest.raises(TableError, match="'y' is 16 in every training row"):
        tables.train(columns, "y", progress=False)


def test_a_tiny_column_is_scaled_as_a_large_one():
    ramp = np.arange(20.0)
    kinds = [{"x": ramp * unit, "y": ramp[::-1] * unit} for unit in (1.0, 2.0**-600, 2.0**400)]
    found = [fit(columns, "y", "regression")[0] for columns in kinds]
    encoded = [[p.inputs(c), p.target.encode(c["y"])] for p, c in zip(found, kinds, strict=True)]
    for inputs, targets in encoded[1:]:
        assert inputs.tolist() == encoded[0][0].tolist()
        assert targets.tolist() == encoded[0][1].tolist()


@pytest.mark.parametrize("size", [5e-324, 1e-300, 1.0, 1e300, 8e307])
def test_a_root_mean_square_neither_underflows_nor_overflows(size, raising):
    with np.errstate(all="ignore"):
        numbers = size * np.array([1.0, -2.0, 2.0])
    assert root_mean_square(numbers) == pytest.approx(size * math.sqrt(3.0), rel=1e-14, abs=5e-324)
    assert root_mean_square(np.zeros(3)) == 0.0


# --- masks ---

MASK = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])


def three(f):
    return lambda masked: f([1.0, 2.0, 3.0], masked)


def squares(xs):
    return ag.sum([x * x for x in xs])


FUNCTIONS = {
    "exp": ag.exp,
    "add": lambda a: ag.add(Value(1.0), a),
    "where": lambda a: ag.where(a, 1.0, Value(2.0)),
    "sum": ag.sum,
    "sums": lambda a: ag.sum([a, a]),
    "softmax": ag.softmax,
    "norm": ag.norm,
    "grad": ag.grad(squares),
    "jvp": lambda a: ag.jvp(squares, (np.ones(3),), (a,)),
    "compile": ag.compile(squares),
    "map": lambda a: ag.compile(lambda x: x * x).map(a),
    "map of rows": lambda a: ag.compile(squares).map([a, a]),
    "map, shared": lambda a: ag.compile(lambda v, x: v[0] * x).map(a, np.ones(2), shared=(0,)),
    "program": lambda a: ag.freeze([Value(1.0)], [Value(1.0)]).map(a),
    "uncertainty": lambda a: ag.uncertainty(squares, (np.ones(3),), (a,)),
    "check_grad": lambda a: ag.check_grad(squares, a),
    "isclose": lambda a: ag.isclose(a, 1.0),
    "inputs": three(lambda xs, a: nn.Neuron(1, seed=1).learn(a, xs, epochs=1, progress=False)),
    "outputs": three(lambda xs, a: nn.Neuron(1, seed=1).learn(xs, a, epochs=1, progress=False)),
    "validation": three(
        lambda xs, a: nn.Neuron(1, seed=1).learn(
            xs, xs, validation=(xs, a), epochs=1, progress=False
        )
    ),
    "predict": lambda a: nn.Neuron(1, seed=1).predict(a),
    "predict rows": lambda a: nn.Neuron(3, seed=1).predict([a, a]),
    "a module": lambda a: nn.Neuron(3, seed=1)(a),
    "a loss": three(nn.losses.squared_error),
    "a loss of rows": lambda a: nn.losses.absolute_error([a], [[1.0, 2.0, 3.0]]),
    "load_state_dict": lambda a: nn.Neuron(3).load_state_dict({"w": a, "b": 0.0}),
    "Recorder": three(lambda xs, a: nn.Recorder(nn.Neuron(1, seed=1), xs, a)),
    "tables": lambda a: tables.train({"x": a, "y": np.arange(3.0)}, "y", progress=False),
}


@pytest.mark.parametrize("kind", [float, int])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_masks_are_refused_alike_and_unmasked_arrays_pass(name, kind):
    masked = MASK.astype(kind)
    with pytest.raises(TypeError, match=r"MaskedArray with masked entries.*\.filled\(number\)"):
        FUNCTIONS[name](masked)
    FUNCTIONS[name](np.ma.array([1.0, 2.0, 3.0]).astype(kind))


def test_one_masked_number_is_refused():
    for number in (np.ma.masked, MASK[1:2].reshape(())):
        with pytest.raises(TypeError, match=r"with masked entries.*\.filled"):
            Value(number)
        with pytest.raises(TypeError, match=r"with masked entries.*\.filled"):
            ag.exp(number)


def test_arithmetic_of_a_value_with_a_masked_array_is_numpys_and_keeps_the_mask():
    product = Value(2.0) * MASK
    assert product.mask.tolist() == [False, True, False]
    assert product[2].data == 6.0
