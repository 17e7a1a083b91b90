"""Scalar automatic differentiation: build expressions, see their graphs, train tiny networks.

>>> import autograd_lite as ag
>>> x = ag.Value(2.0, label="x")
>>> y = ag.tanh(x * x)
>>> y.backward()
>>> round(x.grad, 6)
0.005364
"""

from importlib import import_module as _import
from sys import modules as _modules
from threading import RLock as _RLock

from autograd_lite.engine import Value
from autograd_lite.engine import name as engine
from autograd_lite.errors import (
    AnomalyError,
    AnomalyWarning,
    AutogradError,
    ExpressionError,
    GradientMismatch,
    GraphError,
    LayoutError,
    ModelFileError,
    ProgramError,
    ShapeError,
    TableError,
    TrainingWarning,
)
from autograd_lite.ops import TABLE as _TABLE
from autograd_lite.ops import CustomOp as _CustomOp
from autograd_lite.ops import Op as _Op
from autograd_lite.ops import SequenceOp as _SequenceOp
from autograd_lite.ops import log_softmax, softmax, take
from autograd_lite.value import isclose

__version__ = "0.2.0"

# Every public row of the op table is a function of this package: ag.tanh, ag.dot, …
_rows = {name: row for name, row in _TABLE.items() if row.public}
globals().update(_rows)

#: The rooms that load when they are first asked for, each with the names that are found here, too.
#: Type checkers read ``__init__.pyi``, which is written from it. Nothing else here loads late.
_LATE = {
    "cli": "", "demo": "", "distributed": "", "estimators": "", "exercises": "", "expressions": "",
    "files": "",
    "lesson": "", "nn": "", "tables": "", "terminal": "", "diagnosis": "diagnose",
    "explanations": "explain latex", "graph": "scope",
    "modes": "detect_anomaly keep_lines no_grad",
    "playgrounds": "playground",
    "program": "Program compile freeze load_program",
    "transforms": "check_grad checkpoint custom_op derivative grad gradient hessian hvp jacobian "
    "jvp primitive root taylor uncertainty value_and_grad vjp",
    "view": "draw draw_diff draw_dot",
}  # fmt: skip
_home = {name: room for room, names in _LATE.items() for name in names.split()}
_package = _modules[__name__]
_loading = _RLock()

__all__ = [
    "AnomalyError", "AnomalyWarning", "AutogradError", "ExpressionError", "GradientMismatch",
    "GraphError", "LayoutError", "ModelFileError", "Program", "ProgramError", "ShapeError",
    "TableError", "TrainingWarning", "Value", "check_grad", "checkpoint", "compile", "custom_op",
    "derivative", "detect_anomaly", "diagnose", "draw", "draw_diff", "draw_dot", "engine",
    "exercises", "explain", "freeze", "grad", "gradient", "hessian", "hvp", "isclose", "jacobian",
    "jvp", "keep_lines", "latex", "load_program", "log_softmax", "nn", "no_grad", "playground",
    "primitive", "root", "scope", "softmax", "take", "taylor", "uncertainty", "value_and_grad",
    "vjp", *_rows,
]  # fmt: skip


def __getattr__(name: str) -> object:
    """A name that loads late."""
    if name not in _LATE and name not in _home:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message, name=name, obj=_package)
    with _loading:  # rooms need each other: two threads would find half of one
        room = _import(f"{__name__}.{_home.get(name, name)}")
    found = {each: getattr(room, each) for each, home in _home.items() if home == _home.get(name)}
    globals().update(found or {name: room})
    # While a module has a `__getattr__`, Python looks up each of its names slowly, `ag.tanh` in a
    # loop too: 45 ns in place of 31.
    if globals().keys() >= _LATE.keys() | _home.keys():
        globals().pop("__getattr__", None)
    return globals()[name]


class _LateMethod:
    """A method that comes from a room above its class, and is put here when it is asked for."""

    def __init__(self, owner: type, name: str, room: str, function: str) -> None:
        self.owner, self.name, self.room, self.function = owner, name, room, function
        setattr(owner, name, self)

    def __get__(self, thing: object, owner: type) -> object:
        setattr(self.owner, self.name, getattr(getattr(_package, self.room), self.function))
        return getattr(owner if thing is None else thing, self.name)


class _LateText:
    """The documentation of a row of the table, written when it is asked for; of its class, none."""

    def __get__(self, row: _Op | None, owner: type) -> str | None:
        return None if row is None else _package.explanations.documentation(row)


for _kind in (_Op, _SequenceOp, _CustomOp):
    _kind.__doc__ = _LateText()
_LateMethod(Value, "latex", "explanations", "latex")
_LateMethod(Value, "_repr_mimebundle_", "view", "value_mimebundle")
_LateMethod(AnomalyError, "draw", "view", "draw_anomaly")
_names = sorted({*globals(), *_LATE, *_home, "__dir__", "_names"} - {"__getattr__"})


def __dir__() -> list[str]:
    """Every name, whether it has been loaded or not."""
    return [*_names]
