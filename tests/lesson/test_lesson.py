"""The lesson: every table and number of the lecture, at its rounding, in data, text and figures."""

import io
import math
import random
import sys
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from autograd_lite import GraphError, Value, gradient, lesson
from autograd_lite.lesson import experiments, genetic, handwritten, iteration, optimizers
from autograd_lite.lesson.model import model
from autograd_lite.lesson.telling import parts as told
from autograd_lite.lesson.telling.text import summaries

TEXTS = {}


def text(number):
    if number not in TEXTS:
        TEXTS[number] = lesson.STEPS[number - 1].text()
    return TEXTS[number]


def cells(number, row):
    """The numbers and words of the first line of a step's text that begins with `row`."""
    for line in text(number).splitlines():
        if line.split()[: len(row.split())] == row.split():
            return line.split()
    raise AssertionError(f"step {number} has no line {row!r}:\n{text(number)}")


# --- steps 1 and 2 --------------------------------------------------------------------------------


def test_data_are_twice_the_inputs():
    """The data are y = 2x for x = 0..4, and the three starts 3, 5 and 0.5."""
    assert list(zip(lesson.INPUTS, lesson.DESIRED, strict=True)) == [
        (0, 0), (1, 2), (2, 4), (3, 6), (4, 8)
    ]  # fmt: skip
    assert lesson.STARTS == (3.0, 5.0, 0.5)


def test_random_starts_repeat_with_their_seed():
    """Random weights are the same for the same seed and differ between seeds."""
    assert lesson.random_starts(seed=4) == lesson.random_starts(seed=4)
    assert lesson.random_starts(seed=4) != lesson.random_starts(seed=5)
    assert all(0 <= W <= 6 for W in lesson.random_starts(100))


def test_forward_table_of_model_1():
    """W = 3 puts out 0, 3, 6, 9, 12."""
    rows = lesson.forward_table(3.0)
    assert [(r.input, r.actual, r.desired) for r in rows] == [
        (0, 0, 0), (1, 3, 2), (2, 6, 4), (3, 9, 6), (4, 12, 8)
    ]  # fmt: skip


def test_model_runs_on_floats_and_on_values():
    """The model is one function of numbers: a Value in gives a Value out."""
    W = Value(3.0)
    assert model(3.0, 4.0) == model(W, 4.0).data == 12.0
    assert gradient(model(W, 4.0), [W]) == [4.0]


# --- step 3 ---------------------------------------------------------------------------------------


def test_loss_table_of_model_1():
    """W = 3 has absolute errors 0..4 with the total 10, and squared errors with the total 30."""
    rows = lesson.loss_table(3.0)
    assert [r.absolute_error for r in rows] == [0, 1, 2, 3, 4]
    assert [r.squared_error for r in rows] == [0, 1, 4, 9, 16]
    assert sum(r.absolute_error for r in rows) == lesson.absolute_loss(3.0) == 10
    assert sum(r.squared_error for r in rows) == lesson.squared_loss(3.0) == 30


def test_errors_below_the_target_count_as_well():
    """W = 0.5 is too low everywhere; its absolute errors are positive all the same."""
    assert [r.absolute_error for r in lesson.loss_table(0.5)] == [0, 1.5, 3, 4.5, 6]


@pytest.mark.parametrize(("W", "absolute", "squared"), [(3, 10, 30), (5, 30, 270), (0.5, 15, 67.5)])
def test_losses_of_the_three_models(W, absolute, squared):
    """Absolute and squared totals of W = 3, 5 and 0.5, on floats and on Values."""
    assert (lesson.absolute_loss(W), lesson.squared_loss(W)) == (absolute, squared)
    assert lesson.absolute_loss(Value(W)).data == absolute
    assert lesson.squared_loss(Value(W)).data == squared


def test_squares_penalise_big_errors_more():
    """Errors of 2 and 10 cost 4 and 100: 25 times as much, not 5 times."""
    small, big = lesson.penalties()
    assert (small.error, small.squared, big.error, big.squared) == (2, 4, 10, 100)
    assert (big.times_absolute, big.times_squared) == (5, 25)


