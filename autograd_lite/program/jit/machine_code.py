"""Programs as machine code, which LLVM makes for the machine in C (the extra `jit`).

A program is cut into functions of some hundred steps, as compilers take more than linear time for
one. What crosses a border goes through memory: the slots of a single run, or the blocks of rows.

Every bit is that of the machine's own kernels. Where an op has a quicker variant, which gives the
same but for nan and the signs of zeros, that one is taken as far as all that depends on it is
arithmetic which hands these on. Then an output that is neither nan nor 0 is right, and the
machine runs its own steps where one is.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.ops import Op, SequenceOp
from autograd_lite.program.code import Code
from autograd_lite.program.jit.pieces import (
    Body,
    Direct,
    Once,
    Operation,
    OverRows,
    vector_functions,
)
from autograd_lite.program.machine import native
from autograd_lite.writing.printer import fold_in, hands_on, rule_of
from autograd_lite.writing.symbols import Look

#: Steps of a function, and of what LLVM is given at once; elements of a fold that are one step.
PIECE, BATCH, ELEMENTS = 200, 2000, 50
#: Fewer steps than this between layers, on average, the machine's own kernels run as quickly.
SHORTEST = 16

#: Held while LLVM works: no process is to fork meanwhile.
working = threading.Lock()
#: Set when the interpreter ends: nothing more is made.
stopping = threading.Event()


class StoppedError(Exception):
    """The interpreter ends before machine code was made."""


class Careful(NamedTuple):
    """Which op each instruction is taken for, and registers of which nan and 0 are in doubt."""

    ops: Sequence[Op]
    doubtful: set[int]

    def steps(self, code: Code, own: int, out: int, operands: Sequence[int]) -> Iterator[Operation]:
        """An instruction from places to a place.

        A long fold becomes several steps, whose totals grow in the place of its result.
        """
        op, loose = self.ops[own], code.first + own in self.doubtful
        if not isinstance(op, SequenceOp):
            yield Operation(out, op, operands, loose=loose)
            return
        length = (len(operands) - len(op.scalars)) // len(op.vectors)
        for first in range(0, max(1, length), ELEMENTS):
            yield Operation(out, op, operands, first, min(first + ELEMENTS, length), loose)


def careful(code: Code, quick: bool) -> Careful:
    """The ops of a program; with `quick`, quicker variants where they do no harm."""
    steps = [*code]
    if not quick or not any(op.fast_variant for op in code.ops):
        return Careful([step.op for step in steps], set())
    exact: set[int] = set()  # registers that something reads which does not hand on nan and 0
    for step in reversed(steps):
        if step.out in exact or not hands_on(step.op.fast_variant or step.op):
            exact.update(step.operands)
    ops: list[Op] = []
    doubtful: set[int] = set()
    for step in steps:
        op = step.op if step.out in exact else step.op.fast_variant or step.op
        if op is not step.op or not doubtful.isdisjoint(step.operands):
            doubtful.add(step.out)
        ops.append(op)
    return Careful(ops, doubtful)


def cut(
    steps: Sequence[Operation], kept: Sequence[int] | None, outputs: Sequence[int] = ()
) -> list[list[Operation]]:
    """Pieces of about equal size, whose steps know whether their results are read elsewhere.

    `kept` are the places that are read in the end; None for all. The steps that write `outputs`,
    given as places, know which they are.
    """
    sizes = itertools.accumulate(max(1, step.last - step.first) for step in steps)
    homes = [size // PIECE for size in sizes]
    writers: dict[int, int] = {}  # the last step that wrote to a place
    stored: set[int] = set()
    for j, step in enumerate(steps):
        for place in (*step.operands, step.out) if step.first else step.operands:
            i = writers.get(place)
            if i is not None and homes[i] != homes[j]:
                stored.add(i)
        writers[step.out] = j
    stored.update(
        writers[place] for place in (writers if kept is None else kept) if place in writers
    )
    own: dict[int, list[int]] = {}
    for k, place in enumerate(outputs):
        if place in writers:
            own.setdefault(writers[place], []).append(k)
    found: dict[int, list[Operation]] = {}
    for j, (home, step) in enumerate(zip(homes, steps, strict=True)):
        marked = step._replace(stored=j in stored, outputs=own.get(j, ()))
        found.setdefault(home, []).append(marked)
    return [*found.values()]


def is_for_the_interpreter(code: Code) -> bool:
    """Whether a program looks among many entries: by one step there, by one for each here."""
    sizes = np.diff(code.starts)
    return any(
        isinstance(op, SequenceOp)
        and isinstance(fold_in(rule_of(op).result), Look)
        and bool((sizes[code.codes == own] > ELEMENTS).any())
        for own, op in enumerate(code.ops)
    )


def filled(body: Body, steps: Sequence[Operation]) -> Body:
    """The body with some steps."""
    for step in steps:
        body.add(step)
    return body


def install_once(code: Code, machine: Any, quick: bool = True) -> None:
    """Run a program by machine code from now on, for single runs; see `careful` about `quick`."""
    chosen, outputs = careful(code, quick), code.outputs.tolist()
    # doubtful ones first, so that the machine finds them side by side
    first = dict.fromkeys([*(r for r in outputs if r in chosen.doubtful), *outputs])
    slots = {r: i for i, r in enumerate((r for r in first if r >= code.first), code.first)}
    steps = [
        step
        for own, each in enumerate(code)
        for step in chosen.steps(code, own, each.out, each.operands)
    ]
    bodies = [filled(Once(code, slots), piece) for piece in cut(steps, outputs)]
    addresses, owner = compiled(bodies)
    places = np.array([slots.get(register, register) for register in outputs], np.int64)
    n_doubtful = len(chosen.doubtful.intersection(outputs))
    machine.install(addresses, code.first + len(slots), places, n_doubtful, owner)


def install_rows(
    code: Code, machine: Any, shared: bytes, reduced: bool, quick: bool = True
) -> bool:
    """The same for rows, given which inputs are shared, and whether rows are added up.

    False, and nothing done, where the machine's own kernels are as quick.
    """
    planned, outputs = machine.steps(shared, reduced)
    runs = [[*group] for _, group in itertools.groupby(planned, lambda step: step[0] >= 0)]
    if len(runs) > 1 and len(planned) < SHORTEST * len(runs):
        return False
    direct = quick and not reduced and all(own >= 0 for own, _ in planned)
    chosen = careful(code, direct)
    doubtful = [register in chosen.doubtful for register in code.outputs.tolist()]
    bodies: list[Any] = []
    segments: list[tuple[int, int]] = []
    written: set[int] = set()
    last = max((k for k, (own, _) in enumerate(planned) if own < 0), default=-1)
    first = 0
    for run in runs:
        if run[0][0] < 0:
            first += len(run)
            continue
        steps = [step for own, (out, *args) in run for step in chosen.steps(code, own, out, args)]
        kept = None if first <= last else () if direct else outputs
        for piece in cut(steps, kept, outputs if direct else ()):
            body = Direct(code, written, doubtful) if direct else OverRows(code)
            bodies.append(filled(body, piece))
            count = sum(not step.first for step in piece)
            segments.append((first, count))
            first += count
    if direct:
        if not bodies:
            bodies, segments = [Direct(code, written, doubtful)], [(0, 0)]
        for k, place in enumerate(outputs):
            if place not in written:
                bodies[-1].give(k, bodies[-1].at(place))
    addresses, owner = compiled(bodies)
    placed = [(*segment, at) for segment, at in zip(segments, addresses, strict=True)]
    machine.install_rows(shared, reduced, tuple(placed), direct, owner)
    return True


def compiled(bodies: Sequence[Body]) -> tuple[list[int], Any]:
    """The addresses of functions, and what keeps them alive."""
    with working:  # importing LLVM takes locks, too
        llvm, target_machine, triple = target()
    addresses: list[int] = []
    engines: list[Any] = []
    batch: list[Body] = []
    lanes, size = native.vectors()[1], 0
    known = {f"leaf_{name}": address for name, address in native.LEAVES.items()}
    known |= {f"leaf{lanes}_{name}": address for name, address in vector_functions().items()}
    for k, body in enumerate(bodies):
        batch.append(body)
        size += len(body.lines)
        if size < BATCH and k < len(bodies) - 1:
            continue
        declared = {name: line for body in batch for name, line in body.declared.items()}
        texts = [body.text(f"piece{i}") for i, body in enumerate(batch)]
        with working:
            if stopping.is_set():
                raise StoppedError
            for name in declared.keys() & known.keys():
                llvm.add_symbol(name, known[name])
            module = llvm.parse_assembly("\n".join([*declared.values(), *texts]))
            module.verify()  # LLVM would end the process
            module.triple = triple
            engine = llvm.create_mcjit_compiler(module, target_machine())
            engine.finalize_object()
            addresses += [engine.get_function_address(f"piece{i}") for i in range(len(batch))]
        engines.append(engine)
        batch, size = [], 0
    return addresses, engines


@lru_cache(maxsize=1)
def target() -> tuple[Any, Any, str]:
    """LLVM, what makes a target machine (each engine owns one), and the name of the platform."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    triple, features = llvm.get_process_triple(), llvm.get_host_cpu_features().flatten()
    target, cpu = llvm.Target.from_triple(triple), llvm.get_host_cpu_name()

    def target_machine() -> Any:
        return target.create_target_machine(cpu=cpu, features=features, opt=1)

    return llvm, target_machine, triple
