"""The playground's page, in a real browser."""

import re
from itertools import combinations
from urllib.parse import quote

import pytest
from browser import tab

import autograd_lite as ag
from autograd_lite import Value


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return ag.playground().save(tmp_path_factory.mktemp("page") / "playground.html").as_uri()


#: What the page shows first, as a link; the settings of the network, too.
FIRST = "tab=expression&f=(a*b)*a%2Ba*a&over=a&at.a=2&at.b=-3&net.data=moons&net.hidden=4,4"


@pytest.fixture(scope="module")
def loaded(shared, file):
    shared.page.goto(file)
    return shared


@pytest.fixture
def opened(loaded, file, request):
    """The page as it is in the beginning. It is loaded once, and put back by a link."""
    tab = loaded.page
    if not tab.url.startswith(file):
        tab.goto(file)
    # Also an equal graph is drawn anew, some time after.
    tab.locator(".graphs .stage").evaluate_all("(all) => all.forEach((e) => (e.id = 'before'))")
    tab.evaluate("(hash) => { location.hash = hash; }", f"{FIRST}&for={request.node.name}")
    tab.locator(".stage:not(#before) text", has_text="data -12").wait_for()
    yield tab
    assert loaded.quiet(), (loaded.said, loaded.asked)


def boxes(tab):
    """Of each box of the first graph its data and gradient, as numbers."""
    found = (
        tab.locator(".graphs .graph")
        .first.locator("[data-box]")
        .evaluate_all(
            "(all) => all.sort((g, h) => g.dataset.box - h.dataset.box)"
            ".map((g) => [g.dataset.data, g.dataset.grad])"
        )
    )
    return [[float(x) for x in pair] for pair in found]


def type_in(tab, text, field=0):
    tab.locator("textarea").nth(field).fill(text)


def shown(tab, variable):
    """The gradients of a variable, as they are listed."""
    row = tab.locator(f'[data-variable="{variable}"] .grads b')
    return [float(x) for x in row.evaluate_all("(all) => all.map((b) => b.dataset.exact)")]


def graph(text, **numbers):
    leaves = {name: Value(x, label=name) for name, x in numbers.items()}
    root = ag.expressions.parse(text, leaves)
    root.backward()
    return root, leaves


