"""Scalar automatic differentiation: build expressions, see their graphs, train tiny networks.

>>> import autograd_lite as ag
>>> x = ag.Value(2.0, label="x")
>>> y = ag.tanh(x * x)
>>> y.backward()
>>> round(x.grad, 6)
0.005364
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from autograd_lite import nn
from autograd_lite.diagnosis import diagnose
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
)
from autograd_lite.explanations import explain, latex
from autograd_lite.graph import scope
from autograd_lite.modes import detect_anomaly, keep_lines, no_grad
from autograd_lite.ops import TABLE as _TABLE
from autograd_lite.ops import log_softmax, softmax
from autograd_lite.program import Program, compile, freeze, load_program
from autograd_lite.transforms import (
    check_grad,
    checkpoint,
    custom_op,
    derivative,
    grad,
    gradient,
    hessian,
    hvp,
    jacobian,
    jvp,
    primitive,
    taylor,
    uncertainty,
    value_and_grad,
    vjp,
)
from autograd_lite.value import isclose
from autograd_lite.view import draw, draw_diff, draw_dot

__version__ = "0.1.0"

# Every public row of the op table is a function of this package: ag.tanh, ag.dot, …
_rows = {name: row for name, row in _TABLE.items() if row.public}
globals().update(_rows)

if _TYPE_CHECKING:
    from autograd_lite.ops import Op as _Op

    def __getattr__(name: str) -> _Op:
        """Every row, for type checkers, which cannot see the table."""
        return _rows[name]


__all__ = [
    "AnomalyError", "AnomalyWarning", "AutogradError", "ExpressionError", "GradientMismatch",
    "GraphError", "LayoutError", "ModelFileError", "Program", "ProgramError", "ShapeError",
    "TableError", "Value", "check_grad", "checkpoint", "compile", "custom_op", "derivative",
    "detect_anomaly", "diagnose", "draw", "draw_diff", "draw_dot", "engine", "explain", "freeze",
    "grad", "gradient", "hessian", "hvp", "isclose", "jacobian", "jvp", "keep_lines", "latex",
    "load_program", "log_softmax", "nn", "no_grad", "primitive", "scope", "softmax", "taylor",
    "uncertainty", "value_and_grad", "vjp",
    *_rows,
]  # fmt: skip
