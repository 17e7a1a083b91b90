"""CSV files, preprocessing from training rows alone, and networks that learn from tables."""

import json

import numpy as np
import pytest

from autograd_lite import AutogradError, ModelFileError, nn
from autograd_lite.errors import listed
from autograd_lite.tables.learning import TableModel, choose_task, score, split, train
from autograd_lite.tables.preprocessing import (
    MAX_CATEGORIES,
    ClassTarget,
    NumberTarget,
    NumericFeature,
    Preprocessing,
    TextFeature,
    fit,
)
from autograd_lite.tables.reading import TableError, read_csv


@pytest.fixture
def write(tmp_path):
    def to_file(content):
        path = tmp_path / "data.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return to_file


def texts(*cells):
    return np.array(cells, dtype=object)


# --- reading --------------------------------------------------------------------------------------


def test_cells_are_stripped_and_blank_lines_do_not_count(write):
    table = read_csv(write("a, b \n 1,x\n\n2 , y\n"))
    assert table.names == ("a", "b")
    assert table.rows == [["1", "x"], ["2", "y"]]
    assert table.lines == [2, 4]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_separator_is_the_one_that_the_first_line_has_most_of(write, delimiter):
    table = read_csv(write(f"a{delimiter}b{delimiter}c\n1{delimiter}2{delimiter}3\n"))
    assert table.names == ("a", "b", "c")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_quoted_cells_may_hold_separators_and_line_breaks(write, newline):
    table = read_csv(write(newline.join(["a,b", '"1,5","x', 'y"', "2,z", ""])))
    assert table.rows[0][0] == "1,5"
    assert table.rows[0][1].split() == ["x", "y"]
    assert table.lines == [2, 4]


