"""Programs as functions of PyTorch, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_lite.program.code import Code
from autograd_lite.program.exports.array_code import ArrayLanguage


class TorchLanguage(ArrayLanguage):
    """PyTorch's tensors; numbers are tensors, too, since many of its functions take no floats."""

    target, library, names = "to_torch", "PyTorch", "torch"
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

    def __init__(self) -> None:
        super().__init__()
        self._numbers: dict[str, str] = {}

    def number(self, number: float) -> str:
        """A tensor of no dimensions."""
        text = super().number(number)
        name = self._numbers.get(text)
        if name is None:
            name = self._numbers[text] = f"k{len(self._numbers)}"
            made = f"torch.tensor({text}, dtype=torch.float64, device='cpu')"
            self.definitions.append(f"{name} = {made}")
        return name


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
        import torch  # noqa: F401
    except ImportError:
        raise ImportError("to_torch needs PyTorch; write pip install torch") from None
    return TorchLanguage().exported(program)