class TestExpression:
    def test_what_is_typed_is_drawn_at_once(self, opened):
        type_in(opened, "tanh(w*a) + b")
        opened.locator(".stage text", has_text="tanh").wait_for()
        root, leaves = graph("tanh(w*a) + b", a=2.0, b=-3.0, w=-0.5)
        assert shown(opened, "w") == pytest.approx([leaves["w"].grad], rel=1e-12)
        assert [root.data, 1.0] in boxes(opened)
        assert opened.locator(".result b").get_attribute("data-exact") == repr(root.data)

    def test_an_error_marks_its_place_and_the_graph_before_steps_back(self, opened):
        type_in(opened, "a*b + tanx(a)")
        opened.locator(".place mark").wait_for()
        assert opened.locator(".place mark").text_content() == "tanx"
        assert "did you mean tan" in opened.locator(".said p").text_content()
        assert opened.locator("textarea").get_attribute("aria-invalid") == "true"
        assert opened.locator(".graph.old").count() == 1
        type_in(opened, "a*b + tan(a)")
        opened.locator(".graph.old").wait_for(state="detached")
        assert opened.locator(".place").count() == 0

    def test_a_text_that_is_nested_too_deeply_is_refused(self, opened):
        type_in(opened, "(" * 5000 + "a" + ")" * 5000)
        opened.locator(".said p", has_text="nested too deeply").wait_for()

    @pytest.mark.parametrize(
        ("text", "number"), [("1,5", "1.5"), ("1/4", "0.25"), ("x", "2"), ("inf", "2")]
    )
    def test_numbers_are_typed_as_people_write_them(self, opened, text, number):
        """And what is none is put back."""
        field = opened.locator(".variables").get_by_label("Number of a")
        field.fill(text)
        field.press("Enter")
        assert field.input_value() == number

    def test_a_curve_beyond_all_numbers_has_none(self, opened):
        type_in(opened, "1e308*a*10")
        opened.locator(".result", has_text="inf").wait_for()
        assert opened.locator(".curve .here").count() == 0

    def test_a_slider_moves_every_number(self, opened):
        opened.locator(".variables").get_by_label("a on a slider").fill("1.5")
        root, leaves = graph("(a*b)*a + a*a", a=1.5, b=-3.0)
        assert shown(opened, "a") == [leaves["a"].grad]
        assert boxes(opened)[-1] == [root.data, 1.0]
        assert "At a = 1.5" in opened.locator(".card-of .numbers-of").first.text_content()
        opened.locator(".variables").get_by_label("Number of b").fill("2")
        opened.locator(".variables").get_by_label("Number of b").press("Enter")
        assert shown(opened, "b") == [1.5 * 1.5]

    @pytest.mark.parametrize("name", ["__proto__", "constructor"])
    def test_any_name_may_come_by_a_link(self, opened, name):
        """Of an object without such an entry it is not undefined: the curve had no number."""
        other = f"f={name}*b&at.{name}=3&at.b=2&over="
        for over, slope in (("b", 3.0), (name, 2.0)):
            opened.evaluate("(hash) => { location.hash = hash; }", f"{other}{over}")
            opened.get_by_text(f"At {over} = {5.0 - slope:g}").wait_for()
            assert shown(opened, over) == [slope]
        assert boxes(opened)[-1] == [6.0, 1.0]

    @pytest.mark.parametrize("text", ["max([x1,x2,x3])", "max([x1,x2,x3,x4,x5])", "x1*x2 + x1/x2"])
    def test_numbers_at_arrows_keep_off_each_other(self, opened, text):
        """Also where arrows are short and their numbers change, as at a tie."""
        at = "over=x1&at.x1=0.5&at.x2=1.25&at.x3=2&at.x4=-0.5&at.x5=2"
        opened.evaluate("(hash) => { location.hash = hash; }", f"f={quote(text)}&{at}")
        opened.locator(".stage text", has_text=re.compile("^(max|/)$")).wait_for()
        for number in ("0.5", "1.25", "2"):
            opened.locator(".variables").get_by_label("x1 on a slider").fill(number)
            found = opened.locator(".graphs .edge > text").evaluate_all(
                "(all) => all.map((each) => each.getBoundingClientRect().toJSON())"
            )
            assert len(found) >= 3
            for one, other in combinations(found, 2):
                across = min(one["right"], other["right"]) - max(one["x"], other["x"])
                down = min(one["bottom"], other["bottom"]) - max(one["y"], other["y"])
                assert min(across, down) < 1
            if text.startswith("max"):  # in the order of their arrows
                assert [rect["y"] for rect in found] == sorted(rect["y"] for rect in found)

    def test_a_number_dragged_in_the_graph_moves_the_slider(self, opened):
        box = opened.locator(".stage .data").first.bounding_box()
        opened.mouse.move(box["x"] + 5, box["y"] + 5)
        opened.mouse.down()
        opened.mouse.move(box["x"] + 65, box["y"] + 5, steps=4)
        opened.mouse.up()
        numbers = [
            float(opened.locator(".variables").get_by_label(f"Number of {x}").input_value())
            for x in "ab"
        ]
        assert numbers != [2.0, -3.0]
        root, leaves = graph("(a*b)*a + a*a", a=numbers[0], b=numbers[1])
        assert shown(opened, "a") == pytest.approx([leaves["a"].grad])
        assert boxes(opened)[-1][0] == pytest.approx(root.data)

    def test_the_gradient_is_told_in_letters_with_why_its_parts_add_up(self, opened):
        told = opened.locator(".letters")
        assert "a × b + a × b + a + a = -6 − 6 + 2 + 2 = -8" in told.text_content()
        assert "4 paths lead from a to f" in told.text_content()
        assert "adds up" in told.text_content()
        opened.locator(".letters .ways li").first.hover()
        lit = opened.locator(".stage g.edge.on-path")
        assert lit.count() == 3
        second = opened.locator(".letters .ways button").nth(1)
        second.click()
        opened.locator(".letters .total").hover()
        assert (lit.count(), second.get_attribute("aria-pressed")) == (2, "true")  # it stays
        second.click()
        opened.locator(".letters .total").hover()
        assert (lit.count(), second.get_attribute("aria-pressed")) == (0, "false")
        opened.get_by_role("button", name="b", exact=True).click()
        assert "∂f/∂b = a × a = 4" in told.text_content()

    def test_enter_is_the_end_of_a_line_and_shift_its_break(self, opened):
        field = opened.locator("textarea")
        field.fill("e = a*b")
        field.press("Shift+Enter")
        field.press_sequentially("e*e")
        field.press("Enter")
        assert field.input_value() == "e = a*b\ne*e"
        assert opened.locator(".result b").text_content() == "36"

    def test_how_to_read_it_stays_as_the_reader_left_it(self, opened):
        facts = opened.locator(".facts")
        if "How to read it" not in facts.text_content():
            opened.get_by_role("button", name="How to read it").click()
        for text, stays in [("a*b + 1", True), ("a*b + 2", False)]:
            type_in(opened, text)
            opened.locator(".stage text", has_text=f"data {int(text[-1]) - 6}").wait_for()
            assert ("∂f/∂(box)" in facts.text_content()) == stays
            opened.get_by_role("button", name="How to read it").click()

    def test_what_is_said_of_a_box_scrolls_inside_of_its_card(self, opened):
        card = opened.locator(".graphs .app")
        before = card.bounding_box()["height"]
        opened.locator(".stage g.node.leaf").first.click()
        assert "4 paths to f" in opened.locator(".facts").text_content()
        assert card.bounding_box()["height"] == before

    def test_a_second_expression_shares_the_variables(self, opened):
        opened.get_by_role("button", name="+ second expression").click()
        type_in(opened, "a*(a*b + a)", 1)
        opened.locator(".graphs .graph").nth(1).locator(".stage svg").wait_for()
        assert opened.locator(".curve .line").count() == 2
        opened.locator(".variables").get_by_label("a on a slider").fill("3")
        assert len(shown(opened, "a")) == 2
        assert shown(opened, "a")[0] == shown(opened, "a")[1] == 2 * 3 * -3 + 2 * 3
        opened.get_by_role("button", name="Remove the second expression").click()
        assert opened.locator("textarea").count() == 1

    def test_on_a_phone_the_sliders_are_in_view_with_the_graph(self, opened):
        """At the lower edge, where a thumb is; not while the graph asks for numbers."""
        opened.set_viewport_size({"width": 360, "height": 740})
        sliders = opened.get_by_label("on a slider")
        for down in (0, 200):
            opened.evaluate(f"scrollTo(0, {down})")
            stage = opened.locator(".stage").bounding_box()
            boxes = [slider.bounding_box() for slider in sliders.all()]
            assert stage["y"] > 0
            for box in boxes:
                assert stage["y"] + stage["height"] < box["y"] < 740 - box["height"]
        opened.get_by_role("switch", name="Predict").click()
        assert sliders.first.bounding_box()["y"] > 740
        opened.get_by_role("switch", name="Predict").click()
        opened.set_viewport_size({"width": 1280, "height": 800})

    def test_the_curve_is_that_of_the_expression_and_its_tangent_touches_it(self, opened):
        type_in(opened, "a**2")
        opened.locator(".stage text", has_text="**2").wait_for()
        opened.locator(".variables").get_by_label("a on a slider").fill("1")
        label = opened.locator(".curve").first.get_attribute("aria-label")
        assert "f over a from -5 to 5; at 1: f = 1, slope ∂f/∂a = 2" in label
        points = opened.locator(".curve .line").get_attribute("points").split()
        heights = [float(point.split(",")[1]) for point in points]
        assert heights[0] == heights[-1] == min(heights)  # far up
        assert max(heights) == heights[len(heights) // 2]

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("log(-a)", "At a = 2, f is nan: it has no tangent there. "),
            ("a/0", "At a = 2, f is inf: it has no tangent there. "),
            ("sqrt(a - 2)", "At a = 2, the slope of f is inf: its tangent is not drawn. "),
        ],
    )
    def test_a_curve_without_a_tangent_says_so(self, opened, text, told):
        type_in(opened, text)
        opened.locator(".curve .tangent").wait_for(state="detached")
        assert opened.locator("[aria-label=Curve] .numbers-of").text_content() == told

    def test_a_curve_from_before_an_error_says_so(self, opened):
        type_in(opened, "tanx(a)")
        opened.locator(".place mark").wait_for()
        assert (
            opened.locator("[aria-label=Curve] h2").text_content()
            == "Curve over a, before the error"
        )
        for width in (400, 1280):  # where the parts lie below each other, and beside
            opened.set_viewport_size({"width": width, "height": 800})
            css = "(each) => getComputedStyle(each).opacity"
            assert opened.locator("[aria-label=Curve]").evaluate(css) == "0.45"
        type_in(opened, "tan(a)")
        opened.locator(".place").wait_for(state="detached")
        assert opened.locator("[aria-label=Curve] h2").text_content() == "Curve over a"

    def test_examples_bring_their_numbers(self, opened):
        opened.get_by_label("Examples").select_option(index=3)
        opened.locator(".stage text", has_text="tanh").wait_for()
        assert opened.locator(".variables").get_by_label("Number of x").input_value() == "2"


