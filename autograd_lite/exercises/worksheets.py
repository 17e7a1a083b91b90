"""Worksheets as files: HTML to print, LaTeX, and notebooks; each with a file that holds the key."""

from __future__ import annotations

import html
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from string import Template

from autograd_lite.errors import shown
from autograd_lite.exercises.exercise import TITLES, Exercise, image, random_exercise
from autograd_lite.files import as_path, write_whole
from autograd_lite.graph import ancestors, op_of
from autograd_lite.view.page.page import document, read
from autograd_lite.writing.latex import LATEX
from autograd_lite.writing.templates import Piece

_TITLE = "Back-propagation by hand"
_HOW = (
    "Write the partial at every arrow. Then go from the output, whose gradient is 1, back to the "
    "leaves: each arrow carries what arrives at its head, times its partial, and what comes out of "
    "one box by several arrows adds up."
)
_COLUMNS = 8  # of a table in LaTeX


class Worksheet:
    """Exercises of one level, which save themselves with their key."""

    def __init__(self, level: int, seed: int, count: int) -> None:
        rng = random.Random(f"{level} {seed}")
        self.exercises = [random_exercise(level, rng) for _ in range(count)]
        self.made_by = f"level={level}, seed={seed}, count={count}"
        self.level = f"Level {level}: {TITLES[level - 1]}. Sheet {seed}."

    def __len__(self) -> int:
        return len(self.exercises)

    def __getitem__(self, place: int) -> Exercise:
        return self.exercises[place]

    def save(self, path: str | os.PathLike[str]) -> tuple[Path, Path]:
        """Write the worksheet, and its key beside it (``sheet.html`` and ``sheet-key.html``).

        Parameters
        ----------
        path : str or path
            Ends with ``.html`` (to print, or to look at), ``.tex`` or ``.ipynb``.

        Returns
        -------
        tuple of Path
            The worksheet and the key.

        Raises
        ------
        ValueError
            If the ending is another.
        LayoutError
            If there is no Graphviz for the pictures of HTML.
        """
        place = as_path(path)
        write = FORMATS.get(place.suffix[1:].lower())
        if write is None:
            known = ", ".join(f".{name}" for name in FORMATS)
            raise ValueError(f"a worksheet is saved as {known}, and was given {shown(str(path))}")
        beside = place.with_stem(f"{place.stem}-key")
        texts = [write(self, key) for key in (False, True)]
        first, second = zip((place, beside), texts, strict=True)
        return write_whole(first[0], first[1].encode()), write_whole(second[0], second[1].encode())


def worksheet(level: int = 1, seed: int = 0, count: int = 6) -> Worksheet:
    """Exercises in back-propagation by hand: random graphs with round numbers.

    Parameters
    ----------
    level : int, default=1
        1: sums and products; 2: nodes that are used again; 3: activations; 4: the squared error of
        a neuron; 5: two neurons of a layer.
    seed : int, default=0
        The same level, seed and count give the same exercises, and files of the same bytes.
    count : int, default=6

    Returns
    -------
    Worksheet

    Raises
    ------
    ValueError
        If there is no such level, or the count is below 1.

    Examples
    --------
    >>> worksheet(level=2, seed=7)[0].sum("b")
    '1 × 1 + (-1) × (-4) = 5'
    """
    if level not in range(1, len(TITLES) + 1):
        raise ValueError(f"level is a whole number from 1 to {len(TITLES)}, not {shown(level)}")
    if count not in range(1, 1001):
        raise ValueError(f"count is a whole number from 1 to 1000, and not {shown(count)}")
    return Worksheet(level, seed, count)


def _formulas(exercise: Exercise) -> str:
    made = [f"{step.name} = {step.formula}" for step in exercise.steps if step.formula]
    return ",  ".join(made)


