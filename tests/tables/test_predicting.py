"""The command line around a user's file: what `predict` reads, says and writes."""

import csv
import errno
import io
import json
import math
import os
import subprocess
import sys
from contextlib import redirect_stdout

import numpy as np
import pytest

from autograd_lite import ModelFileError
from autograd_lite.cli import main
from autograd_lite.tables.preprocessing import Preprocessing
from autograd_lite.tables.reading import Table


@pytest.fixture
def rows(tmp_path):
    """A table of three kinds that two columns tell apart."""
    path = tmp_path / "rows.csv"
    lines = [f"{i % 3 + i / 100},{'ab'[i % 2]},{'xyz'[i % 3]}" for i in range(60)]
    path.write_text("\n".join(["size,sort,kind", *lines]) + "\n")
    return path


@pytest.fixture
def model(rows, tmp_path, capsys):
    path = tmp_path / "m.safetensors"
    argv = ["train", rows, "--target", "kind", "--hidden", "6", "--epochs", "9", "--save", path]
    assert main([*map(str, argv), "--quiet"]) == 0
    capsys.readouterr()
    return path


def test_a_file_of_predictions_is_what_would_be_printed(model, rows, tmp_path, capsys):
    assert main(["predict", str(model), str(rows)]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""  # the target among the columns is nothing to tell of
    out = tmp_path / "out.csv"
    assert main(["predict", str(model), str(rows), "-o", str(out)]) == 0
    assert capsys.readouterr() == ("", f"saved: {out}\n")
    assert out.read_text() == printed.out


def test_probabilities_stand_beside_the_class_that_has_the_most(model, rows, capsys):
    assert main(["predict", str(model), str(rows), "--probabilities"]) == 0
    header, *answers = csv.reader(io.StringIO(capsys.readouterr().out))
    assert header == ["kind", "p_x", "p_y", "p_z"]
    chances = np.array([row[1:] for row in answers], dtype=float)
    assert np.allclose(chances.sum(axis=1), 1.0)
    assert [row[0] for row in answers] == ["xyz"[i] for i in chances.argmax(axis=1)]


def test_a_number_has_no_probabilities(rows, tmp_path, capsys):
    path = tmp_path / "number.safetensors"
    argv = ["train", rows, "--target", "size", "--hidden", "2", "--epochs", "1", "--save", path]
    assert main([*map(str, argv), "--quiet"]) == 0
    assert main(["predict", str(path), str(rows), "--probabilities"]) == 2
    assert "this model predicts a number, 'size'" in capsys.readouterr().err


def test_all_missing_columns_are_named_and_further_ones_told(model, tmp_path, capsys):
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    assert main(["predict", str(model), str(other)]) == 2
    assert "other.csv has no column 'size', 'sort'" in capsys.readouterr().err
    other.write_text("a,sort,size\n1,a,2\n")
    assert main(["predict", str(model), str(other)]) == 0
    captured = capsys.readouterr()
    assert captured.err == "note: columns that the model does not use: 'a'\n"
    assert captured.out.startswith("kind\n")


def test_a_dash_is_standard_input(model, rows, capsys, monkeypatch):
    def given(text):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))

    assert main(["predict", str(model), str(rows)]) == 0
    expected = capsys.readouterr().out
    given(rows.read_bytes())
    assert main(["predict", str(model), "-"]) == 0
    assert capsys.readouterr().out == expected
    given(rows.read_bytes())
    argv = ["train", "-", "--target", "kind", "--hidden", "2", "--epochs", "1", "--quiet"]
    assert main(argv) == 0
    assert capsys.readouterr().out.startswith("standard input: 60 rows")
    given(b"")
    assert main(argv) == 2
    assert "standard input is empty" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", None)
    assert main(argv) == 2
    assert "name a file in place of -" in capsys.readouterr().err


