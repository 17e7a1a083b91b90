"""Formulas and derivatives as a reader wants them: LaTeX, and where a gradient comes from."""

from autograd_lite.explanations.documentation import documentation
from autograd_lite.explanations.explanation import Explanation, Explanations, explain
from autograd_lite.explanations.paths import Path
from autograd_lite.explanations.typesetting import latex

__all__ = ["Explanation", "Explanations", "Path", "documentation", "explain", "latex"]
