"""Module: finding parameters, naming them, and setting them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_lite import ShapeError, Value, nn


class Mixed(nn.Module):
    """Parameters in every place where they are looked for."""

    def __init__(self):
        self.alone = Value(1.0)
        self.row = [Value(2.0), Value(3.0)]
        self.matrix = np.array([[Value(4.0), Value(5.0)], [Value(6.0), Value(7.0)]])
        self.parts = [nn.Neuron(1, seed=1), (nn.Neuron(1, seed=2),)]
        self.by_name = {"gain": Value(8.0)}
        self.also = [Value(9.0), nn.Neuron(1, seed=3)]
        self.computed = self.alone * 2.0
        self.whole = self
        self.text, self.number, self.empty = "text", 3.0, []
        self.array = np.zeros(3)


def test_parameters_are_the_leaves_in_the_attributes_in_their_order():
    assert [name for name, _ in Mixed().named_parameters()] == [
        "alone",
        "row.0", "row.1",
        "matrix.0.0", "matrix.0.1", "matrix.1.0", "matrix.1.1",
        "parts.0.w.0", "parts.0.b", "parts.1.0.w.0", "parts.1.0.b",
        "by_name.gain",
        "also.0", "also.1.w.0", "also.1.b",
    ]  # fmt: skip


def test_a_state_has_one_array_for_each_list_of_parameters():
    state = Mixed().state_dict()
    assert state["alone"].shape == ()
    assert state["row"].tolist() == [2.0, 3.0]
    assert state["matrix"].tolist() == [[4.0, 5.0], [6.0, 7.0]]
    assert {array.dtype for array in state.values()} == {np.dtype(np.float64)}
    assert list(nn.MLP(3, [2, 1]).state_dict()) == [
        "layers.0.neurons.0.w", "layers.0.neurons.0.b",
        "layers.0.neurons.1.w", "layers.0.neurons.1.b",
        "layers.1.neurons.0.w", "layers.1.neurons.0.b",
    ]  # fmt: skip


def test_a_shared_parameter_is_listed_once():
    layer = nn.Layer(1, 1)
    model = nn.Sequential(layer, layer)
    assert len(model.parameters()) == 2
    assert list(model.state_dict()) == [
        f"layers.{i}.neurons.0.{name}" for i in range(2) for name in "wb"
    ]


def test_zero_grad_sets_the_gradient_of_every_parameter_to_zero():
    model = nn.MLP(2, [3, 1], "tanh")
    model([1, 2]).backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert [p.grad for p in model.parameters()] == [0.0] * 13


def test_a_module_without_a_call_says_so():
    with pytest.raises(NotImplementedError, match="Mixed must define __call__"):
        Mixed()([1.0])


finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=50, deadline=None)
@given(
    nin=st.integers(1, 4),
    nouts=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    data=st.data(),
)
def test_any_state_comes_back_bit_for_bit(tmp_path_factory, nin, nouts, data):
    """Through a state_dict, and through a file."""
    model, other = nn.MLP(nin, nouts, seed=1), nn.MLP(nin, nouts, seed=2)
    for p in model.parameters():
        p.data = data.draw(finite)
    other.load_state_dict(model.state_dict())
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    model.save(path)
    for twin in (other, nn.load(path)):
        for mine, theirs in zip(model.parameters(), twin.parameters(), strict=True):
            assert mine.data.hex() == theirs.data.hex()


def test_a_state_is_a_copy():
    model = nn.Neuron(1, seed=1)
    state = model.state_dict()
    state["w"][0] = 99.0
    assert model.w[0].data != 99.0


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda s: s.pop("b"), ValueError, "lacks b"),
        (lambda s: s.update(c=1.0), ValueError, "does not have: c"),
        (lambda s: s.update(w=[1.0]), ShapeError, r"w has shape \(2,\) here and \(1,\)"),
        (lambda s: s.update(b=[1.0]), ShapeError, r"b has shape \(\) here"),
        (lambda s: s.update(w=[1.0, np.nan]), ValueError, r"w\[1\] is nan"),
        (lambda s: s.update(b=-np.inf), ValueError, "b is -inf"),
        (lambda s: s.update(b="x"), TypeError, "b holds <U1 .* 'x'"),
        (lambda s: s.update(b=1j), TypeError, "b holds complex128"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, error, message):
    neuron = nn.Neuron(2, seed=1)
    before = [p.data for p in neuron.parameters()]
    state = {"w": [5.0, 6.0], "b": 7.0}
    neuron.load_state_dict(state)
    assert [p.data for p in neuron.parameters()] == [5.0, 6.0, 7.0]
    neuron = nn.Neuron(2, seed=1)
    change(state)
    with pytest.raises(error, match=message):
        neuron.load_state_dict(state)
    assert [p.data for p in neuron.parameters()] == before


def test_many_wrong_names_are_not_all_listed():
    with pytest.raises(ValueError, match="and 7 more"):
        nn.MLP(2, [5, 1]).load_state_dict({})
