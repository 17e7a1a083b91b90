"""The names of the package, as type checkers see them: written by tests/signatures.py.

A Value among an op's arguments gives a Value, plain numbers give a float, arrays (and lists) an
array. Any where a type does not say which: of sequences that hold both, or arrays. An array
of no dimensions counts as an array, as in NumPy's own types.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar, overload

from numpy.typing import NDArray

from autograd_lite import cli as cli
from autograd_lite import demo as demo
from autograd_lite import diagnosis as diagnosis
from autograd_lite import distributed as distributed
from autograd_lite import errors as errors
from autograd_lite import estimators as estimators
from autograd_lite import exercises as exercises
from autograd_lite import explanations as explanations
from autograd_lite import expressions as expressions
from autograd_lite import files as files
from autograd_lite import graph as graph
from autograd_lite import lesson as lesson
from autograd_lite import modes as modes
from autograd_lite import nn as nn
from autograd_lite import ops as ops
from autograd_lite import pickles as pickles
from autograd_lite import playgrounds as playgrounds
from autograd_lite import program as program
from autograd_lite import tables as tables
from autograd_lite import terminal as terminal
from autograd_lite import transforms as transforms
from autograd_lite import value as value
from autograd_lite import view as view
from autograd_lite.errors import AnomalyError as AnomalyError
from autograd_lite.errors import AnomalyWarning as AnomalyWarning
from autograd_lite.errors import AutogradError as AutogradError
from autograd_lite.errors import ExpressionError as ExpressionError
from autograd_lite.errors import GradientMismatch as GradientMismatch
from autograd_lite.errors import GraphError as GraphError
from autograd_lite.errors import LayoutError as LayoutError
from autograd_lite.errors import ModelFileError as ModelFileError
from autograd_lite.program import Program as Program
from autograd_lite.errors import ProgramError as ProgramError
from autograd_lite.errors import ShapeError as ShapeError
from autograd_lite.errors import TableError as TableError
from autograd_lite.errors import TrainingWarning as TrainingWarning
from autograd_lite.engine import Value as Value
from autograd_lite.transforms import check_grad as check_grad
from autograd_lite.transforms import checkpoint as checkpoint
from autograd_lite.program import compile as compile
from autograd_lite.transforms import custom_op as custom_op
from autograd_lite.transforms import derivative as derivative
from autograd_lite.diagnosis import diagnose as diagnose
from autograd_lite.view import draw as draw
from autograd_lite.view import draw_diff as draw_diff
from autograd_lite.view import draw_dot as draw_dot
from autograd_lite.explanations import explain as explain
from autograd_lite.program import freeze as freeze
from autograd_lite.transforms import grad as grad
from autograd_lite.transforms import gradient as gradient
from autograd_lite.transforms import hessian as hessian
from autograd_lite.transforms import hvp as hvp
from autograd_lite.value import isclose as isclose
from autograd_lite.transforms import jacobian as jacobian
from autograd_lite.transforms import jvp as jvp
from autograd_lite.explanations import latex as latex
from autograd_lite.program import load_program as load_program
from autograd_lite.ops.reductions import log_softmax as log_softmax
from autograd_lite.playgrounds import playground as playground
from autograd_lite.transforms import primitive as primitive
from autograd_lite.transforms import root as root
from autograd_lite.graph import scope as scope
from autograd_lite.ops.reductions import softmax as softmax
from autograd_lite.ops.lookup import take as take
from autograd_lite.transforms import taylor as taylor
from autograd_lite.transforms import uncertainty as uncertainty
from autograd_lite.transforms import value_and_grad as value_and_grad
from autograd_lite.transforms import vjp as vjp
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

class _OfXY(Op):
    @overload
    def __call__(self, x: Value, y: Value | Plain) -> Value: ...
    @overload
    def __call__(self, x: Plain, y: Value) -> Value: ...
    @overload
    def __call__(self, x: Plain, y: Plain) -> float: ...
    @overload
    def __call__(self, x: Many, y: Value | Plain | Many) -> NDArray[Any]: ...
    @overload
    def __call__(self, x: Value | Plain, y: Many) -> NDArray[Any]: ...

class _OfConditionAB(Op):
    @overload
    def __call__(self, condition: Value, a: Value | Plain, b: Value | Plain) -> Value: ...
    @overload
    def __call__(self, condition: Plain, a: Value, b: Value | Plain) -> Value: ...
    @overload
    def __call__(self, condition: Plain, a: Plain, b: Value) -> Value: ...
    @overload
    def __call__(self, condition: Plain, a: Plain, b: Plain) -> float: ...
    @overload
    def __call__(self, condition: Many, a: Value | Plain | Many, b: Value | Plain | Many) -> NDArray[Any]: ...
    @overload
    def __call__(self, condition: Value | Plain, a: Many, b: Value | Plain | Many) -> NDArray[Any]: ...
    @overload
    def __call__(self, condition: Value | Plain, a: Value | Plain, b: Many) -> NDArray[Any]: ...

class _OfX(Op):
    @overload
    def __call__(self, x: Value) -> Value: ...
    @overload
    def __call__(self, x: Plain) -> float: ...
    @overload
    def __call__(self, x: Many) -> NDArray[Any]: ...

class _OfXLowHigh(Op):
    @overload
    def __call__(self, x: Value, low: Value | Plain, high: Value | Plain) -> Value: ...
    @overload
    def __call__(self, x: Plain, low: Value, high: Value | Plain) -> Value: ...
    @overload
    def __call__(self, x: Plain, low: Plain, high: Value) -> Value: ...
    @overload
    def __call__(self, x: Plain, low: Plain, high: Plain) -> float: ...
    @overload
    def __call__(self, x: Many, low: Value | Plain | Many, high: Value | Plain | Many) -> NDArray[Any]: ...
    @overload
    def __call__(self, x: Value | Plain, low: Many, high: Value | Plain | Many) -> NDArray[Any]: ...
    @overload
    def __call__(self, x: Value | Plain, low: Value | Plain, high: Many) -> NDArray[Any]: ...

class _OfYX(Op):
    @overload
    def __call__(self, y: Value, x: Value | Plain) -> Value: ...
    @overload
    def __call__(self, y: Plain, x: Value) -> Value: ...
    @overload
    def __call__(self, y: Plain, x: Plain) -> float: ...
    @overload
    def __call__(self, y: Many, x: Value | Plain | Many) -> NDArray[Any]: ...
    @overload
    def __call__(self, y: Value | Plain, x: Many) -> NDArray[Any]: ...

class _OfXSlope(Op):
    @overload
    def __call__(self, x: Value, slope: Plain = 0.01) -> Value: ...
    @overload
    def __call__(self, x: Plain, slope: Plain = 0.01) -> float: ...
    @overload
    def __call__(self, x: Many, slope: Plain = 0.01) -> NDArray[Any]: ...

class _OfXAlpha(Op):
    @overload
    def __call__(self, x: Value, alpha: Plain = 1.0) -> Value: ...
    @overload
    def __call__(self, x: Plain, alpha: Plain = 1.0) -> float: ...
    @overload
    def __call__(self, x: Many, alpha: Plain = 1.0) -> NDArray[Any]: ...

class _OfXs(SequenceOp):
    @overload
    def __call__(self, xs: NDArray[Any]) -> Any: ...
    @overload
    def __call__(self, xs: Iterable[Value]) -> Value: ...
    @overload
    def __call__(self, xs: Iterable[Plain]) -> float: ...
    @overload
    def __call__(self, xs: Iterable[Value | Number]) -> Any: ...

class _OfXsOrder(SequenceOp):
    @overload
    def __call__(self, xs: NDArray[Any], order: Plain = 2.0) -> Any: ...
    @overload
    def __call__(self, xs: Iterable[Value], order: Plain = 2.0) -> Value: ...
    @overload
    def __call__(self, xs: Iterable[Plain], order: Plain = 2.0) -> float: ...
    @overload
    def __call__(self, xs: Iterable[Value | Number], order: Plain = 2.0) -> Any: ...

class _OfWsXsBias(SequenceOp):
    @overload
    def __call__(self, ws: NDArray[Any], xs: Iterable[Value | Number], bias: Value | Number = ...) -> Any: ...
    @overload
    def __call__(self, ws: Iterable[Value | Plain], xs: NDArray[Any], bias: Value | Number = ...) -> Any: ...
    @overload
    def __call__(self, ws: Iterable[Value], xs: Iterable[Value | Plain], bias: Value | Plain = ...) -> Value: ...
    @overload
    def __call__(self, ws: Iterable[Plain], xs: Iterable[Value], bias: Value | Plain = ...) -> Value: ...
    @overload
    def __call__(self, ws: Iterable[Plain], xs: Iterable[Plain], bias: Value) -> Value: ...
    @overload
    def __call__(self, ws: Iterable[Plain], xs: Iterable[Plain], bias: Plain = ...) -> float: ...
    @overload
    def __call__(self, ws: Iterable[Value | Number], xs: Iterable[Value | Number], bias: Value | Number = ...) -> Any: ...

__version__: str
engine: str
detect_anomaly: _Mode
keep_lines: _Mode
no_grad: _Mode
less: _OfXY
less_equal: _OfXY
equal: _OfXY
where: _OfConditionAB
add: _OfXY
subtract: _OfXY
multiply: _OfXY
divide: _OfXY
negative: _OfX
power: _OfXY
absolute: _OfX
reciprocal: _OfX
square: _OfX
sign: _OfX
floor: _OfX
ceil: _OfX
maximum: _OfXY
minimum: _OfXY
clip: _OfXLowHigh
relu: _OfX
stop_gradient: _OfX
exp: _OfX
exp2: _OfX
expm1: _OfX
log: _OfX
log2: _OfX
log10: _OfX
log1p: _OfX
sqrt: _OfX
cbrt: _OfX
sin: _OfX
cos: _OfX
tan: _OfX
arcsin: _OfX
arccos: _OfX
arctan: _OfX
arctan2: _OfYX
hypot: _OfXY
sinh: _OfX
cosh: _OfX
tanh: _OfX
arcsinh: _OfX
arccosh: _OfX
arctanh: _OfX
trunc: _OfX
rint: _OfX
floor_divide: _OfXY
remainder: _OfXY
sinc: _OfX
degrees: _OfX
rad2deg: _OfX
radians: _OfX
deg2rad: _OfX
erf: _OfX
erfc: _OfX
sigmoid: _OfX
logaddexp: _OfXY
softplus: _OfX
silu: _OfX
gelu: _OfX
leaky_relu: _OfXSlope
elu: _OfXAlpha
sum: _OfXs
mean: _OfXs
prod: _OfXs
max: _OfXs
min: _OfXs
logsumexp: _OfXs
norm: _OfXsOrder
dot: _OfWsXsBias
