"""The object that shows the playground in a notebook and saves it as a file."""

import base64
import os
import re
import zlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from autograd_lite.engine import Value
from autograd_lite.errors import ExpressionError, typed
from autograd_lite.expressions import CONSTANTS, FUNCTIONS, as_mapping, names, parse
from autograd_lite.files import as_path, write_whole
from autograd_lite.ops.numbers import as_float
from autograd_lite.playgrounds.vocabulary import trainers, vocabulary
from autograd_lite.view import draw
from autograd_lite.view.dot import style
from autograd_lite.view.page.page import PACE, as_json, document, read, scripts

_TITLE = "Playground"
#: Shown where no text is given: it uses a variable four times.
_EXAMPLE, _NUMBERS = "(a*b)*a + a*a", {"a": 2.0, "b": -3.0}
#: What variables are until they get a number.
_STARTS = (0.5, 2.0, -0.5, 1.5, -1.0, 3.0)
#: The name of an output that has none.
_OUTPUT = "f"
_ROOM = "playgrounds"
#: Each may use those before it.
_SCRIPTS = (
    "tokens", "reading", "building", "recording", "dotting", "layout", "slot", "variables", "curve",
    "letters", "python", "address", "desk", "tape", "points", "tiny", "training", "surface",
    "losses", "sample", "lab", "words", "controls", "labaddress", "playground",
)  # fmt: skip
_STATEMENT = re.compile(r"\s*(?:([^\W\d]\w*)\s*=(?!=))?(.*)", re.DOTALL)
#: A semicolon, or a line that ends outside of brackets.
_BETWEEN = re.compile(r"[;\n](?![^(\[]*[)\]])")


class Playground:
    """A page to type expressions in, as `playground` returns it.

    A notebook shows it when a cell ends with it; where no scripts run, it shows the graph of the
    expression as a picture.
    """

    def __init__(self, text: str, numbers: Mapping[str, float]) -> None:
        self._text, self._numbers = text, dict(numbers)
        self._root = _recorded(text, self._numbers)
        self._root.backward()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file that needs no network, whole or not at all.

        Parameters
        ----------
        path : str or path
            Ends with ``.html``.

        Returns
        -------
        Path

        Raises
        ------
        ValueError
            If the ending is another.
        """
        if as_path(path).suffix.lower() != ".html":
            raise ValueError(
                f"the playground is saved as .html, and {os.fsdecode(path)!r:.80} is not"
            )
        css = "body { margin: 0; } img { max-width: 100%; }"
        page = document(_TITLE, css, self._fragment(full=True), " 'wasm-unsafe-eval'")
        return write_whole(path, page.encode())

    def __repr__(self) -> str:
        return f"Playground({self._text!r}), a page: show it in a notebook, or .save('x.html')"

    def _repr_html_(self) -> str:
        return self._fragment(full=False)

    def _fragment(self, full: bool) -> str:
        functions, rows, table = vocabulary()
        updates, optimizers = trainers()
        data = {
            "full": full, "text": self._text, "numbers": self._numbers, "starts": _STARTS,
            "table": table, "graphviz": _packed("viz.js"), "drawn": style(), "pace": PACE,
            "page": read("page.css"), "network": read("network.css"),
            "style": read("playground.css", _ROOM),
        }  # fmt: skip
        view = draw(self._root)
        picture = view.as_html(view.page.image)
        return (
            f'<div data-lm-suppress-shortcuts="true">{picture}<script>(() => {{\n'
            f'"use strict";\n{scripts()}\n(() => {{\n{functions}\n{updates}\n{own_scripts()}\n'
            f"start(document.currentScript.parentElement, {as_json(data)}, {rows}, {optimizers});\n"
            "})();\n})();</script></div>"
        )


def _recorded(text: str, numbers: dict[str, float]) -> Value:
    """The graph of some formulas, the last being its output; numbers get those of all variables."""
    if not isinstance(text, str):
        raise TypeError(f"an expression is a str and was given {typed(text)}")
    known: dict[str, Value | float] = {}
    given, root = {*numbers}, Value(0.0)
    for part in [*filter(str.strip, _BETWEEN.split(text))] or [text]:
        name, formula = _STATEMENT.fullmatch(part).groups()  # type: ignore[union-attr]  # fits all
        for new in names(formula):
            if new not in known and (new in given or new not in {*CONSTANTS, *FUNCTIONS}):
                numbers.setdefault(new, _STARTS[(len(numbers)) % len(_STARTS)])
                known[new] = Value(numbers[new], label=new)
        used = [n for n in names(formula) if n in known]
        root = parse(formula, {n: known[n] for n in used})
        if name:
            if name in known:
                raise ExpressionError(f"{name} has a meaning already; give this another name")
            known[name] = root
            root.label = root.label or name
    if _OUTPUT not in known and root.op:
        root.label = root.label or _OUTPUT
    return root


def playground(text: str = "", variables: Mapping[str, float] | None = None) -> Playground:
    """A page to build expressions on, and to train tiny networks.

    One types an expression and sees its graph at once, with values, gradients, paths and a player;
    variables are dragged, and the curve over one of them is drawn with its tangent. On a second tab
    a tiny network learns points that one clicks. Everything is computed in the page.

    Parameters
    ----------
    text : str, default=""
        A formula as `autograd_lite.expressions.parse` reads it, or several with a semicolon between
        them, of which all but the last have a name: ``"e = a*b; e*a + a*a"``. Without one, there is
        an example.
    variables : mapping of str to float, optional
        Numbers that variables begin with.

    Returns
    -------
    Playground
        Shows itself in a notebook; ``.save("x.html")`` writes a file that needs no network.

    Raises
    ------
    ExpressionError
        If the text is no such formula.
    TypeError
        If `text` is not a str or a variable is not one real number.

    Examples
    --------
    >>> playground("tanh(w*x + b)", {"w": 0.5})
    Playground('tanh(w*x + b)'), a page: show it in a notebook, or .save('x.html')
    """
    numbers = {name: as_float(number) for name, number in as_mapping(variables).items()}
    if isinstance(text, str) and not text:
        text, numbers = _EXAMPLE, _NUMBERS | numbers
    return Playground(text, numbers)


def own_scripts() -> str:
    """The JavaScript of this room, to follow that of every page."""
    network = [read(f"scripts/{name}.js") for name in ("network", "columns", "pointing")]
    return "\n".join([*network, *[read(f"scripts/{name}.js", _ROOM) for name in _SCRIPTS]])


@cache
def _packed(name: str) -> str:
    """A file of this room, packed by zlib, as text."""
    # as bytes: read as text, other ends of lines would become "\n"
    content = files(f"autograd_lite.{_ROOM}").joinpath(name).read_bytes()
    return base64.b64encode(zlib.compress(content, 9)).decode()
