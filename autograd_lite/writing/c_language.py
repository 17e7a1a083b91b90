"""Functions in C: how symbols, statements and heads of functions are written there."""

from __future__ import annotations

from collections.abc import Sequence

from autograd_lite.ops.table import Op
from autograd_lite.writing.printer import Printer
from autograd_lite.writing.symbols import Symbol

#: Types of parameters that are no single numbers.
_TYPES = {
    "m": "Py_ssize_t ",
    **dict.fromkeys(["args", "t_args", "attrs", "scalars"], "const double *"),
    **dict.fromkeys(["scratch", "partials", "tangents"], "double *"),
}


def offset(skipped: int, i: str) -> str:
    """Where element i of a vector lies in an array, behind so many vectors of m numbers."""
    before = ["", "m"][skipped] if skipped < 2 else f"{skipped} * m"
    return " + ".join(part for part in (before, i) if part not in ("", "0")) or "0"


class C(Printer):
    """C, with a function ``forward_NAME`` for each row that rules call.

    Attributes
    ----------
    constant, variable, counter : str
        With what the declarations of these begin.
    count, place, no_array : str
        The length of the vectors, and the counter of a loop over them, as numbers; what stands for
        an array that is not there.
    """

    constant, variable, counter = "const double", "double", "Py_ssize_t"
    count, place, no_array = "(double)m", "(double)i", "NULL"

    def row(self, call: Symbol, args: Sequence[str]) -> str:
        """The call of the row's function."""
        return f"forward_{call.what.name}({', '.join([*args, self.attributes(call.what)])})"

    def attributes(self, row: Op) -> str:
        """The array of a row's attributes."""
        if not row.attrs:
            return self.no_array
        return self.array([self.number(x) for x in row.attrs.values()])

    def array(self, numbers: Sequence[str]) -> str:
        """An array of some numbers."""
        return f"(const double[]){{{', '.join(numbers)}}}"

    def part(self, array: str, at: str) -> str:
        """An array from an offset on."""
        return f"&{array}[{at}]"

    def function(self, kind: str, name: str, takes: Sequence[str], lines: Sequence[str]) -> str:
        """The definition of a function."""
        declared = ", ".join(_TYPES.get(x, "double ") + x for x in takes)
        body = "\n".join(f"    {line}" for line in lines)
        return f"static {kind} {name}({declared})\n{{\n{body}\n}}\n"
