"""Programs as functions of PyTorch, in float64."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd_lite.ops.leaf import Leaf
from autograd_lite.program.code import Code
from autograd_lite.program.exports.array_code import ArrayLanguage

#: Where PyTorch's name is not the C library's.
_NAMES = {"fabs": "abs"}
#: Where PyTorch's own gives nan for quotients beyond the largest number: by multiples of y first.
_WRITTEN = {
    "fmod": "torch.fmod(torch.fmod(torch.fmod({0}, ({1}) * 2.0**500 * 2.0**600), "
    "({1}) * 2.0**500), {1})"
}


class TorchLanguage(ArrayLanguage):
    """PyTorch's tensors; numbers are tensors, too, since many of its functions take no floats."""

    target, library = "to_torch", "PyTorch"
    head = "import math\n\nimport torch"
    where = "torch.where"
    column = (
        "x.double() if isinstance(x, torch.Tensor) "
        "else torch.as_tensor(x, dtype=torch.float64, device=home)"
    )
    shape = "torch.broadcast_shapes"
    result = "torch.broadcast_to(y, shape).to(home, copy=True)"
    decorator = ""
    before = """\
    given = [x for x in [{inputs}] if isinstance(x, torch.Tensor)]
    # where numbers and constants go: to the columns, else to tensors of no dimensions
    home = max(given, key=torch.Tensor.dim, default=torch.empty(0)).device
"""
    poor = frozenset(["sinh", "cosh"])  # inf from where e**x is, 0.7 below their own limit

    def __init__(self, torch: Any) -> None:
        super().__init__()
        self._torch = torch
        self._numbers: dict[str, str] = {}

    def number(self, number: float) -> str:
        """A tensor of no dimensions."""
        text = super().number(number)
        name = self._numbers.get(text)
        if name is None:
            name = self._numbers[text] = f"k{len(self._numbers)}"
            self.definitions.append(
                f"{name} = torch.tensor({text}, dtype=torch.float64, device='cpu')"
            )
        return name

    def call(self, leaf: Leaf, args: Sequence[str]) -> str:
        """PyTorch's function, or one out of others."""
        if leaf.c in _WRITTEN:
            return _WRITTEN[leaf.c].format(*args)
        name = _NAMES.get(leaf.c, leaf.c)
        if hasattr(self._torch, name) and leaf.c not in self.poor:
            return f"torch.{name}({', '.join(args)})"
        return self.composed(leaf, args)


def to_torch(program: Code) -> Callable[..., Any]:
    """A program as a function of PyTorch tensors, which PyTorch can differentiate.

    Parameters
    ----------
    program : Program

    Returns
    -------
    callable
        As that of `to_numpy`, over tensors of float64. Their derivatives are PyTorch's, as they
        are JAX's with `to_jax`.

    Raises
    ------
    ImportError
        If PyTorch is not installed.
    """
    try:
        import torch
    except ImportError:
        raise ImportError("to_torch needs PyTorch; write pip install torch") from None
    return TorchLanguage(torch).exported(program)
