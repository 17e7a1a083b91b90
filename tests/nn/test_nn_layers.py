"""Neurons, layers and networks: what they compute, and that they are micrograd's."""

import copy
import math
import pickle
import random

import numpy as np
import pytest
from nodes import same_nodes

import autograd_lite as ag
from autograd_lite import ShapeError, Value, nn
from autograd_lite.graph import ancestors, leaves, scope_of
from autograd_lite.nn.init import drawing


def numbers(outputs):
    return [out.data for out in outputs]


def test_a_neuron_is_one_dot_node_and_one_activation_node():
    neuron = nn.Neuron(3, "tanh", seed=1)
    out = neuron([1.0, 2.0, 3.0])
    assert out.op == "tanh"
    (summed,) = out.parents
    assert summed.op == "dot"
    assert same_nodes(summed.parents[:3], neuron.w)
    assert summed.parents[-1] is neuron.b
    assert sum(bool(node.op) for node in ancestors(out)) == 2


def test_a_linear_neuron_is_its_dot_node_alone():
    for neuron in (nn.Neuron(2, nonlin=False, seed=1), nn.Neuron(2, "linear", seed=1)):
        out = neuron([1.0, 2.0])
        assert out.op == "dot"
        w0, w1 = numbers(neuron.w)
        assert out.data == neuron.b.data + w0 * 1.0 + w1 * 2.0
        assert not neuron.nonlin


@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid", "silu", "leaky_relu", "square"])
def test_an_activation_is_any_op_of_one_argument_by_name(name):
    neuron = nn.Neuron(2, name, seed=3)
    out = neuron([0.5, -0.25])
    assert out.op == name
    assert out.data == getattr(ag, name)(out.parents[0].data)


def test_an_activation_may_be_an_op_or_a_function():
    assert nn.Neuron(1, ag.tanh).activation == "tanh"
    neuron = nn.Neuron(1, lambda v: v * v, seed=1)
    assert neuron(2.0).data == (neuron.w[0].data * 2.0) ** 2
    with pytest.raises(TypeError, match="must return a Value and returned float"):
        nn.Neuron(1, lambda v: v.data)(2.0)


@pytest.mark.parametrize("name", ["rleu", "add", "dot", "clip", "carry", ""])
def test_an_unknown_activation_is_an_error_that_lists_the_known(name):
    with pytest.raises(ValueError, match=rf"unknown activation '{name}'.*linear.*tanh"):
        nn.MLP(2, [3, 1], activation=name)
    with pytest.raises(ValueError, match="unknown activation"):
        nn.MLP(2, [3, 1], output=name)


def test_an_activation_that_is_no_name_and_no_function_is_a_type_error():
    """micrograd's `nonlin` stands second there; here it is a keyword."""
    with pytest.raises(TypeError, match="nonlin=False"):
        nn.Neuron(2, False)


def test_output_is_the_activation_of_the_last_layer():
    model = nn.MLP(2, [3, 2, 1], activation="tanh", output="sigmoid")
    kinds = [[neuron.activation for neuron in layer.neurons] for layer in model.layers]
    assert kinds == [["tanh"] * 3, ["tanh"] * 2, ["sigmoid"]]


def test_one_neuron_gives_a_value_and_several_a_list():
    assert isinstance(nn.Layer(2, 1)([1, 2]), Value)
    assert len(nn.Layer(2, 3)([1, 2])) == 3
    assert isinstance(nn.MLP(2, [3, 1])([1, 2]), Value)
    assert len(nn.MLP(2, [3, 2])([1, 2])) == 2
    assert isinstance(nn.MLP(2, [1, 1])([1, 2]), Value)


@pytest.mark.parametrize(
    "x",
    [
        [1, 2.5],
        (1, 2.5),
        np.array([1.0, 2.5]),
        np.array([Value(1), Value(2.5)]),
        [Value(1), 2.5],
        iter([np.float32(1), 2.5]),
    ],
    ids=["list", "tuple", "array", "objects", "mixed", "iterator"],
)
def test_inputs_are_any_sequence_of_numbers_and_values(x):
    model = nn.MLP(2, [3, 1], seed=4)
    expected = model([1.0, 2.5]).data
    assert model(x).data == expected


def test_a_value_given_as_input_gets_a_gradient():
    model, x = nn.MLP(2, [3, 1], "tanh", seed=4), [Value(0.3), Value(-0.2)]
    model(x).backward()
    assert all(v.grad != 0.0 for v in x)