def test_squares_tell_equal_absolute_totals_apart():
    """Many small and few big errors have one absolute total, and the small ones less squared."""
    many, some, few = lesson.error_distributions()
    assert many.absolute == some.absolute == few.absolute == 10
    assert many.squared < some.squared < few.squared
    assert {len(d.errors) for d in (many, some, few)} == {5}


def test_rmse_is_not_the_squared_error():
    """For W = 3 the MSE is 6 and the RMSE its root; the text says what "rmse" columns hold."""
    judged = lesson.losses([0, 1, 2, 3, 4])
    assert (judged.mean_squared, judged.root_mean_squared) == (6, math.sqrt(6))
    assert "RMSE) is 2.449" in " ".join(text(3).split())
    assert 'head these columns "rmse". They hold squared errors' in " ".join(text(4).split())


# --- step 4 ---------------------------------------------------------------------------------------


def test_small_step_moves_the_loss_from_30_to_30_006():
    """δW = 0.0001 at W = 3, each row rounded to four decimals, as in the lecture."""
    table = lesson.nudge()
    assert (table.W, table.step) == (3.0, 0.0001)
    assert [r.actual for r in table.rows] == [0, 3, 6, 9, 12]
    assert [r.squared_error for r in table.rows] == [0, 1, 4, 9, 16]
    assert [r.nudged_actual for r in table.rows] == [0, 3.0001, 6.0002, 9.0003, 12.0004]
    assert [r.nudged_squared_error for r in table.rows] == [0, 1.0002, 4.0008, 9.0018, 16.0032]
    assert (table.loss, table.nudged_loss) == (30, 30.006)
    assert table.slope == pytest.approx(60, abs=1e-6)


def test_measured_slopes_tend_to_the_derivative():
    """The slope over δW exceeds 60 by 30 δW: the smaller the step, the closer."""
    for table in lesson.shrinking_steps():
        assert table.slope == pytest.approx(60 + 30 * table.step, abs=1e-6)


@pytest.mark.parametrize("W", [-1.0, 0.5, 1.99, 2.0, 3.0, 5.0])
def test_derivative_is_60_times_the_distance(W):
    """The engine's derivative is 2 Σ x² (W - 2) = 60 (W - 2), its second derivative 60."""
    assert lesson.derivative(W) == pytest.approx(60 * (W - 2), abs=1e-12)
    assert lesson.curvature(W) == 60


def test_table_of_signs():
    """W < 2: negative, increase; W = 2: zero, stay; W > 2: positive, decrease."""
    below, at, above = lesson.sign_table((1.0, 2.0, 3.0))
    assert (below.place, below.sign, below.update) == ("W < 2", "negative", "increase W")
    assert (at.place, at.loss, at.derivative, at.sign) == ("W = 2", 0, 0, "zero")
    assert (above.place, above.sign, above.update) == ("W > 2", "positive", "decrease W")


def test_loss_curve_spans_its_interval():
    """The curve holds both ends, and its lowest point is W = 2."""
    curve = lesson.loss_curve(0.0, 4.0, 41)
    assert (len(curve), curve[0].W, curve[-1].W) == (41, 0, 4)
    lowest = min(curve, key=lambda point: point.loss)
    assert (lowest.W, lowest.loss, lowest.derivative) == (2, 0, 0)


# --- step 5 ---------------------------------------------------------------------------------------


def test_chain_of_two_weights():
    """x = 2, w1 = 3, w2 = 1: h = 6, y = 6, target 4, loss 4; gradients 24, 8 and 12."""
    graph = lesson.chain()
    assert (graph.h.data, graph.y.data, graph.target, graph.loss.data) == (6, 6, 4, 4)
    assert (graph.w2.grad, graph.w1.grad, graph.x.grad) == (24, 8, 12)


def test_chain_holds_its_target_constant():
    """x's gradient is by the chain alone; were the target 2x, its -8 would leave 4 of the 12."""
    x = Value(2.0)
    assert gradient((1.0 * (3.0 * x) - 2.0 * x) ** 2, [x]) == [4.0]
    assert lesson.chain().x.grad == 12.0


def test_chain_table_multiplies_partial_derivatives():
    """A row's gradient is the sum of its users' gradients times their partial derivatives."""
    rows = lesson.chain_table()
    assert {r.name for r in rows} == {"x", "w1", "w2", "h", "y", "error", "loss"}
    for row in rows[:-1]:
        sent = [d * user.gradient for user in rows for name, d in user.local if name == row.name]
        assert row.gradient == sum(sent)
    assert (rows[-1].name, rows[-1].gradient) == ("loss", 1)


