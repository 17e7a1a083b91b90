"""Functions in LLVM's intermediate representation: each step a line, which names its number.

A number is a double, or a vector of lanes with one for each row of data. LLVM may neither contract
operations nor order sums anew.
"""

import struct
from collections.abc import Iterable, Sequence

from autograd_lite.ops.languages import record_of
from autograd_lite.ops.leaf import Leaf
from autograd_lite.writing.printer import Printer

_OPERATIONS = {"+": "fadd", "-": "fsub", "*": "fmul", "/": "fdiv"}
#: With a nan as in C.
_COMPARISONS = {"<": "olt", "<=": "ole", "==": "oeq", "!=": "une"}


class LLVM(Printer):
    """The body of a function.

    Parameters
    ----------
    lanes : int
        How many numbers a step computes at once.
    vectors : iterable of str
        The leaves, by their names in C, that have a function of so many lanes. It is called
        ``leaf``, the number of lanes, ``_`` and that name; without a number that of one lane.

    Attributes
    ----------
    flags : str
        What arithmetic may change: ``"nsz "`` for the signs of zeros, else nothing.
    lines : list of str
        What was written so far.
    declared : dict of str to str
        The declarations of the functions that are called, by name.
    """

    def __init__(self, lanes: int, vectors: Iterable[str] = ()) -> None:
        self.lanes, self._vectors = lanes, frozenset(vectors)
        self.type = "double" if lanes == 1 else f"<{lanes} x double>"
        self.flags = ""
        self.lines: list[str] = []
        self.declared: dict[str, str] = {}
        self._count = 0
        self._opposites: dict[str, str] = {}  # of numbers with another sign, which stand before

    def line(self, text: str) -> str:
        """Append a step; the name of its result."""
        self._count += 1
        self.lines.append(f"%t{self._count} = {text}")
        return f"%t{self._count}"

    def number(self, number: float) -> str:
        """A number as its bits, in all lanes."""
        [bits] = struct.unpack("<Q", struct.pack("<d", number))
        text = f"0x{bits:016X}"
        return text if self.lanes == 1 else f"<{', '.join([f'double {text}'] * self.lanes)}>"

    def spread(self, one: str) -> str:
        """A single number in all lanes."""
        if self.lanes == 1:
            return one
        first = self.line(f"insertelement {self.type} poison, double {one}, i32 0")
        zeros = f"<{self.lanes} x i32> zeroinitializer"
        return self.line(f"shufflevector {self.type} {first}, {self.type} poison, {zeros}")

    def operation(self, sign: str, x: str, y: str) -> str:
        """See `Printer`; signs are put off, as often nobody needs them: a + (-b) is a - b."""
        if self.flags and sign == "-" and x == self.number(0.0):
            return self.negation(y)
        a, b = self._opposites.get(x), self._opposites.get(y)
        if sign in "*/" and (a or b):
            found = self._step(sign, a or x, b or y)
            return found if a and b else self.negation(found)
        if b:  # both or one of them: -a + -b and -a - b may differ from -(a + b) in a zero's sign
            return self._step("-" if sign == "+" else "+", x, b)
        if a and (sign == "+" or self.flags):
            return self._step("-", y, a) if sign == "+" else self.negation(self._step("+", a, y))
        return self._step(sign, x, y)

    def _step(self, sign: str, x: str, y: str) -> str:
        return self.line(f"{_OPERATIONS[sign]} {self.flags}{self.type} {x}, {y}")

    def negation(self, x: str) -> str:
        """See `Printer`; LLVM leaves out what is not used."""
        if x in self._opposites:
            return self._opposites[x]
        found = self.line(f"fneg {self.flags}{self.type} {x}")
        self._opposites[found] = x
        return found

    def choice(self, sign: str, x: str, y: str, yes: str, no: str) -> str:
        """See `Printer`."""
        marks = "i1" if self.lanes == 1 else f"<{self.lanes} x i1>"
        holds = self.line(f"fcmp {_COMPARISONS[sign]} {self.type} {x}, {y}")
        return self.line(f"select {marks} {holds}, {self.type} {yes}, {self.type} {no}")

    def leaf(self, leaf: Leaf, args: Sequence[str]) -> str:
        """See `Printer`; without a function of vectors each lane is computed by itself."""
        exact = record_of(leaf).llvm
        if exact:
            suffix = "f64" if self.lanes == 1 else f"v{self.lanes}f64"
            return self._call(f"{exact}.{suffix}", self.type, args)
        if self.lanes == 1:
            return self._call(f"leaf_{leaf.c}", "double", args)
        if leaf.c in self._vectors:
            return self._call(f"leaf{self.lanes}_{leaf.c}", self.type, args)
        found = "poison"
        for i in range(self.lanes):
            own = [self.line(f"extractelement {self.type} {arg}, i32 {i}") for arg in args]
            one = self._call(f"leaf_{leaf.c}", "double", own)
            found = self.line(f"insertelement {self.type} {found}, double {one}, i32 {i}")
        return found

    def _call(self, name: str, kind: str, args: Sequence[str]) -> str:
        self.declared[name] = f"declare {kind} @{name}({', '.join([kind] * len(args))})"
        return self.line(f"call {kind} @{name}({', '.join(f'{kind} {arg}' for arg in args)})")