def test_a_full_disk_leaves_the_old_predictions(model, rows, tmp_path, capsys, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    out = tmp_path / "out.csv"
    out.write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    assert main(["predict", str(model), str(rows), "-o", str(out)]) == 2
    assert f"'{out}': No space left" in capsys.readouterr().err
    assert out.read_text() == "old"
    assert [each.name for each in tmp_path.glob(".*")] == []


@pytest.mark.parametrize("place", ["none/out.csv", "."])
def test_a_place_that_cannot_be_written_is_told_before_the_work(place, capsys):
    assert main(["predict", "none.safetensors", "none.csv", "-o", place]) == 2
    assert "directory" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGPIPE")
def test_predictions_that_nobody_reads_on_end_quietly(model, tmp_path):
    """As `predict … | head -1` does: status 141, and nothing on standard error."""
    many = tmp_path / "many.csv"
    many.write_text("size,sort\n" + "1,a\n" * 40_000)
    process = subprocess.Popen(
        [sys.executable, "-m", "autograd_lite", "predict", "--probabilities", model, many],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout.readline() == b"kind,p_x,p_y,p_z\n"
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), errors) == (141, b"")


def test_labels_are_utf_8_whatever_the_encoding_of_the_terminal(tmp_path, monkeypatch):
    """A stream without bytes, such as a StringIO, gets the same text."""
    data, path = tmp_path / "d.csv", tmp_path / "m.safetensors"
    data.write_text("x,k\n" + "1,č∂ü\n2,b\n" * 9, encoding="utf-8")
    argv = ["train", data, "--target", "k", "--hidden", "2", "--epochs", "1", "--save", path]
    with redirect_stdout(io.StringIO()):
        assert main([*map(str, argv), "--quiet"]) == 0
    written = io.BytesIO()
    argv = ["predict", str(path), str(data), "--probabilities"]
    with redirect_stdout(io.TextIOWrapper(written, encoding="latin-1")) as stream:
        assert main(argv) == 0
        assert main([*argv, "-o", "-"]) == 0
        stream.flush()
    with redirect_stdout(io.StringIO()) as text:
        assert main(argv) == 0
    header = text.getvalue().splitlines()[0].split(",")
    assert sorted(header) == ["k", "p_b", "p_č∂ü"]
    assert written.getvalue().decode("utf-8") == 2 * text.getvalue()


def test_a_file_that_is_read_is_not_overwritten(model, rows, capsys):
    before = rows.read_bytes(), model.read_bytes()
    for argv in (
        ["train", rows, "--target", "kind", "--save", rows],
        ["predict", model, rows, "-o", rows], ["predict", model, rows, "-o", model],
    ):  # fmt: skip
        assert main([*map(str, argv)]) == 2
        assert f"'{argv[-1]}' is read from, and would be overwritten" in capsys.readouterr().err
    assert (rows.read_bytes(), model.read_bytes()) == before


@pytest.mark.parametrize(
    ("cell", "told"),
    [("big", "correct it: the model takes numbers there"), ("", "fill it in: the model was"),
     ("inf", "correct it")],
)  # fmt: skip
def test_a_bad_cell_is_told_without_options_that_predict_has_not(
    model, tmp_path, capsys, cell, told
):
    other = tmp_path / "other.csv"
    other.write_text(f"size,sort\n1,a\n{cell},b\n2,a\n")
    assert main(["predict", str(model), str(other)]) == 2
    message = capsys.readouterr().err
    assert "other.csv, line 3" in message
    assert told in message
    assert "--" not in message


@pytest.fixture
def ask(tmp_path, capsys):
    """Train on a text, then predict for others; what is printed, and what is told."""

    def trained(text, *options):
        data, model, new = (tmp_path / name for name in ("t.csv", "n.safetensors", "new.csv"))
        data.write_text(text)
        argv = ["train", data, "--target", "y", "--epochs", "2", "--quiet", "--save", model]
        assert main([*map(str, argv), *options]) == 0

        def predicted(text, *options):
            path = new if isinstance(text, str) else text
            if path == new:
                new.write_text(f"sep=;\n{text}")
            capsys.readouterr()
            done = main(["predict", str(model), str(path), *options])
            out, err = capsys.readouterr()
            assert done == (0 if out else 2)
            return out.splitlines()[1:], err

        return predicted

    return trained


POINTS = "x;y\n" + "".join(f"{1 + i / 8:.3f};{1.5 * i:.1f}\n" for i in range(24))


