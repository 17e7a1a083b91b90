"""Chains of additions in a program become one instruction each, which adds in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from autograd_lite.engine import Builder
from autograd_lite.ops import TABLE, SequenceOp
from autograd_lite.ops.rules import add, identity
from autograd_lite.program.code import Code, Indices, Marks

C = TypeVar("C", bound=Code)

#: The shortest chain that becomes one instruction.
SHORTEST = 4

#: Ops that add up a sequence: plain terms first, then products, which become part of the op.
_ADDERS = [op for op in TABLE.values() if isinstance(op, SequenceOp) and op.term_op is not None]
_ADDERS.sort(key=lambda op: op.term_op is not identity)
#: Adding any number to it gives that number, to the bit.
_NOTHING = -0.0


class _Links(NamedTuple):
    """Additions, chain by chain, those of a chain in order."""

    instruction: Indices  # -1 for none: the first product of a chain is added to nothing
    chain: Indices  # equal for those of one chain
    #: The register that it adds to; -1 for nothing. For all but the first of a chain it is the
    #: predecessor, which nothing else reads.
    before: Indices
    term: Indices  # the register that it adds
    kind: Indices  # which of `_ADDERS` takes the term

    def where(self, marks: Marks) -> _Links:
        """The marked ones."""
        return _Links(*[part[marks] for part in self])


def finished(kind: type[C], builder: Builder, outputs: Sequence[int], single: bool) -> C:
    """The code in a builder whose outputs are some of its registers, rolled."""
    constants, ops, codes, starts, operands, ends, saved = builder.finished(outputs)
    starts, operands, ends = (np.frombuffer(part, np.int64) for part in (starts, operands, ends))
    plain = kind(
        builder.n_inputs, np.frombuffer(constants, np.float64), ops,
        np.frombuffer(codes, np.int32), starts, operands, ends, single, saved,
    )  # fmt: skip
    found = rolled(plain)
    found.saved["rolled"] = len(plain) - len(found)
    return found


def rolled(code: C) -> C:
    """The same instructions, with one op over a sequence for each long chain of additions.

    Every sum has the terms that it had, in the same order, so no bit of a result changes. Products
    that only such a chain reads become part of its instruction.
    """
    if add not in code.ops:
        return code
    links = _linked(code)
    new = np.ones(len(links.instruction), np.bool_)
    new[1:] = (np.diff(links.chain) != 0) | (np.diff(links.kind) != 0)
    run = np.cumsum(new) - 1  # of each link
    wanted = np.bincount(run)[run] >= SHORTEST
    if not wanted.any():
        return code
    rewriting = _Rewriting(code, links.where(wanted))
    for kind in range(len(_ADDERS)):
        mine = wanted & (links.kind == kind)
        if mine.any():
            rewriting.roll(kind, links.where(mine), run[mine])
    return rewriting.finished()


def _linked(code: Code) -> _Links:
    n, first = len(code), code.first
    uses = np.bincount(np.concatenate([code.operands, code.outputs]), minlength=first + n)
    once = uses[first:] == 1
    is_add = code.codes == code.ops.index(add)
    kinds = np.zeros(n, np.int64)  # of instructions as terms
    for kind, adder in enumerate(_ADDERS):
        if kind and adder.term_op in code.ops:
            kinds[once & (code.codes == code.ops.index(adder.term_op))] = kind
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


class _Rewriting(Generic[C]):
    """Instructions while runs of links become one each, the last of the run."""

    def __init__(self, code: C, links: _Links) -> None:
        self.code = code
        self.codes, self.sizes = code.codes.astype(np.int64), np.diff(code.starts)
        self.plain = np.ones(len(code), np.bool_)  # instructions that stay as they are
        self.plain[links.instruction[links.instruction >= 0]] = False
        self.kept = self.plain.copy()  # those that stay, or are a run now
        #: Operands: the instruction of each, its place in it, and the register; one behind all
        #: registers stands for the constant `_NOTHING`.
        self.reads: list[tuple[Indices, Indices, Indices]] = []

    def roll(self, kind: int, links: _Links, run: Indices) -> None:
        """Rewrite runs of links of one kind, given the number of the run of each."""
        code, first, many = self.code, self.code.first, len(_ADDERS[kind].vectors)
        _, begins, own, lengths = np.unique(
            run, return_index=True, return_inverse=True, return_counts=True
        )
        last = links.instruction[begins + lengths - 1]
        self.kept[last] = True
        self.codes[last], self.sizes[last] = len(code.ops) + kind, many * lengths + 1
        terms = [links.term]
        if kind:
            products = links.term - first
            self.kept[products] = self.plain[products] = False
            terms = [code.operands[code.starts[products] + k] for k in range(many)]
        places = np.arange(len(run)) - begins[own]
        for k, registers in enumerate(terms):
            self.reads.append((last[own], places + k * lengths[own], registers))
        before = links.before[begins]
        before[before < 0] = first + len(code)
        self.reads.append((last, many * lengths, before))

    def finished(self) -> C:
        """The code, its registers numbered anew."""
        code, first, n = self.code, self.code.first, len(self.code)
        counts = np.diff(code.starts)
        owner = np.repeat(np.arange(n), counts)
        whole = self.plain[owner]
        places = np.arange(len(owner)) - np.repeat(code.starts[:-1], counts)
        self.reads.append((owner[whole], places[whole], code.operands[whole]))
        owners, ranks, reads = (np.concatenate(part) for part in zip(*self.reads, strict=True))
        added = bool((reads == first + n).any())  # a constant behind the others
        kept = np.cumsum(self.kept)
        registers = np.concatenate([np.arange(first), first + added - 1 + kept, [first]])
        starts = np.concatenate([[0], np.cumsum(np.where(self.kept, self.sizes, 0))])
        operands = np.empty(starts[-1], np.int64)
        operands[starts[owners] + ranks] = registers[reads]
        used, at, again = np.unique(self.codes[self.kept], return_index=True, return_inverse=True)
        order, ops = np.argsort(at), (*code.ops, *_ADDERS)
        return code.changed(
            constants=np.append(code.constants, _NOTHING) if added else code.constants,
            ops=tuple(ops[used[k]] for k in order),
            codes=np.argsort(order)[again].astype(np.int32),
            starts=starts[np.append(np.flatnonzero(self.kept), n)],
            operands=operands,
            outputs=registers[code.outputs],
        )
