"""Random programs of all ops, to second order, against PyTorch, JAX, mpmath and SymPy.

A case is one program at one point: its value, gradient and Hessian, in one of the ways in which
this package finds them. Two numbers agree when they differ by at most 1e-12 of the sum of absolute
contributions: for a derivative Σ over all paths of |product of partial derivatives|
(`contributions`), for a value what a relative error of 1 in each step would contribute
(`rounding`). Every case that does not agree must have one of the reasons of `explanation`.

``make fuzz`` makes 100,000 cases for PyTorch, and as many for JAX.
"""

import math
from collections import Counter
from itertools import combinations_with_replacement

import libraries
import numpy as np
import pytest
from hypothesis import given, settings
from programs import ROWS, contributions, programs, rounding

import autograd_lite as ag
from autograd_lite import Value, gradient
from autograd_lite.engine import topological_order
from autograd_lite.graph import op_of
from autograd_lite.ops import TABLE
from autograd_lite.ops.rules import carry

TOLERANCE = 1e-12
TINY = 1e-150  # what is smaller counts as 0
STEP = 16 * 2.0**-53  # relative error of one step, in the error analysis of single cases: some ulp


# --- the ways to second derivatives: value, gradient and Hessian of f at x, in one list -----------


def units(x):
    return np.eye(len(x)).tolist()


def reverse_over_reverse(f, x):
    inputs = [Value(number) for number in x]
    first = gradient(f(inputs), inputs, create_graph=True)
    second = [gradient(slope, inputs) for slope in first]
    return [f(x), *[slope.data for slope in first], *[h for row in second for h in row]]


def forward_over_reverse(f, x):
    rows = [ag.jvp(ag.grad(f), (x,), (unit,)) for unit in units(x)]
    return [f(x), *rows[0][0], *[h for _, row in rows for h in row]]


def reverse_over_forward(f, x):
    along = [lambda x, unit=unit: ag.jvp(f, (x,), (unit,))[1] for unit in units(x)]
    rows = [ag.value_and_grad(slope)(x) for slope in along]
    return [f(x), *[slope for slope, _ in rows], *[h for _, row in rows for h in row]]


def forward_over_forward(f, x):
    along = [lambda x, unit=unit: ag.jvp(f, (x,), (unit,))[1] for unit in units(x)]
    rows = [[ag.jvp(slope, (x,), (unit,)) for unit in units(x)] for slope in along]
    return [f(x), *[row[0][0] for row in rows], *[h for row in rows for _, h in row]]


def hessian(f, x):
    value, slopes = ag.value_and_grad(f)(x)
    return [value, *slopes, *ag.hessian(f)(x).ravel()]


def products(f, x):
    value, slopes = ag.value_and_grad(f)(x)
    return [value, *slopes, *[h for unit in units(x) for h in ag.hvp(f)(x, unit)]]


WAYS = [
    reverse_over_reverse,
    forward_over_reverse,
    reverse_over_forward,
    forward_over_forward,
    hessian,
    products,
]


class Case:
    """A program at one point, in this package."""

    def __init__(self, program, point, way=reverse_over_reverse):
        self.program, self.point, self.way = program, point, way
        self.numbers = np.array(way(self.function, point), dtype=float)

    def function(self, x):
        """The program, of a list of floats or Values."""
        return self.program.run(x, lambda row, args: row(*_as_called(row, args)))[-1]

    def record(self):
        """Inputs, root and gradient as Values."""
        inputs = [Value(number) for number in self.point]
        root = self.program.run(inputs, Value._apply_op)[-1]
        return inputs, root, gradient(root, inputs, create_graph=True)

    def scale(self):
        """Sums of absolute contributions to each of the numbers."""
        inputs, root, first = self.record()
        sums = [size for output in (root, *first) for size in contributions(output, inputs)]
        return np.array([rounding(root), *sums])

    def rounding(self):
        """What a relative error of 1 in each step would contribute to each of the numbers."""
        inputs, root, first = self.record()
        second = [h for slope in first for h in gradient(slope, inputs, create_graph=True)]
        return np.array([rounding(output) for output in (root, *first, *second)])

    def __repr__(self):
        return f"{self.program!r}at {self.point}, {self.way.__name__}:\n{self.numbers.tolist()}"


