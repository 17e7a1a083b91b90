"""Programs as source over columns: the same lines for NumPy, JAX and PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_lite.ops.leaf import Leaf
from autograd_lite.program.code import Code
from autograd_lite.program.exports.listing import Listing
from autograd_lite.program.exports.python_code import PythonLanguage, function_from, functions
from autograd_lite.writing.printer import Printer, tight


class ArrayLanguage(PythonLanguage):
    """NumPy's arrays of float64; the others' follow.

    Attributes
    ----------
    target, library : str
        Of the export.
    head : str
        What is imported.
    where, column, shape, result : str
        The functions that choose, make an input a column, give the common shape, and bring an
        output to it.
    decorator, before : str
        Of the function, and its first lines.
    """

    short = 1
    target, library = "to_numpy", "NumPy"
    head = "import math\n\nimport numpy as np"
    where = "np.where"
    column = "np.asarray(x, dtype=np.float64)"
    shape = "np.broadcast_shapes"
    result = "np.array(np.broadcast_to(y, shape))"
    decorator = '@np.errstate(all="ignore")\n'
    before = ""

    def choice(self, sign: str, x: str, y: str, yes: str, no: str) -> str:
        """For each row one of two."""
        return f"{self.where}({tight(x)} {sign} {tight(y)}, {yes}, {no})"

    def leaf(self, leaf: Leaf, args: Sequence[str]) -> str:
        """NumPy's function; where it has none, Python's for each row."""
        if self.names:
            return Printer.leaf(self, leaf, args)
        name = leaf.arrays.__name__
        if getattr(np, name, None) is leaf.arrays:
            return f"np.{name}({', '.join(args)})"
        return f"{self._elementwise(leaf, len(args))}({', '.join(args)})"

    def _elementwise(self, leaf: Leaf, count: int) -> str:
        name = f"each_{leaf.c}"
        if name not in self._taken:
            self._taken.add(name)
            each = f"np.frompyfunc({self.float_function(leaf)}, {count}, 1)"
            self.definitions.append(
                f"def {name}(*columns):\n    return np.asarray({each}(*columns), dtype=np.float64)"
            )
        return name

    def exported(self, program: Code) -> Callable[..., Any]:
        """The function, with its source."""
        listing = Listing(program)
        run = functions(listing, self, "run")
        written = "\n\n\n".join([*self.definitions, run])
        inputs = ", ".join(f"x{i}" for i in range(program.n_inputs))
        many = f"[{self.result} for y in ys]"
        source = f'''"""{listing.about}"""

{self.head}


{written}


{self.decorator}def program({inputs}):
{self.before.format(inputs=inputs)}    columns = [{self.column} for x in [{inputs}]]
    shape = {self.shape}(*[x.shape for x in columns])
    {"y" if program.single else "ys"} = run(*columns)
    return {self.result if program.single else many}
'''
        return function_from(source, self.target)


def to_numpy(program: Code) -> Callable[..., Any]:
    """A program as a function of columns, which needs nothing but NumPy.

    Parameters
    ----------
    program : Program

    Returns
    -------
    callable
        From arrays of one shape, or single numbers, to an array or a list of arrays. Its
        attribute `source` is a module of its own.
    """
    return ArrayLanguage().exported(program)
