"""Networks drawn as networks: which are found in graphs, as pictures, and as pages."""

import random
import re
import time

import pytest
from browser import tab
from test_page import LUMINANCE

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.graph import ancestors, scope_of
from autograd_lite.nn import MLP, Dropout, Embedding, Layer, Module, Neuron, Sequential
from autograd_lite.nn.losses import squared_error
from autograd_lite.nn.optim import SGD
from autograd_lite.view.network.drawing import short
from autograd_lite.view.network.finding import networks_of


def samples(n, size):
    rng = random.Random(2)
    return [[rng.gauss(0, 1) for _ in range(size)] for _ in range(n)]


def loss_of(model, n=4, penalty=0.0):
    size = model.layers[0].nin
    outputs = [model(x) for x in samples(n, size)]
    width = len(outputs[0]) if isinstance(outputs[0], list) else 0
    loss = squared_error(outputs, [[0.5] * width if width else 0.5 for _ in outputs])
    if penalty:
        loss = loss + ag.sum([penalty * (p * p) for p in model.parameters()])
    loss.label = "loss"
    loss.backward()
    return loss


def found(root):
    return networks_of(ancestors(root))[0]


class Recurrent(Module):
    def __init__(self):
        self.layer = Layer(2, 2, "tanh", seed=1)

    def __call__(self, x):
        for _ in range(3):
            x = self.layer(x)
        return x[0]


class TestFinding:
    @pytest.mark.parametrize("sizes", [(3, 4, 4, 1), (1, 1), (2, 3), (4, 16, 16, 3)])
    @pytest.mark.parametrize("n", [1, 5])
    def test_layers_neurons_and_samples_are_those_of_the_model(self, sizes, n):
        model = MLP(sizes[0], sizes[1:], "tanh", seed=1)
        (network,) = found(loss_of(model, n, penalty=0.1))
        assert network.sizes == [*sizes]
        for layer, mine in zip(network.layers, model.layers, strict=True):
            assert len(layer.samples) == n
            for sample in layer.samples:
                for call, neuron in zip(sample, mine.neurons, strict=True):
                    assert [*call.weights] == neuron.w
                    assert call.bias is neuron.b
        expected = [[x.data for x in xs] for xs in network.inputs]
        assert sorted(expected) == sorted(samples(n, sizes[0]))

    def test_what_goes_into_a_neuron_is_what_came_out_of_the_layer_before(self):
        (network,) = found(loss_of(MLP(3, [4, 2], "sigmoid", seed=3), 3))
        first, second = network.layers
        for before, after in zip(first.samples, second.samples, strict=True):
            for call in after:
                assert [*call.inputs] == [one.out for one in before]
        assert [layer.activation for layer in network.layers] == ["sigmoid", ""]

    def test_two_networks_of_one_name_at_the_same_inputs_are_two(self):
        x = [0.3, -0.2]
        one, other = (MLP(2, [3, 1], "tanh", seed=k) for k in (1, 2))
        networks = found(one(x) * other(x))
        assert [network.sizes for network in networks] == [[2, 3, 1]] * 2
        weights = [network.layers[0].neurons[0].weights for network in networks]
        firsts = {model.layers[0].neurons[0].w[0] for model in (one, other)}
        assert {each[0] for each in weights} == firsts

    def test_one_network_after_another_is_one(self):
        made = MLP(2, [3, 2], "tanh", seed=1)
        judge = Sequential(Layer(2, 4, "relu", seed=2), Layer(4, 1, nonlin=False, seed=3))
        (network,) = found(judge(made([0.1, 0.2])))
        assert network.sizes == [2, 3, 2, 4, 1]

    def test_layers_that_branch_are_rows_of_their_own(self):
        """A body with two heads, and one layer after two; of unequal sizes and equal names."""
        body, one, three = Layer(2, 4, "tanh", seed=1), Layer(4, 1, seed=2), Layer(4, 3, seed=3)
        hidden = [body(x) for x in samples(2, 2)]
        out = ag.sum([part for h in hidden for part in (*three(h), one(h))])
        networks = found(out)
        assert [network.sizes for network in networks] == [[2, 4], [4, 3], [4, 1]]
        for network, layer in zip(networks, (body, three, one), strict=True):
            calls = network.layers[0].neurons
            assert [[*call.weights] for call in calls] == [neuron.w for neuron in layer.neurons]
            assert len(network.inputs) == 2
        left, right, shared = (Layer(2, 2, "tanh", seed=k) for k in range(3))
        after = ag.sum([*shared(left([0.1, 0.2])), *shared(right([0.3, 0.4]))])
        assert sorted(len(network.inputs) for network in found(after)) == [1, 1, 2]

    def test_other_wirings_are_drawn_as_boxes_and_say_why(self, tmp_path):
        layer, last = Layer(2, 2, "tanh", seed=1), Layer(3, 1, seed=2)
        hidden = layer([0.1, 0.2])
        for root, why in (
            (Recurrent()([0.1, 0.2]), "a layer is used more than once, and not always whole"),
            (ag.sum(layer(layer(hidden))), "a layer takes what was computed from its own outputs"),
            (last([*hidden, 0.5]), "a layer takes outputs of another beside other numbers"),
        ):
            assert found(root) == []
            text = repr(ag.draw(root))
            assert "Network" not in text
            assert f"Drawn as boxes, because its layers are in no row: {why}" in " ".join(
                text.split()
            )
            svg = ag.draw(root).save(tmp_path / "x.svg").read_text()
            assert "Drawn as boxes" in svg
            with pytest.raises(ValueError, match=why):
                ag.draw(root, layout="network")
            assert "Drawn as boxes" not in repr(ag.draw(root, layout="graph"))
        assert "Drawn as" not in repr(ag.draw(Value(1.0) * 2.0))


