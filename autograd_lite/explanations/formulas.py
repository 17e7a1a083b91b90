"""Formulas as a number system: an op called on them gives a formula, lightly simplified."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn

from autograd_lite.engine import Value, order_by
from autograd_lite.graph import op_of
from autograd_lite.ops import Op, SequenceOp
from autograd_lite.ops.table import give_operators
from autograd_lite.writing.templates import Piece
from autograd_lite.writing.text import TextPrinter


class Formula:
    """A number, a variable, or an op called on other formulas.

    Rules of the table run on formulas as they do on floats. Numbers are worked out where that takes
    few digits, and the ops' identities are applied, so that factors 1 and terms 0 leave no trace.

    Attributes
    ----------
    number : float or None
    node : Value or None
        The node that it is the formula of, or the variable that it is.
    op : Op or None
        None for a number and for a variable.
    args : tuple of Formula, or None
        None for a node of a user's graph until they are asked for.
    """

    __slots__ = ("args", "node", "number", "op")

    def __init__(
        self, number: float | None = None, node: Value | None = None, op: Op | None = None,
        args: "tuple[Formula, ...] | None" = (),
    ) -> None:  # fmt: skip
        self.number, self.node, self.op, self.args = number, node, op, args

    def _refuse(self, *others: object) -> NoReturn:
        raise TypeError("a formula has no truth value and no order: write less, equal and where")

    __hash__ = object.__hash__  # found in dicts by identity
    __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse

    @staticmethod
    def _apply_op(op: Op, args: Sequence[Any]) -> "Formula":
        formulas = tuple(map(as_formula, args))
        numbers = [formula.number for formula in formulas]
        known = [number for number in numbers if number is not None]
        if len(known) == len(numbers):
            number = op.on_floats(*known)
            if _is_short(number):
                return Formula(number)
        else:
            for pattern, rule in op.identities:
                if all(p is ... or p == x for p, x in zip(pattern, numbers, strict=True)):
                    return as_formula(rule(*formulas))
        return Formula(op=op, args=formulas)


def _is_short(x: float) -> bool:
    """Whether six digits give the number: 1/3 stays 1/3, because 0.333333 is another one."""
    return not math.isfinite(x) or float(f"{x:.6g}") == x or (x.is_integer() and abs(x) < 1e9)


def as_formula(thing: Any) -> Formula:
    """The thing itself, or a number as a formula."""
    return thing if isinstance(thing, Formula) else Formula(float(thing))


give_operators(Formula)


class Formulas:
    """The formulas of graphs: the same one for the same node.

    Variables are names in every formula, whatever they were computed from.
    """

    def __init__(self, variables: Sequence[Value] = ()) -> None:
        self._known = {node: Formula(node=node) for node in variables}

    def of(self, node: Value) -> Formula:
        """A node's formula. Its arguments are left for later: a graph may be large."""
        found = self._known.get(node)
        if found is None:
            op = op_of(node)
            if op is not None:
                found = Formula(node=node, op=op, args=None)
            elif node.label and not node.constant:
                found = Formula(node=node)
            else:
                found = Formula(node.data)  # a leaf without a label is just its number
            self._known[node] = found
        return found

    def args(self, formula: Formula) -> tuple[Formula, ...]:
        """The arguments of a formula."""
        if formula.args is None:
            assert formula.node is not None  # only such formulas are left for later
            formula.args = tuple([self.of(parent) for parent in formula.node.parents])
        return formula.args

    def simplify(self, order: Sequence[Value]) -> None:
        """Take nodes, given in topological order, as ops called on formulas, and no others."""
        for node in order:
            op = op_of(node)
            if op is None or node in self._known:
                continue
            formula = Formula._apply_op(op, [self.of(parent) for parent in node.parents])
            if formula.number is None and formula.node is None:
                formula.node = node
            self._known[node] = formula


def written(
    formula: Formula, printer: TextPrinter, name: Callable[[Formula], Piece], longest: int
) -> Piece | None:
    """A formula whose arguments are known, given a name for each part without an op.

    None if it takes more than so many characters.
    """
    pieces: dict[Formula, Piece] = {}
    for part in order_by([formula], lambda part: part.args or ()):
        if part.op is None:
            pieces[part] = name(part)
        else:
            pieces[part] = printer.call(part.op, [pieces[arg] for arg in part.args or ()])
        if len(pieces[part].text) > longest:
            return None
    return pieces[formula]


def node_partials(node: Value, name: Callable[[Value], Formula]) -> list[Formula] | None:
    """The partials of a node, as formulas of its parents and itself: those of textbooks.

    One for each parent (a number for a constant), in which a node's `name` stands for it; None
    where the op has no rules that run on formulas.
    """
    wanted = [not parent.constant for parent in node.parents]
    try:
        args = [name(parent) for parent in node.parents]
        found = op_partials(op_of(node), name(node), args, wanted)
    except TypeError:  # a user's own op, whose rules run on floats only
        return None
    return [as_formula(each) for each in found]


def op_partials(op: Op, out: Formula, args: Sequence[Formula], wanted: Sequence[bool]) -> list[Any]:
    """The partials of an op, those of textbooks; 0.0 where not wanted."""
    rules = [partial(rule, **op.attrs) for rule in op.textbook_partials]
    if not rules:
        return op.partials_on(out, args, wanted)
    if isinstance(op, SequenceOp):
        found = zip(op.every_partial(out, args, rules), wanted, strict=True)
        return [each if want else 0.0 for each, want in found]
    pairs = zip(rules, wanted, strict=True)
    return [rule(out, *args) if want else 0.0 for rule, want in pairs]
