"""Formulas as MathML, which browsers draw themselves: no scripts, no fonts, no other host."""

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

#: Commands and environments that the converter does not know, in others.
_INSTEAD = {r"\lvert": "|", r"\rvert": "|", r"\lVert": r"\|", r"\rVert": r"\|"}
_INSTEAD |= {"{aligned}": "{split}"}


def mathml(latex: str, display: str) -> str:
    """A formula as an element of HTML, with its LaTeX for those who copy it or hear it."""
    for command, other in _INSTEAD.items():
        latex = latex.replace(command, other)
    found = re.sub(r"\s+", " ", convert(latex.strip(), display=display))
    # as Chromium takes it
    return re.sub(r'columnalign="(\w+)"', r'style="text-align: \1"', found)


def _inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def _block(translator: Any, node: nodes.math_block) -> None:
    formula = mathml(node.astext(), "block")
    translator.body.append(f'<div class="formula" role="group" tabindex="0">{formula}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Make this Sphinx's way to write formulas."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
