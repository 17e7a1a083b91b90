"""The demo: the lesson, a network on real patients, and the files that it leaves."""

import re
import sys

import numpy as np
import pytest

from autograd_lite import demo
from autograd_lite.cli import main
from autograd_lite.tables.learning import TableModel


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """One run of the whole demo: its status, output and directory."""
    out = tmp_path_factory.mktemp("demo") / "out"
    with pytest.MonkeyPatch.context() as patch:
        lines = []
        patch.setattr(sys.stdout, "write", lines.append)
        status = main(["demo", "--out", str(out)])
    return status, "".join(lines), out


def test_the_demo_walks_the_steps_and_reaches_95_percent(ran):
    status, printed, _ = ran
    assert status == 0
    positions = [printed.index(f"Step {number}: ") for number in range(1, 8)]
    assert positions == sorted(positions)
    accuracy = float(printed.split("% of the 113 held-out patients")[0].split()[-1])
    assert accuracy >= 95.0
    assert float(printed.split("more frequent answer: ")[1].split("%")[0]) < 65.0


def test_the_demo_fits_two_screens_and_ends_with_what_to_open(ran):
    """The bar of the training, on the other stream, is not counted."""
    _, printed, out = ran
    lines = printed.splitlines()
    assert len(lines) <= 60
    assert lines[-4].endswith("What to open next:")
    assert str(out / "neuron.html") in lines[-3]
    assert str(out / "lesson.html") in lines[-2]
    assert "notebooks/02_building_expressions.ipynb" in lines[-1]


def test_the_demo_writes_its_pictures_and_says_where(ran):
    _, printed, out = ran
    beginnings = {
        "graph.svg": b"<?xml",
        "neuron.svg": b"<?xml",
        "neuron.html": b"<!DOCTYPE html>",
        "lesson.html": b"<!DOCTYPE html>",
        "loss.png": b"\x89PNG",
        "boundary.png": b"\x89PNG",
    }
    for name, beginning in beginnings.items():
        assert (out / name).read_bytes().startswith(beginning)
    assert sorted(path.name for path in out.iterdir()) == sorted([*beginnings, "model.safetensors"])
    for path in out.iterdir():
        assert str(path) in printed


def test_the_saved_model_predicts_the_patients(ran):
    columns = demo.tumours()
    predicted = TableModel.load(ran[2] / "model.safetensors").predict(columns)
    assert (predicted == columns[demo.TARGET]).mean() > 0.95


def test_the_data_are_the_569_real_patients():
    columns = demo.tumours()
    assert len(columns) == 31
    assert len(columns[demo.TARGET]) == 569
    assert sorted(set(columns[demo.TARGET])) == ["benign", "malignant"]
    assert columns["mean radius"][0] == 17.99


@pytest.mark.parametrize(
    ("modules", "extra"),
    [(["sklearn.datasets"], "data"), (["matplotlib", "matplotlib.figure"], "plot")],
)
def test_a_missing_extra_is_told_before_anything_is_done(
    monkeypatch, capsys, tmp_path, modules, extra
):
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)
    out = tmp_path / "out"
    assert main(["demo", "--out", str(out)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f'pip install "autograd-lite[{extra}]"' in captured.err
    assert len(captured.err.splitlines()) == 1
    assert not out.exists()


def test_ctrl_c_during_the_training_ends_the_demo(monkeypatch, capsys, tmp_path):
    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr("autograd_lite.nn.optim.Adam.step", interrupted)
    assert main(["demo", "--out", str(tmp_path)]) == 130
    assert "held-out" not in capsys.readouterr().out


def test_the_boundary_says_which_patients_its_scores_are_of():
    """Two shares, of the held-out patients and of those that it learnt from; all are drawn."""
    columns = demo.tumours()
    [ax, *_] = demo.boundary_figure(columns).axes
    held, learnt = re.findall(r"right for (\S+)% of (\d+) held-out|for (\S+)% of the (\d+) that it",
                              ax.get_title().replace("\n", " "))  # fmt: skip
    shares, counts = (float(held[0]), float(learnt[2])), (int(held[1]), int(learnt[3]))
    assert counts == (113, 456)
    points = np.concatenate([np.transpose(line.get_data()) for line in ax.get_lines()])
    assert len(points) == sum(counts)
    right = sum(round(share / 100 * n) for share, n in zip(shares, counts, strict=True))
    assert right / sum(counts) > 0.92
