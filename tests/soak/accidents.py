"""Accidents: kill -9, a full disk, no memory, many threads, an end at any moment, giant graphs.

Each at a moment or place that its seed chooses, as far as a seed can choose a moment.
"""

import atexit
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

import autograd_lite as ag
from autograd_lite import nn

TESTS = Path(__file__).resolve().parents[1]
ENDED = 120  # seconds that a process has to end


@cache
def folder() -> Path:
    """A folder of this process, on a disk: what is written there is synchronised."""
    place = tempfile.mkdtemp(prefix="soak")
    atexit.register(shutil.rmtree, place)
    return Path(place)


@contextmanager
def forked(run):
    """The number of a process that runs something, until it is killed."""
    child = os.fork()
    if not child:
        try:
            run()
        finally:
            os._exit(9)
    try:
        yield child
    finally:
        os.kill(child, signal.SIGKILL)
        ended = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(ended), f"it ended by itself: {ended}"


# --- kill -9 --------------------------------------------------------------------------------------


def kills(seed: int, seen: Counter[str]) -> None:
    """A process that saves, or trains with a checkpoint, is killed: nothing is half-written."""
    (killed_saving if seed % 2 else killed_training)(random.Random(seed), seen)


def killed_saving(choose: random.Random, seen: Counter[str]) -> None:
    """A model that is saved again and again: the file is one of those that were saved."""
    place = folder() / "saving"
    place.mkdir(exist_ok=True)
    path, model = place / "model.safetensors", nn.MLP(2, [16, 1], "tanh", seed=1)
    weights = model.parameters()

    def save():
        for number in range(1_000_000):
            for weight in weights:
                weight.data = float(number)
            model.save(path)

    with forked(save):
        await_file(path)
        time.sleep(choose.random() * 0.05)
    numbers = {weight.data for weight in nn.load(path).parameters()}
    assert len(numbers) == 1, f"parts of several models: {numbers}"
    seen["killed while it saved"] += len([*place.glob(".*.part")])  # a file that was begun
    for begun in place.glob(".*.part"):
        begun.unlink()
    path.unlink()


def killed_training(choose: random.Random, seen: Counter[str]) -> None:
    """A training with checkpoints: it goes on with the bits of one that was not killed."""
    from test_resuming import kept, learn, network, state

    place = folder() / "training"
    keep = nn.Checkpoint(place, epochs=1)
    file = place / "checkpoint.safetensors"
    file.unlink(missing_ok=True)
    with forked(lambda: learn(network(), 100_000, seed=3, checkpoint=keep)):
        await_file(file)
        time.sleep(choose.random() * 0.05)
    seen["killed while it kept"] += len([*place.glob(".*.part")])
    done, model, whole = kept(place), network(9), network()
    history = learn(model, done + 2, seed=3, resume=True, checkpoint=keep)
    assert state(model, history) == state(whole, learn(whole, done + 2, seed=3))
    assert os.listdir(place) == [file.name]


def await_file(path: Path) -> None:
    end = time.monotonic() + ENDED
    while not path.exists():
        assert time.monotonic() < end, "nothing was ever written"
        time.sleep(0.002)


# --- a full disk ----------------------------------------------------------------------------------


def disk(seed: int, seen: Counter[str]) -> None:
    """A disk without room for all of a file: an OSError that names it, and the old one is whole."""
    import resource

    from test_files import WRITERS

    choose = random.Random(seed)
    endings = [ending for ending in WRITERS if ending not in ("pdf", "lesson.html")]
    ending = endings[seed % len(endings)]
    place = folder() / f"disk{seed}"
    place.mkdir()
    before = os.getcwd()
    os.chdir(place)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    path = Path(f"x.{ending}")
    try:
        WRITERS[ending](path)
        size, old = path.stat().st_size, b"old" * 5
        path.write_bytes(old)
        room = choose.randrange(size)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, usual[1]))
        named = "nothing: it was written"
        try:
            WRITERS[ending](path)
        except OSError as error:
            named = str(error.filename)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        assert named in (path.name, "source.gv"), f"{size} bytes, room for {room}, named {named}"
        seen[ending] += 1
        assert path.read_bytes() == old
        assert {*os.listdir(".")} - {"source.gv"} == {path.name}
        WRITERS[ending](path)
        assert path.stat().st_size == size, "with room again it is written as before"
    finally:
        os.chdir(before)


# --- 24 threads -----------------------------------------------------------------------------------

THREADS, ROUNDS = 24, 15


