"""Programs that keep a model's arrays: what is learnt is what eager evaluation learns."""

import threading
from dataclasses import replace

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import GraphError, Value, nn
from autograd_lite.nn.learning.batches import Samples
from autograd_lite.nn.learning.compiled_batches import CompiledBatches
from autograd_lite.nn.losses import find_loss
from autograd_lite.program.paths import Paths
from autograd_lite.transforms.trees import take_apart

RNG = np.random.default_rng(1)
X = RNG.normal(size=(20, 2))
Y = np.where(X[:, 0] * X[:, 1] > 0.0, 1.0, -1.0)


class Bent(nn.Module):
    """Takes another path for some samples, which only programs with guards follow."""

    def __init__(self):
        self.inner = nn.MLP(2, [4, 1], "tanh", seed=2)
        self.slope = Value(0.3)

    def __call__(self, x):
        out = self.inner(x)
        return out * self.slope if out < 0.1 else out + x[0]


def network():
    return nn.MLP(2, [5, 1], "tanh", seed=3)


def learnt(compile, make=network, optimizer=None, **given):
    """The history and the parameters after a hundred steps."""
    model = make()
    chosen = optimizer(model.parameters()) if optimizer else nn.optim.SGD(model.parameters(), 0.1)
    given = {"epochs": 100, "batch_size": None, "seed": 4, "progress": False} | given
    history = model.learn(X, Y, optimizer=chosen, compile=compile, **given)
    numbers = np.array([p.data for p in model.parameters()])
    return history, numbers


def assert_alike(**given):
    found, ours = learnt(True, **given)
    eager, right = learnt(False, **given)
    np.testing.assert_allclose(found.loss, eager.loss, rtol=1e-9)
    np.testing.assert_allclose(found.validation_loss, eager.validation_loss, rtol=1e-9)
    np.testing.assert_allclose(ours, right, rtol=1e-8, atol=1e-9)
    for name, numbers in eager.metrics.items():
        assert found.metrics[name] == pytest.approx(numbers)
    assert len(found) == len(eager)
    assert found.loss[-1] != found.loss[0]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"batch_size": 20, "epochs": 10},
        {"batch_size": 1000, "epochs": 10},
        {"batch_size": 8, "epochs": 34},
        {"batch_size": 1, "epochs": 5},
        {"validation": 0.2},
        {"validation": (X[:5] + 0.1, Y[:5])},
        {"validation": 0.3, "batch_size": 5, "epochs": 30},
        {"loss": "hinge"},
        {"loss": "hinge", "validation": 0.2, "batch_size": 10, "epochs": 50},
    ],
    ids=str,
)
def test_a_hundred_steps_are_those_of_eager_evaluation(given):
    assert_alike(**given)


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda parameters: nn.optim.SGD(parameters, 0.05, momentum=0.9),
        lambda parameters: nn.optim.SGD(parameters, 0.05, momentum=0.9, nesterov=True),
        lambda parameters: nn.optim.SGD(parameters, 0.05, weight_decay=0.01),
        lambda parameters: nn.optim.Adam(parameters, 0.02),
        lambda parameters: nn.optim.SGD(parameters[::2], 0.1),
    ],
    ids=["momentum", "nesterov", "decay", "adam", "some parameters"],
)
def test_what_optimizers_remember_is_their_own(optimizer):
    """Gradients of a step are another array than those of the next."""
    assert_alike(optimizer=optimizer)
    assert_alike(optimizer=optimizer, batch_size=8, epochs=20)


@pytest.mark.parametrize("batch_size", [None, 7])
def test_a_module_of_ones_own_with_guards_learns_alike(batch_size):
    epochs = 100 if batch_size is None else 15
    assert_alike(make=Bent, batch_size=batch_size, epochs=epochs, validation=0.2)


