"""`inspect`: files of the package in words; others are refused."""

import json
import math

import numpy as np
import pytest
from safetensors.numpy import save_file

import autograd_lite as ag
from autograd_lite import nn, tables
from autograd_lite.cli import main
from autograd_lite.errors import ModelFileError


@pytest.fixture
def inspected(capsys):
    def run(path, status=0):
        assert main(["inspect", str(path)]) == status
        captured = capsys.readouterr()
        return captured.err if status else captured.out

    return run


@pytest.fixture(scope="module")
def training():
    columns = {
        "size": np.linspace(0.0, 1.0, 30), "sort": np.array([*"abc" * 10], dtype=object),
        "kind": np.array(["x"] * 12 + ["y"] * 18, dtype=object),
    }  # fmt: skip
    options = {"hidden": (3,), "epochs": 2, "progress": False}
    return tables.train(columns, "kind", folds=2, source="some.csv", **options)


def test_texts_of_a_table_cannot_be_obeyed_by_a_terminal(inspected, tmp_path):
    """The file that a model was trained on was named as it was, by a file of a stranger."""
    bad = "\x1b[31m\x07\u202e"
    columns = {f"a{bad}": np.arange(20.0), f"b{bad}": np.array([f"x{bad}", "y"] * 10, dtype=object)}
    options = {"epochs": 1, "progress": False, "source": f"my{bad}.csv"}
    training = tables.train(columns, f"b{bad}", **options)
    path = tmp_path / f"m{bad}.safetensors"
    training.model.save(path)
    told = inspected(path)
    assert told.replace("\n", "").isprintable()
    assert r"rows of my\x1b[31m\x07\u202e.csv" in told


def test_the_model_of_a_table_tells_columns_scores_and_versions(training, inspected, tmp_path):
    path = tmp_path / "m.safetensors"
    training.model.save(path)
    told = inspected(path)
    for part in (
        "a model of a table", "size    number    mean 0.", "'a', 'b', 'c'", "one of 'x', 'y'",
        "Layer of 3 ReLUNeuron(4)", "2 folds: mean ± standard deviation",
        "trained on 24 rows of some.csv, 2 epochs; 6 held out", f"NumPy {np.__version__}",
        f"autograd_lite {ag.__version__}",
    ):  # fmt: skip
        assert part in told
    read = tables.TableModel.load(path)
    assert read.facts == training.model.facts
    assert [score.value for score in read.facts.scores] == [s.value for s in training.scores]


def test_a_model_that_tells_nothing_of_its_training_is_inspected(training, inspected, tmp_path):
    path = tmp_path / "old.safetensors"
    tables.TableModel(training.model.network, training.model.preprocessing).save(path)
    told = inspected(path)
    assert "held out" not in told
    assert "'a', 'b', 'c'" in told
    assert tables.TableModel.load(path).facts is None


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"scores": 3}'])
def test_facts_that_are_none_are_refused(training, inspected, tmp_path, text):
    path = tmp_path / "m.safetensors"
    extra = {"table": training.model.preprocessing.to_json(), "training": text}
    training.model.network.save(path, extra=extra)
    with pytest.raises(ModelFileError, match="nothing of a training"):
        tables.TableModel.load(path)
    assert "nothing of a training" in inspected(path, 2)


def test_facts_keep_a_score_that_is_not_defined():
    facts = tables.Facts("a.csv", 1, 8, 2, [tables.Score("R²", math.nan, 0.5)], [[math.nan]])
    read = tables.Facts.from_json(facts.to_json())
    assert math.isnan(read.scores[0].value)
    assert json.loads(read.to_json())["versions"] == facts.versions


def test_other_files_of_ours_are_told_apart(inspected, tmp_path):
    model, program = tmp_path / "m.safetensors", tmp_path / "p.safetensors"
    network = nn.MLP(2, [3, 1], seed=0)
    network.save(model, extra={"mine": "x"})
    told = inspected(model)
    assert "a model (nn.load reads it)" in told
    assert "13 parameters" in told
    assert "extra: 'mine'" in told
    x = ag.Value(2.0)
    ag.freeze([x * x + 1.0], [x]).save(program)
    assert "1 input, 1 output" in inspected(program)
    network.learn([[0, 1], [1, 0]], [1, 0], epochs=3, progress=False, checkpoint=tmp_path / "run")
    told = inspected(tmp_path / "run" / "checkpoint.safetensors")
    assert "a checkpoint of a training after 3 epochs" in told


def test_files_of_others_are_refused(inspected, tmp_path):
    path = tmp_path / "other.safetensors"
    path.write_text("x,y\n1,2\n")
    assert "no safetensors file" in inspected(path, 2)
    save_file({"w": np.zeros(2)}, path)
    assert "not one that Module.save of autograd_lite wrote" in inspected(path, 2)
    described = {"version": 1, "facts": {}, "start": {}, "generator": [], "epochs": 3}
    metadata = {"autograd_lite_training": json.dumps(described)}
    save_file({"w": np.zeros(2)}, path, metadata=metadata)
    assert "epochs in its description is 3" in inspected(path, 2)
    assert "No such file" in inspected(tmp_path / "none", 2)
    assert "is a directory" in inspected(tmp_path, 2)
