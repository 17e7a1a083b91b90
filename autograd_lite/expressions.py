"""Formulas written as text: read with a whitelist over `ast`, recorded as a graph.

Nothing is ever handed to ``eval``. Every kind of syntax that is not listed here is refused, with
the place shown and the way out named. A function is a public row of the op table, looked up by its
name, so a new row can be used in text at once.
"""

from __future__ import annotations

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

#: What to write in place of syntax that is refused.
INSTEAD: dict[type[ast.AST], str] = {
    ast.Compare: "a comparison has no derivative; write less(a, b), less_equal(a, b) or "
    "equal(a, b), which give 1 or 0",
    ast.IfExp: "if and else are not read here; write where(condition, a, b)",
    ast.BoolOp: "and, or are not read here; multiply conditions, or use where(condition, a, b)",
    ast.Not: "not is not read here; write 1 - condition",
    ast.BitXor: "^ is not a power in Python; write a**b",
    ast.MatMult: "@ is not read here; write dot([a, b], [x, y])",
    ast.Attribute: "a dot after a name is not read here; functions are called by their plain name, "
    "as in tanh(x)",
    ast.Subscript: "an index is not read here; give each number a name of its own, such as x0",
    ast.Starred: "* before an argument is not read here; write the arguments one by one",
    ast.keyword: "an argument with a name is not read here; give it by position, as in "
    "leaky_relu(x, 0.1)",
}
READ = (
    "an expression is made of names, numbers, + - * / ** % //, parentheses, [lists] and functions"
)


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
        uses = ", ".join(formula.used) or "no variable"
        raise ExpressionError(
            f"the expression does not use {', '.join(unused)}, but {uses}; leave out what it does "
            "not use"
        )
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
            raise ExpressionError("the expression is empty; write something like tanh(w*x + b)")
        if len(self.text) > MAX_LENGTH:
            raise ExpressionError(
                f"the expression has {len(self.text):,} characters and at most {MAX_LENGTH:,} are "
                "read; build it in Python from Values"
            )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # "invalid decimal literal": refused below anyway
                return ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            said = re.split("[.:] ", error.msg)[0]  # what follows is advice on Python
            column = min(max((error.offset or 1) - 1, 0), len(self.text))
            raise self._error(column, f"{said}; {READ}, and a product needs its *") from None
        except (RecursionError, MemoryError):
            raise ExpressionError(
                "the expression is nested too deeply to be read; use sum([...]) for a long sum, or "
                "build it in Python from Values"
            ) from None
        except ValueError as error:  # a NUL, or bytes that are no text
            raise ExpressionError(
                f"{shown(self.text)} is no text that can be read: {error}"
            ) from None

    def evaluate(self, variables: Mapping[str, Value]) -> Any:
        """The Value, or the float if no variable is involved."""
        results: dict[ast.expr, Any] = {}
        for node in order_by([self.tree], self._operands):
            operands = [results[child] for child in self._operands(node)]
            results[node] = self._apply(node, operands, variables)
        if isinstance(results[self.tree], list):
            said = "this is a list of numbers; write sum([...]) of it, or dot"
            raise self._error(self.tree, said)
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
            said = "a list is not a number here; only functions of many arguments take lists, as in"
            raise self._error(node, f"{said} sum([a, b])")
        fixed = operands[len(function.arguments) :] if isinstance(function, Op) else []
        if isinstance(function, Op) and function.attrs and any(isinstance(x, Value) for x in fixed):
            said = f"{', '.join(function.attrs)} of {function.name} is fixed: give a plain number"
            raise self._error(node, said)
        try:
            return function(*operands)
        except (TypeError, ValueError) as error:
            raise self._error(node, str(error)) from None

    def _function(self, name: str, node: ast.expr) -> Callable[..., Any]:
        if name not in FUNCTIONS:
            near = difflib.get_close_matches(name.lower(), _SPELLINGS, n=6, cutoff=0.0)
            *first, last = list(dict.fromkeys(_SPELLINGS[each] for each in near))[:3]
            said = f"there is no function {shown(name)}; did you mean {', '.join(first)} or {last}?"
            raise self._error(node, said)
        return FUNCTIONS[name]

    def _variable(self, name: str, variables: Mapping[str, Value], node: ast.expr) -> Value | float:
        if name in variables:
            self.used[name] = None
            return variables[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in FUNCTIONS:
            said = (
                f"{name} is a function; write {name}(...), or give a variable a value, {name}=1.0"
            )
        else:
            near = difflib.get_close_matches(name, variables, n=1)
            hint = f" (or did you mean {near[0]}?)" if near else ""
            said = f"{name} has no value; give it one, such as {name}=1.0{hint}"
        raise self._error(node, said)

    def _number(self, number: object, node: ast.expr) -> float:
        if type(number) not in (int, float):
            said = f"{shown(number)} is no real number; write one such as 2 or 0.5"
            raise self._error(node, said)
        try:
            return float(number)  # type: ignore[arg-type]  # one of the two by now
        except OverflowError:
            said = "this integer is larger than any float; write it as 1e308 or smaller"
            raise self._error(node, said) from None

    # --- errors -----------------------------------------------------------------------------------

    def _refuse(self, part: ast.AST, place: ast.expr | ast.keyword | int) -> ExpressionError:
        otherwise = f"this ({type(part).__name__}) is not read here; {READ}"
        return self._error(place, INSTEAD.get(type(part), otherwise))

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