def test_the_table_of_a_chain_of_which_a_leaf_was_moved_is_refused():
    """It mixed numbers of before with gradients of now."""
    chain = lesson.chain()
    chain.x.data = 3.0
    with pytest.raises(GraphError, match=r"a leaf was changed since.*call output\.refresh\(\)"):
        lesson.chain_table(chain)


@pytest.mark.parametrize("layers", [1, 2, 3, 5])
@pytest.mark.parametrize("width", [1, 2, 3])
def test_written_formula_is_the_derivative(layers, width):
    """The formula that is written down, the same by hand on floats, and the engine agree."""
    row = lesson.composition(layers, width)
    assert row.by_hand == pytest.approx(row.back_propagated, rel=1e-9)
    draw = random.Random(0).uniform
    names = {f"w{i + 1}": draw(0.5, 1.5) for i in range(row.weights)}
    names |= {"x": 1.0, "t": 0.5, "tanh": math.tanh}
    assert eval(row.formula, names) == pytest.approx(row.back_propagated, rel=1e-9)


def test_formulas_outgrow_partial_derivatives():
    """By hand the length doubles with every layer of two neurons; the graph grows evenly."""
    rows = lesson.compositions(range(4, 11), width=2)
    lengths = [len(row.formula) for row in rows]
    assert all(b > 2 * a for a, b in pairwise(lengths))
    counts = [row.partial_derivatives for row in rows]
    assert len({b - a for a, b in pairwise(counts)}) == 1


def test_written_numbers_keep_their_brackets():
    """Sums are bracketed as factors and after a minus, products as bases, and nothing else is."""
    a, b = handwritten.OnPaper("a"), handwritten.OnPaper("b")
    assert ((a + b) * 2).text == "(a + b)*2"
    assert (2 * (1 - (a - b))).text == "2*(1 - (a - b))"
    assert ((a * b) ** 2 + 3).text == "(a*b)**2 + 3"
    assert (a**2 * b**2).text == "a**2*b**2"


# --- step 6 ---------------------------------------------------------------------------------------


def test_delta_rule():
    """New weight = old weight - derivative · learning rate, in all three cases of the lecture."""
    rows = lesson.update_table()
    assert [r.W for r in rows] == [3, 5, 0.5, 2]
    assert [r.updated for r in rows] == pytest.approx([2.4, 3.2, 1.4, 2.0])
    for row in rows[:3]:
        assert (row.updated < row.W) == (row.derivative > 0)
        assert row.updated_loss < row.loss
    assert (rows[3].derivative, rows[3].updated) == (0, 2)


def test_delta_rule_moves_both_weights_of_the_chain():
    """w1 = 3 - 0.01 · 8 and w2 = 1 - 0.01 · 24 bring the loss from 4 to 0.1922."""
    both = lesson.chain_update()
    assert (both.w1_after, both.w2_after) == pytest.approx((2.92, 0.76))
    assert (both.loss, round(both.loss_after, 4)) == (4, 0.1922)


# --- step 7 ---------------------------------------------------------------------------------------


def test_all_three_starts_converge():
    """3, 5 and 0.5 reach W = 2 within the tolerance, in 6, 7 and 7 updates."""
    runs = lesson.convergence()
    assert [run.start for run in runs] == [3, 5, 0.5]
    assert [run.updates for run in runs] == [6, 7, 7]
    assert all(run.outcome == "converged" and abs(run.last.W - 2) < 0.006 for run in runs)


def test_lucky_start_is_one_update_away():
    """W = 1.99 converges with a single update."""
    assert (lesson.lucky_start().start, lesson.lucky_start().updates) == (1.99, 1)


def test_learning_rates_in_words():
    """The four rates are too small, good, oscillating and diverging."""
    runs = lesson.learning_rates()
    words = [iteration.verdict(run) for run in runs]
    assert words == ["too small", "good", "oscillating", "diverging"]
    assert [run.outcome for run in runs] == ["not yet", "converged", "converged", "diverged"]


