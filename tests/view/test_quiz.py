"""Predict before you see: the page asks for each next number, and hides it until it was typed."""

import math
import re

import pytest
from browser import tab
from test_page import LUMINANCE, moved, of, reused

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.graph import ancestors


@pytest.fixture(scope="module")
def asked(browser):
    """A tab of its own, as the quiz keeps the focus."""
    with tab(browser, viewport={"width": 1280, "height": 800}) as opened:
        yield opened
        assert opened.quiet(), (opened.said, opened.asked)


def begin(asked, root):
    asked.show(ag.draw(root))
    asked.page.get_by_role("switch", name="Predict").click()
    these = asked.page.get_by_role("button", name="With these numbers")
    if these.count():
        these.click()
    return asked


def say(asked, x):
    """Type a number into the field, which has the focus, and press Enter."""
    field = asked.page.get_by_label("Your number")
    assert field.evaluate("(e) => e.getRootNode().activeElement === e")
    asked.page.keyboard.type(x if isinstance(x, str) else f"{x:.4g}")
    asked.page.keyboard.press("Enter")


def on(asked):
    """Go on to the next question."""
    asked.page.keyboard.press("Enter")


def answer(asked, questions):
    """Answer some questions at once, as `say` and `on` would one by one."""
    asked.page.locator("form.quiz").evaluate(
        """(form, questions) => {
          for (const numbers of questions) {
            for (const x of numbers) {
              form.querySelector("input").value = x.toPrecision(4);
              form.requestSubmit();
              form.requestSubmit();
            }
          }
        }""",
        questions,
    )


def reply(asked):
    return asked.page.locator(".answer").inner_text()


def moment(asked):
    return " ".join(asked.page.locator(".moment").inner_text().split())


def steps(root):
    """What is right, in the order in which it is asked: lists of one or two numbers."""
    nodes = list(ancestors(root))
    yield from ([node.data] for node in nodes if node.op)
    yield [1.0]
    grad = dict.fromkeys(nodes, 0.0) | {root: 1.0}
    seen = set()
    for node in [node for node in reversed(nodes) if node.op]:
        for parent, partial in zip(node.parents, node.local_grads, strict=True):
            if parent.constant:
                continue
            part = grad[node] * partial
            grad[parent] += part
            yield [part, grad[parent]] if parent in seen else [part]
            seen.add(parent)