def test_answers_are_hidden_while_the_graph_asks_for_them(opened):
    opened.get_by_role("switch", name="Predict").click()
    hidden = [".result b", ".grads b", ".letters .total", ".side .numbers-of", ".curve"]
    for answer in hidden:
        assert not opened.locator(answer).first.is_visible(), answer
    opened.get_by_role("switch", name="Predict").click()
    assert all(opened.locator(answer).first.is_visible() for answer in hidden)


def test_cards_that_read_alike_tell_their_partial_derivatives(opened):
    """Of (a*b)*a + a*a two cards say a × b, and two say a."""
    cards = opened.locator(".letters .ways button")
    assert cards.locator(".factors").all_text_contents() == [
        "∂f/∂v2 × ∂v2/∂v1 × ∂v1/∂a",
        "∂f/∂v2 × ∂v2/∂a",
        "∂f/∂v3 × ∂₂v3/∂a",
        "∂f/∂v3 × ∂₁v3/∂a",
    ]


def test_a_panel_that_was_scrolled_begins_with_its_heading_when_a_box_is_clicked(opened):
    panel = opened.locator(".graphs .panel")
    assert panel.evaluate("(panel) => { panel.scrollTop = 90; return panel.scrollTop; }") == 90
    opened.locator(".graphs [data-box]").first.click()
    assert panel.evaluate("(panel) => panel.scrollTop") == 0
    opened.keyboard.press("Escape")


