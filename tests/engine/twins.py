"""The same graph in both engines, made side by side and compared bit for bit."""

import math
import struct

import pytest
from foreign import product_row, total_row, weighted_row
from hypothesis import strategies as st

from autograd_lite.engine.python import chain_rule
from autograd_lite.engine.python import record as recording
from autograd_lite.engine.python import value as python
from autograd_lite.engine.python.chain_rule import tangents as python_tangents
from autograd_lite.engine.python.passes import adjoints as python_adjoints
from autograd_lite.engine.python.passes import topological_order as python_order
from autograd_lite.engine.python.second import hessian_products as python_products
from autograd_lite.ops import TABLE
from autograd_lite.ops.table import with_attrs

native = pytest.importorskip(
    "autograd_lite.engine.native", reason="the C engine is not compiled here", exc_type=ImportError
)

EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, math.inf, -math.inf, math.nan, 1e-310, 1e300, -1e300, 710.0]
NUMBERS = st.one_of(st.floats(-4, 4), st.floats(), st.sampled_from(EDGES))
VARIANTS = [
    with_attrs("leaky_relu", (("slope", 0.2),)),
    with_attrs("elu", (("alpha", 1.7),)),
    with_attrs("norm", (("order", 1.0),)),
    with_attrs("norm", (("order", 3.0),)),
    with_attrs("norm", (("order", math.inf),)),
]
ROWS = [*TABLE.values(), *VARIANTS]
FOREIGN = [product_row(), weighted_row(), total_row()]


def operators(row):
    """What value.py attaches to the Values of the engine that runs the rest of the suite."""

    def forward(*nodes):
        return python.Value._apply_op(row, nodes)

    return [f"__{row.operator}__", f"__r{row.operator}__"][: row.arity], [
        forward,
        lambda x, y: forward(y, x),
    ]


for _row in TABLE.values():
    if _row.operator:
        for _name, _function in zip(*operators(_row), strict=False):
            if not hasattr(python.Value, _name):
                setattr(python.Value, _name, _function)


def bits(x):
    return "nan" if x != x else struct.pack("<d", x)


