"""Programs in other languages; `language` is what these have in common."""

from autograd_lite.program.exports.array_code import to_jax, to_numpy, to_torch
from autograd_lite.program.exports.c_code import CSource, to_c
from autograd_lite.program.exports.javascript_code import to_javascript
from autograd_lite.program.exports.latex_text import to_latex
from autograd_lite.program.exports.onnx_graph import to_onnx
from autograd_lite.program.exports.python_code import to_python

__all__ = [
    "CSource", "to_c", "to_javascript", "to_jax", "to_latex", "to_numpy", "to_onnx", "to_python",
    "to_torch",
]  # fmt: skip