def _html(sheet: Worksheet, key: bool) -> str:
    title = f"{_TITLE}: key" if key else _TITLE
    name = "" if key else '<p class="name">Name <span></span> Date <span class="short"></span></p>'
    sections = []
    for number, exercise in enumerate(sheet.exercises, 1):
        sums = "".join(f"<li><b>{each}</b>: {exercise.sum(each)}</li>" for each in exercise.key)
        sections.append(
            f"<section{' class=key' * key}><h2><b>{number}</b>"
            f"<span>{html.escape(_formulas(exercise))}</span></h2>"
            f"{image(exercise.picture(key))}{f'<ul>{sums}</ul>' * key}</section>"
        )
    head = f"<header><div><h1>{title}</h1><p>{sheet.level}</p></div>{name}</header>"
    how = "" if key else f'<p class="how">{_HOW}</p>'
    body = "\n".join([head, how, *sections])
    return document(title, read("sheet.css", "exercises"), body)


def _tex(sheet: Worksheet, key: bool) -> str:
    items = []
    for exercise in sheet.exercises:
        made = [node for node in ancestors(exercise.root) if node.op]
        calls = [
            f"{LATEX.label(node.label)} &= "
            + LATEX.call(op_of(node), [Piece(LATEX.label(p.label)) for p in node.parents]).text
            for node in made
        ]
        lines = [r"\item $\begin{aligned}[t]", " \\\\\n".join(calls), r"\end{aligned}$\par\medskip"]
        steps = exercise.steps
        for i in range(0, len(steps), _COLUMNS):
            some = steps[i : i + _COLUMNS]
            rows = [
                ["node", *(f"${LATEX.label(step.name)}$" for step in some)],
                ["number", *(f"${step.value:g}$" for step in some)],
                ["gradient", *(f"${exercise.key[step.name]:g}$" * key for step in some)],
            ]
            lines.append(rf"\begin{{tabular}}{{|l|*{{{len(some)}}}{{p{{12mm}}|}}}} \hline")
            lines += [rf"{' & '.join(row)} \\[1.5mm] \hline" for row in rows]
            lines.append(r"\end{tabular}\par\medskip")
        if key:
            sums = [
                f"${LATEX.label(name)}$: ${exercise.sum(name)}$".replace("×", r"\cdot")
                for name in exercise.key
            ]
            lines.append("Parts: " + "; ".join(sums) + ".")
        items.append("\n".join(lines))
    return Template(read("sheet.tex", "exercises")).substitute(
        title=f"{_TITLE}: key" if key else _TITLE,
        level=sheet.level,
        name="" if key else r"\hfill Name \underline{\hspace{50mm}}",
        how="" if key else f"Draw each graph. {_HOW}",
        exercises="\n\n".join(items),
    )


def _notebook(sheet: Worksheet, key: bool) -> str:
    """A notebook in which answers are typed in for `...`, and marked."""
    title = f"{_TITLE}: key" if key else _TITLE
    start = f"from autograd_lite.exercises import worksheet\n\nsheet = worksheet({sheet.made_by})"
    how = f"{_HOW} Type each gradient for its `...` and run the cell."
    cells = [("markdown", f"# {title}\n\n{sheet.level} {how}"), ("code", start)]
    for place, exercise in enumerate(sheet.exercises):
        answers = [
            f"{name}={grad:g}" if key else f"{name}=..." for name, grad in exercise.key.items()
        ]
        cells += [
            ("markdown", f"## {place + 1}\n\n`{_formulas(exercise)}`"),
            ("code", f"sheet[{place}]"),
            ("code", f"sheet[{place}].check({', '.join(answers)})"),
        ]
    made: list[dict[str, object]] = [
        {"cell_type": kind, "id": f"cell-{i}", "metadata": {}, "source": source}
        | ({"execution_count": None, "outputs": []} if kind == "code" else {})
        for i, (kind, source) in enumerate(cells)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


FORMATS: dict[str, Callable[[Worksheet, bool], str]] = {
    "html": _html, "tex": _tex, "ipynb": _notebook,
}  # fmt: skip
