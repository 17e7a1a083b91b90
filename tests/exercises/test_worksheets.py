"""Worksheets: what their levels ask for, that keys are right, and that their files are whole."""

import ast
import re

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbclient import NotebookClient

import autograd_lite as ag
from autograd_lite.cli import main
from autograd_lite.exercises import worksheet
from autograd_lite.exercises.worksheets import FORMATS
from autograd_lite.graph import ancestors, leaves

LEVELS = range(1, 6)


def uses(exercise):
    """How often each node is an argument."""
    nodes = ancestors(exercise.root)
    args = [parent.label for node in nodes for parent in node.parents]
    return {node.label: args.count(node.label) for node in nodes}


def activations(exercise):
    return [node.op for node in ancestors(exercise.root) if len(node.parents) == 1]


class TestExercises:
    @settings(max_examples=20, deadline=None)
    @given(st.sampled_from(LEVELS), st.integers(0, 10**6))
    def test_a_key_is_the_gradient_and_its_parts_add_up(self, level, seed):
        """Of every node, leaf or not, with a name of its own."""
        for exercise in worksheet(level, seed, 2).exercises:
            nodes = ancestors(exercise.root)
            assert [node.label for node in nodes] == [*exercise.key]
            assert ag.gradient(exercise.root, nodes) == [*exercise.key.values()]
            for name, grad in exercise.key.items():
                parts = [upstream * partial for upstream, partial in exercise.parts(name)]
                assert name == exercise.root.label or sum(parts) == pytest.approx(grad)

    @settings(max_examples=20, deadline=None)
    @given(st.sampled_from(LEVELS), st.integers(0, 10**6))
    def test_numbers_are_round(self, level, seed):
        [exercise] = worksheet(level, seed, 1).exercises
        numbers = [node.data for node in ancestors(exercise.root)] + [*exercise.key.values()]
        numbers += [x for step in exercise.steps for _, x in step.partials]
        assert all((4 * x).is_integer() and abs(x) <= 40 and f"{x:g}" != "-0" for x in numbers)
        assert all(x.data and x.data.is_integer() for x in leaves(exercise.root))
        assert 4 * [*exercise.key.values()].count(0.0) <= len(exercise.key)

    def test_no_activation_is_flattened_or_at_a_kink(self):
        """At these seeds there would be tanh(24), relu(0) and a product that is -0."""
        for seed in (6, 8, 25, 38):
            for exercise in worksheet(3, seed).exercises:
                [bent] = [node for node in ancestors(exercise.root) if len(node.parents) == 1]
                [at] = [node.data for node in bent.parents]
                partials = [x for step in exercise.steps for _, x in step.partials]
                assert (at != 0.0) if bent.op == "relu" else (at == 0.0)
                assert all((4 * x).is_integer() for x in partials)

    def test_levels_bring_reuse_activations_a_neuron_and_a_layer(self):
        sheets = {level: worksheet(level, 3, 12).exercises for level in LEVELS}
        assert all(max(uses(e).values()) == 1 for e in sheets[1])
        assert all(max(uses(e).values()) > 1 for e in sheets[2])
        assert not any(map(activations, (*sheets[1], *sheets[2])))
        assert all(len(activations(e)) == 1 for e in (*sheets[3], *sheets[4]))
        assert all(uses(e)["e"] == 2 for e in sheets[4])
        assert all(len(activations(e)) == 2 and uses(e)["x1"] == 2 for e in sheets[5])
        sizes = [sum(len(e.key) for e in sheets[level]) for level in LEVELS]
        assert sizes[0] < min(sizes[1:3]) < sizes[3] < sizes[4]

    def test_answers_are_marked(self):
        """With the way to a wrong one, and not with the solution."""
        exercise = worksheet(2, 7)[0]
        answers = {name: x for name, x in exercise.key.items() if name != "a"} | {"e": 99.0}
        marks = exercise.check(**answers)
        assert marks["a"] == "open"
        assert marks["e"].startswith("✗ 2 parts: of each use")
        assert str(int(exercise.key["e"])) not in marks["e"].removeprefix("✗ 2")
        assert {*marks.values()} == {"✓", marks["e"], "open"}
        assert {*exercise.check(a=...).values()} == {"open"}
        with pytest.raises(ValueError, match=r"the exercise has no 'z', but [a-g, ]{19}$"):
            exercise.check(z=1.0)

    def test_the_picture_has_slots_and_the_key_has_gradients(self):
        exercise = worksheet(2, 7)[0]
        asked, told = exercise.picture(), exercise.picture(key=True)
        assert {box.lines[1].text for box in asked.boxes} == {"grad ______"}
        assert not any(a.note.text.strip() for box in asked.boxes for a in box.arrows)
        shown = {box.label: box.lines[1].text for box in told.boxes}
        assert shown == {name: f"grad {x:g}" for name, x in exercise.key.items()}
        assert told.notes == ()

    def test_without_graphviz_a_notebook_shows_the_listing(self, monkeypatch):
        exercise = worksheet()[0]
        assert exercise._repr_html_().startswith("<img ")
        monkeypatch.setenv("AUTOGRAD_LITE_DOT", "/nowhere")
        assert "grad ______" in exercise._repr_html_()

    @pytest.mark.parametrize("level", [0, 6, "1"])
    def test_there_are_five_levels(self, level):
        with pytest.raises(ValueError, match="from 1 to 5"):
            worksheet(level)

    def test_a_sheet_has_an_exercise_at_least(self):
        with pytest.raises(ValueError, match="from 1 to 1,000, and not 0"):
            worksheet(1, 0, 0)
        assert len(worksheet(1, 0, 2)) == 2