def test_a_byte_order_mark_is_no_part_of_the_first_name(write):
    assert read_csv(write(b"\xef\xbb\xbfa,b\n1,2\n")).names == ("a", "b")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "data.csv is empty"),
        (" \n\n", "data.csv is empty"),
        ('""\n', "data.csv is empty"),
        ("a,b\n", "column names and no rows"),
        ("a,b\n1,2\n3\n", "line 3: 1 cell, where the first line names 2 columns"),
        ("a,b\n1,2,3\n", "line 2: 3 cells"),
        ("a,,c\n1,2,3\n", "column 2 has no name"),
        ("a,b,a\n1,2,3\n", "columns 1 and 3 are both named 'a'"),
        ('a,b\n1,"2\n', "line 2: no valid CSV"),
        ("a,b\n1," + "x" * 200_000 + "\n", "line 2: no valid CSV"),
        (b"a,b\n1,\xe9\n", "no UTF-8 text .byte 0xe9 at position 6"),
        ("a,b\n1,2\n".encode("utf-16"), "data.csv is text in UTF-16"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_the_place(write, content, message):
    with pytest.raises(TableError, match=message) as caught:
        read_csv(write(content))
    assert isinstance(caught.value, AutogradError)
    assert isinstance(caught.value, ValueError)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_csv(tmp_path / "none.csv")


def test_a_column_is_numeric_when_more_than_half_of_its_cells_are_numbers(write):
    table = read_csv(write("a,b,c,d\n1,1,x,1_0\n2,2,y,2_0\nx,x,z,3\ny,3,4,4_0\n"))
    assert [table.kind(name) for name in table.names] == ["text", "numeric", "text", "text"]


@pytest.mark.parametrize(
    ("cell", "what"), [("two", "no number"), ("nan", "missing"), ("-inf", "not finite"),
                       ("1e999", "not finite"), ("0x10", "no number")]
)  # fmt: skip
def test_an_odd_cell_of_a_numeric_column_is_shown_with_line_and_column(write, cell, what):
    table = read_csv(write(f"a,b\n1,1\n2,{cell}\n3,3\n4,4\n"))
    with pytest.raises(TableError, match=f"line 3: '{cell}' in the numeric column 'b' is {what}"):
        table.columns({"b": table.kind("b")})
    assert table.columns({"b": "text"})["b"].tolist() == ["1", cell, "3", "4"]


def test_an_empty_cell_is_an_error_in_any_column(write):
    table = read_csv(write("a,b\n1,x\n,y\n,z\n"))
    with pytest.raises(TableError, match="line 3 and 1 more below: the cell of column 'a' is emp"):
        table.columns({"a": table.kind("a")})
    table = read_csv(write("a,b\n1,x\n2,\n"))
    with pytest.raises(TableError, match="line 3: the cell of column 'b' is empty"):
        table.columns({"b": "text"})


def test_a_missing_column_is_answered_with_the_nearest_name_or_all(write):
    table = read_csv(write("price,size\n1,2\n"))
    with pytest.raises(TableError, match="no column 'prize'; did you mean 'price'"):
        table.columns({"prize": "numeric"})
    with pytest.raises(TableError, match="no column 'zzz'; it has 'price', 'size'"):
        table.texts("zzz")


def test_long_lists_of_names_are_cut_visibly():
    assert listed([str(i) for i in range(14)]).endswith("'11' and 2 more")


# --- preprocessing --------------------------------------------------------------------------------


def test_numeric_features_are_standardised_and_texts_become_one_input_each():
    columns = {
        "x": np.array([1.0, 2.0, 3.0]), "kind": texts("b", "a", "b"), "y": np.array([0.0, 1.0, 5.0])
    }  # fmt: skip
    prepared, dropped = fit(columns, "y", "regression")
    assert dropped == []
    assert prepared.kinds == {"x": "numeric", "kind": "text"}
    inputs = prepared.inputs(columns)
    assert inputs[:, 0].mean() == pytest.approx(0.0)
    assert inputs[:, 0].std() == pytest.approx(1.0)
    assert inputs[:, 1:].tolist() == [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
    encoded = prepared.target.encode(columns["y"])
    assert prepared.target.decode(encoded) == pytest.approx(columns["y"])


def test_a_text_that_training_never_saw_is_no_category_and_is_reported():
    feature = TextFeature("kind", ("a", "b"))
    prepared = Preprocessing((feature,), NumberTarget("y", 0.0, 1.0))
    columns = {"kind": texts("c", "a", "d")}
    assert feature.encode(columns["kind"]).tolist() == [[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]]
    assert prepared.unseen(columns) == {"kind": ["c", "d"]}


def test_constant_features_are_left_out_and_named():
    columns = {
        "same": np.array([2.0, 2.0]), "text": texts("a", "a"), "x": np.array([1.0, 2.0]),
        "y": texts("p", "q"),
    }  # fmt: skip
    prepared, dropped = fit(columns, "y", "classification")
    assert dropped == ["same", "text"]
    assert [feature.name for feature in prepared.features] == ["x"]


def test_a_column_whose_numbers_differ_by_rounding_alone_is_constant():
    """Its noise was scaled up to the size of the others, and learnt from."""
    columns = {
        "near": np.array([0.1 + 0.2, 0.3, 0.3]), "x": np.array([0.0, 1.0, 3.0]),
        "y": texts("p", "q", "q"),
    }  # fmt: skip
    assert fit(columns, "y", "classification")[1] == ["near"]


def test_numbers_whose_spread_underflows_count_as_constant():
    columns = {"tiny": np.array([0.0, 5e-324]), "x": np.array([0.0, 1.0]), "y": texts("p", "q")}
    assert fit(columns, "y", "classification")[1] == ["tiny"]


@pytest.mark.parametrize(
    ("columns", "task", "message"),
    [
        ({"y": np.array([1.0, 2.0])}, "regression", "no column to learn from"),
        ({"x": np.ones(2), "y": np.array([1.0, 2.0])}, "regression", "'x' do not"),
        ({"x": np.arange(2.0), "y": np.full(2, 3.0)}, "regression", "'y' is 3 in every"),
        ({"x": np.arange(2.0), "y": texts("a", "a")}, "classification", "'y' is 'a' in every"),
        ({"x": np.array([1e308, -1e308]), "y": texts("a", "b")}, "classification", "too large"),
        (
            {"x": texts(*map(str, range(MAX_CATEGORIES + 1))), "y": np.arange(51.0)},
            "regression", "--ignore x",
        ),
        ({"x": np.arange(51.0), "y": np.arange(51.0)}, "classification", "51 different values"),
    ],
)  # fmt: skip
def test_a_table_with_nothing_to_learn_is_refused(columns, task, message):
    with pytest.raises(TableError, match=message):
        fit(columns, "y", task)


def test_classes_of_numbers_are_named_as_one_would_write_them():
    columns = {"x": np.arange(4.0), "y": np.array([1.0, 2.5, 1.0, -3.0])}
    target = fit(columns, "y", "classification")[0].target
    assert target == ClassTarget("y", ("-3", "1", "2.5"), "numeric")
    assert target.encode(columns["y"]).tolist() == [1, 2, 1, 0]
    assert target.decode(np.eye(3)[[2, 0]]).tolist() == ["2.5", "-3"]
    assert (target.loss, target.width) == ("cross_entropy", 3)
    with pytest.raises(TableError, match="holds '7'"):
        target.encode(np.array([7.0]))


def test_two_classes_take_one_logit():
    target = ClassTarget("y", ("no", "yes"), "text")
    assert (target.loss, target.width) == ("binary_cross_entropy", 1)
    assert target.decode(np.array([-0.5, 0.5])).tolist() == ["no", "yes"]


def test_preprocessing_comes_back_from_json_to_the_last_bit():
    prepared = Preprocessing(
        (NumericFeature("x", 0.1 + 0.2, 1 / 3), TextFeature("é", ("a", "b"))),
        ClassTarget("y", ("0", "1"), "numeric"),
    )
    assert Preprocessing.from_json(prepared.to_json()) == prepared
    assert prepared.target.kind == "numeric"
    number = Preprocessing(prepared.features, NumberTarget("y", 1.5, 2.5))
    assert Preprocessing.from_json(number.to_json()) == number
    assert number.target.kind == "numeric"


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", '{"features": [], "target": {}}', '{"features": [{"name": "x"}], "target": 1}',
     json.dumps({"features": [{"name": "x", "mean": "?", "scale": 1}], "target": {}})],
)  # fmt: skip
def test_a_damaged_description_is_a_model_file_error(text):
    with pytest.raises(ModelFileError, match="train and save it again"):
        Preprocessing.from_json(text)