def _as_called(row, args):
    return row.groups(args) if row.arity is None else args


def agree(mine, theirs, error):
    """Whether two lists of numbers are equal, or nearer than their `error()`."""
    with np.errstate(invalid="ignore"):
        same = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
        # An error is never smaller, and takes long to find.
        same |= abs(mine - theirs) <= np.maximum(STEP * abs(mine), TINY)
        if not same.all():
            same |= abs(mine - theirs) <= error()
    return bool(same.all())


# --- why a case may not agree ---------------------------------------------------------------------


def lead(numbers):
    """How far the largest number is from the next."""
    *_, second, first = [-math.inf, *sorted(numbers)]
    return first - second


def edges_of_norm(*xs, order):
    sizes = [abs(x) for x in xs]
    if order == math.inf:
        return [max(sizes), lead(sizes)]
    # |x|**3 has a kink in its second derivative, which differences see as their step
    return sizes if order % 2 else [max(sizes)]


# What is 0 where a row has a kink, a tie, a jump or no finite slope: docs/conventions.md says what
# its derivative is there, and other libraries have conventions of their own.
EDGES = {
    "relu leaky_relu elu absolute sign sqrt cbrt log log2 log10 reciprocal": lambda x, **_: [x],
    "floor ceil trunc": lambda x: [x - round(x)],
    "rint": lambda x: [x - math.floor(x) - 0.5],
    "sinc": lambda x: [x - round(x) if round(x) else 1.0],  # where theirs is a rounding off 0
    "remainder floor_divide": lambda x, y: [y, x / y - round(x / y) if y else 0.0],
    "maximum minimum less less_equal equal": lambda x, y: [x - y],
    "where": lambda condition, a, b: [condition],
    "clip": lambda x, low, high: [x - low, x - high, low - high],
    "max": lambda *xs: [lead(xs)],
    "min": lambda *xs: [lead([-x for x in xs])],
    "norm": edges_of_norm,
    "hypot": lambda x, y: [abs(x) + abs(y)],
    "arctan2": lambda y, x: [abs(x) + abs(y) if x >= 0 else y],
    "divide": lambda x, y: [y],
    "power": lambda x, y: [max(x, 0.0)],  # for x < 0 it has no slope in y
    "arcsin arccos arctanh": lambda x: [1 - abs(x)],
    "arccosh": lambda x: [x - 1],
    "log1p": lambda x: [x + 1],
}
EDGES = {name: distances for names, distances in EDGES.items() for name in names.split()}


def at_an_edge(case):
    """Whether some step lies at an edge, or nearer to one than rounding can tell."""
    _, root, _ = case.record()
    error = {}  # running error analysis, forwards
    for node in topological_order([root]):
        near = sum(error[parent] for parent in node.parents)
        if node.op in EDGES:
            distances = EDGES[node.op](*[p.data for p in node.parents], **op_of(node).attrs)
            if min(map(abs, distances)) <= near:
                return True
        slopes = zip(node.parents, node.local_grads, strict=True)
        passed_on = sum(carry(error[parent], abs(slope)) for parent, slope in slopes)
        error[node] = STEP * abs(node.data) + passed_on if node.op else 0.0
    return False


def explanation(case):
    """Why another library may have other numbers; "" if there is no reason.

    edge
        A step lies at a kink, tie, jump or pole, where derivatives are conventions.
    theirs is off
        This package agrees with exact arithmetic, so the other library has lost digits, or its rule
        does not hold there.
    ill-conditioned
        This package is off by no more than `STEP` in each step explains, to first order.
    """
    if at_an_edge(case):
        return "edge"
    true = libraries.exact(case.program, case.point)
    if true is None:
        return ""
    if agree(case.numbers, true, lambda: TOLERANCE * case.scale()):
        return "theirs is off"
    if agree(case.numbers, true, lambda: STEP * case.rounding()):
        return "ill-conditioned"
    return ""


