"""The table's rows in PyTorch, JAX, mpmath and SymPy, and the derivatives these find of programs.

A library's function has the row's name where nothing else is said here.
"""

import math
from functools import partial
from itertools import combinations

import numpy as np

from autograd_lite.ops import SequenceOp

INPUTS = 3  # of a program, at most


def _call(functions, module, stack):
    """`apply` for `Program.run`: many arguments are stacked along a new first axis."""

    def apply(row, args):
        function = functions.get(row.name) or getattr(module, row.name)
        if isinstance(row, SequenceOp):
            groups = row.groups(args)
            args = [stack(g) if isinstance(g, list) else g for g in groups]
        return function(*args, **row.attrs)

    return apply


def _blocks(points):
    """The points once per input and side by side, so that block i may hold row i of the Hessian.

    Filled up to `INPUTS` inputs: JAX compiles each of its functions for every shape.
    """
    filled = np.zeros((INPUTS, points.shape[1]))
    filled[: len(points)] = points
    return np.tile(filled, INPUTS)


def _numbers(shape, *parts):
    """Value, gradient and Hessian as rows of one array, a column per case, from their blocks."""
    n, cases = shape
    value, first, second = (np.reshape(part, (-1, INPUTS, cases)) for part in parts)
    hessian = second[:n, :n].transpose(1, 0, 2).reshape(n * n, cases)
    return np.concatenate([value[:, 0], first[:n, 0], hessian])


def pytorch(program):
    """Value, gradient and Hessian by reverse over reverse mode, at all points at once."""
    import torch

    f = torch.nn.functional
    functions = {
        "less": lambda x, y: (x < y) * 1.0,
        "less_equal": lambda x, y: (x <= y) * 1.0,
        "equal": lambda x, y: (x == y) * 1.0,
        "where": lambda condition, a, b: torch.where(condition != 0, a, b),
        "power": torch.pow,
        "clip": torch.clamp,
        "rint": torch.round,
        "floor_divide": partial(torch.div, rounding_mode="floor"),
        "degrees": torch.rad2deg,
        "radians": torch.deg2rad,
        "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3),
        "softplus": partial(f.softplus, threshold=700),  # 20 unless told, and 1e-9 off
        "silu": f.silu,
        # its own is 0 below -8.3, where the sign of the number still turns an angle
        "gelu": lambda x: x * torch.special.erfc(x / -math.sqrt(2.0)) / 2.0,
        "leaky_relu": lambda x, slope: f.leaky_relu(x, slope),
        "elu": lambda x, alpha: f.elu(x, alpha),
        "sum": partial(torch.sum, dim=0),
        "mean": partial(torch.mean, dim=0),
        "prod": partial(torch.prod, dim=0),
        "max": partial(torch.amax, dim=0),
        "min": partial(torch.amin, dim=0),
        "logsumexp": partial(torch.logsumexp, dim=0),
        "norm": lambda xs, order: torch.linalg.vector_norm(xs, order, dim=0),
        "dot": lambda ws, xs, bias: (ws * xs).sum(0) + bias,
        "stop_gradient": lambda x: x.detach(),
    }
    blocks = _blocks(program.points)
    inputs = [torch.tensor(row, requires_grad=True) for row in blocks]
    value = program.run(
        inputs[: len(program.points)],
        _call(functions, torch, torch.stack),
        partial(torch.full_like, inputs[0]),
    )[-1]

    def grad(output):
        if not output.requires_grad:
            return [torch.zeros_like(x) for x in inputs]
        return torch.autograd.grad(
            output, inputs, create_graph=True, allow_unused=True, materialize_grads=True
        )

    first = grad(value.sum())
    cases = program.points.shape[1]
    second = grad(sum(g[i * cases : (i + 1) * cases].sum() for i, g in enumerate(first)))
    # Some zeros are tensors without memory, which crash in `numpy(force=True)`.
    zeros = torch.zeros(blocks.shape[1], dtype=torch.float64)
    parts = [[(zeros + x.detach()).numpy() for x in part] for part in ([value], first, second)]
    return _numbers(program.points.shape, *parts)


