"""Programs of users, as mypy and pyright see them: `make lint` and `make pyright` check the types.

They run as tests, too: what a type promises is what comes.
"""

from pathlib import Path
from typing import Any, assert_type

import numpy as np

import autograd_lite as ag
from autograd_lite import Value, nn


def cube(x: Value) -> Value:
    return x * x * x


def test_operators_give_values() -> None:
    x = Value(2.0, label="x")
    assert_type(x, Value)
    assert_type(x * 3 + 1.5, Value)
    assert_type(1 / x - x**2, Value)
    assert_type(-abs(x), Value)
    assert_type(x.data, float)
    assert_type(x.grad, float)
    assert_type(x.label, str)
    assert_type(x < 3.0, bool)
    assert_type(x >= x, bool)
    assert_type(x == 3.0, bool)
    assert type(1 / x - x**2) is Value


def test_ops_take_values_and_numbers() -> None:
    x = Value(0.5)
    y = ag.tanh(x * x)
    z = ag.dot([x, y], [1.0, 2.0])
    y.backward()
    assert_type(x.grad, float)
    assert isinstance(z, Value)


def test_gradients_are_functions() -> None:
    slope = ag.grad(cube)(2.0)
    value, partial = ag.value_and_grad(cube)(2.0)
    assert (slope, value, partial) == (12.0, 8.0, 12.0)
    for order in range(3):
        assert isinstance(ag.derivative(cube, order)(1.0), float)


def test_partials_of_a_list_are_a_list() -> None:
    def norm(xs: list[Value]) -> Value:
        return sum((x * x for x in xs), Value(0.0))

    assert ag.grad(norm)([1.0, 2.0]) == [2.0, 4.0]
    assert ag.hessian(norm)([1.0, 2.0]).tolist() == [[2.0, 0.0], [0.0, 2.0]]


def test_a_gradient_of_a_graph() -> None:
    x = Value(3.0)
    found: Any = ag.gradient(cube(x), [x])
    assert found == [27.0]


def test_networks() -> None:
    model = nn.MLP(2, [3, 1])
    parameters = model.parameters()
    assert isinstance(parameters[0], Value)
    out = model([1.0, 2.0])
    assert isinstance(out, Value)


class Line(nn.Module):
    def __init__(self) -> None:
        self.slope, self.offset = Value(0.0), Value(0.0)

    def __call__(self, x: list[Value]) -> Value:
        return self.slope * x[0] + self.offset


def test_networks_and_modules_of_ones_own_learn_and_predict() -> None:
    """Pyright found no `learn` in either: training asked for an attribute where a property is."""
    line, network = Line(), nn.MLP(1, [2, 1], activation="tanh", seed=0)
    for history in (
        line.learn([0, 1, 2], [1, 3, 5], epochs=2, progress=False),
        network.learn([[0.0], [1.0]], [0.0, 2.0], "huber", epochs=2, batch_size=None, seed=0),
        nn.Sequential(nn.Neuron(1)).learn([0, 1], [0, 2], epochs=2, progress=False),
    ):
        assert_type(history, nn.History)
        assert len(history.loss) == 2
    assert_type(line.predict([10]), np.ndarray[Any, Any])
    assert_type(line.freeze().eval(), Line)
    assert_type(network.classes_, np.ndarray[Any, Any] | None)
    nn.find_learning_rate(line.unfreeze(), [0, 1, 2], [1, 3, 5])
    network.classes_ = None


def test_a_file_s_network_learns_on(tmp_path: Path) -> None:
    nn.MLP(1, [2, 1], seed=0).save(tmp_path / "double.safetensors")
    same = nn.load(tmp_path / "double.safetensors")
    assert_type(same, nn.Module)
    assert_type(same.learn([0, 1], [0, 2], epochs=1, progress=False), nn.History)


def test_programs() -> None:
    fast = ag.compile(cube)
    assert fast(2.0) == 8.0
    with ag.no_grad():
        assert cube(Value(2.0)).data == 8.0
