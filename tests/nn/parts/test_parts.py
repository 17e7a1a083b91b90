"""Parts beside layers: their numbers, in programs and in training; freezing; arrays of weights."""

import copy
import dataclasses
import pickle
import tempfile
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import ModelFileError, ShapeError, Value, nn
from autograd_lite.nn import model_files
from autograd_lite.nn.learning.compiled_batches import Objective

RNG = np.random.default_rng(3)
X = RNG.normal(size=(24, 4))
Y = X[:, 0] * X[:, 1]
INDICES = RNG.integers(0, 5, size=(24, 2)).astype(float)


def mixed():
    """A network of all parts; weights by seed."""
    return nn.Sequential(
        nn.Layer(4, 3, "tanh", seed=1),
        nn.LayerNorm(3),
        nn.Residual(nn.Sequential(nn.Layer(3, 3, "tanh", seed=2), nn.Dropout(0.3))),
        nn.Layer(3, 1, "linear", seed=3),
    )


def looked_up():
    return nn.Sequential(nn.Embedding(5, 3, seed=1), nn.Layer(6, 1, "linear", seed=2))


def tied():
    """The rows of an embedding are the weights of the layer behind it."""
    embedding, head = nn.Embedding(5, 3, seed=1), nn.Layer(3, 5, "linear", seed=2)
    for neuron, row in zip(head.neurons, embedding.rows.tolist(), strict=True):
        neuron.w = row
    return nn.Sequential(embedding, head)


def twice():
    layer = nn.Layer(2, 2, "tanh", seed=1)
    return nn.Sequential(layer, nn.LayerNorm(2), layer, nn.Layer(2, 1, seed=4))


def numbers(module):
    return [p.data for p in module.parameters()]


# --- numbers -------------------------------------------------------------------------------------


def test_layer_norm_and_its_derivatives_are_pytorchs():
    torch = pytest.importorskip("torch", reason="needs torch (extra: peers)")
    norm, theirs = nn.LayerNorm(5, eps=1e-3), torch.nn.LayerNorm(5, eps=1e-3, dtype=torch.float64)
    weights, biases, x, seeds = RNG.normal(size=(4, 5))
    norm.load_state_dict({"w": weights, "b": biases})
    theirs.load_state_dict({"weight": torch.tensor(weights), "bias": torch.tensor(biases)})
    xs, their_x = [*map(Value, x)], torch.tensor(x, requires_grad=True)
    outs, their_outs = norm(xs), theirs(their_x)
    ag.dot(seeds, outs).backward()
    (their_outs * torch.tensor(seeds)).sum().backward()
    ours = [[v.data for v in outs], *[[v.grad for v in vs] for vs in (xs, norm.w, norm.b)]]
    right = [their_outs, their_x.grad, theirs.weight.grad, theirs.bias.grad]
    np.testing.assert_allclose(ours, [r.detach().numpy() for r in right], rtol=1e-12, atol=1e-13)


def test_layer_norm_begins_with_pytorchs_numbers():
    assert nn.LayerNorm(2).eps == 1e-5
    assert nn.LayerNorm(2).state_dict()["w"].tolist() == [1.0, 1.0]
    assert [x.data for x in nn.LayerNorm(3)([2.0, 2.0, 2.0])] == [0.0] * 3
    assert nn.LayerNorm(1)([5.0]).data == 0.0


def test_an_embedding_gives_its_rows_and_their_gradients():
    embedding = nn.Embedding(4, 2, seed=1)
    table = embedding.weights
    outs = embedding([3, 0, 3])
    assert [x.data for x in outs] == [*table[3], *table[0], *table[3]]
    ag.sum(outs).backward()
    assert [[p.grad for p in row] for row in embedding.rows] == [[1, 1], [0, 0], [0, 0], [2, 2]]


