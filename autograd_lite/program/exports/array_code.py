"""Programs as source over columns: the same lines for NumPy, JAX and PyTorch."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_lite.errors import ProgramError
from autograd_lite.ops.leaf import Leaf
from autograd_lite.program.code import Code
from autograd_lite.program.exports.language import Listing
from autograd_lite.program.exports.python_code import PythonLanguage, function_from, functions
from autograd_lite.writing.printer import Loose, Printer, tight


class ArrayLanguage(PythonLanguage):
    """NumPy's arrays of float64; the others' follow."""

    short = 1
    target, library = "to_numpy", "NumPy"
    head = "import math\n\nimport numpy as np"
    where = "np.where"
    column = "np.asarray(x, dtype=np.float64)"  # of an input
    shape = "np.broadcast_shapes"
    result = "np.array(np.broadcast_to(y, shape))"  # an output, in the common shape
    decorator = '@np.errstate(all="ignore")\n'
    before = ""  # the first lines of the function

    def choice(self, sign: str, x: str, y: str, yes: str, no: str) -> str:
        """For each row one of two."""
        return f"{self.where}({tight(x)} {sign} {tight(y)}, {yes}, {no})"

    def leaf(self, leaf: Leaf, args: Sequence[str]) -> str:
        """NumPy's function; where it has none, Python's for each row."""
        if self.names:
            return Printer.leaf(self, leaf, args)
        name = leaf.arrays.__name__
        if getattr(np, name, None) is leaf.arrays:
            return f"np.{name}({', '.join(args)})"
        return f"{self._elementwise(leaf, len(args))}({', '.join(args)})"

    def _elementwise(self, leaf: Leaf, count: int) -> str:
        name = f"each_{leaf.c}"
        if name not in self._taken:
            self._taken.add(name)
            each = f"np.frompyfunc({self.float_function(leaf)}, {count}, 1)"
            self.definitions.append(
                f"def {name}(*columns):\n    return np.asarray({each}(*columns), dtype=np.float64)"
            )
        return name

    def exported(self, program: Code) -> Callable[..., Any]:
        """The function, with its source."""
        listing = Listing(program)
        run = functions(listing, self, "run")
        written = "\n\n\n".join([*self.definitions, run])
        inputs = ", ".join(f"x{i}" for i in range(program.n_inputs))
        many = f"[{self.result} for y in ys]"
        source = f'''"""{listing.about}"""

{self.head}


{written}


{self.decorator}def program({inputs}):
{self.before.format(inputs=inputs)}    columns = [{self.column} for x in [{inputs}]]
    shape = {self.shape}(*[x.shape for x in columns])
    {"y" if program.single else "ys"} = run(*columns)
    return {self.result if program.single else many}
'''
        try:
            return function_from(source, self.target)
        except ImportError:
            said = f"{self.target} needs {self.library}; write pip install {self.names}"
            raise ImportError(said) from None


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


def to_numpy(program: Code) -> Callable[..., Any]:
    """A program as a function of columns, which needs nothing but NumPy.

    Parameters
    ----------
    program : Program

    Returns
    -------
    callable
        From arrays of one shape, or single numbers, to an array or a list of arrays. Its
        attribute `source` is a module of its own.
    """
    return ArrayLanguage().exported(program)


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
    function = JaxLanguage().exported(program)
    if function.__globals__["jnp"].result_type(float) != "float64":
        raise ProgramError(
            "JAX computes in float32 here and programs in float64; "
            'write jax.config.update("jax_enable_x64", True) before'
        )
    return function


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
    return TorchLanguage().exported(program)
