"""Running Graphviz: graphviz-pure, a program that is installed with this package, or else `dot`.

Either is a process of its own, so that a time limit or Ctrl-C can end it. ``AUTOGRAD_LITE_DOT``
(``pure``, ``dot`` or a path) chooses by hand.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence

from autograd_lite.errors import LayoutError

#: Seconds after which a layout is given up.
TIME_LIMIT = 30.0
#: Of all text in pictures. Layout is asked for the first alone: graphviz-pure takes a list for
#: Times. An SVG names the others too, for machines without it.
FONT, FONTS = "Arial", "Arial,Helvetica,sans-serif"

#: Formats that graphviz-pure writes. A `dot` program writes more: PDF, above all.
_PURE = {
    "canon", "dot", "dot_json", "gv", "jpe", "jpeg", "jpg", "json", "json0", "plain", "plain-ext",
    "png", "svg", "xdot", "xdot1.2", "xdot1.4", "xdot_json",
}  # fmt: skip
_DOT = "https://graphviz.org/download"
_FRAME = re.compile(rb'(<g id="clust\d+".*?)((?:<text .*?</text>\n)+)(?=</g>)', re.DOTALL)
_TITLES = b'<g class="title" stroke="#F1F4F6" stroke-width="3" paint-order="stroke">\n%s</g>\n'
_WAY_OUT = f"`pip install graphviz-pure` brings one along, and so does {_DOT}"


def program_for(output: str) -> str:
    """Path of the program that writes a format; a LayoutError says why there is none."""
    if sys.platform == "emscripten":  # Pyodide
        raise LayoutError(
            "No picture, because no program starts in a browser; `playground` makes a page there "
            "that draws an expression by itself"
        )
    wanted = os.environ.get("AUTOGRAD_LITE_DOT", "")
    user = sysconfig.get_preferred_scheme("user")
    # where pip puts programs, which need not be on PATH
    places = [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", user)]
    path = os.pathsep.join([*places, os.environ.get("PATH", os.defpath)])
    pure, dot = shutil.which("graphviz-pure", path=path), shutil.which("dot")
    fitting = pure if output in _PURE else None
    choices = {"": fitting or dot, "pure": fitting, "graphviz-pure": fitting, "dot": dot}
    program = choices[wanted] if wanted in choices else shutil.which(wanted)
    if program:
        return program
    if pure and wanted in ("", "pure", "graphviz-pure"):
        raise LayoutError(
            f"No picture, because graphviz-pure writes no {output}: that needs a `dot` program "
            f"({_DOT}), and AUTOGRAD_LITE_DOT unset or dot"
        )
    if wanted:
        raise LayoutError(
            f"No picture, because AUTOGRAD_LITE_DOT={wanted!r} names no program that is here: set "
            f"it to pure, dot or a path, or leave it unset; {_WAY_OUT}"
        )
    raise LayoutError(f"No picture, because no Graphviz is installed: {_WAY_OUT}")


def lay_out(
    source: str, output: str, *, engine: str = "dot", time_limit: float = TIME_LIMIT
) -> bytes:
    """A picture of a graph in the DOT language, in a format such as ``"svg"`` or ``"png"``.

    After the time limit, in seconds, the process is killed. A LayoutError says in one line why
    there is no picture, and names the way out.
    """
    program = program_for(output)
    try:
        done = subprocess.run(
            [program, f"-K{engine}", f"-T{output}"],
            input=source.encode(),
            capture_output=True,
            timeout=time_limit,
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
    if output != "svg":
        return done.stdout
    # A user's text holds no quotation mark: it is escaped.
    found = done.stdout.replace(f'="{FONT}"'.encode(), f'="{FONTS}"'.encode())
    return b"</svg>".join(map(_titles_above, found.split(b"</svg>")))


def _titles_above(picture: bytes) -> bytes:
    """An SVG with the titles of its frames above the arrows, which would cross them."""
    titles = b"".join(frame[2] for frame in _FRAME.finditer(picture))
    ground, end, rest = _FRAME.sub(rb"\1", picture).rpartition(b"</g>")
    return b"".join([ground, _TITLES % titles, end, rest]) if titles else picture


def lay_out_each(
    sources: Sequence[str], output: str = "svg", *, engine: str = "dot",
    time_limit: float = TIME_LIMIT,
) -> list[bytes]:  # fmt: skip
    """Pictures of several graphs, as `lay_out` makes them, by one process in that time."""
    if not sources:
        return []
    head = {"svg": b"<?xml ", "png": b"\x89PNG\r\n"}[output]
    joined = "\n".join(sources)
    pictures = lay_out(joined, output, engine=engine, time_limit=time_limit).split(head)[1:]
    return [head + picture for picture in pictures]