def test_a_plain_number_is_one_constant_for_all_neurons():
    outs = nn.Layer(2, 5)([1.0, 2.0])
    constants = {node for out in outs for node in ancestors(out) if node.constant}
    assert len(constants) == 2


@pytest.mark.parametrize(
    "make", [lambda: nn.Neuron(3), lambda: nn.Layer(3, 2), lambda: nn.MLP(3, [2, 1])]
)
@pytest.mark.parametrize("n", [0, 2, 4])
def test_the_wrong_number_of_inputs_is_a_shape_error(make, n):
    module = make()
    with pytest.raises(
        ShapeError, match=f"this {type(module).__name__} takes 3 inputs and was given {n}"
    ):
        module([1.0] * n)


@pytest.mark.parametrize(
    ("x", "error"),
    [
        (1.0, TypeError),
        ("ab", TypeError),
        ({1.0, 2.0}, TypeError),
        ({0: 1.0, 1: 2.0}, TypeError),
        ([None, 1.0], TypeError),
        (["1", 1.0], TypeError),
        (Value(1), TypeError),
        (np.ones((5, 2)), ShapeError),
    ],
)
def test_inputs_that_are_no_sequence_of_numbers_are_refused(x, error):
    with pytest.raises(error):
        nn.MLP(2, [1])(x)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.MLP(2, []),
        lambda: nn.MLP(2, [3, 0]),
        lambda: nn.MLP(0, [1]),
        lambda: nn.MLP(2, [-1]),
        lambda: nn.Layer(2, 0),
        lambda: nn.Layer(0, 2),
        lambda: nn.Neuron(0),
        lambda: nn.Sequential(),
    ],
)
def test_an_empty_layer_is_a_shape_error(make):
    with pytest.raises(ShapeError, match=r"at least (1|one)"):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.MLP(2, 3),
        lambda: nn.MLP(2, "3"),
        lambda: nn.MLP(2.0, [3]),
        lambda: nn.MLP(2, [3.0]),
        lambda: nn.Sequential(ag.tanh),
        lambda: nn.Neuron(2, init=3),
        lambda: nn.Neuron(2, seed=1.5),
        lambda: nn.Neuron(2, seed="1"),
    ],
)
def test_arguments_of_the_wrong_type_are_type_errors(make):
    with pytest.raises(TypeError):
        make()


def test_sequential_feeds_each_module_with_what_the_one_before_gives():
    first, second = nn.Layer(2, 3, "tanh", seed=1), nn.Neuron(3, nonlin=False, seed=2)
    model = nn.Sequential(first, second)
    assert model([0.5, 1.0]).data == second(first([0.5, 1.0])).data
    assert same_nodes(model.parameters(), first.parameters() + second.parameters())
    with pytest.raises(ShapeError, match="takes 3 inputs and was given 2"):
        nn.Sequential(nn.Layer(2, 2), second)([1, 2])


def test_the_gradient_of_a_network_agrees_with_finite_differences():
    model, x = nn.MLP(3, [4, 3, 1], "tanh", output="sigmoid", seed=5), [0.3, -1.2, 0.7]
    model(x).backward()
    h = 1e-6
    for name, p in model.named_parameters():
        at = p.data
        p.data = at + h
        above = model(x).data
        p.data = at - h
        below = model(x).data
        p.data = at
        assert p.grad == pytest.approx((above - below) / (2 * h), rel=1e-6, abs=1e-9), name


# --- names and scopes ---


def test_parameters_are_labelled_and_lie_in_the_scope_of_their_neuron():
    model = nn.MLP(2, [3, 1], "tanh")
    neuron = model.layers[0].neurons[2]
    assert [p.label for p in neuron.parameters()] == ["w0", "w1", "b"]
    assert scope_of(neuron.b) == ("MLP", "layer 0", "neuron 2")
    hidden = [node for node in ancestors(model([1, 2])) if node.op == "tanh"]
    assert [scope_of(node) for node in hidden] == [
        ("MLP", "layer 0", f"neuron {i}") for i in range(3)
    ]


def test_a_module_by_itself_has_a_scope_too():
    for module, path in (
        (nn.Neuron(1), ("neuron",)),
        (nn.Layer(1, 1), ("layer", "neuron 0")),
    ):
        out = module(1.0)
        assert scope_of(out) == path
        assert {scope_of(p) for p in leaves(out)} == {path}


