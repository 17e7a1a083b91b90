"""Formulas written as text: read with a whitelist over `ast`, recorded as a graph.

Nothing is ever handed to ``eval``. Every kind of syntax that is not listed here is refused, with
the place shown and the way out named. A function is a public row of the op table, looked up by its
name, so a new row can be used in text at once.
"""

import ast
import difflib
import math
import re
import unicodedata
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from autograd_lite.engine import Value, order_by
from autograd_lite.errors import ExpressionError, shown, typed
from autograd_lite.files import words
from autograd_lite.ops import TABLE, Op, SequenceOp, log_softmax, softmax

#: Longest text that is read, in characters.
MAX_LENGTH = 10_000
_SHOWN = 72  # characters of the text that an error shows around the place

CONSTANTS = {"pi": math.pi, "e": math.e}

_OPERATORS = {row.operator: row for row in TABLE.values() if row.operator}
#: Functions of an expression: rows by name, and by Python's name (abs, pow).
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **_OPERATORS,
    **{name: row for name, row in TABLE.items() if row.public},
    "softmax": softmax,
    "log_softmax": log_softmax,
}

# What else a function may be called: its symbol, and its name in LaTeX (ln, arsinh).
_SPELLINGS = {
    re.sub(r"\W|operatorname", "", text).lower(): function.__name__
    for name, function in reversed(FUNCTIONS.items())
    for text in (getattr(function, "latex", ""), getattr(function, "symbol", ""), name)
}
#: The name of the method that Python calls for an operator is the row's column `operator`.
SYNTAX: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.Pow: "pow",
    ast.Mod: "mod", ast.FloorDiv: "floordiv", ast.USub: "neg",
}  # fmt: skip

_WORDS = words("expressions.toml")
#: What errors say, and what to write in place of syntax that is refused, by its name in `ast`.
SAID, INSTEAD = _WORDS["said"], _WORDS["instead"]


def parse(text: str, variables: Mapping[str, Value | float] | None = None) -> Value:
    """The Value of a formula.

    Parameters
    ----------
    text : str
        Names, numbers, ``+ - * / ** % //``, parentheses and calls of the functions of the op table
        (`FUNCTIONS`), those of many arguments with a list: ``sum([a, b])``. The constants ``pi``
        and ``e`` are known unless given as variables. Every number is a float, and arithmetic on
        numbers alone is done at once, by IEEE-754.
    variables : mapping of str to Value or float, optional
        A number becomes a leaf with the name as its label.

    Returns
    -------
    Value
        A leaf if `text` holds no variable.

    Raises
    ------
    ExpressionError
        If the text is not such a formula (the message shows the place), uses a name that has no
        value, or leaves one of the variables unused.
    TypeError
        If `text` is not a str or a variable is not one real number.

    Examples
    --------
    >>> parse("tanh(w*x + b)", {"w": 0.5, "x": 2.0, "b": -1.0})
    Value(data=0.0, grad=0.0)
    """
    if not isinstance(text, str):
        raise TypeError(f"an expression is a str and was given {typed(text)}")
    given = as_mapping(variables)
    formula = _Formula(" ".join(text.split()))
    leaves = {
        unicodedata.normalize("NFKC", name): x if isinstance(x, Value) else Value(x, label=name)
        for name, x in given.items()
    }
    result = formula.evaluate(leaves)
    unused = [name for name in leaves if name not in formula.used]
    if unused:
        used = ", ".join(formula.used) or "no variable"
        raise ExpressionError(SAID["unused"].format(unused=", ".join(unused), used=used))
    return result if isinstance(result, Value) else Value(result)


def names(text: str) -> list[str]:
    """The names in a formula that are no functions called, in the order of use.

    Raises
    ------
    ExpressionError
        If the text is not such a formula as `parse` reads.

    Examples
    --------
    >>> names("tanh(w*x + w*pi)")
    ['w', 'x', 'pi']
    """
    formula = _Formula(" ".join(text.split()))
    parts = order_by([formula.tree], formula._operands)
    return [*dict.fromkeys(part.id for part in parts if isinstance(part, ast.Name))]


def as_mapping(variables: Any) -> Mapping[str, Any]:
    """Variables as users give them; a TypeError if they are no mapping."""
    if variables is None:
        return {}
    if not isinstance(variables, Mapping):
        said = f'variables are a dict, such as {{"x": 0.5}}, and were given {shown(variables)}'
        raise TypeError(said)
    return variables


