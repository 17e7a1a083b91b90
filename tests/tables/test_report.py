"""Folds, and the page of a training: what it says is what was computed, and it asks nobody."""

import csv
import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from browser import tab
from sklearn.model_selection import StratifiedKFold

from autograd_lite import tables
from autograd_lite.cli import main
from autograd_lite.errors import TableError
from autograd_lite.tables.learning import fold_of_rows
from autograd_lite.tables.sections import Section, importance


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A class that goes by `x<1>` and a little by `sort`; `noise` and `same` say nothing."""
    path = tmp_path_factory.mktemp("report") / "a & b.csv"
    random = np.random.default_rng(0)
    x, noise = random.normal(size=(2, 90)).round(3)
    sort = random.choice(["left $", "right $"], 90)
    kind = np.where(x + 0.3 * (sort == "left $") > 0.0, "yes", "no")
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["x<1>", "noise", "sort", "same", "kind", "number"])
        writer.writerows(zip(x, noise, sort, [1] * 90, kind, 3 * x + noise / 9, strict=True))
    return path


@pytest.fixture(scope="module")
def pages(data):
    """The pages of a classification and of a regression."""
    for target, other in (("kind", "number"), ("number", "kind")):
        argv = ["train", data, "--target", target, "--ignore", other, "--epochs", "15", "--quiet"]
        page = data.with_name(f"{target}.html")
        assert main([*map(str, argv), "--folds", "3", "--hidden", "6", "--report", str(page)]) == 0
    return [data.with_name(f"{target}.html") for target in ("kind", "number")]


class Cells(HTMLParser):
    """The tables of a page, as lists of lines of cells."""

    def __init__(self, page):
        super().__init__()
        self.tables, self.inside = [], False
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, text):
        if self.inside:
            self.tables[-1][-1][-1] += text


def test_every_fold_has_its_share_of_rows_and_classes():
    """As scikit-learn's have, though by another chance."""
    column = np.array([*"aaaaaaaaaaaaaabbbbbbbbbbbbcccccdd"], dtype=object)
    for task in ("classification", "regression"):
        dealt = fold_of_rows(column, task, 5, 0)
        sizes = np.bincount(dealt, minlength=5)
        assert np.ptp(sizes) <= 1
    theirs = StratifiedKFold(5).split(column, column == "b")
    dealt = fold_of_rows(column, "classification", 5, 0)
    ours = [int(np.sum(column[dealt == fold] == "b")) for fold in range(5)]
    assert sorted(ours) == sorted(int(np.sum(column[test] == "b")) for _, test in theirs)
    assert not np.array_equal(dealt, fold_of_rows(column, "classification", 5, 1))


@pytest.mark.parametrize(
    ("column", "folds", "message"),
    [
        (["a", "a", "b", "a", "b", "c"], 3, "the class 'c' has one row"),
        (["a", "b"] * 4, 5, "8 rows cannot be dealt out into 5 folds"),
        (["a", "b"] * 4, 1, "into 1 fold:"),
    ],
)
def test_folds_that_cannot_be_are_refused(column, folds, message):
    with pytest.raises(TableError, match=re.escape(message)):
        fold_of_rows(np.array(column, dtype=object), "classification", folds, 0)


def test_a_fold_s_score_is_that_of_a_training_on_the_others(data):
    columns = {"x": np.linspace(-1.0, 1.0, 40), "y": np.linspace(-1.0, 1.0, 40) ** 2}
    options = {"hidden": (4,), "epochs": 5, "progress": False, "task": "regression"}
    training = tables.train(columns, "y", folds=4, **options)
    dealt = fold_of_rows(columns["y"], "regression", 4, 0)
    assert len(training.folds) == 4
    out = dealt == 2
    network = training.model.network.__class__(1, [4, 1], activation="relu", init=None, seed=0)
    x, y = columns["x"], columns["y"]
    scaled = [(each - each[~out].mean()) / each[~out].std() for each in (x, y)]
    network.learn(scaled[0][~out], scaled[1][~out], epochs=5, progress=False, seed=0)
    found = network.predict(scaled[0][out]) * y[~out].std() + y[~out].mean()
    rmse = np.sqrt(np.mean((found - y[out]) ** 2))
    assert training.folds[2][1] == pytest.approx(rmse, rel=1e-9)
    assert tables.train(columns, "y", **options).scores == training.scores


def test_the_most_important_column_is_the_one_that_the_target_goes_by(data):
    random = np.random.default_rng(1)
    columns = {name: random.normal(size=200) for name in ("little", "nothing", "much")}
    columns["sort"] = np.array([*"ab" * 100], dtype=object)
    columns["y"] = 3 * columns["much"] + columns["little"] + 5.0 * (columns["sort"] == "a")
    training = tables.train(columns, "y", epochs=30, progress=False)
    falls = importance(training.model, columns)
    assert [*falls] == ["much", "sort", "little", "nothing"]
    assert abs(falls["nothing"]) < 0.02 < falls["little"]
    section = Section(training.model, columns, ["much", "sort"])
    at = {name: np.full(2, np.median(columns[name])) for name in ("little", "nothing")}
    at |= {"much": np.array([0.5, -0.5]), "sort": np.array(["b", "a"], dtype=object)}
    expected = training.model.predict(at)
    assert np.array_equal(section.predict(np.array([[0.5, 1.2], [-0.5, -0.4]])), expected)
    places = section.places(columns)
    assert np.array_equal(np.rint(places[:, 1]), columns["sort"] == "b")


