"""Laying out with graphviz-pure, with `dot`, and with neither; either failing and hanging."""

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import textwrap
import time

import graphviz
import pytest

import autograd_lite as ag
from autograd_lite import Value, files
from autograd_lite.errors import LayoutError
from autograd_lite.view import layout

PURE = shutil.which(
    "graphviz-pure", path=os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
)
REAL_DOT = shutil.which("dot")
pytestmark = pytest.mark.skipif(PURE is None, reason="graphviz-pure has no wheel for this platform")
#: A stand-in for `dot`, which writes PDF too.
WORKS = f"""
    import subprocess, sys
    source = sys.stdin.buffer.read()
    if "-Tpdf" in sys.argv:
        sys.stdout.write("%PDF, more or less")
    else:
        picture = subprocess.check_output([{PURE!r}, *sys.argv[1:]], input=source)
        sys.stdout.buffer.write(picture + b"<!-- the stand-in was here -->")
"""
FAILS = """
    import sys
    sys.exit("Warning: odd\\nError: no layout today")
"""
HANGS = """
    import os, pathlib, sys, time
    pathlib.Path(__file__).with_name("pid").write_text(str(os.getpid()))
    time.sleep(60)
    pathlib.Path(__file__).with_name("slept").touch()
"""
SILENT = "pass"