# --- task and split -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "task"),
    [
        (texts("a", "b", "c"), "classification"),
        (np.array([0.5, 1.5] * 3), "classification"),
        (np.array([1.0, 2.0, 3.0] * 10), "classification"),
        (np.array([1.0, 2.0, 3.0] * 9), "regression"),
        (np.array([1.0, 2.0, 3.5] * 10), "regression"),
        (np.arange(11.0).repeat(20), "regression"),
        (np.array([0.0, 2.0, 4.0, 6.0, 8.0]), "regression"),
    ],
)
def test_the_target_decides_the_task(column, task):
    assert choose_task(column) == task


def test_a_split_keeps_the_shares_of_the_classes_and_repeats_with_its_seed():
    column = texts(*["a"] * 40, *["b"] * 10, "c")
    trained, held_out = split(column, "classification", 0.2, seed=3)
    assert sorted([*trained, *held_out]) == list(range(51))
    assert [list(column[held_out]).count(c) for c in "abc"] == [8, 2, 0]
    again = split(column, "classification", 0.2, seed=3)
    assert np.array_equal(held_out, again[1])
    assert not np.array_equal(held_out, split(column, "classification", 0.2, seed=4)[1])


def test_a_split_of_numbers_holds_out_the_fraction():
    assert len(split(np.arange(50.0), "regression", 0.3, seed=0)[1]) == 15


@pytest.mark.parametrize("fraction", [0.01, 0.99])
def test_a_split_that_leaves_a_part_empty_is_refused(fraction):
    with pytest.raises(TableError, match="both need 2"):
        split(np.arange(12.0), "regression", fraction, seed=0)


# --- training -------------------------------------------------------------------------------------


def line(n=60):
    x = np.random.default_rng(0).uniform(-2, 2, n)
    group = np.array(["low", "high"], dtype=object)[(x > 0).astype(int)]
    return {"x": 100 + 50 * x, "group": group, "y": 1000 + 300 * x}


def test_a_line_is_learnt_and_the_baseline_is_the_mean():
    columns = line()
    result = train(columns, "y", hidden=(8,), epochs=60, learning_rate=0.02, seed=1, progress=False)
    r_squared, rmse = result.scores
    assert r_squared.name == "R²"
    assert r_squared.value > 0.95
    assert r_squared.baseline < 0.05
    assert rmse.value < rmse.baseline / 4
    assert len(result.held_out) == 12
    assert set(result.held_out).isdisjoint(result.trained)