@pytest.mark.parametrize("rate", [*iteration.RATES, 1 / 60])
def test_contraction_predicts_every_update(rate):
    """Each update multiplies the distance from W = 2 by 1 - 60 · rate."""
    before, after = lesson.descend(3.0, rate, max_updates=1).iterations
    distance = after.W - 2
    assert distance == pytest.approx(lesson.contraction(rate) * (before.W - 2), abs=1e-12)


def test_largest_stable_rate_divides_the_stable_from_the_unstable():
    """Just below 1/30 the loss falls, just above it grows."""
    limit = lesson.largest_stable_rate()
    assert limit == pytest.approx(1 / 30)
    for rate, falls in ((0.99 * limit, True), (1.01 * limit, False)):
        first, second = lesson.descend(3.0, rate, max_updates=1).iterations
        assert (second.loss < first.loss) is falls


def test_descent_from_the_ideal_weight_needs_no_update():
    """W = 2 has converged before the first update, and does not oscillate."""
    run = lesson.descend(2.0)
    assert (run.outcome, run.updates, run.oscillates) == ("converged", 0, False)


def test_descent_ends_when_the_loss_overflows():
    """An absurd learning rate is told as divergence, not as an endless or failing run."""
    assert lesson.descend(3.0, 1e200).outcome == "diverged"


def test_more_variables_reach_higher_precision():
    """Wider and deeper networks reach lower losses, with more work in every iteration."""
    runs = lesson.depth_and_width()
    assert [run.hidden for run in runs] == list(experiments.SHAPES)
    best = {run.hidden: run.best for run in runs}
    assert best[()] > best[(2,)] > best[(4,)] > best[(8,)]  # width
    assert best[(4, 4)] < best[(4,)] / 2  # depth
    assert best[(8, 8)] < best[(8,)] / 2
    assert best[()] > 0.1  # a straight line is no sine
    assert runs[0].needed is None
    work = [run.nodes for run in runs]
    assert work == sorted(work)
    assert runs[-1].losses[runs[-1].needed - 1] < experiments.GOOD


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (experiments._wave_run, ((2,), 4, 0)),
        (lesson.noise, (8, 2, 0)),
        (lesson.race, (2, 30)),
        (lesson.optimize, ("Adam", 0.1, 10)),
    ],
)
def test_runs_repeat_to_the_bit(function, arguments):
    """What is remembered between text and figure would come out the same if it were run again."""
    again = function.__wrapped__
    assert again(*arguments) == again(*arguments) == function(*arguments)


def test_noise_cannot_be_learnt():
    """Held-out data are predicted when they follow from the inputs, and not when they are noise."""
    signal, noise = lesson.noise()
    assert signal.correlation == pytest.approx(1.0)
    assert signal.held_out_score > 0.98
    assert abs(noise.correlation) < 0.1
    assert noise.held_out_score < 0.0
    assert noise.training_score > 0.2  # memorised
    assert not set(noise.inputs) & set(noise.held_inputs)


@pytest.mark.parametrize("weights", genetic.COUNTS)
def test_gradient_beats_blind_mutation(weights):
    """At equal numbers of loss evaluations the gradient's loss is lower by far."""
    result = lesson.race(weights)
    assert len(result.genetic) == len(result.descent) == 100
    assert result.genetic[0] == result.descent[0]  # one start
    assert result.genetic[-1] < result.genetic[0]  # evolution works
    for evaluations in (10, 20, 50, 100):
        assert result.descent[evaluations - 1] < result.genetic[evaluations - 1] / 100 ** (
            1 if weights == 1 or evaluations > 10 else 0.5
        )
    assert 0 < result.good_mutations < result.mutations / 2  # most are bad


@pytest.mark.parametrize("algorithm", [lesson.evolve, lesson.follow_gradient])
@pytest.mark.parametrize("budget", [1, 2, 7, 23])
def test_budget_of_loss_evaluations_is_kept(algorithm, budget):
    """Neither algorithm calls the loss more often than it may, nor less."""
    calls = []
    loss = lesson.linear_loss(3)

    def counted(weights):
        calls.append(weights)
        return loss(weights)

    result = algorithm(counted, [3.0] * 3, budget)
    best = result[0] if isinstance(result, tuple) else result
    assert len(calls) == len(best) == budget
    assert best == sorted(best, reverse=True)


