"""Programs as ONNX models, in float64."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.errors import ProgramError
from autograd_lite.ops import Op
from autograd_lite.ops.leaf import Leaf
from autograd_lite.program.code import Code
from autograd_lite.program.exports.compositions import COMPOSITIONS
from autograd_lite.program.exports.language import CHOICE
from autograd_lite.program.exports.listing import Listing
from autograd_lite.writing.symbols import Arithmetic

#: ONNX's operators by the C library's names, as far as onnxruntime computes them in float64;
#: others are compositions of these.
OPERATORS = {
    "ceil": "Ceil",
    "cos": "Cos",
    "exp": "Exp",
    "fabs": "Abs",
    "floor": "Floor",
    "fmod": "Mod",
    "log": "Log",
    "pow": "Pow",
    "sin": "Sin",
    "sqrt": "Sqrt",
    "tanh": "Tanh",
}
_ARITHMETIC = {"+": "Add", "-": "Sub", "*": "Mul", "/": "Div"}
_OPTIONS = {"Mod": {"fmod": 1}}
_COMPARISONS = {"<": "Less", "<=": "LessOrEqual", "==": "Equal", ">": "Greater"}
#: Element types, by the format's numbers.
_DOUBLE, _BOOL = 11, 9
#: Versions of the format that runtimes of 2022 and later read.
_OPSET, _FORMAT = 17, 8


def _is_safe(choice: Any) -> bool:
    """Whether it can be what Where takes if its condition holds: onnxruntime makes 0.0 of -0.0."""
    return not isinstance(choice, Tensor) and str(choice) != "-0.0"


class Tensor(Arithmetic):
    """The name of a tensor in a graph that is being made; rules on it add nodes."""

    __slots__ = ("graph", "name")

    def __init__(self, graph: _Graph, name: str) -> None:
        self.graph, self.name = graph, name

    def _arithmetic(self, sign: str, x: Any, y: Any) -> Tensor:
        if sign == "-" and not isinstance(y, Tensor):
            sign, y = "+", -y
        if sign == "+" and not isinstance(x, Tensor):
            x, y = y, x
        if sign == "+" and not isinstance(y, Tensor) and y == 0.0:
            # onnxruntime drops an Add of 0.0, which makes 0.0 of -0.0, but no Sum
            return self.graph.node("Sum", x, y)
        if sign == "/" and not isinstance(x, Tensor) and x == 1.0:
            # onnxruntime makes y / x of Div(1, x) * y, which may be inf
            return self.graph.node("Reciprocal", y)
        return self.graph.node(_ARITHMETIC[sign], x, y)

    def __neg__(self) -> Tensor:
        return self.graph.node("Neg", self)

    @staticmethod
    def _apply_op(row: Op, args: Sequence[Any]) -> Any:
        [graph, *_] = [arg.graph for arg in args if isinstance(arg, Tensor)]
        return graph.applied(row, args)


class _Graph:
    """Nodes and constants; equal ones are one."""

    def __init__(self, onnx: Any) -> None:
        self._helper, self._numpy = onnx.helper, onnx.numpy_helper
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._known: dict[tuple[Any, ...], str] = {}

    def node(self, operator: str, *args: Any, **attributes: int) -> Tensor:
        """The tensor that an operator gives."""
        inputs = [self.tensor(arg).name for arg in args]
        key = (operator, *inputs, *attributes.values())
        if key not in self._known:
            self._known[key] = name = f"t{len(self.nodes)}"
            options = _OPTIONS.get(operator, {}) | attributes
            self.nodes.append(self._helper.make_node(operator, inputs, [name], **options))
        return Tensor(self, self._known[key])

    def tensor(self, thing: Any) -> Tensor:
        """A tensor, or one of no dimensions for a number."""
        if isinstance(thing, Tensor):
            return thing
        number = np.float64(thing)
        key = (number.tobytes(),)
        if key not in self._known:
            self._known[key] = name = f"k{len(self.constants)}"
            self.constants.append(self._numpy.from_array(np.asarray(number), name))
        return Tensor(self, self._known[key])

    def applied(self, row: Op, args: Sequence[Any]) -> Any:
        """A row of some tensors and numbers."""
        leaf = row.forward
        if not isinstance(leaf, Leaf):
            return row.expand(args)
        match = CHOICE.fullmatch(leaf.text)
        if match is not None:
            return self._choice(match, args)
        if leaf.c in OPERATORS:
            return self.node(OPERATORS[leaf.c], *args)
        if leaf.c in COMPOSITIONS:
            return COMPOSITIONS[leaf.c](*args)
        raise ProgramError(
            f"ONNX has no {leaf.c}, which this program needs, and nothing that gives it exactly; "
            "try to_c(), to_torch() or to_jax()"
        )

    def _choice(self, match: re.Match[str], args: Sequence[Any]) -> Any:
        left, right, yes, no = (
            args[int(part[1:]) - 1] if part.startswith("#") else float(part)
            for part in match.group(1, 3, 4, 5)
        )
        truth = left
        if (match[2], right) != ("!=", 0.0):  # Equal and Cast below want a number
            truth = self.node("Cast", self.node(_COMPARISONS[match[2]], left, right), to=_DOUBLE)
            if (yes, no) == (1.0, 0.0):
                return truth
        false = self.node("Equal", truth, 0.0)
        if _is_safe(no):
            return self.node("Where", false, no, yes)
        true = self.node("Cast", truth, to=_BOOL)
        if _is_safe(yes):
            return self.node("Where", true, yes, no)
        return self.node("Where", false, 1.0, yes) * self.node("Where", true, 1.0, no)


def to_onnx(program: Code) -> Any:
    """A program as an ONNX model over columns of float64.

    What ONNX lacks (``expm1``, ``erfc`` …), and what onnxruntime computes in float32 alone
    (``Tan``, ``Erf`` …), is composed of other operators, to some ulp.

    Parameters
    ----------
    program : Program

    Returns
    -------
    onnx.ModelProto
        Its inputs ``x0``, ``x1`` … and outputs ``y0``, ``y1`` … have one dimension, ``rows``.

    Raises
    ------
    ImportError
        If onnx is not installed.
    ProgramError
        If ONNX cannot compute it, or it has no inputs.
    """
    try:
        import onnx
        import onnx.helper
        import onnx.numpy_helper
    except ImportError:
        raise ImportError('to_onnx needs onnx; write pip install "autograd-lite[export]"') from None
    if not program.n_inputs:
        raise ProgramError("a model of columns needs an input, and this program has none")
    graph, listing = _Graph(onnx), Listing(program)
    names = [f"x{i}" for i in range(program.n_inputs)]
    tensors: dict[int, Any] = {**listing.numbers}
    tensors.update((i, Tensor(graph, name)) for i, name in enumerate(names))
    for part in listing.parts:
        for out, row, operands in part.steps:
            tensors[out] = graph.tensor(graph.applied(row, [tensors[r] for r in operands]))
    rows = onnx.helper.make_node("Shape", ["x0"], ["rows"])
    outputs = [f"y{k}" for k in range(len(program.outputs))]
    ends = [
        onnx.helper.make_node("Expand", [graph.tensor(tensors[r]).name, "rows"], [name])
        for name, r in zip(outputs, program.outputs.tolist(), strict=True)
    ]

    def columns(names: Sequence[str]) -> list[Any]:
        kind = onnx.TensorProto.DOUBLE
        return [onnx.helper.make_tensor_value_info(name, kind, ["rows"]) for name in names]

    nodes = [rows, *graph.nodes, *ends]
    made = onnx.helper.make_graph(
        nodes, "program", columns(names), columns(outputs), graph.constants
    )
    opset = onnx.helper.make_opsetid("", _OPSET)
    model = onnx.helper.make_model(
        made, opset_imports=[opset], ir_version=_FORMAT, producer_name="autograd_lite"
    )
    onnx.checker.check_model(model)
    return model