@pytest.fixture
def graph():
    y = Value(3.0, "x") * 2.0
    y.label = "y"
    return y


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a program where one of the three ways looks, and nothing anywhere else."""
    for folder in ("scripts", "bin", "elsewhere"):
        (tmp_path / folder).mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(sysconfig, "get_path", lambda *_: str(tmp_path / "scripts"))
    monkeypatch.delenv("AUTOGRAD_LITE_DOT", raising=False)

    def put(program, way="dot"):
        place = {"pure": "scripts/graphviz-pure", "dot": "bin/dot", "path": "elsewhere/mine"}[way]
        path = tmp_path / place
        path.write_text(f"#!{sys.executable}\n{textwrap.dedent(program)}")
        path.chmod(0o755)
        if way == "path":
            monkeypatch.setenv("AUTOGRAD_LITE_DOT", str(path))
        return path

    return put


@pytest.fixture
def only_pure(install, tmp_path):
    """graphviz-pure beside the interpreter, and no `dot`."""
    (tmp_path / "scripts" / "graphviz-pure").symlink_to(PURE)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def check_shown_as_text(graph, reason, time_limit=30.0):
    """Every way of displaying gives one line that says why, then the text form."""
    view = ag.draw(graph, time_limit=time_limit)
    for plain in (
        view._repr_mimebundle_()["text/plain"],
        ag.draw_dot(graph, time_limit=time_limit)._repr_mimebundle_()["text/plain"],
    ):
        line, _, rest = plain.partition("\n")
        assert reason in line
        assert rest == repr(view)
    html = view._repr_html_()
    assert "<pre>3 values\n" in html
    assert "<img" not in html


@pytest.mark.parametrize("way", ["pure", "dot", "path"])
class TestEveryWay:
    def test_it_is_used(self, install, graph, way):
        install(WORKS, way)
        picture = ag.draw_dot(graph).pipe("svg")
        assert picture.startswith(b"<?xml")
        assert picture.endswith(b"<!-- the stand-in was here -->")
        assert "text/html" in graph._repr_mimebundle_()

    def test_it_lays_out_several_graphs_at_once(self, install, way):
        """Each picture is whole and in its place, whatever is written in it."""
        install(WORKS.replace("<!-- the stand-in was here -->", ""), way)

    def test_failing_it_is_quoted(self, install, graph, tmp_path, way):
        """Displaying shows the text, saving raises; both name the way out."""
        install(FAILS, way)
        reason = "status 1, saying 'Error: no layout today'"
        check_shown_as_text(graph, reason)
        with pytest.raises(LayoutError, match=reason) as caught:
            ag.draw(graph).save(tmp_path / "x.svg")
        assert "pip install graphviz-pure" in str(caught.value)
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "x.svg").exists()

    def test_failing_a_value_is_shown_as_text(self, install, graph, way):
        """Its repr, the reason, the listing."""
        install(FAILS, way)
        plain = graph._repr_mimebundle_()
        assert list(plain) == ["text/plain"]
        first, second, *rest = plain["text/plain"].splitlines()
        assert first == repr(graph)
        assert second.startswith("No picture, because ")
        assert "\n".join(rest) == repr(ag.draw(graph))

    def test_hanging_it_is_ended_by_the_time_limit(self, install, graph, way):
        """And leaves no process behind."""
        path = install(HANGS, way)
        with pytest.raises(LayoutError, match=r"not done after 1 s.*time_limit"):
            ag.draw_dot(graph, time_limit=1.0).pipe()
        assert not path.with_name("slept").exists()
        pid = path.with_name("pid")  # none, if a busy machine had not begun with it by then
        assert not (pid.exists() and alive(int(pid.read_text())))
        check_shown_as_text(graph, "not done after 0.1 s", time_limit=0.1)

    def test_no_output_is_a_failure(self, install, graph, way):
        install(SILENT, way)
        check_shown_as_text(graph, "ended with status 0")

    def test_a_file_that_is_no_program_is_a_failure(self, install, graph, way):
        install(WORKS, way).write_bytes(b"\x7fELF, but not really")
        check_shown_as_text(graph, "does not start")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
def test_hanging_it_is_ended_by_ctrl_c(install):
    """The program gets its KeyboardInterrupt, and no process is left."""
    pid = install(HANGS, "path").with_name("pid")
    program = "import autograd_lite as ag; ag.draw(ag.Value(1.0))._repr_mimebundle_()"
    child = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (pid.exists() and pid.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=50)
    assert b"KeyboardInterrupt" in errors
    assert not alive(int(pid.read_text()))


class TestChoice:
    """graphviz-pure, else `dot`, else an error; or what AUTOGRAD_LITE_DOT says."""

    def test_graphviz_pure_comes_first(self, install, graph):
        install(FAILS, "dot")
        install(WORKS, "pure")
        assert b"stand-in" in ag.draw_dot(graph).pipe("svg")

    def test_graphviz_pure_is_found_on_path_too(self, install, graph):
        install(WORKS, "dot").rename(os.path.join(os.environ["PATH"], "graphviz-pure"))
        install(FAILS, "dot")
        assert b"stand-in" in ag.draw_dot(graph).pipe("svg")

    def test_graphviz_pure_is_found_beside_the_interpreter(self, tmp_path):
        """In an environment that is not activated, so that it is not on PATH."""
        made = [sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"]
        subprocess.run(made, check=True)
        scripts = tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin")
        (scripts / "graphviz-pure").write_text("#!/bin/sh\n")
        (scripts / "graphviz-pure").chmod(0o755)
        program = "from autograd_lite.view.layout import program_for; print(program_for('svg'))"
        places = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PATH": os.defpath}
        command = [scripts / "python", "-c", program]
        found = subprocess.check_output(command, env=places, text=True).strip()
        assert found == str(scripts / "graphviz-pure")

    @pytest.mark.parametrize(("wanted", "other"), [("pure", "dot"), ("dot", "pure")])
    def test_the_variable_chooses(self, install, graph, monkeypatch, wanted, other):
        install(WORKS, wanted)
        install(FAILS, other)
        monkeypatch.setenv("AUTOGRAD_LITE_DOT", wanted)
        assert b"stand-in" in ag.draw_dot(graph).pipe("svg")

    @pytest.mark.parametrize("wanted", ["pure", "dot", "Dot", "/no/such/program", "."])
    def test_a_choice_that_is_not_there_is_an_error(self, install, graph, monkeypatch, wanted):
        """And not another way, even where there is one."""
        install(WORKS, {"pure": "dot"}.get(wanted, "pure"))
        monkeypatch.setenv("AUTOGRAD_LITE_DOT", wanted)
        check_shown_as_text(graph, f"AUTOGRAD_LITE_DOT={wanted!r} names no program that is here")
        with pytest.raises(LayoutError, match="set it to pure, dot or a path, or leave it unset"):
            ag.draw_dot(graph).pipe()

    def test_an_empty_variable_is_none(self, install, graph, monkeypatch):
        install(WORKS, "dot")
        monkeypatch.setenv("AUTOGRAD_LITE_DOT", "")
        assert b"stand-in" in ag.draw_dot(graph).pipe("svg")

    def test_without_either_the_text_says_how_to_get_one(self, install, graph, tmp_path):
        check_shown_as_text(graph, "no Graphviz is installed: `pip install graphviz-pure`")
        with pytest.raises(RuntimeError, match="no Graphviz is installed"):
            ag.draw(graph).save(tmp_path / "x.png")
        ag.draw(graph).save(tmp_path / "x.dot")  # needs no layout

    def test_a_pdf_is_written_by_dot(self, install, graph, tmp_path):
        """Though graphviz-pure draws the rest."""
        install(FAILS, "pure")
        install(WORKS, "dot")
        assert ag.draw(graph).save(tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")

    @pytest.mark.parametrize("wanted", ["", "pure"])
    def test_a_pdf_without_dot_says_what_it_needs(
        self, only_pure, graph, tmp_path, monkeypatch, wanted
    ):
        monkeypatch.setenv("AUTOGRAD_LITE_DOT", wanted)
        reason = r"graphviz-pure writes no pdf: that needs a `dot` program \(https://graphviz.org"
        with pytest.raises(LayoutError, match=reason):
            ag.draw(graph).save(tmp_path / "x.pdf")
        assert list(tmp_path.glob("*x.pdf*")) == []

    @pytest.mark.skipif(REAL_DOT is None, reason="no `dot` program on PATH")
    @pytest.mark.parametrize(
        ("suffix", "start"), [("svg", "<?xml"), ("png", "\x89PNG"), ("pdf", "%PDF")]
    )
    def test_the_dot_of_this_machine_draws(self, graph, tmp_path, monkeypatch, suffix, start):
        monkeypatch.setenv("AUTOGRAD_LITE_DOT", "dot")
        path = ag.draw(graph).save(tmp_path / f"x.{suffix}")
        assert path.read_bytes().startswith(start.encode("latin-1"))


class TestGraphvizPure:
    """What is asked of the program, young as it is."""

    @pytest.fixture(autouse=True)
    def alone(self, only_pure):
        pass

    @pytest.mark.parametrize("output", sorted(layout._PURE))
    def test_it_writes_these_formats(self, output):
        assert layout.lay_out("digraph { a -> b }", output)

    def test_it_is_ended_by_the_time_limit(self, graph):
        with pytest.raises(LayoutError, match="graphviz-pure was not done after"):
            ag.draw_dot(graph, time_limit=0.0001).pipe()

    def test_a_picture_that_it_refuses_is_a_failure(self):
        with pytest.raises(LayoutError, match="graphviz-pure ended with status 1, saying 'Error"):
            layout.lay_out("digraph {", "svg")

    def test_text_is_as_wide_as_arial(self, graph):
        """Other machines are given a list of fonts, the first of which is the one measured."""
        source = ag.draw_dot(graph).source
        assert set(re.findall(r'fontname="?([^" \]]*)', source)) == {"Arial"}
        written = ag.draw_dot(graph).pipe("svg", encoding="utf-8")
        assert set(re.findall('font-family="(.*?)"', written)) == {"Arial,Helvetica,sans-serif"}
        quoting = Value(1.0, 'font-family="Arial"')
        assert "family=&quot;Arial&quot;" in ag.draw_dot(quoting).pipe(encoding="utf-8")

    @pytest.mark.parametrize(
        "label", ["ΣΩΨ", "Журнал", "权重矩阵的梯度下降", "😀🎉🚀🔥", "Größe", "→▼"]
    )
    def test_text_outside_ascii_gets_room(self, label):
        """At least the width of capital letters, in a picture of nothing else."""
        letters = "".join("M" if ord(c) > 0x3000 else "N" for c in label)
        assert width(Value(1.0, label)) >= 0.95 * width(Value(1.0, letters))


def width(value):
    written = ag.draw_dot(value).pipe("svg", encoding="utf-8")
    return float(re.search(r'viewBox="\S+ \S+ (\S+) ', written)[1])


class TestDigraph:
    """The methods of graphviz.Digraph, without a dot program."""

    @pytest.fixture(autouse=True)
    def no_dot(self, only_pure):
        pass

    def test_pipe_decodes(self, graph):
        assert ag.draw_dot(graph).pipe("svg", encoding="utf-8").startswith("<?xml")
        assert ag.draw_dot(graph).pipe("png").startswith(b"\x89PNG")
        assert ag.draw_dot(graph).pipe("svg", engine="neato").startswith(b"<?xml")

    def test_render_writes_source_and_picture(self, graph, tmp_path):
        drawing = ag.draw_dot(graph, format="png")
        assert drawing.render("g", tmp_path) == str(tmp_path / "g.png")
        assert (tmp_path / "g.png").read_bytes().startswith(b"\x89PNG")
        assert (tmp_path / "g").read_text(encoding="utf-8") == drawing.source

    def test_render_into_a_named_file(self, graph, tmp_path):
        out = tmp_path / "deep" / "g.png"
        assert ag.draw_dot(graph).render(outfile=out, cleanup=True) == str(out)
        assert [p.name for p in out.parent.iterdir()] == ["g.png"]
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
    files.write_whole(path, b"old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        files.write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.svg"]


def test_saving_through_a_link_keeps_the_link_and_returns_the_path_as_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.symlink("real.dot", "link.dot")
    assert str(ag.draw(Value(1.0)).save("link.dot")) == "link.dot"
    assert os.path.islink("link.dot")
    assert os.path.getsize("real.dot") > 0


def test_in_a_browser_no_program_starts(install, monkeypatch):
    """In Pyodide it was a ValueError about the place for a user's programs."""
    install(WORKS, "pure")
    monkeypatch.setattr(sys, "platform", "emscripten")
    with pytest.raises(LayoutError, match="no program starts in a browser; `playground` makes"):
        layout.lay_out("digraph { a -> b }", "svg")
