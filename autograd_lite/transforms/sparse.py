"""Sparse Jacobians and Hessians: the entries that can be other than 0, in few sweeps.

Their structure comes from the graph (`dependence`). Columns that share no row are found by one
sweep along all of them: they have one colour (Gebremedhin, Manne & Pothen, What Color Is Your
Jacobian?, SIAM Review 47, 2005). Each gets the first that it may have, those with most neighbours
first.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain, count
from typing import Any, NamedTuple, NoReturn

import numpy as np

from autograd_lite.engine import tracing
from autograd_lite.errors import needing
from autograd_lite.transforms.dependence import swept
from autograd_lite.transforms.recordings import Recording
from autograd_lite.transforms.structures import parts_of
from autograd_lite.transforms.sweeps import tangent_sweep
from autograd_lite.transforms.trees import array_of, floats_of

#: The products of a symmetric matrix with some directions.
Products = Callable[[Recording, Iterable[list[float]]], Iterator[list[Any]]]

_REFUSED = (
    "this is a sparse matrix of Values, which SciPy has none for: return it from the function, or "
    "compute with .data, its numbers, row by row (a call on floats says where they stand)"
)


class Stored(NamedTuple):
    """A sparse matrix as a structure: its numbers, row by row, and as bytes what never changes."""

    data: Any
    shape_and_places: bytes

    def matrix(self) -> Any:
        """SciPy's matrix."""
        (height, width), rest = np.split(np.frombuffer(self.shape_and_places, np.int64), [2])
        starts, columns = np.split(rest, [height + 1])
        return csr_array()((self.data, columns, starts), (height, width), copy=True)

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"no {name!r} here: {_REFUSED}")


def _refuse(*operands: Any) -> NoReturn:
    """Raise a TypeError, where a tuple would be repeated or joined."""
    raise TypeError(_REFUSED)


for _sign in ("matmul", "rmatmul", "add", "radd", "mul", "rmul"):
    setattr(Stored, f"__{_sign}__", _refuse)


def csr_array() -> Any:
    """SciPy's type; an ImportError names the extra."""
    with needing("sparse", "sparse=True needs SciPy"):
        from scipy.sparse import csr_array as kind
    return kind


def in_matrices(thing: Any) -> Any:
    """A structure with SciPy's matrices for those whose numbers are floats."""
    if isinstance(thing, Stored):
        return thing.matrix() if thing.data.dtype == np.float64 else thing
    parts = parts_of(thing, "the result")
    return parts.build([*map(in_matrices, parts.things)]) if parts else thing


def _blocks(
    recording: Recording, heights: Sequence[int], rows: Any, columns: Any, numbers: Any
) -> list[list[Any]]:
    """For each part of the rows a matrix for each argument."""
    blocks: list[list[Any]] = []
    for i, height in enumerate(heights):
        top, left = sum(heights[:i]), 0
        blocks.append([])
        for tree in recording.arguments:
            j, width = columns - left, len(tree.leaves)
            mine = (top <= rows) & (rows < top + height) & (j >= 0) & (j < width)
            own, is_kept = numbers[mine].tolist(), recording.in_values(tree)
            own = own if is_kept else floats_of(own)
            starts = np.searchsorted(rows[mine], top + np.arange(height + 1))
            places = np.concatenate([[height, width], starts, j[mine]]).astype(np.int64)
            stored = Stored(array_of(own, (len(own),)), places.tobytes())
            blocks[-1].append(stored if is_kept or tracing.get() else stored.matrix())
            left += width
    return blocks


def _entries(recording: Recording, columns: Sequence[Sequence[int]]) -> tuple[Any, Any, Any]:
    """Rows and columns of the numbers, given the columns of each row; and room for the numbers."""
    sizes = [*map(len, columns)]
    numbers = np.empty(sum(sizes), object if recording.recorded else np.float64)
    found = np.fromiter(chain.from_iterable(columns), np.int64, len(numbers))
    return np.repeat(np.arange(len(sizes)), sizes), found, numbers


def _alone(rows: Any, columns: Any, colours: Sequence[int]) -> Any:
    """Whether each entry's column has no other entry in a row of the colour."""
    sums = columns * len(colours) + np.array(colours, np.int64)[rows]
    _, place, sizes = np.unique(sums, return_inverse=True, return_counts=True)
    return sizes[place] == 1


