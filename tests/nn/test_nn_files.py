"""Model files: what they keep, that they are written whole or not at all, and what is refused."""

import copy
import json
import os
import random
import signal
import subprocess
import sys

import numpy as np
import pytest
import safetensors.numpy
from nodes import same_nodes

from autograd_lite import ModelFileError, Value, nn
from autograd_lite.cli import main
from autograd_lite.nn import model_files

X = [0.5, -1.5]


def mlp(seed=1):
    return nn.MLP(2, [3, 1], "tanh", seed=seed)


def data(module):
    return [p.data for p in module.parameters()]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize(
    "module",
    [
        mlp(),
        nn.MLP(2, [1], output="sigmoid"),
        nn.MLP(2, [4, 4, 1], "silu", output="elu"),
        nn.Layer(2, 1, "gelu"),
        nn.Neuron(2, nonlin=False),
        nn.Sequential(nn.MLP(2, [3, 2]), nn.Sequential(nn.Layer(2, 2, "elu"), nn.Neuron(2))),
    ],
    ids=repr,
)
def test_a_file_alone_gives_the_module_back(module, path):
    """Also from another process' point of view: nothing of the first module is used."""
    module.save(path)
    twin = nn.load(path)
    assert type(twin) is type(module)
    assert repr(twin) == repr(module)
    assert data(twin) == data(module)
    assert twin(X).data == module(X).data


def test_loading_leaves_pythons_random_numbers_alone(path):
    mlp().save(path)
    random.seed(1)
    before = random.getstate()
    nn.load(path)
    assert random.getstate() == before


def test_load_sets_the_parameters_of_a_module(path):
    model, other = mlp(1), mlp(2)
    model.save(path)
    parameters = other.parameters()
    other.load(path)
    assert data(other) == data(model)
    assert same_nodes(other.parameters(), parameters)


def test_equal_models_give_equal_files(tmp_path):
    for name in "ab":
        mlp().save(tmp_path / name, {"one": "1", "two": "2"})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_tensors_are_readable_by_other_programs(path):
    model = mlp()
    model.save(path)
    tensors = safetensors.numpy.load_file(path)
    assert tensors.keys() == model.state_dict().keys()
    assert tensors["layers.0.neurons.2.w"].tolist() == [
        w.data for w in model.layers[0].neurons[2].w
    ]
    assert tensors["layers.0.neurons.2.b"].shape == ()


def test_extra_text_comes_back(path):
    extra = {"mean": json.dumps([0.1, 0.2]), "größe": "<&\n"}
    mlp().save(path, extra)
    assert nn.read_extra(path) == extra
    mlp().save(path)
    assert nn.read_extra(path) == {}
    with pytest.raises(TypeError, match="extra maps str to str"):
        mlp().save(path, {"mean": 1.0})


# --- written whole or not at all ---


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failing_save_leaves_the_old_file_and_nothing_else(path, monkeypatch, step):
    mlp(1).save(path)
    before = path.read_bytes()

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        mlp(2).save(path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_save_leaves_the_old_file_whole(path):
    mlp(1).save(path)
    before = path.read_bytes()
    program = (
        "import os, signal, sys\n"
        "from autograd_lite import nn\n"
        "os.replace = lambda *args: os.kill(os.getpid(), signal.SIGKILL)\n"
        "nn.MLP(2, [3, 1], 'tanh', seed=2).save(sys.argv[1])\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    assert data(nn.load(path)) == data(mlp(1))


def test_a_link_stays_a_link_and_its_target_is_replaced(path, tmp_path):
    link = tmp_path / "latest"
    mlp(1).save(path)
    link.symlink_to(path)
    mlp(2).save(link)
    assert link.is_symlink()
    assert data(nn.load(path)) == data(mlp(2))


class Line(nn.Module):
    def __init__(self, slope=1.0):
        self.slope = Value(slope)

    def __call__(self, x):
        return self.slope * x[0]


def uneven():
    layer = nn.Layer(2, 2)
    layer.neurons[0].activation = "tanh"
    return layer


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.Neuron(2, lambda v: v), "activation .* is a function"),
        (nn.MLP(2, [2, 1], activation=lambda v: v), "activation .* is a function"),
        (Line(float("nan")), "slope is nan"),
        (Line(float("inf")), "slope is inf"),
        (uneven(), "the neurons of a layer differ"),
    ],
)
def test_what_a_file_cannot_hold_is_refused_before_anything_is_written(module, message, path):
    with pytest.raises(ValueError, match=message):
        module.save(path)
    assert not path.exists()


