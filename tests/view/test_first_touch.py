"""The page of a graph as someone meets it: keys, fingers, sizes, saving, links."""

import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import tab
from test_page import LUMINANCE, neuron, of, reused

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.lesson.page import document as lesson_page

#: All that axe knows short of AAA, the experimental rules too.
RULES = (
    "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "experimental",
)  # fmt: skip
NUMBERS = """() => {
  const { shadowRoot } = document.querySelector("[data-lm-suppress-shortcuts]");
  const texts = [...shadowRoot.querySelectorAll(".node text, .edge > text")];
  const marks = [...shadowRoot.querySelectorAll(".edge:not(.none) .badge circle")];
  return {
    sizes: texts.map((t) => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a),
    texts: texts.filter((t) => t.textContent.trim()).map((t) => t.getBoundingClientRect().toJSON()),
    discs: marks.map((disc) => disc.getBoundingClientRect().toJSON()),
  };
}"""


def doubled():
    x = Value(3.0, label="x")
    y = x + x
    y.backward()
    return y


def crossing():
    """A graph in whose picture two arrows cross before the same box."""
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    y = (a * b) * a + a * a
    y.backward()
    return y


def many(boxes):
    """A graph of so many boxes in which each value is used twice."""
    x = y = Value(0.9, label="x")
    for _ in range(boxes - 1):
        y = y * x
    y.backward()
    return y


def position(page):
    return int(page.page.locator(".player input").input_value())


class TestKeys:
    def test_they_work_on_a_page_that_has_just_been_opened(self, page, tmp_path):
        page.open(ag.draw(reused()), tmp_path / "x.html")
        page.page.keyboard.press("Home")
        page.page.keyboard.press("ArrowRight")
        assert position(page) == 1
        page.page.locator("h1").click()
        page.page.keyboard.press("ArrowRight")
        assert position(page) == 2

    def test_in_a_notebook_they_work_inside_of_the_output_alone(self, page):
        output = ag.draw(reused())._repr_html_()
        page.page.set_content(f"<body><p>Elsewhere</p>{output}</body>")
        page.page.get_by_text("Elsewhere").click()
        page.page.keyboard.press("f")
        assert position(page) == page.steps()
        page.page.locator(".stage").click(position={"x": 4, "y": 4})
        page.page.keyboard.press("f")
        assert position(page) == 0

    def test_each_pass_is_one_key_or_click_away(self, page):
        page.show(ag.draw(reused()))
        page.page.get_by_role("button", name="backward").click()
        assert page.page.locator(".phase").inner_text() == "Backward, start at the output"
        page.page.keyboard.press("f")
        assert position(page) == 0
        page.page.keyboard.press("b")
        assert position(page) == 5

    def test_the_speed_goes_from_a_quarter_to_eight_times(self, page):
        page.show(ag.draw(reused()))
        page.page.locator("#n0").focus()
        speed = page.page.locator(".speed")
        for key, last in ((">", "8"), ("<", "0.25")):
            for _ in range(6):
                page.page.keyboard.press(key)
            assert speed.input_value() == last

    def test_however_many_steps_take_no_more_than_30_seconds(self, browser, tmp_path):
        with tab(browser, viewport={"width": 1280, "height": 800}) as opened:
            opened.page.clock.install()
            opened.open(ag.draw(many(100)), tmp_path / "x.html")
            assert opened.steps() == 298
            opened.page.locator(".speed").select_option("8")
            opened.page.locator(".play").click()
            opened.page.clock.run_for(1_500)
            assert position(opened) >= 298 * 1.5 / 30 - 1


