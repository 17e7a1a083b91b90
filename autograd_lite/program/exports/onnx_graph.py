"""Programs as ONNX models, in float64."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.errors import ProgramError, needing
from autograd_lite.ops import SequenceOp
from autograd_lite.ops.languages import record_of
from autograd_lite.ops.leaf import Leaf
from autograd_lite.program.code import Code
from autograd_lite.program.exports.language import Listing
from autograd_lite.writing.printer import Printer, rule_of

_ARITHMETIC = {"+": "Add", "-": "Sub", "*": "Mul", "/": "Div"}
_COMPARISONS = {"<": "Less", "<=": "LessOrEqual", "==": "Equal"}
#: Element types, by the format's numbers.
_DOUBLE, _BOOL = 11, 9
#: Versions of the format that runtimes of 2022 and later read.
_OPSET, _FORMAT = 17, 8


class _Constant(str):
    """A number, which becomes a tensor where a node takes it."""

    __slots__ = ()


def _is(thing: str, number: float) -> bool:
    return isinstance(thing, _Constant) and float(thing) == number


def _is_safe(choice: str) -> bool:
    """Whether it can be what Where takes if its condition holds: onnxruntime makes 0.0 of -0.0."""
    return isinstance(choice, _Constant) and choice != "-0.0"


class _Graph(Printer):
    """Nodes and constants; equal ones are one. A text is the name of a tensor, or a number."""

    library = "ONNX"
    way_out = (
        "which this program needs, and nothing that gives it exactly; try to_c(), to_torch() or "
        "to_jax()"
    )

    def __init__(self, helper: Any, numpy_helper: Any) -> None:
        self._helper, self._numpy = helper, numpy_helper
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._known: dict[tuple[Any, ...], str] = {}

    def node(self, operator: str, *args: str, **options: int) -> str:
        inputs = [*map(self.tensor, args)]
        key = (operator, *inputs, *options.values())
        if key not in self._known:
            self._known[key] = name = f"t{len(self.nodes)}"
            self.nodes.append(self._helper.make_node(operator, inputs, [name], **options))
        return self._known[key]

    def tensor(self, thing: str) -> str:
        """A tensor, of no dimensions for a number."""
        if not isinstance(thing, _Constant):
            return thing
        if (thing,) not in self._known:
            self._known[(thing,)] = name = f"k{len(self.constants)}"
            self.constants.append(self._numpy.from_array(np.asarray(float(thing)), name))
        return self._known[(thing,)]

    def number(self, number: float) -> str:
        return _Constant(float(number))

    def operation(self, sign: str, x: str, y: str) -> str:
        if sign == "-" and isinstance(y, _Constant):
            sign, y = "+", self.negation(y)
        if sign == "+" and isinstance(x, _Constant):
            x, y = y, x
        if sign == "+" and _is(y, 0.0):
            # onnxruntime drops an Add of 0.0, which makes 0.0 of -0.0, but no Sum
            return self.node("Sum", x, y)
        if sign == "/" and _is(x, 1.0):
            # onnxruntime makes y / x of Div(1, x) * y, which may be inf
            return self.node("Reciprocal", y)
        return self.node(_ARITHMETIC[sign], x, y)

    def negation(self, x: str) -> str:
        return self.number(-float(x)) if isinstance(x, _Constant) else self.node("Neg", x)

    def leaf(self, leaf: Leaf, args: Sequence[str]) -> str:
        record = record_of(leaf)
        if record.onnx:
            return self.node(record.onnx, *args, **record.onnx_options)
        return self.applied(self.composition(leaf, len(args)), args)

    def choice(self, sign: str, x: str, y: str, yes: str, no: str) -> str:
        zero, one = self.number(0.0), self.number(1.0)
        truth = x
        if sign != "!=":  # Equal and Cast below want a number
            truth = self.node("Cast", self.node(_COMPARISONS[sign], x, y), to=_DOUBLE)
            if _is(yes, 1.0) and _is(no, 0.0):
                return truth
        false = self.node("Equal", truth, zero)
        if _is_safe(no):
            return self.node("Where", false, no, yes)
        true = self.node("Cast", truth, to=_BOOL)
        if _is_safe(yes):
            return self.node("Where", true, yes, no)
        kept = self.node("Where", false, one, yes)
        return self.node("Mul", kept, self.node("Where", true, one, no))


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
    with needing("export", "to_onnx needs onnx"):
        import onnx
        from onnx import helper, numpy_helper
    if not program.n_inputs:
        raise ProgramError("a model of columns needs an input, and this program has none")
    graph, listing = _Graph(helper, numpy_helper), Listing(program)
    names = [f"x{i}" for i in range(program.n_inputs)]
    tensors = {r: graph.number(number) for r, number in listing.numbers.items()}
    tensors.update(enumerate(names))
    for part in listing.parts:
        for out, op, operands in part.steps:
            args = [tensors[r] for r in operands]
            if isinstance(op, SequenceOp):
                tensors[out] = graph.folded(op, args)
            else:
                tensors[out] = graph.applied(rule_of(op), args)
    rows = helper.make_node("Shape", ["x0"], ["rows"])
    outputs = [f"y{k}" for k in range(len(program.outputs))]
    ends = [
        helper.make_node("Expand", [graph.tensor(tensors[r]), "rows"], [name])
        for name, r in zip(outputs, program.outputs.tolist(), strict=True)
    ]

    def columns(names: Sequence[str]) -> list[Any]:
        kind = onnx.TensorProto.DOUBLE
        return [helper.make_tensor_value_info(name, kind, ["rows"]) for name in names]

    nodes = [rows, *graph.nodes, *ends]
    made = helper.make_graph(nodes, "program", columns(names), columns(outputs), graph.constants)
    opset = helper.make_opsetid("", _OPSET)
    model = helper.make_model(
        made, opset_imports=[opset], ir_version=_FORMAT, producer_name="autograd_lite"
    )
    onnx.checker.check_model(model)
    return model