class Twins:
    """The same graph in both engines."""

    def __init__(self):
        self.ours, self.theirs = [], []

    def leaf(self, number):
        self.ours.append(python.Value(number))
        self.theirs.append(native.Value(number))

    def constant(self, number):
        self.ours.append(python.constant(number))
        self.theirs.append(native.constant(number))

    def record(self, row, places):
        self.ours.append(recording.record(row, tuple([self.ours[i] for i in places])))
        self.theirs.append(native.record(row, tuple([self.theirs[i] for i in places])))

    def check(self):
        for i, (a, b) in enumerate(zip(self.ours, self.theirs, strict=True)):
            told = f"node {i}: {a.op} of {[p.data for p in a.parents]}"
            assert a.op == b.op
            assert a.constant is b.constant
            assert (bits(a.data), bits(a.grad)) == (bits(b.data), bits(b.grad)), told
            assert [*map(bits, a.local_grads)] == [*map(bits, b.local_grads)], told
        place_of = {
            id(node): i for nodes in (self.ours, self.theirs) for i, node in enumerate(nodes)
        }
        middle = len(self.ours) // 2
        for since, left_out in ((None, []), (None, [middle, middle // 2]), (middle // 2, [middle])):
            orders = [
                [
                    place_of[id(node)]
                    for node in order(
                        [nodes[-1], nodes[0]],
                        None if since is None else [nodes[since]],
                        without=[nodes[i] for i in left_out],
                    )
                ]
                for order, nodes in (
                    (python_order, self.ours),
                    (native.topological_order, self.theirs),
                )
            ]
            assert orders[0] == orders[1]

    def backward(self, seed=1.0):
        self.ours[-1].backward(seed)
        self.theirs[-1].backward(seed)

    def adjoints(self):
        """By all nodes, and by the later ones, beyond which no engine goes."""
        for first in (0, len(self.ours) // 2):
            ours, theirs = self.ours[first:], self.theirs[first:]
            found = python_adjoints(self.ours[-1], 1.0, ours)
            assert [*map(bits, found)] == [
                *map(bits, native.adjoints(self.theirs[-1], 1.0, theirs))
            ]

    def tangents(self, seeds):
        """Of all nodes: some of those that are moved depend on others."""
        for first in (0, len(self.ours) // 2):
            ours, theirs, some = self.ours[first:], self.theirs[first:], seeds[first:]
            found = python_tangents(self.ours, ours[::2], some[::2])
            assert [*map(bits, found)] == [
                *map(bits, native.tangents(self.theirs, theirs[::2], some[::2]))
            ]

    def hessian_products(self, *directions):
        """Of the last node, by all nodes, so that some of them depend on others."""
        found = python_products(self.ours[-1], self.ours, [*directions])
        theirs = native.hessian_products(self.theirs[-1], self.theirs, [*directions])
        assert [[*map(bits, row)] for row in found] == [[*map(bits, row)] for row in theirs]

    def swept_in(self, sweep, numbers, seeds, *others):
        """The chain rule in both engines; `seeds` and `others` are made for the nodes of each."""
        found = []
        for engine, module in ((self.ours, chain_rule), (self.theirs, native)):
            leaves = [x for x in engine if not x.op]
            order = (python_order if module is chain_rule else native.topological_order)(engine)
            nodes = module.dependent(order, leaves)
            given = [other(engine, nodes) for other in (numbers, seeds, *others)]
            swept = getattr(module, sweep)(given[0], nodes, *given[1:])
            found.append([swept.get(node, 0.0) for node in engine])
        return found

    def check_same(self, ours, theirs):
        """Numbers, or Values with the same graphs above them: node for node, bit for bit."""
        assert [type(x) is python.Value for x in ours] == [type(x) is native.Value for x in theirs]
        recorded = [[x for x in xs if hasattr(x, "op")] for xs in (ours, theirs)]
        orders = python_order(recorded[0]), native.topological_order(recorded[1])
        places = [{node: i for i, node in enumerate(order)} for order in orders]
        for a, b in zip(*orders, strict=True):
            assert (a.op, a.constant, bits(a.data)) == (b.op, b.constant, bits(b.data))
            assert [*map(bits, a.local_grads)] == [*map(bits, b.local_grads)]
            assert [places[0][p] for p in a.parents] == [places[1][p] for p in b.parents]
        for a, b in zip((*self.ours, *ours), (*self.theirs, *theirs), strict=True):
            assert places[0].get(a) == places[1].get(b)
        plain = [[bits(x) for x in xs if not hasattr(x, "op")] for xs in (ours, theirs)]
        assert plain[0] == plain[1]
        return recorded

    def refresh(self, number):
        for nodes in (self.ours, self.theirs):
            for node in nodes:
                if not node.op and not node.constant:
                    node.data = number
            nodes[-1].refresh()


def a_number_of_arguments(row, choose):
    if row.arity is not None:
        return row.arity
    return len(row.vectors) * choose([1, 2, 3, 5, 20]) + len(row.scalars)


@st.composite
def programs(draw, rows=ROWS):
    """Random graphs of all ops: shared parents, constants, any number of arguments, nan and inf."""
    twins = Twins()
    for number in draw(st.lists(NUMBERS, min_size=1, max_size=4)):
        twins.leaf(number)
    for number in draw(st.lists(NUMBERS, max_size=2)):
        twins.constant(number)
    for _ in range(draw(st.integers(1, 12))):
        row = draw(st.sampled_from(rows))
        n = a_number_of_arguments(row, lambda some: draw(st.sampled_from(some)))
        twins.record(row, [draw(st.integers(0, len(twins.ours) - 1)) for _ in range(n)])
    return twins
