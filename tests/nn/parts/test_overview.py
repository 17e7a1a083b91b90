"""Models as text and pictures: trees, tables, and drawings of parts of all kinds."""

import random

import pytest

import autograd_lite as ag
from autograd_lite import Value, nn


def network():
    layer = nn.Layer(3, 3, "tanh", seed=1)
    return nn.Sequential(
        nn.Embedding(5, 3, seed=1),
        nn.LayerNorm(3),
        nn.Residual(nn.Sequential(layer, nn.Dropout(0.5))),
        layer,
        nn.MLP(3, [4, 1], "tanh", seed=2),
    )


def test_a_printed_model_is_a_tree_of_its_parts():
    assert str(network()).splitlines() == [
        "Sequential",
        "  layers.0: Embedding(5, 3)",
        "  layers.1: LayerNorm(3, 1e-05)",
        "  layers.2: Residual",
        "    module: Sequential",
        "      layers.0: Layer of 3 TanhNeuron(3)",
        "      layers.1: Dropout(0.5)",
        "  layers.3: Layer of 3 TanhNeuron(3) (again)",
        "  layers.4: MLP",
        "    layers.0: Layer of 4 TanhNeuron(3)",
        "    layers.1: Layer of 1 LinearNeuron(4)",
    ]
    assert repr(nn.Residual(nn.Neuron(1))) == "Residual(ReLUNeuron(1))"
    assert str(nn.Neuron(2)) == "ReLUNeuron(2)"


class Own(nn.Module):
    def __init__(self):
        self.parts = {"first": nn.Neuron(1, seed=1), "more": [nn.Dropout(0.1), nn.LayerNorm(2)]}
        self.slope, self.whole, self.line = Value(1.0), self, "text"


def test_a_class_of_ones_own_is_told_by_its_name_and_its_parts():
    assert str(Own()).splitlines() == [
        "Own",
        "  parts.first: ReLUNeuron(1)",
        "  parts.more.0: Dropout(0.1)",
        "  parts.more.1: LayerNorm(2, 1e-05)",
        "  whole: Own (again)",
    ]


def test_uneven_neurons_of_a_layer_are_counted_by_kind():
    layer = nn.Layer(2, 3, seed=1)
    layer.neurons[1].activation = "tanh"
    assert str(layer) == "Layer of 2 ReLUNeuron(2), 1 TanhNeuron(2)"


def test_a_summary_counts_parameters_and_those_that_are_frozen(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    model = network()
    model.layers[2].freeze()
    summary = model.summary()
    assert repr(summary) == str(summary) == summary
    lines = [" ".join(line.split()) for line in summary.splitlines()]
    assert lines[0] == "part outputs parameters frozen kind"
    assert lines[1] == "model 1 54 12 Sequential"
    assert lines[-1] == "54 parameters, 12 of them frozen"
    for line in (
        "layers.0 15 0 Embedding(5, 3)",
        "layers.1 3 6 0 LayerNorm(3, 1e-05)",
        "layers.2 3 12 12 Residual",
        "layers.0 3 12 12 Layer of 3 TanhNeuron(3)",
        "layers.1 0 0 Dropout(0.5)",
        "layers.3 3 12 12 Layer of 3 TanhNeuron(3) (again)",
        "layers.1 1 5 0 Layer of 1 LinearNeuron(4)",
    ):
        assert line in lines


def test_a_summary_of_a_model_without_parameters_says_so():
    assert nn.Dropout(0.5).summary().endswith("\n0 parameters, none of them frozen")


@pytest.mark.parametrize("training", [False, True])
def test_models_of_all_parts_are_drawn(training):
    random.seed(1)
    model = nn.Sequential(
        nn.Layer(4, 3, "tanh", seed=1),
        nn.LayerNorm(3),
        nn.Residual(nn.Sequential(nn.Layer(3, 3, "tanh", seed=2), nn.Dropout(0.3))),
        nn.Layer(3, 1, "linear", seed=3),
    ).train(training)
    picture = ag.draw(model).to_graphviz().source
    assert "Network 4-3, Network 3-3, Network 3-1: 7 neurons, 31 parameters" in picture
    boxes = ag.draw(model([1.0, 2.0, 3.0, 4.0]), layout="graph").to_graphviz().source
    for name in ("layer 0", "LayerNorm 1", "Residual 2"):
        assert name in boxes
    assert ("Dropout 1" in boxes) == training


def test_an_embedding_is_drawn_with_its_rows_in_its_scope():
    model = nn.Sequential(nn.Embedding(3, 2, seed=1), nn.Layer(2, 1, seed=2))
    for index in (1.0, Value(1.0)):
        source = ag.draw(model([index]), layout="graph").to_graphviz().source
        assert "e1,0" in source
        assert "Embedding 0" in source


def test_a_layer_that_is_used_twice_is_not_drawn_as_one_at_two_samples():
    layer = nn.Layer(2, 2, "tanh", seed=1)
    model = nn.Sequential(layer, nn.LayerNorm(2), layer, nn.Layer(2, 1, seed=4))
    with pytest.raises(ValueError, match=r"a layer is used more than once.*boxes"):
        ag.draw(model)
    assert "Network 2-2-1" in ag.draw(nn.MLP(2, [2, 1], seed=1)).to_graphviz().source
