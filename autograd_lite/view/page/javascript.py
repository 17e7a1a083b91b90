"""The rules of the op table as JavaScript that a page can run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence

from autograd_lite.errors import ProgramError
from autograd_lite.ops import Op, SequenceOp
from autograd_lite.ops.leaf import Leaf
from autograd_lite.ops.leaf_records import LEAVES, Record
from autograd_lite.writing.c_language import C
from autograd_lite.writing.rules_header import Header
from autograd_lite.writing.statements import Function, Output
from autograd_lite.writing.symbols import as_symbol, expression


class JavaScript(C):
    """JavaScript, which has the statements of C; `compose` writes a function that it lacks."""

    nan, inf = "NaN", "Infinity"
    constant, variable, counter = "const", "let", "let"
    count, no_array = "m", "null"

    def __init__(self, compose: Callable[[Leaf, int], str]) -> None:
        self._compose = compose

    def leaf(self, leaf: Leaf, args: Sequence[str]) -> str:
        """A function of ``Math`` or of ``scripts/library.js``, else one out of others."""
        name = LEAVES.get(leaf.c, Record()).javascript or self._compose(leaf, len(args))
        return f"{name}({', '.join(args)})"

    def array(self, numbers: Sequence[str]) -> str:
        """An array of some numbers."""
        return f"[{', '.join(numbers)}]"

    def part(self, array: str, at: str) -> str:
        """An array from an offset on."""
        return f"{array}.subarray({at})"

    def function(
        self, name: str, parameters: Sequence[str], body: Function, inline: bool = True
    ) -> str:
        """The definition of a function."""
        lines = "\n".join(f"  {line}" for line in body.lines)
        return f"function {name}({', '.join(parameters)}) {{\n{lines}\n}}"


class _Script(Header):
    """Functions in JavaScript, each after those that it calls."""

    def __init__(self) -> None:
        super().__init__({}, JavaScript(self._composed))

    def _composed(self, leaf: Leaf, count: int) -> str:
        """The function that stands for one of the C library."""
        name, rule = f"composed_{leaf.c}", LEAVES.get(leaf.c, Record()).composed
        if rule is None:
            raise ProgramError(
                f"JavaScript has no {leaf.c}, which this graph needs on a page; save it as .svg"
            )
        if name not in self.scratch:
            given = [expression("name", f"x{k}") for k in range(count)]
            result = as_symbol(rule(*given))
            self.scratch[name] = self.add(name, [x.what for x in given], [Output(result)])
        return name

    def entry(self, row: Op) -> str:
        """JavaScript functions of a row, and the arguments they take."""
        scratch = max(self.scratch_of(row), self._add_partials(row))
        attrs = json.dumps([*row.attrs.values()])
        if isinstance(row, SequenceOp):
            shape = f"vectors: {len(row.vectors)}, scalars: {len(row.scalars)}, scratch: {scratch}"
            partials = f"partials_{row.name}"
        else:
            shape = "vectors: 0"
            partials = f"[{', '.join(f'partial{k}_{row.name}' for k in range(len(row.partials)))}]"
        return f"{{forward: forward_{row.name}, partials: {partials}, attrs: {attrs}, {shape}}}"


def script(rows: Iterable[Op]) -> tuple[str, str]:
    """The rules of some rows as JavaScript.

    Parameters
    ----------
    rows : iterable of Op
        None of them a user's own. A row with other attributes than usual is a row of its own.

    Returns
    -------
    functions : str
        Definitions.
    entries : str
        An array with an object for each of the rows.
    """
    written, known = _Script(), set[str]()
    entries = []
    for row in rows:
        before = list(written.functions)
        entries.append(written.entry(row))
        if row.name in known:  # the same functions, which take the attributes
            written.functions = before
        known.add(row.name)
    return "\n".join(written.functions), f"[{', '.join(entries)}]"
