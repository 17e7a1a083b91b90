"""The page of a graph in a notebook that nbconvert has made a file of, in a real browser."""

from contextlib import contextmanager

import pytest
from browser import Tab
from nbformat.v4 import new_code_cell, new_notebook, new_output

import autograd_lite as ag
from autograd_lite import Value, nn

nbconvert = pytest.importorskip("nbconvert", reason="needs `pip install nbconvert`")


def graph():
    w = Value(0.3, label="w")
    y = ag.tanh(w * w)
    y.backward()
    return y


def folded():
    model = nn.MLP(1, [2, 1], activation="tanh", seed=1)
    loss = nn.losses.squared_error([model([k / 40]) for k in range(40)], [0.5] * 40)
    loss.backward()
    return ag.draw(loss, max_nodes=8)


def export(path, *shown, template="lab", **options):
    """The file that nbconvert makes of a notebook whose cells show these."""
    outputs = [
        new_output("execute_result", data=one._repr_mimebundle_(), execution_count=1)
        for one in shown
    ]
    cells = [new_code_cell("graph", outputs=[output]) for output in outputs]
    exporter = nbconvert.HTMLExporter(template_name=template, **options)
    text, _ = exporter.from_notebook_node(new_notebook(cells=cells or [new_code_cell("1")]))
    path.write_text(text, encoding="utf-8")
    return path


@contextmanager
def opened(browser, path, **options):
    """A tab with a file, in a world without a network."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
    context.route(
        lambda url: not url.startswith(("file:", "data:", "about:")), lambda route: route.abort()
    )
    try:
        tab = Tab(context)
        tab.page.goto(path.as_uri())
        yield tab
    finally:
        context.close()


@pytest.mark.parametrize("template", ["lab", "classic", "basic"])
def test_an_export_is_live(browser, tmp_path, template):
    y = graph()
    with opened(browser, export(tmp_path / "x.html", y, template=template)) as tab:
        assert tab.numbers()["n0"] == ["0.3", repr(y.parents[0].parents[0].grad)]
        tab.page.locator("#n2").hover()
        card = tab.page.locator(".card").inner_text()
        assert f"data\n{y.data!r}" in card
        assert "tanh(0.09) = 0.08976" in card


def test_an_export_asks_for_and_says_no_more_than_one_without_graphs(browser, tmp_path):
    """The template itself asks for scripts of others."""
    seen = []
    for shown in ((), (graph(), folded(), graph())):
        with opened(browser, export(tmp_path / "x.html", *shown)) as tab:
            assert tab.page.locator(".app").count() == len(shown)
            for box in tab.page.locator("[data-box]").all():
                box.dispatch_event("click")
            for player in tab.page.locator(".player input").all():
                player.fill("1")
            asked = sorted(url for url in tab.asked if not url.startswith("data:"))
            seen.append((asked, sorted(tab.said)))
    assert seen[0] == seen[1]


def test_a_folded_graph_opens_in_an_export(browser, tmp_path):
    view = folded()
    name = view.folding.levels()[0][1].name
    with opened(browser, export(tmp_path / "x.html", view)) as tab:
        tab.page.locator(f"[id='{name}'] .opener").dispatch_event("click")
        tab.page.locator(".crumbs li").nth(1).wait_for()
        inside = {box.name for box in view.folding.level(name).picture.boxes}
        assert set(tab.numbers()) == inside


@pytest.mark.parametrize(("theme", "system"), [("light", "dark"), ("dark", "light")])
def test_an_export_has_the_theme_of_the_file(browser, tmp_path, theme, system):
    path = export(tmp_path / "x.html", graph(), theme=theme)
    with opened(browser, path, color_scheme=system) as tab:
        classes = tab.page.locator(".app").get_attribute("class").split()
        assert ("dark" in classes) == (theme == "dark")


def test_without_scripts_an_export_shows_the_pictures(browser, tmp_path):
    path = export(tmp_path / "x.html", graph(), folded())
    with opened(browser, path, java_script_enabled=False) as tab:
        images = tab.page.locator(".jp-OutputArea-output img")
        assert images.count() == 2
        for image in images.all():
            box = image.bounding_box()
            assert box["width"] > 300
            assert box["height"] > 50
