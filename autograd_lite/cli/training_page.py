"""The page of a training on a table: scores, columns, history, errors, the plane of two columns.

It stands alone: pictures by matplotlib as SVG, in the colours of the page, light or dark.
"""

from __future__ import annotations

import html
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import BytesIO
from string import Template
from typing import Any, cast

import numpy as np

from autograd_lite.errors import counted, needing
from autograd_lite.files import words
from autograd_lite.tables.facts import Facts
from autograd_lite.tables.kinds import Described
from autograd_lite.tables.learning import Training
from autograd_lite.tables.preprocessing import ClassTarget
from autograd_lite.tables.reading import Columns, listed
from autograd_lite.tables.sections import Section, importance, sample
from autograd_lite.view import canvas
from autograd_lite.view.page.page import document, read
from autograd_lite.view.plots.boundaries import Boundary
from autograd_lite.view.plots.curves import plot_history
from autograd_lite.view.plots.fits import Fit, Residuals

_POINTS = 400  # in one picture
_LETTERS = 14  # of a name in a picture


def report(training: Training, columns: Columns, described: Sequence[Described], seed: int) -> str:
    """The page, as HTML; an ImportError names the extra if there is no matplotlib."""
    prepared = training.model.preprocessing
    target, seen = prepared.target, {n: c[training.judged] for n, c in columns.items()}
    judged = "rows held out" if len(training.held_out) else "rows trained on"
    falls = importance(training.model, columns, seed)
    facts, score = cast(Facts, training.model.facts), training.scores[0].name
    classes = isinstance(target, ClassTarget)
    numbers = counted(len(getattr(target, "classes", ())), "class", "classes")
    errors = (
        _confusion(training, seen, judged) if classes else _residuals(training, seen, judged, seed)
    )
    return document(
        f"{facts.source}: {target.name}",
        read("page.css", "lesson.page") + read("training_page.css", "cli"),
        _filled(
            "page",
            title=html.escape(f"{target.name} from {facts.source}"),
            introduction=html.escape(
                f"A network that predicts {f'one of {numbers}' if classes else 'a number'} was "
                f"trained on {counted(len(training.trained), 'row')}; "
                f"{len(training.held_out)} were held out."
            ),
            scores=_scores(training, judged), judged=_judged(training),
            columns=_columns(described, target.name, falls),
            importance=f"Importance is the fall of {score} when the cells of a column are shuffled "
            "(mean of 5 shuffles, over at most 1,000 rows of the table).",
            history=_svg(lambda ax: plot_history(training.history, ax), "loss over epochs"),
            loss="" if classes else "It is of the standardised target: 1 is its variance.",
            errors=errors, plane=_plane(training, columns, [*falls][:2], seed),
            network=html.escape(str(training.model.network.summary())),
            versions=html.escape(", ".join(" ".join(pair) for pair in facts.versions.items())),
        ),
    )  # fmt: skip


def check_extra() -> None:
    """Raise the ImportError that `report` would, before the work."""
    canvas.new_figure()


def _filled(piece: str, /, **parts: object) -> str:
    return Template(words("training_page.toml", "cli")[piece]).substitute(parts)


def _scores(training: Training, judged: str) -> str:
    """A line for each model, a column for each score."""
    lines = [
        (f"without features, {judged}", [score.baseline for score in training.scores]),
        (f"network, {judged}", [score.value for score in training.scores]),
    ]
    lines += [(f"fold {i}", values) for i, values in enumerate(training.folds, 1)]
    cells = [(name, [plain_number(value) for value in values]) for name, values in lines]
    if len(training.folds) > 1:
        spread = mean_and_spread(training.folds)
        cells.append(("mean ± standard deviation of the folds", spread))
    return _table(["", *[score.name for score in training.scores]], cells)


def mean_and_spread(folds: Sequence[Sequence[float]]) -> list[str]:
    """Of each score its mean over two folds or more, and their standard deviation."""
    values = np.array(folds)
    both = zip(values.mean(axis=0), values.std(axis=0, ddof=1), strict=True)
    return [f"{plain_number(mean)} ± {plain_number(spread, 2)}" for mean, spread in both]


def plain_number(x: float, digits: int = 4) -> str:
    """A number at so many significant digits, without an exponent up to 12 places."""
    return f"{float(f'{x:.{digits}g}'):.12g}"


def _judged(training: Training) -> str:
    told = "Without features, the mean or most frequent class of the rows trained on is predicted."
    if training.folds:
        told += (
            " Each fold is held out once, from a network of its own that learns from all the other "
            "rows; the standard deviation is the spread from fold to fold."
        )
    return told


def _columns(described: Sequence[Described], target: str, falls: dict[str, float]) -> str:
    """A line for each column of the table."""
    lines = []
    for each in described:
        importance = f"{falls[each.name]:.3f}" if each.name in falls else ""
        kind = f"{each.kind}, the target" if each.name == target else each.kind
        lines.append((each.name, [kind, each.told, importance]))
    return _table(["column", "kind", "cells", "importance"], lines, ["kind", "words", ""])


