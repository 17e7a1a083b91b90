"""Expressions and derivatives as LaTeX, over as many lines as a reader needs."""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from itertools import count, groupby

from autograd_lite.engine import Value, order_by, topological_order
from autograd_lite.errors import shown as shortened
from autograd_lite.explanations.formulas import Formula, Formulas
from autograd_lite.explanations.naming import labels
from autograd_lite.graph import ancestors, check_value, op_of
from autograd_lite.graph.freshness import Freshness
from autograd_lite.transforms import gradient
from autograd_lite.writing.latex import LATEX, aligned
from autograd_lite.writing.templates import ATOM, POWER, Piece

#: A part of a formula gets a line of its own where repeating it takes more symbols than this, or
#: it has more symbols than this, or its ops lie deeper than this in one another.
_REPEATED, _LONG, _DEEP = 6, 48, 8


def latex(
    value: Value, depth: int | None = None, wrt: Value | Sequence[Value] | None = None, *,
    simplify: bool | None = None, max_nodes: int = 100,
) -> str:  # fmt: skip
    r"""The expression of a Value, or a derivative of it, as LaTeX.

    Leaves are shown by their labels, those without one by their numbers. Any other node with a
    label is shown by it and defined on a line below. So are, as ``v_{1}`` and so on, nodes without
    a label where the formula would become too long, or would repeat long parts.

    Parameters
    ----------
    value : Value
        A label of its own stands before the formula (``L = …``).
    depth : int, optional
        How many ops to go down from the value; what lies deeper is only named.
    wrt : Value or sequence of Value, optional
        Differentiate by this; by each in turn for several, so ``wrt=[x, x]`` is the second
        derivative. Costs what ``gradient(…, create_graph=True)`` does.
    simplify : bool, optional
        Work out numbers and leave out factors 1 and terms 0. By default only derivatives are
        simplified; True also simplifies a graph that came from `gradient`, say.
    max_nodes : int, default=100
        Ops that are written out, those nearest to the value first. A last line says how many were
        left out.

    Returns
    -------
    str
        Without dollar signs; an ``aligned`` environment if it has several lines.

    Raises
    ------
    TypeError
        If `value` or `wrt` is no Value.
    ValueError
        If `depth` is negative or `max_nodes` less than 1.
    GraphError
        If `wrt` is given and the graph is stale.

    Examples
    --------
    >>> from autograd_lite import Value, tanh
    >>> w, x = Value(0.5, label="w1"), Value(2.0, label="x")
    >>> print(latex(tanh(w * x) ** 2))
    {\tanh\left(w_{1} \cdot x\right)}^{2}
    >>> print(latex(x**3 * w, wrt=x))
    \frac{\partial}{\partial x} \left({x}^{3} \cdot w_{1}\right) = w_{1} \cdot 3 \cdot {x}^{2}
    """
    if not isinstance(depth, int | None):
        raise TypeError(f"depth is an int, or None, and was given {shortened(depth)}")
    check_value(value, "value")
    if depth is not None and depth < 0:
        raise ValueError(f"depth is a number of ops, 0 or more, and was given {depth}")
    if max_nodes < 1:
        raise ValueError(f"max_nodes is 1 or more and was given {max_nodes}")
    if wrt is None:
        formulas = Formulas()
        if simplify:
            formulas.simplify(ancestors(value))
        return _Sheet(value, formulas, [formulas.of(value)], (), depth, max_nodes).expression()
    inputs = _inputs(wrt)
    derivative = value
    for node in inputs:
        [derivative] = gradient(derivative, [node], create_graph=True)
    formulas = Formulas(inputs)
    as_it_is = set() if simplify else set(ancestors(value))
    formulas.simplify([node for node in ancestors(derivative) if node not in as_it_is])
    parts = [formulas.of(derivative)]
    if not value.label:  # then its formula stands for it
        parts.append(formulas.of(value))
    return _Sheet(value, formulas, parts, inputs, depth, max_nodes).derivative()


def _inputs(wrt: Value | Sequence[Value]) -> list[Value]:
    given = wrt if isinstance(wrt, Iterable) else [wrt]
    inputs = [check_value(node, f"wrt[{i}]") for i, node in enumerate(given)]
    if not inputs:
        raise ValueError("wrt is an empty sequence; give a Value to differentiate by, or None")
    return inputs