class _Formula:
    """A text, its syntax tree, and the names that were used while it was evaluated."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.used: dict[str, None] = {}  # in the order of use
        self.tree = self._read()

    def _read(self) -> ast.expr:
        if not self.text:
            raise ExpressionError(SAID["empty"])
        if len(self.text) > MAX_LENGTH:
            raise ExpressionError(SAID["long"].format(size=len(self.text), most=MAX_LENGTH))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # "invalid decimal literal": refused below anyway
                return ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            said = re.split("[.:] ", error.msg)[0]  # what follows is advice on Python
            column = min(max((error.offset or 1) - 1, 0), len(self.text))
            said = f"{said}; {SAID['read']}, and a product needs its *"
            raise self._error(column, said) from None
        except (RecursionError, MemoryError):
            raise ExpressionError(SAID["deep"]) from None
        except ValueError as error:  # a NUL, or bytes that are no text
            said = SAID["noText"].format(text=shown(self.text), error=error)
            raise ExpressionError(said) from None

    def evaluate(self, variables: Mapping[str, Value]) -> Any:
        """The Value, or the float if no variable is involved."""
        results: dict[ast.expr, Any] = {}
        for node in order_by([self.tree], self._operands):
            operands = [results[child] for child in self._operands(node)]
            results[node] = self._apply(node, operands, variables)
        if isinstance(results[self.tree], list):
            raise self._error(self.tree, SAID["list"])
        return results[self.tree]

    def _operands(self, node: ast.expr) -> list[ast.expr]:
        """The parts that a node is computed from; raises for what is not on the whitelist."""
        match node:
            case ast.BinOp(left, op, right) if type(op) in SYNTAX:
                return [left, right]
            case ast.UnaryOp(op, operand) if type(op) in SYNTAX or isinstance(op, ast.UAdd):
                return [operand]
            case ast.Call(ast.Name(name), args, []):
                self._function(name, node)
                return args
            case ast.List(elements) | ast.Tuple(elements):
                return elements
            case ast.Name() | ast.Constant():
                return []
            case ast.Call(ast.Name(), keywords=[part, *_]) | ast.Call(part):
                raise self._refuse(part, part)
            case ast.BinOp(left, op) | ast.Compare(left, [op, *_]):
                raise self._refuse(node if isinstance(node, ast.Compare) else op, self._after(left))
            case ast.UnaryOp(op):
                raise self._refuse(op, node)
        raise self._refuse(node, node)

    def _apply(self, node: ast.expr, operands: list[Any], variables: Mapping[str, Value]) -> Any:
        match node:
            case ast.Name(name):
                return self._variable(name, variables, node)
            case ast.Constant(value):
                return self._number(value, node)
            case ast.List() | ast.Tuple():
                return operands
            case ast.UnaryOp(ast.UAdd()):
                return self._call(lambda x: x, operands, node)
            case ast.BinOp(op=op) | ast.UnaryOp(op=op):
                return self._call(_OPERATORS[SYNTAX[type(op)]], operands, node)
            case ast.Call(ast.Name(name)):
                return self._call(self._function(name, node), operands, node)
        raise AssertionError(f"{ast.dump(node)} passed the whitelist and is not evaluated")

    def _call(self, function: Callable[..., Any], operands: list[Any], node: ast.expr) -> Any:
        elementwise = isinstance(function, Op) and not isinstance(function, SequenceOp)
        numbers = elementwise or not isinstance(node, ast.Call)
        if numbers and any(isinstance(operand, list) for operand in operands):
            raise self._error(node, SAID["noList"])
        fixed = operands[len(function.arguments) :] if isinstance(function, Op) else []
        if isinstance(function, Op) and function.attrs and any(isinstance(x, Value) for x in fixed):
            attrs = ", ".join(function.attrs)
            raise self._error(node, SAID["fixed"].format(attrs=attrs, name=function.name))
        try:
            return function(*operands)
        except (TypeError, ValueError) as error:
            raise self._error(node, str(error)) from None

    def _function(self, name: str, node: ast.expr) -> Callable[..., Any]:
        if name not in FUNCTIONS:
            near = difflib.get_close_matches(name.lower(), _SPELLINGS, n=6, cutoff=0.0)
            *first, last = list(dict.fromkeys(_SPELLINGS[each] for each in near))[:3]
            said = SAID["noFunction"].format(name=shown(name), near=", ".join(first), last=last)
            raise self._error(node, said)
        return FUNCTIONS[name]

    def _variable(self, name: str, variables: Mapping[str, Value], node: ast.expr) -> Value | float:
        if name in variables:
            self.used[name] = None
            return variables[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in FUNCTIONS:
            raise self._error(node, SAID["isFunction"].format(name=name))
        near = difflib.get_close_matches(name, variables, n=1)
        hint = f" (or did you mean {near[0]}?)" if near else ""
        raise self._error(node, SAID["noValue"].format(name=name, hint=hint))

    def _number(self, number: object, node: ast.expr) -> float:
        if type(number) not in (int, float):
            raise self._error(node, SAID["noNumber"].format(number=shown(number)))
        try:
            return float(number)  # type: ignore[arg-type]  # one of the two by now
        except OverflowError:
            raise self._error(node, SAID["large"]) from None

    # --- errors -----------------------------------------------------------------------------------

    def _refuse(self, part: ast.AST, place: ast.expr | ast.keyword | int) -> ExpressionError:
        kind = type(part).__name__
        otherwise = f"this ({kind}) is not read here; {SAID['read']}"
        return self._error(place, INSTEAD.get(kind, otherwise))

    def _error(self, place: ast.expr | ast.keyword | int, said: str) -> ExpressionError:
        """The error with the text below it, and a caret under a node, or a column."""
        column = place if isinstance(place, int) else self._before(place.col_offset)
        start = max(0, min(column - _SHOWN // 2, len(self.text) - _SHOWN))
        shown = self.text[start : start + _SHOWN]
        before = "…" if start else ""
        after = "…" if start + _SHOWN < len(self.text) else ""
        caret = " " * (len(before) + column - start) + "^"
        return ExpressionError(f"{said}\n    {before}{shown}{after}\n    {caret}")

    def _before(self, size: int | None) -> int:
        """How many characters so many bytes of the text are (`ast` counts those of UTF-8)."""
        return len(self.text.encode()[:size].decode())

    def _after(self, node: ast.expr) -> int:
        """Where the operator behind a left operand stands."""
        end = self._before(node.end_col_offset)
        rest = self.text[end:]
        return end + len(rest) - len(rest.lstrip(" )"))
