"""The site that `make docs` built: legible, reachable, and asking nobody. Skipped before that."""

from pathlib import Path

import pytest
from browser import tab

SITE = Path(__file__).parents[2] / "build" / "docs" / "html"
PAGES = [
    "index", "reference/ops/gelu", "reference/names/nn.MLP", "howto/zero_or_nan", "conventions",
    "notebooks/02_building_expressions", "explanation/backpropagation", "explanation/comparison",
]  # fmt: skip

if not (SITE / "llms.txt").exists():
    pytest.skip("make docs builds the site", allow_module_level=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_no_wider_than_the_screen_and_asks_no_other_host(browser, page, width, scheme):
    size = {"width": width, "height": 900}
    with tab(browser, viewport=size, color_scheme=scheme) as opened:  # which has to be quiet
        opened.page.goto((SITE / f"{page}.html").as_uri())
        assert opened.page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing(browser, page, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    opened = context.new_page()
    opened.goto((SITE / f"{page}.html").as_uri())
    opened.wait_for_load_state("networkidle")
    found = axe.Axe().run(opened).response["violations"]
    context.close()
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


def test_a_live_page_on_the_page_of_an_op_answers(browser):
    with tab(browser, viewport={"width": 1280, "height": 900}) as opened:
        opened.page.goto((SITE / "reference/ops/tanh.html").as_uri())
        frame = opened.page.frame_locator("iframe.live")
        opened.page.locator("iframe.live").scroll_into_view_if_needed()
        curve = frame.locator("svg.curve").first
        curve.scroll_into_view_if_needed()
        before = curve.get_attribute("aria-label")
        box = curve.bounding_box()
        opened.page.mouse.click(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2)
        opened.page.wait_for_timeout(300)
        assert curve.get_attribute("aria-label") != before


def test_search_finds_a_page_from_a_file(browser):
    with tab(browser) as opened:
        opened.page.goto((SITE / "search.html").as_uri() + "?q=uncertainty")
        opened.page.locator("#search-results li a").first.wait_for()


def test_every_page_has_a_plain_text_beside_it():
    lines = (SITE / "llms.txt").read_text().splitlines()
    places = [line.partition("](")[2].rstrip(")") for line in lines if line.startswith("- [")]
    assert len(places) > 200
    assert [place for place in places if not (SITE / place).exists()] == []
