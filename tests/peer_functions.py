"""PyTorch's and JAX's function for every row that has one there, and their derivatives.

Functions over sequences take their arguments one by one. PyTorch's derivatives are taken in
reverse, JAX's forward.
"""

import importlib

import numpy as np


def torch_functions(torch):
    f = torch.nn.functional

    def over(reduce, **options):
        return lambda *xs: reduce(torch.stack(xs), dim=0, **options)

    def dot(*args):
        half = len(args) // 2
        return args[-1] + (torch.stack(args[:half]) * torch.stack(args[half:-1])).sum(dim=0)

    def take(*args):
        places = torch.floor(args[-1]).long() % (len(args) - 1)
        return torch.stack(args[:-1]).gather(0, places.unsqueeze(0)).squeeze(0)

    return {
        "absolute": torch.abs, "reciprocal": torch.reciprocal, "square": torch.square,
        "negative": torch.neg, "exp": torch.exp, "exp2": torch.exp2, "expm1": torch.expm1,
        "log": torch.log, "log2": torch.log2, "log10": torch.log10, "log1p": torch.log1p,
        "sqrt": torch.sqrt, "sin": torch.sin, "cos": torch.cos, "tan": torch.tan,
        "arcsin": torch.asin, "arccos": torch.acos, "arctan": torch.atan, "sinh": torch.sinh,
        "cosh": torch.cosh, "tanh": torch.tanh, "arcsinh": torch.asinh, "arccosh": torch.acosh,
        "arctanh": torch.atanh, "erf": torch.erf, "erfc": torch.erfc, "sign": torch.sign,
        "floor": torch.floor, "ceil": torch.ceil, "trunc": torch.trunc,
        "rint": torch.round, "remainder": torch.remainder, "degrees": torch.rad2deg,
        "rad2deg": torch.rad2deg, "radians": torch.deg2rad,
        "deg2rad": torch.deg2rad, "sinc": torch.sinc,
        "relu": torch.relu, "sigmoid": torch.sigmoid,
        "softplus": f.softplus,
        "silu": f.silu, "gelu": f.gelu, "elu": f.elu, "leaky_relu": f.leaky_relu,
        "add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div,
        "power": torch.pow, "maximum": torch.maximum, "minimum": torch.minimum,
        "hypot": torch.hypot, "arctan2": torch.atan2, "logaddexp": torch.logaddexp,
        "clip": torch.clamp, "where": lambda c, a, b: torch.where(c != 0, a, b),
        "sum": over(torch.sum), "mean": over(torch.mean), "prod": over(torch.prod),
        "max": over(torch.amax), "min": over(torch.amin), "logsumexp": over(torch.logsumexp),
        "norm": over(torch.linalg.vector_norm), "dot": dot, "take": take,
    }  # fmt: skip


def jax_functions(jax):
    np, nn, special = jax.numpy, jax.nn, jax.scipy.special

    def over(reduce):
        return lambda *xs: reduce(np.stack(xs), axis=0)

    def dot(*args):
        half = len(args) // 2
        return args[-1] + (np.stack(args[:half]) * np.stack(args[half:-1])).sum(axis=0)

    def take(*args):
        places = np.floor(args[-1]).astype(int) % (len(args) - 1)
        return np.take_along_axis(np.stack(args[:-1]), places[None], axis=0)[0]

    names = """absolute reciprocal square negative exp exp2 expm1 log log2 log10 log1p sqrt cbrt sin
        cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh sign floor ceil
        trunc rint remainder floor_divide degrees rad2deg radians deg2rad sinc add
        subtract multiply divide power maximum minimum hypot arctan2 logaddexp clip"""
    return {
        **{name: getattr(np, name) for name in names.split()},
        "erf": special.erf, "erfc": special.erfc, "relu": nn.relu, "sigmoid": nn.sigmoid,
        "softplus": nn.softplus, "silu": nn.silu, "elu": nn.elu, "leaky_relu": nn.leaky_relu,
        "gelu": lambda x: nn.gelu(x, approximate=False),
        "where": lambda c, a, b: np.where(c != 0, a, b),
        "sum": over(np.sum), "mean": over(np.mean), "prod": over(np.prod), "max": over(np.max),
        "min": over(np.min), "logsumexp": over(special.logsumexp), "norm": over(np.linalg.norm),
        "dot": dot, "take": take,
    }  # fmt: skip


def in_float64(jax):
    """JAX, told to compute in float64."""
    jax.config.update("jax_enable_x64", True)
    importlib.import_module("jax.scipy.special")
    return jax


def torch_derivatives(torch, function, columns):
    """From argument numbers, as in `exact.derivatives`, to the column of results."""
    xs = [torch.tensor(column, dtype=torch.float64, requires_grad=True) for column in columns]

    def slopes(y):
        if not y.requires_grad:
            return [torch.zeros_like(x) for x in xs]
        options = {"retain_graph": True, "create_graph": True, "materialize_grads": True}
        return torch.autograd.grad(y.sum(), xs, **options)

    out = function(*xs)
    found = {(): out}
    for i, first in enumerate(slopes(out)):
        found[i,] = first
        found.update({(i, j): second for j, second in enumerate(slopes(first)) if j >= i})
    zero = torch.zeros_like(out.detach())  # gives the zeros that PyTorch only notes a place
    return {wrt: (column.detach() + zero).tolist() for wrt, column in found.items()}


def jax_derivatives(jax, function, columns):
    """The same by JAX."""
    count = len(columns)

    def slope(f, i):
        def sloped(*xs):
            tangents = [(jax.numpy.ones_like if k == i else jax.numpy.zeros_like)(x)
                        for k, x in enumerate(xs)]  # fmt: skip
            return jax.jvp(f, xs, tuple(tangents))[1]

        return sloped

    def every(*xs):
        found = {(): function(*xs)}
        for i in range(count):
            found[i,] = slope(function, i)(*xs)
            found.update({(i, j): slope(slope(function, i), j)(*xs) for j in range(i, count)})
        return found

    arrays = [np.array(column) for column in columns]
    return {wrt: np.asarray(column).tolist() for wrt, column in jax.jit(every)(*arrays).items()}
