"""The lesson as one page, in a real browser: what follows the sliders is what Python computes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from browser import tab
from test_page import LUMINANCE

from autograd_lite import lesson
from autograd_lite.graph import ancestors
from autograd_lite.lesson.backpropagation import HIDDEN, hidden_layer
from autograd_lite.lesson.page import document as lesson_page
from autograd_lite.view.page import page as graph_page

FIGURES = (
    "models", "forward", "errors", "tangent", "chain", "loss", "hidden", "update", "descent",
)  # fmt: skip


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    file = tmp_path_factory.mktemp("lesson") / "lesson.html"
    file.write_text(lesson_page.document(), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def shared(browser, path):
    size = {"width": 1280, "height": 800}
    with tab(browser, viewport=size, reduced_motion="reduce") as opened:
        opened.page.goto(path.as_uri())
        yield opened


@pytest.fixture
def page(shared):
    """The page with its first numbers, and it has to be quiet."""
    shared.page.evaluate("document.querySelectorAll('[data-reset]').forEach((b) => b.click())")
    yield shared.page
    assert shared.quiet(), (shared.said, shared.asked)


def slide(page, name, x):
    """Move one of the sliders of that name."""
    page.locator(f'[data-control="{name}"]').first.fill(str(x))


def numbers(page, figure, part):
    """The exact numbers in a part of a figure, in order."""
    texts = page.locator(f'[data-figure="{figure}"] {part}').evaluate_all(
        "(found) => found.flatMap((e) => [...e.querySelectorAll('[data-exact]')]"
        ".map((e) => e.dataset.exact))"
    )
    return [float(text) for text in texts]


def near(expected, tolerance=1e-12):
    return pytest.approx(expected, rel=tolerance, abs=tolerance)


def said(page, figure):
    return page.locator(f'[data-figure="{figure}"] .reading').text_content()


def of_graph(page, name):
    """The numbers of a graph's boxes, as Python writes them."""
    return page.locator(f"#graph-{name}").evaluate(
        "(host) => Object.fromEntries([...host.shadowRoot.querySelectorAll('[data-box]')]"
        ".map((g) => [g.id, [g.dataset.data, g.dataset.grad]]))"
    )


def in_python(root):
    return {f"n{i}": [repr(n.data), repr(n.grad)] for i, n in enumerate(ancestors(root))}


