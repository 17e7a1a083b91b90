"""Saving and loading: which files are replaced, what is kept of them, and what a path is."""

import errno
import os
import re
import socket
import stat
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import files, nn
from autograd_lite.cli import commands, main
from autograd_lite.demo import save_figure
from autograd_lite.errors import visible
from autograd_lite.tables.learning import TableModel, train
from autograd_lite.tables.reading import read_csv

X = ag.Value(2.0, label="x")
GRAPH = ag.tanh(X * 3.0)


class Blank:
    """A figure of matplotlib's that is quickly drawn."""

    def savefig(self, file, **options):
        file.write(b"PNG")


@cache
def table_model():
    columns = {"a": np.arange(20.0), "y": 2.5 * np.arange(20.0)}
    return train(columns, "y", hidden=(2,), epochs=1, progress=False).model


#: Whatever writes a file, by the ending of its name.
WRITERS = {
    "svg": lambda path: ag.draw(GRAPH).save(path),
    "png": lambda path: ag.draw(GRAPH).save(path),
    "pdf": lambda path: ag.draw(GRAPH).save(path),
    "dot": lambda path: ag.draw(GRAPH).save(path),
    "html": lambda path: ag.draw(GRAPH).save(path),
    "diff.svg": lambda path: ag.draw_diff(ag.draw(GRAPH), GRAPH).save(path),
    "gv": lambda path: ag.draw_dot(GRAPH).save(path),
    "render.svg": lambda path: ag.draw_dot(GRAPH).render("source.gv", outfile=path),
    "figure.png": lambda path: save_figure(Blank(), path),
    "model": lambda path: nn.MLP(2, [2, 1], seed=0).save(path),
    "table": lambda path: table_model().save(path),
    "program": lambda path: ag.freeze(GRAPH, [X]).save(path),
    "lesson.html": lambda path: files.write_whole(path, b"page"),  # what the command line calls
}
READERS = {
    "load_program": ag.load_program,
    "nn.load": nn.load,
    "nn.read_extra": nn.read_extra,
    "Module.load": lambda path: nn.MLP(2, [2, 1], seed=0).load(path),
    "TableModel.load": TableModel.load,
    "read_csv": read_csv,
}
every_writer = pytest.mark.parametrize("ending", WRITERS)
every_reader = pytest.mark.parametrize("reader", READERS.values(), ids=READERS)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder to work in, and a quick stand-in for Graphviz."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    dot = tmp_path / "dot"
    dot.write_text("#!/bin/sh\ncat > /dev/null; echo '%PDF'\n")
    dot.chmod(0o755)
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", str(dot))
    return place


def names():
    """What is in the folder, but for the source that `render` writes beside its picture."""
    return sorted({*os.listdir(".")} - {"source.gv"})


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


@every_writer
def test_a_new_file_has_the_mode_that_the_umask_leaves(ending):
    before = os.umask(0o027)
    try:
        WRITERS[ending](f"x.{ending}")
    finally:
        os.umask(before)
    assert mode(f"x.{ending}") == 0o640
    assert names() == [f"x.{ending}"]


@every_writer
@pytest.mark.parametrize("bits", [0o600, 0o664])
def test_a_file_that_is_replaced_gives_on_its_mode(ending, bits):
    path = Path(f"x.{ending}")
    path.write_bytes(b"old")
    path.chmod(bits)
    WRITERS[ending](path)
    assert mode(path) == bits
    assert path.read_bytes() != b"old"
    assert names() == [path.name]


@every_writer
def test_a_read_only_file_is_refused(ending):
    """As root, too, who could write to it."""
    path = Path(f"x.{ending}")
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(PermissionError, match="is read-only for you; allow writing") as caught:
        WRITERS[ending](str(path))
    assert caught.value.filename == path.name
    assert path.read_bytes() == b"old"
    assert names() == [path.name]


