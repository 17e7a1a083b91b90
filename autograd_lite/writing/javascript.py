"""JavaScript: its statements, and the rules of the op table as functions that a page can run."""

import json
from collections.abc import Sequence
from functools import lru_cache

from autograd_lite.ops import Op, SequenceOp
from autograd_lite.writing.c_language import C
from autograd_lite.writing.printer import Rule
from autograd_lite.writing.rules_header import Header
from autograd_lite.writing.statements import Output


class JavaScript(C):
    """JavaScript, which has the statements of C."""

    nan, inf = "NaN", "Infinity"
    constant, variable, counter = "const", "let", "let"
    count, place, no_array = "m", "i", "null"
    library, names = "JavaScript", "javascript"

    def array(self, numbers: Sequence[str]) -> str:
        """An array of some numbers."""
        return f"[{', '.join(numbers)}]"

    def part(self, array: str, at: str) -> str:
        """An array from an offset on."""
        return f"{array}.subarray({at})"

    def function(self, kind: str, name: str, takes: Sequence[str], lines: Sequence[str]) -> str:
        """The definition of a function."""
        body = "\n".join(f"  {line}" for line in lines)
        return f"function {name}({', '.join(takes)}) {{\n{body}\n}}"


class Script(Header, JavaScript):
    """Functions of a page, each after those that it calls."""

    way_out = "which this graph needs on a page; save it as .svg"

    def __init__(self) -> None:
        super().__init__({}, self)

    def define(self, name: str, rule: Rule) -> str:
        """The name of a function that has this rule; here one that stands for C's."""
        if name not in self.scratch:
            self.scratch[name] = 0
            self.add(name, [x.what for x in rule.arguments], [Output(rule.result)])
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


@lru_cache(maxsize=64)  # each page of a graph asks for the same again
def script(rows: tuple[Op, ...]) -> tuple[str, str]:
    """The rules of some rows as JavaScript.

    Parameters
    ----------
    rows : tuple of Op
        None of them a user's own. A row with other attributes than usual is a row of its own.

    Returns
    -------
    functions : str
        Definitions.
    entries : str
        An array with an object for each of the rows.
    """
    written, known = Script(), set[str]()
    entries = []
    for row in rows:
        before = list(written.functions)
        entries.append(written.entry(row))
        if row.name in known:  # the same functions, which take the attributes
            written.functions = before
        known.add(row.name)
    return "\n".join(written.functions), f"[{', '.join(entries)}]"
