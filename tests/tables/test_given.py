"""Columns that are given in Python: numbers of any kind, texts, and what is neither."""

import numpy as np
import pandas as pd
import pytest

from autograd_lite.tables import TableError, look, read_csv, train

COUNT = np.arange(20)
SIDES = np.where(COUNT % 3 == 0, "a", "b")


def trained(columns, **options):
    return train(columns, "y", hidden=(2,), epochs=2, progress=False, **options)


@pytest.mark.parametrize("missing", ["error", "drop", "mean"])
@pytest.mark.parametrize(
    "numbers",
    [COUNT, COUNT.astype(np.float32), COUNT.astype(object), COUNT.tolist(), pd.Series(COUNT)],
    ids=["int", "float32", "object", "list", "series"],
)
def test_numbers_are_numbers_however_they_are_held(numbers, missing):
    plain = trained({"x": COUNT.astype(float), "y": COUNT * 2.0})
    training = trained({"x": numbers, "y": COUNT * 2.0}, missing=missing)
    assert training.scores == plain.scores  # a 0 is no missing cell, an object no category
    assert np.array_equal(
        training.model.predict({"x": numbers}), plain.model.predict({"x": COUNT.astype(float)})
    )


@pytest.mark.parametrize("texts", [SIDES, SIDES.tolist(), pd.Series(SIDES, dtype=object)])
def test_texts_are_categories_however_they_are_held(texts):
    training = trained({"x": texts, "y": COUNT * 2.0})
    assert training.model.preprocessing.features[0].categories == ("a", "b")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_frame_is_as_good_as_a_dict(library):
    frames = pytest.importorskip(library, reason=f"needs {library}")
    columns = {"x": COUNT, "k": SIDES, "y": COUNT * 2.0}
    plain, training = trained(columns), trained(frames.DataFrame(columns))
    assert training.scores == plain.scores
    new = frames.DataFrame({"k": SIDES, "x": COUNT})
    assert np.array_equal(training.model.predict(new), plain.model.predict(columns))
    with pytest.raises(TableError, match=r"there is no column 'k' in \['x'\]"):
        training.model.predict(new[["x"]])


def test_booleans_are_two_texts_as_in_a_file():
    training = trained({"x": COUNT * 1.0, "y": COUNT > 9})
    assert {*training.model.predict({"x": COUNT})} <= {"False", "True"}


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (COUNT[1:], r"have one length.*'x': 19, 'y': 20"),
        (COUNT[:, None], r"'x' has the shape \(20, 1\)"),
        (["a", 1] * 10, "'x': expected one real number and was given str: 'a'"),
        ([None, "a"] * 10, "'x': expected one real number and was given NoneType"),
        (COUNT.astype("M8[D]"), r"'x' holds datetime64\[D\]; give numbers, .* \(column - a fixed"),
        (COUNT.astype("M8[ns]"), r"'x' holds datetime64\[ns\]"),  # whose integers are small
        (pd.Series(COUNT.astype("m8[ns]")), r"'x' holds timedelta64\[ns\]; .* such as column / "),
        ([np.inf, 1.0] * 10, "'x' holds inf"),
        (COUNT + 2**53, "'x' holds 9007199254740993"),
        ([2**53 + 1, *range(19)], "'x' holds 9007199254740993"),
        (COUNT * 1j, "'x': expected one real number and was given complex"),
    ],
    ids=[
        "length",
        "shape",
        "list",
        "none",
        "dates",
        "early dates",
        "times",
        "inf",
        "large",
        "large object",
        "complex",
    ],
)
def test_what_is_no_column_of_numbers_or_texts_is_refused(column, message):
    with pytest.raises(TableError, match=message):
        trained({"x": column, "y": COUNT * 2.0})


def test_what_is_masked_is_refused():
    with pytest.raises(TypeError, match=r"column 'x'.*masked"):
        trained({"x": np.ma.masked_less(COUNT, 3), "y": COUNT * 2.0})


def test_a_column_that_is_missing_or_of_another_kind_is_named():
    model = trained({"x": COUNT, "k": SIDES, "y": COUNT * 2.0}).model
    with pytest.raises(TableError, match=r"there is no column 'k' in \['x'\]"):
        model.predict({"x": COUNT})
    with pytest.raises(TableError, match="'k' held texts in training, and begins with float"):
        model.predict({"x": COUNT, "k": COUNT})
    with pytest.raises(TableError, match="'x' held numbers in training, and begins with str"):
        model.predict({"x": SIDES, "k": SIDES})
    with pytest.raises(TableError, match="one length, of 1 row or more"):
        model.predict({"x": COUNT[:0], "k": SIDES[:0]})
    with pytest.raises(TableError, match="there is no column 'y'"):
        trained({"x": COUNT})


def test_a_task_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="task is one of regression, classification"):
        trained({"x": COUNT, "y": COUNT * 2.0}, task="ranking")


def test_a_model_reads_a_new_table_as_the_one_it_learnt_from(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("x;k;y\n" + "".join(f"{i},5 €;{'ab'[i % 2]};{i * i},25\n" for i in range(12)))
    table = read_csv(path)
    columns, _ = look(table, "y")
    model = trained(columns, units=table.units(columns), signs=table.signs_of(columns)).model
    path.write_text("note;k;x\nnew;b;1,250 €\n")
    assert {name: cells.tolist() for name, cells in model.read(read_csv(path)).items()} == {
        "x": [1.25], "k": ["b"],
    }  # fmt: skip
    for text, message in (
        ("x;k\n$1,5;a\n", "'x' are in [$], and the model was trained on €"),
        ("x;z\n1,5 €;1\n", "no column 'k'"),
        ("x;k\nsome €;a\n1,5 €;\n", "2 cells cannot be read"),
    ):
        path.write_text(text)
        with pytest.raises(TableError, match=message):
            model.read(read_csv(path))
