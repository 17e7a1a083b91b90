"""Laying out with `dot` present, absent, failing and hanging, and without any Graphviz."""

import os
import signal
import subprocess
import sys
import textwrap
import time
import types
import xml.etree.ElementTree as ElementTree

import graphviz
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.errors import LayoutError
from autograd_lite.view import layout

DOT = """
    import sys, pygraphviz
    options = {a[:2]: a[2:] for a in sys.argv[1:]}
    graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
    graph.graph_attr["comment"] = "from the program"
    picture = graph.draw(prog=options["-K"], format=options["-T"])
    sys.stdout.buffer.write(picture + b"<!-- dot was here -->")
"""
SEVERAL = """
    import sys, pygraphviz
    for source in sys.stdin.buffer.read().decode().split("\\n"):
        sys.stdout.buffer.write(pygraphviz.AGraph(string=source).draw(prog="dot", format="svg"))
"""
FAILS = """
    import sys
    sys.exit("Warning: odd\\nError: no layout today")
"""
HANGS = """
    import os, pathlib, sys, time
    pathlib.Path(__file__).with_name("pid").write_text(str(os.getpid()))
    time.sleep(60)
"""
SILENT = "pass"


@pytest.fixture
def graph():
    y = Value(3.0, "x") * 2.0
    y.label = "y"
    return y


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a program named `dot`, and nothing else, on PATH."""

    def put(program):
        folder = tmp_path / "bin"
        folder.mkdir()
        if program is not None:
            path = folder / "dot"
            path.write_text(f"#!{sys.executable}\n{textwrap.dedent(program)}")
            path.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        return folder

    return put


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def check_shown_as_text(graph, reason):
    """Every way of displaying gives one line that says why, then the text form."""
    view = ag.draw(graph, time_limit=1.0)
    for plain in (
        view._repr_mimebundle_()["text/plain"],
        ag.draw_dot(graph, time_limit=1.0)._repr_mimebundle_()["text/plain"],
    ):
        line, _, rest = plain.partition("\n")
        assert reason in line
        assert rest == repr(view)
    html = view._repr_html_()
    assert "<pre>3 values\n" in html
    assert "<img" not in html


class TestDotOnPath:
    def test_it_is_used(self, install, graph):
        install(DOT)
        assert ag.draw_dot(graph).pipe("svg").endswith(b"<!-- dot was here -->")
        assert "text/html" in graph._repr_mimebundle_()

    def test_it_lays_out_several_graphs_at_once(self, install):
        install(SEVERAL)
        check_several()

    def test_failing_it_is_quoted(self, install, graph, tmp_path):
        """Displaying shows the text, saving raises; both name the way out."""
        install(FAILS)
        reason = "status 1, saying 'Error: no layout today'"
        check_shown_as_text(graph, reason)
        with pytest.raises(LayoutError, match=reason) as caught:
            ag.draw(graph).save(tmp_path / "x.svg")
        assert "pip install" in str(caught.value)
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "x.svg").exists()

    def test_failing_a_value_is_shown_as_text(self, install, graph):
        """Its repr, the reason, the listing."""
        install(FAILS)
        plain = graph._repr_mimebundle_()
        assert list(plain) == ["text/plain"]
        first, second, *rest = plain["text/plain"].splitlines()
        assert first == repr(graph)
        assert second.startswith("No picture, because ")
        assert "\n".join(rest) == repr(ag.draw(graph))

    def test_hanging_it_is_ended_by_the_time_limit(self, install, graph):
        """And leaves no process behind."""
        folder = install(HANGS)
        start = time.monotonic()
        with pytest.raises(LayoutError, match=r"not done after 1 s.*time_limit"):
            ag.draw_dot(graph, time_limit=1.0).pipe()
        assert time.monotonic() - start < 20
        assert not alive(int((folder / "pid").read_text()))
        check_shown_as_text(graph, "not done after 1 s")

    @pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
    def test_hanging_it_is_ended_by_ctrl_c(self, install):
        """The program gets its KeyboardInterrupt, and no process is left."""
        folder = install(HANGS)
        program = "import autograd_lite as ag; ag.draw(ag.Value(1.0))._repr_mimebundle_()"
        child = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE)
        deadline = time.monotonic() + 20
        pid = folder / "pid"
        while not (pid.exists() and pid.read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=20)
        assert b"KeyboardInterrupt" in errors
        assert not alive(int(pid.read_text()))

    def test_no_output_is_a_failure(self, install, graph):
        install(SILENT)
        check_shown_as_text(graph, "ended with status 0")

    def test_a_file_that_is_no_program_is_a_failure(self, install, graph):
        folder = install(DOT)
        (folder / "dot").write_bytes(b"\x7fELF, but not really")
        check_shown_as_text(graph, "does not start")


def check_several():
    """Each picture is whole and in its place, whatever is written in it."""
    sources = [f'digraph {{ "{name} <?xml" }}' for name in ("one", "zwei", "três")]
    pictures = layout.lay_out_each(sources)
    found = [ElementTree.fromstring(picture) for picture in pictures]
    assert [element.tag for element in found] == ["{http://www.w3.org/2000/svg}svg"] * 3
    for name, picture in zip(("one", "zwei", "três"), pictures, strict=True):
        assert name in picture.decode()
    assert layout.lay_out_each([]) == []


class TestNoDot:
    def test_pygraphviz_lays_out_in_a_process_of_its_own(self, install, graph):
        """It is not even imported here."""
        install(None)
        before = "pygraphviz" in sys.modules
        assert ag.draw_dot(graph).pipe("svg").startswith(b"<?xml")
        assert ("pygraphviz" in sys.modules) == before

    def test_several_graphs_are_laid_out_by_one_process(self, install):
        install(None)
        check_several()

    def test_pygraphviz_is_ended_by_the_time_limit(self, install, graph):
        install(None)
        with pytest.raises(LayoutError, match="pygraphviz was not done after"):
            ag.draw_dot(graph, time_limit=0.001).pipe()

    def test_without_either_the_text_says_how_to_get_one(
        self, install, graph, monkeypatch, tmp_path
    ):
        install(None)
        monkeypatch.setitem(sys.modules, "pygraphviz", None)
        check_shown_as_text(graph, "pip install 'pygraphviz>=2'")
        with pytest.raises(RuntimeError, match="no Graphviz is installed"):
            ag.draw(graph).save(tmp_path / "x.png")
        ag.draw(graph).save(tmp_path / "x.dot")  # needs no layout

    def test_a_module_of_the_users_directory_is_no_pygraphviz(
        self, install, graph, tmp_path, monkeypatch
    ):
        install(None)
        (tmp_path / "pygraphviz.py").write_text("raise SystemExit('not this one')")
        monkeypatch.chdir(tmp_path)
        assert ag.draw_dot(graph).pipe().startswith(b"<?xml")

    def test_a_picture_that_pygraphviz_refuses_is_a_failure(self, install):
        install(None)
        with pytest.raises(LayoutError, match="pygraphviz ended with status"):
            layout.lay_out("digraph {", "svg")


class TestDigraph:
    """The methods of graphviz.Digraph, without a dot program."""

    @pytest.fixture(autouse=True)
    def no_dot(self, install):
        install(None)

    def test_pipe_decodes(self, graph):
        assert ag.draw_dot(graph).pipe("svg", encoding="utf-8").startswith("<?xml")
        assert ag.draw_dot(graph).pipe("png", "cairo").startswith(b"\x89PNG")
        assert ag.draw_dot(graph).pipe("svg", engine="neato").startswith(b"<?xml")

    def test_render_writes_source_and_picture(self, graph, tmp_path):
        drawing = ag.draw_dot(graph, format="png")
        assert drawing.render("g", tmp_path) == str(tmp_path / "g.png")
        assert (tmp_path / "g.png").read_bytes().startswith(b"\x89PNG")
        assert (tmp_path / "g").read_text(encoding="utf-8") == drawing.source

    def test_render_into_a_named_file(self, graph, tmp_path):
        out = tmp_path / "deep" / "g.pdf"
        assert ag.draw_dot(graph).render(outfile=out, cleanup=True) == str(out)
        assert [p.name for p in out.parent.iterdir()] == ["g.pdf"]
        with pytest.raises(graphviz.FileExistsError):
            ag.draw_dot(graph).render(outfile=out, raise_if_result_exists=True)

    def test_render_does_not_overwrite_its_source(self, graph, tmp_path):
        with pytest.raises(ValueError, match="overwrite its source"):
            ag.draw_dot(graph).render(tmp_path / "g.dot", outfile=tmp_path / "g.dot")

    def test_render_opens_a_viewer_when_told(self, graph, tmp_path, monkeypatch):
        opened = []
        monkeypatch.setattr(graphviz, "view", lambda path, quiet: opened.append(path))
        ag.draw_dot(graph).view(tmp_path / "g")
        assert opened == [str(tmp_path / "g.svg")]

    def test_a_notebook_shows_the_picture(self, graph):
        bundle = ag.draw_dot(graph)._repr_mimebundle_()
        assert bundle["image/svg+xml"].startswith("<?xml")
        assert bundle["text/plain"] == repr(ag.draw(graph))
        assert list(ag.draw_dot(graph)._repr_mimebundle_(["image/png"])) == ["image/png"]

    def test_a_copy_keeps_the_time_limit(self, graph):
        drawing = ag.draw_dot(graph, time_limit=7.0).copy()
        assert (drawing.time_limit, drawing.text) == (7.0, repr(ag.draw(graph)))

    @pytest.mark.parametrize(
        "options", [{"format": "none"}, {"engine": "none"}, {"neato_no_op": 1}]
    )
    def test_unknown_options_are_refused(self, graph, options):
        with pytest.raises(ValueError, match="none"):
            ag.draw_dot(graph).pipe(**options)

    def test_a_formatter_needs_a_renderer(self, graph):
        with pytest.raises(graphviz.RequiredArgumentError):
            ag.draw_dot(graph).pipe(formatter="cairo")


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    """A write that fails leaves the old file and no part of the new one."""
    path = tmp_path / "x.svg"
    layout.write_whole(path, b"old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        layout.write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.svg"]


def test_displaying_never_raises_whatever_stands_in_for_pygraphviz(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setitem(sys.modules, "pygraphviz", types.ModuleType("pygraphviz"))
    bundle = (ag.Value(1.0) * 2.0)._repr_mimebundle_()
    assert "no Graphviz is installed" in bundle["text/plain"]


def test_saving_through_a_link_keeps_the_link_and_returns_the_path_as_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.symlink("real.dot", "link.dot")
    assert str(ag.draw(Value(1.0)).save("link.dot")) == "link.dot"
    assert os.path.islink("link.dot")
    assert os.path.getsize("real.dot") > 0