class TestSizes:
    @pytest.mark.parametrize("made", [doubled, reused, neuron])
    def test_a_disc_covers_no_number(self, page, tmp_path, made):
        page.open(ag.draw(made()), tmp_path / "x.html")
        seen = page.page.evaluate(NUMBERS)
        assert seen["discs"]
        for disc in seen["discs"]:
            x, y = disc["x"] + disc["width"] / 2, disc["y"] + disc["height"] / 2
            for text in seen["texts"]:
                dx = max(text["x"] - x, 0, x - text["x"] - text["width"])
                dy = max(text["y"] - y, 0, y - text["y"] - text["height"])
                assert (dx**2 + dy**2) ** 0.5 >= disc["width"] / 2 - 0.5

    @pytest.mark.parametrize("made", [crossing, neuron])
    def test_no_arrow_runs_over_the_disc_of_another(self, page, tmp_path, made):
        page.open(ag.draw(made()), tmp_path / "x.html")
        gaps = page.page.evaluate(
            """() => {
              const { shadowRoot } = document.querySelector("[data-lm-suppress-shortcuts]");
              const edges = [...shadowRoot.querySelectorAll(".edge")];
              return edges.flatMap((edge) => {
                const { e: x, f: y } = edge.querySelector(".badge").transform.baseVal[0].matrix;
                return edges.filter((other) => other !== edge).map((other) => {
                  const line = other.querySelector("path");
                  const steps = [...Array(101).keys()].map((k) => line.getTotalLength() * k / 100);
                  const points = steps.map((at) => line.getPointAtLength(at));
                  return Math.min(...points.map((p) => Math.hypot(p.x - x, p.y - y)));
                });
              });
            }"""
        )
        assert min(gaps) > 5.4  # its radius

    @pytest.mark.parametrize("width", [360, 1280, 3840])
    def test_numbers_of_up_to_40_boxes_have_9_pixels(self, page, tmp_path, width):
        page.page.set_viewport_size({"width": width, "height": 800})
        page.open(ag.draw(many(40)), tmp_path / "x.html")
        assert min(page.page.evaluate(NUMBERS)["sizes"]) >= 9.0
        assert page.page.locator(".overview").is_visible()
        page.page.keyboard.press("-")
        page.page.keyboard.press("0")
        assert min(page.page.evaluate(NUMBERS)["sizes"]) >= 9.0
        page.page.keyboard.press("0")  # once more: all of it
        assert page.page.locator(".overview").is_hidden()
        page.page.set_viewport_size({"width": 1280, "height": 800})

    @pytest.mark.parametrize("width", [360, 1280])
    @pytest.mark.parametrize("full", [True, False])
    def test_nothing_moves_while_one_steps(self, page, tmp_path, width, full):
        page.page.set_viewport_size({"width": width, "height": 800})
        page.open(ag.draw(reused()), tmp_path / "x.html") if full else page.show(ag.draw(reused()))
        places = page.page.evaluate(
            """() => {
              const { shadowRoot } = document.querySelector("[data-lm-suppress-shortcuts]");
              const [slider, svg, ...parts] = ["input[type=range]", ".stage > svg", ".stage",
                ".player"].map((selector) => shadowRoot.querySelector(selector));
              return Array.from({ length: Number(slider.max) + 1 }, (_, k) => {
                slider.value = k;
                slider.dispatchEvent(new Event("input"));
                const boxes = parts.map((part) => JSON.stringify(part.getBoundingClientRect()));
                return [svg.getAttribute("viewBox"), ...boxes].join();
              });
            }"""
        )
        page.page.set_viewport_size({"width": 1280, "height": 800})
        assert len(places) == 14
        assert len(set(places)) == 1

    def test_what_is_dragged_is_40_pixels_high_and_as_round_as_it_is_shown(self, page, tmp_path):
        page.open(ag.draw(neuron()), tmp_path / "x.html")
        page.page.locator("#n0").click()
        targets = page.page.locator(".grip, input[type=range]")
        assert targets.count() == 7
        assert min(target.bounding_box()["height"] for target in targets.all()) >= 40.0
        b = next(i for i, node in enumerate(ag.graph.ancestors(neuron())) if node.label == "b")
        grip = page.page.locator(f"#n{b} .grip").bounding_box()
        page.page.mouse.move(grip["x"] + 10, grip["y"] + 10)
        page.page.mouse.down()
        page.page.mouse.move(grip["x"] + 47, grip["y"] + 10, steps=4)
        page.page.mouse.up()
        assert page.numbers()[f"n{b}"][0] == "7.25"
        assert page.page.locator(f"#n{b} .data").text_content() == "data 7.25"


@pytest.fixture(scope="module")
def phone(browser, tmp_path_factory):
    size = {"width": 360, "height": 640}
    with tab(browser, has_touch=True, is_mobile=True, viewport=size) as opened:
        # Its time stands still, so that a press is as long as a test wants, on a busy machine too.
        opened.page.clock.install(time=0)
        opened.page.clock.pause_at(1_000)
        opened.open(ag.draw(reused()), tmp_path_factory.mktemp("phone") / "x.html")
        opened.cdp = opened.page.context.new_cdp_session(opened.page)
        yield opened