def sparse_jacobian(recording: Recording) -> list[Any]:
    """A matrix for each argument, of the derivatives of all outputs.

    Each output is swept by itself, over what it depends on, as for the dense matrix; unless sweeps
    from the inputs, one for each colour of columns, visit a quarter as many nodes in all.
    """
    outputs, inputs = recording.result.leaves, recording.inputs
    nodes = recording.dependent() if recording.nodes else []
    marks, visited = swept(nodes, inputs, outputs, second=False)
    own: list[list[int]] = [[] for _ in outputs]
    for j, mark in enumerate(marks):
        for k in mark:
            own[-1 - k].append(j)
    rows, columns, numbers = _entries(recording, own)
    colours: list[int] = []
    most = visited // (4 * len(nodes) + 1)
    if max(map(len, own), default=0) <= most:  # so many colours at least
        colours = disjoint_colours(marks)
    if max(colours, default=most) >= most:
        sweeps = [
            recording.adjoints([(output, 1.0)], [inputs[j] for j in mine])
            for output, mine in zip(outputs, own, strict=True) if mine
        ]  # fmt: skip
        numbers[:] = [*chain.from_iterable(sweeps)]
    else:
        for c in range(max(colours) + 1):
            if recording.recorded:
                moved = [x for x, colour in zip(inputs, colours, strict=True) if colour == c]
                tangent = tangent_sweep(nodes, dict.fromkeys(moved, 1.0))
                found = [tangent.get(output, 0.0) for output in outputs]
            else:
                found = recording.tangents([float(colour == c) for colour in colours])
            mine = np.array(colours)[columns] == c
            numbers[mine] = np.array(found, numbers.dtype)[rows[mine]]
    return _blocks(recording, [len(outputs)], rows, columns, numbers)[0]


def sparse_hessian(recording: Recording, products: Products) -> list[list[Any]]:
    """For each argument its rows, a matrix for each argument: a product for each colour of columns.

    An entry is that of the product with its row's direction, as in the dense matrix, or, where that
    is a sum of several, of its column's, which is the same derivative.
    """
    [root] = recording.result.leaves
    nodes = recording.dependent() if recording.nodes else []
    near: list[list[int]] = [[] for _ in recording.inputs]
    for j, mark in enumerate(swept(nodes, recording.inputs, [root], second=True)[0]):
        near[j] = sorted(mark)
        for i in near[j]:
            near[i] += [j] * (i < j)
    rows, columns, numbers = _entries(recording, near)
    colours = star_colours(near)
    alone = _alone(rows, columns, colours)
    if not alone.all() and max(map(len, near)) <= max(colours) + 1:
        plain = disjoint_colours(near)  # by which all stand alone
        if max(plain) <= max(colours):
            colours, alone = plain, _alone(rows, columns, plain)
    by, colour = np.where(alone, rows, columns), np.array(colours, np.int64)
    n_colours = max(colours, default=-1) + 1
    directions = ((colour == c).astype(np.float64).tolist() for c in range(n_colours))
    order = np.argsort(colour[by], kind="stable")
    parts = np.split(order, np.searchsorted(colour[by[order]], np.arange(1, n_colours)))
    for mine, product in zip(parts, products(recording, directions), strict=False):
        numbers[mine] = np.array(product, numbers.dtype)[rows[mine] + columns[mine] - by[mine]]
    heights = [len(tree.leaves) for tree in recording.arguments]
    return _blocks(recording, heights, rows, columns, numbers)


# --- colours --------------------------------------------------------------------------------------


def disjoint_colours(groups: Sequence[Collection[int]]) -> list[int]:
    """A colour for each group of things; no thing is in two groups of one colour.

    For the columns of a Jacobian, as groups of rows (Curtis, Powell & Reid, On the Estimation of
    Sparse Jacobian Matrices, 1974).
    """
    used: dict[int, set[int]] = {}
    colours = [0] * len(groups)
    for i in _largest_first(groups):
        forbidden = set().union(*[used.setdefault(thing, set()) for thing in groups[i]])
        colours[i] = _first_not_in(forbidden)
        for thing in groups[i]:
            used[thing].add(colours[i])
    return colours


def star_colours(neighbours: Sequence[Sequence[int]]) -> list[int]:
    """A colour for each vertex of a graph, other than its neighbours'; no path of four has but two.

    So of two neighbours one has no other neighbour of the other's colour, and their entry of a
    symmetric matrix stands alone in that one's row of the product with the sum of these columns.
    """
    colours = [-1] * len(neighbours)
    #: For each vertex the colours of its neighbours: the only one that has it, or -1 for several.
    alone: list[dict[int, int]] = [{} for _ in neighbours]
    #: For each vertex the colours of neighbours that have another neighbour of its own colour.
    between: list[set[int]] = [set() for _ in neighbours]
    for v in _largest_first(neighbours):
        forbidden = {*alone[v]}
        for w in neighbours[v]:
            forbidden |= between[w]
            if alone[v].get(colours[w]) == -1:
                forbidden.update(alone[w])
        mine = colours[v] = _first_not_in(forbidden)
        for w in neighbours[v]:
            twin = alone[w].setdefault(mine, v)
            if twin != v:
                alone[w][mine] = -1
                if colours[w] >= 0:
                    for each in (v, twin):
                        if each >= 0:
                            between[each].add(colours[w])
            if alone[v].get(colours[w]) == -1:
                between[w].add(mine)
    return colours


def _largest_first(groups: Sequence[Collection[int]]) -> list[int]:
    return sorted(range(len(groups)), key=lambda i: -len(groups[i]))


def _first_not_in(colours: Collection[int]) -> int:
    return next(colour for colour in count() if colour not in colours)
