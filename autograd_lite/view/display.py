"""Views: pictures that show themselves in a notebook and save themselves to files."""

import html
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.errors import AnomalyError, GraphError, LayoutError, shown
from autograd_lite.files import as_path, write_whole
from autograd_lite.terminal import on_screen
from autograd_lite.view.digraph import Digraph
from autograd_lite.view.dot import draw_dot, head_with
from autograd_lite.view.frames import animation
from autograd_lite.view.layout import TIME_LIMIT
from autograd_lite.view.network.network_view import NetworkDrawing, network_drawing
from autograd_lite.view.page.page import Page

#: Dots per inch of saved PNG files.
_PNG_DPI = "144"
#: Most boxes of a graph that is not folded.
_BOXES = 200
_SUFFIXES = (".svg", ".png", ".gif", ".pdf", ".dot", ".html")


class GraphView:
    """A picture of a graph, as `draw` returns it.

    A notebook shows it when a cell ends with it: as a page to step through where scripts run, as an
    image elsewhere. Where there is no picture to be had, it shows why, and the graph as text.
    """

    def __init__(self, drawing: Digraph, page: Page | None = None) -> None:
        self._drawing = drawing
        #: The graph and its numbers as they were drawn, and the pictures inside folded boxes.
        self.folding = drawing.folding
        #: The data of a page, also for a document of more than this graph.
        self.page = page or Page(drawing.shown, drawing.text.partition("\n")[0], drawing.folding)

    def to_graphviz(self) -> Digraph:
        """A `graphviz.Digraph` of its own, which may be changed."""
        return self._drawing.copy()

    def save(self, path: str | os.PathLike[str], animated: bool = False) -> Path:
        """Write the picture to a file, whole or not at all.

        Parameters
        ----------
        path : str or path
            Ends with ``.svg``, ``.png``, ``.pdf`` (which needs a `dot` program), ``.dot`` (the
            source), ``.html`` (a page to look around in, with all that it needs inside) or
            ``.gif`` (the player's steps, for slides; of a network those of its first sample, layer
            by layer; needs the extra ``plot``).
        animated : bool, default=False
            Of an ``.svg``: let CSS show the player's steps, with what is said of each.

        Returns
        -------
        Path

        Raises
        ------
        ValueError
            If the ending is another.
        GraphError
            If the player's steps are asked for, and the graph is stale, or its picture folded.
        LayoutError
            If there is no Graphviz, or it fails, or it takes too long.
        """
        name = as_path(path).name
        suffix = Path(name).suffix.rstrip(".").lower()  # "." of "pic." from 3.14 on
        if suffix not in _SUFFIXES:
            ends = f"ends with {suffix!r}" if suffix else f"has no ending; write {name + '.svg'!r}"
            known = ", ".join(_SUFFIXES)
            raise ValueError(f"a picture is saved as {known}, and {os.fsdecode(path)!r:.80} {ends}")
        if suffix == ".dot":
            return write_whole(path, self._drawing.source.encode())
        if suffix == ".html":
            return write_whole(path, self.page.document(self._drawing.pipe("svg")).encode())
        if animated and suffix not in (".svg", ".gif"):
            raise ValueError(f"an animated picture is an .svg or a .gif, and not {name!r:.80}")
        if animated or suffix == ".gif":
            return write_whole(path, animation(self._drawing, self.page, suffix))
        drawing = self.to_graphviz()
        if suffix == ".png":
            drawing.graph_attr["dpi"] = _PNG_DPI
        return write_whole(path, drawing.pipe(suffix[1:]))

    def embed(self, path: str | os.PathLike[str] | None = None) -> str:
        """An element of HTML to paste into a blog, a course, or a page of Sphinx or Quarto.

        Parameters
        ----------
        path : str or path, optional
            Write the page to this file, to be put beside the document. Left out, the page is inside
            the element.

        Returns
        -------
        str
            An ``iframe`` in one line, as high as the page needs; where scripts run it follows
            the page. Markdown takes it as it stands, reStructuredText below ``.. raw:: html``.
        """
        return self.page.embedded(self._drawing.pipe("svg"), path)

    def __repr__(self) -> str:
        return on_screen(self._drawing.text)

    def _repr_html_(self) -> str:
        return self.as_html(self.page.fragment)

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, str]:
        return _bundle(self, repr(self), include, exclude)

    def as_html(self, made: Callable[[bytes], str]) -> str:
        """HTML made of the picture in SVG; where there is none, why, and the graph as text."""
        try:
            return made(self._drawing.pipe("svg"))
        except LayoutError as error:
            return f"<p>{html.escape(str(error))}</p><pre>{html.escape(repr(self))}</pre>"