def test_an_index_may_be_a_value():
    embedding = nn.Embedding(4, 2, seed=1)
    index = Value(2.0)
    outs = embedding(index)
    assert [x.data for x in outs] == embedding.weights[2].tolist()
    index.data = 1.0
    outs[0].refresh()
    assert outs[0].data == embedding.weights[1, 0]


@pytest.mark.parametrize("index", [-1, 4, 1.5, float("nan"), Value(4.0), Value(-1.0), Value(0.5)])
def test_a_wrong_index_is_refused(index):
    """Also one below 0, which in tables often says that a category is missing."""
    with pytest.raises(IndexError, match=r"Embedding\(4, 2\) takes .* from 0 to 3, and was given"):
        nn.Embedding(4, 2)(index)


def test_an_index_that_is_no_number_is_refused():
    with pytest.raises(TypeError):
        nn.Embedding(4, 2)("a")
    with pytest.raises(TypeError):
        nn.Embedding(4, 2)([None])


def test_a_residual_connection_adds_its_inputs():
    inner = nn.Layer(2, 2, "tanh", seed=1)
    x = [0.5, -1.0]
    assert [y.data for y in nn.Residual(inner)(x)] == [
        a + b.data for a, b in zip(x, inner(x), strict=True)
    ]
    one = nn.Neuron(1, "tanh", seed=1)
    assert nn.Residual(one)(0.5).data == 0.5 + one([0.5]).data


def test_a_residual_connection_needs_equal_widths():
    with pytest.raises(ShapeError, match=r"Layer of .* gives 3 outputs for 2 inputs"):
        nn.Residual(nn.Layer(2, 3))([1.0, 2.0])
    with pytest.raises(TypeError, match="Residual takes a module and was given"):
        nn.Residual(lambda x: x)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: nn.LayerNorm(0), ShapeError),
        (lambda: nn.LayerNorm(2, eps=-1.0), ValueError),
        (lambda: nn.LayerNorm(2)([1.0]), ShapeError),
        (lambda: nn.Embedding(0, 2), ShapeError),
        (lambda: nn.Embedding(2, 0), ShapeError),
        (lambda: nn.Embedding(2.5, 1), TypeError),
        (lambda: nn.Embedding(2, 1, init="x"), ValueError),
        (lambda: nn.Dropout(0.5)("text"), TypeError),
        (lambda: nn.Dropout(0.5)(np.ones((2, 2))), ShapeError),
    ],
)
def test_sizes_and_inputs_that_do_not_fit_are_refused(make, error):
    with pytest.raises(error):
        make()


# --- in programs and in training -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "inputs"),
    [(mixed, X), (looked_up, INDICES), (tied, INDICES[:, :1]), (twice, X[:, :2])],
)
def test_programs_learn_what_eager_steps_learn(make, inputs):
    targets = np.round(np.abs(Y)) % 5 if make is tied else Y
    given = {"epochs": 3, "batch_size": 8, "seed": 1, "progress": False}
    given["loss"] = "cross_entropy" if make is tied else "squared_error"
    ends = []
    for compile in (True, False, None):
        model = make()
        history = model.learn(inputs, targets, compile=compile, **given)
        ends.append([*history.loss, *numbers(model)])
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-10, atol=1e-12)
    assert ends[2] == ends[0]
    assert numbers(model) != numbers(make())
    predicted = model.predict(inputs)
    eager = [model(row) for row in inputs.tolist()]
    right = [[v.data for v in out] if isinstance(out, list) else out.data for out in eager]
    np.testing.assert_allclose(predicted, right, rtol=1e-12, atol=1e-13)


def test_a_compiled_part_gives_the_bits_of_a_call():
    model, lookup = mixed(), looked_up()
    compiled = ag.compile(model)
    for row in X[:3].tolist():
        assert compiled(row) == model(row).data
    compiled = ag.compile(lookup)
    for row in INDICES[:5].tolist():
        assert compiled(row) == lookup(row).data
    with pytest.raises(IndexError, match="from 0 to 4, and was given 5"):
        compiled([5.0, 0.0])