class TestAsking:
    def test_right_numbers_lead_to_the_end_and_the_next_is_nowhere_on_the_page(self, asked):
        """Typed with four digits, as they are shown; in no text, no name and no card before."""
        a, b = Value(1.37, label="a"), Value(2.91, label="b")
        root = ag.tanh(a * b * 0.1) * a + a * a
        root.backward()
        begin(asked, root)
        known = {"1.37", "2.91"}
        backward, told = False, 0
        for numbers in steps(root):
            for part, x in enumerate(numbers):
                if part:
                    on(asked)
                text = asked.page.locator("[data-lm-suppress-shortcuts]").evaluate(
                    """(host) => {
                      const { shadowRoot } = host;
                      for (const box of shadowRoot.querySelectorAll("[data-box]")) {
                        box.dispatchEvent(new Event("click", { bubbles: true }));
                        box.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
                      }
                      const style = shadowRoot.querySelector("style").outerHTML;
                      return shadowRoot.innerHTML.replace(style, "");
                    }"""
                )
                shown = set(re.findall(r"(?<![\d.])-?\d+\.\d+(?![\d.])", text))
                assert f"{x:.4g}" not in shown - known, x
                known.add(f"{x:.4g}")
                asked.page.get_by_label("Your number").focus()
                say(asked, x)
                assert reply(asked).startswith("Right:"), (x, reply(asked))
            arrows = asked.page.locator(".stage .edge > text").all_text_contents()
            told += backward
            backward |= numbers == [1.0]
            # while "Next" waits, too; beside the arrow of the constant
            assert sum(text.strip() != "?" for text in arrows) == told + 1, arrows
            on(asked)
        assert "Score 20 of 20 right at once" in moment(asked)
        assert asked.numbers() == of(root)

    def test_nothing_leads_to_a_number_that_was_not_answered(self, asked):
        """Neither keys nor the slider; back to one that was they do."""
        begin(asked, reused())
        say(asked, "-6")
        on(asked)
        asked.page.locator("#n0").focus()
        for key in ("ArrowRight", "End", "b"):
            asked.page.keyboard.press(key)
        asked.step(9)
        assert "Predict number 2 of 16" in moment(asked)
        asked.page.locator("#n0").focus()
        asked.page.keyboard.press("ArrowLeft")
        assert "Predict number 1 of 16" in moment(asked)

    def test_a_wrong_product_is_answered_with_partial_and_upstream_gradient(self, asked):
        begin(asked, reused())
        answer(asked, [*steps(reused())][:9])
        # e * a by a: the gradient of e * a is 1, and the partial is e = -6
        assert "1 gradient of v1 × ∂v1/∂e partial derivative = ? goes to e" in moment(asked)
        say(asked, "3")
        first = "if e alone grows by 0.001, by how many thousandths does v1 change?"
        assert reply(asked) == f"Not 3. Find ∂v1/∂e first: {first}"
        assert "1 gradient of v1 × ∂v1/∂e partial derivative = ? goes to e" in moment(asked)
        hint = "The gradient of v1 is 1, and the partial derivative is ∂v1/∂e = a = 2."
        say(asked, "3")
        assert reply(asked) == f"Not 3. {hint}"
        assert "1 gradient of v1 × 2 ∂v1/∂e = ? goes to e" in moment(asked)
        say(asked, "-2")
        sign = "The size is right, the sign is not."
        assert reply(asked) == f"Not -2. {sign} {hint} Multiply: 1 × 2 = …"

    def test_feedback_stays_until_one_goes_on_and_an_empty_answer_is_none(self, asked):
        """Also between the two parts of a question; the first tells the partial derivative."""
        begin(asked, reused())
        answer(asked, [*steps(reused())][:8])
        say(asked, "2")
        assert reply(asked) == "Right: 1 × 2 = 2."
        assert "1 gradient of v2 × 2 ∂₂v2/∂a = 2 goes to a" in moment(asked)
        assert "The partial derivative is ∂₂v2/∂a = a = 2." in moment(asked)
        assert asked.page.get_by_label("Your number").is_hidden()
        on(asked)
        said = moment(asked)
        assert "Predict number 10 of 16" in said
        on(asked)  # an Enter too many
        assert moment(asked) == said
        say(asked, "77")
        wrong = reply(asked)
        asked.page.get_by_label("Your number").fill(" ")
        on(asked)
        assert reply(asked) == wrong

    def test_one_number_is_asked_and_marked(self, asked):
        begin(asked, reused())
        answer(asked, [*steps(reused())][:9])
        assert asked.page.locator(".moment .blank").all_inner_texts() == ["?"]
        asks = asked.page.locator(".stage .node.asked")
        assert asks.evaluate_all("(boxes) => boxes.map((box) => box.id)") == ["n2"]
        assert asked.page.locator(".stage .edge.now").count() == 1

    def test_of_equal_arguments_each_arrow_is_one(self, asked):
        x = Value(3.0, label="x")
        begin(asked, x * x)
        for right in (9, 1):
            say(asked, right)
            on(asked)
        assert "x stands there twice: here only the first one changes." in moment(asked)
        say(asked, "6")
        assert "That is for all of them; the others have arrows of their own" in reply(asked)

    @pytest.mark.parametrize(
        ("typed", "said"),
        [("2", "That would forget what came before"), ("5", "a had 2, and this arrow brings")],
    )
    def test_a_part_that_is_not_added_is_told(self, asked, typed, said):
        """The mistake of overwriting a gradient."""
        begin(asked, reused())
        answer(asked, [*steps(reused())][:8])
        say(asked, "2")
        on(asked)
        assert "2 gradient of a so far 2 this arrow brings" in moment(asked)
        say(asked, typed)
        first = reply(asked)
        say(asked, typed)
        assert first != reply(asked)  # the second hint says more
        assert said in f"{first} {reply(asked)}"
        assert not re.search("[^0-9]4[^0-9]", reply(asked).partition("a had")[2].replace("= ", ""))

    def test_what_is_right_is_right_within_a_hundredth(self, asked):
        begin(asked, Value(20.0, label="x") * Value(5.0, label="y"))
        assert "Within 1 % counts as right" in reply(asked)
        for wrong in ("101.5", "98.5", "-100", "0"):
            asked.page.get_by_label("Your number").fill("")
            say(asked, wrong)
            assert reply(asked).startswith(f"Not {wrong}.")
        asked.page.get_by_label("Your number").fill("")
        say(asked, "nothing")
        assert reply(asked) == "Type a number, such as -1.5 or 1/3."
        asked.page.get_by_label("Your number").fill("")
        say(asked, "100.9")
        assert reply(asked) == "Right: v1 = 20 × 5 = 100."

    @pytest.mark.parametrize("text", ["-0.5", "−0,5", " -1/2 ", "-5e-1", "-.5"])
    def test_numbers_are_taken_as_people_write_them(self, asked, text):
        begin(asked, Value(-1.0, label="x") * 0.5)
        say(asked, text)
        assert reply(asked).startswith("Right")

    def test_zero_and_what_is_no_number_can_be_right(self, asked):
        begin(asked, Value(0.0, label="x") * 2.0)
        say(asked, "0")
        assert reply(asked).startswith("Right")
        begin(asked, Value(math.inf, label="x") * 0.0)
        say(asked, "nan")
        assert reply(asked).startswith("Right")


