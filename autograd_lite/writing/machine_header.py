"""Writes the rows that programs keep as instructions as a C header, for the machine.

As `generate` does, this calls every rule on symbols. Of a row over sequences, whose rule is one
fold, come three functions: the first total, the next one, and what becomes of the last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from autograd_lite.ops import TABLE, Op, SequenceOp
from autograd_lite.ops.leaf import Leaf
from autograd_lite.writing.digest import table_digest
from autograd_lite.writing.kernels import is_arithmetic, is_kernel
from autograd_lite.writing.rules_header import Header, list_macro
from autograd_lite.writing.statements import Function, Output
from autograd_lite.writing.symbols import Symbol, as_symbol, expression

_HEAD = """\
/* What programs are made of, as C, written by autograd_lite/writing/machine_header.py whenever the
   machine is built: change the op table, not this file.

   forward_NAME gives a row's value with the bits of the C library, lane_NAME with those of its
   vector functions, where "lanes.h" has some. A fold over vectors is start_NAME, then step_NAME for
   each element, then finish_NAME. attrs holds the row's attributes. */
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
    rows = [row for row in table.values() if is_kernel(row) and _fits(row)]
    header = Header(table)
    lanes: list[str] = []
    for row in rows:
        if isinstance(row, SequenceOp):
            _add_fold(header, row)
        else:
            header.scratch_of(row)
            lanes.append(_lane(row))
    return "\n".join([_HEAD, *header.functions, *lanes, *_macros(rows), "#endif", ""])


def _fits(row: Op) -> bool:
    if isinstance(row, SequenceOp):
        return len(row.vectors) <= _MOST_VECTORS
    return len(row.arguments) <= _MOST_ARGUMENTS


def _lane(row: Op) -> str:
    """How a block of rows is computed: the same expression, which the compiler makes vectors of."""
    forward, holes = row.rules[0], ", ".join(row.arguments)
    if not isinstance(forward, Leaf) or forward.text:
        return f"#define lane_{row.name} forward_{row.name}\n"
    return (
        f"#ifndef vector_{forward.c}\n#define vector_{forward.c} {forward.c}\n#endif\n"
        f"#define lane_{row.name}({holes}, attrs) vector_{forward.c}({holes})\n"
    )


class _Lanes:
    """A vector in a rule that is one fold: its element, seen from inside the loop."""

    def __init__(self, element: Symbol, folds: list[tuple[Symbol, Symbol, bool]]) -> None:
        self.element, self.folds = element, folds

    @staticmethod
    def _fold(step: Callable[..., Any], vectors: Sequence[_Lanes], start: Any) -> Symbol:
        total = expression("total")
        body = as_symbol(step(total, *[vector.element for vector in vectors]))
        first = vectors[0].element if start is None else as_symbol(start)
        vectors[0].folds.append((first, body, start is None))
        return total

    @staticmethod
    def _each(rule: Callable[..., Any], vectors: Sequence[_Lanes]) -> _Lanes:
        element = as_symbol(rule(*[vector.element for vector in vectors]))
        return _Lanes(element, vectors[0].folds)

    @staticmethod
    def _count(vector: _Lanes) -> Symbol:
        return expression("count")


def _fold_of(row: SequenceOp) -> tuple[Symbol, Symbol, bool, Symbol]:
    """The first total, the next one, whether the first is the first element, and the result."""
    folds: list[tuple[Symbol, Symbol, bool]] = []
    vectors = [_Lanes(expression(name), folds) for name in _ELEMENTS[: len(row.vectors)]]
    scalars = [expression(f"scalars[{k}]") for k in range(len(row.scalars))]
    attrs = {name: expression(f"attrs[{i}]") for i, name in enumerate(row.attrs)}
    result = as_symbol(row.rules[0](*vectors, *scalars, **attrs))
    [(start, step, first)] = folds
    return start, step, first, result


def _add_fold(header: Header, row: SequenceOp) -> None:
    start, step, _, result = _fold_of(row)
    elements = "".join(f"double {name}, " for name in _ELEMENTS[: len(row.vectors)])
    rest = "const double *scalars, const double *attrs"
    for name, parameters, body in (
        ("start", elements + rest, start),
        ("step", f"double total, {elements}{rest}", step),
        ("finish", f"double total, double count, {rest}", result),
    ):
        function = Function([Output(body)], header.scratch_of)
        header.add(f"static inline double {name}_{row.name}({parameters})", function)


def _macros(rows: Sequence[Op]) -> Iterator[str]:
    for arity in range(1, _MOST_ARGUMENTS + 1):
        yield list_macro(f"KERNELS_{arity}", [f"X({r.name})" for r in rows if r.arity == arity])
    plain = [r for r in rows if r.arity == 2 and is_arithmetic(r) and not r.attrs]
    yield list_macro("ARITHMETIC_2", [f"X({row.name}, {_quick(row)})" for row in plain])
    grouped = [row for row in plain if (row.fast_variant or row).operator]
    entries = [
        f"X({row.name}, {int(row.fast_variant is not None)}, {(row.fast_variant or row).symbol})"
        for row in grouped
    ]
    yield list_macro("OPERATORS_2", entries)
    pairs = [f"X({inner.name}, {outer.name})" for inner in plain for outer in plain]
    yield list_macro("PAIRS", pairs)
    folds = [row for row in rows if isinstance(row, SequenceOp)]
    for n in range(1, _MOST_VECTORS + 1):
        found = [row for row in folds if len(row.vectors) == n]
        entries = [
            f"X({r.name}, {len(r.scalars)}, {int(_fold_of(r)[2])}, {_quick(r)})" for r in found
        ]
        yield list_macro(f"FOLDS_{n}", entries)
    entries = []
    for row in folds:
        quick = row.fast_variant or row
        product = isinstance(quick, SequenceOp) and quick.term_op
        if product and product.operator and len(row.vectors) == 2:
            entries.append(f"X({row.name}, {int(quick is not row)}, {product.symbol})")
    yield list_macro("ROLLED_2", entries)
    yield list_macro("KERNELS", [f"X({_columns(row)})" for row in rows])
    yield f'#define TABLE_DIGEST "{table_digest()}"\n'


def _quick(row: Op) -> str:
    """Which row is tried first, and whether that may be another."""
    return f"{(row.fast_variant or row).name}, {int(row.fast_variant is not None)}"


def _columns(row: Op) -> str:
    """Name, text, attributes; arguments, or vectors, single numbers, whether none is too few."""
    sizes = [0, len(row.arguments), 0]
    if isinstance(row, SequenceOp):
        sizes = [len(row.vectors), len(row.scalars), int(not row.empty)]
    return ", ".join([row.name, f'"{row.name}"', *map(str, [len(row.attrs), *sizes])])