def test_the_page_says_what_was_computed(pages):
    scores, columns, confusion = Cells(pages[0]).tables
    names = [line[0] for line in scores]
    assert names[3:] == ["fold 1", "fold 2", "fold 3", "mean ± standard deviation of the folds"]
    folds = [float(line[1]) for line in scores[3:6]]
    assert scores[6][1] == f"{np.mean(folds):.4g} ± {np.std(folds, ddof=1):.2g}"
    assert [line[:2] for line in columns[1:]] == [
        ["x<1>", "number"], ["noise", "number"], ["sort", "category"], ["same", "constant"],
        ["kind", "category, the target"], ["number", "left out"],
    ]  # fmt: skip
    assert [bool(line[3]) for line in columns[1:]] == [True, True, True, False, False, False]
    counts = np.array([line[1:] for line in confusion[1:]], dtype=int)
    assert counts.sum() == 18
    assert float(scores[2][1]) == pytest.approx(np.trace(counts) / 18, abs=1e-4)
    assert len(Cells(pages[1]).tables) == 2


def test_the_page_stands_alone(pages):
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.findall(r"""(?:src|href)=["'](?!#|data:)""", text)
        assert "@import" not in text
        assert not re.findall(r"url\((?!#)", text)
        assert len(text) < 400_000
        assert "#000000" not in text.partition("<main>")[2]
        assert "x&lt;1&gt;" in text


def test_the_page_fits_a_phone_and_a_desk_in_both_lights(browser, pages):
    for page, width, scheme in zip(pages, (360, 1280), ("light", "dark"), strict=True):
        size = {"width": width, "height": 800}
        with tab(browser, viewport=size, color_scheme=scheme) as opened:
            opened.page.goto(page.as_uri())
            assert opened.page.evaluate("document.documentElement.scrollWidth") == width
            places = opened.page.locator(".plot svg").evaluate_all(
                "(all) => all.map((svg) => svg.getBoundingClientRect()).map("
                "(r) => [r.left, r.right])"
            )
            assert all(0 < left < right < width for left, right in places)
            table = opened.page.locator("#columns .table")
            assert table.evaluate("(e) => e.scrollWidth - e.clientWidth") <= 0
            letters = opened.page.locator(".plot text").evaluate_all(
                "(all) => all.map((t) => [t.getBoundingClientRect().height, "
                "getComputedStyle(t).fill])"
            )
            assert min(height for height, _ in letters) >= 8.0
            ink = opened.page.evaluate("getComputedStyle(document.body).color")
            assert {fill for _, fill in letters} == {ink}
            assert opened.quiet(), (opened.said, opened.asked)


def test_a_report_needs_matplotlib_before_the_work(data, monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    argv = ["train", data, "--target", "kind", "--report", tmp_path / "r.html"]
    assert main([*map(str, argv)]) == 2
    captured = capsys.readouterr()
    assert 'pip install "autograd-lite[plot]"' in captured.err
    assert captured.out == ""


def test_one_column_of_numbers_is_drawn_as_a_curve_and_of_classes_not_at_all(data, tmp_path):
    for target, drawn in (("kind", 1), ("number", 3)):
        page = tmp_path / "page.html"
        others = ["noise", "sort", "same", "number" if target == "kind" else "kind"]
        argv = ["train", data, "--target", target, "--epochs", "2", "--quiet", "--report", page]
        argv += [word for name in others for word in ("--ignore", name)]
        assert main([*map(str, argv)]) == 0
        assert page.read_text(encoding="utf-8").count("<svg") == drawn


@pytest.mark.parametrize("kinds", [("small", "large"), (1.5, 2.25)])
def test_a_few_rows_of_which_none_is_held_out_have_a_page(kinds, tmp_path):
    path, page = tmp_path / "few.csv", tmp_path / "page.html"
    path.write_text("x,y\n" + "".join(f"{i + 0.5},{kinds[i > 3]}\n" for i in range(6)))
    argv = ["train", path, "--target", "y", "--task", "regression", "--epochs", "2", "--quiet"]
    argv = argv[:4] + argv[6 if isinstance(kinds[0], str) else 4 :]
    assert main([*map(str, argv), "--report", str(page)]) == 0
    assert [line[0] for line in Cells(page).tables[0]] == [
        "", "without features, rows trained on", "network, rows trained on",
    ]  # fmt: skip
    assert "held out (" not in page.read_text(encoding="utf-8").partition("Columns that")[0]


def test_the_legend_names_classes_whatever_they_are_called(tmp_path):
    """One that matplotlib would hide, and one that is a colour of the page."""
    data, page = tmp_path / "d.csv", tmp_path / "d.html"
    lines = [f"{i},{i % 7},{'#000000' if i < 20 else '_hidden'}" for i in range(40)]
    data.write_text("\n".join(["x,y,k", *lines]))
    argv = ["train", data, "--target", "k", "--epochs", "2", "--quiet", "--report", page]
    assert main([*map(str, argv), "--keep", "x"]) == 0
    plane = page.read_text(encoding="utf-8").rpartition("<svg")[2]
    assert ">#000000</text>" in plane
    assert ">class _hidden</text>" in plane
    assert re.search("fill: currentColor|stroke: currentColor", plane)
    assert "#000000" not in "".join(re.findall("<[^>]*>", plane))