class TestChoice:
    @pytest.mark.parametrize(
        ("first", "nin", "sizes"),
        [
            ([Embedding(5, 3)], 2, "6-2-1"),
            ([Dropout(0.5)], 6, "6-2-1"),
            ([Dropout(0.5), Embedding(4, 2), Dropout(0.1)], 3, "6-2-1"),
        ],
        ids=str,
    )
    def test_a_model_that_begins_with_a_part_is_drawn_where_the_rest_tells(self, first, nin, sizes):
        model = Sequential(*first, Layer(6, 2, "tanh"), Layer(2, 1))
        assert model.nin == nin
        assert repr(ag.draw(model)).startswith(f"Network {sizes}: 3 neurons, ")
        for alone in (Sequential(*first), Sequential(Sequential(*first), *model.layers[-2:])):
            with pytest.raises(TypeError, match=r"draw\(model\(x\)\) at a sample x"):
                ag.draw(alone)

    def test_networks_are_drawn_as_layers_unless_boxes_are_asked_for(self):
        model = MLP(3, [4, 4, 1], "tanh", seed=1)
        loss = loss_of(model)
        first = f"Network 3-4-4-1: 9 neurons, 41 parameters, 4 samples; loss {loss.data:.4g}"
        assert repr(ag.draw(loss)).startswith(first)
        assert "drawn at inputs of 1" in repr(ag.draw(model))
        options = {"layout": "graph", "max_nodes": 50, "rankdir": "TB", "depth": 1, "expand": True,
                   "constants": False, "wrt": model.parameters()[0]}  # fmt: skip
        for name, value in options.items():
            assert "Network" not in repr(ag.draw(loss, **{name: value}))

    def test_a_single_neuron_is_a_graph_unless_a_network_is_asked_for(self):
        out = Neuron(2, "tanh", seed=1)([0.5, 1.0])
        assert "Network" not in repr(ag.draw(out))
        assert repr(ag.draw(out, layout="network")).startswith("Network 2-1: 1 neuron,")

    def test_a_model_may_compute_between_its_networks(self):
        class Residual(Module):
            def __init__(self):
                self.one, self.two, self.nin = Layer(2, 2, seed=1), Layer(2, 2, seed=2), 2

            def __call__(self, x):
                return tuple(self.two([a + b for a, b in zip(x, self.one(x), strict=True)]))

        text = repr(ag.draw(Residual()))
        assert text.startswith("Network 2-2, Network 2-2: 4 neurons, 12 parameters, drawn at")

    def test_what_cannot_be_is_refused(self):
        loss = loss_of(MLP(2, [2, 1], seed=1))
        for options, message in (
            ({"layout": "circle"}, "'circle'"), ({"layout": "network", "depth": 2}, "for boxes"),
        ):  # fmt: skip
            with pytest.raises(ValueError, match=message):
                ag.draw(loss, **options)
        with pytest.raises(ValueError, match="no network here"):
            ag.draw(Value(1.0) + 2.0, layout="network")
        for thing in (3.0, Recurrent()):
            with pytest.raises(TypeError, match="root must be a Value, or a network"):
                ag.draw(thing)
        for options in ({"layout": "graph"}, {"depth": 1}):
            with pytest.raises(TypeError, match=r"write draw\(model\(x\), layout=\"graph\"\)"):
                ag.draw(MLP(2, [2, 1], seed=1), **options)

    def test_a_view_holds_the_numbers_of_its_moment(self):
        model = MLP(2, [2, 1], "tanh", seed=1)
        loss = loss_of(model)
        before = ag.draw(loss)
        SGD(model.parameters(), 0.1).step()
        text = repr(ag.draw_diff(before, loss_of(model)))
        assert "of 9 parameters moved" in text


