"""What type checkers read of the op table: the files of this package that end in ``.pyi``.

A checker cannot see the rows of a table, nor names that load late. Here both are written for it,
from the table and from the package as it runs; `test_signatures.py` holds the files against that.

Usage: ``PYTHONPATH=. python tests/signatures.py``, as ``make accuracy`` does.
"""

from pathlib import Path
from types import ModuleType

import autograd_lite as ag
from autograd_lite.modes.block import Block
from autograd_lite.ops import TABLE, Op, SequenceOp

PACKAGE = Path(ag.__file__).parent

ROWS = [row for row in TABLE.values() if row.public]

#: Folders and files of the package that are attributes of it.
ROOMS = [name for name in dir(ag) if isinstance(getattr(ag, name), ModuleType) and name[0] != "_"]

#: How calls of ops are described, and what a Value can do beside them.
ABOVE = '''\
"""Methods of a Value by the op table, as type checkers see them: written by tests/signatures.py."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Self, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from autograd_lite.ops.table import Op

Real: TypeAlias = np.floating[Any] | np.integer[Any] | np.bool_
#: One plain number; what becomes one float; and what an op takes elementwise.
Plain: TypeAlias = float | Fraction | Decimal | Real
Number: TypeAlias = Plain | NDArray[Real]
Many: TypeAlias = NDArray[Any] | list[Any] | tuple[Any, ...]
'''

METHODS = '''
class ValueMethods:
    """What a Value has by the op table, and what autograd_lite/value.py gives it."""

    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...
    def __lt__(self, other: Self | Plain) -> bool: ...
    def __le__(self, other: Self | Plain) -> bool: ...
    def __gt__(self, other: Self | Plain) -> bool: ...
    def __ge__(self, other: Self | Plain) -> bool: ...
    def __bool__(self) -> bool: ...
    def __pos__(self) -> Self: ...
    def __divmod__(self, other: Self | Plain) -> tuple[Self, Self]: ...
    def __rdivmod__(self, other: Plain) -> tuple[Self, Self]: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: dict[int, Any]) -> Self: ...
    def conjugate(self) -> Self: ...
    def detach(self) -> Self: ...
    def item(self) -> float: ...
    def latex(
        self,
        depth: int | None = None,
        wrt: Self | Sequence[Self] | None = None,
        *,
        simplify: bool | None = None,
        max_nodes: int = 100,
    ) -> str: ...
    @property
    def real(self) -> Self: ...
    @property
    def imag(self) -> float: ...
    @property
    def _children(self) -> tuple[Self, ...]: ...
    @property
    def _prev(self) -> tuple[Self, ...]: ...
    @property
    def _op(self) -> str: ...
    @staticmethod
    def _apply_op(row: Op, args: tuple[Any, ...]) -> Any: ...
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]: ...
'''


def kind_of(row: Op) -> str:
    """The name of the class of rows that are called with such arguments."""
    words = "_".join(row.__signature__.parameters).title().replace("_", "")
    return f"_Of{words}"


def written(head: str, parameters: list[str], result: str, one_of_several: bool = True) -> str:
    above = "    @overload\n" * one_of_several
    return f"{above}    def {head}({', '.join(['self', *parameters])}) -> {result}: ...\n"


def overloads(head: str, names: list[str], rest: list[str], method: bool = False) -> str:
    """Each way to give arguments, the first of which is the Value itself in a method."""
    value, n = "Self" if method else "Value", len(names)
    ways: list[tuple[list[str], str]] = []
    for i in range(n):  # the first Value
        others = [f"{value} | Plain"] * (n - i - 1)
        ways.append((["Plain"] * i + [value, *others], value))
    ways.append((["Plain"] * n, "float"))
    for i in range(n):  # the first array
        others = [f"{value} | Plain | Many"] * (n - i - 1)
        ways.append(([f"{value} | Plain"] * i + ["Many", *others], "NDArray[Any]"))
    if method:
        ways = [(kinds[1:], result) for kinds, result in ways if value in kinds[0]]
        names = names[1:]
    texts = []
    for kinds, result in ways:
        parameters = [f"{name}: {kind}" for name, kind in zip(names, kinds, strict=True)]
        texts.append(written(head, [*parameters, *rest], result, len(ways) > 1))
    return "".join(dict.fromkeys(texts))