def test_python_is_copied(opened):
    """Onto the clipboard: code that makes the graph with its numbers of now."""
    opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened.locator(".variables").get_by_label("a on a slider").fill("1.25")
    button = opened.get_by_role("button", name="Copy as Python")
    # Which says so for a moment only.
    button.evaluate(
        """(button) => new MutationObserver(() => { window.told ??= button.textContent; })
          .observe(button, { childList: true })"""
    )
    button.click()
    assert opened.wait_for_function("() => window.told").json_value() == "Copied"
    scope = {}
    exec(opened.evaluate("navigator.clipboard.readText()"), scope)
    assert scope["a"].grad == shown(opened, "a")[0]
    assert scope["f"].label == "f"


class TestAddress:
    def test_a_link_brings_back_what_was_shown(self, opened):
        type_in(opened, "e = a*b; tanh(e) / b")
        opened.locator(".variables").get_by_label("b on a slider").fill("0.5")
        opened.wait_for_function("() => location.hash.includes('at.b=0.5')")
        address = opened.url
        opened.goto("about:blank")
        opened.goto(address)
        opened.locator(".stage text", has_text="tanh").wait_for()
        assert opened.locator("textarea").input_value() == "e = a*b; tanh(e) / b"
        root, _ = graph("tanh(a*b) / b", a=2.0, b=0.5)
        assert boxes(opened)[-1] == pytest.approx([root.data, 1.0])

    def test_nonsense_in_an_address_leaves_the_page_as_it_is(self, opened, file):
        opened.goto("about:blank")
        opened.goto(
            f"{file}#f=a%2Bb&at.a=x&over=q&net.hidden=99&net.points=1,2,a%20;%201,2,3%201e99,0,1&tab=network"
        )
        opened.locator(".network .neuron").first.wait_for()
        assert opened.get_by_text("layer 1").first.is_visible()


