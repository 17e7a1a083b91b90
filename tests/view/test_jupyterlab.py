"""The page of a graph as an output of JupyterLab, in a real browser."""

import importlib.util
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_code_cell, new_notebook, new_output

import autograd_lite as ag
from autograd_lite import Value

NEEDED = "needs `pip install jupyterlab`"
SOURCE = """\
import autograd_lite as ag
w = ag.Value({w}, label="w")
y = ag.tanh(w * w)
y.backward()
ag.draw(y)"""


def output_of(w):
    w = Value(w, label="w")
    y = ag.tanh(w * w)
    y.backward()
    bundle = ag.draw(y)._repr_mimebundle_()
    return new_output("execute_result", data=bundle, execution_count=1)


def notebook(*weights):
    cells = [new_code_cell(SOURCE.format(w=w), outputs=[output_of(w)]) for w in weights]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


class Lab:
    """A running server, and the notebooks it shows."""

    def __init__(self, folder):
        self.folder, self.token = folder, secrets.token_hex(16)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.data = folder / "data"
        own = {
            name: str(folder / name.lower())
            for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
        }
        package = str(Path(ag.__file__).parents[1])
        self.environment = {
            **os.environ, **own, "JUPYTER_DATA_DIR": str(self.data), "PYTHONPATH": package
        }  # fmt: skip

    def start(self, log):
        (self.folder / "notebooks").mkdir()
        never = "jupyterlab.handlers.announcements.NeverCheckForUpdate"
        return subprocess.Popen(
            [
                sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
                f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0",
                f"--IdentityProvider.token={self.token}", "--ServerApp.ip=127.0.0.1",
                f"--ServerApp.root_dir={self.folder / 'notebooks'}",
                "--LabApp.news_url=None", f"--LabApp.check_for_updates_class={never}",
                "--LabApp.extension_manager=readonly",
            ],
            env=self.environment, stdout=subprocess.DEVNULL,
            stderr=log,
        )  # fmt: skip

    def wait(self, server):
        address = f"http://127.0.0.1:{self.port}/api/status?token={self.token}"
        for _ in range(300):
            try:
                urllib.request.urlopen(address, timeout=5).close()
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                assert server.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.1)
            else:
                return
        pytest.fail((self.folder / "log").read_text())


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):  # skips where there is no browser
    if importlib.util.find_spec("jupyterlab") is None:
        pytest.skip(NEEDED)
    lab = Lab(tmp_path_factory.mktemp("lab"))
    lab.data.mkdir()
    with (lab.folder / "log").open("wb") as log, lab.start(log) as server:
        try:
            lab.wait(server)
            yield lab
        finally:
            server.terminate()
            try:
                server.wait(timeout=5)
            except subprocess.TimeoutExpired:
                server.kill()  # it waits for a kernel that has just been started


def opened(browser, lab, made):
    """A tab with a notebook."""
    page = browser.new_context(viewport={"width": 1280, "height": 1600}).new_page()
    page.set_default_timeout(60_000)
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    name = f"cells{len(made.cells)}"
    nbformat.write(made, lab.folder / "notebooks" / f"{name}.ipynb")
    place = f"workspaces/{name}/tree/{name}.ipynb"  # a workspace shows what was open in it before
    page.goto(f"http://127.0.0.1:{lab.port}/lab/{place}?token={lab.token}")
    page.locator(".jp-Notebook .jp-OutputArea-output").first.wait_for(timeout=60_000)
    return page


@pytest.fixture(scope="module")
def page(browser, lab):
    """A trusted notebook of two cells."""
    made = notebook(0.25, 0.875)
    NotebookNotary(data_dir=str(lab.data)).sign(made)
    page = opened(browser, lab, made)
    yield page
    page.context.close()


def cells(page):
    return page.locator(".jp-Notebook .jp-Cell").count()


def grad(w):
    value = Value(w)
    ag.tanh(value * value).backward()
    return repr(value.grad)


def test_an_untrusted_notebook_has_the_picture(browser, lab):
    """Trust is by content, so this is of another graph."""
    page = opened(browser, lab, notebook(0.375))
    image = page.locator(".jp-OutputArea-output img")
    image.wait_for()
    box = image.bounding_box()
    assert box["width"] > 200
    assert box["height"] > 50
    assert page.locator(".player").count() == 0
    page.context.close()


def test_a_trusted_notebook_is_live(page):
    page.locator(".player").first.wait_for()
    assert page.locator("#n0").first.get_attribute("data-grad") == grad(0.25)
    assert not page.locator(".jp-OutputArea-output img").first.is_visible()


def test_keys_pressed_inside_change_no_cells(page):
    page.locator(".jp-InputPrompt").first.click()  # command mode
    page.locator("#n0").first.focus()
    for key in ("a", "b", "x", "d", "d", "m", "y", "z", "ArrowDown", "Enter", "ArrowRight", "/"):
        page.keyboard.press(key)
    page.keyboard.type("ab")
    assert page.locator(".app input[type=search]").first.input_value() == "ab"
    page.keyboard.press("Escape")
    assert cells(page) == 2
    assert page.locator(".jp-Notebook .jp-MarkdownCell").count() == 0
    page.locator(".jp-InputPrompt").nth(1).click()
    page.keyboard.press("b")  # outside it does insert a cell
    page.wait_for_function("document.querySelectorAll('.jp-Notebook .jp-Cell').length === 3")


def test_two_outputs_and_a_cell_run_again_leave_each_other_alone(page):
    first, second = (page.locator(".jp-Notebook .jp-Cell").nth(i) for i in (0, 1))
    second.locator(".player input").fill("2")
    for w in ("1.5", "-1.5"):
        first.locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(SOURCE.format(w=w))
        page.keyboard.press("Control+Enter")
        first.locator(f"#n0[data-data='{w}']").wait_for(timeout=60_000)
        assert first.locator("#n0").get_attribute("data-grad") == grad(float(w))
        assert first.locator(".player").count() == 1
        assert second.locator(".player input").input_value() == "2"
        assert second.locator("#n0").get_attribute("data-data") == "0.875"
    first.locator(".player input").fill("1")
    assert second.locator(".player input").input_value() == "2"


LIVE = """\
import autograd_lite as ag
points = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]] * 5
kinds = [0.0, 1.0, 1.0, 0.0] * 5
model = ag.nn.MLP(2, [8, 1], seed=3)
history = model.learn(points, kinds, "binary_cross_entropy", epochs={epochs}, show="live")
assert len(history) == {epochs}"""


def test_a_training_is_drawn_live_in_one_output(page):
    cell = page.locator(".jp-Notebook .jp-Cell").first
    epochs = 2_000
    for _ in range(2):  # run again, it begins anew
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(LIVE.format(epochs=epochs))
        page.keyboard.press("Control+Enter")
        cell.locator(f"img[alt*='epoch {epochs:,} of {epochs:,}']").wait_for(timeout=60_000)
        assert cell.locator(".jp-OutputArea-child").count() == 1
        assert cell.locator(".jp-OutputArea-output img").count() == 3  # curve, boundary, network
        epochs = 1_500


def test_nothing_is_asked_but_the_notebook_server(page, lab):
    server = f"http://127.0.0.1:{lab.port}/"
    assert any(url.startswith(server) for url in page.asked)
    own = (server, "data:", "blob:")
    assert [url for url in page.asked if not url.startswith(own)] == []