def sequences(head: str, row: SequenceOp, rest: list[str]) -> str:
    """A sequence of Values gives a Value, one of plain numbers a float, one of both may be Any."""
    names = [*row.vectors, *row.scalars]
    last = len(row.vectors) - 1
    ways: list[tuple[list[str], str]] = []
    for i in range(last + 1):  # an array yields Any, which would count as a Value
        before = ["Value | Plain"] * i
        ways.append(([*before, "NDArray[Any]", *["Value | Number"] * (len(names) - i - 1)], "Any"))
    for i in range(len(names)):
        ways.append((["Plain"] * i + ["Value"] + ["Value | Plain"] * (len(names) - i - 1), "Value"))
    ways += [(["Plain"] * len(names), "float"), (["Value | Number"] * len(names), "Any")]
    text = ""
    for kinds, result in ways:
        parameters = []
        for k, (name, kind) in enumerate(zip(names, kinds, strict=True)):
            free = " = ..." if k > last and kind != "Value" else ""
            is_sequence = k <= last and kind[:7] != "NDArray"
            parameters.append(f"{name}: {f'Iterable[{kind}]' if is_sequence else kind}{free}")
        text += written(head, [*parameters, *rest], result)
    return text


def attributes(row: Op) -> list[str]:
    return [f"{name}: Plain = {value!r}" for name, value in row.attrs.items()]


def kinds() -> str:
    found: dict[str, str] = {}
    for row in ROWS:
        if isinstance(row, SequenceOp):
            text = sequences("__call__", row, attributes(row))
            found[kind_of(row)] = f"\nclass {kind_of(row)}(SequenceOp):\n{text}"
        else:
            text = overloads("__call__", [*row.arguments], attributes(row))
            found[kind_of(row)] = f"\nclass {kind_of(row)}(Op):\n{text}"
    return "".join(found.values())


def methods() -> str:
    text = METHODS
    for row in ROWS:
        names = [*row.arguments]
        if row.operator and row.arity == 2:
            for head in (f"__{row.operator}__", f"__r{row.operator}__"):  # not of lists
                text += overloads(head, names, [], method=True).replace("Many", "NDArray[Any]")
        elif row.operator:
            text += written(f"__{row.operator}__", [], "Self", False)
        if not isinstance(row, SequenceOp):
            text += overloads(row.name, names, attributes(row), method=True)
    return text


def signatures() -> str:
    return ABOVE + methods()


FACE = '''\
"""The names of the package, as type checkers see them: written by tests/signatures.py.

A Value among an op's arguments gives a Value, plain numbers give a float, arrays (and lists) an
array. Any where a type does not say which: of sequences that hold both, or arrays. An array
of no dimensions counts as an array, as in NumPy's own types.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar, overload

from numpy.typing import NDArray

{imports}
from autograd_lite.modes.block import Block
from autograd_lite.ops.sequences import SequenceOp
from autograd_lite.ops.signatures import Many, Number, Plain
from autograd_lite.ops.table import Op

_F = TypeVar("_F", bound=Callable[..., Any])

class _Mode(Protocol):
    """A block, a decorator with parentheses, or one without."""

    @overload
    def __call__(self, function: None = None) -> Block: ...
    @overload
    def __call__(self, function: _F) -> _F: ...
{kinds}
__version__: str
engine: str
{names}'''


def face() -> str:
    """The stub of the package itself: each name from where it is, each op by how it is called."""
    names, imports = "", [f"from autograd_lite import {room} as {room}" for room in ROOMS]
    for name in ag.__all__:
        thing = getattr(ag, name)
        if isinstance(thing, Op):
            names += f"{name}: {kind_of(thing)}\n"
        elif isinstance(thing, type) and issubclass(thing, Block):
            names += f"{name}: _Mode\n"
        elif not isinstance(thing, ModuleType | str):
            imports.append(f"from autograd_lite.{home(name)} import {name} as {name}")
    return FACE.format(imports="\n".join(imports), kinds=kinds(), names=names)


def home(name: str) -> str:
    """The room that a name comes from."""
    module = getattr(ag, name).__module__.removeprefix("autograd_lite.")
    return "engine" if name == "Value" else ag._home.get(name, module)


def stubs() -> dict[Path, str]:
    return {PACKAGE / "__init__.pyi": face(), PACKAGE / "ops" / "signatures.pyi": signatures()}


if __name__ == "__main__":
    for path, text in stubs().items():
        path.write_text(text, encoding="utf-8")
