"""Structure of derivatives: which of them can be other than 0, by the graph alone."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Any

from autograd_lite.engine import Value, fields
from autograd_lite.graph import is_of_table
from autograd_lite.ops.ieee import IEEE
from autograd_lite.ops.table import Op, give_operators

#: Places of the arguments that move an op, and pairs of them that interact.
_Rule = tuple[Sequence[int], Sequence[tuple[int, int]]]

#: Stands for a number that is not known; a 0.0 that comes of it is no plain float.
_UNKNOWN = IEEE(2.6)


class Dependence:
    """A number of which is only known on which arguments of an op it depends."""

    __slots__ = ("on",)

    def __init__(self, on: Iterable[int]) -> None:
        self.on = frozenset(on)

    @staticmethod
    def _apply_op(row: Op, args: Sequence[Any]) -> Any:
        if row.arity is None:
            return row.expand(args)
        known = [not isinstance(arg, Dependence) for arg in args]
        numbers = [arg if is_known else _UNKNOWN for arg, is_known in zip(args, known, strict=True)]
        partials = row.partials_on(_UNKNOWN, numbers, [not is_known for is_known in known])
        on = [args[k].on for k, partial in enumerate(partials) if not _is_zero(partial)]
        return Dependence(chain.from_iterable(on))


give_operators(Dependence)


def _is_zero(partial: Any) -> bool:
    """Whether it is 0.0 whatever the arguments are."""
    return type(partial) is float and partial == 0.0


def _rule(row: Op, wanted: Sequence[bool]) -> _Rule:
    """A row's rule, for the wanted arguments."""
    places = [k for k, want in enumerate(wanted) if want]
    if not is_of_table(row):  # its rules may take floats alone
        return places, [(j, k) for k in places for j in places if j <= k]
    first = row.partials_on(_UNKNOWN, [_UNKNOWN] * len(wanted), wanted)
    places = [k for k in places if not _is_zero(first[k])]
    args = [Dependence([k] if want else ()) for k, want in enumerate(wanted)]
    partials = row.partials_on(Dependence(places), args, wanted)
    by = [(k, partials[k].on) for k in places if isinstance(partials[k], Dependence)]
    return places, [*{(min(j, k), max(j, k)) for k, on in by for j in on}]


def swept(
    nodes: Iterable[Value], inputs: Sequence[Value], outputs: Sequence[Any], second: bool
) -> tuple[list[Collection[int]], int]:
    """The outputs that depend on each input, as -1, -2 …; how many nodes these do, in all.

    If `second`: the inputs up to each one, and itself, with which it interacts in the one output.
    The graph is swept from the outputs back with sets in place of numbers. A node holds the outputs
    that depend on it, or the other nodes that move its adjoint: edge pushing (Gower & Mello, A New
    Framework for the Computation of Hessians, 2012). `nodes` lie between, in topological order.
    """
    given = defaultdict(list)
    for i, x in enumerate(inputs):
        given[x].append(i)
    # Numbers: the inputs, then the nodes. An input's node has the input as a parent, as it may be
    # computed from others, or given twice.
    place: dict[Any, int] = {}
    known: dict[tuple[Any, ...], _Rule] = {}
    parents_of: list[Sequence[int]] = [()] * len(inputs)
    rules: list[_Rule] = [((), ())] * len(inputs)
    number = place.get
    for node in nodes:
        row, parents = fields(node)[:2]
        above = tuple([number(parent, -1) for parent in parents])
        key = row, *[i >= 0 for i in above]
        rule = known.get(key)
        if rule is None:
            rule = known[key] = _rule(row, key[1:]) if row else ((), ())
        if node in given:
            above += tuple(given[node])
            rule = [*rule[0], *range(len(parents), len(above))], rule[1]
        if rule[0]:
            place[node] = len(rules)
            parents_of.append(above)
            rules.append(rule)
    marks: list[Any] = [None] * len(rules)
    for k, output in enumerate(outputs):
        if isinstance(output, Value) and output in place:
            i = place[output]
            marks[i] = () if second else {-1 - k, *(marks[i] or ())}
    visited = 0
    for v in range(len(rules) - 1, len(inputs) - 1, -1):
        mine, marks[v] = marks[v], None
        if mine is None:  # no output depends on it
            continue
        visited += len(mine)
        numbers, (moving, pairs) = parents_of[v], rules[v]
        for k in moving:
            marks[numbers[k]] = marks[numbers[k]] or ()
        links = [(numbers[j], numbers[k]) for j, k in pairs] if second and pairs else []
        if mine:
            links += [(numbers[k], w) for w in mine if w != v for k in moving]
            if v in mine:
                links += [(numbers[j], numbers[k]) for j in moving for k in moving]
        for p, q in links:  # kept at the later one, whose turn comes first
            if p < q:
                p, q = q, p
            if marks[p]:
                marks[p].add(q)
            else:
                marks[p] = {q}
    return [mark or () for mark in marks[: len(inputs)]], visited