class TestSliders:
    @pytest.mark.parametrize("W", [3.0, 0.0, 0.7, 2.0, 4.37, 5.0])
    def test_every_figure_follows_the_weight(self, page, W):
        slide(page, "W", W)
        loss, slope = lesson.squared_loss(W), lesson.derivative(W)
        rows = lesson.loss_table(W)
        assert numbers(page, "models", ".reading") == [W]
        assert numbers(page, "forward", "td") == near([row.actual for row in rows])
        assert numbers(page, "errors", ".reading") == near([W, lesson.absolute_loss(W), loss])
        assert numbers(page, "errors", "td") == near(
            [x for r in rows for x in (r.actual, r.absolute_error, r.squared_error)]
            + [lesson.absolute_loss(W), loss]
        )
        assert numbers(page, "tangent", ".reading") == near([W, loss, slope])
        # the difference of two losses, divided by a small step, has fewer digits
        slopes = [nudge.slope for nudge in lesson.shrinking_steps(W)]
        assert numbers(page, "tangent", "td") == near(slopes, 1e-8)
        [row] = lesson.sign_table([W])
        assert f": {row.sign}. A larger W {row.increase}, so: {row.update}." in said(
            page, "tangent"
        )
        [update] = lesson.update_table([W])
        assert numbers(page, "update", ".reading") == near(
            [W, slope, 0.01, update.updated, loss, update.updated_loss]
        )
        assert float(of_graph(page, "loss")["n0"][1]) == near(slope)

    @pytest.mark.parametrize(
        ("start", "rate"),
        [
            (3.0, 0.01), (3.0, 0.0005), (3.0, 0.031), (3.0, 0.035), (0.5, 0.0165), (5.0, 0.04),
            (1.99, 0.01), (2.0, 0.02), (0.0, 0.033),
        ],
    )  # fmt: skip
    def test_the_descent_is_that_of_python(self, page, start, rate):
        slide(page, "rate", rate)
        slide(page, "start", start)
        run = lesson.descend(start, rate)
        expected = [x for i in run.iterations for x in (i.W, i.loss, i.derivative)]
        assert numbers(page, "descent", "td") == near(expected, 1e-11)
        plural = "s" * (run.updates != 1)
        told = said(page, "descent")
        assert f": {lesson.verdict(run)}. From W = {start:g}: {run.outcome}" in told
        assert f" after {run.updates} update{plural}, " in told
        assert page.locator('[data-chart="losses"] .next').count() == run.updates + 1

    def test_it_opens_with_the_numbers_of_the_lecture(self, page):
        assert "W: 3 → 2.4 → 2.16 → 2.064 → " in said(page, "descent")
        assert ": good. From W = 3: converged after 6 updates" in said(page, "descent")
        assert said(page, "update") == "new W = 3 − 60 · 0.01 = 2.4. The loss goes from 30 to 4.8."
        slide(page, "rate", 0.035)
        assert ": diverging. From W = 3: diverged after 37 updates" in said(page, "descent")

    def test_equal_sliders_stay_in_step_and_go_back(self, page):
        page.locator('[data-control="W"]').last.fill("4.5")
        at = '[data-control="W"]'
        values = page.locator(at).evaluate_all("(found) => found.map((e) => e.value)")
        assert len(values) == 6
        assert set(values) == {"4.5"}
        assert page.locator(at).first.get_attribute("aria-valuetext") == "4.5"
        page.locator('[data-figure="models"] button').click()
        assert numbers(page, "update", ".reading")[0] == 3.0

    def test_pictures_follow(self, page):
        place = "(e) => [e.getAttribute('cx'), e.getAttribute('cy')].map(Number)"
        point = page.locator('[data-chart="tangent"] .here')
        before = point.evaluate(place)
        slide(page, "W", 1.0)  # as far from the ideal on the other side: as high
        after = point.evaluate(place)
        assert after[0] < before[0]
        assert after[1] == pytest.approx(before[1])
        said_of_it = page.locator('[data-chart="tangent"]').get_attribute("aria-label")
        assert said_of_it == "At W = 1 the loss is 30 and the slope of the tangent −60"
        sizes = page.locator('[data-chart="squares"] .square').evaluate_all(
            "(found) => found.map((e) => ['width', 'height'].map((a) => Number(e.getAttribute(a))))"
        )
        assert [width for width, _ in sizes] == pytest.approx([8 * k for k in range(5)])
        assert [height for _, height in sizes] == pytest.approx([width for width, _ in sizes])

    @pytest.mark.parametrize(
        ("start", "rate", "near"), [(3, 0.01, True), (3, 0.035, False), (4.5, 0.01, False)]
    )
    def test_what_leaves_the_near_picture_is_shown_on_the_far_one(self, page, start, rate, near):
        slide(page, "start", start)
        slide(page, "rate", rate)
        assert page.locator('[data-chart="path-near"]').is_visible() is near
        assert page.locator('[data-chart="path"]').is_visible() is not near
        path = page.locator('[data-chart^="path"]:not([hidden])')
        assert path.locator(".next").count() == lesson.descend(start, rate).updates + 1

    @pytest.mark.parametrize("W", [1, 2, 3])
    def test_every_mark_of_every_picture_has_a_colour(self, page, W):
        slide(page, "W", W)
        seen = ".chart :is(polyline, circle, rect, path):not(clipPath *, .square.zero)"
        marks = page.locator(seen).evaluate_all(
            "(found) => found.map((e) => [getComputedStyle(e).stroke, getComputedStyle(e).fill])"
        )
        assert len(marks) > 30
        assert [
            mark for mark in marks if mark in (["none", "none"], ["none", "rgb(0, 0, 0)"])
        ] == []

    def test_a_weight_that_is_changed_in_the_graph_moves_the_sliders(self, page):
        page.locator("#graph-loss #n0").click()
        field = page.locator("#graph-loss .knob input[type=text]")
        field.fill("2.25")
        field.press("Tab")
        assert numbers(page, "tangent", ".reading") == near([2.25, 1.875, 15.0])
        field.fill("7")  # more than the sliders have
        field.press("Tab")
        assert numbers(page, "tangent", ".reading")[0] == 5.0
        assert of_graph(page, "loss")["n0"][0] == "5.0"
        page.locator("#graph-loss .knob button").click()
        assert page.locator('[data-control="W"]').first.input_value() == "3"


