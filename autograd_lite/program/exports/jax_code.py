"""Programs as functions of JAX, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_lite.errors import ProgramError
from autograd_lite.program.code import Code
from autograd_lite.program.exports.array_code import ArrayLanguage
from autograd_lite.writing.printer import Loose, tight


class JaxLanguage(ArrayLanguage):
    """JAX's arrays: NumPy's names, and SciPy's for what NumPy lacks."""

    target, library, names = "to_jax", "JAX", "jax"
    head = "import math\n\nimport jax.numpy as jnp\nimport jax.scipy.special"
    where = "jnp.where"
    column = "jnp.asarray(x, dtype=jnp.float64)"
    shape = "jnp.broadcast_shapes"
    result = "jnp.broadcast_to(jnp.asarray(y, dtype=jnp.float64), shape)"
    decorator = ""

    def operation(self, sign: str, x: str, y: str) -> str:
        """A step that XLA computes as it is, and not as if numbers were real.

        Else it takes ``x + 0.0`` for x, ``(x + a) - b`` for ``x + (a - b)`` and so on.
        """
        if sign == "+" and "0.0" in (x, y):
            return Loose(f"0.0 - (-{tight(y if x == '0.0' else x)})")
        return f"jax.lax.optimization_barrier({super().operation(sign, x, y)})"


def to_jax(program: Code) -> Callable[..., Any]:
    """A program as a function of JAX arrays, for `jax.jit`, `jax.grad` and `jax.vmap`.

    Parameters
    ----------
    program : Program

    Returns
    -------
    callable
        As that of `to_numpy`, over JAX's arrays of float64. JAX takes subnormal numbers for 0, and
        its derivatives are its own: a branch not taken may turn them to nan where ours do not.

    Raises
    ------
    ImportError
        If JAX is not installed.
    ProgramError
        If JAX has not been told to compute in float64.
    """
    try:
        import jax
        import jax.numpy
        import jax.scipy.special
    except ImportError:
        raise ImportError("to_jax needs JAX; write pip install jax") from None
    if jax.numpy.result_type(float) != "float64":
        raise ProgramError(
            "JAX computes in float32 here and programs in float64; "
            'write jax.config.update("jax_enable_x64", True) before'
        )
    return JaxLanguage().exported(program)
