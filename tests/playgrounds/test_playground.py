"""The playground: what is typed in the page becomes the graph that Python makes of it."""

import math
import random

import pytest

import autograd_lite as ag
from autograd_lite import ExpressionError, nn
from autograd_lite.expressions import FUNCTIONS
from autograd_lite.graph import ancestors
from autograd_lite.nn import MLP
from autograd_lite.nn.init import SCHEMES
from autograd_lite.nn.losses import LOSSES
from autograd_lite.ops import TABLE, Op, SequenceOp
from autograd_lite.playgrounds import showing, vocabulary
from autograd_lite.playgrounds.vocabulary import trainers
from autograd_lite.view.page.page import as_json, scripts

#: The page's own functions, for texts and trainings without a page around them.
HARNESS = """
const starts = %(starts)s, style = %(style)s, optimizers = %(optimizers)s;
const table = entered(%(table)s, %(rows)s);
window.made = (text, given) => {
  try {
    const numbers = new Numbers(given, starts);
    const slot = { ...built(text, table, numbers, "f"), letter: "f" };
    const leaves = slot.nodes.flatMap(({ leaf, label, inText }, i) =>
      (leaf && label && !inText ? [[label, i]] : []));
    slot.variables = new Map(leaves);
    return {
      numbers: slot.nodes.map((node) => [exactly(node.data), exactly(node.grad)]),
      names: slot.nodes.map((node) => node.name),
      calls: slot.nodes.map(({ call, derivatives }) => [call, ...derivatives]),
      leaves, dot: new Dot(style).source(pictured(slot.nodes)),
      python: new InPython([slot], numbers, table).text,
    };
  } catch (error) {
    if (error instanceof Unreadable) return { error: error.message, at: error.at };
    throw error;
  }
};
window.offered = () =>
  [table.activations, Object.keys(BEGINNINGS), MEANINGS, Object.keys(table.losses)];
window.undrawn = async () => {
  const host = document.createElement("div");
  host.append("the picture before");
  const layout = { svg: () => Promise.reject(new Error("out of memory")) };
  const desk = { layout, style: {}, element: document.body };
  const { nodes } = built("a*b", table, new Numbers({}, starts), "f");
  const slot = { turn: 0, letter: "f", host, nodes, rows: table.rows, desk };
  await Slot.prototype.draw.call(slot);
  return host.textContent;
};
window.trained = (wanted, samples, optimizer, rate, batch, steps) => {
  const network = new Tiny(table, { ...wanted, loss: table.losses[wanted.loss] });
  const training = new Training(network, samples, optimizers[optimizer], rate, batch);
  const before = network.shaped(network.tape.data);
  for (let k = 0; k < steps; k++) training.step();
  training.note();
  return { before, after: network.shaped(network.tape.data), loss: training.loss };
};
"""


@pytest.fixture(scope="module")
def bench(shared):
    """A tab that knows these functions."""
    functions, rows, table = showing.vocabulary()
    updates, optimizers = trainers()
    data = {"starts": showing._STARTS, "style": showing.style(), "table": table}
    known = {name: as_json(part) for name, part in data.items()}
    known |= {"rows": rows, "optimizers": optimizers}
    shared.page.set_content("<body></body>")
    text = "\n".join([scripts(), functions, updates, showing.own_scripts(), HARNESS % known])
    shared.page.evaluate(f"() => {{\n{text}\n}}")
    return shared


@pytest.fixture(scope="module")
def made(bench):
    return lambda text, numbers=None: bench.page.evaluate(
        "([text, given]) => made(text, given)", [text, numbers or {}]
    )


def in_python(text, numbers=None):
    root = showing._recorded(text, dict(numbers or {}))
    root.backward()
    return root


