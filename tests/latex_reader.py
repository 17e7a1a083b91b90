"""Reads the LaTeX of `ag.latex` back into numbers, to see that it says what was computed."""

import math
import re

TOKEN = re.compile(
    r"\\operatorname\{\w+\}|\\left\s*.|\\right\s*.|\\[A-Za-z]+|\\.|[0-9.]+|[A-Za-z]|\S"
)
FUNCTIONS = {
    r"\tanh": math.tanh, r"\sin": math.sin, r"\cos": math.cos, r"\arctan": math.atan,
    r"\operatorname{sech}": lambda x: 1 / math.cosh(x) if abs(x) < 700 else 0.0,
    r"\ln": lambda x: math.log(x) if x > 0 else math.nan,
}  # fmt: skip


class Reader:
    """A reader of one formula, which knows the usual precedences and nothing of autograd_lite."""

    def __init__(self, text, names):
        self.tokens, self.at, self.names = [*TOKEN.findall(text), ""], 0, names

    def peek(self):
        return self.tokens[self.at]

    def next(self, expected=None):
        token = self.tokens[self.at]
        assert expected in (None, token), f"{token!r} in place of {expected!r}: {self.tokens}"
        self.at += 1
        return token

    def whole(self):
        value = self.sum()
        assert self.peek() == "", f"left over: {self.tokens[self.at :]}"
        return value

    def sum(self):
        value = -self.product() if self.peek() == "-" and self.next() else self.product()
        while self.peek() in ("+", "-"):
            value = value + self.product() if self.next() == "+" else value - self.product()
        return value

    def product(self):
        value = self.power()
        while self.peek() == r"\cdot":
            self.next()
            value = value * self.power()
        return value

    def power(self):
        base = self.atom()
        if self.peek() != "^":
            return base
        self.next()
        exponent = self.group()
        assert self.peek() != "^", "a double superscript"
        try:
            power = base**exponent
        except (OverflowError, ZeroDivisionError):
            return math.nan
        return power if isinstance(power, float) else math.nan

    def group(self):
        self.next("{")
        value = self.sum()
        self.next("}")
        return value

    def atom(self):
        if self.peek() == "{":
            return self.group()
        token = self.next()
        if token == r"\left(":
            value = self.sum()
            self.next(r"\right)")
            return value
        if token == r"\frac":
            above, below = self.group(), self.group()
            return above / below if below else math.nan
        if token == r"\infty":
            return math.inf
        if token in FUNCTIONS:
            assert self.peek() == r"\left("
            return FUNCTIONS[token](self.atom())
        if token[0].isdigit():
            return float(token)
        name = token
        while self.peek() in ("_", "^"):  # an index; a number in brackets tells names apart
            mark = self.tokens[self.at : self.at + 3]
            if mark[0] == "^" and mark[2] != "(":
                break
            while self.peek() != "}":
                name += self.next()
            name += self.next()
        return self.names[name]


def without_spaces(name):
    return "".join(TOKEN.findall(name))


def lines(text):
    """The lines of an aligned environment as (name, formula); one line without a name otherwise."""
    if not text.startswith(r"\begin{aligned}"):
        name, _, formula = text.rpartition(" = ")
        return [(name, formula)]
    inner = text.removeprefix("\\begin{aligned}\n").removesuffix("\n\\end{aligned}")
    return [tuple(line.split(" &= ")) for line in inner.split(" \\\\\n")]


def read(text, names):
    """The number that a page of formulas says its first line is."""
    known = {without_spaces(name): value for name, value in names.items()}
    for name, formula in reversed(lines(text)):
        value = Reader(formula, known).whole()
        known[without_spaces(name)] = value
    return value