@pytest.mark.parametrize(
    ("module", "library", "share", "points", "most_edges"),
    [
        ("torch", libraries.pytorch, 1, 20, 0.05),
        ("jax", libraries.jax, 2, 40, 0.05),  # compiles each function that it meets
        ("mpmath", libraries.mpmath, 1, 2, 0.15),  # knows no derivative at an edge
    ],
    ids=["PyTorch", "JAX", "mpmath"],
)
def test_programs_agree_to_second_order_with(module, library, share, points, most_edges):
    for needed in (module, "mpmath"):
        pytest.importorskip(needed, reason=f"{needed} is not installed (extra: oracle)")
    count, seen = Counter(), Counter()

    @settings(max_examples=settings.default.max_examples // share)
    @given(programs(points=points))
    def compare(program):
        seen.update(row.name for row, _ in program.steps)
        for k, theirs in enumerate(library(program).T):
            way = WAYS[(len(program.steps) + k) % len(WAYS)]
            case = Case(program, program.points[:, k].tolist(), way)
            n = len(case.point)
            count["nonzero gradients"] += bool(case.numbers[1 : 1 + n].any())
            count["nonzero Hessians"] += bool(case.numbers[1 + n :].any())
            if not agree(case.numbers, theirs, lambda case=case: TOLERANCE * case.scale()):
                reason = explanation(case)
                count[reason] += 1
                assert reason, f"{case!r}\n{module}:\n{theirs.tolist()}"
        count["cases"] += points

    compare()
    print(module, dict(count))
    cases = count["cases"]
    assert count["nonzero Hessians"] > 0.5 * cases
    assert count["edge"] < most_edges * cases
    # Where a program loses their digits, it often does so at all of its points; one may be of few.
    assert count["theirs is off"] + count["ill-conditioned"] < 0.05 * cases + points
    assert seen.total() < 3000 or set(seen) == {row.name for row in ROWS}


SMOOTH = [TABLE[name] for name in libraries.SMOOTH]


def test_expressions_have_the_derivatives_of_sympy_to_third_order():
    for needed in ("sympy", "mpmath"):
        pytest.importorskip(needed, reason=f"{needed} is not installed (extra: oracle)")
    count = Counter()

    @settings(max_examples=max(200, settings.default.max_examples // 5))
    @given(programs(SMOOTH, most_steps=5, most_inputs=2, points=1))
    def compare(program):
        case = Case(program, program.points[:, 0].tolist())
        inputs, root, _ = case.record()
        count["expressions"] += 1
        if at_an_edge(case):
            count["edge"] += 1
            return
        found = {(): root}
        for order in (1, 2, 3):
            for places in combinations_with_replacement(range(len(inputs)), order):
                before = gradient(found[places[:-1]], inputs, create_graph=True)
                found[places] = before[places[-1]]
        theirs = libraries.sympy(program, list(found))
        for (places, mine), true in zip(found.items(), theirs, strict=True):
            told = f"{case!r}\nby {places}: {mine.data}, in truth {true}"
            if not places:
                scale = rounding(mine)
            else:
                scale = contributions(found[places[:-1]], inputs)[places[-1]]
            if abs(mine.data - true) > TOLERANCE * scale:
                count["ill-conditioned"] += 1
                assert abs(mine.data - true) <= STEP * rounding(mine), told
            if len(set(places)) == 1:
                [i] = set(places)

                def along(t, i=i):
                    return case.function([*case.point[:i], t, *case.point[i + 1 :]])

                series = ag.derivative(along, len(places))(case.point[i])
                error = max(TOLERANCE * scale, STEP * rounding(mine))
                assert abs(series - true) <= error, f"{told}, by series {series}"

    compare()
    print("sympy", dict(count))
    assert count["edge"] < 0.1 * count["expressions"]
    assert count["ill-conditioned"] < 0.02 * count["expressions"]