class TestFingers:
    """On a phone the page scrolls, and the picture is taken by purpose."""

    def swipe(self, phone, x, y, dx, dy, held=0, apart=0):
        def touch(kind, k=0.0, seconds=0.0):
            at = [(x + dx * k - apart, y + dy * k), (x + dx * k + apart, y + dy * k)]
            fingers = at[: 1 + bool(apart)] if kind != "touchEnd" else []
            points = [{"x": left, "y": top, "id": i} for i, (left, top) in enumerate(fingers)]
            told = {"type": kind, "touchPoints": points, "timestamp": begun + seconds}
            phone.cdp.send("Input.dispatchTouchEvent", told)

        begun = time.time()
        phone.page.evaluate("scrollTo(0, 0)")
        before = phone.page.locator(".stage > svg").get_attribute("viewBox")
        touch("touchStart")
        phone.page.clock.run_for(held)
        for k in range(1, 9):
            touch("touchMove", k / 8, k / 60)
        touch("touchEnd", 1.0, 1.0)  # which rested, so that nothing goes on scrolling
        phone.page.locator(".stage").element_handle().wait_for_element_state("stable")
        after = phone.page.locator(".stage > svg").get_attribute("viewBox")
        return phone.page.evaluate("scrollY") > 30, before != after

    @pytest.mark.parametrize(
        ("held", "apart", "scrolls"), [(349, 0, True), (350, 0, False), (0, 40, False)]
    )
    def test_one_finger_scrolls_two_or_a_long_press_take_the_picture(
        self, phone, held, apart, scrolls
    ):
        stage = phone.page.locator(".stage").bounding_box()
        x, y = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] * 0.8
        assert self.swipe(phone, x, y, 0, -100, held, apart) == (scrolls, not scrolls)

    def test_keys_are_told_where_there_are_some(self, phone):
        assert phone.page.locator(".legend").is_visible()
        assert phone.page.get_by_text("space plays").is_hidden()

    def test_a_leaf_is_dragged_sideways_and_swiped_over_upwards(self, phone):
        phone.page.keyboard.press("0")
        phone.page.evaluate("scrollTo(0, 0)")
        grip = phone.page.locator("#n0 .grip").bounding_box()
        x, y = grip["x"] + 10, grip["y"] + grip["height"] / 2
        assert self.swipe(phone, x, y, 60, 2) == (False, False)
        moved = phone.numbers()["n0"][0]
        assert 2.0 < float(moved) < 2.9
        assert self.swipe(phone, x, y, 2, -100) == (True, False)
        assert phone.numbers()["n0"][0] == moved


class TestHelp:
    def test_it_is_open_in_the_first_picture_of_a_notebook_alone(self, page, tmp_path):
        page.open(ag.draw(doubled()), tmp_path / "x.html")
        page.page.evaluate("localStorage.clear()")
        output = ag.draw(reused())._repr_html_()
        page.page.set_content(f"<body>{output}{output}</body>")
        first, second = (page.page.locator(".facts").nth(i) for i in (0, 1))
        assert "How to read it" in first.inner_text()
        assert "How to read it" not in second.inner_text()
        asked = page.page.get_by_role("button", name="How to read it").nth(1)
        assert asked.get_attribute("aria-expanded") == "false"
        asked.click()
        assert "space plays" in second.inner_text()
        page.page.keyboard.press("?")
        assert "space plays" not in second.inner_text()

    def test_a_selected_box_gives_way_to_it(self, page):
        page.show(ag.draw(reused()))
        page.page.locator("#n0").click()
        page.page.keyboard.press("?")
        assert "How to read it" in page.page.locator(".facts").inner_text()
        assert page.marked("selected") == []


