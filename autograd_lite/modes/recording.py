"""Whether ops build a graph."""

from collections.abc import Iterator
from contextlib import contextmanager

from autograd_lite.engine import Mode, current_mode, is_silent
from autograd_lite.modes.block import Block, in_mode


class no_grad(Block):  # noqa: N801 - used like a function
    """Compute numbers without building a graph, in a ``with`` block or a decorated function.

    Inside, every op on Values gives a leaf: a Value without parents, through which no derivative
    flows. So nothing is kept alive for a backward pass. Graphs that exist already can still be
    differentiated, with ``create_graph=True`` too. A program computes their numbers in each call.

    Blocks nest. Other threads are not affected; an asyncio task inherits the block in which it was
    created. A generator function that is decorated is in the block only while it runs itself. (A
    ``with`` block inside a generator lasts, as with all context managers, while the generator
    waits at a ``yield``.)

    See Also
    --------
    Value.detach : One Value as a leaf.

    Examples
    --------
    >>> from autograd_lite import Value, no_grad
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y, y.parents
    (Value(data=9.0, grad=0.0), ())
    >>> @no_grad()
    ... def predict(x):
    ...     return 2.0 * x + 1.0
    >>> predict(x).op
    ''
    """

    def _entered(self, mode: Mode) -> Mode:
        return mode._replace(silent=mode.silent + 1)

    def _left(self, mode: Mode) -> Mode:
        return mode._replace(silent=max(mode.silent - 1, 0))


@contextmanager
def recording() -> Iterator[None]:
    """A block in which ops build a graph, also inside `no_grad`: for what differentiates by itself.

    Examples
    --------
    >>> from autograd_lite import Value, no_grad
    >>> with no_grad(), recording():
    ...     y = -Value(1.0)
    >>> y.op
    'negative'
    """
    if is_silent():
        with in_mode((current_mode.get() or Mode())._replace(silent=0)):
            yield
    else:
        yield