def test_update_rules_compared():
    """In the valley every other rule, each at its best rate, needs fewer updates than plain SGD."""
    plain, *others = lesson.compare_optimizers()
    assert plain.name == "gradient descent"
    assert all(run.converged and run.updates < plain.updates for run in others)
    assert {run.path[0] for run in (plain, *others)} == {optimizers.START}
    assert all(run.losses[-1] < lesson.TOLERANCE for run in (plain, *others))


def test_optimizer_that_diverges_is_stopped():
    """A learning rate beyond the stable one ends the run, unconverged."""
    run = lesson.optimize("gradient descent", 0.2)
    assert not run.converged
    assert run.updates < 10


# --- text -----------------------------------------------------------------------------------------


def test_there_are_seven_steps():
    """The steps are numbered from 1 to 7."""
    assert [step.number for step in lesson.STEPS] == [1, 2, 3, 4, 5, 6, 7]
    assert len({step.title for step in lesson.STEPS}) == 7


@pytest.mark.parametrize("number", range(1, 8))
def test_text_fits_a_terminal(number):
    """At most 79 columns, no blanks at a line's end, no doubled empty lines."""
    lines = text(number).splitlines()
    assert max(map(len, lines)) <= 79
    assert all(line == line.rstrip() for line in lines)
    assert "\n\n\n" not in text(number)


@pytest.mark.parametrize("number", range(1, 8))
def test_text_is_deterministic(number):
    """A step says the same every time."""
    assert lesson.STEPS[number - 1].text() == text(number)


@pytest.mark.parametrize(
    ("number", "row"),
    [
        (1, "4 8"),
        (1, "1 3 y = 3·x"),
        (1, "2 5 y = 5·x"),
        (1, "3 0.5 y = 0.5·x"),
        (2, "4 12 8"),
        (3, "4 12 8 4 16"),
        (3, "total 10 30"),
        (3, "10 100 5 25"),
        (3, "many small 2 2 2 2 2 10 20"),
        (3, "one big 10 0 0 0 0 10 100"),
        (4, "1 2 3 1 3.0001 1.0002"),
        (4, "2 4 6 4 6.0002 4.0008"),
        (4, "3 6 9 9 9.0003 9.0018"),
        (4, "4 8 12 16 12.0004 16.0032"),
        (4, "total 30 30.006"),
        (4, "2 W = 2 0 0 zero"),
        (4, "3 W > 2 30 60 positive"),
        (4, "0.5 W < 2 67.5 -90 negative"),
        (5, "w2 1 24"),
        (5, "w1 3 8"),
        (5, "x 2 12"),
        (5, "h w1·x 6 4"),
        (5, "loss error² 4 1"),
        (5, "forward x=2 ─*w1=3▶ h=6 ─*w2=1▶ y=6 ─-4▶ error=2 ─²─▶ loss=4"),
        (6, "3 30 60 2.4 4.8"),
        (6, "2 0 0 2 0"),
        (7, "1 2.4000 3.2000 1.4000 1.9960"),
    ],
)
def test_text_shows_the_lectures_rows(number, row):
    """The tables of the lecture stand in the text."""
    assert cells(number, row)


def test_text_names_the_seven_steps_as_one_picture():
    """The overall picture ends the lesson: initialise, …, update, iterate."""
    picture = text(7).split("The overall picture:")[1]
    steps = [line.split()[1] for line in picture.splitlines() if line[2:3].isdigit()]
    assert steps == [
        "initialise", "forward", "loss", "differentiate", "back-propagate", "update", "iterate"
    ]  # fmt: skip


def test_tables_align_their_columns():
    """Numbers stand flush right, words flush left, empty cells stay empty."""
    table = told.Grid(["name", "x"], [("a", 1.5), ("long", 10), ("b", None)], left=1)
    assert told.as_text([table]) == "  name    x\n  ----  ---\n  a     1.5\n  long   10\n  b"


# --- HTML -----------------------------------------------------------------------------------------


class Words(HTMLParser):
    """The words of some HTML, which opens and closes its elements in order."""

    def __init__(self, text):
        super().__init__()
        self.opened, self.words = [], []
        self.feed(text)
        self.close()
        assert self.opened == []

    def handle_starttag(self, tag, attrs):
        self.opened.append(tag)

    def handle_endtag(self, tag):
        assert self.opened.pop() == tag

    def handle_data(self, data):
        self.words += data.split()