class TestShowing:
    def test_without_scripts_there_is_the_picture_of_the_expression(self, browser, file):
        with tab(browser, java_script_enabled=False) as plain:
            plain.page.goto(file)
            assert plain.page.locator("img").bounding_box()["width"] > 300
            assert "computation graph: 6 values" in plain.page.locator("img").get_attribute("alt")

    def test_a_notebooks_output_is_the_same_page(self, page):
        page.page.goto("about:blank")
        page.page.set_content(f"<body>{ag.playground('x*x')._repr_html_()}</body>")
        page.page.locator(".stage svg").wait_for()
        assert boxes(page.page)[-1][1] == 1.0
        assert page.page.url == "about:blank"  # notebooks have addresses of their own

    @pytest.mark.parametrize("width", [360, 1280, 3840])
    def test_nothing_is_wider_than_the_screen(self, opened, width):
        opened.set_viewport_size({"width": width, "height": 800})
        try:
            type_in(opened, "x" * 150 + "*2")
            opened.locator(".graphs .stage text", has_text="xxx").first.wait_for()
            for name, drawn in (("Expression", ".graphs .stage svg"), ("Network", ".neuron")):
                opened.get_by_role("tab", name=name).click()
                opened.locator(drawn).first.wait_for()
                assert opened.evaluate("document.documentElement.scrollWidth") <= width, name
                # on a phone, what one came for is at the top
                seen = (
                    (".graphs", ".variables") if name == "Expression" else (".surface", ".layers")
                )
                first, second = (opened.locator(part).last.bounding_box()["y"] for part in seen)
                assert first < second or width > 360
        finally:
            opened.set_viewport_size({"width": 1280, "height": 800})