class TestSaving:
    def test_the_picture_is_saved_as_it_is_seen(self, page, tmp_path):
        page.open(ag.draw(reused()), tmp_path / "x.html")
        page.step(7)
        page.page.get_by_role("button", name="Save").click()
        with page.page.expect_download() as svg:
            page.page.get_by_role("button", name="Picture: SVG").click()
        text = svg.value.path().read_text(encoding="utf-8")
        assert svg.value.suggested_filename == "graph.svg"
        assert not re.search("class=|style=|display|color-mix|color\\(", text)
        assert "data -6" in text
        assert "rgb(240,180,41)" in text  # the mark of the step
        with page.page.expect_download() as png:
            page.page.get_by_role("button", name="Picture: PNG").click()
        assert png.value.path().read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        page.page.set_content(text)
        assert page.page.locator("svg").bounding_box()["width"] > 300

    def test_a_link_leads_to_the_present_state(self, page, tmp_path):
        page.open(ag.draw(reused()), tmp_path / "x.html")
        page.page.locator("#n0").click()
        page.page.get_by_label("Number of a").fill("2.5")
        page.page.keyboard.press("Enter")
        page.step(9)
        before = page.numbers(), page.page.locator(".moment").inner_text()
        page.page.get_by_role("button", name="Save").click()
        page.page.get_by_role("button", name="Copy link").click()
        address = page.page.url
        assert address.endswith("#step=9&a=2.5")
        page.page.goto("about:blank")
        page.page.goto(address)
        assert (page.numbers(), page.page.locator(".moment").inner_text()) == before
        page.page.evaluate("location.hash = '#step=0'")
        page.page.wait_for_function(
            "() => document.querySelector('[data-lm-suppress-shortcuts]').shadowRoot"
            ".querySelector('.player input').value === '0'"
        )
        assert page.numbers()["n0"][0] == "2.0"

    def test_a_link_says_which_part_of_it_does_not_fit(self, page, tmp_path):
        file = ag.draw(reused()).save(tmp_path / "x.html").as_uri()
        page.page.goto(f"{file}#step=x&a=2.5&q=1&b=one")
        said = page.page.locator(".banner").inner_text()
        assert "there is no leaf q" in said
        assert "b is no number (one)" in said
        assert "step is no whole number (x)" in said
        assert page.numbers()["n0"][0] == "2.5"

    def test_leaves_of_one_name_are_told_apart(self, page, tmp_path):
        root = Value(2.0, label="step") * Value(3.0, label="w") + Value(4.0, label="w")
        root.backward()
        page.page.goto(f"{ag.draw(root).save(tmp_path / 'x.html').as_uri()}#n0=5")
        assert page.numbers()["n0"][0] == "5.0"


class TestEveryone:
    """What axe-core finds is nothing. Contrast is measured by other tests, in less time."""

    def found(self, page):
        rules = {"runOnly": {"type": "tag", "values": RULES}}
        rules["rules"] = {"color-contrast": {"enabled": False}}
        rules["resultTypes"] = ["violations"]  # of others no more than that they are
        found = Axe().run(page.page, options=rules).response
        assert len(found["passes"]) > 20
        return [(rule["id"], rule["nodes"][0]["target"]) for rule in found["violations"]]

    def test_axe_has_no_complaint_about_the_page_of_a_graph(self, page, tmp_path):
        page.open(ag.draw(reused()), tmp_path / "x.html")
        assert page.numbers() == of(reused())
        assert self.found(page) == []
        page.page.locator("#n0").click()
        page.page.get_by_role("button", name="Save").click()
        assert self.found(page) == []

    def test_axe_has_no_complaint_about_the_lesson(self, browser, tmp_path):
        file = tmp_path / "lesson.html"
        file.write_text(lesson_page.document(), encoding="utf-8")
        with tab(browser, viewport={"width": 360, "height": 800}) as opened:
            opened.page.goto(file.as_uri())
            assert self.found(opened) == []
            wide = opened.page.locator(".table.wide")
            assert wide.count() > 5
            assert wide.first.get_attribute("tabindex") == "0"
            said = wide.first.evaluate("(e) => getComputedStyle(e, '::after').content")
            assert said == '"scrolls sideways →"'

    def test_the_small_map_and_the_menu_can_be_read(self, page, tmp_path):
        page.page.set_viewport_size({"width": 360, "height": 700})
        page.open(ag.draw(many(9)), tmp_path / "x.html")
        page.page.get_by_role("button", name="Save").click()
        assert page.page.locator(".overview").is_visible()
        for scheme in ("dark", "light"):
            page.page.emulate_media(color_scheme=scheme)
            seen = page.page.locator("[data-lm-suppress-shortcuts]").evaluate(LUMINANCE)
            assert [found for found in seen if found[0] < 4.5] == [], scheme
        page.page.set_viewport_size({"width": 1280, "height": 800})