@pytest.mark.parametrize("number", range(1, 8))
def test_html_has_the_words_and_numbers_of_the_text(number):
    """Both are made of the same parts: only lines and rules of tables differ."""
    told = [word for word in text(number).replace(":\n    ", "\n").split() if set(word) - {"-"}]
    shown = [word for word in Words(lesson.STEPS[number - 1].html()).words if set(word) - {"-"}]
    assert [word.rstrip(":") for word in shown] == [word.rstrip(":") for word in told]


def test_html_escapes_whatever_stands_in_a_part():
    """Nothing that a part holds becomes an element or an attribute."""
    bad = '</script><b a="1">&amp;'
    parts = [
        told.Paragraph(bad), told.Grid([bad, ""], [(bad, None)], left=1),
        told.Definitions([(bad, bad)]), told.Verbatim(bad), told.Figure("other"),
    ]  # fmt: skip
    shown = told.as_html(parts, {"one": "<svg></svg>"})
    assert Words(shown).words == bad.split() * 6
    assert "<b" not in shown
    assert "<svg" not in shown


def test_html_puts_a_figure_in_its_place():
    """The text goes on without it."""
    parts = [told.Paragraph("a"), told.Figure("one"), told.Paragraph("b")]
    assert told.as_html(parts, {"one": "<svg></svg>"}) == "<p>a</p>\n<svg></svg>\n<p>b</p>"
    assert told.as_text(parts) == "a\n\nb"


def test_html_heads_each_column_for_screen_readers():
    """A header has a scope; the corner of a table of two headers is empty and has none."""
    shown = lesson.STEPS[0].html()
    assert '<th scope="col">input</th><th scope="col">desired output</th>' in shown
    assert '<td class="words"></td>' in lesson.STEPS[2].html()


# --- figures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(1, 8))
def test_figures_are_drawn_without_pyplot(number):
    """Every step has figures; each is a picture, and pyplot holds none of them."""
    pytest.importorskip("matplotlib")
    from matplotlib import pyplot

    figures = lesson.STEPS[number - 1].figures()
    assert figures
    for name, figure in figures.items():
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=40)
        assert file.getvalue().startswith(b"\x89PNG"), name
        assert figure.axes, name
    assert pyplot.get_fignums() == []


def test_figures_show_themselves_in_a_notebook():
    """A figure has the PNG that a notebook asks for, without pyplot's inline backend."""
    pytest.importorskip("matplotlib")
    assert lesson.overall_picture()._repr_png_().startswith(b"\x89PNG")


def test_chain_is_drawn_forward_and_backward():
    """The diagram shows the values on the way forward and the gradients on the way back."""
    pytest.importorskip("matplotlib")
    forward, backward = lesson.chain_diagram().axes
    assert {"x\n2", "h\n6", "y\n6", "loss\n4"} <= {t.get_text() for t in forward.texts}
    shown = {t.get_text() for t in backward.texts}
    assert {"w2\ngradient 24", "w1\ngradient 8", "x\ngradient 12", "· 6", "· 2", "· 3"} <= shown


def test_figures_without_matplotlib_name_the_extra(monkeypatch):
    """Without matplotlib the text works and the figures say what to install."""
    for name in [n for n in sys.modules if n.split(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    assert "y = 3·x" in lesson.STEPS[0].text()
    with pytest.raises(ImportError, match=r'pip install "autograd-lite\[plot\]"'):
        lesson.STEPS[0].figures()


NUMBERS = (
    ["W = 3", "y = 2·x"],
    ["0, 3, 6, 9, 12", "0, 2, 4, 6, 8"],
    ["30"],
    ["0.0001", "30 to 30.006", "60"],
    ["8 for w1, 24 for w2"],
    ["3 - 60 · 0.01 = 2.4", "30 to 4.8"],
    ["3, 2.4, 2.16, 2.064", "After 6 updates W is 2.0041", "below 0.001"],
)


def test_the_short_form_states_the_numbers_of_the_steps():
    """Each from the text of its step, in which the lecture's numbers are tested."""
    told = summaries()
    assert len(told) == len(lesson.STEPS)
    for words, numbers in zip(told, NUMBERS, strict=True):
        assert [number for number in numbers if number not in words] == []