@pytest.mark.parametrize("sign", [".", ","])
def test_numbers_are_read_as_those_trained_on_whatever_else_is_in_the_file(ask, sign):
    def written(text):
        return text if sign == "." else text.translate(str.maketrans(".,", ",."))

    predicted = ask(written(POINTS))
    right, told = predicted(written("x\n1.250\n2.500\n"))
    assert (len(right), told) == (2, "")
    assert predicted(written("x\n2.500\n"))[0] == right[1:]
    answers, told = predicted(written("x;note\n1.250;1,5\n2.500;2,5\n"))
    assert answers == right
    assert "another decimal sign than the one that 'x' had in training" in told
    for cell in "1,250", "1,5":  # thousands that training never saw; no number
        _, told = predicted(written(f"x\n{cell}\n"))
        assert "--decimal . or --decimal ," in told
    one, told = predicted(written("x\n1,250\n2,500\n"), "--decimal", written(","))
    assert (one, told) == (right, "")
    assert predicted(written("x\n1,250.0\n"))[1] == ""  # can be one number only


def test_a_decimal_sign_that_was_given_in_training_is_kept(ask):
    text = POINTS.translate(str.maketrans(".", ","))
    predicted = ask(text, "--decimal", ",")
    assert predicted("x\n1,100\n2,100\n") == predicted("x\n1,1\n2,1\n", "--decimal", ",")
    assert predicted("x\n1.100\n")[1].endswith("(--decimal . or --decimal ,)\n")


def test_thousands_are_read_where_training_had_them(ask):
    predicted = ask("x;y\n" + "".join(f"{i + 1:,}.5;{i}.5\n" for i in range(900, 1100, 8)))
    assert predicted("x\n1,250\n") == predicted("x\n1250\n")
    assert predicted("x\n1,250\n")[0]


def test_a_whole_number_says_nothing_of_signs(ask):
    predicted = ask("x,y\n" + "".join(f"{i},{i * i}\n" for i in range(12)))
    assert predicted("x\n1,5\n2\n") == predicted("x\n1.5\n2\n")


def test_a_model_of_an_older_version_reads_by_the_cells(ask, monkeypatch):
    monkeypatch.setattr(Table, "signs_of", lambda self, names: {})
    predicted = ask(POINTS)
    assert predicted("x\n1,25\n2,5\n") == predicted("x\n1.25\n2.5\n")


def test_numbers_without_the_unit_trained_on_are_refused(ask):
    predicted = ask("x;y\n" + "".join(f"{i}%;{i * i}.5\n" for i in range(12)))
    assert predicted("x\n5%\n")[0]
    _, told = predicted("x\n0.05\n")
    assert "without a unit, and the model was trained on %; convert them, and write % at" in told


def test_parquet_numbers_have_a_point_and_its_texts_are_read_as_those_trained_on(ask, tmp_path):
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "new.parquet"
    predicted = ask(POINTS.translate(str.maketrans(".", ",")))
    right = predicted("x\n1,250\n2,500\n")
    for column in [1.25, 2.5], ["1,250", "2,500"]:
        parquet.write_table(pa.table({"x": column}), path)
        assert predicted(path) == right
    parquet.write_table(pa.table({"x": ["5%", "6%"]}), path)
    assert "'x' are in %, and the model was trained on numbers without" in predicted(path)[1]
    parquet.write_table(pa.table({"x": [1.125, 2.375], "note": ["0,5", "1,5"]}), path)
    assert predicted(path)[0] == predicted("x\n1,125\n2,375\n")[0]


def test_a_target_in_another_unit_is_told(ask):
    predicted = ask("x;y\n" + "".join(f"{i};${i * i}\n" for i in range(12)))
    answers, told = predicted("x;y\n1;$1\n2;\n")
    assert told == ""
    assert predicted("x;y\n1;1 €\n2;\n") == (
        answers, "note: predictions are in $, and the file has 'y' in €\n"
    )  # fmt: skip
    assert "the file has 'y' without a unit" in predicted("x;y\n1;1\n2;4\n")[1]


def test_predictions_are_parquet_by_the_ending(model, rows, tmp_path, capsys):
    parquet = pytest.importorskip("pyarrow.parquet")
    argv = ["predict", str(model), str(rows), "--probabilities"]
    assert main(argv) == 0
    header, *answers = csv.reader(io.StringIO(capsys.readouterr().out))
    assert main([*argv, "-o", str(tmp_path / "out.parquet")]) == 0
    read = parquet.read_table(tmp_path / "out.parquet")
    assert read.column_names == header
    columns = [column.to_pylist() for column in read.columns]
    assert [[kind, *map(str, chances)] for kind, *chances in zip(*columns)] == answers  # noqa: B905