def random_text(rng, depth):
    """A random formula, of every kind of syntax and most functions."""
    if depth == 0:
        return rng.choice(["a", "b", "x", "y_1", "2", "0.5", "3.25", "pi"])
    one, two, three = (random_text(rng, rng.randrange(depth)) for _ in range(3))
    rows = [row for row in FUNCTIONS.values() if isinstance(row, Op) and not row.attrs]
    row = rng.choice(rows)
    sequence = isinstance(row, SequenceOp)
    vectors = [f"[{one}, {two}]", f"({three}, {one})"][: len(row.vectors)] if sequence else []
    return rng.choice(
        [
            f"({one} {rng.choice(['+', '-', '*', '/'])} {two})",
            f"{one} {rng.choice(['+', '-', '*', '%', '//'])} {two}",
            f"-{one}*{two}", f"({one})**2", f"-({one})**-2", f"abs({one})**{two}",
            f"{row.name}({', '.join(vectors or [one, two, three][: row.arity])})",
        ]
    )  # fmt: skip


def close(x, y):
    return x == y or (math.isnan(x) and math.isnan(y)) or math.isclose(x, y, rel_tol=1e-12)


def floats(pairs):
    return [[float(x) for x in pair] for pair in pairs]


class TestNumbers:
    def test_random_expressions_have_pythons_graph_numbers_and_code(self, made):
        """And the code that is copied makes that graph again."""
        rng, compared = random.Random(19), 0
        while compared < 80:
            text = (
                random_text(rng, 4)
                if compared % 30
                else f"sum(softmax([a, {random_text(rng, 3)}]))"
            )
            root, found = in_python(text), made(text)
            expected = [(node.data, node.grad) for node in ancestors(root)]
            assert len(found["numbers"]) == len(expected), text
            for mine, theirs in zip(floats(found["numbers"]), expected, strict=True):
                assert all(map(close, mine, theirs)), (text, mine, theirs)
            scope = {}
            exec(found["python"], scope)
            for name, i in found["leaves"]:
                mine = floats(found["numbers"])[i]
                assert all(map(close, mine, (scope[name].data, scope[name].grad))), text
            compared += len(expected) > 1

    @pytest.mark.parametrize(
        "text",
        ["(a*b)*a + a*a", "tanh(w*x + b)", "e = a*b; e*a + a*a", "x**2 - x**-1 + 2*x", "3 + 4",
         "dot([a, b], [x, 2], c) + sum([a, a, 1])", "leaky_relu(ω, 0.2) / σ", "x",
         "a = 2; b = a; k = 1/4; a*b*a + k",
         "+".join(f"a*b{i}" for i in range(50))],
    )  # fmt: skip
    def test_the_drawing_is_that_of_python(self, made, text):
        """To the letter, so that there is one style."""
        assert made(text)["dot"] == ag.draw(in_python(text)).to_graphviz().source

    @pytest.mark.parametrize(
        "text",
        [
            "(a*b)*a + a*a",
            "tanh(w*x + b) / x",
            "x**2 - x**-1",
            "exp(-x) * sqrt(2*x)",
            "dot([a, b], [x, 2]) + dot([a], [b], x)",
            "sum(softmax([a, b, 2])) * logsumexp([a, 1])",
        ],
    )
    def test_equations_are_worded_as_python_words_them(self, made, text):
        found, nodes = made(text), ag.draw(in_python(text)).page._data["nodes"]
        assert found["names"] == [node["name"] for node in nodes]
        for i, (call, *derivatives) in enumerate(found["calls"]):
            assert call == nodes[i]["call"]
            for k, derivative in enumerate(derivatives):
                if not nodes[nodes[i]["args"][k]]["constant"]:
                    assert derivative == nodes[i]["derivatives"][k]

    def test_a_number_with_a_name_is_a_leaf_that_is_no_variable(self, made):
        text, scope = "a = 2; b = 3; (a*b)*a + a*a", {}
        found = made(text, {"a": 7.0})
        nodes = ancestors(in_python(text))
        assert found["numbers"] == [[repr(node.data), repr(node.grad)] for node in nodes]
        exec(found["python"], scope)
        assert (scope["a"].grad, scope["b"].grad, scope["a"].label) == (16.0, 4.0, "a")

    def test_what_the_network_offers_is_known_to_python_and_explained(self, bench):
        """Names stand in the page as text: each is that of a row, an initialisation or a loss."""
        activations, beginnings, meanings, losses = bench.page.evaluate("offered()")
        for activation, said in activations.items():
            nn.MLP(2, [1, 1], activation=activation, seed=0)
            assert said == (TABLE[activation].doc if activation in TABLE else vocabulary._LINEAR)
        for init in beginnings:
            nn.MLP(2, [1, 1], init=init, seed=0)
        assert {*losses} <= {*LOSSES}
        for label, names in (
            ("Weights", beginnings), ("Loss", losses),
        ):  # fmt: skip
            assert [name for name in names if name not in meanings[label]] == []

    def test_a_graph_that_cannot_be_drawn_leaves_no_picture_of_another(self, bench):
        said = bench.page.evaluate("undrawn()")
        assert said.startswith("No picture of these 3 boxes: Graphviz says out of memory.")

    def test_names_that_python_code_stands_on_may_be_variables(self, made):
        scope = {}
        exec(made("ag*f + autograd", {"ag": 2.0, "f": 3.0, "autograd": 1.0})["python"], scope)
        assert scope["ag"].grad == 3.0

    @pytest.mark.parametrize("name", ["constructor", "__proto__", "toString", "ﬁ", "π2"])
    def test_any_name_of_python_may_be_a_variables(self, made, name):
        root = in_python(f"{name}*{name}", {})
        assert made(f"{name}*{name}")["numbers"] == [
            [repr(node.data), repr(node.grad)] for node in ancestors(root)
        ]

    def test_a_constant_or_function_may_be_a_variable_if_it_has_a_number(self, made):
        assert made("e*tanh", {"e": 3.0, "tanh": 2.0})["numbers"][-1] == ["6.0", "1.0"]
        assert in_python("e*tanh", {"e": 3.0, "tanh": 2.0}).data == 6.0


