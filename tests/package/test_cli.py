"""The command line: what it prints, and that no user error ends in a traceback."""

import os
import signal
import subprocess
import sys
import sysconfig
from importlib.metadata import version

import pytest

from autograd_lite import nn
from autograd_lite.cli import commands, main
from autograd_lite.terminal import Terminal

COMMAND = [sys.executable, "-m", "autograd_lite"]


@pytest.fixture
def fails(capsys):
    """Run a command that must fail with status 2 and one line on stderr, which is returned."""

    def run(*argv, lines=1):
        try:
            status = main(list(map(str, argv)))
        except SystemExit as exit_:
            status = exit_.code
        captured = capsys.readouterr()
        assert status == 2
        assert len(captured.err.splitlines()) == lines
        assert captured.err.startswith("autograd-lite")
        return captured.err

    return run


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.csv"
    rows = [(i / 10, "odd" if i % 2 else "even", 3, "yes" if i > 20 else "no") for i in range(40)]
    path.write_text(
        "size,kind,same,answer\n" + "".join(f"{a},{b},{c},{d}\n" for a, b, c, d in rows)
    )
    return path


# --- the program ----------------------------------------------------------------------------------


def test_the_version_is_the_installed_one(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert exit_.value.code == 0
    assert capsys.readouterr().out == f"autograd-lite {version('autograd-lite')}\n"


def test_python_m_and_the_script_run_the_same_program():
    script = os.path.join(os.path.dirname(sys.executable), "autograd-lite")
    arguments = ["explain", "x*x", "x=3"]
    outputs = [
        subprocess.run([*command, *arguments], capture_output=True, text=True, check=True).stdout
        for command in (COMMAND, [script])
    ]
    assert outputs[0] == outputs[1]
    assert outputs[0].startswith("x*x = 9\n")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "required: COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["lesson", "8"], "invalid choice: "),  # newer Pythons quote the 8
        (["lesson", "one"], "invalid int value"),
        (["lesson", "3", "--html", "x.html"], "--html: not allowed with argument STEP"),
        (["lesson", "--html", "x.pdf"], "a page is saved as .html, and 'x.pdf' is none"),
        (["lesson", "--html", "out/"], "a page is saved as .html, and 'out/' is none"),
        (["train", "x.csv"], "required: --target"),
        (["train", "x.csv", "--target", "y", "--hidden", "16,"], "'16,' is no list of layer sizes"),
        (["train", "x.csv", "--target", "y", "--hidden", "0"], "no list of layer sizes"),
        (["train", "x.csv", "--target", "y", "--hidden", ""], "no list of layer sizes"),
        (["train", "x.csv", "--target", "y", "--epochs", "0"], "'0' is no positive whole number"),
        (["train", "x.csv", "--target", "y", "--epochs", "1.5"], "no positive whole number"),
        (["train", "x.csv", "--target", "y", "--learning-rate", "0"], "not positive and finite"),
        (["train", "x.csv", "--target", "y", "--learning-rate", "nan"], "not positive and finite"),
        (["train", "x.csv", "--target", "y", "--test-size", "1"], "not between 0 and 1"),
        (["train", "x.csv", "--target", "y", "--seed", "-1"], "whole number from 0"),
        (["train", "x.csv", "--target", "y", "--save", "none/m"], "there is no directory 'none'"),
        (["train", "x.csv", "--target", "y", "--save", "."], "'.' is a directory"),
        (["train", "none.csv", "--target", "y"], "'none.csv': No such file"),
        (["train", ".", "--target", "y"], "directory"),
        (["predict", "none.safetensors", "x.csv"], "No such file"),
        (["explain"], "required: EXPRESSION"),
        (["explain", "x", "x"], "'x' is no NAME=NUMBER"),
        (["explain", "x", "x=two"], "'two' is no number"),
        (["explain", "x", "2x=1"], "'2x' cannot be a name"),
        (["explain", "x", "lambda=1"], "'lambda' cannot be a name"),
        (["explain", "x", "x=1", "x=2"], "x is given more than once"),
        (["explain", "x", "x=1", "y=2"], "does not use y, but x"),
        (["explain", "", "x=1"], "the expression is empty"),
        (["explain", "x", "x=1", "--draw"], "expected one argument"),
        (["explain", "x", "x=1", "--draw", "x.bmp"], "--draw: a picture is saved as .svg"),
        (["playground", "x", "--output", "x.svg"], "a page is saved as .html, and 'x.svg' is none"),
        (["playground", "x", "--output", "no/x.html"], "no"),
        (["explain", "x", "x=1", "--paint"], "unrecognized arguments: --paint"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_told_in_one_line(fails, argv, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in fails(*argv)


def test_ctrl_c_ends_with_the_status_that_shells_expect(monkeypatch, capsys):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "lesson", interrupted)
    assert main(["lesson"]) == 130
    assert capsys.readouterr().err == "autograd-lite: interrupted\n"


def test_a_missing_extra_is_named_in_one_line(monkeypatch, fails, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    message = fails("lesson", "1", "--figures", tmp_path)
    assert 'pip install "autograd-lite[plot]"' in message


def test_a_closed_pipe_ends_quietly():
    process = subprocess.Popen(
        [*COMMAND, "lesson", "3"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 141
    assert errors == b""


def test_a_terminal_without_unicode_gets_plain_letters():
    result = subprocess.run(
        [*COMMAND, "explain", "x*x", "x=3"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        check=True,
    )
    assert b"d/dx = 3, d/dx = 3" in result.stdout


# --- lesson and explain ---------------------------------------------------------------------------


def test_one_step_of_the_lesson_is_printed_with_its_title(capsys):
    assert main(["lesson", "3"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Step 3: Loss function\n")
    assert "Step 4" not in out


def test_the_figures_of_a_step_are_saved_as_png(tmp_path, capsys):
    assert main(["lesson", "1", "--figures", str(tmp_path / "new")]) == 0
    paths = [line[8:] for line in capsys.readouterr().out.splitlines() if line[:8] == "figure: "]
    assert paths
    for path in paths:
        with open(path, "rb") as file:
            assert file.read(8) == b"\x89PNG\r\n\x1a\n"
    assert len(os.listdir(tmp_path / "new")) == len(paths)


def test_the_lesson_is_written_as_a_page(tmp_path, capsys):
    path = tmp_path / "lesson.html"
    assert main(["lesson", "--html", str(path)]) == 0
    assert capsys.readouterr().out == f"page: {path}\n"
    assert path.read_text().startswith("<!DOCTYPE html>")
    assert os.listdir(tmp_path) == ["lesson.html"]


def test_the_page_of_the_lesson_can_take_no_directorys_place(fails, tmp_path):
    (tmp_path / "x.html").mkdir()
    assert "is a directory; name a file" in fails("lesson", "--html", tmp_path / "x.html")
    (tmp_path / "file").write_text("")
    assert "is no directory" in fails("lesson", "--html", tmp_path / "file" / "x.html")


def test_a_page_of_the_lesson_needs_graphviz(fails, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sysconfig, "get_path", lambda *_: str(tmp_path))
    message = fails("lesson", "--html", tmp_path / "x.html")
    assert "No picture, because no Graphviz is installed" in message
    assert os.listdir(tmp_path) == []


def test_playground_writes_the_page_of_an_expression(tmp_path, capsys):
    page = tmp_path / "x.html"
    assert main(["playground", "-tanh(w*x)", "--output", str(page)]) == 0
    assert capsys.readouterr().out == f"page: {page}\n"
    assert '"-tanh(w*x)"' in page.read_text(encoding="utf-8")


def test_explain_prints_values_gradients_and_partial_derivatives(capsys):
    assert main(["explain", "tanh(w*x + b)", "w=0.5", "x=2", "b=-1"]) == 0
    assert capsys.readouterr().out == (
        "tanh(w*x + b) = 0\n"
        "\n"
        "variable  value  gradient\n"
        "w           0.5         2\n"
        "x             2       0.5\n"
        "b            -1         1\n"
        "\n"
        "step  formula   value  gradient  partial derivatives\n"
        "w                 0.5         2\n"
        "x                   2       0.5\n"
        "v1    w * x         1         1  ∂/∂w = 2, ∂/∂x = 0.5\n"
        "b                  -1         1\n"
        "v2    v1 + b        0         1  ∂/∂v1 = 1, ∂/∂b = 1\n"
        "v3    tanh(v2)      0         1  ∂/∂v2 = 1\n"
    )


def test_explain_knows_every_way_a_step_can_look(capsys):
    assert main(["explain", "-leaky_relu(abs(v1), 0.1)**2/hypot(v1, 1)", "v1=-2"]) == 0
    out = capsys.readouterr().out
    for formula in ("absolute(v1)", "leaky_relu(v2, slope=0.1)", "v3 ** 2", "-v4", "hypot(v1, 1)"):
        assert f"  {formula}  " in out


def test_explain_of_numbers_alone_has_no_variables(capsys):
    assert main(["explain", "2**0.5"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("2**0.5 = 1.41421\n")
    assert "variable" not in out


def test_a_formula_may_begin_with_a_minus_and_options_may_stand_anywhere(tmp_path, capsys):
    for argv in (["-x", "--draw", "{}", "x=3"], ["--draw={}", "-x", "x=3"], ["--", "-x", "x=3"]):
        path = tmp_path / "graph.svg"
        assert main(["explain", *[argument.format(path) for argument in argv]]) == 0
        assert capsys.readouterr().out.startswith("-x = -3\n")
        assert path.exists() == (argv[0] != "--")
        path.unlink(missing_ok=True)


def test_explain_shows_paths_and_latex_on_request(capsys):
    assert main(["explain", "x*x + 1", "--latex", "x=3", "--paths"]) == 0
    printed = capsys.readouterr().out
    assert "dv2/dx = 6: 2 paths from x to v2" in printed
    assert "∂₁v1/∂x  = x  = 3" in printed
    assert printed.endswith("\nx \\cdot x + 1\n")


def test_explain_draws_the_graph_with_the_names_of_the_steps(tmp_path, capsys):
    path = tmp_path / "graph.svg"
    assert main(["explain", "x*x + 1", "x=3", "--draw", str(path)]) == 0
    assert f"drawn: {path}\n" in capsys.readouterr().out
    picture = path.read_text()
    assert picture.lstrip().startswith("<?xml")
    assert ">v1<" in picture


def test_a_fault_in_a_formula_is_shown_with_its_place(fails):
    assert fails("explain", "x + tahn(x)", "x=1", lines=3).splitlines()[1:] == [
        "    x + tahn(x)",
        "        ^",
    ]


def test_explain_help_lists_the_functions(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["explain", "-h"])
    assert exit_.value.code == 0
    assert "logsumexp" in capsys.readouterr().out


# --- the terminal ---------------------------------------------------------------------------------


class Screen:
    """A stream that says whether it is a terminal."""

    def __init__(self, is_terminal):
        self.isatty = lambda: is_terminal


@pytest.mark.parametrize(
    ("is_terminal", "environment", "colour"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (False, {"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        (False, {"FORCE_COLOR": ""}, False),
        (True, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colour_is_for_terminals_that_welcome_it(monkeypatch, is_terminal, environment, colour):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    screen = Terminal(Screen(is_terminal))
    assert screen.colour is colour
    assert screen.heading("x") == ("\x1b[1mx\x1b[0m" if colour else "x")


def test_a_table_is_wrapped_to_the_width_of_the_terminal(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "50")
    names = [f"x{i}" for i in range(9)]
    assert main(["explain", f"sum([{', '.join(names)}])", *[f"{name}=1" for name in names]]) == 0
    body = capsys.readouterr().out.splitlines()
    assert any(line.startswith(" " * 20) for line in body)
    screen = Terminal(Screen(False))
    table = screen.table(("a", "b"), [("1", "word " * 30)])
    assert max(map(len, table.splitlines())) <= 50


def test_numbers_are_coloured_by_their_sign(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    screen = Terminal(Screen(True))
    assert screen.sign(" -2") == "\x1b[31m -2\x1b[0m"
    assert screen.sign("  2") == "\x1b[32m  2\x1b[0m"
    assert screen.sign("  0") == "  0"
    assert screen.sign("   ") == "   "
    assert "\x1b[31m-1\x1b[0m" in screen.table(("n",), [("-1",)], (screen.sign,))


# --- train and predict ----------------------------------------------------------------------------


def test_a_model_is_trained_saved_and_used(data, tmp_path, capsys):
    model = tmp_path / "m.safetensors"
    argv = ["train", data, "--target", "answer", "--hidden", "8", "--epochs", "40", "--save", model]
    assert main([*map(str, argv), "--learning-rate", "0.05", "--quiet"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "data.csv: 40 rows, target 'answer'" in captured.out
    assert "2 classes: 'no', 'yes'" in captured.out
    assert "constant columns left out: 'same'" in captured.out
    assert "trained on 32 rows, held out 8:" in captured.out
    assert f"saved: {model}\n" in captured.out
    score, baseline = captured.out.split("accuracy")[1].split()[:2]
    assert float(score) > float(baseline)

    unseen = tmp_path / "new.csv"
    unseen.write_text("kind,more,size\neven,?,0.1\nblue,?,3.9\n")
    assert main(["predict", str(model), str(unseen)]) == 0
    captured = capsys.readouterr()
    assert captured.out == "answer\nno\nyes\n"
    assert "'kind' that training never saw" in captured.err
    assert "'blue'" in captured.err


def test_training_shows_a_progress_bar_on_stderr(data, capsys):
    assert main(["train", str(data), "--target", "size", "--hidden", "2", "--epochs", "2"]) == 0
    captured = capsys.readouterr()
    assert "2/2" in captured.err
    assert "predicts a number" in captured.out
    assert "R²" in captured.out


def test_held_out_texts_that_training_never_saw_are_reported(tmp_path, capsys):
    path = tmp_path / "data.csv"
    path.write_text("name,y\n" + "".join(f"n{max(i, 1)},{i % 7 + 0.5}\n" for i in range(20)))
    argv = ["train", str(path), "--target", "y", "--hidden", "2", "--epochs", "1", "--quiet"]
    assert main(argv) == 0
    assert "note: held-out rows have texts in 'name'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("", [], "data.csv is empty"),
        ("a,y\n", [], "no rows"),
        ("a,y\n1\n", [], "line 2: 1 cell, where the first line names 2 columns"),
        ("a,b\n1,2\n", [], "no column 'y'; it has 'a', 'b'"),
        ("a,Y\n1,2\n", [], "no column 'y'; it has 'a', 'Y'"),
        ("a,y\n1,1\n2,2\n3,3\nx,4\n", [], "line 5: 'x' in the numeric column 'a'"),
        ("a,y\n1,1\n,2\n", [], "line 3: the cell of column 'a' is empty"),
        ("a,y\n" + "1,1\n" * 9, [], "'y' is 1 in every"),
        ("a,y\n1,1\n", [], "the table has 1 row;"),
        ("a,y\n" + "".join(f"{i},1\n" for i in range(20)), [], "'y' is '1' in every"),
        ("a,y\n" + "".join(f"{i},1\n" for i in range(20)), ["--task", "regression"], "'y' is 1 in"),
        ("a,y\n" + "".join(f"1,{i}\n" for i in range(20)), [], "no column to learn from"),
        ("a,y\n1,2\n", ["--ignore", "y"], "leaves out the target"),
        ("a,y\n1,2\n", ["--ignore", "b"], "no column 'b'"),
        ("a,y\n1,2\n", ["--text", "b"], "no column 'b'"),
    ],
)
def test_a_table_that_cannot_be_learnt_from_is_told_in_one_line(
    fails, tmp_path, content, options, message
):
    path = tmp_path / "data.csv"
    path.write_text(content)
    assert message in fails("train", path, "--target", "y", "--quiet", *options)


def test_a_learning_rate_that_is_too_large_is_told_in_one_line(fails, data):
    message = fails("train", data, "--target", "size", "--learning-rate", "1e300", "--quiet")
    assert "smaller learning rate" in message


def test_text_and_ignore_change_how_columns_are_read(data, tmp_path, capsys):
    argv = ["train", str(data), "--target", "same", "--hidden", "2", "--epochs", "1", "--quiet"]
    assert main(argv) == 2
    table = tmp_path / "codes.csv"
    table.write_text("code,x,y\n" + "".join(f"{i % 3},{i},{i * i}\n" for i in range(20)))
    argv[1], argv[3], model = str(table), "y", tmp_path / "m.safetensors"
    assert main([*argv, "--text", "code", "--ignore", "x", "--save", str(model)]) == 0
    assert '"categories": ["0", "1", "2"]' in nn.read_extra(model)["table"]
    assert "'x'" not in capsys.readouterr().out


def test_predict_refuses_other_files_and_tables(fails, data, tmp_path):
    model = tmp_path / "m.safetensors"
    main(["train", str(data), "--target", "answer", "--hidden", "2", "--epochs", "1", "--quiet",
          "--save", str(model)])  # fmt: skip
    other = tmp_path / "other.csv"
    other.write_text("a\n1\n")
    assert "no column 'size'" in fails("predict", model, other)
    assert "no safetensors file" in fails("predict", data, data)
    other.write_text("size,kind\nbig,even\n")
    assert "'big' in the numeric column 'size'" in fails("predict", model, other)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_during_training_keeps_what_was_learnt(data, tmp_path):
    model = tmp_path / "m.safetensors"
    process = subprocess.Popen(
        [*COMMAND, "train", str(data), "--target", "answer", "--hidden", "2", "--epochs", "1000000",
         "--save", str(model)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    shown = ""
    while "loss=" not in shown:
        character = process.stderr.read(1)
        assert character, f"the training ended by itself: {shown}"
        shown += character
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "note: interrupted after" in out
    assert model.exists()
