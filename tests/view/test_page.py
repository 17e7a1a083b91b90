"""The page of a graph, in a real browser."""

import math
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from browser import tab
from hypothesis import HealthCheck, Phase, given, settings
from programs import ROWS, contributions, programs, rounding
from test_random_graphs import graphs

import autograd_lite as ag
from autograd_lite import Value, explain, gradient
from autograd_lite.graph import ancestors
from autograd_lite.nn import MLP
from autograd_lite.ops import TABLE
from autograd_lite.view.page.page import read, scripts
from autograd_lite.writing.javascript import script

IN_BROWSER = settings(
    max_examples=8,
    parent=settings.get_profile("few"),
    phases=[Phase.explicit, Phase.generate],  # shrinking would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def neuron():
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
    n = x1 * w1 + x2 * w2 + Value(6.8813735870195432, label="b")
    n.label = "n"
    o = ag.tanh(n)
    o.label = "o"
    o.backward()
    return o


def reused():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    e = a * b
    e.label = "e"
    root = e * a + a * a
    root.label = "L"
    root.backward()
    return root


def of(root):
    """Python's numbers of the boxes of a graph, as text."""
    return {f"n{i}": [repr(n.data), repr(n.grad)] for i, n in enumerate(ancestors(root))}


class TestShowing:
    def test_a_file_shows_every_box_and_every_arrow(self, page, tmp_path):
        page.open(ag.draw(neuron()), tmp_path / "x.html")
        assert page.numbers() == of(neuron())
        assert page.page.locator(".stage g.edge").count() == 9
        assert page.page.title() == "Computation graph: 10 values"

    def test_without_scripts_there_is_the_picture(self, browser, tmp_path):
        with tab(browser, java_script_enabled=False) as opened:
            opened.open(ag.draw(neuron()), tmp_path / "x.html")
            box = opened.page.locator("img").bounding_box()
            assert box["width"] > 300
            assert box["height"] > 100

    def test_a_notebooks_output_is_the_same_page(self, page):
        assert page.show(ag.draw(neuron())).numbers() == of(neuron())

    @pytest.mark.parametrize("attached", [True, False])
    def test_scripts_may_run_later_than_the_output_is_made(self, page, attached):
        """As JupyterLab does it: with innerHTML, whose scripts are then replaced by copies."""
        page.page.set_content("<body></body>")
        page.page.evaluate(
            """([html, attached]) => {
              const output = document.createElement("div");
              if (attached) document.body.append(output);
              output.innerHTML = html;
              for (const script of output.querySelectorAll("script")) {
                const copy = document.createElement("script");
                copy.textContent = script.textContent;
                script.replaceWith(copy);
              }
              if (!attached) document.body.append(output);
            }""",
            [ag.draw(neuron())._repr_html_(), attached],
        )
        assert page.numbers() == of(neuron())

    def test_the_numbers_are_those_of_when_it_was_drawn(self, page):
        root = neuron()
        view, before = ag.draw(root), of(root)
        root.zero_grad()
        assert page.show(view).numbers() == before

    @pytest.mark.parametrize(
        "view",
        [
            lambda: ag.draw(Value(2.0, label="a")),
            lambda: ag.draw(Value(2.0) * math.inf + math.nan),
            lambda: ag.draw(reused(), constants=False, rankdir="TB"),
            lambda: ag.draw(ag.dot([Value(1.0), Value(2.0)], [3.0, 4.0], 5.0), expand=True),
            lambda: ag.draw(ag.dot([Value(1.0), Value(2.0)], [3.0, 4.0]), constants=False),
            lambda: ag.draw(ag.sum([]) if isinstance(ag.sum([]), Value) else Value(1.0) * 1.0),
        ],
        ids=["leaf", "nan", "top down", "expanded", "no constants", "small"],
    )
    def test_odd_graphs_are_shown_and_played(self, page, view):
        page.show(view())
        before = page.numbers()
        assert before
        for k in range(page.steps() + 1):
            page.step(k)
        assert {name: data for name, (data, _) in page.numbers().items()} == {
            name: data for name, (data, _) in before.items()
        }

    def test_the_same_graph_gives_the_same_bytes_in_every_process(self):
        program = (
            "import sys; import autograd_lite as ag;"
            "x, y = ag.Value(2.0, label='x'), ag.Value(3.0);"
            "z = ag.logsumexp([x, y, x * y]) ** 2.0 + ag.tanh(x); z.backward();"
            "sys.stdout.buffer.write(ag.draw(z)._repr_html_().encode())"
        )
        outputs = {
            subprocess.run(
                [sys.executable, "-c", program], check=True, capture_output=True,
                env={**os.environ, "PYTHONHASHSEED": seed},
            ).stdout
            for seed in ("1", "2", "3")
        }  # fmt: skip
        [output] = outputs
        assert b" at 0x" not in output

    def test_a_file_asks_for_nothing_beside_itself(self, tmp_path):
        text = ag.draw(neuron()).save(tmp_path / "x.html").read_text()
        assert "default-src 'none'" in text
        assert not re.search(r"https?://(?!www\.w3\.org)", text)

    def test_a_host_may_put_all_of_it_into_one_line(self, page):
        """No comment is left to swallow the rest, and no line's end stands for a semicolon."""
        page.page.set_content(ag.draw(reused())._repr_html_().replace("\n", " "))
        page.step(page.steps())
        assert page.numbers() == of(reused())
        written = scripts() + read("page.js", "lesson.page")
        assert "//" not in written.replace('"http://www.w3.org/2000/svg"', "")

    def test_the_command_line_saves_a_page(self, page, tmp_path):
        from autograd_lite.cli import main

        assert main(["explain", "tanh(w*x)", "w=0.5", "x=2", "--draw", f"{tmp_path}/x.html"]) == 0
        page.page.goto((tmp_path / "x.html").as_uri())
        assert len(page.numbers()) == 4


HOSTILE = [
    "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "'\"`${1}\\", "a\nb\tc",
    "😀 ∂x", "{a|b}", "<!--", "x" * 10_000, "\u2028\x00\ud800", "data 5", "grad 7", "&lt;b&gt;",
]  # fmt: skip


class TestLabels:
    @pytest.mark.parametrize("label", HOSTILE, ids=range(len(HOSTILE)))
    def test_a_label_is_text_whatever_it_is(self, page, label):
        with ag.scope(label[:30]):
            root = Value(2.0, label=label) * Value(3.0, label=label)
        root.label = label
        root.backward()
        view = ag.draw(root)
        assert view._repr_html_().count("</script") == 1
        page.show(view)
        assert page.numbers() == of(root)
        assert page.page.locator("img[onerror]").count() == 0
        for k in range(page.steps() + 1):
            page.step(k)
        page.page.locator("#n2").click()
        shown = page.page.locator(".panel .name").text_content()
        clean = re.sub(r"[\x00-\x08\t\ud800]", "\N{REPLACEMENT CHARACTER}", label)
        expected = "\n".join(line[:999] for line in clean.splitlines())
        assert shown.startswith(expected)
        page.page.keyboard.press("Escape")

    def test_a_long_label_leaves_the_page_as_wide_as_it_is(self, page, tmp_path):
        page.open(ag.draw(Value(1.0, label="x" * 10_000) * 2.0), tmp_path / "x.html")
        page.page.locator("#n0").click()
        wide = page.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0


class TestLooking:
    def test_hover_shows_the_exact_numbers_and_the_formulas(self, page):
        root = neuron()
        page.show(ag.draw(root))
        for i, node in enumerate(ancestors(root)):
            page.page.locator(f"#n{i}").hover()
            card = page.page.locator(".card").inner_text()
            assert f"data\n{node.data!r}" in card
            assert f"grad\n{node.grad!r}" in card
        assert "o = tanh(n) = tanh(0.8814) = 0.7071" in card
        assert "∂o/∂n = tanh′(n) = 1 - o² = 1 - 0.7071² = 0.5" in card

    def test_hover_shows_the_scope(self, page):
        with ag.scope("layer"), ag.scope("neuron 1"):
            root = Value(2.0) * 3.0
        page.show(ag.draw(root))
        page.page.locator("#n0").hover()
        assert "layer › neuron 1" in page.page.locator(".card").inner_text()

    def test_hover_shows_the_line_that_recorded_a_box(self, page):
        a = Value(2.0, label="a")
        with ag.keep_lines():
            b = a * 3.0  # this line
        root = b + a
        page.show(ag.draw(root))
        page.page.locator("#n2").hover()
        assert re.search(
            r"made at\ntest_page.py:\d+: b = a \* 3.0  # this line",
            page.page.locator(".card").inner_text(),
        )
        page.page.locator("#n3").hover()
        assert "made at" not in page.page.locator(".card").inner_text()

    def test_a_click_marks_the_paths_to_the_output_and_nothing_else(self, page):
        root = reused()
        places = {node: i for i, node in enumerate(ancestors(root))}
        page.show(ag.draw(root))
        for node, i in places.items():
            page.page.locator("body").press("Escape")
            page.page.locator(f"#n{i}").dispatch_event("click")
            found = explain(root, node, paths=100)
            boxes = {f"n{places[n]}" for path in found.paths for n in path.nodes}
            arrows = {
                f"n{places[path.nodes[k + 1]]}-{argument}"
                for path in found.paths
                for k, argument in enumerate(path.arguments)
            }
            assert set(page.marked("on-path")) == boxes | arrows

    def test_a_click_lists_each_paths_product_and_their_sum(self, page):
        root = reused()
        a = ancestors(root)[0]
        page.show(ag.draw(root))
        page.page.locator("#n0").click()
        products = page.page.locator(".ways .product b").all_inner_texts()
        assert [float(p) for p in products] == [p.product for p in explain(root, a).paths]
        assert page.page.locator(".total b").inner_text() == f"{a.grad:.4g}"
        page.page.locator(".stage svg").press("Escape")
        assert page.marked("on-path") == []

    def test_more_paths_than_can_be_listed_are_counted(self, page):
        x = y = Value(1.0, label="x")
        for _ in range(40):
            y = y + y
        y.backward()
        page.show(ag.draw(y))
        page.page.locator("#n0").dispatch_event("click")
        assert "1,099,511,627,776 paths" in page.page.locator(".panel h3").first.inner_text()
        assert "more, together 1.1e+12" in page.page.locator(".rest").text_content()
        assert page.page.locator(".total b").inner_text() == "1.1e+12"
        assert x.grad == 2.0**40

    @pytest.mark.parametrize(
        ("wanted", "boxes"),
        [("w", {"n1", "n4"}), ("TANH", {"n9"}), ("multiply", {"n2", "n5"}), ("zzz", set())],
    )
    def test_search_finds_labels_and_ops(self, page, wanted, boxes):
        page.show(ag.draw(neuron()))
        page.page.locator("input[type=search]").fill(wanted)
        assert set(page.marked("found")) == boxes
        assert page.page.locator(".matches").inner_text() == f"{len(boxes)} of 10"

    def test_search_finds_scopes(self, page):
        with ag.scope("hidden layer"):
            h = Value(2.0) * 3.0
        page.show(ag.draw(h + 1.0))
        page.page.locator("input[type=search]").fill("hidden")
        assert set(page.marked("found")) == {"n0", "n1", "n2"}

    def test_arrows_tell_the_sign_of_what_flows_by_class_and_glyph(self, page):
        root = neuron()
        page.show(ag.draw(root))
        for i, node in enumerate(ancestors(root)):
            for k, partial in enumerate(node.local_grads):
                flow = node.grad * partial
                edge = page.page.locator(f"[id='n{i}-{k}']")
                sign, glyph = (
                    ("positive", "+")
                    if flow > 0
                    else ("negative", "−")
                    if flow < 0
                    else ("zero", "0")
                )
                assert sign in edge.get_attribute("class").split()
                assert edge.locator(".badge text").text_content() == glyph
        widths = page.page.evaluate(
            """() => [...document.querySelector("div").shadowRoot.querySelectorAll(".edge > path")]
              .map((path) => [path.parentNode.id, parseFloat(path.style.strokeWidth)])"""
        )
        assert max(widths, key=lambda pair: pair[1])[0] == "n2-0"  # -1.5, the largest flow


class TestPlayer:
    def test_it_ends_at_the_gradients_of_backward(self, page):
        for root in (neuron(), reused()):
            root.zero_grad()
            view = ag.draw(root)
            root.backward()
            page.show(view)
            page.step(page.steps())
            assert page.numbers() == of(root)

    @IN_BROWSER
    @given(graphs())
    def test_it_ends_at_the_gradients_of_any_graph(self, page, nodes):
        root = nodes[-1]
        view = ag.draw(root)
        root.backward()
        page.show(view)
        page.step(page.steps())
        if not root.constant:
            shown = page.numbers()
            for name, (data, grad) in of(root).items():
                assert shown[name][0] == data
                same = float(shown[name][1]) == float(grad)
                assert same or shown[name][1] == grad == "nan"

    def test_the_arrow_of_a_constant_has_no_derivative(self, page):
        page.show(ag.draw(Value(3.0, label="a") * 2.0))
        for k in range(page.steps() + 1):
            page.step(k)
            texts = page.page.locator(".stage g.edge > text").all_text_contents()
            assert sorted(text.strip() for text in texts) == ["2", "—"]

    def test_forward_numbers_come_op_by_op(self, page):
        root = neuron()
        page.show(ag.draw(root))
        ops = [f"n{i}" for i, node in enumerate(ancestors(root)) if node.op]
        for k in range(len(ops) + 1):
            page.step(k)
            unknown = {name for name, (data, _) in page.numbers().items() if not data}
            assert unknown == set(ops[k:])

    def test_it_says_what_it_does_in_words_and_numbers(self, page):
        page.show(ag.draw(reused()))
        said = []
        for k in range(page.steps() + 1):
            page.step(k)
            said.append(page.page.locator(".moment").inner_text())
        assert "e = a × b = 2 × (-3) = -6" in said[1]
        assert "∂e/∂a = -3, ∂e/∂b = 2" in said[1]
        sums = [re.search(r"grad of a: .*", text) for text in said]
        assert [s[0].partition(" a is used")[0] for s in sums if s] == [
            "grad of a: 0 + 2 = 2",
            "grad of a: 2 + 2 = 4",
            "grad of a: 4 − 6 = -2",
            "grad of a: -2 − 6 = -8",
        ]
        assert "a is used 4 times, and this is use 4" in said[-2]
        assert "what comes of it in L adds up" in said[-2]
        assert "now it is complete" in said[-2]

    def test_the_same_argument_twice_adds_twice(self, page):
        x = Value(3.0, label="x")
        y = x * x
        page.show(ag.draw(y))
        page.step(3)
        assert "grad of x: 0 + 3 = 3" in page.page.locator(".moment").inner_text()
        page.step(4)
        assert "grad of x: 3 + 3 = 6" in page.page.locator(".moment").inner_text()
        assert "∂₂v1/∂x" in page.page.locator(".moment").inner_text()

    def test_back_restores_and_the_slider_goes_where_steps_go(self, page):
        page.show(ag.draw(reused()))
        seen = []
        for k in range(page.steps() + 1):
            page.step(k)
            seen.append((page.texts(), page.page.locator(".moment").inner_text()))
        first = page.page.get_by_label("First", exact=True)
        forward = page.page.get_by_label("Forward", exact=True)
        back = page.page.get_by_label("Back", exact=True)
        first.click()
        for k in range(len(seen) - 1):
            assert (page.texts(), page.page.locator(".moment").inner_text()) == seen[k]
            forward.click()
        for k in range(len(seen) - 1, 0, -1):
            assert (page.texts(), page.page.locator(".moment").inner_text()) == seen[k]
            back.click()
        assert page.texts() == seen[0][0]

    def test_keys_step_and_stay_inside(self, page):
        page.show(ag.draw(neuron()))
        page.page.evaluate(
            """() => { window.heard = 0;
              for (const name of ["keydown", "keyup", "keypress"])
                document.addEventListener(name, () => { window.heard += 1; }); }"""
        )
        slider = page.page.locator(".player input")
        page.page.locator("#n9").focus()
        moves = [
            ("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("q", 1),
            ("End", 15), ("ArrowRight", 15),
        ]  # fmt: skip
        for key, expected in moves:
            page.page.keyboard.press(key)
            assert slider.input_value() == str(expected)
        page.page.keyboard.press("ArrowUp")
        assert page.page.locator("#n8").evaluate("(g) => g.getRootNode().activeElement === g")
        page.page.keyboard.press("Enter")
        assert page.marked("selected") == ["n8"]
        page.page.keyboard.press("/")
        page.page.keyboard.type("dd")
        assert page.page.locator("input[type=search]").input_value() == "dd"
        assert page.page.evaluate("window.heard") == 0
        host = page.page.locator("[data-lm-suppress-shortcuts]")
        assert host.get_attribute("data-lm-suppress-shortcuts") == "true"

    def test_it_plays_to_the_end_and_stops(self, page):
        view = ag.draw(reused())
        view.page._data["pace"] = 5
        page.show(view)
        page.page.locator(".play").evaluate(
            """(button) => {
              const { body } = document;
              const note = () => (body.title += ` ${button.getAttribute("aria-label")}`);
              new MutationObserver(note).observe(button, { attributeFilter: ["aria-label"] });
            }"""
        )
        page.page.locator("#n0").focus()
        page.page.keyboard.press(" ")
        slider = page.page.locator(".player input")
        page.page.locator("body[title=' Pause Play']").wait_for()
        assert slider.input_value() == slider.get_attribute("max")

    def test_two_pages_in_a_document_leave_each_other_alone(self, page):
        view = ag.draw(reused())._repr_html_()
        page.page.set_content(f"<body>{view}{view}</body>")
        first, second = (page.page.locator(".player input").nth(i) for i in (0, 1))
        before = page.page.locator(".stage").nth(1).inner_text()
        first.fill("3")
        page.page.locator("#n0").first.dispatch_event("click")
        assert second.input_value() == second.get_attribute("max")
        assert page.page.locator(".stage").nth(1).inner_text() == before
        assert page.page.locator(".app").nth(1).locator(".on-path").count() == 0


def close(mine, true, error):
    if math.isnan(mine) or math.isnan(true):
        return math.isnan(mine) and math.isnan(true)
    return mine == true or abs(mine - true) <= 1e-12 * abs(true) + error


class TestWhatIf:
    def test_a_dragged_leaf_changes_what_depends_on_it(self, page):
        root = reused()
        a, b = ancestors(root)[0], ancestors(root)[1]
        page.show(ag.draw(root))
        page.page.locator("#n0").click()
        page.page.get_by_label("Number of a").fill("2,5")
        page.page.keyboard.press("Enter")
        a.data = 2.5
        root.refresh()
        root.zero_grad()
        root.backward()
        assert page.numbers() == of(root)
        assert "a: 2 → 2.5; L: -8 → -12.5" in page.page.locator(".moment").inner_text()
        assert b.label == "b"
        page.page.get_by_role("button", name="Reset").click()
        assert page.numbers() == of(reused())

    def test_the_number_in_a_box_can_be_dragged(self, page):
        page.show(ag.draw(neuron()))
        number = page.page.locator("#n0 .data").bounding_box()
        page.page.mouse.move(number["x"] + 5, number["y"] + 5)
        page.page.mouse.down()
        page.page.mouse.move(number["x"] + 55, number["y"] + 5, steps=5)
        page.page.mouse.up()
        x1 = float(page.numbers()["n0"][0])
        assert 2.2 < x1 < 2.6
        assert float(page.numbers()["n2"][0]) == -3.0 * x1

    def test_every_row_gives_pythons_numbers(self, page):
        """Forward rules and partials of all rows, at ordinary and at special arguments."""
        rng = np.random.default_rng(3)
        special = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.5,
            2.0,
            math.inf,
            -math.inf,
            math.nan,
            30.0,
            -30.0,
            700.0,
        ]
        rows = [*ROWS, *[row for row in TABLE.values() if not row.public]]
        asked, expected = [], []
        for k, row in enumerate(rows):
            domain = row.domain if row.arity else row.domain * (len(row.scalars) + 4)
            cases = [[float(rng.uniform(*side)) for side in domain] for _ in range(40)]
            cases += [[float(rng.choice(special)) for _ in domain] for _ in range(40)]
            for args in cases:
                out = row.on_floats(*args)
                asked.append([k, [str(x) for x in args], len(args)])
                found = row.partials_on_floats(out, args, [True] * len(args))
                expected.append((row, args, [out, *found]))
        functions, entries = script(tuple(rows))
        rules = f"{scripts()}\n{functions}\nconst ROWS = {entries};"
        answers = page.page.evaluate(
            f"""(asked) => {{ {rules}
              const plain = (x) => number(x);
              return asked.map(([row, args]) => {{
                const nodes = args.map((x) => ({{ data: x, grad: 0, partials: [], args: [] }}));
                nodes.push({{ data: 0, grad: 0, partials: args.map(() => 0), row,
                              args: args.map((_, i) => i), root: true }});
                const {{ data, partials }} = new Graph(nodes, ROWS).evaluated(new Map());
                return [data.at(-1), ...partials.at(-1)].map(exactly);
              }}); }}""",
            asked,
        )
        for (row, args, true), mine in zip(expected, answers, strict=True):
            for x, y in zip(map(float, mine), true, strict=True):
                assert close(x, y, 1e-300), (row, args, true, mine)

    @IN_BROWSER
    @given(programs(most_steps=12, points=2))
    def test_it_agrees_with_python_on_any_program(self, page, program):
        def recorded(point):
            leaves = [Value(float(x)) for x in program.points[:, point]]
            return leaves, program.run(leaves, Value._apply_op)[-1]

        leaves, root = recorded(0)
        places = {node: i for i, node in enumerate(ancestors(root))}  # nodes may equal in numbers
        page.show(ag.draw(root))
        changed, there = recorded(1)
        for leaf, other in zip(leaves, changed, strict=True):
            if leaf in places:
                page.page.locator(f"#n{places[leaf]}").dispatch_event("click")
                page.page.get_by_label(re.compile("^Number of ")).fill(repr(other.data))
                page.page.keyboard.press("Enter")
        there.backward()
        inputs = [leaf for leaf in changed if leaf in set(ancestors(there))]
        scale = dict(zip(inputs, contributions(there, inputs), strict=True))
        slopes = dict(zip(inputs, gradient(there, inputs, create_graph=True), strict=True))
        numbers = page.numbers()
        shown = [numbers[f"n{i}"] for i in range(len(numbers))]
        assert close(float(shown[-1][0]), there.data, 1e-14 * rounding(there))
        for node, (data, grad) in zip(ancestors(there), shown, strict=True):
            if node in scale:
                assert float(data) == node.data
                error = 1e-12 * scale[node] + 1e-14 * rounding(slopes[node])
                assert close(float(grad), node.grad, error), (program, node)

    def test_a_users_op_is_played_and_its_functions_are_not_called(self, page):
        called = []

        def cube(x):
            called.append(x)
            return x * x * x

        op = ag.custom_op("test_page_cube", cube, lambda out, x: called.append(x) or 3 * x * x)
        root = op(Value(2.0, label="x"))
        root.backward()
        called.clear()
        page.show(ag.draw(root))
        assert "drag" not in page.page.locator(".moment").inner_text()
        page.page.locator("#n0").click()
        assert page.page.locator(".knob").count() == 0
        page.step(page.steps())
        assert page.numbers() == of(root)
        assert called == []


LUMINANCE = """
(host) => {
  const root = host.shadowRoot;
  const c = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = {};
  const rgb = (text) => known[text] ??= (() => {
    c.clearRect(0, 0, 1, 1);
    c.fillStyle = text;
    c.fillRect(0, 0, 1, 1);
    return [...c.getImageData(0, 0, 1, 1).data];
  })();
  const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => {
      v /= 255;
      return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const mixed = (v, w, alpha) => (v * alpha + w * (255 - alpha)) / 255;
  const over = (top, below) => top.slice(0, 3).map((v, i) => mixed(v, below[i], top[3]));
  const grounds = (element) => {
    const found = [];
    for (let at = element; at && at !== root; at = at.parentNode) {
      const style = getComputedStyle(at);
      const shape = at.matches(".node, .neuron") && at.querySelector("path, circle, rect");
      if (shape) found.push(rgb(getComputedStyle(shape).fill));
      else if (at instanceof HTMLElement) found.push(rgb(style.backgroundColor));
    }
    return found.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const seen = [];
  for (const element of root.querySelectorAll("*")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || element.matches("style, .short, .badge text, button:disabled")) continue;
    if (!element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    let opacity = 255;
    for (let at = element; at !== root; at = at.parentNode) {
      opacity *= getComputedStyle(at).opacity;
    }
    const below = grounds(element);
    const colour = rgb(element instanceof SVGElement ? style.fill : style.color);
    const ink = light(over([...colour.slice(0, 3), opacity], below));
    const ground = light(below);
    const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    seen.push([ratio, element.textContent.slice(0, 30), element.getAttribute("class")]);
  }
  return seen.sort((a, b) => a[0] - b[0]);
}
"""


class TestLayout:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_contrast_is_at_least_4_5(self, browser, tmp_path, scheme):
        with ag.scope("layer"):
            p = Value(-1.0, label="p")
        x = Value(3.0, label="x")
        root = ag.relu(p * x) * 2.0 + ag.tanh(x * p) * math.nan
        root.backward()
        with tab(browser, color_scheme=scheme) as opened:
            opened.open(ag.draw(root), tmp_path / "x.html")
            host = opened.page.locator("[data-lm-suppress-shortcuts]")
            states = [lambda: None, lambda: opened.step(1), lambda: opened.step(opened.steps() - 3)]
            states += [lambda: opened.page.locator("#n0").hover()]
            states += [lambda: opened.page.locator("#n1").dispatch_event("click")]
            states += [lambda: opened.page.locator("input[type=search]").fill("tanh")]
            for change in states:
                change()
                worst = [seen for seen in host.evaluate(LUMINANCE) if seen[0] < 4.5]
                assert worst == []

    @pytest.mark.parametrize("width", [360, 1280, 3840])
    def test_it_fits_its_width(self, browser, tmp_path, width):
        with tab(browser, viewport={"width": width, "height": 800}) as opened:
            opened.open(ag.draw(neuron()), tmp_path / "x.html")
            opened.page.locator("#n9").dispatch_event("click")
            over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert opened.page.evaluate(over) == 0
            app = opened.page.locator(".app").bounding_box()["width"]
            for part in (".stage", ".moment", ".player", ".panel", "header"):
                box = opened.page.locator(part).bounding_box()
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= app + 0.5

    def test_a_wide_picture_has_its_details_below_in_a_notebook(self, page):
        loss = MLP(2, [2, 1], activation="tanh", seed=1)([0.5, -1.0]) ** 2.0
        loss.backward()
        output = ag.draw(loss, layout="graph")._repr_html_()
        page.page.set_content(f'<div style="width: 960px">{output}</div>')
        stage, panel = (page.page.locator(x).bounding_box() for x in (".stage", ".panel"))
        assert panel["y"] >= stage["y"] + stage["height"]
        for box in page.page.locator("[data-box]").all():
            place = box.bounding_box()
            assert stage["x"] <= place["x"]
            assert place["x"] + place["width"] <= stage["x"] + stage["width"]
        page.show(ag.draw(neuron()))
        stage, panel = (page.page.locator(x).bounding_box() for x in (".stage", ".panel"))
        assert panel["x"] >= stage["x"] + stage["width"]

    def test_boxes_do_not_overlap(self, page, tmp_path):
        loss = MLP(2, [3, 1], seed=0)([Value(1.0, label="x"), Value(2.0, label="y")]) ** 2.0
        loss.backward()
        page.open(ag.draw(loss, layout="graph"), tmp_path / "x.html")
        boxes = [
            box.bounding_box() for box in page.page.locator(".node > path, .node > g > path").all()
        ]
        assert len(boxes) > 20
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                apart = (
                    a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"]
                    or a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"]
                )  # fmt: skip
                assert apart

    def test_numbers_stay_inside_their_boxes(self, page):
        page.show(ag.draw(neuron()))
        page.page.locator("#n0").click()
        page.page.get_by_label("Number of x1").fill("-1.23456e-200")
        page.page.keyboard.press("Enter")
        text = page.page.locator("#n0 .data").bounding_box()
        box = page.page.locator("#n0 > g > path, #n0 > path").bounding_box()
        assert text["x"] + text["width"] <= box["x"] + box["width"] + 0.5

    def test_it_zooms_pans_and_fits(self, page, tmp_path):
        page.open(ag.draw(neuron()), tmp_path / "x.html")

        def width():
            return float(page.page.locator(".stage > svg").get_attribute("viewBox").split()[2])

        before = width()
        page.page.get_by_label("Zoom in (+)").click()
        assert width() < before
        page.page.get_by_label("Fit (0)").click()
        assert width() == pytest.approx(before)
        stage = page.page.locator(".stage").bounding_box()
        box = page.page.locator("#n9").bounding_box()
        page.page.mouse.move(stage["x"] + 20, stage["y"] + 20)
        page.page.mouse.down()
        page.page.mouse.move(stage["x"] + 60, stage["y"] + 50, steps=8)
        page.page.mouse.up()
        moved = page.page.locator("#n9").bounding_box()
        assert moved["x"] - box["x"] > 20
        assert moved["y"] - box["y"] > 15
        page.page.keyboard.down("Control")
        page.page.mouse.wheel(0, -100)
        page.page.keyboard.up("Control")
        page.page.wait_for_function(
            "(w) => document.querySelector('div').shadowRoot.querySelector('.stage > svg')"
            ".viewBox.baseVal.width < w",
            arg=before - 1,
        )

    def test_it_works_by_touch(self, browser, tmp_path):
        with tab(browser, has_touch=True, viewport={"width": 360, "height": 740}) as opened:
            opened.open(ag.draw(neuron()), tmp_path / "x.html")
            opened.page.locator("#n9").tap()
            assert opened.marked("selected") == ["n9"]
            assert opened.page.locator(".card").is_hidden()

    def test_two_fingers_zoom(self, browser, tmp_path):
        with tab(browser, has_touch=True, viewport={"width": 360, "height": 740}) as opened:
            opened.open(ag.draw(neuron()), tmp_path / "x.html")
            stage = opened.page.locator(".stage").bounding_box()
            x, y = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
            before = opened.page.locator("#n9").bounding_box()["width"]
            fingers = opened.page.context.new_cdp_session(opened.page)
            for kind, *at in (
                ("touchStart", x - 40, x + 40), ("touchMove", x - 60, x + 60),
                ("touchMove", x - 80, x + 80), ("touchEnd",),
            ):  # fmt: skip
                points = [{"x": place, "y": y} for place in at]
                fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
            after = opened.page.locator("#n9").bounding_box()["width"]
            assert 1.3 < after / before < 2.1

    def test_motion_is_reduced_where_that_is_asked_for(self, browser, tmp_path):
        for motion, moving in (("reduce", "none"), ("no-preference", "flow")):
            with tab(browser, reduced_motion=motion) as opened:
                opened.open(ag.draw(neuron()), tmp_path / "x.html")
                opened.step(opened.steps())
                path = opened.page.locator(".edge.now > path")
                assert path.evaluate("(p) => getComputedStyle(p).animationName") == moving

    def test_every_box_and_control_has_a_name_for_screen_readers(self, page):
        page.show(ag.draw(neuron()))
        assert page.page.locator("#n9").get_attribute("aria-label") == (
            "tanh, o, data 0.7071, grad 1, output"
        )
        unnamed = page.page.evaluate(
            """() => [...document.querySelector("div").shadowRoot
              .querySelectorAll("button, input, [role=button]")]
              .filter((e) => !e.getAttribute("aria-label") && !e.textContent.trim()).length"""
        )
        assert unnamed == 0

    def test_it_follows_the_theme_of_the_notebook_around_it(self, page):
        page.page.emulate_media(color_scheme="light")
        view = ag.draw(neuron())._repr_html_()
        page.page.set_content(f'<body data-jp-theme-light="false">{view}</body>')
        app = page.page.locator(".app")
        assert "dark" in app.get_attribute("class").split()
        page.page.evaluate("document.body.dataset.jpThemeLight = 'true'")
        assert "dark" not in app.get_attribute("class").split()


def moved():
    """`reused`, after b was changed."""
    root = reused()
    root.parents[0].parents[0].parents[1].data = 4.0
    return root


def moved_twice():
    root = moved()
    root.parents[0].parents[0].parents[1].data = 7.0
    return root


def doubled():
    root = reused()
    root.backward()
    return root


def no_pass():
    root = reused()
    root.zero_grad()
    return root


class TestTruth:
    """Whatever happened to the graph, the page states nothing that is false."""

    EQUATION = re.compile(r"= ([-\d.() ×+]*\d[-\d.() ×+]*) = (-?[\d.]+)")

    def said(self, page):
        """All that the page says at every step of the player, and of every box."""
        for step in range(page.steps() + 1):
            page.step(step)
            yield page.page.locator(".moment").inner_text()
        for box in page.page.locator("[data-box]").all():
            box.click()
            yield page.page.locator(".panel").inner_text()

    @pytest.mark.parametrize("made", [reused, moved, moved_twice, doubled, no_pass])
    def test_every_equation_holds(self, page, tmp_path, made):
        page.open(ag.draw(made()), tmp_path / "x.html")
        texts = [" ".join(text.split()) for text in self.said(page)]
        found = [pair for text in texts for pair in self.EQUATION.findall(text)]
        assert len(found) > 5
        for terms, result in found:
            assert eval(terms.replace("×", "*")) == float(result), (terms, result)

    def test_a_moved_leaf_has_both_numbers_and_a_banner_says_so(self, page, tmp_path):
        page.open(ag.draw(moved()), tmp_path / "x.html")
        assert "root.refresh()" in page.page.locator(".banner").inner_text()
        assert "data recorded -3, now 4" in page.texts()
        assert "e = a × b = 2 × (-3) = -6 (b recorded -3, now 4)" in " ".join(self.said(page))

    def test_where_nobody_knows_the_numbers_none_is_stated(self, page, tmp_path):
        page.open(ag.draw(moved_twice()), tmp_path / "x.html")
        said = " ".join(self.said(page))
        assert "e = a × b, recorded as -6 from numbers that are not known" in said

    def test_the_players_end_agrees_with_the_boxes_or_a_banner_says_why_not(self, page, tmp_path):
        page.open(ag.draw(reused()), tmp_path / "x.html")
        assert not page.page.locator(".banner").is_visible()
        boxes = page.numbers()
        page.step(page.steps())
        assert page.numbers() == boxes
        page.open(ag.draw(doubled()), tmp_path / "x.html")
        assert "2 × that of one pass" in page.page.locator(".banner").inner_text()
        assert "grad 2 × -8 " in " ".join(page.texts())
        page.step(page.steps())
        assert "grad -8" in page.texts()

    def test_where_no_pass_has_been_there_are_no_zeros(self, page, tmp_path):
        page.open(ag.draw(no_pass()), tmp_path / "x.html")
        assert page.texts().count("no gradient yet") == 6
        assert not [text for text in page.texts() if re.search("grad -?[0-9]", text)]
        page.page.locator("[data-box]").first.click()
        assert "no gradient yet" in page.page.locator(".panel").inner_text()

    def test_what_if_begins_at_the_numbers_of_now(self, page, tmp_path):
        """Of a stale graph the recorded gradient predicts nothing."""
        x = Value(2.0, label="x")
        y = x * x
        y.label = "y"
        x.data = 5.0
        page.open(ag.draw(y), tmp_path / "x.html")
        page.page.locator("[data-box]").first.click()
        page.page.locator(".knob input[type=text]").fill("5.5")
        page.page.locator(".knob input[type=text]").press("Enter")
        said = page.page.locator(".moment").inner_text()
        assert "x: 5 → 5.5; y: 25 → 30.25" in said
        assert "alone would predict a change of 10 × 0.5 = 5; y really changed by 5.25." in said
