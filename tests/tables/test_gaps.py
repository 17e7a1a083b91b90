"""Tables with gaps: the task is that of the rows kept, and no row is lost in silence."""

import numpy as np
import pytest

from autograd_lite.cli import main
from autograd_lite.errors import TableError
from autograd_lite.tables import sources
from autograd_lite.tables.kinds import look
from autograd_lite.tables.learning import TableModel, train
from autograd_lite.tables.reading import read_csv
from autograd_lite.tables.sources import open_table


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "gaps.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_third_number_in_a_dropped_row_changes_no_labels(written):
    lines = [f"{i % 5},{1.5 + i % 2:.2f}" for i in range(40)]
    table = read_csv(written("\n".join(["x,y", *lines, ",3.25"])))
    columns, described = look(table, "y", missing="drop")
    assert described[1].told.startswith("3 levels")
    model = train(columns, "y", missing="drop", hidden=(2,), epochs=1, progress=False).model
    assert model.preprocessing.target.classes == ("1.50", "2.50")


def test_a_code_in_a_dropped_row_makes_no_classes(written):
    lines = [f"{i % 5},{i * i}" for i in range(40)]
    columns, described = look(read_csv(written("\n".join(["x,y", *lines, ",007"]))), "y",
                              missing="drop")  # fmt: skip
    assert described[1].kind == "number"
    assert columns["y"].tolist() == [i * i for i in range(40)]


@pytest.mark.parametrize("seed", range(4))
def test_a_flagged_gap_in_a_text_may_come_in_any_row(written, seed):
    """In rows held out, of a fold, or that are predicted, without one among those trained on."""
    lines = [f"{'ab'[i % 2] if i != 7 else ''},{i % 2},{i}" for i in range(20)]
    columns, _ = look(read_csv(written("\n".join(["t,x,y", *lines]))), "y", missing="flag")
    options = {"missing": "flag", "hidden": (2,), "epochs": 1, "progress": False}
    trained = train(columns, "y", folds=3, seed=seed, **options)
    assert len(trained.folds) == 3
    assert np.isfinite(trained.model.predict(columns)).all()


def test_a_flagged_gap_that_training_never_saw_is_told(written, tmp_path, capsys):
    path = str(tmp_path / "m.safetensors")
    data = written("t,x,k\n" + "a,1,u\nb,2,v\n" * 6)
    argv = ["train", str(data), "--target", "k", "--missing", "flag", "--epochs", "1", "--quiet"]
    assert main([*argv, "--save", path]) == 0
    prepared = TableModel.load(path).preprocessing
    assert prepared.inputs(read_csv(data).columns(prepared.kinds))[:2, :2].tolist() == [
        [1.0, 0.0], [0.0, 1.0],
    ]  # fmt: skip
    capsys.readouterr()
    assert main(["predict", path, str(written("t,x\na,1\n,2\n"))]) == 0
    told = capsys.readouterr()
    assert told.err.endswith("that training never saw count as none of its categories: ''\n")
    assert {*told.out.split()[1:]} <= {"u", "v"}
    assert len(told.out.split()) == 3


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ('x\n1\n""\n3\n', ["1", "", "3"]),
        ("\nx\n1\n\n  \n3\n\n\n", ["1", "", "", "3"]),  # blank lines at the ends do not count
        ('x\r\n1\r\n""\r\n', ["1", ""]),
    ],
)
@pytest.mark.parametrize("large", [False, True])
def test_a_gap_in_the_only_column_is_a_row(written, monkeypatch, text, cells, large):
    monkeypatch.setattr(sources, "_LARGE", 0 if large else 2**20)
    with open_table(str(written(text))) as table:
        assert table.texts("x").tolist() == cells
        assert [*table.lines] == [3 + i if text[0] == "\n" else 2 + i for i in range(len(cells))]


def test_blank_lines_are_no_rows_where_there_are_more_columns(written):
    assert len(read_csv(written("x,y\n1,2\n\n  \n3,4\n"))) == 2
    with pytest.raises(TableError, match="line 3: 1 cell, where the first line names 2 columns"):
        read_csv(written('x,y\n1,2\n""\n3,4\n'))


def test_predictions_are_as_many_as_rows_with_gaps(written, tmp_path, capsys):
    path = str(tmp_path / "m.safetensors")
    data = written("x,k\n" + "1,u\n2,v\n" * 6)
    argv = ["train", str(data), "--target", "k", "--missing", "mean", "--epochs", "1", "--quiet"]
    assert main([*argv, "--save", path]) == 0
    capsys.readouterr()
    for gap in ("", '""'):
        assert main(["predict", path, str(written(f"x\n1\n{gap}\n3\n"))]) == 0
        assert len(capsys.readouterr().out.split()) == 4


def test_gaps_among_numbers_are_written_in_many_ways(written):
    """In a column of text they are texts, as they are written."""
    gaps = ["<NA>", "NaT", r"\N", ".", "--", "—", "n.a.", "N.A.", "#DIV/0!", "#N/A"]
    lines = [f"{i},t" for i in range(12)] + [f"{gap},{gap}" for gap in gaps]
    table = read_csv(written("\n".join(["x,t", *lines])))
    assert (table.kind("x"), table.kind("t")) == ("numeric", "text")
    columns = table.columns({"x": "numeric", "t": "text"}, missing="mean")
    assert np.isnan(columns["x"][12:]).all()
    assert columns["x"][:12].tolist() == [*range(12)]
    assert columns["t"][12:].tolist() == gaps
    with pytest.raises(TableError, match="'<NA>' in the numeric column 'x' is missing"):
        table.columns({"x": "numeric"})