class TestErrors:
    @pytest.mark.parametrize(
        ("text", "said", "at"),
        [
            ("a*(b + c", "'(' was never closed", 2),
            ("2a", "a product needs its *: 2*a", 1),
            ("a b", "a product needs its *: a*b", 2),
            ("a +", "something is missing here after +", 3),
            ("a +* b", '"*" cannot stand here', 3),
            ("a ^ b", "^ is not a power in Python; write a**b", 2),
            ("a < b", "a comparison has no derivative", 2),
            ("tanx(a)", "there is no function tanx; did you mean tan", 0),
            ("tanh", "tanh is a function; write tanh(...)", 0),
            ("tanh(a, b)", "tanh takes (x) and was given 2 arguments", 0),
            ("sum(a)", "sum takes a list; write sum([a, b])", 0),
            ("max(a, 1)", "max takes one sequence; write maximum(a, b) or max([a, b])", 0),
            ("sum(a, b, 1)", "sum takes one sequence; write sum([a, b, c])", 0),
            (f"sum({'a, ' * 9}b)", "write sum([a, b, c, d, e, f, g, h, …])", 0),
            ("norm([a, b], 2, 3)", "norm takes (xs, order=2.0) and was given 3 arguments", 0),
            ("[a, b]", "this is a list of numbers", 0),
            ("dot([a], [b, c])", "lists of equal length and was given 1 and 2", 0),
            ("leaky_relu(a, b)", "slope of leaky_relu is fixed", 0),
            ("lambda + 1", "cannot be a name", 0),
            ("a if b else c", "if and else are not read here", 2),
            ("", "the expression is empty", 0),
            ("a = 1; a = 2", "a has a meaning already", 7),
            ("b*a; a = 2; a", "a has been used above as a variable", 5),
            ("a $ b", '"$" cannot stand here', 2),
            ("clip(a, x=1)", "an argument with a name is not read here", 9),
        ],
    )
    def test_what_cannot_be_read_is_said_with_its_place(self, made, text, said, at):
        found = made(text)
        assert said in found["error"]
        assert found["at"] == at
        with pytest.raises(ExpressionError) as refused:
            ag.playground(text or " ")
        if "one sequence" in said:  # which Python says in these words
            assert found["error"] == str(refused.value).splitlines()[0]


