"""The page of a training on a table: scores, columns, history, errors, the plane of two columns.

It stands alone: pictures by matplotlib as SVG, in the colours of the page, light or dark.
"""

from __future__ import annotations

import html
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from io import BytesIO
from itertools import zip_longest
from string import Template
from typing import Any, cast

import numpy as np

from autograd_lite.errors import counted, listed, needing
from autograd_lite.files import words
from autograd_lite.tables.facts import Facts
from autograd_lite.tables.kinds import Described
from autograd_lite.tables.learning import Training
from autograd_lite.tables.preprocessing import ClassTarget
from autograd_lite.tables.reading import Columns
from autograd_lite.tables.sections import Section, importance, sample
from autograd_lite.view import canvas
from autograd_lite.view.page.page import document, read
from autograd_lite.view.plots.boundaries import Boundary
from autograd_lite.view.plots.curves import plot_history
from autograd_lite.view.plots.fits import Fit, Residuals

_POINTS = 400  # in one picture
_LETTERS = 14  # of a name in a picture
_WORDS = words("training_page.toml", "cli")
_HEAD = 'th scope="col"'


def report(training: Training, columns: Columns, described: Sequence[Described], seed: int) -> str:
    """The page, as HTML; an ImportError names the extra if there is no matplotlib."""
    prepared = training.model.preprocessing
    target, seen = prepared.target, {n: c[training.judged] for n, c in columns.items()}
    judged = "rows held out" if len(training.held_out) else "rows trained on"
    falls = importance(training.model, columns, seed)
    facts, score = cast(Facts, training.model.facts), training.scores[0].name
    k = len(target.classes) if isinstance(target, ClassTarget) else 0
    parts = {
        "target": target.name, "source": facts.source, "score": score, "judged": judged,
        "what": f"one of {counted(k, 'class', 'classes')}" if k else "a number",
        "trained": counted(len(training.trained), "row"), "held_out": len(training.held_out),
        "network": training.model.network.summary(),
        "versions": ", ".join(" ".join(pair) for pair in facts.versions.items()),
    }  # fmt: skip
    return document(
        f"{facts.source}: {target.name}",
        read("page.css", "lesson.page") + read("training_page.css", "cli"),
        _filled(
            "page", **{name: html.escape(str(part)) for name, part in parts.items()},
            scores=_scores(training, judged), folds=_WORDS["folds"] if training.folds else "",
            columns=_columns(described, target.name, falls), loss="" if k else _WORDS["loss"],
            history=_svg(lambda ax: plot_history(training.history, ax), "loss over epochs"),
            errors=(_confusion if k else _residuals)(training, seen, judged, seed),
            plane=_plane(training, columns, [*falls][:2], seed),
        ),
    )  # fmt: skip


def _filled(piece: str, /, **parts: object) -> str:
    return Template(_WORDS[piece]).substitute(parts)


def _scores(training: Training, judged: str) -> str:
    """A line for each model, a column for each score."""
    lines = [
        (f"without features, {judged}", [score.baseline for score in training.scores]),
        (f"network, {judged}", [score.value for score in training.scores]),
    ]
    lines += [(f"fold {i}", values) for i, values in enumerate(training.folds, 1)]
    rows = [(name, _cells(map(plain_number, values))) for name, values in lines]
    if len(training.folds) > 1:
        spread = _cells(mean_and_spread(training.folds))
        rows.append(("mean ± standard deviation of the folds", spread))
    return _table(_cells(["", *[score.name for score in training.scores]], (), _HEAD), rows)


def mean_and_spread(folds: Sequence[Sequence[float]]) -> list[str]:
    """Of each score its mean over two folds or more, and their standard deviation."""
    values = np.array(folds)
    both = zip(values.mean(axis=0), values.std(axis=0, ddof=1), strict=True)
    return [f"{plain_number(mean)} ± {plain_number(spread, 2)}" for mean, spread in both]


def plain_number(x: float, digits: int = 4) -> str:
    """A number at so many significant digits, without an exponent up to 12 places."""
    return f"{float(f'{x:.{digits}g}'):.12g}"


def _columns(described: Sequence[Described], target: str, falls: dict[str, float]) -> str:
    """A line for each column of the table."""
    styles = ['class="kind"', 'class="words"']
    lines = []
    for each in described:
        importance = f"{falls[each.name]:.3f}" if each.name in falls else ""
        kind = f"{each.kind}, the target" if each.name == target else each.kind
        lines.append((each.name, _cells([kind, each.told, importance], styles)))
    return _table(_cells(["column", "kind", "cells", "importance"], ["", *styles], _HEAD), lines)


def _cells(texts: Iterable[str], styles: Iterable[str] = (), tag: str = "td") -> str:
    pairs = zip_longest(texts, styles, fillvalue="")
    return "".join(
        f"<{f'{tag} {style}'.strip()}>{html.escape(text)}</{tag[:2]}>" for text, style in pairs
    )


def _table(head: str, lines: Iterable[tuple[str, str]]) -> str:
    """A table whose lines are a name, which may be broken, and cells."""
    breaking = [(html.escape(name).replace("_", "_<wbr>"), cells) for name, cells in lines]
    rows = [f'<tr><th scope="row">{name}</th>{cells}</tr>' for name, cells in breaking]
    return _filled("table", head=head, rows="\n".join(rows))


def _confusion(training: Training, seen: Columns, judged: str, _: int) -> str:
    target = training.model.preprocessing.target
    assert isinstance(target, ClassTarget)
    k = len(target.classes)
    actual = target.encode(seen[target.name])
    predicted = target.encode(training.model.predict(seen))
    counts = np.bincount(actual * k + predicted, minlength=k * k).reshape(k, k)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    style = 'class="share" style="--share: {:.3g}"'.format
    cells = [
        _cells(map(str, n), map(style, share)) for n, share in zip(counts, shares, strict=True)
    ]
    head = _cells(["actual \\ predicted"], ['class="words"'], "th")
    head += _cells(target.classes, (), _HEAD)
    return _filled(
        "confusion", judged=judged, table=_table(head, zip(target.classes, cells, strict=True))
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

    return _filled(
        "plane", picture=_svg(draw, f"predictions over {listed(names)}"),
        some=f", {_POINTS} of them, by chance" if len(columns[target.name]) > _POINTS else "",
        others=_WORDS["others"] if len(training.model.preprocessing.features) > 2 else "",
    )  # fmt: skip


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
    svg = file.getvalue().decode()
    svg = re.sub("<[^<>]*>", _recoloured, svg[svg.index("<svg") :])  # a label may be "#000000"
    return svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(said)}"', 1)


def _recoloured(tag: re.Match[str]) -> str:
    plain = re.sub(r' id="[a-z_.]+_\d+"', "", tag[0])
    return plain.replace("#000000", "currentColor").replace("#ffffff", "var(--stage)")
