"""The site that was built: whole, legible, reachable, and asking nobody. Skipped before that.

`make docs` builds it; in CI a piece of `make test` does, and runs these.
"""

import html
import posixpath
import re
import threading
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest
from browser import tab

import autograd_lite as ag

SITE = Path(__file__).parents[2] / "build" / "docs" / "html"
#: Some of each kind, which are looked at in the browser.
PAGES = [
    "index", "reference/ops/gelu", "reference/names/nn.MLP", "howto/zero_or_nan", "conventions",
    "tutorials/expression_to_network", "notebooks/01_seven_steps", "explanation/comparison",
    "explanation/backpropagation", "examples",
]  # fmt: skip
#: What Sphinx adds to the pages that are written.
ADDED = ("_modules/", "genindex", "search", "py-modindex")
#: What someone asks who has seen nothing but the front page: where the answer is, and some of it.
#: In the answer blanks do not count.
QUESTIONS = {
    "How do I get the gradient of my function?": (
        "howto/gradient", ">>> ag.grad(f)(1.0) 1.3817732906760363"),
    "Why is it nan, or zero?": ("howto/zero_or_nan", ">>> print(ag.diagnose(y)"),
    "How do I draw it?": ("howto/draw", '>>> picture.save("graph.svg")'),
    "How do I train on my CSV?": (
        "howto/train_on_csv", "autograd-lite train data.csv --target price"),
    "How do I add an op?": ("howto/own_op", ">>> @ag.primitive(partials="),
    "Is it faster than PyTorch for my case?": ("howto/faster", "speed against PyTorch eager"),
    "What does max do at a tie?": (
        "reference/ops/max", "a tie splits the gradient in equal shares"),
    "Which Python, and which platform?": (
        "howto/install", "needs CPython 3.11 or newer"),
}  # fmt: skip

if not (SITE / "llms.txt").exists():
    pytest.skip("make docs builds the site", allow_module_level=True)


# --- its pages and links --------------------------------------------------------------------------


@cache
def read(name):
    return (SITE / name).read_text(encoding="utf-8")