class TestPlayers:
    def test_the_chain_ends_with_the_gradients_of_python(self, page):
        expected = in_python(lesson.chain().loss)
        player = page.locator("#graph-chain .player input")
        last = int(player.get_attribute("max"))
        player.fill("0")
        assert {grad for _, grad in of_graph(page, "chain").values()} == {"0.0"}
        player.fill(str(last - 1))
        assert of_graph(page, "chain") != expected
        player.press("ArrowRight")
        assert of_graph(page, "chain") == expected

    def test_the_five_parts_of_the_gradient_of_the_weight_add_up(self, page):
        told = page.locator("#graph-loss .player input").evaluate(
            """(slider) => Array.from({ length: Number(slider.max) }, (_, k) => {
              slider.value = k + 1;
              slider.dispatchEvent(new Event("input"));
              return slider.getRootNode().querySelector(".moment").textContent;
            })"""
        )
        sums = [s for text in told for s in re.findall(r"grad of W: (.*?) W is used 5 times", text)]
        assert sums[-1].endswith("= 60")
        assert [text.split(" + ")[1].split(" = ")[0] for text in sums] == [
            "32",
            "18",
            "8",
            "2",
            "0",
        ]


class TestTables:
    @pytest.mark.parametrize("W", [3.0, 0.7, 2.0])
    def test_the_readers_weight_has_a_row_of_its_own(self, page, W):
        """The rows of the lecture stay above it."""
        slide(page, "W", W)
        loss, slope = lesson.squared_loss(W), lesson.derivative(W)
        [update] = lesson.update_table([W])
        for name, expected, rows in (
            ("sums", [W, lesson.absolute_loss(W), loss], 3),
            ("signs", [W, loss, slope], len(lesson.sign_table())),
            ("update", [W, loss, slope, update.updated, update.updated_loss], 4),
        ):
            table = page.locator(f'[data-table="{name}"] tbody')
            assert table.locator("tr").count() == rows + 1
            own = table.locator(".yours [data-exact]")
            found = own.evaluate_all("(all) => all.map((e) => Number(e.dataset.exact))")
            assert found == near(expected)
        assert page.locator('[data-table="sums"] tr').nth(1).inner_text().split() == [
            "3", "10", "30",
        ]  # fmt: skip

    def test_the_readers_learning_rate_is_judged_as_those_of_the_lecture(self, page):
        slide(page, "rate", 0.031)
        texts = page.locator('[data-table="rates"] tr').all_inner_texts()
        own, lecture = texts[-1].replace("\N{MINUS SIGN}", "-").split(), texts[3].split()
        assert own[0] == "yours"
        assert [*own[1:4], own[-1]] == [*lecture[:3], lecture[-1]]
        assert (lecture[0], lecture[-1]) == ("0.031", "oscillating")

    def test_the_chain_s_table_follows_its_drawing(self, page):
        page.locator("#graph-chain #n0").click()
        before = page.locator('[data-table="chain"]').inner_text()
        field = page.locator("#graph-chain .knob input[type=text]")
        label = page.locator("#graph-chain .knob input[type=text]").get_attribute("aria-label")
        field.fill("1.5")
        field.press("Tab")
        numbers = {"x": 2.0, "w1": 3.0, "w2": 1.0, label.split()[-1]: 1.5}
        graph = lesson.chain(**numbers)  # its target is 2x
        assert label.split()[-1] != "x"
        rows = page.locator('[data-table="chain"] tbody tr').evaluate_all(
            "(rows) => rows.map((r) => [r.cells[0].textContent, "
            "...[...r.querySelectorAll('[data-exact]')].map((e) => Number(e.dataset.exact))])"
        )
        assert {name: found for name, *found in rows} == {
            row.name: near([row.value, row.gradient]) for row in lesson.chain_table(graph)
        }
        page.locator("#graph-chain .knob button").click()
        assert page.locator('[data-table="chain"]').inner_text() == before


def story(page, step):
    """Go to a step of the story of the hidden layer."""
    page.locator(".story li").nth(step).click()
    return page.locator(".story li.now")


