"""The rules of the op table as JavaScript: the C header, in a language a page can run.

C and JavaScript write arithmetic, loops and choice alike, so what the header's writer makes of a
rule is taken over, and the few things that are written in another way are replaced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from autograd_lite.ops import Op, SequenceOp
from autograd_lite.writing.rules_header import Header
from autograd_lite.writing.statements import Function

#: What C writes, and what JavaScript does. Functions of the C library: ``scripts/library.js``.
_REPLACED = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\(const double\[\]\)\{([^}]*)\}", r"[\1]"),
        (r"\(double\)m\b", "m"),
        (r"\bconst double \*?", "const "),
        (r"\b(double|Py_ssize_t) ", "let "),
        (r"&(\w+)\[([^\]]*)\]", r"\1.subarray(\2)"),
        (r"\bNULL\b", "null"),
        (r"\bINFINITY\b", "Infinity"),
        (r"\bNAN\b", "NaN"),
    )
]
_HEAD = re.compile(r"(\w+)\((.*)\)$")
_PARAMETER = re.compile(r"(\w+)(?=,|$)")


class _Script(Header):
    """Functions in JavaScript, each after those that it calls."""

    def add(self, head: str, function: Function) -> None:
        """Write a function with this head, which is that of a function in C."""
        match = _HEAD.search(head)
        assert match is not None
        parameters = ", ".join(_PARAMETER.findall(match[2]))
        lines = "\n".join(f"  {line}" for line in function.lines)
        for pattern, replacement in _REPLACED:
            lines = pattern.sub(replacement, lines)
        self.functions.append(f"function {match[1]}({parameters}) {{\n{lines}\n}}")

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
    written, known = _Script({}), set[str]()
    entries = []
    for row in rows:
        before = list(written.functions)
        entries.append(written.entry(row))
        if row.name in known:  # the same functions, which take the attributes
            written.functions = before
        known.add(row.name)
    return "\n".join(written.functions), f"[{', '.join(entries)}]"