def test_a_module_of_ones_own_is_loaded_into_one_that_exists(path):
    Line(2.5).save(path)
    line = Line()
    line.load(path)
    assert line.slope.data == 2.5
    with pytest.raises(ModelFileError, match="make the module yourself and call its load"):
        nn.load(path)


class Doubled(nn.MLP):
    def __call__(self, x):
        return super().__call__(x) * 2.0


class Halved(nn.Neuron):
    def __call__(self, x):
        return super().__call__(x) * 0.5


class Stacked(nn.Sequential):
    def __call__(self, x):
        return super().__call__(x) + 1.0


def of_halved(outer):
    layer = nn.Layer(2, 1, seed=1)
    layer.neurons = [Halved(2, seed=2)]
    network = nn.MLP(2, [1], seed=1)
    network.layers = [layer]
    return {"Layer": layer, "MLP": network, "Sequential": nn.Sequential(layer)}[outer]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Doubled(2, [1], seed=1), lambda: Halved(2, seed=1),
        lambda: Stacked(nn.Layer(2, 1, seed=1)), lambda: nn.Sequential(Doubled(2, [1], seed=1)),
        *[lambda outer=outer: of_halved(outer) for outer in ("Layer", "MLP", "Sequential")],
    ],
)  # fmt: skip
def test_a_class_below_one_of_the_packages_is_not_mistaken_for_it(make, path):
    """`nn.load` built the class above it, which is another function."""
    model = make()
    model.save(path)
    with pytest.raises(ModelFileError, match=r"cannot build|is described by|describes 0 param"):
        nn.load(path)
    twin = make()
    for parameter in twin.parameters():
        parameter.data = 0.0
    twin.load(path)
    assert twin(X).data == model(X).data


def test_a_module_whose_activation_is_a_function_can_load(path):
    mlp(1).save(path)
    model = nn.MLP(2, [3, 1], lambda v: v.tanh())
    model.load(path)
    assert model(X).data == mlp(1)(X).data


