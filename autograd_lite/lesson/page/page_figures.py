"""The figures of the lesson's page as they are at first, with the sliders that they follow.

What stands in a chart here is what its script (`page.js`) draws at the first numbers: it is seen
where no script runs.
"""

from collections.abc import Callable, Sequence

from autograd_lite.lesson import iteration
from autograd_lite.lesson.backpropagation import HIDDEN
from autograd_lite.lesson.differentiation import loss_curve, sign_table
from autograd_lite.lesson.loss import loss_table
from autograd_lite.lesson.model import DESIRED, IDEAL, INPUTS, STARTS, forward_table
from autograd_lite.lesson.page.charts import Axis, Chart
from autograd_lite.lesson.telling.parts import PICTURE, TABLE, WORDS, Grid, as_html, filled

#: Of each control: what it is called, its least and greatest number, its step and its first number.
CONTROLS = {
    "W": ("weight W", 0.0, 5.0, 0.01, STARTS[0]),
    "rate": ("learning rate", 0.0005, 0.04, 0.0005, iteration.LEARNING_RATE),
    "start": ("start: first W", 0.0, 5.0, 0.01, STARTS[0]),
    **{name: (name, -3.0, 3.0, 0.05, x) for name, x in HIDDEN.items()},
}
#: The least and the greatest weight of the curve with the tangent.
ENDS = -1.0, 5.0
#: Weights and losses of the curve, and of the part of it around its lowest point.
_FAR = Axis("weight W", *ENDS, range(-1, 6)), Axis("loss", 0.0, 280.0, range(0, 280, 50))
_NEAR = Axis("weight W", 0.5, 3.5, range(1, 4)), Axis("loss", 0.0, 70.0, range(0, 80, 10))

_CAPTIONS, _WITHOUT = WORDS["page"]["captions"], WORDS["page"]["without"]


def figures(graphs: dict[str, str]) -> dict[str, str]:
    """The HTML of every figure, by its name, given the images of the graphs to step through."""
    updates = as_html([Grid(("update", "W", "loss", "derivative"), [])])  # filled by the script
    return {
        "models": _figure("models", ["W"], _models()),
        "forward": _figure("forward", ["W"], TABLE),
        "errors": _figure("errors", ["W"], _squares(), TABLE),
        "tangent": _figure("tangent", ["W"], _tangent(), TABLE),
        "chain": _graph("chain", [], graphs["chain"]),
        "loss": _graph("loss", ["W"], graphs["loss"]),
        "update": _figure("update", ["W", "rate"], _update()),
        "descent": _figure(
            "descent", ["rate", "start"], *_descent(),
            "<details data-live hidden><summary>Every update</summary>"
            f"<div data-live hidden>{updates}</div></details>",
        ),
        "hidden": _hidden(),
        "overall": f'<figure data-figure="overall">\n{_overall()}\n</figure>',
    }  # fmt: skip


def places() -> list[float]:
    """Where the square of each sample begins, so that there is room for the largest of each."""
    most = max(abs(W - IDEAL) for W in CONTROLS["W"][1:3])
    return [1.0 + sum(most * x + 1.6 for x in INPUTS[:i]) for i in range(len(INPUTS))]


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
    rows = zip(places(), loss_table(STARTS[0]), strict=True)
    return chart.svg(
        [chart.line([(0.0, 0.0), (38.0, 0.0)], "floor")],
        [chart.square(x, row.actual - row.desired, "square positive") for x, row in rows],
    )


def _curve(name: str, axes: tuple[Axis, Axis], *moving: Callable[[Chart], str]) -> str:
    chart = Chart(name, *axes, f"The loss over the weight W, lowest at W = {IDEAL:g}")
    points = [(point.W, point.loss) for point in loss_curve(axes[0].low, axes[0].high, 73)]
    return chart.svg([chart.line(points, "curve")], [draw_on(chart) for draw_on in moving])


def _near_and_far(name: str, *moving: Callable[[Chart], str]) -> str:
    """The part of the curve, and all of it for what does not fit in there."""
    near, far = _curve(f"{name}-near", _NEAR, *moving), _curve(name, _FAR)
    return f"<div>\n{near}\n{far.replace('<svg', '<svg hidden', 1)}\n</div>"


