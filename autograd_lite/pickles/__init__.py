"""Pickles of graphs: a few columns of numbers, written without recursion, with all sharing kept.

A pickler descends into the parts of what it meets, so pickling node by node would overflow its
stack. A computed Value therefore hands over all its ancestors at once, parents before children:
numbers as little-endian bytes, ops, labels and scopes as short lists of the distinct ones with an
index per node, parents as places in the list that unpickling makes. Only leaves are pickled one by
one, and shared, as any object is, by the pickler's memory. Pickles name this file and the op
table, no engine.

Whatever is pickled in one call shares its nodes afterwards as before (``dumps([loss, part])``, in
any order). So a second root must know what its pickler has written already, and nothing tells it
which pickler that is. But a pickler asks an object to reduce itself only if it does not remember
it. Hence `_Pickled`, all that one pickler has written, lives as long as that pickler's memory does,
and its ``mark``, the root written last, tells its pickler from the others: see `_Root`.

A node that a pickler has written keeps the numbers it had then, as every object does. A
`pickle.Pickler` that goes on in another thread shares only leaves with what it wrote before.
``persistent_id`` is asked about roots and leaves.

Unpickling can run any code, so open only pickles from people you trust; the model files of `nn` are
safe to open.
"""

import threading
import weakref
from collections.abc import Sequence
from itertools import chain, count
from typing import Any

from autograd_lite.engine import Value, fields, order_by, refuse_pickle, restore
from autograd_lite.pickles.checks import check, check_leaves, check_node, check_parts
from autograd_lite.pickles.columns import packed, unpacked

# Columns pay from about so many nodes on.
_FEW = 16

# --- writing --------------------------------------------------------------------------------------


def reduce_ex(self: Value, protocol: object) -> tuple[Any, ...]:
    """How a Value pickles: the ``__reduce_ex__`` of the type."""
    refuse_pickle(self)
    if _is_leaf(self):
        _, _, _, data, grad, label, _, scope = fields(self)
        return leaf, (data, grad, label, scope)
    root = _Root(self)
    return last, (*[mark for _, mark, _ in root.asking], root)


def _is_leaf(node: Value) -> bool:
    return not (node.op or node.constant)


class _Pickled:
    """All nodes that one pickler has written; in the pickle, a list that grows.

    Only the pickler's memory refers to it, so it ends with that.
    """

    mark: "_Root"

    def __init__(self) -> None:
        self.places: dict[Value, int] = {}
        self.ref = weakref.ref(self, _thread.graphs.remove)
        _thread.graphs.insert(0, self.ref)

    def __reduce__(self) -> tuple[Any, ...]:
        return list, ()

    def write(self, root: Value) -> tuple[Any, ...]:
        """The root's place; or, if it is new here, all of its graph that the list lacks."""
        places = self.places
        if root in places:
            return known_node, (self, places[root])
        leaves: list[Value] = []
        computed: list[Value] = []
        for node in order_by([root], lambda x: [p for p in x.parents if p not in places]):
            (leaves if _is_leaf(node) else computed).append(node)
        start = len(places)
        places.update(zip(chain(leaves, computed), count(start)))
        if len(computed) < _FEW:
            return few_nodes, (self, start, leaves, [_entry(node, places) for node in computed])
        return many_nodes, (self, start, leaves, packed(computed, places))


class _Thread(threading.local):
    def __init__(self) -> None:
        self.graphs: list[weakref.ref[_Pickled]] = []  # the one written to last comes first


_thread = _Thread()


class _Root:
    """A root on its way into a pickle; afterwards the mark by which its pickler is known.

    The pickler is given the marks of all graphs that are alive, then this root. A mark that it
    does not ask is one that it remembers. It may remember several, because strangers ask for
    marks, too; but a graph's mark changes with every root, so only picklers that wrote later can
    have asked for it. Hence the first graph whose mark is not asked, in the order of last use, is
    the pickler's own. If all are asked, it begins its own. (Of two picklers with copies of one
    memory, one goes on with the graph.)
    """

    __slots__ = ("asked", "asking", "node")

    def __init__(self, node: Value) -> None:
        self.node: Value | None = node
        self.asked = 0
        graphs = [graph for ref in _thread.graphs if (graph := ref()) is not None]
        self.asking: Sequence[tuple[_Pickled, _Root, int]] = [
            (graph, graph.mark, graph.mark.asked) for graph in graphs
        ]

    def __reduce__(self) -> tuple[Any, ...]:
        self.asked += 1
        if self.node is None:  # a mark by now, and a stranger asks
            return tuple, ()
        node, self.node = self.node, None
        for graph, mark, asked in self.asking:  # noqa: B007 - it is used after the loop
            if mark.asked == asked:
                break
        else:
            graph = _Pickled()
        self.asking = ()
        graph.mark = self  # before writing: if that fails, no pickler remembers this mark
        _thread.graphs.remove(graph.ref)
        _thread.graphs.insert(0, graph.ref)
        return graph.write(node)


def _entry(node: Value, places: dict[Value, int]) -> tuple[Any, ...]:
    row, parents, *rest = fields(node)
    return row, tuple([places[parent] for parent in parents]), *rest


# --- reading: the names that pickles refer to -----------------------------------------------------


def last(*loaded: Any) -> Any:
    """The last of the arguments; the others were marks."""
    return loaded[-1]


def leaf(data: float, grad: float, label: str, scope: tuple[str, ...]) -> Value:
    """A leaf that is no constant."""
    if not (type(data) is type(grad) is float and type(label) is str and scope == ()):
        check_node(None, 0, (), data, grad, label, False, scope)  # which takes its time
    return restore(None, (), (), data, grad, label, False, scope)


def known_node(nodes: list[Value], place: int) -> Value:
    """A node that the pickle has made already."""
    known = type(nodes) is list and type(place) is int and 0 <= place < len(nodes)
    check(known, "reference to a node", place)
    return nodes[place]


def few_nodes(
    nodes: list[Value], start: int, leaves: list[Value], entries: list[tuple[Any, ...]]
) -> Value:
    """The last of these nodes: each as by `fields`, but with places for parents."""
    check_leaves(nodes, start, leaves)
    check_parts("list of entries", entries, list, tuple)
    nodes += leaves
    for row, places, *rest in entries:
        check(len(rest) == 6, "entry", (row, places, *rest))
        known = type(places) is tuple and all(
            type(place) is int and 0 <= place < len(nodes) for place in places
        )
        check(known, "list of parents", places)
        check_node(row, len(places), *rest)
        nodes.append(restore(row, tuple([nodes[place] for place in places]), *rest))
    return nodes[-1]


def many_nodes(
    nodes: list[Value], start: int, leaves: list[Value], columns: tuple[Any, ...]
) -> Value:
    """The last of these nodes, which come as the columns of `packed`."""
    check_leaves(nodes, start, leaves)
    check(type(columns) is tuple and len(columns) == 12, "number of columns", columns)
    nodes += leaves
    for node in unpacked(nodes, *columns):
        nodes.append(node)
    return nodes[-1]
