"""Running Graphviz: the `dot` program where there is one, else the library inside pygraphviz.

Either way it is a process of its own, so that a time limit or Ctrl-C can end it: inside this
process, pygraphviz would hold the interpreter lock until the layout is done.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from autograd_lite.errors import LayoutError

#: Seconds after which a layout is given up.
TIME_LIMIT = 30.0

_PYGRAPHVIZ = """
import sys
import pygraphviz
for source in sys.stdin.buffer.read().decode().split(chr(0)):
    graph = pygraphviz.AGraph(string=source)
    sys.stdout.buffer.write(graph.draw(prog=sys.argv[1], format=sys.argv[2]))
"""
_WAY_OUT = (
    "`pip install 'pygraphviz>=2'` brings one along, and so does https://graphviz.org/download"
)


def _command(engine: str, output: str) -> tuple[str, list[str], str]:
    """What to call the program in messages, how to start it, what it wants between graphs."""
    dot = shutil.which("dot")
    if dot:
        return dot, [dot, f"-K{engine}", f"-T{output}"], "\n"
    if sys.executable and _has_pygraphviz():
        # -P: a file of the user's directory must not stand in for a module
        return "pygraphviz", [sys.executable, "-P", "-c", _PYGRAPHVIZ, engine, output], "\0"
    raise LayoutError(f"No picture, because no Graphviz is installed: {_WAY_OUT}")


def _has_pygraphviz() -> bool:
    try:
        return importlib.util.find_spec("pygraphviz") is not None
    except (ImportError, ValueError):  # an import hook refuses it, or something stands in for it
        return False


def lay_out(
    source: str, output: str, *, engine: str = "dot", time_limit: float = TIME_LIMIT
) -> bytes:
    """A picture of a graph in the DOT language.

    Parameters
    ----------
    source : str
        The graph.
    output : str
        Format of the picture (``"svg"``, ``"png"``, ``"pdf"`` …).
    engine : str, default="dot"
        Layout algorithm.
    time_limit : float
        In seconds; the process is killed after that.

    Raises
    ------
    LayoutError
        If there is no Graphviz, or it fails, or takes too long; one line that names the way out.
    """
    return _run([source], output, engine, time_limit)


def lay_out_each(sources: Sequence[str], *, time_limit: float = TIME_LIMIT) -> list[bytes]:
    """SVG pictures of several graphs, by one process.

    Parameters
    ----------
    sources : sequence of str
        In the DOT language.
    time_limit : float
        For all of them together, in seconds.

    Raises
    ------
    LayoutError
        As `lay_out`.
    """
    if not sources:
        return []
    head = b"<?xml "
    pictures = _run(sources, "svg", "dot", time_limit).split(head)[1:]
    return [head + picture for picture in pictures]


def _run(sources: Sequence[str], output: str, engine: str, time_limit: float) -> bytes:
    program, command, between = _command(engine, output)
    try:
        done = subprocess.run(
            command,
            input=between.join(sources).encode(),
            capture_output=True,
            timeout=time_limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LayoutError(
            f"No picture, because {program} was not done after {time_limit:g} s: draw fewer boxes "
            "(max_nodes=...) or allow more time (time_limit=...)"
        ) from None
    except OSError as error:
        raise LayoutError(
            f"No picture, because {program} does not start ({error.strerror or error}): {_WAY_OUT}"
        ) from error
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        reason = f", saying {said[-1].strip()!r}" if said else ""
        raise LayoutError(
            f"No picture, because {program} ended with status {done.returncode}{reason}; if that "
            f"installation is broken, another helps: {_WAY_OUT}"
        )
    return done.stdout


def write_whole(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file beside its place and move it there, so that it is never seen half-written."""
    target = Path(os.path.realpath(path))  # a link stays a link
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content)
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)
    return Path(path)
