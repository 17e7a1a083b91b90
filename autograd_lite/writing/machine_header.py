"""Writes the rows that programs keep as instructions as a C header, for the machine.

As `rules_header` does, this calls every rule on symbols. Of a row over sequences, whose rule is one
fold, come three functions: the first total, the next one, and what becomes of the last; of one that
looks at one place, that place and what becomes of the element there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from autograd_lite.ops import TABLE, Op, SequenceOp
from autograd_lite.ops.digest import table_digest
from autograd_lite.ops.languages import record_of
from autograd_lite.ops.leaf import Leaf
from autograd_lite.writing.printer import fold_in
from autograd_lite.writing.rules_header import Header, list_macro, quiet
from autograd_lite.writing.statements import Output
from autograd_lite.writing.symbols import (
    COUNT,
    TOTAL,
    Fold,
    Look,
    Symbol,
    as_symbol,
    entry,
    expression,
    symbols_for,
)

_HEAD = """\
/* What programs are made of, as C, written by autograd_lite/writing/machine_header.py whenever the
   machine is built: change the op table, not this file.

   forward_NAME gives a row's value. A fold over vectors is start_NAME, then step_NAME for each
   element, then finish_NAME; a look at the element at place_NAME, then finish_NAME. attrs holds the
   row's attributes. VECTOR_LEAVES are functions of the C library that may have a form over
   vectors. */
#ifndef AUTOGRAD_LITE_KERNELS_H
#define AUTOGRAD_LITE_KERNELS_H

#include <math.h>
#include "lanes.h"
"""

#: Rows over more vectors, or of more arguments, are evaluated outside of the machine.
_MOST_ARGUMENTS = 3
_ELEMENTS = ("x", "y")
_MOST_VECTORS = len(_ELEMENTS)


def machine_header(table: Mapping[str, Op] = TABLE) -> str:
    """The C header of a table's kernels."""
    rows = [row for row in table.values() if row.is_kernel and _fits(row)]
    header = Header(table)
    for row in rows:
        if isinstance(row, SequenceOp):
            _add_fold(header, row)
        else:
            header.scratch_of(row)
    return "\n".join([_HEAD, quiet(header.functions), *_macros(rows), "#endif", ""])


def _fits(row: Op) -> bool:
    if isinstance(row, SequenceOp):
        return len(row.vectors) <= _MOST_VECTORS
    return len(row.arguments) <= _MOST_ARGUMENTS


def _vector_leaf(row: Op) -> Leaf | None:
    """The function of the C library that a row is, if one over vectors may stand for it."""
    leaf = _function(row)
    return leaf if leaf and record_of(leaf).vectors else None


def _macros_of_vectors(rows: Sequence[Op]) -> Iterator[str]:
    """Rows by whether vector mathematics may compute them, then its leaves."""
    leaves: dict[str, str] = {}
    for arity in range(1, _MOST_ARGUMENTS + 1):
        loops, calls = [], []
        for row in [row for row in rows if row.arity == arity]:
            if (leaf := _vector_leaf(row)) is None:
                loops.append(f"X({row.name})")
                continue
            record = record_of(leaf)
            calls.append(f"X({row.name}, {leaf.c}, {record.vector_form})")
            needs = record.vectors.replace("@", leaf.c)
            how = f"{record.vector_form}, {needs}, {int(record.own_vectors)}"
            leaves[leaf.c] = f"X({leaf.c}, {arity}, {how})"
        yield list_macro(f"LOOPS_{arity}", loops)
        yield list_macro(f"LEAVES_{arity}", calls)
    yield list_macro("VECTOR_LEAVES", [*leaves.values()])


def _fold_of(row: SequenceOp) -> tuple[Fold, Symbol, dict[Symbol, Symbol]]:
    """The fold in a row's rule, the rule's result, and what is called otherwise than there."""
    given, many = symbols_for(row), len(row.vectors)
    attrs = {name: entry("attrs", i) for i, name in enumerate(row.attrs)}
    result = as_symbol(row.rules[0](*given, **attrs))
    fold, total = fold_in(result), expression("name", "total")
    names = {TOTAL: total, fold: total, COUNT: expression("name", "count")}
    elements = zip(given[:many], _ELEMENTS, strict=False)
    names |= {vector.element: expression("name", name) for vector, name in elements}
    names |= {number: entry("scalars", k) for k, number in enumerate(given[many:])}
    return fold, result, names