class TestScore:
    def test_it_counts_by_kind_of_edge_and_says_why_parts_add(self, asked):
        begin(asked, reused())
        say(asked, "7")  # wrong
        asked.page.get_by_label("Your number").fill("")
        say(asked, "-6")
        on(asked)
        asked.page.locator("form.quiz").evaluate(
            """(form) => {
              const [show, next] = ["Show me", "Next"].map((name) =>
                [...form.querySelectorAll("button")].find((b) => b.textContent.includes(name)));
              while (form.querySelector("input").checkVisibility()) {
                show.click();
                if (next.checkVisibility()) form.requestSubmit();
              }
            }"""
        )
        rows = asked.page.locator(".score tr").all_inner_texts()
        assert [row.split("\t") for row in rows[1:]] == [
            ["forward: the number of a box", "0", "1", "3"],
            ["the start at the output", "0", "0", "1"],
            ["an arrow through +", "0", "0", "2"],
            ["an arrow through *", "0", "0", "6"],
            ["adding the parts of a value that is used again", "0", "0", "3"],
        ]
        said = moment(asked)
        assert "∂L/∂a = 2 by v2 + 2 by v2 + -6 by v1 + -6 by e = -8" in said
        assert "∂L/∂b = 4 by e" in said
        assert "a is used 4 times" in said
        assert "L changes by -0.008002, and the gradient predicts -8 × 0.001 = -0.008" in said

    def test_it_can_be_had_before_the_end(self, asked):
        begin(asked, reused())
        say(asked, "-6")
        asked.page.get_by_role("button", name="Score").click()
        assert "Score 1 of 1 right at once" in moment(asked)
        assert "∂L/∂a" not in moment(asked)  # still to be found
        asked.page.get_by_role("button", name="Again", exact=True).click()
        assert "Predict number 1 of 16" in moment(asked)

    def test_one_goes_on_after_it_where_one_was(self, asked):
        begin(asked, reused())
        say(asked, "7")
        asked.page.get_by_role("button", name="Show me").click()
        on(asked)
        say(asked, "7")
        before = moment(asked), reply(asked)
        asked.page.get_by_role("button", name="Score").click()
        asked.page.get_by_role("button", name="Continue").click()
        assert (moment(asked), reply(asked)) == before
        assert "Predict number 2 of 16" in before[0]

    def test_other_numbers_make_another_exercise_of_the_same_graph(self, asked):
        asked.show(ag.draw(reused()))
        before = asked.numbers()
        switch = asked.page.get_by_role("switch", name="Predict")
        switch.click()
        asked.page.keyboard.press("Enter")  # the first choice, as the page has shown its numbers
        assert [asked.numbers()[name][0] for name in ("n0", "n1")] != ["2.0", "-3.0"]
        a, b = (float(asked.numbers()[name][0]) for name in ("n0", "n1"))
        assert {abs(a), abs(b)} <= {2.0, 3.0, 4.0, 5.0}
        assert abs(a) != abs(b)
        say(asked, str(a * b))
        assert reply(asked).startswith("Right")
        switch.click()
        assert asked.numbers() == before

    def test_other_numbers_do_not_make_things_look_alike(self, asked):
        """No 0, 1 or -1, no two leaves of one size, and few answers that are the same."""
        asked.show(ag.draw(reused()))
        asked.page.get_by_role("switch", name="Predict").click()
        asked.page.get_by_role("button", name="With other numbers").click()
        for _ in range(12):
            a, b = (float(asked.numbers()[name][0]) for name in ("n0", "n1"))
            assert abs(a) != abs(b)
            assert min(abs(a), abs(b)) > 1
            answers = [
                a * b,
                a * b * a,
                a * a,
                a * b * a + a * a,
                1,
                1,
                a,
                a,
                a,
                a * b,
                a * a,
                a * b,
            ]
            assert max(map(answers.count, answers)) <= 4
            asked.page.locator("form.quiz").get_by_role("button", name="Show me").click()
            asked.page.get_by_role("button", name="Score").click()
            asked.page.get_by_role("button", name="Again, with other numbers").click()