@every_writer
@pytest.mark.parametrize("kind", ["a FIFO", "a socket", "a device", "a directory"])
@pytest.mark.parametrize("linked", [False, True])
def test_nothing_but_files_is_replaced(ending, kind, linked):
    path = f"x.{ending}"
    there = f"real.{ending}" if linked or kind == "a device" else path
    beside = socket.socket(socket.AF_UNIX)
    terminal, device = os.openpty()
    try:
        if kind == "a FIFO":
            os.mkfifo(there)
        elif kind == "a socket":
            beside.bind(there)
        elif kind == "a directory":
            os.mkdir(there)
        else:
            os.symlink(os.ttyname(device), there)  # no test risks the machine's /dev/null
        if there != path:
            os.symlink(there, path)
        before = os.stat(path)
        with pytest.raises(OSError, match=f"is {kind}; name") as caught:
            WRITERS[ending](path)
        assert caught.value.filename == path
        assert (os.stat(path).st_mode, os.stat(path).st_ino) == (before.st_mode, before.st_ino)
        assert names() == sorted({there, path})
    finally:
        beside.close()
        os.close(terminal)
        os.close(device)


@every_writer
def test_a_link_stays_and_its_file_is_replaced(ending):
    """That file may not be there yet."""
    os.mkdir("deep")
    os.symlink(f"deep/real.{ending}", f"x.{ending}")
    for _ in range(2):
        WRITERS[ending](f"x.{ending}")
        assert os.path.islink(f"x.{ending}")
        assert os.path.getsize(f"deep/real.{ending}") > 0
    assert names() == sorted(["deep", f"x.{ending}"])
    assert os.listdir("deep") == [f"real.{ending}"]


@pytest.mark.parametrize("ending", [e for e in WRITERS if e not in ("gv", "render.svg")])
@pytest.mark.parametrize("path", ["none/x", "none/deeper/x", "link"])
def test_a_missing_folder_is_named(ending, path):
    """Those of the graphviz package make it, as they say."""
    name = f"{path}.{ending}"
    if path == "link":
        os.symlink(f"none/real.{ending}", name)
    with pytest.raises(FileNotFoundError, match=r"there is no directory .*none") as found:
        WRITERS[ending](name)
    assert found.value.filename == name


