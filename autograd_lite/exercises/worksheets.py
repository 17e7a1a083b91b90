"""Worksheets as files: HTML to print, LaTeX, and notebooks; each with a file that holds the key."""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

from autograd_lite.errors import shown
from autograd_lite.exercises.exercise import WORDS, Exercise, image, random_exercise
from autograd_lite.files import as_path, write_whole
from autograd_lite.graph import op_of
from autograd_lite.view.page.page import document
from autograd_lite.writing.latex import LATEX
from autograd_lite.writing.templates import Piece

FORMATS = ("html", "tex", "ipynb")
LEVELS: list[str] = WORDS["levels"]
#: Most exercises of a sheet.
MOST = 1000


class Worksheet:
    """Exercises of one level, which save themselves with their key."""

    def __init__(self, level: int, seed: int, count: int) -> None:
        rng = random.Random(f"{level} {seed}")
        self.exercises = [random_exercise(level, rng) for _ in range(count)]
        self._words = {
            "title": WORDS["title"], "how": WORDS["how"],
            "level": f"Level {level}: {LEVELS[level - 1]}. Sheet {seed}.",
            "made_by": f"level={level}, seed={seed}, count={count}",
        }  # fmt: skip

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
        name = place.suffix[1:].lower()
        if name not in FORMATS:
            known = ", .".join(FORMATS)
            raise ValueError(f"a worksheet is saved as .{known}, and was given {shown(str(path))}")
        sheet, key = (self._written(name, key).encode() for key in (False, True))
        return write_whole(place, sheet), write_whole(place.with_stem(f"{place.stem}-key"), key)

    def _written(self, name: str, key: bool) -> str:
        form: dict[str, Any] = WORDS[name] | (WORDS[name]["key"] if key else {})
        exercises = []
        for place, exercise in enumerate(self.exercises):
            row = Template(form["row"]).substitute
            made = [f"{step.name} = {step.formula}" for step in exercise.steps if step.formula]
            parts = {
                "number": place + 1,
                "place": place,
                "formulas": ", ".join(made),
                "rows": form["between"].join([row(told) for told in _told(exercise)]),
                "picture": image(exercise.picture(key)) if name == "html" else "",
            }
            exercises.append(Template(form["exercise"]).substitute(parts))
        words = self._words | {"exercises": "".join(exercises)}
        text = Template(form["document"]).substitute(words)
        return document(words["title"], form["style"], text) if name == "html" else text


def _told(exercise: Exercise) -> Iterator[dict[str, str]]:
    for step, node in zip(exercise.steps, exercise.nodes, strict=True):
        labels = [Piece(LATEX.label(parent.label)) for parent in node.parents]
        call = [LATEX.call(op_of(node), labels).text] if labels else []
        sum = exercise.sum(step.name)
        yield {
            "name": step.name, "number": f"{step.value:g}", "sum": sum,
            "grad": f"{exercise.key[step.name]:g}", "texsum": sum.replace("×", r"\cdot"),
            "tex": " = ".join([LATEX.label(step.name), *call]),
        }  # fmt: skip


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
        If there is no such level, or the count is not from 1 to 1,000.

    Examples
    --------
    >>> worksheet(level=2, seed=7)[0].sum("e")
    '1 × 4 + (-2) × (-1) = 6'
    """
    if level not in range(1, len(LEVELS) + 1):
        raise ValueError(f"level is a whole number from 1 to {len(LEVELS)}, not {shown(level)}")
    if not isinstance(count, int) or not 1 <= count <= MOST:
        raise ValueError(f"count is a whole number from 1 to {MOST:,}, and not {shown(count)}")
    return Worksheet(level, seed, count)