def test_scopes_around_a_network_stay_around_it():
    with ag.scope("encoder"):
        model = nn.Sequential(nn.MLP(1, [1]), nn.MLP(1, [1]))
        out = model(1.0)
    path = ("encoder", "Sequential", "MLP 1", "layer 0", "neuron 0")
    assert scope_of(out) == scope_of(model.layers[1].layers[0].neurons[0].b) == path


# --- a layer is recorded in one call ---


class Doubling:
    """An activation that cannot be hashed."""

    __hash__ = None

    def __call__(self, out):
        return out * 2


def replace(index, name, thing):
    def change(layer):
        setattr(layer.neurons[index], name, thing)

    return change


def renamed(layer):
    layer.neurons[0].scope_name = "first"


def shared_bias(layer):
    layer.neurons[1].b = layer.neurons[0].b


def shared_neuron(layer):
    layer.neurons[1] = layer.neurons[0]


def number_among_weights(layer):
    layer.neurons[0].w[1] = 0.5


@pytest.mark.parametrize(
    "change",
    [
        lambda layer: None,
        renamed,
        shared_bias,
        shared_neuron,
        number_among_weights,
        replace(0, "w", [Value(9.0), Value(8.0)]),
        replace(0, "w", (Value(9.0), Value(8.0))),
        replace(0, "w", [3.0, 4]),
        replace(0, "b", 0.5),
        replace(1, "b", Value(3.0, label="mine")),
        replace(1, "activation", "linear"),
        replace(0, "activation", Doubling()),
        lambda layer: [replace(i, "activation", "sigmoid")(layer) for i in (0, 1)],
        lambda layer: layer.neurons.append(nn.Neuron(2, seed=3)),
        lambda layer: layer.neurons.reverse(),
        lambda layer: [neuron.place(("elsewhere",)) for neuron in layer.neurons],
    ],
)
def test_a_layer_gives_what_its_neurons_give_one_by_one(change):
    layer = nn.Layer(2, 2, "tanh", seed=1)
    xs = [Value(1.5), Value(-0.5)]
    layer(xs)  # so that anything it remembers is out of date after the change
    change(layer)
    together = layer(xs)
    with ag.scope("layer"):
        apart = [neuron(xs) for neuron in layer.neurons]

    def facts(outs):
        return [
            (n.data, n.op, n.label, n.constant, n.local_grads, scope_of(n))
            for out in outs
            for n in ancestors(out)
        ]

    assert facts(together) == facts(apart)


def test_a_layer_of_a_network_may_be_called_by_itself():
    model = nn.MLP(2, [2, 1], "tanh", seed=1)
    outs = model.layers[0]([1.0, 2.0])
    assert [scope_of(out) for out in outs] == [("layer 0", f"neuron {i}") for i in (0, 1)]
    with ag.scope("outer"):
        outs = model.layers[0]([1.0, 2.0])
    assert [scope_of(o) for o in outs] == [("outer", "layer 0", f"neuron {i}") for i in (0, 1)]


@pytest.mark.parametrize("name", ["w", "b", "activation"])
def test_a_neuron_without_a_part_is_an_error_in_a_layer_too(name):
    layer = nn.Layer(2, 2, seed=1)
    layer([1.0, 2.0])
    delattr(layer.neurons[0], name)
    with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
        layer([1.0, 2.0])


@pytest.mark.parametrize("name", ["add", "sum"])
def test_an_activation_assigned_later_is_an_op_of_one_argument(name):
    layer = nn.Layer(2, 2, seed=1)
    for neuron in layer.neurons:
        neuron.activation = name
    with pytest.raises(TypeError, match=name):
        layer([1.0, 2.0])


def test_a_layer_may_be_made_of_given_neurons():
    class Given(nn.Layer):
        def __init__(self, neurons):
            self.neurons = neurons

    neurons = [nn.Neuron(1, "tanh", seed=i) for i in range(2)]
    assert numbers(Given(neurons)([2.0])) == [neuron([2.0]).data for neuron in neurons]


