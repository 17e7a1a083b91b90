"""Explanations of a gradient: every path from a node to the root, and the sum of their products."""

from collections.abc import Iterable, Sequence
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.errors import shown
from autograd_lite.explanations import equations, telling
from autograd_lite.explanations.paths import PathSum, Sweep
from autograd_lite.graph import check_value, leaves


class _Told:
    """Base of one explanation and of several: how they are shown."""

    _sweep: Sweep

    def _every(self) -> list[Any]:
        return [self]

    def latex(self) -> str:
        """The chain rule along the paths of each node: in symbols, as formulas, and in numbers.

        Returns
        -------
        str
            LaTeX without dollar signs, an ``aligned`` environment.
        """
        return equations.latex(self._every(), self._sweep)

    def __str__(self) -> str:
        return telling.text(self._every(), self._sweep)

    __repr__ = __str__

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex()}\n$$"


class Explanation(_Told, PathSum):
    """Explanation of the derivative of a root by one node, as `explain` returns it.

    Printed, it is a table for a terminal; in a notebook, the chain rule in LaTeX.

    Attributes
    ----------
    root, wrt : Value
    gradient : float
        The derivative of the root by `wrt`, from the reverse sweep.
    count : int
        How many paths lead from `wrt` to the root: exact, however many. Edges from constants do not
        count; an op that uses a node twice, as ``x*x``, has an edge for each use.
    depth : int
        Steps of the longest path.
    bound : float
        How far rounding may take `total` from `gradient`: (depth + count) · ε · Σ|product|, barring
        over- and underflow.
    stale : bool
        Whether a leaf was changed since the graph was recorded. All numbers are those recorded.
    """


class Explanations(_Told, Sequence[Explanation]):
    """One `Explanation` for each of several nodes, in their order.

    An item is found by its position, by the Value it is about, or by that Value's label.
    """

    def __init__(self, items: Iterable[Explanation], sweep: Sweep) -> None:
        self._items, self._sweep = list(items), sweep

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, key: int | Value | str) -> Explanation:  # type: ignore[override]
        if isinstance(key, int):
            return self._items[key]
        for item in self._items:
            if item.wrt is key or item.wrt.label == key:
                return item
        labels = ", ".join(repr(item.wrt.label) for item in self._items[:10])
        raise KeyError(f"nothing is explained about {shown(key)}; there are {len(self)}: {labels}")

    def _every(self) -> list[Explanation]:
        return self._items


def explain(
    root: Value, wrt: Value | Iterable[Value] | None = None, paths: int = 10
) -> Explanation | Explanations:
    """Explain a gradient: the paths that it is summed over, and the chain of each.

    Along every path from `wrt` to the root the partials are multiplied; the gradient is the sum of
    these products. All paths are counted, exactly, and those with the largest products
    are listed; the others are summed in one line, without being walked one by one.

    Parameters
    ----------
    root : Value
    wrt : Value or iterable of Value, optional
        What to differentiate by, anywhere in the graph. None means all labelled leaves; if there is
        none, all leaves that are no constants.
    paths : int, default=10
        How many paths to list for each node.

    Returns
    -------
    Explanation or Explanations
        An `Explanation` for one Value, else `Explanations`, a sequence of them. Printing shows it.

    Raises
    ------
    TypeError
        If `root` or `wrt` is no Value.
    ValueError
        If `paths` is negative.

    Notes
    -----
    Takes time and memory of some passes over the graph, and for each listed path a walk along it.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> e = a * b
    >>> e.label = "e"
    >>> L = e * a
    >>> L.label = "L"
    >>> found = explain(L, a)
    >>> found.count, found.gradient, [path.product for path in found.paths]
    (2, -12.0, [-6.0, -6.0])
    >>> print(found)
    dL/da = -12: 2 paths from a to L
       -6  a ─(-6)→ L
       -6  a ─(-3)→ e ─(2)→ L
      ───
      -12  sum of the paths, equal to the gradient (rounding allows 1.1e-14)
    <BLANKLINE>
    Partial derivatives
      e = a * b  = -6   ∂e/∂a  = b  = -3
      L = e * a  = -12  ∂L/∂e  = a  = 2
                        ∂L/∂a  = e  = -6
    """
    check_value(root, "root")
    if paths < 0:
        raise ValueError(f"paths is how many paths to list, 0 or more, and was given {paths}")
    if wrt is None:
        every = leaves(root)
        given: Iterable[Value] = [leaf for leaf in every if leaf.label] or every
    else:
        given = wrt if isinstance(wrt, Iterable) else [wrt]
    inputs = list(dict.fromkeys(check_value(node, f"wrt[{i}]") for i, node in enumerate(given)))
    sweep = Sweep(root, inputs)
    items = [Explanation(sweep, node, paths) for node in inputs]
    return items[0] if isinstance(wrt, Value) else Explanations(items, sweep)