def jax(program):
    """Value, gradient and Hessian by forward over reverse mode, at all points at once."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    # Most of the time goes into compiling single operations.
    jax.config.update("jax_disable_most_optimizations", True)
    functions = {
        "less": lambda x, y: (x < y) * 1.0,
        "less_equal": lambda x, y: (x <= y) * 1.0,
        "equal": lambda x, y: (x == y) * 1.0,
        "where": lambda condition, a, b: jnp.where(condition != 0, a, b),
        "erf": jax.scipy.special.erf,
        "erfc": jax.scipy.special.erfc,
        "relu": jax.nn.relu,
        "sigmoid": jax.nn.sigmoid,
        "softplus": jax.nn.softplus,
        "silu": jax.nn.silu,
        "gelu": partial(jax.nn.gelu, approximate=False),
        "leaky_relu": lambda x, slope: jax.nn.leaky_relu(x, slope),
        "elu": lambda x, alpha: jax.nn.elu(x, alpha),
        "sum": partial(jnp.sum, axis=0),
        "mean": partial(jnp.mean, axis=0),
        "prod": partial(jnp.prod, axis=0),
        "max": partial(jnp.max, axis=0),
        "min": partial(jnp.min, axis=0),
        "logsumexp": partial(jax.scipy.special.logsumexp, axis=0),
        "norm": lambda xs, order: jnp.linalg.norm(xs, order, axis=0),
        "dot": lambda ws, xs, bias: (ws * xs).sum(0) + bias,
        "stop_gradient": jax.lax.stop_gradient,
    }
    blocks = _blocks(program.points)
    apply = _call(functions, jnp, jnp.stack)

    def root(inputs):
        value = program.run(
            inputs[: len(program.points)], apply, partial(jnp.full, blocks.shape[1])
        )[-1]
        return value.sum(), value

    tangents = np.kron(np.eye(INPUTS), np.ones(program.points.shape[1]))
    (first, value), (second, _) = jax.jvp(
        jax.grad(root, has_aux=True), (list(blocks),), (list(tangents),)
    )
    return _numbers(program.points.shape, [value], first, second)


def _formulas(m):
    """The rows as formulas over a module that has mpmath's names: mpmath itself, or SymPy."""
    return {
        "add": lambda x, y: x + y,
        "subtract": lambda x, y: x - y,
        "multiply": lambda x, y: x * y,
        "divide": lambda x, y: x / y,
        "negative": lambda x: -x,
        "power": lambda x, y: x**y,
        "reciprocal": lambda x: 1 / x,
        "square": lambda x: x * x,
        "exp2": lambda x: 2**x,
        "expm1": lambda x: m.exp(x) - 1,
        "log2": lambda x: m.log(x) / m.log(2),
        "log10": lambda x: m.log(x) / m.log(10),
        "log1p": lambda x: m.log(1 + x),
        "logaddexp": lambda x, y: m.log(m.exp(x) + m.exp(y)),
        "arcsin": m.asin,
        "arccos": m.acos,
        "arctan": m.atan,
        "arctan2": m.atan2,
        "hypot": lambda x, y: m.sqrt(x * x + y * y),
        "arcsinh": m.asinh,
        "arccosh": m.acosh,
        "arctanh": m.atanh,
        "sigmoid": lambda x: 1 / (1 + m.exp(-x)),
        "softplus": lambda x: m.log(1 + m.exp(x)),
        "silu": lambda x: x / (1 + m.exp(-x)),
        "gelu": lambda x: x * m.erfc(-x / m.sqrt(2)) / 2,
        "sum": lambda xs: sum(xs),
        "mean": lambda xs: sum(xs) / len(xs),
        "prod": lambda xs: math.prod(xs),
        "logsumexp": lambda xs: m.log(sum(m.exp(x) for x in xs)),
        "dot": lambda ws, xs, bias: bias + sum(w * x for w, x in zip(ws, xs, strict=True)),
    }


def _norm(xs, order):
    if order == math.inf:
        return max(map(abs, xs))
    total = sum(abs(x) ** order for x in xs)
    return total ** (1 / type(total)(order)) if total else total


