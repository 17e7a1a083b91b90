"""Programs as ONNX models, in float64."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from autograd_lite.errors import ProgramError
from autograd_lite.ops import Op, SequenceOp
from autograd_lite.ops.leaf import Leaf
from autograd_lite.ops.leaf_records import LEAVES, Record
from autograd_lite.program.code import Code
from autograd_lite.program.exports.listing import Listing
from autograd_lite.writing.printer import Printer, rule_of
from autograd_lite.writing.symbols import as_symbol, expression

_ARITHMETIC = {"+": "Add", "-": "Sub", "*": "Mul", "/": "Div"}
_COMPARISONS = {"<": "Less", "<=": "LessOrEqual", "==": "Equal"}
#: Element types, by the format's numbers.
_DOUBLE, _BOOL = 11, 9
#: Versions of the format that runtimes of 2022 and later read.
_OPSET, _FORMAT = 17, 8

#: The name of a tensor in a graph, or a number that becomes one where it is taken.
Tensor: TypeAlias = str | float


def _is_safe(choice: Tensor) -> bool:
    """Whether it can be what Where takes if its condition holds: onnxruntime makes 0.0 of -0.0."""
    return not isinstance(choice, str) and str(float(choice)) != "-0.0"


class _Graph(Printer[Tensor]):
    """Nodes and constants; equal ones are one."""

    def __init__(self, onnx: Any) -> None:
        self._helper, self._numpy = onnx.helper, onnx.numpy_helper
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._known: dict[tuple[Any, ...], str] = {}

    def node(self, operator: str, *args: Tensor, **options: int) -> str:
        """The tensor that an operator gives."""
        inputs = [*map(self.tensor, args)]
        key = (operator, *inputs, *options.values())
        if key not in self._known:
            self._known[key] = name = f"t{len(self.nodes)}"
            self.nodes.append(self._helper.make_node(operator, inputs, [name], **options))
        return self._known[key]

    def tensor(self, thing: Tensor) -> str:
        """A tensor, or one of no dimensions for a number."""
        if isinstance(thing, str):
            return thing
        number = np.float64(thing)
        key = (number.tobytes(),)
        if key not in self._known:
            self._known[key] = name = f"k{len(self.constants)}"
            self.constants.append(self._numpy.from_array(np.asarray(number), name))
        return self._known[key]

    def number(self, number: float) -> Tensor:
        """The number itself."""
        return float(number)

    def operation(self, sign: str, x: Tensor, y: Tensor) -> Tensor:
        """A node, in a form that onnxruntime computes as it is."""
        if sign == "-" and not isinstance(y, str):
            sign, y = "+", -y
        if sign == "+" and not isinstance(x, str):
            x, y = y, x
        if sign == "+" and not isinstance(y, str) and y == 0.0:
            # onnxruntime drops an Add of 0.0, which makes 0.0 of -0.0, but no Sum
            return self.node("Sum", x, y)
        if sign == "/" and not isinstance(x, str) and x == 1.0:
            # onnxruntime makes y / x of Div(1, x) * y, which may be inf
            return self.node("Reciprocal", y)
        return self.node(_ARITHMETIC[sign], x, y)

    def negation(self, x: Tensor) -> Tensor:
        """The negative of a tensor."""
        return self.node("Neg", x) if isinstance(x, str) else -x

    def leaf(self, leaf: Leaf, args: Sequence[Tensor]) -> Tensor:
        """An operator; a rule where ONNX has none."""
        record = LEAVES.get(leaf.c, Record())
        if record.onnx:
            return self.node(record.onnx, *args, **record.onnx_options)
        if record.composed is None:
            raise ProgramError(
                f"ONNX has no {leaf.c}, which this program needs, and nothing that gives it "
                "exactly; try to_c(), to_torch() or to_jax()"
            )
        given = [expression("name", name) for name in "xyz"[: len(args)]]
        rule = as_symbol(record.composed(*given))
        return self.written(rule, dict(zip(given, args, strict=True)))

    def choice(self, sign: str, x: Tensor, y: Tensor, yes: Tensor, no: Tensor) -> Tensor:
        """A node or some, by a number that is 0 or not: Equal and Cast want one."""
        truth = x
        if sign != "!=":
            truth = self.node("Cast", self.node(_COMPARISONS[sign], x, y), to=_DOUBLE)
            if (yes, no) == (1.0, 0.0):
                return truth
        false = self.node("Equal", truth, 0.0)
        if _is_safe(no):
            return self.node("Where", false, no, yes)
        true = self.node("Cast", truth, to=_BOOL)
        if _is_safe(yes):
            return self.node("Where", true, yes, no)
        ways = self.node("Where", false, 1.0, yes), self.node("Where", true, 1.0, no)
        return self.node("Mul", *ways)

    def applied(self, row: Op, args: Sequence[Tensor]) -> Tensor:
        """A row of some tensors and numbers."""
        if isinstance(row, SequenceOp):
            return self.folded(row, args)
        rule = rule_of(row)
        return self.written(rule.result, dict(zip(rule.arguments, args, strict=True)))


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
    tensors.update(enumerate(names))
    for part in listing.parts:
        for out, row, operands in part.steps:
            tensors[out] = graph.tensor(graph.applied(row, [tensors[r] for r in operands]))
    rows = onnx.helper.make_node("Shape", ["x0"], ["rows"])
    outputs = [f"y{k}" for k in range(len(program.outputs))]
    ends = [
        onnx.helper.make_node("Expand", [graph.tensor(tensors[r]), "rows"], [name])
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
