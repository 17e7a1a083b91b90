"""Rules of the table as text: a language says how it writes numbers, operators and functions.

A row's forward rule is called on `Text`; what comes back is the expression that it would evaluate.
So no language knows an op: only + - * /, the C library's functions (`Leaf`), and choice.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from autograd_lite.ops import Op, SequenceOp
from autograd_lite.ops.leaf import Leaf
from autograd_lite.writing.statements import bare
from autograd_lite.writing.symbols import Arithmetic

#: The text of a leaf that is no function of the C library: a comparison, and what it chooses.
CHOICE = re.compile(r"(\S+) (<|<=|==|!=|>=|>) (\S+) \? (\S+) : (\S+)")
#: An expression with more steps than this goes on in the next statement: parsers and compilers
#: descend into expressions, so a sum of a thousand terms must not be one.
_LONG = 16


class Text(Arithmetic):
    """An expression in a language.

    Attributes
    ----------
    language : Language
    text : str
        In parentheses where it needs them.
    steps : int
    condition : str
        The comparison whose truth it is, as 1.0 or 0.0; ``""`` if it is none.
    """

    __slots__ = ("condition", "language", "steps", "text")

    def __init__(self, language: Language, text: str, steps: int = 0, condition: str = "") -> None:
        self.language, self.text, self.steps, self.condition = language, text, steps, condition

    def _arithmetic(self, sign: str, x: Any, y: Any) -> Text:
        x, y = self.language.text(x), self.language.text(y)
        text = self.language.operation(sign, x.text, y.text)
        return Text(self.language, text, x.steps + y.steps + 1)

    def __neg__(self) -> Text:
        return Text(self.language, f"(-{self.text})", self.steps + 1)

    @staticmethod
    def _apply_op(row: Op, args: Sequence[Any]) -> Text:
        [language, *_] = [arg.language for arg in args if isinstance(arg, Text)]
        return language.applied(row, [language.text(arg) for arg in args])


class Texts:
    """A vector of expressions, over which a rule goes with `fold` and `each`."""

    __slots__ = ("elements", "language")

    def __init__(self, language: Language, elements: Sequence[Text]) -> None:
        self.language, self.elements = language, elements

    @staticmethod
    def _fold(step: Callable[..., Any], vectors: Sequence[Texts], start: Any) -> Any:
        language, total = vectors[0].language, start
        for elements in zip(*[vector.elements for vector in vectors], strict=True):
            total = elements[0] if total is None else step(total, *elements)
            if total.steps > _LONG:
                total = language.named(total)
        return total

    @staticmethod
    def _each(rule: Callable[..., Any], vectors: Sequence[Texts]) -> Texts:
        columns = zip(*[vector.elements for vector in vectors], strict=True)
        return Texts(vectors[0].language, [rule(*elements) for elements in columns])

    @staticmethod
    def _count(vector: Texts) -> float:
        return float(len(vector.elements))


class Language:
    """How something is written; this is Python's way.

    Attributes
    ----------
    short : int
        A rule of at most so many steps is a statement in place, a longer one calls a function.
    prefix : str
        Of the names of these functions.
    end : str
        Of a statement.
    nan, inf : str
        How these are written.
    definitions : list of str
        What has to stand before the statements, in order.
    lines : list of str
        Statements, as they are written.
    """

    short = 1
    prefix = "op_"
    end = ""
    nan, inf = "math.nan", "math.inf"

    def __init__(self) -> None:
        self.definitions: list[str] = []
        self.lines: list[str] = []
        self._rules: dict[Op, Text] = {}
        self._calls: dict[Op, str] = {}
        self._statements: dict[Op, str] = {}
        self._functions: dict[tuple[str, ...], str] = {}
        self._names: set[str] = set()
        self._target, self._parts = "", 0

    # --- what languages differ in -----------------------------------------------------------------

    def number(self, number: float) -> str:
        """A number, exactly."""
        if math.isfinite(number):
            return repr(number)
        return self.nan if number != number else f"{'-' * (number < 0.0)}{self.inf}"

    def operation(self, sign: str, x: str, y: str) -> str:
        """One of + - * / between two things."""
        return f"({x} {sign} {y})"

    def choice(self, condition: str, yes: str, no: str) -> str:
        """One of two things, where a comparison holds and where not."""
        return f"({yes} if {condition} else {no})"

    def call(self, leaf: Leaf, args: Sequence[str]) -> str:
        """A function of the C library."""
        raise NotImplementedError

    def definition(self, name: str, parameters: Sequence[str], text: str) -> str:
        """A function that gives one expression."""
        return f"def {name}({', '.join(parameters)}):\n    return {text}"

    def assignment(self, name: str, text: str) -> str:
        """A statement."""
        return f"{name} = {text}"

    # --- what they have in common -----------------------------------------------------------------

    def text(self, thing: Any) -> Text:
        """An expression, or a plain number as one."""
        if isinstance(thing, Text):
            return thing
        number = self.number(float(thing))
        return Text(self, f"({number})" if number.startswith("-") else number)

    def applied(self, row: Op, args: Sequence[Text]) -> Text:
        """A row of fixed arity: in place if it is one step and repeats no long argument."""
        if isinstance(row.forward, Leaf):
            return self._leaf(row.forward, args)
        rule, texts = self._rule(row), [arg.text for arg in args]
        steps = sum(arg.steps for arg in args) + 1
        repeats = any(arg.steps and rule.text.count(f"{{{i}}}") > 1 for i, arg in enumerate(args))
        if rule.steps > 1 or repeats:
            return Text(self, self._call(row).format(*map(bare, texts)), steps)
        return Text(self, rule.text.format(*texts), steps)

    def _leaf(self, leaf: Leaf, args: Sequence[Text]) -> Text:
        steps = sum(arg.steps for arg in args) + 1
        match = CHOICE.fullmatch(leaf.text)
        if match is None:
            return Text(self, self.call(leaf, [bare(arg.text) for arg in args]), steps)
        left, right, yes, no = (self._part(match[k], args) for k in (1, 3, 4, 5))
        condition = f"{left.text} {match[2]} {right.text}"
        if left.condition and (match[2], match[3]) == ("!=", "0.0"):
            condition = left.condition
        truth = condition if (match[4], match[5]) == ("1.0", "0.0") else ""
        return Text(self, self.choice(condition, yes.text, no.text), steps, truth)

    def _part(self, part: str, args: Sequence[Text]) -> Text:
        return args[int(part[1:]) - 1] if part.startswith("#") else self.text(float(part))

    def _rule(self, row: Op) -> Text:
        """A row's forward rule, with ``{0}``, ``{1}`` … for the arguments."""
        if row not in self._rules:
            assert row.arity is not None
            holes = [Text(self, f"{{{i}}}") for i in range(row.arity)]
            self._rules[row] = self._evaluated(row, holes)
        return self._rules[row]

    def _evaluated(self, row: Op, args: Sequence[Text]) -> Text:
        if isinstance(row.forward, Leaf):
            return self._leaf(row.forward, args)
        return self.text(row.forward(*args))

    def _call(self, row: Op) -> str:
        """The call of a function for a row, which is defined here unless an equal one is."""
        if row not in self._calls:
            rule = bare(self._evaluated(row, [Text(self, x) for x in row.arguments]).text)
            key = (*row.arguments, rule)
            if key not in self._functions:
                name = self._functions[key] = self.free_name(self.prefix + row.name)
                self.definitions.append(self.definition(name, row.arguments, rule))
            holes = ", ".join(f"{{{i}}}" for i in range(len(row.arguments)))
            self._calls[row] = f"{self._functions[key]}({holes})"
        return self._calls[row]

    def share(self, other: Language) -> None:
        """Have the definitions of another language for one's own."""
        self.definitions, self._names = other.definitions, other._names
        self._functions = other._functions

    def free_name(self, wanted: str) -> str:
        """This name, or with a number after it where it is taken."""
        name, k = wanted, 1
        while name in self._names:
            k += 1
            name = f"{wanted}_{k}"
        self._names.add(name)
        return name

    def named(self, text: Text) -> Text:
        """An expression put into a variable of its own."""
        self._parts += 1
        name = f"{self._target}_{self._parts}"
        self.lines.append(self.assignment(name, bare(text.text)))
        return Text(self, name)

    def write(self, name: str, row: Op, args: Sequence[str]) -> None:
        """Append the statements that put a row of some arguments into a variable."""
        if isinstance(row, SequenceOp):
            self._target, self._parts = name, 0
            groups = row.groups([Text(self, arg) for arg in args])
            given = [Texts(self, group) if type(group) is list else group for group in groups]
            text = bare(self.text(row.forward(*given)).text)
        elif "0.0" in args and self._rule(row).steps <= self.short:
            # not by a template, as a language may write it in another way
            text = bare(self._evaluated(row, [Text(self, arg) for arg in args]).text)
        else:
            if row not in self._statements:
                rule = self._rule(row)
                is_short = rule.steps <= self.short
                self._statements[row] = bare(rule.text) if is_short else self._call(row)
            text = self._statements[row].format(*args)
        self.lines.append(self.assignment(name, text))