def threads(seed: int, seen: Counter[str]) -> None:
    """24 threads at graphs and programs of their own and at shared ones: the numbers of one."""
    rng = np.random.default_rng(seed)
    xs = rng.standard_normal(6).tolist()
    rows = rng.standard_normal((6, 300))

    def f(xs):
        return ag.sum([ag.tanh(x * k) for k, x in enumerate(xs)]) * ag.norm(xs) + ag.max(xs)

    shared, quick = ag.compile(ag.grad(f)), ag.compile(f, jit=True)
    frozen_at = [ag.Value(x) for x in xs]
    program = ag.freeze(f(frozen_at), frozen_at)
    root = f([ag.Value(x) for x in xs])

    def graph():
        leaves = [ag.Value(x) for x in xs]
        f(leaves).backward()
        return [leaf.grad for leaf in leaves]

    work = [
        graph,
        lambda: ag.hessian(f)(xs).ravel().tolist(),
        lambda: [*shared(xs)],
        lambda: [quick(xs)],
        lambda: program.map(*rows).tolist(),
        lambda: [program.map(*rows, threads=3, reduce="sum")],
        lambda: ag.compile(ag.grad(lambda xs: f(xs) * 2.0))(xs),
        lambda: ag.gradient(root, [*root.parents]),
    ]
    wanted = [one() for one in work]
    wrong: list[str] = []
    start = threading.Barrier(THREADS)

    def run(number: int) -> None:
        start.wait()
        for k in range(ROUNDS):
            which = (number + k) % len(work)
            try:
                found = work[which]()
            except Exception as error:
                wrong.append(f"{which}: {error!r}")
                continue
            if np.array(found).tobytes() != np.array(wanted[which]).tobytes():
                wrong.append(f"{which}: {found} and not {wanted[which]}")

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        running = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
    finally:
        sys.setswitchinterval(usual)
    seen["calls"] += THREADS * ROUNDS
    assert not wrong, f"{len(wrong)} wrong: {wrong[:3]}"


# --- the end of the interpreter -------------------------------------------------------------------

ENDS = """
import os, random, sys, threading, time
import numpy as np
import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.program.jit import tiers
tiers.RUNS = 2
choose = random.Random(int(sys.argv[1]))
def big(xs):
    return ag.grad(lambda xs: ag.sum([ag.sin(x) * ag.exp(-x) for x in xs]))(xs)
def compiling():
    while True:
        f = ag.compile(big)
        for _ in range(5):
            f([0.01 * k for k in range(choose.choice([3, 30, 300]))])
def mapping():
    x = ag.Value(0.5)
    program = ag.freeze(ag.tanh(x * x), [x])
    while True:
        program.map(np.linspace(-3.0, 3.0, 100_000), threads=3)
def recording():
    while True:
        y = x = ag.Value(0.5)
        for _ in range(50_000):
            y = -y
        y.backward()
def learning():
    X = np.random.default_rng(0).standard_normal((40, 2))
    while True:
        nn.MLP(2, [4, 1]).learn(X, X[:, 0], epochs=5, progress=False, threads=2)
kept = [ag.Value(1.0) * 2.0, ag.compile(big)]
for work in choose.sample([compiling, mapping, recording, learning], choose.randint(1, 4)):
    threading.Thread(target=work, daemon=True).start()
time.sleep(choose.random() * 0.4)
way = choose.randrange(3)
if way == 0:
    sys.exit(0)
if way == 1:
    kept.append(kept)  # a cycle, which is collected at the end
"""


def exits(seed: int, seen: Counter[str]) -> None:
    """An interpreter that ends while threads compile, map, record and learn: no crash, no word."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", ENDS, str(seed)], capture_output=True, text=True,
        timeout=ENDED, check=False,
    )  # fmt: skip
    said = (done.returncode, done.stdout, done.stderr[-600:])
    assert said == (0, "", ""), f"ended with {said}"
    seen["ended"] += 1


# --- ten million nodes ----------------------------------------------------------------------------


def giants(seed: int, seen: Counter[str]) -> None:
    """Graphs of ten million nodes, deep and wide, through all that `tests/giants.py` does."""
    done = subprocess.run(
        [sys.executable, "-P", TESTS / "giants.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-600:] + done.stderr[-600:]
    assert "every node is gone" in done.stdout
    seen["steps"] += done.stdout.count(" GB\n")


# --- no memory ------------------------------------------------------------------------------------


@cache
def without_memory():
    """Every operation of `test_faults.py`, as often as its tests run it, and what they all need."""
    import test_faults

    cases = [(name, times, None) for name in test_faults.EVERY for times in (1, 1000)]
    cases += [(name, 1, mode) for mode in test_faults.MODES for name in test_faults.PROGRAMS]
    return test_faults, test_faults.Graph(), cases


def faults(seed: int, seen: Counter[str]) -> None:
    """An operation with the first, the second, … of its allocations failing: all or nothing.

    In the C engine, the machine and what runs machine code; alone, inside modes, and with many
    failures in a row.
    """
    from autograd_lite.modes import in_mode

    module, graph, cases = without_memory()
    name, times, mode = cases[seed % len(cases)]
    before = module.COUNT["failed"]
    if mode is None:
        module.check_intact(name, graph, times)
    else:
        with in_mode(mode):
            module.check_intact(name, graph, times)
    seen["allocations that failed"] += module.COUNT["failed"] - before
