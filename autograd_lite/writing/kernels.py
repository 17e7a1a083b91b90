"""Which rows a program keeps as single instructions; every other becomes several of these."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from autograd_lite.ops import Op, SequenceOp
from autograd_lite.ops.leaf import Leaf
from autograd_lite.writing.symbols import Element, Fold, Symbol, Whole, symbols_for

_CALL = re.compile(r"[a-z]\w*\(")


def is_kernel(row: Op) -> bool:
    """Whether a row is one function of the C library, or arithmetic, or a fold with arithmetic.

    One that gives its argument back is no step at all.
    """
    return not row.custom and _is_step(row)


@cache
def _is_step(row: Op) -> bool:
    return isinstance(row.rules[0], Leaf) or (is_arithmetic(row) and not _is_nothing(row))


@cache
def is_arithmetic(row: Op) -> bool:
    """Whether a row's forward rule has no step but + - * /, choice, and at most one fold."""
    forward = row.rules[0]
    if isinstance(forward, Leaf):
        return bool(forward.text)
    steps = [*_steps(forward(*symbols_for(row), **dict.fromkeys(row.attrs, 1.0)))]
    folds = [step for step in steps if isinstance(step, Fold)]
    return len(folds) <= isinstance(row, SequenceOp) and all(map(_is_plain, steps))


def _is_nothing(row: Op) -> bool:
    arguments = symbols_for(row)
    return any(row.rules[0](*arguments, **row.attrs) is argument for argument in arguments)


def _is_plain(step: Symbol) -> bool:
    if isinstance(step, Whole) or (isinstance(step, Element) and step.vector.is_scan):
        return False
    return is_arithmetic(step.row) if step.row is not None else not _CALL.match(step.template)


def _steps(result: Symbol) -> Iterator[Symbol]:
    """Every expression in a rule's result, inside loops, too."""
    met: set[Symbol] = set()
    left = [result]
    while left:
        step = left.pop()
        if step in met:
            continue
        met.add(step)
        yield step
        left += step.operands
        if isinstance(step, Fold):
            left.append(step.body)
            if step.start is not None:
                left.append(step.start)
        elif isinstance(step, Element) and step.vector.body is not None:
            left.append(step.vector.body)
