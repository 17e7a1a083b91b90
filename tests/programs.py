"""Random programs over the rows of the table, and how far rounding may carry their derivatives."""

import numpy as np
from hypothesis import strategies as st

from autograd_lite import gradient
from autograd_lite.engine import topological_order
from autograd_lite.ops import TABLE, SequenceOp
from autograd_lite.ops.rules import carry
from autograd_lite.ops.table import with_attrs

VARIANTS = [
    with_attrs("leaky_relu", (("slope", 0.2),)),
    with_attrs("elu", (("alpha", 1.7),)),
    with_attrs("norm", (("order", 1.0),)),
    with_attrs("norm", (("order", 3.0),)),
    with_attrs("norm", (("order", float("inf")),)),
]
ROWS = [row for row in TABLE.values() if row.public] + VARIANTS
CONSTANTS = [0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -0.3, 1.7]
HIGHEST = 1e4  # of a number inside a program
DEEPEST = 30


class Program:
    """A straight line of ops: nodes are the inputs, then one per step; the last step is the root.

    An argument of a step is a node's place (int) or a constant (float). There is one column of
    `points` per case.
    """

    def __init__(self, points):
        self.points = points
        self.steps = []

    def run(self, inputs, apply, constant=float):
        """All nodes in some number system; `apply(row, arguments)` does one step."""
        nodes = list(inputs)
        for row, places in self.steps:
            nodes.append(apply(row, [nodes[a] if type(a) is int else constant(a) for a in places]))
        return nodes

    def end_at(self, root):
        """Leave out the steps on which a node does not depend."""
        first = len(self.points)
        used = {root}
        for k in range(root, first - 1, -1):
            if k in used:
                used.update(a for a in self.steps[k - first][1] if type(a) is int)
        kept = [*range(first), *[k for k in range(first, root + 1) if k in used]]
        place = {old: new for new, old in enumerate(kept)}
        self.steps = [
            (row, [place[a] if type(a) is int else a for a in places])
            for row, places in (self.steps[k - first] for k in kept[first:])
        ]

    def __repr__(self):
        """Python that records the program: what is needed to repeat a failure."""
        lines = []
        for k, (row, places) in enumerate(self.steps, len(self.points)):
            args = [f"v{a}" if type(a) is int else repr(a) for a in places]
            if isinstance(row, SequenceOp):
                groups = row.groups(args)
                args = [f"[{', '.join(g)}]" if isinstance(g, list) else g for g in groups]
            args += [f"{name}={value!r}" for name, value in row.attrs.items()]
            lines.append(f"v{k} = ag.{row.name}({', '.join(args)})".replace("=inf", "=math.inf"))
        return "\n" + "\n".join(lines) + "\n"


def _has_slope(row):
    """Whether the row has a derivative other than 0 somewhere inside its domain."""
    rng = np.random.default_rng(7)
    domain = row.domain if row.arity else row.domain * 3
    for _ in range(5):
        numbers = [rng.uniform(low, high) for low, high in domain]
        if any(row.partials_on_floats(row.on_floats(*numbers), numbers, [True] * len(numbers))):
            return True
    return False


SLOPED = {row: _has_slope(row) for row in ROWS}


def _in_domain(numbers, interval):
    return bool(np.all((interval[0] <= numbers) & (numbers <= interval[1])))


@st.composite
def programs(draw, rows=ROWS, most_steps=DEEPEST, most_inputs=3, points=20):
    """Random programs for hypothesis, see `random_program`."""
    length = draw(st.integers(1, most_steps))
    # All else from one seed: of a program that fails hypothesis tries the first steps alone.
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return random_program(rng, length, rows, most_inputs, points)


def random_program(rng, length, rows=ROWS, most_inputs=3, points=20):
    """A program of all ops whose numbers stay below `HIGHEST` at every point.

    Each step takes the newest node, so that the program is as deep as it is long, and any others:
    shared nodes, inputs, constants. A step that would leave the numbers at some point is tried once
    more with its arguments brought into the row's domain by a sine. A row whose derivative is 0
    everywhere never stands between the inputs and the root; others may use its result.
    """
    shape = (int(rng.integers(1, most_inputs + 1)), points)
    # One number in eight is a small integer: zeros, ties and the edges of domains are frequent.
    whole = rng.integers(0, 8, shape) == 0
    inputs = np.where(whole, rng.integers(-2, 3, shape), 2.0 * rng.standard_normal(shape))
    program = Program(inputs)
    values = list(inputs)
    newest = int(rng.integers(0, len(values)))

    def step(row, places):
        arguments = [values[a] if type(a) is int else np.full(points, a) for a in places]
        with np.errstate(all="ignore"):
            value = row.expand(arguments) + np.zeros(points)
        if not _in_domain(value, (-HIGHEST, HIGHEST)):
            return False
        program.steps.append((row, places))
        values.append(value)
        return True

    def tamed(place, interval):
        """A place whose numbers lie in the interval."""
        low, high = interval
        half, middle = (high - low) / 2, (high + low) / 2
        if type(place) is float:
            return place if low <= place <= high else middle
        if _in_domain(values[place], interval):
            return place
        step(TABLE["sin"], [place])
        step(TABLE["multiply"], [len(values) - 1, half])
        step(TABLE["add"], [len(values) - 1, middle])
        return len(values) - 1

    while len(program.steps) < length:
        row = rows[rng.integers(len(rows))]
        arity = row.arity
        if arity is None:
            arity = len(row.vectors) * int(rng.choice([1, 2, 3, 5])) + len(row.scalars)
        places = [
            float(rng.choice(CONSTANTS)) if rng.integers(5) == 0 else int(rng.integers(len(values)))
            for _ in range(arity)
        ]
        places[rng.integers(arity)] = newest
        if not step(row, places):
            domain = row.domain if row.arity else row.domain * arity
            places = [tamed(a, interval) for a, interval in zip(places, domain, strict=True)]
            assert step(row, places), (row, places)
        if SLOPED[row]:
            newest = len(values) - 1
    program.end_at(newest)
    return program


# --- how far rounding may carry a number ----------------------------------------------------------


def contributions(output, inputs):
    """For each input the sum, over all paths to the output, of |product of partial derivatives|.

    The reverse sweep with absolute values: the derivative itself is the same sum with signs. For a
    second derivative the output is a gradient, recorded with ``create_graph``.
    """
    order = topological_order([output])
    size = dict.fromkeys([*order, *inputs], 0.0)
    size[output] = 1.0
    for node in reversed(order):
        if size[node] and node.op:
            for parent, partial in zip(node.parents, node.local_grads, strict=True):
                size[parent] += carry(size[node], abs(partial))
    return [size[node] for node in inputs]


def rounding(output):
    """First-order bound on the relative roundings of all steps: Σ |∂output/∂v · v| over steps v.

    If every step has a relative error of at most u, the output is off by at most u times this, to
    first order (running error analysis: Higham, Accuracy and Stability of Numerical Algorithms,
    section 3.3; by adjoints: Griewank & Walther, Evaluating Derivatives, section 3.4). Where local
    derivatives are steps of the graph, as in a recorded gradient, it tells how
    rounded numbers change them, too.
    """
    steps = [node for node in topological_order([output]) if node.op]
    return sum(
        carry(abs(slope), abs(node.data))
        for slope, node in zip(gradient(output, steps), steps, strict=True)
    )