# --- text ---


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (nn.Neuron(3), "ReLUNeuron(3)"),
        (nn.Neuron(3, nonlin=False), "LinearNeuron(3)"),
        (nn.Neuron(3, "tanh"), "TanhNeuron(3)"),
        (nn.Neuron(3, "sqrt"), "SqrtNeuron(3)"),
        (nn.Neuron(3, max), "MaxNeuron(3)"),
        (nn.Layer(2, 2), "Layer of [ReLUNeuron(2), ReLUNeuron(2)]"),
        (nn.MLP(2, [1, 1]), "MLP of [Layer of [ReLUNeuron(2)], Layer of [LinearNeuron(1)]]"),
        (nn.Sequential(nn.Neuron(2, "elu")), "Sequential of [ELUNeuron(2)]"),
    ],
)  # fmt: skip
def test_repr_is_in_the_manner_of_micrograd(module, text):
    assert repr(module) == text


# --- copies ---


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_computes_the_same_and_shares_no_parameter(copied):
    model = nn.Sequential(nn.MLP(2, [3, 2], "tanh", seed=1), nn.Neuron(2, "sigmoid", seed=2))
    twin = copied(model)
    assert repr(twin) == repr(model)
    assert twin([1, 2]).data == model([1, 2]).data
    assert set(twin.parameters()).isdisjoint(model.parameters())
    assert [scope_of(p) for p in twin.parameters()] == [scope_of(p) for p in model.parameters()]


def test_pickles_of_layers_from_before_their_parts_moved_are_read():
    parts = pickle.loads(b"cautograd_lite.nn.layers\n_Parts\n((ttR.")
    assert parts.record(nn.Layer(2, 2, seed=1), [1.0, 2.0])[1].op == "relu"


# --- initialisation ---


def test_equal_seeds_give_equal_networks_and_leave_the_global_generator_alone():
    random.seed(7)
    before = random.getstate()
    first, second, other = (nn.MLP(3, [4, 1], seed=seed) for seed in (1, 1, 2))
    assert random.getstate() == before
    assert numbers(first.parameters()) == numbers(second.parameters())
    assert numbers(first.parameters()) != numbers(other.parameters())


def test_no_two_neurons_of_a_seeded_network_are_alike():
    model = nn.MLP(2, [8, 8], seed=1)
    weights = [tuple(numbers(n.w)) for layer in model.layers for n in layer.neurons]
    assert len(set(weights)) == 16


def test_uniform_weights_are_drawn_in_order_and_biases_are_zero():
    random.seed(1337)
    model = nn.MLP(2, [2, 1])
    random.seed(1337)
    for layer in model.layers:
        for neuron in layer.neurons:
            assert numbers(neuron.w) == [random.uniform(-1, 1) for _ in neuron.w]
            assert neuron.b.data == 0.0


@pytest.mark.parametrize(
    ("name", "variance", "limit"),
    [
        ("uniform", 1 / 3, 1.0),
        ("he", 2 / 30, math.inf),
        ("he_normal", 2 / 30, math.inf),
        ("he_uniform", 2 / 30, math.sqrt(6 / 30)),
        ("glorot", 2 / 130, math.sqrt(6 / 130)),
        ("glorot_uniform", 2 / 130, math.sqrt(6 / 130)),
        ("glorot_normal", 2 / 130, math.inf),
    ],
)
def test_a_scheme_has_the_variance_of_its_paper(name, variance, limit):
    weights = np.array([numbers(n.w) for n in nn.Layer(30, 100, init=name, seed=1).neurons])
    assert weights.var() == pytest.approx(variance, rel=0.06)
    assert weights.mean() == pytest.approx(0.0, abs=4 * math.sqrt(variance / weights.size))
    assert abs(weights).max() <= limit


def test_a_scheme_tells_how_it_draws():
    method, program = drawing("he")
    assert (method, program(8.0, 3.0)) == ("normalvariate", [0.0, 0.5])
    method, program = drawing("glorot_uniform")
    assert (method, program(1.0, 5.0)) == ("uniform", [-1.0, 1.0])


def test_a_scheme_may_be_a_function():
    layer = nn.Layer(2, 3, init=lambda rng, fan_in, fan_out: fan_in + fan_out / 10)
    assert layer.state_dict()["neurons.0.w"].tolist() == [2.3, 2.3]