class TestNetwork:
    def test_a_step_and_an_epoch_lower_the_loss(self, opened):
        opened.get_by_role("tab", name="Network").click()
        losses = [loss(opened)]
        for name in ("One step", "One epoch"):
            opened.get_by_role("button", name=name).click()
            losses.append(loss(opened))
        assert losses == sorted(losses, reverse=True)
        assert losses[0] > losses[2]
        opened.get_by_role("button", name="Run").click()
        opened.locator(".right-of", has_text="Learned: all 80 points are right.").wait_for()
        assert loss(opened) < 0.2
        opened.get_by_role("button", name="Pause").click()

    def test_points_are_added_by_clicks_and_by_keys(self, opened):
        opened.get_by_role("tab", name="Network").click()
        opened.get_by_role("button", name="own points").click()
        assert opened.get_by_text("Click into the square to add points.").is_visible()
        square = opened.locator(".points")
        square.click(position={"x": 60, "y": 60})
        square.click(position={"x": 200, "y": 200}, modifiers=["Shift"])
        square.press("ArrowRight")
        square.press("Enter")
        assert opened.locator(".points .one").count() == 2
        assert opened.locator(".points .zero-of").count() == 1
        square.press("Delete")
        assert opened.locator(".points [data-point]").count() == 2

    def test_a_neuron_opens_as_the_graph_of_the_sample(self, opened):
        opened.get_by_role("tab", name="Network").click()
        opened.get_by_role("button", name="XOR").click()
        opened.get_by_role("button", name="One step").click()
        opened.locator('.network [data-target*=\'"layer":0,"neuron":1}\']').click()
        graph = opened.locator(".opened .graph")
        graph.locator(".stage svg").wait_for()
        panel = graph.locator(".panel").text_content()
        assert "layer 0 · neuron 1" in panel
        assert "tanh" in panel
        told = opened.locator("[aria-label=Network] .numbers-of b")
        sample = told.last.get_attribute("data-exact")
        found = graph.locator("g.output").get_attribute("data-data")
        assert found == sample  # the loss of the sample, in both

    def test_the_weights_of_an_opened_neuron_are_in_order(self, opened):
        opened.get_by_role("tab", name="Network").click()
        for _ in range(4):
            for layer in (0, 1):
                opened.get_by_label(f"One neuron more in layer {layer}").click()
        opened.locator("""[data-target='{"layer":1,"neuron":2}']""").click()
        opened.locator(".opened .stage g.parameter").first.wait_for()
        seen = opened.locator(".opened .stage g.parameter").evaluate_all(
            """(groups) => groups.map((g) => [g.getBoundingClientRect().y,
              g.querySelector("text").textContent.trim()])"""
        )
        assert [name for _, name in sorted(seen)] == [*(f"w{k}" for k in range(8)), "b"]

    def test_layers_and_neurons_are_changed_by_buttons(self, opened):
        opened.get_by_role("tab", name="Network").click()
        opened.get_by_role("button", name="One neuron more in layer 0").focus()
        opened.keyboard.press("Enter")
        opened.keyboard.press("Enter")  # the focus stays
        opened.get_by_role("button", name="One layer less").click()
        label = opened.locator("svg.network").get_attribute("aria-label")
        assert re.search("2-6-1", label)
        loss = opened.get_by_label("Loss", exact=True)
        assert "the sigmoid of the output is the probability" in loss.get_attribute("title")

    def test_what_waits_for_a_step_says_so(self, opened):
        opened.get_by_role("tab", name="Network").click()
        network = opened.get_by_label("Network", exact=True).last
        gradients = network.get_by_role("button", name="gradients")
        assert gradients.get_attribute("title") == "after the first step"
        assert "gradients and last step: after the first step" in network.text_content()
        opened.get_by_role("button", name="One step").click()
        assert "after the first step" not in network.text_content()
        gradients.click()
        assert "Line: gradient of a weight" in network.text_content()

    def test_the_line_nearest_to_a_click_opens_and_one_comes_back(self, opened):
        opened.get_by_role("tab", name="Network").click()
        opened.get_by_role("button", name="XOR").click()
        network = opened.get_by_label("Network", exact=True).last
        assert "before the sigmoid; probability of class 1" in network.text_content()
        target = '[data-target=\'{"layer":0,"neuron":0,"weight":0}\'] .line'
        place = opened.locator(target).evaluate(
            "(line) => { const { x, y } = line.getPointAtLength(line.getTotalLength() / 2);"
            "const { a, d, e, f } = line.getScreenCTM(); return [a * x + e, d * y + f - 7]; }"
        )
        opened.mouse.move(*place)
        assert "layer 0 · neuron 0 · w0 = " in network.text_content()
        opened.mouse.click(*place)
        opened.locator(".opened .stage svg").wait_for()
        assert "w0" in opened.locator(".opened .panel h2").text_content()
        opened.get_by_role("button", name="Back to the network").click()
        assert opened.locator(".opened").is_hidden()

    def test_a_line_is_learnt_for_numbers(self, opened):
        opened.get_by_role("tab", name="Network").click()
        opened.get_by_role("button", name="y = 2x").click()
        assert opened.get_by_label("Loss", exact=True).input_value() == "squared_error"
        opened.get_by_role("button", name="Run").click()
        opened.wait_for_function(f"() => {LOSS} < 0.05")
        opened.get_by_role("button", name="Pause").click()


LOSS = (
    "Number(document.querySelector('[data-lm-suppress-shortcuts]').shadowRoot"
    ".querySelector('.falling + .numbers-of b').dataset.exact)"
)


def loss(tab):
    return tab.evaluate(f"() => {LOSS}")


def test_axe_finds_nothing(opened):
    """No barrier for those who listen to the page or use keys alone, light or dark."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for scheme, name in [("light", "Expression"), ("dark", "Network")]:
        opened.emulate_media(color_scheme=scheme)
        opened.get_by_role("tab", name=name).click()
        found = axe.run(opened, options={"resultTypes": ["violations"]}).response["violations"]
        assert not found, [(f["id"], [n["html"] for n in f["nodes"]][:3]) for f in found]
    opened.emulate_media(color_scheme="light")
