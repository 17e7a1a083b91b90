"""A `graphviz.Digraph` that needs no ``dot`` program."""

import html
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import graphviz

from autograd_lite.errors import LayoutError, shown
from autograd_lite.files import as_path, write_whole
from autograd_lite.view.folding.fold import Folding
from autograd_lite.view.layout import TIME_LIMIT, lay_out
from autograd_lite.view.picture import Picture


class Digraph(graphviz.Digraph):  # type: ignore[misc]  # the graphviz package has no types
    """A `graphviz.Digraph` that is laid out even without a ``dot`` program.

    Its `pipe`, `render`, `view` and notebook display use graphviz-pure, or else a ``dot`` on PATH,
    in a process that ends after `time_limit` seconds. Displaying never raises: without a layout it
    shows the graph as `text`.
    """

    time_limit: float = TIME_LIMIT
    text: str = ""
    shown: Picture = Picture([])
    folding: Folding | None = None  # the graph, and the pictures inside its folded boxes

    def copy(self) -> Self:
        """A copy that can be changed by itself."""
        duplicate: Self = super().copy()
        duplicate.__dict__ = vars(self) | vars(duplicate)
        return duplicate

    def pipe(
        self, format: str | None = None, renderer: str | None = None, formatter: str | None = None,
        neato_no_op: bool | int | None = None, quiet: bool = False, *, engine: str | None = None,
        encoding: str | None = None,
    ) -> Any:  # fmt: skip
        """The picture as bytes, or as text in the given encoding.

        Parameters are those of `graphviz.Digraph.pipe`, except that `neato_no_op` must be left out.

        Raises
        ------
        ValueError
            If the format or the engine is unknown.
        LayoutError
            If there is no program for the format, or it fails, or takes longer than `time_limit`.
        """
        if neato_no_op:
            raise ValueError("neato_no_op is for graphs with positions, and this one has none")
        if formatter and not renderer:
            raise graphviz.RequiredArgumentError("formatter given without renderer")
        format, engine = format or self.format, engine or self.engine
        if format not in graphviz.FORMATS or engine not in graphviz.ENGINES:
            raise ValueError(
                f"Graphviz knows no format {shown(format)} or no engine {shown(engine)}"
            )
        output = ":".join(filter(None, (format, renderer, formatter)))
        picture = lay_out(self.source, output, engine=engine, time_limit=self.time_limit)
        if output == "svg":
            picture = picture.replace(b"<svg ", b'<svg role="img" ', 1)
            # words for a screen reader, which would otherwise read box by box
            said = html.escape(f"Computation graph: {self.text}".removesuffix(": "))
            words = f"<title>{said.partition(chr(10))[0]}</title>\n<desc>{said}</desc>"
            picture = picture.replace(b">\n<g ", f">\n{words}\n<g ".encode(), 1)
        return picture.decode(encoding) if encoding else picture

    def save(
        self, filename: Any = None, directory: Any = None, *, skip_existing: bool | None = False
    ) -> str:
        """Save the source, whole or not at all, as `graphviz.Digraph.save` does."""
        if filename is not None:
            self.filename = str(as_path(filename))
        if directory is not None:
            self.directory = os.fspath(directory)
        path: str = self.filepath
        if not (skip_existing and os.path.exists(path)):
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            write_whole(path, self.source.encode(self.encoding))
        return path

    def render(
        self, filename: str | os.PathLike[str] | None = None,
        directory: str | os.PathLike[str] | None = None, view: bool = False, cleanup: bool = False,
        format: str | None = None, renderer: str | None = None, formatter: str | None = None,
        neato_no_op: bool | int | None = None, quiet: bool = False, quiet_view: bool = False, *,
        outfile: str | os.PathLike[str] | None = None, engine: str | None = None,
        raise_if_result_exists: bool = False, overwrite_source: bool = False,
    ) -> str:  # fmt: skip
        """Save the source and the picture beside it, as `graphviz.Digraph.render` does.

        Returns
        -------
        str
            Path of the picture.

        Raises
        ------
        LayoutError
            As `pipe`.
        """
        if outfile is not None:
            target = Path(self.directory if directory is None else directory, as_path(outfile))
            format = format or target.suffix[1:] or None
            filename = filename or as_path(outfile).with_suffix(".gv")
        source = self.save(filename, directory=directory)
        format = format or self.format
        suffix = ".".join(filter(None, (formatter, renderer, format)))
        target = target if outfile is not None else Path(f"{source}.{suffix}")
        if raise_if_result_exists and target.exists():
            raise graphviz.FileExistsError(f"the picture exists already: {str(target)!r}")
        if target == Path(source) and not overwrite_source:
            raise ValueError(f"the picture would overwrite its source {source!r}")
        content = self.pipe(format, renderer, formatter, neato_no_op, quiet, engine=engine)
        write_whole(target, content)
        if cleanup:
            os.remove(source)
        if view or quiet_view:
            graphviz.view(str(target), quiet=quiet_view)
        return str(target)

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, **_: Any
    ) -> dict[str, Any]:
        try:
            bundle: dict[str, Any] = super()._repr_mimebundle_(include, exclude)
        except LayoutError as error:
            return {"text/plain": f"{error}\n{self.text or self.source}"}
        if include is None and self.text:
            bundle["text/plain"] = self.text
        return bundle
