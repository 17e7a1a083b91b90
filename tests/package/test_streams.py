"""What is printed on streams that cannot hold every character, that are narrow, or not there."""

import io
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.cli import main
from autograd_lite.lesson import STEPS
from autograd_lite.ops import TABLE
from autograd_lite.terminal import PLAINLY, on_screen

#: What a name for a standard stream stands for, and what Python would write by itself.
ENCODINGS = ["ascii", "cp1252", "cp437", "latin-1", "utf-8"]


def _graph():
    w, x = ag.Value(0.5, label="w"), ag.Value(2.0, label="xα")
    return ag.sum([w, x, x]) * ag.square(w) + ag.prod([w, x]) + ag.less_equal(w, x)


def _loss():
    network = nn.MLP(2, [8, 8, 1], seed=0)
    return sum((network([i / 9, 1.0]) - i) ** 2 for i in range(9))


#: Whatever is text when it is printed.
SHOWN = {
    "explanation": lambda: ag.explain(_graph()),
    "explanations": lambda: ag.explain(_graph(), wrt=ag.graph.leaves(_graph())[:0] or None),
    "long path": lambda: ag.explain(sum([ag.Value(1.0, label="a")] * 300)),
    "listing": lambda: ag.draw(_graph()),
    "folded listing": lambda: ag.draw(_loss(), max_nodes=9),
    "difference": lambda: ag.draw_diff(ag.draw(_graph()), _graph()),
    "report": lambda: ag.diagnose(ag.log(ag.Value(0.0) * 0.0)),
    "program": lambda: ag.freeze(_loss(), []),
    "uncertainty": lambda: ag.uncertainty(ag.exp, 1.0, 0.1),
    **{f"step {step.number}": step.text for step in STEPS},
}


@pytest.fixture
def console(monkeypatch):
    """Make standard output a console of some encoding, which is returned."""

    def of(encoding):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
        monkeypatch.setattr(sys, "stdout", stream)
        return stream

    return of


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("thing", SHOWN)
def test_printing_asks_no_character_of_a_console_that_it_lacks(console, thing, encoding):
    """Ours stand for others there; a user's are escaped, so that no two look alike."""
    stream = console(encoding)
    shown = SHOWN[thing]()
    for text in (str(shown), repr(shown) if thing != "program" else ""):
        print(text)
    stream.flush()
    written = stream.buffer.getvalue().decode(encoding)
    assert len(written) > 3
    escaped = {*re.findall(r"\\[xu][0-9a-f]+", written)} - {r"\n"}
    assert escaped <= {r"\u03b1"}
    assert ("α" in written or r"\u03b1" in written) == (
        thing in ("explanation", "explanations", "listing", "difference")
    )


def test_every_symbol_of_an_op_has_plain_letters(console):
    console("ascii")
    for row in TABLE.values():
        assert "\\" not in on_screen(row.symbol), row


def test_a_user_s_letters_stay_apart(console):
    console("ascii")
    assert on_screen("α β \ud800 é") == r"\u03b1 \u03b2 \ud800 \xe9"
    console("utf-8")
    assert on_screen("α β \ud800 é") == "α β \\ud800 é"
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("utf-8", PLAINLY)


def test_texts_are_whole_where_nothing_is_known_of_the_stream(monkeypatch):
    """In a notebook, under a test runner, or in a program without a console."""
    for stream in (None, io.StringIO(), object()):
        monkeypatch.setattr(sys, "stdout", stream)
        assert on_screen("w ─(2)→ v1") == "w ─(2)→ v1"


# --- no streams at all, as in a windowed program --------------------------------------------------


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("x,kind,y\n" + "".join(f"{i},{'ab'[i % 2]},{2 * i + 0.5}\n" for i in range(30)))
    return path


@pytest.mark.parametrize("missing", [["stdout"], ["stderr"], ["stdout", "stderr"]])
def test_every_command_runs_without_streams(missing, data, tmp_path, monkeypatch, capsys):
    model, page = tmp_path / "m.safetensors", tmp_path / "x.svg"
    unseen = tmp_path / "unseen.csv"
    unseen.write_text("x,kind\n1,c\n")
    for name in missing:
        monkeypatch.setattr(sys, name, None)
    training = ["train", data, "--target", "y", "--epochs", "2", "--hidden", "2", "--save", model]
    for status, argv in (
        (0, ["explain", "x*x", "x=3", "--paths", "--draw", page]),
        (2, ["explain", "x*", "x=3"]),
        (0, ["lesson", "1"]),
        (0, training),
        (0, ["predict", model, unseen]),
        (2, ["predict", data, data]),
    ):
        assert main([*map(str, argv)]) == status
        assert [getattr(sys, name) for name in missing] == [None] * len(missing)
    assert model.exists()
    assert page.exists()
    captured = capsys.readouterr()
    # A complaint does not stand among the results, as print(file=None) would have it.
    assert ("never saw" in captured.out, "autograd-lite:" in captured.out) == (False, False)
    assert ("never saw" in captured.err) == ("stderr" not in missing)
    assert ("\ny\n" in captured.out) == ("stdout" not in missing)


@pytest.mark.parametrize("options", [{}, {"progress": True}, {"show": "live"}])
def test_learning_needs_no_stream_for_its_bar(options, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(sys, "stdout", None)
    x = np.linspace(0.0, 1.0, 8)
    assert len(nn.MLP(1, [2, 1], seed=0).learn(x, 2.0 * x, epochs=3, seed=0, **options)) == 3


# --- a narrow terminal ----------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.number))
@pytest.mark.parametrize("width", [30, 40, 60, 79, 200])
def test_the_lesson_keeps_within_the_terminal(step, width, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(["lesson", str(step.number)]) == 0
    told = capsys.readouterr().out
    assert max(map(len, told.splitlines())) <= min(width, 79)
    if width >= 79:
        assert step.text() in told


def test_a_table_that_is_too_wide_goes_on_below_with_its_first_column():
    told = STEPS[3].text(40)
    assert "input  desired  W=3  squared error\n" in told
    assert "\n\n  input  W=3.0001  squared error\n" in told
    numbers = [sorted(re.findall(r"\d[\d.]*", STEPS[3].text(width))) for width in (40, 79)]
    assert {*numbers[0]} == {*numbers[1]}


# --- Ctrl-C ---------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize(
    ("argv", "begun"),
    [
        (["train", "{}", "--target", "y", "--epochs", "1000000"], "loss="),
        (["lesson"], "Step 1"),
    ],
    ids=["train", "lesson"],
)
def test_ctrl_c_ends_a_command_with_130_and_one_line(argv, begun, data):
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "autograd_lite", *[word.format(data) for word in argv]],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    shown = ""
    while begun not in shown:
        shown += process.stdout.read(1)
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert rest.endswith("autograd-lite: interrupted\n")
    assert "Traceback" not in rest


def test_ctrl_c_while_the_commands_load_ends_with_130():
    program = """
import builtins, sys
load = __import__
def interrupted(name, *arguments):
    if name == "autograd_lite.cli.command_line":
        raise KeyboardInterrupt
    return load(name, *arguments)
builtins.__import__ = interrupted
import autograd_lite.__main__
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")