def test_several_outputs_and_classes_learn_alike():
    classes = (X[:, 0] > 0.0) + 2 * (X[:, 1] > 0.0)
    histories = []
    for compile in (True, False):
        model = nn.MLP(2, [6, 4], "tanh", seed=1)
        optimizer = nn.optim.Adam(model.parameters(), 0.05)
        histories.append(
            model.learn(X, classes, "cross_entropy", optimizer, epochs=30, seed=2,
                        compile=compile, progress=False, validation=0.2)
        )  # fmt: skip
    found, eager = histories
    np.testing.assert_allclose(found.loss, eager.loss, rtol=1e-9)
    assert found.metrics["accuracy"] == pytest.approx(eager.metrics["accuracy"])
    assert found.validation_metrics == eager.validation_metrics


def test_parameters_that_a_callback_changes_are_learnt_from():
    def run(compile):
        model = network()

        def callback(history):
            if len(history) % 10 == 0:
                for parameter in model.parameters():
                    parameter.data = parameter.data * 0.5

        history = model.learn(
            X, Y, optimizer="sgd", learning_rate=0.1, epochs=60, batch_size=None, seed=1,
            callback=callback, compile=compile, progress=False,
        )  # fmt: skip
        return history.loss, [p.data for p in model.parameters()]

    found, eager = run(True), run(False)
    np.testing.assert_allclose(found[0], eager[0], rtol=1e-9)
    np.testing.assert_allclose(found[1], eager[1], rtol=1e-9)
    assert found[0][10] > found[0][9]


def test_a_step_of_ones_own_sees_the_gradients_and_may_change_anything():
    class Signs(nn.optim.Optimizer):
        def step(self):
            for parameter in self.parameters:
                parameter.data -= self.learning_rate * (1.0 if parameter.grad > 0.0 else -1.0)

    assert_alike(optimizer=lambda parameters: Signs(parameters, 0.003), epochs=50)


def test_gradients_that_an_optimizer_keeps_stay_as_they_were():
    class Keeping(nn.optim.SGD):
        def __init__(self, parameters):
            super().__init__(parameters, 0.1)
            self.kept = []

        def moved(self, numbers, gradients):
            self.kept.append((numbers, gradients, gradients.copy()))
            return super().moved(numbers, gradients)

    model = network()
    optimizer = Keeping(model.parameters())
    model.learn(X, Y, optimizer=optimizer, epochs=5, batch_size=None, compile=True,
                progress=False)  # fmt: skip
    assert len(optimizer.kept) == 5
    for _, gradients, copy in optimizer.kept:
        np.testing.assert_array_equal(gradients, copy)


@pytest.mark.parametrize("compile", [False, True])
def test_a_single_batch_is_not_shuffled(compile):
    """Its sum has one order, and no random number is drawn."""
    first, _ = learnt(compile, seed=1, epochs=20)
    second, _ = learnt(compile, seed=2, epochs=20)
    assert first.loss == second.loss
    first, _ = learnt(compile, seed=1, epochs=3, batch_size=19)
    second, _ = learnt(compile, seed=2, epochs=3, batch_size=19)
    assert first.loss != second.loss