# --- refused ---


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (nn.MLP(3, [3, 1], "tanh"), r"layers.0.neurons.0.w has shape \(3,\) here and \(2,\)"),
        (nn.MLP(2, [4, 1], "tanh"), r"lacks layers.0.neurons.3.b, layers.0.neurons.3.w"),
        (nn.MLP(2, [2, 1], "tanh"), r"does not have: layers.0.neurons.2.b, layers.0.neurons.2.w"),
        (nn.MLP(2, [3, 1], "relu"), r"describes .*tanh.* and this module is .*relu"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_and_changes_nothing(other, message, path):
    mlp().save(path)
    before = data(other)
    with pytest.raises(ModelFileError, match=message) as caught:
        other.load(path)
    assert str(path) in str(caught.value)
    assert data(other) == before


def refused(path, message):
    model = mlp(3)
    before = data(model)
    with pytest.raises(ModelFileError, match=message):
        model.load(path)
    with pytest.raises(ModelFileError, match=message):
        nn.load(path)
    assert data(model) == before


@pytest.mark.parametrize("content", [b"", b"hello", b"{}", os.urandom(200), b"\xff" * 64])
def test_what_is_no_safetensors_file_is_refused(content, path):
    path.write_bytes(content)
    refused(path, "no safetensors file, or is damaged")


def test_a_file_cut_short_anywhere_is_refused(path):
    mlp().save(path)
    whole = path.read_bytes()
    for size in {*range(0, len(whole), 41), len(whole) - 1}:
        path.write_bytes(whole[:size])
        refused(path, "damaged or cut short")


def test_a_file_with_another_byte_is_refused_or_means_the_same(path):
    model = nn.MLP(1, [1], seed=1)
    model.save(path, {"to": "us"})
    whole, start, refusals = path.read_bytes(), data(model), 0
    for at in range(0, len(whole), 3):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            found = nn.load(path)
        except ModelFileError:
            refusals += 1
        else:
            assert (data(found), nn.read_extra(path)) == (start, {"to": "us"})
    assert refusals > 0.3 * len(whole)


@pytest.mark.parametrize("frozen", [3, "layers", ["layers"], [3], {}, [["layers"]]], ids=str)
def test_what_cannot_be_frozen_is_refused(frozen, path):
    write(path, learnt={"frozen": frozen})
    with pytest.raises(ModelFileError, match="what is frozen in it is"):
        nn.load(path)


def test_a_file_of_before_has_no_checksum(path):
    write(path)
    assert data(nn.load(path)) == data(mlp())


def test_a_missing_file_is_an_os_error(path):
    with pytest.raises(FileNotFoundError):
        nn.load(path)


def test_a_safetensors_file_of_another_program_is_refused(path):
    for metadata in (None, {"format": "pt"}):
        safetensors.numpy.save_file(mlp().state_dict(), path, metadata)
        refused(path, "not one that Module.save of autograd_lite wrote")


def write(path, header=None, tensors=None, **changes):
    """A model file with a header of the test's own."""
    if header is None:
        header = {"version": 1, "module": mlp().describe(), "extra": {}, **changes}
    text = header if isinstance(header, str) else json.dumps(header)
    safetensors.numpy.save_file(tensors or mlp().state_dict(), path, {"autograd_lite": text})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.update({"layers.0.neurons.0.b": np.array(np.nan)}), "neurons.0.b is nan"),
        (lambda t: t.update({"layers.1.neurons.0.w": np.array([1, 2, np.inf])}), r"w\[2\] is inf"),
        (lambda t: t.update({"layers.0.neurons.0.b": np.array(1, np.float32)}), "holds F32"),
        (lambda t: t.pop("layers.0.neurons.0.b"), "lacks|holds 12"),
        (lambda t: t.update(more=np.array(1.0)), "does not have: more|holds 14"),
        (lambda t: t.update({"layers.0.neurons.0.w": np.ones((2, 1))}), "shape"),
    ],
)
def test_tensors_that_are_wrong_are_named(change, message, path):
    tensors = mlp().state_dict()
    change(tensors)
    write(path, tensors=tensors)
    refused(path, message)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("[]", "no version number"),
        ({"version": "1"}, "no version number"),
        ({"version": True}, "no version number"),
        ({"version": 2}, "format version 2 .* newer autograd_lite"),
        ({"version": 1}, "description holds"),
        ({"version": 1, "module": {}, "extra": {"a": 1}}, "extra maps str to str"),
        ({"version": 1, "module": {}, "extra": []}, "extra maps str to str"),
    ],
)
def test_a_header_that_is_wrong_is_refused(header, message, path):
    write(path, header)
    refused(path, message)
    with pytest.raises(ModelFileError, match=message):
        nn.read_extra(path)


@pytest.mark.parametrize(
    ("description", "message"),
    [
        (None, "describes no module"),
        ([], "describes no module"),
        ({"type": ["MLP"]}, "describes no module"),
        ({"type": "os.system"}, "cannot build"),
        ({"type": "Module"}, "cannot build"),
        ({"type": "MLP"}, r"described by \['nin', 'nouts', 'activation', 'output'\]"),
        ({"seed": 3}, "and not by"),
        ({"nin": "2"}, "nin of a MLP cannot be '2'"),
        ({"nin": True}, "cannot be True"),
        ({"nin": 0}, "cannot be 0"),
        ({"nin": 2.0}, "cannot be 2.0"),
        ({"nin": 10**12}, "describes 3000000000007 parameters and holds 13"),
        ({"nouts": [10**9] * 1000}, "and holds 13"),
        ({"nouts": []}, r"cannot be \[\]"),
        ({"nouts": 3}, "cannot be 3"),
        ({"nouts": [3, -1]}, "cannot be"),
        ({"nouts": ["x" * 1000]}, r"cannot be .*\.\.\.$"),
        ({"activation": None}, "cannot be None"),
        ({"activation": "__import__"}, "unknown activation"),
        ({"output": "rleu"}, "unknown activation"),
        ({"nin": 3, "nouts": [3, 1], "activation": "tanh"}, "16 parameters and holds 13"),
    ],
)
def test_a_hostile_description_builds_nothing(description, message, path):
    if isinstance(description, dict) and (description.get("type") or "nin") != "MLP":
        description = {**mlp().describe(), **description}
    write(path, module=description)
    with pytest.raises(ModelFileError, match=message):
        nn.load(path)