def pages():
    """Every page that Sphinx wrote; live pages stand for themselves."""
    found = [path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html")]
    return [name for name in found if "<article" in read(name)]


def article(name):
    """What a page says, without what is at its sides."""
    return read(name).partition("<article")[2].partition("</article>")[0]


def words(text):
    """The text of HTML, with single blanks."""
    bare = re.sub(r"<(style|script|svg)\b.*?</\1>|<[^>]+>", " ", text, flags=re.S)
    return html.unescape(" ".join(bare.replace("¶", "").split()))


def links(name, text):
    """What a page links to: files of the site, with anchors, and the words of the links."""
    for href, told in re.findall(r'<a\b[^>]*?\bhref="([^"]*)"[^>]*>(.*?)</a>', text, re.S):
        target, _, anchor = html.unescape(href).partition("#")
        if not re.match(r"[a-z]+:", target):
            place = posixpath.join(posixpath.dirname(name), unquote(target)) if target else name
            yield posixpath.normpath(place), unquote(anchor), words(told)


def test_every_link_and_anchor_leads_somewhere():
    found = pages()
    anchors = {name: {*re.findall(r'\bid="([^"]+)"', read(name))} for name in found}
    broken, count = [], 0
    for name in found:
        for place, anchor, _ in links(name, read(name)):
            count += 1
            there = (SITE / place).is_file() and (
                not anchor or anchor in anchors.get(place, anchor)
            )
            if not there:
                broken.append((name, place, anchor))
    assert count > 10_000
    assert broken == []


@cache
def clicks():
    """The least number of clicks from the front page to each page, on links between words."""
    far, edge = {"index.html": 0}, ["index.html"]
    while edge:
        found = [(n, place) for n in edge for place, _, _ in links(n, article(n))]
        edge = []
        for name, place in found:
            if place not in far and place.endswith(".html") and (SITE / place).is_file():
                far[place] = far[name] + 1
                edge += [place] if "<article" in read(place) else []
    return far


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_front_page_leads_to_the_answer_in_three_clicks(question):
    page, answer = QUESTIONS[question]
    assert clicks()[f"{page}.html"] <= 3
    told = words(article(f"{page}.html"))
    assert answer.replace(" ", "") in told.replace(" ", "")
    [asked] = [place for place, _, told in links("index.html", article("index.html"))
               if told == question]  # fmt: skip
    assert asked == f"{page}.html"


def test_every_page_is_three_clicks_away():
    far = {name: clicks().get(name, 99) for name in pages() if not name.startswith(ADDED)}
    assert len(far) > 200
    assert [name for name, count in far.items() if count > 3] == []


def test_code_has_dark_colours_too():
    """The theme writes them last, and not at all where it stumbles."""
    assert "prefers-color-scheme: dark" in (SITE / "_static" / "pygments.css").read_text()


def test_each_example_shows_its_picture():
    text = article("examples.html")
    pictures = re.findall(r'<img [^>]*src="([^"]+)"', text)
    assert len(pictures) == len({*pictures}) == len(re.findall(r"<tr", text)) - 1 >= 7
    assert all((SITE / picture).is_file() for picture in pictures)


def test_every_page_has_a_plain_text_beside_it():
    lines = read("llms.txt").splitlines()
    places = [line.partition("](")[2].rstrip(")") for line in lines if line.startswith("- [")]
    assert {
        name.removesuffix(".html") + ".md" for name in pages() if not name.startswith(ADDED)
    } == {*places}
    texts = {place: read(place) for place in places}
    only_sphinx = re.compile(r"^(```\{|:::|\.\. auto|orphan:)|^<(svg|iframe)", re.M)
    assert [place for place, text in texts.items() if only_sphinx.search(text)] == []
    assert "W = 2.40000   loss =   4.80000" in texts["notebooks/01_seven_steps.md"]  # of a cell
    assert "`nn.MLP(nin: int, nouts: " in texts["reference/names/nn.MLP.md"]
    assert "def pulled_back(" in texts["explanation/backpropagation.md"]
    assert "`Value.parents`" in texts["reference/names/Value.md"]
    assert "```text\n-2.0 add [-6.0, 4.0]\n```" in texts["tutorials/first_gradient.md"]


def test_links_of_plain_texts_lead_somewhere():
    """Those to notebooks and to files that are no pages had led nowhere."""
    code = re.compile(r"^```.*?^```$|`[^`\n]+`", re.M | re.S)
    link = re.compile(r"\]\((?![a-z]+:|#|<)([^)\s#]+)")
    found = [
        (name, target)
        for name in pages()
        if not name.startswith(ADDED)
        for target in link.findall(code.sub("", read(name.removesuffix(".html") + ".md")))
    ]
    assert len(found) > 500
    assert [
        (n, target) for n, target in found if not (SITE / n).parent.joinpath(target).exists()
    ] == []


def test_a_notebook_was_run_and_shows_its_graphs():
    """With what steps through them, as the tests ran it."""
    page = article("notebooks/02_building_expressions.html")
    assert "cleared: 0.0" in words(page)
    assert page.count("data-lm-suppress-shortcuts") > 5
    for name in ("first_gradient", "expression_to_network", "micrograd_moons"):
        page = article(f"tutorials/{name}.html")
        assert "data-lm-suppress-shortcuts" in page
        assert '<div class="cell_output' in page


# --- in the browser -------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=PAGES)
def shown(browser, request):
    """A page from a file, in a tab that has to be quiet."""
    with tab(browser, viewport={"width": 1280, "height": 900}, color_scheme="light") as opened:
        opened.page.goto((SITE / f"{request.param}.html").as_uri())
        opened.page.wait_for_load_state("networkidle")
        yield opened.page


def test_a_page_is_no_wider_than_the_screen(shown):
    for width in (360, 1280):
        shown.set_viewport_size({"width": width, "height": 900})
        assert shown.evaluate("document.documentElement.scrollWidth") == width


def test_pictures_of_examples_are_seen_on_a_small_dark_screen(browser):
    with tab(browser, viewport={"width": 360, "height": 900}, color_scheme="dark") as opened:
        opened.page.goto((SITE / "examples.html").as_uri())
        pictures = opened.page.evaluate(
            """() => [...document.querySelectorAll("td img")].map((image) =>
              [image.getBoundingClientRect().left, image.getBoundingClientRect().right,
               getComputedStyle(image).filter])"""
        )
    assert len(pictures) >= 7
    for left, right, colours in pictures:
        assert 0 <= left < right - 240 < right <= 360
        assert colours.startswith("invert")


#: Of axe: a file may read no other, and what is in order is not told.
AXE = {"preload": False, "iframes": False, "resultTypes": ["violations"]}


def test_axe_finds_nothing_in_light_and_dark(shown):
    """Only colours depend on the scheme. Rows of a table are alike, so some of each are enough."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    shown.add_style_tag(content="* { transition: none !important }")  # to the colours of the dark
    shown.evaluate("document.querySelectorAll('tr:nth-child(n+6)').forEach((row) => row.remove())")
    found = axe.run(shown, options=AXE).response["violations"]
    shown.emulate_media(color_scheme="dark")
    colours = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
    found += axe.run(shown, options=AXE | colours).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


@pytest.mark.parametrize("name", ["index", "reference/ops/tanh"])
def test_a_live_page_answers(browser, name):
    with tab(browser, viewport={"width": 1280, "height": 900}) as opened:
        opened.page.goto((SITE / f"{name}.html").as_uri())
        frame = opened.page.frame_locator("iframe.live")
        opened.page.locator("iframe.live").scroll_into_view_if_needed()
        curve = frame.locator("svg.curve").first
        curve.scroll_into_view_if_needed()
        before = curve.get_attribute("aria-label")
        box = curve.bounding_box()
        opened.page.mouse.click(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2)
        opened.page.wait_for_timeout(300)
        assert curve.get_attribute("aria-label") != before


#: How far what is in a live page ends below the edge of its frame.
BEYOND = "(all) => Math.max(...all.map((e) => e.getBoundingClientRect().bottom)) - innerHeight"


@pytest.mark.parametrize("name", ["index", "reference/ops/max", "explanation/backpropagation"])
def test_a_live_frame_is_as_high_as_what_is_in_it(browser, name):
    """So the wheel scrolls the page, also when a box has told about itself."""
    with tab(browser, viewport={"width": 1280, "height": 900}) as opened:
        opened.page.goto((SITE / f"{name}.html").as_uri())
        opened.page.locator("iframe.live").scroll_into_view_if_needed()
        frame = opened.page.frame_locator("iframe.live")
        parts, box = frame.locator("main.app > *"), frame.locator(".stage [data-box]").first
        box.wait_for()
        for change in (lambda: opened.page.set_viewport_size({"width": 360, "height": 900}),
                       box.click, lambda: None):  # fmt: skip
            for _ in range(30):  # until it has told
                if (beyond := abs(parts.evaluate_all(BEYOND))) > 2:
                    opened.page.wait_for_timeout(100)
            assert beyond <= 2
            change()


@pytest.mark.parametrize("name", ["playground", "lesson"])
def test_a_page_that_fills_the_window_leads_back(browser, name):
    with tab(browser) as opened:
        opened.page.goto((SITE / f"{name}.html").as_uri())
        opened.page.get_by_role("link", name="autograd_lite", exact=True).click()
        opened.page.wait_for_url((SITE / "index.html").as_uri())


@pytest.mark.parametrize(("words", "first"), [
    ("nan", "Why is my gradient zero, or nan?"), ("csv", "How do I train on my CSV?"),
    ("install", "Install, and which Python and platform"), ("tanh", "tanh"),
])  # fmt: skip
def test_search_finds_from_a_file_what_answers_first(browser, words, first):
    with tab(browser) as opened:
        opened.page.goto((SITE / "search.html").as_uri() + f"?q={words}")
        assert opened.page.locator("#search-results li a").first.inner_text() == first


# --- on a host ------------------------------------------------------------------------------------


class Quiet(SimpleHTTPRequestHandler):
    """A server that does not write what it is asked for."""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """The address of two versions of the site, below a path of a host."""
    top = tmp_path_factory.mktemp("host")
    (top / "some" / "path" / "0.0.1").mkdir(parents=True)
    (top / "some" / "path" / "0.0.1" / "index.html").write_text("<title>an old one</title>")
    (top / "some" / "path" / "now").symlink_to(SITE)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=top)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/some/path"
        server.shutdown()


@pytest.fixture
def page(browser, host):
    """A tab whose requests stay below that path, and are all answered."""
    asked, failed, said = [], [], []
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    opened = context.new_page()
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("response", lambda got: failed.append(got.url) if got.status >= 400 else None)
    opened.on("console", lambda message: said.append(message.text))
    yield opened
    context.close()
    beyond = [url for url in asked if not url.startswith((f"{host}/", "data:", "about:", "blob:"))]
    assert (beyond, failed, said) == ([], [], [])
    assert asked


def test_a_sub_path_of_a_host_has_the_whole_site(page, host):
    """Pages, live pages, search and the way back to the front, with requests to it alone."""
    page.goto(f"{host}/now/index.html")
    page.frame_locator("iframe.live").locator("svg.curve").first.wait_for()
    page.get_by_role("link", name="What does max do at a tie?").click()
    page.wait_for_url(f"{host}/now/reference/ops/max.html")
    page.locator("iframe.live").scroll_into_view_if_needed()
    page.frame_locator("iframe.live").locator("svg.curve").first.wait_for()
    page.get_by_placeholder("Search").first.fill("uncertainty")
    page.get_by_placeholder("Search").first.press("Enter")
    page.locator("#search-results li p.context").first.wait_for()
    page.locator("#search-results li a").first.click()
    page.wait_for_url(re.compile(rf"{re.escape(host)}/now/.*uncertainty.*"))
    page.goto(f"{host}/now/notebooks/02_building_expressions.html")
    page.locator("a.sidebar-brand").first.click()
    page.wait_for_url(f"{host}/now/index.html")


def test_one_version_offers_no_choice(page, host):
    page.goto(f"{host}/now/howto/draw.html")
    assert page.locator("select.versions").count() == 0


def test_of_several_versions_another_can_be_chosen(page, host):
    listed = f'const VERSIONS = ["{ag.__version__}", "0.0.1"];'
    page.route("**/versions.js*", lambda route: route.fulfill(
        body=listed, content_type="text/javascript"))  # fmt: skip
    page.goto(f"{host}/now/howto/draw.html")
    choice = page.get_by_role("combobox", name="Version")
    assert choice.input_value() == ag.__version__
    assert choice.locator("option").all_text_contents() == [ag.__version__, "0.0.1"]
    choice.select_option("0.0.1")
    page.wait_for_url(f"{host}/0.0.1/index.html")
    assert page.title() == "an old one"