@every_writer
@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_without_room_the_old_file_stays_and_the_error_names_it(ending, failing, monkeypatch):
    path = Path(f"x.{ending}")
    path.write_bytes(b"old")

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device", "/a/temporary.part")

    monkeypatch.setattr(os, failing, full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        WRITERS[ending](path)
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename in (path.name, "source.gv")
    assert path.read_bytes() == b"old"
    assert names() == [path.name]


def test_a_name_may_be_as_long_as_the_file_system_takes():
    longest = "x" * 251 + ".dot"
    ag.draw(GRAPH).save(longest)
    with pytest.raises(OSError, match="File name too long") as caught:
        ag.draw(GRAPH).save("x" + longest)
    assert caught.value.filename == "x" + longest
    assert names() == [longest]


class Own:
    """A path-like of one's own."""

    def __fspath__(self):
        return "x.dot"


@pytest.mark.parametrize("path", ["x.dot", b"x.dot", Path("x.dot"), Own(), "./x.dot", b"\xff.dot"])
def test_a_path_is_a_text_bytes_or_path_like(path):
    ag.draw(GRAPH).save(path)
    assert os.stat(path).st_size > 0
    said = f"{visible(os.fsdecode(path))} is no safetensors"
    with pytest.raises(ag.ProgramError, match=re.escape(said)):
        ag.load_program(path)


@pytest.mark.parametrize("path", [None, True, 1.0, ["x"], ag], ids=str)
@pytest.mark.parametrize("function", [*WRITERS.values(), *READERS.values()])
def test_anything_else_is_no_path(function, path):
    if path is None and function in (WRITERS["gv"], WRITERS["render.svg"]):
        return  # it means a name of their own there
    with pytest.raises(TypeError, match=r"path is a str or path-like|os\.PathLike"):
        function(path)
    assert names() == []


@pytest.mark.parametrize("function", [*WRITERS.values(), *READERS.values()])
def test_the_number_of_an_open_file_is_no_path_and_the_file_stays_open(function):
    reading, writing = os.pipe()
    try:
        for path in (reading, writing):
            with pytest.raises(TypeError, match=f"path is a str or path-like.* int: {path}"):
                function(path)
            os.fstat(path)
        with os.fdopen(os.dup(writing), "wb") as file, pytest.raises(TypeError, match="path-like"):
            function(file)
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("path", ["a\0.dot", "\ud800.dot"])
@pytest.mark.parametrize("function", [ag.load_program, read_csv, lambda p: ag.draw(GRAPH).save(p)])
def test_a_name_that_no_file_can_have_is_told(function, path):
    with pytest.raises(ValueError, match="a character that no name of a file can"):
        function(path)


def test_an_empty_path_names_no_file():
    for function in (ag.load_program, read_csv, lambda path: files.write_whole(path, b"")):
        with pytest.raises(FileNotFoundError, match="the path is empty"):
            function("")


@every_reader
def test_a_file_that_is_not_there_is_named_as_it_was_given(reader):
    with pytest.raises(FileNotFoundError) as caught:
        reader("./none.x")
    assert caught.value.filename == "./none.x"


@pytest.mark.parametrize("reader", [READERS[name] for name in READERS if name != "read_csv"])
@pytest.mark.parametrize("kind", ["a FIFO", "a directory"])
def test_what_is_no_file_is_not_read(reader, kind):
    """A FIFO would be waited for, for ever. (Tables may come out of one.)"""
    (os.mkfifo if kind == "a FIFO" else os.mkdir)("x")
    with pytest.raises(OSError, match=f"is {kind}; name a file: 'x'"):
        reader("x")


def test_no_other_code_writes_files():
    """But for temporary ones: a stream without a file, a process of its own, standard input."""
    package = Path(ag.__file__).parent
    wrong = re.compile(r"open\([^()]*\"[wxa]b?\"|\.write_(text|bytes)\(|np\.save|\.to(file|_csv)\(")
    found = {
        f"{path.relative_to(package)}: {line.strip()}"
        for path in package.rglob("*.py")
        for line in path.read_text().splitlines()
        if wrong.search(line)
        and not re.search("devnull|# temporary", line)
        and path.name != "files.py"
    }
    assert found == set()


@pytest.mark.parametrize("name", ["pic", "nodir/pic", ".svg", "pic.", "pic.bmp"])
def test_an_ending_that_is_none_is_told_with_those_that_are(name):
    known = r"saved as \.svg, \.png, \.gif, \.pdf, \.dot, \.html"
    with pytest.raises(ValueError, match=known) as caught:
        ag.draw(GRAPH).save(name)
    ending = os.path.splitext(name)[1].rstrip(".")
    said = f"ends with {ending!r}" if ending else f"write {os.path.basename(name) + '.svg'!r}"
    assert str(caught.value).endswith(said)


# --- the command line -----------------------------------------------------------------------------


@pytest.fixture
def data():
    Path("data.csv").write_text("x,y\n" + "".join(f"{i},{2 * i + 0.5}\n" for i in range(30)))
    return ["train", "data.csv", "--target", "y", "--epochs", "1", "--hidden", "2", "--quiet"]


@pytest.mark.parametrize("place", ["none/x", "here", "fifo", "read-only"])
def test_all_commands_refuse_a_place_alike(place, data, capsys, monkeypatch):
    """In one line that names it; and no command works for nothing."""
    monkeypatch.setattr(commands, "train_on", None)
    monkeypatch.setattr(commands, "document", None)
    path = f"{place}.html"
    if place == "here":
        os.mkdir(path)
    elif place == "fifo":
        os.mkfifo(path)
    elif place == "read-only":
        Path(path).touch(0o444)
    said = set()
    for argv in (["explain", "x*x", "x=3", "--draw"], [*data, "--save"], ["lesson", "--html"]):
        assert main([*argv, path]) == 2
        said.add(capsys.readouterr().err)
    [line] = said
    assert line.startswith(f"autograd-lite: '{path}'")
    assert line.count("\n") == 1


@pytest.mark.parametrize("path", ["none/x.svg", "x", "x.bmp", "x.pdf"])
def test_a_picture_that_fails_withholds_no_numbers(path, capsys, monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", "pure")
    assert main(["explain", "x*x + 1", "x=3", "--paths", "--latex", "--draw", path]) == 2
    captured = capsys.readouterr()
    assert captured.out.startswith("x*x + 1 = 10\n")
    assert "2 paths from x to v2" in captured.out
    assert captured.out.endswith("\nx \\cdot x + 1\n")
    assert captured.err.count("\n") == 1
    assert os.listdir(".") == []