class TestTraining:
    @pytest.mark.parametrize(
        ("loss", "optimizer", "make"),
        [
            ("squared_error", "SGD", lambda p: nn.optim.SGD(p, 0.1)),
            ("hinge", "SGD with momentum", lambda p: nn.optim.SGD(p, 0.1, momentum=0.9)),
            (
                "squared_error",
                "SGD with Nesterov's momentum",
                lambda p: nn.optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
            ),
            ("binary_cross_entropy", "Adam", lambda p: nn.optim.Adam(p, 0.1)),
            ("absolute_error", "Adam", lambda p: nn.optim.Adam(p, 0.1)),
        ],
    )
    def test_steps_are_those_of_python(self, bench, loss, optimizer, make):
        rng = random.Random(3)
        samples = [
            {"x": [rng.uniform(-1, 1), rng.uniform(-1, 1)], "wanted": k % 2} for k in range(6)
        ]
        wanted = {
            "inputs": 2,
            "hidden": [3, 2],
            "activation": "tanh",
            "init": "uniform",
            "loss": loss,
            "seed": 5,
        }
        found = bench.page.evaluate(
            "([w, s, o]) => trained(w, s, o, 0.1, 6, 5)", [wanted, samples, optimizer]
        )
        model = MLP(2, [3, 2, 1], "tanh")
        put(model, found["before"])
        classes = (nn.losses.LOSSES[loss].classes or (lambda n: [-1.0, 1.0]))(1)
        targets = [classes[sample["wanted"]] for sample in samples]
        moving = make(model.parameters())
        for _ in range(5):
            moving.zero_grad()
            total = nn.losses.LOSSES[loss].function([model(s["x"]) for s in samples], targets)
            total.backward()
            moving.step()
        total = nn.losses.LOSSES[loss].function([model(s["x"]) for s in samples], targets)
        assert math.isclose(found["loss"], total.data, rel_tol=1e-12)
        other = MLP(2, [3, 2, 1], "tanh")
        put(other, found["after"])
        for mine, theirs in zip(other.parameters(), model.parameters(), strict=True):
            assert math.isclose(mine.data, theirs.data, rel_tol=1e-10, abs_tol=1e-12)

    @pytest.mark.parametrize("init", ["uniform", "he_uniform", "glorot_uniform"])
    def test_first_weights_are_drawn_from_the_range_of_python(self, bench, init):
        wanted = {"inputs": 2, "hidden": [8, 8], "activation": "tanh", "loss": "hinge", "seed": 5}
        found = bench.page.evaluate(
            "(wanted) => trained(wanted, [], 'Adam', 0.1, 1, 0).before", wanted | {"init": init}
        )
        for weights, fan_in, fan_out in zip(found["weights"], (2, 8, 8), (8, 8, 1), strict=True):
            limit = SCHEMES[init](Widest(), fan_in, fan_out)
            sizes = [abs(w) for row in weights for w in row]
            assert 0.6 * limit < max(sizes) <= limit + 0.0005  # weights have three decimals


class Widest(random.Random):
    def uniform(self, low, high):
        assert low == -high
        return high


def put(model, shaped):
    for layer, weights, biases in zip(
        model.layers, shaped["weights"], shaped["biases"], strict=True
    ):
        for neuron, row, bias in zip(layer.neurons, weights, biases, strict=True):
            neuron.b.data = bias
            for w, number in zip(neuron.w, row, strict=True):
                w.data = number
