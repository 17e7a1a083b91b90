"""A picture of a training in a notebook, redrawn in place while it goes on."""

import base64
import html
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tqdm import tqdm

from autograd_lite.errors import LayoutError, shown
from autograd_lite.nn.learning.history import History
from autograd_lite.nn.live.curve import Panel, curve_svg
from autograd_lite.nn.live.surface import Surface
from autograd_lite.view.network.network_page import LastStep
from autograd_lite.view.network.network_view import NetworkDrawing, network_drawing

Clock = Callable[[], float]
#: That the layout of a network may take.
_SECONDS = 5.0


class Throttle:
    """Clock for the next picture: all pictures together take a small share of the time.

    ``due`` is on the clock; ``spent`` is how many seconds pictures took.
    """

    #: Of the time that the training itself takes.
    SHARE = 0.05
    #: Seconds: the eye wants no more pictures, and front ends limit what is sent to them.
    PAUSE = 0.2

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.start = self.due = clock()
        self.spent, self._before = 0.0, 0.0

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Block that makes a picture: its cost decides when the next one is due."""
        began = self._clock()
        yield
        now = self._clock()
        cost = now - began
        self.spent += cost
        # One of two may have been held up. The next picture and the last, which must not be left
        # out, are paid for in advance.
        after = self.spent + 2.0 * min(cost, self._before)
        self._before = cost
        self.due = max(now + self.PAUSE, self.start + after + after / self.SHARE)


class Live:
    """One output of a notebook cell that shows how far a training is.

    Use it as a context, around the training: its end draws the last picture, which says how the
    training ended.
    """

    def __init__(
        self,
        shell: Any,  # IPython's
        history: History,  # which grows
        epochs: int,  # that are planned
        surface: Surface | None,  # what the model makes of the plane
        clock: Clock = time.perf_counter,
        model: Any = None,  # to be drawn, if it is a network of layers
        last: Callable[[], LastStep] = dict,  # of the training, to be drawn with it
    ) -> None:
        self._shell, self._history, self._epochs = shell, history, epochs
        self._surface, self._model, self._clock, self._last = surface, model, clock, last
        self._id = uuid.uuid4().hex
        self.throttle = Throttle(clock)

    def __enter__(self) -> None:
        self.update(first=True)

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        reason = ""
        if error is not None:
            ended, reason = "failed", f"{type(error).__name__}: {error}"
        elif self._history.interrupted:
            ended, reason = "interrupted", "What was learnt until then is kept."
        else:
            ended = "stopped" if self._history.stopped else "done"
        self.update(ended, reason)

    def update(self, state: str = "learning", reason: str = "", first: bool = False) -> None:
        """Draw the picture, in place of the one before."""
        with self.throttle.spending():
            panel = Panel(self._history, self._epochs, state, reason, self._pace(state))
            pictures = [(curve_svg(panel), panel.text)]
            if self._surface is not None and not first:  # which tells little, and costs most
                drawn = self._surface.svg(self._clock)
                pictures += [drawn] if drawn else []
            page = "" if first else self._network(state, pictures)
            images = "\n".join(_image(svg, text) for svg, text in pictures)
            bundle = {"text/plain": panel.text, "text/html": images + page}
            place = {"display_id": self._id}
            self._shell.display_pub.publish(bundle, {}, transient=place, update=not first)

    def _network(self, state: str, pictures: list[tuple[str, str]]) -> str:
        """Add the network's layers to the pictures; at the end they are a page, which is returned.

        There is no picture without Graphviz.
        """
        drawing: NetworkDrawing | str = ""
        if self._model is not None:
            drawing = network_drawing(self._model, 2, None, _SECONDS, self._last())
        if isinstance(drawing, str):
            self._model = None
            return ""
        with suppress(LayoutError):
            svg = drawing.pipe("svg")
            if state not in ("learning", "failed"):
                return drawing.page.fragment(svg)
            pictures.append((svg.decode(), drawing.text))
        return ""

    def _pace(self, state: str) -> str:
        """Speed, and the time that is left, or the time that it took."""
        elapsed = self._clock() - self.throttle.start
        done = len(self._history)
        if not done or elapsed <= 0.0:
            return ""
        rate = done / elapsed
        digits = 0 if rate >= 10.0 else 1
        speed = f"{rate:,.{digits}f} epochs/s" if rate >= 1.0 else f"{1.0 / rate:.1f} s an epoch"
        if state != "learning":
            return f"{speed} \N{MIDDLE DOT} {_duration(elapsed)} in all"
        return f"{speed} \N{MIDDLE DOT} {_duration((self._epochs - done) / rate)} left"


def shell_for(show: Any) -> Any:
    """IPython's shell, if its front end shows pictures; else None."""
    if not isinstance(show, str) or show != "live":
        raise ValueError(
            f'show is "live", for a picture of the training in a notebook, or None, and was given '
            f"{shown(show)}"
        )
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    pictures = shell is not None and "text/html" in shell.display_formatter.active_types
    return shell if pictures else None


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10.0 else str(tqdm.format_interval(seconds))


def _image(svg: str, text: str) -> str:
    """An image that carries its data along, which needs no script and no trust."""
    data = base64.b64encode(svg.encode()).decode()
    return (
        f'<img src="data:image/svg+xml;base64,{data}" alt="{html.escape(text)}" '
        'style="display:inline-block;max-width:100%;margin:0 6px 6px 0;vertical-align:top">'
    )
