"""The laws of an engine as little programs, and the mistakes that are known by their numbers.

They stand in ``laws.toml``; the functions of the op table have one each.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field

from autograd_lite.ops import TABLE, Op
from autograd_lite.view.page.page import read


@dataclass(frozen=True, eq=False)
class Example:
    """A program that makes Values, and known mistakes by gradients that they leave behind."""

    code: str
    mistakes: Mapping[str, Mapping[str, float | list[float]]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Law:
    """A sentence that holds for every engine, with examples, the smallest first."""

    name: str
    words: str
    examples: list[Example]
    raising: str = ""  # the mistake, if an example raises
    needed: bool = True  # else it is advice: engines are useful without


_FILE = tomllib.loads(read("laws.toml", "exercises"))
#: The way out of each mistake.
MISTAKES: dict[str, str] = _FILE["mistakes"]
_LAWS = [
    Law(**{**law, "examples": [Example(**each) for each in law["examples"]]})
    for law in _FILE["laws"]
]


def laws_for(kind: type) -> list[Law]:
    """The laws for a class, with one for each method that is named as a row of one argument."""
    rows = [row for row in TABLE.values() if row.public and row.arity == 1 and not row.attrs]
    functions = [_function(row) for row in rows if callable(getattr(kind, row.name, None))]
    ops = [law for law in _LAWS if "passes" not in law.name and law.needed]
    return [*ops, *functions, *(law for law in _LAWS if law not in ops)]


def _function(row: Op) -> Law:
    low, high = row.domain[0]
    examples = []
    for x in (low + 0.75 * (high - low), low + 0.25 * (high - low)):
        x = float(f"{x:.2g}")
        (right,) = row.partials_on_floats(row.on_floats(x), [x], [True])
        at_input = float((row.textbook_partials or row.partials)[0](x, x))
        known = {"wrong sign": -right} if right else {"flat part not flat": 1.0}
        known |= {"partial at the output's place": at_input, "partial missing": 1.0}
        code = f"a = Value({x})\nb = a.{row.name}()\nb.backward()"
        examples.append(Example(code, {name: {"a": grad} for name, grad in known.items()}))
    return Law(row.name, "Its derivative is that of the textbook.", examples)