def _tangent() -> str:
    [at] = sign_table(STARTS[:1])
    line = [(W, at.loss + at.derivative * (W - at.W)) for W in ENDS]
    return _curve(
        "tangent",
        _FAR,
        lambda chart: chart.line(line, "tangent positive"),
        lambda chart: chart.point(at.W, at.loss, "here"),
    )


def _update() -> str:
    [at] = iteration.update_table(STARTS[:1])
    return _near_and_far(
        "update",
        lambda chart: chart.line([(at.W, at.loss), (at.updated, at.updated_loss)], "path"),
        lambda chart: chart.point(at.W, at.loss, "here"),
        lambda chart: chart.point(at.updated, at.updated_loss, "next"),
    )


def _descent() -> tuple[str, str]:
    run = iteration.descend(STARTS[0]).iterations
    path = _near_and_far("path", lambda chart: chart.line([(i.W, i.loss) for i in run], "path"))
    most, goal = iteration.MAX_UPDATES, iteration.TOLERANCE
    powers = Axis("loss", -6.0, 6.0, [10.0**k for k in range(-6, 7, 2)], log=True)
    updates = Axis("update", 0.0, most, range(0, most + 1, 10))
    chart = Chart("losses", updates, powers, "The loss after each update")
    return path, chart.svg(
        [chart.line([(0.0, goal), (most, goal)], "goal")],
        [chart.line([(at.number, at.loss) for at in run], "path")],
    )


def _overall() -> str:
    """The seven steps and the way back to the second; each leads to its words."""
    high, last = 50, len(PICTURE) - 1
    boxes = [
        f'<a href="#step{i + 1}"><rect class="{"first" if i == 0 else "again"}" x="90" '
        f'y="{i * high + 4}" width="180" height="36" rx="9"/><text class="name" x="180" '
        f'y="{i * high + 19}">{name}</text><text x="180" y="{i * high + 34}">{what}</text></a>'
        for i, (name, what) in enumerate(PICTURE)
    ]
    arrows = [f"M180 {i * high + 40}v8" for i in range(last)]
    back, top = last * high + 22, high + 22
    arrows.append(f"M270 {back}h26q12 0 12 -12V{top + 12}q0 -12 -12 -12h-20")
    said = "; ".join(f"{name}: {what}" for name, what in PICTURE)
    return (
        f'<svg class="chart overall" viewBox="70 0 270 {len(PICTURE) * high}" role="group" '
        f'aria-label="{said}; and on from 2">'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="4" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path class="head" d="M0 0L8 4L0 8Z"/></marker></defs>'
        + "".join(f'<path class="way" marker-end="url(#tip)" d="{d}"/>' for d in arrows)
        + f'<text x="322" y="{(back + top) / 2}" transform="rotate(90 322 {(back + top) / 2})">'
        f"again and again</text>\n{''.join(boxes)}\n</svg>"
    )


def _figure(name: str, controls: Sequence[str], *pictures: str) -> str:
    """Pictures with their controls above, and the caption below."""
    caption = f"<figcaption>{_CAPTIONS[name]}</figcaption>" if _CAPTIONS[name] else ""
    return filled(
        "figure", name=name, controls=_controls(controls), pictures="\n".join(pictures),
        caption=caption, without=_WITHOUT,
    )  # fmt: skip


def _graph(name: str, controls: Sequence[str], image: str) -> str:
    return filled(
        "graph", name=name, controls=_controls(controls), image=image, caption=_CAPTIONS[name]
    )


def _hidden() -> str:
    """The story of one forward and backward pass."""
    data = [name for name in HIDDEN if name[0] in "xt"]
    weights = [name for name in HIDDEN if name not in data]
    return filled(
        "story", data=_controls(data), weights=_controls(weights), caption=_CAPTIONS["hidden"],
        without=_WITHOUT,
    )  # fmt: skip


def _controls(names: Sequence[str]) -> str:
    keys = ("label", "low", "high", "step", "first")
    sliders = []
    for name in names:
        label, *numbers = CONTROLS[name]
        known = zip(keys, (label, *(f"{x:g}" for x in numbers)), strict=True)
        sliders.append(filled("slider", name=name, **dict(known)))
    if not sliders:
        return ""
    return filled("controls", sliders="".join(sliders), names=" ".join(names))