class _Sheet:
    """The formulas that are written, and a name for each that is not written in place.

    The first of `parts` is shown; others must be written in place if they are short. The value is
    differentiated by each of `inputs` in turn.
    """

    def __init__(
        self, value: Value, formulas: Formulas, parts: list[Formula], inputs: Sequence[Value],
        depth: int | None, max_nodes: int,
    ) -> None:  # fmt: skip
        self._value, self._inputs = value, inputs
        self._formulas, self._main = formulas, parts[0]
        self._defined = _own_formulas(formulas, inputs)
        self._written: set[Formula] = set()
        self._cut: list[Value] = []
        self._pieces: dict[Formula, Piece] = {}
        self._definitions: list[tuple[str, str]] = []
        self._parts = [*parts, *self._defined]
        self._choose(depth, max_nodes)
        # every formula after those that it shows
        order = order_by(self._parts, lambda x: self._shown(x) if x in self._written else ())
        nodes = [formula.node for formula in order if formula.node is not None]
        self._names = labels(dict.fromkeys([*nodes, *inputs, value]), LATEX)
        taken = {piece.text for piece in self._names.values()}
        self._fresh = (name for i in count(1) if (name := LATEX.name(i)) not in taken)
        self._write(order)

    def expression(self) -> str:
        named = self._value.label and self._value.op
        return self._lines(self._names[self._value].text if named else "")

    def derivative(self) -> str:
        order = f"^{{{len(self._inputs)}}}" if len(self._inputs) > 1 else ""
        # The last is nearest to the value.
        below = r" \, ".join(
            rf"\partial {_power(self._name(node), len([node, *same]))}"
            for _, (node, *same) in groupby(reversed(self._inputs), id)
        )
        if self._value in self._names:
            name = self._names[self._value].text
            return self._lines(rf"\frac{{\partial{order} {name}}}{{{below}}}")
        piece = self._pieces[self._formulas.of(self._value)]
        if piece.level < POWER:
            piece = piece.within(LATEX.brackets)
        return self._lines(rf"\frac{{\partial{order}}}{{{below}}} {piece.text}")

    def _lines(self, left: str) -> str:
        note = self._note()
        body = self._pieces[self._main].text
        if not note and not self._definitions:
            return f"{left} = {body}" if left else body
        rows = [(left or self._name(None).text, body), *reversed(self._definitions)]
        lines = [f"{name} &= {formula}" for name, formula in rows]
        if note:
            lines.append(rf"&\ldots\ \text{{{note}}}")
        return aligned(lines)

    def _note(self) -> str:
        """A remark on ops left out, and on numbers later than the ops; ``""`` if none."""
        written = {formula.node for formula in self._written}
        below = topological_order(self._cut)
        left_out = sum(1 for node in below if node.op and node not in written)
        what = "operation is" if left_out == 1 else "operations are"
        said = [f"{left_out} more {what} not written out"] * bool(left_out)
        stale = Freshness(ancestors(self._value)).stale
        if any(not (p.op or p.label or p.constant) for node in stale for p in node.parents):
            said.append("stale: numbers of leaves are of now; root.refresh() computes the rest")
        return "; ".join(said)

    def _choose(self, depth: int | None, max_nodes: int) -> None:
        """Choose the parts nearest to the root, so that those left out are far away."""
        waiting = deque((part, 0) for part in self._parts)
        seen = set(self._parts)
        while waiting:
            formula, distance = waiting.popleft()
            if formula.op is None:
                continue
            too_deep = depth is not None and distance >= depth
            if formula.node is not None and (too_deep or len(self._written) >= max_nodes):
                self._cut.append(formula.node)
                continue
            self._written.add(formula)
            for arg in self._shown(formula):
                if arg not in seen:
                    seen.add(arg)
                    waiting.append((arg, distance + 1))

    def _shown(self, formula: Formula) -> list[Formula]:
        """The arguments that are written."""
        if formula.op is None:
            return []
        args = self._formulas.args(formula)
        places, single = LATEX.places(formula.op, [arg.number for arg in args])
        return [args[k] for place in [*places, single] for k in place]

    def _name(self, node: Value | None) -> Piece:
        """The node's label, or a new name, which for None is another each time."""
        if node is None:
            return Piece(next(self._fresh))
        if node not in self._names:
            self._names[node] = Piece(next(self._fresh))
        return self._names[node]

    def _write(self, order: list[Formula]) -> None:
        uses = Counter(arg for f in order if f in self._written for arg in self._shown(f))
        uses.update(self._parts)
        size = dict.fromkeys(order, 1)
        nested = dict.fromkeys(order, 0)
        for formula in order:
            piece = self._in_place(formula)
            if formula in self._written:
                args = self._shown(formula)
                size[formula] = 1 + sum(size[arg] for arg in args)
                nested[formula] = 1 + max([nested[arg] for arg in args], default=0)
            repeated = (uses[formula] - 1) * size[formula]
            long = repeated > _REPEATED or size[formula] > _LONG or nested[formula] > _DEEP
            labelled = formula.node is not None and formula.node.label != ""
            # the main one has a line of its own if it is a derivative and a node of the graph
            apart = labelled and self._inputs if formula is self._main else labelled or long
            if formula in self._defined:
                self._define(self._defined[formula], piece)
            elif formula in self._written and apart:
                piece = self._define(formula.node, piece)
                size[formula], nested[formula] = 1, 0
            self._pieces[formula] = piece

    def _define(self, node: Value | None, piece: Piece) -> Piece:
        name = self._name(node)
        self._definitions.append((name.text, piece.text))
        return name

    def _in_place(self, formula: Formula) -> Piece:
        if formula.number is not None:
            return LATEX.number(formula.number)
        if formula not in self._written or formula.op is None:
            return self._name(formula.node)
        args = self._formulas.args(formula)
        # those that are not shown have no piece
        pieces = [self._pieces.get(arg) or Piece("", number=arg.number) for arg in args]
        return LATEX.call(formula.op, pieces)


def _own_formulas(formulas: Formulas, inputs: Sequence[Value]) -> dict[Formula, Value]:
    """Formulas of the inputs that are no labelled leaves, each with its input."""
    found: dict[Formula, Value] = {}
    for node in dict.fromkeys(inputs):
        if node.op:
            args = tuple([formulas.of(parent) for parent in node.parents])
            found[Formula(op=op_of(node), args=args)] = node
        elif not node.label:
            found[Formula(node.data)] = node
    return found


def _power(name: Piece, times: int) -> str:
    if times == 1:
        return name.text
    base = name if name.level == ATOM else name.within(LATEX.brackets)
    return f"{base.text}^{{{times}}}"