def exact(program, point):
    """Value, gradient and Hessian from values alone, to some 100 digits; None if not real.

    Central differences with steps of 1e-100 in numbers of 400 digits: no rule of differentiation is
    used. They mean nothing at a kink, and below 1e-150 they may be the error of the method.
    """
    from mpmath import mp, mpc

    functions = {
        **_formulas(mp),
        "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
        "less": lambda x, y: mp.mpf(x < y),
        "less_equal": lambda x, y: mp.mpf(x <= y),
        "equal": lambda x, y: mp.mpf(x == y),
        "where": lambda condition, a, b: a if condition else b,
        "trunc": lambda x: mp.sign(x) * mp.floor(abs(x)),
        "rint": mp.nint,
        "remainder": lambda x, y: x - y * mp.floor(x / y),
        "floor_divide": lambda x, y: mp.floor(x / y),
        "rad2deg": mp.degrees,
        "deg2rad": mp.radians,
        "sinc": mp.sincpi,
        "absolute": abs,
        "maximum": max,
        "minimum": min,
        "clip": lambda x, low, high: min(max(x, low), high),
        "relu": lambda x: max(x, mp.mpf(0)),
        "leaky_relu": lambda x, slope: x if x > 0 else mp.mpf(slope) * x,
        "elu": lambda x, alpha: x if x > 0 else mp.mpf(alpha) * (mp.exp(x) - 1),
        "max": max,
        "min": min,
        "norm": _norm,
    }

    def run(inputs, frozen=()):
        """All nodes; one whose gradient is stopped has its number in `frozen`, if there is one."""
        stopped = iter(frozen)
        functions["stop_gradient"] = lambda x: next(stopped, x)
        return program.run(inputs, _call(functions, mp, list), mp.mpf)

    with mp.workdps(400):
        x, h = [mp.mpf(number) for number in point], mp.mpf(10) ** -100
        n = len(x)

        def moved(*steps):
            """The root with input i moved by k steps, for each pair (i, k)."""
            place = list(x)
            for i, k in steps:
                place[i] += k * h
            return run(place, frozen)[-1]

        try:
            nodes = run(x)
            ops = [row.name for row, _ in program.steps]
            frozen = [v for name, v in zip(ops, nodes[n:], strict=True) if name == "stop_gradient"]
            value = nodes[-1]
            ends = [(moved((i, 1)), moved((i, -1))) for i in range(n)]
            first = [(up - down) / (2 * h) for up, down in ends]
            second = {(i, i): (up - 2 * value + down) / h**2 for i, (up, down) in enumerate(ends)}
            for i, j in combinations(range(n), 2):
                corners = [a * b * moved((i, a), (j, b)) for a in (1, -1) for b in (1, -1)]
                second[i, j] = second[j, i] = sum(corners) / (4 * h**2)
        except (ZeroDivisionError, ValueError, TypeError):  # a pole, or < of complex numbers
            return None
        found = [value, *first, *[second[place] for place in sorted(second)]]
        if any(isinstance(number, mpc) for number in found):
            return None
        return np.array([float(number) for number in found])


def mpmath(program):
    """Value, gradient and Hessian by `exact` at all points; nan where they are not real."""
    columns = [exact(program, point) for point in program.points.T.tolist()]
    n = len(program.points)
    return np.array([np.full(1 + n + n * n, np.nan) if c is None else c for c in columns]).T


#: What `sympy` differentiates: rows whose formula has derivatives of all orders.
SMOOTH = """
    add subtract multiply divide negative power reciprocal square exp exp2 expm1 log log2 log10
    log1p logaddexp sqrt sin cos tan arcsin arccos arctan arctan2 hypot sinh cosh tanh arcsinh
    arccosh arctanh erf erfc sigmoid softplus silu gelu sum mean prod logsumexp dot
""".split()  # noqa: SIM905 - reads as a list of names does


def sympy(program, wanted):
    """Derivatives of any order at the first point: formulas by SymPy, numbers to 50 digits.

    `wanted` are the places of the inputs to differentiate by, as in (0, 0, 1), after (), (0,) and
    (0, 0).
    """
    import mpmath
    import sympy

    names = sympy.symbols(f"x:{len(program.points)}")
    apply = _call(_formulas(sympy), sympy, list)
    formulas = {(): program.run(names, apply, sympy.Rational)[-1]}
    for places in wanted:
        if places:
            formulas[places] = formulas[places[:-1]].diff(names[places[-1]])
    function = sympy.lambdify(names, list(formulas.values()), modules="mpmath", cse=True)
    with mpmath.workdps(50):
        numbers = function(*[mpmath.mpf(x) for x in program.points[:, 0].tolist()])
        return np.array([float(mpmath.re(number)) for number in numbers])