@pytest.mark.parametrize("compile", [True, False])
@pytest.mark.parametrize("where", ["samples", "validation"])
def test_a_wrong_index_is_named_before_anything_is_changed(compile, where):
    model, wrong = looked_up(), INDICES.copy()
    wrong[17, 1] = 7.0
    before = numbers(model)
    validation = (wrong, Y) if where == "validation" else None
    noun = "validation sample" if validation else "sample"
    with pytest.raises(IndexError, match=f"^{noun} 17: Embedding.* was given 7"):
        model.learn(
            INDICES if validation else wrong, Y, validation=validation, batch_size=1,
            compile=compile, progress=False,
        )  # fmt: skip
    assert numbers(model) == before
    with pytest.raises(IndexError, match=r"^sample 17: Embedding.* was given 7"):
        model.predict(wrong)
    wrong[0, 0] = -1.0
    with pytest.raises(IndexError, match=r"^sample 0: Embedding.* was given -1"):
        model.learn(wrong, Y, compile=compile, progress=False)


def test_a_prediction_for_many_rows_names_the_one_that_is_wrong():
    """Programs get rows in parts of 131,072."""
    rows = np.zeros((140_000, 2))
    rows[135_000, 1] = 5.0
    with pytest.raises(IndexError, match=r"^sample 135000: Embedding"):
        looked_up().predict(rows)


# --- freezing ------------------------------------------------------------------------------------


def optimizers():
    return {
        "adam": lambda model: "adam",
        "momentum": lambda model: nn.optim.SGD(model.parameters(), 0.1, momentum=0.9),
        "decay": lambda model: nn.optim.SGD(model.parameters(), 0.1, weight_decay=0.1),
        "own": Rash,
    }


class Rash:
    """An optimiser of a user's own that moves whatever it holds."""

    def __init__(self, model):
        self.parameters = model.parameters()

    def step(self):
        for parameter in self.parameters:
            parameter.data = parameter.data - 0.1 * parameter.grad - 0.01


@pytest.mark.parametrize("compile", [True, False])
@pytest.mark.parametrize("name", optimizers())
def test_frozen_parameters_stay_and_others_move(compile, name):
    model = mixed()
    assert model.layers[0].freeze() is model.layers[0]
    model.layers[2].module.layers[0].neurons[1].freeze()
    before = model.state_dict()
    optimizer = optimizers()[name](model)
    model.learn(X, Y, optimizer=optimizer, epochs=2, seed=1, compile=compile, progress=False)
    after = model.state_dict()
    kept = {key for key, tensor in before.items() if tensor.tolist() == after[key].tolist()}
    names = "layers.0.", "layers.2.module.layers.0.neurons.1."
    frozen = {key for key in before if key.startswith(names)}
    assert kept == frozen
    assert len(model.parameters()) == len(mixed().parameters())
    assert len(model.parameters(frozen=False)) == len(model.parameters()) - 15 - 4


def test_a_program_has_no_derivatives_by_frozen_parameters():
    def instructions(freeze):
        model = nn.MLP(4, [16, 1], "tanh", seed=1)
        if freeze:
            model.layers[0].freeze()
        model.learn(X, Y, epochs=1, progress=False)
        [kept] = [
            x for x in vars(model)["_kept_programs"].programs.values()
            if isinstance(x, Objective)
        ]  # fmt: skip
        return len(kept.gradient.traced[0].program)

    assert instructions(True) < 0.7 * instructions(False)


def test_unfreezing_a_part_of_what_is_frozen_tunes_that_part():
    model = nn.MLP(4, [3, 2, 1], "tanh", seed=1).freeze()
    assert model.parameters(frozen=False) == []
    with pytest.raises(ValueError, match=r"all parameters of MLP .* are frozen; unfreeze"):
        model.learn(X, Y, progress=False)
    model.layers[-1].unfreeze()
    assert model.parameters(frozen=False) == model.layers[-1].parameters()
    before = numbers(model)
    model.learn(X, Y, epochs=1, progress=False)
    moved = [a != b for a, b in zip(before, numbers(model), strict=True)]
    assert moved == [False] * 23 + [True] * 3
    assert len(model.unfreeze().parameters(frozen=False)) == 26
    model.learn(X, Y, epochs=1, progress=False)
    assert all(a != b for a, b in zip(before, numbers(model), strict=True))