class TestSwitch:
    def test_it_leads_back_to_the_page_as_it_was(self, asked):
        asked.show(ag.draw(reused()))
        texts, before = asked.texts(), moment(asked)
        last = asked.page.locator(".player").get_by_label("Last", exact=True)
        place = last.bounding_box()["x"]
        switch = asked.page.get_by_role("switch", name="Predict")
        switch.click()
        assert switch.get_attribute("aria-checked") == "true"
        assert asked.page.locator(".play").is_hidden()
        assert asked.texts() != texts
        assert last.bounding_box()["x"] == place
        assert last.is_disabled()
        asked.page.get_by_role("button", name="With these numbers").click()
        asked.page.locator(".player input").fill("9")
        asked.page.locator("h1").click()
        asked.page.keyboard.press("End")  # leads no further than to the question
        assert "Predict number 1 of 16" in moment(asked)
        assert asked.numbers()["n2"][0] == ""
        switch.click()
        assert (asked.texts(), moment(asked)) == (texts, before)
        assert asked.page.get_by_label("Your number").is_hidden()

    def test_a_dragged_leaf_begins_it_anew(self, asked):
        begin(asked, reused())
        say(asked, "-6")
        on(asked)
        asked.page.locator("#n0").click()
        asked.page.get_by_label("Number of a").fill("3")
        asked.page.keyboard.press("Enter")
        assert "Predict number 1 of 16" in moment(asked)
        asked.page.get_by_label("Your number").focus()
        say(asked, "-9")
        assert reply(asked).startswith("Right")

    def test_numbers_that_are_out_of_date_are_not_asked_for(self, asked):
        asked.show(ag.draw(moved()))
        switch = asked.page.get_by_role("switch", name="Predict")
        assert switch.is_disabled()
        assert "root.refresh()" in switch.get_attribute("title")

    def test_a_users_op_is_asked_for_without_its_functions(self, asked):
        op = ag.custom_op("test_quiz_cube", lambda x: x * x * x, lambda out, x: 3 * x * x)
        root = op(Value(2.0, label="x"))
        root.backward()
        begin(asked, root)
        for x in (8.0, 1.0, 12.0):
            say(asked, x)
            assert reply(asked).startswith("Right")
            on(asked)
        assert "3 of 3 right at once" in moment(asked)

    def test_a_link_can_open_with_it(self, asked, tmp_path):
        file = ag.draw(reused()).save(tmp_path / "x.html")
        asked.page.goto(f"{file.as_uri()}#predict=1&a=3")
        assert "Predict number 1 of 16" in moment(asked)
        say(asked, "-9")
        assert reply(asked).startswith("Right")

    def test_it_fits_and_can_be_read(self, browser):
        with tab(browser, viewport={"width": 360, "height": 800}) as opened:
            begin(opened, reused())
            states = [lambda: say(opened, "7"), lambda: opened.page.get_by_text("Show me").click()]
            states += [lambda: opened.page.get_by_role("button", name="Score").click()]
            for change in states:
                change()
                for width, scheme in ((3840, "dark"), (360, "dark"), (360, "light")):
                    opened.page.set_viewport_size({"width": width, "height": 800})
                    opened.page.emulate_media(color_scheme=scheme)
                    root = "document.documentElement"
                    over = f"{root}.scrollWidth - {root}.clientWidth"
                    assert opened.page.evaluate(over) == 0
                    seen = opened.page.locator("[data-lm-suppress-shortcuts]").evaluate(LUMINANCE)
                    assert [found for found in seen if found[0] < 4.5] == []