def of_story(page):
    """The numbers in its picture: what is written before each, and whether it is a gradient."""
    return page.locator(".story text:has([data-exact])").evaluate_all(
        "(all) => all.map((t) => [t.textContent.replace(/\\s*[−\\d.e]+$/, ''), "
        "t.classList.contains('gradient'), Number(t.lastChild.dataset.exact)])"
    )


class TestStory:
    LAST = 24

    def test_it_goes_forward_to_the_error_and_back_one_edge_at_a_time(self, page):
        told = [story(page, k).locator(".phase").inner_text() for k in range(self.LAST + 1)]
        assert told[:10] == [
            "Your network", "Forward to s1", "Forward to h1", "Forward to s2", "Forward to h2",
            "Forward to y", "Forward to error", "Forward to loss", "Turn around",
            "Back from loss to error",
        ]  # fmt: skip
        assert told[10] == "Back from error to y"
        assert sorted(told[11:16]) == [f"Back from y to {n}" for n in ("c", "h1", "h2", "v1", "v2")]
        assert told[-1] == "Update"
        assert len(told[9:-1]) == 15  # each weight once; the data are not moved

    @pytest.mark.parametrize("changed", [{}, {"x1": -1.5, "w11": 2.0, "v2": 0.75, "target": -2.0}])
    def test_its_numbers_are_those_of_python(self, page, changed):
        """Of a pass over the reader's own numbers, forward and backward."""
        for name, x in changed.items():
            page.locator(f'.controls [data-control="{name}"]').evaluate(
                "(e, x) => { e.value = x; e.dispatchEvent(new Event('input')); }", x
            )
        loss = hidden_layer({**HIDDEN, **changed})
        nodes = {node.label: node for node in ancestors(loss)}
        story(page, 7)
        forward = of_story(page)
        assert not any(is_gradient for _, is_gradient, _ in forward)
        story(page, self.LAST)
        found = sorted(x for _, is_gradient, x in of_story(page) if is_gradient)
        weights = [name for name in HIDDEN if name not in ("x1", "x2", "target")]
        expected = [nodes[name].grad for name in (*weights, "s1", "s2", "y", "error")]
        assert found == near(sorted(expected))
        values = sorted(x for _, is_gradient, x in of_story(page) if not is_gradient)
        expected = [nodes[name].data for name in (*HIDDEN, "h1", "h2", "y", "loss")]
        assert values == near(sorted(expected))

    def test_a_step_downhill_makes_the_loss_smaller(self, page):
        """The new weights are old weight - 0.1 · gradient, and the sliders go there."""
        loss = hidden_layer()
        leaves = {n.label: n for n in ancestors(loss) if not n.op}
        weights = [name for name in HIDDEN if name not in ("x1", "x2", "target")]
        story(page, self.LAST).locator("button").click()
        after = {**HIDDEN, **{n: leaves[n].data - 0.1 * leaves[n].grad for n in weights}}
        told = page.locator(".story [role=status] [data-exact]").evaluate_all(
            "(all) => all.map((e) => Number(e.dataset.exact))"
        )
        assert told == near([loss.data, hidden_layer(after).data])
        assert told[1] < told[0]
        shown = page.locator('.controls:has([data-control="w11"]) output').first.text_content()
        assert float(shown.replace("\N{MINUS SIGN}", "-")) == pytest.approx(after["w11"], rel=1e-3)

    @pytest.mark.parametrize("width", [360, 1280])
    def test_scrolling_tells_it(self, page, width):
        """The step in the middle of the window is the one that is shown, beside its picture."""
        page.set_viewport_size({"width": width, "height": 740})
        story(page, 3)
        page.mouse.move(width / 2, 600)
        page.mouse.wheel(0, 5000)
        page.locator(".story li:nth-child(n+10).now").wait_for(state="attached")
        story(page, 12)
        item = page.locator(".story li.now").bounding_box()
        picture = page.locator(".story .network").bounding_box()
        assert picture["y"] >= 0
        assert picture["y"] + picture["height"] <= 740
        assert item["y"] >= 0
        assert item["y"] + item["height"] <= 740
        beside = item["x"] + item["width"] <= picture["x"]
        assert beside or picture["y"] + picture["height"] <= item["y"]
        sizes = page.locator(".story .network text").evaluate_all(
            "(all) => all.map((t) => parseFloat(getComputedStyle(t).fontSize) * t.getCTM().a)"
        )
        assert min(sizes) >= 9.0

    def test_the_arrows_lead_through_it(self, page):
        story(page, 0)
        for _ in range(3):
            page.get_by_role("button", name="Step on").click()
        page.get_by_role("button", name="Step back").click()
        assert page.locator(".story li.now .phase").inner_text() == "Forward to h1"
        assert page.locator(".steps span").inner_text() == "2 of 24"