def test_rows_without_a_prediction_are_null_in_parquet(tmp_path, capsys):
    parquet = pytest.importorskip("pyarrow.parquet")
    path, model, out = (tmp_path / name for name in ("x.csv", "m.safetensors", "out.parquet"))
    for target, known in (("n", float), ("k", str)):
        path.write_text("x,n,k\n" + "".join(f"{i},{i * i},{'ab'[i % 2]}\n" for i in range(12)))
        argv = ["train", path, "--target", target, "--ignore", "nk".replace(target, "")]
        argv += ["--missing", "drop", "--epochs", "1", "--quiet", "--save", model]
        assert main([*map(str, argv)]) == 0
        path.write_text("x,z\n1,1\n,1\n")
        assert main(["predict", str(model), str(path), "-o", str(out)]) == 0
        first, second = parquet.read_table(out)[target].to_pylist()
        assert isinstance(first, known)
        assert second is None


@pytest.mark.parametrize("name", ["out.xlsx", "out.json", "out.csv.gz", "OUT.TSV", "out.data"])
def test_a_name_that_says_another_format_is_refused(model, rows, tmp_path, capsys, name):
    out = tmp_path / name
    assert main(["predict", str(model), str(rows), "-o", str(out)]) == 2
    assert "says neither; let it end with .csv" in capsys.readouterr().err
    assert not out.exists()


def test_two_files_in_one_place_and_a_model_in_no_file_are_refused(rows, tmp_path, capsys):
    argv = ["train", str(rows), "--target", "kind"]
    page = str(tmp_path / "page.html")
    assert main([*argv, "--save", page, "--report", f"{tmp_path}/./page.html"]) == 2
    assert "would be written twice" in capsys.readouterr().err
    assert main([*argv, "--save", "-"]) == 2
    assert "'-' is no file to write to" in capsys.readouterr().err


def test_a_file_without_names_is_told_of_the_option(ask):
    predicted = ask("".join(f"{'ab'[i % 2]},{i}.5\n" for i in range(12)), "--target", "column2")
    assert "is the first row data? --header no" in predicted("a;2\nb;3\n")[1]
    assert "no rows; --header no if these are data" in predicted("a;2\n")[1]
    assert predicted("a;2\n", "--header", "no")[1] == ""


def test_control_characters_in_names_are_shown_and_not_followed(tmp_path, capsys):
    path, model = tmp_path / "x.csv", str(tmp_path / "m.safetensors")
    path.write_text("x\x1b[31m\u202e,y\n" + "".join(f"{i},{i * i}.5\n" for i in range(12)))
    argv = ["train", str(path), "--target", "y", "--epochs", "1", "--quiet", "--save", model]
    assert main(argv) == 0
    assert main(["inspect", model]) == 0
    said = capsys.readouterr().out
    assert said.count(r"x\x1b[31m\u202e") == 2
    assert "\x1b" not in said
    assert "\u202e" not in said


@pytest.mark.parametrize(
    ("features", "target"),
    [
        ([[1, 2]], {"name": "y", "mean": 0, "scale": 1}),
        ([{"name": "x", "mean": math.nan, "scale": 1}], {"name": "y", "mean": 0, "scale": 1}),
        ([{"name": "x", "mean": 0, "scale": 0}], {"name": "y", "mean": 0, "scale": 1}),
        ([], {"name": "y", "mean": 0, "scale": math.inf}),
        ([], {"name": "y", "classes": ["a"], "kind": "text"}),
        ([], {"name": "y", "classes": ["a", "a"], "kind": "text"}),
        ([], None),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(features, target):
    with pytest.raises(ModelFileError, match="description of its table cannot be read"):
        Preprocessing.from_json(json.dumps({"features": features, "target": target}))


def test_a_model_with_an_unknown_decimal_sign_is_refused():
    text = '{"features": [], "target": {"name": "y", "mean": 0, "scale": 1}, "signs": {"x": ";"}}'
    with pytest.raises(ModelFileError, match="decimal sign ';'"):
        Preprocessing.from_json(text)
