"""Random programs, each from its seed, computed in several ways that have to agree.

The laws are those of `tests/engine/test_agreement.py`, `tests/program/jit/test_machine_code.py` and
`tests/program/test_program_oracles.py`. A law raises what it found; it counts in `seen` what can
be explained.
"""

import math
import random
from collections import Counter

import numpy as np
from programs import random_program

import autograd_lite as ag

DEEPEST = 8  # steps of a program for machine code, for which LLVM takes most of the time
LONGEST = 12  # steps of one that runs once in each engine


def rng_of(part: str, seed: int) -> np.random.Generator:
    """The generator of one draw: another for every part."""
    return np.random.default_rng([seed, *part.encode()])


def twins_of(choose: random.Random):
    """A random graph in both engines: edges, nan, inf, shared parents, any number of arguments."""
    from twins import EDGES, ROWS, Twins, a_number_of_arguments

    def number():
        return choose.choice(EDGES) if choose.random() < 0.3 else choose.gauss(0.0, 2.0)

    twins = Twins()
    for _ in range(choose.randint(1, 4)):
        twins.leaf(number())
    for _ in range(choose.randint(0, 2)):
        twins.constant(number())
    for _ in range(choose.randint(1, LONGEST)):
        row, count = choose.choice(ROWS), len(twins.ours)
        n = a_number_of_arguments(row, choose.choice)
        # The newest node is taken most often, so that the graph is deep.
        twins.record(
            row, [count - 1 if choose.random() < 0.4 else choose.randrange(count) for _ in range(n)]
        )
    return twins, [number() for _ in range(4)]


def engines(seed: int, seen: Counter[str]) -> None:
    """One graph in the Python engine, in C, and as a program of the machine: equal bits.

    Numbers, partials, orders, adjoints, tangents, sums of passes, second derivatives of some; then a
    program of the gradient at the recorded point and, beside a refreshed graph, at another.
    """
    choose = random.Random(seed)
    twins, (first, second, other, third) = twins_of(choose)
    twins.check()
    twins.adjoints()
    twins.tangents([first + k for k, _ in enumerate(twins.ours)])
    if seed % 4 == 0:  # a quarter of the time otherwise
        twins.hessian_products([choose.choice([0.0, 1.0, -0.5]) for _ in twins.ours])
    twins.backward(first)
    twins.backward()
    twins.refresh(second)
    twins.check()
    seen["steps"] += sum(bool(node.op) for node in twins.theirs)

    inputs = [node for node in twins.theirs if not node.op and not node.constant]
    numbers = [twins.theirs[-1], *ag.gradient(twins.theirs[-1], inputs, create_graph=True)]
    program = ag.freeze(numbers, inputs)
    point = [node.data for node in inputs]
    for moved in (point, [other, third, first, second][: len(inputs)]):
        for node, number in zip(inputs, moved, strict=True):
            node.data = number
        for node in numbers:
            node.refresh()
        found = program.run(np.array(moved))
        assert bits(found) == bits([node.data for node in numbers]), (
            f"the machine has {found.tolist()} at {moved}, the graph {[n.data for n in numbers]}"
        )


def bits(numbers) -> bytes:
    """To compare: every nan is one."""
    array = np.array(numbers, dtype=float)
    array[np.isnan(array)] = math.nan
    return array.tobytes()


def jit(first: int, seen: Counter[str], pack: int = 1) -> None:
    """Random programs and their gradients in one piece of machine code: the interpreter's bits."""
    from autograd_lite.program.jit import machine_code

    inputs, found, columns = [], [], []
    for seed in range(first, first + pack):
        rng = rng_of("jit", seed)
        drawn = random_program(rng, int(rng.integers(1, DEEPEST + 1)), points=20)
        leaves = [ag.Value(0.5) for _ in drawn.points]
        root = drawn.run(leaves, lambda row, args: ag.Value._apply_op(row, args))[-1]
        inputs += leaves
        found += [root, *ag.gradient(root, leaves, create_graph=True)]
        columns += [*drawn.points]
        seen["steps"] += len(drawn.steps)
    interpreted = ag.freeze(found, inputs)
    compiled = interpreted.changed()
    machine = compiled.runner.machine
    machine_code.install_once(compiled, machine)
    machine_code.install_rows(compiled, machine, bytes(compiled.n_inputs), False)
    for row in [*np.array(columns).T[:5].copy(), np.zeros(len(inputs))]:
        assert bits(interpreted.run(row)) == bits(compiled.run(row)), f"one run at {row.tolist()}"
    one, two = (np.array(program.map(*columns)) for program in (interpreted, compiled))
    wrong = [k for k in range(len(one)) if bits(one[k]) != bits(two[k])]
    assert not wrong, f"rows: outputs {wrong[:5]} of {interpreted}"


def beside(library: str, seed: int, seen: Counter[str], points: int = 2) -> None:
    """Value, gradient and Hessian as another library has them, or a reason why not."""
    import libraries
    from test_program_oracles import TOLERANCE, WAYS, Case, agree, explanation

    rng = rng_of(library, seed)
    program = random_program(rng, int(rng.integers(1, 13)), points=points)
    for k, theirs in enumerate(getattr(libraries, library)(program).T):
        way = WAYS[(len(program.steps) + k + seed) % len(WAYS)]
        case = Case(program, program.points[:, k].tolist(), way)
        seen["cases"] += 1
        if not agree(case.numbers, theirs, lambda case=case: TOLERANCE * case.scale()):
            reason = explanation(case)
            assert reason, f"{case!r}\n{library}:\n{theirs.tolist()}"
            seen[reason] += 1


def pytorch(seed: int, seen: Counter[str]) -> None:
    """Beside PyTorch, reverse over reverse."""
    beside("pytorch", seed, seen)


def jax(seed: int, seen: Counter[str]) -> None:
    """Beside JAX, forward over reverse, op by op."""
    beside("jax", seed, seen)
