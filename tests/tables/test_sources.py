"""Large CSV files, read block by block, and Parquet: the columns are those of a small file."""

import io
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from autograd_lite import tables
from autograd_lite.cli import main
from autograd_lite.errors import TableError
from autograd_lite.tables import learning, sources, streams
from autograd_lite.tables.sources import StoredTable, open_table


@pytest.fixture
def small_blocks(monkeypatch):
    """Every file is a large one, with a beginning of 200 characters and blocks of 7 rows."""
    for name, number in (("_LARGE", 0), ("_HEAD", 200), ("_ROWS", 7), ("_LEVELS", 3)):
        monkeypatch.setattr(sources, name, number)


@pytest.mark.parametrize(
    "beginning",
    ["a,b,c\n", "\ufeffa,b,c\n", "\n\na,b,c\n", "sep=,\na,b,c\n", '"a","b\n,",c\n', "a,b,c,\n"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_large_file_has_the_columns_of_a_small_one(small_blocks, tmp_path, beginning, end):
    path = tmp_path / "x.csv"
    rows = [f'{i},"say ""{i % 5}"", or\nmore",{1 / (i + 1)!r}' for i in range(60)]
    rows = [row + "," * beginning.endswith(",\n") for row in rows]
    rows.insert(9, "")
    path.write_bytes((beginning + "\n".join(rows)).replace("\n", end).encode())
    small = tables.read_csv(path)
    with open_table(str(path)) as large:
        assert isinstance(large, StoredTable)
        assert len(large) == len(small) == 60
        assert (large.names, large.source, large.notes) == (small.names, small.source, small.notes)
        assert [*large.lines] == [*small.lines]
        kinds = {name: small.kind(name) for name in small.names}
        assert kinds == {name: large.kind(name) for name in large.names}
        expected, found = small.columns(kinds), large.columns(kinds)
    for name in small.names:
        assert np.array_equal(expected[name], found[name])


@pytest.mark.parametrize(
    ("tail", "message"),
    [
        ("1,2\n", "line 52: 2 cells, where the first line names 3 columns"),
        ("1,2,3,4\n", "line 52: 4 cells"),
        ('1,"2,3\n', "line 52: no valid CSV .*separator: comma"),
        ("1,\udcff,3\n", "no UTF-8"),
    ],
)
def test_what_is_wrong_far_below_is_told_with_its_line(small_blocks, tmp_path, tail, message):
    path = tmp_path / "x.csv"
    text = "a,b,c\n" + "1,2,3\n" * 50 + tail + "1,2,3\n" * 9
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(TableError, match=message), open_table(str(path)):
        pass


def test_an_encoding_that_is_none_is_told_of_large_files_too(small_blocks, tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    path = str(tmp_path / "x.csv")
    with (
        pytest.raises(TableError, match="'odd' is no encoding of text"),
        open_table(path, encoding="odd"),
    ):
        pass


def test_a_cell_far_below_that_is_no_number_is_told_with_its_line(small_blocks, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n" + "1,2\n" * 50 + "1,two\n")
    with open_table(str(path)) as table, pytest.raises(TableError, match="line 52: 'two'"):
        table.columns({"a": "numeric", "b": "numeric"})


def test_the_command_line_is_the_same_in_blocks(small_blocks, tmp_path, capsys, monkeypatch):
    path, model = tmp_path / "x.csv", tmp_path / "m.safetensors"
    lines = [f"{i % 3 + i / 100},{'ab'[i % 2]},{'xyz'[i % 3]}\n" for i in range(90)]
    path.write_text("size,sort,kind\n" + "".join(lines))
    argv = ["train", path, "--target", "kind", "--epochs", "9", "--quiet", "--save", model]
    argv = [*map(str, argv), "--learning-rate", "0.05"]
    assert main(argv) == 0
    in_blocks = capsys.readouterr().out
    monkeypatch.setattr(sources, "_LARGE", 2**26)
    assert main(argv) == 0
    assert capsys.readouterr().out == in_blocks
    assert main(["predict", str(model), str(path)]) == 0
    whole = capsys.readouterr().out
    monkeypatch.setattr(sources, "_LARGE", 0)
    monkeypatch.setattr(streams, "_ROWS", 8)
    assert main(["predict", str(model), str(path)]) == 0
    assert capsys.readouterr().out == whole


def test_inputs_of_many_rows_are_learnt_from_batch_by_batch(monkeypatch):
    random = np.random.default_rng(0)
    columns = {name: random.normal(size=700) for name in "ab"}
    columns["sort"] = random.choice(np.array(["u", "v"], dtype=object), 700)
    columns["y"] = columns["a"] - 2.0 * columns["b"] + (columns["sort"] == "u")
    options = {"epochs": 12, "progress": False, "hidden": (8,), "learning_rate": 0.02}
    monkeypatch.setattr(learning, "MOST_INPUTS", 100)
    training = tables.train(columns, "y", **options)
    assert training.scores[0].value > 0.95
    assert len(training.history.validation_loss) == 12
    stream = streams.RowStream(columns, training.model.preprocessing, 0)
    first, second = [np.concatenate([y for _, y in stream]) for _ in range(2)]
    assert len([*stream]) == len(stream) == 22
    assert not np.array_equal(first, second)
    expected = np.sort(training.model.preprocessing.target.encode(columns["y"]))
    for order in (first, second):
        assert np.array_equal(np.sort(order), expected)
    assert [len(x) for x, _ in stream] == [32] * 21 + [28]


def test_a_parquet_file_has_the_columns_of_a_csv(tmp_path, capsys):
    numbers, texts = [0.1, 1e300, -2.5e-8], ["007", "é", "x"]
    table = pa.table({
        "number": numbers, "code": texts, "small": pa.array([0.1, 0.5, 2.0], pa.float32()),
        "whole": [1, None, 2**53 + 1], "yes": [True, False, True],
        "sort": pa.array(["a", "b", "a"]).dictionary_encode(),
    })  # fmt: skip
    path = tmp_path / "x.PARQUET"
    parquet.write_table(table, path)
    with open_table(str(path)) as read:
        assert read.names == ("number", "code", "small", "whole", "yes", "sort")
        assert [read.kind(name) for name in read.names[:3]] == ["numeric", "text", "numeric"]
        columns = read.columns({"number": "numeric", "code": "text", "small": "numeric"})
        assert columns["number"].tolist() == numbers
        assert columns["code"].tolist() == texts
        assert columns["small"].tolist() == [float(np.float32(0.1)), 0.5, 2.0]
        assert read.texts("whole").tolist() == ["1", "", str(2**53 + 1)]
        assert [*read.texts("yes")] == ["true", "false", "true"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a": [[1, 2]]}, "column 'a' holds list"),
        ({"a": pa.array([], pa.float64())}, "no rows"),
        ({}, "no columns"),
        (b"x,y\n1,2\n", "no Parquet file"),
    ],
)
def test_a_parquet_file_that_is_no_table_is_refused(tmp_path, content, message):
    path = tmp_path / "x.parquet"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        parquet.write_table(pa.table(content), path)
    with pytest.raises(TableError, match=message), open_table(str(path)):
        pass


def test_a_parquet_file_may_come_from_a_pipe_or_have_another_name(tmp_path, monkeypatch):
    path = tmp_path / "x.bin"
    parquet.write_table(pa.table({"x": [1.5, 2.5]}), path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    for source in ("-", str(path)):
        with open_table(source) as table:
            assert table.numbers("x").tolist() == [1.5, 2.5]


def test_parquet_names_the_extra_that_it_needs(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main(["train", str(tmp_path / "x.parquet"), "--target", "y"]) == 2
    assert 'pip install "autograd-lite[tables]"' in capsys.readouterr().err


def test_standard_input_may_be_large(small_blocks, monkeypatch):
    text = "a,b\n" + "".join(f"{i},{i * i}\n" for i in range(40))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    with open_table("-") as table:
        assert (table.source, len(table)) == ("standard input", 40)
        assert table.numbers("b")[-1] == 39.0**2


@pytest.mark.skipif("TABLE_ROWS" not in os.environ, reason="takes minutes: make tables")
def test_a_million_rows_of_twenty_columns_take_less_than_a_gigabyte(tmp_path):
    path, model = tmp_path / "big.csv", tmp_path / "m.safetensors"
    random, rows = np.random.default_rng(0), int(os.environ["TABLE_ROWS"])
    with open(path, "w") as file:
        file.write(",".join([*(f"x{i}" for i in range(18)), "kind", "y"]) + "\n")
        for _ in range(rows // 10_000):
            x = random.normal(size=(10_000, 18)).round(4)
            kinds, y = random.choice([*"abc"], 10_000), (x[:, 0] - x[:, 1] * x[:, 2]).round(4)
            for row, kind, number in zip(x.tolist(), kinds, y.tolist(), strict=True):
                file.write(f"{','.join(map(str, row))},{kind},{number}\n")
    code = (
        "import resource, sys; from autograd_lite.cli import main; status = main(sys.argv[1:]); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(status)"
    )
    for argv in (
        ["train", path, "--target", "y", "--epochs", "1", "--quiet", "--save", model],
        ["predict", model, path, "-o", tmp_path / "out.csv"],
    ):
        run = [sys.executable, "-c", code, *map(str, argv)]
        told = subprocess.run(run, capture_output=True, text=True, check=True).stdout
        print(told)
        kilobytes = int(told.split()[-1])
        assert kilobytes < 1e9 / 1024