def test_an_optimiser_may_hold_the_others_alone():
    ends = []
    for every in (True, False):
        model = nn.MLP(4, [3, 1], "tanh", seed=1)
        model.layers[0].freeze()
        adam = nn.optim.Adam(model.parameters(frozen=every), 0.01)
        model.learn(X, Y, optimizer=adam, epochs=2, seed=1, progress=False)
        ends.append(numbers(model))
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-12)


class Listed(nn.Module):
    """A class as in micrograd's notebooks, which lists its parameters itself."""

    def __init__(self):
        self.neuron = nn.Neuron(4, "linear", seed=1)

    def parameters(self):
        return self.neuron.parameters()

    def __call__(self, x):
        return self.neuron(x)


def test_a_class_that_lists_its_parameters_itself_learns_and_may_be_frozen_in_part():
    model = Listed()
    before = numbers(model)
    model.learn(X, Y, epochs=1, progress=False)
    assert all(a != b for a, b in zip(before, numbers(model), strict=True))
    model.neuron.freeze()
    with pytest.raises(ValueError, match="are frozen"):
        model.learn(X, Y, epochs=1, progress=False)
    assert "5 of them frozen" in model.summary()


def test_a_shared_parameter_is_frozen_if_one_of_its_modules_is():
    model = tied()
    model.layers[0].freeze()
    assert len(model.parameters()) == 15 + 5
    assert model.parameters(frozen=False) == [neuron.b for neuron in model.layers[1].neurons]


def filed(model):
    with tempfile.TemporaryDirectory() as folder:
        model.save(path := Path(folder) / "model")
        other = copy.deepcopy(model).unfreeze()
        other.load(path)  # which leaves to the user what is frozen
        assert other.parameters(frozen=False) == other.parameters()
        return nn.load(path)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m)), lambda m: filed(m)]
)
@pytest.mark.parametrize("make", [mixed, looked_up, tied, twice])
def test_copies_have_numbers_sharing_and_what_is_frozen(copied, make):
    model = make()
    model.layers[0].freeze()
    twin = copied(model)
    assert repr(twin) == repr(model)
    assert numbers(twin) == numbers(model)
    assert {*twin.parameters()}.isdisjoint(model.parameters())
    kept = [[p in m._frozen_parameters() for p in m.parameters()] for m in (twin, model)]
    assert kept[0] == kept[1]
    assert any(kept[0])


def test_gradients_by_a_frozen_model_are_whole():
    """Freezing is about training; derivatives are mathematics."""
    model = nn.Neuron(1, "linear", seed=1).freeze()
    gradient = ag.grad(lambda model: model([3.0]))(model)
    assert numbers(gradient) == [3.0, 1.0]


# --- arrays of weights ---------------------------------------------------------------------------


def test_weights_and_biases_are_arrays_to_read_and_set():
    layer = nn.Layer(3, 2, seed=1)
    assert layer.weights.shape == (2, 3)
    assert layer.weights.dtype == layer.biases.dtype == np.float64
    assert layer.weights.tolist() == [[w.data for w in neuron.w] for neuron in layer.neurons]
    layer.weights = new = [[1, 2, 3], [4, 5, 6]]
    layer.biases = np.array([7.0, 8.0], np.float32)
    assert [w.data for w in layer.neurons[1].w] == [4.0, 5.0, 6.0]
    assert [neuron.b.data for neuron in layer.neurons] == [7.0, 8.0]
    layer.weights[0, 0] = 99.0  # of a copy
    assert layer.weights.tolist() == new
    layer.weights *= 2.0
    assert layer.weights[1].tolist() == [8.0, 10.0, 12.0]
    neuron = layer.neurons[0]
    assert neuron.weights.tolist() == [2.0, 4.0, 6.0]
    neuron.biases = 1.5
    assert neuron.biases == layer.biases[0] == 1.5
    embedding = nn.Embedding(2, 3, seed=1)
    embedding.weights = new
    assert embedding.rows[1, 2].data == 6.0