def _table(
    heads: Sequence[str], lines: Sequence[tuple[str, Sequence[str]]], styles: Sequence[str] = ()
) -> str:
    """A table whose lines begin with a name; `styles` are those of the other columns."""
    styles = [f' class="{style}"' for style in styles or [""] * len(heads[1:])]
    head = "".join(
        f'<th scope="col"{style}>{html.escape(text)}</th>'
        for text, style in zip(heads, ["", *styles], strict=True)
    )
    rows = [
        _row(
            name,
            [f"<td{s}>{html.escape(cell)}</td>" for cell, s in zip(cells, styles, strict=True)],
        )
        for name, cells in lines
    ]
    return _filled("table", head=head, rows="\n".join(rows))


def _row(name: str, cells: Sequence[str]) -> str:
    breaking = html.escape(name).replace("_", "_<wbr>")
    return f'<tr><th scope="row">{breaking}</th>{"".join(cells)}</tr>'


def _confusion(training: Training, seen: Columns, judged: str) -> str:
    target = training.model.preprocessing.target
    assert isinstance(target, ClassTarget)
    k = len(target.classes)
    actual = target.encode(seen[target.name])
    places = {name: i for i, name in enumerate(target.classes)}
    predicted = [places[name] for name in training.model.predict(seen)]
    counts = np.bincount(actual * k + predicted, minlength=k * k).reshape(k, k)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    cell = '<td class="share" style="--share: {:.3g}">{}</td>'.format
    rows = [
        _row(name, [*map(cell, share, line)])
        for name, line, share in zip(target.classes, counts, shares, strict=True)
    ]
    heads = [f'<th scope="col">{html.escape(name)}</th>' for name in target.classes]
    head = f'<th class="words">actual \\ predicted</th>{"".join(heads)}'
    return _filled(
        "confusion", judged=judged, table=_filled("table", head=head, rows="\n".join(rows))
    )


def _residuals(training: Training, seen: Columns, judged: str, seed: int) -> str:
    some = sample(seen, _POINTS, seed)
    predicted = training.model.predict(some)
    actual = some[training.model.preprocessing.target.name]
    shown = f" {_POINTS} of them, by chance." if len(actual) < len(training.judged) else ""
    picture = _svg(Residuals(predicted, actual - predicted).draw, "residuals over predictions")
    return _filled("residuals", picture=picture, judged=judged, some=shown)


def _plane(training: Training, columns: Columns, names: list[str], seed: int) -> str:
    """Regions of classes, or colours of numbers, over one or two columns."""
    section = Section(training.model, columns, names)
    target = training.model.preprocessing.target
    some = sample(columns, _POINTS, seed)
    places = section.places(some, seed)
    whole = np.isfinite(places).all(axis=1)
    places, cells = places[whole], some[target.name][whole]
    picture: Any
    if isinstance(target, ClassTarget):
        if len(names) < 2:
            return ""  # no plane
        classes = np.array([_short(name) for name in target.classes], dtype=object)
        picture = Boundary.of(section, places, target.encode(cells), threshold=0.0)
        labels = [classes[i] for i in picture.labels]
        picture = replace(picture, labels=labels, classes=classes[picture.classes.astype(int)])
    else:
        picture = Fit.of(section, places, cells)

    def draw(ax: Any) -> None:
        picture.draw(ax, [_short(name, 3 * _LETTERS) for name in names])
        for axis, categories in zip((ax.xaxis, ax.yaxis), section.categories, strict=False):
            if categories is not None:
                axis.set_ticks(range(len(categories)), [*map(_short, categories)])
        for drawn in ax.collections:  # thousands of squares become one image
            drawn.set_rasterized(type(drawn).__name__ == "QuadMesh")

    said = "Colours: the prediction over the two most important columns. Points: rows of the table"
    said += f", {_POINTS} of them, by chance." if len(columns[target.name]) > _POINTS else "."
    if len(training.model.preprocessing.features) > 2:
        said += " The other columns are at their median or most frequent text."
    return _filled("plane", picture=_svg(draw, f"predictions over {listed(names)}"), said=said)


def _short(name: str, most: int = _LETTERS) -> str:
    plain = " ".join(name.split())
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def _svg(draw: Callable[[Any], Any], said: str) -> str:
    """A picture in the colours of the page, narrow enough for letters to be read on a phone."""
    with needing("plot", "the pictures of a report need matplotlib"):
        import matplotlib as mpl
    plain: Any = {"svg.fonttype": "none", "svg.hashsalt": said, "text.parse_math": False}
    file = BytesIO()
    with mpl.rc_context(plain), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # the browser has one
        figure, ax = canvas.new_figure(3.5, 3.0)
        draw(ax)
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    svg = re.sub(r' id="[a-z_.]+_\d+"', "", file.getvalue().decode())
    svg = svg[svg.index("<svg") :].replace("#000000", "currentColor")
    svg = svg.replace("#ffffff", "var(--stage)")
    return svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(said)}"', 1)