def test_a_deeply_nested_description_is_refused(path):
    description = {"type": "Neuron", "nin": 12, "activation": "relu"}
    for _ in range(400):
        description = {"type": "Sequential", "modules": [description]}
    for _ in range(20):
        description = {"type": "Sequential", "modules": [description, description]}
        if len(json.dumps(description)) > 1_000_000:
            break
    write(path, module=description)
    with pytest.raises(ModelFileError, match=r"parameters and holds 13|recursion|100 deep"):
        nn.load(path)


def nested(kind, times):
    module = nn.Layer(1, 1, "tanh", seed=1)
    for _ in range(times):
        module = kind(module)
    return module


@pytest.mark.parametrize("kind", [nn.Residual, nn.Sequential])
def test_a_model_is_as_deep_as_everything_can_go(kind, path):
    """One of 200 was loaded, and its repr was a RecursionError.

    Each Sequential asked the one in it twice for its number of inputs: of 30, a prediction had no
    end.
    """
    model = nested(kind, 48 if kind is nn.Sequential else 98)
    model.save(path)
    loaded = nn.load(path)
    assert repr(loaded) == repr(model)
    assert str(loaded.summary()) == str(model.summary())
    assert copy.deepcopy(loaded).predict([0.5]).tolist() == model.predict([0.5]).tolist()
    for compile in (True, False):
        assert len(loaded.learn([0.5], [1.0], epochs=1, compile=compile, progress=False)) == 1
    model.load(path)
    deep = nested(kind, 120)
    with pytest.raises(ValueError, match="more than 100 deep in one another; put them"):
        deep.save(path)
    write(path, module=deep.describe(), tensors=deep.state_dict())
    with pytest.raises(ModelFileError, match=r"model\.safetensors: .* more than 100 deep"):
        nn.load(path)
    with pytest.raises(ModelFileError, match=r"model\.safetensors: .* more than 100 deep"):
        model.load(path)


@pytest.mark.parametrize("place", ["type", "key", "number", "array", "extra", "classes"])
def test_what_a_file_says_cannot_be_obeyed_by_a_terminal(place, path, capsys):
    """The name of a type was printed as it was, with the colours that it asked for."""
    bad = "Neuron\x1b[31m\x07\u202e\x9b"
    module, extra, arrays, learnt = mlp().describe(), {}, {"w": np.zeros(13)}, {}
    if place == "type":
        module["type"] = bad
    elif place == "key":
        module[bad] = 1
    elif place == "number":
        module["nin"] = bad
    elif place == "array":
        arrays = {bad: np.zeros(13)}
    elif place == "classes":
        learnt = {"loss": bad, "classes": [bad]}
    else:
        extra = {bad: 3}
    description = {"module": module, "extra": extra, "learnt": learnt}
    write(path, tensors=arrays, **description)
    with pytest.raises(ModelFileError) as caught:
        nn.load(path)
    assert str(caught.value).isprintable()
    assert main(["inspect", str(path)]) == 2
    assert capsys.readouterr().err.strip().isprintable()


def test_modules_of_a_sequential_must_be_descriptions(path):
    write(path, module={"type": "Sequential", "modules": [3]})
    with pytest.raises(ModelFileError, match="describes no module: 3"):
        nn.load(path)


def test_a_model_file_names_no_code(path):
    """It is data: what it describes is looked up in a fixed table, not imported."""
    mlp().save(path)
    assert b"autograd_lite.nn" not in path.read_bytes()
    assert model_files.read(path).description["type"] == "MLP"


def test_a_file_of_another_kind_of_module_is_refused(tmp_path):
    """The same names and shapes with another meaning are another function."""
    path = tmp_path / "m.safetensors"
    nn.Sequential(nn.Layer(2, 3, "relu"), nn.Layer(3, 1, "relu")).save(path)
    model = nn.MLP(2, [3, 1], activation="tanh")
    before = [p.data for p in model.parameters()]
    with pytest.raises(ModelFileError, match=r"Sequential.*MLP"):
        model.load(path)
    assert [p.data for p in model.parameters()] == before