def _add_fold(header: Header, row: SequenceOp) -> None:
    fold, result, names = _fold_of(row)
    if isinstance(fold, Look):
        header.add(f"place_{row.name}", ["count", "scalars", "attrs"], [Output(fold.place)], names)
    else:
        _add_steps(header, row, fold, names)
    parameters = ["total", "count", "scalars", "attrs"]
    header.add(f"finish_{row.name}", parameters, [Output(result)], names)


def _add_steps(header: Header, row: SequenceOp, fold: Fold, names: Mapping[Symbol, Symbol]) -> None:
    start = fold.start if fold.first is None else fold.first.element
    assert start is not None
    elements, rest = _ELEMENTS[: len(row.vectors)], ["scalars", "attrs"]
    header.add(f"start_{row.name}", [*elements, *rest], [Output(start)], names)
    header.add(f"step_{row.name}", ["total", *elements, *rest], [Output(fold.body)], names)


def _macros(rows: Sequence[Op]) -> Iterator[str]:
    for arity in range(1, _MOST_ARGUMENTS + 1):
        yield list_macro(f"KERNELS_{arity}", [f"X({r.name})" for r in rows if r.arity == arity])
    leaves = {leaf.c: row for row in rows if (leaf := _function(row))}
    for arity in range(1, _MOST_ARGUMENTS + 1):
        same = [f"X({r.name}, {c})" for c, r in leaves.items() if r.arity == arity]
        yield list_macro(f"FUNCTIONS_{arity}", same)
    yield from _macros_of_vectors(rows)
    yield from _macros_of_arithmetic([r for r in rows if r.arity == 2 and _is_plain(r)])
    many = [row for row in rows if isinstance(row, SequenceOp)]
    looks = [row for row in many if isinstance(_fold_of(row)[0], Look)]
    yield list_macro("LOOKS", [f"X({row.name}, {len(row.scalars)})" for row in looks])
    yield from _macros_of_folds([row for row in many if row not in looks])
    yield list_macro("KERNELS", [f"X({_columns(row)})" for row in rows])
    yield f'#define TABLE_DIGEST "{table_digest()}"\n'


def _function(row: Op) -> Leaf | None:
    """The function of the C library that a row is, if it is one."""
    forward = row.rules[0]
    return forward if isinstance(forward, Leaf) and not forward.compare else None


def _is_plain(row: Op) -> bool:
    return row.is_arithmetic and not row.attrs


def _macros_of_arithmetic(plain: Sequence[Op]) -> Iterator[str]:
    """Rows of two numbers: each, and any two in turn."""
    yield list_macro("ARITHMETIC_2", [f"X({row.name}, {_quick(row)})" for row in plain])
    pairs = [f"X({inner.name}, {outer.name})" for inner in plain for outer in plain]
    yield list_macro("PAIRS", pairs)


def _macros_of_folds(folds: Sequence[SequenceOp]) -> Iterator[str]:
    """Rows over vectors: each, by how many these are; sums of products, and their products."""
    for n in range(1, _MOST_VECTORS + 1):
        found = [row for row in folds if len(row.vectors) == n]
        yield list_macro(f"FOLDS_{n}", [_fold_entry(row) for row in found])
    rolled, products = [], []
    for row in found:  # those over two
        term, quick = row.term_op, row.fast_variant or row
        quick_term = quick.term_op if isinstance(quick, SequenceOp) else None
        if term is not None and quick_term is not None and quick_term.operator:
            rolled.append(_operator(row, quick_term))
            products.append(_operator(term, quick_term))
    yield list_macro("ROLLED_2", rolled)
    yield list_macro("PRODUCTS_2", products)


def _fold_entry(row: SequenceOp) -> str:
    """Its name, single numbers, whether it starts with the first element, what is quicker."""
    starts_in_vector = int(_fold_of(row)[0].first is not None)
    return f"X({row.name}, {len(row.scalars)}, {starts_in_vector}, {_quick(row)})"


def _operator(row: Op, quick: Op) -> str:
    """A row, whether another is tried first, and the operator of what is tried."""
    return f"X({row.name}, {int(row.fast_variant is not None)}, {quick.symbol})"


def _quick(row: Op) -> str:
    """Which row is tried first, and whether that may be another."""
    return f"{(row.fast_variant or row).name}, {int(row.fast_variant is not None)}"


def _columns(row: Op) -> str:
    """Name, text, attributes; arguments, or vectors, single numbers, whether none is too few."""
    sizes = [0, len(row.arguments), 0]
    if isinstance(row, SequenceOp):
        sizes = [len(row.vectors), len(row.scalars), int(not row.empty)]
    return ", ".join([row.name, f'"{row.name}"', *map(str, [len(row.attrs), *sizes])])
