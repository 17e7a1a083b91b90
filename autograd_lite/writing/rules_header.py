"""Writes the rules of the op table as a C header, when the C engine is built.

Every rule is called on symbols (`symbols`) and what comes back is written down: one C function per
rule, and macros that list the rows. No rule is known here by name: a new row of the table appears
in the C engine by rebuilding. ``python -m autograd_lite.writing.rules_header`` prints the header.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from autograd_lite.ops import TABLE, Op, SequenceOp
from autograd_lite.ops.digest import table_digest
from autograd_lite.ops.duals import Dual, tangent_of
from autograd_lite.ops.leaf import Leaf
from autograd_lite.writing.c_language import C
from autograd_lite.writing.dual_vectors import DualVector
from autograd_lite.writing.statements import Function, Output
from autograd_lite.writing.symbols import (
    Entry,
    Symbol,
    Vector,
    as_symbol,
    called,
    entry,
    expression,
    symbols_for,
)

#: CPython's slot for each operator that a row may answer to, by the number of operands.
_SLOTS = {
    "OPERATORS_1": {"neg": "nb_negative", "abs": "nb_absolute"},
    "OPERATORS_2": {
        "add": "nb_add", "sub": "nb_subtract", "mul": "nb_multiply", "truediv": "nb_true_divide",
        "mod": "nb_remainder", "floordiv": "nb_floor_divide",
    },
    "OPERATORS_POWER": {"pow": "nb_power"},
}  # fmt: skip

_HEAD = """\
/* The rules of the op table (autograd_lite/ops) as C, written whenever the C engine is built by
   autograd_lite/writing/rules_header.py: change the table, not this file.

   forward_NAME gives a row's value, partialK_NAME its derivative in argument K, tangentK_NAME how
   fast that one changes when value and arguments change as fast as t_out, t_x … say. Rows over
   sequences take vectors of m numbers one after the other, then single numbers; scratch is room
   for intermediate vectors. attrs holds the row's attributes, in the order of the table. */
#ifndef AUTOGRAD_LITE_RULES_H
#define AUTOGRAD_LITE_RULES_H

#include <math.h>
"""


def header(table: Mapping[str, Op] = TABLE) -> str:
    """The C header of a table.

    Raises
    ------
    TypeError
        If a rule does what symbols cannot; the message names the row.
    """
    return Header(table).text()


class Header:
    """A header as it is being written: in `functions` each comes after those that it calls."""

    def __init__(self, table: Mapping[str, Op], language: C | None = None) -> None:
        self.rows, self.language = list(table.values()), language or C()
        self.functions: list[str] = []
        self.scratch: dict[str, int] = {}

    def text(self) -> str:
        """All of it."""
        largest = {row.name: self.scratch_of(row) for row in self.rows}
        for row in self.rows:
            partials, tangents = self._add_partials(row), self._add_tangents(row)
            largest[row.name] = max(largest[row.name], partials, tangents)
        return "\n".join([_HEAD, quiet(self.functions), *self._macros(largest), "#endif", ""])

    def scratch_of(self, row: Op) -> int:
        """Scratch vectors that a row's forward function needs; writes it, unless it is there."""
        if row.name in self.scratch:
            return self.scratch[row.name]
        forward, arguments = row.rules[0], symbols_for(row)
        if isinstance(forward, Leaf):
            result = called(forward, arguments)
        else:
            result = _evaluated(row, "forward", forward, arguments)
        inline = row.arity is not None
        needed = self.add(f"forward_{row.name}", _parameters(row), [Output(result)], inline=inline)
        self.scratch[row.name] = needed
        return needed

    def _add_partials(self, row: Op) -> int:
        """Write a row's partial derivatives; the scratch vectors that they need."""
        arguments = [expression("name", "out"), *symbols_for(row)]
        return self._add_each(row, "partial", arguments, ["out", *_parameters(row)])

    def _add_tangents(self, row: Op) -> int:
        """Write the tangents of a row's partial derivatives; the scratch vectors they need."""
        arguments = [_dual("out"), *_dual_arguments(row)]
        each = ["args"] if row.arity is None else row.arguments
        parameters = ["out", *_parameters(row), "t_out", *[f"t_{name}" for name in each]]
        return self._add_each(row, "tangent", arguments, parameters)

    def _add_each(self, row: Op, name: str, arguments: list[Any], parameters: list[str]) -> int:
        """Write what the partials give, a function for each; one for all of a row over vectors."""
        many = len(row.vectors) if isinstance(row, SequenceOp) else 0
        outputs = []
        for k, rule in enumerate(row.rules[1]):
            found = _evaluated(row, f"{name} {k}", rule, arguments, vector=k < many)
            body = found.element if isinstance(found, Vector) else found
            target = Entry(f"{name}s", min(k, many), None if k < many else k - many)
            outputs.append(Output(body, target))
        if isinstance(row, SequenceOp):
            return self.add(f"{name}s_{row.name}", [*parameters, f"{name}s"], outputs)
        for k, output in enumerate(outputs):
            self.add(f"{name}{k}_{row.name}", parameters, [Output(output.body)])
        return 0

    def add(
        self, name: str, parameters: Sequence[str], outputs: Sequence[Output],
        names: Mapping[Symbol, Symbol] | None = None, inline: bool = True,
    ) -> int:  # fmt: skip
        """Write a function of these results; the scratch vectors that it needs."""
        body = Function(outputs, self.scratch_of, self.language, names)
        kind = "inline " * inline + ("double" if body.returns else "void")
        self.functions.append(self.language.function(kind, name, parameters, body.lines))
        return body.scratch

    def _macros(self, scratch: Mapping[str, int]) -> Iterator[str]:
        for arity in (1, 2, 3):
            same = [f"X({row.name})" for row in self.rows if row.arity == arity]
            yield list_macro(f"ROWS_{arity}", same)
        sequences = [
            f"X({row.name}, {len(row.vectors)}, {len(row.scalars)}, {scratch[row.name]})"
            for row in self.rows
            if isinstance(row, SequenceOp)
        ]
        yield list_macro("SEQUENCE_ROWS", sequences)
        rows = [
            f'X({i}, {row.name}, "{row.name}", {-1 if row.arity is None else row.arity})'
            for i, row in enumerate(self.rows, 1)
        ]
        yield list_macro("ROWS", rows)
        yield f"#define N_ROWS {len(rows)}\n"
        for macro, slots in _SLOTS.items():
            found = [row for row in self.rows if row.operator in slots]
            yield list_macro(macro, [f"X({row.name}, {slots[row.operator]})" for row in found])
        yield f'#define TABLE_DIGEST "{table_digest()}"\n'