@pytest.mark.parametrize(
    ("activation", "scheme"),
    [
        *[(name, "he") for name in ("relu", "leaky_relu", "elu", "silu", "gelu", "softplus")],
        *[(name, "glorot") for name in ("linear", "tanh", "sigmoid", "sin", "absolute", "log")],
        (lambda x: ag.maximum(x, 0.1 * x), "he"), (lambda x: x * 1.5, "glorot"),
    ],
)  # fmt: skip
def test_without_a_scheme_weights_begin_as_suits_the_activation(activation, scheme):
    of_neurons = [nn.Neuron(5, activation, seed=1, init=i, fan_out=3) for i in (None, scheme)]
    of_layers = [nn.Layer(5, 3, activation, seed=1, init=i) for i in (None, scheme)]
    for found, expected in (of_neurons, of_layers):
        assert [p.data for p in found.parameters()] == [p.data for p in expected.parameters()]


def test_without_a_scheme_each_layer_has_that_of_its_own_activation():
    """A layer without activation has Glorot's, as `nonlin=False` says too."""
    model, rng = nn.MLP(4, [8, 2], init=None, seed=1), random.Random(1)
    layers = [
        nn.Layer(4, 8, init="he", seed=rng),
        nn.Layer(8, 2, "linear", init="glorot", seed=rng),
    ]
    expected = [p.data for layer in layers for p in layer.parameters()]
    assert [p.data for p in model.parameters()] == expected
    pair = [nn.Layer(8, 2, nonlin=False, init=init, seed=1) for init in (None, "glorot")]
    assert len({str([p.data for p in layer.parameters()]) for layer in pair}) == 1


def test_a_wide_network_learns_best_from_weights_that_suit_it():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(100, 8))
    outputs = np.sin(inputs[:, 0]) + inputs[:, 1] * inputs[:, 2]
    losses = []
    for init in (None, "uniform"):
        model = nn.MLP(8, [64, 64, 1], init=init, seed=1)
        losses += model.learn(inputs, outputs, learning_rate=0.001, epochs=20, seed=1,
                              progress=False).loss[-1:]  # fmt: skip
    assert 5 * losses[0] < losses[1]


def test_an_unknown_scheme_is_an_error_that_lists_the_known():
    with pytest.raises(ValueError, match=r"unknown init 'xavier'.*uniform.*glorot"):
        nn.MLP(2, [1], init="xavier")


# --- micrograd ---


@pytest.fixture
def micrograd_nn():
    return pytest.importorskip("micrograd.nn", reason="micrograd is not installed (extra: test)")


@pytest.mark.parametrize("shape", [(2, [16, 16, 1]), (3, [4, 2]), (1, [1])])
def test_random_seed_1337_gives_micrograds_network_bit_for_bit(micrograd_nn, shape):
    """Parameters, repr, outputs and gradients (relative to rounding) are micrograd's."""
    random.seed(1337)
    theirs = micrograd_nn.MLP(*shape)
    random.seed(1337)
    ours = nn.MLP(*shape)
    assert numbers(ours.parameters()) == numbers(theirs.parameters())
    assert repr(ours) == repr(theirs)

    x = [0.5, -1.5, 2.5][: shape[0]]
    outs = [out if isinstance(out, list) else [out] for out in (ours(x), theirs(x))]
    assert numbers(outs[0]) == numbers(outs[1])
    for out in outs[0] + outs[1]:
        out.backward()
    ours_grad, theirs_grad = ([p.grad for p in m.parameters()] for m in (ours, theirs))
    if len(outs[0]) == 1:  # micrograd's second backward() counts shared nodes twice
        assert ours_grad == pytest.approx(theirs_grad, rel=1e-12)


def test_layers_and_neurons_take_micrograds_keyword(micrograd_nn):
    for nonlin in (True, False):
        random.seed(3)
        theirs = micrograd_nn.Layer(2, 3, nonlin=nonlin)
        random.seed(3)
        ours = nn.Layer(2, 3, nonlin=nonlin)
        assert numbers(ours([1.0, -2.0])) == numbers(theirs([1.0, -2.0]))


def test_an_mlp_of_one_layer_checks_both_activations():
    with pytest.raises(ValueError, match="foo"):
        nn.MLP(2, [1], activation="foo")
    with pytest.raises(ValueError, match="foo"):
        nn.MLP(2, [2, 1], output="foo")


def test_names_are_known_in_any_case():
    nn.MLP(2, [1], init="He", seed=0)
    nn.MLP(1, [1], seed=0).learn([1.0], [1.0], optimizer="Adam", epochs=1, progress=False)
