"""Programs as Python: straight lines of source, which stand on `math` alone."""

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd_lite.ops import ieee
from autograd_lite.ops.languages import record_of
from autograd_lite.ops.leaf import Leaf
from autograd_lite.program.code import Code
from autograd_lite.program.exports.language import Language, Listing
from autograd_lite.writing.printer import Loose, tight


class PythonLanguage(Language):
    """Plain floats; it raises where Python does."""

    nan, inf = "math.nan", "math.inf"
    short = 5
    stands_alone = True  # functions of ours are copied rather than imported

    def choice(self, sign: str, x: str, y: str, yes: str, no: str) -> str:
        """One of two things, by a comparison of two others."""
        return Loose(f"{tight(yes)} if {tight(x)} {sign} {tight(y)} else {tight(no)}")

    def definition(self, name: str, parameters: Sequence[str], text: str) -> str:
        """A function that gives one expression."""
        return _function(name, parameters, [f"return {text}"])

    def leaf(self, leaf: Leaf, args: Sequence[str]) -> str:
        """A function of `math`, or one of `ops/ieee.py` by its source."""
        return f"{self.float_function(leaf)}({', '.join(args)})"

    def float_function(self, leaf: Leaf) -> str:
        """The name of a leaf's function of floats."""
        if getattr(math, leaf.c, None) is leaf.floats:
            return f"math.{leaf.c}"
        return self.copied(leaf.floats)

    def copied(self, function: Callable[..., Any]) -> str:
        """The name of a function whose own source is among the definitions."""
        name = function.__name__
        if name not in self._taken:
            self._taken.add(name)
            text = f"from {function.__module__} import {name}"
            if self.stands_alone:
                try:
                    text = inspect.getsource(function).rstrip()
                except OSError:  # a program that was packed holds bytecode alone
                    text = f"# Needs autograd_lite, whose source is not here to copy.\n{text}"
            self.definitions.append(text)
        return name


class CarefulLanguage(PythonLanguage):
    """Plain floats by IEEE-754: functions in place of what raises."""

    prefix = "ieee_op_"

    def operation(self, sign: str, x: str, y: str) -> str:
        """Only a division raises."""
        if sign != "/":
            return super().operation(sign, x, y)
        return f"{self.copied(ieee.divide)}({x}, {y})"

    def leaf(self, leaf: Leaf, args: Sequence[str]) -> str:
        """A function that catches what the fast one raises."""
        name = f"ieee_{leaf.c}"
        if name not in self._taken:
            self._taken.add(name)
            given = ", ".join(["x", "y", "z"][: len(args)])
            self.definitions.append(
                f"def {name}({given}):\n    try:\n"
                f"        return {self.float_function(leaf)}({given})\n"
                "    except (OverflowError, ValueError) as error:\n"
                f"        return {record_of(leaf).raises}"
            )
        return f"{name}({', '.join(args)})"


def functions(listing: Listing, language: Language, name: str) -> str:
    """The source of a function of a program's inputs, without the language's definitions.

    A program of several parts becomes several functions, which hand registers on in a list.
    """
    inputs = [f"x{i}" for i in range(listing.program.n_inputs)]
    written = listing.written(language, "x")
    texts = []
    body = written.parts[0][1]  # of a single part: its parameters are the inputs
    if len(written.parts) > 1:
        body = [f"x, kept = ({', '.join([*inputs, ''])}), [None] * {written.n_kept}"]
        for k, (loads, lines) in enumerate(written.parts, 1):
            texts.append(_function(f"{name}_{k}", ["x", "kept"], [*loads, *lines]))
            body.append(f"{name}_{k}(x, kept)")
    listed = ", ".join(written.outputs)
    body.append(f"return {listed if listing.program.single else f'[{listed}]'}")
    return "\n\n\n".join([*texts, _function(name, inputs, body)])


def _function(name: str, parameters: Sequence[str], lines: Sequence[str]) -> str:
    return "\n".join([f"def {name}({', '.join(parameters)}):", *[f"    {line}" for line in lines]])


def function_from(source: str, name: str) -> Callable[..., Any]:
    """The function of that name in a source, which it holds as ``source``."""
    namespace: dict[str, Any] = {"__name__": f"autograd_lite {name}"}
    exec(compile(source, f"<{name}>", "exec"), namespace)
    function: Callable[..., Any] = namespace["program"]
    vars(function)["source"] = source
    return function


def written_in(language: PythonLanguage, program: Code) -> Callable[..., Any]:
    """A program as a function of floats, which raises where that language does."""
    language.stands_alone = False  # applications that are frozen have no source to copy
    run = functions(Listing(program), language, "program")
    return function_from("\n\n\n".join(["import math", *language.definitions, run]), "program")


def to_python(program: Code) -> Callable[..., Any]:
    """A program as a Python function that needs nothing but Python.

    Parameters
    ----------
    program : Program

    Returns
    -------
    callable
        From floats to a float or a list of them, with exactly the bits of the program. Its
        attribute `source` is a module of its own, which imports `math` alone; where this package is
        without its source, as in packed programs, it may import this package, too, and says so.
    """
    listing = Listing(program)
    language, careful_language = PythonLanguage(), CarefulLanguage()
    careful_language.share(language)
    fast = functions(listing, language, "run_fast")
    careful = functions(listing, careful_language, "run_ieee")
    text = "\n\n\n".join([*language.definitions, fast, careful])
    inputs = [f"x{i}" for i in range(program.n_inputs)]
    floats = "".join(f"float({x}), " for x in inputs)
    source = f'''"""{listing.about}"""

import math


{text}


def program({", ".join(inputs)}):
    inputs = ({floats})
    try:
        return run_fast(*inputs)
    except (ZeroDivisionError, OverflowError, ValueError):
        return run_ieee(*inputs)
'''
    return function_from(source, "to_python")