class TestShowing:
    def test_without_scripts_words_tables_and_pictures_are_there(self, browser, path):
        with tab(browser, java_script_enabled=False) as opened:
            opened.page.goto(path.as_uri())
            text = opened.page.locator("main").inner_text()
            for step in lesson.STEPS:
                assert f"Step {step.number}: {step.title}" in text
            assert "All starts converge to W = 2" in text
            assert text.count("With JavaScript there are sliders here") == 7
            for picture in opened.page.locator("img, .chart:not([hidden])").all():
                assert picture.bounding_box()["width"] > 200
            assert opened.page.locator("img").count() == 2
            assert opened.page.locator(".moving > *").count() == 13
            assert not opened.page.locator(".controls, details").first.is_visible()

    def test_what_stands_without_scripts_is_where_they_draw_it(self, browser, path, page):
        """The first picture of Python is that of the script."""
        marks = """() => [...document.querySelectorAll(
          ".square, .tangent, .model, [data-chart=tangent] .here, [data-chart=update-near] .here"
        )].map((e) => [
          ...["x", "y", "width", "height", "cx", "cy"].map((a) => Number(e.getAttribute(a))),
          ...(e.getAttribute("points") ?? "").split(/[ ,]/).map(Number),
        ])"""
        with tab(browser, java_script_enabled=False) as opened:
            opened.page.goto(path.as_uri())
            still = opened.page.evaluate(marks)
        assert len(still) == 9
        live = page.evaluate(marks)
        for one, other in zip(still, live, strict=True):
            assert one == pytest.approx(other, abs=0.2)

    @pytest.mark.parametrize("width", [360, 1280, 3840])
    def test_it_fits_its_width(self, page, width):
        page.set_viewport_size({"width": width, "height": 800})
        slide(page, "W", 4.37)
        slide(page, "rate", 0.0335)
        page.locator("details").evaluate_all("(all) => all.forEach((one) => { one.open = true; })")
        over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(over) == 0
        for name in FIGURES:
            box = page.locator(f'[data-figure="{name}"]').bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_contrast_is_at_least_4_5(self, page, scheme):
        page.emulate_media(color_scheme=scheme)
        page.locator("details").evaluate_all("(all) => all.forEach((one) => { one.open = true; })")
        for W in (0.7, 2):
            slide(page, "W", W)
            seen = page.locator("html").evaluate(LUMINANCE.replace("host.shadowRoot", "document"))
            assert len(seen) > 400
            assert [found for found in seen if found[0] < 4.5] == []

    def test_its_colours_are_those_of_the_graphs(self):
        graphs = Path(graph_page.__file__).with_name("page.css").read_text()
        own = Path(lesson_page.__file__).with_name("page.css").read_text()
        colours = re.findall(r"(--[\w-]+: #\w{6});", own)
        assert len(colours) == 26
        assert [colour for colour in colours if colour not in graphs] == []

    def test_the_contents_lead_to_each_step(self, page):
        links = page.locator("nav a")
        assert links.count() == 7
        links.nth(5).click()
        page.locator('nav [aria-current][href="#step6"]').wait_for()

    def test_it_asks_for_nothing_beside_itself(self, path):
        text = path.read_text(encoding="utf-8")
        assert "default-src 'none'" in text
        assert not re.search(r"https?://(?!www\.w3\.org)", text)
        assert text.count("</script") == 1

    def test_it_has_the_same_bytes_in_every_process(self, path):
        program = (
            "import sys; from autograd_lite.lesson.page.document import document;"
            "sys.stdout.buffer.write(document().encode())"
        )
        for seed in ("1", "2"):
            made = subprocess.run(
                [sys.executable, "-c", program], check=True, capture_output=True,
                env={**os.environ, "PYTHONHASHSEED": seed},
            ).stdout  # fmt: skip
            assert made == path.read_bytes()