@pytest.mark.parametrize(
    ("new", "error", "message"),
    [
        ([1.0, 2.0], ShapeError, r"weights has shape \(2, 2\) here and \(2,\) in what was given"),
        ([[1.0, 2.0], [3.0]], ShapeError, "different lengths"),
        ([[1.0, 2.0], [3.0, float("nan")]], ValueError, r"weights\[1\]\[1\] is nan"),
        ([[1.0, 2.0], [3.0, float("inf")]], ValueError, r"weights\[1\]\[1\] is inf"),
        ([["a", "b"], ["c", "d"]], TypeError, "in place of real numbers"),
        (None, TypeError, "in place of real numbers"),
    ],
)
def test_weights_that_do_not_fit_change_nothing(new, error, message):
    layer = nn.Layer(2, 2, seed=1)
    before = layer.weights.tolist()
    with pytest.raises(error, match=message):
        layer.weights = new
    assert layer.weights.tolist() == before


def test_weights_that_are_set_are_seen_by_programs():
    model = nn.MLP(1, [1], seed=1)
    model.predict([1.0])
    model.layers[0].weights, model.layers[0].biases = [[2.0]], [0.5]
    assert model.predict([3.0]).tolist() == [6.5]


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [mixed, looked_up, tied, twice])
def test_a_file_alone_gives_the_model_back_with_its_sharing(make, tmp_path):
    model, path = make(), tmp_path / "model.safetensors"
    model.save(path)
    twin = nn.load(path)
    assert repr(twin) == repr(model)
    assert numbers(twin) == numbers(model)
    named = [{name: id(p) for name, p in m._tensors()} for m in (model, twin)]
    assert named[0].keys() == named[1].keys()
    places = [[m._places().index(p) for p in m._places()] for m in (model, twin)]
    assert places[0] == places[1]
    other = make()
    for parameter in other.parameters():
        parameter.data = 0.25
    other.load(path)
    assert numbers(other) == numbers(model)


def test_a_loaded_model_learns_as_the_first_one_would(tmp_path):
    model, path = tied(), tmp_path / "model.safetensors"
    model.save(path)
    twin = nn.load(path)
    for each in (model, twin):
        each.learn(
            INDICES[:, :1], INDICES[:, 1], loss="cross_entropy", epochs=2, seed=1, progress=False
        )
    assert numbers(twin) == numbers(model)


def test_a_file_that_shares_other_parameters_is_refused(tmp_path):
    path, layers = tmp_path / "model.safetensors", [nn.Layer(2, 2, seed=1), nn.Layer(2, 2, seed=2)]
    nn.Sequential(layers[0], layers[0]).save(path)
    apart = nn.Sequential(*layers)
    before = numbers(apart)
    with pytest.raises(ModelFileError, match="Shared"):
        apart.load(path)
    assert numbers(apart) == before


class Looped(nn.Module):
    def __init__(self):
        self.first = self.again = nn.Neuron(1, seed=1)

    def __call__(self, x):
        return self.again(self.first(x))


def test_a_class_of_ones_own_may_share_parameters(tmp_path):
    path, model, twin = tmp_path / "model.safetensors", Looped(), Looped()
    model.save(path)
    twin.first.w[0].data = 9.0
    twin.load(path)
    assert numbers(twin) == numbers(model)
    with pytest.raises(ModelFileError, match="make the module yourself and call its load"):
        nn.load(path)


LAYER = {"type": "Layer", "nin": 1, "nout": 6, "activation": "relu"}