def draw(
    root: Any, *, layout: str | None = None, rankdir: str = "LR",
    expand: bool | str | Sequence[str] = False, constants: bool = True,
    max_nodes: int | None = _BOXES, depth: int | None = None,
    wrt: Value | Sequence[Value] | None = None, time_limit: float = TIME_LIMIT,
) -> GraphView:  # fmt: skip
    """A view of the graph of a Value, or of a network, which shows and saves itself.

    Where scripts run it is a page: pointing at a box shows its numbers and formulas, clicking marks
    every path to the output with its product, the player goes through the forward and the backward
    pass, and dragging a leaf's number recomputes the rest (the last two for graphs shown whole,
    the last if no op is a user's own).

    Parameters
    ----------
    root : Value, or a network such as `nn.MLP`, which is drawn at inputs of 1
    layout : {"network", "graph"}, optional
        ``"network"`` draws layers as columns of neurons, weights as lines (as wide as their size,
        blue for plus, orange for minus), biases in the neurons, and the rest of the graph below
        (in SVG and HTML); ``"graph"`` a box for each Value. If left out: ``"network"`` where there
        is one of several neurons, unless an option below, all of which are for boxes, is given.
    rankdir : {"LR", "TB", "RL", "BT"}
        Direction from the leaves to the output.
    expand : bool, str or sequence of str, default=False
        True shows nodes of many arguments, such as ``dot``, as their multiplications and additions.
        Names of scopes (``"layer 1"``, or a whole path, ``"MLP/layer 1"``) open these in a folded
        picture.
    constants : bool, default=True
        Show the plain numbers of expressions.
    max_nodes : int, default=200
        Fold a larger graph to the finest picture of no more boxes than this: values that all
        samples compute alike in one box (×100), or else a box for each scope, of the deepest level
        that fits, or else for each of some layers. The picture says so. None draws every value.
    depth : int, optional
        Always fold by scope, and show at most this many levels of scopes.
    wrt : Value or sequence of Value, optional
        Show only what lies on a path from these to the root.
    time_limit : float, default=30
        Seconds that the layout may take.

    Returns
    -------
    GraphView
        Shows the graph as it is now, whatever happens to it later.

    Raises
    ------
    TypeError
        If `root` is neither a Value nor a network.
    ValueError
        If an option has no such value, there is no such scope to open, or no network.
    GraphError
        If `expand` and a node that it would expand is stale; if the root does not depend on `wrt`.

    See Also
    --------
    draw_dot : What the boxes, arrows and colours mean.

    Examples
    --------
    >>> from autograd_lite import Value, tanh
    >>> w, x = Value(0.5, label="w"), Value(2.0, label="x")
    >>> y = tanh(w * x)
    >>> y.backward()
    >>> draw(y)
    4 values
      n3     tanh  data 0.7616  grad 1       from n2 (0.42)
      n2     *     data 1       grad 0.42    from n0 (2), n1 (0.5)
      n1  x  leaf  data 2       grad 0.21
      n0  w  leaf  data 0.5     grad 0.8399
    """
    if layout not in (None, "network", "graph"):
        raise ValueError(f'layout is "network" or "graph" and was given {shown(layout)}')
    given = (rankdir, "LR"), (expand, False), (constants, True), (max_nodes, _BOXES)
    # of the same type first: what others call equal is theirs to say, and may raise
    of_boxes = any(type(x) is not type(usual) or x != usual for x, usual in given)
    of_boxes = of_boxes or depth is not None or wrt is not None
    if layout == "network" and of_boxes:
        raise ValueError(
            "rankdir, expand, constants, max_nodes, depth and wrt are for boxes: leave them out, "
            'or write layout="graph"'
        )
    why: NetworkDrawing | str = ""
    if not (layout == "graph" or of_boxes):
        asked = layout is not None or not isinstance(root, Value)
        why = network_drawing(root, 1 if asked else 2, max_nodes, time_limit)
        if isinstance(why, NetworkDrawing):
            return GraphView(why, why.page)
        if asked:
            raise ValueError(
                "there is no network here whose layers follow one another, each of neurons that "
                f"sum weighted inputs{why and f' ({why})'}: "
                'draw(output, layout="graph") draws the boxes of any graph'
            )
    if callable(root):
        raise TypeError(
            f"boxes are drawn of a Value, and root is {shown(root)}: write "
            'draw(model(x), layout="graph") at a sample x'
        )
    drawing = draw_dot(
        root, "svg", rankdir, expand,
        constants=constants, max_nodes=max_nodes, depth=depth, wrt=wrt, time_limit=time_limit,
    )  # fmt: skip
    if why:
        note = f"Drawn as boxes, because its layers are in no row: {why}."
        head_with(drawing, replace(drawing.shown, notes=(*drawing.shown.notes, note)))
    return GraphView(drawing)


def draw_anomaly(self: AnomalyError, **options: Any) -> GraphView:
    """The graph up to the node at which a number turned nan or infinite: what had run until then.

    Parameters
    ----------
    **options
        As for `draw`.

    Raises
    ------
    GraphError
        If the error came without a graph.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> a, b = ag.Value(1.0, label="a"), ag.Value(0.0, label="b")
    >>> try:
    ...     with ag.detect_anomaly():
    ...         loss = ag.tanh(a / b)
    ... except ag.AnomalyError as error:
    ...     print(error.draw())
    3 values
      n2     /     data inf  no gradient yet  from n0 (inf), n1 (-inf)
      n1  b  leaf  data 0    no gradient yet
      n0  a  leaf  data 1    no gradient yet
    """
    if self.node is None:
        raise GraphError(
            "this error came from numbers, without a graph; compute the expression on Values "
            "inside detect_anomaly(), and draw the error that comes then"
        )
    return draw(self.node, **{"layout": "graph", **options})


def value_mimebundle(
    self: Value, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
) -> dict[str, str]:
    """A Value in a notebook: its graph."""
    return _bundle(draw(self), repr(self), include, exclude)


def _bundle(
    view: GraphView, text: str, include: Iterable[str] | None, exclude: Iterable[str] | None
) -> dict[str, str]:
    """The text, and the picture where one is wanted and can be had."""
    wanted = {"text/plain", "text/html"} if include is None else set(include)
    wanted -= set(exclude or ())
    bundle = {"text/plain": text}
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    # in a terminal IPython asks for HTML, and throws it away
    shows = shell is None or "text/html" in shell.display_formatter.active_types
    if "text/html" in wanted and shows:
        try:
            bundle["text/html"] = view.page.fragment(view.to_graphviz().pipe("svg"))
        except LayoutError as error:
            listing = repr(view)
            first = [] if text == listing else [text]
            bundle["text/plain"] = "\n".join([*first, str(error), listing])
    return {kind: content for kind, content in bundle.items() if kind in wanted}
