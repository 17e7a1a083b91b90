"""Kinds of columns, missing cells, and labels that come back as they were written."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest

from autograd_lite import ModelFileError, TableError
from autograd_lite.cli import main
from autograd_lite.tables.gaps import complete_rows, is_missing
from autograd_lite.tables.kinds import look
from autograd_lite.tables.learning import TableModel, train
from autograd_lite.tables.preprocessing import (
    ClassTarget,
    NumericFeature,
    Preprocessing,
    TextFeature,
    fit,
)
from autograd_lite.tables.reading import Table, read_csv

POLICIES = ["drop", "mean", "median", "flag"]


def table(**columns):
    rows = [*zip(*columns.values(), strict=True)]
    return Table("data.csv", (*columns,), rows, range(2, 2 + len(rows)))


def numbers(n, start=1):
    return [str(start + i) for i in range(n)]


def kinds(told, target="y", **options):
    return {each.name: each.kind for each in look(told, target, **options)[1]}


# --- kinds ----------------------------------------------------------------------------------------


def test_every_column_has_a_kind_and_words_for_it():
    n = 30
    told = table(
        size=[f"{i * 0.5}" for i in range(n)], kind=["ab"[i % 2] for i in range(n)],
        same=["7"] * n, city=["x"] * n, name=[f"n{i}" for i in range(n)], none=[""] * n,
        odd=["1"] * n, y=[str(i * i) for i in range(n)],
    )  # fmt: skip
    columns, described = look(told, "y", ignore=["odd"], missing="mean")
    assert [(each.name, each.kind, each.told) for each in described] == [
        ("size", "number", "0 to 14.5"),
        ("kind", "category", "2 levels: 'a', 'b'"),
        ("same", "constant", "7"),
        ("city", "constant", "1 level: 'x'"),
        ("name", "identifier", "left out: all 30 texts differ; --keep name"),
        ("none", "left out", "all cells are empty"),
        ("odd", "left out", "--ignore odd"),
        ("y", "number", "0 to 841"),
    ]
    assert [*columns] == ["size", "kind", "same", "city", "y"]


@pytest.mark.parametrize(
    ("name", "rows", "kind"),
    [
        *[(name, 21, "identifier") for name in (
            "id", "ID", "PassengerId", "user_id", "Unnamed: 0", "index", "row nr", "Key", "customID"
        )],
        *[(name, 21, "number") for name in ("width", "idle", "year")], ("id", 20, "number"),
    ],
)  # fmt: skip
def test_a_column_that_counts_up_is_an_identifier_if_its_name_says_so(name, rows, kind):
    told = table(**{name: numbers(rows, 5), "y": numbers(rows)})
    assert kinds(told)[name] == kind
    assert kinds(told, keep=[name])[name] == "number"
    assert kinds(told, target=name)[name] == "number"


@pytest.mark.parametrize("cells", [[*numbers(20), "40"], [*numbers(20), "20"], numbers(21)[::-1],
                                   [f"{i}.5" for i in range(21)]])  # fmt: skip
def test_numbers_that_do_not_count_up_by_one_are_no_identifier(cells):
    assert kinds(table(id=cells, y=numbers(21)))["id"] == "number"


def test_texts_that_all_differ_are_kept_if_one_says_so_and_always_as_target():
    told = table(name=["a", "b", "c"], y=["p", "q", "r"])
    assert kinds(told) == {"name": "identifier", "y": "category"}
    columns, described = look(told, "y", keep=["name"])
    assert described[0].kind == "category"
    assert "name" in columns


def test_a_feature_of_too_many_texts_is_left_out_with_a_line():
    told = table(t=[f"t{i // 2}" for i in range(120)], x=numbers(120), y=numbers(120))
    [first, *_] = look(told, "y")[1]
    assert first.kind == "left out"
    assert first.told == "60 different texts (at most 50 become categories)"


DAYS = [f"{i % 28 + 1:02}/{i // 28 + 1:02}" for i in range(60)]


@pytest.mark.parametrize(
    ("written", "looks"),
    [
        *[(form, True) for form in ("2024/{}", "{}/24", "{}/2024 10:30", "2024/{}T10:30:00Z")],
        *[(form, False) for form in ("{}/5", "2024-{}", "+2024/{}", "{}/2024.5", "192/{}/1")],
    ],
)
@pytest.mark.parametrize("times", [1, 2])
def test_dates_are_left_out_with_the_way_to_make_numbers_of_them(written, looks, times):
    cells = [written.format(day) for day in DAYS for _ in range(times)]
    [first, *_] = look(table(t=cells, y=numbers(len(cells))), "y")[1]
    assert first.kind == ("identifier" if times == 1 else "left out")
    assert ("look like dates: make numbers of them first" in first.told) == looks
    assert ("--keep t" in first.told) == (times == 1 and not looks)
    assert (
        "look like" not in look(table(t=["x", *cells], y=numbers(60 * times + 1)), "y")[1][0].told
    )


def test_an_ambiguous_column_says_how_it_was_read():
    told = table(x=["1.234", "2.345"], y=["p", "q"])
    assert look(told, "y")[1][0].told == "1.234 to 2.345, '1.234' read as 1.234 (see --decimal)"
    told = table(x=["1.234", "2.345"], z=["0,5", "1"], y=["p", "q"])
    assert look(told, "y")[1][0].told == "1234 to 2345, decimal comma, '1.234' read as 1234 " \
                                         "(see --decimal)"  # fmt: skip


@pytest.mark.parametrize("option", ["text", "ignore", "keep"])
def test_names_that_are_no_columns_are_refused(option):
    with pytest.raises(TableError, match="no column 'z'"):
        look(table(x=["1", "2"], y=["1", "2"]), "y", **{option: ["z"]})


# --- labels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels",
    [["007", "7"], ["007", "008", "010"], ["9007199254740992", "9007199254740993"],
     ["1e3", "5"], ["1.0", "2.50"], ["10", "9"], ["01234", "0", "00"]],
)  # fmt: skip
def test_labels_come_back_as_they_were_written(labels, tmp_path):
    told = table(x=numbers(40), y=[labels[i % len(labels)] for i in range(40)])
    columns, _ = look(told, "y", task="classification")
    assert [*columns["y"][: len(labels)]] == labels
    model = train(columns, "y", hidden=(2,), epochs=1, progress=False).model
    model.save(tmp_path / "m.safetensors")
    target = TableModel.load(tmp_path / "m.safetensors").preprocessing.target
    assert sorted(target.classes) == sorted(labels)
    assert [*map(float, target.classes)] == sorted(map(float, labels))
    assert {*model.predict(columns)} <= {*labels}


@pytest.mark.parametrize("labels", [["1", "1.0"], ["0", "0.0", "1"], ["2.5", "2.50", "3"]])
def test_a_class_that_is_written_in_two_ways_is_refused(labels):
    told = table(x=numbers(40), y=[labels[i % len(labels)] for i in range(40)])
    with pytest.raises(TableError, match=r"classes '.*' and '.*' of 'y' are one number"):
        look(told, "y", task="classification")
    columns, _ = look(told, "y", text=["y"])
    assert {*columns["y"]} == {*labels}


@pytest.mark.parametrize(
    ("cells", "unit", "expected"),
    [
        (["1.000,00 EUR", "2.500,50 EUR"], "EUR", [1000.0, 2500.5]),
        (["CHF 1'000.50", "CHF -2.25"], "CHF", [1000.5, -2.25]),
        (["5 kg", "-0.5 kg"], "kg", [5.0, -0.5]),
        (["5 °C", "- 7 °C"], "°C", [5.0, -7.0]),
        (["10 km/h", "12 km/h"], "km/h", [10.0, 12.0]),
    ],
)
def test_a_unit_may_be_a_word(cells, unit, expected):
    told = table(x=cells, y=["1.5", "2.5"])
    assert told.numbers("x").tolist() == expected
    assert told.units(["x"]) == {"x": unit}
    mixed = table(x=[*cells, cells[0].replace(unit, "USD")])
    with pytest.raises(TableError, match=r"line 4: .*USD.* is no number"):
        mixed.numbers("x")


def test_a_name_may_be_a_number_of_a_unit(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text("name,5 km,10 km\nann,20.5,44\nben,19,40.5\n")
    assert read_csv(path).names == ("name", "5 km", "10 km")


@pytest.mark.parametrize("cells", [["555 101 103", "555 102 104"], ["+1 555 101", "+44 555 102"]])
def test_numbers_of_telephones_are_texts(cells):
    assert table(x=cells).kind("x") == "text"
    assert replace(table(x=cells), decimal=".").kind("x") == "numeric"  # who says so
    assert table(x=[*cells, "1 234"]).kind("x") == "numeric"  # of a telephone not all are alike


@pytest.mark.parametrize(
    "labels", [["007", "008", "009"], ["9007199254740992", "9007199254740993"]]
)
def test_codes_are_classes_without_being_told(labels):
    told = table(x=numbers(30), y=[labels[i % len(labels)] for i in range(30)])
    assert look(told, "y")[0]["y"].dtype == object
    assert kinds(told)["y"] == "category"


def test_codes_that_no_float_holds_are_categories_as_features_too():
    told = table(x=[str(2**53 + i % 2) for i in range(30)], y=numbers(30))
    assert look(told, "y")[1][0].told == "2 levels: '9007199254740992', '9007199254740993'"
    many, signs = ["1" * 5000, "2" * 5000] * 15, ["--5", "1234567890.1234567"] + ["1"] * 28
    assert kinds(table(id=many, y=numbers(30)))["id"] == "category"  # more digits than int takes
    with pytest.raises(TableError, match="'--5' in the numeric column 'x' is no number"):
        look(table(x=signs, y=numbers(30)), "y")


# --- missing cells --------------------------------------------------------------------------------


def gappy():
    return {
        "x": np.array([1.0, np.nan, 3.0, 8.0]), "k": np.array(["a", "b", "", "b"], dtype=object),
        "y": np.array([1.0, 2.0, 3.0, 4.0]),
    }  # fmt: skip


def test_a_missing_cell_takes_the_mean_or_median_of_the_others_or_the_most_frequent_text():
    for policy, filled in (("mean", 4.0), ("median", 3.0)):
        prepared, _ = fit(gappy(), "y", "regression", policy)
        mean, scale = 4.0, np.std([1.0, 3.0, 8.0])
        np.testing.assert_allclose(
            prepared.inputs(gappy()),
            np.column_stack([(np.array([1.0, filled, 3.0, 8.0]) - mean) / scale,
                             [1, 0, 0, 0], [0, 1, 1, 1]]),
        )  # fmt: skip


def test_a_flag_is_one_more_input_and_a_missing_text_a_category():
    prepared, _ = fit(gappy(), "y", "regression", "flag")
    inputs = prepared.inputs(gappy())
    assert inputs[:, 1].tolist() == [0.0, 1.0, 0.0, 0.0]
    assert prepared.features[1].categories == ("", "a", "b")
    assert inputs[2, 2:].tolist() == [1.0, 0.0, 0.0]
    whole = {"x": np.arange(4.0), "y": np.arange(4.0)}  # no flag that was 0 in all of training
    assert fit(whole, "y", "regression", "flag")[0].inputs(gappy()).shape == (4, 1)


def test_rows_are_dropped_where_any_cell_is_missing_or_only_where_the_target_is():
    columns = gappy() | {"y": np.array([1.0, 2.0, 3.0, np.nan])}
    assert complete_rows(columns, "y", "drop")["y"].tolist() == [1.0]
    assert complete_rows(columns, "y", "mean")["y"].tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(TableError, match="1 cell of column 'x', 1 cell of column 'k', 1 cell of"):
        complete_rows(columns, "y", "error")
    with pytest.raises(TableError, match="no row has all cells"):
        complete_rows({"x": np.array([np.nan]), "y": np.array([1.0])}, "y", "drop")


def test_missing_cells_are_refused_by_default():
    for columns in (gappy(), {"x": gappy()["x"], "y": np.arange(4.0)}):
        with pytest.raises(TableError, match="missing: 1 cell of column 'x'"):
            fit(columns, "y", "regression")
        with pytest.raises(TableError, match="--missing"):
            train(columns, "y", progress=False)
    prepared = Preprocessing((NumericFeature("x", 0.0, 1.0),), ClassTarget("y", ("a", "b"), "text"))
    with pytest.raises(TableError, match="1 cell of column 'x'"):
        prepared.inputs(gappy())
    with pytest.raises(ValueError, match="one of error, drop, mean, median, flag, and was 'zero'"):
        train(gappy(), "y", missing="zero", progress=False)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("target", ["y", "c"])
def test_a_model_keeps_the_way_to_go_on_without_a_cell(policy, target, tmp_path):
    random = np.random.default_rng(0)
    x = random.normal(size=60)
    columns = {"x": np.where(np.arange(60) % 7 == 3, np.nan, x), "z": random.normal(size=60),
               "k": np.array([["a", "b", ""][i % 3] for i in range(60)], dtype=object)}  # fmt: skip
    answers = {"y": 2.0 * x, "c": np.array(["no", "yes"], dtype=object)[(x > 0).astype(int)]}
    columns[target] = answers[target]
    training = train(columns, target, hidden=(4,), epochs=2, missing=policy, progress=False)
    assert all(np.isfinite(score.value) for score in training.scores)
    training.model.save(tmp_path / "m.safetensors")
    loaded = TableModel.load(tmp_path / "m.safetensors")
    assert loaded.preprocessing == training.model.preprocessing
    assert pickle.loads(pickle.dumps(loaded.preprocessing)) == copy.deepcopy(loaded.preprocessing)
    predicted = loaded.predict(columns)
    assert predicted.tolist() == pytest.approx(
        training.model.predict(columns).tolist(), nan_ok=True
    )
    unknown = (predicted == "") if target == "c" else np.isnan(predicted)
    gaps = is_missing(columns["x"]) | is_missing(columns["k"])
    assert np.array_equal(unknown, gaps if policy == "drop" else np.zeros(60, dtype=bool))
    assert loaded.preprocessing.unseen(columns) == {}


def test_a_description_without_missing_cells_is_read_as_ever():
    """Files of versions that knew none."""
    old = (
        '{"features": [{"name": "x", "mean": 1.0, "scale": 2.0}, '
        '{"name": "k", "categories": ["", "a"]}], '
        '"target": {"name": "y", "classes": ["0", "1"], "kind": "numeric"}}'
    )
    prepared = Preprocessing.from_json(old)
    assert prepared.missing == "error"
    assert prepared.features == (NumericFeature("x", 1.0, 2.0), TextFeature("k", ("", "a")))
    assert prepared.target.encode(np.array([1.0, 0.0])).tolist() == [1, 0]
    with pytest.raises(ModelFileError, match="was 'zero'"):
        Preprocessing.from_json(old[:-1] + ', "missing": "zero"}')


# --- tiny tables, and the command line ------------------------------------------------------------


def test_the_five_rows_of_the_lecture_are_learnt(tmp_path, capsys):
    path, model = tmp_path / "lecture.csv", tmp_path / "m.safetensors"
    path.write_text("Input\tDesired output\n0\t0\n1\t2\n2\t4\n3\t6\n4\t8\n")
    argv = ["train", str(path), "--target", "Desired output", "--epochs", "120", "--quiet"]
    argv += ["--hidden", "4", "--learning-rate", "0.1"]
    assert main([*argv, "--save", str(model)]) == 0
    told = capsys.readouterr().out
    assert "note: separator: tab" in told
    assert "trained on 5 rows, held out 0" in told
    assert "score on rows trained on" in told
    columns = read_csv(path).columns({"Input": "numeric"})
    np.testing.assert_allclose(TableModel.load(model).predict(columns), [0, 2, 4, 6, 8], atol=0.05)
    assert main([*argv, "--test-size", "0.4"]) == 0
    assert "trained on 3 rows, held out 2" in capsys.readouterr().out
    assert main([*argv, "--test-size", "0.9"]) == 2


def test_gaps_units_and_identifiers_from_file_to_prediction(tmp_path, capsys):
    path, new, model = (tmp_path / name for name in ("data.csv", "new.csv", "m.safetensors"))
    rows = [f"{i};{'' if i % 9 == 4 else i * 0.5} €;{i % 10}%;{i % 2:03}" for i in range(40)]
    text = "\n".join(["sep=;", "id;price;off;y", *rows]).replace("; €", ";").replace(".", ",")
    path.write_text(text)
    argv = ["train", str(path), "--target", "y", "--epochs", "2", "--quiet", "--save", str(model)]
    assert main(argv) == 2
    assert "line 7 and 3 more below: the cell of column 'price' is emp" in capsys.readouterr().err
    assert main([*argv, "--missing", "drop"]) == 0
    told = capsys.readouterr().out
    assert "note: 4 rows left out, because cells are missing" in told
    assert "id      identifier  left out: counts up by one from 0; --keep id" in told
    assert "0 to 19.5 €, decimal comma, 4 missing" in told
    new.write_text("price;off\n1,5 €;3%\n")
    assert main(["predict", str(model), str(new)]) == 0
    capsys.readouterr()
    new.write_text("price;off\n$1.5;3%\n")
    assert main(["predict", str(model), str(new)]) == 2
    assert "'price' are in $, and the model was trained on €" in capsys.readouterr().err
    new.write_text("price;off\n1.5 €;3 €\n")
    assert main(["predict", str(model), str(new)]) == 2
    assert "'off' are in €, and the model was trained on %" in capsys.readouterr().err
    new.write_text("price,off\n1.5,3\n")
    assert main(["predict", str(model), str(new)]) == 2
    assert "without a unit, and the model was trained on" in capsys.readouterr().err
    new.write_text("price;off\n1,5 €;3%\n;3%\n")
    assert main(["predict", str(model), str(new)]) == 0
    caught = capsys.readouterr()
    assert caught.out.splitlines()[1] in ("000", "001")
    assert caught.out.splitlines()[2] == '""'
    assert "note: 1 row without a prediction" in caught.err
    new.write_bytes("grün,price,off\nx,1.5€,3%\n".encode("cp1252"))
    assert main(["predict", str(model), str(new), "--encoding", "cp1252"]) == 2
    assert (
        "'1.5€' in the numeric column 'price' is no number with the decimal sign , of the mod"
        in (capsys.readouterr().err)
    )
    argv = ["predict", str(model), str(new), "--encoding", "cp1252", "--decimal", "."]
    assert main(argv) == 0


@pytest.mark.parametrize(
    "options", [["--missing", "zero"], ["--decimal", ";"], ["--header", "maybe"],
                ["--test-size", "-0.1"], ["--test-size", "1"]]
)  # fmt: skip
def test_other_words_are_refused(options, tmp_path):
    with pytest.raises(SystemExit) as caught:
        main(["train", str(tmp_path / "x.csv"), "--target", "y", *options])
    assert caught.value.code == 2