@pytest.mark.parametrize(
    ("description", "message"),
    [
        (
            {"type": "Sequential", "modules": [{"type": "Dropout", "rate": 1.5}, LAYER]},
            "rate must be",
        ),
        ({"type": "Dropout", "rate": True}, "rate of a Dropout cannot be True"),
        ({"type": "LayerNorm", "n": 10**12, "eps": 0.1}, "describes 2000000000000 parameters"),
        ({"type": "LayerNorm", "n": 2, "eps": -1}, "holds 12|eps must be"),
        ({"type": "Embedding", "n": 10**9, "width": 10**9}, "and holds 12"),
        ({"type": "Residual", "module": 3}, "module of a Residual cannot be 3"),
        ({"type": "Residual", "module": {"type": "os.system"}}, "cannot build"),
        ({"runs": [[6, 0, 7]]}, "shares others"),
        ({"runs": [[6, 0, -1]]}, "shares others"),
        ({"runs": [[0, 6, 6]]}, "shares others"),
        ({"runs": [[10**12, 0, 1]]}, "shares others"),
        ({"runs": [[6, -6, 6]]}, "shares others"),
        ({"runs": [[6, 0]]}, "runs of a Shared cannot be"),
        ({"runs": [[6.0, 0, 6]]}, "runs of a Shared cannot be"),
        ({"runs": [[True, 0, 6]]}, "runs of a Shared cannot be"),
        ({"runs": 3}, "runs of a Shared cannot be"),
    ],
)
def test_a_hostile_description_of_parts_builds_nothing(description, message, tmp_path):
    path, layer = tmp_path / "model.safetensors", nn.Layer(2, 2, seed=1)
    nn.Sequential(layer, layer).save(path)
    saved = model_files.read(path)
    known = saved.description if "runs" in description else {}
    changed = {**known, **description}
    model_files.write(path, dataclasses.replace(saved, description=changed))
    with pytest.raises(ModelFileError, match=message):
        nn.load(path)


class Mild(nn.Dropout):
    """A class below one of the package's: programs and files know nothing of it."""

    def __call__(self, x):
        return [0.5 * y for y in super().__call__(x)]


def test_a_class_below_a_part_is_not_mistaken_for_it(tmp_path):
    path = tmp_path / "model.safetensors"
    model = nn.Sequential(nn.Layer(4, 3, seed=1), Mild(0.5), nn.Layer(3, 1, seed=2))
    np.testing.assert_allclose(model.predict(X), [model(row).data for row in X.tolist()])
    ends = []
    for compile in (True, False):
        twin = copy.deepcopy(model)
        history = twin.learn(X, Y, epochs=2, seed=1, compile=compile, progress=False)
        ends.append(history.loss)
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-12)
    assert not Mild.traceable
    model.save(path)
    with pytest.raises(ModelFileError, match="cannot build"):
        nn.load(path)


def test_an_array_of_weights_is_documented_on_its_class():
    assert type(nn.Layer.weights).__name__ == "Numbers"
    assert nn.Layer.weights.__doc__.startswith("An attribute")


@pytest.mark.parametrize(
    "change",
    [
        lambda m: setattr(m.layers[1], "eps", 0.5),
        lambda m: setattr(m.layers[2].module.layers[1], "rate", 0.6),
        lambda m: setattr(m.layers[2], "module", nn.Layer(3, 3, "relu", seed=7)),
        lambda m: m.layers[1].freeze(),
    ],
)
def test_what_is_changed_between_trainings_is_seen(change):
    """Programs are kept from call to call as long as they are right."""
    ends = []
    for compile in (True, False):
        model = mixed()
        model.learn(X, Y, epochs=1, seed=1, compile=compile, progress=False)
        model.predict(X)
        change(model)
        history = model.learn(X, Y, epochs=2, seed=2, compile=compile, progress=False)
        ends.append([*history.loss, *model.predict(X)])
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-10)