class TestPicture:
    def test_an_svg_has_the_layers_and_below_the_loss(self, tmp_path):
        model = MLP(3, [4, 1], "tanh", seed=1)
        path = ag.draw(loss_of(model)).save(tmp_path / "x.svg")
        text = path.read_text()
        assert text.count("<svg ") == 3
        layers, rest = text.split('class="rest"')
        assert layers.count('class="edge"') == 3 * 4 + 4
        assert layers.count("<ellipse ") == 5
        assert ">4 tanh<" in layers
        assert ">mean<" in rest

    def test_a_line_is_as_wide_as_its_weight_and_coloured_by_its_sign(self):
        model = Layer(2, 2, "tanh", seed=1)
        for weight, x in zip(model.parameters(), (1.0, -0.5, 0.3, 0.0, 0.25, 0.9), strict=True):
            weight.data = x
        source = ag.draw(model).to_graphviz().source
        lines = re.findall(r'm0c0r(\d) -> m0c1r(\d) \[color="(#......).." penwidth=(\S+)\]', source)
        widths = {(int(j), int(i)): (c, float(w)) for i, j, c, w in lines}
        assert widths[0, 0] == ("#005A9C", 4.6)
        assert widths[0, 1] == ("#B34700", 2.45)
        assert widths[1, 0][0] == "#6B7280"
        assert widths[1, 0][1] < widths[1, 1][1] < widths[0, 1][1]
        assert "m0c1r0 [label=0.3 " in source or 'm0c1r0 [label="0.3" ' in source

    def test_wide_layers_show_the_neurons_that_matter(self):
        model = MLP(30, [40, 2], "tanh", seed=1)
        strong = model.layers[0].neurons[33]
        for weight in strong.w:
            weight.data = 9.0
        strong.b.data = 0.77
        source = ag.draw(model).to_graphviz().source
        assert "… and 16 more inputs" in source
        assert "… and 26 more neurons" in source
        assert "0.77" in source

    @pytest.mark.parametrize(
        ("x", "text"),
        [(0.0, "0"), (0.5, "0.5"), (-0.123, "-0.12"), (12.345, "12.3"), (-0.0012, "-1e-3"),
         (1234.5, "1e3"), (9.999, "10"), (100.0, "100"), (float("nan"), "nan"), (-0.996, "-1")],
    )  # fmt: skip
    def test_a_number_fits_its_neuron_and_none_is_rounded_to_0(self, x, text):
        assert short(x) == text

    def test_png_and_dot_are_of_the_layers(self, tmp_path):
        view = ag.draw(MLP(2, [2, 1], seed=1))
        assert view.save(tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
        assert "m0c1r1" in view.save(tmp_path / "x.dot").read_text()

    def test_nothing_is_searched_for(self):
        """A second is asked for, from 9,000 values to the page."""
        loss = loss_of(MLP(4, [16, 16, 3], "tanh", seed=1), 100, penalty=0.01)
        start = time.process_time()
        page = ag.draw(loss)._repr_html_()
        assert time.process_time() - start < 2.0
        assert len(page) < 650_000


@pytest.fixture(scope="module")
def model():
    made = MLP(3, [4, 4, 1], "tanh", seed=1)
    for k, neuron in enumerate(n for layer in made.layers for n in layer.neurons):
        neuron.b.data = 0.1 * (k - 3)
    return made


@pytest.fixture(scope="module")
def loss(model):
    return loss_of(model)


@pytest.fixture(scope="module")
def view(loss):
    return ag.draw(loss)


def neuron_of(page, layer, neuron):
    target = f'{{"layer":{layer},"neuron":{neuron}}}'
    return page.page.locator(f"[data-target='{target}']")


def numbers_in(page):
    """What stands in the nodes of each layer, the inputs first."""
    return page.page.locator(".network .neuron").evaluate_all(
        """(groups) => groups.reduce((found, group) => {
          const { layer } = JSON.parse(group.dataset.target);
          (found[layer + 1] ??= []).push(group.querySelector("text").textContent);
          return found;
        }, [])"""
    )


class TestPage:
    def test_the_switch_shows_biases_gradients_and_activations(self, page, view, model, loss):
        page.show(view)
        biases = [[short(n.b.data) for n in layer.neurons] for layer in model.layers]
        assert numbers_in(page) == [[""] * 3, *biases]
        page.page.get_by_role("button", name="Gradients").click()
        slopes = [[short(n.b.grad) for n in layer.neurons] for layer in model.layers]
        assert numbers_in(page)[1:] == slopes
        page.page.get_by_role("button", name="Activations").click()
        (network,) = found(loss)
        for k in range(4):
            page.page.get_by_label("Sample", exact=True).fill(str(k))
            outs = [[short(c.out.data) for c in layer.samples[k]] for layer in network.layers]
            assert numbers_in(page) == [[short(x.data) for x in network.inputs[k]], *outs]
        page.page.get_by_label("Sample", exact=True).fill("-1")
        first = [c.out.data for sample in network.layers[0].samples for c in sample[:1]]
        assert numbers_in(page)[1][0] == short(sum(first) / 4)

    def test_pointing_says_a_weight_with_its_gradient(self, page, view, model):
        page.show(view)
        weight = model.layers[1].neurons[2].w[3]
        group = page.page.locator("""[data-target='{"layer":1,"neuron":2,"weight":3}']""")
        group.locator(".line").dispatch_event("pointermove", {"bubbles": True})
        said = page.page.locator(".net > .card").inner_text()
        assert said == f"layer 1 · neuron 2 · w3 = {weight.data:.4g}, grad {weight.grad:.4g}"

    @pytest.mark.parametrize("k", [0, 2])
    def test_a_click_on_a_neuron_opens_its_own_graph(self, page, view, loss, k):
        """With the numbers of the sample, and as gradients its part of the chain rule."""
        page.show(view)
        page.page.get_by_label("Sample", exact=True).fill(str(k))
        neuron_of(page, 1, 2).click()
        (network,) = found(loss)
        call = network.layers[1].samples[k][2]
        inner = page.page.locator(".inside .stage [data-box]").evaluate_all(
            "(boxes) => boxes.map((g) => [g.dataset.data, g.dataset.grad])"
        )
        values = [*call.inputs, *call.weights, call.bias, call.total, call.out]
        assert [data for data, _ in inner] == [repr(value.data) for value in values]
        assert [grad for _, grad in inner[-2:]] == [repr(call.total.grad), repr(call.out.grad)]
        parts = [repr(call.total.grad * x.data) for x in call.inputs]
        assert [grad for _, grad in inner[3 + 1 : 3 + 5]] == parts
        words = page.page.locator(".inside .moment").inner_text()
        assert f"output = tanh(sum) = tanh({call.total.data:.4g})" in words
        page.page.locator(".crumbs button").first.click()
        assert page.page.locator(".inside").is_hidden()

    def test_no_arrow_crosses_a_number_beside_an_arrow(self, page, view):
        """Each runs straight along its own, with room for its width."""
        page.show(view)
        neuron_of(page, 1, 2).click()
        crossed = page.page.evaluate(
            """() => {
              const { shadowRoot } = document.querySelector("[data-lm-suppress-shortcuts]");
              const { shadowRoot: inner } = shadowRoot.querySelector(".inside > div");
              const edges = [...inner.querySelectorAll(".stage .edge")];
              const texts = edges.map((g) => g.querySelector(":scope > text")).filter(Boolean);
              const boxes = texts.map((text) => [text.textContent, text.getBBox()]);
              return edges.flatMap((g) => {
                const path = g.querySelector("path");
                const half = parseFloat(path.style.strokeWidth) / 2;
                const long = path.getTotalLength() / 199;
                const points = [...Array(200).keys()].map((k) => path.getPointAtLength(k * long));
                const over = ({ x, y, width, height }) => points.some((p) => p.x > x
                  && p.x < x + width && p.y + half > y + 1 && p.y - half < y + height - 2);
                return boxes.flatMap(([text, box]) => (over(box) ? [text] : []));
              });
            }"""
        )  # fmt: skip
        assert crossed == []

    def test_what_is_around_opens_with_its_player(self, page, view, loss):
        page.show(view)
        page.page.locator(".around").click()
        page.page.locator(".inside .player").wait_for()
        assert "loss = mean([" in page.page.locator(".inside .moment").inner_text()
        page.page.locator(".crumbs button").first.press("Backspace")
        assert page.page.locator(".inside").is_hidden()

    def test_the_player_goes_layer_by_layer(self, page, view):
        page.show(view)
        phases = []
        for k in range(9):
            page.page.locator(".player input").fill(str(k))
            phases.append(page.page.locator(".moment .phase").inner_text())
            assert (
                page.page.locator(".network .neuron.now").count() == [3, 4, 4, 1, 0, 1, 4, 4, 3][k]
            )
        assert phases == [
            "Start", *(f"Forward, layer {k}: {k + 1} of 3" for k in range(3)),
            "Forward, what follows", "Backward, the outputs",
            *(f"Backward, layer {k}" for k in (2, 1, 0)),
        ]  # fmt: skip
        assert page.page.locator(".player input").get_attribute("max") == "8"

    def test_what_is_said_of_a_step_is_an_equation_that_holds(self, page, view, loss):
        page.show(view)
        page.page.get_by_label("Sample", exact=True).fill("1")
        page.page.locator(".player input").fill("3")
        (network,) = found(loss)
        out = network.layers[2].samples[1][0].out.data
        said = page.page.locator(".moment .formula").inner_text()
        assert said.startswith("neuron 0 = ")
        assert said.endswith(f" = {out:.4g}")
        terms, _ = said.removeprefix("neuron 0 = ").split(" = ")
        assert eval(terms.replace("×", "*").replace("−", "-")) == pytest.approx(out, abs=2e-3)

    def test_the_last_step_is_shown_once_there_was_one(self, page):
        model = MLP(2, [3, 1], "tanh", seed=4)
        loss = loss_of(model)
        page.show(ag.draw(loss))
        assert page.page.get_by_role("button", name="Last step", exact=True).is_disabled()
        before = model.layers[0].neurons[1].b.data
        SGD(model.parameters(), 0.1).step()
        page.show(ag.draw(loss))
        assert "This graph is stale" in page.page.locator(".banner").inner_text()
        page.page.get_by_role("button", name="Last step", exact=True).click()
        change = model.layers[0].neurons[1].b.data - before
        assert numbers_in(page)[1][1] == short(change)

    def test_after_a_step_a_neuron_has_the_numbers_it_was_computed_with(self, page):
        model = MLP(2, [3, 1], "tanh", seed=4)
        loss = loss_of(model, 1)
        (network,) = found(loss)
        call = network.layers[0].samples[0][1]
        before = [repr(value.data) for value in (*call.weights, call.bias, call.total, call.out)]
        SGD(model.parameters(), 0.1).step()
        page.show(ag.draw(loss))
        neuron_of(page, 0, 1).click()
        inner = page.page.locator(".inside .stage [data-box]").evaluate_all(
            "(boxes) => boxes.map((g) => g.dataset.data)"
        )
        assert inner[2:] == before

    def test_a_neuron_with_a_function_of_its_own_says_why_it_stays_closed(self, page):
        layer = Layer(2, 2, lambda x: x * 0.5 + 1.0, seed=1)
        page.show(ag.draw(ag.sum(layer([0.1, 0.2]))))
        neuron_of(page, 0, 1).click()
        assert "Its graph is not on this page" in page.page.locator(".moment").inner_text()

    def test_numbers_that_are_none_are_drawn(self, page):
        model = MLP(2, [2, 1], "relu", seed=1)
        model.layers[0].neurons[0].w[1].data = float("nan")
        model.layers[0].neurons[1].b.data = float("inf")
        page.show(ag.draw(model([1.0, 2.0]) ** 2.0))
        assert numbers_in(page)[1] == ["0", "inf"]
        page.page.get_by_role("button", name="Activations").click()
        assert numbers_in(page)[1] == ["nan", "inf"]

    def test_wide_layers_unfold(self, page):
        page.show(ag.draw(MLP(2, [20, 1], "tanh", seed=1)))
        more = page.page.locator(".network .more")
        assert more.text_content() == "… and 6more neurons"
        more.click()
        assert len(numbers_in(page)[1]) == 20

    def test_keys_go_from_neuron_to_neuron_and_back(self, page, view):
        page.show(view)
        neuron_of(page, -1, 0).focus()
        for key in ("ArrowRight", "ArrowDown", "ArrowDown", "Enter"):
            page.page.keyboard.press(key)
        crumb = page.page.locator(".networks > .crumbs [aria-current]")
        assert crumb.inner_text().startswith("layer 0 · neuron 2")
        page.page.keyboard.press("Backspace")
        assert page.page.locator(".networks > .crumbs").is_hidden()

    def test_a_model_without_a_pass_has_no_gradients(self, page):
        page.show(ag.draw(MLP(2, [2, 1], "tanh", seed=1)))
        assert page.page.get_by_role("button", name="Gradients").is_disabled()
        assert page.page.locator(".sample").is_hidden()
        assert page.page.locator(".player input").get_attribute("max") == "2"


class TestPredict:
    """Of each layer one neuron is asked for."""

    def asked(self, page):
        return " ".join(page.page.locator(".moment").inner_text().split())

    def answer(self, page, x):
        page.page.keyboard.type(f"{x:.4g}")
        page.page.keyboard.press("Enter")
        said = page.page.locator(".answer").inner_text()
        if page.page.get_by_role("button", name="Next").is_visible():
            page.page.keyboard.press("Enter")
        return said

    def test_right_numbers_lead_to_the_end(self, page, view, loss):
        """Forward the sum and the output, backward what a layer brings, computed here."""
        page.show(view)
        page.page.get_by_label("Sample", exact=True).fill("2")
        page.page.get_by_role("switch", name="Predict").click()
        (network,) = found(loss)
        layers = [layer.samples[2] for layer in network.layers]
        for layer in layers:
            call = max(layer, key=lambda call: abs(call.out.data))
            for node in (call.total, *call.after):
                assert self.answer(page, node.data).startswith("Right"), self.asked(page)
        for _ in "what follows", "the gradients of the outputs":
            assert page.page.locator(".answer").inner_text() == ""  # they are given
            page.page.keyboard.press("Enter")
        for k in (2, 1, 0):
            call = max(layers[k], key=lambda call: abs(call.total.grad))
            if call.after:
                assert self.answer(page, call.total.grad).startswith("Right"), self.asked(page)
            x = max(call.inputs, key=lambda x: abs(x.data))
            assert self.answer(page, call.total.grad * x.data).startswith("Right")
            if k:
                before = max(layers[k - 1], key=lambda call: abs(call.out.grad))
                weight = call.weights[layers[k - 1].index(before)]
                assert self.answer(page, call.total.grad * weight.data).startswith("Right")
                if len(layers[k]) > 1:
                    assert self.answer(page, before.out.grad).startswith("Right")
        assert "Score 13 of 13 right at once" in self.asked(page)

    def test_what_is_asked_is_nowhere_on_the_page(self, page, view):
        page.show(view)
        page.page.get_by_role("switch", name="Predict").click()
        assert numbers_in(page)[1:] == [[""] * 4, [""] * 4, [""]]
        for place in (".around", ".switch"):
            assert page.page.locator(place).is_hidden()
        neuron_of(page, 0, 1).click()
        assert "opens when Predict is off" in page.page.locator(".answer").inner_text()
        labels = page.page.locator(".network .neuron").evaluate_all(
            "(groups) => groups.map((g) => g.getAttribute('aria-label')).join()"
        )
        assert "output" not in labels
        assert "grad" not in labels
        page.page.locator(".player input").fill("8")
        assert "Predict number 1 of 13" in self.asked(page)
        page.page.get_by_role("switch", name="Predict").click()
        assert numbers_in(page)[1][1] != ""

    def test_a_wrong_number_is_answered_with_what_it_is_made_of(self, page, view, loss):
        page.show(view)
        page.page.get_by_role("switch", name="Predict").click()
        (network,) = found(loss)
        call = max(network.layers[0].samples[0], key=lambda call: abs(call.out.data))
        assert "then all are added, and the bias" in self.answer(page, 77)
        products = [w.data * x.data for w, x in zip(call.weights, call.inputs, strict=True)]
        said = self.answer(page, 77)
        assert f"{products[0]:.4g}" in said
        assert f"{call.total.data:.4g}" not in said

    def test_where_nobody_knows_the_numbers_there_is_no_switch(self, page):
        """An activation of a user's own: its sum is not on the page, so it cannot be asked for."""
        op = ag.custom_op("test_network_own", lambda x: 2.0 * x, lambda out, x: 2.0)
        page.show(ag.draw(ag.sum(Layer(2, 2, op, seed=1)([0.1, 0.2]))))
        assert page.page.locator(".network").is_visible()
        assert page.page.get_by_role("switch", name="Predict").count() == 0

    def test_the_gradient_of_an_opened_neuron_is_given(self, page):
        """It comes from what follows, so no 1 is asked for there."""
        page.show(ag.draw(loss_of(MLP(1, [2, 1], "tanh", seed=1), 1)))
        neuron_of(page, 0, 1).click()
        page.page.get_by_role("switch", name="Predict").last.click()
        page.page.get_by_role("button", name="With these numbers").click()
        kinds = []
        inside = page.page.locator(".inside")
        while not inside.locator(".score").count():
            kinds.append(inside.locator(".phase").inner_text())
            name = "Show me" if inside.get_by_label("Your number").is_visible() else "Next"
            inside.get_by_role("button", name=name).click()
        assert "Backward, start at the output" in kinds
        assert "the start at the output" not in inside.locator(".score").inner_text()


class TestLayout:
    @pytest.mark.parametrize(
        ("width", "sizes", "n", "scheme"),
        [
            (360, (2, 8, 8, 1), 1, "light"),
            (1280, (4, 16, 16, 3), 100, "dark"),
            (3840, (3, 4, 4, 1), 4, "light"),
        ],
    )
    def test_it_is_legible_without_zooming(self, browser, tmp_path, width, sizes, n, scheme):
        view = ag.draw(loss_of(MLP(sizes[0], sizes[1:], "tanh", seed=1), n))
        with tab(browser, viewport={"width": width, "height": 800}, color_scheme=scheme) as opened:
            opened.open(view, tmp_path / "x.html")
            over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert opened.page.evaluate(over) == 0
            host = opened.page.locator("[data-lm-suppress-shortcuts]")
            assert [seen for seen in host.evaluate(LUMINANCE) if seen[0] < 4.5] == []
            discs = [disc.bounding_box() for disc in opened.page.locator(".network circle").all()]
            assert len(discs) == sum(sizes)
            for i, a in enumerate(discs):
                assert 0 <= a["x"] <= width - a["width"]
                for b in discs[:i]:
                    apart = (a["x"] - b["x"]) ** 2 + (a["y"] - b["y"]) ** 2
                    assert apart >= a["width"] ** 2
            sizes_of_text = opened.page.locator(".network text").evaluate_all(
                "(texts) => texts.map((t) => t.getBoundingClientRect().height)"
            )
            assert min(size for size in sizes_of_text if size) >= 9
            assert opened.quiet()

    def test_nothing_is_drawn_twice(self, page, view):
        """A page opens in a second: one path for each weight, and the picture is let go."""
        page.show(view)
        assert page.page.locator(".network path").count() == 3 * 4 + 4 * 4 + 4
        host = page.page.locator("[data-lm-suppress-shortcuts]")
        assert host.evaluate("(host) => host.querySelector('img').getAttribute('src')") is None

    def test_without_scripts_there_is_the_picture(self, browser, tmp_path, view):
        with tab(browser, java_script_enabled=False) as opened:
            opened.open(view, tmp_path / "x.html")
            box = opened.page.locator("img").bounding_box()
            assert box["width"] > 300
            assert box["height"] > 300


def test_a_neuron_s_weights_are_in_order_and_titles_lie_above_arrows(loss):
    text = ag.draw(loss, layout="graph").to_graphviz().pipe("svg").decode()
    frames = re.findall(r'class="cluster">\n<title>.*?</g>', text, re.DOTALL)
    assert len(frames) > 9
    assert not any("<text" in frame for frame in frames)
    arrows, titles = text.split('<g class="title"')
    assert 'class="edge"' not in titles
    assert re.findall(r">(neuron \d)<", arrows) == []
    assert len(re.findall(r">neuron \d<", titles)) == 9
    one = Neuron(8, "tanh", seed=1)([0.1 * k for k in range(8)])
    drawn = ag.draw(one, layout="graph").to_graphviz().pipe("svg").decode()
    down = {name: float(y) for y, name in re.findall(r' y="(\S+)"[^>]*>(w\d)</text>', drawn)}
    assert sorted(down, key=down.get) == [f"w{k}" for k in range(8)]


def test_equal_labels_are_told_apart_by_their_scopes(page):
    """``layer 1 · neuron 0 · w0``; ``w0(2)`` would read as a call."""
    model = MLP(2, [1, 1], "tanh", seed=1)
    assert scope_of(model.layers[1].neurons[0].w[0]) == ("MLP", "layer 1", "neuron 0")
    page.show(ag.draw(model([1.0, 2.0]), layout="graph"))
    page.page.locator("[data-box]").filter(has_text="dot").first.dispatch_event("click")
    facts = page.page.locator(".facts").inner_text()
    assert "dot([layer 0 · neuron 0 · w0, w1], [1, 2]" in facts
    assert "(layer 0 · neuron 0 · w0)" in facts  # below a ∂
    assert "w0(" not in facts
