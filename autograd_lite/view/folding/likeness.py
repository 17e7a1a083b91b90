"""Likeness in a graph: values that many samples compute in the same way are one class."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd_lite.graph import op_of
from autograd_lite.ops import SequenceOp
from autograd_lite.view.folding.columns import PARAMETER, VALUE, Coded, Columns, Ints, coded
from autograd_lite.view.steps import Steps

_NUMBER = re.compile(r"\d+")
Bools = NDArray[np.bool_]
_Scope = tuple[str, ...]


class Likeness(NamedTuple):
    """For each node of a graph, its class, its depth, and the scope that its class is shown in.

    Two values are alike that the same op makes of alike values, in scopes that differ by numbers at
    most (``sample 1``, ``sample 2``). A parameter with a label is like no other. Other leaves, and
    constants, are alike if they have the same label and the same uses. The steps of a running sum
    (``total + sample``) are alike. The root is like no other.
    """

    classes: Ints
    depth: Ints
    scopes: Coded


def likeness(graph: Steps, columns: Columns) -> Likeness:
    """Classes of nodes that are alike, found in one pass over the graph."""
    of_scopes = coded(map(_stem, columns.scopes.names))
    stems = Coded(of_scopes.codes[columns.scopes.codes], of_scopes.names)
    labelled = np.array([bool(label) for label in columns.labels.names])[columns.labels.codes]
    ordinary = (columns.kinds != VALUE) & ~((columns.kinds == PARAMETER) & labelled)
    classes, depth = _walk(columns, _beginnings(graph, columns, stems, ordinary))
    # The constants of two neurons are alike only if these are.
    classes = _numbered(
        _pairs(classes, _numbered(_uses(columns, classes[columns.heads], ordinary)))
    )
    return Likeness(classes, depth, _shown_scopes(columns.scopes, stems, classes))


def _stem(names: _Scope) -> _Scope:
    """A scope with every number left out of its names."""
    return tuple([_NUMBER.sub("#", name) for name in names])


def _pairs(first: Ints, second: Ints) -> Ints:
    """A number for each pair of numbers, the same for the same pair."""
    return first * (int(second.max(initial=0)) + 1) + second


def _numbered(numbers: Ints) -> Ints:
    """Small numbers in their place, the same for the same."""
    found: Ints = np.unique(numbers, return_inverse=True)[1]
    return found


def _uses(columns: Columns, uses: Ints, ordinary: Bools) -> Ints:
    """A number for each ordinary leaf, the same for the same uses (each arrow's number)."""
    to_leaf = ordinary[columns.tails]
    used = np.zeros(len(columns), np.uint64)
    if to_leaf.any():
        numbers = _numbered(uses[to_leaf])
        kinds = int(numbers.max()) + 1
        each = np.unique(columns.tails[to_leaf] * kinds + numbers)
        # A set is the sum of a random number for each: fixed ones, so that all processes agree.
        random = np.random.default_rng(0).integers(0, 2**62, kinds, dtype=np.uint64)
        np.add.at(used, each // kinds, random[each % kinds])
    return used.view(np.int64)


def _beginnings(graph: Steps, columns: Columns, stems: Coded, ordinary: Bools) -> Ints:
    """The key that two nodes share, apart from their arguments, when they are alike."""
    places = np.arange(len(columns.tails)) - columns.starts[columns.heads]
    examples = np.unique(columns.ops.codes, return_index=True)[1]
    rows = [op_of(graph.made_by(graph.order[i])) for i in examples]
    # of a sum, say, it does not matter which argument a number is
    unordered = np.array([isinstance(row, SequenceOp) and len(row.vectors) == 1 for row in rows])
    places[unordered[columns.ops.codes[columns.heads]]] = 0
    made = _pairs(columns.ops.codes, stems.codes)
    used = _uses(columns, _pairs(made[columns.heads], places), ordinary)
    apart = np.flatnonzero((columns.kinds != VALUE) & ~ordinary)
    used[apart] = apart + 1
    # Two numbers of the same label are alike whatever they are.
    labels = np.where(columns.kinds == VALUE, 0, columns.labels.codes + 1)
    return _pairs(
        _numbered(_pairs(_numbered(used), _numbered(_pairs(made, labels)))), columns.kinds
    )


def _walk(columns: Columns, beginnings: Ints) -> tuple[Ints, Ints]:
    """Class and depth of each node, in their order."""
    starts, tails, begun = columns.starts.tolist(), columns.tails.tolist(), beginnings.tolist()
    size = len(begun) + 1
    # Numbers for keys where that can be: a million tuples would keep the garbage collector busy.
    known: dict[int | tuple[int, ...], int] = {}
    first: list[int] = []  # of each class
    classes: list[int] = []
    depth: list[int] = []
    end = 0
    for node, beginning in enumerate(begun):
        start, end = end, starts[node + 1]
        width = end - start
        key: int | tuple[int, ...]
        if width == 2:
            left, right = tails[start], tails[start + 1]
            key = ((beginning + 1) * size + classes[left]) * size + classes[right]
            deeper = depth[left] if depth[left] > depth[right] else depth[right]
        elif width == 1:
            left = tails[start]
            key = -(beginning * size + classes[left] + size)
            deeper = depth[left]
        elif width:
            several = itemgetter(*tails[start:end])
            key = (beginning, *several(classes))
            deeper = max(several(depth))
        else:
            key, deeper = (beginning,), -1
        found = known.get(key)
        if found is None:
            found = -1
            if width == 2:
                for before, other, place in ((left, right, 1), (right, left, 0)):
                    begin = starts[first[classes[before]]]
                    if (
                        begun[before] == beginning
                        and starts[first[classes[before]] + 1] - begin == 2
                        and classes[tails[begin + place]] == classes[other]
                        and tails[begin + place] != other
                    ):
                        found = classes[before]  # the next step of a running sum
            if found < 0:
                found = len(first)
                first.append(node)
            known[key] = found
        classes.append(found)
        depth.append(deeper + 1)
    classes[-1] = len(first)
    return _numbered(np.array(classes, np.int64)), np.array(depth, np.int64)


def _shown_scopes(scopes: Coded, stems: Coded, classes: Ints) -> Coded:
    """The scope of each class; ``sample ×100`` where it lies in a hundred of them."""
    family: dict[_Scope, set[_Scope]] = defaultdict(set)
    for names in scopes.names:
        for level in range(1, len(names) + 1):
            family[_stem(names[:level])].add(names[:level])
    width = len(scopes.names)
    pairs = np.unique(classes * width + scopes.codes)
    one, scope = pairs // width, pairs % width
    shown = np.zeros(int(classes.max()) + 1, np.int64)
    shown[one] = scope
    several: dict[int, list[_Scope]] = defaultdict(list)
    repeated = np.isin(one, one[1:][one[1:] == one[:-1]])
    for each, lies_in in zip(one[repeated].tolist(), scope[repeated].tolist(), strict=True):
        several[each].append(scopes.names[lies_in])
    known = {names: code for code, names in enumerate(scopes.names)}

    @cache
    def size(stem: _Scope, *around: tuple[int, str]) -> int:
        return len({one[-1] for one in family[stem] if all(one[i] == name for i, name in around)})

    for each, alternatives in several.items():
        shown[each] = known.setdefault(_merged(alternatives, size), len(known))
    return Coded(shown[classes], [*known])


def _merged(scopes: list[_Scope], size: Callable[..., int]) -> _Scope:
    """One name for scopes that differ by numbers: ``name ×100`` for all in the same outer ones."""
    names, around = list(scopes[0]), []
    for level, alternatives in enumerate(zip(*scopes, strict=True)):
        if len(set(alternatives)) == 1:
            around.append((level, names[level]))
        else:
            title = _NUMBER.sub("", alternatives[0]).strip() or "scope"
            names[level] = f"{title} ×{size(_stem(scopes[0][: level + 1]), *around):,}"
    return tuple(names)
