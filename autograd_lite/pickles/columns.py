"""Nodes as columns: numbers as little-endian bytes, one per node or, for some, one per parent."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

import numpy as np

from autograd_lite.engine import Value, fields, restore
from autograd_lite.ops import Op
from autograd_lite.pickles.checks import arity, check, check_parts, check_scope

# So many nodes are turned into numbers at a time. Each makes three tuples, and when many new ones
# are alive the garbage collector visits the whole graph.
_BLOCK = 512


def packed(nodes: list[Value], places: dict[Value, int]) -> tuple[Any, ...]:
    """The nodes as columns, with the places of their parents; what `unpacked` takes."""
    rows, labels, scopes = _Numbers(), _Numbers(), _Numbers()
    blocks = []
    for i in range(0, len(nodes), _BLOCK):
        row, parents, partials, data, grad, label, constant, scope = zip(
            *map(fields, nodes[i : i + _BLOCK]), strict=True
        )
        blocks.append(
            (
                _integers(map(rows.__getitem__, row)),
                _integers(map(len, parents)),
                _integers(map(places.__getitem__, chain.from_iterable(parents))),
                np.fromiter(chain.from_iterable(partials), np.float64),
                np.array(data),
                np.array(grad),
                _integers(map(labels.__getitem__, label)),
                _integers(constant),
                _integers(map(scopes.__getitem__, scope)),
            )
        )
    columns = [list(column) for column in zip(*blocks, strict=True)]
    blocks.clear()
    return list(rows), list(labels), list(scopes), *map(_joined, columns)


class _Numbers(dict[Any, int]):
    """Numbers things in the order in which they are met."""

    def __missing__(self, thing: Any) -> int:
        self[thing] = number = len(self)
        return number


def _integers(numbers: Iterable[int]) -> Any:
    array = np.fromiter(numbers, np.int64)
    return array.astype(np.min_scalar_type(int(array.max(initial=0))))


def _joined(blocks: list[Any]) -> bytes:
    column = np.concatenate(blocks)
    blocks.clear()
    return column.astype(column.dtype.newbyteorder("<"), copy=False).tobytes()


def unpacked(
    nodes: list[Value], rows: list[Op | None], labels: list[str], scopes: list[tuple[str, ...]],
    *columns: bytes,
) -> Iterator[Value]:  # fmt: skip
    """The nodes out of their columns, each to be appended to the list before the next is asked for.

    Raises
    ------
    GraphError
        If the columns do not fit together, before the engine sees what is wrong.
    """
    check_parts("columns", columns, tuple, bytes)
    check_parts("list of labels", labels, list, str)
    check_parts("list of scopes", scopes, list, tuple)
    check(type(rows) is list, "list of ops", rows)
    check(all(row is None or isinstance(row, Op) for row in rows), "list of ops", rows)
    for names in scopes:
        check_scope(names)
    start, size, edges = len(nodes), len(columns[4]) // 8, len(columns[3]) // 8
    check(size > 0, "column of numbers", size)
    row = _read_integers(columns[0], size, len(rows), "ops")
    parents = _read_integers(columns[1], size, edges + 1, "parents").astype(np.int64)
    check(int(parents.sum()) == edges, "number of parents", edges)
    places = _read_integers(columns[2], edges, start + size, "parents")
    partials = _read_floats(columns[3], edges, "partial derivatives")
    data = _read_floats(columns[4], size, "numbers")
    grad = _read_floats(columns[5], size, "gradients")
    label = _read_integers(columns[6], size, len(labels), "labels")
    constant = _read_integers(columns[7], size, 2, "constants")
    scope = _read_integers(columns[8], size, len(scopes), "scopes")

    arities = np.array([arity(row) for row in rows])[row]
    wrong = (arities >= 0) & (arities != parents)
    check(not wrong.any(), "number of parents", parents[wrong])
    wrong = (constant == 1) & (arities != 0)
    check(not wrong.any(), "column of constants", data[wrong])
    ends = parents.cumsum()
    for i in range(0, size, _BLOCK):
        part = slice(i, i + _BLOCK)
        counts = parents[part].tolist()
        before = int(ends[i]) - counts[0]
        end = (ends[part] - before).tolist()
        first = [0, *end]
        edge = slice(before, before + end[-1])
        own = np.repeat(np.arange(len(counts), dtype=np.uint64) + np.uint64(start + i), counts)
        wrong = places[edge] >= own
        check(not wrong.any(), "order of parents", places[edge][wrong])
        partial = tuple(partials[edge].tolist())
        yield from map(
            restore,
            map(rows.__getitem__, row[part].tolist()),
            _parents(nodes, places[edge].tolist(), counts),
            map(partial.__getitem__, map(slice, first, end)),
            data[part].tolist(),
            grad[part].tolist(),
            map(labels.__getitem__, label[part].tolist()),
            map(bool, constant[part].tolist()),
            map(scopes.__getitem__, scope[part].tolist()),
        )


def _parents(
    nodes: list[Value], places: list[int], counts: list[int]
) -> Iterator[tuple[Value, ...]]:
    """Lazily, because a parent may be the node that was made just before."""
    place = iter(places)
    for n in counts:
        if n == 2:
            yield nodes[next(place)], nodes[next(place)]
        else:
            yield tuple([nodes[p] for p in islice(place, n)])


def _read_integers(column: bytes, size: int, limit: int, what: str) -> Any:
    width = len(column) // size if size else 1
    check(width in (1, 2, 4, 8) and width * size == len(column), f"column of {what}", len(column))
    numbers = np.frombuffer(column, f"<u{width}")
    highest = int(numbers.max(initial=0))
    check(not size or highest < limit, f"column of {what}", highest)
    return numbers


def _read_floats(column: bytes, size: int, what: str) -> Any:
    check(len(column) == 8 * size, f"column of {what}", len(column))
    return np.frombuffer(column, "<f8")