class TestBound:
    def test_a_program_sees_what_its_arrays_hold_then(self):
        x, w = Value(1.0), Value(2.0)
        program = ag.freeze([x * w, x + w, w], [x, w])
        rows, weights = np.array([[1.0], [2.0], [4.0]]), np.array([3.0])
        sums = program.runner.bound([(rows, False), (weights, True)], 3, 1)
        first = sums()
        assert first.tolist() == [21.0, 16.0, 9.0]
        weights[0], rows[1] = -1.0, 5.0
        assert sums().tolist() == [-10.0, 7.0, -3.0]
        assert first.tolist() == [21.0, 16.0, 9.0]

    def test_several_may_be_bound_and_run_beside_other_maps(self):
        x = Value(1.0)
        program = ag.freeze(ag.sin(x), [x])
        arrays = [np.linspace(0.0, 1.0, n).reshape(-1, 1) for n in (1, 64, 300)]
        bound = [program.runner.bound([(array, False)], len(array), 1) for array in arrays]
        for _ in range(2):
            for array, sums in zip(arrays, bound, strict=True):
                np.testing.assert_allclose(sums(), np.sin(array).sum(axis=0), rtol=1e-13)
                assert program.map(array[:, 0]).shape == (len(array),)

    def test_paths_give_the_mean_with_and_without_guards(self):
        for function in (
            lambda w, x: w * x,
            lambda w, x: w * x if x > 0.0 else x - w,
        ):
            trees = [take_apart(2.0, "w"), take_apart(1.0, "x")]
            weights, rows = np.array([2.0]), np.array([[1.0], [-3.0], [5.0]])
            paths = Paths(function, "f")
            mean = paths.bound(lambda trees=trees: trees, [(weights, True), (rows, False)], 3, 1)
            for weights[0] in (2.0, -0.5):
                right = np.mean([function(weights[0], x) for x in rows[:, 0]])
                assert mean().tolist() == pytest.approx([right])


class TestGradientsInsidePrograms:
    """`ag.gradient` of what is traced: with create_graph it reads no number."""

    def test_a_recorded_gradient_compiles(self):
        def slope(x, y):
            z = ag.sin(x * y) + x
            return ag.gradient(z, [x, y], create_graph=True)

        compiled = ag.compile(slope)
        for x, y in ((0.3, 2.0), (1.5, -0.7)):
            a, b = Value(x), Value(y)
            right = [node.data for node in slope(a, b)]
            assert compiled(x, y) == right
        assert len(compiled.programs) == 1

    def test_a_gradient_of_a_gradient_compiles(self):
        def curvature(x):
            [slope] = ag.gradient(ag.exp(x * x), [x], create_graph=True)
            [second] = ag.gradient(slope, [x], create_graph=True)
            return second

        found = ag.compile(curvature)(0.5)
        assert found == pytest.approx((2.0 + 4.0 * 0.25) * np.exp(0.25), rel=1e-14)

    def test_without_a_graph_it_is_refused(self):
        with pytest.raises(ag.ProgramError, match="bake"):
            ag.compile(lambda x: ag.gradient(x * x, [x])[0])(1.0)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_step_of_ones_own_that_raises_leaves_the_parameters_as_they_were(compiled):
    class Breaks(nn.optim.Optimizer):
        def step(self):
            self.parameters[0].data += 1.0
            raise LookupError("no such rate")

    model = nn.MLP(2, [3, 1], seed=0)
    before = [p.data for p in model.parameters()]
    with pytest.raises(LookupError, match="no such rate"):
        model.learn(
            [[0.0, 1.0]], [1.0], optimizer=Breaks(model.parameters(), 0.1), compile=compiled,
            epochs=1, progress=False,
        )  # fmt: skip
    assert [p.data for p in model.parameters()] == before


def test_programs_are_kept_from_one_training_to_the_next():
    """With the numbers of a model that learns for the first time; one layer more has others."""
    model, fresh = (nn.MLP(2, [3, 1], activation="tanh", seed=1) for _ in range(2))
    model.learn(X, Y, epochs=1, progress=False)
    [first] = vars(model)["_kept_programs"].programs.values()
    model.load_state_dict(fresh.state_dict())
    found, right = (
        m.learn(X[:50], Y[:50], epochs=2, progress=False, seed=1) for m in (model, fresh)
    )
    assert [*vars(model)["_kept_programs"].programs.values()] == [first]
    assert len(first.gradient.traced) == 1
    assert found.loss == right.loss
    model.layers.append(nn.Layer(1, 1, "tanh", seed=2))
    model.learn(X, Y, epochs=1, progress=False)
    assert first not in vars(model)["_kept_programs"].programs.values()