class TestFiles:
    @pytest.mark.parametrize("format", FORMATS)
    def test_the_same_seed_gives_the_same_bytes(self, tmp_path, format):
        """And another seed others; the key stands in a file of its own."""
        written = {}
        for name, seed in (("one", 7), ("two", 7), ("other", 8)):
            files = worksheet(3, seed, 2).save(tmp_path / f"{name}.{format}")
            assert files[1] == tmp_path / f"{name}-key.{format}"
            written[name] = [path.read_bytes() for path in files]
        assert written["one"] == written["two"]
        assert written["one"][0] != written["other"][0]
        assert written["one"][0] != written["one"][1]

    def test_another_ending_is_refused(self, tmp_path):
        with pytest.raises(ValueError, match=r"\.html, \.tex, \.ipynb"):
            worksheet().save(tmp_path / "sheet.docx")

    def test_latex_is_balanced_and_holds_every_gradient(self, tmp_path):
        """No TeX is at hand here: braces, environments, columns and dollar signs are counted."""
        for path in worksheet(5, 7, 2).save(tmp_path / "sheet.tex"):
            text = path.read_text()
            assert text.count("{") == text.count("}")
            assert text.count("$") % 2 == 0
            begun, ended = (re.findall(rf"\\{word}{{(\w+)}}", text) for word in ("begin", "end"))
            assert sorted(begun) == sorted(ended)
            assert text.isascii()
            rows = [line for line in text.splitlines() if "&" in line]
            assert len(rows) == 2 * (1 + len(worksheet(5, 7, 1)[0].key))
            assert {row.count("&") for row in rows} == {2}
            assert all(row.endswith(r"\\ \hline") for row in rows)
        exercise = worksheet(5, 7, 2)[1]
        for name in exercise.key:
            label = re.sub(r"(\d)", r"_{\1}", name)
            told = exercise.sum(name).replace("×", r"\cdot")
            assert any(row.startswith(f"${label}") and f"${told}$" in row for row in rows)

    def test_a_notebook_runs_from_top_to_bottom(self, tmp_path):
        """Open answers are told as open, and the key's are right."""
        first, key = (
            nbformat.read(path, 4) for path in worksheet(2, 7, 2).save(tmp_path / "s.ipynb")
        )
        nbformat.validate(first)
        nbformat.validate(key)
        NotebookClient(first, timeout=60, kernel_name="python3").execute()
        outputs = [cell.outputs[0].data for cell in first.cells if cell.get("outputs")]
        assert ["text/html" in data for data in outputs] == [True, False] * 2
        assert outputs[0]["text/html"].startswith("<img ")
        assert [{*ast.literal_eval(data["text/plain"]).values()} for data in outputs[1::2]] == [
            {"open"}
        ] * 2
        start, *rest = [cell.source for cell in key.cells if cell.cell_type == "code"]
        names = {}
        exec(start, names)
        assert [{*eval(answers, names).values()} for answers in rest[1::2]] == [{"✓"}] * 2

    def test_html_prints_on_a4_with_whole_exercises(self, tmp_path, page):
        """Each fits the width and lies on one page; so does the key, which has every gradient."""
        sheet = worksheet(5, 7, 3)
        for path in sheet.save(tmp_path / "sheet.html"):
            for width in (360, 794, 3840):
                page.page.set_viewport_size({"width": width, "height": 1123})
                page.page.goto(path.as_uri())
                assert page.page.evaluate("document.documentElement.scrollWidth") <= width
            page.page.emulate_media(media="print")
            assert page.page.locator("section").count() == 3
            for box in page.page.locator("section").all():
                assert box.bounding_box()["height"] < 600
            printed = page.page.pdf(prefer_css_page_size=True)
            page.page.emulate_media(media="screen")
            sizes = {
                tuple(map(float, m)) for m in re.findall(rb"MediaBox \[0 0 (\S+) (\S+)\]", printed)
            }
            assert [(round(w), round(h)) for w, h in sizes] == [(595, 842)]
        said = page.page.locator("li").all_text_contents()
        assert said == [f"{name}: {e.sum(name)}" for e in sheet.exercises for name in e.key]


class TestCommand:
    def test_one_command_gives_a_worksheet_and_its_key(self, tmp_path, capsys):
        options = ["--level=2", "--seed=7", "--count=2", "--format=tex"]
        assert main(["worksheet", *options, "--out", str(tmp_path / "new")]) == 0
        names = ["worksheet-level2-seed7.tex", "worksheet-level2-seed7-key.tex"]
        first, second = (tmp_path / "new" / name for name in names)
        assert capsys.readouterr().out == f"worksheet: {first}\nkey: {second}\n"
        files = worksheet(2, 7, 2).save(tmp_path / "again.tex")
        assert [first.read_bytes(), second.read_bytes()] == [p.read_bytes() for p in files]

    @pytest.mark.parametrize(
        ("argv", "said"),
        [
            ("--level 6", "argument --level: invalid choice: "),
            ("--seed -1", "argument --seed: "),
            ("--count 0", "'0' is no whole number from 1 to 1,000"),
            ("--count 99999999999999999999", "is no whole number from 1 to 1,000"),
            ("--format docx", "argument --format: invalid choice: 'docx'"),
        ],
    )
    def test_a_wrong_argument_is_told_in_one_line(self, argv, said, capsys):
        with pytest.raises(SystemExit) as exit_:
            main(["worksheet", *argv.split()])
        assert exit_.value.code == 2
        told = capsys.readouterr().err
        assert said in told
        assert len(told.splitlines()) == 1

    def test_a_folder_that_cannot_be_made_is_told_in_one_line(self, tmp_path, capsys):
        (tmp_path / "file").touch()
        assert main(["worksheet", "--out", str(tmp_path / "file" / "x")]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
