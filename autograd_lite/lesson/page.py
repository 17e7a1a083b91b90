"""The lesson as one page: its words, with pictures that follow sliders and graphs to step through.

The script (`page.js`) computes every number that follows a slider from the recorded graphs, by the
rules of their ops.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from autograd_lite.engine import Value
from autograd_lite.lesson import STEPS, iteration
from autograd_lite.lesson.backpropagation import chain
from autograd_lite.lesson.charts import Axis, Chart
from autograd_lite.lesson.differentiation import loss_curve, shrinking_steps, sign_table
from autograd_lite.lesson.layout import Table, as_html
from autograd_lite.lesson.loss import absolute_loss, loss_table, squared_loss
from autograd_lite.lesson.model import DESIRED, IDEAL, INPUTS, STARTS, forward_table
from autograd_lite.view import draw
from autograd_lite.view.page import document as as_document
from autograd_lite.view.page import scripts

TITLE = "Learning by back-propagation, in seven steps"
_INTRODUCTION = (
    "A model with one number inside learns to double its input. Move the sliders: every number "
    "that follows is computed in this page, by back-propagation through the recorded graph."
)
_SOURCE = "After Harvey Alférez, Neural Networks and Back-Propagation (lecture)."
_WITHOUT = "With JavaScript there are sliders here, and the picture follows them."

#: Of each control: what it is called, its least and greatest number, its step and its first number.
CONTROLS = {
    "W": ("weight W", 0.0, 5.0, 0.01, STARTS[0]),
    "rate": ("learning rate", 0.0005, 0.04, 0.0005, iteration.LEARNING_RATE),
    "start": ("start: first W", 0.0, 5.0, 0.01, STARTS[0]),
}


def document() -> str:
    """The seven steps as a file of HTML that stands alone.

    Raises
    ------
    LayoutError
        If there is no Graphviz to draw the graphs, or it fails.
    """
    loss, path = draw(_loss(), constants=False), draw(chain().loss)
    graphs = {
        name: view.page.image(view.to_graphviz().pipe("svg"))
        for name, view in (("loss", loss), ("chain", path))
    }
    figures = _figures(graphs)
    contents = "\n".join(
        f'<li><a href="#step{step.number}"><b>{step.number}</b> <span>{html.escape(step.title)}'
        "</span></a></li>"
        for step in STEPS
    )
    sections = "\n".join(
        f'<section id="step{step.number}" aria-labelledby="title{step.number}">\n'
        f'<h2 id="title{step.number}">Step {step.number}: {html.escape(step.title)}</h2>\n'
        f"{step.html(figures)}\n</section>"
        for step in STEPS
    )
    body = (
        f"<header><h1>{TITLE}</h1>\n<p>{_INTRODUCTION}</p>\n<p><small>{_SOURCE}</small></p>"
        f'</header>\n<div class="columns">\n<nav aria-label="The seven steps"><ol>\n{contents}\n'
        f"</ol></nav>\n<main>\n{sections}\n</main>\n</div>\n"
        f'<script>(() => {{\n"use strict";\n{scripts()}\n(() => {{\n{_read("page.js")}\n'
        f"{path.page.opening(_host('chain'))};\n"
        f"new Lesson({_data()}, {loss.page.opening(_host('loss'))}, "
        f"{draw(_absolute()).page.graph()});\n}})();\n}})();</script>"
    )
    return as_document(TITLE, _read("page.css"), body)


def _loss() -> Value:
    """The loss at the first weight, with names for all that leads to it."""
    weight = Value(STARTS[0], label="W")
    loss = squared_loss(weight)
    for i, square in enumerate(loss.parents):
        [error] = square.parents
        error.parents[0].label, error.label, square.label = f"y{i}", f"e{i}", f"e{i}²"
    loss.label = "loss"
    loss.backward()
    return loss


def _absolute() -> Value:
    weight = Value(STARTS[0], label="W")
    loss = absolute_loss(weight)
    for i, absolute in enumerate(loss.parents):
        absolute.label = f"|e{i}|"
    return loss


def _data() -> str:
    """What the script has to know of the lesson: its data, its limits and its words."""
    run = iteration.descend(IDEAL)
    data = {
        "inputs": INPUTS,
        "desired": DESIRED,
        "places": _places(),
        "ends": _ENDS,
        "controls": {name: control[-1] for name, control in CONTROLS.items()},
        "steps": [nudge.step for nudge in shrinking_steps()],
        "signs": {
            row.sign: [row.increase, row.update]
            for row in sign_table((IDEAL - 1.0, IDEAL, IDEAL + 1.0))
        },
        "tolerance": iteration.TOLERANCE,
        "hopeless": iteration.HOPELESS,
        "most": iteration.MAX_UPDATES,
        "verdicts": {
            outcome: [
                iteration.verdict(iteration.Descent(0.0, run.iterations, outcome, oscillates))
                for oscillates in (False, True)
            ]
            for outcome in ("converged", "diverged", "not yet")
        },
    }
    return json.dumps(data).replace("<", r"\u003c")


# --- figures --------------------------------------------------------------------------------------


def _figures(graphs: dict[str, str]) -> dict[str, str]:
    """The HTML of every figure."""
    errors = _table("input", "actual", "desired", "absolute error", "squared error")
    return {
        "models": _figure("models", ["W"], _models(), _MODELS),
        "forward": _figure(
            "forward", ["W"], _table("input", "actual output", "desired output"), ""
        ),
        "errors": _figure("errors", ["W"], _squares(), errors, _SQUARES),
        "tangent": _figure("tangent", ["W"], _tangent(), _table("δW", "measured slope"), _TANGENT),
        "chain": _graph("chain", [], graphs["chain"], _CHAIN),
        "loss": _graph("loss", ["W"], graphs["loss"], _REUSE),
        "update": _figure("update", ["W", "rate"], _update(), _UPDATE),
        "descent": _figure(
            "descent",
            ["rate", "start"],
            *_descent(),
            "<details data-live hidden><summary>Every update</summary>"
            + _table("update", "W", "loss", "derivative")
            + "</details>",
            _DESCENT,
        ),
    }


def _models() -> str:
    inputs, outputs = Axis("input", -0.2, 4.4, INPUTS), Axis("output", 0.0, 20.0, range(0, 21, 5))
    chart = Chart("models", inputs, outputs, "The desired and the actual output for each input")
    desired = [chart.point(*sample, "desired") for sample in zip(INPUTS, DESIRED, strict=True)]
    return chart.svg(
        desired, [chart.line([(r.input, r.actual) for r in forward_table(STARTS[0])], "model")]
    )


def _squares() -> str:
    samples, errors = Axis("sample", 0.0, 38.0, ()), Axis("error", -8.0, 12.0, range(-8, 13, 4))
    chart = Chart("squares", samples, errors, "The squared error of each sample", height=214.0)
    rows = zip(_places(), loss_table(STARTS[0]), strict=True)
    return chart.svg(
        [chart.line([(0.0, 0.0), (38.0, 0.0)], "floor")],
        [chart.square(x, row.actual - row.desired, "square positive") for x, row in rows],
    )


def _places() -> list[float]:
    """Where the square of each sample begins, so that there is room for the largest of each."""
    most = max(abs(W - IDEAL) for W in CONTROLS["W"][1:3])
    return [1.0 + sum(most * x + 1.6 for x in INPUTS[:i]) for i in range(len(INPUTS))]


def _curve(name: str, *moving: Callable[[Chart], str]) -> str:
    """The loss curve with something on it."""
    weights, losses = Axis("weight W", *_ENDS, range(-1, 6)), Axis("loss", 0.0, 280.0, _LOSSES)
    chart = Chart(name, weights, losses, f"The loss over the weight W, lowest at W = {IDEAL:g}")
    points = [(point.W, point.loss) for point in loss_curve(*_ENDS, 73)]
    return chart.svg([chart.line(points, "curve")], [draw_on(chart) for draw_on in moving])


_ENDS, _LOSSES = (-1.0, 5.0), range(0, 280, 50)


def _tangent() -> str:
    [at] = sign_table(STARTS[:1])
    ends = [(W, at.loss + at.derivative * (W - at.W)) for W in _ENDS]
    return _curve(
        "tangent",
        lambda chart: chart.line(ends, "tangent positive"),
        lambda chart: chart.point(at.W, at.loss, "here"),
    )


def _update() -> str:
    [at] = iteration.update_table(STARTS[:1])
    return _curve(
        "update",
        lambda chart: chart.line([(at.W, at.loss), (at.updated, at.updated_loss)], "path"),
        lambda chart: chart.point(at.W, at.loss, "here"),
        lambda chart: chart.point(at.updated, at.updated_loss, "next"),
    )


def _descent() -> tuple[str, str]:
    run = iteration.descend(STARTS[0]).iterations
    path = _curve("path", lambda chart: chart.line([(at.W, at.loss) for at in run], "path"))
    most, goal = iteration.MAX_UPDATES, iteration.TOLERANCE
    powers = Axis("loss", -6.0, 6.0, [10.0**k for k in range(-6, 7, 2)], log=True)
    updates = Axis("update", 0.0, most, range(0, most + 1, 10))
    chart = Chart("losses", updates, powers, "The loss after each update")
    return path, chart.svg(
        [chart.line([(0.0, goal), (most, goal)], "goal")],
        [chart.line([(at.number, at.loss) for at in run], "path")],
    )


_MODELS = "Circles: desired outputs. Line and squares: what the model puts out."
_SQUARES = (
    "Each square has the error of one sample as its side and the squared error as its area: above "
    "the line where the model puts out too much, below it where too little."
)
_TANGENT = (
    "The straight line is the tangent. The table measures its slope with small steps from this W."
)
_CHAIN = (
    "The chain, op by op: play goes forward through the values, then back along the edges. At the "
    "end every gradient is that of the table above."
)
_REUSE = (
    "The loss of the five samples. W is used five times, so five parts of its gradient come back "
    "to it, one along each way, and are added."
)
_UPDATE = "The arrow is one update: from W on the curve to the new W."
_DESCENT = (
    "The weight and its loss after each update, then the loss alone, with a dashed line where it "
    "is small enough. What diverges leaves the picture."
)


def _figure(name: str, controls: Sequence[str], *parts: str) -> str:
    """Parts with their controls above; the last is the caption."""
    *pictures, caption = parts
    return (
        f'<figure data-figure="{name}">\n{_controls(controls)}'
        f'<p class="reading" data-live hidden></p>\n<div class="pictures">\n'
        + "\n".join(pictures)
        + f"\n</div>\n{f'<figcaption>{caption}</figcaption>' if caption else ''}\n"
        f"<noscript><p>{_WITHOUT}</p></noscript>\n</figure>"
    )


def _graph(name: str, controls: Sequence[str], image: str, caption: str) -> str:
    """A graph to step through."""
    return (
        f'<figure data-figure="{name}">\n{_controls(controls)}<div id="graph-{name}">{image}</div>'
        f"\n<figcaption>{caption}</figcaption>\n</figure>"
    )


def _host(name: str) -> str:
    return f'document.getElementById("graph-{name}")'


def _controls(names: Sequence[str]) -> str:
    sliders = []
    for name in names:
        label, low, high, step, first = CONTROLS[name]
        sliders.append(
            f'<label><span>{label}</span><input type="range" data-control="{name}" '
            f'aria-label="{label}" min="{low:g}" max="{high:g}" step="{step:g}" value="{first:g}">'
            f"<output>{first:g}</output></label>"
        )
    if not sliders:
        return ""
    return (
        f'<div class="controls" role="group" aria-label="Sliders" data-live hidden>'
        f'{"".join(sliders)}<button type="button" data-reset="{" ".join(names)}">Reset</button>'
        "</div>\n"
    )


def _table(*headers: str) -> str:
    """A table that the script fills."""
    return f"<div data-live hidden>{as_html([Table(headers, [])])}</div>"


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
