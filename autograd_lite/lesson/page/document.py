"""The lesson as one page: its words, with pictures that follow sliders and graphs to step through.

The script (`page.js`) computes every number that follows a slider from the recorded graphs, by the
rules of their ops.
"""

from __future__ import annotations

import html

from autograd_lite.engine import Value
from autograd_lite.lesson import STEPS, iteration
from autograd_lite.lesson.backpropagation import chain, hidden_layer
from autograd_lite.lesson.differentiation import shrinking_steps, sign_table
from autograd_lite.lesson.loss import absolute_loss, squared_loss
from autograd_lite.lesson.model import DESIRED, IDEAL, INPUTS, STARTS
from autograd_lite.lesson.page import page_figures
from autograd_lite.lesson.telling.parts import WORDS
from autograd_lite.view import draw
from autograd_lite.view.page.page import as_json, read, scripts
from autograd_lite.view.page.page import document as as_document

_SCRIPTS = "marks", "hiddenpicture", "story", "page"  # each may use those before it


def document() -> str:
    """The seven steps as a file of HTML that stands alone; a LayoutError without Graphviz."""
    title, introduction, source = (WORDS["page"][x] for x in ("title", "introduction", "source"))
    loss, path = draw(_loss(), constants=False), draw(chain().loss)
    graphs = {
        name: view.page.image(view.to_graphviz().pipe("svg"))
        for name, view in (("loss", loss), ("chain", path))
    }
    figures = page_figures.figures(graphs)
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
    own = "\n".join(read(f"{name}.js", "lesson.page") for name in _SCRIPTS)
    body = (
        f"<header><h1>{title}</h1>\n<p>{introduction}</p>\n<p><small>{source}</small></p>"
        f'</header>\n<div class="columns">\n<nav aria-label="The seven steps"><ol>\n{contents}\n'
        f"</ol></nav>\n<main>\n{sections}\n</main>\n</div>\n"
        f'<script>(() => {{\n"use strict";\n{scripts()}\n(() => {{\n'
        f"{own}\n"
        f"new Lesson({_data()}, {loss.page.opening(_host('loss'))}, "
        f"{path.page.opening(_host('chain'))}, {draw(_absolute()).page.graph()}, "
        f"{draw(hidden_layer()).page.graph()});\n}})();\n}})();</script>"
    )
    return as_document(title, read("page.css", "lesson.page"), body)


def _loss() -> Value:
    """The loss at the first weight, with names for all that leads to it."""
    loss = squared_loss(Value(STARTS[0], label="W"))
    for i, square in enumerate(loss.parents):
        [error] = square.parents
        error.parents[0].label, error.label, square.label = f"y{i}", f"e{i}", f"e{i}²"
    loss.label = "loss"
    loss.backward()
    return loss


def _absolute() -> Value:
    loss = absolute_loss(Value(STARTS[0], label="W"))
    for i, absolute in enumerate(loss.parents):
        absolute.label = f"|e{i}|"
    return loss


def _data() -> str:
    """Data, limits and words of the lesson, for the script."""
    run = iteration.descend(IDEAL)
    data = {
        "inputs": INPUTS,
        "desired": DESIRED,
        "places": page_figures.places(),
        "ends": page_figures.ENDS,
        "controls": {name: control[-1] for name, control in page_figures.CONTROLS.items()},
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
    return as_json(data)


def _host(name: str) -> str:
    return f'document.getElementById("graph-{name}")'
