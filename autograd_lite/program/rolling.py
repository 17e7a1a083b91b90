"""Chains of additions in a program become one instruction each, which adds in the same order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from autograd_lite.ops import TABLE, Op, SequenceOp
from autograd_lite.ops.rules import add, identity

Indices = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]

#: So many additions are worth an instruction over a sequence.
SHORTEST = 4

#: What may be added up: nothing in particular, then rows that disappear in the one that adds.
_ADDERS = [row for row in TABLE.values() if isinstance(row, SequenceOp) and row.term_op is not None]
_ADDERS.sort(key=lambda row: row.term_op is not identity)
#: Adding any number to it gives that number, to the bit.
_NOTHING = -0.0


class Code(NamedTuple):
    """The constants and instructions of a program; see `Program`."""

    constants: npt.NDArray[np.float64]
    rows: tuple[Op, ...]
    codes: npt.NDArray[np.int32]
    starts: Indices
    operands: Indices
    outputs: Indices


class _Links(NamedTuple):
    """Additions, chain by chain, those of a chain in order.

    Attributes
    ----------
    instruction : int64 array
        -1 for none: the first product of a chain is added to nothing.
    chain : int64 array
        Equal for those of one chain.
    before, term : int64 array
        The registers of what it adds to (-1 for nothing), and of what it adds: for all but the
        first of a chain the former is its predecessor, which nothing else reads.
    kind : int64 array
        Which of `_ADDERS` takes the term.
    """

    instruction: Indices
    chain: Indices
    before: Indices
    term: Indices
    kind: Indices


def rolled(n_inputs: int, code: Code) -> Code:
    """The same instructions with long chains of additions as rows over sequences.

    Every sum has the terms that it had, in the same order, so no bit of a result changes. Products
    that only such a chain reads become part of its instruction.
    """
    first = n_inputs + len(code.constants)
    if add not in code.rows:
        return code
    links = _linked(first, code)
    new = np.ones(len(links.instruction), np.bool_)
    new[1:] = (np.diff(links.chain) != 0) | (np.diff(links.kind) != 0)
    run = np.cumsum(new) - 1  # of each link
    lengths = np.bincount(run)
    wanted = lengths[run] >= SHORTEST
    if not wanted.any():
        return code
    places = np.arange(len(run)) - np.flatnonzero(new)[run]
    lasts = places == lengths[run] - 1
    return _rewritten(first, code, links, wanted, places, lengths[run], lasts)


def _linked(first: int, code: Code) -> _Links:
    n = len(code.codes)
    uses = np.bincount(np.concatenate([code.operands, code.outputs]), minlength=first + n)
    once = uses[first:] == 1
    is_add = code.codes == code.rows.index(add)
    kinds = np.zeros(n, np.int64)  # of instructions as terms
    for kind, adder in enumerate(_ADDERS):
        if kind and adder.term_op in code.rows:
            kinds[once & (code.codes == code.rows.index(adder.term_op))] = kind
    adds = np.flatnonzero(is_add)
    places = np.full(n, -1)
    places[adds] = np.arange(len(adds))

    def of_producers(marks: npt.NDArray[np.generic], registers: Indices, none: int) -> Indices:
        known = marks[np.maximum(registers - first, 0)]
        return np.where(registers >= first, known, none).astype(np.int64)

    before = code.operands[code.starts[adds]]
    term = code.operands[code.starts[adds] + 1]
    continues = of_producers(once & is_add, before, 0) == 1
    # x + y and y + x are the same to the bit: rather continue a chain, rather add a product
    other = ~continues & (of_producers(once & is_add, term, 0) == 1)
    continues |= other
    other |= ~continues & (of_producers(kinds, term, 0) == 0) & (of_producers(kinds, before, 0) > 0)
    before, term = np.where(other, term, before), np.where(other, before, term)
    chain = np.where(continues, of_producers(places, before, 0), np.arange(len(adds)))
    while True:  # from each to its predecessor's predecessor, as in list ranking
        further = chain[chain]
        if np.array_equal(further, chain):
            break
        chain = further
    sort = of_producers(kinds, term, 0)
    pair = ~continues & (sort > 0) & (of_producers(kinds, before, 0) == sort)
    none = np.full(pair.sum(), -1)
    links = _Links(
        np.concatenate([none, adds]),
        np.concatenate([chain[pair], chain]),
        np.concatenate([none, before]),
        np.concatenate([before[pair], term]),
        np.concatenate([sort[pair], sort]),
    )
    order = np.argsort(links.chain, kind="stable")
    return _Links(*[part[order] for part in links])


def _rewritten(
    first: int, code: Code, links: _Links, wanted: Marks, places: Indices, lengths: Indices,
    lasts: Marks,
) -> Code:  # fmt: skip
    """Leave the wanted links to the last of each run."""
    n, sizes = len(code.codes), np.diff(code.starts)
    codes, kept = code.codes.astype(np.int64), np.ones(n, np.bool_)
    owner = np.repeat(np.arange(n), sizes)
    kept[links.instruction[wanted & (links.instruction >= 0)]] = False
    plain = kept.copy()
    owners, ranks, values = [], [], []
    for kind, adder in enumerate(_ADDERS):
        mine = wanted & (links.kind == kind)
        run = np.cumsum(lasts & mine) - (lasts & mine)
        last = links.instruction[lasts & mine]
        if not len(last):
            continue
        kept[last] = True
        codes[last] = len(code.rows) + kind
        length = lengths[mine]
        many = len(adder.vectors)
        sizes[last] = many * lengths[lasts & mine] + 1
        if kind:
            products = links.term[mine] - first
            kept[products] = plain[products] = False
        for k in range(many):
            owners.append(last[run[mine]])
            ranks.append(places[mine] + k * length)
            values.append(code.operands[code.starts[products] + k] if kind else links.term[mine])
        begins = mine & (places == 0)
        owners.append(last)
        ranks.append(sizes[last] - 1)
        values.append(np.where(links.before[begins] < 0, first + n, links.before[begins]))
    whole = plain[owner]
    owners.append(owner[whole])
    ranks.append((np.arange(len(owner)) - np.repeat(code.starts[:-1], np.diff(code.starts)))[whole])
    values.append(code.operands[whole])
    starts = np.concatenate([[0], np.cumsum(np.where(kept, sizes, 0))])
    reads = np.concatenate(values)
    added = bool((reads == first + n).any())  # a constant behind the others
    registers = np.concatenate([np.arange(first), first + added - 1 + np.cumsum(kept), [first]])
    operands = np.empty(starts[-1], np.int64)
    operands[starts[np.concatenate(owners)] + np.concatenate(ranks)] = registers[reads]
    used, where, again = np.unique(codes[kept], return_index=True, return_inverse=True)
    order = np.argsort(where)
    rows = (*code.rows, *_ADDERS)
    return Code(
        np.append(code.constants, _NOTHING) if added else code.constants,
        tuple(rows[used[k]] for k in order),
        np.argsort(order).astype(np.int32)[again],
        starts[np.append(np.flatnonzero(kept), n)],
        operands,
        registers[code.outputs],
    )