def test_a_loss_of_ones_own_is_recorded_anew():
    """Since it may read what has changed between two trainings."""
    model, scale = nn.MLP(2, [1], seed=1), [1.0]
    sample = lambda outputs, targets: scale[0] * (outputs[0] - targets[0]) ** 2  # noqa: E731
    loss = replace(find_loss("squared_error"), sample=sample)
    for scale[0] in (1.0, 3.0):
        batches = CompiledBatches(model, loss, Samples(X, Y))
        batches.check()
        once, _, _ = batches.evaluate(range(len(X)), 1, True)
        assert once == pytest.approx(scale[0] * np.mean((model.predict(X) - Y) ** 2))


def test_another_thread_sees_what_is_learnt():
    """Not only at the end, though nobody looks in this thread."""
    model = nn.MLP(2, [3, 1], activation="tanh", seed=1)
    before, seen, done = model.state_dict(), [], threading.Event()

    def look():
        while not done.wait(0.02):
            seen.append(model.state_dict()["layers.0.neurons.0.b"].item())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        epochs = 6_000 if ag.engine == "python" else 40_000
        model.learn(X, Y, epochs=epochs, batch_size=None, progress=False)
    finally:
        done.set()
        thread.join()
    assert len({*seen} - {before["layers.0.neurons.0.b"].item()}) > 1


@pytest.mark.parametrize("validation", [None, 0.25])
def test_any_number_of_threads_gives_the_same_bits(validation):
    """Of batches that threads share; rows take one path or two."""
    xs = np.random.default_rng(0).normal(size=(9_000, 2))
    targets = xs[:, 0] * xs[:, 1]
    for activation in ("tanh", lambda v: v if v > 0.0 else 0.1 * v):
        states = []
        for threads in (1, 2, 5):
            model = nn.MLP(2, [3, 1], activation=activation, seed=1)
            history = model.learn(
                xs, targets, epochs=2, batch_size=5_000, progress=False, seed=1, compile=True,
                threads=threads, validation=validation,
            )  # fmt: skip
            states.append([history.loss, *(p.data for p in model.parameters())])
        assert states[0] == states[1] == states[2]
    with pytest.raises(ValueError, match="threads must be at least 1 and is 0"):
        model.learn(xs, targets, threads=0)


class Held(nn.Module):
    """A line whose slope is computed before the call; `last` was an output."""

    def __init__(self, computed):
        self.w, self.last = Value(2.0), None
        self.parts = {"slopes": [computed(self.w), 3.0]}

    def __call__(self, x):
        self.last = self.parts["slopes"][0] * x[0] + self.w
        return self.last


@pytest.mark.parametrize("compile", [True, False, None])
def test_what_was_computed_from_a_parameter_before_is_refused(compile):
    """It would stay as it is: a constant to programs, and with a gradient to graphs."""
    first, second = (nn.Neuron(1, "linear", seed=seed) for seed in (1, 2))
    second.b = first.b * 2.0
    pair, own = nn.Sequential(first, second), Held(lambda w: w * 2.0)
    for model, name in ((pair, r"layers\.1\.b of Seq"), (own, r"parts\.slopes\.0 of Held")):
        before = [p.data for p in model.parameters()]
        with pytest.raises(GraphError, match=rf"^{name}.*by 'multiply'\) from a parameter before"):
            model.learn(X[:, 0], Y, epochs=1, compile=compile, progress=False)
        assert [p.data for p in model.parameters()] == before
    first.freeze()  # what does not move may be computed from
    assert pair.learn(X[:, 0], Y, epochs=2, compile=compile, progress=False).loss
    first.b.data = 7.0
    with pytest.raises(GraphError, match=r"learn needs the numbers .*op 'multiply'"):
        pair.learn(X[:, 0], Y, epochs=2, compile=compile, progress=False)


def test_what_is_computed_from_constants_and_outputs_of_before_is_no_such_thing():
    model, constant = Held(lambda w: 0.0), Value(0.5) * 3.0
    model.parts["slopes"][0] = constant
    for _ in range(2):
        model.learn(X[:, 0], Y, epochs=2, progress=False)
    assert model.last.op == "add"
    assert constant.data == 1.5
