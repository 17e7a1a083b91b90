"""The lesson as one page: its words, with pictures that follow sliders and graphs to step through.

The script (`page.js`) computes every number that follows a slider from the recorded graphs, by the
rules of their ops.
"""

import html

from autograd_lite.engine import Value
from autograd_lite.lesson import STEPS, iteration
from autograd_lite.lesson.backpropagation import chain, hidden_layer
from autograd_lite.lesson.differentiation import shrinking_steps, sign_table
from autograd_lite.lesson.loss import absolute_loss, squared_loss
from autograd_lite.lesson.model import DESIRED, IDEAL, INPUTS, STARTS
from autograd_lite.lesson.page import page_figures
from autograd_lite.lesson.telling.parts import WORDS, filled
from autograd_lite.view import draw
from autograd_lite.view.page.page import as_json, read, scripts
from autograd_lite.view.page.page import document as as_document

_SCRIPTS = "marks", "hiddenpicture", "story", "page"  # each may use those before it


def document() -> str:
    """The seven steps as a file of HTML that stands alone; a LayoutError without Graphviz."""
    loss, path = draw(_loss(), constants=False), draw(chain().loss)
    graphs = {
        name: view.page.image(view.to_graphviz().pipe("svg"))
        for name, view in (("loss", loss), ("chain", path))
    }
    figures = page_figures.figures(graphs)
    steps = [{"number": step.number, "title": html.escape(step.title)} for step in STEPS]
    told = zip(steps, [step.html(figures) for step in STEPS], strict=True)
    words = {name: WORDS["page"][name] for name in ("title", "introduction", "source")}
    host = 'document.getElementById("graph-{}")'.format
    absolute = absolute_loss(Value(STARTS[0], label="W"))
    for i, error in enumerate(absolute.parents):
        error.label = f"|e{i}|"
    body = filled(
        "document", **words,
        contents="\n".join([filled("content", **step) for step in steps]),
        sections="\n".join([filled("section", **step, told=text) for step, text in told]),
        shared=scripts(), own="\n".join([read(f"{name}.js", "lesson.page") for name in _SCRIPTS]),
        data=_data(),
        loss=loss.page.opening(host("loss")), chain=path.page.opening(host("chain")),
        absolute=draw(absolute).page.graph(), hidden=draw(hidden_layer()).page.graph(),
    )  # fmt: skip
    return as_document(words["title"], read("page.css", "lesson.page"), body)


def _loss() -> Value:
    """The loss at the first weight, with names for all that leads to it."""
    loss = squared_loss(Value(STARTS[0], label="W"))
    for i, square in enumerate(loss.parents):
        [error] = square.parents
        error.parents[0].label, error.label, square.label = f"y{i}", f"e{i}", f"e{i}²"
    loss.label = "loss"
    loss.backward()
    return loss


def _data() -> str:
    """Data, limits and words of the lesson, for the script."""
    run = iteration.descend(IDEAL)
    data = {
        "inputs": INPUTS, "desired": DESIRED,
        "places": page_figures.places(), "ends": page_figures.ENDS,
        "controls": {name: control[-1] for name, control in page_figures.CONTROLS.items()},
        "steps": [nudge.step for nudge in shrinking_steps()],
        "signs": {
            row.sign: [row.increase, row.update]
            for row in sign_table((IDEAL - 1.0, IDEAL, IDEAL + 1.0))
        },
        "tolerance": iteration.TOLERANCE, "hopeless": iteration.HOPELESS,
        "most": iteration.MAX_UPDATES,
        "verdicts": {
            outcome: [
                iteration.verdict(iteration.Descent(0.0, run.iterations, outcome, oscillates))
                for oscillates in (False, True)
            ]
            for outcome in ("converged", "diverged", "not yet")
        },
    }  # fmt: skip
    return as_json(data)