def quiet(functions: Sequence[str]) -> str:
    """Functions that need not use all their parameters."""
    ignored = '#pragma GCC diagnostic ignored "-Wunused-parameter"'
    before = f"#ifdef __GNUC__\n#pragma GCC diagnostic push\n{ignored}\n#endif\n"
    return "\n".join([before, *functions, "#ifdef __GNUC__\n#pragma GCC diagnostic pop\n#endif\n"])


def list_macro(macro: str, entries: Sequence[str]) -> str:
    """A macro that lists entries."""
    return " \\\n    ".join([f"#define {macro}(X)", *entries]) + "\n"


def _parameters(row: Op) -> list[str]:
    if row.arity is None:
        return ["args", "m", "attrs", "scratch"]
    return [*row.arguments, "attrs"]


def _dual(name: str) -> Dual:
    """A parameter with its tangent, which is called ``t_`` and its name."""
    return Dual(expression("name", name), expression("name", f"t_{name}"))


def _dual_arguments(row: Op) -> list[Any]:
    if not isinstance(row, SequenceOp):
        return [*map(_dual, row.arguments)]
    many = len(row.vectors)
    vectors = [DualVector(Vector(k), Vector(k, array="t_args")) for k in range(many)]
    numbers = [
        Dual(*[entry(array, k, many) for array in ("args", "t_args")])
        for k in range(len(row.scalars))
    ]
    return [*vectors, *numbers]


def _evaluated(
    row: Op, which: str, rule: Callable[..., Any], arguments: Sequence[Any], vector: bool = False
) -> Any:
    """A rule's symbolic result, its tangent if it has one; a Vector only where it is due."""
    attrs: dict[str, Any] = {name: entry("attrs", i) for i, name in enumerate(row.attrs)}
    dual = bool(arguments) and isinstance(arguments[0], Dual)
    if dual:  # for a rule may hand a symbol and a Dual to the same row
        attrs = {name: Dual(attr, 0.0) for name, attr in attrs.items()}
    try:
        found = rule(*arguments, **attrs)
        if dual:
            found = found.tangents if isinstance(found, DualVector) else tangent_of(found)
        return found if vector and isinstance(found, Vector) else as_symbol(found)
    except TypeError as error:
        raise TypeError(f"{row.name}: its {which} cannot be written in C: {error}") from error


if __name__ == "__main__":
    print(header())