def test_held_out_rows_do_not_touch_the_preprocessing():
    columns = line()
    first = train(columns, "y", hidden=(2,), epochs=1, seed=1, progress=False)
    changed = {name: column.copy() for name, column in columns.items()}
    changed["x"][first.held_out] = 1e6
    second = train(changed, "y", hidden=(2,), epochs=1, seed=1, progress=False)
    assert first.model.preprocessing == second.model.preprocessing


def test_three_classes_are_learnt_and_survive_saving(tmp_path):
    x = np.linspace(-3, 3, 90)
    columns = {"x": x, "kind": texts(*["neg"] * 30, *["mid"] * 30, *["pos"] * 30)}
    result = train(
        columns, "kind", hidden=(8,), epochs=40, learning_rate=0.05, seed=0, progress=False
    )
    [accuracy] = result.scores
    assert accuracy.value > 0.8
    assert accuracy.baseline == pytest.approx(1 / 3)
    path = tmp_path / "m.safetensors"
    result.model.save(path)
    loaded = TableModel.load(path)
    assert loaded.preprocessing == result.model.preprocessing
    assert loaded.predict(columns).tolist() == result.model.predict(columns).tolist()
    assert score(loaded, columns, columns["kind"])[0].value > 0.8


def test_the_same_seed_trains_the_same_network():
    runs = [train(line(), "group", hidden=(3,), epochs=2, seed=5, progress=False) for _ in "ab"]
    states = [run.model.network.state_dict() for run in runs]
    assert all(np.array_equal(states[0][name], states[1][name]) for name in states[0])
    assert runs[0].history.loss == runs[1].history.loss


def test_the_score_of_equal_held_out_numbers_is_not_defined():
    result = train(line(), "y", hidden=(2,), epochs=1, progress=False)
    same = {"x": np.arange(3.0), "group": texts("low", "low", "high"), "y": np.full(3, 7.0)}
    r_squared, rmse = score(result.model, same, np.array([7.0]))
    assert np.isnan(r_squared.value)
    assert rmse.baseline == 0.0


def test_too_few_rows_are_refused():
    with pytest.raises(TableError, match=r"has 1 row; training needs 2 or more"):
        train(line(1), "y", progress=False)
    assert len(train(line(9), "y", epochs=1, progress=False).held_out) == 0
    assert len(train(line(10), "y", epochs=1, progress=False).held_out) == 2


def test_regression_of_text_is_refused():
    with pytest.raises(TableError, match="'group' is text"):
        train(line(), "group", task="regression", progress=False)


def test_a_network_that_learnt_from_no_table_cannot_be_loaded_as_one(tmp_path):
    path = tmp_path / "m.safetensors"
    nn.MLP(2, [1], seed=0).save(path)
    with pytest.raises(ModelFileError, match="not trained on a table"):
        TableModel.load(path)


def test_a_separator_in_a_quoted_name_is_text(tmp_path):
    path = tmp_path / "q.csv"
    path.write_text('x;"a, b, c";y\n1;p;2.5\n')
    assert read_csv(path).names == ("x", "a, b, c", "y")


def test_a_target_of_too_many_texts_is_named_as_such():
    columns = {"x": np.arange(60.0), "y": texts(*[f"n{i}" for i in range(60)])}
    with pytest.raises(TableError, match=r"60 different values.*at most 50 classes"):
        train(columns, "y", epochs=1, progress=False)


def test_a_training_and_its_model_are_one_line_each_however_large_they_are():
    rows = np.arange(9.0)
    columns = {f"x{i}": rows + rows**i for i in range(9)} | {"kind": texts(*"aab" * 3)}
    training = train(columns, "kind", hidden=(50,), epochs=1, progress=False, folds=3)
    accuracy = training.scores[0].value
    assert repr(training) == f"<Training on 9 rows, 0 held out: accuracy {accuracy:.4g}>"
    assert repr(training.model) == (
        "<TableModel of 'kind' by 'x0', 'x1', 'x2', 'x3', 'x4', 'x5' and 3 more>"
    )
