"""A compiled derivative has the bits of the eager one, of any order and in any mode."""

import math
import random
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import VARIANTS, programs

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.ops import TABLE, SequenceOp

EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -2.0, 3.0]
DIRECTION = [0.3, -1.1, 0.7, 1.3, -0.2]


def bits(found):
    """Of every number in a structure; all that are nan count as equal."""
    return [struct.pack("d", math.nan if x != x else x) for x in np.ravel(found).tolist()]


def outcome(function, *args):
    """The bits of a result, or what was raised."""
    try:
        return bits(function(*args))
    except TypeError as error:
        return str(error)


def on_vectors(f, n):
    """Transforms of a function of n numbers in a list."""
    v = DIRECTION[:n]
    return {
        "grad": ag.grad(f),
        "hessian": ag.hessian(f),
        "hvp": lambda x: ag.hvp(f)(x, v),
        "hvp along the point": lambda x: ag.hvp(f)(x, x),
        "jvp of grad": lambda x: ag.jvp(ag.grad(f), (x,), (v,))[1],
        "jacobian of grad": ag.jacobian(ag.grad(f)),
        "grad of hvp": ag.grad(lambda x: ag.dot(ag.hvp(f)(x, v), v)),
        "hessian of hessian": ag.hessian(lambda x: ag.sum(list(ag.hessian(f)(x).ravel()))),
    }


def on_numbers(f):
    """Transforms of a function of one number."""
    orders = {f"derivative {n}": ag.derivative(f, n) for n in (1, 2, 3, 4)}
    return {**orders, "taylor": lambda t: ag.taylor(f, t, 4)}


def differing(f, numbers):
    """The transforms whose compiled form has other bits, with both results."""
    slopes = [1.0, 0.5, -0.25, 2.0, 1.0][: len(numbers)]

    def line(t):
        return f([t * slope + x for slope, x in zip(slopes, numbers, strict=True)])

    cases = [(n, T, numbers) for n, T in on_vectors(f, len(numbers)).items()]
    cases += [(n, T, 0.25) for n, T in on_numbers(line).items()]
    found = [(n, outcome(T, at), outcome(ag.compile(T), at)) for n, T, at in cases]
    return [case for case in found if case[1] != case[2]]


def test_the_example():
    def cube(x):
        return x * x * x

    assert ag.compile(ag.hessian(cube))(0.1) == ag.hessian(cube)(0.1)
    assert ag.compile(ag.hvp(cube), check=True)(0.1, 1.0) == ag.hvp(cube)(0.1, 1.0)


@pytest.mark.no_cover
@pytest.mark.parametrize("row", [*TABLE.values(), *VARIANTS], ids=repr)
def test_every_row(row):
    """Inside of its domain and at edges; alone, and with its result used twice."""
    choose = random.Random(row.name)
    many = isinstance(row, SequenceOp)
    n = 2 * len(row.vectors) + len(row.scalars) if many else row.arity
    domain = row.domain * (n if many else 1)
    inside, edges = [choose.uniform(*d) for d in domain], [choose.choice(EDGES) for _ in domain]
    for numbers, shared in ((inside, True), (edges, False)):

        def f(v, shared=shared):
            out = Value._apply_op(row, list(v))
            return out * v[0] * out if shared else out

        assert not differing(f, numbers), numbers


@settings(max_examples=20)
@given(programs(most_steps=8, points=1), st.booleans())
def test_random_programs(program, doubled):
    """Of all rows, with constants and shared parents."""

    def f(v):
        out = program.run(list(v), Value._apply_op)[-1]
        return out * out if doubled else out

    assert not differing(f, [float(x) for x in program.points[:, 0]])


def test_a_structure_and_several_arguments():
    def f(x, y):
        return ag.tanh(x["a"] * y) * x["b"][0] / y + ag.norm([x["a"], y])

    x, v = {"a": 0.7, "b": [1.3]}, ({"a": 1.0, "b": [0.5]}, -2.0)
    eager = ag.hvp(f, argnums=(0, 1))(x, 0.3, v)
    assert ag.compile(ag.hvp(f, argnums=(0, 1)))(x, 0.3, v) == eager
    blocks, compiled = (
        g(x, 0.3) for g in (ag.hessian(f, (0, 1)), ag.compile(ag.hessian(f, (0, 1))))
    )
    for mine, other in zip(blocks, compiled, strict=True):
        assert [bits(block) for block in mine] == [bits(block) for block in other]


def test_a_users_partial_may_ask_whether_a_number_is_zero():
    row = ag.custom_op("third_power", lambda x: x**3, lambda out, x: 3.0 * out / x if x else 0.0)
    x = Value(0.0)
    [found] = ag.hvp(lambda v: row(v[0]))([x], [1.0])
    assert (found.data, ag.hessian(row)(0.0), ag.hessian(row)(2.0)) == (0.0, 0.0, 12.0)
